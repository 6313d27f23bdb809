"""How fast is the kernel?  The demo's own journal, folded in memory; and one command alone.

Prints one JSON object; times are medians of five.  Arguments: how many clients (20841).
"""

import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from jiehuan.core.apply import NEEDS_PURCHASES, apply, needs_all, order_of
from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.segments import Index
from jiehuan.core.state import Loaded, State, build
from jiehuan.core.terms import TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.simulate import ahead
from jiehuan.simulate.people import MONTHS, read, shipped
from jiehuan.simulate.rehearse import rehearse

TIMES = 5
ALONE = 200  # commands of each kind that are applied alone


def median_seconds(run: Callable[[], object]) -> float:
    """Return the median time of a run."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def fold(terms: TermsTable, ordered: Commands) -> State:
    """Fold a journal from nothing."""
    loaded = Loaded.nothing(np.unique(ordered.line))
    state = build(terms, loaded, ordered, accepted=True, track=True)
    apply(state, ordered)
    return state


def one_line(terms: TermsTable, ordered: Commands) -> float:
    """Return microseconds a command when the journal of one line is folded alone."""
    taken = []
    for line in np.unique(ordered.line)[:ALONE]:
        journal = Commands.from_rows(ordered.to_rows(ordered.line == line))
        taken.append(median_seconds(partial(fold, terms, journal)) / len(journal))
    return round(statistics.median(taken) * 1e6, 1)


# --- One command --------------------------------------------------------------------------------


def alone(terms: TermsTable, ordered: Commands) -> dict[Kind, list[float]]:
    """Return the microseconds of some commands of each kind, the layout of the line included.

    Each is the last of its kind on its line, which so has some life behind it.
    """
    begins = ordered.line.searchsorted(ordered.line)
    taken = {}
    for number in np.unique(ordered.kind).tolist():
        mine = np.flatnonzero(ordered.kind == number)
        last = mine[np.append(np.diff(ordered.line[mine]) > 0, [True])]
        rows = last[:: -(-len(last) // ALONE)]
        before = np.concatenate([np.arange(begins[row], row) for row in rows])
        state = fold(terms, Commands.from_rows(ordered.to_rows(before)))
        taken[Kind(number)] = [
            _one(terms, loaded, command) * 1e6
            for loaded, command in loaded_for(state, Kind(number), ordered, rows)
        ]
    return taken


def loaded_for(
    state: State, kind: Kind, ordered: Commands, rows: Index
) -> Iterator[tuple[Loaded, Commands]]:
    """Yield each command with its line as ``engine.loading`` loads it for that kind."""
    every = state.unload() if kind in NEEDS_PURCHASES else ahead.loaded_of(state)
    for row in rows:
        one = Commands.from_rows(ordered.to_rows(np.array([row])))
        nothing = Loaded.nothing(one.line)
        if kind is Kind.OPEN:
            yield nothing, one
            continue
        line = ahead.copy_of(every, every.lines.id == one.line)
        full = needs_all(line.lines, one)
        yield line if full[0] else dataclasses.replace(nothing, lines=line.lines, full=full), one


def _one(terms: TermsTable, loaded: Loaded, command: Commands) -> float:
    copies = iter([ahead.copy_of(loaded) for _ in range(TIMES)])
    track = Kind(int(command.kind[0])) in NEEDS_PURCHASES

    def run() -> None:
        apply(build(terms, next(copies), command, track=track), command)

    return median_seconds(run)


def weighted(taken: Mapping[Kind, list[float]], counts: Mapping[Kind, int]) -> tuple[float, float]:
    """Return median and mean of single commands, each kind as often as in the journal."""
    us = np.array([x for times in taken.values() for x in times])
    weight = np.array([counts[kind] / len(x) for kind, x in taken.items() for _ in x])
    order = us.argsort()
    middle = weight[order].cumsum().searchsorted(weight.sum() / 2)
    return round(float(us[order][middle]), 1), round(float(np.average(us, weights=weight)), 1)


def main() -> None:
    """Measure and print."""
    people = read(shipped(), int(sys.argv[1]) if len(sys.argv) > 1 else None)
    terms = TermsTable(shipped_products())
    journal = rehearse(terms, people, MONTHS).journal
    ordered = Commands.from_rows(journal.to_rows(order_of(journal)))
    seconds = median_seconds(lambda: fold(terms, ordered))
    taken = alone(terms, ordered)
    kinds, numbers = np.unique(journal.kind, return_counts=True)
    counts = dict(zip(map(Kind, kinds.tolist()), numbers.tolist(), strict=True))
    us = {kind.name.lower(): round(statistics.median(x), 1) for kind, x in taken.items()}
    median, mean = weighted(taken, counts)
    print(
        json.dumps(
            {
                "bench": "apply",
                "commands": len(journal),
                "kinds": {kind.name.lower(): count for kind, count in counts.items()},
                "fold_seconds": round(seconds, 3),
                "commands_per_s": round(len(journal) / seconds),
                "one_line_us_a_command": one_line(terms, ordered),
                "one_command_us": us,
                "one_command_us_max": max(us.values()),
                "one_command_us_median": median,
                "one_command_us_mean": mean,
            }
        )
    )


if __name__ == "__main__":
    main()
