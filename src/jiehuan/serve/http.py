"""What is common to all routes: keys, languages, and errors that become problems."""

import json
import logging
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Final, cast

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jiehuan.core.errors import JiehuanError
from jiehuan.serve import answers, problems
from jiehuan.serve.problems import MEDIA_TYPE, Problem
from jiehuan.serve.service import Service
from jiehuan.serve.words import language_of

BODY_BYTES_MAX: Final = 65_536
ERRORS_MAX: Final = 20
KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"

log = logging.getLogger(__name__)

Key = Annotated[
    str,
    Header(
        alias=KEY_HEADER,
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Yours for this request; a retry with the same one is answered as before.",
        examples=["order-2026-0001"],
    ),
]


def service_of(request: Request) -> Service:
    """Return the service that the app was made for."""
    return cast("Service", request.app.state.service)


def language(request: Request) -> str:
    """Return the language that the caller wants to read; English if it does not say."""
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language")
    return language_of(asked, header, "en")


Book = Annotated[Service, Depends(service_of)]
Language = Annotated[str, Depends(language)]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare that a route may answer with problems of these statuses; 500 and 503 always."""
    codes: dict[int, list[str]] = {}
    for code, told in problems.TABLE.items():
        codes.setdefault(told.status, []).append(code)
    return {
        status: {
            "model": answers.Problem,
            "description": "A problem: " + ", ".join(codes[status]) + ".",
        }
        for status in sorted({*statuses, problems.BROKEN, problems.UNAVAILABLE, problems.NO_ROOM})
    }


def mark_replayed(response: Response, *, replayed: bool) -> None:
    """Say in a header that this was answered before."""
    if replayed:
        response.headers[REPLAYED_HEADER] = "true"


_CODE_OF_STATUS = {
    problems.BAD_REQUEST: "body_not_json",
    problems.NOT_FOUND: "route_not_found",
    problems.NOT_ALLOWED: "method_not_allowed",
    problems.TOO_BIG: "body_too_large",
}


def _on_problem(request: Request, error: Problem) -> Response:
    return problems.response(error, language(request))


def _on_http(request: Request, error: HTTPException) -> Response:
    problem = Problem(_CODE_OF_STATUS.get(error.status_code, "internal_error"))
    problem.headers.update(error.headers or {})
    return problems.response(problem, language(request))


def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    """Tell what does not have the right form; the key comes first."""
    wrong = error.errors()
    for one in wrong:
        if one["loc"][:2] == ("header", KEY_HEADER):
            missing = one["type"] == "missing"
            code = "idempotency_key_missing" if missing else "idempotency_key_malformed"
            return problems.response(Problem(code), language(request))
    if any(one["type"] == "json_invalid" for one in wrong):
        return problems.response(Problem("body_not_json"), language(request))
    told = [
        {"where": ".".join(map(str, one["loc"]))[:200], "what": str(one["msg"])[:200]}
        for one in wrong[:ERRORS_MAX]
    ]
    return problems.response(Problem("validation_failed", errors=told), language(request))


def _on_ours(request: Request, error: JiehuanError) -> Response:
    problem = problems.of_error(error)
    if problem is None:
        return _on_anything(request, error)
    log.warning("%s: %s", problem.code, error)
    return problems.response(problem, language(request))


def _on_anything(request: Request, error: Exception) -> Response:
    incident = secrets.token_hex(6)
    log.error("incident %s", incident, exc_info=error)
    return problems.response(Problem("internal_error", incident=incident), language(request))


HANDLERS: Final[dict[int | type[Exception], Callable[[Request, Any], Any]]] = {
    Problem: _on_problem,
    HTTPException: _on_http,
    RequestValidationError: _on_invalid,
    JiehuanError: _on_ours,
    Exception: _on_anything,
}


class SizeLimit:
    """Refuses bodies that no request of ours has."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_BYTES_MAX:
                raise HTTPException(problems.TOO_BIG)
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)


def declare_problems(app: FastAPI) -> None:
    """Have ``openapi.json`` say that errors are ``application/problem+json``, and nothing else."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = make()
            for operations in schema["paths"].values():
                for operation in operations.values():
                    _declare(operation)
            for name in ("HTTPValidationError", "ValidationError"):
                schema["components"]["schemas"].pop(name, None)
            app.openapi_schema = json.loads(json.dumps(schema))
        return cast("dict[str, Any]", app.openapi_schema)

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents it


def _declare(operation: dict[str, Any]) -> None:
    for status, answer in list(operation["responses"].items()):
        if "HTTPValidationError" in str(answer):
            # FastAPI thinks of ids in the path; every text is one, or is not found.
            del operation["responses"][status]
        elif int(status) >= problems.BAD_REQUEST and "content" in answer:
            content = answer["content"]
            answer["content"] = {MEDIA_TYPE: content.pop("application/json")}
