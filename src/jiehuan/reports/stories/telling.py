"""One command of a story, put together from what is said of it and checked against its kind."""

import dataclasses
from collections.abc import Mapping

from jiehuan.core import days
from jiehuan.core.commands import Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories import words
from jiehuan.reports.stories.figures import FIGURES, LOAN_FIGURES, STATEMENT_FIGURES, Unit
from jiehuan.reports.stories.kinds import (
    ALWAYS,
    CLAUSES,
    KINDS,
    MARKS,
    Amount,
    Form,
    Value,
    form_of,
)
from jiehuan.reports.stories.story import (
    ALL,
    EVENTS,
    NOTHING,
    STATEMENT,
    Expectation,
    Step,
    Story,
    Told,
    Wanted,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Saying:
    """What a line of a story says of a command, in words."""

    at: int
    kind: str
    on: str
    amount_minor: int | None
    said: Mapping[str, str]  # by word of a clause, flag, or of ``ALWAYS``


def told(saying: Saying, otherwise: Outcome | None) -> Told:
    """Return the command that words tell.

    Args:
        saying: The words.
        otherwise: What must become of it if nothing is said.

    Raises:
        UsageError: There is no such kind, it takes no such thing, or one is no value for it.
    """
    kind = KINDS[words.kind_word(saying.kind)]
    form = form_of(kind)
    on = days.parse(saying.on)
    said = dict(saying.said)
    booked_on = days.parse(said.pop("booked")) if "booked" in said else on
    called = words.name(said.pop("as")) if "as" in said else ""
    outcome = words.outcome(said.pop("refused")) if "refused" in said else otherwise
    _check_amount(kind, form, saying.amount_minor)
    names: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for word, value in said.items():
        if word not in (*form.clauses, *form.marks):
            raise UsageError(f"{saying.kind} takes no {word!r}; it takes {_takes(form)}")
        if word in MARKS:
            mark = MARKS[word]
            if mark.column != "flags" and mark.column in numbers:
                raise UsageError(f"{word!r} and another word say different things; say one")
            numbers[mark.column] = numbers.get(mark.column, 0) | mark.number
        elif CLAUSES[word].value is Value.NAME:
            names[CLAUSES[word].column] = words.reference(value)
        else:
            column = CLAUSES[word].column
            is_day = CLAUSES[word].value is Value.DAY
            numbers[column] = days.parse(value) if is_day else words.number(value, column)
    return Told(
        at=saying.at,
        kind=kind,
        on=on,
        booked_on=booked_on,
        amount_minor=saying.amount_minor or 0,
        names=names,
        numbers={column: number for column, number in numbers.items() if number},
        called=called,
        outcome=outcome,
    )


def _check_amount(kind: Kind, form: Form, amount_minor: int | None) -> None:
    """Refuse a command that says no amount but needs one, and the other way about."""
    if form.amount is Amount.NEEDED and amount_minor is None:
        raise UsageError(f"{kind.name.lower()} needs an amount")
    if form.amount is Amount.NONE and amount_minor is not None:
        raise UsageError(f"{kind.name.lower()} takes no amount")


def _takes(form: Form) -> str:
    amount = () if form.amount is Amount.NONE else ("an amount",)
    return ", ".join((*amount, *form.clauses, *form.marks, *ALWAYS))


def expectation(at: int, text: str) -> Expectation:
    """Read what must be seen: ``owed 2,000.00 bucket 0``, ``loan K principal 10.00`` ...

    Raises:
        UsageError: There is no such figure, or one is no value for it.
    """
    subject, *rest = text.split() or [""]
    if subject == "account":
        if len(rest) != 2:  # noqa: PLR2004  # its name and its amount
            raise UsageError("write an account as 'account principal/M0 1,000.00'")
        return Expectation(at, subject, rest[0], {"net": words.amount(rest[1])})
    if subject == STATEMENT and rest:
        day = days.to_text(days.parse(rest[0]))
        return Expectation(at, subject, day, _figures(STATEMENT_FIGURES, rest[1:]))
    if subject == "loan" and rest:
        length = 2 if rest[0] == STATEMENT else 1
        return Expectation(
            at, subject, " ".join(rest[:length]), _figures(LOAN_FIGURES, rest[length:])
        )
    units = {name: figure.unit for name, figure in FIGURES.items()}
    return Expectation(at, "line", "", _figures(units, text.split()))


def _figures(units: Mapping[str, Unit], rest: list[str]) -> dict[str, Wanted]:
    """Read names and values, in turn."""
    unknown = [name for name in rest[::2] if name not in units]
    if unknown:
        raise UsageError(f"there is no figure {unknown[0]!r}; {words.near(unknown[0], units)}")
    if not rest or len(rest) % 2:
        raise UsageError("write each figure with its value, like 'owed 2,000.00'")
    return {
        name: words.wanted(units[name], value)
        for name, value in zip(rest[::2], rest[1::2], strict=True)
    }


def check_names(steps: list[Step]) -> list[tuple[int, str]]:
    """Return where steps name what was not told before, and what is told wrongly in order."""
    faults: list[tuple[int, str]] = []
    known: set[str] = set()
    last_on = 0
    for step in steps:
        if isinstance(step, Told):
            faults += [
                (step.at, _unknown(name))
                for name in step.names.values()
                if name not in known and not _is_special(name)
            ]
            if step.called in known:
                faults.append((step.at, f"another command is called {step.called!r} already"))
            known |= {step.called} - {""}
            day = step.booked_on
        elif isinstance(step, Expectation):
            if step.subject == "loan" and step.of not in known and not _is_special(step.of):
                faults.append((step.at, _unknown(step.of)))
            continue
        else:
            day = step.on
        if day < last_on:
            faults.append(
                (
                    step.at,
                    f"{days.to_text(last_on)} has come already; say on which day this was 'booked'",
                )
            )
        last_on = max(last_on, day)
    return faults


def _unknown(name: str) -> str:
    return f"nothing before is called {name!r}; give the command a name with 'as'"


def _is_special(name: str) -> bool:
    return name in (ALL, NOTHING) or name.partition(" ")[0] in EVENTS


def finished(story: Story, faults: list[tuple[int, str]]) -> Story:
    """Return a story, or refuse it with all that is wrong with it.

    Args:
        story: As read.
        faults: Where and what was found wrong while it was read.

    Raises:
        UsageError: Something is wrong; each on a line of its own, with its place.
    """
    faults = faults or [*_check_opening(story.steps), *check_names(story.steps)]
    if faults:
        said = sorted(faults, key=lambda fault: fault[0])
        raise UsageError("\n".join(f"{story.where(at)}: {what}" for at, what in said))
    return story


def _check_opening(steps: list[Step]) -> list[tuple[int, str]]:
    commands = [step for step in steps if isinstance(step, Told)]
    if not commands or commands[0].kind is not Kind.OPEN or steps[0] is not commands[0]:
        return [
            (0, "a story begins with the line's opening: '2026-03-01 open pay-later 10,000.00'")
        ]
    more = [step for step in commands[1:] if step.kind is Kind.OPEN]
    return [(step.at, "a story is of one line; it is open already") for step in more]
