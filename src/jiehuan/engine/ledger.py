"""What the ledger and the running sums of a book stood at, at the end of a day."""

import dataclasses

from jiehuan.core.closing import Totals
from jiehuan.core.columns import Transfers
from jiehuan.core.state import SUMS
from jiehuan.store import reading
from jiehuan.store.database import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Closing:
    """What is known of a book at the end of a day.

    Attributes:
        on: The day.
        totals: Running sums of each product (by number), commands up to the day included.
        balance: Debits less credits of every account, transfers up to the day included.
    """

    on: int
    totals: dict[int, Totals]
    balance: dict[int, int]


class Ledger:
    """Balances of one book at its last close; read whole once, then only what is new.

    Nothing is booked on a day that is closed, so what is known of it stays true, whoever
    writes the book meanwhile.  It is brought on only by a close that was committed.

    Attributes:
        on: The day whose close is in the balances; 0 if nothing is known yet.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.on = 0
        self._balance: dict[int, int] = {}

    def closing(self, conn: Connection, book: int, on: int) -> Closing:
        """Return where the book stands at the end of day ``on``, a day later than the last close.

        Whatever is booked on a day after that has a number after those of the commands that
        were there when day ``on`` began.
        """
        balance = dict(self._balance)
        begin = reading.first_seq(conn, book, on) if self.on else 0
        for debit, credit, amount in reading.moved(conn, book, self.on, on, begin):
            _add(balance, debit, credit, amount)
        return Closing(on, _totals(conn, book, on), balance)

    def close(self, closing: Closing, transfers: Transfers) -> None:
        """Take over the balances of a day whose close was committed with ``transfers``."""
        self.on = closing.on
        self._balance = dict(closing.balance)
        for debit, credit, amount in zip(
            transfers.debit.tolist(),
            transfers.credit.tolist(),
            transfers.amount_minor.tolist(),
            strict=True,
        ):
            _add(self._balance, debit, credit, amount)


def _add(balance: dict[int, int], debit: int, credit: int, amount: int) -> None:
    """Add a movement to balances of debits less credits."""
    balance[debit] = balance.get(debit, 0) + amount
    balance[credit] = balance.get(credit, 0) - amount


def _totals(conn: Connection, book: int, on: int) -> dict[int, Totals]:
    rows = reading.day_totals(conn, book, on)
    sums: dict[int, dict[str, int]] = {}
    for row in rows:
        mine = sums.setdefault(int(row["product"]), dict.fromkeys(SUMS, 0))
        for name in SUMS:
            mine[name] += int(row[name])
    return {product: Totals(**mine) for product, mine in sums.items()}
