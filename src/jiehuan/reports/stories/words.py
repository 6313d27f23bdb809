"""How the words of a story are read: amounts, days, names, outcomes."""

import difflib
import re
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from jiehuan.core import days
from jiehuan.core.columns import Commands
from jiehuan.core.errors import UsageError
from jiehuan.core.money import MINOR_PER_MAJOR
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories.figures import Unit
from jiehuan.reports.stories.kinds import ALWAYS, CLAUSES, KINDS, MARKS
from jiehuan.reports.stories.story import ALL, EVENTS, NOTHING, Wanted

_AMOUNT = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,8})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_NAME = re.compile(r"[\w.-]{1,60}")
_NUMBER_MAX = 2**62

MORNING, NIGHT = "morning", "night"
_TAKEN = {ALL, NOTHING, *EVENTS, *CLAUSES, *MARKS, *ALWAYS}


def near(word: str, known: Iterable[str]) -> str:
    """Say which word may have been meant, or which there are."""
    every = sorted(known)
    found = difflib.get_close_matches(word, every, n=1)
    return f"did you mean {found[0]!r}?" if found else f"there is {', '.join(every)}"


def is_amount(word: str) -> bool:
    """Say whether a word is an amount."""
    return _AMOUNT.fullmatch(word) is not None


def exact(word: str) -> Fraction:
    """Read an amount with up to eight decimals, in minor units.

    Raises:
        UsageError: It is none.
    """
    match = _AMOUNT.fullmatch(word)
    if match is None:
        raise UsageError(f"{word!r} is not an amount; write it like 1,000.00")
    sign, major, decimals = match.groups()
    whole = Fraction(major.replace(",", "") + (decimals or ""))
    found: Fraction = whole * MINOR_PER_MAJOR
    if found > _NUMBER_MAX:
        raise UsageError(f"{word} is too much")
    return -found if sign else found


def amount(word: str) -> int:
    """Read an amount in minor units; more than can be lent is refused by the line, not here.

    Raises:
        UsageError: It is none, or has more than two decimals.
    """
    found = exact(word)
    if found.denominator != 1:
        raise UsageError(f"{word} has more than two decimals")
    return found.numerator


def number(word: str, column: str) -> int:
    """Read a whole number that a column of commands can hold.

    Raises:
        UsageError: It is none, or too large.
    """
    most = int(np.iinfo(Commands.DTYPE[column]).max)
    if _WHOLE.fullmatch(word) is None or abs(int(word)) > most:
        raise UsageError(f"{word!r} is not a whole number up to {most}")
    return int(word)


def name(word: str) -> str:
    """Read what a command is called.

    Raises:
        UsageError: It has characters that a name has not, or means something else.
    """
    if word in _TAKEN:
        raise UsageError(f"{word!r} means something else; choose another name")
    if _NAME.fullmatch(word) is None:
        raise UsageError(f"{word!r} is not a name; use letters, digits, '-', '_' and '.'")
    return word


def reference(text: str) -> str:
    """Read what refers to a command or to an event of a day.

    Raises:
        UsageError: It is neither a name nor an event with its day.
    """
    event, _, day = text.partition(" ")
    if event in EVENTS:
        return f"{event} {days.to_text(days.parse(day))}"
    return text if text in (ALL, NOTHING) else name(text)


def outcome(word: str) -> Outcome:
    """Read an outcome.

    Raises:
        UsageError: There is none of this name.
    """
    if word.upper() not in Outcome.__members__:
        raise UsageError(
            f"there is no outcome {word!r}; {near(word, (one.name.lower() for one in Outcome))}"
        )
    return Outcome[word.upper()]


def kind_word(word: str) -> str:
    """Return the word of a kind that callers may ask.

    Raises:
        UsageError: There is none.
    """
    if word not in KINDS:
        raise UsageError(f"there is no command {word!r}; {near(word, (*KINDS, MORNING, NIGHT))}")
    return word


def wanted(unit: Unit, word: str) -> Wanted:
    """Read the value that a figure must have.

    Raises:
        UsageError: It is not of this unit.
    """
    if unit is Unit.MONEY:
        return amount(word)
    if unit is Unit.EXACT:
        return exact(word)
    if unit is Unit.DAY:
        return days.parse(word)
    if unit is Unit.NUMBER:
        return number(word, "amount_minor")
    return word
