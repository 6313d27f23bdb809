"""The books: every movement is positive, and the accounts say what the lines say."""

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.play import Book, Play
from tests.oracle.random_lives import RandomLife, life_of_seed, lives

from jiehuan.core.columns import Dues, Holds, Loans, Parts
from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.ledger import BY_BUCKET, Account, account, split
from jiehuan.core.line import HoldState, Item, Status
from jiehuan.core.outcomes import Outcome

CONTROLLED = (
    Account.PRINCIPAL,
    Account.INTEREST,
    Account.FEE,
    Account.PENALTY,
    Account.OVERPAYMENT,
)


def balances(book: Book) -> Counter[int]:
    """Return debits less credits of every account."""
    net: Counter[int] = Counter()
    for one in book.transfers:
        net[int(one["debit"])] += int(one["amount_minor"])
        net[int(one["credit"])] -= int(one["amount_minor"])
    return net


def owed(book: Book) -> Counter[int]:
    """Return what the control accounts must be: by product and bucket, of lines on the books."""
    due: dict[int, Counter[Account]] = defaultdict(Counter)
    for line, loans in book.kept[Loans].items():
        for loan in loans.values():
            due[line][Account.INTEREST] += int(loan["interest_due_minor"])
            due[line][Account.FEE] += int(loan["fee_due_minor"])
            due[line][Account.PENALTY] += int(loan["penalty_due_minor"])
    total: Counter[int] = Counter()
    for no, line in book.lines.items():
        product, bucket = int(line["product"]), int(line["bucket"])
        total[_number(Account.OVERPAYMENT, product, 0)] -= int(line["overpaid_minor"])
        if line["status"] != Status.WRITTEN_OFF:
            due[no][Account.PRINCIPAL] = int(line["used_minor"])
            for kind, amount in due[no].items():
                total[_number(kind, product, bucket)] += amount
    return total


def _number(kind: Account, product: int, bucket: int) -> int:
    return int(account(kind, product, bucket if kind in BY_BUCKET else 0))


def check_books(book: Book) -> None:
    """Trial balance, control accounts, and the accounts that commands alone explain."""
    net = balances(book)
    assert 0 == sum(net.values())
    controls = {number: amount for number, amount in net.items() if split(number)[1] in CONTROLLED}
    expected = {number: amount for number, amount in owed(book).items() if amount}
    assert expected == {number: amount for number, amount in controls.items() if amount}
    by_kind: Counter[Account] = Counter()
    for number, amount in net.items():
        by_kind[split(number)[1]] += amount
    done = [one for one in book.journal if one["outcome"] == Outcome.DONE]
    assert by_kind[Account.CASH] == _sum(done, Kind.REPAY)
    assert by_kind[Account.MERCHANT_PAYABLE] == _sum(done, Kind.REFUND, Kind.CREDIT) - _sum(
        done, Kind.PURCHASE, Kind.CAPTURE
    )
    assert by_kind[Account.GOODWILL_EXPENSE] == _sum(done, Kind.GOODWILL)
    assert by_kind[Account.CHARGEBACK_RECEIVABLE] == _sum(done, Kind.CHARGEBACK)
    assert by_kind[Account.WALLET_CLEARING] == -_sum(
        done, Kind.DRAW_SUCCEEDED, Kind.PAY_BACK_SUCCEEDED, column="applied_minor"
    )


def _sum(rows: list[Any], *kinds: Kind, column: str = "amount_minor") -> int:
    return sum(int(one[column]) for one in rows if one["kind"] in kinds)


def check_lines(book: Book) -> None:
    """A line's own columns are the sums of its children."""
    for no, line in book.lines.items():
        loans = [one for one in book.kept[Loans][no].values() if one["open"]]
        holds = [one for one in book.kept[Holds][no].values() if one["state"] == HoldState.HELD]
        billed = sum(int(one["billed_minor"]) for one in loans)
        carried = sum(int(one["carried_minor"]) for one in loans)
        unbilled = sum(int(one["unbilled_minor"]) for one in loans)
        charges = sum(
            int(one[f"{kind}_due_minor"])
            for one in loans
            for kind in ("interest", "fee", "penalty")
        )
        assert (len(loans), billed, unbilled, charges) == (
            line["loans_open"],
            line["fresh_minor"],
            line["unbilled_minor"],
            line["charges_minor"],
        )
        assert line["used_minor"] == line["cycle_minor"] + billed + carried + unbilled
        assert line["held_minor"] == sum(int(one["left_minor"]) for one in holds)
        if line["status"] != Status.WRITTEN_OFF:
            assert (line["past_due_on"] > 0) == (line["status"] == Status.OVERDUE)
        check_plans(book, no)


def check_plans(book: Book, line: int) -> None:
    """What is unpaid of a plan's terms is what its loan owes."""
    for (no,), loan in book.kept[Loans][line].items():
        parts = [one for (plan, _), one in book.kept[Parts][line].items() if plan == no]
        if not parts or not loan["open"]:
            continue
        to_come = sum(int(one["principal_minor"]) for one in parts if not one["billed"])
        left = sum(
            int(one["principal_minor"] - one["principal_paid_minor"])
            for one in parts
            if one["billed"]
        )
        fees = sum(int(one["fee_minor"] - one["fee_paid_minor"]) for one in parts if one["billed"])
        assert to_come == loan["unbilled_minor"]
        assert (left, fees) == (
            loan["billed_minor"] + loan["carried_minor"],
            loan["fee_due_minor"],
        )


def check_closed_rows(book: Book) -> None:
    """A loan that is closed owes nothing, not a fraction; an ended hold holds nothing."""
    for loans in book.kept[Loans].values():
        for loan in loans.values():
            if not loan["open"]:
                names = [name for name in loan.dtype.names if name.endswith(("_minor", "_num"))]
                assert not any(loan[name] for name in names)
    for holds in book.kept[Holds].values():
        assert all(
            one["state"] == HoldState.HELD or not one["left_minor"] for one in holds.values()
        )


@settings(max_examples=15)
@given(lives(), st.integers(1, 60))
def test_the_books_balance_all_along(life: RandomLife, step):
    play = Play([life])
    day = life.opened_on
    while day < life.until:
        day = min(day + dt.timedelta(days=step), life.until)
        play.until(day)
        check_books(play.book)
        check_lines(play.book)
    check_closed_rows(play.book)


@pytest.fixture(scope="module", params=[0, 40])
def book(request):
    several = [life_of_seed(seed) for seed in range(request.param, request.param + 40)]
    return Play(several).until(max(life.until for life in several)).book


def test_the_books_of_many_lines_balance(book):
    check_books(book)
    check_lines(book)
    check_closed_rows(book)


def test_every_transfer_moves_something_for_a_command_that_was_done(book):
    done = {int(one["seq"]) for one in book.journal if one["outcome"] == Outcome.DONE}

    legs: dict[int, list[int]] = defaultdict(list)
    for one in sorted(book.transfers, key=lambda one: (int(one["seq"]), int(one["leg"]))):
        assert one["amount_minor"] > 0
        assert one["debit"] != one["credit"]
        assert int(one["seq"]) in done
        legs[int(one["seq"])].append(int(one["leg"]))
    assert all(numbers == list(range(len(numbers))) for numbers in legs.values())


def test_a_statement_is_the_sum_of_its_items(book):
    items: Counter[int] = Counter()
    for one in book.items:
        assert one["amount_minor"] != 0
        items[int(one["no"])] += int(one["amount_minor"])
    for statement in book.statements:
        assert int(statement["balance_minor"]) == items[int(statement["no"])]
        assert statement["due_minor"] == max(0, statement["balance_minor"])
        assert 0 <= statement["minimum_minor"] <= statement["due_minor"]
    kinds = [(int(one["no"]), int(one["item"])) for one in book.items]
    assert len(kinds) == len(set(kinds))
    assert {item.value for item in Item} - {Item.ADJUSTMENT} == {item for _, item in kinds}


def test_the_outside_world_is_asked_for_what_was_accepted_and_nothing_else(book):
    asks = {
        Kind.DRAW: InstructionKind.PAY_OUT,
        Kind.COLLECT: InstructionKind.COLLECT,
        Kind.PAY_BACK: InstructionKind.PAY_BACK,
    }
    asked = [one for one in book.journal if one["kind"] in asks and not one["outcome"]]

    assert set(asks.values()) == set(InstructionKind) == {one["kind"] for one in book.instructions}
    assert {(int(one["seq"]), asks[one["kind"]], int(one["amount_minor"])) for one in asked} == {
        (int(one["id"]), one["kind"], int(one["amount_minor"])) for one in book.instructions
    }


def test_dues_are_of_statements(book):
    due_on = {(int(one["line"]), int(one["due_on"])) for one in book.statements}

    for line, dues in book.kept[Dues].items():
        assert {(line, key[0]) for key in dues} <= due_on
