"""The instalments of one loan, as columns: what is due, what was paid, and when."""

import dataclasses
import enum

import numpy as np

from jiehuan.core.columns import Codes, Days, Flags, Int64s
from jiehuan.core.loans.terms import PARTS, PRINCIPAL


class Of(enum.IntEnum):
    """What an instalment belongs to."""

    PERIOD = 0
    DOWN = 1
    AFTER = 2  # what falls due after the last period: late charges, refunds of credit


@dataclasses.dataclass(slots=True, eq=False)
class Instalments:
    """Rows in the order of the schedule.

    Attributes:
        of: Of ``Of``, shape (k,).
        from_on: First day of the period, shape (k,).
        due_on: Shape (k,).
        due: What is due, a column each of ``PARTS``, each of shape (k,).
        paid: What was paid of it, the same.
        advance_minor: What of the paid came before the due day, shape (k,).
        late_minor: What of it came after, shape (k,).
        met_on: The day on which the last of it was paid; 0 while something is owed.
    """

    of: Codes
    from_on: Days
    due_on: Days
    due: list[Int64s]
    paid: list[Int64s]
    advance_minor: Int64s
    late_minor: Int64s
    met_on: Days

    @classmethod
    def empty(cls) -> "Instalments":
        """Return no instalments."""
        ints = [np.zeros(0, np.int64) for _ in range(2 * len(PARTS) + 2)]
        days = [np.zeros(0, np.int32) for _ in range(3)]
        four = len(PARTS)
        return cls(
            np.zeros(0, np.int16), days[0], days[1],
            ints[:four], ints[four : 2 * four], ints[-2], ints[-1], days[2],
        )  # fmt: skip

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.due_on)

    def insert(self, at: int, of: Of, from_on: int, due_on: int, principal_minor: int = 0) -> None:
        """Put an instalment in at a place."""
        self.of = np.insert(self.of, at, of)
        self.from_on = np.insert(self.from_on, at, from_on)
        self.due_on = np.insert(self.due_on, at, due_on)
        self.due = [np.insert(column, at, 0) for column in self.due]
        self.paid = [np.insert(column, at, 0) for column in self.paid]
        self.advance_minor = np.insert(self.advance_minor, at, 0)
        self.late_minor = np.insert(self.late_minor, at, 0)
        self.met_on = np.insert(self.met_on, at, 0)
        self.due[PRINCIPAL][at] = principal_minor

    def add_due(self, row: int, part: int, amount_minor: int) -> None:
        """Make more of a part due in a row."""
        self.due[part][row] += amount_minor
        self.check_met()

    def check_met(self, on: int = 0) -> None:
        """Forget when rows were met that are owed again; those now met were met on a day."""
        owed = self.owed_minor
        self.met_on[owed > 0] = 0
        paid: Int64s = np.asarray(sum(self.paid))
        self.met_on[(owed == 0) & (paid > 0) & (self.met_on == 0)] = on

    @property
    def owed_minor(self) -> Int64s:
        """What is owed of each row, shape (k,)."""
        return np.asarray(sum(self.due) - np.asarray(sum(self.paid)))

    def pay(self, on: int, parts: list[Int64s]) -> None:
        """Book what a payment paid, a column each of ``PARTS``."""
        total: Int64s = np.asarray(sum(parts))
        was_owed = self.owed_minor > 0
        self.paid = [paid + part for paid, part in zip(self.paid, parts, strict=True)]
        self.advance_minor = self.advance_minor + total * (on < self.due_on)
        self.late_minor = self.late_minor + total * (on > self.due_on)
        met: Flags = was_owed & (self.owed_minor == 0)
        self.met_on[met] = on

    def unpaid(self) -> None:
        """Forget every payment."""
        self.paid = [np.zeros(len(self), np.int64) for _ in PARTS]
        self.advance_minor = np.zeros(len(self), np.int64)
        self.late_minor = np.zeros(len(self), np.int64)
        self.met_on = np.zeros(len(self), np.int32)
