"""A reversal leaves the line as if the command had not been (terms.md 6)."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.one_line import LINE, OPENED_ON, TERMS, OneLine, balances, command, owed
from tests.core.told import loans_owed
from tests.oracle.commands import REF_ALL, REF_CYCLE, REF_USUAL, Command
from tests.oracle.model import Life
from tests.oracle.random_lives import life_of_seed
from tests.oracle.terms import PRODUCTS

from jiehuan.core.columns import Commands
from jiehuan.core.commands import FORCED, Kind, Reason
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import Item, LoanKind, Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import build


def on(text: str) -> int:
    return dt.date.fromisoformat(f"2026-{text}").toordinal()


def arrive(book: OneLine, text: str) -> None:
    book.advance(on(text) - book.on)


def reverse(book: OneLine, number: int, reason: Reason = Reason.MISTAKE) -> Outcome:
    _, outcome = book.post(command(Kind.REVERSE, 0, ref=number, count=reason))
    return Outcome(outcome)


def of(book: OneLine, kind: Account, bucket: int = 0) -> int:
    """Return the balance of an account."""
    number = int(account(kind, book.line.lines.product[0], bucket))
    return balances(book.transfers).get(number, 0)


# --- What may be reversed --------------------------------------------------------------------


def everything() -> tuple[OneLine, dict[str, int]]:
    """Return a line on which much has happened, and the numbers of it."""
    book, made = OneLine(1), {"open": LINE}
    for name, kind, amount, ref, count in (
        ("purchase", Kind.PURCHASE, 60_000, "", 0),
        ("hold", Kind.HOLD, 5_000, "", 0),
        ("capture", Kind.CAPTURE, 2_000, "hold", 0),
        ("void", Kind.VOID, 0, "hold", 0),
        ("draw", Kind.DRAW, 9_000, "", 0),
        ("draw_succeeded", Kind.DRAW_SUCCEEDED, 0, "draw", 0),
        ("draw 2", Kind.DRAW, 9_000, "", 0),
        ("draw_failed", Kind.DRAW_FAILED, 0, "draw 2", 0),
        ("refund", Kind.REFUND, 1_000, "purchase", 0),
        ("convert", Kind.CONVERT, 0, "purchase", 3),
        ("credit", Kind.CREDIT, 500, "", 0),
        ("collect", Kind.COLLECT, 500, "", 0),
        ("collect_ended", Kind.COLLECT_ENDED, 0, "collect", 0),
        ("repay", Kind.REPAY, 9_000, "", 0),
        ("pay_back", Kind.PAY_BACK, 300, "", 0),
        ("pay_back_succeeded", Kind.PAY_BACK_SUCCEEDED, 0, "pay_back", 0),
        ("pay_back 2", Kind.PAY_BACK, 300, "", 0),
        ("pay_back_failed", Kind.PAY_BACK_FAILED, 0, "pay_back 2", 0),
        ("review", Kind.REVIEW, 0, "", 0),
        ("refused", Kind.PURCHASE, 10**9, "", 0),
    ):
        made[name], outcome = book.post(command(kind, 0, amount, made.get(ref, 0), count))
        assert (outcome == Outcome.DONE) == (name != "refused"), name
    return book, made


PARTNERS_AND_HOLDS = (
    *("open", "hold", "void", "draw", "draw_succeeded", "draw_failed", "collect"),
    *("collect_ended", "pay_back", "pay_back_succeeded", "pay_back_failed", "review"),
)


@pytest.mark.parametrize("name", ["purchase", "capture", "refund", "convert", "credit", "repay"])
def test_what_the_books_alone_decided_can_be_reversed_once(name):
    book, made = everything()

    assert Outcome.DONE == reverse(book, made[name])
    assert Outcome.ALREADY_REVERSED == reverse(book, made[name])


@pytest.mark.parametrize("name", PARTNERS_AND_HOLDS)
def test_what_a_partner_or_a_hold_is_about_cannot_be_reversed(name):
    book, made = everything()

    assert Outcome.COMMAND_NOT_REVERSIBLE == reverse(book, made[name])


def test_only_what_was_done_on_the_line_can_be_reversed():
    book, made = everything()

    assert Outcome.COMMAND_NOT_FOUND == reverse(book, made["refused"])
    assert Outcome.COMMAND_NOT_FOUND == reverse(book, 10**9)
    late = command(Kind.REVERSE, book.on + 1, ref=made["repay"])
    early = command(Kind.REVERSE, OPENED_ON - 1, ref=made["repay"])
    assert Outcome.DATE_IN_FUTURE == book.post(late)[1]
    assert Outcome.DATE_BEFORE_LINE_OPENED == book.post(early)[1]


def test_a_day_event_cannot_be_reversed():
    book, _ = everything()
    arrive(book, "02-02")
    cut = int(book.commands["seq"][book.commands["kind"] == Kind.STATEMENT][0])

    assert Outcome.COMMAND_NOT_REVERSIBLE == reverse(book, cut)


def test_a_reversal_has_the_day_of_what_it_undoes():
    book, made = everything()
    arrive(book, "01-20")
    reverse(book, made["repay"], Reason.BOUNCED)

    row = book.commands[-1]
    assert (OPENED_ON, on("01-20"), Reason.BOUNCED) == (
        row["effective_on"],
        row["booked_on"],
        row["count"],
    )
    transfers = book.transfers[book.transfers["seq"] == row["seq"]]
    assert {(OPENED_ON, on("01-20"))} == set(transfers[["effective_on", "booked_on"]].tolist())


# --- Worked by hand --------------------------------------------------------------------------


def test_a_bounced_repayment_was_never_paid():
    """Billed 1,000.00, due on 10 February, paid on the 5th; the bank takes it back on the 20th."""
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 100_000))
    arrive(book, "02-05")
    paid, _ = book.post(command(Kind.REPAY, 0, 100_000))
    arrive(book, "02-20")
    assert (0, 0) == (book.line.lines.used_minor[0], of(book, Account.PRINCIPAL))

    assert Outcome.DONE == reverse(book, paid, Reason.BOUNCED)

    lines = book.line.lines
    assert (100_000, Status.OVERDUE, on("02-10"), 1) == (
        lines.used_minor[0],
        lines.status[0],
        lines.past_due_on[0],
        lines.bucket[0],
    )
    assert (0, 100_000) == (of(book, Account.CASH), of(book, Account.PRINCIPAL, 1))
    made = book.commands[book.commands["booked_on"] == on("02-20")]
    kinds = [Kind(kind) for kind in made["kind"].tolist()]
    assert [Kind.DUE_PASSED, Kind.AGED, Kind.REVERSE] == kinds
    assert [on("02-10"), on("02-11"), on("02-05")] == made["effective_on"].tolist()

    arrive(book, "03-01")  # 18 days at 650 ppm on what is carried: 1,170
    assert [1_170] == book.line.loans.penalty_due_minor.tolist()
    cut = book.items[book.items["no"] == book.line.lines.version[0]]
    assert {Item.PREVIOUS: 100_000, Item.PENALTY: 1_170} == dict(
        cut[["item", "amount_minor"]].tolist()
    )


def test_a_cancelled_conversion_gives_the_purchase_back():
    book = OneLine(1)
    bought, _ = book.post(command(Kind.PURCHASE, 0, 60_000))
    plan, _ = book.post(command(Kind.CONVERT, 0, ref=bought, count=3))
    arrive(book, "02-20")
    fee = int(book.line.parts.fee_minor[0])
    assert -fee == of(book, Account.FEE_INCOME) < 0

    assert Outcome.DONE == reverse(book, plan, Reason.CANCELLED)

    assert ([LoanKind.CYCLE], [60_000]) == (
        book.line.loans.kind.tolist(),
        book.line.loans.carried_minor.tolist(),
    )
    assert (0, 0) == (len(book.line.parts), of(book, Account.FEE_INCOME))
    arrive(book, "03-01")
    cut = book.items[book.items["no"] == book.line.lines.version[0]]
    (adjusted,) = cut[cut["item"] == Item.ADJUSTMENT]
    assert (OPENED_ON, 40_000 - fee) == (adjusted["for_on"], adjusted["amount_minor"])


def test_what_names_a_purchase_that_is_undone_takes_nothing_of_it():
    """Its refund pays what is billed, then it is overpayment; its plan is no more."""
    book = OneLine(1)
    bought, _ = book.post(command(Kind.PURCHASE, 0, 60_000))
    book.post(command(Kind.CONVERT, 0, ref=bought, count=3))
    book.post(command(Kind.REFUND, 0, 10_000, bought))
    reverse(book, bought)

    assert (0, 10_000) == (book.line.lines.used_minor[0], book.line.lines.overpaid_minor[0])
    assert 0 == len(book.line.loans)


def test_a_capture_that_is_undone_leaves_its_hold_until_it_ends():
    book = OneLine(1)
    held, _ = book.post(command(Kind.HOLD, 0, 5_000))
    captured, _ = book.post(command(Kind.CAPTURE, 0, 5_000, held))
    arrive(book, "01-03")
    reverse(book, captured)
    assert (0, 5_000) == (book.line.lines.used_minor[0], book.line.lines.held_minor[0])

    arrive(book, "01-20")
    assert 0 == book.line.lines.held_minor[0]


def test_a_line_that_owes_again_was_not_closed():
    """Money taken back after the end: the line goes on as if nobody had closed it."""
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 30_000))
    arrive(book, "02-05")
    paid, _ = book.post(command(Kind.REPAY, 0, 30_000))
    ended, outcome = book.post(command(Kind.CLOSE, 0))
    assert Outcome.DONE == outcome
    arrive(book, "02-08")
    reverse(book, paid, Reason.BOUNCED)

    assert (Status.ACTIVE, 30_000) == (book.line.lines.status[0], book.line.lines.used_minor[0])
    assert Outcome.DONE == reverse(book, ended)


# --- Write-off -------------------------------------------------------------------------------


def given_up() -> tuple[OneLine, int]:
    """Return a line that was given up, and the number of that."""
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 100_000))
    arrive(book, "08-12")
    [off] = book.commands["seq"][book.commands["kind"] == Kind.WRITE_OFF]
    assert Status.WRITTEN_OFF == book.line.lines.status[0]
    return book, int(off)


def test_a_write_off_that_is_reversed_never_was():
    """Interest of the days since is earned, and the line is not given up the next night."""
    book, off = given_up()
    assert 100_000 == of(book, Account.WRITE_OFF)

    assert Outcome.DONE == reverse(book, off)

    lines = book.line.lines
    assert (Status.OVERDUE, 6, 100_000) == (lines.status[0], lines.bucket[0], lines.used_minor[0])
    assert (0, 100_000) == (of(book, Account.WRITE_OFF), of(book, Account.PRINCIPAL, 6))
    arrive(book, "12-01")
    assert Status.OVERDUE == book.line.lines.status[0]
    nights = 18 + 31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 30  # 11 February to 1 December
    assert [nights * 65] == book.line.loans.penalty_due_minor.tolist()


def test_a_spared_line_that_was_cured_can_be_given_up_again():
    book, off = given_up()
    reverse(book, off)
    assert book.line.lines.spared[0]
    book.post(command(Kind.REPAY, 0, 500_000, REF_ALL))
    assert not book.line.lines.spared[0]
    book.post(command(Kind.PURCHASE, 0, 450_000))
    book.advance(260)

    assert Status.WRITTEN_OFF == book.line.lines.status[0]


def test_a_reversal_of_a_write_off_can_be_reversed():
    book, off = given_up()
    before, debt = balances(book.transfers), owed(book.line)
    reverse(book, off)
    again = int(book.commands["seq"][-1])

    assert Outcome.DONE == reverse(book, again)
    assert (before, debt) == (balances(book.transfers), owed(book.line))


def test_what_comes_later_refuses_nothing():
    """A write-off, then told late: a refund, a repayment; money back; all in any order."""
    book, off = given_up()
    bought = int(book.commands["seq"][book.commands["kind"] == Kind.PURCHASE][0])
    refund, first = book.post(command(Kind.REFUND, on("03-03"), 10_000, bought))
    paid, second = book.post(command(Kind.REPAY, on("02-07"), 20_000))
    back, third = book.post(command(Kind.REPAY, 0, 5_000))

    assert {Outcome.DONE} == {first, second, third}
    assert {Outcome.DONE} == {reverse(book, number) for number in (off, refund, paid, back)}
    assert 100_000 == book.line.lines.used_minor[0]


# --- Laws ------------------------------------------------------------------------------------


class OfLife:
    """A random life, played by the engine and by the model, with reversals thrown in."""

    def __init__(self, seed: int, share: int) -> None:
        self.random_life = life_of_seed(seed)
        self.chance = np.random.default_rng(seed)
        self.share = share
        one = self.random_life
        terms = [product.name for product in TERMS.products].index(one.product)
        self.book = OneLine(one.cycle_day, limit=one.limit_minor, terms=terms)
        self.life = Life(PRODUCTS[one.product], one.opened_on, one.limit_minor, one.cycle_day)
        self.seq: dict[int, int] = {}
        self.told: list[tuple[str, str]] = []

    def play(self) -> "OfLife":
        todo = list(self.random_life.commands)
        day = self.random_life.opened_on
        self.life.open_day(day)
        while True:
            while todo and todo[0].on == day:
                self.do(todo.pop(0))
                if self.chance.integers(100) < self.share:
                    self.do(self.reversal(day))
            if day == self.random_life.until:
                return self
            self.life.close_day(day)
            day += dt.timedelta(days=1)
            self.book.advance(1)
            self.life.open_day(day)

    def reversal(self, day: dt.date) -> Command:
        """Undo something, mostly something recent."""
        numbers = list(self.seq)
        back = int(self.chance.geometric(0.2))
        return Command(1_000 + len(numbers), "reverse", day, ref=numbers[-min(back, len(numbers))])

    def do(self, asked: Command) -> None:
        kind = Kind[asked.kind.upper()]
        row = command(kind, asked.on.toordinal(), asked.amount, self.ref(asked), asked.count)
        row.flags[:] = FORCED if asked.forced else 0
        row.merchant[:] = self.seq.get(asked.pays, 10**15) if asked.pays else 0
        self.seq[asked.seq], outcome = self.book.post(row)
        self.told.append((self.life.do(asked), Outcome(outcome).name))

    def ref(self, asked: Command) -> int:
        if asked.ref in (REF_USUAL, REF_ALL):
            return asked.ref
        if asked.ref >= REF_CYCLE:
            return self.seq.get(asked.ref, 10**15)
        loans = self.book.line.loans
        mine = (loans.kind == LoanKind.CYCLE) & (loans.opened_on == REF_CYCLE - asked.ref)
        return int(loans.no[mine][0]) if mine.any() else 10**15


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([10, 30, 60]))
def test_the_model_in_fractions_agrees_about_lives_with_reversals(seed, share):
    played = OfLife(seed, share).play()
    expected, line = played.life.result(), played.book.line.lines
    state = build(TERMS, played.book.line, Commands.empty(0))
    last_night = played.random_life.until - dt.timedelta(days=1)
    own_number = {seq: own for own, seq in played.seq.items()}
    past_due_on = expected.past_due_on.toordinal() if expected.past_due_on else 0

    assert [model for model, _ in played.told] == [engine for _, engine in played.told]
    assert expected.loans == loans_owed(state, own_number, last_night)
    assert (expected.overpaid, expected.cycle, expected.used, expected.held) == (
        line.overpaid_minor[0],
        line.cycle_minor[0],
        line.used_minor[0],
        line.held_minor[0],
    )
    assert (past_due_on, expected.bucket) == (line.past_due_on[0], line.bucket[0])
    assert expected.queue == [
        (dt.date.fromordinal(due_on), unmet)
        for due_on, unmet in played.book.line.dues.to_rows()[["due_on", "unmet_minor"]].tolist()
        if unmet
    ]


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_a_reversal_that_is_reversed_leaves_everything_as_it_was(seed):
    book = OfLife(seed, 20).play().book
    journal = book.journal("callers")
    before, debt = balances(book.transfers), owed(book.line)
    for number in journal.seq.tolist():
        if reverse(book, number) == Outcome.DONE:
            undo = int(book.commands["seq"][-1])
            assert Outcome.DONE == reverse(book, undo)
            assert (before, debt) == (balances(book.transfers), owed(book.line))
