"""Starts commands of the program in a moment: its parts are loaded once, each is a fork of it.

    python -m tests.stories.nursery

Each line that it reads is one command as JSON: ``argv``, ``env``, ``log`` and ``failpoint``; it
prints the number of the process.  All end with it.
"""

import ctypes
import json
import os
import signal
import sys

import jiehuan.channels.runner
import jiehuan.channels.sandbox.run
import jiehuan.reports.audit
import jiehuan.serve.app
import jiehuan.serve.opening
import jiehuan.serve.run  # noqa: F401 - loaded for those who are born here
from jiehuan import cli
from jiehuan.store import failpoints

PR_SET_PDEATHSIG = 1


def live(told):
    """Be the program; never return."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(told["env"])
    sys.argv = ["jiehuan", *told["argv"]]
    if told["failpoint"]:
        name, nth = told["failpoint"]
        failpoints.arm(name, nth, "kill")
    status = 70
    try:
        cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main():
    """Start what is asked for until nobody asks any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to be buried
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if not pid:
            live(told)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
