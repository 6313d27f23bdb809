"""What the pages say: all of it in both languages, with the same places to fill in."""

import ast
import datetime as dt
import re
import string
from importlib.resources import files

import pytest
from tests.serve.phone.phones import Phone

from jiehuan.core.outcomes import Outcome
from jiehuan.serve.phone import telling, words

PACKAGE = files("jiehuan.serve.phone")
TEMPLATES = files("jiehuan.serve") / "templates" / "phone"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def texts_of_templates():
    """Yield every text with Chinese in it that a template gives to ``t``, or shows as it is."""
    for path in TEMPLATES.iterdir():
        source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for block in re.findall(r"\{[{%](.*?)[%}]\}", source, re.DOTALL):
            yield from ((path.name, text) for text in re.findall(r'"([^"]*)"', block))


def texts_of_modules():
    """Yield every text with Chinese in it of a module, documentation left out."""
    for path in PACKAGE.iterdir():
        if path.name.startswith("words") or not path.name.endswith(".py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) if id(node) not in documentation:
                    yield path.name, text


def said():
    """Return every text with Chinese in it that a page may say."""
    every = [*texts_of_templates(), *texts_of_modules()]
    return {text for _, text in every if CHINESE.search(text) and text != "中文"}


def places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_text_is_said_in_english_too_and_none_is_left_over():
    assert set() == said() - set(words.EN)
    assert set() == set(words.EN) - said()


def test_both_languages_have_the_same_places():
    assert [] == [zh for zh, en in words.EN.items() if places(zh) != places(en)]


def test_nothing_in_english_is_chinese():
    assert [] == [en for en in words.EN.values() if CHINESE.search(en)]


def test_no_template_shows_chinese_that_is_not_translated():
    for path in TEMPLATES.iterdir():
        source = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"))
        assert not CHINESE.search(source), path.name


PATHS = (
    *("", "home", "borrow", "borrow/confirm?amount=100&count=3", "shops", "bills", "repay"),
    *("plan", "history", "pay-back", "nothing", "orders/1", "apply"),
)


def test_no_chinese_is_left_on_an_english_page_but_the_way_back(book):
    phone = Phone(book, language="en").sign_in().has_line()

    for path in PATHS:
        page = phone.get(f"/phone/{path}")
        shown = re.sub(r'<b class="shop-mark">.</b>', "", page.source)
        assert {"中文"} == set(re.findall(r"[\u4e00-\u9fff]+", shown)), path


def test_a_language_that_was_chosen_stays(phone):
    assert "Available" in phone.get("/phone/home?lang=en").said()
    assert "Available" in phone.get("/phone/home").said()
    assert "可用额度" in phone.get("/phone/home?lang=zh").said()
    assert "可用额度" in phone.get("/phone/home?lang=xx").said()


def test_the_other_language_is_that_of_the_same_page(phone):
    links = phone.get("/phone/borrow?amount=300&count=3").links()

    assert "/phone/borrow?amount=300&count=3&lang=en" in links


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.DONE])
def test_every_refusal_has_words(outcome):
    title, text = telling.refusal(outcome)

    assert title in words.EN
    assert text in words.EN


def test_days_and_minutes_are_written_as_people_do():
    on = dt.date(2026, 12, 10).toordinal()
    at = dt.datetime(2026, 12, 10, 15, 59, tzinfo=dt.UTC)

    assert ("12月10日", "10 Dec") == (words.day(on, "zh"), words.day(on, "en"))
    assert "2026年12月10日" == words.long_day(on, "zh")
    assert "10 Dec 2026" == words.long_day(on, "en")
    assert ("12月10日 23:59", "10 Dec, 23:59") == (words.minute(at, "zh"), words.minute(at, "en"))
