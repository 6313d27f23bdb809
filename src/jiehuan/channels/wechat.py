"""WeChat Pay: our instructions to its requests, its answers and notices to ours.

Signing, verifying and decrypting is ``wechatpayv3``'s; here is what we ask and what the answers
mean.  No call raises because of the partner or the network: what went wrong is an answer.
Calls block, and may be made from several threads.
"""

import copy
import dataclasses
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]
from wechatpayv3.core import Core  # type: ignore[import-untyped]

from jiehuan.channels import wechat_words as words
from jiehuan.channels.answers import Accepted, Answer, Ended, Refused, Settled, Unknown
from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import ChannelError, ChannelMistrusted

CONNECT_S: Final = 3.0
SKEW_S_MAX: Final = 300
REFRESH_S: Final = 60
NAME_FROM_MINOR: Final = 200_000  # from here on a transfer must name whom it goes to
REMARK_MAX: Final = 32
DESCRIPTION_MAX: Final = 127
PROBE = "WECHATPAY/SIGNTEST/"
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"

Call = Callable[[], tuple[int, str | bytes]]

_SEAL = ("signature", "timestamp", "nonce", "serial", "signature-type")


class Forged(ChannelMistrusted):
    """A notice that does not prove that the partner sent it.

    Attributes:
        why: ``header_missing``, ``probe``, ``signature_type``, ``timestamp``, ``serial`` or
            ``signature``.
    """

    def __init__(self, why: str) -> None:
        """Say what is wrong."""
        super().__init__(f"the notice is not the partner's: {why}")
        self.why = why


class Malformed(ChannelError):
    """A notice that the partner signed, and that cannot be read.

    Attributes:
        why: ``json``, ``resource`` (not decrypted: is the APIv3 key right?) or the field.
    """

    def __init__(self, why: str) -> None:
        """Say what is wrong."""
        super().__init__(f"the notice cannot be read: {why}")
        self.why = why


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A notice of the partner.

    Attributes:
        id: The partner's own; the same notice sent again has the same.
        type: E.g. ``TRANSACTION.SUCCESS``.
        number: Our number of what it is about; "" if it tells none.
        mchid: Whose it is, "" if not told.
        appid: Of which app, "" if not told (refunds and transfers tell none).
        amount_minor: What it is about, also if it ended without money; None if not told.
        final: How it ended; None if it has not, or the notice is about something else.
        resource: What was decrypted.
    """

    id: str
    type: str
    number: str
    mchid: str
    appid: str
    amount_minor: int | None
    final: Settled | Ended | None
    resource: Mapping[str, Any]


class WeChat:
    """An account at WeChat Pay.

    Attributes:
        settings: Of the account.
    """

    def __init__(
        self, settings: Settings, notify_url: str = "", now: Callable[[], float] = time.time
    ) -> None:
        """Make ready; nothing is sent.

        Args:
            settings: Of the account.
            notify_url: Where notices shall come; only who sends orders needs it.
            now: Real time, in seconds since 1970.
        """
        self.settings = settings
        self._now = now
        self._client = _client(settings, notify_url)
        self._core = self._client._core  # noqa: SLF001

    # --- Paying out: a transfer to the wallet's balance -----------------------------------------

    def pay_out(
        self, number: str, openid: str, amount_minor: int, remark: str, name: str = ""
    ) -> Answer:
        """Send a transfer; the same number again is the same transfer.

        Args:
            number: Ours.
            openid: To whom.
            amount_minor: In fen.
            remark: What the borrower reads; 32 characters of it.
            name: The borrower's; told, encrypted, only where it is demanded: from 2,000.00.
        """
        if not openid:
            return Refused("OPENID_MISSING", for_good=True)
        named = amount_minor >= NAME_FROM_MINOR  # below, it is none of the partner's business
        if named and not name:
            return Refused("NAME_MISSING", for_good=True)
        scene = self.settings
        return self._sent(
            lambda: self._client.mch_transfer_bills(
                out_bill_no=number,
                transfer_scene_id=scene.transfer_scene_id,
                openid=openid,
                transfer_amount=amount_minor,
                transfer_remark=remark[:REMARK_MAX],
                user_name=name if named else None,
                transfer_scene_report_infos=[
                    {"info_type": kind, "info_content": content}
                    for kind, content in scene.transfer_scene_report_infos
                ],
            ),
            _Shape(words.transfer, {"out_bill_no": number}),
        )

    def pay_out_state(self, number: str) -> Answer:
        """Ask how a transfer stands."""
        return self._asked(
            lambda: self._client.mch_transfer_bills_query(out_bill_no=number),
            _Shape(words.transfer, {"out_bill_no": number, "mch_id": self.settings.mchid}),
        )

    def cancel_pay_out(self, number: str) -> Answer:
        """Ask for the end of a transfer that is not confirmed; the query tells whether it came."""
        return self._sent(
            lambda: self._client.mch_transfer_bills_cancel(number),
            _Shape(words.transfer, {"out_bill_no": number}),
        )

    # --- Collecting: an order that the borrower pays --------------------------------------------

    def collect(
        self, number: str, openid: str, amount_minor: int, currency: str, description: str
    ) -> Answer:
        """Make an order to pay; the same number again is the same order."""
        if not openid:
            return Refused("OPENID_MISSING", for_good=True)
        return self._sent(
            lambda: self._client.pay(
                description=description[:DESCRIPTION_MAX],
                out_trade_no=number,
                amount={"total": amount_minor, "currency": currency},
                payer={"openid": openid},
            ),
            _Shape(_prepaid, {}),
        )

    def collect_state(self, number: str) -> Answer:
        """Ask how an order stands."""
        mchid, appid = self.settings.mchid, self.settings.appid
        return self._asked(
            lambda: self._client.query(out_trade_no=number),
            _Shape(words.order, {"out_trade_no": number, "mchid": mchid, "appid": appid}),
        )

    def close_collect(self, number: str) -> Answer:
        """Ask for the end of an order that is not paid; the query tells whether it came."""
        return self._sent(lambda: self._client.close(number), _Shape(_closing, {}))

    # --- Paying back: a refund of what was collected --------------------------------------------

    def pay_back(
        self, number: str, source_number: str, amount_minor: int, total_minor: int, currency: str
    ) -> Answer:
        """Send a refund of a paid order; the same number again is the same refund."""
        amount = {"refund": amount_minor, "total": total_minor, "currency": currency}
        return self._sent(
            lambda: self._client.refund(
                out_refund_no=number, amount=amount, out_trade_no=source_number
            ),
            _Shape(words.refund, {"out_refund_no": number}),
        )

    def pay_back_state(self, number: str) -> Answer:
        """Ask how a refund stands."""
        return self._asked(
            lambda: self._client.query_refund(number),
            _Shape(words.refund, {"out_refund_no": number}),
        )

    # --- What the page needs --------------------------------------------------------------------

    def pay_sign(self, prepay_id: str) -> dict[str, str]:
        """Return what the page gives to ``getBrandWCPayRequest``, signed."""
        told = {
            "appId": self.settings.appid,
            "timeStamp": str(int(self._now())),
            "nonceStr": secrets.token_hex(16),
            "package": f"prepay_id={prepay_id}",
        }
        return told | {"signType": "RSA", "paySign": self._client.sign(list(told.values()))}

    def transfer_package(self, package_info: str) -> dict[str, str]:
        """Return what the page gives to ``requestMerchantTransfer``."""
        settings = self.settings
        return {"mchId": settings.mchid, "appId": settings.appid, "package": package_info}

    # --- Notices --------------------------------------------------------------------------------

    def notification(self, headers: Mapping[str, str], body: bytes) -> Event:
        """Verify, decrypt and read a notice.  Sends nothing, keeps nothing.

        Args:
            headers: As they came, in any case.
            body: The bytes as they came.

        Raises:
            Forged: It does not prove that the partner sent it: answer 401.
            Malformed: It is the partner's and cannot be read: answer 400.
        """
        sealed = {name.lower(): value for name, value in headers.items()}
        self._prove(sealed, body)
        notice = words.readable(body)
        if notice is None:
            raise Malformed("json")
        try:
            opened = self._client.callback(sealed, body)
        except Exception as error:  # the library raises whatever the bytes led to
            raise Malformed("resource") from error
        if not opened or not isinstance(opened.get("resource"), dict):
            raise Malformed("resource")
        return event(opened)

    def _prove(self, sealed: Mapping[str, str], body: bytes) -> None:
        """Refuse a notice that is not the partner's, before anything else is looked at."""
        told = {name: sealed.get(f"wechatpay-{name}", "") for name in _SEAL}
        if not all(told.values()):
            raise Forged("header_missing")
        if told["signature"].startswith(PROBE):
            raise Forged("probe")
        if told["signature-type"] != SIGNATURE_TYPE:
            raise Forged("signature_type")
        stamp = told["timestamp"]
        if not re.fullmatch("[0-9]{1,12}", stamp) or abs(self._now() - int(stamp)) > SKEW_S_MAX:
            raise Forged("timestamp")
        if told["serial"].upper().lstrip("0") not in self._serials():
            raise Forged("serial")
        try:
            good = self._core._verify_signature(sealed, body.decode())  # noqa: SLF001
        except ValueError as error:  # bytes that are no text; a signature that is none
            raise Forged("signature") from error
        if not good:
            raise Forged("signature")

    def _serials(self) -> set[str]:
        """Return the names of the keys that we can verify with, as headers tell them.

        A notice with another one is refused without asking the partner for new certificates:
        whoever sends us rubbish must not make us send requests.
        """
        known = {f"{one.serial_number:X}" for one in self._core._certificates}  # noqa: SLF001
        known.add(self.settings.platform_public_key_id)
        return known

    # --- Calls ----------------------------------------------------------------------------------

    def _sent(self, call: Call, shape: "_Shape") -> Answer:
        return _answer(call, shape, asking=False)

    def _asked(self, call: Call, shape: "_Shape") -> Answer:
        return _answer(call, shape, asking=True)


@dataclasses.dataclass(frozen=True, slots=True)
class _Shape:
    """What a good answer looks like: how it is read, and what it must repeat."""

    read: Callable[[words.Wire], Answer]
    repeats: Mapping[str, str]


def _answer(call: Call, shape: _Shape, *, asking: bool) -> Answer:
    """Make a call; whatever happens is an answer."""
    try:
        status, body = call()
    except OSError as error:  # all that the HTTP library raises
        return Unknown("timeout" if "Timeout" in type(error).__name__ else "connection")
    except Exception:  # noqa: BLE001 (what the library raises when an answer is not verified)
        return Unknown("signature")
    if not 200 <= status < 300:  # noqa: PLR2004
        return words.refusal(status, body, asking=asking)
    said = words.readable(body) if body else {}
    if said is None:
        return Unknown("unreadable")
    if any(said.get(name) != value for name, value in shape.repeats.items()):
        return Unknown("other_order")
    return shape.read(said)


def _prepaid(said: words.Wire) -> Answer:
    """Read the answer to an order to pay."""
    prepay_id = said.get("prepay_id")
    if not isinstance(prepay_id, str) or not prepay_id:
        return Unknown("unreadable")
    return Accepted("NOTPAY", {"prepay_id": prepay_id})


def _closing(_: words.Wire) -> Answer:
    """Read the answer to closing an order: it holds nothing."""
    return Accepted("CLOSING", {})


# --- Notices ------------------------------------------------------------------------------------

# The type's beginning: how the resource is read, and which field holds our number.
_ABOUT: Final = {
    "TRANSACTION.": (words.order, "out_trade_no"),
    "REFUND.": (words.refund, "out_refund_no"),
    "MCHTRANSFER.BILL.": (words.transfer, "out_bill_no"),
}


def event(opened: Mapping[str, Any]) -> Event:
    """Read a notice whose resource is decrypted.

    Raises:
        Malformed: A field that it must have is missing; says which.
    """
    resource = opened["resource"]
    kind = _field(opened, "event_type")
    read, name = next((how for start, how in _ABOUT.items() if kind.startswith(start)), (None, ""))
    answer = read(resource) if read else None
    if isinstance(answer, Unknown) and answer.reason == "unreadable":
        raise Malformed("state, time or amount")
    return Event(
        id=_field(opened, "id"),
        type=kind,
        number=_field(resource, name) if name else "",
        mchid=str(resource.get("mchid") or resource.get("mch_id") or ""),
        appid=str(resource.get("appid") or ""),
        amount_minor=words.amount(resource),
        final=answer if isinstance(answer, Settled | Ended) else None,
        resource=resource,
    )


def _field(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(name)
    return value


# --- The library, pointed where the settings say -------------------------------------------------


def _client(settings: Settings, notify_url: str) -> Any:  # noqa: ANN401 (it has no types)
    """Make the library's client, without its fetching anything.

    Without a public key its constructor asks the live host for certificates; so it gets one,
    that of the certificate we hold if need be, and the certificates are handed in afterwards.
    """
    certificates = (
        x509.load_pem_x509_certificates(settings.platform_certificate_pem.encode())
        if settings.platform_certificate_pem
        else []
    )
    client = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=settings.mchid,
        private_key=_pkcs8(settings.merchant_private_key_pem),
        cert_serial_no=settings.merchant_serial,
        appid=settings.appid,
        apiv3_key=settings.apiv3_key,
        notify_url=notify_url or None,
        proxy=None if settings.is_live else dict.fromkeys(("http", "https", "all")),
        timeout=(min(CONNECT_S, settings.read_timeout_s), settings.read_timeout_s),
        public_key=settings.platform_public_key_pem or _public_pem(certificates[0]),
        public_key_id=settings.platform_public_key_id,
    )
    core = client._core  # noqa: SLF001
    core._gate_way = settings.base_url  # noqa: SLF001
    core._certificates = certificates  # noqa: SLF001
    core._update_certificates = _Renewal(core)  # noqa: SLF001
    # The library's own compares dates in a way that `cryptography` will drop.
    core._last_certificate = lambda: max(  # noqa: SLF001
        core._certificates,  # noqa: SLF001
        key=lambda one: one.not_valid_after_utc,
    )
    return client


class _Renewal:
    """Fetching the platform's certificates when an answer names one that we do not hold.

    The library empties its list before it asks, and asks each time; here the list is replaced
    once the new one is there, and is asked for once a minute at most.
    """

    def __init__(self, core: Any) -> None:  # noqa: ANN401 (it has no types)
        self._core = core
        self._lock = threading.Lock()
        self._asked_at = -float(REFRESH_S)

    def __call__(self) -> None:
        with self._lock:
            if time.monotonic() - self._asked_at < REFRESH_S:
                return
            self._asked_at = time.monotonic()
            fresh = copy.copy(self._core)
            fresh._certificates = []  # noqa: SLF001
            Core._update_certificates(fresh)  # noqa: SLF001
            if fresh._certificates:  # noqa: SLF001
                self._core._certificates = fresh._certificates  # noqa: SLF001


def _pkcs8(pem: str) -> str:
    """Return a private key, which the settings have checked, in the form the library reads."""
    key = serialization.load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _public_pem(certificate: x509.Certificate) -> str:
    """Return the key of a certificate."""
    return (
        certificate.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
