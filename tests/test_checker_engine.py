"""The stand-alone checker and the engine: they read the same records alike, and agree on what is a proof."""

from __future__ import annotations

import copy
import json
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapes import SHAPES, Shape

import lossproof as lp
from lossproof import checker
from lossproof.checker import Rule as Pattern
from lossproof.checker import Rules, Terms, check
from lossproof.rulebook import Rulebook
from lossproof.syntax import parse_condition, parse_domain, parse_expression
from lossproof.terms import Term, from_table, postorder

FOLDER = Path(__file__).resolve().parent.parent / "rules"
BOOK = Rulebook(FOLDER)


@pytest.fixture(autouse=True)
def _records_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "load_records", _load_records)


_load_records = lru_cache(checker.load_records)


# -- records ---------------------------------------------------------------------------------------


def engine_table(root: Term) -> list[tuple[Any, ...]]:
    """A pattern of the engine as a flat table."""
    index: dict[Term, int] = {}
    rows: list[tuple[Any, ...]] = []
    for t in postorder(root):
        index[t] = len(rows)
        op = "meta" if t.op == "sym" else t.op
        rows.append((op, t.value) if t.value is not None else (op, *[index[a] for a in t.args]))
    return rows


def checker_table(terms: Terms, root: int) -> list[tuple[Any, ...]]:
    """A pattern of the checker as a flat table."""
    index: dict[int, int] = {}
    rows: list[tuple[Any, ...]] = []

    def visit(t: int, args: list[int]) -> int:
        index[t] = len(rows)
        rows.append((terms.ops[t], terms.values[t]) if terms.values[t] is not None else (terms.ops[t], *[index[a] for a in terms.args[t]]))
        return t

    terms.rebuild(root, visit)
    return rows


def tree(rows: list[tuple[Any, ...]]) -> str:
    """The last row of a flat table, written out."""
    done: list[str] = []
    for op, *rest in rows:
        done.append(f"{op}({','.join(done[x] if isinstance(x, int) else str(x) for x in rest)})")
    return done[-1]


def formulas() -> Iterator[tuple[str, str]]:
    """Every formula of every record that a proof may rest on, with the kind of thing that it is."""
    for path in sorted(FOLDER.rglob("*.toml")):
        if path.parent.name == "theorems":  # questions, in the language of assumptions
            continue
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for record in data.get("rule", data.get("fact", [data])):
            for key in ("from", "to", "density", "cdf", "formula"):
                if key in record:
                    yield "expression", record[key]
            for key in ("requires", "given", "support", "cdf_requires"):
                yield from (("condition", text) for text in record.get(key, []))
            if "shows" in record:
                yield "condition", record["shows"]
            if path.parent.name == "distributions":
                texts = [*record.get("parameters", {}).values(), *record.get("variate", {}).values()]
                yield from (("domain", text) for text in texts)


def test_both_parsers_read_every_formula_alike() -> None:
    engine: dict[str, Callable[..., Term]] = {"expression": parse_expression, "condition": parse_condition, "domain": parse_domain}
    seen = 0
    for kind, text in dict.fromkeys(formulas()):
        terms = Terms()
        mine = getattr(Rules(terms), kind)(text)
        assert tree(checker_table(terms, mine)) == tree(engine_table(engine[kind](text, rule=True))), text
        seen += 1
    assert seen > 500


def parts_of(terms: Terms, rule: Pattern) -> list[Any]:
    target = None if rule.target is None else tree(checker_table(terms, rule.target))
    lists = [[tree(checker_table(terms, p)) for p in patterns] for patterns in (rule.requires, rule.support)]
    return [tree(checker_table(terms, rule.source)), target, *lists]


def test_both_make_the_same_rules_of_every_record() -> None:
    terms = Terms()
    rules = Rules(terms)

    def table(t: Term) -> str:
        return tree(engine_table(t))

    for id, rule in BOOK.rules.items():
        expected = [table(rule.before), table(rule.after), [table(c) for c in rule.requires], []]
        assert parts_of(terms, rules.rewrite(id, rule.record)) == expected, id
    for id, fact in BOOK.fact_rules.items():
        assert parts_of(terms, rules.fact(id, fact.record)) == [table(fact.shows), None, [table(c) for c in fact.given], []], id
    for id in BOOK.distribution_ids:
        distribution = BOOK.distribution(id)
        for kind in ("density", "cdf", "cdf_below"):
            rule_or_none = getattr(distribution, kind)
            if rule_or_none is not None:
                lists = [[table(c) for c in conditions] for conditions in (rule_or_none.requires, rule_or_none.support)]
                expected = [table(rule_or_none.before), table(rule_or_none.after), *lists]
                assert parts_of(terms, rules.distribution(id, kind, distribution.record)) == expected, (id, kind)


def test_both_make_the_same_rules_of_every_expectation() -> None:
    terms = Terms()
    rules = Rules(terms)
    seen = 0
    for id in BOOK.distribution_ids:
        distribution = BOOK.distribution(id)
        for number, (rule, fact) in enumerate(zip(distribution.expectations, distribution.finite, strict=True)):
            asked = [tree(engine_table(c)) for c in rule.requires]
            mine = rules.expectation(id, "expectation", number, distribution.record)
            assert (mine.id, parts_of(terms, mine)) == (rule.id, [tree(engine_table(rule.before)), tree(engine_table(rule.after)), asked, []])
            mine = rules.expectation(id, "finite", number, distribution.record)
            assert (mine.id, parts_of(terms, mine)) == (fact.id, [tree(engine_table(fact.shows)), None, asked, []])
            seen += 1
        with pytest.raises(checker.Rejected):
            rules.expectation(id, "expectation", len(distribution.expectations), distribution.record)
    assert seen > 60


# -- proofs ----------------------------------------------------------------------------------------


_proofs: dict[str, str] = {}


def proof_of(shape: Shape) -> str:
    if str(shape) not in _proofs:
        _proofs[str(shape)] = lp.derive(shape.text, **shape.options).proof.to_json()
    return _proofs[str(shape)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_proof_of_the_engine_is_accepted(shape: Shape) -> None:
    report = check(json.loads(proof_of(shape)), FOLDER)
    assert report.ok, report.messages


# -- mutations -------------------------------------------------------------------------------------

READERS_ONLY = {"text", "latex", "sympy", "assumption", "readable", "libraries", "name", "factors", "record", "group"}


def spots(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a proof that the checker has to read."""
    if path:
        yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if key not in READERS_ONLY:
            yield from spots(value, (*path, key))


def changed(rng: random.Random, data: dict[str, Any], value: Any, texts: list[str]) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return rng.choice([value + 1, value - 1, rng.randrange(len(data["terms"]))])
    if isinstance(value, str):
        return rng.choice(texts)
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if k != rng.choice([*value, None])}
    found = list(value)
    if found and rng.random() < 0.5:
        found.pop(rng.randrange(len(found)))
    else:
        rng.shuffle(found)
    return found


def mutants(
    rng: random.Random, data: dict[str, Any], texts: list[str], *, without: tuple[str, ...] = ()
) -> Iterator[tuple[dict[str, Any], tuple[Any, ...], Any]]:
    """Up to 80 copies with one value changed, each with the value's place: as often in one part of the document as in another."""
    places: dict[str, list[tuple[Any, ...]]] = {}
    for path in spots(data):
        if path[0] not in without:
            places.setdefault(path[0], []).append(path)
    for _ in range(80):
        path = rng.choice(places[rng.choice(sorted(places))])
        mutant = copy.deepcopy(data)
        inner = mutant
        for key in path[:-1]:
            inner = inner[key]
        value = changed(rng, data, inner[path[-1]], texts)
        if value != inner[path[-1]]:
            inner[path[-1]] = value
            yield mutant, path, value


def meaning(data: dict[str, Any]) -> Any:
    """What a proof claims, written out: equal for two proofs of one theorem."""
    shown: list[str] = []
    for op, *rest in data["terms"]:
        shown.append(f"{op}({','.join(shown[x] if isinstance(x, int) else x for x in rest)})")

    def out(entry: Mapping[str, Any], keys: str) -> list[Any]:
        return [shown[entry[k]] if isinstance(entry[k], int) else entry[k] for k in keys.split()]

    return (
        out(data["claim"], "left relation right scale offset"),
        out(data["per_sample"], "nll scale loss offset"),
        sorted((shown[r["term"]], r["returns_if"]) for r in data["ledger"]),
        sorted(shown[h["says"]] for h in data["hypotheses"]),
        {n: [s["role"], s["indexed"], s["shape"], s["domain"], shown[s["domain_term"]]] for n, s in data["symbols"].items()},
    )


DRAWS: dict[str, Callable[[random.Random], float]] = {
    "reals": lambda rng: rng.gauss(0, 1),
    "positive": lambda rng: rng.expovariate(1) + 0.1,
    "nonnegative": lambda rng: rng.expovariate(1),
    "unit": lambda rng: rng.uniform(0.05, 0.95),
    "naturals": lambda rng: rng.randrange(6),
    "{0, 1}": lambda rng: rng.randrange(2),
}


def holds_at_points(data: dict[str, Any], rng: random.Random) -> bool:
    """Whether nll = scale·loss + offset, and the same of the claim over one sample, at random points."""
    terms = from_table(data["terms"])
    claim, sample = data["claim"], data["per_sample"]
    for _ in range(5):
        values: dict[str, Any] = {n: DRAWS[s["domain"]](rng) for n, s in data["symbols"].items()}
        values["n_samples"] = 1
        nll, s, f, o = (float(terms[sample[k]].evaluate(values)) for k in ("nll", "scale", "loss", "offset"))
        big_s, big_f, big_o = (float(terms[claim[k]].evaluate(values)) for k in ("scale", "right", "offset"))
        if not (np.isclose(nll, s * f + o, rtol=1e-6) and np.isclose(nll, big_s * big_f + big_o, rtol=1e-6)):
            return False
    return True


MUTATED = [
    shape for shape in SHAPES if str(shape) in {
        "y ~ N(ŷ, σ²) with σ fixed", "y ~ N(mu, v)", "y ~ Laplace(mu, b)", "y ~ Bernoulli(p), p = sigmoid(z)", "y ~ Gamma(alpha, beta)",
        "y ~ Poisson(lam), lam = exp(eta)", "y ~ Uniform(0, theta) where theta > 0", "y ~ StudentT(nu, mu, sigma) with nu, sigma fixed",
        "y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed",
        "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed",
    }
]  # fmt: skip


def test_there_are_proofs_to_mutate() -> None:
    assert len(MUTATED) >= 8


@pytest.mark.parametrize("shape", MUTATED, ids=str)
def test_mutated_proofs_are_rejected_or_still_true(shape: Shape) -> None:
    rng = random.Random(str(shape))
    data = json.loads(proof_of(shape))
    texts = ["add", "mul", "neg", "div", "pow", "1", "2", "-1", "equal", "up-to-constant", "parameter", "fixed", "data", "algebra", "log"]
    texts += sorted(data["rules"]) + sorted(data["symbols"])
    before, rejections, tries = meaning(data), 0, 0
    for mutant, path, value in mutants(rng, data, texts):
        tries += 1
        report = check(mutant, FOLDER)
        if not report.ok:
            rejections += 1
        elif path[0] != "symbols" and meaning(mutant) != before:
            assert holds_at_points(mutant, rng), (path, value)
        elif path[0] == "symbols" and len(path) > 1:
            # a role or an index less, as long as no step rests on it: another theorem, as true
            assert len(path) == 2 or path[2] in ("role", "indexed"), (path, value)
    assert rejections > 0.85 * tries


# -- comparisons -----------------------------------------------------------------------------------

COMPARED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "scale": ("mean((y - w*x)^2)", "sum((y - w*x)^2)/2", {"learn": ["w"], "data": ["y", "x"]}),
    "order": ("sqrt(mean((y - m)^2))", "mean((y - m)^2)", {"learn": ["m"]}),
    "median": ("mean((y - m)^2)", "mean(|y - m|)", {"learn": ["m"]}),
    "teacher": ("CE(p, q)", "KL(p, q)", {"learn": ["q"]}),
    "moving teacher": ("CE(N(theta, 1), N(m, 1))", "KL(N(theta, 1), N(m, 1))", {"learn": ["theta"]}),
    "two ways": ("KL(Bernoulli(p), Bernoulli(q))", "KL(Bernoulli(q), Bernoulli(p))", {"learn": ["q"]}),
    "samples": ("CE(Empirical(y), Normal(m, s))", "NLL(Normal(m, s), y)", {"learn": ["m", "s"]}),
    "gamma": ("NLL(Gamma(a, a/m), y)", "mean(log(m) + y/m)", {"learn": ["m"]}),
    "weights": ("mean((y - w)^2) + lam*w^2", "mean((y - w)^2) + kappa*w^2", {"learn": ["w"]}),
}
_verdicts: dict[str, str] = {}


def verdict(name: str) -> dict[str, Any]:
    if name not in _verdicts:
        a, b, options = COMPARED[name]
        _verdicts[name] = json.dumps(lp.compare(a, b, **options).to_dict())
    found: dict[str, Any] = json.loads(_verdicts[name])
    return found


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_every_verdict_of_the_engine_is_accepted(name: str) -> None:
    data = verdict(name)
    report = check(data, FOLDER)
    assert report.ok, report.messages
    assert data["claim"]["relation"] != "unknown"
    assert bool(report.notes) == (data["witness"] is not None)


def compared_meaning(data: dict[str, Any]) -> Any:
    """What a comparison claims, written out."""
    shown: list[str] = []
    for op, *rest in data["terms"]:
        shown.append(f"{op}({','.join(shown[x] if isinstance(x, int) else x for x in rest)})")
    claim = data["claim"]
    symbols = {n: [s["role"], s["shape"], s["domain"]] for n, s in data["symbols"].items()}
    keys = ("left", "right", "scale", "offset")
    return [claim["relation"], [None if claim[k] is None else shown[claim[k]] for k in keys], sorted(shown[h["says"]] for h in data["hypotheses"]), symbols]


def affine_at_points(data: dict[str, Any], rng: random.Random) -> bool:
    """Whether A = scale·B + offset for some samples, at random points."""
    terms, claim = from_table(data["terms"]), data["claim"]
    for _ in range(5):
        values: dict[str, Any] = {}
        for name, symbol in data["symbols"].items():
            draw = DRAWS[symbol["domain"]]
            values[name] = np.array([draw(rng) for _ in range(3)]) if symbol["indexed"] else draw(rng)
        left, right, scale, offset = (float(terms[claim[k]].evaluate(values)) for k in ("left", "right", "scale", "offset"))
        if not np.isclose(left, scale * right + offset, rtol=1e-6):
            return False
    return True


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_mutated_verdicts_are_rejected_or_say_the_same(name: str) -> None:
    rng = random.Random(name)
    data = verdict(name)
    texts = ["add", "mul", "neg", "1", "2", "-1", "equal", "up-to-scale", "same-order", "parameter", "fixed", "algebra", "back", *sorted(data["rules"])]
    before, rejections, tries = compared_meaning(data), 0, 0
    for mutant, path, value in mutants(rng, data, texts, without=("question", "reason", "proved_if")):
        tries += 1
        if not check(mutant, FOLDER).ok:
            rejections += 1
            continue
        if path[0] == "terms" and compared_meaning(mutant) != before:
            assert affine_at_points(mutant, rng), (path, value)
        else:
            assert path[0] == "symbols" or compared_meaning(mutant) == before, (path, value)
    assert rejections > 0.75 * tries
