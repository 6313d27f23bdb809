"""Any JSON becomes a command or a declared refusal, and never breaks anything."""

import json
import string
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.api import told

from jiehuan.serve import bodies

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-3, 10),
    st.sampled_from([2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, -(2**63), 10**11, 10**11 + 1]),
)
texts = st.one_of(
    st.text(max_size=20),
    st.text(string.printable, max_size=12),
    st.sampled_from(
        [
            "usual",
            "all",
            "pay-later",
            "card-tw-2005",
            "2026-03-05",
            "2026-03-01",
            "2089-12-31",
            "purchase_1_2",
            "loan_1_3",
            "statement_1_3",
            "\ud800",
            "\x00",
        ]
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.floats(), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "amount_minor",
        "effective_on",
        "merchant",
        "forced",
        "towards",
        "purchase",
        "statement",
        "loan",
        "instalments",
        "product",
        "party",
        "limit_asked_minor",
        "cycle_day",
        "facts",
        "until_on",
        "age_years",
    ]
)
wild = st.one_of(values, st.dictionaries(names, values, max_size=5))


def nearly(**fields):
    """Bodies with the right members, whose values are right more often than not."""
    return st.fixed_dictionaries(
        {name: st.one_of(one, one, one, values) for name, one in fields.items()}
    )


days = st.dates().map(str)
amounts = numbers
ROUTES = {
    "/v1/applications": nearly(
        product=st.sampled_from(["pay-later", "card-tw-2005", "no-such"]),
        party=st.integers(0, 9),
        limit_asked_minor=amounts,
        facts=st.fixed_dictionaries({"age_years": st.integers(0, 150)}),
    ),
    "{line}/purchases": nearly(amount_minor=amounts, merchant=numbers, forced=st.booleans()),
    "{line}/holds": nearly(amount_minor=amounts, effective_on=days),
    "{line}/holds/{hold}/capture": nearly(amount_minor=amounts),
    "{line}/holds/{hold}/void": nearly(effective_on=days),
    "{line}/draws": nearly(amount_minor=amounts, instalments=numbers),
    "{line}/repayments": nearly(amount_minor=amounts, towards=texts),
    "{line}/refunds": nearly(amount_minor=amounts, purchase=texts),
    "{line}/conversions": nearly(purchase=texts, instalments=numbers)
    | nearly(statement=texts, instalments=numbers)
    | nearly(loan=texts, instalments=numbers),
    "{line}/reversals": nearly(command=texts, reason=st.sampled_from(["mistake", "bounced"])),
    "{line}/charges": nearly(what=st.sampled_from(["fee", "penalty"]), amount_minor=amounts),
    "{line}/waivers": nearly(what=st.sampled_from(["fee", "interest"]), amount_minor=amounts),
    "{line}/goodwill": nearly(amount_minor=amounts),
    "{line}/chargebacks": nearly(amount_minor=amounts, purchase=texts),
    "/v1/quotes": nearly(
        product=st.just("pay-later"), amount_minor=amounts, instalments=st.integers(1, 13)
    ),
    "/v1/instructions/{instruction}/succeeded": nearly(amount_minor=amounts),
}
calls = st.sampled_from(sorted(ROUTES)).flatmap(
    lambda path: st.tuples(st.just(path), st.one_of(ROUTES[path], wild))
)

PATIENT = settings(
    max_examples=60, suppress_health_check=[*HealthCheck], derandomize=True, deadline=None
)


@PATIENT
@given(st.lists(calls, min_size=5, max_size=15))
def test_any_json_is_a_command_or_a_declared_refusal(api, asked):
    """Sent at once, so that one body that is wrong could harm its neighbours."""
    if not hasattr(api, "line"):
        api.line = api.open_line(limit_minor=50_000_000)
        api.held = api.do(f"{api.line}/holds", amount_minor=5_000)["id"]
        api.drawn = api.do(f"{api.line}/draws", amount_minor=5_000)["id"]
    places = {
        "line": api.line,
        "hold": api.held,
        "instruction": api.drawn.replace("draw", "instruction"),
    }
    requests = [
        (
            "POST",
            path.format(**places),
            {
                "content": json.dumps(body).encode(),
                "headers": {"Idempotency-Key": api.new_key(), "Content-Type": "application/json"},
            },
        )
        for path, body in asked
    ]

    for (path, body), answer in zip(asked, api.together(*requests), strict=True):
        if answer.status_code not in {200, 201}:
            status, code, _ = told(answer)
            assert status < 500, (path, body, code)

    balance = api.get("/v1/ledger/trial-balance").json()
    assert 0 == balance["difference_minor"]


@PATIENT
@given(st.binary(max_size=60))
def test_any_bytes_are_a_command_or_a_declared_refusal(api, content):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = api.ask("POST", "/v1/quotes", content=content, headers=headers)

    assert told(answer)[0] in {400, 422}


@PATIENT
@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_path_is_answered(api, text):
    for path in ("/v1/lines/", "/v1/decisions/", "/static/", "/"):
        answer = api.get(path + quote(text))
        assert answer.status_code in {200, 307, 404, 405}, answer.text


@given(st.integers(-(2**60), 2**60))
def test_an_integer_that_javascript_cannot_hold_is_refused(number):
    fits = abs(number) <= bodies.WHOLE_MAX

    try:
        bodies.Draw.model_validate_json(json.dumps({"amount_minor": number}))
    except ValueError:
        assert not fits
    else:
        assert fits
