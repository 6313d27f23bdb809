"""What a person does on the pages, and what goes wrong when, as JSON.

Nothing here is signed: whoever reaches this machine's own address may do it, but no page of another
site in a browser.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jiehuan.channels.sandbox import clock
from jiehuan.channels.sandbox.api import asked_of, office_of, refused
from jiehuan.channels.sandbox.errors import WireError, refusal, wrong_field
from jiehuan.channels.sandbox.office import Office

HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SPEED_MAX: Final = 1e9
YEARS: Final = (946_684_800, 4_102_444_800)  # 2000 and 2100, in seconds since 1970

Body = dict[str, Any]
Do = Callable[[Office, Body], object]


async def _body(request: Request) -> Body:
    """Return the JSON object of a request; empty if it has none.

    Raises:
        WireError: It is something else, or a page of another site sent it.
    """
    origin = request.headers.get("origin", "")
    if origin and urlsplit(origin).hostname not in HERE:
        raise refusal("NO_AUTH", f"沙箱：不接受来自 {origin[:200]} 的网页")
    raw = (await asked_of(request)).body
    try:
        told = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise refusal("PARAM_ERROR", "请求报文不是合法的JSON") from None
    if not isinstance(told, dict):
        raise refusal("PARAM_ERROR", "请求报文应为JSON对象")
    return told


def _endpoint(do: Do) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        office = office_of(request)
        try:
            told = do(office, {**await _body(request), **request.path_params})
        except WireError as error:
            return refused(error)
        office.awake.set()
        return JSONResponse(told)

    return serve


def _act(office: Office, body: Body) -> object:
    return office.world.act(body)


def _state(office: Office, _body: Body) -> object:
    office.world.tick()
    return office.world.state()


def _set_fault(office: Office, body: Body) -> object:
    return dataclasses.asdict(office.world.faults.set(body))


def _faults(office: Office, _body: Body) -> object:
    return {"faults": [dataclasses.asdict(one) for one in office.world.faults.list()]}


def _clear_faults(office: Office, body: Body) -> object:
    office.world.faults.clear(body.get("id"))
    return _faults(office, body)


def _clock(office: Office, _body: Body) -> object:
    ours = office.world.clock
    return {
        "now": clock.wire(ours.now()),
        "real": clock.wire(int(ours.real())),
        "shift_s": ours.shift_s,
        "speed": office.world.speed,
    }


def _set_clock(office: Office, body: Body) -> object:
    now = office.world.clock.now()
    name = "advance_s" if "advance_s" in body else "now"
    then = now + _whole(body, name) if name == "advance_s" else _moment(body.get("now"))
    if not YEARS[0] <= then <= YEARS[1]:
        raise wrong_field(f"/{name}", body.get(name), "must lead to a year from 2000 to 2100")
    office.world.set_clock(then)
    return _clock(office, body)


def _moment(told: object) -> int:
    """Read a time: RFC 3339 with its zone, or seconds since 1970."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    try:
        return clock.read_wire(told if isinstance(told, str) else "")
    except (ValueError, OverflowError):
        raise wrong_field("/now", told, "must be a time as 2026-01-31T09:00:00+08:00") from None


def _whole(body: Body, name: str) -> int:
    told = body.get(name)
    if isinstance(told, bool) or not isinstance(told, int):
        raise wrong_field(f"/{name}", told, "must be a whole number")
    return told


def _set_speed(office: Office, body: Body) -> object:
    speed = body.get("speed")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= SPEED_MAX:
        raise wrong_field("/speed", speed, "must be a number above 0")
    office.world.set_speed(speed)
    return _clock(office, body)


def _top_up(office: Office, body: Body) -> object:
    office.world.top_up(_account(body), _whole(body, "amount_minor"))
    return {"balances": office.world.balances()}


def _set_account(office: Office, body: Body) -> object:
    closed = body.get("closed", True)
    if not isinstance(closed, bool):
        raise wrong_field("/closed", closed, "must be true or false")
    office.world.set_account(_account(body), closed=closed)
    return {"account": body["account"], "closed": closed}


def _account(body: Body) -> str:
    told = body.get("account")
    if not isinstance(told, str):
        raise wrong_field("/account", told, "must be a key of balances in /state")
    return told


_ROUTES: Final[tuple[tuple[str, str, Do], ...]] = (
    ("POST", "/act", _act),
    ("GET", "/state", _state),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _set_fault),
    ("DELETE", "/faults", _clear_faults),
    ("DELETE", "/faults/{id}", _clear_faults),
    ("GET", "/clock", _clock),
    ("POST", "/clock", _set_clock),
    ("POST", "/speed", _set_speed),
    ("POST", "/top-up", _top_up),
    ("POST", "/accounts", _set_account),
)


def routes() -> list[Route]:
    """Return the routes, all below ``/control``."""
    return [
        Route(f"/control{path}", _endpoint(do), methods=[method]) for method, path, do in _ROUTES
    ]
