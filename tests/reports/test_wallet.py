"""Money through a partner in a real book, from the order to the answer; audit finds nothing."""

import pytest
from tests.engine.script import OPENED_ON, Ask, Client, apply_for, make_ready, new_book, writer_of

from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.ledger import Account, account
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.day import advance
from jiehuan.reports.audit import audit
from jiehuan.store import lookup
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session
from jiehuan.store.tables import OutboxState

PRODUCT = 1  # pay-later


class Told:
    """A book of one line, and somebody who asks things of it."""

    def __init__(self, database):
        self.database = make_ready(database)
        self.book = new_book(database)
        self.on = OPENED_ON
        self.asked = 0

    def __enter__(self):
        self.writer = writer_of(self.database, self.book).__enter__()
        self.client = Client(self.writer)
        self.client.ask(apply_for("line"))
        return self

    def __exit__(self, *what):
        self.writer.__exit__(*what)

    def ask(self, kind, amount=0, ref=0, **more):
        """Ask for something that is done; return its number."""
        answer = self.answer(kind, amount, ref, **more)
        assert answer.outcome is Outcome.DONE, answer
        return answer.seq

    def answer(self, kind, amount=0, ref=0, **more):
        """Ask for something; return what was answered."""
        self.asked += 1
        return self.client.ask(Ask(f"k{self.asked}", kind, "line", amount, ref, **more))[0]

    def go(self, days):
        """Let days pass."""
        self.on += days
        advance(self.writer, self.on)

    def line(self):
        """Return the line as it is stored."""
        with connect(self.database, Session.READER) as conn:
            return lookup.line(conn, self.book, self.client.known["line"].line)[0]

    def state(self, instruction):
        """Return what became of an instruction."""
        with connect(self.database, Session.READER) as conn:
            [(kind, state)] = conn.execute(
                "SELECT kind, state FROM outbox WHERE book = %s AND id = %s",
                [self.book, instruction],
            ).fetchall()
        return InstructionKind(kind), OutboxState(state)

    def balance(self, kind):
        """Return debits less credits of an account without buckets."""
        number = int(account(kind, PRODUCT))
        with connect(self.database, Session.READER) as conn:
            [(net,)] = conn.execute(
                "SELECT coalesce(sum(CASE WHEN debit = %s THEN amount_minor ELSE -amount_minor"
                " END), 0)::bigint FROM transfer WHERE book = %s AND %s IN (debit, credit)",
                [number, self.book, number],
            ).fetchall()
        return net

    def audited(self):
        """Return what audit finds."""
        with connect(self.database, Session.READER) as conn:
            return audit(conn, self.book)


@pytest.fixture
def told(database):
    with Told(database) as told:
        yield told


def owed(told):
    row = told.line()
    return tuple(int(row[f"{name}_minor"]) for name in ("used", "held", "overpaid"))


def test_a_year_at_the_wallet(told):
    """A draw in six, a statement in three, collected, overpaid and paid back: then it is over."""
    drawn = told.ask(Kind.DRAW, 60_000, count=6)
    assert (0, 60_000, 0) == owed(told)
    told.go(1)
    loan = told.ask(Kind.DRAW_SUCCEEDED, 0, drawn)
    assert (60_000, 0, 0) == owed(told)
    assert (InstructionKind.PAY_OUT, OutboxState.SUCCEEDED) == told.state(drawn)

    told.ask(Kind.PURCHASE, 30_000)
    bought = told.ask(Kind.PURCHASE, 15_000)
    told.go(34)  # 5 April: the statement of 1 April asks for 45,000 and a term of 10,450
    with connect(told.database, Session.READER) as conn:
        statements, _ = lookup.statements(conn, told.book, told.client.known["line"].line)
    assert [55_450] == statements["due_minor"].tolist()
    plan = told.ask(Kind.CONVERT, 0, int(statements["no"][0]), count=3)

    collect = told.ask(Kind.COLLECT, 10_450)
    assert (InstructionKind.COLLECT, OutboxState.INSTRUCTED) == told.state(collect)
    assert (105_000, 0, 0) == owed(told)
    told.ask(Kind.REPAY, 10_450, merchant=collect)
    assert (InstructionKind.COLLECT, OutboxState.SUCCEEDED) == told.state(collect)
    assert (95_000, 0, 0) == owed(told)

    told.ask(Kind.REFUND, 15_000, bought)  # a whole term of the plan of the statement
    assert (80_000, 0, 0) == owed(told)
    assert [] == told.audited()

    given_up = told.ask(Kind.COLLECT, 999, plan)
    told.ask(Kind.COLLECT_ENDED, 0, given_up)
    assert OutboxState.FAILED is told.state(given_up)[1]
    told.ask(Kind.REPAY, 80_000, -1, merchant=given_up)  # it was paid after all
    assert OutboxState.SUCCEEDED is told.state(given_up)[1]
    told.ask(Kind.COLLECT_ENDED, 0, given_up)
    assert OutboxState.SUCCEEDED is told.state(given_up)[1]
    assert (0, 0, 0) == owed(told)

    twice = told.ask(Kind.COLLECT, 20_000)
    told.ask(Kind.REPAY, 20_000, merchant=twice)
    paid_back(told, twice)
    told.go(400)
    assert [] == told.audited()
    assert (0, 0, 0) == owed(told)
    assert 10_450 + 80_000 + 20_000 == told.balance(Account.CASH)
    assert -60_000 - 20_000 == told.balance(Account.WALLET_CLEARING)
    assert loan < plan


def paid_back(told, source):
    """Give 20,000 back, in three goes: too much, not done, done."""
    assert Outcome.AMOUNT_EXCEEDS_OVERPAYMENT is told.answer(Kind.PAY_BACK, 20_001, source).outcome
    first = told.ask(Kind.PAY_BACK, 12_000, source)
    assert (0, 12_000, 20_000) == owed(told)
    assert Outcome.AMOUNT_EXCEEDS_OVERPAYMENT is told.answer(Kind.PAY_BACK, 8_001, source).outcome
    told.go(1)
    told.ask(Kind.PAY_BACK_FAILED, 0, first)
    assert (InstructionKind.PAY_BACK, OutboxState.FAILED) == told.state(first)
    assert (0, 0, 20_000) == owed(told)

    second = told.ask(Kind.PAY_BACK, 20_000, source)
    assert [] == told.audited()
    assert Outcome.DRAW_AMOUNT_DIFFERS is told.answer(Kind.PAY_BACK_SUCCEEDED, 1, second).outcome
    told.ask(Kind.PAY_BACK_SUCCEEDED, 0, second)
    assert OutboxState.SUCCEEDED is told.state(second)[1]
    assert Outcome.HOLD_NOT_OPEN is told.answer(Kind.PAY_BACK_FAILED, 0, second).outcome


def test_answers_that_come_late_and_what_was_used_up_in_the_meantime(told):
    """The wallet's own days are earlier than ours; a purchase used what went back."""
    drawn = told.ask(Kind.DRAW, 90_000, count=3)
    source = told.ask(Kind.COLLECT, 50_000)
    told.go(3)
    told.ask(Kind.REPAY, 50_000, merchant=source)
    back = told.ask(Kind.PAY_BACK, 50_000, source)
    told.ask(Kind.PURCHASE, 30_000)
    told.go(40)
    told.ask(Kind.DRAW_SUCCEEDED, 0, drawn, on=OPENED_ON + 1)
    told.ask(Kind.PAY_BACK_SUCCEEDED, 0, back, on=OPENED_ON + 5)

    # The first statement stays as it was printed: nothing was owed.
    assert (90_000 + 30_000, 0, 0) == owed(told)
    assert [] == told.audited()
    assert -140_000 == told.balance(Account.WALLET_CLEARING)
    told.go(30)
    assert [] == told.audited()


def test_money_finds_a_line_that_was_closed(told):
    source = told.ask(Kind.COLLECT, 700)
    told.ask(Kind.CLOSE)
    told.go(1)
    told.ask(Kind.REPAY, 700, merchant=source)
    assert (0, 0, 700) == owed(told)
    told.go(40)
    back = told.ask(Kind.PAY_BACK, 700, source)
    told.ask(Kind.PAY_BACK_SUCCEEDED, 0, back)

    assert (0, 0, 0) == owed(told)
    assert 0 == told.balance(Account.OVERPAYMENT)
    assert [] == told.audited()
