"""A `jiehuan sandbox wechat` of one's own, and a merchant: a page, and what it is notified of."""

import http.server
import itertools
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]

COMMAND = (str(Path(sys.executable).with_name("jiehuan")), "sandbox", "wechat")
SHOP = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>shop</title>
<link rel="icon" href="data:,"><p id="said"></p><button>pay</button>
<script src="{shim}"></script><script src="/shop.js"></script></html>"""
PLAIN = '<!doctype html><title>shop</title><link rel="icon" href="data:,">'
SHOP_SCRIPT = """
const said = (what) => { document.querySelector("#said").textContent = JSON.stringify(what); };
const told = JSON.parse(decodeURIComponent(location.hash.slice(1) || "{}"));
document.addEventListener("wxpay", (event) => said(event.detail));
document.querySelector("button").addEventListener("click", () => {
  WeixinJSBridge.invoke(told.api, told.parameters, said);
});
if (told.at_once) WeixinJSBridge.invoke(told.api, told.parameters, said);
"""


class Shop(http.server.ThreadingHTTPServer):
    """The merchant's own server: a page that pays, an address that is notified."""

    daemon_threads = True

    def __init__(self, shim_url: str) -> None:
        """Listen somewhere on this machine."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {
            "/": ("text/html", SHOP.format(shim=shim_url)),
            "/shop.js": ("text/javascript", SHOP_SCRIPT),
            "/plain": ("text/html", PLAIN),
        }
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Shop
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, text = self.server.files.get(self.path.partition("?")[0], ("text/plain", ""))
        self._answer(200 if text else 404, kind, text)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, "application/json", "{}")

    def _answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Sandbox:
    """The sandbox in a process of its own.

    Attributes:
        config: What ``--print-config`` says.
        shop: The merchant's own server.
    """

    def __init__(self, data: Path) -> None:
        """Take the directory to keep keys and journal in."""
        self._data = data
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        """Start it, and become its merchant."""
        self._process = subprocess.Popen(
            [*COMMAND, "--data", str(self._data), "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, said
        command = [*COMMAND, "--data", str(self._data), "--port", found[1], "--print-config"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.config: dict[str, Any] = json.loads(told)
        self._merchant = self._client()
        self.shop = Shop(self.config["shim_url"])
        threading.Thread(target=self.shop.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.shop.shutdown()
        self.shop.server_close()
        self._process.terminate()
        self._process.communicate()

    def _client(self) -> WeChatPay:
        told = self.config
        client = WeChatPay(
            wechatpay_type=WeChatPayType.JSAPI,
            mchid=told["mchid"],
            private_key=told["merchant_private_key_pem"],
            cert_serial_no=told["merchant_serial"],
            apiv3_key=told["apiv3_key"],
            appid=told["appid"],
            notify_url="http://127.0.0.1:9/notify",
            public_key=told["platform_public_key_pem"],
            public_key_id=told["platform_public_key_id"],
        )
        client._core._gate_way = told["base_url"]
        return client

    def order(self, total_minor: int, openid: str) -> str:
        """Make an order; return its prepay_id."""
        status, told = self._merchant.pay(
            description="借还 · 11月账单",
            out_trade_no=f"order{next(self._numbers):06d}",
            amount={"total": total_minor, "currency": "CNY"},
            payer={"openid": openid},
            notify_url=f"{self.shop.url}/notify",
            pay_type=WeChatPayType.JSAPI,
        )
        assert 200 == status, told
        return str(json.loads(told)["prepay_id"])

    def transfer(self, amount_minor: int, openid: str) -> str:
        """Make a transfer; return its package_info."""
        status, told = self._merchant.mch_transfer_bills(
            out_bill_no=f"bill{next(self._numbers):06d}",
            transfer_scene_id="1000",
            openid=openid,
            transfer_amount=amount_minor,
            transfer_remark="借到零钱",
            transfer_scene_report_infos=[{"info_type": "x", "info_content": "y"}],
            notify_url=f"{self.shop.url}/notify",
        )
        assert 200 == status, told
        return str(json.loads(told)["package_info"])

    def address(self, page: str, **query: str) -> str:
        """Return the address of a page: ``authorize``, ``cashier``, ``confirm`` or ``control``."""
        return f"{self.config[f'{page}_url']}?{urlencode(query)}"

    def pay_parameters(self, prepay_id: str) -> dict[str, str]:
        """Return what a merchant's page gives the bridge; the signature is not looked into."""
        return {
            "appId": self.config["appid"],
            "timeStamp": "1795000000",
            "nonceStr": "n",
            "package": f"prepay_id={prepay_id}",
            "signType": "RSA",
            "paySign": "s",
        }
