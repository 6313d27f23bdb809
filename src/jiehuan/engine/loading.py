"""What a batch must load: lines, and for some of them all that hangs on them."""

import dataclasses

import numpy as np

from jiehuan.core.apply import needs_all
from jiehuan.core.checks import HOLD_KIND
from jiehuan.core.columns import Commands, Dues, Holds, Int64s, Lines, Loans, Parts, Rows
from jiehuan.core.commands import Kind
from jiehuan.core.state import Loaded
from jiehuan.engine.decide import Found, is_whole, waits
from jiehuan.store import reading, tables
from jiehuan.store.database import Connection

NAMES_A_HOLD = [int(kind) for kind in HOLD_KIND]


def find(conn: Connection, book: int, business_on: int, asked: Commands, also: Int64s) -> Found:
    """Load the lines of ``asked`` (OPEN has none yet) and ``also``, and what they need."""
    ids = np.unique(np.concatenate((asked.line[asked.kind != Kind.OPEN], also)))
    rows = reading.lines(conn, book, ids)
    missing = ids[~np.isin(ids, rows["id"])]
    lines = _with_missing(rows, missing)
    on_lines = Commands.from_rows(asked.to_rows(asked.kind != Kind.OPEN))
    full = needs_all(lines, on_lines) | np.isin(ids, also)
    loaded = Loaded(lines, Dues.empty(0), Loans.empty(0), Parts.empty(0), Holds.empty(0), full)
    full |= waits(loaded, business_on)
    loaded = _children(conn, book, lines, full)
    named = asked.ref[np.isin(asked.kind, NAMES_A_HOLD)]
    if not np.isin(named, loaded.holds.no).all():
        # One that has ended is refused for that, not as if it had never been.
        rows = reading.holds(conn, book, lines.id[full], named)
        loaded = dataclasses.replace(loaded, holds=Holds.from_rows(rows))
    whole = np.unique(asked.line[is_whole(asked, business_on)])
    return Found(loaded, _journals(conn, book, whole))


def _with_missing(rows: Rows, missing: Int64s) -> Lines:
    """Return the lines with an empty row for each that does not exist."""
    extra = Loaded.nothing(missing).lines.to_rows()
    every = np.concatenate((rows, extra))
    return Lines.from_rows(every[np.argsort(every["id"], kind="stable")])


def _children(conn: Connection, book: int, lines: Lines, full: np.ndarray) -> Loaded:
    ids = lines.id[full]
    if not len(ids):
        return Loaded(lines, Dues.empty(0), Loans.empty(0), Parts.empty(0), Holds.empty(0), full)
    found = reading.children(conn, book, ids)
    return Loaded(
        lines,
        Dues.from_rows(found[tables.DUE]),
        Loans.from_rows(found[tables.LOAN]),
        Parts.from_rows(found[tables.INSTALMENT]),
        Holds.from_rows(found[tables.HOLD]),
        full,
    )


def _journals(conn: Connection, book: int, ids: Int64s) -> dict[int, Commands]:
    if not len(ids):
        return {}
    every = reading.journal(conn, book, ids)
    return {int(line): Commands.from_rows(every.to_rows(every.line == line)) for line in ids}
