"""Borrowers live with the service, the courier and the sandbox as three programs, which are killed.

``make torture STORIES=n SEED=s`` plays more, or again.
"""

from collections import Counter

import pytest
from tests.stories.tales import FAULTS, KINDS, row, tale
from tests.stories.torture import play, verdict

SEED, STORIES = 1, 200
ROWS = {
    1_000_000 + place: (kind, fault)
    for place, (kind, fault) in enumerate((kind, fault) for fault in FAULTS for kind in KINDS)
}


@pytest.fixture
def new_database(fresh_database):
    return fresh_database()


def test_the_seeds_of_the_suite_cover_every_fault_deed_and_kill():
    told = [step for seed in range(SEED, SEED + STORIES) for step in tale(seed)]
    hit = {(step.do, fault.name) for step in told for fault in step.faults}
    killed = {(step.do, step.kill) for step in told if step.kill}

    assert hit >= {(do, name) for do in ("draw", "repay", "pay_back") for name in FAULTS}
    assert {"service", "courier", "both"} <= {kill.split()[0] for _, kill in killed}
    assert {do for do, _ in killed} == {step.do for step in told}


def test_a_seed_tells_the_same_story_each_time():
    assert tale(SEED) == tale(SEED)
    assert tale(SEED) != tale(SEED + 1)


def test_two_hundred_stories_with_faults_and_kills_lose_and_double_nothing(new_database, tmp_path):
    told = play(tmp_path, new_database, {n: tale(n) for n in range(SEED, SEED + STORIES)}, SEED)

    assert not (wrong := verdict(told, SEED)), wrong
    assert all(told.town.kills.values())
    orders = Counter(bool(story.orders) for story in told.stories)
    assert orders[True] > STORIES * 3 / 4


def test_each_kind_with_each_fault_and_a_kill_at_each_step(new_database, tmp_path):
    tales = {seed: row(kind, fault) for seed, (kind, fault) in ROWS.items()}

    told = play(tmp_path, new_database, tales, SEED, patient=True)

    assert not (wrong := verdict(told, SEED, again="this table, {} of it")), wrong
    cases = [(ROWS[story.person.seed], story) for story in told.stories]
    # What goes wrong with what is sent hits whichever is sent next, one of each kind.
    ended = Counter((kind, *story.states(told.state)) for (kind, _), story in cases)
    expected = Counter((kind, *wanted(kind, fault)) for (kind, fault), _ in cases)
    assert ended == expected, [(case, story.said) for case, story in cases]
    assert {"service", "courier"} <= {who for who, times in told.town.kills.items() if times > 3}


def wanted(kind, fault):
    """Return how the orders of a row of the table must end at the sandbox."""
    if kind == "draw":
        return ["FAIL" if fault == "user_refuses" else "SUCCESS"]
    if kind == "refund":
        back = "CLOSED" if fault == "balance_not_enough" else "SUCCESS"
        return ["REFUND" if back == "SUCCESS" else "SUCCESS", back]
    return ["SUCCESS"]
