"""Lives of lines played through the kernel, as a book would: day after day, batch by batch.

A ``Book`` keeps what a database would keep.  Every batch is laid out anew from it, each line
loaded as its commands need, and what changed is kept again.  Numbers are given in the order
of booking.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tests.oracle.commands import REF_ALL, REF_CYCLE, REF_USUAL, Command
from tests.oracle.random_lives import RandomLife

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import NEEDS_PURCHASES, apply, needs_all, order_of
from jiehuan.core.columns import Columns, Commands, Dues, Holds, Lines, Loans, Parts, Rows
from jiehuan.core.commands import DAY_KINDS, FORCED, Kind, Moment
from jiehuan.core.line import HoldState, LoanKind
from jiehuan.core.outcomes import Outcome
from jiehuan.core.segments import Child
from jiehuan.core.state import SUMS, Loaded, Out, State, build
from jiehuan.core.terms import TermsTable, parse

SHIPPED = Path(__file__).parents[2] / "src" / "jiehuan" / "terms.toml"
TERMS = TermsTable(parse(SHIPPED.read_text(encoding="utf-8")))
TERMS_ID = {product.name: row for row, product in enumerate(TERMS.products)}

NOBODY = 10**15  # a number that nothing has
CLIENT = 1
ENDS_A_HOLD = (
    *(Kind.CAPTURE, Kind.VOID, Kind.DRAW_SUCCEEDED, Kind.DRAW_FAILED),
    *(Kind.PAY_BACK_SUCCEEDED, Kind.PAY_BACK_FAILED),
)

KEYS: dict[type[Columns], tuple[str, ...]] = {
    Dues: ("due_on",),
    Loans: ("no",),
    Parts: ("loan", "no"),
    Holds: ("no",),
}
C = TypeVar("C", bound=Columns)
Kept = dict[int, dict[tuple[int, ...], Any]]


def row(kind: Kind, line: int, on: int, amount: int = 0, **more: int) -> Any:
    """Make a command that is booked on its own day."""
    made = np.zeros(1, Commands.DTYPE)
    made["kind"], made["line"], made["amount_minor"] = kind, line, amount
    made["effective_on"] = made["booked_on"] = on
    made["client"] = CLIENT
    for name, value in more.items():
        made[name] = value
    return made[0]


def rows_of(rows: Iterable[Any], dtype: np.dtype[np.void]) -> Rows:
    """Make one array of rows."""
    return np.array(list(rows), dtype)


class Book:
    """Lines and all that happened to them."""

    def __init__(self, terms: TermsTable = TERMS) -> None:
        self.terms = terms
        self.lines: dict[int, Any] = {}
        self.kept: dict[type[Columns], Kept] = {kind: defaultdict(dict) for kind in KEYS}
        self.journal: list[Any] = []  # commands with their outcomes, as booked
        self.of_line: dict[str, dict[int, list[Any]]] = {
            name: defaultdict(list) for name in ("journal", "transfers", "statements")
        }
        self.transfers: list[Any] = []
        self.statements: list[Any] = []
        self.items: list[Any] = []
        self.instructions: list[Any] = []
        self.sums: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
        self.seq = 0

    # What happens.

    def number(self, rows: list[Any]) -> list[Any]:
        """Give rows their numbers; a line is named by the command that opens it."""
        for one in rows:
            self.seq += 1
            one["seq"] = self.seq
            if one["kind"] == Kind.OPEN and not one["line"]:
                one["line"] = self.seq
        return rows

    def post(self, rows: list[Any]) -> list[Outcome]:
        """Number commands and book them in one batch."""
        self.book(self.number(rows))
        return [Outcome(one["outcome"]) for one in self.journal[-len(rows) :]]

    def close_until(self, until: int) -> None:
        """Book all day events up to a position, in waves."""
        while True:
            ids = [no for no, line in self.lines.items() if line["next_event_at"] <= until]
            if not ids:
                return
            made = events(self.state(ids), until)
            assert set(ids) == set(made.line.tolist()), "an event was announced that is none"
            made.booked_on[:] = made.effective_on
            self.post(list(made.to_rows()))

    def book(self, rows: list[Any]) -> None:
        """Book numbered commands in one batch: each line as its kinds need."""
        of_purchases = {one["line"] for one in rows if Kind(one["kind"]) in NEEDS_PURCHASES}
        folded = [one for one in rows if one["line"] in of_purchases]
        loaded = [one for one in rows if one["line"] not in of_purchases]
        if loaded:
            commands = Commands.from_rows(rows_of(loaded, Commands.DTYPE))
            self.keep(build(self.terms, self.load(commands), commands), commands)
        if folded:
            commands = Commands.from_rows(rows_of(folded, Commands.DTYPE))
            self.keep(self.unfold(commands), commands)
        self.journal.sort(key=lambda one: int(one["seq"]))

    # What is loaded.

    def line_rows(self, ids: Sequence[int]) -> Lines:
        """Return the lines, rows of zeros for those that are not there."""
        lines = Lines.empty(len(ids))
        lines.id[:] = ids
        blank = lines.to_rows()
        return Lines.from_rows(
            rows_of((self.lines.get(no, blank[k]) for k, no in enumerate(ids)), Lines.DTYPE)
        )

    def children(self, kind: type[C], ids: Iterable[int], named: Container[int] = ()) -> C:
        """Return the open rows of lines, and those that are named."""
        every = [one for no in ids for one in self.kept[kind].get(no, {}).values()]
        if kind is Parts:
            plans = self.kept[Loans]
            chosen = [one for one in every if plans[one["line"]][one["loan"],]["open"]]
        else:
            chosen = [one for one in every if _is_open(kind, one) or one[KEYS[kind][0]] in named]
        return kind.from_rows(rows_of(chosen, kind.DTYPE))

    def load(self, commands: Commands) -> Loaded:
        """Load the lines of commands: all of a line, or its row alone if that will do."""
        ids = np.unique(commands.line)
        lines = self.line_rows(ids.tolist())
        full = needs_all(lines, commands)
        whole = ids[full].tolist()
        return Loaded(
            lines,
            self.children(Dues, whole),
            self.children(Loans, whole),
            self.children(Parts, whole),
            self.children(Holds, whole, commands.ref[np.isin(commands.kind, ENDS_A_HOLD)]),
            full,
        )

    def state(self, ids: Sequence[int]) -> State:
        """Return lines with all that is open."""
        ids = sorted(ids)
        loaded = Loaded(
            self.line_rows(ids),
            self.children(Dues, ids),
            self.children(Loans, ids),
            self.children(Parts, ids),
            self.children(Holds, ids),
            np.ones(len(ids), np.bool_),
        )
        return build(self.terms, loaded, Commands.empty(0))

    def accepted(self, ids: Iterable[int]) -> Commands:
        """Return the accepted commands of lines, in the order of a fold."""
        asked = (one for no in ids for one in self.of_line["journal"][no])
        rows = rows_of((one for one in asked if not one["outcome"]), Commands.DTYPE)
        return Commands.from_rows(rows[order_of(Commands.from_rows(rows))])

    def unfold(self, commands: Commands) -> State:
        """Return the fold of the lines of commands, with room for these."""
        ids = np.unique(commands.line)
        before = self.accepted(ids.tolist())
        both = Commands.from_rows(np.concatenate((before.to_rows(), commands.to_rows())))
        state = build(self.terms, Loaded.nothing(ids), both, accepted=True, track=True)
        apply(state, before)
        state.accepted = False
        return state

    # What is kept.

    def keep(self, state: State, commands: Commands) -> None:
        """Apply commands and keep what comes of it."""
        self.take(state, commands, apply(state, commands))

    def take(self, state: State, commands: Commands, out: Out) -> None:
        """Keep what a batch gave out."""
        commands.outcome[:] = out.outcome
        commands.applied_minor[:] = out.applied_minor
        self._add("journal", commands)
        self._add("transfers", out.transfers(commands))
        for name in ("statements", "items", "instructions"):
            for table in getattr(out, name):
                self._add(name, table)
        for line in state.lines.to_rows():
            if line["status"]:
                self.lines[int(line["id"])] = line
        for kind, child in _children(state):
            for one in child.rows.to_rows(child.in_use()):
                key = tuple(int(one[name]) for name in KEYS[kind])
                self.kept[kind][int(one["line"])][key] = one
        self._count(out, commands)

    def _add(self, name: str, table: Columns) -> None:
        rows = list(table.to_rows())
        getattr(self, name).extend(rows)
        if name in self.of_line:
            for one in rows:
                self.of_line[name][int(one["line"])].append(one)

    def _count(self, out: Out, commands: Commands) -> None:
        for name in SUMS:
            for line, more in zip(commands.line.tolist(), out.sums[name].tolist(), strict=True):
                self.sums[line][name] += more


def _is_open(kind: type[Columns], one: Any) -> bool:
    if kind is Dues:
        return bool(one["unmet_minor"] > 0)
    return bool(one["open"] if kind is Loans else one["state"] == HoldState.HELD)


def _children(state: State) -> Iterable[tuple[type[Columns], Child[Any]]]:
    return ((Dues, state.dues), (Loans, state.loans), (Parts, state.parts), (Holds, state.holds))


class Play:
    """Lives of the scalar model's commands, on lines of one book, under terms by name.

    ``line[k]`` is the line of life ``k``, ``seq[k][n]`` what its command ``n`` is called.
    """

    def __init__(self, lives: Sequence[RandomLife], terms: TermsTable = TERMS) -> None:
        self.lives = lives
        self.book = Book(terms)
        self.terms_id = {product.name: at for at, product in enumerate(terms.products)}
        opens = [self._open(one) for one in lives]
        self.book.post(opens)
        self.line = [int(one["line"]) for one in opens]
        self.seq: list[dict[int, int]] = [{} for _ in lives]
        self.todo: dict[int, list[tuple[int, Command]]] = defaultdict(list)
        for k, one in enumerate(lives):
            for command in one.commands:
                self.todo[command.on.toordinal()].append((k, command))

    def _open(self, one: RandomLife) -> Any:
        terms = self.terms_id[one.product]
        on = one.opened_on.toordinal()
        return row(Kind.OPEN, 0, on, one.limit_minor, terms=terms, count=one.cycle_day, ref=7)

    def until(self, day: dt.date) -> "Play":
        """Play up to the close of a day."""
        on = day.toordinal()
        for today in sorted(day for day in self.todo if day <= on):
            self.book.close_until(int(position(today, Moment.OPENS)))
            self._book_day(today, self.todo.pop(today))
        self.book.close_until(int(position(on, Moment.CLOSES)))
        return self

    def _book_day(self, on: int, asked: list[tuple[int, Command]]) -> None:
        rows = [
            row(
                Kind[command.kind.upper()],
                self.line[k],
                on,
                command.amount,
                count=command.count,
                flags=FORCED if command.forced else 0,
                terms=self.terms_id[self.lives[k].product],
            )
            for k, command in asked
        ]
        self.book.number(rows)
        for (k, command), one in zip(asked, rows, strict=True):
            self.seq[k][command.seq] = int(one["seq"])
        for (k, command), one in zip(asked, rows, strict=True):
            one["ref"] = self._ref(k, command)
            one["merchant"] = self.seq[k].get(command.pays, NOBODY) if command.pays else 0
        self.book.book(rows)

    def _ref(self, k: int, command: Command) -> int:
        """Return what the kernel calls the thing that a command refers to."""
        if command.ref in (REF_USUAL, REF_ALL):
            return command.ref
        if command.ref >= REF_CYCLE:
            return self.seq[k].get(command.ref, NOBODY)
        cut_on = REF_CYCLE - command.ref
        loans = self.book.kept[Loans][self.line[k]].values()
        cycles = (one for one in loans if one["kind"] == LoanKind.CYCLE)
        return next((int(one["no"]) for one in cycles if one["opened_on"] == cut_on), NOBODY)

    def outcomes(self, k: int) -> dict[int, str]:
        """Return what became of each command of life ``k``."""
        mine = self.book.of_line["journal"][self.line[k]]
        by_seq = {int(one["seq"]): Outcome(one["outcome"]).name for one in mine}
        return {n: by_seq[seq] for n, seq in self.seq[k].items()}

    def events(self, k: int) -> list[tuple[dt.date, str]]:
        """Return the day events of life ``k``."""
        mine = self.book.of_line["journal"][self.line[k]]
        return [
            (dt.date.fromordinal(int(one["effective_on"])), Kind(one["kind"]).name.lower())
            for one in mine
            if Kind(one["kind"]) in DAY_KINDS
        ]


def again(book: Book, sizes: Sequence[int], into: Book) -> Book:
    """Book a journal once more in batches of these sizes, over and over."""
    todo = [one.copy() for one in book.journal]
    for one in todo:
        one["outcome"] = one["applied_minor"] = 0
    turn = 0
    while todo:
        size = sizes[turn % len(sizes)]
        batch, todo, turn = todo[:size], todo[size:], turn + 1
        into.book(batch)
    return into
