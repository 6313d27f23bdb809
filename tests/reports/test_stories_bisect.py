"""Which command turned a figure: expressions, and commands that were planted."""

import json
import re
import sys
from fractions import Fraction

import pytest
from tests.reports.test_stories_stored import live

from jiehuan.cli import DATABASE, main
from jiehuan.core.commands import Kind
from jiehuan.core.errors import InvariantBroken, UsageError
from jiehuan.core.money import format_amount
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories.bisect import bisect
from jiehuan.reports.stories.expressions import Value, parse
from jiehuan.reports.stories.playing import play
from jiehuan.reports.stories.recalling import load, story_of
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

LINE: dict[str, Value] = {
    "owed": Fraction(123_45, 100),
    "used": Fraction(100),
    "bucket": Fraction(2),
    "overpaid": Fraction(0),
    "status": "overdue",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("owed == 123.45", True),
        ("owed = 123.45", True),
        ("owed != 123.45", False),
        ("owed > used", True),
        ("owed - used - 23.45 == 0", True),
        ("owed - (used + 23.45) == 0", True),
        ("-owed < -1,000.00 + 900", True),
        ("used >= 100 and used <= 100.00", True),
        ("bucket == 3 or status == overdue", True),
        ("bucket == 2 and overpaid > 0 or status != overdue", False),
        ("(bucket == 2 or overpaid > 0) and status == overdue", True),
        ("owed", Fraction(123_45, 100)),
        ("status", "overdue"),
        ("owed-used", Fraction(23_45, 100)),
    ],
)
def test_what_an_expression_gives(text, value):
    assert value == parse(text).value(LINE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the expression ends too early"),
        ("owed ==", "the expression ends too early"),
        ("1 == 1", "looks at no figure"),
        ("owd == 1", "there is no figure 'owd'; did you mean 'owed'?"),
        ("owed == 1 2", "cannot be read from '2' on"),
        ("owed; used", "cannot be read from '; used' on"),
        ("__import__(1)", "there is no figure '__import__'"),
        ("owed == 'x'", "cannot be read from"),
        ("(owed == 1", "a bracket is not closed"),
        ("owed and used", "'and' needs true or false on both sides, not a number"),
        ("owed == overdue", "'==' needs a number on both sides, not a word"),
        ("status < overdue", "'<' needs a number on both sides, not a word"),
        ("owed + (used == 1)", "'+' needs a number on both sides, not true or false"),
        ("owed" + " + owed" * 100, "at most 500 characters"),
    ],
)
def test_what_is_no_expression_is_said(text, complaint):
    with pytest.raises(UsageError, match=re.escape(complaint)):
        parse(text)


@pytest.fixture(scope="module")
def stored(lived):
    """The lines of the small book that everything happens to."""
    dsn, book = lived
    with connect(dsn, Session.READER) as conn:
        return [load(conn, book, line) for line in range(1, 9)]


def found(line, text):
    """Return the command that turned an expression."""
    turn = bisect(line, parse(text))
    assert turn.row is not None
    return turn.row


def command(line, kind, amount=None):
    """Return the first accepted command of a kind on a line."""
    rows = line.journal
    found = rows[(rows["kind"] == kind) & (rows["outcome"] == Outcome.DONE)]
    return found[found["amount_minor"] == amount][0] if amount else found[0]


def test_a_command_that_turned_a_figure_is_found(stored):
    pays, draws, _, gone, *_ = stored

    turn = bisect(pays, parse("used > 10,000.00"))
    assert (200_000, 1_100_000) == (turn.before.figures["used"], turn.after.figures["used"])
    bought = command(pays, Kind.PURCHASE, 900_000)
    assert bought["seq"] == found(pays, "used > 10,000.00")["seq"]
    assert command(draws, Kind.DRAW)["seq"] == found(draws, "held")["seq"]
    assert Kind.DUE_PASSED == found(gone, "status == overdue")["kind"]
    assert Kind.WRITE_OFF == found(gone, "status == written_off")["kind"]


def test_what_never_turned_is_said(stored):
    turn = bisect(stored[0], parse("owed == 123.45"))

    assert turn.row is None
    assert turn.to_json()["found"] is False
    assert "no command made it true; it never was" in turn.text()
    assert "it was so when the line was opened" in bisect(stored[0], parse("owed >= 0")).text()
    assert "did not change since" in bisect(stored[0], parse("limit")).text()


def test_a_backdated_command_is_found_where_it_was_booked(stored):
    """``g`` is past due until it is told that it was paid in time."""
    told = found(stored[6], "used < 500.00")

    assert (Kind.REPAY, 45_000) == (told["kind"], told["amount_minor"])
    assert told["effective_on"] < told["booked_on"]
    assert ", booked 2026-04-21" in bisect(stored[6], parse("used < 500.00")).text()


def test_a_line_that_is_not_as_stored_is_not_judged(stored):
    spoilt = stored[0].loaded.lines
    spoilt.used_minor[:] += 1
    try:
        with pytest.raises(InvariantBroken, match="owed should be"):
            bisect(stored[0], parse("used"))
    finally:
        spoilt.used_minor[:] -= 1


def test_a_planted_command_is_found_among_random_ones(database):
    """In a random book each change of a figure is found, at the command that made it."""
    book, lines = live(database, 5, 0.2)
    with connect(database, Session.READER) as conn:
        every = [load(conn, book, line) for line in lines]

    for line in every:
        seen: list[tuple[int, int]] = []

        def watch(life, seen=seen):
            seen.append((len(life.journal) - 1, int(life.loaded.lines.used_minor[0])))

        play(story_of(line, "line", anonymous=True), watch)
        values = [used for _, used in seen]
        for used in sorted(set(values) - {0})[::5]:
            at = values.index(used)
            text = f"used == {format_amount(used)}"
            assert line.journal["seq"][seen[at][0]] == found(line, text)["seq"]


# --- The command line ---------------------------------------------------------------------------


@pytest.fixture
def jiehuan(monkeypatch, capsys, lived):
    """Run the program on the small book; return its status and what it printed."""

    def run(*words):
        monkeypatch.setenv(DATABASE, lived[0])
        monkeypatch.setattr(sys, "argv", ["jiehuan", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out + said.err

    return run


def test_a_line_is_exported_run_and_searched(jiehuan, lived, tmp_path):
    book = lived[1]
    status, story = jiehuan("export", f"line_{book}_1", "--anonymous")
    assert (0, False) == (status, "line 1" in story)
    file = tmp_path / "a.story"
    file.write_text(story, encoding="utf-8")
    status, printed = jiehuan("run", file)
    assert (0, True) == (status, printed.endswith(", 0 not\n"))

    status, told = jiehuan("bisect", 1, "used > 10,000.00", "--book", book, "--json")
    told = json.loads(told)
    assert (0, "purchase", 900_000) == (status, told["kind"], told["amount_minor"])
    assert {"used_minor": {"before": 200_000, "after": 1_100_000}} == told["figures"]
    status, printed = jiehuan("bisect", 1, "used > 10,000.00", "--book", book)
    assert (0, True) == (status, "2,000.00 ->        11,000.00" in printed)
    status, _ = jiehuan("bisect", 1, "owed == 123.45", "--book", book)
    assert 1 == status


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("export", "9999"), "there is no line 9999 in book"),
        (("export", "line_9999_1"), "there is no book 9999"),
        (("export", "0"), "there is no line 0 in book"),
        (("bisect", "line_1", "owed"), "'line_1' is not a line"),
    ],
)
def test_what_is_not_there_is_said(jiehuan, lived, words, complaint):
    status, said = jiehuan(*words, "--book", lived[1])

    assert (2, True) == (status, complaint in said)
