"""What a person sees of the partner: sign-in, cashier, receiving a transfer.

Everything is a form that works without a script.  A form that was done sends the browser on to
a page that shows what came of it, so reloading or going back posts nothing twice.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jiehuan.channels.sandbox import control_page, looks
from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.looks import Look, shown, sources, world_of
from jiehuan.channels.sandbox.oauth import SCOPES, Codes
from jiehuan.channels.sandbox.page_words import refusal_words, words
from jiehuan.channels.sandbox.people import Person
from jiehuan.channels.sandbox.records import Order, Transfer
from jiehuan.channels.sandbox.world import World


def _person(world: World, openid: str, speech: str) -> Person:
    """Return a test person."""
    if openid not in world.people.persons:
        raise WireError(404, "NOT_FOUND", words(speech).no_person)
    return world.people.persons[openid]


# --- Sign-in ------------------------------------------------------------------------------------


@shown
async def sign_in(look: Look) -> Response:
    """Let the visitor choose who to be, and tell the merchant by a code."""
    world = world_of(look.request)
    if look.said.get("appid", "") != world.people.merchant.appid:
        raise WireError(400, "PARAM_ERROR", f"appid: {look.said.get('appid', '')!r}")
    if not look.back.url:
        raise WireError(400, "PARAM_ERROR", "redirect_uri: ''")
    scope = look.said.get("scope", SCOPES[0])
    if scope not in SCOPES:
        raise WireError(400, "PARAM_ERROR", f"scope: {scope!r}")
    state = look.said.get("state", "")
    if look.request.method == "POST":
        if look.said.get("refuse"):
            return look.home(state=state)
        person = _person(world, look.said.get("openid", ""), look.language)
        codes: Codes = look.request.app.state.codes
        return look.home(code=codes.make(person.openid, scope, world.clock.real()), state=state)
    return look.page(
        "sign_in.html",
        people=world.people.persons.values(),
        asked={
            "appid": look.said["appid"],
            "redirect_uri": look.back.url,
            "scope": scope,
            "state": state,
            "lang": look.said.get("lang", ""),
        },
    )


# --- Cashier ------------------------------------------------------------------------------------


@shown
async def cashier(look: Look) -> Response:
    """Let the payer choose what to pay with, pay, or leave."""
    world = world_of(look.request)
    prepay_id = look.said.get("prepay_id", "")
    order = world.order_of(prepay_id)
    asked = order.body.get("payer", {}).get("openid", "") or look.said.get("openid", "")
    if order.transaction_id:
        return _paid(look, order)
    if order.state == "CLOSED":
        return _ended(look, order, look.language, "order_closed")
    if world.clock.now() > min(order.prepay_until, order.payable_until):
        return _ended(look, order, look.language, "order_expired")
    if not asked:
        return look.page(
            "payers.html", people=world.people.persons.values(), prepay_id=prepay_id, order=order
        )
    payer = _person(world, asked, look.language)
    if look.request.method == "POST":
        return _pay_or_leave(look, prepay_id, payer)
    return _cashier(look, order, prepay_id, payer)


def _pay_or_leave(look: Look, prepay_id: str, payer: Person) -> Response:
    """Do what the form says, and show what came of it."""
    world = world_of(look.request)
    mine = {"prepay_id": prepay_id, "openid": look.said.get("openid", "")}
    if look.said.get("do") == "refuse":
        world.refuse(prepay_id, payer.openid)
        return look.home(wxpay="cancel") if look.back.url else look.again("/cashier", **mine)
    try:
        world.pay(prepay_id, payer.openid, look.said.get("source", ""))
    except WireError as error:
        message = refusal_words(error.code, error.message, look.language)
        order = world.order_of(prepay_id)
        return _cashier(look, order, prepay_id, payer, error.status, message)
    order = world.order_of(prepay_id)
    if order.transaction_id:
        return look.again("/cashier", **mine)
    return _cashier(look, order, prepay_id, payer, 200, words(look.language).not_paid)


def _cashier(
    look: Look, order: Order, prepay_id: str, payer: Person, status: int = 200, message: str = ""
) -> Response:
    """Show what can be paid with; what has too little on it cannot be chosen."""
    payable = sources(world_of(look.request), payer, look.language)
    enough = [each.id for each in payable if each.balance_minor >= order.total_minor]
    wanted = look.said.get("source", "")
    return look.page(
        "cashier.html",
        status,
        order=order,
        prepay_id=prepay_id,
        payer=payer,
        openid=look.said.get("openid", ""),
        sources=payable,
        enough=enough,
        wanted=wanted if wanted in enough else next(iter(enough), ""),
        message=message,
    )


def _paid(look: Look, order: Order) -> Response:
    """Show that it is paid, from where and when."""
    payer = world_of(look.request).people.persons[order.openid]
    names = {each.id: each.name for each in sources(world_of(look.request), payer, look.language)}
    return look.page("paid.html", order=order, payer=payer, source=names[order.source])


def _ended(look: Look, order: Order, speech: str, why: str) -> Response:
    """Show why an order cannot be paid any more."""
    spoken = vars(words(speech))
    return look.page(
        "ended.html",
        410,
        heading=spoken[why],
        reason=spoken[f"{why}_why"],
        amount_minor=order.total_minor,
        kind="calm",
        answer="cancel",
    )


# --- A transfer to the wallet -------------------------------------------------------------------

# What is shown of a transfer that nobody can confirm (any more): words, look, answer to the page.
_TRANSFER_SHOWN = {
    "ACCEPTED": ("preparing", "wait", "cancel"),
    "PROCESSING": ("preparing", "wait", "cancel"),
    "TRANSFERING": ("receiving", "wait", "ok"),
    "SUCCESS": ("received", "good", "ok"),
    "FAIL": ("failed", "calm", "cancel"),
    "CANCELING": ("withdrawn", "calm", "cancel"),
    "CANCELLED": ("withdrawn", "calm", "cancel"),
}


@shown
async def confirm(look: Look) -> Response:
    """Let somebody receive a transfer, or refuse it."""
    world = world_of(look.request)
    transfer = world.transfer_of(look.said.get("package_info", ""))
    message, status = "", 200
    if look.request.method == "POST" and transfer.state == "WAIT_USER_CONFIRM":
        act = world.refuse if look.said.get("do") == "refuse" else world.confirm
        try:
            act(transfer.number, transfer.openid)
        except WireError as error:
            status = error.status
            message = refusal_words(error.code, error.message, look.language)
        else:
            return look.again("/confirm", package_info=transfer.package_info)
    transfer = world.transfer_of(transfer.package_info)
    if transfer.state != "WAIT_USER_CONFIRM":
        return _transfer_shown(look, transfer)
    return look.page(
        "confirm.html",
        status,
        transfer=transfer,
        receiver=_person(world, transfer.openid, look.language),
        until=transfer.created_at + world.settings.confirm_s,
        message=message,
    )


def _transfer_shown(look: Look, transfer: Transfer) -> Response:
    """Show what became of a transfer."""
    name, kind, answer = _TRANSFER_SHOWN[transfer.state]
    spoken = vars(words(look.language))
    return look.page(
        "ended.html",
        heading=spoken[name],
        reason=spoken[f"{name}_why"],
        amount_minor=transfer.amount_minor,
        kind=kind,
        answer=answer,
    )


# --- The bridge of the page's browser -----------------------------------------------------------


async def shim(_request: Request) -> Response:
    """Answer with the script that stands in for the bridge WeChat's browser has built in."""
    kind, content = looks.FILES["weixin.js"]
    headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(content, media_type=kind, headers=headers)


routes: Sequence[Route] = (
    Route("/connect/oauth2/authorize", sign_in, methods=["GET", "POST"]),
    Route("/cashier", cashier, methods=["GET", "POST"]),
    Route("/confirm", confirm, methods=["GET", "POST"]),
    Route("/control", control_page.control, methods=["GET", "POST"]),
    Route("/shim/weixin.js", shim),
    Route("/look/{name}", looks.file),
)
