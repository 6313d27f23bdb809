"""What the kernel holds of a line, told in the words of the scalar model."""

import datetime as dt
from fractions import Fraction

import numpy as np
from tests.core.play import Play
from tests.oracle.model import LoanKey, LoanOwed, Result, Statement

from jiehuan.core.columns import MICRO
from jiehuan.core.interest import reckon
from jiehuan.core.ledger import Account, split
from jiehuan.core.line import LoanKind
from jiehuan.core.state import State


def told(play: Play, k: int, until: dt.date) -> Result:
    """Say how life ``k`` stands at the close of a day, its night included."""
    book = play.book
    state = book.state([play.line[k]])
    lines = state.lines
    past_due_on = _day(int(lines.past_due_on[0])) if lines.past_due_on[0] else None
    events = play.events(k)
    written_off = [day for day, kind in events if kind == "write_off"]
    return Result(
        outcomes=play.outcomes(k),
        statements=_statements(play, k),
        loans=loans_owed(state, {seq: own for own, seq in play.seq[k].items()}, until),
        used=int(lines.used_minor[0]),
        held=int(lines.held_minor[0]),
        available=int(lines.limit_minor[0] - lines.used_minor[0] - lines.held_minor[0]),
        overpaid=int(lines.overpaid_minor[0]),
        cycle=int(lines.cycle_minor[0]),
        queue=_queue(state),
        past_due_on=past_due_on,
        days_past_due=(until - past_due_on).days if past_due_on else 0,
        bucket=int(lines.bucket[0]),
        written_off_on=written_off[0] if written_off else None,
        events=events,
        interest_billed=_moved(play, k, Account.INTEREST, Account.ACCRUED_INTEREST),
        penalty_billed=_moved(play, k, Account.PENALTY, Account.ACCRUED_PENALTY),
        fees_billed=_moved(play, k, Account.FEE, Account.FEE_INCOME),
    )


def _day(on: int) -> dt.date:
    return dt.date.fromordinal(on)


def _statements(play: Play, k: int) -> list[Statement]:
    return [
        Statement(
            _day(int(one["cut_on"])),
            _day(int(one["due_on"])),
            balance=int(one["balance_minor"]),
            due=int(one["due_minor"]),
            minimum=int(one["minimum_minor"]),
            used=int(one["used_minor"]),
        )
        for one in play.book.of_line["statements"][play.line[k]]
    ]


def _queue(state: State) -> list[tuple[dt.date, int]]:
    dues = state.dues.rows.to_rows(state.dues.in_use())
    return [(_day(int(one["due_on"])), int(one["unmet_minor"])) for one in dues]


def loans_owed(state: State, own_number: dict[int, int], until: dt.date) -> dict[LoanKey, LoanOwed]:
    """Return what is owed of each open loan, reckoned through the night of ``until``.

    ``own_number`` is what the model calls the command of each number.
    """
    s = state.open_loans(np.zeros(1, np.int64))
    until_on = np.full(len(s.at), until.toordinal() + 1, np.int32)
    reckon(state, s.at, np.zeros(len(s.at), np.int64), until_on)
    to_come: dict[int, int] = {}
    for one in state.parts.rows.to_rows(state.parts.in_use()):
        waits = not one["billed"] and (one["principal_minor"] or one["fee_minor"])
        to_come[int(one["loan"])] = to_come.get(int(one["loan"]), 0) + bool(waits)
    owed: dict[LoanKey, LoanOwed] = {}
    for one in state.loans.rows.to_rows(s.at):
        kind, no = LoanKind(one["kind"]).name.lower(), int(one["no"])
        is_cycle = one["kind"] == LoanKind.CYCLE
        owed[kind, _day(int(one["opened_on"])) if is_cycle else own_number[no]] = LoanOwed(
            unbilled=int(one["unbilled_minor"]),
            billed=int(one["billed_minor"]),
            carried=int(one["carried_minor"]),
            interest_due=int(one["interest_due_minor"]),
            fee_due=int(one["fee_due_minor"]),
            penalty_due=int(one["penalty_due_minor"]),
            interest_accrued=Fraction(int(one["interest_num"]), MICRO),
            penalty_accrued=Fraction(int(one["penalty_num"]), MICRO),
            instalments_left=to_come.get(no, 0),
        )
    return owed


def _moved(play: Play, k: int, debit: Account, credit: Account) -> int:
    """Return what moved from one kind of account to another."""
    return sum(
        int(one["amount_minor"])
        for one in play.book.of_line["transfers"][play.line[k]]
        if split(int(one["debit"]))[1] is debit and split(int(one["credit"]))[1] is credit
    )
