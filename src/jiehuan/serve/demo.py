"""What stands behind the demo's page?  Two books, a wallet's counterpart, and a courier.

The counterpart and the courier are processes of their own, as they are in earnest; they end
with us, also when we are killed.
"""

import contextlib
import ctypes
import dataclasses
import datetime as dt
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import JiehuanError
from jiehuan.engine.clock import ZONE
from jiehuan.serve import run as web
from jiehuan.serve.app import create_app
from jiehuan.serve.console.auditor import Verdict
from jiehuan.serve.console.routes import Console
from jiehuan.serve.opening import make_ready
from jiehuan.serve.service import Service
from jiehuan.serve.wallet import WalletSettings

PHONE_BOOK: Final = 2
PHONE_CURRENCY: Final = "CNY"
TAIWAN_URL: Final = "/books/1"
FIRST_DAY: Final = 5  # of a month: one month on there is a bill, and there are days to pay it
READY_SECONDS_MAX: Final = 15.0
END_SECONDS_MAX: Final = 5.0
PR_SET_PDEATHSIG: Final = 1
PROGRAM: Final = (sys.executable, "-c", "from jiehuan.cli import main; main()")


class PartnerDown(JiehuanError):
    """The wallet's counterpart did not come up."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counterpart:
    """A wallet on this machine.

    Attributes:
        told: What it prints of itself.
        file: The same, as a file.
    """

    told: Mapping[str, Any]
    file: Path

    @property
    def control_url(self) -> str:
        """Where it is told what to do."""
        return str(self.told["control_url"])


def _end_with_parent() -> None:
    """Have the system end this process when the one that started it is gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def child(*arguments: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of this program beside us; end it at the end."""
    with (
        log.open("ab") as output,
        subprocess.Popen(  # noqa: S603  # our own program, our own arguments
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # it calls nothing but the system
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """Return a port of this machine that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def counterpart(directory: Path) -> Iterator[Counterpart]:
    """Run a wallet's counterpart; yield how to reach it, once it answers.

    Raises:
        PartnerDown: It did not come up; the message says where its last words are.
    """
    data, log = directory / "wechat", directory / "wechat.log"
    options = ("sandbox", "wechat", "--data", str(data), "--port", str(free_port()))
    with child(*options, log=log) as process:
        printed = subprocess.run(  # noqa: S603  # our own program, our own arguments
            [*PROGRAM, *options, "--print-config"], check=False, capture_output=True
        )
        if printed.returncode:
            raise PartnerDown(f"the wallet did not say how to reach it: {printed.stderr.decode()}")
        file = directory / "wechat.json"
        file.touch(mode=0o600)
        file.write_bytes(printed.stdout)
        found = Counterpart(json.loads(printed.stdout), file)
        _await(found, process, log)
        yield found


def _await(found: Counterpart, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when the counterpart answers."""
    until = time.monotonic() + READY_SECONDS_MAX
    with httpx.Client(trust_env=False, timeout=1.0) as client:
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{found.control_url}/clock").is_success:
                    return
            time.sleep(0.05)
    raise PartnerDown(f"the wallet's counterpart does not answer; its last words are in {log}")


def make_phone_book(dsn: str) -> None:
    """Make the book behind the phone, if it is not there; its clock begins in this month."""
    policy = (files("jiehuan") / "wallet_policy.toml").read_bytes()
    first_on = dt.datetime.now(ZONE).date().replace(day=FIRST_DAY).toordinal()
    make_ready(dsn, PHONE_BOOK, (PHONE_CURRENCY, first_on), policy=policy)


@contextlib.contextmanager
def page(
    dsn: str,
    directory: Path,
    bound: socket.socket,
    vault_key: bytes,
    taiwan: int,
    run: Mapping[str, Any],
) -> Iterator[FastAPI]:
    """Open both books, the wallet and the courier; yield the application that shows them.

    Args:
        dsn: The database, with both books.
        directory: For keys, settings and last words of the others; ours alone.
        bound: Where the page will be served.
        vault_key: Under which the phone's personal data are kept.
        taiwan: The number of the book of cards.
        run: What the run of that book said of itself, its audit too.
    """
    address = web.address_of(bound).rstrip("/")
    token = directory / "courier.token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_urlsafe(32))
    with contextlib.ExitStack() as stack:
        wallet = stack.enter_context(counterpart(directory))
        phone = Service.open(dsn, PHONE_BOOK, f"demo {address}")
        other = Service.open(dsn, taiwan, f"demo {address}")
        stack.callback(other.close)
        console = Console.of(
            phone,
            partner_url=wallet.control_url,
            partner_clock_url=f"{wallet.control_url}/clock",
            other=other,
            other_url=f"{TAIWAN_URL}/overview",
            other_verdict=_verdict(other, run["audit"]),
        )
        app = create_app(
            phone, wallet=_settings(wallet, token, directory, address, vault_key), console=console
        )
        app.mount(TAIWAN_URL, create_app(other, run))
        stack.enter_context(
            child(
                "courier", "--service", address, "--wechat", str(wallet.file),
                "--courier-token-file", str(token), log=directory / "courier.log",
            )
        )  # fmt: skip
        yield app


def _verdict(service: Service, audit: str | Sequence[str]) -> Verdict:
    """Return what an audit said of the book as it stands."""
    with service.snapshot() as conn:
        seq = service.row(conn).seq
    return Verdict(seq, () if isinstance(audit, str) else tuple(audit))


def _settings(
    wallet: Counterpart, token: Path, directory: Path, address: str, vault_key: bytes
) -> WalletSettings:
    """Return what the service needs to stand beside the wallet."""
    session = directory / "session.key"
    if not session.exists():
        session.touch(mode=0o600)
        session.write_bytes(secrets.token_bytes(32))
    return WalletSettings(
        settings=Settings.from_file(wallet.file),
        courier_token=token.read_text(),
        vault_key=vault_key,
        public_url=address,
        session_key=session.read_bytes(),
    )
