"""What happens where there is no browser: it is installed, or else said; never skipped in CI."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.walk import browser

SCRIPT = Path(browser.__file__).with_name("install.sh")


@pytest.fixture
def bare(tmp_path):
    """Run the script on a machine that has the given programs, and those of no package."""

    def run(programs, **more):
        place = tmp_path / "bin"
        place.mkdir(exist_ok=True)
        for name in ("tr", "head", "env", "touch", "chmod", "cat"):
            found = next(p for p in (Path("/usr/bin", name), Path("/bin", name)) if p.exists())
            (place / name).unlink(missing_ok=True)
            (place / name).symlink_to(found)
        for name, text in programs.items():
            (place / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
            (place / name).chmod(0o755)
        variables = {"PATH": str(place), "PLACE": str(place)} | more
        return subprocess.run(
            ["/bin/sh", SCRIPT], env=variables, capture_output=True, text=True, check=False
        )

    return run


FONT = "echo Noto"
ROOT = "echo 0"
NOBODY = "echo 1000"
BROWSER = "exit 0"
INSTALLS = """echo "$*" >>"$PLACE/asked"
case "$*" in *install*) for name in chromium fc-list; do
  printf '#!/bin/sh\\necho found\\n' >"$PLACE/$name"; chmod +x "$PLACE/$name"; done;; esac"""


def test_nothing_is_done_where_all_is_there(bare):
    ended = bare({"chromium": BROWSER, "fc-list": FONT, "apt-get": "exit 1"}, CI="true")

    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    "way", [{"id": ROOT}, {"id": NOBODY, "sudo": 'shift; [ "$1" = true ] || exec "$@"'}]
)
def test_what_is_missing_is_installed(bare, tmp_path, way):
    ended = bare({"apt-get": INSTALLS, **way}, CI="true")

    first, second = (tmp_path / "bin" / "asked").read_text("utf-8").splitlines()
    assert 0 == ended.returncode, ended.stderr
    assert first.endswith("update")
    assert second.endswith("--no-install-recommends chromium fonts-noto-cjk")


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
@pytest.mark.parametrize(
    "programs",
    [
        {},
        {"id": ROOT, "apt-get": "exit 100"},
        {"id": ROOT, "apt-get": "exit 0"},  # says yes and does nothing
        {"id": NOBODY, "sudo": "exit 1", "apt-get": INSTALLS},
    ],
)
def test_what_cannot_be_installed_is_told(bare, programs, ci, status):
    ended = bare(programs, CI=ci)

    assert status == ended.returncode
    assert "apt-get install chromium fonts-noto-cjk" in ended.stderr


@pytest.mark.parametrize(("ci", "raised"), [("", pytest.skip), ("true", pytest.fail)])
def test_without_a_browser_the_walk_is_skipped_but_fails_in_ci(monkeypatch, ci, raised):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(raised.Exception, match=r"tests/walk/install\.sh"):
        browser.needed()


def test_the_script_can_be_run():
    assert os.access(SCRIPT, os.X_OK)
