"""Signing in by the wallet: with the sandbox of the wallet, over sockets."""

import time
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.channels.sandbox.running import Running
from tests.serve.partner import account
from tests.serve.phone.phones import PUBLIC, Asked, Phone, PhoneApi

from jiehuan.channels.wechat_settings import Settings


@pytest.fixture(scope="module")
def sandbox():
    """The wallet's counterpart."""
    with Running() as running:
        yield running


@pytest.fixture
def visitor(an_api, sandbox):
    """Somebody who has not signed in, in a book beside the sandbox."""

    settings = Settings.from_json(sandbox.config)
    return Phone(an_api(kind=partial(PhoneApi, settings=settings)))


def sent_to(answer):
    """Return the query under which somebody is sent to the wallet."""
    assert answer.status_code == 303
    return {
        name: value
        for name, [value] in parse_qs(urlsplit(answer.headers["location"]).query).items()
    }


def code_for(sandbox, openid, scope="snsapi_base"):
    """Return a code that the wallet hands out to somebody who has signed in."""
    return sandbox.office.codes.make(openid, scope, time.time())


def test_the_wallet_says_who_it_is_and_the_page_that_was_wanted_opens(visitor, sandbox):
    asked = sent_to(visitor.ask("GET", "/phone/shop/101?order=a&amount_minor=5&sign=x"))
    assert f"{PUBLIC}/phone/signed-in" == asked["redirect_uri"]
    [openid, *_] = sandbox.config["openids"]

    answer = visitor.ask(
        "GET", f"/phone/signed-in?code={code_for(sandbox, openid)}&state={asked['state']}"
    )

    assert "/phone/shop/101?order=a&amount_minor=5&sign=x" == answer.headers["location"]
    party = visitor.app.sessions.read(Asked(visitor)).party
    assert visitor.api.wallet.party_of(openid) == party
    assert openid in visitor.run(visitor.api.wallet.recall(party)).values()


@pytest.mark.parametrize("wrong", ["code", "used", "state", "no cookie", "none"])
def test_what_does_not_say_who_it_is_is_told_and_nobody_is_signed_in(visitor, sandbox, wrong):
    asked = sent_to(visitor.ask("GET", "/phone/enter"))
    code, state = code_for(sandbox, sandbox.config["openids"][0]), asked["state"]
    if wrong == "code":
        code = "0" * 32
    if wrong == "used":
        assert 303 == visitor.ask("GET", f"/phone/signed-in?code={code}&state={state}").status_code
        visitor.cookies.clear()
        state = sent_to(visitor.ask("GET", "/phone/enter"))["state"]
    if wrong == "state":
        state = state[::-1]
    if wrong == "no cookie":
        visitor.cookies.clear()

    query = "" if wrong == "none" else f"?code={code}&state={state}"
    page = visitor.get("/phone/signed-in" + query)

    assert 401 == page.status
    assert "没有登录成功" in page.said()
    assert 303 == visitor.ask("GET", "/phone/home").status_code


def test_a_code_and_its_state_are_taken_once(visitor, sandbox):
    asked = sent_to(visitor.ask("GET", "/phone/enter"))
    path = f"/phone/signed-in?code={code_for(sandbox, 'x')}&state={asked['state']}"
    assert 303 == visitor.ask("GET", path).status_code

    assert 401 == visitor.get(path).status


def test_a_wallet_that_does_not_answer_signs_nobody_in(an_api):
    settings = Settings.from_json({**account(), "token_url": "http://127.0.0.1:9/token"})
    api = an_api(kind=partial(PhoneApi, settings=settings))
    visitor = Phone(api)
    asked = sent_to(visitor.ask("GET", "/phone/enter"))

    assert 401 == visitor.get(f"/phone/signed-in?code=x&state={asked['state']}").status


def test_a_form_sent_after_the_session_ended_leads_to_the_first_page(visitor):
    answer = visitor.ask("POST", "/phone/borrow", data={"amount": "1"})

    assert sent_to(answer)["state"]
    signing_in = visitor.app.sessions.sent_off(Asked(visitor))
    assert "/phone/home" == signing_in.goal
