"""What a command is refused for: the first check that fails, in the order of terms.md 1."""

from collections.abc import Callable

from tests.oracle.commands import (
    CHARGED,
    REF_ALL,
    REF_USUAL,
    Command,
    convertible,
    named_loan,
    waived_loans,
)
from tests.oracle.line import Line

AMOUNT_MINOR_MAX = 10**11

WITHOUT_AMOUNT = {"void", "draw_failed", "convert", "close", "collect_ended", "pay_back_failed"}
SPENDS = {"purchase", "hold", "draw"}

# Which kinds the state of the line refuses, written off or past due; a forced purchase never.
REFUSED_BY_STATUS = SPENDS | {"convert"}


def is_forced(command: Command) -> bool:
    """A late presentment; holds and draws are never forced."""
    return command.kind == "purchase" and command.forced


def written_off(line: Line, command: Command) -> bool:
    is_refused = command.kind in REFUSED_BY_STATUS | {"charge"} and not is_forced(command)
    return line.written_off_on is not None and is_refused


def past_due(line: Line, command: Command) -> bool:
    is_refused = command.kind in REFUSED_BY_STATUS and not is_forced(command)
    return line.past_due_on is not None and is_refused


def closed(line: Line, command: Command) -> bool:
    """Money that is under way finds its line, closed or not."""
    is_under_way = command.pays or command.kind.startswith(("pay_back", "collect_ended"))
    return line.is_closed and not is_under_way


def not_positive(line: Line, command: Command) -> bool:  # noqa: ARG001 (one shape)
    least = 0 if command.kind.endswith("_succeeded") else 1  # 0: what was asked
    return command.kind not in WITHOUT_AMOUNT and command.amount < least


def too_large(line: Line, command: Command) -> bool:  # noqa: ARG001 (one shape)
    return command.kind not in WITHOUT_AMOUNT and command.amount > AMOUNT_MINOR_MAX


# What answers what.
ANSWERS = {
    "capture": "hold",
    "void": "hold",
    "draw_succeeded": "draw",
    "draw_failed": "draw",
    "pay_back_succeeded": "pay_back",
    "pay_back_failed": "pay_back",
}


def hold_not_found(line: Line, command: Command) -> bool:
    """A merchant's command names a merchant's hold, a partner's answer what it was asked."""
    if command.kind not in ANSWERS:
        return False
    held = line.holds.get(command.ref)
    return held is None or held.asked != ANSWERS[command.kind]


def hold_not_open(line: Line, command: Command) -> bool:
    return command.kind in ANSWERS and not line.holds[command.ref].is_open


def purchase_not_found(line: Line, command: Command) -> bool:
    if command.kind == "convert":
        return not convertible(line, command.ref)
    return command.kind in {"refund", "chargeback"} and command.ref not in line.purchases


def loan_not_found(line: Line, command: Command) -> bool:
    """Money that a collection brought is taken, whatever it was for."""
    kinds = {"repay", "collect", "charge", "waive"}
    names_loan = command.kind in kinds and command.ref not in (REF_USUAL, REF_ALL)
    return names_loan and not command.pays and named_loan(line, command.ref) is None


def draw_amount_differs(line: Line, command: Command) -> bool:
    is_success = command.kind.endswith("_succeeded")
    return is_success and command.amount not in (0, line.holds[command.ref].amount)


def not_offered(line: Line, command: Command) -> bool:
    wants_plan = command.kind == "convert" or (command.kind == "draw" and command.count != 0)
    return wants_plan and command.count not in line.terms.plans


def no_longer_convertible(line: Line, command: Command) -> bool:
    """Nothing is unpaid, or the due day of its bill is over."""
    if command.kind != "convert":
        return False
    some = convertible(line, command.ref)
    loan = some[0].loan
    nothing_unpaid = not any(bought.unpaid for bought in some)
    return nothing_unpaid or (loan is not None and loan.carried > 0)


def exceeds_available(line: Line, command: Command) -> bool:
    if command.kind not in SPENDS or is_forced(command):
        return False
    own_money = 0 if command.kind == "draw" else line.overpaid
    return command.amount > line.available + own_money


def exceeds_hold(line: Line, command: Command) -> bool:
    return command.kind == "capture" and command.amount > line.holds[command.ref].left


def refund_exceeds(line: Line, command: Command) -> bool:
    if command.kind not in {"refund", "chargeback"}:
        return False
    bought = line.purchases[command.ref]
    return bought.refunded + command.amount > bought.amount


def exceeds_overpayment(line: Line, command: Command) -> bool:
    if command.kind != "pay_back":
        return False
    free = min(line.overpaid - line.on_its_way_back, line.available + line.overpaid)
    return command.amount > free


def exceeds_owed(line: Line, command: Command) -> bool:
    if command.kind != "waive":
        return False
    owed = sum(loan.due[CHARGED[command.count]] for loan in waived_loans(line, command.ref))
    return command.amount > owed


def not_settled(line: Line, command: Command) -> bool:
    return command.kind == "close" and not (line.is_idle and line.held == 0)


CHECKS: dict[str, Callable[[Line, Command], bool]] = {
    "LINE_CLOSED": closed,
    "LINE_WRITTEN_OFF": written_off,
    "LINE_PAST_DUE": past_due,
    "DATE_BEFORE_LINE_OPENED": lambda line, command: command.on < line.opened_on,
    "AMOUNT_MUST_BE_POSITIVE": not_positive,
    "AMOUNT_TOO_LARGE": too_large,
    "HOLD_NOT_FOUND": hold_not_found,
    "HOLD_NOT_OPEN": hold_not_open,
    "PURCHASE_NOT_FOUND": purchase_not_found,
    "LOAN_NOT_FOUND": loan_not_found,
    "DRAW_AMOUNT_DIFFERS": draw_amount_differs,
    "TERMS_NOT_OFFERED": not_offered,
    "PURCHASE_NO_LONGER_CONVERTIBLE": no_longer_convertible,
    "AMOUNT_EXCEEDS_AVAILABLE": exceeds_available,
    "AMOUNT_EXCEEDS_HOLD": exceeds_hold,
    "REFUND_EXCEEDS_PURCHASE": refund_exceeds,
    "LINE_NOT_SETTLED": not_settled,
    "AMOUNT_EXCEEDS_OVERPAYMENT": exceeds_overpayment,
    "AMOUNT_EXCEEDS_OWED": exceeds_owed,
}


def outcome_of(line: Line, command: Command) -> str:
    """Name the first check that fails, or DONE."""
    return next((name for name, fails in CHECKS.items() if fails(line, command)), "DONE")
