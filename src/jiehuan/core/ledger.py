"""The general ledger's accounts: which account a movement of money touches.

An account is ``product * 1000 + kind * 10 + bucket``; only receivables and provision are
kept by delinquency bucket.  Every movement is one transfer: a debit, a credit, an amount.
"""

import enum

import numpy as np

from jiehuan.core.columns import Codes, Int64s

BUCKETS = 7  # M0 .. M6+


class Account(enum.IntEnum):
    """A kind of account.  Stored inside account numbers, so never reused."""

    PRINCIPAL = 1
    INTEREST = 2
    FEE = 3
    PENALTY = 4
    ACCRUED_INTEREST = 5
    ACCRUED_PENALTY = 6

    CASH = 10
    WALLET_CLEARING = 11
    MERCHANT_PAYABLE = 12
    OVERPAYMENT = 13
    CHARGEBACK_RECEIVABLE = 14

    INTEREST_INCOME = 20
    FEE_INCOME = 21
    PENALTY_INCOME = 22
    INTEREST_ROUNDING = 23
    PENALTY_ROUNDING = 24
    GOODWILL_EXPENSE = 25

    WRITE_OFF = 30
    RECOVERY = 31
    PROVISION = 32
    PROVISION_EXPENSE = 33

    UNDRAWN = 40
    UNDRAWN_CONTRA = 41


BY_BUCKET = frozenset(
    {Account.PRINCIPAL, Account.INTEREST, Account.FEE, Account.PENALTY, Account.PROVISION}
)
PER_KIND = 10
PER_PRODUCT = 1_000
assert max(Account) * PER_KIND + BUCKETS <= PER_PRODUCT


def account(kind: Account, product: Codes | int, bucket: Codes | int = 0) -> Int64s:
    """Return account numbers, shape of ``product`` and ``bucket`` together."""
    plain = np.multiply(product, _PER_PRODUCT) + _OF_KIND[kind]
    return np.asarray(plain if isinstance(bucket, int) and bucket == 0 else plain + bucket)


# To add an array without dimensions costs one line half of what a number does.
_PER_PRODUCT = np.array(PER_PRODUCT)
_OF_KIND = [np.array(number * PER_KIND) for number in range(max(Account) + 1)]


def number_of(kind: Account, product: int, bucket: int = 0) -> int:
    """Return the number of one account."""
    return product * PER_PRODUCT + kind * PER_KIND + bucket


def split(number: int) -> tuple[int, Account, int]:
    """Return product, kind and bucket of one account number."""
    product, rest = divmod(number, PER_PRODUCT)
    kind, bucket = divmod(rest, PER_KIND)
    return product, Account(kind), bucket


def name(number: int) -> str:
    """Return an account in words: ``1/principal/M0``."""
    product, kind, bucket = split(number)
    tail = f"/M{bucket}" if kind in BY_BUCKET else ""
    return f"{product}/{kind.name.lower()}{tail}"
