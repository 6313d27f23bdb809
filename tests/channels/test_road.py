"""The courier between a small book and the sandbox: whatever goes wrong, both agree in the end.

The book is in memory here; the stories over three processes have the real one.
"""

import random
import threading

import pytest
from tests.channels.counter import Counter, Row
from tests.channels.partner import open_at
from tests.channels.sandbox.running import running
from tests.channels.working import at_work, once

from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings

STORIES = 12
ANSWERS = ("answer_500_after", "timeout", "broken_signature", "unknown_code")
NOTIFY = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def sandbox():
    with running() as one:
        yield one


@pytest.fixture
def channel(sandbox):
    """An account of the sandbox, of somebody in a hurry."""
    return WeChat(Settings.from_json(sandbox.config | {"read_timeout_s": 0.2}), NOTIFY)


@pytest.fixture
def openid(sandbox):
    return sandbox.config["openids"][0]


NUMBERS = iter(range(1_000, 1_000_000))


def row_of(openid, kind, **about):
    return Row(next(NUMBERS), kind=kind, amount_minor=100, openid=openid, **about)


def there(sandbox, row):
    """Return what the sandbox has under our number of a row, or nothing."""
    number = row.to_json()["number"]
    kinds = {"collect": sandbox.world.orders, "pay_out": sandbox.world.transfers}
    return [one for one in kinds[row.kind]() if one.number == number]


@pytest.mark.parametrize("mode", ["certificate", "public", "both"])
def test_each_kind_is_done_in_each_mode_of_keys(mode):
    with running(mode) as sandbox:
        channel = WeChat(Settings.from_json(sandbox.config), NOTIFY)
        openid = sandbox.config["openids"][0]
        rows = [row_of(openid, "collect"), row_of(openid, "pay_out")]
        with open_at(Counter(*rows)) as counter:
            once(counter, channel)
            does(sandbox, rows[0], "pay")
            does(sandbox, rows[1], "confirm")
            back = row_of(openid, "pay_back", source=rows[0].to_json()["number"], total=100)
            counter.rows[back.id] = back
            for _ in range(3):
                for row in counter.rows.values():
                    row.due_at = 0.0
                once(counter, channel)

    assert ["succeeded"] * 3 == [row.state for row in counter.rows.values()]
    assert [100] * 3 == [dict(row.settled or {})["amount_minor"] for row in counter.rows.values()]


def does(sandbox, row, what):
    """Have a person do something with the order or transfer of a row, if he can."""
    name = "prepay_id" if row.kind == "collect" else "out_bill_no"
    value = row.partner.get("prepay_id") if row.kind == "collect" else row.to_json()["number"]
    said = {"do": what, name: value, "openid": row.openid, "source": "balance"}
    sandbox.http.post("/control/act", json=said)


@pytest.mark.parametrize("seed", range(STORIES))
def test_whatever_goes_wrong_both_agree_in_the_end(sandbox, channel, openid, seed):
    """Answers are lost in each way, the service does not answer, a person pays, refuses, waits."""
    chance = random.Random(seed)
    row = row_of(openid, chance.choice(["collect", "pay_out"]))
    with open_at(Counter(row)) as counter:
        for _ in range(chance.randint(1, 5)):
            for fault in chance.sample(ANSWERS, chance.randint(0, 2)):
                sandbox.control("/faults", {"fault": fault, "on": 0.4, "count": 2})
            if chance.random() < 0.3:
                path = chance.choice(["/sending", "/waiting", "/unknown"])
                counter.faults.append((path, chance.choice(["lost", "down", 503])))
            row.due_at = 0.0
            once(counter, channel)
            does(sandbox, row, chance.choice(["pay", "confirm", "refuse", "wait", "wait"]))
            if chance.random() < 0.2:
                row.wanted = "end"
        sandbox.http.delete("/control/faults")
        row.wanted = "end"
        for _ in range(4):
            row.due_at = 0.0
            once(counter, channel)

    ended = {"SUCCESS": "succeeded", "CLOSED": "failed", "FAIL": "failed", "CANCELLED": "failed"}
    found = there(sandbox, row)
    assert len(found) <= 1
    assert row.state == (ended[found[0].state] if found else "failed")
    assert 0 == sum(sandbox.world.balances().values())


def test_a_courier_at_work_carries_many_through_faults(sandbox, channel, openid):
    rows = [row_of(openid, kind) for kind in ("collect", "pay_out") for _ in range(4)]
    for fault in ANSWERS:
        sandbox.control("/faults", {"fault": fault, "on": 0.2, "count": 6})
    with open_at(Counter(*rows)) as counter, at_work(counter, channel):
        paid: set[int] = set()
        while not counter.all_finished():
            for row in rows:
                ready = {"prepay_id", "package_info"} & set(row.partner)
                if row.id not in paid and ready:
                    paid.add(row.id)
                    does(sandbox, row, "pay" if row.kind == "collect" else "confirm")
            threading.Event().wait(0.02)
    sandbox.http.delete("/control/faults")

    assert ["succeeded"] * 8 == [row.state for row in rows]
    assert [1] * 8 == [len(there(sandbox, row)) for row in rows]
