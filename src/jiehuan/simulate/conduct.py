"""How did each line fare from month to month?

Read from a book's own journal, folded in memory and stopped on every 1st.
"""

import dataclasses

import numpy as np

from jiehuan.core.apply import apply
from jiehuan.core.columns import Commands, Int64s
from jiehuan.core.commands import Kind
from jiehuan.core.terms import TermsTable
from jiehuan.simulate import ahead
from jiehuan.simulate.decisions import Conduct
from jiehuan.simulate.journal import begin
from jiehuan.simulate.people import People
from jiehuan.simulate.plan import first_of


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Months:
    """What stood on the lines on each 1st, after its statement; a column a month, April first.

    Columns are over the people, shape (n,); the one of month m is that of the 1st of m + 1.

    Attributes:
        balances_minor: The statement's balance; 0 if there was none.
        minimums_minor: The statement's minimum due.
        buckets: The bucket at the close of the day before.
        repaid_minor: What the client repaid in the month.
    """

    balances_minor: list[Int64s]
    minimums_minor: list[Int64s]
    buckets: list[Int64s]
    repaid_minor: list[Int64s]

    def conduct(self) -> Conduct:
        """Return what a review may look at: newest first, April's repayments left out."""
        return Conduct(self.balances_minor[::-1], self.repaid_minor[:0:-1], self.buckets[::-1])


def follow(terms: TermsTable, commands: Commands, people: People, months: int) -> Months:
    """Fold accepted commands and look at the lines on every 1st.

    Args:
        terms: The terms table.
        commands: All accepted commands of the book, shape (c,).
        people: The clients; a line's party is one of them.
        months: How many.
    """
    state, ordered = begin(terms, commands)
    at = ahead.positions(ordered)
    line = np.searchsorted(state.lines.id, ordered.line)
    seen = Months([], [], [], [])
    after = -1
    for month in range(months):
        until = ahead.opening(first_of(month + 1))
        now = np.flatnonzero((at > after) & (at <= until))
        mine = Commands.from_rows(ordered.to_rows(now))
        apply(state, mine)
        client = np.searchsorted(people.id, state.lines.party)
        cut = state.lines.cut_on == first_of(month + 1)
        for column, value in (
            (seen.balances_minor, np.where(cut, state.lines.balance_minor, 0)),
            (seen.minimums_minor, np.where(cut, state.lines.minimum_minor, 0)),
            (seen.buckets, state.lines.bucket.astype(np.int64)),
            (seen.repaid_minor, _repaid(mine, line[now], len(state.lines))),
        ):
            of_client = np.zeros(len(people), np.int64)
            of_client[client] = value
            column.append(of_client)
        after = until
    return seen


def _repaid(commands: Commands, line: Int64s, n: int) -> Int64s:
    """Return what each line repaid, shape (n,)."""
    out = np.zeros(n, np.int64)
    paid = commands.kind == Kind.REPAY
    np.add.at(out, line[paid], commands.amount_minor[paid])
    return out
