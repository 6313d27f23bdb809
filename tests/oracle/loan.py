"""What a line consists of: purchases, holds, loans and the queue of unmet minimums."""

import dataclasses
import datetime as dt
from fractions import Fraction

MICRO = 1_000_000
CHARGES = ("penalty", "fee", "interest")


def half_up(value: Fraction) -> int:
    """Round as terms.md 2 says: floor(x + 1/2), also below zero."""
    return (value + Fraction(1, 2)).__floor__()


def no_charges() -> dict[str, int]:
    """Return a zero for each charge."""
    return dict.fromkeys(CHARGES, 0)


@dataclasses.dataclass
class Purchase:
    """A purchase or a capture.  ``unpaid`` is what no payment, refund or plan has taken.

    Money paid back that was no longer overpaid is one too, which nobody can name.
    """

    seq: int
    amount: int
    unpaid: int
    refunded: int = 0
    loan: "Loan | None" = None  # of its cycle; None: it is in the running cycle
    plan: "Loan | None" = None  # if it was converted


@dataclasses.dataclass
class Hold:
    """Of a merchant (it expires), or of money that is under way (it does not).

    ``asked`` is the command that made it: hold, draw or pay_back.
    """

    amount: int
    left: int
    asked: str
    expires_on: dt.date
    count: int = 0  # instalments of a draw; 0: by the day
    is_open: bool = True


@dataclasses.dataclass
class Entry:
    """What is unmet of the minimum of one statement."""

    due_on: dt.date
    unmet: int


@dataclasses.dataclass
class Instalment:
    """A term of a plan that is still to come."""

    principal: int
    fee: int


@dataclasses.dataclass
class Loan:
    """One debt: ("cycle", cut day), ("draw" or "plan", seq of draw_succeeded or convert).

    Principal is unbilled (a draw before its cut, the terms to come of a plan), billed (its
    first due day is not over) or carried (it is).
    """

    kind: str
    origin: dt.date | int
    rate_ppm: int
    unbilled_draw: int = 0
    billed: int = 0
    carried: int = 0
    to_come: list[Instalment] = dataclasses.field(default_factory=list)  # next first
    purchases: list[Purchase] = dataclasses.field(default_factory=list)  # oldest first
    due: dict[str, int] = dataclasses.field(default_factory=no_charges)
    since_cut: dict[str, int] = dataclasses.field(default_factory=no_charges)
    billed_by_cut: int = 0  # principal
    interest: Fraction = Fraction(0)  # accrued, not billed, minor units
    penalty: Fraction = Fraction(0)

    @property
    def unbilled(self) -> int:
        return self.unbilled_draw + sum(term.principal for term in self.to_come)

    @property
    def principal(self) -> int:
        return self.unbilled + self.billed + self.carried

    @property
    def billed_and_unpaid(self) -> int:
        return self.billed + self.carried + sum(self.due.values())

    def is_paid_off(self) -> bool:
        """Nothing owed, nothing to come, and both rests under one unit."""
        owed = self.principal + sum(self.due.values()) + sum(term.fee for term in self.to_come)
        return owed == 0 and self.interest < 1 and self.penalty < 1

    def accrue_a_night(self, late_rate_ppm: int, *, past_due: bool) -> None:
        """What is carried bears the late rate while the line is past due: that is penalty.

        A draw bears its own rate from the first day; what else is not carried is free.
        """
        bearing = self.unbilled_draw + self.billed if self.kind == "draw" else 0
        if past_due and self.carried:
            self.penalty += Fraction(self.carried * late_rate_ppm, MICRO)
        if not past_due:
            bearing += self.carried
        if bearing:
            self.interest += Fraction(bearing * self.rate_ppm, MICRO)

    def bill_charges(self) -> tuple[int, int]:
        """Bill what has accrued, rounded; keep the rest.  Return (interest, penalty)."""
        interest, penalty = half_up(self.interest), half_up(self.penalty)
        self.interest -= interest
        self.penalty -= penalty
        self.bill("interest", interest)
        self.bill("penalty", penalty)
        return interest, penalty

    def bill(self, charge: str, amount: int) -> None:
        self.due[charge] += amount
        self.since_cut[charge] += amount

    # Each payment takes what it can and returns what is left of the amount.

    def pay(self, part: str, amount: int) -> int:
        """Pay a charge, or the billed principal: what is carried first."""
        if part == "principal":
            return self.pay_principal(amount)
        paid = min(amount, self.due[part])
        self.due[part] -= paid
        return amount - paid

    def pay_principal(self, amount: int) -> int:
        paid = self.lower_principal(amount)
        if self.kind == "cycle":
            left = pay_oldest_first(self.purchases, paid)
            assert left == 0
        return amount - paid

    def lower_principal(self, amount: int) -> int:
        """Lower what is carried, then what is billed; return by how much."""
        from_carried = min(amount, self.carried)
        from_billed = min(amount - from_carried, self.billed)
        self.carried -= from_carried
        self.billed -= from_billed
        return from_carried + from_billed

    def pay_in_advance(self, amount: int) -> int:
        """Pay what is unbilled, terms in order."""
        paid = min(amount, self.unbilled_draw)
        self.unbilled_draw -= paid
        amount -= paid
        for ahead in range(len(self.to_come)):
            amount = self.pay_term(ahead, amount)
        return amount

    def pay_term(self, ahead: int, amount: int) -> int:
        """Pay a term to come; its fee is dropped when its principal becomes 0."""
        term = self.to_come[ahead]
        paid = min(amount, term.principal)
        term.principal -= paid
        if paid and term.principal == 0:
            term.fee = 0
        return amount - paid


def pay_oldest_first(purchases: list[Purchase], amount: int) -> int:
    """Which part of a purchase is unpaid: the oldest is paid first."""
    for purchase in purchases:
        paid = min(amount, purchase.unpaid)
        purchase.unpaid -= paid
        amount -= paid
    return amount
