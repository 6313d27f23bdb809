"""The process that PostgreSQL leaves its pid of: whether it still lives, and how it stops.

A pid file proves nothing: its process may be dead, a zombie that nobody waits for, or, after
a restart of the machine, somebody else's.  So a process counts as PostgreSQL's only if its
working directory is the data directory, which holds for every one of its processes.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jiehuan.core.errors import DatabaseDown

STOP_SECONDS = 60.0
_PROCESSES = Path("/proc")
_PASSING = ('lock file "postmaster.pid"', "pre-existing shared memory block", ".s.PGSQL.")


def pid_in(data: Path) -> int | None:
    """Return the pid that a data directory's pid file names, if there is one."""
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def alive_in(data: Path) -> list[int]:
    """Return the processes that work in a data directory; zombies do not."""
    data = data.resolve()
    found = []
    for process in _PROCESSES.iterdir():
        if process.name.isdigit():
            try:
                works_in = (process / "cwd").readlink()
            except OSError:  # gone, a zombie, or somebody else's
                continue
            if works_in == data:
                found.append(int(process.name))
    return found


def _sees_processes() -> bool:
    """Return whether the system shows where processes work."""
    return (_PROCESSES / "self" / "cwd").exists()


def _lives(pid: int, data: Path) -> bool:
    """Return whether a pid is a live process of a data directory's PostgreSQL."""
    if _sees_processes():
        return pid in alive_in(data)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def reap(wait: Callable[[], object]) -> None:
    """See to it that a child leaves no zombie when it ends, for as long as we live.

    Args:
        wait: Returns when the child has ended and has been waited for.
    """
    threading.Thread(target=wait, name="postgres", daemon=True).start()


def is_passing(said: str, data: Path, socket: Path) -> bool:
    """Return whether a start that failed is worth another try, after waiting a little.

    So it is while the processes of a postmaster that was killed are still ending.  If none is
    left, the lock files that name one, a zombie perhaps, are removed.

    Args:
        said: What PostgreSQL said.
        data: Its own data directory.
        socket: The directory of its socket.
    """
    if not any(hint in said for hint in _PASSING):
        return False
    if _sees_processes() and not alive_in(data):
        for lock in (data / "postmaster.pid", *socket.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
        return True
    time.sleep(0.1)
    return True


def stop(data: Path, *, at_once: bool) -> None:
    """Stop the PostgreSQL of a data directory and wait until it is gone.

    Args:
        data: PostgreSQL's own data directory.
        at_once: Without a last checkpoint; the next start recovers.

    Raises:
        DatabaseDown: It does not stop.
    """
    pid = pid_in(data)
    if pid is None or not _lives(pid, data):
        return
    os.kill(pid, signal.SIGQUIT if at_once else signal.SIGINT)
    until = time.monotonic() + STOP_SECONDS
    while _lives(pid, data):
        if time.monotonic() > until:
            raise DatabaseDown(f"PostgreSQL (process {pid}) in {data} does not stop")
        time.sleep(0.01)
