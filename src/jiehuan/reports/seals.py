"""Is the journal the one that was written, and is nothing of it missing?

Every batch is hashed with the hash before it (``store.chain``); the keys of day events are
hashes of their names, so the same event cannot be booked twice under two keys.
"""

import numpy as np

from jiehuan.core.columns import Commands
from jiehuan.engine.keys import event_keys
from jiehuan.engine.requests import digests, key_hashes
from jiehuan.reports.breach import Breach, Findings, compare
from jiehuan.reports.refold import is_event
from jiehuan.store import chain
from jiehuan.store.snapshot import Snapshot

_SEALED = np.dtype([("seq", "i8"), ("client", "i4"), ("key_hash", "V16"), ("digest", "V16")])


def check_chain(found: Findings, book: Snapshot) -> None:
    """Check that the journal is the one that was hashed when it was written."""
    broken = chain.breaches(book.book.seq, book.batches, book.tables, book.details, book.decisions)
    for what in broken:
        found.add(Breach("chain", "batch", "", "", "an unbroken chain", what))


def check_events(found: Findings, book: Snapshot) -> None:
    """Check that day events are of the reserved client, under keys that are their names."""
    commands = book.tables["command"]
    events = commands[is_event(Commands.from_rows(commands))]
    columns = Commands.from_rows(events)
    expected = np.zeros(len(events), _SEALED)
    expected["seq"] = events["seq"]
    expected["key_hash"] = key_hashes(event_keys(columns))
    expected["digest"] = digests(columns)
    compare(found, "event_keys", "command", ("seq",), expected, events)


def check_callers(found: Findings, book: Snapshot) -> None:
    """Check that callers' commands are of clients that there are, numbers without a gap."""
    commands = book.tables["command"]
    dense = np.zeros(book.book.seq, [("seq", "i8")])
    dense["seq"] = np.arange(1, book.book.seq + 1)
    compare(found, "dense", "command", ("seq",), dense, commands)
    callers = commands[~is_event(Commands.from_rows(commands))]
    known = np.array([number for number in book.clients if number > 0], np.int64)
    strangers = callers[~np.isin(callers["client"], known)]
    found.add_rows("clients", "command", ("seq",), strangers, "client", "one that there is")
