"""What the outside world is asked to do: how far it has come, and what changes it.

An instruction is made by its command and finished by another, both in the journal; between the
two its row says when to try next and what the partner said.  ``change`` returns a statement for
``Batch.beside``: it is written in the book's fenced transaction, like everything else.
Times of tries are real time, of the database's own clock.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from jiehuan.store.sql import Statement
from jiehuan.store.tables import OutboxState
from jiehuan.store.vault import Field

WANTED_DONE: Final = 0
WANTED_ENDED: Final = 1


@dataclasses.dataclass(frozen=True, slots=True)
class OutboxRow:
    """An instruction as stored; attributes are columns of ``outbox``, then of its command.

    Attributes:
        partner: What the partner said, {} if nothing.
        ref: Of the command: towards what a collection goes, whose payment is given back.
        count: Of the command: instalments of a draw.
        effective_on: When the command took effect, an ordinal.
        booked_on: When it was booked, an ordinal.
        booked_at: The same in real time.
        party: Whose line it is.
    """

    id: int
    line: int
    kind: int
    amount_minor: int
    state: int
    attempts: int
    wanted: int
    sent_at: dt.datetime | None
    partner: Mapping[str, Any]
    reason: str
    ref: int
    count: int
    effective_date: dt.date
    booked_date: dt.date
    booked_at: dt.datetime
    party: int

    @property
    def effective_on(self) -> int:
        """The day on which the command took effect, an ordinal."""
        return self.effective_date.toordinal()

    @property
    def booked_on(self) -> int:
        """The day on which it was booked, an ordinal."""
        return self.booked_date.toordinal()

    @property
    def is_open(self) -> bool:
        """Whether it is still to be finished."""
        return self.state < OutboxState.SUCCEEDED


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changes in the row of an instruction; what is left out stays as it is.

    Attributes:
        id: Which.
        state: Of those that are not final; a final one comes with its command.
        attempts: How often it was sent.
        wanted: ``WANTED_DONE`` or ``WANTED_ENDED``.
        due_in_seconds: When to try next.
        sent: Whether it is being sent now.
        partner: What to add to what the partner said.
        reason: See the column.
        finished_too: Whether it changes an instruction that is finished.
    """

    id: int
    state: OutboxState | None = None
    attempts: int | None = None
    wanted: int | None = None
    due_in_seconds: float | None = None
    sent: bool = False
    partner: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    reason: str | None = None
    finished_too: bool = False

    def __post_init__(self) -> None:
        """Leave the end of an instruction to the journal."""
        assert self.state is None or self.state < OutboxState.SUCCEEDED


_OF_COMMAND = {"effective_date": "effective_on", "booked_date": "booked_on"}


def _names() -> str:
    """Return what is read of an instruction, its command and its line."""
    names = []
    for field in dataclasses.fields(OutboxRow):
        column = _OF_COMMAND.get(field.name, field.name)
        owner = "c" if column in _COMMAND else "l" if column == "party" else "o"
        value = f'{owner}."{column}"'
        if column == "partner":
            value = f"coalesce({value}, '{{}}'::json)"
        names.append(f'{value} AS "{field.name}"')
    return ", ".join(names)


_COMMAND = ("ref", "count", "effective_on", "booked_on", "booked_at")


def _select(book: int, where: str) -> bytes:
    return (
        f"SELECT {_names()} FROM outbox o"
        f" JOIN command c ON c.book = {book:d} AND c.seq = o.id"
        f" JOIN line l ON l.book = {book:d} AND l.id = o.line"
        f" WHERE o.book = {book:d} AND {where}"
    ).encode()


def find(conn: psycopg.Connection, book: int, number: int) -> OutboxRow | None:
    """Return an instruction, finished or not; None if there is none of that number."""
    with conn.cursor(row_factory=class_row(OutboxRow)) as cursor:
        return cursor.execute(_select(book, "o.id = %s"), (number,)).fetchone()


def of_line(
    conn: psycopg.Connection, book: int, line: int, most: int, *, unfinished: bool = False
) -> list[OutboxRow]:
    """Return the newest ``most`` instructions of a line, the newest first."""
    only = f" AND o.state < {OutboxState.SUCCEEDED:d}" if unfinished else ""
    where = f"o.line = %s{only} ORDER BY o.id DESC LIMIT %s"
    with conn.cursor(row_factory=class_row(OutboxRow)) as cursor:
        return cursor.execute(_select(book, where), (line, most)).fetchall()


def due(conn: psycopg.Connection, book: int, most: int) -> list[OutboxRow]:
    """Return up to ``most`` instructions that are to be tried now, those that wait longest first.

    Only of parties whose ``Field.OPENID`` is in the vault.
    """
    # An instruction of somebody whom the wallet does not know is not the courier's.
    known = (
        f"EXISTS (SELECT FROM vault v WHERE v.book = {book:d} AND v.party = l.party"
        f" AND v.field = {Field.OPENID:d})"
    )
    where = (
        f"o.state < {OutboxState.SUCCEEDED:d} AND o.due_at <= now() AND {known}"
        " ORDER BY o.due_at, o.id LIMIT %s"
    )
    with conn.cursor(row_factory=class_row(OutboxRow)) as cursor:
        return cursor.execute(_select(book, where), (most,)).fetchall()


def next_due_seconds(conn: psycopg.Connection, book: int) -> float | None:
    """Return in how many seconds the next instruction is to be tried; None if none is."""
    row = conn.execute(
        "SELECT extract(epoch FROM min(o.due_at) - now())::float8 FROM outbox o"
        f" WHERE o.book = {book:d} AND o.state < {OutboxState.SUCCEEDED:d} AND o.due_at > now()"
    ).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def change(book: int, what: Change) -> Statement:
    """Return the statement that changes the row of an instruction."""
    statement = (
        "UPDATE outbox SET state = coalesce(%s::smallint, state),"
        " attempts = coalesce(%s::integer, attempts),"
        " wanted = coalesce(%s::smallint, wanted),"
        " due_at = coalesce(now() + make_interval(secs => %s::float8), due_at),"
        " sent_at = CASE WHEN %s::boolean THEN now() ELSE sent_at END,"
        " partner = CASE WHEN %s::text = '{}' THEN partner"
        " ELSE (coalesce(partner, '{}')::jsonb || %s::jsonb)::json END,"
        " reason = coalesce(%s::text, reason)"
        f" WHERE book = {book:d} AND id = %s::bigint"
        f" AND (state < {OutboxState.SUCCEEDED:d} OR %s::boolean)"
    )
    partner = json.dumps(what.partner, ensure_ascii=False)
    return statement, (
        None if what.state is None else int(what.state),
        what.attempts,
        what.wanted,
        what.due_in_seconds,
        what.sent,
        partner,
        partner,
        what.reason,
        what.id,
        what.finished_too,
    )
