"""Transfers: money of the merchant's goes into a wallet, once its owner says yes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jiehuan.channels.sandbox.checks import (
    check,
    needed,
    one_of,
    optional,
    reports,
    text,
    url,
    whole,
)
from jiehuan.channels.sandbox.clock import DAY_S, wire
from jiehuan.channels.sandbox.errors import refusal, wrong_field
from jiehuan.channels.sandbox.keeping import LOCKED, MERCHANT
from jiehuan.channels.sandbox.notices import Event
from jiehuan.channels.sandbox.orders import check_merchant
from jiehuan.channels.sandbox.people import BALANCE
from jiehuan.channels.sandbox.records import Transfer
from jiehuan.channels.sandbox.room import Room

NAME_NEEDED_MINOR = 2_000_00
NAME_ALLOWED_MINOR = 30
ASK_S_MAX = 30 * DAY_S

# state -> what it may become
LIFE: Mapping[str, tuple[str, ...]] = {
    "ACCEPTED": ("PROCESSING", "CANCELING"),
    "PROCESSING": ("WAIT_USER_CONFIRM", "CANCELING", "FAIL"),
    "WAIT_USER_CONFIRM": ("TRANSFERING", "CANCELING", "FAIL"),
    "TRANSFERING": ("SUCCESS", "FAIL"),
    "CANCELING": ("CANCELLED",),
    "SUCCESS": (),
    "FAIL": (),
    "CANCELLED": (),
}
assert {state for states in LIFE.values() for state in states} | {"ACCEPTED"} == set(LIFE)

RULES = (
    needed("/appid", text(32)),
    needed("/out_bill_no", text(32, 1, r"[0-9A-Za-z]+")),
    needed("/transfer_scene_id", text(36)),
    needed("/openid", text(64)),
    needed("/transfer_amount", whole()),
    needed("/transfer_remark", text(32)),
    optional("/notify_url", url),
    optional("/user_name", text(64)),
    optional("/user_recv_perception", text(64)),
    needed("/transfer_scene_report_infos", reports),
    optional("/user_recv_style/type", one_of("CONFIRM_PAGE", "RED_PACKET")),
)


def transfer(room: Room, body: Mapping[str, Any]) -> Transfer:
    """Accept a transfer; the same request again is the same bill, tried once more."""
    check(body, RULES)
    _check_more(room, body)
    now = room.clock.now()
    transfer = room.keep.transfers.rows.get(body["out_bill_no"])
    if transfer is None:
        transfer = Transfer(
            number=body["out_bill_no"],
            body=dict(body),
            bill_no=room.keep.digits("1330000071100999", now, 40),
            state="ACCEPTED",
            amount_minor=body["transfer_amount"],
            openid=body["openid"],
            created_at=now,
            updated_at=now,
            next_at=now + room.settings.accept_s,
        )
        room.notices.forge(_event(room, dataclasses.replace(transfer, state="SUCCESS")))
    elif transfer.body != dict(body):
        raise refusal("ALREADY_EXISTS")
    transfer.short_until = 0
    room.keep.transfers.put(transfer)
    _step(room, transfer)
    return transfer


def _check_more(room: Room, body: Mapping[str, Any]) -> None:
    """Refuse what the fields say together, or about somebody."""
    amount = body["transfer_amount"]
    check_merchant(room, room.people.merchant.mchid, body["appid"])
    if body["transfer_scene_id"] not in room.people.merchant.scenes:
        scene = body["transfer_scene_id"]
        raise wrong_field("/transfer_scene_id", scene, "is no scene of this merchant")
    if body["openid"] not in room.people.persons:
        raise wrong_field("/openid", body["openid"], "appid and openid do not match")
    if "user_name" in body and amount < NAME_ALLOWED_MINOR:
        raise wrong_field("/user_name", "", f"is not allowed below {NAME_ALLOWED_MINOR} fen")
    if "user_name" not in body and amount >= NAME_NEEDED_MINOR:
        raise wrong_field("/user_name", "", f"is required from {NAME_NEEDED_MINOR} fen")


def tick(room: Room) -> None:
    """Take every transfer as far as time and money let it."""
    for transfer in room.keep.transfers.due():
        _step(room, transfer)


def _step(room: Room, transfer: Transfer) -> None:
    """Take a transfer as far as time and money let it."""
    now = room.clock.now()
    if transfer.state == "ACCEPTED" and now >= transfer.next_at:
        _become(room, transfer, "PROCESSING", transfer.next_at)
        transfer.next_at = transfer.created_at + _closes_s(room)
        if room.faults.hit("balance_not_enough", f"transfer {transfer.number}"):
            transfer.short_until = now + room.settings.short_s
    if transfer.state == "PROCESSING" and now < transfer.next_at:
        _lock(room, transfer)
    elif transfer.state in ("PROCESSING", "WAIT_USER_CONFIRM") and now >= transfer.next_at:
        _fail(room, transfer, "OVERDUE_CLOSE", transfer.next_at)
    elif transfer.state == "TRANSFERING" and now >= transfer.next_at:
        _arrive(room, transfer)
    elif transfer.state == "CANCELING" and now >= transfer.next_at:
        _unlock(room, transfer)
        _become(room, transfer, "CANCELLED", transfer.next_at)


def _closes_s(room: Room) -> int:
    """Return how long a transfer lives that nobody confirms."""
    return room.settings.confirm_s + room.settings.close_delay_s


def _lock(room: Room, transfer: Transfer) -> None:
    """Take the money out of the merchant's account, if it is there, and ask the receiver."""
    now = room.clock.now()
    name = transfer.body.get("user_name")
    if name is not None and name not in room.person(transfer.openid).name.values():
        _fail(room, transfer, "NAME_NOT_CORRECT", now)
    elif now >= transfer.short_until and room.keep.balances[MERCHANT] >= transfer.amount_minor:
        room.keep.move(transfer.amount_minor, MERCHANT, LOCKED)
        transfer.locked = True
        transfer.package_info = f"ABBQO+oYAAABAAAAAAAk{room.keep.number()[1]}=="
        _become(room, transfer, "WAIT_USER_CONFIRM", now)


def _arrive(room: Room, transfer: Transfer) -> None:
    wallet = f"{transfer.openid}/{BALANCE}"
    if room.closed(wallet):
        _fail(room, transfer, "PAYEE_ACCOUNT_ABNORMAL", transfer.next_at)
        return
    room.keep.move(transfer.amount_minor, LOCKED, wallet)
    transfer.locked = False
    _become(room, transfer, "SUCCESS", transfer.next_at)


def _fail(room: Room, transfer: Transfer, reason: str, at: int) -> None:
    _unlock(room, transfer)
    transfer.fail_reason = reason
    _become(room, transfer, "FAIL", at)


def _unlock(room: Room, transfer: Transfer) -> None:
    """Give the merchant back what was locked."""
    if transfer.locked:
        room.keep.move(transfer.amount_minor, LOCKED, MERCHANT)
        transfer.locked = False


def _become(room: Room, transfer: Transfer, state: str, at: int) -> None:
    """Change the state; the merchant is told of the last one."""
    assert state in LIFE[transfer.state]
    transfer.state = state
    transfer.updated_at = at
    room.keep.transfers.put(transfer)
    if not LIFE[state]:
        room.notices.tell(_event(room, transfer))


def by_number(room: Room, number: str) -> Transfer:
    """Return a transfer by the merchant's number."""
    transfer = room.keep.transfers.rows.get(number)
    if transfer is None:
        raise refusal("NOT_FOUND")
    return transfer


def by_bill(room: Room, bill_no: str) -> Transfer:
    """Return a transfer by our number."""
    for transfer in room.keep.transfers.rows.values():
        if transfer.bill_no == bill_no:
            return transfer
    raise refusal("NOT_FOUND")


def by_package(room: Room, package_info: str) -> Transfer:
    """Return the transfer whose page a package_info opens."""
    for transfer in reversed(room.keep.transfers.rows.values()):
        if package_info and transfer.package_info == package_info:
            return transfer
    raise refusal("NOT_FOUND")


def cancel(room: Room, number: str) -> Transfer:
    """Begin to take a transfer back; the end of it is told by a query or a notice."""
    transfer = by_number(room, number)
    if "CANCELING" in LIFE[transfer.state]:
        now = room.clock.now()
        _become(room, transfer, "CANCELING", now)
        transfer.next_at = now + room.settings.cancel_s
    elif transfer.state not in ("CANCELING", "CANCELLED"):
        raise refusal("INVALID_REQUEST", "转账单当前状态不支持撤销")
    return transfer


def confirm(room: Room, number: str, openid: str) -> Transfer:
    """Let the receiver say yes; saying it again changes nothing."""
    transfer = _of(room, number, openid)
    if transfer.state in ("TRANSFERING", "SUCCESS"):
        return transfer
    _check_open(room, transfer)
    if room.faults.hit("user_refuses", f"confirm {number}"):
        return refuse(room, number, openid)
    now = room.clock.now()
    _become(room, transfer, "TRANSFERING", now)
    transfer.next_at = now + room.settings.transferring_s
    return transfer


def refuse(room: Room, number: str, openid: str) -> Transfer:
    """Let the receiver say no: the transfer is closed at once."""
    transfer = _of(room, number, openid)
    _check_open(room, transfer)
    _fail(room, transfer, "OVERDUE_CLOSE", room.clock.now())
    return transfer


def _of(room: Room, number: str, openid: str) -> Transfer:
    transfer = by_number(room, number)
    if room.person(openid).openid != transfer.openid:
        raise refusal("NO_AUTH", "收款用户不一致")
    return transfer


def _check_open(room: Room, transfer: Transfer) -> None:
    over = room.clock.now() >= transfer.created_at + room.settings.confirm_s
    if transfer.state != "WAIT_USER_CONFIRM" or over:
        raise refusal("INVALID_REQUEST", "收款已过期或已关闭")


def told(room: Room, transfer: Transfer) -> dict[str, Any]:
    """Return a transfer as a query tells it."""
    if room.clock.now() > transfer.created_at + ASK_S_MAX:
        raise refusal("NOT_FOUND", "只支持查询最近30天内的转账单")
    return {
        "mch_id": room.people.merchant.mchid,
        "out_bill_no": transfer.number,
        "transfer_bill_no": transfer.bill_no,
        "appid": transfer.body["appid"],
        "state": transfer.state,
        "transfer_amount": transfer.amount_minor,
        "transfer_remark": transfer.body["transfer_remark"],
        **_why(transfer),
        "openid": transfer.openid,
        "create_time": wire(transfer.created_at),
        "update_time": wire(transfer.updated_at),
    }


def accepted(transfer: Transfer) -> dict[str, Any]:
    """Return what the request for a transfer is answered."""
    waits = transfer.state == "WAIT_USER_CONFIRM"
    return {
        "out_bill_no": transfer.number,
        "transfer_bill_no": transfer.bill_no,
        "create_time": wire(transfer.created_at),
        "state": transfer.state,
        **_why(transfer),
        **({"package_info": transfer.package_info} if waits else {}),
    }


def canceling(transfer: Transfer) -> dict[str, Any]:
    """Return what the request to cancel is answered."""
    return {
        "out_bill_no": transfer.number,
        "transfer_bill_no": transfer.bill_no,
        "state": transfer.state,
        "update_time": wire(transfer.updated_at),
    }


def _why(transfer: Transfer) -> dict[str, Any]:
    return {"fail_reason": transfer.fail_reason} if transfer.fail_reason else {}


def _event(room: Room, transfer: Transfer) -> Event:
    return Event(
        event_type="MCHTRANSFER.BILL.FINISHED",
        number=transfer.number,
        url=transfer.body.get("notify_url", ""),
        resource={
            "out_bill_no": transfer.number,
            "transfer_bill_no": transfer.bill_no,
            "state": transfer.state,
            "mch_id": room.people.merchant.mchid,
            "transfer_amount": transfer.amount_minor,
            "openid": transfer.openid,
            **_why(transfer),
            "create_time": wire(transfer.created_at),
            "update_time": wire(transfer.updated_at),
        },
        at=transfer.updated_at,
    )
