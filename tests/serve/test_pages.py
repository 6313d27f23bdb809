"""The overview page: true figures, two languages, letters that can be read."""

import dataclasses
import html.parser
import re
from importlib.resources import files

import pytest

from jiehuan.core.commands import DAY_KINDS, Kind
from jiehuan.core.line import Status
from jiehuan.reports.trial_balance import TrialBalance
from jiehuan.risk.policy import Verdict
from jiehuan.serve import pages, words

PACKAGE = files("jiehuan.serve")
CSS = (PACKAGE / "static" / "page.css").read_text(encoding="utf-8")
SOURCES = [
    (PACKAGE / "templates" / "overview.html").read_text(encoding="utf-8"),
    (PACKAGE / "pages.py").read_text(encoding="utf-8"),
]


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its tags, and its text."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, answer):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    def said(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def lived(api):
    """A book in which something has happened."""
    line = api.open_line()
    api.post(
        "/v1/applications",
        {
            "product": "pay-later",
            "party": 2,
            "limit_asked_minor": 10_000,
            "facts": {"age_years": 12},
        },
    )
    api.do(f"{line}/purchases", amount_minor=300_000)
    api.do(f"{line}/draws", amount_minor=20_000)
    [waiting] = api.get("/v1/instructions").json()["instructions"]
    api.do(f"/v1/instructions/{waiting['id']}/succeeded")
    api.move_on("2026-05-12")
    api.post(f"{line}/draws", {"amount_minor": 1})
    return api


def test_the_page_shows_the_books_figures(lived):
    said = Page(lived.get("/?lang=en")).said()

    assert "Business day 2026-05-12" in said
    assert "Books balance" in said
    assert "virtual clock" in said
    assert "¥3,200" in said  # principal outstanding
    assert "1 past due" in said.replace("past due 1", "1 past due")
    assert "The line is past due" in said  # the last command's outcome
    assert "pay-later" in said
    assert "Last day closed 2026-05-11" in said


def test_the_page_is_in_chinese_unless_another_language_is_asked_for(lived):
    for path, header, word in (
        ("/", None, "试算平衡"),
        ("/", "fr", "试算平衡"),
        ("/", "en-US,en;q=0.5", "Books balance"),
        ("/?lang=zh", "en", "试算平衡"),
        ("/?lang=en", "zh", "Books balance"),
        ("/?lang=xx", "en", "Books balance"),
    ):
        answer = lived.get(path, headers={"Accept-Language": header} if header else {})
        assert word in answer.text, (path, header)


def test_no_chinese_is_left_on_the_english_page_but_our_name(lived):
    page = lived.get("/?lang=en").text

    assert {"借还", "中文"} == set(re.findall(r"[\u4e00-\u9fff]+", page))


def test_an_empty_book_says_how_to_begin(api):
    page = Page(api.get("/?lang=en"))

    assert "There is no line in this book yet" in page.said()
    assert "Idempotency-Key" in page.said()


def test_books_that_do_not_balance_are_not_called_balanced(lived):
    seen, _ = lived.service.overview()
    broken = TrialBalance([one for one in seen.trial_balance.balances if one.balance_minor][1:])
    lived.service._page = dataclasses.replace(seen, trial_balance=broken)

    assert "Out of balance by" in lived.get("/?lang=en").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_whole_and_loads_nothing_from_elsewhere(lived, language):
    answer = lived.get(f"/?lang={language}")
    page = Page(answer)

    assert [] == page.open
    assert [] == [tag for tag, _ in page.tags if tag in {"script", "iframe", "object", "style"}]
    assert [] == [attrs for _, attrs in page.tags if "style" in attrs or "onclick" in attrs]
    links = [attrs.get("href") or attrs.get("src") for _, attrs in page.tags]
    assert [] == [link for link in links if link and not link.startswith(("/", "#", "?"))]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for link in sorted({link for link in links if link and link.startswith(("/", "?"))}):
        assert 200 == lived.get(link.replace("?", "/?", 1)).status_code, link
    targets = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {link[1:] for link in links if link and link.startswith("#")} <= targets


TOLD = {
    "clients": 20_841,
    "commands_per_s": 5_123,
    "statements_off": 0,
    "auc": {"application": 0.615, "behaviour": None},
    "audit": "clean",
    "roll_rates": {"M0": {"M0": 0.9, "M1": 0.1}, "M1": {"M0": 1.0, "written off": 0.004}},
    "something new": [1, 2],
}


def test_what_a_run_tells_is_shown_in_words():
    run = pages.run_of(TOLD, "en")

    assert [
        ("Clients", "20,841"),
        ("Commands/s", "5,123"),
        ("Statements off", "0"),
        ("Scores, AUC", "0.615"),
        ("Audit", "clean"),
    ] == run.figures
    assert ["M0", "M1", "written off"] == run.buckets
    assert ("M1", [("100.0%", "h9"), ("–", "h"), ("0.4%", "h0")]) == run.rolls[1]


@pytest.mark.parametrize(
    "told", [{}, {"audit": ["a transfer is missing"]}, {"auc": None, "roll_rates": None}]
)
def test_a_run_that_tells_little_is_shown_all_the_same(told):
    run = pages.run_of(told, "zh")

    assert (["1 ✗"] if told.get("audit") else []) == [value for _, value in run.figures]
    assert [] == run.rolls


def test_the_page_of_a_run_has_its_figures_and_its_roll_rates(lived):
    lived.app.state.run = TOLD
    said = Page(lived.get("/?lang=en")).said()

    assert "Clients 20,841" in said
    assert "→ written off" in said


def test_every_drawing_says_what_it_is(lived):
    drawings = [attrs for tag, attrs in Page(lived.get("/")).tags if attrs.get("role") == "img"]

    assert len(drawings) >= 5
    assert all(attrs["aria-label"] for attrs in drawings)


def test_figures_are_reckoned_anew_only_when_something_was_booked(lived):
    first, _ = lived.service.overview()
    again, _ = lived.service.overview()
    lived.open_line(party=9)
    later, _ = lived.service.overview()

    assert first is again
    assert later.lines == first.lines + 1


def test_the_catalogue_has_every_word_and_no_other():
    used = set()
    for source in SOURCES:
        used |= set(re.findall(r"""(?:say|\bt)\(["']([^"']*[\u4e00-\u9fff][^"']*)["']\)""", source))
    used |= {zh for zh, _ in pages.STATUS_WORDS.values()}
    used |= {zh for zh, _ in pages.VERDICT_WORDS.values()}
    used |= set(pages.KIND_WORDS.values())

    assert used == set(words.EN)


def test_every_status_verdict_and_kind_has_its_word():
    assert set(Status) - {Status.NONE} == set(pages.STATUS_WORDS)
    assert set(Verdict) == set(pages.VERDICT_WORDS)
    assert set(Kind) - DAY_KINDS == set(pages.KIND_WORDS)


# What is written on what: letters of the style sheet by their variable or colour.
PAIRS = [
    ("--ink", "--paper"),
    ("--ink", "--ground"),
    ("--soft", "--paper"),
    ("--soft", "--ground"),
    ("--soft", "#fafbfc"),
    ("--red", "--paper"),
    ("--red", "--red-pale"),
    ("--amber", "--amber-pale"),
    ("#02703d", "--green-pale"),
    ("#ffffff", "--green"),
    ("#ffffff", "#026b3b"),
    ("#c9d4ce", "--night"),
    ("#a9b8b0", "--night"),
    ("#d8e6de", "--night"),
    ("#ffffff", "#22312a"),
]


def colour(name):
    """Return red, green, blue of a variable of the style sheet, or of a colour in it."""
    found = re.search(rf"{name}: (#\w+)", CSS)
    text = found[1] if found else name
    assert name.startswith("--") or name in CSS or name == "#ffffff"
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    return [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def luminance(name):
    """Return relative luminance as of WCAG 2."""
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour(name)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


@pytest.mark.parametrize(("letters", "ground"), PAIRS)
def test_letters_stand_out_from_what_is_behind_them(letters, ground):
    light, dark = sorted((luminance(letters), luminance(ground)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5
