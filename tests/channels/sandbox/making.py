"""A small world to try the rules on, and the requests that a merchant makes."""

import dataclasses
from pathlib import Path

import pytest

from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.people import Card, Merchant, People, Person
from jiehuan.channels.sandbox.settings import Settings
from jiehuan.channels.sandbox.world import World

START = 1_795_449_600  # 2026-11-24 00:00 in China
DAY = 86_400
URL = "http://127.0.0.1:8/wechat/notify"
ANNA, BEN = "oAnna", "oBen"
MCHID, APPID = "1900000109", "wx8888888888888888"


@dataclasses.dataclass
class Time:
    """Real time that goes on only when told to."""

    second: float = START

    def __call__(self) -> float:
        return self.second


def somebody(openid: str, name: str) -> Person:
    bank = {"zh": "招商银行储蓄卡", "en": "CMB debit card"}
    card = Card(id="cmb", bank=bank, bank_type="CMB_DEBIT", last_four="0403", balance_minor=50_000)
    return Person(
        openid=openid,
        name={"zh": name, "en": openid},
        id_number="999999199001010009",
        phone="10000000009",
        balance_minor=20_000,
        cards={card.id: card},
    )


PEOPLE = People(
    merchant=Merchant(
        mchid=MCHID,
        appid=APPID,
        name={"zh": "借还", "en": "Jiehuan"},
        balance_minor=500_000,
        scenes=("1000",),
    ),
    persons={ANNA: somebody(ANNA, "安娜"), BEN: somebody(BEN, "本")},
)


def new_world(path: Path | None = None, time: Time | None = None, **settings) -> World:
    """Make a world, or take one up that a journal has."""
    return World(Journal(path), PEOPLE, Clock(time or Time()), Settings(**settings))


def order(number="order-1", total=1_000, openid=ANNA, **more):
    return {
        "appid": APPID,
        "mchid": MCHID,
        "description": "还款",
        "out_trade_no": number,
        "notify_url": URL,
        "amount": {"total": total, "currency": "CNY"},
        "payer": {"openid": openid},
    } | more


def refund(number="refund1", amount=1_000, total=1_000, order="order-1", **more):
    return {
        "out_trade_no": order,
        "out_refund_no": number,
        "notify_url": URL,
        "amount": {"refund": amount, "total": total, "currency": "CNY"},
    } | more


def transfer(number="bill1", amount=1_000, openid=ANNA, **more):
    return {
        "appid": APPID,
        "out_bill_no": number,
        "transfer_scene_id": "1000",
        "openid": openid,
        "transfer_amount": amount,
        "transfer_remark": "借款",
        "notify_url": URL,
        "transfer_scene_report_infos": [{"info_type": "活动名称", "info_content": "借款"}],
    } | more


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def pay(world, body, source="balance"):
    """Ask for an order and have it paid by whom it is asked of."""
    prepay_id = world.prepay(body, "JSAPI")["prepay_id"]
    return world.pay(prepay_id, body["payer"]["openid"], source)


def refused(code, call, *args, status=None, **kwargs) -> WireError:
    """Have a call refused with a code."""
    with pytest.raises(WireError) as caught:
        call(*args, **kwargs)
    assert code == caught.value.code
    assert status in (None, caught.value.status)
    return caught.value


def told(world, number, event_type=None):
    """List the notices about something."""
    return [
        notice
        for notice in world.notices()
        if notice.number == number and event_type in (None, notice.event_type)
    ]


def plain(world):
    """What a world knows, but for the time of day."""
    return without(world.state(), "now")
