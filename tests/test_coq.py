"""Coq: derivations, named theorems and the records' lemmas are accepted by another kernel, and what is wrong is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from coq_cases import documented
from mutations import mutations
from shapes import SHAPES

import lossproof as lp
from lossproof.cli import main
from lossproof.errors import UsageError
from lossproof.referees import certify
from lossproof.referees.coq import run
from lossproof.referees.coq.file import HEADER, ProofFile, comment, whole
from lossproof.referees.coq.lemmas import Lemma, definitions, lemmas
from lossproof.referees.coq.names import Names
from lossproof.referees.coq.run import AXIOMS, axioms_of, compiled, judge_all, library
from lossproof.rulebook import Rulebook

pytestmark = pytest.mark.usefixtures("with_coq")

ROOT = Path(__file__).resolve().parent.parent
BOOK = Rulebook.default()
FAMILIES = [id for id in BOOK.distribution_ids if BOOK.distribution(id).default]
COUNTS = re.compile(r"(<!-- counts -->\n)(.*?)(<!-- end of counts -->)", re.S)
ALL_LEMMAS = list(lemmas(BOOK))
LEMMAS = [one for one in ALL_LEMMAS if one.says_something]
#: Seconds for a wrong proof, whose algebra Coq would otherwise go on trying.
LIMIT = 6
#: Rules whose lemma fails where its first condition is left away: either that something has a value, or the equality.
WEAKENED = ["log-product", "log-quotient", "log-power", "log-root", "root-of-square", "square-of-root", "power-quotient", "log-square", "abs-quotient",
            "exp-log", "sigmoid-logit", "log-gamma", "log-binomial", "log-index-product", "sum-simplex", "quad-diagonal", "softplus-binary-label"]  # fmt: skip


def accepted(text: str) -> bool:
    """Whether Coq accepts what follows the header."""
    return compiled(f"{HEADER}\n{text}", library(), 120).accepted


# -- what is certified


def test_every_record_is_a_lemma() -> None:
    assert all(one.statement is not None for one in LEMMAS)
    text = "\n".join([*definitions(LEMMAS), *(one.text for one in LEMMAS)])
    outcome = compiled(f"{HEADER}\n{text}", library(), 300)
    assert outcome.accepted, outcome.output[-1000:]


def test_the_structures_of_special_functions_have_instances() -> None:
    text = (ROOT / "lossproof" / "referees" / "coq" / "instances.v").read_text(encoding="utf-8")
    outcome = compiled(text, library(), 120)
    assert outcome.accepted, outcome.output[-1000:]


def weakened(one: Lemma) -> str:
    """The statement of a lemma without its first condition."""
    assert one.statement is not None
    weaker = re.sub(r"\n  \((?:[^()]|\([^()]*\))*\) ->", "", one.statement.text, count=1)
    assert weaker != one.statement.text
    return weaker


def test_a_lemma_without_its_condition_is_refused() -> None:
    chosen = [one for one in LEMMAS if one.id in WEAKENED and one.kind == "rule"]
    assert len(chosen) == len(WEAKENED)
    before = "\n".join(definitions(chosen))
    tactics = ["lp_auto", "(intros; repeat split; first [ lp_defined | lp_algebra | lra ])"]
    parts = []
    for one in chosen:
        assert one.statement is not None
        own = []
        if re.search(r"\.\s", one.script):  # several sentences
            assert not accepted(f"{before}\n{weakened(one)}\nProof.\n{one.script}\nQed."), one.id
        else:
            own = [f"({one.script.removesuffix('.')})"]
            parts.append(f"{one.statement.text}\nProof. solve [ {own[0]} ]. Abort.")
        parts.append("\n".join([weakened(one), "Proof.", *(f"Fail solve [ {t} ]." for t in [*own, *tactics]), "Abort."]))
    outcome = compiled(f"{HEADER}\n{before}\n" + "\n".join(parts), library(), 300)
    assert outcome.accepted, outcome.output[-1000:]


def test_a_certificate_says_what_it_rests_on() -> None:
    (report,) = lp.derive("gaussian").certify(by=["coq"])
    assert report.answer == "confirmed"
    assert {f.what for f in report.findings} >= {"20 steps", "per sample", "well defined", "minimisers agree", "axioms"}
    assert any("functional_extensionality_dep" in f.detail for f in report.findings)
    assert axioms_of("Axioms:\nClassicalDedekindReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}\nuser_axiom\n  : False\n") == {
        "sig_not_dec", "user_axiom",
    }  # fmt: skip


# -- what is not


@pytest.mark.parametrize("id", FAMILIES[::6])
def test_wrong_derivations_are_refused(id: str) -> None:
    found = [m for m in mutations(lp.derive(id).to_dict()) if m.certain]
    kinds = sorted({m.kind for m in found})
    number = FAMILIES.index(id)
    rows = [next(m for m in found if m.kind == kinds[(number + k) % len(kinds)]) for k in range(2)]
    for row, report in zip(rows, judge_all([m.proof for m in rows], time_limit=LIMIT), strict=True):
        assert report.answer != "confirmed", f"{row}: {report.text()}"


def test_all_wrong_derivations_of_one_family() -> None:
    found = [m for m in mutations(lp.derive("exponential").to_dict()) if m.certain]
    assert len(found) >= 24
    for row, report in zip(found[::4], [judge_all([m.proof], time_limit=LIMIT)[0] for m in found[::4]], strict=True):
        assert report.answer != "confirmed", f"{row}: {report.text()}"


def test_each_step_with_another_result_is_refused_there() -> None:
    found = [m for m in mutations(lp.derive("poisson").to_dict()) if m.kind == "step-cut-off"]
    assert len(found) == 7
    for number, row in enumerate(found, 1):
        (report,) = judge_all([row.proof], time_limit=LIMIT)
        place = "in density_1" if number == 1 else f"at step {number},"  # that a density is positive comes before the steps
        assert report.findings[0].detail.startswith(f"not accepted, {place}"), report.text()


def test_a_claim_that_nothing_is_known_is_not_confirmed() -> None:
    verdict = lp.compare("sum(zeta(w^2 + 2))", "mean(cosh(w)^2 + w)", learn=["w"])
    proof = {**verdict.proof.to_dict()}
    proof["claim"] = {**proof["claim"], "relation": "unknown"}
    assert judge_all([proof])[0].answer != "confirmed"


# -- what is written


def test_no_text_of_the_user_reaches_coq() -> None:
    names = ("Qed", "forall", "R", "W", "w", "i", "feasible", "nsum", "Prop", "s_y", "likelihood")
    proofs = [lp.derive(density=f"exp(-(y - {name})^2)/sqrt(pi)", data="y").to_dict() for name in names]
    for name, report in zip(names, judge_all(proofs), strict=True):
        assert report.answer == "confirmed", f"{name}: {report.text()}"
    said = comment('y ~ N(m, 1) *) Axiom bad : False. (* "')
    assert "*)" not in said[:-2]
    assert '"' not in said


def test_names_are_injective() -> None:
    names = Names("s_")
    given = ["a", "a'", "a''", "a_", "a__2", "σ", "sigma", "é", "x.y", "x_y", "x-y"]
    made = [names[g] for g in given]
    assert len(set(made)) == len(given)
    assert all(re.fullmatch(r"s_[A-Za-z0-9_]*", m) for m in made)
    assert [names[g] for g in given] == made


def test_files_are_kept_and_stand_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", "poisson", "--by", "coq", "--keep", str(tmp_path)]) == 0
    assert "certificate: confirmed" in capsys.readouterr().out
    assert {f.name for f in tmp_path.iterdir()} == {"Lossproof.v", "proof.v"}
    for name in ("Lossproof.v", "proof.v"):
        outcome = run.compile_file(tmp_path, name, 120)
        assert outcome.accepted, outcome.output[-500:]
    assert axioms_of(outcome.output) <= AXIOMS


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        assert main(["certify", "poisson", "--by", "coq", "--keep", str(tmp_path / place)]) == 2
        assert capsys.readouterr().err.startswith("usage: ")
        with pytest.raises(UsageError, match="cannot write to"):
            lp.derive("poisson").certify("coq", keep=tmp_path / place)
    with pytest.raises(UsageError, match="embedded null byte"):
        lp.derive("poisson").certify("coq", keep="\0")


def test_what_cannot_be_read_is_undecided() -> None:
    proof = lp.derive("exponential").to_dict()
    rules = {id: {**row, "record": {**row["record"], "from": "log(a ; b)"}} for id, row in proof["rules"].items()}
    for strange in ({k: v for k, v in proof.items() if k != "facts"}, {**proof, "rules": rules}, {**proof, "facts": [5]}, {**proof, "symbols": {}}):
        (report,) = judge_all([strange])
        assert report.answer == "undecided"
        assert "not written" in report.findings[0].detail


def test_a_step_that_is_refused_is_named() -> None:
    proof = lp.derive("exponential").to_dict()
    last = max(s["id"] for s in proof["steps"] if s["chain"] == "sample")
    for kind, detail in (("step-after", r"not written: step \d+, which"), ("consistent", rf"not accepted, at step {last}, ")):
        wrong = next(m for m in mutations(proof) if m.certain and m.kind == kind)
        (finding,) = judge_all([wrong.proof])[0].findings
        assert finding.answer == "undecided"
        assert re.match(detail, finding.detail), finding.detail


def test_a_file_that_is_refused_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = [m for m in mutations(lp.derive("exponential").to_dict()) if m.kind == "sample-nll"]
    (report,) = certify(found[0].proof, by=["coq"])
    assert report.answer == "undecided"
    assert "not accepted, in per_sample: " in report.findings[0].detail
    assert [Path(f).parent.parent for f in report.files] == [tmp_path] * 2
    assert {Path(f).name for f in report.files} == {"Lossproof.v", "proof.v"}
    outcome = compiled(Path(report.files[1]).read_text(encoding="utf-8"), library(), 60)
    assert not outcome.accepted


def test_time_runs_out(tmp_path: Path) -> None:
    (report,) = certify(lp.derive("student-t").to_dict(), by=["coq"], keep=tmp_path, time_limit=0.01)
    assert report.answer == "undecided"
    assert "within" in report.findings[0].detail


def test_without_coq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "coqc", lambda: None)
    (report,) = certify(lp.derive("gaussian").to_dict(), by=["coq"])
    assert report.answer == "missing"
    assert report.install == "apt-get install coq"


def example() -> tuple[str, str]:
    """examples/coq: the file for the Gaussian, and what coqc answers to it."""
    text = whole(ProofFile(lp.derive("y ~ N(ŷ, σ²) with σ fixed").to_dict()).text())
    return text, compiled(text, library(), 120).output


def test_the_example_is_what_is_written_today() -> None:
    """``python tests/test_coq.py`` writes it anew."""
    folder = ROOT / "examples" / "coq"
    text, answer = example()
    assert (folder / "gaussian.v").read_text(encoding="utf-8") == text
    assert (folder / "gaussian.txt").read_text(encoding="utf-8") == answer


def counts() -> str:
    """What README.md says is certified: counted, not typed."""
    listed = documented()
    steps = [f"{id}, step {j}" for id, theorem in BOOK.theorems.items() for j in range(1, len(theorem.steps) + 1)]
    shapes = {s.text for s in SHAPES} - listed
    rules, facts = (sum(one.statement is not None and one.id in table for one in ALL_LEMMAS) for table in (BOOK.rules, BOOK.fact_rules))
    left = f" [docs/formal.md](docs/formal.md) lists the {len(listed)} that it does not." if listed else ""
    return (
        f"Coq accepts the default derivations of {len(set(FAMILIES) - listed)} families, {len(shapes)} further assumptions and {len(set(steps) - listed)} steps of "
        f"{len(BOOK.theorems)} named theorems,\nand each of {rules} rewrite rules and {facts} facts as a lemma, from the axioms of the real numbers alone.{left}\n"
    )


def test_the_readme_counts_what_is_certified() -> None:
    """``python tests/test_coq.py`` writes it anew."""
    found = COUNTS.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    assert found[2] == counts()


if __name__ == "__main__":
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (ROOT / "README.md").write_text(COUNTS.sub(lambda m: m[1] + counts() + m[3], readme), encoding="utf-8")
    for name, content in zip(("gaussian.v", "gaussian.txt"), example(), strict=True):
        (ROOT / "examples" / "coq" / name).write_text(content, encoding="utf-8")
