"""Named places where a test may kill the program, stop it, or make it fail.

``JIEHUAN_FAILPOINT=name:n:kill|stop|raise`` arms one for a child process: the n-th time that
the place is reached, the process kills itself, stops itself, or raises ``Crash``.  In a test's
own process ``arm`` does the same.  Nothing is armed otherwise.
"""

import os
import signal
from typing import Final

NAMES: Final = (
    "after_load",
    "before_fence",
    "after_fence",
    "before_commit",
    "commit_sent",
    "after_commit",
    "before_answer",
)


class Crash(BaseException):
    """The program was made to fail at a failpoint; nothing below may catch it."""


class _Armed:
    name = ""
    left = 0
    how = ""


def arm(name: str, nth: int = 1, how: str = "raise") -> None:
    """Make the ``nth`` reaching of a failpoint crash; an empty name disarms."""
    assert not name or name in NAMES
    _Armed.name, _Armed.left, _Armed.how = name, nth, how


def is_armed() -> bool:
    """Return whether a failpoint is still to go off."""
    return bool(_Armed.name)


def reach(name: str) -> None:
    """Say that a failpoint is reached."""
    if name != _Armed.name:
        return
    _Armed.left -= 1
    if _Armed.left:
        return
    _Armed.name = ""
    if _Armed.how == "raise":
        raise Crash(name)
    os.kill(os.getpid(), signal.SIGKILL if _Armed.how == "kill" else signal.SIGSTOP)


def _arm_from_environment() -> None:
    name, _, rest = os.environ.get("JIEHUAN_FAILPOINT", "").partition(":")
    if name:
        nth, _, how = rest.partition(":")
        arm(name, int(nth), how or "kill")


_arm_from_environment()
