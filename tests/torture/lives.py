"""A small book's life, told before it is lived: what callers ask on each day, in batches.

Every kind of command is in it, late ones, refused ones, and asks that come while the day
before is still being closed.  The same seed tells the same life.
"""

import random
from typing import NamedTuple

from tests.engine.script import OPENED_ON, PAY_LATER, TERMS, Ask, apply_for

from jiehuan.core.commands import DECLINED, FORCED, REF_ALL, Kind
from jiehuan.core.terms import Product, parse
from jiehuan.engine.book import shipped_products

LINES, DAYS = 300, 62
ASKS_A_LINE = 7

# Lines on these terms are written off within two months.
HASTY = """
[[product]]
name = "hasty"
number = 9
version = 1
from_on = 2020-01-01
currency = "CNY"
limit_min = "100.00"
limit_max = "1,000,000.00"
cycle_day = 1
due_after_days = 9
minimum = "50 %"
minimum_floor = "10.00"
purchase_rate = "0.05 % a day"
draw_rate = "0.045 % a day"
late_rate = "0.065 % a day"
hold_days = 3
write_off_days_min = 15
plans = { 3 = "2.5 %" }
"""
PRODUCTS: tuple[Product, ...] = (*shipped_products(), *parse(HASTY))
HASTY_TERMS = len(TERMS.products)


class Today(NamedTuple):
    """What is asked on a day: before the day before is closed, and after."""

    early: list[list[Ask]]
    late: list[list[Ask]]


def life(lines: int = LINES, days: int = DAYS, seed: int = 1) -> list[Today]:
    """Return what is asked on each day from ``OPENED_ON`` on."""
    chance = random.Random(seed)
    asked: list[list[Ask]] = [[] for _ in range(days)]
    for k in range(lines):
        for day, ask in _line(chance, f"line{k}", days):
            if day < days:
                asked[day].append(ask)
    return [_batches(chance, asks) for asks in asked]


def _batches(chance: random.Random, asks: list[Ask]) -> Today:
    """Share a day's asks out over batches, each behind the one that it may refer to."""
    opens = [ask for ask in asks if ask.kind is Kind.OPEN]
    rest = [ask for ask in asks if ask.kind is not Kind.OPEN]
    cut, end = sorted(chance.randint(0, len(rest)) for _ in range(2))
    early = [rest[:cut]] if chance.random() < 0.5 else []
    late = [opens, rest[cut if early else 0 : end], rest[end:]]
    return Today([x for x in early if x], [x for x in late if x])


def _line(chance: random.Random, name: str, days: int) -> list[tuple[int, Ask]]:
    """Return the life of a line: days since the first, and asks."""
    opened = 0 if chance.random() < 0.7 else chance.randrange(days // 2)
    flags = DECLINED if chance.random() < 0.03 else 0
    terms = HASTY_TERMS if chance.random() < 0.2 else PAY_LATER
    cycle_day = chance.choice([1, 1, 10, 20, 31])
    told = [(opened, apply_for(name, cycle_day=cycle_day, flags=flags, terms=terms))]
    made: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for n in range(chance.randint(2, 2 * ASKS_A_LINE - 2)):
        day = opened + 1 + chance.randrange(max(days - opened - 1, 1))
        told += _ask(chance, name, f"{name}/{n}", day, made)
    return sorted(told, key=lambda item: item[0])


AMOUNTS = (1, 999, 10_000, 33_333, 120_000, 400_000)
KINDS = {
    Kind.PURCHASE: 12,
    Kind.REPAY: 6,
    Kind.HOLD: 3,
    Kind.DRAW: 3,
    Kind.REFUND: 1,
    Kind.CONVERT: 1,
    Kind.CREDIT: 1,
    Kind.REVIEW: 1,
    Kind.CLOSE: 1,
    Kind.COLLECT: 2,
    Kind.PAY_BACK: 2,
}


def _ask(
    chance: random.Random, line: str, key: str, day: int, made: dict[Kind, list[str]]
) -> list[tuple[int, Ask]]:
    """Return an ask and what follows from it."""
    [kind] = chance.choices(list(KINDS), list(KINDS.values()))
    if kind in {Kind.REFUND, Kind.CONVERT} and not made[Kind.PURCHASE] and chance.random() < 0.8:
        kind = Kind.PURCHASE
    amount = chance.choice(AMOUNTS)
    if kind in {Kind.REFUND, Kind.CONVERT}:
        amount = 999 if kind is Kind.REFUND else 0
    ref: str | int = 0
    if kind in {Kind.REFUND, Kind.CONVERT}:
        ref = chance.choice(made[Kind.PURCHASE] or ["nothing"])
    elif kind is Kind.REPAY:
        named: list[str | int] = [0, 0, REF_ALL, *made[Kind.DRAW_SUCCEEDED]]
        ref = chance.choice(named)
    late = kind in {Kind.REPAY, Kind.PURCHASE} and chance.random() < 0.04
    on = OPENED_ON + day - chance.randint(1, 20) if late else 0
    flags = FORCED if kind is Kind.PURCHASE and chance.random() < 0.1 else 0
    count = 3 if kind is Kind.CONVERT or (kind is Kind.DRAW and chance.random() < 0.3) else 0
    made[kind].append(key)
    ask = Ask(key, kind, line, amount, ref, count, on, flags, client=chance.choice([1, 2]))
    return [(day, ask), *_answers(chance, ask, day, made)]


def _answers(
    chance: random.Random, ask: Ask, day: int, made: dict[Kind, list[str]]
) -> list[tuple[int, Ask]]:
    """Return what becomes of a hold, or of money that a partner is to move, on a later day."""
    choices: dict[Kind, list[tuple[Kind | None, int]]] = {
        Kind.HOLD: [(Kind.CAPTURE, ask.amount), (Kind.CAPTURE, 1), (Kind.VOID, 0), (None, 0)],
        Kind.DRAW: [(Kind.DRAW_SUCCEEDED, 0), (Kind.DRAW_SUCCEEDED, 0), (Kind.DRAW_FAILED, 0)],
        Kind.COLLECT: [(Kind.REPAY, ask.amount), (Kind.REPAY, ask.amount), (Kind.COLLECT_ENDED, 0)],
        Kind.PAY_BACK: [(Kind.PAY_BACK_SUCCEEDED, 0), (Kind.PAY_BACK_FAILED, 0)],
    }
    if ask.kind not in choices:
        return []
    kind, amount = chance.choice(choices[ask.kind])
    if kind is None:
        return []
    key = f"{ask.key}/{kind.name.lower()}"
    made[kind].append(key)
    later = day + chance.randint(1, 3)
    if kind is Kind.REPAY:
        return [(later, Ask(key, kind, ask.line, amount, merchant=ask.key))]
    return [(later, Ask(key, kind, ask.line, amount, ask.key))]
