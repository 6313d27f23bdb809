"""The lives of a line, a hold and a loan, as tables."""

import enum


class Status(enum.IntEnum):
    """Where a line stands.  ``NONE`` is a line that was never opened."""

    NONE = 0
    OFFERED = 1
    ACTIVE = 2
    FROZEN = 3
    OVERDUE = 4
    WRITTEN_OFF = 5
    CLOSED = 6


class Happening(enum.IntEnum):
    """What moves a line from one status to another."""

    OFFERED = 1
    ACCEPTED = 2
    FLAGGED = 3
    CLEARED = 4
    MISSED_DUE = 5
    CAUGHT_UP = 6
    GAVE_UP = 7
    ENDED = 8


S, H = Status, Happening

TRANSITIONS: dict[Status, dict[Happening, Status]] = {
    S.NONE: {H.OFFERED: S.OFFERED, H.ACCEPTED: S.ACTIVE},
    S.OFFERED: {H.ACCEPTED: S.ACTIVE, H.ENDED: S.CLOSED},
    S.ACTIVE: {H.FLAGGED: S.FROZEN, H.MISSED_DUE: S.OVERDUE, H.ENDED: S.CLOSED},
    S.FROZEN: {H.CLEARED: S.ACTIVE, H.MISSED_DUE: S.OVERDUE, H.ENDED: S.CLOSED},
    S.OVERDUE: {H.CAUGHT_UP: S.ACTIVE, H.GAVE_UP: S.WRITTEN_OFF},
    S.WRITTEN_OFF: {H.ENDED: S.CLOSED},
    S.CLOSED: {},
}
assert set(TRANSITIONS) == set(Status)


class HoldKind(enum.IntEnum):
    """What an amount is reserved for."""

    MERCHANT = 1
    DRAW = 2
    PAY_BACK = 3  # overpaid money on its way back


class HoldState(enum.IntEnum):
    """Where a hold stands."""

    HELD = 1
    CAPTURED = 2
    VOIDED = 3
    EXPIRED = 4


HOLD_TRANSITIONS: dict[HoldState, frozenset[HoldState]] = {
    HoldState.HELD: frozenset({HoldState.CAPTURED, HoldState.VOIDED, HoldState.EXPIRED}),
    HoldState.CAPTURED: frozenset(),
    HoldState.VOIDED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}
assert set(HOLD_TRANSITIONS) == set(HoldState)


class LoanKind(enum.IntEnum):
    """What a loan was made of."""

    CYCLE = 1  # the purchases of one cycle
    DRAW = 2
    PLAN = 3
    CHARGE = 4  # a fee or penalty charged by hand; no principal


class Item(enum.IntEnum):
    """What a statement item says; the items of a statement add up to its balance."""

    PREVIOUS = 1
    ADJUSTMENT = 2
    REPAID = 3
    OTHER = 4  # credits, refunds, conversions, charges billed between two statements
    PURCHASES = 5
    DRAWS = 6
    INSTALMENTS = 7
    FEES = 8
    INTEREST = 9
    PENALTY = 10


DAYS_A_BUCKET = 30
BUCKET_MAX = 6
