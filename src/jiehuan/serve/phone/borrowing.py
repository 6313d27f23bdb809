"""Borrowing to the wallet: how much, for how long, at what cost; and the yes to it."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from starlette.responses import Response

from jiehuan.core.by_day import by_day
from jiehuan.core.days import next_cut_on
from jiehuan.core.errors import UsageError
from jiehuan.core.schedule import quote as quote_plan
from jiehuan.serve.phone import doing
from jiehuan.serve.phone.forms import read_amount, read_number
from jiehuan.serve.phone.visit import Me, Refused, Visit

STEP_MINOR: Final = 10_000  # of the slider; any amount can be typed
SUGGESTED_MINOR_MAX: Final = 800_000
UNPROCESSABLE: Final = 422
BACK: Final = ("/phone/borrow", "回借款页")


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """How much, and in how many instalments; 0: by the day."""

    amount_minor: int
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One payment of a quote."""

    on: int
    principal_minor: int
    cost_minor: int

    @property
    def amount_minor(self) -> int:
        """Both together."""
        return self.principal_minor + self.cost_minor


@dataclasses.dataclass(frozen=True, slots=True)
class Quoted:
    """What it would cost.

    Attributes:
        asked: What for.
        rows: What would be paid when.
        cost_minor: All that is paid beyond the principal.
        daily_minor: The same by the day, rounded.
        yearly_ppm: A year; 12 x the monthly rate of return for instalments.
    """

    asked: Asked
    rows: Sequence[Row]
    cost_minor: int
    daily_minor: int
    yearly_ppm: int

    @property
    def total_minor(self) -> int:
        """All that is paid."""
        return self.asked.amount_minor + self.cost_minor


def terms_offered(me: Me) -> list[int]:
    """Return the numbers of instalments to choose from; 0 is by the day."""
    return [0, *me.product.plans]


def suggested(me: Me) -> int:
    """Return an amount to begin with: what is available in whole steps, but not very much."""
    most = min(me.available_minor, SUGGESTED_MINOR_MAX)
    return max(most // STEP_MINOR * STEP_MINOR, 0)


def cuts_after(on: int, cycle_day: int, count: int) -> list[int]:
    """Return the next days on which statements are cut."""
    cuts = [next_cut_on(np.array([on], np.int32), cycle_day)]
    while len(cuts) < count:
        cuts.append(next_cut_on(cuts[-1], cycle_day))
    return [int(cut[0]) for cut in cuts]


def quoted(me: Me, asked: Asked) -> Quoted:
    """Return what a draw would cost if it arrived today.

    Raises:
        UsageError: The product does not offer that number, or the amount is out of range.
    """
    cycle_day = int(me.line["cycle_day"])
    if asked.count == 0:
        made = by_day(me.product, asked.amount_minor, me.on, cycle_day)
        rows = [
            Row(made.due_on, asked.amount_minor, made.first_minor),
            Row(made.next_due_on, 0, made.rest_minor),
        ]
        cost = made.first_minor + made.rest_minor
        rows = [row for row in rows if row.amount_minor]
        return Quoted(asked, rows, cost, made.daily_minor, made.yearly_ppm)
    plan = quote_plan(me.product, asked.amount_minor, asked.count)
    due_after = me.product.due_after_days
    cuts = cuts_after(me.on, cycle_day, plan.count)
    rows = [
        Row(cut + due_after, term.principal_minor, term.fee_minor)
        for cut, term in zip(cuts, plan.terms, strict=True)
    ]
    days = rows[-1].on - me.on
    daily = (2 * plan.fee_minor + days) // (2 * days)
    return Quoted(asked, rows, plan.fee_minor, daily, plan.yearly_ppm)


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """A quote, or what is wrong with what was asked for (in Chinese)."""

    asked: Asked
    quoted: Quoted | None
    wrong: str


def offer(me: Me, amount: str, count: str) -> Offer:
    """Return a quote for what was typed, or say what is wrong with it."""
    asked = Asked(read_amount(amount) or 0, read_number(count) or 0)
    if asked.count not in terms_offered(me):
        asked = dataclasses.replace(asked, count=0)
        return Offer(asked, None, "请从页面上列出的期数中选择。")
    if asked.amount_minor <= 0:
        return Offer(asked, None, "请填写金额，最多两位小数")
    if me.line["past_due_on"]:
        return Offer(asked, None, "请先还清逾期的最低还款额，再借款、付款或分期。")
    if asked.amount_minor > me.available_minor:
        return Offer(asked, None, "超出可用额度 {available}")
    try:
        return Offer(asked, quoted(me, asked), "")
    except UsageError:
        return Offer(asked, None, "请减少金额后重试。")


async def _offer(visit: Visit) -> tuple[Me, Offer]:
    me, _ = await visit.look(lambda _conn, _me: None)
    amount = visit.asked("amount") or f"{suggested(me) // 100}"
    return me, offer(me, amount, visit.asked("count") or "0")


async def show(visit: Visit) -> Response:
    """Show the form, with a quote."""
    me, made = await _offer(visit)
    return visit.page("borrow", me=me, offer=made, offered=terms_offered(me))


async def quote(visit: Visit) -> Response:
    """Show what it would cost; the page asks for it while somebody types."""
    me, made = await _offer(visit)
    if not visit.is_part:
        return visit.go(f"/phone/borrow?{visit.request.url.query}")
    return visit.page("borrow_quote", me=me, offer=made)


async def confirm(visit: Visit) -> Response:
    """Show once more what it costs, and ask for the yes.

    The address names the state of the line in which the amount was chosen, so does the form:
    who comes back to this page and says yes again says it to the same draw.
    """
    me, made = await _offer(visit)
    if made.quoted is None:
        values = {"available": visit.money(max(me.available_minor, 0))}
        raise Refused("没有办理", made.wrong, UNPROCESSABLE, values, (BACK,))
    chosen_at = min(read_number(visit.asked("at")) or me.last, me.last)
    seal = visit.seal_of("draw", dataclasses.replace(me, last=chosen_at))
    return visit.page("borrow_confirm", me=me, quoted=made.quoted, seal=seal)


async def send(visit: Visit) -> Response:
    """Borrow: the amount is held, and its order waits for the courier."""
    form = await visit.form("draw")
    me, _ = await visit.look(lambda _conn, _me: None)
    amount, count = form.amount("amount"), form.number("count")
    if amount is None or count is None or count not in terms_offered(me):
        raise Refused("没有办理", "请填写金额，最多两位小数", UNPROCESSABLE, further=(BACK,))
    if form.text("consent") != "yes":
        raise Refused("没有办理", "请阅读并同意后再提交", UNPROCESSABLE, further=(BACK,))
    asking = visit.phone.wallet.ask_draw(me.id, amount, count, form.key)
    booked = await doing.once(visit, form.key, asking, BACK)
    return visit.go(f"/phone/orders/{int(booked.row['seq'])}")
