"""Two tables that should be the same, and where they differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.columns import NEVER
from jiehuan.reports.breach import LISTED_MAX, Breach, Findings, compare, shown

DTYPE = np.dtype([("line", "i8"), ("no", "i8"), ("amount_minor", "i8"), ("due_on", "i4")])
KEY = ("line", "no")


def rows(*values):
    return np.array(list(values), DTYPE)


def breaches(expected, found):
    findings = Findings()
    compare(findings, "refold", "loan", KEY, expected, found)
    return findings.breaches()


ONE, TWO, TWIN = (1, 1, 5, 0), (2, 1, 6, NEVER), (2, 1, 9, NEVER)


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ([], [], []),
        ([ONE, TWO], [TWO, ONE], []),  # in any order
        ([ONE], [ONE, TWO], ["line 2, no 1: should be no row, is there"]),
        ([ONE, TWO], [TWO], ["line 1, no 1: should be a row, is missing"]),
        ([TWO], [TWIN], ["line 2, no 1: amount_minor should be 6, is 9"]),
        ([ONE], [(1, 1, 5, 738_000)], ["line 1, no 1: due_on should be no day, is 2021-07-29"]),
        ([TWO], [TWO, TWIN], ["line 2, no 1: should be no row, is there"]),  # the key twice
        ([(3, 1, 0, 0)], [(3, 2, 0, 0)], ["line 3, no 1: should be a row, is missing",
                                          "line 3, no 2: should be no row, is there"]),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_key_and_column(expected, found, said):
    told = [
        str(one).removeprefix("refold: loan ") for one in breaches(rows(*expected), rows(*found))
    ]

    assert said == told


CELLS = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9), st.integers(0, 2))
TABLES = st.lists(CELLS, max_size=12, unique_by=lambda row: row[:2])


@given(TABLES, st.randoms(use_true_random=False))
def test_the_same_rows_in_any_order_are_the_same(values, chance):
    shuffled = list(values)
    chance.shuffle(shuffled)

    assert [] == breaches(rows(*values), rows(*shuffled))


@given(TABLES, TABLES)
def test_tables_differ_exactly_if_a_breach_is_found(one, two):
    assert (sorted(one) != sorted(two)) == bool(breaches(rows(*one), rows(*two)))


@given(TABLES.filter(bool), st.data())
def test_any_change_of_one_value_is_found(values, data):
    found = rows(*values)
    at = data.draw(st.integers(0, len(found) - 1))
    name = data.draw(st.sampled_from(DTYPE.names or ()))
    found[name][at] += data.draw(st.integers(1, 5))

    assert [] != breaches(rows(*values), found)


def test_a_long_list_is_cut_and_the_rest_counted():
    expected = rows(*((line, 1, 0, 0) for line in range(LISTED_MAX + 7)))
    found = expected.copy()
    found["amount_minor"] = 1

    told = breaches(expected, found)

    assert LISTED_MAX + 1 == len(told)
    assert Breach("refold", "loan", "", "", "no breach", "broken in 7 more places") == told[-1]


def test_each_check_and_table_has_a_list_of_its_own():
    findings = Findings()
    for place in range(2 * LISTED_MAX):
        findings.add(Breach("refold", "loan", f"no {place}", "", "", ""))
    findings.add(Breach("signs", "loan", "", "", "", ""))
    findings.add(Breach("refold", "line", "", "", "", ""))

    assert LISTED_MAX + 2 + 1 == len(findings.breaches())


def test_values_are_written_for_people():
    for case in table("""
        name          value          said
        amount_minor  5              5
        due_on        0              no day
        due_on        2_147_483_647  never
        due_on        738_000        2021-07-29
    """):
        assert str(case.said) == shown(case.name, case.value)
    assert "0aff" == shown("hash", b"\x0a\xff")
    assert "0aff" == shown("hash", np.void(b"\x0a\xff"))
