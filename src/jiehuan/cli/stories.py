"""``jiehuan run``, ``export`` and ``bisect``: a line as a story."""

import importlib.resources
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import Data, Json, app, books_there, database
from jiehuan.core.errors import UsageError

if TYPE_CHECKING:
    from jiehuan.reports.stories.recalling import Stored


@app.command(
    epilog="Examples: jiehuan run --example > my.story; jiehuan run my.story;"
    " jiehuan run my.story --json.  docs/stories.md tells the form."
)
def run(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A story: text, or a JSON object.")
    ] = None,
    *,
    example: Annotated[
        bool, typer.Option("--example", help="Print a story to begin with, and end.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Play a story on a fresh line; exit with 1 if something is not as it says."""
    from jiehuan.reports.stories import playing, reading, showing

    if example:
        told = importlib.resources.files("jiehuan.reports.stories") / "pay-later.story"
        print(told.read_text(encoding="utf-8"), end="")
        return
    if file is None:
        raise UsageError("name the file of a story; `jiehuan run --example` prints one")
    played = playing.play(reading.read(file))
    if as_json:
        print(json.dumps(showing.to_json(played), ensure_ascii=False))
    else:
        print(showing.to_text(played))
    if played.failed:
        raise SystemExit(1)


Line = Annotated[str, typer.Argument(metavar="LINE", help="Its number, or its id: 42, line_1_42.")]
Book = Annotated[int, typer.Option("--book", help="Number of the book.")]


def _stored(line: str, book: int, data: Path | None) -> "Stored":
    """Read a line of the books, by its number or its id."""
    from jiehuan.reports.stories.recalling import load
    from jiehuan.store.database import connect
    from jiehuan.store.sessions import Session

    number = line
    if match := re.fullmatch(r"line_(\d{1,5})_(\d{1,18})", line):
        book, number = int(match[1]), match[2]
    if re.fullmatch(r"\d{1,18}", number) is None:
        raise UsageError(f"{line!r} is not a line; write its number or its id, like line_1_42")
    books_there(data)
    with database(data, Console(stderr=True)) as dsn, connect(dsn, Session.READER) as conn:
        return load(conn, book, int(number))


@app.command(epilog="Example: jiehuan export 42 --anonymous --data books > 42.story")
def export(
    line: Line,
    *,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Name neither line nor merchants.")
    ] = False,
    data: Data = None,
    book: Book = 1,
) -> None:
    """Write a stored line as a story that anyone can run, with what is stored as its end."""
    from jiehuan.reports.stories.recalling import story_of
    from jiehuan.reports.stories.writing import write

    stored = _stored(line, book, data)
    source = f"line {int(stored.loaded.lines.id[0])}"
    print(write(story_of(stored, source, anonymous=anonymous)), end="")


@app.command(epilog='Example: jiehuan bisect 42 "owed == 123.45" --data books')
def bisect(
    line: Line,
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help="Over figures: owed, due, bucket ...")
    ],
    *,
    data: Data = None,
    book: Book = 1,
    as_json: Json = False,
) -> None:
    """Find the first command after which a figure went its way; exit with 1 if none is.

    The expression is looked at after each command and each event of a day, in the order of
    booking; the first after which it is true and was not before is told, or, of a figure
    alone, the first after which it changed.  docs/stories.md lists the figures.
    """
    from jiehuan.reports.stories.bisect import bisect as find
    from jiehuan.reports.stories.expressions import parse

    read = parse(expression)
    turn = find(_stored(line, book, data), read)
    print(json.dumps(turn.to_json(), ensure_ascii=False) if as_json else turn.text())
    if turn.row is None:
        raise SystemExit(1)
