"""What a played story looks like: a text for people, an object for programs."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from jiehuan.core import days
from jiehuan.core.columns import NEVER, Rows
from jiehuan.core.commands import DAY_KINDS, Kind, Moment
from jiehuan.core.line import Item
from jiehuan.core.money import format_amount
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories import figures
from jiehuan.reports.stories.figures import FIGURES, LOAN_FIGURES, STATEMENT_FIGURES, Unit, show
from jiehuan.reports.stories.playing import Played, statement_figures
from jiehuan.reports.stories.story import Wanted

WHEN = {
    Moment.OPENS: "in the morning of",
    Moment.DURING: "during",
    Moment.CLOSES: "at the close of",
}


def to_json(played: Played) -> dict[str, Any]:
    """Return all of it as JSON takes it; money is in minor units, days are texts."""
    life, opening = played.life, played.told[1]
    line = figures.of_line(life.loaded, life.closed_on)
    on, moment = _now(played)
    return {
        "product": played.story.product,
        "limit_minor": opening.amount_minor,
        "opened_on": days.to_text(opening.on),
        "at": {"on": days.to_text(on), "moment": moment.name.lower()},
        "commands": [_command(played, row) for row in life.journal],
        "statements": [_statement(played, row) for row in life.statements],
        "line": {_key(name, FIGURES[name].unit): value for name, value in line.items()},
        "unmet": [
            {"due_on": days.to_text(due_on), "unmet_minor": minor}
            for due_on, minor in _unmet(played)
        ],
        "loans": list(_loans(played)),
        "holds": list(_holds(played)),
        "ledger": figures.of_accounts(life.transfers),
        "met": played.met,
        "failed": [{"at": at, "what": what} for at, what in played.failed],
    }


def _now(played: Played) -> tuple[int, Moment]:
    on, moment = divmod(played.life.at, len(Moment))
    return on, Moment(moment)


def _key(name: str, unit: Unit) -> str:
    return f"{name}_minor" if unit is Unit.MONEY else name


def _command(played: Played, row: Rows) -> dict[str, object]:
    """A command or an event of a day, as it was journalled."""
    kind, seq = Kind(int(row["kind"])), int(row["seq"])
    return {
        "no": seq,
        "kind": kind.name.lower(),
        "by": "day" if kind in DAY_KINDS else "caller",
        "as": played.told[seq].called if seq in played.told else "",
        "on": days.to_text(int(row["effective_on"])),
        "booked": days.to_text(int(row["booked_on"])),
        "amount_minor": int(row["amount_minor"]),
        "applied_minor": int(row["applied_minor"]),
        "outcome": Outcome(int(row["outcome"])).name.lower(),
    }


def _items(played: Played, statement: Rows) -> Iterator[tuple[str, int, int]]:
    for row in played.life.items:
        if row["no"] == statement["no"]:
            item = Item(int(row["item"])).name.lower()
            yield item, int(row["for_on"]), int(row["amount_minor"])


def _statement(played: Played, row: Rows) -> dict[str, object]:
    items = [
        {
            "item": item,
            "for_on": days.to_text(for_on) if for_on else None,
            "amount_minor": amount_minor,
        }
        for item, for_on, amount_minor in _items(played, row)
    ]
    shown = {
        _key(name, STATEMENT_FIGURES[name]): _plain(STATEMENT_FIGURES[name], value)
        for name, value in statement_figures(row).items()
    }
    return {"cut_on": days.to_text(int(row["cut_on"])), **shown, "items": items}


def _plain(unit: Unit, value: Wanted) -> int | str:
    """Return a figure as JSON takes it: what is exact, and days, as text."""
    if unit is Unit.EXACT:
        return show(unit, value)
    return days.to_text(int(value)) if unit is Unit.DAY else int(value)


def _unmet(played: Played) -> list[tuple[int, int]]:
    dues = played.life.loaded.dues
    rows = dues.to_rows(dues.unmet_minor > 0)
    return [(int(row["due_on"]), int(row["unmet_minor"])) for row in rows]


def _loans(played: Played) -> Iterator[dict[str, object]]:
    life = played.life
    for one in figures.of_loans(life.terms, life.loaded, life.closed_on):
        yield {
            "loan": played.called(one.no),
            "kind": one.kind,
            "opened_on": days.to_text(one.opened_on),
            "rate_ppm_day": one.rate_ppm,
            **{
                _key(name, LOAN_FIGURES[name]): _plain(LOAN_FIGURES[name], value)
                for name, value in one.figures.items()
            },
        }


def _holds(played: Played) -> Iterator[dict[str, object]]:
    for one in figures.of_holds(played.life.loaded):
        yield {
            "hold": played.called(one.no),
            "kind": one.kind,
            "left_minor": one.left_minor,
            "expires_on": None if one.expires_on == NEVER else days.to_text(one.expires_on),
        }


# --- For people ---------------------------------------------------------------------------------


def to_text(played: Played) -> str:
    """Return all of it as lines of text."""
    parts = [_journal(played), _end(played), _ledger(played), _verdict(played)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _journal(played: Played) -> list[str]:
    """Every command and event, each statement with its items where it was cut."""
    lines = []
    cuts = {int(row["no"]): row for row in played.life.statements}
    for row in played.life.journal:
        lines.append(_journal_line(played, row))
        if int(row["seq"]) in cuts:
            lines += _statement_lines(played, cuts[int(row["seq"])])
    return lines


def _journal_line(played: Played, row: Rows) -> str:
    kind, seq = Kind(int(row["kind"])), int(row["seq"])
    on, booked = (days.to_text(int(row[name])) for name in ("effective_on", "booked_on"))
    amount = format_amount(int(row["amount_minor"])) if row["amount_minor"] else ""
    outcome = Outcome(int(row["outcome"]))
    said = (
        ""
        if kind in DAY_KINDS
        else "done"
        if outcome is Outcome.DONE
        else f"refused {outcome.name.lower()}"
    )
    late = f" booked {booked}" if booked != on and kind not in DAY_KINDS else ""
    called = (
        f" as {played.told[seq].called}" if seq in played.told and played.told[seq].called else ""
    )
    mark = "·" if kind in DAY_KINDS else " "
    return f"{on} {mark} {kind.name.lower():20} {amount:>14}  {said}{late}{called}".rstrip()


def _statement_lines(played: Played, row: Rows) -> list[str]:
    shown = statement_figures(row)
    said = ", ".join(
        f"{name} {show(STATEMENT_FIGURES[name], shown[name])}"
        for name in ("balance", "due", "minimum")
    )
    due_on = days.to_text(int(row["due_on"]))
    items = [
        f"{'':15}{item if for_on == row['cut_on'] else f'{item} of {days.to_text(for_on)}':26}"
        f" {format_amount(amount):>16}"
        for item, for_on, amount in _items(played, row)
    ]
    return [f"{'':13}{said}, to be paid by {due_on}", *items]


def _end(played: Played) -> list[str]:
    """The line as it stands at the end, and each of its loans and holds."""
    life = played.life
    on, moment = _now(played)
    line = figures.of_line(life.loaded, life.closed_on)
    lines = [f"The line {WHEN[moment]} {days.to_text(on)}"]
    lines += [f"  {name:18} {show(FIGURES[name].unit, value):>16}" for name, value in line.items()]
    for due_on, minor in _unmet(played):
        lines.append(f"  unmet of {days.to_text(due_on)} {format_amount(minor):>15}")
    for one in figures.of_loans(life.terms, life.loaded, life.closed_on):
        lines.append(
            f"Loan {played.called(one.no)}: {one.kind}, since {days.to_text(one.opened_on)}"
        )
        lines += [
            f"  {name:18} {show(LOAN_FIGURES[name], Fraction(value)):>16}"
            for name, value in one.figures.items()
            if value
        ]
    for hold in figures.of_holds(life.loaded):
        left = format_amount(hold.left_minor)
        lines.append(f"Hold {played.called(hold.no)}: {hold.kind} {left:>16}")
    return lines


def _ledger(played: Played) -> list[str]:
    """What the line's transfers come to, account by account."""
    net = figures.of_accounts(played.life.transfers)
    return [
        "Ledger (debits less credits)",
        *(f"  {name:24} {format_amount(amount):>16}" for name, amount in net.items()),
        f"  {'together':24} {format_amount(sum(net.values())):>16}",
    ]


def _verdict(played: Played) -> list[str]:
    failed = [f"{played.story.where(at)}: {what}" for at, what in played.failed]
    return [*failed, f"{played.met} as expected, {len(failed)} not"]
