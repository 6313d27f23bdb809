"""A credit line played day by day in exact fractions: the oracle of the law tests.

Written from the rules of the trade, not from the engine's kernels, to be read beside them.
It is slow and plain: every day of a line is opened, lived and closed.
"""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from tests.oracle import checks as checks_module
from tests.oracle import commands as commands_module
from tests.oracle import days, reversal
from tests.oracle.commands import Command, ref_of_cycle
from tests.oracle.days import Statement
from tests.oracle.line import Line
from tests.oracle.terms import Terms

__all__ = ["Command", "Life", "LoanOwed", "Result", "Statement", "Terms", "ref_of_cycle"]

LoanKey = tuple[str, dt.date | int]


@dataclasses.dataclass(frozen=True)
class LoanOwed:
    """What is owed on an open loan, in minor units; the accrued in exact fractions of them."""

    unbilled: int = 0
    billed: int = 0
    carried: int = 0
    interest_due: int = 0
    fee_due: int = 0
    penalty_due: int = 0
    interest_accrued: Fraction = Fraction(0)
    penalty_accrued: Fraction = Fraction(0)
    instalments_left: int = 0  # terms to come that have principal or a fee


@dataclasses.dataclass(frozen=True)
class Result:
    """A line at the close of ``until``, its night included."""

    outcomes: dict[int, str]
    statements: list[Statement]
    loans: dict[LoanKey, LoanOwed]  # open ones, in the order of their making
    used: int
    held: int
    available: int
    overpaid: int
    cycle: int
    queue: list[tuple[dt.date, int]]
    past_due_on: dt.date | None
    days_past_due: int
    bucket: int
    written_off_on: dt.date | None
    events: list[tuple[dt.date, str]]
    interest_billed: int
    penalty_billed: int
    fees_billed: int


class Life:
    """The life of one line.

    ``run`` plays it from its first day.  ``open_day``, ``do`` and ``close_day`` play it step by
    step, for whoever must look at the line before choosing the next command.
    """

    def __init__(self, terms: object, opened_on: dt.date, limit_minor: int, cycle_day: int) -> None:
        self._start = (Terms.of(terms), opened_on, limit_minor, cycle_day)
        self.restart()

    def restart(self) -> None:
        """Go back to the first day."""
        self.line = Line(*self._start)
        self.accepted: list[Command] = []
        self.outcomes: dict[int, str] = {}
        self.statements: list[Statement] = []
        self.events: list[tuple[dt.date, str]] = []

    def run(self, commands: Iterable[Command], until: dt.date, *, checks: bool = True) -> Result:
        """Play all days through ``until``, commands by day and seq.

        Args:
            commands: Callers' commands; those of later days than ``until`` are left out.
            until: The last day; it is closed, and its night is reckoned.
            checks: Decide what is refused and leave it out; else all is taken as accepted.
        """
        self.restart()
        by_day = collections.defaultdict(list)
        for command in sorted(commands, key=lambda command: command.seq):
            # Before the first day nothing can take effect; it is asked then, and refused.
            by_day[max(command.on, self.line.opened_on)].append(command)
        day = self.line.opened_on
        while day <= until:
            self.open_day(day)
            for command in by_day[day]:
                self.do(command, checks=checks)
            self.close_day(day)
            day += dt.timedelta(days=1)
        return self.result()

    def open_day(self, day: dt.date) -> None:
        """Begin a day: its statement."""
        self.today = day
        statement = days.opens(self.line, day)
        if statement is not None:
            self.statements.append(statement)
            self.events.append((day, "statement"))

    def do(self, command: Command, *, checks: bool = True) -> str:
        """Let a command of this day take effect, unless it is refused; return the outcome."""
        is_reversal = command.kind == "reverse"
        outcome = "DONE"
        if checks and is_reversal:
            outcome = reversal.outcome_of(self.accepted, self.line.written_off_on, command)
        elif checks:
            outcome = checks_module.outcome_of(self.line, command)
        self.outcomes[command.seq] = outcome
        if outcome == "DONE":
            self.accepted.append(command)
            if is_reversal:
                self.live_again()
            else:
                commands_module.does(self.line, command)
        return outcome

    def live_again(self) -> None:
        """Play the line from its first day to this one, without what is undone."""
        accepted, outcomes, until = self.accepted, self.outcomes, self.today
        self.restart()
        self.accepted, self.outcomes = accepted, outcomes
        self.line.spared_on = reversal.spared_on(accepted)
        left = reversal.in_force(accepted)
        day = self.line.opened_on
        while True:
            self.open_day(day)
            for command in left:
                if command.on == day:
                    commands_module.does(self.line, command)
            if day == until:
                return
            self.close_day(day)
            day += dt.timedelta(days=1)

    def close_day(self, day: dt.date) -> None:
        """End a day: its night, and what closes it."""
        self.events.extend((day, kind) for kind in days.closes(self.line, day))

    def result(self) -> Result:
        """Say how the line stands at the close of the last day."""
        line = self.line
        return Result(
            outcomes=self.outcomes,
            statements=self.statements,
            loans={
                (loan.kind, loan.origin): LoanOwed(
                    unbilled=loan.unbilled,
                    billed=loan.billed,
                    carried=loan.carried,
                    interest_due=loan.due["interest"],
                    fee_due=loan.due["fee"],
                    penalty_due=loan.due["penalty"],
                    interest_accrued=loan.interest,
                    penalty_accrued=loan.penalty,
                    instalments_left=sum(bool(t.principal or t.fee) for t in loan.to_come),
                )
                for loan in line.loans
            },
            used=line.used,
            held=line.held,
            available=line.available,
            overpaid=line.overpaid,
            cycle=line.cycle,
            queue=[(entry.due_on, entry.unmet) for entry in line.queue],
            past_due_on=line.past_due_on,
            days_past_due=line.days_past_due,
            bucket=days.bucket_of(line.days_past_due),
            written_off_on=line.written_off_on,
            events=self.events,
            interest_billed=line.interest_billed,
            penalty_billed=line.penalty_billed,
            fees_billed=line.fees_billed,
        )
