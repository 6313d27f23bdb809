"""Applying for a line: who somebody is, what they agree to, and what came of it."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
from starlette.responses import Response

from jiehuan.core import price
from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import Product
from jiehuan.engine.requests import key_hashes
from jiehuan.risk.policy import Verdict
from jiehuan.serve import bodies, decider, shapes
from jiehuan.serve.phone import identity
from jiehuan.serve.phone.forms import Form, read_amount
from jiehuan.serve.phone.visit import Elsewhere, Refused, Visit, newest_open, not_found
from jiehuan.serve.service import Order
from jiehuan.serve.wallet import CLIENT_PHONE
from jiehuan.store import borrower, lookup
from jiehuan.store.database import Connection
from jiehuan.store.vault import Field

TRIES_MAX: Final = 20
SAMPLE_AREA: Final = "999999"
SAMPLE_AGE: Final = 36
SAMPLE_PHONE: Final = "10000000000"
UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
LIMIT_SHOWN_MINOR: Final = 1_000_000

FIELDS: Final = ("name", "id_number", "phone", "education", "limit", "consent")

# Of the scorecard's feature: 1 graduate school, 2 university, 3 high school, 4 other.
EDUCATION: Final = ((1, "研究生"), (2, "大学"), (3, "高中"), (4, "其他"))


@dataclasses.dataclass(frozen=True, slots=True)
class Applicant:
    """What an application says, read and found to be in order."""

    name: str
    id_number: str
    phone: str
    age_years: int
    education: int
    limit_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Asking:
    """What the form needs to know.

    Attributes:
        product: The terms under which a line would be opened today.
        on: The book's day.
        key: Under which the application will be journalled.
        most_minor: No higher limit is granted by the policy in force, or the product.
    """

    product: Product
    on: int
    key: str
    most_minor: int

    @property
    def rates(self) -> dict[str, int]:
        """Yearly rates of the product by what they are for, in ppm."""
        return {
            "draw": price.of_daily_ppm(self.product.draw_rate_ppm),
            "rest": price.of_daily_ppm(self.product.purchase_rate_ppm),
            "late": price.of_daily_ppm(self.product.late_rate_ppm),
        }


def _asking(visit: Visit, conn: Connection) -> Asking:
    """Return what the form needs to know.

    Raises:
        Elsewhere: They have a line already.
        Refused: They have applied too often, or no product is offered.
    """
    service, party = visit.phone.service, visit.who.party
    lines = borrower.lines(conn, service.book, party)
    if newest_open(lines) is not None:
        raise Elsewhere("/phone/home")
    products = service.products(conn)
    if not products:
        raise Refused("暂不受理申请", "目前没有可以申请的产品。", CONFLICT)
    # The first key that was not used: so it is another one after an answer, and the same one
    # in two windows.
    keys = [f"phone/apply/{party}/{len(lines)}/{place}" for place in range(TRIES_MAX)]
    hashes = key_hashes(keys)
    used = borrower.under_keys(conn, service.book, CLIENT_PHONE, hashes)
    if len(used) == TRIES_MAX:
        raise Refused("申请次数过多", "请联系客服，由人工为你办理。", CONFLICT)
    known = set(used["key_hash"].tolist())
    free = next(key for key, one in zip(keys, hashes.tolist(), strict=True) if one not in known)
    on = service.row(conn).business_on
    policy, _ = decider.deciders(conn, on)
    most = min(products[0].limit_minor_max, policy.limit_minor_max)
    return Asking(products[0], on, free, most)


async def show(visit: Visit) -> Response:
    """Show the form."""
    visit.who  # noqa: B018 - whoever has not signed in is sent to do so
    asking = await visit.phone.service.reading(lambda conn: _asking(visit, conn))
    filled = sample(asking.on) if visit.asked("sample") and _is_demo(visit) else {}
    return _form(visit, asking, filled, {})


def _is_demo(visit: Visit) -> bool:
    return not visit.phone.front.settings.is_live


def sample(on: int) -> dict[str, str]:
    """Return what a test person may fill in: nobody has such a number, nor such a phone."""
    born = dt.date.fromordinal(on).replace(day=1)
    number = identity.number(f"{SAMPLE_AREA}{born.year - SAMPLE_AGE:04}{born.month:02}01002")
    return {"id_number": number, "phone": SAMPLE_PHONE, "education": "2"}


def _form(
    visit: Visit, asking: Asking, filled: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    shown = min(LIMIT_SHOWN_MINOR, asking.most_minor)
    return visit.page(
        "apply",
        UNPROCESSABLE if wrong else 200,
        asking=asking,
        seal=visit.seal("apply", asking.key),
        filled={**dict.fromkeys(FIELDS, ""), "limit": visit.plain(shown), **filled},
        wrong=wrong,
        education=EDUCATION,
        sample=_is_demo(visit) and not filled,
    )


def _read(form: Form, asking: Asking) -> tuple[Applicant | None, dict[str, str]]:
    """Return what an application says, or what is wrong with it, by field."""
    wrong: dict[str, str] = {}
    name, number, phone = (
        form.text("name"),
        identity.tidy(form.text("id_number")),
        form.text("phone"),
    )
    if not identity.is_name(name):
        wrong["name"] = "请填写证件上的姓名"
    born = identity.born_on(number)
    age = identity.age_years(born, dt.date.fromordinal(asking.on)) if born else None
    if age is None:
        wrong["id_number"] = "身份证号不正确，请核对 18 位号码和校验码"
    if not identity.is_phone(phone):
        wrong["phone"] = "请填写 11 位手机号"
    education = form.number("education")
    if education not in {code for code, _ in EDUCATION}:
        wrong["education"] = "请选择学历"
    limit = read_amount(form.text("limit"))
    product = asking.product
    if limit is None or not product.limit_minor_min <= limit <= product.limit_minor_max:
        wrong["limit"] = "请填写可申请范围内的金额"
    if form.text("consent") != "yes":
        wrong["consent"] = "请阅读并同意后再提交"
    if wrong or age is None or education is None or limit is None:
        return None, wrong
    return Applicant(name, number, phone, age, education, limit), {}


async def send(visit: Visit) -> Response:
    """Take an application: the policy in force approves, refers or declines it."""
    form = await visit.form("apply")
    phone, party = visit.phone, visit.who.party

    def read(conn: Connection) -> tuple[int, Asking | None]:
        # In one moment of the book: of two taps the second finds the first, or nothing yet.
        sent = _known(visit, conn, form.key)
        return sent, None if sent else _asking(visit, conn)

    sent, asking = await phone.service.reading(read)
    if asking is None:
        return visit.go(f"/phone/applied/{sent}")
    who, wrong = _read(form, asking)
    if who is None:
        return _form(visit, asking, form.fields, wrong)
    await phone.wallet.remember(
        party, {Field.NAME: who.name, Field.ID_NUMBER: who.id_number, Field.PHONE: who.phone}
    )
    order = await phone.service.reading(lambda conn: _order(visit, conn, who, form.key))
    booked = await phone.service.book_order(order)
    return visit.go(f"/phone/applied/{int(booked.row['seq'])}")


def _known(visit: Visit, conn: Connection, key: str) -> int:
    """Return the number of the command under a key; 0 if there is none."""
    rows = borrower.under_keys(conn, visit.phone.service.book, CLIENT_PHONE, key_hashes([key]))
    return int(rows[0]["seq"]) if len(rows) else 0


def _order(visit: Visit, conn: Connection, who: Applicant, key: str) -> Order:
    service, party = visit.phone.service, visit.who.party
    product = service.products(conn)[0]
    number, _ = service.product(conn, product.name)
    asked = bodies.Application(
        product=product.name,
        party=party,
        limit_asked_minor=who.limit_minor,
        facts=bodies.Facts(age_years=who.age_years, education_level=who.education),
    )
    decided = decider.decide_on(conn, asked, service.row(conn).business_on)
    return Order(
        client=CLIENT_PHONE,
        kind=Kind.OPEN,
        key=key,
        content=asked.model_dump(mode="json"),
        amount_minor=decided.limit_minor,
        ref=party,
        terms=number,
        flags=decided.flags,
        decision=decided.row,
    )


async def result(visit: Visit) -> Response:
    """Show what came of an application."""
    number, party = visit.number("seq"), visit.who.party
    service = visit.phone.service

    def read(conn: Connection) -> tuple[np.void, object]:
        rows = lookup.command(conn, service.book, number)
        if not len(rows) or rows[0]["kind"] != Kind.OPEN or rows[0]["ref"] != party:
            raise not_found()
        found = lookup.decision(conn, service.book, number)
        if found is None:
            raise not_found()
        policy = decider.policy_of(conn, found)
        return rows[0], shapes.decision(service.book, found, policy, visit.language)

    row, decision = await service.reading(read)
    outcome = Outcome(row["outcome"])
    verdict = {
        Outcome.DONE: Verdict.APPROVE,
        Outcome.APPLICATION_REFERRED: Verdict.REFER,
    }.get(outcome, Verdict.DECLINE)
    return visit.page("applied", verdict=verdict.name.lower(), decision=decision, row=row)
