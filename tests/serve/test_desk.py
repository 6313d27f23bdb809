"""The courier's desk: what is due, who sends it, what came of it, and who may come."""

import asyncio
import datetime as dt
import time
from typing import Any

import httpx
import pytest
from tests.serve.api import TODAY, told
from tests.serve.partner import OPENID, PAID_AT, TOKEN

from jiehuan.store.tables import OutboxState


@pytest.fixture
def line(beside):
    """A line of somebody whom the wallet knows."""
    return beside.person()


# --- Who may come -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
    ],
)
def test_nobody_without_the_token_comes_in(beside, headers):
    paths = [("GET", "/due"), ("POST", "/tasks/1/sending"), ("POST", "/tasks/1/succeeded")]
    for method, path in paths:
        answer = beside.ask(method, "/courier/v1" + path, headers=headers)

        assert (401, "courier_token_wrong", {}) == told(answer)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_service_without_a_wallet_has_no_desk_and_takes_no_notices(api):
    headers = {"Authorization": f"Bearer {TOKEN}"}

    assert told(api.get("/courier/v1/due", headers=headers))[:2] == (404, "route_not_found")
    assert told(api.ask("POST", "/wechat/notify", content=b"{}"))[0] == 404


# --- What is due --------------------------------------------------------------------------------


def test_a_draw_is_due_at_once_and_has_all_that_the_courier_needs(beside, line):
    draw = beside.draw(line, 30_000)

    answer = beside.courier("GET", "/due").json()

    assert dt.datetime.fromisoformat(answer["now"]).utcoffset() == dt.timedelta(hours=8)
    assert answer["now"].startswith(TODAY)
    assert (answer["book"], answer["virtual"]) == (beside.number, True)
    assert answer["business_on"] == TODAY
    assert [
        {
            "id": draw,
            "number": f"jh{beside.number:03}{draw:013}",
            "kind": "pay_out",
            "state": "instructed",
            "wanted": "do",
            "attempts": 0,
            "amount_minor": 30_000,
            "currency": "CNY",
            "line": line,
            "openid": OPENID,
            "name": "林小满",
            "description": "借还借款到账",
            "asked_on": TODAY,
            "partner": {},
            "source_number": "",
            "source_total_minor": 0,
        }
    ] == answer["tasks"]


def test_the_oldest_are_told_first_and_no_more_than_asked_for(beside, line):
    orders = [beside.collect(line, amount) for amount in (100, 200, 300)]

    assert orders == [task["id"] for task in beside.due()]
    assert orders[:2] == [task["id"] for task in beside.due(limit=2)]


def test_money_paid_back_names_the_order_that_was_paid(beside, line):
    source = beside.collect(line, 20_000)
    assert beside.succeed(source, 20_000).is_success
    order = beside.pay_back(line, 5_000, source)

    [task] = beside.due()

    assert (order, "pay_back", 5_000) == (task["id"], task["kind"], task["amount_minor"])
    assert beside.theirs(source) == task["source_number"]
    assert task["source_total_minor"] == 20_000


def test_an_instruction_of_somebody_whom_the_wallet_does_not_know_is_not_the_couriers(beside):
    path = beside.open_line(party=7)
    beside.do(path + "/draws", amount_minor=1_000)

    assert [] == beside.due()


def test_a_task_that_was_taken_is_due_again_when_its_time_is_over(beside, line):
    draw = beside.draw(line)
    beside.tell(draw, "sending", attempt=1, retry_in_s=3_600)
    assert [] == beside.due()

    beside.tell(draw, "waiting", partner={}, ask_in_s=0)

    assert [(draw, "sent", 1)] == [
        (task["id"], task["state"], task["attempts"]) for task in beside.due()
    ]


@pytest.mark.parametrize("query", [{"wait_s": -1}, {"wait_s": 1e9}, {"limit": 0}, {"limit": "x"}])
def test_a_question_of_the_wrong_form_is_refused(beside, query):
    answer = beside.courier("GET", "/due?" + "&".join(f"{k}={v}" for k, v in query.items()))

    assert told(answer)[:2] == (422, "validation_failed")


# --- Waiting for something to do ----------------------------------------------------------------


def while_waiting(beside, meanwhile, wait_s=30):
    """Ask what is due, do something once we wait, and return the answer and the seconds."""

    async def both():
        transport = httpx.ASGITransport(app=beside.app)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://jiehuan") as client:
            asking = asyncio.create_task(
                client.get(f"/courier/v1/due?wait_s={wait_s}", headers=headers, timeout=60)
            )
            while not beside.service.bell._ears:  # noqa: ASYNC110  # nobody says when
                await asyncio.sleep(0)
            begun = time.monotonic()
            await meanwhile(client)
            return (await asking).json()["tasks"], time.monotonic() - begun

    return asyncio.run(both())


def test_who_waits_is_told_of_a_new_instruction(beside, line):
    async def ask(_client):
        await beside.wallet.ask_draw(line, 1_000, 0, "a draw")

    tasks, seconds = while_waiting(beside, ask)

    assert [1_000] == [task["amount_minor"] for task in tasks]
    assert seconds < 30


def test_who_waits_is_told_of_a_draw_by_the_api(beside, line):
    async def ask(client):
        path = f"/v1/lines/line_{beside.number}_{line}/draws"
        await client.post(path, json={"amount_minor": 700}, headers={"Idempotency-Key": "k"})

    tasks, _ = while_waiting(beside, ask)

    assert [700] == [task["amount_minor"] for task in tasks]


def test_who_waits_is_told_that_an_order_is_to_be_ended(beside, line):
    order = beside.collect(line)
    beside.send(order, retry_in_s=3_600)

    async def end(_client):
        await beside.wallet.end_order(order)

    tasks, _ = while_waiting(beside, end)

    assert [(order, "end")] == [(task["id"], task["wanted"]) for task in tasks]


def test_who_waits_is_told_when_something_comes_due_by_itself(beside, line):
    order = beside.collect(line)
    beside.send(order, retry_in_s=0.2)

    async def nothing(_client):
        pass

    tasks, seconds = while_waiting(beside, nothing)

    assert [order] == [task["id"] for task in tasks]
    assert seconds < 30


def test_who_waits_goes_when_the_service_ends(beside):
    async def end(_client):
        beside.service.bell.silence()

    tasks, seconds = while_waiting(beside, end)

    assert [] == tasks
    assert seconds < 30


def test_nothing_due_is_answered_when_the_time_is_over(beside, line):
    beside.send(beside.draw(line), retry_in_s=3_600)

    assert [] == beside.due(wait_s=0.05)


# --- Taking a task ------------------------------------------------------------------------------


def test_of_two_couriers_one_gets_the_task(beside, line):
    draw = beside.draw(line)
    body = {"attempt": 1, "retry_in_s": 60}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/courier/v1/tasks/{draw}/sending"

    answers = beside.together(*[("POST", path, {"json": body, "headers": headers})] * 2)

    assert [204, 409] == sorted(answer.status_code for answer in answers)
    [late] = [answer for answer in answers if answer.status_code == 409]
    assert (409, "attempt_taken", {"attempts": 1}) == told(late)
    order = beside.order(draw)
    assert (OutboxState.SENT, 1) == (order.state, order.attempts)
    assert order.sent_at is not None


@pytest.mark.parametrize("attempt", [1, 3])
def test_an_attempt_is_the_next_one(beside, line, attempt):
    draw = beside.draw(line)
    beside.send(draw)

    answer = beside.tell(draw, "sending", attempt=attempt, retry_in_s=1)

    assert (409, "attempt_taken", {"attempts": 1}) == told(answer)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("sending", {"attempt": 2, "retry_in_s": 1}),
        ("waiting", {"partner": {}, "ask_in_s": 1}),
        ("unknown", {"reason": "timeout", "ask_in_s": 1}),
    ],
)
def test_a_task_that_was_finished_meanwhile_is_left_alone(beside, line, what, body):
    draw = beside.draw(line)
    beside.send(draw)
    assert beside.succeed(draw, 30_000).is_success

    answer = beside.tell(draw, what, **body)

    assert (409, "instruction_finished", {"state": "succeeded"}) == told(answer)
    assert beside.order(draw).state is OutboxState.SUCCEEDED


@pytest.mark.parametrize("what", ["sending", "waiting", "unknown", "succeeded", "failed"])
def test_a_task_that_is_not_there_is_not_found(beside, what):
    bodies: dict[str, dict[str, Any]] = {
        "sending": {"attempt": 1, "retry_in_s": 1},
        "waiting": {"partner": {}, "ask_in_s": 1},
        "unknown": {"reason": "timeout", "ask_in_s": 1},
        "succeeded": {"success_time": PAID_AT, "amount_minor": 1, "currency": "CNY"},
        "failed": {"reason": "CLOSED"},
    }

    answer = beside.tell(99, what, **bodies[what])

    assert (404, "instruction_not_found", {"id": "99"}) == told(answer)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("sending", {}),
        ("sending", {"attempt": 0, "retry_in_s": 1}),
        ("sending", {"attempt": 1, "retry_in_s": -1}),
        ("sending", {"attempt": 1, "retry_in_s": 1, "more": 1}),
        ("waiting", {"partner": {"a": [1]}, "ask_in_s": 1}),
        ("waiting", {"partner": {"a": "x" * 2_049}, "ask_in_s": 1}),
        ("waiting", {"partner": {str(n): 1 for n in range(21)}, "ask_in_s": 1}),
        ("unknown", {"reason": "", "ask_in_s": 1}),
        ("succeeded", {"success_time": "today", "amount_minor": 1, "currency": "CNY"}),
        (
            "succeeded",
            {"success_time": "2026-03-05T10:00:00", "amount_minor": 1, "currency": "CNY"},
        ),
        ("succeeded", {"success_time": PAID_AT, "amount_minor": 1.5, "currency": "CNY"}),
        ("succeeded", {"success_time": PAID_AT, "amount_minor": 1, "currency": "yuan"}),
        ("failed", {"reason": 7}),
    ],
)
def test_what_has_the_wrong_form_is_refused(beside, line, what, body):
    draw = beside.draw(line)

    assert told(beside.tell(draw, what, **body))[:2] == (422, "validation_failed")
    assert beside.order(draw).state is OutboxState.INSTRUCTED


def test_what_the_partner_said_is_kept_and_added_to(beside, line):
    order = beside.collect(line)
    beside.tell(order, "sending", attempt=1, retry_in_s=9)
    beside.tell(order, "waiting", partner={"prepay_id": "wx1", "state": "NOTPAY"}, ask_in_s=9)
    beside.tell(order, "unknown", reason="timeout", ask_in_s=9)
    unknown = beside.order(order)
    beside.tell(order, "waiting", partner={"state": "USERPAYING", "n": 2}, ask_in_s=9)

    assert (OutboxState.UNKNOWN, "timeout") == (unknown.state, unknown.reason)
    sent = beside.order(order)
    assert (OutboxState.SENT, "") == (sent.state, sent.reason)
    assert {"prepay_id": "wx1", "state": "USERPAYING", "n": 2} == sent.partner
