"""What shall go wrong: the next time it can, or for a share of times."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

NOTICE_FAULTS = (
    "notify_twice",
    "notify_late",
    "notify_never",
    "notify_out_of_order",
    "notify_forged",
    "notify_probe",
    "notify_wrong_amount",
)
ANSWER_FAULTS = ("answer_500_after", "timeout", "broken_signature", "unknown_code")
ACT_FAULTS = ("balance_not_enough", "user_refuses")
NAMES = (*NOTICE_FAULTS, *ANSWER_FAULTS, *ACT_FAULTS)


@dataclasses.dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that shall go wrong.

    Attributes:
        id: Names it for DELETE.
        fault: One of ``NAMES``.
        on: ``"next"``, or the share of times, 0 to 1.
        match: Only where this is part of what is going on: the method and path of a request; the
            event type, url and number of a notice; ``pay``, ``confirm`` or ``transfer`` and the
            number.
        count: How many more times it may hit; None: no end.
        done: For ``timeout`` and ``unknown_code``: whether the request is done all the same; None:
            by chance.
    """

    id: str
    fault: str
    on: Literal["next"] | float
    match: str = ""
    count: int | None = None
    done: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerFault:
    """How the answer to one request goes wrong.

    Attributes:
        name: One of ``ANSWER_FAULTS``.
        done: Whether the request is done before the answer goes wrong.
    """

    name: str
    done: bool


class Faults:
    """The faults that are set."""

    def set(self, body: Mapping[str, Any]) -> Fault:
        """Set a fault: ``fault``, ``on`` (next), ``match``, ``count``, ``done``; PARAM_ERROR."""
        raise NotImplementedError

    def clear(self, fault_id: str | None = None) -> None:
        """Take one fault away, or all."""
        raise NotImplementedError

    def list(self) -> list[Fault]:
        """Return the faults that may still hit."""
        raise NotImplementedError

    def on_answer(self, method: str, path: str) -> AnswerFault | None:
        """Draw what happens to the answer of a request; call it once for each."""
        raise NotImplementedError
