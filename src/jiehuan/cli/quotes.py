"""``jiehuan quote``: what credit would cost, payment by payment, in all and a year."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jiehuan.cli.program import Json, app, bytes_of
from jiehuan.core.errors import UsageError

if TYPE_CHECKING:
    from jiehuan.core.quotes import Quote
    from jiehuan.core.terms import Product

CHINA = dt.timezone(dt.timedelta(hours=8))


Name = Annotated[str, typer.Option("--product", help="A product of the terms.")]
Instalments = Annotated[
    int, typer.Option("--instalments", min=0, help="How many; 0: a draw by the day.")
]
Method = Annotated[
    str, typer.Option("--method", help="A method of repaying, with terms of your own.")
]
Rate = Annotated[str, typer.Option("--rate", help="Interest a year, with --method.")]
Fee = Annotated[str, typer.Option("--fee", help="The whole fee, with --method.")]
Down = Annotated[str, typer.Option("--down", help="Paid at once, with --method.")]
EveryDays = Annotated[
    int, typer.Option("--every-days", min=0, help="Days between instalments; 0: a month.")
]
Unit = Annotated[
    str, typer.Option("--unit", help="Instalments are multiples of it, but for the last.")
]
On = Annotated[
    str, typer.Option("--on", metavar="DAY", help="When it is paid out; else today in China.")
]
Lender = Annotated[
    str, typer.Option("--lender", help="Whose caps hold: a kind of lender in caps.toml.")
]
Terms = Annotated[
    Path | None, typer.Option("--terms", help="Other products: a file like terms.toml.")
]


@app.command(
    epilog="Example: jiehuan quote 10,000.00 --instalments 12; or with terms of your own:"
    " jiehuan quote 10,000.00 --method equal-instalments --instalments 12 --rate '18 %'"
)
def quote(  # noqa: PLR0913  # one argument an option
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="As people write it: 1,000.00.")],
    *,
    product: Name = "pay-later",
    instalments: Instalments = 0,
    method: Method = "",
    rate: Rate = "0 %",
    fee: Fee = "0 %",
    down: Down = "0 %",
    every_days: EveryDays = 0,
    unit: Unit = "0.01",
    on: On = "",
    lender: Lender = "licensed",
    terms: Terms = None,
    as_json: Json = False,
) -> None:
    """Quote credit: the schedule, all that it costs, four annual rates; or why it is too dear."""
    from jiehuan.core import days, money, quotes
    from jiehuan.engine.book import shipped_caps

    day = days.parse(on) if on else dt.datetime.now(CHINA).date().toordinal()
    amount_minor = money.parse_amount(amount)
    of = _product(terms, product, day)
    if method:
        loan = quotes.Loan(
            amount_minor=amount_minor,
            on=day,
            method=method,
            count=instalments,
            rate_ppm=_percent("--rate", rate),
            fee_ppm=_percent("--fee", fee),
            down_ppm=_percent("--down", down),
            every_days=every_days,
            unit_minor=money.parse_amount(unit),
        )
        made = quotes.of_loan(loan)
    elif instalments:
        made = quotes.of_plan(of, amount_minor, instalments, day)
    else:
        made = quotes.of_draw(of, amount_minor, day)
    if refused := shipped_caps().refusal(lender, of.currency, day, made.yearly_ppm):
        raise UsageError(f"refused: {refused}")
    _tell(made, "" if method else of.name, of, lender, as_json=as_json)


def _tell(made: "Quote", name: str, of: "Product", lender: str, *, as_json: bool) -> None:
    """Print a quote, as an object or for people."""
    if as_json:
        print(json.dumps(_to_json(made, name, of, lender), ensure_ascii=False))
    else:
        _print(made, name or made.method, of)


def _product(terms: Path | None, name: str, on: int) -> "Product":
    """Return the version of a product in force on a day, from a file or as shipped."""
    from jiehuan.core.terms import TermsTable, parse
    from jiehuan.engine.book import shipped_products

    offered = TermsTable(parse(bytes_of(terms)) if terms else shipped_products())
    return offered.products[offered.in_force(name, on)]


def _percent(option: str, text: str) -> int:
    """Read a share that an option gives."""
    from jiehuan.core.money import SHARE_PPM_MAX
    from jiehuan.core.terms_forms import FORMS, Field

    field = Field(option, "percent", "", "", high=SHARE_PPM_MAX)
    try:
        return int(FORMS["percent"].read(field, text))
    except UsageError as error:
        raise UsageError(f"{option} {text!r} {error}") from None


def _to_json(made: "Quote", name: str, of: "Product", lender: str) -> dict[str, Any]:
    """Return the object that ``--json`` prints."""
    from jiehuan.core.days import to_text

    return {
        "product": name,
        "method": made.method,
        "currency": of.currency,
        "lender": lender,
        "on": to_text(made.on),
        "amount_minor": made.amount_minor,
        "total_minor": made.total_minor,
        "cost_minor": made.cost_minor,
        "daily_minor": made.daily_minor,
        "rates": {
            name: {"ppm": rate.ppm, "effective_ppm": rate.effective_ppm}
            for name, rate in made.rates.items()
        },
        "schedule": [
            {
                "no": row.no,
                "due_on": to_text(row.due_on),
                "principal_minor": row.principal_minor,
                "interest_minor": row.interest_minor,
                "fee_minor": row.fee_minor,
                "amount_minor": row.amount_minor,
                "left_minor": row.left_minor,
            }
            for row in made.rows
        ],
    }


def _print(made: "Quote", name: str, of: "Product") -> None:
    """Print a quote for people."""
    from rich.console import Console
    from rich.table import Table

    from jiehuan.core.days import to_text
    from jiehuan.core.money import format_amount

    table = Table(
        title=f"{name}, {made.method}: {format_amount(made.amount_minor)} {of.currency}"
        f" on {to_text(made.on)}"
    )
    for column in ("no", "due", "principal", "interest", "fee", "payment", "left"):
        table.add_column(column, justify="left" if column == "due" else "right")
    for row in made.rows:
        amounts = (
            row.principal_minor, row.interest_minor, row.fee_minor, row.amount_minor,
            row.left_minor,
        )  # fmt: skip
        table.add_row(str(row.no), to_text(row.due_on), *map(format_amount, amounts))
    out = Console()
    out.print(table)
    out.print(
        f"{format_amount(made.total_minor)} in all, {format_amount(made.cost_minor)} of it cost:"
        f" {format_amount(made.daily_minor)} a day"
    )
    for key, rate in made.rates.items():
        out.print(
            f"{key:12} {_told(rate.ppm):>12} a year, {_told(rate.effective_ppm)} effective",
            highlight=False,
        )


def _told(ppm: int) -> str:
    from jiehuan.core.terms_forms import percent_text

    return percent_text(ppm)
