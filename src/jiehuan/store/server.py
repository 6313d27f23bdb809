"""A PostgreSQL of our own in a directory: made, started, found again, stopped.

    with Server(Path("books")) as server:
        connection = connect(server.dsn)

It listens on no port: only on a socket in the data directory, which nobody but its owner (and
root) can enter, and there it asks the kernel who calls.  It runs in a session of its own, so
neither Ctrl-C nor the death of the program that started it stops it in mid-work; the next
program to open the directory takes it over.  Whether it lives is found out by connecting,
never from its pid.

The directory::

    jiehuan.json    what made it
    postgres/       PostgreSQL's data
    socket/         where it listens
    postgres.log
    ballast         64 MB that are given up when the disk is full
    use.lock        held shared by every program that uses the server
    start.lock      held by who starts or stops it
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import psycopg
from psycopg import pq

from jiehuan.core.errors import DatabaseDown, DatabaseRefused, DiskFull, UsageError
from jiehuan.store import postmaster
from jiehuan.store.programs import POSTGRES_MAJOR, User, programs, run, server_user, spawn
from jiehuan.store.sessions import EMBEDDED, OWNER, Session, role_statements

FORMAT = 1
DATABASE = "jiehuan"
BALLAST_BYTES = 64 * 2**20
LOG_BYTES_MAX = 16 * 2**20

# What the kernel allows for the path of a socket, less "/.s.PGSQL.5432".
_SOCKET_DIRECTORY_MAX = 92
_START_TRIES_SECONDS = 30.0
_TELL_SECONDS = 1.0
_NO_SPACE = os.strerror(errno.ENOSPC)

Tell = Callable[[str], None]

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_sync_retry": "off",
    "default_transaction_isolation": "read committed",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",  # a new book grows a hundredfold in a minute
    "max_parallel_workers_per_gather": "0",
    "dynamic_shared_memory_type": "mmap",  # in the directory: a kill leaves nothing elsewhere
    "jit": "off",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


def _quiet(_message: str) -> None:
    """Tell nobody."""


class Server:
    """The PostgreSQL of one data directory.

    Attributes:
        directory: Absolute path of the data directory.
        dsn: How ``connect`` reaches its database.
    """

    def __init__(
        self, directory: Path, *, tell: Tell = _quiet, settings: dict[str, str] | None = None
    ) -> None:
        """Name a data directory; nothing is done yet.

        Args:
            directory: Made if it is not there; if it is, it must be empty or ours.
            tell: Called with a sentence whenever there is something to wait for.
            settings: PostgreSQL's settings beside ours.

        Raises:
            UsageError: The path is too long for a socket.
        """
        self.directory = directory.absolute()
        self._tell = tell
        self._settings = _SETTINGS | (settings or {})
        self._temporary = False
        self._using: int | None = None
        self._user: User | None = None
        if len(os.fsencode(self._socket)) > _SOCKET_DIRECTORY_MAX:
            raise UsageError(
                f"{self.directory}: the path is too long for a socket; choose a data directory"
                f" whose path has at most {_SOCKET_DIRECTORY_MAX - len('/socket')} bytes"
            )
        self.dsn = self._dsn(DATABASE)

    @classmethod
    def temporary(
        cls,
        place: Path | None = None,
        *,
        tell: Tell = _quiet,
        settings: dict[str, str] | None = None,
    ) -> Self:
        """Make a server in a new temporary directory, which goes when the server is closed.

        What programs that were killed left of theirs is removed first.

        Args:
            place: Where the directory is made; the system's place for such by default.
            tell: As of the constructor.
            settings: As of the constructor.
        """
        place = place or Path(tempfile.gettempdir())
        _sweep(place)
        directory = Path(tempfile.mkdtemp(prefix="jiehuan-", dir=place))
        server = cls(directory, tell=tell, settings=settings)
        server._temporary = True
        return server

    @property
    def _postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def _socket(self) -> Path:
        return self.directory / "socket"

    @property
    def log(self) -> Path:
        """Where PostgreSQL writes what it has to say."""
        return self.directory / "postgres.log"

    @property
    def _ballast(self) -> Path:
        return self.directory / "ballast"

    def _dsn(self, database: str) -> str:
        return psycopg.conninfo.make_conninfo(
            "",
            host=str(self._socket),
            port=5432,
            dbname=database,
            user=OWNER,
            fallback_application_name=EMBEDDED,
        )

    # --- Use ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Start the server, or find it running."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server unless another program uses it; a temporary one is removed."""
        self.close()

    def start(self) -> None:
        """Bring the server up, whatever state it was left in; does nothing if it is up.

        Raises:
            UsageError: The directory cannot be used by the user that the server runs as.
            DatabaseRefused: The directory is not ours, or a newer program made it.
            DiskFull: There is no room to start, even without the ballast.
            DatabaseDown: It does not start; the message has its last words.
        """
        known = self._using is not None
        try:
            while not self._start():
                self._drop_ballast()
        except BaseException:
            if not known:
                self._leave()
            raise

    def _start(self) -> bool:
        """Bring the server up; return whether there was room to."""
        try:
            self._prepare()
            self._use()
            with self._starting():
                if self._ping() is not pq.Ping.OK:
                    self._initialise()
                    self._configure()
                    self._bring_up()
                self._make_roles()
            self._keep_ballast()
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return False
            raise
        return True

    def _use(self) -> None:
        """Say that we use the server."""
        if self._using is None:
            self._using = os.open(self.directory / "use.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._using, fcntl.LOCK_SH)

    def _leave(self) -> None:
        """Say that we use the server no more."""
        if self._using is not None:
            os.close(self._using)
            self._using = None

    def close(self) -> None:
        """Leave the server, and stop it if nobody else uses it."""
        if self._using is None:
            return
        with self._starting():
            fcntl.flock(self._using, fcntl.LOCK_UN)
            alone = True
            try:
                fcntl.flock(self._using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alone = False
            self._leave()
            if alone:
                postmaster.stop(self._postgres, at_once=self._temporary)
        if alone and self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def stop(self) -> None:
        """Stop the server, whoever uses it; what was committed is kept.

        Raises:
            DatabaseDown: It does not stop.
        """
        with self._starting():
            postmaster.stop(self._postgres, at_once=False)

    def is_up(self) -> bool:
        """Return whether the server takes connections."""
        return self._ping() is pq.Ping.OK

    def last_words(self) -> str:
        """Return the end of the log, for an error message."""
        return _tail(self.log, 0)

    # --- The directory --------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Make the directory ours, or check that it is."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UsageError(f"{self.directory} is not a directory") from None
        except PermissionError as error:
            raise UsageError(f"{self.directory} cannot be made: {error}") from None
        marker = self.directory / "jiehuan.json"
        try:
            names = {path.name for path in self.directory.iterdir()}
        except PermissionError:
            owner = User.of(self.directory.stat().st_uid).name
            raise UsageError(f"{self.directory} belongs to {owner}; run as {owner}") from None
        if marker.name in names:
            self._check(marker)
        elif names - {"lost+found", "start.lock", "use.lock"}:
            raise DatabaseRefused(
                f"{self.directory} is not empty and was not made by jiehuan;"
                " choose another data directory"
            )
        self._user = (
            User.of(self._postgres.stat().st_uid) if self._postgres.exists() else server_user()
        )
        outside = self._user.may_enter(self.directory.parent)
        if outside is not None:
            raise UsageError(
                f"{self.directory}: the server runs as user {self._user.name}, who may not enter"
                f" {outside}; choose a data directory elsewhere, e.g. in /var/lib"
            )
        self.directory.chmod(0o700)
        self._give(self.directory)
        self._socket.mkdir(mode=0o700, exist_ok=True)
        self._give(self._socket)
        if marker.name not in names:
            self._use()  # first: who finds a marker and no user takes the directory for a dead one
            made = {"format": FORMAT, "postgres": POSTGRES_MAJOR, "temporary": self._temporary}
            _write_whole(marker, json.dumps(made) + "\n")

    def _check(self, marker: Path) -> None:
        """Check that this program can read the directory."""
        try:
            made = json.loads(marker.read_text(encoding="utf-8"))
            form, major = int(made["format"]), int(made["postgres"])
        except (ValueError, KeyError, TypeError):
            raise DatabaseRefused(f"{marker} is damaged; it is not as jiehuan writes it") from None
        if form > FORMAT:
            raise DatabaseRefused(
                f"{self.directory} was made by a newer jiehuan (format {form}, this one knows"
                f" {FORMAT}); use that one"
            )
        if major != POSTGRES_MAJOR:
            raise DatabaseRefused(
                f"{self.directory} holds data of PostgreSQL {major}, and this program brings"
                f" {POSTGRES_MAJOR}; dump it with the one and restore it with the other"
            )

    def _give(self, path: Path) -> None:
        """Give a path to the user of the server."""
        assert self._user is not None
        if not self._user.is_caller:
            os.chown(path, self._user.uid, self._user.gid)

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """Keep others from starting or stopping the server meanwhile."""
        lock = os.open(self.directory / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._tell("another program starts or stops the database")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    # --- Start ----------------------------------------------------------------------------------

    def _ping(self) -> pq.Ping:
        """Ask the server whether it takes connections."""
        # The C build of psycopg answers with a plain number.
        return pq.Ping(pq.PGconn.ping(f"{self._dsn('postgres')} connect_timeout=3".encode()))

    def _initialise(self) -> None:
        """Make PostgreSQL's data, unless they are there."""
        if self._postgres.exists():
            return
        assert self._user is not None
        self._tell("making the database")
        work = self.directory / "postgres.new"
        if work.exists():  # we were killed in the middle
            shutil.rmtree(work)
        work.mkdir(mode=0o700)
        self._give(work)
        command: list[str | Path] = [programs(self._user) / "initdb", "-D", work]
        command += ["--username", OWNER, "--encoding", "UTF8", "--locale-provider", "builtin"]
        command += ["--builtin-locale", "C.UTF-8", "--locale", "C", "--data-checksums"]
        command += ["--auth-local", "peer", "--auth-host", "reject", "--no-instructions"]
        done = run([*command, *(["--no-sync"] if self._temporary else [])], self._user, work)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            if _NO_SPACE in said:
                raise DiskFull(f"{self.directory}: no room to make a database")
            raise DatabaseDown(f"{self.directory}: the database could not be made: {said}")
        work.rename(self._postgres)

    def _configure(self) -> None:
        """Write the settings, and who may connect: the caller, root and the server's user."""
        assert self._user is not None
        settings = {**self._settings, "unix_socket_directories": str(self._socket)}
        lines = [f"{name} = '{value}'".replace("\\", "\\\\") for name, value in settings.items()]
        callers = dict.fromkeys([User.of(os.geteuid()).name, self._user.name, "root"])
        roles = [session.value for session in Session]
        maps = [f'books "{caller}" {role}' for caller in callers for role in roles]
        files = {
            "postgresql.conf": lines,
            "pg_hba.conf": ["local all all peer map=books"],
            "pg_ident.conf": maps,
        }
        for name, content in files.items():
            path, text = self._postgres / name, "\n".join(content) + "\n"
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                _write_whole(path, text)
            self._give(path)

    def _bring_up(self) -> None:
        """Start PostgreSQL and wait until it answers, however long its recovery takes."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        until = time.monotonic() + _START_TRIES_SECONDS
        while True:
            said = self._try()
            if said is None:
                return
            if _NO_SPACE in said:
                self._drop_ballast()
            elif (
                not postmaster.is_passing(said, self._postgres, self._socket)
                or time.monotonic() > until
            ):
                raise DatabaseDown(f"{self.directory}: PostgreSQL does not start: {said}")

    def _try(self) -> str | None:
        """Start PostgreSQL once; return what it said if it ended, or nothing if it is up."""
        assert self._user is not None
        self.log.touch(mode=0o600)
        before = self.log.stat().st_size
        command: list[str | Path] = [programs(self._user) / "postgres", "-D", self._postgres]
        child = spawn(command, self._user, self._postgres, self.log)
        began = told = time.monotonic()
        while self._ping() is not pq.Ping.OK:
            if child.poll() is not None:
                return _tail(self.log, before) or f"it ended with status {child.returncode}"
            now = time.monotonic()
            if now - told > _TELL_SECONDS:
                told = now
                self._tell(f"the database recovers, {now - began:.0f} s so far")
            time.sleep(0.02)
        postmaster.reap(child.wait)
        return None

    def _make_roles(self) -> None:
        """Make the roles and the database of the books, and renew the roles' settings."""
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            have = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for session in Session:
                if session.value not in have:
                    connection.execute(f"CREATE ROLE {session.value} LOGIN".encode())
            for statement in role_statements():
                connection.execute(statement.encode())
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}".encode())

    # --- The ballast ----------------------------------------------------------------------------

    def _drop_ballast(self) -> None:
        """Give the ballast up for a start on a full disk.

        Raises:
            DiskFull: It is gone already.
        """
        if not self._ballast.exists():
            raise DiskFull(
                f"{self.directory}: the disk is full, and the database cannot start before there"
                " is room; nothing that was answered is lost. Make room and start again"
            )
        self._ballast.unlink()
        self._tell("the disk was full: 64 MB held back for this were given up; make room soon")

    def _keep_ballast(self) -> None:
        """Hold 64 MB back for the day when the disk is full, while there is plenty."""
        if self._temporary or self._ballast.exists():
            return
        state = os.statvfs(self.directory)
        if state.f_bavail * state.f_frsize < 4 * BALLAST_BYTES:
            return
        work = self._ballast.with_suffix(".new")
        with work.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        work.rename(self._ballast)


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, for its owner only."""
    work = path.with_name(path.name + ".new")
    work.touch(mode=0o600)
    work.write_text(text, encoding="utf-8")
    work.rename(path)


def _tail(log: Path, start: int) -> str:
    """Return what a log says from an offset on, at most its last lines."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 4000))
        return file.read().decode(errors="replace").strip()


def _sweep(place: Path) -> None:
    """Remove temporary servers whose programs were killed."""
    for directory in place.glob("jiehuan-*"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            made = json.loads((directory / "jiehuan.json").read_text(encoding="utf-8"))
            lock = os.open(directory / "use.lock", os.O_RDWR)
            try:
                if made["temporary"] is not True:
                    continue
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                postmaster.stop(directory / "postgres", at_once=True)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
