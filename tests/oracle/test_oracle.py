"""The scalar model against numbers worked by hand; the arithmetic stands beside each."""

import dataclasses
import types
from fractions import Fraction

import pytest
from tests.oracle.model import LoanOwed, Statement, Terms
from tests.oracle.playing import commands_of, day, play
from tests.oracle.terms import CARD_TW_2005, PAY_LATER

# --- The worked line of terms.md 11 ----------------------------------------------------------

WORKED = """
    03-05 purchase 200_000
    03-20 purchase 100_000
    04-08 repay 100_000
    04-15 purchase 50_000
    04-20 repay 12_345
    04-24 draw 80_000
    04-25 draw_succeeded 80_000 of 6
    05-05 repay 30_000
    05-20 repay 3_914
    05-25 purchase 25_000
    06-10 repay 315_467
    07-03 repay 2_000
    07-05 purchase 1_000
"""
LOAN_1, LOAN_2 = ("cycle", day("04-01")), ("draw", 7)
LOAN_3, LOAN_4 = ("cycle", day("05-01")), ("cycle", day("06-01"))


@pytest.mark.parametrize(
    ("until", "used", "available"),
    [
        ("03-20", 300_000, 700_000),
        ("04-01", 300_000, 700_000),
        ("04-08", 200_000, 800_000),
        ("04-10", 200_000, 800_000),
        ("04-15", 250_000, 750_000),
        ("04-20", 237_655, 762_345),
        ("04-24", 237_655, 682_345),
        ("04-25", 317_655, 682_345),
        ("05-01", 317_655, 682_345),
        ("05-05", 289_803, 710_197),
        ("05-10", 289_803, 710_197),
        ("05-20", 285_889, 714_111),
        ("05-25", 310_889, 689_111),
        ("06-01", 310_889, 689_111),
        ("06-10", 0, 1_000_000),
        ("07-01", 0, 1_000_000),
        ("07-03", 0, 1_000_000),
        ("07-05", 251, 999_749),
    ],
)
def test_the_worked_line_uses_what_its_table_says(until, used, available):
    result = play(WORKED, until)

    assert (used, available) == (result.used, result.available)


def test_the_worked_line_has_four_statements():
    expected = [
        Statement(day("04-01"), day("04-10"), 300_000, 300_000, 30_000, 300_000),
        Statement(day("05-01"), day("05-10"), 319_803, 319_803, 33_914, 317_655),
        Statement(day("06-01"), day("06-10"), 315_467, 315_467, 35_667, 310_889),
        Statement(day("07-01"), day("07-10"), 1_251, 1_251, 1_251, 0),
    ]

    assert expected == play(WORKED, "07-31").statements


def test_the_worked_line_has_only_day_events_that_do_something():
    expected = [
        (day("04-01"), "statement"),
        (day("04-10"), "due_passed"),  # 200,000 carried
        (day("05-01"), "statement"),
        (day("05-10"), "due_passed"),
        (day("05-11"), "aged"),
        (day("06-01"), "statement"),  # nothing is billed at the close of 06-10
        (day("07-01"), "statement"),
    ]

    assert expected == play(WORKED, "07-31").events


@pytest.mark.parametrize(
    ("until", "loans"),
    [
        # The night of `until` is reckoned: a day more than in the text where it says "from".
        ("04-01", {LOAN_1: LoanOwed(billed=300_000)}),
        ("04-08", {LOAN_1: LoanOwed(billed=200_000)}),
        ("04-10", {LOAN_1: LoanOwed(carried=200_000)}),  # reckoned_on 04-11
        # 04-11 .. 04-19: 9 x 200,000 x 0.0005 = 900, then a night of 187,655: 93.8275
        ("04-20", {LOAN_1: LoanOwed(carried=187_655, interest_accrued=Fraction("993.8275"))}),
        (
            "05-01",
            {
                # 900 + 11 x 93.8275 = 1,932.1025 billed 1,932; 0.1025 + 93.8275 of this night
                LOAN_1: LoanOwed(
                    carried=187_655, interest_due=1_932, interest_accrued=Fraction("93.93")
                ),
                # 80,000 x 0.00045 = 36 a night, 6 of them billed
                LOAN_2: LoanOwed(billed=80_000, interest_due=216, interest_accrued=Fraction(36)),
                LOAN_3: LoanOwed(billed=50_000),
            },
        ),
        (
            "05-10",
            {
                # 0.1025 + 4 x 93.8275 + 6 x 79.9015 = 854.8215
                LOAN_1: LoanOwed(carried=159_803, interest_accrued=Fraction("854.8215")),
                LOAN_2: LoanOwed(carried=80_000, interest_accrued=Fraction(360)),
                LOAN_3: LoanOwed(carried=50_000),
            },
        ),
        (
            "05-19",
            {
                # nine nights: 159,803 x 0.00065 = 103.87195; 52; 32.5
                LOAN_1: LoanOwed(
                    carried=159_803,
                    interest_accrued=Fraction("854.8215"),
                    penalty_accrued=Fraction("934.84755"),
                ),
                LOAN_2: LoanOwed(
                    carried=80_000, interest_accrued=Fraction(360), penalty_accrued=Fraction(468)
                ),
                LOAN_3: LoanOwed(carried=50_000, penalty_accrued=Fraction("292.5")),
            },
        ),
        (
            "06-01",
            {
                # 854.8215 + 12 x 77.9445 = 1,790.1555; this night 77.9445
                LOAN_1: LoanOwed(
                    carried=155_889,
                    interest_due=1_790,
                    penalty_due=935,
                    interest_accrued=Fraction("0.1555") + Fraction("77.9445"),
                    penalty_accrued=Fraction("-0.15245"),
                ),
                LOAN_2: LoanOwed(
                    carried=80_000, interest_due=792, penalty_due=468, interest_accrued=Fraction(36)
                ),
                LOAN_3: LoanOwed(
                    carried=50_000,
                    interest_due=300,
                    penalty_due=293,
                    interest_accrued=Fraction(25),
                    penalty_accrued=Fraction("-0.5"),
                ),
                LOAN_4: LoanOwed(billed=25_000),
            },
        ),
        (
            "06-10",
            {
                # 0.1555 + 9 x 77.9445 = 701.656; 9 x 36; 9 x 25
                LOAN_1: LoanOwed(
                    interest_accrued=Fraction("701.656"), penalty_accrued=Fraction("-0.15245")
                ),
                LOAN_2: LoanOwed(interest_accrued=Fraction(324)),
                LOAN_3: LoanOwed(interest_accrued=Fraction(225), penalty_accrued=Fraction("-0.5")),
            },
        ),
        (
            "07-01",
            {
                LOAN_1: LoanOwed(
                    interest_due=702,
                    interest_accrued=Fraction("-0.344"),
                    penalty_accrued=Fraction("-0.15245"),
                ),
                LOAN_2: LoanOwed(interest_due=324),
                LOAN_3: LoanOwed(interest_due=225, penalty_accrued=Fraction("-0.5")),
            },
        ),
        ("07-03", {}),  # the rests are forgiven
    ],
)
def test_the_worked_line_owes_what_its_text_says(until, loans):
    assert loans == play(WORKED, until).loans


@pytest.mark.parametrize(
    ("until", "past_due_on", "days", "bucket", "queue"),
    [
        ("05-09", None, 0, 0, [(day("05-10"), 3_914)]),
        ("05-10", day("05-10"), 0, 0, [(day("05-10"), 3_914)]),
        ("05-11", day("05-10"), 1, 1, [(day("05-10"), 3_914)]),
        ("05-19", day("05-10"), 9, 1, [(day("05-10"), 3_914)]),
        ("05-20", None, 0, 0, []),
    ],
)
def test_the_worked_line_is_late_for_nine_days(until, past_due_on, days, bucket, queue):
    result = play(WORKED, until)

    assert (past_due_on, days, bucket, queue) == (
        result.past_due_on,
        result.days_past_due,
        result.bucket,
        result.queue,
    )


def test_overpayment_of_the_worked_line_pays_the_next_purchase():
    assert 749 == play(WORKED, "07-03").overpaid

    result = play(WORKED, "07-05")
    assert (0, 251) == (result.overpaid, result.cycle)


def test_the_worked_line_was_billed_what_it_accrued():
    result = play(WORKED, "07-31")

    assert 1_932 + 216 + 1_790 + 792 + 300 + 702 + 324 + 225 == result.interest_billed
    assert 935 + 468 + 293 == result.penalty_billed
    assert set(result.outcomes.values()) == {"DONE"}


# --- Minimum due ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "amount", "forced", "minimum"),
    [
        (PAY_LATER, 999, 0, 999),  # under 10.00: all of it
        (PAY_LATER, 1_000, 0, 1_000),  # the floor
        (PAY_LATER, 10_000, 0, 1_000),
        (PAY_LATER, 10_001, 0, 1_001),  # 1,000.1 rounded up
        (PAY_LATER, 20_000, 3_000, 5_300),  # 10 % of 23,000 and 3,000 over the limit
        (CARD_TW_2005, 20_000, 0, 1_000),  # 2 % is 400
        (CARD_TW_2005, 20_000, 40_000, 1_200),  # over-limit is not in it
    ],
)
def test_the_minimum_is_a_share_with_a_floor_and_what_is_over_the_limit(
    terms, amount, forced, minimum
):
    text = f"03-05 purchase {amount}\n"
    if forced:
        text += f"03-06 purchase {forced} forced"

    assert minimum == play(text, "04-01", terms=terms, limit=20_000).statements[0].minimum


def test_charges_billed_between_cuts_are_in_the_next_minimum():
    """The draw bears 20,000 x 0.00045 = 9 a night; the named repayment bills and pays less."""
    text = """
        03-01 draw 20_000
        03-01 draw_succeeded 20_000 of 1
        03-11 repay 40 of 2              # bills 10 x 9 = 90, pays 40 of it
    """
    assert (
        LoanOwed(unbilled=20_000, interest_due=50, interest_accrued=Fraction(9))
        == (play(text, "03-11").loans["draw", 2])
    )
    # 04-01: 21 x 9 = 189 more.  10 % of 20,000 is 2,000; 50 + 189 since the last cut.
    assert [Statement(day("04-01"), day("04-10"), 20_239, 20_239, 2_239, 20_000)] == (
        play(text, "04-01").statements
    )


def test_overpayment_is_used_before_the_minimum_is_reckoned():
    """The new bill is paid from it; what is left of each part counts."""
    text = """
        03-02 purchase 50_000
        03-03 repay 12_000               # nothing is billed: overpaid
        03-04 draw 10_000
        03-04 draw_succeeded 10_000 of 3
    """
    before = play(text, "03-31")
    assert (60_000, 12_000) == (before.used, before.overpaid)

    # 04-01: 28 nights x 4.5 = 126 interest; loans in order of making: draw, then purchases.
    # 12,000 pays 126, then the draw's 10,000, then 1,874 of the purchases: 48,126 left.
    after = play(text, "04-01")
    assert [Statement(day("04-01"), day("04-10"), 48_126, 48_126, 4_813, 48_126)] == (
        after.statements
    )
    assert {("cycle", day("04-01")): LoanOwed(billed=48_126)} == after.loans
    assert [(day("04-10"), 4_813)] == after.queue


# --- Day order ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "until", "expected"),
    [
        # A statement holds what took effect before its day.
        ("03-31 purchase 5_000", "04-01", {"balance": 5_000}),
        ("04-01 purchase 5_000", "05-01", {"cut_on": day("05-01"), "balance": 5_000}),
        # A payment on the cut comes after the statement.
        ("03-31 purchase 5_000\n04-01 repay 5_000", "04-01", {"balance": 5_000, "used": 5_000}),
    ],
)
def test_a_statement_opens_its_day(text, until, expected):
    statement = play(text, until).statements[0]

    assert expected == {name: getattr(statement, name) for name in expected}


@pytest.mark.parametrize(
    ("paid_on", "accrued", "past_due_on_the_10th"),
    [
        ("04-01", 0, False),
        ("04-10", 0, False),  # to 24:00 of the due day is on time
        ("04-11", 0, True),  # late, but it costs nothing: the first night is of the 11th
        ("04-12", 65, True),  # one night of 100,000 x 0.00065
        ("04-13", 130, True),
    ],
)
def test_a_payment_by_the_due_day_is_on_time(paid_on, accrued, past_due_on_the_10th):
    text = f"03-05 purchase 100_000\n{paid_on} repay 100_000"
    result = play(text, "04-20")

    penalty = [loan.penalty_accrued for loan in result.loans.values()]
    assert ([accrued] if accrued else []) == penalty
    assert past_due_on_the_10th is bool(play(text, "04-10").past_due_on)
    assert result.past_due_on is None


def test_a_minimum_met_keeps_the_ordinary_rate_on_the_rest():
    """90,000 x 0.0005 = 45 a night from the 11th."""
    text = "03-05 purchase 100_000\n04-10 repay 10_000"

    assert {("cycle", day("04-01")): LoanOwed(carried=90_000, interest_accrued=Fraction(45))} == (
        play(text, "04-11").loans
    )


@pytest.mark.parametrize(
    ("text", "used", "overpaid", "last_outcome"),
    [
        ("03-05 purchase 700\n03-05 repay 700", 700, 700, "DONE"),  # unbilled: not paid
        ("03-05 repay 700\n03-05 purchase 700", 0, 0, "DONE"),
        ("03-05 purchase 700\n03-05 repay 700 of all", 0, 0, "DONE"),
        ("03-05 purchase 700\n03-05 refund 700 of 1", 0, 0, "DONE"),
        ("03-05 refund 700 of 2\n03-05 purchase 700", 700, 0, "DONE"),
        ("03-05 hold 700\n03-05 capture 700 of 1", 700, 0, "DONE"),
        ("03-05 hold 700\n03-12 capture 700 of 1", 700, 0, "DONE"),  # its last day
        ("03-05 hold 700\n03-13 capture 700 of 1", 0, 0, "HOLD_NOT_OPEN"),
        ("03-05 capture 700 of 2\n03-05 hold 700", 0, 0, "DONE"),
        ("03-05 hold 700\n03-05 void of 1\n03-05 capture 700 of 1", 0, 0, "HOLD_NOT_OPEN"),
        ("03-05 draw 700\n03-05 draw_failed of 1", 0, 0, "DONE"),
        ("03-05 draw 700\n03-05 draw_succeeded 700 of 1\n03-05 repay 700 of 2", 0, 0, "DONE"),
        ("03-05 draw 700\n03-05 draw_succeeded 700 of 1\n03-05 repay 700", 700, 700, "DONE"),
        ("03-05 draw 700\n03-05 repay 700\n03-05 draw_succeeded 700 of 1", 700, 700, "DONE"),
        ("03-05 purchase 700\n03-05 convert of 1 in 3\n03-05 refund 700 of 1", 0, 0, "DONE"),
        (
            "03-05 purchase 700\n03-05 refund 700 of 1\n03-05 convert of 1 in 3",
            0,
            0,
            "PURCHASE_NO_LONGER_CONVERTIBLE",
        ),
        ("03-05 purchase 700\n03-05 repay 700 of all\n03-05 close", 0, 0, "DONE"),
        ("03-05 purchase 700\n03-05 close", 700, 0, "LINE_NOT_SETTLED"),
    ],
)
def test_pairs_on_one_day_follow_their_order(text, used, overpaid, last_outcome):
    """``until`` is the last day named, so nothing of a later day is in it."""
    commands = commands_of(text)
    result = play(text, str(commands[-1].on))

    assert (used, overpaid) == (result.used, result.overpaid)
    assert last_outcome == result.outcomes[commands[-1].seq]


def test_month_ends_clamp_and_return():
    cuts = [
        (statement.cut_on, statement.due_on)
        for statement in play("01-05 purchase 500", "04-30", cycle_day=31).statements
    ]

    assert [
        (day("01-31"), day("02-09")),
        (day("02-28"), day("03-09")),
        (day("03-31"), day("04-09")),
        (day("04-30"), day("05-09")),
    ] == cuts


def test_an_idle_line_has_no_statement_but_its_holds_expire():
    result = play("03-28 hold 700", "04-30")

    assert [(day("04-04"), "hold_expired")] == result.events


def test_any_object_with_the_fields_serves_as_terms():
    fields = dataclasses.asdict(PAY_LATER)
    product = types.SimpleNamespace(number=3, **fields)

    assert PAY_LATER == Terms.of(product)
