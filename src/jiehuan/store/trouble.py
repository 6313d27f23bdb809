"""What does an error of the driver mean outside this room?"""

import contextlib
from collections.abc import Iterator

import psycopg

from jiehuan.core.errors import DatabaseDown

# The driver files these under other errors: each ends the session.
_TIMED_OUT = (
    psycopg.errors.TransactionTimeout,
    psycopg.errors.IdleInTransactionSessionTimeout,
)


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Give a broken or silent connection the name that the rest of the program knows.

    Faults of ours, a statement that the database cannot take, pass as they are.

    Raises:
        DatabaseDown: The connection broke, or an answer did not come in time.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, *_TIMED_OUT) as error:
        raise DatabaseDown(f"the database does not answer: {error}") from error
