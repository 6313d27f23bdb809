"""The scalar model by hand: draws, overpayment, holds, plans."""

from fractions import Fraction

import pytest
from tests.oracle.commands import split
from tests.oracle.model import LoanOwed, Statement
from tests.oracle.playing import day, play

# --- Draws ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid_on", "amount", "owed", "overpaid"),
    [
        ("04-02", 50_000, None, 0),  # its own day: nothing accrued
        ("04-03", 50_023, None, 0),  # 22.5 rounds to 23, the rest of -0.5 is forgiven
        # 23 first, then principal; 23 are left, a night of them is 0.01035, the rest -0.5
        (
            "04-03",
            50_000,
            LoanOwed(unbilled=23, interest_accrued=Fraction("0.01035") - Fraction("0.5")),
            0,
        ),
        ("04-12", 50_325, None, 100),  # 10 x 22.5 = 225
    ],
)
def test_a_draw_costs_by_the_day(paid_on, amount, owed, overpaid):
    text = f"04-02 draw 50_000\n04-02 draw_succeeded 50_000 of 1\n{paid_on} repay {amount} of 2"
    result = play(text, paid_on)

    assert owed == result.loans.get(("draw", 2))
    assert overpaid == result.overpaid


@pytest.mark.parametrize(
    ("paid_on", "rest"),
    [
        ("04-02", None),  # -0.1 + 0.9 = 0.8 is under one unit: forgiven
        ("04-03", Fraction("1.7")),  # waits for the next cut
    ],
)
def test_a_rest_under_one_unit_is_forgiven_at_payoff(paid_on, rest):
    """2,000 x 0.00045 = 0.9 a night; the cut of 04-01 bills 1 for one night."""
    text = f"03-31 draw 2_000\n03-31 draw_succeeded 2_000 of 1\n{paid_on} repay 2_001"
    loan = play(text, paid_on).loans.get(("draw", 2))

    assert rest == (loan and loan.interest_accrued)


def test_a_draw_that_is_under_way_holds_its_amount_for_good():
    text = "03-05 draw 10_000\n04-20 draw_succeeded 10_000 of 1"

    assert (10_000, 0) == (play(text, "04-19").held, play(text, "04-19").used)
    after = play(text, "04-20")
    assert (0, 10_000) == (after.held, after.used)
    assert Fraction("4.5") == after.loans["draw", 2].interest_accrued


def test_a_draw_bears_its_own_rate_until_the_due_day_of_its_bill_is_over():
    """A line made overdue by a purchase: late is only what is carried."""
    text = """
        03-05 purchase 100_000
        04-10 draw 20_000                # by the due day: later the line may not spend
        04-21 draw_succeeded 20_000 of 2
    """
    # 9 a night: 04-21 .. 05-10 are 20 nights, at the cut 10 of them are billed.
    assert (
        LoanOwed(carried=20_000, interest_due=90, interest_accrued=Fraction(90))
        == (play(text, "05-10").loans["draw", 3])
    )
    # From 05-11: 20,000 x 0.00065 = 13 a night, in place of the 9.
    assert (
        LoanOwed(
            carried=20_000,
            interest_due=90,
            interest_accrued=Fraction(90),
            penalty_accrued=Fraction(26),
        )
        == (play(text, "05-12").loans["draw", 3])
    )


# --- Overpayment ----------------------------------------------------------------------------


def test_overpayment_alone_gives_a_statement_with_a_negative_balance():
    result = play("03-05 repay 5_000", "05-01")

    assert [
        Statement(day("04-01"), day("04-10"), -5_000, 0, 0, 0),
        Statement(day("05-01"), day("05-10"), -5_000, 0, 0, 0),
    ] == result.statements
    assert [] == result.queue


def test_overpayment_is_not_used_by_a_draw_but_at_the_cut():
    """21 nights x 3,000 x 0.00045 = 28.35: 28; 5,000 - 3,028 = 1,972; the 0.35 is forgiven."""
    text = """
        04-02 repay 5_000
        04-10 draw 3_000
        04-10 draw_succeeded 3_000 of 2
    """
    assert (3_000, 5_000) == (play(text, "04-10").used, play(text, "04-10").overpaid)
    after = play(text, "05-01")
    assert (0, 1_972, {}) == (after.used, after.overpaid, after.loans)
    assert -1_972 == after.statements[-1].balance


@pytest.mark.parametrize(
    ("text", "outcome", "available"),
    [
        ("purchase 15_000", "DONE", 0),
        ("purchase 15_001", "AMOUNT_EXCEEDS_AVAILABLE", 10_000),
        ("purchase 15_001 forced", "DONE", -1),
        ("hold 15_000", "DONE", -5_000),  # a hold against overpayment
        ("hold 15_001", "AMOUNT_EXCEEDS_AVAILABLE", 10_000),
        ("draw 10_000", "DONE", 0),
        ("draw 10_001", "AMOUNT_EXCEEDS_AVAILABLE", 10_000),  # never by a draw
    ],
)
def test_a_spend_may_use_the_limit_and_overpayment(text, outcome, available):
    result = play(f"03-02 repay 5_000\n03-02 {text}", "03-02", limit=10_000)

    assert (outcome, available) == (result.outcomes[2], result.available)


# --- Holds ----------------------------------------------------------------------------------


def test_a_hold_is_captured_in_parts_and_its_rest_expires():
    text = """
        03-02 hold 100_000
        03-03 capture 30_000 of 1
        03-04 capture 80_000 of 1
        03-09 capture 50_000 of 1        # 03-02 + 7: its last day
        03-10 capture 1 of 1
        03-10 purchase 20_000 forced
    """
    assert (30_000, 70_000) == (play(text, "03-03").used, play(text, "03-03").held)
    result = play(text, "03-10")
    assert ["DONE", "DONE", "AMOUNT_EXCEEDS_HOLD", "DONE", "HOLD_NOT_OPEN", "DONE"] == list(
        result.outcomes.values()
    )
    assert (100_000, 0) == (result.used, result.held)
    assert [(day("03-09"), "hold_expired")] == result.events


# --- Plans ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "count", "parts"),
    [
        (100_000, 3, [33_333, 33_333, 33_334]),
        (2_500, 3, [833, 833, 834]),
        (200, 3, [67, 67, 66]),
        (100, 12, [8] * 11 + [12]),
        (8, 12, [1] * 8 + [0] * 4),  # 0.67 is 1, until nothing is left
        (1, 12, [0] * 11 + [1]),
        (0, 3, [0, 0, 0]),
    ],
)
def test_the_odd_cents_are_in_the_last_term(total, count, parts):
    assert parts == split(total, count)


PLAN = """
    03-05 purchase 100_000
    03-20 convert of 1 in 3              # fee 2,500: 833, 833, 834
    04-05 repay 34_166
    05-08 repay 20_000
    06-02 repay 48_527
"""


def test_an_unbilled_purchase_becomes_a_plan_billed_from_the_next_cut():
    result = play(PLAN, "04-01")

    assert (100_000, 0) == (result.used, result.cycle)
    assert [Statement(day("04-01"), day("04-10"), 34_166, 34_166, 34_166, 100_000)] == (
        result.statements
    )
    assert {
        ("plan", 2): LoanOwed(unbilled=66_667, billed=33_333, fee_due=833, instalments_left=2)
    } == result.loans


def test_the_unpaid_rest_of_an_instalment_is_carried_and_late():
    # 05-08: 20,000 pays the fee of 833 and 19,167; 14,166 of 33,333 are left, unmet 14,166.
    result = play(PLAN, "05-10")
    assert (
        LoanOwed(unbilled=33_334, carried=14_166, instalments_left=1) == (result.loans["plan", 2])
    )
    assert (day("05-10"), [(day("05-10"), 14_166)]) == (result.past_due_on, result.queue)

    # 05-11 .. 05-31: 21 nights x 9.2079 = 193.3659.  06-01: 14,166 + 33,334 + 834 + 193 = 48,527;
    # 10 % of the older 14,166 is 1,417, + 33,334 + 834 + 193 + past due 14,166 = 49,944 > due.
    result = play(PLAN, "06-01")
    assert (
        Statement(day("06-01"), day("06-10"), 48_527, 48_527, 48_527, 47_500)
        == (result.statements[-1])
    )
    assert [(day("05-10"), 14_166), (day("06-10"), 34_361)] == result.queue

    # The night of 06-01 was late too: 0.3659 + 9.2079 = 9.5738 waits for the next cut.
    result = play(PLAN, "06-02")
    assert {("plan", 2): LoanOwed(penalty_accrued=Fraction("9.5738"))} == result.loans
    assert (
        Statement(day("07-01"), day("07-10"), 10, 10, 10, 0) == (play(PLAN, "07-01").statements[-1])
    )
    assert (2_500, 203) == (result.fees_billed, play(PLAN, "07-01").penalty_billed)


def test_the_rest_of_an_instalment_bears_the_rate_of_purchases():
    """A minimum met by a credit to another loan's principal leaves it carried, not late."""
    text = """
        03-05 purchase 30_000
        03-06 convert of 1 in 3          # 10,000 and 250 a term
        03-07 purchase 90_000
        04-05 repay 20_000               # minimum 9,000 + 10,000 + 250 = 19,250
    """
    # The plan is the older loan: fee 250, its 10,000, then 9,750 of the purchases.
    result = play(text, "04-12")
    assert LoanOwed(unbilled=20_000, instalments_left=2) == result.loans["plan", 2]
    assert (
        LoanOwed(carried=80_250, interest_accrued=Fraction("80.25"))
        == (result.loans["cycle", day("04-01")])
    )

    # The purchases first: the usual order has the older loan first; here they are older.
    text = """
        02-05 purchase 90_000            # 03-01: minimum 9,000
        03-02 repay 9_000
        03-05 purchase 30_000
        03-06 convert of 3 in 3
        04-02 repay 20_000
    """
    # 03-11 .. 03-31: 21 nights x 40.5 = 850.5: 851, rest -0.5.  04-01 minimum:
    # 8,100 + 10,000 + 250 + 851 = 19,201.  20,000: fee 250, interest 851, principal 18,899.
    result = play(text, "04-12")
    assert (
        Statement(day("04-01"), day("04-10"), 92_101, 92_101, 19_201, 111_000)
        == (result.statements[-1])
    )
    assert None is result.past_due_on
    # 81,000 - 18,899 = 62,101; the night of 04-01 at 40.5, ten of 31.0505, less the 0.5.
    assert (
        LoanOwed(
            carried=62_101,
            interest_accrued=Fraction("40.5") + 11 * Fraction("31.0505") - Fraction("0.5"),
        )
        == (result.loans["cycle", day("03-01")])
    )
    # two nights, 04-11 and 04-12, of 10,000 x 0.0005
    assert (
        LoanOwed(unbilled=20_000, carried=10_000, interest_accrued=Fraction(10), instalments_left=2)
        == (result.loans["plan", 4])
    )


def test_a_billed_purchase_is_convertible_on_the_due_day():
    text = """
        03-05 purchase 60_000
        03-06 purchase 40_000
        04-10 convert of 1 in 6          # fee 2,700; 10,000 and 450 a term
        04-11 convert of 2 in 6
        04-12 repay 10_000
        04-12 convert of 2 in 6
    """
    result = play(text, "04-10")
    assert {
        ("cycle", day("04-01")): LoanOwed(carried=40_000),
        ("plan", 3): LoanOwed(unbilled=60_000, instalments_left=6),
    } == result.loans
    # The due falls to 40,000, which does not meet the minimum of 10,000.
    assert [(day("04-10"), 10_000)] == result.queue

    result = play(text, "05-01")
    assert ["DONE", "LINE_PAST_DUE", "DONE", "PURCHASE_NO_LONGER_CONVERTIBLE"] == [
        result.outcomes[seq] for seq in (3, 4, 5, 6)
    ]
    # One late night of 40,000: 26; 19 nights (04-12 .. 04-30) of 30,000 x 0.0005: 285.
    assert (
        LoanOwed(carried=30_000, interest_due=285, penalty_due=26, interest_accrued=Fraction(15))
        == (result.loans["cycle", day("04-01")])
    )


def test_a_conversion_of_all_that_is_due_leaves_nothing_unmet():
    text = "03-05 purchase 60_000\n04-10 convert of 1 in 6"
    result = play(text, "04-10")

    assert ([], None) == (result.queue, result.past_due_on)
    assert {("plan", 2): LoanOwed(unbilled=60_000, instalments_left=6)} == result.loans


def test_a_plan_paid_in_advance_drops_the_fees_to_come():
    text = """
        03-05 purchase 90_000
        03-06 convert of 1 in 3          # fee 2,250: 750 a term
        04-03 repay 70_750 of 2          # fee 750, 30,000 billed, 30,000, 10,000 of the last
        04-04 repay 20_000 of 2
    """
    assert {("plan", 2): LoanOwed(unbilled=20_000, instalments_left=1)} == play(text, "04-03").loans
    # The emptied term keeps its cut, so the last is still billed on 06-01, with its whole fee.
    unpaid = "\n".join(text.splitlines()[:-2])
    statements = play(unpaid, "06-01").statements
    assert [30_750, 0, 20_750] == [statement.balance for statement in statements]
    # Paid: its fee is dropped too, and nothing is owed.
    result = play(text, "04-04")
    assert (0, {}, 750) == (result.used, result.loans, result.fees_billed)


def test_a_term_without_principal_from_the_start_keeps_its_fee():
    """8 in 12 terms: 1 in each of eight; the fee of 0.704 is 1, in the last term."""
    text = "03-05 purchase 8\n03-06 convert of 1 in 12\n03-07 repay 8 of 2"

    assert {("plan", 2): LoanOwed(instalments_left=1)} == play(text, "03-07").loans
    assert [1] == [s.balance for s in play(text, "2027-03-01").statements if s.balance]
    assert 1 == play(text, "2027-03-01").loans["plan", 2].fee_due


def test_within_a_loan_what_is_carried_is_paid_before_what_is_billed():
    """06-01 as above: penalty 193, fee 834, carried 14,166, billed 33,334; 20,000 are paid."""
    text = PLAN.replace("06-02 repay 48_527", "06-02 repay 20_000")
    loan = play(text, "06-02").loans["plan", 2]

    assert (0, 33_334 - (20_000 - 193 - 834 - 14_166)) == (loan.carried, loan.billed)


def test_overpayment_used_lowers_the_instalments_in_the_minimum():
    text = """
        03-05 purchase 30_000
        03-06 convert of 1 in 3              # 10,000 and 250 a term
        03-07 purchase 90_000
        03-08 repay 5_000                    # nothing is billed: overpaid
    """
    # The plan is the older loan: 250 and 4,750.  10 % of 90,000 and the 5,250 left of the term.
    assert [Statement(day("04-01"), day("04-10"), 95_250, 95_250, 14_250, 115_250)] == (
        play(text, "04-01").statements
    )
