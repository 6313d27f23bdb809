"""What can be seen of a line: named figures, its loans, its accounts.

The same functions tell it of a line that was played and of one that is stored.
"""

import dataclasses
import enum
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from jiehuan.core import days, ledger
from jiehuan.core.columns import MICRO, Commands, Dues, Holds, Loans, Parts, Rows
from jiehuan.core.interest import reckon
from jiehuan.core.line import HoldKind, HoldState, LoanKind, Status
from jiehuan.core.money import MINOR_PER_MAJOR, format_amount
from jiehuan.core.state import Loaded, build
from jiehuan.core.terms import TermsTable


class Unit(enum.Enum):
    """How a figure is written."""

    MONEY = "an amount"
    EXACT = "an amount with as many decimals as it has"  # of what accrues and is not yet billed
    NUMBER = "a whole number"
    DAY = "a day"
    WORD = "a word"


Shown: TypeAlias = int | str | Fraction


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a line: its unit, what it says, and how it is read off.

    ``read`` takes the line as it stands and the last day that has closed.
    """

    unit: Unit
    meaning: str
    read: Callable[[Loaded, int], int | str]


def _column(name: str, *less: str) -> Callable[[Loaded, int], int]:
    """Read a column of the line, less others."""

    def read(loaded: Loaded, _closed_on: int) -> int:
        lines = loaded.lines
        return int(getattr(lines, name)[0]) - sum(int(getattr(lines, one)[0]) for one in less)

    return read


def _of_loans(name: str) -> Callable[[Loaded, int], int]:
    return lambda loaded, _closed_on: int(getattr(loaded.loans, name).sum())


def _owed(loaded: Loaded, _closed_on: int) -> int:
    return int(loaded.lines.used_minor[0] + loaded.lines.charges_minor[0])


def _days_past_due(loaded: Loaded, closed_on: int) -> int:
    late_since = int(loaded.lines.past_due_on[0])
    return max(0, closed_on - late_since) if late_since else 0


def _cycles_past_due(loaded: Loaded, closed_on: int) -> int:
    dues = loaded.dues
    return int(((dues.unmet_minor > 0) & (dues.due_on <= closed_on)).sum())


M = Unit.MONEY
FIGURES: dict[str, Figure] = {
    "owed": Figure(M, "all principal, and the interest, fees and penalty that were billed", _owed),
    "used": Figure(M, "all principal, which is what uses the limit", _column("used_minor")),
    "held": Figure(M, "reserved for holds, draws and money paid back", _column("held_minor")),
    "available": Figure(
        M, "limit less used less held", _column("limit_minor", "used_minor", "held_minor")
    ),
    "overpaid": Figure(M, "what the lender owes", _column("overpaid_minor")),
    "limit": Figure(M, "the limit", _column("limit_minor")),
    "principal": Figure(M, "the same as used", _column("used_minor")),
    "interest": Figure(M, "interest billed and unpaid", _of_loans("interest_due_minor")),
    "fee": Figure(M, "fees billed and unpaid", _of_loans("fee_due_minor")),
    "penalty": Figure(M, "penalty billed and unpaid", _of_loans("penalty_due_minor")),
    "due": Figure(M, "of the newest statement, as it stands now", _column("due_minor")),
    "minimum": Figure(M, "of the newest statement, as it stands now", _column("minimum_minor")),
    "balance": Figure(M, "of the newest statement, as it stands now", _column("balance_minor")),
    "unmet": Figure(M, "minimums not met", lambda loaded, _: int(loaded.dues.unmet_minor.sum())),
    "bucket": Figure(Unit.NUMBER, "0 for M0 .. 6 for M6 and more", _column("bucket")),
    "days_past_due": Figure(
        Unit.NUMBER, "days from the oldest missed due day to the last close", _days_past_due
    ),
    "cycles_past_due": Figure(
        Unit.NUMBER, "missed due days whose minimum is still unmet", _cycles_past_due
    ),
    "loans": Figure(
        Unit.NUMBER, "loans on which something is owed or accrues", _column("loans_open")
    ),
    "status": Figure(
        Unit.WORD,
        "where the line stands",
        lambda loaded, _: Status(loaded.lines.status[0]).name.lower(),
    ),
}

LOAN_FIGURES: dict[str, Unit] = {
    **dict.fromkeys(("principal", "unbilled", "billed", "carried"), M),
    **dict.fromkeys(("interest", "fee", "penalty"), M),
    **dict.fromkeys(("accrued_interest", "accrued_penalty"), Unit.EXACT),
}
STATEMENT_FIGURES: dict[str, Unit] = {
    "due_on": Unit.DAY,
    **dict.fromkeys(("balance", "due", "minimum", "used"), M),
}
_STORED = {
    **{name: f"{name}_minor" for name in ("unbilled", "billed", "carried")},
    **{name: f"{name}_due_minor" for name in ("interest", "fee", "penalty")},
}


def of_line(loaded: Loaded, closed_on: int) -> dict[str, int | str]:
    """Return all figures of a line, by name.

    Args:
        loaded: The line with all that is open; ``Loaded.nothing`` if it was never opened.
        closed_on: The last day that has closed.
    """
    return {name: figure.read(loaded, closed_on) for name, figure in FIGURES.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class LoanShown:
    """A loan on which something is owed or accrues."""

    no: int
    kind: str
    opened_on: int
    rate_ppm: int
    figures: dict[str, int | Fraction]


def of_loans(terms: TermsTable, loaded: Loaded, closed_on: int) -> list[LoanShown]:
    """Return the open loans of a line, reckoned through the last day that has closed."""
    loans = Loans.from_rows(loaded.loans.to_rows(loaded.loans.open))
    alone = Loaded(loaded.lines, Dues.empty(0), loans, Parts.empty(0), Holds.empty(0), loaded.full)
    state = build(terms, alone, Commands.empty(0))
    rows = np.flatnonzero(state.loans.in_use())
    until_on = np.full(len(rows), closed_on + 1, np.int32)
    until_on = np.maximum(until_on, state.loans.rows.reckoned_on[rows])
    reckon(state, rows, np.zeros(len(rows), np.int64), until_on)
    return [_loan(row) for row in state.loans.rows.to_rows(rows)]


def _loan(row: Rows) -> LoanShown:
    figures: dict[str, int | Fraction] = {
        name: int(row[column]) for name, column in _STORED.items()
    }
    principal = sum(int(row[_STORED[name]]) for name in ("unbilled", "billed", "carried"))
    for name in ("interest", "penalty"):
        figures[f"accrued_{name}"] = Fraction(int(row[f"{name}_num"]), MICRO)
    figures["principal"] = principal
    return LoanShown(
        int(row["no"]),
        LoanKind(int(row["kind"])).name.lower(),
        int(row["opened_on"]),
        int(row["rate_ppm"]),
        {name: figures[name] for name in LOAN_FIGURES},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class HoldShown:
    """An amount that is still reserved."""

    no: int
    kind: str
    left_minor: int
    expires_on: int


def of_holds(loaded: Loaded) -> list[HoldShown]:
    """Return the holds of a line that are still held."""
    held = loaded.holds.to_rows(loaded.holds.state == HoldState.HELD)
    return [
        HoldShown(
            int(row["no"]),
            HoldKind(row["kind"]).name.lower(),
            int(row["left_minor"]),
            int(row["expires_on"]),
        )
        for row in held
    ]


def of_accounts(transfers: Iterable[Rows]) -> dict[str, int]:
    """Return debits less credits of each account that is not even, by its name.

    The number of the product is left out: a line has one.
    """
    net: dict[int, int] = {}
    for row in transfers:
        amount = int(row["amount_minor"])
        net[int(row["debit"])] = net.get(int(row["debit"]), 0) + amount
        net[int(row["credit"])] = net.get(int(row["credit"]), 0) - amount
    return {
        ledger.name(number).partition("/")[2]: amount
        for number, amount in sorted(net.items())
        if amount
    }


def show(unit: Unit, value: Shown) -> str:
    """Write a figure for people; the reader of stories reads it back.

    Examples:
        >>> show(Unit.MONEY, 100_000), show(Unit.EXACT, Fraction(-1, 8)), show(Unit.WORD, "active")
        ('1,000.00', '-0.00125', 'active')
    """
    if unit is Unit.EXACT:
        return exact_text(Fraction(value))
    if unit is Unit.MONEY:
        return format_amount(int(value))
    if unit is Unit.DAY:
        return days.to_text(int(value))
    return str(value)


def exact_text(minor: Fraction) -> str:
    """Write a fraction of minor units whose denominator is a power of ten, without loss.

    Examples:
        >>> exact_text(Fraction(1025, 10_000)), exact_text(Fraction(0))
        ('0.001025', '0.00')
    """
    digits = 8
    scaled = minor * (10**digits // MINOR_PER_MAJOR)
    assert scaled.denominator == 1, minor
    major, rest = divmod(abs(scaled.numerator), 10**digits)
    decimals = f"{rest:0{digits}}".rstrip("0").ljust(2, "0")
    return f"{'-' if minor < 0 else ''}{major}.{decimals}"
