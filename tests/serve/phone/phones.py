"""Somebody with a phone: a browser without JavaScript, signed in, that reads what it is shown."""

import asyncio
import html.parser
import re
from typing import cast

import httpx
from starlette.responses import Response
from starlette.routing import Mount
from tests.serve.partner import WalletApi, wallet_settings

from jiehuan.serve.phone import identity
from jiehuan.serve.phone.visit import Phone as App
from jiehuan.store.vault import Field

PUBLIC = "http://jiehuan"
LIMIT_MINOR = 1_000_000
THIRTY = identity.number("99999919960101001")
APPLICATION = {
    "name": "林小雨",
    "id_number": THIRTY,
    "phone": "10000000001",
    "education": "2",
    "limit": "10,000",
    "consent": "yes",
}


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its tags, its forms, its text."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, answer):
        super().__init__()
        self.status, self.headers, self.source = answer.status_code, answer.headers, answer.text
        self.tags, self.words, self.open, self.forms = [], [], [], []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "form":
            self.forms.append((attrs, []))
        if tag == "input" and "form" in self.open:
            self.forms[-1][1].append(attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert tag == self.open.pop(), tag

    def handle_data(self, data):
        self.words.append(data)

    def said(self):
        return " ".join(" ".join(self.words).split())

    def form(self, action):
        """Return the fields of the form that is sent somewhere, as they are filled in."""
        for attrs, inputs in self.forms:
            if (attrs["method"], attrs["action"]) == ("post", action):
                return {
                    one["name"]: one.get("value", "on")
                    for one in inputs
                    if "name" in one
                    and (one.get("type") not in {"radio", "checkbox"} or "checked" in one)
                }
        raise AssertionError(f"no form to {action}: {[attrs for attrs, _ in self.forms]}")

    def links(self):
        return [attrs["href"] for tag, attrs in self.tags if tag == "a" and "href" in attrs]


def first(pattern, text):
    """Return what the first group of a pattern holds in a text."""
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


class Asked:
    """A request as far as a session is read from it."""

    def __init__(self, phone):
        self.cookies = dict(phone.cookies.items())


class Phone:
    """Somebody in front of the pages of one book."""

    def __init__(self, api, openid="oTest-openid-1", language="zh"):
        self.api, self.openid = api, openid
        self.headers = {"Accept-Language": language}
        self.cookies = httpx.Cookies()

    @property
    def app(self) -> App:
        """What the pages have in common."""
        phone: App = self.api.phone
        return phone

    @property
    def party(self):
        return self.api.wallet.party_of(self.openid)

    def run(self, asked):
        """Wait for something of the service's own."""
        return asyncio.run(asked)

    def sign_in(self):
        """Have a session, as if come back from the wallet."""
        response = Response()
        self.app.sessions.begin(response, self.party)
        name, _, value = response.headers["set-cookie"].split(";")[0].partition("=")
        self.cookies.set(name, value)
        return self

    def ask(self, method, path, **more):
        """Send one request, with and for our cookies; return the answer as it is."""
        return self.together((method, path, more))[0]

    def together(self, *requests):
        """Send requests at once and return their answers, in order."""

        async def send():
            transport = httpx.ASGITransport(app=self.api.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=PUBLIC, headers=self.headers, cookies=self.cookies
            ) as client:
                asked = [client.request(method, path, **more) for method, path, more in requests]
                answers = await asyncio.gather(*asked)
                self.cookies = client.cookies
                return answers

        return asyncio.run(send())

    def get(self, path, **more):
        """Open a page and follow where it sends, as long as that is with us."""
        return self._follow(self.ask("GET", path, **more))

    def send(self, path, fields, **more):
        """Send a form and follow where it sends."""
        return self._follow(self.ask("POST", path, data=fields, **more))

    def _follow(self, answer):
        while answer.status_code == 303 and answer.headers["location"].startswith("/"):
            answer = self.ask("GET", answer.headers["location"])
        self.at = answer.url.path
        return Page(answer)

    def fill(self, page, action, path=None, **fields):
        """Send a form of a page, with some fields filled in."""
        return self.send(path or action, {**page.form(action), **fields})

    def has_line(self, limit_minor=LIMIT_MINOR):
        """Have a line, as if applied for."""
        self.run(self.api.wallet.remember(self.party, {Field.OPENID: self.openid}))
        self.line_path = self.api.open_line(limit_minor, party=self.party)
        self.line = int(self.line_path.rpartition("_")[2])
        return self

    # --- Whole steps ----------------------------------------------------------------------------

    def borrows(self, amount="800", count=0):
        """Borrow to the wallet; return the order's number."""
        page = self.get(f"/phone/borrow/confirm?amount={amount}&count={count}")
        self.fill(page, "/phone/borrow", consent="yes")
        return self.number()

    def repays(self, choice, amount=""):
        """Begin a repayment; return the order's number."""
        page = self.get("/phone/repay")
        self.fill(page, "/phone/repay", choice=choice, amount=amount)
        return self.number()

    def number(self):
        """Return the number at the end of the address of the page."""
        return int(first(r"(\d+)$", self.at))

    def courier_says(self, order, **partner):
        """Have the courier tell that the partner has it, and what it said."""
        assert self.api.tell(order, "sending", attempt=1, retry_in_s=60.0).is_success
        assert self.api.tell(order, "waiting", partner=partner, ask_in_s=60.0).is_success

    def pays(self, order, amount, **partner):
        """Have the courier tell that money moved."""
        answer = self.api.succeed(order, amount, **partner)
        assert answer.is_success, answer.text


class PhoneApi(WalletApi):
    """A service whose phones are reached at an address that test clients have."""

    def __init__(self, dsn, number=1, waiting_max=1_024, **settings):
        given = wallet_settings(**{"public_url": PUBLIC, **settings})
        super().__init__(dsn, number, waiting_max, given)

    @property
    def phone(self) -> App:
        """What the pages have in common."""
        [mount] = [one for one in self.app.routes if getattr(one, "path", "") == "/phone"]
        assert isinstance(mount, Mount)
        return cast("App", getattr(mount.app, "state").phone)  # noqa: B009 - of any ASGI app
