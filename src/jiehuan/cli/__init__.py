"""The commands of the program, a file a group, and the only place that reads settings.

``JIEHUAN_DATABASE`` names a PostgreSQL to work on; without it we bring our own.
"""

import signal
import sys

from jiehuan.cli import books, demo, partners, products, quotes, risk, service, stories
from jiehuan.cli.program import DATABASE, app
from jiehuan.core.errors import JiehuanError, UsageError

SIGNALLED = 128  # and the signal's number: the exit status of who was ended by one

__all__ = [
    "DATABASE",
    "app",
    "books",
    "demo",
    "main",
    "partners",
    "products",
    "quotes",
    "risk",
    "service",
    "stories",
]


def main() -> None:
    """Run the command that the arguments name; exit with 2 if they are wrong, 1 if it failed."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except JiehuanError as error:
        _fail(error, 1)


def _terminated(number: int, _frame: object) -> None:
    """End as after Ctrl-C: what was opened is closed, our own database too."""
    raise SystemExit(SIGNALLED + number)


def _fail(error: JiehuanError, status: int) -> None:
    for line in str(error).splitlines() or [type(error).__name__]:
        print(f"jiehuan: {line}", file=sys.stderr)
    raise SystemExit(status)
