"""Ridge regression from its assumption: the derived objective is minimised and meets the closed form.

Prints:
    objective: Σᵢ (y - wᵀx)² + (σ²/τ²)·‖w‖²
    penalty weight: 0.25
    by the derived objective: [ 2.036 -0.991  0.527]
    by the closed form:       [ 2.036 -0.991  0.527]
"""

import numpy as np
from scipy.optimize import minimize

import lossproof as lp

rng = np.random.default_rng(1)
x = rng.normal(size=(40, 3))
sigma, tau = 0.5, 1.0
y = x @ np.array([2.0, -1.0, 0.5]) + rng.normal(scale=sigma, size=40)

d = lp.derive("y ~ Normal(dot(w, x), sigma), w ~ MultiNormal(0, tau^2*I) with x data, sigma, tau fixed")
print("objective:", d.objective)

given = {"x": x, "y": y, "sigma": sigma, "tau": tau}
weight = float(d.penalty.evaluate({**given, "w": np.array([1.0, 0.0, 0.0])}))
print("penalty weight:", weight)

found = minimize(lambda w: float(d.objective.evaluate({**given, "w": w})), x0=np.zeros(3)).x
closed = np.linalg.solve(x.T @ x + weight * np.eye(3), x.T @ y)
print("by the derived objective:", found.round(3))
print("by the closed form:      ", closed.round(3))
