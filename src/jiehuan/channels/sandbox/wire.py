"""What is signed, verified and encrypted, and with which key?

Both sides sign the raw bytes that travel.  All times here are real: clients refuse a signature
that is more than five minutes off.
"""

import base64
import binascii
import dataclasses
import json
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jiehuan.channels.sandbox.clock import wire as write_time
from jiehuan.channels.sandbox.errors import WireError, refusal
from jiehuan.channels.sandbox.keys import Keys, certificate_pem

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
WINDOW_S: Final = 300
PROBE: Final = "WECHATPAY/SIGNTEST/"
ALGORITHM: Final = "AEAD_AES_256_GCM"
FIELDS: Final = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})
BODY_SHOWN_MAX: Final = 10  # bytes of a body that an error repeats

# Which keys a merchant has.
CERTIFICATE: Final = "certificate"
PUBLIC: Final = "public"
BOTH: Final = "both"
MODES: Final = (BOTH, PUBLIC, CERTIFICATE)

Headers = list[tuple[bytes, bytes]]

_FIELD = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
_LETTERS = string.ascii_letters + string.digits
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303  # as they do


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came.

    Attributes:
        method: In capitals.
        target: Path and query, just as they stood in the request.
        headers: By name in small letters.
        body: The raw bytes; empty if there was none.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def compact(value: object) -> bytes:
    """Write JSON as the partner does: no blanks, Chinese as it is.

    Examples:
        >>> compact({"a": [1, "x"]})
        b'{"a":[1,"x"]}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def nonce(length: int = 32) -> str:
    """Return letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def read_authorization(header: str) -> dict[str, str]:
    """Return the five fields of an ``Authorization``, in whatever order they came.

    Raises:
        WireError: It is none, or of another kind.
    """
    scheme, _, rest = header.strip().partition(" ")
    if scheme and scheme != SCHEME and rest:
        raise refusal("SIGN_ERROR", "Http头Authorization认证类型不正确")
    parts = [_FIELD.fullmatch(part) for part in rest.split(",")]
    fields = {part[1]: part[2] for part in parts if part}
    if scheme != SCHEME or len(fields) != len(parts) or fields.keys() != FIELDS:
        raise refusal(
            "SIGN_ERROR",
            "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》",
        )
    return fields


class Signing:
    """The keys at work, under one of the three modes.

    In mode ``both`` a merchant is changing from the certificate to the public key: the request's
    ``Wechatpay-Serial`` chooses, and without it the certificate signs.
    """

    def __init__(self, keys: Keys, mode: str, mchid: str) -> None:
        """Take keys, one of ``MODES`` and the merchant that may call."""
        assert mode in MODES
        self.keys = keys
        self.mode = mode
        self.mchid = mchid
        self.usual = PUBLIC if mode == PUBLIC else CERTIFICATE
        self._names = {
            keys.platform_serial.lower(): CERTIFICATE,
            keys.public_key_id.lower(): PUBLIC,
        }

    # --- requests ------------------------------------------------------------------------------

    def verify(self, asked: Asked, real_s: float) -> None:
        """Check who asks.

        Raises:
            WireError: The merchant did not sign this request, or not now.
        """
        fields = read_authorization(asked.headers.get("authorization", ""))
        self._check_time(fields["timestamp"], real_s)
        if fields["mchid"] != self.mchid:
            raise refusal("SIGN_ERROR", f"商户号{fields['mchid'][:32]}不存在，或与证书不匹配")
        if fields["serial_no"].upper() != self.keys.merchant_serial:
            raise refusal("SIGN_ERROR", "商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        head = f"{asked.method}\n{asked.target}\n{fields['timestamp']}\n{fields['nonce_str']}\n"
        message = head.encode() + asked.body + b"\n"
        try:
            self.keys.merchant.public_key().verify(
                base64.b64decode(fields["signature"], validate=True),
                message,
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, binascii.Error, ValueError):
            raise _not_matching(asked, head, len(message)) from None

    @staticmethod
    def _check_time(timestamp: str, real_s: float) -> None:
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise refusal("SIGN_ERROR", "Http头Authorization中的timestamp不是时间戳（秒）")
        if abs(real_s - int(timestamp)) > WINDOW_S:
            raise refusal(
                "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
            )

    def key_for(self, asked: Asked) -> str:
        """Return which key signs the answer: ``certificate`` or ``public``.

        Raises:
            WireError: The request names a key that this merchant does not have.
        """
        serial = asked.headers.get("wechatpay-serial", "").strip()
        if not serial:
            return self.usual
        name = self._names.get(serial.lower())
        if name is None or self.mode not in {BOTH, name}:
            raise refusal("PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误")
        return name

    def open_sensitive(self, asked: Asked, text: str) -> str:
        """Decrypt a field that was encrypted to us.

        Raises:
            WireError: The request does not say to which key, or it was another one.
        """
        if not asked.headers.get("wechatpay-serial"):
            raise refusal("PARAM_ERROR", "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)")
        key = self._private(self.key_for(asked))
        try:
            return key.decrypt(base64.b64decode(text, validate=True), _OAEP).decode()
        except (ValueError, binascii.Error):
            raise refusal("PARAM_ERROR", "平台私钥解密失败") from None

    def seal_sensitive(self, text: str) -> str:
        """Encrypt a field of an answer to the merchant's certificate."""
        sealed = self.keys.merchant.public_key().encrypt(text.encode(), _OAEP)
        return base64.b64encode(sealed).decode()

    # --- answers and notifications --------------------------------------------------------------

    def headers(self, body: bytes, name: str, real_s: float) -> Headers:
        """Return the headers that sign a body, spelled as the partner spells them.

        Args:
            body: What is sent; empty for a 204.
            name: The key: ``certificate`` or ``public``.
            real_s: Real time.
        """
        return self.forged_headers(body, name, real_s, self._private(name))

    def forged_headers(
        self, body: bytes, name: str, real_s: float, key: rsa.RSAPrivateKey
    ) -> Headers:
        """Return such headers signed with any key, in the name of ours."""
        timestamp, word = str(int(real_s)), nonce()
        message = f"{timestamp}\n{word}\n".encode() + body + b"\n"
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self._spelled(name, timestamp, word, base64.b64encode(signature).decode())

    def probe_headers(self, name: str, real_s: float) -> Headers:
        """Return headers as of the partner's own probe, which a merchant must refuse."""
        word = PROBE + base64.b64encode(secrets.token_bytes(237)).decode()
        return self._spelled(name, str(int(real_s)), nonce(), word)

    def _spelled(self, name: str, timestamp: str, word: str, signature: str) -> Headers:
        return [
            (b"Wechatpay-Nonce", word.encode()),
            (b"Wechatpay-Serial", self.serial(name).encode()),
            (b"Wechatpay-Signature", signature.encode()),
            (b"Wechatpay-Signature-Type", SCHEME.encode()),
            (b"Wechatpay-Timestamp", timestamp.encode()),
        ]

    def serial(self, name: str) -> str:
        """Return what names a key on the wire."""
        return self.keys.public_key_id if name == PUBLIC else self.keys.platform_serial

    def _private(self, name: str) -> rsa.RSAPrivateKey:
        return self.keys.public if name == PUBLIC else self.keys.platform

    def seal(self, plain: bytes, associated_data: str) -> dict[str, str]:
        """Encrypt a resource with the APIv3 key."""
        word = nonce(12)
        sealed = AESGCM(self.keys.apiv3_key.encode()).encrypt(
            word.encode(), plain, associated_data.encode()
        )
        return {
            "algorithm": ALGORITHM,
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": associated_data,
            "nonce": word,
        }

    def certificates(self) -> dict[str, Any]:
        """Return the answer to ``GET /v3/certificates``.

        Raises:
            WireError: This merchant has a public key instead.
        """
        if self.mode == PUBLIC:
            raise refusal(
                "RESOURCE_NOT_EXISTS",
                "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"
                "可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196",
            )
        certificate = self.keys.platform_certificate
        sealed = self.seal(certificate_pem(certificate), "certificate")
        return {
            "data": [
                {
                    "serial_no": self.keys.platform_serial,
                    "effective_time": write_time(int(certificate.not_valid_before_utc.timestamp())),
                    "expire_time": write_time(int(certificate.not_valid_after_utc.timestamp())),
                    "encrypt_certificate": sealed,
                }
            ]
        }


def _not_matching(asked: Asked, head: str, length: int) -> WireError:
    """Return the refusal that shows what should have been signed."""
    shown = asked.body[:BODY_SHOWN_MAX].decode("utf-8", "replace")
    said = {
        "field": "signature",
        "issue": "sign not match",
        "location": "authorization",
        "detail": {"issue": "sign not match"},
        "sign_information": {
            "method": asked.method,
            "url": asked.target,
            "truncated_sign_message": f"{head}{shown}\n",
            "sign_message_length": length,
        },
    }
    return WireError(401, "SIGN_ERROR", "错误的签名，验签失败", said)
