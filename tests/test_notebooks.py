"""Every notebook runs and shows what is stored in it. ``python tests/test_notebooks.py`` stores the outputs anew."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import lossproof

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
Notebook = dict[str, Any]

#: Runs in a process of its own: what the kernel's libraries warn of is none of the tests' business.
_EXECUTE = """
import sys, nbformat
import matplotlib.font_manager  # builds its cache here and not in the notebook
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
client = NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False, resources={"metadata": {"path": sys.argv[2]}})
client.execute()
nbformat.write(notebook, sys.argv[3])
"""


def executed(path: Path) -> Notebook:
    """The notebook with fresh outputs, run in an empty folder by this interpreter."""
    home = str(Path(lossproof.__file__).parent.parent)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "work").mkdir()
        own = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
        environment = {
            **os.environ, **own, "JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(folder / "ipython"), "MPLCONFIGDIR": str(folder / "mpl"),
            "PYTHONPATH": home, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        target = folder / "done.ipynb"
        done = subprocess.run(
            [sys.executable, "-c", _EXECUTE, path, folder / "work", target], env=environment, cwd=folder, capture_output=True,
            encoding="utf-8", timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: Notebook = json.loads(target.read_text(encoding="utf-8"))
    return tidied(found)


def tidied(notebook: Notebook) -> Notebook:
    """Without what belongs to a machine or a moment."""
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


def text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def shown(notebook: Notebook) -> list[list[tuple[str, str]]]:
    """What each cell shows as text, by kind; of images, that there is one."""
    cells = []
    for cell in notebook["cells"]:
        found = []
        for output in cell.get("outputs", ()):
            if output["output_type"] == "stream":
                found.append((output["name"], text(output["text"])))
            for kind, data in sorted(output.get("data", {}).items()):
                found.append((kind, "" if kind.startswith("image/") else text(data)))
        cells.append(found)
    return cells


def stored(path: Path) -> Notebook:
    found: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_shows_what_is_stored(path: Path) -> None:
    assert shown(executed(path)) == shown(stored(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_notebook_is_clean(path: Path) -> None:
    """Every code cell was run, in order and without a fault or a warning; nothing of a machine is in it."""
    notebook = stored(path)
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    kinds = {o.get("name", o["output_type"]) for c in code for o in c["outputs"]}
    assert kinds <= {"stdout", "execute_result", "display_data"}
    assert tidied(stored(path)) == notebook
    words = "".join(data for cell in shown(notebook) for _, data in cell) + "".join(text(c["source"]) for c in notebook["cells"])
    assert not re.search(r"0x[0-9a-f]{6,}|/home/|/tmp/|/usr/|site-packages", words)
    assert any(kind == "image/png" for cell in shown(notebook) for kind, _ in cell)


def test_there_are_two() -> None:
    assert [p.stem for p in NOTEBOOKS] == ["research", "teaching"]


def rewrite() -> None:
    """Store the outputs anew."""
    for path in NOTEBOOKS:
        path.write_text(json.dumps(executed(path), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    rewrite()
