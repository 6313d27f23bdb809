"""The bills of a line: each as it was issued, and what it is made of."""

from typing import Final

from starlette.responses import Response

from jiehuan.core.columns import Rows
from jiehuan.core.line import Item
from jiehuan.serve.phone.home import owed
from jiehuan.serve.phone.repaying import may_convert
from jiehuan.serve.phone.visit import Me, Visit, not_found
from jiehuan.store import borrower
from jiehuan.store.database import Connection

SHOWN_MAX: Final = 24

ITEMS: Final = {
    Item.PREVIOUS: "上期账单",
    Item.ADJUSTMENT: "对以前日期的调整",
    Item.REPAID: "本期已还",
    Item.OTHER: "退款、分期与其他",
    Item.PURCHASES: "本期消费",
    Item.DRAWS: "本期借款",
    Item.INSTALMENTS: "分期本金",
    Item.FEES: "分期手续费",
    Item.INTEREST: "利息",
    Item.PENALTY: "罚息",
}
assert set(ITEMS) == set(Item)


async def bills(visit: Visit) -> Response:
    """List the bills, the newest first."""
    book = visit.phone.service.book

    def read(conn: Connection, me: Me) -> tuple[Rows, Rows]:
        return (
            borrower.newest_statements(conn, book, me.id, SHOWN_MAX),
            borrower.unmet(conn, book, me.id),
        )

    me, (rows, unmet) = await visit.look(read)
    return visit.page("bills", me=me, bills=rows, owed=owed(me.line, unmet, me.on))


async def bill(visit: Visit) -> Response:
    """Show a bill and what it is made of."""
    number, book = visit.number("no"), visit.phone.service.book

    def read(conn: Connection, me: Me) -> tuple[Rows, Rows, Rows]:
        rows, items = borrower.statement(conn, book, me.id, number)
        if not len(rows):
            raise not_found()
        return rows, items, borrower.unmet(conn, book, me.id)

    me, (rows, items, unmet) = await visit.look(read)
    newest = int(rows[0]["cut_on"]) == int(me.line["cut_on"])
    return visit.page(
        "bill",
        me=me,
        bill=rows[0],
        items=[(ITEMS[Item(item["item"])], int(item["amount_minor"])) for item in items],
        newest=newest,
        owed=owed(me.line, unmet, me.on),
        may_convert=newest and may_convert(me),
    )
