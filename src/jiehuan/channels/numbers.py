"""Our own number of an instruction: the partner's key against doing a thing twice.

It is made of the book and of the command that made the instruction, so it is the same however
often it is sent, and a partner's message finds its book by it.  18 letters and digits, which
every partner's field takes.
"""

import re

from jiehuan.core.errors import UsageError

BOOK_MAX = 999
ID_MAX = 10**13 - 1

_FORM = re.compile(r"jh([0-9]{3})([0-9]{13})")


def write(book: int, instruction: int) -> str:
    """Return the number of an instruction.

    Args:
        book: The book's own number, 0 .. 999.
        instruction: The seq of the command that made it, 1 or more.

    Raises:
        UsageError: The book's number has more than three digits.

    Examples:
        >>> write(2, 17)
        'jh0020000000000017'
    """
    if not 0 <= book <= BOOK_MAX:
        raise UsageError(f"a book that instructs a partner is numbered 0 to {BOOK_MAX}, not {book}")
    assert 0 < instruction <= ID_MAX
    return f"jh{book:03d}{instruction:013d}"


def read(number: str) -> tuple[int, int] | None:
    """Return book and instruction of a number, or None if it is not one of ours.

    Examples:
        >>> read("jh0020000000000017"), read("20261123-1")
        ((2, 17), None)
    """
    found = _FORM.fullmatch(number)
    if not found or int(found[2]) == 0:
        return None
    return int(found[1]), int(found[2])
