"""What is a caller answered?  One model an answer; ``openapi.json`` is made of these.

Amounts are integers in the book's smallest coin, named ``*_minor``; days are ISO dates;
ids carry their noun and their book (``ids.py``).
"""

import datetime as dt
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Verdict: TypeAlias = Literal["approve", "refer", "decline"]


class Answer(BaseModel):
    """The root of all answers."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """A refusal or a failure, as of RFC 9457; ``problems.py`` lists the codes."""

    type: str = Field(examples=["urn:jiehuan:problem:amount_exceeds_available"])
    title: str = Field(description="For people, in the language asked for.")
    status: int = Field(examples=[409])
    detail: str = Field(description="What to do about it.")
    code: str = Field(description="For programs; stable.", examples=["amount_exceeds_available"])
    facts: dict[str, object] = Field(
        description="What explains it, as of now.", examples=[{"available_minor": 500_000}]
    )


class Done(Answer):
    """A command that was booked; a replay is answered with just the same."""

    id: str = Field(description="Of what it made.", examples=["purchase_1_57"])
    command: str = Field(description="Its place in the journal.", examples=["command_1_57"])
    line: str = Field(examples=["line_1_42"])
    kind: str = Field(examples=["purchase"])
    outcome: Literal["done"] = "done"
    amount_minor: int
    applied_minor: int = Field(description="How much of it reached what it names.")
    effective_on: dt.date
    booked_on: dt.date


class Reason(Answer):
    """Why it was decided so."""

    code: str
    text: str


class Decision(Answer):
    """What was decided on an application or in a review."""

    id: str = Field(examples=["decision_1_5"])
    line: str = Field(description="Exists if it was approved.", examples=["line_1_42"])
    outcome: Verdict
    limit_minor: int
    score_ppm: int | None = Field(description="Probability of default; null: not scored.")
    reasons: list[Reason]
    inputs: dict[str, int | None]
    policy: str
    policy_version: int
    decided_on: dt.date


class Opened(Done):
    """An application that was approved."""

    decision: Decision


class Line(Answer):
    """A line as it stands."""

    id: str = Field(examples=["line_1_42"])
    party: int
    product: str
    terms_version: int
    currency: str
    status: str = Field(examples=["active"])
    cycle_day: int
    limit_minor: int
    used_minor: int = Field(description="All principal owed.")
    held_minor: int
    available_minor: int = Field(description="limit - used - held; may be negative.")
    overpaid_minor: int
    charges_minor: int = Field(description="Interest, fees and penalty billed and unpaid.")
    unbilled_minor: int = Field(description="Purchases of the running cycle, draws and plans.")
    opened_on: dt.date
    cut_on: dt.date | None = Field(description="The last statement.")
    due_on: dt.date | None
    due_minor: int = Field(description="Of the last statement.")
    minimum_minor: int = Field(description="Of the last statement.")
    past_due_on: dt.date | None = Field(description="Oldest due day with an unmet minimum.")
    bucket: str = Field(examples=["M0"])


class Statement(Answer):
    """A statement, as it was issued."""

    id: str = Field(examples=["statement_1_99"])
    cut_on: dt.date
    due_on: dt.date
    balance_minor: int
    due_minor: int
    minimum_minor: int
    used_minor: int
    items: list["StatementItem"] = Field(description="They add up to the balance.")


class StatementItem(Answer):
    """A part of a statement's balance."""

    item: str = Field(examples=["purchases"])
    for_on: dt.date | None
    amount_minor: int


class Statements(Answer):
    """The statements of a line, the newest first."""

    statements: list[Statement]


class Loan(Answer):
    """A debt under a line; interest and penalty are those billed and unpaid."""

    id: str = Field(examples=["loan_1_88"])
    kind: str = Field(examples=["cycle"])
    open: bool
    opened_on: dt.date
    rate_ppm_day: int
    principal_minor: int
    unbilled_minor: int
    billed_minor: int
    carried_minor: int = Field(description="Billed, its first due day closed: bears interest.")
    interest_minor: int
    fee_minor: int
    penalty_minor: int


class Loans(Answer):
    """The loans of a line, oldest first."""

    loans: list[Loan]


class Transfer(Answer):
    """A movement of money between two accounts."""

    id: str = Field(examples=["transfer_1_57_0"])
    command: str = Field(examples=["command_1_57"])
    debit: str = Field(examples=["1/principal/M0"])
    credit: str
    amount_minor: int
    effective_on: dt.date
    booked_on: dt.date


class Transfers(Answer):
    """The transfers of a line's newest commands, in the order of the journal."""

    transfers: list[Transfer]


class Term(Answer):
    """One instalment."""

    no: int
    due_on: dt.date
    principal_minor: int
    fee_minor: int
    amount_minor: int


class Rate(Answer):
    """An annual rate, as its law defines it and with interest on interest."""

    ppm: int
    effective_ppm: int


class Rates(Answer):
    """The four annual rates; the last three are counted by the days of this quote."""

    cn: Rate = Field(description="12 x the monthly rate of return, instalments a month apart.")
    us_actuarial: Rate = Field(description="Regulation Z, Appendix J.")
    eu: Rate = Field(description="Annual percentage rate of charge, Directive 2008/48/EC.")
    uk: Rate = Field(description="APR of the FCA, CONC App 1.2.")


class Quote(Answer):
    """What instalments would cost, if converted before the next statement."""

    product: str
    currency: str
    amount_minor: int
    instalments: int
    fee_minor: int
    fee_ppm: int
    total_minor: int
    daily_minor: int = Field(description="The cost of a day, on the average.")
    yearly_ppm: int = Field(description="12 x the monthly rate of return (the rate `cn`).")
    rates: Rates
    terms: list[Term]


class Plan(Answer):
    """A number of instalments that is offered, and its whole fee."""

    instalments: int
    fee_ppm: int


class Product(Answer):
    """The terms under which a line would be opened today."""

    name: str
    version: int
    currency: str
    limit_minor_min: int
    limit_minor_max: int
    cycle_day: int
    due_after_days: int
    minimum_ppm: int
    purchase_rate_ppm_day: int
    draw_rate_ppm_day: int
    late_rate_ppm_day: int
    plans: list[Plan]
    sha256: str = Field(description="Of the terms in full.")


class Products(Answer):
    """The products of the book's currency."""

    products: list[Product]


class Instruction(Answer):
    """What the outside world is asked to do."""

    id: str = Field(examples=["instruction_1_57"])
    line: str
    kind: str = Field(examples=["pay_out"])
    amount_minor: int
    state: str


class Instructions(Answer):
    """Instructions that are not finished, oldest first."""

    instructions: list[Instruction]


class Clock(Answer):
    """The book's own date."""

    book: int
    business_on: dt.date
    virtual: bool


class Advanced(Clock):
    """What a moved clock did."""

    from_on: dt.date
    days_closed: int = Field(description="The days from `from_on` up to the day before.")


class Account(Answer):
    """The balance of an account: positive is debit."""

    account: str = Field(examples=["1/principal/M0"])
    balance_minor: int


class TrialBalance(Answer):
    """All accounts; a book in balance sums to zero."""

    currency: str
    business_on: dt.date
    accounts: list[Account]
    debit_minor: int
    credit_minor: int
    difference_minor: int
    balanced: bool


class Health(Answer):
    """A word on how we are."""

    status: Literal["ok"]
