"""What the outside world said, as it came, and what was made of it.

A row is added once, in the transaction of the command that it led to, and never changed.
"""

import dataclasses
import datetime as dt
import enum

import psycopg
from psycopg.rows import class_row

from jiehuan.store.sql import Statement


class Channel(enum.IntEnum):
    """Who speaks; the number is stored."""

    WECHAT = 1


class Heard(enum.IntEnum):
    """What was made of a message; the number is stored."""

    BOOKED = 0  # that money moved
    UNKNOWN_ORDER = 1
    AMOUNT_DIFFERS = 2
    MERCHANT_DIFFERS = 3
    CURRENCY_DIFFERS = 4
    NOTED = 5  # it needs no command: nothing is final yet, or it is booked already
    BOOKED_END = 6  # that an order is over and no money moved


@dataclasses.dataclass(frozen=True, slots=True)
class InboxRow:
    """A message of the outside world.

    Attributes:
        channel: Who speaks.
        event: The sender's number of it: what comes twice has the same.
        number: Which of our orders it is about, as it was written; "" if it says none.
        body: As it came.
        received_at: In real time.
        outcome: What was made of it.
    """

    channel: Channel
    event: str
    number: str
    body: bytes
    received_at: dt.datetime
    outcome: Heard


@dataclasses.dataclass(frozen=True, slots=True)
class InboxSeen:
    """What audit reads of a message."""

    id: int
    event: str
    number: str
    outcome: int


def add(book: int, row: InboxRow) -> Statement:
    """Return the statement that adds a message; one that is there stays as it was."""
    statement = (
        "INSERT INTO inbox (book, id, channel, event, number, body, received_at, outcome)"
        " SELECT b.book,"
        f" (SELECT coalesce(max(i.id), 0) + 1 FROM inbox i WHERE i.book = {book:d}),"
        " %s::smallint, %s::text, %s::text, %s::bytea, %s::timestamptz, %s::smallint"
        f" FROM book b WHERE b.book = {book:d} ON CONFLICT (book, channel, event) DO NOTHING"
    )
    return statement, (
        int(row.channel),
        row.event,
        row.number,
        row.body,
        row.received_at,
        int(row.outcome),
    )


def seen(conn: psycopg.Connection, book: int) -> list[InboxSeen]:
    """Return all messages of a book, in the order in which they came."""
    with conn.cursor(row_factory=class_row(InboxSeen)) as cursor:
        return cursor.execute(
            f"SELECT id, event, number, outcome FROM inbox WHERE book = {book:d} ORDER BY id"
        ).fetchall()
