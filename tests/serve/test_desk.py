"""The courier's desk: what is due, who sends it, what came of it, and who may come."""

import asyncio
import datetime as dt
import time

import httpx
import pytest
from tests.serve.api import TODAY, told
from tests.serve.partner import OPENID, PAID_AT, TOKEN

from jiehuan.core.commands import REF_ALL, InstructionKind
from jiehuan.core.outcomes import Outcome
from jiehuan.store.tables import OutboxState

LATE = "2026-09-01T00:00:00+08:00"


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
    bodies = {
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


# --- What came of it ----------------------------------------------------------------------------


def test_a_draw_that_was_paid_out_is_a_loan_and_no_hold(beside, line):
    draw = beside.draw(line)
    assert beside.line(line)["held_minor"] == 30_000
    beside.send(draw)

    answer = beside.succeed(draw, 30_000, transfer_bill_no="133")

    assert (200, "draw_succeeded") == (answer.status_code, answer.json()["kind"])
    now = beside.line(line)
    assert (0, 30_000) == (now["held_minor"], now["used_minor"])
    order = beside.order(draw)
    assert (OutboxState.SUCCEEDED, "133") == (order.state, order.partner["transfer_bill_no"])
    assert [] == beside.due()
    assert [] == beside.breaches()


def test_what_is_told_twice_is_done_once(beside, line):
    draw = beside.draw(line)
    first = beside.succeed(draw, 30_000)

    again = beside.succeed(draw, 30_000, "2026-03-05T23:59:59+08:00")

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert beside.line(line)["used_minor"] == 30_000


def test_a_draw_that_failed_frees_the_line_and_says_why(beside, line):
    draw = beside.draw(line)
    beside.send(draw)

    answer = beside.tell(draw, "failed", reason="CANCELLED", partner={})
    again = beside.tell(draw, "failed", reason="CANCELLED", partner={})

    assert (200, "draw_failed") == (answer.status_code, answer.json()["kind"])
    assert answer.json() == again.json()
    now = beside.line(line)
    assert (0, 0, 1_000_000) == (now["held_minor"], now["used_minor"], now["available_minor"])
    order = beside.order(draw)
    assert (OutboxState.FAILED, "CANCELLED") == (order.state, order.reason)
    assert [] == beside.breaches()


def test_a_collection_that_was_paid_is_a_repayment_towards_what_was_asked(beside, line):
    beside.succeed(beside.draw(line), 30_000)
    order = beside.collect(line, 20_000, REF_ALL)
    beside.send(order)

    answer = beside.succeed(order, 20_000)

    assert (200, "repay") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["used_minor"] == 10_000
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_a_collection_that_was_not_paid_changes_no_money(beside, line):
    order = beside.collect(line)

    answer = beside.tell(order, "failed", reason="CLOSED", partner={})

    assert (200, "collect_ended") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 0
    assert beside.order(order).state is OutboxState.FAILED
    assert [] == beside.breaches()


def test_money_that_comes_after_an_order_failed_is_booked_all_the_same(beside, line):
    order = beside.collect(line, 20_000)
    beside.tell(order, "failed", reason="CLOSED", partner={})

    answer = beside.succeed(order, 20_000, transaction_id="42")

    assert (200, "repay") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 20_000
    now = beside.order(order)
    assert (OutboxState.SUCCEEDED, "", "42") == (
        now.state,
        now.reason,
        now.partner["transaction_id"],
    )
    assert [] == beside.breaches()


def test_an_order_that_was_paid_does_not_fail_afterwards(beside, line):
    order = beside.collect(line, 20_000)
    beside.succeed(order, 20_000)

    answer = beside.tell(order, "failed", reason="CLOSED", partner={})

    assert (409, "instruction_finished", {"state": "succeeded"}) == told(answer)
    assert beside.order(order).state is OutboxState.SUCCEEDED
    assert [] == beside.breaches()


def test_money_paid_out_after_the_draw_failed_is_refused_and_a_person_has_to_look(beside, line):
    draw = beside.draw(line)
    beside.tell(draw, "failed", reason="CANCELLED", partner={})

    status, code, _ = told(beside.succeed(draw, 30_000))

    assert (409, "hold_not_open") == (status, code)
    assert beside.order(draw).state is OutboxState.FAILED
    assert beside.line(line)["used_minor"] == 0


def test_money_towards_a_loan_that_was_repaid_meanwhile_goes_the_usual_way(beside, line):
    loan = int(beside.succeed(beside.draw(line), 30_000).json()["id"].rpartition("_")[2])
    orders = [beside.collect(line, 30_000, loan) for _ in range(2)]

    answers = [beside.succeed(order, 30_000) for order in (*orders, *orders)]

    assert [200] * 4 == [answer.status_code for answer in answers]
    now = beside.line(line)
    assert (0, 30_000) == (now["used_minor"], now["overpaid_minor"])
    assert [OutboxState.SUCCEEDED] * 2 == [beside.order(order).state for order in orders]
    assert [] == beside.breaches()


def test_overpaid_money_goes_back_once(beside, line):
    source = beside.collect(line, 20_000)
    beside.succeed(source, 20_000)
    order = beside.pay_back(line, 15_000, source)

    answer = beside.succeed(order, 15_000)
    again = beside.succeed(order, 15_000)

    assert (200, "pay_back_succeeded") == (answer.status_code, answer.json()["kind"])
    assert answer.json() == again.json()
    assert beside.line(line)["overpaid_minor"] == 5_000
    assert [] == beside.breaches()


def test_overpaid_money_that_could_not_go_back_is_there_again(beside, line):
    source = beside.collect(line, 20_000)
    beside.succeed(source, 20_000)
    order = beside.pay_back(line, 15_000, source)

    answer = beside.tell(order, "failed", reason="ABNORMAL", partner={})

    assert (200, "pay_back_failed") == (answer.status_code, answer.json()["kind"])
    assert beside.line(line)["overpaid_minor"] == 20_000
    assert beside.pay_back(line, 20_000, source)
    assert [] == beside.breaches()


# --- What is not as asked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency"), [(29_999, "CNY"), (30_001, "CNY"), (30_000, "HKD"), (0, "CNY")]
)
def test_another_amount_or_currency_is_refused_and_the_order_is_unknown(
    beside, line, amount, currency
):
    draw = beside.draw(line)
    beside.send(draw)

    answer = beside.tell(
        draw, "succeeded", success_time=PAID_AT, amount_minor=amount, currency=currency
    )

    facts = {
        "amount_minor": 30_000,
        "partner_amount_minor": amount,
        "currency": "CNY",
        "partner_currency": currency,
    }
    assert (422, "partner_amount_differs", facts) == told(answer)
    order = beside.order(draw)
    assert (OutboxState.UNKNOWN, "partner_amount_differs") == (order.state, order.reason)
    assert beside.line(line)["held_minor"] == 30_000
    assert [] == beside.breaches()


# --- The day on which it takes effect -----------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-03-07T23:59:59+08:00", "2026-03-07"),
        ("2026-03-07T15:59:59Z", "2026-03-07"),
        ("2026-03-07T16:00:00Z", "2026-03-08"),
        ("2026-03-04T12:00:00+08:00", TODAY),  # not before it was asked for
        (LATE, "2026-03-10"),  # not after the book's day
    ],
)
def test_money_takes_effect_on_the_day_on_which_it_moved(beside, line, at, on):
    order = beside.collect(line)
    beside.move_on("2026-03-10")

    done = beside.succeed(order, 20_000, at).json()

    assert (on, "2026-03-10") == (done["effective_on"], done["booked_on"])
    assert [] == beside.breaches()


# --- What pages ask -----------------------------------------------------------------------------


def test_an_order_is_asked_for_once_under_one_key(beside, line):
    async def ask(amount):
        return await beside.wallet.ask_draw(line, amount, 0, "phone/draw")

    first, again = asyncio.run(ask(30_000)), asyncio.run(ask(30_000))

    assert first.row["seq"] == again.row["seq"]
    assert (False, True) == (first.replayed, again.replayed)
    assert len(beside.due()) == 1


def test_an_order_that_the_book_refuses_is_told_with_its_outcome(beside, line):
    booked = asyncio.run(beside.wallet.ask_draw(line, 1_000_001, 0, "too much"))

    assert booked.outcome is Outcome.AMOUNT_EXCEEDS_AVAILABLE
    assert [] == beside.due()


def test_the_orders_of_a_line_are_told_open_or_all(beside, line):
    first, second, third = (beside.collect(line, amount) for amount in (100, 200, 300))
    beside.succeed(second, 200)

    still = asyncio.run(beside.wallet.open_orders(line))
    every = asyncio.run(beside.wallet.orders(line))

    assert [first, third] == [order.id for order in still]
    assert [third, second, first] == [order.id for order in every]
    assert {InstructionKind.COLLECT} == {order.kind for order in every}
    assert [True, False, True] == [order.is_open for order in every]


def test_an_order_that_is_finished_cannot_be_ended(beside, line):
    order = beside.collect(line, 100)
    beside.succeed(order, 100)

    for number, code in ((order, "instruction_finished"), (999, "instruction_not_found")):
        with pytest.raises(Exception, match=code):
            asyncio.run(beside.wallet.end_order(number))


def test_only_what_was_paid_on_the_line_can_be_paid_back(beside, line):
    other = beside.person("oSomebody-else")
    paid, unpaid = beside.collect(line, 500), beside.collect(line, 600)
    beside.succeed(paid, 500)

    asked = [(other, paid, "instruction_not_found"), (line, unpaid, "instruction_not_paid")]
    for where, source, code in asked:
        with pytest.raises(Exception, match=code):
            asyncio.run(beside.wallet.ask_pay_back(where, 100, source, "k"))


def test_the_lines_of_a_party_are_found(beside, line):
    party = beside.wallet.party_of(OPENID)
    second = beside.open_line(party=party)

    found = asyncio.run(beside.wallet.lines_of(party))

    assert [line, int(second.rpartition("_")[2])] == found
    assert [] == asyncio.run(beside.wallet.lines_of(party + 1))
