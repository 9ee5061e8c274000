"""A density of one's own: what is its loss, what may be dropped, and what comes back if the scale is learned?

Prints:
    s fixed:   ½ * (exp(-(y - m)/s) - m/s) + ...
    s learned: ½ * (exp(-(y - m)/s) - m/s) + ...
"""

import lossproof as lp

moyal = "exp(-((y - m)/s + exp(-(y - m)/s))/2) / sqrt(2*pi*s^2)"

for fixed in (["s"], []):
    d = lp.derive(density=moyal, data="y", fixed=fixed, where="s > 0")
    print("scale", fixed and "fixed" or "learned")
    print("  NLL of a sample =", d.nll)
    print("  loss            =", d.loss)
    for row in d.ledger:
        print("  dropped         =", row.term, "| returns if learned:", ", ".join(row.returns_if) or "never")
