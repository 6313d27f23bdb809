"""A batch is its commands one by one, however it is split; a refusal harms nobody."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.naming import named, unlike
from tests.engine.script import (
    OPENED_ON,
    Ask,
    Client,
    apply_for,
    contents,
    differences,
    new_book,
    told,
    writer_of,
)
from tests.torture.lives import life

from jiehuan.core.commands import Kind
from jiehuan.engine import day

LINES, DAYS = 4, 44


def lived(dsn, days, cuts_of, *, begun=False):
    """Live a life, each day's asks in batches that end at some places; return the book.

    ``begun``: a day is begun and its asks are posted before the day before is finished.
    """
    book = new_book(dsn)
    with writer_of(dsn, book) as writer:
        client = Client(writer)
        for n, asks in enumerate(days):
            on = OPENED_ON + n
            day.begin(writer, on)
            if not begun:
                day.advance(writer, on)
            # What is asked on a day names what was there when the day began, in any split.
            requests = client.requests(asks)
            for places in np.split(np.arange(len(asks)), cuts_of(n, len(asks))):
                answers = told(writer.post(requests.take(places)))
                client.known |= dict(zip((asks[at].key for at in places), answers, strict=True))
            day.advance(writer, on)
        day.advance(writer, OPENED_ON + len(days) + 1)
    return book


def whole(_day, _n):
    """Cut nowhere."""
    return []


def one_by_one(_day, n):
    """Cut everywhere."""
    return list(range(1, n))


def asked(lines, seed):
    """Return a life's asks, a list a day."""
    return [[*itertools.chain(*today.early, *today.late)] for today in life(lines, DAYS, seed)]


@settings(max_examples=3)
@given(st.integers(0, 10**6), st.booleans(), st.data())
def test_a_batch_is_its_commands_in_any_split_and_before_the_day_before_is_closed(
    dsn, seed, begun, data
):
    days = asked(LINES, seed)

    def any_cuts(_day, n):
        return sorted(data.draw(st.lists(st.integers(0, n), max_size=3)))

    together, split = lived(dsn, days, whole), lived(dsn, days, any_cuts, begun=begun)

    assert {} == unlike(named(dsn, together), named(dsn, split))


def test_a_batch_is_its_commands_one_by_one(dsn):
    days = asked(2 * LINES, seed=7)
    together, apart = lived(dsn, days, whole), lived(dsn, days, one_by_one)

    assert {} == unlike(named(dsn, together), named(dsn, apart))


def test_with_no_event_and_nothing_late_even_the_numbers_are_the_same(dsn):
    kinds = [Kind.PURCHASE, Kind.HOLD, Kind.REPAY, Kind.DRAW, Kind.CREDIT]
    days = [
        [apply_for(f"line{k}") for k in range(6)],
        [Ask(f"ask{n}", kinds[n % 5], f"line{n % 7}", 100 + n) for n in range(60)],
    ]

    one, two = (lived(dsn, days, cuts) for cuts in (whole, one_by_one))

    assert {} == differences(contents(dsn, one), contents(dsn, two))


REFUSED = [
    Ask("unknown line", Kind.PURCHASE, "nobody", 100),
    Ask("nothing", Kind.PURCHASE, "line", 0),
    Ask("negative", Kind.REPAY, "line", -5),
    Ask("too much", Kind.PURCHASE, "line", 999_999_999),
    Ask("no such hold", Kind.CAPTURE, "line", 5, "nothing"),
    Ask("no such purchase", Kind.REFUND, "line", 5, "nothing"),
    Ask("no such loan", Kind.REPAY, "line", 5, "nothing"),
    Ask("future", Kind.REPAY, "line", 5, on=OPENED_ON + 400),
    Ask("before it was opened", Kind.REPAY, "line", 5, on=OPENED_ON - 1),
    Ask("no such plan", Kind.CONVERT, "line", 0, "buy", 5),
    Ask("not settled", Kind.CLOSE, "line"),
    apply_for("declined", flags=2),
    apply_for("unknown terms", terms=99),
]
GOOD = [
    Ask("buy more", Kind.PURCHASE, "line", 700),
    Ask("repay", Kind.REPAY, "line", 300),
    Ask("refund", Kind.REFUND, "line", 100, "buy"),
    Ask("late", Kind.REPAY, "line", 200, on=OPENED_ON + 1),
    Ask("buy there", Kind.PURCHASE, "other", 900),
]
LEDGER = ("line", "due", "loan", "instalment", "hold", "transfer", "statement", "outbox")


def state(dsn, asks):
    """Return what a book holds but for the journal, after some asks in one batch."""
    book = new_book(dsn)
    with writer_of(dsn, book) as writer:
        client = Client(writer)
        client.ask(apply_for("line"), apply_for("other"))
        client.ask(Ask("buy", Kind.PURCHASE, "line", 5_000))
        day.advance(writer, OPENED_ON + 5)
        outcomes = dict(zip(asks, client.outcomes(*asks), strict=True))
    rows = named(dsn, book)
    return {name: rows[name] for name in (*LEDGER, "day_total")}, outcomes


def without_version(rows):
    """Drop ``version``: a refused command is the last that a line has seen, too.

    So are sums of zero: a day and product on which something was asked has a row.
    """
    lines = {tuple(x for x in row if x[0] not in {"version", "position"}) for row in rows["line"]}
    sums = {row for row in rows["day_total"] if any(x for _, x in row[3:])}
    return rows | {"line": lines, "day_total": sums}


def test_refused_rows_change_nothing_and_never_their_neighbours(dsn):
    mixed = [x for pair in itertools.zip_longest(REFUSED, GOOD) for x in pair if x]

    good, outcomes = state(dsn, GOOD)
    both, all_outcomes = state(dsn, mixed)

    assert dict.fromkeys(GOOD, "done") == outcomes
    assert outcomes == {ask: all_outcomes[ask] for ask in GOOD}
    assert "done" not in {all_outcomes[ask] for ask in REFUSED}
    assert {} == unlike(without_version(good), without_version(both))


def test_a_batch_of_nothing_but_refusals_leaves_the_book_as_it_is(dsn):
    nothing, _ = state(dsn, [])
    refused, _ = state(dsn, REFUSED)

    assert {} == unlike(without_version(nothing), without_version(refused))
