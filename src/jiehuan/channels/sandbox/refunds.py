"""Refunds: money of a payment goes back to where it came from."""

from collections.abc import Mapping
from typing import Any

from jiehuan.channels.sandbox.checks import check, needed, one_of, optional, text, url, whole
from jiehuan.channels.sandbox.clock import DAY_S, wire
from jiehuan.channels.sandbox.errors import refusal, wrong_field
from jiehuan.channels.sandbox.keeping import MERCHANT, REFUNDING
from jiehuan.channels.sandbox.notices import Event
from jiehuan.channels.sandbox.orders import by_transaction
from jiehuan.channels.sandbox.people import BALANCE
from jiehuan.channels.sandbox.records import Order, Refund
from jiehuan.channels.sandbox.room import Room

REFUNDS_MAX = 50
REFUND_S_MAX = 365 * DAY_S
SHORT_S_MAX = 7 * DAY_S

RULES = (
    optional("/transaction_id", text(32)),
    optional("/out_trade_no", text(32, 6, r"[0-9A-Za-z_|*-]+")),
    needed("/out_refund_no", text(64, 1, r"[0-9A-Za-z_|*@-]+")),
    optional("/reason", text(80)),
    optional("/notify_url", url),
    optional("/funds_account", one_of("AVAILABLE", "UNSETTLED")),
    needed("/amount/refund", whole()),
    needed("/amount/total", whole()),
    needed("/amount/currency", one_of("CNY")),
)


def refund(room: Room, body: Mapping[str, Any]) -> Refund:
    """Accept a refund, or try one again that is on its way or went wrong."""
    check(body, RULES)
    order = _order(room, body)
    refund = room.keep.refunds.rows.get(body["out_refund_no"])
    if refund is None:
        refund = _new(room, order, body)
    elif refund.body != dict(body):
        raise refusal("INVALID_REQUEST", "您的请求参数与订单信息不一致")
    elif refund.status == "ABNORMAL" or (refund.short and refund.status == "PROCESSING"):
        _again(room, refund)
    return refund


def _order(room: Room, body: Mapping[str, Any]) -> Order:
    if ("transaction_id" in body) + ("out_trade_no" in body) == 0:
        raise wrong_field("/out_trade_no", "", "one of transaction_id and out_trade_no is required")
    if "transaction_id" in body:
        order = by_transaction(room, body["transaction_id"])
    else:
        order = room.keep.orders.rows.get(body["out_trade_no"])
    if order is None or not order.paid_at:
        raise refusal("RESOURCE_NOT_EXISTS", "订单号不存在，或订单未支付")
    if body.get("out_trade_no", order.number) != order.number:
        raise refusal("INVALID_REQUEST", "您的请求参数与订单信息不一致")
    return order


def _new(room: Room, order: Order, body: Mapping[str, Any]) -> Refund:
    now = room.clock.now()
    amount = body["amount"]
    if amount["total"] != order.total_minor:
        raise refusal("INVALID_REQUEST", "订单金额与原订单不一致")
    if order.refunded_minor + amount["refund"] > order.total_minor:
        raise refusal("INVALID_REQUEST", "累计退款金额大于支付金额")
    if order.refunds == REFUNDS_MAX:
        raise refusal("INVALID_REQUEST", f"一笔订单最多退款{REFUNDS_MAX}次")
    if now > order.paid_at + REFUND_S_MAX:
        raise refusal("INVALID_REQUEST", "订单已超过一年，不能退款")
    if room.keep.balances[MERCHANT] < amount["refund"]:
        raise refusal("NOT_ENOUGH")
    number = body["out_refund_no"]
    refund = Refund(
        number=number,
        body=dict(body),
        order=order.number,
        refund_id=room.keep.digits("503", now, 29),
        status="PROCESSING",
        amount_minor=amount["refund"],
        created_at=now,
        try_at=now,
        short=room.faults.hit("balance_not_enough", f"refund {number}") is not None,
    )
    _take(room, refund)
    order.refunded_minor += refund.amount_minor
    order.refunds += 1
    order.state = "REFUND"
    room.keep.orders.put(order)
    return refund


def _take(room: Room, refund: Refund) -> None:
    """Take the merchant's money, if it counts as there."""
    if refund.short:
        refund.try_at = refund.created_at + SHORT_S_MAX
    else:
        room.keep.move(refund.amount_minor, MERCHANT, REFUNDING)
        refund.try_at = room.clock.now() + room.settings.refund_s
    room.keep.refunds.put(refund)


def _again(room: Room, refund: Refund) -> None:
    """Try once more what lacked money, or what found no account to go to."""
    if refund.short and room.keep.balances[MERCHANT] < refund.amount_minor:
        raise refusal("NOT_ENOUGH")
    if refund.short:
        refund.short = False
        _take(room, refund)
    else:
        refund.status = "PROCESSING"
        refund.try_at = room.clock.now() + room.settings.refund_s
        room.keep.refunds.put(refund)


def by_number(room: Room, number: str) -> Refund:
    """Return a refund by the merchant's number."""
    refund = room.keep.refunds.rows.get(number)
    if refund is None:
        raise refusal("RESOURCE_NOT_EXISTS", "退款单不存在")
    return refund


def tick(room: Room) -> None:
    """Let the refunds arrive whose time has come."""
    for refund in room.keep.refunds.due():
        if room.clock.now() >= refund.try_at:
            _end(room, refund, room.keep.orders.rows[refund.order])


def _end(room: Room, refund: Refund, order: Order) -> None:
    account, wallet = f"{order.openid}/{order.source}", f"{order.openid}/{BALANCE}"
    if refund.short:
        refund.status = "CLOSED"
        order.refunded_minor -= refund.amount_minor
        order.state = "REFUND" if order.refunded_minor else "SUCCESS"
        room.keep.orders.put(order)
    elif room.closed(account) and room.closed(wallet):
        refund.status = "ABNORMAL"
    else:
        refund.status = "SUCCESS"
        refund.account = wallet if room.closed(account) else account
        refund.done_at = refund.try_at
        room.keep.move(refund.amount_minor, REFUNDING, refund.account)
    room.keep.refunds.put(refund)
    room.notices.tell(
        Event(
            event_type=f"REFUND.{refund.status}",
            number=refund.number,
            url=refund.body.get("notify_url", ""),
            resource=_resource(room, refund, order),
            at=refund.try_at,
        )
    )


def _received(room: Room, refund: Refund, order: Order) -> str:
    """Describe where the money goes, as people read it."""
    target = (refund.account or f"{order.openid}/{order.source}").rpartition("/")[2]
    if target == BALANCE:
        return "支付用户零钱"
    card = room.person(order.openid).cards[target]
    return f"{card.bank['zh']}{card.last_four}"


def told(room: Room, refund: Refund) -> dict[str, Any]:
    """Return a refund as a query tells it."""
    order = room.keep.orders.rows[refund.order]
    moved = refund.account not in ("", f"{order.openid}/{order.source}")
    done = {"success_time": wire(refund.done_at)} if refund.done_at else {}
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.number,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.number,
        "channel": "OTHER_BALANCE" if moved else "ORIGINAL",
        "user_received_account": _received(room, refund, order),
        **done,
        "create_time": wire(refund.created_at),
        "status": refund.status,
        "funds_account": refund.body.get("funds_account", "AVAILABLE"),
        "amount": {
            "total": order.total_minor,
            "refund": refund.amount_minor,
            "from": [],
            "payer_total": order.total_minor,
            "payer_refund": refund.amount_minor,
            "settlement_refund": refund.amount_minor,
            "settlement_total": order.total_minor,
            "discount_refund": 0,
            "currency": "CNY",
            "refund_fee": 0,
        },
    }


def _resource(room: Room, refund: Refund, order: Order) -> dict[str, Any]:
    """Return what a notice says of a refund that ended."""
    done = {"success_time": wire(refund.done_at)} if refund.done_at else {}
    return {
        "mchid": order.body["mchid"],
        "out_trade_no": order.number,
        "transaction_id": order.transaction_id,
        "out_refund_no": refund.number,
        "refund_id": refund.refund_id,
        "refund_status": refund.status,
        **done,
        "user_received_account": _received(room, refund, order),
        "amount": {
            "total": order.total_minor,
            "refund": refund.amount_minor,
            "payer_total": order.total_minor,
            "payer_refund": refund.amount_minor,
        },
    }
