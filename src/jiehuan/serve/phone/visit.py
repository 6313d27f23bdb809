"""One request of a phone: who asks, in which language, for which line; and how it is answered."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import numpy as np
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jiehuan.core.days import next_cut_on
from jiehuan.core.line import Status
from jiehuan.core.money import format_amount
from jiehuan.core.terms import Product, TermsTable
from jiehuan.serve import words as common
from jiehuan.serve.phone import forms, static, words
from jiehuan.serve.phone.forms import Form, Seals
from jiehuan.serve.phone.front import Front
from jiehuan.serve.phone.session import Session, Sessions
from jiehuan.serve.phone.shops import Shops
from jiehuan.serve.service import Service
from jiehuan.serve.wallet import Wallet
from jiehuan.store import borrower
from jiehuan.store.database import Connection
from jiehuan.store.lookup import BookRow

T = TypeVar("T")

SEE_OTHER: Final = 303
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
REFERRER_POLICY: Final = "same-origin"  # with less a browser would not say where a form is from


class Elsewhere(Exception):
    """What was asked for is at another address now."""

    def __init__(self, address: str) -> None:
        """Send to an address of ours."""
        super().__init__(address)
        self.address = address


class SignInFirst(Exception):
    """Nobody has signed in who could see this."""


class Refused(Exception):
    """A page has to say no.

    Attributes:
        title: What, in Chinese.
        text: Why and what to do, in Chinese.
        status: Of HTTP.
        values: For places in both texts.
        further: Addresses to go on to, with their names in Chinese.
    """

    def __init__(
        self,
        title: str,
        text: str,
        status: int,
        values: Mapping[str, str] | None = None,
        further: tuple[tuple[str, str], ...] = (("/phone/home", "回首页"),),
    ) -> None:
        """Refuse."""
        super().__init__(title)
        self.title = title
        self.text = text
        self.status = status
        self.values = values or {}
        self.further = further


def not_found() -> Refused:
    """Say that there is no such page; what is another's is as if it were not there."""
    return Refused("没有这个页面", "地址可能写错了，或者这不是你的内容。", NOT_FOUND)


@dataclasses.dataclass(frozen=True, slots=True)
class Phone:
    """What all requests have in common."""

    wallet: Wallet
    front: Front
    sessions: Sessions
    seals: Seals
    shops: Shops
    templates: Environment
    known: list[TermsTable] = dataclasses.field(default_factory=list)

    @property
    def service(self) -> Service:
        """The book."""
        return self.wallet.service

    def terms(self, conn: Connection, number: int) -> TermsTable:
        """Return the terms, with at least version ``number``.

        A version never changes, so they are read again only when there is one that we lack.
        """
        if not self.known or number >= len(self.known[-1].products):
            self.known[:] = [self.service.terms(conn)]
        return self.known[-1]


@dataclasses.dataclass(frozen=True, slots=True)
class Me:
    """Whoever asks, at one moment of the book.

    Attributes:
        book: The book.
        line: Their line, a row of ``Lines``.
        terms: All versions of terms.
        last: The number of its last command: every form that was shown at this moment names it.
    """

    book: BookRow
    line: np.void
    terms: TermsTable
    last: int

    @property
    def id(self) -> int:
        """The number of the line."""
        return int(self.line["id"])

    @property
    def product(self) -> Product:
        """The terms of the line."""
        return self.terms.products[int(self.line["terms"])]

    @property
    def on(self) -> int:
        """The book's day."""
        return self.book.business_on

    @property
    def available_minor(self) -> int:
        """What may be drawn; may be negative."""
        line = self.line
        return int(line["limit_minor"] - line["used_minor"] - line["held_minor"])


def newest_open(rows: np.ndarray) -> np.void | None:
    """Return the newest line that is not closed."""
    still = rows[rows["status"] != Status.CLOSED]
    return still[-1] if len(still) else None


@dataclasses.dataclass(slots=True)
class Visit:
    """A request, and all that it takes to answer it."""

    phone: Phone
    request: Request
    session: Session | None
    language: str

    @property
    def who(self) -> Session:
        """Whoever has signed in.

        Raises:
            SignInFirst: Nobody has.
        """
        if self.session is None:
            raise SignInFirst
        return self.session

    @property
    def is_part(self) -> bool:
        """Whether only a part of the page is asked for."""
        return "hx-request" in self.request.headers

    def asked(self, name: str) -> str:
        """Return a parameter of the address."""
        return self.request.query_params.get(name, "").strip()[: forms.FIELD_CHARS_MAX]

    def number(self, name: str) -> int:
        """Return a number that is part of the address.

        Raises:
            Refused: It is none, so there is no such page.
        """
        number = forms.read_number(self.request.path_params[name])
        if number is None:
            raise not_found()
        return number

    # --- Words ----------------------------------------------------------------------------------

    def say(self, zh: str, **values: object) -> str:
        """Return a text in the reader's language."""
        return words.say(zh, self.language, **values)

    def money(self, amount_minor: int) -> str:
        """Write an amount in full."""
        return common.money(amount_minor, self.phone.service.currency)

    def day(self, on: int) -> str:
        """Write a day as people do."""
        return words.day(on, self.language)

    def minute(self, at: dt.datetime) -> str:
        """Write a minute of real time as people in the lender's zone do."""
        return words.minute(at, self.language)

    def month(self, on: int) -> str:
        """Write the month of a day."""
        return words.month(on, self.language)

    def long_day(self, on: int) -> str:
        """Write a day with its year."""
        return words.long_day(on, self.language)

    def day_of_month(self, on: int) -> int:
        """Return the number of a day in its month."""
        return dt.date.fromordinal(on).day

    def rate(self, ppm: int) -> str:
        """Write parts per million as per cent."""
        return common.rate(ppm)

    def yearly(self, ppm: int) -> str:
        """Write a yearly rate with two decimals, rounded up: never told too low."""
        return f"{-(-ppm // 100) / 100:.2f} %"

    def plain(self, amount_minor: int) -> str:
        """Write an amount as it is typed into a field."""
        return format_amount(amount_minor).removesuffix(".00")

    def next_cut(self, me: "Me") -> str:
        """Write the day of a line's next statement."""
        cut = next_cut_on(np.array([me.on], np.int32), int(me.line["cycle_day"]))
        return self.day(int(cut[0]))

    # --- Reading --------------------------------------------------------------------------------

    async def look(self, read: Callable[[Connection, Me], T]) -> tuple[Me, T]:
        """Read what a page shows, with the line it is about, in one snapshot.

        Raises:
            SignInFirst: Nobody has signed in.
            Elsewhere: They have no line yet.
        """
        who = self.who

        def both(conn: Connection) -> tuple[Me, T]:
            me = self.me(conn, who)
            return me, read(conn, me)

        return await self.phone.service.reading(both)

    def me(self, conn: Connection, who: Session) -> Me:
        """Return whoever asks, with their line.

        Raises:
            Elsewhere: They have no line yet.
        """
        service = self.phone.service
        row = newest_open(borrower.lines(conn, service.book, who.party))
        if row is None:
            raise Elsewhere("/phone/apply")
        return Me(
            service.row(conn),
            row,
            self.phone.terms(conn, int(row["terms"])),
            borrower.last_seq(conn, service.book, int(row["id"])),
        )

    # --- Forms ----------------------------------------------------------------------------------

    def seal(self, action: str, key: str = "") -> str:
        """Return the sealed text of a form of ours."""
        return self.phone.seals.seal(self.who, action, key)

    def seal_of(self, action: str, me: Me) -> str:
        """Return the sealed text of a form that changes a line as it stands now."""
        return self.seal(action, f"phone/{action}/{me.id}/{me.last}")

    async def form(self, action: str) -> Form:
        """Return what was sent, if it is a form of ours.

        Raises:
            SignInFirst: Nobody has signed in.
            Refused: It is not ours.
        """
        who = self.who
        fields = await forms.fields_of(self.request)
        seals = self.phone.seals
        key = seals.opened(who, action, fields.pop(forms.SEAL, ""))
        if key is None or not seals.comes_from_us(self.request):
            raise Refused(
                "这个表单已失效",
                "它不是从本次登录的页面发出的，什么都没有办理。请回到页面重新提交。",
                FORBIDDEN,
            )
        return Form(key, fields)

    # --- Answers --------------------------------------------------------------------------------

    def page(self, name: str, code: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
        """Return a page of ours; templates say what each of them needs."""
        template = self.phone.templates.get_template(f"phone/{name}.html")
        text = template.render(
            t=self.say,
            money=self.money,
            day=self.day,
            minute=self.minute,
            static=static.address,
            visit=self,
            lang="zh-CN" if self.language == "zh" else "en",
            **values,
        )
        return HTMLResponse(text, code, self.headers())

    def headers(self) -> dict[str, str]:
        """Return what a browser is told of every page: nothing from elsewhere but the wallet."""
        scripts, forms = (" ".join(("'self'", *of)) for of in self.phone.front.origins())
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {scripts}; style-src 'self';"
                " img-src 'self' data:; connect-src 'self'; base-uri 'none';"
                f" form-action {forms}; frame-ancestors 'self'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": REFERRER_POLICY,
            "Cache-Control": "no-store",
            "Content-Language": "zh-CN" if self.language == "zh" else "en",
            "Vary": "Accept-Language, Cookie, HX-Request",
        }

    def go(self, address: str) -> Response:
        """Send on to an address of ours; a part of a page takes the whole page along."""
        headers = {"Cache-Control": "no-store"}
        if self.is_part:
            return Response(status_code=204, headers={**headers, "HX-Redirect": address})
        return RedirectResponse(address, SEE_OTHER, headers)

    @property
    def here(self) -> str:
        """The address that was asked for, without the language in it."""
        query = self.request.url.query
        path = quote(self.request.url.path, safe="/")
        kept = "&".join(part for part in query.split("&") if part and part[:5] != "lang=")
        return f"{path}?{kept}" if kept else path

    @property
    def other_address(self) -> str:
        """This page in the other language."""
        other = "en" if self.language == "zh" else "zh"
        return f"{self.here}{'&' if '?' in self.here else '?'}lang={other}"
