"""The sandbox is a foreign company: it knows nothing of us, and nothing of ours knows it."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"
SANDBOX = SOURCE / "jiehuan" / "channels" / "sandbox"
OURS = "jiehuan.channels.sandbox"
SHARED = "jiehuan.core.errors"


def imported(path):
    """List what a module imports of this project."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_it_imports_nothing_of_ours_but_errors():
    strangers = {
        f"{path.name}: {name}"
        for path in SANDBOX.rglob("*.py")
        for name in imported(path)
        if name.startswith("jiehuan.") and not name.startswith((OURS, SHARED))
    }

    assert set() == strangers


def test_nothing_but_the_command_line_imports_it():
    callers = {
        path.relative_to(SOURCE / "jiehuan").parts[0]
        for path in (SOURCE / "jiehuan").rglob("*.py")
        if SANDBOX not in path.parents
        if any(name.startswith(OURS) for name in imported(path))
    }

    assert callers <= {"cli"}
