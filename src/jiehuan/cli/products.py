"""``jiehuan conform``: the core against numbers that others published."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jiehuan.cli.program import Json, app


@app.command(epilog="Example: jiehuan conform instalment_lifecycles.json --json")
def conform(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Published cases, as JSON.")],
    *,
    agreed_days: Annotated[
        bool,
        typer.Option("--agreed-days", help="Take a case's own due days where it tells no others."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run published cases through the core; say which are reached, and how others differ."""
    from jiehuan.reports.conform.run import conform as run

    report = run(file, agreed_days=agreed_days)
    print(json.dumps(report.to_json(), ensure_ascii=False) if as_json else report.text())
