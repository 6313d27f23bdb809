"""The program itself, and what its commands share."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jiehuan.core.errors import UsageError

DATABASE = "JIEHUAN_DATABASE"

app = typer.Typer(
    name="jiehuan",
    help="借还: an open consumer-credit engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sandbox = typer.Typer(
    help="Partners to try against, on this machine only: no account, no money.",
    no_args_is_help=True,
)
app.add_typer(sandbox, name="sandbox")

Data = Annotated[
    Path | None, typer.Option("--data", help="Directory of the database; made if it is not there.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Port = Annotated[int, typer.Option("--port", help="Port of the page; 0 takes a free one.")]


@app.callback()
def _program() -> None:
    """借还: an open consumer-credit engine."""


@contextlib.contextmanager
def database(data: Path | None, console: Console) -> Iterator[str]:
    """Yield the address of a database, up for as long as it is used.

    It is the one that ``JIEHUAN_DATABASE`` names, else our own in ``data``, else our own in a
    temporary directory that goes at the end.

    Raises:
        UsageError: Both are named.
    """
    from jiehuan.store.server import Server

    named = os.environ.get(DATABASE, "")
    if named and data:
        raise UsageError(f"{DATABASE} names a database, and so does --data; name one of them")
    if named:
        yield named
        return

    def tell(message: str) -> None:
        console.print(message)

    with Server(data, tell=tell) if data else Server.temporary(tell=tell) as server:
        yield server.dsn


def books_there(data: Path | None) -> None:
    """Refuse to make a database where one is to be looked at.

    Raises:
        UsageError: None is named, or there is none.
    """
    if not data and not os.environ.get(DATABASE):
        raise UsageError(f"say which books: name their directory with --data, or set {DATABASE}")
    if data and not data.is_dir():
        raise UsageError(f"{data} is not a directory; there are no books")


def bytes_of(file: Path | None) -> bytes:
    """Read a file that an option names."""
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
