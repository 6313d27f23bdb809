"""What may a score or a policy know about a subject, and how is it reckoned?

A feature is a value in ``FEATURES``: its unit, the raw columns it needs, its bounds, the
value that stands for "not known", and a function over columns.  Raw columns hold integers
(money in minor units, counts, codes), ``UNKNOWN`` where the book holds nothing; they are
what a decision stores, so that it can be replayed.  Features are floats: risk is estimated,
money is not.

Months count back: ``_1`` is the newest.  ``balance_minor_k`` is the k-th newest statement;
``repaid_minor_k`` is what was repaid in the month that ended with its cut, so it pays
``balance_minor_(k+1)``; ``bucket_k`` is the delinquency bucket at the close of that month.

Sex and marriage are no features and never will be: ``FORBIDDEN`` refuses them by name.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import Int64s
from jiehuan.core.errors import UsageError
from jiehuan.risk.folds import mix
from jiehuan.risk.words import did_you_mean

Floats: TypeAlias = NDArray[np.float64]
Raw: TypeAlias = Mapping[str, NDArray[np.integer]]
Function: TypeAlias = Callable[..., Floats]

UNKNOWN = -(2**63)
RAW_MAX = 2**53  # larger integers are not exact as floats

FORBIDDEN = frozenset({"sex", "gender", "marriage", "marital_status"})

OTHER_EDUCATION = 4.0

MONTHS = 6
PAID_MONTHS = MONTHS - 1  # the oldest statement is not paid by a month that is shown

RAW_MEANING: dict[str, str] = {
    "limit_asked_minor": "the limit that the application asks for",
    "age_years": "whole years of age on the day of the decision",
    "education_level": "1 graduate school, 2 university, 3 high school, any other code: other",
    "limit_minor": "the limit of the line when the decision is made",
    **{
        f"balance_minor_{k}": f"balance of statement {k}, the newest being 1; negative: overpaid"
        for k in range(1, MONTHS + 1)
    },
    **{
        f"repaid_minor_{k}": f"repaid from the cut of statement {k + 1} to the cut of statement {k}"
        for k in range(1, PAID_MONTHS + 1)
    },
    **{
        f"bucket_{k}": f"bucket, 0 (M0) to 6 (M6), at the close of the day before statement {k}"
        for k in range(1, PAID_MONTHS + 1)
    },
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing a score or a policy may look at.

    Attributes:
        unit: What one is: ``ratio``, ``minor``, ``years``, ``months``, ``code``.
        columns: Raw columns, in the order in which the function takes them.
        low: Smallest value; what is less is set to it.
        high: Largest value; what is more is set to it.
        unknown: Stands for "not known"; below ``low``, so never mistaken for a value.
        zh: What it means, in Chinese; also the words of the reason named after it.
        en: The same in English.
        function: Float columns (NaN: not known) to one float column (NaN: not known).
    """

    unit: str
    columns: tuple[str, ...]
    low: float
    high: float
    unknown: float
    zh: str
    en: str
    function: Function


def _same(value: Floats) -> Floats:
    """Take the raw column as it is."""
    return value


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; not known where the whole is not positive or either is not known."""
    share: Floats = np.full(part.shape, np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _total(columns: Iterable[Floats]) -> tuple[Floats, Floats]:
    """Add the known values of each row, column by column, and count them.

    Columns are added in their order, so a row comes out the same alone and in a batch.
    """
    parts = list(columns)
    total, count = np.zeros(parts[0].shape), np.zeros(parts[0].shape)
    for part in parts:
        known = ~np.isnan(part)
        total = total + np.where(known, part, 0.0)
        count = count + known
    return total, count


def _mean(*columns: Floats) -> Floats:
    """Return the mean of what is known."""
    return _ratio(*_total(columns))


def _education(level: Floats) -> Floats:
    """Fold every code that names no school into 4, "other"."""
    school = (level >= 1) & (level < OTHER_EDUCATION)
    return np.where(np.isnan(level) | school, level, OTHER_EDUCATION)


def _utilisation_mean(limit: Floats, *balances: Floats) -> Floats:
    """Return the mean balance as a share of the limit."""
    return _ratio(_mean(*balances), limit)


def _payment_ratio_mean(*columns: Floats) -> Floats:
    """Return all that was repaid as a share of all that was asked for, month by month."""
    repaid, balances = columns[:PAID_MONTHS], columns[PAID_MONTHS:]
    counted = [~np.isnan(r) & (b > 0) for r, b in zip(repaid, balances, strict=True)]
    paid, _ = _total(np.where(c, r, np.nan) for c, r in zip(counted, repaid, strict=True))
    asked, _ = _total(np.where(c, b, np.nan) for c, b in zip(counted, balances, strict=True))
    return _ratio(paid, asked)


def _months_unpaid(*columns: Floats) -> Floats:
    """Count the months in which something was owed and nothing came."""
    repaid, balances = columns[:PAID_MONTHS], columns[PAID_MONTHS:]
    months = [
        np.where(np.isnan(r) | np.isnan(b), np.nan, (b > 0) & (r <= 0))
        for r, b in zip(repaid, balances, strict=True)
    ]
    total, count = _total(months)
    return np.where(count > 0, total, np.nan)


def _bucket_max(*buckets: Floats) -> Floats:
    """Return the worst known bucket."""
    worst = buckets[0]
    for bucket in buckets[1:]:
        worst = np.fmax(worst, bucket)
    return worst


def _months_late(*buckets: Floats) -> Floats:
    """Count the month ends in a bucket later than M0."""
    total, count = _total(np.where(np.isnan(b), np.nan, b > 0) for b in buckets)
    return np.where(count > 0, total, np.nan)


def _balance_trend(limit: Floats, *balances: Floats) -> Floats:
    """Return by how much of the limit the balance has grown since the oldest statement."""
    oldest = balances[0]
    for balance in balances[1:]:
        oldest = np.where(np.isnan(balance), oldest, balance)
    return _ratio(balances[0] - oldest, limit)


def _balance_step(limit: Floats, newest: Floats, before: Floats) -> Floats:
    """Return by how much of the limit the balance has grown in a month."""
    return _ratio(newest - before, limit)


def _series(name: str, first: int, last: int) -> tuple[str, ...]:
    """Name the months of a raw column, newest first."""
    return tuple(f"{name}_{k}" for k in range(first, last + 1))


_BALANCES = _series("balance_minor", 1, MONTHS)
_REPAID = _series("repaid_minor", 1, PAID_MONTHS)
_BUCKETS = _series("bucket", 1, PAID_MONTHS)
_ASKED = _series("balance_minor", 2, MONTHS)


def _feature(
    unit: str, columns: tuple[str, ...], bounds: tuple[float, float], function: Function, words: str
) -> Feature:
    """Build a row of ``FEATURES``: unknown is one below the bounds, words are ``zh / en``."""
    low, high = bounds
    zh, en = words.split(" / ")
    return Feature(
        unit=unit,
        columns=columns,
        low=low,
        high=high,
        unknown=low - 1.0,
        zh=zh,
        en=en,
        function=function,
    )


FEATURES: Mapping[str, Feature] = {
    "limit_asked": _feature(
        "minor", ("limit_asked_minor",), (0, 1e11), _same, "申请额度 / limit asked for"
    ),
    "age": _feature("years", ("age_years",), (0, 120), _same, "年龄 / age"),
    "education": _feature(
        "code", ("education_level",), (1, 4), _education, "教育程度 / level of education"
    ),
    "limit": _feature("minor", ("limit_minor",), (0, 1e11), _same, "现有额度 / limit of the line"),
    "utilisation": _feature(
        "ratio",
        ("balance_minor_1", "limit_minor"),
        (-1, 5),
        _ratio,
        "额度使用率 / share of the limit in use",
    ),
    "utilisation_mean": _feature(
        "ratio",
        ("limit_minor", *_BALANCES),
        (-1, 5),
        _utilisation_mean,
        "六个月平均额度使用率 / mean share of the limit in use over six statements",
    ),
    "payment_ratio": _feature(
        "ratio",
        ("repaid_minor_1", "balance_minor_2"),
        (0, 2),
        _ratio,
        "上期账单还款比例 / share of the last statement repaid",
    ),
    "payment_ratio_mean": _feature(
        "ratio",
        (*_REPAID, *_ASKED),
        (0, 2),
        _payment_ratio_mean,
        "五个月还款比例 / share of five statements repaid",
    ),
    "repaid_last": _feature(
        "minor", ("repaid_minor_1",), (0, 1e11), _same, "上月还款金额 / repaid in the last month"
    ),
    "repaid_mean": _feature(
        "minor", _REPAID, (0, 1e11), _mean, "月均还款金额 / mean repayment of five months"
    ),
    "months_unpaid": _feature(
        "months",
        (*_REPAID, *_ASKED),
        (0, PAID_MONTHS),
        _months_unpaid,
        "有欠款而未还款的月数 / months in which nothing was repaid",
    ),
    "bucket": _feature(
        "months", ("bucket_1",), (0, 6), _same, "当前逾期期数 / months past due now"
    ),
    "bucket_before": _feature(
        "months", ("bucket_2",), (0, 6), _same, "上月逾期期数 / months past due a month ago"
    ),
    "bucket_max": _feature(
        "months", _BUCKETS, (0, 6), _bucket_max, "五个月最高逾期期数 / most months past due of late"
    ),
    "months_late": _feature(
        "months",
        _BUCKETS,
        (0, PAID_MONTHS),
        _months_late,
        "五个月中逾期的月数 / months past due out of five",
    ),
    "balance_step": _feature(
        "ratio",
        ("limit_minor", "balance_minor_1", "balance_minor_2"),
        (-5, 5),
        _balance_step,
        "余额月变化占额度比例 / growth of the balance in a month",
    ),
    "balance_trend": _feature(
        "ratio",
        ("limit_minor", *_BALANCES),
        (-5, 5),
        _balance_trend,
        "余额半年变化占额度比例 / growth of the balance in half a year",
    ),
}

# What `train` looks at when nothing else is asked for.
APPLICATION = ("limit_asked", "age", "education")
BEHAVIOUR = (
    "limit",
    "education",
    "utilisation_mean",
    "payment_ratio",
    "repaid_mean",
    "months_unpaid",
    "bucket",
    "months_late",
    "balance_trend",
)

for _name, _row in FEATURES.items():
    assert _row.unknown < _row.low < _row.high
    assert not FORBIDDEN & {_name, *_row.columns}
    assert not _name.endswith("_minor")  # a feature is a float, and money never is
    assert set(_row.columns) <= set(RAW_MEANING)


def columns_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the raw columns that the named features need, sorted, each once.

    Raises:
        UsageError: A name is not in ``FEATURES``; the message proposes one that is.
    """
    return tuple(sorted({column for name in names for column in feature(name).columns}))


def feature(name: str) -> Feature:
    """Look a feature up.

    Raises:
        UsageError: It is not in ``FEATURES``; the message proposes one that is.
    """
    if name not in FEATURES:
        raise UsageError(f"feature {name!r} is not known{did_you_mean(name, FEATURES)}")
    return FEATURES[name]


def compute(names: Iterable[str], raw: Raw) -> dict[str, Floats]:
    """Reckon features from raw columns.

    Args:
        names: Features wanted.
        raw: Integer columns of shape (n,), ``UNKNOWN`` where nothing is known.

    Returns:
        A float column of shape (n,) for each name: between ``low`` and ``high`` of the
        feature, or its ``unknown``.  A row's values do not depend on its neighbours.

    Raises:
        UsageError: A name is not known, or a raw column is missing, no integers, of another
            length or beyond ``RAW_MAX``.

    Examples:
        >>> raw = {"balance_minor_1": np.array([50_00, 10_00]),
        ...        "limit_minor": np.array([200_00, UNKNOWN])}
        >>> compute(["utilisation"], raw)
        {'utilisation': array([ 0.25, -2.  ])}
    """
    wanted = {name: feature(name) for name in names}
    known = {column: _as_floats(column, raw) for column in columns_of(wanted)}
    if len({len(column) for column in known.values()}) > 1:
        lengths = {name: len(column) for name, column in known.items()}
        raise UsageError(f"raw columns must be of one length; got {lengths}")
    out = {}
    for name, row in wanted.items():
        value = row.function(*(known[column] for column in row.columns))
        out[name] = np.where(np.isnan(value), row.unknown, np.clip(value, row.low, row.high))
    return out


def _as_floats(name: str, raw: Raw) -> Floats:
    """Turn a raw column into floats, NaN where it is not known."""
    if name not in raw:
        raise UsageError(f"raw column {name!r} is missing: {RAW_MEANING[name]}")
    column = np.asarray(raw[name])
    if column.ndim != 1 or column.dtype.kind not in "iu":
        raise UsageError(
            f"raw column {name!r} must hold integers, one a row; got {column.dtype} {column.shape}"
        )
    known = column.astype(np.int64) != UNKNOWN
    wrong = known & ((column > RAW_MAX) | (column < -RAW_MAX))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise UsageError(f"raw column {name!r}: {column[at]} in row {at} is beyond +-{RAW_MAX}")
    return np.where(known, column.astype(np.float64), np.nan)


def fingerprint(name: str) -> str:
    """Return a hash of what a feature means: declaration and behaviour.

    The function is run on fixed rows, so a changed formula changes the hash even if the
    name stays.  Models store it and refuse to load when it differs.
    """
    row = feature(name)
    values = compute([name], {column: _probe(column) for column in row.columns})[name]
    said = [name, row.unit, row.columns, row.low, row.high, row.unknown, values.tolist()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _probe(column: str) -> Int64s:
    """Return 96 fixed values for a raw column: small, zero, negative, large, not known."""
    seed = int.from_bytes(hashlib.sha256(column.encode()).digest()[:6], "big")
    bits = mix(np.arange(96, dtype=np.int64) + seed)
    size = np.array([3, 8, 50, 5_000, 300_000, 20_000_000], np.uint64)[np.arange(96) % 6]
    value = (bits % size).astype(np.int64) - (size // np.uint64(8)).astype(np.int64)
    return np.where(bits >> np.uint64(60) == 0, UNKNOWN, value)


def to_markdown() -> str:
    """Return docs/features.md: the tables above, for people."""
    lines = [
        "# Features 特征",
        "",
        "What a score or a policy may know. Drawn from `jiehuan.risk.features`; a test keeps it",
        "true. Sex and marriage are no features and are refused by name.",
        "",
        "| feature | unit | values | unknown | 含义 | meaning | raw columns |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in FEATURES.items():
        raw = " ".join(f"`{column}`" for column in row.columns)
        lines.append(
            f"| `{name}` | {row.unit} | {row.low:g} .. {row.high:g} | {row.unknown:g} "
            f"| {row.zh} | {row.en} | {raw} |"
        )
    lines += [
        "",
        "## Raw columns",
        "",
        "Integers; money in minor units. A decision stores those it used, `null` where nothing",
        "was known.",
        "",
        "| column | meaning |",
        "| --- | --- |",
        *(f"| `{name}` | {meaning} |" for name, meaning in RAW_MEANING.items()),
    ]
    return "\n".join(lines) + "\n"
