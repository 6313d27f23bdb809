"""What the passing of a day does to a book, as a series of ordinary fenced batches.

The business day moves on first; then the events that wait on lines are played, some lines a
batch, among the requests of the new day; when none is left, the day that ended is closed:
accrual, provision, undrawn lines.  Killed anywhere, it goes on where it stopped.
"""

import functools
from collections.abc import Callable, Iterable

import numpy as np

from jiehuan.core.agenda import position
from jiehuan.core.closing import Leg, close_product
from jiehuan.core.columns import Commands, Transfers
from jiehuan.core.commands import CLIENT_DAY, Kind, Moment
from jiehuan.core.terms import Product, TermsTable
from jiehuan.engine.ledger import Closing
from jiehuan.engine.post import Writer
from jiehuan.store import reading

LINES_A_BATCH = 1_000


def products_in_force(terms: TermsTable, on: int) -> dict[int, Product]:
    """Return of each product the newest version that is in force on a day."""
    out: dict[int, Product] = {}
    for product in sorted(terms.products, key=lambda p: (p.from_on, p.version)):
        if product.from_on <= on:
            out[product.number] = product
    return out


def closing_legs(terms: TermsTable, closing: Closing) -> list[Leg]:
    """Return the transfers that close a day, products in order, zeros left out."""
    products = products_in_force(terms, closing.on)
    return [
        leg
        for number, totals in sorted(closing.totals.items())
        for leg in close_product(products[number], totals, closing.balance, closing.on)
        if leg[2]
    ]


def closing_rows(seq: int, on: int, legs: Iterable[Leg]) -> tuple[Commands, Transfers]:
    """Return the command that closes a day, on line 0, and its transfers."""
    command = Commands.empty(1)
    command.seq[:] = seq
    command.kind[:] = Kind.DAY_CLOSED
    command.client[:] = CLIENT_DAY
    command.effective_on[:] = command.booked_on[:] = on
    rows = list(legs)
    transfers = Transfers.empty(len(rows))
    transfers.seq[:] = seq
    transfers.leg[:] = np.arange(len(rows))
    transfers.effective_on[:] = transfers.booked_on[:] = on
    if rows:
        debit, credit, amount = np.array(rows, np.int64).T
        transfers.debit[:], transfers.credit[:], transfers.amount_minor[:] = debit, credit, amount
    return command, transfers


Progress = Callable[[int], None]


def advance(
    writer: Writer,
    until_on: int,
    *,
    lines_a_batch: int = LINES_A_BATCH,
    progress: Progress | None = None,
) -> int:
    """Move a book's day on to ``until_on``; return how many day events were played.

    Each day: the date moves on, what waits on lines is played, the day before is closed.  A
    day that was left half done, by a crash or by a night that did not run, is finished first.

    Args:
        writer: The book's writer.
        until_on: The day that becomes the book's day.
        lines_a_batch: At most so many lines a transaction.
        progress: Called after each day with the day that the book has reached.

    Raises:
        JiehuanError: See ``Writer.until_done``; whoever calls again goes on where it stopped.
    """
    played = _finish(writer, lines_a_batch)
    while writer.business_on < until_on:
        writer.until_done(functools.partial(begin, writer, writer.business_on + 1))
        played += _finish(writer, lines_a_batch)
        if progress is not None:
            progress(writer.business_on)
    return played


def begin(writer: Writer, business_on: int) -> None:
    """Let a day begin, unless it has begun; requests may come before the last is finished."""
    if writer.business_on < business_on:
        writer.move_on(business_on)


def _finish(writer: Writer, lines_a_batch: int) -> int:
    """Play what waits on the lines, then close the day before the book's day."""
    seq, after = writer.seq, 0
    while after >= 0:
        after = writer.until_done(functools.partial(_play_some, writer, after, lines_a_batch))
    played = writer.seq - seq
    writer.until_done(functools.partial(_close, writer))
    return played


def _play_some(writer: Writer, after: int, most: int) -> int:
    """Play the events of the next lines behind line ``after``; return the last, -1 if none is."""
    if writer.closed_on >= writer.business_on - 1:
        return -1
    until = int(position(writer.business_on, Moment.OPENS))
    ids = reading.lines_with_events(writer.conn, writer.book, until, after, most)
    if not len(ids):
        return -1
    writer.play_events(ids, writer.business_on - 1)
    return int(ids[-1])


def _close(writer: Writer) -> None:
    """Book the close of the day before the book's day, unless it is booked."""
    on = writer.business_on - 1
    if writer.closed_on >= on:
        return
    closing = writer.ledger.closing(writer.conn, writer.book, on)
    legs = closing_legs(writer.terms, closing)
    writer.close_day(closing, *closing_rows(writer.seq + 1, on, legs))
