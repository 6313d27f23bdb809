"""Is the book clean?  The audit, made again in the background whenever the book has moved."""

import dataclasses
import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

from jiehuan.core.errors import JiehuanError
from jiehuan.reports.audit import audit
from jiehuan.serve.service import Service

# An audit takes from a tenth of a second to half a minute: between two there is as long a rest.
REST_SECONDS_MIN: Final = 2.0

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What the last audit said.

    Attributes:
        seq: The last command that it has seen; -1: there was no audit yet.
        breaches: What was not as it must be; empty: clean.
    """

    seq: int = -1
    breaches: Sequence[str] = ()

    @property
    def clean(self) -> bool:
        """Whether there was an audit, and it found nothing."""
        return self.seq >= 0 and not self.breaches


class Auditor:
    """Audits one book, at most one audit at a time, and never twice the same state."""

    def __init__(self, service: Service, known: Verdict | None = None) -> None:
        """Begin with what is known.

        Args:
            service: The book.
            known: An audit made before, if there is one.
        """
        self._service = service
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._rest_until = 0.0
        self.verdict = known or Verdict()

    def look(self, seq: int) -> Verdict:
        """Return the last verdict, and have the book audited if it has moved since."""
        with self._lock:
            idle = self._thread is None and time.monotonic() >= self._rest_until
            if idle and seq != self.verdict.seq:
                self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)
                self._thread.start()
            return self.verdict

    def close(self) -> None:
        """Let the audit that goes on come to its end."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            with self._service.snapshot() as conn:
                seq = self._service.row(conn).seq
                found = tuple(str(breach) for breach in audit(conn, self._service.book))
            self.verdict = Verdict(seq, found)
        except JiehuanError as error:
            log.warning("the audit could not be made: %s", error)
        finally:
            ended = time.monotonic()
            with self._lock:
                self._thread = None
                self._rest_until = ended + max(REST_SECONDS_MIN, ended - begun)
