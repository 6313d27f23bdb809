"""Are the books right?

Everything that is stored is derived again from the journal, or checked against what it must
add up to, row by row and column by column.  Nothing is repaired: a book that disagrees with
itself is to be looked at by a person.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from jiehuan.core.columns import Commands, Rows
from jiehuan.core.errors import JiehuanError
from jiehuan.core.terms import TermsTable, parse
from jiehuan.reports import closings, controls, registers, rows, seals
from jiehuan.reports.breach import Breach, Findings, compare
from jiehuan.reports.late_lines import play_line
from jiehuan.reports.refold import (
    EVENT,
    NOTHING,
    Played,
    event_rows,
    is_event,
    play,
    split,
    together,
)
from jiehuan.store import snapshot
from jiehuan.store.database import Connection
from jiehuan.store.snapshot import Snapshot
from jiehuan.store.tables import TABLES

Progress: TypeAlias = Callable[[str], None]

# Tables that the journal makes, and what of ``Played`` they must be.
MADE = {
    "command": "commands",
    "transfer": "transfers",
    "statement": "statements",
    "statement_item": "items",
    "outbox": "instructions",
    "line": "lines",
    "due": "dues",
    "loan": "loans",
    "instalment": "parts",
    "hold": "holds",
}

# What a check may stumble over in rows that no program of ours has written.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    JiehuanError,
    TypeError,
    ValueError,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Audit:
    """What the audit of one book came to."""

    book: int
    commands: int
    transfers: int
    breaches: list[Breach]
    seconds: float

    def to_json(self) -> dict[str, object]:
        """Return it as JSON takes it."""
        return {
            "book": self.book,
            "commands": self.commands,
            "transfers": self.transfers,
            "seconds": round(self.seconds, 2),
            "audit": "clean" if not self.breaches else [str(one) for one in self.breaches],
        }

    def text(self) -> str:
        """Return it for people: a line that says all is well, or a line a breach."""
        head = f"book {self.book}: {self.commands:,} commands, {self.transfers:,} transfers"
        said = [str(one) for one in self.breaches]
        return "\n".join([f"{head}: {'NOT clean' if said else 'clean'}", *said])


def audit_all(conn: Connection, number: int | None, tell: Progress) -> list[Audit]:
    """Audit the book of a number, or all books of a database, each at its own moment.

    Raises:
        UsageError: There is no such book.
        DatabaseRefused: The database is not ours.
    """
    audits = []
    known = snapshot.books(conn)
    for book in known if number is None else [number]:
        begun = time.monotonic()
        read = snapshot.read(conn, book, lambda table: tell(f"reading {table}"))
        breaches = examine(read, tell)
        commands, transfers = (len(read.tables[name]) for name in ("command", "transfer"))
        seconds = time.monotonic() - begun
        audits.append(Audit(book, commands, transfers, breaches, seconds))
    return audits


def audit(conn: Connection, book: int, progress: Progress | None = None) -> list[Breach]:
    """Check one book against its journal and against itself.

    Args:
        conn: A connection; all is read at one moment, in the transaction it is in if there is
            one.
        book: Its number.
        progress: Called with what is done next, in a word or two.

    Returns:
        What is not as it must be; empty for a book that is right.  Of each check and table
        the first breaches are listed, the rest are counted.

    Raises:
        UsageError: There is no such book.
    """
    tell = progress or _quiet
    return examine(snapshot.read(conn, book, lambda table: tell(f"reading {table}")), tell)


def _quiet(_what: str) -> None:
    """Tell nobody."""


def examine(book: Snapshot, tell: Progress = _quiet) -> list[Breach]:
    """Check a book that has been read; see ``audit``."""
    found = Findings()
    for what, check in CHECKS.items():
        tell(what)
        try:
            check(found, book)
        except _UNREADABLE as error:
            said = f"{type(error).__name__}: {error}"
            found.add(Breach("readable", "book", what, "", "values that can be read", said))
    return found.breaches()


def check_refold(found: Findings, book: Snapshot) -> None:
    """Play the journal again and compare everything that it makes."""
    terms = TermsTable([parse(row.text)[0] for row in book.terms])
    controls.check_running(found, book, terms)
    commands = book.tables["command"]
    of_lines = commands[~closings.is_closing(commands)]
    played = refold(terms, of_lines, closings.closed_on(book))
    for table, name in MADE.items():
        stored = book.tables[table]
        if table == "command":
            stored = of_lines
        elif table == "transfer":
            stored = stored[~np.isin(stored["seq"], closings.closing_seqs(commands))]
        compare(found, "refold", table, TABLES[table].key, getattr(played, name), stored)
    journal = Commands.from_rows(of_lines)
    happened = event_rows(Commands.from_rows(journal.to_rows(is_event(journal))))
    compare(found, "calendar", "command", EVENT, played.events, happened)
    totals = closings.totals_of(played)
    closings.check_totals(found, book, totals)
    closings.check_closings(found, book, terms, played, totals)


def refold(terms: TermsTable, commands: Rows, closed_on: int) -> Played:
    """Play a journal again, all lines.

    Args:
        terms: All versions.
        commands: The journal but for the closes of days, in order.
        closed_on: The last day that was closed.
    """
    rest, late = split(Commands.from_rows(commands))
    lines = [play_line(terms, journal, closed_on) for journal in late.values()]
    if len(rest):
        lines.append(play(terms, rest, closed_on))
    if len(lines) == 1:
        return lines[0]
    return together([NOTHING, *lines])


CHECKS: dict[str, Callable[[Findings, Snapshot], None]] = {
    "hash chain": seals.check_chain,
    "numbers and clients": seals.check_callers,
    "keys of day events": seals.check_events,
    "days": closings.check_days,
    "trial balance": controls.check_trial_balance,
    "control accounts": controls.check_controls,
    "sums of lines": rows.check_lines,
    "statements": rows.check_statements,
    "instructions": rows.check_outbox,
    "messages": rows.check_inbox,
    "terms": registers.check_terms,
    "policies": registers.check_policies,
    "models": registers.check_models,
    "decisions": registers.check_decisions,
    "journal": check_refold,
}
