"""The command line, in this process and, where that matters, in another. ``python tests/test_cli.py`` writes the errors anew."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import lossproof as lp
from lossproof.cli import main
from lossproof.cli.app import COMMANDS, run
from lossproof.render.backwards import Backwards
from lossproof.rulebook import Rulebook
from lossproof.rulebook.naming import losses_named

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
MEMORY = 200 * 1024 * 1024


class Outcome(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


class _Stream(io.TextIOWrapper):
    """A stream of text that remembers its bytes."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)

    def text(self) -> str:
        self.flush()
        content: bytes = self.buffer.getvalue()  # type: ignore[attr-defined]
        return content.decode("utf-8")


def lossproof(*arguments: str, stdin: bytes = b"") -> Outcome:
    """A command, run in this process."""
    out, err = _Stream(), _Stream()
    before = sys.stdin
    sys.stdin = _Stream(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(list(arguments))
    finally:
        sys.stdin = before
    return Outcome(status, out.text(), err.text())


def elsewhere(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None, memory: int = 0) -> Outcome:
    """A command, run in a process of its own."""

    def limited() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "lossproof", *arguments], input=stdin, capture_output=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **(environment or {})}, preexec_fn=limited,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


# -- derive


def test_a_family_and_its_assumption_are_the_same() -> None:
    family, assumption = lossproof("derive", "gaussian"), lossproof("derive", "y ~ N(ŷ, σ²) with σ fixed")
    assert family == (0, lp.derive("gaussian").text(), "")
    assert assumption.out == family.out


def test_json_is_the_proof_and_passes_the_checker() -> None:
    derived = lossproof("derive", "laplace", "--format", "json")
    assert json.loads(derived.out) == lp.derive("laplace").to_dict()
    checked = lossproof("check", "-", stdin=derived.out.encode())
    assert checked.status == 0
    assert checked.out.startswith("checked: ")


def test_a_tampered_proof_is_refused() -> None:
    proof = lp.derive("laplace").to_dict()
    proof["steps"][0]["rule"] = "log-product"
    checked = lossproof("check", "-", stdin=json.dumps(proof).encode())
    assert (checked.status, checked.out) == (1, "")
    assert checked.err.startswith("rejected: ")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00", b"\xff", b"[" * 100_000, b'{"schema": 1}', b"null"])
def test_what_is_no_proof_is_unusable(content: bytes) -> None:
    checked = lossproof("check", "-", stdin=content)
    assert (checked.status, checked.out) == (2, "")
    assert checked.err.startswith("unusable: ")
    assert len(checked.err) < 500


def test_stdin_is_an_assumption() -> None:
    assert lossproof("derive", "-", stdin="y ~ N(ŷ, σ²)\n  with σ fixed\n".encode()).out == lossproof("derive", "gaussian").out


def test_detail_full_shows_every_step() -> None:
    assert lossproof("derive", "gaussian", "--detail", "full").out == lp.derive("gaussian").text(detail="full")


def test_free_says_what_came_back() -> None:
    out = lossproof("derive", "gaussian", "--free", "sigma").out
    assert out.startswith("y ~ N(ŷ, σ²)\n")
    changed = out.partition("Changed, with σ learned\n")[2].partition("\n\n")[0]
    assert [row.split(maxsplit=2) for row in changed.splitlines()] == [
        ["came", "back", "½·log(2πσ²)"],
        ["now", "dropped", "½·log(2π)"],
        ["scale", "1/(2σ²)", "became 1"],
    ]


@pytest.mark.parametrize("names", [("--fix", "mu, sigma", "--free", "w"), ("--fix", "mu", "--fix", "sigma and")])
def test_names_are_given_in_several_ways(names: tuple[str, ...]) -> None:
    done = lossproof("derive", "y ~ Mixture(w, Normal(mu, sigma), Normal(0, 1))", *names)
    assert done.status == 0
    assert "  fixed       μ, real\n              σ, positive\n" in done.out
    assert "came back" not in done.out


def test_free_what_was_nothing_to_learn() -> None:
    done = lossproof("derive", "y ~ Normal(mu, sigma) with mu, sigma fixed", "--free", "mu")
    assert done.status == 0
    assert "squared error" in done.out


def test_the_changes_stand_beside_json_on_stderr() -> None:
    done = lossproof("derive", "gaussian", "--free", "sigma", "--format", "json")
    json.loads(done.out)
    assert done.err.startswith("Changed, with σ learned\n")


@pytest.mark.parametrize(("reduction", "head"), [("mean", "(1/n) Σᵢ"), ("sum", "Σᵢ"), ("none", "Σᵢ")])
def test_reduction(reduction: str, head: str) -> None:
    assert f"with L = {head} (yᵢ - ŷᵢ)²" in lossproof("derive", "gaussian", "--reduction", reduction).out


def test_a_density_of_ones_own() -> None:
    own = ("--density", "s/2 * exp(-s*|y - m|)", "--data", "y", "--fixed", "s", "--where", "s > 0")
    done = lossproof("derive", *own)
    assert (done.status, done.err) == (0, "")
    assert "mean absolute error" in done.out
    assert "a density of your own" in done.out


def test_conditions_are_added() -> None:
    assert lossproof("derive", "y ~ Uniform(0, theta)", "--where", "theta > 1").status == 0


# -- files


@pytest.mark.parametrize(("suffix", "form"), [("json", "json"), ("txt", "text"), ("tex", "latex"), ("md", "markdown"), ("html", "html"), ("out", "text")])
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str, form: str) -> None:
    path = tmp_path / f"out.{suffix}"
    assert lossproof("derive", "poisson", "-o", str(path)) == (0, "", "")
    wanted = lossproof("derive", "poisson", "--format", form)
    assert path.read_text(encoding="utf-8") == wanted.out
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_whole_document() -> None:
    fragment, whole = (lossproof("derive", "poisson", "--format", "latex", *more).out for more in ((), ("--standalone",)))
    assert "\\documentclass" not in fragment
    assert whole.lstrip().startswith("\\documentclass")


def test_a_file_is_replaced_only_when_all_is_well(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before")
    assert lossproof("derive", "y ~ Nonsense(mu)", "-o", str(path)).status == 2
    assert path.read_text() == "before"
    assert lossproof("derive", "poisson", "-o", str(path)).status == 0
    assert path.read_text(encoding="utf-8").startswith("y ~ Poisson(ŷ)")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    done = lossproof("derive", "poisson", "-o", str(tmp_path / "none" / "out.txt"))
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"usage: cannot write .*out\.txt: No such file or directory\n", done.err)


def test_dash_is_stdout() -> None:
    assert lossproof("derive", "poisson", "-o", "-") == lossproof("derive", "poisson")


# -- explain


def test_explain_a_rule() -> None:
    out = lossproof("explain", "log-root").out
    assert "  log(√a)  =  ½·log a\n" in out
    assert "requires  a > 0\n" in out
    assert "fails     without the conditions: a = 0: both sides are undefined\n" in out
    assert re.search(r"used by   \d+ of \d+ families: ", out)


def test_explain_a_loss_backwards() -> None:
    out = lossproof("explain", "squared", "error").out
    assert out.partition("Reached from\n")[2] == (
        "  y ~ N(ŷ, σ²) with σ fixed\n"
        "      scale  1/(2σ²)\n"
        "      drops  ½·log(2πσ²)\n"
        "      or     σ learned as well: Gaussian negative log-likelihood\n"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["squared error", "squared-error", "torch.nn.MSELoss", "MSELoss", "nn.mseloss()", "Mean squared error"])
def test_the_names_of_a_loss(name: str) -> None:
    assert [loss.id for loss in losses_named(name, Rulebook.default())] == ["squared-error"]


@pytest.fixture(scope="module")
def backwards() -> Backwards:
    return Backwards(Rulebook.default())


@pytest.mark.parametrize(
    ("loss", "assumption", "changes"),
    [
        ("weighted-squared-error", "y ~ N(yhat, sigma_i^2) with sigma_i fixed", [("sigma_i", "Gaussian negative log-likelihood")]),
        ("cross-entropy", "y ~ Categorical(p)", []),
        ("binary-cross-entropy-with-logits", "y ~ BernoulliLogit(z)", []),
        ("binary-cross-entropy-with-logits", "y ~ Bernoulli(p), p = sigmoid(z)", []),
        ("lasso", "y ~ N(yhat, sigma^2), yhat = w*x, w ~ Laplace(0, b_0) with sigma, b_0 fixed", []),
        ("elastic-net-regression", "y ~ N(w*x, sigma^2), w ~ ElasticNet(l1, l2) with x, sigma, l1, l2 fixed", []),
        ("l1", "y ~ N(yhat, sigma^2), yhat = w*x, w ~ Laplace(0, b_0) with sigma, b_0 fixed", []),
        ("gamma-log", "y ~ Gamma(mean=yhat, shape=k), yhat = exp(z) with k fixed", [("k", "a loss without a name")]),
        ("gaussian-nll", "y ~ N(mean, var)", []),
        ("exponential-censored", "y ~ RightCensored(Exponential(lam), d_i) with d_i fixed", []),
    ],
)
def test_what_reaches_a_loss(backwards: Backwards, loss: str, assumption: str, changes: list[tuple[str, str]]) -> None:
    found = {s.assumption: s for s in backwards.sources(backwards.book.losses[loss])}
    assert assumption in found
    assert list(found[assumption].changes) == changes


def test_every_source_leads_to_its_loss(backwards: Backwards) -> None:
    """What is found is found by deriving; most losses of the rulebook are reached from a family."""
    reached = 0
    for loss in backwards.book.losses.values():
        sources = backwards.sources(loss)
        reached += bool(sources)
        for source in sources:
            d = lp.derive(source.assumption)
            assert d.record is loss or loss.kind == "penalty"
    likelihoods = [s for s in backwards.book.losses.values() if s.record.get("likelihood", True)]
    assert reached > 0.9 * len(likelihoods)


@pytest.mark.parametrize("kind", ["rules", "fact_rules", "links"])
def test_every_record_is_explained(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossproof.render.explanation._used_by", lambda id, book: "")
    for name in getattr(Rulebook.default(), kind):
        done = lossproof("explain", name)
        assert (done.status, done.err) == (0, ""), name
        assert all(len(line) <= 110 for line in done.out.splitlines())


def test_every_distribution_is_explained() -> None:
    for id in Rulebook.default().distribution_ids:
        done = lossproof("explain", id)
        assert (done.status, done.err) == (0, ""), id


def test_every_loss_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossproof.render.explanation._sources", lambda found, book, page: [])
    for id, loss in Rulebook.default().losses.items():
        for name in (id, loss.name, *[code.partition("(")[0] for code in loss.code.values()]):
            assert lossproof("explain", name).status == 0, name


def test_every_error_code_is_explained() -> None:
    from lossproof.errors import error_classes

    for kind in error_classes():
        done = lossproof("explain", kind.code)
        assert done.status == 0
        assert f"exits with {kind.exit_status}" in done.out


def test_what_else_a_name_means() -> None:
    assert lossproof("explain", "exp").out.endswith("\nAlso a function: lossproof explain exp\n")


# -- list, help, completion


@pytest.mark.parametrize("kind", ["rules", "facts", "distributions", "losses", "links"])
def test_list(kind: str) -> None:
    text, data = lossproof("list", kind), lossproof("list", kind, "--format", "json")
    assert (text.status, text.err, data.status, data.err) == (0, "", 0, "")
    ids = [record["id"] for record in json.loads(data.out)]
    assert len(ids) > 10
    assert all(re.search(rf"^{re.escape(id)}( |$)", text.out, re.MULTILINE) for id in ids)
    assert all(len(line) <= 80 for line in text.out.splitlines())


def test_help_leads_with_examples() -> None:
    for arguments in ([], *[[name] for name in COMMANDS]):
        done = lossproof(*arguments, "--help")
        assert done.status == 0
        assert done.out.index("Examples:") < done.out.index("Options:")


def test_version() -> None:
    assert lossproof("--version") == (0, f"lossproof {lp.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "completed"),
    [("lossproof derive gen", "generalized-normal"), ("lossproof explain log-pro", "log-product"), ("lossproof der", "derive"),
     ("lossproof explain nothing", "nothing-to-learn"), ("lossproof list lo", "losses")],
)  # fmt: skip
def test_completion(words: str, completed: str) -> None:
    count = len(words.split()) - 1
    done = elsewhere(environment={"_LOSSPROOF_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)})
    assert done.status == 0
    assert f"plain,{completed}" in done.out.splitlines()


# -- errors

MALFORMED = [
    "y ~ (", "y ~~ N(0, 1)", "y ~ N(mu, sigma^2", "y ~ N(mu sigma)", "", "y", "3 ~ Normal(mu, 1)", "a = b", "y ~ Normal(a/2b, 1)",
    "with ~ Normal(mu, 1)", "y ~ Normal(mu,\n sigma",
]  # fmt: skip
NAMES = [
    "y ~ Norml(mu, sigma)", "guassian", "y ~ Normal(mu)", "y ~ Normal(a, b, c)", "y ~ Normal(mean=mu, vari=v)", "y ~ Normal(mu, mu=3)",
    "y ~ Normal(mu, sigma) with tau fixed", "y ~ Normal(mu, 1), z ~ Normal(0, 1)", "y ~ Mixture([w1, w2], Normal(0, 1))", "mixture",
    "y ~ Normal(Laplace(0, 1), 1)", "y ~ Normal(foo(x), 1)",
]  # fmt: skip
MEANING = [
    "y ~ Normal(a, 1), a = b + 1, b = a - 1", "y ~ Normal(a, 1), a = a + 1", "y ~ Normal(mu, -1)", "y ~ Normal(mu, sigma), sigma = -1",
    "y ~ Bernoulli(2)", "y ~ Normal(oo, 1)", "y ~ Normal(mu/0, 1)", "y ~ Normal(mu + log(-1), 1)", "y ~ Truncated(Normal(mu, 1), 2, 1)",
    "y ~ Mixture([1/2, 1/3, 1/3], Normal(a, 1), Normal(b, 1), Normal(c, 1))",
    "y ~ Normal(mu, sigma) with mu, sigma fixed", "y ~ Normal(y, 1)", "y ~ Normal(mu, 1), mu ~ Uniform(0, oo)",
    "y ~ Normal(a, 1), a = 1, a = 2", "y ~ Normal(a, 1), y ~ Laplace(a, 1)", "y ~ Normal(w, 1), w ~ Normal(0, 1), w ~ Laplace(0, 1)",
    "y ~ Normal(mu, s) with s fixed, s data", "y ~ Normal(mu, s) with s fixed where s < 0",
    "y ~ N(mu, -1)", "y ~ N(mu, 0)", "y ~ N(mu, -s^2)", "y ~ N(mu, exp(1) - 3)", "y ~ Normal(mu, -s) with s fixed where s > 0",
]  # fmt: skip
HOSTILE = [
    "__import__('os').system('id')", "y ~ Normal(__import__('os'), 1)", "y ~ Normal(eval(1), 1)", "y ~ Normal((lambda: 1)(), 1)",
    "y ~ Normal(" + "(" * 10_000 + "m" + ")" * 10_000 + ", 1)", "y ~ Normal(mu, " + "1" * 50_000 + ")", "y ~ Normal(mu, 1e999999999)",
    "y ~ Normal(" + "exp(" * 200 + "m" + ")" * 200 + ", 1)", "y ~ " + "Weighted(" * 200 + "Normal(m, 1)" + ", w)" * 200,
    "y ~ N\0(mu, 1)", "y ~ N(mu\u202e, 1)", "у ~ N(mu, 1)", "y ~ Normal(\\input{/etc/passwd}, 1)", "y ~ Normal(mu_{x}, 1)",
    "y ~ Normal($mu$, 1)", "y ~ N(\udcff, 1)", "y ~ Normal(" + "a" * 300 + ", 1)", "y ~ Normal(😀, 1)", "y ~ N(mu\x1b[31m, 1)",
]  # fmt: skip
USAGE = [
    ["deriv", "gaussian"], ["y ~ N(mu, 1)"], ["derive"], ["derive", "gaussian", "--standalone"], ["derive", "gaussian", "--colour"],
    ["derive", "gaussian", "--format", "pdf"], ["derive", "gaussian", "laplace"], ["derive", "gaussian", "--density", "y"],
    ["derive", "gaussian", "--data", "x"], ["derive", "gaussian", "--free", "tau"], ["derive", "gaussian", "--fix", "yhat"],
    ["derive", "gaussian", "--free", "$(id)"], ["derive", "--density", "exp(-y", "--data", "y"], ["derive", "--density", "exp(-m)", "--data", "y"],
    ["derive", "gaussian", "--where", "s >"], ["explain"], ["explain", "log-produkt"], ["explain", "\x1b[31m"], ["list", "everything"], ["check"],
]  # fmt: skip
ERRORS = [*[["derive", text] for text in [*MALFORMED, *NAMES, *MEANING, *HOSTILE]], *USAGE]


def errors() -> str:
    """Every error of the list: the command, its exit status and what stands on stderr."""
    blocks = []
    for arguments in ERRORS:
        done = lossproof(*arguments)
        assert not done.out, arguments
        shown = " ".join(ascii(a) if len(a) < 100 else f"{a[:20]!a}... ({len(a)} characters)" for a in arguments)
        blocks.append(f"$ lossproof {shown}   [{done.status}]\n{done.err}")
    return "\n".join(blocks)


def test_errors() -> None:
    assert errors() == (SNAPSHOTS / "errors.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", ERRORS, ids=lambda a: ascii(" ".join(a))[:60])
def test_an_error_is_a_short_block(arguments: list[str]) -> None:
    done = lossproof(*arguments)
    assert done.status in (2, 3)
    assert not done.out
    assert "Traceback" not in done.err
    assert done.err.isprintable() or set(filter(lambda c: not c.isprintable(), done.err)) == {"\n"}
    assert done.err.count("\n") <= 6
    assert all(len(line) <= 200 for line in done.err.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "y ~ Normal(mu + 9^9^9^9, 1)", "y ~ Normal(mu^999999999, 1)", "y ~ Normal(sum(k, 1, 10^9, w[k]), 1)",
        "y ~ Normal(" + "+".join(["m"] * 20_000) + ", 1)", "y ~ Normal(" + "(" * 50_000, "y ~ Normal(" + "-" * 50_000 + "m, 1)",
        "y ~ Normal(m" + "^m" * 30_000 + ", 1)", "y ~ Normal(" + "m," * 100_000 + ", 1)", "y ~ Normal(m" + "!" * 50_000 + ", 1)",
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_is_large_is_bounded(text: str) -> None:
    done = elsewhere("derive", "-", stdin=text.encode(), memory=2 * MEMORY)
    assert done.status in (0, 2, 3), done.err
    assert "Traceback" not in done.err


def test_stdin_is_bounded() -> None:
    done = lossproof("derive", "-", stdin=b"y" * 3_000_000)
    assert done == (3, "", "limit: stdin holds more than 1,000,000 bytes\n")
    assert lossproof("derive", "-", stdin=b"\xff\xfe") == (2, "", "character: stdin is not UTF-8 text: byte 0\n")


def test_a_fault_of_ours_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr("lossproof.derivation.derive", broken)
    done = lossproof("derive", "gaussian")
    assert (done.status, done.out) == (70, "")
    assert done.err == (
        "internal: ZeroDivisionError: by zero\n"
        "try: the same command with --debug shows where; please report it\n"
    )  # fmt: skip
    for arguments in (("--debug", "derive", "gaussian"), ("derive", "gaussian", "--debug")):
        assert "Traceback (most recent call last):" in lossproof(*arguments).err


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lossproof.derivation.derive", stopped)
    assert lossproof("derive", "gaussian").status == 130


def test_a_reader_that_goes_away() -> None:
    command = f"'{sys.executable}' -m lossproof list facts --format json | head -c 1; echo ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", env=environment, timeout=60, check=True)
    assert done.stderr == ""
    assert done.stdout in ("[141\n", "[0\n")


# -- the terminal


def on_a_terminal(*arguments: str, columns: int, environment: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal of that width."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    with subprocess.Popen(
        [sys.executable, "-m", "lossproof", *arguments], stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.PIPE,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm", **(environment or {})},
    ):  # fmt: skip
        os.close(follower)
        chunks = []
        with contextlib.suppress(OSError):
            while chunk := os.read(leader, 65_536):
                chunks.append(chunk)
        os.close(leader)
    return b"".join(chunks).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 140])
def test_the_terminal_gives_width_and_colour(columns: int) -> None:
    assert on_a_terminal("derive", "gaussian", columns=columns) == lp.derive("gaussian").text(width=columns, color=True)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour(environment: dict[str, str]) -> None:
    assert on_a_terminal("derive", "gaussian", columns=80, environment=environment) == lp.derive("gaussian").text(width=80)


@pytest.mark.parametrize("environment", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}])
def test_stdout_is_utf8_everywhere(environment: dict[str, str]) -> None:
    assert elsewhere("derive", "gaussian", environment=environment).out == lp.derive("gaussian").text()

def test_main_twice() -> None:
    """A command's module has the name of a builtin."""
    assert main(["list", "links"]) == 0
    assert main(["explain", "log-product"]) == 0


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    (SNAPSHOTS / "errors.txt").write_text(errors(), encoding="utf-8")
