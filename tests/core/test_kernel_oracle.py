"""The kernel against the scalar model in fractions, on random lives, to the last fraction."""

import dataclasses
import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.play import TERMS, Play
from tests.core.told import told
from tests.oracle.model import Life, Result
from tests.oracle.random_lives import (
    DAYS_MAX,
    OPENED_ON,
    RandomLife,
    intend,
    life_of_seed,
    lives,
    resolve,
)
from tests.oracle.terms import PRODUCTS

from jiehuan.core.terms import Product, TermsTable
from jiehuan.core.terms_fields import WRITE_OFF_STATEMENT_DAY
from jiehuan.core.terms_forms import RANKS

SEEDS, TOGETHER = 100, 25


def modelled(life: RandomLife, until: dt.date) -> Result:
    line = Life(PRODUCTS[life.product], life.opened_on, life.limit_minor, life.cycle_day)
    return line.run(life.commands, until)


@settings(max_examples=40)
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


# --- Under terms that nobody has thought of ---------------------------------------------------


def product_of(chance: random.Random, number: int) -> Product:
    """Make terms at random, within what is allowed."""
    any_day = TERMS.products[0].write_off_on
    return dataclasses.replace(
        TERMS.products[0],
        name=f"p{number}",
        number=number,
        hold_days=chance.choice((0, 1, 7, 30)),
        purchase_rate_ppm=chance.choice((0, 1, 333, 500, 1_000)),
        draw_rate_ppm=chance.choice((0, 1, 450, 999)),
        late_rate_ppm=chance.choice((0, 650, 1_000)),
        due_after_days=chance.choice((1, 9, 20, 27)),
        minimum_ppm=chance.choice((0, 20_000, 333_333, 1_000_000)),
        minimum_floor_minor=chance.choice((0, 1, 1_000, 50_000)),
        full_if_under_minor=chance.choice((0, 1_000, 20_000)),
        over_limit_in_minimum=chance.random() < 0.5,
        plans={3: chance.choice((0, 1, 25_000)), 6: 45_000, 9: 999, 12: 88_000},
        allocation_current=tuple(chance.sample(RANKS, len(RANKS))),
        allocation_written_off=tuple(chance.sample(RANKS, len(RANKS))),
        allocation_way=chance.choice(("down", "across")),
        write_off_days_min=chance.choice((1, 29, 30, 61, 180)),
        write_off_on=chance.choice((any_day, WRITE_OFF_STATEMENT_DAY)),
    )


def life_under(product: Product, chance: random.Random) -> RandomLife:
    limit, cycle_day = chance.choice((10_000, 1_000_000)), chance.choice((1, 15, 31))
    until = OPENED_ON + dt.timedelta(days=chance.randint(200, 400))
    intentions = [intend(chance) for _ in range(chance.randint(1, 40))]
    commands = resolve(Life(product, OPENED_ON, limit, cycle_day), intentions, until)
    return RandomLife(product.name, limit, commands, OPENED_ON, cycle_day, until)


@pytest.mark.parametrize("seed", range(3))
def test_under_any_terms_lines_owe_what_the_model_says(seed):
    chance = random.Random(seed)
    products = [product_of(chance, number) for number in range(1, 11)]
    several = [life_under(product, chance) for product in products for _ in range(2)]
    until = max(life.until for life in several)
    play = Play(several, TermsTable(products)).until(until)

    for k, life in enumerate(several):
        product = products[k // 2]
        line = Life(product, life.opened_on, life.limit_minor, life.cycle_day)
        assert (product, line.run(life.commands, until)) == (product, told(play, k, until))
