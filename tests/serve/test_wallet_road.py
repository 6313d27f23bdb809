"""The road in one process: a real book, the courier, and the sandbox at the other end."""

import asyncio
import threading

import pytest
from tests.channels.sandbox.running import running
from tests.serve.partner import TOKEN, WalletApi

from jiehuan.channels.courier import Courier
from jiehuan.channels.desk import PREFIX, Desk
from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings
from jiehuan.store.tables import OutboxState


@pytest.fixture(scope="module")
def sandbox():
    with running() as one:
        yield one


@pytest.fixture
def road(beside, sandbox):
    """A line of a person of the sandbox, and a courier between both."""
    channel = WeChat(Settings.from_json(sandbox.config), "http://127.0.0.1:9/wechat/notify")
    stop = threading.Event()
    desk = Desk("http://127.0.0.1:9", TOKEN, stop, 5.0)
    desk.close()
    desk._http = Inside(beside)  # type: ignore[assignment]
    return Road(beside, sandbox, Courier(desk, channel, stop))


class Inside:
    """What the desk's client is here: the service is in this process."""

    def __init__(self, beside: WalletApi):
        self.beside = beside

    def request(self, method, path, *, params, json, timeout):
        assert timeout
        more = {} if json is None else {"json": json}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.beside.ask(method, PREFIX + path, params=params, headers=headers, **more)


class Road:
    """Who is on it."""

    def __init__(self, beside: WalletApi, sandbox, courier):
        self.beside, self.sandbox, self.courier = beside, sandbox, courier
        self.openid = sandbox.config["openids"][0]
        self.line = beside.person(self.openid)

    def round(self):
        return self.courier.once()

    def act(self, order, what, **more):
        told = {"do": what, "openid": self.openid, **more}
        if what == "pay":
            told |= {"prepay_id": self.beside.order(order).partner["prepay_id"]}
        else:
            told |= {"out_bill_no": self.beside.theirs(order)}
        self.sandbox.control("/act", told)

    def until(self, condition):
        """Go round until something holds; a courier asks again within seconds."""
        for _ in range(200):
            if condition():
                return
            self.round()
            threading.Event().wait(0.1)
        raise AssertionError(condition)

    def settle(self, order):
        """Go round until an order is finished; return its state."""
        self.until(lambda: not self.beside.order(order).is_open)
        return self.beside.order(order).state


def test_money_goes_out_comes_in_and_what_was_too_much_goes_back(road):
    beside = road.beside
    draw = beside.draw(road.line, 30_000)
    assert {"visited": 1, "waiting": 1}.items() <= road.round().items()
    assert beside.order(draw).partner["package_info"]
    road.act(draw, "confirm")
    assert OutboxState.SUCCEEDED is road.settle(draw)

    collect = beside.collect(road.line, 35_000)
    road.round()
    road.act(collect, "pay", source="balance")
    assert OutboxState.SUCCEEDED is road.settle(collect)

    back = beside.pay_back(road.line, 4_000, collect)
    assert OutboxState.SUCCEEDED is road.settle(back)
    assert 0 == sum(road.sandbox.world.balances().values())


def test_what_is_given_up_ends_at_the_partner_and_in_the_book(road):
    beside = road.beside
    orders = [beside.draw(road.line, 30_000), beside.collect(road.line, 1_000)]
    road.round()
    for order in orders:
        asyncio.run(beside.wallet.end_order(order))

    assert [OutboxState.FAILED] * 2 == [road.settle(order) for order in orders]
    numbers = {beside.theirs(order) for order in orders}
    there = [*road.sandbox.world.orders(), *road.sandbox.world.transfers()]
    assert {"CLOSED", "CANCELLED"} == {one.state for one in there if one.number in numbers}


def test_an_answer_that_was_lost_is_asked_for(road):
    for fault in ("answer_500_after", "broken_signature"):
        road.sandbox.control("/faults", {"fault": fault, "on": "next", "match": "transfer-bills"})
    draw = road.beside.draw(road.line, 30_000)
    road.round()
    assert OutboxState.UNKNOWN is road.beside.order(draw).state
    road.until(lambda: "package_info" in road.beside.order(draw).partner)
    road.act(draw, "confirm")

    assert OutboxState.SUCCEEDED is road.settle(draw)
