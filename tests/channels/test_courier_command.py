"""``jiehuan courier``: what it refuses, one round of it, and a courier that is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels import keys
from tests.channels.counter import TOKEN, Counter, Row
from tests.channels.partner import Partner, Say, open_at

from jiehuan import cli
from jiehuan.channels import numbers

PROGRAM = str(Path(sys.executable).parent / "jiehuan")
SEND = "POST /v3/pay/transactions/jsapi"
QUERY = "GET /v3/pay/transactions/out-trade-no/"


@pytest.fixture
def partner(pairs):
    with open_at(Partner(pairs)) as server:
        yield server


@pytest.fixture
def files(partner, pairs, tmp_path):
    """The settings and the token of a courier, as options."""
    (tmp_path / "wechat.json").write_text(json.dumps(pairs.settings(partner.url)), encoding="utf-8")
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="utf-8")
    return ["--wechat", str(tmp_path / "wechat.json"),
            "--courier-token-file", str(tmp_path / "token")]  # fmt: skip


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command to its end in this process; return exit status, output and complaints."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["jiehuan", "courier", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return command


def paid(row):
    number = numbers.write(2, row.id)
    return Say(200, {
        "mchid": keys.MCHID, "appid": keys.APPID, "out_trade_no": number, "trade_state": "SUCCESS",
        "success_time": "2026-11-23T10:34:56+08:00",
        "amount": {"total": 12_300, "currency": "CNY"},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"wechat.json": None}, "wechat.json cannot be read: No such file"),
        ({"wechat.json": "{}"}, "wechat.json: mchid is missing"),
        ({"token": ""}, "token is empty"),
        ({"token": None}, "token cannot be read"),
        ({"token": "another"}, "refuses the courier's token"),
    ],
)
def test_what_is_wrong_is_said(run, files, tmp_path, partner, change, complaint):
    for name, content in change.items():
        if content is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_text(content, encoding="utf-8")
    with open_at(Counter(Row(17))) as counter:
        status, _, said = run("--service", counter.url, *files, "--once")

    assert 2 == status
    assert complaint in said
    assert [] == partner.asked()


def test_a_live_channel_is_refused_to_a_virtual_book(run, files, tmp_path, pairs):
    live = pairs.settings("https://api.mch.weixin.qq.com")
    (tmp_path / "wechat.json").write_text(json.dumps(live), encoding="utf-8")
    with open_at(Counter(Row(17))) as counter:
        status, _, said = run("--service", counter.url, *files)

    assert 2 == status
    assert "the book is on a virtual clock" in said


@pytest.mark.parametrize("as_json", [True, False])
def test_one_round(monkeypatch, capsys, files, partner, as_json):
    rows = [Row(17), Row(18, state="sent", attempts=1)]
    partner.usual = {SEND: Say(200, {"prepay_id": "wx26"}), QUERY: paid(rows[1])}
    with open_at(Counter(*rows)) as counter:
        arguments = ["--service", f"{counter.url}/", *files, "--once"]
        monkeypatch.setattr(
            sys, "argv", ["jiehuan", "courier", *arguments, *(["--json"] if as_json else [])]
        )
        with contextlib.suppress(SystemExit):
            cli.main()

    said = capsys.readouterr().out
    told = {"visited": 2, "waiting": 1, "unknown": 0, "succeeded": 1, "failed": 0, "not_told": 0}
    lines = [line.split() for line in said.splitlines()]
    assert told == (json.loads(said) if as_json else {name: int(count) for name, count in lines})
    [sent] = partner.bodies(SEND)
    assert f"{counter.url}/wechat/notify" == sent["notify_url"]


def test_a_courier_ends_when_asked_and_the_next_goes_on_after_one_that_was_killed(files, partner):
    rows = [Row(17), Row(18)]
    with open_at(Counter(*rows)) as counter:
        command = [PROGRAM, "courier", "--service", counter.url, *files, "--json"]
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        partner.guard.acquire()  # he is killed while the partner has his requests in hand
        try:
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as first:
                counter.wait(lambda: all(row.state == "sent" for row in rows), 60)
                assert partner.came.acquire(timeout=20)
                first.kill()
        finally:
            partner.guard.release()
        partner.usual = {f"{QUERY}{numbers.write(2, row.id)}": paid(row) for row in rows}
        for row in rows:
            row.due_at = 0.0
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
            counter.wait(counter.all_finished, 60)
            second.send_signal(signal.SIGTERM)
            said, _ = second.communicate(timeout=60)

    visits = [json.loads(line) for line in said.splitlines()]
    assert 0 == second.returncode
    assert ["succeeded"] * 2 == [row.state for row in rows]
    assert [("succeeded", ["ask settled"])] * 2 == [
        (visit["told"], visit["steps"]) for visit in visits
    ]
