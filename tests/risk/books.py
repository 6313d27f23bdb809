"""Made-up histories, the same in every run: numbers are stirred, never drawn."""

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.risk.features import RAW_MEANING, UNKNOWN
from jiehuan.risk.folds import mix


def stirred(n: int, salt: int, size: int) -> Int64s:
    """Return n numbers, 0 .. size - 1."""
    bits = mix(np.arange(n, dtype=np.int64) * 1_000 + salt)
    return (bits % np.uint64(size)).astype(np.int64)


def book(n: int) -> tuple[Int64s, dict[str, Int64s], Flags]:
    """Return subjects, every raw column and who defaulted: the poor payers, mostly.

    One value in sixteen is not known.
    """
    raw: dict[str, Int64s] = {}
    patience = stirred(n, 1, 100)
    for salt, name in enumerate(RAW_MEANING, start=2):
        size = 7 if name.startswith("bucket") else 5 if name.startswith("education") else 90
        value = stirred(n, salt, size)
        if name.endswith("_minor") or "_minor_" in name:
            value = (value + 1) * 1_000_00
        if name.startswith("repaid"):
            value = value * patience // 100
        if name.startswith("bucket"):
            value = np.where(patience < 30, value, 0)
        raw[name] = np.where(stirred(n, salt + 100, 16) == 0, UNKNOWN, value)
    bad = stirred(n, 999, 100) > patience + 30
    return stirred(n, 7_777, 10**9), raw, bad


def rows_of(raw: dict[str, Int64s], at: Int64s | list[int]) -> dict[str, Int64s]:
    """Take some rows of raw columns."""
    return {name: column[at] for name, column in raw.items()}
