"""What becomes of a batch: saved whole, or not at all and said why."""

import dataclasses
import datetime as dt

import numpy as np
import psycopg
import pytest
from tests.store.batches import (
    BOOK,
    OPENED_ON,
    hashes,
    journal,
    keys_of,
    line,
    purchases,
    rows,
)

from jiehuan.core.commands import Kind
from jiehuan.core.errors import FenceLost, InDoubt, KeyTaken, Postponed
from jiehuan.store import books, failpoints, reading, saving, tables
from jiehuan.store.database import connect
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.saving import Batch, DayStep
from jiehuan.store.sessions import Session
from jiehuan.store.tables import OutboxState

LARGE = saving.COPY_ROWS_MIN

DECISION = DecisionRow(
    line=1,
    kind=Kind.OPEN,
    inputs='{"age":30}',
    policy="plain",
    policy_version=1,
    policy_hash=bytes(32),
    model_hash=b"",
    score_ppm=12_345,
    outcome=1,
    limit_minor=10_000,
    reasons='["score"]',
    decided_on=dt.date.fromordinal(OPENED_ON),
)


def full_batch(after, n):
    """A batch with rows in every table, ``n`` lines of them."""
    batch = purchases(after, [f"key {after + k}" for k in range(n)], line=np.arange(1, n + 1))
    seq = batch.journal["command"]["seq"]
    ids = np.arange(1, n + 1)
    batch.journal["command"]["ref"] = -1
    batch.journal = batch.journal | {
        "statement": rows(tables.STATEMENT, line=ids, no=seq, due_minor=9, minimum_minor=3),
        "statement_item": rows(
            tables.STATEMENT_ITEM, line=ids, no=seq, item=1, for_on=OPENED_ON, amount_minor=-4
        ),
    }
    batch.inserts = {
        tables.LINE: line(ids, party=ids * 10, next_event_at=OPENED_ON * 3),
        tables.DUE: rows(tables.DUE, line=ids, due_on=OPENED_ON + 9, unmet_minor=2),
        tables.LOAN: rows(tables.LOAN, line=ids, no=seq, kind=3, open=True, interest_num=-7),
        tables.INSTALMENT: rows(tables.INSTALMENT, line=ids, loan=seq, no=1, principal_minor=8),
        tables.HOLD: rows(tables.HOLD, line=ids, no=seq, state=1, amount_minor=6, left_minor=6),
        tables.OUTBOX: rows(tables.OUTBOX, id=seq, line=ids, kind=1, amount_minor=5, state=1),
    }
    batch.totals = rows(tables.DAY_TOTAL, booked_on=OPENED_ON, product=1, undrawn_minor=100)
    return batch


@pytest.mark.parametrize("n", [1, 3, LARGE])
def test_what_is_saved_is_read_back_whether_by_arrays_or_by_copy(n, a_pen):
    pen = a_pen(session=Session.DAY)
    batch = full_batch(0, n)

    pen.save(batch)

    for name, wanted in batch.journal.items():
        assert (wanted == reading.read(pen.conn, tables.TABLES[name], BOOK)).all(), name
    for table, wanted in batch.inserts.items():
        assert (wanted == reading.read(pen.conn, table, BOOK)).all(), table.name
    assert n == pen.lease.seq


def test_changed_rows_are_changed_and_no_others(pen):
    pen.save(full_batch(0, 3))
    wanted = reading.read(pen.conn, tables.LINE, BOOK)
    wanted["used_minor"][1] = 70
    wanted["cycle_minor"][1] = 70
    batch = purchases(3, ["next"])
    batch.updates = {tables.LINE: wanted[1:2]}

    pen.save(batch)

    assert (wanted == reading.read(pen.conn, tables.LINE, BOOK)).all()


def test_a_line_that_is_folded_anew_has_its_children_replaced(pen):
    pen.save(full_batch(0, 2))
    batch = purchases(2, ["late"])
    batch.replaced = np.array([2])
    loan = rows(tables.LOAN, line=2, no=3, kind=1, open=False)
    batch.inserts = {tables.LOAN: loan}

    pen.save(batch)

    found = reading.read(pen.conn, tables.LOAN, BOOK)
    assert [(1, 1), (2, 3)] == found[["line", "no"]].tolist()
    assert [1] == reading.read(pen.conn, tables.DUE, BOOK)["line"].tolist()
    assert [1] == reading.read(pen.conn, tables.INSTALMENT, BOOK)["line"].tolist()
    assert [1] == reading.read(pen.conn, tables.HOLD, BOOK)["line"].tolist()


def test_totals_of_a_day_are_added_up(pen):
    pen.save(full_batch(0, 1))
    batch = purchases(1, ["more"])
    batch.totals = rows(tables.DAY_TOTAL, booked_on=OPENED_ON, product=[1, 2], undrawn_minor=-30)

    pen.save(batch)

    assert [70, -30] == reading.day_totals(pen.conn, BOOK, OPENED_ON)["undrawn_minor"].tolist()


@pytest.mark.parametrize("n", [2, LARGE])
def test_details_and_decisions_stay_with_their_command(n, a_pen):
    pen = a_pen(session=Session.DAY)
    batch = purchases(0, [str(k) for k in range(n)])
    # json keeps the text as it came, blanks and all: the chain hashes it.
    batch.details = {2: b'{"b": 1,  "a": "\xe5\x80\x9f"}'}
    batch.decisions = {1: DECISION, 2: dataclasses.replace(DECISION, model_hash=bytes(32))}

    pen.save(batch)

    assert batch.details == reading.details(pen.conn, BOOK)
    assert batch.decisions == reading.decisions(pen.conn, BOOK)
    assert n == len(reading.read(pen.conn, tables.COMMAND, BOOK))


def test_an_answer_from_outside_ends_the_instruction_that_it_answers(pen):
    pen.save(full_batch(0, 3))
    batch = purchases(3, ["paid", "bounced", "refused"])
    batch.journal["command"]["kind"] = [Kind.DRAW_SUCCEEDED, Kind.DRAW_FAILED, Kind.DRAW_FAILED]
    batch.journal["command"]["ref"] = [1, 2, 3]
    batch.journal["command"]["outcome"] = [0, 0, 61]

    pen.save(batch)

    wanted = [OutboxState.SUCCEEDED, OutboxState.FAILED, OutboxState.INSTRUCTED]
    assert wanted == reading.outbox(pen.conn, BOOK)["state"].tolist()


def test_a_day_moves_on_and_its_close_goes_step_by_step(pen):
    pen.save(Batch(journal(), business_on=OPENED_ON + 1))
    pen.save(Batch(journal(), business_on=OPENED_ON + 2))
    batch = purchases(0, ["event"])
    batch.day = DayStep(OPENED_ON + 1, cursor=44, lines=3, closed=False)
    pen.save(batch)
    batch = purchases(1, ["close"])
    batch.day = DayStep(OPENED_ON + 1, cursor=0, lines=1, closed=True)

    pen.save(batch)

    found = pen.conn.execute(
        "SELECT business_date, cursor, lines, commands, first_seq, closed"
        " FROM day WHERE business_date > %s ORDER BY business_date",
        [dt.date.fromordinal(OPENED_ON)],
    ).fetchall()
    one, two = (dt.date.fromordinal(OPENED_ON + k) for k in (1, 2))
    assert [(one, 0, 4, 2, 1, True), (two, 0, 0, 0, 1, False)] == found
    assert OPENED_ON + 2 == pen.lease.business_on
    assert OPENED_ON + 1 == books.closed_on(pen.conn, BOOK)


@pytest.mark.parametrize("n", [1, LARGE])
def test_a_key_that_is_taken_fails_the_whole_batch(dsn, n, a_pen):
    pen = a_pen(session=Session.DAY)
    pen.buy("a")

    with pytest.raises(KeyTaken):
        pen.buy(*(f"b{k}" for k in range(n)), "a")

    assert ["a"] == keys_of(dsn)


def test_the_same_key_of_another_client_is_another_key(pen, dsn):
    pen.buy("a")
    pen.buy("a", client=2)

    assert ["a", "a"] == keys_of(dsn)


STALE = [
    ("epoch", {"epoch": 99}),
    ("seq", {"seq": 0}),
    ("date", {"business_on": OPENED_ON + 1}),
]


@pytest.mark.parametrize("n", [1, LARGE])
@pytest.mark.parametrize("what", STALE, ids=lambda case: case[0])
def test_a_batch_decided_on_another_state_of_the_book_is_lost(dsn, n, what, a_pen):
    pen = a_pen(session=Session.DAY)
    pen.buy("first")
    pen.lease = dataclasses.replace(pen.lease, **what[1])

    # One's own batch of the same size, sent twice, passes the check and meets the dense key.
    with pytest.raises((FenceLost, KeyTaken)):
        pen.buy(*(f"late {k}" for k in range(n)))

    assert ["first"] == keys_of(dsn)
    assert not pen.conn.broken


def test_after_a_loss_the_same_connection_may_claim_the_book_again(pen, dsn):
    pen.lease = dataclasses.replace(pen.lease, epoch=0)
    with pytest.raises(FenceLost):
        pen.buy("a")

    pen.lease = books.claim(pen.conn, BOOK, "pen")
    pen.buy("a")

    assert ["a"] == keys_of(dsn)


def test_a_row_that_breaks_a_rule_of_the_schema_leaves_the_batch_in_doubt(pen, dsn):
    batch = purchases(0, ["a"])
    batch.journal["transfer"]["amount_minor"] = 0

    with pytest.raises(InDoubt, match="transfer_amount_minor_check"):
        pen.save(batch)

    assert pen.conn.closed
    assert [] == keys_of(dsn)


def test_a_connection_that_breaks_leaves_the_batch_in_doubt(pen, dsn):
    with connect(dsn, Session.OWNER) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [pen.conn.info.backend_pid])

    with pytest.raises(InDoubt):
        pen.buy("a")

    assert pen.conn.closed


def test_a_row_that_somebody_holds_postpones_the_batch(pen, dsn):
    with psycopg.connect(dsn) as other:
        other.execute("SELECT FROM book FOR UPDATE")

        with pytest.raises(Postponed):
            pen.buy("a")

    pen.buy("a")
    assert ["a"] == keys_of(dsn)


@pytest.mark.parametrize("n", [1, LARGE])
@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("before_fence", False),
        ("after_fence", False),
        ("before_commit", False),
        ("after_commit", True),
    ],
)
def test_a_crash_keeps_all_or_nothing(dsn, where, kept, n, a_pen):
    pen = a_pen(session=Session.DAY)
    failpoints.arm(where)
    keys = [f"k{k}" for k in range(n)]

    with pytest.raises(failpoints.Crash):
        pen.buy(*keys)

    assert pen.conn.closed
    again = a_pen()
    assert (keys if kept else []) == keys_of(dsn)
    assert again.lease.seq == len(keys_of(dsn))


def test_a_crash_with_commit_under_way_is_told_by_the_seq_after_the_next_claim(dsn, a_pen):
    pen = a_pen()
    failpoints.arm("commit_sent")

    with pytest.raises(failpoints.Crash):
        pen.buy("a")

    assert a_pen().lease.seq == len(keys_of(dsn))


def test_an_old_lease_is_renewed_by_the_way(pen, dsn):
    pen.lease = dataclasses.replace(pen.lease, since=0.0)
    epoch = pen.lease.epoch

    pen.buy("a")

    assert epoch + 1 == pen.lease.epoch
    assert not pen.lease.is_stale
    assert ["a"] == keys_of(dsn)


def test_numbers_with_a_gap_are_a_fault_of_ours(pen):
    with pytest.raises(AssertionError, match="dense"):
        pen.save(purchases(1, ["a"]))


def test_the_journal_can_be_added_to_but_not_changed(pen):
    pen.buy("a")

    for table in ("command", "transfer", "statement", "statement_item", "batch", "decision"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET book = 1"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pen.conn.execute(change)


def test_keys_are_found_with_what_they_were_answered(pen):
    pen.buy("a", "b")
    pen.buy("a", client=2)
    clients = np.array([1, 2, 2, 1], np.int32)

    found = books.find_keys(pen.conn, BOOK, clients, hashes("b", "a", "b", "no"))

    keys = [bytes(key) for key in hashes("b", "a").tolist()]
    assert {(1, keys[0]): 2, (2, keys[1]): 3} == {k: int(row["seq"]) for k, row in found.items()}
