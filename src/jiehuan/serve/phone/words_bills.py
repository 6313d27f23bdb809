"""English for bills, repaying, instalments, plans and the list of what was done."""

from collections.abc import Mapping
from typing import Final

EN: Final[Mapping[str, str]] = {
    # --- Bills
    "账单金额": "Bill",
    "账单明细": "What it is made of",
    "最低还款额": "Minimum",
    "出账日": "Cut on",
    "出账时已用额度": "Used at the cut",
    "账单是出账那天的样子，之后的还款和退款见下期账单。": (
        "A bill stays as it was on its day; later repayments and refunds are in the next one."
    ),
    "现在应还": "To pay now",
    "分期还款": "Pay in instalments",
    "{day} 出账，截至 {due} 24:00": "cut on {day}, due by {due}, 24:00",
    "还没有账单，{day} 出第一期": "No bill yet; the first comes on {day}",
    "上期账单": "Previous bill",
    "对以前日期的调整": "Changes of earlier days",
    "本期已还": "Repaid",
    "退款、分期与其他": "Refunds, plans and others",
    "本期消费": "Purchases",
    "本期借款": "Borrowed",
    "分期本金": "Instalments",
    "分期手续费": "Instalment fees",
    "利息": "Interest",
    "罚息": "Penalty",
    # --- Repaying
    "有一笔还款还没有完成": "A repayment is not finished yet",
    "继续": "Go on",
    "完成或放弃它之后，才能发起新的还款，这样不会重复付款。": (
        "Finish it or give it up before you begin another one, so that nothing is paid twice."
    ),
    "已全部还清": "All paid off",
    "账单待还": "Bill to pay",
    "还清账单": "The whole bill",
    "按时还清，消费不计利息": "on time, purchases cost no interest",
    "还最低额": "The minimum",
    "其余从还款日次日起按日利率 {rate} 计息": "the rest costs {rate} a day after the due day",
    "全部结清": "Pay off everything",
    "含未出账本金，截至今天的息费 {charges}": "with what is not billed; charges to today {charges}",
    "还其他金额": "Another amount",
    "去微信支付还款": "Repay with WeChat Pay",
    "在微信收银台选择零钱或银行卡；以微信支付成功的时间为还款时间。": (
        "Choose balance or card at WeChat's cashier. What counts is when you pay there."
    ),
    "{counts} 期，先看费用再决定": "{counts} payments; see the cost first",
    "回还款页": "Back to repaying",
    "请选择还款方式，或填写金额，最多两位小数": (
        "Please choose how much, or enter an amount with at most two decimals"
    ),
    "超过应还金额": "More than you owe",
    "最多还 {most}，这样就全部还清了。": "At most {most}: that pays off everything.",
    "重新查看": "Look again",
    # --- Instalments
    "可分期的账单消费": "Of the bill, for instalments",
    "看费用": "Show the cost",
    "总手续费": "Whole fee",
    "年化为每月内部收益率的 12 倍。分期后本期账单减少 {amount}，第一期进入下期账单。": (
        "The yearly rate is 12 times the monthly rate of return. This bill falls by {amount}; the"
        " first payment comes with the next bill."
    ),
    "确认分 {count} 期": "Pay in {count} instalments",
    # --- What was paid too much
    "退回多还的钱": "Money back",
    "多还的钱": "Paid too much",
    "现在可退回 {amount}，原路退到付款的零钱或银行卡": (
        "{amount} can go back now, to the balance or card that paid"
    ),
    "退回 {amount}": "Give back {amount}",
    "现在没有可以退回的钱": "Nothing can be given back now",
    "不退也可以：下次付款或下期账单会先用掉它，不计利息。": (
        "You may leave it: the next payment or bill uses it first. It bears no interest."
    ),
    # --- Plans
    "本期消费，未出账": "Purchases not billed yet",
    "金额": "Amount",
    "新办理": "new",
    "未还本金": "Principal left",
    "未还息费": "Charges to pay",
    "开始日": "Since",
    "日利率": "A day",
    "手续费": "Fee",
    "状态": "State",
    "已还": "paid",
    "已过期": "past due",
    "已出账": "billed",
    "未到期": "to come",
    "账单消费": "Billed purchases",
    "借款（按日计息）": "Borrowed by the day",
    "分期": "Instalments",
    "费用": "Charge",
    # --- What was done
    "更早的记录": "Earlier",
    "生效日": "Effective",
    "入账日": "Booked",
    "期数": "Instalments",
    "看这期账单": "See this bill",
    "这一笔没有动用资金": "No money moved",
}
