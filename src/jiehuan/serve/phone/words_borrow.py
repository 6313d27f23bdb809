"""English for borrowing to the wallet, paying shops, and orders on their way."""

from collections.abc import Mapping
from typing import Final

EN: Final[Mapping[str, str]] = {
    # --- Borrowing
    "借到零钱": "Borrow to the wallet",
    "借多少": "How much",
    "可借 {amount}": "up to {amount}",
    "怎么还": "How to repay",
    "{count}期": "{count} mo.",
    "按日": "Daily",
    "首期应还": "First payment",
    "到期应还": "When due",
    "总息费": "Total cost",
    "年化（单利）": "Yearly (simple)",
    "共 {count} 期，每天约 {daily}，合计还 {total}": (
        "{count} payments, about {daily} a day, {total} in all"
    ),
    "每天 {daily}，{day} 还清合计还 {total}；早还少付": (
        "{daily} a day; {total} in all if repaid on {day}, less if sooner"
    ),
    "还款计划": "Payments",
    "期次": "No.",
    "还款日": "Due",
    "本金": "Principal",
    "息费": "Cost",
    "合计": "Sum",
    "确认收款后才开始计息；没有收款就不算借，额度自动恢复。": (
        "Interest begins when you have received the money. If you do not, nothing was borrowed."
    ),
    "回借款页": "Back to borrowing",
    "请从页面上列出的期数中选择。": "Please choose one of the numbers on the page.",
    "请填写金额，最多两位小数": "Please enter an amount with at most two decimals",
    "请减少金额后重试。": "Please try a smaller amount.",
    "确认借款": "Borrow: confirm",
    "借到微信零钱": "To your WeChat balance",
    "还款方式": "How it is repaid",
    "分 {count} 期，每月 {day} 日": "{count} payments, on day {day} of the month",
    "按日计息，可随时还，账单日出账": "by the day; repay any day; in the next bill",
    "每天约": "About, a day",
    "合计还": "In all",
    "逾期日利率": "Past due, a day",
    "年化为每月内部收益率的 12 倍；按今天到账估算。": (
        "The yearly rate is 12 times the monthly rate of return, as if the money came today."
    ),
    "年化为日利率的 365 倍；按今天到账、{day} 还清估算。": (
        "The yearly rate is 365 times the daily one; the cost is as if the money came today and was"
        " repaid on {day}."
    ),
    "我已看清费用与还款计划，同意借款": "I have seen the cost and the payments, and want to borrow",
    "确认借 {amount}": "Borrow {amount}",
    # --- Paying a shop
    "扫商家的付款码，或点一下直接打开。每个码只能付一次。": (
        "Scan a shop's code, or tap it. Each code can be paid once."
    ),
    "付款": "Payment",
    "付给 {shop}": "To {shop}",
    "付款方式": "Paid with",
    "借还额度": "Jiehuan credit",
    "可用": "Available",
    "商家订单": "The shop's order",
    "免息到": "Free of interest",
    "{day} 24:00 前": "until {day}, 24:00",
    "超出可用额度 {available}": "More than is available: {available}",
    "回商家列表": "Back to the shops",
    "确认付款 {amount}": "Pay {amount}",
    "付款成功": "Paid",
    "商家": "Shop",
    "日期": "Day",
    "完成": "Done",
    "看明细": "Details",
    "这个付款码不对": "This code is wrong",
    "商家、订单或金额与商家签名的不一致，没有付款。请让商家重新出示付款码。": (
        "Shop, order or amount are not what the shop signed, so nothing was paid. Please ask the"
        " shop to show its code again."
    ),
    # --- An order on its way
    "正在向微信核实": "Asking WeChat",
    "正在提交到微信": "On its way to WeChat",
    "等你确认收款": "Waiting for you to receive it",
    "已确认收款，正在入账": "Received; being booked",
    "正在取消": "Being cancelled",
    "已到零钱": "In your balance",
    "没有借成": "Nothing was borrowed",
    "正在准备收银台": "Opening the cashier",
    "等你付款": "Waiting for your payment",
    "已在微信支付成功，正在入账": "Paid at WeChat; being booked here",
    "正在关闭": "Being closed",
    "还款成功": "Repaid",
    "没有付款，已关闭": "Not paid, closed",
    "已退回": "Given back",
    "没有退成": "Not given back",
    "正在退回": "Being given back",
    "这笔额度已为你留住，不会重复付款；收款后才开始计息。": (
        "The amount is set aside and is not sent twice. Interest begins when you receive it."
    ),
    "请在 {until} 前到微信确认收款，过时自动取消、额度恢复。": (
        "Please receive it in WeChat by {until}; after that it is cancelled and the amount is free."
    ),
    "请在 23 小时内到微信确认收款，过时自动取消、额度恢复。": (
        "Please receive it in WeChat within 23 hours; after that it is cancelled and the amount is"
        " free."
    ),
    "通常几秒内完成；最迟 {until} 会有结果。": "Usually seconds; known by {until} at the latest.",
    "通常几秒内完成；最迟 24 小时会有结果。": "Usually seconds; known within 24 hours.",
    "分 {count} 期归还，第一期在下期账单。": "{count} payments; the first is in the next bill.",
    "从收款日起计息，可随时还。": "Interest runs from the day you received it; repay any day.",
    "没有付出去，不计任何息费，额度已恢复。": (
        "No money was sent and nothing is charged; the amount is free again."
    ),
    "马上就好，不会重复付款。": "In a moment; you are not charged twice.",
    "你取消了支付，可以重新付款或放弃。": "You left the cashier; pay again or give up.",
    "请在 {minutes} 分钟内付款，可选零钱或银行卡。": (
        "Please pay within {minutes} minutes, from your balance or a card."
    ),
    "通常几秒内入账，最迟 {minutes} 分钟；以微信支付成功的时间为还款时间，不会算逾期。": (
        "Usually booked in seconds, within {minutes} minutes at the latest. What counts is when you"
        " paid at WeChat, so this is not late."
    ),
    "正在请微信关闭这笔支付；若你已付款，会照常入账。": (
        "We ask WeChat to close it; if you have paid, it is booked all the same."
    ),
    "这笔支付没有完成，没有扣款。": "The payment was not made, and nothing was charged.",
    "已原路退到付款的零钱或银行卡。": "It went back to the balance or card that paid.",
    "没有退出去，钱仍存在你的额度里。": "It did not go out; the money is still on your line.",
    "微信会原路退回，零钱即时、银行卡 1 到 3 个工作日。": (
        "WeChat returns it the way it came: to a balance at once, to a card in 1 to 3 working days."
    ),
    "去微信确认收款": "Receive it in WeChat",
    "去付款": "Pay",
    "放弃这笔还款": "Give this repayment up",
    "每一分钱的去向": "Where each cent went",
    "本页每 4 秒自动刷新。": "This page refreshes every 4 seconds.",
}
