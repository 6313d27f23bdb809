"""What does the live half of the page show of a book?  Figures, buckets, the last commands."""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from jiehuan.core import ledger
from jiehuan.core.columns import Rows
from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.overview import Overview
from jiehuan.serve import charts, ids, words
from jiehuan.serve.charts import Bar
from jiehuan.serve.console.auditor import Auditor, Verdict
from jiehuan.serve.console.words import say
from jiehuan.serve.pages import BUCKET_STYLES, KIND_WORDS
from jiehuan.serve.problems import OUTCOMES
from jiehuan.serve.service import Service
from jiehuan.store import figures, lookup

COMMANDS_SHOWN: Final = 7
OUT: Final = frozenset({Kind.DRAW_SUCCEEDED, Kind.PAY_BACK_SUCCEEDED})
REFUNDABLE: Final = frozenset({Kind.PURCHASE, Kind.CAPTURE})


@dataclasses.dataclass(frozen=True, slots=True)
class Leg:
    """A movement of money, in words."""

    debit: str
    credit: str
    amount: str


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A command, in words, with what it moved."""

    seq: int
    line: int
    day: str
    id: str
    kind: str
    amount: str
    amount_minor: int
    outcome: str
    style: str
    refundable: bool
    legs: Sequence[Leg]


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """The live half, for one moment of one book.

    Attributes:
        seen: The book's figures.
        billed_minor: What is billed and unpaid, over all lines.
        commands: The newest first.
        legs: Transfers of those commands.
        verdict: Of the last audit.
        running: Whether its clock runs.
        language: ``zh`` or ``en``.
    """

    seen: Overview
    billed_minor: int
    commands: Rows
    legs: Mapping[int, Rows]
    verdict: Verdict
    running: bool
    language: str

    @property
    def mark(self) -> str:
        """What tells this panel from another: the same mark, nothing to draw anew."""
        seen, verdict = self.seen, self.verdict
        state = "c" if verdict.clean else "b" if verdict.breaches else "n"
        moved = f"{seen.book.seq}.{seen.book.business_on}.{verdict.seq}"
        return f"{moved}.{state}{int(self.running)}{self.language}"

    def t(self, zh: str) -> str:
        """Return a text in the reader's language."""
        return say(zh, self.language)

    def money(self, amount_minor: int) -> str:
        """Write an amount: in full where it is small, to a few digits in a great book."""
        currency = self.seen.book.currency
        if abs(amount_minor) < 10**9:
            return words.money(amount_minor, currency)
        return words.money_short(amount_minor, currency, self.language)

    def cards(self) -> list[tuple[str, str, str]]:
        """Return the figures: title, figure, note."""
        seen = self.seen
        limit, used, held = (seen.total(f"{name}_minor") for name in ("limit", "used", "held"))
        late = sum(bucket.principal_minor for bucket in seen.buckets[1:])
        went, came = self._flow(OUT), self._flow({Kind.REPAY})
        lines = f"{seen.lines:,} {self.t('条额度')}" if seen.lines != 1 else self.t("1 条额度")
        share = f"{words.percent(late, used)} {self.t('占在贷')}"
        return [
            (self.t("可用额度"), self.money(limit - used - held), lines),
            (self.t("已用本金"), self.money(used), words.percent(used, limit)),
            (self.t("已出账未还"), self.money(self.billed_minor), ""),
            (self.t("逾期本金"), self.money(late), share),
            (self.t("流入零钱包"), self.money(went), self.t("放款")),
            (self.t("从零钱包流入"), self.money(came), self.t("还款")),
        ]

    def _flow(self, kinds: frozenset[Kind] | set[Kind]) -> int:
        flows = self.seen.flows
        return sum(x.amount_minor for x in flows if x.kind in kinds and x.outcome == Outcome.DONE)

    def strip(self) -> Markup:
        """Draw all buckets on one bar."""
        bars = [
            Bar(f"M{place}", bucket.principal_minor, self.money(bucket.principal_minor), style)
            for (place, bucket), style in zip(
                enumerate(self.seen.buckets), BUCKET_STYLES, strict=True
            )
        ]
        return charts.stack(bars, self.t("账龄分布"))

    def buckets(self) -> list[Bar]:
        """Return the principal of each bucket that holds some."""
        return [
            Bar(f"M{place}", bucket.principal_minor, self.money(bucket.principal_minor), style)
            for (place, bucket), style in zip(
                enumerate(self.seen.buckets), BUCKET_STYLES, strict=True
            )
            if bucket.principal_minor
        ]

    def said(self) -> list[Said]:
        """Return the last commands, the newest first."""
        return [self._said(row) for row in self.commands[::-1]]

    def _taken_back(self) -> set[int]:
        """Return the purchases that were refunded not long ago: here that is in full."""
        rows = self.commands
        refunds = (rows["kind"] == Kind.REFUND) & (rows["outcome"] == Outcome.DONE)
        return set(rows["ref"][refunds].tolist())

    def _said(self, row: np.void) -> Said:
        kind, outcome, book = Kind(row["kind"]), Outcome(row["outcome"]), self.seen.book.book
        done, told = outcome is Outcome.DONE, OUTCOMES.get(outcome)
        seq, of = int(row["seq"]), "applied_minor" if kind is Kind.CONVERT else "amount_minor"
        amount = int(row[of])
        legs = [
            Leg(
                ledger.name(int(leg["debit"])),
                ledger.name(int(leg["credit"])),
                words.money(int(leg["amount_minor"]), self.seen.book.currency),
            )
            for leg in self.legs.get(seq, ())
        ]
        return Said(
            seq=seq,
            line=int(row["line"]),
            day=words.day(int(row["effective_on"])),
            id=ids.of_command(kind, book, seq),
            kind=words.say(KIND_WORDS[kind], self.language),
            amount=words.money(amount, self.seen.book.currency) if amount else "",
            amount_minor=amount,
            outcome=(told.zh if self.language == "zh" else told.en) if told else "✓",
            style="good" if done else "warn",
            refundable=done and kind in REFUNDABLE and seq not in self._taken_back(),
            legs=legs,
        )


def read(service: Service, auditor: Auditor, *, running: bool, language: str) -> Panel:
    """Read a book for the page; the sums are reckoned anew only when something was booked."""
    seen, _ = service.overview()
    book = service.book
    with service.snapshot() as conn:
        commands = figures.last_commands(conn, book, COMMANDS_SHOWN)
        legs: dict[int, list[np.void]] = defaultdict(list)
        for leg in lookup.transfers_of(conn, book, commands["seq"].tolist()):
            legs[int(leg["seq"])].append(leg)
        billed = figures.billed_minor(conn, book)
    return Panel(
        seen=seen,
        billed_minor=billed,
        commands=commands,
        legs={seq: np.array(rows, rows[0].dtype) for seq, rows in legs.items()},
        verdict=auditor.look(seen.book.seq),
        running=running,
        language=language,
    )
