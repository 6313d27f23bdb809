"""Every feature by hand, and the laws that all of them keep."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.books import book, rows_of
from tests.tables import table

from jiehuan.core.errors import UsageError
from jiehuan.risk.features import (
    APPLICATION,
    BEHAVIOUR,
    FEATURES,
    FORBIDDEN,
    RAW_MAX,
    RAW_MEANING,
    UNKNOWN,
    columns_of,
    compute,
    fingerprint,
    to_markdown,
)

ROOT = Path(__file__).parents[2]

raw_values = st.one_of(
    st.just(UNKNOWN),
    st.integers(-3, 7),
    st.integers(-(10**8), 10**8),
    st.integers(-RAW_MAX, RAW_MAX),
)


def numbers(text: str) -> list[int]:
    return [UNKNOWN if word == "?" else int(word) for word in text.split()]


def reckoned(name: str, values: list[int]) -> float:
    """Reckon one feature of one row, its raw columns in the order of its declaration."""
    raw = {
        column: np.array([value])
        for column, value in zip(FEATURES[name].columns, values, strict=True)
    }
    return float(compute([name], raw)[name][0])


def test_worked_cases():
    """Raw columns in the order that the declaration names them; ``?`` is not known."""
    for case in table("""
        feature             raw                                       value
        limit_asked         5000000                                   5000000
        limit_asked         ?                                         -1
        limit_asked         -5                                        0        # bounds hold
        age                 24                                        24
        age                 ?                                         -1
        education           1                                         1
        education           3                                         3
        education           0                                         4        # "other" is one bin
        education           6                                         4
        education           ?                                         0
        limit               0                                         0
        utilisation         50 200                                    0.25
        utilisation         -50 200                                   -0.25    # overpaid
        utilisation         50 0                                      -2       # no limit, no share
        utilisation         ? 200                                     -2
        utilisation         5000 200                                  5
        utilisation_mean    100 10 20 30 40 50 60                     0.35
        utilisation_mean    100 10 ? ? ? ? 60                         0.35
        utilisation_mean    100 ? ? ? ? ? ?                           -2
        payment_ratio       30 120                                    0.25
        payment_ratio       30 0                                      -1       # nothing was owed
        payment_ratio       30 -10                                    -1
        payment_ratio       0 120                                     0
        payment_ratio       900 120                                   2
        payment_ratio_mean  10 0 0 0 0 20 20 0 0 0                    0.25
        payment_ratio_mean  10 ? 5 0 0 20 20 -3 0 0                   0.5      # known and owed
        payment_ratio_mean  10 10 10 10 10 0 0 0 0 0                  -1
        repaid_last         700                                       700
        repaid_mean         10 20 30 40 50                            30
        repaid_mean         10 ? 30 ? ?                               20
        months_unpaid       0 0 5 0 0 10 10 10 0 -4                   2
        months_unpaid       ? 0 5 0 0 10 ? 10 0 -4                    0
        months_unpaid       ? ? ? ? ? 10 10 10 10 10                  -1
        bucket              0                                         0
        bucket              7                                         6
        bucket              ?                                         -1
        bucket_before       2                                         2
        bucket_max          0 1 3 0 ?                                 3
        bucket_max          ? ? ? ? ?                                 -1
        months_late         0 1 3 0 ?                                 2
        months_late         ? ? ? ? ?                                 -1
        balance_step        200 60 50                                 0.05
        balance_step        200 60 ?                                  -6
        balance_trend       200 60 1 1 1 1 50                         0.05
        balance_trend       200 60 1 1 80 ? ?                         -0.1     # the oldest known
        balance_trend       200 60 ? ? ? ? ?                          0
        balance_trend       200 ? 60 1 1 1 1                          -6
    """):
        value = reckoned(case.feature, numbers(str(case.raw)))

        assert float(case.value) == pytest.approx(value, abs=1e-12), case


@pytest.mark.parametrize("name", FEATURES)
@given(st.data())
def test_a_value_is_within_its_bounds_or_unknown(name, data):
    row = FEATURES[name]
    values = data.draw(st.lists(raw_values, min_size=len(row.columns), max_size=len(row.columns)))
    value = reckoned(name, values)

    assert value == row.unknown or row.low <= value <= row.high


@pytest.mark.parametrize("name", FEATURES)
def test_nothing_known_is_unknown(name):
    row = FEATURES[name]

    assert row.unknown == reckoned(name, [UNKNOWN] * len(row.columns))
    assert row.unknown < row.low


def test_a_row_alone_is_the_row_in_a_batch_bit_for_bit():
    _, raw, _ = book(300)
    whole = compute(FEATURES, raw)
    for at in range(300):
        alone = compute(FEATURES, rows_of(raw, [at]))
        for name, column in alone.items():
            assert whole[name][at].tobytes() == column[0].tobytes(), name


@given(st.permutations(range(40)))
def test_rows_may_stand_in_any_order(order):
    _, raw, _ = book(40)
    whole, mixed = compute(FEATURES, raw), compute(FEATURES, rows_of(raw, order))
    for name, column in whole.items():
        assert column[order].tobytes() == mixed[name].tobytes(), name


@given(st.integers(1, 1_000))
def test_shares_do_not_depend_on_the_unit_of_money(scale):
    shares = [name for name, row in FEATURES.items() if row.unit in {"ratio", "months"}]
    _, raw, _ = book(50)
    larger = {
        name: np.where(column == UNKNOWN, UNKNOWN, column * scale) if "_minor" in name else column
        for name, column in raw.items()
    }
    before, after = compute(shares, raw), compute(shares, larger)
    for name in shares:
        assert before[name] == pytest.approx(after[name], abs=1e-9)


def test_no_rows_are_no_rows():
    raw = {name: np.array([], np.int64) for name in RAW_MEANING}

    assert [0] * len(FEATURES) == [len(column) for column in compute(FEATURES, raw).values()]


def test_who_somebody_is_married_to_or_born_as_is_never_looked_at():
    assert {"sex", "gender", "marriage", "marital_status"} == FORBIDDEN
    assert not FORBIDDEN & {*FEATURES, *RAW_MEANING}


@pytest.mark.parametrize(
    ("names", "change", "message"),
    [
        (["utilization"], {}, "feature 'utilization' is not known; did you mean 'utilisation'"),
        (["sex"], {}, "feature 'sex' is not known"),
        (["age"], {"age_years": None}, "raw column 'age_years' is missing: whole years of age"),
        (["age"], {"age_years": np.array([1.5])}, "'age_years' must hold integers"),
        (["age"], {"age_years": np.array([[1]])}, "'age_years' must hold integers"),
        (["age"], {"age_years": np.array([True])}, "'age_years' must hold integers"),
        (["age"], {"age_years": np.array([RAW_MAX + 1])}, f"{RAW_MAX + 1} in row 0 is beyond"),
        (["age"], {"age_years": np.array([-RAW_MAX - 1])}, "in row 0 is beyond"),
        (["age", "limit"], {"age_years": np.array([1, 2])}, "must be of one length"),
    ],
)
def test_what_is_wrong_is_said(names, change, message):
    raw: dict[str, Any] = {"age_years": np.array([30]), "limit_minor": np.array([5])} | change
    given_raw = {name: column for name, column in raw.items() if column is not None}

    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        compute(names, given_raw)


def test_small_integers_will_do():
    raw: dict[str, Any] = {
        "age_years": np.array([30], np.int16),
        "education_level": np.array([1], np.uint8),
    }

    assert {"age": [30.0], "education": [1.0]} == {
        name: column.tolist() for name, column in compute(["age", "education"], raw).items()
    }


def test_columns_are_named_once_and_sorted():
    wanted = ("balance_minor_1", "balance_minor_2", "limit_minor")

    assert wanted == columns_of(["balance_step", "utilisation"])
    assert set(RAW_MEANING) == set(columns_of(FEATURES))
    assert {*APPLICATION, *BEHAVIOUR} <= set(FEATURES)


def test_a_fingerprint_is_the_feature_and_nothing_else():
    assert len(FEATURES) == len({fingerprint(name) for name in FEATURES})
    assert fingerprint("age") == fingerprint("age")


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "days"},
        {"low": -1.0, "unknown": -2.0},
        {"high": 4.0},
        {"unknown": -3.0},
        {"columns": ("balance_minor_2", "limit_minor")},
        {"function": lambda part, whole: np.where(whole > 0, part / whole * 1.001, np.nan)},
        {"function": lambda part, whole: np.where(part < whole, part * 0, np.nan)},
    ],
    ids=["unit", "low", "high", "unknown", "columns", "factor", "condition"],
)
def test_a_fingerprint_changes_with_what_the_feature_means(change, monkeypatch):
    before = fingerprint("utilisation")
    other = dataclasses.replace(FEATURES["utilisation"], **change)
    monkeypatch.setitem(FEATURES, "utilisation", other)
    with np.errstate(all="ignore"):
        assert before != fingerprint("utilisation")


def test_the_page_of_features_is_what_the_table_says():
    """If it is not: write ``jiehuan.risk.features.to_markdown()`` to docs/features.md."""
    assert to_markdown() == (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
