"""Every example runs and prints what its docstring says. ``python tests/test_examples.py`` writes the docstrings anew."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import lossproof

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))


def promised(example: Path) -> str:
    """What the docstring says that it prints."""
    said = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    return textwrap.dedent(said.partition("Prints:\n")[2]).strip()


def printed(example: Path, folder: Path) -> str:
    """What it prints, run in a folder of its own."""
    home = str(Path(lossproof.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-W", "error", example], cwd=folder, encoding="utf-8", capture_output=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": home, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_example(example: Path, tmp_path: Path) -> None:
    assert printed(example, tmp_path) == promised(example)


def rewrite() -> None:
    """Write the docstrings anew."""
    import tempfile

    for example in EXAMPLES:
        text = example.read_text(encoding="utf-8")
        head, rest = text.split("Prints:\n", 1)
        with tempfile.TemporaryDirectory() as folder:
            shown = textwrap.indent(printed(example, Path(folder)), "    ")
        example.write_text(f'{head}Prints:\n{shown}\n"""{rest.partition(chr(34) * 3)[2]}', encoding="utf-8")


if __name__ == "__main__":
    rewrite()
