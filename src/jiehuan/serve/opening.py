"""What must be there before a book can be served: the book, a policy, a scorecard, keys."""

import dataclasses
import os
import secrets
from pathlib import Path
from typing import Final

from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import UsageError
from jiehuan.engine import book as books
from jiehuan.risk import model_file, policy_file
from jiehuan.serve.decider import POLICY
from jiehuan.serve.vault import KEY_BYTES, derived, key_of
from jiehuan.serve.wallet import WalletSettings
from jiehuan.store import lookup, registry, vault
from jiehuan.store.database import Connection, connect
from jiehuan.store.sessions import Session

TOKEN_MIN: Final = 16


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WalletFiles:
    """Where a service finds what it needs to stand beside a wallet.

    Attributes:
        wechat: The account, as JSON.
        courier_token: The courier's token, made if it is not there; None: no courier comes.
        data: The database's directory, if it is ours: the vault's key is there.
        vault_key: That key in hexadecimal digits, if it is named instead.
        lasting: The database stays when we end, so its personal data must be opened again.
    """

    wechat: Path
    courier_token: Path | None
    data: Path | None
    vault_key: str
    lasting: bool


def wallet_settings(dsn: str, files: WalletFiles, public_url: str) -> WalletSettings:
    """Read, or make, what a service needs to stand beside a wallet.

    Args:
        dsn: The database, ready.
        files: Where to find it.
        public_url: Where phones reach us, without a slash at the end.

    Raises:
        UsageError: A file or key is wrong or missing; says which.
    """
    settings = Settings.from_file(files.wechat)
    token = _token(files.courier_token) if files.courier_token else ""
    if files.lasting or files.vault_key:
        with connect(dsn, Session.OWNER) as conn:
            fresh = vault.is_empty(conn)
        key = key_of(files.data, files.vault_key, fresh=fresh)
    else:
        key = secrets.token_bytes(KEY_BYTES)
    return WalletSettings(
        settings=settings,
        courier_token=token,
        vault_key=key,
        public_url=public_url,
        session_key=derived(key, "session"),
    )


def _token(file: Path) -> str:
    """Return the courier's token, made if it is not there."""
    try:
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as opened:
                opened.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        token = file.read_bytes().decode(errors="replace").strip()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if len(token) < TOKEN_MIN or not (token.isascii() and token.isprintable()):
        raise UsageError(f"{file} must hold a token of {TOKEN_MIN} or more ASCII characters")
    return token


def make_ready(
    dsn: str,
    number: int,
    new: tuple[str, int] | None = None,
    policy: bytes = b"",
    model: bytes = b"",
) -> None:
    """Bring a database to our schema, and put into it what is given; does nothing twice.

    Args:
        dsn: The database.
        number: Of the book.
        new: Currency and first day of the book, if it may be made; its clock is virtual.
        policy: Text of policies, among them one called ``application``.
        model: File of the scorecard that the policy names.

    Raises:
        UsageError: There is no such book and it may not be made, or the policy or the
            scorecard is wrong.
        DatabaseRefused: The database cannot be used.
    """
    books.prepare(dsn)
    with connect(dsn, Session.OWNER) as conn:
        found = lookup.book(conn, number)
        if found is None and new is None:
            raise UsageError(f"there is no book {number}; --new CURRENCY makes it")
        if found is None and new is not None:
            _make(conn, number, *new)
        elif found is not None and new is not None and found.currency != new[0]:
            raise UsageError(f"book {number} is in {found.currency}, not in {new[0]}")
        _register(conn, policy, model)


def _make(conn: Connection, number: int, currency: str, on: int) -> None:
    """Make a book, if there is a product for it."""
    offered = sorted({product.currency for product in books.shipped_products()})
    if currency not in offered:
        raise UsageError(f"no product is offered in {currency}; there is {', '.join(offered)}")
    books.create(conn, number, currency, on)


def _register(conn: Connection, policy: bytes, model: bytes) -> None:
    """Store policies and a scorecard, after they were read."""
    policies = policy_file.parse(policy) if policy else ()
    if policies and POLICY not in {one.name for one in policies}:
        raise UsageError(f"no policy in the file is called {POLICY!r}; that one decides")
    for one in policies:
        registry.add_policy(conn, one.name, one.version, one.from_on, one.text)
    if model:
        card = model_file.load(model)
        on = min((one.from_on for one in policies), default=1)
        registry.add_model(conn, card.name, on, model)
