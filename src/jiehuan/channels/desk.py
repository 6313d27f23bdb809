"""The courier's way to the book: the service's local API, over HTTP.

The service may be killed at any moment and come back on the same address: what did not reach
it is told again, for as long as there is patience.  All that is told may be told twice.
"""

import dataclasses
import datetime as dt
import enum
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

from jiehuan.channels.answers import Notes, Settled
from jiehuan.channels.life import State, Wanted
from jiehuan.channels.wechat_settings import is_loopback
from jiehuan.channels.wechat_words import moment
from jiehuan.core.errors import ChannelError, ChannelUnavailable, UsageError

PREFIX: Final = "/courier/v1"
CONNECT_S: Final = 3.0
READ_S: Final = 15.0
AGAIN_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)  # the last one goes on
PATIENCE_S: Final = 60.0
REASON_MAX: Final = 128


class Kind(enum.StrEnum):
    """What is asked of the partner."""

    PAY_OUT = "pay_out"
    COLLECT = "collect"
    PAY_BACK = "pay_back"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An instruction that is due to be looked after; the fields are those of the API.

    Attributes:
        id: The seq of the command that made it.
        number: Our number of it.
        kind: What is asked of the partner.
        state: How the book has it.
        wanted: To do it, or to end it.
        attempts: How often it was sent.
        amount_minor: How much.
        currency: Three letters.
        line: Whose line.
        openid: Whose wallet.
        description: What the borrower reads.
        name: The borrower's, where the partner demands it.
        partner: What the partner said that we need again.
        source_number: Of a payment back: the number of the order that was paid.
        source_total_minor: Of a payment back: what was paid with it.
    """

    id: int
    number: str
    kind: Kind
    state: State
    wanted: Wanted
    attempts: int
    amount_minor: int
    currency: str
    line: int
    openid: str
    description: str
    name: str
    partner: Notes
    source_number: str
    source_total_minor: int

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Task":
        """Read a task as the API tells it."""
        return cls(
            id=int(told["id"]),
            number=str(told["number"]),
            kind=Kind(told["kind"]),
            state=State(told["state"]),
            wanted=Wanted(told["wanted"]),
            attempts=int(told["attempts"]),
            amount_minor=int(told["amount_minor"]),
            currency=str(told["currency"]),
            line=int(told["line"]),
            openid=str(told["openid"]),
            description=str(told["description"]),
            name=str(told.get("name") or ""),
            partner=dict(told.get("partner") or {}),
            source_number=str(told.get("source_number") or ""),
            source_total_minor=int(told.get("source_total_minor") or 0),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due in a book.

    Attributes:
        book: The book's number.
        virtual: Whether its clock is virtual.
        now: Its time of day.
        tasks: What is due, the longest due first.
    """

    book: int
    virtual: bool
    now: dt.datetime
    tasks: tuple[Task, ...]


class NotTaken(ChannelError):
    """The book did not take what it was told.

    Attributes:
        status: 409: it is finished, or another courier has it; 422: it contradicts the order.
        code: The problem's own word.
    """

    def __init__(self, status: int, code: str) -> None:
        """Say what the book said."""
        super().__init__(f"the service answered {status} {code}")
        self.status = status
        self.code = code


class Desk:
    """The service, as the courier sees it.  May be used from several threads."""

    def __init__(
        self, url: str, token: str, stop: threading.Event, patience_s: float = PATIENCE_S
    ) -> None:
        """Make ready; nothing is sent.

        Args:
            url: Of the service, without a slash at the end.
            token: What proves that we are its courier.
            stop: Set when patience ends at once.
            patience_s: For how long a service that does not answer is asked again.

        Raises:
            UsageError: The address is none.
        """
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"the service's address must begin with http://, not {url!r}")
        if not url.startswith("https://") and not is_loopback(url):
            raise UsageError(f"{url} is not on this machine: the token would cross the network"
                             " in the open; use https://")  # fmt: skip
        self.url = url
        self._stop = stop
        self._patience_s = patience_s
        self._http = httpx.Client(
            base_url=url + PREFIX,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            trust_env=not is_loopback(url),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def due(self, wait_s: float, limit: int) -> Due:
        """Return what is due; if nothing is, wait for it at most so long.

        Raises:
            UsageError: The service has no desk for couriers, or refuses the token.
            ChannelUnavailable: It does not answer.
        """
        answer, _ = self._call(
            "GET", "/due", {"wait_s": f"{wait_s:g}", "limit": str(limit)}, None, wait_s
        )
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise UsageError(f"the service at {self.url} refuses the courier's token")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise UsageError(f"the service at {self.url} has no desk for couriers:"
                             " start it with --courier-token-file")  # fmt: skip
        try:
            answer.raise_for_status()
            told = answer.json()
            now = moment(told["now"])
            assert now is not None
            return Due(
                book=int(told["book"]),
                virtual=bool(told["virtual"]),
                now=now,
                tasks=tuple(Task.from_json(one) for one in told["tasks"]),
            )
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError, AssertionError) as error:
            raise ChannelError(f"what the service at {self.url} says is due cannot be read:"
                               f" {error!r}") from error  # fmt: skip

    def sending(self, task: int, attempt: int, retry_in_s: float) -> int:
        """Have it committed that a task is about to be sent; return which attempt it is.

        If the answer to telling it was lost, it may be committed: then the next attempt is ours.

        Raises:
            NotTaken: It is finished, or another courier sends it.
        """
        body = {"attempt": attempt, "retry_in_s": retry_in_s}
        answer, times = self._call("POST", f"/tasks/{task}/sending", None, body)
        if answer.status_code == httpx.codes.CONFLICT and times > 1:
            attempt += 1
            body = {"attempt": attempt, "retry_in_s": retry_in_s}
            answer, _ = self._call("POST", f"/tasks/{task}/sending", None, body)
        _demand(answer)
        return attempt

    def waiting(self, task: int, partner: Notes, ask_in_s: float) -> None:
        """Tell that the partner has it, and when it is asked for again."""
        self._tell(task, "waiting", {"partner": dict(partner), "ask_in_s": ask_in_s})

    def unknown(self, task: int, reason: str, ask_in_s: float) -> None:
        """Tell that nothing was learned, and when it is asked for again."""
        self._tell(task, "unknown", {"reason": plain(reason), "ask_in_s": ask_in_s})

    def succeeded(self, task: int, settled: Settled) -> None:
        """Tell that the money moved.

        Raises:
            NotTaken: 422: another amount or currency than was instructed.
        """
        body = {
            "success_time": settled.success_time,
            "amount_minor": settled.amount_minor,
            "currency": settled.currency,
            "partner": dict(settled.partner),
        }
        self._tell(task, "succeeded", body)

    def failed(self, task: int, reason: str, partner: Notes) -> None:
        """Tell that it is over and no money moved."""
        self._tell(task, "failed", {"reason": plain(reason), "partner": dict(partner)})

    def _tell(self, task: int, what: str, body: Mapping[str, Any]) -> None:
        answer, _ = self._call("POST", f"/tasks/{task}/{what}", None, body)
        _demand(answer)

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        wait_s: float = 0.0,
    ) -> tuple[httpx.Response, int]:
        """Return the first answer that is one, and how often we had to ask."""
        until = time.monotonic() + self._patience_s + wait_s
        times = 0
        while True:
            times += 1
            try:
                answer = self._http.request(
                    method,
                    path,
                    params=query,
                    json=body,
                    timeout=httpx.Timeout(READ_S + wait_s, connect=CONNECT_S),
                )
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer, times
                why = f"it answers {answer.status_code}"
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
            if time.monotonic() >= until or self._stop.wait(AGAIN_S[min(times, len(AGAIN_S)) - 1]):
                raise ChannelUnavailable(f"the service at {self.url} does not answer: {why}")


def plain(reason: str) -> str:
    r"""Return a reason that the book takes, whatever the partner wrote there.

    Examples:
        >>> plain("PARAM_ERROR"), plain("a\x00b"), plain("")
        ('PARAM_ERROR', 'ab', 'none')
    """
    return "".join(filter(str.isprintable, reason))[:REASON_MAX] or "none"


def _demand(answer: httpx.Response) -> None:
    """Raise what the book did not take."""
    if answer.is_success:
        return
    try:
        told = answer.json()
        code = str(told.get("code") or told.get("type") or told.get("title") or "")
    except (ValueError, AttributeError):
        code = ""
    raise NotTaken(answer.status_code, code)
