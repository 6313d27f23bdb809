"""The main job as it is called: what it prints, what it refuses, what it leaves."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from tests.database import roomy_place
from tests.simulate.test_people import frame

from jiehuan import cli
from jiehuan.simulate.people import shipped
from jiehuan.store import postmaster

# What the figures must hold at least.
KEYS = {
    *("clients", "commands", "day_events", "commands_per_s", "journal_rows_per_s", "seconds"),
    *("statements_off", "trial_balance_minor", "audit", "buckets", "forced", "interest_minor"),
    *("fees_minor", "penalty_minor", "provision_minor", "written_off_minor", "roll_rates"),
    "pay_status_table",
}


@pytest.fixture
def directory():
    """A data directory that is not there yet, open to the server's user."""
    parent = Path(tempfile.mkdtemp(prefix="demo-test-", dir=roomy_place()))
    parent.chmod(0o755)
    path = parent / "books"
    yield path
    if (path / "postgres").exists():
        postmaster.stop(path / "postgres", at_once=True)
    shutil.rmtree(parent)


@pytest.fixture
def demo(monkeypatch, capsys, fresh_database):
    """Call ``jiehuan demo`` on a database of its own, unless ``--data`` names a directory."""
    dsn = fresh_database()

    def call(*arguments: str) -> tuple[int, str, str]:
        if "--data" in arguments or "--no-database" in arguments:
            monkeypatch.delenv(cli.DATABASE, raising=False)
        else:
            monkeypatch.setenv(cli.DATABASE, dsn)
        asked = [argument for argument in arguments if argument != "--no-database"]
        monkeypatch.setattr(sys, "argv", ["jiehuan", "demo", "--no-serve", *asked])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_figures_are_one_json_object(demo):
    status, out, _ = demo("--people", "20", "--months", "2", "--json")
    said = json.loads(out)

    assert 0 == status
    assert KEYS <= set(said)
    assert (20, 0, 0, "clean") == (
        said["clients"],
        said["statements_off"],
        said["trial_balance_minor"],
        said["audit"],
    )
    assert 40 == said["statements"]
    assert 20 == sum(sum(row.values()) for row in said["pay_status_table"].values())


def test_people_read_tables(demo):
    status, out, _ = demo("--people", "20", "--months", "1")

    assert 0 == status
    for words in ("The run", "clients", "20", "The books, in NT dollars", "clean", "M6+"):
        assert words in out


def test_a_book_is_gone_on_with_only_when_asked(demo):
    demo("--people", "12", "--months", "1")

    status, out, err = demo("--people", "12", "--months", "2")
    assert (2, "") == (status, out)
    assert "holds a book already, of 2005-05-02; go on with it by --keep" in err

    status, out, _ = demo("--people", "12", "--months", "2", "--keep", "--json")
    said = json.loads(out)
    assert (0, 24, 0, "clean") == (
        status,
        said["statements"],
        said["statements_off"],
        said["audit"],
    )


def test_a_directory_keeps_its_book(demo, directory):
    few = ("--data", str(directory), "--people", "5", "--months", "1")
    assert 0 == demo(*few)[0]

    status, _, err = demo(*few)
    assert 2 == status
    assert "--keep" in err
    status, out, _ = demo(*few, "--keep", "--json")
    assert (0, 5) == (status, json.loads(out)["clients"])
    assert not (directory / "postgres" / "postmaster.pid").exists()


def test_nobody_makes_an_empty_book(demo):
    status, out, _ = demo("--people", "0", "--json")
    said = json.loads(out)

    assert (0, 0, 0, "clean") == (status, said["clients"], said["commands"], said["audit"])


@pytest.mark.parametrize("people", [1, 2])
def test_a_handful_of_people_will_do(demo, people):
    status, out, _ = demo("--people", str(people), "--months", "3", "--json")

    assert (0, 0) == (status, json.loads(out)["statements_off"])


def test_other_people_can_be_given(demo, tmp_path):
    path = tmp_path / "people.parquet"
    pl.read_parquet(shipped()).tail(9).write_parquet(path)

    status, out, _ = demo("--input", str(path), "--months", "2", "--json")

    assert (0, 9, 0) == (status, json.loads(out)["clients"], json.loads(out)["statements_off"])


def test_what_is_wrong_is_told_before_anything_is_made(demo, tmp_path, directory):
    wrong = tmp_path / "wrong.parquet"
    frame().drop("AGE").write_parquet(wrong)

    for arguments, words in {
        ("--input", str(wrong)): f"jiehuan: {wrong}: no column AGE",
        ("--input", "nowhere"): "jiehuan: there is no file nowhere",
        ("--keep", "--no-database"): "jiehuan: --keep goes on with the book that --data holds",
        ("--months", "7"): "--months",
        ("--people", "-1"): "--people",
        ("--input", str(wrong), "--data", str(directory)): "no column AGE",
    }.items():
        status, out, err = demo(*arguments)
        assert (2, "") == (status, out)
        assert words in re.sub(r"[\s│]+", " ", err)
    assert not directory.exists()


def test_two_databases_are_one_too_many(monkeypatch, capsys, directory):
    monkeypatch.setenv(cli.DATABASE, "host=nowhere")
    monkeypatch.setattr(sys, "argv", ["jiehuan", "demo", "--data", str(directory)])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert 2 == ended.value.code
    assert "JIEHUAN_DATABASE names a database, and so does --data" in capsys.readouterr().err


@pytest.mark.parametrize("people", [0, 3])
def test_the_page_is_served_until_it_is_interrupted(fresh_database, people):
    command = [sys.executable, "-c", "from jiehuan.cli import main; main()", "demo"]
    command += ["--people", str(people), "--months", "1", "--json"]
    environment = {**os.environ, cli.DATABASE: fresh_database()}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        figures = json.loads(process.stdout.readline())
        told = (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in process.stderr)
        address = next(filter(None, told))
        try:
            with urllib.request.urlopen(address.group(), timeout=30) as answer:
                page = answer.read().decode()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        finally:
            process.kill()

    assert people == figures["clients"]
    assert 200 == answer.status
    assert "<html" in page
