"""The worked line of the rules: every row of its table, every number of its text."""

from fractions import Fraction

import pytest
from tests.core.play import Play
from tests.core.told import told
from tests.oracle.model import LoanOwed, Statement
from tests.oracle.playing import commands_of, day
from tests.oracle.random_lives import RandomLife
from tests.tables import table

LIFE = RandomLife(
    "pay-later",
    1_000_000,
    commands_of("""
        03-05 purchase 200_000
        03-20 purchase 100_000
        04-08 repay 100_000
        04-15 purchase 50_000
        04-20 repay 12_345
        04-24 draw 80_000
        04-25 draw_succeeded of 6
        05-05 repay 30_000
        05-20 repay 3_914
        05-25 purchase 25_000
        06-10 repay 315_467
        07-03 repay 2_000
        07-05 purchase 1_000
    """),
    day("01-01"),
    1,
    day("07-31"),
)
LOAN_1, LOAN_2 = ("cycle", day("04-01")), ("draw", 7)
LOAN_3, LOAN_4 = ("cycle", day("05-01")), ("cycle", day("06-01"))


def at(until: str):
    """Return what the kernel holds at the close of a day."""
    return told(Play([LIFE]).until(day(until)), 0, day(until))


def test_every_row_of_the_table():
    play = Play([LIFE])
    for case in table("""
        until     used  available    held  overpaid
        03-05  200_000    800_000       0         0
        03-20  300_000    700_000       0         0
        04-01  300_000    700_000       0         0
        04-08  200_000    800_000       0         0
        04-10  200_000    800_000       0         0
        04-15  250_000    750_000       0         0
        04-20  237_655    762_345       0         0
        04-24  237_655    682_345  80_000         0
        04-25  317_655    682_345       0         0
        05-01  317_655    682_345       0         0
        05-05  289_803    710_197       0         0
        05-10  289_803    710_197       0         0
        05-20  285_889    714_111       0         0
        05-25  310_889    689_111       0         0
        06-01  310_889    689_111       0         0
        06-10        0  1_000_000       0         0
        07-01        0  1_000_000       0         0
        07-03        0  1_000_000       0       749
        07-05      251    999_749       0         0
    """):
        now = told(play.until(day(case.until)), 0, day(case.until))

        expected = (case.until, case.used, case.available, case.held, case.overpaid)
        assert expected == (case.until, now.used, now.available, now.held, now.overpaid)
    assert {"DONE"} == set(play.outcomes(0).values())


def test_its_four_statements():
    expected = [
        Statement(day("04-01"), day("04-10"), 300_000, 300_000, 30_000, 300_000),
        Statement(day("05-01"), day("05-10"), 319_803, 319_803, 33_914, 317_655),
        Statement(day("06-01"), day("06-10"), 315_467, 315_467, 35_667, 310_889),
        Statement(day("07-01"), day("07-10"), 1_251, 1_251, 1_251, 0),
    ]

    assert expected == at("07-31").statements


def test_its_day_events():
    expected = [
        (day("04-01"), "statement"),
        (day("04-10"), "due_passed"),
        (day("05-01"), "statement"),
        (day("05-10"), "due_passed"),
        (day("05-11"), "aged"),
        (day("06-01"), "statement"),
        (day("07-01"), "statement"),
    ]

    assert expected == at("07-31").events


@pytest.mark.parametrize(
    ("until", "loan", "owed"),
    [
        # The night of `until` is reckoned.
        ("04-10", LOAN_1, LoanOwed(carried=200_000)),
        ("04-19", LOAN_1, LoanOwed(carried=200_000, interest_accrued=Fraction(900))),
        ("04-30", LOAN_1, LoanOwed(carried=187_655, interest_accrued=Fraction("1932.1025"))),
        (
            "05-01",
            LOAN_2,
            LoanOwed(billed=80_000, interest_due=216, interest_accrued=Fraction(36)),
        ),
        ("05-05", LOAN_3, LoanOwed(billed=50_000)),
        ("05-10", LOAN_1, LoanOwed(carried=159_803, interest_accrued=Fraction("854.8215"))),
        ("05-10", LOAN_2, LoanOwed(carried=80_000, interest_accrued=Fraction(360))),
        (
            "05-31",
            LOAN_1,
            LoanOwed(
                carried=155_889,
                interest_accrued=Fraction("1790.1555"),
                penalty_accrued=Fraction("934.84755"),
            ),
        ),
        ("06-01", LOAN_4, LoanOwed(billed=25_000)),
        (
            "06-10",
            LOAN_1,
            LoanOwed(interest_accrued=Fraction("701.656"), penalty_accrued=Fraction("-0.15245")),
        ),
        ("06-10", LOAN_4, None),
        (
            "07-01",
            LOAN_1,
            LoanOwed(
                interest_due=702,
                interest_accrued=Fraction("-0.344"),
                penalty_accrued=Fraction("-0.15245"),
            ),
        ),
        ("07-03", LOAN_1, None),
    ],
)
def test_what_its_loans_owe(until, loan, owed):
    assert owed == at(until).loans.get(loan)


@pytest.mark.parametrize(
    ("until", "past_due_on", "days", "bucket", "unmet"),
    [
        ("05-09", None, 0, 0, 3_914),
        ("05-10", "05-10", 0, 0, 3_914),
        ("05-11", "05-10", 1, 1, 3_914),
        ("05-19", "05-10", 9, 1, 3_914),
        ("05-20", None, 0, 0, 0),
    ],
)
def test_it_is_late_for_nine_days(until, past_due_on, days, bucket, unmet):
    now = at(until)

    since = past_due_on and day(past_due_on)
    assert (since, days, bucket) == (now.past_due_on, now.days_past_due, now.bucket)
    assert unmet == sum(entry for _, entry in now.queue)


def test_what_it_was_billed():
    now = at("07-31")

    assert 1_932 + 216 + 1_790 + 792 + 300 + 702 + 324 + 225 == now.interest_billed
    assert 935 + 468 + 293 == now.penalty_billed
