"""The commands ``compare`` and ``prove``, and the named theorems: every step is found at run time as its record claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import elsewhere, lossproof

import lossproof as lp
from lossproof.errors import RecordError, UnknownNameError
from lossproof.render.text import Page
from lossproof.render.theorem import picture
from lossproof.rulebook import Rulebook
from lossproof.rulebook.theorems import NamedTheorem, theorem_from
from lossproof.theorems import NamedProof, prove

HALVED = ["mean((y - w*x)^2)", "sum((y - w*x)^2)/2", "--learn", "w"]
MOVING = ["CE(p, q)", "KL(p, q)", "--learn", "theta", "--let", "p = Bernoulli(theta)", "--let", "q = Bernoulli(phi)"]
APART = ["log(w^2)", "2*log(w)", "--learn", "w"]
THEOREMS = list(Rulebook.default().theorems)


# -- compare


@pytest.mark.parametrize(("arguments", "status"), [(HALVED, 0), (["CE(p, q)", "KL(p, q)", "--learn", "q"], 0), (MOVING, 1), (APART, 3)])
def test_exit_status(arguments: list[str], status: int) -> None:
    outcome = lossproof("compare", *arguments)
    assert (outcome.status, outcome.err) == (status, "")
    assert outcome.out == lp.compare(arguments[0], arguments[1], learn=arguments[3], let=arguments[5::2]).text()


@pytest.mark.parametrize("arguments", [HALVED, MOVING])
def test_json_passes_the_checker(arguments: list[str]) -> None:
    compared = lossproof("compare", *arguments, "--format", "json")
    checked = lossproof("check", "-", stdin=compared.out.encode())
    assert (checked.status, checked.err) == (0, "")
    assert checked.out.startswith("checked: ")


def test_formats_and_files(tmp_path: Path) -> None:
    target = tmp_path / "verdict.md"
    written = lossproof("compare", *HALVED, "-o", str(target))
    assert (written.status, written.out) == (0, "")
    verdict = lp.compare(HALVED[0], HALVED[1], learn="w")
    assert target.read_text(encoding="utf-8") == verdict.markdown()
    assert lossproof("compare", *HALVED, "--format", "latex", "--standalone").out == verdict.latex(standalone=True)
    assert lossproof("compare", *HALVED, "--format", "html").out == verdict.html()
    assert lossproof("compare", *HALVED, "--detail", "full").out == verdict.text(detail="full")
    assert json.loads(lossproof("compare", *HALVED, "--format", "json").out) == verdict.to_dict()


def test_one_side_is_stdin() -> None:
    plain = lossproof("compare", *HALVED)
    assert lossproof("compare", "-", *HALVED[1:], stdin=HALVED[0].encode() + b"\n") == plain
    assert lossproof("compare", HALVED[0], "-", *HALVED[2:], stdin=HALVED[1].encode()) == plain


def test_a_formula_may_begin_with_a_minus() -> None:
    for formula in ("-mean((y - w)^2)", "-w", "-o*w"):
        assert lossproof("compare", "--learn", "w", formula, formula) == lossproof("compare", "--learn", "w", "--", formula, formula)
        assert lossproof("compare", formula, formula, "--learn", "w").status == 0
    assert lossproof("compare", "-h").out.startswith("Usage: ")
    assert lossproof("compare", "w", "w", "--learm", "w").err.startswith("usage: there is no option --learm\n")
    assert lossproof("compare", "w", "w", "--learn").status == 2


def test_names_and_conditions_may_be_given_together_or_apart() -> None:
    together = lossproof("compare", "mean((y - a - b*x)^2)", "mean((y - a - b*x)^2)", "--learn", "a, b", "--where", "a > 0, b > 0")
    apart = lossproof("compare", "mean((y - a - b*x)^2)", "mean((y - a - b*x)^2)", "--learn", "a", "--learn", "b", "--where", "a > 0", "--where", "b > 0")
    assert together == apart
    assert together.status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], 'usage: two objectives are compared\ntry: lossproof compare "mean((y - w*x)^2)" "sum((y - w*x)^2)/2" --learn w\n'),
        (["a", "b"], "usage: say what is learned: whether two objectives are the same depends on it\ntry: --learn NAMES\n"),
        (["-", "-", "--learn", "w"], "usage: both objectives are -, and there is one stdin\n"),
        (["mean((y - w*x)^2", "w", "--learn", "w"], "syntax: `(` is never closed\n    mean((y - w*x)^2\n        ^\ntry: add the missing `)`\n"),
        ([*HALVED[:3], "v"], "unknown-name: v occurs in neither objective\n    v\n    ^\nnearest: w, x, y\n"),
        ([*HALVED, "--fixed", "w"], "duplicate: w is learned and not learned\n    w\n    ^\n"),
        ([*HALVED, "--let", "3 = w"], "syntax: a definition is `name = formula`\n    3 = w\n    ^^^^^\ntry: z = z_2 - z_1\n"),
        ([*HALVED, "--standalone"], "usage: --standalone is for LaTeX and the format is text\ntry: --format latex --standalone\n"),
        (
            ["KL(N(m, -1), N(0, 1))", "m^2", "--learn", "m"],
            "domain: -1 is not in the domain positive of the argument\n    KL(N(m, -1), N(0, 1))\n            ^^\n"
            "try: give a value in the domain, or a name\n",
        ),
    ],
)
def test_errors_say_what_and_where(arguments: list[str], said: str) -> None:
    assert lossproof("compare", *arguments) == (2, "", said)


def test_start_up_loads_no_numbers() -> None:
    """A proved equality needs neither SymPy nor NumPy."""
    code = "import sys, lossproof.cli as c; c.main(['compare', 'w', 'w', '--learn', 'w']); print(sorted({'sympy', 'numpy'} & sys.modules.keys()))"
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("[]\n")


def test_another_process_says_the_same() -> None:
    assert elsewhere("compare", *MOVING) == lossproof("compare", *MOVING)


# -- prove


@pytest.fixture(scope="module", params=THEOREMS)
def proved(request: pytest.FixtureRequest) -> NamedProof:
    return prove(request.param)


def test_every_theorem_holds(proved: NamedProof) -> None:
    wrong = [(s.left, s.right, s.relation, v.relation) for s, v, ok in zip(proved.theorem.steps, proved.steps, proved.agrees, strict=True) if not ok]
    assert not wrong
    assert all(s.fact is not None for s in proved.shown)
    assert proved.holds


def test_every_step_passes_the_checker(proved: NamedProof) -> None:
    from lossproof import checker

    for step in proved.to_dict()["steps"]:
        report = checker.check(json.loads(json.dumps(step["proof"])), Rulebook.default().folder)
        assert report.ok, report.messages


@pytest.mark.parametrize("width", [80, 120])
def test_theorem_fits_the_page(proved: NamedProof, width: int) -> None:
    for line in proved.text(width=width, explain=True).split("\n"):
        assert len(line) <= width, line
        assert line == line.rstrip(), line


def test_pages_of_a_theorem(proved: NamedProof) -> None:
    text = proved.latex(standalone=True, explain=True)
    assert text.isascii()
    assert "U+" not in text
    assert proved.markdown(explain=True).count("$$") % 2 == 0


def test_the_command_is_the_function() -> None:
    name = "cross-entropy-kl"
    proof = lp.prove(name)
    assert lossproof("prove", name) == (0, proof.text(), "")
    assert lossproof("prove", name, "--explain").out == proof.text(explain=True)
    assert json.loads(lossproof("prove", name, "--format", "json").out) == proof.to_dict()
    assert "How to read it" not in proof.text()
    assert proof.theorem.practice[0].split()[0] in proof.text(explain=True)
    assert lossproof("prove", *proof.theorem.title.split()).out == proof.text()
    assert repr(proof) == "<NamedProof: cross-entropy-kl, holds>"


def test_a_step_alone_can_be_checked() -> None:
    proof = lp.prove("cross-entropy-kl")
    assert lossproof("prove", "cross-entropy-kl", "--step", "4") == (0, proof.steps[3].text(), "")
    checked = lossproof("check", "-", stdin=lossproof("prove", "cross-entropy-kl", "--step", "4", "--format", "json").out.encode())
    assert checked.status == 0
    wrong = lossproof("prove", "cross-entropy-kl", "--step", "5")
    assert wrong == (2, "", "usage: cross-entropy-kl has 4 steps and no step 5\n")


def test_gibbs_says_which_rule_carries_it() -> None:
    proof = lp.prove("gibbs-inequality")
    assert [s.fact.rule for s in proof.shown if s.fact is not None] == ["gibbs", "gibbs-strict"]
    assert "by  the fact gibbs\n" in proof.text()


def test_unknown_theorem() -> None:
    outcome = lossproof("prove", "gaus")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("unknown-name: there is no theorem gaus\nnearest: gaussian-kl")
    assert lossproof("prove").err == "usage: which theorem?\ntry: lossproof list theorems\n"


def test_theorems_are_listed_explained_and_completed() -> None:
    from lossproof.cli.complete import explainable, theorems

    listed = lossproof("list", "theorems")
    assert all(id in listed.out for id in THEOREMS)
    assert [t["id"] for t in json.loads(lossproof("list", "theorems", "--format", "json").out)] == THEOREMS
    explained = lossproof("explain", "mle-chain").out
    assert "MLE ⇔ NLL ⇔ CE ⇔ KL ⇔ ERM" in explained
    assert "lossproof prove mle-chain" in explained
    none: Any = None
    assert theorems(none, none, "mle") == ["mle-chain", "mle-nll"]
    assert "mle-chain" in explainable(none, none, "mle")


# -- what a record must not say


class _Book(Rulebook):
    """The usual records with theorems of its own."""

    def __init__(self, *theorems: NamedTheorem) -> None:
        book = Rulebook.default()
        super().__init__(book.folder)
        self.__dict__["theorems"] = {t.id: t for t in theorems}


GOOD: dict[str, Any] = {
    "id": "toy", "title": "A toy", "says": "It is so.", "source": "here", "nodes": ["one", "two", "three"],
    "steps": [
        {"left": "mean((y - w)^2)", "right": "sum((y - w)^2)", "relation": "up-to-scale", "scale": "1/n", "learn": ["w"], "condition": "always"},
        {"left": "sum((y - w)^2)", "right": "sum(abs(y - w))", "relation": "refuted", "learn": ["w"]},
    ],
}  # fmt: skip


def test_a_false_claim_is_not_proved() -> None:
    good = prove("toy", book=_Book(theorem_from(GOOD)))
    assert good.holds
    for change in ({"scale": "n"}, {"relation": "equal", "scale": ""}):
        steps = [{**GOOD["steps"][0], **change}, GOOD["steps"][1]]
        bad = prove("toy", book=_Book(theorem_from({**GOOD, "steps": steps})))
        assert bad.agrees == (False, True)
        assert not bad.holds
        assert "this is not what was found" in " ".join(bad.text().split())
        assert "not proved: 1 of 2 statements" in bad.text()


def test_a_false_proposition_is_not_shown() -> None:
    record = {k: v for k, v in GOOD.items() if k not in ("steps", "nodes")} | {"kind": "fact", "learn": ["q"]}
    for text, holds in (("KL(p, q) >= 0", True), ("0 <= KL(p, q)", True), ("KL(p, q) > 0", False), ("KL(p, q) <= 0", False)):
        assert prove("toy", book=_Book(theorem_from({**record, "shows": text}))).holds == holds, text


@pytest.mark.parametrize(
    "change",
    [{"id": ""}, {"more": 1}, {"steps": []}, {"nodes": ["one"]}, {"reading": 3}, {"kind": "lemma"}, {"kind": "fact"}, {"shows": "w > 0"},
     {"steps": [{"left": "w", "right": "w"}]}, {"steps": [{"left": "w", "right": "w", "relation": "similar"}]},
     {"steps": [{"left": "w", "right": "w", "relation": "equal", "learns": ["w"]}]}],
)  # fmt: skip
def test_a_record_that_cannot_be_used_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="theorem"):
        theorem_from({**GOOD, **change})


def test_a_name_that_is_no_theorem() -> None:
    with pytest.raises(UnknownNameError):
        prove("toy")


def test_the_picture_has_each_relation_under_its_arrow() -> None:
    proof = prove("toy", book=_Book(theorem_from(GOOD)))
    row, relations, *rest = picture(proof, Page(80))
    arrows = [i for i, c in enumerate(row) if c == "⇔"]
    assert [relations[i - 8 : i + 8].strip() for i in arrows] == ["≃ up to scale", "≇ refuted"]
    assert any("one = (1/n)·two" in line for line in rest)
    assert any("always" in line for line in rest)
    tall = picture(proof, Page(30))
    assert [line.strip() for line in tall if line.strip() in ("one", "two", "three")] == ["one", "two", "three"]
