"""What the close of a day books for a whole book: accrual, provision, undrawn lines.

Interest is lazy, so the ledger learns of a day's interest from running sums: one transfer a
product.  What rounding makes differ (each loan is rounded by itself, and its last fraction
is forgiven) goes to a rounding account.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from jiehuan.core.columns import MICRO
from jiehuan.core.days import EPOCH_ON
from jiehuan.core.ledger import BUCKETS, Account, number_of
from jiehuan.core.terms import Product

RECEIVABLES = (Account.PRINCIPAL, Account.INTEREST, Account.FEE, Account.PENALTY)


@dataclasses.dataclass(frozen=True, slots=True)
class Totals:
    """Running sums of a product's lines at the end of a day (see ``columns.DayTotals``)."""

    interest_num: int
    interest_slope: int
    interest_dropped: int
    penalty_num: int
    penalty_slope: int
    penalty_dropped: int
    undrawn_minor: int

    def accrued_num(self, name: str, until_on: int) -> int:
        """Return what is earned and not billed, reckoned to ``until_on``, over ``MICRO``."""
        num: int = getattr(self, f"{name}_num")
        slope: int = getattr(self, f"{name}_slope")
        return num + slope * (until_on - EPOCH_ON)


Leg = tuple[int, int, int]


def half_up_any(num: int, den: int) -> int:
    """Return ``num / den`` rounded half up, for integers of any size."""
    return (2 * num + den) // (2 * den)


def close_product(
    product: Product, totals: Totals, balance: Mapping[int, int], on: int
) -> list[Leg]:
    """Return the transfers (debit, credit, amount) that close day ``on`` for a product.

    Args:
        product: The terms in force.
        totals: The product's running sums at the end of the day.
        balance: Every account's debits less credits, up to and with the day.
        on: The day that closes.
    """
    return [
        *_accrue("interest", _INTEREST, product, totals, balance, on),
        *_accrue("penalty", _PENALTY, product, totals, balance, on),
        *_provide(product, totals, balance),
        *_commit(product, totals, balance),
    ]


_INTEREST = (Account.ACCRUED_INTEREST, Account.INTEREST_INCOME, Account.INTEREST_ROUNDING)
_PENALTY = (Account.ACCRUED_PENALTY, Account.PENALTY_INCOME, Account.PENALTY_ROUNDING)


def _leg(product: Product, debit: Account, credit: Account, amount: int, bucket: int = 0) -> Leg:
    """Return a transfer; a negative amount goes the other way."""
    one = number_of(debit, product.number, bucket if debit in _BY_BUCKET else 0)
    two = number_of(credit, product.number, bucket if credit in _BY_BUCKET else 0)
    return (one, two, amount) if amount >= 0 else (two, one, -amount)


_BY_BUCKET = frozenset({Account.PROVISION})


def _accrue(
    name: str,
    kinds: tuple[Account, Account, Account],
    product: Product,
    totals: Totals,
    balance: Mapping[int, int],
    on: int,
) -> Iterator[Leg]:
    """Bring the accrued account to what is earned and not billed, to the unit."""
    accrued, income, rounding = kinds
    earned = totals.accrued_num(name, on + 1)
    target = half_up_any(earned, MICRO)
    with_rests = half_up_any(earned + getattr(totals, f"{name}_dropped"), MICRO)
    now = balance.get(number_of(accrued, product.number), 0)
    rounded = -balance.get(number_of(rounding, product.number), 0)
    change = target - with_rests - rounded
    yield _leg(product, accrued, income, target - now - change)
    yield _leg(product, accrued, rounding, change)


def _provide(product: Product, totals: Totals, balance: Mapping[int, int]) -> Iterator[Leg]:
    """Bring the provision of every bucket to its share of what is owed in it."""
    for bucket in range(BUCKETS):
        owed = sum(balance.get(number_of(kind, product.number, bucket), 0) for kind in RECEIVABLES)
        wanted = half_up_any(owed * product.provision_ppm[bucket], MICRO)
        if bucket == 0:
            wanted += half_up_any(totals.undrawn_minor * product.undrawn_provision_ppm, MICRO)
        held = -balance.get(number_of(Account.PROVISION, product.number, bucket), 0)
        yield _leg(product, Account.PROVISION_EXPENSE, Account.PROVISION, wanted - held, bucket)


def _commit(product: Product, totals: Totals, balance: Mapping[int, int]) -> Iterator[Leg]:
    """Bring the memorandum of undrawn lines to what could still be drawn."""
    now = balance.get(number_of(Account.UNDRAWN, product.number), 0)
    yield _leg(product, Account.UNDRAWN, Account.UNDRAWN_CONTRA, totals.undrawn_minor - now)
