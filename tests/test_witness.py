"""The search for witnesses: what it finds is one, and where there is none it finds none."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

pytest.importorskip("flint")

from lossproof.errors import MissingValueError
from lossproof.facts import Symbol, propositions
from lossproof.interop.balls import Samples, evaluate_ball
from lossproof.interop.witness import PerSample, Value, Witness, find_difference, find_order, to_dict, verify
from lossproof.interop.witness_check import Problem, certify, decides
from lossproof.interop.witness_margins import margin
from lossproof.interop.witness_tape import Tape
from lossproof.interop.witness_values import Domains, cost, floats, is_discrete, plain
from lossproof.syntax import parse_condition, parse_domain, parse_expression
from lossproof.terms import Term, fn, num

REAL = "y data reals each; m parameter reals each"
POSITIVE = "y data positive each; m parameter positive each; k fixed positive"
LABEL = "y data {0,1} each; p parameter unit each"
SHARES = "q fixed simplex(K); p parameter simplex(K); K fixed naturals"
VECTOR = "y data reals^D each; m parameter reals^D; S parameter posdef(D); D fixed naturals"


def table(text: str) -> dict[str, Symbol]:
    """Symbols as ``name role domain``, with ``each`` for what varies with the sample."""
    found = {}
    for line in text.split(";"):
        name, role, domain, *each = line.split()
        found[name] = Symbol(name, role, parse_domain(domain), "scalar", bool(each))
    return found


def assumed(text: str) -> list[Term]:
    return [p for part in text.split(";") if part.strip() for p in propositions(parse_condition(part))]


def order(a: str, b: str, names: str, where: str = "", **options: int) -> Witness | None:
    """The order witness, confirmed once more."""
    terms = parse_expression(a), parse_expression(b)
    found = find_order(*terms, table(names), assumed(where), **options)
    assert found is None or verify(found, *terms, table(names), assumed(where))
    return found


DIFFERENT = [
    ("mean((y-m)^2)", "mean(abs(y-m))", REAL, ""),
    ("mean((y-m)^2)", "mean(log(1+(y-m)^2))", REAL, ""),
    ("mean((y-m)^2)", "mean(cases(abs(y-m)<=1, (y-m)^2/2, abs(y-m)-1/2))", REAL, ""),
    ("p*log(p/q)+(1-p)*log((1-p)/(1-q))", "q*log(q/p)+(1-q)*log((1-q)/(1-p))", "p parameter unit; q fixed unit", ""),
    ("x^2", "x^4-2*x^2", "x parameter reals", ""),
    ("mean(k*log(m)+k*y/m)", "mean(log(y)+y/m)", POSITIVE, ""),
    ("sum(k,1,K,-q[k]*log(p[k]))", "sum(k,1,K,(q[k]-p[k])^2)", SHARES, "K>=1"),
    ("sum(k,1,K,-q[k]*log(p[k]))", "sum(k,1,K,(q[k]-p[k])^2)", SHARES, "K>=1; K==3"),
    ("mean(-log(p[y]))", "mean(1-p[y])", "y data categories(K) each; p parameter simplex(K); K fixed naturals", "K==3"),
    ("norm(q-p)^2", "sum(k,1,K,abs(q[k]-p[k]))", "q fixed onehot(K); p parameter reals^K; K fixed naturals", ""),
    ("mean(-(y*log(p)+(1-y)*log(1-p)))", "mean((y-p)^2)", LABEL, ""),
    ("quad(A,v)", "dot(v,v)", "A fixed posdef(D); v parameter reals^D; D fixed naturals", "D>=1"),
    ("mean(quad(inv(S),y-m))+logdet(S)", "mean(quad(S,y-m))-logdet(S)", VECTOR, "D>=1"),
    ("mean(dot(y-m,y-m))", "mean(norm(y-m))", "y data reals^D each; m parameter reals^D; D fixed naturals", "D>=1"),
    ("mean((y-m)^2)", "mean((y-m)^2)+m/1000", REAL, ""),
    ("(m-1)^2", "(m-1)^2+m/10^8", "m parameter reals", ""),
    ("(m-1)^2+(w-2)^2", "(m-1)^2+1.0001*(w-2)^2", "m parameter reals; w parameter reals", ""),
    ("exp((m-1)^2)", "(m-1)^2+(m-1)^3/1000", "m parameter reals", ""),
    ("m", "m+cos(20*m)/10", "m parameter reals", ""),
    ("m", "-m", "m parameter {1,2}", ""),
    ("digamma(m)", "lgamma(m)", "m parameter positive", ""),
    ("-logdet(A)+trace(A)", "trace(A)", "A parameter posdef(D); D fixed naturals", "D>=1"),
    ("besseli(0,k)", "k*cos(m)", "k parameter positive; m parameter reals", ""),
    ("zeta(1+s)", "s", "s parameter positive", "s < 5"),
    ("mean(max(0,1-y*f))", "mean(log(1+exp(-y*f)))", "y data {-1,1} each; f parameter reals each", ""),
    ("mean((y_i-m_i)^2)", "mean(abs(y_i-m_i))", "y_i data reals each; m_i parameter reals each", ""),
    ("mean((x*w-y)^2)", "mean(abs(x*w-y))", "y data reals each; x fixed reals each; w parameter reals", ""),
    ("mean((y-n*p)^2)", "mean(-y*log(p)-(n-y)*log(1-p))", "y data naturals each; p parameter unit; n fixed naturals", "y<=n"),
    ("sum((y-m)^2)+m", "n_samples*m^2-2*m*sum(y)", REAL, ""),
]


@pytest.mark.parametrize(("a", "b", "names", "where"), DIFFERENT, ids=[f"{d[0]} | {d[1]}" for d in DIFFERENT])
def test_objectives_that_differ_have_an_order_witness(a: str, b: str, names: str, where: str) -> None:
    found = order(a, b, names, where)
    assert found is not None
    assert order(b, a, names, where) is not None
    assert found.says == "order"
    assert len(found.points) == 2


SAME = [
    ("mean((y-m)^2)", "mean((y-m)^2)", REAL, ""),
    ("mean((y-m)^2)", "mean(m^2-2*m*y+y^2)", REAL, ""),
    ("mean((y-m)^2)", "c*mean((y-m)^2)+d", REAL + "; c fixed positive; d fixed reals", ""),
    ("mean((y-m)^2)", "exp(mean((y-m)^2))", REAL, ""),
    ("mean((y-m)^2)", "-1/(1+mean((y-m)^2))", REAL, ""),
    ("mean(log(m)+y/m)", "mean(k*log(m)+k*y/m-log(y))", POSITIVE, ""),
    ("mean(-(y*log(p)+(1-y)*log(1-p)))", "mean(-log(cases(y==1,p,1-p)))", LABEL, ""),
    ("m^3", "m", "m parameter reals", ""),
    ("m", "m+cos(2*m)/10", "m parameter reals", ""),
    ("w^2*lam+(w-1)^2*c", "w^2/t^2+c*(w-1)^2", "w parameter reals; lam fixed positive; t fixed positive; c fixed reals", "lam-1/t^2==0"),
    ("a*log(a)+b*log(b)", "a^2+b^2", "a parameter positive; b parameter positive", "a+b==1"),
    ("sqrt(m)", "m^2", "m parameter reals", "m>=2"),
    ("mean(cases(y<=t,log(t),oo))", "mean(cases(y<=t,t,oo))", "y data positive each; t parameter positive each", ""),
    ("mean(quad(inv(S),y-m))+logdet(S)", "mean(quad(inv(S),y-m)+logdet(S))/2", VECTOR, "D>=1"),
    ("sum(k,1,K,-q[k]*log(p[k]))", "sum(k,1,K,q[k]*log(q[k]/p[k]))", SHARES, "K>=1"),
]


@pytest.mark.parametrize(("a", "b", "names", "where"), SAME, ids=[f"{s[0]} | {s[1]}" for s in SAME])
def test_objectives_of_one_order_have_none(a: str, b: str, names: str, where: str) -> None:
    assert order(a, b, names, where) is None


def test_a_second_sample_is_used_where_one_is_not_enough() -> None:
    found = order("mean((y-m)^2)", "mean(abs(y-m))", REAL)
    assert found is not None
    assert found.samples == 2
    assert isinstance(found.values["y"], PerSample)
    # One value for all samples, since m is not written m_i.
    assert isinstance(found.points[0]["m"], Fraction)


def test_only_a_parameter_with_the_index_differs_by_sample() -> None:
    found = order("mean((y_i-m_i)^2)", "mean(abs(y_i-m_i))", "y_i data reals each; m_i parameter reals each")
    assert found is not None
    assert isinstance(found.points[0]["m_i"], PerSample)


def test_numbers_are_short() -> None:
    assert order("x^2", "x^4-2*x^2", "x parameter reals") == Witness(
        "order", 1, {}, ({"x": Fraction(0)}, {"x": Fraction(1)}), ((0, 0), (1, 1)), ((0, 0), (-1, -1))
    )
    found = order("mean((y-m)^2)", "mean(log(1+(y-m)^2))", REAL)
    assert found is not None
    assert sum(cost(v) for v in (*found.values.values(), *(p["m"] for p in found.points))) < 20


def test_a_tie_of_exact_numbers_is_a_witness() -> None:
    flat = order("0*m", "m", "m parameter reals")
    assert flat is not None
    assert flat.a[0] == flat.a[1]
    infinite = order("cases(m>0, oo, 1-m)", "cases(m>0, m, 0)", "m parameter reals")
    assert infinite is not None


def test_a_tie_of_balls_is_none() -> None:
    assert order("log(3)", "m", "m parameter reals") is None


def test_hypotheses_hold_and_dimensions_have_values() -> None:
    found = order("sum(k,1,K,a[k]^2)", "sum(k,1,K,abs(a[k]))", "a parameter reals^K; K fixed naturals", "K>=3")
    assert found is not None
    assert found.values["K"] >= 3
    narrow = order("(m-1)^2", "(m-1)^2+lam*m", "m parameter reals; lam fixed reals", "lam>0; lam<=1/1000")
    assert narrow is not None
    assert 0 < narrow.values["lam"] <= Fraction(1, 1000)
    solved = order("w^2*lam+(w-1)^2", "2*w^2*(s/t)^2+(w-1)^2", "w parameter reals; lam fixed reals; s fixed positive; t fixed positive", "lam-s^2/t^2==0")  # fmt: skip
    assert solved is not None
    assert solved.values["lam"] == solved.values["s"] ** 2 / solved.values["t"] ** 2
    tied = order("a^2+b", "a^2+2*b^2", "a parameter reals; b parameter reals", "a+b==1")
    assert tied is not None
    assert all(p["a"] + p["b"] == 1 for p in tied.points)
    member = order("norm(p-q)", "-sum(k,1,K,q[k]*log(p[k]))", "p parameter reals^K; q fixed reals^K; K fixed naturals", "p in simplex(K); q in simplex(K)")
    assert member is not None
    assert sum(member.points[0]["p"]) == 1


def test_hypotheses_that_never_hold_leave_nothing() -> None:
    assert order("m", "-m", "m parameter reals; c fixed reals", "c^2+1==0") is None


def test_what_has_no_numbers_has_no_witness() -> None:
    assert order("y*m", "m", REAL) is None  # y outside every sum over the samples
    names = "y data reals each; m parameter reals; x variable reals"
    assert order("x*m", "m", names) is None
    assert find_order(fn("pdf", fn("dist:normal", num(0), num(1)), parse_expression("m")), num(0), table(names), []) is None
    assert order("sum(k,1,oo,m^k)", "m", "m parameter unit") is None
    with pytest.raises(MissingValueError, match="nothing is known of z"):
        order("m*z", "m", REAL)


def test_the_same_question_gets_the_same_answer() -> None:
    asked = ("mean(log(cosh(y-m)))", "mean(sqrt(1+(y-m)^2))", REAL)
    assert order(*asked) == order(*asked)
    assert order(*asked, seed=5) is not None
    assert order(*asked, budget=1) is None


# -- weaker failures


@pytest.mark.parametrize(
    ("b", "fails"),
    [
        ("mean((y-m)^2)", set()),
        ("mean((y-m)^2)+c", {"equal"}),
        ("mean((y-m)^2)+mean(y)", {"equal"}),
        ("3*mean((y-m)^2)+c", {"equal", "up-to-constant"}),
        ("c*mean((y-m)^2)", {"equal", "up-to-constant"}),
        ("exp(mean((y-m)^2))", {"equal", "up-to-constant", "up-to-scale"}),
        ("mean(abs(y-m))", {"equal", "up-to-constant", "up-to-scale"}),
    ],
)
def test_each_relation_that_fails_has_a_witness(b: str, fails: set[str]) -> None:
    names = REAL + "; c fixed positive"
    a, other = parse_expression("mean(y^2-2*y*m+m^2)"), parse_expression(b)
    for relation in ("equal", "up-to-constant", "up-to-scale"):
        found = find_difference(a, other, relation, table(names), [])
        assert (found is not None) == (relation in fails)
        assert found is None or verify(found, a, other, table(names), [])


def test_json() -> None:
    found = order("mean((y-m)^2)", "mean(cases(m>0,m,oo))", "y data reals each; m parameter reals")
    assert found is not None
    made = to_dict(found)
    assert json.loads(json.dumps(made)) == made
    assert set(made) == {"says", "samples", "values", "points", "enclosures"}
    vector = Witness("equal", 1, {"v": (Fraction(1), Fraction(-1, 2))}, ({},), ((Fraction(1), math.inf),), ((Fraction(0), Fraction(1, 3)),))
    assert to_dict(vector) == {
        "says": "equal",
        "samples": 1,
        "values": {"v": ["1", "-1/2"]},
        "points": [{}],
        "enclosures": {"a": [["1", "oo"]], "b": [["0", "1/3"]]},
    }
    assert to_dict(replace(vector, values={"y": PerSample((Fraction(2),))}))["values"] == {"y": {"samples": ["2"]}}


# -- what is checked


def test_verify_refuses_what_is_changed() -> None:
    a, b = parse_expression("mean((y-m)^2)"), parse_expression("mean(log(1+(y-m)^2))")
    names = table(REAL)
    good = find_order(a, b, names, [])
    assert good is not None
    swapped = replace(good, points=good.points[::-1])
    one = Fraction(1)
    bad = [
        swapped,
        replace(good, says="equal"),
        replace(good, samples=good.samples + 1),
        replace(good, values={}),
        replace(good, values={"y": one}),
        replace(good, points=good.points[:1]),
        replace(good, points=({"m": one}, {"m": one})),
        replace(good, points=({}, {})),
        replace(good, points=({"m": (one,)}, good.points[1])),
        replace(good, a=good.a[::-1]),
        replace(good, b=((Fraction(50), Fraction(50)), (Fraction(40), Fraction(40)))),
        replace(good, b=((Fraction(60), Fraction(50)), good.b[1])),
    ]
    for w in bad:
        assert not verify(w, a, b, names, [])
    assert not verify(good, a, a, names, [])
    assert not verify(good, a, b, names, assumed("m^2 < 0"))
    assert not verify(good, a, b, table("y data positive each; m parameter {7}"), [])


def test_values_outside_their_domain_are_refused() -> None:
    names = table("p parameter simplex(K); K fixed naturals; q fixed posdef(K)")
    problem = Problem(parse_expression("p[1]"), parse_expression("-p[1]+0*det(q)"), names, [])
    half, eye = Fraction(1, 2), ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
    two = Fraction(2)
    points = ({"p": (half / 2, half * 3 / 2)}, {"p": (half, half)})
    values = {"K": two, "q": eye}
    assert certify(problem, "order", 1, values, points) is not None
    for wrong in [
        {**values, "K": Fraction(3)},
        {**values, "K": half},
        {**values, "q": (eye[0],)},
        {**values, "q": ((two, two), (two, two))},
        {**values, "q": half},
    ]:
        assert certify(problem, "order", 1, wrong, points) is None
    for share in [(half, half, Fraction(0)), (half, -half), (Fraction(1), Fraction(0)), (half,), half]:
        assert certify(problem, "order", 1, values, (points[0], {"p": share})) is None


def test_a_hypothesis_per_sample_is_asked_of_each() -> None:
    names = table("y data reals each; m parameter reals")
    a, b = parse_expression("mean((y-m)^2)"), parse_expression("-mean((y-m)^2)")
    problem = Problem(a, b, names, assumed("y > 1"))
    points = ({"m": Fraction(2)}, {"m": Fraction(9)})
    assert certify(problem, "order", 2, {"y": PerSample((Fraction(2), Fraction(3)))}, points) is not None
    assert certify(problem, "order", 2, {"y": PerSample((Fraction(2), Fraction(1)))}, points) is None
    summed = Problem(a, b, names, assumed("sum(y) > 4"))
    assert certify(summed, "order", 2, {"y": PerSample((Fraction(2), Fraction(3)))}, points) is not None
    assert certify(summed, "order", 2, {"y": PerSample((Fraction(2), Fraction(1)))}, points) is None


def test_the_number_of_samples_is_not_the_symbol_n() -> None:
    names = table("y data reals each; m parameter reals; n fixed positive")
    a, b = parse_expression("n_samples*m+0*n*sum(y)"), parse_expression("-m")
    found = certify(
        Problem(a, b, names, []), "order", 2, {"n": Fraction(7), "y": PerSample((Fraction(0), Fraction(0)))},
        ({"m": Fraction(1)}, {"m": Fraction(2)}),
    )  # fmt: skip
    assert found is not None
    assert found.a == ((2, 2), (4, 4))


def test_decides() -> None:
    zero, one, two = ((Fraction(k), Fraction(k)) for k in (0, 1, 2))
    wide = (Fraction(0), Fraction(3))
    top = (math.inf, math.inf)
    assert decides("order", (zero, one), (one, zero))
    assert decides("order", (zero, zero), (one, zero))
    assert decides("order", (zero, top), (one, one))
    assert decides("order", (top, top), (one, zero))
    assert not decides("order", (one, zero), (one, zero))
    assert not decides("order", (zero, one), (zero, one))
    assert not decides("order", (zero, zero), (zero, one))
    assert not decides("order", (zero, zero), (one, one))
    assert not decides("order", (wide, wide), (one, zero))
    assert not decides("order", (zero, one), (wide, zero))
    assert not decides("order", ((-math.inf, -math.inf), one), (one, zero))
    assert decides("equal", (zero,), (one,))
    assert not decides("equal", (wide,), (one,))
    assert decides("up-to-constant", (zero, one), (zero, two))
    assert not decides("up-to-constant", (zero, one), (one, two))
    assert not decides("up-to-constant", (zero, top), (one, two))
    assert decides("up-to-scale", (zero, one, two), (zero, one, one))
    assert not decides("up-to-scale", (zero, one, two), (two, one, zero))
    assert not decides("up-to-scale", (zero, one), (zero, one))


# -- the parts of the search


@pytest.mark.parametrize(
    ("a", "b", "names", "where"), [*DIFFERENT, *SAME], ids=[f"{d[0]} | {d[1]}" for d in [*DIFFERENT, *SAME]]
)
def test_floats_agree_with_balls(a: str, b: str, names: str, where: str) -> None:
    """At random points: what the search sees is what is there."""
    rng = Random(3)
    problem = Problem(parse_expression(a), parse_expression(b), table(names), [])
    known = 0
    for samples in (1, 2, 3):
        values = {n: Fraction(2) for n in problem.sizes}
        domains = problem.domains(values)

        def drawn(name: str, samples: int = samples, domains: Domains = domains) -> Value:
            parts = [domains.draw(problem.table[name].domain, rng.randrange(3), rng) for _ in range(samples)]
            return PerSample(tuple(parts)) if name in problem.varying else parts[0]

        values |= {n: drawn(n) for n in problem.others if n not in problem.sizes}
        for _ in range(5):
            point = {n: drawn(n) for n in problem.parameters}
            row = Tape(problem.plan, values, point, samples).run(
                [x for _, v in sorted(point.items()) for x in floats(v)]
            )
            given = {n: plain(v, Samples) for n, v in {**values, **point}.items()}
            exact = evaluate_ball(problem.root, {**given, "n_samples": Fraction(samples)})
            if exact is None:
                assert any(map(math.isnan, row))
            elif all(abs(float(x)) < 1e12 for x in exact):
                known += 1
                assert row == pytest.approx([float(x) for x in exact], rel=1e-8, abs=1e-9)
    assert known


@pytest.mark.parametrize(
    "text",
    ["reals", "positive", "nonnegative", "unit", "unit_closed", "integers", "naturals", "{0,1/2}", "categories(3)",
     "onehot(3)", "counts(2)", "simplex(3)", "simplex(1)", "reals^2", "positive^3", "posdef(1)", "posdef(2)", "posdef(3)"],
)  # fmt: skip
def test_values_lie_in_their_domains(text: str) -> None:
    problem = Problem(parse_expression("0*sum(z)"), num(0), table(f"z data {text} each"), [])
    domain = parse_domain(text)
    domains = problem.domains({})
    rng = Random(1)
    for level in range(3):
        for value in (*domains.simple(domain), *(domains.draw(domain, level, rng) for _ in range(20))):
            assert problem.lies("z", {"z": PerSample((value,))}, 1)
            if is_discrete(domain):
                continue
            for denominator in (10, 1000):
                near = domains.rounded(value, domain, iter(floats(value)), denominator)
                assert near is None or domains.fits(near, domain)


def test_margins() -> None:
    assert margin("order", [[0.0, 1.0], [1.0, 0.0]]) == 1.0
    assert margin("order", [[1.0, 0.0], [0.0, 1.0]]) < 0
    assert margin("order", [[1.0, 1.0], [2.0, 2.0]]) < 0
    assert margin("order", [[1.0, 1.0], [1.0 + 1e-12, 0.0]]) < 0
    assert 0 < margin("order", [[1.0, 2.0], [1.0, 1.0]]) < 0.01
    assert margin("order", [[math.nan, 2.0], [1.0, 1.0]]) < 0
    assert margin("order", [[1.0, 2.0], [math.inf, 1.0]]) == 0.5
    assert margin("up-to-scale", [[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]]) == 0.0


# -- properties


PARTS = ["(m-c)^2", "abs(m-c)", "exp(-m)", "m*c", "softplus(m)", "log(1+m^2)", "w^2", "c*w", "cosh(w-m)", "sqrt(1+m*m)"]
OUTER = ["exp({}/10)", "({})^3", "atan({})", "{}+exp({}/20)", "tanh(({})/8)", "sigmoid(({})/4)", "-1/(100+exp({}/9))"]
NAMES = "m parameter reals; w parameter reals; c fixed positive; d fixed reals"


def pairs(seed: int, count: int) -> Sequence[tuple[str, str]]:
    """Objectives with a transform that keeps the order."""
    rng = Random(seed)
    found = []
    for _ in range(count):
        f = " + ".join(f"{rng.randint(1, 9)}/{rng.randint(1, 9)}*{p}" for p in rng.sample(PARTS, rng.randint(1, 3)))
        kind = rng.randrange(3)
        if kind == 0:
            found.append((f, f"{rng.randint(1, 99)}/{rng.randint(1, 99)}*({f}) + {rng.choice(('d', 'log(c)', '5', 'c*d'))}"))
        elif kind == 1:
            found.append((f, f"c*({f}) - d^2"))
        else:
            found.append((f, rng.choice(OUTER).replace("{}", f"({f})")))
    return found


@pytest.mark.parametrize(("a", "b"), pairs(7, 40))
def test_a_transform_that_keeps_the_order_never_has_a_witness(a: str, b: str) -> None:
    assert order(a, b, NAMES, budget=600_000) is None


@pytest.mark.parametrize("seed", range(25))
def test_random_objectives_are_told_apart(seed: int) -> None:
    """A part that only one of the two has changes the order somewhere."""
    rng = Random(seed)
    first, *others = rng.sample([p for p in PARTS if "w" not in p], 3)
    extra = rng.choice(["w^2", "(w-c)^2", "cosh(w)"])
    assert order(f"{first} + {extra}", f"{first} + {others[0]} + 2*{extra}", NAMES) is not None
