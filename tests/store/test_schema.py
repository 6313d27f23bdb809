"""The schema is the one that ``core.columns`` declares, and its steps are remembered."""

import psycopg
import pytest

from jiehuan.core.errors import DatabaseRefused, InvariantBroken
from jiehuan.store import migrate, sessions
from jiehuan.store.database import connect
from jiehuan.store.migrate import migrations, prepare
from jiehuan.store.sessions import Session
from jiehuan.store.tables import TABLE_OF, TABLES
from jiehuan.store.wire import wire_type

# Tables that all books share.
REFERENCE = {"client", "terms", "policy", "model", "schema_version"}
# Columns that may be empty, and why.
NULLABLE = {
    ("command", "detail"),  # hot kinds have none
    ("outbox", "partner"),  # the partner has said nothing yet
    ("outbox", "sent_at"),  # nothing was sent yet
    ("vault", "blind_index"),  # fields that nobody looks up
}
# Columns of our tables beside those of ``tables.TABLES``: no batch of commands writes them.
BESIDE = {
    "command": ["detail"],
    "outbox": ["wanted", "due_at", "sent_at", "partner", "reason"],
}
NAMES = {"timestamp with time zone": "timestamptz"}


@pytest.fixture
def conn(database):
    with connect(database, Session.OWNER) as connection:
        yield connection


def columns_of(conn):
    """Return the columns of each table: name, type and whether it may be null."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, name, kind, null in conn.execute(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES'"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position"
    ):
        found.setdefault(table, {})[name] = (NAMES.get(kind, kind), null)
    return found


def test_every_table_has_the_columns_that_it_is_declared_with(conn):
    found = columns_of(conn)

    for name, table in TABLES.items():
        wanted = {"book": "smallint"}
        wanted |= {column: wire_type(column, table.dtype[column]).name for column in table.columns}
        types = {column: kind for column, (kind, _) in found[name].items()}
        for column in BESIDE.get(name, []):
            del types[column]
        assert wanted == types, name


def test_every_class_of_columns_has_its_table(conn):
    assert {table.name for table in TABLE_OF.values()} <= set(columns_of(conn))


def test_nothing_is_null_but_what_is_listed(conn):
    found = {
        (table, name)
        for table, columns in columns_of(conn).items()
        for name, (_, null) in columns.items()
        if null
    }

    assert NULLABLE == found


def test_the_book_is_first_in_every_key(conn):
    keys: dict[str, list[list[str]]] = {}
    for table, columns in conn.execute(
        "SELECT c.relname, array_agg(a.attname ORDER BY k.place) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid,"
        " unnest(i.indkey) WITH ORDINALITY AS k(column_no, place)"
        " JOIN pg_attribute a ON a.attnum = k.column_no"
        " WHERE a.attrelid = i.indrelid AND c.relnamespace = 'public'::regnamespace"
        " GROUP BY i.indexrelid, c.relname"
    ):
        keys.setdefault(table, []).append(columns)

    assert set(columns_of(conn)) == set(keys)
    for table in set(keys) - REFERENCE:
        assert all(columns[0] == "book" for columns in keys[table]), table
    for name, table in TABLES.items():
        assert ["book", *table.key] in keys[name]


def test_nothing_crosses_books(conn):
    found = conn.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'f'"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT relname FROM pg_class WHERE relkind = 'S'"
    ).fetchall()

    assert found == []


def test_every_table_is_granted_to_the_writer_in_one_way(conn):
    listed = [*sessions.JOURNAL, *sessions.REFERENCE, *sessions.STATE]

    assert sorted([*listed, "schema_version"]) == sorted(columns_of(conn))


BROKEN = {
    "INSERT INTO transfer VALUES (1, 1, 0, 1, 5, 5, 1, '2026-01-01', '2026-01-01')": "two_sides",
    "INSERT INTO transfer VALUES (1, 1, 0, 1, 5, 6, 0, '2026-01-01', '2026-01-01')": "amount",
    "INSERT INTO statement VALUES (1, 1, 1, '2026-01-01', '2026-01-01', 0, 5, 6, 0)": "minimum",
    "INSERT INTO hold VALUES (1, 1, 1, 1, 1, 5, 6, 0, '2026-01-01')": "hold_left_is_part",
    "INSERT INTO instalment VALUES (1, 1, 1, 1, '2026-01-01', 5, 0, 6, 0, false)": "paid_is_part",
    "INSERT INTO terms VALUES (0, 1, 'a', 1, '2026-01-01', 'text', '\\x00')": "terms_ha",
    "INSERT INTO book (book, business_date, currency, clock, opened_on)"
    " VALUES (1, '2026-01-01', 'Yuan', 'virtual', '2026-01-01')": "currency",
}


@pytest.mark.parametrize("statement", BROKEN)
def test_what_no_book_may_hold_is_refused(conn, statement):
    with pytest.raises(psycopg.errors.CheckViolation, match=BROKEN[statement]):
        conn.execute(statement)


# --- Steps --------------------------------------------------------------------------------------


def test_preparing_twice_does_nothing(empty_database):
    prepare(empty_database)
    prepare(empty_database)

    with connect(empty_database, Session.OWNER) as connection:
        done = connection.execute("SELECT version FROM schema_version ORDER BY 1").fetchall()
    assert [(step.version,) for step in migrations()] == done


def test_steps_that_are_new_are_taken_on_top_of_the_others(empty_database, monkeypatch):
    prepare(empty_database)
    more = migrate.Migration(len(migrations()) + 1, "more", "CREATE TABLE more (book smallint)")
    every = [*migrations(), more]
    monkeypatch.setattr(migrate, "migrations", lambda: every)

    prepare(empty_database)

    with connect(empty_database, Session.OWNER) as connection:
        assert connection.execute("SELECT * FROM more").fetchall() == []


def test_a_step_that_fails_leaves_nothing(empty_database, monkeypatch):
    broken = migrate.Migration(1, "broken", "CREATE TABLE half (book smallint); SELECT 1 / 0")
    monkeypatch.setattr(migrate, "migrations", lambda: [broken])
    with pytest.raises(psycopg.errors.DivisionByZero):
        prepare(empty_database)
    monkeypatch.undo()

    prepare(empty_database)


def test_a_schema_of_a_newer_program_is_refused(fresh_database):
    dsn = fresh_database()
    with connect(dsn, Session.OWNER) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 'later', '')")

    with pytest.raises(DatabaseRefused, match=r"newer jiehuan \(schema 99"):
        prepare(dsn)


def test_a_schema_made_by_other_steps_is_a_broken_invariant(fresh_database):
    dsn = fresh_database()
    with connect(dsn, Session.OWNER) as connection:
        connection.execute("UPDATE schema_version SET hash = ''")

    with pytest.raises(InvariantBroken, match="schema step 1"):
        prepare(dsn)


OTHERS = {
    "CREATE TABLE wp_posts (id bigint)": "wp_posts",
    "CREATE VIEW report AS SELECT 1 AS one": "report",
    "CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint)": "orders",
    "CREATE TABLE schema_version (version_rank integer)": "schema_version that is not ours",
}


@pytest.mark.parametrize("statement", OTHERS)
def test_a_database_of_somebody_else_is_refused_and_left_alone(empty_database, statement):
    with connect(empty_database, Session.OWNER) as connection:
        connection.execute(statement)

    with pytest.raises(DatabaseRefused, match=OTHERS[statement]):
        prepare(empty_database)

    with connect(empty_database, Session.OWNER) as connection:
        found = connection.execute("SELECT to_regclass('line')").fetchone()
    assert found == (None,)
