"""What a batch does to a book, decided without touching it.

``decide`` is pure: what was loaded and what is asked, in; what must be saved, out.  It plays
first the day events that wait on the lines it meets, then the callers' commands of today in
one call of the kernel, then, line by line, those of lines that were asked for an earlier day.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import NEEDS_PURCHASES, apply
from jiehuan.core.backdate import Rebooked, fold, rebook
from jiehuan.core.columns import (
    Codes,
    Commands,
    Days,
    DayTotals,
    Dues,
    Flags,
    Holds,
    Instructions,
    Int64s,
    Items,
    Lines,
    Loans,
    Parts,
    Rows,
    Statements,
    Transfers,
)
from jiehuan.core.commands import Kind, Moment, is_event
from jiehuan.core.outcomes import Outcome
from jiehuan.core.segments import C, Index
from jiehuan.core.state import SUMS, Loaded, Out, State, build
from jiehuan.core.terms import TermsTable

DAYS_A_CYCLE_MIN = 28


@dataclasses.dataclass(frozen=True, slots=True)
class Book:
    """What a batch must know of its book."""

    terms: TermsTable
    business_on: int
    closed_on: int  # the last day whose closing was booked
    seq: int  # of the last command


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What was loaded for a batch.

    ``journals`` has the accepted commands of lines that need all of theirs: those asked for
    an earlier day, and those with a refund or a conversion.
    """

    loaded: Loaded
    journals: Mapping[int, Commands]


@dataclasses.dataclass(slots=True)
class Decided:
    """What must be saved.  ``asked`` has, for each command, its request's place, or -1."""

    commands: Commands
    asked: Index
    transfers: Transfers
    statements: Statements
    items: Items
    instructions: Instructions
    totals: DayTotals
    after: Loaded  # lines whose rows are to be compared with those loaded
    replaced: Loaded  # lines that were folded whole: all their rows


def waits(loaded: Loaded, business_on: int) -> Flags:
    """Return which lines have a day event that must come before any command of today."""
    return np.asarray(loaded.lines.next_event_at <= position(business_on, Moment.OPENS))


def is_late(commands: Commands, business_on: int) -> Flags:
    """Return which commands change what has passed on a line that was there: all reversals do."""
    past = (commands.effective_on > 0) & (commands.effective_on < business_on)
    past |= commands.kind == Kind.REVERSE
    return np.asarray(past & (commands.kind != Kind.OPEN))


def is_whole(commands: Commands, business_on: int) -> Flags:
    """Return which commands are on lines whose whole journal must be folded.

    These are lines asked for an earlier day, or for a refund or a conversion: which part of
    a purchase is unpaid follows from all that came before.
    """
    purchases = np.isin(commands.kind, np.array(list(NEEDS_PURCHASES), np.int16))
    lines = commands.line[is_late(commands, business_on) | purchases]
    return np.asarray(np.isin(commands.line, lines) & (commands.kind != Kind.OPEN))


def decide(book: Book, found: Found, asked: Commands) -> Decided:
    """Decide a batch: ``asked`` are callers' commands in the order in which they came."""
    batch = _Batch(book)
    loaded = batch.catch_up(found.loaded)
    commands = Commands.from_rows(asked.to_rows())
    commands.effective_on[commands.effective_on == 0] = book.business_on
    late = np.isin(commands.line, commands.line[is_late(commands, book.business_on)])
    late &= commands.kind != Kind.OPEN
    journals = batch.with_events(found.journals)
    apart = np.isin(loaded.lines.id, commands.line[late])
    today = {line: journals[line] for line in loaded.lines.id[~apart].tolist() if line in journals}
    after, whole = batch.post_today(_only(loaded, ~apart), today, commands, np.flatnonzero(~late))
    replaced = [
        batch.post_line(
            _only(loaded, loaded.lines.id == line),
            journals.get(int(line), Commands.empty(0)),
            commands,
            np.flatnonzero(late & (commands.line == line)),
        )
        for line in np.unique(commands.line[late])
    ]
    return batch.decided(after, [whole, *(line for line in replaced if line)])


def _with_purchases(terms: TermsTable, loaded: Loaded, journals: Mapping[int, Commands]) -> Loaded:
    """Give lines whose journal was loaded all that it makes: purchases, closed loans."""
    mine = [journal for journal in journals.values() if len(journal)]
    if not mine:
        return loaded
    whole = fold(terms, _concat(Commands, mine)).state.unload()
    rest = _only(loaded, ~np.isin(loaded.lines.id, whole.lines.id))

    def both(one: C, other: C) -> C:
        rows = np.concatenate((one.to_rows(), other.to_rows()))
        return type(one).from_rows(rows[np.argsort(rows["line"], kind="stable")])

    return Loaded(
        loaded.lines,
        both(rest.dues, whole.dues),
        both(rest.loans, whole.loans),
        both(rest.parts, whole.parts),
        both(rest.holds, whole.holds),
        loaded.full | np.isin(loaded.lines.id, whole.lines.id),
        whole.purchases,
    )


def _only(loaded: Loaded, keep: Flags) -> Loaded:
    """Return what was loaded of some of the lines."""
    ids = loaded.lines.id[keep]

    def of(rows: C) -> C:
        owner: Int64s = getattr(rows, "line")  # noqa: B009 - every child table has it
        return type(rows).from_rows(rows.to_rows(np.isin(owner, ids)))

    return Loaded(
        type(loaded.lines).from_rows(loaded.lines.to_rows(keep)),
        of(loaded.dues),
        of(loaded.loans),
        of(loaded.parts),
        of(loaded.holds),
        loaded.full[keep],
        of(loaded.purchases),
    )


def _concat(cls: type[C], tables: list[C]) -> C:
    """Return several tables as one."""
    if not tables:
        return cls.empty(0)
    return cls.from_rows(np.concatenate([x.to_rows() for x in tables]))


class _Batch:
    """Collects what a batch gives out, with numbers in journal order."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.seq = book.seq + 1
        self.commands: list[Commands] = []
        self.asked: list[Index] = []
        self.transfers: list[Transfers] = []
        self.outs: list[Out | Rebooked] = []
        self.totals: list[Rows] = []

    def catch_up(self, loaded: Loaded) -> Loaded:
        """Play the day events that wait on the lines, wave by wave."""
        waiting = waits(loaded, self.book.business_on)
        if not waiting.any():
            return loaded
        assert loaded.full[waiting].all()
        until = int(position(self.book.business_on, Moment.OPENS))
        span = self.book.business_on - int(loaded.lines.position[waiting].min()) // len(Moment)
        cuts = span // DAYS_A_CYCLE_MIN + 2
        room = Commands.empty(cuts * int(waiting.sum()))
        room.kind[:] = Kind.STATEMENT
        room.line[:] = np.repeat(loaded.lines.id[waiting], cuts)
        state = build(self.book.terms, loaded, room)
        while len(wave := events(state, until)):
            self._play(state, wave, np.full(len(wave), -1))
        return state.unload()

    def with_events(self, journals: Mapping[int, Commands]) -> Mapping[int, Commands]:
        """Return the journals with the events that this batch has made."""
        made = _concat(Commands, self.commands)
        return {
            line: _concat(Commands, [journal, Commands.from_rows(made.to_rows(made.line == line))])
            for line, journal in journals.items()
        }

    def post_today(
        self,
        loaded: Loaded,
        journals: Mapping[int, Commands],
        commands: Commands,
        places: Index,
    ) -> tuple[Loaded, Loaded]:
        """Apply commands of today, all lines at once.

        Lines whose journals are there are folded whole before.  Returns the lines to be
        compared with what was loaded, and those of which all rows are given.
        """
        if not len(places):
            return loaded, _only(loaded, np.zeros(len(loaded.lines), np.bool_))
        rows = commands.to_rows(places)
        opens = rows["kind"] == Kind.OPEN
        rows["line"][opens] = self.seq + np.flatnonzero(opens)
        mine = Commands.from_rows(rows)
        mine.booked_on[:] = self.book.business_on
        known = _with_purchases(self.book.terms, loaded, journals)
        state = build(
            self.book.terms, _with_new(known, mine.line[opens]), mine, track=bool(journals)
        )
        self._play(state, mine, places)
        after = state.unload()
        whole = np.isin(after.lines.id, [line for line, x in journals.items() if len(x)])
        return _only(after, ~whole), _only(after, whole)

    def _play(self, state: State, commands: Commands, places: Index) -> None:
        """Number, book and apply commands, and keep what they give out."""
        n = len(commands)
        commands.seq[:] = np.arange(self.seq, self.seq + n)
        self.seq += n
        event = is_event(commands.kind)
        commands.booked_on[event] = self._ledger_day(commands.effective_on[event])
        out = apply(state, commands)
        commands.outcome[:] = out.outcome
        commands.applied_minor[:] = out.applied_minor
        at = np.searchsorted(state.lines.id, commands.line)
        self._keep(commands, places, out.transfers(commands), out)
        self._add(commands.booked_on, state.lines.product[at], out.sums)

    def _ledger_day(self, on: Days) -> Days:
        """Return the day on which events are booked: their own, while it is still open."""
        return np.where(on > self.book.closed_on, on, np.int32(self.book.business_on))

    def _keep(
        self, commands: Commands, places: Index, transfers: Transfers, out: Out | Rebooked
    ) -> None:
        self.commands.append(commands)
        self.asked.append(places)
        self.transfers.append(transfers)
        self.outs.append(out)

    def _add(self, booked_on: Days, product: Codes, sums: Mapping[str, Int64s]) -> None:
        rows = np.zeros(len(booked_on), DayTotals.DTYPE)
        rows["booked_on"], rows["product"] = booked_on, product
        for name in SUMS:
            rows[name] = sums[name]
        self.totals.append(rows)

    def post_line(
        self, loaded: Loaded, journal: Commands, commands: Commands, places: Index
    ) -> Loaded | None:
        """Post one line's commands in turn; return all its rows, or None if nothing changed."""
        some = any((made.line == loaded.lines.id[0]).any() for made in self.commands)
        for place in places:
            one = Commands.from_rows(commands.to_rows(np.array([place])))
            one.booked_on[:] = self.book.business_on
            late = bool(is_late(one, self.book.business_on)[0])
            step = self._rebook if late and len(journal) else self._post_one
            loaded, made = step(loaded, journal, one, place)
            journal = _concat(Commands, [journal, made])
            some |= len(made) > 0
        return self._whole(loaded, journal) if some else None

    def _whole(self, loaded: Loaded, journal: Commands) -> Loaded:
        """Return a line with all the rows that its journal makes, and its row as it stands."""
        if not len(journal):
            return loaded
        return dataclasses.replace(
            fold(self.book.terms, journal).state.unload(), lines=loaded.lines
        )

    def _post_one(
        self, loaded: Loaded, journal: Commands, one: Commands, place: int
    ) -> tuple[Loaded, Commands]:
        """Post one command of today on a line that is folded whole."""
        state = build(self.book.terms, self._whole(loaded, journal), one, track=True)
        self._play(state, one, np.array([place]))
        done = Commands.from_rows(one.to_rows(one.outcome == Outcome.DONE))
        return state.unload(), done

    def _rebook(
        self, loaded: Loaded, journal: Commands, one: Commands, place: int
    ) -> tuple[Loaded, Commands]:
        """Book one command for an earlier day."""
        out = rebook(self.book.terms, journal, one, loaded.lines, self.seq)
        made = _concat(Commands, [out.events, out.command])
        made.booked_on[:-1] = self._ledger_day(made.effective_on[:-1])
        self.seq += len(made)
        self._keep(made, np.append(np.full(len(made) - 1, -1), place), out.transfers, out)
        if out.outcome != Outcome.DONE:
            return loaded, Commands.empty(0)
        self._add(one.booked_on, out.state.lines.product, out.sums)
        return out.state.unload(), made

    def decided(self, after: Loaded, replaced: list[Loaded]) -> Decided:
        """Return all that was collected."""
        outs = self.outs
        return Decided(
            _concat(Commands, self.commands),
            np.concatenate(self.asked) if self.asked else np.zeros(0, np.int64),
            _concat(Transfers, self.transfers),
            _concat(Statements, [x for out in outs for x in out.statements]),
            _concat(Items, [x for out in outs for x in out.items]),
            _concat(Instructions, [x for out in outs for x in out.instructions]),
            _sum_up(self.totals),
            after,
            _join(replaced),
        )


def _join(lines: list[Loaded]) -> Loaded:
    """Return several lines as one."""
    if not lines:
        return Loaded.nothing(np.zeros(0, np.int64))
    return Loaded(
        _concat(Lines, [x.lines for x in lines]),
        _concat(Dues, [x.dues for x in lines]),
        _concat(Loans, [x.loans for x in lines]),
        _concat(Parts, [x.parts for x in lines]),
        _concat(Holds, [x.holds for x in lines]),
        np.concatenate([x.full for x in lines]),
    )


def _with_new(loaded: Loaded, ids: Int64s) -> Loaded:
    """Return what was loaded with lines that are to be opened."""
    if not len(ids):
        return loaded
    new = Loaded.nothing(ids)
    lines = np.concatenate((loaded.lines.to_rows(), new.lines.to_rows()))
    full = np.concatenate((loaded.full, new.full))
    order = np.argsort(lines["id"], kind="stable")
    return dataclasses.replace(
        loaded, lines=type(loaded.lines).from_rows(lines[order]), full=full[order]
    )


def _sum_up(rows: list[Rows]) -> DayTotals:
    """Add up what the commands of each ledger day and product added to the running sums."""
    if not rows:
        return DayTotals.empty(0)
    every = np.concatenate(rows)
    every = every[every["product"] > 0]  # what is asked of a line that is not there adds nothing
    key = every["booked_on"].astype(np.int64) * 2**16 + every["product"]
    keys, of = np.unique(key, return_inverse=True)
    out = DayTotals.empty(len(keys))
    out.booked_on[:], out.product[:] = keys // 2**16, keys % 2**16
    for name in SUMS:
        np.add.at(getattr(out, name), of, every[name])
    return out
