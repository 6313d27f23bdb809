"""A book and the wallet beside it: what the phone pages ask, and what the courier is told.

Whoever wants money moved asks here; the order is a command in the book, and its instruction
waits in the outbox until the courier has carried it out.  Nothing here talks to the partner.
"""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from jiehuan.channels import numbers
from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings, refuse_live
from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.errors import InvariantBroken
from jiehuan.engine.book import CLIENT_PHONE
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Booked, Order, Service
from jiehuan.serve.vault import Vault
from jiehuan.store import lookup, outbox, vault
from jiehuan.store.database import Connection
from jiehuan.store.outbox import WANTED_ENDED, Change, OutboxRow
from jiehuan.store.sql import Statement
from jiehuan.store.tables import OutboxState
from jiehuan.store.vault import Field

__all__ = ["CLIENT_PHONE", "Wallet", "WalletOrder", "WalletSettings", "order_of"]

ORDERS_MAX: Final = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """What a service needs to know to stand beside a wallet.

    Attributes:
        settings: Of the channel: who we are there, and its keys.
        courier_token: What the courier shows to reach its API; "": there is no such API.
        vault_key: 32 bytes under which personal data are kept.
        public_url: Where phones reach us, without a slash at the end.
        session_key: What signs the cookies of phone pages.
    """

    settings: Settings
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
    partner: Mapping[str, Any]
    reason: str
    attempts: int
    asked_on: int
    asked_at: dt.datetime
    sent_at: dt.datetime | None

    @property
    def is_open(self) -> bool:
        """Whether money may still move because of it."""
        return self.state < OutboxState.SUCCEEDED


def order_of(book: int, row: OutboxRow) -> WalletOrder:
    """Return an instruction as the wallet's order."""
    return WalletOrder(
        id=row.id,
        number=numbers.write(book, row.id),
        kind=InstructionKind(row.kind),
        state=OutboxState(row.state),
        ending=row.wanted == WANTED_ENDED,
        line=row.line,
        amount_minor=row.amount_minor,
        towards=row.ref,
        count=row.count,
        partner=row.partner,
        reason=row.reason,
        attempts=row.attempts,
        asked_on=row.booked_on,
        asked_at=row.booked_at,
        sent_at=row.sent_at,
    )


class Wallet:
    """The wallet's side of one book.

    Attributes:
        service: The book.
        settings: See there.
        channel: The partner's words to ours; only what needs no call is used of it here.
        vault: Locks and opens personal data.
        refused: How many messages were refused since we began because they do not prove to be
            the partner's, by reason.
    """

    def __init__(self, service: Service, settings: WalletSettings) -> None:
        """Stand beside a book.

        Raises:
            UsageError: The channel moves real money and the book's clock is virtual, the book's
                number is too large for a partner, or the vault's key is wrong.
        """
        refuse_live(settings.settings, virtual=service.virtual)
        numbers.write(service.book, 1)
        self.service = service
        self.settings = settings
        self.channel = WeChat(settings.settings)
        self.vault = Vault(settings.vault_key, service.book)
        self.refused: Counter[str] = Counter()
        with service.snapshot() as conn:
            locked = vault.any_row(conn, service.book)
        if locked is not None:
            self.vault.open(*locked)

    # --- People ---------------------------------------------------------------------------------

    def party_of(self, openid: str) -> int:
        """Return the number of whoever the wallet knows as ``openid``; always the same one."""
        return self.vault.party_of(openid)

    async def remember(self, party: int, fields: Mapping[Field, str]) -> None:
        """Keep personal data of a party, encrypted; what was known of a field is replaced.

        The party is made if it is not there.  To be called with ``Field.OPENID`` before the
        first order of a line of the party: the courier pays to that one.

        Raises:
            InvariantBroken: The party has another openid: two people came by one number.
            JiehuanError: It could not be written.
        """
        book = self.service.book
        rows = [self.vault.seal(party, field, text) for field, text in fields.items()]
        openid = next((row.blind_index for row in rows if row.field is Field.OPENID), None)

        def work(conn: Connection) -> tuple[bool, list[Statement]]:
            known = vault.blind_index(conn, book, party, Field.OPENID)
            if openid and known and known != openid:
                return False, []
            return True, vault.keep(book, party, rows)

        if not await self.service.writing(work):
            raise InvariantBroken(f"party {party} has another openid")

    async def recall(self, party: int) -> dict[Field, str]:
        """Return what is known of a party."""
        book = self.service.book
        known = await self.service.reading(lambda conn: vault.of_party(conn, book, party))
        return {field: self.vault.open(party, field, sealed) for field, sealed in known.items()}

    async def lines_of(self, party: int) -> list[int]:
        """Return the numbers of a party's lines, the oldest first, closed ones too."""
        book = self.service.book
        return await self.service.reading(lambda conn: lookup.lines_of_party(conn, book, party))

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
        return await self._ask(Kind.DRAW, line, amount_minor, key, count=count)

    async def ask_collect(self, line: int, amount_minor: int, towards: int, key: str) -> Booked:
        """Repay from the wallet: an order that the borrower pays at the cashier.

        Args:
            line: Of which line.
            amount_minor: How much.
            towards: ``REF_USUAL``, ``REF_ALL`` or the number of a loan, as a repayment's.
            key: See ``ask_draw``, as the rest.
        """
        return await self._ask(Kind.COLLECT, line, amount_minor, key, ref=towards)

    async def ask_pay_back(self, line: int, amount_minor: int, source: int, key: str) -> Booked:
        """Give overpaid money back to where it came from.

        Args:
            line: Of which line.
            amount_minor: How much.
            source: The id of the collection whose payment is given back.
            key: See ``ask_draw``, as the rest.

        Raises:
            Problem: ``source`` is no paid collection of the line.
        """
        paid = await self.order(source)
        if paid is None or paid.line != line or paid.kind is not InstructionKind.COLLECT:
            raise Problem("instruction_not_found")
        if paid.state is not OutboxState.SUCCEEDED:
            raise Problem("instruction_not_paid")
        return await self._ask(Kind.PAY_BACK, line, amount_minor, key, ref=source)

    async def _ask(  # one argument a column
        self, kind: Kind, line: int, amount_minor: int, key: str, *, ref: int = 0, count: int = 0
    ) -> Booked:
        order = Order(
            kind=kind,
            key=key,
            content=[line, amount_minor, ref, count],
            line=line,
            amount_minor=amount_minor,
            ref=ref,
            count=count,
            client=CLIENT_PHONE,
        )
        return await self.service.book_order(order)

    async def end_order(self, order: int) -> None:
        """Have the courier end an order that is not paid or confirmed yet; it may be too late.

        It is still to be done until its state says otherwise.

        Raises:
            Problem: There is no such order, or it is finished.
        """
        book = self.service.book

        def work(conn: Connection) -> tuple[str, list[Statement]]:
            row = outbox.find(conn, book, order)
            if row is None:
                return "instruction_not_found", []
            if not row.is_open:
                return "instruction_finished", []
            ended = Change(id=order, wanted=WANTED_ENDED, due_in_seconds=0)
            return "", [outbox.change(book, ended)]

        code = await self.service.writing(work)
        if code:
            raise Problem(code)
        self.wake()

    async def order(self, order: int) -> WalletOrder | None:
        """Return an order, finished or not; None if there is none of that number."""
        book = self.service.book
        row = await self.service.reading(lambda conn: outbox.find(conn, book, order))
        return None if row is None else order_of(book, row)

    async def open_orders(self, line: int) -> list[WalletOrder]:
        """Return the orders of a line that are not finished, the oldest first."""
        found = await self._orders(line, ORDERS_MAX, unfinished=True)
        return found[::-1]

    async def orders(self, line: int, most: int = ORDERS_MAX) -> list[WalletOrder]:
        """Return the newest orders of a line, finished or not, the newest first."""
        return await self._orders(line, most, unfinished=False)

    async def _orders(self, line: int, most: int, *, unfinished: bool) -> list[WalletOrder]:
        book = self.service.book
        rows = await self.service.reading(
            lambda conn: outbox.of_line(conn, book, line, most, unfinished=unfinished)
        )
        return [order_of(book, row) for row in rows]

    def wake(self) -> None:
        """Tell whoever waits for something to do that there may be something."""
        self.service.bell.ring()
