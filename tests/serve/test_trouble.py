"""When the book or the database is lost, nobody is told a lie, and it goes on afterwards."""

import datetime as dt

import pytest
from tests.serve.api import Api, make_book, told

from jiehuan.engine import post
from jiehuan.engine.post import Writer
from jiehuan.serve.service import Service
from jiehuan.store.database import connect
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session


def administer(api, statement, *values):
    """Do something to the database behind the service's back."""
    with connect(api.dsn, Session.OWNER) as conn:
        conn.execute(statement, values)


def let_lease_run_out(api):
    administer(
        api, "UPDATE book SET expires_at = now() - interval '1 s' WHERE book = %s", api.number
    )


def test_a_full_queue_says_when_to_come_again(an_api):
    api = an_api(waiting_max=0)
    answer = api.post("/v1/clock/advance", {"until_on": "2026-03-06"})

    assert (503, "book_busy") == told(answer)[:2]
    assert 1 <= int(answer.headers["retry-after"])
    assert 200 == api.get("/v1/products").status_code


def test_a_book_that_another_took_is_not_written_and_comes_back(api):
    line = api.open_line()
    let_lease_run_out(api)
    with Writer(lambda: connect(api.dsn), api.number, "another"):
        lost = api.post(f"{line}/purchases", {"amount_minor": 1_000}, key="mine")
        unready = api.get("/readyz")
        reading = api.get(line)
    done = api.post(f"{line}/purchases", {"amount_minor": 1_000}, key="mine")

    assert (503, "book_taken") == told(lost)[:2]
    assert "retry-after" in lost.headers
    assert (503, "book_taken") == told(unready)[:2]
    assert 0 == reading.json()["used_minor"]
    assert 201 == done.status_code
    assert "idempotency-replayed" not in done.headers
    assert 200 == api.get("/readyz").status_code


def test_only_one_process_opens_a_book(api):
    with pytest.raises(Exception, match="held by test"):
        Service.open(api.dsn, api.number, "another", wait_seconds=0)


def test_sessions_that_are_cut_are_made_anew_and_nothing_is_done_twice(api):
    line = api.open_line()
    for n in range(1, 6):
        administer(
            api,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        answers = [
            api.post(f"{line}/purchases", {"amount_minor": 1_000}, key=f"k{n}") for _ in range(3)
        ]
        assert 201 == answers[-1].status_code, answers[-1].text
        assert {answer.status_code for answer in answers} <= {201, 503}
        assert 1_000 * n == api.get(line).json()["used_minor"]


def test_a_server_that_is_down_is_said_so_until_it_is_up_again(monkeypatch):
    monkeypatch.setattr(post, "PATIENCE_SECONDS", 0.2)
    with Server.temporary() as server:
        make_book(server.dsn)
        api = Api(server.dsn)
        try:
            line = api.open_line()
            server.stop()
            down = [
                api.get("/readyz"),
                api.get(line),
                api.get("/"),
                api.post(f"{line}/purchases", {"amount_minor": 500}, key="k"),
            ]
            alive = api.get("/healthz")
            server.start()
            up = api.post(f"{line}/purchases", {"amount_minor": 500}, key="k")
            used_minor = api.get(line).json()["used_minor"]
        finally:
            api.close()

    assert [(503, "database_unavailable")] * 4 == [told(answer)[:2] for answer in down]
    assert 200 == alive.status_code
    assert (201, 500) == (up.status_code, used_minor)


def test_a_fault_of_ours_is_told_without_its_inside(api, monkeypatch):
    monkeypatch.setattr(api.service, "terms", lambda _conn: 1 // 0)
    answer = api.get("/v1/products")

    status, code, facts = told(answer)
    assert (500, "internal_error") == (status, code)
    assert {"incident"} == set(facts)
    assert "ZeroDivision" not in answer.text


def test_a_day_that_another_process_moved_is_seen_at_once(api):
    line = api.open_line()
    api.move_on("2026-03-20")
    answer = api.do(f"{line}/purchases", amount_minor=1)

    assert dt.date(2026, 3, 20).isoformat() == answer["effective_on"] == answer["booked_on"]
