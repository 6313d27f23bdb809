"""Which day a book is on: its own, if its clock is virtual, or the day it is where it lends.

Business time is data: this is the only place where a book's day meets the real one.
"""

import datetime as dt
import zoneinfo

from jiehuan.core import days
from jiehuan.core.errors import UsageError
from jiehuan.engine.day import LINES_A_BATCH, Progress, advance
from jiehuan.engine.post import Writer
from jiehuan.store import lookup

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")

# A virtual clock is wound on by hand; ten years at once are surely a slip.
DAYS_MAX = 3_660


def real_on(now: dt.datetime) -> int:
    """Return the day that it is in the book's zone at a moment.

    Examples:
        >>> late = dt.datetime(2026, 11, 23, 16, 30, tzinfo=dt.timezone.utc)
        >>> days.to_text(real_on(late))
        '2026-11-24'
    """
    return now.astimezone(ZONE).toordinal()


def wind(
    writer: Writer,
    until_on: int,
    now: dt.datetime,
    *,
    lines_a_batch: int = LINES_A_BATCH,
    progress: Progress | None = None,
) -> int:
    """Move a book's day on to ``until_on``; return how many day events were played.

    Raises:
        UsageError: The day lies before the book's, or too far ahead: beyond the real day on a
            real clock, beyond ``DAYS_MAX`` on a virtual one.
    """
    today = writer.business_on
    if until_on < today:
        raise UsageError(
            f"the book is on {days.to_text(today)} and does not go back to"
            f" {days.to_text(until_on)}; book what is late with its own day instead"
        )
    book = lookup.book(writer.conn, writer.book)
    latest = today + DAYS_MAX if book is not None and book.virtual else real_on(now)
    if until_on > latest:
        raise UsageError(
            f"{days.to_text(until_on)} is too far ahead; the book can go on to"
            f" {days.to_text(latest)} now"
        )
    return advance(writer, until_on, lines_a_batch=lines_a_batch, progress=progress)
