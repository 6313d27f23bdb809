"""Who is it?  A signed cookie tells, until its time is up or its owner signs out.

Nothing of a session is kept but which were ended early, and those only as long as their
cookies would still be taken.
"""

import dataclasses
import hashlib
import secrets
from collections import OrderedDict
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

SESSION_SECONDS_MAX: Final = 12 * 3_600
SIGN_IN_SECONDS_MAX: Final = 10 * 60
ENDED_MAX: Final = 100_000
LANGUAGE_SECONDS: Final = 365 * 24 * 3_600


def serializer(key: bytes, salt: str) -> URLSafeTimedSerializer:
    """Return what signs texts for one purpose; a text for another one is not taken."""
    return URLSafeTimedSerializer(
        key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """Someone who has signed in.

    Attributes:
        id: Told apart from every other session.
        party: Who it is.
    """

    id: str
    party: int


@dataclasses.dataclass(frozen=True, slots=True)
class SigningIn:
    """Someone whom we have sent to the wallet to say who they are.

    Attributes:
        state: What must come back with them.
        goal: Where they wanted to go, an address of ours.
    """

    state: str
    goal: str


class Sessions:
    """Reads and writes the cookies."""

    def __init__(self, key: bytes, book: int, *, secure: bool) -> None:
        """Hold how to sign.

        Args:
            key: What cookies are signed with.
            book: Sessions of another book are not taken.
            secure: Whether we are reached by https.
        """
        self._secure = secure
        self._prefix = "__Host-" if secure else ""
        self._sessions = serializer(key, f"phone session {book}")
        self._signing_in = serializer(key, f"phone signing in {book}")
        self._ended: OrderedDict[str, None] = OrderedDict()

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(self._prefix + name, "")

    def begin(self, response: Response, party: int) -> Session:
        """Sign someone in."""
        session = Session(secrets.token_urlsafe(16), party)
        value = self._sessions.dumps([session.id, session.party])
        assert isinstance(value, str)
        self._set(response, "phone", value, SESSION_SECONDS_MAX)
        return session

    def read(self, request: Request) -> Session | None:
        """Return who asks, or None if that is not known."""
        try:
            said = self._sessions.loads(self._cookie(request, "phone"), SESSION_SECONDS_MAX)
        except BadData:
            return None
        session = Session(str(said[0]), int(said[1]))
        return None if session.id in self._ended else session

    def end(self, response: Response, session: Session | None) -> None:
        """Sign out: the cookie goes, and a copy of it is no longer taken."""
        self._set(response, "phone", "", 0)
        if session is not None:
            self._ended[session.id] = None
            while len(self._ended) > ENDED_MAX:
                self._ended.popitem(last=False)

    def send_off(self, response: Response, signing_in: SigningIn) -> None:
        """Remember whom we send to the wallet, and for what."""
        value = self._signing_in.dumps([signing_in.state, signing_in.goal])
        assert isinstance(value, str)
        self._set(response, "phone-state", value, SIGN_IN_SECONDS_MAX)

    def sent_off(self, request: Request) -> SigningIn | None:
        """Return what was remembered of whoever comes back from the wallet."""
        try:
            said = self._signing_in.loads(self._cookie(request, "phone-state"), SIGN_IN_SECONDS_MAX)
        except BadData:
            return None
        return SigningIn(str(said[0]), str(said[1]))

    def came_back(self, response: Response) -> None:
        """Forget whom we sent: what came back with them is taken once."""
        self._set(response, "phone-state", "", 0)

    def speak(self, response: Response, language: str) -> None:
        """Remember a language."""
        self._set(response, "phone-lang", language, LANGUAGE_SECONDS)

    def spoken(self, request: Request) -> str:
        """Return the language that was remembered, or nothing."""
        return self._cookie(request, "phone-lang")


def new_state() -> str:
    """Return a text that nobody can guess."""
    return secrets.token_urlsafe(24)


def same(one: str, other: str) -> bool:
    """Compare secrets without telling how far they agree."""
    return secrets.compare_digest(one.encode(), other.encode())
