"""What random points say of a pair: the strongest relation that none of them contradicts."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tests.pair_peers import KNOWN, Value, World, names_in, split_commas, tree
from tests.pairs import Pair

#: Losses over a dataset by their names.
NAMED: Final[Mapping[str, str]] = {
    "MSE": "mean((y - yhat)^2)",
    "SSE": "sum((y - yhat)^2)",
    "RMSE": "sqrt(mean((y - yhat)^2))",
    "MAE": "mean(abs(y - yhat))",
    "mean squared error": "mean((y - yhat)^2)",
    "sum of squared errors": "sum((y - yhat)^2)",
    "MSLE": "mean((log(1 + y) - log(1 + yhat))^2)",
    "RMSLE": "sqrt(mean((log(1 + y) - log(1 + yhat))^2))",
    "MAPE": "mean(abs(y - yhat)/abs(y))",
    "BCE": "mean(-(y*log(p) + (1 - y)*log(1 - p)))",
    "hinge loss": "mean(max(0, 1 - y*z))",
    "torch.nn.MSELoss()": "mean((y - yhat)^2)",
    "torch.nn.MSELoss(reduction='sum')": "sum((y - yhat)^2)",
    "torch.nn.L1Loss()": "mean(abs(y - yhat))",
    "torch.nn.BCELoss()": "mean(-(y*log(p) + (1 - y)*log(1 - p)))",
    "torch.nn.BCEWithLogitsLoss": "mean(log(1 + exp(z)) - y*z)",
    "torch.nn.BCEWithLogitsLoss(reduction='sum')": "sum(log(1 + exp(z)) - y*z)",
    "torch.nn.CrossEntropyLoss()": "mean(logsumexp(z) - z[y])",
    "torch.nn.PoissonNLLLoss()": "mean(exp(eta) - y*eta)",
    "torch.nn.GaussianNLLLoss()": "mean(((y - yhat)^2/v + log(v))/2)",
    "torch.nn.SoftMarginLoss()": "mean(log(1 + exp(-y*z)))",
    "keras.losses.MeanSquaredError()": "mean((y - yhat)^2)",
    "sklearn.metrics.mean_squared_error(y, yhat)": "mean((y - yhat)^2)",
    "optax.losses.l2_loss(yhat, y)": "mean((y - yhat)^2/2)",
}
RELATIONS: Final = ("equal", "up-to-constant", "up-to-scale", "same-order", "refuted")
Array = NDArray[np.float64]
_NEAR: Final = 1e-7
_VECTOR: Final = re.compile(r"(simplex|onehot)\((\w+)\)$|(\w+)\^(\w+)$")


# -- domains


def domains_of(pair: Pair) -> tuple[dict[str, str], list[ast.expr]]:
    """Where each symbol lives by ``where`` and ``draw``, and the conditions that are no domain."""
    found: dict[str, str] = {}
    rest: list[ast.expr] = []
    for row in filter(None, (r.strip() for r in pair.draw.split(";"))):
        name, _, where = row.partition(" ")
        found[name] = where
    for text in split_commas(pair.where):
        if m := re.fullmatch(r"(\w+) in (.+)", text):
            found[m[1]] = m[2]
        elif (m := re.fullmatch(r"(\w+) (>=?) 0", text)) and m[1] not in found:
            found[m[1]] = "positive" if m[2] == ">" else "nonnegative"
        elif m := re.fullmatch(r"0 < (\w+) < 1", text):
            found[m[1]] = "unit"
        else:
            rest.append(tree(text))
    return found, rest


def draw(where: str, rng: np.random.Generator, sizes: dict[str, int], shape: tuple[int, ...]) -> Value:
    """Random members of a domain: a number or an array, a list of them for a vector."""
    if m := _VECTOR.match(where):
        size = m[2] or m[4]
        k = int(size) if size.isdigit() else sizes[size]
        if m[1] == "onehot":
            at = rng.integers(0, k, shape)
            return [np.asarray(at == j, float)[()] for j in range(k)]
        rows = [np.asarray(draw("reals" if m[1] else m[3], rng, sizes, shape)) for _ in range(k)]
        return [r[()] for r in special.softmax(0.8 * np.array(rows), axis=0)] if m[1] else rows
    if where.startswith("{"):
        return rng.choice([float(v) for v in where.strip("{} ").split(",")], shape)
    if m := re.match(r"categories\((\w+)\)", where):
        return rng.integers(1, (int(m[1]) if m[1].isdigit() else sizes[m[1]]) + 1, shape)
    normal = rng.normal(0, 1.3, shape)
    match where:
        case "reals":
            return normal
        case "positive":
            return np.exp(0.7 * normal)
        case "nonnegative":
            return np.where(rng.random(shape) < 0.2, 0.0, np.exp(0.7 * normal))[()]
        case "unit":
            return special.expit(1.2 * normal)
        case "integers":
            return np.rint(2 * normal)
        case "naturals":
            return np.asarray(rng.poisson(2.5, shape), float)[()]
    raise ValueError(where)


# -- symbols


def statements(text: str) -> list[str]:
    """The statements of an assumption."""
    return split_commas(re.split(r"\bwith\b|\bwhere\b", text)[0])


def symbols_of(text: str, lets: dict[str, ast.expr], *, outside: bool) -> set[str]:
    """The symbols of one side, or those that stand outside every sum over the samples."""
    if "~" not in text:
        return set(names_in(tree(NAMED.get(text, text)), lets, outside=outside))
    rows = statements(text)
    own = {r.partition("=")[0].strip(): tree(r.partition("=")[2].strip()) for r in rows if "~" not in r}
    found: set[str] = set()
    for j, row in enumerate(rows):
        if "~" in row:
            name, _, law = (part.strip() for part in row.partition("~"))
            if outside and (j == 0 or name.endswith("_i")):
                continue
            found |= {*names_in(tree(name), lets), *names_in(tree(law), {**lets, **own})}
    return found


@dataclass
class Question:
    """A pair with its symbols sorted out."""

    pair: Pair

    def __post_init__(self) -> None:
        pair = self.pair
        self.domains, self.conditions = domains_of(pair)
        self.lets = {s.partition("=")[0].strip(): tree(s.partition("=")[2].strip()) for s in pair.let}
        self.learn = set(split_commas(pair.learn))
        fixed = set(split_commas(pair.fixed))
        self.data = ({"y"} | set(split_commas(pair.data))) - self.learn - set(self.lets) - fixed
        inside, outside = set[str](), set[str]()
        for text in (pair.a, pair.b):
            inside |= symbols_of(text, self.lets, outside=False)
            outside |= symbols_of(text, self.lets, outside=True)
        inside |= {n for c in self.conditions for n in names_in(c, self.lets)}
        if pair.proved_if:
            inside |= set(names_in(tree(pair.proved_if), self.lets))
        self.names = {self.plain(n) for n in inside} - {"pi", "oo", "n", "I", *KNOWN} | {
            n for n in inside if n in self.learn
        }
        self.sizes = {m for d in self.domains.values() for m in re.findall(r"[(^](\w+)", d) if not m.isdigit()}
        self.names -= self.sizes
        self.data |= {n for n in self.names if re.fullmatch(r"x(_\d+)?", n)} - self.learn - fixed
        self.indexed = self.data | {n for n in self.names if n.endswith("_i")}
        self.loose = self.learn - {self.plain(n) for n in outside} - self.indexed

    def plain(self, name: str) -> str:
        """The symbol that a name stands for: y of y_i, v of the component v_2."""
        base, _, last = name.rpartition("_")
        if (
            base
            and name not in self.learn
            and ((last == "i" and base in self.data) or (last.isdigit() and _VECTOR.match(self.domains.get(base, ""))))
        ):
            return base
        return name

    def world(self, rng: np.random.Generator, points: int, *, varying: bool, condition: str = "") -> World | None:
        """One dataset with many parameter points, or None if the conditions do not hold for it."""
        n = int(rng.integers(1, 5))
        sizes = {s: int(rng.integers(2, 4)) for s in sorted(self.sizes)}
        world = World(n, dict(sizes), {}, self.lets)
        frozen = World(n, dict(sizes), {}, self.lets)
        for name in sorted(self.names):
            where = self.domains.get(name, "reals")
            shape = (points,) if name in self.learn else ()
            if name in self.indexed or (varying and name in self.loose):
                world.varying[name] = [draw(where, rng, sizes, shape) for _ in range(n)]
                frozen.varying[name] = [draw(where, rng, sizes, ()) for _ in range(n)] if shape else world.varying[name]
            else:
                world.shared[name] = draw(where, rng, sizes, shape)
                frozen.shared[name] = draw(where, rng, sizes, ()) if shape else world.shared[name]
        world.frozen = frozen
        if condition:
            name, _, value = condition.partition("==")
            world.shared[name.strip()] = frozen.shared[name.strip()] = world.value(tree(value.strip()))
        keep = np.ones(points, bool)
        for c in self.conditions:
            late = any(self.plain(m) in world.varying for m in names_in(c, self.lets))
            for held in world.by_sample(lambda c=c: world.value(c)) if late else [world.value(c)]:  # type: ignore[misc]
                keep &= held
        if keep.sum() < 2:
            return None
        if not keep.all():
            _select(world, keep, self.learn)
        return world


def _select(world: World, keep: NDArray[np.bool_], learn: set[str]) -> None:
    def kept(value: Value) -> Value:
        return [v[keep] for v in value] if isinstance(value, list) else value[keep]

    for name in learn & world.shared.keys():
        world.shared[name] = kept(world.shared[name])
    for name in learn & world.varying.keys():
        world.varying[name] = [kept(v) for v in world.varying[name]]


# -- relations


def side(text: str, world: World, data: set[str], points: int) -> Array:
    """One objective at every point."""
    with np.errstate(all="ignore"):
        found = world.likelihood(text, data) if "~" in text else world.value(tree(NAMED.get(text, text)))
    return np.broadcast_to(np.asarray(found, float), (points,)).copy()


def flips(a: Array, b: Array) -> bool:
    """Whether two points are clearly ordered by one and not so ordered by the other."""
    clear_a, clear_b = (_above(v) for v in (a, b))
    same_a, same_b = (v[:, None] == v[None, :] for v in (a, b))
    return bool((clear_a & clear_b.T).any() or (same_a & clear_b).any() or (clear_a & same_b).any())


def _above(v: Array) -> NDArray[np.bool_]:
    finite = v[np.isfinite(v)]
    size = 1 + float(np.abs(finite).max()) if finite.size else 1.0
    big = np.where(np.isfinite(v), v, 1e300)
    return big[:, None] > big[None, :] + 1e-9 * min(size, 1e6)


def constant(v: Array, size: float) -> bool:
    return float(np.ptp(v)) <= _NEAR * size if v.size else True


def relation(a: Array, b: Array) -> tuple[int, float]:
    """The strongest relation that the points do not contradict, and the scale."""
    if np.isnan(a).any() or np.isnan(b).any() or (np.isneginf(a) | np.isneginf(b)).any():
        raise ValueError("an objective is not defined")
    both = np.isfinite(a) & np.isfinite(b)
    if not (np.isfinite(a) == np.isfinite(b)).all():
        return (4 if flips(a, b) else 3), np.nan
    fa, fb = a[both], b[both]
    size = 1 + float(max(np.abs(fa).max(initial=0), np.abs(fb).max(initial=0)))
    if np.abs(fa - fb).max(initial=0) <= _NEAR * size:
        return 0, 1.0
    if constant(fa - fb, size):
        return 1, 1.0
    low, high = int(np.argmin(fb)), int(np.argmax(fb))
    if not constant(fb, 1 + float(np.abs(fb).max())):
        c = float((fa[high] - fa[low]) / (fb[high] - fb[low]))
        if c > 0 and constant(fa - c * fb, 1 + float(np.abs(fa).max()) + c * float(np.abs(fb).max())):
            return 2, c
    return (4 if flips(a, b) else 3), np.nan


@dataclass(frozen=True)
class Evidence:
    """The strongest relation with shared parameters, and with either reading; faults that were found on the way."""

    shared: str
    either: str
    faults: tuple[str, ...]


def evidence(pair: Pair, *, contexts: int, points: int, condition: str = "", seed: int = 0) -> Evidence:
    """Try many datasets, each at many parameter points."""
    question = Question(pair)
    rng = np.random.default_rng(crc32(f"{pair.a}|{pair.b}|{seed}".encode()))
    worst = [0, 0]
    faults: set[str] = set()
    for round in range(contexts):
        varying = bool(question.loose) and round % 3 == 2
        world = None
        for _ in range(400):
            world = question.world(rng, points, varying=varying, condition=condition)
            if world is not None:
                break
        if world is None:
            return Evidence("", "", ("the conditions never held",))
        size = next((len(v[0] if isinstance(v, list) else v) for v in _columns(world, question.learn)), points)
        a, b = (side(t, world, question.data, size) for t in (pair.a, pair.b))
        found, scale = relation(a, b)
        worst[1] = max(worst[1], found)
        if not varying:
            worst[0] = max(worst[0], found)
        if found == 2 and pair.scale and not condition:
            said = float(world.value(tree(pair.scale)))
            if abs(said - scale) > 1e-5 * abs(scale):
                faults.add(f"the scale is {scale}, not {said}")
    return Evidence(RELATIONS[worst[0]], RELATIONS[worst[1]], tuple(sorted(faults)))


def _columns(world: World, learn: set[str]) -> Sequence[Any]:
    return [world.shared[n] for n in learn if n in world.shared] + [
        world.varying[n][0] for n in learn if n in world.varying
    ]


def faults_of(pair: Pair, *, contexts: int = 24, points: int = 60, seed: int = 0) -> list[str]:
    """What speaks against a row of the table; an empty list if nothing does."""
    found = evidence(pair, contexts=contexts, points=points, seed=seed)
    wrong = list(found.faults)
    if pair.truth == "unknown":
        if found.shared == "refuted" or found.either != "refuted":
            wrong.append(f"shared {found.shared}, either {found.either}: not a question of the reading")
    elif pair.truth == "refuted":
        if found.shared != "refuted":
            wrong.append(f"not refuted: {found.shared}")
    elif found.either != pair.truth:
        wrong.append(f"found {found.either}")
    if pair.proved_if:
        under = evidence(pair, contexts=contexts, points=points, condition=pair.proved_if, seed=seed)
        wrong += under.faults
        if under.either != pair.then:
            wrong.append(f"under {pair.proved_if}: found {under.either}")
    return wrong
