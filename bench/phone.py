"""How fast are the phone pages on the server?  A borrower with a year of life; median of 40 a page.

Prints one JSON object: milliseconds a page, all of HTTP but the socket, database included, and
bytes gzipped.  Arguments: how many requests a page (40).
"""

import asyncio
import datetime as dt
import gzip
import json
import statistics
import sys
import time
from importlib.resources import files
from typing import Unpack

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from jiehuan.channels.wechat_settings import Settings
from jiehuan.core import days
from jiehuan.core.commands import Kind
from jiehuan.serve.changing import Columns
from jiehuan.serve.opening import make_ready
from jiehuan.serve.phone.app import create_phone
from jiehuan.serve.phone.session import Sessions
from jiehuan.serve.service import Order, Service
from jiehuan.serve.wallet import CLIENT_PHONE, Wallet, WalletSettings
from jiehuan.store.server import Server

TIMES = 40
BOOK = 2
PARTY = 1
MONTHS = 12
FIRST_ON = days.parse("2026-01-05")
URL = "http://phone.local"
KEY = bytes(32)

PAGES = (
    "/phone/",
    "/phone/home",
    "/phone/borrow",
    "/phone/borrow/quote?amount=1000&count=12",
    "/phone/borrow/confirm?amount=1000&count=12",
    "/phone/shops",
    "/phone/bills",
    "/phone/repay",
    "/phone/repay/instalments?count=12",
    "/phone/plan",
    "/phone/history",
)


async def live(service: Service) -> None:
    """Open a line and use it for a year: purchases, a draw and a repayment a month."""
    number, _ = await service.reading(lambda conn: service.product(conn, "pay-later"))
    order = Order(
        client=CLIENT_PHONE, kind=Kind.OPEN, key="open", content="", amount_minor=2_000_000,
        ref=PARTY, terms=number,
    )  # fmt: skip
    line = int((await service.book_order(order)).row["line"])

    async def do(kind: Kind, name: str, **columns: Unpack[Columns]) -> int:
        order = Order(client=CLIENT_PHONE, kind=kind, key=name, content=name, line=line, **columns)
        return int((await service.book_order(order)).row["seq"])

    on = dt.date.fromordinal(FIRST_ON)
    for month in range(MONTHS):
        for one in range(8):
            await do(Kind.PURCHASE, f"buy {month} {one}", amount_minor=9_900, merchant=101)
        draw = await do(Kind.DRAW, f"draw {month}", amount_minor=20_000, count=(month % 2) * 6)
        await do(Kind.DRAW_SUCCEEDED, f"drawn {month}", ref=draw, amount_minor=20_000)
        on = on.replace(year=on.year + on.month // 12, month=on.month % 12 + 1)
        await service.advance(on.toordinal(), f"day {month}")
        if month < MONTHS - 1:
            await do(Kind.REPAY, f"repay {month}", amount_minor=90_000)


async def measure(service: Service, wallet: WalletSettings, times: int) -> dict[str, object]:
    """Return for each page its median time and its weight."""
    app = Starlette(routes=[Mount("/phone", create_phone(Wallet(service, wallet)))])
    response = Response()
    Sessions(KEY, BOOK, secure=False).begin(response, PARTY)
    cookie = response.headers["set-cookie"].split(";")[0]
    out: dict[str, object] = {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=URL, headers={"Cookie": cookie}
    ) as client:
        for page in PAGES:
            taken = []
            for _ in range(times):
                begun = time.perf_counter()
                part = {"HX-Request": "true"} if "/quote" in page else {}
                answer = await client.get(page, headers=part)
                taken.append(time.perf_counter() - begun)
                assert answer.is_success, (page, answer.status_code)
            size = len(gzip.compress(answer.content))
            out[page] = {"ms": round(statistics.median(taken) * 1e3, 1), "bytes": size}
    return out


def settings() -> WalletSettings:
    """Return an account that is never used."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    channel = Settings(
        base_url="http://127.0.0.1:9",
        mchid="1900000001",
        appid="wx0000000000000001",
        appsecret="",
        apiv3_key="0" * 32,
        merchant_serial="0" * 40,
        merchant_private_key_pem=private,
        platform_public_key_id="PUB_KEY_ID_0",
        platform_public_key_pem=public.decode(),
    )
    return WalletSettings(
        settings=channel, courier_token="", vault_key=KEY, public_url=URL, session_key=KEY
    )


def main() -> None:
    """Make a book, live in it, and measure."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    policy = (files("jiehuan") / "wallet_policy.toml").read_bytes()
    with Server.temporary() as server:
        make_ready(server.dsn, BOOK, ("CNY", FIRST_ON), policy=policy)
        service = Service.open(server.dsn, BOOK, "bench")
        try:
            asyncio.run(live(service))
            pages = asyncio.run(measure(service, settings(), times))
        finally:
            service.close()
    print(json.dumps({"bench": "phone", "pages": pages}))


if __name__ == "__main__":
    main()
