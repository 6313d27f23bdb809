"""Faults: setting them, and those that are not about notices."""

from tests.channels.sandbox.making import (
    ANNA,
    DAY,
    MCHID,
    START,
    Time,
    new_world,
    order,
    pay,
    plain,
    refund,
    refused,
    told,
    transfer,
)
from tests.tables import table

from jiehuan.channels.sandbox.faults import ANSWER_FAULTS, NAMES

JSAPI = ("POST", "/v3/pay/transactions/jsapi")


def test_what_is_no_fault():
    cases = table("""
        field   value
        fault   nonsense
        on      always
        on      2
        on      -1
        count   0
        count   -3
        count   many
        match   5
        done    yes
    """)
    for case in cases:
        body = {"fault": "timeout", case.field: case.value}
        error = refused("PARAM_ERROR", new_world().faults.set, body)
        assert f"/{case.field}" == error.body["detail"]["field"]
    refused("PARAM_ERROR", new_world().faults.set, {})
    refused("PARAM_ERROR", new_world().faults.set, {"fault": "timeout", "on": True})


def test_a_fault_hits_as_often_as_it_says():
    cases = table("""
        on    count  hits
        next  -      1
        next  3      3
        1     -      9
        1     2      2
        0     -      0
    """)
    for case in cases:
        faults = new_world().faults
        body = {"fault": "broken_signature", "on": case.on, "count": case.count}
        faults.set({name: value for name, value in body.items() if value != "-"})
        hits = [faults.on_answer(*JSAPI) for _ in range(9)]

        assert case.hits == sum(hit is not None for hit in hits), case
        assert (case.hits in (0, 9)) == bool(faults.list())


def test_a_share_is_about_that_share_and_the_same_for_a_seed():
    def hits(seed):
        faults = new_world(seed=seed).faults
        faults.set({"fault": "timeout", "on": 0.3})
        return [faults.on_answer(*JSAPI) for _ in range(1_000)]

    assert hits(7) == hits(7) != hits(8)
    assert 250 < sum(hit is not None for hit in hits(7)) < 350


def test_whether_it_was_done_before_the_answer_was_lost():
    cases = table("""
        fault             done     told
        answer_500_after  -        True
        broken_signature  -        True
        timeout           -        False True
        timeout           yes      True
        timeout           no       False
        unknown_code      -        False True
        unknown_code      yes      True
    """)
    for case in cases:
        faults = new_world().faults
        body = {"fault": case.fault, "on": 1}
        faults.set(body if case.done == "-" else body | {"done": case.done == "yes"})
        answers = [faults.on_answer(*JSAPI) for _ in range(50)]

        assert {case.fault} == {answer.name for answer in answers if answer}
        assert set(case.told.split()) == {str(answer.done) for answer in answers if answer}


def test_which_faults_are_in_the_body_of_the_answer():
    cases = table("""
        fault             status  code
        answer_500_after     500  SYSTEM_ERROR
        unknown_code         400  SANDBOX_UNHEARD_OF
        timeout                0  -
        broken_signature       0  -
    """)
    assert {case.fault for case in cases} == set(ANSWER_FAULTS)
    for case in cases:
        faults = new_world().faults
        faults.set({"fault": case.fault})
        answer = faults.on_answer(*JSAPI)
        error = answer.error if answer else None
        told = (error.status, error.code) if error else (0, "-")
        assert (case.status, case.code) == told


def test_only_where_it_matches():
    faults = new_world().faults
    faults.set({"fault": "timeout", "match": "POST /v3/refund"})

    assert faults.on_answer(*JSAPI) is None
    assert faults.on_answer("GET", "/v3/refund/domestic/refunds/1") is None
    assert faults.on_answer("POST", "/v3/refund/domestic/refunds") is not None


def test_taking_faults_away():
    faults = new_world().faults
    first, second, third = (faults.set({"fault": name}) for name in NAMES[:3])
    faults.clear(second.id)
    faults.clear("fault-999")

    assert [first, third] == faults.list()
    faults.clear()
    assert [] == faults.list()


def test_an_act_fault_is_not_drawn_by_an_answer():
    faults = new_world().faults
    faults.set({"fault": "user_refuses"})

    assert faults.on_answer(*JSAPI) is None
    assert 1 == len(faults.list())


def test_the_payer_has_too_little():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    world.faults.set({"fault": "balance_not_enough"})

    refused("NOT_ENOUGH", world.pay, prepay_id, ANNA, "balance")
    assert "SUCCESS" == world.pay(prepay_id, ANNA, "balance")["trade_state"]


def test_the_payer_refuses():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    world.faults.set({"fault": "user_refuses"})

    assert "NOTPAY" == world.pay(prepay_id, ANNA, "balance")["trade_state"]
    assert "SUCCESS" == world.pay(prepay_id, ANNA, "balance")["trade_state"]


def test_the_receiver_refuses():
    world = new_world()
    world.transfer(transfer())
    world.faults.set({"fault": "user_refuses", "match": "confirm bill1"})

    assert "FAIL" == world.confirm("bill1", ANNA)["state"]
    assert 500_000 == world.balances()["merchant"]
    assert 1 == len(told(world, "bill1"))


def test_the_merchant_has_too_little_for_a_transfer_for_some_time():
    time = Time()
    world = new_world(time=time, short_s=60)
    world.faults.set({"fault": "balance_not_enough", "match": "transfer", "count": 2})

    assert "PROCESSING" == world.transfer(transfer())["state"]
    assert "PROCESSING" == world.transfer(transfer("bill2"))["state"]
    assert "WAIT_USER_CONFIRM" == world.transfer(transfer("bill2"))["state"]
    assert "PROCESSING" == world.transfer_by_number("bill1")["state"]
    time.second += 60
    assert "WAIT_USER_CONFIRM" == world.transfer_by_number("bill1")["state"]


def test_the_merchant_has_too_little_for_a_refund_until_asked_again_or_it_is_closed():
    time = Time()
    world = new_world(time=time)
    pay(world, order())
    world.faults.set({"fault": "balance_not_enough", "match": "refund", "count": 2})
    world.refund(refund("refund1", 300))
    world.refund(refund("refund2", 700))
    time.second += DAY

    assert "PROCESSING" == world.refund_by_number("refund1")["status"]
    assert 501_000 == world.balances()["merchant"]
    assert "PROCESSING" == world.refund(refund("refund1", 300))["status"]
    assert "SUCCESS" == world.refund_by_number("refund1")["status"]
    time.second += 6 * DAY
    assert "CLOSED" == world.refund_by_number("refund2")["status"]
    assert 1 == len(told(world, "refund2", "REFUND.CLOSED"))
    assert 500_700 == world.balances()["merchant"]
    assert "REFUND" == world.order_by_number(MCHID, "order-1")["trade_state"]
    assert "PROCESSING" == world.refund(refund("refund3", 700))["status"]


def test_what_is_left_of_a_fault_outlives_the_sandbox(tmp_path):
    path = tmp_path / "journal.jsonl"
    world = new_world(path)
    world.faults.set({"fault": "timeout", "count": 3})
    world.faults.set({"fault": "broken_signature", "on": 0.5})
    for _ in range(2):
        world.faults.on_answer(*JSAPI)
    again = new_world(path)

    assert plain(world) == plain(again)
    drawn = [world.faults.on_answer(*JSAPI) for _ in range(20)]
    assert drawn == [again.faults.on_answer(*JSAPI) for _ in range(20)]
    assert START == world.clock.now()
