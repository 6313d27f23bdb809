"""A command booked late leaves the same debt as one booked on its day (terms.md 6)."""

import dataclasses
import datetime as dt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jiehuan.core.agenda import position
from jiehuan.core.backdate import walk
from jiehuan.core.columns import Commands, Transfers
from jiehuan.core.commands import FORCED, REF_ALL, REF_USUAL, Kind, Moment
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import SUMS, Loaded
from jiehuan.core.terms import TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.engine.decide import Book, Decided, Found, decide

TERMS = TermsTable(shipped_products())
PAY_LATER = [product.name for product in TERMS.products].index("pay-later")
OPENED_ON = dt.date(2026, 1, 1).toordinal()
LINE = 1

# Until then no line can be written off: a write-off is a decision that stays.
LAST_ON = OPENED_ON + 170

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

    def __init__(self, cycle_day):
        self.on, self.seq = OPENED_ON, 0
        self.line = Loaded.nothing(np.array([LINE]))
        self.commands = Commands.empty(0).to_rows()
        self.transfers = Transfers.empty(0).to_rows()
        self.sums = dict.fromkeys(SUMS, 0)
        self.post(command(Kind.OPEN, OPENED_ON, 1_000_000, 7, cycle_day))

    def journal(self, only=None):
        """Return the accepted commands, all or those ``only`` of callers."""
        rows = self.commands[self.commands["outcome"] == Outcome.DONE]
        rows = rows[rows["kind"] < Kind.STATEMENT] if only == "callers" else rows
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


def balances(transfers):
    """Return debits less credits of each account that is not zero."""
    net: dict[int, int] = {}
    for row in transfers:
        net[int(row["debit"])] = net.get(int(row["debit"]), 0) + int(row["amount_minor"])
        net[int(row["credit"])] = net.get(int(row["credit"]), 0) - int(row["amount_minor"])
    return {number: amount for number, amount in net.items() if amount}


steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 3, 9, 10, 15, 30]),  # days that pass
        st.sampled_from([
            Kind.PURCHASE, Kind.PURCHASE, Kind.PURCHASE, Kind.REPAY, Kind.REPAY, Kind.CREDIT,
            Kind.HOLD, Kind.CAPTURE, Kind.VOID, Kind.DRAW, Kind.DRAW_SUCCEEDED, Kind.REFUND,
            Kind.CONVERT, Kind.PAY_BACK, Kind.PAY_BACK, Kind.PAY_BACK_SUCCEEDED,
            Kind.PAY_BACK_FAILED, Kind.COLLECT,
        ]),
        st.sampled_from([0, 0, 1, 2, 5, 11, 31, 60]),  # days late
        st.sampled_from([1, 100, 999, 5_000, 33_333, 100_000]),
        st.integers(0, 5),  # which of the things it can refer to
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip

REFERS = {
    Kind.CAPTURE: (Kind.HOLD,),
    Kind.VOID: (Kind.HOLD,),
    Kind.DRAW_SUCCEEDED: (Kind.DRAW,),
    Kind.PAY_BACK_SUCCEEDED: (Kind.PAY_BACK,),
    Kind.PAY_BACK_FAILED: (Kind.PAY_BACK,),
    Kind.REFUND: (Kind.PURCHASE, Kind.CAPTURE),
    Kind.CONVERT: (Kind.PURCHASE, Kind.CAPTURE),
}


ANSWERS = {Kind.DRAW_SUCCEEDED, Kind.PAY_BACK_SUCCEEDED, Kind.PAY_BACK_FAILED}


def asked_for(book, kind, on, amount, which, flag):
    """Return the command of a step, or None if there is nothing that it could refer to."""
    journal = book.journal("callers")
    if kind is Kind.REPAY:
        loans = journal.seq[np.isin(journal.kind, [Kind.DRAW_SUCCEEDED, Kind.CONVERT])].tolist()
        return command(kind, on, amount, ([REF_USUAL, REF_ALL, *loans] * 6)[which])
    if kind not in REFERS:
        count = 3 * (which % 3) if kind is Kind.DRAW else 0
        forced = FORCED if flag and kind is Kind.PURCHASE else 0
        return command(kind, on, amount, count=count, flags=forced)
    there = journal.seq[np.isin(journal.kind, REFERS[kind])].tolist()
    if not there:
        return None
    amount = 0 if kind in {*ANSWERS, Kind.CONVERT} else amount
    count = (3 if flag else 6) if kind is Kind.CONVERT else 0
    return command(kind, on, amount, there[which % len(there)], count)


@settings(max_examples=40)
@given(st.sampled_from([1, 15, 31]), steps)
def test_late_commands_leave_the_debt_that_they_would_have_left_on_their_day(cycle_day, life):
    book = OneLine(cycle_day)
    for days, kind, late, amount, which, flag in life:
        book.advance(days)
        if book.on > LAST_ON:
            break
        asked = asked_for(book, kind, max(OPENED_ON, book.on - late), amount, which, flag)
        if asked is not None:
            book.post(asked)
    on_time = walk(TERMS, book.journal("callers"), int(position(book.on, Moment.OPENS)), 10**6)

    assert owed(on_time.state.unload()) == owed(book.line)
    assert balances(np.concatenate([x.to_rows() for x in on_time.transfers])) == balances(
        book.transfers
    )
    assert {name: int(x[0]) for name, x in on_time.state.sums.items()} == book.sums


def test_a_backdated_repayment_before_a_write_off_lowers_the_sum_written_off():
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 100_000))
    book.advance(250)
    lost = int(account(Account.WRITE_OFF, book.line.lines.product[0]))
    assert Status.WRITTEN_OFF == book.line.lines.status[0]
    assert 100_000 == balances(book.transfers)[lost]

    book.post(command(Kind.REPAY, OPENED_ON + 60, 5_000))

    # 1 March: 18 days at 650 ppm were billed that morning: 1,170 of penalty, 3,830 of principal.
    assert Status.WRITTEN_OFF == book.line.lines.status[0]
    assert 96_170 == book.line.lines.used_minor[0] == balances(book.transfers)[lost]
    assert int(account(Account.RECOVERY, book.line.lines.product[0])) not in balances(
        book.transfers
    )


def test_what_was_paid_back_and_turns_out_too_much_is_owed():
    """A purchase told late would have used the overpayment up before it went back."""
    book = OneLine(1)
    book.post(command(Kind.REPAY, 0, 50_000))
    back, _ = book.post(command(Kind.PAY_BACK, 0, 40_000))
    book.advance(3)
    book.post(command(Kind.PAY_BACK_SUCCEEDED, 0, 0, back))
    assert (0, 10_000) == (book.line.lines.used_minor[0], book.line.lines.overpaid_minor[0])

    _, outcome = book.post(command(Kind.PURCHASE, OPENED_ON + 1, 35_000))

    assert Outcome.DONE == outcome
    assert (25_000, 0) == (book.line.lines.used_minor[0], book.line.lines.overpaid_minor[0])
    product = book.line.lines.product[0]
    assert {
        int(account(Account.CASH, product)): 50_000,
        int(account(Account.WALLET_CLEARING, product)): -40_000,
        int(account(Account.MERCHANT_PAYABLE, product)): -35_000,
        int(account(Account.PRINCIPAL, product)): 25_000,
    } == balances(book.transfers)


def test_a_statement_stays_converted_when_a_command_is_told_late():
    """What was repaid before lowers what was converted; the terms are cut anew."""
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 60_000))
    book.advance(33)
    journal = book.journal()
    cut = int(journal.seq[journal.kind == Kind.STATEMENT][0])
    plan, outcome = book.post(command(Kind.CONVERT, 0, 0, cut, 3))
    assert Outcome.DONE == outcome
    book.post(command(Kind.REPAY, OPENED_ON + 32, 15_000))

    mine = book.line.loans.no == plan
    assert [45_000] == book.line.loans.unbilled_minor[mine].tolist()
    assert [cut] == book.line.loans.source[mine].tolist()
    assert [15_000] * 3 == book.line.parts.principal_minor.tolist()


def test_a_draw_in_instalments_told_late_is_cut_from_the_day_of_the_wallet():
    book = OneLine(1)
    drawn, _ = book.post(command(Kind.DRAW, 0, 60_000, count=3))
    book.advance(40)
    _, outcome = book.post(command(Kind.DRAW_SUCCEEDED, OPENED_ON + 2, 0, drawn))

    assert Outcome.DONE == outcome
    assert [True, False, False] == book.line.parts.billed.tolist()
    assert (20_000, 40_000) == (
        int(book.line.loans.billed_minor[0]),
        int(book.line.loans.unbilled_minor[0]),
    )
