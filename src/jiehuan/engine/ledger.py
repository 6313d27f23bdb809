"""What the ledger and the running sums of a book stood at, at the end of a day."""

import dataclasses

from jiehuan.core.closing import Totals
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
    """Balances of one book, brought on day by day; read whole once, then only what is new."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._on = 0
        self._seq = 0
        self._balance: dict[int, int] = {}

    def closing(self, conn: Connection, book: int, on: int) -> Closing:
        """Return where the book stood at the end of day ``on``, a day later than last asked.

        Whatever is booked on a day after the one last asked has a number after those of the
        commands that were there when that day began.
        """
        begin = reading.first_seq(conn, book, on) if self._on else 0
        for debit, credit, amount in reading.moved(conn, book, self._on, on, begin):
            self._balance[debit] = self._balance.get(debit, 0) + amount
            self._balance[credit] = self._balance.get(credit, 0) - amount
        self._on = on
        return Closing(on, _totals(conn, book, on), dict(self._balance))

    def add(self, debit: int, credit: int, amount: int) -> None:
        """Add a transfer of the day last asked: those of its closing."""
        self._balance[debit] = self._balance.get(debit, 0) + amount
        self._balance[credit] = self._balance.get(credit, 0) - amount


def _totals(conn: Connection, book: int, on: int) -> dict[int, Totals]:
    rows = reading.day_totals(conn, book, on)
    sums: dict[int, dict[str, int]] = {}
    for row in rows:
        mine = sums.setdefault(int(row["product"]), dict.fromkeys(SUMS, 0))
        for name in SUMS:
            mine[name] += int(row[name])
    return {product: Totals(**mine) for product, mine in sums.items()}
