"""What the merchant is told, when, and how often."""

import copy
import dataclasses
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.faults import Faults
from jiehuan.channels.sandbox.keeping import Keep
from jiehuan.channels.sandbox.records import Notice

__all__ = ["ACCEPTED", "EVENTS", "LADDER_S", "Event", "Notice", "Notices"]

# Seconds from one try to the next: 24 hours and 4 minutes in all.
LADDER_S = (15, 15, 30, 180, 600, 1200, *(1800,) * 3, 3600, *(10_800,) * 3, *(21_600,) * 2)
assert sum(LADDER_S) == 24 * 3600 + 240

ACCEPTED = (200, 204)

# event_type -> (original_type, summary)
EVENTS: Mapping[str, tuple[str, str]] = {
    "TRANSACTION.SUCCESS": ("transaction", "支付成功"),
    "REFUND.SUCCESS": ("refund", "退款成功"),
    "REFUND.ABNORMAL": ("refund", "退款异常"),
    "REFUND.CLOSED": ("refund", "退款关闭"),
    "MCHTRANSFER.BILL.FINISHED": ("mch_payment", "商家转账单据终态通知"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that the merchant shall learn.

    Attributes:
        event_type: One of ``EVENTS``.
        number: The merchant's number of what it is about.
        url: Where it goes; empty: the merchant does not want to know.
        resource: What is encrypted.
        at: Business time, seconds since 1970.
    """

    event_type: str
    number: str
    url: str
    resource: dict[str, Any]
    at: int


class Notices:
    """What was told and is still to be told."""

    def __init__(
        self, keep: Keep, faults: Faults, clock: Clock, speed: float, late_s: float
    ) -> None:
        """Take up what is waiting; nothing is on its way."""
        self.speed = speed
        self._late_s = late_s
        self._keep = keep
        self._faults = faults
        self._clock = clock
        self._out: set[str] = set()

    def tell(self, event: Event) -> None:
        """Make the notice of an event, with the faults that hit it."""
        if not event.url:
            return
        notice = self._notice(event)
        later = notice.due_at + self._late_s / self.speed
        hits = self._hits(event)
        if hits("notify_forged"):
            self._keep.notices.put(dataclasses.replace(self._notice(event), forged=True))
        if hits("notify_probe"):
            self._keep.notices.put(dataclasses.replace(self._notice(event), probe=True))
        if hits("notify_wrong_amount"):
            notice.resource = _one_fen_more(event.resource)
        if hits("notify_twice"):
            notice.copies = 1
        if hits("notify_late"):
            notice.due_at = later
        if hits("notify_out_of_order"):
            notice.held, notice.due_at = True, later
        if hits("notify_never"):
            notice.state = "withheld"
        self._keep.notices.put(notice)

    def forge(self, event: Event) -> None:
        """Let somebody else claim what has not happened, if that fault is set."""
        if event.url and self._hits(event)("notify_forged"):
            self._keep.notices.put(dataclasses.replace(self._notice(event), forged=True))

    def due(self, now_real: float) -> list[Notice]:
        """Take the notices to be sent now; each is out until it is ``answered``."""
        due = [
            notice
            for notice in self._keep.notices.due()
            if notice.due_at <= now_real and notice.id not in self._out
        ]
        self._out |= {notice.id for notice in due}
        return sorted(due, key=lambda notice: notice.due_at)

    def answered(self, notice_id: str, status: int | None) -> None:
        """Note what the merchant answered; None if nothing came in time."""
        self._out.discard(notice_id)
        notice = self._keep.notices.rows.get(notice_id)
        if notice is None or notice.state != "waiting":
            return
        notice.statuses.append(status or 0)
        now = self._clock.real()
        if status in ACCEPTED and notice.copies:
            notice.copies -= 1
            notice.due_at = now
        elif status in ACCEPTED:
            notice.state = "accepted"
        elif notice.forged or notice.probe:
            notice.state = "given_up" if status is None else "refused"
        elif len(notice.statuses) > len(LADDER_S):
            notice.state = "given_up"
        else:
            notice.due_at = now + LADDER_S[len(notice.statuses) - 1] / self.speed
        self._keep.notices.put(notice)
        self._let_go(notice, now)

    def _let_go(self, sent: Notice, now: float) -> None:
        """Send what was held until something later was sent."""
        for notice in self._keep.notices.due():
            if notice.held and notice.id != sent.id and notice.made < sent.made:
                notice.held, notice.due_at = False, now
                self._keep.notices.put(notice)

    def _hits(self, event: Event) -> Callable[[str], bool]:
        subject = f"{event.event_type} {event.url} {event.number}"
        return lambda name: self._faults.hit(name, subject) is not None

    def _notice(self, event: Event) -> Notice:
        original_type, summary = EVENTS[event.event_type]
        made, drawn = self._keep.number()
        return Notice(
            id=str(uuid.UUID(hex=drawn[:32], version=4)),
            made=made,
            event_type=event.event_type,
            summary=summary,
            original_type=original_type,
            resource=event.resource,
            url=event.url,
            number=event.number,
            created_at=event.at,
            due_at=self._clock.real(),
        )


def _one_fen_more(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource whose amounts are one fen too high."""
    wrong = copy.deepcopy(dict(resource))
    amount = wrong.get("amount", wrong)
    names = ("refund", "payer_refund") if "refund" in amount else ("total", "payer_total")
    for name in ("transfer_amount",) if "transfer_amount" in amount else names:
        amount[name] += 1
    return wrong
