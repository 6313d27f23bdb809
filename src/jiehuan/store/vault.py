"""Personal data of parties: ciphertext only, found again by a blind index.

What is sealed here is opened elsewhere; this room has no key.
"""

import dataclasses
import enum
from collections.abc import Sequence

import psycopg

from jiehuan.store.registry import PERSON
from jiehuan.store.sql import Statement


class Field(enum.IntEnum):
    """What a row of the vault is; the number is stored."""

    OPENID = 1
    NAME = 2
    ID_NUMBER = 3
    PHONE = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Sealed:
    """A field of a party; ``blind_index`` is None where nobody looks it up."""

    party: int
    field: Field
    ciphertext: bytes
    blind_index: bytes | None


def keep(book: int, party: int, rows: Sequence[Sealed]) -> list[Statement]:
    """Return the statements that make a party, if it is not there, and write its fields."""
    make = (
        "INSERT INTO party (book, id, kind) SELECT b.book, %s::bigint, %s::smallint FROM book b"
        f" WHERE b.book = {book:d} ON CONFLICT DO NOTHING"
    )
    write = (
        "INSERT INTO vault (book, party, field, ciphertext, blind_index)"
        " SELECT b.book, %s::bigint, %s::smallint, %s::bytea, %s::bytea FROM book b"
        f" WHERE b.book = {book:d} ON CONFLICT (book, party, field) DO UPDATE"
        " SET ciphertext = excluded.ciphertext, blind_index = excluded.blind_index"
    )
    fields = [(row.party, int(row.field), row.ciphertext, row.blind_index) for row in rows]
    return [(make, (party, PERSON)), *((write, values) for values in fields)]


def of_party(conn: psycopg.Connection, book: int, party: int) -> dict[Field, bytes]:
    """Return what is known of a party, sealed."""
    rows = conn.execute(
        f"SELECT field, ciphertext FROM vault WHERE book = {book:d} AND party = %s", (party,)
    ).fetchall()
    return {Field(row[0]): bytes(row[1]) for row in rows}


def blind_index(conn: psycopg.Connection, book: int, party: int, field: Field) -> bytes | None:
    """Return what a field of a party is found again by; None if it is not there."""
    row = conn.execute(
        f"SELECT blind_index FROM vault WHERE book = {book:d} AND party = %s AND field = %s",
        (party, int(field)),
    ).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def is_empty(conn: psycopg.Connection) -> bool:
    """Say whether nothing is kept yet, in any book."""
    row = conn.execute("SELECT EXISTS (SELECT FROM vault)").fetchone()
    return row is not None and not row[0]


def any_row(conn: psycopg.Connection, book: int) -> tuple[int, Field, bytes] | None:
    """Return the party, field and ciphertext of some row, to try a key on; None if none is."""
    row = conn.execute(
        f"SELECT party, field, ciphertext FROM vault WHERE book = {book:d}"
        " ORDER BY party, field LIMIT 1"
    ).fetchone()
    return None if row is None else (int(row[0]), Field(row[1]), bytes(row[2]))
