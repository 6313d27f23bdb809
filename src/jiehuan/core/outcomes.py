"""What became of a command: the first check that it failed, or done.

One bad row never fails its neighbours, so a batch returns one outcome a row and raises
nothing.  Numbers are stored and never reused; which check comes first is the order of
this enumeration, the order of terms.md 1: key, line, its status, date, amount, the
thing referred to, whether the product offers it, money.
"""

import enum


class Outcome(enum.IntEnum):
    """The first check that failed, or ``DONE``.  Stored in ``command.outcome``."""

    DONE = 0

    KEY_REUSED_WITH_OTHER_CONTENT = 10

    LINE_NOT_FOUND = 20

    LINE_CLOSED = 30
    LINE_WRITTEN_OFF = 31
    LINE_PAST_DUE = 32

    DATE_IN_FUTURE = 40
    DATE_BEFORE_LINE_OPENED = 41
    DATE_BEFORE_FLOOR = 42

    AMOUNT_MUST_BE_POSITIVE = 50
    AMOUNT_TOO_LARGE = 51

    HOLD_NOT_FOUND = 60
    HOLD_NOT_OPEN = 61
    PURCHASE_NOT_FOUND = 62
    LOAN_NOT_FOUND = 63
    DRAW_AMOUNT_DIFFERS = 64
    COMMAND_NOT_FOUND = 65
    COMMAND_NOT_REVERSIBLE = 66
    ALREADY_REVERSED = 67

    APPLICATION_DECLINED = 70
    APPLICATION_REFERRED = 71
    TERMS_NOT_OFFERED = 72
    PURCHASE_NO_LONGER_CONVERTIBLE = 73

    AMOUNT_EXCEEDS_AVAILABLE = 80
    AMOUNT_EXCEEDS_HOLD = 81
    REFUND_EXCEEDS_PURCHASE = 82
    LINE_NOT_SETTLED = 83
    AMOUNT_EXCEEDS_OVERPAYMENT = 84
    AMOUNT_EXCEEDS_OWED = 85


# Money is judged on today's line, and so is the status of a line that spends; the rest
# on the effective day (terms.md 1).
MONEY_OUTCOMES = frozenset(code for code in Outcome if code >= Outcome.AMOUNT_EXCEEDS_AVAILABLE)
