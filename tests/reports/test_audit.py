"""Faults that are hashed into the chain as if they were right, and who finds them.

Each is what a bug of ours would leave behind: the journal says it, and the journal is wrong.
"""

import numpy as np
import pytest
from tests.engine.script import Ask, Client, apply_for, writer_of

from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.terms import TermsTable, parse
from jiehuan.reports.audit import audit, refold
from jiehuan.reports.closings import closed_on, is_closing
from jiehuan.reports.refold import event_rows
from jiehuan.store import chain, snapshot
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session


def rehash(conn, book):
    """Hash the journal as it stands, as if it had been written so."""
    read = snapshot.read(conn, book)
    previous = chain.FIRST
    for batch in read.batches:
        first, last = int(batch["first_seq"]), int(batch["last_seq"])
        tables = {}
        for name, (number, *_) in chain.ORDER.items():
            rows = read.tables[name]
            tables[name] = rows[(rows[number] >= first) & (rows[number] <= last)]
        texts = chain.texts_of(
            {n: text for n, text in read.details.items() if first <= n <= last},
            {n: row for n, row in read.decisions.items() if first <= n <= last},
        )
        now = chain.batch_hash(previous, tables, texts)
        conn.execute(
            "UPDATE batch SET hash = %s, previous_hash = %s WHERE book = %s AND first_seq = %s",
            [now, previous, book, first],
        )
        previous = now


def checks(conn, book):
    """Return the names of the checks that find something."""
    return {breach.check for breach in audit(conn, book)}


def last(kind):
    """Return the condition for the last command of a kind that was done."""
    return f"seq = (SELECT max(seq) FROM command WHERE kind = {kind:d} AND outcome = 0)"


def leg(kind):
    """Return the condition for the first transfer of the last command of a kind."""
    return f"leg = 0 AND {last(kind)}"


ONE_MORE = "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE "
FAULTS = {
    "one transfer with its accounts swapped": (
        "UPDATE transfer SET debit = credit, credit = debit WHERE " + leg(Kind.REPAY),
        {"refold", "controls"},
    ),
    "interest rounded twice": (ONE_MORE + leg(Kind.STATEMENT), {"refold", "controls"}),
    "a leg that is missing": (
        "DELETE FROM transfer WHERE " + leg(Kind.PURCHASE),
        {"refold", "controls"},
    ),
    "an item that does not add up": (
        "UPDATE statement_item SET amount_minor = 1 WHERE no = (SELECT max(no) FROM statement)",
        {"refold", "statements"},
    ),
    "answered as done, to be refused": (
        "UPDATE command SET outcome = 0 WHERE outcome = 80",
        {"refold", "controls"},
    ),
    "a day event under another key": (
        "UPDATE command SET key_hash = digest WHERE " + last(Kind.AGED),
        {"event_keys"},
    ),
    "a decision that comes out otherwise": (
        "UPDATE decision SET score_ppm = score_ppm + 1 WHERE id = 1",
        {"replay"},
    ),
    "a close that books too much": (ONE_MORE + leg(Kind.DAY_CLOSED), {"close"}),
}


@pytest.mark.parametrize(("fault", "finders"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_in_the_journal_is_found_though_its_hashes_are_right(conn, book, fault, finders):
    conn.execute(fault)
    rehash(conn, book)

    found = checks(conn, book)

    assert "chain" not in found
    assert set() == finders - found


@pytest.mark.parametrize(
    ("fault", "finders"),
    [
        (
            "UPDATE line SET used_minor = used_minor + 1 WHERE id = 2",
            {"refold", "sums", "controls"},
        ),
        ("UPDATE loan SET interest_num = interest_num + 1 WHERE open", {"refold", "controls"}),
        ("UPDATE due SET unmet_minor = 0 WHERE unmet_minor > 0", {"refold"}),
        ("UPDATE day_total SET undrawn_minor = 0 WHERE undrawn_minor > 0", {"day_total"}),
        ("UPDATE day SET first_seq = first_seq + 1", {"days"}),
        ("UPDATE outbox SET state = 1", {"outbox"}),
        ("UPDATE book SET currency = 'EUR'", {"registers"}),
        ("DELETE FROM client WHERE id = 1", {"clients"}),
        ("DELETE FROM policy", {"replay"}),
    ],
)
def test_a_fault_in_the_state_is_found_by_each_check_that_should(conn, book, fault, finders):
    conn.execute(fault)

    assert set() == finders - checks(conn, book)


def played(conn, book, keep):
    """Play the journal again without some of its commands; return it and what came out."""
    read = snapshot.read(conn, book)
    commands = read.tables["command"]
    commands = commands[~is_closing(commands) & keep(commands)]
    terms = TermsTable([parse(row.text)[0] for row in read.terms])
    return commands, refold(terms, commands, closed_on(read))


@pytest.mark.parametrize(
    "kind", [Kind.STATEMENT, Kind.DUE_PASSED, Kind.AGED, Kind.HOLD_EXPIRED, Kind.WRITE_OFF]
)
def test_a_day_event_that_was_skipped_is_missed_by_the_calendar(conn, book, kind):
    commands = snapshot.read(conn, book).tables["command"]
    left_out = int(commands["seq"][commands["kind"] == kind][0])
    commands, again = played(conn, book, lambda rows: rows["seq"] != left_out)

    happened = event_rows(Commands.from_rows(commands))

    assert kind in again.events["kind"][~np.isin(again.events, happened)]


def test_a_day_event_that_was_made_up_is_seen(conn, book):
    conn.execute(
        "UPDATE command SET kind = %s, effective_on = booked_on, client = 0 WHERE kind = %s",
        [Kind.AGED, Kind.REVIEW],
    )

    assert "calendar" in checks(conn, book)


def test_a_journal_that_cannot_be_played_is_a_breach_and_no_crash(conn, book):
    for fault in (
        "UPDATE command SET kind = 99 WHERE seq = 20",
        "UPDATE command SET terms = 77 WHERE kind = 1",
        "UPDATE command SET effective_on = 'infinity' WHERE seq = 15",
        "UPDATE command SET amount_minor = 9223372036854775807 WHERE seq = 12",
        "UPDATE terms SET text = '', hash = sha256('')",
        "UPDATE policy SET text = '', hash = sha256('')",
        "UPDATE model SET bytes = '', hash = sha256('')",
        "UPDATE decision SET inputs = '{'",
        "UPDATE line SET status = 5, bucket = 6, terms = 99",
        "UPDATE transfer SET debit = -7",
        "DELETE FROM line",
        "DELETE FROM command",
        "DELETE FROM day",
        "DELETE FROM batch",
        "UPDATE book SET seq = 0",
        "UPDATE batch SET last_seq = 100000",
    ):
        conn.execute("SAVEPOINT before")
        conn.execute(fault)

        assert [] != audit(conn, book), fault
        conn.execute("ROLLBACK TO before")


def test_a_book_that_is_not_there_is_told(conn):
    with pytest.raises(UsageError, match="no book 77"):
        audit(conn, 77)


def test_what_is_done_next_is_told(conn, book):
    said: list[str] = []
    audit(conn, book, said.append)

    assert "reading transfer" in said
    assert ["decisions", "journal"] == said[-2:]


@pytest.mark.parametrize("table", ["line", "day_total", "command", "transfer", "statement_item"])
def test_what_is_booked_while_a_book_is_read_is_not_seen_not_even_half(lived, book, table):
    """A writer goes on while audit reads."""
    dsn, _ = lived
    said: list[str] = []

    def meanwhile(what):
        said.append(what)
        if what == f"reading {table}":
            with writer_of(dsn, book) as writer:
                client = Client(writer)
                client.ask(apply_for(f"new {table}"))
                client.ask(Ask(f"more {table}", Kind.PURCHASE, f"new {table}", 500))

    with connect(dsn, Session.READER) as reader:
        assert [] == audit(reader, book, meanwhile)
        assert [] == audit(reader, book)
    assert f"reading {table}" in said


def test_rows_beyond_the_last_command_are_seen(conn, book):
    conn.execute(
        "INSERT INTO transfer SELECT book, seq + 5000, leg, line, debit, credit,"
        " amount_minor, effective_on, booked_on FROM transfer WHERE seq = 10"
    )
    assert {"refold", "chain"} <= checks(conn, book)
