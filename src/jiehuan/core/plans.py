"""Instalment plans: a draw, or what is unpaid of purchases, in equal parts with a fee."""

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import Codes, Int64s
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
    """Turn what is unpaid of a purchase, or of a statement's purchases, into a plan.

    Its first term is in the next bill.
    """
    unpaid, rows = unpaid_part(call), call.state.purchases.rows
    rows.reduced_minor[unpaid.at] += unpaid.part_minor
    rows.plan_source[unpaid.at] = call.ref[unpaid.of]
    moved = Payment(call, unpaid.minor)
    reduce_purchase(moved, unpaid.loan, unpaid.minor)
    made = call.keep(unpaid.minor > 0)
    if len(made.i):
        make_plan(made, unpaid.minor[unpaid.minor > 0], call.commands.count[made.c])
    call.out.applied_minor[call.c] = unpaid.minor
    settle(call)


def make_plan(call: Call, principal: Int64s, count: Int64s | Codes) -> None:
    """Make a plan of ``count`` (k,) instalments of each principal (k,), opened today."""
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
    _make_terms(call, principal, count, row)


def _make_terms(call: Call, principal: Int64s, count: Int64s | Codes, plan: Index) -> None:
    """Write the plan's instalments: principal and fee split evenly, odd cents in the last."""
    state, i = call.state, call.i
    ids = state.lines.terms[i]
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
