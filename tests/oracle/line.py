"""The state of one line: what is owed, where a payment goes, what is past due."""

import datetime as dt

from tests.oracle.loan import Entry, Hold, Loan, Purchase, pay_oldest_first
from tests.oracle.terms import Terms


class Line:
    """A credit line at one moment."""

    def __init__(self, terms: Terms, opened_on: dt.date, limit: int, cycle_day: int) -> None:
        self.terms = terms
        self.opened_on = opened_on
        self.limit = limit
        self.cycle_day = cycle_day
        self.loans: list[Loan] = []  # open ones, in the order of their making
        self.running: list[Purchase] = []  # purchases of the running cycle, oldest first
        self.purchases: dict[int, Purchase] = {}
        self.billed_by: dict[dt.date, Loan] = {}  # the loans of cycles, open or not, by their cut
        self.holds: dict[int, Hold] = {}
        self.collected: list[int] = []  # what was asked to be collected
        self.overpaid = 0
        self.queue: list[Entry] = []  # unmet minimums, oldest first
        self.closed_day = opened_on - dt.timedelta(days=1)  # the last day that is over
        self.written_off_on: dt.date | None = None
        self.is_closed = False
        self.spared_on: set[dt.date] = set()  # days whose write-off was reversed
        self.is_spared = False
        self.interest_billed = self.penalty_billed = self.fees_billed = 0

    # What is owed.

    @property
    def cycle(self) -> int:
        return sum(purchase.unpaid for purchase in self.running)

    @property
    def used(self) -> int:
        return self.cycle + sum(loan.principal for loan in self.loans)

    @property
    def held(self) -> int:
        return sum(hold.left for hold in self.holds.values() if hold.is_open)

    @property
    def on_its_way_back(self) -> int:
        """Overpaid money that a partner was asked to give back."""
        waits = (hold for hold in self.holds.values() if hold.is_open and hold.asked == "pay_back")
        return sum(hold.left for hold in waits)

    @property
    def available(self) -> int:
        return self.limit - self.used - self.held

    @property
    def due_left(self) -> int:
        """Billed and unpaid less overpaid, not below 0."""
        return max(0, sum(loan.billed_and_unpaid for loan in self.loans) - self.overpaid)

    @property
    def is_idle(self) -> bool:
        return self.used == 0 and self.overpaid == 0 and not self.loans

    # Late.

    @property
    def past_due_on(self) -> dt.date | None:
        """The oldest due day that is over and whose minimum is unmet."""
        passed = [entry.due_on for entry in self.queue if entry.due_on <= self.closed_day]
        return min(passed, default=None)

    @property
    def days_past_due(self) -> int:
        """At the close of the last day that is over; on the due day itself 0."""
        return 0 if self.past_due_on is None else (self.closed_day - self.past_due_on).days

    def meet_minimums(self, amount: int) -> None:
        """A repayment lowers the queue, oldest first, by its whole amount."""
        for entry in self.queue:
            met = min(amount, entry.unmet)
            entry.unmet -= met
            amount -= met

    def settle(self) -> None:
        """After everything: the queue never exceeds the due left, and what is paid off goes."""
        self.loans = [loan for loan in self.loans if not loan.is_paid_off()]
        room = self.due_left
        for entry in self.queue:  # the newest is cut first: the oldest keeps its room
            entry.unmet = min(entry.unmet, room)
            room -= entry.unmet
        self.queue = [entry for entry in self.queue if entry.unmet]
        self.is_spared &= self.past_due_on is not None

    # Where a payment goes.  Each step returns what is left of the amount.

    def pay_usual(self, amount: int) -> int:
        """Pay what is billed, by rank and loan; written off: principal first, all of it."""
        if self.written_off_on is not None:
            return self.pay_written_off(amount)
        ranks = self.terms.allocation_current
        if self.terms.allocation_way == "down":
            cells = [(loan, part) for part in ranks for loan in self.loans]
        else:
            cells = [(loan, part) for loan in self.loans for part in ranks]
        for loan, part in cells:
            amount = loan.pay(part, amount)
        return amount

    def pay_written_off(self, amount: int) -> int:
        for part in self.terms.allocation_written_off:
            for loan in self.loans:
                amount = loan.pay(part, amount)
                if part == "principal":
                    amount = loan.pay_in_advance(amount)
            if part == "principal":
                amount = pay_oldest_first(self.running, amount)
        return amount

    def pay_one_loan(self, loan: Loan, amount: int) -> int:
        for part in self.terms.allocation_current:
            amount = loan.pay(part, amount)
        return loan.pay_in_advance(amount)

    def pay_all_in_advance(self, amount: int) -> int:
        """By the cut that would bill it, then loan by loan, the running cycle as the last."""
        cuts = max([1, *(len(loan.to_come) for loan in self.loans)])
        for ahead in range(cuts):
            for loan in self.loans:
                if ahead < len(loan.to_come):
                    amount = loan.pay_term(ahead, amount)
                elif ahead == 0:
                    amount = loan.pay_in_advance(amount)
            if ahead == 0:
                amount = pay_oldest_first(self.running, amount)
        return amount

    def use_overpaid(self) -> None:
        """The new bill is paid from overpayment; for the queue that is no repayment."""
        self.overpaid = self.pay_usual(self.overpaid)

    def bill_charges(self, loan: Loan) -> None:
        interest, penalty = loan.bill_charges()
        self.interest_billed += interest
        self.penalty_billed += penalty
