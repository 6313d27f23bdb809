"""Our own numbers: what they look like, and that each finds its way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiehuan.channels import numbers
from jiehuan.core.errors import UsageError

BOOKS = st.integers(0, numbers.BOOK_MAX)
IDS = st.integers(1, numbers.ID_MAX)


@given(BOOKS, IDS)
def test_a_number_is_read_as_it_was_written_and_fits_every_field(book, instruction):
    number = numbers.write(book, instruction)

    assert (book, instruction) == numbers.read(number)
    assert re.fullmatch("[0-9a-z]{18}", number)  # a transfer's takes letters and digits only


@given(st.text() | st.from_regex("[jJ]h[0-9]{10,20}", fullmatch=True))
def test_a_text_is_one_of_our_numbers_or_none(text):
    read = numbers.read(text)

    assert read is None or numbers.write(*read) == text


@pytest.mark.parametrize(
    "text", ["", "jh0020000000000000", "jh00\uff120000000000017", "jh002000000000017\n"]
)
def test_what_looks_like_a_number_of_ours_may_be_none(text):
    assert numbers.read(text) is None


def test_a_book_of_four_digits_instructs_no_partner():
    with pytest.raises(UsageError, match="0 to 999, not 1000"):
        numbers.write(1_000, 1)
