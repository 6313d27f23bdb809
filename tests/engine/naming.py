"""The rows of a book with names for numbers, to compare books that numbered otherwise.

A command's number is its place in the journal, so two runs that differ in where batches end
may give other numbers, also to lines, loans and holds, which are called by them.  A caller's
command is named by its key, a day event by what it does to which line on which day.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from tests.engine.script import APART, EXEMPT

from jiehuan.core.commands import Kind

NUMBERS = {
    "command": ("seq", "line", "ref"),
    "transfer": ("seq", "line"),
    "statement": ("line", "no"),
    "statement_item": ("line", "no"),
    "line": ("id", "version"),
    "due": ("line",),
    "loan": ("line", "no", "source"),
    "instalment": ("line", "loan"),
    "hold": ("line", "no"),
    "outbox": ("id", "line"),
    "decision": ("id", "line"),
    "day_total": (),
    "book": (),
}
# What a night counted: requests may have done a part of its work.
DAY = "SELECT business_date, first_seq, closed FROM day WHERE book = %s"

Row = tuple[tuple[str, Any], ...]


def named(dsn: str, book: int) -> dict[str, set[Row]]:
    """Return the rows of a book, with names for numbers."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        for name in ("date", "timestamptz"):
            connection.adapters.register_loader(name, TextLoader)  # knows infinity
        commands = connection.execute(
            "SELECT * FROM command WHERE book = %s ORDER BY seq", [book]
        ).fetchall()
        names = _names(commands)
        found = {
            table: {
                _renamed(table, row, names)
                for row in connection.execute(
                    f"SELECT * FROM {table} WHERE book = %s", [book]
                ).fetchall()
            }
            for table in NUMBERS
            if table not in APART
        }
        found["day"] = {tuple(row.items()) for row in connection.execute(DAY, [book])}
    return found


def _names(commands: list[dict[str, Any]]) -> dict[int, str]:
    names = {0: ""}
    for row in commands:
        if row["kind"] < Kind.STATEMENT:
            name = f"{row['client']}/{row['key_hash']}"
        else:
            line, ref = names[row["line"]], names.get(row["ref"], "")
            name = f"{Kind(row['kind']).name} {row['effective_on']} {line} {ref}"
        names[row["seq"]] = name
    return names


def _renamed(table: str, row: dict[str, Any], names: dict[int, str]) -> Row:
    kept = {name: x for name, x in row.items() if name not in EXEMPT.get(table, ())} | {"book": 0}
    for name in NUMBERS[table]:
        if name == "ref" and row["kind"] == Kind.OPEN:
            continue  # a party
        kept[name] = names.get(row[name], row[name])
    if table == "command" and row["kind"] == Kind.REPAY:
        kept["merchant"] = names.get(row["merchant"], row["merchant"])
    if table == "command":
        kept["digest"] = None  # it hashes numbers, and so do the keys of day events
        kept["key_hash"] = row["key_hash"] if row["kind"] < Kind.STATEMENT else None
    return tuple(kept.items())


def unlike(one: dict[str, set[Row]], two: dict[str, set[Row]]) -> dict[str, list[str]]:
    """Return the rows that only one of two books has, by table; nothing if they are alike."""
    return {
        name: sorted(str(row) for row in one[name] ^ two[name])
        for name in one
        if one[name] != two[name]
    }
