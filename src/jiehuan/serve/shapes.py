"""How does a row of the books look to a caller?  From columns to answers."""

import datetime as dt
import json
from typing import TypeAlias

import numpy as np

from jiehuan.core import days, ledger
from jiehuan.core.columns import NEVER, Rows
from jiehuan.core.commands import InstructionKind, Kind
from jiehuan.core.line import Item, LoanKind, Status
from jiehuan.core.quotes import Quote
from jiehuan.core.terms import Product, TermsTable
from jiehuan.reports.trial_balance import TrialBalance
from jiehuan.risk.decision import SUBJECT
from jiehuan.risk.policy import NO_SCORE, Policy, Verdict, words
from jiehuan.serve import answers, ids
from jiehuan.serve.ids import Noun
from jiehuan.store.lookup import BookRow, DecisionFound

Row: TypeAlias = np.void  # one of Rows

# Of outbox.state; design: instructed -> sent -> succeeded | failed | unknown.
INSTRUCTION_STATES = {1: "instructed", 2: "sent", 3: "unknown", 4: "succeeded", 5: "failed"}


def date(on: int) -> dt.date:
    """Return a day."""
    return dt.date.fromordinal(int(on))


def maybe_date(on: int) -> dt.date | None:
    """Return a day, or None for "no day"."""
    return None if on in {0, NEVER} else date(on)


def done(book: int, row: Row) -> answers.Done:
    """Show a command that was booked."""
    kind, seq = Kind(row["kind"]), int(row["seq"])
    return answers.Done(
        id=ids.of_command(kind, book, seq),
        command=ids.write(Noun.COMMAND, book, seq),
        line=ids.write(Noun.LINE, book, int(row["line"])),
        kind=kind.name.lower(),
        amount_minor=int(row["amount_minor"]),
        applied_minor=int(row["applied_minor"]),
        effective_on=date(row["effective_on"]),
        booked_on=date(row["booked_on"]),
    )


def decision(book: int, row: DecisionFound, policy: Policy, language: str) -> answers.Decision:
    """Show a decision, its reasons in words."""
    verdict = Verdict(row.outcome)
    inputs = json.loads(row.inputs)
    inputs.pop(SUBJECT, None)
    return answers.Decision(
        id=ids.write(Noun.DECISION, book, row.id),
        line=ids.write(Noun.LINE, book, row.line),
        outcome=_VERDICTS[verdict],
        limit_minor=row.limit_minor,
        score_ppm=None if row.score_ppm == NO_SCORE else row.score_ppm,
        reasons=[
            answers.Reason(code=code, text=words(policy, code)[language == "en"])
            for code in json.loads(row.reasons)
        ],
        inputs=inputs,
        policy=row.policy,
        policy_version=row.policy_version,
        decided_on=row.decided_on,
    )


_VERDICTS: dict[Verdict, answers.Verdict] = {
    Verdict.APPROVE: "approve",
    Verdict.REFER: "refer",
    Verdict.DECLINE: "decline",
}


def line(book: int, currency: str, row: Row, terms: TermsTable) -> answers.Line:
    """Show a line as it stands."""
    product = terms.products[int(row["terms"])]
    limit, used, held = (int(row[f"{name}_minor"]) for name in ("limit", "used", "held"))
    return answers.Line(
        id=ids.write(Noun.LINE, book, int(row["id"])),
        party=int(row["party"]),
        product=product.name,
        terms_version=product.version,
        currency=currency,
        status=Status(row["status"]).name.lower(),
        cycle_day=int(row["cycle_day"]),
        limit_minor=limit,
        used_minor=used,
        held_minor=held,
        available_minor=limit - used - held,
        overpaid_minor=int(row["overpaid_minor"]),
        charges_minor=int(row["charges_minor"]),
        unbilled_minor=int(row["cycle_minor"]) + int(row["unbilled_minor"]),
        opened_on=date(row["opened_on"]),
        cut_on=maybe_date(row["cut_on"]),
        due_on=maybe_date(row["due_on"]),
        due_minor=int(row["due_minor"]),
        minimum_minor=int(row["minimum_minor"]),
        past_due_on=maybe_date(row["past_due_on"]),
        bucket=f"M{int(row['bucket'])}",
    )


def statements(book: int, rows: Rows, items: Rows) -> answers.Statements:
    """Show statements with their items, the newest first."""
    return answers.Statements(
        statements=[_statement(book, row, items[items["no"] == row["no"]]) for row in rows[::-1]]
    )


def _statement(book: int, row: Row, items: Rows) -> answers.Statement:
    return answers.Statement(
        id=ids.write(Noun.STATEMENT, book, int(row["no"])),
        cut_on=date(row["cut_on"]),
        due_on=date(row["due_on"]),
        balance_minor=int(row["balance_minor"]),
        due_minor=int(row["due_minor"]),
        minimum_minor=int(row["minimum_minor"]),
        used_minor=int(row["used_minor"]),
        items=[
            answers.StatementItem(
                item=Item(item["item"]).name.lower(),
                for_on=maybe_date(item["for_on"]),
                amount_minor=int(item["amount_minor"]),
            )
            for item in items
        ],
    )


def loan(book: int, row: Row) -> answers.Loan:
    """Show a loan."""
    parts = {name: int(row[f"{name}_minor"]) for name in ("unbilled", "billed", "carried")}
    return answers.Loan(
        id=ids.write(Noun.LOAN, book, int(row["no"])),
        kind=LoanKind(row["kind"]).name.lower(),
        open=bool(row["open"]),
        opened_on=date(row["opened_on"]),
        rate_ppm_day=int(row["rate_ppm"]),
        principal_minor=sum(parts.values()),
        unbilled_minor=parts["unbilled"],
        billed_minor=parts["billed"],
        carried_minor=parts["carried"],
        interest_minor=int(row["interest_due_minor"]),
        fee_minor=int(row["fee_due_minor"]),
        penalty_minor=int(row["penalty_due_minor"]),
    )


def transfer(book: int, row: Row) -> answers.Transfer:
    """Show a transfer."""
    seq = int(row["seq"])
    return answers.Transfer(
        id=f"{ids.write(Noun.TRANSFER, book, seq)}_{int(row['leg'])}",
        command=ids.write(Noun.COMMAND, book, seq),
        debit=ledger.name(int(row["debit"])),
        credit=ledger.name(int(row["credit"])),
        amount_minor=int(row["amount_minor"]),
        effective_on=date(row["effective_on"]),
        booked_on=date(row["booked_on"]),
    )


def instruction(book: int, row: Row) -> answers.Instruction:
    """Show an instruction."""
    return answers.Instruction(
        id=ids.write(Noun.INSTRUCTION, book, int(row["id"])),
        line=ids.write(Noun.LINE, book, int(row["line"])),
        kind=InstructionKind(row["kind"]).name.lower(),
        amount_minor=int(row["amount_minor"]),
        state=INSTRUCTION_STATES[int(row["state"])],
    )


def quote(product: Product, made: Quote) -> answers.Quote:
    """Show what a plan would cost."""
    count = len(made.rows)
    rates = {
        name: answers.Rate(ppm=rate.ppm, effective_ppm=rate.effective_ppm)
        for name, rate in made.rates.items()
    }
    return answers.Quote(
        product=product.name,
        currency=product.currency,
        amount_minor=made.amount_minor,
        instalments=count,
        fee_minor=made.cost_minor,
        fee_ppm=product.plans[count],
        total_minor=made.total_minor,
        daily_minor=made.daily_minor,
        yearly_ppm=made.yearly_ppm,
        rates=answers.Rates(**rates),
        terms=[
            answers.Term(
                no=row.no,
                due_on=date(row.due_on),
                principal_minor=row.principal_minor,
                fee_minor=row.fee_minor,
                amount_minor=row.amount_minor,
            )
            for row in made.rows
        ],
    )


def product(terms: Product) -> answers.Product:
    """Show a product."""
    return answers.Product(
        name=terms.name,
        version=terms.version,
        currency=terms.currency,
        limit_minor_min=terms.limit_minor_min,
        limit_minor_max=terms.limit_minor_max,
        cycle_day=terms.cycle_day,
        due_after_days=terms.due_after_days,
        minimum_ppm=terms.minimum_ppm,
        purchase_rate_ppm_day=terms.purchase_rate_ppm,
        draw_rate_ppm_day=terms.draw_rate_ppm,
        late_rate_ppm_day=terms.late_rate_ppm,
        plans=[answers.Plan(instalments=n, fee_ppm=ppm) for n, ppm in terms.plans.items()],
        sha256=terms.sha256,
    )


def trial_balance(book: BookRow, seen: TrialBalance) -> answers.TrialBalance:
    """Show a trial balance."""
    return answers.TrialBalance(
        currency=book.currency,
        business_on=book.business_date,
        accounts=[
            answers.Account(account=row.name, balance_minor=row.balance_minor)
            for row in seen.balances
        ],
        debit_minor=seen.debit_minor,
        credit_minor=seen.credit_minor,
        difference_minor=seen.difference_minor,
        balanced=seen.difference_minor == 0,
    )


# What explains an outcome: columns of the line, as it stands now.
LINE_FACTS = {
    "line_past_due": ("past_due_on",),
    "date_before_line_opened": ("opened_on",),
    "amount_exceeds_available": ("overpaid_minor",),
    "amount_exceeds_overpayment": ("overpaid_minor", "held_minor"),
    "line_not_settled": ("used_minor", "charges_minor", "held_minor", "overpaid_minor"),
}


def line_facts(code: str, row: Row) -> dict[str, int | str]:
    """Return the facts of a line that explain an outcome."""
    facts: dict[str, int | str] = {}
    for name in LINE_FACTS.get(code, ()):
        value = int(row[name])
        facts[name] = days.to_text(value) if name.endswith("_on") else value
    if code == "amount_exceeds_available":
        facts["available_minor"] = int(row["limit_minor"] - row["used_minor"] - row["held_minor"])
    return facts
