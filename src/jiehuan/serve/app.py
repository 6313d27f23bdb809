"""The HTTP of one book: the JSON API, the overview page, and how we are."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

import jiehuan
from jiehuan.serve import answers, asking, changing, correcting, desk, notices, pages, problems
from jiehuan.serve.console import routes as console_routes
from jiehuan.serve.console.routes import Console
from jiehuan.serve.http import HANDLERS, Book, SizeLimit, declare_problems, errors
from jiehuan.serve.phone.app import create_phone
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Service
from jiehuan.serve.wallet import Wallet, WalletSettings
from jiehuan.serve.words import language_of

DESCRIPTION: Final = (
    "Revolving lines of consumer credit, from the application to the last cent repaid or"
    " written off. Amounts are integers in the currency's smallest coin (`*_minor`), days"
    " are ISO dates, ids carry their noun and book. Every refusal is a problem of RFC 9457;"
    " programs look at its `code`."
)

router = APIRouter()


def create_app(
    service: Service,
    run: Mapping[str, Any] | None = None,
    *,
    wallet: WalletSettings | None = None,
    console: Console | None = None,
) -> FastAPI:
    """Return the application that serves a book.

    The service is closed when the application ends.  Routes that stand in for the world
    outside exist only if the book's clock is virtual.

    Args:
        service: The book, open.
        run: What a simulation said of itself, to be shown on the overview page.
        wallet: What stands beside the book: with it there are the pages for phones, the
            partner's notices and, if it has a token, the courier's desk.
        console: The demo's page, to be shown in place of the overview.

    Raises:
        UsageError: The wallet cannot stand beside this book; see ``Wallet``.
    """
    beside = None if wallet is None else Wallet(service, wallet)
    app = FastAPI(
        title="jiehuan 借还",
        version=jiehuan.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        exception_handlers=HANDLERS,
    )
    app.state.service = service
    app.state.run = run
    app.state.console = console
    app.state.templates = pages.environment()
    app.add_middleware(SizeLimit)
    app.include_router(changing.router)
    app.include_router(correcting.router)
    if service.virtual:
        app.include_router(changing.virtual_router)
    app.include_router(asking.router)
    if beside is not None:
        _stand_beside(app, beside)
    if console is not None:
        app.include_router(console_routes.router)
    app.include_router(router)
    declare_problems(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Begin and end what lives as long as the application."""
    console = app.state.console
    if console is not None:
        await console.begin()
    yield
    if console is not None:
        await console.end()
    app.state.service.close()


def _stand_beside(app: FastAPI, wallet: Wallet) -> None:
    """Add what a wallet needs: the partner's notices, the courier's desk, pages for phones."""
    app.state.wallet = wallet
    app.include_router(notices.router)
    if wallet.settings.courier_token:
        app.include_router(desk.router)
    app.mount("/phone", create_phone(wallet))


@router.get("/healthz", tags=["operations"], responses=errors())
def healthy() -> answers.Health:
    """Say that the process answers; nothing more."""
    return answers.Health(status="ok")


@router.get("/readyz", tags=["operations"], responses=errors())
def ready(service: Book) -> answers.Health:
    """Say whether requests can be booked: the database answers and the book is ours."""
    service.ready()
    return answers.Health(status="ok")


@router.get("/", include_in_schema=False)
@router.get("/overview", include_in_schema=False)
def overview(request: Request, service: Book) -> HTMLResponse:
    """Show how the book stands."""
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language")
    language = language_of(asked, header, "zh")
    seen, products = service.overview()
    state = request.app.state
    base = str(request.scope.get("root_path", ""))
    page = pages.overview(state.templates, seen, products, language, state.run, base)
    return HTMLResponse(page, headers={**pages.PAGE_HEADERS, "Vary": "Accept-Language"})


@router.get("/static/{name:path}", include_in_schema=False)
def static(name: str) -> Response:
    """Return a file that the page is made of."""
    if name not in pages.STATIC:
        raise Problem("route_not_found")
    kind, data = pages.STATIC[name]
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(data, problems.OK, headers, kind)
