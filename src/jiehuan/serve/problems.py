"""What is a caller told when something is refused?  One table, one shape (RFC 9457).

Every answer that is not a success is ``application/problem+json``: ``code`` is for the
program and never changes, ``title`` and ``detail`` are for people, in Chinese or English,
``facts`` are the numbers that explain it.  The status follows one rule: 404, what was named
is not there; 422, the request can never be right; 409, the line's present state is against
it; 503, nothing is known to be wrong with the request and it may be sent again.
"""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

from starlette.responses import Response

from jiehuan.core.errors import (
    BookTaken,
    DatabaseDown,
    DiskFull,
    FenceLost,
    InDoubt,
    JiehuanError,
    KeyTaken,
    Postponed,
    QueueFull,
)
from jiehuan.core.outcomes import Outcome
from jiehuan.serve.outcome_words import (
    BAD_REQUEST,
    BROKEN,
    CONFLICT,
    FORBIDDEN,
    NO_ROOM,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    OUTCOMES,
    TOO_BIG,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNPROCESSABLE,
    Told,
)

__all__ = [
    "BAD_REQUEST",
    "BROKEN",
    "CONFLICT",
    "ERRORS",
    "FORBIDDEN",
    "MEDIA_TYPE",
    "NOT_ALLOWED",
    "NOT_FOUND",
    "NO_ROOM",
    "OK",
    "OTHERS",
    "OUTCOMES",
    "RETRY_AFTER_SECONDS",
    "TABLE",
    "TOO_BIG",
    "TYPE_PREFIX",
    "UNAUTHORIZED",
    "UNAVAILABLE",
    "UNPROCESSABLE",
    "Fact",
    "Facts",
    "Problem",
    "Told",
    "body_of",
    "of_error",
    "refused",
    "response",
]

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:jiehuan:problem:"

Fact: TypeAlias = int | str | list[str] | list[dict[str, str]] | None
Facts: TypeAlias = Mapping[str, Fact]

# What HTTP itself, the queue and the database may end with.
OTHERS: dict[str, Told] = {
    "idempotency_key_missing": Told(
        BAD_REQUEST,
        "缺少幂等键",
        "The Idempotency-Key is missing",
        "加上请求头 Idempotency-Key，重试时保持不变。",
        "Send a header Idempotency-Key, and the same one again when you retry.",
    ),
    "idempotency_key_malformed": Told(
        BAD_REQUEST,
        "幂等键格式不对",
        "The Idempotency-Key is malformed",
        "幂等键为 1 至 255 个可见 ASCII 字符。",
        "A key is 1 to 255 visible ASCII characters.",
    ),
    "body_not_json": Told(
        BAD_REQUEST,
        "请求体不是 JSON",
        "The body is not JSON",
        "以 Content-Type: application/json 发送一个 UTF-8 的 JSON 对象。",
        "Send one JSON object in UTF-8, as Content-Type: application/json.",
    ),
    "validation_failed": Told(
        UNPROCESSABLE,
        "请求内容不合格式",
        "The request does not have the right form",
        "facts.errors 指出每一处；格式见 /openapi.json。",
        "facts.errors names every place; /openapi.json has the form.",
    ),
    "body_too_large": Told(
        TOO_BIG,
        "请求体过大",
        "The body is too large",
        "请求体最多 65,536 字节。",
        "A body has at most 65,536 bytes.",
    ),
    "not_from_our_page": Told(
        FORBIDDEN,
        "请求不是从本页发出的",
        "The request does not come from our page",
        "回到页面重新打开，再试一次。",
        "Go back to the page, load it again, and try once more.",
    ),
    "route_not_found": Told(
        NOT_FOUND,
        "没有这个地址",
        "There is nothing at this address",
        "/openapi.json 列出全部地址。",
        "/openapi.json lists all addresses.",
    ),
    "method_not_allowed": Told(
        NOT_ALLOWED,
        "该地址不支持此方法",
        "This address does not take that method",
        "响应头 Allow 列出可用的方法。",
        "The header Allow says which methods it takes.",
    ),
    "product_not_found": Told(
        NOT_FOUND,
        "没有这个产品",
        "There is no such product",
        "GET /v1/products 列出全部产品。",
        "GET /v1/products lists them all.",
    ),
    "instruction_not_found": Told(
        NOT_FOUND,
        "没有这条付款指令",
        "There is no such instruction",
        "GET /v1/instructions 列出未了结的指令。",
        "GET /v1/instructions lists those that are not finished.",
    ),
    "instruction_finished": Told(
        CONFLICT,
        "指令已了结",
        "The instruction is finished",
        "它已成功或已失败，不再变动；不要再为它联系支付机构。",
        "It succeeded or failed and changes no more; do not go to the partner for it again.",
    ),
    "instruction_not_paid": Told(
        CONFLICT,
        "该收款尚未付款",
        "The collection is not paid",
        "只能退回已付款的收款单。",
        "Only what was paid can be paid back.",
    ),
    "attempt_taken": Told(
        CONFLICT,
        "另一个信使正在处理",
        "Another courier is at it",
        "facts.attempts 是已开始的次数；重新领取任务后再试。",
        "facts.attempts is how many attempts were begun; ask what is due again.",
    ),
    "partner_amount_differs": Told(
        UNPROCESSABLE,
        "支付机构报告的金额不符",
        "The partner names another amount",
        "未入账，指令状态为未知；facts 列出双方的金额与币种，须人工核对。",
        "Nothing was booked and the instruction is unknown; facts has both, a person must look.",
    ),
    "courier_token_wrong": Told(
        UNAUTHORIZED,
        "信使令牌不对",
        "The courier's token is wrong",
        "以 Authorization: Bearer 发送 --courier-token-file 中的令牌。",
        "Send the token of --courier-token-file as Authorization: Bearer.",
    ),
    "decision_not_found": Told(
        NOT_FOUND,
        "没有这条决策",
        "There is no such decision",
        "核对决策编号，形如 decision_1_5。",
        "Check the id; it looks like decision_1_5.",
    ),
    "policy_not_in_force": Told(
        CONFLICT,
        "没有生效的授信策略",
        "No policy is in force",
        "先训练评分卡（jiehuan train）并为账簿配置策略，再受理申请。",
        "Train a scorecard (jiehuan train) and store a policy before taking applications.",
    ),
    "clock_runs_forward": Told(
        CONFLICT,
        "营业日只能向前",
        "A book's day only moves forward",
        "until_on 不能早于 facts.business_on。",
        "until_on may not be before facts.business_on.",
    ),
    "above_cap": Told(
        UNPROCESSABLE,
        "年化成本超过上限",
        "It would cost more than the law allows",
        "换一个期数或金额；金额很小时，一分钱的费用也可能超过上限。",
        "Take other instalments or another amount; of a small one, a cent may be above the cap.",
    ),
    "clock_too_far": Told(
        UNPROCESSABLE,
        "一次推进的天数过多",
        "Too many days at once",
        "一次最多推进 facts.days_max 天，请分次推进。",
        "Move at most facts.days_max days at a time.",
    ),
    "book_busy": Told(
        UNAVAILABLE,
        "账簿繁忙",
        "The book is busy",
        "未入账。请在 Retry-After 秒后用同一个键重试。",
        "Nothing was booked. Try again with the same key after Retry-After seconds.",
    ),
    "book_taken": Told(
        UNAVAILABLE,
        "账簿由另一进程记账",
        "Another process writes the book",
        "本进程只能查询；请向持有账簿的进程提交，或稍后用同一个键重试。",
        "This process can only read; ask the one that holds it, or retry with the same key.",
    ),
    "outcome_in_doubt": Told(
        UNAVAILABLE,
        "结果未知",
        "Whether it was booked is not known",
        "请用同一个键重试：已入账则返回原结果，未入账则现在入账。",
        "Retry with the same key: booked already, it is answered as before; else it is booked.",
    ),
    "database_unavailable": Told(
        UNAVAILABLE,
        "数据库不可用",
        "The database does not answer",
        "请稍后用同一个键重试。",
        "Retry later with the same key.",
    ),
    "disk_full": Told(
        NO_ROOM,
        "磁盘已满",
        "The disk is full",
        "未入账，查询不受影响。腾出空间后用同一个键重试。",
        "Nothing was booked; reading goes on. Make room, then retry with the same key.",
    ),
    "internal_error": Told(
        BROKEN,
        "内部错误",
        "Something broke on our side",
        "请用同一个键重试；若仍出现，请连同 facts.incident 告知运维。",
        "Retry with the same key; if it stays, tell operations, with facts.incident.",
    ),
}

TABLE: dict[str, Told] = {
    **{outcome.name.lower(): told for outcome, told in OUTCOMES.items()},
    **OTHERS,
}
assert len(TABLE) == len(OUTCOMES) + len(OTHERS)

RETRY_AFTER_SECONDS = 1


class Problem(Exception):
    """A refusal on its way to the caller.

    Attributes:
        code: A key of ``TABLE``.
        facts: What explains it.
        headers: Further headers of the answer.
    """

    def __init__(self, code: str, /, **facts: Fact) -> None:
        """Refuse with a code of ``TABLE``."""
        super().__init__(code)
        self.told = TABLE[code]
        self.code = code
        self.facts = facts
        self.headers: dict[str, str] = {}


# What the engine and the store raise.
ERRORS: dict[type[JiehuanError], str] = {
    QueueFull: "book_busy",
    FenceLost: "book_busy",
    KeyTaken: "book_busy",
    Postponed: "book_busy",
    BookTaken: "book_taken",
    InDoubt: "outcome_in_doubt",
    DatabaseDown: "database_unavailable",
    DiskFull: "disk_full",
}


def of_error(error: JiehuanError) -> Problem | None:
    """Return the problem that an error is to a caller, or None if it is a fault of ours."""
    code = next((code for kind, code in ERRORS.items() if isinstance(error, kind)), None)
    return Problem(code) if code else None


def refused(outcome: int, **facts: Fact) -> Problem:
    """Return the problem that a command's outcome is; ``DONE`` is none."""
    return Problem(Outcome(outcome).name.lower(), **facts)


def body_of(code: str, facts: Facts, language: str) -> dict[str, object]:
    """Return the members of a problem document.

    Args:
        code: A key of ``TABLE``.
        facts: What explains it; may be empty.
        language: ``zh`` or ``en``.
    """
    told = TABLE[code]
    chinese = language == "zh"
    return {
        "type": TYPE_PREFIX + code,
        "title": told.zh if chinese else told.en,
        "status": told.status,
        "detail": told.do_zh if chinese else told.do_en,
        "code": code,
        "facts": dict(facts),
    }


def response(problem: Problem, language: str) -> Response:
    """Return the answer that tells a problem."""
    told = problem.told
    headers = {"Content-Language": {"zh": "zh-CN"}.get(language, language), **problem.headers}
    if told.status == UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    said = json.dumps(body_of(problem.code, problem.facts, language), ensure_ascii=False)
    # A lone surrogate that came in must not break what goes out.
    content = said.encode("utf-8", "replace")
    return Response(content, told.status, headers, MEDIA_TYPE)
