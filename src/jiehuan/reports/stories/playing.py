"""Plays a story on a fresh line, and finds where what is seen is not what must be."""

import dataclasses
from collections.abc import Callable

from jiehuan.core import days
from jiehuan.core.columns import Commands, Rows
from jiehuan.core.commands import DAY_KINDS, REF_ALL, Kind, Moment
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import TermsTable, parse
from jiehuan.engine.book import shipped_products
from jiehuan.reports.stories import figures
from jiehuan.reports.stories.figures import FIGURES, LOAN_FIGURES, STATEMENT_FIGURES, Unit, show
from jiehuan.reports.stories.life import CLIENT, LINE, NOBODY, Life
from jiehuan.reports.stories.story import (
    ALL,
    EVENTS,
    Expectation,
    Pause,
    Story,
    Told,
    Wanted,
)


@dataclasses.dataclass(slots=True)
class Played:
    """A story that was played.

    Attributes:
        story: As it was told.
        life: The line and all that happened to it.
        told: Which command of the story each of the journal's numbers is.
        met: How many things were seen as they must be.
        failed: Where in the story something is not, and what.
    """

    story: Story
    life: Life
    told: dict[int, Told] = dataclasses.field(default_factory=dict)
    met: int = 0
    failed: list[tuple[int, str]] = dataclasses.field(default_factory=list)

    def called(self, no: int) -> str:
        """Return what a command is called in the story: ``K``, ``statement DAY``, or ``#7``."""
        if no in self.told and self.told[no].called:
            return self.told[no].called
        row = self.life.journal[no - 1] if 0 < no <= len(self.life.journal) else None
        if row is not None and Kind(int(row["kind"])) in DAY_KINDS:
            return f"{Kind(int(row['kind'])).name.lower()} {days.to_text(int(row['effective_on']))}"
        return f"#{no}"

    def number(self, name: str) -> int:
        """Return the number of what is called so; that of nothing if there is none."""
        if name == ALL:
            return REF_ALL
        if name.partition(" ")[0] in EVENTS:
            every = range(1, len(self.life.journal) + 1)
            return next((no for no in every if self.called(no) == name), NOBODY)
        return next((no for no, one in self.told.items() if one.called == name), NOBODY)


def play(story: Story, watch: Callable[[Life], None] | None = None) -> Played:
    """Play a story to its end.

    Args:
        story: What to play.
        watch: Called after each command and each event of a day.

    Raises:
        UsageError: Its terms are wrong, or there is no such product.
    """
    terms = TermsTable(parse(story.terms) if story.terms else shipped_products())
    played = Played(story, Life(terms, watch))
    for step in story.steps:
        if isinstance(step, Told):
            _post(played, step)
        elif isinstance(step, Pause):
            played.life.pass_to(step.on, step.moment)
        else:
            faults = _faults(played, step)
            played.met += not faults
            played.failed += [(step.at, fault) for fault in faults]
    return played


def _post(played: Played, told: Told) -> None:
    """Book a command of the story, once its day has come: it may name that day's statement."""
    played.life.pass_to(told.booked_on, Moment.OPENS)
    asked = Commands.empty(1)
    asked.line[:] = 0 if told.kind is Kind.OPEN else LINE
    asked.kind[:], asked.client[:] = told.kind, CLIENT
    asked.effective_on[:], asked.amount_minor[:] = told.on, told.amount_minor
    for column, name in told.names.items():
        getattr(asked, column)[:] = played.number(name)
    for column, number in told.numbers.items():
        getattr(asked, column)[:] = number
    asked.terms[:] = played.life.loaded.lines.terms
    if told.kind is Kind.OPEN:
        asked.terms[:] = played.life.terms.in_force(played.story.product, told.on)
        asked.ref[:] = LINE
    done = played.life.post(asked, told.booked_on)
    played.told[int(done.seq[0])] = told
    outcome = Outcome(int(done.outcome[0]))
    if told.outcome is not None and outcome is not told.outcome:
        what = f"{told.kind.name.lower()} should be {_word(told.outcome)} and is {_word(outcome)}"
        played.failed.append((told.at, what))
    else:
        played.met += told.outcome is not None


def _word(outcome: Outcome) -> str:
    return "done" if outcome is Outcome.DONE else f"refused: {outcome.name.lower()}"


def _faults(played: Played, wanted: Expectation) -> list[str]:
    """Return what is not as it must be."""
    seen, units = SEEN[wanted.subject](played, wanted.of)
    whose = f"{wanted.subject} {wanted.of}: " if wanted.of else ""
    if not seen:
        return [f"{whose}there is none"]
    return [
        f"{whose}{name} should be {show(units[name], value)} and is {show(units[name], seen[name])}"
        for name, value in wanted.wanted.items()
        if seen[name] != value
    ]


Seen = tuple[dict[str, Wanted], dict[str, Unit]]


def _line(played: Played, _of: str) -> Seen:
    life = played.life
    return {**figures.of_line(life.loaded, life.closed_on)}, {
        name: figure.unit for name, figure in FIGURES.items()
    }


def _loan(played: Played, of: str) -> Seen:
    """A loan on which nothing is owed has all its figures at zero."""
    life, no = played.life, played.number(of)
    found = figures.of_loans(life.terms, life.loaded, life.closed_on)
    mine = next((one.figures for one in found if one.no == no), dict.fromkeys(LOAN_FIGURES, 0))
    return {**mine}, LOAN_FIGURES


def _statement(played: Played, of: str) -> Seen:
    for row in played.life.statements:
        if days.to_text(int(row["cut_on"])) == of:
            return statement_figures(row), STATEMENT_FIGURES
    return {}, STATEMENT_FIGURES


def statement_figures(row: Rows) -> dict[str, Wanted]:
    """Return the figures of a statement as it was issued."""
    found: dict[str, Wanted] = {"due_on": int(row["due_on"])}
    return found | {
        name: int(row[f"{name}_minor"]) for name in ("balance", "due", "minimum", "used")
    }


def _account(played: Played, of: str) -> Seen:
    net = figures.of_accounts(played.life.transfers).get(of, 0)
    return {"net": net}, {"net": Unit.MONEY}


SEEN: dict[str, Callable[[Played, str], Seen]] = {
    "line": _line,
    "loan": _loan,
    "statement": _statement,
    "account": _account,
}
