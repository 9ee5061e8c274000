"""The package as people install it: by the README's command, as a wheel, and editable; used from another folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ASIDE = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "dist", "build", "*.egg-info"
)


def run(command: list[str | Path] | str, folder: Path, **options: str) -> str:
    """What a command prints; it must succeed. The checkout is out of its sight."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONWARNINGS")}
    line = ["bash", "-c", command] if isinstance(command, str) else [str(c) for c in command]
    done = subprocess.run(
        line, cwd=folder, env={**environment, "PYTHONIOENCODING": "utf-8", **options}, capture_output=True,
        stdin=subprocess.DEVNULL, encoding="utf-8", timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout without what is made in it."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("package") / "clone", ignore=ASIDE))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def readme_run(clone: Path) -> str:
    """The output of the README's first command, in a fresh clone."""
    found = re.search(r"^python3 -m venv .*$", (clone / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return run(found[0].replace("python3", sys.executable, 1), clone)


@pytest.fixture(scope="module")
def python(clone: Path, readme_run: str) -> Path:
    """The interpreter of the environment which that command made."""
    return clone / ".venv" / "bin" / "python"


def test_readme_command_derives(readme_run: str) -> None:
    assert readme_run.startswith("y ~ N(")
    assert "mean squared error" in readme_run
    assert "torch.nn.MSELoss()" in readme_run


def test_installed_package_is_used(python: Path, clone: Path, elsewhere: Path) -> None:
    home, rules = run([python, "-c", WHERE], elsewhere).split("\n")[:2]
    assert Path(home).parent.name == "site-packages"
    assert Path(rules) == Path(home) / "rules"


WHERE = """
import pathlib, lossproof
from lossproof.rulebook import find_rules
print(pathlib.Path(lossproof.__file__).parent)
print(find_rules())
"""


@pytest.mark.parametrize("flags", [[], ["-O"], ["-OO"]], ids=str)
def test_derive_and_check(python: Path, elsewhere: Path, flags: list[str]) -> None:
    """The guards of kernel and checker are no assertions: ``-O`` changes nothing."""
    proof = run([python, *flags, "-m", "lossproof", "derive", "laplace", "--format", "json"], elsewhere)
    (elsewhere / "proof.json").write_text(proof, encoding="utf-8")
    assert "checked" in run([python, *flags, "-m", "lossproof", "check", "proof.json"], elsewhere)


def test_checker_runs_by_itself(python: Path, elsewhere: Path) -> None:
    """As one file, by any Python without lossproof: the records are found beside it, or named."""
    proof = run([python.parent / "lossproof", "derive", "poisson", "--format", "json"], elsewhere)
    (elsewhere / "poisson.json").write_text(proof, encoding="utf-8")
    home = Path(run([python, "-c", WHERE], elsewhere).split("\n")[0])
    assert "checked" in run([sys.executable, "-I", "-S", home / "checker.py", "poisson.json"], elsewhere)
    alone = shutil.copy(home / "checker.py", elsewhere)
    assert "checked" in run([sys.executable, "-I", "-S", alone, "--rules", home / "rules", "poisson.json"], elsewhere)


def test_sympy_goes_in_and_out(python: Path, elsewhere: Path) -> None:
    """SymPy is a dependency; NumPy and SciPy are not, and are not there."""
    code = "import sympy, sympy.stats as st, lossproof as lp\nm = sympy.Symbol('m', real=True)\n"
    code += "print(lp.derive(st.Normal('Y', m, 2)).loss.sympy())\n"
    assert run([python, "-c", code], elsewhere).strip() == "(Y - m)**2"


def test_plain_evaluation_needs_no_numpy(python: Path, elsewhere: Path) -> None:
    code = "import lossproof as lp\nprint(lp.derive('gaussian').loss.evaluate({'y': 1.0, 'yhat': 0.5}))\n"
    assert float(run([python, "-c", code], elsewhere)) == 0.25


def test_editable_install(clone: Path, elsewhere: Path, tmp_path: Path) -> None:
    """In an environment of its own, which sees the packages of this one."""
    run([sys.executable, "-m", "venv", tmp_path / "venv"], elsewhere)
    python = tmp_path / "venv" / "bin" / "python"
    run([python, "-m", "pip", "install", "-q", "--no-deps", "-e", clone], elsewhere)
    packages = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], elsewhere).strip()
    (Path(packages) / "zz_others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    home, rules = run([python, "-c", WHERE], elsewhere).split("\n")[:2]
    assert Path(home) == clone / "lossproof"
    assert Path(rules) == clone / "rules"
    assert "mean squared error" in run([python.parent / "lossproof", "derive", "gaussian"], elsewhere)


def test_distributions_of_the_package(clone: Path, tmp_path: Path) -> None:
    """The wheel, which is built from the sdist, holds the package, every record and nothing else."""
    pytest.importorskip("build", reason="build is not installed")
    run([sys.executable, "-m", "build", "--outdir", tmp_path, "."], clone)
    (wheel,), (sdist,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    held = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    package = {p.relative_to(clone).as_posix() for p in (clone / "lossproof").rglob("*") if p.is_file()}
    rules = {f"lossproof/{p.relative_to(clone).as_posix()}" for p in (clone / "rules").rglob("*") if p.is_file()}
    assert held == {n for n in package if "__pycache__" not in n} | rules
    assert "lossproof/py.typed" in held
    assert any(n.endswith("licenses/LICENSE") for n in zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as packed:
        sources = {n.partition("/")[2] for n in packed.getnames()}
    assert {
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "scripts/test",
        "docs/architecture.md",
        "tests/test_package.py",
    } <= sources


def test_version_is_said_once(clone: Path) -> None:
    import lossproof

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{lossproof.__version__}"' in text
    assert f"## {lossproof.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
