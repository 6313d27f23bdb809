"""Something to wait for: whoever listens hears every ring from the moment it began to listen."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Ear:
    """One who listens, in its own event loop."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    async def heard(self, seconds: float) -> bool:
        """Return when the bell has rung since the last call, or after some seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), max(seconds, 0))
        rung = self._rung.is_set()
        self._rung.clear()
        return rung

    def tell(self) -> None:
        """Say that the bell has rung; from any thread."""
        with contextlib.suppress(RuntimeError):  # its loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._rung.set)


class Bell:
    """A bell that any thread may ring.

    Attributes:
        silent: It will not be rung again: whoever waits should go.
    """

    def __init__(self) -> None:
        """Nobody listens yet."""
        self.silent = False
        self._lock = threading.Lock()
        self._ears: set[Ear] = set()

    def ring(self) -> None:
        """Tell all who listen."""
        with self._lock:
            ears = list(self._ears)
        for ear in ears:
            ear.tell()

    def silence(self) -> None:
        """Ring for the last time."""
        self.silent = True
        self.ring()

    @contextlib.contextmanager
    def listening(self) -> Iterator[Ear]:
        """Listen; to be called in an event loop."""
        ear = Ear()
        with self._lock:
            self._ears.add(ear)
        try:
            yield ear
        finally:
            with self._lock:
                self._ears.discard(ear)
