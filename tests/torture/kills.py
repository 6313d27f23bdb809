"""A book's life under torture: the program and its database are killed at seeded points.

PostgreSQL is killed in two ways by turns: all its processes with ``kill -9``, and one of them,
the writer's own, at which it drops all others and recovers.
"""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psycopg

from jiehuan.store import failpoints, postmaster
from jiehuan.store.server import Server

ROOT = Path(__file__).parents[2]
REACHES_MAX = 8  # points are so far from one another that all fit into the life
SECONDS_MAX = 240.0


class Point(NamedTuple):
    """Where somebody is struck: ``how`` is kill or raise (program) or stop (then PostgreSQL)."""

    name: str
    nth: int
    how: str

    def __str__(self) -> str:
        return f"{self.name}:{self.nth}:{self.how}"


def points_of(seed: int, kills: int, raises: int, stops: int) -> list[Point]:
    """Return so many points of each way, mixed; each way sees every failpoint by turns."""
    chance = random.Random(seed)
    points = []
    for how, count in (("kill", kills), ("raise", raises), ("stop", stops)):
        names = itertools.cycle(chance.sample(failpoints.NAMES, len(failpoints.NAMES)))
        points += [Point(next(names), chance.randint(1, REACHES_MAX), how) for _ in range(count)]
    chance.shuffle(points)
    return points


def kill_database(server: Server) -> None:
    """Kill every process of a server with ``kill -9``."""
    data = server.directory / "postgres"
    while pids := postmaster.alive_in(data):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def kill_backend(server: Server) -> None:
    """Kill the writer's own server process; PostgreSQL then drops all others and recovers."""
    with psycopg.connect(server.dsn) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'jiehuan writer'"
        ).fetchall()
    for (pid,) in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Torture:
    """Drives the driver, and strikes it."""

    def __init__(self, server: Server, book: int, notes: Path) -> None:
        self.server, self.book, self.notes = server, book, notes
        self.killed = self.struck = 0
        self._until = time.monotonic() + SECONDS_MAX

    def run(self, points: list[Point]) -> None:
        """Strike at every point, one after the other, and let the life come to its end."""
        while points:
            ends = [n for n, point in enumerate(points) if point.how == "kill"][:1]
            mine = points[: ends[0] + 1] if ends else points
            self._one_program(mine)
            points = points[len(mine) :]
        if self.killed and mine[-1].how == "kill":
            self._one_program([])

    def _one_program(self, points: list[Point]) -> None:
        """Let a program run until it ends or is killed; kill the database when it stops."""
        command = [sys.executable, "-m", "tests.torture.driver", self.server.dsn]
        command += [str(self.book), str(self.notes), *map(str, points)]
        child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        stops = 0
        try:
            while os.WIFSTOPPED(status := self._wait(child.pid)):
                stops += 1
                self.struck += 1
                if self.struck % 2:
                    kill_database(self.server)
                    os.kill(child.pid, signal.SIGCONT)
                    self.server.start()
                else:
                    kill_backend(self.server)
                    os.kill(child.pid, signal.SIGCONT)
        except BaseException:
            with child:  # waited for, and its mouth shut
                child.kill()
            raise
        assert child.stderr is not None
        said = child.stderr.read().decode()
        child.stderr.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        wanted = -signal.SIGKILL if points and points[-1].how == "kill" else 0
        assert wanted == child.returncode, (
            f"{list(map(str, points))}: {said}{self.server.last_words()}"
        )
        assert stops == sum(point.how == "stop" for point in points)
        self.killed += wanted != 0

    def _wait(self, pid: int) -> int:
        """Wait for a child to stop or end; return its status."""
        while time.monotonic() < self._until:
            done, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
            if done:
                return status
            time.sleep(0.002)
        raise TimeoutError(f"the torture takes longer than {SECONDS_MAX} s")
