"""What the pages promise is what the book then does, to the cent."""

import datetime as dt
import re

import pytest
from tests.serve.phone.phones import Phone


def rows_of(page):
    """Return the payments of a quote: principal, cost and sum, in cents."""
    table = page.source.partition('<table class="rows">')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
    numbers = [re.findall(r"[\d,]+\.\d\d", row) for row in rows]
    return [tuple(int(re.sub(r"[,.]", "", one)) for one in row) for row in numbers]


def borrowed(phone, amount, count):
    """Borrow, and have it arrive at once; return what the last page before it promised."""
    promised = rows_of(phone.get(f"/phone/borrow/confirm?amount={amount}&count={count}"))
    order = phone.borrows(amount, count)
    phone.courier_says(order, package_info="pkg")
    phone.pays(order, int(float(amount) * 100))
    return promised


@pytest.mark.parametrize("amount", ["800", "1234.56", "0.07"])
def test_a_draw_by_the_day_costs_what_its_quote_said(phone, amount):
    promised = borrowed(phone, amount, 0)

    phone.api.move_on("2026-04-10")
    bill = phone.api.get(phone.line_path).json()["due_minor"]
    phone.api.do(f"{phone.line_path}/repayments", amount_minor=bill)
    phone.api.move_on("2026-05-02")

    cuts = phone.api.get(f"{phone.line_path}/statements").json()["statements"][::-1]
    assert [total for *_, total in promised] == [cut["due_minor"] for cut in cuts[: len(promised)]]


@pytest.mark.parametrize(("amount", "count"), [("1000", 3), ("999.99", 6), ("0.05", 12)])
def test_a_draw_in_instalments_is_the_plan_its_quote_said(phone, amount, count):
    promised = borrowed(phone, amount, count)

    plan = rows_of(phone.get("/phone/plan"))

    assert [(principal, fee) for principal, fee, _ in promised] == plan


def test_instalments_of_a_bill_are_the_plan_their_quote_said(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=99_999)
    phone.api.move_on("2026-04-05")
    page = phone.get("/phone/repay/instalments?count=9")
    promised = rows_of(page)

    page = phone.fill(page, "/phone/repay/instalments")

    assert [(principal, fee) for principal, fee, _ in promised] == rows_of(page)
    assert 99_999 == sum(principal for principal, *_ in promised)


@pytest.mark.parametrize("days", [1, 9, 30, 45, 70])
def test_what_pays_off_everything_leaves_nothing_and_no_cent_more(phone, days):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=123_456)
    borrowed(phone, "777.77", 0)
    borrowed(phone, "600", 6)
    on = dt.date(2026, 3, 5) + dt.timedelta(days=days)
    phone.api.move_on(on.isoformat())

    choices = re.findall(r'value="(?:all|usual):(\d+)"', phone.get("/phone/repay").source)
    total = max(map(int, choices))
    order = phone.repays(f"all:{total}")
    phone.courier_says(order, prepay_id="wx")
    phone.pays(order, total, at=f"{on.isoformat()}T12:00:00+08:00")

    line = phone.api.get(phone.line_path).json()
    assert (0, 0, 0) == (line["used_minor"], line["charges_minor"], line["overpaid_minor"])
    assert "已全部还清" in phone.get("/phone/repay").said()


def test_the_live_quote_is_that_of_the_page(phone):
    part = phone.get("/phone/borrow/quote?amount=1%2C000&count=6", headers={"HX-Request": "true"})
    whole = phone.get("/phone/borrow?amount=1%2C000&count=6")

    assert part.said() in whole.said()
    assert "<html" not in part.source
    assert "15.27 %" in part.said()
    assert "¥45.00" in part.said()


CANNOT = (
    ("amount=abc", "请填写金额"),
    ("amount=0", "请填写金额"),
    ("amount=1.001", "请填写金额"),
    ("amount=-5", "请填写金额"),
    ("amount=10000.01", "超出可用额度 ¥10,000.00"),
    ("amount=100&count=5", "请从页面上列出的期数中选择"),
    ("amount=99999999999999999999", "请填写金额"),
)


def test_what_cannot_be_borrowed_is_told_at_once(phone):
    for query, said in CANNOT:
        part = phone.get(f"/phone/borrow/quote?{query}", headers={"HX-Request": "true"})
        page = phone.get(f"/phone/borrow/confirm?{query}")
        assert said in part.said(), query
        assert (422, True) == (page.status, said in page.said()), query


def test_a_bill_after_its_due_day_is_for_no_instalments(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=50_000)
    phone.api.move_on("2026-04-10")
    assert "分期还款" in phone.get("/phone/repay").said()
    phone.api.do(f"{phone.line_path}/repayments", amount_minor=10_000)
    phone.api.move_on("2026-04-11")

    assert "分期还款" not in phone.get("/phone/repay").said()
    page = phone.get("/phone/repay/instalments")
    assert (409, True) == (page.status, "现在不能分期" in page.said())


def test_who_has_no_bill_is_told_so(book):
    phone = Phone(book).sign_in().has_line()

    assert 409 == phone.get("/phone/repay/instalments").status
