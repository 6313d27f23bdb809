"""Loans by the day: balances after each day, and level payments that are searched for."""

import itertools
from decimal import Decimal

import numpy as np

from jiehuan.core import level_search
from jiehuan.core.loans.by_night import TICKS, Day, Line, NightTerms, Rate, fold
from jiehuan.core.loans.exact import Fraction
from jiehuan.reports.conform.reading import Case, NotApplicable, day, minor, ppm, whole

_MILLION = 1_000_000
# A payment is still expected for so many days after it was due.
_EXPECTED_DAYS = 3
_NO_DAY = 2**31
_YEARS = {"day": 1, "year": 365}


def run_loan(case: Case) -> str:
    """Return the first cell of a ``daily_loan`` that differs."""
    lent_on, lent = day(case["submitted_on"]), minor(case["principal"])
    lines = fold(_terms(case), lent, lent_on, [_day(case, row) for row in case["rows"]])
    for line, row in zip(lines, case["rows"], strict=True):
        for name, got in _cells(line).items():
            if row[name] is not None and got != Decimal(str(row[name])):
                return f"{row['date']} {name}: {got} instead of {row[name]}"
    return ""


def _terms(case: Case) -> NightTerms:
    """Return the contract."""
    if case["interest_rounding"] != "down_when_paid_remainder_dropped":
        raise NotApplicable(f"interest rounded {case['interest_rounding']}")
    if case["allocation"] != ["charge", "interest", "principal"]:
        raise NotApplicable(f"allocation {case['allocation']}")
    share, cap = case["interest_cap_total_pct"], minor(case["interest_cap_total"]) * TICKS
    if share is not None:
        cap = whole(Decimal(str(share)) * minor(case["principal"]) * TICKS / 100)
    daily, special = case["interest_cap_daily_pct"], case["promotional_rate"]
    return NightTerms(
        rate=_a_night(case["rate_pct"], case["rate_per"], case["days_in_year"]),
        rates=(_special(special),) if special else (),
        cap_a_night=(ppm(daily), _MILLION) if daily is not None else None,
        cap_ticks=cap or None,
        free_nights=case["free_if_settled_within_days"],
        credit_rate=_named(case["credit_balance_rate"]),
    )


def _a_night(percent: Decimal | float, per: str, days_in_year: int | None) -> Fraction:
    """Return what one unit costs a night."""
    if per not in _YEARS:
        raise NotApplicable(f"a rate per {per}")
    return ppm(percent), _MILLION * (1 if per == "day" else days_in_year or _YEARS[per])


def _named(said: str) -> Fraction:
    """Read ``zero`` and ``8 % per year``."""
    if said == "zero":
        return 0, 1
    percent, _, _, per = said.split()
    return _a_night(Decimal(percent), per, None)


def _special(said: Case) -> Rate:
    """Return a promotional rate."""
    return Rate(day(said["first_day"]), day(said["last_day"]), _named(said["rate"]))


def _day(case: Case, row: Case) -> Day:
    """Return what happened on a row's day, or is supposed to happen."""
    on, as_of, asked = day(row["date"]), day(case["as_of"]), minor(row["scheduled"])
    of_day = [said for said in case["events"] if said["on"] == row["date"]]
    signs = {"repayment": 1, "refund": -1}
    paid = sum(signs.get(said["kind"], 0) * minor(said["amount"]) for said in of_day)
    return Day(
        on=on,
        paid_minor=paid,
        charged_minor=sum(minor(said["amount"]) for said in of_day if said["kind"] == "charge"),
        asked_minor=asked,
        keeps_plan=on > as_of or (as_of - on <= _EXPECTED_DAYS and paid < asked),
        settles=on == as_of and (case["settle_on_as_of"] or row["status"] == "generated"),
    )


def _cells(line: Line) -> dict[str, Decimal]:
    """Return a day as the cases write it."""
    cents = {
        "paid": line.paid_minor,
        "charges_paid": line.charge_paid_minor,
        "interest_paid": line.interest_paid_minor,
        "principal_paid": line.principal_paid_minor,
        "charges_balance": line.charge_minor,
        "principal_balance": line.principal_minor,
        "settlement_figure": line.figure_minor,
        "settlement_quote": line.quote_minor,
    }
    ticks = {"new_interest": line.new_ticks, "interest_balance": line.interest_ticks}
    scaled = {name: Decimal(value).scaleb(-2) for name, value in cents.items()}
    return scaled | {name: Decimal(value).scaleb(-4) for name, value in ticks.items()}


def run_level(case: Case) -> str:
    """Return the first cell of a ``daily_level_payment`` that differs."""
    due_on = [day(case["submitted_on"]), *map(day, case["due_on"])]
    num, den = _a_night(case["rate_pct"], case["rate_per"], case["days_in_year"])
    cost = [np.array([(b - a) * num]) for a, b in itertools.pairwise(due_on)]
    lent, rounding = np.array([minor(case["principal"])]), case["interest_rounding"]
    if rounding not in level_search.ROUNDINGS or case["final_payment"] not in level_search.FINALS:
        raise NotApplicable(f"{rounding}, {case['final_payment']}")
    payment = level_search.payment_minor(lent, cost, den, rounding, case["final_payment"])
    principal, interest = level_search.lay_out(lent, payment, cost, den, rounding)
    left = int(lent[0])
    for place, row in enumerate(case["schedule"]):
        parts = int(principal[place][0]), int(interest[place][0])
        left -= parts[0]
        got = {
            "days": due_on[place + 1] - due_on[place],
            "date": due_on[place + 1],
            "due": sum(parts),
            "principal_due": parts[0],
            "interest": parts[1],
            "balance_of_loan": left,
        }
        want = {name: minor(row[name]) for name in got if name not in ("days", "date")}
        want |= {"days": row["days"], "date": day(row["date"])}
        for name, value in got.items():
            if value != want[name]:
                return f"payment {place + 1} {name}: {value} instead of {want[name]}"
    return ""
