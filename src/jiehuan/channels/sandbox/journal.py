"""Where the world is kept: a file of JSON lines, one for each change, whole objects.

A line is a change that is done as a whole: what was torn at the end of the file was never done,
and nobody was told that it was.
"""

import json
from pathlib import Path
from typing import Any

from jiehuan.core.errors import UsageError


class Journal:
    """Every change, in order.

    Examples:
        >>> Journal(None).changes()
        []
    """

    def __init__(self, path: Path | None) -> None:
        """Open a journal, or one that is forgotten at the end (None)."""
        self._path = path
        self._changes = [] if path is None or not path.exists() else _whole_lines(path)

    def changes(self) -> list[dict[str, Any]]:
        """Return what was written before this journal was opened."""
        return self._changes

    def append(self, change: dict[str, Any]) -> None:
        """Write a change; the operating system has it before this returns."""
        if self._path is not None:
            line = json.dumps(change, ensure_ascii=False, separators=(",", ":"))
            with self._path.open("ab") as file:
                file.write(line.encode() + b"\n")


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Read the lines that were written to their end, and cut off what follows the last."""
    written = path.read_bytes()
    whole = written.rfind(b"\n") + 1
    if whole < len(written):
        with path.open("r+b") as file:
            file.truncate(whole)
    try:
        return [json.loads(line) for line in written[:whole].splitlines()]
    except ValueError as error:
        raise UsageError(f"{path} is damaged before its last line: {error}") from error
