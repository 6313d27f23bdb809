"""In which language do we answer, and how are numbers written there?

Chinese is the source language of the pages and English the catalogue: ``EN`` is keyed by the
Chinese text, and a text that is missing there fails a test.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from jiehuan.core.money import MINOR_PER_MAJOR, format_amount

LANGUAGES: Final = ("zh", "en")

SYMBOLS: Final = {"CNY": "¥", "TWD": "NT$", "USD": "$", "EUR": "€", "HKD": "HK$"}


def language_of(asked: str | None, header: str | None, default: str) -> str:
    """Choose a language: what the address asks for, then what the browser prefers.

    Args:
        asked: ``?lang=``; anything but a language of ours is as if it were not there.
        header: ``Accept-Language``.
        default: Where neither says.

    Examples:
        >>> language_of(None, "fr, en-GB;q=0.8, zh;q=0.5", "zh")
        'en'
    """
    if asked in LANGUAGES:
        return asked
    wanted = []
    for place, part in enumerate((header or "").split(",")):
        name, _, rest = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            wanted.append((-_quality(rest), place, language))
    wanted = [row for row in wanted if row[0] < 0]
    return min(wanted)[2] if wanted else default


def _quality(text: str) -> float:
    """Read ``q=0.8``; what cannot be read counts as 0."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def say(zh: str, language: str) -> str:
    """Return a text of the pages in a language."""
    return zh if language == "zh" else EN[zh]


def money(amount_minor: int, currency: str) -> str:
    """Write an amount in full: ``NT$1,000.00``."""
    text = format_amount(abs(amount_minor))
    return f"{'−' if amount_minor < 0 else ''}{SYMBOLS.get(currency, currency + ' ')}{text}"


_SCALES: Mapping[str, tuple[tuple[int, str], ...]] = {
    "zh": ((10**8, "亿"), (10**4, "万")),
    "en": ((10**9, " bn"), (10**6, " m"), (10**3, " k")),
}


def money_short(amount_minor: int, currency: str, language: str) -> str:
    """Write an amount to four digits or so: ``NT$12.3亿``, ``NT$1.23 bn``; currency may be ""."""
    sign = "−" if amount_minor < 0 else ""
    symbol = SYMBOLS.get(currency, currency and currency + " ")
    major = abs(amount_minor) // MINOR_PER_MAJOR
    for size, word in _SCALES[language]:
        if major >= size:
            digits = 2 if major < 10 * size else 1 if major < 1_000 * size else 0
            number = f"{major / size:,.{digits}f}"
            number = number.rstrip("0").rstrip(".") if digits else number
            return f"{sign}{symbol}{number}{word}"
    return f"{sign}{symbol}{major:,}"


def percent(part: int, whole: int) -> str:
    """Write a share with two decimals; of nothing, a dash."""
    return f"{100 * part / whole:.2f} %" if whole else "–"


def rate(ppm: int) -> str:
    """Write parts per million as per cent, without noughts at the end: ``0.05 %``."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + " %"


def day(on: int) -> str:
    """Write a day; no day is a dash."""
    return dt.date.fromordinal(on).isoformat() if 0 < on <= dt.date.max.toordinal() else "–"


EN: Final[Mapping[str, str]] = {
    "客户": "Clients",
    "每秒指令": "Commands/s",
    "每秒日志行": "Journal rows/s",
    "耗时（秒）": "Seconds",
    "不符账单": "Statements off",
    "逾期判断一致": "Agreement",
    "评分 AUC": "Scores, AUC",
    "审计": "Audit",
    "无违例": "clean",
    "滚动率": "Roll rates",
    "本月末各档到下月末各档": "from the end of a month to the end of the next",
    "条额度": "lines",
    "使用率": "used",
    "覆盖逾期": "of what is past due",
    "其中罚息": "of it penalty",
    "借还": "Jiehuan",
    "总览": "Overview",
    "资产与账龄": "Receivables",
    "额度与决策": "Lines and decisions",
    "账单与流水": "Statements",
    "总账": "General ledger",
    "指令": "Commands",
    "产品": "Products",
    "接口文档": "API",
    "营业日": "Business day",
    "账簿": "Book",
    "虚拟时钟": "virtual clock",
    "真实时钟": "real clock",
    "试算平衡": "Books balance",
    "试算不平": "Out of balance by",
    "在贷余额": "Principal outstanding",
    "授信总额": "Limits granted",
    "逾期余额占比": "Past due, of principal",
    "拨备余额": "Provision",
    "已赚利息与罚息": "Interest and penalty earned",
    "已核销": "written off",
    "逐日计提": "Earned day by day",
    "利息": "Interest",
    "罚息": "Penalty",
    "账龄分布": "By delinquency bucket",
    "正常": "current",
    "逾期各档本金": "Principal past due, by bucket",
    "额度状态": "Lines by status",
    "授信决策": "Decisions on applications",
    "额度复审": "Limit reviews",
    "通过": "approved",
    "转人工": "referred",
    "拒绝": "declined",
    "账单日": "Cut",
    "账单数": "Statements",
    "应还": "Due",
    "最低还款": "Minimum due",
    "历期账单": "Statements by cut",
    "消费与还款": "Spent and repaid",
    "消费与支用": "Spent and drawn",
    "还款": "Repaid",
    "试算平衡表": "Trial balance",
    "科目": "Account",
    "借方": "Debit",
    "贷方": "Credit",
    "合计": " total",
    "最近指令": "Latest commands",
    "生效日": "Effective",
    "编号": "Id",
    "额度": "Line",
    "类型": "Kind",
    "金额": "Amount",
    "结果": "Outcome",
    "完成": "done",
    "客户指令": "callers' commands",
    "日切事件": "day events",
    "被拒": "refused",
    "最近关账": "Last day closed",
    "尚未关账": "no day closed yet",
    "额度区间": "Limit",
    "还款日": "Due",
    "出账日": "Cut",
    "天": "days",
    "未还部分日利率": "Unpaid rest, a day",
    "支用日利率": "Cash draws, a day",
    "逾期日利率": "Past due, a day",
    "期手续费": "instalments",
    "账簿里还没有额度": "There is no line in this book yet",
    "用下面的请求开立第一条，或运行一次演示。": "Open the first one like this, or run the demo.",
    "跳到正文": "Skip to the figures",
    "只绑定本机，尚无登录。": "Bound to this machine only; there is no login yet.",
    "本页由服务端直接生成，没有脚本，也不访问外网。": (
        "This page is made on the server: no script, nothing from elsewhere."
    ),
    "活跃": "active",
    "已冻结": "frozen",
    "逾期": "past due",
    "已关闭": "closed",
    "待接受": "offered",
    "申请": "application",
    "消费": "purchase",
    "预授权": "hold",
    "请款": "capture",
    "撤销": "void",
    "支用": "draw",
    "支用成功": "draw paid out",
    "支用失败": "draw not paid out",
    "退款": "refund",
    "商户贴款": "merchant credit",
    "转分期": "conversion",
    "销户": "closing",
    "发起收款": "collection",
    "收款终止": "collection ended",
    "溢缴款退回": "overpayment back",
    "退回成功": "paid back",
    "退回失败": "not paid back",
    "冲正": "reversal",
    "收费": "charge",
    "减免": "waiver",
    "善意补偿": "goodwill",
    "拒付": "chargeback",
}
