"""Money that comes back: repayments, merchant credits and refunds."""

import dataclasses

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.commands import REF_ALL, REF_USUAL, Kind
from jiehuan.core.interest import bill, reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import LoanKind
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
    if len(d.at):
        dues.rows.unmet_minor[d.at] -= d.pour(call.amount, dues.rows.unmet_minor[d.at])
    lines.repaid_minor[call.i] += call.amount
    settle(call)


def _pay(call: Call) -> Payment:
    """Pour the amounts: named loans first, then the usual order, then all in advance."""
    payment = Payment(call, call.amount)
    ref = np.where(payment.gone, REF_USUAL, call.ref)
    if np.count_nonzero(ref != REF_USUAL):
        _named_first(payment, ref)
    payment.usual()
    everything = ref == REF_ALL
    if np.count_nonzero(everything):
        payment.ahead(everything)
    return payment


def _named_first(payment: Payment, ref: Int64s) -> None:
    """Bill the loans that ``ref`` (k,) names, one or all; pour over the one."""
    call, s = payment.call, payment.s
    everything = ref == REF_ALL
    no = call.state.loans.rows.no[s.at]
    named = everything[s.of] | ((ref[s.of] != REF_USUAL) & (no == ref[s.of]))
    if np.count_nonzero(named):
        reckon(call.state, s.at[named], call.i[s.of[named]], call.until_on[s.of[named]])
        bill(call, s, named)
        payment.loan(named & ~everything[s.of])


# Who gives the money.
_GIVER = {
    Kind.CREDIT: Account.MERCHANT_PAYABLE,
    Kind.GOODWILL: Account.GOODWILL_EXPENSE,
    Kind.REFUND: Account.MERCHANT_PAYABLE,
    Kind.CHARGEBACK: Account.CHARGEBACK_RECEIVABLE,
}


def credit(call: Call) -> None:
    """Take a credit, a merchant's or our own: like a repayment, but it meets no minimum."""
    payment = Payment(call, call.amount)
    payment.usual()
    payment.book(call.account(_GIVER[call.kind]))
    settle(call)


def find_purchase(call: Call) -> Index:
    """Return where the purchase that each command refers to is, or -1."""
    purchases = call.state.purchases
    at = purchases.find(call.i, purchases.rows.no, call.ref)
    return np.where(call.ref > 0, at, -1)  # 0 is what was not bought


def find_cycle(call: Call) -> Index:
    """Return where the loan of a statement's purchases that each command names is, or -1."""
    loans = call.state.loans
    at = loans.find(call.i, loans.rows.no, call.ref)
    return np.where(loans.rows.kind[at] == LoanKind.CYCLE.value, at, -1)


@dataclasses.dataclass(frozen=True, slots=True)
class Unpaid:
    """What is unpaid of what each of ``k`` commands refers to.

    Attributes:
        at: The purchases, shape (m,): the one, or all of a statement that have an unpaid part.
        of: The command of each, shape (m,).
        part_minor: The unpaid part of each, shape (m,).
        minor: Of each command together, shape (k,).
        loan: The loan that it is owed on; -1 while the cycle runs; shape (k,).
    """

    at: Index
    of: Index
    part_minor: Int64s
    minor: Int64s
    loan: Index


def unpaid_part(call: Call) -> Unpaid:
    """Return what is unpaid of the purchase, or of the statement's purchases, of each command.

    A cycle's purchases are paid oldest first, so a purchase is unpaid as far as what is
    left of the cycle exceeds the purchases after it.
    """
    state, i = call.state, call.i
    rows, loans = state.purchases.rows, state.loans.rows
    bought = find_purchase(call)
    cycle = np.where(find_cycle(call) >= 0, call.ref, _NO_CYCLE)
    billed_by = np.where(bought >= 0, rows.billed_by[bought], cycle)
    loan = np.where(billed_by > 0, state.loans.find(i, loans.no, billed_by), -1)
    left = np.where(
        loan >= 0,
        loans.billed_minor[loan] + loans.carried_minor[loan],
        state.lines.cycle_minor[i] * (billed_by == 0),
    )
    s = state.purchases.gather(i)
    mine = rows.billed_by[s.at] == billed_by[s.of]
    net = (rows.amount_minor[s.at] - rows.reduced_minor[s.at]) * mine
    later = s.sum(net)[s.of] - s.before(net) - net
    part = np.clip(left[s.of] - later, 0, net)
    part *= (s.at == bought[s.of]) | (bought[s.of] < 0)
    some = part > 0
    return Unpaid(s.at[some], s.of[some], part[some], s.sum(part), loan)


_NO_CYCLE = -1  # 0 is the running one


def refund(call: Call) -> None:
    """Lower the purchase that a refund or chargeback names; the rest pays what is billed."""
    rows, at = call.state.purchases.rows, find_purchase(call)
    unpaid = unpaid_part(call)
    hit = np.minimum(unpaid.minor, call.amount)
    rows.reduced_minor[at] += hit
    rows.refunded_minor[at] += call.amount
    payment = Payment(call, call.amount)
    reduce_purchase(payment, unpaid.loan, hit)
    payment.plan_of(rows.plan_source[at])
    payment.usual()
    payment.book(call.account(_GIVER[call.kind]))
    call.out.applied_minor[call.c] = hit
    settle(call)


def reduce_purchase(payment: Payment, loan: Index, amount_minor: Int64s) -> None:
    """Take ``amount_minor`` (k,) off the running cycle, or off the loan at ``loan`` (k,)."""
    billed: Flags = loan >= 0
    payment.cycle(np.where(billed, 0, amount_minor))
    payment.loan_principal(loan, np.where(billed, amount_minor, 0))
