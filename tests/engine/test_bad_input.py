"""What is asked wrongly is refused by name, journalled, and changes nothing."""

import datetime as dt

import pytest
from tests.engine.script import NOBODY, OPENED_ON, Ask, apply_for

from jiehuan.core.commands import DECLINED, REFERRED, Kind
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.core.outcomes import Outcome
from jiehuan.engine import day

INT64_MAX = 2**63 - 1
LAST_ON = dt.date.max.toordinal()
TODAY = OPENED_ON + 10
LINES = """
    SELECT id, used_minor, held_minor, overpaid_minor, charges_minor, status, limit_minor
    FROM line WHERE book = %s ORDER BY id
"""
TRANSFERS = "SELECT count(*), sum(amount_minor) FROM transfer WHERE book = %s"
O = Outcome  # noqa: E741 - a table of cases


@pytest.fixture
def client(client):
    """A client with a line of nine days that owes something, and a closed one, on a later day."""
    day.advance(client.writer, OPENED_ON + 1)
    client.ask(apply_for("line"), apply_for("closed"))
    client.ask(
        Ask("buy", Kind.PURCHASE, "line", 50_000),
        Ask("hold", Kind.HOLD, "line", 20_000),
        Ask("draw", Kind.DRAW, "line", 30_000),
        Ask("close", Kind.CLOSE, "closed"),
    )
    day.advance(client.writer, TODAY)
    return client


def line_rows(client):
    """Return what the lines and their transfers are."""
    book = client.writer.book
    with client.writer.conn.cursor() as cursor:
        return [cursor.execute(text, [book]).fetchall() for text in (LINES, TRANSFERS)]


CASES = {
    "unknown line": (Ask("x", Kind.PURCHASE, NOBODY, 5), O.LINE_NOT_FOUND),
    "line 0 is the book": (Ask("x", Kind.REPAY, 0, 5), O.LINE_NOT_FOUND),
    "negative line": (Ask("x", Kind.REPAY, -3, 5), O.LINE_NOT_FOUND),
    "largest line": (Ask("x", Kind.REPAY, INT64_MAX, 5), O.LINE_NOT_FOUND),
    "closed line": (Ask("x", Kind.PURCHASE, "closed", 5), O.LINE_CLOSED),
    "repay a closed line": (Ask("x", Kind.REPAY, "closed", 5), O.LINE_CLOSED),
    "close it again": (Ask("x", Kind.CLOSE, "closed"), O.LINE_CLOSED),
    "tomorrow": (Ask("x", Kind.REPAY, "line", 5, on=TODAY + 1), O.DATE_IN_FUTURE),
    "last day of all": (
        Ask("x", Kind.REPAY, "line", 5, on=dt.date.max.toordinal()),
        O.DATE_IN_FUTURE,
    ),
    "before it was opened": (
        Ask("x", Kind.REPAY, "line", 5, on=OPENED_ON),
        O.DATE_BEFORE_LINE_OPENED,
    ),
    "the first day of all": (Ask("x", Kind.REPAY, "line", 5, on=1), O.DATE_BEFORE_LINE_OPENED),
    "nothing": (Ask("x", Kind.PURCHASE, "line", 0), O.AMOUNT_MUST_BE_POSITIVE),
    "negative": (Ask("x", Kind.REPAY, "line", -1), O.AMOUNT_MUST_BE_POSITIVE),
    "most negative": (Ask("x", Kind.CREDIT, "line", -(2**63)), O.AMOUNT_MUST_BE_POSITIVE),
    "too large": (Ask("x", Kind.REPAY, "line", PRINCIPAL_MINOR_MAX + 1), O.AMOUNT_TOO_LARGE),
    "largest": (Ask("x", Kind.PURCHASE, "line", INT64_MAX), O.AMOUNT_TOO_LARGE),
    "largest, late": (
        Ask("x", Kind.PURCHASE, "line", INT64_MAX, on=TODAY - 2),
        O.AMOUNT_TOO_LARGE,
    ),
    "largest refund": (Ask("x", Kind.REFUND, "line", INT64_MAX, "buy"), O.AMOUNT_TOO_LARGE),
    "no hold": (Ask("x", Kind.CAPTURE, "line", 5, NOBODY), O.HOLD_NOT_FOUND),
    "a draw is no hold": (Ask("x", Kind.VOID, "line", 0, "draw"), O.HOLD_NOT_FOUND),
    "expired hold": (Ask("x", Kind.CAPTURE, "line", 5, "hold"), O.HOLD_NOT_OPEN),
    "another amount": (Ask("x", Kind.DRAW_SUCCEEDED, "line", 5, "draw"), O.DRAW_AMOUNT_DIFFERS),
    "no purchase": (Ask("x", Kind.REFUND, "line", 5, "hold"), O.PURCHASE_NOT_FOUND),
    "too much back": (Ask("x", Kind.REFUND, "line", 50_001, "buy"), O.REFUND_EXCEEDS_PURCHASE),
    "no loan": (Ask("x", Kind.REPAY, "line", 5, NOBODY), O.LOAN_NOT_FOUND),
    "no such plan": (Ask("x", Kind.CONVERT, "line", 0, "buy", 5), O.TERMS_NOT_OFFERED),
    "a plan of none": (Ask("x", Kind.CONVERT, "line", 0, "buy", -1), O.TERMS_NOT_OFFERED),
    "beyond the line": (Ask("x", Kind.PURCHASE, "line", 999_999), O.AMOUNT_EXCEEDS_AVAILABLE),
    "not settled": (Ask("x", Kind.CLOSE, "line"), O.LINE_NOT_SETTLED),
    "unknown terms": (apply_for("x", terms=99), O.TERMS_NOT_OFFERED),
    "negative terms": (apply_for("x", terms=-1), O.TERMS_NOT_OFFERED),
    "too small a line": (apply_for("x", 9_999), O.TERMS_NOT_OFFERED),
    "no line": (apply_for("x", 0), O.AMOUNT_MUST_BE_POSITIVE),
    "too large a line": (apply_for("x", 100_000_001), O.TERMS_NOT_OFFERED),
    "largest line of credit": (apply_for("x", INT64_MAX), O.AMOUNT_TOO_LARGE),
    "no cycle day": (apply_for("x", cycle_day=32), O.TERMS_NOT_OFFERED),
    "opened tomorrow": (apply_for("x", on=TODAY + 1), O.DATE_IN_FUTURE),
    "declined": (apply_for("x", flags=DECLINED), O.APPLICATION_DECLINED),
    "referred": (apply_for("x", flags=REFERRED), O.APPLICATION_REFERRED),
}


def test_what_is_wrong_is_refused_by_name_and_changes_nothing(client):
    before = line_rows(client)
    asks = [ask._replace(key=name) for name, (ask, _) in CASES.items()]

    answers = client.ask(*asks)

    assert {name: outcome.name for name, (_, outcome) in CASES.items()} == {
        name: answer.outcome.name for name, answer in zip(CASES, answers, strict=True)
    }
    assert before == line_rows(client)
    assert all(answer.seq and not answer.applied for answer in answers)


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_alone_as_among_others(client, name):
    ask, outcome = CASES[name]

    [answer] = client.ask(ask)

    assert outcome == answer.outcome
