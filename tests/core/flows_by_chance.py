"""Cash flows by chance, packed as the kernel takes them; the bench measures with them too."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.int64]
Loan = tuple[Columns, Columns]  # days, amounts

TERMS = (3, 37)
FLOWS = (2, 40)
DAYS = 3_650
AMOUNT = 10**7
FIRST_ON = 739_617  # 2026-01-01


def packed(loans: Sequence[Loan]) -> tuple[Columns, Columns, Columns]:
    """Return where each loan begins, the amounts and the times of all loans."""
    at = np.cumsum([0, *(len(time) for time, _ in loans)])
    amount = np.concatenate([paid for _, paid in loans]).astype(np.int64)
    return at, amount, np.concatenate([time for time, _ in loans]).astype(np.int64)


def _level(chance: np.random.Generator) -> Loan:
    """Equal payments about a month apart, as a book of instalment loans has them."""
    count, lent = int(chance.integers(*TERMS)), int(chance.integers(10**5, AMOUNT))
    paid = int(lent * (1 + chance.uniform(0, 0.3)) / count)
    days = np.arange(1, count + 1) * 30 + chance.integers(0, 10, count)
    return np.append(0, days), np.append(-lent, np.full(count, paid))


def _days(chance: np.random.Generator) -> Columns:
    count = int(chance.integers(*FLOWS))
    return np.sort(chance.choice(np.arange(1, DAYS), count, replace=False))


def _uneven(chance: np.random.Generator) -> Loan:
    """One advance, and any payments on any days: from a third to more than was lent."""
    days = _days(chance)
    paid = chance.integers(1, AMOUNT, len(days))
    return np.append(0, days), np.append(-int(paid.sum() * chance.uniform(0.3, 1.2)), paid)


def _drawn(chance: np.random.Generator) -> Loan:
    """Several advances, then several payments."""
    days = _days(chance)
    paid = chance.integers(1, AMOUNT, len(days))
    paid[: int(chance.integers(1, len(days)))] *= -1
    return days, paid


def _any(chance: np.random.Generator) -> Loan:
    """Either side pays on any day."""
    days = _days(chance)
    return days, chance.integers(-AMOUNT, AMOUNT, len(days))


MAKERS = {"level": _level, "uneven": _uneven, "drawn": _drawn, "any": _any}
KINDS = tuple(MAKERS)


def by_chance(kind: str, loans: int, seed: int) -> tuple[Columns, Columns, Columns]:
    """Return where each loan begins, the amounts and the days of loans of a kind."""
    chance = np.random.default_rng(seed)
    at, amount, days = packed([MAKERS[kind](chance) for _ in range(loans)])
    return at, amount, days + FIRST_ON
