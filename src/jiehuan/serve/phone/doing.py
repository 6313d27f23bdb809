"""Having something done once: under the key of the form, whatever is sent again."""

from collections.abc import Awaitable
from typing import Final

from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.requests import key_hashes
from jiehuan.serve.phone import telling
from jiehuan.serve.phone.visit import Refused, Visit
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Booked
from jiehuan.serve.wallet import CLIENT_PHONE
from jiehuan.store import borrower

CONFLICT: Final = 409
REUSED: Final = "key_reused_with_other_content"


async def once(visit: Visit, key: str, booking: Awaitable[Booked], back: tuple[str, str]) -> Booked:
    """Return what was booked under a key, now or before.

    Args:
        visit: The request.
        key: Of the form.
        booking: The order on its way to the book.
        back: Address and name of the page to go back to if it is refused.

    Raises:
        Refused: It was refused, or something else was done under the key.
    """
    try:
        booked = await booking
    except Problem as problem:
        if problem.code != REUSED:
            raise
        raise await _done_elsewhere(visit, key) from problem
    if booked.outcome is not Outcome.DONE:
        title, text = telling.refusal(booked.outcome)
        further = (back, ("/phone/home", "回首页"))
        raise Refused(title, text, CONFLICT, further=further)
    return booked


async def done_before(visit: Visit, key: str) -> bool:
    """Say whether anything is journalled under a key: then a form is answered as it was then."""
    service = visit.phone.service
    rows = await service.reading(
        lambda conn: borrower.under_keys(conn, service.book, CLIENT_PHONE, key_hashes([key]))
    )
    return bool(len(rows))


async def _done_elsewhere(visit: Visit, key: str) -> Refused:
    """Return the page that says what was done under a key already."""
    service = visit.phone.service
    rows = await service.reading(
        lambda conn: borrower.under_keys(conn, service.book, CLIENT_PHONE, key_hashes([key]))
    )
    further: tuple[tuple[str, str], ...] = (("/phone/home", "回首页"),)
    what = amount = "–"
    if len(rows):
        row = rows[0]
        what = visit.say(telling.KINDS[Kind(row["kind"])][0])
        amount = visit.money(int(row["amount_minor"])) if row["amount_minor"] else "–"
        further = ((f"/phone/history/{int(row['seq'])}", "看已办理的那一笔"), *further)
    return Refused(
        "已在另一个窗口办理",
        "另一个窗口已经提交：{what} {amount}。这次没有办理；如还需要，请从首页重新开始。",
        CONFLICT,
        {"what": what, "amount": amount},
        further,
    )
