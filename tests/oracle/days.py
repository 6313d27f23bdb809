"""What the passing of a day does to a line: the statement opens it, the rest closes it."""

import calendar
import datetime as dt
import functools
from fractions import Fraction
from typing import NamedTuple

from tests.oracle.line import Line
from tests.oracle.loan import CHARGES, MICRO, Entry, Loan, no_charges

DAYS_OF_AGEING = {1, 31, 61, 91, 121, 151}  # on these M1 .. M6 begin


class Statement(NamedTuple):
    """What was billed, and how much of it must be paid by the due day."""

    cut_on: dt.date
    due_on: dt.date
    balance: int
    due: int
    minimum: int
    used: int


@functools.cache
def is_cycle_day(day: dt.date, cycle_day: int) -> bool:
    """Month ends clamp and return: 31 -> 28 -> 31."""
    return day.day == min(cycle_day, calendar.monthrange(day.year, day.month)[1])


def bucket_of(days_past_due: int) -> int:
    """Mk holds the days 30 (k - 1) + 1 .. 30 k; M6 all that are over 150."""
    return min(6, -(-days_past_due // 30))


def opens(line: Line, day: dt.date) -> Statement | None:
    """Cut the statement, if this is the day and the line is not idle, given up or closed."""
    runs = line.written_off_on is None and not line.is_idle and not line.is_closed
    if not (runs and is_cycle_day(day, line.cycle_day)):
        return None
    bill_everything(line, day)
    line.use_overpaid()
    due_on = day + dt.timedelta(days=line.terms.due_after_days)
    balance = sum(loan.billed_and_unpaid for loan in line.loans) - line.overpaid
    due = max(0, balance)
    past_due_minimum = sum(entry.unmet for entry in line.queue)
    minimum = minimum_due(line, due, past_due_minimum)
    line.queue.append(Entry(due_on, minimum - past_due_minimum))
    line.settle()
    return Statement(day, due_on, balance, due, minimum, line.used)


def bill_everything(line: Line, day: dt.date) -> None:
    """Bill charges, draws, one term of each plan, and the purchases of the cycle as a loan."""
    for loan in line.loans:
        line.bill_charges(loan)
        loan.billed += loan.unbilled_draw
        loan.unbilled_draw = 0
        if loan.to_come:
            term = loan.to_come.pop(0)
            loan.billed_by_cut = term.principal
            loan.billed += term.principal
            loan.bill("fee", term.fee)
            line.fees_billed += term.fee
    if line.cycle:
        rate_ppm = line.terms.purchase_rate_ppm
        loan = Loan("cycle", day, rate_ppm, billed=line.cycle, purchases=line.running)
        for purchase in line.running:
            purchase.loan = loan
        line.loans.append(loan)
        line.billed_by[day] = loan
    line.running = []


def minimum_due(line: Line, due: int, past_due_minimum: int) -> int:
    """Terms.md 3, after overpayment was used; it starts a new "since the last cut"."""
    terms = line.terms
    in_balance = sum(loan.billed + loan.carried for loan in line.loans)
    instalments = sum(
        min(loan.billed + loan.carried, loan.billed_by_cut)
        for loan in line.loans
        if loan.kind == "plan"
    )
    charges = sum(
        min(loan.due[charge], loan.since_cut[charge]) for loan in line.loans for charge in CHARGES
    )
    over_limit = max(0, line.used - line.limit) if terms.over_limit_in_minimum else 0
    for loan in line.loans:
        loan.since_cut = no_charges()
        loan.billed_by_cut = 0
    if due < terms.full_if_under_minor:
        return due
    revolving = in_balance - instalments
    share = Fraction(revolving * terms.minimum_ppm, MICRO).__ceil__()
    part = min(revolving, max(terms.minimum_floor_minor, share))
    return min(due, part + instalments + charges + past_due_minimum + over_limit)


def closes(line: Line, day: dt.date) -> list[str]:
    """The night, then due passed, late, expiry, write-off; returns the events that there are.

    The night from this day to the next is reckoned first: what the close changes bears its
    new rate from the next day on.
    """
    if line.written_off_on is None:
        past_due = line.past_due_on is not None
        for loan in line.loans:
            loan.accrue_a_night(line.terms.late_rate_ppm, past_due=past_due)
    events = ["due_passed"] if due_passes(line, day) else []
    line.closed_day = day
    if line.days_past_due in DAYS_OF_AGEING:
        events.append("aged")
    events.extend(["hold_expired"] * expired_holds(line, day))
    line.is_spared |= day in line.spared_on and line.past_due_on is not None
    if is_to_be_written_off(line, day):
        write_off(line, day)
        events.append("write_off")
    line.settle()
    return events


def due_passes(line: Line, day: dt.date) -> bool:
    """What is billed and unpaid at the close of its due day is carried from now on."""
    last_cut = day - dt.timedelta(days=line.terms.due_after_days)
    if not is_cycle_day(last_cut, line.cycle_day):
        return False
    is_unmet = any(entry.due_on == day for entry in line.queue)
    is_carried = any(loan.billed for loan in line.loans)
    for loan in line.loans:
        loan.carried += loan.billed
        loan.billed = 0
    return is_unmet or is_carried


def expired_holds(line: Line, day: dt.date) -> int:
    """Release what merchants' holds of this last day still hold; return how many they were."""
    expired = [
        hold
        for hold in line.holds.values()
        if hold.is_open and hold.asked == "hold" and hold.expires_on == day
    ]
    for hold in expired:
        hold.is_open = False
    return len(expired)


def is_to_be_written_off(line: Line, day: dt.date) -> bool:
    terms = line.terms
    is_day = not terms.write_off_on_statement_day or is_cycle_day(day, line.cycle_day)
    is_late = line.past_due_on is not None and line.days_past_due >= terms.write_off_days_min
    return line.written_off_on is None and is_day and is_late and not line.is_spared


def write_off(line: Line, day: dt.date) -> None:
    """Bill what has accrued, up to the next day; all principal of loans is carried."""
    for loan in line.loans:
        line.bill_charges(loan)
        loan.carried += loan.unbilled + loan.billed
        loan.unbilled_draw = loan.billed = 0
        loan.to_come = []
    line.written_off_on = day
