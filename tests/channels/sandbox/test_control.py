"""What a person does on the pages, as JSON; who signed in; and the files of a day."""

import csv
import gzip
import hashlib
import io
import re

import pytest
from tests.channels.sandbox.running import running

REFUNDS = "/v3/refund/domestic/refunds"


@pytest.fixture(scope="module")
def sandbox():
    with running() as one:
        yield one


@pytest.fixture
def fresh():
    with running() as one:
        yield one


def test_time_moves_as_it_is_told(fresh):
    told = fresh.control("/clock", {"now": "2027-01-31T09:00:00+08:00"})
    assert told["now"].startswith("2027-01-31T09:00:0")

    told = fresh.control("/clock", {"advance_s": 86_400})
    assert told["now"].startswith("2027-02-01T09:00:0")
    assert told == fresh.http.get("/control/clock").json() | {
        name: told[name] for name in ("now", "real")
    }

    # Signatures go by real time all the same.
    answer = fresh.call("POST", "/v3/security/echo", {"echo_message": "x"})
    assert 200 == answer.status_code


def test_what_is_set_can_be_seen_and_taken_away(fresh):
    one = fresh.control("/faults", {"fault": "notify_twice", "on": "next"})
    two = fresh.control("/faults", {"fault": "timeout", "on": 0.5, "match": "refund"})
    listed = fresh.http.get("/control/faults").json()["faults"]
    assert [one, two] == listed

    assert [two] == fresh.http.delete(f"/control/faults/{one['id']}").json()["faults"]
    assert [] == fresh.http.delete("/control/faults").json()["faults"]


def test_speed_and_money_and_cards(fresh):
    assert 60 == fresh.control("/speed", {"speed": 60})["speed"]
    before = fresh.http.get("/control/state").json()["balances"]
    openid = fresh.config["openids"][0]

    after = fresh.control("/top-up", {"account": f"{openid}/balance", "amount_minor": 5})

    assert before[f"{openid}/balance"] + 5 == after["balances"][f"{openid}/balance"]
    assert 0 == sum(after["balances"].values())
    card = f"{openid}/cmb"
    assert fresh.control("/accounts", {"account": card})["closed"]
    assert [card] == fresh.http.get("/control/state").json()["closed"]
    assert not fresh.control("/accounts", {"account": card, "closed": False})["closed"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/act", {"do": "dance"}, "/do"),
        ("/act", {}, "/do"),
        ("/faults", {"fault": "no"}, "/fault"),
        ("/faults", {"fault": "timeout", "on": 2}, "/on"),
        ("/clock", {}, "/now"),
        ("/clock", {"now": "tomorrow"}, "/now"),
        ("/clock", {"now": "2027-01-31T09:00:00"}, "/now"),
        ("/clock", {"advance_s": "x"}, "/advance_s"),
        ("/speed", {"speed": 0}, "/speed"),
        ("/speed", {"speed": True}, "/speed"),
        ("/top-up", {"account": "nobody", "amount_minor": 1}, "/account"),
        ("/top-up", {"account": "merchant", "amount_minor": 0.5}, "/amount_minor"),
        ("/clock", {"now": 10**20}, "/now"),
        ("/clock", {"advance_s": -(10**20)}, "/advance_s"),
        ("/accounts", {"account": "nobody"}, "/account"),
        ("/accounts", {"account": 1}, "/account"),
        ("/accounts", {"account": "merchant", "closed": 1}, "/closed"),
    ],
)
def test_what_is_wrong_is_told(sandbox, path, body, field):
    answer = sandbox.http.post(f"/control{path}", json=body)

    assert 400 == answer.status_code, answer.text
    assert field == answer.json()["detail"]["field"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_what_is_no_object_is_refused(sandbox, content):
    answer = sandbox.http.post("/control/act", content=content)

    assert (400, "PARAM_ERROR") == (answer.status_code, answer.json()["code"])


def test_pages_of_other_sites_may_not(sandbox):
    ours = {"Origin": sandbox.config["base_url"]}
    theirs = {"Origin": "https://example.com"}

    assert 200 == sandbox.http.post("/control/speed", json={"speed": 1}, headers=ours).status_code
    assert 403 == sandbox.http.post("/control/speed", json={"speed": 9}, headers=theirs).status_code


# --- sign-in ------------------------------------------------------------------------------------


def token(sandbox, **instead):
    """Exchange a code."""
    code = sandbox.office.codes.make(
        sandbox.config["openids"][0], "snsapi_base", sandbox.office.real()
    )
    asked = {
        "appid": sandbox.config["appid"],
        "secret": sandbox.config["appsecret"],
        "code": code,
        "grant_type": "authorization_code",
    }
    told = sandbox.http.get("/sns/oauth2/access_token", params=asked | instead)
    assert 200 == told.status_code
    return told.json(), asked


def test_a_code_is_good_once(sandbox):
    told, asked = token(sandbox)

    assert sandbox.config["openids"][0] == told["openid"]
    assert {"access_token", "expires_in", "refresh_token", "openid", "scope"} == set(told)
    again = sandbox.http.get("/sns/oauth2/access_token", params=asked).json()
    assert 40029 == again["errcode"]


def test_a_code_is_good_for_five_minutes(sandbox):
    real = sandbox.office.real()
    late = sandbox.office.codes.make("somebody", "snsapi_base", real - 301)

    assert 40029 == token(sandbox, code=late)[0]["errcode"]


@pytest.mark.parametrize(
    ("name", "value", "errcode"),
    [
        ("appid", "", 41002),
        ("appid", "wx0", 40013),
        ("secret", "", 41004),
        ("secret", "wrong", 40125),
        ("grant_type", "password", 40002),
        ("code", "", 41008),
        ("code", "wrong", 40029),
    ],
)
def test_what_is_wrong_with_a_code(sandbox, name, value, errcode):
    assert errcode == token(sandbox, **{name: value})[0]["errcode"]


# --- bills --------------------------------------------------------------------------------------


def busy_day(sandbox):
    """Let something of everything happen on 2027-03-05; look at it two days later."""
    sandbox.control("/clock", {"now": "2027-03-05T10:00:00+08:00"})
    body = sandbox.prepay_body("bill000001", total=12_345) | {"description": "一,二\n三"}
    ordered = sandbox.call("POST", "/v3/pay/transactions/jsapi", body).json()
    payer = {"openid": body["payer"]["openid"], "source": "cmb"}
    sandbox.control("/act", {"do": "pay", "prepay_id": ordered["prepay_id"], **payer})
    amount = {"refund": 345, "total": 12_345, "currency": "CNY"}
    back = {"out_trade_no": "bill000001", "out_refund_no": "back000001", "amount": amount}
    assert 200 == sandbox.call("POST", REFUNDS, back).status_code
    sandbox.control("/clock", {"now": "2027-03-07T10:00:00+08:00"})


def rows(content):
    """Read a bill; every field of a row stands behind a backtick."""
    return [[field.removeprefix("`") for field in row] for row in csv.reader(io.StringIO(content))]


def download(sandbox, target):
    """Apply for a bill and fetch it; return its text."""
    told = sandbox.call("GET", target).json()
    assert {"hash_type", "hash_value", "download_url"} == set(told)
    assert told["download_url"].startswith(sandbox.config["base_url"] + "/v3/billdownload/file?")
    file = sandbox.call("GET", told["download_url"].removeprefix(sandbox.config["base_url"]))
    assert 200 == file.status_code
    assert "Wechatpay-Signature" not in file.headers
    content = gzip.decompress(file.content) if "tar_type=GZIP" in target else file.content
    assert hashlib.sha1(content).hexdigest() == told["hash_value"]
    return content.decode()


def test_the_bills_of_a_day(fresh):
    busy_day(fresh)
    target = "/v3/bill/tradebill?bill_date=2027-03-05"

    header, paid, back, totals_header, totals = rows(download(fresh, target))
    assert len(header) == len(paid) == len(back)
    assert len(totals_header) == len(totals)
    told, given = dict(zip(header, paid, strict=True)), dict(zip(header, back, strict=True))
    assert ("123.45", "SUCCESS", "bill000001", "CMB_DEBIT", "一 二 三") == tuple(
        told[name] for name in ("订单金额", "交易状态", "商户订单号", "付款银行", "商品名称")
    )
    assert ("3.45", "REFUND", "back000001") == tuple(
        given[name] for name in ("退款金额", "交易状态", "商户退款单号")
    )
    assert ["2", "123.45", "3.45", "0.00", "0.00000", "123.45", "3.45"] == totals

    success, refund = (f"{target}&bill_type={kind}" for kind in ("SUCCESS", "REFUND"))
    assert 4 == len(rows(download(fresh, success))) == len(rows(download(fresh, refund)))
    assert download(fresh, target) == download(fresh, f"{target}&tar_type=GZIP")


def test_the_fund_flow_of_a_day(fresh):
    busy_day(fresh)
    target = "/v3/bill/fundflowbill?bill_date=2027-03-05&account_type=BASIC&tar_type=GZIP"

    header, paid, back, _, totals = rows(download(fresh, target))

    shown = [dict(zip(header, row, strict=True)) for row in (paid, back)]
    assert [("收入", "123.45"), ("支出", "3.45")] == [
        (row["收支类型"], row["收支金额（元）"]) for row in shown
    ]
    assert ["2", "1", "123.45", "1", "3.45"] == totals
    left = fresh.http.get("/control/state").json()["balances"]["merchant"]
    assert f"{left // 100}.{left % 100:02d}" == shown[1]["账户结余（元）"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bill_date=2027-03-04", "NO_STATEMENT_EXIST"),
        ("bill_date=2027-03-07", "STATEMENT_CREATING"),
        ("bill_date=yesterday", "PARAM_ERROR"),
        ("bill_type=ALL", "PARAM_ERROR"),
        ("bill_date=2027-03-05&bill_type=X", "PARAM_ERROR"),
        ("bill_date=2027-03-05&tar_type=ZIP", "PARAM_ERROR"),
    ],
)
def test_a_bill_that_is_not_there(fresh, query, code):
    busy_day(fresh)

    answer = fresh.call("GET", f"/v3/bill/tradebill?{query}")

    assert (400, code) == (answer.status_code, answer.json()["code"])


def test_by_proxy_a_bill_lies_where_the_real_one_would(fresh):
    busy_day(fresh)
    host = {"Host": "api.mch.weixin.qq.com"}

    told = fresh.call("GET", "/v3/bill/tradebill?bill_date=2027-03-05", headers=host).json()

    begin = r"https://api\.mch\.weixin\.qq\.com/v3/billdownload/file\?token="
    assert re.match(begin, told["download_url"])


def test_a_file_is_for_who_signs_and_knows_its_token(fresh):
    busy_day(fresh)
    told = fresh.call("GET", "/v3/bill/tradebill?bill_date=2027-03-05").json()

    assert 401 == fresh.http.get(told["download_url"]).status_code
    assert 400 == fresh.call("GET", "/v3/billdownload/file?token=x").status_code
