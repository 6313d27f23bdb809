"""Many callers, one writer: everybody is answered once, in turn, and nobody for another."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.script import PAY_LATER, told, writer_of

from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.errors import BookTaken, QueueFull
from jiehuan.core.outcomes import Outcome
from jiehuan.engine import queue as queues
from jiehuan.engine.queue import Queue, join
from jiehuan.engine.requests import Requests

PATIENCE = 30


def one(key, kind=Kind.PURCHASE, line=0, amount=1_000):
    """A batch of one."""
    commands = Commands.empty(1)
    commands.kind[:], commands.line[:], commands.amount_minor[:] = kind, line, amount
    commands.client[:], commands.terms[:] = 1, PAY_LATER
    return Requests.make(commands, [key])


def broken(key, line):
    """A batch of one that the kernel cannot make sense of, and that no check finds."""
    requests = one(key, line=line)
    requests.commands.kind[:] = 99
    return requests


@pytest.fixture
def queue(dsn, book):
    """The queue of an empty book."""
    made = Queue(writer_of(dsn, book))
    yield made
    made.close()


@pytest.fixture
def line(queue):
    """The number of a line of 1,000,000."""
    return int(queue.post(one("line", Kind.OPEN, amount=1_000_000)).result(PATIENCE).line[0])


class Held:
    """Keeps the writer busy, so that what comes meanwhile has to wait."""

    def __init__(self, queue):
        self.free, begun = threading.Event(), threading.Event()

        def job(_writer):
            begun.set()
            self.free.wait(PATIENCE)

        self.job = queue.call(job)
        assert begun.wait(PATIENCE)


def test_everybody_who_waits_is_posted_together_in_the_order_in_which_they_came(queue, line):
    held = Held(queue)
    asked = [queue.post(one(f"k{n}", line=line, amount=300_000)) for n in range(5)]
    held.free.set()

    answers = [told(future.result(PATIENCE))[0] for future in asked]

    done, refused = Outcome.DONE, Outcome.AMOUNT_EXCEEDS_AVAILABLE
    assert [done, done, done, refused, refused] == [answer.outcome for answer in answers]
    assert [2, 3, 4, 5, 6] == [answer.seq for answer in answers]


def test_a_key_that_comes_twice_while_the_writer_is_busy_is_booked_once(queue, line):
    held = Held(queue)
    asked = [queue.post(one("same", line=line)) for _ in range(3)]
    held.free.set()

    answers = [told(future.result(PATIENCE))[0] for future in asked]

    assert [2, 2, 2] == [answer.seq for answer in answers]
    assert [False, True, True] == [answer.replayed for answer in answers]


def test_a_job_has_its_turn_between_requests(queue, line):
    held = Held(queue)
    first = queue.post(one("a", line=line))
    between = queue.call(lambda writer: writer.seq)
    last = queue.post(one("b", line=line))
    held.free.set()

    assert 2 == told(first.result(PATIENCE))[0].seq
    assert 2 == between.result(PATIENCE)
    assert 3 == told(last.result(PATIENCE))[0].seq


def test_a_fault_in_one_request_harms_none_that_wait_with_it(queue, line):
    held = Held(queue)
    before = queue.post(one("before", line=line))
    bad = queue._put(queues.Ask(None, broken("bad", line)))
    after = queue.post(one("after", line=line))
    held.free.set()

    assert Outcome.DONE == told(before.result(PATIENCE))[0].outcome
    assert bad.exception(PATIENCE) is not None
    assert Outcome.DONE == told(after.result(PATIENCE))[0].outcome


def test_a_job_that_breaks_leaves_the_writer_at_work(queue, line):
    failed = queue.call(lambda _writer: 1 // 0)

    assert isinstance(failed.exception(PATIENCE), ZeroDivisionError)
    assert 2 == told(queue.post(one("a", line=line)).result(PATIENCE))[0].seq


def test_who_goes_away_before_their_turn_is_not_served(queue, line):
    held = Held(queue)
    gone = queue.post(one("gone", line=line))
    stays = queue.post(one("stays", line=line))
    assert gone.cancel()
    held.free.set()

    assert 2 == told(stays.result(PATIENCE))[0].seq
    assert 2 == queue.call(lambda writer: writer.seq).result(PATIENCE)


def test_when_too_many_wait_the_next_is_refused_at_once(dsn, book):
    queue = Queue(writer_of(dsn, book), waiting_max=2)
    held = Held(queue)
    waiting = [queue.call(lambda writer: writer.seq) for _ in range(2)]

    with pytest.raises(QueueFull, match="nothing was done"):
        queue.call(lambda _writer: None)
    held.free.set()
    assert [0, 0] == [future.result(PATIENCE) for future in waiting]
    queue.close()


def test_what_waited_before_closing_is_done_and_what_comes_after_is_refused(dsn, book):
    queue = Queue(writer_of(dsn, book))
    held = Held(queue)
    waiting = queue.post(one("line", Kind.OPEN, amount=1_000_000))
    threading.Thread(target=queue.close).start()
    held.free.set()

    assert Outcome.DONE == told(waiting.result(PATIENCE))[0].outcome
    queue.close()
    with pytest.raises(QueueFull):
        queue.post(one("late"))
    with pytest.raises(QueueFull):
        queue.check()
    with writer_of(dsn, book) as next_one:  # the book was given back
        assert 1 == next_one.seq


def test_an_idle_queue_keeps_its_book(dsn, book, monkeypatch):
    monkeypatch.setattr(queues, "RENEW_SECONDS", 0.01)
    queue = Queue(writer_of(dsn, book))
    renewed, count = threading.Event(), 0
    renew = queue._writer.renew

    def counted():
        nonlocal count
        renew()
        count += 1
        if count > 2:
            renewed.set()

    monkeypatch.setattr(queue._writer, "renew", counted)
    assert renewed.wait(PATIENCE)
    queue.check()
    queue.close()


def test_a_book_that_was_lost_is_told_until_it_is_had_again(queue, monkeypatch):
    def taken():
        raise BookTaken("book 1 is held by another")

    monkeypatch.setattr(queue._writer, "renew", taken)
    queue._renew_at = time.monotonic()
    for _ in range(2):  # the second comes after the renewal that fails
        queue.call(lambda _writer: None).result(PATIENCE)
    with pytest.raises(BookTaken, match="held by another"):
        queue.check()
    monkeypatch.undo()
    queue._renew_at = time.monotonic()
    for _ in range(2):
        queue.call(lambda _writer: None).result(PATIENCE)

    queue.check()


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_joined_requests_keep_their_order_their_keys_and_what_belongs_to_them(sizes, data):
    parts = []
    for part, size in enumerate(sizes):
        commands = Commands.empty(size)
        commands.amount_minor[:] = [100 * part + n for n in range(size)]
        told_of = data.draw(st.sets(st.integers(0, size - 1)))
        details = {n: f"{part}/{n}".encode() for n in told_of}
        parts.append(Requests.make(commands, [f"{part}/{n}" for n in range(size)], details))

    whole = join(parts)

    places = [(part, n) for part, size in enumerate(sizes) for n in range(size)]
    assert [100 * part + n for part, n in places] == whole.commands.amount_minor.tolist()
    assert (np.concatenate([part.keys for part in parts]) == whole.keys).all()
    assert {
        at: f"{part}/{n}".encode()
        for at, (part, n) in enumerate(places)
        if n in parts[part].details
    } == dict(whole.details)
