"""500 lines of the demo's book against the scalar model in fractions, in every statement."""

import datetime as dt
import itertools

import numpy as np
from tests.oracle.model import Command, Life
from tests.oracle.terms import Terms
from tests.simulate.lives import CARD, MONTHS, TERMS, people, rehearsed

from jiehuan.core.commands import DAY_KINDS, FORCED, Kind
from jiehuan.simulate.plan import FIRST_ON, first_of

UNTIL = dt.date.fromordinal(first_of(MONTHS))


def lives():
    """Yield each line's id, limit, commands as the model knows them, and day events."""
    rows = rehearsed().journal.to_rows()
    rows = rows[np.lexsort((rows["seq"], rows["line"]))]
    for line, journal in itertools.groupby(rows, lambda row: int(row["line"])):
        opened, *rest = journal
        commands = [
            Command(
                int(row["seq"]),
                Kind(row["kind"]).name.lower(),
                dt.date.fromordinal(row["effective_on"]),
                int(row["amount_minor"]),
                int(row["ref"]),
                int(row["count"]),
                bool(row["flags"] & FORCED),
            )
            for row in rest
            if row["kind"] not in DAY_KINDS
        ]
        events = [
            (dt.date.fromordinal(row["effective_on"]), Kind(row["kind"]).name.lower())
            for row in rest
            if row["kind"] in DAY_KINDS
        ]
        yield line, int(opened["amount_minor"]), commands, events


def test_every_statement_and_event_is_what_the_model_says():
    terms = Terms.of(TERMS.products[CARD])
    cuts = rehearsed().statements.to_rows()
    seen = 0
    for line, limit, commands, events in lives():
        result = Life(terms, dt.date.fromordinal(FIRST_ON), limit, 1).run(commands, UNTIL)

        mine = cuts[cuts["line"] == line]
        told = [
            (dt.date.fromordinal(cut["cut_on"]), *cut[["balance_minor", "minimum_minor"]].item())
            for cut in mine
        ]
        assert {"DONE"} >= set(result.outcomes.values()), line
        assert [(s.cut_on, s.balance, s.minimum) for s in result.statements] == told, line
        assert result.events == events, line
        seen += len(told)
    assert seen > MONTHS * len(people()) * 0.8
