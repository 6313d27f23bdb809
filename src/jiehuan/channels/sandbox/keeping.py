"""What there is, in memory, and what of it changed since the last line of the journal."""

import dataclasses
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from jiehuan.channels.sandbox.clock import CHINA
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.people import BALANCE, People
from jiehuan.channels.sandbox.records import Fault, Notice, Order, Refund, Row, Transfer

MERCHANT = "merchant"
LOCKED = "locked"  # on its way from the merchant to a wallet
REFUNDING = "refunding"  # on its way from the merchant back to a payer
OUTSIDE = "outside"  # the rest of the world, where all money came from
INNER = (LOCKED, REFUNDING, OUTSIDE)

Record = TypeVar("Record", bound=Row)


class Table(Generic[Record]):
    """Records of one kind by their key, oldest first.

    Attributes:
        rows: All of them.
        waiting: The keys of those with which something may still happen by itself.
        changed: The keys that the journal does not have as they are now; None: taken away.
    """

    def __init__(self, kind: type[Record], key: str, waits: Callable[[Record], bool]) -> None:
        """Make an empty table; ``key`` names the field that is the key."""
        self._kind = kind
        self._key = key
        self._waits = waits
        self.rows: dict[str, Record] = {}
        self.waiting: dict[str, None] = {}
        self.changed: dict[str, None] = {}

    def put(self, record: Record) -> None:
        """Keep a record, new or changed."""
        key = getattr(record, self._key)
        self.rows[key] = record
        self.changed[key] = None
        if self._waits(record):
            self.waiting[key] = None
        else:
            self.waiting.pop(key, None)

    def drop(self, key: str) -> None:
        """Take a record away."""
        self.rows.pop(key, None)
        self.waiting.pop(key, None)
        self.changed[key] = None

    def due(self) -> list[Record]:
        """Return the records with which something may still happen, oldest first."""
        return [self.rows[key] for key in self.waiting]

    def take_changes(self) -> dict[str, dict[str, Any] | None]:
        """Return what changed, as JSON, and forget that it did."""
        changed, self.changed = self.changed, {}
        return {
            key: dataclasses.asdict(self.rows[key]) if key in self.rows else None for key in changed
        }

    def read(self, told: dict[str, dict[str, Any] | None]) -> None:
        """Take up what a line of the journal says."""
        for key, row in told.items():
            if row is None:
                self.drop(key)
            else:
                self.put(self._kind(**row))
        self.changed = {}


class Keep:
    """All that there is.

    Attributes:
        orders: By ``out_trade_no``.
        refunds: By ``out_refund_no``.
        transfers: By ``out_bill_no``.
        notices: By the event's id.
        faults: By their id.
        balances: Fen by account; they add up to 0, since ``outside`` owes what the others have.
        facts: Single values: the shift of the clock, how many numbers were given out, ...
    """

    def __init__(self, journal: Journal, people: People) -> None:
        """Take up what the journal has; new people and a new world get what they begin with."""
        self._journal = journal
        self.orders = Table(Order, "number", lambda each: each.state == "NOTPAY")
        self.refunds = Table(Refund, "number", lambda each: each.status == "PROCESSING")
        self.transfers = Table(
            Transfer, "number", lambda each: each.state not in ("SUCCESS", "FAIL", "CANCELLED")
        )
        self.notices = Table(Notice, "id", lambda each: each.state == "waiting")
        self.faults = Table(Fault, "id", lambda _: True)
        self.tables: dict[str, Table[Any]] = {
            "orders": self.orders,
            "refunds": self.refunds,
            "transfers": self.transfers,
            "notices": self.notices,
            "faults": self.faults,
        }
        self.balances: dict[str, int] = {}
        self.facts: dict[str, Any] = {}
        self._written: dict[str, dict[str, Any]] = {"balances": {}, "facts": {}}
        for change in journal.changes():
            self._read(change)
        self._begin(people)

    def _read(self, change: dict[str, Any]) -> None:
        for name, table in self.tables.items():
            table.read(change.get(name, {}))
        self.balances |= change.get("balances", {})
        self.facts |= change.get("facts", {})
        self._written = {"balances": dict(self.balances), "facts": dict(self.facts)}

    def _begin(self, people: People) -> None:
        begin = {MERCHANT: people.merchant.balance_minor, **dict.fromkeys(INNER, 0)}
        for person in people.persons.values():
            begin[f"{person.openid}/{BALANCE}"] = person.balance_minor
            for card in person.cards.values():
                begin[f"{person.openid}/{card.id}"] = card.balance_minor
        new = {name: amount for name, amount in begin.items() if name not in self.balances}
        self.balances |= dict.fromkeys(new, 0)
        for name, amount in new.items():
            if amount:
                self.move(amount, OUTSIDE, name)
        self.facts.setdefault("salt", secrets.token_hex(8))
        self.commit()

    def move(self, amount_minor: int, source: str, target: str) -> None:
        """Take money from one account and put it into another."""
        assert amount_minor > 0
        assert source == OUTSIDE or self.balances[source] >= amount_minor
        self.balances[source] -= amount_minor
        self.balances[target] += amount_minor

    def number(self) -> tuple[int, str]:
        """Return the next number of this world, and 64 hexadecimal digits that go with it."""
        made = self.facts["made"] = self.facts.get("made", 0) + 1
        return made, hashlib.sha256(f"{self.facts['salt']}:{made}".encode()).hexdigest()

    def digits(self, begin: str, now: int, length: int) -> str:
        """Make a number as the partner's are: a beginning, the date, and digits."""
        made, drawn = self.number()
        date = dt.datetime.fromtimestamp(now, CHINA).strftime("%Y%m%d")
        rest = length - len(begin) - len(date) - 10
        return f"{begin}{str(int(drawn, 16))[:rest]}{date}{made:010d}"

    def commit(self) -> None:
        """Write what changed as one line; write nothing if nothing did."""
        change: dict[str, Any] = {
            name: table.take_changes() for name, table in self.tables.items() if table.changed
        }
        for name, values in (("balances", self.balances), ("facts", self.facts)):
            written = self._written[name]
            new = {key: value for key, value in values.items() if written.get(key) != value}
            if new:
                change[name] = new
                written |= new
        if change:
            self._journal.append(change)
