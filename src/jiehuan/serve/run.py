"""On which address may a book be served, and is it free?"""

import errno
import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from jiehuan.core.errors import UsageError

PORT_MAX = 65_535


def bind(host: str, port: int) -> socket.socket:
    """Bind an address of this machine that nobody else can reach.

    Args:
        host: ``localhost`` or a loopback address; there is no login yet.
        port: 0 takes any that is free.

    Raises:
        UsageError: The address is reachable from elsewhere, or the port cannot be had.
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        here = ipaddress.ip_address(address).is_loopback
    except ValueError:
        here = False
    if not here:
        raise UsageError(
            f"{host} can be reached from other machines, and there is no login yet;"
            " serve on 127.0.0.1, localhost or ::1"
        )
    if not 0 <= port <= PORT_MAX:
        raise UsageError(f"port {port} is out of range, 0 to {PORT_MAX}")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
    except OSError as error:
        bound.close()
        raise UsageError(_why(error, address, port)) from None
    return bound


def _why(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {address} is in use; choose another one with --port"
    return f"port {port} of {address} cannot be had: {error.strerror}"


def address_of(bound: socket.socket) -> str:
    """Return the address of what is served there."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: FastAPI, bound: socket.socket, tell: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Args:
        app: What ``create_app`` made.
        bound: What ``bind`` returned.
        tell: Is told the address, once it answers.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                tell(address_of(bound))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Whoever waits for something to happen would keep us waiting.
            app.state.service.bell.silence()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws="none"
    )
    Server(config).run(sockets=[bound])
