"""A few sessions that only read, for answers and pages: each looks at one moment of the books."""

import contextlib
import queue
from collections.abc import Callable, Iterator
from typing import Final

import psycopg

from jiehuan.store import trouble

IDLE_MAX: Final = 8


class Readers:
    """Sessions that only read, made when needed and kept for the next."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        """Hold how to connect; nothing is opened yet."""
        self._connect = connect
        self._idle: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue(IDLE_MAX)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[psycopg.Connection]:
        """Lend a session for as long as one answer takes; all it reads is of one moment.

        Raises:
            DatabaseDown: The database does not answer.
        """
        with trouble.named():
            conn = self._begun()
            try:
                yield conn
                conn.execute("COMMIT")
            except BaseException:
                conn.close()
                raise
            try:
                self._idle.put_nowait(conn)
            except queue.Full:
                conn.close()

    def _begun(self) -> psycopg.Connection:
        """Return an idle session that still lives, or a new one, in a new snapshot."""
        while True:
            try:
                conn, fresh = self._idle.get_nowait(), False
            except queue.Empty:
                conn, fresh = self._connect(), True
            try:
                conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            except psycopg.Error:
                conn.close()
                if fresh:
                    raise
            else:
                return conn

    def close(self) -> None:
        """Close the sessions that are idle."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()
