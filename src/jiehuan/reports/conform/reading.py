"""How the figures of published cases are read: exactly, as whole numbers."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from jiehuan.core import days
from jiehuan.core.errors import UsageError

Case: TypeAlias = Mapping[str, Any]

MINOR = 100
PPM_PER_PERCENT = 10_000


class NotApplicable(Exception):
    """A case asks for what our terms cannot say; the message says what."""


def cases(path: Path) -> list[dict[str, Any]]:
    """Read a file of cases.

    Raises:
        UsageError: It cannot be read, or holds no cases.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    found = document.get("cases") if isinstance(document, dict) else document
    if not isinstance(found, list) or not all(isinstance(case, dict) for case in found):
        raise UsageError(f'{path} holds no cases; it should be {{"cases": [...]}}')
    return found


def minor(amount: Decimal | float | None) -> int:
    """Return an amount in minor units; none is 0."""
    return whole(Decimal(str(amount or 0)) * MINOR)


def ppm(percent: Decimal | float) -> int:
    """Return a percentage in parts per million."""
    return whole(Decimal(str(percent)) * PPM_PER_PERCENT)


def whole(number: Decimal) -> int:
    """Return a number that has no fraction, or say that it has one."""
    if number != number.to_integral_value():
        raise NotApplicable(f"{number} is finer than we count")
    return int(number)


def day(text: str | None) -> int:
    """Return a day as its ordinal; none is 0."""
    return days.parse(text) if text else 0
