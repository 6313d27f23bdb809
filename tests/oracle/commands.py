"""What each caller's command does to a line, once it is accepted."""

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tests.oracle.line import Line
from tests.oracle.loan import MICRO, Hold, Instalment, Loan, Purchase, half_up, pay_oldest_first

SEQ_FIRST = 1
REF_USUAL = 0
REF_ALL = -1
REF_CYCLE = -10_000_000


class Command(NamedTuple):
    """What a caller asks; ``kind`` in lower case.

    ``ref`` is the seq of the hold, draw or purchase; of a repayment 0, -1 (all) or a loan:
    the seq of its draw_succeeded or convert, or ``ref_of_cycle(cut_on)``, which a convert
    may name too.  ``pays`` is the collect that brought a repayment.
    """

    seq: int
    kind: str
    on: dt.date
    amount: int = 0
    ref: int = 0
    count: int = 0  # type: ignore[assignment]  # a tuple has a method of this name; unused
    forced: bool = False
    pays: int = 0


def ref_of_cycle(cut_on: dt.date) -> int:
    """Name the loan of the purchases that the statement of this day billed."""
    return REF_CYCLE - cut_on.toordinal()


def named_loan(line: Line, ref: int) -> Loan | None:
    """Find an open loan by the ref of a repayment."""
    origin = dt.date.fromordinal(REF_CYCLE - ref) if ref < REF_CYCLE else ref
    return next((loan for loan in line.loans if loan.origin == origin), None)


def purchase(line: Line, command: Command) -> None:
    """Buy; overpayment pays it at once, the oldest purchase of the cycle first."""
    bought = Purchase(command.seq, command.amount, unpaid=command.amount)
    line.purchases[command.seq] = bought
    line.running.append(bought)
    part = min(line.overpaid, command.amount)
    line.overpaid -= part
    pay_oldest_first(line.running, part)


def hold(line: Line, command: Command) -> None:
    """Keep an amount free for a merchant, or for money that a partner is to move."""
    line.holds[command.seq] = Hold(
        amount=command.amount,
        left=command.amount,
        asked=command.kind,
        expires_on=command.on + dt.timedelta(days=line.terms.hold_days),
        count=command.count,
    )


def capture(line: Line, command: Command) -> None:
    """Turn a part of a hold into a purchase; the rest stays held."""
    held = line.holds.get(command.ref)
    if held is not None:
        held.left -= min(held.left, command.amount)
        held.is_open = held.is_open and held.left > 0
    purchase(line, command)


def release(line: Line, command: Command) -> None:
    """Void a hold, or one for money that did not move."""
    held = line.holds.get(command.ref)
    if held is not None:
        held.is_open = False


def draw_succeeded(line: Line, command: Command) -> None:
    """The wallet has the money since this day: a loan that bears interest from it.

    Asked for in instalments, it is a plan; what is written off has no instalments.
    """
    asked = line.holds[command.ref]
    release(line, command)
    if asked.count and line.written_off_on is None:
        make_plan(line, command.seq, asked.amount, asked.count)
        return
    rate_ppm = line.terms.draw_rate_ppm
    line.loans.append(Loan("draw", command.seq, rate_ppm, unbilled_draw=asked.amount))


def repay(line: Line, command: Command) -> None:
    """Pay by the usual order, a named loan first, or all that is owed."""
    left = command.amount
    in_force = line.written_off_on is None
    named = named_loan(line, command.ref) if command.ref not in (REF_USUAL, REF_ALL) else None
    if named is not None and in_force:
        line.bill_charges(named)
        left = line.pay_one_loan(named, left)
    if command.ref == REF_ALL and in_force:
        for loan in line.loans:
            line.bill_charges(loan)
    left = line.pay_usual(left)
    if command.ref == REF_ALL:
        left = line.pay_all_in_advance(left)
    line.overpaid += left
    line.meet_minimums(command.amount)


def refund(line: Line, command: Command) -> None:
    """Lower the purchase, then the plan that it became, then pay what is billed."""
    left = command.amount
    bought = line.purchases.get(command.ref)
    if bought is not None:
        bought.refunded += command.amount
        unpaid = min(left, bought.unpaid)
        take_from_cycle(bought, unpaid)
        left -= unpaid
        if bought.plan is not None:
            left = bought.plan.pay_in_advance(left)
            left = bought.plan.pay("principal", left)
    line.overpaid += line.pay_usual(left)


def credit(line: Line, command: Command) -> None:
    """A merchant's credit: allocated like a repayment, but it meets no minimum."""
    line.overpaid += line.pay_usual(command.amount)


CHARGED = {1: "fee", 2: "penalty", 3: "interest"}


def charge(line: Line, command: Command) -> None:
    """Bill a fee or a penalty; it stands by itself."""
    what = "penalty" if command.count == 2 else "fee"
    loan = Loan("charge", command.seq, 0)
    loan.bill(what, command.amount)
    line.fees_billed += command.amount * (what == "fee")
    line.loans.append(loan)


def waive(line: Line, command: Command) -> None:
    """Forgo what is billed of something, the oldest loan first."""
    left = command.amount
    for loan in waived_loans(line, command.ref):
        left = loan.pay(CHARGED[command.count], left)


def waived_loans(line: Line, ref: int) -> list[Loan]:
    """Find the loans that a waiver names."""
    if ref in (REF_USUAL, REF_ALL):
        return line.loans
    loan = named_loan(line, ref)
    return [loan] if loan else []


def convert(line: Line, command: Command) -> None:
    """Make a plan of the unpaid part of a purchase, or of all that a statement billed."""
    some = [bought for bought in convertible(line, command.ref) if bought.unpaid]
    principal = sum(bought.unpaid for bought in some)
    if not principal:
        return
    plan = make_plan(line, command.seq, principal, command.count)
    for bought in some:
        take_from_cycle(bought, bought.unpaid)
        bought.plan = plan


def convertible(line: Line, ref: int) -> list[Purchase]:
    """Find what a convert names: one purchase, or those of a statement; nothing if nothing."""
    if ref in line.purchases:
        return [line.purchases[ref]]
    billed = line.billed_by.get(dt.date.fromordinal(REF_CYCLE - ref)) if ref < REF_CYCLE else None
    return billed.purchases if billed else []


def make_plan(line: Line, origin: int, principal: int, count: int) -> Loan:
    """Split principal and fee into terms; the first is in the next bill."""
    total_fee = half_up(Fraction(principal * line.terms.plans[count], MICRO))
    parts = zip(split(principal, count), split(total_fee, count), strict=True)
    to_come = [Instalment(part, fee) for part, fee in parts]
    plan = Loan("plan", origin, line.terms.purchase_rate_ppm, to_come=to_come)
    line.loans.append(plan)
    return plan


def pay_back(line: Line, command: Command) -> None:
    """Overpaid money has gone back; what was no longer there is bought, as it were."""
    amount = line.holds[command.ref].amount
    release(line, command)
    own = min(amount, line.overpaid)
    line.overpaid -= own
    if amount > own:
        line.running.append(Purchase(command.seq, amount - own, unpaid=amount - own))


def collect(line: Line, command: Command) -> None:
    """Ask for money; nothing is paid by it."""
    line.collected.append(command.seq)


def collect_ended(line: Line, command: Command) -> None:
    """Hear that none came."""


def take_from_cycle(bought: Purchase, amount: int) -> None:
    """Lower the unpaid part of this purchase, and with it the loan of its cycle."""
    bought.unpaid -= amount
    if bought.loan is not None:
        lowered = bought.loan.lower_principal(amount)
        assert lowered == amount


def split(total: int, count: int) -> list[int]:
    """Each term has min(half_up(total / n), what is left), the last all that is left."""
    parts: list[int] = []
    for _ in range(count - 1):
        parts.append(min(half_up(Fraction(total, count)), total - sum(parts)))
    return [*parts, total - sum(parts)]


def close(line: Line, command: Command) -> None:  # noqa: ARG001 (handlers have one shape)
    """End the line, unless something that was told later is owed or held."""
    line.is_closed = line.is_idle and line.held == 0


HANDLERS: dict[str, Callable[[Line, Command], None]] = {
    "purchase": purchase,
    "hold": hold,
    "capture": capture,
    "void": release,
    "draw": hold,
    "draw_succeeded": draw_succeeded,
    "draw_failed": release,
    "repay": repay,
    "refund": refund,
    "credit": credit,
    "convert": convert,
    "close": close,
    "charge": charge,
    "waive": waive,
    "goodwill": credit,
    "chargeback": refund,
    "collect": collect,
    "collect_ended": collect_ended,
    "pay_back": hold,
    "pay_back_succeeded": pay_back,
    "pay_back_failed": release,
}


def does(line: Line, command: Command) -> None:
    """Let an accepted command take effect."""
    HANDLERS[command.kind](line, command)
    line.settle()
