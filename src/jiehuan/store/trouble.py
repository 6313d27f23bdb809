"""What does an error of the driver mean outside this room?"""

import contextlib
from collections.abc import Iterator

import psycopg

from jiehuan.core.errors import DatabaseDown


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Give a broken or silent connection the name that the rest of the program knows.

    Faults of ours, a statement that the database cannot take, pass as they are.

    Raises:
        DatabaseDown: The connection broke, or an answer did not come in time.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseDown(f"the database does not answer: {error}") from error
