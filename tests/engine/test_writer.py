"""One writer a book; whatever breaks, it finds out what became of its batch."""

import dataclasses

import numpy as np
import psycopg
import pytest
from tests.engine.script import Ask, Client, apply_for, keys_once, new_book, writer_of

from jiehuan.core.commands import Kind
from jiehuan.core.errors import (
    BookTaken,
    DatabaseDown,
    FenceLost,
    InDoubt,
    InvariantBroken,
    KeyTaken,
    UsageError,
)
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import parse
from jiehuan.engine import day, post
from jiehuan.engine.batches import batch_of
from jiehuan.engine.post import NO_IDS, Writer
from jiehuan.store import books, failpoints, saving
from jiehuan.store.database import connect
from jiehuan.store.failpoints import Crash
from jiehuan.store.sessions import Session

BUY = Ask("buy", Kind.PURCHASE, "line", 5_000)


@pytest.fixture
def client(client):
    """A client with a line."""
    client.ask(apply_for("line"))
    return client


@pytest.fixture
def owner(dsn):
    """A session that may do anything to the book behind its writer's back."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def cut(client, owner):
    """Cut the writer's connection at the database's end."""
    pid = client.writer.conn.info.backend_pid
    owner.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])


def epoch(owner, book):
    """Return the book's epoch."""
    return owner.execute("SELECT epoch FROM book WHERE book = %s", [book]).fetchone()[0]


def batch_in_hand(client):
    """Return a batch that is decided and not saved, with the lease it was decided under."""
    requests = client.requests([BUY])
    before, decided = client.writer._decide(requests.commands, NO_IDS)
    return client.writer._at, batch_of(before, decided, requests), client.writer._hash


# --- The claim ----------------------------------------------------------------------------------


def test_a_book_that_is_held_is_not_given_to_another(dsn, client):
    with pytest.raises(BookTaken, match="held by test"):
        writer_of(dsn, client.writer.book, "another")

    assert ["done"] == client.outcomes(BUY)


def test_a_book_that_was_given_back_is_there_at_once(dsn, client):
    client.writer.close()
    with writer_of(dsn, client.writer.book, "another") as writer:
        assert ["done"] == Client(writer, client.known).outcomes(BUY)


def test_a_book_that_is_not_there_is_said_so(dsn):
    with pytest.raises(UsageError, match="make it first"):
        writer_of(dsn, 32_000)


def test_a_writer_whose_book_was_taken_says_so_and_has_done_nothing(dsn, client, owner):
    book = client.writer.book
    owner.execute("UPDATE book SET expires_at = now() - interval '1 s' WHERE book = %s", [book])
    with writer_of(dsn, book, "heir") as writer:
        with pytest.raises(BookTaken, match="held by heir"):
            client.ask(BUY)
        assert [0] == keys_once(book, client.requests([BUY]), dsn).tolist()
        assert ["done"] == Client(writer, client.known).outcomes(BUY)

    [again] = client.ask(BUY)  # given back, so it is ours again
    assert again.replayed


def test_renewing_takes_a_new_epoch_and_keeps_all_that_is_known(client, owner):
    before = epoch(owner, client.writer.book)
    ledger, terms = client.writer.ledger, client.writer.terms
    client.writer.renew()

    assert before + 1 == epoch(owner, client.writer.book)
    assert ledger is client.writer.ledger
    assert terms is client.writer.terms
    assert ["done"] == client.outcomes(BUY)


def test_a_lease_that_grows_old_is_renewed_on_the_way(client, owner):
    before = epoch(owner, client.writer.book)
    client.writer._lease = dataclasses.replace(client.writer._lease, since=-1e9)

    assert ["done"] == client.outcomes(BUY)
    assert before + 1 == epoch(owner, client.writer.book)


def test_terms_that_were_added_meanwhile_are_known_after_a_renewal(dsn, client):
    known = len(client.writer.terms.products)
    text = client.writer.terms.products[0].text
    newer = text.replace("version = 1", "version = 2").replace("from_on = 2020", "from_on = 2021")
    with connect(dsn, Session.OWNER) as connection:
        books.add_terms(connection, parse(newer))
    client.writer.renew()

    assert known + 1 == len(client.writer.terms.products)


# --- A connection is an epoch -------------------------------------------------------------------


def test_what_an_old_connection_still_sends_is_not_committed_after_a_claim(dsn, client, owner):
    """A ghost: the batch is decided and on its way when the same writer comes back."""
    lease, batch, before = batch_in_hand(client)
    ghost, client.writer._conn = client.writer._conn, None
    client.writer._hang_up()

    client.writer.renew()

    with pytest.raises(FenceLost):
        saving.save(ghost, lease, batch, before)
    ghost.close()
    assert [0] == keys_once(client.writer.book, client.requests([BUY]), dsn).tolist()
    assert ["done"] == client.outcomes(BUY)
    assert lease.epoch < epoch(owner, client.writer.book)


def test_a_batch_decided_on_an_older_state_is_not_committed(dsn, client):
    lease, batch, before = batch_in_hand(client)
    client.ask(BUY._replace(key="first"))

    with connect(dsn, Session.DAY) as other, pytest.raises((FenceLost, KeyTaken)):
        saving.save(other, dataclasses.replace(lease, since=np.inf), batch, before)


def test_a_batch_decided_for_one_day_is_not_committed_on_another(dsn, client):
    lease, batch, before = batch_in_hand(client)
    day.begin(client.writer, client.writer.business_on + 1)

    with connect(dsn, Session.DAY) as other, pytest.raises(FenceLost):
        saving.save(other, dataclasses.replace(lease, since=np.inf), batch, before)


# --- Trouble ------------------------------------------------------------------------------------


def test_a_cut_connection_is_made_again(client, owner):
    for n in range(3):
        cut(client, owner)
        assert ["done"] == client.outcomes(BUY._replace(key=f"buy{n}"))


@pytest.mark.parametrize("keep", [True, False], ids=["same writer", "new writer"])
@pytest.mark.parametrize("name", failpoints.NAMES)
def test_a_batch_cut_short_anywhere_is_done_once_when_asked_again(dsn, client, name, keep):
    book = client.writer.book
    failpoints.arm(name)
    with pytest.raises(Crash):
        client.ask(BUY)
    if not keep:
        client.writer.close()
        client.writer = writer_of(dsn, book)
    committed = name in {"commit_sent", "after_commit", "before_answer"}
    assert [int(committed)] == keys_once(book, client.requests([BUY]), dsn).tolist()

    [answer] = client.ask(BUY)

    assert Outcome.DONE == answer.outcome
    assert committed == answer.replayed
    assert [1] == keys_once(book, client.requests([BUY]), dsn).tolist()


def test_a_database_that_has_lost_what_it_promised_is_not_written_any_more(client, owner):
    client.ask(BUY)
    owner.execute("UPDATE book SET seq = seq - 1 WHERE book = %s", [client.writer.book])
    cut(client, owner)

    with pytest.raises(InvariantBroken, match="lost what it had promised"):
        client.ask(BUY._replace(key="next"))


def test_a_lock_that_others_hold_is_waited_for(dsn, client):
    """The book's row is locked for a moment by somebody who is then cut off."""
    other = psycopg.connect(dsn)
    other.execute("SET LOCAL transaction_timeout = '300ms'")
    other.execute("SELECT FROM book WHERE book = %s FOR UPDATE", [client.writer.book])

    assert ["done"] == client.outcomes(BUY)
    with pytest.raises(psycopg.errors.TransactionTimeout):
        other.execute("SELECT 1")
    other.close()


def test_a_read_that_takes_too_long_is_tried_again(client):
    """The time-outs of a session end it; they are no faults of ours."""
    tries = []

    def work():
        tries.append(1)
        if len(tries) == 1:
            client.writer.conn.execute("SELECT pg_sleep(1)")
        return "done"

    client.writer.conn.execute("SET transaction_timeout = '50ms'")

    assert "done" == client.writer.until_done(work)
    assert 2 == len(tries)


def test_a_database_that_stays_away_is_said_so(dsn, book, monkeypatch):
    tries = []

    def once():
        tries.append(1)
        if len(tries) > 1:
            raise DatabaseDown("gone")
        return connect(dsn, Session.DAY)

    monkeypatch.setattr(post, "PATIENCE_SECONDS", 0.2)
    writer = Writer(once, book, "test")
    writer._hang_up()

    with pytest.raises(DatabaseDown, match="gone"):
        writer.renew()
    assert len(tries) > 2


def test_a_batch_in_doubt_whose_book_is_taken_stays_in_doubt(client, owner, monkeypatch):
    """COMMIT gave no answer, and somebody else has the book: we cannot say "not done"."""
    book = client.writer.book

    def break_off(*_):
        monkeypatch.undo()
        client.writer.conn.close()
        owner.execute(
            "UPDATE book SET owner = 'heir', expires_at = now() + interval '1 h' WHERE book = %s",
            [book],
        )
        raise InDoubt("no answer to COMMIT")

    monkeypatch.setattr(saving, "save", break_off)
    with pytest.raises(InDoubt, match="ask again, with the same keys"):
        client.ask(BUY)
    owner.execute("UPDATE book SET expires_at = now() WHERE book = %s", [book])

    assert ["done"] == client.outcomes(BUY)


def test_balances_are_right_after_a_close_that_was_committed_and_forgotten(dsn):
    """The program fails between COMMIT of a close and its own memory of it."""
    client = Client(writer_of(dsn, new_book(dsn)))
    client.ask(apply_for("line"))
    client.ask(BUY)
    on = client.writer.business_on
    for name in ("after_commit", "before_answer"):
        on += 1
        day.begin(client.writer, on)
        failpoints.arm(name)
        with pytest.raises(Crash):
            day.advance(client.writer, on)
        assert client.writer.closed_on < on - 1
        day.advance(client.writer, on)
        assert on - 1 == client.writer.closed_on
    on += 1
    day.advance(client.writer, on)
    assert on - 1 == client.writer.ledger.on
    kept = client.writer.ledger._balance
    client.writer.close()

    with writer_of(dsn, client.writer.book) as writer:
        read = writer.ledger.closing(writer.conn, writer.book, on - 1)
        assert {k: v for k, v in kept.items() if v} == {k: v for k, v in read.balance.items() if v}
