"""Who may ask, what is signed, and with which key."""

import base64
import itertools
import json
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.channels.sandbox.running import running

OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
ORDER = "/v3/pay/transactions/out-trade-no/none00?mchid=1900000109"
FIELDS = ["mchid", "nonce_str", "signature", "timestamp", "serial_no"]


@pytest.fixture(scope="module")
def sandbox():
    with running() as one:
        yield one


def refusal(answer):
    """Return status, code and message of an answer that is not signed."""
    assert not [name for name in answer.headers if name.startswith("wechatpay-")]
    return answer.status_code, answer.json()["code"], answer.json()["message"]


def verified(sandbox, answer):
    """Return which key signed an answer; fails if it is not signed rightly."""
    told, names = sandbox.config, answer.headers
    keys = {
        told["platform_public_key_id"]: sandbox.keys.public.public_key(),
        told["platform_serial"]: sandbox.keys.platform_certificate.public_key(),
    }
    assert "WECHATPAY2-SHA256-RSA2048" == names["Wechatpay-Signature-Type"]
    assert abs(time.time() - int(names["Wechatpay-Timestamp"])) < 300
    assert names["Request-ID"]
    head = f"{names['Wechatpay-Timestamp']}\n{names['Wechatpay-Nonce']}\n"
    keys[names["Wechatpay-Serial"]].verify(
        base64.b64decode(names["Wechatpay-Signature"]),
        head.encode() + answer.content + b"\n",
        padding.PKCS1v15(),
        hashes.SHA256(),
    )
    return "public" if names["Wechatpay-Serial"].startswith("PUB_KEY_ID_") else "certificate"


# --- requests -----------------------------------------------------------------------------------


def test_the_fields_of_an_authorization_may_stand_in_any_order(sandbox):
    found = {
        sandbox.call("GET", ORDER, order=list(order)).json()["code"]
        for order in itertools.islice(itertools.permutations(FIELDS), 0, None, 7)
    }

    assert {"ORDER_NOT_EXIST"} == found


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Authorization值格式错误"),
        ("", "Authorization值格式错误"),
        ("WECHATPAY2-SHA256-RSA2048", "Authorization值格式错误"),
        ('WECHATPAY2-SHA256-RSA2048 mchid="1"', "Authorization值格式错误"),
        ("Bearer token", "认证类型不正确"),
        ('WECHATPAY2-SM2-WITH-SM3 mchid="1900000109"', "认证类型不正确"),
    ],
)
def test_a_request_that_is_not_signed_is_refused(sandbox, authorization, message):
    headers = {"Accept": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization

    status, code, said = refusal(sandbox.http.get(ORDER, headers=headers))

    assert (401, "SIGN_ERROR") == (status, code)
    assert message in said


@pytest.mark.parametrize(
    ("instead", "message"),
    [
        ({"mchid": "1900000110"}, "商户号1900000110不存在"),
        ({"serial_no": "5" * 40}, "商户证书序列号有误"),
        ({"signature": "ZmFrZQ=="}, "验签失败"),
        ({"signature": "not base64"}, "验签失败"),
        ({"nonce_str": "another"}, "验签失败"),
        ({"timestamp": "soon"}, "不是时间戳"),
        ({"timestamp_signed": int(time.time()) - 400}, "不得超过5分钟"),
        ({"timestamp_signed": int(time.time()) + 900}, "不得超过5分钟"),
        ({"timestamp_signed": 1554208460}, "不得超过5分钟"),
    ],
)
def test_a_request_that_is_signed_wrongly_is_refused(sandbox, instead, message):
    status, code, said = refusal(sandbox.call("GET", ORDER, **instead))

    assert (401, "SIGN_ERROR") == (status, code)
    assert message in said


def test_a_lower_case_serial_number_is_the_same(sandbox):
    serial = sandbox.config["merchant_serial"].lower()

    assert 404 == sandbox.call("GET", ORDER, serial_no=serial).status_code


def test_a_changed_byte_is_told_with_what_should_have_been_signed(sandbox):
    target, body = "/v3/pay/transactions/jsapi", b'{"amount":{"total":1}}'
    signed = sandbox.authorization("POST", target, body)
    headers = {"Authorization": signed, "Accept": "*/*", "User-Agent": "test/1"}

    answer = sandbox.http.post(target, content=body.replace(b"1", b"2"), headers=headers)

    assert (401, "SIGN_ERROR") == refusal(answer)[:2]
    information = answer.json()["detail"]["sign_information"]
    assert ("POST", target) == (information["method"], information["url"])
    assert information["truncated_sign_message"].startswith(f"POST\n{target}\n")
    assert len(information["truncated_sign_message"].encode()) < information["sign_message_length"]


def test_the_query_is_signed_as_it_stands(sandbox):
    target = "/v3/pay/transactions/out-trade-no/a%2Ab%7Cc0?mchid=1900000109&x=%E4%B8%AD&empty="

    assert 404 == sandbox.call("GET", target).status_code
    assert 401 == sandbox.call("GET", target.replace("%2A", "*"), mchid="0").status_code


@pytest.mark.parametrize("target", ["/v3/certificates", "/v3/refund/domestic/refunds/none00"])
@pytest.mark.parametrize("missing", ["User-Agent", "Accept"])
def test_who_does_not_say_what_it_is_or_accepts_is_refused(sandbox, target, missing):
    answer = sandbox.call("GET", target, headers={missing: ""})

    assert (400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent") == refusal(answer)


def test_pay_calls_do_not_check_that(sandbox):
    assert 404 == sandbox.call("GET", ORDER, headers={"User-Agent": "", "Accept": ""}).status_code


def test_a_body_over_the_limit_is_refused(sandbox):
    body = {"description": "x" * 70_000}

    status, code, said = refusal(sandbox.call("POST", "/v3/pay/transactions/jsapi", body))

    assert (413, "INVALID_REQUEST") == (status, code)
    assert "65536" in said
    assert 404 == sandbox.call("GET", ORDER).status_code


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 50_000]
)
def test_a_body_that_is_no_object_is_refused(sandbox, body):
    target = "/v3/pay/transactions/jsapi"
    headers = {"Authorization": sandbox.authorization("POST", target, body), "Accept": "*/*"}

    assert (400, "PARAM_ERROR") == refusal(
        sandbox.http.post(target, content=body, headers=headers)
    )[:2]


def test_an_address_that_is_not_there_and_a_method_that_is_not_taken(sandbox):
    assert (404, "NOT_FOUND") == refusal(sandbox.call("GET", "/v3/no-such-call"))[:2]
    assert (405, "INVALID_REQUEST") == refusal(sandbox.call("GET", "/v3/pay/transactions/jsapi"))[
        :2
    ]


# --- answers ------------------------------------------------------------------------------------


def test_an_answer_is_signed_and_its_headers_are_spelled_as_theirs(sandbox):
    answer = sandbox.call("POST", "/v3/pay/transactions/jsapi", sandbox.prepay_body("spelled001"))

    assert "certificate" == verified(sandbox, answer)
    assert ["prepay_id"] == list(answer.json())
    spelled = {name for name, _ in answer.headers.raw}
    assert {
        b"Wechatpay-Timestamp",
        b"Wechatpay-Nonce",
        b"Wechatpay-Serial",
        b"Wechatpay-Signature",
        b"Wechatpay-Signature-Type",
        b"Request-ID",
        b"Content-Type",
    } <= spelled


def test_an_answer_without_a_body_is_signed_too(sandbox):
    sandbox.call("POST", "/v3/pay/transactions/jsapi", sandbox.prepay_body("empty00001"))
    target = "/v3/pay/transactions/out-trade-no/empty00001/close"

    answer = sandbox.call("POST", target, {"mchid": sandbox.config["mchid"]})

    assert (204, b"") == (answer.status_code, answer.content)
    assert "content-type" not in answer.headers
    assert "certificate" == verified(sandbox, answer)


@pytest.mark.parametrize(
    ("mode", "header", "signer"),
    [
        ("both", None, "certificate"),
        ("both", "platform_serial", "certificate"),
        ("both", "platform_public_key_id", "public"),
        ("public", None, "public"),
        ("public", "platform_public_key_id", "public"),
        ("public", "platform_serial", None),
        ("certificate", None, "certificate"),
        ("certificate", "platform_serial", "certificate"),
        ("certificate", "platform_public_key_id", None),
    ],
)
def test_which_key_signs(mode, header, signer):
    with running(mode) as sandbox:
        headers = {"Wechatpay-Serial": sandbox.config[header]} if header else {}
        answer = sandbox.call("POST", "/v3/security/echo", {"echo_message": "你好"}, headers)

        if signer:
            assert signer == verified(sandbox, answer)
        else:
            assert (400, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误") == refusal(answer)


@pytest.mark.parametrize("mode", ["both", "certificate", "public"])
def test_certificates(mode):
    with running(mode) as sandbox:
        answer = sandbox.call("GET", "/v3/certificates")
        if mode == "public":
            assert (404, "RESOURCE_NOT_EXISTS") == refusal(answer)[:2]
            assert "无可用的平台证书" in answer.json()["message"]
            return

        assert "certificate" == verified(sandbox, answer)
        [one] = answer.json()["data"]
        sealed = one["encrypt_certificate"]
        assert ("AEAD_AES_256_GCM", "certificate") == (
            sealed["algorithm"],
            sealed["associated_data"],
        )
        opened = AESGCM(sandbox.config["apiv3_key"].encode()).decrypt(
            sealed["nonce"].encode(), base64.b64decode(sealed["ciphertext"]), b"certificate"
        )
        assert sandbox.config["platform_certificate_pem"] == opened.decode()
        assert sandbox.config["platform_serial"] == one["serial_no"]


def test_sensitive_fields_go_both_ways(sandbox):
    public = sandbox.keys.public.public_key()
    sealed = base64.b64encode(public.encrypt("林小雨".encode(), OAEP)).decode()
    body = {"echo_message": "x", "encrypted_echo_message": sealed}
    serial = {"Wechatpay-Serial": sandbox.config["platform_public_key_id"]}

    told = sandbox.call("POST", "/v3/security/echo", body, serial).json()

    opened = sandbox.keys.merchant.decrypt(base64.b64decode(told["encrypted_echo_message"]), OAEP)
    assert "林小雨" == opened.decode()
    unnamed = refusal(sandbox.call("POST", "/v3/security/echo", body))
    assert (400, "PARAM_ERROR") == unnamed[:2]
    assert "Wechatpay-Serial" in unnamed[2]
    other = {"Wechatpay-Serial": sandbox.config["platform_serial"]}
    assert "平台私钥解密失败" == refusal(sandbox.call("POST", "/v3/security/echo", body, other))[2]
    plain = {"echo_message": "x", "encrypted_echo_message": "林小雨"}
    assert 400 == sandbox.call("POST", "/v3/security/echo", plain, serial).status_code


# --- faults of answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("answer_500_after", 500, "SYSTEM_ERROR"), ("unknown_code", 400, "SANDBOX_UNHEARD_OF")],
)
def test_an_answer_goes_wrong_after_it_was_done(sandbox, fault, status, code):
    number = f"{fault}01"[-20:]
    sandbox.control("/faults", {"fault": fault, "on": "next", "match": "jsapi", "done": True})

    answer = sandbox.call("POST", "/v3/pay/transactions/jsapi", sandbox.prepay_body(number))

    assert (status, code) == refusal(answer)[:2]
    target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={sandbox.config['mchid']}"
    assert "NOTPAY" == sandbox.call("GET", target).json()["trade_state"]


def test_a_broken_signature(sandbox):
    sandbox.control("/faults", {"fault": "broken_signature", "on": "next"})

    broken = sandbox.call("POST", "/v3/security/echo", {"echo_message": "x"})

    with pytest.raises(InvalidSignature):
        verified(sandbox, broken)
    assert "x" == json.loads(broken.content)["echo_message"]
    verified(sandbox, sandbox.call("POST", "/v3/security/echo", {"echo_message": "x"}))


def test_a_forged_request_uses_up_no_fault(sandbox):
    sandbox.control("/faults", {"fault": "answer_500_after", "on": "next"})

    assert 401 == sandbox.call("GET", ORDER, mchid="1").status_code
    assert 500 == sandbox.call("GET", ORDER).status_code
    assert 404 == sandbox.call("GET", ORDER).status_code
