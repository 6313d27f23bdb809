"""What the partner tells by itself: really signed and encrypted, duplicate, late, forged, wrong."""

import time
from typing import Any

import pytest
from tests.serve import partner
from tests.serve.partner import (
    MCHID,
    NOTIFY,
    notice,
    order_resource,
    refund_resource,
    signed,
    transfer_resource,
)

from jiehuan.engine.post import Writer
from jiehuan.store.database import connect
from jiehuan.store.inbox import Heard
from jiehuan.store.sessions import Session
from jiehuan.store.tables import OutboxState

PAID = "TRANSACTION.SUCCESS"
MOVED = "MCHTRANSFER.BILL.FINISHED"
GIVEN_BACK = "REFUND.SUCCESS"


@pytest.fixture
def line(beside):
    """A line of somebody whom the wallet knows."""
    return beside.person()


@pytest.fixture
def order(beside, line):
    """An order to pay 200.00."""
    return beside.collect(line, 20_000)


def refusal(answer):
    """Return status and message of a refusal, in the partner's own form."""
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert {"code", "message"} == set(said)
    assert said["code"] == "FAIL"
    return answer.status_code, said["message"]


def is_taken(answer):
    """Say whether a notice was taken."""
    return (answer.status_code, answer.content) == (204, b"")


# --- What is booked -----------------------------------------------------------------------------


def test_a_payment_is_booked_and_the_notice_is_kept(beside, line, order):
    body = notice(PAID, order_resource(beside.theirs(order), 20_000), "event-1")

    answer = beside.notify(body)

    assert is_taken(answer)
    assert beside.line(line)["overpaid_minor"] == 20_000
    now = beside.order(order)
    assert now.state is OutboxState.SUCCEEDED
    assert now.partner["transaction_id"] == "4200000000202611230000000001"
    assert [("event-1", beside.theirs(order), Heard.BOOKED)] == beside.messages()
    assert [] == beside.due()
    assert [] == beside.breaches()


def test_a_transfer_is_booked(beside, line):
    draw = beside.draw(line, 30_000)

    answer = beside.notify(notice(MOVED, transfer_resource(beside.theirs(draw), 30_000)))

    assert is_taken(answer)
    assert beside.line(line)["used_minor"] == 30_000
    assert beside.order(draw).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


@pytest.mark.parametrize("state", ["FAIL", "CANCELLED"])
def test_a_transfer_that_ended_frees_the_line(beside, line, state):
    draw = beside.draw(line, 30_000)

    answer = beside.notify(notice(MOVED, transfer_resource(beside.theirs(draw), 30_000, state)))

    assert is_taken(answer)
    assert beside.line(line)["held_minor"] == 0
    assert beside.order(draw).state is OutboxState.FAILED
    assert [Heard.BOOKED_END] == [outcome for _, _, outcome in beside.messages()]
    assert [] == beside.breaches()


def test_money_given_back_is_booked(beside, line, order):
    beside.notify(notice(PAID, order_resource(beside.theirs(order), 20_000)))
    back = beside.pay_back(line, 5_000, order)
    resource = refund_resource(beside.theirs(back), beside.theirs(order), 5_000, 20_000)

    assert is_taken(beside.notify(notice(GIVEN_BACK, resource)))
    assert beside.line(line)["overpaid_minor"] == 15_000
    assert beside.order(back).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


# --- Duplicate and late ---------------------------------------------------------------------------


def test_a_notice_that_comes_again_changes_nothing(beside, line, order):
    body = notice(PAID, order_resource(beside.theirs(order), 20_000), "event-1")

    answers = [beside.notify(body) for _ in range(3)]

    assert all(map(is_taken, answers))
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert [("event-1", beside.theirs(order), Heard.BOOKED)] == beside.messages()
    assert [] == beside.breaches()


def test_the_same_notice_twice_at_once_is_booked_once(beside, line, order):
    body = notice(PAID, order_resource(beside.theirs(order), 20_000), "event-1")

    answers = beside.together(
        *(("POST", NOTIFY, {"content": body, "headers": signed(body)}) for _ in range(4))
    )

    assert all(map(is_taken, answers))
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert len(beside.messages()) == 1
    assert [] == beside.breaches()


def test_notice_and_courier_at_once_are_booked_once(beside, line, order):
    body = notice(PAID, order_resource(beside.theirs(order), 20_000))
    said = {"success_time": partner.PAID_AT, "amount_minor": 20_000, "currency": "CNY"}
    token = {"Authorization": f"Bearer {partner.TOKEN}"}

    answers = beside.together(
        ("POST", NOTIFY, {"content": body, "headers": signed(body)}),
        ("POST", f"/courier/v1/tasks/{order}/succeeded", {"json": said, "headers": token}),
    )

    assert [204, 200] == [answer.status_code for answer in answers]
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert [] == beside.breaches()


def test_a_notice_of_what_the_courier_has_told_is_noted(beside, line, order):
    beside.succeed(order, 20_000)

    assert is_taken(beside.notify(notice(PAID, order_resource(beside.theirs(order), 20_000))))

    assert beside.line(line)["overpaid_minor"] == 20_000
    assert [Heard.NOTED] == [outcome for _, _, outcome in beside.messages()]
    assert [] == beside.breaches()


def test_an_end_that_comes_after_the_success_is_noted(beside, order):
    number = beside.theirs(order)
    beside.notify(notice(PAID, order_resource(number, 20_000)))

    assert is_taken(beside.notify(notice(PAID, order_resource(number, 20_000, "CLOSED"))))

    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [Heard.BOOKED, Heard.NOTED] == [outcome for _, _, outcome in beside.messages()]
    assert [] == beside.breaches()


def test_a_payment_after_the_order_was_closed_is_booked(beside, line, order):
    beside.tell(order, "failed", reason="CLOSED", partner={})

    assert is_taken(beside.notify(notice(PAID, order_resource(beside.theirs(order), 20_000))))

    assert beside.line(line)["overpaid_minor"] == 20_000
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_what_is_not_final_is_noted_and_the_courier_asks_at_once(beside, order):
    beside.send(order, retry_in_s=3_600)
    resource = order_resource(beside.theirs(order), 20_000, "NOTPAY")

    assert is_taken(beside.notify(notice("TRANSACTION.FAIL", resource)))

    assert [order] == [task["id"] for task in beside.due()]
    assert [Heard.NOTED] == [outcome for _, _, outcome in beside.messages()]
    assert beside.order(order).state is OutboxState.SENT


# --- Forged ---------------------------------------------------------------------------------------


def changed(body):
    """Change one byte."""
    at = body.index(b"ciphertext") + 20
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def probe(body):
    """Return the partner's own test of whether we look."""
    headers = signed(body)
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]
    return headers


FORGED = {
    "a changed byte": (lambda body: signed(changed(body)), "signature"),
    "another signer": (lambda body: signed(body, "merchant"), "signature"),
    "no signature": (lambda body: {**signed(body), "Wechatpay-Signature": "x"}, "signature"),
    "no headers": (lambda _: {"Content-Type": "application/json"}, "header_missing"),
    "the probe": (probe, "probe"),
    "an unknown key": (lambda body: signed(body, **{"Wechatpay-Serial": "PUB_KEY_ID_9"}), "serial"),
    "an old one": (lambda body: signed(body, at=time.time() - 301), "timestamp"),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_notice_is_refused_counted_and_not_kept(beside, line, order, how):
    headers_of, why = FORGED[how]
    body = notice(PAID, order_resource(beside.theirs(order), 20_000))

    answers = [beside.notify(body, headers=headers_of(body)) for _ in range(2)]

    assert [(401, f"not signed by you: {why}")] * 2 == [refusal(answer) for answer in answers]
    assert {why: 2} == beside.wallet.refused
    assert [] == beside.messages()
    assert beside.order(order).state is OutboxState.INSTRUCTED
    assert beside.line(line)["overpaid_minor"] == 0


def test_what_is_signed_and_cannot_be_read_is_refused(beside, order):
    resource = order_resource(beside.theirs(order), 20_000)
    other_key = notice(PAID, resource, key="another key of 32 bytes ........")
    no_amount = notice(PAID, {**resource, "amount": {}})
    bodies = {
        b"not json": "json",
        b"[]": "json",
        b'{"id":"1"}': "resource",
        other_key: "resource",
        no_amount: "state, time or amount",
    }

    for body, why in bodies.items():
        assert (400, f"not readable: {why}") == refusal(beside.notify(body))
    assert [] == beside.messages()
    assert {} == beside.wallet.refused


@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_refused(beside, told):
    body = b"x" * 65_537
    headers = signed(body)
    if not told:
        headers["Transfer-Encoding"] = "chunked"

    assert (413, "body too large") == refusal(beside.notify(body, headers=headers))
    assert [] == beside.messages()


# --- What contradicts the book --------------------------------------------------------------------


@pytest.mark.parametrize("amount", [19_999, 20_001])
def test_an_amount_one_cent_off_is_refused_kept_and_asked_for(beside, line, order, amount):
    beside.send(order, retry_in_s=3_600)
    body = notice(PAID, order_resource(beside.theirs(order), amount), "event-1")

    answers = [beside.notify(body) for _ in range(2)]

    assert [(409, "amount differs")] * 2 == [refusal(answer) for answer in answers]
    assert [("event-1", beside.theirs(order), Heard.AMOUNT_DIFFERS)] == beside.messages()
    assert beside.line(line)["overpaid_minor"] == 0
    assert [order] == [task["id"] for task in beside.due()]
    assert [] == beside.breaches()


def test_an_end_of_another_amount_is_refused_and_the_order_stays(beside, line):
    draw = beside.draw(line, 30_000)

    answer = beside.notify(notice(MOVED, transfer_resource(beside.theirs(draw), 30_001, "FAIL")))

    assert (409, "amount differs") == refusal(answer)
    assert beside.line(line)["held_minor"] == 30_000
    assert beside.order(draw).is_open
    assert [] == beside.breaches()


CONTRARY: dict[str, tuple[dict[str, Any], int, str, Heard]] = {
    "currency": (
        {"amount": {"total": 20_000, "payer_total": 20_000, "currency": "HKD"}},
        409,
        "currency differs",
        Heard.CURRENCY_DIFFERS,
    ),
    "merchant": ({"mchid": "1900000002"}, 409, "merchant differs", Heard.MERCHANT_DIFFERS),
    "app": ({"appid": "wx9"}, 409, "merchant differs", Heard.MERCHANT_DIFFERS),
    "order": ({"out_trade_no": "20261123-7"}, 404, "unknown order", Heard.UNKNOWN_ORDER),
    "no such order": (
        {"out_trade_no": "jh0010000000999999"},
        404,
        "unknown order",
        Heard.UNKNOWN_ORDER,
    ),
    "another book": (
        {"out_trade_no": "jh9990000000000001"},
        404,
        "unknown order",
        Heard.UNKNOWN_ORDER,
    ),
}


@pytest.mark.parametrize("what", CONTRARY)
def test_what_is_not_ours_is_refused_and_kept(beside, line, order, what):
    more, status, message, outcome = CONTRARY[what]
    resource = order_resource(beside.theirs(order), 20_000, **more)

    answer = beside.notify(notice(PAID, resource, "event-1"))

    assert (status, message) == refusal(answer)
    assert [("event-1", resource["out_trade_no"], outcome)] == beside.messages()
    assert beside.line(line)["overpaid_minor"] == 0
    assert [] == beside.breaches()


def test_a_notice_about_another_kind_of_order_is_about_none_of_ours(beside, line):
    draw = beside.draw(line, 30_000)

    answer = beside.notify(notice(PAID, order_resource(beside.theirs(draw), 30_000)))

    assert (404, "unknown order") == refusal(answer)
    assert beside.order(draw).state is OutboxState.INSTRUCTED


def test_a_notice_about_something_else_is_kept(beside):
    resource = {"mchid": MCHID, "contract_id": "1"}

    answer = beside.notify(notice("ENTRUST.SIGN", resource, "event-1"))

    assert (404, "unknown order") == refusal(answer)
    assert [("event-1", "", Heard.UNKNOWN_ORDER)] == beside.messages()


# --- What the book refuses, and trouble -----------------------------------------------------------


def test_money_paid_out_after_the_draw_failed_is_refused_and_audit_says_so(beside, line):
    draw = beside.draw(line, 30_000)
    beside.tell(draw, "failed", reason="CANCELLED", partner={})

    answer = beside.notify(notice(MOVED, transfer_resource(beside.theirs(draw), 30_000)))

    assert (409, "hold_not_open") == refusal(answer)
    [breach] = beside.breaches()
    assert "inbox: inbox id 1: should be booked" in breach


def test_a_book_that_another_process_has_taken_has_the_notice_sent_again(beside, line, order):
    body = notice(PAID, order_resource(beside.theirs(order), 20_000))
    with connect(beside.dsn, Session.OWNER) as conn:
        conn.execute("UPDATE book SET expires_at = now() WHERE book = %s", [beside.number])
    with Writer(lambda: connect(beside.dsn), beside.number, "another"):
        answer = beside.notify(body)
        kept = beside.messages()

    assert (503, "not booked, send it again") == refusal(answer)
    assert [] == kept
    assert is_taken(beside.notify(body))
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert [] == beside.breaches()
