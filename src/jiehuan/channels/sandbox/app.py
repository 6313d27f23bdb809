"""All addresses of the sandbox: the partner's API, sign-in, the pages, the control."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jiehuan.channels.sandbox import api, bills, control, oauth, pages
from jiehuan.channels.sandbox.calls import CALLS
from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.keys import HOSTS
from jiehuan.channels.sandbox.office import Office

NOT_FOUND = 404


def create_app(office: Office) -> ASGIApp:
    """Return the sandbox as an application."""
    app = Starlette(
        routes=[
            *(Route(call.path, api.endpoint(call), methods=[call.method]) for call in CALLS),
            Route(bills.PATH, api.download),
            Route("/sns/oauth2/access_token", _access_token),
            *control.routes(),
            *pages.routes,
        ],
        exception_handlers={HTTPException: _on_http},
    )
    app.state.office = office
    app.state.world = office.world
    app.state.codes = office.codes
    return Proxied(app, office)


async def _access_token(request: Request) -> Response:
    """Exchange the code of somebody who signed in for an openid."""
    office = api.office_of(request)
    told = oauth.access_token(
        dict(request.query_params),
        office.codes,
        office.world.people.merchant.appid,
        office.signing.keys.appsecret,
        office.real(),
    )
    return JSONResponse(told)


async def _on_http(request: Request, error: Exception) -> Response:
    """Say that there is no such address; the real service says nothing at all."""
    assert isinstance(error, HTTPException)
    message = f"沙箱没有 {request.method} {request.url.path}；有哪些见 docs/sandbox.md"
    code = "NOT_FOUND" if error.status_code == NOT_FOUND else "INVALID_REQUEST"
    response = api.refused(WireError(error.status_code, code, message))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


class Proxied:
    """Reads requests that name a whole address, as programs send them to a proxy.

    Some (axios) send even ``https`` addresses to a proxy in this form, instead of CONNECT.
    """

    def __init__(self, app: ASGIApp, office: Office) -> None:
        """Stand before an app."""
        self._app = app
        self._office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut scheme and host off the address; afterwards a notice may be due."""
        if scope["type"] == "http" and not scope["raw_path"].startswith(b"/"):
            host = _cut(scope)
            if host not in {*HOSTS, "127.0.0.1", "localhost"}:
                message = f"沙箱只代理 {'、'.join(HOSTS)}，不代理 {host or '这个地址'}"
                refusal = api.refused(WireError(403, "NO_AUTH", message))
                await refusal(scope, receive, send)
                return
        try:
            await self._app(scope, receive, send)
        finally:
            self._office.awake.set()


def _cut(scope: Scope) -> str:
    """Leave only the path of an address in a scope; return its host, without the port."""
    scheme, mark, rest = scope["raw_path"].partition(b"://")
    place, _, path = rest.partition(b"/")
    if not mark or scheme.lower() not in {b"http", b"https"}:
        return ""
    scope["scheme"] = scheme.lower().decode()
    scope["raw_path"] = b"/" + path
    scope["path"] = "/" + scope["path"].partition("://")[2].partition("/")[2]
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    scope["headers"] = [(b"host", place.lower()), *others]
    return str(place.lower().partition(b":")[0].decode("latin-1"))
