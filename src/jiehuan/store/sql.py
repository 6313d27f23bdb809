"""Statements made from the tables: one form for every insert, update and read.

Each names its book as a constant in every FROM item, so that it runs on one server and on a
shard of many alike (a shard is found by ``book = X``; without it, Citus copies).
"""

from collections.abc import Iterable

from jiehuan.store.tables import Table
from jiehuan.store.wire import wire_type


def _arrays(table: Table, names: Iterable[str]) -> str:
    return ", ".join(f"%s::{wire_type(name, table.dtype[name]).name}[]" for name in names)


def insert(table: Table, book: int) -> str:
    """Return the insert of whole rows, an array parameter a column."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    return (
        f"INSERT INTO {table.name} (book, {names})"
        f" SELECT b.book, u.* FROM book b, unnest({_arrays(table, table.columns)}) AS u({names})"
        f" WHERE b.book = {book}"
    )


def update(table: Table, book: int) -> str:
    """Return the update of all columns outside the key, an array parameter a column."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    sets = ", ".join(f'"{name}" = u."{name}"' for name in table.values)
    where = " AND ".join(f't."{name}" = u."{name}"' for name in table.key)
    return (
        f"UPDATE {table.name} t SET {sets}"
        f" FROM unnest({_arrays(table, table.columns)}) AS u({names})"
        f" WHERE t.book = {book} AND {where}"
    )


def copy_in(table: Table) -> str:
    """Return the COPY of whole rows into a table."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    return f"COPY {table.name} (book, {names}) FROM STDIN (FORMAT BINARY)"


def copy_out(table: Table, book: int, where: str = "") -> str:
    """Return the COPY of a book's rows, in the order of the key."""
    names = ", ".join(f't."{name}"' for name in table.columns)
    order = ", ".join(f't."{name}"' for name in table.key)
    return (
        f"COPY (SELECT {names} FROM {table.name} t WHERE t.book = {book}{where}"
        f" ORDER BY {order}) TO STDOUT (FORMAT BINARY)"
    )


def of_lines(ids: Iterable[int], column: str) -> str:
    """Return a condition that keeps the rows of some lines."""
    return f" AND t.{column} = ANY('{{{','.join(map(str, ids))}}}'::bigint[])"


def insert_with_detail(table: Table, book: int) -> str:
    """Return the insert of whole rows and a JSON text each, which may be null."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    columns = ", ".join(f'u."{name}"' for name in table.columns)
    return (
        f"INSERT INTO {table.name} (book, {names}, detail)"
        f" SELECT b.book, {columns}, u.detail::json"
        f" FROM book b, unnest({_arrays(table, table.columns)}, %s::text[]) AS u({names}, detail)"
        f" WHERE b.book = {book}"
    )


def add(table: Table, book: int) -> str:
    """Return the upsert that adds rows to those that are there."""
    sums = ", ".join(f'"{n}" = {table.name}."{n}" + excluded."{n}"' for n in table.values)
    return f"{insert(table, book)} ON CONFLICT (book, {', '.join(table.key)}) DO UPDATE SET {sums}"


DECISION_COLUMNS = {
    "id": "bigint",
    "line": "bigint",
    "kind": "smallint",
    "inputs": "text",
    "policy": "text",
    "policy_version": "integer",
    "policy_hash": "bytea",
    "model_hash": "bytea",
    "score_ppm": "integer",
    "outcome": "smallint",
    "limit_minor": "bigint",
    "reasons": "text",
    "decided_on": "date",
}


def insert_decisions(book: int) -> str:
    """Return the insert of decisions, an array parameter a column."""
    names = ", ".join(DECISION_COLUMNS)
    arrays = ", ".join(f"%s::{kind}[]" for kind in DECISION_COLUMNS.values())
    return (
        f"INSERT INTO decision (book, {names}) SELECT b.book, u.*"
        f" FROM book b, unnest({arrays}) AS u({names}) WHERE b.book = {book}"
    )
