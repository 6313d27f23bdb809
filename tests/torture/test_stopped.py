"""A writer that was stopped cannot commit once another has taken its book.

All are stopped at the same time, each in a book of its own, since each takeover waits for a
lease to run out.
"""

import concurrent.futures
import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from tests.engine.script import (
    Ask,
    Client,
    Rows,
    contents,
    differences,
    keys_once,
    make_ready,
    new_book,
    writer_of,
)
from tests.torture.kills import ROOT
from tests.torture.victim import FIRST, second

from jiehuan.core.commands import Kind
from jiehuan.store import failpoints, saving

TAKEOVER_SECONDS_MAX = 10.0
# At these the batch is committed, or on its way and not to be stopped any more.
COMMITTED = {"commit_sent", "after_commit", "before_answer"}
LARGE = saving.COPY_ROWS_MIN
# Failpoint, size of the batch, and whether the lease has run out when it is stopped: then the
# book is taken while its transaction may still be open.  A large batch waits for each answer.
CASES = [(name, 1, False) for name in failpoints.NAMES]
CASES += [
    (name, size, True)
    for name in ("before_fence", "after_fence", "before_commit")
    for size in (1, LARGE)
]


@dataclasses.dataclass
class Ended:
    """What became of a victim and of its book."""

    taken_after: float  # seconds
    stopped: Rows
    after: Rows  # the book when the victim had ended, and nobody else had written
    said: str
    next: str  # the outcome of the new writer's first command
    times: list[int]  # how often each key of the victim is in the journal in the end


def stop_one(dsn, failpoint, size, run_out):
    """Stop a writer, take its book, let it go on, and see what becomes of it."""
    book = new_book(dsn)
    command = [sys.executable, "-m", "tests.torture.victim", dsn, str(book), failpoint, str(size)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        stopped = time.monotonic()
        if run_out:
            with psycopg.connect(dsn) as connection:
                connection.execute(
                    "UPDATE book SET expires_at = now() - interval '1 ms' WHERE book = %s", [book]
                )
        with writer_of(dsn, book, "heir", wait_seconds=2 * TAKEOVER_SECONDS_MAX) as writer:
            taken_after = time.monotonic() - stopped
            at_takeover = contents(dsn, book)
            os.kill(child.pid, signal.SIGCONT)
            said, _ = child.communicate(timeout=20)
            after = contents(dsn, book)
            client = Client(writer)
            client.ask(*FIRST)
            [outcome] = client.outcomes(Ask("heir", Kind.PURCHASE, "line", 1))
            asked = client.requests(second(size))
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
            child.wait()
    times = keys_once(book, asked, dsn).tolist()
    return Ended(taken_after, at_takeover, after, said.strip(), outcome, times)


@pytest.fixture(scope="module")
def ended(server):
    """Stop writers at every failpoint, all at the same time."""
    dsn = make_ready(server.dsn)
    with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
        found = pool.map(lambda case: stop_one(dsn, *case), CASES)
        return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_a_stopped_writer_commits_nothing_once_another_has_its_book(ended, case):
    name, size, _ = case
    one = ended[case]

    assert {} == differences(one.stopped, one.after)
    assert one.taken_after < TAKEOVER_SECONDS_MAX
    committed = name in COMMITTED
    assert [int(committed)] * size == one.times
    # With COMMIT under way it may not learn what became of it; then it does not say "done".
    assert one.said in ({"done", "InDoubt"} if committed else {"BookTaken", "InDoubt"})
    assert "done" == one.next
