"""Files for a paper: the derivation as LaTeX, as a document, as Markdown, and the proof with its check.

Prints:
    wrote gaussian.tex
    wrote document.tex
    wrote gaussian.md
    wrote proof.json
    the proof is checked
"""

import subprocess
import sys
from pathlib import Path

import lossproof as lp
from lossproof import checker

d = lp.derive("y ~ N(ŷ, σ²) with σ fixed")
for name, text in [
    ("gaussian.tex", d.latex()),
    ("document.tex", d.latex(standalone=True)),
    ("gaussian.md", d.markdown()),
    ("proof.json", d.proof.to_json()),
]:
    Path(name).write_text(text, encoding="utf-8")
    print("wrote", name)

done = subprocess.run([sys.executable, checker.__file__, "proof.json"], capture_output=True, text=True, check=True)
print("the proof is", done.stdout.partition(":")[0])
