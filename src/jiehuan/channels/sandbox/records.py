"""What the partner keeps of an order, a refund, a transfer, a notice, a fault.

Every field is what JSON holds, so a record is written and read back field by field.  Times are
business time in seconds since 1970, 0 if it has not come; money is fen.
"""

import dataclasses
from typing import Any, Literal


@dataclasses.dataclass(slots=True, kw_only=True)
class Row:
    """A record of some kind."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Order(Row):
    """Money somebody is asked for, and the payment.

    Attributes:
        number: The merchant's ``out_trade_no``.
        body: The request, as it came.
        trade_type: JSAPI, NATIVE, APP or MWEB.
        state: ``trade_state``: NOTPAY, SUCCESS, CLOSED or REFUND.
        total_minor: What is asked.
        created_at: When it was first asked for.
        payable_until: After this second it cannot be paid (``time_expire``, or seven days).
        closes_at: When it is closed if it is not paid.
        prepay_id: The newest one.
        prepay_until: After this second the prepay_id is dead.
        transaction_id: Our number, once paid.
        openid: Who paid, once paid.
        source: ``balance`` or a card of the payer's, once paid.
        paid_at: When it was paid.
        refunded_minor: What was given back of it, or is on the way.
        refunds: How many refunds were accepted.
        left_at: When somebody last left the cashier without paying.
    """

    number: str
    body: dict[str, Any]
    trade_type: str
    state: str
    total_minor: int
    created_at: int
    payable_until: int
    closes_at: int
    prepay_id: str
    prepay_until: int
    transaction_id: str = ""
    openid: str = ""
    source: str = ""
    paid_at: int = 0
    refunded_minor: int = 0
    refunds: int = 0
    left_at: int = 0


@dataclasses.dataclass(slots=True, kw_only=True)
class Refund(Row):
    """Money of a payment on its way back.

    Attributes:
        number: The merchant's ``out_refund_no``.
        body: The request, as it came.
        order: ``out_trade_no`` of the order.
        refund_id: Our number.
        status: PROCESSING, SUCCESS, ABNORMAL or CLOSED.
        amount_minor: What goes back.
        created_at: When it was accepted.
        try_at: When the money arrives, or does not, while PROCESSING.
        done_at: When it arrived.
        account: Where it arrived.
        short: The merchant's money was not taken yet (``balance_not_enough``).
    """

    number: str
    body: dict[str, Any]
    order: str
    refund_id: str
    status: str
    amount_minor: int
    created_at: int
    try_at: int
    done_at: int = 0
    account: str = ""
    short: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class Transfer(Row):
    """Money of the merchant's on its way into a wallet.

    Attributes:
        number: The merchant's ``out_bill_no``.
        body: The request, as it came, the name decrypted.
        bill_no: Our number, ``transfer_bill_no``.
        state: As on the wire: ACCEPTED ... CANCELLED.
        amount_minor: What is transferred.
        openid: To whom.
        created_at: When it was accepted.
        updated_at: When the state last changed.
        next_at: When the state changes by itself.
        short_until: The merchant counts as short of money until then (``balance_not_enough``).
        package_info: What opens the page of the receiver, once WAIT_USER_CONFIRM.
        fail_reason: Why it is FAIL.
        locked: Whether the money is out of the merchant's account and not yet in the wallet.
    """

    number: str
    body: dict[str, Any]
    bill_no: str
    state: str
    amount_minor: int
    openid: str
    created_at: int
    updated_at: int
    next_at: int
    short_until: int = 0
    package_info: str = ""
    fail_reason: str = ""
    locked: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class Notice(Row):
    """One event that the merchant shall learn.

    Attributes:
        id: The event's own id, the same at every try.
        made: Grows from one notice to the next.
        event_type: E.g. ``TRANSACTION.SUCCESS``.
        summary: What a person reads.
        original_type: Kind of the resource; ``associated_data`` of its encryption as well.
        resource: What is encrypted.
        url: Where it goes.
        number: The merchant's number of what it is about.
        created_at: Business time of the event, seconds since 1970.
        due_at: Real time of the next try, seconds since 1970.
        state: ``waiting``, ``accepted``, ``given_up`` (no try is left), ``refused`` (a forged one
            or a probe, as it should be) or ``withheld`` (never sent).
        forged: Sign it with a key that is not the partner's.
        probe: Sign it with ``WECHATPAY/SIGNTEST/`` and anything.
        copies: How many more times it is sent after it was accepted.
        held: Wait until a later one was sent, but no longer than ``due_at``.
        statuses: What was answered, try by try; 0 where nothing was.
    """

    id: str
    made: int
    event_type: str
    summary: str
    original_type: str
    resource: dict[str, Any]
    url: str
    number: str
    created_at: int
    due_at: float
    state: str = "waiting"
    forged: bool = False
    probe: bool = False
    copies: int = 0
    held: bool = False
    statuses: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, kw_only=True)
class Fault(Row):
    """One thing that shall go wrong.

    Attributes:
        id: Names it for DELETE.
        fault: One of ``faults.NAMES``.
        on: ``"next"``, or the share of times, 0 to 1.
        match: Only where this is part of what is going on: the method and path of a request; the
            event type, url and number of a notice; ``pay``, ``confirm`` or ``transfer`` and the
            number.
        count: How many more times it may hit; None: no end.
        done: For ``timeout`` and ``unknown_code``: whether the request is done all the same; None:
            by chance.
    """

    id: str
    fault: str
    on: Literal["next"] | float
    match: str = ""
    count: int | None = None
    done: bool | None = None
