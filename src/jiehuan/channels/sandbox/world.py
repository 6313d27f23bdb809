"""What the partner knows: people, orders, refunds, transfers, notices, faults; and its rules.

One object, no network.  The wire (signatures, HTTP) and the pages are around it, not in it.  Every
call first lets the deadlines pass that business time has reached, then does what it is asked and
writes what changed to the journal as one line.  Bodies and answers are what the wire carries,
already decrypted; a refusal is a ``WireError``.
"""

from collections.abc import Mapping
from typing import Any

from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.faults import Faults
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.notices import Notice
from jiehuan.channels.sandbox.people import People
from jiehuan.channels.sandbox.records import Order, Refund, Transfer
from jiehuan.channels.sandbox.settings import Settings

Wire = dict[str, Any]


class World:
    """Everything the sandbox knows.

    Attributes:
        people: Who there is.
        clock: Real and business time; set it with ``set_clock`` and ``advance``.
        settings: Delays, speed of the ladder, seed.
        faults: What shall go wrong.
    """

    people: People
    clock: Clock
    settings: Settings
    faults: Faults

    def __init__(self, journal: Journal, people: People, clock: Clock, settings: Settings) -> None:
        """Take up the world where the journal left it."""
        raise NotImplementedError

    # -- orders ---------------------------------------------------------------------------------

    def prepay(self, body: Mapping[str, Any], trade_type: str) -> Wire:
        """Make an order: JSAPI and APP answer prepay_id, NATIVE code_url, MWEB h5_url."""
        raise NotImplementedError

    def order_by_number(self, mchid: str, out_trade_no: str) -> Wire:
        """Tell an order by the merchant's number."""
        raise NotImplementedError

    def order_by_transaction(self, mchid: str, transaction_id: str) -> Wire:
        """Tell a paid order by our number."""
        raise NotImplementedError

    def close(self, out_trade_no: str, body: Mapping[str, Any]) -> None:
        """Close an order that is not paid; the wire answers 204."""
        raise NotImplementedError

    def pay(self, prepay_id: str, openid: str, source: str) -> Wire:
        """Let somebody pay from ``balance`` or a card; the order, SUCCESS if it was paid."""
        raise NotImplementedError

    def order_of(self, prepay_id: str) -> Order:
        """Return the order behind a prepay_id, for the cashier page; 404 if there is none."""
        raise NotImplementedError

    # -- refunds --------------------------------------------------------------------------------

    def refund(self, body: Mapping[str, Any]) -> Wire:
        """Give money of a payment back to where it came from."""
        raise NotImplementedError

    def refund_by_number(self, out_refund_no: str) -> Wire:
        """Tell a refund by the merchant's number."""
        raise NotImplementedError

    # -- transfers ------------------------------------------------------------------------------

    def transfer(self, body: Mapping[str, Any]) -> Wire:
        """Make a transfer to a wallet; ``user_name`` in plain text (the wire decrypts it)."""
        raise NotImplementedError

    def transfer_by_number(self, out_bill_no: str) -> Wire:
        """Tell a transfer by the merchant's number."""
        raise NotImplementedError

    def transfer_by_bill(self, transfer_bill_no: str) -> Wire:
        """Tell a transfer by our number."""
        raise NotImplementedError

    def cancel(self, out_bill_no: str) -> Wire:
        """Take a transfer back that is not confirmed yet."""
        raise NotImplementedError

    def confirm(self, out_bill_no: str, openid: str) -> Wire:
        """Let somebody receive a transfer; the transfer as it is then."""
        raise NotImplementedError

    def transfer_of(self, package_info: str) -> Transfer:
        """Return the transfer behind a package_info, for the page; 404 if there is none."""
        raise NotImplementedError

    # -- what people do -------------------------------------------------------------------------

    def refuse(self, number: str, openid: str) -> Wire:
        """Let somebody leave the cashier (a prepay_id) or refuse a transfer (an out_bill_no)."""
        raise NotImplementedError

    def act(self, body: Mapping[str, Any]) -> Wire:
        """Do what a person does on a page: ``do`` pay, refuse or confirm (the control's JSON)."""
        raise NotImplementedError

    def top_up(self, account: str, amount_minor: int) -> None:
        """Put money from outside into an account, a key of ``balances()``."""
        raise NotImplementedError

    def set_card(self, openid: str, card: str, *, closed: bool) -> None:
        """Close somebody's card, so that refunds to it are ABNORMAL; or open it again."""
        raise NotImplementedError

    # -- time, faults, notices ------------------------------------------------------------------

    def tick(self) -> None:
        """Let the deadlines pass that business time has reached."""
        raise NotImplementedError

    def set_clock(self, now: int) -> None:
        """Set business time, in seconds since 1970."""
        raise NotImplementedError

    def advance(self, seconds: int) -> None:
        """Put business time forward."""
        raise NotImplementedError

    def set_speed(self, speed: float) -> None:
        """Divide the waits of the notification ladder by this."""
        raise NotImplementedError

    def due(self, now_real: float) -> list[Notice]:
        """Take the notices to be sent now; each is out until it is ``answered``."""
        raise NotImplementedError

    def answered(self, notice_id: str, status: int | None) -> None:
        """Note what the merchant answered; None if nothing came in time."""
        raise NotImplementedError

    # -- looking --------------------------------------------------------------------------------

    def balances(self) -> dict[str, int]:
        """Return each account's fen: ``merchant``, ``{openid}/balance``, ``{openid}/{card}``..."""
        raise NotImplementedError

    def orders(self) -> list[Order]:
        """Return all orders, oldest first."""
        raise NotImplementedError

    def refunds(self) -> list[Refund]:
        """Return all refunds, oldest first."""
        raise NotImplementedError

    def transfers(self) -> list[Transfer]:
        """Return all transfers, oldest first."""
        raise NotImplementedError

    def notices(self) -> list[Notice]:
        """Return all notices, oldest first."""
        raise NotImplementedError

    def state(self) -> Wire:
        """Return everything as plain JSON, for GET /state."""
        raise NotImplementedError
