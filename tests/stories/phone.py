"""A borrower in front of the phone pages, over HTTP; he tries again while the service is away."""

import asyncio
import html
import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
from tests.serve.phone.phones import Page
from tests.stories.people import Person
from tests.stories.town import BOOK, LOOK_S, WAIT_S, Lost, Town

LIMITS = ("20000", "10000", "15000")
SEE_OTHER = 303
TAP_TWICE = 3
# Refusals that a story meets in earnest: what it asks for is not possible now.
NO = frozenset({403, 404, 409, 422})


class Wrong(AssertionError):
    """An answer that nobody should ever get."""


class Phone:
    """A browser without JavaScript, and whose it is."""

    def __init__(self, town: Town, person: Person) -> None:
        self.town, self.person = town, person
        self.http = town.client()
        self.http.base_url = httpx.URL(town.url)

    async def ask(self, method: str, path: str, **more) -> httpx.Response:
        """Send one request until it is answered; the same request, so it is done once."""
        last = time.monotonic() + WAIT_S
        while True:
            why = ""
            try:
                answer = await self.http.request(method, path, **more)
            except httpx.TransportError as error:
                why = repr(error)
            else:
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                why = answer.text
            if time.monotonic() > last:
                raise Lost(f"{method} {path} is not answered: {why}")
            await asyncio.sleep(LOOK_S)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Wrong(f"{method} {path}: {answer.status_code}")
        return answer

    async def page(self, path: str) -> Page | None:
        """Open a page; None if it says no, or sends elsewhere."""
        answer = await self.ask("GET", path)
        return Page(answer) if answer.is_success else None

    async def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form; return where it leads to, "" if it says no.

        Every third borrower taps twice, and nobody may see a difference.
        """
        if self.person.seed % TAP_TWICE:
            return await self._sent(path, fields)
        there, again = await asyncio.gather(self._sent(path, fields), self._sent(path, fields))
        if there != again:
            raise Wrong(f"POST {path} twice led to {there!r} and {again!r}")
        return there

    async def _sent(self, path: str, fields: dict[str, str]) -> str:
        answer = await self.ask("POST", path, data=fields)
        if answer.status_code == SEE_OTHER:
            return answer.headers["location"]
        if answer.status_code not in NO:
            raise Wrong(f"POST {path}: {answer.status_code}")
        return ""

    async def signs_in(self) -> None:
        """Sign in at the wallet."""
        sent = await self.ask("GET", "/phone/enter")
        asked = sent.headers["location"].partition("#")[0]
        with_openid = {"openid": self.person.openid}
        back = await self.town.http.post(asked, data=with_openid)
        query = parse_qs(urlsplit(back.headers["location"]).query)
        code, state = query["code"][0], query["state"][0]
        answer = await self.ask("GET", f"/phone/signed-in?code={code}&state={state}")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # A code is good once, and whoever took it may have been killed.
            await self.signs_in()
            return
        assert answer.status_code == SEE_OTHER, answer.text

    async def applies(self) -> int:
        """Apply for a line; return the number of the command."""
        page = await self.page("/phone/apply")
        assert page is not None
        filled = page.form("/phone/apply") | {
            "name": self.person.name,
            "id_number": self.person.id_number,
            "phone": "13800138000",
            "education": "2",
            "limit": LIMITS[self.person.seed % len(LIMITS)],
            "consent": "yes",
        }
        there = await self.send("/phone/apply", filled)
        assert there.startswith("/phone/applied/"), there
        return number_in(there)

    # --- Orders ---------------------------------------------------------------------------------

    async def borrows(self, amount_minor: int, count: int) -> int:
        """Ask for a draw; return the order, 0 if it is refused."""
        amount = f"{amount_minor // 100}.{amount_minor % 100:02d}"
        page = await self.page(f"/phone/borrow/confirm?amount={amount}&count={count}")
        if page is None:
            return 0
        filled = page.form("/phone/borrow") | {"consent": "yes"}
        return number_in(await self.send("/phone/borrow", filled))

    async def repays(self, which: str, amount_minor: int) -> int:
        """Ask to repay ``bill``, ``least``, ``all`` or a part; return the order, or 0."""
        page = await self.page("/phone/repay")
        choices = [
            one["value"]
            for attrs, inputs in (page.forms if page else [])
            if attrs.get("action") == "/phone/repay"
            for one in inputs
            if one.get("name") == "choice"
        ]
        if page is None or not choices:
            return 0
        usual = [choice for choice in choices if choice.startswith("usual:")]
        whole = [choice for choice in choices if choice.startswith("all:")]
        choice = {"bill": usual[:1], "least": usual[1:2] or usual, "all": whole or usual}.get(
            which, []
        )
        amount = "" if choice else f"{amount_minor / 100:.2f}"
        filled = page.form("/phone/repay") | {
            "choice": choice[0] if choice else "other",
            "amount": amount,
        }
        return number_in(await self.send("/phone/repay", filled))

    async def pays_shop(self, merchant: int, amount_minor: int) -> int:
        """Scan a shop's bill and pay it; return the purchase, 0 if it is refused."""
        page = await self.page(self.town.shops.path(self.town.shops.ask(merchant, amount_minor)))
        action = f"/phone/shop/{merchant}"
        if page is None:
            return 0
        return number_in(await self.send(action, page.form(action)))

    async def converts(self, count: int) -> int:
        """Turn the newest bill into instalments; return the command, 0 if it is refused."""
        action = "/phone/repay/instalments"
        page = await self.page(f"{action}?count={count}")
        return number_in(await self.send(action, _posted(page, action))) if page else 0

    async def has_paid_back(self) -> int:
        """Have overpaid money paid back; return the order, 0 if there is none."""
        page = await self.page("/phone/pay-back")
        if page is None or 'name="order"' not in page.source:
            return 0
        return number_in(await self.send("/phone/pay-back", page.form("/phone/pay-back")))

    async def link(self, order: int, last: float) -> tuple[str, str] | None:
        """Return prepay_id or package_info of an order, and the seal of the form that ends it.

        Empty if it is over; None if nothing has come until ``last``.
        """
        pause = 0.1
        while True:
            answer = await self.ask("GET", f"/phone/orders/{order}", headers={"HX-Request": "true"})
            text = answer.text
            found = re.search(r'name="(?:prepay_id|package_info)" value="([^"]+)"', text)
            if found:
                seal = re.search(r'name="seal" value="([^"]+)"', text)
                return html.unescape(found[1]), html.unescape(seal[1]) if seal else ""
            if "hx-trigger" not in text:
                return "", ""
            if time.monotonic() > last:
                return None
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.8)

    async def gives_up(self, order: int, seal: str) -> None:
        """Give an order up."""
        await self.send(f"/phone/orders/{order}/end", {"seal": seal})

    async def returns(self, line: int, purchase: int, amount_minor: int, key: str) -> bool:
        """Have a shop take a purchase back; it tells the book by its API."""
        answer = await self.ask(
            "POST",
            f"/v1/lines/line_{BOOK}_{line}/refunds",
            json={"purchase": f"purchase_{BOOK}_{purchase}", "amount_minor": amount_minor},
            headers={"Idempotency-Key": key},
        )
        return answer.is_success


def _posted(page: Page, action: str) -> dict[str, str]:
    """Return the fields of the form that is sent to an address, not of one that asks there."""
    for attrs, inputs in page.forms:
        if attrs.get("action") == action and attrs.get("method") == "post":
            return {one["name"]: one.get("value", "") for one in inputs if "name" in one}
    return {}


def number_in(address: str) -> int:
    """Return the number in an address that ends with one, 0 if it does not."""
    found = re.search(r"(\d+)$", address)
    return int(found[1]) if found else 0
