"""Expressions over a line's figures: ``owed == 123.45``, ``status == overdue and bucket > 1``.

Amounts are written as people write them.  What does not fit together is refused when the
expression is read, so that nothing can go wrong while it is asked of a line.
"""

import dataclasses
import enum
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from jiehuan.core.errors import UsageError
from jiehuan.core.line import Status
from jiehuan.core.money import MINOR_PER_MAJOR
from jiehuan.reports.stories.figures import FIGURES, Unit
from jiehuan.reports.stories.words import near

Value: TypeAlias = Fraction | str | bool
Values: TypeAlias = Mapping[str, Value]

LENGTH_MAX = 500
_TOKEN = re.compile(r"\s*(\d[\d,]*(?:\.\d+)?|[A-Za-z_]\w*|[=!<>]=|[-+<>=()])", re.ASCII)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EITHER_WAY = {"==", "=", "!="}
_STATES = {status.name.lower() for status in Status}


class Sort(enum.Enum):
    """What an expression gives."""

    NUMBER = "a number"
    WORD = "a word"
    TRUTH = "true or false"


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, and which figures it looks at."""

    sort: Sort
    value: Callable[[Values], Any]
    figures: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read.

    Attributes:
        text: As it was written.
        figures: What it looks at, each once.
        value: What it gives for a line's figures, as ``values`` returns them.
    """

    text: str
    figures: tuple[str, ...]
    value: Callable[[Values], Value]


def values(figures: Mapping[str, int | str]) -> dict[str, Value]:
    """Return a line's figures as expressions see them: amounts in major units."""
    found: dict[str, Value] = {}
    for name, value in figures.items():
        is_money = FIGURES[name].unit is Unit.MONEY
        if isinstance(value, str):
            found[name] = value
        else:
            found[name] = Fraction(value, MINOR_PER_MAJOR if is_money else 1)
    return found


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        UsageError: It cannot be read, or names no figure of a line.

    Examples:
        >>> late = parse("owed - overpaid >= 1,000.00 and status == overdue")
        >>> late.figures
        ('owed', 'overpaid', 'status')
        >>> late.value({"owed": Fraction(1_000), "overpaid": Fraction(0), "status": "overdue"})
        True
    """
    if len(text) > LENGTH_MAX:
        raise UsageError(f"an expression has at most {LENGTH_MAX} characters")
    parser = _Parser(_tokens(text))
    node = parser.either()
    if parser.left:
        raise UsageError(f"{text!r} cannot be read from {parser.left[0]!r} on")
    if not node.figures:
        raise UsageError(f"{text!r} looks at no figure; there is {', '.join(FIGURES)}")
    return Expression(text, tuple(dict.fromkeys(node.figures)), node.value)


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError(f"{text!r} cannot be read from {text[at:].strip()!r} on")
        tokens.append(match[1])
        at = match.end()
    return tokens


class _Parser:
    """Reads an expression from left to right; ``or`` binds least, then ``and``, ``==``, ``+``."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def either(self) -> Node:
        """Read what ``or`` joins."""
        node = self.both()
        while self._next("or"):
            node = _join(Sort.TRUTH, node, self.both(), lambda a, b: a or b, "or", Sort.TRUTH)
        return node

    def both(self) -> Node:
        """Read what ``and`` joins."""
        node = self.comparison()
        while self._next("and"):
            other = self.comparison()
            node = _join(Sort.TRUTH, node, other, lambda a, b: a and b, "and", Sort.TRUTH)
        return node

    def comparison(self) -> Node:
        """Read a sum, or two that are compared."""
        node = self.sum()
        if self.left and self.left[0] in _COMPARE:
            sign = self.left.pop(0)
            sort = node.sort if sign in _EITHER_WAY else Sort.NUMBER
            return _join(sort, node, self.sum(), _COMPARE[sign], sign, Sort.TRUTH)
        return node

    def sum(self) -> Node:
        """Read an atom, or several that are added and taken away."""
        node = self.atom()
        while self.left and self.left[0] in ("+", "-"):
            sign = self.left.pop(0)
            done = operator.add if sign == "+" else operator.sub
            node = _join(Sort.NUMBER, node, self.atom(), done, sign, Sort.NUMBER)
        return node

    def atom(self) -> Node:
        """Read a number, a figure, a state of a line, or what stands in brackets."""
        if not self.left:
            raise UsageError("the expression ends too early")
        token = self.left.pop(0)
        if token == "(":  # noqa: S105  # a bracket
            node = self.either()
            if not self._next(")"):
                raise UsageError("a bracket is not closed")
            return node
        if token == "-":  # noqa: S105  # a sign
            return _join(
                Sort.NUMBER, _constant(Fraction(0)), self.atom(), operator.sub, "-", Sort.NUMBER
            )
        if token[0].isdigit():
            return _constant(Fraction(token.replace(",", "")))
        if token in FIGURES:
            is_word = FIGURES[token].unit is Unit.WORD
            return Node(Sort.WORD if is_word else Sort.NUMBER, lambda of: of[token], (token,))
        if token in _STATES:
            return Node(Sort.WORD, lambda _of: token)
        raise UsageError(f"there is no figure {token!r}; {near(token, FIGURES)}")

    def _next(self, token: str) -> bool:
        """Take a token if it comes next."""
        if self.left[:1] != [token]:
            return False
        self.left.pop(0)
        return True


def _constant(number: Fraction) -> Node:
    return Node(Sort.NUMBER, lambda _of: number)


def _join(
    needed: Sort, one: Node, other: Node, done: Callable[[Any, Any], Any], sign: str, gives: Sort
) -> Node:
    """Return two parts joined by a sign that needs both to be of one sort."""
    for node in (one, other):
        if node.sort is not needed:
            raise UsageError(f"{sign!r} needs {needed.value} on both sides, not {node.sort.value}")
    return Node(
        gives,
        lambda of: done(one.value(of), other.value(of)),
        one.figures + other.figures,
    )
