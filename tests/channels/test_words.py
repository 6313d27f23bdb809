"""What WeChat Pay's words mean: a table of every state and code, then what no bytes may do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.channels import wechat_words as words
from jiehuan.channels.answers import (
    Accepted,
    Answer,
    Ended,
    NotThere,
    Refused,
    Settled,
    Unknown,
)

WHEN = "2026-11-23T10:34:56+08:00"
ORDER: dict[str, Any] = {
    "success_time": WHEN,
    "transaction_id": "4200001",
    "amount": {"total": 12_300, "payer_total": 12_000, "currency": "CNY"},
}
REFUND: dict[str, Any] = {
    "success_time": WHEN,
    "refund_id": "5030",
    "amount": {"refund": 50, "total": 80},
}
TRANSFER: dict[str, Any] = {"transfer_bill_no": "1330", "transfer_amount": 700, "update_time": WHEN}

STATES = table("""
    object    state              means
    order     SUCCESS            settled
    order     REFUND             settled       # it had been paid; giving back is another matter
    order     NOTPAY             accepted
    order     USERPAYING         accepted
    order     PAYERROR           accepted
    order     CLOSED             ended
    order     REVOKED            ended
    order     ACCEPT             unknown
    refund    SUCCESS            settled
    refund    PROCESSING         accepted
    refund    ABNORMAL           accepted      # a person has to see to it
    refund    CLOSED             ended
    refund    FAIL               unknown
    transfer  SUCCESS            settled
    transfer  ACCEPTED           accepted
    transfer  PROCESSING         accepted
    transfer  WAIT_USER_CONFIRM  accepted
    transfer  TRANSFERING        accepted
    transfer  CANCELING          accepted
    transfer  CANCELLED          ended
    transfer  FAIL               ended
    transfer  TRANSFERRING       unknown       # the wire has one R
""")
READERS: dict[str, tuple[Callable[..., Answer], str, dict[str, Any]]] = {
    "order": (words.order, "trade_state", ORDER),
    "refund": (words.refund, "status", REFUND),
    "transfer": (words.transfer, "state", TRANSFER),
}
MEANS = {"settled": Settled, "accepted": Accepted, "ended": Ended, "unknown": Unknown}


@pytest.mark.parametrize("case", STATES, ids=lambda case: f"{case.object}-{case.state}")
def test_every_state(case):
    read, field, said = READERS[case.object]

    answer = read(said | {field: case.state})

    assert isinstance(answer, MEANS[case.means])
    if isinstance(answer, Unknown):
        assert f"state_{case.state}" == answer.reason


def test_a_settled_order_tells_what_the_order_was_about_not_what_a_coupon_left():
    notes = {"transaction_id": "4200001"}

    assert Settled(WHEN, 12_300, "CNY", notes) == words.order(ORDER | {"trade_state": "SUCCESS"})


def test_a_refund_of_a_notice_tells_no_currency():
    expected = Settled(WHEN, 50, "CNY", {"refund_id": "5030"})

    assert expected == words.refund(REFUND | {"refund_status": "SUCCESS"})


def test_a_transfer_that_failed_says_why():
    said = TRANSFER | {"state": "FAIL", "fail_reason": "PAYEE_ACCOUNT_ABNORMAL"}

    assert Ended("PAYEE_ACCOUNT_ABNORMAL", {"transfer_bill_no": "1330"}) == words.transfer(said)


def test_what_is_answered_to_sending_a_transfer_tells_no_amount_so_it_is_asked_for():
    said = {"state": "SUCCESS", "transfer_bill_no": "1330", "create_time": WHEN}

    assert isinstance(words.transfer(said), Accepted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"success_time": "2026-11-23T10:34:56"},  # no offset
        {"success_time": None},
        {"amount": None},
        {"amount": {"total": "12300", "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": 12_300}},
    ],
)
def test_a_success_without_time_or_amount_is_unknown(wrong):
    assert Unknown("unreadable") == words.order(ORDER | {"trade_state": "SUCCESS"} | wrong)


REFUSALS = table("""
    status  code                 sending       asking
       400  PARAM_ERROR          for good      unknown
       400  INVALID_REQUEST      for good      unknown
       403  NO_AUTH              for good      unknown
       403  NOT_ENOUGH           for now       unknown
       404  NOT_FOUND            unknown       not there
       404  RESOURCE_NOT_EXISTS  unknown       not there
       404  ORDER_NOT_EXIST      unknown       not there
       400  NOT_FOUND            unknown       unknown      # the status must fit
       500  PARAM_ERROR          unknown       unknown
       401  SIGN_ERROR           unknown       unknown
       429  FREQUENCY_LIMITED    unknown       unknown
       500  SYSTEM_ERROR         unknown       unknown
       400  ORDERPAID            unknown       unknown
       400  ALREADY_EXISTS       unknown       unknown
       403  NEVER_HEARD_OF       unknown       unknown
""")


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case.status}-{case.code}")
def test_every_refusal(case):
    body = json.dumps({"code": case.code, "message": "说明"})
    means: dict[str, Answer] = {
        "for good": Refused(case.code, for_good=True),
        "for now": Refused(case.code, for_good=False),
        "not there": NotThere(),
        "unknown": Unknown(case.code),
    }

    assert means[case.sending] == words.refusal(case.status, body, asking=False)
    assert means[case.asking] == words.refusal(case.status, body, asking=True)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"code":7}', '{"code":""}', b"\xff"])
def test_an_error_without_a_code_is_unknown_by_its_status(body):
    assert Unknown("http_404") == words.refusal(404, body, asking=True)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([WHEN]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from([*ORDER, *REFUND, *TRANSFER, "trade_state", "status", "state"])


@pytest.mark.parametrize("name", READERS)
@given(
    state=st.sampled_from(sorted({case.state for case in STATES})),
    said=st.dictionaries(FIELDS, ANY),
)
def test_any_object_is_an_answer(name, state, said):
    read, field, whole = READERS[name]

    answer = read(whole | said | {field: state})

    assert isinstance(answer, Answer)


@given(st.integers(300, 599), st.binary(max_size=60), st.booleans())
def test_any_bytes_of_an_error_are_an_answer_and_never_an_end(status, body, asking):
    answer = words.refusal(status, body, asking=asking)

    assert isinstance(answer, NotThere | Refused | Unknown)
