"""Drawings and words: numbers in, what is seen out."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.serve import charts, words
from jiehuan.serve.charts import Bar, Series

values = st.integers(0, 10**13)
labels = st.text(max_size=8)
bars = st.lists(st.builds(Bar, labels, values, labels, st.just("good")), max_size=8)


def parsed(drawing):
    """Read a drawing as XML, which no text in it may break."""
    return ET.fromstring(
        re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", drawing)
    )


@given(bars, labels)
def test_bars_stay_inside_their_drawing(some, said):
    for drawing in (charts.columns(some, said), charts.stack(some, said)):
        for rect in parsed(drawing).iter("rect"):
            x, width = (float(rect.get(name, "0").strip("%")) for name in ("x", "width"))
            assert 0 <= x <= 100.01
            assert 0 <= x + width <= 100.01
            assert float(rect.get("height")) >= 0


@given(bars)
def test_a_stack_is_full_when_anything_is_there(some):
    widths = [
        float(one.get("width").strip("%")) for one in parsed(charts.stack(some, "")).iter("rect")
    ]

    expected = 100 if sum(bar.value for bar in some) else 0
    assert abs(expected - sum(widths[1:])) < 0.01


@given(st.lists(values, max_size=30))
def test_a_line_stays_inside_its_drawing(some):
    drawing = parsed(charts.lines([Series("interest", some)], [], ["", "a"], ""))

    for path in drawing.iter("path"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]
        assert all(0 <= x <= 1000 for x in numbers[::2])
        assert all(0 <= y <= 100 for y in numbers[1::2])


@given(st.lists(st.tuples(labels, values, values), max_size=12))
def test_pairs_stand_side_by_side_and_do_not_overlap(rows):
    groups = [(label, Bar("a", a, "", "spent"), Bar("b", b, "", "repaid")) for label, a, b in rows]
    ends = 0.0
    for rect in parsed(charts.pairs(groups, "")).iter("rect"):
        x, width = (float(rect.get(name).strip("%")) for name in ("x", "width"))
        assert x >= ends - 0.01
        ends = x + width
    assert ends <= 100.01


@given(st.floats(0, 1e15))
def test_the_top_of_an_axis_is_near_what_it_holds(most):
    top = charts.top_of(most)

    assert top >= most
    assert most == 0 or top <= 1.7 * most or top < 1e-300


def test_texts_cannot_break_a_drawing():
    drawing = charts.columns([Bar("<script>", 1, '"&', "good")], '"><script>')

    assert "<script>" not in drawing
    assert '"><script>' == parsed(drawing).get("aria-label")


def test_months_are_named_where_there_is_room():
    ticks = charts.month_ticks([0, 30, 61], 62, ["2026-04", "2026-05", "2026-06"])

    assert ["2026-04", "2026-05"] == [label for _, label in ticks]


def test_amounts_are_written_short():
    cases = table("""
        minor              zh                en
        0                  NT$0              NT$0
        99                 NT$0              NT$0
        123_456            NT$1,234          NT$1.23 k
        -123_456           −NT$1,234         −NT$1.23 k
        1_000_000          NT$1万            NT$10 k
        12_345_678_900     NT$1.23亿         NT$123.5 m
        123_456_789_000    NT$12.3亿         NT$1.23 bn
        99_999_999_999_900  NT$10,000亿      NT$1,000 bn
    """)

    for case in cases:
        assert case.zh == words.money_short(case.minor, "TWD", "zh")
        assert case.en == words.money_short(case.minor, "TWD", "en")


def test_amounts_in_full_rates_and_days():
    assert "¥1,234.56" == words.money(123_456, "CNY")
    assert "−XAU 0.01" == words.money(-1, "XAU")
    assert "0.05 %" == words.rate(500)
    assert "2 %" == words.rate(20_000)
    assert "–" == words.day(0) == words.percent(1, 0)
    assert "33.33 %" == words.percent(1, 3)


@pytest.mark.parametrize(
    ("asked", "header", "language"),
    [
        (None, None, "zh"),
        ("en", "zh", "en"),
        ("EN", "en", "en"),
        (None, "en;q=0.1, zh;q=0.9", "zh"),
        (None, "en;q=0, zh;q=0.1", "zh"),
        (None, "en;q=0", "zh"),
        (None, "en;q=x", "zh"),
        (None, ",;=,q=1,en", "en"),
        (None, "*", "zh"),
    ],
)
def test_the_language_is_what_is_asked_for_then_what_is_preferred(asked, header, language):
    assert language == words.language_of(asked, header, "zh")


@given(st.text(max_size=40))
def test_any_header_is_a_language(header):
    assert words.language_of(None, header, "zh") in words.LANGUAGES
