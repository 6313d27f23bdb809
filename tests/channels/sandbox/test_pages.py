"""What a person can do on the pages of the sandbox, form by form, without a browser."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.channels.sandbox.visiting import BACK, LIN, POOR, START, Visit

from jiehuan.channels.sandbox import looks, pages
from jiehuan.channels.sandbox.page_words import LANGUAGES


@pytest.fixture
def visit():
    return Visit()


# --- Sign-in ------------------------------------------------------------------------------------


def sign_in(visit, **changed):
    query = {
        "appid": visit.world.people.merchant.appid,
        "redirect_uri": "http://127.0.0.1:9/phone/signed-in?next=%2F",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s <1>",
    }
    return query | changed


def test_everybody_can_be_chosen(visit):
    page = visit.get("/connect/oauth2/authorize", **sign_in(visit))

    offered = re.findall(r'name="openid" value="([^"]+)"', page.text)

    assert 200 == page.status_code
    assert list(visit.world.people.persons) == offered
    assert 'value="s &lt;1&gt;"' in page.text


def test_who_was_chosen_comes_back_as_a_code(visit):
    answer = visit.post("/connect/oauth2/authorize", **sign_in(visit), openid=LIN)

    place = urlsplit(answer.headers["location"])
    told = parse_qs(place.query)

    assert (303, "127.0.0.1:9", "/phone/signed-in") == (
        answer.status_code,
        place.netloc,
        place.path,
    )
    assert (["/"], ["s <1>"]) == (told["next"], told["state"])
    assert (LIN, "snsapi_base") == visit.codes.take(told["code"][0], START)


def test_who_declines_comes_back_without_a_code(visit):
    answer = visit.post("/connect/oauth2/authorize", **sign_in(visit), refuse="1")

    assert {"next": ["/"], "state": ["s <1>"]} == parse_qs(
        urlsplit(answer.headers["location"]).query
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"appid": "wx0"},
        {"scope": "everything"},
        {"redirect_uri": ""},
        {"redirect_uri": "/phone"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://a; script-src *"},
        {"redirect_uri": "http://[::1"},
        {"redirect_uri": "http://a/\nb"},
        {"redirect_uri": "http://user@a/"},
        {"redirect_uri": "http://a/" + "x" * 5_000},
    ],
)
def test_an_odd_question_is_refused(visit, changed):
    page = visit.get("/connect/oauth2/authorize", **sign_in(visit, **changed))

    assert (400, True) == (page.status_code, "PARAM_ERROR" in page.text)
    assert "script-src *" not in page.headers["content-security-policy"]


def test_nobody_can_be_who_is_not_there(visit):
    answer = visit.post("/connect/oauth2/authorize", **sign_in(visit), openid="oNobody")

    assert 404 == answer.status_code


# --- Cashier ------------------------------------------------------------------------------------


def test_the_cashier_shows_what_there_is_to_pay_with(visit):
    page = visit.get("/cashier", prepay_id=visit.order(4_000_00), back=BACK)

    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))

    assert "零钱 余额 ¥3,000.00 · 余额不足 招商银行储蓄卡 (0403) 余额 ¥20,000.00" in shown
    assert re.search(r'value="balance" required disabled>', page.text)
    assert re.search(r'value="cmb" required checked>', page.text)
    assert "11月账单 &lt;还款&gt;" in page.text


@pytest.mark.parametrize("source", ["balance", "cmb", "icbc"])
def test_money_is_taken_where_it_was_said(visit, source):
    prepay_id = visit.order()
    before = visit.on(LIN, source)

    answer = visit.post("/cashier", prepay_id=prepay_id, back=BACK, do="pay", source=source)
    page = visit.get(answer.headers["location"])

    assert (303, 200) == (answer.status_code, page.status_code)
    assert before - 1_234_56 == visit.on(LIN, source)
    assert "支付成功" in page.text
    assert f'href="{BACK}&amp;wxpay=ok"' in page.text


def test_paying_twice_pays_once(visit):
    form = {"prepay_id": visit.order(), "back": BACK, "do": "pay", "source": "cmb"}

    visit.post("/cashier", **form)
    again = visit.post("/cashier", **form)

    assert 20_000_00 - 1_234_56 == visit.on(LIN, "cmb")
    assert (200, True) == (again.status_code, "支付成功" in again.text)


def test_who_leaves_pays_nothing(visit):
    answer = visit.post("/cashier", prepay_id=visit.order(), back=BACK, do="refuse")

    assert (303, f"{BACK}&wxpay=cancel") == (answer.status_code, answer.headers["location"])
    assert 3_000_00 == visit.on(LIN)
    assert "NOTPAY" == visit.world.orders()[0].state


def test_who_leaves_for_nowhere_stays(visit):
    prepay_id = visit.order()

    answer = visit.post("/cashier", prepay_id=prepay_id, do="refuse")

    assert f"/cashier?prepay_id={prepay_id}" == answer.headers["location"]


@pytest.mark.parametrize(("language", "said"), [("zh", "余额不足"), ("en", "Not enough money")])
def test_not_enough_is_said(visit, language, said):
    prepay_id = visit.order(2_00, POOR)

    page = visit.post("/cashier", prepay_id=prepay_id, do="pay", source="balance", lang=language)

    assert (403, True) == (page.status_code, said in page.text)
    assert re.search(r'value="boc" required checked>', page.text)


def test_when_nothing_is_enough_nothing_can_be_paid(visit):
    page = visit.get("/cashier", prepay_id=visit.order(500_00, POOR))

    assert "所有付款方式的余额都不足" in page.text
    assert re.search(r'value="pay" disabled>', page.text)


def test_a_fault_makes_the_payer_leave(visit):
    prepay_id = visit.order()
    visit.world.faults.set({"fault": "user_refuses", "on": "next"})

    page = visit.post("/cashier", prepay_id=prepay_id, do="pay", source="balance")

    assert (200, True) == (page.status_code, "没有付款" in page.text)
    assert 3_000_00 == visit.on(LIN)


def test_a_closed_order_says_so(visit):
    prepay_id = visit.order()
    visit.world.close("order-000001", {"mchid": visit.world.people.merchant.mchid})

    page = visit.get("/cashier", prepay_id=prepay_id, back=BACK)

    assert (410, True) == (page.status_code, "订单已关闭" in page.text)
    assert f'href="{BACK}&amp;wxpay=cancel"' in page.text


def test_an_old_prepay_id_says_so(visit):
    prepay_id = visit.order()
    visit.world.advance(7_201)

    page = visit.get("/cashier", prepay_id=prepay_id, back=BACK)

    assert (410, True) == (page.status_code, "订单已过期" in page.text)


def test_what_is_not_there_says_so(visit):
    assert 404 == visit.get("/cashier", prepay_id="wx0").status_code
    assert 404 == visit.get("/confirm", package_info="p").status_code


def test_an_order_of_nobody_asks_who_pays(visit):
    prepay_id = visit.order(openid="", kind="NATIVE")

    asked = visit.get("/cashier", prepay_id=prepay_id)
    shown = visit.get("/cashier", prepay_id=prepay_id, openid=LIN)
    paid = visit.post("/cashier", prepay_id=prepay_id, openid=LIN, do="pay", source="balance")

    assert ("谁来付款", "林小雨") == tuple(
        word for word in ("谁来付款", "林小雨") if word in asked.text
    )
    assert f'name="openid" value="{LIN}"' in shown.text
    assert 303 == paid.status_code
    assert 3_000_00 - 1_234_56 == visit.on(LIN)


# --- A transfer ---------------------------------------------------------------------------------


def test_a_transfer_is_received(visit):
    package_info = visit.transfer()

    page = visit.get("/confirm", package_info=package_info, back=BACK)
    answer = visit.post("/confirm", package_info=package_info, back=BACK, do="confirm")
    done = visit.get(answer.headers["location"])

    assert ("500.00" in page.text, "确认收款" in page.text) == (True, True)
    assert (303, 200) == (answer.status_code, done.status_code)
    assert 3_500_00 == visit.on(LIN)
    assert "已收款" in done.text
    assert f'href="{BACK}&amp;wxpay=ok"' in done.text


def test_receiving_twice_brings_the_money_once(visit):
    form = {"package_info": visit.transfer(), "do": "confirm"}

    visit.post("/confirm", **form)
    again = visit.post("/confirm", **form)

    assert (200, 3_500_00) == (again.status_code, visit.on(LIN))


def test_a_transfer_is_refused(visit):
    package_info = visit.transfer()

    answer = visit.post("/confirm", package_info=package_info, back=BACK, do="refuse")
    done = visit.get(answer.headers["location"])

    assert 3_000_00 == visit.on(LIN)
    assert "转账未成功" in done.text
    assert f'href="{BACK}&amp;wxpay=cancel"' in done.text


def test_a_transfer_taken_back_says_so(visit):
    package_info = visit.transfer()
    visit.world.cancel("bill000001")

    assert "付款方已撤回" in visit.get("/confirm", package_info=package_info).text


def test_a_transfer_too_old_to_be_confirmed_says_so(visit):
    package_info = visit.transfer()
    visit.world.advance(24 * 3_600 + 1)

    page = visit.post("/confirm", package_info=package_info, do="confirm")

    assert 3_000_00 == visit.on(LIN)
    assert ("已过期" in page.text, page.status_code) == (True, 400)


def test_every_state_of_a_transfer_has_words():
    states = {"ACCEPTED", "PROCESSING", "TRANSFERING", "SUCCESS", "FAIL", "CANCELING", "CANCELLED"}

    assert states == set(pages._TRANSFER_SHOWN)


# --- Every page ---------------------------------------------------------------------------------


def test_a_form_of_another_site_is_refused(visit):
    form = {"prepay_id": visit.order(), "do": "pay", "source": "balance"}

    strange = visit.post("/cashier", headers={"origin": "http://evil.test"}, **form)
    ours = visit.post("/cashier", headers={"origin": "http://127.0.0.1"}, **form)

    assert (403, 303) == (strange.status_code, ours.status_code)


def test_a_page_may_be_framed_here_and_runs_nothing_inline(visit):
    page = visit.get("/cashier", prepay_id=visit.order(), back=BACK)
    policy = page.headers["content-security-policy"]

    assert "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*;" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")
    assert "unsafe" not in policy
    assert [] == re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text)


@pytest.mark.parametrize(
    ("asked", "accepted", "shown"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "fr, zh-TW;q=0.5, en;q=0.4", "zh-CN"),
        ("en", "zh-CN", "en"),
        ("zh", "en", "zh-CN"),
        ("xx", "en;q=x, en", "en"),
    ],
)
def test_the_language_is_the_visitors(visit, asked, accepted, shown):
    page = visit.get("/control", headers={"accept-language": accepted}, lang=asked)

    assert f'<html lang="{shown}">' in page.text


def test_a_language_that_was_clicked_stays(visit):
    prepay_id = visit.order()
    first = visit.get("/cashier", prepay_id=prepay_id)
    [link] = re.findall(r'<a href="([^"]*)" lang="en">English', first.text)
    clicked = visit.get("/cashier" + link.replace("&amp;", "&"))

    paid = visit.post("/cashier", prepay_id=prepay_id, do="pay", source="cmb", lang="en")

    assert 'name="lang" value="en"' in clicked.text
    assert "Paid" in visit.get(paid.headers["location"]).text


def test_no_page_shows_words_of_the_other_language(visit):
    """Names of people, goods and the switch of language may be Chinese on an English page."""
    visit.transfer()
    pages_shown = [
        visit.get("/control", lang="en"),
        visit.get("/cashier", prepay_id=visit.order(), lang="en"),
        visit.get("/connect/oauth2/authorize", **sign_in(visit, lang="en")),
    ]

    for page in pages_shown:
        text = re.sub(r"<[^>]*>|11月账单|还款|借到零钱|中文", " ", page.text)
        assert [] == re.findall(r"[\u4e00-\u9fff]+", text)


def test_files_are_there_and_others_are_not(visit):
    for name in looks.FILES:
        assert 200 == visit.get(f"/look/{name}").status_code
    assert 404 == visit.get("/look/people.toml").status_code
    assert "text/javascript" in visit.get("/shim/weixin.js").headers["content-type"]


def test_there_are_two_languages():
    assert ("zh", "en") == LANGUAGES
