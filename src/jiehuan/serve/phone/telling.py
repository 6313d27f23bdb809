"""What was done, in words: commands, refusals, and where each cent of a command went."""

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np

from jiehuan.core import ledger
from jiehuan.core.commands import Kind
from jiehuan.core.ledger import Account
from jiehuan.core.outcomes import Outcome

# Of the line's owner: what came to them is +1, what they paid -1, anything else 0.
KINDS: Final[Mapping[Kind, tuple[str, int]]] = {
    Kind.OPEN: ("开通额度", 0),
    Kind.PURCHASE: ("付款", -1),
    Kind.HOLD: ("预授权", 0),
    Kind.CAPTURE: ("预授权付款", -1),
    Kind.VOID: ("预授权撤销", 0),
    Kind.DRAW: ("申请借到零钱", 0),
    Kind.DRAW_SUCCEEDED: ("借款已到零钱", 1),
    Kind.DRAW_FAILED: ("借款未到账，额度已恢复", 0),
    Kind.REPAY: ("还款", -1),
    Kind.REFUND: ("退款", 1),
    Kind.CREDIT: ("商家补贴", 1),
    Kind.CONVERT: ("转为分期", 0),
    Kind.CLOSE: ("关闭额度", 0),
    Kind.REVIEW: ("额度调整", 0),
    Kind.COLLECT: ("发起还款", 0),
    Kind.COLLECT_ENDED: ("还款未支付，已关闭", 0),
    Kind.PAY_BACK: ("申请退回多还的钱", 0),
    Kind.PAY_BACK_SUCCEEDED: ("多还的钱已退回", 1),
    Kind.PAY_BACK_FAILED: ("多还的钱未能退回", 0),
    Kind.REVERSE: ("更正", 0),
    Kind.CHARGE: ("收取费用", 1),
    Kind.WAIVE: ("减免费用", -1),
    Kind.GOODWILL: ("我方补偿", 1),
    Kind.CHARGEBACK: ("拒付退款", 1),
    Kind.STATEMENT: ("出账单", 0),
    Kind.DUE_PASSED: ("还款日已过", 0),
    Kind.AGED: ("逾期天数变化", 0),
    Kind.HOLD_EXPIRED: ("预授权到期", 0),
    Kind.WRITE_OFF: ("核销", 0),
    Kind.DAY_CLOSED: ("日终", 0),
}
assert set(KINDS) == set(Kind)

# What a borrower is told of: the passing of days only where it made something.
SHOWN: Final = frozenset(set(Kind) - {Kind.AGED, Kind.DAY_CLOSED})
MOVED: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.CAPTURE,
        Kind.DRAW_SUCCEEDED,
        Kind.DRAW_FAILED,
        Kind.REPAY,
        Kind.REFUND,
        Kind.CREDIT,
        Kind.CONVERT,
        Kind.PAY_BACK_SUCCEEDED,
    }
)

# Why a command was refused, and what one may do about it.
REFUSALS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.LINE_NOT_FOUND: ("没有可用的额度", "请先申请额度。"),
    Outcome.LINE_CLOSED: ("额度已关闭", "已关闭的额度不能再用，需要时请重新申请。"),
    Outcome.LINE_WRITTEN_OFF: ("额度已停用", "这个额度已核销，只能还款。"),
    Outcome.LINE_PAST_DUE: ("有逾期未还", "请先还清逾期的最低还款额，再借款、付款或分期。"),
    Outcome.AMOUNT_MUST_BE_POSITIVE: ("金额不对", "金额至少为 0.01 元。"),
    Outcome.AMOUNT_TOO_LARGE: ("金额过大", "请减少金额后重试。"),
    Outcome.TERMS_NOT_OFFERED: ("没有这个期数", "请从页面上列出的期数中选择。"),
    Outcome.PURCHASE_NO_LONGER_CONVERTIBLE: (
        "现在不能分期",
        "账单在还款日当天及之前、且还有未还的消费时才能分期。",
    ),
    Outcome.LOAN_NOT_FOUND: ("没有可以分期的账单", "这期账单没有消费，或者已经还清。"),
    Outcome.AMOUNT_EXCEEDS_AVAILABLE: ("超出可用额度", "请减少金额，或先还款再试。"),
    Outcome.AMOUNT_EXCEEDS_OVERPAYMENT: ("超出可退金额", "最多只能退回多还的部分。"),
}
REFUSED_ELSE: Final = ("没有办理", "账簿没有接受这次操作，什么都没有改变。")

# Why the partner did not move money: its own words, and ours for them.
REASONS: Final[Mapping[str, str]] = {
    "NAME_NOT_CORRECT": "姓名与微信实名不一致。",
    "OVERDUE_CLOSE": "超过时间没有收款。",
    "CANCELLED": "这笔转账已取消。",
    "CLOSED": "这笔支付已关闭。",
    "NOT_ENOUGH": "付款方余额不足。",
}

# What a movement of money means to the borrower, by the account that gets the credit; where the
# same credit means something else, debit and credit together.
TO: Final[Mapping[Account, str]] = {
    Account.PRINCIPAL: "冲减本金",
    Account.INTEREST: "还利息",
    Account.FEE: "还分期手续费",
    Account.PENALTY: "还罚息",
    Account.ACCRUED_INTEREST: "利息入账",
    Account.ACCRUED_PENALTY: "罚息入账",
    Account.OVERPAYMENT: "存为多还的钱",
    Account.MERCHANT_PAYABLE: "付给商家",
    Account.WALLET_CLEARING: "转到微信零钱",
    Account.CASH: "转出",
    Account.INTEREST_INCOME: "计收利息",
    Account.FEE_INCOME: "计收分期手续费",
    Account.PENALTY_INCOME: "计收罚息",
    Account.WRITE_OFF: "核销",
    Account.RECOVERY: "核销后收回",
}
FROM_TO: Final[Mapping[tuple[Account, Account], str]] = {
    (Account.OVERPAYMENT, Account.PRINCIPAL): "用多还的钱冲减本金",
    (Account.OVERPAYMENT, Account.WALLET_CLEARING): "多还的钱退回微信",
    (Account.PRINCIPAL, Account.PRINCIPAL): "按逾期天数重新归类",
    (Account.MERCHANT_PAYABLE, Account.OVERPAYMENT): "退款存为多还的钱",
}
MOVED_ELSE: Final = "账务调整"

ACCOUNTS: Final[Mapping[Account, str]] = {
    Account.PRINCIPAL: "本金",
    Account.INTEREST: "利息",
    Account.FEE: "手续费",
    Account.PENALTY: "罚息",
    Account.ACCRUED_INTEREST: "应计利息",
    Account.ACCRUED_PENALTY: "应计罚息",
    Account.CASH: "收款账户",
    Account.WALLET_CLEARING: "微信清算",
    Account.MERCHANT_PAYABLE: "应付商家",
    Account.OVERPAYMENT: "多还的钱",
    Account.INTEREST_INCOME: "利息收入",
    Account.FEE_INCOME: "手续费收入",
    Account.PENALTY_INCOME: "罚息收入",
    Account.INTEREST_ROUNDING: "利息尾差",
    Account.PENALTY_ROUNDING: "罚息尾差",
    Account.WRITE_OFF: "核销",
    Account.RECOVERY: "收回",
    Account.PROVISION: "拨备",
    Account.PROVISION_EXPENSE: "拨备支出",
    Account.CHARGEBACK_RECEIVABLE: "应收商家拒付款",
    Account.GOODWILL_EXPENSE: "补偿支出",
    Account.UNDRAWN: "未用额度",
    Account.UNDRAWN_CONTRA: "未用额度对方",
}
assert set(ACCOUNTS) == set(Account)


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """A part of what a command moved, in words (Chinese: a page says them in its language).

    Attributes:
        words: What it means.
        debit: The account that was debited.
        credit: The account that was credited.
        amount_minor: How much.
    """

    words: str
    debit: str
    credit: str
    amount_minor: int


def moved(row: np.void) -> Moved:
    """Return what a transfer means."""
    (_, debit, _), (_, credit, _) = (ledger.split(int(row[side])) for side in ("debit", "credit"))
    words = FROM_TO.get((debit, credit)) or TO.get(credit, MOVED_ELSE)
    return Moved(words, ACCOUNTS[debit], ACCOUNTS[credit], int(row["amount_minor"]))


def refusal(outcome: Outcome) -> tuple[str, str]:
    """Return title and text for a command that was refused."""
    return REFUSALS.get(outcome, REFUSED_ELSE)
