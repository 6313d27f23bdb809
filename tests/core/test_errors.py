"""Errors say whose turn it is, and survive the way between processes."""

import pickle
import re

import pytest

from jiehuan.core import errors
from jiehuan.core.errors import Rejected
from jiehuan.core.outcomes import Outcome

BASES = {
    name: value.__mro__[1].__name__
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, Exception)
}


def drawn():
    """Read the tree of the docstring: each error with the one that stands above it."""
    tree, above = {}, ["Exception"]
    for indent, name in re.findall(r"^( *)[*+-] (\w+)", errors.__doc__, re.MULTILINE):
        depth = len(indent) // 2
        tree[name] = above[depth]
        above[depth + 1 :] = [name]
    return tree


def test_the_docstring_draws_the_tree_of_errors_as_it_is():
    assert drawn() == BASES


@pytest.mark.parametrize("name", BASES)
def test_every_error_says_what_it_means(name):
    assert len(getattr(errors, name).__doc__.splitlines()[0]) > len(name)


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
