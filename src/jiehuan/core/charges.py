"""Fees and penalties that are charged by hand, and what is waived of what was billed."""

import numpy as np

from jiehuan.core.allocation import RECEIVABLE, Payment
from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.commands import REF_ALL, REF_USUAL, Charge
from jiehuan.core.ledger import Account
from jiehuan.core.line import LoanKind
from jiehuan.core.segments import Segments
from jiehuan.core.settle import settle
from jiehuan.core.state import Call

INCOME = {
    "fee": Account.FEE_INCOME,
    "penalty": Account.PENALTY_INCOME,
    "interest": Account.INTEREST_INCOME,
}


def _of_rank(call: Call) -> dict[str, Flags]:
    """Return which commands are about each rank, shapes (k,)."""
    count = call.commands.count[call.c]
    penalty, interest = count == Charge.PENALTY.value, count == Charge.INTEREST.value
    return {"fee": ~(penalty | interest), "penalty": penalty, "interest": interest}


def charge(call: Call) -> None:
    """Charge a fee or a penalty: a loan of its own, all billed, due with the latest bill."""
    state, i = call.state, call.i
    row, loans = state.loans.append(i), state.loans.rows
    ids = state.lines.terms[i]
    loans.line[row] = state.lines.id[i]
    loans.no[row] = call.commands.seq[call.c]
    loans.kind[row] = LoanKind.CHARGE
    loans.terms[row] = ids
    loans.source[row] = call.ref
    loans.opened_on[row] = loans.reckoned_on[row] = call.on
    loans.open[row] = True
    penalty = call.amount * _of_rank(call)["penalty"]
    fee = call.amount - penalty
    loans.fee_due_minor[row] = fee
    loans.penalty_due_minor[row] = loans.penalty_new_minor[row] = penalty
    for rank, amount in (("fee", fee), ("penalty", penalty)):
        owed = call.receivable(RECEIVABLE[rank], Account.RECOVERY)
        call.move(owed, call.account(INCOME[rank]), amount)
    settle(call)


def waive(call: Call) -> None:
    """Forgo what is billed and unpaid of a charge, loan by loan; it lowers no minimum.

    What a command that was told late has left of it is waived, no more.
    """
    payment = Payment(call, call.amount)
    named = _named(call, payment.s)
    for rank, mine in _of_rank(call).items():
        payment.rank(rank, named & mine[payment.s.of])
        on_books = payment.paid[rank] * ~payment.gone
        owed = call.receivable(RECEIVABLE[rank], Account.RECOVERY)
        call.move(call.account(INCOME[rank]), owed, on_books)
    call.out.applied_minor[call.c] = call.amount - payment.left
    settle(call)


def _named(call: Call, s: Segments) -> Flags:
    """Return which loans (m,) the commands name: one, or all of their lines."""
    ref = call.ref[s.of]
    every = (ref == REF_USUAL) | (ref == REF_ALL)
    return np.asarray(every | (call.state.loans.rows.no[s.at] == ref))


def waivable(call: Call) -> Int64s:
    """Return what is owed of what each command waives, shape (k,)."""
    s = call.state.open_loans(call.i)
    named, loans = _named(call, s), call.state.loans.rows
    owed = np.zeros(len(call.i), np.int64)
    for rank, mine in _of_rank(call).items():
        due = getattr(loans, f"{rank}_due_minor")[s.at]
        owed += s.sum(due * (named & mine[s.of]))
    return owed
