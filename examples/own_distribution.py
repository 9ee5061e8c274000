"""A density of one's own: what is its loss, what may be dropped, and what comes back if the scale is learned?

Prints:
    s fixed
      loss      exp(-(y - m)/s) - m/s
      scale     ½
      dropped   ½·log(2πs²) - returns if learned: s
      dropped   y/(2s) - returns if learned: s
    s learned
      loss      exp(-(y - m)/s) + 2·log s + y/s - m/s
      scale     ½
      dropped   ½·log(2π) - returns if learned: never
"""

import lossproof as lp

moyal = "exp(-((y - m)/s + exp(-(y - m)/s))/2) / sqrt(2*pi*s^2)"

for fixed in ["s"], []:
    d = lp.derive(density=moyal, data="y", fixed=fixed, where="s > 0")
    print("s", "fixed" if fixed else "learned")
    print("  loss     ", d.loss)
    print("  scale    ", d.scale)
    for row in d.ledger:
        print("  dropped  ", row.term, "- returns if learned:", ", ".join(row.returns_if) or "never")
