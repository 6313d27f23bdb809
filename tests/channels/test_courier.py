"""The courier between a small book and a small partner, over real HTTP."""

import contextlib
import threading
from typing import Any

import pytest
from tests.channels import keys
from tests.channels.counter import TOKEN, Counter, Row
from tests.channels.partner import NOT_FOUND, Partner, Say, open_at
from tests.channels.working import at_work, once

from jiehuan.channels import waits
from jiehuan.channels.desk import Desk
from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import ChannelUnavailable, UsageError

WHEN = "2026-11-23T10:34:56+08:00"
EARLIER = "2026-11-22T10:30:00+08:00"  # 23.5 hours before the book's now
SEND, QUERY = "POST /v3/pay/transactions/jsapi", "GET /v3/pay/transactions/out-trade-no/"
CLOSE = "POST /v3/pay/transactions/out-trade-no/"
TRANSFER = "POST /v3/fund-app/mch-transfer/transfer-bills"
BILL = "GET /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/"
REFUND, REFUND_QUERY = "POST /v3/refund/domestic/refunds", "GET /v3/refund/domestic/refunds/"
PREPAID = Say(200, {"prepay_id": "wx26"})
LOST = Say(200, {"prepay_id": "wx26"}, "cut")


def order(number, state, **more):
    own = {"mchid": keys.MCHID, "appid": keys.APPID, "out_trade_no": number}
    paid = {
        "success_time": WHEN,
        "transaction_id": "42",
        "amount": {"total": 12_300, "currency": "CNY"},
    }
    return Say(200, own | {"trade_state": state} | (paid if state == "SUCCESS" else {}) | more)


def bill(number, state, **more):
    own = {"mch_id": keys.MCHID, "out_bill_no": number, "transfer_bill_no": "1330"}
    times = {"create_time": EARLIER, "update_time": WHEN, "transfer_amount": 12_300}
    return Say(200, own | times | {"state": state} | more)


@pytest.fixture
def partner(pairs):
    with open_at(Partner(pairs)) as server:
        yield server


@pytest.fixture
def channel(partner, pairs):
    return WeChat(Settings.from_json(pairs.settings(partner.url)), "http://127.0.0.1:1/notify")


def played(channel, row, rounds=1, **about):
    """Visit a task so often, whether or not it is due, and return what was told of it."""
    with open_at(Counter(row, **about)) as counter:
        for _ in range(rounds):
            row.due_at = 0.0
            once(counter, channel)
    return row.told


# --- The lives of a collection --------------------------------------------------------------------


def test_sent_is_committed_before_anything_is_sent(partner, channel):
    row = Row(17)
    with open_at(Counter(row)) as counter:
        counter.faults = [("/sending", 409)]
        [visit], told = once(counter, channel)

        assert ("", ()) == (visit.told, visit.steps)
        assert 1 == told["not_told"]
        assert [] == partner.asked()


def test_an_order_is_made_paid_and_told(partner, channel):
    row = Row(17)
    number = row.to_json()["number"]
    partner.will(SEND, PREPAID)
    partner.will(QUERY, order(number, "NOTPAY"), order(number, "SUCCESS"))

    told = played(channel, row, 3)

    assert ["sending", "waiting", "waiting", "succeeded"] == told
    assert ("wx26", "NOTPAY") == (row.partner["prepay_id"], row.partner["state"])
    assert row.settled is not None
    assert (WHEN, 12_300, "CNY") == tuple(
        row.settled[name] for name in ("success_time", "amount_minor", "currency")
    )
    assert {"transaction_id": "42"}.items() <= dict(row.settled["partner"]).items()  # type: ignore[call-overload]


def test_an_answer_that_was_lost_is_asked_for_and_sent_again_by_the_same_number(partner, channel):
    row = Row(17)
    number = row.to_json()["number"]
    partner.will(SEND, LOST, LOST, PREPAID)
    partner.will(QUERY, order(number, "NOTPAY"), NOT_FOUND)

    told = played(channel, row, 3)

    assert ["sending", "unknown", "sending", "unknown", "sending", "waiting"] == told
    assert [number] * 3 == [sent["out_trade_no"] for sent in partner.bodies(SEND)]


@pytest.mark.parametrize(
    "say",
    [
        Say(500, {"code": "SYSTEM_ERROR"}),
        Say(403, {"code": "NEVER_HEARD_OF"}),
        Say(429, {"code": "FREQUENCY_LIMITED"}),
        Say(401, {"code": "SIGN_ERROR"}),
        Say(200, {"prepay_id": "wx26"}, "signature"),
        Say(200, b"<html>"),
        Say(404, {"code": "NOT_FOUND"}),
    ],
    ids=lambda say: f"{say.status}-{say.fault}-{say.body!s:.30}",
)
def test_what_proves_nothing_is_unknown_and_never_failed(partner, channel, say):
    partner.usual = {"POST": say, "GET": say}
    row = Row(17)

    told = played(channel, row, 4)

    assert "unknown" == row.state
    assert {"sending", "unknown"} == set(told)


def test_without_a_balance_it_stays_and_goes_out_once_there_is_one(partner, channel):
    row = Row(17, kind="pay_out")
    number = row.to_json()["number"]
    poor = Say(403, {"code": "NOT_ENOUGH"})
    partner.will(TRANSFER, poor, poor, bill(number, "WAIT_USER_CONFIRM", package_info="pk"))

    told = played(channel, row, 3)

    assert ["sending", "unknown"] * 2 + ["sending", "waiting"] == told
    assert "NOT_ENOUGH" == row.reason
    assert "pk" == row.partner["package_info"]


@pytest.mark.parametrize("code", ["PARAM_ERROR", "INVALID_REQUEST", "NO_AUTH"])
def test_a_refusal_ends_it_once_the_partner_has_said_that_there_is_nothing(partner, channel, code):
    row = Row(17)
    partner.usual = {SEND: Say(400, {"code": code})}
    partner.will(QUERY, Say(500, {"code": "SYSTEM_ERROR"}))

    told = played(channel, row, 2)

    # In the first visit the question was not answered; in the second it is asked twice.
    assert ["sending", "unknown", "sending", "failed"] == told
    assert code == row.reason
    assert ["POST", "GET", "GET", "POST", "GET"] == [what.split()[0] for what in partner.asked()]


def test_a_refusal_of_what_the_partner_has_ends_nothing(partner, channel):
    """Sent again with another content, say: he refuses, and has the first one."""
    row = Row(17, state="unknown", attempts=1)
    number = row.to_json()["number"]
    partner.will(SEND, Say(400, {"code": "INVALID_REQUEST"}))
    partner.will(QUERY, NOT_FOUND, order(number, "SUCCESS"))

    assert ["sending", "succeeded"] == played(channel, row)


def test_an_order_that_lacks_what_the_page_needs_is_sent_again(partner, channel):
    row = Row(17, state="unknown", attempts=1)
    partner.will(QUERY, order(row.to_json()["number"], "NOTPAY"))
    partner.will(SEND, PREPAID)

    assert ["sending", "waiting"] == played(channel, row)
    assert "wx26" == row.partner["prepay_id"]


def test_what_the_partner_had_and_no_longer_has_is_unknown_and_not_sent_again(partner, channel):
    row = Row(17, state="sent", attempts=1, partner={"prepay_id": "wx26", "ordered_at": WHEN})

    assert ["unknown"] == played(channel, row)
    assert "not_there" == row.reason
    assert [] == partner.bodies(SEND)


def test_another_amount_is_for_a_person_to_look_at(partner, channel):
    row = Row(17, state="sent", attempts=1)
    amount = {"total": 12_301, "currency": "CNY"}
    partner.usual = {QUERY: order(row.to_json()["number"], "SUCCESS", amount=amount)}

    assert ["differs", "unknown"] == played(channel, row)
    assert "partner_amount_differs" == row.reason


# --- Ends -----------------------------------------------------------------------------------------


def test_what_was_never_sent_is_given_up_without_a_word_to_the_partner(partner, channel):
    row = Row(17, wanted="end")

    # It is taken first, so that no other courier sends it meanwhile.
    assert ["sending", "failed"] == played(channel, row)
    assert "given_up" == row.reason
    assert [] == partner.asked()


@pytest.mark.parametrize(
    ("close", "then", "told"),
    [
        (Say(204), "CLOSED", ["failed"]),
        (Say(204), "NOTPAY", ["waiting"]),  # accepted, and not done yet
        (Say(400, {"code": "ORDERPAID"}), "SUCCESS", ["succeeded"]),  # he was faster
        (Say(500), "CLOSED", ["failed"]),  # the query tells, not the answer
        (Say(204, None, "cut"), "NOTPAY", ["waiting"]),
    ],
)
def test_an_order_is_closed_and_the_query_tells_how_it_ended(partner, channel, close, then, told):
    row = Row(17, state="sent", attempts=1, wanted="end", partner={"prepay_id": "wx26"})
    number = row.to_json()["number"]
    partner.will(QUERY, order(number, "NOTPAY"), order(number, then))
    partner.will(CLOSE, close)

    assert told == played(channel, row)


def test_an_order_that_may_not_have_arrived_is_sent_so_that_it_can_be_closed(partner, channel):
    row = Row(17, state="unknown", attempts=1, wanted="end")
    number = row.to_json()["number"]
    partner.will(QUERY, NOT_FOUND, order(number, "CLOSED"))
    partner.will(SEND, PREPAID)
    partner.will(CLOSE, Say(204))

    assert ["sending", "failed"] == played(channel, row)
    assert "CLOSED" == row.reason


@pytest.mark.parametrize(
    ("kind", "since", "ends"),
    [
        ("collect", "2026-11-23T08:09:59+08:00", True),
        ("collect", "2026-11-23T08:10:01+08:00", False),  # 109 min 59 s
        ("collect", "2026-11-23T00:09:59+00:00", True),
        ("pay_out", "2026-11-22T10:59:59+08:00", True),
        ("pay_out", "2026-11-22T11:00:01+08:00", False),  # 22 h 59 min 59 s
        ("pay_back", "2026-11-01T00:00:00+08:00", False),  # can only be waited for
    ],
)
def test_what_is_left_too_long_is_ended_by_us(partner, channel, kind, since, ends):
    row = Row(17, kind=kind, state="sent", attempts=1,
              partner={"prepay_id": "p", "package_info": "p", "ordered_at": since})  # fmt: skip
    number = row.to_json()["number"]
    partner.usual = {
        QUERY: order(number, "NOTPAY"),
        BILL: bill(number, "WAIT_USER_CONFIRM"),
        REFUND_QUERY: Say(200, {"out_refund_no": number, "status": "PROCESSING"}),
        CLOSE: Say(204),
    }

    played(channel, row)

    said = [what for what in partner.asked() if what.endswith(("/close", "/cancel"))]
    assert ends == bool(said)


@pytest.mark.parametrize("virtual", [True, False])
def test_the_partners_own_clock_counts_where_both_are_real(partner, channel, virtual):
    row = Row(17, kind="pay_out", state="sent", attempts=1,
              partner={"package_info": "p", "create_time": EARLIER})  # fmt: skip
    number = row.to_json()["number"]
    partner.usual = {BILL: bill(number, "WAIT_USER_CONFIRM")}

    played(channel, row, virtual=virtual)

    assert virtual != any(what.endswith("/cancel") for what in partner.asked())


@pytest.mark.parametrize(("state", "told"), [("CANCELLED", "failed"), ("SUCCESS", "succeeded")])
def test_a_transfer_is_cancelled_and_the_query_tells_how_it_ended(partner, channel, state, told):
    row = Row(17, kind="pay_out", state="sent", attempts=1, wanted="end")
    number = row.to_json()["number"]
    partner.will(BILL, bill(number, "WAIT_USER_CONFIRM"), bill(number, state))
    partner.will(f"{TRANSFER}/", bill(number, "CANCELING"))

    assert [told] == played(channel, row)


def test_money_is_given_back(partner, channel):
    row = Row(
        17, kind="pay_back", wanted="end", source="jh0020000000000009", total=20_000
    )  # it cannot be ended: so it is done
    number = row.to_json()["number"]
    refund = {"out_refund_no": number, "refund_id": "50", "success_time": WHEN,
              "amount": {"refund": 12_300, "total": 20_000, "currency": "CNY"}}  # fmt: skip
    partner.will(REFUND, Say(200, refund | {"status": "PROCESSING"}))
    partner.will(REFUND_QUERY, Say(200, refund | {"status": "SUCCESS"}))

    assert ["sending", "waiting", "succeeded"] == played(channel, row, 2)


# --- The round ------------------------------------------------------------------------------------


def test_twenty_tasks_are_looked_after_and_the_one_that_goes_wrong_stops_no_other(partner, channel):
    rows = [Row(one) for one in range(1, 21)]
    rows[4].number = "jh0020000000000999"  # a fault of ours
    for row in rows:
        number = row.to_json()["number"]
        partner.usual[f"{QUERY}{number}"] = order(number, "SUCCESS")
    partner.usual[SEND] = PREPAID
    with open_at(Counter(*rows)) as counter, at_work(counter, channel):
        good = [row for row in rows if row is not rows[4]]
        counter.wait(lambda: all(row.state == "succeeded" for row in good))

    assert [] == rows[4].told
    assert all(["sending", "waiting", "succeeded"] == row.told for row in good)


@pytest.mark.parametrize("fault", ["lost", "down", 503, 500])
def test_whatever_the_service_does_not_answer_is_told_again(partner, channel, fault):
    """Whatever it is, the answer is lost at each kind of telling, three times in a row."""
    row = Row(17)
    number = row.to_json()["number"]
    partner.will(SEND, PREPAID)
    partner.usual = {QUERY: order(number, "SUCCESS")}
    with open_at(Counter(row)) as counter, at_work(counter, channel):
        with counter.changed:
            for path in ("/due", "/sending", "/waiting", "/succeeded"):
                counter.faults += [(path, fault)] * 3
        counter.wait(counter.all_finished)

    assert "succeeded" == row.state
    assert 1 == row.told.count("succeeded")
    assert {number} == {sent["out_trade_no"] for sent in partner.bodies(SEND)}


def test_a_service_that_was_killed_is_found_again_on_its_address(partner, channel):
    row = Row(17)
    number = row.to_json()["number"]
    partner.usual = {SEND: PREPAID, QUERY: order(number, "SUCCESS")}
    first = Counter(row)
    with contextlib.ExitStack() as stack:
        with open_at(first):
            stack.enter_context(at_work(first, channel))
            first.wait(lambda: "/due" in first.seen)
        second = stack.enter_context(open_at(Counter(row, address=first.server_address)))
        second.wait(second.all_finished)

    assert "succeeded" == row.state


def test_two_couriers_send_one_number(partner, channel):
    rows = [Row(one) for one in range(1, 9)]
    for row in rows:
        number = row.to_json()["number"]
        partner.usual[f"{QUERY}{number}"] = order(number, "SUCCESS")
    partner.usual[SEND] = PREPAID
    with (
        open_at(Counter(*rows)) as counter,
        at_work(counter, channel),
        at_work(counter, channel),
    ):
        counter.wait(counter.all_finished)

    sent = [body["out_trade_no"] for body in partner.bodies(SEND)]
    assert sorted(sent) == sorted(set(sent))  # nor any of them twice: each attempt has one owner


def test_what_was_asked_for_in_vain_is_asked_for_later_and_later(partner, channel, monkeypatch):
    asked = []

    def at_once(_, times, __):
        asked.append(times)
        return 0.0

    monkeypatch.setattr(waits, "back_off_s", at_once)
    row = Row(17, state="sent", attempts=1, partner={"prepay_id": "p"})
    partner.will(QUERY, *[order(row.to_json()["number"], "NOTPAY")] * 3, Say(500), Say(500))
    partner.usual = {QUERY: order(row.to_json()["number"], "SUCCESS")}
    with open_at(Counter(row)) as counter, at_work(counter, channel):
        counter.wait(counter.all_finished)

    assert [0, 1, 2, 0, 1] == asked


def test_a_courier_that_is_told_to_stop_leaves_the_rest_to_his_next_visit(partner, channel):
    row = Row(17, state="unknown", attempts=1)
    visits: list[Any] = []
    with contextlib.ExitStack() as stack:
        counter = stack.enter_context(open_at(Counter(row)))
        partner.guard.acquire()  # the partner hangs while he is asked
        stop = stack.enter_context(at_work(counter, channel, visits))
        stack.callback(partner.guard.release)
        assert partner.came.acquire(timeout=20)
        stop.set()

    assert [("ask not_there",)] == [visit.steps for visit in visits]
    assert [] == row.told
    assert [] == partner.bodies(SEND)


# --- Refused before anything is sent --------------------------------------------------------------


def test_a_live_channel_and_a_virtual_book_never_meet(partner, pairs):
    live = WeChat(Settings.from_json(pairs.settings("https://api.mch.weixin.qq.com")), "https://x")
    with (
        open_at(Counter(Row(17))) as counter,
        pytest.raises(UsageError, match="moves real money, and the book is on a virtual clock"),
    ):
        once(counter, live)

    assert ["/due"] == counter.seen
    assert [] == partner.asked()


def test_a_wrong_token_and_a_service_without_a_desk_are_told(channel):
    with open_at(Counter()) as counter:
        stop = threading.Event()
        with (
            contextlib.closing(Desk(counter.url, "wrong", stop)) as desk,
            pytest.raises(UsageError, match="refuses the courier's token"),
        ):
            desk.due(0.0, 1)
        counter.faults = [("/due", 404)]
        with pytest.raises(UsageError, match="start it with --courier-token-file"):
            once(counter, channel)


def test_a_service_that_is_not_there_is_told():
    with (
        contextlib.closing(Desk("http://127.0.0.1:1", TOKEN, threading.Event(), 0.1)) as desk,
        pytest.raises(ChannelUnavailable, match=r"127\.0\.0\.1:1 does not answer"),
    ):
        desk.due(0.0, 1)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "", "http://service.example"])
def test_an_address_that_would_show_the_token_is_refused(url):
    with pytest.raises(UsageError, match="http"):
        Desk(url, TOKEN, threading.Event())
