"""Writes a story as text, such that reading it gives the same story."""

from collections.abc import Iterator

from jiehuan.core import days
from jiehuan.core.commands import Kind, Moment
from jiehuan.core.money import format_amount
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories.figures import FIGURES, LOAN_FIGURES, STATEMENT_FIGURES, Unit, show
from jiehuan.reports.stories.kinds import CLAUSES, MARKS, Amount, Form, Value, form_of
from jiehuan.reports.stories.reading import MOMENTS
from jiehuan.reports.stories.story import STATEMENT, Expectation, Pause, Step, Story, Told

_WORDS = {moment: word for word, moment in MOMENTS.items()}
_UNITS = {
    "line": {name: figure.unit for name, figure in FIGURES.items()},
    "loan": LOAN_FIGURES,
    STATEMENT: STATEMENT_FIGURES,
    "account": {"net": Unit.MONEY},
}


def write(story: Story) -> str:
    """Return a story as text."""
    lines = [f"# {remark}".rstrip() for remark in story.remarks]
    if story.terms:
        lines += ["", "terms", *(f"  {line}".rstrip() for line in story.terms.splitlines())]
    lines += [""] if lines else []
    lines += [_step(story, step) for step in story.steps]
    return "\n".join(lines) + "\n"


def _step(story: Story, step: Step) -> str:
    if isinstance(step, Pause):
        return f"{days.to_text(step.on)} {_WORDS[Moment(step.moment)]}"
    if isinstance(step, Expectation):
        return " ".join(["=", *_expectation(step)])
    return " ".join([days.to_text(step.on), step.kind.name.lower(), *_command(story, step)])


def _expectation(wanted: Expectation) -> Iterator[str]:
    if wanted.subject != "line":
        yield wanted.subject
        yield wanted.of
    for name, value in wanted.wanted.items():
        if wanted.subject != "account":
            yield name
        yield show(_UNITS[wanted.subject][name], value)


def _command(story: Story, told: Told) -> Iterator[str]:
    form = form_of(told.kind)
    if told.kind is Kind.OPEN:
        yield story.product
    if form.amount is Amount.NEEDED or (form.amount is Amount.MAY and told.amount_minor):
        yield format_amount(told.amount_minor)
    yield from _clauses(told, form)
    if told.booked_on != told.on:
        yield f"booked {days.to_text(told.booked_on)}"
    if told.called:
        yield f"as {told.called}"
    if told.outcome not in (None, Outcome.DONE):
        yield f"refused {told.outcome.name.lower()}"


def _clauses(told: Told, form: Form) -> Iterator[str]:
    """Yield what a command says beside its amount."""
    for word in form.clauses:
        clause = CLAUSES[word]
        if clause.value is Value.NAME:
            said = told.names.get(clause.column, "")
        else:
            number = told.numbers.get(clause.column, 0)
            said = days.to_text(number) if clause.value is Value.DAY else str(number)
            said = said if number else ""
        if said:
            yield f"{word} {said}"
    for word in form.marks:
        if MARKS[word].is_on(told.numbers.get(MARKS[word].column, 0)):
            yield word
