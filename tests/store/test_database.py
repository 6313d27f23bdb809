"""Servers and databases that are refused, and why."""

import socket
import struct
import threading

import pytest
from psycopg import conninfo
from tests.database import roomy_place

from jiehuan.core.errors import DatabaseDown, DatabaseRefused
from jiehuan.store.database import connect
from jiehuan.store.migrate import prepare
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session


def test_each_kind_of_session_has_its_own_role_and_time_outs(database):
    seen = {}
    for session in Session:
        with connect(database, session) as connection:
            seen[session] = connection.execute(
                "SELECT current_user, current_setting('transaction_timeout')"
            ).fetchone()

    assert seen == {
        Session.OWNER: ("jiehuan", "0"),
        Session.WRITER: ("jiehuan_writer", "3s"),
        Session.DAY: ("jiehuan_day", "6s"),
        Session.READER: ("jiehuan_reader", "30s"),
    }


def test_the_time_outs_are_those_of_the_role_whatever_a_session_says(server):
    with connect(server.dsn, Session.OWNER) as connection:
        rows = connection.execute(
            "SELECT rolname, array_to_string(rolconfig, ' ') FROM pg_roles"
            " WHERE rolname LIKE 'jiehuan\\_%'"
        ).fetchall()
    found: dict[str, str] = dict(rows)

    assert "transaction_timeout=3000" in found["jiehuan_writer"]
    assert "transaction_timeout=6000" in found["jiehuan_day"]
    assert "default_transaction_read_only=on" in found["jiehuan_reader"]


def test_an_address_of_another_server_keeps_its_user(server):
    given = conninfo.conninfo_to_dict(server.dsn)
    del given["fallback_application_name"]

    with connect(conninfo.make_conninfo("", **given)) as connection:
        found = connection.execute(
            "SELECT current_user, current_setting('transaction_timeout')"
        ).fetchone()

    assert found == ("jiehuan", "3s")


@pytest.fixture(scope="module")
def careless():
    """A server that may lose what it has committed."""
    settings = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    with Server.temporary(roomy_place(), settings=settings) as made:
        yield made


def test_a_server_that_may_lose_money_is_refused_with_all_that_is_wrong(careless):
    with pytest.raises(DatabaseRefused) as refused:
        connect(careless.dsn)

    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} is off, must be on" in str(refused.value)
    with pytest.raises(DatabaseRefused):
        prepare(careless.dsn)


def test_who_may_lose_money_says_so(careless):
    prepare(careless.dsn, i_may_lose_money=True)

    with connect(careless.dsn, i_may_lose_money=True) as connection:
        assert connection.execute("SELECT count(*) FROM line").fetchone() == (0,)


def test_who_may_lose_money_does_not_wait_for_the_disk(server):
    with connect(server.dsn, i_may_lose_money=True) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)


def test_an_isolation_that_the_fence_does_not_hold_under_is_set_right(server):
    dsn = conninfo.make_conninfo(
        server.dsn, options="-c default_transaction_isolation=serializable"
    )

    with connect(dsn) as connection:
        assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)


def test_nobody_there(tmp_path):
    with pytest.raises(DatabaseDown, match="does not answer"):
        connect(f"host={tmp_path} dbname=jiehuan")


def test_an_address_that_is_none():
    with pytest.raises(DatabaseRefused, match="address is wrong"):
        connect("postgresql://host:port/x?colour=blue")


def test_a_database_that_is_not_there(server):
    with pytest.raises(DatabaseDown, match='"nothing" does not exist'):
        connect(conninfo.make_conninfo(server.dsn, dbname="nothing"))


# --- Older servers: none is at hand, so one is played -------------------------------------------


def message(kind, body):
    return kind + struct.pack(">i", len(body) + 4) + body


WELCOME = message(b"R", struct.pack(">i", 0))
READY = message(b"Z", b"I")
UNKNOWN_SETTING = message(
    b"E",
    b'SFATAL\0VFATAL\0C42704\0Munrecognized configuration parameter "transaction_timeout"\0\0',
)
OLD = {
    "it says its version": WELCOME + message(b"S", b"server_version\x0016.4\0") + READY,
    "it does not know our settings": UNKNOWN_SETTING,
}


@pytest.mark.parametrize("case", OLD)
def test_a_server_older_than_17_is_refused(case):
    def answer():
        guest, _ = listening.accept()
        with guest:
            guest.recv(10_000)
            guest.sendall(OLD[case])
            guest.recv(10_000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer)
        thread.start()
        port = listening.getsockname()[1]
        try:
            with pytest.raises(DatabaseRefused, match="17"):
                connect(
                    f"host=127.0.0.1 port={port} user=x dbname=x sslmode=disable gssencmode=disable"
                )
        finally:
            thread.join()
