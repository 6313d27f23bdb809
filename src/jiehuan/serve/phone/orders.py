"""An order to the wallet, as it stands: money on its way here or there, until it is over."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from jiehuan.core.commands import InstructionKind
from jiehuan.serve.phone import telling
from jiehuan.serve.phone.telling import Moved
from jiehuan.serve.phone.visit import Me, Visit, not_found
from jiehuan.serve.problems import Problem
from jiehuan.store import borrower, lookup, outbox
from jiehuan.store.database import Connection
from jiehuan.store.outbox import WANTED_ENDED, OutboxRow
from jiehuan.store.tables import OutboxState

CONFIRM_HOURS: Final = 23
PAY_MINUTES: Final = 110
NO_CONTENT: Final = 204
SAID: Final = ("ok", "cancel")
FINAL: Final = frozenset({"arrived", "ended"})


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """How far an order has come, and what the borrower may do.

    Attributes:
        name: ``on_its_way``, ``act`` (confirm or pay), ``acted`` (the wallet says it was done,
            the book does not know yet), ``ending``, ``arrived`` or ``ended``.
        until: When the time to act is over; None: not known.
        bridge: Name and arguments of the call to the wallet's app, to be made by a script.
        form: Address and fields of the plain form that leads to the same place.
    """

    name: str
    until: dt.datetime | None = None
    bridge: tuple[str, dict[str, str]] | None = None
    form: tuple[str, Mapping[str, str]] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """An order, and what came of it once it was done.

    Attributes:
        row: The order.
        moved: Where each cent went.
        command: What finished it; 0: nothing yet.
        count: In how many instalments the money is repaid; 0: by the day.
    """

    row: OutboxRow
    moved: Sequence[Moved] = ()
    command: int = 0
    count: int = 0


def _see(visit: Visit, conn: Connection, me: Me) -> Seen:
    """Read an order.

    Raises:
        Refused: There is none of that number on this line.
    """
    book = visit.phone.service.book
    row = outbox.find(conn, book, visit.number("id"))
    if row is None or row.line != me.id:
        raise not_found()
    if row.state != OutboxState.SUCCEEDED:
        return Seen(row)
    finisher = borrower.finisher(conn, book, me.id, row.id, InstructionKind(row.kind))
    if not len(finisher):
        return Seen(row)
    command = int(finisher[0]["seq"])
    moved = [telling.moved(one) for one in borrower.transfers(conn, book, command)]
    return Seen(row, moved, command, int(lookup.command(conn, book, row.id)[0]["count"]))


def step_of(visit: Visit, row: OutboxRow) -> Step:
    """Return how far an order has come."""
    if row.state == OutboxState.SUCCEEDED:
        return Step("arrived")
    if row.state == OutboxState.FAILED:
        return Step("ended")
    if row.wanted == WANTED_ENDED:
        return Step("ending")
    if row.kind == InstructionKind.PAY_OUT:
        return _to_confirm(visit, row)
    if row.kind == InstructionKind.COLLECT:
        return _to_pay(visit, row)
    return Step("on_its_way")


def _to_confirm(visit: Visit, row: OutboxRow) -> Step:
    """Return what a transfer waits for: the wallet asks the borrower to take it."""
    package = str(row.partner.get("package_info") or "")
    if not package:
        return Step("on_its_way")
    made = _time(row.partner.get("create_time"))
    until = made + dt.timedelta(hours=CONFIRM_HOURS) if made else None
    if visit.asked("said") == "ok":
        return Step("acted", until)
    front = visit.phone.front
    bridge = "requestMerchantTransfer", front.channel.transfer_package(package)
    return Step("act", until, bridge, front.confirm_form(package, _back(visit, row)))


def _to_pay(visit: Visit, row: OutboxRow) -> Step:
    """Return what a repayment waits for: the borrower pays at the wallet's cashier."""
    prepay = str(row.partner.get("prepay_id") or "")
    if not prepay:
        return Step("on_its_way")
    if visit.asked("said") == "ok":
        return Step("acted")
    front = visit.phone.front
    bridge = "getBrandWCPayRequest", front.channel.pay_sign(prepay)
    return Step("act", None, bridge, front.cashier_form(prepay, _back(visit, row)))


def _back(visit: Visit, row: OutboxRow) -> str:
    return f"{visit.phone.front.public_url}/phone/orders/{row.id}"


def _time(said: object) -> dt.datetime | None:
    """Read a time that the partner has told; None if it is none."""
    try:
        made = dt.datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return made if made is not None and made.tzinfo is not None else None


async def show(visit: Visit) -> Response:
    """Show how an order stands; the page asks again while it is not over."""
    said = visit.asked("wxpay")
    if said in SAID:  # the wallet's bridge takes this out of the address, so it becomes ours
        return visit.go(f"/phone/orders/{visit.number('id')}?said={said}")
    me, seen = await visit.look(lambda conn, me: _see(visit, conn, me))
    step = step_of(visit, seen.row)
    mark = f"{step.name}.{seen.row.state:d}"
    if visit.is_part and visit.asked("seen") == mark:
        return Response(status_code=NO_CONTENT)  # nothing is drawn anew under a finger
    can_end = seen.row.kind == InstructionKind.COLLECT and step.name in {"on_its_way", "act"}
    return visit.page(
        "order_part" if visit.is_part else "order",
        me=me,
        row=seen.row,
        kind=InstructionKind(seen.row.kind).name.lower(),
        step=step,
        again=f"/phone/orders/{seen.row.id}?said={quote(visit.asked('said'))}&seen={mark}",
        over=step.name in FINAL,
        moved=seen.moved,
        command=seen.command,
        count=seen.count,
        why=telling.REASONS.get(seen.row.reason, "") if step.name == "ended" else "",
        unknown=seen.row.state == OutboxState.UNKNOWN,
        shim=visit.phone.front.settings.shim_url,
        cancelled=visit.asked("said") == "cancel",
        minutes=PAY_MINUTES,
        seal=visit.seal(f"end-{seen.row.id}") if can_end else "",
    )


async def end(visit: Visit) -> Response:
    """Give an order up: the courier closes it, unless it was paid in the meantime."""
    number = visit.number("id")
    await visit.form(f"end-{number}")
    _, seen = await visit.look(lambda conn, me: _see(visit, conn, me))
    if seen.row.is_open and seen.row.kind == InstructionKind.COLLECT:
        with contextlib.suppress(Problem):  # finished in this moment: the page says how
            await visit.phone.wallet.end_order(number)
    return visit.go(f"/phone/orders/{number}")
