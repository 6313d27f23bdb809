"""``jiehuan audit``: what is stored, derived again."""

import json
from typing import Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import Data, Json, app, books_there, database


@app.command()
def audit(
    *,
    data: Data = None,
    book: Annotated[
        int | None, typer.Option("--book", help="Number of a book; without it, all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Derive all that is stored again from the journal; exit with 1 if anything differs."""
    from jiehuan.reports import audit as report
    from jiehuan.store.database import connect
    from jiehuan.store.sessions import Session

    books_there(data)
    console = Console(stderr=True)
    with (
        database(data, console) as dsn,
        connect(dsn, Session.READER) as conn,
        console.status("audit") as status,
    ):
        audits = report.audit_all(conn, book, lambda what: status.update(f"audit: {what}"))
    for one in audits:
        print(json.dumps(one.to_json(), ensure_ascii=False) if as_json else one.text())
    if any(one.breaches for one in audits):
        raise SystemExit(1)
