"""Runs files of published cases through the core and says which are reached.

A case is of the family that it names, else of the one that its file's format shows.  The
names and counts here are those of ``jiehuan conform --json``.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from jiehuan.core.errors import UsageError
from jiehuan.reports.conform import lifecycle, nightly, others, rates, revolving
from jiehuan.reports.conform.reading import Case, NotApplicable, cases

Runner: TypeAlias = Callable[[Case], str]

RUNNERS: Final[Mapping[str, Runner]] = {
    "instalment_lifecycle": lifecycle.run,
    "lifecycle": lifecycle.run,
    "daily_loan": nightly.run_loan,
    "daily_level_payment": nightly.run_level,
    "progressive_schedule": others.run_progressive,
    "revolving": revolving.run,
    "early_settlement": others.run_settlement,
    "days_past_due": others.run_past_due,
    "apr_published": rates.run_apr,
    "fee_instalments": rates.run_fee,
}
# A second reading of a case, whose assumption is told with the result.
ASSUMING: Final[Mapping[str, Runner]] = {
    "instalment_lifecycle": lifecycle.run_on_given_days,
    "lifecycle": lifecycle.run_on_given_days,
}


@dataclasses.dataclass(slots=True)
class Count:
    """How many cases of a kind came out how."""

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.not_applicable

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return dataclasses.asdict(self) | {"total": self.total}


@dataclasses.dataclass(slots=True)
class Report:
    """What came out.

    Attributes:
        families: Counts, in the order in which the families were met.
        failures: Case and reason of each that is not reached, not applicable ones too.
        given_days: Cases reached on the due days of their own schedule, which nothing else
            in them tells; they count as passed.
    """

    families: dict[str, Count] = dataclasses.field(default_factory=dict)
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    given_days: list[str] = dataclasses.field(default_factory=list)

    @property
    def all(self) -> Count:
        """The counts of all families together."""
        counts = self.families.values()
        return Count(
            sum(count.passed for count in counts),
            sum(count.failed for count in counts),
            sum(count.not_applicable for count in counts),
        )

    def to_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return self.all.to_json() | {
            "families": {name: count.to_json() for name, count in self.families.items()},
            "failures": [{"id": case, "why": why} for case, why in self.failures],
            "given_days": self.given_days,
        }

    def text(self) -> str:
        """Return the report for people."""
        named = [*self.families.items(), ("all", self.all)]
        lines = [f"{'family':24} {'passed':>7} {'failed':>7} {'n/a':>5} {'total':>7}"]
        lines += [
            f"{name:24} {c.passed:7} {c.failed:7} {c.not_applicable:5} {c.total:7}"
            for name, c in named
        ]
        lines += [f"not met: {case}: {why}" for case, why in self.failures]
        if self.given_days:
            lines.append(f"on the due days of their own schedule: {', '.join(self.given_days)}")
        return "\n".join(lines)


def conform(path: Path, *, agreed_days: bool = False) -> Report:
    """Run the cases of a file.

    Args:
        path: JSON of one of the known formats.
        agreed_days: Where a case is not reached, take the due days of its own schedule as agreed.

    Raises:
        UsageError: The file cannot be read, or holds no cases.
    """
    return run(cases(path), agreed_days=agreed_days)


def run(found: Iterable[Case], *, agreed_days: bool = False) -> Report:
    """Run cases."""
    report = Report()
    for place, case in enumerate(found, start=1):
        family = family_of(case)
        count = report.families.setdefault(family, Count())
        name = str(case.get("id", f"{family} {place}"))
        outcome, why = _outcome(RUNNERS.get(family), case)
        assuming = ASSUMING.get(family) if outcome == "failed" and agreed_days else None
        if assuming and _outcome(assuming, case)[0] == "passed":
            outcome = "passed"
            report.given_days.append(name)
        setattr(count, outcome, getattr(count, outcome) + 1)
        if outcome != "passed":
            report.failures.append((name, why))
    return report


def family_of(case: Case) -> str:
    """Return the family of a case."""
    if "family" in case:
        return str(case["family"])
    if "total_fee_pct" in case:
        return "fee_instalments"
    return "apr_published" if "method" in case else "instalment_lifecycle"


def _outcome(runner: Runner | None, case: Case) -> tuple[str, str]:
    """Return how a case came out, and why it was not reached."""
    if runner is None:
        return "not_applicable", "this family is unknown"
    try:
        why = runner(case)
    except NotApplicable as error:
        return "not_applicable", str(error)
    except (AssertionError, LookupError, TypeError, UsageError, ValueError) as error:
        return "not_applicable", f"it is not in the known format: {error!r}"
    return ("failed", why) if why else ("passed", "")
