"""What must be in a database before a book can be served: the book, a policy, a scorecard."""

from jiehuan.core.errors import UsageError
from jiehuan.engine import book as books
from jiehuan.risk import model_file, policy_file
from jiehuan.serve.decider import POLICY
from jiehuan.store import lookup, registry
from jiehuan.store.database import Connection, connect
from jiehuan.store.sessions import Session


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
