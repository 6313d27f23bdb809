"""What the pages weigh, whether they are whole, and whether their letters can be read."""

import gzip
import re
from importlib.resources import files

import pytest
from tests.serve.phone.phones import Phone, first

STATIC = files("jiehuan.serve") / "static"
CSS = (STATIC / "phone.css").read_text(encoding="utf-8")
SCRIPT = (STATIC / "phone.js").read_text(encoding="utf-8")
FIRST_LOAD_BYTES_MAX = 60 * 1024
CONTRAST_MIN = 4.5

PATHS = (
    "/phone/",
    "/phone/apply",
    "/phone/home",
    "/phone/borrow",
    "/phone/borrow/confirm?amount=5000&count=12",
    "/phone/shops",
    "/phone/bills",
    "/phone/repay",
    "/phone/repay/instalments?count=12",
    "/phone/plan",
    "/phone/history",
    "/phone/pay-back",
    "/phone/orders/1",
    "/phone/nothing",
)


@pytest.fixture(params=["zh", "en"])
def lived(book, request):
    """Somebody to whom much has happened."""
    phone = Phone(book, language=request.param).sign_in().has_line()
    for _ in range(40):
        book.do(f"{phone.line_path}/purchases", amount_minor=10_000, merchant=101)
    order = phone.borrows("1000", 12)
    phone.courier_says(order, package_info="pkg")
    phone.pays(order, 100_000)
    book.move_on("2026-04-05")
    return phone


def test_every_page_is_whole_and_light_and_loads_nothing_from_elsewhere(lived):
    for path in PATHS:
        page = lived.get(path)
        assert [] == page.open, path
        assert [] == [attrs for _, attrs in page.tags if {"style", "onclick"} & set(attrs)], path
        weight = len(gzip.compress(page.source.encode()))
        for address in parts_of(page):
            answer = lived.ask("GET", address)
            assert (200, "gzip") == (answer.status_code, answer.headers["content-encoding"])
            assert "immutable" in answer.headers["cache-control"]
            weight += int(answer.headers["content-length"])
        assert weight <= FIRST_LOAD_BYTES_MAX, (path, weight)


def parts_of(page):
    """Return the addresses of what a page is made of: style, scripts, the icon."""
    linked = [attrs["href"] for tag, attrs in page.tags if tag == "link"]
    return linked + [attrs["src"] for tag, attrs in page.tags if tag in {"script", "img"}]


def test_a_file_is_known_by_what_is_in_it(phone):
    [address, *_] = parts_of(phone.get("/phone/"))
    name = address.partition("?")[0]

    assert "immutable" in phone.ask("GET", address).headers["cache-control"]
    assert "max-age=60" == phone.ask("GET", name + "?v=other").headers["cache-control"]
    plain = phone.ask("GET", name, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert 404 == phone.ask("GET", "/phone/static/../app.py").status_code
    assert 404 == phone.ask("GET", "/phone/static/none.css").status_code


def test_every_page_has_one_title_and_every_field_a_label(lived):
    for path in PATHS:
        answer = lived.ask("GET", path)
        assert "gzip" == answer.headers.get("content-encoding", "gzip"), path
        page = lived.get(path)
        assert 1 == len([tag for tag, _ in page.tags if tag == "h1"]), path
        labelled = "".join(re.findall(r"<label[^>]*>.*?</label>", page.source, re.DOTALL))
        for tag, attrs in page.tags:
            if tag == "input" and attrs.get("type") != "hidden":
                said = attrs.get("aria-label") or f'name="{attrs.get("name")}"' in labelled
                assert said, (path, attrs)


# --- Letters ------------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS)) | {"paper": "#ffffff"}


@pytest.mark.parametrize(
    ("letters", "ground"),
    [
        ("ink", "ground"),
        ("soft", "paper"),
        ("soft", "ground"),
        ("green", "paper"),
        ("green", "ground"),
        ("red", "paper"),
        ("red", "ground"),
        ("amber", "amber-pale"),
        ("red", "red-pale"),
        ("paper", "green"),
        ("paper", "deep"),
        ("#02623a", "pale"),
        ("#02703d", "pale"),
        ("#02703d", "paper"),
        ("#6a7178", "paper"),
        ("#ffffff", "#03814a"),
        ("#ecf8f1", "#027a44"),  # where the green of the first page is lightest
    ],
)
def test_letters_stand_out_from_what_is_behind_them(letters, ground):
    assert contrast(COLOURS.get(letters, letters), COLOURS.get(ground, ground)) >= CONTRAST_MIN


def test_no_text_has_the_wallets_light_green():
    assert "#07c160" not in CSS.lower()
    assert "--weui-BRAND: #038046" in CSS


TOUCHED = (".weui-btn.round", ".link", ".chip span", ".pill", ".entries a", ".choices label")


@pytest.mark.parametrize("thing", TOUCHED)
def test_what_can_be_touched_is_large_enough(thing):
    [rule] = re.findall(r"^" + re.escape(thing) + r" \{([^}]*)\}", CSS, re.MULTILINE)

    assert int(first(r"min-height: (\d+)px", rule)) >= 44


def test_no_script_reckons_money():
    assert [] == re.findall(r"\bMath\b|toFixed|parseFloat|[\w)\]] [*/%] [\w(]", SCRIPT)
