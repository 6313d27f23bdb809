"""A journal that was changed can be told from one that was not."""

import dataclasses
import datetime as dt
import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.batches import BOOK, OPENED_ON, journal, purchases, rows

from jiehuan.store import chain, reading, tables
from jiehuan.store.database import connect
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.sessions import Session

DECISION = DecisionRow(
    line=1,
    kind=1,
    inputs='{"age":30}',
    policy="plain",
    policy_version=1,
    policy_hash=bytes(32),
    model_hash=b"",
    score_ppm=12_345,
    outcome=1,
    limit_minor=10_000,
    reasons="[]",
    decided_on=dt.date.fromordinal(OPENED_ON),
)


def found_in(conn):
    """What the chain of the book finds wrong with its journal."""
    seq = conn.execute(f"SELECT seq FROM book WHERE book = {BOOK}").fetchone()[0]
    return chain.breaches(
        seq,
        reading.batches(conn, BOOK),
        {name: reading.read(conn, tables.TABLES[name], BOOK) for name in chain.HASHED},
        reading.details(conn, BOOK),
        reading.decisions(conn, BOOK),
    )


@pytest.fixture
def written(pen):
    """A book of four batches with rows in every table of the journal."""
    for at in (0, 3, 6):
        batch = purchases(at, [f"k{at + k}" for k in range(3)], line=[3, 1, 2])
        seq = batch.journal["command"]["seq"]
        lines = batch.journal["command"]["line"]
        batch.journal = batch.journal | {
            "statement": rows(tables.STATEMENT, line=lines, no=seq, due_minor=9),
            "statement_item": rows(tables.STATEMENT_ITEM, line=lines, no=seq, item=1),
        }
        batch.details = {at + 2: b'{"a":1}'}
        batch.decisions = {at + 1: DECISION}
        pen.save(batch)
    pen.buy("alone")
    return pen


@pytest.fixture
def owner(written, dsn):
    """A connection that may change anything."""
    assert written.lease.seq == 10
    with connect(dsn, Session.OWNER) as conn:
        yield conn


def test_an_undisturbed_journal_is_found_to_be_so(owner):
    assert found_in(owner) == []


def test_an_empty_book_has_an_empty_chain(pen):
    assert found_in(pen.conn) == []


CHANGES = {
    "amount": "UPDATE transfer SET amount_minor = 6 WHERE seq = 5",
    "accounts swapped": "UPDATE transfer SET debit = credit, credit = debit WHERE seq = 5",
    "outcome": "UPDATE command SET outcome = 30 WHERE seq = 5",
    "key": "UPDATE command SET key_hash = gen_random_uuid() WHERE seq = 5",
    "digest": "UPDATE command SET digest = gen_random_uuid() WHERE seq = 5",
    "detail": "UPDATE command SET detail = '{\"a\":2}' WHERE seq = 5",
    "detail's blanks": "UPDATE command SET detail = '{\"a\": 1}' WHERE seq = 5",
    "detail gone": "UPDATE command SET detail = NULL WHERE seq = 5",
    "detail come": "UPDATE command SET detail = '{}' WHERE seq = 4",
    "statement": "UPDATE statement SET due_minor = 10 WHERE no = 5",
    "item": "UPDATE statement_item SET amount_minor = 1 WHERE no = 5",
    "item gone": "DELETE FROM statement_item WHERE no = 5",
    "transfer gone": "DELETE FROM transfer WHERE seq = 5",
    "transfer come": "INSERT INTO transfer SELECT book, seq, leg + 1, line, debit, credit,"
    " amount_minor, effective_on, booked_on FROM transfer WHERE seq = 5",
    "transfer of another time": "UPDATE transfer SET seq = 900 WHERE seq = 5",
    "last command gone": "DELETE FROM command WHERE seq = 10",
    "decision's score": "UPDATE decision SET score_ppm = 1 WHERE id = 4",
    "decision's reasons": "UPDATE decision SET reasons = '[\"x\"]' WHERE id = 4",
    "decision gone": "DELETE FROM decision WHERE id = 4",
    "decision of no command": "UPDATE decision SET id = 900 WHERE id = 4",
    "hash": "UPDATE batch SET hash = decode(repeat('ab', 32), 'hex') WHERE first_seq = 4",
    "hash before": "UPDATE batch SET previous_hash = hash WHERE first_seq = 4",
    "batch gone": "DELETE FROM batch WHERE first_seq = 4",
    "last batch gone": "DELETE FROM batch WHERE first_seq = 10",
    "batch cut short": "UPDATE batch SET last_seq = 5 WHERE first_seq = 4",
    "book's seq": "UPDATE book SET seq = 11",
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_in_the_journal_is_found(owner, what):
    done = owner.execute(CHANGES[what])

    assert done.rowcount == 1
    assert found_in(owner) != []


def test_the_batch_that_was_changed_is_named_and_no_other(owner):
    owner.execute("UPDATE transfer SET amount_minor = 6 WHERE seq = 5")

    assert found_in(owner) == ["batch 4..6: its rows are not those it hashed"]


def test_the_time_of_booking_is_not_in_the_chain(owner):
    owner.execute("UPDATE command SET booked_at = now()")

    assert found_in(owner) == []


def test_two_batches_are_not_one():
    """Where a batch ends is in the chain too: the same rows in one batch hash otherwise."""
    one = purchases(0, ["a", "b"])
    first, second = purchases(0, ["a"]), purchases(1, ["b"])
    whole = chain.batch_hash(chain.FIRST, one.journal, [])
    half = chain.batch_hash(chain.FIRST, first.journal, [])

    assert whole != chain.batch_hash(half, second.journal, [])


@given(column=st.sampled_from(chain.HASHED["command"]), at=st.integers(0, 2))
def test_every_column_of_a_command_counts(column, at):
    batch = purchases(0, ["a", "b", "c"])
    before = chain.batch_hash(chain.FIRST, batch.journal, [])
    value = batch.journal["command"][column]
    if value.dtype.kind == "V":
        value[at] = bytes(15) + b"x"
    else:
        value[at] += 1

    assert before != chain.batch_hash(chain.FIRST, batch.journal, [])


@given(st.permutations([0, 1, 2]))
def test_the_order_in_which_rows_are_given_does_not_count(order):
    batch = purchases(0, ["a", "b", "c"])
    shuffled = {name: rows_[list(order)[: len(rows_)]] for name, rows_ in batch.journal.items()}

    assert chain.batch_hash(chain.FIRST, batch.journal, []) == chain.batch_hash(
        chain.FIRST, shuffled, []
    )


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(DecisionRow)])
def test_every_field_of_a_decision_counts(field):
    value = getattr(DECISION, field)
    other = {
        int: lambda: value + 1,
        str: lambda: value + "x",
        bytes: lambda: value + b"x",
        dt.date: lambda: value + dt.timedelta(1),
    }[type(value)]()

    assert DECISION.canonical() != dataclasses.replace(DECISION, **{field: other}).canonical()


def test_text_that_moves_from_one_field_to_the_next_counts():
    one = dataclasses.replace(DECISION, inputs="ab", policy="c")
    two = dataclasses.replace(DECISION, inputs="a", policy="bc")

    assert one.canonical() != two.canonical()


def test_the_hash_of_one_command_byte_by_byte():
    """The form is part of what is stored: it may never change."""
    key = b"a".rjust(16)
    command = struct.pack(
        ">qqhiiiqqihhqqh16s16s",
        *(1, 1, 2, OPENED_ON, OPENED_ON, 1, 5, 0, 0, 0, 0, 0, 0, 0, key, key),
    )
    nothing = bytes(8)
    wanted = hashlib.sha256(
        chain.FIRST
        + struct.pack(">q", len(command))
        + command
        + nothing * 3
        + struct.pack(">qq", 1, 4)
        + b'"hi"'
    )
    rows_ = journal(command=purchases(0, ["a"]).journal["command"])

    assert wanted.digest() == chain.batch_hash(chain.FIRST, rows_, [(1, b'"hi"')])


def test_big_endian_and_without_gaps():
    rows_ = np.zeros(1, [("seq", "i8"), ("leg", "i2")])
    rows_["seq"], rows_["leg"] = 1, 258

    assert chain.canonical(rows_, ("seq", "leg")) == b"\0\0\0\0\0\0\0\1\1\2"
