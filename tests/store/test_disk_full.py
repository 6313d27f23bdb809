"""A full disk, in its two forms: data are refused and reading goes on; the log stops the server.

Both are tried on small disks of memory, which only root can mount.
"""

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from tests.database import roomy_place
from tests.store.batches import BOOK, Pen, keys_of, make_book
from tests.store.children import wait_until

from jiehuan.core.errors import DiskFull, InDoubt
from jiehuan.store import postmaster, reading, saving, server, tables
from jiehuan.store.database import connect
from jiehuan.store.migrate import prepare
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")

MEBI = 2**20


@pytest.fixture
def small_disk():
    """Mount a small disk and return where; called with its size in MiB."""
    parent = Path(tempfile.mkdtemp(prefix="store-test-", dir=roomy_place()))
    parent.chmod(0o755)
    mounted: list[Path] = []

    def mount(size):
        place = parent / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0755", "none", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be mounted: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", place], check=True)
    shutil.rmtree(parent)


def fill(path):
    """Write to a disk until it is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return


def buy_on(pen, n):
    """Save batches of ``n`` and never stop."""
    for at in itertools.count():
        pen.buy(*(f"{at} {k}" for k in range(n)))


@pytest.mark.parametrize("n", [100, saving.COPY_ROWS_MIN])
def test_where_data_find_no_room_the_batch_is_refused_and_reading_goes_on(small_disk, n):
    place = small_disk(3)
    with Server.temporary(roomy_place()) as made:
        prepare(made.dsn)
        make_book(made.dsn)
        os.chown(place, *(getattr(made.directory.stat(), name) for name in ("st_uid", "st_gid")))
        with connect(made.dsn, Session.OWNER) as conn:
            conn.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            conn.execute("ALTER TABLE transfer SET TABLESPACE small")
        pen = Pen(made.dsn, session=Session.DAY)
        pen.buy("first")
        fill(place / "filler")

        with pytest.raises(DiskFull, match="make room"):
            buy_on(pen, n)

        kept = keys_of(made.dsn)
        assert kept[0] == "first"
        assert pen.lease.seq == len(kept)
        assert len(kept) == len(reading.read(pen.conn, tables.TRANSFER, BOOK))
        (place / "filler").unlink()
        pen.buy(*(f"last {k}" for k in range(n)))
        assert pen.lease.seq == len(keys_of(made.dsn))
        pen.close()
        with connect(made.dsn, Session.OWNER) as conn:
            conn.execute("ALTER TABLE transfer SET TABLESPACE pg_default")
            conn.execute("DROP TABLESPACE small")


@pytest.fixture
def on_small_disk(small_disk, monkeypatch):
    """A server on a disk of its own, with a ballast that fits in, and what it has told."""
    monkeypatch.setattr(server, "BALLAST_BYTES", 40 * MEBI)
    directory = small_disk(400)
    told: list[str] = []
    settings = {"min_wal_size": "32MB", "shared_buffers": "16MB"}
    made = Server(directory, tell=told.append, settings=settings)
    yield made, told
    postmaster.stop(directory / "postgres", at_once=True)
    made.close()


def write_log(dsn):
    """Write to the log of the database and never stop."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            connection.execute("SELECT pg_logical_emit_message(true, '', repeat('x', 1000000))")
            connection.execute("SELECT pg_switch_wal()")


def test_where_the_log_finds_no_room_the_server_stops_and_the_ballast_brings_it_back(on_small_disk):
    made, told = on_small_disk
    made.start()
    prepare(made.dsn)
    make_book(made.dsn)
    pen = Pen(made.dsn)
    pen.buy("kept")
    ballast = made.directory / "ballast"
    assert ballast.stat().st_size == 40 * MEBI
    fill(made.directory / "filler")
    with pytest.raises(psycopg.OperationalError):
        write_log(made.dsn)
    with pytest.raises(InDoubt):
        pen.buy("doubt")
    wait_until(lambda: not postmaster.alive_in(made.directory / "postgres"))
    assert "No space left on device" in made.last_words()

    made.start()

    assert ["kept"] == keys_of(made.dsn)
    assert not ballast.exists()
    assert any("disk was full" in words for words in told)

    # Without the ballast it stays down, and says so, until there is room.
    made.stop()
    fill(made.directory / "more")
    with pytest.raises(DiskFull, match="nothing that was answered is lost"):
        made.start()
    (made.directory / "filler").unlink()
    made.start()
    assert ["kept"] == keys_of(made.dsn)
    assert ballast.exists()


def test_a_disk_without_room_for_a_database_is_refused(small_disk):
    place = small_disk(8)

    with pytest.raises(DiskFull, match="no room"):
        Server(place / "books").start()
