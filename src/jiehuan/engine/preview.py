"""What would a command do?  It is decided as if it had been sent now, and nothing is saved."""

import numpy as np

from jiehuan.core.columns import Commands
from jiehuan.core.terms import TermsTable
from jiehuan.engine.decide import Book, Decided, decide
from jiehuan.engine.loading import find
from jiehuan.store.database import Connection
from jiehuan.store.lookup import BookRow


def preview(conn: Connection, book: BookRow, terms: TermsTable, asked: Commands) -> Decided:
    """Return what commands of today would do to a book.

    Args:
        conn: A session that reads one moment of the books.
        book: As it stands at that moment.
        terms: All versions of terms.
        asked: Callers' commands, as they would be sent.
    """
    found = find(conn, book.book, book.business_on, asked, np.zeros(0, np.int64))
    return decide(Book(terms, book.business_on, book.business_on - 1, book.seq), found, asked)
