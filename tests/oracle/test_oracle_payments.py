"""The scalar model by hand: refunds, repayments that name loans, lateness, refusals."""

import dataclasses
from fractions import Fraction

import pytest
from tests.oracle.model import LoanOwed, Statement
from tests.oracle.playing import day, play
from tests.oracle.terms import CARD_TW_2005, PAY_LATER

# --- Refunds and credits --------------------------------------------------------------------


def test_a_refund_of_an_unbilled_purchase_lowers_the_running_cycle():
    result = play("03-05 purchase 10_000\n03-06 refund 4_000 of 1", "04-01")

    assert 6_000 == result.statements[0].balance


def test_a_refund_lowers_what_is_unpaid_of_its_purchase_oldest_paid_first():
    text = """
        03-05 purchase 10_000
        03-06 purchase 20_000
        04-02 repay 12_000               # all of the first, 2,000 of the second
        04-03 refund 10_000 of 1         # nothing of it is unpaid: it pays what is billed
        04-04 refund 20_000 of 2         # 8,000 are unpaid, 12,000 overpaid
        04-05 refund 1 of 2
    """
    assert 8_000 == play(text, "04-03").used
    result = play(text, "04-05")
    assert (0, 12_000, {}) == (result.used, result.overpaid, result.loans)
    assert "REFUND_EXCEEDS_PURCHASE" == result.outcomes[6]


def test_a_refund_of_a_carried_purchase_lowers_its_own_loan_first():
    """Its loan is the newer one; a payment would go to the older one and to interest."""
    text = """
        02-05 purchase 50_000
        03-05 purchase 40_000
        04-02 refund 15_000 of 2
    """
    loans = play(text, "04-02").loans
    assert [50_000, 0] == [loan.carried for loan in loans.values()]
    assert [0, 25_000] == [loan.billed for loan in loans.values()]


def test_a_refund_of_a_converted_purchase_takes_the_next_terms_then_what_is_billed():
    text = """
        03-05 purchase 90_000
        03-06 convert of 1 in 3          # 30,000 and 750 a term
        04-02 refund 40_000 of 1         # the term of 05-01, and 10,000 of that of 06-01
        04-03 refund 40_000 of 1         # 20,000, then 20,000 of what is billed
        04-04 refund 10_000 of 1
    """
    assert (
        LoanOwed(unbilled=20_000, billed=30_000, fee_due=750, instalments_left=1)
        == (play(text, "04-02").loans["plan", 2])
    )
    assert LoanOwed(billed=10_000, fee_due=750) == play(text, "04-03").loans["plan", 2]
    # The minimum was 30,750; the due left caps it: 10,750, then 750.
    assert [(day("04-10"), 10_750)] == play(text, "04-03").queue
    assert LoanOwed(fee_due=750) == play(text, "04-04").loans["plan", 2]
    assert [(day("04-10"), 750)] == play(text, "04-04").queue


@pytest.mark.parametrize(
    ("text", "queue"),
    [
        ("04-15 refund 200_000 of 2", [(day("04-10"), 30_000)]),  # 100,000 left of the due
        ("04-15 credit 100_000", [(day("04-10"), 30_000)]),
        ("04-15 credit 280_000", [(day("04-10"), 20_000)]),  # capped to the due left
        ("04-15 credit 300_000", []),  # nothing owed, nothing unmet
        ("04-15 repay 29_999", [(day("04-10"), 1)]),
        ("04-15 repay 30_000", []),
    ],
)
def test_only_a_repayment_cures(text, queue):
    purchases = "03-05 purchase 100_000\n03-06 purchase 200_000\n"

    assert queue == play(purchases + text, "04-15").queue


def test_the_queue_is_capped_from_its_newest_entry_back():
    # 04-01 minimum 10,000.  05-01: 20 nights x 65 = 1,300; 10,000 + 1,300 + 10,000 = 21,300.
    text = "03-05 purchase 100_000\n05-05 credit 86_300"  # 101,300 billed - 86,300 = 15,000

    assert [(day("04-10"), 10_000), (day("05-10"), 5_000)] == play(text, "05-05").queue


# --- Repay all, repay one loan ----------------------------------------------------------------

MANY = """
    03-05 purchase 9_000
    03-05 convert of 1 in 3              # 3,000 and 75 a term
    03-10 purchase 5_000
    03-10 draw 4_000
    03-10 draw_succeeded 4_000 of 4
"""


def test_all_is_paid_in_advance_by_cut_then_loan_then_the_running_cycle():
    # Interest 10 x 1.8 = 18; 9,982 left: plan term 3,000, draw 4,000, 2,982 of the cycle.
    text = MANY + "03-20 repay 10_000 of all"
    result = play(text, "03-20")

    assert {("plan", 2): LoanOwed(unbilled=6_000, instalments_left=2)} == result.loans
    assert (2_018, 0) == (result.cycle, result.overpaid)
    assert [Statement(day("04-01"), day("04-10"), 2_018, 2_018, 1_000, 8_018)] == (
        play(text, "04-01").statements
    )


def test_all_that_is_more_than_all_is_overpayment():
    """9,000 + 5,000 + 4,000 + 18; no fee to come is paid."""
    result = play(MANY + "03-20 repay 20_000 of all", "03-20")

    assert (0, 1_982, {}) == (result.used, result.overpaid, result.loans)


def test_what_a_named_loan_does_not_take_follows_the_usual_order():
    text = """
        03-05 purchase 50_000
        04-02 draw 10_000
        04-02 draw_succeeded 10_000 of 2
        04-06 repay 30_018 of 3          # 4 x 4.5 = 18, 10,000; 20,000 of the billed purchase
    """
    result = play(text, "04-06")
    assert {("cycle", day("04-01")): LoanOwed(billed=30_000)} == result.loans
    assert [] == result.queue  # the minimum of 5,000 falls by the whole amount


@pytest.mark.parametrize(
    ("way", "draw_left", "interest_left"),
    [
        ("down", (419, 0), 0),  # 194 + 525, then 12,581 of the draw's 13,000
        ("across", (0, 0), 419),  # 194 + 13,000, then 106 of the purchases' 525
    ],
)
def test_what_is_due_is_paid_down_by_component_or_across_by_loan(way, draw_left, interest_left):
    text = """
        02-05 purchase 50_000
        02-10 draw 20_000
        02-10 draw_succeeded 20_000 of 2     # 9 a night, 171 billed on 03-01
        03-05 repay 7_171                    # 171, and 7,000 of the draw, the older loan
        04-02 repay 13_300
    """
    # 04-01: the draw 4 x 9 + 27 x 5.85 = 193.95: 194; the purchases 21 x 25 = 525
    terms = dataclasses.replace(PAY_LATER, allocation_way=way)
    draw, purchases = play(text, "04-02", terms=terms).loans.values()

    assert draw_left == (draw.billed + draw.carried, draw.interest_due)
    assert (50_000, interest_left) == (purchases.carried, purchases.interest_due)


def test_the_loan_of_a_cycle_is_named_by_its_cut():
    text = """
        02-05 purchase 50_000
        03-05 purchase 40_000
        04-02 repay 15_000 of cycle 04-01
        04-02 repay 1 of cycle 05-01
        04-02 repay 1 of 99
    """
    result = play(text, "04-02")
    assert [(0, 50_000), (25_000, 0)] == [(x.billed, x.carried) for x in result.loans.values()]
    assert "LOAN_NOT_FOUND" == result.outcomes[4] == result.outcomes[5]


# --- Late, aged, written off ------------------------------------------------------------------

# Nothing is ever paid: 100,000 x 0.00065 = 65 a night from 04-11.
MISSED = "03-05 purchase 100_000\n"


def test_missed_minimums_add_up():
    expected = [
        (100_000, 10_000),
        (101_300, 21_300),  # 20 nights: 1,300; 10,000 + 1,300 + past due 10,000
        (103_315, 33_315),  # 31: 2,015; 10,000 + 2,015 + 21,300
        (105_265, 45_265),  # 30: 1,950
        (107_280, 57_280),
        (109_295, 69_295),
        (111_245, 81_245),
    ]
    statements = play(MISSED, "12-31").statements

    assert expected == [(statement.balance, statement.minimum) for statement in statements]
    assert [
        (day("04-10"), 10_000),
        (day("05-10"), 11_300),
        (day("06-10"), 12_015),
    ] == play(MISSED, "06-10").queue


@pytest.mark.parametrize(
    ("until", "days", "bucket"),
    [
        ("04-10", 0, 0),
        ("04-11", 1, 1),
        ("05-10", 30, 1),
        ("05-11", 31, 2),
        ("06-09", 60, 2),
        ("06-10", 61, 3),
        ("07-10", 91, 4),
        ("08-09", 121, 5),
        ("09-07", 150, 5),
        ("09-08", 151, 6),
        ("12-31", 265, 6),  # days go on counting after the write-off
    ],
)
def test_days_past_due_count_from_the_oldest_unmet_due_day(until, days, bucket):
    result = play(MISSED, until)

    assert (days, bucket) == (result.days_past_due, result.bucket)


def test_a_line_is_written_off_at_180_days():
    """04-10 + 180 days = 10-07; 180 nights of 65 = 11,700, the last 455 billed that day."""
    result = play(MISSED, "12-31")

    assert day("10-07") == result.written_off_on
    assert {("cycle", day("04-01")): LoanOwed(carried=100_000, penalty_due=11_700)} == result.loans
    assert ["04-11", "05-11", "06-10", "07-10", "08-09", "09-08"] == [
        f"{on:%m-%d}" for on, kind in result.events if kind == "aged"
    ]
    assert (day("10-01"), "statement") == [e for e in result.events if e[1] == "statement"][-1]
    assert day("10-07") == next(on for on, kind in result.events if kind == "write_off")


def test_after_the_write_off_principal_is_paid_first():
    text = (
        MISSED
        + """
        04-10 draw 2_000                 # by the due day: later the line may not spend
        10-01 hold 3_000
        10-08 draw_succeeded 2_000 of 2
        10-08 purchase 1
        10-08 purchase 1_500 forced
        10-08 convert of 6 in 3
        12-01 repay 103_700              # 100,000, the draw's 2,000, 1,500 of the cycle, 200
        12-02 repay 11_500
        12-03 close
    """
    )
    result = play(text, "11-30")
    assert ["LINE_PAST_DUE", "DONE", "LINE_WRITTEN_OFF", "DONE", "LINE_WRITTEN_OFF"] == [
        result.outcomes[seq] for seq in (3, 4, 5, 6, 7)
    ]
    assert (103_500, 1_500) == (result.used, result.cycle)
    assert LoanOwed(unbilled=2_000) == result.loans["draw", 4]  # nothing accrues

    result = play(text, "12-01")
    assert {("cycle", day("04-01")): LoanOwed(penalty_due=11_500)} == result.loans
    assert (0, 0) == (result.used, result.overpaid)
    result = play(text, "12-31")
    assert ({}, [], "DONE") == (result.loans, result.queue, result.outcomes[10])


def test_after_the_write_off_no_loan_goes_before_another_by_name():
    text = MISSED + "04-05 purchase 50_000\n12-01 repay 120_000 of cycle 05-01"
    result = play(text, "12-01")

    assert day("10-07") == result.written_off_on
    assert [0, 30_000] == [loan.carried for loan in result.loans.values()]


def test_the_card_is_written_off_on_a_statement_day():
    """121 days are over on 08-09; the next cycle day is 09-01, at 144 days."""
    result = play(MISSED, "09-30", terms=CARD_TW_2005)

    assert day("09-01") == result.written_off_on
    # the statement of that day first, then the night to 09-02: 144 nights of 65
    assert (day("09-01"), 109_295) == (
        result.statements[-1].cut_on,
        result.statements[-1].balance,
    )
    assert 144 * 65 == result.loans["cycle", day("04-01")].penalty_due


def test_a_write_off_drops_the_terms_to_come_and_their_fees():
    text = "03-05 purchase 120_000\n03-06 convert of 1 in 12"  # 10,000 and 880 a term
    loan = play(text, "12-31").loans["plan", 2]

    # Seven terms billed 04-01 .. 10-01; the term of k-th cut is carried after its 10th.
    assert (120_000, 7 * 880, 0) == (loan.carried, loan.fee_due, loan.instalments_left)
    # Late nights of 10,000 x 0.00065 = 6.5: the first term 180 (04-11 .. 10-07), then 150, 119,
    # 89, 58, 27; the seventh is due on 10-10 and still free.  623 x 6.5 = 4,049.5
    assert Fraction("4049.5") == loan.penalty_due + loan.penalty_accrued


def test_a_part_of_the_queue_moves_the_oldest_day():
    """06-15: queue 10,000 / 11,300 / 12,015; 10,000 pays 3,315 penalty and 6,685."""
    result = play(MISSED + "06-15 repay 10_000", "06-15")

    assert (day("05-10"), 36, 2) == (result.past_due_on, result.days_past_due, result.bucket)
    assert 93_315 == result.loans["cycle", day("04-01")].carried


# --- The staircase of checks ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("2025-12-31 purchase 1", "DATE_BEFORE_LINE_OPENED"),
        ("2025-12-31 purchase 0", "DATE_BEFORE_LINE_OPENED"),  # two wrongs, the first is told
        ("03-01 purchase 0", "AMOUNT_MUST_BE_POSITIVE"),
        ("03-01 repay -1", "AMOUNT_MUST_BE_POSITIVE"),
        ("03-01 credit 100_000_000_001", "AMOUNT_TOO_LARGE"),
        ("03-01 capture 1 of 99", "HOLD_NOT_FOUND"),
        ("03-01 hold 5\n03-01 draw_succeeded 5 of 1", "HOLD_NOT_FOUND"),  # no draw
        ("03-01 draw 5\n03-01 capture 5 of 1", "HOLD_NOT_FOUND"),  # no merchant's hold
        ("03-01 draw 5\n03-01 draw_failed of 1\n03-01 draw_succeeded 5 of 1", "HOLD_NOT_OPEN"),
        ("03-01 refund 1 of 99", "PURCHASE_NOT_FOUND"),
        ("03-01 convert of 99 in 4", "PURCHASE_NOT_FOUND"),
        ("03-01 draw 5\n03-01 draw_succeeded 4 of 1", "DRAW_AMOUNT_DIFFERS"),
        ("03-01 purchase 5\n03-01 convert of 1 in 4", "TERMS_NOT_OFFERED"),
        ("03-01 hold 5\n03-01 close", "LINE_NOT_SETTLED"),
        ("03-01 repay 5\n03-01 close", "LINE_NOT_SETTLED"),
        ("03-01 close\n03-02 purchase 0", "LINE_CLOSED"),
    ],
)
def test_the_first_check_that_fails_is_told(text, outcome):
    assert outcome == play(text, "03-31").outcomes[text.count("\n") + 1]


def test_without_checks_every_command_is_taken():
    text = "03-01 purchase 5_000\n03-02 refund 6_000 of 1\n03-02 capture 100 of 9"
    result = play(text, "03-02", limit=100, checks=False)

    assert {1: "DONE", 2: "DONE", 3: "DONE"} == result.outcomes
    # 1,000 more than the purchase is overpayment, of which the capture uses 100
    assert (0, 900) == (result.used, result.overpaid)
