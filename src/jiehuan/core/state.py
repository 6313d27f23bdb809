"""The kernel's working state: lines, their children, and what a batch gives out."""

import dataclasses

import numpy as np

from jiehuan.core.columns import (
    ZERO,
    Codes,
    Columns,
    Commands,
    Days,
    Dues,
    Flags,
    Holds,
    Instructions,
    Int64s,
    Items,
    Lines,
    Loans,
    Parts,
    Statements,
    Transfers,
    table,
)
from jiehuan.core.commands import Kind
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import HoldKind, LoanKind, Status
from jiehuan.core.segments import C, Child, Index, Segments, reserve
from jiehuan.core.terms import TermsTable
from jiehuan.core.terms_forms import INSTALMENTS_MAX

SUMS = (
    "interest_num",
    "interest_slope",
    "interest_dropped",
    "penalty_num",
    "penalty_slope",
    "penalty_dropped",
    "undrawn_minor",
)


@table
@dataclasses.dataclass(slots=True, eq=False)
class Purchases(Columns):
    """Purchases of lines, in fold order; kept only where a refund or conversion may ask.

    Overpayment that was paid back and turned out too much stands among them, as number 0.
    """

    line: Int64s
    no: Int64s
    billed_by: Int64s  # the loan of its cycle; 0 while the cycle runs
    amount_minor: Int64s
    refunded_minor: Int64s
    reduced_minor: Int64s  # by refunds and conversions, of the unpaid part
    plan_source: Int64s  # ``loans.source`` of the plan that took its unpaid part; 0 none did


@dataclasses.dataclass(slots=True)
class State:
    """Lines (sorted by id) and their children.

    ``sums`` holds the running sums of ``DayTotals`` of each line that commands touched;
    ``*_dropped`` count from the load.  Its columns are the rows of ``sum_table``.
    """

    terms: TermsTable
    lines: Lines
    dues: Child[Dues]
    loans: Child[Loans]
    parts: Child[Parts]
    holds: Child[Holds]
    purchases: Child[Purchases]
    plan: Index  # (rows of parts,) where in ``loans`` the plan of each instalment is
    sums: dict[str, Int64s]
    sum_table: Int64s  # (sums, n)
    full: Flags  # (n,) whose loans, instalments, dues and open holds were loaded
    accepted: bool  # a fold: every command was accepted before, nothing is checked

    def account(self, kind: Account, i: Index, bucket: Codes | int = 0) -> Index:
        """Return the account of each line ``i``, shape (k,)."""
        return account(kind, self.lines.product[i], bucket)

    def open_loans(self, i: Index) -> Segments:
        """Return the loans of lines ``i`` (ascending) on which something is owed or accrued."""
        s = self.loans.gather(i)
        is_open = self.loans.rows.open[s.at]
        return s if np.count_nonzero(is_open) == len(is_open) else s.keep(is_open)

    def parts_of(self, s: Segments, i: Index) -> Segments:
        """Return the instalments of the open loans ``s`` of lines ``i``, loan by loan.

        The segments are those of the loans: ``of`` is a place in ``s.at``.
        """
        at = self.parts.gather(i).at
        at = at[self.loans.rows.open[self.plan[at]]]
        of = s.at.searchsorted(self.plan[at])
        count = np.bincount(of, minlength=len(s.at))
        return Segments(at, of, count.cumsum() - count, count)

    def unload(self) -> "Loaded":
        """Return the rows as they could have been loaded, children sorted by line."""

        def rows(child: Child[C]) -> C:
            return type(child.rows).from_rows(child.rows.to_rows(child.in_use()))

        return Loaded(
            self.lines,
            rows(self.dues),
            rows(self.loans),
            rows(self.parts),
            rows(self.holds),
            self.full,
            rows(self.purchases),
        )

    def undrawn(self, i: Index) -> Int64s:
        """Return what each line could still lend, shape (k,)."""
        free = self.lines.limit_minor[i] - self.lines.used_minor[i]
        return np.asarray(np.maximum(free, ZERO) * _LENDS[self.lines.status[i]])

    def is_idle(self, i: Index) -> Flags:
        """Return which lines owe nothing, have nothing and accrue nothing, shape (k,)."""
        lines = self.lines
        return np.asarray(
            (lines.used_minor[i] | lines.overpaid_minor[i] | lines.loans_open[i]) == ZERO
        )

    def is_settled(self, i: Index) -> Flags:
        """Return on which lines nothing is owed to either side, or held, shape (k,)."""
        lines = self.lines
        free = (lines.charges_minor[i] | lines.held_minor[i]) == ZERO
        return np.asarray(self.is_idle(i) & free)

    def is_gone(self, i: Index) -> Flags:
        """Return which lines were written off, shape (k,)."""
        return np.asarray(self.lines.status[i] == _WRITTEN_OFF)


# Of each status, whether its lines live by their terms: they lend, bill and may be given up.
# NONE OFFERED ACTIVE FROZEN OVERDUE WRITTEN_OFF CLOSED
IN_FORCE = np.array([False, False, True, True, True, False, False])
_LENDS = IN_FORCE.astype(np.int64)

_WRITTEN_OFF = np.array(Status.WRITTEN_OFF, np.int16)
_NEXT_DAY = np.array(1, np.int32)


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """What a batch was loaded with: rows of lines sorted by id, children by line and key.

    Of a line that is ``full`` it has all dues that are unmet, loans that are open with all
    their instalments, holds that are held, and those that a command refers to.
    """

    lines: Lines
    dues: Dues
    loans: Loans
    parts: Parts
    holds: Holds
    full: Flags  # (n,) whose loans, instalments, dues and open holds are here
    purchases: Purchases = dataclasses.field(default_factory=lambda: Purchases.empty(0))

    @classmethod
    def nothing(cls, ids: Int64s) -> "Loaded":
        """Return lines that do not exist yet, one for each of ``ids`` (sorted)."""
        lines = Lines.empty(len(ids))
        lines.id[:] = ids
        full = np.ones(len(ids), np.bool_)
        return cls(lines, Dues.empty(0), Loans.empty(0), Parts.empty(0), Holds.empty(0), full)


def _makes(*kinds: Kind) -> Flags:
    """Return of each number of a kind whether it is one of ``kinds``."""
    return np.isin(np.arange(max(Kind) + 1), np.array(kinds))


_MAKES_DUE = _makes(Kind.STATEMENT)
_MAKES_LOAN = _makes(Kind.STATEMENT, Kind.DRAW_SUCCEEDED, Kind.CONVERT, Kind.CHARGE)
_MAKES_PARTS = _makes(Kind.CONVERT, Kind.DRAW)  # a draw's when it succeeds
_MAKES_HOLD = _makes(Kind.HOLD, Kind.DRAW, Kind.PAY_BACK)
_MAKES_PURCHASE = _makes(Kind.PURCHASE, Kind.CAPTURE, Kind.PAY_BACK_SUCCEEDED)


def build(
    terms: TermsTable,
    loaded: Loaded,
    commands: Commands,
    *,
    accepted: bool = False,
    track: bool = False,
) -> State:
    """Lay out the loaded rows with room for all that ``commands`` can make.

    ``track`` keeps the purchases too: for lines that start from nothing, or whose purchases
    are loaded.
    """
    ids, n = loaded.lines.id, len(loaded.lines)
    line, none = ids.searchsorted(commands.line), np.zeros(n, np.int64)

    def room(makes: Flags) -> Index:
        made = makes[commands.kind]
        return np.bincount(line[made], minlength=n) if np.count_nonzero(made) else none

    loans = reserve(ids, _in_fold_order(loaded.loans), loaded.loans.line, room(_MAKES_LOAN))
    parts, plan = _reserve_parts(loaded, loans, line, commands)
    purchases = room(_MAKES_PURCHASE) if track else none
    sum_table = np.zeros((len(SUMS), n), np.int64)
    return State(
        terms,
        loaded.lines,
        reserve(ids, loaded.dues, loaded.dues.line, room(_MAKES_DUE)),
        loans,
        parts,
        reserve(ids, loaded.holds, loaded.holds.line, room(_MAKES_HOLD)),
        reserve(ids, loaded.purchases, loaded.purchases.line, purchases),
        plan,
        dict(zip(SUMS, sum_table, strict=True)),
        sum_table,
        loaded.full,
        accepted,
    )


def _in_fold_order(loans: Loans) -> Loans:
    """Return loans by line and place in the fold; a number is of its booking, not of that."""
    if len(loans) <= 1:
        return loans
    made_later = loans.kind != LoanKind.CYCLE.value
    order = np.lexsort((loans.no, made_later, loans.opened_on, loans.line))
    in_order = (order[1:] > order[:-1]).all()
    return loans if in_order else Loans.from_rows(loans.to_rows(order))


def _reserve_parts(
    loaded: Loaded, loans: Child[Loans], line: Index, commands: Commands
) -> tuple[Child[Parts], Index]:
    """Lay out instalments by line and place of their plans; return also where these are."""
    room = np.zeros(len(loaded.lines), np.int64)
    [planned] = _MAKES_PARTS[commands.kind].nonzero()
    if len(planned):
        np.add.at(room, line[planned], np.clip(commands.count[planned], 0, INSTALMENTS_MAX))
    if len(loaded.holds):
        drawn = np.flatnonzero(loaded.holds.kind == HoldKind.DRAW.value)
        of_line = loaded.lines.id.searchsorted(loaded.holds.line[drawn])
        np.add.at(room, of_line, loaded.holds.merchant[drawn])
    if not len(loaded.parts):
        parts = reserve(loaded.lines.id, loaded.parts, loaded.parts.line, room)
        return parts, np.zeros(parts.size + 1, np.int64)
    rows = np.flatnonzero(loans.in_use())
    by_no = rows[np.argsort(loans.rows.no[rows])]
    plan = by_no[np.searchsorted(loans.rows.no[by_no], loaded.parts.loan)]
    order = np.lexsort((loaded.parts.no, plan))
    sorted_parts = Parts.from_rows(loaded.parts.to_rows(order))
    parts = reserve(loaded.lines.id, sorted_parts, sorted_parts.line, room)
    where = np.zeros(parts.size + 1, np.int64)
    where[parts.in_use()] = plan[order]
    return parts, where


class Out:
    """What a batch gives out: transfers, statements, instructions, and a row a command.

    ``sums`` has, for each command, what it added to the running sums of its line.
    """

    def __init__(self, commands: Commands) -> None:
        """Start with nothing for ``commands`` (c,)."""
        n = len(commands)
        self.outcome = np.zeros(n, np.int16)
        self.applied_minor = np.zeros(n, np.int64)
        self.sum_table = np.zeros((len(SUMS), n), np.int64)
        self.sums = dict(zip(SUMS, self.sum_table, strict=True))
        self.statements: list[Statements] = []
        self.items: list[Items] = []
        self.instructions: list[Instructions] = []
        self._moves: list[tuple[Index, Index, Index, Int64s]] = []

    def move(self, c: Index, debit: Index, credit: Index, amount_minor: Int64s) -> None:
        """Add a transfer of ``amount_minor`` (k,) for each command ``c``; zeros are left out."""
        count = np.count_nonzero(amount_minor)
        if not count:
            return
        assert not np.count_nonzero(amount_minor < ZERO)
        if count < len(amount_minor):
            some = amount_minor != 0
            c, debit, credit, amount_minor = c[some], debit[some], credit[some], amount_minor[some]
        self._moves.append((c, debit, credit, amount_minor))

    def transfers(self, commands: Commands) -> Transfers:
        """Return all transfers in journal order, legs numbered from 0."""
        if not self._moves:
            return Transfers.empty(0)
        c, debit, credit, amount = (np.concatenate(x) for x in zip(*self._moves, strict=True))
        order = np.argsort(c, kind="stable")
        c = c[order]
        leg = np.arange(len(c)) - c.searchsorted(c)
        return Transfers(
            commands.seq[c],
            leg.astype(np.int16),
            commands.line[c],
            debit[order].astype(np.int32),
            credit[order].astype(np.int32),
            amount[order],
            commands.effective_on[c],
            commands.booked_on[c],
        )


@dataclasses.dataclass(slots=True)
class Call:
    """Commands of one kind in one round: at most one a line.

    ``c`` (k,) are command rows, ``i`` (k,) the index of each command's line.
    """

    state: State
    out: Out
    commands: Commands
    kind: Kind
    c: Index
    i: Index
    closes: bool  # the kind stands at the close of its day
    hold: Index | None = None  # (k,) where the hold is that each command refers to, once found

    def keep(self, where: Flags) -> "Call":
        """Return the call for the rows that are ``where`` (k,)."""
        if np.count_nonzero(where) == len(where):
            return self
        c, i = self.c[where], self.i[where]
        return Call(self.state, self.out, self.commands, self.kind, c, i, self.closes)

    @property
    def on(self) -> Days:
        """The effective days."""
        return self.commands.effective_on[self.c]

    @property
    def until_on(self) -> Days:
        """The day up to which interest is reckoned: the next day for what closes one."""
        return self.on + _NEXT_DAY if self.closes else self.on

    @property
    def amount(self) -> Int64s:
        """The amounts."""
        return self.commands.amount_minor[self.c]

    @property
    def ref(self) -> Int64s:
        """What each command refers to."""
        return self.commands.ref[self.c]

    def account(self, kind: Account) -> Index:
        """Return the account of ``kind`` for each line."""
        return self.state.account(kind, self.i)

    def receivable(self, kind: Account, off: Account) -> Index:
        """Return the receivable of ``kind`` of each line, in the bucket it stands in.

        A line that was written off is off the balance sheet: ``off`` takes the place of its
        receivables (``WRITE_OFF`` for what it still borrows, ``RECOVERY`` for what it pays).
        """
        lines, i = self.state.lines, self.i
        off_balance = self.state.is_gone(i)
        on = self.state.account(kind, i, lines.bucket[i])
        if not np.count_nonzero(off_balance):
            return on
        return np.where(off_balance, self.state.account(off, i), on)

    def move(self, debit: Index, credit: Index, amount_minor: Int64s) -> None:
        """Add a transfer for each command."""
        self.out.move(self.c, debit, credit, amount_minor)
