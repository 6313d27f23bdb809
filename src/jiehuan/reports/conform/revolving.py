"""Card statements that banks, regulators and textbooks published."""

import re
from decimal import Decimal

import numpy as np

from jiehuan.core import card, methods
from jiehuan.core.loans.exact import ROUNDINGS, Fraction
from jiehuan.reports.conform.reading import MINOR, Case, NotApplicable, day, minor, ppm

_MILLION = 1_000_000
_MONTHS = 12
_YEAR = 365
_MODES = {
    "whole_bill_from_posting_unless_paid_in_full": (True, True),
    "unpaid_part_from_posting": (False, True),
    "whole_bill_from_day_after_statement": (True, False),
}
# What the words of ``terms.days`` say about the day of the next statement.
_LAST_COUNTS = {
    "posting day counted, payment day not, statement day counted": True,
    "first and last day both counted": True,
    "posting day and last day both counted": True,
    "posting day counted, last day not": False,
    "2 April to 24 April = 23, 25 April to 1 May = 7": True,
}
_MINIMUM = re.compile(
    r"(\d+) % of new purchases \+ (\d+) % of the rest, at least (\d+); then \+ interest.*"
)
_LEAST = re.compile(r"interest \+ (\d+) % of the principal, at least (\d+)")
_LATE_FEE = re.compile(r"(\d+) % of the interest, half_up to 1")
_FORGIVEN = re.compile(r"paid in full by the due day, or the rest is under (\d+)")


def run(case: Case) -> str:
    """Return the first published cell that differs."""
    terms = case["terms"]
    if str(terms.get("method", "")).startswith("average_daily_balance"):
        got = _average(case)
    elif str(terms.get("method", "")).startswith("equal principal"):
        got = _instalments(case)
    elif "interest_on" in terms:
        got = _segment(case) if "segment_from" in case["statements"][0] else _statements(case)
    elif "minimum" in terms:
        got = _minimum_for_ever(case)
    else:
        raise NotApplicable("a way of reckoning that we do not know")
    for place, want in enumerate(case["statements"]):
        for name, value in want.items():
            if name not in _INPUTS and got[place][name] != Decimal(str(value)):
                return f"statement {place + 1} {name}: {got[place][name]} instead of {value}"
    return ""


_INPUTS = {"on", "nr", "segment_from", "segment_to"}
Cells = list[dict[str, Decimal]]


def _a_night(terms: Case) -> Fraction:
    """Return what one unit costs a night."""
    rate = Decimal(str(terms["rate_pct"]))
    per = {"day": 1, "year": terms.get("days_in_year") or _YEAR}
    if terms["rate_per"] not in per:
        raise NotApplicable(f"a rate per {terms['rate_per']} of a balance by the day")
    return ppm(rate), _MILLION * per[terms["rate_per"]]


def _rounding(terms: Case) -> tuple[str, int]:
    """Read ``half_up to 1``: a rounding and its unit in minor units."""
    name, _, unit = str(terms.get("interest_rounding", "half_up to 0.01")).partition(" to ")
    if name not in ROUNDINGS:
        raise NotApplicable(f"rounding {name}")
    return name, minor(Decimal(unit))


def _terms(terms: Case) -> card.CardTerms:
    """Return how bills are reckoned."""
    if terms["interest_on"] not in _MODES or terms["days"] not in _LAST_COUNTS:
        raise NotApplicable(f"{terms['interest_on']}: {terms['days']}")
    whole_bill, from_posting = _MODES[terms["interest_on"]]
    rounding, unit = _rounding(terms)
    new, rest, least = _minimum(terms)
    fee = _LATE_FEE.fullmatch(terms.get("late_fee") or "")
    forgiven = _FORGIVEN.fullmatch(terms.get("waived_if") or "")
    return card.CardTerms(
        a_night=_a_night(terms),
        whole_bill=whole_bill,
        from_posting=from_posting,
        statement_day_counts=_LAST_COUNTS[terms["days"]],
        unit_minor=unit,
        rounding=rounding,
        late_fee_ppm=ppm(int(fee[1])) if fee else 0,
        forgiven_minor=int(forgiven[1]) * MINOR if forgiven else 0,
        new_ppm=new,
        rest_ppm=rest,
        minimum_minor=least,
    )


def _minimum(terms: Case) -> tuple[int, int, int]:
    """Return shares of new and older purchases in the minimum, and the least of it."""
    if match := _MINIMUM.fullmatch(terms.get("minimum") or ""):
        return ppm(int(match[1])), ppm(int(match[2])), int(match[3]) * MINOR
    share = ppm(terms.get("minimum_pct") or 0)
    return share, share, 0


def _moves(case: Case, kind: str) -> list[tuple[int, int]]:
    """Return day and amount of the events of a kind; a purchase counts from its posting."""
    return [
        (day(said.get("posted") or said["on"]), minor(said["amount"]))
        for said in case["events"]
        if said["kind"] == kind
    ]


def _bills(case: Case) -> list[card.Bill]:
    """Return all statements of a case."""
    cuts = [
        (day(said["on"]), day(said.get("due_on")))
        for said in case["events"]
        if said["kind"] == "statement"
    ]
    return card.bills(
        _terms(case["terms"]),
        _moves(case, "purchase"),
        _moves(case, "repayment"),
        _moves(case, "charge"),
        sorted(cuts),
    )


def _statements(case: Case) -> Cells:
    """Return the published statements of a card's life."""
    bills = {bill.on: bill for bill in _bills(case)}
    return [
        {
            "balance": _major(bill.balance_minor),
            "minimum_due": _major(bill.minimum_minor),
            "interest": _major(bill.interest_minor),
            "late_fee": _major(bill.charge_minor),
        }
        for want in case["statements"]
        for bill in [bills[day(want["on"])]]
    ]


def _segment(case: Case) -> Cells:
    """Return the interest of one stretch of a bill that was not paid."""
    terms, last = _terms(case["terms"]), _bills(case)[-1]
    cells = []
    for want in case["statements"]:
        from_on, until_on = day(want["segment_from"]), day(want["segment_to"])
        until_on += terms.statement_day_counts
        owed = sum(part.minor for part in last.parts if part.from_on <= from_on)
        cost = card.interest_minor(terms, [card.Span(owed, from_on, until_on)])
        cells.append({"days": Decimal(until_on - from_on), "interest": _major(cost)})
    return cells


def _average(case: Case) -> Cells:
    """Return a cycle's average daily balance and what it costs."""
    terms, signs = case["terms"], {"refund": -1, "repayment": -1, "statement": 0}
    dated = [said for said in case["events"] if said["kind"] != "draw"]
    moves = [(_cycle_day(s), signs.get(s["kind"], 1) * minor(s.get("amount"))) for s in dated]
    draws = [(_cycle_day(s), minor(s["amount"])) for s in case["events"] if s["kind"] == "draw"]
    cuts = [_cycle_day(s) for s in dated if s["kind"] == "statement"]
    first, last = min(on for on, _ in moves), cuts[-1] if cuts else _CYCLE_DAYS
    num, den = card.average_balance(moves + draws, first, last)
    average = ROUNDINGS["half_up"](num, den)
    rate = ppm(terms["rate_pct"])
    interest = ROUNDINGS["half_up"](average * rate, _MILLION)
    drawn = sum(amount for _, amount in draws)
    fee = ROUNDINGS["half_up"](drawn * ppm(terms.get("draw_fee_pct") or 0), _MILLION)
    charge = interest + fee
    yearly = Decimal(charge * _MONTHS * 100) / Decimal(average)
    return [
        {
            "days": Decimal(last - first),
            "average_daily_balance": _major(average),
            "interest": _major(interest),
            "balance": _major(sum(amount for _, amount in moves + draws) + charge),
            "finance_charge": _major(charge),
            "denominator": _major(average),
            "annual_rate_pct": yearly,
        }
    ]


_CYCLE_DAYS = 30


def _cycle_day(said: Case) -> int:
    """Return an event's day; days of a cycle that has no dates are counted from 0."""
    if "on" in said:
        return day(said["on"])
    place = said["day_of_cycle"]
    return _CYCLE_DAYS // 2 if place == "middle" else int(place)


def _instalments(case: Case) -> Cells:
    """Return instalments of equal principal, the odd units in the first."""
    terms, lent = case["terms"], minor(case["events"][0]["amount"])
    rounding, unit = _rounding(terms)
    count = int(terms["instalments"])
    one = np.array([1])
    due = methods.schedules(
        "equal-principal",
        methods.Loans.of(one * lent, one * count, one * 0, 1, unit_minor=one * unit),
    )
    parts = due.principal_minor.tolist()
    if "rest of the division in the first" in terms["method"]:
        parts.reverse()
    num, den = _a_night(terms)
    left, cells = lent, []
    for part, want in zip(parts, case["statements"], strict=False):
        cost = ROUNDINGS[rounding](left * num * want["days"], den * unit) * unit
        left -= part
        money = {"principal": part, "interest": cost, "due": part + cost}
        shown = {name: _major(value) for name, value in money.items()}
        cells.append(shown | {"days": Decimal(want["days"])})
    return cells


def _minimum_for_ever(case: Case) -> Cells:
    """Return what paying the minimum only costs; told in whole units and years."""
    terms = case["terms"]
    match = _LEAST.fullmatch(terms["minimum"])
    if match is None or terms["rate_per"] != "month":
        raise NotApplicable(f"minimum {terms['minimum']}")
    owed = minor(case["events"][0]["amount"])
    months, paid, interest = card.months_of_minimum(
        owed, ppm(terms["rate_pct"]), ppm(int(match[1])), int(match[2]) * MINOR
    )
    whole = ROUNDINGS["down"]
    return [
        {
            "total_paid": Decimal(whole(paid, MINOR)),
            "total_interest": Decimal(whole(interest, MINOR)),
            "years_about": Decimal(whole(months, _MONTHS)),
        }
    ]


def _major(amount: int) -> Decimal:
    """Return an amount in major units."""
    return Decimal(amount).scaleb(-2)
