"""What README.md shows is what happens. ``python tests/test_readme.py`` writes the outputs anew."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lossproof
from lossproof.rulebook import find_rules

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEX = shutil.which("pdflatex")
SKIPPED = "..."
FAULTS = ("undefined", "Overfull", "! ")


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    language: str
    body: str
    line: int

    def __str__(self) -> str:
        return f"{self.language}-line-{self.line}"


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order."""
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in BLOCK.finditer(text)]


def commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that it prints."""
    command, output = "", list[str]()
    for line in [*body.splitlines(), "$ "]:
        if line.startswith("$ "):
            if command:
                yield command, output
            command, output = line[2:], []
        else:
            output.append(line)


class Shell:
    """A folder in which the README's commands run, on a copy of the package to which records can be added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "here"
        self.package = folder / "python" / "lossproof"
        self.folder.mkdir()
        shutil.copytree(Path(lossproof.__file__).parent, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(find_rules(), self.package / "rules", dirs_exist_ok=True)
        bin = folder / "bin"
        bin.mkdir()
        (bin / "lossproof").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lossproof "$@"\n')
        (bin / "lossproof").chmod(0o755)
        self.environment = {
            **os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder / "python"),
            "PYTHONIOENCODING": "utf-8",
        }  # fmt: skip

    def run(self, command: str) -> list[str]:
        """What a command prints, errors included."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120, check=False,
        )  # fmt: skip
        return [line.rstrip() for line in done.stdout.splitlines()]

    def add_record(self, body: str) -> None:
        """Save a record under the name in its first line."""
        name = body.splitlines()[0].removeprefix("# rules/")
        (self.package / "rules" / name).write_text(body, encoding="utf-8")


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether lines are the printed ones, where ``...`` stands for any lines."""
    if SKIPPED not in shown:
        return shown == printed
    cut = shown.index(SKIPPED)
    if shown[:cut] != printed[:cut]:
        return False
    rest = shown[cut + 1 :]
    return any(fits(rest, printed[i:]) for i in range(cut, len(printed) + 1))


def problems(block: Block, shell: Shell) -> Iterator[str]:
    """What is not as a block of commands or a record shows it."""
    if block.language == "toml":
        shell.add_record(block.body)
    elif block.language == "console":
        for command, shown in commands(block.body):
            printed = shell.run(command)
            if not fits(shown, printed):
                yield f"$ {command}\n" + "\n".join(printed)
    elif block.language == "sh":
        for line in block.body.splitlines():
            if line.startswith("lossproof ") and shell.run(f"{line.partition('  #')[0]} >/dev/null; echo $?") != ["0"]:
                yield f"$ {line}: failed"
    elif block.language == "latex":
        yield from compile_latex(block, shell)


def compile_latex(block: Block, shell: Shell) -> Iterator[str]:
    """Compile the document of the block, which inputs a fragment that was written before."""
    if TEX is None and os.environ.get("CI") != "true":
        return
    (shell.folder / "paper.tex").write_text(block.body, encoding="utf-8")
    log: list[str] = []
    for _ in range(2):
        log = shell.run("pdflatex -interaction=nonstopmode -halt-on-error paper.tex")
    if not (shell.folder / "paper.pdf").is_file() or any(fault in line for line in log for fault in FAULTS):
        yield "\n".join(log)


def test_commands_print_what_is_shown(tmp_path: Path) -> None:
    """One test, in the order of the text: later blocks use what earlier ones wrote."""
    shell = Shell(tmp_path)
    found = [f"line {b.line}: {p}" for b in blocks(README.read_text(encoding="utf-8")) for p in problems(b, shell)]
    assert not found, "\n\n".join(found)


def test_python_sessions() -> None:
    """The Python blocks are one session."""
    sessions = [b for b in blocks(README.read_text(encoding="utf-8")) if b.language == "pycon"]
    assert len(sessions) == 3
    test = doctest.DocTestParser().get_doctest(
        "\n".join(b.body for b in sessions), {}, "README.md", "README.md", sessions[0].line
    )
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert not report, "".join(report)


def test_every_room_is_in_the_picture() -> None:
    """docs/architecture.md names each module and package of the top level."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## Rooms and floors", 1)[1].split("###", 1)[0]
    for path in Path(lossproof.__file__).parent.iterdir():
        name = f"`{path.name}/`" if path.is_dir() else f"`{path.name}`"
        if not path.name.startswith("__") and path.name not in ("py.typed", "rules"):
            assert name in table, name


def test_examples_of_the_language_derive() -> None:
    """Each line of docs/language.md's blocks; what stands behind many spaces is a remark."""
    lines = [line for b in blocks((ROOT / "docs" / "language.md").read_text(encoding="utf-8")) for line in b.body.splitlines()]
    assert len(lines) > 15
    for line in lines:
        assumption, _, remark = line.partition("    ")
        derivation = lossproof.derive(assumption)
        for name in ("ridge regression", "lasso", "elastic net"):
            if remark.strip() == name:
                assert str(derivation.name).replace("-", " ").startswith(name)


def test_no_block_is_left_out() -> None:
    assert {b.language for b in blocks(README.read_text(encoding="utf-8"))} == {
        "sh",
        "console",
        "pycon",
        "latex",
        "toml",
    }


def test_the_set_up_is_two_commands() -> None:
    """The first block has the two commands, near the top."""
    first = blocks(README.read_text(encoding="utf-8"))[0]
    assert first.language == "sh"
    assert first.line < 20
    run, test = first.body.splitlines()
    assert run.endswith("lossproof derive gaussian")
    assert os.access(ROOT / test, os.X_OK)


def test_links_lead_somewhere() -> None:
    for path in [README, *(ROOT / "docs").glob("*.md"), ROOT / "rules" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def excerpt(shown: list[str], printed: list[str]) -> list[str]:
    """The printed lines, or where ``...`` stands for some, the paragraphs that begin as the shown ones do."""
    if printed and printed[0].startswith("internal:"):
        raise ValueError(printed[0])
    if SKIPPED not in shown:
        return printed
    found = []
    for before, line in zip([SKIPPED, *shown], shown, strict=False):
        if line == SKIPPED:
            found.append(line)
        elif before == SKIPPED:
            tail = printed[printed.index(line) :]
            found += tail[: tail.index("") if "" in tail else len(tail)]
    return found


def rewrite() -> None:
    """Write the outputs of the console blocks anew."""
    import tempfile

    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        for block in blocks(text):
            if block.language == "toml":
                shell.add_record(block.body)
            if block.language != "console":
                continue
            body = ""
            for command, shown in commands(block.body):
                printed = shell.run(command)
                body += "".join(f"{line}\n" for line in [f"$ {command}", *excerpt(shown, printed)])
            text = text.replace(f"```console\n{block.body}```", f"```console\n{body}```")
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
