"""The program that is tortured: it lives a book's life and notes what it was answered.

    python -m tests.torture.driver DSN BOOK NOTES [POINT ...]

A point is ``failpoint:n:kill|stop|raise``: when the failpoint is reached for the n-th time
since the last point, the program kills itself, stops itself, or fails inside; after a failure
inside it goes on like a new program, from its notes and the book.
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.engine.script import OPENED_ON, Answer, Ask, Client
from tests.torture.lives import life

from jiehuan.core.outcomes import Outcome
from jiehuan.engine import day
from jiehuan.engine.post import Writer
from jiehuan.store import failpoints
from jiehuan.store.database import connect
from jiehuan.store.failpoints import Crash
from jiehuan.store.sessions import Session

LINES_A_BATCH = 70


def read_notes(path: Path) -> dict[str, Answer]:
    """Return what was acknowledged, by key."""
    known = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        key, seq, at, outcome, applied = json.loads(line)
        known[key] = Answer(seq, at, Outcome(outcome), applied, replayed=False)
    return known


class Points:
    """Failpoints to be armed one after the other."""

    def __init__(self, texts: list[str]) -> None:
        self._left = [text.split(":") for text in texts]

    def arm(self) -> None:
        """Arm the next if the last has gone off."""
        if self._left and not failpoints.is_armed():
            name, nth, how = self._left.pop(0)
            failpoints.arm(name, int(nth), how)


def batches(asks: list[list[Ask]], known: dict[str, Answer]) -> Iterator[list[Ask]]:
    """Yield the batches that were not acknowledged."""
    return (batch for batch in asks if batch[-1].key not in known)


def live(writer: Writer, notes: Path, points: Points) -> None:
    """Go on with the life from where the notes and the book stand."""
    client = Client(writer, read_notes(notes))
    told = life()
    begin = writer.business_on
    with notes.open("a", encoding="utf-8") as file:

        def post(asks: list[list[Ask]]) -> None:
            for batch in batches(asks, client.known):
                points.arm()
                answers = client.ask(*batch)
                for ask, answer in zip(batch, answers, strict=True):
                    file.write(json.dumps([ask.key, *answer[:4]]) + "\n")
                file.flush()

        for on in range(begin, OPENED_ON + len(told)):
            today = told[on - OPENED_ON]
            points.arm()
            writer.until_done(partial(day.begin, writer, on))
            post(today.early)
            points.arm()
            day.advance(writer, on, lines_a_batch=LINES_A_BATCH)
            post(today.late)
    day.advance(writer, OPENED_ON + len(told))


def run(dsn: str, book: int, notes: Path, points: Points) -> None:
    """Live the whole life, whatever happens inside the program."""
    crashes = 0
    writer = Writer(lambda: connect(dsn, Session.WRITER), book, "driver")
    while True:
        try:
            live(writer, notes, points)
        except Crash:
            # Every other time the writer is thrown away, as by a program that is started again.
            crashes += 1
            if crashes % 2:
                writer.close()
                writer = Writer(lambda: connect(dsn, Session.WRITER), book, "driver")
        else:
            writer.close()
            return


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Points(sys.argv[4:]))
