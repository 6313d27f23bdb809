"""What a command would do is what it then does; asking changes nothing."""

import pytest
from tests.engine.script import Ask, apply_for, contents, differences

from jiehuan.core.commands import REF_ALL, Kind
from jiehuan.core.terms import TermsTable
from jiehuan.engine.day import advance
from jiehuan.engine.preview import preview
from jiehuan.store import books, lookup
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

ASKED = (
    Ask("back", Kind.REPAY, "line", 50_000, ref=REF_ALL),
    Ask("too much", Kind.DRAW, "line", 10**9),
    Ask("plan", Kind.CONVERT, "line", ref="bought", count=6),
    Ask("refund", Kind.REFUND, "line", 1_234, ref="bought"),
    Ask("nobody's", Kind.PURCHASE, 10**15, 100),
)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.key)
def test_a_preview_is_what_then_happens_and_changes_nothing(dsn, book, client, ask):
    client.ask(apply_for("line"))
    client.ask(Ask("bought", Kind.PURCHASE, "line", 40_000))
    advance(client.writer, client.writer.business_on + 35)
    requests = client.requests([ask])
    before = contents(dsn, book)

    with connect(dsn, Session.READER) as conn:
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = lookup.book(conn, book)
        assert row is not None
        made = preview(conn, row, TermsTable(books.terms(conn)), requests.commands)
        conn.execute("COMMIT")

    assert {} == differences(before, contents(dsn, book))
    [answer] = client.ask(ask)
    [place] = (made.asked == 0).nonzero()[0].tolist()
    assert answer.outcome == made.commands.outcome[place]
    assert answer.applied == made.commands.applied_minor[place]
    assert answer.seq == made.commands.seq[place]
    with connect(dsn, Session.READER) as conn:
        done = lookup.transfers(conn, book, answer.line, 1)
    assert done["amount_minor"].tolist() == made.transfers.amount_minor.tolist()
    assert done["credit"].tolist() == made.transfers.credit.tolist()
