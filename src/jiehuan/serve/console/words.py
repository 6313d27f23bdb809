"""The words of the demo's page: Chinese is the source, English the catalogue."""

from collections.abc import Mapping
from typing import Final

EN: Final[Mapping[str, str]] = {
    "借还 · 现场": "Jiehuan · live",
    "一部手机，和它背后的整本账": "A phone, and the whole book behind it",
    "手机": "Phone",
    "手机的账簿": "The phone's book",
    "台湾信用卡账簿": "The Taiwan card book",
    "营业日": "Business day",
    "过一天": "+1 day",
    "过一个月": "+1 month",
    "连续运行": "Run",
    "暂停": "Pause",
    "试算为零": "Trial balance zero",
    "试算不平": "Out of balance",
    "审计无违例": "Audit clean",
    "审计中…": "Auditing…",
    "审计有违例": "Audit found breaches",
    "可用额度": "Available",
    "已用本金": "Drawn",
    "已出账未还": "Billed, unpaid",
    "逾期本金": "Past due",
    "流入零钱包": "Out to wallets",
    "从零钱包流入": "In from wallets",
    "放款": "paid out",
    "还款": "repaid",
    "条额度": "lines",
    "1 条额度": "1 line",
    "占在贷": "of principal",
    "账龄分布": "By delinquency bucket",
    "最近指令与分录": "Latest commands, and the transfers they made",
    "没有分录": "no money moved",
    "商户退款": "Refund it",
    "完整总览": "Whole overview",
    "接口": "API",
    "钱包对手方": "The wallet's side",
    "账簿里还没有指令，在手机上点一点。": "Nothing yet: tap something on the phone.",
    "指令": "commands",
    "借": "Dr",
    "贷": "Cr",
}


def say(zh: str, language: str) -> str:
    """Return a text of the page in a language."""
    return zh if language == "zh" else EN[zh]
