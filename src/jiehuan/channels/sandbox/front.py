"""One port for three ways in: plain HTTP, TLS, and an HTTPS proxy for WeChat Pay's hosts.

The first byte of a connection tells which it is.  ``CONNECT api.mch.weixin.qq.com:443`` is answered
and the rest of the connection is TLS under a certificate of our own, so a program that was only
told of a proxy and of an authority talks to us without knowing.  Other hosts are refused: a sandbox
must not become the way out to the world.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from jiehuan.channels.sandbox.keys import HOSTS

HEAD_BYTES_MAX: Final = 8_192
HEAD_S: Final = 30.0
KEEP_ALIVE_S: Final = 75
CLOSING_S: Final = 2.0
BACKLOG: Final = 512

CONNECT: Final = b"C"  # no other method begins with it
HELLO: Final = b"\x16"  # of a TLS handshake

log = logging.getLogger(__name__)


class Refused(Exception):
    """A request to the proxy that is answered with an error.

    Attributes:
        status: Status code and its phrase.
        message: What a person reads.
    """

    def __init__(self, status: str, message: str) -> None:
        """Keep what is told."""
        super().__init__(message)
        self.status = status
        self.message = message


class Connection(H11Protocol):
    """HTTP on one connection; who has sent all may close its half and is still answered."""

    _half_closed = False

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Stay open while an answer is on its way; TLS has no half-closed connections."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        answering = cycle is not None and not cycle.response_complete and not cycle.more_body
        if self.scheme == "https" or not answering:
            return None
        self._half_closed = True
        return True

    def _unsupported_upgrade_warning(self) -> None:
        """Pass over an offer to speak HTTP/2, which some programs make with every request."""

    def on_response_complete(self) -> None:
        """Close after the last answer to a caller who sends no more."""
        super().on_response_complete()
        if self._half_closed and self.cycle.response_complete:
            self.transport.close()


class Front:
    """The listener."""

    def __init__(self, app: ASGIApp, tls_file: Path) -> None:
        """Stand before an app with certificate and key of a file."""
        self._config = uvicorn.Config(
            app,
            loop="asyncio",
            http=Connection,
            ws="none",
            lifespan="off",
            proxy_headers=False,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._config.load()
        self._state = ServerState()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(tls_file)
        self._tls.set_alpn_protocols(["http/1.1"])
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, bound: socket.socket, stop: asyncio.Event) -> None:
        """Answer until told to stop; then let what is under way come to its end."""
        bound.settimeout(0)
        bound.listen(BACKLOG)
        accepting = self._start(self._accept(bound))
        await stop.wait()
        accepting.cancel()
        bound.close()
        await self._close()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _close(self) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                while self._state.tasks:
                    await asyncio.wait(self._state.tasks)
        left = [*self._tasks, *self._state.tasks]
        for task in left:
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.gather(*left, return_exceptions=True)

    async def _accept(self, bound: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(bound)
            except OSError as error:  # too many open files: wait for some to close
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            self._start(self._take(sock))

    async def _take(self, sock: socket.socket) -> None:
        """Find out what a caller wants and hand the connection over."""
        sock.settimeout(0)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.timeout(HEAD_S):
                first = await _peek(sock, 1)
                if first == CONNECT:
                    await _tunnel(sock)
            secure = self._tls if first in {CONNECT, HELLO} else None
            if first:
                await self._hand_over(sock, secure)
                return
        except Refused as refused:
            await _refuse(sock, refused)
        except ssl.SSLError as error:
            log.warning("TLS failed; does the caller trust ca.pem? %s", error.reason)
        except (OSError, TimeoutError):  # gone, or silent
            pass
        sock.close()

    async def _hand_over(self, sock: socket.socket, secure: ssl.SSLContext | None) -> None:
        def connection() -> Connection:
            return Connection(self._config, self._state, {})

        await asyncio.get_running_loop().connect_accepted_socket(connection, sock, ssl=secure)


async def _peek(sock: socket.socket, length: int) -> bytes:
    """Return what has come, without taking it; nothing if the other side has closed."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sock)
    return sock.recv(length, socket.MSG_PEEK)


async def _tunnel(sock: socket.socket) -> None:
    """Take a CONNECT, byte for byte, and agree to it.

    What follows, a TLS handshake that may have come along, stays in the socket.

    Raises:
        Refused: It leads elsewhere, or is no CONNECT.
    """
    head, ending = b"", b"\r\n\r\n"
    while ending not in head:
        come = await _peek(sock, HEAD_BYTES_MAX)
        if not come or len(head) >= HEAD_BYTES_MAX:
            raise Refused("400 Bad Request", "this is not a CONNECT request")
        at = (head + come).find(ending)
        take = len(come) if at < 0 else at + len(ending) - len(head)
        head += sock.recv(take)
    method, _, rest = head.partition(b" ")
    target = rest.partition(b" ")[0].decode("latin-1").lower()
    if method != b"CONNECT":
        raise Refused("400 Bad Request", "this is not a CONNECT request")
    if target not in {f"{host}:443" for host in HOSTS}:
        raise Refused(
            "403 Forbidden",
            f"this sandbox is a proxy for {' and '.join(HOSTS)}, port 443, only; not for {target}."
            " Unset HTTPS_PROXY, or name other hosts in NO_PROXY.",
        )
    await asyncio.get_running_loop().sock_sendall(
        sock, b"HTTP/1.1 200 Connection established\r\n\r\n"
    )


async def _refuse(sock: socket.socket, refused: Refused) -> None:
    body = f"{refused.message}\n".encode()
    head = (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            await asyncio.get_running_loop().sock_sendall(sock, head.encode() + body)
            sock.shutdown(socket.SHUT_WR)
            while await _peek(sock, HEAD_BYTES_MAX):
                sock.recv(HEAD_BYTES_MAX)
