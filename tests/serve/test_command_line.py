"""``jiehuan serve``: what it refuses, and that it serves."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.database import roomy_place
from tests.serve.api import POLICY
from tests.serve.partner import TOKEN, VAULT_KEY, account

from jiehuan import cli
from jiehuan.core.errors import UsageError
from jiehuan.engine.book import prepare
from jiehuan.serve.opening import WalletFiles, wallet_settings
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

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


# --- Beside a wallet ----------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """A file with our account, and one with the courier's token."""
    paths = tmp_path / "wechat.json", tmp_path / "courier.token"
    paths[0].write_text(json.dumps(account()), encoding="utf-8")
    paths[1].write_text(TOKEN, encoding="utf-8")
    return paths


WRONG_FILES = {
    "no account": (0, None, "wechat.json cannot be read"),
    "no JSON": (0, "{", "wechat.json is not JSON"),
    "no merchant": (0, json.dumps({"appid": "wx"}), "wechat.json: mchid is missing"),
    "short token": (1, "short", "courier.token must hold a token of 16 or more"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_wrong_file_of_the_wallet_is_said(run, shared_database, files, what, monkeypatch):
    monkeypatch.setenv("JIEHUAN_VAULT_KEY", VAULT_KEY.hex())
    place, text, complaint = WRONG_FILES[what]
    files[place].unlink()
    if text is not None:
        files[place].write_text(text, encoding="utf-8")
    options = ["--wechat", files[0], "--courier-token-file", files[1], "--port", 0]

    status, said = run("--book", 30003, "--new", "CNY", *options, database=shared_database)

    assert 2 == status
    assert complaint in said


@pytest.mark.parametrize(
    ("named", "more", "complaint"),
    [
        ("", {}, "name the vault's key: set JIEHUAN_VAULT_KEY"),
        ("00", {}, "must be 64 hexadecimal digits"),
        (VAULT_KEY.hex(), {"base_url": "https://api.mch.weixin.qq.com"}, "moves real money"),
    ],
)
def test_a_wallet_that_cannot_stand_beside_the_book_is_said(
    run, shared_database, files, monkeypatch, named, more, complaint
):
    monkeypatch.setenv("JIEHUAN_VAULT_KEY", named)
    files[0].write_text(json.dumps(account(**more)), encoding="utf-8")
    options = ["--wechat", files[0], "--port", 0]

    status, said = run("--book", 30003, "--new", "CNY", *options, database=shared_database)

    assert 2 == status
    assert complaint in said


def test_a_token_without_an_account_is_said(run, files):
    status, said = run("--new", "CNY", "--courier-token-file", files[1])

    assert 2 == status
    assert "name both" in said


def test_keys_are_made_once_and_a_lost_one_is_said(database, files, tmp_path):
    prepare(database)
    files[1].unlink()
    given = WalletFiles(
        wechat=files[0], courier_token=files[1], data=tmp_path, vault_key="", lasting=True
    )
    first, again = (wallet_settings(database, given, "http://a") for _ in range(2))
    with connect(database, Session.OWNER) as conn:
        conn.execute("INSERT INTO vault VALUES (1, 1, 1, '', NULL)")
    (tmp_path / "vault.key").unlink()

    assert first == again
    assert first.vault_key != first.session_key
    assert [0o600] == [files[1].stat().st_mode & 0o777]
    with pytest.raises(UsageError, match=r"vault\.key is missing"):
        wallet_settings(database, given, "http://a")


def test_a_service_beside_a_wallet_ends_though_a_courier_waits(shared_database, files):
    command = [PROGRAM, "serve", "--port", "0", "--book", "990", "--new", "CNY"]
    command += ["--wechat", str(files[0]), "--courier-token-file", str(files[1])]
    settings = {"JIEHUAN_DATABASE": shared_database, "JIEHUAN_VAULT_KEY": VAULT_KEY.hex()}
    environment = {**os.environ, **settings}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            address = program.stderr.readline().split()[0]
            asked = urllib.request.Request(
                address + "courier/v1/due?wait_s=60", headers={"Authorization": f"Bearer {TOKEN}"}
            )
            with ThreadPoolExecutor() as pool:
                waiting = pool.submit(urllib.request.urlopen, asked, timeout=60)
                urllib.request.urlopen(address + "healthz", timeout=30).close()
                program.send_signal(signal.SIGTERM)
                with waiting.result() as answer:
                    due = json.load(answer)
            status = program.wait(50)
        finally:
            program.kill()

    assert [] == due["tasks"]
    assert 128 + signal.SIGTERM == status


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


@pytest.fixture
def roomy():
    """A directory that the database's own user can reach."""
    parent = Path(tempfile.mkdtemp(prefix="serve-test-", dir=roomy_place()))
    parent.chmod(0o755)
    yield parent
    shutil.rmtree(parent, ignore_errors=True)


def test_a_service_that_is_terminated_leaves_no_database_running(roomy):
    data = roomy / "books"
    environment = {name: value for name, value in os.environ.items() if name != "JIEHUAN_DATABASE"}
    command = [PROGRAM, "serve", "--port", "0", "--data", str(data), "--new", "CNY"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            while "Ctrl-C ends it" not in program.stderr.readline():
                assert program.poll() is None
            assert (data / "postgres" / "postmaster.pid").exists()
            program.send_signal(signal.SIGTERM)
            status = program.wait(50)
        finally:
            program.kill()

    assert 128 + signal.SIGTERM == status
    assert not (data / "postgres" / "postmaster.pid").exists()
