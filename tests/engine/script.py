"""What callers ask of a book, told by names; and a client who asks it and keeps the answers.

An ``Ask`` names what it refers to by the keys of earlier asks.  The client resolves them to
numbers, posts, and remembers what it was answered.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import psycopg

from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import Product, TermsTable
from jiehuan.engine import book as books
from jiehuan.engine.book import shipped_products
from jiehuan.engine.post import Writer
from jiehuan.engine.requests import Answers, Requests
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

TERMS = TermsTable(shipped_products())
PAY_LATER = [product.name for product in TERMS.products].index("pay-later")
NOBODY = 10**15  # a number that nothing has
LIMIT = 1_000_000
OPENED_ON = 739_676  # 2026-03-01


class Ask(NamedTuple):
    """What a caller asks; ``line``, ``ref`` and ``merchant`` may be the key of an earlier ask."""

    key: str
    kind: Kind
    line: str | int = 0
    amount: int = 0
    ref: str | int = 0
    count: int = 0  # type: ignore[assignment]  # a tuple has a method of this name; unused
    on: int = 0  # the day on which it takes effect; 0 is today
    flags: int = 0
    client: int = 1
    terms: int = PAY_LATER
    merchant: str | int = 0


class Answer(NamedTuple):
    """What a caller was told."""

    seq: int
    line: int
    outcome: Outcome
    applied: int
    replayed: bool


def apply_for(key: str, limit: int = LIMIT, cycle_day: int = 1, **more: Any) -> Ask:
    """Apply for a line."""
    return Ask(key, Kind.OPEN, amount=limit, count=cycle_day, ref=7, **more)


def told(answers: Answers) -> list[Answer]:
    """Return answers one by one."""
    return [
        Answer(seq, line, Outcome(outcome), applied, replayed)
        for seq, line, outcome, applied, replayed in zip(
            answers.seq.tolist(),
            answers.line.tolist(),
            answers.outcome.tolist(),
            answers.applied_minor.tolist(),
            answers.replayed.tolist(),
            strict=True,
        )
    ]


@dataclasses.dataclass
class Client:
    """Somebody who asks, and remembers the answers by key."""

    writer: Writer
    known: dict[str, Answer] = dataclasses.field(default_factory=dict)

    def number(self, name: str | int) -> int:
        """Return the number of what a key made."""
        if isinstance(name, int):
            return name
        return self.known[name].seq if name in self.known else NOBODY

    def requests(self, asks: Sequence[Ask]) -> Requests:
        """Return asks as the engine takes them."""
        commands = Commands.empty(len(asks))
        for place, ask in enumerate(asks):
            line = ask.line
            commands.line[place] = (
                line
                if isinstance(line, int)
                else self.known[line].line
                if line in self.known
                else NOBODY
            )
            commands.kind[place], commands.client[place] = ask.kind, ask.client
            commands.amount_minor[place], commands.count[place] = ask.amount, ask.count
            commands.ref[place], commands.effective_on[place] = self.number(ask.ref), ask.on
            commands.flags[place], commands.terms[place] = ask.flags, ask.terms
            commands.merchant[place] = self.number(ask.merchant)
        return Requests.make(commands, [ask.key for ask in asks])

    def ask(self, *asks: Ask) -> list[Answer]:
        """Post asks as one batch; return the answers, and remember those."""
        answers = told(self.writer.post(self.requests(asks)))
        for ask, answer in zip(asks, answers, strict=True):
            if answer.seq:
                self.known[ask.key] = answer
        return answers

    def outcomes(self, *asks: Ask) -> list[str]:
        """Post asks as one batch; return the names of their outcomes."""
        return [answer.outcome.name.lower() for answer in self.ask(*asks)]


_NUMBERS = itertools.count(1)


def make_ready(dsn: str, products: Sequence[Product] | None = None) -> str:
    """Bring a database to where books can be made."""
    books.prepare(dsn, products)
    return dsn


def new_book(dsn: str, on: int = OPENED_ON) -> int:
    """Make an empty book and return its number, which no test has used."""
    number = next(_NUMBERS)
    with connect(dsn, Session.OWNER) as connection:
        books.create(connection, number, "CNY", on)
    return number


def writer_of(dsn: str, book: int, owner: str = "test", wait_seconds: float = 0.0) -> Writer:
    """Claim a book."""
    return Writer(lambda: connect(dsn, Session.DAY), book, owner, wait_seconds=wait_seconds)


# --- What a book holds --------------------------------------------------------------------------

# Of each table the columns that differ between two runs of the same life: real time, who held
# the book, and where one batch ended and the next began.
EXEMPT = {"command": {"booked_at"}, "book": {"epoch", "owner", "expires_at"}}
APART = {"batch"}


Rows: TypeAlias = dict[str, list[tuple[Any, ...]]]


def contents(dsn: str, book: int) -> Rows:
    """Return every row of every table of a book but what is exempt, in the order of the keys."""
    with psycopg.connect(dsn) as connection:
        columns = connection.execute(
            "SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position)"
            " FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE c.table_schema = 'public'"
            " AND t.table_type = 'BASE TABLE' GROUP BY c.table_name"
            " HAVING bool_or(c.column_name = 'book')"
        ).fetchall()
        found = {}
        for table, names in columns:
            if table not in APART:
                kept = [n for n in names if n != "book" and n not in EXEMPT.get(table, ())]
                texts = ", ".join(f'"{name}"::text' for name in kept)
                rows = connection.execute(
                    f"SELECT {texts} FROM {table} WHERE book = %s", [book]
                ).fetchall()
                found[table] = sorted(rows)
    return found


def differences(one: Rows, two: Rows) -> Rows:
    """Return the rows that only one of two books has, by table; nothing if they are equal."""
    return {
        table: sorted(set(one[table]) ^ set(two[table])) or [("another number of rows",)]
        for table in one
        if one[table] != two[table]
    }


def keys_once(book: int, requests: Requests, dsn: str) -> np.ndarray:
    """Return how often each request's key is in the journal."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT key_hash::text, count(*) FROM command WHERE book = %s GROUP BY 1", [book]
        ).fetchall()
    times = {key.replace("-", ""): int(count) for key, count in rows}
    return np.array([times.get(key.tobytes().hex(), 0) for key in requests.keys])
