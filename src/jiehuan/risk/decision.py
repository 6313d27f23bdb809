"""What was decided about whom, on what, and would it be decided so again?

A decision stores what it was made from: the subject and the raw columns as canonical JSON,
the policy by name, version and hash, the scorecard by its hash; and what came out.
``replay`` makes it again from these alone; it must come out the same, to the last part per
million.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jiehuan.core.columns import Codes, Int64s
from jiehuan.core.errors import InvariantBroken, UsageError
from jiehuan.risk import model_file, policy_file
from jiehuan.risk.features import RAW_MEANING, UNKNOWN, Raw, columns_of
from jiehuan.risk.policy import NO_SCORE, Judged, Policy, Verdict, judge
from jiehuan.risk.scorecard import Scorecard, Scores, reasons_against, score

SUBJECT = "subject"  # stands among the inputs: it says the fold of the scorecard
assert SUBJECT not in RAW_MEANING


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision; the attributes are columns of table ``decision``.

    Attributes:
        inputs: Canonical JSON object: the subject and the raw columns by name, sorted; null
            is not known.
        policy: Name of the policy.
        policy_version: Its version.
        policy_hash: sha256 of the version's text, 32 bytes.
        model_hash: sha256 of the scorecard's file, 32 bytes; b"" for none.
        score_ppm: Probability of default; ``NO_SCORE`` without a scorecard.
        outcome: A ``Verdict``.
        limit_minor: Limit granted or proposed.
        reasons: Canonical JSON array of stable codes, the one that decided first.
        decided_on: Business day, an ordinal.
    """

    inputs: str
    policy: str
    policy_version: int
    policy_hash: bytes
    model_hash: bytes
    score_ppm: int
    outcome: int
    limit_minor: int
    reasons: str
    decided_on: int


FIELDS = tuple(field.name for field in dataclasses.fields(Decision))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Decisions of one day by one policy and one scorecard; attributes as of ``Decision``.

    Lists and arrays are of shape (n,); what is the same for all is there once.
    """

    inputs: list[str]
    policy: str
    policy_version: int
    policy_hash: bytes
    model_hash: bytes
    score_ppm: Int64s
    outcome: Codes
    limit_minor: Int64s
    reasons: list[str]
    decided_on: int

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.inputs)

    def rows(self) -> Iterator[Decision]:
        """Yield the decisions one by one."""
        for row in zip(*(self._column(name) for name in FIELDS), strict=True):
            yield Decision(**dict(zip(FIELDS, row, strict=True)))

    def _column(self, name: str) -> list[int | str | bytes]:
        """Return an attribute as a list of n Python values."""
        value: int | str | bytes | list[int | str | bytes] | Int64s = getattr(self, name)
        if isinstance(value, int | str | bytes):
            return [value] * len(self)
        return value.tolist() if isinstance(value, np.ndarray) else value


def columns_needed(card: Scorecard | None, policy: Policy) -> tuple[str, ...]:
    """Return the raw columns that deciding takes, and that a decision stores, sorted."""
    features = policy.features + (card.features if card else ())
    return tuple(sorted({*columns_of(features), policy.limit_of}))


def decide(
    subject: Int64s, raw: Raw, card: Scorecard | None, policy: Policy, decided_on: int
) -> Decisions:
    """Decide on subjects.

    Args:
        subject: Number of each subject, shape (n,).
        raw: Raw columns, shape (n,), at least ``columns_needed(card, policy)``; others are
            not looked at.
        card: The scorecard that the policy names, or None if it names none.
        policy: The policy in force.
        decided_on: Business day, an ordinal.

    Returns:
        A decision a row, each the same as if decided alone.

    Raises:
        UsageError: The scorecard is not the one that the policy names, or a raw column is
            missing or not what it should be.
    """
    if policy.model != (card.name if card else ""):
        raise UsageError(
            f"policy {policy.name!r} scores by model {policy.model!r},"
            f" got {card.name if card else ''!r}"
        )
    if card and not card.sha256:
        raise UsageError(f"model {card.name!r} has no hash: seal it, or load it from its file")
    needed = {name: _column(name, raw, len(subject)) for name in columns_needed(card, policy)}
    scores = score(card, needed, subject) if card else None
    score_ppm = scores.score_ppm if scores else np.full(len(subject), NO_SCORE, np.int64)
    judged = judge(policy, needed, score_ppm)
    return Decisions(
        inputs=_inputs({**needed, SUBJECT: subject}),
        policy=policy.name,
        policy_version=policy.version,
        policy_hash=bytes.fromhex(policy.sha256),
        model_hash=bytes.fromhex(card.sha256) if card else b"",
        score_ppm=score_ppm,
        outcome=judged.outcome,
        limit_minor=judged.limit_minor,
        reasons=_reasons(policy, card, scores, judged),
        decided_on=decided_on,
    )


def _column(name: str, raw: Raw, n: int) -> Int64s:
    """Take a raw column as int64, one a subject."""
    if name not in raw:
        raise UsageError(f"raw column {name!r} is missing; it is needed to decide")
    column = np.asarray(raw[name])
    if column.shape != (n,) or column.dtype.kind not in "iu":
        raise UsageError(
            f"raw column {name!r} must hold {n} integers; got {column.dtype} {column.shape}"
        )
    return column.astype(np.int64)


def _inputs(known: Mapping[str, Int64s]) -> list[str]:
    """Write the inputs of each row as canonical JSON, a column at a time."""
    names = sorted(known)
    form = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    columns = []
    for name in names:
        said: list[int | str] = known[name].tolist()
        for at in np.flatnonzero(known[name] == UNKNOWN).tolist():
            said[at] = "null"
        columns.append(said)
    return [form % row for row in zip(*columns, strict=True)]


def _reasons(
    policy: Policy, card: Scorecard | None, scores: Scores | None, judged: Judged
) -> list[str]:
    """Name what decided, and who is not approved also what speaks against them most."""
    first = [answer.reason for answer in policy.answers]
    against: Sequence[tuple[str, ...]] = [()] * len(judged.answer)
    if card and scores:
        against = reasons_against(scores, card.features, policy.reasons_max)
    asked = (judged.outcome != Verdict.APPROVE).tolist()
    texts: dict[tuple[int, tuple[str, ...]], str] = {}
    out = []
    for at, names, wanted in zip(judged.answer.tolist(), against, asked, strict=True):
        key = (at, names if wanted else ())
        if key not in texts:
            texts[key] = canonical([first[at], *key[1]])
        out.append(texts[key])
    return out


def canonical(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def replay(decision: Decision, model: bytes, policy: str | bytes) -> Decision:
    """Make a decision again from what it stores.

    Args:
        decision: As stored.
        model: The file of the scorecard; b"" if it used none.
        policy: Text of policies, the one that decided among them.

    Returns:
        The decision as made now, equal to the one stored.

    Raises:
        UsageError: The model or the policy is not the one that decided (by its hash), or
            cannot be read.
        InvariantBroken: It comes out otherwise; the message names what differs.
    """
    models = {bytes.fromhex(model_file.hash_of(model)): model} if model else {}
    policies = {bytes.fromhex(one.sha256): one.text for one in policy_file.parse(policy)}
    card, one = _deciders(decision, models, policies)
    (differs,) = _compare([decision], card, one)
    if differs:
        raise InvariantBroken(f"the decision does not replay: {differs}")
    return decision


def differences(
    decisions: Sequence[Decision], models: Mapping[bytes, bytes], policies: Mapping[bytes, str]
) -> list[tuple[int, str]]:
    """Replay many decisions and tell what differs.

    Args:
        decisions: As stored, of any days, policies and scorecards.
        models: Files of scorecards by their hash.
        policies: Texts of policy versions by their hash.

    Returns:
        Place in ``decisions`` and what differs, in order; empty if all come out the same.
        That a model or policy is missing, or inputs cannot be read, is a difference too.
    """
    found: list[tuple[int, str]] = []
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, row in enumerate(decisions):
        try:
            names = tuple(_read(row.inputs))
        except (ValueError, TypeError, RecursionError) as error:
            found.append((at, f"inputs cannot be read: {error}"))
            continue
        key = (row.decided_on, row.policy_hash, row.model_hash, names)
        groups.setdefault(key, []).append(at)
    for places in groups.values():
        rows = [decisions[at] for at in places]
        try:
            told = _compare(rows, *_deciders(rows[0], models, policies))
        except UsageError as error:
            told = [str(error)] * len(rows)
        found += [(at, what) for at, what in zip(places, told, strict=True) if what]
    return sorted(found)


def _compare(rows: Sequence[Decision], card: Scorecard | None, policy: Policy) -> list[str]:
    """Decide again on rows and say of each what differs, "" if nothing does."""
    try:
        again = _again(rows, card, policy)
    except (ValueError, TypeError, KeyError, OverflowError, UsageError) as error:
        if len(rows) == 1:
            return [f"inputs cannot be decided on again: {error}"]
        # One row that cannot be decided on must not hide the others.
        return [what for row in rows for what in _compare([row], card, policy)]
    return [_told(was, now) for was, now in zip(rows, again.rows(), strict=True)]


def _read(inputs: str) -> dict[str, int | None]:
    """Read the inputs of a decision."""
    said = json.loads(inputs)
    if not isinstance(said, dict):
        raise TypeError("not an object")
    for name, value in said.items():
        if value is not None and type(value) is not int:
            raise TypeError(f"{name} = {value!r} is no integer")
    if said.get(SUBJECT) is None:
        raise ValueError("no subject")
    return said


def _deciders(
    one: Decision, models: Mapping[bytes, bytes], policies: Mapping[bytes, str]
) -> tuple[Scorecard | None, Policy]:
    """Find the scorecard and the policy that made a decision."""
    if one.policy_hash not in policies:
        raise UsageError(
            f"policy {one.policy!r} version {one.policy_version} with the hash"
            f" {one.policy_hash.hex()} decided, but is not given"
        )
    if one.model_hash and one.model_hash not in models:
        raise UsageError(f"a model with the hash {one.model_hash.hex()} scored, but is not given")
    (policy,) = policy_file.parse(policies[one.policy_hash])
    return model_file.load(models[one.model_hash]) if one.model_hash else None, policy


def _again(rows: Sequence[Decision], card: Scorecard | None, policy: Policy) -> Decisions:
    """Decide again on rows of one day and one set of columns."""
    inputs = [_read(row.inputs) for row in rows]
    known = {
        name: np.array([UNKNOWN if said[name] is None else said[name] for said in inputs], np.int64)
        for name in inputs[0]
    }
    return decide(known.pop(SUBJECT), known, card, policy, rows[0].decided_on)


def _told(was: Decision, now: Decision) -> str:
    """Say which values differ; "" if none does."""
    return "; ".join(
        f"{name} was {_shown(was, name)}, is {_shown(now, name)}"
        for name in FIELDS
        if getattr(was, name) != getattr(now, name)
    )


def _shown(decision: Decision, name: str) -> str:
    """Write a value for people."""
    value = getattr(decision, name)
    return value.hex() if isinstance(value, bytes) else str(value)
