"""A command booked late leaves the same debt as one booked on its day (terms.md 6)."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.one_line import OPENED_ON, TERMS, OneLine, balances, command, owed

from jiehuan.core.agenda import position
from jiehuan.core.backdate import walk
from jiehuan.core.columns import Commands
from jiehuan.core.commands import FORCED, REF_ALL, REF_USUAL, Kind, Moment
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome

# Until then no line can be written off: a write-off is a decision that stays.
LAST_ON = OPENED_ON + 170

steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 3, 9, 10, 15, 30]),  # days that pass
        st.sampled_from([
            Kind.PURCHASE, Kind.PURCHASE, Kind.PURCHASE, Kind.REPAY, Kind.REPAY, Kind.CREDIT,
            Kind.HOLD, Kind.CAPTURE, Kind.VOID, Kind.DRAW, Kind.DRAW_SUCCEEDED, Kind.REFUND,
            Kind.CONVERT, Kind.PAY_BACK, Kind.PAY_BACK, Kind.PAY_BACK_SUCCEEDED,
            Kind.PAY_BACK_FAILED, Kind.COLLECT, Kind.REVERSE, Kind.REVERSE,
            Kind.CHARGE, Kind.WAIVE, Kind.GOODWILL, Kind.CHARGEBACK,
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
    Kind.CHARGEBACK: (Kind.PURCHASE, Kind.CAPTURE),
    Kind.CONVERT: (Kind.PURCHASE, Kind.CAPTURE),
    Kind.REVERSE: tuple(Kind),
}


WITHOUT_AMOUNT = {
    *(Kind.DRAW_SUCCEEDED, Kind.PAY_BACK_SUCCEEDED, Kind.PAY_BACK_FAILED),
    *(Kind.CONVERT, Kind.REVERSE),
}


def asked_for(book, kind, on, amount, which, flag):
    """Return the command of a step, or None if there is nothing that it could refer to."""
    journal = book.journal("callers")
    if kind is Kind.REPAY:
        loans = journal.seq[np.isin(journal.kind, [Kind.DRAW_SUCCEEDED, Kind.CONVERT])].tolist()
        return command(kind, on, amount, ([REF_USUAL, REF_ALL, *loans] * 6)[which])
    if kind not in REFERS:
        count = 3 * (which % 3) if kind is Kind.DRAW else 0
        if kind in {Kind.CHARGE, Kind.WAIVE}:
            count = 1 + which % (2 if kind is Kind.CHARGE else 3)
        forced = FORCED if flag and kind is Kind.PURCHASE else 0
        return command(kind, on, amount, count=count, flags=forced)
    there = journal.seq[np.isin(journal.kind, REFERS[kind])].tolist()
    if not there:
        return None
    amount = 0 if kind in WITHOUT_AMOUNT else amount
    count = (3 if flag else 6) if kind is Kind.CONVERT else 0
    at = -1 - which if kind is Kind.REVERSE else which
    return command(kind, on, amount, there[at % len(there)], count)


def left(journal):
    """Return the commands that no reversal undoes, without the reversals."""
    rows = journal.to_rows()
    for row in journal.to_rows()[::-1]:
        if row["kind"] == Kind.REVERSE and row["seq"] in rows["seq"]:
            rows = rows[rows["seq"] != row["ref"]]
    return Commands.from_rows(rows[rows["kind"] != Kind.REVERSE])


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
    on_time = walk(
        TERMS, left(book.journal("callers")), int(position(book.on, Moment.OPENS)), 10**6
    )

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
