"""The same key gives the same answer, whatever happens in between."""

import pytest
from tests.serve.api import PROBLEM, Api, told


def again(api, path, body, times=2):
    """Send one request several times with one key."""
    key = api.new_key()
    return [api.post(path, body, key=key) for _ in range(times)]


def test_a_command_sent_twice_is_done_once(api):
    line = api.open_line()
    first, second = again(api, f"{line}/purchases", {"amount_minor": 70_000})

    assert (201, 201) == (first.status_code, second.status_code)
    assert first.json() == second.json()
    assert (None, "true") == (
        first.headers.get("idempotency-replayed"),
        second.headers.get("idempotency-replayed"),
    )
    assert 70_000 == api.get(line).json()["used_minor"]


def test_commands_with_one_key_at_the_same_moment_are_done_once(api):
    line = api.open_line()
    asked = {"json": {"amount_minor": 70_000}, "headers": {"Idempotency-Key": "one"}}

    answers = api.together(*[("POST", f"{line}/purchases", asked)] * 8)

    assert {201} == {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert 7 == sum("idempotency-replayed" in answer.headers for answer in answers)
    assert 70_000 == api.get(line).json()["used_minor"]


def test_one_key_with_two_bodies_at_the_same_moment_books_one_of_them(api):
    line = api.open_line()
    asked = [
        (
            "POST",
            f"{line}/purchases",
            {"json": {"amount_minor": amount}, "headers": {"Idempotency-Key": "one"}},
        )
        for amount in (1_000, 2_000)
    ]

    codes = sorted(answer.status_code for answer in api.together(*asked))

    assert [201, 422] == codes
    assert api.get(line).json()["used_minor"] in {1_000, 2_000}


def test_many_commands_at_the_same_moment_are_all_done_in_turn(api):
    line = api.open_line()
    asked = [
        (
            "POST",
            f"{line}/purchases",
            {"json": {"amount_minor": 300_000}, "headers": {"Idempotency-Key": f"k{n}"}},
        )
        for n in range(5)
    ]

    answers = api.together(*asked)

    assert [201, 201, 201, 409, 409] == sorted(answer.status_code for answer in answers)
    assert 900_000 == api.get(line).json()["used_minor"]


def test_a_refusal_is_remembered_even_when_it_would_be_done_now(api):
    line = api.open_line(limit_minor=100_000)
    key = api.new_key()
    path, body = f"{line}/purchases", {"amount_minor": 100_001}
    first = api.post(path, body, key=key)
    api.do(f"{line}/repayments", amount_minor=50_000)

    second = api.post(path, body, key=key)

    assert (409, "amount_exceeds_available") == told(first)[:2] == told(second)[:2]
    assert "true" == second.headers["idempotency-replayed"]
    assert 0 == api.get(line).json()["used_minor"]


def test_a_retry_on_a_later_day_is_answered_as_on_the_first(api):
    line = api.open_line()
    key = api.new_key()
    first = api.post(f"{line}/purchases", {"amount_minor": 5_000}, key=key)
    api.move_on("2026-03-09")

    assert first.json() == api.post(f"{line}/purchases", {"amount_minor": 5_000}, key=key).json()


def test_a_retry_after_a_restart_is_answered_as_before(api):
    line = api.open_line()
    first = api.post(f"{line}/purchases", {"amount_minor": 5_000}, key="kept")
    api.close()
    later = Api(api.dsn, api.number)
    try:
        second = later.post(f"{line}/purchases", {"amount_minor": 5_000}, key="kept")
    finally:
        later.close()

    assert first.json() == second.json()


@pytest.mark.parametrize("age", [30, 12, None])
def test_an_application_is_decided_once(api, age):
    body = {
        "product": "pay-later",
        "party": 1,
        "limit_asked_minor": 500_000,
        "facts": {"age_years": age},
    }
    first, second = again(api, "/v1/applications", body)

    assert first.json() == second.json()
    assert first.status_code == second.status_code
    assert 404 == api.get("/v1/decisions/" + api.id("decision", 2)).status_code


def test_what_is_left_out_and_what_is_said_as_its_default_are_one_request(api):
    line = api.open_line()
    key = api.new_key()
    first = api.post(f"{line}/purchases", {"amount_minor": 1}, key=key)
    said = {"amount_minor": 1, "merchant": 0, "forced": False, "effective_on": None}

    assert first.json() == api.post(f"{line}/purchases", said, key=key).json()


def test_a_key_is_used_up_by_one_route_and_one_line(api):
    line, other = api.open_line(), api.open_line(party=2)
    api.post(f"{line}/purchases", {"amount_minor": 1}, key="mine")

    for path in (f"{line}/draws", f"{other}/purchases"):
        answer = api.post(path, {"amount_minor": 1}, key="mine")
        assert (422, "key_reused_with_other_content") == told(answer)[:2]


def test_a_clock_is_moved_once_by_a_key(api):
    first, second = again(api, "/v1/clock/advance", {"until_on": "2026-03-08"})
    other = api.post("/v1/clock/advance", {"until_on": "2026-03-09"}, key="key-1")

    assert first.json() == second.json()
    assert {"from_on": "2026-03-05", "business_on": "2026-03-08", "days_closed": 3}.items() <= (
        first.json().items()
    )
    assert (422, "key_reused_with_other_content") == told(other)[:2]
    assert "2026-03-08" == api.get("/v1/clock").json()["business_on"]


def test_every_route_that_changes_something_wants_a_key(api):
    line = api.open_line()
    schema = api.get("/openapi.json").json()
    for path, operations in schema["paths"].items():
        if "post" not in operations or path == "/v1/quotes":
            continue
        where = path.replace("{line}", line.rsplit("/", maxsplit=1)[1])
        answer = api.ask("POST", where, json={"amount_minor": 1, "until_on": "2026-03-06"})
        assert (400, "idempotency_key_missing") == told(answer)[:2], path


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f", "\xe9"])
def test_a_key_is_visible_ascii_of_some_length(api, key):
    answer = api.ask(
        "POST",
        f"{api.open_line()}/purchases",
        json={"amount_minor": 1},
        headers=[(b"Idempotency-Key", key.encode("latin-1"))],
    )

    assert PROBLEM == answer.headers["content-type"]
    assert (400, "idempotency_key_malformed") == told(answer)[:2]


def test_the_key_comes_first_when_more_is_wrong(api):
    answer = api.ask("POST", f"{api.open_line()}/purchases", json={"amount_minor": "x"})

    assert (400, "idempotency_key_missing") == told(answer)[:2]
