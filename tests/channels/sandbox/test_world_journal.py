"""The journal: what is reloaded is what was; what was torn was never done."""

import itertools
import json

import pytest
from tests.channels.sandbox.making import (
    ANNA,
    APPID,
    BEN,
    MCHID,
    PEOPLE,
    START,
    Time,
    new_world,
    order,
    pay,
    plain,
    refund,
    transfer,
)

from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.people import FILE, People, read_people
from jiehuan.channels.sandbox.settings import Settings
from jiehuan.channels.sandbox.world import World
from jiehuan.core.errors import UsageError


def a_life(path, time):
    """Live through a bit of everything; after each step, what the file and the world are."""
    world = new_world(path, time)
    steps = [
        lambda: world.prepay(order(), "JSAPI"),
        lambda: world.pay(world.orders()[0].prepay_id, ANNA, "cmb"),
        lambda: world.answered(world.due(time())[0].id, 500),
        lambda: world.refund(refund(amount=400)),
        lambda: world.faults.set({"fault": "notify_twice", "on": 0.5}),
        lambda: world.transfer(transfer()),
        lambda: world.set_account(f"{BEN}/cmb", closed=True),
        lambda: world.confirm("bill1", ANNA),
        lambda: world.advance(100_000),
        lambda: world.transfer(transfer("bill2", openid=BEN)),
        lambda: world.top_up("merchant", 5_000),
        lambda: world.cancel("bill2"),
        world.faults.clear,
        lambda: world.set_clock(START + 5),
        world.tick,
    ]
    for step in steps:
        step()
        yield path.read_bytes(), plain(world)


def test_reloaded_at_any_point_it_is_the_same_world(tmp_path):
    time = Time()
    for written, expected in a_life(tmp_path / "journal.jsonl", time):
        copy = tmp_path / "copy.jsonl"
        copy.write_bytes(written)
        again = new_world(copy, time)

        assert expected == plain(again)
        assert written == copy.read_bytes()
    assert START + 5 == again.clock.now()


def test_a_torn_last_line_was_never_done(tmp_path):
    time = Time()
    lives = list(a_life(tmp_path / "journal.jsonl", time))
    for (before, expected), (after, _) in itertools.pairwise(lives):
        if after.count(b"\n") != before.count(b"\n") + 1:
            continue
        for cut in {1, (len(after) - len(before)) // 2, len(after) - len(before) - 1}:
            copy = tmp_path / "torn.jsonl"
            copy.write_bytes(after[: len(before) + cut])
            again = new_world(copy, time)

            assert expected == plain(again)
            assert before == copy.read_bytes()


def test_after_a_torn_line_it_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    pay(new_world(path), order())
    with path.open("ab") as file:
        file.write(b'{"orders":{"order-2')
    again = new_world(path)
    pay(again, order("order-2"))

    assert plain(again) == plain(new_world(path))
    assert {"order-1", "order-2"} == {each.number for each in again.orders()}


def test_each_change_is_one_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    world = new_world(path)
    prepay_id = world.prepay(order(), "JSAPI")["prepay_id"]
    before = path.read_text().count("\n")
    world.pay(prepay_id, ANNA, "balance")
    world.order_by_number(MCHID, "order-1")
    world.tick()
    *_, line = path.read_text().splitlines()

    assert before + 1 == path.read_text().count("\n")
    assert {"orders", "notices", "balances", "facts"} == set(json.loads(line))


def test_a_journal_that_is_damaged_before_its_end_is_refused(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"balances":{\n{}\n')

    with pytest.raises(UsageError, match="damaged"):
        Journal(path)


def test_somebody_new_gets_what_the_file_says_and_the_others_keep_what_they_have(tmp_path):
    path = tmp_path / "journal.jsonl"
    only = People(merchant=PEOPLE.merchant, persons={ANNA: PEOPLE.persons[ANNA]})
    pay(World(Journal(path), only, Clock(Time()), Settings()), order())
    balances = new_world(path).balances()

    assert (19_000, 20_000) == (balances[f"{ANNA}/balance"], balances[f"{BEN}/balance"])
    assert 0 == sum(balances.values())


def test_two_sandboxes_never_use_the_same_numbers():
    """Whoever keeps numbers of an old sandbox must not meet them again in a new one."""
    worlds = [new_world(), new_world()]
    for world in worlds:
        pay(world, order())
        world.refund(refund())
        world.transfer(transfer())
    first, second = (
        {
            world.orders()[0].transaction_id,
            world.orders()[0].prepay_id,
            world.notices()[0].id,
            world.refunds()[0].refund_id,
            world.transfers()[0].bill_no,
            world.transfers()[0].package_info,
        }
        for world in worlds
    )

    assert not first & second
    assert 6 == len(first)


# --- People ---------------------------------------------------------------------------------------

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def test_the_people_of_the_file():
    people = read_people()

    assert 6 == len(people.persons)
    assert (MCHID, APPID) == (people.merchant.mchid, people.merchant.appid)
    for openid, person in people.persons.items():
        digits = [int(digit) for digit in person.id_number[:17]]
        rest = sum(digit * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11
        assert (openid, 28) == (person.openid, len(openid))
        assert "10X98765432"[rest] == person.id_number[17]
        assert person.id_number.startswith("999999")
        assert person.phone.startswith("100")
        assert 11 == len(person.phone)
        assert {"zh", "en"} == set(person.name)
        assert 1 <= len(person.cards) <= 2
        for card in person.cards.values():
            assert 4 == len(card.last_four)
            assert {"zh", "en"} == set(card.bank)


def test_a_file_that_describes_nobody(tmp_path):
    path = tmp_path / "people.toml"
    for text in ("[", "", "[merchant]\nmchid = 'x'\n"):
        path.write_text(text)
        with pytest.raises(UsageError, match="does not describe people"):
            read_people(path)
    with pytest.raises(UsageError, match="does not describe people"):
        read_people(tmp_path / "nothing.toml")
    text = FILE.read_text(encoding="utf-8")
    path.write_text(text + text[text.index("[[person]]") :], encoding="utf-8")
    with pytest.raises(UsageError, match="share an openid"):
        read_people(path)


def test_a_speed_that_stops_time_is_refused():
    with pytest.raises(UsageError, match="speed"):
        Settings(speed=0)
