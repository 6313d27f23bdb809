"""Random lives of a line, for laws that compare the engine with the scalar model.

A life is drawn as a list of intentions ("on the due day, repay the minimum less one"), which
a line of the model turns into dates and amounts as it goes: that gives payments which are
exact to the cent, and shrinks to few intentions with small numbers.  A life may also be made
from a seed.
"""

import datetime as dt
import random
from typing import NamedTuple

from hypothesis import strategies as st
from tests.oracle.checks import ANSWERS, WITHOUT_AMOUNT
from tests.oracle.commands import (
    CHARGED,
    REF_ALL,
    REF_USUAL,
    SEQ_FIRST,
    Command,
    ref_of_cycle,
)
from tests.oracle.days import is_cycle_day
from tests.oracle.line import Line
from tests.oracle.model import Life
from tests.oracle.terms import PRODUCTS

OPENED_ON = dt.date(2026, 1, 1)
A_DAY = dt.timedelta(days=1)
COMMANDS_MAX = 40
DAYS_MIN, DAYS_MAX = 240, 430
LIMITS_MINOR = (1_000_000, 10_000, 30_000, 10_000_000)
NOTHING = 3  # the pick that may refer to what is not there or no longer open
CYCLE_DAYS = (1, 31, 15, 28)


class RandomLife(NamedTuple):
    """A line and the commands of its callers, by effective order."""

    product: str
    limit_minor: int
    commands: list[Command]
    opened_on: dt.date
    cycle_day: int
    until: dt.date


# When the next command takes effect: days after the last one, or the next day of a name.
GAPS = (*[0] * 12, 1, 1, 2, 3, 7, 40, 190)
NAMED_DAYS = ("cut", "due", "due + 1", "due + 2", "expiry", "expiry + 1", "cut - 1")
GAP_MAX = 25

# What it is; the more frequent stand more than once.
KINDS = (
    *("purchase", "repay", "draw_succeeded", "convert", "refund", "repay one", "repay all"),
    *("purchase", "repay", "draw_succeeded", "convert", "capture", "repay one", "forced"),
    *("purchase", "repay", "draw_succeeded", "convert", "capture", "credit", "hold", "draw"),
    *("purchase", "repay", "draw_failed", "void", "refund", "capture", "capture", "close"),
    *("draw in", "convert all", "pay_back", "collect", "pay_back_succeeded", "draw_succeeded"),
    *("draw in", "convert all", "pay_back", "paid", "pay_back_succeeded", "pay_back_failed"),
    *("purchase", "repay", "purchase", "paid", "collect_ended"),
    *("charge", "waive", "waive", "goodwill", "chargeback"),
)

# Its amount: something that the line knows, a cent more or less; or a number.
NAMES = (
    *("minimum", "balance", "all", "whole", "half", "available", "whole", "minimum", "balance"),
    *("whole", "overpaid"),
)
MORES = (0, 0, -1, 1)
AMOUNTS = (1, 2, 999, 1_000, 1_001, 9_999, 10_000, 10_001, 10**11, 10**11 + 1, 0)
SMALL_MAX = 5_000
PERMILLE = range(1, 1_001)  # of the limit

PICKS = (0, 0, 0, 0, 1, 1, 2, NOTHING)
COUNTS = (3, 6, 9, 12, 3, 6, 9, 12, 4)


class Intention(NamedTuple):
    """What a caller wants to do next, before it is known what the line looks like."""

    when: str | int
    kind: str
    size: int | tuple[str, int]
    pick: int  # which of the things it may refer to, from the newest
    count: int  # type: ignore[assignment]  # instalments; hides an unused method of tuples


WHEN = st.one_of(st.sampled_from(GAPS), st.sampled_from(NAMED_DAYS), st.integers(1, GAP_MAX))
SIZES = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(MORES)),
    st.integers(1, SMALL_MAX),
    st.tuples(st.just("limit"), st.sampled_from(PERMILLE)),
    st.sampled_from(AMOUNTS),
)
INTENTIONS = st.builds(
    Intention,
    WHEN,
    st.sampled_from(KINDS),
    SIZES,
    st.sampled_from(PICKS),
    st.sampled_from(COUNTS),
)

# Short lives to shrink to, and long ones, which a list of 1 to 40 would seldom give.
LISTS = (
    st.lists(INTENTIONS, min_size=1, max_size=COMMANDS_MAX),
    st.lists(INTENTIONS, min_size=12, max_size=COMMANDS_MAX),
    st.lists(INTENTIONS, min_size=20, max_size=COMMANDS_MAX),
)


@st.composite
def lives(draw: st.DrawFn, products: tuple[str, ...] = tuple(PRODUCTS)) -> RandomLife:
    """Draw a life of 8 to 14 months; hypothesis shrinks it."""
    return live(
        product=draw(st.sampled_from(products)),
        limit_minor=draw(st.sampled_from(LIMITS_MINOR)),
        cycle_day=draw(st.sampled_from(CYCLE_DAYS)),
        days=draw(st.integers(DAYS_MIN, DAYS_MAX)),
        intentions=draw(st.one_of(LISTS)),
    )


def life_of_seed(seed: int, products: tuple[str, ...] = tuple(PRODUCTS)) -> RandomLife:
    """Make the life of this number: thousands of them are cheap, and evenly mixed."""
    chance = random.Random(seed)
    return live(
        product=chance.choice(products),
        limit_minor=chance.choice(LIMITS_MINOR),
        cycle_day=chance.choice(CYCLE_DAYS),
        days=chance.randint(DAYS_MIN, DAYS_MAX),
        intentions=[intend(chance) for _ in range(chance.randint(1, COMMANDS_MAX))],
    )


def intend(chance: random.Random) -> Intention:
    """Draw an intention as ``INTENTIONS`` does."""
    whens = (chance.choice(GAPS), chance.choice(NAMED_DAYS), chance.randint(1, GAP_MAX))
    sizes = (
        (chance.choice(NAMES), chance.choice(MORES)),
        chance.randint(1, SMALL_MAX),
        ("limit", chance.choice(PERMILLE)),
        chance.choice(AMOUNTS),
    )
    return Intention(
        chance.choice(whens),
        chance.choice(KINDS),
        chance.choice(sizes),
        chance.choice(PICKS),
        chance.choice(COUNTS),
    )


def live(
    product: str, limit_minor: int, cycle_day: int, days: int, intentions: list[Intention]
) -> RandomLife:
    """Play intentions on a line, and keep the commands that they became."""
    until = OPENED_ON + days * A_DAY
    life = Life(PRODUCTS[product], OPENED_ON, limit_minor, cycle_day)
    commands = resolve(life, intentions, until)
    return RandomLife(product, limit_minor, commands, OPENED_ON, cycle_day, until)


def resolve(life: Life, intentions: list[Intention], until: dt.date) -> list[Command]:
    """Turn intentions into commands, playing the line as they are made."""
    commands: list[Command] = []
    today = OPENED_ON
    life.open_day(today)
    for intention in intentions:
        day = day_of(life.line, intention, today)
        if day > until:
            break
        while today < day:
            life.close_day(today)
            today += A_DAY
            life.open_day(today)
        command = command_of(life, intention, len(commands) + SEQ_FIRST, today)
        life.do(command)
        commands.append(command)
    return commands


def day_of(line: Line, intention: Intention, today: dt.date) -> dt.date:
    """Count days, or find the next day of this name, which is never today."""
    when = intention.when
    if isinstance(when, int) and intention.kind == "convert all":
        when = f"cut + {when % (line.terms.due_after_days + 2)}"  # mostly before it is due
    if isinstance(when, int) and intention.kind in {"capture", "void", "convert"}:
        when %= line.terms.hold_days + 1  # soon enough to be accepted
    if isinstance(when, int):
        return today + when * A_DAY
    name, _, offset = when.partition(" ")
    shift = int(offset.replace(" ", "") or 0) * A_DAY
    day = today + A_DAY
    while not is_named(line, name, day - shift):
        day += A_DAY
    return day


def is_named(line: Line, name: str, day: dt.date) -> bool:
    open_holds = [hold.expires_on for hold in line.holds.values() if hold.is_open]
    if name == "expiry" and any(day <= expires_on for expires_on in open_holds):
        return day in open_holds
    if name == "due":
        day -= line.terms.due_after_days * A_DAY
    return is_cycle_day(day, line.cycle_day)  # "expiry" of nothing: a cut


def command_of(life: Life, intention: Intention, seq: int, today: dt.date) -> Command:
    """Choose what the command refers to, then its amount."""
    kind, ref, whole = refer(life.line, intention)
    amount = 0 if kind in WITHOUT_AMOUNT else amount_of(life, intention, whole)
    if kind.endswith("_succeeded") and intention.pick != NOTHING:
        amount = whole
    in_terms = kind in {"convert", "draw in"}
    count = intention.count if in_terms else 0
    if kind in {"charge", "waive"}:
        count = what_charge(intention)
    pays = choose(life.line.collected, intention.pick) if kind == "paid" else 0
    return Command(
        seq,
        NAMED.get(kind, kind),
        today,
        amount,
        ref,
        count=count,
        forced=kind == "forced",
        pays=pays,
    )


def what_charge(intention: Intention) -> int:
    """Choose a fee, a penalty or, to be waived, interest."""
    return 1 + intention.pick % (3 if intention.kind == "waive" else 2)


NAMED = {"forced": "purchase", "draw in": "draw", "paid": "repay"}


def refer(line: Line, intention: Intention) -> tuple[str, int, int]:
    """Return the kind, the ref, and the whole amount of what is referred to."""
    kind, pick = intention.kind, intention.pick
    if kind in ANSWERS:
        return answer(line, kind, pick)
    if kind in {"refund", "convert", "chargeback", "convert all"}:
        return of_purchase(line, kind, pick)
    if kind == "pay_back" and not line.overpaid and pick != NOTHING:
        return "repay", REF_ALL, line.used + line.limit // 8
    if kind in {"charge", "waive"}:
        return by_hand(line, intention)
    if kind in PAYS:
        return kind.split()[0], repay_ref(line, kind, pick), line.used
    return kind, 0, line.overpaid if kind == "pay_back" else line.limit


def by_hand(line: Line, intention: Intention) -> tuple[str, int, int]:
    """Charge something small, or waive some of what is owed of it."""
    if intention.kind == "charge":
        return "charge", REF_USUAL, line.limit // 100
    what = CHARGED[what_charge(intention)]
    return "waive", REF_USUAL, sum(loan.due[what] for loan in line.loans)


PAYS = {"repay", "repay one", "repay all", "collect", "paid"}


def of_purchase(line: Line, kind: str, pick: int) -> tuple[str, int, int]:
    """Name a purchase, or all of a statement; if there is none, mostly buy."""
    if kind == "convert all":
        return "convert", choose([ref_of_cycle(cut_on) for cut_on in line.billed_by], pick), 0
    if not line.purchases and pick != NOTHING:
        return "purchase", 0, line.limit
    free = [
        no
        for no, purchase in line.purchases.items()
        if purchase.unpaid and (purchase.loan is None or purchase.loan.billed)
    ]
    ref = choose((free if kind == "convert" else []) or list(line.purchases), pick)
    return kind, ref, line.purchases[ref].amount if ref in line.purchases else 0


def answer(line: Line, kind: str, pick: int) -> tuple[str, int, int]:
    """Answer an open hold or draw; if there is none, mostly ask for one."""
    asked = ANSWERS[kind]
    holds = [no for no, hold in line.holds.items() if hold.asked == asked]
    open_holds = [no for no in holds if line.holds[no].is_open]
    if not open_holds and pick != NOTHING:
        return asked, 0, line.limit
    ref = choose(open_holds or holds, pick)
    return kind, ref, line.holds[ref].left if ref in line.holds else 0


def choose(candidates: list[int], pick: int) -> int:
    """Take one, counted from the newest; a number of nothing if there is none."""
    return candidates[-1 - pick % len(candidates)] if candidates else SEQ_FIRST + COMMANDS_MAX


def repay_ref(line: Line, kind: str, pick: int) -> int:
    """Name nothing, all, or a loan; without loans mostly nothing."""
    if kind == "repay all":
        return REF_ALL
    if kind == "repay" or (not line.loans and pick != NOTHING):
        return REF_USUAL
    refs = [
        ref_of_cycle(loan.origin) if isinstance(loan.origin, dt.date) else loan.origin
        for loan in line.loans
    ]
    return choose(refs, pick)


def amount_of(life: Life, intention: Intention, whole: int) -> int:
    """Name an amount by what the line knows; ``whole`` is that of the thing referred to."""
    if isinstance(intention.size, int):
        return intention.size
    name, more = intention.size
    line = life.line
    if name == "limit":
        return max(1, line.limit * more // PERMILLE[-1])
    statement = life.statements[-1] if life.statements else None
    accrued = sum((loan.interest + loan.penalty for loan in line.loans), start=0).__ceil__()
    charges = sum(sum(loan.due.values()) for loan in line.loans)
    amounts = {
        "minimum": sum(entry.unmet for entry in line.queue),
        "balance": statement.due if statement else 0,
        "all": line.used + charges + accrued,
        "whole": whole,
        "half": whole // 2,
        "available": line.available + line.overpaid,
        "overpaid": line.overpaid,
    }
    return max(1, amounts[name] + more)
