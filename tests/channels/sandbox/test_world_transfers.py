"""Transfers: every state, and what leads from one to the next."""

import pytest
from tests.channels.sandbox.making import (
    ANNA,
    APPID,
    BEN,
    DAY,
    MCHID,
    PEOPLE,
    START,
    Time,
    new_world,
    refused,
    told,
    transfer,
    without,
)
from tests.tables import table

from jiehuan.channels.sandbox.clock import wire
from jiehuan.channels.sandbox.transfers import LIFE


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def world(time):
    return new_world(time=time)


def state(world, number="bill1"):
    return world.transfer_by_number(number)["state"]


def test_the_life_of_a_transfer():
    """The whole grid: a new state, or a new way from one to another, fails here first."""
    cases = table("""
        state              ACCEPTED  PROCESSING  WAIT_USER_CONFIRM  TRANSFERING  CANCELING  ends
        ACCEPTED           .         x           .                  .            x          .
        PROCESSING         .         .           x                  .            x          FAIL
        WAIT_USER_CONFIRM  .         .           .                  x            x          FAIL
        TRANSFERING        .         .           .                  .            .          SUCCESS FAIL
        CANCELING          .         .           .                  .            .          CANCELLED
        SUCCESS            .         .           .                  .            .          .
        FAIL               .         .           .                  .            .          .
        CANCELLED          .         .           .                  .            .          .
    """)  # noqa: E501
    columns = ("ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING", "CANCELING")
    drawn = {
        case.state: {name for name in columns if getattr(case, name) == "x"}
        | set(case.ends.replace(".", "").split())
        for case in cases
    }

    assert drawn == {name: set(after) for name, after in LIFE.items()}


def test_it_goes_through_every_state_of_success(time):
    world = new_world(time=time, accept_s=10, transferring_s=5)
    accepted = world.transfer(transfer())

    assert "ACCEPTED" == accepted["state"]
    assert "package_info" not in accepted
    assert 0 == world.balances()["locked"]
    time.second += 10
    assert "WAIT_USER_CONFIRM" == state(world)
    assert 1_000 == world.balances()["locked"]
    assert "TRANSFERING" == world.confirm("bill1", ANNA)["state"]
    assert [] == told(world, "bill1")
    time.second += 5
    expected = {
        "mch_id": MCHID,
        "out_bill_no": "bill1",
        "transfer_bill_no": accepted["transfer_bill_no"],
        "appid": APPID,
        "state": "SUCCESS",
        "transfer_amount": 1_000,
        "transfer_remark": "借款",
        "openid": ANNA,
        "create_time": wire(START),
        "update_time": wire(START + 15),
    }
    assert expected == world.transfer_by_number("bill1")
    assert expected == world.transfer_by_bill(accepted["transfer_bill_no"])
    assert (21_000, 0) == (world.balances()[f"{ANNA}/balance"], world.balances()["locked"])


def test_the_notice_of_the_end(world):
    world.transfer(transfer())
    world.confirm("bill1", ANNA)
    world.tick()
    (notice,) = told(world, "bill1")

    assert ("MCHTRANSFER.BILL.FINISHED", "mch_payment") == (notice.event_type, notice.original_type)
    expected = without(world.transfer_by_number("bill1"), "appid", "transfer_remark")
    assert expected == notice.resource


def test_the_same_number_is_the_same_bill(world):
    first = world.transfer(transfer())

    assert "WAIT_USER_CONFIRM" == first["state"]
    assert first == world.transfer(transfer())
    assert "bill1" == world.transfer_of(first["package_info"]).number
    refused("ALREADY_EXISTS", world.transfer, transfer(amount=999), status=400)
    world.confirm("bill1", ANNA)
    assert "SUCCESS" == world.transfer(transfer())["state"]
    assert 1 == len(world.transfers())


def test_a_merchant_short_of_money_waits_for_more(world):
    world.transfer(transfer("bill1", 300_000, user_name="安娜"))
    short = world.transfer(transfer("bill2", 300_000, user_name="安娜"))

    assert "PROCESSING" == short["state"]
    assert "package_info" not in short
    small = world.transfer(transfer("bill3", 200_000, user_name="安娜"))
    assert "WAIT_USER_CONFIRM" == small["state"]
    world.top_up("merchant", 300_000)
    assert "WAIT_USER_CONFIRM" == state(world, "bill2")


def test_nobody_confirms():
    """In 24 hours the page is dead, but FAIL comes only some time after."""
    cases = table("""
        after_s  state              page
         86_399  WAIT_USER_CONFIRM  open
         86_400  WAIT_USER_CONFIRM  dead
         87_299  WAIT_USER_CONFIRM  dead
         87_300  FAIL               dead
    """)
    for case in cases:
        time = Time()
        world = new_world(time=time)
        world.transfer(transfer())
        time.second += case.after_s

        assert case.state == state(world), case
        if case.page == "dead":
            refused("INVALID_REQUEST", world.confirm, "bill1", ANNA)
        else:
            assert "TRANSFERING" == world.confirm("bill1", ANNA)["state"]


def test_the_end_that_nobody_confirmed_gives_the_money_back(world, time):
    world.transfer(transfer())
    time.second += 30 * DAY
    world.set_clock(START + 2 * DAY)
    failed = world.transfer_by_number("bill1")

    assert ("FAIL", "OVERDUE_CLOSE") == (failed["state"], failed["fail_reason"])
    assert wire(START + 87_300) == failed["update_time"]
    assert 500_000 == world.balances()["merchant"]
    assert 1 == len(told(world, "bill1"))


def test_what_never_got_its_money_ends_as_well(world, time):
    world.transfer(transfer(amount=600_000, user_name="安娜"))
    time.second += 87_300

    assert "FAIL" == state(world)
    assert 500_000 == world.balances()["merchant"]


def test_cancelling(time):
    world = new_world(time=time, cancel_s=30)
    world.transfer(transfer())
    begun = world.cancel("bill1")

    assert {"out_bill_no", "transfer_bill_no", "state", "update_time"} == set(begun)
    assert "CANCELING" == begun["state"]
    assert begun == world.cancel("bill1")
    refused("INVALID_REQUEST", world.confirm, "bill1", ANNA)
    assert 1_000 == world.balances()["locked"]
    time.second += 30
    assert "CANCELLED" == state(world)
    assert "CANCELLED" == world.cancel("bill1")["state"]
    assert (500_000, 0) == (world.balances()["merchant"], world.balances()["locked"])
    assert ["CANCELLED"] == [notice.resource["state"] for notice in told(world, "bill1")]


def test_what_was_confirmed_is_not_cancelled(time):
    world = new_world(time=time, transferring_s=5)
    world.transfer(transfer())
    world.confirm("bill1", ANNA)

    refused("INVALID_REQUEST", world.cancel, "bill1", status=400)
    time.second += 5
    refused("INVALID_REQUEST", world.cancel, "bill1")
    assert "SUCCESS" == world.confirm("bill1", ANNA)["state"]
    assert "SUCCESS" == state(world)


@pytest.mark.parametrize("accept_s", [0, 10])
def test_what_is_not_confirmed_is_cancelled_in_any_state(accept_s):
    world = new_world(accept_s=accept_s)
    world.transfer(transfer(amount=600_000, user_name="安娜"))
    world.cancel("bill1")

    assert "CANCELLED" == state(world)
    assert 500_000 == world.balances()["merchant"]


def test_who_may_say_yes_or_no(world):
    world.transfer(transfer())

    refused("NO_AUTH", world.confirm, "bill1", BEN)
    refused("NO_AUTH", world.refuse, "bill1", BEN)
    refused("NOT_FOUND", world.confirm, "bill2", ANNA)
    assert "FAIL" == world.refuse("bill1", ANNA)["state"]
    refused("INVALID_REQUEST", world.refuse, "bill1", ANNA)
    assert 500_000 == world.balances()["merchant"]


def test_a_wrong_name_and_a_closed_wallet_fail(world):
    wrong = world.transfer(transfer("bill1", user_name="安那"))
    world.transfer(transfer("bill2", user_name="安娜"))
    world.set_account(f"{ANNA}/balance", closed=True)
    world.confirm("bill2", ANNA)

    assert ("FAIL", "NAME_NOT_CORRECT") == (wrong["state"], wrong["fail_reason"])
    assert "PAYEE_ACCOUNT_ABNORMAL" == world.transfer_by_number("bill2")["fail_reason"]
    assert 500_000 == world.balances()["merchant"]


def test_a_name_may_be_spelled_as_the_pages_spell_it_in_english(world):
    told = world.transfer(transfer(user_name=PEOPLE.persons[ANNA].name["en"]))

    assert "WAIT_USER_CONFIRM" == told["state"]


def test_when_the_name_must_and_must_not_be_given():
    cases = table("""
         amount  name  refused
             29  no    no
             29  yes   yes
             30  yes   no
        199_999  no    no
        200_000  no    yes
        200_000  yes   no
    """)
    for case in cases:
        world = new_world()
        body = transfer(amount=case.amount, **{"user_name": "安娜"} if case.name == "yes" else {})
        if case.refused == "yes":
            error = refused("PARAM_ERROR", world.transfer, body)
            assert "/user_name" == error.body["detail"]["field"]
        else:
            assert "WAIT_USER_CONFIRM" == world.transfer(body)["state"]


def test_a_query_goes_back_thirty_days(world, time):
    bill = world.transfer(transfer())["transfer_bill_no"]
    time.second += 30 * DAY
    world.transfer_by_number("bill1")
    time.second += 1

    refused("NOT_FOUND", world.transfer_by_number, "bill1", status=404)
    refused("NOT_FOUND", world.transfer_by_bill, bill)
    refused("NOT_FOUND", world.transfer_by_bill, "1330")
    refused("NOT_FOUND", world.transfer_of, "")
