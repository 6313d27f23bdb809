"""Laws of a term loan's life: nothing is lost, and the order of booking does not matter."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.loans.lives import ANY, CONTRACTS, ONWARD, START, event, lives, terms
from tests.tables import table

from jiehuan.core.loans.events import PAYMENTS, Kind, NothingToUndo, down_minor
from jiehuan.core.loans.life import fold
from jiehuan.core.loans.terms import FEE, INTEREST, PENALTY, PRINCIPAL
from jiehuan.core.loans.view import schedule

LATER = START + 400
D, R, B = Kind.DISBURSE, Kind.REPAYMENT, Kind.BALANCE_REFUND


def seen(contract, life, as_of=LATER):
    """Return the rows of a life."""
    return schedule(fold(contract, life, START, as_of))


def test_a_level_loan_that_is_paid_as_asked():
    life = [event(D, 0, 1_200_00), *(event(R, day, 307_49) for day in (31, 60, 91))]
    rows = seen(terms(basis="period-365"), life)[1:]

    for row, case in zip(
        rows,
        table("""
            days  principal  interest    due  balance
              31      29554      1200  30754    90446
              29      29850       904  30754    60596
              31      30148       606  30754    30448
              30      30448       304  30752        0
        """),
        strict=True,
    ):
        told = (row.days, row.principal_minor, row.interest_minor, row.due_minor)
        assert (case.days, case.principal, case.interest, case.due) == told
        assert case.balance == row.balance_minor
    assert 3 * 307_49 == sum(row.paid_minor for row in rows)


def test_paid_on_its_day_before_and_after():
    contract = terms(rate_ppm=0)
    for case in table("""
        day  advance  late   paid_on
         10    10000     0        10
         31        0     0        31    # the due day is in time
         32        0  10000       32
    """):
        first = seen(contract, [event(D, 0, 400_00), event(R, case.day, 100_00)])[1]
        told = (first.advance_minor, first.late_minor, first.paid_on - START)
        assert (case.advance, case.late, case.paid_on) == told, case


def test_a_down_payment_repays_itself_as_far_as_anything_is_owed():
    contract = terms(rate_ppm=0, down_ppm=250_000, down_automatic=True)
    paid = seen(contract, [event(D, 0, 400_00)])[1]
    over = fold(contract, [event(D, 0, 400_00), event(R, 5, 400_00), event(D, 6, 40_00)], 0, LATER)

    assert (100_00, 0) == (paid.paid_minor, paid.days)
    assert 60_00 == over.overpaid_minor  # no second down payment was taken


def test_credit_goes_back_as_far_as_there_is_any_and_the_rest_is_owed():
    life = [event(D, 0, 400_00), event(R, 10, 450_00), event(B, 20, 80_00)]
    loan = fold(terms(rate_ppm=0, plan="onward"), life, START, LATER)

    assert 0 == loan.overpaid_minor
    assert 30_00 == loan.rows.owed_minor.sum()


def test_what_falls_due_after_the_end_has_a_row_of_its_own():
    fee = event(Kind.CHARGE, 300, 5_00, part=FEE, booked=10)
    rows = seen(terms(rate_ppm=0), [event(D, 0, 400_00), fee])

    assert (5, 5_00, 0) == (rows[-1].no, rows[-1].fee_minor, rows[-1].principal_minor)
    assert START + 300 == rows[-1].on


def test_a_late_fee_is_charged_once_an_instalment():
    contract = terms(rate_ppm=0, late_fee_ppm=15_000)
    rows = seen(contract, [event(D, 0, 400_00), event(R, 20, 40_00)], START + 61)

    assert [90, 150, 0, 0] == [row.penalty_minor for row in rows[1:]]


def test_a_pause_and_a_change_of_rate_price_the_night_before_their_day():
    contract = terms(plan="onward", basis="period-360", count=6, rate_ppm=70_000)
    lent = event(D, 0, 100_00)
    pause = event(Kind.PAUSE, 35, booked=31, until_on=START + 40)
    cheaper = event(Kind.RATE_CHANGE, 46, rate_ppm=40_000)

    assert [58, 49, 39] == [r.interest_minor for r in seen(contract, [lent])[1:4]]
    assert [58, 39, 39] == [r.interest_minor for r in seen(contract, [lent, pause])[1:4]]
    assert [58, 38, 22] == [r.interest_minor for r in seen(contract, [lent, cheaper])[1:4]]


def test_an_undo_of_nothing_is_refused():
    with pytest.raises(NothingToUndo, match="movement 2"):
        fold(terms(), [event(D, 0, 100), event(Kind.UNDO, 0, nth=2, booked=9)], START, LATER)


def moneys(loan):
    """Return what is owed by instalment and part, and what is overpaid."""
    rows = loan.rows
    owed = [(due - paid).tolist() for due, paid in zip(rows.due, rows.paid, strict=True)]
    return rows.due_on.tolist(), owed, loan.overpaid_minor


@given(ANY, lives())
def test_principal_sums_to_what_was_lent(contract, life):
    loan = fold(contract, life, START, LATER)

    assert life[0].amount_minor == loan.rows.due[PRINCIPAL].sum()
    assert all((due >= 0).all() for due in loan.rows.due)


@given(ANY, lives())
def test_no_cent_of_a_payment_is_lost(contract, life):
    loan = fold(contract, life, START, LATER)
    paid = sum(e.amount_minor for e in life if e.kind in PAYMENTS)
    down = down_minor(contract, life[0].amount_minor) if contract.down_automatic else 0

    assert paid + down == sum(int(part.sum()) for part in loan.rows.paid) + loan.overpaid_minor


@given(ANY, lives())
def test_nothing_is_paid_beyond_what_is_due_and_nothing_overpaid_while_something_is_owed(
    contract, life
):
    loan = fold(contract, life, START, LATER)

    for due, paid in zip(loan.rows.due, loan.rows.paid, strict=True):
        assert (paid <= due).all()
        assert (paid >= 0).all()
    assert not (loan.overpaid_minor and loan.rows.owed_minor.any())
    assert ((loan.rows.met_on > 0) == ((loan.rows.owed_minor == 0) & (_paid(loan) > 0))).all()


def _paid(loan):
    return np.asarray(sum(loan.rows.paid))


@given(ANY, lives())
def test_charges_stand_where_they_were_put(contract, life):
    loan = fold(contract, life, START, LATER)
    for part in (PENALTY, FEE):
        charged = [e.amount_minor for e in life if e.kind is Kind.CHARGE and e.part == part]
        assert sum(charged) == loan.rows.due[part].sum()


@given(ANY, lives(), st.randoms(use_true_random=False))
def test_the_order_of_booking_does_not_matter(contract, life, chance):
    booked = life[1:]
    chance.shuffle(booked)
    mixed = [life[0]] + [
        dataclasses.replace(e, booked_on=START + 210 + i) for i, e in enumerate(booked)
    ]

    assert moneys(fold(contract, life, START, LATER)) == moneys(fold(contract, mixed, START, LATER))


@given(ANY, lives(), st.data())
def test_an_undo_restores_what_would_be_without(contract, life, data):
    movable = [e for e in life[1:] if e.kind in PAYMENTS]
    if not movable:
        return
    gone = data.draw(st.sampled_from(movable))
    undo = event(Kind.UNDO, gone.on - START, nth=1, booked=300)
    without = [e for e in life if e is not gone]

    undone = fold(contract, [*life, undo], START, LATER)
    assert moneys(fold(contract, without, START, LATER)) == moneys(undone)


@given(CONTRACTS | ONWARD, st.integers(1, 5_000_000))
def test_paid_exactly_as_asked_nothing_is_owed(contract, lent):
    begun = [event(D, 0, lent)]
    asked = [
        event(R, row.on - START, row.due_minor - row.paid_minor)
        for row in seen(contract, begun, START)[1:]
        if row.due_minor > row.paid_minor
    ]
    loan = fold(contract, begun + asked, START, LATER)

    assert 0 == loan.rows.owed_minor.sum() == loan.overpaid_minor
    assert 0 == loan.rows.late_minor.sum() == loan.rows.advance_minor.sum()


@given(ONWARD, st.lists(st.integers(1, 10**6), min_size=2, max_size=4))
def test_later_disbursements_are_lent_and_asked_back_in_full(contract, lent):
    loan = fold(contract, [event(D, 5 * i, one) for i, one in enumerate(lent)], START, LATER)

    assert sum(lent) == loan.rows.due[PRINCIPAL].sum()
    assert 0 <= loan.rows.due[INTEREST].min()
