"""The courier as a process: from its settings until it is told to stop."""

import contextlib
import dataclasses
import json
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Final

from jiehuan.channels.courier import Courier, Visit
from jiehuan.channels.desk import Desk
from jiehuan.channels.wechat import WeChat
from jiehuan.channels.wechat_settings import Settings

NOTIFY_PATH: Final = "/wechat/notify"
ONCE_PATIENCE_S: Final = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Between whom a courier goes.

    Attributes:
        service: Address of the service, without a slash at the end.
        token: What proves to it that we are its courier.
        settings: Of the account at the partner.
        notify_url: Where the partner shall send notices; "": to the service.
    """

    service: str
    token: str = dataclasses.field(repr=False)
    settings: Settings
    notify_url: str = ""

    def channel(self) -> WeChat:
        """Return the way to the partner."""
        return WeChat(self.settings, self.notify_url or self.service + NOTIFY_PATH)


def once(errand: Errand) -> dict[str, int]:
    """Visit what is due now; return how many were told what.

    Raises:
        UsageError: The service refuses us, or the channel is live and the book virtual.
        ChannelUnavailable: The service does not answer.
    """
    stop = threading.Event()
    channel = errand.channel()
    with contextlib.closing(Desk(errand.service, errand.token, stop, ONCE_PATIENCE_S)) as desk:
        return Courier(desk, channel, stop).once()


def run(
    errand: Errand,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
    *,
    as_json: bool = False,
) -> None:
    """Visit what is due until SIGTERM or Ctrl-C.

    Args:
        errand: Between whom.
        tell: Hears a line for each visit.
        warn: Hears why nothing is visited.
        as_json: Whether the line is a JSON object.

    Raises:
        UsageError: The service refuses us, or the channel is live and the book virtual.
    """

    def told(visit: Visit) -> None:
        tell(json.dumps(visit.to_json(), ensure_ascii=False) if as_json else visit.text())

    channel = errand.channel()
    with (
        _stopped() as stop,
        contextlib.closing(Desk(errand.service, errand.token, stop)) as desk,
    ):
        Courier(desk, channel, stop, told, warn).run()


@contextlib.contextmanager
def _stopped() -> Iterator[threading.Event]:
    """Yield an event that is set by whoever wants this process to end."""
    stop = threading.Event()

    def told(*_: object) -> None:
        # Not from here: the signal may have come while this thread held the event's lock.
        threading.Thread(target=stop.set).start()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
