"""Routes that change a line: each is one command, journalled under the caller's key."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from fastapi import APIRouter, Response

from jiehuan.core.commands import FINISHES, FORCED, InstructionKind, Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.serve import answers, bodies, decider, ids, problems, shapes
from jiehuan.serve.http import Book, Key, Language, errors, mark_replayed
from jiehuan.serve.ids import Noun
from jiehuan.serve.problems import Fact, Problem
from jiehuan.serve.service import Booked, Order, Service
from jiehuan.store import lookup
from jiehuan.store.database import Connection

router = APIRouter(prefix="/v1", tags=["commands"])
virtual_router = APIRouter(prefix="/v1", tags=["virtual clock"])

CREATED = 201
ERRORS = errors(
    problems.BAD_REQUEST,
    problems.NOT_FOUND,
    problems.CONFLICT,
    problems.TOO_BIG,
    problems.UNPROCESSABLE,
)

MISSING = {
    Noun.LINE: "line_not_found",
    Noun.HOLD: "hold_not_found",
    Noun.PURCHASE: "purchase_not_found",
    Noun.LOAN: "loan_not_found",
    Noun.STATEMENT: "purchase_not_found",
    Noun.INSTRUCTION: "instruction_not_found",
}


class Columns(TypedDict, total=False):
    """Columns of ``Order`` that a kind of command needs."""

    amount_minor: int
    ref: int
    count: int
    flags: int
    merchant: int


def number_of(service: Service, noun: Noun, text: str) -> int:
    """Return the number in an id.

    Raises:
        Problem: It is no id of that noun in this book, so there is no such thing.
    """
    number = ids.read(noun, service.book, text)
    if number is None:
        raise Problem(MISSING[noun], id=text[:64])
    return number


def content_of(body: bodies.Body, *path: str) -> object:
    """Return what a retry must repeat: the ids in the path and what was said, defaults left out."""
    return [*path, body.model_dump(mode="json", exclude_defaults=True)]


async def order_on_line(  # one argument a column
    service: Service,
    kind: Kind,
    key: str,
    line: str,
    body: bodies.Body,
    path: tuple[str, ...] = (),
    **columns: Unpack[Columns],
) -> Booked:
    """Book a command on a line.

    Args:
        service: The book.
        kind: Of the command.
        key: The caller's.
        line: The id of the line.
        body: What the caller sent.
        path: Further ids in the address.
        columns: Of ``Order``.

    Raises:
        Problem: It was refused.
    """
    on = body.effective_on if isinstance(body, bodies.Command) else None
    order = Order(
        kind=kind,
        key=key,
        content=content_of(body, line, *path),
        line=number_of(service, Noun.LINE, line),
        effective_on=on.toordinal() if on else 0,
        **columns,
    )
    booked = await service.book_order(order)
    if booked.outcome is not Outcome.DONE:
        facts = await service.reading(lambda conn: facts_of(service, conn, booked.row))
        raise _refused(booked, facts)
    return booked


def _refused(booked: Booked, facts: Mapping[str, Fact]) -> Problem:
    problem = problems.refused(booked.outcome, **facts)
    if booked.replayed:
        problem.headers["Idempotency-Replayed"] = "true"
    return problem


def facts_of(service: Service, conn: Connection, row: shapes.Row) -> dict[str, Fact]:
    """Return what explains a refusal: the command, and the line as it stands now."""
    book, code = service.book, Outcome(row["outcome"]).name.lower()
    facts: dict[str, Fact] = {"line": ids.write(Noun.LINE, book, int(row["line"]))}
    if row["amount_minor"]:
        facts["amount_minor"] = int(row["amount_minor"])
    if code.startswith("date_"):
        facts["effective_on"] = shapes.date(row["effective_on"]).isoformat()
        facts["business_on"] = service.row(conn).business_date.isoformat()
    if code == "amount_exceeds_hold":
        hold = lookup.hold(conn, book, int(row["line"]), int(row["ref"]))
        facts["left_minor"] = int(hold["left_minor"].sum())
    line = lookup.line(conn, book, int(row["line"]))
    if len(line):
        facts |= shapes.line_facts(code, line[0])
        if code == "terms_not_offered":
            terms = service.terms(conn).products[int(line[0]["terms"])]
            facts["instalments_offered"] = ", ".join(map(str, terms.plans))
    return facts


def _done(service: Service, response: Response, booked: Booked) -> answers.Done:
    mark_replayed(response, replayed=booked.replayed)
    return shapes.done(service.book, booked.row)


@router.post("/applications", status_code=CREATED, responses=ERRORS)
async def apply(
    service: Book, key: Key, body: bodies.Application, response: Response, language: Language
) -> answers.Opened:
    """Apply for a line: the policy in force approves, refers or declines."""
    booked = await service.book_order(
        await service.reading(lambda conn: _application(service, conn, key, body))
    )
    made = await service.reading(lambda conn: _decision(service, conn, booked.row, language))
    if booked.outcome is not Outcome.DONE or made is None:
        facts: dict[str, Fact] = {"amount_minor": int(booked.row["amount_minor"])}
        if booked.outcome in {Outcome.APPLICATION_DECLINED, Outcome.APPLICATION_REFERRED}:
            assert made is not None
            reasons = [reason.model_dump() for reason in made.reasons]
            facts = {"decision": made.id, "reasons": reasons}
        raise _refused(booked, facts)
    done = _done(service, response, booked)
    response.headers["Location"] = f"/v1/lines/{done.line}"
    return answers.Opened(**done.model_dump(), decision=made)


def _application(service: Service, conn: Connection, key: str, body: bodies.Application) -> Order:
    """Decide on an application, unless its key is known: then the journal has the answer."""
    known = service.knows(conn, key)
    number, _ = (0, None) if known else service.product(conn, body.product)
    on = service.row(conn).business_on
    decided = None if known else decider.decide_on(conn, body, on)
    return Order(
        kind=Kind.OPEN,
        key=key,
        content=content_of(body),
        effective_on=body.effective_on.toordinal() if body.effective_on else 0,
        amount_minor=decided.limit_minor if decided else body.limit_asked_minor,
        ref=body.party,
        terms=number,
        count=body.cycle_day or 0,
        flags=decided.flags if decided else 0,
        decision=decided.row if decided else None,
    )


def _decision(
    service: Service, conn: Connection, row: shapes.Row, language: str
) -> answers.Decision | None:
    found = lookup.decision(conn, service.book, int(row["seq"]))
    if found is None:
        return None
    return shapes.decision(service.book, found, decider.policy_of(conn, found), language)


@router.post("/lines/{line}/purchases", status_code=CREATED, responses=ERRORS)
async def purchase(
    service: Book, key: Key, line: str, body: bodies.Purchase, response: Response
) -> answers.Done:
    """Spend at a merchant; free of interest until due."""
    booked = await order_on_line(
        service,
        Kind.PURCHASE,
        key,
        line,
        body,
        amount_minor=body.amount_minor,
        merchant=body.merchant,
        flags=FORCED if body.forced else 0,
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/holds", status_code=CREATED, responses=ERRORS)
async def hold(
    service: Book, key: Key, line: str, body: bodies.Hold, response: Response
) -> answers.Done:
    """Reserve an amount for a merchant until it is captured, let go, or expires."""
    booked = await order_on_line(
        service,
        Kind.HOLD,
        key,
        line,
        body,
        amount_minor=body.amount_minor,
        merchant=body.merchant,
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/holds/{hold}/capture", status_code=CREATED, responses=ERRORS)
async def capture(  # one argument a part of the request
    service: Book, key: Key, line: str, hold: str, body: bodies.Capture, response: Response
) -> answers.Done:
    """Turn a hold, or a part of it, into a purchase."""
    ref = number_of(service, Noun.HOLD, hold)
    booked = await order_on_line(
        service, Kind.CAPTURE, key, line, body, (hold,), ref=ref, amount_minor=body.amount_minor
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/holds/{hold}/void", status_code=CREATED, responses=ERRORS)
async def void(  # one argument a part of the request
    service: Book,
    key: Key,
    line: str,
    hold: str,
    response: Response,
    body: bodies.Void | None = None,
) -> answers.Done:
    """Let a hold go."""
    ref = number_of(service, Noun.HOLD, hold)
    booked = await order_on_line(
        service, Kind.VOID, key, line, body or bodies.Void(), (hold,), ref=ref
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/draws", status_code=CREATED, responses=ERRORS)
async def draw(
    service: Book, key: Key, line: str, body: bodies.Draw, response: Response
) -> answers.Done:
    """Borrow cash: the amount is held, and an instruction to pay it out waits in the outbox."""
    booked = await order_on_line(
        service,
        Kind.DRAW,
        key,
        line,
        body,
        amount_minor=body.amount_minor,
        count=body.instalments or 0,
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/repayments", status_code=CREATED, responses=ERRORS)
async def repay(
    service: Book, key: Key, line: str, body: bodies.Repayment, response: Response
) -> answers.Done:
    """Pay back: in the usual order, all of it even if it is not billed, or towards one loan."""
    ref = body.ref()
    if ref is None:
        ref = number_of(service, Noun.LOAN, body.towards)
    booked = await order_on_line(
        service, Kind.REPAY, key, line, body, ref=ref, amount_minor=body.amount_minor
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/refunds", status_code=CREATED, responses=ERRORS)
async def refund(
    service: Book, key: Key, line: str, body: bodies.Refund, response: Response
) -> answers.Done:
    """Take back a purchase, or a part of it."""
    ref = number_of(service, Noun.PURCHASE, body.purchase)
    booked = await order_on_line(
        service, Kind.REFUND, key, line, body, ref=ref, amount_minor=body.amount_minor
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/conversions", status_code=CREATED, responses=ERRORS)
async def convert(
    service: Book, key: Key, line: str, body: bodies.Conversion, response: Response
) -> answers.Done:
    """Turn what is unpaid of a purchase, or of a statement's, into instalments with a fee."""
    noun, text = body.named()
    ref = number_of(service, Noun(noun), text)
    booked = await order_on_line(
        service, Kind.CONVERT, key, line, body, ref=ref, count=body.instalments
    )
    return _done(service, response, booked)


@router.post("/lines/{line}/close", status_code=CREATED, responses=ERRORS)
async def close(
    service: Book, key: Key, line: str, response: Response, body: bodies.Close | None = None
) -> answers.Done:
    """End a line on which nothing is owed to either side."""
    booked = await order_on_line(service, Kind.CLOSE, key, line, body or bodies.Close())
    return _done(service, response, booked)


async def _finish(  # as its routes
    service: Service, key: str, text: str, body: bodies.PaidOut | bodies.NotPaidOut
) -> Booked:
    """Book what became of an instruction."""
    number = number_of(service, Noun.INSTRUCTION, text)
    rows = await service.reading(lambda conn: lookup.instruction(conn, service.book, number))
    if not len(rows):
        raise Problem("instruction_not_found", id=text[:64])
    line = ids.write(Noun.LINE, service.book, int(rows[0]["line"]))
    asked = InstructionKind(rows[0]["kind"])
    succeeded, failed = FINISHES[asked]
    columns = Columns(ref=number)
    if isinstance(body, bodies.NotPaidOut):
        return await order_on_line(service, failed, key, line, body, (text,), **columns)
    said = body.amount_minor
    columns["amount_minor"] = int(rows[0]["amount_minor"]) if said is None else said
    if asked is InstructionKind.COLLECT:
        made = await service.reading(lambda conn: lookup.command(conn, service.book, number))
        columns["ref"], columns["merchant"] = int(made[0]["ref"]), number
    return await order_on_line(service, succeeded, key, line, body, (text,), **columns)


@virtual_router.post("/instructions/{instruction}/succeeded", status_code=CREATED, responses=ERRORS)
async def succeeded(
    service: Book,
    key: Key,
    instruction: str,
    response: Response,
    body: bodies.PaidOut | None = None,
) -> answers.Done:
    """Say that an instruction was done: paid out, collected, or paid back, on this day."""
    booked = await _finish(service, key, instruction, body or bodies.PaidOut())
    return _done(service, response, booked)


@virtual_router.post("/instructions/{instruction}/failed", status_code=CREATED, responses=ERRORS)
async def failed(
    service: Book,
    key: Key,
    instruction: str,
    response: Response,
    body: bodies.NotPaidOut | None = None,
) -> answers.Done:
    """Say that an instruction was not done, and will not be: what it held is free again."""
    booked = await _finish(service, key, instruction, body or bodies.NotPaidOut())
    return _done(service, response, booked)


@virtual_router.post("/clock/advance", responses=ERRORS)
async def advance(
    service: Book, key: Key, body: bodies.Advance, response: Response
) -> answers.Advanced:
    """Move the book's day on, closing every day before it."""
    (from_on, until_on), replayed = await service.advance(body.until_on.toordinal(), key)
    mark_replayed(response, replayed=replayed)
    return answers.Advanced(
        book=service.book,
        business_on=shapes.date(until_on),
        virtual=service.virtual,
        from_on=shapes.date(from_on),
        days_closed=until_on - from_on,
    )
