"""What the partner keeps of an order, a refund and a transfer.

Every field is what JSON holds, so a record is written and read back field by field.  Times are
business time in seconds since 1970, 0 if it has not come; money is fen.
"""

import dataclasses
from typing import Any


@dataclasses.dataclass(slots=True, kw_only=True)
class Order:
    """Money somebody is asked for, and the payment.

    Attributes:
        number: The merchant's ``out_trade_no``.
        body: The request, as it came.
        trade_type: JSAPI, NATIVE, APP or MWEB.
        state: ``trade_state``: NOTPAY, SUCCESS, CLOSED or REFUND.
        total_minor: What is asked.
        created_at: When it was first asked for.
        payable_until: After this second it cannot be paid (``time_expire``, or seven days).
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
class Refund:
    """Money of a payment on its way back.

    Attributes:
        number: The merchant's ``out_refund_no``.
        body: The request, as it came.
        order: ``out_trade_no`` of the order.
        refund_id: Our number.
        status: PROCESSING, SUCCESS or ABNORMAL.
        amount_minor: What goes back.
        created_at: When it was accepted.
        try_at: When the money arrives, or does not, while PROCESSING.
        done_at: When it arrived.
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


@dataclasses.dataclass(slots=True, kw_only=True)
class Transfer:
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
        next_at: When the state changes by itself; 0: not by time alone.
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
    next_at: int = 0
    package_info: str = ""
    fail_reason: str = ""
    locked: bool = False
