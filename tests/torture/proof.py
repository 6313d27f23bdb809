"""Do the tests catch what they are there for?  Bugs are planted one by one to find out.

    make torture-proof [ARGS='fence keys']

Each bug is planted in a copy of the program; the tests that should catch it are run on that
copy, and who did is printed.  Ends with status 1 if a bug is not caught, or if a test fails
without any bug.  With words given, only bugs with one of them in their name are planted.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.planted import BUGS, SOURCE, Bug, plant

ROOT = SOURCE.parents[1]
SECONDS_MAX = 300


def failures(package: Path, tests: tuple[str, ...]) -> list[str]:
    """Run tests on a copy of the package; return the names of those that failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-rfE", "-p"]
    command += ["no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"pytest could not run {tests}:\n{done.stdout}{done.stderr}")
    return re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)


def copied(directory: str) -> Path:
    """Copy the package to a directory."""
    package = Path(directory) / "jiehuan"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def caught(bug: Bug) -> str:
    """Plant a bug; return the test that caught it, or nothing."""
    with tempfile.TemporaryDirectory() as directory:
        package = copied(directory)
        plant(bug, package)
        for test in bug.catchers:
            failed = failures(package, (test,))
            if failed:
                return failed[0]
    return ""


def main(words: list[str]) -> int:
    """Plant the bugs that are asked for; return the status to end with."""
    bugs = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    tests = tuple(dict.fromkeys(test for bug in bugs for test in bug.catchers))
    with tempfile.TemporaryDirectory() as directory:
        wrong = failures(copied(directory), tests)
    if wrong:
        say(f"fails without any bug: {wrong[0]}")
        return 1
    missed = 0
    for bug in bugs:
        begun = time.monotonic()
        by = caught(bug)
        missed += not by
        seconds = f"{time.monotonic() - begun:.0f} s"
        say(f"{bug.name:42}  {by or 'NOT CAUGHT'}  ({seconds})")
    say(f"{len(bugs) - missed} of {len(bugs)} planted bugs caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
