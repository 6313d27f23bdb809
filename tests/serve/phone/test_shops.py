"""Paying a shop: what it signed, once, from what is available."""

from urllib.parse import parse_qs, urlsplit

from tests.serve.phone.phones import PUBLIC, Phone

from jiehuan.serve.phone.shops import Bill, Shops


def code_of(phone, merchant=103):
    """Return the address of the first code of a shop."""
    links = phone.get("/phone/shops").links()
    return next(link for link in links if link.startswith(f"/phone/shop/{merchant}?"))


def test_a_code_is_paid_once_however_often_it_is_scanned(phone):
    path = code_of(phone)
    page = phone.get(path)
    assert "付给 好邻电器 ¥399.00" in page.said()
    assert "4月10日 24:00 前" in page.said()
    first = phone.fill(page, "/phone/shop/103")
    place = phone.at
    again = phone.fill(phone.get(path), "/phone/shop/103")

    assert "付款成功" in first.said()
    assert place == phone.at
    assert "¥399.00" in again.said()
    assert "9,601.00" in phone.get("/phone/home").said()


def test_a_code_that_somebody_else_has_paid_is_not_paid_again(phone):
    path = code_of(phone)
    phone.fill(phone.get(path), "/phone/shop/103")
    other = Phone(phone.api, "oTest-openid-2").sign_in().has_line()

    page = other.fill(other.get(path), "/phone/shop/103")

    assert 409 == page.status
    assert "10,000.00" in other.get("/phone/home").said()


CHANGES = (
    *(("amount_minor", value) for value in ("39901", "1", "-39900", "", "39900.0")),
    *(("order", value) for value in ("000000000000", "", "x" * 41)),
    *(("sign", value) for value in ("0" * 32, "", "é")),
)


def test_what_the_shop_did_not_sign_is_refused(phone):
    path = code_of(phone)
    said = {name: one for name, [one] in parse_qs(urlsplit(path).query).items()}
    form = phone.get(path).form("/phone/shop/103")

    for part, value in CHANGES:
        for page in (
            phone.get("/phone/shop/103", params={**said, part: value}),
            phone.send("/phone/shop/103", {**form, part: value}),
        ):
            assert (403, True) == (page.status, "这个付款码不对" in page.said()), (part, value)
    assert "10,000.00" in phone.get("/phone/home").said()


def test_a_code_of_one_shop_is_none_of_another(phone):
    path = code_of(phone)

    assert 403 == phone.get(path.replace("/103?", "/101?")).status
    assert 403 == phone.get(path.replace("/103?", "/999?")).status
    assert 404 == phone.get(path.replace("/103?", "/x?")).status


def test_what_is_not_available_is_told_before_and_refused_after(phone):
    phone.api.do(f"{phone.line_path}/purchases", amount_minor=980_000)
    path = code_of(phone)

    page = phone.get(path)
    form = {**phone.get(code_of(phone, 101)).form("/phone/shop/101")}
    fields = {name: one for name, [one] in parse_qs(urlsplit(path).query).items()}
    refused = phone.send("/phone/shop/103", {**form, **fields})

    assert "超出可用额度 ¥200.00" in page.said()
    assert "确认付款" not in page.said()
    assert (409, True) == (refused.status, "请减少金额" in refused.said())


def test_who_has_no_line_is_led_to_the_application(stranger):
    bill = stranger.app.shops.ask(101, 500)
    stranger.get(stranger.app.shops.path(bill))

    assert "/phone/apply" == stranger.at


def test_a_code_holds_our_own_address_with_the_bill_in_it():
    shops = Shops(bytes(32), PUBLIC)
    bill = Bill(101, "abc", 500)

    assert shops.code(bill).startswith(b"<svg")
    assert f"/phone/shop/101?order=abc&amount_minor=500&sign={shops.sign(bill)}" == shops.path(bill)
    assert shops.sign(bill) != shops.sign(Bill(102, "abc", 500))
    assert shops.sign(bill) != Shops(b"1" * 32, PUBLIC).sign(bill)


def test_no_two_bills_have_one_order():
    shops = Shops(bytes(32), PUBLIC)

    assert 100 == len({shops.ask(101, 1).order for _ in range(100)})
