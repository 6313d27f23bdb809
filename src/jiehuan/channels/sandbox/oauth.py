"""Who signed in: the code that the sign-in page hands out, and what it is exchanged for.

The answers are those of the platform for official accounts, which has errors of its own kind:
HTTP 200 with ``errcode`` and ``errmsg``.
"""

import secrets
from typing import Any, Final

CODE_S: Final = 300
TOKEN_S: Final = 7_200
CODES_MAX: Final = 10_000
SCOPES: Final = ("snsapi_base", "snsapi_userinfo")


class Codes:
    """Codes that were handed out and not taken; each is good once, for five minutes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: dict[str, tuple[str, str, float]] = {}

    def make(self, openid: str, scope: str, real_s: float) -> str:
        """Return a code for somebody who signed in."""
        self._open = {code: one for code, one in self._open.items() if one[2] > real_s}
        while len(self._open) >= CODES_MAX:
            del self._open[next(iter(self._open))]
        code = secrets.token_hex(16)
        self._open[code] = (openid, scope, real_s + CODE_S)
        return code

    def take(self, code: str, real_s: float) -> tuple[str, str] | None:
        """Return openid and scope of a code, once; None if there is no such code."""
        openid, scope, until = self._open.pop(code, ("", "", 0.0))
        return (openid, scope) if until > real_s else None


def access_token(
    asked: dict[str, str], codes: Codes, appid: str, appsecret: str, real_s: float
) -> dict[str, Any]:
    """Answer ``GET /sns/oauth2/access_token``.

    Args:
        asked: The query: ``appid``, ``secret``, ``code``, ``grant_type``.
        codes: What the sign-in page handed out.
        appid: The one app there is.
        appsecret: Its secret.
        real_s: Real time.
    """
    wrong = _wrong(asked, appid, appsecret)
    if wrong:
        return {"errcode": wrong[0], "errmsg": wrong[1]}
    found = codes.take(asked["code"], real_s)
    if found is None:
        return {"errcode": 40029, "errmsg": "invalid code"}
    openid, scope = found
    return {
        "access_token": secrets.token_urlsafe(48),
        "expires_in": TOKEN_S,
        "refresh_token": secrets.token_urlsafe(48),
        "openid": openid,
        "scope": scope,
    }


def _wrong(asked: dict[str, str], appid: str, appsecret: str) -> tuple[int, str] | None:
    """Return the first thing that is wrong with a request for a token."""
    checks = (
        (not asked.get("appid"), 41002, "appid missing"),
        (asked.get("appid") != appid, 40013, "invalid appid"),
        (not asked.get("secret"), 41004, "appsecret missing"),
        (
            not secrets.compare_digest(asked.get("secret", "").encode(), appsecret.encode()),
            40125,
            "invalid appsecret",
        ),
        (asked.get("grant_type") != "authorization_code", 40002, "invalid grant_type"),
        (not asked.get("code"), 41008, "missing code"),
    )
    return next(((code, message) for failed, code, message in checks if failed), None)
