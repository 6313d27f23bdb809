"""The demo's page in a real browser: a phone, the book behind it, a clock above."""

import re

import pytest
from playwright.sync_api import expect
from tests.walk.browser import NARROW
from tests.walk.demo import Borrower

from jiehuan.serve.console import words

WIDE, HIGH = 1_440, 900
MONTH_MS_MAX = 30_000  # thirty days are closed, on a machine that may be busy


class Page:
    """Somebody before the demo's page."""

    def __init__(self, demo, visitor):
        """Open it."""
        self.demo = demo
        self.visitor = visitor
        self.page = visitor.page
        self.page.set_viewport_size({"width": WIDE, "height": HIGH})
        self.page.goto(f"{demo.url}/?lang={visitor.language}")

    def t(self, zh):
        """Return a text of the page in their language."""
        return words.say(zh, self.visitor.language)

    def button(self, zh):
        """Return a button."""
        return self.page.get_by_role("button", name=self.t(zh))

    def figure(self, zh):
        """Return a figure of the book."""
        title = self.page.get_by_role("heading", name=self.t(zh), exact=True)
        return self.page.locator(".card").filter(has=title).locator("> b")

    def newest(self):
        """Return the last command."""
        return self.page.locator("article").first

    def is_good(self):
        """Wait until the book balances and its audit is clean."""
        for said in ("试算为零", "审计无违例"):
            badge = self.page.locator(".badge.good").filter(has_text=self.t(said))
            expect(badge).to_be_visible(timeout=MONTH_MS_MAX)

    def month(self):
        """Move the clock on; when that is done, the phone shows its page anew."""
        with self.page.expect_event("framenavigated", timeout=MONTH_MS_MAX):
            self.button("过一个月").click()

    def phone(self, person):
        """Return whoever holds the phone in the frame."""
        frame = self.page.frames[-1]
        return Borrower(self.demo, self.visitor, person, frame)


@pytest.fixture(params=["zh", "en"])
def before(request, demo, a_visitor):
    """Somebody before the page, on the fifth of a month."""
    demo.fifth()
    yield Page(demo, a_visitor(request.param, width=WIDE))
    demo.press("pause")


def cents(text):
    """Read an amount."""
    return int(re.sub(r"\D", "", text))


def test_the_book_follows_the_phone_and_the_phone_the_book(before):
    """The page is loaded once, at the beginning: each half follows the other by itself."""
    one, newest = before.phone("wangmeili"), before.newest()
    out = cents(before.figure("流入零钱包").inner_text())
    one.enter_as_known()
    one.draw("1,500", 0)
    expect(newest).to_contain_text("¥1,500.00")
    expect(newest).to_contain_text("1/wallet_clearing")
    expect(before.figure("流入零钱包")).to_have_text(f"¥{(out + 1_500_00) / 100:,.2f}")
    one.shop("620.00")
    expect(newest).to_contain_text("purchase_")
    one.go("home")
    available = one.cents("#available")
    newest.get_by_role("button", name=before.t("商户退款")).click()
    expect(newest).to_contain_text("refund_")
    expect(newest.locator("~ article").first.get_by_role("button")).to_have_count(0)
    expect(one.place.locator("#available")).to_have_text(f"{(available + 620_00) / 100:,.2f}")

    one.shop("399.00")
    one.go("home")
    before.month()
    expect(one.place.locator("#bill")).to_be_visible()
    one.repay("other", "card", "500")
    expect(newest).to_contain_text("repayment_")
    expect(newest).to_contain_text("¥500.00")
    one.go("home")
    before.is_good()
    before.visitor.shot("demo")
    one.repay("all", "card")


def test_the_clock(before):
    day = before.page.locator(".clock time")
    first = day.inner_text()
    before.button("过一天").click()
    expect(day).to_have_text(f"{first[:-2]}06")
    before.button("连续运行").click()
    expect(before.button("暂停")).to_be_visible()
    expect(day).to_have_text(re.compile(f"^{first[:-2]}(0[789]|1.)$"))
    before.button("暂停").click()
    expect(before.button("连续运行")).to_be_visible()
    stopped = before.demo.today()
    expect(day).to_have_text(stopped)
    before.month()
    expect(day).not_to_have_text(stopped)

    assert stopped[-3:] == before.demo.today()[-3:]
    before.is_good()


def test_the_other_book_is_a_tab_away(before):
    page = before.page
    page.get_by_role("link", name=before.t("台湾信用卡账簿")).click()
    expect(page.locator(".tabs [aria-current]")).to_contain_text("TWD")
    expect(page.locator(".clock time")).to_have_text(re.compile("^2005-"))
    before.is_good()
    page.get_by_role("link", name=before.t("手机的账簿")).click()
    expect(page.locator(".tabs [aria-current]")).to_contain_text("CNY")


def test_it_fits_a_phone(before):
    for book in (1, 2):
        before.page.goto(f"{before.demo.url}/?book={book}&lang={before.visitor.language}")
        assert 0 == before.visitor.narrow(NARROW)


def test_two_presses_of_a_button_are_one_day(before):
    on = before.demo.today()

    before.button("过一天").dblclick()

    expect(before.page.locator(".clock time")).to_have_text(f"{on[:-2]}06")
    assert f"{on[:-2]}06" == before.demo.today()
