"""Test people of our own, one a story: what they own, and what they say of themselves."""

import random
from pathlib import Path
from typing import NamedTuple

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "安宁海川明远清和思齐佳音子衿长风"
MERCHANT_MINOR = 100_000_000_00
CARD = "card"


class Person(NamedTuple):
    """Somebody with a wallet and one card."""

    seed: int
    openid: str
    name: str
    id_number: str
    balance_minor: int
    card_minor: int

    @property
    def accounts(self) -> dict[str, int]:
        """What they begin with, by the sandbox's names of accounts."""
        return {
            f"{self.openid}/balance": self.balance_minor,
            f"{self.openid}/{CARD}": self.card_minor,
        }


def person(seed: int) -> Person:
    """Return the borrower of a story; most have enough money, some in one place only."""
    chance = random.Random(f"person {seed}")
    first = f"999999{chance.randint(1970, 2003)}0{chance.randint(1, 9)}15{seed % 1000:03d}"
    weight = sum(int(digit) * times for digit, times in zip(first, WEIGHTS, strict=True))
    rich = chance.random()
    return Person(
        seed,
        f"oStory-{seed:012d}-{chance.getrandbits(32):08x}",
        chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN),
        first + CHECK_DIGITS[weight % 11],
        100_00 if rich < 0.1 else chance.randint(20_000_00, 40_000_00),
        0 if rich > 0.9 else chance.randint(20_000_00, 60_000_00),
    )


def write(file: Path, people: list[Person]) -> None:
    """Write the sandbox's file of people."""
    told = [
        "[merchant]",
        'mchid = "1900000109"',
        'appid = "wx8888888888888888"',
        'name = { zh = "借还", en = "Jiehuan" }',
        f"balance_minor = {MERCHANT_MINOR}",
        'scenes = ["1000"]',
    ]
    for one in people:
        told += [
            "[[person]]",
            f'openid = "{one.openid}"',
            f'name = {{ zh = "{one.name}", en = "Story {one.seed}" }}',
            f'id_number = "{one.id_number}"',
            'phone = "10000000001"',
            f"balance_minor = {one.balance_minor}",
            "[[person.card]]",
            f'id = "{CARD}"',
            'bank = { zh = "招商银行储蓄卡", en = "CMB debit card" }',
            'bank_type = "CMB_DEBIT"',
            'last_four = "0403"',
            f"balance_minor = {one.card_minor}",
        ]
    file.write_text("\n".join(told) + "\n", encoding="utf-8")
