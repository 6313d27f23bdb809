"""Who can pay and be paid: the merchant and the test people of a small data file."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jiehuan.core.errors import UsageError

FILE = Path(__file__).with_name("people.toml")
BALANCE = "balance"  # the source of a payment that is no card


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A bank card that is bound to somebody's wallet.

    Attributes:
        id: Names it among its owner's cards; the ``source`` of a payment.
        bank: Its name, by language (``zh``, ``en``).
        bank_type: The bank in the partner's own spelling.
        last_four: Last digits of the card's number.
        balance_minor: What is on it when the sandbox is first started.
    """

    id: str
    bank: Mapping[str, str]
    bank_type: str
    last_four: str
    balance_minor: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a wallet.

    Attributes:
        openid: Who it is to the merchant.
        name: By language (``zh``, ``en``); the Chinese one is on the papers.
        id_number: Of the identity card; a test number.
        phone: A test number.
        balance_minor: What is in the wallet when the sandbox is first started.
        cards: What is bound to it, by card id.
    """

    openid: str
    name: Mapping[str, str]
    id_number: str
    phone: str
    balance_minor: int
    cards: Mapping[str, Card]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """The one merchant of this sandbox.

    Attributes:
        mchid: Number of the merchant.
        appid: The application that the people are known to.
        name: By language (``zh``, ``en``), for the pages.
        balance_minor: What is in its account when the sandbox is first started.
        scenes: What it may transfer money for: values of ``transfer_scene_id``.
    """

    mchid: str
    appid: str
    name: Mapping[str, str]
    balance_minor: int
    scenes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody there is.

    Attributes:
        merchant: Who is paid and pays out.
        persons: The test people, by openid, in the order of the file.
    """

    merchant: Merchant
    persons: Mapping[str, Person]


def read_people(path: Path = FILE) -> People:
    """Read the people of a file.

    Raises:
        UsageError: The file cannot be read as people; the message says why.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        merchant = told["merchant"]
        people = People(
            merchant=Merchant(**merchant | {"scenes": tuple(merchant["scenes"])}),
            persons={each["openid"]: _person(each) for each in told["person"]},
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"{path} does not describe people: {error}") from error
    if len(people.persons) < len(told["person"]):
        raise UsageError(f"{path}: two people share an openid")
    return people


def _person(told: Mapping[str, Any]) -> Person:
    rest = {name: value for name, value in told.items() if name != "card"}
    cards = [Card(**card) for card in told.get("card", ())]
    return Person(**rest, cards={card.id: card for card in cards})
