"""Ways of repaying a loan: a name and a function each, for one loan or for a million.

A method lays out what falls due, period by period.  What a period costs is a whole
numerator over a whole denominator (``day_counts`` makes them), so nothing is rounded on the
way: interest is rounded half up once a period, a level payment once a loan.

Instalments of many loans lie in one run of rows: those of loan ``i`` are ``first[i] :
first[i] + count[i]``.  Loans of one length are worked out together, a block of them at a
time, small enough to stay in the processor's cache.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.level import level_minor
from jiehuan.core.money import half_up, half_up_ppm
from jiehuan.core.schedule import split_evenly

COUNT_MAX = 60
# The principal of one term loan: 100,000,000.00.
LOAN_MINOR_MAX = 10**10
# What one unit may cost in one period: as much as itself.
COST_MAX = 9 * 10**8

# Loans that are worked out together: their columns stay in the processor's cache.
BLOCK = 4_096

# A half of the denominator is added before it is divided by.
COST_PER_MAX = 10**17
assert LOAN_MINOR_MAX * COST_MAX + COST_PER_MAX < 2**63


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Loans:
    """What is to be repaid, and at what price.

    Attributes:
        principal_minor: Shape (n,), 1 .. ``LOAN_MINOR_MAX``.
        count: Instalments, without a down payment, shape (n,), 1 .. 60.
        cost: What a unit costs in a period, a numerator, shape (n,).
        first_cost: The same in the first period, which may be odd, shape (n,).
        cost_per: The denominator of both, shape (n,) or a number.
        fee_ppm: The whole fee, or the share charged in each instalment, shape (n,).
        down_ppm: Share of the principal that is paid at once, shape (n,).
        unit_minor: Instalments are multiples of it, the last takes the rest, shape (n,).
        no_principal: First instalments without principal, shape (n,).
        no_interest: First instalments that collect no interest; the next one does, shape (n,).
    """

    principal_minor: Int64s
    count: Int64s
    cost: Int64s
    first_cost: Int64s
    cost_per: Int64s | int
    fee_ppm: Int64s
    down_ppm: Int64s
    unit_minor: Int64s
    no_principal: Int64s
    no_interest: Int64s

    @classmethod
    def of(
        cls, principal_minor: Int64s, count: Int64s, cost: Int64s, cost_per: int, **others: Int64s
    ) -> "Loans":
        """Return plain loans, but for the columns that ``others`` name."""
        zeros = np.zeros(len(principal_minor), np.int64)
        plain: dict[str, Int64s] = {
            "first_cost": cost, "fee_ppm": zeros, "down_ppm": zeros, "unit_minor": zeros + 1,
            "no_principal": zeros, "no_interest": zeros,
        }  # fmt: skip
        return cls(principal_minor, count, cost, cost_per=cost_per, **(plain | others))

    def at(self, places: Int64s) -> "Loans":
        """Return some of the loans."""
        columns = {
            f.name: getattr(self, f.name)[places]
            for f in dataclasses.fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        return dataclasses.replace(self, **columns)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What falls due.

    Attributes:
        first: The row of each loan's first instalment, shape (n,).
        principal_minor: Shape (rows,); so are the next two.
        interest_minor: .
        fee_minor: .
        down_minor: Principal paid on the first day, shape (n,).
        down_fee_minor: Fee paid on the first day, shape (n,).
    """

    first: Int64s
    principal_minor: Int64s
    interest_minor: Int64s
    fee_minor: Int64s
    down_minor: Int64s
    down_fee_minor: Int64s


Method: TypeAlias = Callable[[Loans], Due]


def schedules(method: str, loans: Loans) -> Due:
    """Return what falls due under a method of ``METHODS``."""
    assert loans.principal_minor.min(initial=1) >= 1
    assert loans.principal_minor.max(initial=1) <= LOAN_MINOR_MAX
    assert loans.count.min(initial=1) >= 1
    assert loans.count.max(initial=1) <= COUNT_MAX
    assert max(loans.cost.max(initial=0), loans.first_cost.max(initial=0)) <= COST_MAX
    assert np.max(loans.cost_per) <= COST_PER_MAX
    return METHODS[method](loans)


def interest_free(loans: Loans) -> Due:
    """Principal in even parts, at no price."""
    return _fees(loans, np.zeros(len(loans.count), np.int64), up_front=False)


def fee_per_instalment(loans: Loans) -> Due:
    """Principal in even parts, and the whole fee in even parts."""
    return _fees(loans, half_up_ppm(_lent(loans), loans.fee_ppm), up_front=False)


def fee_up_front(loans: Loans) -> Due:
    """Principal in even parts; the whole fee is paid at once."""
    return _fees(loans, half_up_ppm(_lent(loans), loans.fee_ppm), up_front=True)


def pay_in_n(loans: Loans) -> Due:
    """A down payment at once, the rest in even parts, at no price."""
    return interest_free(loans)


def equal_principal(loans: Loans) -> Due:
    """Principal in even parts, interest on what is left."""
    return _run(loans, _even(loans), level=False)


def flat(loans: Loans) -> Due:
    """Principal in even parts, and in even parts the interest on all that was lent."""
    lent = _lent(loans)
    per = np.broadcast_to(np.asarray(loans.cost_per, np.int64), lent.shape)
    rounds = (loans.count - 1) * loans.cost + loans.first_cost
    whole = half_up(lent * rounds, per)
    due = _fees(loans, whole, up_front=False)
    return dataclasses.replace(due, interest_minor=due.fee_minor, fee_minor=due.interest_minor)


def equal_instalments(loans: Loans) -> Due:
    """Payments that are all the same, but for the last; what is not interest is principal."""
    by = loans.count - loans.no_principal
    first = np.where(loans.no_principal > 0, loans.cost, loans.first_cost)
    payment = level_minor(_lent(loans), by, loans.cost, first, loans.cost_per, loans.unit_minor)
    return _run(loans, payment, level=True)


def interest_first(loans: Loans) -> Due:
    """Interest period by period, all principal in the last."""
    return _run(loans, np.zeros(len(loans.count), np.int64), level=False)


def bullet(loans: Loans) -> Due:
    """Everything in the last instalment."""
    all_of_them = dataclasses.replace(loans, no_interest=loans.count - 1)
    return interest_first(all_of_them)


METHODS: Final[Mapping[str, Method]] = {
    "interest-free": interest_free,
    "by-day": bullet,  # one period of as many nights as the money was out
    "equal-instalments": equal_instalments,
    "equal-principal": equal_principal,
    "interest-first": interest_first,
    "flat": flat,
    "fee-per-instalment": fee_per_instalment,
    "fee-up-front": fee_up_front,
    "pay-in-n": pay_in_n,
    "bullet": bullet,
}


def _down(loans: Loans) -> Int64s:
    """Return what is paid at once, a multiple of the unit, shape (n,)."""
    down = half_up_ppm(loans.principal_minor, loans.down_ppm)
    return half_up(down, loans.unit_minor) * loans.unit_minor


def _lent(loans: Loans) -> Int64s:
    """Return what is left after the down payment, shape (n,)."""
    return loans.principal_minor - _down(loans)


def _even(loans: Loans) -> Int64s:
    """Return the even part of each principal, a multiple of the unit, shape (n,)."""
    by = (loans.count - loans.no_principal) * loans.unit_minor
    return half_up(_lent(loans), by) * loans.unit_minor


def _fees(loans: Loans, fee_minor: Int64s, *, up_front: bool) -> Due:
    """Split principal evenly, and a fee with it unless it is paid at once."""
    zeros = np.zeros(len(loans.count), np.int64)
    free = dataclasses.replace(loans, cost=zeros, first_cost=zeros, no_interest=zeros)
    due = _run(free, _even(loans), level=False)
    if up_front:
        return dataclasses.replace(due, down_fee_minor=fee_minor)
    parts, at = split_evenly(fee_minor, loans.count)
    fees = np.empty_like(parts)
    rows = np.arange(len(parts)) - np.repeat(at[:-1], loans.count)
    fees[np.repeat(due.first, loans.count) + rows] = parts
    return dataclasses.replace(due, fee_minor=fees)


def _run(loans: Loans, asked_minor: Int64s, *, level: bool) -> Due:
    """Work the instalments out, loans of one length at a time.

    Args:
        loans: What is to be repaid.
        asked_minor: Of every instalment, shape (n,): with interest if ``level``, else without.
        level: Which of both.
    """
    n, down = len(loans.count), _down(loans)
    lent = loans.principal_minor - down
    places = np.argsort(loans.count, kind="stable")
    counts = loans.count[places]
    starts = np.cumsum(counts) - counts
    rows = int(counts.sum())
    principal, interest = np.empty(rows, np.int64), np.empty(rows, np.int64)
    begin = 0
    while begin < n:
        count = int(counts[begin])
        end = min(begin + BLOCK, int(np.searchsorted(counts, count, side="right")))
        mine, out = places[begin:end], slice(starts[begin], starts[begin] + (end - begin) * count)
        block = principal[out].reshape(-1, count), interest[out].reshape(-1, count)
        _fill(_prices(loans, mine), lent[mine], asked_minor[mine], block, level=level)
        begin = end
    first = np.empty(n, np.int64)
    first[places] = starts
    nothing = np.zeros(rows, np.int64)
    return Due(first, principal, interest, nothing, down, np.zeros(n, np.int64))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Prices:
    """What a block of loans needs besides its principal; graces are None where none has one."""

    cost: Int64s
    first_cost: Int64s
    cost_per: Int64s | int
    no_principal: Int64s | None
    no_interest: Int64s | None


def _prices(loans: Loans, mine: Int64s) -> _Prices:
    """Return the prices of some loans."""
    no_principal, no_interest = loans.no_principal[mine], loans.no_interest[mine]
    graced = bool(no_principal.any() or no_interest.any())
    return _Prices(
        loans.cost[mine],
        loans.first_cost[mine],
        loans.cost_per[mine] if isinstance(loans.cost_per, np.ndarray) else loans.cost_per,
        no_principal if graced else None,
        no_interest if graced else None,
    )


def _fill(
    prices: _Prices, left: Int64s, asked: Int64s, block: tuple[Int64s, Int64s], *, level: bool
) -> None:
    """Work loans of one length out, the first instalment of each, then the second, and so on.

    The two columns of ``block`` have shape (m, count).
    """
    principal_due, interest_due = block
    last = principal_due.shape[1] - 1
    per, half = prices.cost_per, prices.cost_per // 2
    left = left.copy()
    interest, principal = np.empty_like(left), np.empty_like(left)
    waiting = np.zeros(len(left), np.int64)
    for term in range(last + 1):
        np.multiply(left, prices.cost if term else prices.first_cost, out=interest)
        interest += half
        interest //= per
        if prices.no_interest is not None:
            waiting += interest
            np.multiply(waiting, (term >= prices.no_interest) | (term == last), out=interest)
            waiting -= interest
        interest_due[:, term] = interest
        if term == last:
            principal_due[:, term] = left
            return
        if level:
            np.subtract(asked, interest, out=principal)
            np.clip(principal, 0, left, out=principal)
        else:
            np.minimum(asked, left, out=principal)
        if prices.no_principal is not None:
            principal *= term >= prices.no_principal
        principal_due[:, term] = principal
        left -= principal
