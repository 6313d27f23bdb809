"""How fast are schedules?  A million loans in columns, against a loop over ``Decimal``.

Both reckon equal instalments of the same loans, 3 to 36 months at 1 to 36 % a year; every
instalment of both is compared.  Seconds are the processor's, so that other work does not
count.  Prints one JSON object.  Argument: how many loans (1,000,000).
"""

import json
import sys
import time
from array import array
from decimal import ROUND_HALF_UP, Decimal, getcontext

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.methods import Due, Loans, schedules

MONTHS = 12
PER = MONTHS * 1_000_000
BATCH = 100_000
SEED = 1


def loans_by_chance(n: int) -> Loans:
    """Return loans of 100.00 to 200,000.00; rates in steps of a tenth of a percent."""
    chance = np.random.default_rng(SEED)
    principal = chance.integers(100_00, 200_000_00, n)
    count = chance.integers(3, 37, n)
    rate_ppm = chance.integers(10, 361, n) * 1_000
    return Loans.of(principal, count, rate_ppm, PER)


def in_columns(loans: Loans) -> tuple[Due, float]:
    """Return the schedules and the processor time that they took."""
    begun = time.process_time()
    due = schedules("equal-instalments", loans)
    return due, time.process_time() - begun


def in_a_loop(loans: Loans) -> tuple["array[int]", "array[int]", float]:
    """Return principal and interest of the same loans, and the processor time."""
    getcontext().prec = 28
    given = zip(
        loans.principal_minor.tolist(),
        loans.count.tolist(),
        loans.cost.tolist(),
        strict=True,
    )
    principals, interests = array("q"), array("q")
    one, unit = Decimal(1), Decimal(1)
    begun = time.process_time()
    for principal, count, rate_ppm in given:
        left, cost = Decimal(principal), Decimal(rate_ppm)
        rate = cost / PER
        payment = (left * rate / (one - (one + rate) ** -count)).quantize(unit, ROUND_HALF_UP)
        for term in range(count):
            interest = (left * cost / PER).quantize(unit, ROUND_HALF_UP)
            part = left if term == count - 1 else min(payment - interest, left)
            left -= part
            principals.append(int(part))
            interests.append(int(interest))
    return principals, interests, time.process_time() - begun


def differing(due: Due, count: Int64s, told: tuple["array[int]", "array[int]"]) -> int:
    """Return how many instalments differ."""
    at = np.repeat(due.first[: len(count)], count) + np.arange(count.sum())
    at -= np.repeat(np.cumsum(count) - count, count)
    principal, interest = (np.frombuffer(column, np.int64) for column in told)
    same = (due.principal_minor[at] == principal) & (due.interest_minor[at] == interest)
    return int(np.count_nonzero(~same))


def main() -> None:
    """Measure, compare, print."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    loans = loans_by_chance(n)
    seconds, loop_seconds, compared, unlike = 0.0, 0.0, 0, 0
    for begin in range(0, n, BATCH):
        batch = loans.at(np.arange(begin, min(begin + BATCH, n)))
        due, taken = in_columns(batch)
        principals, interests, loop_taken = in_a_loop(batch)
        seconds += taken
        loop_seconds += loop_taken
        compared += len(principals)
        unlike += differing(due, batch.count, (principals, interests))
    told = {
        "bench": "schedules",
        "loans": n,
        "seconds": round(seconds, 3),
        "decimal_seconds": round(loop_seconds, 1),
        "times_faster": round(loop_seconds / seconds, 1),
        "instalments_compared": compared,
        "instalments_differing": unlike,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
