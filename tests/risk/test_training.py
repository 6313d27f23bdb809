"""From a table of history to the file of a scorecard, and what it is worth."""

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.risk.books import book

import jiehuan
from jiehuan.core.errors import UsageError
from jiehuan.risk.features import APPLICATION, BEHAVIOUR, UNKNOWN
from jiehuan.risk.model_file import load
from jiehuan.risk.training import LAYOUTS, SETS, raw_of, train_bytes, train_file

SUBJECT, RAW, BAD = book(900)
FRAME = pl.DataFrame({"ID": SUBJECT, **RAW, "bad": BAD.astype(np.int64)}).with_columns(
    pl.col(name).replace(UNKNOWN, None) for name in RAW
)


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def taiwan_file() -> Path:
    [path] = Path(jiehuan.__file__).parent.rglob("taiwan_credit_card.parquet")
    return path


def test_a_table_of_raw_columns_is_learnt():
    made = train_bytes(parquet(FRAME), "bad")
    card = load(made.model)

    assert (made.sha256, "behaviour", "bad", BEHAVIOUR) == (
        card.sha256,
        card.name,
        card.target,
        card.features,
    )
    assert (900, int(BAD.sum())) == (made.rows, made.bads)
    assert 1 == len(card.cards)
    assert 0.7 < made.auc < made.auc_seen
    assert 0 < made.ks < 1


def test_training_on_a_file_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "book.parquet"
    path.write_bytes(parquet(FRAME))

    assert train_file(path, "bad") == train_file(path, "bad")
    assert train_file(path, "bad") == train_bytes(parquet(FRAME), "bad")


def test_rows_may_stand_in_any_order_if_subjects_have_numbers():
    turned = train_bytes(parquet(FRAME.reverse()), "bad", "application")

    assert train_bytes(parquet(FRAME), "bad", "application") == turned


def test_the_subject_may_have_another_name():
    renamed = FRAME.rename({"ID": "who"})

    assert train_bytes(parquet(FRAME), "bad") == train_bytes(parquet(renamed), "bad", subject="who")
    assert 900 == train_bytes(parquet(renamed), "bad").rows  # numbered by the row


def test_a_target_of_true_and_false_will_do():
    told = FRAME.with_columns(pl.col("bad") == 1)

    assert train_bytes(parquet(FRAME), "bad") == train_bytes(parquet(told), "bad")


def test_features_may_be_chosen():
    made = train_bytes(parquet(FRAME), "bad", "mine", ["bucket", "age"])

    assert ("bucket", "age") == made.features
    assert "mine" == load(made.model).name


def test_null_is_not_known():
    raw = raw_of(pl.DataFrame({"age_years": [None, 30]}), ["age_years"])

    assert [UNKNOWN, 30] == raw["age_years"].tolist()


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"target": "baad"}, "no column 'baad'; did you mean 'bad'"),
        ({"bad": 2}, {}, "target 'bad' must be 0 or 1 in every row"),
        ({"bad": None}, {}, "column 'bad' must hold whole numbers, got"),
        ({"bad": 0}, {}, "'bad' must be true of some rows"),
        ({"age_years": 1.5}, {"name": "application"}, "'age_years' must hold whole numbers; some"),
        ({"age_years": "x"}, {"name": "application"}, "'age_years' must hold whole numbers, got"),
        ({"age_years": float("nan")}, {"name": "application"}, "must hold whole numbers; some"),
        ({"ID": 0.5}, {}, "column 'ID' must hold whole numbers; some"),
        ({}, {"name": "behavior"}, "name the features of 'behavior'; did you mean 'behaviour'"),
        ({}, {"features": ["sex"]}, "feature 'sex' is not known"),
        ({}, {"subject": "who"}, "no column 'who'"),
    ],
    ids=range(11),
)
def test_what_cannot_be_learnt_is_said(change, arguments, message):
    frame = FRAME.with_columns(**{name: pl.lit(value) for name, value in change.items()})

    with pytest.raises(UsageError, match=message):
        train_bytes(**({"table": parquet(frame), "target": "bad"} | arguments))


def test_a_missing_column_is_said_with_what_it_means():
    with pytest.raises(UsageError, match=r"no column 'bucket_1' \(bucket, 0 \(M0\) to 6"):
        train_bytes(parquet(FRAME.drop("bucket_1")), "bad")


@pytest.mark.parametrize("name", ["SEX", "Marriage", "gender", "marital_status"])
def test_who_somebody_is_is_not_looked_at(name):
    with pytest.raises(UsageError, match="may not be looked at"):
        raw_of(pl.DataFrame({name: [1]}), [name])


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(UsageError, match="the table is no Parquet"):
        train_bytes(b"once upon a time", "bad")
    with pytest.raises(UsageError, match="the table has no rows"):
        train_bytes(parquet(FRAME.clear()), "bad")
    with pytest.raises(UsageError, match=r"no\.parquet cannot be read: No such file"):
        train_file(tmp_path / "no.parquet", "bad")


def test_the_taiwanese_book_is_laid_out_as_the_demo_replays_it():
    """The newest bill is the newest statement; PAY_AMT1 pays BILL_AMT2; PAY_0 is not known."""
    layout = LAYOUTS["taiwan-credit-card"]
    row = {name: [at] for at, name in enumerate(layout.columns, start=1)} | {"PAY_2": [-2]}
    raw = raw_of(pl.DataFrame(row), ["balance_minor_1", "repaid_minor_1", "bucket_1", "bucket_2"])

    assert [row["BILL_AMT1"][0] * 100] == raw["balance_minor_1"].tolist()
    assert [row["PAY_AMT1"][0] * 100] == raw["repaid_minor_1"].tolist()
    assert ([0], [6]) == (raw["bucket_1"].tolist(), raw["bucket_2"].tolist())
    assert not {"PAY_0", "PAY_AMT6", "SEX", "MARRIAGE"} & set(layout.columns)


def test_real_people_are_told_apart_as_well_as_expected():
    """Out of fold, on 20,841 clients of 2005: from the application alone, and with conduct."""
    made = {name: train_file(taiwan_file(), "default_next_month", name) for name in SETS}

    assert {"application": APPLICATION, "behaviour": BEHAVIOUR} == SETS
    assert (20_841, 4_616) == (made["behaviour"].rows, made["behaviour"].bads)
    assert made["application"].auc == pytest.approx(0.615, abs=0.005)
    assert made["behaviour"].auc == pytest.approx(0.746, abs=0.005)
    assert made["behaviour"].auc_seen - made["behaviour"].auc < 0.01  # it learnt, not memorised
