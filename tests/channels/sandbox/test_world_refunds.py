"""Refunds: accepted, on their way, arrived, gone wrong."""

import pytest
from tests.channels.sandbox.making import (
    ANNA,
    DAY,
    MCHID,
    START,
    Time,
    new_world,
    order,
    pay,
    refund,
    refused,
    told,
    without,
)

from jiehuan.channels.sandbox.clock import wire


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def world(time):
    world = new_world(time=time, refund_s=60)
    pay(world, order(), "cmb")
    return world


def test_money_goes_back_to_where_it_came_from(world, time):
    accepted = world.refund(refund(amount=300))

    assert ("PROCESSING", "ORIGINAL") == (accepted["status"], accepted["channel"])
    assert "招商银行储蓄卡0403" == accepted["user_received_account"]
    assert "success_time" not in accepted
    assert (300, 1_000) == (accepted["amount"]["refund"], accepted["amount"]["total"])
    assert 300 == world.balances()["refunding"]
    assert "REFUND" == world.order_by_number(MCHID, "order-1")["trade_state"]

    time.second += 60
    done = world.refund_by_number("refund1")

    assert ("SUCCESS", wire(START + 60)) == (done["status"], done["success_time"])
    assert (50_000 - 700, 0) == (
        world.balances()[f"{ANNA}/cmb"],
        world.balances()["refunding"],
    )


def test_the_notice_tells_what_the_query_tells(world, time):
    world.refund(refund(amount=300))
    time.second += 60
    done = world.refund_by_number("refund1")
    (notice,) = told(world, "refund1")

    assert ("REFUND.SUCCESS", "refund") == (notice.event_type, notice.original_type)
    assert MCHID == notice.resource["mchid"]
    assert "SUCCESS" == notice.resource["refund_status"]
    assert {"total": 1_000, "refund": 300, "payer_total": 1_000, "payer_refund": 300} == (
        notice.resource["amount"]
    )
    same = ("transaction_id", "out_refund_no", "refund_id", "success_time", "out_trade_no")
    assert [done[name] for name in same] == [notice.resource[name] for name in same]


def test_no_address_no_notice(world, time):
    world.refund(without(refund(), "notify_url"))
    time.second += 60

    assert "SUCCESS" == world.refund_by_number("refund1")["status"]
    assert [] == told(world, "refund1")


def test_the_same_number_is_one_refund(world, time):
    first = world.refund(refund(amount=300))

    assert first == world.refund(refund(amount=300))
    refused("INVALID_REQUEST", world.refund, refund(amount=301), status=400)
    time.second += 60
    assert "SUCCESS" == world.refund(refund(amount=300))["status"]
    assert 1 == len(world.refunds())


def test_by_either_number_of_the_order(world):
    transaction_id = world.orders()[0].transaction_id
    by_ours = without(refund(amount=300), "out_trade_no") | {"transaction_id": transaction_id}

    assert "PROCESSING" == world.refund(by_ours)["status"]
    both = refund("refund2", 300, transaction_id=transaction_id)
    assert "PROCESSING" == world.refund(both)["status"]
    pay(world, order("order-2"))
    refused("INVALID_REQUEST", world.refund, both | {"out_trade_no": "order-2"})
    refused("PARAM_ERROR", world.refund, without(refund(), "out_trade_no"))


def test_never_more_than_was_paid(world):
    world.refund(refund("refund1", 600))

    refused("INVALID_REQUEST", world.refund, refund("refund2", 401))
    world.refund(refund("refund3", 400))
    refused("INVALID_REQUEST", world.refund, refund("refund4", 1))
    refused("INVALID_REQUEST", world.refund, refund("refund5", 1, total=999))


def test_fifty_parts_and_no_more(world):
    for k in range(50):
        world.refund(refund(f"refund{k}", 1))

    refused("INVALID_REQUEST", world.refund, refund("refund50", 1))


def test_within_a_year(world, time):
    time.second += 365 * DAY
    world.refund(refund("refund1", 1))
    time.second += 1
    refused("INVALID_REQUEST", world.refund, refund("refund2", 1))


def test_only_what_was_paid_and_what_there_is(world):
    world.prepay(order("order-2"), "JSAPI")

    refused("RESOURCE_NOT_EXISTS", world.refund, refund(order="order-2"), status=404)
    refused("RESOURCE_NOT_EXISTS", world.refund, refund(order="order-9"), status=404)
    refused("RESOURCE_NOT_EXISTS", world.refund_by_number, "refund9", status=404)


def test_a_merchant_without_money_gives_none_back(world):
    world.transfer(
        {
            "appid": order()["appid"],
            "out_bill_no": "all",
            "transfer_scene_id": "1000",
            "openid": ANNA,
            "user_name": "安娜",
            "transfer_amount": world.balances()["merchant"],
            "transfer_remark": "x",
            "transfer_scene_report_infos": [{"info_type": "a", "info_content": "b"}],
        }
    )

    refused("NOT_ENOUGH", world.refund, refund(), status=403)
    assert "SUCCESS" == world.order_by_number(MCHID, "order-1")["trade_state"]
    world.top_up("merchant", 1_000)
    assert "PROCESSING" == world.refund(refund())["status"]


def test_a_closed_card_sends_the_money_to_the_wallet(world, time):
    world.refund(refund())
    world.set_account(f"{ANNA}/cmb", closed=True)
    time.second += 60
    done = world.refund_by_number("refund1")

    assert ("SUCCESS", "OTHER_BALANCE") == (done["status"], done["channel"])
    assert "支付用户零钱" == done["user_received_account"]
    assert 21_000 == world.balances()[f"{ANNA}/balance"]


def test_nowhere_to_go_is_abnormal_and_may_be_tried_again_with_the_same_number(world, time):
    for account in ("cmb", "balance"):
        world.set_account(f"{ANNA}/{account}", closed=True)
    world.refund(refund())
    time.second += 60

    assert "ABNORMAL" == world.refund_by_number("refund1")["status"]
    assert 1_000 == world.balances()["refunding"]
    assert 1 == len(told(world, "refund1", "REFUND.ABNORMAL"))

    world.set_account(f"{ANNA}/balance", closed=False)
    assert "PROCESSING" == world.refund(refund())["status"]
    time.second += 60
    assert "SUCCESS" == world.refund_by_number("refund1")["status"]
    assert 1 == len(told(world, "refund1", "REFUND.SUCCESS"))
