"""Keys are made once, nobody else reads them, and their authority opens no other door."""

import concurrent.futures
import datetime as dt
import ipaddress
import re
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.channels.sandbox.running import shared_keys

from jiehuan.channels.sandbox import keys as keyring
from jiehuan.core.errors import UsageError


def test_keys_are_made_once_and_read_by_their_owner_only(tmp_path):
    first = keyring.load_or_make(tmp_path / "new", "1900000109")
    again = keyring.load_or_make(tmp_path / "new", "1900000109")

    assert first.apiv3_key == again.apiv3_key
    assert first.merchant_serial == again.merchant_serial
    assert first.public_key_id == again.public_key_id
    assert keyring.private_pem(first.public) == keyring.private_pem(again.public)
    files = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}
    assert [] == [path.name for path in files if path.name.startswith(".")]
    assert "BEGIN CERTIFICATE" in first.ca_file.read_text()


def test_names_are_as_on_the_wire():
    keys = shared_keys()

    assert re.fullmatch(r"PUB_KEY_ID_01\d{10}\d{16}", keys.public_key_id)
    assert re.fullmatch(r"[0-9A-Za-z]{32}", keys.apiv3_key)
    for serial in (keys.merchant_serial, keys.platform_serial):
        # A client that writes the number itself drops leading zeros.
        assert re.fullmatch(r"[1-9A-F][0-9A-F]{39}", serial)
        assert f"{int(serial, 16):X}" == serial


def test_two_who_make_keys_at_once_get_the_same(tmp_path):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: keyring.load_or_make(tmp_path, "1900000109"), range(4)))

    assert 1 == len({one.merchant_serial for one in made})
    assert ["ca.pem", "keys"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file", "content"),
    [("names.json", "{}"), ("names.json", "no"), ("merchant.key", "no"), ("tls.pem", "no")],
)
def test_what_is_no_key_is_said(tmp_path, file, content):
    keyring.load_or_make(tmp_path, "1900000109")
    (tmp_path / "keys" / file).write_text(content)

    with pytest.raises(UsageError, match="does not hold keys of a sandbox"):
        keyring.load_or_make(tmp_path, "1900000109")


def test_a_missing_key_and_a_file_for_a_directory_are_said(tmp_path):
    keyring.load_or_make(tmp_path / "a", "1900000109")
    (tmp_path / "a" / "keys" / "public.key").unlink()
    (tmp_path / "b").write_text("")

    with pytest.raises(UsageError, match=r"public\.key cannot be used"):
        keyring.load_or_make(tmp_path / "a", "1900000109")
    with pytest.raises(UsageError, match="cannot be used"):
        keyring.load_or_make(tmp_path / "b", "1900000109")


def leaf(ca, authority, *names):
    """Let the authority vouch for any name."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(ca, hashes.SHA256())
    )
    return keyring.certificate_pem(certificate) + keyring.private_pem(key)


def shaken(tls_file, ca_file, host, flags=ssl.VERIFY_X509_STRICT):
    """Shake hands as a host; return what the client says of it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tls_file)
    client = ssl.create_default_context(cafile=ca_file)
    client.verify_flags |= flags
    ours, theirs = socket.socketpair()

    def serve():
        try:
            with server.wrap_socket(ours, server_side=True) as answered:
                answered.recv(1)
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(theirs, server_hostname=host) as secure:
            return secure.version()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        theirs.close()
        thread.join()


def test_the_authority_vouches_for_two_hosts_and_no_other(tmp_path):
    keys = keyring.load_or_make(tmp_path, "1900000109")
    ca = serialization.load_pem_private_key((keys.folder / "ca.key").read_bytes(), None)
    authority = x509.load_pem_x509_certificate(keys.ca_file.read_bytes())

    assert "TLSv1.3" == shaken(keys.tls_file, keys.ca_file, "api.mch.weixin.qq.com")
    assert "TLSv1.3" == shaken(keys.tls_file, keys.ca_file, "api2.mch.weixin.qq.com")
    for name, host in [
        (x509.DNSName("example.com"), "example.com"),
        (x509.DNSName("pay.weixin.qq.com"), "pay.weixin.qq.com"),
        (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), "127.0.0.1"),
    ]:
        other = tmp_path / "other.pem"
        other.write_bytes(leaf(ca, authority, name))
        assert "subtree violation" in shaken(other, keys.ca_file, host, ssl.VERIFY_DEFAULT)


def test_a_tls_certificate_is_renewed_before_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(keyring, "LEAF_DAYS", 10)
    first = keyring.load_or_make(tmp_path, "1900000109").tls_file.read_bytes()
    monkeypatch.undo()

    keys = keyring.load_or_make(tmp_path, "1900000109")

    assert first != keys.tls_file.read_bytes()
    assert "TLSv1.3" == shaken(keys.tls_file, keys.ca_file, "api.mch.weixin.qq.com")
    assert keys.tls_file.read_bytes() == keyring.load_or_make(tmp_path, "").tls_file.read_bytes()
