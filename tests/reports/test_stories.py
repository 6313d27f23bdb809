"""Stories: what is read, what is refused, and what a played one tells."""

import datetime as dt
import json
import re
import sys
from pathlib import Path

import pytest
from tests.oracle.commands import REF_ALL, REF_CYCLE, REF_USUAL
from tests.oracle.model import Life, Result
from tests.oracle.random_lives import RandomLife, life_of_seed
from tests.oracle.terms import PRODUCTS
from tests.test_docs import names

from jiehuan.cli import main
from jiehuan.core.commands import DAY_KINDS, FORCED, Kind, Moment
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.engine.book import shipped_products
from jiehuan.reports.stories import kinds, playing, reading, showing
from jiehuan.reports.stories.figures import FIGURES, LOAN_FIGURES, STATEMENT_FIGURES
from jiehuan.reports.stories.kinds import KINDS, Amount, Value
from jiehuan.reports.stories.story import ALL, NOTHING, Expectation, Pause, Story, Told
from jiehuan.reports.stories.writing import write

DOCS = Path(__file__).parents[2] / "docs" / "stories.md"
EXAMPLE = Path(reading.__file__).with_name("pay-later.story")

OPENING = "2026-03-05 open pay-later 10,000.00\n"


def played(text):
    """Play a story and see that all in it is as it says."""
    done = playing.play(reading.from_text(text, "story"))
    assert [] == done.failed
    return done


def complaints(text):
    """Return what is said of a story that cannot be read."""
    with pytest.raises(UsageError) as refused:
        (reading.from_json if text.startswith("{") else reading.from_text)(text, "s")
    return str(refused.value).splitlines()


# --- Worked cases -------------------------------------------------------------------------------


def test_the_example_is_the_line_worked_by_hand():
    done = played(EXAMPLE.read_text(encoding="utf-8"))

    assert 21 == len(done.life.journal)
    assert [3_000_00, 3_198_03, 3_154_67, 12_51] == [
        int(row["balance_minor"]) for row in done.life.statements
    ]


def test_what_is_told_late_leaves_what_it_would_have_left_on_its_day():
    bought = OPENING + "2026-03-05 purchase 2,000.00\n"
    in_time = bought + "2026-04-08 repay 500.00\n2026-05-20 night\n"
    late = bought + "2026-04-08 repay 500.00 booked 2026-05-20\n2026-05-20 night\n"
    ends = [showing.to_json(played(text)) for text in (in_time, late)]

    for name in ("unmet", "ledger"):
        assert ends[0][name] == ends[1][name]
    assert [one["carried_minor"] for one in ends[0]["loans"]] == [
        one["carried_minor"] for one in ends[1]["loans"]
    ]
    assert ("2026-04-08", "2026-05-20") == (
        ends[1]["commands"][-1]["on"],
        ends[1]["commands"][-1]["booked"],
    )


def test_what_is_undone_is_named_like_any_other():
    """A cheque that bounces; and a write-off, which is a day's doing, taken back."""
    played(
        OPENING + "2026-03-05 purchase 2,000.00\n2026-04-08 repay 500.00 as cheque\n"
        "2026-04-15 reverse of cheque bounced\n= used 2,000.00 unmet 200.00 status overdue\n"
        "2026-11-01 morning\n= status written_off\n"
        "2026-11-01 reverse of write_off 2026-10-07 as back\n= status overdue\n"
    )


def test_an_object_tells_the_same_as_a_text():
    text = OPENING + (
        "2026-03-05 purchase 2,000.00 as tv at 3\n"
        "2026-03-06 convert of tv in 3 as plan\n"
        "2026-03-20 draw 100.00 as cash\n"
        "2026-04-02 draw_succeeded of cash\n"
        "2026-04-08 repay 10.00 of plan booked 2026-04-21\n"
        "2026-05-01 purchase 20,000.00 refused line_past_due\n"
        "2026-05-10 night\n"
    )
    commands = [
        {"kind": "purchase", "on": "2026-03-05", "amount_minor": 200_000, "at": 3},
        {"kind": "convert", "on": "2026-03-06", "of": 1, "in": 3, "as": "plan"},
        {
            "kind": "repay",
            "on": "2026-04-08",
            "booked": "2026-04-21",
            "amount_minor": 1_000,
            "of": 2,
        },
        {"kind": "draw", "on": "2026-03-20", "amount_minor": 10_000},
        {"kind": "draw_succeeded", "on": "2026-04-02", "of": 4},
        {
            "kind": "purchase",
            "on": "2026-05-01",
            "amount_minor": 2_000_000,
            "outcome": "line_past_due",
        },
    ]
    given = {
        "product": "pay-later",
        "limit_minor": 1_000_000,
        "opened_on": "2026-03-05",
        "commands": commands,
        "until": "2026-05-10",
        "expect": ["held 0.00"],
    }
    told = playing.play(reading.from_json(json.dumps(given), "object"))
    one, other = showing.to_json(played(text)), showing.to_json(told)

    assert [] == told.failed
    for name in ("at", "statements", "line", "unmet", "ledger"):
        assert one[name] == other[name]
    for key in ("kind", "on", "booked", "outcome"):
        assert [row[key] for row in one["commands"]] == [row[key] for row in other["commands"]]


def test_terms_may_stand_in_a_story():
    shipped = shipped_products()[0].text
    told = shipped.replace('purchase_rate = "0.05 %', 'purchase_rate = "0.06 %')
    text = "terms\n" + "\n".join(f"  {line}" for line in told.splitlines()) + "\n"
    assert shipped != told

    done = played(
        text + OPENING + "2026-03-05 purchase 1,000.00\n2026-04-02 repay 900.00\n"
        "2026-04-11 night\n"
        "= loan statement 2026-04-01 carried 100.00 accrued_interest 0.06\n"
    )
    assert 600 == done.life.terms.products[0].purchase_rate_ppm


def test_what_is_not_as_it_must_be_is_told_with_its_line():
    done = playing.play(
        reading.from_text(
            OPENING + "2026-03-05 purchase 20,000.00\n= used 5.00 held 0.00\n"
            "= statement 2026-04-01 due 1.00\n= account cash 1.00\n"
            "2026-03-06 purchase 1.00 refused line_closed\n",
            "story",
        )
    )

    assert [
        (2, "purchase should be done and is refused: amount_exceeds_available"),
        (3, "used should be 5.00 and is 0.00"),
        (4, "statement 2026-04-01: there is none"),
        (5, "account cash: net should be 1.00 and is 0.00"),
        (6, "purchase should be refused: line_closed and is done"),
    ] == done.failed
    assert "story, line 3: used should be 5.00" in showing.to_text(done)
    assert {"at": 3, "what": "used should be 5.00 and is 0.00"} in showing.to_json(done)["failed"]


def test_a_line_that_was_refused_can_be_looked_at():
    done = played("2026-03-05 open pay-later 1.00 refused terms_not_offered\n= used 0.00\n")

    assert "none" == showing.to_json(done)["line"]["status"]
    assert "status" in showing.to_text(done)


# --- What is refused ----------------------------------------------------------------------------

WRONG = [
    ("", "s: a story begins with the line's opening"),
    ("2026-03-05 purchase 1.00", "s: a story begins with the line's opening"),
    (OPENING + OPENING, "s, line 2: a story is of one line"),
    ("2026-03-05 open", "s, line 1: say which product"),
    ("2026-03-05", "s, line 1: say what happened"),
    (OPENING + "2026-03-05 buy 1.00", "line 2: there is no command 'buy'; there is"),
    (OPENING + "2026-03-05 purchas 1.00", "did you mean 'purchase'?"),
    (OPENING + "2026-03-05 statement", "there is no command 'statement'"),
    (OPENING + "5 March purchase 1.00", "line 2: '5' is not a day"),
    (OPENING + "2026-03-05 purchase", "line 2: purchase needs an amount"),
    (OPENING + "2026-03-05 purchase 1.005", "1.005 has more than two decimals"),
    (OPENING + "2026-03-05 purchase 9,999,999,999,999,999,999.00", "is too much"),
    (OPENING + "2026-03-05 void 1.00 of x", "line 2: void takes no amount"),
    (OPENING + "2026-03-05 void of", "'of' needs something behind it"),
    (OPENING + "2026-03-05 void of statement 5", "'5' is not a day"),
    (OPENING + "2026-03-05 void of x", "nothing before is called 'x'"),
    (OPENING + "2026-03-05 repay 1.00 in 3", "repay takes no 'in'; it takes an amount, of, pays"),
    (OPENING + "2026-03-05 purchase 1.00 forced forced", "'forced' is said twice"),
    (OPENING + "2026-03-05 purchase 1.00 fored", "what is 'fored'? did you mean 'forced'?"),
    (OPENING + "2026-03-05 reverse of x bounced fraud", "'fraud' and another word say different"),
    (OPENING + "2026-03-05 purchase 1.00 at shop", "'shop' is not a whole number"),
    (OPENING + "2026-03-05 draw 1.00 in 99999", "'99999' is not a whole number up to 32767"),
    (OPENING + "2026-03-05 purchase 1.00 as all", "'all' means something else"),
    (OPENING + "2026-03-05 purchase 1.00 as a/b", "'a/b' is not a name"),
    (OPENING + "2026-03-05 purchase 1.00 refused maybe", "there is no outcome 'maybe'"),
    (OPENING + "2026-03-04 purchase 1.00", "line 2: 2026-03-05 has come already"),
    (OPENING + "2026-03-05 night today", "line 2: night stands alone"),
    (OPENING + "= owd 1.00", "line 2: there is no figure 'owd'; did you mean 'owed'?"),
    (OPENING + "= owed", "write each figure with its value"),
    (OPENING + "= owed x", "'x' is not an amount"),
    (OPENING + "= bucket 1.5", "'1.5' is not a whole number"),
    (OPENING + "= account cash", "write an account as"),
    (OPENING + "= loan x principal 1.00", "nothing before is called 'x'"),
    (
        OPENING + "2026-03-05 purchase 1.00 as a\n2026-03-05 purchase 1.00 as a",
        "line 3: another command is called 'a' already",
    ),
]


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_what_is_wrong_is_told_with_its_line(text, complaint):
    [said] = complaints(text)

    assert complaint in said


def test_all_that_is_wrong_is_told():
    assert ["s, line 2", "s, line 4"] == [
        said.partition(":")[0]
        for said in complaints(
            OPENING + "2026-03-05 buy\n2026-03-05 purchase 1.00\n= owed\n2026-03-06 night\n"
        )
    ]


OBJECT = {"product": "pay-later", "limit_minor": 1_000_000, "opened_on": "2026-03-05"}
BUY = {"kind": "purchase", "on": "2026-03-05", "amount_minor": 100}
WRONG_OBJECTS = [
    ("{", "s is not JSON"),
    ('{"a": ' + "[" * 200_000, "s is not JSON"),
    ({"limit_minor": 1}, "s: product is missing"),
    ({**OBJECT, "limit": 1}, "unknown field 'limit'; did you mean 'limit_minor'?"),
    ({**OBJECT, "limit_minor": "1"}, 's: limit_minor = "1" is not right'),
    ({**OBJECT, "limit_minor": True}, "limit_minor = true is not right"),
    ({"product": "pay-later", "limit_minor": 1}, "opened_on is missing"),
    ({**OBJECT, "until": "soon"}, "s: 'soon' is not a day"),
    ({**OBJECT, "expect": [1]}, "expect is a list of texts"),
    ({**OBJECT, "expect": ["owd 1.00"]}, "s: there is no figure 'owd'"),
    ({**OBJECT, "commands": [1]}, "s, command 1: a command is a JSON object"),
    ({**OBJECT, "commands": [{"kind": "close"}]}, "s, command 1: the command: on is missing"),
    ({**OBJECT, "commands": [BUY, {**BUY, "kind": "buy"}]}, "s, command 2: there is no command"),
    ({**OBJECT, "commands": [{**BUY, "amount": 1}]}, "did you mean 'amount_minor'?"),
    ({**OBJECT, "commands": [{**BUY, "forced": 1}]}, "forced = 1 is not right"),
    ({**OBJECT, "commands": [{**BUY, "kind": "refund", "of": 7}]}, "nothing before is called '7'"),
    ({**OBJECT, "commands": [{**BUY, "kind": "refund", "of": ""}]}, "'' is not a name"),
    ({**OBJECT, "commands": [{**BUY, "on": "2026-03-04"}]}, "2026-03-05 has come already"),
]


@pytest.mark.parametrize(("given", "complaint"), WRONG_OBJECTS)
def test_what_is_wrong_with_an_object_is_told(given, complaint):
    [said] = complaints(given if isinstance(given, str) else json.dumps(given))

    assert complaint in said


# --- Laws ---------------------------------------------------------------------------------------


def story_of(life: RandomLife, end: Result) -> Story:
    """Return a life of the scalar model as a story, and how the model says it ends."""
    known = {one.seq for one in life.commands}

    def name(number: int, before: int) -> str:
        if number == REF_ALL:
            return ALL
        if number < REF_CYCLE:
            return f"statement {dt.date.fromordinal(REF_CYCLE - number)}"
        return f"c{number}" if number in known and number < before else NOTHING

    def told(one):
        kind = Kind[one.kind.upper()]
        clauses = {kinds.CLAUSES[word].column for word in kinds.form_of(kind).clauses}
        called = {"ref": one.ref, "merchant": one.pays}
        numbers = {"count": one.count, "flags": FORCED * one.forced}
        return Told(
            at=0,
            kind=kind,
            on=one.on.toordinal(),
            booked_on=one.on.toordinal(),
            amount_minor=one.amount,
            names={
                column: name(number, one.seq)
                for column, number in called.items()
                if number != REF_USUAL and column in clauses
            },
            numbers={column: number for column, number in numbers.items() if number},
            called=f"c{one.seq}",
            outcome=Outcome[end.outcomes[one.seq]],
        )

    opened_on, until = life.opened_on.toordinal(), life.until.toordinal()
    opening = Told(
        at=0,
        kind=Kind.OPEN,
        on=opened_on,
        booked_on=opened_on,
        amount_minor=life.limit_minor,
        numbers={"count": life.cycle_day},
    )
    return Story(
        "life",
        life.product,
        "",
        [
            *(opening, *map(told, life.commands), Pause(0, until, Moment.CLOSES)),
            *expectations(end),
        ],
    )


def expectations(end: Result) -> list[Expectation]:
    """Say how the scalar model says that a life ends."""
    line = {
        **{name: getattr(end, name) for name in ("used", "held", "available", "overpaid")},
        "unmet": sum(minor for _, minor in end.queue),
        "bucket": end.bucket,
        "days_past_due": end.days_past_due,
    }
    found = [Expectation(0, "line", "", line)]
    for (_, origin), owed in end.loans.items():
        of = f"statement {origin}" if isinstance(origin, dt.date) else f"c{origin}"
        wanted = {
            **{name: getattr(owed, name) for name in ("unbilled", "billed", "carried")},
            **{name: getattr(owed, f"{name}_due") for name in ("interest", "fee", "penalty")},
            **{
                f"accrued_{name}": getattr(owed, f"{name}_accrued")
                for name in ("interest", "penalty")
            },
        }
        found.append(Expectation(0, "loan", of, wanted))
    for one in end.statements:
        wanted = {name: getattr(one, name) for name in ("balance", "due", "minimum", "used")}
        found.append(Expectation(0, "statement", str(one.cut_on), wanted))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_a_random_life_ends_as_the_model_says(seed):
    life = life_of_seed(seed)
    model = Life(PRODUCTS[life.product], life.opened_on, life.limit_minor, life.cycle_day)
    end = model.run(life.commands, life.until)

    text = write(story_of(life, end))

    assert text == write(reading.from_text(text, "life"))
    played(text)


# --- What is documented, and the command line ---------------------------------------------------


def test_every_kind_of_callers_is_documented_with_what_it_takes():
    text = DOCS.read_text(encoding="utf-8")
    assert [kind.name.lower() for kind in Kind if kind not in DAY_KINDS] == names(
        "Kinds", "stories.md"
    )
    for word, kind in KINDS.items():
        [line] = re.findall(rf"^\| `{word}` \|.*$", text, re.MULTILINE)
        form = kinds.form_of(kind)
        missing = [said for said in (*form.clauses, *form.marks) if f"`{said}" not in line]
        assert [] == missing
        amounts = {Amount.NEEDED: ("yes", "the limit"), Amount.MAY: ("may",), Amount.NONE: ("",)}
        assert line.split("|")[2].strip() in amounts[form.amount]


@pytest.mark.parametrize("word", KINDS)
def test_every_kind_can_be_run(word):
    form = kinds.form_of(KINDS[word])
    values = {Value.NUMBER: "3", Value.NAME: NOTHING, Value.DAY: "2026-06-01"}
    said = [] if form.amount is Amount.NONE else ["1.00"]
    said += [f"{clause} {values[kinds.CLAUSES[clause].value]}" for clause in form.clauses]
    line = f"2026-03-05 {word} {' '.join(said)}"
    opens = word == "open"

    story = reading.from_text(
        line.replace("open", "open pay-later") if opens else OPENING + line, "s"
    )
    done = playing.play(story)

    assert KINDS[word] == done.life.journal[-1]["kind"]


def test_every_figure_is_documented():
    text = DOCS.read_text(encoding="utf-8")

    assert list(FIGURES) == names("What can be seen", "stories.md")
    assert [] == [name for name in (*LOAN_FIGURES, *STATEMENT_FIGURES) if f"`{name}`" not in text]


def test_the_stories_of_the_documentation_run():
    text = DOCS.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:json)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    texts = [block for block in blocks if re.match(r"\d{4}-", block)]
    objects = [block for block in blocks if block.startswith("{")]

    assert (1, 1) == (len(texts), len(objects))
    played(texts[0])
    assert [] == playing.play(reading.from_json(objects[0], "object")).failed


@pytest.fixture
def jiehuan(monkeypatch, capsys):
    """Run the program; return its exit status, what it printed, what it complained of."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["jiehuan", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_the_program_runs_a_story(jiehuan, tmp_path):
    status, printed, _ = jiehuan("run", "--example")
    assert (0, EXAMPLE.read_text(encoding="utf-8")) == (status, printed)

    file = tmp_path / "my.story"
    file.write_text(printed, encoding="utf-8")
    status, printed, _ = jiehuan("run", file)
    assert (0, True) == (status, "balance 3,198.03" in printed)
    status, printed, _ = jiehuan("run", file, "--json")
    assert (0, []) == (status, json.loads(printed)["failed"])

    file.write_text(file.read_text(encoding="utf-8") + "= used 9.99\n", encoding="utf-8")
    status, printed, _ = jiehuan("run", file)
    assert (1, True) == (status, "used should be 9.99 and is 2.51" in printed)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("run",), "name the file of a story"),
        (("run", "nowhere.story"), "nowhere.story cannot be read: No such file"),
        (("export", "seven"), "'seven' is not a line"),
        (("export", "7"), "say which books"),
        (("bisect", "7", "owd == 1"), "there is no figure 'owd'"),
    ],
)
def test_what_the_program_cannot_do_is_said(jiehuan, words, complaint, monkeypatch):
    monkeypatch.delenv("JIEHUAN_DATABASE", raising=False)
    status, _, said = jiehuan(*words)

    assert (2, True) == (status, complaint in said)


@pytest.mark.parametrize("command", ["run", "export", "bisect"])
def test_help_has_an_example(jiehuan, command):
    status, printed, _ = jiehuan(command, "--help")

    assert (0, True) == (status, f"jiehuan {command} " in printed)
