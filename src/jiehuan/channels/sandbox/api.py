"""A signed request in, a signed answer out, and what may go wrong in between.

The order of the checks is that of the real service: is there such a call, does the caller name
itself, is the signature one, is it recent, is it right.  A refusal is not signed.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from jiehuan.channels.sandbox.calls import PAY, Body, Call, Come
from jiehuan.channels.sandbox.errors import WireError, refusal
from jiehuan.channels.sandbox.faults import AnswerFault
from jiehuan.channels.sandbox.keys import HOSTS
from jiehuan.channels.sandbox.office import Office
from jiehuan.channels.sandbox.wire import Asked, Headers, compact

BODY_BYTES_MAX: Final = 65_536
HOLD_S: Final = 60.0  # how long a caller is left without an answer
OK: Final = 200
NO_CONTENT: Final = 204
TOO_BIG: Final = 413

log = logging.getLogger(__name__)


def office_of(request: Request) -> Office:
    """Return the sandbox that the app was made for."""
    office: Office = request.app.state.office
    return office


def target_of(request: Request) -> str:
    """Return path and query just as they stood in the request."""
    query = request.scope["query_string"]
    raw = request.scope["raw_path"] + (b"?" + query if query else b"")
    return str(raw.decode("latin-1"))


def base_of(request: Request) -> str:
    """Return scheme and host by which the caller reached us; by proxy, those of the real one."""
    host = request.headers.get("host", "")
    real = host.partition(":")[0].lower() in HOSTS
    return f"https://{host}" if real else f"{request.scope['scheme']}://{host}"


async def asked_of(request: Request) -> Asked:
    """Read a request whole.

    Raises:
        WireError: The body is larger than any there is.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise WireError(
                TOO_BIG, "INVALID_REQUEST", f"请求报文过大，不得超过{BODY_BYTES_MAX}字节"
            )
    return Asked(
        method=request.method,
        target=target_of(request),
        headers=dict(request.headers.items()),
        body=bytes(body),
    )


def sent(status: int, body: bytes, headers: Headers) -> Response:
    """Return an answer whose headers are spelled as they are given."""
    response = Response(body, status)
    response.raw_headers = [
        *([(b"Content-Length", str(len(body)).encode())] if status != NO_CONTENT else []),
        (b"Cache-Control", b"no-cache, must-revalidate"),
        (b"Request-ID", f"{secrets.token_hex(16).upper()}-0".encode()),
        *headers,
    ]
    return response


JSON: Final = (b"Content-Type", b"application/json; charset=utf-8")


def refused(error: WireError) -> Response:
    """Return the answer that tells a refusal; nobody verifies it, so it is not signed."""
    return sent(error.status, compact(error.body), [JSON])


def endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    """Return what serves one call of the API."""

    async def serve(request: Request) -> Response:
        try:
            asked = await asked_of(request)
            _checked_names(asked)
            office_of(request).signing.verify(asked, office_of(request).real())
            signer = office_of(request).signing.key_for(asked)
        except WireError as error:
            return refused(error)
        except ClientDisconnect:
            return Response()
        come = Come(
            asked=asked,
            path=request.path_params,
            query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
            base=base_of(request),
            office=office_of(request),
        )
        return await _answered(call, come, signer, request)

    return serve


def _checked_names(asked: Asked) -> None:
    """Refuse who says neither what it is nor what it accepts.

    The real service checks this everywhere but below ``/v3/pay/transactions``.
    """
    named = asked.headers.get("user-agent") and asked.headers.get("accept")
    if not named and not asked.target.startswith(PAY):
        raise refusal("INVALID_REQUEST", "Http头缺少Accept或User-Agent")


async def _answered(call: Call, come: Come, signer: str, request: Request) -> Response:
    """Do a call and answer it, rightly or as a fault has it."""
    office = come.office
    office.last_signer = signer
    fault = office.world.faults.on_answer(come.asked.method, request.url.path)
    response = _done(call, come, signer) if fault is None or fault.done else None
    office.awake.set()
    if fault is None:
        assert response is not None
        return response
    return await _gone_wrong(fault, response, office, request)


def _done(call: Call, come: Come, signer: str) -> Response:
    office = come.office
    try:
        told = call.do(come)
    except WireError as error:
        return refused(error)
    except Exception:
        log.exception("%s %s", come.asked.method, come.asked.target)
        return refused(refusal("SYSTEM_ERROR"))
    if call.number:
        office.signers[str(come.body.get(call.number, ""))] = signer
    return _signed(office, told, signer)


def _signed(office: Office, told: Body | None, signer: str) -> Response:
    body = b"" if told is None else compact(told)
    signature = office.signing.headers(body, signer, office.real())
    if told is None:
        return sent(NO_CONTENT, body, signature)
    return sent(OK, body, [JSON, *signature])


async def _gone_wrong(
    fault: AnswerFault, response: Response | None, office: Office, request: Request
) -> Response:
    """Answer as a fault has it; what was asked is done or not done by now."""
    if fault.error is not None:
        return refused(fault.error)
    if fault.name == "broken_signature" and response is not None:
        response.raw_headers = [_broken(*header) for header in response.raw_headers]
        return response
    await _hold(office, request)
    return refused(refusal("SYSTEM_ERROR"))


def _broken(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Change one letter of a signature; leave other headers alone."""
    if name != b"Wechatpay-Signature":
        return name, value
    return name, (b"B" if value[:1] == b"A" else b"A") + value[1:]


async def _hold(office: Office, request: Request) -> None:
    """Leave a caller waiting until it goes away, or for longer than anybody waits."""
    closing = asyncio.ensure_future(office.closing.wait())
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({closing, gone}, timeout=HOLD_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        closing.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    message: Any = {}
    while message.get("type") != "http.disconnect":
        message = await request.receive()


async def download(request: Request) -> Response:
    """Serve a file of a bill: the request is signed, the answer is not."""
    try:
        asked = await asked_of(request)
        office_of(request).signing.verify(asked, office_of(request).real())
        content = office_of(request).files.content(
            request.query_params.get("token", ""), office_of(request).real()
        )
    except WireError as error:
        return refused(error)
    except ClientDisconnect:
        return Response()
    return sent(OK, content, [(b"Content-Type", b"application/octet-stream")])
