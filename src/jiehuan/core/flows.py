"""What is paid between a lender and borrowers, when, and does that have a rate of return?

The flows of many loans lie in one run of rows: those of loan ``i`` are ``at[i] : at[i + 1]``.
Money and time are whole numbers here; ``core.irr`` finds the rate.
"""

import dataclasses
import enum
import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np

from jiehuan.core.columns import Codes, Flags, Int64s

# Flows that are worked on at a time: their columns stay in a processor's own cache.
_CHUNK: Final = 65_536


class Status(enum.IntEnum):
    """Whether flows have a rate.

    With one change of sign there is exactly one rate above -100 %.  Without one there is
    none; with several there may be several, and none is chosen by chance.
    """

    OK = 0
    NO_SIGN_CHANGE = 1
    SEVERAL_SIGN_CHANGES = 2
    NO_ROOT = 3


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """The flows of ``k`` loans, ``n`` in all; those of loan ``i`` are ``at[i] : at[i + 1]``.

    Attributes:
        at: Where each loan's flows begin, and where the last one's end, shape (k + 1,).
        amount_minor: What is paid, in either direction; its sign tells which, shape (n,).
        time: When, counted from any moment, in any order, shape (n,).
        time_unit: How much ``time`` is the period of the rate: 365 for days and a rate a year.
        part: What is left over of a whole ``time``, never negative, shape (n,); or None.
        part_unit: How much ``part`` is one period, shape (k,).
    """

    at: Int64s
    amount_minor: Int64s
    time: Int64s
    time_unit: int = 1
    part: Int64s | None = None
    part_unit: Int64s | None = None

    def __post_init__(self) -> None:
        """Check that the columns fit together."""
        assert self.amount_minor.shape == self.time.shape == (self.at[-1],)
        assert self.at[0] == 0
        assert not np.count_nonzero(self.at[1:] < self.at[:-1])
        assert self.time_unit > 0
        assert (self.part is None) == (self.part_unit is None)


def chunks(flows: Flows) -> Iterator[Flows]:
    """Yield the loans in their order, about ``_CHUNK`` flows at a time."""
    cuts = np.searchsorted(flows.at, np.arange(_CHUNK, int(flows.at[-1]), _CHUNK))
    edges = np.unique(np.concatenate(([0], cuts, [len(flows.at) - 1]))).tolist()
    for low, high in itertools.pairwise(edges):
        yield _between(flows, low, high)


def _between(flows: Flows, low: int, high: int) -> Flows:
    """Return the loans ``low : high``."""
    rows = slice(flows.at[low], flows.at[high])
    return dataclasses.replace(
        flows,
        at=flows.at[low : high + 1] - flows.at[low],
        amount_minor=flows.amount_minor[rows],
        time=flows.time[rows],
        part=None if flows.part is None else flows.part[rows],
        part_unit=None if flows.part_unit is None else flows.part_unit[low:high],
    )


def only(flows: Flows, chosen: Flags) -> Flows:
    """Return some of the loans."""
    loans = np.flatnonzero(chosen)
    count = np.diff(flows.at)[loans]
    rows = rows_of(flows.at[loans], count)
    return dataclasses.replace(
        flows,
        at=np.concatenate(([0], np.cumsum(count))),
        amount_minor=flows.amount_minor[rows],
        time=flows.time[rows],
        part=None if flows.part is None else flows.part[rows],
        part_unit=None if flows.part_unit is None else flows.part_unit[loans],
    )


def rows_of(first: Int64s, count: Int64s) -> Int64s:
    """Return the rows of runs that begin at ``first``, one after the other."""
    begins = np.cumsum(count) - count
    rows: Int64s = np.arange(int(count.sum())) + np.repeat(first - begins, count)
    return rows


def netted(flows: Flows) -> tuple[Flows, Int64s]:
    """Return flows by time with one flow a moment, none of 0, and each loan's running sums."""
    count = np.diff(flows.at)
    loan = np.repeat(np.arange(len(count)), count)
    unit = np.ones(len(count), np.int64) if flows.part_unit is None else flows.part_unit
    part = np.zeros(len(loan), np.int64) if flows.part is None else flows.part
    moment = flows.time * unit[loan] + part
    if not len(loan):
        return flows, flows.amount_minor
    order = np.arange(len(loan))
    if ((moment[1:] < moment[:-1]) & (loan[1:] == loan[:-1])).any():
        order = np.lexsort((moment, loan))
        moment = moment[order]  # the loans stay where they are

    begins = np.flatnonzero(np.concatenate(([True], (np.diff(loan) != 0) | (np.diff(moment) != 0))))
    amount = np.add.reduceat(flows.amount_minor[order], begins)
    real = amount != 0
    begins, amount = begins[real], amount[real]
    loan, rows = loan[begins], order[begins]
    at = np.searchsorted(loan, np.arange(len(count) + 1))
    total = np.concatenate(([0], np.cumsum(amount)))
    netted = dataclasses.replace(
        flows,
        at=at,
        amount_minor=amount,
        time=flows.time[rows],
        part=None if flows.part is None else flows.part[rows],
    )
    return netted, total[1:] - total[at[:-1]][loan]


def judge(flows: Flows, sums: Int64s, *, by_balance: bool) -> tuple[Codes, Int64s]:
    """Return each loan's status, and the sign that makes its first flow, or advance, negative."""
    at, amount = flows.at, flows.amount_minor
    status = np.zeros(len(at) - 1, np.int16)
    loan = np.repeat(np.arange(len(status)), np.diff(at))
    changes = _changes(amount, loan, len(status))
    status[changes == 0] = Status.NO_SIGN_CHANGE
    status[changes > 1] = Status.SEVERAL_SIGN_CHANGES
    toward = np.full(len(status), -1)
    toward[loan[::-1]] = -np.sign(amount[::-1])  # the first flow of a loan comes last
    if by_balance and (changes > 1).any():
        # What was paid before the first advance stands in its sum already.
        seen = np.add.accumulate(amount < 0, dtype=np.int64)
        before = np.concatenate(([0], seen))[at[:-1]][loan]
        counts = (seen > before) & (sums != 0)
        owed_first = np.zeros(len(status), np.int64)
        owed_first[loan[counts][::-1]] = sums[counts][::-1]
        turns = _changes(sums[counts], loan[counts], len(status))
        ends = sums[np.maximum(at[1:] - 1, 0)] if len(sums) else owed_first
        drawn = (
            (changes > 1)
            & (owed_first < 0)
            & (((turns == 1) & (ends > 0)) | ((turns == 0) & (ends == 0)))
        )
        status[drawn] = Status.OK
        toward[drawn] = 1
    return status, toward


def _changes(amount: Int64s, loan: Int64s, loans: int) -> Int64s:
    """Return how often the sign of flows, none 0, changes in each loan, shape (loans,)."""
    positive = amount > 0
    change = (positive[1:] != positive[:-1]) & (loan[1:] == loan[:-1])
    return np.bincount(loan[1:][change], minlength=loans)
