"""Which day comes next, for one line or for millions.

A day is its ``date.toordinal()`` as int32.  0 is "no day" and ``NEVER`` is later than every
day; neither has a month, so neither may be asked for its next cycle day.  The book's
horizon is ``EPOCH_ON`` (first day of 2000) to ``LAST_ON`` (last day of 2089).

A month is numbered from 0, January of the year 1; the calendar is the proleptic Gregorian
one, as in ``date``.
"""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import NEVER, Codes, Days, Int64s
from jiehuan.core.errors import UsageError

EPOCH_ON = dt.date(2000, 1, 1).toordinal()
LAST_ON = dt.date(2089, 12, 31).toordinal()
HORIZON_DAYS = LAST_ON - EPOCH_ON + 1

CYCLE_DAY_MAX = 31
MONTHS_MAX = 1_200

# numpy counts days from 1970.
_UNIX_ON = dt.date(1970, 1, 1).toordinal()

# The first day of every month: seven times faster than asking numpy's calendar each time.
_FIRST_ON = (
    np.arange("0001-01", "2401-01", dtype="datetime64[M]").astype("datetime64[D]").view(np.int64)
    + _UNIX_ON
).astype(np.int32)

# The last day before every month, and its own last day.
_BEFORE_ON = _FIRST_ON[:-1] - np.int32(1)
_END_ON = _FIRST_ON[1:] - np.int32(1)

# The month of every day: 1.8 MB, and one look instead of a division.  Day 0 has none.
_MONTH = np.repeat(np.arange(len(_END_ON), dtype=np.int16), np.diff(_FIRST_ON))
_MONTH = np.concatenate((np.zeros(1, np.int16), _MONTH))

# The last day of which the months are known.
_KNOWN_ON_MAX = dt.date(2400, 11, 30).toordinal()

# Dues, expiries and instalments of the last days still lie before the end of the calendar.
assert LAST_ON + 31 * MONTHS_MAX < _KNOWN_ON_MAX < NEVER

# As arrays: cheaper for one line (``columns.ZERO``).
_FIRST_DAY, _LAST_DAY = np.array(1, np.int32), np.array(_KNOWN_ON_MAX, np.int32)
_DAY_MAX = np.array(CYCLE_DAY_MAX, np.int32)

Months = NDArray[np.int64]


def next_cut_on(after_on: Days, cycle_day: Codes | Int64s | int) -> Days:
    """Return the first cycle day strictly after each day.

    Args:
        after_on: Days, shape (n,).
        cycle_day: Day of the month, 1 .. 31, shape (n,), (1,) or a number.  A month that is
            too short has its cycle day on its last day; the next long month has it back.

    Returns:
        Days, shape (n,).

    Examples:
        >>> to_texts(next_cut_on(days("2026-01-31", "2026-02-27"), 31)).tolist()
        ['2026-02-28', '2026-02-28']
    """
    month = month_of(after_on)
    day = _is_day_of_month(cycle_day)
    return _on_day(month + (_on_day(month, day) <= after_on), day)


def add_months(on: Days, months: Int64s | Codes | int) -> Days:
    """Return the same day of the month some months later, or the last day of that month.

    What was clamped once stays clamped: to return from the 28th to the 31st, step with
    ``on_day_of_month`` from the month and the day that was meant.

    Args:
        on: Days, shape (n,).
        months: How many, 0 .. 1,200, shape (n,), (1,) or a number.

    Returns:
        Days, shape (n,).

    Examples:
        >>> to_texts(add_months(days("2026-01-31", "2026-03-15"), 1)).tolist()
        ['2026-02-28', '2026-04-15']
    """
    assert np.min(months, initial=0) >= 0
    assert np.max(months, initial=0) <= MONTHS_MAX

    month = month_of(on)
    return on_day_of_month(month + months, on - _BEFORE_ON[month])


def month_of(on: Days) -> Months:
    """Return the number of the month in which each day lies, shape (n,)."""
    assert not np.count_nonzero(on < _FIRST_DAY), "0 is no day and has no month"
    assert not np.count_nonzero(on > _LAST_DAY), "NEVER has no month"

    return _MONTH[on].astype(np.int64)


def on_day_of_month(month: Months, day: Codes | Int64s | Days | int) -> Days:
    """Return the given day of each month, or its last day when it is too short.

    Args:
        month: Numbers of months, shape (n,).
        day: 1 .. 31, shape (n,), (1,) or a number.

    Returns:
        Days, shape (n,).
    """
    return _on_day(month, _is_day_of_month(day))


def _is_day_of_month(day: Codes | Int64s | Days | int) -> Days:
    """Return days of the month that are all 1 .. 31."""
    given = np.asarray(day, np.int32)
    assert not np.count_nonzero(given < _FIRST_DAY)
    assert not np.count_nonzero(given > _DAY_MAX)
    return given


def _on_day(month: Months, day: Days) -> Days:
    """Return a day of each month, or its last one."""
    wanted_on: Days = _BEFORE_ON[month] + day
    on: Days = np.minimum(wanted_on, _END_ON[month])
    return on


def parse(text: str) -> int:
    """Read a day as people write it, ``2026-03-01``.

    Returns:
        Its ordinal.

    Raises:
        UsageError: It is not a day, or lies outside the horizon 2000 .. 2089.
    """
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    # fromisoformat also reads 20260301 and 2026-W09-7; we know one way of writing a day.
    if day is None or day.isoformat() != text:
        raise UsageError(f"{text!r} is not a day; write it as year-month-day, like 2026-03-01")
    if not EPOCH_ON <= day.toordinal() <= LAST_ON:
        raise UsageError(
            f"{text} is out of range; days run from {to_text(EPOCH_ON)} to {to_text(LAST_ON)}"
        )
    return day.toordinal()


def to_text(on: int) -> str:
    """Write one day as ``2026-03-01``; 0 is written ``none`` and ``NEVER`` ``never``."""
    if on == 0:
        return "none"
    if on == NEVER:
        return "never"
    return dt.date.fromordinal(int(on)).isoformat()


def to_texts(on: Days) -> NDArray[np.str_]:
    """Write each day as ``to_text`` does, shape (n,)."""
    plain = (on > 0) & (on < NEVER)
    since_1970 = np.where(plain, on, _UNIX_ON).astype(np.int64) - _UNIX_ON
    texts = np.datetime_as_string(since_1970.view("datetime64[D]"), unit="D")
    return np.where(plain, texts, np.where(on <= 0, "none", "never"))


def days(*texts: str) -> Days:
    """Read several days at once, shape (number of texts,)."""
    return np.array([parse(text) for text in texts], np.int32)
