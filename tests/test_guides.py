"""What the guides show is what happens. ``python tests/test_guides.py`` writes the outputs anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_readme import SKIPPED, Block, Shell, blocks, commands, problems

ROOT = Path(__file__).resolve().parent.parent
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("guides"))


@pytest.mark.parametrize("guide", GUIDES, ids=[g.stem for g in GUIDES])
def test_commands_print_what_is_shown(guide: Path, shell: Shell) -> None:
    found = [f"line {b.line}: {p}" for b in blocks(guide.read_text(encoding="utf-8")) for p in problems(b, shell)]
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("guide", GUIDES, ids=[g.stem for g in GUIDES])
def test_commands_in_the_text_run(guide: Path, shell: Shell) -> None:
    text = guide.read_text(encoding="utf-8")
    for command in re.findall(r"`(lossproof [a-z]+ [^`A-Z]*)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)):
        assert shell.run(f"{command} >/dev/null; echo $?") == ["0"], command


def test_every_guide_is_in_the_index() -> None:
    index = (ROOT / "docs" / "guides" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert linked == {g.name for g in GUIDES} - {"README.md"}


def test_guides_show_commands_and_nothing_that_is_not_tested() -> None:
    for guide in GUIDES:
        found = blocks(guide.read_text(encoding="utf-8"))
        assert {b.language for b in found} <= {"console"}, guide.name
        assert guide.name == "README.md" or len(found) > 2, guide.name
        assert all(list(commands(b.body)) for b in found)


# -- writing them


def paragraphs(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines between blank ones."""
    found: list[str] = []
    for line in [*lines, ""]:
        if line:
            found.append(line)
        elif found:
            yield found
            found = []


def renewed(block: Block, shell: Shell) -> str:
    """The block with the paragraphs of today's output that begin as the shown ones do; numbers may have changed since."""
    body = ""
    for command, shown in commands(block.body):
        printed = shell.run(command)
        if printed and printed[0].startswith("internal:"):
            raise ValueError(printed[0])
        if SKIPPED in shown:
            starts = [_start(p[0]) for part in _parts(shown) for p in paragraphs(part)]
            kept: list[str] = []
            for paragraph in paragraphs(printed):
                if _start(paragraph[0]) in starts:
                    kept += [*([""] if kept and kept[-1] != SKIPPED else []), *paragraph]
                elif not kept or kept[-1] != SKIPPED:
                    kept.append(SKIPPED)
            printed = kept
        body += "".join(f"{line}\n" for line in [f"$ {command}", *printed])
    return f"```console\n{body}```"


def _parts(shown: list[str]) -> Iterator[list[str]]:
    found: list[str] = []
    for line in [*shown, SKIPPED]:
        if line == SKIPPED:
            yield found
            found = []
        else:
            found.append(line)


def _start(line: str) -> str:
    """What a paragraph is known by: its first word, for an answer two."""
    words = line.split()
    return words[0] if words[0] != "A" else " ".join(words[:1] + words[2:3])


def rewrite() -> None:
    """Write the outputs of all guides anew."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        for guide in GUIDES:
            text = guide.read_text(encoding="utf-8")
            for block in blocks(text):
                text = text.replace(f"```console\n{block.body}```", renewed(block, shell))
            guide.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
