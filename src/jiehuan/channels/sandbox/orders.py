"""Orders: asking somebody for money, and the payment.

An order that is not paid stays NOTPAY whatever time does to it, until the merchant closes it or
seven days are over; a dead prepay_id and a passed ``time_expire`` only keep it from being paid.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from jiehuan.channels.sandbox.checks import (
    Rule,
    check,
    flag,
    moment,
    needed,
    one_of,
    optional,
    text,
    url,
    whole,
)
from jiehuan.channels.sandbox.clock import CHINA, DAY_S, read_wire, wire
from jiehuan.channels.sandbox.errors import WireError, refusal, wrong_field
from jiehuan.channels.sandbox.keeping import MERCHANT
from jiehuan.channels.sandbox.notices import Event
from jiehuan.channels.sandbox.people import BALANCE
from jiehuan.channels.sandbox.records import Order
from jiehuan.channels.sandbox.room import Room

CLOSE_S = 7 * DAY_S
EXPIRE_S_MIN = 60
EXPIRE_S_MAX = 15 * DAY_S
H5_S = 300

STATE_WORDS: Mapping[str, str] = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "CLOSED": "订单已关闭",
}

COMMON = (
    needed("/appid", text(32)),
    needed("/mchid", text(32)),
    needed("/description", text(127)),
    needed("/out_trade_no", text(32, 6, r"[0-9A-Za-z_|*-]+")),
    optional("/time_expire", moment),
    optional("/attach", text(128)),
    needed("/notify_url", url),
    optional("/goods_tag", text(32)),
    optional("/support_fapiao", flag),
    needed("/amount/total", whole()),
    optional("/amount/currency", one_of("CNY")),
    optional("/settle_info/profit_sharing", flag),
)
CLIENT = needed("/scene_info/payer_client_ip", text(45))

# trade_type -> what its request must be
RULES: Mapping[str, tuple[Rule, ...]] = {
    "JSAPI": (*COMMON, needed("/payer/openid", text(128))),
    "NATIVE": COMMON,
    "APP": COMMON,
    "MWEB": (*COMMON, CLIENT, needed("/scene_info/h5_info/type", text(32))),
}


def prepay(room: Room, body: Mapping[str, Any], trade_type: str) -> dict[str, Any]:
    """Make an order, or hand out what pays the one that was asked for with the same words."""
    check(body, RULES[trade_type])
    check_merchant(room, body["mchid"], body["appid"])
    if trade_type == "JSAPI" and body["payer"]["openid"] not in room.people.persons:
        raise wrong_field("/payer/openid", body["payer"]["openid"], "appid and openid do not match")
    now = room.clock.now()
    order = room.keep.orders.rows.get(body["out_trade_no"])
    if order is None:
        order = _new(room, body, trade_type)
        _hand_out(room, order)
        room.notices.forge(_paid_event(room, _as_if_paid(room, order)))
    elif (order.trade_type, order.body) != (trade_type, dict(body)):
        raise refusal("OUT_TRADE_NO_USED")
    elif order.state == "CLOSED":
        raise refusal("ORDER_CLOSED")
    elif order.state != "NOTPAY":
        raise refusal("ORDERPAID")
    elif now > order.prepay_until:
        _hand_out(room, order)
    return _answer(room, order)


def _new(room: Room, body: Mapping[str, Any], trade_type: str) -> Order:
    now = room.clock.now()
    until = now + CLOSE_S
    if "time_expire" in body:
        wanted = read_wire(body["time_expire"])
        until = min(max(wanted, now + EXPIRE_S_MIN), now + EXPIRE_S_MAX)
    return Order(
        number=body["out_trade_no"],
        body=dict(body),
        trade_type=trade_type,
        state="NOTPAY",
        total_minor=body["amount"]["total"],
        created_at=now,
        payable_until=until,
        closes_at=max(until, now + CLOSE_S),
        prepay_id="",
        prepay_until=0,
    )


def _hand_out(room: Room, order: Order) -> None:
    """Give an order a new prepay_id."""
    now = room.clock.now()
    lasts_s = H5_S if order.trade_type == "MWEB" else room.settings.prepay_s
    stamp = dt.datetime.fromtimestamp(now, CHINA).strftime("%Y%m%d%H%M%S")
    order.prepay_id = f"wx{stamp}{room.keep.number()[1][:20]}"
    order.prepay_until = now + lasts_s
    room.keep.orders.put(order)


def _answer(room: Room, order: Order) -> dict[str, Any]:
    match order.trade_type:
        case "NATIVE":
            return {"code_url": f"weixin://wxpay/bizpayurl?pr={order.prepay_id}"}
        case "MWEB":
            return {"h5_url": f"{room.settings.cashier_url}?prepay_id={order.prepay_id}"}
        case _:
            return {"prepay_id": order.prepay_id}


def check_merchant(room: Room, mchid: str, appid: str | None = None) -> None:
    """Refuse a merchant that is not the one of this sandbox."""
    if mchid != room.people.merchant.mchid:
        raise refusal("MCH_NOT_EXISTS")
    if appid is not None and appid != room.people.merchant.appid:
        raise refusal("APPID_MCHID_NOT_MATCH")


def by_number(room: Room, mchid: str, number: str) -> Order:
    """Return an order by the merchant's number."""
    check_merchant(room, mchid)
    order = room.keep.orders.rows.get(number)
    if order is None:
        raise refusal("ORDER_NOT_EXIST")
    return order


def by_transaction(room: Room, transaction_id: str) -> Order | None:
    """Return a paid order by our number, None if there is none."""
    found = (each for each in room.keep.orders.rows.values() if each.transaction_id)
    return next((each for each in found if each.transaction_id == transaction_id), None)


def by_prepay(room: Room, prepay_id: str) -> Order:
    """Return the order that a prepay_id pays."""
    for order in reversed(room.keep.orders.rows.values()):
        if order.prepay_id == prepay_id:
            return order
    raise refusal("ORDER_NOT_EXIST")


def close(room: Room, number: str, body: Mapping[str, Any]) -> None:
    """Close an order that is not paid; closing it again changes nothing."""
    check(body, [needed("/mchid", text(32))])
    order = by_number(room, body["mchid"], number)
    if order.state not in ("NOTPAY", "CLOSED"):
        raise refusal("ORDERPAID")
    order.state = "CLOSED"
    room.keep.orders.put(order)


def pay(room: Room, prepay_id: str, openid: str, source: str) -> Order:
    """Let somebody pay an order from the wallet's balance or a card."""
    order = by_prepay(room, prepay_id)
    person = room.person(openid)
    if source != BALANCE and source not in person.cards:
        raise wrong_field("/source", source, f"must be {BALANCE} or a card of the payer's")
    if refused := _why_not(room, order, openid):
        raise refused
    if room.faults.hit("user_refuses", f"pay {order.number}"):
        return leave(room, order)
    account = f"{openid}/{source}"
    short = room.keep.balances[account] < order.total_minor or room.closed(account)
    if room.faults.hit("balance_not_enough", f"pay {order.number}") or short:
        raise refusal("NOT_ENOUGH")
    room.keep.move(order.total_minor, account, MERCHANT)
    order.state = "SUCCESS"
    order.openid, order.source = openid, source
    order.paid_at = room.clock.now()
    order.transaction_id = room.keep.digits("4200", order.paid_at, 28)
    room.keep.orders.put(order)
    room.notices.tell(_paid_event(room, order))
    return order


def _why_not(room: Room, order: Order, openid: str) -> WireError | None:
    """Say why somebody cannot pay an order, None if nothing stands against it."""
    now = room.clock.now()
    if order.state == "CLOSED":
        return refusal("ORDER_CLOSED")
    if order.state != "NOTPAY":
        return refusal("ORDERPAID")
    if order.trade_type == "JSAPI" and order.body["payer"]["openid"] != openid:
        return refusal("INVALID_REQUEST", "下单账号与支付账号不一致")
    if now > order.payable_until or now > order.prepay_until:
        return refusal("INVALID_REQUEST", "支付请求已失效")
    return None


def leave(room: Room, order: Order) -> Order:
    """Let somebody leave the cashier without paying: nothing but that is known of it."""
    order.left_at = room.clock.now()
    room.keep.orders.put(order)
    return order


def tick(room: Room) -> None:
    """Close what nobody paid in time."""
    for order in room.keep.orders.due():
        if room.clock.now() > order.closes_at:
            order.state = "CLOSED"
            room.keep.orders.put(order)


def told(room: Room, order: Order) -> dict[str, Any]:
    """Return an order as a query tells it."""
    wire_order: dict[str, Any] = {
        "appid": order.body["appid"],
        "mchid": order.body["mchid"],
        "out_trade_no": order.number,
        "trade_state": order.state,
        "trade_state_desc": STATE_WORDS[order.state],
    }
    if not order.paid_at:
        return wire_order
    if_given = {"attach": order.body.get("attach"), "scene_info": _device(order)}
    return wire_order | {
        "transaction_id": order.transaction_id,
        "trade_type": order.trade_type,
        "bank_type": bank_type(room, order),
        "success_time": wire(order.paid_at),
        "payer": {"openid": order.openid},
        "amount": {
            "total": order.total_minor,
            "payer_total": order.total_minor,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        **{name: value for name, value in if_given.items() if value is not None},
    }


def _device(order: Order) -> dict[str, Any] | None:
    scene = order.body.get("scene_info")
    device = scene.get("device_id") if isinstance(scene, dict) else None
    return None if device is None else {"device_id": device}


def bank_type(room: Room, order: Order) -> str:
    """Name the bank that paid; the wallet's balance is OTHERS."""
    if order.source == BALANCE:
        return "OTHERS"
    return room.person(order.openid).cards[order.source].bank_type


def _paid_event(room: Room, order: Order) -> Event:
    return Event(
        event_type="TRANSACTION.SUCCESS",
        number=order.number,
        url=order.body["notify_url"],
        resource=told(room, order),
        at=order.paid_at,
    )


def _as_if_paid(room: Room, order: Order) -> Order:
    """Return what a forger would claim of an order."""
    now = room.clock.now()
    payer = order.body.get("payer", {}).get("openid", next(iter(room.people.persons)))
    claimed = {"state": "SUCCESS", "openid": payer, "source": BALANCE, "paid_at": now}
    number = room.keep.digits("4200", now, 28)
    return dataclasses.replace(order, transaction_id=number, **claimed)
