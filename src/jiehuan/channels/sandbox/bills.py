"""What happened on a day, as the partner's own files tell it: trade bill and fund-flow bill.

A file is CSV: a header, a row for each event with a backtick before every field, a second header
and one row of totals.  Amounts are yuan with decimals.  The columns are those of the older pages;
nothing here was compared with a file of the real service.
"""

import dataclasses
import datetime as dt
import gzip
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jiehuan.channels.sandbox.clock import CHINA
from jiehuan.channels.sandbox.errors import WireError, wrong_field
from jiehuan.channels.sandbox.records import Order, Refund
from jiehuan.channels.sandbox.world import World

if TYPE_CHECKING:
    from jiehuan.channels.sandbox.office import Office

PATH: Final = "/v3/billdownload/file"
READY_HOUR: Final = 9  # of the next day
FILE_S: Final = 300
FILES_MAX: Final = 100

_COMMON = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
    "交易状态,付款银行,货币种类,应结订单金额,代金券金额"
)
_REFUND = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_END = "商品名称,商户数据包,手续费,费率,订单金额"
HEADERS: Final[Mapping[str, str]] = {
    "ALL": f"{_COMMON},{_REFUND},{_END},申请退款金额,费率备注",
    "SUCCESS": f"{_COMMON},{_END},费率备注",
    "REFUND": f"{_COMMON},退款申请时间,退款成功时间,{_REFUND},{_END},申请退款金额,费率备注",
}
TOTALS: Final = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FLOW_HEADER: Final = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
    "账户结余（元）,资金变更提交申请人,备注,业务凭证号"
)
FLOW_TOTALS: Final = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"

Row = Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Flow:
    """Money in or out of the merchant's account.

    Attributes:
        at: Business time, in seconds.
        number: Of the partner's.
        name: What kind of business it was.
        amount_minor: Positive: in.
        voucher: The merchant's own number.
    """

    at: int
    number: str
    name: str
    amount_minor: int
    voucher: str


class Files:
    """What can be downloaded; each for five minutes of real time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: dict[str, tuple[bytes, float]] = {}

    def add(self, content: bytes, real_s: float) -> str:
        """Keep a file; return its token."""
        while len(self._files) >= FILES_MAX:
            del self._files[next(iter(self._files))]
        token = secrets.token_urlsafe(32)
        self._files[token] = (content, real_s + FILE_S)
        return token

    def content(self, token: str, real_s: float) -> bytes:
        """Return a file.

        Raises:
            WireError: There is none, or its time is up.
        """
        content, until = self._files.get(token, (b"", 0.0))
        if until < real_s:
            raise wrong_field("token", token[:64], "is unknown or has expired", "query")
        return content


def trade(office: "Office", query: Mapping[str, str], base: str) -> dict[str, Any]:
    """Answer ``GET /v3/bill/tradebill``.

    Raises:
        WireError: There is no such bill, or not yet.
    """
    kind = query.get("bill_type") or "ALL"
    if kind not in HEADERS:
        raise wrong_field("bill_type", kind, f"must be one of {', '.join(HEADERS)}", "query")
    first, last = _day(office.world, query)
    paid = [one for one in office.world.orders() if first <= one.paid_at < last]
    orders = {one.number: one for one in office.world.orders()}
    given = [
        one
        for one in office.world.refunds()
        if first <= one.created_at < last and one.status != "CLOSED"
    ]
    rows = [
        *([_order_row(office.world, one, kind) for one in paid] if kind != "REFUND" else []),
        *(
            [_refund_row(office.world, orders[one.order], one, kind) for one in given]
            if kind != "SUCCESS"
            else []
        ),
    ]
    taken = sum(one.total_minor for one in paid) if kind != "REFUND" else 0
    back = sum(one.amount_minor for one in given) if kind != "SUCCESS" else 0
    fee = "0.00000"
    totals = (str(len(rows)), yuan(taken), yuan(back), yuan(0), fee, yuan(taken), yuan(back))
    return _offered(office, _file(HEADERS[kind], rows, TOTALS, totals), query, base)


def fund_flow(office: "Office", query: Mapping[str, str], base: str) -> dict[str, Any]:
    """Answer ``GET /v3/bill/fundflowbill``; all money is in the basic account.

    Raises:
        WireError: There is no such bill, or not yet.
    """
    account = query.get("account_type") or "BASIC"
    if account not in {"BASIC", "OPERATION", "FEES"}:
        raise wrong_field("account_type", account, "must be BASIC, OPERATION or FEES", "query")
    first, last = _day(office.world, query)
    flows = sorted(_flows(office.world), key=lambda one: one.at) if account == "BASIC" else []
    left = office.world.balances()["merchant"]
    balances = {}
    for one in reversed(flows):
        balances[id(one)] = left
        left -= one.amount_minor
    today = [one for one in flows if first <= one.at < last]
    rows = [
        (
            *(moment(one.at), one.number, one.number, one.name, one.name),
            *("收入" if one.amount_minor > 0 else "支出", yuan(abs(one.amount_minor))),
            *(yuan(balances[id(one)]), "system", "", one.voucher),
        )
        for one in today
    ]
    come = [one.amount_minor for one in today if one.amount_minor > 0]
    gone = [-one.amount_minor for one in today if one.amount_minor < 0]
    totals = (str(len(rows)), str(len(come)), yuan(sum(come)), str(len(gone)), yuan(sum(gone)))
    return _offered(office, _file(FLOW_HEADER, rows, FLOW_TOTALS, totals), query, base)


def _day(world: World, query: Mapping[str, str]) -> tuple[int, int]:
    """Return where the day of a bill begins and ends.

    Raises:
        WireError: It is no day, or the bill is not made yet.
    """
    asked = query.get("bill_date", "")
    try:
        day = dt.date.fromisoformat(asked)
    except ValueError:
        raise wrong_field("bill_date", asked, "must be a day as 2026-01-31", "query") from None
    if query.get("tar_type") not in {None, "", "GZIP"}:
        raise wrong_field("tar_type", query["tar_type"], "must be GZIP or left out", "query")
    first = dt.datetime.combine(day, dt.time(), CHINA)
    if world.clock.now() < (first + dt.timedelta(days=1, hours=READY_HOUR)).timestamp():
        raise WireError(400, "STATEMENT_CREATING", "账单生成中，请在次日10点后重试")
    return int(first.timestamp()), int((first + dt.timedelta(days=1)).timestamp())


def _flows(world: World) -> list[Flow]:
    """List what moved the merchant's money."""
    found = [
        Flow(one.paid_at, one.transaction_id, "交易", one.total_minor, one.number)
        for one in world.orders()
        if one.paid_at
    ]
    found += [
        Flow(one.created_at, one.refund_id, "退款", -one.amount_minor, one.number)
        for one in world.refunds()
        if one.status != "CLOSED"
    ]
    for one in world.transfers():
        out = Flow(one.created_at, one.bill_no, "商家转账", -one.amount_minor, one.number)
        if one.locked or one.state == "SUCCESS":
            found.append(out)
        elif one.state in {"FAIL", "CANCELLED"} and one.package_info:
            back = dataclasses.replace(out, at=one.updated_at, amount_minor=one.amount_minor)
            found += [out, back]
    return found


def _order_row(world: World, order: Order, kind: str) -> Row:
    refund = ("0", "0", yuan(0), yuan(0), "", "") if kind == "ALL" else ()
    asked = (yuan(0),) if kind == "ALL" else ()
    common = _common(world, order, order.paid_at, "SUCCESS", order.total_minor)
    return (*common, *refund, *_end(order, order.total_minor), *asked, "")


def _refund_row(world: World, order: Order, refund: Refund, kind: str) -> Row:
    amount = yuan(refund.amount_minor)
    times = (
        (moment(refund.created_at), moment(refund.done_at) if refund.done_at else "")
        if kind == "REFUND"
        else ()
    )
    told = (refund.refund_id, refund.number, amount, yuan(0), "ORIGINAL", refund.status)
    at = order.paid_at if kind == "REFUND" else refund.created_at
    common = _common(world, order, at, "REFUND", 0)
    return (*common, *times, *told, *_end(order, 0), amount, "")


def _common(world: World, order: Order, at: int, state: str, due_minor: int) -> Row:
    merchant = world.people.merchant
    person = world.people.persons[order.openid]
    card = person.cards.get(order.source)
    return (
        *(moment(at), merchant.appid, merchant.mchid, "0", "", order.transaction_id),
        *(order.number, order.openid, order.trade_type, state),
        *(card.bank_type if card else "OTHERS", "CNY", yuan(due_minor), yuan(0)),
    )


def _end(order: Order, total_minor: int) -> Row:
    body = order.body
    return (
        *(str(body.get("description", "")), str(body.get("attach", "")), "0.00000", "0.00%"),
        yuan(total_minor),
    )


def moment(second: int) -> str:
    """Write a time as bills do.

    Examples:
        >>> moment(0)
        '1970-01-01 08:00:00'
    """
    return f"{dt.datetime.fromtimestamp(second, CHINA):%Y-%m-%d %H:%M:%S}"


def yuan(minor: int) -> str:
    """Write fen as yuan.

    Examples:
        >>> yuan(123405)
        '1234.05'
    """
    return f"{minor // 100}.{minor % 100:02d}"


def _file(header: str, rows: Sequence[Row], totals_header: str, totals: Row) -> bytes:
    """Write a bill.

    Raises:
        WireError: Nothing happened on that day.
    """
    if not rows:
        raise WireError(400, "NO_STATEMENT_EXIST", "当日无交易，账单不存在")
    lines = [header, *map(_line, rows), totals_header, _line(totals)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _line(row: Row) -> str:
    """Write a row; what would break it apart becomes a blank."""
    return ",".join("`" + field.translate(_BREAKING) for field in row)


_BREAKING = str.maketrans(dict.fromkeys(",\r\n", " "))


def _offered(
    office: "Office", content: bytes, query: Mapping[str, str], base: str
) -> dict[str, Any]:
    """Keep a file for download; the hash is that of the file before it is packed."""
    packed = gzip.compress(content, mtime=0) if query.get("tar_type") == "GZIP" else content
    return {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "download_url": f"{base}{PATH}?token={office.files.add(packed, office.real())}",
    }
