"""What a term asks for to have a value: Coq's functions are total, so that an identity alone would prove too much."""

from __future__ import annotations

from fractions import Fraction

from lossproof.referees.coq.context import NUMBER, Context, ListVariable, sort_of
from lossproof.referees.coq.printer import Printer
from lossproof.terms import Term, fn


def definedness(terms: tuple[Term, ...], printer: Printer, ctx: Context) -> list[str]:
    """The conditions, each closed: arguments of logarithms positive, denominators not 0, and so on; none twice."""
    found: dict[str, None] = {}
    for t in terms:
        for text in _of(t, printer, ctx):
            found[text] = None
    return list(found)


def _of(t: Term, printer: Printer, ctx: Context) -> list[str]:
    op, args = t.op, t.args
    if op in ("sum", "prod"):
        inside, k = ctx.within_index(str(args[0].value))
        ends = " ".join(printer.number(a, ctx, 9) for a in args[1:3])
        return [*_all(args[1:3], printer, ctx), *(f"forall {k}, between {ends} {k} -> {d}" for d in _of(args[3], printer, inside))]
    if op in ("samples_sum", "samples_mean", "samples_prod", "Risk"):
        inside, i = ctx.within_sample()
        return [f"forall {i}, ({i} < {ctx.count})%nat -> {d}" for d in _of(args[0], printer, inside)]
    if op == "cases":
        c = printer.boolean(args[0], ctx)
        return [*(f"{c} = true -> {d}" for d in _of(args[1], printer, ctx)), *(f"{c} = false -> {d}" for d in _of(args[2], printer, ctx))]
    if op == "seq":
        return _of_sequence(t, printer, ctx)
    if op == "NLL":
        inside, i = ctx.within_sample()
        return [f"0 < nprod {ctx.count} (fun {i} => {printer.number(fn('pdf', *args), inside)})"]
    if op == "E" and args[0].op == "dist:empirical":
        inside, i = printer.under(t, ctx)
        return [f"forall {i}, ({i} < {ctx.count})%nat -> {d}" for d in _of(args[2], printer, inside)]
    if op in ("CE", "KL") and args[0].op == "dist:empirical":
        inside, i = ctx.within_sample()
        density = printer.number(fn("pdf", args[1], args[0].args[0]), inside, 35)
        return [f"forall {i}, ({i} < {ctx.count})%nat -> 0 < {density}"]
    if op.startswith("dist:") or op in ("E", "H", "CE", "KL", "JS"):
        return []  # a density may be 0 where it has no weight: what stands under an expectation is not asked for
    return [*_all(args, printer, ctx), *_own(t, printer, ctx)]


def _all(terms: tuple[Term, ...], printer: Printer, ctx: Context) -> list[str]:
    return [d for t in terms for d in _of(t, printer, ctx)]


def _of_sequence(seq: Term, printer: Printer, ctx: Context) -> list[str]:
    from dataclasses import replace

    lists = [(n, v) for n, v in ctx.symbols.items() if isinstance(v, ListVariable)]
    element = replace(ctx, symbols={**ctx.symbols, **{n: v.element for n, v in lists}})
    return [f"lall (fun {n} => {d}) {n}" for n, _ in lists[:1] for d in _of(seq.args[0], printer, element)]


def _own(t: Term, printer: Printer, ctx: Context) -> list[str]:
    op, args = t.op, t.args
    if any(sort_of(a, ctx.symbols) != NUMBER for a in args):
        if op == "div":
            return [f"{_n(args[1], printer, ctx)} <> 0"]
        return [f"0 <= {printer.dimension(args[0], ctx)} - 1"] if op in ("softmax", "logsumexp") else []
    n = [_n(a, printer, ctx) for a in args] if op in _PLAIN else []
    if op in ("log", "gamma", "lgamma", "digamma"):
        return [f"0 < {n[0]}"]
    if op == "sqrt":
        return [f"0 <= {n[0]}"]
    if op == "div":
        return [f"{n[1]} <> 0"]
    if op == "pow":
        return _power(args[1], n)
    if op == "logit":
        return [f"0 < {n[0]}", f"0 < 1 - {n[0]}"]
    if op == "xlogy":
        return [f"({n[0]} = 0 \\/ 0 < {n[1]})"]
    if op in ("beta", "lbeta"):
        return [f"0 < {n[0]}", f"0 < {n[1]}"]
    if op == "factorial":
        return [f"0 < {n[0]} + 1"]
    if op == "binomial":
        return [f"0 < {n[0]} + 1", f"0 < {n[1]} + 1", f"0 < {n[0]} - {n[1]} + 1"]
    if op == "zeta":
        return [f"1 < {n[0]}"]
    return []


_PLAIN = frozenset({"log", "gamma", "lgamma", "digamma", "sqrt", "div", "pow", "logit", "xlogy", "beta", "lbeta", "factorial", "binomial", "zeta"})


def _n(t: Term, printer: Printer, ctx: Context) -> str:
    return printer.number(t, ctx, 35)


def _power(exponent: Term, n: list[str]) -> list[str]:
    if exponent.op == "num" and isinstance(exponent.value, Fraction) and exponent.value.denominator == 1:
        return [] if exponent.value >= 0 else [f"{n[0]} <> 0"]
    return [f"power_defined ({n[0]}) ({n[1]})"]
