"""The documentation names what there is, and nothing else."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from jiehuan.core.commands import DAY_KINDS, Kind
from jiehuan.core.outcomes import Outcome

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def names(heading: str, page: str = "commands.md") -> list[str]:
    """List the first cells, in code, of the table below a heading."""
    section = (ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    return re.findall(r"^\| `(\w+)` \|", section.partition("\n## ")[0], re.MULTILINE)


def test_every_command_of_callers_is_documented():
    assert [kind.name for kind in Kind if kind not in DAY_KINDS] == names("What callers ask")


def test_every_command_of_the_day_is_documented_in_its_order():
    assert [kind.name for kind in Kind if kind in DAY_KINDS] == names("What a day does")


def test_every_outcome_is_documented_with_its_number_in_the_order_of_the_checks():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    numbered = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)

    assert [(code.name, str(code.value)) for code in Outcome] == numbered


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    here = [link for link in links if "://" not in link]

    assert [] == [link for link in here if not (page.parent / unquote(link)).exists()]


def test_every_target_of_make_has_its_line_in_the_help():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    [phony] = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)

    assert set(phony.split()) - {"help"} == set(re.findall(r'echo "make ([\w-]+) ', text))
