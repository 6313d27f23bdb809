"""Do the books balance, and what does each account hold?

Every movement is one transfer with a debit and a credit, so the sum over all accounts is zero
unless a row was lost or changed.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from jiehuan.core import ledger
from jiehuan.core.ledger import Account
from jiehuan.store import figures
from jiehuan.store.database import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Balance:
    """The balance of one account.

    Attributes:
        number: Of the account, ``ledger.account``.
        debit_minor: All that was debited.
        credit_minor: All that was credited.
    """

    number: int
    debit_minor: int
    credit_minor: int

    @property
    def name(self) -> str:
        """The account in words: ``1/principal/M0``."""
        return ledger.name(self.number)

    @property
    def kind(self) -> Account:
        """The kind of account."""
        return ledger.split(self.number)[1]

    @property
    def bucket(self) -> int:
        """The delinquency bucket; 0 for accounts that are not kept by bucket."""
        return ledger.split(self.number)[2]

    @property
    def balance_minor(self) -> int:
        """Debit less credit."""
        return self.debit_minor - self.credit_minor


@dataclasses.dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts of a book, by number."""

    balances: Sequence[Balance]

    @property
    def debit_minor(self) -> int:
        """The sum of the balances that are debit."""
        return sum(max(row.balance_minor, 0) for row in self.balances)

    @property
    def credit_minor(self) -> int:
        """The sum of the balances that are credit, positive."""
        return sum(max(-row.balance_minor, 0) for row in self.balances)

    @property
    def difference_minor(self) -> int:
        """What is debit too much; 0 in a book that balances."""
        return sum(row.balance_minor for row in self.balances)

    def of(self, kind: Account, bucket: int | None = None) -> int:
        """Return the balance of a kind of account over all products.

        Args:
            kind: Which.
            bucket: Only this bucket; None: all.

        Returns:
            Minor units, debit positive.
        """
        return sum(
            row.balance_minor
            for row in self.balances
            if row.kind is kind and bucket in {None, row.bucket}
        )


def read(conn: Connection, book: int) -> TrialBalance:
    """Add up all transfers of a book."""
    debit, credit = Counter[int](), Counter[int]()
    for debited, credited, amount_minor in figures.movements(conn, book):
        debit[debited] += amount_minor
        credit[credited] += amount_minor
    numbers = sorted({*debit, *credit})
    return TrialBalance([Balance(number, debit[number], credit[number]) for number in numbers])
