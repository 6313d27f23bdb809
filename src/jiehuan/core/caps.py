"""What may credit cost at most, on a day, from a lender of a kind?

Caps are dated rows: a rate a year, or a multiple of the loan prime rate that is in force when
the loan is made.  They are compared with 12 x the monthly rate of return (``cn``) of interest
and all fees of credit that is kept on time; a day rate with 365 times itself.

Penalty has a ceiling of its own, which a product's terms keep (``terms._disagreements``): its
rate is at most 1.5 x the ordinary one and 365 times it at most the product's cap.  As it
stands in place of the ordinary rate, what an overdue part has cost since it fell due is then
never above cap x principal x days / 365.
"""

import dataclasses
import datetime as dt
import difflib
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from jiehuan.core import days
from jiehuan.core.errors import UsageError
from jiehuan.core.terms_forms import FORMS, Field, percent_text, show

_RATE: Final = Field("rate", "percent", "", "8", low=1, high=1_000_000)
_CAP_FIELDS: Final = ("lender", "currency", "from_on", "until_on", "rate", "prime_times", "source")
_PRIME_FIELDS: Final = ("from_on", "rate", "source")
_TIMES_MAX: Final = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Prime:
    """The one-year loan prime rate from a day on."""

    from_on: int
    rate_ppm: int


@dataclasses.dataclass(frozen=True, slots=True)
class Cap:
    """A row: what a kind of lender may take for loans made in a span of days.

    Attributes:
        lender: The kind.
        currency: Of the loans.
        from_on: The first day.
        until_on: The first day on which it does not hold; ``days.LAST_ON + 1`` if none is known.
        rate_ppm: A year; 0 if it is a multiple of the prime rate.
        prime_times: That multiple, or 0.
        source: Where it stands.
    """

    lender: str
    currency: str
    from_on: int
    until_on: int
    rate_ppm: int
    prime_times: int
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Ceiling:
    """A cap as it is on a day: the rate that it comes to, and how."""

    cap: Cap
    rate_ppm: int
    told: str


@dataclasses.dataclass(frozen=True, slots=True)
class Caps:
    """All rows."""

    caps: tuple[Cap, ...]
    primes: tuple[Prime, ...]

    @property
    def lenders(self) -> tuple[str, ...]:
        """The kinds of lenders, in the order of the rows."""
        return tuple(dict.fromkeys(cap.lender for cap in self.caps))

    def in_force(self, lender: str, currency: str, on: int) -> tuple[Ceiling, ...]:
        """Return the caps of a lender's new loans on a day.

        Raises:
            UsageError: There is no such kind of lender, or no prime rate that a cap needs.
        """
        if lender not in self.lenders:
            near = difflib.get_close_matches(lender, self.lenders, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self.lenders)}"
            raise UsageError(f"no kind of lender is called {lender!r}; {hint}")
        return tuple(
            self._as_of(cap, on)
            for cap in self.caps
            if (cap.lender, cap.currency) == (lender, currency) and cap.from_on <= on < cap.until_on
        )

    def refusal(self, lender: str, currency: str, on: int, yearly_ppm: int) -> str:
        """Return why a lender may not lend at a price on a day; nothing if it may."""
        for found in self.in_force(lender, currency, on):
            if yearly_ppm > found.rate_ppm:
                return (
                    f"it costs {percent_text(yearly_ppm)} a year, and {lender} lenders may take "
                    f"{found.told} at most from {days.to_text(found.cap.from_on)} "
                    f"({found.cap.source})"
                )
        return ""

    def _as_of(self, cap: Cap, on: int) -> Ceiling:
        if not cap.prime_times:
            return Ceiling(cap, cap.rate_ppm, percent_text(cap.rate_ppm))
        known = [prime for prime in self.primes if prime.from_on <= on]
        if not known:
            raise UsageError(f"no loan prime rate is known for {days.to_text(on)}")
        prime = max(known, key=lambda one: one.from_on)
        rate_ppm = cap.prime_times * prime.rate_ppm
        told = (
            f"{percent_text(rate_ppm)}, {cap.prime_times} x the loan prime rate of "
            f"{percent_text(prime.rate_ppm)},"
        )
        return Ceiling(cap, rate_ppm, told)


def parse(text: str) -> Caps:
    """Read rows of ``[[cap]]`` and ``[[prime]]``.

    Raises:
        UsageError: It is not TOML, or a row is wrong; the message says which.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the caps are not TOML: {error}") from None
    unknown = sorted(document.keys() - {"cap", "prime"})
    if unknown:
        raise UsageError(f"caps are [[cap]] and [[prime]] tables; {unknown[0]!r} is neither")
    caps = tuple(_cap(place, row) for place, row in enumerate(document.get("cap", []), 1))
    primes = tuple(_prime(place, row) for place, row in enumerate(document.get("prime", []), 1))
    return Caps(caps, primes)


def _cap(place: int, row: Mapping[str, Any]) -> Cap:
    where = f"cap {place}"
    _known(where, row, _CAP_FIELDS)
    if ("rate" in row) == ("prime_times" in row):
        raise UsageError(f"{where}: it is either a rate or a multiple of the prime rate")
    times = row.get("prime_times", 0)
    if "prime_times" in row and not (type(times) is int and 1 <= times <= _TIMES_MAX):
        raise UsageError(f"{where}: prime_times = {show(times)} is not 1 to {_TIMES_MAX}")
    for name in ("lender", "currency", "source"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise UsageError(f"{where}: {name} is missing")
    return Cap(
        lender=row["lender"],
        currency=row["currency"],
        from_on=_day(where, row, "from_on"),
        until_on=_day(where, row, "until_on") if "until_on" in row else days.LAST_ON + 1,
        rate_ppm=_rate(where, row) if "rate" in row else 0,
        prime_times=times,
        source=row["source"],
    )


def _prime(place: int, row: Mapping[str, Any]) -> Prime:
    where = f"prime {place}"
    _known(where, row, _PRIME_FIELDS)
    return Prime(_day(where, row, "from_on"), _rate(where, row))


def _known(where: str, row: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    """Refuse a field that there is not, with the nearest that there is."""
    for name in row:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1) or fields
            raise UsageError(f"{where}: unknown field {name!r}; did you mean {near[0]!r}?")


def _rate(where: str, row: Mapping[str, Any]) -> int:
    try:
        return int(FORMS["percent"].read(_RATE, row.get("rate", "")))
    except UsageError as error:
        raise UsageError(f"{where}: rate = {show(row.get('rate', ''))} {error}") from None


def _day(where: str, row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if type(value) is not dt.date:
        raise UsageError(f"{where}: {name} is not a day; write it like 2026-01-01")
    return value.toordinal()
