"""Who would have been granted credit, on what was known on the day?

Two decisions a client: at application, on limit asked, age and education; and a review after
the last close, on how the line was used.  Both by a scorecard that has not seen the client:
of five cards each scores the fold that it was not trained on.
"""

import dataclasses
import datetime as dt
import importlib.resources
from collections.abc import Sequence

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.commands import Kind
from jiehuan.risk.decision import Decisions, decide
from jiehuan.risk.features import MONTHS, PAID_MONTHS, UNKNOWN
from jiehuan.risk.folds import fold_of
from jiehuan.risk.measures import auc
from jiehuan.risk.model_file import seal
from jiehuan.risk.policy import Policy, in_force
from jiehuan.risk.policy_file import parse
from jiehuan.risk.scorecard import Scorecard, train
from jiehuan.risk.training import FOLDS, SETS
from jiehuan.simulate.people import People, read, shipped
from jiehuan.store import registry
from jiehuan.store.database import Connection
from jiehuan.store.decisions import DecisionRow

TARGET = "default_next_month"
APPLICATION, REVIEW = "application", "limit-review"
MODEL = {APPLICATION: "application", REVIEW: "behaviour"}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Conduct:
    """How each line was used, the newest month first; columns of shape (n,).

    Attributes:
        balances_minor: Statement balances.
        repaid_minor: What was repaid before each of them, since the one before.
        buckets: The bucket at the close of the day before each.
    """

    balances_minor: Sequence[Int64s]
    repaid_minor: Sequence[Int64s]
    buckets: Sequence[Int64s]


def shipped_policies() -> tuple[Policy, ...]:
    """Return the policies that come with the program."""
    text = (importlib.resources.files("jiehuan") / "policy.toml").read_text(encoding="utf-8")
    return parse(text)


def told_by_data(people: People) -> Conduct:
    """Return the conduct that the data tell, with the bank's own codes for buckets."""
    return Conduct(
        people.bills_minor[::-1],
        people.paid_minor[:0:-1],
        [np.clip(code, 0, 6) for code in people.codes[-2::-1]],
    )


def raw_of(people: People, conduct: Conduct | None) -> dict[str, Int64s]:
    """Return the raw columns that features are made of; months without data are unknown."""
    raw = {
        "limit_asked_minor": people.limit_minor,
        "limit_minor": people.limit_minor,
        "age_years": people.age_years,
        "education_level": people.education_level,
    }
    if conduct is None:
        return raw
    unknown = np.full(len(people), UNKNOWN, np.int64)
    for name, months, column in (
        ("balance_minor", MONTHS, conduct.balances_minor),
        ("repaid_minor", PAID_MONTHS, conduct.repaid_minor),
        ("bucket", PAID_MONTHS, conduct.buckets),
    ):
        for k in range(months):
            known = k < len(column)
            raw[f"{name}_{k + 1}"] = column[k].astype(np.int64) if known else unknown
    return raw


def _can_teach(people: People) -> bool:
    """Return whether every card of a scorecard would see good and bad clients."""
    fold = fold_of(people.id, FOLDS)
    return all(
        people.defaulted[fold != k].any() and not people.defaulted[fold != k].all()
        for k in range(FOLDS)
    )


def learn(policy: str, people: People, conduct: Conduct | None = None) -> tuple[Scorecard, bytes]:
    """Train the scorecard of a policy, in folds; return it with its file.

    People too few or too alike to learn from are scored by what the shipped data teach.
    """
    if not _can_teach(people):
        people = read(shipped())
        conduct = told_by_data(people) if conduct else None
    name = MODEL[policy]
    raw = raw_of(people, conduct)
    return seal(train(name, TARGET, SETS[name], raw, people.defaulted, people.id, FOLDS))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Decisions on all clients, and what their scores are worth.

    Attributes:
        rows: A row a client, to be stored with its command.
        auc: Of the scores against default; None when nobody or everybody defaulted.
    """

    rows: list[DecisionRow]
    auc: float | None


def decide_on(
    conn: Connection, policy_name: str, people: People, conduct: Conduct | None, on: int
) -> Decided:
    """Decide on every client, and store policy and scorecard.

    Args:
        conn: Where policy and scorecard are stored.
        policy_name: ``APPLICATION`` or ``REVIEW``.
        people: The clients.
        conduct: What is known of their lines, or None.
        on: The business day.
    """
    policy = in_force(shipped_policies(), policy_name, on)
    card, model = learn(policy_name, people, conduct)
    registry.add_policy(conn, policy.name, policy.version, policy.from_on, policy.text)
    registry.add_model(conn, card.name, on, model)
    made = decide(people.id, raw_of(people, conduct), card, policy, on)
    kind = Kind.OPEN if policy_name == APPLICATION else Kind.REVIEW
    return Decided(_rows(made, kind), _auc(made.score_ppm, people.defaulted))


def _rows(made: Decisions, kind: Kind) -> list[DecisionRow]:
    """Return decisions as they are stored; the line is filled in when they are posted."""
    on = dt.date.fromordinal(made.decided_on)
    return [
        DecisionRow(
            0,
            int(kind),
            row.inputs,
            row.policy,
            row.policy_version,
            row.policy_hash,
            row.model_hash,
            row.score_ppm,
            row.outcome,
            row.limit_minor,
            row.reasons,
            on,
        )
        for row in made.rows()
    ]


def _auc(score_ppm: Int64s, bad: Flags) -> float | None:
    """Return the area under the ROC curve, if both kinds of client are there."""
    return auc(score_ppm, bad) if bad.any() and not bad.all() else None
