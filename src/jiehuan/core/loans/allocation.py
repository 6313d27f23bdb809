"""Which instalment, and which part of it, does a payment pay?

What is owed is laid out in cells: an instalment's part in the phase in which it stands on
the day.  A table of ranks orders the cells; the payment is poured over them.
"""

import dataclasses

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.loans.instalments import Instalments
from jiehuan.core.loans.terms import (
    FEE,
    IN_ADVANCE,
    PARTS,
    PAST_DUE,
    PENALTY,
    PHASES,
    Allocation,
)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What is owed, by where it stands; every column has shape (cells,)."""

    phase: Int64s
    part: Int64s
    row: Int64s
    owed_minor: Int64s

    def at(self, chosen: Int64s) -> "Cells":
        """Return some cells, in the order given."""
        return Cells(*(getattr(self, f.name)[chosen] for f in dataclasses.fields(self)))


def cells(
    rows: Instalments, on: int, allocation: Allocation, charged: list[Int64s] | None = None
) -> Cells:
    """Return what is owed on a day.

    Args:
        rows: The instalments.
        on: The day.
        allocation: Says whether a charge falls due on its own day.
        charged: The charges whose own day has come, a column each of penalty and fee.
    """
    k = len(rows)
    phase = np.where(rows.due_on < on, PAST_DUE, np.where(rows.due_on == on, 1, IN_ADVANCE))
    owed = [due - paid for due, paid in zip(rows.due, rows.paid, strict=True)]
    parts = [(phase, part, owed[part]) for part in range(len(PARTS))]
    if allocation.charges_by_own_day and charged is not None:
        for part in (PENALTY, FEE):
            come = np.clip(charged[part] - rows.paid[part], 0, owed[part])
            come = np.where(phase == IN_ADVANCE, come, owed[part])
            parts[part] = (np.minimum(phase, 1), part, come)
            parts.append((phase, part, owed[part] - come))
    return Cells(
        np.concatenate([phase for phase, _, _ in parts]),
        np.repeat([part for _, part, _ in parts], k),
        np.tile(np.arange(k), len(parts)),
        np.concatenate([owed for _, _, owed in parts]),
    )


def order(of: Cells, allocation: Allocation, advance: str) -> Int64s:
    """Return the cells' places, first paid first."""
    rank = np.zeros((len(PHASES), len(PARTS)), np.int64)
    for place, (phase, part) in enumerate(allocation.ranks):
        rank[phase, part] = place
    ranked = rank[of.phase, of.part]
    backwards = (of.phase == IN_ADVANCE) & (advance == "last")
    row = np.where(backwards, -of.row, of.row)
    if allocation.across:
        return np.lexsort((ranked, row, of.phase))
    return np.lexsort((row, ranked))


def pour(amount_minor: int, owed_minor: Int64s) -> Int64s:
    """Return what each cell gets of an amount, first come first served, shape (cells,).

    Examples:
        >>> pour(100, np.array([30, 0, 50, 60])).tolist()
        [30, 0, 50, 20]
    """
    before = np.cumsum(owed_minor) - owed_minor
    return np.asarray(np.clip(amount_minor - before, 0, owed_minor))


def allocate(of: Cells, amount_minor: int, allocation: Allocation, advance: str) -> Int64s:
    """Return what each cell gets of a payment, shape (cells,)."""
    places = order(of, allocation, advance)
    sorted_owed = of.owed_minor[places]
    got = np.zeros(len(places), np.int64)
    if advance != "spread":
        got[places] = pour(amount_minor, sorted_owed)
        return got
    later = of.phase[places] == IN_ADVANCE
    got[places] = pour(amount_minor, sorted_owed * ~later)
    _spread(of, places[later], amount_minor - int(got.sum()), got)
    return got


def _spread(of: Cells, places: Int64s, left_minor: int, got: Int64s) -> None:
    """Give every instalment an equal share of what is left, again until it is gone."""
    while left_minor > 0:
        owed = of.owed_minor - got
        rows = np.unique(of.row[places][owed[places] > 0])
        if not len(rows):
            return
        share = max(1, (2 * left_minor + len(rows)) // (2 * len(rows)))
        for row in rows:
            mine = places[of.row[places] == row]
            paid = pour(min(share, left_minor), owed[mine])
            got[mine] += paid
            left_minor -= int(paid.sum())


def by_part(of: Cells, got: Int64s, k: int) -> list[Int64s]:
    """Return what was got as a column each of ``PARTS``, each of shape (k,)."""
    columns = []
    for part in range(len(PARTS)):
        mine = of.part == part
        sums = np.zeros(k, np.int64)
        np.add.at(sums, of.row[mine], got[mine])
        columns.append(sums)
    return columns
