"""Appendices: what goes into one, how it is written, that TeX sets it in the layouts of venues, and that it can be checked again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from programs import needs_program

import lossproof as lp
from lossproof.appendices import Choices, Plan, plan_of, read_plan, verify, write_appendix
from lossproof.appendices.formal import coq_name
from lossproof.appendices.plan import example
from lossproof.appendices.write import folder_of, save_appendix
from lossproof.checker import check
from lossproof.cli import main as run
from lossproof.errors import LossproofError
from lossproof.referees.coq.context import Unsupported
from lossproof.referees.coq.file import ProofFile, prelude
from lossproof.referees.coq.run import AXIOMS, axioms_of, compile_file
from lossproof.referees.coq.run import library as compiled_prelude
from lossproof.render.notation import CONCEPTS
from lossproof.rulebook import Rulebook

DEFAULTS = [id for id in Rulebook.default().distribution_ids if Rulebook.default().distribution(id).default]
COMPARED = """
[[item]]
compare = ["mean((y - w*x)^2)", "sum((y - w*x)^2)/2"]
learn = "w"
[[item]]
compare = ["MSE", "MAE"]
learn = "yhat"
[[item]]
compare = ["CE(p, q)", "KL(p, q)"]
learn = ["theta"]
let = ["p = Bernoulli(theta)", "q = Bernoulli(phi)"]
[[item]]
compare = ["sum((y - w*x)^2) + lam*w^2", "y ~ Normal(w*x, sigma), w ~ Normal(0, tau)"]
learn = "w"
[[item]]
compare = ["sqrt(mean((y - m)^2))", "mean((y - m)^2)"]
learn = "m"
[[item]]
density = "s/2 * exp(-s*|y - m|)"
fixed = "s"
where = "s > 0"
"""
THEOREMS = "\n".join(f'[[item]]\nprove = "{id}"' for id in Rulebook.default().theorems)


def items(assumptions: Iterable[str]) -> str:
    return "\n".join(f'[[item]]\nderive = "{a}"' for a in assumptions)


def written(toml: str, **more: bool) -> str:
    return "".join(write_appendix(read_plan(toml), **more))  # type: ignore[arg-type]


@cache
def everything(choices: str) -> str:
    """Every family, comparisons of every kind, every theorem."""
    return written("\n".join([choices, items(DEFAULTS), COMPARED, THEOREMS]))


# -- what is written


def test_ascii_and_the_same_twice() -> None:
    text = written(example())
    assert text.isascii()
    assert text == written(example())


def test_labels_are_prefixed_unique_and_all_references_have_one() -> None:
    text = everything('label = "sup"')
    labels = re.findall(r"\\label\{([^}]*)\}|\\lpruleitem\{([^}]*)\}", text.partition("lpfooter")[2])
    found = [a or b for a, b in labels]
    assert all(label.startswith("sup:") for label in found if "#" not in label)
    assert len(found) == len(set(found))
    assert set(re.findall(r"\\ref\{([^}]*)\}", text)) <= set(found)


def test_rules_are_listed_once_and_each_is_cited() -> None:
    text = everything("")
    listed = re.findall(r"^\\lpruleitem\{lp:rule:([a-z0-9-]+)\}", text, re.MULTILINE)
    cited = set(re.findall(r"\\ref\{lp:rule:([a-z0-9-]+)\}", text))
    assert len(listed) == len(set(listed)) > 60
    assert set(listed) == cited


def test_the_table_has_a_row_for_each_result() -> None:
    assert len(re.findall(r"^\\lprow\{", everything(""), re.MULTILINE)) == len(DEFAULTS) + 6 + len(Rulebook.default().theorems)
    row = next(line for line in written(items(["gaussian"])).split("\n") if line.startswith(r"\lprow{"))
    assert r"\mathcal{N}(\hat{y}_{i}, \sigma^{2})" in row
    assert r"$\lpNLL \simeq$ mean squared error" in row
    assert r"{$\frac{n}{2 \sigma^{2}}$}" in row
    assert r"{$\frac{n}{2} \log(2 \pi \sigma^{2})$}" in row


def test_a_comparison_is_called_by_its_names() -> None:
    item = '[[item]]\ncompare = ["{}", "{}"]\nlearn = "yhat"\n'
    assert r"\begin{lptheorem}[{MSE and MAE: refuted}]" in written(item.format("MSE", "MAE"))
    assert r"\begin{lptheorem}[{Two objectives: up to scale}]" in written(item.format("mean((y - yhat)^2)", "SSE"))
    assert r"\begin{lptheorem}[{Two objectives: refuted}]" in written('notation = { yhat = "g" }\n' + item.format("MSE", "MAE"))


def test_the_table_has_the_authors_nll() -> None:
    text = written('macros = { NLL = "\\\\nll" }\nnotation = { data = "D" }\n' + items(["gaussian"]))
    assert r"{$\nll(D) \simeq$ mean squared error}" in text
    assert r"\lpNLL" not in text.partition("lpfooter}[1]")[2]


def test_choices_leave_things_away() -> None:
    text = written('rules = false\ntable = false\nremarks = false\ntitle = ""\nreasons = "none"\n' + items(["gaussian"]))
    body = text.partition("lpfooter}[1]")[2]
    for what in (r"\lpheading", r"\lprow", r"\lpremark{", r"\section", r"\lpby", r"\ref{lp:rule"):
        assert what not in body


def test_details() -> None:
    sizes = [len(written(f'detail = "{d}"\nrules = false\n' + items(["gaussian"])).split("\n")) for d in ("remark", "paper", "full")]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] < sizes[2]
    text = written(items(["gaussian"]) + '\ndetail = "remark"\n')
    assert r"\begin{lpremarkenv}" in text
    assert r"\begin{lpproof}" not in text.partition("lpfooter}[1]")[2]


def test_marks_are_explained_below() -> None:
    text = written('reasons = "marks"\n' + items(["gaussian"]))
    assert re.findall(r"\\lpby\{([ivx]+)\}", text)[:4] == ["i", "ii", "iii", "iv"]
    assert "(ii) log of a quotient [" in text


# -- notation


def body_of(toml: str) -> str:
    """The results alone."""
    return written('rules = false\ntable = false\ntitle = ""\n' + toml).partition("% 1: ")[2].partition("\\lpfooter")[0]


def test_names_are_the_authors() -> None:
    text = body_of('notation = { yhat = "f_theta(x_i)", sigma = "s", data = "D" }\n' + items(["gaussian"]))
    assert r"y_{i} \sim \mathcal{N}(f_{\theta}(x_{i}), s^{2})" in text
    assert r"D = (y_{1}, \dots, y_{n})" in text
    assert r"\lpNLL(D) = {} & \frac{n}{2 s^{2}} \cdot \frac{1}{n} \sum_{i=1}^{n} (y_{i} - f_{\theta}(x_{i}))^{2}" in text
    assert r"(y - f_{\theta}(x))^{2}" in text
    assert r"\sigma" not in text
    assert r"\hat" not in text
    assert r"for any model $f_{\theta}(x)$." in text


def test_a_name_follows_its_symbol_through_subscripts() -> None:
    text = body_of('notation = { sigma = "s", mu = "m" }\n' + items(["y ~ Normal(mu, sigma_i) with sigma_i fixed"]))
    assert "s_{i}" in text
    assert "m_{i}" in text
    assert r"\sigma" not in text
    assert r"\mu" not in text


@pytest.mark.parametrize(
    ("choice", "assumption", "there", "gone"),
    [
        ('log = "ln"', "gaussian", r"\ln(2 \pi \sigma^{2})", r"\log"),
        ('sums = "bare"', "gaussian", r"\sum_{i} ", r"\sum_{i=1}"),
        ("subscripts = false", "gaussian", r"\sum_{i=1}^{n} (y - \hat{y})^{2}", "y_{i}"),
        ('vectors = "bold"', "y ~ MultiNormal(mu, sigma^2*I) with sigma fixed", r"\lVert \boldsymbol{y}_{i} - \boldsymbol{\mu}_{i} \rVert", r"\lVert y"),
        ('macros = "iclr"\nvectors = "bold"', "y ~ MultiNormal(mu, sigma^2*I) with sigma fixed", r"\lVert \vy_{i} - \vmu_{i} \rVert", r"\boldsymbol"),
        ('macros = { normal = "\\\\Nor", NLL = "\\\\nll" }', "gaussian", r"y_{i} \sim \Nor(", r"\mathcal"),
        ('macros = { NLL = "\\\\nll" }', "gaussian", r"\nll = \frac", r"\lpNLL"),
    ],
)
def test_habits_and_commands(choice: str, assumption: str, there: str, gone: str) -> None:
    text = body_of(choice + "\n" + items([assumption]))
    assert there in text
    assert gone not in text


def test_expectations() -> None:
    item = '[[item]]\ncompare = ["CE(p, q)", "KL(p, q)"]\nlearn = "q"\n'
    assert r"\lpbb{E}_{" in body_of(item)
    assert r"\mathrm{E}_{" in body_of('expectation = "roman"\n' + item)
    assert r"\E_{" in body_of('macros = "iclr"\n' + item)
    assert r"\KL(p" in body_of('macros = "iclr"\n' + item)


def test_a_command_is_defined_where_the_paper_does_not() -> None:
    text = written('macros = "iclr"\n[[item]]\ncompare = ["CE(p, q)", "KL(p, q)"]\nlearn = "q"\n')
    assert r"\providecommand{\E}{\lpbb{E}}" in text
    assert r"\providecommand{\KL}{\mathrm{KL}}" in text
    assert r"\providecommand{\softmax}" not in text  # not used
    assert set(re.findall(r"\\(?:new|renew|def)command\{\\(\w+)\}", text)) <= {"thelprule"}


def test_the_reading_of_a_verdict_has_the_authors_names() -> None:
    item = '[[item]]\ncompare = ["MSE", "MAE"]\nlearn = "yhat"\n'
    text = body_of('notation = { yhat = "g_w(x_i)" }\n' + item)
    assert r"\hat" not in text
    assert "g_{w}(x_{i})" in text
    assert "g_w(x_i) = " in text.replace(r"\_", "_")  # in the witness


def test_a_refuted_relation_is_one_sign() -> None:
    text = everything("")
    assert text.count(r"\mathrel{\not\cong}") > 10
    assert text.count(r"\not") == text.count(r"\mathrel{\not\cong}") + text.count(r"\notin")


def test_a_theorem_says_what_it_supposes() -> None:
    text = body_of('[[item]]\nprove = "mle-chain"\n').partition(r"\begin{lpproof}")[0]
    assert text.count("Here learned: $p$") >= 3
    assert "data: $y$, a class" in text


def test_rules_for_any_number_of_operands_keep_their_conditions() -> None:
    text = written(items(["bernoulli"]))
    assert r"$\log(a b) = \log a + \log b$, for any number of operands, if $a > 0$, $b > 0$." in text


GAUSSIAN = '[[item]]\nderive = "y ~ N(yhat, sigma^2) with sigma fixed"\n'
CLASHES = [
    ('yhat = "y_i"', GAUSSIAN, "yhat cannot be called y_i: the sample's index is added where it belongs"),
    ('sigma = "i"', GAUSSIAN, "sigma cannot be called i: formulas use that name for something else"),
    ('sigma = "pi"', GAUSSIAN, "sigma cannot be called pi: formulas use that name for something else"),
    ('sigma = "y"', GAUSSIAN, "in this notation sigma and y would both be called y"),
    ('sigma = "g(x_i)"', GAUSSIAN, "sigma is the same for all samples, and g(x_i) would be a value for each"),
    ('data = "sigma"', GAUSSIAN, "in this notation the data set and sigma would both be called sigma"),
    ('data = "i"', GAUSSIAN, "the data set cannot be called i: formulas use that name"),
    ('yhat = "f(x_i)"\nmu = "f(x_i)"', '[[item]]\nderive = "y ~ Normal(mu + yhat, 1)"\n', "in this notation mu and yhat would both be called f(x_i)"),
    ('z = "p"', '[[item]]\nderive = "y ~ Bernoulli(p), p = sigmoid(z)"\n', "z cannot be called p: formulas use that name for something else"),
    ('z = "q"', '[[item]]\nderive = "y ~ Bernoulli(q), q = sigmoid(z)"\n', "in this notation q and z would both be called q"),
    ('p = "A"', '[[item]]\ncompare = ["CE(p, q)", "KL(p, q)"]\nlearn = "q"\n', "p cannot be called A: formulas use that name for something else"),
    ('p = "k"', '[[item]]\ncompare = ["CE(p, q)", "KL(p, q)"]\nlearn = "q"\n', "p cannot be called k: formulas use that name for something else"),
    ('zzz = "q"', GAUSSIAN, "the notation names zzz, and no item has such a symbol"),
    ('yhat_i = "q"', GAUSSIAN, "the notation names yhat_i, and no item has such a symbol"),
]


@pytest.mark.parametrize(("notation", "item", "said"), CLASHES, ids=[c[0] for c in CLASHES])
def test_names_mean_one_thing_each(notation: str, item: str, said: str) -> None:
    with pytest.raises(LossproofError) as error:
        written(f"[notation]\n{notation}\n{item}")
    assert error.value.message.endswith(said)


def test_a_definition_takes_its_name() -> None:
    text = body_of('notation = { q = "r", z = "f(x_i)" }\n[[item]]\nderive = "y ~ Bernoulli(q), q = sigmoid(z)"\n')
    assert r"r_{i} = \operatorname{sigmoid}(f(x_{i}))" in text
    assert "q" not in re.sub(r"\\[a-z]+|[a-z]{2,}", "", text.partition("\n")[2].partition("lpproof")[0])


@pytest.mark.parametrize("command", ["\\\\log", "\\\\alpha", "\\\\lprow", "\\\\endinput", "\\\\hat"])
def test_commands_of_latex_are_not_taken(command: str) -> None:
    with pytest.raises(LossproofError, match="is not the name of a command that can stand for normal"):
        written(f'macros = {{ normal = "{command}" }}\n{GAUSSIAN}')


# -- errors


ERRORS = {
    "": "syntax: there is no [[item]] in it: nothing to derive, compare or prove\ntry: lossproof appendix --init writes an example",
    "title = \n": "syntax: line 1 is not TOML: invalid value\n    title = \n            ^",
    'colour = "red"\n[[item]]\nderive = "gaussian"': "unknown-name: there is no choice colour\n    colour = \"red\"\n    ^^^^^^\n"
    "try: lossproof appendix --init explains every choice",
    'detail = "papers"\n[[item]]\nderive = "gaussian"': 'usage: detail is one of remark, paper, full\n    detail = "papers"\n              ^^^^^^\nnearest: paper',
    'rules = "yes"\n[[item]]\nderive = "gaussian"': 'usage: rules is true or false\n    rules = "yes"\n             ^^^',
    'label = "a b"\n[[item]]\nderive = "gaussian"': 'usage: a label has letters, digits, - and . only\n    label = "a b"\n             ^^^',
    'macros = "icml"\n[[item]]\nderive = "gaussian"': 'unknown-name: there is no map of macros icml\n    macros = "icml"\n              ^^^^\nnearest: plain, iclr',
    'macros = { Kl = "\\\\KL" }\n[[item]]\nderive = "gaussian"': 'unknown-name: there is no macro for Kl\n    macros = { Kl = "\\\\KL" }\n               ^^\nnearest: KL\n'
    'try: macros = { E = "\\\\E", KL = "\\\\KL" } gives commands of your paper for what is printed here',
    'macros = { KL = "\\\\input{x}" }\n[[item]]\nderive = "gaussian"': "usage: \\input{x} is not the name of a command that can stand for KL\n"
    '    macros = { KL = "\\\\input{x}" }\n                      ^^^^^^^^^\ntry: a backslash and letters, such as \\KL, and no command of LaTeX\'s own; it is defined in your paper, or takes our form',
    '[notation]\nyhat = "\\\\hat{y}"\n[[item]]\nderive = "gaussian"': "syntax: a notation gives a name, or a function's value: \\hat{y} is not a name\n"
    '    yhat = "\\\\hat{y}"\n             ^^^^^^^\ntry: yhat = "f_theta(x_i)", sigma = "s"; names and formulas of the input language, no LaTeX',
    '[notation]\nyhat = "f(x_i"\n[[item]]\nderive = "gaussian"': 'syntax: a function\'s value ends with )\n    yhat = "f(x_i"\n                ^',
    '[[item]]\nderive = "gausian"': "unknown-distribution: item 1, line 2: there is no distribution gausian\n    gausian\n    ^^^^^^^\n"
    "nearest: Gaussian, InverseGaussian, inverse-gaussian\n"
    "try: lossproof list distributions",
    '[[item]]\ntitle = "x"': "syntax: item 1 does not say what to do\n    [[item]]\n    ^^^^^^^^\ntry: derive = \"gaussian\", compare = [\"A\", \"B\"] or prove = \"mle-chain\"",
    '[[item]]\nderive = "gaussian"\nlearn = "m"': 'unknown-name: item 1: learn does not go with derive\n    learn = "m"\n    ^^^^^\nnearest: free, fix, fixed, where,'
    " reduction, title, label, detail, notation",
    '[[item]]\ncompare = "MSE"': 'usage: item 1: compare is two texts\n    compare = "MSE"\n    ^^^^^^^',
    '[[item]]\ncompare = ["MSE", "MAE"]': "usage: item 1, line 2: say what is learned: whether two objectives are the same depends on it\ntry: learn = [\"w\"]",
    '[[item]]\nderive = "gaussian"\nlabel = "a"\n[[item]]\nderive = "laplace"\nlabel = "a"': "usage: items 1 and 2 have the same label\n"
    '    label = "a"\n             ^\ntry: labels are unique; leave one out, and it is made from the result',
    '[notation]\nmu = "s"\n[[item]]\nderive = "y ~ Normal(mu, s) with s fixed"': "usage: item 1, line 4: in this notation mu and s would both be called s\n"
    "try: give s another name, too, in the notation of the file or of the item",
    '[[item]]\ncompare = ["mean((y - m)^2)", "p(y)"]\nlearn = "m"': "unknown-name: item 1, line 2: nothing that is learned occurs in p(y)\n"
    '    p(y)\n    ^^^^\nnearest: p\ntry: --let "p = m", or --learn p',
}  # fmt: skip


@pytest.mark.parametrize("toml", ERRORS)
def test_errors_say_what_and_where(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "paper.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "appendix.tex").write_text("as it was", encoding="utf-8")
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(tmp_path / "appendix.tex")]) == 2
    assert capsys.readouterr().err == f"{ERRORS[toml]}\n"
    assert (tmp_path / "appendix.tex").read_text(encoding="utf-8") == "as it was"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["appendix.tex", "paper.toml"]


def test_what_is_unknown_is_not_stated(capsys: pytest.CaptureFixture[str]) -> None:
    toml = '[[item]]\ncompare = ["y ~ N(m, 1)", "CE(p, q)"]\nlearn = "m"\n'
    with pytest.raises(LossproofError, match="it is not known how the two relate") as error:
        written(toml)
    assert error.value.exit_status == 3


# -- the command and what lies beside


def paper(tmp_path: Path, toml: str = "") -> Path:
    (tmp_path / "paper.toml").write_text(toml or example(), encoding="utf-8")
    return tmp_path / "appendix.tex"


def test_the_example_shows_every_choice_with_its_default() -> None:
    plan = read_plan(re.sub(r"(?ms)^\[notation\].*?(?=^\[\[item)", "", example()))
    assert plan.choices == Choices(macros={"preset": "plain"})
    assert {k for k in vars(Choices()) if not re.search(rf"^(\[{k}\]|{k} = )", example(), re.MULTILINE)} == set()
    assert set(list(CONCEPTS)[:11]) | {"vector"} <= set(re.findall(r"\w+", example()))


def test_written_checked_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = paper(tmp_path)
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    proofs = sorted(folder_of(target).glob("*.json"))
    assert [p.name for p in proofs][:3] == ["01-mse.json", "02-bce.json", "03-ridge.json"]
    assert all(check(json.loads(p.read_text(encoding="utf-8"))).ok for p in proofs)
    capsys.readouterr()
    assert run(["appendix", "--verify", str(target)]) == 0
    assert capsys.readouterr().out.count("ok ") == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.replace(r"\frac{1}{n}", r"\frac{2}{n}", 1), "FAILS  text    changed after it was written"),
        (lambda t: t.replace("[{The regression loss}]", "[{The Regression Loss}]", 1), "-\\begin{lptheorem}[{The Regression Loss}]"),
        (lambda t: t.replace("y ~ N(yhat, sigma^2)", "y ~ N(yhat, 2*sigma^2)"), "FAILS"),
        (lambda t: t.replace('"sha256":"', '"sha256":"0'), "FAILS  text"),
        (lambda t: t + "\\begin{lptheorem}False.\\end{lptheorem}\n", "FAILS  anew    the footer, or something after it, is not as it is written"),
        (lambda t: t.replace("%lossproof", "MSE is MAE.\n%lossproof", 1), "FAILS  anew    the footer, or something after it"),
        (lambda t: t.replace("\\lpfooter{W", "\\lpfooter{}False.{W"), "FAILS"),
        (lambda t: t.replace("\n", "\r\n"), "FAILS"),
    ],
)
def test_a_changed_text_is_found_out(change, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    target = paper(tmp_path)
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    text = target.read_text(encoding="ascii")
    assert change(text) != text
    with target.open("w", encoding="ascii", newline="") as file:
        file.write(change(text))
    capsys.readouterr()
    assert run(["appendix", "--verify", str(target)]) in (1, 2)
    shown = capsys.readouterr()
    assert said in shown.out or "carries no record" in shown.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"label":"lp"', '"label":"x} False."'), ('"log":"log"', '"log":"cos"'), ('"label":"mse"', '"label":"m} F"'), ('"expectation":"blackboard"', '"expectation":"zz"'),
        ('"01-mse.json"', '"../01-mse.json"'), ('"macros":{"preset":"plain"}', '"macros":[]'),
    ],
)  # fmt: skip
def test_a_record_is_held_to_what_a_file_is(old: str, new: str) -> None:
    text = written(example())
    packed = "".join(line.removeprefix("%lossproof ") for line in text.split("\n") if line.startswith("%lossproof "))
    assert old in packed
    changed = text.partition("%lossproof ")[0] + "%lossproof " + packed.replace(old, new) + "\n"
    with pytest.raises(LossproofError, match="carries no record"):
        verify(changed, Path("nowhere"), lambda _: None)


def test_a_changed_proof_is_found_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = paper(tmp_path)
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    proof = folder_of(target) / "01-mse.json"
    proof.write_text(proof.read_text(encoding="utf-8").replace("up-to-scale", "equal"), encoding="utf-8")
    (folder_of(target) / "02-bce.json").unlink()
    capsys.readouterr()
    assert run(["appendix", "--verify", str(target)]) == 1
    out = capsys.readouterr().out
    assert "FAILS  proof   01-mse.json is not the proof that was written" in out
    assert "FAILS  proof   02-bce.json is not in appendix.proofs" in out


def test_a_proof_that_does_not_hold_is_found_out() -> None:
    """Even if its digest was put right: it is checked again, and it is not what the assumptions derive to."""
    proofs: dict[str, str] = {}
    text = "".join(write_appendix(plan_of(["gaussian"]), keep=proofs.__setitem__))
    report = verify(text, Path("nowhere"), lambda _: None)
    assert not report.holds
    assert len(proofs) == 1


def test_a_text_without_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.tex").write_text("Hello", encoding="ascii")
    assert run(["appendix", "--verify", str(tmp_path / "a.tex")]) == 2
    assert capsys.readouterr().err == (
        "syntax: this text carries no record of an appendix, or what is left of it cannot be read\n"
        "try: lossproof appendix paper.toml -o appendix.tex writes it as comments at the end\n"
    )


def test_proofs_of_an_earlier_appendix_go_and_other_files_stay(tmp_path: Path) -> None:
    target = paper(tmp_path)
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    (folder_of(target) / "notes.json").write_text("{}", encoding="utf-8")
    (folder_of(target) / "01-mine.json").write_text("{}", encoding="utf-8")
    assert run(["appendix", "laplace", "-o", str(target)]) == 0
    names = {p.name for p in folder_of(target).iterdir()}
    (laplace,) = (n for n in names if n.startswith("01-laplace"))
    assert names == {"notes.json", "01-mine.json", laplace, "Lossproof.v", coq_name(laplace)}
    assert run(["appendix", "laplace", "--no-coq", "-o", str(target)]) == 0
    assert {p.name for p in folder_of(target).iterdir()} == {n for n in names if n.endswith(".json")}
    mine = folder_of(target) / coq_name(laplace)
    mine.write_text("mine", encoding="utf-8")
    assert run(["appendix", "gaussian", "--no-coq", "-o", str(target)]) == 0
    assert mine.exists()


def test_text_and_proofs_come_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.proofs").write_text("in the way", encoding="utf-8")
    assert run(["appendix", "gaussian", "-o", str(tmp_path / "a.tex")]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["a.proofs"]


def test_the_plan_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper(tmp_path)
    plan = str(tmp_path / "paper.toml")
    assert run(["appendix", plan, "-o", plan]) == 2
    assert "is what the appendix is read from" in capsys.readouterr().err
    assert run(["appendix", "gaussian", "-o", ""]) == 2
    assert capsys.readouterr().err == "usage: cannot write a file without a name: it names no file\n"


def test_assumptions_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["appendix", "gaussian", "y ~ Laplace(m, b) with b fixed", "--notation", "m = f(x_i)", "--detail", "remark", "--reasons", "none"]) == 0
    out = capsys.readouterr().out
    assert out == "".join(write_appendix(plan_of(
        ["gaussian", "y ~ Laplace(m, b) with b fixed"], notation={"m": "f(x_i)"}, detail="remark", reasons="none"
    )))  # fmt: skip


def test_python(tmp_path: Path) -> None:
    text = lp.appendix(["gaussian"], detail="full", output=tmp_path / "a.tex")
    assert (tmp_path / "a.tex").read_text(encoding="ascii") == text
    assert sorted(p.suffix for p in (tmp_path / "a.proofs").iterdir()) == [".json", ".v", ".v"]
    lp.appendix(["gaussian"], coq=False, output=tmp_path / "b.tex")
    assert [p.suffix for p in (tmp_path / "b.proofs").iterdir()] == [".json"]
    paper(tmp_path)
    assert lp.appendix(tmp_path / "paper.toml") == written(example())
    with pytest.raises(LossproofError, match="choices go into the file"):
        lp.appendix(tmp_path / "paper.toml", detail="full")


def test_plans_survive_json() -> None:
    plan = read_plan(example())
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))).to_dict() == plan.to_dict()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: an appendix of what?\ntry: lossproof appendix --init > paper.toml, or lossproof appendix gaussian\n"),
        (["gaussian", "--init"], "usage: --init and --verify stand alone\ntry: lossproof appendix --help\n"),
        (["a.toml", "gaussian"], "usage: a.toml is a file, and a file stands alone\ntry: put the assumptions into the file, each as an [[item]]\n"),
        (["a.toml", "--detail", "full"], "usage: --detail goes into the file\ntry: lossproof appendix --init explains every choice\n"),
        (["a.toml", "--no-coq"], "usage: --no-coq goes into the file\ntry: lossproof appendix --init explains every choice\n"),
        (["nowhere.toml"], "usage: cannot read nowhere.toml: No such file or directory\ntry: lossproof appendix --init > paper.toml writes an example\n"),
        (["gaussian", "--notation", "yhat"], "usage: a notation is `name = name` or `name = f(x_i)`\n    yhat\n    ^^^^\ntry: --notation \"yhat = f_theta(x_i)\"\n"),
        (["gaussian", "-o", "/nowhere/a.tex"], "usage: cannot write /nowhere/a.tex: No such file or directory\n"),
    ],
)  # fmt: skip
def test_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["appendix", *arguments]) == 2
    assert capsys.readouterr().err == said


# -- for Coq


def test_each_proof_has_a_file_for_coq(tmp_path: Path) -> None:
    """Beside families, comparisons and theorems; names are identifiers, and different for different proofs."""
    toml = "\n".join([items(DEFAULTS[::12]), COMPARED, *THEOREMS.split("\n")[:6], items(["poisson"]) + '\nlabel = "9.a-b"\n'])
    notes = save_appendix(read_plan(toml), str(tmp_path / "a.tex"))
    folder = folder_of(tmp_path / "a.tex")
    proofs, files = [{p.name for p in folder.glob(f"*{suffix}")} for suffix in (".json", ".v")]
    assert all("does not show the claim: " in n for n in notes)
    assert files == {"Lossproof.v", *map(coq_name, proofs)}
    assert len(files) == len(proofs) + 1
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*\.v", n) for n in files)
    assert all((folder / n).read_bytes().isascii() for n in files)
    assert (folder / "Lossproof.v").read_text(encoding="utf-8") == prelude()


def test_coq_accepts_what_lies_beside_the_text(tmp_path: Path) -> None:
    needs_program("coqc", "apt-get install coq")
    assert run(["appendix", str(paper(tmp_path).with_name("paper.toml")), "-o", str(tmp_path / "a.tex")]) == 0
    outcome = compile_file(folder_of(tmp_path / "a.tex"), "proof_02_bce.v", 120, compiled_prelude())
    assert outcome.accepted, outcome.output
    assert not axioms_of(outcome.output) - AXIOMS


def test_writing_needs_no_coq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(subprocess, "Popen", None)
    save_appendix(plan_of(["gaussian"]), str(tmp_path / "a.tex"))
    assert len(list(folder_of(tmp_path / "a.tex").glob("*.v"))) == 2


def test_a_proof_that_is_not_written_for_coq(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: ProofFile) -> str:
        if "Laplace" in file.proof.data["assumption"]:
            raise Unsupported("the density of a Laplace distribution")
        return written_body(file)

    written_body = ProofFile.text
    monkeypatch.setattr(ProofFile, "text", refuse)
    target = tmp_path / "a.tex"
    assert run(["appendix", "gaussian", "y ~ Laplace(m, b)", "-o", str(target)]) == 0
    (name,) = (p.name for p in folder_of(target).glob("02*"))
    note = f"{name} has no file for Coq: the density of a Laplace distribution"
    assert capsys.readouterr().err == f"{note}\n"
    assert {p.name[:8] for p in folder_of(target).glob("*.v")} == {"Lossproo", "proof_01"}
    assert run(["appendix", "--verify", str(target)]) == 0
    out = capsys.readouterr().out
    assert f"ok     coq     1 of 2 with a file for Coq, and each is what is written today\n         {note}\n" in out
    (folder_of(target) / coq_name(name)).write_text("Definition certificate := 0.", encoding="ascii")
    assert run(["appendix", "--verify", str(target)]) == 1
    assert f"FAILS  coq     {coq_name(name)} is not what is written for Coq today\n" in capsys.readouterr().out


def test_a_changed_file_for_coq_is_found_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = paper(tmp_path)
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    folder = folder_of(target)
    (folder / "Lossproof.v").write_text((folder / "Lossproof.v").read_text(encoding="utf-8") + "Axiom x : False.\n", encoding="utf-8")
    (folder / "proof_01_mse.v").write_bytes((folder / "proof_01_mse.v").read_bytes().replace(b"\n", b"\r\n"))
    (folder / "proof_02_bce.v").unlink()
    capsys.readouterr()
    assert run(["appendix", "--verify", str(target)]) == 1
    lines = [line for line in capsys.readouterr().out.split("\n") if "coq" in line]
    assert lines == [
        "FAILS  coq     Lossproof.v is not what is written for Coq today",
        "FAILS  coq     proof_01_mse.v is not what is written for Coq today",
        "FAILS  coq     proof_02_bce.v is not in appendix.proofs",
    ]


def test_without_files_for_coq(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = paper(tmp_path, example().replace("coq = true", "coq = false"))
    assert run(["appendix", str(tmp_path / "paper.toml"), "-o", str(target)]) == 0
    assert not list(folder_of(target).glob("*.v"))
    assert run(["appendix", "--verify", str(target)]) == 0
    assert "coq" not in capsys.readouterr().out


# -- TeX


ICLR = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}\usepackage{times}
\usepackage[textwidth=5.5in,textheight=9in]{geometry}
\usepackage{hyperref}\usepackage{url}\usepackage{amsmath,amsfonts}
\newcommand{\E}{\mathbb{E}}\newcommand{\KL}{D_{\mathrm{KL}}}\newcommand{\R}{\mathbb{R}}\newcommand{\softmax}{\mathrm{softmax}}
\usepackage{booktabs}\usepackage{amsthm}\usepackage{cleveref}
\newtheorem{theorem}{Theorem}[section]"""
NEURIPS = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}\usepackage{lmodern}
\usepackage[textwidth=5.5in,textheight=9in,left=1.5in]{geometry}
\usepackage{hyperref}\usepackage{booktabs}\usepackage{amsfonts}\usepackage{amsmath}\usepackage{mathtools}\usepackage{amsthm}"""
ICML = r"""\documentclass[10pt,twocolumn]{article}
\usepackage[T1]{fontenc}\usepackage{times}
\usepackage[textwidth=6.75in,textheight=9in,columnsep=0.25in]{geometry}
\usepackage{booktabs}\usepackage{hyperref}\usepackage{amsmath}\usepackage{mathtools}\usepackage{amsthm}
\usepackage[capitalize,noabbrev]{cleveref}
\theoremstyle{plain}\newtheorem{theorem}{Theorem}[section]"""
BARE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{amsmath}"""
FAULTS = re.compile(r"^(?:! .*|Overfull .*|.*undefined.*|.*multiply.defined.*|LaTeX Warning: Label.*|LaTeX Warning: Reference.*)$", re.MULTILINE)


def typeset(engine: str, head: str, text: str, folder: Path) -> list[str]:
    """The faults in the log of the last of three passes; the first two write no pages."""
    program = shutil.which(engine)
    if program is None:
        install = f"{engine} is not here: apt-get install texlive-latex-extra texlive-fonts-recommended texlive-luatex lmodern"
        if os.environ.get("CI") == "true":
            pytest.fail(install)
        pytest.skip(install)
    references = "".join(rf"\ref{{{label}}} " for label in re.findall(r"\\label\{([^}#]*:theorem)\}", text))
    (folder / "appendix.tex").write_text(text, encoding="ascii")
    (folder / "paper.tex").write_text(f"{head}\n\\begin{{document}}\n\\appendix\n\\input{{appendix}}\n\\sloppy {references}\n\\end{{document}}\n", encoding="ascii")
    for more in (["-draftmode"], ["-draftmode"], []):
        subprocess.run([program, "-interaction=nonstopmode", "-no-shell-escape", *more, "paper.tex"], cwd=folder, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=600, check=False)  # fmt: skip
    log = (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
    return FAULTS.findall(log) + ([] if (folder / "paper.pdf").stat().st_size > 20_000 else ["no pages"])


LAYOUTS = {
    "iclr": ("pdflatex", ICLR, 'macros = "iclr"\nreasons = "marks"\nvectors = "bold"'),
    "neurips": ("lualatex", NEURIPS, 'log = "ln"\nsums = "bare"'),
    "icml": ("pdflatex", ICML, 'macros = { KL = "\\\\kldiv", E = "\\\\Exp", NLL = "\\\\nll" }'),
    "icml, every step": ("pdflatex", ICML, 'detail = "full"\nreasons = "none"\nrules = false'),
    "no package but amsmath": ("pdflatex", BARE, 'detail = "remark"'),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_result_fits(layout: str, tmp_path: Path) -> None:
    engine, head, choices = LAYOUTS[layout]
    assert not typeset(engine, head, everything(choices), tmp_path)


def test_the_example_in_full(tmp_path: Path) -> None:
    assert not typeset("pdflatex", NEURIPS, written(example().replace('detail = "paper"', 'detail = "full"')), tmp_path)


def test_standalone(tmp_path: Path) -> None:
    text = written(example(), standalone=True)
    head, _, body = text.partition(r"\begin{document}")
    assert body.count(r"\end{document}") == 1
    assert not typeset("pdflatex", head, body.replace(r"\end{document}", ""), tmp_path)
