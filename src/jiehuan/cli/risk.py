"""``jiehuan train`` and ``jiehuan replay``: scorecards, and decisions made again."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import Data, Json, app, books_there, database
from jiehuan.core.errors import UsageError


@app.command(
    epilog="Example: jiehuan train clients.parquet --target default_next_month --out models"
)
def train(
    table: Annotated[Path, typer.Argument(metavar="DATA", help="Parquet, one row a subject.")],
    *,
    target: Annotated[str, typer.Option("--target", help="Column: 1 where the subject defaulted.")],
    out: Annotated[Path, typer.Option("--out", help="Directory for the scorecard's file.")],
    name: Annotated[
        str, typer.Option("--name", help="application or behaviour, or a name of yours.")
    ] = "behaviour",
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="What to look at instead; repeat it.")
    ] = None,
    subject: Annotated[
        str, typer.Option("--subject", help="Column with the number of the subject.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a scorecard from a table of history, and measure it out of fold."""
    from jiehuan.risk.training import train_file

    with Console(stderr=True).status("training"):
        made = train_file(table, target, name, feature or (), subject)
    file = out / f"{made.name}.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made.model)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    told = {
        "model": str(file), "sha256": made.sha256, "features": list(made.features),
        "rows": made.rows, "bads": made.bads, "auc": round(made.auc, 4), "ks": round(made.ks, 4),
        "auc_seen": round(made.auc_seen, 4),
    }  # fmt: skip
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for key, value in told.items():
            print(f"{key:10} {', '.join(value) if isinstance(value, list) else value}")


@app.command()
def replay(
    number: Annotated[
        int, typer.Argument(metavar="DECISION", help="Its number: the seq of its command.")
    ],
    *,
    data: Data = None,
    book: Annotated[int, typer.Option("--book", help="Number of the book.")] = 1,
    as_json: Json = False,
) -> None:
    """Make a decision again from what it was made of; exit with 1 if it comes out otherwise."""
    from jiehuan.reports.replay import replayed
    from jiehuan.store.database import connect
    from jiehuan.store.sessions import Session

    books_there(data)
    with database(data, Console(stderr=True)) as dsn, connect(dsn, Session.READER) as conn:
        again = replayed(conn, book, number)
    print(json.dumps(again.to_json(), ensure_ascii=False) if as_json else again.text())
