"""Is this a number on an identity card, and how old is its owner?  GB 11643-1999."""

import datetime as dt
import re
from typing import Final

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS: Final = "10X98765432"
YEARS_MAX: Final = 150

_FORM = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_NAME = re.compile(r"[^\d\s<>&\"/\\]{1,30}([ ·][^\d\s<>&\"/\\]{1,30}){0,4}")
_PHONE = re.compile(r"1\d{10}", re.ASCII)


def tidy(text: str) -> str:
    """Return a number as it is kept: no spaces, a capital X."""
    return re.sub(r"\s", "", text).upper()


def born_on(whole: str) -> dt.date | None:
    """Return the day of birth in a number; None if its form or its check digit is wrong.

    Examples:
        >>> born_on("11010519491231002X")
        datetime.date(1949, 12, 31)
        >>> born_on("110105194912310021") is None
        True
    """
    if not _FORM.fullmatch(whole) or number(whole[:17]) != whole:
        return None
    try:
        return dt.date(int(whole[6:10]), int(whole[10:12]), int(whole[12:14]))
    except ValueError:
        return None


def number(first: str) -> str:
    """Return the whole number that begins with 17 digits.

    Examples:
        >>> number("11010519491231002")
        '11010519491231002X'
    """
    return first + CHECK_DIGITS[_weigh(first) % 11]


def _weigh(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))


def age_years(born: dt.date, on: dt.date) -> int | None:
    """Return the full years between two days; None if it cannot be an age.

    Examples:
        >>> age_years(dt.date(2000, 2, 29), dt.date(2026, 2, 28))
        25
    """
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return years if 0 <= years <= YEARS_MAX else None


def is_name(text: str) -> bool:
    """Say whether a text may be somebody's name.

    Examples:
        >>> is_name("欧阳娜娜"), is_name("Ana Lee"), is_name("<b>"), is_name("")
        (True, True, False, False)
    """
    return bool(_NAME.fullmatch(text))


def is_phone(text: str) -> bool:
    """Say whether a text may be the number of a mobile phone in China."""
    return bool(_PHONE.fullmatch(text))


def masked(text: str, first: int, last: int) -> str:
    """Hide the middle of a text.

    Examples:
        >>> masked("13800138000", 3, 4), masked("张三", 1, 0)
        ('138****8000', '张*')
    """
    hidden = max(len(text) - first - last, 0)
    return text[:first] + "*" * hidden + text[len(text) - last :]
