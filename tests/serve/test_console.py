"""The demo's page: what it shows of a book, and what its buttons do, once."""

import asyncio
import datetime as dt
import re
from importlib.resources import files

import httpx
import pytest
from tests.serve.api import TODAY, Api, told

from jiehuan.core.commands import Kind
from jiehuan.serve.app import create_app
from jiehuan.serve.console import words
from jiehuan.serve.console.auditor import Auditor, Verdict
from jiehuan.serve.console.routes import Console
from jiehuan.serve.console.winder import Winder, month_after
from jiehuan.serve.pages import KIND_WORDS

PACKAGE = files("jiehuan.serve")


class Desk(Api):
    """A caller of a book that has the demo's page."""

    def __init__(self, api, console):
        self.dsn, self.number, self.service, self._keys = (
            api.dsn,
            api.number,
            api.service,
            api._keys,
        )
        self.console = console
        self.app = create_app(api.service, console=console)

    def press(self, path, **fields):
        return self.ask("POST", path, data=fields)

    def clock(self, do, on, **more):
        return self.ask(
            "POST", "/console/clock", data={"book": self.number, "do": do, "on": on}, **more
        )

    def today(self):
        return self.get("/v1/clock").json()["business_on"]


@pytest.fixture
def desk(api):
    console = Console.of(api.service)
    yield Desk(api, console)
    asyncio.run(console.end())


@pytest.fixture
def two(an_api):
    phone, cards = an_api(), an_api(currency="TWD")
    console = Console.of(
        phone.service,
        partner_url="http://127.0.0.1:9/control",
        other=cards.service,
        other_url="/books/1/overview",
        other_verdict=Verdict(0),
    )
    yield Desk(phone, console), cards
    asyncio.run(console.end())


def panel(desk, **query):
    return desk.get("/console/panel", params={"book": desk.number, "lang": "en", **query})


def mark_of(page):
    [mark] = set(re.findall(r"seen=([^\"&]+)", page))
    return mark


def test_the_page_has_a_phone_and_the_book_behind_it(desk):
    page = desk.get("/?lang=en")

    assert 200 == page.status_code
    assert '<iframe src="/phone/?lang=en"' in page.text
    assert f"<time>{TODAY}</time>" in page.text
    assert "Trial balance zero" in page.text
    assert "tap something on the phone" in page.text


def test_a_command_shows_with_the_transfers_it_made(desk):
    line = desk.open_line()
    desk.do(f"{line}/purchases", amount_minor=12_345)

    shown = panel(desk).text

    assert "¥123.45" in shown
    assert "1/principal/M0" in shown
    assert "1/merchant_payable" in shown
    assert "¥9,876.55" in shown  # available


def test_a_refused_command_shows_why(desk):
    line = desk.open_line(limit_minor=10_000)
    desk.post(f"{line}/purchases", {"amount_minor": 10_001})

    assert "available" in panel(desk).text


def test_what_has_not_changed_is_not_drawn_again(desk):
    desk.console.desks[desk.number].auditor.verdict = Verdict(0)
    mark = mark_of(panel(desk).text)

    assert 204 == panel(desk, seen=mark).status_code
    desk.open_line()
    assert 200 == panel(desk, seen=mark).status_code


def test_a_day_and_a_month_pass_once_however_often_the_button_is_pressed(desk):
    answers = [desk.clock("day", TODAY) for _ in range(2)]

    assert [303, 303] == [answer.status_code for answer in answers]
    assert "2026-03-06" == desk.today()
    desk.clock("month", "2026-03-06")
    desk.clock("month", "2026-03-06")
    assert "2026-04-06" == desk.today()


def test_a_month_after_the_last_of_january_ends_in_february():
    assert dt.date(2028, 2, 29) == month_after(dt.date(2028, 1, 31))


@pytest.mark.parametrize("do", ["back", ""])
def test_a_clock_does_nothing_else(desk, do):
    assert 422 == desk.clock(do, TODAY).status_code
    assert TODAY == desk.today()


def test_another_sites_page_moves_no_clock(desk):
    answer = desk.clock("day", TODAY, headers={"Origin": "http://elsewhere.example"})

    assert (403, "not_from_our_page") == told(answer)[:2]
    assert TODAY == desk.today()


def test_a_clock_that_runs_goes_on_until_it_is_paused(desk, monkeypatch):
    monkeypatch.setattr("jiehuan.serve.console.winder.SECONDS_A_DAY", 0)

    async def run():
        winder = Winder(desk.service)
        passed: asyncio.Queue[dt.date] = asyncio.Queue()
        monkeypatch.setattr(winder, "tell_partner", lambda: passed.put(winder.today()))
        winder.start()
        winder.start()
        days = [await passed.get() for _ in range(3)]
        states = [winder.running]
        await winder.pause()
        return days, [*states, winder.running]

    days, states = asyncio.run(run())

    assert [True, False] == states
    assert ["2026-03-06", "2026-03-07", "2026-03-08"] == [day.isoformat() for day in days]


def test_the_wallets_side_is_told_the_day_and_its_absence_stops_nothing(desk):
    async def wind(url):
        winder = Winder(desk.service, url)
        on = winder.today()
        await winder.wind(on, on + dt.timedelta(days=1))

    asyncio.run(wind("http://127.0.0.1:9/control/clock"))
    assert "2026-03-06" == desk.today()


def test_a_shop_takes_a_purchase_back_once(desk):
    line = desk.open_line()
    made = desk.do(f"{line}/purchases", amount_minor=5_000)
    number, seq = (int(text.rsplit("_", 1)[1]) for text in (line, made["id"]))
    fields = {"book": desk.number, "purchase": seq, "line": number, "amount_minor": 5_000}

    assert 303 == desk.press("/console/refund", **fields).status_code
    assert 303 == desk.press("/console/refund", **fields).status_code
    assert 0 == desk.get(line).json()["used_minor"]
    assert (404, "purchase_not_found") == told(
        desk.press("/console/refund", **{**fields, "purchase": 999})
    )[:2]


def test_the_page_switches_between_two_books(two):
    desk, cards = two
    phone = desk.get("/?lang=en").text
    other = desk.get("/", params={"book": cards.number, "lang": "en"}).text

    assert f'href="/?book={cards.number}&amp;lang=en"' in phone.replace("&lang", "&amp;lang")
    assert "The Taiwan card book" in phone
    assert "TWD" in other
    assert 404 == desk.get("/?book=999").status_code
    frames = desk.get("/").headers["content-security-policy"]
    assert "frame-src 'self' http://127.0.0.1:9;" in frames
    assert "unsafe" not in frames


def test_the_audit_is_made_again_when_the_book_has_moved(desk):
    auditor = Auditor(desk.service, Verdict(0))
    desk.open_line()

    assert auditor.look(1) == Verdict(0)
    auditor.close()
    assert auditor.look(1) == Verdict(1)
    assert auditor.verdict.clean


def test_an_audit_that_finds_something_is_shown(desk):
    desk.console.desks[desk.number].auditor.verdict = Verdict(0, ["line 1: used differs"])

    assert "Audit found breaches" in panel(desk).text


def test_every_command_has_a_word_on_the_page():
    assert [] == [kind for kind in Kind if kind < Kind.STATEMENT and kind not in KIND_WORDS]


def test_every_word_of_the_page_is_there_in_english_and_used():
    sources = [PACKAGE / "templates" / name for name in ("console.html", "console_panel.html")]
    sources += [PACKAGE / "console" / name for name in ("panel.py", "routes.py")]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    chinese = r"[\"']([^\"'\n]*[\u4e00-\u9fff][^\"'\n]*)[\"']"
    used = {said for text in texts for said in re.findall(chinese, text)}

    assert set(words.EN) == used - {"中文"}


def test_no_chinese_is_left_on_the_english_page_but_our_name(desk):
    desk.open_line()
    page = desk.get("/?lang=en").text

    assert {"借还", "中文"} == set(re.findall(r"[\u4e00-\u9fff]+", page))


def test_the_partner_is_only_told_when_there_is_one(desk):
    async def tell():
        await Winder(desk.service).tell_partner()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "AsyncClient", None)
        asyncio.run(tell())
