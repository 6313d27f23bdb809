"""When all is over: do the sandbox and the book agree, to the cent and order by order?

The sandbox is a company of its own, with a ledger of its own; what it says of a person's wallet
and card is compared with what our journal says of that person's orders.
"""

from collections import Counter, defaultdict
from typing import Any, NamedTuple

import psycopg
from tests.stories.people import MERCHANT_MINOR
from tests.stories.telling import Story, Told
from tests.stories.town import BOOK, Town

from jiehuan.channels import numbers
from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.ledger import Account, split
from jiehuan.core.outcomes import Outcome
from jiehuan.store.tables import OutboxState

ENDED = {"CLOSED", "FAIL", "CANCELLED"}
PAID = {"SUCCESS", "REFUND"}
MONEY = {Account.CASH, Account.WALLET_CLEARING}
SUCCESS = {
    Kind.DRAW_SUCCEEDED: (InstructionKind.PAY_OUT, 1),
    Kind.REPAY: (InstructionKind.COLLECT, -1),
    Kind.PAY_BACK_SUCCEEDED: (InstructionKind.PAY_BACK, 1),
}
TABLE = {
    InstructionKind.PAY_OUT: "transfers",
    InstructionKind.COLLECT: "orders",
    InstructionKind.PAY_BACK: "refunds",
}
REFUSED = {401}
AWAY = {0, 503}  # nobody there, or nobody who can write


class Breach(NamedTuple):
    """Something that does not agree: what, and whose line it is (0: nobody's alone)."""

    line: int
    what: str


class Order(NamedTuple):
    """An order of ours, as the outbox has it."""

    id: int
    line: int
    kind: InstructionKind
    amount_minor: int
    state: OutboxState

    @property
    def number(self) -> str:
        """Its number at the sandbox."""
        return numbers.write(BOOK, self.id)


class Books:
    """What our book has."""

    def __init__(self, dsn: str) -> None:
        with psycopg.connect(dsn) as conn:
            self.orders = [
                Order(row[0], row[1], InstructionKind(row[2]), row[3], OutboxState(row[4]))
                for row in conn.execute(
                    "SELECT id, line, kind, amount_minor, state FROM outbox WHERE book = %s", [BOOK]
                )
            ]
            self.commands = conn.execute(
                "SELECT seq, line, kind, amount_minor, ref, merchant FROM command"
                " WHERE book = %s AND outcome = %s ORDER BY seq",
                [BOOK, int(Outcome.DONE)],
            ).fetchall()
            self.transfers = conn.execute(
                "SELECT debit, credit, sum(amount_minor) FROM transfer WHERE book = %s"
                " GROUP BY debit, credit",
                [BOOK],
            ).fetchall()
            self.heard = {
                row[0] for row in conn.execute("SELECT event FROM inbox WHERE book = %s", [BOOK])
            }

    def money_minor(self) -> int:
        """Return by how much the accounts of money at the partner have changed."""
        change = 0
        for debit, credit, amount in self.transfers:
            change += int(amount) * (split(debit)[1] in MONEY)
            change -= int(amount) * (split(credit)[1] in MONEY)
        return change

    def successes(self) -> list[tuple[int, int, int, int]]:
        """Return order, line, amount and sign (1: to the borrower) of all money that moved."""
        return [
            (ref if kind != Kind.REPAY else merchant, line, amount, SUCCESS[Kind(kind)][1])
            for _, line, kind, amount, ref, merchant in self.commands
            if kind in SUCCESS
        ]


def breaches(told: Told) -> list[Breach]:
    """Return everything that is wrong after a run."""
    books = Books(told.town.dsn)
    state: dict[str, Any] = dict(told.state)
    found = [Breach(story.line, f"{story.person.openid}: {story.wrong}")
             for story in told.stories if story.wrong]  # fmt: skip
    if told.unfinished:
        found.append(Breach(0, f"still in flight: {told.unfinished}"))
    found += _audit(told.town)
    found += _totals(books, state["balances"])
    found += _orders(books, state)
    found += _once(books)
    found += _acknowledged(books, told.stories)
    found += _purses(books, told.stories, state["balances"])
    found += _notices(books, state)
    return found + _counted(told.town, state)


def _audit(town: Town) -> list[Breach]:
    status, said = town.command("audit", "--book", str(BOOK))
    return [Breach(0, f"audit: {said}")] if status else []


def _totals(books: Books, balances: dict[str, int]) -> list[Breach]:
    """Compare the merchant's account with ours."""
    ours, theirs = books.money_minor(), balances["merchant"] - MERCHANT_MINOR
    wrong = []
    if ours != theirs:
        wrong.append(f"the merchant's account changed by {theirs}, ours by {ours}")
    if sum(balances.values()):
        wrong.append(f"the sandbox's accounts add up to {sum(balances.values())}")
    wrong += [f"{balances[name]} is {name}" for name in ("locked", "refunding") if balances[name]]
    return [Breach(0, what) for what in wrong]


def _orders(books: Books, state: dict[str, Any]) -> list[Breach]:
    """Compare order by order: there once, the same amount, the same end."""
    found = []
    there: dict[str, tuple[str, dict[str, Any]]] = {}
    for table in ("orders", "refunds", "transfers"):
        there |= {row["number"]: (table, row) for row in state[table]}
    known = {order.number for order in books.orders}
    found += [Breach(0, f"{number} at the sandbox is none of ours") for number in there if
              number not in known]  # fmt: skip
    for order in books.orders:
        table, row = there.get(order.number, ("", {}))
        what = _differs(order, table, row)
        if what:
            found.append(Breach(order.line, f"{order.number} {order.kind.name}: {what}"))
    return found


def _differs(order: Order, table: str, row: dict[str, Any]) -> str:
    if not row:
        return "" if order.state is OutboxState.FAILED else f"{order.state.name}, not there"
    amount = row.get("amount_minor", row.get("total_minor"))
    state = row.get("state", row.get("status"))
    ended = state in PAID if order.state is OutboxState.SUCCEEDED else state in ENDED
    if table != TABLE[order.kind] or amount != order.amount_minor:
        return f"there it is {table}, {amount}, here {order.amount_minor}"
    if order.state < OutboxState.SUCCEEDED or not ended:
        return f"{order.state.name} here, {state} there"
    return ""


def _once(books: Books) -> list[Breach]:
    """Find orders whose money was booked twice, not at all, or with another amount."""
    orders = {order.id: order for order in books.orders}
    times: Counter[int] = Counter()
    found = []
    for order, line, amount, _ in books.successes():
        times[order] += 1
        if order not in orders or orders[order].amount_minor != amount:
            found.append(Breach(line, f"{amount} was booked for order {order}"))
    found += [
        Breach(one.line, f"{one.number} is {one.state.name}, booked {times[one.id]} times")
        for one in orders.values()
        if times[one.id] != (one.state is OutboxState.SUCCEEDED)
    ]
    return found


def _acknowledged(books: Books, stories: list[Story]) -> list[Breach]:
    """Compare what borrowers were told was booked with what was."""
    ours: dict[int, set[int]] = defaultdict(set)
    bought: dict[int, list[int]] = defaultdict(list)
    for order in books.orders:
        ours[order.line].add(order.id)
    for seq, line, kind, *_ in books.commands:
        if kind == Kind.PURCHASE:
            bought[line].append(seq)
    found = []
    for story in stories:
        if ours[story.line] != set(story.orders):
            what = f"told {sorted(set(story.orders))}, booked {sorted(ours[story.line])}"
            found.append(Breach(story.line, f"orders: {what}"))
        if bought[story.line] != [seq for seq, _ in story.purchases]:
            what = f"told {story.purchases}, booked {bought[story.line]}"
            found.append(Breach(story.line, f"purchases: {what}"))
    return found


def _purses(books: Books, stories: list[Story], balances: dict[str, int]) -> list[Breach]:
    """Compare each person's wallet and card with what the journal says moved."""
    ours: dict[int, int] = defaultdict(int)
    for _, line, amount, sign in books.successes():
        ours[line] += sign * amount
    found = []
    for story in stories:
        begun = story.person.accounts
        theirs = sum(balances[name] - amount for name, amount in begun.items())
        if theirs != ours[story.line]:
            what = f"wallet and card changed by {theirs}, in the journal by {ours[story.line]}"
            found.append(Breach(story.line, what))
    return found


def _notices(books: Books, state: dict[str, Any]) -> list[Breach]:
    """Find notices that were taken and should not be, or were taken and are not kept."""
    amounts = {order.number: order.amount_minor for order in books.orders}
    lines = {order.number: order.line for order in books.orders}
    found = []
    for notice in state["notices"]:
        line = lines.get(notice["number"], 0)
        taken = notice["state"] == "accepted" or {200, 204} & set(notice["statuses"])
        name = f"notice {notice['id']} of {notice['number']}"
        if notice["forged"] or notice["probe"]:
            if taken or notice["id"] in books.heard:
                found.append(Breach(line, f"{name} is forged, and was taken"))
            if set(notice["statuses"]) - REFUSED - AWAY:
                found.append(Breach(line, f"{name} is forged: answered {notice['statuses']}"))
        elif taken and notice["id"] not in books.heard:
            found.append(Breach(line, f"{name} was taken, and is not kept"))
        elif taken and _amount_in(notice["resource"]) != amounts.get(notice["number"]):
            found.append(Breach(line, f"{name} says another amount, and was taken"))
    return found


def _amount_in(resource: dict[str, Any]) -> object:
    if "transfer_amount" in resource:
        return resource["transfer_amount"]
    amount = resource["amount"]
    return amount.get("refund", amount["total"])


def _counted(town: Town, state: dict[str, Any]) -> list[Breach]:
    """Compare how many notices were refused as forged with what the service counted."""
    refused = Counter(
        "probe" if notice["probe"] else "signature"
        for notice in state["notices"]
        if notice["forged"] or notice["probe"]
        for status in notice["statuses"]
        if status in REFUSED
    )
    log = town.log("service").read_text(encoding="utf-8")
    return [
        Breach(0, f"{count} notices were refused ({why}), {log.count(f'{why} (')} counted")
        for why, count in refused.items()
        if log.count(f"partner's: {why} (") < count
    ]
