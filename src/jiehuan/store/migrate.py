"""Bring a database to the schema of this program, step by numbered step.

A step is a file ``migrations/NNNN_name.sql``, run in one transaction together with the row
of ``schema_version`` that remembers it and the hash of its text.
"""

import dataclasses
import hashlib
from importlib import resources

import psycopg

from jiehuan.core.errors import DatabaseRefused, InvariantBroken
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session, grant_statements

# Keeps two programs from migrating one database at once; any number will do.
_MIGRATING = 7_435_311


@dataclasses.dataclass(frozen=True, slots=True)
class Migration:
    """A numbered step."""

    version: int
    name: str
    text: str

    @property
    def hash(self) -> bytes:
        """The sha256 of its text."""
        return hashlib.sha256(self.text.encode()).digest()


def migrations() -> list[Migration]:
    """Return the steps that this program knows, in order; they are numbered without a gap."""
    found = []
    for file in resources.files("jiehuan.store").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            version, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(version), name, file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    assert [step.version for step in found] == list(range(1, len(found) + 1))
    return found


def prepare(dsn: str, *, i_may_lose_money: bool = False) -> None:
    """Make a database ready for this program: check that it is ours, or make it so.

    Args:
        dsn: Of an empty database, or of one that is ours.
        i_may_lose_money: See ``connect``.

    Raises:
        DatabaseRefused: It holds something else, or a newer program made its schema.
        InvariantBroken: Its schema was made by other steps than ours of the same number.
        DatabaseDown: It does not answer.
    """
    with (
        connect(dsn, Session.OWNER, i_may_lose_money=i_may_lose_money) as connection,
        connection.transaction(),
    ):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATING])
        done = _done(connection)
        for step in migrations()[done:]:
            connection.execute(step.text.encode())
            connection.execute(
                "INSERT INTO schema_version (version, name, hash) VALUES (%s, %s, %s)",
                [step.version, step.name, step.hash],
            )
        _grant(connection)


def _done(connection: psycopg.Connection) -> int:
    """Return the number of the last step taken, after checking that the steps are ours."""
    there = {
        name
        for (name,) in connection.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relpersistence <> 't'"
            " AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid"
            " AND d.deptype = 'e')"
        )
    }
    if "schema_version" not in there:
        if there:
            raise DatabaseRefused(
                f"the database holds tables that are not ours ({', '.join(sorted(there)[:3])});"
                " name an empty one"
            )
        connection.execute(
            "CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL,"
            " hash bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now())"
        )
        return 0
    try:
        with connection.transaction():
            rows = connection.execute(
                "SELECT version, name, hash FROM schema_version ORDER BY version"
            ).fetchall()
    except psycopg.errors.UndefinedColumn:
        raise DatabaseRefused(
            "the database has a table schema_version that is not ours; name an empty one"
        ) from None
    ours = migrations()
    if len(rows) > len(ours):
        raise DatabaseRefused(
            f"the database was made by a newer jiehuan (schema {rows[-1][0]}, this one knows"
            f" {len(ours)}); use that one"
        )
    for step, (version, name, found) in zip(ours, rows, strict=False):
        if (version, bytes(found)) != (step.version, step.hash):
            raise InvariantBroken(
                f"schema step {version} ({name}) is not the one that this program knows"
            )
    return len(rows)


def _grant(connection: psycopg.Connection) -> None:
    """Let the roles of our own server in; another server has its own rules."""
    names = [session.value for session in Session]
    found = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [names])
    if found.fetchone() == (len(names),):
        for statement in grant_statements():
            connection.execute(statement.encode())
