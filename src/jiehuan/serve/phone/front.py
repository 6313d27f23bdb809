"""What do the pages say to the wallet's app, and what does it answer about who somebody is?

The wallet's app is where somebody signs in, pays at the cashier and confirms that money may
come.  From a page it is called by its bridge, a script; where there is none the pages go to the
same places by plain forms, which only a sandbox has.
"""

import dataclasses
import functools
import json
import ssl
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx

from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings

SCOPE: Final = "snsapi_base"
TIMEOUT_SECONDS: Final = 8.0
CODE_CHARS_MAX: Final = 512
OPENID_CHARS_MAX: Final = 128


class NotSignedIn(Exception):
    """The wallet did not say who it is; ``str`` says why, for the log."""


def _origins(addresses: Iterable[str]) -> list[str]:
    """Return the origins of addresses, each once; an empty address has none."""
    made = {f"{part.scheme}://{part.netloc}" for part in map(urlsplit, addresses) if part.netloc}
    return sorted(made)


@functools.cache
def _authorities() -> ssl.SSLContext:
    """Return whom we trust, read once: to read it costs more than the whole of a sign-in."""
    return httpx.create_ssl_context()


@dataclasses.dataclass(frozen=True, slots=True)
class Front:
    """The wallet's app, as pages reach it.

    Attributes:
        channel: Our account there; it signs what a page hands to the bridge.
        public_url: Where phones reach us, without a slash at the end.
    """

    channel: WeChat
    public_url: str

    @property
    def settings(self) -> Settings:
        """Of our account."""
        return self.channel.settings

    def origins(self) -> tuple[list[str], list[str]]:
        """Return from where a script may come, and to where a form may lead, also by way of us."""
        told = self.settings
        forms = (told.authorize_url, told.cashier_url, told.confirm_url)
        return _origins((told.shim_url,)), _origins(forms)

    def authorize_address(self, state: str) -> str:
        """Return where somebody says who they are; they come back with ``state``."""
        asked = {
            "appid": self.settings.appid,
            "redirect_uri": f"{self.public_url}/phone/signed-in",
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
        }
        return f"{self.settings.authorize_url}?{urlencode(asked)}#wechat_redirect"

    async def openid_of(self, code: str) -> str:
        """Exchange the code that somebody came back with for who they are.

        Raises:
            NotSignedIn: The code is wrong, old or used, or the wallet does not answer.
        """
        if not 0 < len(code) <= CODE_CHARS_MAX:
            raise NotSignedIn("no code")
        asked = {
            "appid": self.settings.appid,
            "secret": self.settings.appsecret,
            "code": code,
            "grant_type": "authorization_code",
        }
        try:
            async with httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, trust_env=self.settings.is_live, verify=_authorities()
            ) as client:
                answer = await client.get(self.settings.token_url, params=asked)
            said = json.loads(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise NotSignedIn(f"no answer: {type(error).__name__}") from error
        openid = said.get("openid") if isinstance(said, dict) else None
        if not isinstance(openid, str) or not 0 < len(openid) <= OPENID_CHARS_MAX:
            code_said = said.get("errcode") if isinstance(said, dict) else "?"
            raise NotSignedIn(f"refused: {code_said}")
        return openid

    def confirm_form(self, package_info: str, back: str) -> tuple[str, Mapping[str, str]] | None:
        """Return address and fields of the plain form that leads to confirming a transfer."""
        if not self.settings.confirm_url:
            return None
        return self.settings.confirm_url, {"package_info": package_info, "back": back}

    def cashier_form(self, prepay_id: str, back: str) -> tuple[str, Mapping[str, str]] | None:
        """Return address and fields of the plain form that leads to the cashier."""
        if not self.settings.cashier_url:
            return None
        return self.settings.cashier_url, {"prepay_id": prepay_id, "back": back}
