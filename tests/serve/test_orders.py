"""What the courier tells of an order's end, once or twice, early or late, right or wrong."""

import asyncio

import pytest
from tests.serve.api import TODAY, told
from tests.serve.partner import OPENID, PAID_AT

from jiehuan.core.commands import REF_ALL, InstructionKind
from jiehuan.core.outcomes import Outcome
from jiehuan.store.tables import OutboxState

LATE = "2026-09-01T00:00:00+08:00"


@pytest.fixture
def line(beside):
    """A line of somebody whom the wallet knows."""
    return beside.person()


# --- What came of it ----------------------------------------------------------------------------


def test_a_draw_that_was_paid_out_is_a_loan_and_no_hold(beside, line):
    draw = beside.draw(line)
    assert beside.line(line)["held_minor"] == 30_000
    beside.send(draw)

    answer = beside.succeed(draw, 30_000, transfer_bill_no="133")

    assert (200, "draw_succeeded") == (answer.status_code, answer.json()["kind"])
    now = beside.line(line)
    assert (0, 30_000) == (now["held_minor"], now["used_minor"])
    order = beside.order(draw)
    assert (OutboxState.SUCCEEDED, "133") == (order.state, order.partner["transfer_bill_no"])
    assert [] == beside.due()
    assert [] == beside.breaches()


def test_what_is_told_twice_is_done_once(beside, line):
    draw = beside.draw(line)
    first = beside.succeed(draw, 30_000)

    again = beside.succeed(draw, 30_000, "2026-03-05T23:59:59+08:00")

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert beside.line(line)["used_minor"] == 30_000


def test_a_draw_that_failed_frees_the_line_and_says_why(beside, line):
    draw = beside.draw(line)
    beside.send(draw)

    answer = beside.tell(draw, "failed", reason="CANCELLED", partner={})
    again = beside.tell(draw, "failed", reason="CANCELLED", partner={})

    assert (200, "draw_failed") == (answer.status_code, answer.json()["kind"])
    assert answer.json() == again.json()
    now = beside.line(line)
    assert (0, 0, 1_000_000) == (now["held_minor"], now["used_minor"], now["available_minor"])
    order = beside.order(draw)
    assert (OutboxState.FAILED, "CANCELLED") == (order.state, order.reason)
    assert [] == beside.breaches()


def test_a_collection_that_was_paid_is_a_repayment_towards_what_was_asked(beside, line):
    beside.succeed(beside.draw(line), 30_000)
    order = beside.collect(line, 20_000, REF_ALL)
    beside.send(order)

    answer = beside.succeed(order, 20_000)

    assert (200, "repay") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["used_minor"] == 10_000
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_a_collection_that_was_not_paid_changes_no_money(beside, line):
    order = beside.collect(line)

    answer = beside.tell(order, "failed", reason="CLOSED", partner={})

    assert (200, "collect_ended") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 0
    assert beside.order(order).state is OutboxState.FAILED
    assert [] == beside.breaches()


def test_money_that_comes_after_an_order_failed_is_booked_all_the_same(beside, line):
    order = beside.collect(line, 20_000)
    beside.tell(order, "failed", reason="CLOSED", partner={})

    answer = beside.succeed(order, 20_000, transaction_id="42")

    assert (200, "repay") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 20_000
    now = beside.order(order)
    assert (OutboxState.SUCCEEDED, "", "42") == (
        now.state,
        now.reason,
        now.partner["transaction_id"],
    )
    assert [] == beside.breaches()


def test_an_order_that_was_paid_does_not_fail_afterwards(beside, line):
    order = beside.collect(line, 20_000)
    beside.succeed(order, 20_000)

    answer = beside.tell(order, "failed", reason="CLOSED", partner={})

    assert (409, "instruction_finished", {"state": "succeeded"}) == told(answer)
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_money_paid_out_after_the_draw_failed_is_refused_and_a_person_has_to_look(beside, line):
    draw = beside.draw(line)
    beside.tell(draw, "failed", reason="CANCELLED", partner={})

    status, code, _ = told(beside.succeed(draw, 30_000))

    assert (409, "hold_not_open") == (status, code)
    assert beside.order(draw).state is OutboxState.FAILED
    assert beside.line(line)["used_minor"] == 0


def test_money_towards_a_loan_that_was_repaid_meanwhile_goes_the_usual_way(beside, line):
    loan = int(beside.succeed(beside.draw(line), 30_000).json()["id"].rpartition("_")[2])
    orders = [beside.collect(line, 30_000, loan) for _ in range(2)]

    answers = [beside.succeed(order, 30_000) for order in (*orders, *orders)]

    assert [200] * 4 == [answer.status_code for answer in answers]
    now = beside.line(line)
    assert (0, 30_000) == (now["used_minor"], now["overpaid_minor"])
    assert [OutboxState.SUCCEEDED] * 2 == [beside.order(order).state for order in orders]
    assert [] == beside.breaches()


def test_money_that_comes_after_the_line_was_closed_is_booked(beside, line):
    order = beside.collect(line, 20_000)
    beside.do(f"/v1/lines/line_{beside.number}_{line}/close")

    answer = beside.succeed(order, 20_000)

    assert (200, "repay") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_overpaid_money_goes_back_once(beside, line):
    source = beside.collect(line, 20_000)
    beside.succeed(source, 20_000)
    order = beside.pay_back(line, 15_000, source)

    answer = beside.succeed(order, 15_000)
    again = beside.succeed(order, 15_000)

    assert (200, "pay_back_succeeded") == (answer.status_code, answer.json()["kind"])
    assert answer.json() == again.json()
    assert beside.line(line)["overpaid_minor"] == 5_000
    assert [] == beside.breaches()


def test_overpaid_money_that_could_not_go_back_is_there_again(beside, line):
    source = beside.collect(line, 20_000)
    beside.succeed(source, 20_000)
    order = beside.pay_back(line, 15_000, source)

    answer = beside.tell(order, "failed", reason="ABNORMAL", partner={})

    assert (200, "pay_back_failed") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert beside.pay_back(line, 20_000, source)
    assert [] == beside.breaches()


# --- What is not as asked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency"), [(29_999, "CNY"), (30_001, "CNY"), (30_000, "HKD"), (0, "CNY")]
)
def test_another_amount_or_currency_is_refused_and_the_order_is_unknown(
    beside, line, amount, currency
):
    draw = beside.draw(line)
    beside.send(draw)

    answer = beside.tell(
        draw, "succeeded", success_time=PAID_AT, amount_minor=amount, currency=currency
    )

    facts = {
        "amount_minor": 30_000,
        "partner_amount_minor": amount,
        "currency": "CNY",
        "partner_currency": currency,
    }
    assert (422, "partner_amount_differs", facts) == told(answer)
    order = beside.order(draw)
    assert (OutboxState.UNKNOWN, "partner_amount_differs") == (order.state, order.reason)
    assert beside.line(line)["held_minor"] == 30_000
    assert [] == beside.breaches()


# --- The day on which it takes effect -----------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-03-07T23:59:59+08:00", "2026-03-07"),
        ("2026-03-07T15:59:59Z", "2026-03-07"),
        ("2026-03-07T16:00:00Z", "2026-03-08"),
        ("2026-03-04T12:00:00+08:00", TODAY),  # not before it was asked for
        (LATE, "2026-03-10"),  # not after the book's day
    ],
)
def test_money_takes_effect_on_the_day_on_which_it_moved(beside, line, at, on):
    order = beside.collect(line)
    beside.move_on("2026-03-10")

    done = beside.succeed(order, 20_000, at).json()

    assert (on, "2026-03-10") == (done["effective_on"], done["booked_on"])
    assert [] == beside.breaches()


# --- What pages ask -----------------------------------------------------------------------------


def test_an_order_is_asked_for_once_under_one_key(beside, line):
    async def ask(amount):
        return await beside.wallet.ask_draw(line, amount, 0, "phone/draw")

    first, again = asyncio.run(ask(30_000)), asyncio.run(ask(30_000))

    assert first.row["seq"] == again.row["seq"]
    assert (False, True) == (first.replayed, again.replayed)
    assert len(beside.due()) == 1


def test_an_order_that_the_book_refuses_is_told_with_its_outcome(beside, line):
    booked = asyncio.run(beside.wallet.ask_draw(line, 1_000_001, 0, "too much"))

    assert booked.outcome is Outcome.AMOUNT_EXCEEDS_AVAILABLE
    assert [] == beside.due()


def test_the_orders_of_a_line_are_told_open_or_all(beside, line):
    first, second, third = (beside.collect(line, amount) for amount in (100, 200, 300))
    beside.succeed(second, 200)

    still = asyncio.run(beside.wallet.open_orders(line))
    every = asyncio.run(beside.wallet.orders(line))

    assert [first, third] == [order.id for order in still]
    assert [third, second, first] == [order.id for order in every]
    assert {InstructionKind.COLLECT} == {order.kind for order in every}
    assert [True, False, True] == [order.is_open for order in every]


def test_an_order_that_is_finished_cannot_be_ended(beside, line):
    order = beside.collect(line, 100)
    beside.succeed(order, 100)

    for number, code in ((order, "instruction_finished"), (999, "instruction_not_found")):
        with pytest.raises(Exception, match=code):
            asyncio.run(beside.wallet.end_order(number))


def test_only_what_was_paid_on_the_line_can_be_paid_back(beside, line):
    other = beside.person("oSomebody-else")
    paid, unpaid = beside.collect(line, 500), beside.collect(line, 600)
    beside.succeed(paid, 500)

    asked = [(other, paid, "instruction_not_found"), (line, unpaid, "instruction_not_paid")]
    for where, source, code in asked:
        with pytest.raises(Exception, match=code):
            asyncio.run(beside.wallet.ask_pay_back(where, 100, source, "k"))


def test_the_lines_of_a_party_are_found(beside, line):
    party = beside.wallet.party_of(OPENID)
    second = beside.open_line(party=party)

    found = asyncio.run(beside.wallet.lines_of(party))

    assert [line, int(second.rpartition("_")[2])] == found
    assert [] == asyncio.run(beside.wallet.lines_of(party + 1))
