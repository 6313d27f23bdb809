"""A book and the terms it lends on, ready for its writer."""

import importlib.resources
from collections.abc import Mapping, Sequence

from jiehuan.core.commands import CLIENT_DAY
from jiehuan.core.terms import Product, parse
from jiehuan.store import books, migrate
from jiehuan.store.database import Connection, connect
from jiehuan.store.sessions import Session

CLIENTS = {CLIENT_DAY: "day", 1: "api", 2: "demo"}


def shipped_products() -> tuple[Product, ...]:
    """Return the products that come with the program."""
    text = (importlib.resources.files("jiehuan") / "terms.toml").read_text(encoding="utf-8")
    return parse(text)


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
