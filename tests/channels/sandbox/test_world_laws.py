"""Laws that hold whatever merchants, people and time do, in any order."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.channels.sandbox import making
from tests.channels.sandbox.making import (
    ANNA,
    BEN,
    MCHID,
    PEOPLE,
    Time,
    new_world,
    plain,
)

from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.faults import NAMES

numbers = st.integers(1, 5)
people = st.sampled_from([ANNA, BEN])
sources = st.sampled_from(["balance", "cmb"])
amounts = st.sampled_from([1, 500, 9_999, 40_000])


class Life(RuleBasedStateMachine):
    """Anything that can be asked, with what it may be refused for; no faults."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal.jsonl"
        self.time = Time()
        self.world = new_world(self.path, self.time)
        self.begin = self.world.balances()
        self.topped: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()

    def teardown(self):
        shutil.rmtree(self.folder)

    def ask(self, call, *args, **kwargs):
        """Ask for something; a refusal changes no money."""
        before = self.world.balances()
        try:
            return call(*args, **kwargs)
        except WireError:
            self.world.tick()
            assert sum(before.values()) == sum(self.world.balances().values())
            return None

    @rule(n=numbers, amount=amounts, openid=people)
    def prepay(self, n, amount, openid):
        self.ask(self.world.prepay, making.order(f"order-{n}", amount, openid), "JSAPI")

    @rule(n=numbers, openid=people, source=sources)
    def pay(self, n, openid, source):
        asked = {each.number: each for each in self.world.orders()}.get(f"order-{n}")
        if asked is None:
            return
        was = asked.state
        told = self.ask(self.world.pay, asked.prepay_id, openid, source)
        if told is not None and told["trade_state"] == "SUCCESS":
            assert "NOTPAY" == was
            self.paid[asked.number] += 1

    @rule(n=numbers)
    def close(self, n):
        self.ask(self.world.close, f"order-{n}", {"mchid": MCHID})

    @rule(n=numbers, part=numbers, amount=amounts)
    def refund(self, n, part, amount):
        asked = {each.number: each for each in self.world.orders()}.get(f"order-{n}")
        total = asked.total_minor if asked else amount
        body = making.refund(f"refund{n}{part}", min(amount, total), total, f"order-{n}")
        self.ask(self.world.refund, body)

    @rule(n=numbers, amount=st.sampled_from([1, 50_000, 150_000]), openid=people)
    def transfer(self, n, amount, openid):
        self.ask(self.world.transfer, making.transfer(f"bill{n}", amount, openid))

    @rule(n=numbers, openid=people, says=st.sampled_from(["confirm", "refuse"]))
    def answer(self, n, openid, says):
        self.ask(getattr(self.world, says), f"bill{n}", openid)

    @rule(n=numbers)
    def cancel(self, n):
        self.ask(self.world.cancel, f"bill{n}")

    @rule(seconds=st.sampled_from([1, 3_600, 8_000, 86_400, 8 * 86_400]))
    def wait(self, seconds):
        self.time.second += seconds

    @rule(seconds=st.sampled_from([-3_600, 60, 86_400]))
    def turn_the_clock(self, seconds):
        self.world.advance(seconds)

    @rule(amount=amounts, account=st.sampled_from(["merchant", f"{ANNA}/balance"]))
    def top_up(self, amount, account):
        self.world.top_up(account, amount)
        self.topped[account] += amount

    @rule(openid=people, source=sources, closed=st.booleans())
    def set_account(self, openid, source, closed):
        self.world.set_account(f"{openid}/{source}", closed=closed)

    @rule(status=st.sampled_from([None, 200, 204, 500]))
    def deliver(self, status):
        for notice in self.world.due(self.time()):
            self.world.answered(notice.id, status)

    @rule(torn=st.binary(max_size=20))
    def reload(self, torn):
        self.world.tick()
        with self.path.open("ab") as file:
            file.write(torn.replace(b"\n", b""))
        before = plain(self.world)
        self.world = new_world(self.path, self.time)
        assert before == plain(self.world)

    @invariant()
    def no_money_is_made_or_lost(self):
        assert 0 == sum(self.world.balances().values())
        assert all(
            amount >= 0 for name, amount in self.world.balances().items() if name != "outside"
        )

    @invariant()
    def balances_are_what_the_records_add_up_to(self):
        expected = Counter(self.begin)
        expected.update(self.topped)
        expected["outside"] -= self.topped.total()
        for order in self.world.orders():
            if order.paid_at:
                expected[f"{order.openid}/{order.source}"] -= order.total_minor
                expected["merchant"] += order.total_minor
        for refund in self.world.refunds():
            if not refund.short and refund.status != "CLOSED":
                expected["merchant"] -= refund.amount_minor
                expected[refund.account or "refunding"] += refund.amount_minor
        for bill in self.world.transfers():
            if bill.locked or bill.state == "SUCCESS":
                expected["merchant"] -= bill.amount_minor
                expected["locked" if bill.locked else f"{bill.openid}/balance"] += bill.amount_minor
        assert dict(expected) == self.world.balances()

    @invariant()
    def nothing_is_paid_twice_or_given_back_twice(self):
        assert all(count == 1 for count in self.paid.values())
        given: Counter[str] = Counter()
        for refund in self.world.refunds():
            if refund.status != "CLOSED":
                given[refund.order] += refund.amount_minor
        for order in self.world.orders():
            assert given[order.number] == order.refunded_minor <= order.total_minor
            assert bool(order.paid_at) == (order.number in self.paid)
            assert (order.state in ("SUCCESS", "REFUND")) == bool(order.paid_at)

    @invariant()
    def every_end_is_told_once(self):
        ends = Counter(each.number for each in self.world.orders() if each.paid_at)
        ends.update(
            f"{each.number} {each.status}"
            for each in self.world.refunds()
            if each.status in ("SUCCESS", "CLOSED")
        )
        final = ("SUCCESS", "FAIL", "CANCELLED")
        ends.update(
            f"{each.number} {each.state}" for each in self.world.transfers() if each.state in final
        )
        told: Counter[str] = Counter()
        for notice in self.world.notices():
            resource = notice.resource
            end = resource.get("refund_status") or resource.get("state")
            if end != "ABNORMAL":
                told[f"{notice.number} {end}" if end else notice.number] += 1
        assert ends == told


class FaultyLife(Life):
    """The same with every fault set for a share of times: no law of money gives way."""

    @initialize(share=st.sampled_from([0.2, 0.7]))
    def set_faults(self, share):
        for name in NAMES:
            self.world.faults.set({"fault": name, "on": share})

    @rule(path=st.sampled_from(["/v3/pay/transactions/jsapi", "/v3/certificates"]))
    def draw(self, path):
        self.world.faults.on_answer("POST", path)

    @invariant()
    def every_end_is_told_once(self):
        """Twice, never, forged: this is what the faults are about."""


assert {ANNA, BEN} == set(PEOPLE.persons)

TestLife = Life.TestCase
TestLife.settings = settings(max_examples=80, stateful_step_count=60)
TestFaultyLife = FaultyLife.TestCase
TestFaultyLife.settings = settings(max_examples=40, stateful_step_count=60)
