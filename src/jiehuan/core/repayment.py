"""Money that comes back: repayments, merchant credits and refunds."""

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.commands import REF_ALL, REF_USUAL
from jiehuan.core.interest import bill, reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import Status
from jiehuan.core.segments import Index
from jiehuan.core.settle import settle
from jiehuan.core.state import Call


def repay(call: Call) -> None:
    """Take a repayment: in the usual order, or on a named loan or all loans first.

    It lowers the queue of unmet minimums by its whole amount, oldest first (terms.md 7).
    """
    payment = _pay(call)
    payment.book(call.account(Account.CASH))
    lines, dues = call.state.lines, call.state.dues
    d = dues.gather(call.i)
    dues.rows.unmet_minor[d.at] -= d.pour(call.amount, dues.rows.unmet_minor[d.at])
    lines.repaid_minor[call.i] += call.amount
    settle(call)


def _pay(call: Call) -> Payment:
    """Pour the amounts: named loans first, then the usual order, then all in advance."""
    state = call.state
    gone = state.lines.status[call.i] == Status.WRITTEN_OFF.value
    ref = np.where(gone, REF_USUAL, call.ref)
    payment = Payment(call, call.amount)
    s, loans = payment.s, state.loans.rows
    everything = ref == REF_ALL
    named = everything[s.of] | ((ref[s.of] != REF_USUAL) & (loans.no[s.at] == ref[s.of]))
    if named.any():
        reckon(state, s.at[named], call.i[s.of[named]], call.until_on[s.of[named]])
        bill(call, s, np.flatnonzero(named))
        payment.loan(named & ~everything[s.of])
    payment.usual()
    if everything.any():
        payment.ahead(everything)
    return payment


def credit(call: Call) -> None:
    """Take a merchant's credit: allocated like a repayment, but it meets no minimum."""
    payment = Payment(call, call.amount)
    payment.usual()
    payment.book(call.account(Account.MERCHANT_PAYABLE))
    settle(call)


def unpaid_part(call: Call) -> tuple[Index, Int64s, Index]:
    """Return of the purchase each command refers to: row, unpaid part, row of its loan.

    A cycle's purchases are paid oldest first, so a purchase is unpaid as far as what is
    left of the cycle exceeds the purchases after it.  The loan is -1 while the cycle runs.
    """
    state, i = call.state, call.i
    rows, loans = state.purchases.rows, state.loans.rows
    at = state.purchases.find(i, rows.no, call.ref)
    billed_by = np.where(at >= 0, rows.billed_by[at], 0)
    loan = np.where(billed_by > 0, state.loans.find(i, loans.no, billed_by), -1)
    left = np.where(
        billed_by > 0,
        np.where(loan >= 0, loans.billed_minor[loan] + loans.carried_minor[loan], 0),
        state.lines.cycle_minor[i],
    )
    s = state.purchases.gather(i)
    after = (rows.billed_by[s.at] == billed_by[s.of]) & (s.at > at[s.of])
    net = rows.amount_minor - rows.reduced_minor
    later = s.sum(np.where(after, net[s.at], 0))
    unpaid = np.clip(left - later, 0, np.where(at >= 0, net[at], 0))
    return at, unpaid, loan


def refund(call: Call) -> None:
    """Lower the purchase a refund names; what that leaves pays what is billed."""
    rows = call.state.purchases.rows
    at, unpaid, loan = unpaid_part(call)
    hit = np.minimum(unpaid, call.amount)
    rows.reduced_minor[at] += hit
    rows.refunded_minor[at] += call.amount
    payment = Payment(call, call.amount)
    reduce_purchase(payment, loan, hit)
    payment.plan_of(rows.no[at])
    payment.usual()
    payment.book(call.account(Account.MERCHANT_PAYABLE))
    call.out.applied_minor[call.c] = hit
    settle(call)


def reduce_purchase(payment: Payment, loan: Index, amount_minor: Int64s) -> None:
    """Take ``amount_minor`` (k,) off the running cycle, or off the loan at ``loan`` (k,)."""
    billed: Flags = loan >= 0
    payment.cycle(np.where(billed, 0, amount_minor))
    payment.loan_principal(loan, np.where(billed, amount_minor, 0))
