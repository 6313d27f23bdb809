"""Published cases are reached: the numbers below are what was reached, and may only rise."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jiehuan.cli import app
from jiehuan.core.errors import UsageError
from jiehuan.reports.conform.reading import cases, minor
from jiehuan.reports.conform.run import conform, run

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"


@pytest.mark.parametrize(
    ("file", "family", "passed"),
    [
        ("instalment_lifecycles", "instalment_lifecycle", 301),
        ("daily_interest", "daily_loan", 30),
        ("daily_interest", "daily_level_payment", 61),
        ("daily_interest", "lifecycle", 5),
        ("daily_interest", "progressive_schedule", 5),
        ("daily_interest", "revolving", 14),
        ("daily_interest", "early_settlement", 3),
        ("daily_interest", "days_past_due", 1),
        ("apr_published", "apr_published", 80),
        ("fee_instalments", "fee_instalments", 4),
    ],
)
def test_as_many_cases_are_reached_as_were(file, family, passed):
    assert passed <= conform(CASES / f"{file}.json").families[family].passed


def test_most_lifecycles_with_a_rate_are_reached_without_their_due_days():
    bearing = [c for c in cases(CASES / "instalment_lifecycles.json") if c["annual_rate_pct"]]

    assert (36, 40) == (run(bearing).all.passed, len(bearing))


def test_a_due_day_is_taken_from_a_cases_own_schedule_only_when_asked():
    path = CASES / "instalment_lifecycles.json"
    plain, given = conform(path), conform(path, agreed_days=True)

    assert [] == plain.given_days
    assert given.all.passed - len(given.given_days) == plain.all.passed == 301


def test_every_case_that_is_not_reached_is_explained():
    explained = (ROOT / "docs" / "conform.md").read_text(encoding="utf-8")
    missed = [
        name for path in sorted(CASES.glob("*.json")) for name in dict(conform(path).failures)
    ]

    assert [] == [name for name in missed if f"`{name}`" not in explained]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"principal_due": 1}, "row 2 principal_due"),
        ({"date": "2023-08-07"}, "row 2 days: 30"),
        ({"paid_on": "2023-08-01"}, "row 2 paid_on: None"),
    ],
)
def test_a_cell_that_differs_is_told(change, told):
    [case] = [c for c in cases(CASES / "instalment_lifecycles.json") if c["id"] == "Loan:1320"]
    case["schedule"][1] |= {"days": 31} if "date" in change else {}
    case["schedule"][1] |= change

    report = run([case])

    assert 1 == report.all.failed
    assert report.failures[0][1].startswith(told)


@pytest.mark.parametrize(
    "change",
    [
        {"strategy": "NOBODY"},
        {"every_unit": "MOONS"},
        {"events": [{"kind": "eclipse", "on": "2023-07-07"}]},
        {"principal": None, "schedule": None},
    ],
)
def test_what_our_terms_cannot_say_is_not_applicable(change):
    [case] = [c for c in cases(CASES / "instalment_lifecycles.json") if c["id"] == "Loan:1320"]

    assert 1 == run([case | change]).all.not_applicable


def test_a_family_that_is_unknown_is_not_applicable():
    report = run([{"id": "x", "family": "tides"}])

    assert [("x", "this family is unknown")] == report.failures
    assert {"passed": 0, "failed": 0, "not_applicable": 1, "total": 1} == report.all.to_json()


@pytest.mark.parametrize("text", ["", "[1]", '{"cases": 3}', "{"])
def test_a_file_without_cases_is_refused(tmp_path, text):
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=r"cases\.json"):
        conform(path)


def test_amounts_are_read_exactly():
    assert [115, 0, 1_050_000] == [minor(1.15), minor(None), minor(10_500)]


def test_the_command_prints_the_object_that_is_promised():
    said = CliRunner().invoke(app, ["conform", str(CASES / "fee_instalments.json"), "--json"])

    told = json.loads(said.stdout)
    assert 0 == said.exit_code
    counts = {"passed": 4, "failed": 0, "not_applicable": 0, "total": 4}
    assert counts == {name: told[name] for name in counts}
    assert {"fee_instalments": counts} == told["families"]
    assert ([], []) == (told["failures"], told["given_days"])


def test_the_command_prints_a_table():
    path = str(CASES / "instalment_lifecycles.json")
    said = CliRunner().invoke(app, ["conform", path, "--agreed-days"])

    assert "instalment_lifecycle" in said.stdout
    assert "not met: Loan:5642: " in said.stdout
    assert "on the due days of their own schedule: " in said.stdout
