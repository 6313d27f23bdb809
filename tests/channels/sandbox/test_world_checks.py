"""What is wrong with a request, told field by field."""

import pytest
from tests.channels.sandbox.making import new_world, order, refund, refused, transfer, without
from tests.tables import table

from jiehuan.channels.sandbox.clock import read_wire
from jiehuan.channels.sandbox.errors import CODES, refusal

LONG = "x" * 300
LOCAL_URLS = ("http://127.0.0.1:8001/n", "http://localhost/n", "https://shop.example.com/n")


def put(body, pointer, value):
    """Return a body with another value at a pointer; ``-`` takes the field away."""
    name, _, rest = pointer[1:].partition("/")
    if rest:
        return body | {name: put(body.get(name, {}), f"/{rest}", value)}
    return without(body, name) if value == "-" else body | {name: value}


def refused_field(call, body, pointer, *args):
    error = refused("PARAM_ERROR", call, body, *args, status=400)
    detail = error.body["detail"]
    assert {"field", "value", "issue", "location"} == set(detail)
    assert (pointer, "body") == (detail["field"], detail["location"])
    assert detail["issue"]
    return detail


def test_orders():
    cases = table(f"""
        field                             value
        /appid                            -
        /mchid                            -
        /description                      -
        /description                      {LONG[:128]}
        /out_trade_no                     -
        /out_trade_no                     short
        /out_trade_no                     no/slashes
        /out_trade_no                     {LONG[:33]}
        /time_expire                      tomorrow
        /time_expire                      2026-11-24T00:00:00
        /attach                           {LONG[:129]}
        /notify_url                       -
        /notify_url                       ftp://127.0.0.1/n
        /notify_url                       http://shop.example.com/n
        /notify_url                       https://shop.example.com/n?a=b
        /notify_url                       https://{LONG}
        /amount                           -
        /amount/total                     -
        /amount/total                     0
        /amount/total                     -1
        /amount/total                     1.5
        /amount/currency                  USD
        /payer                            -
        /payer/openid                     -
        /payer/openid                     oNobody
        /support_fapiao                   1
    """)
    for case in cases:
        pointer = {"/amount": "/amount/total", "/payer": "/payer/openid"}.get(
            case.field, case.field
        )
        refused_field(new_world().prepay, put(order(), case.field, case.value), pointer, "JSAPI")


def test_refunds():
    cases = table(f"""
        field             value
        /out_refund_no    -
        /out_refund_no    no/slashes
        /reason           {LONG[:81]}
        /notify_url       nowhere
        /funds_account    MINE
        /amount/refund    0
        /amount/refund    -
        /amount/total     -
        /amount/currency  -
        /out_trade_no     -
    """)
    for case in cases:
        refused_field(new_world().refund, put(refund(), case.field, case.value), case.field)


def test_transfers():
    cases = table(f"""
        field                        value
        /appid                       -
        /out_bill_no                 -
        /out_bill_no                 under_score
        /out_bill_no                 {LONG[:33]}
        /transfer_scene_id           -
        /transfer_scene_id           9999
        /openid                      -
        /openid                      oNobody
        /transfer_amount             -
        /transfer_amount             0
        /transfer_remark             -
        /transfer_remark             {LONG[:33]}
        /notify_url                  nowhere
        /transfer_scene_report_infos  -
        /transfer_scene_report_infos  none
        /user_recv_style/type        GIFT
    """)
    for case in cases:
        refused_field(new_world().transfer, put(transfer(), case.field, case.value), case.field)
    for reports in ([], [{"info_type": "x"}], ["x"]):
        body = transfer(transfer_scene_report_infos=reports)
        refused_field(new_world().transfer, body, "/transfer_scene_report_infos")


def test_other_ways_of_paying_need_other_fields():
    cases = table("""
        trade_type  field                         needed
        NATIVE      /payer/openid                 no
        APP         /payer/openid                 no
        MWEB        /scene_info/payer_client_ip   yes
        MWEB        /scene_info/h5_info/type      yes
        JSAPI       /scene_info/payer_client_ip   no
    """)
    full = order(scene_info={"payer_client_ip": "::1", "h5_info": {"type": "Wap"}})
    for case in cases:
        body = put(full, case.field, "-")
        if case.needed == "yes":
            refused_field(new_world().prepay, body, case.field, case.trade_type)
        else:
            new_world().prepay(body, case.trade_type)


def test_the_detail_points_at_the_field_as_the_real_service_does():
    body = put(order(), "/amount/currency", "XYZ")

    error = refused("PARAM_ERROR", new_world().prepay, body, "JSAPI")

    assert {"code", "message", "detail"} == set(error.body)
    assert {
        "field": "/amount/currency",
        "value": "XYZ",
        "issue": "must be one of CNY",
        "location": "body",
    } == error.body["detail"]


@pytest.mark.parametrize("url", LOCAL_URLS)
def test_where_notices_may_go(url):
    new_world().prepay(order(notify_url=url), "JSAPI")


def test_acts_of_people():
    world = new_world()
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    world.transfer(transfer())

    refused("PARAM_ERROR", world.act, {"do": "steal", "openid": "oAnna"})
    refused("PARAM_ERROR", world.act, {"do": "pay", "openid": "oAnna"})
    refused("PARAM_ERROR", world.act, {"do": "pay", "openid": "oAnna", "out_bill_no": "bill1"})
    refused("PARAM_ERROR", world.act, {"do": "confirm", "openid": "oAnna", "prepay_id": prepay_id})
    refused("PARAM_ERROR", world.act, {"do": "pay", "prepay_id": prepay_id})
    left = world.act({"do": "refuse", "openid": "oAnna", "prepay_id": prepay_id})
    assert "NOTPAY" == left["trade_state"]
    act = {"do": "pay", "openid": "oAnna", "prepay_id": prepay_id, "source": "cmb"}
    assert "CMB_DEBIT" == world.act(act)["bank_type"]
    confirmed = world.act({"do": "confirm", "openid": "oAnna", "out_bill_no": "bill1"})
    assert "TRANSFERING" == confirmed["state"]
    world.transfer(transfer("bill2"))
    assert "FAIL" == world.act({"do": "refuse", "openid": "oAnna", "out_bill_no": "bill2"})["state"]


def test_every_code_has_its_status():
    for code, (status, message) in CODES.items():
        error = refusal(code)
        assert (status, code, message) == (error.status, error.code, error.message)
        assert f"{status} {code}: {message}" == str(error)


def test_a_time_without_a_zone_is_no_time():
    with pytest.raises(ValueError, match="2026"):
        read_wire("2026-11-24T00:00:00")


def test_accounts_that_nobody_has():
    world = new_world()

    for account in ("oNobody/balance", "locked", "refunding", "outside"):
        refused("PARAM_ERROR", world.top_up, account, 5)
        refused("PARAM_ERROR", world.set_account, account, closed=True)
    for amount in (0, -5, 1.5, "5", True):
        refused("PARAM_ERROR", world.top_up, "merchant", amount)
    refused("PARAM_ERROR", world.set_account, "merchant", closed=True)
    refused("PARAM_ERROR", world.set_speed, 0)
