"""What the partner said about an order becomes a command: once, whoever tells it.

The courier tells what he was answered, the partner tells it again in a notice, either may come
first or twice.  Both go this way, under one key an order and end.
"""

import dataclasses
from typing import Final

from jiehuan.channels import numbers
from jiehuan.channels.answers import Ended, Settled
from jiehuan.channels.wechat_words import moment
from jiehuan.core.commands import FINISHES, InstructionKind
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.book import CLIENT_WECHAT
from jiehuan.engine.clock import real_on
from jiehuan.engine.keys import FAILED, SUCCEEDED, answer_key
from jiehuan.engine.requests import Side
from jiehuan.serve import problems
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Booked, Order, Service
from jiehuan.store import inbox, outbox
from jiehuan.store.database import Connection
from jiehuan.store.inbox import InboxRow
from jiehuan.store.outbox import Change, OutboxRow
from jiehuan.store.sql import Statement
from jiehuan.store.tables import OutboxState

# A book that refuses what the partner has done needs a person; the courier asks now and then.
LOOK_AGAIN_SECONDS: Final = 3_600.0


async def succeed(
    service: Service, row: OutboxRow, settled: Settled, message: InboxRow | None = None
) -> Booked:
    """Book that the money of an order moved; the amount and currency were compared.

    It takes effect on the day on which the partner did it: not before it was asked for, and
    not after the book's day.

    Args:
        service: The book.
        row: The order.
        settled: What the partner said.
        message: The notice in which it said so.

    Raises:
        Problem: The book refuses it: nothing was booked, and a person has to look.
        JiehuanError: It could not be booked; tell it again.
    """
    when = moment(settled.success_time)
    today = (await service.reading(service.row)).business_on
    on = min(max(real_on(when), row.effective_on), today) if when else today
    partner = Change(id=row.id, partner=settled.partner, reason="", finished_too=True)
    order = _order(service.book, row, 0, SUCCEEDED, Side(message, partner))
    order = dataclasses.replace(order, effective_on=on)
    if row.kind == InstructionKind.COLLECT:
        order = dataclasses.replace(order, ref=row.ref, merchant=row.id)
    return await _done(service, row, await service.book_order(order))


async def fail(
    service: Service, row: OutboxRow, ended: Ended, message: InboxRow | None = None
) -> Booked:
    """Book that an order is over and no money moved.

    Args:
        service: The book.
        row: The order.
        ended: What the partner said.
        message: The notice in which it said so.

    Raises:
        Problem: Its money did move, or the book refuses it.
        JiehuanError: It could not be booked; tell it again.
    """
    if row.state == OutboxState.SUCCEEDED:
        await write_beside(service, message)
        raise Problem("instruction_finished", state="succeeded")
    change = Change(id=row.id, partner=ended.partner, reason=ended.reason)
    order = _order(service.book, row, 1, FAILED, Side(message, change))
    return await _done(service, row, await service.book_order(order))


def _order(book: int, row: OutboxRow, end: int, what: str, side: Side) -> Order:
    """Return the command that ends an order; ``end`` 0 it succeeded, 1 it failed."""
    number = numbers.write(book, row.id)
    return Order(
        kind=FINISHES[InstructionKind(row.kind)][end],
        key=answer_key(number, what),
        content=[number],
        line=row.line,
        amount_minor=0 if end else row.amount_minor,
        ref=row.id,
        client=CLIENT_WECHAT,
        side=side,
    )


async def _done(service: Service, row: OutboxRow, booked: Booked) -> Booked:
    """Return what was booked.

    Raises:
        Problem: It was refused; the order is unknown until a person has looked.
    """
    if booked.outcome is Outcome.DONE:
        return booked
    code = booked.outcome.name.lower()
    unknown = Change(
        id=row.id,
        state=OutboxState.UNKNOWN,
        reason=code,
        due_in_seconds=LOOK_AGAIN_SECONDS,
    )
    await write_beside(service, None, unknown)
    raise problems.refused(booked.outcome, amount_minor=row.amount_minor)


async def differs(service: Service, row: OutboxRow, settled: Settled) -> Problem | None:
    """Compare what moved with what was asked; if it differs, the order becomes unknown.

    Returns:
        What to raise; None if nothing differs.
    """
    facts: dict[str, int | str | None] = {
        "amount_minor": row.amount_minor,
        "partner_amount_minor": settled.amount_minor,
        "currency": service.currency,
        "partner_currency": settled.currency,
    }
    same = settled.amount_minor == row.amount_minor and settled.currency == service.currency
    if same:
        return None
    code = "partner_amount_differs"
    unknown = Change(id=row.id, state=OutboxState.UNKNOWN, reason=code)
    await write_beside(service, None, unknown)
    return Problem(code, **facts)


async def write_beside(
    service: Service, message: InboxRow | None, change: Change | None = None
) -> None:
    """Write a message, or what is known of an order, without any command."""

    def work(_conn: Connection) -> tuple[None, list[Statement]]:
        statements: list[Statement] = []
        if message is not None:
            statements.append(inbox.add(service.book, message))
        if change is not None:
            statements.append(outbox.change(service.book, change))
        return None, statements

    await service.writing(work)
