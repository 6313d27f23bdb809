"""Every refusal is a problem that says what is wrong, with a stable code and the facts."""

from typing import Any

import pytest
from tests.serve.api import PROBLEM, make_book, told

from jiehuan.core.outcomes import Outcome
from jiehuan.serve import problems

# Nothing sets a floor day yet; money is asked back on the phone only.
UNREACHABLE = {Outcome.DATE_BEFORE_FLOOR, Outcome.AMOUNT_EXCEEDS_OVERPAYMENT}


def spent(api, amount=200_000, **more):
    """Open a line of 1,000,000 and spend."""
    line = api.open_line(**more)
    return line, api.do(f"{line}/purchases", amount_minor=amount)["id"]


def _key_reused(api):
    line, _ = spent(api)
    api.post(f"{line}/purchases", {"amount_minor": 1}, key="one")
    return api.post(f"{line}/purchases", {"amount_minor": 2}, key="one")


def _line_not_found(api):
    return api.post("/v1/lines/" + api.id("line", 999) + "/draws", {"amount_minor": 1})


def _line_closed(api):
    line = api.open_line()
    api.do(f"{line}/close")
    return api.post(f"{line}/repayments", {"amount_minor": 1})


def _line_written_off(api):
    line, _ = spent(api)
    api.move_on("2026-10-09")
    return api.post(f"{line}/purchases", {"amount_minor": 1})


def _line_past_due(api):
    line, _ = spent(api)
    api.move_on("2026-04-11")
    return api.post(f"{line}/draws", {"amount_minor": 1})


def _in_future(api):
    line = api.open_line()
    return api.post(f"{line}/purchases", {"amount_minor": 1, "effective_on": "2026-03-06"})


def _before_opened(api):
    line = api.open_line()
    return api.post(f"{line}/purchases", {"amount_minor": 1, "effective_on": "2026-03-04"})


def _not_positive(api):
    return api.post(f"{api.open_line()}/purchases", {"amount_minor": 0})


def _too_large(api):
    return api.post(f"{api.open_line()}/purchases", {"amount_minor": 100_000_000_001})


def _hold_not_found(api):
    line, _ = spent(api)
    return api.post(f"{line}/holds/{api.id('hold', 2)}/void")


def _hold_not_open(api):
    line = api.open_line()
    held = api.do(f"{line}/holds", amount_minor=5_000)["id"]
    api.do(f"{line}/holds/{held}/void")
    return api.post(f"{line}/holds/{held}/capture", {"amount_minor": 1})


def _purchase_not_found(api):
    line, _ = spent(api)
    body = {"purchase": api.id("purchase", 77), "amount_minor": 1}
    return api.post(f"{line}/refunds", body)


def _loan_not_found(api):
    line, _ = spent(api)
    body = {"towards": api.id("loan", 77), "amount_minor": 1}
    return api.post(f"{line}/repayments", body)


def _draw_differs(api):
    line = api.open_line()
    drawn = api.do(f"{line}/draws", amount_minor=5_000)["id"]
    path = f"/v1/instructions/{drawn.replace('draw', 'instruction')}/succeeded"
    return api.post(path, {"amount_minor": 4_999})


def _applied(api, age):
    return api.post(
        "/v1/applications",
        {
            "product": "pay-later",
            "party": 1,
            "limit_asked_minor": 500_000,
            "facts": {"age_years": age},
        },
    )


def _not_offered(api):
    line, bought = spent(api)
    return api.post(f"{line}/conversions", {"purchase": bought, "instalments": 5})


def _not_convertible(api):
    line, bought = spent(api, amount=5_000)
    api.do(f"{line}/repayments", amount_minor=5_000, towards="all")
    return api.post(f"{line}/conversions", {"purchase": bought, "instalments": 6})


def _command_not_found(api):
    line, _ = spent(api)
    return api.post(f"{line}/reversals", {"command": api.id("repayment", 99)})


def _not_reversible(api):
    line = api.open_line()
    held = api.do(f"{line}/holds", amount_minor=5_000)["id"]
    return api.post(f"{line}/reversals", {"command": held})


def _already_reversed(api):
    line, bought = spent(api)
    api.do(f"{line}/reversals", command=bought, reason="cancelled")
    return api.post(f"{line}/reversals", {"command": bought})


def _exceeds_available(api):
    line, _ = spent(api)
    return api.post(f"{line}/purchases", {"amount_minor": 800_001})


def _exceeds_hold(api):
    line = api.open_line()
    held = api.do(f"{line}/holds", amount_minor=5_000)["id"]
    return api.post(f"{line}/holds/{held}/capture", {"amount_minor": 5_001})


def _refund_exceeds(api):
    line, bought = spent(api)
    api.do(f"{line}/refunds", purchase=bought, amount_minor=150_000)
    return api.post(f"{line}/refunds", {"purchase": bought, "amount_minor": 50_001})


def _exceeds_owed(api):
    line = api.open_line()
    api.do(f"{line}/charges", what="fee", amount_minor=500)
    return api.post(f"{line}/waivers", {"what": "fee", "amount_minor": 501})


def _not_settled(api):
    line, _ = spent(api)
    return api.post(f"{line}/close")


O = Outcome  # noqa: E741  # a table is read by its columns
REFUSALS: dict[Outcome, tuple[Any, int, dict[str, Any]]] = {
    O.KEY_REUSED_WITH_OTHER_CONTENT: (_key_reused, 422, {}),
    O.LINE_NOT_FOUND: (_line_not_found, 404, {"amount_minor": 1}),
    O.LINE_CLOSED: (_line_closed, 409, {"amount_minor": 1}),
    O.LINE_WRITTEN_OFF: (_line_written_off, 409, {"amount_minor": 1}),
    O.LINE_PAST_DUE: (_line_past_due, 409, {"past_due_on": "2026-04-10"}),
    O.DATE_IN_FUTURE: (_in_future, 422, {"business_on": "2026-03-05"}),
    O.DATE_BEFORE_LINE_OPENED: (_before_opened, 422, {"opened_on": "2026-03-05"}),
    O.AMOUNT_MUST_BE_POSITIVE: (_not_positive, 422, {}),
    O.AMOUNT_TOO_LARGE: (_too_large, 422, {"amount_minor": 100_000_000_001}),
    O.HOLD_NOT_FOUND: (_hold_not_found, 404, {}),
    O.HOLD_NOT_OPEN: (_hold_not_open, 409, {}),
    O.PURCHASE_NOT_FOUND: (_purchase_not_found, 404, {}),
    O.LOAN_NOT_FOUND: (_loan_not_found, 404, {}),
    O.DRAW_AMOUNT_DIFFERS: (_draw_differs, 422, {"amount_minor": 4_999}),
    O.COMMAND_NOT_FOUND: (_command_not_found, 404, {}),
    O.COMMAND_NOT_REVERSIBLE: (_not_reversible, 409, {}),
    O.ALREADY_REVERSED: (_already_reversed, 409, {}),
    O.APPLICATION_DECLINED: (
        lambda api: _applied(api, 12),
        422,
        {"reasons": [{"code": "under_age", "text": "under age"}]},
    ),
    O.APPLICATION_REFERRED: (
        lambda api: _applied(api, None),
        409,
        {"reasons": [{"code": "age_unknown", "text": "age is not known"}]},
    ),
    O.TERMS_NOT_OFFERED: (_not_offered, 422, {"instalments_offered": "3, 6, 9, 12"}),
    O.PURCHASE_NO_LONGER_CONVERTIBLE: (_not_convertible, 409, {}),
    O.AMOUNT_EXCEEDS_AVAILABLE: (_exceeds_available, 409, {"available_minor": 800_000}),
    O.AMOUNT_EXCEEDS_HOLD: (_exceeds_hold, 409, {"left_minor": 5_000}),
    O.REFUND_EXCEEDS_PURCHASE: (_refund_exceeds, 409, {}),
    O.AMOUNT_EXCEEDS_OWED: (_exceeds_owed, 409, {}),
    O.LINE_NOT_SETTLED: (_not_settled, 409, {"used_minor": 200_000, "held_minor": 0}),
}


def test_every_outcome_has_its_case_here():
    assert set(Outcome) - {Outcome.DONE} - UNREACHABLE == set(REFUSALS)


@pytest.mark.parametrize("outcome", REFUSALS, ids=lambda outcome: outcome.name.lower())
def test_every_refusal_is_a_problem_with_its_code_and_facts(api, outcome):
    provoke, status, facts = REFUSALS[outcome]

    answer = provoke(api)

    assert (status, outcome.name.lower()) == told(answer)[:2]
    assert facts.items() <= told(answer)[2].items()


@pytest.mark.parametrize("outcome", [O.AMOUNT_EXCEEDS_AVAILABLE, O.LINE_NOT_SETTLED])
def test_a_refusal_changes_nothing(api, outcome):
    line, _ = spent(api)
    before = api.get(line).json()

    bodies = {
        O.AMOUNT_EXCEEDS_AVAILABLE: ("purchases", {"amount_minor": 800_001}),
        O.LINE_NOT_SETTLED: ("close", {}),
    }
    path, body = bodies[outcome]
    api.refused(f"{line}/{path}", body)

    assert before == api.get(line).json()


def test_a_title_is_in_the_language_asked_for_and_the_code_is_not(api):
    for header, title in (
        ("zh-CN,zh;q=0.9", "没有这条额度"),
        ("en", "There is no such line"),
        ("de", "There is no such line"),
    ):
        answer = api.get("/v1/lines/line_1_9999999", headers={"Accept-Language": header})
        assert title == answer.json()["title"]
        assert "line_not_found" == answer.json()["code"]


def test_what_is_not_there_is_a_problem_too(api):
    cases = {
        "/v1/lines/line_7777_1": "line_not_found",
        "/v1/lines/nonsense/loans": "line_not_found",
        "/v1/decisions/" + api.id("decision", 9): "decision_not_found",
        "/v1/decisions/9": "decision_not_found",
        "/v2/anything": "route_not_found",
        "/static/page.js": "route_not_found",
        "/static/..%2fapp.py": "route_not_found",
        "/docs": "route_not_found",
        "/redoc": "route_not_found",
    }

    assert cases == {path: told(api.get(path))[1] for path in cases}
    assert (404, "instruction_not_found") == api.refused(
        "/v1/instructions/" + api.id("instruction", 9) + "/failed"
    )[:2]
    assert (404, "product_not_found") == api.refused(
        "/v1/quotes", {"product": "pay-lather", "amount_minor": 1, "instalments": 3}
    )[:2]


def test_a_wrong_method_is_a_problem_that_says_which_is_right(api):
    answer = api.ask("DELETE", "/v1/lines/line_1_1")

    assert (405, "method_not_allowed") == told(answer)[:2]
    assert "GET" == answer.headers["allow"]


def test_what_has_not_the_right_form_is_told_place_by_place(api):
    line = api.open_line()
    wrong = {
        "amount_minor": {},
        "12.5": {"amount_minor": 12.5},
        "1.0": {"amount_minor": 1.0},
        "text": {"amount_minor": "100"},
        "true": {"amount_minor": True},
        "null": {"amount_minor": None},
        "huge": {"amount_minor": 2**53},
        "unknown member": {"amount_minor": 1, "amount": 1},
        "a list": [1],
        "a day in another form": {"amount_minor": 1, "effective_on": "20260305"},
        "a time": {"amount_minor": 1, "effective_on": "2026-03-05T00:00:00"},
        "a number for a day": {"amount_minor": 1, "effective_on": 0},
        "no such day": {"amount_minor": 1, "effective_on": "2026-02-30"},
        "before the calendar": {"amount_minor": 1, "effective_on": "1999-12-31"},
    }
    for name, body in wrong.items():
        status, code, facts = api.refused(f"{line}/purchases", body)
        assert (422, "validation_failed") == (status, code), name
        assert facts["errors"][0]["where"].startswith("body"), name


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"nonsense", b"[" * 60_000])
def test_what_is_no_json_is_refused(api, content):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = api.ask("POST", "/v1/quotes", content=content, headers=headers)

    assert told(answer)[:2] in {(400, "body_not_json"), (422, "validation_failed")}


def test_a_body_that_is_too_large_is_refused(api):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = api.ask("POST", "/v1/quotes", content=b" " * 65_537, headers=headers)

    assert (413, "body_too_large") == told(answer)[:2]


def test_a_book_without_a_policy_takes_no_applications(fresh_database, an_api):
    api = an_api(dsn=fresh_database(), policy="")

    answer = _applied(api, 30)

    assert (409, "policy_not_in_force") == told(answer)[:2]
    assert 200 == api.get("/readyz").status_code


def test_a_clock_runs_forward_and_not_too_far(api):
    cases = {
        "2026-03-04": (409, "clock_runs_forward", {"business_on": "2026-03-05"}),
        "2027-04-10": (422, "clock_too_far", {"business_on": "2026-03-05", "days_max": 400}),
    }
    for until_on, expected in cases.items():
        assert expected == api.refused("/v1/clock/advance", {"until_on": until_on})
    assert "2026-03-05" == api.get("/v1/clock").json()["business_on"]


def test_a_quote_is_refused_like_a_conversion(api):
    cases = [
        (-1, 3, "amount_must_be_positive"),
        (100_000_000_001, 3, "amount_too_large"),
        (100, 4, "terms_not_offered"),
    ]
    for amount, count, code in cases:
        body = {"product": "pay-later", "amount_minor": amount, "instalments": count}
        assert (422, code) == api.refused("/v1/quotes", body)[:2]


@pytest.mark.parametrize("code", problems.TABLE)
def test_every_problem_is_said_in_both_languages_and_fits_its_status(code):
    told = problems.TABLE[code]
    answer = problems.response(problems.Problem(code), "zh")

    assert PROBLEM == answer.headers["content-type"]
    assert told.status == answer.status_code
    assert ("retry-after" in answer.headers) == (told.status == 503)
    for text in (told.zh, told.do_zh):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for text in (told.en, told.do_en):
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_a_second_book_of_that_number_is_refused(api):
    with pytest.raises(Exception, match="exists already"):
        make_book(api.dsn, number=api.number)
