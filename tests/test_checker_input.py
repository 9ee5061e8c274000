"""The stand-alone checker: what is no proof, the command, and the syntax of records."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from checker_proofs import toy, write_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from lossproof import checker
from lossproof.checker import Forms, Rejected, Rules, Terms, check

RULES = Path(__file__).resolve().parent.parent / "rules"


@pytest.fixture(scope="module", autouse=True)
def _records_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "load_records", lru_cache(checker.load_records))
        yield


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"))


JUNK: list[Any] = [None, True, -1, 0, 1.5, 10**30, "", "x", [], {}, [[]], {"a": 1}, [None], ["num", "1/0"], "\x00"]


def spots(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a piece of JSON."""
    found = [path] if path else []
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        found += spots(value, (*path, key))
    return found


def put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


_TOY = toy().data
_SPOTS = spots(_TOY)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_SPOTS), st.sampled_from(JUNK))
def test_no_junk_raises(path: tuple[Any, ...], junk: Any) -> None:
    data = copy.deepcopy(_TOY)
    put(data, path, junk)
    report = check(data, RULES, assume_rules=True)
    assert not any("malformed (" in message for message in report.messages), report.messages


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_SPOTS))
def test_nothing_missing_raises(path: tuple[Any, ...]) -> None:
    data = copy.deepcopy(_TOY)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    report = check(data, RULES, assume_rules=True)
    assert not any("malformed (" in message for message in report.messages), report.messages


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values, st.sampled_from(sorted(_TOY)))
def test_no_garbage_raises(garbage: Any, key: str) -> None:
    assert check(garbage).status == 2
    assert check({**_TOY, key: garbage}, RULES, assume_rules=True).status in (0, 1, 2)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "\x00"}', "NUL"),
        (b"[" * 100_000, "no JSON"),
        (b"[1" + b"0" * 5000 + b"]", "no JSON"),
        (b"[]", "one JSON object"),
        (b'{"schema": "other"}', "schema"),
    ],
)
def test_unusable_input_has_status_2(raw: bytes, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(raw)
    assert checker.main([str(path)]) == 2
    assert word in capsys.readouterr().err


def test_missing_file_has_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checker.main([str(tmp_path / "none.json")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_program_runs_alone(rules: Path, tmp_path: Path) -> None:
    data = toy().data
    program = [sys.executable, "-I", str(checker.__file__), "--rules", str(rules)]
    good = subprocess.run([*program, "-"], input=json.dumps(data), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("checked: 11 steps")
    data["claim"]["relation"] = "equal"
    bad = subprocess.run([*program, "-"], input=json.dumps(data), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("rejected: ")


def test_imports_nothing_of_lossproof() -> None:
    text = Path(str(checker.__file__)).read_text(encoding="utf-8")
    assert "import lossproof" not in text
    assert "from lossproof" not in text


# -- the syntax of records ---------------------------------------------------------------------------


def shown(terms: Terms, pattern: int) -> str:
    return terms.show(pattern, 10_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - c", "add(a, neg(b), neg(c))"),
        ("a*b/c*d", "mul(div(mul(a, b), c), d)"),
        ("(a*b)*c", "mul(mul(a, b), c)"),
        ("-a*b + -c", "add(neg(mul(a, b)), neg(c))"),
        ("a*-b*c", "mul(a, neg(b), c)"),
        ("-x^2^-y", "neg(pow(x, pow(2, neg(y))))"),
        ("2x^2", "mul(2, pow(x, 2))"),
        ("2(a + b)", "mul(2, add(a, b))"),
        ("0.5", "1/2"),
        ("sum(k, 1, K, p_k*q[k]) + p_k", "add(sum(k, 1, K, mul(at(p, k), at(q, k))), p_k)"),
        ("sum(f) + mean(f) + prod(f)", "add(samples_sum(f), samples_mean(f), samples_prod(f))"),
        ("|a - b| < c <= pi", "and(lt(abs(add(a, neg(b))), c), le(c, pi))"),
        ("a in {0, 1} or not b not in reals^D and c > 0", "or(in(a, set(0, 1)), and(not(not(in(b, power_domain(reals, D)))), gt(c, 0)))"),
        ("add(w*pdf(D, y)...)", "add(seq(mul(w, pdf(D, y))))"),
        ("lambda + y_hat", "add(lam, yhat)"),
        ("cases(a == b, oo, n_samples)", "cases(eq(a, b), oo, n_samples)"),
        ("dot([a, b], v)", "dot(vec(a, b), v)"),
    ],
)
def test_formula_reads_as(text: str, expected: str) -> None:
    terms = Terms()
    assert shown(terms, Rules(terms).expression(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a/2b", "2^3x", "f(x)", "a +", "(a", "a)", "|a", "a <", "x..y", "sum(k, 1, K)", "log(a, b)", "a & b", "in", "not",
     "a in somewhere", "pdf(D)", "seq(a)", "σ", "a > 0 + 1 > 2 > b in reals", "(" * 500, "-" * 5000, "a^" * 3000 + "a", 3, None],
)  # fmt: skip
def test_formula_is_refused(text: Any) -> None:
    terms = Terms()
    with pytest.raises(Rejected):
        Rules(terms).expression(text)


def test_forms_have_a_stated_limit() -> None:
    terms = Terms()
    forms = Forms(terms)
    left = Rules(terms).expression("(a + b)*(c + d)")
    assert len(forms.poly(left)[0]) == 4
