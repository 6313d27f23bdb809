"""On which day is something payable, if its due day is a holiday?

A calendar is data with a version: the days off of some years, and the weekend days on which
people work instead.  A holiday moves the payable day; whether interest runs to the due day
or to the payable day is for the terms to say.
"""

import dataclasses
import tomllib
from typing import Final

import numpy as np

from jiehuan.core.columns import Codes, Days, Flags, Int64s
from jiehuan.core.days import month_of, next_cut_on, on_day_of_month, parse
from jiehuan.core.errors import UsageError

RULES: Final = ("none", "following", "preceding", "modified_following")
_WEEK: Final = 7
_SATURDAY: Final = 5
# Longer than any run of days off.
_CLOSED_MAX: Final = 31


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """One version of a calendar.

    Attributes:
        name: Such as ``cn``.
        version: From 1; a later one replaces an earlier for new schedules only.
        off: Days off, sorted, shape (k,).
        worked: Weekend days on which people work, sorted, shape (m,).
    """

    name: str
    version: int
    off: Days
    worked: Days


def read(text: str | bytes) -> dict[tuple[str, int], Calendar]:
    """Read calendars: one ``[[calendar]]`` table for each version of each.

    Raises:
        UsageError: It is not TOML, a day is no day, or a version is there twice.
    """
    try:
        tables = tomllib.loads(text.decode() if isinstance(text, bytes) else text)["calendar"]
        made = [
            Calendar(t["name"], t["version"], _days(t["off"]), _days(t["worked"])) for t in tables
        ]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"a calendar has name, version, off and worked: {error}") from None
    keyed = {(calendar.name, calendar.version): calendar for calendar in made}
    if len(keyed) != len(made):
        raise UsageError("a version of a calendar is there twice")
    return keyed


def _days(texts: list[str]) -> Days:
    """Return days, sorted."""
    return np.unique(np.array([parse(text) for text in texts], np.int32))


def is_open(calendar: Calendar, on: Days) -> Flags:
    """Say of each day whether people work on it, shape (n,)."""
    # The first day of all, ordinal 1, was a Monday.
    weekend = (on - 1) % _WEEK >= _SATURDAY
    return (~weekend | np.isin(on, calendar.worked)) & ~np.isin(on, calendar.off)


def payable_on(calendar: Calendar, on: Days, rule: str) -> Days:
    """Return the day on which each due day is payable.

    Args:
        calendar: Says which days are open.
        on: Due days, shape (n,).
        rule: Of ``RULES``: not moved, to the next open day, to the one before, or to the next
            unless that lies in another month, then to the one before.

    Returns:
        Days, shape (n,).
    """
    assert rule in RULES
    if rule == "none":
        return on
    if rule == "modified_following":
        later, before = _step(calendar, on, 1), _step(calendar, on, -1)
        return np.where(month_of(later) == month_of(on), later, before).astype(np.int32)
    return _step(calendar, on, 1 if rule == "following" else -1)


def _step(calendar: Calendar, on: Days, by: int) -> Days:
    """Return the nearest open day in one direction, the day itself if it is open."""
    moved = on.astype(np.int32)
    for _ in range(_CLOSED_MAX):
        closed = ~is_open(calendar, moved)
        if not closed.any():
            break
        moved = (moved + by * closed).astype(np.int32)
    return moved


def first_due_on(start_on: Days, cycle_day: Codes | Int64s | int, nights_min: int) -> Days:
    """Return the first due day: the next cycle day that leaves a period of enough nights.

    With ``nights_min`` 1 the first period is the shorter one, with 28 or more the longer.

    Args:
        start_on: First days, shape (n,).
        cycle_day: Day of the month, shape (n,), (1,) or a number.
        nights_min: The least number of nights.
    """
    due_on = next_cut_on(start_on, cycle_day)
    while (short := due_on - start_on < nights_min).any():
        due_on = np.where(short, next_cut_on(due_on, cycle_day), due_on)
    return due_on


def later_due_on(first_on: Days, term: int, every: int, unit: str) -> Days:
    """Return the due day of a later term, 0 being the first; a month end clamps and returns.

    Args:
        first_on: The first due days, shape (n,).
        term: Which one.
        every: Length of a period, in ``unit``.
        unit: "days" or "months".
    """
    if unit == "days":
        return first_on + np.int32(term * every)
    month = month_of(first_on)
    day = first_on - on_day_of_month(month, 1) + 1
    return on_day_of_month(month + term * every, day)
