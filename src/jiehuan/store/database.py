"""Is this a database that we can trust with money, and is it ours?

Any PostgreSQL from 17 on will do, if its settings keep what was committed; what is wrong is
said by name, with what it should be.
"""

from typing import TypeAlias

import psycopg
from psycopg import conninfo

from jiehuan.core.errors import DatabaseDown, DatabaseRefused
from jiehuan.store.sessions import ALWAYS, EMBEDDED, OWNER, SETTINGS, Session

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

SERVER_VERSION_MIN = 170_000

# Prepared at first sight: the statements of a book are few and come again and again.
PREPARED_MAX = 500

_CONNECT_SECONDS = 10
_UNANSWERED_MILLISECONDS = 5_000

# Setting, the values that keep money, and why.
_MUST: tuple[tuple[str, frozenset[str], str], ...] = (
    ("fsync", frozenset({"on"}), "what was committed would not survive a crash of the machine"),
    ("full_page_writes", frozenset({"on"}), "a crash would tear pages"),
    (
        "synchronous_commit",
        frozenset({"on", "remote_apply"}),
        "what was answered as done could be lost",
    ),
    ("data_checksums", frozenset({"on"}), "rotten pages would go unnoticed"),
    ("data_sync_retry", frozenset({"off"}), "a failed fsync would be taken for a good one"),
    ("transaction_isolation", frozenset({"read committed"}), "the fence would not hold"),
)
_MAY_LOSE = frozenset({"fsync", "full_page_writes", "synchronous_commit", "data_checksums"})


def connect(
    dsn: str, session: Session = Session.WRITER, *, i_may_lose_money: bool = False
) -> psycopg.Connection:
    """Connect for a purpose, and check that the server may be trusted.

    Args:
        dsn: ``Server.dsn``, or that of any other PostgreSQL.
        session: What for; sets time-outs, and on our own server the role.
        i_may_lose_money: For simulations: does not wait for the disk at COMMIT, and takes a
            server that does not either.

    Returns:
        A connection in autocommit mode: transactions are begun and ended by statements.

    Raises:
        DatabaseDown: There is no answer.
        DatabaseRefused: The server is too old or set so that it could lose money.
    """
    settings = {**ALWAYS, **SETTINGS[session]}
    if i_may_lose_money:
        settings["synchronous_commit"] = "off"
    try:
        connection = psycopg.connect(
            _conninfo(dsn, session, settings), autocommit=True, prepare_threshold=1
        )
    except psycopg.ProgrammingError as error:
        raise DatabaseRefused(f"the database's address is wrong: {error}") from None
    except psycopg.OperationalError as error:
        if "unrecognized configuration parameter" in str(error):  # transaction_timeout
            raise DatabaseRefused(
                f"the database is older than PostgreSQL {SERVER_VERSION_MIN // 10_000},"
                f" the oldest that jiehuan works with ({error})"
            ) from None
        raise DatabaseDown(f"the database does not answer: {error}") from None
    connection.prepared_max = PREPARED_MAX
    try:
        _check(connection, i_may_lose_money=i_may_lose_money)
    except BaseException:
        connection.close()
        raise
    return connection


def _conninfo(dsn: str, session: Session, settings: dict[str, str]) -> str:
    """Complete an address by the role, the settings and what detects a dead peer."""
    given = conninfo.conninfo_to_dict(dsn)
    given.setdefault("connect_timeout", _CONNECT_SECONDS)
    given.setdefault("tcp_user_timeout", _UNANSWERED_MILLISECONDS)
    given.setdefault("application_name", f"jiehuan {session.name.lower()}")
    if given.get("fallback_application_name") == EMBEDDED and given.get("user") == OWNER:
        given["user"] = session.value
    ours = " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in settings.items()
    )
    given["options"] = f"{given.get('options', '')} {ours}".strip()
    return conninfo.make_conninfo("", **given)


def _check(connection: psycopg.Connection, *, i_may_lose_money: bool) -> None:
    """Check version and settings.

    Raises:
        DatabaseRefused: See ``connect``; the message lists all that is wrong.
    """
    version = connection.info.server_version
    if version < SERVER_VERSION_MIN:
        raise DatabaseRefused(
            f"the database is PostgreSQL {version // 10_000}; jiehuan works with"
            f" {SERVER_VERSION_MIN // 10_000} and later"
        )
    names = [name for name, _, _ in _MUST]
    columns = ", ".join("current_setting(%s)" for _ in names)
    row = connection.execute(f"SELECT {columns}".encode(), names).fetchone()
    assert row is not None
    wrong = [
        f"{name} is {value}, must be {' or '.join(sorted(good))}: {why}"
        for (name, good, why), value in zip(_MUST, row, strict=True)
        if value not in good and not (i_may_lose_money and name in _MAY_LOSE)
    ]
    if wrong:
        raise DatabaseRefused("the database could lose money: " + "; ".join(wrong))
