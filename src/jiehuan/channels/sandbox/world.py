"""What the partner knows: people, orders, refunds, transfers, notices, faults; and its rules.

One object, no network.  The wire (signatures, HTTP) and the pages are around it, not in it.  Every
call first lets the deadlines pass that business time has reached, then does what it is asked and
writes what changed to the journal as one line.  Bodies and answers are what the wire carries,
already decrypted; a refusal is a ``WireError``.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from jiehuan.channels.sandbox import orders, refunds, transfers
from jiehuan.channels.sandbox.checks import check, needed, one_of, optional, text
from jiehuan.channels.sandbox.clock import Clock, wire
from jiehuan.channels.sandbox.errors import wrong_field
from jiehuan.channels.sandbox.faults import Faults
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.keeping import INNER, MERCHANT, OUTSIDE, Keep
from jiehuan.channels.sandbox.notices import Notices
from jiehuan.channels.sandbox.people import BALANCE, People
from jiehuan.channels.sandbox.records import Notice, Order, Refund, Transfer
from jiehuan.channels.sandbox.room import Room
from jiehuan.channels.sandbox.settings import Settings

Wire = dict[str, Any]

ACT = (
    needed("/do", one_of("pay", "refuse", "confirm")),
    needed("/openid", text(128)),
    optional("/prepay_id", text(64)),
    optional("/out_bill_no", text(32)),
    optional("/source", text(64)),
)


class World:
    """Everything the sandbox knows.

    Attributes:
        people: Who there is.
        clock: Real and business time; set it with ``set_clock`` and ``advance``.
        settings: Delays, speed of the ladder, seed.
        faults: What shall go wrong.
    """

    def __init__(self, journal: Journal, people: People, clock: Clock, settings: Settings) -> None:
        """Take up the world where the journal left it."""
        self.people = people
        self.clock = clock
        self.settings = settings
        self._keep = Keep(journal, people)
        clock.shift_s = self._keep.facts.get("shift_s", clock.shift_s)
        self.faults = Faults(self._keep, settings.seed)
        self._notices = Notices(self._keep, self.faults, clock, settings.speed, settings.late_s)
        self._room = Room(
            keep=self._keep,
            people=people,
            clock=clock,
            settings=settings,
            faults=self.faults,
            notices=self._notices,
        )

    @contextlib.contextmanager
    def _change(self) -> Iterator[Room]:
        """Let deadlines pass, then what is asked; whatever changed is one line of the journal."""
        try:
            orders.tick(self._room)
            refunds.tick(self._room)
            transfers.tick(self._room)
            yield self._room
        finally:
            self._keep.commit()

    # -- orders ---------------------------------------------------------------------------------

    def prepay(self, body: Mapping[str, Any], trade_type: str) -> Wire:
        """Make an order: JSAPI and APP answer prepay_id, NATIVE code_url, MWEB h5_url."""
        with self._change() as room:
            return orders.prepay(room, body, trade_type)

    def order_by_number(self, mchid: str, out_trade_no: str) -> Wire:
        """Tell an order by the merchant's number."""
        with self._change() as room:
            return orders.told(room, orders.by_number(room, mchid, out_trade_no))

    def order_by_transaction(self, mchid: str, transaction_id: str) -> Wire:
        """Tell a paid order by our number."""
        with self._change() as room:
            order = orders.by_transaction(room, transaction_id)
            return orders.told(room, orders.by_number(room, mchid, order.number if order else ""))

    def close(self, out_trade_no: str, body: Mapping[str, Any]) -> None:
        """Close an order that is not paid; the wire answers 204."""
        with self._change() as room:
            orders.close(room, out_trade_no, body)

    def pay(self, prepay_id: str, openid: str, source: str) -> Wire:
        """Let somebody pay from ``balance`` or a card; the order, SUCCESS if it was paid."""
        with self._change() as room:
            return orders.told(room, orders.pay(room, prepay_id, openid, source))

    def order_of(self, prepay_id: str) -> Order:
        """Return the order behind a prepay_id, for the cashier page; 404 if there is none."""
        with self._change() as room:
            return orders.by_prepay(room, prepay_id)

    # -- refunds --------------------------------------------------------------------------------

    def refund(self, body: Mapping[str, Any]) -> Wire:
        """Give money of a payment back to where it came from."""
        with self._change() as room:
            return refunds.told(room, refunds.refund(room, body))

    def refund_by_number(self, out_refund_no: str) -> Wire:
        """Tell a refund by the merchant's number."""
        with self._change() as room:
            return refunds.told(room, refunds.by_number(room, out_refund_no))

    # -- transfers ------------------------------------------------------------------------------

    def transfer(self, body: Mapping[str, Any]) -> Wire:
        """Make a transfer to a wallet; ``user_name`` in plain text (the wire decrypts it)."""
        with self._change() as room:
            return transfers.accepted(transfers.transfer(room, body))

    def transfer_by_number(self, out_bill_no: str) -> Wire:
        """Tell a transfer by the merchant's number."""
        with self._change() as room:
            return transfers.told(room, transfers.by_number(room, out_bill_no))

    def transfer_by_bill(self, transfer_bill_no: str) -> Wire:
        """Tell a transfer by our number."""
        with self._change() as room:
            return transfers.told(room, transfers.by_bill(room, transfer_bill_no))

    def cancel(self, out_bill_no: str) -> Wire:
        """Take a transfer back that is not confirmed yet."""
        with self._change() as room:
            return transfers.canceling(transfers.cancel(room, out_bill_no))

    def confirm(self, out_bill_no: str, openid: str) -> Wire:
        """Let somebody receive a transfer; the transfer as it is then."""
        with self._change() as room:
            return transfers.told(room, transfers.confirm(room, out_bill_no, openid))

    def transfer_of(self, package_info: str) -> Transfer:
        """Return the transfer behind a package_info, for the page; 404 if there is none."""
        with self._change() as room:
            return transfers.by_package(room, package_info)

    # -- what people do -------------------------------------------------------------------------

    def refuse(self, number: str, openid: str) -> Wire:
        """Let somebody leave the cashier (a prepay_id) or refuse a transfer (an out_bill_no)."""
        with self._change() as room:
            if number in room.keep.transfers.rows:
                return transfers.told(room, transfers.refuse(room, number, openid))
            return orders.told(room, orders.leave(room, orders.by_prepay(room, number)))

    def act(self, body: Mapping[str, Any]) -> Wire:
        """Do what a person does on a page: ``do`` pay, refuse or confirm (the control's JSON)."""
        check(body, ACT)
        named = [name for name in ("prepay_id", "out_bill_no") if name in body]
        fits = {"pay": [["prepay_id"]], "confirm": [["out_bill_no"]]}
        if named not in fits.get(body["do"], [["prepay_id"], ["out_bill_no"]]):
            raise wrong_field("/do", body["do"], "needs a prepay_id to pay, out_bill_no to confirm")
        number, openid = body[named[0]], body["openid"]
        match body["do"]:
            case "pay":
                return self.pay(number, openid, body.get("source", BALANCE))
            case "confirm":
                return self.confirm(number, openid)
            case _:
                return self.refuse(number, openid)

    def top_up(self, account: str, amount_minor: int) -> None:
        """Put money from outside into an account, a key of ``balances()``."""
        with self._change() as room:
            if account not in room.keep.balances or account in INNER:
                raise wrong_field("/account", account, "is no account")
            if type(amount_minor) is not int or amount_minor <= 0:
                raise wrong_field("/amount_minor", amount_minor, "must be an integer above 0")
            room.keep.move(amount_minor, OUTSIDE, account)
        self.tick()

    def set_account(self, account: str, *, closed: bool) -> None:
        """Close somebody's card or wallet, so that nothing goes in or out; or open it again."""
        with self._change() as room:
            if account not in room.keep.balances or account in (*INNER, MERCHANT):
                raise wrong_field("/account", account, "is no account of a person")
            others = set(room.keep.facts.get("closed", [])) - {account}
            room.keep.facts["closed"] = sorted(others | ({account} if closed else set()))

    # -- time, faults, notices ------------------------------------------------------------------

    def tick(self) -> None:
        """Let the deadlines pass that business time has reached."""
        with self._change():
            pass

    def set_clock(self, now: int) -> None:
        """Set business time, in seconds since 1970."""
        self.advance(now - self.clock.now())

    def advance(self, seconds: int) -> None:
        """Put business time forward (or back, which undoes nothing)."""
        with self._change() as room:
            self.clock.shift_s += seconds
            room.keep.facts["shift_s"] = self.clock.shift_s
        self.tick()

    @property
    def speed(self) -> float:
        """What the waits of the notification ladder are divided by."""
        return self._notices.speed

    def set_speed(self, speed: float) -> None:
        """Divide the waits of the notification ladder by this; what waits now is not changed."""
        if not speed > 0:
            raise wrong_field("/speed", speed, "must be more than 0")
        self._notices.speed = speed

    def due(self, now_real: float) -> list[Notice]:
        """Take the notices to be sent now; each is out until it is ``answered``."""
        with self._change():
            return self._notices.due(now_real)

    def answered(self, notice_id: str, status: int | None) -> None:
        """Note what the merchant answered; None if nothing came in time."""
        with self._change():
            self._notices.answered(notice_id, status)

    # -- looking --------------------------------------------------------------------------------

    def balances(self) -> dict[str, int]:
        """Return each account's fen: ``merchant``, ``{openid}/balance``, ``{openid}/{card}``...

        ``locked`` and ``refunding`` are on their way; ``outside`` is where all of it came from, so
        that all accounts add up to 0.
        """
        return dict(self._keep.balances)

    def orders(self) -> list[Order]:
        """Return all orders, oldest first."""
        return list(self._keep.orders.rows.values())

    def refunds(self) -> list[Refund]:
        """Return all refunds, oldest first."""
        return list(self._keep.refunds.rows.values())

    def transfers(self) -> list[Transfer]:
        """Return all transfers, oldest first."""
        return list(self._keep.transfers.rows.values())

    def notices(self) -> list[Notice]:
        """Return all notices, oldest first."""
        return list(self._keep.notices.rows.values())

    def state(self) -> Wire:
        """Return everything as plain JSON, for GET /state."""
        tables = {
            name: [dataclasses.asdict(row) for row in table.rows.values()]
            for name, table in self._keep.tables.items()
        }
        return {
            "now": wire(self.clock.now()),
            "balances": self.balances(),
            "closed": list(self._keep.facts.get("closed", [])),
            **tables,
        }
