"""``docs/api.md`` names every route and every problem, and no other."""

import re
from pathlib import Path

from jiehuan.serve import notices, problems

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_route_is_documented(beside):
    schema = beside.get("/openapi.json").json()
    routes = [
        (method.upper(), path) for path, methods in schema["paths"].items() for method in methods
    ]

    assert sorted(routes) == sorted(re.findall(r"^\| `([A-Z]+)` \| `(\S+)` \|", TEXT, re.MULTILINE))


def test_every_problem_is_documented_with_its_status():
    found = re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", TEXT, re.MULTILINE)

    assert [(code, str(told.status)) for code, told in problems.OTHERS.items()] == found


def test_every_refusal_of_a_notice_is_documented_with_its_status():
    found = re.findall(r"^\| `([a-z ]+)` \| (\d+) \| yes", TEXT, re.MULTILINE)

    assert [(told, str(status)) for status, told in notices.CONTRADICTS.values()] == found
