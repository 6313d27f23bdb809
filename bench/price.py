"""How fast are rates of return?  All loans at once, against pyxirr in a loop over them.

Prints one JSON object.  Both do the same loans in turn, several times, on one thread; a ratio
is the median of the ratios of each turn, so what else the machine does weighs on both.  Time
is the processor's.  pyxirr is given lists of floats and dates, made before.  The kinds of cash
flows are those that the tests compare; "all" is the time of all kinds together.
Arguments: loans of each kind (5000).
"""

import datetime as dt
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyxirr

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.core.flows_by_chance import KINDS, by_chance

from jiehuan.core.irr import irr, xirr

TIMES = 5


def seconds(run: Callable[[], object]) -> float:
    """Return the time of a run."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def loop(ask: Callable[..., float | None], loans: list[tuple[object, ...]]) -> None:
    """Ask pyxirr for the rate of each loan."""
    for loan in loans:
        try:
            ask(*loan)
        except pyxirr.InvalidPaymentsError:  # no change of sign
            continue


def turns(kind: str, count: int) -> dict[str, list[list[float]]]:
    """Return, for both rates, the seconds of pyxirr and of us in each turn."""
    at, amount, on = by_chance(kind, count, seed=1)
    days = [dt.date.fromordinal(day) for day in on.tolist()]
    floats = [float(paid) for paid in amount.tolist()]
    edges = list(zip(at[:-1].tolist(), at[1:].tolist(), strict=True))
    dated: list[tuple[object, ...]] = [(days[low:high], floats[low:high]) for low, high in edges]
    plain: list[tuple[object, ...]] = [(floats[low:high],) for low, high in edges]
    runs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "xirr": (lambda: loop(pyxirr.xirr, dated), lambda: xirr(at, amount, on)),
        "irr": (lambda: loop(pyxirr.irr, plain), lambda: irr(at, amount)),
    }
    for _, ours in runs.values():
        ours()  # what is loaded at first use is no work on loans
    return {
        name: [[seconds(run) for run in each] for _ in range(TIMES)] for name, each in runs.items()
    }


def told(taken: list[list[float]], count: int) -> dict[str, float]:
    """Return microseconds a loan, and how many times as fast we are."""
    theirs, ours = (statistics.median(column) for column in zip(*taken, strict=True))
    return {
        "pyxirr_us": round(theirs / count * 1e6, 2),
        "us": round(ours / count * 1e6, 3),
        "ratio": round(statistics.median(row[0] / row[1] for row in taken), 1),
    }


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    taken = {kind: turns(kind, count) for kind in KINDS}
    made: dict[str, object] = {"bench": "price", "loans_of_each_kind": count}
    for name in ("xirr", "irr"):
        kinds = [each[name] for each in taken.values()]
        together = [
            [sum(part) for part in zip(*turn, strict=True)] for turn in zip(*kinds, strict=True)
        ]
        made[name] = {kind: told(each[name], count) for kind, each in taken.items()} | {
            "all": told(together, count * len(KINDS))
        }
    print(json.dumps(made))


if __name__ == "__main__":
    main()
