"""The adapter: what it sends, what it makes of every kind of answer, which notices it believes."""

import base64
import dataclasses
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.channels import keys
from tests.channels.partner import NOT_FOUND, Partner, Say, open_at

from jiehuan.channels.answers import Accepted, Ended, NotThere, Refused, Settled, Unknown
from jiehuan.channels.wechat import Forged, Malformed, WeChat
from jiehuan.channels.wechat_settings import Settings

NUMBER = "jh0020000000000017"
NOTIFY = "http://127.0.0.1:8000/wechat/notify"
WHEN = "2026-11-23T10:34:56+08:00"
OWN = {"mchid": keys.MCHID, "appid": keys.APPID, "out_trade_no": NUMBER}
PAID = OWN | {
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "transaction_id": "4200001",
    "success_time": WHEN,
    "amount": {"total": 12_300, "payer_total": 12_300, "currency": "CNY"},
}
PREPAY, TRANSFERS = "POST /v3/pay/transactions/jsapi", "POST /v3/fund-app/mch-transfer"
QUERY = f"GET /v3/pay/transactions/out-trade-no/{NUMBER}?mchid={keys.MCHID}"
BILL = {"out_bill_no": NUMBER, "transfer_bill_no": "1330", "create_time": WHEN}


@pytest.fixture(params=["certificate", "public", "both"])
def mode(request):
    return request.param


@pytest.fixture
def partner(pairs):
    with open_at(Partner(pairs)) as server:
        yield server


@pytest.fixture
def channel(partner, pairs):
    return WeChat(Settings.from_json(pairs.settings(partner.url)), NOTIFY)


def collect(channel):
    return channel.collect(NUMBER, "o-1", 12_300, "CNY", "还款")


# --- What is sent ---------------------------------------------------------------------------------


def test_an_order_to_pay_is_sent_signed_and_its_number_kept(partner, channel):
    partner.will(PREPAY, Say(200, {"prepay_id": "wx26"}))

    answer = collect(channel)

    assert Accepted("NOTPAY", {"prepay_id": "wx26"}) == answer
    assert [
        {
            "appid": keys.APPID,
            "mchid": keys.MCHID,
            "description": "还款",
            "out_trade_no": NUMBER,
            "notify_url": NOTIFY,
            "amount": {"total": 12_300, "currency": "CNY"},
            "payer": {"openid": "o-1"},
        }
    ] == partner.bodies(PREPAY)


def test_a_transfer_is_sent_with_the_purpose_that_was_allowed(partner, channel):
    partner.will(TRANSFERS, Say(200, BILL | {"state": "WAIT_USER_CONFIRM", "package_info": "pk"}))

    answer = channel.pay_out(NUMBER, "o-1", 50_000, "借款到零钱" * 9, "王小美")

    notes = {"transfer_bill_no": "1330", "package_info": "pk", "create_time": WHEN}
    [sent] = partner.bodies(TRANSFERS)
    assert Accepted("WAIT_USER_CONFIRM", notes) == answer
    assert ("1000", 50_000, NUMBER, "o-1", 32) == (
        sent["transfer_scene_id"],
        sent["transfer_amount"],
        sent["out_bill_no"],
        sent["openid"],
        len(sent["transfer_remark"]),
    )
    assert [{"info_type", "info_content"}] * 2 == [
        set(info) for info in sent["transfer_scene_report_infos"]
    ]
    assert "user_name" not in sent


def test_from_two_thousand_on_the_name_goes_along_for_the_platform_to_read(partner, pairs, mode):
    """In every mode of keys: by the public key where there is one, else by the certificate's."""
    channel = WeChat(Settings.from_json(pairs.settings(partner.url, mode)), NOTIFY)
    partner.will(
        TRANSFERS, Say(200, BILL | {"state": "ACCEPTED"}, by_certificate=mode == "certificate")
    )

    channel.pay_out(NUMBER, "o-1", 200_000, "借款", "王小美")

    key = pairs.platform if mode == "certificate" else pairs.public
    [(_, body, headers)] = partner.seen
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    sealed = base64.b64decode(json.loads(body)["user_name"])
    assert "王小美" == key.decrypt(sealed, oaep).decode()
    assert headers["Wechatpay-Serial"] == (
        pairs.serial if mode == "certificate" else keys.PUBLIC_KEY_ID
    )


def test_a_transfer_without_the_name_it_needs_or_an_openid_is_not_sent(partner, channel):
    assert Refused("NAME_MISSING", for_good=True) == channel.pay_out(NUMBER, "o-1", 200_000, "借款")
    assert Refused("OPENID_MISSING", for_good=True) == channel.pay_out(NUMBER, "", 100, "借款")
    assert Refused("OPENID_MISSING", for_good=True) == channel.collect(NUMBER, "", 1, "CNY", "还款")
    assert [] == partner.asked()


def test_a_refund_names_the_order_that_was_paid(partner, channel):
    said = {"out_refund_no": NUMBER, "status": "PROCESSING", "refund_id": "5030"}
    partner.will("POST /v3/refund", Say(200, said))

    answer = channel.pay_back(NUMBER, "jh0020000000000009", 500, 12_300, "CNY")

    assert Accepted("PROCESSING", {"refund_id": "5030"}) == answer
    assert [
        {
            "notify_url": NOTIFY,
            "out_refund_no": NUMBER,
            "out_trade_no": "jh0020000000000009",
            "amount": {"refund": 500, "total": 12_300, "currency": "CNY"},
        }
    ] == partner.bodies("POST /v3/refund")


def test_what_is_asked_and_ended_is_named_by_our_number(partner, channel):
    channel.pay_out_state(NUMBER)
    channel.cancel_pay_out(NUMBER)
    channel.collect_state(NUMBER)
    channel.close_collect(NUMBER)
    channel.pay_back_state(NUMBER)

    bills = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no"
    assert [
        f"GET {bills}/{NUMBER}",
        f"POST {bills}/{NUMBER}/cancel",
        QUERY,
        f"POST /v3/pay/transactions/out-trade-no/{NUMBER}/close",
        f"GET /v3/refund/domestic/refunds/{NUMBER}",
    ] == partner.asked()


def test_a_proxy_that_the_environment_names_is_not_asked_for_the_sandbox(
    partner, channel, monkeypatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert NotThere() == channel.collect_state(NUMBER)
    assert [QUERY] == partner.asked()


# --- What is heard --------------------------------------------------------------------------------


def test_a_paid_order_is_settled_in_every_mode_of_keys(partner, pairs, mode):
    channel = WeChat(Settings.from_json(pairs.settings(partner.url, mode)), NOTIFY)
    partner.will("GET", Say(200, PAID, by_certificate=mode == "certificate"))

    answer = channel.collect_state(NUMBER)

    assert Settled(WHEN, 12_300, "CNY", {"transaction_id": "4200001"}) == answer


def test_both_keys_are_believed_while_the_platform_changes_over(partner, channel):
    partner.will("GET", Say(200, PAID), Say(200, PAID, by_certificate=True))

    answers = [channel.collect_state(NUMBER) for _ in range(2)]

    assert all(isinstance(answer, Settled) for answer in answers)


def test_closing_is_answered_by_nothing_signed(partner, channel):
    partner.will("POST", Say(204))

    assert Accepted("CLOSING", {}) == channel.close_collect(NUMBER)


UNKNOWN = [
    (Say(200, PAID, "signature"), "signature"),
    (Say(200, PAID, "unsigned"), "signature"),
    (Say(200, PAID, "cut"), "connection"),
    (Say(200, b"\xff\xfe not json"), "signature"),  # no text: what is verified is not what came
    (Say(200, b"[1]"), "unreadable"),
    (Say(200, PAID | {"out_trade_no": "jh0020000000000018"}), "other_order"),
    (Say(200, PAID | {"mchid": "1"}), "other_order"),
    (Say(200, PAID | {"appid": "wx2"}), "other_order"),
    (Say(200, PAID | {"trade_state": "MAYBE"}), "state_MAYBE"),
    (Say(200, {k: v for k, v in PAID.items() if k != "amount"}), "unreadable"),
    (Say(500, {"code": "SYSTEM_ERROR"}), "SYSTEM_ERROR"),
    (Say(502, b"<html>"), "http_502"),
    (Say(404, b"<html>"), "http_404"),
    (Say(404, {"code": "NEVER_HEARD_OF"}), "NEVER_HEARD_OF"),
    (Say(302), "http_302"),
]


@pytest.mark.parametrize(("say", "reason"), UNKNOWN, ids=map(str, range(len(UNKNOWN))))
def test_what_proves_nothing_is_unknown(partner, channel, say, reason):
    partner.will("GET", say)

    assert Unknown(reason) == channel.collect_state(NUMBER)


def test_a_partner_who_is_not_there_is_unknown(pairs):
    channel = WeChat(Settings.from_json(pairs.settings()), NOTIFY)

    assert Unknown("connection") == channel.collect_state(NUMBER)
    assert Unknown("connection") == collect(channel)


def test_a_partner_who_does_not_answer_in_time_is_unknown(partner, pairs):
    hasty = pairs.settings(partner.url) | {"read_timeout_s": 0.05}
    channel = WeChat(Settings.from_json(hasty), NOTIFY)
    partner.will("GET", Say(200, PAID))
    with partner.guard:  # he hangs
        assert Unknown("timeout") == channel.collect_state(NUMBER)


def test_a_refusal_is_one_when_sending_and_says_nothing_when_asking(partner, channel):
    wrong = Say(400, {"code": "PARAM_ERROR", "message": "x"})
    partner.will("POST", wrong, Say(403, {"code": "NOT_ENOUGH", "message": "余额不足"}))
    partner.will("GET", wrong, NOT_FOUND)

    assert Refused("PARAM_ERROR", for_good=True) == collect(channel)
    assert Refused("NOT_ENOUGH", for_good=False) == collect(channel)
    assert Unknown("PARAM_ERROR") == channel.collect_state(NUMBER)
    assert NotThere() == channel.collect_state(NUMBER)


def test_a_certificate_that_we_do_not_hold_is_fetched_once_a_minute_at_most(partner, pairs):
    """The list that we have is kept if the new one does not come."""
    other = keys.Pairs(pairs.merchant, pairs.public, pairs.platform, keys.certificate(
        pairs.platform, 0x6000000000000000000000000000000000000001))  # fmt: skip
    channel = WeChat(Settings.from_json(pairs.settings(partner.url, "certificate")), NOTIFY)
    partner.pairs = dataclasses.replace(other)
    partner.will("GET /v3/pay", *[Say(200, PAID, by_certificate=True)] * 2)

    heard = [channel.collect_state(NUMBER) for _ in range(2)]
    partner.pairs = pairs
    partner.will("GET /v3/pay", Say(200, PAID, by_certificate=True))
    heard.append(channel.collect_state(NUMBER))

    assert [Unknown("signature")] * 2 == heard[:2]
    assert isinstance(heard[2], Settled)
    assert ["GET /v3/certificates"] == [what for what in partner.asked() if "cert" in what]


def test_a_certificate_that_we_do_not_hold_is_believed_once_fetched(partner, pairs):
    new = keys.certificate(pairs.platform, 0x6000000000000000000000000000000000000002)
    partner.pairs = dataclasses.replace(pairs, certificate=new)
    sealed = json.loads(keys.notice("x", 0))["resource"]
    pem = new.public_bytes(serialization.Encoding.PEM).decode()
    sealed |= {"nonce": "123456789012", "associated_data": "certificate"}
    box = AESGCM(keys.APIV3_KEY.encode()).encrypt(b"123456789012", pem.encode(), b"certificate")
    sealed["ciphertext"] = base64.b64encode(box).decode()
    one = {
        "serial_no": partner.pairs.serial,
        "effective_time": WHEN,
        "expire_time": WHEN,
        "encrypt_certificate": sealed,
    }
    partner.will("GET /v3/certificates", Say(200, {"data": [one]}))
    partner.will("GET /v3/pay", Say(200, PAID, by_certificate=True))
    channel = WeChat(Settings.from_json(pairs.settings(partner.url, "certificate")), NOTIFY)

    assert isinstance(channel.collect_state(NUMBER), Settled)


# --- What the page gets ---------------------------------------------------------------------------


def test_what_the_page_pays_with_is_signed_by_us(channel, pairs):
    told = channel.pay_sign("wx26")

    text = "".join(f"{told[name]}\n" for name in ("appId", "timeStamp", "nonceStr", "package"))
    assert ("prepay_id=wx26", "RSA") == (told["package"], told["signType"])
    pairs.merchant.public_key().verify(
        base64.b64decode(told["paySign"]), text.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def test_what_the_page_receives_with(channel):
    expected = {"mchId": keys.MCHID, "appId": keys.APPID, "package": "pk"}

    assert expected == channel.transfer_package("pk")


def test_a_private_key_in_the_older_form_is_read_too(pairs):
    old = keys.private_pem(pairs.merchant, serialization.PrivateFormat.TraditionalOpenSSL)
    channel = WeChat(Settings.from_json(pairs.settings() | {"merchant_private_key_pem": old}))

    assert channel.pay_sign("wx26")["paySign"]


# --- Notices --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ear(pairs):
    """An account that sends nothing: who hears notices needs no partner."""
    return WeChat(Settings.from_json(pairs.settings()))


REFUND = {"mchid": keys.MCHID, "out_trade_no": "jh0020000000000009", "out_refund_no": NUMBER,
          "refund_id": "5030", "refund_status": "SUCCESS", "success_time": WHEN,
          "amount": {"total": 12_300, "refund": 500}}  # fmt: skip
DONE = BILL | {"state": "SUCCESS", "mch_id": keys.MCHID, "transfer_amount": 700,
               "openid": "o-1", "update_time": WHEN}  # fmt: skip


@pytest.mark.parametrize("by_certificate", [False, True])
@pytest.mark.parametrize("as_sent", [True, False], ids=["as sent", "lower case"])
def test_a_notice_of_a_payment(ear, pairs, by_certificate, as_sent):
    body = keys.notice("TRANSACTION.SUCCESS", PAID)
    headers = pairs.signed(body, by_certificate=by_certificate)
    headers = headers if as_sent else {name.lower(): value for name, value in headers.items()}

    event = ear.notification(headers, body)

    assert ("EV-1", "TRANSACTION.SUCCESS", NUMBER) == (event.id, event.type, event.number)
    assert (keys.MCHID, keys.APPID) == (event.mchid, event.appid)
    assert Settled(WHEN, 12_300, "CNY", {"transaction_id": "4200001"}) == event.final


@pytest.mark.parametrize(
    ("kind", "resource", "final"),
    [
        ("REFUND.SUCCESS", REFUND, Settled),
        ("REFUND.CLOSED", REFUND | {"refund_status": "CLOSED"}, Ended),
        ("REFUND.ABNORMAL", REFUND | {"refund_status": "ABNORMAL"}, None),
        ("MCHTRANSFER.BILL.FINISHED", DONE, Settled),
        ("MCHTRANSFER.BILL.FINISHED", DONE | {"state": "CANCELLED"}, Ended),
        ("MCHTRANSFER.BILL.FINISHED", DONE | {"state": "FAIL", "fail_reason": "X"}, Ended),
        ("TRANSACTION.FAIL", PAID | {"trade_state": "PAYERROR"}, None),
        ("TRANSACTION.SUCCESS", PAID | {"trade_state": "MAYBE"}, None),
    ],
)
def test_a_notice_ends_what_its_state_ends(ear, pairs, kind, resource, final):
    body = keys.notice(kind, resource)

    event = ear.notification(pairs.signed(body), body)

    assert (NUMBER, keys.MCHID) == (event.number, event.mchid)
    assert final is None if event.final is None else isinstance(event.final, final or ())


def test_a_notice_about_something_else_ends_nothing(ear, pairs):
    body = keys.notice("SECURITY_ECHO.SUCCESS", {"echo_message": "x"})

    event = ear.notification(pairs.signed(body), body)

    assert ("", None) == (event.number, event.final)


def test_a_forged_notice_is_refused_by_what_is_wrong_with_it(ear, pairs):
    body = keys.notice("TRANSACTION.SUCCESS", PAID)
    good = pairs.signed(body)
    signature = "Wechatpay-Signature"
    cases = [
        ("header_missing", {name: good[name] for name in good if name != signature}, body),
        ("header_missing", {}, body),
        ("probe", good | {signature: "WECHATPAY/SIGNTEST/" + good[signature]}, body),
        ("signature_type", good | {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, body),
        ("timestamp", pairs.signed(body, at=1_700_000_000), body),
        ("timestamp", good | {"Wechatpay-Timestamp": "soon"}, body),
        ("serial", good | {"Wechatpay-Serial": "5FFF"}, body),
        ("serial", good | {"Wechatpay-Serial": "PUB_KEY_ID_42"}, body),
        ("signature", good | {"Wechatpay-Serial": pairs.serial}, body),  # of our other key
        ("signature", good | {signature: "AAAA"}, body),
        ("signature", good | {signature: "é"}, body),
        ("signature", good | {"Wechatpay-Nonce": "0"}, body),
        ("signature", good, body.replace(b"EV-1", b"EV-2")),
        ("signature", good, body + b"\n"),
        ("signature", good, b"\xff" + body),
        ("signature", good, b""),
    ]

    for why, headers, came in cases:
        with pytest.raises(Forged) as refused:
            ear.notification(headers, came)
        assert why == refused.value.why


def test_a_signed_notice_that_cannot_be_read_is_refused_by_what_is_wrong_with_it(ear, pairs):
    paid = PAID
    cases = [
        ("json", b"[]"),
        ("json", b"paid"),
        ("resource", keys.notice("TRANSACTION.SUCCESS", paid, key="x" * 32)),
        ("resource", keys.notice("TRANSACTION.SUCCESS", [paid])),
        ("resource", b'{"resource_type":"encrypt-resource","resource":{"nonce":1}}'),
        ("out_trade_no", keys.notice("TRANSACTION.SUCCESS", paid | {"out_trade_no": 7})),
        ("state, time or amount", keys.notice("TRANSACTION.SUCCESS", paid | {"amount": {}})),
        ("id", keys.notice("TRANSACTION.SUCCESS", paid, event="")),
        ("event_type", keys.notice("", paid)),
    ]

    for why, body in cases:
        with pytest.raises(Malformed) as refused:
            ear.notification(pairs.signed(body), body)
        assert why == refused.value.why


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    sealed=st.booleans(),
    changed=st.dictionaries(
        st.sampled_from(["Wechatpay-Serial", "Wechatpay-Timestamp", "Wechatpay-Signature"]),
        st.text(max_size=12),
    ),
)
def test_any_bytes_are_refused_and_nothing_else_is_raised(ear, pairs, body, sealed, changed):
    headers = pairs.signed(body) if sealed else {}

    with pytest.raises((Forged, Malformed)):
        ear.notification(headers | changed, body)
