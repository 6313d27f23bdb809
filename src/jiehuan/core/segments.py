"""Children of lines, without loops: gather, sum and pour by segment.

The children of line ``i`` lie in one run of rows with room to grow; a gather of several
lines gives all their rows and, for each, which line it belongs to.
"""

import dataclasses
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import ZERO, Columns, Flags, Int64s

Index = NDArray[np.int64]
C = TypeVar("C", bound=Columns)


@dataclasses.dataclass(slots=True)
class Segments:
    """Rows gathered for ``k`` lines: ``at`` in the table, ``of`` which line, both (m,)."""

    at: Index
    of: Index
    first: Index  # (k,) where each line's rows begin in ``at``
    count: Index  # (k,)

    def sum(self, x: Int64s) -> Int64s:
        """Return the sum of ``x`` (m,) over each line, shape (k,); it may be ``x`` itself."""
        if len(self.count) == 1:
            return np.add.reduceat(x, self.first) if len(x) > 1 else x if len(x) else _NOTHING
        total = _running(x)
        return np.asarray(total[self.first + self.count] - total[self.first])

    def before(self, x: Int64s) -> Int64s:
        """Return for each row the sum of the rows of its line before it, shape (m,)."""
        if len(self.count) == 1:
            return np.asarray(np.add.accumulate(x) - x)
        total = _running(x)
        return np.asarray(total[:-1] - total[self.first][self.of])

    def pour(self, amount: Int64s, cells: Int64s) -> Int64s:
        """Pour each line's amount (k,) over its cells (m,), first cell first.

        Returns what each cell takes, shape (m,); never more than the amount or the cell.
        """
        left = amount[self.of] - self.before(cells)
        return np.asarray(np.minimum(np.maximum(left, ZERO), cells))

    def keep(self, where: Flags) -> "Segments":
        """Return the segments with the rows that are ``where`` (m,)."""
        of = self.of[where]
        count = np.bincount(of, minlength=len(self.count))
        return Segments(self.at[where], of, count.cumsum() - count, count)

    def widen(self, times: int) -> "Segments":
        """Return the segments of a table with ``times`` cells for each row, row by row."""
        return Segments(
            np.repeat(self.at, times),
            np.repeat(self.of, times),
            self.first * times,
            self.count * times,
        )


_NOTHING = np.zeros(1, np.int64)
_NOTHING.flags.writeable = False


def _running(x: Int64s) -> Int64s:
    """Return the sums of the first 0, 1, ... of ``x`` (m,), shape (m + 1,)."""
    total = np.zeros(len(x) + 1, np.int64)
    x.cumsum(out=total[1:])
    return total


@dataclasses.dataclass(slots=True)
class Child(Generic[C]):
    """A child table with room reserved for each line.

    Rows of line ``i`` are ``start[i] : start[i] + used[i]``, oldest first; ``had[i]`` of
    them were ``loaded``, the rest are new.  One spare row of zeros stands at the end, so that
    the index -1, "not found", can be read.
    """

    loaded: C
    size: int  # all rows but the spare one
    start: Index
    used: Index
    had: Index
    made: C | None = None

    @property
    def rows(self) -> C:
        """The rows; they are laid out when somebody first asks, as many a command never does."""
        if self.made is None:
            self.made = made = self.loaded.empty(self.size + 1)
            if len(self.loaded):
                at = self.had_at()
                for name in made.NAMES:
                    getattr(made, name)[at] = getattr(self.loaded, name)
        return self.made

    @property
    def roomy(self) -> bool:
        """Whether there is any row, loaded or to come."""
        return self.size > 0

    def gather(self, i: Index) -> Segments:
        """Return the rows in use of lines ``i`` (k,)."""
        count = self.used[i]
        if len(i) == 1:
            [start], [n] = self.start[i].tolist(), count.tolist()
            of = np.zeros(n, np.int64)
            return Segments(np.arange(start, start + n), of, np.zeros(1, np.int64), count)
        first = count.cumsum() - count
        of = np.arange(len(i)).repeat(count)
        at = np.arange(len(of)) + (self.start[i] - first)[of]
        return Segments(at, of, first, count)

    def append(self, i: Index) -> Index:
        """Take one more row for each line of ``i`` (each at most once); return where."""
        used = self.used[i]
        self.used[i] = used + 1
        return np.asarray(self.start[i] + used)

    def find(self, i: Index, column: Int64s, wanted: Int64s) -> Index:
        """Return where ``column`` is ``wanted`` (k,) among the rows of each line, or -1."""
        s = self.gather(i)
        found = np.empty(len(i), np.int64)
        found.fill(-1)
        hit = column[s.at] == wanted[s.of]
        found[s.of[hit]] = s.at[hit]
        return found

    def in_use(self) -> Flags:
        """Return which rows are in use, shape of the table."""
        return _spans(self.start, self.used, self.size + 1)

    def had_at(self) -> Index:
        """Return the rows that were there at load."""
        if len(self.had) == 1:
            return np.arange(self.had.item())
        return _spans(self.start, self.had, self.size + 1).nonzero()[0]


def _spans(start: Index, count: Index, size: int) -> Flags:
    edge = np.zeros(size + 1, np.int64)
    np.add.at(edge, start, 1)
    np.add.at(edge, start + count, -1)
    return np.asarray(np.cumsum(edge[:-1]) > 0)


def reserve(lines: Int64s, loaded: C, owner: Int64s, room: Index) -> Child[C]:
    """Lay out ``loaded`` rows (sorted by ``owner``, a line id each) with ``room`` (n,) to grow.

    ``lines`` are the sorted line ids, shape (n,).
    """
    if not len(owner) and not np.count_nonzero(room):
        return Child(loaded, 0, room, room, room)
    had = np.bincount(lines.searchsorted(owner), minlength=len(lines))
    size = had + room
    end = np.add.accumulate(size)
    return Child(loaded, int(end[-1]), end - size, had.copy(), had)
