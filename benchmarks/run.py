"""How fast, compared with what: ``python benchmarks/run.py [--smoke]`` prints six tables.

1. Start-up: the whole process of ``lossproof derive gaussian`` beside ``python -c "import click"``.
2. Deriving: every assumption of tests/shapes.py, with the kernel's full proof, beside SymPy's way to the same split
   (-log, expand_log(force=True), split by free symbols, simplify both parts), and the stand-alone checker's time. Both
   are warm, and neither remembers an earlier answer: SymPy's cache is emptied, as our engine keeps none.
3. Growth: time against size, as a fitted exponent.
4. Comparing: the pairs of tests/pairs.py, verdicts per second and the slowest; beside a proof of A = scale·B + offset, SymPy's simplify of A - (scale·B + offset), to
   which scale and offset are told.
5. An appendix, with its proofs as JSON and for Coq, beside as many derivations with their LaTeX and JSON one by one.
6. Referees: seconds per certificate of each, beside deriving the same assumption and checking its proof with the stand-alone checker; growth with the number
   of terms. Without Coq, or SymPy, or python-flint, a line says so. Coq's prelude is compiled before anything is measured.

It needs the test dependencies. Nothing here is a test: times depend on the machine, ratios less so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

MS = 1e3
#: What the project aims at.
STARTUP_TARGET, SYMPY_TARGET, GROWTH_TARGET = 3.0, 20.0, 1.2
APPENDIX_TARGET = 5.0


class Late(Exception):
    """The time that a run may take is over."""


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Stop what runs inside after a number of seconds, where the system can."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def timed(run: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns; the first row is the head."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for k, row in enumerate(rows):
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
        if k == 0:
            print("  ".join("-" * w for w in widths))
    print()


def verdict(value: float, target: float, *, most: bool) -> str:
    """Whether a ratio meets its target."""
    good = value <= target if most else value >= target
    return f"{'≤' if most else '≥'} {target:g}: {'yes' if good else 'NO'}"


# -- 1. start-up

_COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import click": ["-c", "import click"],
    "derive('gaussian') in Python": ["-c", "import lossproof as lp; lp.derive('gaussian')"],
    "lossproof derive gaussian": [
        "-c",
        "import sys; from lossproof.cli import main; sys.exit(main())",
        "derive",
        "gaussian",
    ],
}


def startup(runs: int) -> None:
    """Whole processes, interleaved so that the machine's moods fall on all alike."""
    print(f"1. Start-up: medians of {runs} interleaved runs")
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": folder}
        found: dict[str, list[float]] = {name: [] for name in _COMMANDS}
        for i in range(runs + 1):
            for name, command in _COMMANDS.items():
                seconds = timed(lambda command=command: subprocess.run(  # type: ignore[misc]
                    [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, check=True))  # fmt: skip
                if i:  # the first run writes the bytecode
                    found[name].append(seconds)
    base = statistics.median(found["import click"])
    rows = [("process", "ms", "× click", "target")]
    for name, times in found.items():
        median = statistics.median(times)
        target = verdict(median / base, STARTUP_TARGET, most=True) if name.startswith("lossproof") else ""
        rows.append((name, f"{median * MS:.0f}", f"{median / base:.2f}", target))
    table(rows)


# -- 2. deriving


def by_sympy(density: Any, parameters: set[str]) -> Any:
    """SymPy's way to a loss and an offset."""
    import sympy

    nll = sympy.expand_log(-sympy.log(density), force=True)
    learned = [s for s in nll.free_symbols if str(s) in parameters]
    offset, rest = nll.as_independent(*learned, as_Add=True)
    return sympy.simplify(rest), sympy.simplify(offset)


def sympy_seconds(d: Any, seconds: int) -> tuple[float, str]:
    """SymPy's time for a derivation's density, and a mark where it could not do it or not in time."""
    from sympy.core.cache import clear_cache

    from lossproof.interop.sympy import to_sympy

    label, first = d.proof.chains[0].lines[0]
    opened = first.right if label == "density" else first.left
    density = opened.args[0].args[0] if opened.op == "neg" and opened.args[0].op == "log" else None
    if density is None:
        return math.nan, "no density"
    try:
        expression = to_sympy(density, {n: s.domain for n, s in d.symbols.items()})
    except Exception as error:
        return math.nan, type(error).__name__
    clear_cache()
    try:
        with limit(seconds):
            return timed(lambda: by_sympy(expression, set(d.model.parameters))), ""
    except Late:
        return float(seconds), ">"
    except Exception as error:  # SymPy fails on some
        return math.nan, type(error).__name__


def deriving(repeats: int, seconds: int, step: int) -> None:
    """Every shape, side by side: ours, SymPy's, the checker's."""
    from shapes import TABLE

    import lossproof as lp
    from lossproof.checker import check

    shapes = [(row, s) for row, many in TABLE.items() for s in many][::step]
    print(f"2. Deriving {len(shapes)} assumptions, warm: median of {repeats}; SymPy once, stopped after {seconds} s")
    lp.derive("gaussian")
    sympy_seconds(lp.derive("gaussian"), 60)
    rows = [("assumption", "ms", "steps", "SymPy ms", "SymPy/ours", "check ms")]
    ours, ratios, checks, unable = [], [], [], []
    for _, shape in shapes:
        mine = statistics.median(timed(lambda text=shape.text: lp.derive(text)) for _ in range(repeats))  # type: ignore[misc]
        d = lp.derive(shape.text)
        theirs, mark = sympy_seconds(d, seconds)
        proof = json.loads(d.proof.to_json())
        checking = timed(lambda proof=proof: check(proof, None))  # type: ignore[misc]
        ours.append(mine)
        checks.append(checking)
        if math.isnan(theirs):
            unable.append(mark)
        else:
            ratios.append(theirs / mine)
        shown = mark if math.isnan(theirs) else f"{mark}{theirs * MS:.0f}"
        ratio = "" if math.isnan(theirs) else f"{theirs / mine:.0f}"
        text = shape.text if len(shape.text) < 70 else shape.text[:67] + "..."
        rows.append((text, f"{mine * MS:.2f}", str(len(d.proof.steps)), shown, ratio, f"{checking * MS:.0f}"))
    table(rows)
    rows = [("median over the assumptions", "", "target")]
    rows.append(("derive, ms", f"{statistics.median(ours) * MS:.2f}", ""))
    rows.append(("check, ms", f"{statistics.median(checks) * MS:.2f}", ""))
    median = statistics.median(ratios)
    rows.append(("SymPy's time / ours", f"{median:.0f}", verdict(median, SYMPY_TARGET, most=False)))
    rows.append(("least ratio", f"{min(ratios):.1f}", ""))
    rows.append(("SymPy could not", str(len(unable)), ""))
    table(rows)


# -- 3. growth


def joint(k: int) -> str:
    """The joint likelihood of k data names."""
    names = [f"y{i}" for i in range(1, k + 1)]
    return ", ".join(f"{n} ~ Normal(m{n[1:]}, s)" for n in names) + f" with {', '.join(names)} data, s fixed"


def mixture(k: int) -> str:
    """A mixture of k normal components."""
    weights = ", ".join(f"w{i}" for i in range(1, k + 1))
    return f"y ~ Mixture([{weights}], {', '.join(f'Normal(m{i}, s{i})' for i in range(1, k + 1))})"


def predictor(k: int) -> str:
    """A linear predictor of k terms."""
    return "y ~ Normal(" + " + ".join(f"b{i}*x_{i}" for i in range(1, k + 1)) + ", s) with s fixed"


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log time against log size, by least squares."""
    x, y = [math.log(s) for s in sizes], [math.log(t) for t in seconds]
    mx, my = statistics.mean(x), statistics.mean(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def growth(sizes: list[int], most: int) -> None:
    """Time against size."""
    import lossproof as lp

    print("3. Growth: seconds for K = " + ", ".join(f"{k:,}" for k in sizes))
    rows = [("shape", *[f"{k:,}" for k in sizes], "exponent", "target")]
    for name, text in (
        ("product of K densities", joint),
        ("mixture of K components", mixture),
        ("linear predictor of K terms", predictor),
    ):
        times: list[float] = []
        cells: list[str] = []
        for k in sizes:
            source = text(k)
            try:
                with limit(most):
                    times.append(
                        min(timed(lambda source=source: lp.derive(source)) for _ in range(3 if k <= 100 else 1))
                    )  # type: ignore[misc]
            except (Late, lp.LossproofError) as error:
                cells += ["over time" if isinstance(error, Late) else type(error).__name__]
                break
            cells.append(f"{times[-1]:.3f}")
        cells += [""] * (len(sizes) - len(cells))
        fitted = exponent(sizes[: len(times)], times) if len(times) > 1 else math.nan
        complete = len(times) == len(sizes)
        rows.append(
            (
                name,
                *cells,
                f"{fitted:.2f}",
                verdict(fitted, GROWTH_TARGET, most=True) if complete else "NO: not all sizes",
            )
        )
    table(rows)
    rows = [("nesting, 100,000 deep", "s", "")]
    n = 100_000
    for name, source in (
        ("parentheses", "(" * n + "m" + ")" * n),
        ("minus signs", "-" * n + "m"),
        ("exp", "exp(" * n + "m" + ")" * n),
        ("powers", "m" + "^2" * n),
    ):
        start = time.perf_counter()
        try:
            lp.derive(f"y ~ Normal({source}, 1)")
            outcome = "derived"
        except lp.LossproofError as error:
            outcome = f"refused: {str(error).splitlines()[0]}"
        except RecursionError:
            outcome = "RecursionError"
        rows.append((name, f"{time.perf_counter() - start:.2f}", outcome))
    table(rows)


# -- 4. comparing


def simplified_seconds(v: Any, seconds: int) -> float:
    """SymPy's time to see that A = scale·B + offset, nan where it does not."""
    import sympy
    from sympy.core.cache import clear_cache

    from lossproof.interop.sympy import to_sympy
    from lossproof.terms import add, mul, neg

    difference = add(v.question.a.term, neg(add(mul(v.scale, v.question.b.term), v.offset)))
    try:
        expression = to_sympy(difference, {n: s.domain for n, s in v.symbols.items()})
        clear_cache()
        with limit(seconds):
            start = time.perf_counter()
            found = sympy.simplify(sympy.expand_log(expression, force=True))
            return time.perf_counter() - start if found == 0 else math.nan
    except Exception:  # SymPy has no word for it, fails or is late
        return math.nan


def comparing(seconds: int, step: int) -> None:
    """Every pair: the time of its verdict."""
    from pairs import PAIRS

    import lossproof as lp

    pairs = PAIRS[::step]
    print(f"4. Comparing {len(pairs)} pairs, warm, once each")
    lp.compare("MSE", "SSE", learn="yhat")
    lp.compare("MSE", "MAE", learn="yhat")
    spent: dict[str, list[float]] = {}
    slowest: list[tuple[float, str, str]] = []
    ratios: list[float] = []
    for p in pairs:
        given = {k: [n.strip() for n in getattr(p, k).split(",") if n.strip()] for k in ("learn", "data", "fixed")}
        found: list[Any] = []
        mine = timed(lambda p=p, given=given, found=found: found.append(lp.compare(p.a, p.b, let=p.let, where=p.where, **given)))  # type: ignore[misc]
        (v,) = found
        kind = "proved" if v.is_proved else v.relation
        spent.setdefault(kind, []).append(mine)
        slowest.append((mine, v.relation, str(p)))
        if v.scale is not None:
            theirs = simplified_seconds(v, seconds)
            if not math.isnan(theirs):
                ratios.append(theirs / mine)
    rows = [("verdict", "pairs", "median ms", "slowest ms")]
    for kind, times in sorted(spent.items()):
        rows.append((kind, str(len(times)), f"{statistics.median(times) * MS:.0f}", f"{max(times) * MS:.0f}"))
    table(rows)
    total = sum(map(sum, spent.values()))
    rows = [("over all pairs", "")]
    rows.append(("verdicts per second", f"{len(pairs) / total:.1f}"))
    if ratios:
        rows.append((f"SymPy's simplify / ours, median of {len(ratios)} that it could do", f"{statistics.median(ratios):.1f}"))
    rows += [(f"slow: {text[:80]} ({relation})", f"{t * MS:.0f} ms") for t, relation, text in sorted(slowest, reverse=True)[:3]]
    table(rows)


# -- 5. an appendix


def appendix(sizes: list[int]) -> None:
    """Seconds for an appendix of so many derivations with all its files, beside as many derivations with their LaTeX and JSON one by one."""
    import lossproof as lp
    from lossproof.appendices import plan_of
    from lossproof.appendices.write import save_appendix
    from lossproof.rulebook import Rulebook

    book = Rulebook.default()
    assumptions = [a for a in (book.distribution(id).default for id in book.distribution_ids) if a]
    print(f"5. An appendix, with its proofs; target: 100 derivations in under {APPENDIX_TARGET} s")
    rows = [("derivations", "s", "KB", "× one by one", "target", "s without files for Coq")]
    seconds: list[float] = []
    lp.derive("gaussian").latex()
    for n in sizes:
        given = (assumptions * (n // len(assumptions) + 1))[:n]
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "appendix.tex"
            less = timed(lambda given=given, target=target: save_appendix(plan_of(given, coq=False), str(target)))  # type: ignore[misc]
            mine = timed(lambda given=given, target=target: save_appendix(plan_of(given), str(target)))  # type: ignore[misc]
            size = target.stat().st_size
        single = timed(lambda given=given: [(d.latex(), d.proof.to_json()) for d in map(lp.derive, given)])  # type: ignore[misc]
        seconds.append(mine)
        met = verdict(mine, APPENDIX_TARGET, most=True) if n == 100 else ""
        rows.append((str(n), f"{mine:.2f}", f"{size / 1000:.0f}", f"{mine / single:.2f}", met, f"{less:.2f}"))
    table(rows)
    if len(sizes) > 1:
        print(f"growth: n^{exponent(sizes, seconds):.2f}\n")


# -- 6. referees


def peer_seconds(text: str) -> tuple[float, Any]:
    """Seconds to derive and to check the proof again with the stand-alone checker, and the proof."""
    import lossproof as lp
    from lossproof.checker import check

    proof = json.loads(lp.derive(text).proof.to_json())
    return min(timed(lambda: lp.derive(text)) + timed(lambda: check(proof, None)) for _ in range(3)), proof


def normal_mixture(k: int) -> str:
    """A mixture of k normal components of the same weight: with weights of any sum, the mass of the density would be refuted."""
    return f"y ~ Mixture([{', '.join([f'1/{k}'] * k)}], {', '.join(f'Normal(m{i}, s{i})' for i in range(1, k + 1))})"


def certified(name: str, proof: Any, seconds: float) -> tuple[float, bool]:
    """Seconds for a certificate, and whether it is a confirmation."""
    from lossproof.referees import certify

    found: list[bool] = []
    spent = timed(lambda: found.append(certify(proof, by=[name], time_limit=seconds).confirmed))
    return spent, found[0]


def referees_here() -> list[str]:
    """The referees that are installed; a line for each that is not. Coq's prelude is compiled."""
    from importlib.util import find_spec

    from lossproof.referees import INSTALL
    from lossproof.referees.coq.run import coqc, library

    there = {"sympy": find_spec("sympy") is not None, "balls": find_spec("flint") is not None, "coq": coqc() is not None}
    for name, found in there.items():
        if not found:
            print(f"{name}: skipped, it is not installed: {INSTALL[name]}")
    if there["coq"]:
        print(f"Coq's prelude, compiled or found compiled in the cache: {timed(library):.1f} s")
    return [name for name, found in there.items() if found]


def coq_start() -> float:
    """Seconds of ``coqc`` for a file that imports the prelude and says nothing."""
    from lossproof.referees.coq.file import HEADER
    from lossproof.referees.coq.run import compile_file, library

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "proof.v").write_text(HEADER, encoding="utf-8")
        where = library()
        return timed(lambda: compile_file(Path(name), "proof.v", 60, where))


def certifying(here: list[str], families: list[str], seconds: float) -> None:
    """Seconds per certificate over families, beside deriving and checking."""
    from lossproof.referees.coq.run import judge_all

    proofs, peers = [], []
    times: dict[str, list[tuple[float, bool]]] = {name: [] for name in here}
    for id in families:
        peer, proof = peer_seconds(id)
        peers.append(peer)
        proofs.append(proof)
        for name in here:
            times[name].append(certified(name, proof, seconds))
    rows = [("referee", "confirmed", "median s", "slowest s", "× derive + check")]
    rows.append(("derive + check", "", f"{statistics.median(peers):.3f}", f"{max(peers):.3f}", "1"))
    for name, found in times.items():
        spent = [s for s, _ in found]
        ratio = statistics.median(s / p for s, p in zip(spent, peers, strict=True))
        label = "coq, one at a time" if name == "coq" else name
        rows.append((label, f"{sum(ok for _, ok in found)} of {len(found)}", f"{statistics.median(spent):.2f}", f"{max(spent):.2f}", f"{ratio:.0f}"))
    if "coq" in here:
        reports: list[Any] = []
        each = timed(lambda: reports.extend(judge_all(proofs, time_limit=seconds))) / len(proofs)
        confirmed = f"{sum(r.answer == 'confirmed' for r in reports)} of {len(reports)}"
        rows.append(("coq, modules of one file, mean", confirmed, f"{each:.2f}", "", f"{each / statistics.mean(peers):.0f}"))
        rows.append(("coqc, of a file that says nothing", "", f"{coq_start():.2f}", "", ""))
    print(f"Certificates of {len(families)} families, one after another")
    table(rows)


def certificate_growth(here: list[str], sizes: list[int], shapes: list[tuple[str, Callable[[int], str]]], seconds: float) -> None:
    """Seconds per certificate against the number of terms."""
    print(f"Growth of certificates: seconds for K = {', '.join(map(str, sizes))}; ? is not confirmed within {seconds:g} s, and not fitted")
    rows = [("shape", "referee", *map(str, sizes), "exponent")]
    start = coq_start() if "coq" in here else 0.0
    for shape, text in shapes:
        found: dict[str, list[tuple[float, bool]]] = {"derive + check": [], **{name: [] for name in here}}
        for k in sizes:
            peer, proof = peer_seconds(text(k))
            found["derive + check"].append((peer, True))
            for name in here:
                found[name].append(certified(name, proof, seconds))
        if "coq" in here:
            found[f"coq, without the {start:.1f} s of its start"] = [(max(s - start, 1e-3), ok) for s, ok in found["coq"]]
        for name, times in found.items():
            good = [(k, s) for k, (s, ok) in zip(sizes, times, strict=True) if ok]
            fitted = f"{exponent([k for k, _ in good], [s for _, s in good]):.2f}" if len(good) > 1 else ""
            rows.append((shape, name, *[f"{s:.2f}{'' if ok else '?'}" for s, ok in times], fitted))
    table(rows)


def referees(smoke: bool) -> None:
    """Every referee that is installed."""
    from lossproof.rulebook import Rulebook

    print("6. Referees")
    here = referees_here()
    book = Rulebook.default()
    families = [id for id in book.distribution_ids if book.distribution(id).default]
    certifying(here, ["exponential", "poisson"] if smoke else families[::6], 60)
    shapes = [("linear predictor of K terms", predictor), ("mixture of K components", normal_mixture)]
    if smoke:  # Coq takes seconds for each
        certificate_growth([name for name in here if name != "coq"], [1, 2], shapes[:1], 60)
    else:
        certificate_growth(here, [2, 4, 8], shapes, 120)


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--only", choices=["startup", "deriving", "growth", "comparing", "appendix", "referees"], help="one of the tables")
    options = parser.parse_args()
    smoke = options.smoke
    if options.only in (None, "startup"):
        startup(3 if smoke else 15)
    if options.only in (None, "deriving"):
        deriving(2 if smoke else 5, 5 if smoke else 20, 12 if smoke else 1)
    if options.only in (None, "growth"):
        growth([10, 30, 100] if smoke else [10, 30, 100, 300, 1000, 3000, 10_000], 20 if smoke else 120)
    if options.only in (None, "comparing"):
        comparing(5 if smoke else 20, 20 if smoke else 1)
    if options.only in (None, "appendix"):
        appendix([10, 30] if smoke else [10, 30, 100, 300])
    if options.only in (None, "referees"):
        referees(smoke)


if __name__ == "__main__":
    main()
