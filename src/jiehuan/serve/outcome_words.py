"""What is said of each way in which a command may end, in Chinese and English."""

import dataclasses

from jiehuan.core.outcomes import Outcome

OK = 200
BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, CONFLICT, TOO_BIG, UNPROCESSABLE = 400, 404, 405, 409, 413, 422
UNAUTHORIZED, FORBIDDEN = 401, 403
BROKEN, UNAVAILABLE, NO_ROOM = 500, 503, 507


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What is said of one code.

    Attributes:
        status: Of HTTP.
        zh: Title in Chinese.
        en: Title in English.
        do_zh: What to do about it.
        do_en: The same in English.
    """

    status: int
    zh: str
    en: str
    do_zh: str
    do_en: str


# What a command may end with; DONE is no problem.
OUTCOMES: dict[Outcome, Told] = {
    Outcome.KEY_REUSED_WITH_OTHER_CONTENT: Told(
        UNPROCESSABLE,
        "幂等键已用于其他内容",
        "The key was used for something else",
        "为新的请求换一个 Idempotency-Key；重试旧请求须原样发送。",
        "Take a new Idempotency-Key for a new request; to retry the old one, send it unchanged.",
    ),
    Outcome.LINE_NOT_FOUND: Told(
        NOT_FOUND,
        "没有这条额度",
        "There is no such line",
        "核对额度编号，形如 line_1_42。",
        "Check the id of the line; it looks like line_1_42.",
    ),
    Outcome.LINE_CLOSED: Told(
        CONFLICT,
        "额度已关闭",
        "The line is closed",
        "已关闭的额度不再接受任何指令；需要用信请重新申请。",
        "A closed line takes no more commands; apply for a new one.",
    ),
    Outcome.LINE_WRITTEN_OFF: Told(
        CONFLICT,
        "额度已核销",
        "The line is written off",
        "已核销的额度只能还款，不能用信。",
        "A line that was written off can be repaid but not drawn on.",
    ),
    Outcome.LINE_PAST_DUE: Told(
        CONFLICT,
        "额度已逾期",
        "The line is past due",
        "先还清逾期的最低还款，再用信或转分期。",
        "Repay the minimums that are past due first, then spend or convert.",
    ),
    Outcome.DATE_IN_FUTURE: Told(
        UNPROCESSABLE,
        "生效日在未来",
        "The effective day is in the future",
        "effective_on 不能晚于账簿的营业日，省略则为营业日。",
        "effective_on may not be after the book's business day; leave it out to mean that day.",
    ),
    Outcome.DATE_BEFORE_LINE_OPENED: Told(
        UNPROCESSABLE,
        "生效日早于开户日",
        "The effective day is before the line was opened",
        "effective_on 不能早于额度的 opened_on。",
        "effective_on may not be before the line's opened_on.",
    ),
    Outcome.DATE_BEFORE_FLOOR: Told(
        UNPROCESSABLE,
        "生效日所在期间已封账",
        "The effective day lies in a period that is closed",
        "该日所在期间已不再入账，请与财务联系。",
        "Nothing is booked into that period any more; talk to finance.",
    ),
    Outcome.AMOUNT_MUST_BE_POSITIVE: Told(
        UNPROCESSABLE,
        "金额必须为正",
        "The amount must be positive",
        "amount_minor 以最小货币单位计，至少为 1。",
        "amount_minor counts the smallest coin and is at least 1.",
    ),
    Outcome.AMOUNT_TOO_LARGE: Told(
        UNPROCESSABLE,
        "金额过大",
        "The amount is too large",
        "amount_minor 不能超过 100,000,000,000。",
        "amount_minor may not be above 100,000,000,000.",
    ),
    Outcome.HOLD_NOT_FOUND: Told(
        NOT_FOUND,
        "没有这笔预授权、支用或退回",
        "There is no such hold, draw or payment back",
        "核对编号，并确认它属于这条额度。",
        "Check the id, and that it belongs to this line.",
    ),
    Outcome.HOLD_NOT_OPEN: Told(
        CONFLICT,
        "预授权、支用或退回已了结",
        "The hold, draw or payment back has ended",
        "它已请款、撤销或到期；迟到的请款可作为强制消费另行提交。",
        "It was captured, let go or has expired; a late capture may come as a forced purchase.",
    ),
    Outcome.PURCHASE_NOT_FOUND: Told(
        NOT_FOUND,
        "没有这笔消费",
        "There is no such purchase",
        "核对消费编号，形如 purchase_1_57，并确认它属于这条额度；账单则须含有消费。",
        "Check the id, like purchase_1_57, and that it is of this line; a statement has purchases.",
    ),
    Outcome.LOAN_NOT_FOUND: Told(
        NOT_FOUND,
        "没有这笔未清借据",
        "There is no such open loan",
        "GET /v1/lines/{id}/loans 列出借据；已还清的不能再指定。",
        "GET /v1/lines/{id}/loans lists the loans; one that is repaid cannot be named.",
    ),
    Outcome.DRAW_AMOUNT_DIFFERS: Told(
        UNPROCESSABLE,
        "付款金额与所要求的不符",
        "Another amount was paid than was asked for",
        "amount_minor 须与支用或退回的金额一致，省略则按该金额。",
        "amount_minor must be what was asked for; leave it out to mean just that.",
    ),
    Outcome.COMMAND_NOT_FOUND: Told(
        NOT_FOUND,
        "没有这笔指令",
        "There is no such command",
        "核对编号，并确认它属于这条额度且已办成；未办成的指令无需冲正。",
        "Check the id, that it is of this line, and that it was done; what was not needs none.",
    ),
    Outcome.COMMAND_NOT_REVERSIBLE: Told(
        CONFLICT,
        "这类指令不能冲正",
        "A command of this kind cannot be reversed",
        "合作方已办理的支用和退回、预授权及日终指令不能冲正；支用可以还款，预授权可以撤销。",
        "What a partner has done, holds and day events stay: repay a draw, void a hold.",
    ),
    Outcome.ALREADY_REVERSED: Told(
        CONFLICT,
        "这笔指令已经冲正",
        "The command was reversed before",
        "要恢复它，请冲正那笔冲正。",
        "To bring it back, reverse the reversal.",
    ),
    Outcome.APPLICATION_DECLINED: Told(
        UNPROCESSABLE,
        "申请未获批准",
        "The application is declined",
        "facts.reasons 是原因，按重要性排列；情况变化后可用新的键再次申请。",
        "facts.reasons says why, first things first; apply again, with a new key, if they change.",
    ),
    Outcome.APPLICATION_REFERRED: Told(
        CONFLICT,
        "申请待人工审核",
        "The application needs a person's decision",
        "facts.reasons 是转人工的原因；额度尚未开立。",
        "facts.reasons says why a person has to look at it; no line was opened.",
    ),
    Outcome.TERMS_NOT_OFFERED: Told(
        UNPROCESSABLE,
        "产品不提供该选项",
        "The product does not offer this",
        "GET /v1/products 列出各产品的额度区间与分期期数。",
        "GET /v1/products lists each product's limits and plans.",
    ),
    Outcome.PURCHASE_NO_LONGER_CONVERTIBLE: Told(
        CONFLICT,
        "该消费已不能转分期",
        "The purchase can no longer be converted",
        "到期日之后，或已无未还部分的消费与账单，不能转分期。",
        "It can be until its due day closes, and only if something of it is unpaid.",
    ),
    Outcome.AMOUNT_EXCEEDS_AVAILABLE: Told(
        CONFLICT,
        "超出可用额度",
        "The amount is more than is available",
        "减少金额，或先还款；facts.available_minor 是现在可用的。",
        "Ask for less or repay first; facts.available_minor is what is available now.",
    ),
    Outcome.AMOUNT_EXCEEDS_HOLD: Told(
        CONFLICT,
        "超出预授权余额",
        "The amount is more than is left of the hold",
        "请款不能超过 facts.left_minor，超出部分作为另一笔消费提交。",
        "Capture at most facts.left_minor; send the rest as a purchase of its own.",
    ),
    Outcome.REFUND_EXCEEDS_PURCHASE: Told(
        CONFLICT,
        "退款超出消费金额",
        "The refund is more than the purchase",
        "同一笔消费的退款合计不能超过其金额。",
        "All refunds of a purchase together are at most its amount.",
    ),
    Outcome.LINE_NOT_SETTLED: Told(
        CONFLICT,
        "额度尚未结清",
        "The line is not settled",
        "双方互不相欠、且无未了结的预授权时才能关闭。",
        "It can be closed when neither side owes anything and nothing is held.",
    ),
    Outcome.AMOUNT_EXCEEDS_OVERPAYMENT: Told(
        CONFLICT,
        "超出可退的溢缴款",
        "The amount is more than was overpaid",
        "可退的是溢缴款减去正在退回的部分；facts.overpaid_minor 是现在的溢缴款。",
        "What was overpaid, less what is on its way back, can be paid back: facts.overpaid_minor.",
    ),
    Outcome.AMOUNT_EXCEEDS_OWED: Told(
        CONFLICT,
        "减免超出应付",
        "More is waived than is owed",
        "最多减免已出账且未还的部分。",
        "Waive at most what is billed and unpaid of it.",
    ),
}
assert set(OUTCOMES) == set(Outcome) - {Outcome.DONE}
