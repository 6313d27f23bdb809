"""What came of the run?  The figures that the demo prints, as one flat JSON object."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from jiehuan.core.columns import Commands, Int64s, Rows
from jiehuan.core.commands import FORCED, Kind
from jiehuan.core.ledger import Account
from jiehuan.core.line import BUCKET_MAX, Status
from jiehuan.reports import trial_balance
from jiehuan.reports.trial_balance import TrialBalance
from jiehuan.simulate.compare import PayStatus, bucket_name, pay_status, roll_rates
from jiehuan.simulate.conduct import Months
from jiehuan.simulate.people import People
from jiehuan.simulate.plan import first_of
from jiehuan.simulate.run import Posted, Taiwan
from jiehuan.store import reading
from jiehuan.store.database import Connection
from jiehuan.store.tables import LINE, STATEMENT

AUC_DIGITS = 4
WRITTEN_OFF = "written off"


@dataclasses.dataclass(frozen=True, slots=True)
class Credits:
    """Merchant credits, and the cents that were bought to make up for them."""

    credits: int
    credits_minor: int
    cents: int
    cents_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """What came of a run; money in minor units.

    Attributes:
        clients: Lines that were opened.
        commands: Callers' commands, accepted or refused.
        refused: Those refused.
        day_events: What the passing of days did to lines and the book, as commands.
        posted: What this run itself has done, and how fast.
        statements_off: Statements that differ from the data.
        statements: How many were compared.
        balances: Accounts of the general ledger.
        buckets: Lines by bucket, those written off apart.
        forced: Purchases beyond the line, or on one past due.
        credits: Merchant credits.
        roll_rates: From bucket to bucket in a month.
        pay_status: Against the bank's own codes.
        auc: Of the decisions on applications and of the review.
    """

    clients: int
    commands: int
    refused: int
    day_events: int
    posted: Posted
    statements_off: int
    statements: int
    balances: TrialBalance
    buckets: dict[str, int]
    forced: int
    credits: Credits
    roll_rates: dict[str, dict[str, float]]
    pay_status: PayStatus
    auc: dict[str, float | None]

    def earned_minor(self, account: Account) -> int:
        """Return what an income account holds, positive."""
        return -self.balances.of(account)

    def to_json(self, audit: str | Sequence[str], seconds: float) -> dict[str, Any]:
        """Return the figures as they are printed by ``--json``.

        Args:
            audit: "clean", or the breaches found.
            seconds: Wall time of the whole run.
        """
        return {
            "clients": self.clients,
            "commands": self.commands,
            "refused": self.refused,
            "day_events": self.day_events,
            "commands_per_s": _rate(self.posted.commands, self.posted.seconds),
            "journal_rows_per_s": _rate(self.posted.rows, self.posted.seconds),
            "seconds": round(seconds, 1),
            "statements": self.statements,
            "statements_off": self.statements_off,
            "trial_balance_minor": self.balances.difference_minor,
            "audit": audit,
            "buckets": self.buckets,
            "forced": self.forced,
            "interest_minor": self.earned_minor(Account.INTEREST_INCOME),
            "fees_minor": self.earned_minor(Account.FEE_INCOME),
            "penalty_minor": self.earned_minor(Account.PENALTY_INCOME),
            "provision_minor": -self.balances.of(Account.PROVISION),
            "written_off_minor": self.balances.of(Account.WRITE_OFF),
            "credits": dataclasses.asdict(self.credits),
            "roll_rates": self.roll_rates,
            "pay_status_table": self.pay_status.table,
            "pay_status_agree": self.pay_status.agree,
            "pay_status_reasons": self.pay_status.reasons,
            "auc": self.auc,
        }


def _rate(count: int, seconds: float) -> int:
    return round(count / seconds) if count and seconds else 0


def look(conn: Connection, run: Taiwan, months: Months) -> Figures:
    """Return the figures of a book at the end of a run.

    Args:
        conn: To read from.
        run: The run.
        months: What ``run.follow`` told.
    """
    people, book, journal = run.people, run.writer.book, run.journal
    commands = journal.commands()
    lines = reading.read(conn, LINE, book)
    lines = lines[lines["id"] > 0]
    off = statements_off(reading.read(conn, STATEMENT, book), lines, people, run.months)
    return Figures(
        clients=len(lines),
        commands=journal.callers,
        refused=journal.refused,
        day_events=journal.events,
        posted=run.posted,
        statements_off=off,
        statements=len(people) * run.months,
        balances=trial_balance.read(conn, book),
        buckets=_buckets(lines),
        forced=int((commands.flags & FORCED > 0).sum()),
        credits=_credits(commands, run.months),
        roll_rates=roll_rates(months.buckets),
        pay_status=pay_status(people, months),
        auc={
            "application": _rounded(run.applied.auc),
            "behaviour": _rounded(run.reviewed.auc if run.reviewed else None),
        },
    )


def _rounded(area: float | None) -> float | None:
    return None if area is None else round(area, AUC_DIGITS)


def statements_off(statements: Rows, lines: Rows, people: People, months: int) -> int:
    """Count the statements that differ from the data; a line without one has a balance of 0."""
    place = np.full(int(lines["id"].max(initial=0)) + 1, -1, np.int64)
    place[lines["id"]] = np.searchsorted(people.id, lines["party"])
    off = 0
    for month in range(months):
        cut = statements[statements["cut_on"] == first_of(month + 1)]
        balance = np.zeros(len(people), np.int64)
        np.add.at(balance, place[cut["line"]], cut["balance_minor"])
        off += int((balance != people.bills_minor[month]).sum())
    expected = {first_of(month + 1) for month in range(months)}
    return off + int((~np.isin(statements["cut_on"], sorted(expected))).sum())


def _buckets(lines: Rows) -> dict[str, int]:
    """Count lines by bucket; those written off stand apart."""
    gone = lines["status"] == Status.WRITTEN_OFF
    counts = np.bincount(lines["bucket"][~gone], minlength=BUCKET_MAX + 1)
    named = {bucket_name(bucket): int(count) for bucket, count in enumerate(counts)}
    return {**named, WRITTEN_OFF: int(gone.sum())}


def _credits(commands: Commands, months: int) -> Credits:
    """Sum up credits; on the last day of a month nothing else is bought than their cents."""
    credit = commands.kind == Kind.CREDIT
    last_days = [first_of(month + 1) - 1 for month in range(months)]
    cents = (commands.kind == Kind.PURCHASE) & np.isin(commands.effective_on, last_days)
    amounts: Int64s = commands.amount_minor
    return Credits(
        int(credit.sum()),
        int(amounts[credit].sum()),
        int(cents.sum()),
        int(amounts[cents].sum()),
    )
