"""Files of people: what is read, and what is refused in which words."""

import polars as pl
import pytest

from jiehuan.core.errors import UsageError
from jiehuan.simulate.people import BILLS, CODES, PAYMENTS, RANGES, read, shipped

ALL = 20_841


def frame(**changes) -> pl.DataFrame:
    """Three clients, with some columns changed."""
    columns = {name: [0, 0, 0] for name in RANGES} | {"ID": [7, 3, 5], "LIMIT_BAL": [10, 20, 30]}
    return pl.DataFrame(columns | changes)


def written(tmp_path, made: pl.DataFrame):
    path = tmp_path / "people.parquet"
    made.write_parquet(path)
    return path


def test_the_shipped_book_has_all_its_clients_in_order():
    people = read(shipped())

    assert ALL == len(people)
    assert sorted(people.id.tolist()) == people.id.tolist()


def test_months_run_forward_and_money_is_in_minor_units(tmp_path):
    months = {name: [k, 0, 0] for k, name in enumerate((*BILLS, *PAYMENTS), start=1)}
    codes = {name: [0, k, 0] for k, name in enumerate(CODES, start=1)}

    people = read(written(tmp_path, frame(**months, **codes)))

    assert [3, 5, 7] == people.id.tolist()
    assert [2_000, 3_000, 1_000] == people.limit_minor.tolist()
    assert [100, 200, 300, 400, 500, 600] == [bill[2] for bill in people.bills_minor]
    assert [700, 800, 900, 1_000, 1_100, 1_200] == [paid[2] for paid in people.paid_minor]
    assert [1, 2, 3, 4, 5, 6] == [code[0] for code in people.codes]
    assert ("BILL_AMT6", "PAY_AMT1", "PAY_0") == (BILLS[0], PAYMENTS[-1], CODES[-1])


def test_only_the_first_people_are_taken_by_number(tmp_path):
    path = written(tmp_path, frame())

    assert [3, 5] == read(path, 2).id.tolist()
    assert [] == read(path, 0).id.tolist()
    assert [3, 5, 7] == read(path, 100).id.tolist()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"AGE": ["a", "b", "c"]}, "column AGE is String; it must hold whole numbers"),
        ({"AGE": [1, None, 3]}, "column AGE has 1 empty values"),
        ({"BILL_AMT3": [1.0, 2.5, 3.0]}, "column BILL_AMT3, row 2: 2.5 is no whole number"),
        ({"PAY_AMT2": [0, 0, -1]}, "column PAY_AMT2, row 3: -1 is no whole number 0 .. "),
        ({"PAY_AMT2": [0.0, float("nan"), 0.0]}, "column PAY_AMT2, row 2: nan is no whole number"),
        ({"LIMIT_BAL": [0, 1, 1]}, "column LIMIT_BAL, row 1: 0 is no whole number 1 .. "),
        ({"BILL_AMT1": [2e9, 0.0, 0.0]}, "column BILL_AMT1, row 1: 2000000000.0 is no whole"),
        ({"default_next_month": [0, 1, 2]}, "column default_next_month, row 3: 2 is no whole"),
        ({"ID": [7, 3, 7]}, "ID 7 stands in more than one row"),
    ],
)
def test_a_wrong_column_is_named_with_its_value(tmp_path, changes, said):
    path = written(tmp_path, frame(**changes))

    with pytest.raises(UsageError) as refused:
        read(path)

    assert str(refused.value).startswith(f"{path}: {said}")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    path = written(tmp_path, frame(AGE=[-1, 0, 0], PAY_0=[99, 0, 0]))

    with pytest.raises(UsageError) as refused:
        read(path)

    assert 2 == len(str(refused.value).splitlines())


def test_missing_columns_are_named(tmp_path):
    path = written(tmp_path, frame().drop("AGE", "PAY_0"))

    with pytest.raises(UsageError, match="no column AGE, PAY_0"):
        read(path)


def test_a_file_that_is_none_is_refused(tmp_path):
    text = tmp_path / "people.csv"
    text.write_text("ID,LIMIT_BAL\n")

    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "nothing")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read(text)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


def test_fewer_than_no_people_are_refused():
    with pytest.raises(UsageError, match="--people -1 is out of range"):
        read(shipped(), -1)
