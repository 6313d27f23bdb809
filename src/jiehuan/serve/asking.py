"""Routes that only ask: each reads one moment of the books."""

from typing import Final

from fastapi import APIRouter

from jiehuan.core import quotes
from jiehuan.core.errors import UsageError
from jiehuan.engine.book import shipped_caps
from jiehuan.reports import trial_balance
from jiehuan.serve import answers, bodies, decider, ids, problems, shapes
from jiehuan.serve.http import Book, Language, errors
from jiehuan.serve.ids import Noun
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Service
from jiehuan.store import lookup
from jiehuan.store.database import Connection

router = APIRouter(prefix="/v1", tags=["questions"])

SHOWN_MAX: Final = 500
CAPS: Final = shipped_caps()
LENDER: Final = "licensed"  # whose caps hold for a service
ERRORS = errors()
ERRORS_OF_ONE = errors(problems.NOT_FOUND)


def _line_number(service: Service, conn: Connection, text: str) -> int:
    """Return the number of a line that exists.

    Raises:
        Problem: There is no such line.
    """
    number = ids.read(Noun.LINE, service.book, text)
    if number is None or not len(lookup.line(conn, service.book, number)):
        raise Problem("line_not_found", line=text[:64])
    return number


@router.get("/lines/{line}", responses=ERRORS_OF_ONE)
def line(service: Book, line: str) -> answers.Line:
    """Show a line as it stands."""
    with service.snapshot() as conn:
        number = _line_number(service, conn, line)
        row = lookup.line(conn, service.book, number)[0]
        return shapes.line(service.book, service.currency, row, service.terms(conn))


@router.get("/lines/{line}/statements", responses=ERRORS_OF_ONE)
def statements(service: Book, line: str) -> answers.Statements:
    """List the statements of a line, as they were issued."""
    with service.snapshot() as conn:
        number = _line_number(service, conn, line)
        return shapes.statements(service.book, *lookup.statements(conn, service.book, number))


@router.get("/lines/{line}/loans", responses=ERRORS_OF_ONE)
def loans(service: Book, line: str) -> answers.Loans:
    """List the debts under a line."""
    with service.snapshot() as conn:
        number = _line_number(service, conn, line)
        rows = lookup.loans(conn, service.book, number)
        return answers.Loans(loans=[shapes.loan(service.book, row) for row in rows])


@router.get("/lines/{line}/transfers", responses=ERRORS_OF_ONE)
def transfers(service: Book, line: str) -> answers.Transfers:
    """List the movements of money of a line's newest commands."""
    with service.snapshot() as conn:
        number = _line_number(service, conn, line)
        rows = lookup.transfers(conn, service.book, number, SHOWN_MAX)
        return answers.Transfers(transfers=[shapes.transfer(service.book, row) for row in rows])


@router.post("/quotes", responses=errors(400, 404, 413, 422))
def quote(service: Book, body: bodies.Quote) -> answers.Quote:
    """Say what instalments would cost, if converted before the next statement."""
    with service.snapshot() as conn:
        _, product = service.product(conn, body.product)
        today = service.row(conn).business_on
    if body.amount_minor <= 0:
        raise Problem("amount_must_be_positive", amount_minor=body.amount_minor)
    try:
        made = quotes.of_plan(product, body.amount_minor, body.instalments, today)
    except UsageError:
        if body.instalments in product.plans:
            raise Problem("amount_too_large", amount_minor=body.amount_minor) from None
        offered = ", ".join(map(str, product.plans))
        raise Problem("terms_not_offered", instalments_offered=offered) from None
    refused = CAPS.refusal(LENDER, product.currency, today, made.yearly_ppm)
    if refused:
        raise Problem("above_cap", yearly_ppm=made.yearly_ppm, reason=refused)
    return shapes.quote(product, made)


@router.get("/instructions", responses=ERRORS)
def instructions(service: Book) -> answers.Instructions:
    """List the instructions that are not finished, the oldest first."""
    with service.snapshot() as conn:
        rows = lookup.instructions(conn, service.book, SHOWN_MAX)
        made = [shapes.instruction(service.book, row) for row in rows]
        return answers.Instructions(instructions=made)


@router.get("/products", responses=ERRORS)
def products(service: Book) -> answers.Products:
    """List the products under which a line can be opened today."""
    with service.snapshot() as conn:
        found = service.products(conn)
    return answers.Products(products=[shapes.product(one) for one in found])


@router.get("/decisions/{decision}", responses=ERRORS_OF_ONE)
def decision(service: Book, decision: str, language: Language) -> answers.Decision:
    """Show a decision: its inputs, what came out, and why."""
    number = ids.read(Noun.DECISION, service.book, decision)
    with service.snapshot() as conn:
        found = lookup.decision(conn, service.book, number) if number else None
        if found is None:
            raise Problem("decision_not_found", decision=decision[:64])
        return shapes.decision(service.book, found, decider.policy_of(conn, found), language)


@router.get("/clock", responses=ERRORS)
def clock(service: Book) -> answers.Clock:
    """Tell the book's own date."""
    with service.snapshot() as conn:
        on = service.row(conn).business_date
    return answers.Clock(book=service.book, business_on=on, virtual=service.virtual)


@router.get("/ledger/trial-balance", responses=ERRORS)
def balance(service: Book) -> answers.TrialBalance:
    """Add up every account; a book in balance sums to zero."""
    with service.snapshot() as conn:
        return shapes.trial_balance(service.row(conn), trial_balance.read(conn, service.book))
