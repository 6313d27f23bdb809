"""A partner of our own make: it has keys, signs and encrypts notices, and knows nothing else.

And a service beside a wallet, with a courier who tells what he is made to tell.
"""

import asyncio
import base64
import functools
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.serve.api import Api

from jiehuan.channels import numbers
from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.commands import REF_USUAL
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.audit import audit
from jiehuan.serve.app import create_app
from jiehuan.serve.wallet import Wallet, WalletSettings
from jiehuan.store.database import connect
from jiehuan.store.inbox import seen
from jiehuan.store.sessions import Session
from jiehuan.store.vault import Field

MCHID, APPID = "1900000001", "wx0000000000000001"
APIV3_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0119000000012026112300000000000001"
TOKEN = "a-token-of-the-courier-in-tests"
VAULT_KEY = bytes(range(32))
OPENID = "oTest-openid-1"
NOTIFY = "/wechat/notify"
PAID_AT = "2026-03-05T10:34:56+08:00"


@functools.cache
def _key(_whose):
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _private(whose):
    return (
        _key(whose)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _public(whose):
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return _key(whose).public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def account(**more):
    """Return what a merchant knows of its account."""
    return {
        "base_url": "http://127.0.0.1:9",
        "mchid": MCHID,
        "appid": APPID,
        "appsecret": "secret",
        "apiv3_key": APIV3_KEY,
        "merchant_serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "merchant_private_key_pem": _private("merchant"),
        "platform_public_key_id": KEY_ID,
        "platform_public_key_pem": _public("platform"),
        "keys": "public",
        **more,
    }


def wallet_settings(**more):
    """Return what a service beside a wallet needs."""
    given = {
        "settings": Settings.from_json(account()),
        "courier_token": TOKEN,
        "vault_key": VAULT_KEY,
        "public_url": "http://127.0.0.1:8000",
        "session_key": bytes(32),
    }
    return WalletSettings(**{**given, **more})


def sealed(resource, key=APIV3_KEY):
    """Return a resource as it is encrypted in a notice."""
    nonce = secrets.token_hex(6)
    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    locked = AESGCM(key.encode()).encrypt(nonce.encode(), text, b"transaction")
    return {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(locked).decode(),
        "associated_data": "transaction",
        "nonce": nonce,
    }


def signed(body, signer="platform", at=None, **headers):
    """Return the headers under which the partner sends a body."""
    stamp, nonce = str(int(time.time()) if at is None else at), secrets.token_hex(16)
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signature = _key(signer).sign(text, padding.PKCS1v15(), hashes.SHA256())
    return {
        "Content-Type": "application/json",
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": KEY_ID,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        **headers,
    }


def notice(kind, resource, event=None, key=APIV3_KEY):
    """Return the body of a notice."""
    told = {
        "id": event or secrets.token_hex(16),
        "create_time": PAID_AT,
        "resource_type": "encrypt-resource",
        "event_type": kind,
        "summary": "通知",
        "resource": sealed(resource, key),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def order_resource(number, total, state="SUCCESS", **more):
    """Return what is said of an order to pay."""
    return {
        "mchid": MCHID,
        "appid": APPID,
        "out_trade_no": number,
        "transaction_id": "4200000000202611230000000001",
        "trade_state": state,
        "trade_type": "JSAPI",
        "success_time": PAID_AT,
        "amount": {"total": total, "payer_total": total, "currency": "CNY"},
        **more,
    }


def transfer_resource(number, amount, state="SUCCESS", **more):
    """Return what is said of a transfer."""
    return {
        "mch_id": MCHID,
        "out_bill_no": number,
        "transfer_bill_no": "1330000000000000000000000000001",
        "state": state,
        "transfer_amount": amount,
        "create_time": PAID_AT,
        "update_time": PAID_AT,
        **more,
    }


def refund_resource(number, source, amount, total, status="SUCCESS", **more):
    """Return what is said of a refund."""
    return {
        "mchid": MCHID,
        "out_trade_no": source,
        "out_refund_no": number,
        "refund_id": "50000000382019052709732678859",
        "transaction_id": "4200000000202611230000000001",
        "refund_status": status,
        "success_time": PAID_AT,
        "amount": {"total": total, "refund": amount, "payer_total": total, "payer_refund": amount},
        **more,
    }


class WalletApi(Api):
    """A service beside a wallet; who calls is the courier, the partner, or a page on a phone."""

    def __init__(self, dsn, number=1, waiting_max=1_024, settings=None):
        super().__init__(dsn, number, waiting_max)
        self.app = create_app(self.service, wallet=settings or wallet_settings())

    @property
    def wallet(self) -> Wallet:
        """The wallet of the app."""
        wallet = self.app.state.wallet
        assert isinstance(wallet, Wallet)
        return wallet

    def theirs(self, order):
        """Return our number of an order at the partner."""
        return numbers.write(self.service.book, order)

    # --- As the courier -------------------------------------------------------------------------

    def courier(self, method, path, body=None, token=TOKEN):
        """Send what the courier sends."""
        more = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {token}"}
        return self.ask(method, "/courier/v1" + path, headers=headers, **more)

    def due(self, **query):
        """Return what is due."""
        answer = self.courier("GET", "/due?" + "&".join(f"{k}={v}" for k, v in query.items()))
        assert answer.status_code == 200, answer.text
        return answer.json()["tasks"]

    def tell(self, task, what, **body):
        """Tell something of a task."""
        return self.courier("POST", f"/tasks/{task}/{what}", body)

    def send(self, task, attempt=1, retry_in_s=60.0):
        """Take a task and tell that the partner has it."""
        assert self.tell(task, "sending", attempt=attempt, retry_in_s=retry_in_s).is_success
        assert self.tell(task, "waiting", partner={}, ask_in_s=retry_in_s).is_success

    def succeed(self, task, amount, at=PAID_AT, **partner):
        """Tell that the money of a task moved."""
        body = {"success_time": at, "amount_minor": amount, "currency": "CNY", "partner": partner}
        return self.tell(task, "succeeded", **body)

    # --- As the partner -------------------------------------------------------------------------

    def notify(self, body, **more):
        """Send a notice, signed unless headers are given."""
        headers = more.pop("headers", None) or signed(body, **more)
        return self.ask("POST", NOTIFY, content=body, headers=headers)

    # --- As a page on a phone -------------------------------------------------------------------

    def person(self, openid=OPENID, limit_minor=1_000_000):
        """Make a party known by its openid, with a line; return the line's number."""
        party = self.wallet.party_of(openid)
        asyncio.run(self.wallet.remember(party, {Field.OPENID: openid, Field.NAME: "林小满"}))
        path = self.open_line(limit_minor=limit_minor, party=party)
        return int(path.rpartition("_")[2])

    def asked(self, booked):
        """Return the number of an order that must have been booked."""
        assert booked.outcome is Outcome.DONE, booked.outcome
        return int(booked.row["seq"])

    def draw(self, line, amount=30_000, count=0, key=None):
        """Ask for money to the wallet; return the order."""
        key = key or self.new_key()
        return self.asked(asyncio.run(self.wallet.ask_draw(line, amount, count, key)))

    def collect(self, line, amount=20_000, towards=REF_USUAL, key=None):
        """Ask for a repayment from the wallet; return the order."""
        key = key or self.new_key()
        return self.asked(asyncio.run(self.wallet.ask_collect(line, amount, towards, key)))

    def pay_back(self, line, amount, source, key=None):
        """Ask to give overpaid money back; return the order."""
        key = key or self.new_key()
        return self.asked(asyncio.run(self.wallet.ask_pay_back(line, amount, source, key)))

    def order(self, order):
        """Return an order as it stands."""
        return asyncio.run(self.wallet.order(order))

    def line(self, line):
        """Return a line as the API tells it."""
        return self.get(f"/v1/lines/line_{self.number}_{line}").json()

    def messages(self):
        """Return what is in the inbox: event, number and what was made of it."""
        with connect(self.dsn, Session.READER) as conn:
            return [(one.event, one.number, one.outcome) for one in seen(conn, self.service.book)]

    def breaches(self):
        """Return what audit finds."""
        with connect(self.dsn, Session.READER) as conn:
            return [str(one) for one in audit(conn, self.service.book)]
