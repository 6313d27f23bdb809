"""At which rate is what is paid worth what was got?  For one loan or for millions.

A rate of return is the root of an equation, so it is no whole number: this is the one module
of core that reckons with floats.  Money and time come in as whole numbers, and no money
leaves it.  The search takes the same steps in the same order every time.

The equation is ``sum of amount / ((1 + part x rate) (1 + rate)^time) = 0``; only Regulation Z
has a ``part``.  With ``y = ln(1 + rate)`` a flow is worth ``amount x exp(-time x y)``.
"""

import dataclasses
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import Codes, Flags, Int64s
from jiehuan.core.flows import Flows, Status, chunks, judge, netted, only, rows_of

Float64s: TypeAlias = NDArray[np.float64]

# Freed at once, it tells glibc to keep freed memory for reuse: columns of a chunk are made and
# freed all the time, and to fetch fresh pages for them takes longer than to reckon with them.
_KEPT: Final = 2**21
# What an answer of the quick way may be off.
_OFF_MAX: Final = 1e-12
_STEPS_FIRST: Final = 3
_STEPS_QUICK: Final = 8
# Which share of a chunk is most of it.
_MOST: Final = 0.8
_STEPS_MAX: Final = 200
_ULPS: Final = 8
# The search ends here: rates of e^600 - 1 and of e^-600 - 1.
_Y_MAX: Final = 600.0
_Y_FIRST: Final = 0.05
_PPM_MAX: Final = 1e18
# Payments spread evenly have a fourth cumulant of -1.2 x variance^2.
_EVEN: Final = 1.2 / 24
# Least share of the square of the slope under the root of the first value.
_SQUARE_MIN: Final = 0.05
# By which share of itself a spread that was not measured may at least be off.
_DOUBT: Final = 0.005


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """What each loan's flows come to: a rate a period, not a number where there is none.

    Attributes:
        rate: 0.01 is 1 %, shape (k,).
        status: Of ``Status``, shape (k,).
    """

    rate: Float64s
    status: Codes


def irr(at: Int64s, amount_minor: Int64s) -> Rates:
    """Return the internal rate of return of flows that are one period apart.

    Args:
        at: Where each loan's flows begin, and where the last one's end, shape (k + 1,).
        amount_minor: The flows in their order, shape (n,).

    Examples:
        >>> irr(np.array([0, 3]), np.array([-1_000, 550, 605])).rate.round(12).tolist()
        [0.1]
    """
    return solve(Flows(at, amount_minor, np.arange(len(amount_minor))))


def xirr(at: Int64s, amount_minor: Int64s, on: NDArray[Any]) -> Rates:
    """Return the yearly rate of return of flows of any days, 365 to the year.

    Args:
        at: Where each loan's flows begin, and where the last one's end, shape (k + 1,).
        amount_minor: The flows, shape (n,).
        on: The day of each, in any order, shape (n,).

    Examples:
        >>> xirr(np.array([0, 2]), np.array([-100, 121]), np.array([0, 730])).rate.round(12)
        array([0.1])
    """
    return solve(Flows(at, amount_minor, on.astype(np.int64, copy=False), 365))


def solve(flows: Flows, *, by_balance: bool = False) -> Rates:
    """Return the rate at which each loan's flows come to nothing.

    Args:
        flows: The flows; what falls on one moment is taken together.
        by_balance: Accept several changes of sign if what the borrower has had and not yet
            paid back, counted from the first advance, changes its sign once: a loan that is
            drawn in parts.  Then there is one rate of 0 or more (Norstrom).  Charges paid
            before the first advance give a second, absurd rate; as in FCA MCOB 10.3.1B R (2)
            the positive one nearest to zero is meant.  What the borrower gets is negative.
    """
    np.empty(_KEPT)
    parts = [_at_once(part) for part in chunks(flows)]
    y = np.concatenate([np.empty(0), *parts])
    status = np.zeros(len(y), np.int16)
    for way in (_quick, _with_care):
        left = np.isnan(y) & (status == Status.OK)
        if not left.any():
            break
        made = [way(part, by_balance=by_balance) for part in chunks(only(flows, left))]
        y[left] = np.concatenate([one[0] for one in made])
        status[left] = np.concatenate([one[1] for one in made])
    return Rates(np.expm1(y), status)


def a_year(rate: Float64s, over: Int64s | int, under: Int64s | int) -> Float64s:
    """Return what ``over / under`` periods come to without interest on interest, shape (k,)."""
    told: Float64s = rate * over / under
    return told


def compound(rate: Float64s, over: Int64s | int, under: Int64s | int) -> Float64s:
    """Return what ``over / under`` periods come to with interest on interest, shape (k,)."""
    told: Float64s = np.expm1(np.log1p(rate) * over / under)
    return told


def of_ppm(ppm: Int64s, parts: int) -> Float64s:
    """Return a part of rates told in ppm, shape (k,)."""
    told: Float64s = ppm / (parts * 1_000_000)
    return told


def to_ppm(rate: Float64s) -> Int64s:
    """Return rates in whole ppm, a half upwards; 0 where there is none, shape (k,)."""
    ppm = np.floor(np.where(np.isfinite(rate), rate, 0) * 1_000_000 + 0.5)
    return np.minimum(ppm, _PPM_MAX).astype(np.int64)


# --- One advance, and payments ------------------------------------------------------------------


def _at_once(flows: Flows) -> Float64s:
    """Return ``y`` of loans found in one pass over their flows, else not a number.

    What is lent is paid out at once and the rest is paid back: a chunk of such loans takes
    this way, which does nothing twice.  See ``_newton`` for what it does.
    """
    count, first = np.diff(flows.at), flows.at[:-1]
    amount = flows.amount_minor
    nothing = np.full(len(count), np.nan)
    if flows.part is not None or not len(count) or not count.all():
        return nothing
    if np.count_nonzero(amount < 0) != len(first) or not (amount[first] < 0).all():
        return nothing
    time = flows.time - np.repeat(flows.time[first], count)
    if time.min() < 0:
        return nothing
    lent = -amount[first].astype(np.float64)
    paid = _Side(first, count, amount.astype(np.float64), time.astype(np.float64))
    paid.amount[first] = 0
    with np.errstate(all="ignore"):
        return _first_steps(lent, paid, flows.time_unit)


def _first_steps(lent: Float64s, paid: "_Side", unit: int) -> Float64s:
    """Return ``y`` of loans that few passes over all of them find, else not a number."""
    worth, mean, spread = paid.plain()
    y = _guess(np.log(worth / lent), mean, spread)
    expected = mean - spread * y
    worth, mean = paid.mean_at(y)
    # By how much the spread has changed since y = 0 is told by where the mean has moved.
    drift = (mean - expected) / y
    move = _step(np.log(worth / lent), mean, spread - 2 * drift)
    y += move
    off = move * move * (np.abs(drift) + spread * _DOUBT) / mean
    near = _is_near(off * unit, y * unit)
    late = paid.time.max()
    for _ in range(_STEPS_FIRST):
        # The few that are left are done by themselves.
        if np.count_nonzero(near) > _MOST * len(near):
            break
        worth, mean, spread = paid.at(y)
        move = _step(np.log(worth / lent), mean, spread)
        y += move
        near = _is_near(_off_third(move, late) * unit, y * unit)
    return np.where(near, y * unit, np.nan)


# --- Advances, then payments --------------------------------------------------------------------


@dataclasses.dataclass(slots=True, eq=False)
class _Side:
    """What one side pays in some loans: no flow of 0, at least one a loan.

    Attributes:
        first: Where each loan's flows begin, shape (k,).
        count: How many they are, shape (k,).
        amount: None negative, shape (n,).
        time: Since the loan's first flow, shape (n,).
    """

    first: Int64s
    count: Int64s
    amount: Float64s
    time: Float64s

    @classmethod
    def of_rows(cls, chosen: Flags, at: Int64s, amount: Float64s, time: Float64s) -> "_Side":
        """Return the chosen ones of some flows."""
        count = np.add.reduceat(chosen, at[:-1], dtype=np.int64)
        return cls(np.cumsum(count) - count, count, amount[chosen], time[chosen])

    def of(self, loans: Int64s) -> "_Side":
        """Return the flows of some loans."""
        count = self.count[loans]
        rows = rows_of(self.first[loans], count)
        return _Side(np.cumsum(count) - count, count, self.amount[rows], self.time[rows])

    def plain(self) -> tuple[Float64s, Float64s, Float64s]:
        """Return sum, mean time and variance of the times at y = 0, shape (k,) each."""
        return self._spread(np.add.reduceat(self.amount, self.first), self.amount * self.time)

    def at(self, y: Float64s) -> tuple[Float64s, Float64s, Float64s]:
        """Return the same at any y."""
        return self._spread(*self._worth(y))

    def mean_at(self, y: Float64s) -> tuple[Float64s, Float64s]:
        """Return sum and mean time at any y, shape (k,) each."""
        worth, work = self._worth(y)
        return worth, np.add.reduceat(work, self.first) / worth

    def _worth(self, y: Float64s) -> tuple[Float64s, Float64s]:
        """Return what each loan's flows are worth, and worth x time of each flow."""
        work = np.repeat(-y, self.count)
        np.multiply(work, self.time, out=work)
        np.exp(work, out=work)
        np.multiply(work, self.amount, out=work)
        worth = np.add.reduceat(work, self.first)
        np.multiply(work, self.time, out=work)
        return worth, work

    def _spread(self, worth: Float64s, work: Float64s) -> tuple[Float64s, Float64s, Float64s]:
        """Return worth, mean and variance; ``work`` is worth x time of each flow, and spent."""
        mean = np.add.reduceat(work, self.first) / worth
        np.multiply(work, self.time, out=work)
        return worth, mean, np.add.reduceat(work, self.first) / worth - mean * mean


def _quick(flows: Flows, *, by_balance: bool) -> tuple[Float64s, Codes]:
    """Return ``y`` of loans whose flows lie in order and change their sign once.

    Those that lie in order and change it never, or too often, are refused; ``y`` of all
    others is not a number, and their status is open.
    """
    loans = len(flows.at) - 1
    y, status = np.full(loans, np.nan), np.zeros(loans, np.int16)
    if flows.part is not None or (flows.at[1:] == flows.at[:-1]).any():
        return y, status
    at, amount, time = flows.at, flows.amount_minor, flows.time
    positive = amount > 0
    inner = np.ones(len(amount), bool)
    inner[at[:-1]] = False
    odd = amount == 0
    odd[1:] |= inner[1:] & (time[1:] <= time[:-1])
    inner[1:] &= positive[1:] != positive[:-1]
    in_order = ~np.logical_or.reduceat(odd, at[:-1])
    turns = np.add.reduceat(inner, at[:-1], dtype=np.int64)
    status[in_order & (turns == 0)] = Status.NO_SIGN_CHANGE
    if not by_balance:
        status[in_order & (turns > 1)] = Status.SEVERAL_SIGN_CHANGES

    fit = in_order & (turns == 1)
    if fit.any():
        # Nothing is copied if all are fit.
        chosen = flows if fit.all() else only(flows, fit)
        with np.errstate(all="ignore"):
            y[fit] = _newton(*_sides(chosen), flows.time_unit)
    return y, status


def _sides(flows: Flows) -> tuple[_Side, _Side]:
    """Return the flows before and after the only change of sign."""
    first, count = flows.at[:-1], np.diff(flows.at)
    time = (flows.time - np.repeat(flows.time[first], count)).astype(np.float64)
    positive = flows.amount_minor > 0
    early = positive == np.repeat(positive[first], count)
    size = np.abs(flows.amount_minor.astype(np.float64))
    return (
        _Side.of_rows(early, flows.at, size, time),
        _Side.of_rows(~early, flows.at, size, time),
    )


def _newton(lent: _Side, paid: _Side, unit: int) -> Float64s:
    """Return the root of each loan that is found in few steps, else not a number.

    Solves ``ln(worth of the payments / worth of the advances) = 0``, which is nearly straight
    in y: its slope is how much later in the mean is paid than got, its curvature the
    difference of the variances.  The sums at y = 0 give a first value, and each pass over
    the flows squares or cubes what it is off.
    """
    found, loans = np.full(len(paid.first), np.nan), np.arange(len(paid.first))
    late = paid.time.max()
    (lent_worth, early, narrow), (worth, mean, wide) = lent.plain(), paid.plain()
    y = _guess(np.log(worth / lent_worth), mean - early, wide - narrow)
    for _ in range(_STEPS_QUICK):
        (lent_worth, early, narrow), (worth, mean, wide) = lent.at(y), paid.at(y)
        slope = mean - early
        move = _step(np.log(worth / lent_worth), slope, wide - narrow)
        y = y + move
        off = _off_third(move, late) * (mean + early) / slope
        good = _is_near(off * unit, y * unit)
        found[loans[good]] = y[good] * unit
        if good.all():
            break
        if np.count_nonzero(good) * 2 > len(good):
            left = np.flatnonzero(~good)
            lent, paid, loans, y = lent.of(left), paid.of(left), loans[left], y[left]
    return found


def _guess(log: Float64s, slope: Float64s, bend: Float64s) -> Float64s:
    """Return a first y, exact for payments at one time and good for even ones."""
    square = slope * slope
    root = np.sqrt(np.maximum(square - 2 * bend * log, square * _SQUARE_MIN))
    y = 2 * log / (slope + root)
    bent = bend * y * y
    left = slope * y - bent / 2 + _EVEN * bent * bent - log
    steep = slope - bend * y + 4 * _EVEN * bent * bend * y
    return y - left / np.maximum(steep, slope / 2)


def _step(log: Float64s, slope: Float64s, bend: Float64s) -> Float64s:
    """Return Halley's step, or Newton's where that would lead astray."""
    square = slope * slope
    below = square - log * bend / 2
    return np.where(below > square / 2, log * slope / below, log / slope)


def _off_third(move: Float64s, late: Float64s | float) -> Float64s:
    """Return how far off Halley's step may be: a third cumulant is at most late^2 x mean."""
    return np.abs(move * move * move) * (late * late / 2)


def _is_near(off: Float64s, y: Float64s) -> Flags:
    """Say whether what y is off makes no difference to the rate."""
    return off * np.exp(np.abs(y)) < _OFF_MAX


# --- Any flows ----------------------------------------------------------------------------------


def _with_care(flows: Flows, *, by_balance: bool) -> tuple[Float64s, Codes]:
    """Return ``y`` and the status of loans of any flows."""
    flows, sums = netted(flows)
    status, toward = judge(flows, sums, by_balance=by_balance)
    y = np.full(len(status), np.nan)
    fit = status == Status.OK
    if fit.any():
        y[fit] = _bracketed(only(flows, fit), toward[fit])
        status[fit & np.isnan(y)] = Status.NO_ROOT
    return y, status


def _bracketed(flows: Flows, toward: Int64s) -> Float64s:
    """Return ``y`` of loans that have a rate, or not a number if it is beyond all bounds.

    The worth is above 0 on the left of the root and below on its right.  A bracket that
    begins at 0 is doubled until it holds the root, then shrunk by Newton's steps or halves.
    """
    count = np.diff(flows.at)
    worth = _Worth(flows, np.repeat(toward, count))
    total = np.add.reduceat(flows.amount_minor, flows.at[:-1]) * toward
    sign = np.sign(total).astype(np.float64)
    reach = sign * _Y_FIRST
    inside = np.zeros(len(count))
    while True:
        short = (worth(reach)[0] * sign > 0) & (np.abs(reach) < _Y_MAX)
        if not short.any():
            break
        inside = np.where(short, reach, inside)
        reach = np.where(short, np.clip(reach * 2, -_Y_MAX, _Y_MAX), reach)

    low, high = np.minimum(inside, reach), np.maximum(inside, reach)
    lost = worth(reach)[0] * sign > 0
    y = (low + high) / 2
    for _ in range(_STEPS_MAX):
        value, slope = worth(y)
        low, high = np.where(value >= 0, y, low), np.where(value <= 0, y, high)
        with np.errstate(all="ignore"):
            new = y - value / slope
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        done = np.abs(new - y) <= np.spacing(np.abs(y)) * _ULPS
        y = new
        if done.all():
            break
    return np.where(lost, np.nan, y)


class _Worth:
    """What flows are worth at a rate, up to a positive factor, and how fast that changes."""

    def __init__(self, flows: Flows, toward: Int64s) -> None:
        """Lay the flows out; ``toward`` has their signs, shape (n,)."""
        self.first = flows.at[:-1]
        self.count = np.diff(flows.at)
        self.amount = (flows.amount_minor * toward).astype(np.float64)
        begins = np.minimum.reduceat(flows.time, self.first)
        self.time = (flows.time - np.repeat(begins, self.count)) / flows.time_unit
        loan = np.repeat(np.arange(len(self.count)), self.count)
        self.part = (
            None
            if flows.part is None or flows.part_unit is None
            else (flows.part / flows.part_unit[loan])
        )
        self.latest = np.maximum.reduceat(self.time, self.first)

    def __call__(self, y: Float64s) -> tuple[Float64s, Float64s]:
        """Return worth and slope, shape (k,): as of the day that keeps both in bounds."""
        as_of = np.where(y > 0, 0, self.latest)
        since = self.time - np.repeat(as_of, self.count)
        each = np.repeat(y, self.count)
        worth, delay = self.amount * np.exp(-since * each), since
        if self.part is not None:
            grown = 1 + self.part * np.expm1(each)
            worth = worth / grown
            delay = delay + self.part * np.exp(each) / grown
        total = np.add.reduceat(worth, self.first)
        return total, -np.add.reduceat(worth * delay, self.first)
