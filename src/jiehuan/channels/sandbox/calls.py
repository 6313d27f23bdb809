"""Which calls does the partner's API have, and what does each do to the world?

A call is a function from what came to the body of the answer, or to nothing (204).  Signatures are
checked before and made after, in ``api``.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from jiehuan.channels.sandbox import bills, checks
from jiehuan.channels.sandbox.errors import refusal, wrong_field
from jiehuan.channels.sandbox.office import Office
from jiehuan.channels.sandbox.records import Notice
from jiehuan.channels.sandbox.wire import Asked

Body = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Come:
    """A request whose signature is right.

    Attributes:
        asked: As it came.
        path: The parts of its path, by name.
        query: Its query.
        base: Scheme and host by which the caller reached us.
        office: The sandbox.
    """

    asked: Asked
    path: Mapping[str, str]
    query: Mapping[str, str]
    base: str
    office: Office

    @property
    def body(self) -> Body:
        """The JSON object that came; empty if nothing came.

        Raises:
            WireError: It is something else.
        """
        if not self.asked.body:
            return {}
        try:
            told = json.loads(self.asked.body, parse_constant=_no_number)
            json.dumps(told, ensure_ascii=False).encode()  # no half characters
        except (ValueError, RecursionError):
            raise refusal("PARAM_ERROR", "请求报文不是合法的JSON") from None
        if not isinstance(told, dict):
            raise refusal("PARAM_ERROR", "请求报文应为JSON对象")
        return told


def _no_number(text: str) -> None:
    raise ValueError(text)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API.

    Attributes:
        method: In capitals.
        path: With the names of its parts in braces.
        do: What it does.
        number: The member of the body that is the merchant's own number, if the call makes
            something that notices are told of.
    """

    method: str
    path: str
    do: Callable[[Come], Body | None]
    number: str = ""


def _prepay(trade_type: str) -> Callable[[Come], Body]:
    def do(come: Come) -> Body:
        return come.office.world.prepay(come.body, trade_type)

    return do


def _order(come: Come) -> Body:
    return come.office.world.order_by_number(come.query.get("mchid", ""), come.path["number"])


def _transaction(come: Come) -> Body:
    return come.office.world.order_by_transaction(come.query.get("mchid", ""), come.path["id"])


def _close(come: Come) -> None:
    come.office.world.close(come.path["number"], come.body)


def _refund(come: Come) -> Body:
    return come.office.world.refund(come.body)


def _refund_told(come: Come) -> Body:
    return come.office.world.refund_by_number(come.path["number"])


def _transfer(come: Come) -> Body:
    body = come.body
    sealed = body.get("user_name")
    if sealed is not None:
        if not isinstance(sealed, str):
            raise wrong_field("/user_name", "", "must be an encrypted text")
        body["user_name"] = come.office.signing.open_sensitive(come.asked, sealed)
    return _sealed(come, come.office.world.transfer(body))


def _transfer_told(come: Come) -> Body:
    return _sealed(come, come.office.world.transfer_by_number(come.path["number"]))


def _bill_told(come: Come) -> Body:
    return _sealed(come, come.office.world.transfer_by_bill(come.path["id"]))


def _cancel(come: Come) -> Body:
    return come.office.world.cancel(come.path["number"])


def _sealed(come: Come, told: Body) -> Body:
    """Encrypt the name in an answer to the merchant's certificate."""
    name = told.get("user_name")
    return told | {"user_name": come.office.signing.seal_sensitive(name)} if name else told


def _certificates(come: Come) -> Body:
    return come.office.signing.certificates()


def _echo(come: Come) -> Body:
    """Give back what came, and tell it to ``notify_url``: a test of keys alone."""
    body, office = come.body, come.office
    message = body.get("echo_message")
    if not isinstance(message, str) or not message:
        raise wrong_field("/echo_message", message, "must be a text")
    told: Body = {"echo_message": message}
    sealed = body.get("encrypted_echo_message")
    if isinstance(sealed, str) and sealed:
        plain = office.signing.open_sensitive(come.asked, sealed)
        told["encrypted_echo_message"] = office.signing.seal_sensitive(plain)
    url = body.get("notify_url")
    if url is not None:
        if wrong := checks.url(url):
            raise wrong_field("/notify_url", url, wrong)
        now = office.real()
        office.echoes.append(
            Notice(
                id=f"echo-{now:.6f}",
                made=0,
                event_type="SECURITY_ECHO.SUCCESS",
                summary="安全回显",
                original_type="security_echo",
                resource=dict(told),
                url=url,
                number="",
                created_at=office.world.clock.now(),
                due_at=now,
            )
        )
    return told


def _trade_bill(come: Come) -> Body:
    return bills.trade(come.office, come.query, come.base)


def _fund_bill(come: Come) -> Body:
    return bills.fund_flow(come.office, come.query, come.base)


PAY: Final = "/v3/pay/transactions"
TRANSFERS: Final = "/v3/fund-app/mch-transfer/transfer-bills"
REFUNDS: Final = "/v3/refund/domestic/refunds"

CALLS: Final = (
    *(
        Call(method="POST", path=f"{PAY}/{name}", do=_prepay(kind), number="out_trade_no")
        for name, kind in (("jsapi", "JSAPI"), ("app", "APP"), ("native", "NATIVE"), ("h5", "MWEB"))
    ),
    Call(method="GET", path=f"{PAY}/out-trade-no/{{number}}", do=_order),
    Call(method="GET", path=f"{PAY}/id/{{id}}", do=_transaction),
    Call(method="POST", path=f"{PAY}/out-trade-no/{{number}}/close", do=_close),
    Call(method="POST", path=REFUNDS, do=_refund, number="out_refund_no"),
    Call(method="GET", path=f"{REFUNDS}/{{number}}", do=_refund_told),
    Call(method="POST", path=TRANSFERS, do=_transfer, number="out_bill_no"),
    Call(method="GET", path=f"{TRANSFERS}/out-bill-no/{{number}}", do=_transfer_told),
    Call(method="GET", path=f"{TRANSFERS}/transfer-bill-no/{{id}}", do=_bill_told),
    Call(method="POST", path=f"{TRANSFERS}/out-bill-no/{{number}}/cancel", do=_cancel),
    Call(method="GET", path="/v3/certificates", do=_certificates),
    Call(method="POST", path="/v3/security/echo", do=_echo),
    Call(method="GET", path="/v3/bill/tradebill", do=_trade_bill),
    Call(method="GET", path="/v3/bill/fundflowbill", do=_fund_bill),
)
