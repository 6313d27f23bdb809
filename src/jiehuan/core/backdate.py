"""What changes when a command is booked today for a day that has passed, or undoes another.

The line's state becomes the fold of all its accepted commands in effective order, with the
day events that the new command makes necessary; the ledger gets the difference, account by
account, between the fold with the command and the fold without it (terms.md 6).
"""

import bisect
import dataclasses

import numpy as np

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import apply, order_of
from jiehuan.core.checks import judge_late
from jiehuan.core.columns import (
    Commands,
    Instructions,
    Int64s,
    Items,
    Lines,
    Rows,
    Statements,
    Transfers,
)
from jiehuan.core.commands import MOMENT, Kind, Moment, is_event
from jiehuan.core.outcomes import Outcome
from jiehuan.core.reversal import in_force, judge_reversal
from jiehuan.core.state import SUMS, Call, Loaded, Out, State, build
from jiehuan.core.terms import TermsTable

DAYS_A_CYCLE_MIN = 28


@dataclasses.dataclass(slots=True)
class Walk:
    """A line's life played from nothing: its state, and what each command gave out."""

    state: State
    made: list[Rows]  # day events that were missing
    transfers: list[Transfers]
    statements: list[Statements]
    items: list[Items]
    instructions: list[Instructions]
    applied_minor: dict[int, int]  # by number of the command

    def by_account(self) -> dict[int, int]:
        """Return debits less credits of every account."""
        net: dict[int, int] = {}
        for transfers in self.transfers:
            for sign, side in ((1, transfers.debit), (-1, transfers.credit)):
                for number, amount in zip(
                    side.tolist(), transfers.amount_minor.tolist(), strict=True
                ):
                    net[number] = net.get(number, 0) + sign * amount
        return net

    def take(self, out: Out, commands: Commands) -> None:
        """Keep what a step gave out."""
        self.transfers.append(out.transfers(commands))
        self.statements += out.statements
        self.items += out.items
        self.instructions += out.instructions
        self.applied_minor.update(
            zip(commands.seq.tolist(), out.applied_minor.tolist(), strict=True)
        )


@dataclasses.dataclass(slots=True)
class Rebooked:
    """What a backdated command gives out.

    ``events`` come before ``command`` in the journal; ``state`` has the whole line;
    ``sums`` is what the running sums of the line changed by.
    """

    outcome: int
    command: Commands
    events: Commands
    state: State
    transfers: Transfers
    statements: list[Statements]
    items: list[Items]
    instructions: list[Instructions]
    sums: dict[str, Int64s]


def _begin(terms: TermsTable, journal: Commands, until_on: int) -> State:
    """Return the empty line with room for its journal and for every cut up to a day."""
    first_on = int(journal.effective_on.min())
    cuts = (until_on - first_on) // DAYS_A_CYCLE_MIN + 2
    room = Commands.empty(cuts)
    room.kind[:] = Kind.STATEMENT
    room.line[:] = journal.line[0]
    rows = np.concatenate((journal.to_rows(), room.to_rows()))
    line = Loaded.nothing(journal.line[:1])
    return build(terms, line, Commands.from_rows(rows), accepted=True, track=True)


def fold(terms: TermsTable, journal: Commands) -> Walk:
    """Play the journal of lines (accepted commands, any order) from nothing."""
    played = in_force(journal)
    commands = Commands.from_rows(played.to_rows()[order_of(played)])
    lines = Loaded.nothing(np.unique(journal.line))
    walk = Walk(build(terms, lines, commands, accepted=True, track=True), [], [], [], [], [], {})
    walk.take(apply(walk.state, commands), commands)
    return walk


def _key(row: Rows) -> tuple[int, int, int]:
    """Return where a command stands in a fold: position, kind of what closes a day, seq."""
    moment = MOMENT[Kind(int(row["kind"]))]
    kind = int(row["kind"]) if moment is Moment.CLOSES else 0
    return int(position(int(row["effective_on"]), moment)), kind, int(row["seq"])


def _name(row: Rows) -> tuple[int, int, int]:
    """Return what makes a day event the same event: its kind, day and hold."""
    return int(row["kind"]), int(row["effective_on"]), int(row["ref"])


def walk(terms: TermsTable, journal: Commands, until: int, seq: int) -> Walk:
    """Play a line's journal from nothing, with the day events that it lacks.

    Args:
        terms: All versions.
        journal: The accepted commands of one line, in any order.
        until: The position up to which day events are made.
        seq: Number of the first event that is made.
    """
    out = Walk(_begin(terms, journal, until // len(Moment)), [], [], [], [], [], {})
    rows = in_force(journal).to_rows()
    todo = sorted(((_key(row), row) for row in rows), key=lambda item: item[0])
    known = {_name(row) for row in rows[is_event(rows["kind"])]}
    while True:
        limit = min(todo[0][0][0], until) if todo else until
        for row in events(out.state, limit).to_rows():
            if _name(row) not in known:
                known.add(_name(row))
                row["seq"] = seq + len(out.made)
                out.made.append(row.copy())
                bisect.insort(todo, (_key(row), row.copy()), key=lambda item: item[0])
        if not todo:
            return out
        _, row = todo.pop(0)
        step = Commands.from_rows(np.array([row]))
        out.take(apply(out.state, step), step)


def rebook(
    terms: TermsTable, journal: Commands, command: Commands, line: Lines, seq: int
) -> Rebooked:
    """Book ``command`` (one row) for an earlier day on the line with ``journal``.

    ``journal`` are the line's accepted commands, ``line`` its row as it stands today; numbers
    from ``seq`` on are given to the events that are made, then to the command, which says in
    ``booked_on`` what today is.  A reversal gets the day of what it undoes.
    """
    before = fold(terms, journal)
    outcome = _judge(terms, journal, command, before.state)
    if outcome != Outcome.DONE:
        command.seq[:] = seq
        command.outcome[:] = outcome
        return _refused(command, before.state)
    if command.kind[0] == Kind.REVERSE:
        _, command.effective_on[:] = judge_reversal(journal, int(command.ref[0]))
    until = int(position(int(command.booked_on[0]), Moment.OPENS))
    after = _settled_numbers(terms, journal, command, until, seq)
    made = np.array(after.made, Commands.DTYPE) if after.made else Commands.empty(0).to_rows()
    _keep_documents(line, after.state.lines, made, int(command.effective_on[0]))
    numbers = np.append(made["seq"], command.seq)
    command.applied_minor[:] = after.applied_minor[int(command.seq[0])]
    return Rebooked(
        Outcome.DONE,
        command,
        Commands.from_rows(made),
        after.state,
        _difference(before, after, command),
        [Statements.from_rows(x.to_rows(np.isin(x.no, numbers))) for x in after.statements],
        [Items.from_rows(x.to_rows(np.isin(x.no, numbers))) for x in after.items],
        [Instructions.from_rows(x.to_rows(np.isin(x.id, numbers))) for x in after.instructions],
        {name: after.state.sums[name] - before.state.sums[name] for name in SUMS},
    )


def _judge(terms: TermsTable, journal: Commands, command: Commands, today: State) -> int:
    """Return the outcome of the command, seen on its day and on today's line."""
    here = int(position(int(command.effective_on[0]), Moment.DURING))
    past = Commands.from_rows(
        np.array([row for row in journal.to_rows() if _key(row)[0] <= here], Commands.DTYPE)
    )
    then = fold(terms, past).state if len(past) else today
    kind = Kind(int(command.kind[0]))
    zero = np.zeros(1, np.int64)
    calls = (
        Call(state, Out(command), command, kind, zero, zero, closes=False)
        for state in (then, today)
    )
    outcome = int(judge_late(*calls)[0])
    if kind is Kind.REVERSE and outcome == Outcome.DONE:
        outcome, _ = judge_reversal(journal, int(command.ref[0]))
    return outcome


def _settled_numbers(
    terms: TermsTable, journal: Commands, command: Commands, until: int, seq: int
) -> Walk:
    """Walk with the command once to count the events before it, and once with its number."""
    command.outcome[:] = Outcome.DONE
    made = -1
    while True:
        command.seq[:] = seq + max(made, 0)
        with_it = Commands.from_rows(np.concatenate((journal.to_rows(), command.to_rows())))
        after = walk(terms, with_it, until, seq)
        if made == len(after.made) or not after.made:
            return after
        assert made == -1, "numbers do not change which events are made"
        made = len(after.made)


def _keep_documents(was: Lines, now: Lines, made: Rows, effective_on: int) -> None:
    """Leave issued statements as they were printed; say what day was changed."""
    cut_made = made["effective_on"][made["kind"] == Kind.STATEMENT]
    if not (cut_made == now.cut_on[0]).any():
        now.issued_minor[:] = was.issued_minor
    earlier = effective_on < now.cut_on[0]
    days = [int(was.adjusted_on[0])] + ([effective_on] if earlier else [])
    now.adjusted_on[:] = min((day for day in days if day), default=0)


def _difference(before: Walk, after: Walk, command: Commands) -> Transfers:
    """Return the transfers that turn the accounts of one fold into those of the other."""
    change = after.by_account()
    for number, amount in before.by_account().items():
        change[number] = change.get(number, 0) - amount
    more = [[number, amount] for number, amount in sorted(change.items()) if amount > 0]
    less = [[number, -amount] for number, amount in sorted(change.items()) if amount < 0]
    legs: list[tuple[int, int, int]] = []
    while more:
        amount = min(more[-1][1], less[-1][1])
        legs.append((more[-1][0], less[-1][0], amount))
        for side in (more, less):
            side[-1][1] -= amount
            if side[-1][1] == 0:
                side.pop()
    out = Transfers.empty(len(legs))
    out.seq[:], out.line[:] = command.seq[0], command.line[0]
    out.leg[:] = np.arange(len(legs))
    out.effective_on[:], out.booked_on[:] = command.effective_on[0], command.booked_on[0]
    if legs:
        out.debit[:], out.credit[:], out.amount_minor[:] = np.array(legs, np.int64).T
    return out


def _refused(command: Commands, state: State) -> Rebooked:
    return Rebooked(
        int(command.outcome[0]),
        command,
        Commands.empty(0),
        state,
        Transfers.empty(0),
        [],
        [],
        [],
        {name: np.zeros(1, np.int64) for name in SUMS},
    )
