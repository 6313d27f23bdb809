"""The plans of 500 clients for half a year, rehearsed in the kernel alone."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from tests.simulate.lives import CARD, MANY, MONTHS, TERMS, people, rehearsed

from jiehuan.core.commands import FORCED, Kind
from jiehuan.core.line import LoanKind, Status
from jiehuan.simulate import ahead
from jiehuan.simulate.people import People
from jiehuan.simulate.plan import (
    SPECIAL_MONTH,
    SPECIAL_SHARE,
    What,
    applications,
    first_of,
    plan_month,
)

PARTS = (What.PART_1, What.PART_2, What.PART_3, What.PART_4)
DOLLAR = 100


def of(month: int, *what: What):
    """Return commands, days of the month and clients of some of what is planned for a month."""
    plan = rehearsed().plans[month]
    mine = np.isin(plan.what, what)
    day = plan.commands.effective_on[mine] - first_of(month) + 1
    return type(plan.commands).from_rows(plan.commands.to_rows(mine)), day, plan.client[mine]


def every(*what: What):
    """Return the amounts of some of what is planned, all months together."""
    return np.concatenate([of(month, *what)[0].amount_minor for month in range(MONTHS)])


@pytest.mark.parametrize("month", range(MONTHS))
def test_every_statement_is_the_banks_own(month):
    """To the cent, own interest and penalty included; an idle line has one of 0."""
    lines = rehearsed().states[month].lines
    cut = lines.cut_on == first_of(month + 1)

    balances = np.where(cut, lines.balance_minor, 0)

    assert people().bills_minor[month].tolist() == balances.tolist()


def test_a_client_applies_once_for_the_limit_of_the_data():
    plan = applications(TERMS, people(), "card-tw-2005")

    assert {int(Kind.OPEN)} == set(plan.commands.kind.tolist())
    assert {CARD} == set(plan.commands.terms.tolist())
    assert people().id.tolist() == plan.commands.ref.tolist()
    assert people().limit_minor.tolist() == plan.commands.amount_minor.tolist()


@pytest.mark.parametrize("month", range(1, MONTHS))
def test_what_the_bank_was_paid_is_paid_on_a_day_from_the_2nd_to_the_10th(month):
    paid, day, client = of(month, What.PAY)

    expected = people().paid_minor[month]
    assert expected[expected > 0].tolist() == paid.amount_minor.tolist()
    assert np.flatnonzero(expected).tolist() == client.tolist()
    assert set(range(2, 11)) == set(day.tolist())


def test_nobody_pays_in_april_whose_bill_is_unknown():
    assert 0 == len(of(0, What.PAY)[0])


def test_purchases_come_in_four_parts_one_a_week():
    for month in range(MONTHS):
        for k, part in enumerate(PARTS):
            _, day, client = of(month, part)
            assert set(range(7 * k + 1 + (k == 0), 7 * k + 8)) == set(day.tolist())
            assert len(set(client.tolist())) == len(client)


def test_the_first_three_parts_are_equal_and_in_whole_dollars():
    for month in range(MONTHS):
        one, two, three = (of(month, part)[0].amount_minor.tolist() for part in PARTS[:3])
        assert one == two == three
        assert {0} == {amount % DOLLAR for amount in one}


def test_one_part_in_ten_is_a_hold_captured_on_the_next_day():
    """Unless it goes beyond the line, when it is a forced purchase."""
    holds = captures = parts = 0
    for month in range(MONTHS):
        for k, part in enumerate(PARTS):
            made, day, client = of(month, part)
            taken, next_day, of_client = of(month, What(What.CAPTURE_1 + k))
            held = made.kind == Kind.HOLD
            assert client[held].tolist() == of_client.tolist()
            assert (day[held] + 1).tolist() == next_day.tolist()
            assert made.seq[held].tolist() == taken.ref.tolist()
            assert made.amount_minor[held].tolist() == taken.amount_minor.tolist()
            holds, captures, parts = holds + held.sum(), captures + len(taken), parts + len(made)
    assert holds == captures
    assert 0.08 < holds / parts < 0.11


def test_some_holds_are_voided_and_some_expire():
    months = len(people()) * MONTHS
    voided = len(every(What.HOLD_TO_VOID))
    expired = len(every(What.HOLD_TO_EXPIRE))
    journal = rehearsed().journal

    assert voided == len(every(What.VOID)) == (journal.kind == Kind.VOID).sum()
    assert expired == (journal.kind == Kind.HOLD_EXPIRED).sum()
    assert months / 80 < voided < months / 35
    assert months / 80 < expired < months / 35


def test_too_much_owed_is_credited_on_the_last_day_and_cents_are_bought_for_it():
    for month in range(MONTHS):
        credit, day, client = of(month, What.CREDIT)
        _, cents_day, of_client = of(month, What.CENTS)
        last = first_of(month + 1) - first_of(month)
        assert {last} >= set(day.tolist()) | set(cents_day.tolist())
        assert set(of_client.tolist()) <= set(client.tolist())
        assert {int(Kind.CREDIT if month else Kind.REPAY)} >= set(credit.kind.tolist())
        assert not set(client.tolist()) & set(of(month, *PARTS)[2].tolist())
    # Less than a thousandth of what was credited: interest of a day.
    assert 0 < every(What.CENTS).sum() < every(What.CREDIT).sum() / 1_000


def test_some_clients_borrow_on_the_2nd_of_june_before_they_buy():
    draw, day, client = of(SPECIAL_MONTH, What.DRAW)
    paid, paid_day, _ = of(SPECIAL_MONTH, What.DRAW_SUCCEEDED)
    bought, bought_day, buyer = of(SPECIAL_MONTH, *PARTS, What.HOLD_TO_VOID, What.HOLD_TO_EXPIRE)

    assert MANY // SPECIAL_SHARE == len(draw) == len(paid)
    assert {2} == set(day.tolist()) == set(paid_day.tolist())
    assert draw.seq.tolist() == paid.ref.tolist()
    assert (bought_day[np.isin(buyer, client)] >= 2).all()
    assert len(bought)
    assert LoanKind.DRAW in rehearsed().states[SPECIAL_MONTH].loans.rows.kind
    assert 0 == sum(len(of(month, What.DRAW)[0]) for month in (0, 1, 3, 4, 5))


def test_some_clients_turn_their_first_purchase_into_instalments():
    convert, day, client = of(SPECIAL_MONTH, What.CONVERT)
    first, first_day, buyer = of(SPECIAL_MONTH, What.PART_1)
    at = np.searchsorted(buyer, client)

    assert 0 < len(convert) <= MANY // SPECIAL_SHARE
    assert {3, 6, 12} == set(convert.count.tolist())
    assert first.seq[at].tolist() == convert.ref.tolist()
    assert (first_day[at] + 1).tolist() == day.tolist()
    fourth, _, last_buyer = of(SPECIAL_MONTH, What.PART_4)
    takes_the_rest = fourth.amount_minor[np.searchsorted(last_buyer, client)]
    assert (takes_the_rest > first.amount_minor[at]).all()


def test_what_goes_beyond_the_line_is_forced_and_nothing_else():
    """Without the marks the same spends are refused; with them nothing is."""
    month = 3
    plan, before = rehearsed().plans[month], rehearsed().states[month - 1]
    bare = type(plan.commands).from_rows(plan.commands.to_rows())
    forced = bare.flags & FORCED > 0
    bare.flags[:] = 0

    until = ahead.opening(first_of(month + 1))
    refused = ahead.run(TERMS, ahead.loaded_of(before), bare, until).outcome > 0

    client, first = np.unique(plan.client[forced], return_index=True)
    assert forced.sum() > 50
    assert set(plan.client[refused].tolist()) == set(client.tolist())
    assert np.flatnonzero(forced)[first].tolist() == [
        np.flatnonzero(refused & (plan.client == one))[0] for one in client
    ]
    assert {int(Kind.PURCHASE)} == set(bare.kind[forced].tolist())


def test_parts_of_nothing_are_left_out():
    amounts = every(*(what for what in What if what not in (What.VOID, What.CONVERT)))

    assert (amounts > 0).all()


def test_a_plan_is_the_same_whenever_it_is_made():
    lines = ahead.loaded_of(rehearsed().states[1])

    again = plan_month(TERMS, lines, people(), 2)

    assert (rehearsed().plans[2].commands.to_rows() == again.commands.to_rows()).all()


def some(few: People, keep) -> People:
    columns: dict[str, Any] = {}
    for field in dataclasses.fields(few):
        value = getattr(few, field.name)
        is_series = isinstance(value, tuple)
        columns[field.name] = tuple(x[keep] for x in value) if is_series else value[keep]
    return People(**columns)


def test_a_clients_month_does_not_depend_on_who_else_is_there():
    """But for draws and conversions, which only some are let."""
    month = 4
    keep = people().id % 2 == 0
    lines = ahead.copy_of(ahead.loaded_of(rehearsed().states[month - 1]), keep)
    plan = rehearsed().plans[month]

    alone = plan_month(TERMS, lines, some(people(), keep), month)

    names = [name for name in plan.commands.DTYPE.names or () if name not in ("seq", "ref")]
    together = plan.commands.to_rows(keep[plan.client])[names]
    assert (together == alone.commands.to_rows()[names]).all()


def test_nobody_is_written_off_before_the_last_close():
    before = rehearsed(1_500).states[-1].lines
    after = rehearsed(1_500).end.lines

    late = first_of(MONTHS) - before.past_due_on
    lost = (before.past_due_on > 0) & (late > 120)
    assert not (before.status == Status.WRITTEN_OFF).any()
    assert lost.sum() > 3
    assert lost.tolist() == (after.status == Status.WRITTEN_OFF).tolist()
