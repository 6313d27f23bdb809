"""What the merchant is told, when, and how often."""

import dataclasses
from typing import Any

# Seconds from one try to the next: 24 hours and 4 minutes in all.
LADDER_S = (15, 15, 30, 180, 600, 1200, *(1800,) * 3, 3600, *(10_800,) * 3, *(21_600,) * 2)
assert sum(LADDER_S) == 24 * 3600 + 240


@dataclasses.dataclass(slots=True, kw_only=True)
class Notice:
    """One event that the merchant shall learn.

    Attributes:
        id: The event's own id, the same at every try.
        event_type: E.g. ``TRANSACTION.SUCCESS``.
        summary: What a person reads.
        original_type: Kind of the resource; ``associated_data`` of its encryption as well.
        resource: What is encrypted.
        url: Where it goes.
        number: The merchant's number of what it is about.
        created_at: Business time of the event, seconds since 1970.
        due_at: Real time of the next try, seconds since 1970.
        state: ``waiting``, ``accepted``, ``given_up`` or ``withheld``.
        forged: Sign it with a key that is not the partner's.
        probe: Sign it with ``WECHATPAY/SIGNTEST/`` and anything.
        copies: How many more times it is sent after it was accepted.
        after: Wait for this notice to be sent first; empty: for none.
        statuses: What was answered, try by try; 0 where nothing was.
    """

    id: str
    event_type: str
    summary: str
    original_type: str
    resource: dict[str, Any]
    url: str
    number: str
    created_at: int
    due_at: float
    state: str = "waiting"
    forged: bool = False
    probe: bool = False
    copies: int = 0
    after: str = ""
    statuses: list[int] = dataclasses.field(default_factory=list)
