"""The versions in use, as columns."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jiehuan
from jiehuan.core.errors import UsageError
from jiehuan.core.terms import NOT_OFFERED, Product, TermsTable, parse

TERMS = Path(jiehuan.__file__).with_name("terms.toml").read_bytes()
PAY_LATER, CARD_TW_2005, _ = parse(TERMS)
TABLE = TermsTable((PAY_LATER, CARD_TW_2005))


def test_every_number_of_a_product_is_a_column_of_the_table():
    texts = {
        "name",
        "currency",
        "plans",
        "write_off_on",
        "allocation_way",
        "allocation_current",
        "allocation_written_off",
        # Rules for those who write terms, checked when they are read.
        "late_cap_ppm",
        "yearly_cap_ppm",
    }
    for field in dataclasses.fields(Product):
        if field.name not in texts:
            column = getattr(TABLE, field.name)
            values = [getattr(product, field.name) for product in TABLE.products]
            assert np.array(values).tolist() == column.tolist(), field.name


def test_columns_have_the_types_of_the_tables_they_meet():
    types = {
        "number": np.int16,
        "version": np.int32,
        "from_on": np.int32,
        "cycle_day": np.int16,
        "due_after_days": np.int32,
        "hold_days": np.int32,
        "write_off_days_min": np.int32,
        "late_rate_ppm": np.int64,
        "limit_minor_max": np.int64,
        "provision_ppm": np.int64,
        "over_limit_in_minimum": np.bool_,
        "write_off_on_statement_day": np.bool_,
        "allocation_across": np.bool_,
        "allocation_current": np.int16,
    }

    assert types == {name: getattr(TABLE, name).dtype.type for name in types}
    assert (2, 7) == TABLE.provision_ppm.shape
    assert [False, True] == TABLE.write_off_on_statement_day.tolist()


def test_orders_of_allocation_are_indexes_of_ranks():
    product = dataclasses.replace(
        PAY_LATER,
        allocation_current=("principal", "interest", "fee", "penalty"),
        allocation_way="across",
    )
    table = TermsTable((PAY_LATER, dataclasses.replace(product, version=2, from_on=740_000)))

    assert [[0, 1, 2, 3], [3, 2, 1, 0]] == table.allocation_current.tolist()
    assert [[3, 0, 1, 2]] * 2 == table.allocation_written_off.tolist()
    assert [False, True] == table.allocation_across.tolist()


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-(2**15), 2**15 - 1)), max_size=30))
def test_the_fee_of_a_plan_is_that_of_its_own_terms(rows):
    terms = np.array([row for row, _ in rows], np.int32)
    count = np.array([n for _, n in rows], np.int16)

    expected = [TABLE.products[row].plans.get(n, NOT_OFFERED) for row, n in rows]
    assert expected == TABLE.plan_fee_ppm(terms, count).tolist()


def test_plans_that_are_offered_have_their_fee():
    count = np.array([3, 6, 9, 12, 0, 1, 60, 61, -1])

    fee_ppm = TABLE.plan_fee_ppm(np.zeros(9, np.int32), count)

    assert [25_000, 45_000, 65_000, 88_000, -1, -1, -1, -1, -1] == fee_ppm.tolist()


def test_a_table_may_be_empty():
    table = TermsTable(())

    assert 0 == len(table) == len(table.hold_days) == len(table.provision_ppm)


def test_the_version_in_force_is_the_last_that_has_begun():
    second = dataclasses.replace(
        PAY_LATER, version=2, from_on=dt.date(2026, 1, 1).toordinal(), hold_days=10
    )
    table = TermsTable((PAY_LATER, CARD_TW_2005, second))
    begins = second.from_on

    assert [0, 2, 2] == [table.in_force("pay-later", on) for on in (begins - 1, begins, begins + 1)]
    assert 1 == table.in_force("card-tw-2005", begins)


def test_a_product_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="no product is called 'paylater'; did you mean 'pay-l"):
        TABLE.in_force("paylater", PAY_LATER.from_on)
    with pytest.raises(UsageError, match="'x'; there are card-tw-2005, pay-later"):
        TABLE.in_force("x", PAY_LATER.from_on)
    with pytest.raises(UsageError, match="offered from 2020-01-01, not yet on 2019-12-31"):
        TABLE.in_force("pay-later", PAY_LATER.from_on - 1)
