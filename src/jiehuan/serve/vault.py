"""Personal data under lock: who holds the key reads them, the database does not.

AES-256-GCM, each value bound to its book, party and field; what has to be found again has an
index that only the key can make.  The keys of the several uses come of the one in the file.
"""

import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jiehuan.core.errors import UsageError
from jiehuan.store.vault import Field, Sealed

KEY_BYTES: Final = 32
KEY_FILE: Final = "vault.key"
KEY_VARIABLE: Final = "JIEHUAN_VAULT_KEY"
NONCE_BYTES: Final = 12
PARTY_BITS: Final = 52  # every such number is exact in JavaScript

# Fields that are looked up.
INDEXED: Final = frozenset({Field.OPENID})


class VaultKeyWrong(UsageError):
    """The key is not the one that the data were locked with."""


def derived(key: bytes, use: str) -> bytes:
    """Return the key for one use; none can be had from another."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"jiehuan/{use}".encode()).derive(key)


class Vault:
    """Seals and opens the personal data of one book."""

    def __init__(self, key: bytes, book: int) -> None:
        """Hold the key.

        Raises:
            VaultKeyWrong: It has not 32 bytes.
        """
        if len(key) != KEY_BYTES:
            raise VaultKeyWrong(f"a vault's key has {KEY_BYTES} bytes, not {len(key)}")
        self._book = book
        self._aead = AESGCM(derived(key, "vault"))
        self._index = derived(key, "index")
        self._parties = derived(key, "party")

    def party_of(self, openid: str) -> int:
        """Return the number of a party whom a wallet knows as ``openid``."""
        digest = hmac.digest(self._parties, openid.encode(), "sha256")
        return int.from_bytes(digest[:8], "big") >> (64 - PARTY_BITS)

    def seal(self, party: int, field: Field, text: str) -> Sealed:
        """Lock a value."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        locked = self._aead.encrypt(nonce, text.encode(), self._bound(party, field))
        blind = self.blind_index(field, text) if field in INDEXED else None
        return Sealed(party, field, nonce + locked, blind)

    def open(self, party: int, field: Field, ciphertext: bytes) -> str:
        """Return a value that was locked.

        Raises:
            VaultKeyWrong: The key is another one, or somebody changed the value.
        """
        nonce, locked = ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, locked, self._bound(party, field)).decode()
        except (InvalidTag, ValueError) as error:
            raise VaultKeyWrong(
                f"personal data of book {self._book} do not open: the vault's key is another one"
                f" than they were locked with ({KEY_VARIABLE}, or {KEY_FILE} beside the database)"
            ) from error

    def blind_index(self, field: Field, text: str) -> bytes:
        """Return what a value is found again by; without the key it tells nothing."""
        return hmac.digest(self._index, f"{field:d}/{text}".encode(), "sha256")

    def _bound(self, party: int, field: Field) -> bytes:
        return f"{self._book}/{party}/{field:d}".encode()


def key_of(data: Path | None, named: str, *, fresh: bool) -> bytes:
    """Return the vault's key: the one that is named, else that of the file beside the database.

    Args:
        data: The database's directory; None if it is not ours, or goes when we end.
        named: In hexadecimal digits; "" if none is named.
        fresh: Nothing was locked yet, so a key may be made.

    Raises:
        VaultKeyWrong: The key or its file is wrong or missing; says which.
    """
    if named:
        try:
            key = bytes.fromhex(named)
        except ValueError:
            raise VaultKeyWrong(f"{KEY_VARIABLE} must be hexadecimal digits") from None
        if len(key) != KEY_BYTES:
            raise VaultKeyWrong(
                f"{KEY_VARIABLE} must be {2 * KEY_BYTES} hexadecimal digits, not {len(named)}"
            )
        return key
    if data is None:
        raise VaultKeyWrong(f"name the vault's key: set {KEY_VARIABLE}")
    file = data / KEY_FILE
    if not file.exists():
        if not fresh:
            raise VaultKeyWrong(f"{file} is missing: without it personal data stay locked")
        _make(file)
    return _read(file)


def _make(file: Path) -> None:
    """Make a key that nobody else can read."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(secrets.token_bytes(KEY_BYTES))
        opened.flush()
        os.fsync(opened.fileno())


def _read(file: Path) -> bytes:
    """Read a key, if nobody else can."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        key = file.read_bytes()
    except OSError as error:
        raise VaultKeyWrong(f"{file} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise VaultKeyWrong(f"{file} can be read by others (mode {mode:04o}): chmod 600 {file}")
    if len(key) != KEY_BYTES:
        raise VaultKeyWrong(f"{file} must hold {KEY_BYTES} bytes, not {len(key)}")
    return key
