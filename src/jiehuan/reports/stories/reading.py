"""Reads a story: a text that an accountant can write, or a JSON object."""

import json
import re
from pathlib import Path
from typing import Any

from jiehuan.core import days
from jiehuan.core.commands import Moment
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.reports.stories import words
from jiehuan.reports.stories.kinds import ALWAYS, CLAUSES, MARKS, Value
from jiehuan.reports.stories.story import EVENTS, Pause, Step, Story, Told
from jiehuan.reports.stories.telling import Saying, expectation, finished, told

_COMMENT = re.compile(r"(^|\s)#.*")
MOMENTS = {words.MORNING: Moment.OPENS, words.NIGHT: Moment.CLOSES}
BYTES_MAX = 10_000_000


def read(file: Path) -> Story:
    """Read a story from a file; one that begins with ``{`` is JSON.

    Raises:
        UsageError: It cannot be read, or something is wrong with it.
    """
    try:
        if file.stat().st_size > BYTES_MAX:
            raise UsageError(f"{file} is too large for a story")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error
    is_json = text.lstrip().startswith("{")
    return from_json(text, str(file)) if is_json else from_text(text, str(file))


def from_text(text: str, source: str) -> Story:
    """Read a story that is written line by line.

    Raises:
        UsageError: Something is wrong with it; all of it is told, each with its line.
    """
    reader = _Text()
    faults: list[tuple[int, str]] = []
    for at, line in enumerate(text.splitlines(), start=1):
        try:
            reader.take(at, line)
        except UsageError as error:
            faults.append((at, str(error)))
    story = Story(source, reader.product, "\n".join(reader.terms), reader.steps)
    return finished(story, faults)


class _Text:
    """What was read so far."""

    def __init__(self) -> None:
        self.product = ""
        self.terms: list[str] = []
        self.steps: list[Step] = []
        self._in_terms = False

    def take(self, at: int, line: str) -> None:
        """Read a line."""
        if self._in_terms and (not line.strip() or line[0].isspace()):
            self.terms.append(line.strip())
            return
        self._in_terms = False
        said = _COMMENT.sub("", line).split()
        if not said:
            return
        if said == ["terms"]:
            self._in_terms = True
        elif said[0] == "=":
            self.steps.append(expectation(at, " ".join(said[1:])))
        else:
            self.steps.append(self._dated(at, said))

    def _dated(self, at: int, said: list[str]) -> Step:
        """Read a line that begins with a day."""
        day, *rest = said
        on = days.parse(day)
        if not rest:
            raise UsageError("say what happened on that day")
        kind, *rest = rest
        if kind in MOMENTS:
            if rest:
                raise UsageError(f"{kind} stands alone")
            return Pause(at, on, MOMENTS[kind])
        words.kind_word(kind)
        if kind == "open":
            if not rest:
                raise UsageError("say which product is opened: 'open pay-later 10,000.00'")
            self.product = self.product or rest[0]
            rest = rest[1:]
        amount_minor = words.amount(rest.pop(0)) if rest and words.is_amount(rest[0]) else None
        return told(Saying(at, kind, day, amount_minor, _clauses(rest)), Outcome.DONE)


def _clauses(rest: list[str]) -> dict[str, str]:
    """Read words with their values."""
    said: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        if word not in (*CLAUSES, *MARKS, *ALWAYS):
            known = (*CLAUSES, *MARKS, *ALWAYS)
            raise UsageError(f"what is {word!r}? {words.near(word, known)}")
        if word in said:
            raise UsageError(f"{word!r} is said twice")
        if word in MARKS:
            said[word] = ""
            continue
        length = 2 if rest and rest[0] in EVENTS else 1
        if len(rest) < length:
            raise UsageError(f"{word!r} needs something behind it")
        said[word] = " ".join(rest[:length])
        del rest[:length]
        if length > 1:
            days.parse(said[word].split()[1])
    return said


# --- JSON ---------------------------------------------------------------------------------------

FIELDS = {
    "product": str,
    "limit_minor": int,
    "opened_on": str,
    "cycle": int,
    "terms": str,
    "commands": list,
    "until": str,
    "expect": list,
}
COMMAND_FIELDS = {
    "kind": str,
    "on": str,
    "booked": str,
    "amount_minor": int,
    "as": str,
    "outcome": str,
}


def from_json(text: str, source: str) -> Story:
    """Read a story that is a JSON object.

    Its commands are put in the order in which they were booked.

    Raises:
        UsageError: Something is wrong with it; all of it is told, each with the place of its
            command in the list.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise UsageError(f"{source} is not a JSON object")
    _check(given, FIELDS, required=("product", "limit_minor"), of=source)
    commands, faults = _commands(given.get("commands", []))
    steps: list[Step] = [*sorted(commands, key=lambda one: one.booked_on)]
    story = Story(source, given["product"], given.get("terms", ""), steps, place="command")
    try:
        steps.insert(0, _opening(given, commands))
        if "until" in given:
            steps.append(Pause(0, days.parse(given["until"]), Moment.CLOSES))
        steps += [expectation(0, one) for one in _texts(given.get("expect", []))]
    except UsageError as error:
        faults.append((0, str(error)))
    return finished(story, faults)


def _texts(given: list[Any]) -> list[str]:
    if not all(isinstance(one, str) for one in given):
        raise UsageError('expect is a list of texts, like "owed 2,000.00"')
    return given


def _opening(given: dict[str, Any], commands: list[Told]) -> Told:
    """Return the command that opens the line."""
    first = min((min(one.on, one.booked_on) for one in commands), default=0)
    if "opened_on" not in given and not first:
        raise UsageError("opened_on is missing, and there is no command to take it from")
    day = given.get("opened_on") or days.to_text(first)
    said = {"cycle": str(given["cycle"])} if "cycle" in given else {}
    return told(Saying(0, "open", day, given["limit_minor"], said), Outcome.DONE)


def _commands(given: list[Any]) -> tuple[list[Told], list[tuple[int, str]]]:
    """Read the commands; each is called by its place in the list, counted from 1, too."""
    commands: list[Told] = []
    faults: list[tuple[int, str]] = []
    for at, one in enumerate(given, start=1):
        try:
            commands.append(_command(at, one, given))
        except UsageError as error:
            faults.append((at, str(error)))
    return commands, faults


def _command(at: int, given: object, every: list[Any]) -> Told:
    if not isinstance(given, dict):
        raise UsageError("a command is a JSON object")
    known = {**COMMAND_FIELDS, **dict.fromkeys(CLAUSES, (str, int)), **dict.fromkeys(MARKS, bool)}
    _check(given, known, required=("kind", "on"), of="the command")
    said = {word: _value(word, given[word], every) for word in CLAUSES if word in given}
    said |= {word: "" for word in MARKS if given.get(word)}
    said |= {word: given[word] for word in ("booked",) if word in given}
    said["as"] = given.get("as", str(at))
    if "outcome" in given:
        said["refused"] = given["outcome"]
    return told(Saying(at, given["kind"], given["on"], given.get("amount_minor"), said), None)


def _value(word: str, value: str | int, every: list[Any]) -> str:
    """Return the value of a clause; a number names a command by its place in the list."""
    if CLAUSES[word].value is not Value.NAME or isinstance(value, str):
        return str(value)
    named = every[value - 1] if 0 < value <= len(every) else None
    return str(named.get("as", value)) if isinstance(named, dict) else str(value)


def _check(
    given: dict[str, Any], known: dict[str, Any], required: tuple[str, ...], of: str
) -> None:
    """Refuse fields that are missing, unknown, or not of their type."""
    for name in required:
        if name not in given:
            raise UsageError(f"{of}: {name} is missing")
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{of}: unknown field {name!r}; {words.near(name, known)}")
        if isinstance(value, bool) != (known[name] is bool) or not isinstance(value, known[name]):
            raise UsageError(f"{of}: {name} = {json.dumps(value, ensure_ascii=False)} is not right")
