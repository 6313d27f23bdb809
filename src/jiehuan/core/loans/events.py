"""What happens to a term loan, and what of it counts.

Events stand in the order in which they were booked.  ``movements`` answers what is left of
them once undone movements are gone and down payments that repay themselves are added.
"""

import dataclasses
import enum
from collections.abc import Iterator, Sequence

from jiehuan.core.loans.exact import to_unit
from jiehuan.core.loans.terms import LoanTerms

MILLION = 1_000_000


class Kind(enum.Enum):
    """What an event is."""

    DISBURSE = "disburse"
    REPAYMENT = "repayment"
    GOODWILL = "goodwill_credit"
    MERCHANT_REFUND = "merchant_issued_refund"
    PAYOUT_REFUND = "payout_refund"
    BALANCE_REFUND = "credit_balance_refund"
    CHARGE = "charge"
    UNDO = "undo"
    RATE_CHANGE = "rate_change"
    PAUSE = "interest_pause"


PAYMENTS = frozenset({Kind.REPAYMENT, Kind.GOODWILL, Kind.MERCHANT_REFUND, Kind.PAYOUT_REFUND})
MOVEMENTS = PAYMENTS | {Kind.DISBURSE, Kind.BALANCE_REFUND}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: What it is.
        on: The day from which it counts; of a charge the day on which it is due; of an undo
            the day of the movement that it takes back.
        booked_on: The day on which it was entered.
        amount_minor: Positive; 0 where there is none.
        part: Of ``PARTS``, for a charge.
        nth: Which movement of that day is undone, from 1.
        until_on: The last day of a pause.
        rate_ppm: The new rate a year.
        automatic: It is a down payment that repays itself, as far as anything is owed.
    """

    kind: Kind
    on: int
    booked_on: int
    amount_minor: int = 0
    part: int = 0
    nth: int = 0
    until_on: int = 0
    rate_ppm: int = 0
    automatic: bool = False


class NothingToUndo(Exception):
    """An undo names a movement that is not there."""


def down_minor(terms: LoanTerms, amount_minor: int) -> int:
    """Return the down payment of a disbursement."""
    return to_unit(amount_minor * terms.down_ppm, MILLION, terms.unit_minor)


def movements(terms: LoanTerms, events: Sequence[Event]) -> list[Event]:
    """Return what counts, by the day from which it counts and then as booked.

    Raises:
        NothingToUndo: An undo names a movement that is not there.
    """
    standing: list[Event] = []
    for event in events:
        if event.kind is Kind.UNDO:
            standing.remove(_undone(standing, event))
        else:
            standing += _with_down_payment(terms, event)
    return _as_far_as_owed(sorted(standing, key=lambda event: counts_from(terms, event)))


def counts_from(terms: LoanTerms, event: Event) -> int:
    """Return the day on which the fold meets an event."""
    if event.kind is Kind.CHARGE and terms.charges_when_booked:
        return min(event.on, event.booked_on)
    return event.on


def _as_far_as_owed(met: Sequence[Event]) -> list[Event]:
    """Cut down payments that repay themselves to what is owed of the loan on their day."""
    owed, cut = 0, []
    for event in met:
        if event.automatic:
            amount = max(0, min(event.amount_minor, owed))
            cut.append(dataclasses.replace(event, amount_minor=amount))
        else:
            cut.append(event)
        owed += -cut[-1].amount_minor if event.kind in PAYMENTS else event.amount_minor
    return cut


def _undone(standing: Sequence[Event], undo: Event) -> Event:
    """Return the movement that an undo takes back."""
    of_day = [e for e in standing if e.kind in MOVEMENTS and e.on == undo.on]
    if not 0 < undo.nth <= len(of_day):
        raise NothingToUndo(f"there is no movement {undo.nth} on that day")
    return of_day[undo.nth - 1]


def _with_down_payment(terms: LoanTerms, event: Event) -> Iterator[Event]:
    """Yield an event, and after a disbursement the down payment that repays itself."""
    yield event
    if event.kind is Kind.DISBURSE and terms.down_automatic:
        down = down_minor(terms, event.amount_minor)
        yield Event(
            kind=Kind.REPAYMENT,
            on=event.on,
            booked_on=event.booked_on,
            amount_minor=down,
            automatic=True,
        )
