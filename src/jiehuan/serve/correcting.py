"""Routes that put right what was booked: each is one command, as those of ``changing``."""

from fastapi import APIRouter, Response

from jiehuan.core.commands import REF_USUAL, Charge, Kind, Reason
from jiehuan.serve import answers, bodies, ids
from jiehuan.serve.changing import CREATED, ERRORS, number_of, order_on_line
from jiehuan.serve.http import Book, Key, mark_replayed
from jiehuan.serve.ids import Noun
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Booked, Service
from jiehuan.serve.shapes import done

router = APIRouter(prefix="/v1", tags=["corrections"])


def _done(service: Service, response: Response, booked: Booked) -> answers.Done:
    mark_replayed(response, replayed=booked.replayed)
    return done(service.book, booked.row)


@router.post("/lines/{line}/reversals", status_code=CREATED, responses=ERRORS)
async def reverse(
    service: Book, key: Key, line: str, body: bodies.Reversal, response: Response
) -> answers.Done:
    """Undo a command: from now on the line is as if it had not been.

    What differs is booked today, for the day of what is undone.  A repayment that bounced, a
    conversion that is cancelled and a write-off that is taken back are reversals too.
    """
    ref = ids.read_command(service.book, body.command)
    if ref is None:
        raise Problem("command_not_found", id=body.command[:64])
    reason = Reason[body.reason.upper()]
    booked = await order_on_line(service, Kind.REVERSE, key, line, body, ref=ref, count=reason)
    return _done(service, response, booked)


async def _by_hand(
    service: Service, kind: Kind, key: str, line: str, body: bodies.Charge | bodies.Waiver
) -> Booked:
    """Book a charge, or a waiver."""
    ref = number_of(service, Noun.LOAN, body.loan) if body.loan is not None else REF_USUAL
    what = Charge[body.what.upper()]
    return await order_on_line(
        service, kind, key, line, body, ref=ref, count=what, amount_minor=body.amount_minor
    )


@router.post("/lines/{line}/charges", status_code=CREATED, responses=ERRORS)
async def charge(
    service: Book, key: Key, line: str, body: bodies.Charge, response: Response
) -> answers.Done:
    """Bill a fee or a penalty, due with the latest bill."""
    return _done(service, response, await _by_hand(service, Kind.CHARGE, key, line, body))


@router.post("/lines/{line}/waivers", status_code=CREATED, responses=ERRORS)
async def waive(
    service: Book, key: Key, line: str, body: bodies.Waiver, response: Response
) -> answers.Done:
    """Forgo what is billed and unpaid of fees, penalty or interest."""
    return _done(service, response, await _by_hand(service, Kind.WAIVE, key, line, body))


@router.post("/lines/{line}/goodwill", status_code=CREATED, responses=ERRORS)
async def goodwill(
    service: Book, key: Key, line: str, body: bodies.Goodwill, response: Response
) -> answers.Done:
    """Give money to the line at our own cost: like a merchant's credit."""
    booked = await order_on_line(
        service, Kind.GOODWILL, key, line, body, amount_minor=body.amount_minor
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/chargebacks", status_code=CREATED, responses=ERRORS)
async def charge_back(
    service: Book, key: Key, line: str, body: bodies.Refund, response: Response
) -> answers.Done:
    """Give back a disputed purchase, or a part of it; its merchant owes it to us."""
    ref = number_of(service, Noun.PURCHASE, body.purchase)
    booked = await order_on_line(
        service, Kind.CHARGEBACK, key, line, body, ref=ref, amount_minor=body.amount_minor
    )
    return _done(service, response, booked)
