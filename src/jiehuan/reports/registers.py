"""Are terms, policies and models what their texts say, and do decisions come out the same?"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from jiehuan.core.errors import UsageError
from jiehuan.core.terms import parse as parse_terms
from jiehuan.reports.breach import Breach, Findings, compare, shown
from jiehuan.risk import decision, model_file, policy_file
from jiehuan.risk.decision import Decision
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.lookup import DecisionFound
from jiehuan.store.registry import ModelRow, PolicyRow
from jiehuan.store.snapshot import Snapshot, TermsRow

Differences = Iterable[tuple[str, object, object]]


def check_terms(found: Findings, book: Snapshot) -> None:
    """Check that each version of terms is the one that its text says."""
    for place, row in enumerate(book.terms):
        _report(found, "terms", f"{row.name} {row.version}", _terms_differ(place, row))
        if row.product in _products_of(book) and _currency(row) != book.book.currency:
            said = (("currency", book.book.currency, _currency(row)),)
            _report(found, "book", f"terms {row.name} {row.version}", said)


def _terms_differ(place: int, row: TermsRow) -> Iterator[tuple[str, object, object]]:
    yield "id", place, row.id
    yield "hash", hashlib.sha256(row.text.encode()).digest(), row.hash
    try:
        (said,) = parse_terms(row.text)
    except (UsageError, ValueError) as error:
        yield "text", "one version of terms", error
        return
    yield "text", said.text, row.text
    yield "product", said.number, row.product
    yield "name", said.name, row.name
    yield "version", said.version, row.version
    yield "from_on", said.from_on, row.from_on


def _currency(row: TermsRow) -> str:
    try:
        return parse_terms(row.text)[0].currency
    except UsageError:
        return ""


def _products_of(book: Snapshot) -> set[int]:
    return set(book.tables["line"]["product"].tolist())


def check_policies(found: Findings, book: Snapshot) -> None:
    """Check that each version of a policy is the one that its text says."""
    for row in book.policies:
        _report(found, "policy", f"{row.name} {row.version}", _policy_differs(row))


def _policy_differs(row: PolicyRow) -> Iterator[tuple[str, object, object]]:
    yield "hash", hashlib.sha256(row.text.encode()).digest(), row.hash
    try:
        (said,) = policy_file.parse(row.text)
    except (UsageError, ValueError) as error:
        yield "text", "one version of a policy", error
        return
    yield "name", said.name, row.name
    yield "version", said.version, row.version
    yield "from_on", said.from_on, row.from_on


def check_models(found: Findings, book: Snapshot) -> None:
    """Check that each model is the one that its file says, and was there when it decided."""
    count: Counter[str] = Counter()
    first: dict[bytes, int] = {}
    for one in book.decisions.values():
        on = one.decided_on.toordinal()
        first[one.model_hash] = min(on, first.get(one.model_hash, on))
    for row in book.models:
        count[row.name] += 1
        _report(
            found, "model", f"{row.name} {row.version}", _model_differs(row, count[row.name], first)
        )


def _model_differs(
    row: ModelRow, version: int, first: dict[bytes, int]
) -> Iterator[tuple[str, object, object]]:
    yield "hash", hashlib.sha256(row.data).digest(), row.hash
    yield "version", version, row.version
    try:
        said = model_file.load(row.data)
    except (UsageError, ValueError) as error:
        yield "bytes", "a scorecard", error
        return
    yield "name", said.name, row.name
    yield "from_on", min(row.from_on, first.get(row.hash, row.from_on)), row.from_on


def check_decisions(found: Findings, book: Snapshot) -> None:
    """Check that each decision belongs to its command and comes out the same again."""
    numbers = list(book.decisions)
    rows = [replayable(book.decisions[number]) for number in numbers]
    models = {row.hash: row.data for row in book.models}
    policies = {row.hash: row.text for row in book.policies}
    for at, what in decision.differences(rows, models, policies):
        found.add(Breach("replay", "decision", f"id {numbers[at]}", "", "the same again", what))
    commands = book.tables["command"]
    said = [(number, row.line, row.kind) for number, row in book.decisions.items()]
    stored = np.array(said, _DECIDED)
    decided = commands[np.isin(commands["seq"], stored["seq"])]
    expected = np.empty(len(decided), _DECIDED)
    for name in _DECIDED.names or ():
        expected[name] = decided[name]
    compare(found, "decided", "decision", ("seq",), expected, stored)


_DECIDED = np.dtype([("seq", "i8"), ("line", "i8"), ("kind", "i2")])


def replayable(row: DecisionRow | DecisionFound) -> Decision:
    """Return a stored decision as ``risk.decision`` takes it."""
    values = {name: getattr(row, name) for name in decision.FIELDS}
    return Decision(**{**values, "decided_on": row.decided_on.toordinal()})


def _report(found: Findings, table: str, key: str, said: Differences) -> None:
    for column, expected, actual in said:
        if expected != actual:
            words = shown(column, expected), shown(column, actual)
            found.add(Breach("registers", table, key, column, *words))
