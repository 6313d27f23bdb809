"""Laws of the kernel: however commands are batched, loaded or folded, the lines are the same."""

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.play import Book, Play, again, rows_of
from tests.oracle.random_lives import RandomLife, life_of_seed, lives

from jiehuan.core.agenda import upcoming
from jiehuan.core.apply import apply, order_of
from jiehuan.core.columns import NEVER, Columns, Commands, Lines
from jiehuan.core.days import EPOCH_ON
from jiehuan.core.interest import accrue, reckon
from jiehuan.core.outcomes import Outcome
from jiehuan.core.settle import add_running
from jiehuan.core.state import SUMS, Loaded, Out, State, build

SEVERAL = 12


def played(first: int, several: int = SEVERAL) -> Book:
    """Return a book of random lives, played to the end."""
    chosen = [life_of_seed(seed) for seed in range(first, first + several)]
    return Play(chosen).until(max(life.until for life in chosen)).book


def everything(book: Book) -> dict[str, Any]:
    """Return all that a book keeps, to be compared bit for bit."""
    return {
        "lines": {no: line.tobytes() for no, line in book.lines.items()},
        "journal": [one.tobytes() for one in book.journal],
        "transfers": sorted(one.tobytes() for one in book.transfers),
        "statements": sorted(one.tobytes() for one in book.statements),
        "items": sorted(one.tobytes() for one in book.items),
        "instructions": sorted(one.tobytes() for one in book.instructions),
        "sums": dict(book.sums),
    } | {kind.__name__: rows_kept(book, kind) for kind in book.kept}


def rows_kept(book: Book, kind: type[Columns]) -> dict[tuple[int, ...], object]:
    kept = book.kept[kind]
    return {(line, *key): one.item() for line in kept for key, one in kept[line].items()}


@pytest.mark.parametrize("first", [0, 100])
def test_commands_one_by_one_make_the_same_as_in_days(first):
    book = played(first)

    assert everything(book) == everything(again(book, [1], Book()))


@settings(max_examples=8)
@given(st.integers(1_000, 2_000), st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_any_split_of_a_journal_makes_the_same(first, sizes):
    book = played(first, 4)

    assert everything(book) == everything(again(book, sizes, Book()))


@pytest.mark.parametrize("first", [0, 100])
def test_the_fold_of_the_journal_is_the_state(first):
    book = played(first)
    journal = book.accepted(book.lines)
    state = build(
        book.terms, Loaded.nothing(np.unique(journal.line)), journal, accepted=True, track=True
    )
    out = apply(state, journal)

    folded = Book()
    folded.take(state, journal, out)
    folded.journal = [one for one in book.journal if one["outcome"] == Outcome.DONE]
    assert not out.outcome.any()
    for row, applied in zip(journal.to_rows(), out.applied_minor.tolist(), strict=True):
        assert row["applied_minor"] == applied
    expected, actual = everything(book), everything(folded)
    expected["journal"] = actual["journal"]
    assert expected == actual


def test_the_order_of_a_fold_does_not_depend_on_the_order_of_the_journal():
    book = played(300, 3)
    journal = book.accepted(book.lines)
    shuffled = Commands.from_rows(journal.to_rows()[::-1])

    expected = journal.seq.tolist()
    assert expected == shuffled.seq[order_of(shuffled)].tolist()


class Watched(Book):
    """A book that looks at its lines after every batch."""

    def take(self, state: State, commands: Commands, out: Out) -> None:
        super().take(state, commands, out)
        self.see_next_events(commands)
        self.see_sums(commands)
        self.see_bounds(state)

    def see_next_events(self, commands: Commands) -> None:
        """What is announced is what the whole line would announce."""
        ids = [no for no in np.unique(commands.line).tolist() if no in self.lines]
        if ids:
            state = self.state(ids)
            coming = upcoming(state, np.arange(len(ids)))
            first = np.minimum.reduce(list(coming.values()))
            assert first.tolist() == state.lines.next_event_at.tolist()

    def see_sums(self, commands: Commands) -> None:
        """What the commands added up to is what the loans, reckoned anew, say."""
        ids = [no for no in np.unique(commands.line).tolist() if no in self.lines]
        state, i = self.state(ids), np.arange(len(ids))
        add_running(state, state.open_loans(i), i)
        state.sums["undrawn_minor"][:] = state.undrawn(i)
        for name in SUMS:
            if not name.endswith("_dropped"):
                told = [self.sums[no][name] for no in ids]
                assert (name, told) == (name, state.sums[name].tolist())

    def see_bounds(self, state: State) -> None:
        lines, loans, dues = state.lines, state.loans.rows, state.dues.rows
        for column in (lines.cycle_minor, lines.held_minor, lines.overpaid_minor):
            assert column.min(initial=0) >= 0
        for column in (loans.unbilled_minor, loans.billed_minor, loans.carried_minor):
            assert column.min(initial=0) >= 0
        left = lines.used_minor - lines.cycle_minor - lines.unbilled_minor
        left = np.maximum(left + lines.charges_minor - lines.overpaid_minor, 0)
        every = state.dues.gather(np.arange(len(lines)))
        unmet = every.sum(dues.unmet_minor[every.at])
        assert (unmet <= left)[state.full].all()


@settings(max_examples=20)
@given(lives())
def test_a_line_always_announces_its_next_event_and_keeps_its_sums(life):
    play = Play([life])
    play.book.__class__ = Watched
    play.until(life.until)


@settings(max_examples=20)
@given(lives(), st.integers(0, 400))
def test_interest_from_the_sums_is_interest_reckoned(life: RandomLife, days):
    """``num + slope * days`` on any day is what every loan has earned by then."""
    until = min(life.opened_on + dt.timedelta(days=days), life.until)
    book = Play([life]).until(until).book
    (line,) = book.lines
    state = book.state([line])
    s = state.loans.gather(np.zeros(1, np.int64))
    until_on = np.full(len(s.at), until.toordinal() + 1, np.int32)
    reckon(state, s.at, np.zeros(len(s.at), np.int64), until_on)

    for name in ("interest", "penalty"):
        num, slope = book.sums[line][f"{name}_num"], book.sums[line][f"{name}_slope"]
        earned = getattr(state.loans.rows, f"{name}_num")[s.at].sum()
        assert earned == num + slope * (until.toordinal() + 1 - EPOCH_ON)


@given(
    st.integers(0, 10**11),
    st.integers(0, 1_000),
    st.integers(0, 4_000),
    st.integers(0, 4_000),
)
def test_interest_is_additive_over_days(principal, rate, first, second):
    p, r = np.array([principal]), np.array([rate])
    a, b = np.array([first], np.int32), np.array([second], np.int32)

    assert accrue(p, r, a + b) == accrue(p, r, a) + accrue(p, r, b)
    assert accrue(p, r, a) == principal * rate * first


@settings(max_examples=20)
@given(lives(), st.integers(1, 400))
def test_reckoning_on_the_way_changes_nothing(life, days):
    """Day by day = from scratch: a look at the loans is no event."""
    until = life.opened_on + dt.timedelta(days=days)
    book = Play([life]).until(min(until, life.until)).book
    once, twice = book.state(list(book.lines)), book.state(list(book.lines))
    s = once.loans.gather(np.zeros(1, np.int64))
    of = np.zeros(len(s.at), np.int64)
    later = [np.full(len(of), min(until, life.until).toordinal() + n, np.int32) for n in (1, 9, 30)]
    reckon(once, s.at, of, later[2])
    for until_on in later:
        reckon(twice, s.at, of, until_on)

    assert once.loans.rows.to_rows().tobytes() == twice.loans.rows.to_rows().tobytes()


def test_an_idle_line_announces_nothing():
    book = played(500, 6)

    for line in book.lines.values():
        nothing = line["used_minor"] == line["overpaid_minor"] == line["loans_open"] == 0
        if nothing and not line["held_minor"]:
            assert line["next_event_at"] == NEVER


def test_the_random_lives_get_everywhere():
    """A law that is never tried proves nothing."""
    seen = Counter((int(one["kind"]), int(one["outcome"])) for one in played(0, 60).journal)

    assert len({kind for kind, outcome in seen if not outcome}) >= 18
    assert len({outcome for _, outcome in seen}) >= 14


def test_no_commands_change_nothing():
    book = played(700, 3)
    before = everything(book)
    out = apply(book.state(list(book.lines)), Commands.empty(0))

    assert before == everything(book)
    assert 0 == len(out.transfers(Commands.empty(0)))
    assert rows_of([], Commands.DTYPE).size == 0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_columns_are_a_copy_of_the_rows_they_are_made_of(n):
    """Also of one row, which numpy would be glad to share."""
    rows = Lines.empty(n).to_rows()
    columns = Lines.from_rows(rows)
    columns.used_minor += 1

    assert not rows["used_minor"].any()
    assert n == len(columns) == columns.to_rows()["used_minor"].sum()
