"""Where the world is kept: a file of JSON lines, one for each change, whole objects."""

from pathlib import Path
from typing import Any


class Journal:
    """Every change, in order; what was torn at the end was never done.

    Examples:
        >>> list(Journal(None).changes())
        []
    """

    def __init__(self, path: Path | None) -> None:
        """Open a journal, or one that is forgotten at the end (None)."""
        raise NotImplementedError

    def changes(self) -> list[dict[str, Any]]:
        """Return what was written before."""
        raise NotImplementedError

    def append(self, change: dict[str, Any]) -> None:
        """Write a change; the operating system has it before this returns."""
        raise NotImplementedError
