"""How likely is a subject to default?

A scorecard is a sum: each feature falls into a bin, each bin has a weight, the weights and
an intercept add up to the log-odds of default.  Weights are whole ten-thousandths
(``_e4``), so the sum is an integer: a row scores the same alone and in a batch, in any
order and on any machine.  The probability is rounded to whole parts per million before
anybody uses it.

Training: bins by number of rows, weight of evidence, logistic regression by Newton's
method on sums in a fixed order.  A scorecard trained in K folds holds K cards, and a
subject is scored by the one card that has not seen it.

Source: N. Siddiqi, "Credit Risk Scorecards" (Wiley 2006), chapters 6 and 7.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.risk.bins import bin_of, edges_of, evidence
from jiehuan.risk.features import FEATURES, Floats, Raw, columns_of, compute
from jiehuan.risk.folds import FOLDS_MAX, fold_of

E4 = 10_000
LOGIT_E4_MAX = 138_155  # log-odds at which the probability is 999,999 ppm
WEIGHT_E4_MAX = LOGIT_E4_MAX
FEATURES_MAX = 200
PPM = 1_000_000

# Points: 600 at odds of 50 good to 1 bad, 20 more for each doubling of the odds.
POINTS_AT_EVEN_E8 = 600 * 10**8 - 39_120 * 288_539
POINTS_PER_LOGIT_E4 = 288_539  # 20 / ln 2

RIDGE = 1.0  # one row's worth of doubt about each slope; keeps twins from running off
STEPS_MAX = 50
STEP_SMALL = 1e-9

assert (FEATURES_MAX + 1) * WEIGHT_E4_MAX * POINTS_PER_LOGIT_E4 < 2**63


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """What one feature adds to the log-odds.

    Attributes:
        name: The feature.
        edges: Between its ranges, increasing.
        weights_e4: Of bin 0 (not known) and of each range: len(edges) + 2 integers.
        mean_e4: Mean weight of the rows it was trained on; more than that is held against
            a subject.
        rows: Training rows in each bin.
        bads: Of them, defaulted.
    """

    name: str
    edges: tuple[float, ...]
    weights_e4: tuple[int, ...]
    mean_e4: int
    rows: tuple[int, ...]
    bads: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """One sum of scales.

    Attributes:
        intercept_e4: Log-odds before any scale.
        scales: In the order of the scorecard's features.
        rows: Rows it was trained on.
        bads: Of them, defaulted.
    """

    intercept_e4: int
    scales: tuple[Scale, ...]
    rows: int
    bads: int


@dataclasses.dataclass(frozen=True, slots=True)
class Scorecard:
    """A trained model, as its file says it.

    Attributes:
        name: What policies call it.
        target: The column it was trained to foretell.
        features: Names, in order.
        cards: One, or K of which subject ``s`` uses number ``fold_of(s, K)``.
        sha256: Of the file's bytes, in hexadecimal.
    """

    name: str
    target: str
    features: tuple[str, ...]
    cards: tuple[Card, ...]
    sha256: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that it needs."""
        return columns_of(self.features)


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """What a scorecard says of each row.

    Attributes:
        score_ppm: Probability of default in parts per million, 1 .. 999,999, shape (n,).
        points: The same as points, more is better, shape (n,).
        against_e4: Of each feature, in the order of the scorecard, how much more log-odds
            than the mean it adds: k columns of shape (n,).
    """

    score_ppm: Int64s
    points: Int64s
    against_e4: list[Int64s]


def score(card: Scorecard, raw: Raw, subject: Int64s) -> Scores:
    """Score subjects.

    Args:
        card: A scorecard.
        raw: Its raw columns, shape (n,).
        subject: Number of each subject, shape (n,): says which fold it is out of.

    Returns:
        Scores, in the order of the rows; each the same as if scored alone.

    Raises:
        UsageError: A raw column is missing or not what it should be.
    """
    values = compute(card.features, raw)
    fold = fold_of(subject, len(card.cards))
    logit = np.zeros(len(subject), np.int64)
    against = [np.zeros(len(subject), np.int64) for _ in card.features]
    for number, one in enumerate(card.cards):
        rows = np.flatnonzero(fold == number)
        logit[rows] = one.intercept_e4
        for scale, excess in zip(one.scales, against, strict=True):
            unknown = FEATURES[scale.name].unknown
            at = bin_of(values[scale.name][rows], unknown, np.array(scale.edges, np.float64))
            weight = np.array(scale.weights_e4, np.int64)[at]
            logit[rows] += weight
            excess[rows] = weight - scale.mean_e4
    return Scores(ppm_of(logit), points_of(logit), against)


def ppm_of(logit_e4: Int64s) -> Int64s:
    """Turn log-odds in ten-thousandths into a probability in parts per million.

    The exponential is the only step that is not an integer.  Its argument is one of
    276,311 whole numbers, and a test shows that none of them comes out near a half, so
    rounding gives the same integer wherever ``exp`` is right to twelve digits.

    Examples:
        >>> ppm_of(np.array([-400_000, -10_000, 0, 10_000, 400_000]))
        array([     1, 268941, 500000, 731059, 999999])
    """
    exponent = np.clip(logit_e4, -LOGIT_E4_MAX, LOGIT_E4_MAX) / -E4
    return np.rint(PPM / (1.0 + np.exp(exponent))).astype(np.int64)


def points_of(logit_e4: Int64s) -> Int64s:
    """Turn log-odds of default into points: 600 at 50 good to 1 bad, 20 double the odds.

    Examples:
        >>> points_of(np.array([-46_052, -39_120, 0]))
        array([620, 600, 487])
    """
    return (POINTS_AT_EVEN_E8 - logit_e4 * POINTS_PER_LOGIT_E4 + 10**8 // 2) // 10**8


def reasons_against(scores: Scores, features: Sequence[str], most: int) -> list[tuple[str, ...]]:
    """Name the features that speak most against each row, worst first.

    Args:
        scores: Of n rows.
        features: Names, in the order of ``scores.against_e4``.
        most: At most so many.

    Returns:
        For each row the features that add more than the mean, ties in the order given.
    """
    if not features:
        return [()] * len(scores.score_ppm)
    against = np.stack(scores.against_e4)
    order = np.argsort(-against, axis=0, kind="stable")[:most]
    kept = np.take_along_axis(against, order, axis=0) > 0
    # Few combinations occur: name each once.
    coded = np.where(kept, order, -1).T
    kinds, at = np.unique(coded, axis=0, return_inverse=True)
    named = [tuple(features[i] for i in kind if i >= 0) for kind in kinds.tolist()]
    return [named[i] for i in at.ravel().tolist()]


def train(  # the parts of a scorecard, one by one
    name: str,
    target: str,
    features: Sequence[str],
    raw: Raw,
    bad: Flags,
    subject: Int64s,
    folds: int = 1,
) -> Scorecard:
    """Train a scorecard; the same rows in any order give the same bytes.

    Args:
        name: What policies will call it.
        target: Name of the column that ``bad`` came from.
        features: What to look at, at least one.
        raw: Raw columns of the features, shape (n,).
        bad: Whether the row defaulted, shape (n,).
        subject: Number of each subject, shape (n,).
        folds: 1 for a card that has seen every row; K for K cards, each of which has not
            seen the subjects of its fold: their scores are "out of fold".

    Returns:
        The scorecard; ``model_file.dump`` gives its bytes.

    Raises:
        UsageError: Features unknown or twice, columns missing, folds out of range, or a
            card without a bad or a good row.
    """
    if not 1 <= folds <= FOLDS_MAX:
        raise UsageError(f"folds must be 1 .. {FOLDS_MAX}, got {folds}")
    if not 1 <= len(features) <= FEATURES_MAX or len(set(features)) < len(features):
        raise UsageError(f"name 1 .. {FEATURES_MAX} features, each once; got {list(features)}")
    values = compute(features, raw)
    if not len(bad) == len(subject) == len(values[features[0]]):
        raise UsageError(
            f"{len(values[features[0]])} rows of features, {len(bad)} of {target!r} and"
            f" {len(subject)} subjects do not fit together"
        )
    fold = fold_of(subject, folds)
    seen = [fold != k if folds > 1 else fold == k for k in range(folds)]
    cards = tuple(_fit({f: values[f][rows] for f in features}, bad[rows], target) for rows in seen)
    return Scorecard(name, target, tuple(features), cards, "")


def _fit(values: dict[str, Floats], bad: Flags, target: str) -> Card:
    """Fit one card."""
    if not bad.any() or bad.all():
        raise UsageError(
            f"{target!r} must be true of some rows and false of others;"
            f" it is true of {int(bad.sum())} of {len(bad)}"
        )
    edges = [edges_of(value, FEATURES[name].unknown) for name, value in values.items()]
    at = [
        bin_of(value, FEATURES[name].unknown, edge)
        for (name, value), edge in zip(values.items(), edges, strict=True)
    ]
    # Sums of floats depend on their order: let the rows have one, whatever order they came in.
    order = np.lexsort([bad, *at])
    told = [evidence(a, bad, len(e) + 2) for a, e in zip(at, edges, strict=True)]
    columns = [weight[a[order]] for (weight, _, _), a in zip(told, at, strict=True)]
    intercept, slopes = _newton(columns, bad[order])
    scales = []
    for name, edge, slope, (weight, rows, bads) in zip(values, edges, slopes, told, strict=True):
        weights_e4 = np.rint(np.clip(slope * weight * E4, -WEIGHT_E4_MAX, WEIGHT_E4_MAX))
        whole = weights_e4.astype(np.int64)
        mean_e4 = int((whole * rows).sum()) // len(bad)
        scales.append(
            Scale(
                name,
                tuple(edge.tolist()),
                tuple(whole.tolist()),
                mean_e4,
                tuple(rows.tolist()),
                tuple(bads.tolist()),
            )
        )
    start = int(np.rint(np.clip(intercept * E4, -WEIGHT_E4_MAX, WEIGHT_E4_MAX)))
    return Card(start, tuple(scales), len(bad), int(bad.sum()))


def _newton(columns: list[Floats], bad: Flags) -> tuple[float, list[float]]:
    """Fit log-odds = intercept + sum of slope x column by Newton's method.

    Every sum is numpy's pairwise sum over a whole column, never BLAS, whose order depends
    on its threads.
    """
    rate = float(bad.mean())
    columns = [np.ones(len(bad)), *columns]
    slopes = np.zeros(len(columns))
    slopes[0] = np.log(rate / (1.0 - rate))
    doubt = np.full(len(columns), RIDGE)
    doubt[0] = 0.0
    for _ in range(STEPS_MAX):
        logit = np.zeros(len(bad))
        for slope, column in zip(slopes, columns, strict=True):
            logit = logit + slope * column
        chance = 1.0 / (1.0 + np.exp(-logit))
        rest, spread = bad - chance, chance * (1.0 - chance)
        pull = np.array([np.sum(column * rest) for column in columns]) - doubt * slopes
        curve = np.diag(doubt)
        for i, column in enumerate(columns):
            weighted = column * spread
            for j in range(i + 1):
                curve[i, j] += np.sum(weighted * columns[j])
                curve[j, i] = curve[i, j]
        step = np.linalg.solve(curve, pull)
        slopes = slopes + step
        if np.abs(step).max() < STEP_SMALL:
            return float(slopes[0]), [float(slope) for slope in slopes[1:]]
    raise UsageError(
        f"training on {len(bad)} rows did not settle in {STEPS_MAX} steps; give it more rows"
    )
