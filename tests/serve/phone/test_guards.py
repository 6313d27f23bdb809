"""Nobody sees or does what is another's, and nothing is done twice."""

from functools import partial

import httpx
import pytest
from starlette.responses import Response
from tests.serve.phone.phones import APPLICATION, PUBLIC, Asked, Phone, PhoneApi, first

from jiehuan.core.errors import DatabaseDown
from jiehuan.serve.phone.session import Session, Sessions

# Every page that names something of a line by its number, and a form that changes something.
OWN = (
    "/phone/orders/{order}",
    "/phone/receipts/{purchase}",
    "/phone/bills/{bill}",
    "/phone/history/{purchase}",
)


@pytest.fixture
def other(book):
    """Somebody else with a line in the same book."""
    return Phone(book, "oTest-openid-2").sign_in().has_line()


def test_what_is_anothers_is_as_if_it_were_not_there(phone, other):
    names = {
        "purchase": bought(phone, 50_000),
        "order": phone.borrows("100"),
    }
    phone.api.move_on("2026-04-02")
    [bill] = [link for link in phone.get("/phone/bills").links() if "/bills/" in link]
    names["bill"] = bill.rpartition("/")[2]

    for address in OWN:
        path = address.format(**names)
        assert 200 == phone.get(path).status, path
        assert 404 == other.get(path).status, path
        assert 404 == other.get(address.format(**dict.fromkeys(names, 10**9))).status
        assert 404 == other.get(address.format(**dict.fromkeys(names, "x"))).status


def bought(phone, amount):
    """Buy something; return its number."""
    return int(
        phone.api.do(f"{phone.line_path}/purchases", amount_minor=amount)["id"].rpartition("_")[2]
    )


def test_anothers_order_cannot_be_given_up(phone, other):
    bought(phone, 50_000)
    order = phone.repays("all:50000")
    seal = other.app.seals.seal(Session("x", other.party), f"end-{order}")

    assert 403 == other.send(f"/phone/orders/{order}/end", {"seal": seal}).status
    session = other.app.sessions.read(Asked(other))
    seal = other.app.seals.seal(session, f"end-{order}")
    assert 404 == other.send(f"/phone/orders/{order}/end", {"seal": seal}).status
    assert "继续" in phone.get("/phone/repay").said()


def test_without_a_session_every_page_but_the_first_leads_to_the_wallet(book):
    nobody = Phone(book)
    assert 200 == nobody.get("/phone/").status
    for path in (
        "home",
        "borrow",
        "repay",
        "bills",
        "history",
        "plan",
        "apply",
        "shops",
        "pay-back",
    ):
        answer = nobody.ask("GET", f"/phone/{path}")
        assert (303, True) == (
            answer.status_code,
            answer.headers["location"].startswith("https://open.weixin.qq.com/"),
        ), path
    for path in ("borrow", "repay", "sign-out", "apply", "repay/instalments", "pay-back"):
        assert 303 == nobody.ask("POST", f"/phone/{path}", data={}).status_code, path


def test_a_cookie_that_was_changed_is_no_session(phone):
    [(name, value)] = phone.cookies.items()
    for changed in ("x" + value, value + "x", value[:10], "", "a.b.c", value[::-1]):
        phone.cookies = httpx.Cookies({name: changed})
        assert 303 == phone.ask("GET", "/phone/home").status_code, changed


def test_a_session_of_another_book_or_key_or_party_is_none(book, phone):
    for sessions in (
        Sessions(bytes(32), book.number + 1, secure=False),
        Sessions(b"1" * 32, book.number, secure=False),
    ):
        response = Response()
        sessions.begin(response, phone.party)
        name, _, value = response.headers["set-cookie"].split(";")[0].partition("=")
        phone.cookies = httpx.Cookies({name: value})
        assert 303 == phone.ask("GET", "/phone/home").status_code


def test_who_signed_out_is_out_also_by_a_copy_of_the_cookie(phone):
    copy = dict(phone.cookies.items())
    form = phone.get("/phone/home").form("/phone/sign-out")
    answer = phone.ask("POST", "/phone/sign-out", data=form)
    assert "/phone/" == answer.headers["location"]
    assert answer.headers["set-cookie"].startswith('phone=""; HttpOnly; Max-Age=0')

    phone.cookies = httpx.Cookies(copy)

    assert 303 == phone.ask("GET", "/phone/home").status_code


def test_a_form_without_its_seal_does_nothing(phone):
    fields = {"amount": "100", "count": "0", "consent": "yes"}
    for more in ({}, {"seal": ""}, {"seal": "x"}, {"seal": "WyJkcmF3IiwiIiwiYSJd.aaaaaa.bbbbbbbb"}):
        answer = phone.send("/phone/borrow", {**fields, **more})
        assert (403, "这个表单已失效") == (answer.status, _title(answer))

    assert "10,000.00" in phone.get("/phone/home").said()


def test_a_seal_is_good_for_its_session_and_its_action_only(phone, other):
    confirm = "/phone/borrow/confirm?amount=100&count=0"
    fields = {"amount": "100", "count": "0", "consent": "yes"}
    foreign = other.get(confirm).form("/phone/borrow")["seal"]
    of_another_action = phone.get("/phone/home").form("/phone/sign-out")["seal"]

    for seal in (foreign, of_another_action):
        assert 403 == phone.send("/phone/borrow", {**fields, "seal": seal}).status


def test_a_form_sent_from_elsewhere_does_nothing(phone):
    page = phone.get("/phone/borrow/confirm?amount=100&count=0")
    fields = {**page.form("/phone/borrow"), "consent": "yes"}
    for headers, status in (
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": PUBLIC}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ):
        assert status == phone.send("/phone/borrow", fields, headers=headers).status, headers


def test_a_double_tap_the_back_button_and_a_second_tab_borrow_once(phone):
    confirm = "/phone/borrow/confirm?amount=100&count=0"
    one, two = (phone.get(confirm).form("/phone/borrow") for _ in range(2))  # two tabs
    sent = [("POST", "/phone/borrow", {"data": {**form, "consent": "yes"}}) for form in (one, two)]

    answers = phone.together(*sent, *sent)  # a double tap in each of them, all at once
    answers += phone.together(sent[0])  # and later by the back button

    assert {303} == {answer.status_code for answer in answers}
    assert 1 == len({answer.headers["location"] for answer in answers})
    assert "9,900.00" in phone.get("/phone/home").said()


def test_another_tab_of_the_same_moment_cannot_borrow_something_else(phone):
    one, two = (
        phone.get(f"/phone/borrow/confirm?amount={amount}&count=0") for amount in (100, 200)
    )
    phone.fill(one, "/phone/borrow", consent="yes")

    page = phone.fill(two, "/phone/borrow", consent="yes")

    assert 409 == page.status
    assert "已在另一个窗口办理" in page.said()
    assert "申请借到零钱 ¥100.00" in page.said()
    assert "9,900.00" in phone.get("/phone/home").said()


def test_what_was_refused_can_be_asked_again_with_another_amount(phone):
    page = phone.get("/phone/borrow/confirm?amount=100&count=0")
    refused = phone.fill(page, "/phone/borrow", amount="10000.01", consent="yes")
    assert (409, True) == (refused.status, "超出可用额度" in refused.said())

    assert "正在提交到微信" in phone.get(f"/phone/orders/{phone.borrows('100')}").said()


def test_two_forms_of_a_repayment_make_one_order(phone):
    bought(phone, 50_000)
    form = {**phone.get("/phone/repay").form("/phone/repay"), "choice": "all:50000"}

    answers = phone.together(*[("POST", "/phone/repay", {"data": form})] * 4)

    assert 1 == len({answer.headers["location"] for answer in answers})
    assert 1 == len(phone.api.due(wait_s=0))


def test_applying_in_two_windows_opens_one_line(stranger):
    forms = [{**stranger.get("/phone/apply").form("/phone/apply"), **APPLICATION} for _ in "12"]
    forms.append({**forms[0], "limit": "5,000"})

    answers = stranger.together(*[("POST", "/phone/apply", {"data": form}) for form in forms])

    shown = {answer.headers.get("location", "") for answer in answers}
    assert 1 == len({place for place in shown if "/applied/" in place})
    assert 1 == len(stranger.run(stranger.api.wallet.lines_of(stranger.party)))


def test_pages_are_told_to_load_nothing_from_elsewhere(phone):
    for path in ("/phone/", "/phone/home", "/phone/borrow", "/phone/nothing", "/phone/orders/9"):
        headers = phone.get(path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert "'none'" == policy["default-src"]
        assert "'self'" == policy["frame-ancestors"]
        assert not any("unsafe" in value or "*" in value for value in policy.values())
        assert "no-store" == headers["cache-control"]
        assert "nosniff" == headers["x-content-type-options"]


def test_cookies_are_not_for_scripts_and_over_https_for_https_only(book):
    for url, starts, flags in (
        ("http://jiehuan", "phone=", {"HttpOnly", "Path=/", "SameSite=lax"}),
        (
            "https://jiehuan.example",
            "__Host-phone=",
            {"HttpOnly", "Path=/", "SameSite=lax", "Secure"},
        ),
    ):
        sessions = Sessions(bytes(32), book.number, secure=url.startswith("https"))
        response = Response()
        sessions.begin(response, 1)
        cookie = response.headers["set-cookie"]
        assert cookie.startswith(starts)
        assert flags == {part.strip() for part in cookie.split(";")[1:]} - {"Max-Age=43200"}


def test_the_app_of_an_https_address_sets_secure_cookies(an_api):
    api = an_api(kind=partial(PhoneApi, public_url="https://jiehuan.example"))

    answer = Phone(api).ask("GET", "/phone/enter")

    assert answer.headers["set-cookie"].startswith("__Host-phone-state=")
    assert "Secure" in answer.headers["set-cookie"]


def test_what_is_too_large_or_sent_the_wrong_way_is_refused_in_words(phone):
    large = phone.send("/phone/borrow", {"amount": "1" * 70_000})
    wrong = phone.get("/phone/sign-out")

    assert (413, "提交的内容过大") == (large.status, _title(large))
    assert (405, "不能这样打开") == (wrong.status, _title(wrong))
    assert (404, "没有这个页面") == (phone.get("/phone/x").status, _title(phone.get("/phone/x")))


def _title(page):
    return first(r'told-title">([^<]*)<', page.source)


def test_text_that_a_borrower_sends_is_shown_as_text(stranger):
    page = stranger.get("/phone/apply")
    page = stranger.fill(page, "/phone/apply", name='"><script>alert(1)</script>')

    assert "<script>alert" not in page.source


def test_trouble_with_the_database_is_told_in_words(phone, monkeypatch):
    def down():
        raise DatabaseDown("gone")

    monkeypatch.setattr(phone.api.service, "snapshot", down)

    page = phone.get("/phone/home")

    assert (503, "系统繁忙") == (page.status, _title(page))
