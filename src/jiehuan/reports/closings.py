"""Were the days closed as they should have been, and is each command booked on its right day?

The close of a day books what follows from the running sums and the balances at its end.
Both are added up here from the journal as it was played again, day after day, so a wrong row
of ``day_total`` or a wrong close shows by itself.
"""

from collections import Counter

import numpy as np

from jiehuan.core.closing import Totals
from jiehuan.core.columns import Commands, Days, DayTotals, Int64s, Rows, Transfers
from jiehuan.core.commands import MOMENT, Kind, Moment
from jiehuan.core.state import SUMS
from jiehuan.core.terms import TermsTable
from jiehuan.engine.day import closing_legs, closing_rows
from jiehuan.engine.ledger import Closing
from jiehuan.reports.breach import Breach, Findings, compare
from jiehuan.reports.refold import Played, is_event
from jiehuan.reports.rows import sum_by
from jiehuan.store.snapshot import DAY_DTYPE, Snapshot

_OPENS = np.array([kind for kind in Kind if MOMENT[kind] is Moment.OPENS], np.int16)


def is_closing(commands: Rows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which commands close a day of the book, shape (n,)."""
    return np.asarray(commands["kind"] == Kind.DAY_CLOSED)


def closing_seqs(commands: Rows) -> Int64s:
    """Return the numbers of the commands that close a day of the book, sorted."""
    return np.asarray(commands["seq"][is_closing(commands)])


def closed_on(book: Snapshot) -> int:
    """Return the last day that the journal closes; the day before the first if it closes none."""
    commands = book.tables["command"]
    closings = commands["effective_on"][is_closing(commands)]
    return int(closings.max(initial=book.book.opened_on.toordinal() - 1))


def totals_of(played: Played) -> Rows:
    """Return what each day and product added to the running sums, zeros left out."""
    key = played.sums["booked_on"].astype(np.int64) * 2**16 + played.sums["product"]
    keys = np.unique(key)
    of = np.searchsorted(keys, key)
    out = np.zeros(len(keys), DayTotals.DTYPE)
    out["booked_on"], out["product"] = keys // 2**16, keys % 2**16
    for name in SUMS:
        np.add.at(out[name], of, played.sums[name])
    return _not_zero(out)


def _not_zero(totals: Rows) -> Rows:
    """Leave out rows that say nothing."""
    some = np.zeros(len(totals), np.bool_)
    for name in SUMS:
        some |= totals[name] != 0
    return np.asarray(totals[some])


def check_totals(found: Findings, book: Snapshot, totals: Rows) -> None:
    """Check that the running sums are those of the journal."""
    stored = _not_zero(book.tables["day_total"])
    compare(found, "day_total", "day_total", ("booked_on", "product"), totals, stored)


class _Balances:
    """Balances of every account, brought on day by day."""

    def __init__(self, transfers: Rows) -> None:
        """Add up the movements of each day and account."""
        on = transfers["booked_on"].astype(np.int64)
        key = np.concatenate((on << 32 | transfers["debit"], on << 32 | transfers["credit"]))
        amount = np.concatenate((transfers["amount_minor"], -transfers["amount_minor"]))
        keys, net = sum_by(key, amount)
        self._on, self._account, self._net = keys >> 32, keys & 0xFFFFFFFF, net
        self.now: Counter[int] = Counter()

    def advance(self, after_on: int, until_on: int) -> None:
        """Add what moved on the days after one and up to another."""
        begin = np.searchsorted(self._on, after_on, "right")
        end = np.searchsorted(self._on, until_on, "right")
        moved = zip(self._account[begin:end].tolist(), self._net[begin:end].tolist(), strict=True)
        for account, amount in moved:
            self.now[account] += amount


def check_closings(
    found: Findings, book: Snapshot, terms: TermsTable, played: Played, totals: Rows
) -> None:
    """Check what the close of each day booked."""
    commands = book.tables["command"]
    closings = commands[is_closing(commands)]
    balances, sums = _Balances(played.transfers), dict[int, dict[str, int]]()
    before = 0
    expected: list[tuple[Commands, Transfers]] = []
    for place, seq in enumerate(closings["seq"].tolist()):
        on = book.book.opened_on.toordinal() + place
        balances.advance(before, on)
        _add(sums, totals[(totals["booked_on"] > before) & (totals["booked_on"] <= on)])
        state = {product: Totals(**mine) for product, mine in sums.items()}
        legs = closing_legs(terms, Closing(on, state, dict(balances.now)))
        expected.append(closing_rows(seq, on, legs))
        for debit, credit, amount in legs:
            balances.now[debit] += amount
            balances.now[credit] -= amount
        before = on
    rows = [Commands.empty(0).to_rows(), *(command.to_rows() for command, _ in expected)]
    compare(found, "close", "command", ("seq",), np.concatenate(rows), closings)
    moved = [Transfers.empty(0).to_rows(), *(transfers.to_rows() for _, transfers in expected)]
    stored = book.tables["transfer"]
    of_book = stored[np.isin(stored["seq"], closings["seq"])]
    compare(found, "close", "transfer", ("seq", "leg"), np.concatenate(moved), of_book)


def _add(sums: dict[int, dict[str, int]], totals: Rows) -> None:
    for row in totals:
        mine = sums.setdefault(int(row["product"]), dict.fromkeys(SUMS, 0))
        for name in SUMS:
            mine[name] += int(row[name])


def business_days(commands: Rows) -> Days:
    """Return the book's day when each command was booked, shape (n,).

    A caller's command is booked on it.  What opens a day is booked on that day or after, what
    closes one on the next: an event that is booked later than its own day was made by a
    backdated command, and is booked with it.  While a day's close goes on, such a command can
    also make a statement of that day, which is then booked on it, though the next has begun.
    """
    on = commands["effective_on"].astype(np.int32)
    event = is_event(Commands.from_rows(commands))
    opens = np.isin(commands["kind"], _OPENS)
    in_time = event & (commands["booked_on"] == on)
    own = np.where(opens, on, on + np.int32(1))
    days = np.where(in_time, own, commands["booked_on"]).astype(np.int32)
    reached = np.maximum.accumulate(days)
    return np.where(in_time & opens & (reached == days + 1), reached, days)


def check_days(found: Findings, book: Snapshot) -> None:
    """Check the days of the book: none is left out, and each says how its night went."""
    commands = book.tables["command"]
    days = business_days(commands)
    _check_order(found, commands, days)
    first_on, last_on = book.book.opened_on.toordinal(), book.book.business_on
    closed = closed_on(book)
    if closed not in {last_on - 1, last_on - 2}:
        said = f"day {closed} closed, business day {last_on}"
        found.add(Breach("days", "book", "", "business_date", "the day after the last close", said))
    expected = np.zeros(max(last_on - first_on + 1, 0), DAY_DTYPE)
    expected["business_on"] = np.arange(first_on, first_on + len(expected))
    expected["first_seq"] = np.searchsorted(days, expected["business_on"]) + 1
    expected["closed"] = expected["business_on"] <= closed
    _count_nights(expected, book, commands, days)
    compare(found, "days", "day", ("business_on",), expected, book.days)


def _check_order(found: Findings, commands: Rows, days: Days) -> None:
    """Check that the book's day never goes back, and that events are on their right day."""
    closing = np.where(is_closing(commands), commands["effective_on"], 0)
    closed = np.concatenate((np.zeros(1, np.int32), np.maximum.accumulate(closing)[:-1]))
    event = is_event(Commands.from_rows(commands))
    open_still = event & (commands["effective_on"] > closed[: len(commands)])
    late = open_still & (commands["booked_on"] != commands["effective_on"])
    back = np.zeros(len(days), np.bool_)
    back[1:] = days[1:] < days[:-1]
    for where, words in (
        (late, "its own day, which is still open"),
        (back, "no day before that of the command before it"),
    ):
        found.add_rows("days", "command", ("seq",), commands[where], "booked_on", words)


def _count_nights(expected: Rows, book: Snapshot, commands: Rows, days: Days) -> None:
    """Count what the night of each day did: the batches of nothing but day events."""
    event = np.concatenate(
        (np.zeros(1, np.int64), np.cumsum(is_event(Commands.from_rows(commands))))
    )
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_closing(commands))))
    first, last = book.batches["first_seq"] - 1, book.batches["last_seq"]
    fits = (first >= 0) & (last <= len(commands)) & (first < last)
    first, last = first[fits], last[fits]
    nights = event[last] - event[first] == last - first
    place = {int(on): at for at, on in enumerate(expected["business_on"])}
    for begin, end in zip(first[nights].tolist(), last[nights].tolist(), strict=True):
        at = place.get(int(days[begin]) - 1)
        if at is None:
            continue
        expected["commands"][at] += end - begin
        if ends[end] > ends[begin]:
            expected["cursor"][at] = 0
        else:
            lines: Int64s = np.unique(commands["line"][begin:end])
            expected["lines"][at] += len(lines)
            expected["cursor"][at] = lines[-1]
