"""One line through data with outliers, under four assumptions about the noise: only the assumption changes.

Prints:
    Normal(m*x + c, s)             squared error      slope 3.65
    Laplace(m*x + c, s)            absolute error     slope 2.20
    StudentT(nu, m*x + c, s)       Student's t loss   slope 2.12
    Huber(m*x + c, delta)          Huber loss         slope 2.27
"""

import numpy as np
from scipy.optimize import minimize

import lossproof as lp

rng = np.random.default_rng(0)
x = np.linspace(0, 1, 60)
y = 2 * x + 1 + rng.normal(scale=0.1, size=60)
y[-6:] += 3  # outliers
given = {"x": x, "y": y, "s": 0.1, "nu": 3.0, "delta": 0.2}

for noise, fixed in [
    ("Normal(m*x + c, s)", "s"),
    ("Laplace(m*x + c, s)", "s"),
    ("StudentT(nu, m*x + c, s)", "nu, s"),
    ("Huber(m*x + c, delta)", "delta"),
]:
    d = lp.derive(f"y ~ {noise} with x data, {fixed} fixed")

    def objective(at: np.ndarray, d: lp.Derivation = d) -> float:
        return float(d.objective.evaluate({**given, "m": at[0], "c": at[1]}))

    slope, _ = minimize(objective, x0=[0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    print(f"{noise:30} {d.name:18} slope {slope:.2f}")
