"""``jiehuan sandbox wechat``: what it prints, what it refuses, that it serves and stops."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from jiehuan import cli
from jiehuan.channels.sandbox.run import alone

PROGRAM = str(Path(sys.executable).parent / "jiehuan")
NAMES = {
    *("base_url", "proxy_url", "ca_pem_path", "env", "mchid", "appid", "appsecret", "apiv3_key"),
    *("merchant_serial", "merchant_private_key_pem", "merchant_certificate_pem"),
    *("platform_public_key_id", "platform_public_key_pem", "platform_serial"),
    *("platform_certificate_pem", "keys", "control_url", "authorize_url", "token_url"),
    *("cashier_url", "confirm_url", "shim_url", "openids"),
}


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the program to its end; return exit status, output and complaint."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["jiehuan", "sandbox", "wechat", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return command


def test_the_configuration_is_one_json_object_and_stays_the_same(run, tmp_path):
    data = tmp_path / "new" / "data"
    arguments = ("--data", data, "--port", 9123, "--print-config")

    status, first, _ = run(*arguments)
    again = run(*arguments)[1]

    assert 0 == status
    assert first == again
    told = json.loads(first)
    assert NAMES == set(told)
    assert "http://127.0.0.1:9123" == told["base_url"] == told["proxy_url"]
    assert "http://127.0.0.1:9123/control" == told["control_url"]
    assert "both" == told["keys"]
    assert len(told["openids"]) >= 2
    variables = dict(shlex.split(line)[1].split("=", 1) for line in told["env"])
    assert "http://127.0.0.1:9123" == variables["HTTPS_PROXY"]
    for name in ("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"):
        assert told["ca_pem_path"] == variables[name]
    assert Path(told["ca_pem_path"]).is_absolute()
    assert Path(variables["NODE_OPTIONS"].removeprefix("--require ")).is_file()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--port", 0, "--print-config"), "name the port"),
        (("--port", 70_000), "out of range"),
        (("--port", 70_000, "--print-config"), "out of range"),
        (("--port", 9123, "--keys", "secret"), "--keys is one of both, public, certificate"),
        (("--port", 9123, "--speed", 0), "speed must be more than 0"),
        (("--port", 0, "--people", "no-such-file"), "does not describe people"),
    ],
)
def test_what_is_wrong_is_said(run, tmp_path, arguments, complaint):
    status, _, said = run("--data", tmp_path / "data", *arguments)

    assert 2 == status
    assert complaint in said


def test_a_port_in_use_is_said(run, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, _, said = run("--data", tmp_path / "data", "--port", port)

    assert 2 == status
    assert f"port {port} of 127.0.0.1 is in use; choose another one with --port" in said
    assert not (tmp_path / "data").exists()


def test_a_directory_that_is_none_is_said(run, tmp_path):
    (tmp_path / "file").write_text("")

    status, _, said = run("--data", tmp_path / "file", "--port", 0)

    assert 2 == status
    assert "cannot be used" in said


def test_two_do_not_share_a_directory(run, tmp_path):
    run("--data", tmp_path, "--port", 9123, "--print-config")
    with alone(tmp_path):
        status, _, said = run("--data", tmp_path, "--port", 0)

    assert 2 == status
    assert f"another sandbox is using {tmp_path}" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_remembers(tmp_path, number):
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    command = [PROGRAM, "sandbox", "wechat", "--data", str(tmp_path / "data"), "--port", "0"]
    shifts = []
    for _ in range(2):
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True
        ) as program:
            try:
                assert program.stderr is not None
                address = program.stderr.readline().split()[0]
                with urllib.request.urlopen(f"{address}/control/clock", timeout=30) as answer:
                    shifts.append(json.load(answer)["shift_s"])
                body = json.dumps({"advance_s": 3_600}).encode()
                request = urllib.request.Request(f"{address}/control/clock", body)
                urllib.request.urlopen(request, timeout=30).close()
                with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))):
                    program.send_signal(number)  # somebody is still connected
                    status = program.wait(30)
                said = program.stderr.read()
            finally:
                program.kill()
        assert (0, "") == (status, said)

    assert [0, 3_600] == shifts
