"""Columns of numbers to and from PostgreSQL's binary formats, in whole arrays.

PostgreSQL sends numbers big-endian, each behind its length.  A structured array lays out just
that, so a million values are encoded or decoded by one call of numpy: as the elements of an
array parameter (``unnest``), as the rows of a binary COPY, as the fields of ``record_send``.

Days (``_on``) are dates: 0 is ``-infinity``, ``NEVER`` is ``infinity``.  Times (``_at``) are
timestamps with time zone, in microseconds since 1970.  ``V16`` is a uuid.
"""

import dataclasses
import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from jiehuan.core.columns import NEVER, Rows
from jiehuan.core.days import EPOCH_ON
from jiehuan.core.errors import InvariantBroken
from jiehuan.store.tables import Dtype

Values = NDArray[Any]

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"

# PostgreSQL counts days and microseconds from 2000-01-01, the day that is also our EPOCH_ON.
_DATE_MINUS_INFINITY = -(2**31)
_DATE_INFINITY = 2**31 - 1
_UNIX_TO_2000_MICROSECONDS = 946_684_800_000_000


class Packed:
    """An array parameter, ready to be sent.  Subclasses say of what type."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        """Hold the bytes of the array."""
        self.data = data


@dataclasses.dataclass(frozen=True, slots=True)
class WireType:
    """How values of one type travel.

    Attributes:
        name: The type in SQL.
        oid: Its number in every PostgreSQL.
        packed: The class of an array parameter of this type.
        value: The dtype of one value on the wire.
        element: The dtype of one element of an array: length, value.
        encode: From our values to those on the wire.
        decode: Back.
    """

    name: str
    oid: int
    packed: type[Packed]
    value: np.dtype[Any]
    element: Dtype
    encode: Callable[[Values], Values]
    decode: Callable[[Values], Values]


def _same(values: Values) -> Values:
    """Return what was given."""
    return values


def _to_dates(days: Values) -> Values:
    """Turn ordinals into PostgreSQL's day numbers."""
    dates = days - np.int32(EPOCH_ON)
    dates[days == 0] = _DATE_MINUS_INFINITY
    dates[days == NEVER] = _DATE_INFINITY
    return dates


def _from_dates(dates: Values) -> Values:
    """Turn PostgreSQL's day numbers into ordinals."""
    native = dates.astype(np.int32)
    with np.errstate(over="ignore"):
        days = native + np.int32(EPOCH_ON)
    days[native == _DATE_MINUS_INFINITY] = 0
    days[native == _DATE_INFINITY] = NEVER
    return days


def _to_timestamps(times: Values) -> Values:
    """Turn microseconds since 1970 into microseconds since 2000."""
    return times - np.int64(_UNIX_TO_2000_MICROSECONDS)


def _from_timestamps(times: Values) -> Values:
    """Turn microseconds since 2000 into microseconds since 1970."""
    return times.astype(np.int64) + np.int64(_UNIX_TO_2000_MICROSECONDS)


def _wire_type(  # a row of the table below
    name: str,
    oid: int,
    array_oid: int,
    value: str,
    encode: Callable[[Values], Values] = _same,
    decode: Callable[[Values], Values] = _same,
) -> WireType:
    """Make a type, and teach psycopg to send arrays of it."""
    packed = type(f"Packed_{name}", (Packed,), {"__slots__": ()})

    class PackedDumper(Dumper):
        """Send an array as it is."""

        format = Format.BINARY
        oid = array_oid

        def dump(self, obj: Packed) -> Buffer:
            return obj.data

    psycopg.adapters.register_dumper(packed, PackedDumper)
    element = np.dtype([("length", ">i4"), ("value", value)])
    return WireType(name, oid, packed, np.dtype(value), element, encode, decode)


BIGINT = _wire_type("bigint", 20, 1016, ">i8")
INTEGER = _wire_type("integer", 23, 1007, ">i4")
SMALLINT = _wire_type("smallint", 21, 1005, ">i2")
BOOLEAN = _wire_type("boolean", 16, 1000, "?")
DATE = _wire_type("date", 1082, 1182, ">i4", _to_dates, _from_dates)
TIMESTAMPTZ = _wire_type("timestamptz", 1184, 1185, ">i8", _to_timestamps, _from_timestamps)
UUID = _wire_type("uuid", 2950, 2951, "V16")

TEXT = _wire_type("text", 25, 1009, "V0")
BYTEA = _wire_type("bytea", 17, 1001, "V0")

_PLAIN = {"i8": BIGINT, "i4": INTEGER, "i2": SMALLINT, "b1": BOOLEAN, "V16": UUID}


def wire_type(name: str, dtype: np.dtype[Any]) -> WireType:
    """Return the type of a column.

    Args:
        name: Its name; the ending says if a number is a day or a time.
        dtype: Its type here.

    Examples:
        >>> wire_type("cut_on", np.dtype("i4")).name, wire_type("count", np.dtype("i2")).name
        ('date', 'smallint')
    """
    code = dtype.str[1:]
    if code == "i4" and name.endswith("_on"):
        return DATE
    if code == "i8" and name.endswith("_at"):
        return TIMESTAMPTZ
    return _PLAIN[code]


def array(values: Values, kind: WireType) -> Packed:
    """Encode a column as an array parameter (``unnest(%s, ..)``, ``= ANY(%s)``).

    Args:
        values: Shape (n,).
        kind: Its type in the database.
    """
    n = len(values)
    if n == 0:
        return kind.packed(struct.pack(">iii", 0, 0, kind.oid))
    elements = np.empty(n, kind.element)
    elements["length"] = kind.value.itemsize
    elements["value"] = kind.encode(values)
    return kind.packed(struct.pack(">iiiii", 1, 0, kind.oid, n, 1) + elements.tobytes())


def texts(values: Sequence[bytes], kind: WireType) -> Packed:
    """Encode values of any length as an array parameter.

    Args:
        values: Bytes, or text in UTF-8.
        kind: ``TEXT`` or ``BYTEA``.
    """
    if not values:
        return kind.packed(struct.pack(">iii", 0, 0, kind.oid))
    head = struct.pack(">iiiii", 1, 0, kind.oid, len(values), 1)
    return kind.packed(head + b"".join([len(text).to_bytes(4, "big") + text for text in values]))


@functools.lru_cache
def _plan(dtype: Dtype) -> tuple[tuple[str, WireType], ...]:
    """Return the name and type of each column; reckoned once for a table."""
    return tuple((name, wire_type(name, dtype[name])) for name in dtype.names or ())


def arrays(rows: Rows) -> list[Packed]:
    """Encode the columns of a structured array as array parameters, in order."""
    return [array(rows[name], kind) for name, kind in _plan(rows.dtype)]


@dataclasses.dataclass(frozen=True, slots=True)
class _Layout:
    """How a row travels.

    Attributes:
        dtype: Its bytes: what stands at its head, and each value behind its length.
        blank: A row whose values are zero.
        fixed: Which of its bytes are the same in every row, shape (itemsize,).
    """

    dtype: Dtype
    blank: NDArray[np.uint8]
    fixed: NDArray[np.bool_]


def _layout(dtype: Dtype, head: list[tuple[str, str, int]], *, oids: bool) -> _Layout:
    """Lay a row out: its head, then oid (if asked for), length and value of each column."""
    fields = [(name, code) for name, code, _ in head]
    constants = {name: constant for name, _, constant in head}
    values = []
    for name, kind in _plan(dtype):
        if oids:
            fields.append((f"oid_{name}", ">i4"))
            constants[f"oid_{name}"] = kind.oid
        fields += [(f"length_{name}", ">i4"), (name, kind.value.str)]
        constants[f"length_{name}"] = kind.value.itemsize
        values.append(name)
    packed = np.dtype(fields)
    blank, mark = np.zeros(1, packed), np.zeros(1, packed)
    for name, constant in constants.items():
        blank[name] = constant
        mark[name] = -1
    fixed = np.frombuffer(mark.tobytes(), np.uint8) > 0
    return _Layout(packed, np.frombuffer(blank.tobytes(), np.uint8), fixed)


@functools.lru_cache
def _in_layout(dtype: Dtype) -> _Layout:
    """Lay out a row of COPY with the book before it."""
    n = len(dtype.names or ()) + 1
    head = [("fields", ">i2", n), ("length_book", ">i4", 2), ("book", ">i2", 0)]
    return _layout(dtype, head, oids=False)


@functools.lru_cache
def _out_layout(dtype: Dtype) -> _Layout:
    """Lay out a row of COPY."""
    return _layout(dtype, [("fields", ">i2", len(dtype.names or ()))], oids=False)


@functools.lru_cache
def _record_layout(dtype: Dtype) -> _Layout:
    """Lay out a row of ``record_send``."""
    return _layout(dtype, [("fields", ">i4", len(dtype.names or ()))], oids=True)


def copy_in(rows: Rows, book: int) -> bytes:
    """Encode rows for ``COPY table (book, ..) FROM STDIN (FORMAT BINARY)``, in one piece.

    Args:
        rows: A structured array, shape (n,).
        book: Goes before each row.
    """
    layout = _in_layout(rows.dtype)
    out = np.empty(len(rows), layout.dtype)
    out.view(np.uint8).reshape(len(rows), layout.dtype.itemsize)[:] = layout.blank
    out["book"] = book
    for name, kind in _plan(rows.dtype):
        out[name] = kind.encode(rows[name])
    return COPY_HEADER + out.tobytes() + COPY_TRAILER


def _unpacked(data: Buffer, dtype: Dtype, layout: _Layout) -> Rows:
    """Read rows that all have one layout, and check that they have."""
    width = layout.dtype.itemsize
    if len(data) % width:
        raise InvariantBroken("the database sent rows of another shape than the schema says")
    packed = np.frombuffer(data, layout.dtype)
    fixed = np.frombuffer(data, np.uint8).reshape(-1, width)[:, layout.fixed]
    if (fixed != layout.blank[layout.fixed]).any():
        raise InvariantBroken("the database sent values of other types than the schema says")
    rows = np.empty(len(packed), dtype)
    for name, kind in _plan(dtype):
        rows[name] = kind.decode(packed[name])
    return rows


def copy_out(data: Buffer, dtype: Dtype) -> Rows:
    """Decode what ``COPY (SELECT ..) TO STDOUT (FORMAT BINARY)`` sent, header and trailer too.

    Args:
        data: All its bytes.
        dtype: The columns selected, in order; none may be null.

    Raises:
        InvariantBroken: The rows are of another shape.
    """
    inner = memoryview(data)[len(COPY_HEADER) : -len(COPY_TRAILER)]
    return _unpacked(inner, dtype, _out_layout(dtype))


def records(data: Buffer, dtype: Dtype) -> Rows:
    """Decode ``string_agg(record_send(..), '')``.

    Args:
        data: The records, one after the other; none at all is an empty ``bytes``.
        dtype: Their columns, in order; none may be null.

    Raises:
        InvariantBroken: The records are of another shape.
    """
    return _unpacked(data, dtype, _record_layout(dtype))
