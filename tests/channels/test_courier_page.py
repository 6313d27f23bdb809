"""The page about the courier shows the tables that the program has."""

from pathlib import Path

import pytest

from jiehuan.channels import wechat_words as words
from jiehuan.channels.life import FIRST, NEXT, Heard, Next, State, Telling, Wanted

PAGE = (Path(__file__).parents[2] / "docs" / "courier.md").read_text(encoding="utf-8")


def drawn(heads, rows):
    """Draw a table as the page has it."""
    lines = [list(heads), *rows]
    shown = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(lines[0]), *shown[1:]]) + "\n"


def cell(step: Next):
    return f"**{step}**" if isinstance(step, Telling) else str(step)


def test_how_a_visit_begins_is_drawn():
    heads = ["the book has it as", "to be done", "to be ended"]
    rows = [[state, *(cell(FIRST[wanted][state]) for wanted in Wanted)] for state in State]

    assert drawn(heads, rows) in PAGE


@pytest.mark.parametrize("wanted", Wanted)
def test_what_an_answer_leads_to_is_drawn(wanted):
    heads = ["done", *(said.replace("_", " ") for said in Heard)]
    rows = [[doing, *(cell(row[said]) for said in Heard)] for doing, row in NEXT[wanted].items()]

    assert drawn(heads, rows) in PAGE


def test_every_code_that_can_end_an_instruction_is_named():
    ends = words.FOR_GOOD | words.FOR_NOW | words.TRANSFER_ENDED | words.ORDER_ENDED

    assert [] == [code for code in sorted(ends) if f"`{code}`" not in PAGE]
