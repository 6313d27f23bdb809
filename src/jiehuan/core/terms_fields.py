"""Everything that a product's terms can decide: one table, from which the docs are drawn.

The order is that of a written version.  A field without an attribute is a rule that this
version of the engine follows in one way only: its default is accepted, any other value is
refused by name, so that no product is ever run by other rules than it says.
"""

from typing import Any, Final

from jiehuan.core.days import CYCLE_DAY_MAX, EPOCH_ON, LAST_ON
from jiehuan.core.money import PRINCIPAL_MINOR_MAX, RATE_PPM_MAX, SHARE_PPM_MAX
from jiehuan.core.terms_forms import CURRENCIES, FORMS, RANKS, REQUIRED, Field

# A due day must lie before the next cut, and February is the shortest cycle.
DUE_AFTER_DAYS_MAX: Final = 27
WRITE_OFF_DAYS_MAX: Final = 3_660
HOLD_DAYS_MAX: Final = 366
NUMBER_MAX: Final = 2**15 - 1
VERSION_MAX: Final = 2**31 - 1

WRITE_OFF_ANY_DAY: Final = "any_day"
WRITE_OFF_STATEMENT_DAY: Final = "statement_day"


def _fixed(name: str, values: tuple[Any, ...], source: str, meaning: str) -> Field:
    """Return a field of which only the first value is honoured; the others are known."""
    return Field(name, "fixed", meaning, source, values[0], choices=values[1:])


_PRODUCT: Final = (
    Field(
        "name",
        "name",
        attribute="name",
        meaning="What the product is called, in commands, files and reports.",
        source="9",
    ),
    Field(
        "number",
        "number",
        attribute="number",
        low=1,
        high=NUMBER_MAX,
        meaning="Its number in the database; never given to another product.",
        source="9",
    ),
    Field(
        "version",
        "number",
        attribute="version",
        low=1,
        high=VERSION_MAX,
        meaning="Which version of its terms this is. A version that was used is never edited.",
        source="6",
    ),
    Field(
        "from_on",
        "day",
        attribute="from_on",
        low=EPOCH_ON,
        high=LAST_ON,
        meaning="The first day on which a line may be opened under this version.",
        source="6",
    ),
    Field(
        "currency",
        "choice",
        attribute="currency",
        choices=CURRENCIES,
        meaning="The currency of its books. All are kept in hundredths.",
        source="9",
    ),
    _fixed("time_zone", ("Asia/Shanghai",), "1", "Where a day ends at 24:00."),
    Field(
        "limit_min",
        "amount",
        attribute="limit_minor_min",
        low=1,
        high=PRINCIPAL_MINOR_MAX,
        meaning="The smallest limit a line may be opened with.",
        source="4",
    ),
    Field(
        "limit_max",
        "amount",
        attribute="limit_minor_max",
        low=1,
        high=PRINCIPAL_MINOR_MAX,
        meaning="The largest.",
        source="4",
    ),
    Field(
        "hold_days",
        "number",
        attribute="hold_days",
        default=7,
        low=0,
        high=HOLD_DAYS_MAX,
        meaning="A merchant's hold ends at the close of this many days after it was made.",
        source="4",
    ),
)

_INTEREST: Final = (
    Field(
        "purchase_rate",
        "rate",
        attribute="purchase_rate_ppm",
        high=RATE_PPM_MAX,
        meaning="What the unpaid rest of purchases and instalments costs after their due day.",
        source="2",
    ),
    Field(
        "draw_rate",
        "rate",
        attribute="draw_rate_ppm",
        high=RATE_PPM_MAX,
        meaning="What a cash draw costs from the day on which the money arrived.",
        source="2",
    ),
    Field(
        "late_rate",
        "rate",
        attribute="late_rate_ppm",
        high=RATE_PPM_MAX,
        meaning="What overdue principal costs in place of the ordinary rate.",
        source="2",
    ),
    Field(
        "late_cap",
        "percent",
        attribute="late_cap_ppm",
        default=1_500_000,
        low=1_000_000,
        high=3_000_000,
        meaning="The late rate may be at most this share of the lower ordinary rate.",
        source="8",
    ),
    Field(
        "yearly_cap",
        "percent",
        attribute="yearly_cap_ppm",
        default=240_000,
        low=10_000,
        high=1_000_000,
        meaning="No rate, and no plan with its fee, may cost more than this in a year.",
        source="8",
    ),
    _fixed(
        "yearly_rate",
        ("cn", "us_actuarial", "eu", "uk"),
        "8",
        "Which yearly rate a quote names; `cn` is 12 x the monthly rate of return.",
    ),
    _fixed(
        "cost_cap",
        ("none", "100 %"),
        "8",
        "A ceiling for all charges on a loan, as a share of its principal.",
    ),
    _fixed(
        "interest_on", (["principal"], ["principal", "interest"]), "2", "What interest runs on."
    ),
    _fixed(
        "compound",
        ("none", "statement"),
        "2",
        "When unpaid interest joins the balance that bears interest.",
    ),
    _fixed("first_day_counts", (True, False), "2", "The first day of a span bears interest."),
    _fixed("last_day_counts", (False, True), "2", "The last day of a span bears interest."),
    _fixed("min_days", (0,), "2", "Days of interest that a draw costs at the least."),
    _fixed(
        "day_of_rate",
        ("night_before", "night_after"),
        "2",
        "Whose night a dated change of rate prices.",
    ),
    _fixed("round_to", ("0.01",), "2", "The unit to which interest is rounded when it is billed."),
    _fixed(
        "rounding",
        ("half_up", "half_even", "down", "up"),
        "2",
        "How it is rounded; `half_up` is floor(x + 1/2).",
    ),
    _fixed(
        "remainder",
        ("carry", "drop", "settle_last"),
        "2",
        "What becomes of the part of a unit that rounding took or gave.",
    ),
    _fixed(
        "revolving",
        (
            "after_due",
            "unpaid_from_posting",
            "bill_from_posting",
            "bill_from_statement",
            "average_daily_balance",
        ),
        "2",
        "From when, and on what, purchases cost interest when a bill is not paid whole.",
    ),
    _fixed(
        "new_purchases_free",
        (True, "only_if_last_bill_paid", False),
        "2",
        "Whether new purchases are free until their due day while an old rest revolves.",
    ),
    _fixed("grace_days", (0,), "2", "Days after due on which a payment is still on time."),
    _fixed("late_base", ("whole_bill", "minimum_shortfall"), "2", "What the late rate runs on."),
    _fixed("late_fee", ("none",), "2", "A fee for being late, beside the late rate."),
    _fixed("tolerance", ("0.00",), "2", "A rest up to this much is owed but makes nothing late."),
)

_STATEMENT: Final = (
    Field(
        "cycle_day",
        "number",
        attribute="cycle_day",
        low=1,
        high=CYCLE_DAY_MAX,
        meaning="The day of the month on which a statement is cut, unless the line has its own. "
        "A month that is too short cuts on its last day.",
        source="9",
    ),
    Field(
        "due_after_days",
        "number",
        attribute="due_after_days",
        low=1,
        high=DUE_AFTER_DAYS_MAX,
        meaning="Days from the cut to the due day.",
        source="9",
    ),
    _fixed(
        "holiday_moves",
        ("nothing", "payable_day", "interest_day"),
        "9",
        "What a holiday on the due day moves to the next working day.",
    ),
    Field(
        "minimum",
        "percent",
        attribute="minimum_ppm",
        high=SHARE_PPM_MAX,
        meaning="The share of revolving principal in the minimum due, rounded up.",
        source="3",
    ),
    Field(
        "minimum_floor",
        "amount",
        attribute="minimum_floor_minor",
        high=PRINCIPAL_MINOR_MAX,
        meaning="That part of the minimum is at least this much, or all revolving principal.",
        source="3",
    ),
    _fixed(
        "floor_over",
        (["principal"], ["principal", "interest", "fee", "penalty"]),
        "3",
        "Which parts of the minimum the floor covers.",
    ),
    Field(
        "full_if_under",
        "amount",
        attribute="full_if_under_minor",
        default=1_000,
        high=PRINCIPAL_MINOR_MAX,
        meaning="A bill below this is due whole.",
        source="3",
    ),
    Field(
        "over_limit_in_minimum",
        "flag",
        attribute="over_limit_in_minimum",
        default=True,
        meaning="What is used above the limit at the cut is part of the minimum.",
        source="3",
    ),
)

_PLANS: Final = (
    Field(
        "plans",
        "plans",
        attribute="plans",
        default={},
        high=SHARE_PPM_MAX,
        meaning="Numbers of instalments for purchases, bills and draws, and the whole fee of each.",
        source="5",
    ),
    _fixed("odd_cents", ("last", "first"), "5", "Which term of a plan takes what does not divide."),
    _fixed(
        "early_fee",
        ("billed_only", "all", "by_period_used", "by_day"),
        "5",
        "Which fees an early settlement of a plan costs.",
    ),
    _fixed(
        "rebate",
        ("none", "actuarial", "rule_of_78"),
        "5",
        "What of fees already charged comes back at an early settlement.",
    ),
)

_REPAYMENT: Final = (
    Field(
        "allocation_current",
        "ranks",
        attribute="allocation_current",
        default=RANKS,
        meaning="What a repayment pays first, until write-off.",
        source="5",
    ),
    Field(
        "allocation_way",
        "choice",
        attribute="allocation_way",
        default="down",
        choices=("down", "across"),
        meaning="`down`: one rank over all loans, then the next; `across`: all ranks of a loan.",
        source="5",
    ),
    _fixed(
        "allocation_1_90",
        ("as_current",),
        "5",
        "What a repayment pays first from day 1 to 90 past due.",
    ),
    _fixed(
        "allocation_91",
        ("as_current", "principal_first"),
        "5",
        "What it pays first from day 91 past due.",
    ),
    Field(
        "allocation_written_off",
        "ranks",
        attribute="allocation_written_off",
        default=("principal", "penalty", "fee", "interest"),
        meaning="What it pays first after write-off.",
        source="7",
    ),
    _fixed(
        "allocation_settlement",
        ("as_current",),
        "5",
        "What it pays first under a settlement that was agreed.",
    ),
    _fixed(
        "paid_in_advance",
        ("overpayment", "next", "last", "spread", "named"),
        "5",
        "What becomes of a payment above all that is due.",
    ),
    _fixed(
        "refund_effective",
        ("refund_day", "purchase_day"),
        "5",
        "From which day a refund lowers what it names.",
    ),
    _fixed(
        "refund_rest",
        ("overpayment", "source"),
        "5",
        "Where a refund goes when nothing is left to lower.",
    ),
    _fixed(
        "refund_cures", (False, True), "5", "Whether a refund counts as a payment for lateness."
    ),
    _fixed(
        "reduce",
        ("next", "last", "spread", "number"),
        "5",
        "Which terms of a plan a refund lowers first.",
    ),
)

_LATE: Final = (
    _fixed("due_day_counts", (False, True), "7", "Whether the due day itself is day 1 past due."),
    Field(
        "provision",
        "buckets",
        attribute="provision_ppm",
        default=(10_000, 30_000, 250_000, 500_000, 750_000, 1_000_000, 1_000_000),
        high=SHARE_PPM_MAX,
        meaning="The share of what is owed that is provided for, in each bucket M0 to M6. "
        "A placeholder: the lender must set it.",
        source="7",
    ),
    Field(
        "undrawn_provision",
        "percent",
        attribute="undrawn_provision_ppm",
        default=0,
        high=SHARE_PPM_MAX,
        meaning="The share of the undrawn line that is provided for.",
        source="7",
    ),
    _fixed(
        "non_accrual_days",
        ("off", 90),
        "7",
        "Days past due from which interest leaves the income and is kept apart.",
    ),
    _fixed(
        "cure_months",
        ("off",),
        "7",
        "Months kept current before interest comes back into the income.",
    ),
    Field(
        "write_off_days_min",
        "number",
        attribute="write_off_days_min",
        default=180,
        low=1,
        high=WRITE_OFF_DAYS_MAX,
        meaning="Days past due from which a line is written off.",
        source="7",
    ),
    Field(
        "write_off_on",
        "choice",
        attribute="write_off_on",
        default=WRITE_OFF_ANY_DAY,
        choices=(WRITE_OFF_ANY_DAY, WRITE_OFF_STATEMENT_DAY),
        meaning="On which days that happens, at their close.",
        source="7",
    ),
    _fixed("restructure", ("none",), "7", "Whether an overdue debt may be given new terms."),
)

SECTIONS: Final = {
    "Product and line": _PRODUCT,
    "Interest and charges": _INTEREST,
    "Statement and minimum due": _STATEMENT,
    "Instalment plans": _PLANS,
    "Repayments and refunds": _REPAYMENT,
    "Late, provision, write-off": _LATE,
}

FIELDS: Final = {field.name: field for fields in SECTIONS.values() for field in fields}

assert len(FIELDS) == sum(map(len, SECTIONS.values())), "each name once"
assert all(field.form == "fixed" for field in FIELDS.values() if not field.attribute)
assert all(field.attribute for field in FIELDS.values() if field.form != "fixed")


def reference() -> str:
    """Return the reference of every field, as Markdown: what docs/terms.md must hold."""
    return "\n".join(
        line
        for title, fields in SECTIONS.items()
        for line in (f"## {title}", "", *_table(fields), "")
    )


def _table(fields: tuple[Field, ...]) -> list[str]:
    """Return the lines of one section's table."""
    head = ["| field | default | range | what it decides | rule |", "|---|---|---|---|---|"]
    return head + [
        f"| `{field.name}` | {_default(field)} | {FORMS[field.form].tell(field)} "
        f"| {field.meaning} | {field.source} |"
        for field in fields
    ]


def _default(field: Field) -> str:
    """Return a field's default as the file would write it."""
    if field.default is REQUIRED:
        return "must be given"
    return f"`{FORMS[field.form].write(field.default)}`"
