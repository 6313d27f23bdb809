"""Start the sandbox, serve until told to stop."""

import asyncio
import contextlib
import dataclasses
import errno
import fcntl
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from jiehuan.channels.sandbox import config as told
from jiehuan.channels.sandbox import keys as keyring
from jiehuan.channels.sandbox.app import create_app
from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.front import Front
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.notifier import Notifier
from jiehuan.channels.sandbox.office import Office
from jiehuan.channels.sandbox.people import FILE, read_people
from jiehuan.channels.sandbox.settings import Settings
from jiehuan.channels.sandbox.wire import MODES, Signing
from jiehuan.channels.sandbox.world import World
from jiehuan.core.errors import UsageError

HOST: Final = "127.0.0.1"
PORT_MAX: Final = 65_535


def configuration(data: Path, port: int, mode: str, people: Path | None) -> dict[str, Any]:
    """Return what ``--print-config`` prints; makes the keys if there are none.

    Raises:
        UsageError: Something named cannot be used.
    """
    _check(port, mode)
    if port == 0:
        raise UsageError("name the port that the sandbox listens on with --port")
    everybody = read_people(people or FILE)
    keys = keyring.load_or_make(data, everybody.merchant.mchid)
    return told.config(keys, everybody, port, mode)


def serve(
    data: Path,
    port: int,
    mode: str,
    people: Path | None,
    settings: Settings,
    tell: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    Args:
        data: Directory of the keys and of what happened.
        port: Of this machine; 0 takes a free one.
        mode: Which keys the merchant has, one of ``MODES``.
        people: Another file of test people.
        settings: Speed and seed; the address of the cashier is put in.
        tell: Is told the address, once it answers.

    Raises:
        UsageError: Something named cannot be used.
    """
    _check(port, mode)
    with bind(port) as bound, contextlib.ExitStack() as ending:
        port = bound.getsockname()[1]
        everybody = read_people(people or FILE)
        keys = keyring.load_or_make(data, everybody.merchant.mchid)
        ending.enter_context(alone(data))
        config = told.config(keys, everybody, port, mode)
        settings = dataclasses.replace(settings, cashier_url=config["cashier_url"])
        try:
            world = World(Journal(data / "journal.jsonl"), everybody, Clock(), settings)
        except OSError as error:
            raise UsageError(f"{error.filename or data} cannot be used: {error.strerror}") from None
        signing = Signing(keys, mode, everybody.merchant.mchid)
        office = Office(world=world, signing=signing, config=config)
        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
        asyncio.run(_serve(office, bound, lambda: tell(config["base_url"])))


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold a directory, so that no other sandbox writes into it.

    Raises:
        UsageError: One does.
    """
    with (data / "lock").open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another sandbox is using {data}; name another --data") from None
        yield


async def _serve(office: Office, bound: socket.socket, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, office.closing.set)
    loop.call_soon(ready)
    await attend(office, bound)


async def attend(office: Office, bound: socket.socket) -> None:
    """Answer whoever comes and send what is due, until the office closes."""
    front = Front(create_app(office), office.signing.keys.tls_file)
    sending = asyncio.get_running_loop().create_task(Notifier(office).run())
    try:
        await front.serve(bound, office.closing)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def _check(port: int, mode: str) -> None:
    if not 0 <= port <= PORT_MAX:
        raise UsageError(f"port {port} is out of range, 0 to {PORT_MAX}")
    if mode not in MODES:
        raise UsageError(f"--keys is one of {', '.join(MODES)}, not {mode!r}")


def bind(port: int) -> socket.socket:
    """Bind a port of this machine that nobody else can reach.

    Raises:
        UsageError: It cannot be had.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen()
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} of {HOST} is in use; choose another one with --port"
        else:
            message = f"port {port} of {HOST} cannot be had: {error.strerror}"
        raise UsageError(message) from None
    return bound
