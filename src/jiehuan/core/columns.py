"""The columns of everything the kernel reads and writes.

Each class is one table: a named column each, all of shape (n,).  The same names and types
are the columns of the database, so a row of ``Lines.DTYPE`` is a row of table ``line``.
Money is int64 minor units, ``_num`` an exact numerator over ``MICRO`` (micro-minor units),
``_on`` a day as ``date.toordinal()``: 0 is "no day", ``NEVER`` is later than every day.
"""

import dataclasses
from typing import Any, ClassVar, Self, TypeAlias, get_type_hints

import numpy as np
from numpy.typing import NDArray

Int64s: TypeAlias = NDArray[np.int64]
Days: TypeAlias = NDArray[np.int32]
Ids: TypeAlias = NDArray[np.int32]
Codes: TypeAlias = NDArray[np.int16]
Flags: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.void]

MICRO = 1_000_000
NEVER = 2**31 - 1

# For one line, to reckon with an array without dimensions costs half of what a number does.
ZERO = np.array(0)


@dataclasses.dataclass(slots=True, eq=False)
class Columns:
    """A table held as columns; subclasses say which."""

    DTYPE: ClassVar[np.dtype[np.void]]
    NAMES: ClassVar[tuple[str, ...]]  # of the columns, and their types: parts of DTYPE
    DTYPES: ClassVar[tuple[np.dtype[Any], ...]]

    @classmethod
    def empty(cls, n: int) -> Self:
        """Return ``n`` rows of zeros."""
        return cls(*[np.zeros(n, dtype) for dtype in cls.DTYPES])

    @classmethod
    def from_rows(cls, rows: Rows) -> Self:
        """Return a copy of the columns of a structured array of ``DTYPE``."""
        return cls(*[rows[name].copy() for name in cls.NAMES])

    def to_rows(self, where: slice | NDArray[Any] = slice(None)) -> Rows:
        """Return the rows at ``where`` as a structured array of ``DTYPE``."""
        out = np.empty(len(getattr(self, self.NAMES[0])[where]), self.DTYPE)
        for name in self.NAMES:
            out[name] = getattr(self, name)[where]
        return out

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, self.NAMES[0]))


def _dtype_of(cls: type[Columns]) -> np.dtype[np.void]:
    """Read the dtype of every column from the class's annotations."""
    hints = get_type_hints(cls)
    fields = [f.name for f in dataclasses.fields(cls)]
    return np.dtype([(name, hints[name].__args__[1].__args__[0]) for name in fields])


def table(cls: type[Any]) -> type[Any]:
    """Give a ``Columns`` class its dtype."""
    cls.DTYPE = _dtype_of(cls)
    cls.NAMES = cls.DTYPE.names or ()
    cls.DTYPES = tuple(cls.DTYPE[name] for name in cls.NAMES)
    return cls


@table
@dataclasses.dataclass(slots=True, eq=False)
class Lines(Columns):
    """Credit lines.  Key: ``id`` (the seq of the application that made it)."""

    id: Int64s
    party: Int64s
    terms: Ids  # row of the terms table
    product: Codes
    status: Codes  # line.Status
    cycle_day: Codes
    limit_minor: Int64s
    used_minor: Int64s  # all principal: cycle + unbilled + billed (fresh or carried)
    held_minor: Int64s
    overpaid_minor: Int64s
    cycle_minor: Int64s  # unbilled purchases of the running cycle
    unbilled_minor: Int64s  # unbilled principal of draws and plans
    fresh_minor: Int64s  # billed principal whose first due day has not closed
    charges_minor: Int64s  # interest, fee and penalty billed and unpaid
    loans_open: Ids
    opened_on: Days
    cut_on: Days  # the last statement; 0 before the first
    due_on: Days  # its due day
    balance_minor: Int64s  # of the last statement, as folded today
    issued_minor: Int64s  # of the last statement, as printed
    due_minor: Int64s  # of the last statement
    minimum_minor: Int64s  # of the last statement
    repaid_minor: Int64s  # since the last statement
    adjusted_on: Days  # earliest day that a backdated command changed since the last statement
    past_due_on: Days  # oldest passed due day with an unmet minimum; 0 when none
    spared: Flags  # a write-off was reversed: not given up by itself before it is cured
    bucket: Codes  # M0..M6
    next_event_at: Ids  # position of the next statement, due day, ageing or write-off
    position: Ids  # of the last command: effective_on * 3 + moment
    version: Int64s  # seq of the last command


@table
@dataclasses.dataclass(slots=True, eq=False)
class Dues(Columns):
    """Unmet minimums of statements.  Key: ``line``, ``due_on``."""

    line: Int64s
    due_on: Days
    unmet_minor: Int64s


@table
@dataclasses.dataclass(slots=True, eq=False)
class Loans(Columns):
    """Loans under a line.  Key: ``line``, ``no`` (seq of the command that made it)."""

    line: Int64s
    no: Int64s
    kind: Codes  # line.LoanKind
    terms: Ids
    rate_ppm: Ids  # ordinary rate a day
    source: Int64s  # of a plan: a purchase, a statement's loan or a draw; of a charge: its loan
    opened_on: Days  # the cut, the draw's success day, or the conversion
    unbilled_minor: Int64s
    billed_minor: Int64s  # billed, first due day not closed
    carried_minor: Int64s  # billed, first due day closed: bears interest, or penalty when late
    interest_num: Int64s  # earned, not billed
    penalty_num: Int64s
    interest_due_minor: Int64s
    fee_due_minor: Int64s
    penalty_due_minor: Int64s
    interest_new_minor: Int64s  # of interest_due: billed since the last statement
    penalty_new_minor: Int64s
    reckoned_on: Days
    open: Flags  # something is owed or accrued


@table
@dataclasses.dataclass(slots=True, eq=False)
class Parts(Columns):
    """Instalments of plans.  Key: ``line``, ``loan``, ``no`` (1 ..)."""

    line: Int64s
    loan: Int64s
    no: Codes
    due_on: Days
    principal_minor: Int64s
    fee_minor: Int64s
    principal_paid_minor: Int64s
    fee_paid_minor: Int64s
    billed: Flags


@table
@dataclasses.dataclass(slots=True, eq=False)
class Holds(Columns):
    """Reserved amounts.  Key: ``line``, ``no`` (seq of the command that made it)."""

    line: Int64s
    no: Int64s
    kind: Codes  # line.HoldKind
    state: Codes  # line.HoldState
    amount_minor: Int64s
    left_minor: Int64s
    merchant: Int64s  # of a draw: its instalments, 0 by the day; of money paid back: 0
    expires_on: Days  # NEVER for what a partner answers: draws, money paid back


@table
@dataclasses.dataclass(slots=True, eq=False)
class Commands(Columns):
    """Commands in journal order.  Key: ``seq``."""

    seq: Int64s
    line: Int64s
    kind: Codes
    effective_on: Days
    booked_on: Days  # the ledger's day
    client: Ids
    amount_minor: Int64s
    ref: Int64s  # hold, draw, purchase, loan, instruction or command; REF_USUAL, REF_ALL
    terms: Ids  # the terms it was decided under
    count: Codes  # instalments; cycle day; reason of a reversal; what is charged or waived
    flags: Codes
    merchant: Int64s  # of a repayment: the instruction to collect that it pays, or 0
    applied_minor: Int64s  # outcome: how much reached the thing referred to
    outcome: Codes


@table
@dataclasses.dataclass(slots=True, eq=False)
class Transfers(Columns):
    """Movements of money.  Key: ``seq``, ``leg``."""

    seq: Int64s
    leg: Codes
    line: Int64s
    debit: Ids  # ledger.account
    credit: Ids
    amount_minor: Int64s
    effective_on: Days
    booked_on: Days


@table
@dataclasses.dataclass(slots=True, eq=False)
class Statements(Columns):
    """Statements, never changed once cut.  Key: ``line``, ``no`` (seq of the cut)."""

    line: Int64s
    no: Int64s
    cut_on: Days
    due_on: Days
    balance_minor: Int64s
    due_minor: Int64s
    minimum_minor: Int64s
    used_minor: Int64s


@table
@dataclasses.dataclass(slots=True, eq=False)
class Items(Columns):
    """What a statement's balance is made of.  Key: ``line``, ``no``, ``item``."""

    line: Int64s
    no: Int64s
    item: Codes  # statement.Item
    for_on: Days
    amount_minor: Int64s


@table
@dataclasses.dataclass(slots=True, eq=False)
class Instructions(Columns):
    """What the outside world is asked to do.  Key: ``id`` (seq of the command)."""

    id: Int64s
    line: Int64s
    kind: Codes
    amount_minor: Int64s


@table
@dataclasses.dataclass(slots=True, eq=False)
class DayTotals(Columns):
    """What the commands of a ledger day added to a product's running sums.

    ``_num`` columns are numerators over ``MICRO`` as if every loan were reckoned to ``EPOCH_ON``;
    ``_slope`` is what a day adds to them.  Key: ``booked_on``, ``product``.
    """

    booked_on: Days
    product: Codes
    interest_num: Int64s
    interest_slope: Int64s
    interest_dropped: Int64s  # rests forgiven when a loan was paid off
    penalty_num: Int64s
    penalty_slope: Int64s
    penalty_dropped: Int64s
    undrawn_minor: Int64s
