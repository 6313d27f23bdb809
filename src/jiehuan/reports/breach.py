"""What is a breach, and how do two tables that should be the same differ?

A check compares what should be with what is and says, row by row and column by column, where
the two part.  A fault early in the journal may show in millions of rows, so of each check and
table only the first breaches are listed and the rest are counted.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from jiehuan.core import days
from jiehuan.core.columns import NEVER, Flags, Int64s, Rows

LISTED_MAX = 25  # of each check and table

# Every check by name, and what holds when it finds nothing.
CHECKS = {
    "chain": "the journal is the one that was hashed when it was written, and all of it is there",
    "dense": "commands are numbered from 1 to the book's last, without a gap",
    "clients": "callers' commands are of clients that there are",
    "event_keys": "day events are of the reserved client, under keys that are their names",
    "days": "no day is left out or closed twice, and each command is booked on its right day",
    "refold": "all that the journal makes is what is stored, row by row and column by column",
    "calendar": "each day event that should have happened is in the journal, and no other",
    "close": "what the close of each day booked follows from balances and running sums",
    "day_total": "the running sums of each day and product are those of its commands",
    "trial_balance": "all accounts sum to zero, as the database sums them and as we do",
    "controls": "each control account equals its sub-ledger, by product and bucket",
    "sums": "the columns of a line add up, and are the sums of its loans and holds",
    "signs": "no principal, charge, hold or minimum is negative; no row is of an unknown line",
    "statements": "a statement is the sum of its items",
    "outbox": "an instruction is finished when it was answered, and only then",
    "inbox": "a message that was booked has its command",
    "registers": "terms, policies and models are what their texts say, in the book's currency",
    "decided": "each decision belongs to its command",
    "replay": "each decision comes out the same again: score, outcome, limit, reasons",
    "readable": "every value is one that a check can read",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Breach:
    """One thing in a book that is not as it must be.

    Attributes:
        check: A name of ``CHECKS``.
        table: Where it shows.
        key: Which row, in words; "" for the table as a whole.
        column: Which column; "" for the row as a whole.
        expected: What should be there, in words.
        found: What is there, in words.
    """

    check: str
    table: str
    key: str
    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Say it in one line.

        Examples:
            >>> print(Breach("refold", "line", "id 7", "used_minor", "100", "101"))
            refold: line id 7: used_minor should be 100, is 101
        """
        place = " ".join(part for part in (self.table, self.key) if part)
        what = f"{self.column} " if self.column else ""
        return f"{self.check}: {place}: {what}should be {self.expected}, is {self.found}"


class Findings:
    """Collects breaches, the first of each check and table in full."""

    def __init__(self) -> None:
        """Begin with none."""
        self._listed: list[Breach] = []
        self._count: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._listed)

    def room(self, check: str, table: str) -> int:
        """Return how many more of a check and table will be listed."""
        return max(LISTED_MAX - self._count[check, table], 0)

    def add(self, breach: Breach) -> None:
        """Take one breach."""
        assert breach.check in CHECKS
        if self.room(breach.check, breach.table):
            self._listed.append(breach)
        self._count[breach.check, breach.table] += 1

    def add_rows(
        self, check: str, table: str, key: Sequence[str], rows: Rows, column: str, expected: str
    ) -> None:
        """Take one breach for each of ``rows`` (n,), all of one column and for one reason."""
        room = self.room(check, table)
        for row in rows[:room]:
            found = shown(column, row[column])
            self.add(Breach(check, table, key_of(row, key), column, expected, found))
        self.count_more(check, table, max(len(rows) - room, 0))

    def count_more(self, check: str, table: str, more: int) -> None:
        """Count breaches that are not listed."""
        self._count[check, table] += more

    def breaches(self) -> list[Breach]:
        """Return what was found; the last of a long list says how many more there are."""
        return self._listed + [
            Breach(
                check, table, "", "", "no breach", f"broken in {count - LISTED_MAX:,} more places"
            )
            for (check, table), count in sorted(self._count.items())
            if count > LISTED_MAX
        ]


def shown(name: str, value: Any) -> str:  # noqa: ANN401 - any value of any column
    """Write the value of a column for people: a day as a date, bytes in hexadecimal."""
    if isinstance(value, np.void):
        return value.tobytes().hex()
    if isinstance(value, bytes):
        return value.hex()
    if name.endswith("_on"):
        if value == 0:
            return "no day"
        return "never" if value == NEVER else days.to_text(int(value))
    return str(value)


def key_of(row: Rows, names: Sequence[str]) -> str:
    """Write the key of a row for people: ``line 3, no 17``."""
    return ", ".join(f"{name} {shown(name, row[name])}" for name in names)


def compare(
    findings: Findings,
    check: str,
    table: str,
    key: Sequence[str],
    expected: Rows,
    found: Rows,
) -> None:
    """Compare a table row by row and column by column.

    Args:
        findings: Takes what differs.
        check: A name of ``CHECKS``.
        table: Name of the table.
        key: The columns that tell rows apart.
        expected: What should be there, in any order; its columns are compared.
        found: What is there, in any order.
    """
    expected, found = _sorted(expected, key), _sorted(found, key)
    if not _same_keys(expected, found, key):
        in_expected, in_found = _matched(expected, found, key)
        for rows, matched, words in (
            (expected, in_expected, ("a row", "missing")),
            (found, in_found, ("no row", "there")),
        ):
            _report_rows(findings, check, table, key, rows[~matched], words)
        expected, found = expected[in_expected], found[in_found]
    for name in expected.dtype.names or ():
        if name in key:
            continue
        differs = np.flatnonzero(expected[name] != found[name])
        room = findings.room(check, table)
        for at in differs[:room].tolist():
            findings.add(
                Breach(
                    check,
                    table,
                    key_of(found[at], key),
                    name,
                    shown(name, expected[name][at]),
                    shown(name, found[name][at]),
                )
            )
        findings.count_more(check, table, max(len(differs) - room, 0))


def _report_rows(
    findings: Findings,
    check: str,
    table: str,
    key: Sequence[str],
    rows: Rows,
    words: tuple[str, str],
) -> None:
    room = findings.room(check, table)
    for row in rows[:room]:
        findings.add(Breach(check, table, key_of(row, key), "", *words))
    findings.count_more(check, table, max(len(rows) - room, 0))


def _sorted(rows: Rows, key: Sequence[str]) -> Rows:
    """Return rows in the order of their key; most come so."""
    if _in_order(rows, key):
        return rows
    return rows[np.lexsort([rows[name] for name in reversed(key)])]


def _in_order(rows: Rows, key: Sequence[str]) -> bool:
    """Return whether rows are in the order of their key, no key twice."""
    before = np.zeros(max(len(rows) - 1, 0), np.bool_)
    level = ~before
    for name in key:
        column = rows[name]
        before |= level & (column[:-1] < column[1:])
        level &= column[:-1] == column[1:]
    return bool(before.all())


def _same_keys(one: Rows, two: Rows, key: Sequence[str]) -> bool:
    return len(one) == len(two) and all((one[name] == two[name]).all() for name in key)


def _matched(one: Rows, two: Rows, key: Sequence[str]) -> tuple[Flags, Flags]:
    """Return of two tables which rows have their like in the other: as many of each key."""
    numbers, count = _numbered(one, two, key)
    mine, theirs = numbers[: len(one)], numbers[len(one) :]
    ranks = _rank(mine), _rank(theirs)
    return (
        ranks[0] < np.bincount(theirs, minlength=count)[mine],
        ranks[1] < np.bincount(mine, minlength=count)[theirs],
    )


def _numbered(one: Rows, two: Rows, key: Sequence[str]) -> tuple[Int64s, int]:
    """Give each key a number, the same in both tables."""
    columns = [np.concatenate((one[name], two[name])) for name in key]
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), np.bool_)
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(new)
    return numbers, int(new.sum()) + 1


def _rank(numbers: Int64s) -> Int64s:
    """Return of each sorted number how many equal ones stand before it."""
    return np.arange(len(numbers)) - np.searchsorted(numbers, numbers)
