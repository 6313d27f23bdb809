"""Who moves a virtual clock on?  A person at the demo's page, a day or a month or without end."""

import asyncio
import calendar
import contextlib
import datetime as dt
import logging
from typing import Final

import httpx

from jiehuan.core.errors import JiehuanError
from jiehuan.engine.clock import ZONE
from jiehuan.serve.problems import Problem
from jiehuan.serve.service import Service

SECONDS_A_DAY: Final = 1.0  # while it runs
PARTNER_SECONDS_MAX: Final = 5.0

log = logging.getLogger(__name__)


def month_after(on: dt.date) -> dt.date:
    """Return the same day of the next month, or its last day.

    Examples:
        >>> month_after(dt.date(2026, 1, 31)), month_after(dt.date(2026, 12, 5))
        (datetime.date(2026, 2, 28), datetime.date(2027, 1, 5))
    """
    year, month = divmod(on.year * 12 + on.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(on.day, last))


class Winder:
    """Moves one book's clock, and tells the counterpart in the wallet what day it is."""

    def __init__(self, service: Service, partner_clock_url: str = "") -> None:
        """Hold the book.

        Args:
            service: The book; its clock is virtual.
            partner_clock_url: Where the counterpart is told the time; empty: nobody is.
        """
        self._service = service
        self._partner = partner_clock_url
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether days pass by themselves."""
        return self._task is not None and not self._task.done()

    def today(self) -> dt.date:
        """Return the book's day."""
        with self._service.snapshot() as conn:
            return self._service.row(conn).business_date

    async def wind(self, from_on: dt.date, until_on: dt.date) -> None:
        """Move on from one day to another; a book that has left the first day stays.

        A second tap on the same button says the same first day, and so does nothing.
        """
        if await asyncio.to_thread(self.today) != from_on:
            return
        await self._service.advance(until_on.toordinal(), f"console/{from_on}/{until_on}")
        await self.tell_partner()

    async def tell_partner(self) -> None:
        """Set the counterpart's clock to the book's day, at the time of day that it is."""
        if not self._partner:
            return
        on = await asyncio.to_thread(self.today)
        now = dt.datetime.combine(on, dt.datetime.now(ZONE).time(), ZONE)
        try:
            async with httpx.AsyncClient(timeout=PARTNER_SECONDS_MAX, trust_env=False) as client:
                said = await client.post(self._partner, json={"now": now.isoformat("T", "seconds")})
                said.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("the counterpart was not told that it is %s: %s", on, error)

    def start(self) -> None:
        """Let days pass until ``pause``."""
        if not self.running:
            self._task = asyncio.create_task(self._run())

    async def pause(self) -> None:
        """Let no more days pass; one that is being closed is closed."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            on = await asyncio.to_thread(self.today)
            try:
                await self.wind(on, on + dt.timedelta(days=1))
            except (Problem, JiehuanError) as error:
                log.warning("the clock stands still: %s", error)
                return
            await asyncio.sleep(SECONDS_A_DAY)
