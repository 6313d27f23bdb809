"""What time is it: for the network it is real, in business fields it may be another day.

Signatures, the retry ladder of notifications and time-outs go by ``real``; every deadline of the
partner and every time in a body goes by ``now``, which is real time plus a shift.
"""

import datetime as dt
import time
from collections.abc import Callable

CHINA = dt.timezone(dt.timedelta(hours=8))
DAY_S = 86_400


class Clock:
    """Real time and, some way before or after it, business time.

    Attributes:
        shift_s: Seconds from real to business time; the world keeps it.
    """

    def __init__(self, real: Callable[[], float] = time.time, shift_s: int = 0) -> None:
        """Take the real clock to go by, as seconds since 1970."""
        self._real = real
        self.shift_s = shift_s

    def real(self) -> float:
        """Return real time, in seconds since 1970."""
        return self._real()

    def now(self) -> int:
        """Return business time, in whole seconds since 1970."""
        return int(self._real()) + self.shift_s


def wire(second: int) -> str:
    """Write a time as the wire does.

    Examples:
        >>> wire(0)
        '1970-01-01T08:00:00+08:00'
    """
    return dt.datetime.fromtimestamp(second, CHINA).isoformat()


def read_wire(text: str) -> int:
    """Read a time of the wire, with its zone.

    Raises:
        ValueError: It is no such time, or it names no zone.

    Examples:
        >>> read_wire("1970-01-01T08:00:00+08:00")
        0
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return int(moment.timestamp())
