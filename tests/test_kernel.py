"""The kernel makes no theorem that does not follow: each guard, tried from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lossproof as lp
from lossproof.facts import Symbol
from lossproof.kernel import Blocked, Kernel, KernelError, Theorem
from lossproof.rulebook import Rulebook
from lossproof.rulebook.build import rule_from
from lossproof.syntax import parse_expression
from lossproof.terms import ONE, ZERO, Term, add, bound, domain, fn, mul, num, sym
from lossproof.terms.pattern import match

BOOK = Rulebook.default()
ROOT = Path(__file__).resolve().parent.parent


def kernel() -> Kernel:
    symbols = [
        Symbol("t", "parameter", domain("reals"), indexed=True),
        Symbol("p", "parameter", domain("positive"), indexed=True),
        Symbol("s", "fixed", domain("positive")),
        Symbol("r", "fixed", domain("reals")),
        Symbol("w_i", "fixed", domain("positive"), indexed=True),
        Symbol("y", "data", domain("reals"), indexed=True),
    ]
    return Kernel({s.name: s for s in symbols}, [], BOOK.facts)


def rewrite(k: Kernel, rule: str, term: Term) -> Theorem:
    bindings: dict[str, Term | tuple[Term, ...]] = {}
    assert match(BOOK.rules[rule].before, term, bindings)
    return k.rewrite(BOOK.rules[rule], term, bindings)


def test_only_the_kernel_makes_theorems() -> None:
    with pytest.raises(KernelError):
        Theorem(object(), kernel(), ZERO, "equal", ONE, ("chain", ()))


def test_a_constant_may_be_dropped_from_the_whole_objective_alone() -> None:
    """Inside a logarithm, an exponential or a branch it is no constant of the objective."""
    k = kernel()
    dropped = rewrite(k, "drop-constant", parse_expression("t^2 + s"))
    assert (dropped.relation, dropped.right) == ("up-to-constant", parse_expression("t^2"))
    for outside in ("log", "exp", "neg", "samples_sum"):
        with pytest.raises(KernelError, match="only an equality"):
            k.congruence(fn(outside, dropped.left), {0: dropped})
    pulled = rewrite(k, "pull-scale", parse_expression("s*t^2"))
    with pytest.raises(KernelError, match="only an equality"):
        k.congruence(add(pulled.left, sym("t")), {0: pulled})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("drop-constant", "t^2 + p"),  # learned
        ("drop-constant", "t^2 + log(r)"),  # perhaps not real
        ("pull-scale", "r*t^2"),  # perhaps negative
        ("pull-scale", "p*t^2"),  # learned
        ("log-product", "log(t*p)"),  # perhaps negative
        ("log-quotient", "log(p/t)"),
        ("root-of-square", "sqrt(t^2)"),
        ("factor-samples", "sum(w_i*t)"),  # not the same for all samples
        ("constant-samples", "sum(y)"),
    ],
)
def test_a_rule_whose_condition_is_not_known_is_blocked(rule: str, text: str) -> None:
    with pytest.raises(Blocked):
        rewrite(kernel(), rule, parse_expression(text))


def test_bindings_are_matched_again() -> None:
    k, rule = kernel(), BOOK.rules["log-exp"]
    with pytest.raises(KernelError, match="does not match"):
        k.rewrite(rule, parse_expression("log(exp(t))"), {"a": sym("p")})
    with pytest.raises(KernelError):
        k.rewrite(rule, parse_expression("log(exp(t))"), {})
    assert k.rewrite(rule, parse_expression("log(exp(t))"), {"a": sym("t")}).right is sym("t")


def test_theorems_follow_one_another() -> None:
    k = kernel()
    one, other = k.reflexivity(sym("t")), k.reflexivity(sym("p"))
    with pytest.raises(KernelError, match="do not follow"):
        k.chain([one, other])
    with pytest.raises(KernelError, match="other symbols"):
        kernel().chain([one, one])
    with pytest.raises(KernelError):
        k.congruence(fn("log", sym("t")), {0: other})


def test_a_chain_is_as_weak_as_its_weakest_step_and_keeps_the_account() -> None:
    k = kernel()
    dropped = rewrite(k, "drop-constant", parse_expression("s*t^2 + r"))
    chain = k.chain([dropped, rewrite(k, "pull-scale", dropped.right)])
    assert (chain.relation, chain.scale, chain.offset) == ("up-to-scale", sym("s"), sym("r"))
    with pytest.raises(KernelError, match="lemma"):
        k.lemma(chain, "sample")
    with pytest.raises(KernelError):
        k.restate(chain, num(2), sym("r"))
    order = rewrite(k, "minus-reverses", fn("maximise", sym("t")))
    assert (order.relation, order.scale, order.offset) == ("same-order", None, None)
    with pytest.raises(KernelError):
        k.restate(order, ONE, ZERO)


def test_algebra_asks_for_its_denominators() -> None:
    k = kernel()
    assert k.algebra(parse_expression("s/s"), ONE).right is ONE
    with pytest.raises(Blocked):
        k.algebra(parse_expression("t/t"), ONE)
    with pytest.raises(Blocked):
        k.algebra(ONE, parse_expression("r^(-1)*r"))
    with pytest.raises(KernelError, match="not equal"):
        k.algebra(parse_expression("(t + p)^2"), parse_expression("t^2 + p^2"))


def test_an_index_is_neither_captured_nor_let_out() -> None:
    k = kernel()
    inner = fn("sum", bound("k"), ONE, num(3), mul(bound("k"), sym("t")))
    rule = BOOK.rules["sum-factor"]
    with pytest.raises(KernelError):
        k.rewrite(rule, inner, {"k": bound("k"), "m": ONE, "n": num(3), "c": bound("k"), "f": sym("t")})
    swap = rule_from(
        {
            "id": "spread",
            "from": "c*dot(u, v)",
            "to": "sum(k, 1, D, c*u[k]*v[k])",
            "requires": ["u in reals^D"],
            "says": ".",
        }
    )
    with pytest.raises(KernelError):
        k.rewrite(
            swap,
            mul(bound("k"), fn("dot", sym("t"), sym("p"))),
            {"c": bound("k"), "u": sym("t"), "v": sym("p"), "k": bound("k"), "D": num(2)},
        )


def test_no_assert_is_needed() -> None:
    """With ``python -O`` the same proof comes out, to the byte."""
    code = f"import sys, zlib; sys.path.insert(0, {str(ROOT)!r}); import lossproof as lp; print(zlib.crc32(lp.derive('gaussian').proof.to_json().encode()))"
    found = {
        subprocess.run(
            [sys.executable, *flags, "-c", code], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        for flags in ([], ["-O"])
    }
    assert len(found) == 1


def test_what_a_mixture_hides_is_not_dropped() -> None:
    d = lp.derive("y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2)) with s1, s2 fixed")
    assert "s1" in d.loss.ascii()
    assert "s2" in d.loss.ascii()
    assert d.offset.ascii().replace(" ", "") in ("0.5*log(2*pi)", "1/2*log(2*pi)")
