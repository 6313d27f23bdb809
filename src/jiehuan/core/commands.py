"""What can be asked of a line, and by whom.

Every change of a line is a command.  The passing of days sends ``STATEMENT`` to
``DAY_CLOSED``, as the reserved client ``day``; callers send the others.  The numbers are
stored, so none is ever reused.
"""

import enum

import numpy as np

from jiehuan.core.columns import Codes, Flags


class Kind(enum.IntEnum):
    """A kind of command.  The number is stored in ``command.kind``."""

    OPEN = 1
    PURCHASE = 2
    HOLD = 3
    CAPTURE = 4
    VOID = 5
    DRAW = 6
    DRAW_SUCCEEDED = 7
    DRAW_FAILED = 8
    REPAY = 9
    REFUND = 10
    CREDIT = 11
    CONVERT = 12
    CLOSE = 13
    REVIEW = 14
    COLLECT = 15
    COLLECT_ENDED = 16
    PAY_BACK = 17
    PAY_BACK_SUCCEEDED = 18
    PAY_BACK_FAILED = 19

    STATEMENT = 20
    DUE_PASSED = 21
    AGED = 22
    HOLD_EXPIRED = 23
    WRITE_OFF = 24
    DAY_CLOSED = 25

    REVERSE = 30
    CHARGE = 31
    WAIVE = 32
    GOODWILL = 33
    CHARGEBACK = 34


class Moment(enum.IntEnum):
    """Where in a day a command stands: terms.md 1, "a day, in order"."""

    OPENS = 0
    DURING = 1
    CLOSES = 2


DAY_KINDS = frozenset(kind for kind in Kind if Kind.STATEMENT <= kind <= Kind.DAY_CLOSED)

MOMENT: dict[Kind, Moment] = {
    kind: Moment.OPENS
    if kind is Kind.STATEMENT
    else Moment.CLOSES
    if kind in DAY_KINDS
    else Moment.DURING
    for kind in Kind
}


def is_event(kind: Codes) -> Flags:
    """Return which kinds are a day's doing, shape (n,)."""
    return np.asarray((kind >= Kind.STATEMENT) & (kind <= Kind.DAY_CLOSED))


# The reserved client of day events; callers' clients have larger numbers.
CLIENT_DAY = 0

# Bits of ``command.flags``.
FORCED = 1
DECLINED = 2  # of an application: by its decision
REFERRED = 4
SPARED = 8  # only while a line is folded: of a write-off that was reversed

# ``command.ref`` of a repayment or collection: the usual order, every loan, or one loan.
REF_USUAL = 0
REF_ALL = -1


class Reason(enum.IntEnum):
    """Why a command is reversed.  Stored in ``command.count``."""

    MISTAKE = 0
    BOUNCED = 1  # a repayment whose money was taken back
    CANCELLED = 2
    FRAUD = 3


class Charge(enum.IntEnum):
    """What is charged or waived.  Stored in ``command.count``; anything else means a fee."""

    FEE = 1
    PENALTY = 2
    INTEREST = 3  # only waived


class InstructionKind(enum.IntEnum):
    """What the outside world is asked to do."""

    PAY_OUT = 1  # a draw, to the wallet
    COLLECT = 2  # a repayment, from the wallet or a card
    PAY_BACK = 3  # overpaid money, to where it came from


# What finishes an instruction: the command that says it was done, and the one that it was not.
FINISHES: dict[InstructionKind, tuple[Kind, Kind]] = {
    InstructionKind.PAY_OUT: (Kind.DRAW_SUCCEEDED, Kind.DRAW_FAILED),
    InstructionKind.COLLECT: (Kind.REPAY, Kind.COLLECT_ENDED),
    InstructionKind.PAY_BACK: (Kind.PAY_BACK_SUCCEEDED, Kind.PAY_BACK_FAILED),
}
