"""What the pages say, in Chinese and in English.

Chinese is the source language, as on our other pages: ``EN`` is keyed by the Chinese text, a
text that is missing there fails a test, and so does one that no page says.  A text may have
places, ``{amount}``, that the page fills in; the same in both languages.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from jiehuan.serve.phone.words_bills import EN as BILLS
from jiehuan.serve.phone.words_borrow import EN as BORROW
from jiehuan.serve.phone.words_start import EN as START
from jiehuan.serve.phone.words_told import EN as TOLD

EN: Final[Mapping[str, str]] = {**START, **BORROW, **BILLS, **TOLD}
assert len(EN) == sum(map(len, (START, BORROW, BILLS, TOLD))), "a text stands in one place"

MONTHS_EN: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
ZONE: Final = dt.timezone(dt.timedelta(hours=8))  # the lender's; it has no summer time


def say(zh: str, language: str, **values: object) -> str:
    """Return a text in a language, its places filled in."""
    text = zh if language == "zh" else EN[zh]
    return text.format(**values) if values else text


def day(on: int, language: str) -> str:
    """Write a day of this year or the next: ``12月10日``, ``10 Dec``.

    Examples:
        >>> day(dt.date(2026, 12, 10).toordinal(), "zh")
        '12月10日'
    """
    date = dt.date.fromordinal(int(on))
    if language == "zh":
        return f"{date.month}月{date.day}日"
    return f"{date.day} {MONTHS_EN[date.month - 1]}"


def long_day(on: int, language: str) -> str:
    """Write a day with its year: ``2026年12月10日``, ``10 Dec 2026``."""
    short, year = day(on, language), dt.date.fromordinal(int(on)).year
    return f"{year}年{short}" if language == "zh" else f"{short} {year}"


def month(on: int, language: str) -> str:
    """Write the month of a day: ``11月``, ``Nov``."""
    date = dt.date.fromordinal(int(on))
    return f"{date.month}月" if language == "zh" else MONTHS_EN[date.month - 1]


def minute(at: dt.datetime, language: str) -> str:
    """Write a minute: ``12月10日 23:59``, ``10 Dec, 23:59``."""
    here = at.astimezone(ZONE)
    comma = "" if language == "zh" else ","
    return f"{day(here.toordinal(), language)}{comma} {here:%H:%M}"
