"""A stored line becomes a story, and the story played again is what is stored."""

import dataclasses

import pytest
from tests.engine.script import OPENED_ON, Ask, Client, apply_for, make_ready, new_book, writer_of
from tests.reports.life import products
from tests.reports.test_random_books import LINES, Chance, newest_statements

from jiehuan.core.columns import Loans
from jiehuan.core.commands import Kind
from jiehuan.engine.day import advance, begin
from jiehuan.reports.stories.playing import play
from jiehuan.reports.stories.reading import from_text
from jiehuan.reports.stories.recalling import load, story_of
from jiehuan.reports.stories.story import Told
from jiehuan.reports.stories.writing import write
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session


def live(database, seed, late):
    """Let a random book live; return its number and its lines."""
    make_ready(database, products())
    book, chance, today = new_book(database), Chance(seed, late), OPENED_ON
    pick = chance.random
    with writer_of(database, book) as writer:
        client = Client(writer)
        opened = client.ask(
            *(apply_for(name, 200_000, pick.choice([0, 1, 5, 28, 31])) for name in LINES)
        )
        for _ in range(50):
            asks = [chance.ask(pick.choice(LINES), today) for _ in range(pick.randint(0, 6))]
            client.ask(*asks)
            today += pick.choice([1, 1, 2, 4, 9])
            advance(writer, today)
            if pick.random() < 0.2:
                cuts = newest_statements(database, book)
                client.ask(*(Ask(f"{no}/{today}", Kind.CONVERT, at, 0, no, 3) for at, no in cuts))
    return book, [answer.line for answer in opened]


def again(story):
    """Return a story as it comes out of its text."""
    return from_text(write(story), "again")


def plain(story):
    """Return the steps of a story without their places."""
    return [dataclasses.replace(step, at=0) for step in story.steps]


@pytest.mark.parametrize(("seed", "late"), [(1, 0.0), (2, 0.15), (3, 0.3)])
def test_what_is_exported_runs_to_the_cent(database, seed, late):
    book, lines = live(database, seed, late)
    with connect(database, Session.READER) as conn:
        stored = [load(conn, book, line) for line in lines]

    for one, anonymous in zip(stored, (True, False, True, True, False), strict=True):
        story = story_of(one, "stored", anonymous=anonymous)
        read = again(story)
        played = play(read)

        assert plain(story) == plain(read)
        assert [] == played.failed
        assert len(one.journal) == len(played.life.journal)
        for name in ("kind", "effective_on", "amount_minor", "applied_minor", "outcome"):
            assert one.journal[name].tolist() == [row[name] for row in played.life.journal]
        assert owed(one.loaded.loans) == owed(played.life.loaded.loans)
        backdated = [s for s in read.steps if isinstance(s, Told) and s.on < s.booked_on]
        assert bool(backdated) or late == 0


def test_a_line_that_the_night_has_not_reached_is_told_as_it_stands(database):
    """Under terms that we ship, which a story need not bring."""
    make_ready(database)
    book, april = new_book(database), OPENED_ON + 31
    with writer_of(database, book) as writer:
        client = Client(writer)
        [opened] = client.ask(apply_for("a"))
        client.ask(Ask("b", Kind.PURCHASE, "a", 50_000, merchant=77))
        advance(writer, april - 1)
        begin(writer, april)
        with connect(database, Session.READER) as conn:
            stored = load(conn, book, opened.line)

    text = write(story_of(stored, "stored", anonymous=True))

    assert "purchase 500.00 at 1\n2026-03-31 night\n" in text
    assert "terms" not in text
    assert "statement" not in text
    assert [] == play(from_text(text, "again")).failed


def owed(loans: Loans):
    """Return open loans by their columns, without the numbers that a book gives."""
    names = [name for name in Loans.NAMES if name not in ("line", "no", "source", "terms")]
    return sorted(loans.to_rows(loans.open)[names].tolist())
