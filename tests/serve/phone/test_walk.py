"""What a borrower does, page by page and by plain forms: from the first page to the last cent."""

import re

import pytest
from tests.serve.partner import PAID_AT
from tests.serve.phone.phones import APPLICATION, THIRTY, Phone, first

from jiehuan.serve.phone import identity
from jiehuan.store.vault import Field

TWELVE = identity.number("99999920140101001")


def apply(who, **more):
    """Fill in the application and send it; return the page that follows."""
    return who.fill(who.get("/phone/apply"), "/phone/apply", **{**APPLICATION, **more})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_whole_road_without_a_script(book, language):
    phone = Phone(book, language=language).sign_in()
    assert "/phone/apply" == (phone.get("/phone/home"), phone.at)[1]
    page = apply(phone)
    assert "¥10,000.00" in page.said()

    order = phone.borrows("3,000", 6)
    assert "¥3,000.00" in phone.get("/phone/home").said()
    phone.courier_says(order, package_info="pkg", create_time=PAID_AT, state="WAIT_USER_CONFIRM")
    phone.pays(order, 300_000)
    assert "¥3,000.00" in phone.get(f"/phone/orders/{order}").said()
    assert "7,000.00" in phone.get("/phone/home").said()

    shops = phone.get("/phone/shops")
    [scan, *_] = [link for link in shops.links() if link.startswith("/phone/shop/103")]
    page = phone.get(scan)
    page = phone.fill(page, "/phone/shop/103")
    assert "¥399.00" in page.said()

    book.move_on("2026-04-03")
    home = phone.get("/phone/home").said()
    assert "¥921.50" in home  # 399.00, the first of 500.00 and its fee of 22.50
    assert {"zh": "还款截至 4月10日 24:00 前", "en": "Due by 10 Apr, 24:00"}[language] in home

    page = phone.get("/phone/repay/instalments?count=3")
    page = phone.fill(page, "/phone/repay/instalments")
    assert "133.00" in page.said()
    order = phone.repays("usual:52250")
    phone.courier_says(order, prepay_id="wx1")
    phone.pays(order, 52_250)
    page = phone.get(f"/phone/orders/{order}")
    assert "¥22.50" in page.said()
    assert "¥500.00" in page.said()

    total = first(r"all:(\d+)", phone.get("/phone/repay").source)
    order = phone.repays(f"all:{total}")
    phone.courier_says(order, prepay_id="wx2")
    phone.pays(order, int(total))
    page = phone.get("/phone/repay")
    assert {"zh": "已全部还清", "en": "All paid off"}[language] in page.said()
    assert "10,000.00" in phone.get("/phone/home").said()


WRONG = (
    ({"name": "<b>"}, "请填写证件上的姓名"),
    ({"id_number": THIRTY[:-1] + "0"}, "身份证号不正确"),
    ({"id_number": identity.number("11010520991231002")}, "身份证号不正确"),  # not born yet
    ({"phone": "12345"}, "请填写 11 位手机号"),
    ({"education": "9"}, "请选择学历"),
    ({"limit": "99"}, "请填写可申请范围内的金额"),
    ({"limit": "1e9"}, "请填写可申请范围内的金额"),
    ({"consent": ""}, "请阅读并同意后再提交"),
)


def test_what_is_filled_in_wrongly_is_told_and_the_rest_is_kept(stranger):
    for wrong, said in WRONG:
        page = apply(stranger, **wrong)

        assert (422, True) == (page.status, said in page.said()), wrong
        kept = {**APPLICATION, **wrong}
        assert kept["phone"] == page.form("/phone/apply")["phone"]
        assert kept["limit"] == page.form("/phone/apply")["limit"]


def test_who_is_too_young_is_declined_with_the_reason_and_may_apply_again(stranger):
    page = apply(stranger, id_number=TWELVE)

    assert "申请没有通过" in page.said()
    assert "未成年" in page.said()
    assert "申请已通过" in apply(stranger).said()


def test_personal_data_are_kept_encrypted_and_only_those_asked_for(book, stranger):
    apply(stranger)

    known = stranger.run(book.wallet.recall(stranger.party))

    assert {
        Field.NAME: "林小雨",
        Field.ID_NUMBER: THIRTY,
        Field.PHONE: "10000000001",
    } == {field: text for field, text in known.items() if field is not Field.OPENID}


def test_a_demo_can_fill_in_data_that_pass_the_checks(stranger):
    page = stranger.get("/phone/apply?sample=1")
    page = stranger.fill(page, "/phone/apply", name="林小雨", consent="yes", education="2")

    assert "申请已通过" in page.said()


def test_who_has_a_line_is_not_asked_to_apply(phone):
    phone.get("/phone/apply")

    assert "/phone/home" == phone.at


def test_a_result_is_shown_to_its_applicant_only(book, stranger):
    apply(stranger, id_number=TWELVE)
    other = Phone(book, "oTest-openid-2").sign_in()

    assert 404 == other.get(f"/phone/applied/{stranger.number()}").status
    assert 404 == other.get("/phone/applied/999").status


def test_a_late_line_is_told_what_to_pay_first(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=300_000)
    phone.api.move_on("2026-04-12")

    home = phone.get("/phone/home").said()

    assert "已逾期" in home
    assert "请尽快还清最低还款额 ¥300.00" in home
    assert "先还清逾期的最低还款额" in phone.get("/phone/borrow?amount=100").said()


def test_an_order_of_the_wallet_tells_how_far_it_is(phone):
    order = phone.borrows("100")
    seen = [phone.get(f"/phone/orders/{order}").said()]
    phone.courier_says(order, package_info="pkg", create_time="2026-03-05T10:00:00+08:00")
    page = phone.get(f"/phone/orders/{order}")
    seen.append(page.said())
    seen.append(phone.get(f"/phone/orders/{order}?wxpay=ok").said())
    assert phone.api.tell(order, "unknown", reason="timeout", ask_in_s=1.0).is_success
    assert phone.api.tell(order, "failed", reason="OVERDUE_CLOSE", partner={}).is_success
    seen.append(phone.get(f"/phone/orders/{order}").said())

    for said, words in zip(
        seen,
        [
            "正在提交到微信",
            "请在 3月6日 09:00 前到微信确认收款",
            "已确认收款，正在入账 ¥100.00 通常几秒内完成；最迟 3月6日 09:00 会有结果",
            "没有借成 ¥100.00 没有付出去，不计任何息费，额度已恢复。 超过时间没有收款。",
        ],
        strict=True,
    ):
        assert words in said
    assert "10,000.00" in phone.get("/phone/home").said()


def test_what_the_wallet_says_was_paid_is_on_its_way_until_the_book_has_it(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)
    phone.api.move_on("2026-04-02")
    order = phone.repays("usual:50000")
    phone.courier_says(order, prepay_id="wx1")

    said = phone.get(f"/phone/orders/{order}?wxpay=ok").said()

    assert f"/phone/orders/{order}" == phone.at
    assert "已在微信支付成功，正在入账" in said
    assert "最迟 110 分钟" in said
    assert "你取消了支付" in phone.get(f"/phone/orders/{order}?wxpay=cancel").said()


def test_while_a_repayment_is_open_it_is_the_only_one_and_it_can_be_given_up(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)
    phone.api.move_on("2026-04-02")
    page = phone.get("/phone/repay")
    order = phone.repays("usual:50000")
    again = phone.get("/phone/repay")
    other = phone.fill(page, "/phone/repay", choice="other", amount="5")
    assert "已在另一个窗口办理" in other.said()
    assert "有一笔还款还没有完成" in again.said()
    assert [] == [attrs for attrs, _ in again.forms if attrs["action"] == "/phone/repay"]
    page = phone.fill(phone.get(f"/phone/orders/{order}"), f"/phone/orders/{order}/end")
    assert "正在关闭" in page.said()
    assert "end" == phone.api.due(wait_s=0)[0]["wanted"]
    assert phone.api.tell(order, "failed", reason="CLOSED", partner={}).is_success
    assert "没有付款，已关闭" in phone.get(f"/phone/orders/{order}").said()
    assert "还清账单" in phone.get("/phone/repay").said()


def test_more_than_everything_is_not_collected(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)

    page = phone.fill(phone.get("/phone/repay"), "/phone/repay", choice="other", amount="500.01")

    assert "最多还 ¥500.00" in page.said()


def test_what_is_overpaid_goes_back_to_the_payment_it_came_from(phone):
    bought = phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)["id"]
    order = phone.repays("all:50000")
    phone.courier_says(order, prepay_id="wx1")
    phone.pays(order, 50_000)
    phone.api.do(f"{phone.line_path}/refunds", purchase=bought, amount_minor=20_000)

    page = phone.get("/phone/pay-back")
    assert "¥200.00" in page.said()
    page = phone.fill(page, "/phone/pay-back")
    assert "正在退回" in page.said()
    back = phone.number()
    [task] = phone.api.due(wait_s=0)
    assert ("pay_back", 20_000, 50_000) == (
        task["kind"],
        task["amount_minor"],
        task["source_total_minor"],
    )
    assert "现在没有可以退回的钱" in phone.get("/phone/pay-back").said()
    phone.courier_says(back)
    phone.pays(back, 20_000)
    assert "已退回" in phone.get(f"/phone/orders/{back}").said()
    assert "多还的钱已退回" in phone.get("/phone/home").said()


def test_a_refund_tells_where_each_cent_went(phone):
    bought = phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)["id"]
    order = phone.repays("all:40000")
    phone.courier_says(order, prepay_id="wx1")
    phone.pays(order, 40_000)
    phone.api.do(f"{phone.line_path}/refunds", purchase=bought, amount_minor=30_000)

    [link] = [
        link for link in phone.get("/phone/history").links() if link.startswith("/phone/history/")
    ][:1]
    said = phone.get(link).said()

    assert "+¥300.00" in said
    assert "冲减本金 应付商家 → 本金 ¥100.00" in said
    assert "退款存为多还的钱 应付商家 → 多还的钱 ¥200.00" in said


def test_the_list_of_what_was_done_has_pages(phone):
    for amount in range(1, 36):
        phone.api.do(f"{phone.line_path}/purchases", amount_minor=amount)

    first = phone.get("/phone/history")
    [more] = [link for link in first.links() if "before=" in link]
    second = phone.get(more)

    def shown(page):
        return [link for link in page.links() if re.fullmatch(r"/phone/history/\d+", link)]

    assert (30, 6) == (len(shown(first)), len(shown(second)))
    assert not set(shown(first)) & set(shown(second))
