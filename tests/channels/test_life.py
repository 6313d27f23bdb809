"""What the courier does next: the whole table, then what no walk through it may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.channels.answers import Accepted, Answer, Ended, NotThere, Refused, Settled, Unknown
from jiehuan.channels.life import (
    FIRST,
    NEXT,
    Doing,
    Heard,
    State,
    Telling,
    Wanted,
    heard,
)

STEPS_MAX = 4


def walks(step, wanted, before=()):
    """Yield every walk from a step to what the book is told: pairs of doing and heard, the end."""
    if isinstance(step, Telling):
        yield before, step
        return
    assert len(before) < STEPS_MAX
    for said in Heard:
        yield from walks(NEXT[wanted][step][said], wanted, (*before, (step, said)))


ALL = [
    (wanted, state, walk, told)
    for wanted in Wanted
    for state in State
    for walk, told in walks(FIRST[wanted][state], wanted)
]


def test_every_beginning():
    rows = table("""
        state       do    end
        instructed  send  failed    # nothing was sent, and nothing will be
        sent        ask   ask
        unknown     ask   ask
    """)

    assert [(row.state, row.do, row.end) for row in rows] == [
        (state, FIRST[Wanted.DO][state], FIRST[Wanted.END][state]) for state in State
    ]


def test_the_whole_table():
    rows = table("""
        wanted  doing  settled    ended   waiting  incomplete  not_there  refused  not_enough  unknown
        do      ask    succeeded  failed  waiting  send        send       unknown  unknown     unknown
        do      send   succeeded  failed  waiting  waiting     unknown    prove    unknown     unknown
        do      prove  succeeded  failed  waiting  waiting     failed     unknown  unknown     unknown
        end     ask    succeeded  failed  end      end         send       unknown  unknown     unknown
        end     send   succeeded  failed  end      end         unknown    prove    prove       unknown
        end     prove  succeeded  failed  waiting  waiting     failed     unknown  unknown     unknown
        end     end    see        see     see      see         see        see      see         see
        end     see    succeeded  failed  waiting  waiting     unknown    unknown  unknown     unknown
    """)  # fmt: skip # noqa: E501

    assert [vars(row) for row in rows] == [
        {"wanted": wanted, "doing": doing} | {str(said): str(row[said]) for said in Heard}
        for wanted, steps in NEXT.items()
        for doing, row in steps.items()
    ]


def test_what_an_answer_comes_to():
    accepted = Accepted("WAIT_USER_CONFIRM", {})
    cases: list[tuple[Answer, bool, bool, Heard]] = [
        (Settled("2026-11-23T10:00:00+08:00", 1, "CNY", {}), True, False, Heard.SETTLED),
        (Ended("CLOSED", {}), True, False, Heard.ENDED),
        (accepted, True, False, Heard.WAITING),
        (accepted, False, False, Heard.INCOMPLETE),
        (NotThere(), True, False, Heard.NOT_THERE),
        (NotThere(), True, True, Heard.UNKNOWN),  # he had it: that says nothing about the money
        (Refused("PARAM_ERROR", for_good=True), True, False, Heard.REFUSED),
        (Refused("NOT_ENOUGH", for_good=False), True, False, Heard.NOT_ENOUGH),
        (Unknown("timeout"), True, False, Heard.UNKNOWN),
    ]

    for answer, complete, known, expected in cases:
        assert expected == heard(answer, complete=complete, known=known)


def test_every_walk_ends_and_sends_once_at_most():
    assert len(ALL) > 100
    for _, _, walk, _ in ALL:
        assert [doing for doing, _ in walk].count(Doing.SEND) <= 1


def test_failed_is_told_on_a_definite_end_only():
    definite = {
        (wanted, state, walk[-2:])
        for wanted, state, walk, told in ALL
        if told is Telling.FAILED and (not walk or walk[-1][1] is not Heard.ENDED)
    }

    # Never sent and not wanted; or what was sent was refused, and there is nothing.
    refused = (Doing.SEND, Heard.REFUSED), (Doing.PROVE, Heard.NOT_THERE)
    poor = (Doing.SEND, Heard.NOT_ENOUGH), (Doing.PROVE, Heard.NOT_THERE)
    assert definite == {
        *((wanted, state, refused) for wanted in Wanted for state in State),
        *((Wanted.END, state, poor) for state in State),
        (Wanted.END, State.INSTRUCTED, ()),
    } - {
        (Wanted.END, State.INSTRUCTED, refused),
        (Wanted.END, State.INSTRUCTED, poor),
    }


def test_succeeded_is_told_when_the_money_moved_only():
    for _, _, walk, told in ALL:
        moved = bool(walk) and walk[-1][1] is Heard.SETTLED
        assert moved == (told is Telling.SUCCEEDED)


def test_an_answer_that_tells_nothing_never_ends_the_matter():
    for _, _, walk, told in ALL:
        if walk and walk[-1][1] is Heard.UNKNOWN:
            assert told is Telling.UNKNOWN


# --- A partner whose answers get lost, and a person who pays when he likes ------------------------


class Partner:
    """What the partner has under one number; ``luck`` says what becomes of each request."""

    def __init__(self, luck):
        self.has = "nothing"
        self.sent = 0
        self.luck = luck

    def do(self, doing):
        luck = self.luck()
        if luck == "lost":
            return Heard.UNKNOWN
        said = self.send(luck) if doing is Doing.SEND else self.other(doing)
        return Heard.UNKNOWN if luck == "answer lost" else said

    def send(self, luck):
        self.sent += 1
        if self.has == "nothing":
            if luck in ("refused", "not enough"):
                return Heard.REFUSED if luck == "refused" else Heard.NOT_ENOUGH
            self.has = "open"
        return self.other(Doing.ASK)

    def other(self, doing):
        if doing is Doing.END and self.has == "open":
            self.has = "ended"
        return {
            "nothing": Heard.NOT_THERE,
            "open": Heard.WAITING,
            "paid": Heard.SETTLED,
            "ended": Heard.ENDED,
        }[self.has]

    def person(self, does):
        if self.has == "open" and does != "waits":
            self.has = does


LUCK = st.sampled_from(["well", "lost", "answer lost", "refused", "not enough"])
PERSON = st.sampled_from(["waits", "waits", "paid", "ended"])
VISIT = st.tuples(st.sampled_from(Wanted), PERSON, st.lists(LUCK, min_size=STEPS_MAX))


def visit(wanted, state, partner):
    """Walk through the tables with a partner; return what the book is told."""
    step = FIRST[wanted][state]
    while isinstance(step, Doing):
        step = NEXT[wanted][step][partner.do(step)]
    return step


@pytest.mark.parametrize("end", Wanted)
@given(st.lists(VISIT, max_size=8))
def test_whatever_gets_lost_the_book_is_told_what_became_of_the_money(end, visits):
    chance = ["well"]
    partner = Partner(lambda: chance.pop() if chance else "well")
    state, told = State.INSTRUCTED, None
    # After all that went wrong, five visits in which nothing does: by then it is over.
    for wanted, person, luck in [*visits, *[(end, "paid", [])] * 5]:
        chance[:] = luck
        told = visit(wanted, state, partner)
        if told in (Telling.SUCCEEDED, Telling.FAILED):
            break
        state = State.SENT if told is Telling.WAITING else State.UNKNOWN
        partner.person(person)

    assert told in (Telling.SUCCEEDED, Telling.FAILED)
    assert (told is Telling.SUCCEEDED) == (partner.has == "paid")
    assert partner.has != "open"
