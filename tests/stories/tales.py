"""What borrowers do, as lists of steps: seeded ones, and a table of each kind with each fault.

A story has four chapters, one a day of the book: an ordinary day, the next, the day after the
bill was cut, and the next.  Between two steps the programs may be killed.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

SEND_FAULTS = ("answer_500_after", "timeout", "broken_signature", "unknown_code")
NOTICE_FAULTS = (
    "notify_twice",
    "notify_late",
    "notify_never",
    "notify_out_of_order",
    "notify_forged",
    "notify_probe",
    "notify_wrong_amount",
)
ACT_FAULTS = ("balance_not_enough", "user_refuses")
FAULTS = (*NOTICE_FAULTS, *SEND_FAULTS, *ACT_FAULTS)

CHAPTERS = 4
DEEDS_A_CHAPTER = ((1, 2), (0, 1), (1, 2), (0, 1))
MERCHANTS = (101, 102, 103, 104)
AMOUNTS = (100_00, 123_45, 500_00, 999_99, 1_800_00, 2_000_00, 3_500_01)
PLANS = (3, 6, 9, 12)


class Fault(NamedTuple):
    """What shall go wrong with an order.

    Attributes:
        name: The sandbox's.
        at: ``send`` (the request that makes it), ``ask`` (a later one), or ``act`` (what its
            person does, and its notices).
    """

    name: str
    at: str


class Step(NamedTuple):
    """One step of a story.

    Attributes:
        do: ``draw``, ``repay``, ``answer``, ``over``, ``shop``, ``take_back``, ``convert``,
            ``pay_back`` or ``chapter``.
        how: Of what is done: what the person does, or which repayment.
        amount_minor: How much.
        number: Instalments, or a merchant.
        faults: What goes wrong with the order that the step makes.
        kill: Who is killed before the step: ``service``, ``courier``, ``both`` or nobody; with
            ``away`` behind it, the step is done before the service is back.
    """

    do: str
    how: str = ""
    amount_minor: int = 0
    number: int = 0
    faults: tuple[Fault, ...] = ()
    kill: str = ""

    def __str__(self) -> str:
        """Tell the step in a few words."""
        told = [self.do, self.how, *(str(n) for n in (self.amount_minor, self.number) if n)]
        told += [f"{fault.name}@{fault.at}" for fault in self.faults]
        return " ".join([*(word for word in told if word), *([f"<{self.kill}>"] * bool(self.kill))])


def tale(seed: int) -> list[Step]:
    """Return the story of a seed."""
    chance = random.Random(f"tale {seed}")
    steps: list[Step] = []
    for chapter in range(CHAPTERS):
        if chapter:
            steps.append(Step("chapter"))
        for _ in range(chance.choice(DEEDS_A_CHAPTER[chapter])):
            steps += _deed(chance, chapter, {step.do for step in steps})
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.randrange(len(steps))
        kill = chance.choice(("service", "service", "courier", "both"))
        away = " away" if steps[place].do == "answer" and kill != "courier" else ""
        steps[place] = steps[place]._replace(kill=kill + away)
    return steps


def _deed(chance: random.Random, chapter: int, done: set[str]) -> list[Step]:
    """Return the steps of something that a borrower does, most often something possible."""
    owes = 1 if {"draw", "shop"} & done else 0
    weights = {
        "draw": (5, 3, 2, 2)[chapter],
        "spend": (4, 2, 1, 1)[chapter],
        "give_back": (1, 2, 2, 2)[chapter],
        "repay": (3, 4, 4, 4)[chapter] * owes,
        "convert": (0, 0, 5, 0)[chapter] * ("shop" in done),
    }
    [name] = chance.choices(list(weights), list(weights.values()))
    return DEEDS[name](chance)


def _draw(chance: random.Random) -> list[Step]:
    count = chance.choice((0, 0, *PLANS))
    how = chance.choice(("confirm", "confirm", "confirm", "refuse", "leave"))
    step = Step("draw", "", chance.choice(AMOUNTS), count, _faults(chance))
    return [step, Step("answer", how), Step("over")]


def _repay(chance: random.Random) -> list[Step]:
    which = chance.choice(("bill", "all", "all", "part", "least"))
    how = chance.choice(("balance", "card", "balance", "card", "leave", "end", "end and pay"))
    step = Step("repay", which, chance.choice(AMOUNTS[:4]), 0, _faults(chance))
    return [step, Step("answer", how), Step("over")]


def _spend(chance: random.Random) -> list[Step]:
    bought = Step("shop", "", chance.choice(AMOUNTS), chance.choice(MERCHANTS))
    return [bought] * chance.choice((1, 1, 2))


def _give_back(chance: random.Random) -> list[Step]:
    """Pay a purchase, return it to the shop, and have what is then overpaid paid back."""
    return [
        *_spend(chance)[:1],
        Step("repay", "all"),
        Step("answer", chance.choice(("balance", "card"))),
        Step("over"),
        Step("take_back", "", 0 if chance.random() < 0.7 else 50_00),
        Step("pay_back", "", 0, 0, _faults(chance)),
        Step("over"),
    ]


def _convert(chance: random.Random) -> list[Step]:
    return [Step("convert", "", 0, chance.choice(PLANS)), *_repay(chance)]


DEEDS: dict[str, Callable[[random.Random], list[Step]]] = {
    "draw": _draw,
    "repay": _repay,
    "spend": _spend,
    "give_back": _give_back,
    "convert": _convert,
}


def _faults(chance: random.Random) -> tuple[Fault, ...]:
    """Return nothing, one fault or two."""
    names = chance.sample(FAULTS, chance.choice((0, 1, 1, 2)))
    return tuple(Fault(name, _where(chance, name)) for name in names)


def _where(chance: random.Random, name: str) -> str:
    return chance.choice(("send", "ask")) if name in SEND_FAULTS else "act"


# --- The table ------------------------------------------------------------------------------------

KINDS = ("draw", "repay by balance", "repay by card", "repay by instalments", "refund")
KILLS = ("service", "courier", "both", "service away")


def row(kind: str, fault: str) -> list[Step]:
    """Return a story of one kind with one fault, in which somebody is killed at each step."""
    at = "send" if fault in SEND_FAULTS else "act"
    wrong = (Fault(fault, at),) + ((Fault(fault, "ask"),) if at == "send" else ())
    bought = Step("shop", "", 500_00, 102)
    paid = [Step("repay", "all"), Step("answer", "balance"), Step("over")]
    told = {
        "draw": [
            Step("draw", "", 300_00, 0, wrong),
            Step("answer", "confirm"),
            Step("over"),
            *(Step("chapter") for _ in range(3)),
        ],
        "repay by balance": [
            bought,
            Step("repay", "all", 0, 0, wrong),
            Step("answer", "balance"),
            Step("over"),
            *(Step("chapter") for _ in range(3)),
        ],
        "repay by card": [
            bought,
            Step("repay", "part", 100_00, 0, wrong),
            Step("answer", "card"),
            Step("over"),
            *(Step("chapter") for _ in range(3)),
        ],
        "repay by instalments": [
            bought,
            Step("chapter"),
            Step("chapter"),
            Step("convert", "", 0, 3),
            Step("repay", "all", 0, 0, wrong),
            Step("answer", "balance"),
            Step("over"),
            Step("chapter"),
        ],
        "refund": [
            bought,
            *paid,
            Step("chapter"),
            Step("take_back"),
            Step("pay_back", "", 0, 0, wrong),
            Step("over"),
            *(Step("chapter") for _ in range(2)),
        ],
    }[kind]
    return [
        step._replace(kill=KILLS[place % len(KILLS)]) if place and step.do != "chapter" else step
        for place, step in enumerate(told)
    ]
