"""Which tables the database has, and which columns of ``core.columns`` they hold.

A class of ``core.columns`` is a table here, with the same names and types; ``book`` stands
before them, first in every key.  Three things are added: a command's key, digest and time,
and what became of an instruction.
"""

import dataclasses
import enum
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from jiehuan.core.columns import (
    Columns,
    Commands,
    DayTotals,
    Dues,
    Holds,
    Instructions,
    Items,
    Lines,
    Loans,
    Parts,
    Statements,
    Transfers,
)

Dtype: TypeAlias = "np.dtype[np.void]"


class OutboxState(enum.IntEnum):
    """What became of an instruction; below ``SUCCEEDED`` it is still to be done."""

    INSTRUCTED = 1
    SENT = 2
    UNKNOWN = 3
    SUCCEEDED = 4
    FAILED = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table of the database.

    Attributes:
        name: In the database.
        key: The columns that tell its rows apart inside a book, in order.
        dtype: Its columns but ``book``; those of other types (json, text) are left out.
    """

    name: str
    key: tuple[str, ...]
    dtype: Dtype

    def __hash__(self) -> int:
        """Tables are told apart by name; a dtype is slow to hash."""
        return hash(self.name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return self.dtype.names or ()

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are not part of the key."""
        return tuple(name for name in self.columns if name not in self.key)


def _extended(dtype: Dtype, *more: tuple[str, DTypeLike]) -> Dtype:
    """Return a dtype with further fields at its end."""
    fields: list[tuple[str, DTypeLike]] = [(name, dtype[name]) for name in dtype.names or ()]
    return np.dtype([*fields, *more])


# A key and its content are known by 16 bytes each; ``booked_at`` is real time, in
# microseconds since 1970.
COMMAND_DTYPE = _extended(
    Commands.DTYPE, ("key_hash", "V16"), ("digest", "V16"), ("booked_at", np.int64)
)
OUTBOX_DTYPE = _extended(Instructions.DTYPE, ("state", np.int16), ("attempts", np.int32))

LINE = Table("line", ("id",), Lines.DTYPE)
DUE = Table("due", ("line", "due_on"), Dues.DTYPE)
LOAN = Table("loan", ("line", "no"), Loans.DTYPE)
INSTALMENT = Table("instalment", ("line", "loan", "no"), Parts.DTYPE)
HOLD = Table("hold", ("line", "no"), Holds.DTYPE)
COMMAND = Table("command", ("seq",), COMMAND_DTYPE)
TRANSFER = Table("transfer", ("seq", "leg"), Transfers.DTYPE)
STATEMENT = Table("statement", ("line", "no"), Statements.DTYPE)
STATEMENT_ITEM = Table("statement_item", ("line", "no", "item"), Items.DTYPE)
OUTBOX = Table("outbox", ("id",), OUTBOX_DTYPE)
DAY_TOTAL = Table("day_total", ("booked_on", "product"), DayTotals.DTYPE)

TABLE_OF: dict[type[Columns], Table] = {
    Lines: LINE,
    Dues: DUE,
    Loans: LOAN,
    Parts: INSTALMENT,
    Holds: HOLD,
    Commands: COMMAND,
    Transfers: TRANSFER,
    Statements: STATEMENT,
    Items: STATEMENT_ITEM,
    Instructions: OUTBOX,
    DayTotals: DAY_TOTAL,
}
TABLES: dict[str, Table] = {table.name: table for table in TABLE_OF.values()}
