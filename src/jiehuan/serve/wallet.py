"""A book and the wallet beside it: what the phone pages ask, and what the courier is told.

Whoever wants money moved asks here; the order is a command in the book, and its instruction
waits in the outbox until the courier has carried it out.  Nothing here talks to the partner.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from jiehuan.core.commands import InstructionKind
from jiehuan.serve.service import Booked, Service
from jiehuan.store.tables import OutboxState
from jiehuan.store.vault import Field

if TYPE_CHECKING:
    from jiehuan.channels.wechat_settings import Settings

CLIENT_WECHAT: Final = 3  # engine.book.CLIENTS
CLIENT_PHONE: Final = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """What a service needs to know to stand beside a wallet.

    Attributes:
        settings: Of the channel: who we are there, and its keys.
        courier_token: What the courier shows to reach its API; "" and there is no such API.
        vault_key: 32 bytes under which personal data are kept.
        public_url: Where phones reach us, without a slash at the end.
        session_key: What signs the cookies of phone pages.
    """

    settings: "Settings"
    courier_token: str
    vault_key: bytes
    public_url: str
    session_key: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WalletOrder:
    """An instruction to the wallet, as it stands.

    Attributes:
        id: Its number, that of the command that made it.
        number: Our number for it at the partner.
        kind: To pay out, to collect, or to pay back.
        state: What became of it.
        ending: Whether it is to be ended, if it still can be.
        line: Of which line.
        amount_minor: How much.
        towards: Of a collection: ``REF_USUAL``, ``REF_ALL`` or a loan's number; of a payment
            back: the id of the collection whose payment is given back.
        count: Of a draw: how many instalments, 0 is by the day.
        partner: What the partner said that is needed again: ``prepay_id``, ``package_info``,
            ``transaction_id``, ``create_time`` ..
        reason: Why it failed, or why its state is unknown; a code, "" if there is none.
        attempts: How often it was sent.
        asked_on: The book's day on which it was asked for, an ordinal.
        asked_at: When that was, in real time.
        sent_at: When it was sent last, in real time; None if it never was.
    """

    id: int
    number: str
    kind: InstructionKind
    state: OutboxState
    ending: bool
    line: int
    amount_minor: int
    towards: int
    count: int
    partner: Mapping[str, object]
    reason: str
    attempts: int
    asked_on: int
    asked_at: dt.datetime
    sent_at: dt.datetime | None

    @property
    def is_open(self) -> bool:
        """Whether money may still move because of it."""
        return self.state < OutboxState.SUCCEEDED


class Wallet:
    """The wallet's side of one book.

    Attributes:
        service: The book.
        settings: See there.
    """

    def __init__(self, service: Service, settings: WalletSettings) -> None:
        """Stand beside a book."""
        self.service = service
        self.settings = settings

    # --- People ---------------------------------------------------------------------------------

    def party_of(self, openid: str) -> int:
        """Return the number of whoever the wallet knows as ``openid``; always the same one."""
        raise NotImplementedError

    async def remember(self, party: int, fields: Mapping[Field, str]) -> None:
        """Keep personal data of a party, encrypted; what was known of a field is replaced.

        The party is made if it is not there.  To be called with ``Field.OPENID`` before the
        first order of a line of the party: the courier pays to that one.

        Raises:
            JiehuanError: It could not be written.
        """
        raise NotImplementedError

    async def recall(self, party: int) -> dict[Field, str]:
        """Return what is known of a party."""
        raise NotImplementedError

    async def lines_of(self, party: int) -> list[int]:
        """Return the numbers of a party's lines, the oldest first, closed ones too."""
        raise NotImplementedError

    # --- Orders ---------------------------------------------------------------------------------

    async def ask_draw(self, line: int, amount_minor: int, count: int, key: str) -> Booked:
        """Borrow to the wallet: the amount is held until it was paid out or was not.

        Args:
            line: Of which line.
            amount_minor: How much.
            count: Instalments, or 0 to owe interest by the day.
            key: Yours for this order; the same key is answered with the same row.

        Returns:
            The command, also if it was refused: look at ``outcome``.  Its ``seq`` is the id of
            the order.

        Raises:
            Problem: The key was used for something else.
            JiehuanError: It could not be booked.
        """
        raise NotImplementedError

    async def ask_collect(self, line: int, amount_minor: int, towards: int, key: str) -> Booked:
        """Repay from the wallet: an order that the borrower pays at the cashier.

        Args:
            line: Of which line.
            amount_minor: How much.
            towards: ``REF_USUAL``, ``REF_ALL`` or the number of a loan, as a repayment's.
            key: See ``ask_draw``, as the rest.
        """
        raise NotImplementedError

    async def ask_pay_back(self, line: int, amount_minor: int, source: int, key: str) -> Booked:
        """Give overpaid money back to where it came from.

        Args:
            line: Of which line.
            amount_minor: How much.
            source: The id of the collection whose payment is given back.
            key: See ``ask_draw``, as the rest.
        """
        raise NotImplementedError

    async def end_order(self, order: int) -> None:
        """Have the courier end an order that is not paid or confirmed yet; it may be too late.

        It is still to be done until its state says otherwise.

        Raises:
            Problem: There is no such order, or it is finished.
        """
        raise NotImplementedError

    async def order(self, order: int) -> WalletOrder | None:
        """Return an order, finished or not; None if there is none of that number."""
        raise NotImplementedError

    async def open_orders(self, line: int) -> list[WalletOrder]:
        """Return the orders of a line that are not finished, the oldest first."""
        raise NotImplementedError

    async def orders(self, line: int, most: int = 50) -> list[WalletOrder]:
        """Return the newest orders of a line, finished or not, the newest first."""
        raise NotImplementedError

    # --- The courier's ear ----------------------------------------------------------------------

    def wake(self) -> None:
        """Tell whoever waits for something to do that there may be something."""
        raise NotImplementedError

    async def woken(self, seconds: float) -> None:
        """Return when ``wake`` is called, or after some seconds."""
        await asyncio.sleep(seconds)
