"""``jiehuan demo``: a whole book lived, then shown."""

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import DATABASE, Data, Json, Port, app, database
from jiehuan.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@app.command()
def demo(
    *,
    people: Annotated[
        int | None,
        typer.Option("--people", min=0, help="Only so many clients; 0: an empty book."),
    ] = None,
    months: Annotated[
        int, typer.Option("--months", min=1, max=6, help="Only so many statements.")
    ] = 6,
    source: Annotated[
        Path | None, typer.Option("--input", help="Another Parquet file of the same columns.")
    ] = None,
    data: Data = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Go on with the book that --data holds.")
    ] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End without serving the page.")
    ] = False,
    port: Port = 0,
    as_json: Json = False,
) -> None:
    """Run a real book of credit cards from application to write-off, then show it."""
    from jiehuan.simulate import demo as job
    from jiehuan.simulate import people as clients
    from jiehuan.simulate import show

    if keep and not data and not os.environ.get(DATABASE):
        raise UsageError("--keep goes on with the book that --data holds; name its directory")
    console = Console(stderr=True)
    chosen = clients.read(source or clients.shipped(), people)
    with database(data, console) as dsn:
        with show.bar(console, "jiehuan demo") as tell:
            job.prepare(dsn, keep=keep)
            outcome = job.play(dsn, chosen, months, tell)
        if as_json:
            print(json.dumps(outcome.to_json(), ensure_ascii=False), flush=True)
        else:
            out = Console()
            for table in show.tables(outcome):
                out.print(table)
        if not no_serve:
            _show(dsn, data, port, console, outcome.to_json())
    if outcome.breaches:
        raise SystemExit(1)


def _show(
    dsn: str, data: Path | None, port: int, console: Console, told: "Mapping[str, Any]"
) -> None:
    """Serve the demo's page: both books, a phone, and the wallet beside it."""
    import tempfile

    from jiehuan.serve import demo as live
    from jiehuan.serve import run as web
    from jiehuan.serve.vault import KEY_VARIABLE, key_of
    from jiehuan.simulate.run import BOOK

    bound = web.bind("127.0.0.1", port)
    live.make_phone_book(dsn)
    with contextlib.ExitStack() as stack:
        beside = data / "wallet" if data else None
        if beside is None:
            beside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiehuan-")))
        beside.mkdir(mode=0o700, exist_ok=True)
        key = key_of(beside, os.environ.get(KEY_VARIABLE, ""), fresh=True)
        shown = stack.enter_context(live.page(dsn, beside, bound, key, BOOK, told))
        web.serve(
            shown,
            bound,
            lambda address: console.print(f"[bold]{address}[/bold]  (Ctrl-C ends it)"),
        )
