"""The sandbox's pages in a real browser: sign-in, cashier, transfer, control, the bridge.

Each is walked in Chinese, and in English by forms alone with scripts off.
"""

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect
from tests.walk.browser import DESK, HAS_CHINESE

LIN, CHEN, WANG, POOR, LONG, _ = range(6)
SAID = {
    "zh": {
        "balance": "零钱",
        "card": "招商银行储蓄卡",
        "pay": "付款 ¥",
        "paid": "支付成功",
        "done": "完成",
        "cancel": "取消",
        "short": "余额不足",
        "receive": "确认收款",
        "received": "已收款",
        "refuse": "拒绝收款",
        "ended": "转账未成功",
        "back": "返回商家",
        "sign_in": "选择一位测试用户登录",
        "lin": "林小雨",
        "set": "设定故障",
        "remove": "取消",
    },
    "en": {
        "balance": "Wallet balance",
        "card": "CMB debit card",
        "pay": "Pay ¥",
        "paid": "Paid",
        "done": "Done",
        "cancel": "Cancel",
        "short": "not enough",
        "receive": "Receive",
        "received": "Received",
        "refuse": "Refuse",
        "ended": "This transfer has ended",
        "back": "Back to the merchant",
        "sign_in": "Choose a test person to sign in as",
        "lin": "Lin Xiaoyu",
        "set": "Set this fault",
        "remove": "Remove",
    },
}


@pytest.fixture(params=["zh", "en"])
def language(request):
    """Both languages."""
    return request.param


@pytest.fixture(params=[("zh", True), ("en", False)], ids=["zh", "en-forms"])
def visitor(request, a_visitor):
    """Somebody who reads a language, with scripts and without."""
    language, scripts = request.param
    return a_visitor(language, scripts=scripts)


def told(url):
    """Return what the query of an address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def button(page, name):
    """Return the button of a name."""
    return page.get_by_role("button", name=name, exact=True)


def cents(text):
    """Read an amount out of what a page shows."""
    return int(re.sub(r"\D", "", text))


def on(sandbox, page, openid, source):
    """Return what somebody has somewhere, by the control's JSON."""
    state = page.request.get(f"{sandbox.config['control_url']}/state").json()
    return state["balances"][f"{openid}/{source}"]


def test_there_are_letters_for_chinese(a_visitor):
    visitor = a_visitor()

    assert visitor.page.evaluate(HAS_CHINESE)


def test_who_signs_in_comes_back_with_a_code(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    page.goto(
        sandbox.address(
            "authorize",
            appid=sandbox.config["appid"],
            redirect_uri=f"{sandbox.shop.url}/plain?next=home",
            response_type="code",
            scope="snsapi_base",
            state="abc",
        )
    )
    expect(page.get_by_role("heading", name=said["sign_in"])).to_be_visible()
    page.get_by_role("button", name=said["lin"]).click()
    page.wait_for_url(f"{sandbox.shop.url}/**")

    answer = page.request.get(
        sandbox.config["token_url"],
        params={
            "appid": sandbox.config["appid"],
            "secret": sandbox.config["appsecret"],
            "code": told(page.url)["code"],
            "grant_type": "authorization_code",
        },
    )

    assert ("home", "abc") == (told(page.url)["next"], told(page.url)["state"])
    assert sandbox.config["openids"][LIN] == answer.json()["openid"]


@pytest.mark.parametrize("source", ["balance", "card"])
def test_an_order_is_paid_at_the_cashier(sandbox, visitor, source):
    page, said = visitor.page, SAID[visitor.language]
    openid = sandbox.config["openids"][LIN]
    account = {"balance": "balance", "card": "cmb"}[source]
    prepay_id = sandbox.order(12_34, openid)
    before = on(sandbox, page, openid, account)

    page.goto(sandbox.address("cashier", prepay_id=prepay_id, back=f"{sandbox.shop.url}/plain?a=1"))
    page.get_by_role("radio", name=said[source]).check()
    button(page, f"{said['pay']}12.34").click()
    expect(page.get_by_role("heading", name=said["paid"])).to_be_visible()
    expect(page.get_by_text("12.34")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=said["paid"])).to_be_visible()
    page.get_by_role("link", name=said["done"]).click()
    page.wait_for_url(f"{sandbox.shop.url}/**")

    assert {"a": "1", "wxpay": "ok"} == told(page.url)
    assert before - 12_34 == on(sandbox, page, openid, account)


def test_the_back_button_pays_nothing_again(sandbox, a_visitor):
    visitor = a_visitor()
    page, openid = visitor.page, sandbox.config["openids"][CHEN]
    before = on(sandbox, page, openid, "balance")
    page.goto(sandbox.address("cashier", prepay_id=sandbox.order(1_00, openid)))
    button(page, "付款 ¥1.00").click()
    expect(page.get_by_role("heading", name="支付成功")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="支付成功")).to_be_visible()
    assert before - 1_00 == on(sandbox, page, openid, "balance")


def test_two_taps_pay_once(sandbox, a_visitor):
    visitor = a_visitor()
    page, openid = visitor.page, sandbox.config["openids"][CHEN]
    before = on(sandbox, page, openid, "balance")
    page.goto(sandbox.address("cashier", prepay_id=sandbox.order(1_00, openid)))

    button(page, "付款 ¥1.00").dblclick()

    expect(page.get_by_role("heading", name="支付成功")).to_be_visible()
    assert before - 1_00 == on(sandbox, page, openid, "balance")


def test_who_leaves_the_cashier_comes_back_unpaid(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    openid = sandbox.config["openids"][WANG]
    back = f"{sandbox.shop.url}/plain"
    page.goto(sandbox.address("cashier", prepay_id=sandbox.order(1_00, openid), back=back))

    button(page, said["cancel"]).last.click()
    page.wait_for_url(f"{sandbox.shop.url}/**")

    assert {"wxpay": "cancel"} == told(page.url)
    assert 15_000_00 == on(sandbox, page, openid, "balance")


def test_what_has_too_little_on_it_cannot_be_chosen(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    openid = sandbox.config["openids"][POOR]

    page.goto(sandbox.address("cashier", prepay_id=sandbox.order(10_00, openid)))
    expect(page.get_by_role("radio", name=said["balance"])).to_be_disabled()
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    expect(page.get_by_text(said["short"], exact=True)).to_be_visible()
    page.goto(sandbox.address("cashier", prepay_id=sandbox.order(100_00, openid)))

    expect(button(page, f"{said['pay']}100.00")).to_be_disabled()


def test_a_transfer_is_received(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    openid = sandbox.config["openids"][LONG]
    before = on(sandbox, page, openid, "balance")
    package_info = sandbox.transfer(500_00, openid)

    page.goto(
        sandbox.address("confirm", package_info=package_info, back=f"{sandbox.shop.url}/plain")
    )
    visitor.shot("sandbox-confirm")
    button(page, said["receive"]).click()
    expect(page.get_by_role("heading", name=said["received"])).to_be_visible()
    page.get_by_role("link", name=said["done"]).click()
    page.wait_for_url(f"{sandbox.shop.url}/**")

    assert {"wxpay": "ok"} == told(page.url)
    assert before + 500_00 == on(sandbox, page, openid, "balance")


def test_a_transfer_is_refused(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    openid = sandbox.config["openids"][WANG]
    package_info = sandbox.transfer(500_00, openid)

    page.goto(
        sandbox.address("confirm", package_info=package_info, back=f"{sandbox.shop.url}/plain")
    )
    button(page, said["refuse"]).click()
    expect(page.get_by_role("heading", name=said["ended"])).to_be_visible()
    page.get_by_role("link", name=said["back"]).click()
    page.wait_for_url(f"{sandbox.shop.url}/**")

    assert {"wxpay": "cancel"} == told(page.url)
    assert 15_000_00 == on(sandbox, page, openid, "balance")


def test_a_fault_is_set_and_removed(sandbox, visitor):
    page, said = visitor.page, SAID[visitor.language]
    page.goto(sandbox.address("control"))

    page.locator("select[name=fault]").select_option("notify_late")
    page.locator("select[name=on]").select_option("0.1")
    page.locator("input[name=match]").fill("no-such-order")
    button(page, said["set"]).click()
    alarm = page.locator(".alarm").filter(has_text="no-such-order")
    expect(alarm).to_be_visible()
    button(alarm, said["remove"]).click()

    expect(alarm).to_have_count(0)


def test_the_control_page_keeps_up_by_itself(sandbox, a_visitor, language):
    visitor = a_visitor(language, width=DESK)
    page, openid = visitor.page, sandbox.config["openids"][CHEN]
    page.goto(sandbox.address("control"))
    shown = page.locator(".purse").nth(CHEN).locator("dd").first
    before = cents(shown.inner_text())
    prepay_id = sandbox.order(2_50, openid)

    page.request.post(
        f"{sandbox.config['control_url']}/act",
        data={"do": "pay", "prepay_id": prepay_id, "openid": openid, "source": "balance"},
    )

    expect(shown).to_have_text(f"¥{(before - 2_50) / 100:,.2f}")
    expect(page.get_by_text("TRANSACTION.SUCCESS").first).to_be_visible()
    visitor.shot("sandbox-control")


def test_the_clock_is_put_forward(sandbox, visitor):
    page = visitor.page
    page.goto(sandbox.address("control"))
    days = page.request.get(f"{sandbox.config['control_url']}/clock").json()["shift_s"] // 86_400

    page.locator("input[name=advance_s][value='86400'] + button").click()
    page.wait_for_load_state()

    shift_s = page.request.get(f"{sandbox.config['control_url']}/clock").json()["shift_s"]
    assert days + 1 == shift_s // 86_400


def test_no_page_scrolls_sideways(sandbox, a_visitor, language):
    visitor = a_visitor(language)
    openid, back = sandbox.config["openids"][LONG], f"{sandbox.shop.url}/plain"
    appid, prepay_id = sandbox.config["appid"], sandbox.order(1_00, openid)
    package_info = sandbox.transfer(123_456, openid)

    for address in (
        sandbox.address("authorize", appid=appid, redirect_uri=back),
        sandbox.address("cashier", prepay_id=prepay_id, back=back),
        sandbox.address("cashier", prepay_id="x", back=back),
        sandbox.address("confirm", package_info=package_info, back=back),
        sandbox.address("control"),
    ):
        visitor.page.goto(address)
        assert 0 == visitor.narrow(), address
    visitor.page.goto(sandbox.address("cashier", prepay_id=prepay_id, back=back))
    button(visitor.page, f"{SAID[language]['pay']}1.00").click()
    expect(visitor.page.get_by_role("heading", name=SAID[language]["paid"])).to_be_visible()
    assert 0 == visitor.narrow()


# --- The bridge ---------------------------------------------------------------------------------


def shop(sandbox, api, parameters, *, at_once=False):
    """Return the address of a merchant's page that calls the bridge."""
    asked = {"api": api, "parameters": parameters, "at_once": at_once}
    return f"{sandbox.shop.url}/?a=1#{quote(json.dumps(asked))}"


@pytest.mark.parametrize(("leave", "answer"), [("完成", "ok"), ("取消", "cancel")])
def test_the_bridge_goes_to_the_cashier_and_comes_back(sandbox, a_visitor, leave, answer):
    page = a_visitor("en").page
    prepay_id = sandbox.order(1_00, sandbox.config["openids"][LIN])
    page.goto(shop(sandbox, "getBrandWCPayRequest", sandbox.pay_parameters(prepay_id)))

    button(page, "pay").click()  # the page is Chinese, so is the cashier
    expect(page.get_by_role("heading", name="支付", exact=True)).to_be_visible()
    if answer == "ok":
        button(page, "付款 ¥1.00").click()
        page.get_by_role("link", name=leave).click()
    else:
        button(page, leave).last.click()

    said = json.dumps({"err_msg": f"get_brand_wcpay_request:{answer}"}, separators=(",", ":"))
    expect(page.locator("#said")).to_have_text(said)
    assert {"a": "1"} == told(page.url)


def test_a_page_that_pays_by_itself_is_answered_and_not_sent_away_again(sandbox, a_visitor):
    page = a_visitor().page
    prepay_id = sandbox.order(1_00, sandbox.config["openids"][LIN])
    page.goto(
        shop(
            sandbox,
            "getBrandWCPayRequest",
            sandbox.pay_parameters(prepay_id),
            at_once=True,
        )
    )

    button(page, "取消").last.click()
    expect(page.locator("#said")).to_have_text('{"err_msg":"get_brand_wcpay_request:cancel"}')
    button(page, "pay").click()

    expect(button(page, "付款 ¥1.00")).to_be_visible()


def test_the_bridge_goes_to_a_transfer_and_comes_back(sandbox, a_visitor):
    page = a_visitor().page
    package_info = sandbox.transfer(1_00, sandbox.config["openids"][LIN])
    told_by_server = {
        "mchId": sandbox.config["mchid"],
        "appId": sandbox.config["appid"],
        "package": package_info,
    }
    page.goto(shop(sandbox, "requestMerchantTransfer", told_by_server))

    button(page, "pay").click()
    button(page, "确认收款").click()
    page.get_by_role("link", name="完成").click()

    expect(page.locator("#said")).to_have_text('{"err_msg":"requestMerchantTransfer:ok"}')


def test_the_bridge_says_what_is_missing(sandbox, a_visitor):
    page = a_visitor().page
    whole = sandbox.pay_parameters("wx1")

    for name in whole:
        given = {key: value for key, value in whole.items() if key != name}
        page.goto("about:blank")  # else only the fragment would change
        page.goto(shop(sandbox, "getBrandWCPayRequest", given))
        button(page, "pay").click()
        expect(page.locator("#said")).to_contain_text(f"{name} is missing or wrong")


def test_the_bridge_knows_nothing_else(sandbox, a_visitor):
    page = a_visitor().page
    page.goto(shop(sandbox, "openLocation", {}))

    button(page, "pay").click()

    expect(page.locator("#said")).to_contain_text("openLocation:fail")
