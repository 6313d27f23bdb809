"""`jiehuan audit` and `jiehuan replay`, as a person calls them."""

import json
import sys

import psycopg
import pytest
from tests.database import TEMPLATE, make_database
from tests.reports.life import live

from jiehuan.cli import DATABASE, main
from jiehuan.store.server import Server


@pytest.fixture(scope="module")
def own(server: Server) -> str:
    """The address of a small book that these tests may spoil."""
    dsn = make_database(server, TEMPLATE)
    assert live(dsn)
    return dsn


@pytest.fixture
def jiehuan(monkeypatch, capsys):
    """Run the program on a database; return its exit status, what it printed, what it said."""

    def run(dsn, *words):
        monkeypatch.setenv(DATABASE, dsn)
        monkeypatch.setattr(sys, "argv", ["jiehuan", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def spoil(dsn, statement):
    """Change something in a database behind the program's back."""
    with psycopg.connect(dsn) as conn:
        conn.execute(statement)


def test_books_are_audited_replayed_spoiled_and_found_out(own, jiehuan):
    status, printed, _ = jiehuan(own, "audit", "--json")
    told = json.loads(printed)
    number = told["book"]
    assert (0, "clean") == (status, told["audit"])
    assert {"book", "commands", "transfers", "seconds", "audit"} == set(told)

    status, printed, _ = jiehuan(own, "replay", "1", "--book", str(number), "--json")
    told = json.loads(printed)
    assert (0, "same", 1) == (status, told["replay"], told["decision"])
    assert ["score_good"] == told["reasons"]
    status, printed, _ = jiehuan(own, "replay", "1", "--book", str(number))
    assert "评分良好 / the score is good" in printed

    spoil(own, "UPDATE line SET used_minor = used_minor + 1 WHERE id = 2")
    spoil(own, "UPDATE decision SET limit_minor = 5 WHERE id = 1")
    status, printed, _ = jiehuan(own, "audit")
    assert 1 == status
    assert "NOT clean" in printed
    assert "refold: line id 2: used_minor should be" in printed

    status, _, said = jiehuan(own, "replay", "1", "--book", str(number))
    assert 1 == status
    assert "the decision does not replay: limit_minor was 5" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "--book", "99"), "there is no book 99"),
        (("replay", "3000", "--book", "99"), "there is no decision 3000 in book 99"),
    ],
)
def test_what_is_not_there_is_said(own, jiehuan, words, said):
    status, _, error = jiehuan(own, *words)

    assert 2 == status
    assert said in error


def test_a_database_without_books_is_refused_and_left_alone(empty_database, jiehuan):
    status, _, error = jiehuan(empty_database, "audit")

    assert 2 == status
    assert "holds no books of ours" in error
    with psycopg.connect(empty_database) as conn:
        assert [] == conn.execute("SELECT FROM pg_tables WHERE schemaname = 'public'").fetchall()


def test_no_database_is_made_where_one_is_looked_for(tmp_path, jiehuan):
    status, _, error = jiehuan("", "audit")
    assert (2, True) == (status, "say which books" in error)

    status, _, error = jiehuan("", "audit", "--data", str(tmp_path / "nowhere"))
    assert (2, True) == (status, "there are no books" in error)
    assert [] == list(tmp_path.iterdir())


def test_a_schema_of_another_version_is_refused(fresh_database, jiehuan):
    dsn = fresh_database()
    spoil(dsn, "UPDATE schema_version SET hash = 'x'")

    status, _, error = jiehuan(dsn, "audit")

    assert (2, True) == (status, "schema of another version" in error)
