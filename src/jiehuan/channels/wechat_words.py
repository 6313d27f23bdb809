"""What WeChat Pay's words mean: from the objects it sends to our answers.

Three objects are read, each the same in an answer and in a notification: an order to pay (of a
collection), a refund (of a payment back), a transfer bill (of a paying out).  A word that is
not in the tables below is ``Unknown``.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from jiehuan.channels.answers import (
    Accepted,
    Answer,
    Ended,
    NotThere,
    Refused,
    Settled,
    Unknown,
)

Wire = Mapping[str, Any]

NOTE_MAX = 2_048
CURRENCY = "CNY"  # transfers, and notices of refunds, name none

# What is asked for by our number and is not there.
NOT_THERE = frozenset({"NOT_FOUND", "RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST", "ORDER_NOT_EXISTS"})

# Refused, and sent again it would be refused again.
FOR_GOOD = frozenset(
    {"PARAM_ERROR", "INVALID_REQUEST", "NO_AUTH", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS"}
)
# Refused, and taken as soon as the merchant's balance is filled.
FOR_NOW = frozenset({"NOT_ENOUGH"})

ORDER_PAID = frozenset({"SUCCESS", "REFUND"})  # what was refunded had been paid
ORDER_ENDED = frozenset({"CLOSED", "REVOKED"})
ORDER_WAITS = frozenset({"NOTPAY", "USERPAYING", "PAYERROR"})

REFUND_ENDED = frozenset({"CLOSED"})
REFUND_WAITS = frozenset({"PROCESSING", "ABNORMAL"})  # abnormal: a person has to see to it

TRANSFER_ENDED = frozenset({"FAIL", "CANCELLED"})
TRANSFER_WAITS = frozenset(
    {"ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING", "CANCELING"}
)


def order(said: Wire) -> Answer:
    """Read an order to pay.

    Examples:
        >>> order({"trade_state": "NOTPAY"})
        Accepted(state='NOTPAY', partner={})
    """
    state = said.get("trade_state")
    notes = _notes(said, "transaction_id", "bank_type")
    if state in ORDER_PAID:
        amount = said.get("amount")
        amount = amount if isinstance(amount, Mapping) else {}
        return _settled(
            said.get("success_time"), amount.get("total"), amount.get("currency"), notes
        )
    return _unsettled(state, ORDER_ENDED, ORDER_WAITS, notes)


def refund(said: Wire) -> Answer:
    """Read a refund, of an answer (``status``) or of a notice (``refund_status``)."""
    state = said.get("refund_status", said.get("status"))
    notes = _notes(said, "refund_id", "transaction_id", "user_received_account")
    if state == "SUCCESS":
        amount = said.get("amount")
        amount = amount if isinstance(amount, Mapping) else {}
        currency = amount.get("currency", CURRENCY)
        return _settled(said.get("success_time"), amount.get("refund"), currency, notes)
    return _unsettled(state, REFUND_ENDED, REFUND_WAITS, notes)


def transfer(said: Wire) -> Answer:
    """Read a transfer bill.

    What is answered to sending it tells no amount: a success is then accepted, and asked for.
    """
    state = said.get("state")
    notes = _notes(said, "transfer_bill_no", "package_info", "create_time")
    if state == "SUCCESS":
        if "transfer_amount" not in said:
            return Accepted(state, notes)
        return _settled(said.get("update_time"), said["transfer_amount"], CURRENCY, notes)
    if state in TRANSFER_ENDED and said.get("fail_reason"):
        return Ended(str(said["fail_reason"]), notes)
    return _unsettled(state, TRANSFER_ENDED, TRANSFER_WAITS, notes)


def amount(said: Wire) -> int | None:
    """Return what an order, refund or transfer says it is about; None if it does not say.

    Examples:
        >>> amount({"transfer_amount": 100}), amount({"amount": {"total": 9, "refund": 3}})
        (100, 3)
    """
    parts = said.get("amount")
    told = said.get("transfer_amount")
    if isinstance(parts, Mapping):
        told = parts.get("refund", parts.get("total"))
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def refusal(status: int, body: str | bytes, *, asking: bool) -> Answer:
    """Read an error: what it means depends on whether we asked by our number, or sent.

    Examples:
        >>> refusal(404, '{"code":"NOT_FOUND"}', asking=True)
        NotThere()
        >>> refusal(502, "<html>", asking=True)
        Unknown(reason='http_502')
    """
    said = readable(body)
    code = said.get("code") if said else None
    if not isinstance(code, str) or not code:
        return Unknown(f"http_{status}")
    if asking:
        return NotThere() if status == 404 and code in NOT_THERE else Unknown(code)  # noqa: PLR2004
    if 400 <= status < 500 and code in FOR_GOOD | FOR_NOW:  # noqa: PLR2004
        return Refused(code, code in FOR_GOOD)
    return Unknown(code)


def readable(body: str | bytes) -> Wire | None:
    """Return the object that a body holds, or None if it holds none."""
    try:
        said = json.loads(body)
    except ValueError:  # bytes that are no text, too
        return None
    return said if isinstance(said, dict) else None


def moment(text: object) -> dt.datetime | None:
    """Return the time that a text tells with its offset, or None.

    Examples:
        >>> moment("2026-11-23T10:34:56+08:00").isoformat()
        '2026-11-23T10:34:56+08:00'
        >>> moment("2026-11-23T10:34:56")
    """
    if not isinstance(text, str):
        return None
    try:
        told = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else None


def _settled(when: object, amount_minor: object, currency: object, notes: dict[str, str]) -> Answer:
    whole = isinstance(amount_minor, int) and not isinstance(amount_minor, bool)
    if not whole or not moment(when) or not isinstance(currency, str):
        return Unknown("unreadable")
    return Settled(str(when), int(str(amount_minor)), currency, notes)


def _unsettled(
    state: object, ended: frozenset[str], waits: frozenset[str], notes: dict[str, str]
) -> Answer:
    if not isinstance(state, str):
        return Unknown("unreadable")
    if state in ended:
        return Ended(state, notes)
    return Accepted(state, notes) if state in waits else Unknown(f"state_{state}")


def _notes(said: Wire, *names: str) -> dict[str, str]:
    """Keep what is needed again, of what was said."""
    found = ((name, said.get(name)) for name in names)
    return {
        name: value
        for name, value in found
        if isinstance(value, str) and 0 < len(value) <= NOTE_MAX and value.isprintable()
    }
