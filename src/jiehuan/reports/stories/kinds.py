"""What may be said of each kind of command in a story: its row in the table, and nothing else.

A kind without a row may say whatever a command can hold, so a new one can be told at once.
"""

import dataclasses
import enum

from jiehuan.core.commands import DAY_KINDS, DECLINED, FORCED, REFERRED, Charge, Kind, Reason


class Amount(enum.Enum):
    """Whether a kind says how much."""

    NEEDED = "needed"
    MAY = "may"
    NONE = "none"


class Value(enum.Enum):
    """What stands behind the word of a clause."""

    NUMBER = "a number"
    DAY = "a day"
    NAME = "a name"  # of an earlier command, or of a statement by its day


@dataclasses.dataclass(frozen=True, slots=True)
class Clause:
    """A word that says one more thing of a command, and where the command keeps it."""

    column: str
    value: Value


CLAUSES: dict[str, Clause] = {
    "of": Clause("ref", Value.NAME),
    "pays": Clause("merchant", Value.NAME),
    "in": Clause("count", Value.NUMBER),
    "cycle": Clause("count", Value.NUMBER),
    "at": Clause("merchant", Value.NUMBER),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A word that stands alone: a bit of the command's flags, or all of another column."""

    column: str
    number: int

    def is_on(self, number: int) -> bool:
        """Say whether what the column holds has this mark."""
        return bool(number & self.number) if self.column == "flags" else number == self.number


MARKS: dict[str, Mark] = {
    "forced": Mark("flags", FORCED),
    "declined": Mark("flags", DECLINED),
    "referred": Mark("flags", REFERRED),
    **{one.name.lower(): Mark("count", one) for one in (*Reason, *Charge)},
}

# These may be said of every command; they are no part of it.
ALWAYS = ("booked", "as", "refused")


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """What a kind says: how much, which clauses, which marks."""

    amount: Amount = Amount.NONE
    clauses: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


N = Amount.NEEDED

FORMS: dict[Kind, Form] = {
    Kind.OPEN: Form(N, ("cycle",), ("declined", "referred")),
    Kind.PURCHASE: Form(N, ("at",), ("forced",)),
    Kind.HOLD: Form(N, ("at",)),
    Kind.CAPTURE: Form(N, ("of",)),
    Kind.VOID: Form(clauses=("of",)),
    Kind.DRAW: Form(N, ("in",)),
    Kind.DRAW_SUCCEEDED: Form(Amount.MAY, ("of",)),
    Kind.DRAW_FAILED: Form(clauses=("of",)),
    Kind.REPAY: Form(N, ("of", "pays")),
    Kind.REFUND: Form(N, ("of",)),
    Kind.CREDIT: Form(N),
    Kind.CONVERT: Form(clauses=("of", "in")),
    Kind.CLOSE: Form(),
    Kind.REVIEW: Form(),
    Kind.COLLECT: Form(N, ("of",)),
    Kind.COLLECT_ENDED: Form(clauses=("of",)),
    Kind.PAY_BACK: Form(N, ("of",)),
    Kind.PAY_BACK_SUCCEEDED: Form(Amount.MAY, ("of",)),
    Kind.PAY_BACK_FAILED: Form(clauses=("of",)),
    Kind.REVERSE: Form(clauses=("of",), marks=tuple(one.name.lower() for one in Reason)),
    Kind.CHARGE: Form(N, ("of",), ("fee", "penalty")),
    Kind.WAIVE: Form(N, ("of",), ("fee", "penalty", "interest")),
    Kind.GOODWILL: Form(N),
    Kind.CHARGEBACK: Form(N, ("of",)),
}
ANYTHING = Form(Amount.MAY, ("of", "in", "at"), ("forced",))

KINDS: dict[str, Kind] = {kind.name.lower(): kind for kind in Kind if kind not in DAY_KINDS}


def form_of(kind: Kind) -> Form:
    """Return what may be said of a kind."""
    return FORMS.get(kind, ANYTHING)


# A kind keeps a thing in one place: two of its clauses never share a column, nor with a mark.
assert all(
    len({*columns, *marks}) == len(columns) + len(marks)
    for form in (*FORMS.values(), ANYTHING)
    for columns in [[CLAUSES[word].column for word in form.clauses]]
    for marks in [{MARKS[word].column for word in form.marks}]
)
