"""The courier's local API: what is to be done at the partner, and what came of it.

A task is an instruction of the outbox.  The courier says that he is about to send it, and only
then sends it; so whatever happens to him, the book knows that it may have been sent.
"""

import datetime as dt
import hmac
import logging
import time
from collections.abc import Mapping
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from jiehuan.channels import numbers
from jiehuan.channels.answers import Ended, Settled
from jiehuan.channels.wechat_words import moment
from jiehuan.core.commands import InstructionKind
from jiehuan.engine.clock import ZONE
from jiehuan.serve import answers, bodies, finishing, problems, shapes
from jiehuan.serve.http import errors, mark_replayed
from jiehuan.serve.problems import Problem
from jiehuan.serve.vault import VaultKeyWrong
from jiehuan.serve.wallet import Wallet
from jiehuan.store import outbox, vault
from jiehuan.store.database import Connection
from jiehuan.store.lookup import BookRow
from jiehuan.store.outbox import WANTED_ENDED, Change, OutboxRow
from jiehuan.store.sql import Statement
from jiehuan.store.tables import OutboxState

WAIT_SECONDS_MAX: Final = 60.0
TASKS_MAX: Final = 200
LATER_SECONDS_MAX: Final = 604_800.0
NOTES_MAX: Final = 20
# Not so often that a task that comes due in an instant is asked for a hundred times.
PATIENCE_SECONDS_MIN: Final = 0.01

# What the borrower reads of it in the wallet.
DESCRIPTIONS: Final[Mapping[InstructionKind, str]] = {
    InstructionKind.PAY_OUT: "借还借款到账",
    InstructionKind.COLLECT: "借还还款",
    InstructionKind.PAY_BACK: "借还退回多还的款项",
}

log = logging.getLogger(__name__)


def wallet_of(request: Request) -> Wallet:
    """Return the wallet beside the book that the app was made for."""
    return cast("Wallet", request.app.state.wallet)


Beside = Annotated[Wallet, Depends(wallet_of)]
_bearer = HTTPBearer(auto_error=False, description="The token of --courier-token-file.")


def _courier(
    wallet: Beside,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Let nobody in but the courier."""
    token = wallet.settings.courier_token.encode()
    given = shown.credentials.encode() if shown else b""
    if not token or not hmac.compare_digest(given, token):
        problem = Problem("courier_token_wrong")
        problem.headers["WWW-Authenticate"] = "Bearer"
        raise problem


ERRORS = errors(problems.UNAUTHORIZED, problems.UNPROCESSABLE)
ERRORS_OF_TASK = errors(
    problems.BAD_REQUEST,
    problems.UNAUTHORIZED,
    problems.NOT_FOUND,
    problems.CONFLICT,
    problems.TOO_BIG,
    problems.UNPROCESSABLE,
)
router = APIRouter(prefix="/courier/v1", tags=["courier"], dependencies=[Depends(_courier)])


# --- What is told, and what the courier tells -----------------------------------------------------


class Task(BaseModel):
    """An instruction that is due to be looked after."""

    id: int
    number: str = Field(description="Ours for it at the partner.", examples=["jh0020000000000017"])
    kind: str = Field(examples=["pay_out", "collect", "pay_back"])
    state: str = Field(examples=["instructed", "sent", "unknown"])
    wanted: str = Field(description="To do it, or to end it.", examples=["do", "end"])
    attempts: int = Field(description="How often it was sent.")
    amount_minor: int
    currency: str
    line: int
    openid: str
    name: str = Field(description="Of the borrower, for what is paid out; may be empty.")
    description: str = Field(description="What the borrower reads.")
    asked_on: dt.date
    partner: dict[str, Any] = Field(description="What the partner said that is needed again.")
    source_number: str = Field(description="Of money paid back: of the order that was paid.")
    source_total_minor: int = Field(description="Of money paid back: what was paid with it.")


class Due(BaseModel):
    """What is due."""

    book: int
    virtual: bool
    business_on: dt.date
    now: dt.datetime = Field(description="The book's day at this time of day, in +08:00.")
    tasks: list[Task]


def _moment(text: str) -> str:
    if moment(text) is None:
        raise ValueError("a moment is written 2026-11-23T10:34:56+08:00")
    return text


Seconds = Annotated[float, Field(ge=0, le=LATER_SECONDS_MAX, allow_inf_nan=False)]
Reason = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128)]
Moment = Annotated[str, AfterValidator(_moment), Field(examples=["2026-11-23T10:34:56+08:00"])]
Note = Annotated[str, StringConstraints(strict=True, max_length=2_048)] | bodies.Whole
Notes = Annotated[dict[bodies.Name, Note], Field(max_length=NOTES_MAX)]


class Sending(bodies.Body):
    """He is about to send it."""

    attempt: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    retry_in_s: Seconds


class Waiting(bodies.Body):
    """The partner has it, and somebody is waited for."""

    partner: Notes
    ask_in_s: Seconds


class Unknown(bodies.Body):
    """Nothing was learned of it."""

    reason: Reason
    ask_in_s: Seconds


class Succeeded(bodies.Body):
    """Its money moved."""

    success_time: Moment
    amount_minor: bodies.Whole
    currency: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
    partner: Notes = Field(default_factory=dict)


class Failed(bodies.Body):
    """It is over, and no money moved."""

    reason: Reason
    partner: Notes = Field(default_factory=dict)


# --- What is due ----------------------------------------------------------------------------------


@router.get("/due", responses=ERRORS)
async def due(
    wallet: Beside,
    wait_s: Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0.0,
    limit: Annotated[int, Query(ge=1, le=TASKS_MAX)] = 50,
) -> Due:
    """Tell what is due; if nothing is, wait until something is, or ``wait_s`` are over."""
    service = wallet.service
    until = time.monotonic() + wait_s
    with service.bell.listening() as ear:
        while True:
            found, next_seconds = await service.reading(lambda conn: _due(wallet, conn, limit))
            left = until - time.monotonic()
            if found.tasks or left <= 0 or service.bell.silent:
                return found
            if next_seconds is not None:
                left = min(left, max(next_seconds, PATIENCE_SECONDS_MIN))
            await ear.heard(left)


def _due(wallet: Wallet, conn: Connection, limit: int) -> tuple[Due, float | None]:
    """Return what is due, and in how many seconds something else will be."""
    service = wallet.service
    row = service.row(conn)
    found = outbox.due(conn, service.book, limit)
    told = Due(
        book=service.book,
        virtual=service.virtual,
        business_on=row.business_date,
        now=business_now(row),
        tasks=[_task(wallet, conn, one) for one in found],
    )
    return told, None if found else outbox.next_due_seconds(conn, service.book)


def business_now(row: BookRow) -> dt.datetime:
    """Return the book's time: on a virtual clock its day, at the time of day that it is."""
    now = dt.datetime.now(ZONE)
    return now if not row.virtual else dt.datetime.combine(row.business_date, now.timetz())


def _task(wallet: Wallet, conn: Connection, row: OutboxRow) -> Task:
    book, kind = wallet.service.book, InstructionKind(row.kind)
    person = vault.of_party(conn, book, row.party)
    source = outbox.find(conn, book, row.ref) if kind is InstructionKind.PAY_BACK else None
    pays_out = kind is InstructionKind.PAY_OUT
    return Task(
        id=row.id,
        number=numbers.write(book, row.id),
        kind=kind.name.lower(),
        state=shapes.INSTRUCTION_STATES[row.state],
        wanted="end" if row.wanted == WANTED_ENDED else "do",
        attempts=row.attempts,
        amount_minor=row.amount_minor,
        currency=wallet.service.currency,
        line=row.line,
        openid=_opened(wallet, person, row.party, vault.Field.OPENID),
        name=_opened(wallet, person, row.party, vault.Field.NAME) if pays_out else "",
        description=DESCRIPTIONS[kind],
        asked_on=row.booked_date,
        partner=dict(row.partner),
        source_number=numbers.write(book, source.id) if source else "",
        source_total_minor=source.amount_minor if source else 0,
    )


def _opened(
    wallet: Wallet, person: Mapping[vault.Field, bytes], party: int, field: vault.Field
) -> str:
    """Return a field of a person; "" if it is not known, or was damaged: no other task suffers."""
    if field not in person:
        return ""
    try:
        return wallet.vault.open(party, field, person[field])
    except VaultKeyWrong as error:
        log.error("party %s: %s", party, error)  # noqa: TRY400  # where it came from is known
        return ""


# --- What came of it ------------------------------------------------------------------------------


async def _changed(wallet: Wallet, task: int, change: Change) -> None:
    """Change the row of a task that is not finished.

    Raises:
        Problem: There is no such task, or it is finished.
    """
    book = wallet.service.book

    def work(conn: Connection) -> tuple[Problem | None, list[Statement]]:
        row = outbox.find(conn, book, task)
        if row is None:
            return Problem("instruction_not_found", id=str(task)), []
        if not row.is_open:
            return Problem("instruction_finished", state=shapes.INSTRUCTION_STATES[row.state]), []
        if change.sent and change.attempts != row.attempts + 1:
            return Problem("attempt_taken", attempts=row.attempts), []
        return None, [outbox.change(book, change)]

    problem = await wallet.service.writing(work)
    if problem is not None:
        raise problem


async def _row(wallet: Wallet, task: int) -> OutboxRow:
    """Return a task.

    Raises:
        Problem: There is none of that number.
    """
    book = wallet.service.book
    row = await wallet.service.reading(lambda conn: outbox.find(conn, book, task))
    if row is None:
        raise Problem("instruction_not_found", id=str(task))
    return row


TaskId = Annotated[int, Field(ge=1, le=numbers.ID_MAX)]
NO_CONTENT: Final = 204


@router.post("/tasks/{task}/sending", status_code=NO_CONTENT, responses=ERRORS_OF_TASK)
async def sending(wallet: Beside, task: TaskId, body: Sending) -> Response:
    """Take a task: from here on it may have been sent, and no other courier sends this attempt."""
    change = Change(
        id=task,
        state=OutboxState.SENT,
        attempts=body.attempt,
        due_in_seconds=body.retry_in_s,
        sent=True,
    )
    await _changed(wallet, task, change)
    return Response(status_code=NO_CONTENT)


@router.post("/tasks/{task}/waiting", status_code=NO_CONTENT, responses=ERRORS_OF_TASK)
async def waiting(wallet: Beside, task: TaskId, body: Waiting) -> Response:
    """Tell that the partner has it, and when it is asked for again."""
    change = Change(
        id=task,
        state=OutboxState.SENT,
        partner=body.partner,
        reason="",
        due_in_seconds=body.ask_in_s,
    )
    await _changed(wallet, task, change)
    return Response(status_code=NO_CONTENT)


@router.post("/tasks/{task}/unknown", status_code=NO_CONTENT, responses=ERRORS_OF_TASK)
async def unknown(wallet: Beside, task: TaskId, body: Unknown) -> Response:
    """Tell that nothing was learned, and when it is asked for again."""
    change = Change(
        id=task,
        state=OutboxState.UNKNOWN,
        reason=body.reason,
        due_in_seconds=body.ask_in_s,
    )
    await _changed(wallet, task, change)
    return Response(status_code=NO_CONTENT)


@router.post("/tasks/{task}/succeeded", responses=ERRORS_OF_TASK)
async def succeeded(
    wallet: Beside, task: TaskId, body: Succeeded, response: Response
) -> answers.Done:
    """Tell that its money moved: booked on the day on which it did."""
    row = await _row(wallet, task)
    settled = Settled(body.success_time, body.amount_minor, body.currency, body.partner)
    problem = await finishing.differs(wallet.service, row, settled)
    if problem is not None:
        raise problem
    booked = await finishing.succeed(wallet.service, row, settled)
    mark_replayed(response, replayed=booked.replayed)
    return shapes.done(wallet.service.book, booked.row)


@router.post("/tasks/{task}/failed", responses=ERRORS_OF_TASK)
async def failed(wallet: Beside, task: TaskId, body: Failed, response: Response) -> answers.Done:
    """Tell that it is over and no money moved."""
    row = await _row(wallet, task)
    booked = await finishing.fail(wallet.service, row, Ended(body.reason, body.partner))
    mark_replayed(response, replayed=booked.replayed)
    return shapes.done(wallet.service.book, booked.row)
