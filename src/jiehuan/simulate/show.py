"""How is a run told to people: a bar while it goes on, tables at its end."""

import contextlib
from collections.abc import Iterator, Mapping

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from jiehuan.core.line import BUCKET_MAX
from jiehuan.core.money import format_amount
from jiehuan.simulate.compare import bucket_name
from jiehuan.simulate.demo import Outcome
from jiehuan.simulate.figures import WRITTEN_OFF, Figures
from jiehuan.simulate.run import Tell

SHORT_LIST = 10


@contextlib.contextmanager
def bar(console: Console, what: str) -> Iterator[Tell]:
    """Show a progress bar, and yield what moves it on: done, total, words."""
    columns = (
        TextColumn("[bold]{task.fields[name]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", name=what, total=None)

        def tell(done: int, total: int, words: str) -> None:
            progress.update(task, completed=done, total=total, description=words)

        yield tell


def tables(outcome: Outcome) -> list[RenderableType]:
    """Return what is printed at the end of a run."""
    found = outcome.figures
    said: list[RenderableType] = [
        "[bold]The run",
        _run(outcome),
        "[bold]The books, in NT dollars",
        _books(outcome),
        "[bold]Buckets, and where a month takes a line (%)",
        _buckets(found),
    ]
    if found.pay_status.agree is None:
        return said
    agree = f"{100 * found.pay_status.agree:.1f} % agree on past due or not"
    reasons = {why: f"{count:,}" for why, count in found.pay_status.reasons.items()}
    return [
        *said,
        f"[bold]The bank's code of a bill, and our months past due: {agree}",
        _bank(found),
        "[bold]Why the others differ",
        _pairs(reasons),
    ]


def _pairs(rows: Mapping[str, str]) -> Table:
    """Return a table of names and values."""
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _run(outcome: Outcome) -> Table:
    found, said = outcome.figures, outcome.to_json()
    rows = {
        "clients": f"{found.clients:,}",
        "callers' commands": f"{found.commands:,}",
        "of these refused": f"{found.refused:,}",
        "purchases forced": f"{found.forced:,}",
        "credits": f"{found.credits.credits:,} ({format_amount(found.credits.credits_minor)})",
        "purchases of the cents then missing": (
            f"{found.credits.cents:,} ({format_amount(found.credits.cents_minor)})"
        ),
        "events of days": f"{found.day_events:,}",
        "commands a second": f"{said['commands_per_s']:,}",
        "journal rows a second": f"{said['journal_rows_per_s']:,}",
        "seconds": f"{said['seconds']:,}",
    }
    for name, area in found.auc.items():
        rows[f"AUC of the {name} scorecard"] = "-" if area is None else f"{area:.3f}"
    return _pairs(rows)


def _books(outcome: Outcome) -> Table:
    found, said = outcome.figures, outcome.to_json()
    off = f"{found.statements_off:,} of {found.statements:,}"
    rows = {"statements that differ from the data": off}
    for name in ("trial_balance", "interest", "penalty", "fees", "provision", "written_off"):
        rows[name.replace("_", " ")] = format_amount(said[f"{name}_minor"])
    rows["audit"] = "\n".join(outcome.breaches[:SHORT_LIST]) or "clean"
    rows["seconds of the audit"] = f"{said['audit_seconds']:,}"
    return _pairs(rows)


def _buckets(found: Figures) -> Table:
    """Return where the lines stand, and where a month takes them."""
    names = [bucket_name(bucket) for bucket in range(BUCKET_MAX + 1)]
    table = Table()
    for head in ("", "lines", *names):
        table.add_column(head, justify="right")
    for name in names:
        rates = found.roll_rates.get(name, {})
        shares = [f"{100 * rates[to]:.1f}" if to in rates else "" for to in names]
        table.add_row(name, f"{found.buckets[name]:,}", *shares)
    table.add_row(WRITTEN_OFF, f"{found.buckets[WRITTEN_OFF]:,}")
    return table


def _bank(found: Figures) -> Table:
    """Return the bank's codes against our months past due."""
    status = found.pay_status
    late = sorted({int(name) for row in status.table.values() for name in row})
    table = Table()
    for head in ("code", *map(str, late)):
        table.add_column(head, justify="right")
    for code, row in status.table.items():
        table.add_row(code, *(f"{row[str(n)]:,}" if str(n) in row else "" for n in late))
    return table
