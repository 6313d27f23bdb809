"""Routes that put right what was booked: each is one command, as those of ``changing``."""

from fastapi import APIRouter, Response

from jiehuan.core.commands import Kind, Reason
from jiehuan.serve import answers, bodies, ids
from jiehuan.serve.changing import CREATED, ERRORS, order_on_line
from jiehuan.serve.http import Book, Key, mark_replayed
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
