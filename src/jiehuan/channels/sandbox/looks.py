"""What all pages of the sandbox share: language, money, frame, and the way back to the merchant."""

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Final, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jiehuan.channels.sandbox.clock import CHINA
from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.page_words import (
    EN,
    LANGUAGES,
    ZH,
    refusal_words,
    state_words,
    words,
)
from jiehuan.channels.sandbox.people import BALANCE, Person
from jiehuan.channels.sandbox.world import World

Handler = Callable[[Request], Awaitable[Response]]

FILES: Final[Mapping[str, tuple[str, bytes]]] = {
    name: (kind, (files("jiehuan.channels.sandbox") / "static" / name).read_bytes())
    for name, kind in (
        ("sandbox.css", "text/css"),
        ("control.js", "text/javascript"),
        ("weixin.js", "text/javascript"),
        ("mark.svg", "image/svg+xml"),
    )
}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " base-uri 'none'; frame-ancestors 'self' http://127.0.0.1:* http://localhost:*;"
    " form-action 'self'"
)
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_BACK_LENGTH_MAX: Final = 4_096


@dataclasses.dataclass(frozen=True, slots=True)
class Back:
    """Where the merchant wants the browser back.

    Attributes:
        url: A whole address; empty if the merchant did not say.
    """

    url: str = ""

    @property
    def origin(self) -> str:
        """Scheme and host, for a content-security-policy; empty without an address."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if self.url else ""

    def saying(self, **told: str) -> str:
        """Return the address with something added to its query; what it said of that is lost.

        Examples:
            >>> Back("http://localhost:1/pay?a=1&wxpay=cancel#top").saying(wxpay="ok")
            'http://localhost:1/pay?a=1&wxpay=ok#top'
        """
        parts = urlsplit(self.url)
        kept = [
            pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in told
        ]
        return parts._replace(query=urlencode([*kept, *told.items()])).geturl()


def read_back(text: str) -> Back:
    """Read where to go back to; empty is nowhere.

    Raises:
        WireError: It is no whole http or https address.

    Examples:
        >>> read_back("http://localhost:1/pay?a=1").origin
        'http://localhost:1'
    """
    if not text:
        return Back()
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if (
        len(text) > _BACK_LENGTH_MAX
        or parts.scheme not in {"http", "https"}
        or not _HOST.fullmatch(parts.netloc)
        or any(letter <= " " or letter == "\x7f" for letter in text)
    ):
        raise WireError(400, "PARAM_ERROR", words(ZH).odd_address)
    return Back(text)


def world_of(request: Request) -> World:
    """Return the world that the pages show."""
    return cast("World", request.app.state.world)


async def told(request: Request) -> dict[str, str]:
    """Return what query and form say, the form first; files are no text and left out."""
    form = await request.form() if request.method == "POST" else {}
    return {**request.query_params} | {
        name: value for name, value in form.items() if isinstance(value, str)
    }


def language(chosen: str, accepted: str) -> str:
    """Choose a language: the one that was clicked, or else the browser's first that we speak.

    Examples:
        >>> language("", "de, en-GB;q=0.9, zh;q=0.8"), language("zh-CN", "en"), language("", "")
        ('en', 'zh', 'zh')
    """
    for wanted in (chosen, *_by_weight(accepted)):
        if wanted[:2].lower() in LANGUAGES:
            return wanted[:2].lower()
    return ZH


def _by_weight(accepted: str) -> list[str]:
    """Sort what a browser accepts, best first; what cannot be read counts nothing."""
    ranges = []
    for place, each in enumerate(accepted.split(",")[:20]):
        name, _, weight = each.strip().partition(";q=")
        try:
            ranges.append((-float(weight or 1), place, name))
        except ValueError:
            continue
    return [name for _, _, name in sorted(ranges)]


def yuan(minor: int) -> str:
    """Write fen as yuan.

    Examples:
        >>> yuan(123_456_05)
        '123,456.05'
    """
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


def moment(second: float) -> str:
    """Write a time for people.

    Examples:
        >>> moment(0)
        '1970-01-01 08:00:00'
    """
    return f"{dt.datetime.fromtimestamp(int(second), CHINA):%Y-%m-%d %H:%M:%S}"


def minute(second: float) -> str:
    """Write a deadline for people, the part of its last minute cut off.

    Examples:
        >>> minute(59)
        '1970-01-01 08:00'
    """
    return moment(second)[:-3]


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("jiehuan.channels.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"yuan": yuan, "moment": moment, "minute": minute}
    return environment


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What somebody can pay from.

    Attributes:
        id: ``balance`` or a card of theirs.
        name: What it is called.
        balance_minor: What is on it.
    """

    id: str
    name: str
    balance_minor: int


def sources(world: World, person: Person, speech: str) -> list[Source]:
    """Return what somebody can pay from: the wallet, then the cards."""
    balances = world.balances()
    named = {BALANCE: words(speech).balance} | {
        card.id: f"{card.bank[speech]} ({card.last_four})" for card in person.cards.values()
    }
    return [
        Source(id=each, name=name, balance_minor=balances[f"{person.openid}/{each}"])
        for each, name in named.items()
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How a page is shown to one visitor.

    Attributes:
        request: What the visitor asked.
        said: Query and form.
        language: ``zh`` or ``en``.
        back: Where the merchant wants the visitor back.
    """

    request: Request
    said: Mapping[str, str]
    language: str
    back: Back

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """Show a page; it may post here and be sent on to where it came from, nowhere else."""
        other = ZH if self.language == EN else EN
        query = {**self.request.query_params} | {"lang": other}
        text = (
            _environment()
            .get_template(template)
            .render(
                t=words(self.language),
                states=state_words(self.language),
                lang=self.language,
                chosen=self.said.get("lang", ""),
                other_url="?" + urlencode(query),
                back=self.back,
                merchant=world_of(self.request).people.merchant,
                **values,
            )
        )
        policy = f"{_POLICY} {self.back.origin}".strip()
        headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Content-Language": self.language,
        }
        return HTMLResponse(text, status, headers)

    def again(self, path: str, **query: str) -> Response:
        """Send the visitor to a page of ours, so that reloading it posts nothing."""
        kept = query | {"back": self.back.url, "lang": self.said.get("lang", "")}
        shown = urlencode({name: value for name, value in kept.items() if value}, quote_via=quote)
        return _go(f"{path}?{shown}" if shown else path)

    def home(self, **said: str) -> Response:
        """Send the visitor back to the merchant."""
        return _go(self.back.saying(**said))


def _go(url: str) -> Response:
    return RedirectResponse(url, 303, {"Cache-Control": "no-store"})


def shown(handler: Callable[[Look], Awaitable[Response]]) -> Handler:
    """Make a handler of requests from one of looks; what it refuses is told on a page."""

    @functools.wraps(handler)
    async def handle(request: Request) -> Response:
        said = await told(request)
        speech = language(said.get("lang", ""), request.headers.get("accept-language", ""))
        look = Look(request, said, speech, Back())
        try:
            _refuse_strangers(request, speech)
            back = read_back(said.get("redirect_uri", "") or said.get("back", ""))
            look = dataclasses.replace(look, back=back)
            return await handler(look)
        except WireError as error:
            message = refusal_words(error.code, error.message, speech)
            return look.page("told.html", error.status, code=error.code, message=message)

    return handle


def _refuse_strangers(request: Request, speech: str) -> None:
    """Refuse a form that another site's page sends: browsers say where a form comes from."""
    origin = request.headers.get("origin")
    ours = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if request.method == "POST" and not ours:
        raise WireError(403, "NO_AUTH", words(speech).elsewhere)


async def file(request: Request) -> Response:
    """Answer with a style, a script or the mark."""
    kind, content = FILES.get(request.path_params["name"], ("", b""))
    if not kind:
        return Response(status_code=404)
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=kind, headers=headers)
