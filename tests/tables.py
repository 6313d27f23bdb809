"""Tables of worked cases, written as text."""

from types import SimpleNamespace


def table(text: str) -> list[SimpleNamespace]:
    """Read a table: names first, then a case a line, columns set apart by two spaces.

    Whole numbers (``5_000`` too) are numbers, the rest is text; ``#`` begins a comment.
    """
    lines = [line.split(" #")[0].split("  ") for line in text.splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    names, *cases = [row for row in rows if row]
    return [SimpleNamespace(**dict(zip(names, map(_value, case), strict=True))) for case in cases]


def _value(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text
