"""Paying a shop: its QR code, the yes to its bill, and the receipt."""

from typing import Final

from starlette.responses import Response

from jiehuan.core.columns import Rows
from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.serve.phone import doing
from jiehuan.serve.phone.borrowing import cuts_after
from jiehuan.serve.phone.forms import read_number
from jiehuan.serve.phone.shops import ORDER_CHARS_MAX, Bill
from jiehuan.serve.phone.static import FOREVER
from jiehuan.serve.phone.visit import Me, Refused, Visit, not_found
from jiehuan.serve.service import Order
from jiehuan.serve.wallet import CLIENT_PHONE
from jiehuan.store import lookup
from jiehuan.store.database import Connection

FORBIDDEN: Final = 403
BACK: Final = ("/phone/shops", "回商家列表")
KINDS: Final = frozenset({Kind.PURCHASE, Kind.CAPTURE})


async def shops(visit: Visit) -> Response:
    """Show the shops, each with bills to scan."""
    me, _ = await visit.look(lambda _conn, _me: None)
    made = visit.phone.shops
    shown = [
        (
            shop,
            [
                (one, bill, made.path(bill))
                for one in shop.goods
                for bill in [made.ask(shop.merchant, one.amount_minor)]
            ],
        )
        for shop in made.all.values()
    ]
    return visit.page("shops", me=me, shops=shown, code_path=made.code_path)


def _bill(visit: Visit, order: str, amount: str, sign: str) -> Bill:
    """Return the bill that was scanned.

    Raises:
        Refused: The shop has not signed it, so something of it was changed.
    """
    amount_minor = read_number(amount)
    merchant = visit.number("merchant")
    bill = Bill(merchant, order, amount_minor or 0)
    known = merchant in visit.phone.shops.all and 0 < len(order) <= ORDER_CHARS_MAX
    if not known or not amount_minor or not visit.phone.shops.is_signed(bill, sign):
        raise Refused(
            "这个付款码不对",
            "商家、订单或金额与商家签名的不一致，没有付款。请让商家重新出示付款码。",
            FORBIDDEN,
            further=(BACK,),
        )
    return bill


async def code(visit: Visit) -> Response:
    """Draw the QR code of a bill."""
    bill = _bill(visit, visit.asked("order"), visit.asked("amount_minor"), visit.asked("sign"))
    headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
    return Response(visit.phone.shops.code(bill), 200, headers, "image/svg+xml")


def _key(bill: Bill) -> str:
    return f"shop/{bill.merchant}/{bill.order}"


async def scanned(visit: Visit) -> Response:
    """Show what a shop asks for."""
    visit.who  # noqa: B018 - whoever has not signed in is sent to do so
    bill = _bill(visit, visit.asked("order"), visit.asked("amount_minor"), visit.asked("sign"))
    me, _ = await visit.look(lambda _conn, _me: None)
    cut_on, *_ = cuts_after(me.on, int(me.line["cycle_day"]), 1)
    return visit.page(
        "pay",
        me=me,
        bill=bill,
        sign=visit.asked("sign"),
        shop=visit.phone.shops.name(bill.merchant, visit.language),
        free_until_on=cut_on + me.product.due_after_days,
        spendable_minor=max(me.available_minor + int(me.line["overpaid_minor"]), 0),
        seal=visit.seal("pay"),
    )


async def pay(visit: Visit) -> Response:
    """Pay a bill; an order is paid once, by whomever."""
    form = await visit.form("pay")
    bill = _bill(visit, form.text("order"), form.text("amount_minor"), form.text("sign"))
    me, _ = await visit.look(lambda _conn, _me: None)
    key = _key(bill)
    order = Order(
        client=CLIENT_PHONE,
        kind=Kind.PURCHASE,
        key=key,
        content=[me.id, bill.merchant, bill.order, bill.amount_minor],
        line=me.id,
        amount_minor=bill.amount_minor,
        merchant=bill.merchant,
    )
    booked = await doing.once(visit, key, visit.phone.service.book_order(order), BACK)
    return visit.go(f"/phone/receipts/{int(booked.row['seq'])}")


async def receipt(visit: Visit) -> Response:
    """Show that a shop was paid."""
    number = visit.number("seq")

    def read(conn: Connection, me: Me) -> Rows:
        rows = lookup.command(conn, visit.phone.service.book, number)
        mine = len(rows) and rows[0]["line"] == me.id and rows[0]["outcome"] == Outcome.DONE
        if not mine or Kind(rows[0]["kind"]) not in KINDS:
            raise not_found()
        return rows

    me, (row,) = await visit.look(read)
    shop = visit.phone.shops.name(int(row["merchant"]), visit.language)
    return visit.page("receipt", me=me, row=row, shop=shop)
