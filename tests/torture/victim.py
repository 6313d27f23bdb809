"""A writer that is stopped in the middle of a batch.

    python -m tests.torture.victim DSN BOOK FAILPOINT SIZE

It books one batch, stops itself at the failpoint in the next, of SIZE commands, and when it
goes on prints how the batch ended: ``done``, or the name of the error.
"""

import sys

from tests.engine.script import Ask, Client, apply_for

from jiehuan.core.commands import Kind
from jiehuan.core.errors import JiehuanError
from jiehuan.engine.post import Writer
from jiehuan.store import failpoints
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

FIRST = [apply_for("line")]


def second(size: int) -> list[Ask]:
    """Return the batch in which it is stopped: a purchase, or many applications."""
    if size == 1:
        return [Ask("victim/0", Kind.PURCHASE, "line", 100)]
    return [apply_for(f"victim/{n}") for n in range(size)]


def main(dsn: str, book: int, failpoint: str, size: int) -> str:
    """Stop in the middle, and say how it ended."""
    client = Client(Writer(lambda: connect(dsn, Session.WRITER), book, "victim"))
    client.ask(*FIRST)
    failpoints.arm(failpoint, how="stop")
    try:
        client.ask(*second(size))
    except JiehuanError as error:
        return type(error).__name__
    return "done"


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))  # noqa: T201
