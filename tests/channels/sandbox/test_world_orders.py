"""Orders: asked for, paid, closed, expired."""

import pytest
from tests.channels.sandbox.making import (
    ANNA,
    APPID,
    BEN,
    DAY,
    MCHID,
    START,
    Time,
    new_world,
    order,
    pay,
    refused,
    told,
)
from tests.tables import table

from jiehuan.channels.sandbox.clock import wire


def test_before_payment_an_order_tells_its_state_and_no_more():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    expected = {
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": "order-1",
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
    }

    assert expected == world.order_by_number(MCHID, "order-1")
    assert prepay_id == world.order_of(prepay_id).prepay_id
    assert len("wx201410272009395522657a690389285100") == len(prepay_id)


@pytest.mark.parametrize(("source", "bank"), [("balance", "OTHERS"), ("cmb", "CMB_DEBIT")])
def test_a_payment_moves_the_money_and_is_told_as_the_query_tells_it(source, bank):
    world = new_world()
    before = world.balances()

    paid = pay(world, order(attach="本金", scene_info={"device_id": "x"}), source)

    assert "SUCCESS" == paid["trade_state"]
    assert bank == paid["bank_type"]
    assert {"total": 1_000, "payer_total": 1_000} == {
        name: paid["amount"][name] for name in ("total", "payer_total")
    }
    assert (wire(START), {"openid": ANNA}) == (paid["success_time"], paid["payer"])
    assert ("本金", {"device_id": "x"}) == (paid["attach"], paid["scene_info"])
    assert paid == world.order_by_number(MCHID, "order-1")
    assert paid == world.order_by_transaction(MCHID, paid["transaction_id"])
    assert paid == told(world, "order-1")[0].resource
    moved = {name: new - before[name] for name, new in world.balances().items()}
    assert {"merchant": 1_000, f"{ANNA}/{source}": -1_000} == {
        name: change for name, change in moved.items() if change
    }


def test_each_way_of_paying_has_its_own_answer():
    cases = table("""
        trade_type  answer     begins
        JSAPI       prepay_id  wx
        APP         prepay_id  wx
        NATIVE      code_url   weixin://wxpay/bizpayurl?pr=wx
        MWEB        h5_url     http://127.0.0.1/cashier?prepay_id=wx
    """)
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    for case in cases:
        answer = new_world().prepay(order(scene_info=scene), case.trade_type)

        assert [case.answer] == list(answer)
        assert answer[case.answer].startswith(case.begins)


def test_the_same_request_again_is_the_same_order():
    time = Time()
    world = new_world(time=time)
    first = world.prepay(order(), "JSAPI")

    assert first == world.prepay(order(), "JSAPI")

    time.second += 7_201
    later = world.prepay(order(), "JSAPI")

    assert first != later
    refused("ORDER_NOT_EXIST", world.pay, first["prepay_id"], ANNA, "balance")
    assert "SUCCESS" == world.pay(later["prepay_id"], ANNA, "balance")["trade_state"]
    assert 1 == len(world.orders())


def test_a_number_is_not_used_for_anything_else():
    world = new_world()
    world.prepay(order(), "JSAPI")

    refused("OUT_TRADE_NO_USED", world.prepay, order(total=999), "JSAPI", status=403)
    refused("OUT_TRADE_NO_USED", world.prepay, order(), "NATIVE", status=403)

    pay(world, order("order-2"))
    refused("ORDERPAID", world.prepay, order("order-2"), "JSAPI")
    world.close("order-1", {"mchid": MCHID})
    refused("ORDER_CLOSED", world.prepay, order(), "JSAPI", status=400)


def test_what_time_does_to_an_order():
    """It may be paid until its time is over; closed it is only by the merchant or in 7 days."""
    cases = table("""
        time_expire_s  after_s  paid               state
                    0    7_200  yes                SUCCESS
                    0    7_201  no                 NOTPAY
                    0  604_800  no                 NOTPAY
                    0  604_801  no                 CLOSED
                  600      600  yes                SUCCESS
                  600      601  no                 NOTPAY   # not the time of closing
                    1       60  yes                SUCCESS  # a minute at least
                    1       61  no                 NOTPAY
    """)
    for case in cases:
        time = Time()
        world = new_world(time=time)
        more = {"time_expire": wire(START + case.time_expire_s)} if case.time_expire_s else {}
        prepay_id = world.prepay(order(**more), "JSAPI")["prepay_id"]
        time.second += case.after_s

        if case.paid == "yes":
            world.pay(prepay_id, ANNA, "balance")
        else:
            code = "ORDER_CLOSED" if case.state == "CLOSED" else "INVALID_REQUEST"
            refused(code, world.pay, prepay_id, ANNA, "balance")
        assert case.state == world.order_by_number(MCHID, "order-1")["trade_state"], case


def test_closing():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    world.close("order-1", {"mchid": MCHID})
    world.close("order-1", {"mchid": MCHID})

    assert "CLOSED" == world.order_by_number(MCHID, "order-1")["trade_state"]
    refused("ORDER_CLOSED", world.pay, prepay_id, ANNA, "balance")
    refused("ORDER_NOT_EXIST", world.close, "order-9", {"mchid": MCHID}, status=404)
    refused("PARAM_ERROR", world.close, "order-1", {})
    pay(world, order("order-2"))
    refused("ORDERPAID", world.close, "order-2", {"mchid": MCHID})
    assert [] == told(world, "order-1")


def test_who_cannot_pay():
    world = new_world()
    prepay_id = world.prepay(order(total=20_001), "JSAPI")["prepay_id"]

    refused("INVALID_REQUEST", world.pay, prepay_id, BEN, "cmb")
    refused("NOT_FOUND", world.pay, prepay_id, "oNobody", "cmb")
    refused("PARAM_ERROR", world.pay, prepay_id, ANNA, "icbc")
    refused("NOT_ENOUGH", world.pay, prepay_id, ANNA, "balance", status=403)
    refused("ORDER_NOT_EXIST", world.pay, "wx0", ANNA, "balance")
    world.set_account(f"{ANNA}/cmb", closed=True)
    refused("NOT_ENOUGH", world.pay, prepay_id, ANNA, "cmb")
    assert "NOTPAY" == world.order_by_number(MCHID, "order-1")["trade_state"]
    world.set_account(f"{ANNA}/cmb", closed=False)
    assert "SUCCESS" == world.pay(prepay_id, ANNA, "cmb")["trade_state"]
    refused("ORDERPAID", world.pay, prepay_id, ANNA, "cmb")


def test_anybody_may_pay_what_is_asked_of_nobody():
    world = new_world()
    world.prepay(order(), "NATIVE")

    world.pay(world.orders()[0].prepay_id, BEN, "cmb")

    assert {"openid": BEN} == world.order_by_number(MCHID, "order-1")["payer"]


def test_who_leaves_the_cashier_may_come_back():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]

    assert "NOTPAY" == world.refuse(prepay_id, ANNA)["trade_state"]
    assert START == world.order_of(prepay_id).left_at
    assert "SUCCESS" == world.pay(prepay_id, ANNA, "balance")["trade_state"]


def test_other_merchants_and_numbers():
    world = new_world()
    world.prepay(order(), "JSAPI")

    refused("MCH_NOT_EXISTS", world.order_by_number, "1900000110", "order-1", status=400)
    refused("ORDER_NOT_EXIST", world.order_by_number, MCHID, "order-2", status=404)
    refused("ORDER_NOT_EXIST", world.order_by_transaction, MCHID, "4200", status=404)
    refused("MCH_NOT_EXISTS", world.prepay, order("order-2", mchid="1"), "JSAPI", status=400)
    refused("APPID_MCHID_NOT_MATCH", world.prepay, order("order-2", appid="wx"), "JSAPI")


def test_business_time_is_another_than_real_time():
    world = new_world()
    world.set_clock(START + 40 * DAY)

    paid = pay(world, order())

    assert wire(START + 40 * DAY) == paid["success_time"]
    assert START + 40 * DAY == told(world, "order-1")[0].created_at
    assert START == told(world, "order-1")[0].due_at
