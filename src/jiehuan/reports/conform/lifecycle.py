"""Lives of instalment loans: what happened, and the schedule that must be seen."""

import dataclasses

from jiehuan.core import days
from jiehuan.core.loans.events import MOVEMENTS, Event, Kind, NothingToUndo
from jiehuan.core.loans.life import fold
from jiehuan.core.loans.terms import FEE, PENALTY, LoanTerms
from jiehuan.core.loans.view import Row, schedule
from jiehuan.core.money import format_amount
from jiehuan.reports.conform.peers import terms
from jiehuan.reports.conform.reading import Case, NotApplicable, day, minor, ppm

_CHARGES = {"LOAN_NSF_FEE": PENALTY, "LOAN_SNOOZE_FEE": FEE}


def run(case: Case) -> str:
    """Return the first cell that differs; nothing if none does."""
    return _differing(case, terms(case))


def run_on_given_days(case: Case) -> str:
    """Do the same with the due days of the published schedule.

    A due day that was agreed upon, or moved, is told by a case in its schedule only; all
    amounts and the days of payment are still ours.
    """
    agreed = _agreed(case)
    return _differing(case, dataclasses.replace(terms(case), agreed=agreed, count=len(agreed)))


def _agreed(case: Case) -> tuple[tuple[int, int], ...]:
    """Return first and last day of the published periods, without what is due after them."""
    rows = [row for row in case["schedule"] if row["nr"] and row["days"]]
    after = {said.get("due") or said.get("on") for said in case["events"]}
    if len(rows) > case["instalments"] and rows[-1]["date"] in after:
        rows.pop()
    return tuple((day(row["date"]) - int(row["days"]), day(row["date"])) for row in rows)


def _differing(case: Case, contract: LoanTerms) -> str:
    """Return the first cell that differs under a contract."""
    expected, events = case["schedule"], _events(case)
    unpaid = not events
    if unpaid:
        contract = dataclasses.replace(contract, down_automatic=False)
    as_of = day(case["as_of"]) or max((e.booked_on for e in events), default=0)
    try:
        loan = fold(contract, _paid_out(case, events, expected), day(case["submitted_on"]), as_of)
    except NothingToUndo as error:
        raise NotApplicable(str(error)) from error
    shown = schedule(loan)
    if len(shown) != len(expected):
        return f"rows: {len(shown)} instead of {len(expected)}"
    for place, (row, want) in enumerate(zip(shown, expected, strict=True), start=1):
        for name, value in _cells(row, unpaid=unpaid).items():
            wanted = _wanted(name, want[name])
            if value != wanted:
                return f"row {place} {name}: {_text(name, value)} instead of {want[name]}"
    return ""


def _events(case: Case) -> list[Event]:
    """Return a case's events, each with the day on which it was booked."""
    events: list[Event] = []
    for said in case["events"]:
        try:
            kind = Kind(said["kind"])
        except ValueError:
            raise NotApplicable(f"event {said['kind']} is unknown") from None
        on = day(said["due"] if kind is Kind.CHARGE else said["on"])
        if kind is Kind.UNDO:
            on = _undone_on(events, on, said["nth"])
        last = events[-1].booked_on if events else on
        events.append(
            Event(
                kind=kind,
                on=on,
                booked_on=day(said.get("booked")) or max(last, 0),
                amount_minor=minor(said.get("amount")),
                part=_part(said) if kind is Kind.CHARGE else 0,
                nth=said.get("nth") or 0,
                until_on=day(said.get("until")),
                rate_ppm=ppm(said.get("annual_rate_pct") or 0),
            )
        )
    return events


def _undone_on(events: list[Event], on: int, nth: int) -> int:
    """Return the day of the movement that is undone.

    A day without any is one on which the peer's clerk stood before a list of repayments: the
    n-th of them is meant.
    """
    repaid = [e.on for e in events if e.kind is Kind.REPAYMENT]
    if on in {e.on for e in events if e.kind in MOVEMENTS} or not 0 < nth <= len(repaid):
        return on
    return repaid[nth - 1]


def _part(said: Case) -> int:
    """Return whether a charge is a fee or a penalty."""
    if said["charge"] not in _CHARGES:
        raise NotApplicable(f"charge {said['charge']} is unknown")
    return _CHARGES[said["charge"]]


def _paid_out(case: Case, events: list[Event], expected: list[Case]) -> list[Event]:
    """Return the events; a schedule that is only asked for is paid out on its first day."""
    if events:
        return events
    on = day(expected[0]["date"])
    return [Event(kind=Kind.DISBURSE, on=on, booked_on=0, amount_minor=minor(case["principal"]))]


def _cells(row: Row, *, unpaid: bool) -> dict[str, int | None]:
    """Return a row as the cases write it."""
    if not row.no:
        cells: dict[str, int | None] = dict.fromkeys(_COLUMNS)
        paid = None if unpaid else 0
        outstanding = 0 if unpaid else None
        cells |= {"date": row.on, "balance_of_loan": row.balance_minor, "fees": 0, "due": 0}
        return cells | {"paid": paid, "outstanding": outstanding}
    return {
        "nr": row.no,
        "days": row.days,
        "date": row.on,
        "paid_on": row.paid_on or None,
        "balance_of_loan": row.balance_minor,
        "principal_due": row.principal_minor,
        "interest": row.interest_minor,
        "fees": row.fee_minor,
        "penalties": row.penalty_minor,
        "due": row.due_minor,
        "paid": row.paid_minor,
        "in_advance": row.advance_minor,
        "late": row.late_minor,
        "outstanding": row.due_minor - row.paid_minor,
    }


_DAYS = {"date", "paid_on"}
_COUNTS = {"nr", "days"}
_COLUMNS = [
    "nr", "days", "date", "paid_on", "balance_of_loan", "principal_due", "interest", "fees",
    "penalties", "due", "paid", "in_advance", "late", "outstanding",
]  # fmt: skip


def _wanted(name: str, value: object) -> int | None:
    """Return a published cell as a whole number."""
    if value is None:
        return None
    if name in _DAYS:
        return days.parse(str(value))
    return int(str(value).split(".")[0]) if name in _COUNTS else minor(str(value))  # type: ignore[arg-type]


def _text(name: str, value: int | None) -> str:
    """Return a cell as the cases write it."""
    if value is None or name in _COUNTS:
        return str(value)
    return days.to_text(value) if name in _DAYS else format_amount(value).replace(",", "")
