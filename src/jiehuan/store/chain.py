"""The hash chain of batches: a journal that was changed can be told from one that was not.

Each commit hashes the rows that it adds to the journal, together with the hash before it.
``booked_at`` is left out: it says when our machine's clock thought it was.
"""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from jiehuan.core.columns import Rows
from jiehuan.store.tables import COMMAND, STATEMENT, STATEMENT_ITEM, TRANSFER, Dtype

FIRST = bytes(32)

# What a batch adds to the journal, in the order in which it is hashed.
HASHED = {
    COMMAND.name: tuple(name for name in COMMAND.columns if name != "booked_at"),
    TRANSFER.name: TRANSFER.columns,
    STATEMENT.name: STATEMENT.columns,
    STATEMENT_ITEM.name: STATEMENT_ITEM.columns,
}


def canonical(rows: Rows, names: tuple[str, ...]) -> bytes:
    """Return rows as bytes that are the same on every machine: big-endian, no gaps."""
    packed = np.empty(len(rows), _packed(rows.dtype, names))
    for name in names:
        packed[name] = rows[name]
    return packed.tobytes()


def _packed(dtype: Dtype, names: tuple[str, ...]) -> Dtype:
    return np.dtype([(name, dtype[name].newbyteorder(">")) for name in names])


def batch_hash(
    previous: bytes, tables: Mapping[str, Rows], texts: Iterable[tuple[int, bytes]]
) -> bytes:
    """Return the hash of a batch.

    Args:
        previous: The hash of the batch before.
        tables: The rows of each table of ``HASHED``, in the order of their key.
        texts: Number and bytes of every detail and decision, in order.
    """
    digest = hashlib.sha256(previous)
    for name, columns in HASHED.items():
        data = canonical(tables[name], columns)
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    for number, text in texts:
        digest.update(number.to_bytes(8, "big") + len(text).to_bytes(8, "big"))
        digest.update(text)
    return digest.digest()
