"""The statement: what a cut bills, what is due, and the least that must be paid.

A statement cut on D holds what took effect before D (terms.md 1 to 3).
"""

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import Days, Flags, Int64s, Items, Statements
from jiehuan.core.interest import bill, reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import Item, LoanKind, Status
from jiehuan.core.money import ceil_ppm
from jiehuan.core.segments import Index, Segments
from jiehuan.core.settle import settle
from jiehuan.core.state import Call


def is_idle(call: Call) -> Flags:
    """Return which lines owe nothing, have nothing and accrue nothing, shape (k,)."""
    lines, i = call.state.lines, call.i
    return np.asarray(
        (lines.used_minor[i] == 0) & (lines.overpaid_minor[i] == 0) & (lines.loans_open[i] == 0)
    )


def statement(call: Call) -> None:
    """Cut a statement for every line that is neither idle nor written off."""
    call = call.keep(~is_idle(call) & (call.state.lines.status[call.i] != Status.WRITTEN_OFF.value))
    state, i = call.state, call.i
    lines = state.lines
    due_on = (call.on + state.terms.due_after_days[lines.terms[i]]).astype(np.int32)
    opening = billed_unpaid(call) - lines.overpaid_minor[i]
    new: dict[Item, Int64s] = {}

    new[Item.PURCHASES] = lines.cycle_minor[i].copy()
    _bill_purchases(call)
    s = state.open_loans(i)
    _bill_charges(call, s, new)
    _bill_draws(call, s, new)
    principal, fees = _bill_terms(call, s, due_on)
    new[Item.INSTALMENTS], new[Item.FEES] = s.sum(principal), s.sum(fees)
    _use_overpayment(call)

    balance = opening + sum(new.values())
    minimum = _minimum(call, s, principal, fees, balance)
    _queue(call, due_on, minimum)
    _write(call, due_on, balance, minimum)
    _itemise(call, opening, new)
    lines.cut_on[i], lines.due_on[i] = call.on, due_on
    lines.balance_minor[i] = lines.issued_minor[i] = balance
    lines.due_minor[i], lines.minimum_minor[i] = np.maximum(balance, 0), minimum
    lines.repaid_minor[i] = 0
    lines.adjusted_on[i] = 0
    settle(call)


def billed_unpaid(call: Call) -> Int64s:
    """Return what is billed and unpaid of each line, charges too, shape (k,)."""
    lines, i = call.state.lines, call.i
    principal = lines.used_minor[i] - lines.cycle_minor[i] - lines.unbilled_minor[i]
    return np.asarray(principal + lines.charges_minor[i])


def _bill_purchases(call: Call) -> None:
    """Make one loan of the purchases of the cycle."""
    state = call.state
    lines = state.lines
    call = call.keep(lines.cycle_minor[call.i] > 0)
    i, no = call.i, call.commands.seq[call.c]
    row, ids, loans = state.loans.append(i), lines.terms[i], state.loans.rows
    loans.line[row] = lines.id[i]
    loans.no[row] = no
    loans.kind[row] = LoanKind.CYCLE
    loans.terms[row] = ids
    loans.rate_ppm[row] = state.terms.purchase_rate_ppm[ids]
    loans.opened_on[row] = call.on
    loans.billed_minor[row] = lines.cycle_minor[i]
    loans.reckoned_on[row] = call.on
    loans.open[row] = True
    lines.cycle_minor[i] = 0
    if state.purchases.roomy:
        p = state.purchases.gather(i)
        rows = state.purchases.rows
        running = rows.billed_by[p.at] == 0
        rows.billed_by[p.at] = np.where(running, no[p.of], rows.billed_by[p.at])


def _bill_charges(call: Call, s: Segments, new: dict[Item, Int64s]) -> None:
    """Bill the interest and penalty that every loan has accrued."""
    loans, rows = call.state.loans.rows, s.at
    before = loans.interest_due_minor[rows].copy(), loans.penalty_due_minor[rows].copy()
    reckon(call.state, rows, call.i[s.of], call.on[s.of])
    bill(call, s, np.arange(len(rows)))
    new[Item.INTEREST] = s.sum(loans.interest_due_minor[rows] - before[0])
    new[Item.PENALTY] = s.sum(loans.penalty_due_minor[rows] - before[1])


def _bill_draws(call: Call, s: Segments, new: dict[Item, Int64s]) -> None:
    """Bill draws whole at the first cut after them."""
    loans = call.state.loans.rows
    draw = loans.kind[s.at] == LoanKind.DRAW.value
    new[Item.DRAWS] = s.sum(loans.unbilled_minor[s.at] * draw)
    rows = s.at[draw]
    loans.billed_minor[rows] += loans.unbilled_minor[rows]
    loans.unbilled_minor[rows] = 0


def _bill_terms(call: Call, s: Segments, due_on: Days) -> tuple[Int64s, Int64s]:
    """Bill the instalments that fall due with this statement; return both parts by loan."""
    state = call.state
    parts, loans = state.parts.rows, state.loans.rows
    principal, fees = np.zeros(len(s.at), np.int64), np.zeros(len(s.at), np.int64)
    if not state.parts.roomy:
        return principal, fees
    p = state.parts_of(s, call.i)
    due = ~parts.billed[p.at] & (parts.due_on[p.at] <= due_on[s.of[p.of]])
    principal = p.sum(parts.principal_minor[p.at] * due)
    fees = p.sum(parts.fee_minor[p.at] * due)
    parts.billed[p.at[due]] = True
    loans.unbilled_minor[s.at] -= principal
    loans.billed_minor[s.at] += principal
    loans.fee_due_minor[s.at] += fees
    call.move(
        call.receivable(Account.FEE, Account.RECOVERY),
        call.account(Account.FEE_INCOME),
        s.sum(fees),
    )
    return principal, fees


def _use_overpayment(call: Call) -> None:
    """Let what is overpaid pay the new bill, in the usual order."""
    lines = call.state.lines
    rich = call.keep(lines.overpaid_minor[call.i] > 0)
    if len(rich.i):
        payment = Payment(rich, lines.overpaid_minor[rich.i])
        lines.overpaid_minor[rich.i] = 0
        payment.usual()
        left, payment.left = payment.left, np.zeros_like(payment.left)
        payment.book(rich.account(Account.OVERPAYMENT))
        lines.overpaid_minor[rich.i] = left


def _minimum(call: Call, s: Segments, principal: Int64s, fees: Int64s, balance: Int64s) -> Int64s:
    """Return the minimum due (terms.md 3); each part is what overpayment has left of it."""
    state, i = call.state, call.i
    lines, loans, rows = state.lines, state.loans.rows, s.at
    terms, ids = state.terms, state.lines.terms[i]
    owed = loans.billed_minor[rows] + loans.carried_minor[rows]
    instalments = np.minimum(owed, principal)
    charges = (
        np.minimum(loans.interest_due_minor[rows], loans.interest_new_minor[rows])
        + np.minimum(loans.penalty_due_minor[rows], loans.penalty_new_minor[rows])
        + np.minimum(loans.fee_due_minor[rows], fees)
    )
    loans.interest_new_minor[rows] = 0
    loans.penalty_new_minor[rows] = 0
    revolving = s.sum(owed - instalments)
    share = np.maximum(terms.minimum_floor_minor[ids], ceil_ppm(revolving, terms.minimum_ppm[ids]))
    used = lines.cycle_minor[i] + s.sum(loans.unbilled_minor[rows] + owed)
    over = np.maximum(used - lines.limit_minor[i], 0) * terms.over_limit_in_minimum[ids]
    d = state.dues.gather(i)
    past = d.sum(state.dues.rows.unmet_minor[d.at])
    least = np.minimum(revolving, share) + s.sum(instalments + charges) + past + over
    due = np.maximum(balance, 0)
    return np.where(due < terms.full_if_under_minor[ids], due, np.minimum(due, least))


def _queue(call: Call, due_on: Days, minimum: Int64s) -> None:
    """Put the statement's own minimum, less what is unmet already, on the queue."""
    dues = call.state.dues
    d = dues.gather(call.i)
    own = minimum - d.sum(dues.rows.unmet_minor[d.at])
    assert own.min(initial=0) >= 0
    call, due_on, own = call.keep(own > 0), due_on[own > 0], own[own > 0]
    at: Index = dues.append(call.i)
    dues.rows.line[at] = call.state.lines.id[call.i]
    dues.rows.due_on[at] = due_on
    dues.rows.unmet_minor[at] = own


def _write(call: Call, due_on: Days, balance: Int64s, minimum: Int64s) -> None:
    lines, i = call.state.lines, call.i
    s = call.state.open_loans(i)
    loans = call.state.loans.rows
    principal = loans.unbilled_minor[s.at] + loans.billed_minor[s.at] + loans.carried_minor[s.at]
    call.out.statements.append(
        Statements(
            lines.id[i],
            call.commands.seq[call.c],
            call.on,
            due_on,
            balance,
            np.maximum(balance, 0),
            minimum,
            lines.cycle_minor[i] + s.sum(principal),
        )
    )


def _itemise(call: Call, opening: Int64s, new: dict[Item, Int64s]) -> None:
    """Write what the balance is made of; zeros are left out."""
    lines, i = call.state.lines, call.i
    issued, folded, repaid = lines.issued_minor[i], lines.balance_minor[i], lines.repaid_minor[i]
    amounts = {
        Item.PREVIOUS: issued,
        Item.ADJUSTMENT: folded - issued,
        Item.REPAID: -repaid,
        Item.OTHER: opening - folded + repaid,
    } | new
    cut_on = call.on
    for item, amount in amounts.items():
        some = amount != 0
        for_on = lines.adjusted_on[i] if item is Item.ADJUSTMENT else cut_on
        call.out.items.append(
            Items(
                lines.id[i[some]],
                call.commands.seq[call.c[some]],
                np.full(int(some.sum()), item, np.int16),
                for_on[some],
                amount[some],
            )
        )
