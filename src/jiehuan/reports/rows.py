"""Does each row keep the laws of state: sums of children, no sign that cannot be?"""

import numpy as np

from jiehuan.core.columns import Int64s, Rows
from jiehuan.core.commands import InstructionKind
from jiehuan.core.ledger import Account
from jiehuan.core.line import HoldState
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.book import CLIENT_WECHAT
from jiehuan.engine.keys import FAILED, SUCCEEDED, answer_key
from jiehuan.engine.requests import key_hashes
from jiehuan.reports.breach import Breach, Findings, compare
from jiehuan.store.inbox import Heard
from jiehuan.store.saving import answered
from jiehuan.store.snapshot import Snapshot
from jiehuan.store.tables import OutboxState

CHARGES = {
    Account.INTEREST: "interest_due_minor",
    Account.FEE: "fee_due_minor",
    Account.PENALTY: "penalty_due_minor",
}


def sum_by(keys: Int64s, amounts: Int64s) -> tuple[Int64s, Int64s]:
    """Return each key once, sorted, and the sum of its amounts; both in of shape (n,)."""
    each = np.unique(keys)
    total = np.zeros(len(each), np.int64)
    # Twice as fast as the inverse that ``unique`` gives.
    np.add.at(total, np.searchsorted(each, keys), amounts)
    return each, total


def index_of(lines: Rows, owner: Int64s) -> Int64s:
    """Return where the line of each row is; the last one if it is not there."""
    at = np.searchsorted(lines["id"], owner)
    return np.minimum(at, max(len(lines) - 1, 0))


def by_line(lines: Rows, owner: Int64s, amount: Int64s) -> Int64s:
    """Return the sum of a child's column for each line."""
    total = np.zeros(len(lines), np.int64)
    if len(lines):
        np.add.at(total, index_of(lines, owner), amount)
    return total


def check_lines(found: Findings, book: Snapshot) -> None:
    """Check that each line's columns add up with one another and with its children."""
    lines, loans, holds = (book.tables[name] for name in ("line", "loan", "hold"))
    parts = {
        name: by_line(lines, loans["line"], loans[name])
        for name in ("unbilled_minor", "billed_minor", "carried_minor", *CHARGES.values())
    }
    still = np.where(holds["state"] == HoldState.HELD, holds["left_minor"], 0)
    billed = parts["billed_minor"] + parts["carried_minor"]
    expected = {
        "used_minor": lines["cycle_minor"] + parts["unbilled_minor"] + billed,
        "unbilled_minor": parts["unbilled_minor"],
        "fresh_minor": parts["billed_minor"],
        "charges_minor": np.sum([parts[name] for name in CHARGES.values()], axis=0),
        "held_minor": by_line(lines, holds["line"], still),
        "loans_open": by_line(lines, loans["line"], loans["open"].astype(np.int64)),
    }
    rows = np.zeros(len(lines), [("id", "i8"), *((name, "i8") for name in expected)])
    rows["id"] = lines["id"]
    for name, column in expected.items():
        rows[name] = column
    compare(found, "sums", "line", ("id",), rows, lines)
    _check_signs(found, book)


def _check_signs(found: Findings, book: Snapshot) -> None:
    """Check that no principal, charge or hold is negative, and no row is of a line unknown."""
    ids = book.tables["line"]["id"]
    for table, (key, names) in _NOT_NEGATIVE.items():
        rows = book.tables[table]
        for name in names:
            found.add_rows("signs", table, key, rows[rows[name] < 0], name, "not negative")
        if table != "line":
            stray = rows[~np.isin(rows["line"], ids)]
            found.add_rows("signs", table, key, stray, "line", "a line that there is")


_NOT_NEGATIVE = {
    "line": (
        ("id",),
        ("used_minor", "held_minor", "overpaid_minor", "cycle_minor", "unbilled_minor"),
    ),
    "loan": (
        ("line", "no"),
        ("unbilled_minor", "billed_minor", "carried_minor", *CHARGES.values()),
    ),
    "due": (("line", "due_on"), ("unmet_minor",)),
    "hold": (("line", "no"), ("left_minor",)),
    "instalment": (("line", "loan", "no"), ("principal_minor", "fee_minor")),
    "statement": (("line", "no"), ("due_minor", "minimum_minor", "used_minor")),
}


def check_statements(found: Findings, book: Snapshot) -> None:
    """Check that each statement is the sum of its items."""
    statements, items = book.tables["statement"], book.tables["statement_item"]
    order = np.argsort(statements["no"])
    numbers = statements["no"][order]
    at = np.searchsorted(numbers, items["no"])
    there = at < len(numbers)
    there[there] = numbers[at[there]] == items["no"][there]
    found.add_rows(
        "statements", "statement_item", ("line", "no", "item"), items[~there], "no", "a statement"
    )
    total = np.zeros(len(statements), np.int64)
    np.add.at(total, order[at[there]], items["amount_minor"][there])
    rows = np.zeros(len(statements), [("line", "i8"), ("no", "i8"), ("balance_minor", "i8")])
    rows["line"], rows["no"], rows["balance_minor"] = statements["line"], statements["no"], total
    compare(found, "statements", "statement", ("line", "no"), rows, statements)


def check_outbox(found: Findings, book: Snapshot) -> None:
    """Check that an instruction is finished when it was answered, and only then."""
    outbox, commands = book.tables["outbox"], book.tables["command"]
    rows = np.zeros(len(outbox), [("id", "i8"), ("state", "i2"), ("attempts", "i4")])
    rows["id"] = outbox["id"]
    tried = (outbox["attempts"] > 0) | (outbox["state"] == OutboxState.UNKNOWN)
    is_open = tried & (outbox["state"] < OutboxState.SUCCEEDED)
    rows["state"] = np.where(is_open, outbox["state"], OutboxState.INSTRUCTED)
    done = commands[commands["outcome"] == Outcome.DONE]
    for kind in InstructionKind:
        ours = outbox["kind"] == kind
        succeeded, failed = answered(done, kind)
        for state, ids in ((OutboxState.FAILED, failed), (OutboxState.SUCCEEDED, succeeded)):
            rows["state"][ours & np.isin(outbox["id"], ids)] = state
    rows["attempts"] = np.where(rows["state"] == OutboxState.INSTRUCTED, 0, outbox["attempts"])
    compare(found, "outbox", "outbox", ("id",), rows, outbox)


# What is in the journal if a message was booked.
ENDS_BY = {int(Heard.BOOKED): SUCCEEDED, int(Heard.BOOKED_END): FAILED}


def check_inbox(found: Findings, book: Snapshot) -> None:
    """Check that a message that was booked has its command."""
    commands = book.tables["command"]
    done = commands[(commands["outcome"] == Outcome.DONE) & (commands["client"] == CLIENT_WECHAT)]
    keys = set(done["key_hash"].tolist())
    for row in book.inbox:
        end = ENDS_BY.get(row.outcome)
        if end and not keys & set(key_hashes([answer_key(row.number, end)]).tolist()):
            found.add(Breach("inbox", "inbox", f"id {row.id}", "", "booked", "not in the journal"))
