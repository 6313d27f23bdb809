"""The kernel against the scalar model in fractions, on random lives, to the last fraction."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.play import Play
from tests.core.told import told
from tests.oracle.model import Life, Result
from tests.oracle.random_lives import DAYS_MAX, OPENED_ON, RandomLife, life_of_seed, lives
from tests.oracle.terms import PRODUCTS

SEEDS, TOGETHER = 150, 25


def modelled(life: RandomLife, until: dt.date) -> Result:
    line = Life(PRODUCTS[life.product], life.opened_on, life.limit_minor, life.cycle_day)
    return line.run(life.commands, until)


@settings(max_examples=60)
@given(lives(), st.integers(0, DAYS_MAX))
def test_a_line_owes_what_the_model_says(life, days):
    """On a day amid its life, and at the end."""
    play = Play([life])
    midway = min(OPENED_ON + dt.timedelta(days=days), life.until)

    assert modelled(life, midway) == told(play.until(midway), 0, midway)
    assert modelled(life, life.until) == told(play.until(life.until), 0, life.until)


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_many_lines_together_owe_what_the_model_says_of_each(first):
    several = [life_of_seed(seed) for seed in range(first, first + TOGETHER)]
    until = max(life.until for life in several)
    play = Play(several).until(until)

    for k, life in enumerate(several):
        assert (first + k, modelled(life, until)) == (first + k, told(play, k, until))
