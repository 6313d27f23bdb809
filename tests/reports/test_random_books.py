"""Random books through the real engine: whatever is asked, audit finds nothing."""

import random

import pytest
from tests.engine.script import (
    OPENED_ON,
    Ask,
    Client,
    apply_for,
    make_ready,
    new_book,
    writer_of,
)
from tests.reports.life import products

from jiehuan.core.commands import FORCED, Kind
from jiehuan.engine.day import advance
from jiehuan.reports.audit import audit
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

LINES = ("l0", "l1", "l2", "l3", "l4")
KINDS = {
    Kind.PURCHASE: 6,
    Kind.REPAY: 4,
    Kind.HOLD: 2,
    Kind.DRAW: 2,
    Kind.CAPTURE: 2,
    Kind.DRAW_SUCCEEDED: 2,
    Kind.REFUND: 2,
    Kind.CONVERT: 2,
    Kind.CREDIT: 1,
    Kind.VOID: 1,
    Kind.DRAW_FAILED: 1,
    Kind.REVIEW: 1,
    Kind.COLLECT: 1,
    Kind.COLLECT_ENDED: 1,
    Kind.PAY_BACK: 2,
    Kind.PAY_BACK_SUCCEEDED: 2,
    Kind.PAY_BACK_FAILED: 1,
    Kind.REVERSE: 2,
    Kind.CHARGE: 1,
    Kind.WAIVE: 2,
    Kind.GOODWILL: 1,
    Kind.CHARGEBACK: 1,
}
# What a kind refers to.
OF = {
    Kind.CAPTURE: (Kind.HOLD,),
    Kind.VOID: (Kind.HOLD,),
    Kind.DRAW_SUCCEEDED: (Kind.DRAW,),
    Kind.DRAW_FAILED: (Kind.DRAW,),
    Kind.REFUND: (Kind.PURCHASE, Kind.CAPTURE),
    Kind.CHARGEBACK: (Kind.PURCHASE, Kind.CAPTURE),
    Kind.CONVERT: (Kind.PURCHASE,),
    Kind.REPAY: (Kind.DRAW_SUCCEEDED, Kind.CONVERT),
    Kind.COLLECT_ENDED: (Kind.COLLECT,),
    Kind.PAY_BACK: (Kind.COLLECT,),
    Kind.PAY_BACK_SUCCEEDED: (Kind.PAY_BACK,),
    Kind.PAY_BACK_FAILED: (Kind.PAY_BACK,),
    Kind.REVERSE: (Kind.PURCHASE, Kind.CAPTURE, Kind.REPAY, Kind.REFUND, Kind.CONVERT),
}
OF[Kind.REVERSE] += (Kind.HOLD, Kind.REVERSE)
FREE = {
    *(Kind.VOID, Kind.DRAW_SUCCEEDED, Kind.DRAW_FAILED, Kind.CONVERT, Kind.REVIEW),
    *(Kind.COLLECT_ENDED, Kind.PAY_BACK_SUCCEEDED, Kind.PAY_BACK_FAILED, Kind.REVERSE),
}


class Chance:
    """Asks that chance makes up, about what was asked before."""

    def __init__(self, seed, late):
        self.random = random.Random(seed)
        self.late = late
        self.asked: dict[tuple[str, Kind], list[str]] = {}
        self.count = 0

    def ask(self, line, today):
        """Make up a command on a line."""
        pick = self.random
        kind = pick.choices(list(KINDS), [*KINDS.values()])[0]
        known = [key for of in OF.get(kind, ()) for key in self.asked.get((line, of), [])[-4:]]
        ref: str | int = pick.choice(known) if known else 0
        merchant: str | int = pick.randint(0, 3)
        if kind is Kind.REPAY:
            ref = pick.choice([0, 0, -1, ref])
            collected = self.asked.get((line, Kind.COLLECT), [])
            merchant = pick.choice(collected) if collected and pick.random() < 0.5 else 0
        self.count += 1
        key = f"k{self.count}"
        self.asked.setdefault((line, kind), []).append(key)
        return Ask(
            key,
            kind,
            line,
            amount=0 if kind in FREE else pick.choice([1, 999, 5_000, 20_000, 60_000, 100_000]),
            ref=ref,
            count=self.instalments(kind),
            on=today - pick.choice([-1, 1, 9, 31]) if pick.random() < self.late else 0,
            flags=FORCED if kind is Kind.PURCHASE and pick.random() < 0.3 else 0,
            merchant=merchant,
        )

    def instalments(self, kind):
        """Make up in how many instalments a command asks for something."""
        if kind in {Kind.CHARGE, Kind.WAIVE}:
            return self.random.randint(1, 3)
        if kind not in {Kind.CONVERT, Kind.DRAW}:
            return 0
        return self.random.choice([3, 6, 5] if kind is Kind.CONVERT else [0, 0, 3, 6, 5])


def newest_statements(database, book):
    """Return the line and number of every line's newest statement."""
    with connect(database, Session.READER) as connection:
        return connection.execute(
            "SELECT line, max(no) FROM statement WHERE book = %s GROUP BY line ORDER BY line",
            [book],
        ).fetchall()


@pytest.mark.parametrize(("seed", "late"), [(1, 0.0), (2, 0.0), (3, 0.1)])
def test_a_random_book_comes_out_as_it_is_stored(database, seed, late):
    make_ready(database, products())
    book, chance, today = new_book(database), Chance(seed, late), OPENED_ON
    pick = chance.random
    with writer_of(database, book) as writer:
        client = Client(writer)
        client.ask(*(apply_for(name, 200_000, pick.choice([1, 5, 28, 31])) for name in LINES))
        for _ in range(40):
            asks = [chance.ask(pick.choice(LINES), today) for _ in range(pick.randint(0, 6))]
            while asks:
                size = pick.choice([1, 3, 50])
                client.ask(*asks[:size])
                asks = asks[size:]
            today += pick.choice([1, 1, 2, 4])
            advance(writer, today, lines_a_batch=pick.choice([2, 1_000]))
            if pick.random() < 0.2:
                cuts = newest_statements(database, book)
                client.ask(*(Ask(f"{no}/{today}", Kind.CONVERT, at, 0, no, 3) for at, no in cuts))

    with connect(database, Session.READER) as connection:
        assert [] == audit(connection, book)
