"""English for what was done, what was refused and why, and where money went."""

from collections.abc import Mapping
from typing import Final

EN: Final[Mapping[str, str]] = {
    # --- Commands
    "开通额度": "Line opened",
    "预授权": "Hold",
    "预授权付款": "Payment of a hold",
    "预授权撤销": "Hold let go",
    "申请借到零钱": "Asked to borrow",
    "借款已到零钱": "Borrowed, in the balance",
    "借款未到账，额度已恢复": "Not borrowed, amount free",
    "退款": "Refund",
    "商家补贴": "Credit of a shop",
    "转为分期": "Turned into instalments",
    "关闭额度": "Line closed",
    "额度调整": "Limit reviewed",
    "更正": "Put right",
    "收取费用": "Charged",
    "减免费用": "Waived",
    "我方补偿": "A gift of ours",
    "拒付退款": "Disputed purchase given back",
    "发起还款": "Repayment begun",
    "还款未支付，已关闭": "Repayment not paid, closed",
    "申请退回多还的钱": "Asked for money back",
    "多还的钱已退回": "Money given back",
    "多还的钱未能退回": "Money not given back",
    "出账单": "Bill cut",
    "还款日已过": "Due day passed",
    "逾期天数变化": "Days past due",
    "预授权到期": "Hold expired",
    "核销": "Written off",
    "日终": "End of day",
    # --- Refusals
    "没有办理": "Not done",
    "没有可用的额度": "No credit line",
    "请先申请额度。": "Please apply for one first.",
    "额度已关闭": "The line is closed",
    "已关闭的额度不能再用，需要时请重新申请。": "A closed line cannot be used; please apply anew.",
    "有逾期未还": "Something is past due",
    "请先还清逾期的最低还款额，再借款、付款或分期。": (
        "Please pay the minimum that is past due first; then borrow, pay or convert."
    ),
    "金额不对": "The amount is wrong",
    "金额至少为 0.01 元。": "It is at least 0.01.",
    "金额过大": "The amount is too large",
    "没有这个期数": "Not offered",
    "现在不能分期": "No instalments now",
    "账单在还款日当天及之前、且还有未还的消费时才能分期。": (
        "A bill can be turned into instalments up to its due day, if purchases of it are unpaid."
    ),
    "没有可以分期的账单": "No bill for instalments",
    "这期账单没有消费，或者已经还清。": "It has no purchases, or they are paid.",
    "超出可用额度": "More than is available",
    "请减少金额，或先还款再试。": "Please try less, or repay first.",
    "超出可退金额": "More than can go back",
    "最多只能退回多还的部分。": "At most what was paid too much.",
    "账簿没有接受这次操作，什么都没有改变。": "The book did not take it; nothing has changed.",
    "看已办理的那一笔": "See what was done",
    "已在另一个窗口办理": "Done in another window",
    "另一个窗口已经提交：{what} {amount}。这次没有办理；如还需要，请从首页重新开始。": (
        "Another window was first: {what} {amount}. Nothing was done now; if you"
        " need more, begin again from home."
    ),
    "没有这个页面": "No such page",
    "地址可能写错了，或者这不是你的内容。": "The address may be wrong, or it is not yours.",
    "这个表单已失效": "This form is no longer valid",
    "它不是从本次登录的页面发出的，什么都没有办理。请回到页面重新提交。": (
        "It does not come from a page of this session, so nothing was done. Please go back to the"
        " page and send it again."
    ),
    "系统繁忙": "Busy",
    "现在不能办理，什么都没有重复。请稍后在同一页面重试。": (
        "It cannot be done just now, and nothing was done twice. Try again on the same page."
    ),
    "提交的内容过大": "Too large",
    "请减少内容后重试。": "Please send less.",
    "不能这样打开": "It cannot be opened like this",
    "请从页面上的按钮办理。": "Please use the buttons on our pages.",
    "读不懂提交的内容": "It cannot be read",
    "请回到页面重新提交。": "Please go back to the page and send it again.",
    "出错了": "Something broke",
    "我们这边出错了，什么都没有重复。请稍后重试；仍不行请告知编号 {incident}。": (
        "Something broke on our side; nothing was done twice. Please try again; if it stays, tell"
        " us number {incident}."
    ),
    "姓名与微信实名不一致。": "The name is not the one that WeChat knows.",
    "超过时间没有收款。": "It was not received in time.",
    "这笔转账已取消。": "The transfer was cancelled.",
    "这笔支付已关闭。": "The payment was closed.",
    "付款方余额不足。": "The payer's balance was too low.",
    # --- Movements
    "冲减本金": "To principal",
    "还利息": "To interest",
    "还分期手续费": "To instalment fees",
    "还罚息": "To penalty",
    "利息入账": "Interest billed",
    "罚息入账": "Penalty billed",
    "存为多还的钱": "Kept as overpaid",
    "付给商家": "To the shop",
    "转到微信零钱": "To the WeChat balance",
    "转出": "Paid out",
    "计收利息": "Interest charged",
    "计收分期手续费": "Instalment fee charged",
    "计收罚息": "Penalty charged",
    "核销后收回": "Recovered",
    "用多还的钱冲减本金": "Overpaid, to principal",
    "多还的钱退回微信": "Overpaid, back to WeChat",
    "按逾期天数重新归类": "Sorted anew by days past due",
    "退款存为多还的钱": "Refund, kept as overpaid",
    "账务调整": "Adjustment",
    # --- Accounts
    "应计利息": "accrued interest",
    "应计罚息": "accrued penalty",
    "收款账户": "cash",
    "微信清算": "WeChat clearing",
    "应付商家": "owed to shops",
    "利息收入": "interest income",
    "手续费收入": "fee income",
    "罚息收入": "penalty income",
    "利息尾差": "interest rests",
    "罚息尾差": "penalty rests",
    "收回": "recovered",
    "拨备": "provision",
    "拨备支出": "provision expense",
    "应收商家拒付款": "disputed purchases, owed by merchants",
    "补偿支出": "gifts of ours",
    "未用额度": "undrawn lines",
    "未用额度对方": "undrawn lines, contra",
}
