"""Who is paid first: a payment is poured over what is owed, by a table of ranks.

A ``Payment`` holds what is left of each amount while it is poured over the loans of its
line.  Which rank comes first is data of the product; the code only permutes the cells.
"""

from collections.abc import Iterator

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.days import next_cut_on
from jiehuan.core.interest import reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import LoanKind
from jiehuan.core.segments import Index, Segments
from jiehuan.core.state import Call

RANKS = ("penalty", "fee", "interest", "principal")
RECEIVABLE = {
    "penalty": Account.PENALTY,
    "fee": Account.FEE,
    "interest": Account.INTEREST,
    "principal": Account.PRINCIPAL,
}


class Payment:
    """Amounts on their way to what is owed, one a line.

    ``left`` (k,) is not poured yet; ``paid[rank]`` (k,) is what each rank took.  Together
    they are the amount, to the cent.
    """

    def __init__(self, call: Call, amount_minor: Int64s) -> None:
        """Begin with ``amount_minor`` (k,) for the lines of ``call``."""
        self.call = call
        self.loans = call.state.loans.rows
        self.s: Segments = call.state.open_loans(call.i)
        self.left = amount_minor.copy()
        self.paid = {rank: np.zeros(len(call.i), np.int64) for rank in RANKS}
        self.gone: Flags = call.state.is_gone(call.i)

    def usual(self) -> None:
        """Pour over what is billed, in the order of the product and the line's stage."""
        for which, order, way in self._orders():
            if way == "across":
                self._across(order, which)
            else:
                self._down(order, which)

    def _orders(self) -> Iterator[tuple[Flags | None, tuple[str, ...], str]]:
        """Yield lines (k,), or None for all, with their order of ranks, and down or across.

        What was written off is paid down: all its principal, then each of its charges.
        """
        lines, terms = self.call.state.lines, self.call.state.terms
        stage = lines.terms[self.call.i] * 2 + self.gone
        stages = np.bincount(stage).nonzero()[0].tolist()
        for one in stages:
            which = stage == one if len(stages) > 1 else None
            product = terms.products[one // 2]
            if one % 2:
                yield which, product.allocation_written_off, "down"
            else:
                yield which, product.allocation_current, product.allocation_way

    def _down(self, order: tuple[str, ...], which: Flags | None) -> None:
        """Settle a rank over all loans before the next rank."""
        for rank in order:
            cells = self._cells(rank, which)
            if np.count_nonzero(cells):
                self._take(rank, self.s.pour(self.left, cells))
            if rank == "principal" and np.count_nonzero(self.gone):
                self._cycle_written_off(which)

    def _across(self, order: tuple[str, ...], which: Flags | None) -> None:
        """Settle a loan over all ranks before the next loan."""
        cells = np.stack([self._cells(rank, which) for rank in order], axis=1)
        takes = self.s.widen(len(order)).pour(self.left, cells.ravel()).reshape(cells.shape)
        for rank, take in zip(order, takes.T, strict=True):
            self._take(rank, take)

    def loan(self, chosen: Flags) -> None:
        """Pour over the chosen loans (m,) of each line: billed first, then in advance."""
        for which, order, _ in self._orders():
            for rank in order:
                cells = self._cells(rank, which) * chosen
                self._take(rank, self.s.pour(self.left, cells))
        ahead = self.loans.unbilled_minor[self.s.at] * chosen
        self._take_ahead(self.s.pour(self.left, ahead))

    def rank(self, rank: str, chosen: Flags) -> None:
        """Pour over one rank of the chosen loans (m,)."""
        self._take(rank, self.s.pour(self.left, self._cells(rank) * chosen))

    def _cells(self, rank: str, which: Flags | None = None) -> Int64s:
        """Return what each loan owes of a rank, 0 for lines that are not ``which``."""
        loans, rows = self.loans, self.s.at
        if rank != "principal":
            owed: Int64s = getattr(loans, f"{rank}_due_minor")[rows]
        else:
            owed = loans.carried_minor[rows] + loans.billed_minor[rows]
            if np.count_nonzero(self.gone):
                owed += loans.unbilled_minor[rows] * self.gone[self.s.of]
        return owed if which is None else owed * which[self.s.of]

    def _take(self, rank: str, take: Int64s) -> None:
        """Book what each loan takes (m,) of a rank."""
        if not np.count_nonzero(take):
            return
        loans, rows = self.loans, self.s.at
        if rank == "principal":
            self._reckon(take)
            left = take
            for column in (loans.carried_minor, loans.billed_minor, loans.unbilled_minor):
                part = np.minimum(left, column[rows])
                if np.count_nonzero(part):
                    column[rows] -= part
                    left = left - part
        else:
            getattr(loans, f"{rank}_due_minor")[rows] -= take
        self.took(rank, self.s.sum(take))

    def _reckon(self, take: Int64s) -> None:
        """Bring the loans that are to give ``take`` (m,) up to today."""
        [where] = take.nonzero()
        rows, of = self.s.at[where], self.s.of[where]
        reckon(self.call.state, rows, self.call.i[of], self.call.until_on[of])

    def took(self, rank: str, amount_minor: Int64s) -> None:
        """Say that ``amount_minor`` (k,) of each payment went to a rank."""
        self.left = self.left - amount_minor
        self.paid[rank] = self.paid[rank] + amount_minor

    def _cycle_written_off(self, which: Flags | None) -> None:
        """Pay the running cycle of lines that were written off: it is never billed."""
        gone = self.gone if which is None else which & self.gone
        cycle_minor = self.call.state.lines.cycle_minor[self.call.i]
        self.cycle(np.minimum(self.left, cycle_minor) * gone)

    def cycle(self, amount_minor: Int64s) -> None:
        """Pay ``amount_minor`` (k,) of the running cycles."""
        self.call.state.lines.cycle_minor[self.call.i] -= amount_minor
        self.took("principal", amount_minor)

    def _take_ahead(self, take: Int64s) -> None:
        """Pay unbilled principal of loans (m,): a draw's, or a plan's next terms."""
        if not np.count_nonzero(take):
            return
        rows = self.s.at
        self._reckon(take)
        self.loans.unbilled_minor[rows] -= take
        self._shorten_terms(take)
        self.took("principal", self.s.sum(take))

    def _shorten_terms(self, take: Int64s) -> None:
        """Take ``take`` (m,) off the plans' unbilled terms, next terms first.

        A term whose principal becomes 0 drops its fee.
        """
        state = self.call.state
        if not state.parts.roomy:
            return
        parts, p = state.parts.rows, state.parts_of(self.s, self.call.i)
        cells = parts.principal_minor[p.at] * ~parts.billed[p.at]
        part = p.pour(take, cells)
        parts.principal_minor[p.at] -= part
        parts.fee_minor[p.at[(part > 0) & (part == cells)]] = 0

    def plan_of(self, purchase: Int64s) -> None:
        """Pour over the plan made of each purchase (k,): next terms, then what is billed."""
        mine = (self.loans.source[self.s.at] == purchase[self.s.of]) & (purchase[self.s.of] > 0)
        ahead = self.loans.unbilled_minor[self.s.at] * mine
        self._take_ahead(self.s.pour(self.left, ahead))
        self._take("principal", self.s.pour(self.left, self._cells("principal") * mine))

    def loan_principal(self, rows: Index, amount_minor: Int64s) -> None:
        """Pay ``amount_minor`` (k,) off one loan of each line, at ``rows`` (k,)."""
        mine = self.s.at == rows[self.s.of]
        self._take("principal", amount_minor[self.s.of] * mine)

    def ahead(self, which: Flags) -> None:
        """Pour over all that is unbilled, by the cut that would bill it, then loan number."""
        state, i = self.call.state, self.call.i
        lines, parts = state.lines, state.parts.rows
        next_due = next_cut_on(self.call.on, lines.cycle_day[i])
        next_due = next_due + state.terms.due_after_days[lines.terms[i]]
        p = state.parts_of(self.s, i)
        draw = self.loans.kind[self.s.at] == LoanKind.DRAW.value
        cells = np.concatenate(
            (
                self.loans.unbilled_minor[self.s.at] * draw,
                parts.principal_minor[p.at] * ~parts.billed[p.at],
                lines.cycle_minor[i],
            )
        )
        of = np.concatenate((self.s.of, self.s.of[p.of], np.arange(len(i))))
        due_on = np.concatenate((next_due[self.s.of], parts.due_on[p.at], next_due))
        m, q = len(self.s.at), len(p.at)
        place = np.concatenate((np.arange(m), p.of, np.full(len(i), m)))
        cells *= which[of]
        order = np.lexsort((place, due_on, of))
        count = np.bincount(of, minlength=len(i))
        by_cut = Segments(order, of[order], np.cumsum(count) - count, count)
        take = np.empty_like(cells)
        take[order] = by_cut.pour(self.left, cells[order])
        self._take_ahead(take[:m] + p.sum(take[m : m + q]))
        self.cycle(take[m + q :])

    def book(self, source: Index) -> None:
        """Make the transfers from ``source`` accounts (k,); the rest becomes overpayment."""
        call = self.call
        for rank in RANKS:
            if np.count_nonzero(self.paid[rank]):
                receivable = call.receivable(RECEIVABLE[rank], Account.RECOVERY)
                call.move(source, receivable, self.paid[rank])
        if np.count_nonzero(self.left):
            call.move(source, call.account(Account.OVERPAYMENT), self.left)
            call.state.lines.overpaid_minor[call.i] += self.left
