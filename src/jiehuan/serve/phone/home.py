"""The first page of a borrower: what is available, what is due until when, what was done."""

import dataclasses
from typing import Final

import numpy as np
from starlette.responses import Response

from jiehuan.core.columns import Rows
from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.serve.phone import borrowing, telling
from jiehuan.serve.phone.visit import Me, Phone, Visit
from jiehuan.store import borrower, outbox
from jiehuan.store.database import Connection
from jiehuan.store.outbox import OutboxRow

LATEST: Final = 6
ORDERS_MAX: Final = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Owed:
    """What of a line's bill is still to be paid, in minor units.

    Attributes:
        bill_minor: Billed and unpaid, charges too, less what was overpaid.
        minimum_minor: The least of it that keeps the line on time.
        late_minor: What of the minimum is past due.
        all_minor: All that is owed today but interest that is not billed.
        due_on: Until when, an ordinal; 0: no bill yet.
    """

    bill_minor: int
    minimum_minor: int
    late_minor: int
    all_minor: int
    due_on: int


def owed(line: np.void, unmet: Rows, on: int) -> Owed:
    """Return what is still to be paid.

    Args:
        line: A row of ``Lines``.
        unmet: Its minimums that are not met, rows of ``Dues``.
        on: The book's day.
    """
    principal = int(line["used_minor"] - line["cycle_minor"] - line["unbilled_minor"])
    gone = line["status"] == Status.WRITTEN_OFF
    billed = int(line["used_minor"]) if gone else principal
    bill = max(billed + int(line["charges_minor"] - line["overpaid_minor"]), 0)
    late = unmet["due_on"] < on
    return Owed(
        bill_minor=bill,
        minimum_minor=min(int(unmet["unmet_minor"].sum()), bill),
        late_minor=int(unmet["unmet_minor"][late].sum()),
        all_minor=max(int(line["used_minor"] + line["charges_minor"] - line["overpaid_minor"]), 0),
        due_on=int(line["due_on"]) if line["cut_on"] else 0,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list of what was done.

    Attributes:
        seq: The command.
        words: What it was, in the reader's language.
        on: On which day.
        amount: With its sign, in words; "" if it moved nothing.
        style: ``in``, ``out`` or ``none``.
        refused: Why it was refused, in the reader's language; "" if it was done.
    """

    seq: int
    words: str
    on: int
    amount: str
    style: str
    refused: str


def entry(visit: Visit, row: np.void) -> Entry:
    """Return a command as a line of a list."""
    kind, outcome = Kind(row["kind"]), Outcome(row["outcome"])
    zh, sign = telling.KINDS[kind]
    name = visit.say(zh)
    if kind in {Kind.PURCHASE, Kind.CAPTURE} and row["merchant"]:
        name = visit.phone.shops.name(int(row["merchant"]), visit.language)
    refused = "" if outcome is Outcome.DONE else visit.say(telling.refusal(outcome)[0])
    amount = int(row["applied_minor"] if kind is Kind.CONVERT else row["amount_minor"])
    mark = {1: "+", -1: "−"}.get(sign, "") if not refused else ""
    style = {1: "in", -1: "out"}.get(sign, "none") if not refused else "none"
    shown = f"{mark}{visit.money(amount)}" if amount else ""
    return Entry(int(row["seq"]), name, int(row["effective_on"]), shown, style, refused)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What the first page shows beside the line."""

    unmet: Rows
    latest: Rows
    orders: list[OutboxRow]


def _see(phone: Phone, conn: Connection, me: Me) -> Seen:
    book = phone.service.book
    return Seen(
        borrower.unmet(conn, book, me.id),
        borrower.commands(conn, book, me.id, telling.MOVED, LATEST),
        outbox.of_line(conn, book, me.id, ORDERS_MAX, unfinished=True),
    )


async def home(visit: Visit) -> Response:
    """Show how a line stands."""
    me, seen = await visit.look(lambda conn, me: _see(visit.phone, conn, me))
    line = me.line
    limit = int(line["limit_minor"])
    shares = {
        name: 100 * max(0, min(int(line[f"{name}_minor"]), limit)) // limit if limit else 0
        for name in ("used", "held")
    }
    return visit.page(
        "home",
        me=me,
        owed=owed(line, seen.unmet, me.on),
        shares=shares,
        status=Status(line["status"]).name.lower(),
        latest=[entry(visit, row) for row in seen.latest],
        orders=seen.orders,
        InstructionKind=InstructionKind,
        offer=borrowing.offer(me, visit.plain(borrowing.suggested(me)), "0"),
        offered=borrowing.terms_offered(me),
    )
