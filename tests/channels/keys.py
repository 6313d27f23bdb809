"""Keys of a merchant and of a platform, and what either signs and seals with them."""

import base64
import dataclasses
import datetime as dt
import json
import secrets
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

PUBLIC_KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
APIV3_KEY = "0123456789abcdef0123456789ABCDEF"
MERCHANT_SERIAL = "7777777777777777777777777777777777777777"
MCHID, APPID = "1900000001", "wx0000000000000001"


def made():
    return rsa.generate_private_key(65_537, 2_048)


def private_pem(key, form=serialization.PrivateFormat.PKCS8):
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def public_pem(key):
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def certificate(key, serial=0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a platform")])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), serial)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


@dataclasses.dataclass
class Pairs:
    """Who holds what."""

    merchant: rsa.RSAPrivateKey
    public: rsa.RSAPrivateKey  # the platform's, of today
    platform: rsa.RSAPrivateKey  # the platform's, of the certificate
    certificate: x509.Certificate

    @classmethod
    def made(cls):
        platform = made()
        return cls(made(), made(), platform, certificate(platform))

    @property
    def serial(self):
        return f"{self.certificate.serial_number:040X}"

    def settings(self, base_url="http://127.0.0.1:1", keys="both"):
        """What `sandbox wechat --print-config` would print of them."""
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return {
            "base_url": base_url,
            "mchid": MCHID,
            "appid": APPID,
            "appsecret": "secret",
            "apiv3_key": APIV3_KEY,
            "merchant_serial": MERCHANT_SERIAL,
            "merchant_private_key_pem": private_pem(self.merchant),
            "platform_public_key_id": PUBLIC_KEY_ID,
            "platform_public_key_pem": public_pem(self.public),
            "platform_serial": self.serial,
            "platform_certificate_pem": pem,
            "keys": keys,
        }

    def signed(self, body, *, by_certificate=False, at=None):
        """Return the headers with which the platform vouches for a body."""
        key = self.platform if by_certificate else self.public
        stamp, nonce = str(int(time.time() if at is None else at)), secrets.token_hex(16)
        text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.serial if by_certificate else PUBLIC_KEY_ID,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def proves(self, method, target, body, authorization):
        """Say whether the merchant signed a request."""
        kind, _, told = authorization.partition(" ")
        said = dict(part.split("=", 1) for part in told.split(","))
        said = {name: value.strip('"') for name, value in said.items()}
        text = f"{method}\n{target}\n{said['timestamp']}\n{said['nonce_str']}\n".encode()
        self.merchant.public_key().verify(
            base64.b64decode(said["signature"]),
            text + body + b"\n",
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        mine = said["mchid"], said["serial_no"]
        return kind == "WECHATPAY2-SHA256-RSA2048" and mine == (MCHID, MERCHANT_SERIAL)


def notice(event_type, resource, *, key=APIV3_KEY, about="transaction", event="EV-1"):
    """Return the body of a notice, its resource sealed."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(key.encode()).encrypt(
        nonce.encode(), json.dumps(resource).encode(), about.encode()
    )
    told = {
        "id": event,
        "create_time": "2026-11-23T10:34:57+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": {
            "original_type": about,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": about,
            "nonce": nonce,
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
