"""What does a policy look like as a file, and what is wrong with this one?

A file is a list of ``[[policy]]`` tables, each one version of one policy, with its
``[[policy.rule]]`` and ``[[policy.band]]`` tables.  All that is wrong is told at once, a
line each, with policy, place, field, value and range.
"""

import dataclasses
import datetime as dt
import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.risk.features import FEATURES, RAW_MEANING
from jiehuan.risk.policy import (
    BUILT_IN,
    LIMIT_PPM_MAX,
    PPM,
    TESTS,
    Band,
    Condition,
    Policy,
    Rule,
    Verdict,
)
from jiehuan.risk.words import did_you_mean

Table = dict[str, Any]

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,120}")
VERSION_MAX = 2**31 - 1
REASONS_MAX = 8

POLICY_FIELDS = (
    "name",
    "version",
    "from",
    "model",
    "limit_of",
    "limit_step_minor",
    "limit_minor_min",
    "limit_minor_max",
    "reasons_max",
    "rule",
    "band",
)
ANSWER_FIELDS = ("outcome", "limit_ppm", "reason", "zh", "en")
RULE_FIELDS = (*ANSWER_FIELDS, "when")
BAND_FIELDS = (*ANSWER_FIELDS, "from_ppm", "below_ppm")


class _Reader:
    """Takes the fields of one table, and notes what is wrong instead of stopping."""

    def __init__(
        self, table: object, place: str, fields: tuple[str, ...], faults: list[str]
    ) -> None:
        """Note that the table is none, and fields that it should not have."""
        self.table: Table = table if isinstance(table, dict) else {}
        self.place = place
        self.faults = faults
        if not isinstance(table, dict):
            self.fault(f"must be a table, got {table!r}")
        for name in self.table:
            if name not in fields:
                self.fault(f"{name!r} is no field{did_you_mean(name, fields)}")

    def fault(self, what: str) -> None:
        """Note something wrong."""
        self.faults.append(f"{self.place}: {what}")

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Take an integer between two others."""
        value = self.table.get(name, default)
        if type(value) is not int or not low <= value <= high:
            self.fault(f"{name} = {value!r}: give an integer, {low} .. {high}")
            return low
        return value

    def text(self, name: str, form: re.Pattern[str], default: str | None = None) -> str:
        """Take a text of some form."""
        value = self.table.get(name, default)
        if value == "" == default:
            return ""
        if not isinstance(value, str) or not form.fullmatch(value):
            self.fault(f"{name} = {value!r}: give a text of the form {form.pattern}")
            return ""
        return value

    def choice(self, name: str, known: Mapping[str, object]) -> str:
        """Take one of the known names."""
        value = self.table.get(name)
        if not isinstance(value, str) or value not in known:
            self.fault(f"{name} = {value!r} is not known{did_you_mean(str(value), known)}")
            return next(iter(known))
        return value

    def tables(self, name: str) -> list[object]:
        """Take a list of tables; none if it is absent."""
        value = self.table.get(name, [])
        if not isinstance(value, list):
            self.fault(f"{name} must be a list of [[policy.{name}]] tables")
            return []
        return value


def parse(text: str | bytes) -> tuple[Policy, ...]:
    """Read policies.

    Args:
        text: TOML, in UTF-8 if it is bytes.

    Returns:
        The versions, in the order of the text.

    Raises:
        UsageError: It is not TOML, or something in it is wrong: unknown features and fields,
            values out of range, rules that can never fit, scores that no band or two bands
            hold, a version given twice.
    """
    try:
        document = tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the policies are not TOML: {error}") from None
    tables = document.pop("policy", [])
    if document or not isinstance(tables, list) or not tables:
        raise UsageError("policies are a list of [[policy]] tables, and nothing else")
    faults: list[str] = []
    policies = tuple(_policy(table, place, faults) for place, table in enumerate(tables, start=1))
    versions = [(policy.name, policy.version) for policy in policies]
    for name, version in sorted({twice for twice in versions if versions.count(twice) > 1}):
        faults.append(f"{name}: version {version} is there twice")
    if faults:
        raise UsageError("\n".join(faults))
    return policies


def _policy(table: object, place: int, faults: list[str]) -> Policy:
    """Read one version of one policy."""
    before = len(faults)
    name = table.get("name") if isinstance(table, dict) else None
    read = _Reader(table, str(name or f"policy {place}"), POLICY_FIELDS, faults)
    from_on = read.table.get("from")
    if type(from_on) is not dt.date:
        read.fault(f"from = {from_on!r}: give a day, such as 2005-04-01")
        from_on = dt.date.min
    rules = tuple(_rule(rule, read, at) for at, rule in enumerate(read.tables("rule"), start=1))
    bands = tuple(_band(band, read, at) for at, band in enumerate(read.tables("band"), start=1))
    policy = Policy(
        name=read.text("name", NAME),
        version=read.integer("version", 1, VERSION_MAX),
        from_on=from_on.toordinal(),
        model=read.text("model", NAME, ""),
        limit_of=read.choice("limit_of", _money_columns()),
        limit_step_minor=read.integer("limit_step_minor", 1, PRINCIPAL_MINOR_MAX, 1),
        limit_minor_min=read.integer("limit_minor_min", 0, PRINCIPAL_MINOR_MAX, 0),
        limit_minor_max=read.integer(
            "limit_minor_max", 0, PRINCIPAL_MINOR_MAX, PRINCIPAL_MINOR_MAX
        ),
        reasons_max=read.integer("reasons_max", 0, REASONS_MAX, 3),
        rules=rules,
        bands=bands,
        text="",
    )
    if len(faults) == before:  # else they would tell what follows from the faults above
        for fault in (*_limits(policy), *_reach(policy), *_bands(policy), *_reasons(policy)):
            read.fault(fault)
    return dataclasses.replace(policy, text=write(policy))


def _money_columns() -> dict[str, str]:
    """Return the raw columns that may be the base of a limit."""
    return {name: words for name, words in RAW_MEANING.items() if name.startswith("limit_")}


def _answer(read: _Reader) -> dict[str, Any]:
    """Read what a rule and a band have in common."""
    known = {verdict.name.lower(): verdict for verdict in Verdict}
    outcome = known[read.choice("outcome", known)]
    default = PPM if outcome is Verdict.APPROVE else 0
    return {
        "outcome": outcome,
        "limit_ppm": read.integer("limit_ppm", 0, LIMIT_PPM_MAX, default),
        "reason": read.text("reason", NAME),
        "zh": read.text("zh", WORDS),
        "en": read.text("en", WORDS),
    }


def _rule(table: object, of: _Reader, at: int) -> Rule:
    """Read one hard rule."""
    read = _Reader(table, f"{of.place}: rule {at}", RULE_FIELDS, of.faults)
    when = read.table.get("when")
    if not isinstance(when, dict):
        read.fault(
            f"when = {when!r}: give a table of conditions, such as {{ age = {{ below = 18 }} }}"
        )
        when = {}
    conditions = tuple(
        condition for name, tests in when.items() for condition in _conditions(name, tests, read)
    )
    return Rule(when=conditions, **_answer(read))


def _conditions(name: str, tests: object, read: _Reader) -> Iterator[Condition]:
    """Read the tests of one feature."""
    if name not in FEATURES:
        read.fault(f"feature {name!r} is not known{did_you_mean(name, FEATURES)}")
        return
    if not isinstance(tests, dict) or not tests:
        read.fault(f"{name} = {tests!r}: give tests, such as {{ below = 18 }}")
        return
    for test, value in tests.items():
        if test == "unknown" and isinstance(value, bool):
            yield Condition(name, test, int(value))
        elif test not in TESTS:
            read.fault(
                f"{name}: {test} = {value!r} is no test{did_you_mean(test, (*TESTS, 'unknown'))}"
            )
        elif type(value) not in {int, float} or not math.isfinite(value):
            read.fault(f"{name}: {test} = {value!r}: give a number")
        elif not FEATURES[name].low <= value <= FEATURES[name].high:
            row = FEATURES[name]
            read.fault(f"{name}: {test} = {value!r}: the feature is {row.low:g} .. {row.high:g}")
        else:
            yield Condition(name, test, value)


def _band(table: object, of: _Reader, at: int) -> Band:
    """Read one band of scores."""
    read = _Reader(table, f"{of.place}: band {at}", BAND_FIELDS, of.faults)
    from_ppm = read.integer("from_ppm", 0, PPM - 1)
    below_ppm = read.integer("below_ppm", from_ppm + 1, PPM)
    return Band(from_ppm=from_ppm, below_ppm=below_ppm, **_answer(read))


def _limits(policy: Policy) -> Iterator[str]:
    """Find limits that do not fit together."""
    if policy.limit_minor_min > policy.limit_minor_max:
        yield (
            f"limit_minor_min = {policy.limit_minor_min} is above"
            f" limit_minor_max = {policy.limit_minor_max}"
        )


def _reach(policy: Policy) -> Iterator[str]:
    """Find rules and bands that can never decide, and subjects that nothing decides."""
    always = [at for at, rule in enumerate(policy.rules, start=1) if not rule.when]
    if always and (always[0] < len(policy.rules) or policy.bands):
        yield f"rule {always[0]} has no conditions, so nothing after it is ever reached"
    if policy.bands and not policy.model:
        yield "it has bands, but names no model to score by"
    if not always and not policy.bands:
        yield "it has no bands, so its last rule must be `when = {}`"


def _bands(policy: Policy) -> Iterator[str]:
    """Find scores that no band holds, or two."""
    if not policy.bands:
        return
    reached = 0
    for at, band in enumerate(policy.bands, start=1):
        if band.from_ppm > reached:
            yield f"no band holds the scores {reached} .. {band.from_ppm - 1} ppm"
        if band.from_ppm < reached:
            last = min(reached, band.below_ppm) - 1
            yield f"band {at} and one before it both hold the scores {band.from_ppm} .. {last} ppm"
        reached = max(reached, band.below_ppm)
    if reached < PPM:
        yield f"no band holds the scores {reached} .. {PPM - 1} ppm"


def _reasons(policy: Policy) -> Iterator[str]:
    """Find codes that do not stand for one thing."""
    told = {answer.reason: (answer.zh, answer.en) for answer in BUILT_IN}
    for answer in (*policy.rules, *policy.bands):
        if answer.reason in FEATURES:
            yield f"reason {answer.reason!r} is the name of a feature; choose another"
        if told.setdefault(answer.reason, (answer.zh, answer.en)) != (answer.zh, answer.en):
            yield f"reason {answer.reason!r} has words already, and others"


def write(policy: Policy) -> str:
    """Return a policy in full, as TOML that ``parse`` reads back."""
    from_on = dt.date.fromordinal(policy.from_on).isoformat()
    lines = [
        "[[policy]]",
        f"name = {_quoted(policy.name)}",
        f"version = {policy.version}",
        f"from = {from_on}",
        f"model = {_quoted(policy.model)}",
        f"limit_of = {_quoted(policy.limit_of)}",
        f"limit_step_minor = {policy.limit_step_minor}",
        f"limit_minor_min = {policy.limit_minor_min}",
        f"limit_minor_max = {policy.limit_minor_max}",
        f"reasons_max = {policy.reasons_max}",
    ]
    for rule in policy.rules:
        lines += ["", "[[policy.rule]]", f"when = {_when(rule)}", *_answer_lines(rule)]
    for band in policy.bands:
        lines += [
            "",
            "[[policy.band]]",
            f"from_ppm = {band.from_ppm}",
            f"below_ppm = {band.below_ppm}",
            *_answer_lines(band),
        ]
    return "\n".join(lines) + "\n"


def _answer_lines(answer: Rule | Band) -> list[str]:
    """Write what a rule and a band have in common."""
    return [
        f"outcome = {_quoted(answer.outcome.name.lower())}",
        f"limit_ppm = {answer.limit_ppm}",
        f"reason = {_quoted(answer.reason)}",
        f"zh = {_quoted(answer.zh)}",
        f"en = {_quoted(answer.en)}",
    ]


def _when(rule: Rule) -> str:
    """Write the conditions of a rule, those of one feature together."""
    tests: dict[str, list[str]] = {}
    for test in rule.when:
        value = str(bool(test.value)).lower() if test.test == "unknown" else repr(test.value)
        tests.setdefault(test.feature, []).append(f"{test.test} = {value}")
    inner = ", ".join(f"{name} = {{ {', '.join(said)} }}" for name, said in tests.items())
    return f"{{ {inner} }}" if inner else "{}"


def _quoted(text: str) -> str:
    """Write a TOML string; the forms above keep control characters out."""
    return json.dumps(text, ensure_ascii=False)
