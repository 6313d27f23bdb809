"""Somebody without scripts at the pages of a sandbox's world."""

import asyncio
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from jiehuan.channels.sandbox import pages
from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.oauth import Codes
from jiehuan.channels.sandbox.people import read_people
from jiehuan.channels.sandbox.settings import Settings
from jiehuan.channels.sandbox.world import World

START = 1_795_000_000.0  # 2026-11-18 19:06:40 in China
HERE = "http://127.0.0.1"
BACK = "http://127.0.0.1:9/phone/repay?a=1"
LIN = "oSandbox-linxiaoyu-000000001"
POOR = "oSandbox-zhaoyong-0000000004"
CN = {"accept-language": "zh-CN"}


class Visit:
    """A browser without scripts at the pages of a world."""

    def __init__(self):
        self.world = World(Journal(None), read_people(), Clock(real=lambda: START), Settings())
        self.codes = Codes()
        app = Starlette(routes=list(pages.routes))
        app.state.world = self.world
        app.state.codes = self.codes
        self._app = app

    def get(self, path, /, headers=CN, **query):
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, headers=headers)

    def post(self, path, /, headers=CN, **form):
        return self._ask("POST", path, data=form, headers=headers)

    def _ask(self, method, path, **more):
        async def ask():
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    def order(self, total=1_234_56, openid=LIN, number="order-000001", kind="JSAPI"):
        body = {
            "appid": self.world.people.merchant.appid,
            "mchid": self.world.people.merchant.mchid,
            "description": "11月账单 <还款>",
            "out_trade_no": number,
            "notify_url": "http://127.0.0.1:9/notify",
            "amount": {"total": total, "currency": "CNY"},
        }
        body |= {"payer": {"openid": openid}} if openid else {}
        told = self.world.prepay(body, kind)
        return told.get("prepay_id") or self.world.orders()[-1].prepay_id

    def transfer(self, amount=500_00, openid=LIN):
        body = {
            "appid": self.world.people.merchant.appid,
            "out_bill_no": "bill000001",
            "transfer_scene_id": "1000",
            "openid": openid,
            "transfer_amount": amount,
            "transfer_remark": "借到零钱",
            "notify_url": "http://127.0.0.1:9/notify",
            "transfer_scene_report_infos": [{"info_type": "x", "info_content": "y"}],
        }
        return self.world.transfer(body)["package_info"]

    def on(self, openid, source="balance"):
        return self.world.balances()[f"{openid}/{source}"]
