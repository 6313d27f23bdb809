"""WeChat Pay: our instructions to its requests, its answers and notices to ours.

Signing, verifying and decrypting is ``wechatpayv3``'s; here is what we ask and what the answers
mean.  No call raises because of the partner or the network: what went wrong is an answer.
Calls block, and may be made from several threads.
"""

import base64
import contextlib
import copy
import dataclasses
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]
from wechatpayv3.core import Core  # type: ignore[import-untyped]

from jiehuan.channels import wechat_words as words
from jiehuan.channels.answers import Accepted, Answer, Ended, Settled, Unknown
from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import ChannelError, ChannelMistrusted

CONNECT_S: Final = 3
READ_S: Final = 8
SKEW_S_MAX: Final = 300
REFRESH_S: Final = 60
PROBE = "WECHATPAY/SIGNTEST/"
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"


class Forged(ChannelMistrusted):
    """A notice that does not prove that the partner sent it.

    Attributes:
        why: ``header_missing``, ``probe``, ``signature_type``, ``timestamp``, ``serial`` or
            ``signature``.
    """

    def __init__(self, why: str) -> None:
        """Say what is wrong."""
        super().__init__(f"the notice is not the partner's: {why}")
        self.why = why


class Malformed(ChannelError):
    """A notice that the partner signed, and that cannot be read.

    Attributes:
        why: ``json``, ``resource`` (not decrypted: is the APIv3 key right?) or the field.
    """

    def __init__(self, why: str) -> None:
        """Say what is wrong."""
        super().__init__(f"the notice cannot be read: {why}")
        self.why = why


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A notice of the partner.

    Attributes:
        id: The partner's own; the same notice sent again has the same.
        type: E.g. ``TRANSACTION.SUCCESS``.
        number: Our number of what it is about; "" if it tells none.
        mchid: Whose it is, "" if not told.
        appid: Of which app, "" if not told (refunds and transfers tell none).
        final: How it ended; None if it has not, or the notice is about something else.
        resource: What was decrypted.
    """

    id: str
    type: str
    number: str
    mchid: str
    appid: str
    final: Settled | Ended | None
    resource: Mapping[str, Any]


class WeChat:
    """An account at WeChat Pay.

    Attributes:
        settings: Of the account.
    """

    def __init__(
        self, settings: Settings, notify_url: str = "", now: Callable[[], float] = time.time
    ) -> None:
        """Make ready; nothing is sent.

        Args:
            settings: Of the account.
            notify_url: Where notices shall come; only who sends orders needs it.
            now: Real time, in seconds since 1970.
        """
        self.settings = settings
        self._now = now
        self._client = _client(settings, notify_url)
        self._core = self._client._core  # noqa: SLF001

    # --- Paying out: a transfer to the wallet's balance -----------------------------------------

    def pay_out(
        self, number: str, openid: str, amount_minor: int, remark: str, name: str = ""
    ) -> Answer:
        """Send a transfer; the same number again is the same transfer.

        Args:
            number: Ours.
            openid: To whom.
            amount_minor: In fen.
            remark: What the borrower reads, 32 characters.
            name: The borrower's, which is demanded from 2,000.00.
        """
        raise NotImplementedError

    def pay_out_state(self, number: str) -> Answer:
        """Ask how a transfer stands."""
        raise NotImplementedError

    def cancel_pay_out(self, number: str) -> Answer:
        """Ask for the end of a transfer that is not confirmed; the query tells whether it came."""
        raise NotImplementedError

    # --- Collecting: an order that the borrower pays --------------------------------------------

    def collect(
        self, number: str, openid: str, amount_minor: int, currency: str, description: str
    ) -> Answer:
        """Make an order to pay; the same number again is the same order."""
        raise NotImplementedError

    def collect_state(self, number: str) -> Answer:
        """Ask how an order stands."""
        raise NotImplementedError

    def close_collect(self, number: str) -> Answer:
        """Ask for the end of an order that is not paid; the query tells whether it came."""
        raise NotImplementedError

    # --- Paying back: a refund of what was collected --------------------------------------------

    def pay_back(
        self, number: str, source_number: str, amount_minor: int, total_minor: int, currency: str
    ) -> Answer:
        """Send a refund of a paid order; the same number again is the same refund."""
        raise NotImplementedError

    def pay_back_state(self, number: str) -> Answer:
        """Ask how a refund stands."""
        raise NotImplementedError

    # --- What the page needs --------------------------------------------------------------------

    def pay_sign(self, prepay_id: str) -> dict[str, str]:
        """Return what the page gives to ``getBrandWCPayRequest``, signed."""
        raise NotImplementedError

    def transfer_package(self, package_info: str) -> dict[str, str]:
        """Return what the page gives to ``requestMerchantTransfer``."""
        raise NotImplementedError

    # --- Notices --------------------------------------------------------------------------------

    def notification(self, headers: Mapping[str, str], body: bytes) -> Event:
        """Verify, decrypt and read a notice.  Sends nothing, keeps nothing.

        Args:
            headers: As they came, in any case.
            body: The bytes as they came.

        Raises:
            Forged: It does not prove that the partner sent it: answer 401.
            Malformed: It is the partner's and cannot be read: answer 400.
        """
        raise NotImplementedError
