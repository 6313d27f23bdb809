"""The addresses of the phone pages, and what becomes of what goes wrong there."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jiehuan.core.errors import JiehuanError
from jiehuan.serve import pages, problems
from jiehuan.serve.phone import (
    applying,
    bills,
    borrowing,
    history,
    home,
    orders,
    repaying,
    shopping,
    signin,
    static,
    telling,
)
from jiehuan.serve.phone.forms import Seals
from jiehuan.serve.phone.front import Front
from jiehuan.serve.phone.session import Sessions
from jiehuan.serve.phone.shops import Shops
from jiehuan.serve.phone.visit import Elsewhere, Phone, Refused, SignInFirst, Visit, not_found
from jiehuan.serve.problems import Problem
from jiehuan.serve.wallet import Wallet
from jiehuan.serve.words import LANGUAGES, language_of

log = logging.getLogger(__name__)

Page: TypeAlias = Callable[[Visit], Awaitable[Response]]

ROUTES: Final[tuple[tuple[str, str, Page], ...]] = (
    ("GET", "/", signin.services),
    ("GET", "/enter", signin.enter),
    ("GET", "/signed-in", signin.signed_in),
    ("POST", "/sign-out", signin.sign_out),
    ("GET", "/apply", applying.show),
    ("POST", "/apply", applying.send),
    ("GET", "/applied/{seq}", applying.result),
    ("GET", "/home", home.home),
    ("GET", "/borrow", borrowing.show),
    ("GET", "/borrow/quote", borrowing.quote),
    ("GET", "/borrow/confirm", borrowing.confirm),
    ("POST", "/borrow", borrowing.send),
    ("GET", "/shops", shopping.shops),
    ("GET", "/shop/{merchant}", shopping.scanned),
    ("POST", "/shop/{merchant}", shopping.pay),
    ("GET", "/shop/{merchant}/code.svg", shopping.code),
    ("GET", "/receipts/{seq}", shopping.receipt),
    ("GET", "/bills", bills.bills),
    ("GET", "/bills/{no}", bills.bill),
    ("GET", "/repay", repaying.show),
    ("POST", "/repay", repaying.send),
    ("GET", "/repay/instalments", repaying.instalments),
    ("POST", "/repay/instalments", repaying.convert),
    ("GET", "/pay-back", repaying.show_pay_back),
    ("POST", "/pay-back", repaying.pay_back),
    ("GET", "/orders/{id}", orders.show),
    ("POST", "/orders/{id}/end", orders.end),
    ("GET", "/plan", history.plan),
    ("GET", "/history", history.history),
    ("GET", "/history/{seq}", history.command),
)


def create_phone(wallet: Wallet) -> Starlette:
    """Return the application of the phone pages, to be mounted at ``/phone``."""
    settings = wallet.settings
    url, key = settings.public_url, settings.session_key
    phone = Phone(
        wallet=wallet,
        front=Front(wallet.channel, url),
        sessions=Sessions(key, wallet.service.book, secure=url.startswith("https:")),
        seals=Seals(key, url),
        shops=Shops(key, url),
        templates=pages.environment(),
    )
    routes = [Route(path, _endpoint(page), methods=[method]) for method, path, page in ROUTES]
    app = Starlette(
        routes=[*routes, Route("/static/{name}", _static)],
        middleware=[Middleware(GZipMiddleware, minimum_size=500, compresslevel=5)],
        exception_handlers={
            HTTPException: _on_http,
            Exception: _on_anything,
        },
    )
    app.state.phone = phone
    return app


def _visit(request: Request) -> Visit:
    phone = cast("Phone", request.app.state.phone)
    asked = request.query_params.get("lang")
    spoken = phone.sessions.spoken(request)
    wanted = asked if asked in LANGUAGES else spoken
    language = language_of(wanted, request.headers.get("accept-language"), "zh")
    return Visit(phone, request, phone.sessions.read(request), language)


def _endpoint(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request by a page, or by saying why there is none."""

    async def answer(request: Request) -> Response:
        visit = _visit(request)
        try:
            response = await page(visit)
        except Elsewhere as there:
            response = visit.go(there.address)
        except SignInFirst:
            response = _sign_in_first(visit)
        except Refused as refused:
            response = tell(visit, refused)
        except Problem as problem:
            response = tell(visit, _refused(problem))
        except JiehuanError as error:
            known = problems.of_error(error)
            if known is None:
                raise
            log.warning("%s: %s", known.code, error)
            response = tell(visit, _refused(known))
        if request.query_params.get("lang") in LANGUAGES:
            visit.phone.sessions.speak(response, visit.language)
        return response

    return answer


def _sign_in_first(visit: Visit) -> Response:
    """Send to the wallet; after a form was sent to the first page, since it cannot be repeated."""
    is_page = visit.request.method == "GET" and not visit.is_part
    return signin.send_off(visit, visit.here if is_page else "/phone/home")


def tell(visit: Visit, refused: Refused) -> Response:
    """Return the page that says no."""
    return visit.page("told", refused.status, refused=refused)


def _refused(problem: Problem) -> Refused:
    """Return what is said of a problem of the book."""
    told = problem.told
    if told.status == problems.UNAVAILABLE:
        text = "现在不能办理，什么都没有重复。请稍后在同一页面重试。"
        return Refused("系统繁忙", text, told.status)
    return Refused(*telling.REFUSED_ELSE, told.status)


def _static(request: Request) -> Response:
    found = static.answer(request.path_params["name"], request)
    return found if found is not None else tell(_visit(request), not_found())


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    visit = _visit(request)
    if error.status_code == problems.TOO_BIG:
        return tell(visit, Refused("提交的内容过大", "请减少内容后重试。", problems.TOO_BIG))
    if error.status_code == problems.NOT_ALLOWED:
        response = tell(
            visit, Refused("不能这样打开", "请从页面上的按钮办理。", problems.NOT_ALLOWED)
        )
        response.headers.update(error.headers or {})
        return response
    if error.status_code == problems.NOT_FOUND:
        return tell(visit, not_found())
    return tell(visit, Refused("读不懂提交的内容", "请回到页面重新提交。", error.status_code))


def _on_anything(request: Request, error: Exception) -> Response:
    incident = secrets.token_hex(6)
    log.error("incident %s", incident, exc_info=error)
    text = "我们这边出错了，什么都没有重复。请稍后重试；仍不行请告知编号 {incident}。"
    refused = Refused("出错了", text, problems.BROKEN, {"incident": incident})
    return tell(_visit(request), refused)
