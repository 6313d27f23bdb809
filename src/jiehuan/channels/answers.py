"""What a partner may have said about an instruction of ours.

An answer is one of the classes below and nothing else.  What was not read to its end, was not
signed as it should be, or uses a word that we do not know is ``Unknown``: it says nothing about
what the partner did, least of all that he did nothing.
"""

import dataclasses
from collections.abc import Mapping

Notes = Mapping[str, str | int]
"""What we need of the partner's answer again: kept beside the instruction."""


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """The partner has it, and it is not over yet.

    Attributes:
        state: The partner's own word for how it stands, e.g. ``WAIT_USER_CONFIRM``.
        partner: What we need again, e.g. ``prepay_id`` or ``package_info``.
    """

    state: str
    partner: Notes


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """The money moved.

    Attributes:
        success_time: When, by the partner: RFC 3339 with its offset.
        amount_minor: How much moved; it is for the book to compare.
        currency: Three letters.
        partner: What we need again, e.g. ``transaction_id``.
    """

    success_time: str
    amount_minor: int
    currency: str
    partner: Notes


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """It is over, no money moved, and none will under this number.

    Attributes:
        reason: The partner's own word: ``CANCELLED``, ``CLOSED``, or why it failed.
        partner: What we need again.
    """

    reason: str
    partner: Notes


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """The partner did not take what was sent; whether he has an earlier one is asked.

    Attributes:
        reason: His code, e.g. ``PARAM_ERROR`` or ``NOT_ENOUGH``.
        for_good: Sent again it would be refused again; else it may be taken later.
    """

    reason: str
    for_good: bool


@dataclasses.dataclass(frozen=True, slots=True)
class NotThere:
    """Asked by our number, the partner says that he has nothing of that number."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was learned.

    Attributes:
        reason: ``timeout``, ``connection``, ``signature``, ``unreadable``, ``other_order``,
            ``state_X`` or the partner's code.
    """

    reason: str


Answer = Accepted | Settled | Ended | Refused | NotThere | Unknown
