"""What closes a day on a line: the due day passes, the debt ages, it is written off."""

from jiehuan.core.commands import SPARED
from jiehuan.core.interest import bill, reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import Status
from jiehuan.core.settle import rebucket, settle
from jiehuan.core.state import Call


def due_passed(call: Call) -> None:
    """Carry what is still unpaid at the close of its due day; from tomorrow it costs."""
    state = call.state
    call = call.keep(state.lines.due_on[call.i] == call.on)
    s = state.open_loans(call.i)
    loans = state.loans.rows
    fresh = loans.billed_minor[s.at] > 0
    rows, of = s.at[fresh], s.of[fresh]
    reckon(state, rows, call.i[of], call.until_on[of])
    loans.carried_minor[rows] += loans.billed_minor[rows]
    loans.billed_minor[rows] = 0
    settle(call)


def aged(call: Call) -> None:
    """Move a line to the bucket of its days past due."""
    rebucket(call)


def write_off(call: Call) -> None:
    """Give a line up: bill what has accrued, take the debt off the balance sheet.

    The debt stays: all principal is carried, terms to come are due without their fees, and
    nothing accrues any more (terms.md 7).  A line that a backdated payment has made
    less late is not given up; one whose write-off was reversed is not until it is cured.
    """
    state, lines, loans = call.state, call.state.lines, call.state.loans.rows
    late_since = lines.past_due_on[call.i]
    days_min = state.terms.write_off_days_min[lines.terms[call.i]]
    overdue = lines.status[call.i] == Status.OVERDUE.value
    spares = overdue & (call.commands.flags[call.c] & SPARED != 0)
    lines.spared[call.i[spares]] = True
    is_late = overdue & (call.on - late_since >= days_min)
    call = call.keep(is_late & ~lines.spared[call.i])
    i = call.i
    s = state.open_loans(i)
    reckon(state, s.at, i[s.of], call.until_on[s.of])
    bill(call, s)
    loans.carried_minor[s.at] += loans.billed_minor[s.at] + loans.unbilled_minor[s.at]
    loans.billed_minor[s.at] = 0
    loans.unbilled_minor[s.at] = 0
    parts = state.parts.rows
    at = state.parts_of(s, i).at
    to_come = at[~parts.billed[at]]
    parts.billed[to_come] = True
    parts.fee_minor[to_come] = 0
    for lost, receivable, owed in (
        (Account.WRITE_OFF, Account.PRINCIPAL, lines.used_minor[i]),
        (Account.INTEREST_INCOME, Account.INTEREST, s.sum(loans.interest_due_minor[s.at])),
        (Account.FEE_INCOME, Account.FEE, s.sum(loans.fee_due_minor[s.at])),
        (Account.PENALTY_INCOME, Account.PENALTY, s.sum(loans.penalty_due_minor[s.at])),
    ):
        call.move(call.account(lost), call.receivable(receivable, Account.WRITE_OFF), owed)
    lines.status[i] = Status.WRITTEN_OFF
    settle(call)
