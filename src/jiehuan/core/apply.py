"""The kernel: commands on lines, in; transfers, outcomes, statements, instructions, out.

One pure function for one command and for a million.  A fold of the whole journal is the
same call on lines that do not exist yet.  Several commands on a line go in rounds: in
round r every line has at most one command, so a handler works on plain columns.
"""

from collections.abc import Callable

import numpy as np

from jiehuan.core.agenda import position, refresh
from jiehuan.core.charges import charge, waive
from jiehuan.core.checks import judge
from jiehuan.core.columns import Commands, Flags, Lines
from jiehuan.core.commands import MOMENT, Kind, Moment
from jiehuan.core.cut import statement
from jiehuan.core.late import aged, due_passed, write_off
from jiehuan.core.outcomes import Outcome
from jiehuan.core.plans import convert
from jiehuan.core.repayment import credit, refund, repay
from jiehuan.core.segments import Index
from jiehuan.core.settle import add_running
from jiehuan.core.spending import (
    capture,
    close_line,
    draw,
    draw_succeeded,
    hold,
    hold_expired,
    open_line,
    purchase,
    reverse,
    review,
    void,
)
from jiehuan.core.state import Call, Out, State
from jiehuan.core.wallet import collect, collect_ended, pay_back, pay_back_succeeded

Watch = Callable[[Index, Index], None]

HANDLERS: dict[Kind, Callable[[Call], None]] = {
    Kind.OPEN: open_line,
    Kind.PURCHASE: purchase,
    Kind.HOLD: hold,
    Kind.CAPTURE: capture,
    Kind.VOID: void,
    Kind.DRAW: draw,
    Kind.DRAW_SUCCEEDED: draw_succeeded,
    Kind.DRAW_FAILED: void,
    Kind.REPAY: repay,
    Kind.REFUND: refund,
    Kind.CREDIT: credit,
    Kind.CONVERT: convert,
    Kind.CLOSE: close_line,
    Kind.REVIEW: review,
    Kind.COLLECT: collect,
    Kind.COLLECT_ENDED: collect_ended,
    Kind.PAY_BACK: pay_back,
    Kind.PAY_BACK_SUCCEEDED: pay_back_succeeded,
    Kind.PAY_BACK_FAILED: void,
    Kind.REVERSE: reverse,
    Kind.CHARGE: charge,
    Kind.WAIVE: waive,
    Kind.GOODWILL: credit,
    Kind.CHARGEBACK: refund,
    Kind.STATEMENT: statement,
    Kind.DUE_PASSED: due_passed,
    Kind.AGED: aged,
    Kind.HOLD_EXPIRED: hold_expired,
    Kind.WRITE_OFF: write_off,
}

# These need only the line; all others its loans, instalments, dues and open holds too.
LIGHT = frozenset(
    {
        Kind.OPEN,
        Kind.PURCHASE,
        Kind.HOLD,
        Kind.DRAW,
        Kind.CLOSE,
        Kind.REVIEW,
        Kind.COLLECT_ENDED,
        Kind.REVERSE,
    }
)
# These leave loans as they are.
_KEEPS_LOANS = LIGHT | {
    Kind.CAPTURE,
    Kind.VOID,
    Kind.DRAW_FAILED,
    Kind.COLLECT,
    Kind.PAY_BACK,
    Kind.PAY_BACK_FAILED,
    Kind.AGED,
    Kind.HOLD_EXPIRED,
}
_IS_HEAVY, _CHANGES_LOANS = (
    ~np.isin(np.arange(max(Kind) + 1), np.array(list(kinds))) for kinds in (LIGHT, _KEEPS_LOANS)
)
NEEDS_PURCHASES = frozenset({Kind.REFUND, Kind.CONVERT, Kind.CHARGEBACK})

_MOMENT_OF = np.zeros(max(Kind) + 1, np.int32)
for _kind, _moment in MOMENT.items():
    _MOMENT_OF[_kind] = _moment


def needs_all(lines: Lines, commands: Commands) -> Flags:
    """Return which lines need their loans, instalments, dues and open holds too, shape (n,).

    A purchase that overpayment pays may leave a line idle; when its holds end then says when
    the line has its next event, and the line alone does not know.
    """
    line = np.searchsorted(lines.id, commands.line)
    paid = (commands.kind == Kind.PURCHASE) & (lines.overpaid_minor[line] > 0)
    full = np.zeros(len(lines), np.bool_)
    full[line[_IS_HEAVY[commands.kind] | paid]] = True
    return full


def order_of(commands: Commands) -> Index:
    """Return the order of a fold: line, day, moment, kind of what closes a day, seq."""
    moment = _MOMENT_OF[commands.kind]
    kind = np.where(moment == Moment.CLOSES, commands.kind, 0)
    return np.lexsort((commands.seq, kind, moment, commands.effective_on, commands.line))


def apply(state: State, commands: Commands, watch: Watch | None = None) -> Out:
    """Apply ``commands`` to ``state`` (changed in place); each line's in the given order.

    Every line of ``commands.line`` must be in ``state``.  Refused commands change nothing;
    in a fold (``state.accepted``) nothing is checked.  ``watch`` is called before each round
    with its commands and the index of each one's line, both of shape (k,).
    """
    out = Out(commands)
    line = state.lines.id.searchsorted(commands.line)
    assert not np.count_nonzero(state.lines.id[line] != commands.line)
    rounds = _rounds(line)
    _start_sums(state, commands, line)
    for c in rounds:
        i = line[c]
        if watch is not None:
            watch(c, i)
        before = state.sum_table.take(i, axis=1)
        _one_round(state, out, commands, c, i)
        state.sums["undrawn_minor"][i] = state.undrawn(i)
        out.sum_table[:, c] = state.sum_table.take(i, axis=1) - before
    if rounds:
        refresh(state, line[rounds[0]])
    return out


def _rounds(line: Index) -> list[Index]:
    """Return the rows of each round: the first command of every line, the second, ...

    Within a round they are in the order of the lines.
    """
    order = line.argsort(kind="stable")
    grouped = line[order]
    if not np.count_nonzero(grouped[1:] == grouped[:-1]):
        return [order] if len(order) else []
    rank = np.arange(len(line)) - grouped.searchsorted(grouped)
    by_rank = order[rank.argsort(kind="stable")]
    return np.split(by_rank, np.bincount(rank).cumsum()[:-1])


def _one_round(state: State, out: Out, commands: Commands, c: Index, i: Index) -> None:
    lines, kinds = state.lines, commands.kind[c]
    numbers = np.bincount(kinds).nonzero()[0].tolist()
    for number in numbers:
        kind = Kind(number)
        moment = MOMENT[kind]
        call = Call(state, out, commands, kind, c, i, moment is Moment.CLOSES)
        if len(numbers) > 1:
            call = call.keep(kinds == number)
        if not state.accepted:
            outcome = judge(call)
            out.outcome[call.c] = outcome
            call = call.keep(outcome == _DONE)
        if len(call.c):
            HANDLERS[kind](call)
            at = position(call.on, moment)
            lines.position[call.i] = np.maximum(lines.position[call.i], at)
            lines.version[call.i] = np.maximum(lines.version[call.i], commands.seq[call.c])


_DONE = np.array(Outcome.DONE, np.int16)


def _start_sums(state: State, commands: Commands, line: Index) -> None:
    """Set the running sums of lines whose loans may change, so that changes can be told."""
    changes = _CHANGES_LOANS[commands.kind]
    if np.count_nonzero(changes) and state.loans.roomy:
        of = np.zeros(len(state.lines), np.bool_)
        of[line[changes]] = True
        [i] = of.nonzero()
        if np.count_nonzero(state.loans.had[i]):
            add_running(state, state.open_loans(i), i)
    state.sums["undrawn_minor"][line] = state.undrawn(line)
