"""What a merchant is told: sealed, signed, compact, and again until it says that it has it."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from tests.channels.sandbox.running import Merchant, running, until

SPEED = 1_000_000


@pytest.fixture
def merchant():
    with Merchant() as one:
        yield one


@pytest.fixture
def sandbox():
    with running(speed=SPEED) as one:
        yield one


def paid(sandbox, merchant, number, headers=None):
    """Order something and pay it."""
    body = sandbox.prepay_body(number, merchant.url)
    ordered = sandbox.call("POST", "/v3/pay/transactions/jsapi", body, headers).json()
    payer = body["payer"]["openid"]
    act = {"do": "pay", "prepay_id": ordered["prepay_id"], "openid": payer, "source": "balance"}
    assert "SUCCESS" == sandbox.control("/act", act)["trade_state"]


def verify(sandbox, headers, body):
    """Fail unless the key that the headers name signed the body."""
    keys = {
        sandbox.config["platform_public_key_id"]: sandbox.keys.public,
        sandbox.config["platform_serial"]: sandbox.keys.platform,
    }
    message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
    keys[headers["Wechatpay-Serial"]].public_key().verify(
        base64.b64decode(headers["Wechatpay-Signature"]),
        message + body + b"\n",
        padding.PKCS1v15(),
        SHA256(),
    )


def opened(sandbox, body):
    """Return the resource of a notification."""
    sealed = json.loads(body)["resource"]
    plain = AESGCM(sandbox.config["apiv3_key"].encode()).decrypt(
        sealed["nonce"].encode(),
        base64.b64decode(sealed["ciphertext"]),
        sealed["associated_data"].encode(),
    )
    return json.loads(plain)


def test_a_notification_is_compact_and_its_keys_are_in_their_order(sandbox, merchant):
    paid(sandbox, merchant, "compact001")
    headers, body = merchant.next()
    told = json.loads(body)

    # A client that verifies what it wrote again itself must come to the same bytes.
    assert json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode() == body
    names = ["id", "create_time", "resource_type", "event_type", "summary", "resource"]
    sealed = ["original_type", "algorithm", "ciphertext", "associated_data", "nonce"]
    assert (names, sealed) == (list(told), list(told["resource"]))
    assert "application/json" == headers["Content-Type"]
    assert "WECHATPAY2-SHA256-RSA2048" == headers["Wechatpay-Signature-Type"]
    verify(sandbox, headers, body)
    assert ("compact001", "SUCCESS") == (
        opened(sandbox, body)["out_trade_no"],
        opened(sandbox, body)["trade_state"],
    )


@pytest.mark.parametrize("serial", ["platform_serial", "platform_public_key_id"])
def test_the_key_of_the_request_signs_what_is_told_of_it(sandbox, merchant, serial):
    paid(sandbox, merchant, "whichkey01", {"Wechatpay-Serial": sandbox.config[serial]})

    headers, body = merchant.next()

    assert sandbox.config[serial] == headers["Wechatpay-Serial"]
    verify(sandbox, headers, body)


def test_it_comes_again_until_it_is_accepted(sandbox, merchant):
    for status in (500, 404, 302, 200):
        merchant.answers.put(status)
    paid(sandbox, merchant, "again00001")

    come = [merchant.next() for _ in range(4)]

    assert 1 == len({json.loads(body)["id"] for _, body in come})
    for headers, body in come:
        verify(sandbox, headers, body)
    until(lambda: sandbox.world.notices()[0].state != "waiting")
    [notice] = sandbox.world.notices()
    assert ("accepted", [500, 404, 302, 200]) == (notice.state, notice.statuses)


def test_a_merchant_that_is_not_there_is_told_sixteen_times(sandbox):
    class Nobody:
        url = "http://127.0.0.1:9/"

    paid(sandbox, Nobody, "nobody0001")
    until(lambda: sandbox.world.notices()[0].state != "waiting")

    [notice] = sandbox.world.notices()
    assert ("given_up", [0] * 16) == (notice.state, notice.statuses)


def test_a_forged_one_is_signed_by_a_stranger(sandbox, merchant):
    sandbox.control("/faults", {"fault": "notify_forged", "on": "next"})
    paid(sandbox, merchant, "forged0001")

    wrong = 0
    for _ in range(2):
        headers, body = merchant.next()
        try:
            verify(sandbox, headers, body)
        except InvalidSignature:
            wrong += 1
    assert 1 == wrong


def test_the_official_probe(sandbox, merchant):
    sandbox.control("/faults", {"fault": "notify_probe", "on": "next"})
    paid(sandbox, merchant, "probe00001")

    signatures = [merchant.next()[0]["Wechatpay-Signature"] for _ in range(2)]

    assert 1 == sum(one.startswith("WECHATPAY/SIGNTEST/") for one in signatures)


def test_a_wrong_amount_is_signed_all_the_same(sandbox, merchant):
    sandbox.control("/faults", {"fault": "notify_wrong_amount", "on": "next"})
    paid(sandbox, merchant, "amount0001")

    headers, body = merchant.next()

    verify(sandbox, headers, body)
    assert 1001 == opened(sandbox, body)["amount"]["total"]


def test_a_test_of_keys_alone_is_told_once(sandbox, merchant):
    body = {"echo_message": "回显", "notify_url": merchant.url}
    wrong = sandbox.call("POST", "/v3/security/echo", body | {"notify_url": "http://x.example/"})

    sandbox.call("POST", "/v3/security/echo", body)

    headers, told = merchant.next()
    verify(sandbox, headers, told)
    assert (400, "PARAM_ERROR") == (wrong.status_code, wrong.json()["code"])
    assert "SECURITY_ECHO.SUCCESS" == json.loads(told)["event_type"]
    assert {"echo_message": "回显"} == opened(sandbox, told)


def test_settings_of_the_environment_do_not_lead_it_back_here(monkeypatch, merchant):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    with running() as sandbox:
        paid(sandbox, merchant, "proxied001")

        assert merchant.next()
