"""The commands of the program, a file a group, and the only place that reads settings.

``JIEHUAN_DATABASE`` names a PostgreSQL to work on; without it we bring our own.
"""

import sys

from jiehuan.cli import books, demo, partners, products, risk, service, stories
from jiehuan.cli.program import DATABASE, app
from jiehuan.core.errors import JiehuanError, UsageError

__all__ = [
    "DATABASE",
    "app",
    "books",
    "demo",
    "main",
    "partners",
    "products",
    "risk",
    "service",
    "stories",
]


def main() -> None:
    """Run the command that the arguments name; exit with 2 if they are wrong, 1 if it failed."""
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except JiehuanError as error:
        _fail(error, 1)


def _fail(error: JiehuanError, status: int) -> None:
    for line in str(error).splitlines() or [type(error).__name__]:
        print(f"jiehuan: {line}", file=sys.stderr)
    raise SystemExit(status)
