"""The hash chain of batches: a journal that was changed can be told from one that was not.

Each commit hashes the rows that it adds to the journal, together with the hash before it.
``booked_at`` is left out: it says when our machine's clock thought it was.
"""

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np

from jiehuan.core.columns import Int64s, Rows
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.tables import COMMAND, STATEMENT, STATEMENT_ITEM, TRANSFER, Dtype

FIRST = bytes(32)

# What a batch adds to the journal, in the order in which it is hashed: the columns, and the
# one that says of which command a row is.
HASHED = {
    COMMAND.name: tuple(name for name in COMMAND.columns if name != "booked_at"),
    TRANSFER.name: TRANSFER.columns,
    STATEMENT.name: STATEMENT.columns,
    STATEMENT_ITEM.name: STATEMENT_ITEM.columns,
}
ORDER = {
    COMMAND.name: ("seq",),
    TRANSFER.name: ("seq", "leg"),
    STATEMENT.name: ("no",),
    STATEMENT_ITEM.name: ("no", "item"),
}
assert set(ORDER) == set(HASHED)

Texts = Iterable[tuple[int, bytes]]


@functools.lru_cache
def _packed(dtype: Dtype, names: tuple[str, ...]) -> Dtype:
    """Return the columns big-endian and without gaps."""
    return np.dtype([(name, dtype[name].newbyteorder(">")) for name in names])


def canonical(rows: Rows, names: tuple[str, ...]) -> bytes:
    """Return rows as bytes that are the same on every machine: big-endian, no gaps."""
    packed = np.empty(len(rows), _packed(rows.dtype, names))
    for name in names:
        packed[name] = rows[name]
    return packed.tobytes()


def in_order(name: str, rows: Rows) -> Rows:
    """Return the rows of a table in the order in which they are hashed."""
    keys = [rows[key] for key in reversed(ORDER[name])]
    first = keys[-1]
    if len(keys) == 1 and bool((first[1:] >= first[:-1]).all()):
        return rows
    return np.asarray(rows[np.lexsort(keys)])


def texts_of(details: Mapping[int, bytes], decisions: Mapping[int, DecisionRow]) -> Texts:
    """Return the texts that the chain covers: details, then decisions, each by number."""
    return [
        *((number, details[number]) for number in sorted(details)),
        *((number, decisions[number].canonical()) for number in sorted(decisions)),
    ]


def batch_hash(previous: bytes, tables: Mapping[str, Rows], texts: Texts) -> bytes:
    """Return the hash of a batch.

    Args:
        previous: The hash of the batch before.
        tables: The rows of each table of ``HASHED``.
        texts: Number and bytes of every detail and decision; see ``texts_of``.
    """
    data = {name: canonical(in_order(name, tables[name]), HASHED[name]) for name in HASHED}
    return _hash(previous, data, texts)


def _hash(previous: bytes, data: Mapping[str, bytes | memoryview], texts: Texts) -> bytes:
    """Hash what a batch adds to each table, and its texts."""
    digest = hashlib.sha256(previous)
    for name in HASHED:
        digest.update(len(data[name]).to_bytes(8, "big"))
        digest.update(data[name])
    for number, text in texts:
        digest.update(number.to_bytes(8, "big") + len(text).to_bytes(8, "big"))
        digest.update(text)
    return digest.digest()


def breaches(
    seq: int,
    batches: Rows,
    tables: Mapping[str, Rows],
    details: Mapping[int, bytes],
    decisions: Mapping[int, DecisionRow],
) -> list[str]:
    """Say where a book's journal is not what its chain says; nothing if all is well.

    Args:
        seq: The number of the book's last command.
        batches: The chain, in order (``reading.batches``).
        tables: Every row of each table of ``HASHED``.
        details: By the number of their command.
        decisions: By the number of their command.
    """
    found = list(_links(seq, batches))
    last = np.asarray(batches["last_seq"])
    data, ends = {}, {}
    for name, columns in HASHED.items():
        rows = in_order(name, tables[name])
        numbers = np.asarray(rows[ORDER[name][0]])
        if len(numbers) and (numbers[0] < 1 or numbers[-1] > seq):
            found.append(f"{name}: rows of commands that no batch has")
        width = _packed(rows.dtype, columns).itemsize
        ends[name] = np.searchsorted(numbers, last, "right") * width
        data[name] = memoryview(canonical(rows, columns))
    said, decided = _split(last, details), _split(last, decisions)
    begins = dict.fromkeys(HASHED, 0)
    for at, batch in enumerate(batches):
        mine = {name: data[name][begins[name] : ends[name][at]] for name in HASHED}
        begins = {name: int(ends[name][at]) for name in HASHED}
        texts = texts_of(said.get(at, {}), decided.get(at, {}))
        if _hash(batch["previous_hash"].tobytes(), mine, texts) != batch["hash"].tobytes():
            found.append(
                f"batch {batch['first_seq']}..{batch['last_seq']}: its rows are not those it hashed"
            )
    if beyond := [n for n in (*details, *decisions) if not 1 <= n <= seq]:
        found.append(f"texts of commands that no batch has: {beyond[:3]}")
    return found


def _links(seq: int, batches: Rows) -> Iterator[str]:
    """Say where the chain itself is broken: a gap in numbers, or a hash before that is not."""
    previous, number = FIRST, 0
    for batch in batches:
        name = f"batch {batch['first_seq']}..{batch['last_seq']}"
        if batch["first_seq"] != number + 1:
            yield f"{name}: does not follow command {number}"
        if batch["previous_hash"].tobytes() != previous:
            yield f"{name}: does not follow the batch before it"
        previous, number = batch["hash"].tobytes(), int(batch["last_seq"])
    if number != seq:
        yield f"the last batch ends with command {number}, the book with {seq}"


T = TypeVar("T")


def _split(last: Int64s, texts: Mapping[int, T]) -> dict[int, dict[int, T]]:
    """Return the texts of each batch."""
    out: dict[int, dict[int, T]] = {}
    numbers = list(texts)
    for number, at in zip(numbers, np.searchsorted(last, numbers).tolist(), strict=True):
        out.setdefault(at, {})[number] = texts[number]
    return out
