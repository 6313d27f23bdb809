"""A merchant's program over ``wechatpayv3``, which knows nothing of a sandbox.

``python program.py CONFIG MODE [BASE]`` walks through every call that the library has and prints
what it saw, as JSON.  In the environment stands only what an unmodified program needs.  BASE, if
given, is put in place of the fixed host, with the private name that the library has for it.
"""

import http.server
import json
import queue
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]

WAIT_S = 20


class Receiver(http.server.BaseHTTPRequestHandler):
    """Where notifications come; verified and opened by the library."""

    client: WeChatPay
    come: queue.Queue[dict[str, Any]]

    def do_POST(self):
        """Verify, open, keep."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = self.client.callback(self.headers, body)
        self.send_response(204 if told else 401)
        self.end_headers()
        if told:
            self.come.put(told)

    def log_message(self, *_):
        """Say nothing."""


def next_event(number):
    """Return the next notification, which must be about a number."""
    told = Receiver.come.get(timeout=WAIT_S)
    resource = told["resource"]
    assert number in resource.values(), (number, told)
    return told["event_type"], resource


def done(answer, status=200):
    """Return the JSON of an answer with the right status."""
    code, text = answer
    assert code == status, answer
    return json.loads(text) if text else None


def client_of(config, mode, notify_url, base, cert_dir):
    """Return the library's client, as its own documentation makes one."""
    public = (
        {
            "public_key": config["platform_public_key_pem"],
            "public_key_id": config["platform_public_key_id"],
        }
        if mode == "public"
        else {}
    )
    client = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=config["mchid"],
        private_key=config["merchant_private_key_pem"],
        cert_serial_no=config["merchant_serial"],
        appid=config["appid"],
        apiv3_key=config["apiv3_key"],
        notify_url=notify_url,
        cert_dir=cert_dir,
        timeout=(WAIT_S, WAIT_S),
        **public,
    )
    if base:
        client._core._gate_way = base
    return client


def act(config, **body):
    """Do what a person does on a page."""
    request = urllib.request.Request(
        config["control_url"] + "/act", json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        return json.load(answer)


def pay(client, config, openid):
    """Order, query, pay by card, hear of it, give a part back."""
    order = {"description": "还款", "amount": {"total": 1234}, "payer": {"openid": openid}}
    prepay_id = done(client.pay(out_trade_no="program001", **order))["prepay_id"]
    unpaid = done(client.query(out_trade_no="program001"))
    assert "NOTPAY" == unpaid["trade_state"]
    assert "transaction_id" not in unpaid
    act(config, do="pay", prepay_id=prepay_id, openid=openid, source="cmb")
    event, resource = next_event("program001")
    assert ("TRANSACTION.SUCCESS", "SUCCESS", 1234) == (
        event,
        resource["trade_state"],
        resource["amount"]["total"],
    )
    paid = done(client.query(transaction_id=resource["transaction_id"]))
    assert paid == resource
    amount = {"refund": 234, "total": 1234, "currency": "CNY"}
    done(client.refund(out_refund_no="back001", out_trade_no="program001", amount=amount))
    event, resource = next_event("back001")
    assert ("REFUND.SUCCESS", "SUCCESS") == (event, resource["refund_status"])
    assert "SUCCESS" == done(client.query_refund(out_refund_no="back001"))["status"]


def give_up(client, openid):
    """Order, and close it; then it cannot be paid."""
    order = {"description": "x", "amount": {"total": 1}, "payer": {"openid": openid}}
    done(client.pay(out_trade_no="program002", **order))
    assert done(client.close(out_trade_no="program002"), 204) is None
    assert "CLOSED" == done(client.query(out_trade_no="program002"))["trade_state"]


def transfer(client, config, openid):
    """Transfer with a name, confirm; transfer another, take it back."""
    bill = {
        "transfer_scene_id": "1000",
        "openid": openid,
        "transfer_remark": "借款",
        "transfer_scene_report_infos": [
            {"info_type": "活动名称", "info_content": "借款"},
            {"info_type": "奖励说明", "info_content": "借款"},
        ],
    }
    made = done(
        client.mch_transfer_bills(
            out_bill_no="bill1", transfer_amount=200_000, user_name="林小雨", **bill
        )
    )
    assert made["package_info"] or made["state"] != "WAIT_USER_CONFIRM"
    told = done(client.mch_transfer_bills_query(out_bill_no="bill1"))
    assert "WAIT_USER_CONFIRM" == told["state"]
    act(config, do="confirm", out_bill_no="bill1", openid=openid)
    event, resource = next_event("bill1")
    assert ("MCHTRANSFER.BILL.FINISHED", "SUCCESS") == (event, resource["state"])
    told = done(client.mch_transfer_bills_query(transfer_bill_no=made["transfer_bill_no"]))
    assert ("SUCCESS", config["mchid"]) == (told["state"], told["mch_id"])
    done(client.mch_transfer_bills(out_bill_no="bill2", transfer_amount=100, **bill))
    cancelled = done(client.mch_transfer_bills_cancel(out_bill_no="bill2"))
    assert cancelled["state"] in {"CANCELING", "CANCELLED"}
    event, resource = next_event("bill2")
    assert ("MCHTRANSFER.BILL.FINISHED", "CANCELLED") == (event, resource["state"])


def main(config, mode, base="", cert_dir=None):
    """Walk through everything; raise where anything is not as it should be."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    notify_url = f"http://127.0.0.1:{server.server_port}/notify"
    openid = config["openids"][0]
    client = client_of(config, mode, notify_url, base, cert_dir)
    Receiver.client, Receiver.come = client, queue.Queue()
    with server:
        try:
            pay(client, config, openid)
            give_up(client, openid)
            transfer(client, config, openid)
        finally:
            server.shutdown()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_bytes()), *sys.argv[2:])
    sys.stdout.write("walked\n")
