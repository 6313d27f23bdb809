"""What a published product is in terms of ours: read from ``peers.toml``."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jiehuan.core.loans.terms import PARTS, PHASES, Allocation, LoanTerms
from jiehuan.reports.conform.reading import Case, NotApplicable, minor, ppm

_FILE = Path(__file__).parents[2] / "peers.toml"
_UNITS = {"DAYS": "days", "MONTHS": "months"}
_INTERESTS = {"FLAT": "flat", "DECLINING_BALANCE": "level"}
# What a case says about days, where it does: (year, month) -> basis.
_BASES = {
    ("360", "30"): "period-360",
    ("365", "actual"): "365",
    ("360", "actual"): "360",
    ("actual", "actual"): "actual",
    ("360", "None"): "360",
    ("365", "None"): "365",
}


@functools.cache
def _mapping() -> Mapping[str, Any]:
    """Return the file."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def rules_of(product: str) -> dict[str, Any]:
    """Return what the words in a product's name mean, a later rule above an earlier."""
    found: dict[str, Any] = {}
    for rule in _mapping()["rule"]:
        if all(word in product for word in rule["words"]):
            found |= {name: value for name, value in rule.items() if name != "words"}
    return found


def allocation(strategy: str, *, across: bool) -> Allocation:
    """Return the order of payment that a strategy's name means.

    Raises:
        NotApplicable: It is not in the file.
    """
    named = [s for s in _mapping()["strategy"] if s["name"] == strategy]
    if not named:
        raise NotApplicable(f"strategy {strategy} is not in peers.toml")
    ranks = tuple(
        (phase, PARTS.index(part)) for phase, name in enumerate(PHASES) for part in named[0][name]
    )
    return Allocation(
        ranks, across, named[0].get("charges_by_own_day", False), named[0].get("advance", {})
    )


def basis(case: Case, default: str) -> str:
    """Return how nights are counted: as the case says, or as its product does."""
    if "days_in_year" not in case:
        return default
    said = (str(case["days_in_year"]), str(case["days_in_month"]))
    if said not in _BASES:
        raise NotApplicable(f"days in year {said[0]} and in month {said[1]} do not go together")
    return _BASES[said]


def terms(case: Case) -> LoanTerms:
    """Return the contract of a case.

    Raises:
        NotApplicable: Our terms cannot say it.
    """
    rules = rules_of(case["product"])
    across, rounds = rules.pop("across", True), rules.pop("round")
    on_approved = rules.pop("level_on_approved", False)
    rules["basis"] = basis(case, rules["basis"])
    if case["interest_period"] == "SAME_AS_REPAYMENT_PERIOD":
        rules |= {"basis": "period-365", "level_nights": 0}
    if case["every_unit"] not in _UNITS or case["amortization"] != "EQUAL_INSTALLMENTS":
        raise NotApplicable(f"{case['every_unit']} of {case['amortization']}")
    return LoanTerms(
        count=case["instalments"],
        every=case["every"],
        unit=_UNITS[case["every_unit"]],
        rate_ppm=ppm(case["annual_rate_pct"]),
        interest=_INTERESTS[case["interest_type"]],
        allocation=allocation(case["strategy"], across=across),
        down_ppm=ppm(case.get("down_payment_pct") or 0),
        down_automatic=bool(case.get("down_payment_auto_repaid")),
        unit_minor=minor(case.get("round_instalments_to") or 0) if rounds else 1,
        approved_minor=minor(case["principal"]) if on_approved else 0,
        **rules,
    )
