"""``jiehuan serve``: what it refuses, and that it serves."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.serve.api import POLICY

from jiehuan import cli

PROGRAM = str(Path(sys.executable).parent / "jiehuan")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the program to its end; return exit status and what it complained of."""

    def command(*arguments, database=""):
        monkeypatch.setenv("JIEHUAN_DATABASE", database)
        monkeypatch.setattr(sys, "argv", ["jiehuan", "serve", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().err

    return command


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "say which books"),
        (("--data", "no-such-directory"), "is not a directory"),
        (("--new", "CNY", "--host", "0.0.0.0"), "no login yet"),
        (("--new", "CNY", "--port", "70000"), "out of range"),
        (("--new", "CNY", "--policy", "no-such-file"), "cannot be read"),
        (("--new", "CNY", "--on", "tomorrow"), "is not a day"),
    ],
)
def test_what_is_wrong_is_said_before_a_database_is_made(run, arguments, complaint):
    status, said = run(*arguments)

    assert 2 == status
    assert complaint in said


def test_a_port_in_use_is_said(run, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, said = run("--data", tmp_path / "books", "--new", "CNY", "--port", port)

    assert 2 == status
    assert f"port {port} of 127.0.0.1 is in use" in said
    assert not (tmp_path / "books").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--book", "30001"), "there is no book 30001"),
        (("--book", "30002", "--new", "XAU"), "no product is offered in XAU; there is CNY, TWD"),
    ],
)
def test_a_book_that_cannot_be_had_is_said(run, shared_database, arguments, complaint):
    status, said = run(*arguments, "--port", "0", database=shared_database)

    assert 2 == status
    assert complaint in said


def test_a_new_book_is_served_until_interrupted(shared_database, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    command = [PROGRAM, "serve", "--port", "0", "--book", "30000"]
    command += ["--new", "CNY", "--on", "2026-03-05", "--policy", str(policy)]
    with subprocess.Popen(
        command,
        env={**os.environ, "JIEHUAN_DATABASE": shared_database},
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stderr is not None
            address = program.stderr.readline().split()[0]
            request = urllib.request.Request(
                address + "v1/applications",
                json.dumps(
                    {
                        "product": "pay-later",
                        "party": 1,
                        "limit_asked_minor": 500_000,
                        "facts": {"age_years": 30},
                    }
                ).encode(),
                {"Content-Type": "application/json", "Idempotency-Key": "first"},
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                opened = json.load(answer)
            program.send_signal(signal.SIGINT)
            status = program.wait(30)
        finally:
            program.kill()

    assert "line_30000_1" == opened["line"]
    assert "2026-03-05" == opened["effective_on"]
    assert status in {0, 130, -signal.SIGINT}
