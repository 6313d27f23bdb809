"""Signing in by the wallet, signing out, and the first page: the wallet's own services."""

import logging
from typing import Final

from starlette.responses import Response

from jiehuan.serve.phone.front import NotSignedIn
from jiehuan.serve.phone.session import SigningIn, new_state, same
from jiehuan.serve.phone.visit import Refused, Visit
from jiehuan.store.vault import Field

log = logging.getLogger(__name__)

UNAUTHORIZED: Final = 401

# The wallet's own list, of which only ours opens: name and the drawing of its icon.
GROUPS: Final = (
    ("金融理财", (("借还", "loan"), ("理财", "pot"), ("保险", "shield"), ("信用卡还款", "card"))),
    (
        "生活服务",
        (
            ("手机充值", "phone"),
            ("生活缴费", "bolt"),
            ("城市服务", "city"),
            ("医疗健康", "cross"),
        ),
    ),
    ("交通出行", (("出行服务", "car"), ("火车票机票", "train"), ("酒店", "bed"), ("加油", "drop"))),
)


async def services(visit: Visit) -> Response:
    """Show the wallet's services; ours is one of them."""
    return visit.page("services", groups=GROUPS)


async def enter(visit: Visit) -> Response:
    """Send somebody to the wallet, to say who they are."""
    return send_off(visit, "/phone/home")


def send_off(visit: Visit, goal: str) -> Response:
    """Send somebody to the wallet, and remember where they wanted to go."""
    state = new_state()
    response = visit.go(visit.phone.front.authorize_address(state))
    visit.phone.sessions.send_off(response, SigningIn(state, goal))
    return response


def _no(why: str) -> Refused:
    log.info("not signed in: %s", why)
    return Refused(
        "没有登录成功",
        "微信没有确认你的身份：登录码无效、已过期，或不是从本页面发起的。请重新登录。",
        UNAUTHORIZED,
        further=(("/phone/enter", "重新登录"), ("/phone/", "回服务页")),
    )


async def signed_in(visit: Visit) -> Response:
    """Take who comes back from the wallet: the code says who it is, the state that we asked."""
    phone = visit.phone
    sent = phone.sessions.sent_off(visit.request)
    if sent is None or not same(sent.state, visit.asked("state")):
        raise _no("state")
    try:
        openid = await phone.front.openid_of(visit.asked("code"))
    except NotSignedIn as error:
        raise _no(str(error)) from error
    party = phone.wallet.party_of(openid)
    await phone.wallet.remember(party, {Field.OPENID: openid})
    response = visit.go(sent.goal)
    phone.sessions.came_back(response)
    phone.sessions.begin(response, party)
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    await visit.form("sign-out")
    response = visit.go("/phone/")
    visit.phone.sessions.end(response, visit.session)
    return response
