"""Random lives of term loans, and terms to live them under."""

import dataclasses

from hypothesis import strategies as st

from jiehuan.core.loans.events import PAYMENTS, Event, Kind
from jiehuan.core.loans.terms import FEE, PARTS, PENALTY, PHASES, Allocation, LoanTerms

START = 738_886  # 2024-01-01
RANKS = tuple((phase, part) for phase in range(len(PHASES)) for part in range(len(PARTS)))


def allocation(**others):
    """Return an order of payment: penalty, fee, interest, principal in every phase."""
    return dataclasses.replace(Allocation(RANKS), **others)


def terms(**others):
    """Return four monthly instalments at 12 % a year, unless said otherwise."""
    plain = {
        "count": 4, "every": 1, "unit": "months", "rate_ppm": 120_000, "interest": "level",
        "basis": "365", "allocation": allocation(),
    }  # fmt: skip
    return LoanTerms(**(plain | others))


def event(kind, day, amount=0, **others):
    """Return an event, booked on its own day, days counted from ``START``."""
    booked = others.pop("booked", day)
    on = START + day
    return Event(kind=kind, on=on, booked_on=START + booked, amount_minor=amount, **others)


WAYS = st.builds(
    allocation,
    across=st.booleans(),
    charges_by_own_day=st.booleans(),
    advance=st.sampled_from([{}, {"repayment": "last"}, {"repayment": "spread"}]),
)
CONTRACTS = st.builds(
    terms,
    count=st.integers(1, 6),
    rate_ppm=st.sampled_from([0, 70_000, 240_000]),
    interest=st.sampled_from(["level", "flat"]),
    basis=st.sampled_from(["365", "360", "actual", "period-365", "period-360"]),
    unit_minor=st.sampled_from([1, 100]),
    down_ppm=st.sampled_from([0, 250_000]),
    down_automatic=st.booleans(),
    allocation=WAYS,
)
ONWARD = CONTRACTS.filter(lambda t: t.interest == "level").map(
    lambda t: dataclasses.replace(t, plan="onward")
)
RESTING = st.builds(
    lambda contract, rest, early: dataclasses.replace(
        contract, interest="level", down_ppm=0, rest=rest, early=early
    ),
    CONTRACTS,
    st.sampled_from(["daily", "period"]),
    st.sampled_from(["smaller", "fewer", "skip"]),
)
ANY = CONTRACTS | ONWARD | RESTING


@st.composite
def lives(draw, most=8):
    """Draw a disbursement and, each on a day of its own, what follows it."""
    days = draw(st.lists(st.integers(1, 200), max_size=most, unique=True))
    kinds = st.sampled_from([*sorted(PAYMENTS, key=str), Kind.CHARGE, Kind.REPAYMENT])
    life = [event(Kind.DISBURSE, 0, draw(st.integers(1, 5_000_000)))]
    for day in sorted(days):
        kind, amount = draw(kinds), draw(st.integers(1, 2_000_000))
        part = draw(st.sampled_from([PENALTY, FEE]))
        if kind is Kind.CHARGE:
            amount = amount % 10_000 + 1
        life.append(event(kind, day, amount, part=part))
    return life
