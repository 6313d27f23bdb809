"""A decision stores what it was made from, and is made the same again from it."""

import dataclasses
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.books import book, rows_of

import jiehuan
from jiehuan.core.errors import InvariantBroken, UsageError
from jiehuan.risk.decision import (
    FIELDS,
    Decision,
    canonical,
    columns_needed,
    decide,
    differences,
    replay,
)
from jiehuan.risk.features import APPLICATION, BEHAVIOUR, UNKNOWN
from jiehuan.risk.model_file import hash_of, load, seal
from jiehuan.risk.policy import NO_SCORE, Verdict
from jiehuan.risk.policy_file import parse
from jiehuan.risk.scorecard import train

POLICIES = Path(jiehuan.__file__).with_name("policy.toml").read_text(encoding="utf-8")
APPLY, REVIEW = parse(POLICIES)
ON = dt.date(2005, 4, 1).toordinal()

SUBJECT, RAW, BAD = book(600)
CARD, MODEL = seal(train("application", "bad", APPLICATION, RAW, BAD, SUBJECT, 5))
SEEN, SEEN_MODEL = seal(train("behaviour", "bad", BEHAVIOUR, RAW, BAD, SUBJECT))
MADE = decide(SUBJECT, RAW, CARD, APPLY, ON)
REVIEWED = decide(SUBJECT, RAW, SEEN, REVIEW, ON + 183)
ROWS = [*MADE.rows(), *REVIEWED.rows()]
MODELS = {bytes.fromhex(hash_of(model)): model for model in (MODEL, SEEN_MODEL)}
TEXTS = {bytes.fromhex(policy.sha256): policy.text for policy in (APPLY, REVIEW)}

OTHER_INPUTS = '{"age_years":%d,"education_level":1,"limit_asked_minor":1,"subject":1}'
NO_MODEL = """
[[policy]]
name = "everybody"
version = 3
from = 2005-04-01
limit_of = "limit_asked_minor"

[[policy.rule]]
when = {}
outcome = "approve"
reason = "welcome"
zh = "欢迎"
en = "welcome"
"""


def changed(row: Decision, **change: Any) -> Decision:
    return dataclasses.replace(row, **change)


def test_a_worked_case():
    [policy] = parse(NO_MODEL)
    raw = {"limit_asked_minor": np.array([70_000, UNKNOWN]), "age_years": np.array([30, 31])}
    first, second = decide(np.array([5, 6]), raw, None, policy, ON).rows()

    assert (
        Decision(
            policy="everybody",
            policy_version=3,
            policy_hash=bytes.fromhex(policy.sha256),
            model_hash=b"",
            inputs='{"limit_asked_minor":70000,"subject":5}',
            score_ppm=NO_SCORE,
            outcome=Verdict.APPROVE,
            limit_minor=70_000,
            reasons='["welcome"]',
            decided_on=ON,
        )
        == first
    )
    assert '{"limit_asked_minor":null,"subject":6}' == second.inputs
    assert (Verdict.REFER, 0) == (second.outcome, second.limit_minor)
    assert '["limit_base_unknown"]' == second.reasons
    assert second == replay(second, b"", NO_MODEL)


def test_inputs_are_the_columns_that_were_needed_as_canonical_json():
    for made, card, policy in [(MADE, CARD, APPLY), (REVIEWED, SEEN, REVIEW)]:
        needed = columns_needed(card, policy)
        for at, text in enumerate(made.inputs):
            said = json.loads(text)

            assert text == canonical(said)
            assert SUBJECT[at] == said.pop("subject")
            assert list(needed) == list(said)
            assert [int(RAW[name][at]) for name in needed] == [
                UNKNOWN if value is None else value for value in said.values()
            ]


def test_reasons_begin_with_what_decided_and_name_what_speaks_against():
    for policy, made in [(APPLY, MADE), (REVIEW, REVIEWED)]:
        codes = {answer.reason for answer in policy.answers}
        for outcome, text in zip(made.outcome, made.reasons, strict=True):
            first, *rest = json.loads(text)

            assert first in codes
            assert len(rest) <= policy.reasons_max
            assert set(rest) <= {*APPLICATION, *BEHAVIOUR}
            assert not rest or outcome != Verdict.APPROVE
    assert {1, 2, 3} == set(REVIEWED.outcome.tolist())


def test_a_decision_alone_is_the_decision_in_a_batch():
    for at in range(0, 600, 7):
        [alone] = decide(SUBJECT[[at]], rows_of(RAW, [at]), CARD, APPLY, ON).rows()

        assert ROWS[at] == alone


@given(st.permutations(range(40)))
def test_decisions_do_not_care_for_their_neighbours(order):
    mixed = decide(SUBJECT[order], rows_of(RAW, order), CARD, APPLY, ON)

    assert [ROWS[at] for at in order] == list(mixed.rows())


def test_nobody_to_decide_on_is_no_decision():
    none = np.array([], np.int64)
    made = decide(none, rows_of(RAW, none), CARD, APPLY, ON)

    assert 0 == len(made)
    assert [] == list(made.rows())
    assert [] == differences([], {}, {})


def test_every_decision_replays_to_itself():
    assert [] == differences(ROWS, MODELS, TEXTS)
    for row in ROWS[::97]:
        model = MODELS[row.model_hash]

        assert row == replay(row, model, POLICIES)
        assert row == replay(row, model, TEXTS[row.policy_hash])


def test_rows_of_other_days_policies_and_models_may_stand_in_any_order():
    mixed = [row for pair in zip(ROWS[:600], reversed(ROWS[600:]), strict=True) for row in pair]

    assert [] == differences(mixed, MODELS, TEXTS)


def test_files_read_back_decide_the_same():
    again = decide(SUBJECT, RAW, load(MODEL), parse(APPLY.text)[0], ON)

    assert list(MADE.rows()) == list(again.rows())


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "decided_on"])
def test_a_change_of_any_value_is_found(name):
    """The day changes nothing in the outcome; the hash of the batch holds it."""
    value: Any = getattr(ROWS[3], name)
    end: Any = {int: 1, str: " ", bytes: b"x"}[type(value)]
    rows = [*ROWS[:3], changed(ROWS[3], **{name: value + end}), *ROWS[4:9]]

    assert [3] == [at for at, _ in differences(rows, MODELS, TEXTS)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score_ppm": 5}, r"score_ppm was 5, is \d+"),
        ({"outcome": 9}, r"outcome was 9, is [123]"),
        ({"limit_minor": 12}, r"limit_minor was 12, is \d+"),
        ({"reasons": '["mood"]'}, r"reasons was \[.mood.\], is \[.[a-z]+_"),
        ({"policy": "applicatoin"}, "policy was applicatoin, is application"),
        ({"policy_version": 8}, "policy_version was 8, is 1"),
        ({"score_ppm": 5, "outcome": 9}, r"score_ppm was 5, is \d+; outcome was 9, is [123]"),
    ],
)
def test_what_differs_is_said(change, message):
    row = changed(ROWS[0], **change)

    with pytest.raises(InvariantBroken, match=f"does not replay: {message}"):
        replay(row, MODEL, POLICIES)


def test_other_inputs_are_found():
    said = json.loads(ROWS[0].inputs) | {"age_years": 19}
    forged = changed(ROWS[0], inputs=canonical(said))
    spaced = changed(ROWS[0], inputs=ROWS[0].inputs.replace(",", ", "))
    more = changed(ROWS[0], inputs=canonical(json.loads(ROWS[0].inputs) | {"a": 1}))

    assert "outcome was" in differences([forged], MODELS, TEXTS)[0][1]
    assert "inputs was" in differences([spaced], MODELS, TEXTS)[0][1]
    assert "inputs was" in differences([more], MODELS, TEXTS)[0][1]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("", "inputs cannot be read"),
        ("[]", "inputs cannot be read: not an object"),
        ('{"age_years":1.5}', "age_years = 1.5 is no integer"),
        ('{"age_years":true}', "age_years = True is no integer"),
        ("{}", "inputs cannot be read: no subject"),
        ("[" * 99_999, "inputs cannot be read: maximum recursion"),
        ('{"subject":1}', "'age_years' is missing; it is needed to decide"),
        (OTHER_INPUTS % (10**30), "cannot be decided on again: Python int too large"),
        (OTHER_INPUTS % (10**18), "beyond"),
    ],
    ids=range(9),
)
def test_inputs_that_cannot_be_read_are_told_and_hide_nothing(inputs, message):
    forged = changed(ROWS[0], inputs=inputs)
    wrong = changed(ROWS[2], score_ppm=5)
    told = differences([forged, ROWS[1], wrong], MODELS, TEXTS)

    assert [0, 2] == [at for at, _ in told]
    assert message in told[0][1]


def test_the_wrong_file_is_refused_by_its_hash():
    row = ROWS[0]
    other = POLICIES.replace("below = 20", "below = 21")

    for model in (SEEN_MODEL, b""):
        with pytest.raises(UsageError, match=f"hash {CARD.sha256} scored, but is not given"):
            replay(row, model, POLICIES)
    with pytest.raises(UsageError, match=f"version 1 with the hash {APPLY.sha256} decided"):
        replay(row, MODEL, other)


def test_a_file_that_is_lost_or_damaged_is_told_of_each_decision_it_made():
    damaged = MODELS | {bytes.fromhex(SEEN.sha256): SEEN_MODEL[:-9]}
    two = [ROWS[0], ROWS[600]]

    assert [0, 1] == [at for at, _ in differences(two, MODELS, {})]
    assert [0, 1] == [at for at, _ in differences(two, {}, TEXTS)]
    assert [(1, True)] == [
        (at, "the model is damaged" in what) for at, what in differences(two, damaged, TEXTS)
    ]


def test_a_policy_decides_only_with_its_scorecard():
    with pytest.raises(UsageError, match="'application' scores by model 'application', got ''"):
        decide(SUBJECT, RAW, None, APPLY, ON)
    with pytest.raises(UsageError, match="got 'behaviour'"):
        decide(SUBJECT, RAW, SEEN, APPLY, ON)
    with pytest.raises(UsageError, match="'everybody' scores by model '', got 'application'"):
        decide(SUBJECT, RAW, CARD, parse(NO_MODEL)[0], ON)
    with pytest.raises(UsageError, match="has no hash: seal it"):
        decide(SUBJECT, RAW, dataclasses.replace(CARD, sha256=""), APPLY, ON)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (None, "raw column 'age_years' is missing; it is needed to decide"),
        (np.arange(3), "'age_years' must hold 600 integers; got int64"),
        (np.zeros(600), "'age_years' must hold 600 integers; got float64"),
    ],
    ids=range(3),
)
def test_columns_that_are_not_right_are_refused(column, message):
    raw = {name: values for name, values in RAW.items() if name != "age_years"}
    if column is not None:
        raw["age_years"] = column

    with pytest.raises(UsageError, match=message):
        decide(SUBJECT, raw, CARD, APPLY, ON)


def test_a_book_is_decided_on_in_well_under_a_second():
    """Nearly 21,000 decisions take 0.15 s on a quiet core; a loop over rows takes minutes."""
    raw = {name: np.tile(column, 35) for name, column in RAW.items()}
    subject = np.arange(21_000)
    began = time.process_time()
    made = decide(subject, raw, SEEN, REVIEW, ON)

    assert 21_000 == len(set(made.inputs))
    assert time.process_time() - began < 1.0
