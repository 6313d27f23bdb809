"""What ``openapi.json`` declares is what there is."""

import pytest
from tests.serve.api import PROBLEM

from jiehuan.serve import problems

STATUSES = {told.status for told in problems.TABLE.values()}


def operations(api):
    """Return every route of the API: method, path, what is declared."""
    schema = api.get("/openapi.json").json()
    return [
        (method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def parts(schema, name="", seen=()):
    """Return every property below a schema: its name and its own schema."""
    found = []
    for key, value in schema.get("properties", {}).items():
        found += [(f"{name}.{key}", value), *parts(value, f"{name}.{key}", seen)]
    for value in schema.get("anyOf", []):
        found += parts(value, name, seen)
    return found


def test_these_are_the_routes(api):
    assert {
        "POST /v1/applications",
        "GET /v1/lines/{line}",
        "POST /v1/lines/{line}/purchases",
        "POST /v1/lines/{line}/holds",
        "POST /v1/lines/{line}/holds/{hold}/capture",
        "POST /v1/lines/{line}/holds/{hold}/void",
        "POST /v1/lines/{line}/draws",
        "POST /v1/lines/{line}/repayments",
        "POST /v1/lines/{line}/refunds",
        "POST /v1/lines/{line}/conversions",
        "POST /v1/lines/{line}/close",
        "POST /v1/lines/{line}/reversals",
        "POST /v1/lines/{line}/charges",
        "POST /v1/lines/{line}/waivers",
        "POST /v1/lines/{line}/goodwill",
        "POST /v1/lines/{line}/chargebacks",
        "GET /v1/lines/{line}/statements",
        "GET /v1/lines/{line}/loans",
        "GET /v1/lines/{line}/transfers",
        "POST /v1/quotes",
        "GET /v1/instructions",
        "POST /v1/instructions/{instruction}/succeeded",
        "POST /v1/instructions/{instruction}/failed",
        "GET /v1/clock",
        "POST /v1/clock/advance",
        "GET /v1/products",
        "GET /v1/decisions/{decision}",
        "GET /v1/ledger/trial-balance",
        "GET /healthz",
        "GET /readyz",
    } == {f"{method.upper()} {path}" for method, path, _ in operations(api)}


def test_every_route_declares_its_errors_as_problems(api):
    for method, path, operation in operations(api):
        declared = {
            int(status): answer
            for status, answer in operation["responses"].items()
            if int(status) >= 400
        }
        assert {500, 503, 507} <= set(declared) <= STATUSES, path
        if "{" in path:
            assert 404 in declared, path
        if method == "post":
            assert {400, 413, 422} <= set(declared), path
        for answer in declared.values():
            assert {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}} == answer[
                "content"
            ]


def test_every_route_that_changes_something_declares_its_key(api):
    for method, path, operation in operations(api):
        keys = [
            one["required"]
            for one in operation.get("parameters", [])
            if one["name"] == "Idempotency-Key"
        ]
        changes = method == "post" and path != "/v1/quotes"
        assert ([True] if changes else []) == keys, path


def test_amounts_are_integers_and_days_are_dates(api):
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    properties = [part for name, one in schemas.items() for part in parts(one, name)]

    amounts = [(name, one) for name, one in properties if "minor" in name]
    days = [(name, one) for name, one in properties if name.endswith("_on")]
    assert len(amounts) > 40
    assert len(days) > 10
    for name, one in amounts:
        assert name.endswith(("_minor", "_minor_min", "_minor_max")), name
        kinds = {one.get("type"), *(each.get("type") for each in one.get("anyOf", []))}
        assert {"integer"} == kinds - {None, "null"}, name
    for name, one in days:
        forms = {one.get("format"), *(each.get("format") for each in one.get("anyOf", []))}
        assert {"date"} == forms - {None}, name
    assert [] == [name for name, one in properties if one.get("type") == "number"]


def test_every_route_says_what_it_is_for(api):
    silent = [path for _, path, operation in operations(api) if not operation.get("description")]

    assert [] == silent


def test_on_a_real_clock_nothing_stands_in_for_the_world(an_api):
    api = an_api(virtual=False)
    paths = {path for _, path, _ in operations(api)}

    assert not [path for path in paths if "succeeded" in path or "failed" in path]
    assert "/v1/clock/advance" not in paths
    for path in ("/v1/clock/advance", "/v1/instructions/instruction_1_1/succeeded"):
        assert (404, "route_not_found") == api.refused(path)[:2]
    assert not api.get("/v1/clock").json()["virtual"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_there_are_no_pages_that_load_scripts_from_elsewhere(api, path):
    assert 404 == api.get(path).status_code


def test_readiness_is_not_health(api):
    assert {"status": "ok"} == api.get("/healthz").json() == api.get("/readyz").json()
    api.service._queue.close()

    assert 200 == api.get("/healthz").status_code
    assert 503 == api.get("/readyz").status_code
