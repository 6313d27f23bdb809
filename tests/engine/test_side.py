"""What is written with a command is written when it is, and never without it or half."""

import dataclasses
import datetime as dt

import pytest
from tests.engine.script import Ask, apply_for, keys_once, writer_of

from jiehuan.core.commands import Kind
from jiehuan.core.errors import FenceLost
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.queue import join
from jiehuan.engine.requests import Side
from jiehuan.store import failpoints, inbox, outbox
from jiehuan.store.database import connect
from jiehuan.store.failpoints import Crash
from jiehuan.store.inbox import Channel, Heard, InboxRow
from jiehuan.store.outbox import Change
from jiehuan.store.sessions import Session
from jiehuan.store.tables import OutboxState

DRAW = Ask("draw", Kind.DRAW, "line", 5_000)
PAID = Ask("paid", Kind.DRAW_SUCCEEDED, "line", 5_000, ref="draw")
AT = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)


@pytest.fixture
def client(client):
    """A client with a line that has drawn."""
    client.ask(apply_for("line"))
    client.ask(DRAW)
    return client


def said(event="event", number="1"):
    """Return a message."""
    return InboxRow(Channel.WECHAT, event, number, b"\x00body", AT, Heard.BOOKED)


def with_side(client, ask, **side):
    """Return a request with something beside it."""
    return dataclasses.replace(client.requests([ask]), side={0: Side(**side)})


def events(client):
    """Return the messages of the book."""
    return [one.event for one in inbox.seen(client.writer.conn, client.writer.book)]


def row_of(client, number):
    """Return an instruction of the book."""
    return outbox.find(client.writer.conn, client.writer.book, number)


@pytest.mark.parametrize("name", failpoints.NAMES)
def test_message_and_command_are_written_together_or_not_at_all(dsn, client, name):
    book, requests = client.writer.book, with_side(client, PAID, inbox=said())
    failpoints.arm(name)
    with pytest.raises(Crash):
        client.writer.post(requests)
    client.writer.close()
    client.writer = writer_of(dsn, book)
    committed = name in {"commit_sent", "after_commit", "before_answer"}

    assert ["event"] * committed == events(client)
    assert [int(committed)] == keys_once(book, requests, dsn).tolist()

    answers = client.writer.post(requests)

    assert [Outcome.DONE] == answers.outcome.tolist()
    assert [committed] == answers.replayed.tolist()
    assert ["event"] == events(client)


def test_a_message_is_kept_also_if_its_command_is_there_already(client):
    client.ask(PAID)

    for event in ("one", "two", "one"):
        answers = client.writer.post(with_side(client, PAID, inbox=said(event)))
        assert answers.replayed.tolist() == [True]

    assert ["one", "two"] == events(client)


def test_a_message_is_kept_also_if_its_command_is_refused(client):
    client.ask(PAID)
    again = PAID._replace(key="again")

    answers = client.writer.post(with_side(client, again, inbox=said()))

    assert [Outcome.HOLD_NOT_OPEN] == answers.outcome.tolist()
    assert ["event"] == events(client)


def test_requests_that_wait_together_keep_what_is_beside_each(client):
    other = Ask("buy", Kind.PURCHASE, "line", 100)
    parts = [
        client.requests([other]),
        with_side(client, PAID, inbox=said("one")),
        with_side(client, PAID, inbox=said("two")),
    ]

    answers = client.writer.post(join(parts))

    assert [Outcome.DONE] * 3 == answers.outcome.tolist()
    assert [False, False, True] == answers.replayed.tolist()
    assert ["one", "two"] == events(client)


def test_what_is_known_of_an_instruction_changes_with_its_end(client):
    draw = client.number("draw")
    change = Change(id=draw, partner={"a": "b"}, reason="")

    client.writer.post(with_side(client, PAID, change=change))

    row = row_of(client, draw)
    assert (OutboxState.SUCCEEDED, {"a": "b"}) == (row.state, row.partner)


def test_what_is_written_beside_is_fenced(dsn, client):
    draw = client.number("draw")
    book, lease = client.writer.book, client.writer._lease
    with connect(dsn, Session.OWNER) as conn:
        conn.execute("UPDATE book SET epoch = epoch + 1 WHERE book = %s", [book])

    with pytest.raises(FenceLost):
        client.writer.write_beside([outbox.change(book, Change(id=draw, reason="late"))])

    assert client.writer._lease == lease
    assert row_of(client, draw).reason == ""


def test_an_instruction_that_is_finished_is_changed_only_on_purpose(client):
    draw = client.number("draw")
    client.ask(PAID)
    book = client.writer.book
    late = Change(id=draw, state=OutboxState.UNKNOWN, reason="late", due_in_seconds=0)
    note = Change(id=draw, partner={"n": 1}, finished_too=True)

    client.writer.write_beside([outbox.change(book, late), outbox.change(book, note)])

    row = row_of(client, draw)
    assert (OutboxState.SUCCEEDED, "", {"n": 1}) == (row.state, row.reason, row.partner)
