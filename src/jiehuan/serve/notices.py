"""What the partner tells by itself: verified, kept as it came, compared, then booked.

The partner sends a notice again until it is answered with success, and now and then one that
is not its own, to see whether we look.  What it says is trusted as far as the signature goes:
the order, the amount, the currency and the merchant must be ours all the same.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from jiehuan.channels import numbers
from jiehuan.channels.answers import Settled
from jiehuan.channels.wechat import Event, Forged, Malformed
from jiehuan.core.commands import InstructionKind
from jiehuan.core.errors import JiehuanError
from jiehuan.serve import finishing, problems
from jiehuan.serve.desk import NO_CONTENT, Beside
from jiehuan.serve.problems import Problem
from jiehuan.serve.wallet import Wallet
from jiehuan.store import outbox
from jiehuan.store.inbox import Channel, Heard, InboxRow
from jiehuan.store.outbox import Change, OutboxRow
from jiehuan.store.tables import OutboxState

ADDRESS: Final = "/wechat/notify"
EVENT_MAX: Final = 128
NUMBER_MAX: Final = 64

# Which orders a notice may be about, by how its type begins.
ABOUT: Final[Mapping[str, InstructionKind]] = {
    "TRANSACTION.": InstructionKind.COLLECT,
    "REFUND.": InstructionKind.PAY_BACK,
    "MCHTRANSFER.BILL.": InstructionKind.PAY_OUT,
}

# What a notice is answered that contradicts the book; it is kept.
CONTRADICTS: Final[Mapping[Heard, tuple[int, str]]] = {
    Heard.UNKNOWN_ORDER: (problems.NOT_FOUND, "unknown order"),
    Heard.MERCHANT_DIFFERS: (problems.CONFLICT, "merchant differs"),
    Heard.CURRENCY_DIFFERS: (problems.CONFLICT, "currency differs"),
    Heard.AMOUNT_DIFFERS: (problems.CONFLICT, "amount differs"),
}

log = logging.getLogger(__name__)
router = APIRouter()


class Refusal(Exception):
    """A notice that is not taken, on its way to the partner."""

    def __init__(self, status: int, message: str) -> None:
        """Say which."""
        super().__init__(message)
        self.status = status
        self.message = message


@router.post(ADDRESS, include_in_schema=False)
async def notify(request: Request, wallet: Beside) -> Response:
    """Take a notice; success means that it is on disk with all that follows from it."""
    try:
        body = await _body(request)
        await _take(wallet, await _verified(wallet, request, body), body)
    except Refusal as refusal:
        return _answer(refusal.status, refusal.message)
    except Problem as problem:
        return _answer(problem.told.status, problem.code)
    except JiehuanError as error:
        log.warning("a notice could not be booked: %s", error)
        return _answer(problems.UNAVAILABLE, "not booked, send it again")
    return Response(status_code=NO_CONTENT)


def _answer(status: int, message: str) -> Response:
    """Return a refusal in the form that the partner reads."""
    content = json.dumps({"code": "FAIL", "message": message}, ensure_ascii=False)
    return Response(content, status, media_type="application/json")


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:
        raise Refusal(error.status_code, "body too large") from None


async def _verified(wallet: Wallet, request: Request, body: bytes) -> Event:
    """Return what a notice says, if the partner signed it.

    Raises:
        Refusal: It did not, or it cannot be read.
    """
    try:
        return await asyncio.to_thread(wallet.channel.notification, request.headers, body)
    except Forged as error:
        wallet.refused[error.why] += 1
        log.warning("%s (%s of this kind)", error, wallet.refused[error.why])
        raise Refusal(problems.UNAUTHORIZED, f"not signed by you: {error.why}") from None
    except Malformed as error:
        raise Refusal(problems.BAD_REQUEST, f"not readable: {error.why}") from None


async def _take(wallet: Wallet, event: Event, body: bytes) -> None:
    """Keep a notice, and book what it says.

    Raises:
        Refusal: It contradicts the book.
        Problem: The book refuses what it says.
        JiehuanError: Nothing could be written.
    """
    service = wallet.service
    message = InboxRow(
        channel=Channel.WECHAT,
        event=event.id[:EVENT_MAX],
        number=event.number[:NUMBER_MAX],
        body=body,
        received_at=dt.datetime.now(dt.UTC),
        outcome=Heard.NOTED,
    )
    row = await _order(wallet, event)
    contradicts = _contradicts(wallet, event, row)
    if contradicts is not None:
        # An order of ours is asked for, under its number: what the partner then says counts.
        look = None if row is None else Change(id=row.id, due_in_seconds=0)
        kept = dataclasses.replace(message, outcome=contradicts)
        await finishing.write_beside(service, kept, look)
        wallet.wake()
        raise Refusal(*CONTRADICTS[contradicts])
    assert row is not None
    finished = OutboxState.SUCCEEDED if isinstance(event.final, Settled) else OutboxState.FAILED
    if event.final is None:
        await finishing.write_beside(service, message, Change(id=row.id, due_in_seconds=0))
        wallet.wake()
    elif row.state == finished:
        await finishing.write_beside(service, message)
    elif isinstance(event.final, Settled):
        booked = dataclasses.replace(message, outcome=Heard.BOOKED)
        await finishing.succeed(service, row, event.final, booked)
    elif row.state == OutboxState.SUCCEEDED:
        # It came late, and is no longer so.
        await finishing.write_beside(service, message)
    else:
        booked = dataclasses.replace(message, outcome=Heard.BOOKED_END)
        await finishing.fail(service, row, event.final, booked)


async def _order(wallet: Wallet, event: Event) -> OutboxRow | None:
    """Return the order that a notice is about; None if it is none of ours."""
    book = wallet.service.book
    named = numbers.read(event.number)
    kind = next((kind for start, kind in ABOUT.items() if event.type.startswith(start)), None)
    if named is None or named[0] != book:
        return None
    row = await wallet.service.reading(lambda conn: outbox.find(conn, book, named[1]))
    return row if row is not None and row.kind == kind else None


def _contradicts(wallet: Wallet, event: Event, row: OutboxRow | None) -> Heard | None:
    """Return in what a notice contradicts the book, None if in nothing."""
    ours = wallet.settings.settings
    if event.mchid not in {"", ours.mchid} or event.appid not in {"", ours.appid}:
        return Heard.MERCHANT_DIFFERS
    if row is None:
        return Heard.UNKNOWN_ORDER
    if isinstance(event.final, Settled) and event.final.currency != wallet.service.currency:
        return Heard.CURRENCY_DIFFERS
    # Also of what ended without money: whoever speaks of another amount speaks of another order.
    return Heard.AMOUNT_DIFFERS if event.amount_minor not in {None, row.amount_minor} else None
