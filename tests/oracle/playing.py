"""Lives written as text, one command a line, the line's number being its seq.

03-05 purchase 200_000
04-24 draw 80_000
04-25 draw_succeeded 80_000 of 2
04-25 convert of 1 in 3
05-20 repay 3_914                    # the usual order; "of all", "of cycle 05-01", "of 3"
05-25 purchase 25_000 forced
05-26 draw 60_000 in 6
05-27 convert of cycle 05-01 in 3
05-28 repay 3_000 pays 9             # "collect 3_000" in line 9 brought it
"""

import datetime as dt

from tests.oracle.model import Command, Life, Result, Terms, ref_of_cycle
from tests.oracle.terms import PAY_LATER

YEAR = 2026


def day(text: str) -> dt.date:
    """Read MM-DD of the year of the tests, or a whole date."""
    return dt.date.fromisoformat(text if len(text) > len("MM-DD") else f"{YEAR}-{text}")


def commands_of(text: str) -> list[Command]:
    """Read commands, see above; empty lines and comments do not count."""
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return [command_of(seq, words) for seq, words in enumerate(filter(None, lines), start=1)]


def command_of(seq: int, words: list[str]) -> Command:
    on, kind, *rest = words
    amount = int(rest.pop(0)) if rest and rest[0].lstrip("-")[0].isdigit() else 0
    ref = count = pays = 0
    forced = False
    while rest:
        match rest.pop(0):
            case "of":
                ref = ref_of(rest)
            case "in":
                count = int(rest.pop(0))
            case "pays":
                pays = int(rest.pop(0))
            case "forced":
                forced = True
            case word:
                raise ValueError(word)
    return Command(seq, kind, day(on), amount, ref, count, forced, pays)


def ref_of(rest: list[str]) -> int:
    word = rest.pop(0)
    if word == "all":
        return -1
    return ref_of_cycle(day(rest.pop(0))) if word == "cycle" else int(word)


def play(
    text: str,
    until: str,
    *,
    terms: Terms = PAY_LATER,
    limit: int = 1_000_000,
    cycle_day: int = 1,
    checks: bool = True,
) -> Result:
    """Play a life that opens on 1 January."""
    life = Life(terms, day("01-01"), limit, cycle_day)
    return life.run(commands_of(text), day(until), checks=checks)
