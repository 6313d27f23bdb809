"""The statement: what a cut bills, what is due, and the least that must be paid.

A statement cut on D holds what took effect before D (terms.md 1 to 3).
"""

import numpy as np

from jiehuan.core.allocation import Payment
from jiehuan.core.columns import ZERO, Days, Int64s, Items, Statements
from jiehuan.core.interest import bill, reckon
from jiehuan.core.ledger import Account
from jiehuan.core.line import Item, LoanKind
from jiehuan.core.money import ceil_ppm
from jiehuan.core.segments import Index, Segments
from jiehuan.core.settle import settle
from jiehuan.core.state import Call


def statement(call: Call) -> None:
    """Cut a statement for every line that is neither idle nor written off."""
    state = call.state
    call = call.keep(~(state.is_idle(call.i) | state.is_gone(call.i)))
    lines, i = state.lines, call.i
    if not len(i):
        return
    terms, ids = state.terms, lines.terms[i]
    due_on = call.on + terms.due_after_days[ids]
    opening = billed_unpaid(call) - lines.overpaid_minor[i]
    new: dict[Item, Int64s] = {}

    new[Item.PURCHASES] = lines.cycle_minor[i]
    _bill_purchases(call)
    s = state.open_loans(i)
    reckon(state, s.at, i[s.of], call.on[s.of])
    new[Item.INTEREST], new[Item.PENALTY] = bill(call, s)
    new[Item.DRAWS] = _bill_draws(call, s)
    principal, fees = _bill_terms(call, s, due_on)
    new[Item.INSTALMENTS], new[Item.FEES] = s.sum(principal), s.sum(fees)
    _use_overpayment(call)

    balance = opening + sum(new.values(), ZERO)
    due = np.maximum(balance, ZERO)
    owed = state.loans.rows.billed_minor[s.at] + state.loans.rows.carried_minor[s.at]
    used = lines.cycle_minor[i] + s.sum(owed + state.loans.rows.unbilled_minor[s.at])
    least = _least(call, s, owed, principal, fees, used)
    minimum = np.where(due < terms.full_if_under_minor[ids], due, np.minimum(due, least))
    _queue(call, due_on, minimum)
    seq = call.commands.seq[call.c]
    call.out.statements.append(
        Statements(lines.id[i], seq, call.on, due_on, balance, due, minimum, used)
    )
    _itemise(call, opening, new)
    lines.cut_on[i], lines.due_on[i] = call.on, due_on
    lines.balance_minor[i] = lines.issued_minor[i] = balance
    lines.due_minor[i], lines.minimum_minor[i] = due, minimum
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
    call = call.keep(lines.cycle_minor[call.i] > ZERO)
    if not len(call.i):
        return
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


def _bill_draws(call: Call, s: Segments) -> Int64s:
    """Bill draws whole at the first cut after them; return how much of each line (k,)."""
    loans, rows = call.state.loans.rows, s.at
    drawn = loans.unbilled_minor[rows] * (loans.kind[rows] == LoanKind.DRAW.value)
    if np.count_nonzero(drawn):
        loans.billed_minor[rows] += drawn
        loans.unbilled_minor[rows] -= drawn
    return s.sum(drawn)


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
    rich = call.keep(lines.overpaid_minor[call.i] > ZERO)
    if len(rich.i):
        payment = Payment(rich, lines.overpaid_minor[rich.i])
        lines.overpaid_minor[rich.i] = 0
        payment.usual()
        left, payment.left = payment.left, np.zeros_like(payment.left)
        payment.book(rich.account(Account.OVERPAYMENT))
        lines.overpaid_minor[rich.i] = left


def _least(
    call: Call, s: Segments, owed: Int64s, principal: Int64s, fees: Int64s, used: Int64s
) -> Int64s:
    """Return the minimum due but for what is due (terms.md 3), shape (k,).

    Each part is what overpayment has left of it.  ``owed`` is the billed principal of each
    loan (m,), ``principal`` and ``fees`` what this cut billed of each, ``used`` all principal
    of each line (k,).
    """
    state, i = call.state, call.i
    loans, rows = state.loans.rows, s.at
    terms, ids = state.terms, state.lines.terms[i]
    instalments = np.minimum(owed, principal)
    by_hand = loans.kind[rows] == LoanKind.CHARGE.value
    if np.count_nonzero(by_hand):  # a fee charged since the last cut
        by_hand &= loans.opened_on[rows] >= state.lines.cut_on[i][s.of]
        fees = fees + loans.fee_due_minor[rows] * by_hand
    charges = (
        np.minimum(loans.interest_due_minor[rows], loans.interest_new_minor[rows])
        + np.minimum(loans.penalty_due_minor[rows], loans.penalty_new_minor[rows])
        + np.minimum(loans.fee_due_minor[rows], fees)
    )
    loans.interest_new_minor[rows] = 0
    loans.penalty_new_minor[rows] = 0
    revolving = s.sum(owed - instalments)
    share = np.maximum(terms.minimum_floor_minor[ids], ceil_ppm(revolving, terms.minimum_ppm[ids]))
    over = np.maximum(used - state.lines.limit_minor[i], ZERO) * terms.over_limit_in_minimum[ids]
    d = state.dues.gather(i)
    past = d.sum(state.dues.rows.unmet_minor[d.at])
    return np.asarray(np.minimum(revolving, share) + s.sum(instalments + charges) + past + over)


def _queue(call: Call, due_on: Days, minimum: Int64s) -> None:
    """Put the statement's own minimum, less what is unmet already, on the queue."""
    dues = call.state.dues
    d = dues.gather(call.i)
    own = minimum - d.sum(dues.rows.unmet_minor[d.at])
    assert not np.count_nonzero(own < ZERO)
    some = own > ZERO
    call, due_on, own = call.keep(some), due_on[some], own[some]
    at: Index = dues.append(call.i)
    dues.rows.line[at] = call.state.lines.id[call.i]
    dues.rows.due_on[at] = due_on
    dues.rows.unmet_minor[at] = own


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
    items = np.array([item.value for item in amounts], np.int16)
    every = np.concatenate(list(amounts.values()))
    [some] = every.nonzero()
    item, of = np.divmod(some, len(i))
    for_on = call.on[of]
    adjusted = items[item] == Item.ADJUSTMENT.value
    for_on[adjusted] = lines.adjusted_on[i[of[adjusted]]]
    seq = call.commands.seq[call.c]
    call.out.items.append(Items(lines.id[i[of]], seq[of], items[item], for_on, every[some]))
