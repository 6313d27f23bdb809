"""Columns travel to PostgreSQL and back as they were."""

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jiehuan.core.columns import NEVER
from jiehuan.core.errors import InvariantBroken
from jiehuan.store import wire
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

# A column of every type, with values at its ends; days stay inside PostgreSQL's calendar.
DTYPE = np.dtype(
    [
        ("id", "i8"),
        ("terms", "i4"),
        ("cut_on", "i4"),
        ("bucket", "i2"),
        ("open", "?"),
        ("key_hash", "V16"),
        ("booked_at", "i8"),
    ]
)
NAMES = DTYPE.names or ()
TYPES = "bigint, integer, date, smallint, boolean, uuid, timestamptz"
DAYS = st.sampled_from([0, NEVER]) | st.integers(1, 3_650_000)
MICROSECONDS = st.integers(-(2**50), 2**52)


def rows_of(values):
    return np.array(values, DTYPE)


ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.integers(-(2**31), 2**31 - 1),
        DAYS,
        st.integers(-(2**15), 2**15 - 1),
        st.booleans(),
        st.binary(min_size=16, max_size=16),
        MICROSECONDS,
    ),
    max_size=20,
).map(rows_of)


@pytest.fixture(scope="module")
def conn(server):
    with connect(server.dsn, Session.OWNER) as connection:
        fields = zip(NAMES, TYPES.split(", "), strict=True)
        columns = ", ".join(f"{name} {kind}" for name, kind in fields)
        connection.execute(f"CREATE TEMP TABLE t (book smallint, place serial, {columns})")
        yield connection


def test_every_type_of_column_is_known():
    names = [wire.wire_type(name, DTYPE[name]).name for name in NAMES]

    assert TYPES.split(", ") == names


@given(rows=ROWS)
def test_arrays_arrive_as_they_were_sent(conn, rows):
    names = ", ".join(NAMES)
    found = conn.execute(
        "SELECT coalesce(string_agg(record_send(u), ''::bytea), '')"
        f" FROM unnest(%s, %s, %s, %s, %s, %s, %s) AS u({names})",
        wire.arrays(rows),
        binary=True,
    ).fetchone()[0]

    assert (rows == wire.records(found, DTYPE)).all()


@given(rows=ROWS, book=st.integers(0, 2**15 - 1))
def test_copy_in_and_copy_out_undo_each_other(conn, rows, book):
    names = ", ".join(NAMES)
    conn.execute("TRUNCATE t RESTART IDENTITY")
    with (
        conn.cursor() as cursor,
        cursor.copy(f"COPY t (book, {names}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(wire.copy_in(rows, book))
    query = f"COPY (SELECT {names} FROM t WHERE book = {book} ORDER BY place) TO STDOUT"
    with conn.cursor() as cursor, cursor.copy(f"{query} (FORMAT BINARY)") as copy:
        data = b"".join(copy)

    assert (rows == wire.copy_out(data, DTYPE)).all()


DATES = {
    "no day": (0, "-infinity"),
    "never": (NEVER, "infinity"),
    "the first day of the calendar": (730_120, "2000-01-01"),
    "the day before it": (730_119, "1999-12-31"),
    "a leap day": (738_945, "2024-02-29"),
}


@pytest.mark.parametrize("case", DATES)
def test_days_are_dates(conn, case):
    day, text = DATES[case]
    sent = wire.array(np.array([day], np.int32), wire.DATE)

    assert conn.execute("SELECT (%s)[1]::text", [sent]).fetchone() == (text,)


def test_times_are_those_of_the_world(conn):
    sent = wire.array(np.array([1_709_164_800_000_001]), wire.TIMESTAMPTZ)

    found = conn.execute("SELECT (%s)[1]::text", [sent]).fetchone()

    assert found == ("2024-02-29 00:00:00.000001+00",)


def test_no_value_may_be_null(conn):
    one = conn.execute("SELECT record_send(ROW(1::bigint, NULL::bigint))", binary=True).fetchone()[
        0
    ]
    two = conn.execute("SELECT record_send(ROW(1::bigint, 2::integer))", binary=True).fetchone()[0]
    dtype = np.dtype([("id", "i8"), ("line", "i8")])

    for data in (one, two):
        with pytest.raises(InvariantBroken):
            wire.records(data, dtype)


def test_a_value_of_the_right_size_and_another_type_is_noticed(conn):
    data = conn.execute("SELECT record_send(ROW(1::float8))", binary=True).fetchone()[0]

    with pytest.raises(InvariantBroken):
        wire.records(data, np.dtype([("id", "i8")]))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_rows_or_refused(data):
    try:
        rows = wire.records(data, DTYPE)
    except InvariantBroken:
        return
    assert len(data) == len(rows) * wire._record_layout(DTYPE).dtype.itemsize


def test_days_outside_the_calendar_of_the_database_are_refused_by_it(conn):
    sent = wire.array(np.array([-5_000_000], np.int32), wire.DATE)

    with pytest.raises(psycopg.errors.DatetimeFieldOverflow):
        conn.execute("SELECT unnest(%s)", [sent]).fetchall()


@given(values=hnp.arrays(np.int64, st.integers(0, 30)))
def test_an_array_of_any_length_is_one_parameter(conn, values):
    found = conn.execute("SELECT %s", [wire.array(values, wire.BIGINT)]).fetchone()

    assert values.tolist() == found[0]
