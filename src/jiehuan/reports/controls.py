"""Does each control account equal its sub-ledger, and do all accounts sum to zero?

These checks do not use the kernel: what lines and loans say is added up and compared with
what the transfers say, product by product and bucket by bucket.  The transfers are summed by
the database itself, and once more here.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from jiehuan.core import ledger
from jiehuan.core.closing import half_up_any
from jiehuan.core.columns import MICRO, Codes, Int64s, Rows
from jiehuan.core.commands import Kind
from jiehuan.core.days import EPOCH_ON
from jiehuan.core.ledger import Account, account
from jiehuan.core.line import LoanKind, Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.reversal import undone
from jiehuan.core.state import IN_FORCE, SUMS
from jiehuan.core.terms import TermsTable
from jiehuan.reports.breach import Breach, Findings
from jiehuan.reports.closings import closed_on
from jiehuan.reports.rows import CHARGES, by_line, index_of, sum_by
from jiehuan.store.snapshot import Snapshot

Sums = Counter[int]


def _by_account(kind: Account, lines: Rows, bucket: Codes | int, amount: Int64s) -> Sums:
    """Return the sums of lines by account, zeros left out."""
    keys, total = sum_by(account(kind, lines["product"], bucket).astype(np.int64), amount)
    return Counter({int(k): int(v) for k, v in zip(keys, total, strict=True) if v})


def balances(transfers: Rows) -> Sums:
    """Return the debits less credits of every account."""
    numbers = np.concatenate((transfers["debit"], transfers["credit"]))
    amounts = np.concatenate((transfers["amount_minor"], -transfers["amount_minor"]))
    keys, total = sum_by(numbers.astype(np.int64), amounts)
    return Counter(dict(zip(keys.tolist(), total.tolist(), strict=True)))


def check_trial_balance(found: Findings, book: Snapshot) -> None:
    """Check that all accounts sum to zero, and that the database sums them as we do."""
    by_sql: Sums = Counter()
    for debit, credit, amount in book.moved:
        by_sql[debit] += amount
        by_sql[credit] -= amount
    ours = balances(book.tables["transfer"])
    _compare(found, "trial_balance", by_sql, ours, [*by_sql, *ours])
    if total := sum(by_sql.values()):
        found.add(Breach("trial_balance", "transfer", "", "", "a sum of 0", str(total)))


def check_controls(found: Findings, book: Snapshot) -> None:
    """Check that what the accounts hold is what the lines owe, and what the commands moved."""
    lines, loans = book.tables["line"], book.tables["loan"]
    on_books = lines["status"] != Status.WRITTEN_OFF
    bucket = lines["bucket"]
    wanted: dict[Account, Sums] = {
        Account.PRINCIPAL: _by_account(
            Account.PRINCIPAL, lines, bucket, np.where(on_books, lines["used_minor"], 0)
        ),
        Account.OVERPAYMENT: _by_account(Account.OVERPAYMENT, lines, 0, -lines["overpaid_minor"]),
        **_moved_outside(book),
    }
    for kind, name in CHARGES.items():
        owed = by_line(lines, loans["line"], loans[name])
        wanted[kind] = _by_account(kind, lines, bucket, np.where(on_books, owed, 0))
    held = balances(book.tables["transfer"])
    for kind, sums in wanted.items():
        numbers = [*sums, *(n for n in held if ledger.split(n)[1] is kind)]
        _compare(found, "controls", sums, held, numbers)
    on = closed_on(book)
    before = book.tables["transfer"][book.tables["transfer"]["booked_on"] <= on]
    _check_closed(found, book, balances(before), on)


def _moved_outside(book: Snapshot) -> dict[Account, Sums]:
    """Return what the commands in force moved between us and others, by account."""
    commands, lines = book.tables["command"], book.tables["line"]
    done = commands[(commands["outcome"] == Outcome.DONE) & (commands["line"] > 0)]
    if gone := undone(done):
        done = done[~np.isin(done["seq"], gone)]
    out: dict[Account, Sums] = {}
    for kind, signs in _OUTSIDE.items():
        sums: Sums = Counter()
        for command, (sign, column) in signs.items():
            mine = done[done["kind"] == command]
            moved = by_line(lines, mine["line"], sign * mine[column])
            sums.update(_by_account(kind, lines, 0, moved))
        out[kind] = sums
    return out


_OUTSIDE: dict[Account, dict[Kind, tuple[int, str]]] = {
    Account.CASH: {Kind.REPAY: (1, "amount_minor")},
    Account.WALLET_CLEARING: {
        Kind.DRAW_SUCCEEDED: (-1, "applied_minor"),
        Kind.PAY_BACK_SUCCEEDED: (-1, "applied_minor"),
    },
    Account.MERCHANT_PAYABLE: {
        Kind.PURCHASE: (-1, "amount_minor"),
        Kind.CAPTURE: (-1, "amount_minor"),
        Kind.CREDIT: (1, "amount_minor"),
        Kind.REFUND: (1, "amount_minor"),
    },
    Account.CHARGEBACK_RECEIVABLE: {Kind.CHARGEBACK: (1, "amount_minor")},
    Account.GOODWILL_EXPENSE: {Kind.GOODWILL: (1, "amount_minor")},
}


def _check_closed(found: Findings, book: Snapshot, held: Mapping[int, int], on: int) -> None:
    """Check the accounts that are brought to their sub-ledger when a day closes.

    What is earned and not billed is an exact numerator; at the close of a day the account is
    that numerator, half up.  What was booked since is taken off both sides.
    """
    totals = book.tables["day_total"]
    wanted: Sums = Counter()
    for product in np.unique(totals["product"]).tolist():
        mine = totals[(totals["product"] == product) & (totals["booked_on"] <= on)]
        sums = {name: sum(mine[name].tolist()) for name in SUMS}
        for kind, name in _ACCRUED.items():
            earned = sums[f"{name}_num"] + sums[f"{name}_slope"] * (on + 1 - EPOCH_ON)
            wanted[int(account(kind, product))] = half_up_any(earned, MICRO)
        wanted[int(account(Account.UNDRAWN, product))] = sums["undrawn_minor"]
    if (totals["booked_on"] <= on).any():
        _compare(found, "controls", wanted, held, list(wanted))


_ACCRUED = {Account.ACCRUED_INTEREST: "interest", Account.ACCRUED_PENALTY: "penalty"}


def check_running(found: Findings, book: Snapshot, terms: TermsTable) -> None:
    """Check that the running sums are what lines and loans say."""
    lines, totals = book.tables["line"], book.tables["day_total"]
    wanted: dict[str, Int64s] = {
        **_running(lines, book.tables["loan"], terms),
        "undrawn_minor": np.where(
            IN_FORCE[lines["status"]],
            np.maximum(lines["limit_minor"] - lines["used_minor"], 0),
            0,
        ),
    }
    for product in np.unique(lines["product"]).tolist():
        mine = lines["product"] == product
        for name, of_lines in wanted.items():
            expected = sum(of_lines[mine].tolist())
            actual = sum(totals[name][totals["product"] == product].tolist())
            if expected != actual:
                key = f"product {product}"
                found.add(Breach("controls", "day_total", key, name, str(expected), str(actual)))


def _running(lines: Rows, loans: Rows, terms: TermsTable) -> dict[str, Int64s]:
    """Return each line's numerators as if reckoned from ``EPOCH_ON``, and what a day adds."""
    if not len(lines):
        none = np.zeros(0, np.int64)
        return {f"{name}_{what}": none for name in _LATE for what in ("num", "slope")}
    at = index_of(lines, loans["line"])
    alive = lines["status"][at] != Status.WRITTEN_OFF
    late = alive & (lines["past_due_on"][at] > 0)
    draw = loans["kind"] == LoanKind.DRAW
    always = np.where(alive & draw, loans["unbilled_minor"] + loans["billed_minor"], 0)
    own = always + np.where(alive & ~late, loans["carried_minor"], 0)
    days = (loans["reckoned_on"] - EPOCH_ON).astype(np.int64)
    slopes = {
        "interest": own * loans["rate_ppm"],
        "penalty": np.where(late, loans["carried_minor"], 0)
        * terms.late_rate_ppm[np.clip(loans["terms"], 0, len(terms) - 1)],
    }
    out = {}
    for name, slope in slopes.items():
        out[f"{name}_num"] = by_line(lines, loans["line"], loans[f"{name}_num"] - slope * days)
        out[f"{name}_slope"] = by_line(lines, loans["line"], slope)
    return out


_LATE = ("interest", "penalty")


def _compare(
    found: Findings, check: str, wanted: Mapping[int, int], held: Mapping[int, int], of: list[int]
) -> None:
    """Compare some accounts."""
    for number in sorted(set(of)):
        expected, actual = wanted.get(number, 0), held.get(number, 0)
        if expected != actual:
            name = _name(number)
            found.add(Breach(check, "transfer", name, "balance", str(expected), str(actual)))


def _name(number: int) -> str:
    try:
        return ledger.name(number)
    except ValueError:
        return f"account {number}"
