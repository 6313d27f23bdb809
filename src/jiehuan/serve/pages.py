"""What does the overview page show, in which words and drawings?"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jiehuan.core.commands import Kind
from jiehuan.core.ledger import Account
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import Product
from jiehuan.reports.overview import Overview
from jiehuan.risk.policy import Verdict
from jiehuan.serve import charts, ids, words
from jiehuan.serve.charts import Bar, Series
from jiehuan.serve.problems import OUTCOMES

STATIC: Final[Mapping[str, tuple[str, bytes]]] = {
    name: (kind, (files("jiehuan.serve") / "static" / name).read_bytes())
    for name, kind in (
        ("page.css", "text/css"),
        ("console.css", "text/css"),
        ("console.js", "text/javascript"),
        ("mark.svg", "image/svg+xml"),
        ("vendor/htmx.min.js", "text/javascript"),
    )
}

# Nothing from elsewhere, no script, no frame: the page cannot be made to do more.
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

STATUS_WORDS: Final[Mapping[Status, tuple[str, str]]] = {
    Status.OFFERED: ("待接受", "calm"),
    Status.ACTIVE: ("活跃", "good"),
    Status.FROZEN: ("已冻结", "cold"),
    Status.OVERDUE: ("逾期", "late"),
    Status.WRITTEN_OFF: ("已核销", "lost"),
    Status.CLOSED: ("已关闭", "calm"),
}
VERDICT_WORDS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.APPROVE: ("通过", "good"),
    Verdict.REFER: ("转人工", "warn"),
    Verdict.DECLINE: ("拒绝", "lost"),
}
KIND_WORDS: Final[Mapping[Kind, str]] = {
    Kind.OPEN: "申请",
    Kind.PURCHASE: "消费",
    Kind.HOLD: "预授权",
    Kind.CAPTURE: "请款",
    Kind.VOID: "撤销",
    Kind.DRAW: "支用",
    Kind.DRAW_SUCCEEDED: "支用成功",
    Kind.DRAW_FAILED: "支用失败",
    Kind.REPAY: "还款",
    Kind.REFUND: "退款",
    Kind.CREDIT: "商户贴款",
    Kind.CONVERT: "转分期",
    Kind.CLOSE: "销户",
    Kind.REVIEW: "额度复审",
    Kind.COLLECT: "发起收款",
    Kind.COLLECT_ENDED: "收款终止",
    Kind.PAY_BACK: "溢缴款退回",
    Kind.PAY_BACK_SUCCEEDED: "退回成功",
    Kind.PAY_BACK_FAILED: "退回失败",
    Kind.REVERSE: "冲正",
    Kind.CHARGE: "收费",
    Kind.WAIVE: "减免",
    Kind.GOODWILL: "善意补偿",
    Kind.CHARGEBACK: "拒付",
}
MONTHS_SHOWN: Final = 12
BUCKET_STYLES: Final = ("m0", "m1", "m2", "m3", "m4", "m5", "m6")


def environment() -> Environment:
    """Return the templates; what a template asks for and is not there is an error."""
    return Environment(
        loader=PackageLoader("jiehuan.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """The page's words and drawings for one reading of the book.

    Attributes:
        seen: The figures.
        products: Terms in force, of the book's currency.
        language: ``zh`` or ``en``.
    """

    seen: Overview
    products: Sequence[Product]
    language: str

    def say(self, zh: str) -> str:
        """Return a text in the reader's language."""
        return words.say(zh, self.language)

    def money(self, amount_minor: int) -> str:
        """Write an amount in full."""
        return words.money(amount_minor, self.seen.book.currency)

    def short(self, amount_minor: int) -> str:
        """Write an amount to a few digits."""
        return words.money_short(amount_minor, self.seen.book.currency, self.language)

    def bare(self, amount_minor: int) -> str:
        """Write an amount to a few digits, without its currency: where there is little room."""
        return words.money_short(amount_minor, "", self.language)

    def cards(self) -> list[tuple[str, str, str, str]]:
        """Return the figures on top: title, figure, what it means, style of that."""
        seen, books = self.seen, self.seen.trial_balance
        principal = seen.total("used_minor")
        late = sum(bucket.principal_minor for bucket in seen.buckets[1:])
        provision = -books.of(Account.PROVISION)
        penalty = -books.of(Account.PENALTY_INCOME)
        limit = seen.total("limit_minor")
        return [
            (
                self.say("在贷余额"),
                self.short(principal),
                f"{seen.lines:,} {self.say('条额度')}",
                "calm",
            ),
            (
                self.say("授信总额"),
                self.short(limit),
                f"{words.percent(principal, limit)} {self.say('使用率')}",
                "calm",
            ),
            (self.say("逾期余额占比"), words.percent(late, principal), self.short(late), "late"),
            (
                self.say("拨备余额"),
                self.short(provision),
                f"{words.percent(provision, late)} {self.say('覆盖逾期')}",
                "calm",
            ),
            (
                self.say("已赚利息与罚息"),
                self.short(penalty - books.of(Account.INTEREST_INCOME)),
                f"{self.say('其中罚息')} {self.short(penalty)}",
                "calm",
            ),
        ]

    def accrual_chart(self) -> Markup:
        """Draw what each day earned."""
        rows = self.seen.accruals
        interest = [max(row.interest_minor, 0) for row in rows]
        penalty = [max(row.penalty_minor, 0) for row in rows]
        starts = [
            place
            for place, row in enumerate(rows)
            if not place or dt.date.fromordinal(row.on).day == 1
        ]
        labels = [dt.date.fromordinal(rows[place].on).strftime("%Y-%m") for place in starts]
        top = charts.top_of(max([*interest, *penalty], default=0))
        marks = ["", *(self.short(round(top * part / 4)) for part in (1, 2, 3, 4))]
        return charts.lines(
            [Series("interest", interest), Series("penalty", penalty)],
            charts.month_ticks(starts, max(len(rows), 1), labels),
            marks,
            self.say("逐日计提"),
        )

    def bucket_chart(self) -> Markup:
        """Draw the principal past due, by bucket; what is current would dwarf it."""
        bars = [
            Bar(
                f"M{place}" + ("+" if place == len(BUCKET_STYLES) - 1 else ""),
                bucket.principal_minor,
                self.bare(bucket.principal_minor) if bucket.principal_minor else "–",
                BUCKET_STYLES[place],
            )
            for place, bucket in enumerate(self.seen.buckets)
            if place
        ]
        return charts.columns(bars, self.say("逾期各档本金"))

    def bucket_strip(self) -> Markup:
        """Draw all buckets on one bar."""
        bars = [
            Bar(f"M{place}", bucket.principal_minor, self.short(bucket.principal_minor), style)
            for (place, bucket), style in zip(
                enumerate(self.seen.buckets), BUCKET_STYLES, strict=True
            )
        ]
        return charts.stack(bars, self.say("账龄分布"))

    def statuses(self) -> list[Bar]:
        """Return how many lines have which status; none of a status is left out."""
        counts = {status: self.seen.lines_of(status) for status in STATUS_WORDS}
        return [
            Bar(self.say(zh), counts[status], f"{counts[status]:,}", style)
            for status, (zh, style) in STATUS_WORDS.items()
            if counts[status]
        ]

    def verdicts(self, kind: Kind) -> list[Bar]:
        """Return how many decisions of a kind came out how."""
        counts = self.seen.decided(kind)
        return [
            Bar(self.say(zh), counts.get(verdict, 0), f"{counts.get(verdict, 0):,}", style)
            for verdict, (zh, style) in VERDICT_WORDS.items()
            if counts
        ]

    def month_chart(self) -> Markup:
        """Draw what was spent and what was repaid, month by month."""
        spent, repaid = self.say("消费与支用"), self.say("还款")
        groups = [
            (
                f"{row.year}-{row.month:02}",
                Bar(spent, row.spent_minor, self.short(row.spent_minor), "spent"),
                Bar(repaid, row.repaid_minor, self.short(row.repaid_minor), "repaid"),
            )
            for row in self.seen.months[-MONTHS_SHOWN:]
        ]
        return charts.pairs(groups, self.say("消费与还款"))

    def commands(self) -> list[dict[str, str]]:
        """Return the latest commands, the newest first."""
        rows = self.seen.commands.to_rows()[::-1]
        return [self._command(row) for row in rows]

    def _command(self, row: np.void) -> dict[str, str]:
        kind, outcome, book = Kind(row["kind"]), Outcome(row["outcome"]), self.seen.book.book
        done = outcome is Outcome.DONE
        told = OUTCOMES.get(outcome)
        return {
            "day": words.day(int(row["effective_on"])),
            "id": ids.of_command(kind, book, int(row["seq"])),
            "line": ids.write(ids.Noun.LINE, book, int(row["line"])),
            "kind": self.say(KIND_WORDS[kind]),
            "amount": self.money(int(row["amount_minor"])) if row["amount_minor"] else "–",
            "outcome": (told.zh if self.language == "zh" else told.en)
            if told
            else self.say("完成"),
            "style": "good" if done else "warn",
        }

    def accounts(self) -> list[list[tuple[str, str, str]]]:
        """Return the trial balance in two columns: account, debit, credit."""
        rows = [
            (
                row.name,
                self.money(row.balance_minor) if row.balance_minor > 0 else "",
                self.money(-row.balance_minor) if row.balance_minor < 0 else "",
            )
            for row in self.seen.trial_balance.balances
            if row.balance_minor
        ]
        half = (len(rows) + 1) // 2
        return [rows[:half], rows[half:]]


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What a simulation said of itself, in words.

    Attributes:
        figures: Name and value, in the order in which they are shown.
        rolls: Share that rolled from a bucket to each bucket, by row; empty if not told.
        buckets: The columns of ``rolls``.
    """

    figures: Sequence[tuple[str, str]]
    rolls: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    buckets: Sequence[str]


def run_of(told: Mapping[str, Any], language: str) -> Run:
    """Put what ``jiehuan demo --json`` prints into words; what it does not tell is left out."""

    def say(zh: str) -> str:
        return words.say(zh, language)

    figures = []
    for key, name, form in (
        ("clients", say("客户"), "{:,}"),
        ("commands", say("指令"), "{:,}"),
        ("commands_per_s", say("每秒指令"), "{:,.0f}"),
        ("journal_rows_per_s", say("每秒日志行"), "{:,.0f}"),
        ("seconds", say("耗时（秒）"), "{:,.1f}"),
        ("statements_off", say("不符账单"), "{:,}"),
        ("pay_status_agree", say("逾期判断一致"), "{:.1%}"),
    ):
        if isinstance(told.get(key), int | float):
            figures.append((name, form.format(told[key])))
    scores = [value for value in dict(told.get("auc") or {}).values() if value is not None]
    if scores:
        figures.append((say("评分 AUC"), " → ".join(f"{value:.3f}" for value in scores)))
    if "audit" in told:
        clean = told["audit"] == "clean"
        figures.append((say("审计"), say("无违例") if clean else f"{len(told['audit'])} ✗"))
    rolls = dict(told.get("roll_rates") or {})
    buckets = sorted({*rolls, *(to for row in rolls.values() for to in row)}, key=_bucket_order)
    return Run(
        figures,
        [(bucket, [_roll(rolls[bucket].get(to, 0)) for to in buckets]) for bucket in rolls],
        buckets,
    )


def _bucket_order(name: str) -> tuple[bool, str]:
    """Sort M0 .. M6+ before everything else."""
    return not name.startswith("M"), name


def _roll(share: float) -> tuple[str, str]:
    """Return a share in words, and the style of its shade."""
    return (f"{share:.1%}" if share else "–", f"h{min(int(share * 10), 9)}" if share else "h")


def overview(
    templates: Environment,
    seen: Overview,
    products: Sequence[Product],
    language: str,
    run: Mapping[str, Any] | None = None,
    base: str = "",
) -> str:
    """Return the page.

    Args:
        templates: Of ``environment``.
        seen: The figures.
        products: Terms in force, of the book's currency.
        language: ``zh`` or ``en``.
        run: What a simulation said of itself at its end, if this book is of one.
        base: Where the application is mounted.
    """
    view = View(seen, products, language)
    return templates.get_template("overview.html").render(
        view=view,
        t=view.say,
        seen=seen,
        words=words,
        base=base,
        charts=charts,
        Kind=Kind,
        run=run_of(run, language) if run else None,
        other="en" if language == "zh" else "zh",
        lang="zh-CN" if language == "zh" else "en",
    )
