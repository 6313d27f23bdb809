"""Errors say whose turn it is, and survive the way between processes."""

import pickle

import pytest

from jiehuan.core import errors
from jiehuan.core.errors import (
    ChannelError,
    ChannelMistrusted,
    ChannelUnavailable,
    DatabaseRefused,
    DiskFull,
    FenceLost,
    InvariantBroken,
    JiehuanError,
    Rejected,
    UsageError,
)
from jiehuan.core.outcomes import Outcome

PARENTS = {
    JiehuanError: Exception,
    UsageError: JiehuanError,
    DatabaseRefused: UsageError,
    Rejected: JiehuanError,
    InvariantBroken: JiehuanError,
    FenceLost: JiehuanError,
    DiskFull: JiehuanError,
    ChannelError: JiehuanError,
    ChannelUnavailable: ChannelError,
    ChannelMistrusted: ChannelError,
}


def test_every_error_has_its_place_in_the_tree():
    found = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }

    assert set(PARENTS) == found
    assert PARENTS == {error: error.__base__ for error in found}


@pytest.mark.parametrize("error", PARENTS, ids=lambda error: error.__name__)
def test_the_tree_is_drawn_in_the_docstring(error):
    assert f" {error.__name__}" in errors.__doc__


def test_a_rejection_tells_its_outcome_and_its_facts():
    error = Rejected(Outcome.AMOUNT_EXCEEDS_AVAILABLE, line=7, available_minor=500_000)

    assert Outcome.AMOUNT_EXCEEDS_AVAILABLE is error.outcome
    assert {"line": 7, "available_minor": 500_000} == error.facts
    assert "amount_exceeds_available (line=7, available_minor=500000)" == str(error)


def test_a_rejection_without_facts_is_only_its_outcome():
    assert "line_not_found" == str(Rejected(Outcome.LINE_NOT_FOUND))


@pytest.mark.parametrize("outcome", [code for code in Outcome if code])
def test_a_rejection_comes_back_whole_from_another_process(outcome):
    error = Rejected(outcome, line=7, merchant="m-1")

    back = pickle.loads(pickle.dumps(error))

    assert (Rejected, outcome, error.facts) == (type(back), back.outcome, back.facts)
    assert str(error) == str(back)
