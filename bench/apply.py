"""How fast is the kernel?  The demo's own journal, folded in memory; and one command alone.

Prints one JSON object; times are medians of five.  Arguments: how many clients (20841).
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from jiehuan.core.apply import apply, order_of
from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.state import Loaded, State, build
from jiehuan.core.terms import TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.simulate import ahead
from jiehuan.simulate.people import MONTHS, read, shipped
from jiehuan.simulate.plan import first_of
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


def alone(terms: TermsTable, journal: Commands) -> dict[str, float]:
    """Return microseconds for one command of each kind, on lines with half a life behind them."""
    at = ahead.positions(journal)
    until = ahead.opening(first_of(3))
    before = Commands.from_rows(journal.to_rows(at <= until))
    after = Commands.from_rows(journal.to_rows(at > until))
    loaded = ahead.loaded_of(fold(terms, Commands.from_rows(before.to_rows(order_of(before)))))
    # The first command of each line after that day: its line stands as it found it.
    _, first = np.unique(after.line, return_index=True)
    out = {}
    for kind in np.unique(after.kind[first]).tolist():
        rows = first[after.kind[first] == kind][:ALONE]
        ones = [Commands.from_rows(after.to_rows(np.array([row]))) for row in rows]
        lines = [ahead.copy_of(loaded, loaded.lines.id == one.line[0]) for one in ones]
        taken = [_one(terms, line, one) for line, one in zip(lines, ones, strict=True)]
        out[Kind(kind).name.lower()] = round(statistics.median(taken) * 1e6, 1)
    return out


def one_line(terms: TermsTable, ordered: Commands) -> float:
    """Return microseconds a command when the journal of one line is folded alone."""
    taken = []
    for line in np.unique(ordered.line)[:ALONE]:
        journal = Commands.from_rows(ordered.to_rows(ordered.line == line))
        taken.append(median_seconds(partial(fold, terms, journal)) / len(journal))
    return round(statistics.median(taken) * 1e6, 1)


def _one(terms: TermsTable, line: Loaded, command: Commands) -> float:
    """Return the seconds that one command takes, the layout of its line included."""

    def run() -> None:
        apply(build(terms, ahead.copy_of(line), command, track=True), command)

    def copy() -> None:
        ahead.copy_of(line)

    return median_seconds(run) - median_seconds(copy)


def main() -> None:
    """Measure and print."""
    people = read(shipped(), int(sys.argv[1]) if len(sys.argv) > 1 else None)
    terms = TermsTable(shipped_products())
    journal = rehearse(terms, people, MONTHS).journal
    ordered = Commands.from_rows(journal.to_rows(order_of(journal)))
    seconds = median_seconds(lambda: fold(terms, ordered))
    one = alone(terms, journal)
    kinds, counts = np.unique(journal.kind, return_counts=True)
    print(
        json.dumps(
            {
                "bench": "apply",
                "commands": len(journal),
                "kinds": {
                    Kind(kind).name.lower(): count
                    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
                },
                "fold_seconds": round(seconds, 3),
                "commands_per_s": round(len(journal) / seconds),
                "one_line_us_a_command": one_line(terms, ordered),
                "one_command_us": one,
                "one_command_us_max": max(one.values()),
            }
        )
    )


if __name__ == "__main__":
    main()
