"""Whether a request is what the wire allows, field by field.

A rule names a field by its JSON pointer and says what is wrong with a value, or nothing.  The
first field that is wrong is told, in the order of the table.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from jiehuan.channels.sandbox.clock import read_wire
from jiehuan.channels.sandbox.errors import wrong_field

Check = Callable[[Any], str]

AMOUNT_MINOR_MAX = 100_000_000_000  # a limit of ours: a thousand million yuan
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """What a field of a body must be.

    Attributes:
        field: JSON pointer, e.g. ``/amount/total``.
        needed: Whether it must be there (its parents, too).
        check: Says what is wrong with the value; empty: nothing.
    """

    field: str
    needed: bool
    check: Check


def needed(field: str, check: Check) -> Rule:
    """Say what a field must be that must be there."""
    return Rule(field, needed=True, check=check)


def optional(field: str, check: Check) -> Rule:
    """Say what a field must be if it is there."""
    return Rule(field, needed=False, check=check)


def check(body: Mapping[str, Any], rules: Iterable[Rule]) -> None:
    """Refuse a body that breaks a rule.

    Raises:
        WireError: PARAM_ERROR, with the field, its value and what is wrong.
    """
    for rule in rules:
        value = field(body, rule.field)
        if value is None:
            if rule.needed:
                raise wrong_field(rule.field, "", "is required")
        elif wrong := rule.check(value):
            raise wrong_field(rule.field, value, wrong)


def field(body: Mapping[str, Any], pointer: str) -> Any:  # noqa: ANN401 - it is JSON
    """Return the value at a JSON pointer, None if there is none.

    Examples:
        >>> field({"amount": {"total": 5}}, "/amount/total")
        5
    """
    value: Any = body
    for name in pointer.split("/")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(longest: int, shortest: int = 1, pattern: str = "") -> Check:
    """Build the check of a text: its length in characters, its pattern."""

    def wrong(value: object) -> str:
        if not isinstance(value, str):
            return "must be a string"
        if not shortest <= len(value) <= longest:
            return f"must have {shortest} to {longest} characters"
        return "" if re.fullmatch(pattern or "(?s:.*)", value) else f"must match {pattern}"

    return wrong


def whole(least: int = 1, most: int = AMOUNT_MINOR_MAX) -> Check:
    """Build the check of a whole number, e.g. of fen."""

    def wrong(value: object) -> str:
        if type(value) is not int:
            return "must be an integer"
        return "" if least <= value <= most else f"must be from {least} to {most}"

    return wrong


def one_of(*values: str) -> Check:
    """Build the check of a value out of a list."""
    return lambda value: "" if value in values else "must be one of " + " ".join(values)


def flag(value: object) -> str:
    """Check a truth value."""
    return "" if isinstance(value, bool) else "must be true or false"


def moment(value: object) -> str:
    """Check a time with its zone."""
    try:
        read_wire(str(value))
    except ValueError:
        return "must be a time such as 2018-06-08T10:34:56+08:00"
    return ""


def url(value: object) -> str:
    """Check the address of a notification; the real service wants https, we let localhost off."""
    if wrong := text(255)(value):
        return wrong
    parts = urlsplit(str(value))
    if parts.query or parts.fragment or "?" in str(value):
        return "must carry no parameters"
    if parts.scheme == "https" and parts.hostname:
        return ""
    local = parts.scheme == "http" and parts.hostname in LOCAL
    return "" if local else "must begin with https:// (the sandbox allows http:// on localhost)"


def reports(value: object) -> str:
    """Check the list that explains what a transfer is for."""
    if not isinstance(value, list) or not value:
        return "must be a list with at least one entry"
    for entry in value:
        for name in ("info_type", "info_content"):
            if not isinstance(entry, dict) or not isinstance(entry.get(name), str):
                return f"each entry needs {name}"
    return ""
