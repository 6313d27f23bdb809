"""What is still to come, and what was done: plans, commands, and where each cent went."""

import dataclasses
from typing import Final

import numpy as np
from starlette.responses import Response

from jiehuan.core.columns import Rows
from jiehuan.core.commands import Kind
from jiehuan.core.line import LoanKind
from jiehuan.core.outcomes import Outcome
from jiehuan.serve.phone import telling
from jiehuan.serve.phone.forms import read_number
from jiehuan.serve.phone.home import entry
from jiehuan.serve.phone.visit import Me, Visit, not_found
from jiehuan.store import borrower, lookup
from jiehuan.store.database import Connection

SHOWN: Final = 30
SEQ_MAX: Final = 2**63 - 1

LOANS: Final = {
    LoanKind.CYCLE: "账单消费",
    LoanKind.DRAW: "借款（按日计息）",
    LoanKind.PLAN: "分期",
    LoanKind.CHARGE: "费用",
}
assert set(LOANS) == set(LoanKind)


@dataclasses.dataclass(frozen=True, slots=True)
class Debt:
    """A loan, as its borrower sees it.

    Attributes:
        no: Its number.
        words: What it is, in Chinese.
        opened_on: Since when.
        principal_minor: What is still owed of it.
        charges_minor: Interest, fees and penalty billed and unpaid.
        parts: Its instalments; none of a loan that is no plan.
        rate_ppm: Its rate a day; that of what is unpaid after the due day.
        bears: Whether it bears interest by the day now.
    """

    no: int
    words: str
    opened_on: int
    principal_minor: int
    charges_minor: int
    parts: Rows
    rate_ppm: int
    bears: bool


def _debt(loan: np.void, parts: Rows) -> Debt:
    kind = LoanKind(loan["kind"])
    principal = sum(int(loan[f"{name}_minor"]) for name in ("unbilled", "billed", "carried"))
    charges = sum(int(loan[f"{name}_due_minor"]) for name in ("interest", "fee", "penalty"))
    return Debt(
        no=int(loan["no"]),
        words=LOANS[kind],
        opened_on=int(loan["opened_on"]),
        principal_minor=principal,
        charges_minor=charges,
        parts=parts[parts["loan"] == loan["no"]],
        rate_ppm=int(loan["rate_ppm"]),
        bears=kind is LoanKind.DRAW or bool(loan["carried_minor"]),
    )


async def plan(visit: Visit) -> Response:
    """Show the debts that are open, with the instalments of each."""
    book = visit.phone.service.book

    def read(conn: Connection, me: Me) -> list[Debt]:
        loans = lookup.loans(conn, book, me.id)
        parts = borrower.instalments(conn, book, me.id)
        return [_debt(loan, parts) for loan in loans[loans["open"]][::-1]]

    me, debts = await visit.look(read)
    new = read_number(visit.asked("new"))
    return visit.page("plan", me=me, debts=debts, new=new)


async def history(visit: Visit) -> Response:
    """List what was done, the newest first, a page at a time."""
    before = read_number(visit.asked("before")) or SEQ_MAX
    book = visit.phone.service.book
    me, rows = await visit.look(
        lambda conn, me: borrower.commands(conn, book, me.id, telling.SHOWN, SHOWN + 1, before)
    )
    more = int(rows[SHOWN - 1]["seq"]) if len(rows) > SHOWN else 0
    return visit.page(
        "history_part" if visit.is_part else "history",
        me=me,
        entries=[entry(visit, row) for row in rows[:SHOWN]],
        more=more,
    )


async def command(visit: Visit) -> Response:
    """Show one of these: what it was, and where each cent of it went."""
    number, book = visit.number("seq"), visit.phone.service.book

    def read(conn: Connection, me: Me) -> tuple[np.void, Rows]:
        rows = lookup.command(conn, book, number)
        if not len(rows) or rows[0]["line"] != me.id or Kind(rows[0]["kind"]) not in telling.SHOWN:
            raise not_found()
        return rows[0], borrower.transfers(conn, book, number)

    me, (row, transfers) = await visit.look(read)
    outcome = Outcome(row["outcome"])
    return visit.page(
        "command",
        me=me,
        row=row,
        kind=Kind(row["kind"]),
        Kind=Kind,
        entry=entry(visit, row),
        refused=None if outcome is Outcome.DONE else telling.refusal(outcome),
        moved=[telling.moved(one) for one in transfers],
    )
