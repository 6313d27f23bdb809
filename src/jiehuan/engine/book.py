"""A book and the terms it lends on, ready for its writer."""

import importlib.resources
from collections.abc import Mapping, Sequence
from typing import Final

from jiehuan.core import caps
from jiehuan.core.commands import CLIENT_DAY
from jiehuan.core.terms import Product, parse
from jiehuan.store import books, migrate
from jiehuan.store.database import Connection, connect
from jiehuan.store.sessions import Session

CLIENT_API: Final = 1
CLIENT_DEMO: Final = 2
CLIENT_WECHAT: Final = 3  # what the partner answered
CLIENT_PHONE: Final = 4  # what borrowers ask on their phones
CLIENTS: Final = {
    CLIENT_DAY: "day",
    CLIENT_API: "api",
    CLIENT_DEMO: "demo",
    CLIENT_WECHAT: "wechat",
    CLIENT_PHONE: "phone",
}


def shipped_products() -> tuple[Product, ...]:
    """Return the products that come with the program."""
    return parse(_shipped("terms.toml"))


def shipped_caps() -> caps.Caps:
    """Return what credit may cost at most, as it comes with the program."""
    return caps.parse(_shipped("caps.toml"))


def _shipped(name: str) -> str:
    return (importlib.resources.files("jiehuan") / name).read_text(encoding="utf-8")


def prepare(
    dsn: str,
    products: Sequence[Product] | None = None,
    clients: Mapping[int, str] = CLIENTS,
) -> None:
    """Bring a database to our schema, with terms and clients; does nothing twice.

    Raises:
        DatabaseRefused: It is not ours, a newer program made it, or it could lose money.
    """
    migrate.prepare(dsn)
    with connect(dsn, Session.OWNER) as conn:
        books.add_terms(conn, tuple(products) if products is not None else shipped_products())
        for number, name in clients.items():
            books.add_client(conn, number, name)


def create(
    conn: Connection,
    book: int,
    currency: str,
    business_on: int,
    *,
    virtual: bool = True,
) -> None:
    """Make an empty book whose day is ``business_on``.

    Raises:
        UsageError: The book exists.
    """
    books.create(conn, book, currency, business_on, virtual=virtual)
