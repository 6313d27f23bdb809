"""The same key is answered with the same answer, and done once."""

import dataclasses

import numpy as np
import pytest
from tests.engine.script import NOBODY, Answer, Ask, Client, apply_for, keys_once, writer_of

from jiehuan.core.commands import CLIENT_DAY, Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome

BUY = Ask("buy", Kind.PURCHASE, "line", 5_000)
REUSED = "key_reused_with_other_content"


@pytest.fixture
def client(client):
    """A client with two lines."""
    client.ask(apply_for("line"), apply_for("other"))
    return client


def used(client):
    """Return what the two lines owe."""
    rows = client.writer.conn.execute(
        "SELECT used_minor FROM line WHERE book = %s ORDER BY id", [client.writer.book]
    ).fetchall()
    return [row[0] for row in rows]


def test_the_same_key_twice_in_one_batch_is_done_once(client):
    first, second = client.ask(BUY, BUY)

    assert first.outcome == Outcome.DONE
    assert second == first._replace(replayed=True)
    assert [5_000, 0] == used(client)


def test_the_same_key_in_two_batches_is_done_once(client):
    [first] = client.ask(BUY)
    [second] = client.ask(BUY)

    assert second == first._replace(replayed=True)
    assert [5_000, 0] == used(client)


def test_a_known_key_does_not_hold_up_its_neighbours(client):
    client.ask(BUY)
    before, again, after = client.ask(
        BUY._replace(key="before"), BUY, BUY._replace(key="after", line="other")
    )

    assert [False, True, False] == [before.replayed, again.replayed, after.replayed]
    assert [10_000, 5_000] == used(client)


def test_the_same_key_of_two_clients_is_two_keys(client):
    mine, yours = client.ask(BUY, BUY._replace(client=2))

    assert [0, 0] == [mine.outcome, yours.outcome]
    assert mine.seq != yours.seq
    assert [10_000, 0] == used(client)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    "other",
    [
        {"line": "other"},
        {"amount": 5_001},
        {"kind": Kind.HOLD},
        {"ref": 1},
        {"count": 3},
        {"flags": 1},
        {"merchant": 8},
        {"terms": 1},
        {"on": 739_676},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_key_reused_with_other_content_is_refused_and_told_nothing(client, other, together):
    changed = BUY._replace(**other)
    if together:
        _, second = client.ask(BUY, changed)
    else:
        client.ask(BUY)
        [second] = client.ask(changed)

    line = client.known["other" if "line" in other else "line"].line
    assert Answer(0, line, Outcome.KEY_REUSED_WITH_OTHER_CONTENT, 0, replayed=True) == second
    assert [5_000, 0] == used(client)
    assert [1] == keys_once(client.writer.book, client.requests([BUY]), server_of(client)).tolist()


def server_of(client):
    """Return the address of the client's database."""
    return client.writer.conn.info.dsn


def test_a_key_that_is_asked_three_ways_at_once_is_told_apart(client):
    outcomes = client.outcomes(BUY, BUY._replace(amount=1), BUY)

    assert ["done", REUSED, "done"] == outcomes


def test_a_refusal_is_remembered_too(client):
    too_much = BUY._replace(amount=2_000_000)
    [first] = client.ask(too_much)
    client.ask(Ask("repay", Kind.REPAY, "line", 5_000_000))
    [second] = client.ask(too_much)

    assert Outcome.AMOUNT_EXCEEDS_AVAILABLE == first.outcome
    assert second == first._replace(replayed=True)


def test_an_application_asked_again_names_the_line_that_it_made(client):
    [first] = client.ask(apply_for("third"))
    [again] = client.ask(apply_for("third"))

    assert again == first._replace(replayed=True)
    assert first.seq == again.line


def test_a_new_writer_knows_the_keys_of_the_old(dsn, client):
    [first] = client.ask(BUY)
    client.writer.close()
    with writer_of(dsn, client.writer.book, "somebody else") as writer:
        [again] = Client(writer, client.known).ask(BUY)

    assert again == first._replace(replayed=True)


def test_numbers_that_we_add_are_no_content(client):
    requests = client.requests([BUY])
    first = client.writer.post(requests)
    requests.commands.seq[:], requests.commands.booked_on[:] = 77, 1
    again = client.writer.post(
        dataclasses.replace(client.requests([BUY]), commands=requests.commands)
    )

    assert first.seq == again.seq


@pytest.mark.parametrize("bad", [{"client": CLIENT_DAY}, {"client": -1}, {"kind": Kind.WRITE_OFF}])
def test_nobody_may_ask_in_the_name_of_the_day(client, bad):
    refused(client, bad, r"client 0|kind 24")


@pytest.mark.parametrize("on", [-1, -(2**31), 3_652_060, 2**31 - 1])
def test_a_day_that_no_calendar_has_is_no_request(client, on):
    refused(client, {"on": on}, "effective_on")


def refused(client, bad, words):
    """See a batch refused whole, since no program of ours makes one like it."""
    seq = client.writer.seq
    with pytest.raises(UsageError, match=words):
        client.ask(BUY, BUY._replace(key="bad", **bad))

    assert seq == client.writer.seq


def test_an_empty_batch_is_answered_by_nothing(client):
    assert [] == client.ask()


def test_many_keys_at_once_are_looked_up_together(client):
    asks = [BUY._replace(key=f"many/{n}", amount=1, line="other") for n in range(50)]
    client.ask(*asks[::2])
    answers = client.ask(*asks)

    assert [n % 2 == 0 for n in range(50)] == [answer.replayed for answer in answers]
    assert [0, 50] == used(client)
    assert np.all(np.array([answer.seq for answer in answers]) < NOBODY)
