"""Which keys does the sandbox have: its authority, the merchant's, the platform's?

They are made once into the data directory, readable by their owner only, and read again ever
after.  The authority can vouch for the two hosts of WeChat Pay and for nothing else, so
trusting it on a machine opens no other door.
"""

import contextlib
import dataclasses
import datetime as dt
import ipaddress
import json
import os
import secrets
import shutil
import string
import tempfile
from pathlib import Path
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jiehuan.core.errors import UsageError

HOSTS: Final = ("api.mch.weixin.qq.com", "api2.mch.weixin.qq.com")

FOLDER: Final = "keys"
CA_FILE: Final = "ca.pem"
RSA_BITS: Final = 2048
CA_DAYS: Final = 3_650
CERTIFICATE_DAYS: Final = 1_825  # as the real ones
LEAF_DAYS: Final = 800  # some programs refuse more than 825
LEAF_DAYS_LEFT_MIN: Final = 30
SERIAL_BITS: Final = 160

Signer = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys of one data directory.

    Attributes:
        folder: Where they lie.
        apiv3_key: 32 ASCII characters, shared with the merchant.
        appsecret: Of the app, for OAuth.
        public_key_id: ``PUB_KEY_ID_...``, names ``public``.
        merchant: The merchant's private key; the sandbox hands it out.
        merchant_certificate: Its serial number signs requests.
        platform: The key behind the platform certificate.
        platform_certificate: What ``/v3/certificates`` gives out.
        public: The key whose public half merchants of today are given.
    """

    folder: Path
    apiv3_key: str
    appsecret: str
    public_key_id: str
    merchant: rsa.RSAPrivateKey
    merchant_certificate: x509.Certificate
    platform: rsa.RSAPrivateKey
    platform_certificate: x509.Certificate
    public: rsa.RSAPrivateKey

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority, for clients to trust."""
        return self.folder.parent / CA_FILE

    @property
    def tls_file(self) -> Path:
        """Certificate and key with which the proxy answers for WeChat Pay's hosts."""
        return self.folder / "tls.pem"

    @property
    def merchant_serial(self) -> str:
        """Serial number of the merchant's certificate, 40 hexadecimal digits."""
        return serial_of(self.merchant_certificate)

    @property
    def platform_serial(self) -> str:
        """Serial number of the platform certificate, 40 hexadecimal digits."""
        return serial_of(self.platform_certificate)


def serial_of(certificate: x509.Certificate) -> str:
    """Return a certificate's serial number as it is written on the wire."""
    return f"{certificate.serial_number:040X}"


def private_pem(key: Signer) -> bytes:
    """Return a private key as PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: Signer) -> bytes:
    """Return the public half of a key."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_or_make(data: Path, mchid: str) -> Keys:
    """Return the keys of a data directory; make them for a merchant if it has none.

    Raises:
        UsageError: The directory cannot be used, or what lies there is not keys of ours.
    """
    folder = data / FOLDER
    try:
        if not folder.is_dir():
            _make(data, folder, mchid)
        _renew_leaf(data, folder)
        return _load(folder)
    except OSError as error:
        raise UsageError(f"{error.filename or data} cannot be used: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder} does not hold keys of a sandbox ({error}); name another --data"
        ) from error


def _load(folder: Path) -> Keys:
    names = json.loads((folder / "names.json").read_bytes())
    return Keys(
        folder=folder,
        apiv3_key=str(names["apiv3_key"]),
        appsecret=str(names["appsecret"]),
        public_key_id=str(names["public_key_id"]),
        merchant=_rsa(folder / "merchant.key"),
        merchant_certificate=_certificate(folder / "merchant.pem"),
        platform=_rsa(folder / "platform.key"),
        platform_certificate=_certificate(folder / "platform.pem"),
        public=_rsa(folder / "public.key"),
    )


def _rsa(file: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file.name} is not an RSA key")
    return key


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _make(data: Path, folder: Path, mchid: str) -> None:
    """Make a folder of keys; if somebody else was faster, theirs count."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".keys-", dir=data))
    try:
        _fill(building, mchid)
        with contextlib.suppress(FileExistsError):
            _rename(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    # The one file that others read lies in plain sight.
    _write(data / CA_FILE, (folder / CA_FILE).read_bytes())


def _rename(building: Path, folder: Path) -> None:
    try:
        building.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        raise FileExistsError(folder) from None


def _fill(folder: Path, mchid: str) -> None:
    ca, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    authority = _authority(ca, now)
    _write(folder / "ca.key", private_pem(ca))
    _write(folder / CA_FILE, certificate_pem(authority))
    _write(folder / "tls.pem", _leaf(ca, authority, now))
    for name, common in (("merchant", mchid), ("platform", "Tenpay.com sandbox")):
        key = rsa.generate_private_key(65_537, RSA_BITS)
        _write(folder / f"{name}.key", private_pem(key))
        _write(folder / f"{name}.pem", certificate_pem(_self_signed(key, common, now)))
    _write(folder / "public.key", private_pem(rsa.generate_private_key(65_537, RSA_BITS)))
    letters = string.ascii_letters + string.digits
    names = {
        "apiv3_key": "".join(secrets.choice(letters) for _ in range(32)),
        "appsecret": secrets.token_hex(16),
        "public_key_id": f"PUB_KEY_ID_01{mchid}{now:%y%m}{secrets.randbelow(10**12):012d}",
    }
    _write(folder / "names.json", json.dumps(names, indent=1).encode())


def _renew_leaf(data: Path, folder: Path) -> None:
    """Make a new TLS certificate before the old one ends."""
    leaf, now = _certificate(folder / "tls.pem"), dt.datetime.now(dt.UTC)
    if leaf.not_valid_after_utc - now < dt.timedelta(days=LEAF_DAYS_LEFT_MIN):
        ca = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        made = _leaf(cast("Signer", ca), _certificate(folder / CA_FILE), now)
        _write(folder / "tls.pem", made)
    if not (data / CA_FILE).exists():
        _write(data / CA_FILE, (folder / CA_FILE).read_bytes())


def _write(file: Path, content: bytes) -> None:
    """Write a file whole, readable by its owner only."""
    building = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as open_file:
        open_file.write(content)
    building.replace(file)


def _serial() -> int:
    """Return a serial number of 40 digits; clients that drop leading zeros find none."""
    return 1 << (SERIAL_BITS - 2) | secrets.randbits(SERIAL_BITS - 2)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "jiehuan sandbox, not WeChat Pay"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _start(
    key: Signer, subject: x509.Name, issuer: x509.Name, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    """Begin a certificate: names, validity, serial number, key identifier."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(_serial())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(ca: Signer, now: dt.datetime) -> x509.Certificate:
    """Make the authority: for two hosts, for no address of the internet protocol."""
    name = _name("jiehuan sandbox CA for api.mch.weixin.qq.com only")
    nowhere = [x509.IPAddress(ipaddress.ip_network(network)) for network in ("0.0.0.0/0", "::/0")]
    return (
        _start(ca, name, name, now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(
            x509.NameConstraints([x509.DNSName(host) for host in HOSTS], nowhere), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca, hashes.SHA256())
    )


def _leaf(ca: Signer, authority: x509.Certificate, now: dt.datetime) -> bytes:
    """Make the certificate of the two hosts; return it with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    certificate = (
        _start(key, _name(HOSTS[0]), authority.subject, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value),
            critical=False,
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca, hashes.SHA256())
    )
    return certificate_pem(certificate) + private_pem(key)


def _self_signed(key: rsa.RSAPrivateKey, common: str, now: dt.datetime) -> x509.Certificate:
    name = _name(common)
    return _start(key, name, name, now, CERTIFICATE_DAYS).sign(key, hashes.SHA256())
