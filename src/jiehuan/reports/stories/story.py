"""What a story consists of: the line, what was asked of it, and what must be seen.

Days are ordinals, money is in minor units.  A name is what an earlier command was called with
``as``; or an event of a day, like ``statement DAY``; ``ALL`` and ``NOTHING`` are names too.
"""

import dataclasses
from fractions import Fraction
from typing import TypeAlias

from jiehuan.core.commands import DAY_KINDS, Kind, Moment
from jiehuan.core.outcomes import Outcome

ALL = "all"
NOTHING = "nothing"
STATEMENT = "statement"

# What a day does to a line, by the word that names it.
EVENTS: dict[str, Kind] = {kind.name.lower(): kind for kind in sorted(DAY_KINDS)}

Wanted: TypeAlias = int | str | Fraction


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A command as a story tells it.

    Attributes:
        at: Where in the story: its line in a text, its place in a list.
        kind: What is asked.
        on: The day on which it takes effect.
        booked_on: The day on which it is booked, not before ``on`` unless it is to be refused.
        amount_minor: How much; 0 if nothing is said.
        names: What it refers to, by column: ``ref``, ``merchant``.
        numbers: What else it says, by column: ``count``, ``merchant``, ``flags``.
        called: What later commands call it; empty if nobody does.
        outcome: What must become of it; None if nothing is said.
    """

    at: int
    kind: Kind
    on: int
    booked_on: int
    amount_minor: int = 0
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    numbers: dict[str, int] = dataclasses.field(default_factory=dict)
    called: str = ""
    outcome: Outcome | None = Outcome.DONE


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass up to the morning of a day, its statement cut; or to its night, closed."""

    at: int
    on: int
    moment: Moment


@dataclasses.dataclass(frozen=True, slots=True)
class Expectation:
    """What must be seen here.

    Attributes:
        at: Where in the story.
        subject: ``line``, ``loan``, ``statement`` or ``account``.
        of: Which loan (a name), statement (a day as text) or account.
        wanted: Figures by name.
    """

    at: int
    subject: str
    of: str
    wanted: dict[str, Wanted]


Step: TypeAlias = Told | Pause | Expectation


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """A line's life.

    Attributes:
        source: What to call it in a message: a file.
        product: The name of what the line is of.
        terms: Terms to play it under, as text; empty for those that we ship.
        steps: Everything, in order; the first command opens the line.
        remarks: What to say above it.
        place: What ``at`` counts: the lines of a text, the commands of a list.
    """

    source: str
    product: str
    terms: str
    steps: list[Step]
    remarks: tuple[str, ...] = ()
    place: str = "line"

    def where(self, at: int) -> str:
        """Say where something stands."""
        return f"{self.source}, {self.place} {at}" if at else self.source
