"""More stories than the suite has time for.

    make torture STORIES=2000 [SEED=7]

Stories are numbered from the seed on.  One that fails is told step by step, with the line that
plays it alone.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from tests.database import named, roomy_place
from tests.stories.reckoning import Breach, breaches
from tests.stories.tales import FAULTS, Step, tale
from tests.stories.telling import Told, tell

from jiehuan.store.migrate import prepare
from jiehuan.store.server import Server

SETTINGS = {"shared_buffers": "64MB", "max_connections": "100", "max_wal_size": "256MB"}


def play(
    directory: Path, dsn: str, tales: dict[int, list[Step]], seed: int, *, patient: bool = False
) -> Told:
    """Play stories by their seeds."""
    return asyncio.run(tell(directory, dsn, tales, seed, patient=patient))


def verdict(told: Told, seed: int, *, again: str = "make torture STORIES={} SEED={}") -> str:
    """Return all that is wrong after a run, with the lines that repeat it; "" if nothing is."""
    found = breaches(told)
    if not found:
        return ""
    lines = {story.line: story for story in told.stories}
    words = []
    for line in dict.fromkeys(one.line for one in found):
        story = lines.get(line) if line else None
        if story is None:
            words += [what for at, what in found if at == line]
            continue
        words += [f"story {story.person.seed}:", *(f"    {said}" for said in story.said)]
        words += [f"  ! {what}" for at, what in found if at == line]
        words.append(f"  {again.format(1, story.person.seed)}")
    if any(story.wrong for story in told.stories):
        words += [f"last words of the service: {told.words}"]
    words += [f"the whole run: {again.format(len(told.stories), seed)}"]
    return "\n".join(words)


def summary(told: Told) -> str:
    """Return what a run was made of."""
    steps = Counter(step.do for story in told.stories for step in story.steps)
    hit = Counter(f.name for story in told.stories for step in story.steps for f in step.faults)
    killed = ", ".join(f"{who} {count}" for who, count in told.town.kills.items())
    done = ", ".join(f"{what} {count}" for what, count in steps.most_common())
    wrong = ", ".join(f"{name} {hit[name]}" for name in FAULTS)
    orders = sum(len(story.orders) for story in told.stories)
    return f"{len(told.stories)} stories, {orders} orders; {done}; faults: {wrong}; kills: {killed}"


def main(words: list[str]) -> int:
    """Play as many as are asked for; return the status to end with."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(words)
    tales = {seed: tale(seed) for seed in range(told.seed, told.seed + told.stories)}
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(dir=roomy_place(), prefix="stories-") as directory,
        Server.temporary(roomy_place(), settings=SETTINGS) as server,
    ):
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE DATABASE stories")
        dsn = named(server.dsn, "stories")
        prepare(dsn)
        run = play(Path(directory), dsn, tales, told.seed)
        wrong = verdict(run, told.seed)
    sys.stdout.write(f"{summary(run)}; {time.monotonic() - begun:.0f} s\n")
    sys.stdout.write(f"{wrong}\n" if wrong else "nothing lost, nothing doubled\n")
    if told.stories == 1:
        sys.stdout.write("\n".join(run.stories[0].said) + "\n")
    return 1 if wrong else 0


__all__ = ["Breach", "play", "summary", "verdict"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
