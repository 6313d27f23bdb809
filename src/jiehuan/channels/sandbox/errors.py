"""What the sandbox says when it refuses, in the partner's own codes and statuses."""

from collections.abc import Mapping
from typing import Any

# code -> (HTTP status, what a person reads).  The spelling of the pay codes below ORDER_NOT_EXIST
# is that of the older pages; the real service may answer some of them otherwise.
CODES: Mapping[str, tuple[int, str]] = {
    "PARAM_ERROR": (400, "参数错误"),
    "INVALID_REQUEST": (400, "请求无效"),
    "ALREADY_EXISTS": (400, "单号已存在，且与原请求的内容不一致"),
    "SIGN_ERROR": (401, "签名错误"),
    "NO_AUTH": (403, "商户无权限"),
    "NOT_ENOUGH": (403, "余额不足"),
    "NOT_FOUND": (404, "记录不存在"),
    "RESOURCE_NOT_EXISTS": (404, "资源不存在"),
    "FREQUENCY_LIMITED": (429, "频率超限"),
    "SYSTEM_ERROR": (500, "系统异常，请使用原单号重试"),
    "ORDER_NOT_EXIST": (404, "订单不存在"),
    "ORDER_CLOSED": (400, "订单已关闭"),
    "ORDERPAID": (400, "订单已支付"),
    "OUT_TRADE_NO_USED": (403, "商户订单号重复"),
    "MCH_NOT_EXISTS": (400, "商户号不存在"),
    "APPID_MCHID_NOT_MATCH": (400, "appid和mchid不匹配"),
}


class WireError(Exception):
    """A request is refused; the partner's caller reads the code, a person the message.

    Attributes:
        status: HTTP status.
        code: What programs go by.
        message: What a person reads.
        detail: Which field is wrong, if one is: ``field``, ``value``, ``issue``, ``location``.
    """

    def __init__(
        self, status: int, code: str, message: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Keep what is told."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer.

        Examples:
            >>> refusal("ORDER_CLOSED").body
            {'code': 'ORDER_CLOSED', 'message': '订单已关闭'}
        """
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        return told | ({} if self.detail is None else {"detail": dict(self.detail)})


def refusal(code: str, message: str = "") -> WireError:
    """Return the error of a code in the table, with its status; the message may say more."""
    status, usual = CODES[code]
    return WireError(status, code, message or usual)


def wrong_field(field: str, value: object, issue: str, location: str = "body") -> WireError:
    """Return a PARAM_ERROR that points at a field, as ``/amount/total``.

    Examples:
        >>> wrong_field("/amount/currency", "XYZ", "must be CNY").body["detail"]["issue"]
        'must be CNY'
    """
    status, usual = CODES["PARAM_ERROR"]
    shown = value if isinstance(value, str | int | float | bool) else ""
    detail = {"field": field, "value": shown, "issue": issue, "location": location}
    return WireError(status, "PARAM_ERROR", f"{usual}：{field} {issue}", detail)
