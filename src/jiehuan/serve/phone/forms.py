"""Is this form one of ours, sent by the one it was made for, and was it sent before?

Each form carries one sealed text.  It is bound to the session, so no other site can make one
(CSRF); it names the action, so none is used for another; and it holds the key under which the
action is journalled.  The key names the state of the line in which the form was shown: a double
tap, the back button and a second tab send the same key, and the books answer as before.
"""

import dataclasses
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request

from jiehuan.core.errors import UsageError
from jiehuan.core.money import parse_amount
from jiehuan.serve.phone.session import SESSION_SECONDS_MAX, Session, serializer

SEAL: Final = "seal"
FIELDS_MAX: Final = 40
FIELD_CHARS_MAX: Final = 2_000


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """A form that has been checked.

    Attributes:
        key: Under which what it asks for is journalled; "" if it asks for nothing of the kind.
        fields: What was filled in, by name, without spaces around it.
    """

    key: str
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a field; "" if it was not sent."""
        return self.fields.get(name, "")

    def amount(self, name: str) -> int | None:
        """Return an amount in minor units; None if it is not one, or not positive."""
        return read_amount(self.text(name))

    def number(self, name: str) -> int | None:
        """Return a whole number of 0 or more; None if it is not one."""
        return read_number(self.text(name))


def read_amount(text: str) -> int | None:
    """Read an amount as people type it; None if it is not one, or not positive.

    Examples:
        >>> read_amount("¥ 1,200.5"), read_amount("0"), read_amount("abc")
        (120050, None, None)
    """
    try:
        amount_minor = parse_amount(text.replace("¥", "").replace("，", ","))
    except UsageError:
        return None
    return amount_minor if amount_minor > 0 else None


def read_number(text: str) -> int | None:
    """Read a whole number of 0 or more, at most 18 digits; None if it is not one.

    Examples:
        >>> read_number("12"), read_number("-1"), read_number("1.0")
        (12, None, None)
    """
    short = text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 - in int64
    return int(text) if short else None


class Seals:
    """Makes and checks the sealed text of forms."""

    def __init__(self, key: bytes, public_url: str) -> None:
        """Hold what to seal with.

        Args:
            key: The key.
            public_url: Where phones reach us: forms that say they come from elsewhere do.
        """
        self._key = key
        self._netloc = urlsplit(public_url).netloc

    def _of(self, session: Session) -> URLSafeTimedSerializer:
        return serializer(self._key, f"phone form {session.id}")

    def seal(self, session: Session, action: str, key: str = "") -> str:
        """Return the sealed text of a form.

        No two are alike, so that what it says cannot be guessed from the size of a page.
        """
        value = self._of(session).dumps([action, key, secrets.token_urlsafe(8)])
        assert isinstance(value, str)
        return value

    def opened(self, session: Session, action: str, sealed: str) -> str | None:
        """Return the key in a sealed text; None if it is not one for this session and action."""
        try:
            said = self._of(session).loads(sealed, SESSION_SECONDS_MAX)
        except BadData:
            return None
        return str(said[1]) if said[0] == action else None

    def comes_from_us(self, request: Request) -> bool:
        """Say whether a form was sent from one of our pages, as far as the browser tells."""
        origin = request.headers.get("origin")
        if origin is None:
            site = request.headers.get("sec-fetch-site", "same-origin")
            return site in {"same-origin", "none"}
        return urlsplit(origin).netloc in {self._netloc, request.headers.get("host")}


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; files and what is too long are left out."""
    async with request.form(max_files=0, max_fields=FIELDS_MAX) as form:
        return {
            name: value.strip()
            for name, value in form.items()
            if isinstance(value, str) and len(value) <= FIELD_CHARS_MAX
        }
