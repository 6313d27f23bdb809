"""Segments and the pouring of payments: nothing is lost, the first cell is filled first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.play import Play
from tests.oracle.playing import commands_of, day
from tests.oracle.random_lives import RandomLife, lives

from jiehuan.core.allocation import RANKS, Payment
from jiehuan.core.columns import Commands, Holds, Loans
from jiehuan.core.commands import Kind
from jiehuan.core.line import Status
from jiehuan.core.segments import Segments, reserve
from jiehuan.core.state import Call, Out

CELLS = st.lists(st.lists(st.integers(0, 10**11), max_size=5), max_size=6)
NUMBERS = st.lists(st.integers(-(10**11), 10**11), max_size=5)


def segments_of(counts: list[int]) -> Segments:
    count = np.array(counts, np.int64)
    of = np.repeat(np.arange(len(counts)), count)
    return Segments(np.arange(len(of)), of, np.cumsum(count) - count, count)


def flat(rows: list[list[int]]) -> np.ndarray:
    return np.array([x for row in rows for x in row], np.int64)


@given(st.lists(NUMBERS, max_size=6))
def test_a_sum_is_that_of_each_segment(rows):
    s = segments_of([len(row) for row in rows])

    assert [sum(row) for row in rows] == s.sum(flat(rows)).tolist()
    assert [sum(row[:at]) for row in rows for at in range(len(row))] == s.before(
        flat(rows)
    ).tolist()


@given(CELLS, st.data())
def test_what_is_poured_fills_the_first_cells_first(rows, data):
    amounts = [data.draw(st.integers(0, 4 * 10**11)) for _ in rows]
    s = segments_of([len(row) for row in rows])
    taken = s.pour(np.array(amounts, np.int64), flat(rows))

    left = list(amounts)
    expected = []
    for k, row in enumerate(rows):
        for cell in row:
            expected.append(min(left[k], cell))
            left[k] -= expected[-1]
    assert expected == taken.tolist()
    assert [min(a, sum(row)) for a, row in zip(amounts, rows, strict=True)] == s.sum(taken).tolist()


@given(CELLS, st.data())
def test_pouring_in_two_goes_is_pouring_once(rows, data):
    first = np.array([data.draw(st.integers(0, 10**11)) for _ in rows], np.int64)
    second = np.array([data.draw(st.integers(0, 10**11)) for _ in rows], np.int64)
    s, cells = segments_of([len(row) for row in rows]), flat(rows)

    once = s.pour(first + second, cells)
    one = s.pour(first, cells)
    assert once.tolist() == (one + s.pour(second, cells - one)).tolist()


@given(st.lists(NUMBERS, max_size=6), st.data())
def test_segments_keep_what_they_are_told_to(rows, data):
    s = segments_of([len(row) for row in rows])
    where = np.array([data.draw(st.booleans()) for _ in s.at], bool)
    kept = s.keep(where)

    assert s.at[where].tolist() == kept.at.tolist()
    x = flat(rows)
    assert s.sum(np.where(where, x, 0)).tolist() == kept.sum(x[kept.at]).tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6))
def test_children_have_the_room_that_was_reserved(sizes):
    """Loaded rows keep their order; what is appended follows them, line by line."""
    ids = np.arange(len(sizes), dtype=np.int64) * 10
    had, room = np.array(sizes, np.int64).T
    loaded = Holds.empty(int(had.sum()))
    loaded.line[:] = np.repeat(ids, had)
    loaded.no[:] = np.arange(len(loaded)) + 1
    child = reserve(ids, loaded, loaded.line, room)
    every = np.arange(len(ids))
    assert loaded.no.tolist() == child.rows.no[child.in_use()].tolist()
    assert loaded.no.tolist() == child.rows.no[child.gather(every).at].tolist()

    for turn in range(int(room.max())):
        i = np.flatnonzero(room > turn)
        at = child.append(i)
        child.rows.no[at] = 1_000 * (i + 1) + turn
    expected = [
        [*loaded.no[loaded.line == ids[k]].tolist(), *(1_000 * (k + 1) + t for t in range(room[k]))]
        for k in every
    ]
    s = child.gather(every)
    assert expected == [child.rows.no[s.at[s.of == k]].tolist() for k in every]
    assert child.had.tolist() == had.tolist()
    for k, numbers in enumerate(expected):
        for no in numbers:
            found = child.find(np.array([k]), child.rows.no, np.array([no]))
            assert no == child.rows.no[found[0]]
    assert [-1] * len(ids) == child.find(every, child.rows.no, np.full(len(ids), -7)).tolist()


WAYS = {
    "usual": lambda payment, _: payment.usual(),
    "a loan": lambda payment, chosen: payment.loan(chosen),
    "ahead": lambda payment, _: payment.ahead(np.ones(1, np.bool_)),
    "plan": lambda payment, _: payment.plan_of(np.array([1])),
}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=12)
@given(lives(), st.integers(0, 10**7), st.integers(0, 5))
def test_a_payment_loses_nothing(way, life: RandomLife, amount, loan):
    """What each rank took and what is left are the amount; what was owed falls by as much."""
    play = Play([life]).until(life.until)
    state = play.book.state(play.line)
    if state.lines.status[0] in (Status.NONE, Status.CLOSED):
        return
    on = life.until.toordinal() + 1
    commands = Commands.empty(1)
    commands.line[:], commands.effective_on[:] = play.line[0], on
    zero = np.zeros(1, np.int64)
    call = Call(state, Out(commands), commands, Kind.REPAY, zero, zero, closes=False)
    payment = Payment(call, np.array([amount]))
    before = owed(payment)
    chosen = np.arange(len(payment.s.at)) == loan
    WAYS[way](payment, chosen)

    paid = {rank: int(payment.paid[rank][0]) for rank in RANKS}
    assert amount == sum(paid.values()) + int(payment.left[0])
    assert min(*paid.values(), int(payment.left[0])) >= 0
    after = owed(payment)
    assert paid == {rank: before[rank] - after[rank] for rank in RANKS}
    assert min(after.values()) >= 0


def owed(payment: Payment) -> dict[str, int]:
    loans, at = payment.loans, payment.s.at
    principal = loans.unbilled_minor[at] + loans.billed_minor[at] + loans.carried_minor[at]
    cycle = int(payment.call.state.lines.cycle_minor[0])
    return {
        rank: int(getattr(loans, f"{rank}_due_minor")[at].sum())
        for rank in ("penalty", "fee", "interest")
    } | {"principal": int(principal.sum()) + cycle}


def test_loans_are_paid_in_the_order_of_the_fold_whatever_their_numbers():
    """A draw that was booked late, for a day before the statement, is the older loan."""
    life = RandomLife(
        "pay-later",
        100_000,
        commands_of("02-05 purchase 20_000\n02-06 draw 10_000\n02-07 draw_succeeded of 2"),
        day("01-01"),
        1,
        day("03-01"),
    )
    play = Play([life]).until(day("03-02"))
    (line,) = play.line
    kept = play.book.kept[Loans][line]
    draw = next(one for one in kept.values() if one["opened_on"] == day("02-07").toordinal())
    del kept[int(draw["no"]),]
    draw["no"] = 10_000
    kept[10_000,] = draw

    loans = play.book.state([line]).loans
    assert [10_000] == loans.rows.no[loans.in_use()].tolist()[:1]
