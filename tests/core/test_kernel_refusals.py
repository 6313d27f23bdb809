"""Every ending of every command, and the lives of lines and holds as whole grids."""

import itertools
from typing import Any

import numpy as np
import pytest
from tests.core.play import CLIENT, NOBODY, TERMS_ID, Book, Play, again, row, rows_of
from tests.oracle.playing import command_of, commands_of, day
from tests.oracle.random_lives import RandomLife, life_of_seed
from tests.tables import table

from jiehuan.core.apply import HANDLERS, apply
from jiehuan.core.checks import CHECKS, FAILS
from jiehuan.core.columns import Commands, Holds
from jiehuan.core.commands import DAY_KINDS, DECLINED, FORCED, REFERRED, Kind
from jiehuan.core.line import (
    HOLD_TRANSITIONS,
    TRANSITIONS,
    Happening,
    HoldState,
    Status,
)
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded, Out, State, build

ON, SOON = day("03-05"), day("03-06")

# Where a line stands on 5 March: numbers of commands count from 1.
LINES = {
    "active": """
        01-20 purchase 50_000
        02-05 repay 50_000
        02-06 hold 9_000
        02-07 void of 3
        02-12 purchase 40_000
        03-02 hold 8_000
        03-03 draw 5_000
        03-03 draw 6_000
        03-04 draw_failed of 8
        03-04 repay 1 of cycle 03-01
    """,
    "past due": "01-20 purchase 50_000\n02-08 hold 8_000\n02-08 draw 5_000",
    "idle": "",
    "closed": "01-20 hold 5_000\n01-21 void of 1\n01-22 close",
    "overpaid": """
        01-20 purchase 40_000
        02-05 collect 60_000
        02-05 repay 60_000 pays 2
        03-01 pay_back 3_000
        03-02 pay_back 2_000
        03-02 pay_back_failed of 5
        03-03 draw 97_000
    """,
    "beyond": """
        01-20 repay 50_000
        03-01 hold 130_000
        03-01 pay_back 4_000
    """,
}
GIVEN_UP = day("08-15")  # past due since 10 February


def refused(stands: str, words: str) -> str:
    """Return the outcome of one more command on a line of ``LINES``."""
    past = commands_of(LINES.get(stands, LINES["past due"]))
    on = GIVEN_UP if stands == "written off" else ON
    if stands == "young":
        on = day("01-01")
    asked = command_of(len(past) + 1, [f"{on:%m-%d}", *words.split()])
    past = [] if stands in {"young", "none"} else past
    life = RandomLife("pay-later", 100_000, [*past, asked], day("01-01"), 1, on)
    return Play([life]).until(on).outcomes(0)[asked.seq]


CASES = """
    line         command                       outcome
    active       purchase 47_001               DONE                            # to the last cent
    active       purchase 47_002               AMOUNT_EXCEEDS_AVAILABLE
    active       purchase 47_002 forced        DONE
    active       purchase 0                    AMOUNT_MUST_BE_POSITIVE
    active       purchase -1 forced            AMOUNT_MUST_BE_POSITIVE
    active       purchase 100_000_000_001      AMOUNT_TOO_LARGE  # two wrongs, first one told
    past due     purchase 1                    LINE_PAST_DUE
    past due     purchase 0                    LINE_PAST_DUE  # status before amount
    past due     purchase 1 forced             DONE
    written off  purchase 1                    LINE_WRITTEN_OFF
    written off  purchase 1 forced             DONE
    active       hold 47_001                   DONE
    active       hold 47_002                   AMOUNT_EXCEEDS_AVAILABLE
    active       hold 47_002 forced            AMOUNT_EXCEEDS_AVAILABLE  # only a purchase is forced
    active       hold 0                        AMOUNT_MUST_BE_POSITIVE
    active       hold 100_000_000_001          AMOUNT_TOO_LARGE
    past due     hold 1 forced                 LINE_PAST_DUE
    written off  hold 1 forced                 LINE_WRITTEN_OFF
    active       draw 47_001                   DONE
    active       draw 47_002 forced            AMOUNT_EXCEEDS_AVAILABLE
    active       draw 0                        AMOUNT_MUST_BE_POSITIVE
    active       draw 100_000_000_001          AMOUNT_TOO_LARGE
    past due     draw 1 forced                 LINE_PAST_DUE
    written off  draw 1                        LINE_WRITTEN_OFF
    active       capture 8_000 of 6            DONE
    active       capture 8_001 of 6            AMOUNT_EXCEEDS_HOLD
    active       capture 0 of 6                AMOUNT_MUST_BE_POSITIVE
    active       capture 100_000_000_001 of 6  AMOUNT_TOO_LARGE
    active       capture 0 of 99               AMOUNT_MUST_BE_POSITIVE  # amount before reference
    active       capture 1 of 99               HOLD_NOT_FOUND
    active       capture 1 of 5                HOLD_NOT_FOUND                  # a purchase
    active       capture 1 of 7                HOLD_NOT_FOUND  # a draw is no merchant's
    active       capture 9_001 of 3            HOLD_NOT_OPEN  # reference before money
    active       charge 500 in 1               DONE
    active       charge 500 of cycle 03-01 in 2  DONE
    active       charge 500 of 6 in 1          LOAN_NOT_FOUND
    active       charge 0 in 1                 AMOUNT_MUST_BE_POSITIVE
    active       charge 100_000_000_001 in 1   AMOUNT_TOO_LARGE
    past due     charge 500 in 2               DONE
    written off  charge 500 in 1               LINE_WRITTEN_OFF
    closed       charge 500 in 1               LINE_CLOSED
    past due     waive 1 in 2                  DONE  # billed on 1 March
    active       waive 1 in 1                  AMOUNT_EXCEEDS_OWED
    past due     waive 1 of 1 in 2             LOAN_NOT_FOUND                  # a purchase
    active       waive 0 in 1                  AMOUNT_MUST_BE_POSITIVE
    active       waive 100_000_000_001 in 1    AMOUNT_TOO_LARGE
    closed       waive 1 in 1                  LINE_CLOSED
    active       goodwill 500                  DONE
    active       goodwill 0                    AMOUNT_MUST_BE_POSITIVE
    active       goodwill 100_000_000_001      AMOUNT_TOO_LARGE
    closed       goodwill 500                  LINE_CLOSED
    active       chargeback 40_000 of 5        DONE
    active       chargeback 40_001 of 5        REFUND_EXCEEDS_PURCHASE
    active       chargeback 1 of 6             PURCHASE_NOT_FOUND              # a hold
    active       chargeback 0 of 5             AMOUNT_MUST_BE_POSITIVE
    active       chargeback 100_000_000_001 of 5  AMOUNT_TOO_LARGE
    closed       chargeback 1 of 1             LINE_CLOSED
    active       void of 6                     DONE
    active       void of 3                     HOLD_NOT_OPEN
    active       void of 7                     HOLD_NOT_FOUND
    past due     void of 2                     HOLD_NOT_OPEN  # expired on 15 February
    active       draw_succeeded of 7           DONE
    active       draw_succeeded 5_000 of 7     DONE
    active       draw_succeeded 4_999 of 7     DRAW_AMOUNT_DIFFERS
    active       draw_succeeded -1 of 7        AMOUNT_MUST_BE_POSITIVE
    active       draw_succeeded 100_000_000_001 of 7  AMOUNT_TOO_LARGE
    active       draw_succeeded of 6           HOLD_NOT_FOUND                  # a merchant's
    active       draw_succeeded of 8           HOLD_NOT_OPEN                   # it has failed
    past due     draw_succeeded of 3           DONE                            # asked before
    written off  draw_succeeded of 3           DONE
    active       draw_failed of 7              DONE
    active       draw_failed of 6              HOLD_NOT_FOUND
    active       draw_failed of 8              HOLD_NOT_OPEN
    active       repay 1                       DONE
    idle         repay 1                       DONE                            # overpaid
    written off  repay 1                       DONE
    active       repay 1 of all                DONE
    active       repay 1 of cycle 03-01        DONE
    active       repay 1 of cycle 02-01        LOAN_NOT_FOUND                  # paid off
    active       repay 1 of 5                  LOAN_NOT_FOUND                  # not a loan
    active       repay 0 of 5                  AMOUNT_MUST_BE_POSITIVE
    active       repay 100_000_000_001         AMOUNT_TOO_LARGE
    active       refund 40_000 of 5            DONE
    active       refund 40_001 of 5            REFUND_EXCEEDS_PURCHASE
    active       refund 50_000 of 1            DONE                            # paid long ago
    active       refund 1 of 6                 PURCHASE_NOT_FOUND              # a hold
    active       refund 0 of 6                 AMOUNT_MUST_BE_POSITIVE
    active       refund 100_000_000_001 of 5   AMOUNT_TOO_LARGE
    active       credit 1                      DONE
    active       credit 0                      AMOUNT_MUST_BE_POSITIVE
    active       credit 100_000_000_001        AMOUNT_TOO_LARGE
    active       convert of 5 in 3             DONE
    active       convert of 5 in 4             TERMS_NOT_OFFERED
    active       convert of 5 in 0             TERMS_NOT_OFFERED
    active       convert of 99 in 4            PURCHASE_NOT_FOUND
    active       convert of 1 in 3             PURCHASE_NO_LONGER_CONVERTIBLE  # nothing unpaid
    past due     convert of 1 in 3 forced      LINE_PAST_DUE
    written off  convert of 1 in 3             LINE_WRITTEN_OFF
    idle         close                         DONE
    active       close                         LINE_NOT_SETTLED
    young        close                         DONE
    active       draw 47_001 in 3              DONE
    active       draw 47_002 in 3              AMOUNT_EXCEEDS_AVAILABLE
    active       draw 47_002 in 4              TERMS_NOT_OFFERED  # the product before money
    active       draw 1 in -1                  TERMS_NOT_OFFERED
    active       draw 1 in 32_767              TERMS_NOT_OFFERED
    active       draw 0 in 4                   AMOUNT_MUST_BE_POSITIVE
    active       convert of cycle 03-01 in 3   DONE
    active       convert of cycle 03-01 in 4   TERMS_NOT_OFFERED
    active       convert of cycle 02-01 in 3   PURCHASE_NO_LONGER_CONVERTIBLE  # paid off
    active       convert of cycle 01-01 in 3   PURCHASE_NOT_FOUND  # nothing was bought in it
    active       convert of 10 in 3            PURCHASE_NOT_FOUND  # a repayment
    active       collect 1                     DONE
    active       collect 100_000_000_000 of all  DONE  # more than is owed: it overpays
    active       collect 1 of cycle 03-01      DONE
    active       collect 1 of cycle 02-01      LOAN_NOT_FOUND
    active       collect 0 of cycle 02-01      AMOUNT_MUST_BE_POSITIVE
    active       collect 100_000_000_001       AMOUNT_TOO_LARGE
    past due     collect 1                     DONE
    written off  collect 1                     DONE
    active       repay 1 of cycle 02-01 pays 5  DONE  # it was collected: it is ours to take
    active       repay 0 pays 5                AMOUNT_MUST_BE_POSITIVE
    active       collect_ended of 5            DONE
    closed       collect_ended of 5            DONE
    overpaid     pay_back 17_000               DONE  # 20,000 are, 3,000 are on their way
    overpaid     pay_back 17_001               AMOUNT_EXCEEDS_OVERPAYMENT
    overpaid     pay_back 0                    AMOUNT_MUST_BE_POSITIVE
    overpaid     pay_back 100_000_000_001      AMOUNT_TOO_LARGE
    overpaid     purchase 20_000               DONE  # 100,000 - 3,000 - 97,000 + 20,000
    overpaid     purchase 20_001               AMOUNT_EXCEEDS_AVAILABLE
    overpaid     draw 1                        AMOUNT_EXCEEDS_AVAILABLE
    beyond       pay_back 16_000               DONE  # 100,000 - 134,000 + 50,000
    beyond       pay_back 16_001               AMOUNT_EXCEEDS_OVERPAYMENT
    idle         pay_back 1                    AMOUNT_EXCEEDS_OVERPAYMENT
    closed       pay_back 1                    AMOUNT_EXCEEDS_OVERPAYMENT
    overpaid     pay_back_succeeded of 4       DONE
    overpaid     pay_back_succeeded 3_000 of 4  DONE
    overpaid     pay_back_succeeded 2_999 of 4  DRAW_AMOUNT_DIFFERS
    overpaid     pay_back_succeeded -1 of 4    AMOUNT_MUST_BE_POSITIVE
    overpaid     pay_back_succeeded 100_000_000_001 of 4  AMOUNT_TOO_LARGE
    overpaid     pay_back_succeeded of 5       HOLD_NOT_OPEN
    overpaid     pay_back_succeeded of 7       HOLD_NOT_FOUND  # a draw
    overpaid     draw_succeeded of 4           HOLD_NOT_FOUND
    overpaid     pay_back_failed of 4          DONE
    overpaid     pay_back_failed of 5          HOLD_NOT_OPEN
    overpaid     pay_back_failed of 7          HOLD_NOT_FOUND
    overpaid     close                         LINE_NOT_SETTLED
"""

COMMON = """
    line    command             outcome
    closed  purchase 0          LINE_CLOSED
    closed  hold 1              LINE_CLOSED
    closed  capture 1 of 1      LINE_CLOSED
    closed  void of 1           LINE_CLOSED
    closed  draw 1              LINE_CLOSED
    closed  draw_succeeded of 1  LINE_CLOSED
    closed  draw_failed of 1    LINE_CLOSED
    closed  repay 1             LINE_CLOSED
    closed  refund 1 of 1       LINE_CLOSED
    closed  credit 1            LINE_CLOSED
    closed  convert of 1 in 3   LINE_CLOSED
    closed  close               LINE_CLOSED
    closed  review              LINE_CLOSED
    closed  collect 1           LINE_CLOSED
    closed  repay 1 pays 1      DONE
    idle    review              DONE
"""

TOLD = table(CASES) + table(COMMON)


@pytest.mark.parametrize("case", TOLD, ids=lambda case: f"{case.line}: {case.command}")
def test_every_ending(case):
    assert case.outcome == refused(case.line, case.command)


ASKED = sorted(CHECKS, key=int)


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: kind.name)
def test_the_first_wrong_is_told(kind):
    """No line, no money, nothing referred to, tomorrow: the line comes first, then the day."""
    book = Book()
    on = ON.toordinal()
    opened = row(Kind.OPEN, 0, on, 100_000, count=1)
    book.post([opened])
    wrong = {"amount": -1, "ref": NOBODY, "count": -1, "terms": -1}
    future, early = on + 1, on - 1
    nowhere = row(kind, 0 if kind is Kind.OPEN else 9, on, **wrong)
    late = row(kind, 0 if kind is Kind.OPEN else 1, on, **wrong)
    late["effective_on"] = future
    too_early = row(kind, 1, on, **wrong)
    too_early["effective_on"] = early

    expected = [Outcome.LINE_NOT_FOUND, Outcome.DATE_IN_FUTURE, Outcome.DATE_BEFORE_LINE_OPENED]
    rows = [nowhere, late, too_early]
    if kind is Kind.OPEN:
        expected, rows = expected[1:2], rows[1:2]
    assert expected == [book.post([one])[0] for one in rows]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.DONE),
        ({"amount_minor": 0}, Outcome.AMOUNT_MUST_BE_POSITIVE),
        ({"amount_minor": 10**11 + 1, "flags": DECLINED}, Outcome.AMOUNT_TOO_LARGE),
        ({"flags": DECLINED | REFERRED}, Outcome.APPLICATION_DECLINED),
        ({"flags": REFERRED, "terms": 99}, Outcome.APPLICATION_REFERRED),
        ({"terms": 99}, Outcome.TERMS_NOT_OFFERED),
        ({"terms": -1}, Outcome.TERMS_NOT_OFFERED),
        ({"amount_minor": 9_999}, Outcome.TERMS_NOT_OFFERED),  # the least is 100.00
        ({"amount_minor": 10_000}, Outcome.DONE),
        ({"amount_minor": 100_000_001}, Outcome.TERMS_NOT_OFFERED),
        ({"count": 32}, Outcome.TERMS_NOT_OFFERED),
        ({"count": -1}, Outcome.TERMS_NOT_OFFERED),
        ({"count": 0}, Outcome.DONE),  # the product's own cycle day
        ({"count": 31}, Outcome.DONE),
        ({"flags": FORCED}, Outcome.DONE),  # means nothing here
    ],
)
def test_every_ending_of_an_application(changes, outcome):
    book = Book()
    one = row(Kind.OPEN, 0, ON.toordinal(), 100_000, terms=TERMS_ID["pay-later"], count=1)
    for name, value in changes.items():
        one[name] = value

    assert [outcome] == book.post([one])
    assert (outcome == Outcome.DONE) == bool(book.lines)


def test_the_tables_above_have_every_ending_there_is():
    """A new check must be seen to fail once, for every kind that has it."""
    dates = {Outcome.LINE_NOT_FOUND, Outcome.DATE_IN_FUTURE, Outcome.DATE_BEFORE_LINE_OPENED}
    told = {(case.command.split()[0].upper(), case.outcome) for case in TOLD}
    there_are = {
        (kind.name, outcome.name)
        for kind, outcomes in CHECKS.items()
        for outcome in (*outcomes, Outcome.DONE)
        if outcome not in dates and kind not in {Kind.OPEN, Kind.REVERSE}
    }

    assert there_are == told


def test_checks_are_made_in_the_order_of_the_outcomes():
    for codes in CHECKS.values():
        assert list(codes) == sorted(codes)
    assert set(FAILS) == set(itertools.chain(*CHECKS.values()))
    elsewhere = {
        *(Outcome.DONE, Outcome.KEY_REUSED_WITH_OTHER_CONTENT, Outcome.DATE_BEFORE_FLOOR),
        *(Outcome.COMMAND_NOT_FOUND, Outcome.COMMAND_NOT_REVERSIBLE, Outcome.ALREADY_REVERSED),
    }
    assert set(Outcome) == set(FAILS) | elsewhere  # of who knows keys, months, journals


def test_every_kind_is_handled_and_every_callers_kind_is_checked():
    assert set(HANDLERS) == set(Kind) - {Kind.DAY_CLOSED}
    assert set(CHECKS) == set(Kind) - DAY_KINDS


def test_a_refused_command_changes_nothing():
    """Not the line, not its version; the journal keeps the command with its outcome."""
    play = Play(
        [RandomLife("pay-later", 100_000, commands_of(LINES["active"]), day("01-01"), 1, ON)]
    )
    book = play.until(ON).book
    line = play.line[0]
    before = book.lines[line].tobytes(), len(book.transfers), dict(book.sums[line])
    wrong: list[Any] = [
        row(kind, line, SOON.toordinal(), 10**11 + 1, ref=NOBODY, count=5)
        for kind in ASKED
        if kind not in {Kind.OPEN, Kind.REVIEW, Kind.COLLECT_ENDED, Kind.REVERSE}
    ]

    outcomes = book.post(wrong)
    assert Outcome.DONE not in outcomes
    assert before == (book.lines[line].tobytes(), len(book.transfers), dict(book.sums[line]))
    assert [CLIENT] * len(wrong) == [one["client"] for one in book.journal[-len(wrong) :]]


# --- Lives as tables ------------------------------------------------------------------------

GRID = """
    status       OFFERED  ACCEPTED  FLAGGED  CLEARED  MISSED_DUE  CAUGHT_UP  GAVE_UP      ENDED
    NONE         OFFERED  ACTIVE    .        .        .           .          .            .
    OFFERED      .        ACTIVE    .        .        .           .          .            CLOSED
    ACTIVE       .        .         FROZEN   .        OVERDUE     .          .            CLOSED
    FROZEN       .        .         .        ACTIVE   OVERDUE     .          .            CLOSED
    OVERDUE      .        .         .        .        .           ACTIVE     WRITTEN_OFF  .
    WRITTEN_OFF  .        .         .        .        .           .          .            CLOSED
    CLOSED       .        .         .        .        .           .          .            .
"""

HOLDS = """
    state     HELD  CAPTURED  VOIDED  EXPIRED
    HELD      .     yes       yes     yes
    CAPTURED  .     .         .       .
    VOIDED    .     .         .       .
    EXPIRED   .     .         .       .
"""


def test_the_life_of_a_line():
    for case, status in zip(table(GRID), Status, strict=True):
        expected = {
            Happening[name]: Status[then]
            for name, then in vars(case).items()
            if name != "status" and then != "."
        }
        assert (case.status, expected) == (status.name, TRANSITIONS[status])


def test_the_life_of_a_hold():
    for case, state in zip(table(HOLDS), HoldState, strict=True):
        expected = frozenset(HoldState[name] for name, may in vars(case).items() if may == "yes")
        assert (case.state, expected) == (state.name, HOLD_TRANSITIONS[state])


class Steps(Book):
    """A book that notes where lines and holds went from where."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_went: set[tuple[Status, Status]] = set()
        self.holds_went: set[tuple[HoldState, HoldState]] = set()

    def take(self, state: State, commands: Commands, out: Out) -> None:
        lines = {no: Status(line["status"]) for no, line in self.lines.items()}
        holds = {
            (no, key): HoldState(one["state"])
            for no, kept in self.kept[Holds].items()
            for key, one in kept.items()
        }
        super().take(state, commands, out)
        for no, line in self.lines.items():
            self.lines_went.add((lines.get(no, Status.NONE), Status(line["status"])))
        for (no, key), was in holds.items():
            self.holds_went.add((was, HoldState(self.kept[Holds][no][key]["state"])))


def test_lines_and_holds_only_go_where_the_tables_let_them():
    """Commands of random lives, one by one."""
    several = [life_of_seed(seed) for seed in range(60, 80)]
    book = Play(several).until(max(life.until for life in several)).book
    steps = Steps()
    again(book, [1], steps)

    lines = {(was, now) for was, now in steps.lines_went if was is not now}
    holds = {(was, now) for was, now in steps.holds_went if was is not now}
    may = {(was, now) for was in Status for now in TRANSITIONS[was].values()}
    not_yet = {(S.NONE, S.OFFERED), *((was, now) for was, now in may if {was, now} & NOT_YET)}
    assert may - not_yet - {(S.WRITTEN_OFF, S.CLOSED)} <= lines <= may - not_yet
    assert holds == {(HELD, then) for then in HOLD_TRANSITIONS[HELD]}


def test_a_hold_that_has_ended_in_a_fold_stays_as_it_ended():
    """A backdated void before a capture: what was accepted is spent all the same."""
    book = Book()
    on = ON.toordinal()
    opened = row(Kind.OPEN, 0, on, 100_000, count=1)
    book.post([opened])
    held = row(Kind.HOLD, 1, on, 5_000)
    book.post([held])
    both = [row(kind, 1, on, 3_000, ref=2) for kind in (Kind.VOID, Kind.CAPTURE)]
    book.post(both)

    journal = Commands.from_rows(rows_of([opened, held, *both], Commands.DTYPE))
    journal.seq[:] = np.arange(1, 5)
    state = build(book.terms, Loaded.nothing(np.array([1])), journal, accepted=True, track=True)
    apply(state, journal)
    assert [HoldState.VOIDED] == state.holds.rows.state[state.holds.in_use()].tolist()
    assert (3_000, 0) == (state.lines.used_minor[0], state.lines.held_minor[0])


S, HELD = Status, HoldState.HELD
NOT_YET = {Status.OFFERED, Status.FROZEN}  # no command leads there
