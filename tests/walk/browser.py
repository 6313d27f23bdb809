"""A real browser for tests: where it is, how it is started, what it must not do."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / "docs" / "shots"
SWITCHES = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
HERE = {"127.0.0.1", "localhost"}
NARROW = 320
WAIT_MS_MAX = 15_000  # nobody waits so long, but on a machine that is busy with more
PHONE = 390
DESK = 1_280
# What a browser says of an answer that is an error, though the page is there to be read.
ANSWERED = re.compile(r"^Failed to load resource: the server responded with a status of (4\d\d)")
# What htmx says where somebody leaves a page that was just asking for a part of itself.
LEFT = re.compile(r"^htmx:(afterRequest|sendAbort)\b")

# Whether every letter of the page has a picture: boxes for Chinese would be all the same width.
HAS_CHINESE = """() => {
  const brush = document.createElement("canvas").getContext("2d");
  const drawn = (letter) => {
    brush.canvas.width = brush.canvas.height = 24;
    brush.font = "20px sans-serif";
    brush.fillText(letter, 0, 20);
    return brush.canvas.toDataURL();
  };
  return new Set(["借", "还", "元"].map(drawn)).size === 3;
}"""


def missing() -> str:
    """Say what is missing for tests in a browser; empty when nothing is."""
    if shutil.which("chromium") is None:
        return "no chromium: tests/walk/install.sh installs it, or says how"
    fonts = subprocess.run(
        ["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False
    ).stdout
    return "" if fonts.strip() else "no font with Chinese: tests/walk/install.sh installs one"


def needed() -> None:
    """Skip the test where there is no browser; where all must run, fail."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser of the system."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(SWITCHES)
        )
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser; what their pages do wrong is kept.

    Attributes:
        page: The page before them.
        language: ``zh`` or ``en``.
        scripts: Whether their browser runs any.
        wrong: Errors of scripts, what a policy forbade, calls to other machines.
    """

    def __init__(self, browser: Browser, language: str, width: int, scripts: bool) -> None:
        """Open a browser of one's own: no cookie is shared with another visitor."""
        self._context = browser.new_context(
            viewport={"width": width, "height": 844 if width < DESK else 800},
            device_scale_factor=2 if width < DESK else 1,
            has_touch=width < DESK,
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            timezone_id="Asia/Shanghai",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(WAIT_MS_MAX)
        expect.set_options(timeout=WAIT_MS_MAX)
        self.language = language
        self.scripts = scripts
        self.wrong: list[str] = []
        self.page: Page = self._context.new_page()
        self._context.on("request", self._asked)
        self._context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self._context.on("console", lambda message: self._said(message.type, message.text))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname not in HERE:
            self.wrong.append(f"asked {request.url}")

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not (ANSWERED.match(text) or LEFT.match(text)):
            self.wrong.append(text)

    def narrow(self, width: int = NARROW) -> int:
        """Return how far the page could be scrolled sideways at some width."""
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size({"width": width, "height": before["height"]})
        root = self.page.locator("html")
        wide: int = root.evaluate("root => root.scrollWidth - root.clientWidth")
        self.page.set_viewport_size(before)
        return wide

    def shot(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture of the page, if pictures are asked for (``make shots``)."""
        if os.environ.get("SHOTS"):
            SHOTS.mkdir(parents=True, exist_ok=True)
            path = SHOTS / f"{name}.{self.language}.png"
            self.page.screenshot(path=path, full_page=whole, animations="disabled")

    def close(self) -> None:
        """Leave."""
        self._context.close()
