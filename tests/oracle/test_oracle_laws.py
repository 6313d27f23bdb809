"""What the scalar model must hold for every life, before it may judge anything else."""

import datetime as dt

from hypothesis import event, given, settings
from tests.oracle.model import Command, Life, Result
from tests.oracle.random_lives import RandomLife, life_of_seed, lives
from tests.oracle.terms import PRODUCTS


def life_of(random_life: RandomLife) -> Life:
    terms = PRODUCTS[random_life.product]
    return Life(terms, random_life.opened_on, random_life.limit_minor, random_life.cycle_day)


def accepted(random_life: RandomLife, result: Result) -> list[Command]:
    return [c for c in random_life.commands if result.outcomes.get(c.seq) == "DONE"]


def total(commands: list[Command], *kinds: str) -> int:
    """Sum amounts; of an answer that names none, what was asked."""
    asked = {command.seq: command.amount for command in commands}
    return sum(
        command.amount or asked[command.ref] for command in commands if command.kind in kinds
    )


@settings(max_examples=100)
@given(lives())
def test_no_cent_is_lost(random_life):
    """What was lent and billed is repaid, given back, or still owed."""
    result = life_of(random_life).run(random_life.commands, random_life.until)
    done = accepted(random_life, result)
    for command in random_life.commands:
        event(f"{command.kind} {result.outcomes[command.seq]}")
    event(f"written off: {result.written_off_on is not None}")

    lent = total(done, "purchase", "capture", "draw_succeeded", "pay_back_succeeded")
    billed = result.interest_billed + result.penalty_billed + result.fees_billed
    billed += sum(one.amount for one in done if (one.kind, one.count) == ("charge", 2))  # penalty
    given = total(done, "repay", "refund", "credit", "waive", "goodwill", "chargeback")
    charges = sum(x.interest_due + x.fee_due + x.penalty_due for x in result.loans.values())
    assert lent + billed - given == result.used + charges - result.overpaid


@settings(max_examples=50)
@given(lives())
def test_accepted_commands_alone_make_the_same_line(random_life):
    life = life_of(random_life)
    checked = life.run(random_life.commands, random_life.until)
    folded = life.run(accepted(random_life, checked), random_life.until, checks=False)

    refused = {seq for seq, outcome in checked.outcomes.items() if outcome != "DONE"}
    assert {**folded.outcomes, **dict.fromkeys(refused, "DONE")} == dict.fromkeys(
        checked.outcomes, "DONE"
    )
    assert checked.loans == folded.loans
    assert checked.statements == folded.statements
    assert checked.events == folded.events
    assert (checked.queue, checked.overpaid, checked.cycle) == (
        folded.queue,
        folded.overpaid,
        folded.cycle,
    )


@settings(max_examples=30)
@given(lives())
def test_every_day_keeps_its_bounds(random_life):
    """Nothing is negative, and no queue exceeds what is due."""
    life = life_of(random_life)
    by_day: dict[dt.date, list[Command]] = {}
    for command in random_life.commands:
        by_day.setdefault(command.on, []).append(command)
    day = random_life.opened_on
    while day <= random_life.until:
        life.open_day(day)
        for command in by_day.get(day, []):
            life.do(command)
        life.close_day(day)
        check_bounds(life.result(), life.line.due_left)
        day += dt.timedelta(days=1)


def check_bounds(result: Result, due_left: int) -> None:
    assert result.overpaid >= 0
    assert result.cycle >= 0
    assert result.held >= 0
    assert all(unmet > 0 for _, unmet in result.queue)
    assert sum(unmet for _, unmet in result.queue) <= due_left
    for loan in result.loans.values():
        assert min(loan.unbilled, loan.billed, loan.carried) >= 0
        assert min(loan.interest_due, loan.fee_due, loan.penalty_due) >= 0
        assert min(loan.interest_accrued, loan.penalty_accrued) * 2 >= -1


@settings(max_examples=50)
@given(lives())
def test_the_own_minimum_of_a_statement_is_never_negative(random_life):
    result = life_of(random_life).run(random_life.commands, random_life.until)

    for statement in result.statements:
        assert 0 <= statement.minimum <= statement.due == max(0, statement.balance)


def test_lives_reach_every_kind_and_many_refusals():
    """A strategy that never gets somewhere proves nothing there."""
    seen: set[str] = set()
    for seed in range(300):
        random_life = life_of_seed(seed)
        result = life_of(random_life).run(random_life.commands, random_life.until)
        seen.update(f"{c.kind} {result.outcomes[c.seq]}" for c in random_life.commands)
        seen.update(kind for _, kind in result.events)

    kinds = "purchase hold capture void draw draw_succeeded draw_failed repay refund credit convert"
    kinds += " close collect collect_ended pay_back pay_back_succeeded pay_back_failed"
    kinds += " charge waive goodwill chargeback"
    expected = {f"{kind} DONE" for kind in kinds.split()}
    expected |= {"statement", "due_passed", "aged", "hold_expired", "write_off"}
    expected |= {
        "purchase AMOUNT_EXCEEDS_AVAILABLE",
        "draw AMOUNT_EXCEEDS_AVAILABLE",
        "hold AMOUNT_TOO_LARGE",
        "repay AMOUNT_MUST_BE_POSITIVE",
        "repay LOAN_NOT_FOUND",
        "void HOLD_NOT_FOUND",
        "capture AMOUNT_EXCEEDS_HOLD",
        "capture HOLD_NOT_OPEN",
        "refund REFUND_EXCEEDS_PURCHASE",
        "convert PURCHASE_NO_LONGER_CONVERTIBLE",
        "convert LINE_PAST_DUE",
        "purchase LINE_WRITTEN_OFF",
        "close LINE_NOT_SETTLED",
        "draw TERMS_NOT_OFFERED",
        "convert PURCHASE_NOT_FOUND",
        "collect LOAN_NOT_FOUND",
        "pay_back AMOUNT_EXCEEDS_OVERPAYMENT",
        "pay_back_succeeded DRAW_AMOUNT_DIFFERS",
        "pay_back_failed HOLD_NOT_FOUND",
        "waive AMOUNT_EXCEEDS_OWED",
    }
    assert set() == expected - seen
