"""What is a row of the books called by those outside?  Noun, book and number: ``line_1_42``.

The book is part of the text, so an id leads to its book without a look-up, and an id of one
noun is never taken for another.  As text it is safe in every language's JSON.
"""

import enum
import re

from jiehuan.core.commands import Kind

SEQ_MAX = 2**63 - 1
BOOK_MAX = 2**15 - 1

_FORM = re.compile(r"([a-z]+)_(0|[1-9]\d{0,4})_([1-9]\d{0,18})", re.ASCII)


class Noun(enum.StrEnum):
    """What an id stands for."""

    LINE = "line"
    PURCHASE = "purchase"
    HOLD = "hold"
    DRAW = "draw"
    REPAYMENT = "repayment"
    REFUND = "refund"
    LOAN = "loan"
    STATEMENT = "statement"
    INSTRUCTION = "instruction"
    DECISION = "decision"
    TRANSFER = "transfer"
    COMMAND = "command"


# What a command makes, and so what its number is the number of.
MADE_BY: dict[Kind, Noun] = {
    Kind.OPEN: Noun.LINE,
    Kind.PURCHASE: Noun.PURCHASE,
    Kind.HOLD: Noun.HOLD,
    Kind.CAPTURE: Noun.PURCHASE,
    Kind.DRAW: Noun.DRAW,
    Kind.DRAW_SUCCEEDED: Noun.LOAN,
    Kind.REPAY: Noun.REPAYMENT,
    Kind.REFUND: Noun.REFUND,
    Kind.CONVERT: Noun.LOAN,
    Kind.CHARGE: Noun.LOAN,
    Kind.CHARGEBACK: Noun.REFUND,
    Kind.STATEMENT: Noun.STATEMENT,
}


def write(noun: Noun, book: int, seq: int) -> str:
    """Return the id of a row.

    Examples:
        >>> write(Noun.LINE, 1, 42)
        'line_1_42'
    """
    return f"{noun}_{book}_{seq}"


def of_command(kind: int, book: int, seq: int) -> str:
    """Return the id of what a command made, or of the command if it made nothing.

    Examples:
        >>> of_command(Kind.CAPTURE, 1, 7), of_command(Kind.CLOSE, 1, 8)
        ('purchase_1_7', 'command_1_8')
    """
    return write(MADE_BY.get(Kind(kind), Noun.COMMAND), book, seq)


def read_command(book: int, text: str) -> int | None:
    """Return the number of a command, from its own id or that of what it made.

    Examples:
        >>> read_command(1, "repayment_1_42"), read_command(1, "decision_1_42")
        (42, None)
    """
    nouns = (Noun.COMMAND, *dict.fromkeys(MADE_BY.values()))
    numbers = (read(noun, book, text) for noun in nouns)
    return next((number for number in numbers if number is not None), None)


def read(noun: Noun, book: int, text: str) -> int | None:
    """Return the number in an id, or None if it is no id of this noun in this book.

    Examples:
        >>> read(Noun.LINE, 1, "line_1_42"), read(Noun.HOLD, 1, "line_1_42")
        (42, None)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    said, said_book, seq = match.groups()
    if said != noun or int(said_book) != book or int(seq) > SEQ_MAX:
        return None
    return int(seq)
