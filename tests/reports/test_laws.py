"""docs/laws.md names constraints, checks and tests; all of them exist."""

import ast
import re
from pathlib import Path

import pytest

from jiehuan.reports.breach import CHECKS

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")
LAWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition("## What audit checks")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| law ")
]


def named(column):
    """List the names in one column of the tables of laws."""
    return {name for law in LAWS for name in re.findall(r"`([^`]+)`", law[column])}


def test_every_law_is_held_by_a_test():
    assert 8 == len(re.findall(r"^## \d\. ", TEXT, re.MULTILINE))
    assert [] == [law[0] for law in LAWS if not law[3]]


def test_constraints_that_hold_a_law_are_in_the_schema(conn):
    there = {
        name
        for (name,) in conn.execute(
            "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        )
    }

    assert set() == named(1) - there


def test_every_check_holds_a_law_and_is_explained():
    explained = re.findall(r"^\| `(\w+)` \| (.+) \|$", TEXT, re.MULTILINE)

    assert CHECKS == dict(explained)
    assert set(CHECKS) - {"readable"} == named(2)


def test_every_check_is_made_somewhere():
    reports = ROOT / "src" / "jiehuan" / "reports"
    used = {
        node.value
        for path in reports.glob("*.py")
        if path.name != "breach.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert set() == set(CHECKS) - used


@pytest.mark.parametrize("place", sorted(named(3)))
def test_tests_that_hold_a_law_exist(place):
    file, _, name = place.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
