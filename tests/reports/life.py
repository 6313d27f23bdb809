"""A small real book in which everything happens once, for audit to look at.

A dozen lines over four months, among them one that is written off, one that is closed, two
with backdated commands; every kind of command, some of them refused; decisions.
"""

import dataclasses
import datetime as dt

import numpy as np
from tests.engine.script import (
    OPENED_ON,
    Ask,
    Client,
    apply_for,
    make_ready,
    new_book,
    told,
    writer_of,
)

from jiehuan.core.commands import DECLINED, FORCED, Kind
from jiehuan.core.terms import Product
from jiehuan.engine.book import shipped_products
from jiehuan.engine.day import advance
from jiehuan.risk.decision import decide
from jiehuan.risk.model_file import seal
from jiehuan.risk.policy import Policy, in_force
from jiehuan.risk.scorecard import Card, Scorecard
from jiehuan.simulate.decisions import shipped_policies
from jiehuan.store import registry
from jiehuan.store.database import connect
from jiehuan.store.saving import DecisionRow
from jiehuan.store.sessions import Session

LATE_DAYS_MAX = 31


def products() -> tuple[Product, ...]:
    """Return the products that we ship, but soon written off."""
    return tuple(
        dataclasses.replace(product, write_off_days_min=LATE_DAYS_MAX)
        for product in shipped_products()
    )


def day(text: str) -> int:
    """Return a day of 2026."""
    return dt.date.fromisoformat(f"2026-{text}").toordinal()


def scorecard() -> tuple[Scorecard, bytes]:
    """Return a scorecard that scores everybody alike."""
    return seal(Scorecard("application", "bad", (), (Card(-15_000, (), 9, 3),), ""))


def decision(policy: Policy, card: Scorecard, asked_minor: int) -> DecisionRow:
    """Decide on somebody who asks for a limit."""
    raw = {
        "limit_asked_minor": np.array([asked_minor]),
        "age_years": np.array([30]),
        "education_level": np.array([2]),
    }
    (made,) = decide(np.array([7]), raw, card, policy, OPENED_ON).rows()
    values = dataclasses.asdict(made)
    values["decided_on"] = dt.date.fromordinal(made.decided_on)
    return DecisionRow(line=0, kind=Kind.OPEN, **values)


def applications(client: Client, policy: Policy, card: Scorecard) -> None:
    """Let eight people apply, decide on them; one is declined."""
    asks = [apply_for(name) for name in ("a", "b", "c", "d", "e", "f", "g", "h")]
    asks.append(apply_for("declined", flags=DECLINED))
    decisions = {at: decision(policy, card, ask.amount) for at, ask in enumerate(asks)}
    requests = dataclasses.replace(
        client.requests(asks),
        decisions=decisions,
        details={2: '{"channel": "shop", "note": "借"}'.encode()},
    )
    answers = told(client.writer.post(requests))
    client.known |= {ask.key: answer for ask, answer in zip(asks, answers, strict=True)}


# Day, and what is asked on it.  ``a`` pays, ``b`` draws, ``c`` converts, ``d`` is written off,
# ``e`` has holds, ``f`` is refunded and closed, ``g`` and ``h`` are asked for days that passed.
LIFE: list[tuple[str, list[Ask]]] = [
    (
        "03-02",
        [
            Ask("a1", Kind.PURCHASE, "a", 200_000, merchant=3),
            Ask("d1", Kind.PURCHASE, "d", 90_000, merchant=4),
            Ask("c1", Kind.PURCHASE, "c", 120_000, merchant=4),
            Ask("e1", Kind.HOLD, "e", 5_000, merchant=3),
            Ask("e2", Kind.HOLD, "e", 7_000, merchant=3),
            Ask("e3", Kind.HOLD, "e", 9_000, merchant=3),
            Ask("f1", Kind.PURCHASE, "f", 30_000, merchant=3),
            Ask("g1", Kind.PURCHASE, "g", 50_000, merchant=3),
            Ask("no", Kind.PURCHASE, "nobody", 1_000),
        ],
    ),
    (
        "03-04",
        [
            Ask("e4", Kind.CAPTURE, "e", 2_000, "e1"),
            Ask("e5", Kind.VOID, "e", 0, "e2"),
            Ask("b1", Kind.DRAW, "b", 80_000),
            Ask("b2", Kind.DRAW, "b", 20_000),
            Ask("b3", Kind.DRAW, "b", 30_000),
            Ask("f2", Kind.REFUND, "f", 10_000, "f1"),
        ],
    ),
    (
        "03-05",
        [
            Ask("b4", Kind.DRAW_SUCCEEDED, "b", 0, "b1"),
            Ask("b5", Kind.DRAW_FAILED, "b", 0, "b2"),
            Ask("c2", Kind.CONVERT, "c", 0, "c1", count=3),
            Ask("a2", Kind.PURCHASE, "a", 2_000_000),
            Ask("a3", Kind.PURCHASE, "a", 900_000, flags=FORCED),
        ],
    ),
    ("04-08", [Ask("a4", Kind.REPAY, "a", 150_000), Ask("f3", Kind.REPAY, "f", 25_000)]),
    ("04-20", [Ask("b6", Kind.REPAY, "b", 20_000, "b4"), Ask("d2", Kind.PURCHASE, "d", 100)]),
    (
        "04-21",
        [
            Ask("g2", Kind.REPAY, "g", 45_000, on=day("04-09")),
            Ask("h1", Kind.PURCHASE, "h", 40_000, on=day("03-20")),
            Ask("h2", Kind.PURCHASE, "h", 1_000, on=day("02-20")),
            Ask("f4", Kind.PURCHASE, "f", 1_000),
            Ask("f5", Kind.PURCHASE, "f", 4_000),
        ],
    ),
    ("05-04", [Ask("c3", Kind.REPAY, "c", 500_000, -1), Ask("a5", Kind.CREDIT, "a", 70_000)]),
    ("05-05", [Ask("f6", Kind.CLOSE, "f"), Ask("a6", Kind.REVIEW, "a")]),
    ("05-20", [Ask("d3", Kind.REPAY, "d", 3_000), Ask("d4", Kind.REFUND, "d", 500, "d1")]),
    ("05-25", [Ask("b7", Kind.DRAW, "b", 10_000), Ask("f7", Kind.PURCHASE, "f", 100)]),
    ("05-26", [Ask("g3", Kind.REVERSE, "g", 0, "g2", count=1), Ask("g4", Kind.REVERSE, "g", 0, 1)]),
]
LAST_ON = day("05-27")


def live(dsn: str) -> int:
    """Play the life of a new book and return its number."""
    make_ready(dsn, products())
    policy = in_force(shipped_policies(), "application", OPENED_ON)
    card, model = scorecard()
    with connect(dsn, Session.OWNER) as conn:
        registry.add_policy(conn, policy.name, policy.version, policy.from_on, policy.text)
        registry.add_model(conn, card.name, OPENED_ON, model)
    book = new_book(dsn, OPENED_ON)
    with writer_of(dsn, book) as writer:
        client = Client(writer)
        applications(client, policy, card)
        for text, asks in LIFE:
            advance(writer, day(text))
            client.ask(*asks)
        advance(writer, LAST_ON)
    return book
