"""What we know of our account at WeChat Pay, read from one file of JSON.

`jiehuan sandbox wechat --print-config` prints such a file; for the live channel it is written
by hand, where a field that holds a PEM may name a file instead, beside this one.
"""

import dataclasses
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from jiehuan.core.errors import UsageError

LIVE_URL = "https://api.mch.weixin.qq.com"
LIVE_AUTHORIZE_URL = "https://open.weixin.qq.com/connect/oauth2/authorize"
LIVE_TOKEN_URL = "https://api.weixin.qq.com/sns/oauth2/access_token"  # noqa: S105 (an address)
APIV3_KEY_BYTES = 32
READ_TIMEOUT_S = 8.0
READ_TIMEOUT_S_MAX = 60.0
KEY_MODES = ("certificate", "public", "both")
BEGIN = "-----BEGIN "
SCENE_REPORT_INFOS = (("活动名称", "借还"), ("奖励说明", "借款到零钱"))


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """An account at WeChat Pay, and where it is reached.

    Attributes:
        base_url: Where the API is, without a slash at the end.
        mchid: Number of the merchant.
        appid: Number of the public account or small program.
        appsecret: Its secret, for signing people in; '' if nobody signs in.
        apiv3_key: What notifications are encrypted with, 32 bytes.
        merchant_serial: Serial of the merchant's certificate.
        merchant_private_key_pem: The key of that certificate.
        platform_public_key_id: ``PUB_KEY_ID_...``, or '' in certificate mode.
        platform_public_key_pem: The key of that id, or ''.
        platform_certificate_pem: Certificates of the platform, or '' in public-key mode.
        authorize_url: Page where a person signs in.
        token_url: Where the code of a sign-in becomes an openid.
        shim_url: Script that stands in for the phone's own bridge; '' on the live channel.
        cashier_url: A sandbox's page where an order is paid; '' on the live channel.
        confirm_url: A sandbox's page where a transfer is received; '' on the live channel.
        control_url: Where a sandbox is told what a person does; '' on the live channel.
        openids: Test people of a sandbox.
        read_timeout_s: How long an answer is waited for, seconds.
        transfer_scene_id: Purpose of transfers that the merchant was allowed.
        transfer_scene_report_infos: What that purpose demands to be told.
    """

    base_url: str
    mchid: str
    appid: str
    appsecret: str = dataclasses.field(repr=False)
    apiv3_key: str = dataclasses.field(repr=False)
    merchant_serial: str
    merchant_private_key_pem: str = dataclasses.field(repr=False)
    platform_public_key_id: str = ""
    platform_public_key_pem: str = dataclasses.field(default="", repr=False)
    platform_certificate_pem: str = dataclasses.field(default="", repr=False)
    authorize_url: str = LIVE_AUTHORIZE_URL
    token_url: str = LIVE_TOKEN_URL
    shim_url: str = ""
    cashier_url: str = ""
    confirm_url: str = ""
    control_url: str = ""
    openids: tuple[str, ...] = ()
    read_timeout_s: float = READ_TIMEOUT_S
    transfer_scene_id: str = "1000"
    transfer_scene_report_infos: tuple[tuple[str, str], ...] = SCENE_REPORT_INFOS

    @property
    def is_live(self) -> bool:
        """Whether real money is at the other end: the host is not this machine."""
        return not is_loopback(self.base_url)

    @classmethod
    def from_file(cls, file: Path) -> "Settings":
        """Read the settings from a file.

        Raises:
            UsageError: The file, a field of it or a key that it names is wrong; says which.
        """
        try:
            given = json.loads(file.read_bytes())
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise UsageError(f"{file} is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise UsageError(f"{file} does not hold one JSON object")
        try:
            return cls.from_json(given, file.parent)
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from error

    @classmethod
    def from_json(cls, given: Mapping[str, Any], beside: Path = Path()) -> "Settings":
        """Read the settings from an object; PEM files are looked for ``beside``.

        Raises:
            UsageError: A field or a key is wrong; says which.
        """
        mode = _text(given, "keys", "both")
        if mode not in KEY_MODES:
            raise UsageError(f"keys must be one of {', '.join(KEY_MODES)}, not {mode!r}")
        by_id, by_certificate = mode != "certificate", mode != "public"
        optional = {name: _text(given, name, default) for name, default in _OPTIONAL.items()}
        settings = cls(
            base_url=_text(given, "base_url", LIVE_URL).rstrip("/"),
            mchid=_text(given, "mchid"),
            appid=_text(given, "appid"),
            appsecret=_text(given, "appsecret", ""),
            apiv3_key=_text(given, "apiv3_key"),
            merchant_serial=_text(given, "merchant_serial"),
            merchant_private_key_pem=_pem(given, "merchant_private_key_pem", beside),
            platform_public_key_id=_text(given, "platform_public_key_id", "") if by_id else "",
            platform_public_key_pem=_pem(given, "platform_public_key_pem", beside) if by_id else "",
            platform_certificate_pem=(
                _pem(given, "platform_certificate_pem", beside) if by_certificate else ""
            ),
            openids=_openids(given),
            read_timeout_s=_seconds(given, "read_timeout_s"),
            transfer_scene_report_infos=_infos(given),
            **optional,
        )
        _check(settings, _text(given, "platform_serial", ""))
        _check_own(settings, _pem(given, "merchant_certificate_pem", beside))
        return settings


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine.

    Examples:
        >>> is_loopback("http://127.0.0.1:8010"), is_loopback("https://api.mch.weixin.qq.com")
        (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_live(settings: Settings, *, virtual: bool) -> None:
    """Refuse to let a book that dreams its days talk to a channel that moves real money.

    Raises:
        UsageError: The channel is live and the book's clock is virtual.
    """
    if virtual and settings.is_live:
        raise UsageError(
            f"{settings.base_url} moves real money, and the book is on a virtual clock:"
            " use a sandbox's settings, or a book on the real clock"
        )


# Fields that may be left out, and what then holds.
_OPTIONAL: dict[str, str] = {
    "authorize_url": LIVE_AUTHORIZE_URL,
    "token_url": LIVE_TOKEN_URL,
    "shim_url": "",
    "cashier_url": "",
    "confirm_url": "",
    "control_url": "",
    "transfer_scene_id": "1000",
}


def _text(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a field that holds text; None as default: it must be there and hold something."""
    value = given.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise UsageError(f"{name} is missing")
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}")
    if not value.strip() and default is None:
        raise UsageError(f"{name} is empty")
    return value.strip()


def _pem(given: Mapping[str, Any], name: str, beside: Path) -> str:
    """Return a PEM that is in the field, or in the file that the field names; '' if neither."""
    text = _text(given, name, "")
    if not text or text.startswith(BEGIN):
        return text
    file = beside / text
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(f"{name}: {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: {file} is not a PEM") from error


def _seconds(given: Mapping[str, Any], name: str) -> float:
    """Return a field that holds a time-out."""
    value = given.get(name, READ_TIMEOUT_S)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} must be a number")
    if not 0 < value <= READ_TIMEOUT_S_MAX:
        raise UsageError(f"{name} must be more than 0 and at most {READ_TIMEOUT_S_MAX:g}")
    return float(value)


def _openids(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the test people, which are told as a list or by name."""
    value = given.get("openids") or ()
    people = list(value.values()) if isinstance(value, Mapping) else value
    if not isinstance(people, Sequence) or not all(isinstance(one, str) for one in people):
        raise UsageError("openids must be a list of texts")
    return tuple(people)


def _infos(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the purpose of a transfer demands to be told."""
    name = "transfer_scene_report_infos"
    value = given.get(name)
    if value is None:
        return SCENE_REPORT_INFOS
    try:
        return tuple((str(info["info_type"]), str(info["info_content"])) for info in value)
    except (TypeError, KeyError) as error:
        raise UsageError(f"{name} must be a list of info_type and info_content") from error


def _check(settings: Settings, platform_serial: str) -> None:
    """Refuse settings that cannot work, so that nothing is found out by a partner's refusal."""
    if not settings.base_url.startswith("https://") and settings.is_live:
        raise UsageError(f"base_url must begin with https:// unless it is on this machine,"
                         f" not {settings.base_url!r}")  # fmt: skip
    if len(key := settings.apiv3_key.encode()) != APIV3_KEY_BYTES:
        raise UsageError(f"apiv3_key must have {APIV3_KEY_BYTES} bytes, not {len(key)}")
    if not re.fullmatch(r"[0-9A-Fa-f]{8,40}", settings.merchant_serial):
        raise UsageError(f"merchant_serial must be hexadecimal, not {settings.merchant_serial!r}")
    own = _private_key(settings.merchant_private_key_pem)
    _check_public_key(settings, own)
    _check_certificates(settings, own, platform_serial)
    if not settings.platform_public_key_pem and not settings.platform_certificate_pem:
        raise UsageError("platform_public_key_pem or platform_certificate_pem must be given:"
                         " without either no answer can be verified")  # fmt: skip


def _private_key(pem: str) -> rsa.RSAPublicKey:
    """Return the public half of the merchant's key."""
    name = "merchant_private_key_pem"
    if not pem:
        raise UsageError(f"{name} is missing")
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name} is no private key without password, {_what(pem)}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UsageError(f"{name} is not an RSA key")
    return key.public_key()


def _check_public_key(settings: Settings, own: rsa.RSAPublicKey) -> None:
    """Refuse a platform's public key that is none, has no id or is the merchant's own."""
    name, pem = "platform_public_key_pem", settings.platform_public_key_pem
    if bool(pem) != bool(settings.platform_public_key_id):
        raise UsageError(f"{name} and platform_public_key_id are given together or not at all")
    if not pem:
        return
    if not settings.platform_public_key_id.startswith("PUB_KEY_ID_"):
        raise UsageError("platform_public_key_id must begin with PUB_KEY_ID_, not"
                         f" {settings.platform_public_key_id!r}")  # fmt: skip
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as error:
        raise UsageError(f"{name} is no public key, {_what(pem)}") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise UsageError(f"{name} is not an RSA key")
    if key.public_numbers() == own.public_numbers():
        raise UsageError(f"{name} is the merchant's own key; the platform's is wanted")


def _check_certificates(settings: Settings, own: rsa.RSAPublicKey, platform_serial: str) -> None:
    """Refuse a platform's certificate that is none, the merchant's own or another than told."""
    name, pem = "platform_certificate_pem", settings.platform_certificate_pem
    if not pem:
        return
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise UsageError(f"{name} is no certificate, {_what(pem)}") from error
    keys = [one.public_key() for one in found]
    if not all(isinstance(key, rsa.RSAPublicKey) for key in keys):
        raise UsageError(f"{name} is not of an RSA key")
    if own in keys:
        raise UsageError(f"{name} is the merchant's own; the platform's is wanted")
    serials = [f"{one.serial_number:X}" for one in found]
    if platform_serial and platform_serial.upper().lstrip("0") not in serials:
        raise UsageError(f"{name} has the serial {', '.join(serials)}, not {platform_serial}:"
                         " it does not fit platform_serial")  # fmt: skip


def _check_own(settings: Settings, pem: str) -> None:
    """Refuse a private key or a serial that is not that of the merchant's certificate, if told."""
    name = "merchant_certificate_pem"
    if not pem:
        return
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise UsageError(f"{name} is no certificate, {_what(pem)}") from error
    if certificate.public_key() != _private_key(settings.merchant_private_key_pem):
        raise UsageError(f"merchant_private_key_pem is not the key of {name}")
    serial = f"{certificate.serial_number:X}"
    if serial != settings.merchant_serial.upper().lstrip("0"):
        raise UsageError(f"{name} has the serial {serial}, not {settings.merchant_serial}:"
                         " it does not fit merchant_serial")  # fmt: skip


def _what(pem: str) -> str:
    """Say what a PEM calls itself."""
    named = re.match(r"-----BEGIN ([A-Z0-9 ]+)-----", pem)
    return f"it calls itself {named[1]}" if named else f"it does not begin with {BEGIN!r}"
