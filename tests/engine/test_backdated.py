"""What is booked late leaves the debt that it would have left on its day."""

from collections import Counter

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from tests.engine.script import OPENED_ON, Ask, Client, apply_for, new_book, writer_of

from jiehuan.core.commands import FORCED, REF_ALL, Kind
from jiehuan.engine import day

DAYS = 75  # too few for a write-off, which is a decision that stays
OWED = {
    "line": (
        "used_minor", "held_minor", "overpaid_minor", "cycle_minor", "unbilled_minor",
        "charges_minor", "loans_open", "past_due_on", "bucket", "status", "balance_minor",
        "due_minor", "minimum_minor", "cut_on", "due_on", "repaid_minor", "next_event_at",
    ),
    "loan": (
        "kind", "opened_on", "unbilled_minor", "billed_minor", "carried_minor", "interest_num",
        "penalty_num", "interest_due_minor", "fee_due_minor", "penalty_due_minor", "reckoned_on",
        "open",
    ),
    "instalment": (
        "due_on", "principal_minor", "fee_minor", "principal_paid_minor", "fee_paid_minor",
        "billed",
    ),
    "due": ("due_on", "unmet_minor"),
}  # fmt: skip


def owed(dsn, book):
    """Return what is owed, the balance of each account, and the running sums."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.adapters.register_loader("date", TextLoader)

        def rows(table):
            return connection.execute(f"SELECT * FROM {table} WHERE book = %s", [book]).fetchall()

        found = {
            table: Counter(
                tuple(row[name] for name in names)
                for row in rows(table)
                if table != "due" or row["unmet_minor"]
            )
            for table, names in OWED.items()
        }
        net: Counter[int] = Counter()
        for row in rows("transfer"):
            net[row["debit"]] += row["amount_minor"]
            net[row["credit"]] -= row["amount_minor"]
        sums: Counter[str] = Counter()
        for row in rows("day_total"):
            for name in row.keys() - {"book", "booked_on", "product"}:
                sums[name] += row[name]
    return found | {"accounts": {k: v for k, v in net.items() if v}, "sums": dict(sums)}


STEPS = st.lists(
    st.tuples(
        st.integers(1, DAYS - 1),  # the day on which it takes effect
        st.sampled_from([0, 0, 1, 5, 12, 31, 45]),  # days late
        st.sampled_from([Kind.PURCHASE, Kind.PURCHASE, Kind.REPAY, Kind.CREDIT, Kind.REFUND]),
        st.sampled_from([1, 999, 20_000, 150_000]),
        st.integers(0, 3),
    ),
    min_size=3,
    max_size=9,
)


def asks_of(steps):
    """Return asks with the day on which each takes effect and the day on which it is booked."""
    bought = [(n, on) for n, (on, _, kind, *_) in enumerate(steps) if kind is Kind.PURCHASE]
    made = []
    # Those of one day keep their order, so nothing that is late shares its day.
    days = Counter(on for on, *_ in steps)
    for n, (on, late, kind, amount, which) in enumerate(steps):
        late = late if days[on] == 1 else 0  # noqa: PLW2901
        ask = Ask(f"ask{n}", kind, "line", amount, on=OPENED_ON + on)
        if kind is Kind.REFUND:
            earlier = [no for no, day_of in bought if day_of + 46 <= on]
            if not earlier:
                continue
            ask = ask._replace(amount=1, ref=f"ask{earlier[which % len(earlier)]}")
        elif kind is Kind.REPAY:
            ask = ask._replace(ref=REF_ALL if which == 0 else 0)
        elif kind is Kind.PURCHASE:
            ask = ask._replace(flags=FORCED)
        made.append((on, min(on + late, DAYS), ask))
    return made


def booked(dsn, asks, when):
    """Book asks on the days that ``when`` says; return the book, at the end of all days."""
    book = new_book(dsn)
    with writer_of(dsn, book) as writer:
        client = Client(writer)
        client.ask(apply_for("line"))
        for item in sorted(asks, key=when):
            day.advance(writer, OPENED_ON + when(item))
            assert ["done"] == client.outcomes(item[2])
        day.advance(writer, OPENED_ON + DAYS + 1)
    return book


@settings(max_examples=6)
@given(STEPS)
def test_booked_late_is_owed_as_booked_on_its_day(dsn, steps):
    asks = asks_of(steps)
    late = booked(dsn, asks, lambda item: item[1])
    on_time = booked(dsn, asks, lambda item: item[0])

    assert owed(dsn, on_time) == owed(dsn, late)


def test_a_late_repayment_takes_the_penalty_back_that_it_would_have_spared(dsn, client):
    """Due on 10 April, paid on the 9th, heard of on 20 April: nothing was ever late."""
    client.ask(apply_for("line"))
    client.ask(Ask("buy", Kind.PURCHASE, "line", 100_000))
    day.advance(client.writer, OPENED_ON + 50)
    before = owed(dsn, client.writer.book)
    client.ask(Ask("repay", Kind.REPAY, "line", 100_000, on=OPENED_ON + 39))
    after = owed(dsn, client.writer.book)

    [line] = after["line"]
    assert ("2026-04-10", 1) == before["line"].most_common()[0][0][7:9]
    assert ("-infinity", 0) == line[7:9]
    assert {0} == set(line[:7])


def test_a_command_of_a_closed_day_books_its_difference_today(client):
    client.ask(apply_for("line"))
    client.ask(Ask("buy", Kind.PURCHASE, "line", 100_000))
    day.advance(client.writer, OPENED_ON + 20)
    [answer] = client.ask(Ask("late", Kind.REPAY, "line", 30_000, on=OPENED_ON + 5))
    found = client.writer.conn.execute(
        "SELECT effective_on::text, booked_on::text, amount_minor FROM transfer"
        " WHERE book = %s AND seq = %s",
        [client.writer.book, answer.seq],
    ).fetchall()

    assert [("2026-03-06", "2026-03-21", 30_000)] == found
