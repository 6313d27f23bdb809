"""A schedule that goes onward: each disbursement and change of rate makes anew what is ahead.

The level payment is reckoned on the day of the change for the period in which it lies and
all later ones; interest follows the balance, night by night, exactly, and is rounded once a
period.  What is paid in advance may lower the balance before its instalment is due.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.loans.allocation import Cells, allocate, by_part, cells
from jiehuan.core.loans.events import Event, Kind
from jiehuan.core.loans.exact import Fraction, half_even, level, to_unit
from jiehuan.core.loans.instalments import Of
from jiehuan.core.loans.loan import Loan, charged, lay_down, pay, place, refund_balance, row_of
from jiehuan.core.loans.periods import Period, Stretch, common, cost, periods_from, total
from jiehuan.core.loans.terms import IN_ADVANCE, INTEREST, PRINCIPAL, LoanTerms


@dataclasses.dataclass(slots=True)
class Model:
    """What the interest of a loan follows from.

    Attributes:
        terms: The contract.
        periods: From and to which day.
        lent: Day and amount of each disbursement, less its down payment.
        rates: From which night a rate runs, in order of the nights.
        pauses: First and last night without interest.
        early: Principal paid in advance: from which night, of which period, how much.
        late: Principal past due: from which night, until which, how much.
        payment: The level payment of each period.
        principal: What of it is principal, worked out by ``reckon``.
        interest: What of it is interest.
    """

    terms: LoanTerms
    periods: list[Period]
    lent: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    rates: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    pauses: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    early: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    late: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    payment: list[int] = dataclasses.field(default_factory=list)
    principal: list[int] = dataclasses.field(default_factory=list)
    interest: list[int] = dataclasses.field(default_factory=list)

    def row_of_night(self, night: int) -> int:
        """Return the period in which a night lies; the last one for those after it."""
        inside = (row for row, p in enumerate(self.periods) if night < p.due_on)
        return next(inside, len(self.periods) - 1)

    def rate_on(self, night: int) -> int:
        """Return the rate of a night, whatever is paused."""
        return next((ppm for on, ppm in reversed(self.rates) if on <= night), 0)


def run(loan: Loan, met: Sequence[Event], start_on: int, as_of: int) -> None:
    """Meet each event on its day."""
    model: Model | None = None
    for event in met:
        if model is None:
            outs = (e.on for e in met if e.kind is Kind.DISBURSE)
            model = begin(loan, next(outs, start_on))
        _meet(loan, model, event)
        if loan.overpaid and loan.rows.owed_minor.any():
            _use_overpaid(loan, event)
    if model is None:
        begin(loan, start_on)
    elif loan.terms.rest != "none" and loan.terms.late_bears_interest:
        _bear_late(loan, model, as_of)


def _use_overpaid(loan: Loan, event: Event) -> None:
    """Pay what has come to be owed; a charge is paid on the day on which the money came."""
    over, loan.overpaid = loan.overpaid, []
    for on, amount in over:
        paid_on = on if event.kind is Kind.CHARGE else event.on
        pay(loan, paid_on, amount, Kind.REPAYMENT.value)


def begin(loan: Loan, start_on: int) -> Model:
    """Return a model of nothing lent yet, and lay its rows."""
    model = Model(loan.terms, periods_from(loan.terms, start_on))
    model.rates = [(0, loan.terms.rate_ppm)]
    model.payment = [0] * len(model.periods)
    for row, period in enumerate(model.periods):
        loan.rows.insert(row, Of.PERIOD, period.from_on, period.due_on)
    return model


def _meet(loan: Loan, model: Model, event: Event) -> None:
    """Let one event happen."""
    match event.kind:
        case Kind.DISBURSE:
            loan.paid_out.append(event)
            lay_down(loan, event, int(np.count_nonzero(loan.rows.due_on <= event.on)))
            down = int(loan.rows.due[PRINCIPAL][loan.rows.of == Of.DOWN].sum())
            before = sum(amount for _, amount in model.lent)
            net = sum(e.amount_minor for e in loan.paid_out) - down - before
            model.lent.append((event.on, net))
            change(model, event.on)
        case Kind.CHARGE:
            place(loan, event)
        case Kind.RATE_CHANGE:
            model.rates.append((event.on - 1, event.rate_ppm))
            change(model, event.on - 1)
        case Kind.PAUSE:
            model.pauses.append((event.on - 1, event.until_on - 1))
        case Kind.BALANCE_REFUND:
            refund_balance(loan, event)
        case _:
            _pay(loan, model, event)
    _write(loan, model, event.on)


def change(model: Model, night: int) -> None:
    """Reckon the level payment anew from the period in which a night lies."""
    row = model.row_of_night(night)
    reckon(model)
    ahead = model.periods[row:]
    lent = sum(amount for on, amount in model.lent if on < ahead[0].due_on)
    num, den = level(lent - sum(model.principal[:row]), _factors(model, ahead))
    unit = model.terms.unit_minor
    payment = half_even(num, den) if unit == 1 else to_unit(num, den, unit)
    model.payment[row:] = [payment] * len(ahead)
    _even_out(model, row)


def _factors(model: Model, ahead: Sequence[Period]) -> list[Fraction]:
    """Return what one unit costs in each period, pauses left aside."""
    return common(
        [
            total([cost(model.terms, p, s) for s in _stretches(model, p, [(p.from_on, 1)], ())])
            for p in ahead
        ]
    )


def _even_out(model: Model, row: int) -> None:
    """Move the level payment if that brings the last payment nearer to it."""
    n = len(model.periods) - row
    reckon(model)
    if n == 1 or model.terms.unit_minor > 1:
        return
    was, far = model.payment[row], _last_is_off(model)
    if abs(far) <= n // 2:
        return
    model.payment[row:] = [was + half_even(far, n)] * n
    reckon(model)
    if abs(_last_is_off(model)) >= abs(far):
        model.payment[row:] = [was] * n
        reckon(model)


def _last_is_off(model: Model) -> int:
    """Return by how much the last payment is above the one before."""
    return model.principal[-1] + model.interest[-1] - model.payment[-2]


def reckon(model: Model) -> None:
    """Work out interest and principal of every period.

    What was paid in advance of a period is its principal; interest that then finds no place
    in its payment is asked for in the next.
    """
    model.interest, model.principal = [], []
    waiting = 0
    for row, period in enumerate(model.periods):
        moves = _moves(model, row)
        stretches = _stretches(model, period, moves, model.pauses)
        waiting += half_even(*total([cost(model.terms, period, s) for s in stretches]))
        lent = sum(amount for on, amount in model.lent if on < period.due_on)
        left = lent - sum(model.principal)
        early = sum(amount for _, of, amount in model.early if of == row)
        is_last = row == len(model.periods) - 1
        interest = waiting if is_last else min(waiting, max(0, model.payment[row] - early))
        principal = min(max(model.payment[row] - interest, early), left)
        waiting -= interest
        model.interest.append(interest)
        model.principal.append(left if is_last else principal)


def _moves(model: Model, row: int) -> list[tuple[int, int]]:
    """Return the balance of a period as a list of nights and by how much it moves."""
    period = model.periods[row]
    moves = [(on, amount) for on, amount in model.lent if on < period.due_on]
    moves += [(on, -amount) for on, of, amount in model.early if of >= row]
    for from_on, until_on, amount in model.late:
        moves += [(from_on, amount), (until_on, -amount)]
    start = sum(amount for on, amount in moves if on <= period.from_on)
    start -= sum(model.principal[:row])
    inside = [(on, amount) for on, amount in moves if period.from_on < on < period.due_on]
    return [(period.from_on, start), *inside]


def _stretches(
    model: Model,
    period: Period,
    moves: Sequence[tuple[int, int]],
    pauses: Sequence[tuple[int, int]],
) -> list[Stretch]:
    """Cut a period where balance or rate changes."""
    cuts = {period.from_on, period.due_on}
    cuts |= {on for on, _ in moves} | {on for on, _ in model.rates}
    cuts |= {on for first, last in pauses for on in (first, last + 1)}
    inside = sorted(on for on in cuts if period.from_on <= on <= period.due_on)
    stretches = []
    for from_on, until_on in itertools.pairwise(inside):
        balance = max(0, sum(amount for on, amount in moves if on <= from_on))
        paused = any(first <= from_on <= last for first, last in pauses)
        rate = 0 if paused else model.rate_on(from_on)
        stretches.append(Stretch(from_on, until_on, balance, rate))
    return stretches


def _write(loan: Loan, model: Model, on: int) -> None:
    """Write what was reckoned into the rows; what is paid above it is overpaid."""
    rows = loan.rows
    of_period = np.flatnonzero(rows.of == Of.PERIOD)
    reckon(model)
    rows.due[PRINCIPAL][of_period] = model.principal
    for day, amount in loan.given_back:
        row = row_of(loan, day)
        rows.due[PRINCIPAL][row] += amount * (rows.of[row] == Of.PERIOD)
    rows.due[INTEREST][of_period] = model.interest
    for part in (PRINCIPAL, INTEREST):
        over = np.maximum(rows.paid[part] - rows.due[part], 0)
        rows.paid[part] = rows.paid[part] - over
        if over.any():
            loan.overpaid.append((on, int(over.sum())))
    rows.check_met(on)


def _pay(loan: Loan, model: Model, event: Event) -> None:
    """Pay; where what is paid in advance stops bearing interest, one instalment at a time."""
    terms = loan.terms
    if terms.rest == "none" or not any(ppm for _, ppm in model.rates):
        pay(loan, event.on, event.amount_minor, event.kind.value)
        return
    left = event.amount_minor
    advance = terms.allocation.advance.get(event.kind.value, "next")
    while left > 0:
        paid = _pay_next(loan, model, event.on, left, advance)
        left -= paid
        _write(loan, model, event.on)
        if not paid:
            break
    if left:
        loan.overpaid.append((event.on, left))


def _pay_next(loan: Loan, model: Model, on: int, left_minor: int, advance: str) -> int:
    """Pay all that is due, or the first instalment that is not; return how much it took."""
    rows, terms = loan.rows, loan.terms.allocation
    of = cells(rows, on, terms, charged(loan, on))
    due = of.phase != IN_ADVANCE
    chosen = due & (of.owed_minor > 0)
    if not chosen.any():
        ahead = of.row[of.owed_minor > 0]
        if not len(ahead):
            return 0
        chosen = of.row == (ahead.max() if advance == "last" else ahead.min())
    mine = of.at(np.flatnonzero(chosen))
    if not due[chosen].any():
        mine = _before_it_begins(loan, model, on, mine)
    got = allocate(mine, left_minor, terms, "next")
    parts = by_part(mine, got, len(rows))
    rows.pay(on, parts)
    _note_early(loan, model, on, parts[PRINCIPAL])
    return int(got.sum())


def _before_it_begins(loan: Loan, model: Model, on: int, of: Cells) -> Cells:
    """Ask no interest of a period that begins after the money stops bearing it."""
    at = int(of.row[0])
    row = int(np.count_nonzero(loan.rows.of[:at] == Of.PERIOD))
    if loan.rows.of[at] != Of.PERIOD or model.periods[row].from_on < _counts_from(model, on):
        return of
    lent = sum(amount for _, amount in model.lent)
    whole = min(model.payment[row], lent - sum(model.principal[:row]))
    paid = int(loan.rows.paid[PRINCIPAL][at])
    owed = np.where(of.part == PRINCIPAL, max(0, whole - paid), of.owed_minor)
    return dataclasses.replace(of, owed_minor=np.where(of.part == INTEREST, 0, owed))


def _counts_from(model: Model, on: int) -> int:
    """Return the night from which a payment lowers the balance."""
    by_day = model.terms.rest == "daily"
    return on if by_day else model.periods[model.row_of_night(on)].due_on


def _note_early(loan: Loan, model: Model, on: int, principal: Int64s) -> None:
    """Remember the principal that was paid before its instalment fell due."""
    rows = loan.rows
    of_period = np.flatnonzero(rows.of == Of.PERIOD)
    for row, at in enumerate(of_period.tolist()):
        if principal[at] and rows.due_on[at] > on:
            model.early.append((_counts_from(model, on), row, int(principal[at])))


def _bear_late(loan: Loan, model: Model, as_of: int) -> None:
    """Let principal that is past due bear interest to the day on which one looks."""
    rows = loan.rows
    unpaid = rows.due[PRINCIPAL] - rows.paid[PRINCIPAL]
    late = (rows.of == Of.PERIOD) & (rows.due_on < as_of) & (unpaid > 0)
    for row in np.flatnonzero(late).tolist():
        model.late.append((int(rows.due_on[row]), as_of, int(unpaid[row])))
    _write(loan, model, as_of)
