"""What a new process loads: the first answer must not wait for SymPy or NumPy."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("sympy", "numpy", "scipy", "flint", "mpmath", "matplotlib", "pytest")

_LOADED = "import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"


def loaded(code: str) -> set[str]:
    """The top-level modules of a new process after it ran the code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code=code)],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import lossproof",
        "import lossproof as lp; lp.derive('gaussian')",
        "import lossproof as lp; d = lp.derive('y ~ N(ŷ, σ²) with σ fixed'); d.text(); d.proof.to_json()",
        "import lossproof as lp; lp.derive('gaussian').html()",
        "import lossproof as lp; lp.derive('gaussian').loss.evaluate({'y': 1.0, 'yhat': 0.5})",
        "from lossproof.checker import check; check({})",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert not loaded(code) & set(HEAVY)


@pytest.mark.skipif(importlib.util.find_spec("lossproof.cli") is None, reason="no command line yet")
def test_command_line_loads_nothing_heavy() -> None:
    run = "from lossproof.cli import main\ntry:\n    main(['derive', 'gaussian'])\nexcept SystemExit as stop:\n    assert not stop.code"
    assert not loaded(run) & set(HEAVY)


def test_import_alone_reads_no_rules() -> None:
    assert "tomllib" not in loaded("import lossproof")
