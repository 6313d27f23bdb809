"""A `jiehuan demo --people 0` of one's own, and somebody with a phone before it."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from playwright.sync_api import Frame, Locator, Page, expect
from tests.walk.browser import Visitor

from jiehuan.channels.sandbox import page_words
from jiehuan.serve.phone import words

COMMAND = (str(Path(sys.executable).with_name("jiehuan")), "demo", "--people", "0", "--json")
PHONE_BOOK = 2
FIFTH = 5
SEE_OTHER = 303
TRIES_MAX = 40
NAMES = {
    "linxiaoyu": {"zh": "林小雨", "en": "Lin Xiaoyu"},
    "chendahai": {"zh": "陈大海", "en": "Chen Dahai"},
    "wangmeili": {"zh": "王美丽", "en": "Wang Meili"},
    "aynur": {"zh": "阿依努尔·买买提江", "en": "Aynur Mamatjan Abdurehim"},
    "zhoutian": {"zh": "周天", "en": "Zhou Tian"},
    "zhaoyong": {"zh": "赵勇", "en": "Zhao Yong"},
}


class Demo:
    """The demo in a process of its own; the wallet and the courier are its children.

    Attributes:
        url: Of its page, without a slash at the end.
        control_url: Where the wallet is told what to do.
    """

    def __enter__(self) -> Self:
        """Start it, on a database of its own; return when its page is served."""
        self._process = subprocess.Popen(
            COMMAND,
            env={name: value for name, value in os.environ.items() if name != "JIEHUAN_DATABASE"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._find()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and with it the others."""
        self._client.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def _find(self) -> None:
        """Learn where its page is, and from there where the wallet is."""
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.url = found[0]
                break
        else:
            raise AssertionError("".join(said))
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30.0)
        page = self._client.get("/").text
        control = re.search(r'href="(http://127\.0\.0\.1:\d+/control)', page)
        assert control, page
        self.control_url = control[1]

    def state(self) -> dict[str, Any]:
        """Return what the wallet knows."""
        told: dict[str, Any] = self._client.get(f"{self.control_url}/state").json()
        return told

    def purse(self, openid: str) -> dict[str, int]:
        """Return what somebody has, by source: ``balance`` or a card."""
        owned = self.state()["balances"]
        return {
            name.split("/")[1]: int(amount)
            for name, amount in owned.items()
            if name.startswith(f"{openid}/")
        }

    def pay(self, openid: str) -> None:
        """Have somebody pay from the balance what they are asked for, without a browser."""
        (order,) = (
            order
            for order in self.state()["orders"]
            if order["body"]["payer"]["openid"] == openid and order["state"] == "NOTPAY"
        )
        told = {"do": "pay", "prepay_id": order["prepay_id"], "openid": openid, "source": "balance"}
        self._client.post(f"{self.control_url}/act", json=told).raise_for_status()

    def today(self) -> str:
        """Return the day of the phone's book."""
        return str(self._client.get("/v1/clock").json()["business_on"])

    def press(self, do: str) -> None:
        """Press a button of the clock, as a page that was just loaded would."""
        told = {"book": PHONE_BOOK, "do": do, "on": self.today()}
        assert SEE_OTHER == self._client.post("/console/clock", data=told).status_code

    def fifth(self) -> None:
        """Be on the fifth of a month: a month on there is a bill, and there is time to pay it."""
        on = dt.date.fromisoformat(self.today())
        if on.day != FIFTH:
            next_month = (on.replace(day=1) + dt.timedelta(days=31)).replace(day=FIFTH - 1)
            key = {"Idempotency-Key": f"walk/{next_month}"}
            asked = {"until_on": f"{next_month}"}
            self._client.post("/v1/clock/advance", json=asked, headers=key).raise_for_status()
            self.press("day")  # it tells the wallet, too


class Borrower:
    """Somebody with a phone, who does one thing after another.

    Attributes:
        place: What they see: a page, or the frame of one.
        visitor: Their browser.
        openid: Who they are to the wallet.
    """

    def __init__(
        self, demo: Demo, visitor: Visitor, person: str, place: Page | Frame | None = None
    ) -> None:
        """Give a phone to one of the wallet's people, named by a part of the openid."""
        self.demo = demo
        self.visitor = visitor
        self.place = place or visitor.page
        self.name = NAMES[person][visitor.language]
        self._fitting: set[str] = set()
        self._words = page_words.words(visitor.language)
        people = {name.split("/")[0] for name in demo.state()["balances"]}
        (self.openid,) = (name for name in people if f"-{person}-" in name)

    # --- Words and pieces ------------------------------------------------------------------------

    def t(self, zh: str, **values: object) -> str:
        """Return a text of ours in their language."""
        return words.say(zh, self.visitor.language, **values)

    def wallet(self, word: str) -> Locator:
        """Return a button or a link of the wallet's pages."""
        return self._named(getattr(self._words, word))

    def _named(self, name: str) -> Locator:
        button = self.place.get_by_role("button", name=name, exact=True)
        return button.or_(self.place.get_by_role("link", name=name, exact=True)).first

    def target(self, zh: str, **values: object) -> Locator:
        """Return a button or a link of ours."""
        return self._named(self.t(zh, **values))

    def tap(self, zh: str, **values: object) -> None:
        """Tap a button or a link of ours."""
        self.target(zh, **values).click()

    def tap_card(self, zh: str, **values: object) -> None:
        """Tap a card that is a link, with more in it than a name."""
        self.place.locator("a.card").filter(has_text=self.t(zh, **values)).click()

    def sees(self, zh: str, **values: object) -> None:
        """Wait until a text of ours is there."""
        expect(self.place.get_by_text(self.t(zh, **values)).first).to_be_visible()

    def titled(self, zh: str, **values: object) -> None:
        """Wait until a page of ours is there, and see that it is not too wide for any phone."""
        name = self.t(zh, **values)
        expect(self.place.get_by_role("heading", name=name, exact=True).first).to_be_visible()
        if isinstance(self.place, Page) and name not in self._fitting:
            assert 0 == self.visitor.narrow(), name
            self._fitting.add(name)

    def comes(self, zh: str) -> None:
        """Wait until an order has come so far; where the page does not follow, load it again."""
        heading = self.place.get_by_role("heading", name=self.t(zh), exact=True)
        tries = 1 if self.visitor.scripts else TRIES_MAX
        while (tries := tries - 1) and not heading.is_visible():
            self.visitor.page.reload()
        self.titled(zh)

    def go(self, path: str) -> None:
        """Open a page of ours."""
        self.place.goto(f"{self.demo.url}/phone/{path}")

    def cents(self, selector: str) -> int:
        """Read an amount off the page."""
        return int(re.sub(r"\D", "", self.place.locator(selector).first.inner_text()))

    # --- What they do ----------------------------------------------------------------------------

    def enter(self) -> None:
        """Go from the wallet's services to our first page for them, by the wallet's sign-in."""
        self.go("")
        self.titled("服务")
        self.visitor.shot("services")
        self.place.locator("a.service").click()
        self.place.locator(f"button[value='{self.openid}']").click()
        self.titled("申请额度")

    def enter_as_known(self) -> None:
        """Sign in; apply if that was not done before."""
        self.go("")
        self.place.locator("a.service").click()
        self.place.locator(f"button[value='{self.openid}']").click()
        self.place.locator("#available, input[name=name]").wait_for()
        if not self.place.locator("#available").count():
            self.apply()

    def apply(self, limit: str = "10,000") -> None:
        """Apply for a line, and be approved."""
        self.place.locator("a[href='/phone/apply?sample=1']").click()
        self.place.locator("input[name=education]:checked").wait_for(state="attached")
        self.place.locator("input[name=name]").fill(self.name)
        self.place.locator("input[name=limit]").fill(limit)
        self.place.locator("input[name=consent]").check()
        self.tap("提交申请")
        self.titled("申请已通过")
        self.tap("开始使用")
        expect(self.place.locator("#available")).to_have_text(f"{limit}.00")

    def ask_draw(self, amount: str, count: int) -> None:
        """Ask for money, up to the yes."""
        self.go("borrow")
        self.place.locator("input[name=amount]").fill(amount)
        self.place.locator(f"input[type=radio][name=count][value='{count}']").check()
        self.tap("借到零钱")
        self.titled("确认借款")
        self.place.locator("input[name=consent]").check()

    def draw(self, amount: str, count: int) -> None:
        """Borrow to the wallet, and receive it there."""
        self.ask_draw(amount, count)
        self.tap("确认借 {amount}", amount=f"¥{amount}.00")
        self.comes("等你确认收款")
        self.tap("去微信确认收款")
        self.wallet("receive").click()
        self.wallet("done").click()
        self.comes("已到零钱")

    def scan(self, amount: str) -> None:
        """Open the bill of a shop by its code."""
        self.go("shops")
        self.titled("扫码付")
        self.place.locator(".codes a").filter(has_text=f"¥{amount}").click()
        self.titled("付款")

    def shop(self, amount: str) -> None:
        """Pay a shop."""
        self.scan(amount)
        self.tap("确认付款 {amount}", amount=f"¥{amount}")
        self.titled("付款成功")

    def ask_repay(self, choice: str, amount: str = "") -> None:
        """Ask to repay: ``usual``, ``all`` or ``other``; come to the button of the cashier."""
        self.go("repay")
        self.place.locator(f"input[name=choice][value^='{choice}']").first.check(force=True)
        if amount:
            self.place.locator("input[name=amount]").fill(amount)
        self.tap("去微信支付还款")
        self.comes("等你付款")

    def pay(self, source: str) -> None:
        """Pay at the cashier from the balance or the first card, and come back."""
        self.tap("去付款")
        kind = "" if source == "balance" else ":not([value=balance])"
        self.place.locator(f"input[name=source]{kind}").first.check(force=True)
        self.visitor.shot("cashier")
        self.place.locator("button[value=pay]").click()
        self.wallet("done").click()
        self.comes("还款成功")

    def repay(self, choice: str, source: str, amount: str = "") -> None:
        """Repay from the balance or a card."""
        self.ask_repay(choice, amount)
        self.pay(source)
