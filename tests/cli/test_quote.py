"""``jiehuan quote``."""

import json

import pytest
from typer.testing import CliRunner

from jiehuan.cli import app
from jiehuan.core.errors import UsageError
from jiehuan.engine.book import shipped_products

RUNNER = CliRunner()


def asked(*words):
    """Return what the program prints."""
    made = RUNNER.invoke(app, ["quote", *words, "--on", "2026-03-20"], catch_exceptions=False)
    assert 0 == made.exit_code
    return made.output


def test_a_quote_is_one_object():
    made = json.loads(asked("10,000.00", "--instalments", "3", "--json"))

    assert "pay-later" == made["product"]
    assert (1_000_000, 1_025_000, 25_000) == (
        made["amount_minor"], made["total_minor"], made["cost_minor"],
    )  # fmt: skip
    assert {"cn", "us_actuarial", "eu", "uk"} == set(made["rates"])
    assert {"ppm": 149_384, "effective_ppm": 160_049} == made["rates"]["cn"]
    assert ["2026-04-10", "2026-05-10", "2026-06-10"] == [row["due_on"] for row in made["schedule"]]
    assert made["total_minor"] == sum(row["amount_minor"] for row in made["schedule"])


def test_a_quote_is_a_table():
    told = asked("10,000.00", "--instalments", "3")

    assert "│  3 │ 2026-06-10 │  3,333.34" in told
    assert "10,250.00 in all, 250.00 of it cost: 3.05 a day" in told
    assert "cn              14.9384 % a year, 16.0049 % effective" in told


def test_without_instalments_it_is_a_draw():
    made = json.loads(asked("10,000", "--product", "pay-later-12", "--json"))

    assert "by-day" == made["method"]
    assert 300 == made["daily_minor"]


def test_terms_of_ones_own():
    made = json.loads(
        asked("10000", "--method", "pay-in-n", "--down", "25 %", "--instalments", "3",
              "--every-days", "14", "--json")
    )  # fmt: skip

    assert [250_000] * 4 == [row["amount_minor"] for row in made["schedule"]]


def test_a_file_of_terms(tmp_path):
    file = tmp_path / "terms.toml"
    file.write_text(shipped_products()[0].text.replace('"pay-later"', '"mine"'), encoding="utf-8")

    made = json.loads(
        asked("100", "--terms", str(file), "--product", "mine", "--instalments", "3", "--json")
    )

    assert "mine" == made["product"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["10000", "--instalments", "3", "--lender", "small-loan", "--on", "2028-01-01"],
         r"refused: .*14.9384 % a year.* 12 %, 4 x the loan prime rate of 3 %, at most from 2028"),
        (["10000", "--method", "flat", "--rate", "18 %", "--instalments", "12"],
         "refused: it costs 31.7.* licensed lenders may take 24 % at most"),
        (["10000", "--instalments", "5"], "offers 3, 6, 9, 12 instalments, not 5"),
        (["10000", "--product", "pay-latter"], "did you mean 'pay-later'"),
        (["10000", "--lender", "bank"], "no kind of lender is called 'bank'"),
        (["10000", "--method", "bullet", "--instalments", "1", "--rate", "x"],
         "--rate 'x' is not a percentage"),
        (["10,00"], "is not an amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_quoted_is_refused_with_the_reason(words, reason):
    with pytest.raises(UsageError, match=reason):
        RUNNER.invoke(app, ["quote", *words], catch_exceptions=False)
