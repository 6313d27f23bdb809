"""A stored line as a story that anyone can run, with what is stored as what must be seen.

Amounts and days stay.  What a story has no use for is left out: who asked, under which key,
where the line and its party stand in the book; an anonymous one numbers merchants anew too.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator

import numpy as np

from jiehuan.core import days
from jiehuan.core.agenda import position
from jiehuan.core.columns import Dues, Holds, Lines, Loans, Parts, Rows
from jiehuan.core.commands import DAY_KINDS, REF_ALL, Kind, Moment
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded
from jiehuan.core.terms import Product, TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.reports.stories import figures
from jiehuan.reports.stories.figures import LOAN_FIGURES
from jiehuan.reports.stories.kinds import CLAUSES, MARKS, Amount, Value, form_of
from jiehuan.reports.stories.playing import statement_figures
from jiehuan.reports.stories.story import (
    ALL,
    NOTHING,
    STATEMENT,
    Expectation,
    Pause,
    Step,
    Story,
    Told,
)
from jiehuan.store import books, lookup, reading, snapshot, tables
from jiehuan.store.database import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A line as the books have it, at one moment.

    Attributes:
        terms: All versions of terms.
        loaded: The line with all that is open.
        journal: All its commands in the order of booking, refusals too.
        statements: As they were issued.
        transfers: All of them.
        at: The position up to which its days have been played.
    """

    terms: TermsTable
    loaded: Loaded
    journal: Rows
    statements: Rows
    transfers: Rows
    at: int

    @property
    def product(self) -> Product:
        """The terms that the line is under."""
        return self.terms.products[int(self.loaded.lines.terms[0])]

    @property
    def closed_on(self) -> int:
        """The last day that has closed on the line."""
        return (self.at + len(Moment) - Moment.CLOSES) // len(Moment) - 1


def load(conn: Connection, book: int, line: int) -> Stored:
    """Read a line.

    Args:
        conn: A connection.
        book: The number of its book.
        line: Its number.

    Raises:
        UsageError: There is no such book or line.
        DatabaseRefused: The database is not ours.
    """
    snapshot.books(conn)
    with snapshot.one_moment(conn):
        row = lookup.book(conn, book)
        if row is None:
            raise UsageError(f"there is no book {book}")
        lines = Lines.from_rows(lookup.line(conn, book, line))
        if not len(lines):
            raise UsageError(f"there is no line {line} in book {book}")
        found = reading.children(conn, book, lines.id)
        loaded = Loaded(
            lines,
            Dues.from_rows(found[tables.DUE]),
            Loans.from_rows(found[tables.LOAN]),
            Parts.from_rows(found[tables.INSTALMENT]),
            Holds.from_rows(found[tables.HOLD]),
            np.ones(1, np.bool_),
        )
        journal = lookup.commands_of(conn, book, line)
        statements, _ = lookup.statements(conn, book, line)
        transfers = lookup.transfers(conn, book, line, len(journal))
        terms = TermsTable(books.terms(conn))
    until = int(position(row.business_on, Moment.OPENS))
    # The night may not have come to this line yet.
    at = min(until, int(lines.next_event_at[0]) - 1)
    return Stored(terms, loaded, journal, statements, transfers, at)


def story_of(stored: Stored, source: str, *, anonymous: bool) -> Story:
    """Return a stored line as a story.

    Args:
        stored: The line.
        source: What to call it.
        anonymous: Whether merchants are numbered anew, and the line is not named.
    """
    names = _Names(stored)
    product = stored.product
    told = [
        _told(row, names, at)
        for at, row in enumerate(stored.journal, start=1)
        if Kind(int(row["kind"])) not in DAY_KINDS
    ]
    if anonymous:
        told = _anonymous(told)
    shipped = [one.text for one in shipped_products()]
    steps: list[Step] = [*told, *_end(stored), *_expectations(stored, names)]
    remarks = ("A line of a book, as it was asked; what must be seen is what is stored.",)
    return Story(
        source,
        product.name,
        "" if product.text in shipped else product.text,
        steps,
        remarks if anonymous else (*remarks, source),
    )


class _Names:
    """What the commands of a journal are called: a word and a number, if anything names them."""

    def __init__(self, stored: Stored) -> None:
        journal = stored.journal
        self.rows = {int(row["seq"]): row for row in journal}
        named = {int(number) for name in ("ref", "merchant") for number in journal[name]}
        named |= set(stored.loaded.loans.no.tolist())
        count: Counter[str] = Counter()
        self.called: dict[int, str] = {}
        for seq, row in self.rows.items():
            kind = Kind(int(row["kind"]))
            if seq in named and kind not in DAY_KINDS:
                count[kind.name] += 1
                self.called[seq] = f"{kind.name.lower()}-{count[kind.name]}"

    def of(self, number: int, before: int | None = None) -> str:
        """Return what a number is called; ``NOTHING`` if it is of nothing before a command."""
        row = self.rows.get(number)
        if row is None or (before is not None and number >= before):
            return NOTHING
        kind = Kind(int(row["kind"]))
        if kind in DAY_KINDS:
            return f"{kind.name.lower()} {days.to_text(int(row['effective_on']))}"
        return self.called.get(number, NOTHING)


def _told(row: Rows, names: _Names, at: int) -> Told:
    """Return a journalled command as a story tells it."""
    kind, seq = Kind(int(row["kind"])), int(row["seq"])
    form = form_of(kind)
    called: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for word in form.clauses:
        clause = CLAUSES[word]
        value = int(row[clause.column])
        if clause.value is not Value.NAME:
            numbers[clause.column] = value
        elif value:
            called[clause.column] = ALL if value == REF_ALL else names.of(value, seq)
    for mark in (MARKS[word] for word in form.marks):
        if mark.is_on(int(row[mark.column])):
            numbers[mark.column] = numbers.get(mark.column, 0) | mark.number
    return Told(
        at=at,
        kind=kind,
        on=int(row["effective_on"]),
        booked_on=int(row["booked_on"]),
        amount_minor=0 if form.amount is Amount.NONE else int(row["amount_minor"]),
        names=called,
        numbers={column: number for column, number in numbers.items() if number},
        called=names.called.get(seq, ""),
        outcome=Outcome(int(row["outcome"])),
    )


def _anonymous(every: list[Told]) -> list[Told]:
    """Number merchants in the order in which they come."""
    known: dict[int, int] = {}
    out = []
    for told in every:
        numbers = dict(told.numbers)
        if "merchant" in numbers:
            numbers["merchant"] = known.setdefault(numbers["merchant"], len(known) + 1)
        out.append(dataclasses.replace(told, numbers=numbers))
    return out


def _end(stored: Stored) -> Iterator[Pause]:
    """Let the days pass that have passed in the book."""
    on, moment = divmod(stored.at, len(Moment))
    if Moment(moment) is Moment.DURING:
        moment = Moment.OPENS
    yield Pause(0, on, Moment(moment))


def _expectations(stored: Stored, names: _Names) -> Iterator[Expectation]:
    """Say what is stored."""
    for row in stored.statements:
        day = days.to_text(int(row["cut_on"]))
        yield Expectation(0, STATEMENT, day, statement_figures(row))
    for name, value in figures.of_line(stored.loaded, stored.closed_on).items():
        yield Expectation(0, "line", "", {name: value})
    for loan in figures.of_loans(stored.terms, stored.loaded, stored.closed_on):
        wanted = {name: loan.figures[name] for name in LOAN_FIGURES}
        yield Expectation(0, "loan", names.of(loan.no), {**wanted})
    for name, net in figures.of_accounts(stored.transfers).items():
        yield Expectation(0, "account", name, {"net": net})
