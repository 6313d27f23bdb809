"""Who is approved, referred to a person or declined, for how much, and why?

A policy is a table in TOML: hard rules, then bands of the score.  The first that fits
decides; bands hold every score once, so something always fits.  An analyst edits the table,
never the code.  The text of a version is written by us in full (``Policy.text``), so
comments and spaces change neither a policy nor its hash.
"""

import dataclasses
import enum
import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from jiehuan.core.columns import Codes, Flags, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.risk.features import FEATURES, UNKNOWN, Floats, Raw, compute

PPM = 1_000_000
LIMIT_PPM_MAX = 10 * PPM
assert PRINCIPAL_MINOR_MAX * LIMIT_PPM_MAX < 2**63

NO_SCORE = -1


class Verdict(enum.IntEnum):
    """What a policy says of a subject.  Stored in ``decision.outcome``."""

    APPROVE = 1
    REFER = 2
    DECLINE = 3


# What may stand in a condition: a test of a known value against a number.
TESTS: Mapping[str, np.ufunc] = {
    "below": np.less,
    "at_most": np.less_equal,
    "is": np.equal,
    "at_least": np.greater_equal,
    "above": np.greater,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One test of one feature.

    Attributes:
        feature: A name in ``FEATURES``.
        test: A name in ``TESTS``, or ``unknown``.  Only ``unknown`` is ever true of a value
            that is not known.
        value: What to compare with; of ``unknown``, 1 or 0: whether it must be so.
    """

    feature: str
    test: str
    value: int | float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What follows when a rule or a band fits.

    Attributes:
        outcome: The verdict.
        limit_ppm: The limit it grants, as a share of the base that the policy names.
        reason: A stable code.
        zh: Its words in Chinese.
        en: Its words in English.
    """

    outcome: Verdict
    limit_ppm: int
    reason: str
    zh: str
    en: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Answer):
    """A hard rule: fits when all its conditions hold; with none, always."""

    when: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Band(Answer):
    """Fits scores from ``from_ppm`` up to, but not including, ``below_ppm``."""

    from_ppm: int
    below_ppm: int


# When an approval cannot be carried out, a person looks at it.
LIMIT_BASE_UNKNOWN = Answer(
    outcome=Verdict.REFER,
    limit_ppm=0,
    reason="limit_base_unknown",
    zh="额度基数未知",
    en="what the limit is reckoned from is not known",
)
LIMIT_TOO_SMALL = Answer(
    outcome=Verdict.REFER,
    limit_ppm=0,
    reason="limit_too_small",
    zh="可批额度低于最低额度",
    en="the limit would be below the smallest that is granted",
)
BUILT_IN = (LIMIT_BASE_UNKNOWN, LIMIT_TOO_SMALL)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy, as ``policy_file.parse`` read it.

    Attributes:
        name: What it is for.
        version: Counts from 1.
        from_on: The first day on which it decides.
        model: Name of the scorecard it needs; "" for none.
        limit_of: The raw column that limits are shares of.
        limit_step_minor: Limits are rounded down to a multiple of this.
        limit_minor_min: An approval for less is referred.
        limit_minor_max: No limit is higher.
        reasons_max: How many features at most are named to who is not approved.
        rules: In order.
        bands: In order, without gaps, 0 .. 1,000,000; none without a model.
        text: The version in full; ``policy_file.parse`` reads it back.
    """

    name: str
    version: int
    from_on: int
    model: str
    limit_of: str
    limit_step_minor: int
    limit_minor_min: int
    limit_minor_max: int
    reasons_max: int
    rules: tuple[Rule, ...]
    bands: tuple[Band, ...]
    text: str

    @property
    def sha256(self) -> str:
        """The hash of ``text``, 64 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def features(self) -> tuple[str, ...]:
        """The features that its rules test, sorted."""
        return tuple(sorted({test.feature for rule in self.rules for test in rule.when}))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All that it can answer; ``Judged.answer`` counts along these."""
        return (*self.rules, *self.bands, *BUILT_IN)


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """What a policy says of each row.

    Attributes:
        outcome: A ``Verdict``, shape (n,).
        limit_minor: The limit granted or proposed, shape (n,).
        answer: Place in ``Policy.answers`` of the rule or band that fitted first, shape (n,).
    """

    outcome: Codes
    limit_minor: Int64s
    answer: Int64s


def judge(policy: Policy, raw: Raw, score_ppm: Int64s) -> Judged:
    """Apply a policy.

    Args:
        policy: The policy.
        raw: Raw columns of its features and its ``limit_of``, shape (n,).
        score_ppm: Scores, shape (n,); ``NO_SCORE`` everywhere if it needs no model.

    Returns:
        Verdicts, limits and what decided, row by row.

    Raises:
        UsageError: A raw column is missing, or a score is outside of the bands.
    """
    values = compute(policy.features, raw)
    answer = np.full(len(score_ppm), -1, np.int64)
    for place, rule in enumerate(policy.rules):
        answer[(answer < 0) & _fits(rule, values, len(score_ppm))] = place
    left = answer < 0
    if left.any():
        _assert_scored(policy, score_ppm[left])
        starts = np.array([band.from_ppm for band in policy.bands], np.int64)
        found = np.searchsorted(starts, score_ppm[left], side="right") - 1
        answer[left] = len(policy.rules) + found
    return _grant(policy, raw, answer)


def _fits(rule: Rule, values: Mapping[str, Floats], n: int) -> Flags:
    """Return where all conditions of a rule hold."""
    fits = np.ones(n, np.bool_)
    for test in rule.when:
        value = values[test.feature]
        known = value != FEATURES[test.feature].unknown
        if test.test == "unknown":
            fits &= known != bool(test.value)
        else:
            fits &= known & TESTS[test.test](value, test.value)
    return fits


def _assert_scored(policy: Policy, score_ppm: Int64s) -> None:
    """Refuse rows that reach the bands without a score in them."""
    wrong = (score_ppm < 0) | (score_ppm >= PPM)
    if wrong.any() or not policy.bands:
        raise UsageError(
            f"policy {policy.name!r} has bands for scores 0 .. {PPM - 1} ppm;"
            f" got {int(score_ppm[wrong][0] if wrong.any() else score_ppm[0])}"
        )


def _grant(policy: Policy, raw: Raw, answer: Int64s) -> Judged:
    """Reckon limits in whole minor units, and refer approvals that cannot be carried out."""
    answers = policy.answers
    base = np.asarray(raw[policy.limit_of]).astype(np.int64)
    known = (base != UNKNOWN) & (base >= 0)
    base = np.where(known, np.minimum(base, PRINCIPAL_MINOR_MAX), 0)
    share = np.array([row.limit_ppm for row in answers], np.int64)
    outcome = np.array([row.outcome for row in answers], np.int16)
    limit = np.minimum(base * share[answer] // PPM, policy.limit_minor_max)
    limit -= limit % policy.limit_step_minor

    approved = outcome[answer] == Verdict.APPROVE
    small = approved & known & (limit < policy.limit_minor_min)
    answer = np.where(small, answers.index(LIMIT_TOO_SMALL), answer)
    answer = np.where(approved & ~known, answers.index(LIMIT_BASE_UNKNOWN), answer)
    return Judged(outcome[answer], np.where(small, 0, limit), answer)


def in_force(policies: Iterable[Policy], name: str, on: int) -> Policy:
    """Choose the version of a policy that decides on a day: the last that has begun.

    Raises:
        UsageError: There is none.
    """
    begun = [one for one in policies if one.name == name and one.from_on <= on]
    if not begun:
        raise UsageError(f"no version of policy {name!r} is in force on that day")
    return max(begun, key=lambda one: (one.from_on, one.version))


def words(policy: Policy, reason: str) -> tuple[str, str]:
    """Return the words of a reason, in Chinese and in English.

    Raises:
        UsageError: Neither the policy nor a feature has such a reason.
    """
    for answer in policy.answers:
        if answer.reason == reason:
            return answer.zh, answer.en
    if reason in FEATURES:
        return FEATURES[reason].zh, FEATURES[reason].en
    raise UsageError(f"policy {policy.name!r} gives no reason {reason!r}")
