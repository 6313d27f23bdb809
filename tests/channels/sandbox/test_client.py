"""An unmodified client of another author completes its flows: by base address and by proxy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels.sandbox import program
from tests.channels.sandbox.running import running, until

# The client's own, not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Properties that return a naïve datetime")

# What the sandbox is told, and what the merchant has.
MODES = [
    ("certificate", "certificate"),
    ("public", "public"),
    ("both", "certificate"),
    ("both", "public"),
]


@pytest.mark.parametrize(("mode", "client_mode"), MODES)
def test_by_base_address(tmp_path, mode, client_mode):
    with running(mode) as sandbox:
        config = sandbox.config
        cert_dir = None
        if client_mode == "certificate":
            # In this mode the client fetches certificates before its host could be changed.
            cert_dir = str(tmp_path)
            file = tmp_path / f"{config['platform_serial']}.pem"
            file.write_text(config["platform_certificate_pem"])

        program.main(config, client_mode, config["base_url"], cert_dir)

        assert {"REFUND", "CLOSED"} == {one.state for one in sandbox.world.orders()}
        assert {"SUCCESS", "CANCELLED"} == {one.state for one in sandbox.world.transfers()}
        until(lambda: {"accepted"} == {one.state for one in sandbox.world.notices()})
        assert 0 == sum(sandbox.world.balances().values())


@pytest.mark.parametrize(("mode", "client_mode"), MODES)
def test_by_proxy_with_two_variables(tmp_path, mode, client_mode):
    with running(mode) as sandbox:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(sandbox.config))

        walked = subprocess.run(
            [sys.executable, program.__file__, str(file), client_mode],
            env={
                "PATH": os.environ["PATH"],
                "HTTPS_PROXY": sandbox.config["proxy_url"],
                "REQUESTS_CA_BUNDLE": sandbox.config["ca_pem_path"],
            },
            cwd=Path(program.__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )

        assert "walked" == walked.stdout.strip(), walked.stderr


def test_the_client_finds_a_broken_signature():
    with running("public") as sandbox:
        config = sandbox.config
        client = program.client_of(
            config, "public", "http://127.0.0.1:9/", config["base_url"], None
        )
        assert 404 == client.query(out_trade_no="nothing")[0]  # an error is not verified
        sandbox.control("/faults", {"fault": "broken_signature", "on": "next"})

        with pytest.raises(Exception, match="failed to verify the signature"):
            client.pay(
                description="x",
                out_trade_no="broken001",
                amount={"total": 1},
                payer={"openid": config["openids"][0]},
            )


def test_a_client_in_certificate_mode_is_told_that_there_is_none(tmp_path):
    with running("public") as sandbox:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(sandbox.config))
        environment = {
            "HTTPS_PROXY": sandbox.config["proxy_url"],
            "REQUESTS_CA_BUNDLE": sandbox.config["ca_pem_path"],
        }

        walked = subprocess.run(
            [sys.executable, program.__file__, str(file), "certificate"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert "No wechatpay platform certificate" in walked.stderr
