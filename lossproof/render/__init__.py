"""How derivations are shown: text, LaTeX, Markdown, JSON."""
