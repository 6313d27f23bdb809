"""Notices: the ladder, and every fault of it."""

import pytest
from tests.channels.sandbox.making import (
    ANNA,
    MCHID,
    START,
    URL,
    Time,
    new_world,
    order,
    pay,
    refund,
    told,
    transfer,
)
from tests.tables import table

from jiehuan.channels.sandbox.notices import LADDER_S

OFFICIAL = "15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h"


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def world(time):
    return new_world(time=time)


def deliver(world, time, answer=200):
    """Send what is due once; return it."""
    due = world.due(time())
    for notice in due:
        world.answered(notice.id, answer)
    return due


def shape(notices):
    """Tell notices apart at a glance."""
    kind = {(True, False): "forged", (False, True): "probe", (False, False): "true"}
    return [f"{kind[notice.forged, notice.probe]} {notice.number}" for notice in notices]


def test_the_ladder_is_the_official_one():
    unit = {"s": 1, "m": 60, "h": 3600}

    assert [int(step[:-1]) * unit[step[-1]] for step in OFFICIAL.split("/")] == list(LADDER_S)


@pytest.mark.parametrize("speed", [1, 1000])
@pytest.mark.parametrize("answer", [None, 302, 404, 500])
def test_it_is_sent_sixteen_times_and_then_given_up(speed, answer):
    time = Time()
    world = new_world(time=time, speed=speed)
    pay(world, order())
    sent = []
    while world.notices()[0].state == "waiting":
        time.second = max(time.second, world.notices()[0].due_at)
        for notice in world.due(time()):
            sent.append(time() - START)
            world.answered(notice.id, answer)

    expected = [sum(LADDER_S[:k]) / speed for k in range(16)]
    assert [round(each, 3) for each in expected] == [round(each, 3) for each in sent]
    assert ("given_up", [answer or 0] * 16) == (
        world.notices()[0].state,
        world.notices()[0].statuses,
    )


@pytest.mark.parametrize("answer", [200, 204])
def test_it_is_sent_until_it_is_accepted(world, time, answer):
    pay(world, order())
    first = deliver(world, time, 500)
    assert [] == deliver(world, time)
    time.second += 15

    assert first == deliver(world, time, answer)
    assert ("accepted", [500, answer]) == (first[0].state, first[0].statuses)
    time.second += 10**6
    assert [] == deliver(world, time)


def test_one_on_its_way_is_not_sent_again(world, time):
    pay(world, order())
    (notice,) = world.due(time())

    assert [] == world.due(time() + 10**6)
    world.answered(notice.id, None)
    world.answered("nobody", 200)
    assert [notice] == world.due(time() + 15)


def test_what_was_out_when_the_sandbox_stopped_is_sent_again(tmp_path, time):
    world = new_world(tmp_path / "journal.jsonl", time)
    pay(world, order())
    (out,) = world.due(time())

    assert [out] == new_world(tmp_path / "journal.jsonl", time).due(time())


def test_another_speed_from_now_on(world, time):
    pay(world, order())
    world.set_speed(15)
    deliver(world, time, 500)

    assert (15, START + 1) == (world.speed, world.notices()[0].due_at)


def test_the_effect_of_each_fault():
    """What a payment's notice becomes, and what is sent at once, in order."""
    cases = table("""
        fault                sent now                     state
        none                 true order-1                 accepted
        notify_twice         true order-1, true order-1   accepted
        notify_late          -                            waiting
        notify_never         -                            withheld
        notify_out_of_order  -                            waiting
        notify_forged        forged order-1, true order-1  accepted
        notify_probe         probe order-1, true order-1  accepted
        notify_wrong_amount  true order-1                 accepted
    """)
    for case in cases:
        time = Time()
        world = new_world(time=time)
        prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
        if case.fault != "none":
            world.faults.set({"fault": case.fault})
        world.pay(prepay_id, ANNA, "balance")
        sent = [*deliver(world, time), *deliver(world, time)]

        assert case.__dict__["sent now"].replace("-,", "") == ", ".join(shape(sent)) or not sent
        assert case.state == told(world, "order-1")[-1].state, case
        assert [] == world.faults.list()
        assert "SUCCESS" == world.order_by_number(MCHID, "order-1")["trade_state"]


def test_late_is_late(world, time):
    world.faults.set({"fault": "notify_late"})
    pay(world, order())
    time.second += 119
    assert [] == deliver(world, time)
    time.second += 1
    assert ["true order-1"] == shape(deliver(world, time))


def test_never_is_never(world, time):
    world.faults.set({"fault": "notify_never"})
    pay(world, order())
    time.second += 10**6

    assert [] == deliver(world, time)


def test_out_of_order_is_sent_after_a_later_one(world, time):
    world.faults.set({"fault": "notify_out_of_order"})
    pay(world, order())
    world.refund(refund())
    world.tick()

    assert ["true refund1"] == shape(deliver(world, time))
    assert ["true order-1"] == shape(deliver(world, time))


def test_out_of_order_comes_even_if_nothing_else_does(world, time):
    world.faults.set({"fault": "notify_out_of_order"})
    pay(world, order())
    time.second += 120

    assert ["true order-1"] == shape(deliver(world, time))


@pytest.mark.parametrize("kind", ["notify_forged", "notify_probe"])
def test_what_is_not_from_us_is_sent_once_and_should_be_refused(kind, time):
    cases = table("""
        answer  state
           401  refused
           500  refused
           200  accepted
             0  given_up
    """)
    for case in cases:
        world = new_world(time=time)
        prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
        world.faults.set({"fault": kind})
        world.pay(prepay_id, ANNA, "balance")
        deliver(world, time, case.answer or None)
        first, true = told(world, "order-1")

        assert case.state == first.state
        assert first.resource == true.resource
        assert first.id != true.id


def test_a_forger_claims_what_has_not_happened(world, time):
    world.faults.set({"fault": "notify_forged", "count": 2})
    world.prepay(order(), "JSAPI")
    world.transfer(transfer())
    payment, bill = deliver(world, time, 401)

    assert ["forged order-1", "forged bill1"] == shape([payment, bill])
    assert ("SUCCESS", 1_000) == (
        payment.resource["trade_state"],
        payment.resource["amount"]["total"],
    )
    assert "SUCCESS" == bill.resource["state"]
    assert "NOTPAY" == world.order_by_number(MCHID, "order-1")["trade_state"]
    assert "WAIT_USER_CONFIRM" == world.transfer_by_number("bill1")["state"]


def test_a_wrong_amount_is_one_fen_too_much_each_time(world, time):
    world.faults.set({"fault": "notify_wrong_amount", "count": 3})
    pay(world, order())
    world.refund(refund(amount=300))
    world.transfer(transfer())
    world.confirm("bill1", ANNA)
    resources = {notice.number: notice.resource for notice in deliver(world, time, 409)}

    assert 1_001 == resources["order-1"]["amount"]["total"]
    assert 1_001 == resources["order-1"]["amount"]["payer_total"]
    assert (301, 1_000) == (
        resources["refund1"]["amount"]["refund"],
        resources["refund1"]["amount"]["total"],
    )
    assert 1_001 == resources["bill1"]["transfer_amount"]
    assert 1_000 == world.order_by_number(MCHID, "order-1")["amount"]["total"]
    time.second += 15
    assert 1_001 == deliver(world, time)[0].resource["amount"]["total"]


def test_a_fault_may_be_for_one_kind_of_notice(world):
    world.faults.set({"fault": "notify_never", "match": "REFUND"})
    world.faults.set({"fault": "notify_never", "match": "order-2"})
    pay(world, order())
    pay(world, order("order-2"))
    world.refund(refund())
    world.tick()

    assert {"order-1": "waiting", "order-2": "withheld", "refund1": "withheld"} == {
        notice.number: notice.state for notice in world.notices()
    }
    assert {URL} == {notice.url for notice in world.notices()}
