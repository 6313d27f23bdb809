"""How does a book stand today?  The figures of the overview page, in one snapshot."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from jiehuan.core import ledger
from jiehuan.core.columns import Commands
from jiehuan.core.commands import DAY_KINDS, Kind
from jiehuan.core.ledger import Account
from jiehuan.core.line import BUCKET_MAX, Status
from jiehuan.core.outcomes import Outcome
from jiehuan.reports import trial_balance
from jiehuan.reports.trial_balance import TrialBalance
from jiehuan.store import figures
from jiehuan.store.database import Connection
from jiehuan.store.figures import Closed, Cut, Decided, Flow, Standing
from jiehuan.store.lookup import BookRow

DAYS_MAX = 366


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """What stands in one delinquency bucket, lines written off left out."""

    lines: int
    principal_minor: int
    charges_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Month:
    """What moved in one month of effective days; only what was accepted."""

    year: int
    month: int
    spent_minor: int
    repaid_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Accrual:
    """What one day earned."""

    on: int
    interest_minor: int
    penalty_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Overview:
    """A book on its business day, as it was read from the database."""

    book: BookRow
    closed_on: int
    standings: Sequence[Standing]
    decisions: Sequence[Decided]
    cuts: Sequence[Cut]
    flows: Sequence[Flow]
    closes: Sequence[Closed]
    trial_balance: TrialBalance
    commands: Commands

    @property
    def lines(self) -> int:
        """Lines that were opened."""
        return sum(row.lines for row in self.standings)

    def lines_of(self, status: Status) -> int:
        """Return how many lines have a status."""
        return sum(row.lines for row in self.standings if row.status == status)

    @property
    def live(self) -> list[Standing]:
        """Where lines stand that are neither written off nor closed."""
        return [row for row in self.standings if row.status < Status.WRITTEN_OFF]

    def total(self, name: str) -> int:
        """Return the sum of a column of ``Standing`` over live lines."""
        return sum(getattr(row, name) for row in self.live)

    @property
    def buckets(self) -> list[Bucket]:
        """M0 .. M6+ of live lines."""
        return [
            Bucket(
                sum(row.lines for row in rows),
                sum(row.used_minor for row in rows),
                sum(row.charges_minor for row in rows),
            )
            for bucket in range(BUCKET_MAX + 1)
            for rows in [[row for row in self.live if row.bucket == bucket]]
        ]

    @property
    def months(self) -> list[Month]:
        """What was spent and repaid, month by month."""
        spent, repaid = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for flow in self.flows:
            month = flow.month.year, flow.month.month
            if flow.outcome != Outcome.DONE:
                continue
            if flow.kind in {Kind.PURCHASE, Kind.CAPTURE, Kind.DRAW_SUCCEEDED}:
                spent[month] += flow.amount_minor
            elif flow.kind == Kind.REPAY:
                repaid[month] += flow.amount_minor
        return [Month(*at, spent[at], repaid[at]) for at in sorted({*spent, *repaid})]

    @property
    def accruals(self) -> list[Accrual]:
        """What each closed day earned in interest and penalty, at most the last ``DAYS_MAX``."""
        interest, penalty = Counter[int](), Counter[int]()
        for row in self.closes:
            on = row.booked_on.toordinal()
            for number, sign in ((row.debit, -1), (row.credit, 1)):
                kind = ledger.split(number)[1]
                if kind is Account.INTEREST_INCOME:
                    interest[on] += sign * row.amount_minor
                elif kind is Account.PENALTY_INCOME:
                    penalty[on] += sign * row.amount_minor
        first = max(self.book.opened_on.toordinal(), self.closed_on - DAYS_MAX + 1)
        days = range(first, self.closed_on + 1)
        return [Accrual(on, interest[on], penalty[on]) for on in days]

    @property
    def callers_commands(self) -> int:
        """How many commands callers sent, accepted or refused."""
        return sum(flow.commands for flow in self.flows if flow.kind not in DAY_KINDS)

    @property
    def day_events(self) -> int:
        """How many commands the passing of days sent."""
        return sum(flow.commands for flow in self.flows if flow.kind in DAY_KINDS)

    @property
    def refused(self) -> int:
        """How many commands were refused."""
        return sum(flow.commands for flow in self.flows if flow.outcome != Outcome.DONE)

    def decided(self, kind: Kind) -> dict[int, int]:
        """Return how many decisions of a kind came out how, by verdict."""
        out = Counter[int]()
        for row in self.decisions:
            if row.kind == kind:
                out[row.outcome] += row.decisions
        return dict(out)


def read(conn: Connection, book: BookRow, commands_max: int = 12, cuts_max: int = 12) -> Overview:
    """Read a book's figures; the caller's snapshot makes them of one moment."""
    number = book.book
    return Overview(
        book=book,
        closed_on=figures.last_closed_on(conn, number),
        standings=figures.standings(conn, number),
        decisions=figures.decisions(conn, number),
        cuts=figures.cuts(conn, number, cuts_max),
        flows=figures.flows(conn, number),
        closes=figures.closes(conn, number),
        trial_balance=trial_balance.read(conn, number),
        commands=Commands.from_rows(figures.last_commands(conn, number, commands_max)),
    )
