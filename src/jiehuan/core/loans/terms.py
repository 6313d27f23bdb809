"""What a term loan's contract decides; one object for one loan.

Money is in minor units, a rate in parts per million a year.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

PARTS: Final = ("penalty", "fee", "interest", "principal")
PHASES: Final = ("past_due", "due", "in_advance")
PENALTY, FEE, INTEREST, PRINCIPAL = range(4)
PAST_DUE, DUE, IN_ADVANCE = range(3)

# The words that a field may hold.
INTERESTS: Final = ("level", "flat")
BASES: Final = ("365", "360", "actual", "period-365", "period-360")
PLANS: Final = ("whole", "onward")
RESTS: Final = ("none", "daily", "period")
EARLY: Final = ("smaller", "fewer", "skip")
ADVANCES: Final = ("next", "last", "spread")
WAYS: Final = ("across", "down")
UNITS: Final = ("days", "months")

Rank = tuple[int, int]  # of PHASES, of PARTS


@dataclasses.dataclass(frozen=True, slots=True)
class Allocation:
    """In which order a payment is poured over what is owed.

    Attributes:
        ranks: All pairs of phase and part, first paid first.
        across: An instalment is settled through its ranks before the next instalment; else
            a rank is settled through all instalments before the next rank.
        charges_by_own_day: A charge falls due on its own day, not with its instalment.
        advance: Which instalment takes what is paid in advance, by kind of payment.
    """

    ranks: tuple[Rank, ...]
    across: bool = True
    charges_by_own_day: bool = False
    advance: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that every pair has its rank."""
        pairs = {(phase, part) for phase in range(len(PHASES)) for part in range(len(PARTS))}
        assert len(self.ranks) == len(pairs)
        assert set(self.ranks) == pairs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """The contract.

    Attributes:
        count: Instalments, without down payments.
        every: The length of a period, in ``unit``.
        unit: "days" or "months".
        rate_ppm: A year.
        interest: On what it runs: "level" (on the balance, equal payments) or "flat" (on the
            principal lent, in equal parts).
        basis: How interest is counted: by nights over "365", "360" or the days of the
            "actual" year; or by the period, a month being 1/12 of a year and a day 1/365 or
            1/360 ("period-365", "period-360"), a part of one in proportion to its nights.
        level_nights: Nights of a year by which the level payment counts a month as 30; 0
            takes each period as ``basis`` has it.
        plan: What a further disbursement does: the schedule is made anew as a "whole" from
            the first day, or "onward" from the day of the disbursement.
        allocation: The order of payment.
        down_ppm: Share of each disbursement that falls due on its day.
        down_automatic: It is repaid at once.
        unit_minor: Instalments are multiples of it, the last takes the rest.
        rest: When a payment in advance lowers the balance that bears interest: "none" (it
            does not), "daily" (at once), "period" (from the next due day).
        early: What follows: instalments get "smaller", "fewer", or the next ones are
            "skip"ped.
        late_bears_interest: With a rest, what is past due bears interest to the day looked at.
        compound: Interest that is past due bears interest too.
        approved_minor: The level payment is reckoned on it, whatever was paid out; 0: not.
        agreed: First and last day of every period, where they were agreed one by one.
        charges_when_booked: In a schedule that goes onward, payments may pay a charge from
            the day of its booking on, though it is due later; else from its due day on.
        late_fee_ppm: Share of an instalment, once, when it is past due.
        late_fee_on_interest: Of its principal and interest, else of its principal.
    """

    count: int
    every: int
    unit: str
    rate_ppm: int
    interest: str
    basis: str
    allocation: Allocation
    level_nights: int = 0
    plan: str = "whole"
    down_ppm: int = 0
    down_automatic: bool = False
    unit_minor: int = 1
    rest: str = "none"
    early: str = "smaller"
    late_bears_interest: bool = True
    compound: bool = False
    approved_minor: int = 0
    agreed: tuple[tuple[int, int], ...] = ()
    charges_when_booked: bool = False
    late_fee_ppm: int = 0
    late_fee_on_interest: bool = False

    def __post_init__(self) -> None:
        """Check that the words are known."""
        assert self.interest in INTERESTS
        assert self.basis in BASES
        assert self.plan in PLANS
        assert self.rest in RESTS
        assert self.early in EARLY
        assert self.unit in UNITS
