"""Where do our books agree with the bank's, and why not everywhere?

The bank's code of month m tells of the bill of m, which the payment of m + 1 settles: so it
is compared with the bucket at the end of m + 1.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.line import BUCKET_MAX
from jiehuan.simulate.conduct import Months
from jiehuan.simulate.people import People

SHARE_DIGITS = 4
MINIMUM_PERCENT = 2

BANK_ONLY = "the bank alone: "
OURS_ONLY = "we alone: "


@dataclasses.dataclass(frozen=True, slots=True)
class PayStatus:
    """The bank's codes against our months past due.

    Attributes:
        table: Of each code, how many client-months we have how many months past due.
        agree: Share of client-months in which both say past due, or both not; None if none.
        reasons: Why the others differ, and how many each.
    """

    table: dict[str, dict[str, int]]
    agree: float | None
    reasons: dict[str, int]


def pay_status(people: People, months: Months) -> PayStatus:
    """Compare the codes of the bills of April to August, as far as the book has come."""
    table: dict[str, dict[str, int]] = {}
    reasons: dict[str, int] = {}
    total = same = 0
    for month in range(len(months.buckets) - 1):
        code, bucket = people.codes[month], months.buckets[month + 1]
        for one in np.unique(code).tolist():
            row = table.setdefault(str(one), {})
            for late, count in enumerate(np.bincount(bucket[code == one]).tolist()):
                if count:
                    row[str(late)] = row.get(str(late), 0) + count
        total += len(code)
        same += int(((code >= 1) == (bucket >= 1)).sum())
        for reason, where in _reasons(people, months, month).items():
            reasons[reason] = reasons.get(reason, 0) + int(where.sum())
    return PayStatus(
        {code: table[code] for code in sorted(table, key=int)},
        round(same / total, SHARE_DIGITS) if total else None,
        {reason: count for reason, count in reasons.items() if count},
    )


def _reasons(people: People, months: Months, month: int) -> dict[str, Flags]:
    """Return why the two differ on the bill of a month: each client under one reason at most."""
    bill, paid = people.bills_minor[month], people.paid_minor[month + 1]
    minimum = months.minimums_minor[month]
    share = paid * 100 >= bill * MINIMUM_PERCENT
    bank, ours = people.codes[month] >= 1, months.buckets[month + 1] >= 1
    cases: dict[str, tuple[Flags, Flags]] = {
        BANK_ONLY + "the bill asks for nothing": (bank & ~ours, bill <= 0),
        BANK_ONLY + "our minimum was paid": (bank & ~ours, paid >= minimum),
        BANK_ONLY + "credits left nothing due": (bank & ~ours, np.ones(len(bill), np.bool_)),
        OURS_ONLY + "nothing was paid": (ours & ~bank, paid == 0),
        OURS_ONLY + "less than 2 % of the bill was paid": (ours & ~bank, ~share),
        OURS_ONLY + "2 % was paid, but not the charges and unmet minimums beside it": (
            ours & ~bank,
            np.ones(len(bill), np.bool_),
        ),
    }
    left = bank != ours
    out = {}
    for reason, (side, where) in cases.items():
        out[reason] = left & side & where
        left = left & ~out[reason]
    assert not left.any()
    return out


def roll_rates(buckets: Sequence[Int64s]) -> dict[str, dict[str, float]]:
    """Return which share of the lines of a bucket was in which bucket a month later.

    Args:
        buckets: The bucket of each line, a column a month.

    Returns:
        Shares by bucket, all months together; buckets that nobody was in are left out.
    """
    counts = np.zeros((BUCKET_MAX + 1, BUCKET_MAX + 1), np.int64)
    for before, after in itertools.pairwise(buckets):
        np.add.at(counts, (before, after), 1)
    return {
        bucket_name(old): {
            bucket_name(new): round(int(row[new]) / int(row.sum()), SHARE_DIGITS)
            for new in np.flatnonzero(row).tolist()
        }
        for old, row in enumerate(counts)
        if row.any()
    }


def bucket_name(bucket: int) -> str:
    """Return a bucket in words: ``M0`` .. ``M6+``."""
    return f"M{bucket}" + "+" * (bucket == BUCKET_MAX)
