"""What other people wrote is here as it came, with its licence."""

import hashlib
import re
from pathlib import Path

import pytest

import jiehuan.serve

VENDOR = Path(jiehuan.serve.__file__).parent / "static" / "vendor"
SUMS = {
    name: digest
    for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    for digest, name in [line.split("  ")]
}
OUR_OWN = {"README.md", "SHA256SUMS"}


@pytest.mark.parametrize("name", SUMS)
def test_a_file_is_what_its_sum_says(name):
    assert SUMS[name] == hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()


def test_every_file_has_a_sum_and_every_package_a_licence():
    names = {path.name for path in VENDOR.iterdir()} - OUR_OWN

    assert names == set(SUMS)
    assert {"htmx", "weui"} == {name.split(".")[0] for name in names}
    assert {"htmx.LICENSE.txt", "weui.LICENSE.txt"} <= names


def test_nothing_is_fetched_from_elsewhere():
    css = (VENDOR / "weui.min.css").read_text("utf-8")

    named = re.findall(r"url\(\s*[\"']?([^)]{0,40})", css)

    assert [] == [name for name in named if not name.startswith(("data:", "%23"))]  # %23: itself
    assert "@import" not in css
