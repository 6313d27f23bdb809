"""A courier at work, in a thread of the test."""

import contextlib
import threading

from tests.channels.counter import TOKEN

from jiehuan.channels.courier import Courier, Visit
from jiehuan.channels.desk import Desk


@contextlib.contextmanager
def at_work(counter, channel, visits=None):
    """Have a courier at work beside a counter."""
    stop = threading.Event()
    desk = Desk(counter.url, TOKEN, stop)
    hear = (lambda _: None) if visits is None else visits.append
    thread = threading.Thread(target=Courier(desk, channel, stop, hear).run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
        desk.close()


def once(counter, channel):
    """One round; return the visits and how many were told what."""
    stop = threading.Event()
    visits: list[Visit] = []
    with contextlib.closing(Desk(counter.url, TOKEN, stop, 5.0)) as desk:
        told = Courier(desk, channel, stop, visits.append).once()
    return visits, told
