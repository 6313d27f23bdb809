"""Ids say what they are of, and are read in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.commands import DAY_KINDS, Kind
from jiehuan.serve import ids
from jiehuan.serve.ids import BOOK_MAX, SEQ_MAX, Noun

numbers = st.integers(1, SEQ_MAX)
books = st.integers(0, BOOK_MAX)


def test_an_id_is_read_in_one_way_only():
    cases = table("""
        text                         number
        line_1_42                    42
        line_1_9223372036854775807   9223372036854775807
        line_1_9223372036854775808   none        # beyond what the books can hold
        line_1_0                     none        # numbers begin with 1
        line_1_042                   none
        line_1_+42                   none
        line_1_-42                   none
        line_01_42                   none
        line_2_42                    none        # another book
        hold_1_42                    none        # another noun
        LINE_1_42                    none
        line_1                       none
        line_1_42_                   none
        line-1-42                    none
        line_1_٤٢                    none        # digits, but not ours
        42                           none
    """)

    for case in cases:
        expected = None if case.number == "none" else case.number
        assert expected == ids.read(Noun.LINE, 1, str(case.text)), case


@pytest.mark.parametrize("text", ["", " line_1_42", "line_1_42\n", "line_1_4 2"])
def test_spaces_are_no_part_of_an_id(text):
    assert ids.read(Noun.LINE, 1, text) is None


@given(st.sampled_from(Noun), books, numbers)
def test_what_is_written_is_read_back(noun, book, number):
    assert number == ids.read(noun, book, ids.write(noun, book, number))


@given(st.sampled_from(Noun), st.sampled_from(Noun), books, books, numbers)
def test_no_id_is_taken_for_one_of_another_noun_or_book(noun, other, book, elsewhere, number):
    same = (noun, book) == (other, elsewhere)

    assert (number if same else None) == ids.read(other, elsewhere, ids.write(noun, book, number))


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_none(text):
    number = ids.read(Noun.LINE, 1, text)

    assert number is None or text == ids.write(Noun.LINE, 1, number)


def test_what_a_command_makes_is_named_for_it():
    made = {kind.name: ids.of_command(kind, 1, 7) for kind in Kind if kind not in DAY_KINDS}

    assert {
        "OPEN": "line_1_7",
        "PURCHASE": "purchase_1_7",
        "HOLD": "hold_1_7",
        "CAPTURE": "purchase_1_7",
        "VOID": "command_1_7",
        "DRAW": "draw_1_7",
        "DRAW_SUCCEEDED": "loan_1_7",
        "DRAW_FAILED": "command_1_7",
        "REPAY": "repayment_1_7",
        "REFUND": "refund_1_7",
        "CREDIT": "command_1_7",
        "CONVERT": "loan_1_7",
        "CLOSE": "command_1_7",
        "REVIEW": "command_1_7",
        "COLLECT": "command_1_7",
        "COLLECT_ENDED": "command_1_7",
        "PAY_BACK": "command_1_7",
        "PAY_BACK_SUCCEEDED": "command_1_7",
        "PAY_BACK_FAILED": "command_1_7",
        "REVERSE": "command_1_7",
        "CHARGE": "loan_1_7",
        "WAIVE": "command_1_7",
        "GOODWILL": "command_1_7",
        "CHARGEBACK": "refund_1_7",
    } == made
