"""Schedules of level payments, early settlement, days past due."""

import numpy as np

from jiehuan.core import days, rebate
from jiehuan.core.loans.events import Event, Kind
from jiehuan.core.loans.late import days_past_due
from jiehuan.core.loans.life import fold
from jiehuan.core.loans.terms import PARTS, PHASES, Allocation, LoanTerms
from jiehuan.core.loans.view import schedule
from jiehuan.reports.conform.peers import basis
from jiehuan.reports.conform.reading import Case, NotApplicable, day, minor, ppm

_ALLOCATION = Allocation(
    tuple((phase, part) for phase in range(len(PHASES)) for part in range(len(PARTS)))
)


def run_progressive(case: Case) -> str:
    """Return the first cell of a ``progressive_schedule`` that differs."""
    if case["interest_rounding"] != "half_even":
        raise NotApplicable(f"interest rounded {case['interest_rounding']}")
    agreed = tuple((day(row["first_day"]), day(row["date"])) for row in case["schedule"])
    terms = LoanTerms(
        count=case["instalments"], every=case["every"], unit=case["every_unit"].lower(),
        rate_ppm=ppm(case["annual_rate_pct"]), interest="level", basis=basis(case, "actual"),
        allocation=_ALLOCATION, plan="onward", agreed=agreed,
    )  # fmt: skip
    events = [
        Event(
            kind=Kind(said["kind"]),
            on=day(said["on"]),
            booked_on=day(said["on"]),
            amount_minor=minor(said["amount"]),
        )
        for said in case["events"]
    ]
    loan = fold(terms, events, agreed[0][0], events[-1].on)
    rows = [row for row in schedule(loan) if row.no]
    for row, want in zip(rows, case["schedule"], strict=True):
        got = {
            "due": row.due_minor,
            "interest": row.interest_minor,
            "principal_due": row.principal_minor,
            "balance_of_loan": row.balance_minor,
        }
        for name, value in got.items():
            if value != minor(want[name]):
                return f"row {row.no} {name}: {value} instead of {want[name]}"
    return ""


def run_settlement(case: Case) -> str:
    """Return how the rebate of an ``early_settlement`` differs."""
    after = case["settled_after"]
    got = rebate.actuarial(
        minor(case["principal"]),
        minor(case["due"]),
        case["instalments"],
        ppm(round(case["annual_rate_pct"], 4)),
        (after["months"], after["days"], after["days_in_month"]),
    )
    return "" if got == minor(case["rebate"]) else f"rebate: {got} instead of {case['rebate']}"


def run_past_due(case: Case) -> str:
    """Return the first day on which the days past due differ."""
    if case["events"]:
        raise NotApplicable("what was paid is not told in amounts")
    oldest = np.array([min(day(due["due_on"]) for due in case["dues"])], np.int32)
    for text, want in case["days_past_due"].items():
        got = days_past_due(oldest, days.parse(text), due_day_counts=case["due_day_counts"])
        if got[0] != want:
            return f"{text}: {got[0]} instead of {want}"
    return ""
