"""What may a caller send?  One model a request; whatever fits none is refused, never guessed.

Amounts are integers in minor units and days are ``YYYY-MM-DD``.  An integer is an integer:
no string, float or truth value is taken for one.  What the books have to judge (a negative
amount, an instalment count that is not offered) passes here and gets its outcome there.
"""

import datetime as dt
import re
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from jiehuan.core.commands import REF_ALL, REF_USUAL
from jiehuan.core.days import EPOCH_ON, LAST_ON
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.risk.features import RAW_MAX

# Every integer that is exact in JavaScript, which also cannot leave int64 in any sum of ours.
WHOLE_MAX = 2**53 - 1
assert PRINCIPAL_MINOR_MAX < WHOLE_MAX <= RAW_MAX

COUNT_MAX = 2**15 - 1

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: object) -> object:
    """Take a day only in its one form, and only inside the books' calendar."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    day = dt.date.fromisoformat(value)
    if not EPOCH_ON <= day.toordinal() <= LAST_ON:
        raise ValueError("days run from 2000-01-01 to 2089-12-31")
    return day


Whole = Annotated[int, Field(strict=True, ge=-WHOLE_MAX, le=WHOLE_MAX)]
Count = Annotated[int, Field(strict=True, ge=1, le=COUNT_MAX)]
Number = Annotated[int, Field(strict=True, ge=0, le=WHOLE_MAX)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Id = Annotated[str, StringConstraints(strict=True, max_length=64)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]

_AMOUNT = Field(description="In the book's smallest coin.", examples=[20_000])
_EFFECTIVE = Field(
    default=None,
    description="The day on which the payer acted; left out: the book's business day.",
)


class Body(BaseModel):
    """The root of all requests: an unknown member is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Command(Body):
    """The root of what changes a line."""

    effective_on: Day | None = _EFFECTIVE


class Facts(Body):
    """What is known of who applies; what is left out or null is "not known"."""

    age_years: Annotated[int, Field(strict=True, ge=0, le=150)] | None = None
    education_level: Annotated[int, Field(strict=True, ge=0, le=9)] | None = Field(
        default=None, description="1 graduate school, 2 university, 3 high school, else other."
    )


class Application(Command):
    """Ask for a line."""

    product: Name = Field(examples=["pay-later"])
    party: Number = Field(description="Your number for the person or business.", examples=[1001])
    limit_asked_minor: Whole = Field(examples=[1_000_000])
    cycle_day: Annotated[int, Field(strict=True, ge=1, le=31)] | None = Field(
        default=None, description="Day of the month of the statement; left out: the product's."
    )
    facts: Facts = Facts()


class Purchase(Command):
    """Spend at a merchant."""

    amount_minor: Whole = _AMOUNT
    merchant: Number = Field(default=0, description="Your number for the merchant.")
    forced: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="A late presentment, accepted beyond what is available."
    )


class Hold(Command):
    """Reserve an amount for a merchant."""

    amount_minor: Whole = _AMOUNT
    merchant: Number = Field(default=0, description="Your number for the merchant.")


class Capture(Command):
    """Turn a hold, or a part of it, into a purchase."""

    amount_minor: Whole = _AMOUNT


class Void(Command):
    """Let a hold go."""


class Draw(Command):
    """Borrow cash to the wallet."""

    amount_minor: Whole = _AMOUNT
    instalments: Count | None = Field(
        default=None,
        description="To be repaid in so many, with a fee; left out: interest by the day.",
        examples=[6],
    )


class Repayment(Command):
    """Pay back."""

    amount_minor: Whole = _AMOUNT
    towards: Literal["usual", "all"] | Id = Field(
        default="usual",
        description="`usual` order, `all` (also what is not billed yet), or the id of a loan.",
    )

    def ref(self) -> int | None:
        """Return ``command.ref`` where it needs no look at an id."""
        return {"usual": REF_USUAL, "all": REF_ALL}.get(self.towards)


class Refund(Command):
    """Give back a purchase, or a part of it."""

    purchase: Id = Field(examples=["purchase_1_57"])
    amount_minor: Whole = _AMOUNT


class Conversion(Command):
    """Turn what is unpaid of a purchase, or of a statement's purchases, into instalments."""

    purchase: Id | None = Field(default=None, examples=["purchase_1_57"])
    statement: Id | None = Field(
        default=None,
        description="The newest one: all of its purchases.",
        examples=["statement_1_99"],
    )
    loan: Id | None = Field(
        default=None, description="The same, by the loan that it made.", examples=["loan_1_99"]
    )
    instalments: Count = Field(examples=[6])

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        """Refuse what names nothing, or several things."""
        if sum(name is not None for name in (self.purchase, self.statement, self.loan)) != 1:
            raise ValueError("one of purchase, statement and loan is converted")
        return self

    def named(self) -> tuple[str, str]:
        """Return the noun of what is converted, and its id."""
        names = {"purchase": self.purchase, "statement": self.statement, "loan": self.loan}
        return next((noun, text) for noun, text in names.items() if text is not None)


class Reversal(Body):
    """Undo a command; it has the day of what it undoes, so it takes none."""

    command: Id = Field(
        description="The id of what it made, or its own.", examples=["repayment_1_57"]
    )
    reason: Literal["mistake", "bounced", "cancelled", "fraud"] = "mistake"


class Charge(Command):
    """Bill a fee or a penalty by hand."""

    what: Literal["fee", "penalty"]
    amount_minor: Whole = _AMOUNT
    loan: Id | None = Field(default=None, description="The loan it is for; left out: the line.")


class Waiver(Command):
    """Forgo what is billed and unpaid of a charge."""

    what: Literal["fee", "penalty", "interest"]
    amount_minor: Whole = _AMOUNT
    loan: Id | None = Field(default=None, description="Left out: all loans, the oldest first.")


class Goodwill(Command):
    """Give money to the line at our own cost."""

    amount_minor: Whole = _AMOUNT


class Close(Command):
    """End a line on which nothing is owed to either side."""


class PaidOut(Command):
    """The partner did what an instruction asks."""

    amount_minor: Whole | None = Field(
        default=None, description="What was moved; left out: what was asked."
    )


class NotPaidOut(Command):
    """The partner did not do what an instruction asks, and will not."""


class Quote(Body):
    """Ask what instalments would cost."""

    product: Name = Field(examples=["pay-later"])
    amount_minor: Whole = _AMOUNT
    instalments: Count = Field(examples=[6])


class Advance(Body):
    """Move a virtual clock."""

    until_on: Day = Field(description="The business day to arrive at.")
