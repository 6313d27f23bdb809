"""What decisions refer to, and whom: policies, models, parties.

Written once and never changed; none of it is written in a transaction that moves money.
"""

import dataclasses
import datetime as dt
import hashlib

import psycopg

from jiehuan.core.columns import Int64s
from jiehuan.core.errors import UsageError

PERSON = 1  # party.kind


@dataclasses.dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as it is stored."""

    name: str
    version: int
    from_on: int
    data: bytes
    hash: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class PolicyRow:
    """A version of a policy as it is stored."""

    name: str
    version: int
    from_on: int
    text: str
    hash: bytes


def add_policy(conn: psycopg.Connection, name: str, version: int, from_on: int, text: str) -> None:
    """Store a version of a policy; does nothing if it is there.

    Raises:
        UsageError: That version is there with another text.
    """
    given = hashlib.sha256(text.encode()).digest()
    conn.execute(
        "INSERT INTO policy (name, version, from_on, text, hash) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (name, version, dt.date.fromordinal(from_on), text, given),
    )
    row = conn.execute(
        "SELECT hash FROM policy WHERE name = %s AND version = %s", (name, version)
    ).fetchone()
    if row is None or bytes(row[0]) != given:
        raise UsageError(
            f"policy {name!r} version {version} is stored with another text; "
            "a version is never changed, so give it the next number"
        )


def policies(conn: psycopg.Connection) -> list[PolicyRow]:
    """Return all versions of all policies, by name and version."""
    rows = conn.execute(
        "SELECT name, version, from_on, text, hash FROM policy ORDER BY name, version"
    ).fetchall()
    return [PolicyRow(row[0], row[1], row[2].toordinal(), row[3], bytes(row[4])) for row in rows]


def add_model(conn: psycopg.Connection, name: str, from_on: int, data: bytes) -> int:
    """Store a model as the next version of its name; return its version.

    A file that is there already keeps its version.
    """
    given = hashlib.sha256(data).digest()
    conn.execute(
        "INSERT INTO model (name, version, from_on, bytes, hash)"
        " SELECT %s, coalesce(max(version), 0) + 1, %s, %s, %s FROM model WHERE name = %s"
        " HAVING NOT coalesce(bool_or(hash = %s), false)",
        (name, dt.date.fromordinal(from_on), data, given, name, given),
    )
    row = conn.execute(
        "SELECT version FROM model WHERE name = %s AND hash = %s", (name, given)
    ).fetchone()
    assert row is not None
    version: int = row[0]
    return version


def models(conn: psycopg.Connection) -> list[ModelRow]:
    """Return all versions of all models, by name and version."""
    rows = conn.execute(
        "SELECT name, version, from_on, bytes, hash FROM model ORDER BY name, version"
    ).fetchall()
    return [
        ModelRow(row[0], row[1], row[2].toordinal(), bytes(row[3]), bytes(row[4])) for row in rows
    ]


def add_parties(conn: psycopg.Connection, book: int, ids: Int64s, kind: int = PERSON) -> None:
    """Make parties of a book; those that are there stay."""
    conn.execute(
        "INSERT INTO party (book, id, kind)"
        f" SELECT b.book, u.id, %s FROM book b, unnest(%s::bigint[]) AS u(id)"
        f" WHERE b.book = {book:d} ON CONFLICT DO NOTHING",
        (kind, ids.tolist()),
    )
