"""How long to wait before asking again, and how long an order may stay undone."""

import datetime as dt
import hashlib
from typing import Final

FIRST_S: Final = 1.0
LIVE_S_MAX: Final = 600.0
VIRTUAL_S_MAX: Final = 5.0  # on a virtual clock a day may be over in seconds

# A transfer that is not confirmed ends by itself after 24 hours; we end it before.
CONFIRM_AFTER: Final = dt.timedelta(hours=23)
# What the page needs to pay an order is good for two hours.
PAY_AFTER: Final = dt.timedelta(minutes=110)


def back_off_s(number: str, times: int, most_s: float) -> float:
    """Return the seconds to wait after ``times`` waits that brought nothing new.

    They double, up to ``most_s``; of the last doubling each number takes a part of its own, so
    that what went wrong at once does not come back at once.  The same number waits the same.

    Examples:
        >>> [round(back_off_s("jh0020000000000017", times, 60.0), 1) for times in range(4)]
        [0.6, 1.2, 2.2, 4.7]
    """
    longest_s = min(most_s, FIRST_S * 2.0 ** min(times, 30))
    digest = hashlib.sha256(f"{number}/{times}".encode()).digest()
    chance = int.from_bytes(digest[:4], "big") / 2**32
    return longest_s * (0.5 + chance / 2)
