"""The courier: carries the book's instructions to the partner, and his answers back.

He writes no book and keeps nothing: what he must know at his next visit, the book has.  So he
may be killed at any point; a visit that was cut short is made again, by the same number.  What
he does is said by the tables of ``life``.
"""

import collections
import concurrent.futures
import dataclasses
import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from jiehuan.channels import numbers, waits
from jiehuan.channels.answers import Accepted, Answer, Ended, Refused, Settled, Unknown
from jiehuan.channels.desk import Desk, Due, Kind, NotTaken, Task
from jiehuan.channels.life import FIRST, NEXT, Doing, Next, Telling, Wanted, heard
from jiehuan.channels.wechat import CONNECT_S, WeChat
from jiehuan.channels.wechat_settings import refuse_live
from jiehuan.channels.wechat_words import moment
from jiehuan.core.errors import ChannelError, JiehuanError, UsageError

WORKERS: Final = 8
TASKS_MAX: Final = 50
TOLD_MAX: Final = 10_000
POLL_S: Final = 2.0  # also how long a courier that is told to stop may take to hear it
BREATH_S: Final = 0.2

# Beside what the partner told: since when he has it, by the book's clock.
SINCE: Final = "ordered_at"

# What is told of a task in the place of the partner's reason.
GIVEN_UP: Final = "given_up"
NOT_THERE: Final = "not_there"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a visit to a task came to.

    Attributes:
        id: Of the task.
        number: Our number of it.
        kind: What it asks.
        steps: What was done and heard, e.g. ``ask not_there``.
        told: What the book was told, or "" if it was told nothing.
        reason: Why, where it did not succeed.
        ask_in_s: When it is asked for again; 0 if it is over.
    """

    id: int
    number: str
    kind: str
    steps: tuple[str, ...]
    told: str
    reason: str
    ask_in_s: float

    def to_json(self) -> dict[str, Any]:
        """Return what is printed, as an object."""
        return dataclasses.asdict(self) | {"ask_in_s": round(self.ask_in_s, 3)}

    def text(self) -> str:
        """Return what is printed, as a line."""
        again = f", asked again in {self.ask_in_s:.1f} s" if self.ask_in_s else ""
        why = f" ({self.reason})" if self.reason else ""
        walk = ", ".join(self.steps) or "nothing done"
        return f"{self.number} {self.kind}: {walk} -> {self.told or 'not told'}{why}{again}"


@dataclasses.dataclass(slots=True)
class _Walk:
    """A visit under way."""

    task: Task
    wanted: Wanted
    now: dt.datetime
    steps: list[str]
    notes: dict[str, str | int]
    attempts: int
    reason: str = ""


class Courier:
    """Visits what is due, several tasks at a time."""

    def __init__(
        self,
        desk: Desk,
        channel: WeChat,
        stop: threading.Event,
        tell: Callable[[Visit], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make ready.

        Args:
            desk: The way to the book.
            channel: The way to the partner.
            stop: Set when he shall stop; what he is at is left to his next visit.
            tell: Hears of every visit.
            warn: Hears why nothing is visited.
        """
        self._desk = desk
        self._channel = channel
        # Longer than a request may take: if we die while we send, it is asked for then.
        self._sending_s = CONNECT_S + channel.settings.read_timeout_s + 1.0
        self._stop = stop
        self._tell = tell
        self._warn = warn
        self._guard = threading.Lock()
        self._freed = threading.Event()
        self._busy: set[int] = set()
        self._left: dict[int, float] = {}  # when a visit ended
        # What each task's last visit came to, how often in a row, and until when it rests.
        self._told: dict[int, tuple[str, int]] = {}
        self._rests: dict[int, float] = {}

    # --- The round ------------------------------------------------------------------------------

    def run(self) -> None:
        """Visit what is due until told to stop.

        Raises:
            UsageError: The service refuses us, or the channel is live and the book virtual.
        """
        with concurrent.futures.ThreadPoolExecutor(WORKERS, "courier") as pool:
            try:
                while not self._stop.is_set():
                    self._round(pool)
            finally:
                self._stop.set()

    def once(self) -> dict[str, int]:
        """Visit what is due now, each task once; return how many were told what.

        Raises:
            UsageError: As ``run``.
            ChannelUnavailable: The service does not answer.
        """
        due = self._desk.due(0.0, TASKS_MAX)
        self._check(due)
        with concurrent.futures.ThreadPoolExecutor(WORKERS, "courier") as pool:
            visits = list(pool.map(lambda task: self._look_after(task, due), due.tasks))
        told = collections.Counter(visit.told or "not_told" for visit in visits)
        names = [*(str(telling) for telling in Telling), "not_told"]
        return {"visited": len(visits)} | {name: told[name] for name in names}

    def _round(self, pool: concurrent.futures.Executor) -> None:
        """Ask what is due, and begin a visit to each task that is not being visited."""
        self._freed.clear()
        asked_at = time.monotonic()
        try:
            due = self._desk.due(POLL_S, TASKS_MAX)
        except UsageError:
            raise
        except ChannelError as error:
            if not self._stop.wait(waits.FIRST_S):
                self._warn(str(error))
            return
        self._check(due)
        fresh = self._taken(due, asked_at)
        for task in fresh:
            pool.submit(self._look_after, task, due)
        if due.tasks and not fresh:
            self._freed.wait(BREATH_S)

    def _check(self, due: Due) -> None:
        """Refuse to serve a book that this channel must not serve, before anything is sent."""
        refuse_live(self._channel.settings, virtual=due.virtual)

    def _taken(self, due: Due, asked_at: float) -> list[Task]:
        """Return the tasks that nobody is at and that do not rest; we are at them now.

        What was left since we asked is not as we were told; we shall be told anew.
        """
        with self._guard:
            now = time.monotonic()
            self._rests = {task: until for task, until in self._rests.items() if until > now}
            self._left = {task: at for task, at in self._left.items() if at >= asked_at}
            taken = self._busy | set(self._rests) | set(self._left)
            fresh = [task for task in due.tasks if task.id not in taken]
            self._busy.update(task.id for task in fresh)
        return fresh

    def _look_after(self, task: Task, due: Due) -> Visit:
        """Make a visit; whatever goes wrong is this task's alone."""
        walk = _Walk(task, wanted_of(task, due), due.now, [], dict(task.partner), task.attempts)
        most_s = waits.VIRTUAL_S_MAX if due.virtual else waits.LIVE_S_MAX
        try:
            if task.number != numbers.write(due.book, task.id):
                raise UsageError(f"{task.number} is not our number of {task.id}")  # noqa: TRY301
            visit = self._visit(walk, most_s)
        except NotTaken as error:
            visit = self._not_told(walk, f"{error.status} {error.code}".strip(), most_s)
        except JiehuanError as error:
            visit = self._not_told(walk, str(error), most_s)
        except Exception as error:  # noqa: BLE001 (a fault of ours in one task stops no other)
            visit = self._not_told(walk, repr(error), most_s)
        finally:
            with self._guard:
                self._busy.discard(task.id)
                self._left[task.id] = time.monotonic()
            self._freed.set()
        self._tell(visit)
        return visit

    # --- A visit --------------------------------------------------------------------------------

    def _visit(self, walk: _Walk, most_s: float) -> Visit:
        """Walk through the tables to what the book is told, and tell it."""
        task = walk.task
        step: Next = FIRST[walk.wanted][task.state]
        answer: Answer = Ended(GIVEN_UP, {})
        if isinstance(step, Telling):
            # Nothing was sent; from here on no other courier can send it under this attempt.
            walk.attempts = self._desk.sending(task.id, walk.attempts + 1, self._sending_s)
        while isinstance(step, Doing):
            if self._stop.is_set():
                return _outcome(walk, "", "stopped", 0.0)
            answer = self._do(step, walk)
            step = self._next(step, answer, walk)
        return self._report(step, answer, walk, most_s)

    def _do(self, step: Doing, walk: _Walk) -> Answer:
        """Do one thing with the partner."""
        task = walk.task
        if step is Doing.SEND:
            walk.attempts = self._desk.sending(task.id, walk.attempts + 1, self._sending_s)
            return SEND[task.kind](self._channel, task)
        if step is Doing.END:
            return END[task.kind](self._channel, task)
        return ASK[task.kind](self._channel, task)

    def _next(self, step: Doing, answer: Answer, walk: _Walk) -> Next:
        """Take note of an answer, and look up what it leads to."""
        known = SINCE in walk.notes
        if isinstance(answer, Accepted | Settled | Ended):
            walk.notes.update(answer.partner)
        if isinstance(answer, Ended | Refused | Unknown):
            walk.reason = answer.reason
        said = heard(answer, complete=is_complete(walk.task.kind, answer, walk.notes), known=known)
        walk.steps.append(f"{step} {said}")
        return NEXT[walk.wanted][step][said]

    def _report(self, step: Telling, answer: Answer, walk: _Walk, most_s: float) -> Visit:
        """Tell the book what a visit came to."""
        task, notes = walk.task, walk.notes
        if step is Telling.SUCCEEDED:
            assert isinstance(answer, Settled)
            return self._succeeded(answer, walk, most_s)
        if step is Telling.FAILED:
            reason = answer.reason if isinstance(answer, Ended) else walk.reason
            self._desk.failed(task.id, reason, notes)
            return self._over(walk, step, reason)
        if step is Telling.WAITING:
            assert isinstance(answer, Accepted)
            notes = {SINCE: walk.now.isoformat()} | notes | {"state": answer.state}
            ask_in_s = self._back_off_s(task, f"{step} {answer.state}", most_s)
            self._desk.waiting(task.id, notes, ask_in_s)
            return _outcome(walk, step, "", ask_in_s)
        reason = walk.reason or NOT_THERE
        ask_in_s = self._back_off_s(task, step, most_s)
        self._desk.unknown(task.id, reason, ask_in_s)
        return _outcome(walk, step, reason, ask_in_s)

    def _succeeded(self, answer: Settled, walk: _Walk, most_s: float) -> Visit:
        """Tell that the money moved; if the book finds another amount, a person has to look."""
        task = walk.task
        settled = dataclasses.replace(answer, partner=walk.notes)
        try:
            self._desk.succeeded(task.id, settled)
        except NotTaken as error:
            if error.status != 422:  # noqa: PLR2004
                raise
            ask_in_s = self._back_off_s(task, error.code, most_s)
            self._desk.unknown(task.id, error.code, ask_in_s)
            return _outcome(walk, Telling.UNKNOWN, error.code, ask_in_s)
        return self._over(walk, Telling.SUCCEEDED, "")

    def _over(self, walk: _Walk, told: Telling, reason: str) -> Visit:
        with self._guard:
            self._told.pop(walk.task.id, None)
        return _outcome(walk, told, reason, 0.0)

    def _not_told(self, walk: _Walk, reason: str, most_s: float) -> Visit:
        """Leave a task alone for a while, here, since the book could not be told to."""
        rest_s = self._back_off_s(walk.task, "not told", most_s)
        with self._guard:
            self._rests[walk.task.id] = time.monotonic() + rest_s
        return _outcome(walk, "", reason, rest_s)

    def _back_off_s(self, task: Task, came_to: str, most_s: float) -> float:
        """Return when to ask again: the later, the more often a visit came to the same."""
        with self._guard:
            before, times = self._told.pop(task.id, ("", 0))
            times = times + 1 if before == came_to else 0
            self._told[task.id] = came_to, times
            if len(self._told) > TOLD_MAX:
                # Of the oldest nothing was heard for long: a notice may have finished it.
                del self._told[next(iter(self._told))]
        return waits.back_off_s(task.number, times, most_s)


# --- What the kinds differ in ---------------------------------------------------------------------


def wanted_of(task: Task, due: Due) -> Wanted:
    """Return what is wanted of a task: its end, too, when its time is over.

    A payment back can be neither cancelled nor closed.
    """
    after = AFTER.get(task.kind)
    if after is None:
        return Wanted.DO
    since = [moment(task.partner.get(SINCE))]
    if not due.virtual:
        # The partner's clock is ours only where both are real.
        since.append(moment(task.partner.get("create_time")))
    if any(told and due.now - told >= after for told in since):
        return Wanted.END
    return task.wanted


def is_complete(kind: Kind, answer: Answer, notes: Mapping[str, str | int]) -> bool:
    """Say whether we hold what the borrower's page needs in the state that was told."""
    state = answer.state if isinstance(answer, Accepted) else ""
    needed = NEEDED.get((kind, state))
    return needed is None or needed in notes


AFTER: Final[Mapping[Kind, dt.timedelta]] = {
    Kind.PAY_OUT: waits.CONFIRM_AFTER,
    Kind.COLLECT: waits.PAY_AFTER,
}
NEEDED: Final[Mapping[tuple[Kind, str], str]] = {
    (Kind.PAY_OUT, "WAIT_USER_CONFIRM"): "package_info",
    (Kind.COLLECT, "NOTPAY"): "prepay_id",
}

Call = Callable[[WeChat, Task], Answer]

SEND: Final[Mapping[Kind, Call]] = {
    Kind.PAY_OUT: lambda channel, task: channel.pay_out(
        task.number, task.openid, task.amount_minor, task.description, task.name
    ),
    Kind.COLLECT: lambda channel, task: channel.collect(
        task.number, task.openid, task.amount_minor, task.currency, task.description
    ),
    Kind.PAY_BACK: lambda channel, task: channel.pay_back(
        task.number, task.source_number, task.amount_minor, task.source_total_minor, task.currency
    ),
}
ASK: Final[Mapping[Kind, Call]] = {
    Kind.PAY_OUT: lambda channel, task: channel.pay_out_state(task.number),
    Kind.COLLECT: lambda channel, task: channel.collect_state(task.number),
    Kind.PAY_BACK: lambda channel, task: channel.pay_back_state(task.number),
}
END: Final[Mapping[Kind, Call]] = {
    Kind.PAY_OUT: lambda channel, task: channel.cancel_pay_out(task.number),
    Kind.COLLECT: lambda channel, task: channel.close_collect(task.number),
}


def _outcome(walk: _Walk, told: str, reason: str, ask_in_s: float) -> Visit:
    return Visit(
        id=walk.task.id,
        number=walk.task.number,
        kind=walk.task.kind,
        steps=tuple(walk.steps),
        told=str(told),
        reason=reason,
        ask_in_s=ask_in_s,
    )
