"""A copy of lines run ahead is what the days themselves would make of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.lives import CARD, TERMS, people, rehearsed
from tests.tables import table

from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.days import parse, to_text
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded
from jiehuan.simulate import ahead
from jiehuan.simulate.journal import fold
from jiehuan.simulate.plan import FIRST_ON, first_of

LIMIT = 100_000

# What numbers of events decide: they differ from run to run.
NUMBERED = {"version"}


def commands(text: str) -> Commands:
    """Write commands of line 1, numbered as they come; April 2005."""
    rows = table(text)
    out = Commands.empty(len(rows))
    for k, row in enumerate(rows):
        out.seq[k], out.line[k] = k + 1, 1
        out.kind[k] = Kind[row.kind.upper()]
        out.effective_on[k] = out.booked_on[k] = parse(f"2005-{row.on}")
        out.amount_minor[k], out.ref[k] = row.amount, row.ref
    out.terms[:], out.client[:] = CARD, 2
    return out


def told(run: ahead.Run) -> list[tuple[str, str, str]]:
    """Tell what happened: day, kind, outcome, in the order of each wave."""
    return [
        (to_text(on)[5:], Kind(kind).name.lower(), Outcome(outcome).name.lower())
        for wave, out in run.outs
        for on, kind, outcome in zip(
            wave.effective_on.tolist(), wave.kind.tolist(), out.outcome.tolist(), strict=True
        )
    ]


def test_commands_and_day_events_take_their_turns():
    """A hold ends before a purchase that needs its room, though the hold came in this run."""
    asked = commands("""
        on     kind      amount  ref
        04-01  open     100_000    7
        04-02  hold      80_000    0
        04-03  purchase  30_000    0   # no room
        04-09  purchase  30_000    0   # the hold ends when this day closes
        04-10  purchase  30_000    0
        04-28  repay     40_000    0
    """)

    run = ahead.run(TERMS, Loaded.nothing(np.array([1])), asked, ahead.opening(first_of(1)))

    expected = [
        ("04-01", "open", "done"),
        ("04-02", "hold", "done"),
        ("04-03", "purchase", "amount_exceeds_available"),
        ("04-09", "purchase", "amount_exceeds_available"),
        ("04-09", "hold_expired", "done"),
        ("04-10", "purchase", "done"),
        ("04-28", "repay", "done"),
        ("05-01", "statement", "done"),
    ]
    assert expected == told(run)
    assert [False, False, True, True, False, False] == (run.outcome > 0).tolist()
    assert -10_000 == run.state.lines.balance_minor[0]
    assert 2 == run.events


def test_a_run_changes_nothing_of_what_it_was_given():
    lines = ahead.loaded_of(rehearsed(40, 2).states[0])
    before = [x.to_rows() for x in (lines.lines, lines.loans, lines.dues, lines.parts, lines.holds)]
    plan = rehearsed(40, 2).plans[1]

    ahead.run(TERMS, lines, plan.commands, ahead.opening(first_of(2)))

    after = [x.to_rows() for x in (lines.lines, lines.loans, lines.dues, lines.parts, lines.holds)]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@settings(max_examples=15)
@given(st.integers(1, 30), st.integers(1, 5))
def test_a_month_run_in_two_stretches_is_the_month_run_in_one(day, month):
    """Cut at any day: what was open is taken along, what was closed is not needed again."""
    plan = rehearsed(80, 6).plans[month]
    lines = ahead.loaded_of(rehearsed(80, 6).states[month - 1])
    at = min(ahead.opening(first_of(month) + day), ahead.opening(first_of(month + 1)) - 1)
    first = ahead.positions(plan.commands) <= at
    until = ahead.opening(first_of(month + 1))

    whole = ahead.run(TERMS, lines, plan.commands, until)
    one = ahead.run(TERMS, lines, Commands.from_rows(plan.commands.to_rows(first)), at)
    two = ahead.run(
        TERMS,
        ahead.loaded_of(one.state),
        Commands.from_rows(plan.commands.to_rows(~first)),
        until,
    )

    assert_same_lines(whole.state.lines, two.state.lines)
    assert whole.events == one.events + two.events


def assert_same_lines(expected, actual):
    for name in expected.DTYPE.names:
        if name not in NUMBERED:
            assert (getattr(expected, name) == getattr(actual, name)).all(), name


def test_the_rehearsed_journal_folds_to_the_rehearsed_lines():
    rehearsal = rehearsed()

    assert_same_lines(rehearsal.end.lines, fold(TERMS, rehearsal.journal).lines)


def test_the_rehearsed_journal_is_in_the_order_of_time():
    journal = rehearsed().journal

    assert list(range(1, len(journal) + 1)) == journal.seq.tolist()
    assert (np.diff(ahead.positions(journal)) >= 0).all()
    assert len(people()) == (journal.effective_on == FIRST_ON).sum()


def test_chosen_lines_are_copied_with_their_children():
    lines = ahead.loaded_of(rehearsed(80, 6).states[3])
    chosen = lines.lines.id % 3 == 0

    part = ahead.copy_of(lines, chosen)

    assert lines.lines.id[chosen].tolist() == part.lines.id.tolist()
    for name in ("dues", "loans", "parts", "holds"):
        of_all, of_part = getattr(lines, name), getattr(part, name)
        assert of_all.line[of_all.line % 3 == 0].tolist() == of_part.line.tolist(), name
