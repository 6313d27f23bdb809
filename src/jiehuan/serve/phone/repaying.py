"""Paying back: in full, the least, another amount, or in instalments; and what was too much."""

import dataclasses
from typing import Final

from starlette.responses import Response

from jiehuan.core.columns import Commands
from jiehuan.core.commands import REF_ALL, REF_USUAL, InstructionKind, Kind
from jiehuan.core.ledger import Account, split
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.preview import preview
from jiehuan.serve.phone import doing, telling
from jiehuan.serve.phone.borrowing import Asked, Quoted, quoted
from jiehuan.serve.phone.forms import read_number
from jiehuan.serve.phone.home import Owed, owed
from jiehuan.serve.phone.visit import Elsewhere, Me, Refused, Visit
from jiehuan.serve.service import Order
from jiehuan.serve.wallet import CLIENT_PHONE
from jiehuan.store import borrower, outbox
from jiehuan.store.database import Connection
from jiehuan.store.outbox import OutboxRow
from jiehuan.store.tables import OutboxState

ORDERS_MAX: Final = 200
UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
BACK: Final = ("/phone/repay", "回还款页")
CHARGES: Final = frozenset({Account.INTEREST, Account.FEE, Account.PENALTY})


@dataclasses.dataclass(frozen=True, slots=True)
class Payoff:
    """What it takes today to owe nothing more, by the book's own reckoning."""

    principal_minor: int
    charges_minor: int

    @property
    def total_minor(self) -> int:
        """Both together."""
        return self.principal_minor + self.charges_minor


def payoff(conn: Connection, me: Me) -> Payoff:
    """Return what a repayment of everything would take: it is decided, and not booked."""
    if not me.line["used_minor"] and not me.line["charges_minor"] and not me.line["loans_open"]:
        return Payoff(0, 0)
    asked = Commands.empty(1)
    asked.kind[:], asked.client[:], asked.line[:] = Kind.REPAY, CLIENT_PHONE, me.id
    asked.amount_minor[:], asked.ref[:] = PRINCIPAL_MINOR_MAX, REF_ALL
    made = preview(conn, me.book, me.terms, asked).transfers
    cash = [
        (split(int(credit))[1], int(amount))
        for debit, credit, amount in zip(made.debit, made.credit, made.amount_minor, strict=True)
        if split(int(debit))[1] in {Account.CASH, Account.WALLET_CLEARING}
    ]
    charges = sum(amount for account, amount in cash if account in CHARGES)
    rest = sum(amount for account, amount in cash if account is not Account.OVERPAYMENT)
    return Payoff(rest - charges, charges)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What the page shows beside the line."""

    owed: Owed
    payoff: Payoff
    open: list[OutboxRow]


def _see(visit: Visit, conn: Connection, me: Me) -> Seen:
    book = visit.phone.service.book
    orders = outbox.of_line(conn, book, me.id, ORDERS_MAX, unfinished=True)
    collects = [row for row in orders if row.kind == InstructionKind.COLLECT]
    return Seen(
        owed(me.line, borrower.unmet(conn, book, me.id), me.on),
        payoff(conn, me),
        collects,
    )


def may_convert(me: Me) -> bool:
    """Say whether the newest bill may still be turned into instalments."""
    return bool(me.line["cut_on"] and me.on <= me.line["due_on"] and not me.line["past_due_on"])


async def show(visit: Visit) -> Response:
    """Show what may be paid; while an order is open, that one."""
    me, seen = await visit.look(lambda conn, me: _see(visit, conn, me))
    return visit.page(
        "repay",
        me=me,
        owed=seen.owed,
        payoff=seen.payoff,
        open=seen.open[0] if seen.open else None,
        may_convert=may_convert(me) and seen.owed.bill_minor > 0,
        seal=visit.seal_of("repay", me),
    )


def _choice(visit: Visit, choice: str, typed: int | None) -> tuple[int, int]:
    """Return amount and ``towards`` of what was chosen: ``usual:100`` or ``all:100`` or other.

    Raises:
        Refused: It is none of these.
    """
    towards, _, amount = choice.partition(":")
    amount_minor = typed if towards == "other" else read_number(amount)
    if towards not in {"usual", "all", "other"} or not amount_minor:
        text = "请选择还款方式，或填写金额，最多两位小数"
        raise Refused("没有办理", visit.say(text), UNPROCESSABLE, further=(BACK,))
    return amount_minor, REF_ALL if towards == "all" else REF_USUAL


async def send(visit: Visit) -> Response:
    """Ask the wallet to collect a repayment; one at a time."""
    form = await visit.form("repay")
    amount, towards = _choice(visit, form.text("choice"), form.amount("amount"))
    me, seen = await visit.look(lambda conn, me: _see(visit, conn, me))
    if seen.open and not await doing.done_before(visit, form.key):
        return visit.go(f"/phone/orders/{seen.open[0].id}")
    if amount > seen.payoff.total_minor and not await doing.done_before(visit, form.key):
        text = "最多还 {most}，这样就全部还清了。"
        values = {"most": visit.money(seen.payoff.total_minor)}
        raise Refused("超过应还金额", text, UNPROCESSABLE, values, (BACK,))
    asking = visit.phone.wallet.ask_collect(me.id, amount, towards, form.key)
    booked = await doing.once(visit, form.key, asking, BACK)
    return visit.go(f"/phone/orders/{int(booked.row['seq'])}")


# --- Instalments --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What turning the newest bill into instalments would make.

    Attributes:
        statement: The bill.
        quoted: What it would cost; None: it cannot be, for ``outcome``.
        outcome: Why not.
    """

    statement: int
    quoted: Quoted | None
    outcome: Outcome


def _plan(visit: Visit, conn: Connection, me: Me, count: int) -> Plan:
    book = visit.phone.service.book
    bills = borrower.newest_statements(conn, book, me.id, 1)
    no = int(bills[0]["no"]) if len(bills) else 0
    if not no or not may_convert(me):
        none = Outcome.PURCHASE_NO_LONGER_CONVERTIBLE if no else Outcome.LOAN_NOT_FOUND
        return Plan(no, None, none)
    [unpaid] = borrower.billed(conn, book, me.id, no).tolist() or [0]
    if not unpaid or count not in me.product.plans:
        return Plan(no, None, Outcome.TERMS_NOT_OFFERED if unpaid else Outcome.LOAN_NOT_FOUND)
    return Plan(no, quoted(me, Asked(unpaid, count)), Outcome.DONE)


async def instalments(visit: Visit) -> Response:
    """Show what instalments of the newest bill would cost."""
    typed = read_number(visit.asked("count"))

    def read(conn: Connection, me: Me) -> tuple[int, Plan]:
        offered = me.product.plans
        count = typed if typed and typed in offered else min(offered, default=0)
        return count, _plan(visit, conn, me, count)

    me, (count, plan) = await visit.look(read)
    if plan.quoted is None:
        title, text = telling.refusal(plan.outcome)
        raise Refused(title, text, CONFLICT, further=(BACK,))
    return visit.page(
        "instalments_part" if visit.is_part else "instalments",
        me=me,
        offered=list(me.product.plans),
        count=count,
        plan=plan,
        seal=visit.seal_of("convert", me),
    )


async def convert(visit: Visit) -> Response:
    """Turn the newest bill into instalments."""
    form = await visit.form("convert")
    count, statement = form.number("count"), form.number("statement")
    if not count or not statement:
        raise Refused("没有办理", "请从页面上列出的期数中选择。", UNPROCESSABLE, further=(BACK,))
    me, _ = await visit.look(lambda _conn, _me: None)
    order = Order(
        client=CLIENT_PHONE,
        kind=Kind.CONVERT,
        key=form.key,
        content=[me.id, statement, count],
        line=me.id,
        ref=statement,
        count=count,
    )
    booked = await doing.once(visit, form.key, visit.phone.service.book_order(order), BACK)
    return visit.go(f"/phone/plan?new={int(booked.row['seq'])}")


# --- What was paid too much ---------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Back:
    """What can be given back, and to which payment; ``order`` 0: to none."""

    amount_minor: int
    order: int


def _back(visit: Visit, conn: Connection, me: Me) -> Back:
    """Return what can be given back now: to the newest payment that has enough left."""
    orders = outbox.of_line(conn, visit.phone.service.book, me.id, ORDERS_MAX)
    given: dict[int, int] = {}
    waiting = 0
    for row in orders:
        if row.kind == InstructionKind.PAY_BACK and row.state != OutboxState.FAILED:
            given[row.ref] = given.get(row.ref, 0) + row.amount_minor
            waiting += row.amount_minor if row.is_open else 0
    overpaid = int(me.line["overpaid_minor"])
    most = max(min(overpaid - waiting, me.available_minor + overpaid), 0)
    left = [
        (row.amount_minor - given.get(row.id, 0), row.id)
        for row in orders
        if row.kind == InstructionKind.COLLECT and row.state == OutboxState.SUCCEEDED
    ]
    enough = [one for one in left if one[0] >= most] or sorted(left, reverse=True)
    if not enough or not most:
        return Back(0, 0)
    return Back(min(most, enough[0][0]), enough[0][1])


async def show_pay_back(visit: Visit) -> Response:
    """Show what was paid too much."""
    me, back = await visit.look(lambda conn, me: _back(visit, conn, me))
    return visit.page("pay_back", me=me, back=back, seal=visit.seal_of("pay-back", me))


async def pay_back(visit: Visit) -> Response:
    """Have what was paid too much given back to the wallet or card it came from."""
    form = await visit.form("pay-back")
    amount, source = form.number("amount_minor"), form.number("order")
    me, back = await visit.look(lambda conn, me: _back(visit, conn, me))
    if not amount or not source:
        raise Elsewhere("/phone/pay-back")
    if (amount, source) != (back.amount_minor, back.order) and not await doing.done_before(
        visit, form.key
    ):
        raise Elsewhere("/phone/pay-back")
    asking = visit.phone.wallet.ask_pay_back(me.id, amount, source, form.key)
    further = ("/phone/pay-back", "重新查看")
    booked = await doing.once(visit, form.key, asking, further)
    return visit.go(f"/phone/orders/{int(booked.row['seq'])}")
