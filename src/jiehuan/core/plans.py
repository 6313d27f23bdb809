"""Instalment plans: the unpaid part of a purchase in equal parts, with a fee."""

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import Int64s
from jiehuan.core.days import next_cut_on
from jiehuan.core.line import LoanKind
from jiehuan.core.money import half_up
from jiehuan.core.repayment import reduce_purchase, unpaid_part
from jiehuan.core.schedule import split_evenly
from jiehuan.core.segments import Index
from jiehuan.core.settle import settle
from jiehuan.core.state import Call

MILLION = 1_000_000


def convert(call: Call) -> None:
    """Turn the unpaid part of a purchase into a plan; its first term is in the next bill."""
    at, unpaid, loan = unpaid_part(call)
    call.state.purchases.rows.reduced_minor[at] += unpaid
    moved = Payment(call, unpaid)
    reduce_purchase(moved, loan, unpaid)
    made = call.keep(unpaid > 0)
    if len(made.i):
        _make_plan(made, unpaid[unpaid > 0])
    call.out.applied_minor[call.c] = unpaid
    settle(call)


def _make_plan(call: Call, principal: Int64s) -> None:
    state, i, no = call.state, call.i, call.commands.seq[call.c]
    ids = state.lines.terms[i]
    row = state.loans.append(i)
    loans = state.loans.rows
    loans.line[row] = state.lines.id[i]
    loans.no[row] = no
    loans.kind[row] = LoanKind.PLAN
    loans.terms[row] = ids
    loans.rate_ppm[row] = state.terms.purchase_rate_ppm[ids]
    loans.source[row] = call.ref
    loans.opened_on[row] = call.on
    loans.unbilled_minor[row] = principal
    loans.reckoned_on[row] = call.on
    loans.open[row] = True
    _make_terms(call, principal, row)


def _make_terms(call: Call, principal: Int64s, plan: Index) -> None:
    """Write the plan's instalments: principal and fee split evenly, odd cents in the last."""
    state, i = call.state, call.i
    ids, count = state.lines.terms[i], call.commands.count[call.c]
    fee = half_up(principal * state.terms.plan_fee_ppm(ids, count), MILLION)
    principal_parts, first = split_evenly(principal, count)
    fee_parts, _ = split_evenly(fee, count)
    parts = state.parts.rows
    due_after = state.terms.due_after_days[ids].astype(np.int32)
    cut_on = call.on
    for term in range(int(count.max())):
        cut_on = next_cut_on(cut_on, state.lines.cycle_day[i])
        has = np.flatnonzero(term < count)
        at = state.parts.append(i[has])
        state.plan[at] = plan[has]
        parts.line[at] = state.lines.id[i[has]]
        parts.loan[at] = call.commands.seq[call.c[has]]
        parts.no[at] = term + 1
        parts.due_on[at] = cut_on[has] + due_after[has]
        parts.principal_minor[at] = principal_parts[first[has] + term]
        parts.fee_minor[at] = fee_parts[first[has] + term]
