"""``jiehuan run``, ``export`` and ``bisect``: a line as a story."""

import importlib.resources
import json
from pathlib import Path
from typing import Annotated

import typer

from jiehuan.cli.program import Json, app
from jiehuan.core.errors import UsageError


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
