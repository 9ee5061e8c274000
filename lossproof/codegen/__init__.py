"""From a derivation to code: a stable form by rules, then a target's own way to write each operator."""
