"""Statements made from the tables: one form for every insert, update and read.

Each names its book as a constant in every FROM item, so that it runs on one server and on a
shard of many alike (a shard is found by ``book = X``; without it, Citus copies).
"""

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from typing import Any

from jiehuan.store.decisions import NUMBERS, TEXTS, DecisionRow
from jiehuan.store.tables import Table
from jiehuan.store.wire import wire_type

BOOKS_CACHED = 4_096

Statement = tuple[str, Sequence[Any]]
"""A statement and its parameters."""


def _arrays(table: Table, names: Iterable[str]) -> str:
    """Return an array parameter for each column."""
    return ", ".join(f"%s::{wire_type(name, table.dtype[name]).name}[]" for name in names)


def _names(table: Table, of: str = "") -> str:
    """Return the columns of a table, ``of`` an alias."""
    return ", ".join(f'{of}"{name}"' for name in table.columns)


@functools.lru_cache(BOOKS_CACHED)
def insert(table: Table, book: int) -> str:
    """Return the insert of whole rows, an array parameter a column."""
    names = _names(table)
    return (
        f"INSERT INTO {table.name} (book, {names})"
        f" SELECT b.book, u.* FROM book b, unnest({_arrays(table, table.columns)}) AS u({names})"
        f" WHERE b.book = {book:d}"
    )


@functools.lru_cache(BOOKS_CACHED)
def update(table: Table, book: int) -> str:
    """Return the update of all columns outside the key, an array parameter a column.

    It is an insert that meets the row that is there, since that finds each row by its key
    whatever the server knows of the table.  ``UPDATE .. FROM unnest`` is a tenth cheaper with
    good statistics, and seven times dearer in a book that has grown faster than they were made.
    """
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in table.values)
    return f"{insert(table, book)} ON CONFLICT (book, {', '.join(table.key)}) DO UPDATE SET {sets}"


@functools.lru_cache(BOOKS_CACHED)
def add(table: Table, book: int) -> str:
    """Return the upsert that adds rows to those that are there."""
    sums = ", ".join(f'"{n}" = {table.name}."{n}" + excluded."{n}"' for n in table.values)
    return f"{insert(table, book)} ON CONFLICT (book, {', '.join(table.key)}) DO UPDATE SET {sums}"


@functools.lru_cache(BOOKS_CACHED)
def select(table: Table, book: int, where: str) -> str:
    """Return the read of whole rows, in the order of the key, as one value of bytes.

    Rows that travel one by one cost more than what is in them: so the server joins them.
    """
    order = ", ".join(f't."{name}"' for name in table.key)
    return (
        f"SELECT coalesce(string_agg(record_send(ROW({_names(table, 't.')})), ''::bytea"
        f" ORDER BY {order}), ''::bytea) FROM {table.name} t WHERE t.book = {book:d}{where}"
    )


@functools.lru_cache(BOOKS_CACHED)
def select_by(table: Table, book: int, columns: tuple[str, ...], where: str = "") -> str:
    """Return the read of the rows that have one of several keys, an array parameter a column.

    Each key is looked up by itself: OFFSET 0 keeps the server from planning a join, or a scan
    of the book, from statistics that it does not have yet.
    """
    order = ", ".join(f't."{name}"' for name in table.key)
    by = " AND ".join(f"t.{name} = u.{name}" for name in columns)
    return (
        f"SELECT coalesce(string_agg(record_send(ROW({_names(table, 't.')})), ''::bytea"
        f" ORDER BY {order}), ''::bytea)"
        f" FROM unnest({_arrays(table, columns)}) AS u({', '.join(columns)}),"
        f" LATERAL (SELECT * FROM {table.name} t"
        f" WHERE t.book = {book:d} AND {by}{where} OFFSET 0) t"
    )


@functools.lru_cache(BOOKS_CACHED)
def page(table: Table, book: int) -> str:
    """Return the read of the first ``%s`` rows whose first key column is above ``%s``."""
    order = ", ".join(f't."{name}"' for name in table.key)
    first = table.key[0]
    return (
        f"SELECT coalesce(string_agg(record_send(p), ''::bytea), ''::bytea)"
        f" FROM (SELECT {_names(table, 't.')} FROM {table.name} t"
        f" WHERE t.book = {book:d} AND t.{first} > %s ORDER BY {order} LIMIT %s) p"
    )


def copy_in(table: Table) -> str:
    """Return the COPY of whole rows into a table."""
    return f"COPY {table.name} (book, {_names(table)}) FROM STDIN (FORMAT BINARY)"


def copy_out(table: Table, book: int) -> str:
    """Return the COPY of a book's rows, in the order of the key."""
    order = ", ".join(f't."{name}"' for name in table.key)
    return (
        f"COPY (SELECT {_names(table, 't.')} FROM {table.name} t WHERE t.book = {book:d}"
        f" ORDER BY {order}) TO STDOUT (FORMAT BINARY)"
    )


@functools.lru_cache(BOOKS_CACHED)
def insert_with_detail(table: Table, book: int) -> str:
    """Return the insert of whole rows and a JSON text each, which may be null."""
    return (
        f"INSERT INTO {table.name} (book, {_names(table)}, detail)"
        f" SELECT b.book, {_names(table, 'u.')}, u.detail::json"
        f" FROM book b, unnest({_arrays(table, table.columns)}, %s::text[])"
        f" AS u({_names(table)}, detail) WHERE b.book = {book:d}"
    )


def insert_decisions(book: int) -> str:
    """Return the insert of decisions, an array parameter a column; see ``decisions.columns``."""
    kinds = {name: wire_type(name, NUMBERS[name]).name for name in NUMBERS.names or ()}
    kinds |= {name: kind.name for name, kind in TEXTS.items()}
    names = ", ".join(kinds)
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds.values())
    return (
        f"INSERT INTO decision (book, {names}) SELECT b.book, u.*"
        f" FROM book b, unnest({arrays}) AS u({names}) WHERE b.book = {book:d}"
    )


def select_decisions(book: int, where: str = "") -> str:
    """Return the read of decisions, in the order of their numbers: id, then ``DecisionRow``."""
    names = ", ".join(["id", *(field.name for field in dataclasses.fields(DecisionRow))])
    return f"SELECT {names} FROM decision t WHERE t.book = {book:d}{where} ORDER BY t.id"
