"""Input that is too deep or too wide is refused, wherever it is given, before any work is done on it."""

from __future__ import annotations

import time

import pytest

import lossproof as lp
from lossproof.errors import LimitError

N = 100_000
WIDE = " + ".join(f"m{i}" for i in range(50_000))


@pytest.mark.parametrize("density", [
    "-" * N + "exp(-(y - m)^2)", "exp(" + "-" * N + "(y - m)^2)", "y" + "/m" * (N // 2), f"exp(-(y - ({WIDE}))^2)/sqrt(pi)", f"exp(-y)*({WIDE})",
], ids=["minus", "minus-within", "quotients", "sum-within", "sum"])  # fmt: skip
def test_densities(density: str) -> None:
    start = time.perf_counter()
    with pytest.raises(LimitError):
        lp.derive(density=density, data=["y"])
    assert time.perf_counter() - start < 10  # it takes less than one second; a busy machine may take longer


@pytest.mark.parametrize("text", [
    f"y ~ Normal({'-' * N}m, 1)", f"y ~ Normal({WIDE}, 1)", f"y ~ Normal(mu, s), mu = {WIDE} with s fixed", f"y ~ Normal(m, 1) where {'-' * N}m > 0",
    f"y ~ Normal(m, 1) where {WIDE} > 0",
], ids=["minus", "sum", "definition", "minus-condition", "sum-condition"])  # fmt: skip
def test_assumptions(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(LimitError):
        lp.derive(text)
    assert time.perf_counter() - start < 10


def test_the_limit_on_names_says_what_to_do() -> None:
    with pytest.raises(LimitError) as caught:
        lp.derive(f"y ~ Normal({WIDE}, 1)")
    assert str(caught.value) == (
        "limit: the text has more than 40,000 different names\ntry: write a sum over an index: sum(k, 1, K, x_k)"
    )


def test_a_large_density_is_not_added_up() -> None:
    terms = " + ".join(f"m{i}" for i in range(400))
    assert lp.derive(density=f"exp(-(y - ({terms}))^2)/sqrt(pi)", data=["y"]).loss is not None
