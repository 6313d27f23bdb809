"""Money that a partner moves for a line: what is collected, and what is paid back.

Neither is money before the partner says so.  What a collection brought comes as a repayment
that names it; what is to be paid back is held until it has gone, or has not.
"""

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.commands import InstructionKind
from jiehuan.core.ledger import Account
from jiehuan.core.line import HoldKind, HoldState
from jiehuan.core.segments import Index
from jiehuan.core.settle import settle
from jiehuan.core.spending import hold_for_answer, instruct, remember, take_hold
from jiehuan.core.state import Call, State


def collect(call: Call) -> None:
    """Ask for an amount to be collected; nothing is repaid until it was."""
    instruct(call, InstructionKind.COLLECT)


def collect_ended(_call: Call) -> None:
    """Record that nothing came of a collection; it had moved nothing."""


def pay_back(call: Call) -> None:
    """Hold overpaid money, and ask for it to be given back to where it came from."""
    hold_for_answer(call, HoldKind.PAY_BACK)
    instruct(call, InstructionKind.PAY_BACK)


def on_its_way_back(state: State, i: Index) -> Int64s:
    """Return what of each line's overpayment is on its way back, shape (k,)."""
    holds, h = state.holds.rows, state.holds.gather(i)
    back = (holds.kind[h.at] == HoldKind.PAY_BACK.value) & (
        holds.state[h.at] == HoldState.HELD.value
    )
    return h.sum(holds.left_minor[h.at] * back)


def pay_back_succeeded(call: Call) -> None:
    """Take what was paid back off the overpayment.

    What was used up in the meantime is owed: principal of the running cycle (terms.md 6).
    """
    lines, i = call.state.lines, call.i
    _, amount = take_hold(call)
    own = np.minimum(amount, lines.overpaid_minor[i])
    rest = amount - own
    clearing = call.account(Account.WALLET_CLEARING)
    call.move(call.account(Account.OVERPAYMENT), clearing, own)
    call.move(call.receivable(Account.PRINCIPAL, Account.WRITE_OFF), clearing, rest)
    lines.overpaid_minor[i] -= own
    lines.cycle_minor[i] += rest
    owing = call.keep(rest > 0)
    if len(owing.i) and call.state.purchases.roomy:
        remember(owing, np.zeros(len(owing.i), np.int64), rest[rest > 0])
    settle(call)
