"""Money through a partner: draws and statements in instalments, collections, paying back.

Each worked case is held against the kernel and against the scalar model.
"""

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.play import Play
from tests.core.told import told
from tests.oracle.model import LoanOwed, Result
from tests.oracle.playing import commands_of, day, play
from tests.oracle.random_lives import RandomLife
from tests.tables import table

from jiehuan.core.ledger import Account, split
from jiehuan.core.line import HoldKind

OPENED_ON = day("01-01")
LIMIT = 1_000_000


def life(text: str, until: str) -> RandomLife:
    return RandomLife("pay-later", LIMIT, commands_of(text), OPENED_ON, 1, day(until))


def at(text: str, until: str) -> Result:
    """Return what kernel and model hold at the close of a day; they must agree."""
    lived = [command for command in commands_of(text) if command.on <= day(until)]
    one = RandomLife("pay-later", LIMIT, lived, OPENED_ON, 1, day(until))
    held = told(Play([one]).until(day(until)), 0, day(until))
    assert play(text, until) == held
    return held


def balances(text: str, until: str) -> dict[Account, int]:
    """Return debits less credits by kind of account."""
    net: Counter[Account] = Counter()
    for one in Play([life(text, until)]).until(day(until)).book.transfers:
        net[split(int(one["debit"]))[1]] += int(one["amount_minor"])
        net[split(int(one["credit"]))[1]] -= int(one["amount_minor"])
    return {kind: amount for kind, amount in net.items() if amount}


# --- A draw in instalments ------------------------------------------------------------------

DRAWN = """
    03-20 draw 60_000 in 6           # fee 4.5 %: 2,700; 10,000 and 450 a term
    03-22 draw_succeeded of 1
    04-05 repay 10_450
    05-11 repay 10_450               # a day late
    06-05 repay 60_000 of all        # with 10,450 billed: no fee of the terms to come
"""


def test_a_draw_in_instalments_row_by_row():
    for case in table("""
        until  used    available  held    billed  fee_due  unbilled  left
        03-20       0    940_000  60_000       0        0         0     0
        03-22  60_000    940_000       0       0        0    60_000     6
        03-31  60_000    940_000       0       0        0    60_000     6   # bears nothing
        04-01  60_000    940_000       0  10_000      450    50_000     5
        04-05  50_000    950_000       0       0        0    50_000     5
        05-01  50_000    950_000       0  10_000      450    40_000     4
    """):
        now = at(DRAWN, case.until)
        plan = now.loans.get(("plan", 2), LoanOwed())
        expected = (case.until, case.used, case.available, case.held)
        assert expected == (case.until, now.used, now.available, now.held)
        assert (case.until, case.billed, case.fee_due, case.unbilled, case.left) == (
            case.until,
            plan.billed,
            plan.fee_due,
            plan.unbilled,
            plan.instalments_left,
        )


def test_its_statements_ask_for_a_term_each():
    now = at(DRAWN, "06-01")

    # The second was repaid a day late; the first day after it was due costs nothing.
    assert [10_450, 10_450, 10_450] == [one.balance for one in now.statements]
    assert [10_450, 10_450, 10_450] == [one.minimum for one in now.statements]
    assert [60_000, 50_000, 40_000] == [one.used for one in now.statements]
    assert 450 * 3 == now.fees_billed


def test_paid_in_advance_it_drops_the_fees_to_come():
    now = at(DRAWN, "06-05")

    assert (0, {}) == (now.used, now.loans)
    assert 450 * 3 == now.fees_billed


def test_a_draw_that_failed_is_no_plan():
    now = at("03-20 draw 60_000 in 6\n03-22 draw_failed of 1", "04-01")

    assert (0, 0, {}) == (now.used, now.held, now.loans)


def test_paid_out_on_a_line_that_was_written_off_it_has_no_instalments():
    text = """
        01-20 purchase 50_000
        02-08 draw 9_000 in 3
        09-01 draw_succeeded of 2
        09-02 repay 59_000
    """
    assert LoanOwed(unbilled=9_000) == at(text, "09-01").loans["draw", 3]
    assert 0 == at(text, "09-02").used


# --- A statement in instalments -------------------------------------------------------------

CONVERTED = """
    03-05 purchase 30_000
    03-20 purchase 60_000
    04-05 repay 6_000                # of the first purchase
    04-10 convert of cycle 04-01 in 6
    04-20 refund 30_000 of 1
    04-21 refund 1_000 of 2
"""


def test_a_statement_is_converted_up_to_its_due_day():
    """84,000 are unpaid: 14,000 and a fee of 630 a term."""
    before, now = at(CONVERTED, "04-09"), at(CONVERTED, "04-10")

    assert [(day("04-10"), 3_000)] == before.queue
    assert ([], 84_000, None) == (now.queue, now.used, now.past_due_on)
    assert {("plan", 4): LoanOwed(unbilled=84_000, instalments_left=6)} == now.loans
    late = CONVERTED.replace("04-10 convert", "04-11 convert").replace("6_000 ", "9_000 ")
    assert "PURCHASE_NO_LONGER_CONVERTIBLE" == at(late, "04-11").outcomes[4]


def test_a_refund_of_one_of_its_purchases_goes_to_the_plan():
    """30,000: two terms with their fees, and 2,000 of the third; then 1,000 more."""
    assert 54_000 == at(CONVERTED, "04-20").used
    now = at(CONVERTED, "04-21")
    assert LoanOwed(unbilled=53_000, instalments_left=4) == now.loans["plan", 4]
    assert 0 == now.overpaid
    assert [90_000, 0, 0, 11_630] == [one.balance for one in at(CONVERTED, "07-01").statements]


def test_a_refund_of_a_purchase_that_was_paid_before_is_overpayment():
    text = """
        03-05 purchase 30_000
        03-20 purchase 60_000
        04-05 repay 30_000
        04-06 convert of cycle 04-01 in 3
        04-07 refund 30_000 of 1
    """
    now = at(text, "04-07")
    assert (60_000, 30_000) == (now.used, now.overpaid)


def test_what_was_converted_before_the_statement_keeps_its_own_plan():
    text = """
        03-05 purchase 30_000
        03-06 convert of 1 in 3
        03-20 purchase 60_000
        04-02 convert of cycle 04-01 in 6
        04-03 refund 30_000 of 1
    """
    now = at(text, "04-03")
    # 10,000 and 250 of the first plan were billed; the refund takes what is to come first.
    assert LoanOwed(fee_due=250) == now.loans["plan", 2]
    assert LoanOwed(unbilled=60_000, instalments_left=6) == now.loans["plan", 4]


@pytest.mark.parametrize(
    "words",
    [
        "05-02 convert of cycle 04-01 in 3",  # not the newest statement's
        "05-02 convert of 4 in 3",  # a draw
    ],
)
def test_only_what_the_newest_statement_billed_of_purchases_is_converted(words):
    text = f"""
        03-05 purchase 30_000
        04-05 repay 3_000
        04-20 draw 9_000
        04-21 draw_succeeded of 3
        04-22 purchase 5_000
        {words}
    """
    now = at(text, "05-02")
    assert now.outcomes[6] in {"PURCHASE_NO_LONGER_CONVERTIBLE", "PURCHASE_NOT_FOUND"}
    assert 41_000 == now.used


# --- Collected, and paid back ---------------------------------------------------------------

BACK = """
    01-20 purchase 40_000
    02-05 collect 60_000
    02-06 repay 60_000 pays 2        # 20,000 are overpaid
    02-10 pay_back 15_000
    02-11 pay_back_succeeded of 4
    02-12 pay_back 5_000
    02-13 pay_back_failed of 6
    02-14 pay_back 5_001             # too much
    02-15 pay_back 5_000
    02-16 purchase 3_000             # takes 3,000 of what is on its way back
    02-17 pay_back_succeeded of 9
"""


def test_overpayment_paid_back_row_by_row():
    for case in table("""
        until    used  held    overpaid  cycle
        02-05  40_000       0         0      0   # nothing is repaid yet
        02-06       0       0    20_000      0
        02-10       0  15_000    20_000      0
        02-11       0       0     5_000      0
        02-12       0   5_000     5_000      0
        02-13       0       0     5_000      0
        02-15       0   5_000     5_000      0
        02-16       0   5_000     2_000      0
        02-17   3_000       0         0  3_000   # terms.md 6: the rest is principal
        03-01   3_000       0         0      0
    """):
        now = at(BACK, case.until)
        expected = (case.until, case.used, case.held, case.overpaid, case.cycle)
        assert expected == (case.until, now.used, now.held, now.overpaid, now.cycle)
    assert "AMOUNT_EXCEEDS_OVERPAYMENT" == now.outcomes[8]
    assert {"DONE"} == {outcome for seq, outcome in now.outcomes.items() if seq != 8}
    assert 3_000 == now.statements[-1].balance


def test_what_its_accounts_hold():
    """40,000 and 3,000 bought, 60,000 taken, 20,000 given back."""
    assert {
        Account.CASH: 60_000,
        Account.WALLET_CLEARING: -20_000,
        Account.MERCHANT_PAYABLE: -43_000,
        Account.PRINCIPAL: 3_000,
    } == balances(BACK, "02-17")


def test_nobody_can_name_what_was_paid_back_too_much():
    text = BACK + "02-18 refund 1 of 11\n02-18 convert of 11 in 3\n02-18 refund 3_000 of 10"

    now = at(text, "02-18")
    assert ["PURCHASE_NOT_FOUND"] * 2 == [now.outcomes[12], now.outcomes[13]]
    # The purchase was paid from overpayment, the oldest first: all of it comes back to us.
    assert (3_000, 3_000) == (now.used, now.overpaid)


def test_paid_back_too_much_on_a_line_that_was_written_off():
    """It owes 51,000 and 5,850 of penalty, so 3,150 are overpaid."""
    text = """
        01-20 purchase 50_000
        08-15 purchase 1_000 forced
        08-16 repay 60_000
        08-17 pay_back 3_000
        08-18 purchase 2_000 forced
        08-19 pay_back_succeeded of 4
        08-20 repay 1_850
    """
    assert (0, 3_150) == (at(text, "08-16").used, at(text, "08-16").overpaid)
    now = at(text, "08-19")
    assert (1_850, 1_850, 0) == (now.used, now.cycle, now.overpaid)
    assert 0 == at(text, "08-20").used
    off = balances(text, "08-20")
    assert -3_000 == off[Account.WALLET_CLEARING]
    assert Account.PRINCIPAL not in off


def test_money_that_was_collected_is_taken_though_line_and_loan_are_gone():
    text = """
        01-20 purchase 40_000
        02-02 collect 10_000 of cycle 02-01
        02-03 repay 40_000
        02-04 close
        02-05 repay 10_000 of cycle 02-01 pays 2
        02-06 pay_back 10_001
        02-06 pay_back 10_000
        02-07 pay_back_succeeded of 7
    """
    assert 10_000 == at(text, "02-05").overpaid
    now = at(text, "04-01")
    assert (0, 0, 1) == (now.overpaid, now.held, len(now.statements))
    assert "AMOUNT_EXCEEDS_OVERPAYMENT" == now.outcomes[6]


def test_the_hold_of_a_draw_says_its_instalments():
    book = (
        Play([life("03-20 draw 60_000 in 6\n03-21 draw 1_000", "03-21")]).until(day("03-21")).book
    )

    holds = [one for kept in book.kept.values() for rows in kept.values() for one in rows.values()]
    assert [(HoldKind.DRAW, 6), (HoldKind.DRAW, 0)] == [
        (one["kind"], one["merchant"]) for one in holds
    ]


# --- Laws -----------------------------------------------------------------------------------

amounts = st.integers(1, 400_000)
counts = st.sampled_from([3, 6, 9, 12])
repayments = st.lists(
    st.tuples(st.integers(1, 250), st.integers(1, 150_000), st.sampled_from(["", " of all"])),
    max_size=6,
)


def with_repayments(text: str, repaid: list[tuple[int, int, str]]) -> str:
    on = day("03-20")
    lines = [f"{on + dt.timedelta(days=days)} repay {paid}{how}" for days, paid, how in repaid]
    return "\n".join((text, *lines))


def same(one: str, other: str) -> None:
    """Two lives of which the last loan must owe the same, and every statement."""
    ends = day("2027-01-31")
    first, second = (
        told(Play([life(text, "2027-01-31")]).until(ends), 0, ends) for text in (one, other)
    )
    assert list(first.loans.values()) == list(second.loans.values())
    assert first.statements == second.statements
    assert (first.queue, first.overpaid, first.bucket) == (
        second.queue,
        second.overpaid,
        second.bucket,
    )


@given(amounts, counts, repayments)
def test_a_draw_in_instalments_is_a_purchase_converted_on_its_day(amount, count, repaid):
    drawn = f"03-10 draw {amount} in {count}\n03-15 draw_succeeded of 1"
    bought = f"03-15 purchase {amount}\n03-15 convert of 1 in {count}"

    same(with_repayments(drawn, repaid), with_repayments(bought, repaid))


@given(amounts, counts, repayments)
def test_a_statement_of_one_purchase_is_converted_as_that_purchase(amount, count, repaid):
    bought = f"03-05 purchase {amount}\n04-05 convert of"

    same(
        with_repayments(f"{bought} cycle 04-01 in {count}", repaid),
        with_repayments(f"{bought} 1 in {count}", repaid),
    )


@given(amounts, st.integers(1, 50_000), st.integers(0, 60_000), repayments)
def test_money_that_came_and_went_back_leaves_the_debt_there_was(due, more, bought, repaid):
    """Also what was bought in between, and what that used up of it."""
    there = f"""
        01-20 purchase {due}
        02-05 repay {due + more}
        02-10 pay_back {more}
        02-11 purchase {bought + 1}
        02-12 pay_back_succeeded of 3
    """
    stayed = f"01-20 purchase {due}\n02-05 repay {due}\n02-11 purchase {bought + 1}"

    same(with_repayments(there, repaid), with_repayments(stayed, repaid))


@given(amounts, st.integers(1, 500_000))
def test_what_a_collection_brought_is_a_repayment(due, paid):
    collected = f"01-20 purchase {due}\n02-05 collect {paid}\n02-06 repay {paid} pays 2"
    ended = f"{collected}\n02-07 collect 77\n02-08 collect_ended of 4"
    brought = f"01-20 purchase {due}\n02-06 repay {paid}"

    same(ended, brought)
