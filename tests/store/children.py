"""Programs of our own, started by a test to be killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

WAIT_SECONDS = 30

ROOT = Path(__file__).parent.parent.parent


class Child:
    """A Python program that says, a line each, what it has done; in a process group of its own."""

    def __init__(self, source, *arguments, **environment):
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.mouth, self.ear = self.process.stdout, self.process.stdin

    def hear(self):
        """Return the next line that it says; "" when it has ended."""
        return self.mouth.readline().strip()

    def tell(self, line):
        """Give it a line to read."""
        self.ear.write(line + "\n")
        self.ear.flush()

    def send(self, number, *, group=False):
        """Send a signal to it, or like Ctrl-C to its whole group."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.ear.close()
        self.mouth.close()


def wait_until(happened):
    """Wait for something that must happen soon."""
    until = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)
