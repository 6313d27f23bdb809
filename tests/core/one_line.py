"""A book of one line, posted command by command through ``decide``, and what it owes."""

import dataclasses
import datetime as dt

import numpy as np

from jiehuan.core.agenda import position
from jiehuan.core.columns import Commands, Items, Transfers
from jiehuan.core.commands import DAY_KINDS, Kind, Moment
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import SUMS, Loaded
from jiehuan.core.terms import TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.engine.decide import Book, Decided, Found, decide

TERMS = TermsTable(shipped_products())
PAY_LATER = [product.name for product in TERMS.products].index("pay-later")
OPENED_ON = dt.date(2026, 1, 1).toordinal()
LINE = 1

OWED = [
    "used_minor", "held_minor", "overpaid_minor", "cycle_minor", "charges_minor", "loans_open",
    "past_due_on", "bucket", "status", "balance_minor", "due_minor", "minimum_minor", "cut_on",
    "due_on", "repaid_minor", "next_event_at",
]  # fmt: skip
OWED_ON_LOANS = [
    "kind", "opened_on", "unbilled_minor", "billed_minor", "carried_minor", "interest_num",
    "penalty_num", "interest_due_minor", "fee_due_minor", "penalty_due_minor", "reckoned_on",
    "interest_new_minor", "penalty_new_minor", "open",
]  # fmt: skip
OWED_ON_PARTS = [
    "due_on", "principal_minor", "fee_minor", "principal_paid_minor", "fee_paid_minor", "billed",
]  # fmt: skip


def command(kind, on, amount=0, ref=0, count=0, flags=0):
    """Return one command on the line."""
    row = Commands.empty(1)
    row.line[:] = 0 if kind is Kind.OPEN else LINE
    row.kind[:], row.effective_on[:], row.client[:] = kind, on, 1
    row.amount_minor[:], row.ref[:], row.count[:], row.flags[:] = amount, ref, count, flags
    row.terms[:] = PAY_LATER
    return row


class OneLine:
    """A book of one line, posted command by command through ``decide``."""

    def __init__(self, cycle_day, limit=1_000_000, terms=None):
        self.on, self.seq = OPENED_ON, 0
        self.line = Loaded.nothing(np.array([LINE]))
        self.commands = Commands.empty(0).to_rows()
        self.transfers = Transfers.empty(0).to_rows()
        self.sums = dict.fromkeys(SUMS, 0)
        self.items = Items.empty(0).to_rows()
        opens = command(Kind.OPEN, OPENED_ON, limit, 7, cycle_day)
        opens.terms[:] = PAY_LATER if terms is None else terms
        self.post(opens)

    def journal(self, only=None):
        """Return the accepted commands, all or those ``only`` of callers."""
        rows = self.commands[self.commands["outcome"] == Outcome.DONE]
        if only == "callers":
            rows = rows[~np.isin(rows["kind"], list(DAY_KINDS))]
        return Commands.from_rows(rows)

    def post(self, asked):
        """Post, and keep what was decided; return the number and outcome of the last command."""
        found = Found(self.line, {LINE: self.journal()})
        if len(asked) and asked.kind[0] == Kind.OPEN:
            found = Found(Loaded.nothing(np.zeros(0, np.int64)), {})
        book = Book(TERMS, self.on, self.on - 1, self.seq)
        self._keep(decide(book, found, asked))
        return int(self.commands["seq"][-1]), int(self.commands["outcome"][-1])

    def _keep(self, decided: Decided):
        self.seq += len(decided.commands)
        self.commands = np.concatenate((self.commands, decided.commands.to_rows()))
        self.transfers = np.concatenate((self.transfers, decided.transfers.to_rows()))
        self.items = np.concatenate((self.items, decided.items.to_rows()))
        for name in SUMS:
            self.sums[name] += int(getattr(decided.totals, name).sum())
        for part in (decided.after, decided.replaced):
            if len(part.lines):
                self.line = dataclasses.replace(
                    part,
                    full=np.ones(1, np.bool_),
                    purchases=Loaded.nothing(part.lines.id).purchases,
                )

    def advance(self, days):
        """Let days pass; the events of each are played when it ends."""
        for _ in range(days):
            self.on += 1
            if self.line.lines.next_event_at[0] <= position(self.on, Moment.OPENS):
                self.post(Commands.empty(0))


def owed(line):
    """Return what is owed of a line, by loan and component, and its queue."""
    unmet = line.dues.unmet_minor > 0
    return (
        line.lines.to_rows()[OWED].tolist(),
        sorted(line.loans.to_rows()[OWED_ON_LOANS].tolist()),
        sorted(line.parts.to_rows()[OWED_ON_PARTS].tolist()),
        line.dues.to_rows(unmet)[["due_on", "unmet_minor"]].tolist(),
    )


def balances(transfers) -> dict[int, int]:
    """Return debits less credits of each account that is not zero."""
    net: dict[int, int] = {}
    for row in transfers:
        net[int(row["debit"])] = net.get(int(row["debit"]), 0) + int(row["amount_minor"])
        net[int(row["credit"])] = net.get(int(row["credit"]), 0) - int(row["amount_minor"])
    return {number: amount for number, amount in net.items() if amount}
