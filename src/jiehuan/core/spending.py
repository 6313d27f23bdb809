"""Commands that open, reserve and spend: effects on lines that pass their checks."""

import numpy as np

from jiehuan.core.columns import NEVER, Flags, Instructions, Int64s
from jiehuan.core.commands import InstructionKind
from jiehuan.core.ledger import Account
from jiehuan.core.line import HoldKind, HoldState, LoanKind, Status
from jiehuan.core.plans import make_plan
from jiehuan.core.segments import Index
from jiehuan.core.settle import settle
from jiehuan.core.state import Call


def open_line(call: Call) -> None:
    """Open a line: ``amount`` is its limit, ``ref`` its party, ``count`` its cycle day."""
    lines, terms, commands = call.state.lines, call.state.terms, call.commands
    i, c = call.i, call.c
    ids = commands.terms[c]
    lines.party[i] = call.ref
    lines.terms[i] = ids
    lines.product[i] = terms.number[ids]
    lines.cycle_day[i] = np.where(commands.count[c] > 0, commands.count[c], terms.cycle_day[ids])
    lines.limit_minor[i] = call.amount
    lines.opened_on[i] = call.on
    lines.next_event_at[i] = NEVER
    lines.status[i] = Status.ACTIVE


def purchase(call: Call) -> None:
    """Spend at a merchant; what is overpaid pays for it at once (a second transfer)."""
    lines, i, amount = call.state.lines, call.i, call.amount
    call.move(
        call.receivable(Account.PRINCIPAL, Account.WRITE_OFF),
        call.account(Account.MERCHANT_PAYABLE),
        amount,
    )
    lines.cycle_minor[i] = lines.cycle_minor[i] + amount
    lines.used_minor[i] = lines.used_minor[i] + amount
    if np.count_nonzero(lines.overpaid_minor[i]):
        _use_overpayment(call)
    if call.state.purchases.roomy:
        remember(call, call.commands.seq[call.c], call.amount)


def _use_overpayment(call: Call) -> None:
    """Pay for a purchase with what is overpaid."""
    lines, i = call.state.lines, call.i
    paid = np.minimum(lines.overpaid_minor[i], call.amount)
    call.move(
        call.account(Account.OVERPAYMENT),
        call.receivable(Account.PRINCIPAL, Account.RECOVERY),
        paid,
    )
    lines.overpaid_minor[i] -= paid
    lines.cycle_minor[i] -= paid
    lines.used_minor[i] -= paid


def remember(call: Call, no: Int64s, amount_minor: Int64s) -> None:
    """Keep what was added to running cycles (k,) where refunds and conversions may ask for it.

    ``no`` 0 is what nobody can refer to: it was not bought.
    """
    purchases = call.state.purchases
    at = purchases.append(call.i)
    purchases.rows.line[at] = call.state.lines.id[call.i]
    purchases.rows.no[at] = no
    purchases.rows.amount_minor[at] = amount_minor


def hold(call: Call) -> None:
    """Reserve an amount for a merchant until the close of its last day."""
    days = call.state.terms.hold_days[call.state.lines.terms[call.i]].astype(np.int32)
    _reserve(call, HoldKind.MERCHANT, call.on + days)


def draw(call: Call) -> None:
    """Reserve an amount and ask for it to be paid out to the wallet.

    The hold keeps in how many instalments it is to be repaid; 0 is by the day.
    """
    at = hold_for_answer(call, HoldKind.DRAW)
    call.state.holds.rows.merchant[at] = call.commands.count[call.c]
    instruct(call, InstructionKind.PAY_OUT)


def hold_for_answer(call: Call, kind: HoldKind) -> Index:
    """Reserve amounts until a partner has answered; return where the holds are."""
    return _reserve(call, kind, np.full(len(call.i), NEVER, np.int32))


def instruct(call: Call, kind: InstructionKind) -> None:
    """Ask the outside world for something."""
    call.out.instructions.append(
        Instructions(
            call.commands.seq[call.c],
            call.state.lines.id[call.i],
            np.full(len(call.i), kind, np.int16),
            call.amount,
        )
    )


def _reserve(call: Call, kind: HoldKind, expires_on: Index) -> Index:
    holds = call.state.holds
    at = holds.append(call.i)
    rows = holds.rows
    rows.line[at] = call.state.lines.id[call.i]
    rows.no[at] = call.commands.seq[call.c]
    rows.kind[at] = kind
    rows.state[at] = HoldState.HELD
    rows.amount_minor[at] = call.amount
    rows.left_minor[at] = call.amount
    rows.merchant[at] = call.commands.merchant[call.c]
    rows.expires_on[at] = expires_on
    call.state.lines.held_minor[call.i] += call.amount
    return at


def _release(call: Call, at: Index, amount: Index, ended: HoldState) -> None:
    """Give ``amount`` of holds ``at`` back to their lines; with nothing left they end."""
    rows = call.state.holds.rows
    rows.left_minor[at] -= amount
    call.state.lines.held_minor[call.i] -= amount
    rows.state[at] = np.where(rows.left_minor[at] == 0, ended, rows.state[at])


def find_hold(call: Call) -> Index:
    """Return where the hold that each command refers to is, or -1."""
    if call.hold is None:
        call.hold = call.state.holds.find(call.i, call.state.holds.rows.no, call.ref)
    return call.hold


def capture(call: Call) -> None:
    """Spend a hold, all or a part; the rest stays held."""
    at = find_hold(call)
    still = _is_held(call, at)
    held = np.minimum(call.state.holds.rows.left_minor[at], call.amount)
    _release(call.keep(still), at[still], held[still], HoldState.CAPTURED)
    purchase(call)


def _is_held(call: Call, at: Index) -> Flags:
    """Return which holds are open; what was not found, at -1, is not."""
    return np.asarray(call.state.holds.rows.state[at] == HoldState.HELD.value)


def end_hold(call: Call, ended: HoldState) -> None:
    """End holds that are still open, with nothing spent."""
    at = find_hold(call)
    still = _is_held(call, at)
    call, at = call.keep(still), at[still]
    _release(call, at, call.state.holds.rows.left_minor[at], ended)


def void(call: Call) -> None:
    """End a hold, or one whose partner said no."""
    end_hold(call, HoldState.VOIDED)


def hold_expired(call: Call) -> None:
    """End a hold at the close of its last day."""
    end_hold(call, HoldState.EXPIRED)


def take_hold(call: Call) -> tuple[Index, Int64s]:
    """Take all that holds keep, since the money has moved; return where they are, and it."""
    at = find_hold(call)
    amount = call.state.holds.rows.left_minor[at].copy()
    still = _is_held(call, at)
    _release(call.keep(still), at[still], amount[still], HoldState.CAPTURED)
    call.out.applied_minor[call.c] = amount
    return at, amount


def draw_succeeded(call: Call) -> None:
    """Turn a draw into a loan from the wallet's own date: by the day, or in instalments.

    What was written off is never billed again, so a draw on such a line has no instalments.
    """
    at, amount = take_hold(call)
    gone = call.state.lines.status[call.i] == Status.WRITTEN_OFF.value
    count = np.where(gone, 0, call.state.holds.rows.merchant[at])
    by_day, in_terms = call.keep(count == 0), call.keep(count > 0)
    if len(by_day.i):
        _lend(by_day, amount[count == 0])
    if len(in_terms.i):
        make_plan(in_terms, amount[count > 0], count[count > 0])
    call.move(
        call.receivable(Account.PRINCIPAL, Account.WRITE_OFF),
        call.account(Account.WALLET_CLEARING),
        amount,
    )
    settle(call)


def _lend(call: Call, amount: Int64s) -> None:
    """Make a loan of each draw that bears interest by the day."""
    state, i = call.state, call.i
    ids = state.lines.terms[i]
    row = state.loans.append(i)
    loans = state.loans.rows
    loans.line[row] = state.lines.id[i]
    loans.no[row] = call.commands.seq[call.c]
    loans.kind[row] = LoanKind.DRAW
    loans.terms[row] = ids
    loans.rate_ppm[row] = state.terms.draw_rate_ppm[ids]
    loans.opened_on[row] = call.on
    loans.unbilled_minor[row] = amount
    loans.reckoned_on[row] = call.on
    loans.open[row] = True


def close_line(call: Call) -> None:
    """Close a line on which nothing is owed to either side.

    A command that is told late may have left something: the line goes on then (terms.md 4).
    """
    call = call.keep(call.state.is_settled(call.i))
    call.state.lines.status[call.i] = Status.CLOSED


def review(_call: Call) -> None:
    """Record that a line was decided on; a decision by itself changes nothing."""


def reverse(_call: Call) -> None:
    """Record a reversal; what it undoes is left out of the fold (``core.reversal``)."""
