"""The program is killed twenty times and the database ten times, and nothing is lost or doubled.

``kill -9`` does not test fsync: what a killed program wrote is still in the kernel's memory.
"""

import collections

import psycopg
import pytest
from tests.engine.script import contents, differences, make_ready, new_book
from tests.torture import driver
from tests.torture.kills import Torture, points_of
from tests.torture.lives import PRODUCTS

from jiehuan.engine.requests import key_hashes
from jiehuan.reports.audit import audit
from jiehuan.store.database import connect
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session

SEED = 20_260_301
KILLS, RAISES, STOPS = 5, 15, 10


@pytest.fixture(scope="module")
def calm(server, tmp_path_factory):
    """The number of a book whose life nobody disturbed."""
    book = new_book(make_ready(server.dsn, PRODUCTS))
    driver.run(server.dsn, book, tmp_path_factory.mktemp("calm") / "notes", driver.Points([]))
    return book


def breaches(dsn, book):
    """Return what audit finds wrong with a book."""
    with connect(dsn, Session.READER) as connection:
        return list(map(str, audit(connection, book)))


def test_audit_finds_nothing_wrong_with_a_life_of_all_kinds(server, calm):
    assert [] == breaches(server.dsn, calm)


def test_a_book_that_was_killed_thirty_times_is_as_if_it_never_was(server, calm, tmp_path):
    notes = tmp_path / "notes"
    with Server.temporary(settings={"shared_buffers": "32MB"}) as victim:
        book = new_book(make_ready(victim.dsn, PRODUCTS))
        torture = Torture(victim, book, notes)

        torture.run(points_of(SEED, KILLS, RAISES, STOPS))

        assert (KILLS, STOPS) == (torture.killed, torture.struck)
        assert [] == unkept(victim.dsn, book, driver.read_notes(notes))
        assert {} == differences(contents(server.dsn, calm), contents(victim.dsn, book))
        assert [] == breaches(victim.dsn, book)


def unkept(dsn, book, known):
    """Return the acknowledged keys that are not once in the journal, with their answer."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT key_hash::text, seq, line, outcome, applied_minor FROM command"
            " WHERE book = %s AND client > 0",
            [book],
        ).fetchall()
    times = collections.Counter(row[0] for row in rows)
    found = {row[0].replace("-", ""): row[1:] for row in rows}
    hashes = [key.tobytes().hex() for key in key_hashes(known)]
    return [key for key, count in times.items() if count > 1] + [
        key
        for (key, answer), name in zip(known.items(), hashes, strict=True)
        if found.get(name) != tuple(answer[:4])
    ]
