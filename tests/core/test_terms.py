"""The terms of products: what is read, what is refused, and what the docs tell of it."""

import dataclasses
import datetime as dt
import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jiehuan
from jiehuan.core.errors import UsageError
from jiehuan.core.terms import Product, TermsTable, parse
from jiehuan.core.terms_fields import FIELDS, reference
from jiehuan.core.terms_forms import FORMS, RANKS, REQUIRED, show

ROOT = Path(__file__).parents[2]
TERMS = Path(jiehuan.__file__).with_name("terms.toml").read_bytes()
PAY_LATER, CARD_TW_2005, _ = parse(TERMS)

FIXED = [field for field in FIELDS.values() if field.form == "fixed"]

REFUSED = [
    ("hold_days", "99999", "hold_days = 99999 is out of range; it runs from 0 to 366"),
    ("hold_days", "-1", "hold_days = -1 is out of range; it runs from 0 to 366"),
    ("hold_days", '"7"', "hold_days = '7' is not written as it should be; write it like 7"),
    ("hold_days", "true", "hold_days = true is not written as it should be; write it like 7"),
    ("due_after_days", "28", "due_after_days = 28 is out of range; it runs from 1 to 27"),
    ("cycle_day", "32", "cycle_day = 32 is out of range; it runs from 1 to 31"),
    (
        "minimum_floor",
        "10.0",
        'minimum_floor = 10.0 is not written as it should be; write it like "10.00"',
    ),
    (
        "minimum_floor",
        '"ten"',
        (
            "minimum_floor = 'ten' is not an amount from 0.00 to 1,000,000,000.00; "
            'write it like "10.00"'
        ),
    ),
    (
        "limit_min",
        '"0"',
        "limit_min = '0' is not an amount from 0.01 to 1,000,000,000.00; write it like \"10.00\"",
    ),
    (
        "minimum",
        '"10"',
        "minimum = '10' is not a percentage; write it with at most four decimals, like \"2.5 %\"",
    ),
    ("minimum", '"100.1 %"', "minimum = '100.1 %' is out of range; it runs from 0 % to 100 %"),
    (
        "draw_rate",
        '"0.2 % a day"',
        "draw_rate = '0.2 % a day' is out of range; it runs from 0 % a day to 0.1 % a day",
    ),
    (
        "draw_rate",
        '"18 % a year"',
        "draw_rate = '18 % a year' is not honoured yet: a rate a year; use a rate a day",
    ),
    ("draw_rate", '"0.05 %"', "draw_rate = '0.05 %' is not a rate; write it like \"0.05 % a day\""),
    (
        "over_limit_in_minimum",
        '"yes"',
        "over_limit_in_minimum = 'yes' is not written as it should be; write it like true",
    ),
    (
        "from_on",
        "1999-12-31",
        "from_on = 1999-12-31 is out of range; it runs from 2000-01-01 to 2089-12-31",
    ),
    (
        "from_on",
        "2020-01-01T00:00:00",
        "from_on = 2020-01-01T00:00:00 is not written as it should be; write it like 2026-01-01",
    ),
    (
        "currency",
        '"JPY"',
        "currency = 'JPY' is no choice; it is 'CNY', 'TWD', 'HKD', 'SGD', 'USD', 'EUR' or 'GBP'",
    ),
    (
        "write_off_on",
        '"sunday"',
        "write_off_on = 'sunday' is no choice; it is 'any_day' or 'statement_day'",
    ),
    (
        "plans",
        '{ 1 = "2 %" }',
        "plans = {'1': '2 %'} offers 1 instalments; their number runs from 2 to 60",
    ),
    (
        "plans",
        '{ 03 = "2 %" }',
        "plans = {'03': '2 %'} offers 03 instalments; their number runs from 2 to 60",
    ),
    (
        "plans",
        '{ 12 = "20 %" }',
        "plans: 12 instalments cost 35.0743 % a year, above the yearly_cap of 24 %",
    ),
    (
        "provision",
        '["1 %"]',
        "provision = ['1 %'] has 1 values; it needs 7, for M0 to M6",
    ),
    (
        "allocation_current",
        '["fee", "fee", "interest", "principal"]',
        (
            "allocation_current = ['fee', 'fee', 'interest', 'principal'] must name each of "
            "penalty, fee, interest, principal once"
        ),
    ),
    ("limit_max", '"99.99"', "limit_min is above limit_max"),
    (
        "late_rate",
        '"0.075 % a day"',
        "late_rate costs 27.375 % a year, above the yearly_cap of 24 %",
    ),
    ("late_cap", '"120 %"', "late_rate is above 120 % of the lower ordinary rate; see late_cap"),
    ("compound", '"statement"', "compound = 'statement' is not honoured yet; use 'none'"),
    ("non_accrual_days", "90", "non_accrual_days = 90 is not honoured yet; use 'off'"),
    ("new_purchases_free", "false", "new_purchases_free = false is not honoured yet; use true"),
    ("min_days", "false", "min_days = false is not honoured yet; use 0"),
    (
        "floor_over",
        '["principal", "fee"]',
        "floor_over = ['principal', 'fee'] is not honoured yet; use ['principal']",
    ),
    ("hold_day", "7", "unknown field 'hold_day'; did you mean 'hold_days'?"),
    ("colour", '"red"', "unknown field 'colour'; docs/terms.md lists all fields"),
]


def written(product=PAY_LATER, **changes):
    """Return a version's text with some fields written otherwise, or left out (None)."""
    lines = dict(line.split(" = ", 1) for line in product.text.splitlines()[1:])
    lines.update(changes)
    kept = [f"{name} = {value}" for name, value in lines.items() if value is not None]
    return "\n".join(["[[product]]", *kept, ""])


def faults_of(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    return str(caught.value).splitlines()


# --- the products we ship -----------------------------------------------------------------------


def test_pay_later_is_what_its_page_says():
    assert (
        Product(
            name="pay-later",
            number=1,
            version=1,
            from_on=dt.date(2020, 1, 1).toordinal(),
            currency="CNY",
            limit_minor_min=10_000,
            limit_minor_max=100_000_000,
            hold_days=7,
            purchase_rate_ppm=500,
            draw_rate_ppm=450,
            late_rate_ppm=650,
            late_cap_ppm=1_500_000,
            yearly_cap_ppm=240_000,
            cycle_day=1,
            due_after_days=9,
            minimum_ppm=100_000,
            minimum_floor_minor=1_000,
            full_if_under_minor=1_000,
            over_limit_in_minimum=True,
            plans={3: 25_000, 6: 45_000, 9: 65_000, 12: 88_000},
            allocation_current=("penalty", "fee", "interest", "principal"),
            allocation_way="down",
            allocation_written_off=("principal", "penalty", "fee", "interest"),
            provision_ppm=(10_000, 30_000, 250_000, 500_000, 750_000, 1_000_000, 1_000_000),
            undrawn_provision_ppm=0,
            write_off_days_min=180,
            write_off_on="any_day",
        )
        == PAY_LATER
    )


def test_the_card_of_taiwan_differs_from_pay_later_only_where_its_page_says():
    differing = {
        field.name
        for field in dataclasses.fields(Product)
        if getattr(PAY_LATER, field.name) != getattr(CARD_TW_2005, field.name)
    }

    assert {
        "name",
        "number",
        "from_on",
        "currency",
        "limit_minor_max",
        "minimum_ppm",
        "over_limit_in_minimum",
        "write_off_days_min",
        "write_off_on",
    } == differing
    assert "TWD" == CARD_TW_2005.currency
    assert (20_000, False) == (CARD_TW_2005.minimum_ppm, CARD_TW_2005.over_limit_in_minimum)
    assert (121, True) == (CARD_TW_2005.write_off_days_min, CARD_TW_2005.write_off_on_statement_day)


# --- the text of a version ----------------------------------------------------------------------


@pytest.mark.parametrize("product", [PAY_LATER, CARD_TW_2005], ids=lambda product: product.name)
def test_a_version_is_read_back_from_its_own_text(product):
    assert (product,) == parse(product.text)
    assert hashlib.sha256(product.text.encode()).hexdigest() == product.sha256


def test_the_text_of_a_version_names_every_field():
    names = [line.split(" = ")[0] for line in PAY_LATER.text.splitlines()[1:]]

    assert list(FIELDS) == names


def test_comments_spaces_and_written_defaults_do_not_change_the_hash():
    text = "# ours\n" + written(hold_days=None, plans=None) + "\n\n# end\n"
    text += 'plans  =  { 12="8.80%", 3="2.5 %", 9 = "6.5000 %", 6 = "4.5 %" }\n'

    assert PAY_LATER.sha256 == parse(text)[0].sha256


def test_a_changed_term_changes_the_hash():
    assert PAY_LATER.sha256 != parse(written(hold_days="8"))[0].sha256


@st.composite
def products(draw):
    """Products of every kind that the forms can write and whose fields fit together."""
    integers = {
        field.attribute: draw(st.integers(field.low, field.high))
        for field in FIELDS.values()
        if field.form in {"number", "amount", "percent", "rate", "day"}
    }
    limits = sorted((integers["limit_minor_min"], integers["limit_minor_max"]))
    shares = st.lists(st.integers(0, 1_000_000), min_size=7, max_size=7)
    return dataclasses.replace(
        PAY_LATER,
        **integers
        | {
            "limit_minor_min": limits[0],
            "limit_minor_max": limits[1],
            "late_rate_ppm": draw(st.integers(0, 400)),
            "purchase_rate_ppm": draw(st.integers(400, 600)),
            "draw_rate_ppm": draw(st.just(0) | st.integers(400, 600)),
            "yearly_cap_ppm": 1_000_000,
            "over_limit_in_minimum": draw(st.booleans()),
            "plans": dict(
                sorted(
                    draw(
                        st.dictionaries(st.integers(2, 60), st.integers(0, 100_000), max_size=4)
                    ).items()
                )
            ),
            "provision_ppm": tuple(sorted(draw(shares))),
            "allocation_current": tuple(draw(st.permutations(RANKS))),
            "allocation_way": draw(st.sampled_from(["down", "across"])),
            "write_off_on": draw(st.sampled_from(["any_day", "statement_day"])),
        },
    )


@given(products())
def test_every_product_that_can_be_written_is_read_back(product):
    assert (product,) == parse(product.text)
    assert (product,) == parse(product.text.encode())


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value", "fault"), REFUSED)
def test_a_wrong_value_is_refused_by_product_field_and_range(name, value, fault):
    assert f"pay-later: {fault}" in faults_of(written(**{name: value}))


@pytest.mark.parametrize("field", FIXED, ids=lambda field: field.name)
def test_a_rule_that_is_not_honoured_is_refused_by_name_never_ignored(field):
    form = FORMS[field.form]
    others = [*field.choices, "something else", 7, field.default is not True]
    for other in others:
        [fault] = faults_of(written(**{field.name: form.write(other)}))

        assert (
            f"pay-later: {field.name} = {show(other)} is not honoured yet; "
            f"use {show(field.default)}"
        ) == fault


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_a_field_left_out_has_its_default_or_is_asked_for(field):
    text = written(**{field.name: None})
    if field.default is not REQUIRED:
        [product] = parse(text)
        assert not field.attribute or field.default == getattr(product, field.attribute)
    else:
        owner = "product 1" if field.name == "name" else "pay-later"
        example = FORMS[field.form].example
        assert [f"{owner}: {field.name} is missing; write it like {example}"] == faults_of(text)


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_every_default_lies_in_its_own_range(field):
    if field.default is REQUIRED:
        return
    text = FORMS[field.form].write(field.default)

    assert (text,) == tuple(
        line.split(" = ", 1)[1]
        for line in parse(written(**{field.name: text}))[0].text.splitlines()
        if line.startswith(f"{field.name} = ")
    )


def test_all_faults_of_all_products_are_told_at_once():
    text = written(hold_days="-1", colour="1") + written(CARD_TW_2005, minimum=None)

    assert [
        "pay-later: unknown field 'colour'; docs/terms.md lists all fields",
        "pay-later: hold_days = -1 is out of range; it runs from 0 to 366",
        'card-tw-2005: minimum is missing; write it like "10 %"',
    ] == faults_of(text)


@pytest.mark.parametrize("name", ["Pay-later", "pay_later", "-", "", "1st", "a" * 41, "花呗"])
def test_a_name_is_small_letters_digits_and_hyphens(name):
    [fault] = faults_of(written(name=f'"{name}"'))

    assert fault.endswith("is not a name; use small letters, digits and hyphens, at most 40")


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "product = []", "product = [1]", "[product]\nname = 'x'", "[[products]]"],
)
def test_terms_are_a_list_of_products_and_nothing_else(text):
    assert ["terms are a list of [[product]] tables, and nothing else"] == faults_of(text)


@pytest.mark.parametrize("text", ["name = ", b"\xff\xfe", "[[product]]\nname='a'\nname='b'"])
def test_what_is_not_toml_is_told_as_such(text):
    assert faults_of(text)[0].startswith("the terms are not TOML: ")


def test_a_rate_of_nothing_is_no_measure_for_the_late_rate():
    [product] = parse(written(draw_rate='"0 % a day"'))

    assert (0, 650) == (product.draw_rate_ppm, product.late_rate_ppm)


def test_versions_of_a_product_follow_one_another():
    second = {"version": "2", "from_on": "2026-01-01"}

    assert [1, 2] == [p.version for p in parse(written() + written(**second))]
    for change, fault in [
        (
            {"version": "1"},
            "version 1 from 2026-01-01 does not come after version 1 from 2020-01-01",
        ),
        (
            {"from_on": "2020-01-01"},
            "version 2 from 2020-01-01 does not come after version 1 from 2020-01-01",
        ),
        ({"currency": '"HKD"'}, "number and currency stay the same in every version"),
        ({"number": "3"}, "number and currency stay the same in every version"),
    ]:
        assert [f"pay-later: {fault}"] == faults_of(written() + written(**(second | change)))


def test_a_number_belongs_to_one_product():
    text = written() + written(CARD_TW_2005, number="1")

    assert ["card-tw-2005: number 1 is that of pay-later"] == faults_of(text)
    with pytest.raises(UsageError, match="number 1 is that of pay-later"):
        TermsTable((PAY_LATER, dataclasses.replace(CARD_TW_2005, number=1)))


# --- the reference ------------------------------------------------------------------------------


def test_the_reference_in_the_docs_is_that_of_the_table_of_fields():
    page = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8")

    assert reference() in page, "print(jiehuan.core.terms_fields.reference()) gives it anew"


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_every_field_is_in_the_reference_with_default_range_and_rule(field):
    [row] = re.findall(rf"^\| `{field.name}` \|.*$", reference(), re.MULTILINE)
    _, default, range_, meaning, rule = (cell.strip() for cell in row.strip("|").split("|"))

    assert ("must be given" == default) is (field.default is REQUIRED)
    assert FORMS[field.form].tell(field) == range_
    assert field.meaning == meaning
    assert rule.isdigit()


def test_the_example_in_the_docs_is_read():
    page = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)

    assert 2 == parse(TERMS.decode() + example)[-1].version
