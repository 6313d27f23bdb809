"""Which rows does a decided batch write?  What is new, what changed, and the journal's."""

import dataclasses
import time
from collections.abc import Callable

import numpy as np

from jiehuan.core.columns import Commands, Int64s, Rows, Transfers
from jiehuan.core.line import Status
from jiehuan.core.state import Loaded
from jiehuan.engine.decide import Decided
from jiehuan.engine.keys import event_keys
from jiehuan.engine.requests import Requests, digests, key_hashes
from jiehuan.store import tables
from jiehuan.store.saving import Batch, DayStep
from jiehuan.store.tables import OutboxState, Table

CHILDREN = {
    tables.DUE: "dues",
    tables.LOAN: "loans",
    tables.INSTALMENT: "parts",
    tables.HOLD: "holds",
}


def empty_journal() -> dict[str, Rows]:
    """Return a batch's journal with no rows."""
    kept = (tables.COMMAND, tables.TRANSFER, tables.STATEMENT, tables.STATEMENT_ITEM)
    return {table.name: np.zeros(0, table.dtype) for table in kept}


def batch_of(before: Loaded, decided: Decided, asked: Requests | None) -> Batch:
    """Return what a decided batch writes.

    Args:
        before: What was loaded for it.
        decided: What was decided.
        asked: The callers' requests in it; None if it only plays day events.
    """
    batch = Batch(
        {
            tables.COMMAND.name: _journalled(decided.commands, decided.asked, asked),
            tables.TRANSFER.name: decided.transfers.to_rows(),
            tables.STATEMENT.name: _by(decided.statements.to_rows(), "no"),
            tables.STATEMENT_ITEM.name: _by(decided.items.to_rows(), "no", "item"),
        }
    )
    batch.totals = decided.totals.to_rows()
    batch.inserts[tables.OUTBOX] = _outbox(decided.instructions.to_rows())
    _compare_lines(batch, before, decided)
    for table, name in CHILDREN.items():
        new, changed = _compare(
            table, getattr(before, name).to_rows(), getattr(decided.after, name).to_rows()
        )
        again: Rows = getattr(decided.replaced, name).to_rows()
        batch.inserts[table] = np.concatenate((new, again))
        batch.updates[table] = changed
    batch.replaced = decided.replaced.lines.id
    if asked is not None:
        seq = dict(zip(decided.asked.tolist(), decided.commands.seq.tolist(), strict=True))
        batch.details = {seq[place]: text for place, text in asked.details.items()}
        line = dict(zip(decided.asked.tolist(), decided.commands.line.tolist(), strict=True))
        batch.decisions = {
            seq[place]: dataclasses.replace(row, line=line[place])
            for place, row in asked.decisions.items()
        }
    return batch


def closing_batch(commands: Commands, transfers: Transfers) -> Batch:
    """Return what the close of a day writes: one command on line 0, its transfers, the mark."""
    journal = empty_journal()
    journal[tables.COMMAND.name] = _journalled(commands, np.full(1, -1), None)
    journal[tables.TRANSFER.name] = transfers.to_rows()
    return Batch(journal, day=DayStep(int(commands.effective_on[0]), 0, 0, closed=True))


def _compare_lines(batch: Batch, before: Loaded, decided: Decided) -> None:
    """Tell the lines that were opened from those that changed."""
    lines = np.concatenate((decided.after.lines.to_rows(), decided.replaced.lines.to_rows()))
    opened = lines[lines["status"] != Status.NONE]
    was = before.lines.to_rows(before.lines.status != Status.NONE)
    batch.inserts[tables.LINE], batch.updates[tables.LINE] = _compare(tables.LINE, was, opened)


def _by(rows: Rows, *names: str) -> Rows:
    return rows[np.lexsort([rows[name] for name in reversed(names)])]


def _outbox(rows: Rows) -> Rows:
    out = np.zeros(len(rows), tables.OUTBOX.dtype)
    for name in rows.dtype.names or ():
        out[name] = rows[name]
    out["state"] = OutboxState.INSTRUCTED
    return out


def _journalled(commands: Commands, asked: Int64s, requests: Requests | None) -> Rows:
    """Return the journal's rows: commands with key, digest and the time of booking."""
    rows = np.zeros(len(commands), tables.COMMAND.dtype)
    for name in Commands.DTYPE.names or ():
        rows[name] = getattr(commands, name)
    event = asked < 0
    events = Commands.from_rows(commands.to_rows(event))
    rows["key_hash"][event] = key_hashes(event_keys(events))
    rows["digest"][event] = digests(events)
    if requests is not None:
        rows["key_hash"][~event] = requests.keys[asked[~event]]
        rows["digest"][~event] = requests.digests[asked[~event]]
    rows["booked_at"] = time.time_ns() // 1_000
    return rows


# What tells the rows of a table apart, as one number: numbers of loans and holds are those of
# their commands, so they are unique in the book.
_NUMBER: dict[Table, Callable[[Rows], Int64s]] = {
    tables.LINE: lambda rows: np.asarray(rows["id"]),
    tables.DUE: lambda rows: np.asarray(rows["line"] * 2**22 + rows["due_on"]),
    tables.LOAN: lambda rows: np.asarray(rows["no"]),
    tables.INSTALMENT: lambda rows: np.asarray(rows["loan"] * 2**8 + rows["no"]),
    tables.HOLD: lambda rows: np.asarray(rows["no"]),
}


def _compare(table: Table, before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """Return the rows of ``after`` that are new, and those that differ from ``before``."""
    was, now = _NUMBER[table](before), _NUMBER[table](after)
    before = before[np.argsort(was)]
    was = np.sort(was)
    at = np.minimum(np.searchsorted(was, now), max(len(was) - 1, 0))
    there = was[at] == now if len(was) else np.zeros(len(now), np.bool_)
    kept, old = after[there], before[at[there]] if len(was) else before
    differs = np.zeros(len(kept), np.bool_)
    for name in table.values:
        differs |= old[name] != kept[name]
    return after[~there], kept[differs]
