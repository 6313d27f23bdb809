"""What the pages say, in Chinese and in English."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

ZH: Final = "zh"
EN: Final = "en"
LANGUAGES: Final = (ZH, EN)

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # On every page.
    "sandbox": ("钱包沙箱", "Wallet sandbox"),
    "no_real_money": ("本机沙箱 · 没有真实资金", "Local sandbox · no real money"),
    "other_language": ("English", "中文"),
    "back": ("返回", "Back"),
    "done": ("完成", "Done"),
    "cancel": ("取消", "Cancel"),
    "balance": ("零钱", "Wallet balance"),
    "back_to": ("返回商家", "Back to the merchant"),
    # Sign-in.
    "sign_in": ("登录", "Sign in"),
    "sign_in_as": ("选择一位测试用户登录", "Choose a test person to sign in as"),
    "asks_who": ("申请获取你的身份", "asks who you are"),
    "refuse_sign_in": ("拒绝", "Decline"),
    "who_pays": ("谁来付款", "Who pays?"),
    # Cashier.
    "pay": ("付款", "Pay"),
    "pay_title": ("支付", "Payment"),
    "pay_with": ("付款方式", "Pay with"),
    "payer": ("付款人", "Payer"),
    "merchant": ("收款方", "Payee"),
    "number": ("商户单号", "Order number"),
    "bill_number": ("转账单号", "Transfer number"),
    "left": ("余额", "Balance"),
    "not_enough": ("余额不足", "not enough"),
    "nothing_enough": ("所有付款方式的余额都不足", "No way to pay has enough on it"),
    "paid": ("支付成功", "Paid"),
    "paid_with": ("付款方式", "Paid with"),
    "paid_at": ("支付时间", "Paid at"),
    "refunded": ("已退款", "Refunded"),
    "order_closed": ("订单已关闭", "This order is closed"),
    "order_closed_why": ("商家关闭了订单，没有扣款", "The merchant closed it; nothing was taken."),
    "order_expired": ("订单已过期", "This order has expired"),
    "order_expired_why": (
        "请回到商家重新下单，没有扣款",
        "Please start again at the merchant's; nothing was taken.",
    ),
    "not_paid": ("没有付款，可以再试一次", "Nothing was paid; you can try again"),
    # Transfer to the wallet.
    "receive": ("确认收款", "Receive"),
    "receive_title": ("收款", "Money for you"),
    "to": ("收款人", "To"),
    "to_balance": ("存入零钱", "Goes to the wallet balance"),
    "remark": ("转账说明", "Remark"),
    "refuse": ("拒绝收款", "Refuse"),
    "confirm_until": ("请在此前确认", "Confirm before"),
    "not_confirmed_why": (
        "逾期未确认，资金退回付款方",
        "Not confirmed in time, it goes back to the sender.",
    ),
    "received": ("已收款", "Received"),
    "received_why": ("资金已存入零钱", "The money is in the wallet balance."),
    "receiving": ("收款处理中", "On its way"),
    "receiving_why": ("资金即将存入零钱", "It will be in the wallet balance in a moment."),
    "preparing": ("转账处理中", "Being prepared"),
    "preparing_why": ("付款方的资金还没有备好", "The sender's money is not ready yet."),
    "withdrawn": ("付款方已撤回", "Withdrawn by the sender"),
    "withdrawn_why": ("这笔转账已撤销", "This transfer was taken back."),
    "failed": ("转账未成功", "This transfer has ended"),
    "failed_why": ("资金已退回付款方", "The money went back to the sender."),
    # What is refused.
    "trouble": ("出错了", "Something is wrong"),
    "elsewhere": ("表单来自别的网站", "This form came from another site"),
    "no_person": ("没有这位测试用户", "There is no such test person"),
    "odd_address": (
        "返回地址必须是完整的 http 或 https 地址",
        "The address to go back to must be a whole http or https address",
    ),
    "odd_form": ("表单填写有误", "The form is not filled in right"),
    # Control page.
    "control": ("沙箱控制台", "Sandbox control"),
    "clock": ("业务时间", "Business time"),
    "real_time": ("真实时间", "Real time"),
    "hour": ("+1 小时", "+1 hour"),
    "day": ("+1 天", "+1 day"),
    "month": ("+30 天", "+30 days"),
    "set_clock": ("设为", "Set"),
    "speed": ("通知重试加速", "Notification speed"),
    "speed_set": ("设定", "Set"),
    "faults": ("故障", "Faults"),
    "faults_none": ("没有设定故障，一切正常", "None is set: everything works"),
    "fault": ("故障", "Fault"),
    "fault_on": ("何时", "When"),
    "fault_next": ("下一次", "The next time"),
    "fault_always": ("每一次", "Every time"),
    "fault_half": ("一半的次数", "Half of the times"),
    "fault_tenth": ("十分之一", "One in ten"),
    "fault_match": ("仅当包含", "Only where it says"),
    "fault_match_eg": ("如 refund，可不填", "e.g. refund; may be empty"),
    "fault_set": ("设定故障", "Set this fault"),
    "fault_clear": ("取消", "Remove"),
    "fault_left": ("剩余次数", "times left"),
    "notify_twice": ("通知发两次", "Notify twice"),
    "notify_late": ("通知迟到", "Notify late"),
    "notify_never": ("不发通知", "Never notify"),
    "notify_out_of_order": ("通知乱序", "Notify out of order"),
    "notify_forged": ("伪造签名的通知", "Forged notification"),
    "notify_probe": ("官方探测流量", "The official probe"),
    "notify_wrong_amount": ("通知里的金额不对", "Wrong amount in it"),
    "answer_500_after": ("做完后回答 500", "Do it, then answer 500"),
    "timeout": ("不回答（超时）", "Time out"),
    "broken_signature": ("回答的签名错误", "Broken signature in the answer"),
    "unknown_code": ("未知的错误码", "An unknown error code"),
    "balance_not_enough": ("余额不足", "Balance not enough"),
    "user_refuses": ("用户拒绝", "The user refuses"),
    "fault_group_notify": ("通知", "Notifications"),
    "fault_group_answer": ("接口应答", "Answers of the API"),
    "fault_group_act": ("用户操作", "What people do"),
    "people": ("测试用户", "Test people"),
    "merchant_balance": ("商户余额", "Merchant's balance"),
    "orders": ("订单", "Orders"),
    "refunds": ("退款", "Refunds"),
    "transfers": ("转账到零钱", "Transfers to the wallet"),
    "notices": ("通知记录", "Notifications"),
    "none_yet": ("还没有", "None yet"),
    "open_page": ("打开", "Open"),
    "answers": ("商户应答", "answered"),
    "no_answer": ("无应答", "no answer"),
    "of_order": ("订单", "of order"),
    "shown_newest": ("只显示最新", "Only the newest shown:"),
}

_STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    # On the wire -> Chinese, English, colour.
    "NOTPAY": ("待支付", "to be paid", "wait"),
    "SUCCESS": ("成功", "success", "good"),
    "REFUND": ("转入退款", "refunded", "calm"),
    "CLOSED": ("已关闭", "closed", "calm"),
    "PROCESSING": ("处理中", "processing", "wait"),
    "ABNORMAL": ("异常", "abnormal", "bad"),
    "ACCEPTED": ("已受理", "accepted", "wait"),
    "WAIT_USER_CONFIRM": ("待用户确认", "to be confirmed", "wait"),
    "TRANSFERING": ("转账中", "on its way", "wait"),
    "FAIL": ("失败", "failed", "bad"),
    "CANCELING": ("撤销中", "being cancelled", "wait"),
    "CANCELLED": ("已撤销", "cancelled", "calm"),
    # Of a notification.
    "waiting": ("等待发送", "waiting", "wait"),
    "accepted": ("已送达", "accepted", "good"),
    "given_up": ("已放弃", "given up", "bad"),
    "withheld": ("被故障扣下", "withheld", "bad"),
}

# What a person reads where a program reads the code.
_REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "NOT_ENOUGH": (
        "余额不足，请换一种付款方式",
        "Not enough money there: choose another way to pay",
    ),
    "ORDERPAID": ("订单已支付", "This order is paid already"),
    "ORDER_CLOSED": ("订单已关闭", "This order is closed"),
    "ORDER_NOT_EXIST": ("没有这个订单", "There is no such order"),
    "RESOURCE_NOT_EXISTS": ("没有这笔记录", "There is no such thing here"),
    "NOT_FOUND": ("没有这笔记录", "There is no such thing here"),
}

assert all(len(pair) == len(LANGUAGES) for pair in _WORDS.values())


def words(language: str) -> SimpleNamespace:
    """Return the words of a language, one attribute each.

    Examples:
        >>> words("en").paid
        'Paid'
    """
    place = LANGUAGES.index(language)
    return SimpleNamespace(**{name: pair[place] for name, pair in _WORDS.items()})


def state_words(language: str) -> dict[str, tuple[str, str]]:
    """Return each state's word and colour.

    Examples:
        >>> state_words("en")["NOTPAY"]
        ('to be paid', 'wait')
    """
    place = LANGUAGES.index(language)
    return {name: (told[place], told[-1]) for name, told in _STATES.items()}


def refusal_words(code: str, message: str, language: str) -> str:
    """Return what a person reads of a refusal: our words for the code, or else the message.

    Examples:
        >>> refusal_words("ORDERPAID", "订单已支付", "en")
        'This order is paid already'
    """
    return _REFUSALS.get(code, (message, message))[LANGUAGES.index(language)]
