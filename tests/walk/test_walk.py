"""What a borrower does with the product, whole and once, in a real browser on the real stack.

From the wallet's list of services to "paid off": a credit line, money to the wallet balance, a
shop paid, a bill, repayment from balance and card and in instalments, money back.  The service,
the wallet's counterpart and the courier are processes of their own, as `jiehuan demo` has them.
"""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

CENTS_A_DAY = 54  # what 1,200.00 costs at 0.045 %
SHOP = {"zh": "山间书店", "en": "Hillside Books"}
FEE = 22_50  # of each of 6 instalments of 3,000.00 at 4.5 %


def write(amount_minor):
    """Write an amount as the pages do."""
    return f"¥{amount_minor / 100:,.2f}"


def facts(one):
    """Return what a page lists, by name."""
    one.place.locator(".fact").first.wait_for()
    names, told = (one.place.locator(f".fact {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, told, strict=True))


def refund(one, amount):
    """Let the shop take a purchase back, at the demo's page."""
    page = one.visitor.page
    page.goto(f"{one.demo.url}/?lang={one.visitor.language}")
    bought = page.locator("article").filter(has_text="purchase_").filter(has_text=amount)
    bought.first.get_by_role("button").click()
    expect(page.get_by_text(re.compile("refund_2_")).first).to_be_visible()


# --- The whole of it ------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "person"), [("zh", "linxiaoyu"), ("en", "aynur")])
def test_from_the_wallets_services_to_paid_off(demo, a_borrower, language, person):
    one = a_borrower(person, language)
    purse = demo.purse(one.openid)

    one.enter()
    one.apply()
    one.titled("借还")
    sees_a_quote_while_typing(one)
    borrowed_on = demo.today()
    borrows(one)
    assert purse["balance"] + 4_200_00 == demo.purse(one.openid)["balance"]
    one.shop("168.00")
    assert SHOP[language] == facts(one)[one.t("商家")]
    one.shop("399.00")

    demo.press("month")
    interest = interest_until_the_bill(borrowed_on)
    reads_the_bill(one, interest)
    repaid = [100_00, *repays(one, interest)]
    reads_what_was_done(one)
    assert sum(purse.values()) + 4_200_00 - sum(repaid) == sum(demo.purse(one.openid).values())
    gets_back_what_is_too_much(one)

    assert sum(purse.values()) + 4_200_00 - sum(repaid) == sum(demo.purse(one.openid).values())


def interest_until_the_bill(borrowed_on):
    """Return what 1,200.00 cost from a day on until the first of the next month."""
    day = dt.date.fromisoformat(borrowed_on)
    cut_on = (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    return (cut_on - day).days * CENTS_A_DAY


def sees_a_quote_while_typing(one):
    one.go("borrow")
    one.titled("借到零钱")
    quote, amount = one.place.locator("#quote"), one.place.locator("input[name=amount]")
    one.place.locator("input[type=radio][name=count][value='12']").check()
    expect(quote).to_contain_text(write(704_00))  # of 8,000.00 at 8.8 %
    amount.fill("10,000.01")
    expect(quote).to_contain_text(one.t("超出可用额度 {available}", available="¥10,000.00"))
    one.place.locator("[data-slide]").fill("6000")
    expect(amount).to_have_value("6,000")
    expect(quote).to_contain_text(write(528_00))
    one.place.locator("input[type=radio][name=count][value='6']").check()
    expect(quote).to_contain_text(write(270_00))
    one.visitor.shot("borrow")


def borrows(one):
    one.draw("1,200", 0)
    one.sees("从收款日起计息，可随时还。")
    one.ask_draw("3,000", 6)
    one.visitor.shot("confirm", whole=True)
    assert write(135_00) == facts(one)[one.t("总息费")]
    one.draw("3,000", 6)
    one.sees("分 {count} 期归还，第一期在下期账单。", count=6)


def bill_of(interest):
    """Return the first bill: purchases, draw, one instalment."""
    return 567_00 + 1_200_00 + 500_00 + FEE + interest


def reads_the_bill(one, interest):
    bill = bill_of(interest)
    one.go("home")
    assert bill == one.cents("#bill")
    assert 10_000_00 - 4_767_00 == one.cents("#available")
    one.titled("借还")
    one.visitor.shot("home")
    one.tap("账单")
    one.titled("账单")
    one.place.locator(".entries a").first.click()
    one.titled("账单明细")
    one.visitor.shot("statement")
    told = facts(one)
    assert [write(567_00), write(1_200_00), write(500_00), write(FEE), write(interest)] == [
        told[one.t(name)] for name in ("本期消费", "本期借款", "分期本金", "分期手续费", "利息")
    ]
    assert write(bill) == told[one.t("账单金额")]


def repays(one, interest):
    """Repay 100.00 from the balance, the rest by card; return the amounts of that rest."""
    one.go("repay")
    one.titled("还款")
    one.visitor.shot("repay")
    one.repay("other", "balance", "100")
    one.titled("还款成功")
    paid = facts(one)
    assert write(FEE) == paid[one.t("还分期手续费")]
    assert write(interest) == paid[one.t("还利息")]
    assert write(100_00 - FEE - interest) == paid[one.t("冲减本金")]

    one.go("repay")
    one.tap_card("分期还款")
    one.titled("分期还款")
    one.place.locator("input[type=radio][name=count][value='12']").check()
    expect(one.target("确认分 {count} 期", count=12)).to_be_visible()
    one.place.locator("input[type=radio][name=count][value='3']").check()
    one.tap("确认分 {count} 期", count=3)
    one.titled("我的借款与分期")
    expect(one.place.locator(".fresh tbody tr")).to_have_count(3)

    one.repay("usual", "card")
    rest = one.cents(".big")
    assert bill_of(interest) - 100_00 - 567_00 == rest
    one.repay("all", "card")
    return rest, one.cents(".big")


def reads_what_was_done(one):
    one.go("repay")
    one.titled("已全部还清")
    one.go("home")
    one.sees("无需还款")
    assert 10_000_00 == one.cents("#available")
    one.tap("全部记录")
    one.titled("全部记录")
    one.visitor.shot("history")
    one.place.locator(".entries a").first.click()
    one.titled("每一分钱的去向")
    one.sees("冲减本金")


def gets_back_what_is_too_much(one):
    """Pay a shop and repay that; the shop takes it back, and the money goes home."""
    one.shop("41.80")
    one.repay("all", "balance")
    refund(one, "41.80")
    one.go("history")
    one.place.locator(".entries a").first.click()
    one.titled("退款")
    one.sees("退款存为多还的钱")
    one.go("home")
    one.place.locator("a[href='/phone/pay-back']").click()
    one.titled("退回多还的钱")
    one.tap("退回 {amount}", amount="¥41.80")
    one.comes("已退回")
    one.go("home")
    one.sees("无需还款")


# --- By plain forms, without a script -------------------------------------------------------------


def test_the_same_by_plain_forms(demo, a_borrower):
    one = a_borrower("chendahai", "en", scripts=False)
    one.enter()
    one.apply("5,000")

    one.draw("800", 3)
    one.shop("280.00")
    page = one.visitor.page
    page.goto(demo.url)
    page.get_by_role("button", name="+1 month").click()
    one.go("bills")
    one.titled("账单")
    one.tap("立即还款")
    one.tap_card("分期还款")
    one.place.locator("input[type=radio][name=count][value='6']").check()
    one.tap("看费用")
    one.tap("确认分 {count} 期", count=6)
    one.titled("我的借款与分期")
    one.repay("usual", "card")
    one.repay("all", "balance")
    one.go("repay")

    one.titled("已全部还清")


# --- What does not come off -----------------------------------------------------------------------


def test_what_is_refused_or_cancelled_costs_nothing(demo, a_borrower):
    one = a_borrower("zhoutian", "en")
    purse = demo.purse(one.openid)
    one.enter()
    one.apply()

    one.ask_draw("2,500", 9)
    one.tap("确认借 {amount}", amount="¥2,500.00")
    one.comes("等你确认收款")
    one.go("home")
    assert 7_500_00 == one.cents("#available")
    one.tap_card("借款 {amount} 办理中", amount="¥2,500.00")
    one.tap("去微信确认收款")
    one.wallet("refuse").click()
    one.wallet("back_to").click()
    one.comes("没有借成")
    one.tap("完成")
    expect(one.place.locator("#available")).to_have_text("10,000.00")

    one.shop("23.50")
    one.ask_repay("all")
    one.tap("去付款")
    one.wallet("cancel").click()
    one.sees("你取消了支付，可以重新付款或放弃。")
    one.tap("放弃这笔还款")
    one.comes("没有付款，已关闭")
    assert purse == demo.purse(one.openid)

    one.ask_repay("all")
    one.go(f"{one.place.url.partition('/phone/')[2]}?said=ok")
    one.titled("已在微信支付成功，正在入账")
    demo.pay(one.openid)
    one.titled("还款成功")
    assert purse["balance"] - 23_50 == demo.purse(one.openid)["balance"]


# --- Twice is once --------------------------------------------------------------------------------


def made(demo, one, kind):
    """Return how many orders or transfers of somebody the wallet has seen."""
    return sum(one.openid in str(record) for record in demo.state()[kind])


def test_nothing_is_paid_twice(demo, a_borrower):
    one = a_borrower("zhaoyong")
    one.enter()
    one.apply()
    borrows_once(demo, one)
    pays_a_shop_once(one)
    repays_once(demo, one)

    one.go("history")
    counted = [one.place.locator(".what").filter(has_text=name).count() for name in ONCE]
    assert [1] * len(ONCE) == counted


ONCE = ("借款已到零钱", "申请借到零钱", SHOP["zh"], "发起还款")


def borrows_once(demo, one):
    """Tap twice, go back and tap again, tap in a second window: one transfer."""
    page, yes = one.visitor.page, one.t("确认借 {amount}", amount="¥600.00")
    one.ask_draw("600", 0)
    other = page.context.new_page()
    other.goto(page.url)
    changed = page.context.new_page()
    changed.goto(page.url.replace("amount=600", "amount=700"))
    page.get_by_role("button", name=yes).dblclick()
    one.comes("等你确认收款")
    order = page.url

    page.bring_to_front()
    page.go_back()
    page.locator("input[name=consent]").check()
    page.get_by_role("button", name=yes).click()
    one.comes("等你确认收款")
    other.locator("input[name=consent]").check()
    other.get_by_role("button", name=yes).click()
    expect(other.get_by_role("heading", name=one.t("等你确认收款"))).to_be_visible()
    changed.locator("input[name=consent]").check()
    changed.get_by_role("button", name="确认借 ¥700.00").click()
    expect(changed.get_by_role("heading", name=one.t("已在另一个窗口办理"))).to_have_count(2)
    assert order == page.url == other.url
    changed.close()

    page.bring_to_front()
    one.tap("去微信确认收款")
    one.wallet("receive").dblclick()
    one.wallet("done").click()
    one.comes("已到零钱")
    expect(other.get_by_role("heading", name=one.t("已到零钱"))).to_be_visible()
    other.close()
    assert 1 == made(demo, one, "transfers")


def pays_a_shop_once(one):
    """Pay a code by two taps; it can be paid no more, by whatever road."""
    page = one.visitor.page
    one.scan("168.00")
    code = page.url
    page.get_by_role("button", name=one.t("确认付款 {amount}", amount="¥168.00")).dblclick()
    one.titled("付款成功")
    receipt = page.url
    for again in (page.go_back, lambda: page.goto(code)):
        again()
        one.tap("确认付款 {amount}", amount="¥168.00")
        one.titled("付款成功")
        assert receipt == page.url


def repays_once(demo, one):
    """Ask in two windows, pay by two taps, come back: one order, one payment."""
    page = one.visitor.page
    before = demo.purse(one.openid)["balance"]
    one.go("repay")
    other = page.context.new_page()
    other.goto(page.url)
    one.ask_repay("other", "300")
    other.locator("input[name=choice][value=other]").check(force=True)
    other.locator("input[name=amount]").fill("300")
    other.get_by_role("button", name=one.t("去微信支付还款")).click()
    expect(other.get_by_role("heading", name=one.t("等你付款"))).to_be_visible()
    assert page.url == other.url

    page.bring_to_front()
    one.tap("去付款")
    page.locator("input[name=source][value=balance]").check(force=True)
    page.locator("button[value=pay]").dblclick()
    one.wallet("done").click()
    one.comes("还款成功")
    page.go_back()
    expect(page.get_by_role("heading", name="支付成功")).to_be_visible()
    expect(other.get_by_role("heading", name=one.t("还款成功"))).to_be_visible()
    other.close()
    assert 1 == made(demo, one, "orders")
    assert before - 300_00 == demo.purse(one.openid)["balance"]
