"""Whether a command may be done: a staircase of checks, the first that fails wins.

Each kind lists the outcomes it can be refused with, in the order of ``Outcome``; each
outcome has one function that says, for the rows of a call, where it holds.
"""

from collections.abc import Callable

import numpy as np

from jiehuan.core.charges import waivable
from jiehuan.core.columns import ZERO, Codes, Flags
from jiehuan.core.commands import DECLINED, FORCED, REF_ALL, REF_USUAL, REFERRED, Kind
from jiehuan.core.line import HoldKind, HoldState, Status
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.core.outcomes import MONEY_OUTCOMES, Outcome
from jiehuan.core.repayment import find_cycle, find_purchase, unpaid_part
from jiehuan.core.spending import find_hold
from jiehuan.core.state import Call
from jiehuan.core.wallet import on_its_way_back


def _is(call: Call, status: Status) -> Flags:
    """Return which commands are on lines of a status."""
    return np.asarray(call.state.lines.status[call.i] == _STATUS_AS_ARRAY[status])


_STATUS_AS_ARRAY = [np.array(status, np.int16) for status in Status]


def _forced(call: Call) -> Flags:
    """Return which commands are forced; only a purchase can be, one presented late."""
    if call.kind is not Kind.PURCHASE:
        return np.zeros(len(call.c), np.bool_)
    return np.asarray(call.commands.flags[call.c] & FORCED != 0)


def _has_status_unforced(call: Call, status: Status) -> Flags:
    has = _is(call, status)
    return has & ~_forced(call) if np.count_nonzero(has) else has


def _available(call: Call) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    lines, i = call.state.lines, call.i
    return lines.limit_minor[i] - lines.used_minor[i] - lines.held_minor[i]


def _line_not_found(call: Call) -> Flags:
    return _is(call, Status.NONE)


def _was_collected(call: Call) -> Flags:
    """Return which commands are money that a collection brought: it is ours to take."""
    if call.kind is not Kind.REPAY:
        return np.zeros(len(call.c), np.bool_)
    return np.asarray(call.commands.merchant[call.c] > 0)


def _line_closed(call: Call) -> Flags:
    closed = _is(call, Status.CLOSED)
    return closed & ~_was_collected(call) if np.count_nonzero(closed) else closed


def _line_written_off(call: Call) -> Flags:
    return _has_status_unforced(call, Status.WRITTEN_OFF)


def _line_past_due(call: Call) -> Flags:
    return _has_status_unforced(call, Status.OVERDUE)


def _in_future(call: Call) -> Flags:
    return np.asarray(call.on > call.commands.booked_on[call.c])


def _before_opened(call: Call) -> Flags:
    return np.asarray(call.on < call.state.lines.opened_on[call.i])


def _not_positive(call: Call) -> Flags:
    if call.kind in (Kind.DRAW_SUCCEEDED, Kind.PAY_BACK_SUCCEEDED):
        return np.asarray(call.amount < ZERO)
    return np.asarray(call.amount <= ZERO)


def _too_large(call: Call) -> Flags:
    return np.asarray(call.amount > _AMOUNT_MAX)


_AMOUNT_MAX = np.array(PRINCIPAL_MINOR_MAX)


HOLD_KIND = {
    Kind.CAPTURE: HoldKind.MERCHANT,
    Kind.VOID: HoldKind.MERCHANT,
    Kind.DRAW_SUCCEEDED: HoldKind.DRAW,
    Kind.DRAW_FAILED: HoldKind.DRAW,
    Kind.PAY_BACK_SUCCEEDED: HoldKind.PAY_BACK,
    Kind.PAY_BACK_FAILED: HoldKind.PAY_BACK,
}


def _hold_not_found(call: Call) -> Flags:
    at = find_hold(call)
    return np.asarray((at < 0) | (call.state.holds.rows.kind[at] != HOLD_KIND[call.kind].value))


def _hold_not_open(call: Call) -> Flags:
    return np.asarray(call.state.holds.rows.state[find_hold(call)] != HoldState.HELD.value)


def _draw_differs(call: Call) -> Flags:
    left = call.state.holds.rows.left_minor[find_hold(call)]
    return np.asarray((call.amount != 0) & (call.amount != left))


def _exceeds_hold(call: Call) -> Flags:
    return np.asarray(call.amount > call.state.holds.rows.left_minor[find_hold(call)])


def _purchase_not_found(call: Call) -> Flags:
    """Refunds name a purchase; what is converted may be all of a statement's too."""
    missing: Flags = find_purchase(call) < 0
    if call.kind is Kind.CONVERT and np.count_nonzero(missing):
        missing &= find_cycle(call) < 0
    return missing


def _refund_exceeds(call: Call) -> Flags:
    rows, at = call.state.purchases.rows, find_purchase(call)
    return np.asarray(rows.refunded_minor[at] + call.amount > rows.amount_minor[at])


def _loan_not_found(call: Call) -> Flags:
    loans = call.state.loans
    named = (call.ref != REF_USUAL) & (call.ref != REF_ALL)
    if not np.count_nonzero(named):
        return np.asarray(named)
    named &= ~_was_collected(call)
    at = loans.find(call.i, loans.rows.no, call.ref)
    return np.asarray(named & ((at < 0) | ~loans.rows.open[at]))


def _declined(call: Call) -> Flags:
    return np.asarray(call.commands.flags[call.c] & DECLINED != 0)


def _referred(call: Call) -> Flags:
    return np.asarray(call.commands.flags[call.c] & REFERRED != 0)


def _terms_not_offered(call: Call) -> Flags:
    terms, commands = call.state.terms, call.commands
    if call.kind is Kind.OPEN:
        ids = commands.terms[call.c]
        known = (ids >= 0) & (ids < len(terms.products))
        ids = np.where(known, ids, 0)
        fits = (call.amount >= terms.limit_minor_min[ids]) & (
            call.amount <= terms.limit_minor_max[ids]
        )
        cycle_day = commands.count[call.c]
        return np.asarray(~known | ~fits | (cycle_day < 0) | (cycle_day > _CYCLE_DAY_MAX))
    ids, count = call.state.lines.terms[call.i], commands.count[call.c]
    by_day = (count == 0) & (call.kind is Kind.DRAW)
    return np.asarray((terms.plan_fee_ppm(ids, count) < 0) & ~by_day)


_CYCLE_DAY_MAX = 31


def _no_longer_convertible(call: Call) -> Flags:
    unpaid = unpaid_part(call)
    carried = (unpaid.loan >= 0) & (call.state.loans.rows.carried_minor[unpaid.loan] > 0)
    return np.asarray((unpaid.minor == 0) | carried)


def _exceeds_available(call: Call) -> Flags:
    if call.kind is Kind.DRAW:
        return np.asarray(call.amount > _available(call))
    limit = _available(call) + call.state.lines.overpaid_minor[call.i]
    exceeds: Flags = call.amount > limit
    return exceeds & ~_forced(call) if np.count_nonzero(exceeds) else exceeds


def _exceeds_overpayment(call: Call) -> Flags:
    """What is on its way back is spoken for; what is beyond the limit is not there to give."""
    lines, i = call.state.lines, call.i
    free = lines.overpaid_minor[i] - on_its_way_back(call.state, i)
    free = np.minimum(free, _available(call) + lines.overpaid_minor[i])
    return np.asarray(call.amount > free)


def _exceeds_owed(call: Call) -> Flags:
    return np.asarray(call.amount > waivable(call))


def _not_settled(call: Call) -> Flags:
    return ~call.state.is_settled(call.i)


FAILS: dict[Outcome, Callable[[Call], Flags]] = {
    Outcome.LINE_NOT_FOUND: _line_not_found,
    Outcome.LINE_CLOSED: _line_closed,
    Outcome.LINE_WRITTEN_OFF: _line_written_off,
    Outcome.LINE_PAST_DUE: _line_past_due,
    Outcome.DATE_IN_FUTURE: _in_future,
    Outcome.DATE_BEFORE_LINE_OPENED: _before_opened,
    Outcome.AMOUNT_MUST_BE_POSITIVE: _not_positive,
    Outcome.AMOUNT_TOO_LARGE: _too_large,
    Outcome.HOLD_NOT_FOUND: _hold_not_found,
    Outcome.HOLD_NOT_OPEN: _hold_not_open,
    Outcome.PURCHASE_NOT_FOUND: _purchase_not_found,
    Outcome.LOAN_NOT_FOUND: _loan_not_found,
    Outcome.DRAW_AMOUNT_DIFFERS: _draw_differs,
    Outcome.APPLICATION_DECLINED: _declined,
    Outcome.APPLICATION_REFERRED: _referred,
    Outcome.TERMS_NOT_OFFERED: _terms_not_offered,
    Outcome.PURCHASE_NO_LONGER_CONVERTIBLE: _no_longer_convertible,
    Outcome.AMOUNT_EXCEEDS_AVAILABLE: _exceeds_available,
    Outcome.AMOUNT_EXCEEDS_HOLD: _exceeds_hold,
    Outcome.REFUND_EXCEEDS_PURCHASE: _refund_exceeds,
    Outcome.LINE_NOT_SETTLED: _not_settled,
    Outcome.AMOUNT_EXCEEDS_OVERPAYMENT: _exceeds_overpayment,
    Outcome.AMOUNT_EXCEEDS_OWED: _exceeds_owed,
}

_ALWAYS = (Outcome.LINE_NOT_FOUND, Outcome.DATE_IN_FUTURE, Outcome.DATE_BEFORE_LINE_OPENED)
_ANY = (*_ALWAYS, Outcome.LINE_CLOSED)
_AMOUNT = (Outcome.AMOUNT_MUST_BE_POSITIVE, Outcome.AMOUNT_TOO_LARGE)
_SPEND = (Outcome.LINE_WRITTEN_OFF, Outcome.LINE_PAST_DUE)
_HELD = (Outcome.HOLD_NOT_FOUND, Outcome.HOLD_NOT_OPEN)

CHECKS: dict[Kind, tuple[Outcome, ...]] = {
    Kind.OPEN: (
        Outcome.DATE_IN_FUTURE,
        *_AMOUNT,
        Outcome.APPLICATION_DECLINED,
        Outcome.APPLICATION_REFERRED,
        Outcome.TERMS_NOT_OFFERED,
    ),
    Kind.REVIEW: _ANY,
    Kind.PURCHASE: (*_ANY, *_SPEND, *_AMOUNT, Outcome.AMOUNT_EXCEEDS_AVAILABLE),
    Kind.HOLD: (*_ANY, *_SPEND, *_AMOUNT, Outcome.AMOUNT_EXCEEDS_AVAILABLE),
    Kind.CAPTURE: (*_ANY, *_AMOUNT, *_HELD, Outcome.AMOUNT_EXCEEDS_HOLD),
    Kind.VOID: (*_ANY, *_HELD),
    Kind.DRAW: (
        *_ANY,
        *_SPEND,
        *_AMOUNT,
        Outcome.TERMS_NOT_OFFERED,
        Outcome.AMOUNT_EXCEEDS_AVAILABLE,
    ),
    Kind.DRAW_SUCCEEDED: (*_ANY, *_AMOUNT, *_HELD, Outcome.DRAW_AMOUNT_DIFFERS),
    Kind.DRAW_FAILED: (*_ANY, *_HELD),
    Kind.REPAY: (*_ANY, *_AMOUNT, Outcome.LOAN_NOT_FOUND),
    Kind.REFUND: (*_ANY, *_AMOUNT, Outcome.PURCHASE_NOT_FOUND, Outcome.REFUND_EXCEEDS_PURCHASE),
    Kind.CREDIT: (*_ANY, *_AMOUNT),
    Kind.GOODWILL: (*_ANY, *_AMOUNT),
    Kind.CHARGEBACK: (
        *_ANY,
        *_AMOUNT,
        Outcome.PURCHASE_NOT_FOUND,
        Outcome.REFUND_EXCEEDS_PURCHASE,
    ),
    Kind.CHARGE: (*_ANY, Outcome.LINE_WRITTEN_OFF, *_AMOUNT, Outcome.LOAN_NOT_FOUND),
    Kind.WAIVE: (*_ANY, *_AMOUNT, Outcome.LOAN_NOT_FOUND, Outcome.AMOUNT_EXCEEDS_OWED),
    Kind.CONVERT: (
        *_ANY,
        *_SPEND,
        Outcome.PURCHASE_NOT_FOUND,
        Outcome.TERMS_NOT_OFFERED,
        Outcome.PURCHASE_NO_LONGER_CONVERTIBLE,
    ),
    Kind.CLOSE: (*_ANY, Outcome.LINE_NOT_SETTLED),
    Kind.COLLECT: (*_ANY, *_AMOUNT, Outcome.LOAN_NOT_FOUND),
    # Money on its way has to find its line, even one that was closed in the meantime.
    Kind.COLLECT_ENDED: _ALWAYS,
    Kind.PAY_BACK: (*_ALWAYS, *_AMOUNT, Outcome.AMOUNT_EXCEEDS_OVERPAYMENT),
    Kind.PAY_BACK_SUCCEEDED: (*_ALWAYS, *_AMOUNT, *_HELD, Outcome.DRAW_AMOUNT_DIFFERS),
    Kind.PAY_BACK_FAILED: (*_ALWAYS, *_HELD),
    # What it refers to is looked up in the journal: ``core.reversal``.
    Kind.REVERSE: _ALWAYS,
}
CHECKS = {kind: tuple(sorted(codes)) for kind, codes in CHECKS.items()}


SPENDS = frozenset({Kind.PURCHASE, Kind.HOLD, Kind.DRAW})
_STATUS = frozenset({Outcome.LINE_CLOSED, Outcome.LINE_WRITTEN_OFF, Outcome.LINE_PAST_DUE})


def judge(call: Call) -> Codes:
    """Return the outcome of each command of a call: the first check it fails, or done."""
    outcome = np.zeros(len(call.c), np.int16)
    for code, fails in _BACKWARDS[call.kind]:
        outcome[fails(call)] = code
    return outcome


# Backwards, so that the first check has the last word.
_BACKWARDS = {
    kind: [(code.value, FAILS[code]) for code in reversed(CHECKS.get(kind, ()))] for kind in Kind
}


def judge_late(then: Call, today: Call) -> Codes:
    """Return the outcome of backdated commands, seen on their day and on today's line.

    Money and the status of a line that spends are judged on today's line, the rest on the
    effective day (terms.md 1); a hold must be open on both.
    """
    verdicts = []
    codes = CHECKS[then.kind]
    for code in codes:
        fails = FAILS[code]
        if code in MONEY_OUTCOMES or (code in _STATUS and then.kind in SPENDS):
            verdicts.append(fails(today))
        elif code is Outcome.HOLD_NOT_OPEN:
            verdicts.append(fails(today) | fails(then))
        else:
            verdicts.append(fails(then))
    return np.select(verdicts, codes, Outcome.DONE).astype(np.int16)
