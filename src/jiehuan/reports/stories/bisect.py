"""Which command was the first after which a figure of a line went its way?

The line is played again, command by command and event by event in the order of booking, and
the expression is looked at after each.
"""

import dataclasses

from jiehuan.core import days
from jiehuan.core.columns import Rows
from jiehuan.core.commands import DAY_KINDS, Kind
from jiehuan.core.errors import InvariantBroken
from jiehuan.core.money import format_amount
from jiehuan.reports.stories import figures
from jiehuan.reports.stories.expressions import Expression, Value, values
from jiehuan.reports.stories.figures import FIGURES, Unit, show
from jiehuan.reports.stories.life import Life
from jiehuan.reports.stories.playing import play
from jiehuan.reports.stories.recalling import Stored, story_of


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A line after one of its commands; ``place`` counts its journal from 0."""

    place: int
    figures: dict[str, int | str]
    value: Value


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """Where an expression became true, or a figure first changed.

    Attributes:
        expression: What was looked at.
        row: The command, as it is stored; None if it never did.
        before: The line just before it, or as it was opened.
        after: The line just after it, or at its end.
    """

    expression: Expression
    row: Rows | None
    before: Seen
    after: Seen

    def _never(self) -> str:
        """Say that it never did."""
        if not isinstance(self.before.value, bool):
            return "did not change since the line was opened"
        since = "it was so when the line was opened" if self.before.value else "it never was"
        return f"no command made it true; {since}"

    def to_json(self) -> dict[str, object]:
        """Return it as JSON takes it; money is in minor units."""
        told: dict[str, object] = {"expression": self.expression.text, "found": False}
        if self.row is not None:
            told |= {
                "found": True,
                "command": int(self.row["seq"]),
                "kind": Kind(int(self.row["kind"])).name.lower(),
                "by": "day" if Kind(int(self.row["kind"])) in DAY_KINDS else "caller",
                "on": days.to_text(int(self.row["effective_on"])),
                "booked": days.to_text(int(self.row["booked_on"])),
                "amount_minor": int(self.row["amount_minor"]),
            }
        return told | {
            "figures": {
                _key(name): {"before": self.before.figures[name], "after": self.after.figures[name]}
                for name in self.expression.figures
            }
        }

    def text(self) -> str:
        """Return it for people."""
        if self.row is None:
            lines = [f"{self.expression.text}: {self._never()}"]
        else:
            kind = Kind(int(self.row["kind"])).name.lower()
            on, booked = (days.to_text(int(self.row[x])) for x in ("effective_on", "booked_on"))
            amount = (
                f" {format_amount(int(self.row['amount_minor']))}"
                if self.row["amount_minor"]
                else ""
            )
            late = f", booked {booked}" if booked != on else ""
            lines = [f"{on} {kind}{amount}: command {int(self.row['seq'])}{late}"]
        for name in self.expression.figures:
            was, now = (
                show(FIGURES[name].unit, seen.figures[name]) for seen in (self.before, self.after)
            )
            lines.append(f"  {name:18} {was:>16} -> {now:>16}")
        return "\n".join(lines)


def _key(name: str) -> str:
    return f"{name}_minor" if FIGURES[name].unit is Unit.MONEY else name


def bisect(stored: Stored, expression: Expression) -> Turn:
    """Find the first command after which an expression is true and was not before.

    Of an expression that is no question, such as a figure alone, it is the first command
    after which it gives something else.

    Args:
        stored: A line.
        expression: What to look at.

    Raises:
        InvariantBroken: Played again the line is not as it is stored; nothing can be said of it.
    """
    seen: list[Seen] = []

    def watch(life: Life) -> None:
        shown = figures.of_line(life.loaded, life.closed_on)
        seen.append(Seen(len(life.journal) - 1, shown, expression.value(values(shown))))

    played = play(story_of(stored, "the line", anonymous=False), watch)
    if played.failed:
        what = played.failed[0][1]
        raise InvariantBroken(f"the line is not as it is stored ({what}); ask `jiehuan audit`")
    turned = next(
        (
            at
            for at in range(1, len(seen))
            if seen[at].value != seen[at - 1].value and seen[at].value is not False
        ),
        None,
    )
    if turned is None:
        return Turn(expression, None, seen[0], seen[-1])
    after = seen[turned]
    return Turn(expression, stored.journal[after.place], seen[turned - 1], after)
