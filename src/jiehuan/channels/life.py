"""The life of an outside instruction: what the courier does next, as tables.

A visit to an instruction is a walk.  It begins as the book has it (``FIRST``), each thing done
with the partner is answered, and ``NEXT`` says what the answer leads to: another thing to do
with the partner, or what to tell the book, which ends the visit.  The tables know no partner,
no clock and no network.

**Unknown, never failed.**  A book is told ``FAILED`` in three places only: the partner says
that it is over (``ENDED``); the partner refuses what was sent and, asked at once, has nothing of
our number; it is to be ended and was never sent.  A number is never changed: to send again is
to send the same.
"""

import enum
from collections.abc import Mapping
from typing import Final

from jiehuan.channels.answers import Accepted, Answer, Ended, NotThere, Refused, Settled


class Wanted(enum.StrEnum):
    """What is wanted of an instruction."""

    DO = "do"
    END = "end"


class State(enum.StrEnum):
    """How the book has an instruction that is not over."""

    INSTRUCTED = "instructed"  # never sent
    SENT = "sent"  # it may be there
    UNKNOWN = "unknown"  # the same, and the last answer told nothing


class Doing(enum.StrEnum):
    """What is done with the partner; always by our number."""

    SEND = "send"  # the book has it as sent before it goes out
    ASK = "ask"
    PROVE = "prove"  # ask, after a refusal: is there really nothing?
    END = "end"  # cancel the transfer, close the order
    SEE = "see"  # ask, after that: did it end?


class Heard(enum.StrEnum):
    """What an answer comes to."""

    SETTLED = "settled"  # the money moved
    ENDED = "ended"  # no money moved, none will
    WAITING = "waiting"  # the partner has it
    INCOMPLETE = "incomplete"  # he has it, and we lack what the page needs
    NOT_THERE = "not_there"  # he has nothing of our number
    REFUSED = "refused"  # what was sent, and would be again
    NOT_ENOUGH = "not_enough"  # what was sent, until the merchant's balance is filled
    UNKNOWN = "unknown"


class Telling(enum.StrEnum):
    """What the book is told; this ends a visit."""

    WAITING = "waiting"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


Next = Doing | Telling

FIRST: Final[Mapping[Wanted, Mapping[State, Next]]] = {
    Wanted.DO: {
        State.INSTRUCTED: Doing.SEND,
        State.SENT: Doing.ASK,
        State.UNKNOWN: Doing.ASK,
    },
    Wanted.END: {
        State.INSTRUCTED: Telling.FAILED,
        State.SENT: Doing.ASK,
        State.UNKNOWN: Doing.ASK,
    },
}

# Whatever was done, these answers end the matter.
_OVER: Final[dict[Heard, Next]] = {
    Heard.SETTLED: Telling.SUCCEEDED,
    Heard.ENDED: Telling.FAILED,
}
# And these tell nothing unless a table says otherwise.
_NOTHING: Final[dict[Heard, Next]] = {
    Heard.NOT_THERE: Telling.UNKNOWN,
    Heard.REFUSED: Telling.UNKNOWN,
    Heard.NOT_ENOUGH: Telling.UNKNOWN,
    Heard.UNKNOWN: Telling.UNKNOWN,
}
_WAITS: Final[dict[Heard, Next]] = {
    Heard.WAITING: Telling.WAITING,
    Heard.INCOMPLETE: Telling.WAITING,
}
_IS_ENDED: Final[dict[Heard, Next]] = {
    Heard.WAITING: Doing.END,
    Heard.INCOMPLETE: Doing.END,
}

NEXT: Final[Mapping[Wanted, Mapping[Doing, Mapping[Heard, Next]]]] = {
    Wanted.DO: {
        Doing.ASK: _OVER
        | _NOTHING
        | {
            Heard.WAITING: Telling.WAITING,
            Heard.INCOMPLETE: Doing.SEND,
            Heard.NOT_THERE: Doing.SEND,
        },
        Doing.SEND: _OVER | _NOTHING | _WAITS | {Heard.REFUSED: Doing.PROVE},
        Doing.PROVE: _OVER | _NOTHING | _WAITS | {Heard.NOT_THERE: Telling.FAILED},
    },
    Wanted.END: {
        Doing.ASK: _OVER | _NOTHING | _IS_ENDED | {Heard.NOT_THERE: Doing.SEND},
        Doing.SEND: _OVER
        | _NOTHING
        | _IS_ENDED
        | {Heard.REFUSED: Doing.PROVE, Heard.NOT_ENOUGH: Doing.PROVE},
        Doing.PROVE: _OVER | _NOTHING | _WAITS | {Heard.NOT_THERE: Telling.FAILED},
        Doing.END: dict.fromkeys(Heard, Doing.SEE),
        Doing.SEE: _OVER | _NOTHING | _WAITS,
    },
}
assert all(set(FIRST[wanted]) == set(State) for wanted in Wanted)
assert all(set(row) == set(Heard) for table in NEXT.values() for row in table.values())


def heard(answer: Answer, *, complete: bool, known: bool) -> Heard:
    """Say what an answer comes to.

    Args:
        answer: The partner's.
        complete: Whether we hold what the page needs in the state that was told.
        known: Whether the partner has told before that he has it: that he has nothing of that
            number is then no news about the money.
    """
    match answer:
        case Settled():
            return Heard.SETTLED
        case Ended():
            return Heard.ENDED
        case Accepted():
            return Heard.WAITING if complete else Heard.INCOMPLETE
        case NotThere():
            return Heard.UNKNOWN if known else Heard.NOT_THERE
        case Refused():
            return Heard.REFUSED if answer.for_good else Heard.NOT_ENOUGH
        case _:
            return Heard.UNKNOWN
