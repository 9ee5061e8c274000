"""Referees and the command that asks them: reports, what they confirm, what they say of what is no proof."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import lossproof as lp
from lossproof.cli import main
from lossproof.errors import MalformedError, UsageError
from lossproof.referees import INSTALL, REFEREES, Certificate, Finding, Report, balls, certify
from lossproof.referees.ball_densities import density
from lossproof.referees.ball_points import Points
from lossproof.referees.reading import Reading, parts
from lossproof.referees.sympy_worker import Worker
from lossproof.referees.walking import Samples
from lossproof.rulebook import Rulebook

ROOT = Path(__file__).resolve().parent.parent
BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
_ROW = re.compile(r"^\| `([a-z0-9-]+)`(?:, step (\d+))? \| (balls|sympy) \| (.+) \|$", re.M)


def by_sympy(proof: Mapping[str, Any]) -> Report:
    """SymPy's report, in this process."""
    start = time.perf_counter()
    return Report("sympy", tuple(Worker(Reading(proof), start + 60).findings()), time.perf_counter() - start)


def documented() -> set[tuple[str, str, str]]:
    """What docs/certify.md lists as undecided: proof, step or nothing, referee."""
    return {(id, step, referee) for id, step, referee, _ in _ROW.findall((ROOT / "docs" / "certify.md").read_text(encoding="utf-8"))}


@lru_cache(maxsize=8)
def proof_of(id: str) -> Mapping[str, Any]:
    return lp.derive(id).to_dict()


# -- what is confirmed


@pytest.mark.parametrize("id", FAMILIES)
def test_default_derivations_are_confirmed(id: str) -> None:
    for name, report in (("balls", balls.judge(proof_of(id))), ("sympy", by_sympy(proof_of(id)))):
        wanted = "undecided" if (id, "", name) in documented() else "confirmed"
        assert report.answer == wanted, report.text()


@pytest.mark.parametrize("id", list(BOOK.theorems))
def test_named_theorems_are_confirmed_or_listed(id: str) -> None:
    for step, proof in parts(lp.prove(id).to_dict()):
        for name, report in (("balls", balls.judge(proof)), ("sympy", by_sympy(proof))):
            wanted = "undecided" if (id, step, name) in documented() else "confirmed"
            assert report.answer == wanted, f"step {step}: {report.text()}"


@pytest.mark.parametrize(
    "text",
    [
        "y ~ Normal(w*x, sigma), w ~ Normal(0, tau) with x, sigma, tau fixed",
        "y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2))",
        "y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed",
        "y ~ RightCensored(Exponential(lam), d_i) with d_i fixed",
        "y ~ ZeroInflated(Poisson(lam), pi0)",
        "y ~ Weighted(Bernoulli(p), w_i), p = sigmoid(z) with w_i fixed",
        "y ~ Normal(mu, sigma_i) with sigma_i fixed",
    ],
)
def test_further_shapes_are_confirmed_by_balls(text: str) -> None:
    report = balls.judge(lp.derive(text).to_dict())
    assert report.answer == "confirmed", report.text()


def test_balls_know_each_family_themselves() -> None:
    assert [id for id in FAMILIES if density(f"dist:{id}") is None] == []


def test_a_wrong_density_is_refuted_though_all_follows_from_it() -> None:
    """Laplace's density in the place of the normal one: each step is right, but for the first."""
    proof = json.loads(json.dumps(proof_of("laplace")).replace("dist:laplace", "dist:normal"))
    report = balls.judge(proof)
    assert report.answer == "refuted"
    assert "step 1 (density-laplace)" in report.text()


@pytest.mark.parametrize("more", ["", " with u, v, w fixed", " where u == 2*v - w/3"])
def test_points_keep_to_equations_and_domains(more: str) -> None:
    points = Points(Reading(lp.derive(f"y ~ Mixture([u, v, w], Normal(a, 1), Normal(b, 1), Normal(c, 1)){more}").to_dict()))
    for _ in range(20):
        point = points.draw(2, 2)
        assert point is not None
        for i in range(2):
            u, v, w = ((x[i] if isinstance(x, Samples) else x) for x in (point[n] for n in "uvw"))
            assert min(u, v, w) > 0
            assert u + v + w == 1
            assert "==" not in more or u == 2 * v - w / 3


def test_both_sides_of_a_case_are_met() -> None:
    found = {f.what: f.detail for f in balls.judge(proof_of("huber")).findings}
    assert found["points in the domain"].endswith("each true and false")


def test_the_same_report_every_time() -> None:
    first, second = (balls.judge(proof_of("gamma")) for _ in range(2))
    assert [(f.what, f.answer, f.detail) for f in first.findings] == [(f.what, f.answer, f.detail) for f in second.findings]


# -- names from a file reach no system

HOSTILE = ["__import__('os').system('true')", "s_0", "lambda", "E", "pi", "σ̂ \u202e", "a b", 'quote"\\', "Symbol('x')", "0", "", "oo"]


def renamed(proof: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """The proof with other names for its symbols."""
    new = dict(zip(proof["symbols"], names, strict=False))
    terms = [["sym", new[row[1]]] if row[0] == "sym" else row for row in proof["terms"]]
    return {**proof, "terms": terms, "symbols": {new[n]: s for n, s in proof["symbols"].items()}}


@pytest.mark.parametrize("turn", range(0, len(HOSTILE), 3))
def test_hostile_names(turn: int) -> None:
    names = HOSTILE[turn:] + HOSTILE[:turn]
    proof = renamed(proof_of("student-t"), names)
    assert balls.judge(proof).answer == "confirmed"
    worker = Worker(Reading(proof), time.perf_counter() + 60)
    assert all(f.answer == "confirmed" for f in worker.findings())
    made = [str(v) for setting in worker.settings for roots in setting.roots.values() for v in roots]
    assert made
    assert all(re.fullmatch(r"[a-z](_[0-9]+)+", name) for name in made)
    assert len(set(made)) == len(made)


# -- reports


def finding(answer: str, required: bool = True) -> Finding:
    return Finding("what", answer, "", 0.0, required)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (["confirmed"], "confirmed"),
        (["confirmed", "undecided"], "undecided"),
        (["confirmed", "undecided", "refuted"], "refuted"),
        ([], "undecided"),
    ],
)
def test_answer_of_a_report(answers: list[str], wanted: str) -> None:
    assert Report("balls", tuple(map(finding, answers)), 0.0).answer == wanted


def test_what_informs_alone_does_not_confirm() -> None:
    assert Report("balls", (finding("confirmed"), finding("undecided", False)), 0.0).answer == "confirmed"
    assert Report("balls", (finding("confirmed", False),), 0.0).answer == "undecided"
    assert Report("balls", (finding("confirmed"), finding("refuted", False)), 0.0).answer == "refuted"


def test_a_missing_referee_confirms_nothing() -> None:
    missing = Report("coq", (), 0.0, install=INSTALL["coq"])
    assert missing.answer == "missing"
    assert missing.text() == "Coq: missing\n  not installed; to install it: apt-get install coq"
    certificate = Certificate([Report("balls", (finding("confirmed"),), 0.0), missing])
    assert not certificate.confirmed
    assert not certificate.refuted
    assert certificate.answer == "undecided"
    assert repr(certificate) == "<Certificate: balls confirmed, coq missing>"
    assert certificate.text().endswith("certificate: undecided (balls confirmed, coq missing)")


def test_certificate_in_python() -> None:
    certificate = lp.derive("gaussian").certify(by=["balls"])
    assert certificate.confirmed
    assert [r.referee for r in certificate] == ["balls"]
    assert certificate.to_dict()["reports"][0]["answer"] == "confirmed"
    assert "<pre>" in certificate._repr_html_()
    verdict = lp.compare("mean((y - w*x)^2)", "mean(abs(y - w*x))", learn=["w"], data=["x"])
    assert verdict.certify(by="balls").confirmed
    assert lp.prove("bits-nats").certify(by="balls").confirmed


def test_sympy_in_a_process_of_its_own() -> None:
    report = certify(proof_of("normal"), by="sympy")[0]
    assert report.answer == "confirmed", report.text()


def test_a_time_limit_is_kept() -> None:
    start = time.perf_counter()
    report = certify(proof_of("multi-student-t"), by="sympy", time_limit=0.01)[0]
    assert report.answer == "undecided"
    assert time.perf_counter() - start < 10
    assert certify(proof_of("normal"), by="balls", time_limit=1e-9)[0].answer == "undecided"


# -- what is no proof


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, "malformed: the schema is not lossproof/proof/1"),
        ({"terms": {}}, "malformed: `terms` is not a list"),
        ({"terms": [["add", 0, 0]]}, "malformed: term 0 does not come after its arguments"),
        ({"terms": [["num", "1/0"]]}, "malformed: term 0 is no number"),
        ({"terms": [["sym", "q"]]}, "malformed: there is no term 22"),
        ({"claim": None}, "malformed: `claim` is not an object"),
        ({"per_sample": {}}, "malformed: there is no term None"),
        ({"steps": [{}]}, "malformed: an object with id chain relation rule place before after is expected"),
        ({"kind": "song"}, "malformed: a proof of this kind is not known"),
        ({"claim": {**proof_of("normal")["claim"], "relation": "refuted"}}, "malformed: the claim has no relation: refuted"),
    ],
)
@pytest.mark.parametrize("by", REFEREES)
def test_what_is_no_proof(change: dict[str, Any], message: str, by: str) -> None:
    with pytest.raises(MalformedError) as caught:
        certify({**proof_of("normal"), **change}, by=[by])
    assert str(caught.value) == message


def test_parts_of_a_proof_that_are_missing_raise_nothing_else() -> None:
    proof = proof_of("normal")
    for key in proof:
        broken = {k: v for k, v in proof.items() if k != key}
        with suppress(MalformedError):
            assert balls.judge(broken).answer in ("confirmed", "refuted", "undecided")


def test_strange_terms_are_not_confirmed() -> None:
    proof = proof_of("normal")
    for op in ("nonsense", "dist:nothing", "at", "quad", "E", "sum", "cases", "samples_sum"):
        terms = [[op, *row[1:]] if row[0] == "exp" else row for row in proof["terms"]]
        report = balls.judge({**proof, "terms": terms})
        assert report.answer in ("undecided", "refuted"), op
        assert by_sympy({**proof, "terms": terms}).answer in ("undecided", "refuted"), op


def test_a_deep_proof_is_read_without_recursion() -> None:
    proof = proof_of("normal")
    deep = len(proof["terms"])
    terms = [*proof["terms"], ["neg", proof["per_sample"]["offset"]], *[["neg", deep + k] for k in range(1_999)]]
    per_sample = {**proof["per_sample"], "offset": len(terms) - 1}
    assert balls.judge({**proof, "terms": terms, "per_sample": per_sample}).answer == "confirmed"


# -- the command


def test_exit_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    proof = proof_of("normal")
    right.write_text(json.dumps(proof), encoding="utf-8")
    wrong.write_text(json.dumps({**proof, "claim": {**proof["claim"], "scale": proof["claim"]["offset"]}}), encoding="utf-8")
    assert main(["certify", str(right), "--by", "balls"]) == 0
    assert capsys.readouterr().out.endswith("certificate: confirmed (balls confirmed)\n")
    assert main(["certify", str(wrong), "--by", "balls"]) == 1
    assert capsys.readouterr().out.endswith("certificate: refuted (balls refuted)\n")
    assert main(["certify", "gaussian", "--by", "balls", "--time-limit", "0.000001"]) == 3
    assert capsys.readouterr().out.endswith("certificate: undecided (balls undecided)\n")
    assert main(["certify", "gaussian", "--by", "balls", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "confirmed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: what is to be certified?\ntry: lossproof certify gaussian\n"),
        (["gaussian", "--by", "ball"], "usage: there is no referee ball\nnearest: balls\n"),
        (["gaussian", "--by", ","], "usage: no referee is asked\nnearest: sympy, balls, coq\n"),
        (["gaussian", "--time-limit", "0"], "usage: a time limit of 0.0 s leaves no time\n"),
        (
            ["no-such-file.json"],
            "usage: cannot read no-such-file.json: No such file or directory\ntry: lossproof derive gaussian --format json -o proof.json\n",
        ),
    ],
)
def test_errors_of_the_command(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", *arguments]) == 2
    assert capsys.readouterr().err == message


def test_no_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.json"
    for text, says in (("{", "is no JSON"), ("[]", "is no proof: it is not one JSON object"), ('{"a": 1, "a": 2}', "a key stands twice in one object")):
        file.write_text(text, encoding="utf-8")
        assert main(["certify", str(file)]) == 2
        assert says in capsys.readouterr().err


def test_from_stdin_and_after_a_derivation() -> None:
    command = [sys.executable, "-m", "lossproof"]
    given = json.dumps(lp.prove("bits-nats").to_dict())
    run = subprocess.run([*command, "certify", "-", "--by", "balls"], input=given, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    assert "step 2: scale > 0" in run.stdout
    run = subprocess.run([*command, "derive", "laplace", "--certify"], capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    assert run.returncode in (0, 3), run.stderr
    assert "certificate:" in run.stderr
    assert "certificate:" not in run.stdout
    assert all(name in run.stderr for name in REFEREES)


def test_referees_are_named_once() -> None:
    assert [r.referee for r in certify(proof_of("normal"), by="balls balls,balls")] == ["balls"]
    with pytest.raises(UsageError):
        certify(proof_of("normal"), by=[])
