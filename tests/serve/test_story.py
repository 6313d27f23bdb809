"""From the application to the last cent, over HTTP: the line of terms.md 11, cent for cent."""

import asyncio

import pytest

from jiehuan.core.commands import REF_ALL, Kind
from jiehuan.serve.service import Order

# day, command, amount; then used, available, overpaid as they stand afterwards.
WORKED = """
2026-03-05  purchases   200_000   200_000    800_000     0
2026-03-20  purchases   100_000   300_000    700_000     0
2026-04-08  repayments  100_000   200_000    800_000     0
2026-04-15  purchases    50_000   250_000    750_000     0
2026-04-20  repayments   12_345   237_655    762_345     0
2026-04-24  draws        80_000   237_655    682_345     0
2026-04-25  succeeded         0   317_655    682_345     0
2026-05-05  repayments   30_000   289_803    710_197     0
2026-05-20  repayments    3_914   285_889    714_111     0
2026-05-25  purchases    25_000   310_889    689_111     0
2026-06-10  repayments  315_467         0  1_000_000     0
2026-07-03  repayments    2_000         0  1_000_000   749
2026-07-05  purchases     1_000       251    999_749     0
"""

STATEMENTS = [  # cut, balance, minimum
    ("2026-04-01", 300_000, 30_000),
    ("2026-05-01", 319_803, 33_914),
    ("2026-06-01", 315_467, 35_667),
    ("2026-07-01", 1_251, 1_251),
]


def test_the_worked_line_comes_out_to_the_cent(api):
    line = api.open_line()
    today = "2026-03-05"
    for row in WORKED.strip().splitlines():
        on, command, *numbers = row.split()
        amount, used, available, overpaid = (int(number) for number in numbers)
        if on != today:
            today = api.move_on(on)["business_on"]
        if command == "succeeded":
            [waiting] = api.get("/v1/instructions").json()["instructions"]
            api.do(f"/v1/instructions/{waiting['id']}/succeeded")
        else:
            api.do(f"{line}/{command}", amount_minor=amount)

        now = api.get(line).json()
        assert (used, available, overpaid) == (
            now["used_minor"],
            now["available_minor"],
            now["overpaid_minor"],
        ), row

    cuts = api.get(f"{line}/statements").json()["statements"][::-1]
    assert STATEMENTS == [
        (cut["cut_on"], cut["balance_minor"], cut["minimum_minor"]) for cut in cuts
    ]
    for cut in cuts:
        assert cut["balance_minor"] == sum(item["amount_minor"] for item in cut["items"])


def test_a_line_that_is_late_says_so_until_it_is_cured(api):
    line = api.open_line()
    api.do(f"{line}/purchases", amount_minor=300_000)
    api.move_on("2026-04-11")

    late = api.get(line).json()
    api.do(f"{line}/repayments", amount_minor=30_000)
    cured = api.get(line).json()

    assert ("overdue", "2026-04-10") == (late["status"], late["past_due_on"])
    assert ("active", None) == (cured["status"], cured["past_due_on"])


def test_the_books_balance_after_all_that_can_be_done_to_a_line(api):
    line = api.open_line()
    whole = api.do(f"{line}/purchases", amount_minor=60_000, merchant=7)["id"]
    back = api.do(f"{line}/purchases", amount_minor=40_000)["id"]
    held = api.do(f"{line}/holds", amount_minor=9_000)["id"]
    let_go = api.do(f"{line}/holds", amount_minor=8_000)["id"]
    api.do(f"{line}/holds/{held}/capture", amount_minor=5_000)
    api.do(f"{line}/holds/{let_go}/void")
    api.do(f"{line}/conversions", purchase=whole, instalments=6)
    api.do(f"{line}/refunds", purchase=back, amount_minor=10_000)
    drawn = api.do(f"{line}/draws", amount_minor=30_000)["id"]
    failed = api.do(f"{line}/draws", amount_minor=20_000)["id"]
    api.do(f"/v1/instructions/{drawn.replace('draw', 'instruction')}/succeeded")
    api.do(f"/v1/instructions/{failed.replace('draw', 'instruction')}/failed")
    api.move_on("2026-05-15")
    [plan] = [one for one in loans(api, line) if one["kind"] == "plan"]
    api.do(f"{line}/repayments", amount_minor=15_000, towards=plan["id"])
    api.do(f"{line}/repayments", amount_minor=200_000, towards="all")

    balance = api.get("/v1/ledger/trial-balance").json()

    assert 0 == balance["difference_minor"]
    assert balance["balanced"]
    assert balance["debit_minor"] == balance["credit_minor"] > 0
    assert [] == [one for one in loans(api, line) if one["principal_minor"]]
    assert api.get(f"{line}/transfers").json()["transfers"]


def loans(api, line):
    return api.get(f"{line}/loans").json()["loans"]


def test_a_settled_line_can_be_closed_and_then_takes_nothing(api):
    line = api.open_line()
    closed = api.do(f"{line}/close")

    assert "close" == closed["kind"]
    assert "closed" == api.get(line).json()["status"]
    assert (409, "line_closed") == api.refused(f"{line}/purchases", {"amount_minor": 1})[:2]


def test_a_backdated_repayment_counts_from_its_day(api):
    line = api.open_line()
    api.do(f"{line}/purchases", amount_minor=300_000)
    api.move_on("2026-04-20")
    api.do(f"{line}/repayments", amount_minor=30_000, effective_on="2026-04-09")

    now = api.get(line).json()

    assert ("active", None) == (now["status"], now["past_due_on"])


@pytest.mark.parametrize(
    ("age", "outcome", "reason"),
    [(30, "approve", "of_age"), (12, "decline", "under_age"), (None, "refer", "age_unknown")],
)
def test_an_application_is_approved_referred_or_declined_and_the_decision_kept(
    api, age, outcome, reason
):
    answer = api.post(
        "/v1/applications",
        {
            "product": "pay-later",
            "party": 7,
            "limit_asked_minor": 500_000,
            "facts": {"age_years": age},
        },
    )
    decision = api.get("/v1/decisions/" + api.id("decision", 1)).json()

    assert {"approve": 201, "refer": 409, "decline": 422}[outcome] == answer.status_code
    assert (outcome, [reason]) == (
        decision["outcome"],
        [one["code"] for one in decision["reasons"]],
    )
    assert {"age_years": age, "limit_asked_minor": 500_000} == decision["inputs"]
    assert (200 if outcome == "approve" else 404) == api.get(
        "/v1/lines/" + api.id("line", 1)
    ).status_code


def test_a_quote_adds_up_and_says_when_each_part_is_due(api):
    quote = api.do("/v1/quotes", product="pay-later", amount_minor=100_000, instalments=3)

    assert (2_500, 25_000) == (quote["fee_minor"], quote["fee_ppm"])
    assert 102_500 == sum(term["amount_minor"] for term in quote["terms"])
    assert ["2026-04-10", "2026-05-10", "2026-06-10"] == [term["due_on"] for term in quote["terms"]]


def test_the_terms_of_a_quote_are_those_of_the_conversion(api):
    quote = api.do("/v1/quotes", product="pay-later", amount_minor=99_999, instalments=6)
    line = api.open_line()
    bought = api.do(f"{line}/purchases", amount_minor=99_999)["id"]
    api.do(f"{line}/conversions", purchase=bought, instalments=6)
    api.move_on("2026-04-01")

    [first] = api.get(f"{line}/statements").json()["statements"]

    assert quote["terms"][0]["due_on"] == first["due_on"]
    assert quote["terms"][0]["amount_minor"] == first["due_minor"]


def test_the_terms_of_a_quote_are_those_of_a_draw_in_instalments(api):
    quote = api.do("/v1/quotes", product="pay-later", amount_minor=99_999, instalments=6)
    line = api.open_line()
    drawn = api.do(f"{line}/draws", amount_minor=99_999, instalments=6)["id"]
    paid = api.do(f"/v1/instructions/{drawn.replace('draw', 'instruction')}/succeeded")
    api.move_on("2026-04-01")

    [first] = api.get(f"{line}/statements").json()["statements"]
    [plan] = loans(api, line)

    assert quote["terms"][0]["due_on"] == first["due_on"]
    assert quote["terms"][0]["amount_minor"] == first["due_minor"]
    assert (paid["id"], "plan", 99_999) == (plan["id"], plan["kind"], plan["principal_minor"])


@pytest.mark.parametrize("noun", ["statement", "loan"])
def test_all_that_a_statement_billed_of_purchases_is_put_in_instalments(api, noun):
    line = api.open_line()
    for amount in (40_000, 20_000):
        api.do(f"{line}/purchases", amount_minor=amount)
    api.move_on("2026-04-10")
    [cut] = api.get(f"{line}/statements").json()["statements"]
    named = {noun: cut["id"].replace("statement", noun)}

    api.do(f"{line}/conversions", **named, instalments=3)

    [plan] = [one for one in loans(api, line) if one["open"]]
    assert ("plan", 60_000) == (plan["kind"], plan["unbilled_minor"])
    again = api.refused(f"{line}/conversions", {**named, "instalments": 3})
    assert (409, "purchase_no_longer_convertible") == again[:2]
    api.move_on("2026-04-11")
    assert "active" == api.get(line).json()["status"]


@pytest.mark.parametrize(
    "body",
    [
        {"instalments": 3},
        {"purchase": "purchase_1_2", "statement": "statement_1_3", "instalments": 3},
        {"purchase": "purchase_1_2", "loan": "loan_1_3", "statement": None, "instalments": 3},
    ],
)
def test_a_conversion_names_one_thing(api, body):
    line = api.open_line()

    assert (422, "validation_failed") == api.refused(f"{line}/conversions", body)[:2]


@pytest.mark.parametrize(
    ("member", "noun", "code"),
    [
        ("statement", "statement", "purchase_not_found"),
        ("statement", "purchase", "purchase_not_found"),
        ("loan", "loan", "purchase_not_found"),
        ("loan", "draw", "loan_not_found"),
    ],
)
def test_a_conversion_of_what_is_not_there_is_refused(api, member, noun, code):
    line = api.open_line()

    body = {member: api.id(noun, 77), "instalments": 3}
    assert (404, code) == api.refused(f"{line}/conversions", body)[:2]


def test_a_draw_in_instalments_that_are_not_offered_says_which_are(api):
    line = api.open_line()

    answer = api.refused(f"{line}/draws", {"amount_minor": 60_000, "instalments": 5})

    assert (422, "terms_not_offered") == answer[:2]
    assert "3, 6, 9, 12" == answer[2]["instalments_offered"]
    assert 0 == api.get(line).json()["held_minor"]


def test_instructions_of_every_kind_are_finished_by_what_became_of_them(api):
    """What a phone asks for is an order here; on a virtual clock a caller may play the partner."""
    line = api.open_line()
    number = int(line.rpartition("_")[2])

    def ask(kind, amount, ref=0):
        asked = {"line": number, "amount_minor": amount, "ref": ref}
        order = Order(kind=kind, key=api.new_key(), content=asked, **asked)
        return int(asyncio.run(api.service.book_order(order)).row["seq"])

    def end(order, how, **body):
        return api.do(f"/v1/instructions/{api.id('instruction', order)}/{how}", **body)["kind"]

    api.do(f"{line}/purchases", amount_minor=30_000)
    api.move_on("2026-04-03")
    given_up, paid = ask(Kind.COLLECT, 1_000), ask(Kind.COLLECT, 50_000, REF_ALL)
    waiting = api.get("/v1/instructions").json()["instructions"]
    assert ["collect", "collect"] == [one["kind"] for one in waiting]
    assert "collect_ended" == end(given_up, "failed")
    assert "repay" == end(paid, "succeeded")
    assert 20_000 == api.get(line).json()["overpaid_minor"]

    kept, back = (ask(Kind.PAY_BACK, amount, paid) for amount in (5_000, 15_000))
    assert 20_000 == api.get(line).json()["held_minor"]
    assert "pay_back_failed" == end(kept, "failed")
    assert "pay_back_succeeded" == end(back, "succeeded", amount_minor=15_000)

    now = api.get(line).json()
    assert (5_000, 0, 0) == (now["overpaid_minor"], now["held_minor"], now["used_minor"])
    assert [] == api.get("/v1/instructions").json()["instructions"]


def test_only_products_of_the_books_currency_are_offered(an_api):
    products = an_api(currency="TWD").get("/v1/products").json()["products"]

    assert ["card-tw-2005"] == [product["name"] for product in products]
