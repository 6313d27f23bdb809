"""The main job: a real book in a database, from the first application to the audit."""

import dataclasses
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from jiehuan.core.errors import UsageError
from jiehuan.engine import book
from jiehuan.engine.post import Writer
from jiehuan.reports.audit import audit
from jiehuan.simulate.figures import Figures, look
from jiehuan.simulate.people import People
from jiehuan.simulate.plan import FIRST_ON
from jiehuan.simulate.run import BOOK, CURRENCY, Taiwan, Tell
from jiehuan.store import lookup
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

OWNER = "demo"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How the job ended.

    Attributes:
        figures: What came of it.
        breaches: What the audit found; empty: the books are right.
        audit_seconds: How long the audit took.
        seconds: Wall time, from the first look at the database to the end of the audit.
    """

    figures: Figures
    breaches: Sequence[str]
    audit_seconds: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        audited = list(self.breaches) or "clean"
        return {
            **self.figures.to_json(audited, self.seconds),
            "audit_seconds": round(self.audit_seconds, 1),
        }


def prepare(dsn: str, *, keep: bool) -> None:
    """Make a database ready, and its book if there is none.

    Args:
        dsn: The database.
        keep: Whether a book that is there is gone on with.

    Raises:
        UsageError: There is a book and ``keep`` is false, or it is another one's.
    """
    book.prepare(dsn)
    with connect(dsn, Session.OWNER) as conn:
        found = lookup.book(conn, BOOK)
        if found is None:
            book.create(conn, BOOK, CURRENCY, FIRST_ON)
        elif not keep:
            raise UsageError(
                f"the database holds a book already, of {found.business_date}; go on with it"
                " by --keep, or take another --data"
            )
        elif (found.currency, found.clock, found.opened_on.toordinal()) != (
            CURRENCY,
            "virtual",
            FIRST_ON,
        ):
            raise UsageError(
                f"the database holds a book in {found.currency} opened on {found.opened_on},"
                " which is not the demo's; take another --data"
            )


def play(dsn: str, people: People, months: int, tell: Tell) -> Outcome:
    """Run the book that ``prepare`` made or found, to its end, and audit it.

    Args:
        dsn: The database.
        people: The clients.
        months: How many, 1 .. 6.
        tell: Is told how far it has come.

    Raises:
        UsageError: The book cannot be gone on with; the message says why.
    """
    begun = time.monotonic()
    with Writer(partial(connect, dsn, Session.DAY), BOOK, OWNER) as writer:
        run = Taiwan(writer, people, months, tell)
        run.run()
        seen = run.follow()
        run.review(seen)
        with connect(dsn, Session.READER) as conn:
            figures = look(conn, run, seen)
    days = run.until_on - FIRST_ON
    audit_begun = time.monotonic()
    with connect(dsn, Session.READER) as conn:
        found = audit(conn, BOOK, lambda what: tell(days, days, f"audit: {what}"))
    ended = time.monotonic()
    return Outcome(figures, [str(breach) for breach in found], ended - audit_begun, ended - begun)
