"""All pairs of events on one day: each before each, on the days where faults are made.

Every pair is a line of one book, whose past has something for each kind to act on; the
scalar model judges.
"""

import datetime as dt
import itertools
from typing import Any

import pytest
from tests.core.play import Play
from tests.core.told import told
from tests.oracle.commands import Command, ref_of_cycle
from tests.oracle.model import Life, Result
from tests.oracle.playing import commands_of, day
from tests.oracle.random_lives import RandomLife
from tests.oracle.terms import PRODUCTS

OPENED_ON, LAST = day("01-01"), day("04-12")
A_DAY = dt.timedelta(days=1)

# Loans 2 (of 02-01), 5 (a draw), 9 (a plan of purchase 8); hold 10, draws 11 and 12 under way.
PAST = """
    01-05 purchase 60_000
    02-05 repay 10_000
    02-08 purchase 40_000
    02-10 draw 30_000
    02-11 draw_succeeded of 4
    02-12 purchase 700
    02-13 refund 200 of 6
    02-14 purchase 30_000
    02-15 convert of 8 in 3
    {before} hold 9_000
    {before} draw 5_000
    {before} draw 7_000 in 3
"""
MEETS = "\n    03-04 repay 40_000"  # the least that is due on 03-10, and more

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "purchase": ("purchase", {"amount": 12_345}),
    "forced": ("purchase", {"amount": 900_000, "forced": True}),
    "hold": ("hold", {"amount": 4_000}),
    "capture": ("capture", {"amount": 3_000, "ref": 10}),
    "void": ("void", {"ref": 10}),
    "draw": ("draw", {"amount": 6_000}),
    "draw_succeeded": ("draw_succeeded", {"ref": 11}),
    "draw_failed": ("draw_failed", {"ref": 11}),
    "repay": ("repay", {"amount": 8_765}),
    "repay more": ("repay", {"amount": 150_000}),
    "repay cycle": ("repay", {"amount": 70_000, "ref": ref_of_cycle(day("02-01"))}),
    "repay draw": ("repay", {"amount": 20_000, "ref": 5}),
    "repay plan": ("repay", {"amount": 25_000, "ref": 9}),
    "repay all": ("repay", {"amount": 100_000, "ref": -1}),
    "refund": ("refund", {"amount": 25_000, "ref": 3}),
    "refund plan": ("refund", {"amount": 16_000, "ref": 8}),
    "credit": ("credit", {"amount": 7_000}),
    "convert": ("convert", {"ref": 3, "count": 6}),
    "convert cut": ("convert", {"ref": ref_of_cycle(day("03-01")), "count": 3}),
    "draw in": ("draw", {"amount": 6_000, "count": 3}),
    "draw in succeeded": ("draw_succeeded", {"ref": 12}),
    "collect": ("collect", {"amount": 8_765, "ref": 5}),
    "collect_ended": ("collect_ended", {"ref": 10}),
    "paid": ("repay", {"amount": 8_765, "ref": 5, "pays": 10}),
    "close": ("close", {}),
}

# The line is overpaid by 50,000; 12,000 and 7,000 of it are on their way back (4 and 5).
OVERPAID = """
    01-05 purchase 60_000
    02-05 collect 110_000
    02-06 repay 110_000 pays 2
    {before} pay_back 12_000
    {before} pay_back 7_000
    {before} draw 5_000 in 6
"""
OF_OVERPAID: dict[str, tuple[str, dict[str, Any]]] = {
    "pay_back": ("pay_back", {"amount": 31_000}),
    "pay_back_succeeded": ("pay_back_succeeded", {"ref": 4}),
    "pay_back_succeeded too": ("pay_back_succeeded", {"ref": 5, "amount": 7_000}),
    "pay_back_failed": ("pay_back_failed", {"ref": 4}),
    "purchase": ("purchase", {"amount": 42_000}),
    "refund": ("refund", {"amount": 60_000, "ref": 1}),
    "draw": ("draw", {"amount": 300_000}),
    "draw_succeeded": ("draw_succeeded", {"ref": 6}),
    "collect": ("collect", {"amount": 1_000}),
    "paid": ("repay", {"amount": 1_000, "pays": 2}),
    "close": ("close", {}),
}
DAYS = {"cut": ("03-01", "02-25"), "due": ("03-10", "03-06"), "due + 1": ("03-11", "03-06")}


def lives(on: str, before: str, *, met: bool) -> dict[tuple[str, str], RandomLife]:
    """Return a line for each ordered pair of kinds."""
    past = PAST.format(before=before) + (MEETS if met and on > "03-04" else "")
    return pairs_of(KINDS, past, on)


def pairs_of(
    kinds: dict[str, tuple[str, dict[str, Any]]], past: str, on: str
) -> dict[tuple[str, str], RandomLife]:
    """Return a line with that past for each ordered pair of kinds on one day."""
    made = {}
    for first, second in itertools.product(kinds, kinds):
        asked = commands_of(past)
        for name in (first, second):
            kind, more = kinds[name]
            asked.append(Command(len(asked) + 1, kind, day(on), **more))
        asked.sort(key=lambda command: command.on)
        made[first, second] = RandomLife("pay-later", 400_000, asked, OPENED_ON, 1, LAST)
    return made


class Model:
    """The scalar model of a life, played on from look to look."""

    def __init__(self, life: RandomLife) -> None:
        self.life = Life(PRODUCTS["pay-later"], OPENED_ON, life.limit_minor, 1)
        self.commands = life.commands
        self.today = OPENED_ON

    def until(self, last: dt.date) -> Result:
        while self.today <= last:
            self.life.open_day(self.today)
            for command in self.commands:
                if command.on == self.today:
                    self.life.do(command)
            self.life.close_day(self.today)
            self.today += A_DAY
        return self.life.result()


@pytest.mark.parametrize("name", DAYS)
@pytest.mark.parametrize("met", [True, False], ids=["met", "unmet"])
def test_every_pair_on_one_day(name, met):
    """At the close of that day, and after the next due day."""
    on, before = DAYS[name]
    agree(lives(on, before, met=met), on)


@pytest.mark.parametrize("name", DAYS)
def test_every_pair_on_one_day_of_a_line_that_is_overpaid(name):
    on, before = DAYS[name]
    agree(pairs_of(OF_OVERPAID, OVERPAID.format(before=before), on), on)


def agree(pairs: dict[tuple[str, str], RandomLife], on: str) -> None:
    """Compare with the model at the close of a day, and at the end."""
    play = Play(list(pairs.values()))
    models = [Model(life) for life in pairs.values()]

    for until in (day(on), LAST):
        play.until(until)
        for k, (pair, model) in enumerate(zip(pairs, models, strict=True)):
            assert (pair, model.until(until)) == (pair, told(play, k, until))


def test_the_past_has_something_for_every_kind():
    """Alone on its day, each is done."""
    for on, before in DAYS.values():
        pairs = lives(on, before, met=True)
        alone = {
            name: life._replace(commands=life.commands[:-1])
            for (name, second), life in pairs.items()
            if second == "purchase"
        }
        play = Play(list(alone.values())).until(day(on))

        last = {
            name: list(play.outcomes(k).values())[-1] for k, (name, _) in enumerate(alone.items())
        }
        refused = {name: outcome for name, outcome in last.items() if outcome != "DONE"}
        expected = {"close": "LINE_NOT_SETTLED"}
        if name_of(on) == "due + 1":
            expected |= dict.fromkeys(("convert", "convert cut"), "PURCHASE_NO_LONGER_CONVERTIBLE")
        assert expected == refused


def name_of(on: str) -> str:
    return next(name for name, (day_on, _) in DAYS.items() if day_on == on)
