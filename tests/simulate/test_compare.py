"""The bank's codes against our buckets, and how lines roll from month to month."""

import numpy as np
from tests.simulate.lives import MANY, people, rehearsed
from tests.tables import table

from jiehuan.simulate.compare import BANK_ONLY, OURS_ONLY, bucket_name, pay_status, roll_rates
from jiehuan.simulate.conduct import Months
from jiehuan.simulate.people import People

# The bill of April, what was paid of it in May, our minimum, our bucket at the end of May.
CASES = """
    code   bill  paid  minimum  bucket  reason
       0  1_000    20       20       0  none
      -1  1_000    20       20       0  none
       2  1_000     0       20       1  none
       2  1_000    20       20       0  the bank alone: our minimum was paid
       2  1_000    10       20       0  the bank alone: credits left nothing due
       1      0     0        0       0  the bank alone: the bill asks for nothing
       8     -5     0        0       0  the bank alone: the bill asks for nothing
       0  1_000     0       20       1  we alone: nothing was paid
      -2  1_000    19       20       1  we alone: less than 2 % of the bill was paid
       0  1_000    20       35       2  we alone: 2 % was paid, but not the charges and unmet minimums beside it
"""  # noqa: E501 - a row a case


def book(rows) -> tuple[People, Months]:
    """A client for each case, alike but for April's bill and May's end."""

    def column(name: str):
        return np.array([getattr(row, name) for row in rows])

    nothing = np.zeros(len(rows), np.int64)
    months = [nothing] * 6
    made = People(
        id=np.arange(1, len(rows) + 1),
        limit_minor=nothing,
        age_years=nothing,
        education_level=nothing,
        bills_minor=(column("bill"), *months[1:]),
        paid_minor=(nothing, column("paid"), *months[2:]),
        codes=(column("code"), *months[1:]),
        defaulted=nothing > 0,
    )
    seen = Months(
        [column("bill"), nothing],
        [column("minimum"), nothing],
        [nothing, column("bucket")],
        [nothing, column("paid")],
    )
    return made, seen


def test_each_difference_has_one_reason():
    for row in table(CASES):
        told = pay_status(*book([row]))
        expected = {} if row.reason == "none" else {row.reason: 1}
        assert (row.reason, expected) == (row.reason, told.reasons)


def test_codes_are_counted_by_our_months_past_due():
    told = pay_status(*book(table(CASES)))

    expected = {
        "-2": {"1": 1},
        "-1": {"0": 1},
        "0": {"0": 1, "1": 1, "2": 1},
        "1": {"0": 1},
        "2": {"0": 2, "1": 1},
        "8": {"0": 1},
    }
    assert expected == told.table
    assert 0.3 == told.agree


def test_a_book_of_one_month_has_nothing_to_compare():
    made, seen = book(table(CASES))
    first = Months(*(column[:1] for column in (seen.balances_minor,) * 4))

    told = pay_status(made, first)

    assert ({}, None, {}) == (told.table, told.agree, told.reasons)


def test_reasons_add_up_to_what_differs_on_real_people():
    states = rehearsed().states
    buckets = [state.lines.bucket.astype(np.int64) for state in states]
    minimums = [state.lines.minimum_minor for state in states]

    told = pay_status(people(), Months(minimums, minimums, buckets, minimums))

    total = sum(count for row in told.table.values() for count in row.values())
    differs = sum(count for reason, count in told.reasons.items())
    assert MANY * 5 == total
    assert told.agree == round(1 - differs / total, 4)
    assert 0.85 < told.agree < 0.97
    assert all(reason.startswith((BANK_ONLY, OURS_ONLY)) for reason in told.reasons)


def test_lines_roll_from_bucket_to_bucket():
    months = [np.array([0, 0, 0, 1]), np.array([0, 1, 0, 2]), np.array([0, 2, 1, 0])]

    expected = {
        "M0": {"M0": 0.6, "M1": 0.4},
        "M1": {"M2": 1.0},
        "M2": {"M0": 1.0},
    }
    assert expected == roll_rates(months)
    assert {} == roll_rates(months[:1])


def test_the_last_bucket_is_open_ended():
    assert ["M0", "M5", "M6+"] == [bucket_name(bucket) for bucket in (0, 5, 6)]
