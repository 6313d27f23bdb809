"""Three programs on this machine: the service, the courier and the sandbox; killed and started."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import httpx
import psycopg
from tests.stories.people import Person, write

from jiehuan.channels.sandbox import run as sandbox
from jiehuan.serve.phone.shops import Shops
from jiehuan.serve.vault import derived

ROOT = Path(__file__).parents[2]
BOOK = 2
BEGINS_ON = dt.date(2026, 3, 24)
VAULT_KEY = bytes(range(7, 39))
TOKEN = "the-token-of-the-courier-in-stories"
WAIT_S = 60.0  # for what must come; whoever waits so long fails
LOOK_S = 0.05
READ_TIMEOUT_S = 0.7  # of the courier: how long the sandbox may be silent
SPEED = 400.0
# Where the service may be killed from inside, and how many batches later.
INSIDE = ("after_fence", "before_commit", "commit_sent", "after_commit", "before_answer")
BATCHES = (20, 90)


class Lost(AssertionError):
    """What must come did not."""


def free_port() -> int:
    """Return a port of this machine that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _nursery() -> "subprocess.Popen[str]":
    """Return what starts programs in a moment."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.stories.nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class Town:
    """The programs, the book, and the sandbox's levers.

    Attributes:
        url: Of the service.
        control: Of the sandbox.
        shops: The shops' own key, to write a bill with.
        kills: How often who was killed.
        on: The book's day.
    """

    def __init__(self, directory: Path, dsn: str, people: list[Person], seed: int) -> None:
        """Make ready; nothing runs yet."""
        self.directory, self.dsn, self.people = directory, dsn, people
        self.kills = {"service": 0, "courier": 0, "inside": 0}
        self.on = BEGINS_ON
        self._chance = random.Random(f"town {seed}")
        self._ports = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        self.shops = Shops(derived(VAULT_KEY, "session"), self.url)
        self._wechat = directory / "wechat.json"
        self._token = directory / "courier.token"
        self._pids: dict[str, int] = {}
        self._plain = ssl.create_default_context()
        # The levers are pulled now and then: by then the sandbox has hung up.
        self.http = self.client(httpx.Limits(max_keepalive_connections=0))
        self._closing = False

    def client(self, limits: httpx.Limits | None = None) -> httpx.AsyncClient:
        """Return somebody to ask with, who has connections of his own."""
        return httpx.AsyncClient(
            verify=self._plain, timeout=20.0, trust_env=False, limits=limits or httpx.Limits()
        )

    async def open(self) -> None:
        """Start everything."""
        write(self.directory / "people.toml", self.people)
        people = self.directory / "people.toml"
        told = sandbox.configuration(self.directory / "pay", self._ports[1], "both", people)
        told["read_timeout_s"] = READ_TIMEOUT_S
        self._wechat.write_text(json.dumps(told), encoding="utf-8")
        self._token.write_text(TOKEN, encoding="ascii")
        self._token.chmod(0o600)
        self.control = str(told["control_url"])
        self.authorize_url = str(told["authorize_url"])
        self._nursery = _nursery()
        pay = ("--data", str(self.directory / "pay"), "--port", str(self._ports[1]))
        fast = ("--speed", str(SPEED), "--seed", str(self._chance.randrange(10**6)))
        self._start("sandbox", "sandbox", "wechat", *pay, "--people", str(people), *fast)
        await self._answers("sandbox", f"{self.control}/clock")
        await self._set_sandbox_clock(BEGINS_ON)
        await self.start_service()
        self.start_courier()

    async def close(self) -> None:
        """End everything."""
        self._closing = True
        for name in ("courier", "service", "sandbox"):
            self._kill(name)
        with self._nursery as nursery:
            assert nursery.stdin is not None
            nursery.stdin.close()
        await self.http.aclose()

    # --- Processes ------------------------------------------------------------------------------

    def log(self, name: str) -> Path:
        """Return where a program writes."""
        return self.directory / f"{name}.log"

    def _start(self, name: str, *argv: str, failpoint: tuple[str, int] | None = None) -> None:
        env = {"JIEHUAN_DATABASE": self.dsn, "JIEHUAN_VAULT_KEY": VAULT_KEY.hex()}
        told = {"argv": argv, "env": env, "log": str(self.log(name)), "failpoint": failpoint}
        stdin, stdout = self._nursery.stdin, self._nursery.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(told) + "\n")
        stdin.flush()
        self._pids[name] = int(stdout.readline())

    def _kill(self, name: str) -> None:
        """Kill a program with ``kill -9``; return when it is gone."""
        pid = self._pids.pop(name, 0)
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        last = time.monotonic() + WAIT_S
        while is_alive(pid):
            if time.monotonic() > last:
                raise Lost(f"{name} does not die")
            time.sleep(0.001)

    async def start_service(self, *, inside: bool = False) -> None:
        """Start the service on its port; ``inside``: it is to be killed at a failpoint."""
        failpoint = None
        if inside:
            failpoint = self._chance.choice(INSIDE), self._chance.randint(*BATCHES)
        # Its lease has not run out; what a new one then has to wait is tested elsewhere.
        with psycopg.connect(self.dsn) as connection:
            connection.execute("UPDATE book SET expires_at = now() - interval '1 ms'")
        policy = str(files("jiehuan") / "wallet_policy.toml")
        self._start(
            "service", "serve", "--book", str(BOOK), "--new", "CNY",
            "--on", BEGINS_ON.isoformat(), "--policy", policy, "--port", str(self._ports[0]),
            "--wechat", str(self._wechat), "--courier-token-file", str(self._token),
            failpoint=failpoint,
        )  # fmt: skip
        await self._answers("service", f"{self.url}/readyz")

    def start_courier(self) -> None:
        """Start the courier."""
        self._start(
            "courier", "courier", "--service", self.url, "--wechat", str(self._wechat),
            "--courier-token-file", str(self._token), "--json",
        )  # fmt: skip

    async def _answers(self, name: str, url: str) -> None:
        """Return when a program answers, or is dead for it was killed from inside."""
        last = time.monotonic() + WAIT_S
        while name in self._pids and is_alive(self._pids[name]):
            with contextlib.suppress(httpx.HTTPError):
                if (await self.http.get(url)).is_success:
                    return
            if time.monotonic() > last:
                raise Lost(f"{name} does not answer: {self.last_words(name)}")
            await asyncio.sleep(0.02)
        if name != "service" or not self.died_inside():
            raise Lost(f"{name} has ended: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Return the end of what a program wrote."""
        log = self.log(name)
        return log.read_text(encoding="utf-8")[-2_000:] if log.exists() else ""

    def died_inside(self) -> bool:
        """Say whether the service was there, and has killed itself."""
        return "service" in self._pids and not is_alive(self._pids["service"])

    def kill(self, who: str) -> None:
        """Kill the service, the courier or both."""
        for name in ("service", "courier"):
            if who in {name, "both"}:
                self._kill(name)
                self.kills[name] += 1

    async def revive(self, *, inside: bool = False) -> None:
        """Start whoever is not there."""
        if self.died_inside():
            del self._pids["service"]
            self.kills["inside"] += 1
        if "service" not in self._pids:
            await self.start_service(inside=inside)
        if "courier" not in self._pids:
            self.start_courier()

    # --- The sandbox's levers, the clocks -------------------------------------------------------

    async def pull(self, path: str, **body: object) -> httpx.Response:
        """Tell the sandbox something."""
        return await self.http.post(f"{self.control}{path}", json=body)

    async def no_faults(self) -> None:
        """Let nothing go wrong any more."""
        await self.http.delete(f"{self.control}/faults")

    async def state(self) -> dict[str, object]:
        """Return all that the sandbox knows."""
        answer = await self.http.get(f"{self.control}/state")
        return dict(answer.json())

    async def _set_sandbox_clock(self, on: dt.date) -> None:
        now = f"{on.isoformat()}T10:00:00+08:00"
        assert (await self.pull("/clock", now=now)).is_success

    async def move(self, on: dt.date, *, partner_first: bool) -> None:
        """Move both clocks to a day."""
        if partner_first:
            await self._set_sandbox_clock(on)
        until = {"until_on": on.isoformat()}
        key = {"Idempotency-Key": f"clock-{on.isoformat()}"}
        last = time.monotonic() + WAIT_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.http.post(
                    f"{self.url}/v1/clock/advance", json=until, headers=key
                )
                if answer.is_success:
                    break
                assert answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR, answer.text
            if time.monotonic() > last:
                raise Lost("the clock does not move")
            await asyncio.sleep(LOOK_S)
        if not partner_first:
            await self._set_sandbox_clock(on)
        self.on = on

    def after(self, chapter: int) -> dt.date:
        """Return the day of a chapter, from that on which the first one is."""
        if chapter == 2:  # the day after the next bill was cut
            first = (self.on.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
            return first + dt.timedelta(days=1)
        return self.on + dt.timedelta(days=1)

    async def open_orders(self) -> set[int]:
        """Return the orders of ours that are not finished.

        Raises:
            httpx.HTTPError: The service is away.
        """
        answer = await self.http.get(f"{self.url}/v1/instructions")
        answer.raise_for_status()
        told = answer.json()["instructions"]
        return {int(one["id"].rpartition("_")[2]) for one in told}

    def command(self, *argv: str) -> tuple[int, str]:
        """Run a command of the program to its end; return its status and what it said."""
        done = subprocess.run(
            [sys.executable, "-c", "from jiehuan.cli import main; main()", *argv],
            env=os.environ | {"JIEHUAN_DATABASE": self.dsn},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr
