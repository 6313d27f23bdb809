"""Sends the merchant what it shall learn, for as long as it does not say that it has.

Goes by real time: five seconds for an answer, then the ladder that the world keeps.
"""

import asyncio
import logging
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from jiehuan.channels.sandbox import clock
from jiehuan.channels.sandbox.office import Office
from jiehuan.channels.sandbox.records import Notice
from jiehuan.channels.sandbox.wire import Headers, Signing, compact

ANSWER_S: Final = 5.0
LOOK_S: Final = 0.05  # how often the world is asked, if nothing wakes us
AT_ONCE_MAX: Final = 16

log = logging.getLogger(__name__)


def letter(notice: Notice, signing: Signing) -> bytes:
    """Return the body of a notice; keys in this order and no blanks, as clients rely on it."""
    sealed = signing.seal(compact(notice.resource), notice.original_type)
    return compact(
        {
            "id": notice.id,
            "create_time": clock.wire(notice.created_at),
            "resource_type": "encrypt-resource",
            "event_type": notice.event_type,
            "summary": notice.summary,
            "resource": {"original_type": notice.original_type, **sealed},
        }
    )


class Notifier:
    """The sender."""

    def __init__(self, office: Office) -> None:
        """Send what an office's world has to tell."""
        self._office = office
        self._stranger: rsa.RSAPrivateKey | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE_MAX)

    async def run(self) -> None:
        """Send until cancelled."""
        # Neither a proxy nor an authority of the environment: those lead back here.  A merchant
        # under test may have a certificate that nobody vouches for.
        async with httpx.AsyncClient(
            timeout=ANSWER_S,
            trust_env=False,
            verify=False,  # noqa: S501
            # A merchant that was started again must not be met on its old connection.
            limits=httpx.Limits(max_connections=AT_ONCE_MAX, max_keepalive_connections=0),
        ) as client:
            try:
                while True:
                    self._send_due(client)
                    await self._rest()
            finally:
                for task in self._sending:
                    task.cancel()

    async def _rest(self) -> None:
        awake = self._office.awake
        try:
            async with asyncio.timeout(LOOK_S):
                await awake.wait()
        except TimeoutError:
            pass
        awake.clear()

    def _send_due(self, client: httpx.AsyncClient) -> None:
        for notice in self._office.world.due(self._office.real()):
            self._start(client, notice)
        while self._office.echoes:
            self._start(client, self._office.echoes.pop(), kept=False)

    def _start(self, client: httpx.AsyncClient, notice: Notice, *, kept: bool = True) -> None:
        task = asyncio.get_running_loop().create_task(self._send(client, notice, kept=kept))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, client: httpx.AsyncClient, notice: Notice, *, kept: bool) -> None:
        status = None
        async with self._places:
            body = letter(notice, self._office.signing)
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await client.post(
                        notice.url, content=body, headers=self._headers(notice, body)
                    )
                status = answer.status_code
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
                log.info("%s to %s: %r", notice.event_type, notice.url, error)
        if kept:
            self._office.world.answered(notice.id, status)
        self._office.awake.set()

    def _headers(self, notice: Notice, body: bytes) -> Headers:
        office = self._office
        name, real_s = office.signer_of(notice.number), office.real()
        if notice.probe:
            signature = office.signing.probe_headers(name, real_s)
        elif notice.forged:
            signature = office.signing.forged_headers(body, name, real_s, self._forger())
        else:
            signature = office.signing.headers(body, name, real_s)
        return [
            (b"User-Agent", b"Mozilla/4.0"),
            (b"Accept", b"*/*"),
            (b"Content-Type", b"application/json"),
            *signature,
        ]

    def _forger(self) -> rsa.RSAPrivateKey:
        """Return a key that is nobody's."""
        if self._stranger is None:
            self._stranger = rsa.generate_private_key(65_537, 2048)
        return self._stranger
