"""Charges made by hand, waivers, goodwill, chargebacks: worked by hand."""

import datetime as dt

from tests.core.one_line import LINE, OPENED_ON, OneLine, balances, command

from jiehuan.core.commands import Charge, Kind
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import Item, LoanKind, Status
from jiehuan.core.outcomes import Outcome


def arrive(book: OneLine, text: str) -> None:
    book.advance(dt.date.fromisoformat(f"2026-{text}").toordinal() - book.on)


def of(book: OneLine, kind: Account, bucket: int = 0) -> int:
    """Return the balance of an account."""
    return balances(book.transfers).get(int(account(kind, book.line.lines.product[0], bucket)), 0)


def billed() -> OneLine:
    """Return a line with 1,000.00 billed on 1 February and due on the 10th."""
    book = OneLine(1)
    book.post(command(Kind.PURCHASE, 0, 100_000))
    arrive(book, "02-03")
    return book


def last_items(book: OneLine) -> dict[Item, int]:
    rows = book.items[book.items["no"] == book.line.lines.version[0]]
    return {Item(item): amount for item, amount in rows[["item", "amount_minor"]].tolist()}


def test_a_fee_is_owed_at_once_and_in_the_next_minimum():
    """Statement of 1 March: 950.00 carried, 5.00 of fee; 10 % of 950.00 and the fee."""
    book = billed()
    loan = int(book.line.loans.no[0])
    made, outcome = book.post(command(Kind.CHARGE, 0, 500, loan, Charge.FEE))
    assert Outcome.DONE == outcome
    mine = book.line.loans.no == made
    assert ([LoanKind.CHARGE], [loan], [500]) == (
        book.line.loans.kind[mine].tolist(),
        book.line.loans.source[mine].tolist(),
        book.line.loans.fee_due_minor[mine].tolist(),
    )
    assert (500, -500) == (of(book, Account.FEE), of(book, Account.FEE_INCOME))
    assert (100_000, 500) == (book.line.lines.used_minor[0], book.line.lines.charges_minor[0])

    book.post(command(Kind.REPAY, 0, 10_000))
    assert 90_500 == book.line.lines.used_minor[0]  # the fee first
    book.post(command(Kind.CHARGE, 0, 700, 0, Charge.FEE))
    arrive(book, "03-01")  # 18 nights of 90,500 at 500 ppm: 814.5

    assert {
        Item.PREVIOUS: 100_000,
        Item.OTHER: 1_200,
        Item.REPAID: -10_000,
        Item.INTEREST: 815,
    } == (last_items(book))
    assert 9_050 + 700 + 815 == book.line.lines.minimum_minor[0]
    book.post(command(Kind.REPAY, 0, 9_050))  # the fee, the interest, 7,535 of principal
    arrive(book, "04-01")
    assert 0 == book.line.loans.fee_due_minor.sum()


def test_a_fee_alone_is_billed_and_paid():
    """Nothing but a fee: a statement, a due day, late; and settled with it."""
    book = OneLine(1)
    book.post(command(Kind.CHARGE, 0, 300, 0, Charge.FEE))
    arrive(book, "02-01")
    assert (300, 300) == (book.line.lines.due_minor[0], book.line.lines.minimum_minor[0])
    arrive(book, "02-11")
    assert Status.OVERDUE == book.line.lines.status[0]
    book.post(command(Kind.REPAY, 0, 300))

    assert (Status.ACTIVE, 0) == (book.line.lines.status[0], book.line.lines.loans_open[0])
    assert Outcome.DONE == book.post(command(Kind.CLOSE, 0))[1]


def test_a_penalty_is_waived_up_to_what_is_owed():
    book = billed()
    book.post(command(Kind.CHARGE, 0, 900, 0, Charge.PENALTY))
    assert -900 == of(book, Account.PENALTY_INCOME)

    more = command(Kind.WAIVE, 0, 901, 0, Charge.PENALTY)
    assert Outcome.AMOUNT_EXCEEDS_OWED == book.post(more)[1]
    fee = command(Kind.WAIVE, 0, 1, 0, Charge.FEE)
    assert Outcome.AMOUNT_EXCEEDS_OWED == book.post(fee)[1]
    assert Outcome.DONE == book.post(command(Kind.WAIVE, 0, 900, 0, Charge.PENALTY))[1]

    assert (0, 0) == (of(book, Account.PENALTY_INCOME), of(book, Account.PENALTY))
    assert 0 == book.line.lines.charges_minor[0]


def test_a_repayment_told_late_leaves_less_to_waive():
    """The fee was paid before it was waived: the payment stays, nothing is left to waive."""
    book = billed()
    book.post(command(Kind.CHARGE, 0, 500, 0, Charge.FEE))
    arrive(book, "02-06")
    book.post(command(Kind.WAIVE, 0, 500, 0, Charge.FEE))
    book.post(command(Kind.REPAY, book.on - 1, 2_000))

    assert 98_500 == book.line.lines.used_minor[0]
    assert -500 == of(book, Account.FEE_INCOME)


def test_a_waiver_on_a_written_off_line_touches_no_account():
    book = billed()
    book.post(command(Kind.CHARGE, 0, 500, 0, Charge.FEE))
    arrive(book, "08-12")
    assert Status.WRITTEN_OFF == book.line.lines.status[0]
    before = len(book.transfers)
    assert Outcome.DONE == book.post(command(Kind.WAIVE, 0, 500, 0, Charge.FEE))[1]

    assert (before, 0) == (len(book.transfers), book.line.loans.fee_due_minor.sum())


def test_goodwill_is_our_own_expense_and_meets_no_minimum():
    book = billed()
    book.post(command(Kind.GOODWILL, 0, 5_000))

    assert 95_000 == book.line.lines.used_minor[0]
    assert (5_000, -100_000) == (
        of(book, Account.GOODWILL_EXPENSE),
        of(book, Account.MERCHANT_PAYABLE),
    )
    assert [10_000] == book.line.dues.unmet_minor.tolist()


def test_a_chargeback_is_owed_by_the_merchant():
    book = OneLine(1)
    bought, _ = book.post(command(Kind.PURCHASE, 0, 60_000))
    book.post(command(Kind.CHARGEBACK, 0, 20_000, bought))
    assert Outcome.REFUND_EXCEEDS_PURCHASE == book.post(command(Kind.REFUND, 0, 40_001, bought))[1]

    assert 40_000 == book.line.lines.used_minor[0]
    assert (20_000, -60_000) == (
        of(book, Account.CHARGEBACK_RECEIVABLE),
        of(book, Account.MERCHANT_PAYABLE),
    )


def test_each_of_them_can_be_reversed():
    """As if nothing but the purchase had been."""
    book = billed()
    before = balances(book.transfers)
    bought = int(book.commands["seq"][book.commands["kind"] == Kind.PURCHASE][0])
    made = [
        book.post(command(*asked))[0]
        for asked in (
            (Kind.CHARGE, 0, 500, 0, Charge.FEE),
            (Kind.WAIVE, 0, 200, 0, Charge.FEE),
            (Kind.GOODWILL, 0, 5_000),
            (Kind.CHARGEBACK, 0, 7_000, bought),
        )
    ]
    for number in made:
        assert Outcome.DONE == book.post(command(Kind.REVERSE, 0, ref=number))[1]

    assert before == balances(book.transfers)
    assert (100_000, LINE) == (book.line.lines.used_minor[0], book.line.lines.id[0])
    assert OPENED_ON == book.line.lines.opened_on[0]
