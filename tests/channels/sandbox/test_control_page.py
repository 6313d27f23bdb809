"""What a tester sees on the control page, and what its forms do."""

import re

import pytest
from tests.channels.sandbox.visiting import Visit


@pytest.fixture
def visit():
    return Visit()


def test_the_control_page_shows_what_is_going_on(visit):
    visit.post("/cashier", prepay_id=visit.order(), do="pay", source="balance")
    visit.order(1_00, number="order-000002")
    visit.transfer()

    page = visit.get("/control")
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))

    for word in (
        "order-000001",
        "order-000002",
        "bill000001",
        "TRANSACTION.SUCCESS",
        "¥1,765.44",  # in Lin's wallet
        "待用户确认",
        "没有设定故障",
    ):
        assert word in shown


def test_the_live_part_has_what_the_page_shows(visit):
    visit.order()

    whole, part = visit.get("/control"), visit.get("/control", part="live")

    places = re.findall(r'data-live="(\w+)"', whole.text)
    assert sorted(places) == sorted(re.findall(r'data-live="(\w+)"', part.text))
    assert "order-000001" in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize(
    ("form", "shift_s"),
    [
        ({"do": "advance", "advance_s": "86400"}, 86_400),
        ({"do": "set_clock", "now": "2026-11-19T19:06"}, 86_360),
    ],
)
def test_the_clock_is_put_forward(visit, form, shift_s):
    answer = visit.post("/control", **form)

    assert (303, "/control") == (answer.status_code, answer.headers["location"])
    assert shift_s == visit.world.clock.shift_s


def test_faults_are_set_and_removed(visit):
    visit.post("/control", do="set_fault", fault="notify_twice", on="next", match=" refund ")
    visit.post("/control", do="set_fault", fault="timeout", on="0.1", match="")
    one, other = visit.world.faults.list()
    page = visit.get("/control", lang="en")

    visit.post("/control", do="clear_fault", id=one.id)

    assert ("notify_twice", "next", "refund") == (one.fault, one.on, one.match)
    assert ("timeout", 0.1, "") == (other.fault, other.on, other.match)
    assert "One in ten" in page.text
    assert [other.id] == [fault.id for fault in visit.world.faults.list()]


def test_the_speed_is_set(visit):
    visit.post("/control", do="speed", speed="100")

    assert 100 == visit.world.speed
    assert '<option value="100" selected>' in visit.get("/control").text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "everything"},
        {"do": "advance"},
        {"do": "advance", "advance_s": "soon"},
        {"do": "set_clock", "now": "yesterday"},
        {"do": "set_fault", "fault": "earthquake", "on": "next"},
        {"do": "set_fault", "fault": "timeout", "on": "2"},
        {"do": "speed", "speed": "0"},
        {"do": "speed", "speed": "nan"},
    ],
)
def test_an_odd_form_changes_nothing(visit, form):
    page = visit.post("/control", **form)

    assert (400, 0, 1.0) == (page.status_code, visit.world.clock.shift_s, visit.world.speed)
    assert [] == visit.world.faults.list()
    assert 'role="alert"' in page.text
