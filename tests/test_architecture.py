"""The house rules that a program can read: floors, sizes, and what the trusted parts may not do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lossproof"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(f.relative_to(PACKAGE)) for f in FILES]
MAX_LINES = 500
MAX_FUNCTION = 50

#: The floors of the house, lowest first; a module may import what stands on its own floor or below.
FLOORS: list[set[str]] = [
    {"errors", "files"},
    {"terms"},
    {"facts"},
    {"kernel"},
    {"syntax"},
    {"rulebook"},
    {"domains", "proof", "search", "tables"},
    {"reading", "model", "own", "derivation", "objectives", "comparison", "theorems"},
    {"interop", "render", "codegen", "referees"},
    {"appendices"},
    {"cli", "__main__"},
]
#: Beside the floors: these may be imported from anywhere inside functions alone, and do not import upwards themselves.
LAZY = {"interop", "render", "codegen", "own", "syntax", "referees"}
ALONE = {"checker"}


def room(path: Path) -> str:
    """The room of the house in which a file stands."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    found = [i for i, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"{name} stands on no floor: add it to FLOORS"
    return found[0]


def imports(tree: ast.AST) -> Iterator[tuple[str, bool, int]]:
    """Each import of the package's rooms: the room, whether it runs when the module is loaded, and its line."""
    stack: list[tuple[ast.AST, bool]] = [(tree, True)]
    while stack:
        node, at_load = stack.pop()
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module] if node.module != "lossproof" else [f"lossproof.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            names = []
        for name in names:
            parts = name.split(".")
            if parts[0] == "lossproof" and len(parts) > 1 and not parts[1].startswith("__"):
                yield parts[1], at_load, node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            stack.extend((n, at_load) for n in node.orelse)
            continue
        inner = at_load and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        stack.extend((n, inner) for n in ast.iter_child_nodes(node))


def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_is_imported_from_above(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    found = list(imports(read(path)))
    assert all(there not in ALONE or here in ("cli", *ALONE) for there, _, _ in found), "the checker stands alone"
    if here in ALONE:
        assert not found, "the checker imports nothing of lossproof"
        return
    for there, at_load, line in found:
        if not at_load and there in LAZY:
            continue
        if not at_load and here == "rulebook":
            continue
        assert there in ALONE or floor(there) <= floor(here), f"{path.name}:{line} imports {there} from above {here}"


@pytest.mark.parametrize("name", ["terms", "facts", "kernel"])
def test_trusted_rooms_do_not_read_print_or_search(name: str) -> None:
    allowed = {"terms": {"terms"}, "facts": {"terms", "facts"}, "kernel": {"terms", "facts", "kernel"}}[name]
    for path in FILES:
        if room(path) != name:
            continue
        for there, at_load, line in imports(read(path)):
            method_of_term = path.name == "node.py" and not at_load and there in ("syntax", "interop", "terms")
            assert there in allowed or method_of_term, f"{path.name}:{line} imports {there}"


#: Which files of referees/ belong together; __init__, reading and walking are common to all.
OF_REFEREE = {"sympy": "sympy", "ball": "balls", "balls": "balls", "coq": "coq"}


#: What the writer for Coq may use besides: it reads records, which are text, and writes terms; Coq judges what it wrote.
OF_COQ = {"terms", "facts", "syntax", "rulebook", "files"}


def test_referees_share_no_code_with_the_engine_or_one_another() -> None:
    for path in FILES:
        if room(path) != "referees":
            continue
        of_coq = path.parent.name == "coq"
        own = "coq" if of_coq else OF_REFEREE.get(path.stem.split("_")[0])
        allowed = {"errors", "referees", *(OF_COQ if of_coq else ())}
        for there, _, line in imports(read(path)):
            assert there in allowed, f"{path.name}:{line} imports {there}"
        for node in ast.walk(read(path)):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("lossproof.referees."):
                continue
            other = OF_REFEREE.get((node.module or "").split(".")[2].split("_")[0])
            assert other is None or other == own, f"{path.name}:{node.lineno} imports {node.module}"


def test_checker_imports_the_standard_library_alone() -> None:
    for node in ast.walk(read(PACKAGE / "checker.py")):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names, f"line {node.lineno}: {name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "checker.py":
        assert text.count("\n") <= MAX_LINES
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_FUNCTION
    ]
    assert not long


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_text_is_never_run(path: Path) -> None:
    for node in ast.walk(read(path)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in ("eval", "exec", "compile", "__import__"), f"line {node.lineno}: {called}"
        assert not called.startswith(("pickle.", "marshal.", "shelve.", "yaml.")), f"line {node.lineno}: {called}"
        assert called.split(".")[-1] not in ("parse_expr", "eval_expr"), f"line {node.lineno}: {called}"
        if called.split(".")[-1] in ("sympify", "S", "lambdify"):
            # SymPy runs text as Python unless it is strict.
            assert any(k.arg == "strict" and ast.unparse(k.value) == "True" for k in node.keywords), (
                f"line {node.lineno}: {called}"
            )


@pytest.mark.parametrize(
    "path", [f for f in FILES if room(f) in ("terms", "facts", "kernel", "checker")], ids=lambda f: f.name
)
def test_guards_raise(path: Path) -> None:
    """``python -O`` removes an assert: in the trusted parts it may tell a type checker something, and no more."""
    for node in ast.walk(read(path)):
        if isinstance(node, ast.Assert):
            tests = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
            for test in map(ast.unparse, tests):
                assert path.name != "kernel.py", f"line {node.lineno}"
                assert test.startswith("isinstance(") or test.endswith(" is not None"), f"line {node.lineno}: {test}"


@pytest.mark.parametrize(
    "path", [f for f in FILES if f.name != "__main__.py"], ids=[n for n in NAMES if n != "__main__.py"]
)
def test_modules_say_what_they_do(path: Path) -> None:
    assert ast.get_docstring(read(path))


def test_nothing_is_left_open() -> None:
    """No marker hides a missing part."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    for folder in ("lossproof", "rules", "docs", "tests", "benchmarks", "examples"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".md", ".tex"):
                text = path.read_text(encoding="utf-8")
                assert not [m for m in marks if m in text], path
