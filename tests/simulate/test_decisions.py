"""Decisions on clients: what is known on the day, and scorecards that have not seen them."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from tests.simulate.lives import people
from tests.simulate.test_plan import some

from jiehuan.core.commands import Kind
from jiehuan.core.errors import InvariantBroken
from jiehuan.risk.decision import Decision, replay
from jiehuan.risk.features import UNKNOWN
from jiehuan.simulate.decisions import (
    APPLICATION,
    REVIEW,
    decide_on,
    learn,
    raw_of,
    told_by_data,
)
from jiehuan.simulate.people import read, shipped
from jiehuan.simulate.plan import FIRST_ON
from jiehuan.store import registry
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session


@pytest.fixture
def conn(database):
    with connect(database, Session.DAY) as connection:
        yield connection


def test_at_application_only_what_was_asked_and_who_asks_is_known():
    raw = raw_of(people(3), None)

    assert {"limit_asked_minor", "limit_minor", "age_years", "education_level"} == set(raw)


def test_months_that_a_book_has_not_seen_are_unknown():
    conduct = told_by_data(people(3))
    two = dataclasses.replace(
        conduct,
        balances_minor=conduct.balances_minor[:2],
        repaid_minor=conduct.repaid_minor[:1],
        buckets=conduct.buckets[:2],
    )

    raw = raw_of(people(3), two)

    assert people(3).bills_minor[5].tolist() == raw["balance_minor_1"].tolist()
    assert people(3).bills_minor[4].tolist() == raw["balance_minor_2"].tolist()
    assert people(3).paid_minor[5].tolist() == raw["repaid_minor_1"].tolist()
    for name in ("balance_minor_3", "repaid_minor_2", "bucket_3"):
        assert {UNKNOWN} == set(raw[name].tolist())


def test_the_data_tell_a_bill_its_payment_and_its_code_together():
    """The code of August's bill and September's payment stand beside September's bill."""
    conduct = told_by_data(people(40))

    assert 6 == len(conduct.balances_minor)
    assert 5 == len(conduct.repaid_minor) == len(conduct.buckets)
    assert people(40).paid_minor[5].tolist() == conduct.repaid_minor[0].tolist()
    assert people(40).codes[4].clip(0, 6).tolist() == conduct.buckets[0].tolist()
    assert people(40).codes[0].clip(0, 6).tolist() == conduct.buckets[4].tolist()


def test_behaviour_tells_more_than_an_application(conn):
    """On all people, with the bank's codes for buckets; September's is not known yet."""
    every = read(shipped())

    applied = decide_on(conn, APPLICATION, every, None, FIRST_ON)
    reviewed = decide_on(conn, REVIEW, every, told_by_data(every), FIRST_ON)

    assert pytest.approx(0.615, abs=0.02) == applied.auc
    assert pytest.approx(0.746, abs=0.02) == reviewed.auc


def test_people_too_few_to_learn_from_are_scored_by_what_the_shipped_ones_teach():
    whole = read(shipped())

    assert learn(APPLICATION, whole)[1] == learn(APPLICATION, people(2))[1]
    taught = learn(REVIEW, whole, told_by_data(whole))[1]
    assert taught == learn(REVIEW, people(2), told_by_data(people(2)))[1]
    alike = some(people(), ~people().defaulted)
    assert learn(APPLICATION, whole)[1] == learn(APPLICATION, alike)[1]


def test_nobody_or_everybody_defaulting_has_no_auc(conn):
    good = some(people(), ~people().defaulted)

    assert decide_on(conn, APPLICATION, good, None, FIRST_ON).auc is None


def test_a_decision_is_stored_with_all_that_it_takes_to_make_it_again(conn):
    made = decide_on(conn, APPLICATION, people(), None, FIRST_ON)
    (policy,) = registry.policies(conn)
    (model,) = registry.models(conn)
    row = made.rows[7]
    fields = {
        field.name: getattr(row, field.name)
        for field in dataclasses.fields(Decision)
        if field.name != "decided_on"
    }
    stored = Decision(**fields, decided_on=FIRST_ON)

    assert dt.date.fromordinal(FIRST_ON) == row.decided_on
    assert int(Kind.OPEN) == row.kind
    assert stored == replay(stored, model.data, policy.text)
    with pytest.raises(InvariantBroken):
        replay(dataclasses.replace(stored, score_ppm=1), model.data, policy.text)


def test_deciding_twice_stores_policy_and_scorecard_once(conn):
    for _ in range(2):
        decide_on(conn, APPLICATION, people(), None, FIRST_ON)

    assert [("application", 1)] == [(row.name, row.version) for row in registry.policies(conn)]
    assert [("application", 1)] == [(row.name, row.version) for row in registry.models(conn)]


def test_nobody_can_be_decided_on_and_the_scorecard_is_kept_all_the_same(conn):
    none = some(people(), np.zeros(len(people()), np.bool_))

    made = decide_on(conn, APPLICATION, none, None, FIRST_ON)

    assert ([], None) == (made.rows, made.auc)
    assert 1 == len(registry.models(conn))
