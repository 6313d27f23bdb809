"""The page of the demo, its live half, and the buttons of its clock."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Final, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from jiehuan.core.commands import Kind
from jiehuan.serve import pages, problems
from jiehuan.serve.console import panel
from jiehuan.serve.console.auditor import Auditor, Verdict
from jiehuan.serve.console.winder import Winder, month_after
from jiehuan.serve.console.words import say
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Order, Service
from jiehuan.serve.words import language_of

router = APIRouter(include_in_schema=False)

NO_CONTENT: Final = 204
SEE_OTHER: Final = 303


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """One book on the page."""

    name: str
    service: Service
    auditor: Auditor
    winder: Winder
    overview_url: str


@dataclasses.dataclass(frozen=True, slots=True)
class Console:
    """What the page shows.

    Attributes:
        desks: The books, by number, in the order of their tabs.
        phone: The number of the book behind the phone.
        partner_url: The pages of the wallet's own side; empty if there is none.
    """

    desks: Mapping[int, Desk]
    phone: int
    partner_url: str = ""

    @classmethod
    def of(
        cls,
        phone: Service,
        *,
        partner_url: str = "",
        partner_clock_url: str = "",
        other: Service | None = None,
        other_url: str = "",
        other_verdict: Verdict | None = None,
    ) -> "Console":
        """Put the phone's book, and another one if there is one, on the page."""
        winder = Winder(phone, partner_clock_url)
        desks = {phone.book: Desk("手机的账簿", phone, Auditor(phone), winder, "/overview")}
        if other is not None:
            auditor = Auditor(other, other_verdict)
            desks[other.book] = Desk("台湾信用卡账簿", other, auditor, Winder(other), other_url)
        return cls(desks, phone.book, partner_url)

    async def begin(self) -> None:
        """Tell the wallet's own side what day it is."""
        for desk in self.desks.values():
            await desk.winder.tell_partner()

    async def end(self) -> None:
        """Let no clock run on, and no audit."""
        for desk in self.desks.values():
            await desk.winder.pause()
            await asyncio.to_thread(desk.auditor.close)

    def headers(self) -> dict[str, str]:
        """Return the page's headers: nothing but our own, and the phone's frame."""
        frames = "'self'"
        if self.partner_url:
            parts = urlsplit(self.partner_url)
            frames += f" {parts.scheme}://{parts.netloc}"
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
            f" 'self'; frame-src {frames}; base-uri 'none'; form-action 'self';"
            " frame-ancestors 'none'"
        )
        return {
            **pages.PAGE_HEADERS,
            "Content-Security-Policy": policy,
            "Referrer-Policy": "same-origin",  # with less a browser hides where a form is from
        }


def _console(request: Request) -> Console:
    return cast("Console", request.app.state.console)


def _same_origin(request: Request) -> None:
    """Refuse what another site's page sends.

    Raises:
        Problem: It comes from elsewhere.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem("not_from_our_page")


On = Annotated[Console, Depends(_console)]
Ours = Depends(_same_origin)


def _desk(console: Console, book: int | None) -> Desk:
    desk = console.desks.get(console.phone if book is None else book)
    if desk is None:
        raise Problem("route_not_found")
    return desk


def _language(request: Request) -> str:
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language")
    return language_of(asked, header, "zh")


def _read(desk: Desk, language: str) -> panel.Panel:
    running = desk.winder.running
    return panel.read(desk.service, desk.auditor, running=running, language=language)


def _page(request: Request, console: Console, desk: Desk, name: str, seen: panel.Panel) -> str:
    language = seen.language
    return cast(
        "str",
        request.app.state.templates.get_template(name).render(
            panel=seen,
            t=seen.t,
            desk=desk,
            console=console,
            book=desk.service.book,
            say=say,
            language=language,
            lang="zh-CN" if language == "zh" else "en",
            other="en" if language == "zh" else "zh",
        ),
    )


@router.get("/")
async def page(request: Request, console: On, book: int | None = None) -> HTMLResponse:
    """Show the phone and the book behind it."""
    desk = _desk(console, book)
    seen = await asyncio.to_thread(_read, desk, _language(request))
    text = _page(request, console, desk, "console.html", seen)
    return HTMLResponse(text, headers={**console.headers(), "Vary": "Accept-Language"})


@router.get("/console/panel")
async def live(request: Request, console: On, book: int, seen: str = "") -> Response:
    """Draw the live half anew, if it has changed."""
    desk = _desk(console, book)
    now = await asyncio.to_thread(_read, desk, _language(request))
    if now.mark == seen:
        return Response(status_code=NO_CONTENT)
    text = _page(request, console, desk, "console_panel.html", now)
    return HTMLResponse(text, headers=console.headers())


async def _shown(request: Request, console: Console, desk: Desk) -> Response:
    """Answer a button: the live half as it is now, or the whole page where there is no script."""
    if "hx-request" in request.headers:
        now = await asyncio.to_thread(_read, desk, _language(request))
        text = _page(request, console, desk, "console_panel.html", now)
        return HTMLResponse(text, headers=console.headers())
    where = f"/?book={desk.service.book}&lang={_language(request)}"
    return RedirectResponse(where, SEE_OTHER)


@router.post("/console/clock", dependencies=[Ours])
async def clock(
    request: Request,
    console: On,
    book: Annotated[int, Form()],
    do: Annotated[str, Form()],
    on: Annotated[dt.date, Form()],
) -> Response:
    """Move a book's clock on from the day that the page has shown."""
    desk = _desk(console, book)
    winder = desk.winder
    if do == "day":
        await winder.wind(on, on + dt.timedelta(days=1))
    elif do == "month":
        await winder.wind(on, month_after(on))
    elif do == "run":
        winder.start()
    elif do == "pause":
        await winder.pause()
    else:
        known = [{"where": "do", "what": "day, month, run or pause"}]
        raise Problem("validation_failed", errors=known)
    return await _shown(request, console, desk)


@router.post("/console/refund", dependencies=[Ours])
async def refund(
    request: Request,
    console: On,
    book: Annotated[int, Form()],
    purchase: Annotated[int, Form(gt=0)],
    line: Annotated[int, Form(gt=0)],
    amount_minor: Annotated[int, Form(gt=0)],
) -> Response:
    """Let the shop take a purchase back: once, however often the button is pressed."""
    desk = _desk(console, book)
    booked = await desk.service.book_order(
        Order(
            kind=Kind.REFUND,
            key=f"console/refund/{purchase}",
            content=[line, purchase, amount_minor],
            line=line,
            ref=purchase,
            amount_minor=amount_minor,
        )
    )
    if booked.outcome:
        raise problems.refused(booked.outcome)
    return await _shown(request, console, desk)
