"""Imports point down: the rows of the architecture, held."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "conflictkg"

# Row by row from the bottom. A module imports from lower rows only; those of one row do not import
# each other. A package counts as one module: what is inside it may import its own.
ROWS: list[set[str]] = [
    {"errors"},
    {"terms", "files", "config"},
    {"graphs", "provenance", "values", "iris", "answers"},
    {"engine", "questions", "access", "sandbox"},
    {"store"},
    {
        "sources",
        "shacl",
        "reason",
        "link",
        "describe",
        "views",
        "rdflib_store",
        "federation",
        "parameters",
    },
    {"build", "client", "dumps", "exports", "releases", "spark"},
    {"web", "cli", "mcp"},
]
# In a row, but below the others of it: (importer, imported). provenance and values write IRIs and terms; tools
# for language models tell of things what their pages tell.
WITHIN_ROW = {("provenance", "iris"), ("mcp", "web"), ("cli", "mcp"), ("exports", "dumps")}
ROW_OF = {name: number for number, names in enumerate(ROWS) for name in names}


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports_of(tree: ast.AST) -> set[str]:
    """First names below conflictkg that a syntax tree imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "conflictkg":
                names = [f"conflictkg.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("conflictkg.")}
    return found


def faults(module: str, imported: set[str]) -> list[str]:
    """What is wrong with a module's imports, one sentence each."""
    if module not in ROW_OF:
        return [f"{module} has no row: place the new module"]
    found = []
    for name in sorted(imported - {module}):
        if name not in ROW_OF:
            found.append(f"{name} has no row: place the new module")
        elif (module, name) in WITHIN_ROW or {module, name} == {"cli", "web"}:
            continue
        elif ROW_OF[name] >= ROW_OF[module]:
            found.append(f"{module} (row {ROW_OF[module]}) imports {name} (row {ROW_OF[name]})")
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_from_lower_rows(path: Path) -> None:
    """No module imports from its own row or a higher one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert faults(module_of(path), imports_of(tree)) == []


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        (
            "errors",
            "from conflictkg.graphs import parse_graph",
            "errors (row 0) imports graphs (row 2)",
        ),
        ("store", "def f():\n    import conflictkg.web", "store (row 4) imports web (row 7)"),
        ("reason", "from conflictkg import shacl", "reason (row 5) imports shacl (row 5)"),
        ("novel", "", "novel has no row: place the new module"),
        ("web", "from conflictkg.utils import x", "utils has no row: place the new module"),
    ],
)
def test_upward_import_is_found(module: str, code: str, expected: str) -> None:
    """The check goes red on an import upwards, sideways, hidden in a function, or of a module without a row."""
    assert faults(module, imports_of(ast.parse(code))) == [expected]


def test_sources_do_not_import_each_other() -> None:
    """What two sources share stands beside their folders; none imports another, and what is shared imports none."""
    folders = {path.parent.name for path in (PACKAGE / "sources").glob("*/__init__.py")}
    for path in (PACKAGE / "sources").rglob("*.py"):
        own = path.relative_to(PACKAGE / "sources").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "conflictkg.sources."
            ):
                imported = str(node.module).split(".")[2]
                assert imported == own or imported not in folders, f"{path} imports {node.module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_hides_no_import_behind_type_checking(path: Path) -> None:
    """TYPE_CHECKING is no way round a cycle."""
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")
