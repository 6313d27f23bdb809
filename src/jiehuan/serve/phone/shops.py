"""Where can one pay, and is the amount that was scanned the one that the shop asked for?

A shop signs what its QR code says: merchant, order and amount.  Its key is made of ours and
its number, so the demo needs no file of keys; a real shop would bring its own.
"""

import dataclasses
import hashlib
import hmac
import io
import secrets
import tomllib
from importlib.resources import files
from typing import Final
from urllib.parse import urlencode

import segno

ORDER_CHARS_MAX: Final = 40
SIGN_BYTES: Final = 16
MASK: Final = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Goods:
    """Something that a shop sells."""

    zh: str
    en: str
    amount_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Shop:
    """A merchant.

    Attributes:
        merchant: Its number, as in commands.
        zh: Its name.
        en: The same in English.
        mark: One character that stands for it.
        goods: What it sells.
    """

    merchant: int
    zh: str
    en: str
    mark: str
    goods: tuple[Goods, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Bill:
    """What a shop asks for: the content of its QR code."""

    merchant: int
    order: str
    amount_minor: int

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"{self.merchant}\n{self.order}\n{self.amount_minor}\n".encode()


def shipped() -> dict[int, Shop]:
    """Return the shops that come with the program, by number."""
    text = (files("jiehuan.serve.phone") / "shops.toml").read_text(encoding="utf-8")
    made = [
        Shop(
            row["merchant"],
            row["zh"],
            row["en"],
            row["mark"],
            tuple(Goods(one["zh"], one["en"], one["amount_minor"]) for one in row["goods"]),
        )
        for row in tomllib.loads(text)["shop"]
    ]
    return {shop.merchant: shop for shop in made}


class Shops:
    """The shops, and how they sign."""

    def __init__(self, key: bytes, public_url: str) -> None:
        """Hold the key of their keys, and where phones reach us."""
        self._key = key
        self._public_url = public_url
        self.all = shipped()

    def sign(self, bill: Bill) -> str:
        """Return the shop's signature."""
        key = hmac.digest(self._key, f"shop/{bill.merchant}".encode(), hashlib.sha256)
        return hmac.digest(key, bill.text, hashlib.sha256)[:SIGN_BYTES].hex()

    def is_signed(self, bill: Bill, sign: str) -> bool:
        """Say whether the shop has signed just this."""
        return hmac.compare_digest(self.sign(bill).encode(), sign.encode())

    def ask(self, merchant: int, amount_minor: int) -> Bill:
        """Return a new bill of a shop; every order is paid once."""
        return Bill(merchant, secrets.token_hex(6), amount_minor)

    def path(self, bill: Bill) -> str:
        """Return the address, in our own site, that a bill's QR code leads to."""
        said = {"order": bill.order, "amount_minor": bill.amount_minor, "sign": self.sign(bill)}
        return f"/phone/shop/{bill.merchant}?{urlencode(said)}"

    def code_path(self, bill: Bill) -> str:
        """Return the address of the drawing of a bill's QR code."""
        return self.path(bill).replace("?", "/code.svg?", 1)

    def code(self, bill: Bill) -> bytes:
        """Draw a bill's QR code; the mask is any, as to find the best takes five times as long."""
        made = segno.make(self._public_url + self.path(bill), error="m", micro=False, mask=MASK)
        out = io.BytesIO()
        made.save(out, kind="svg", xmldecl=False, border=2, omitsize=True)
        return out.getvalue()

    def name(self, merchant: int, language: str) -> str:
        """Return the name of a shop; one that is not in the list has its number."""
        shop = self.all.get(merchant)
        if shop is None:
            return f"#{merchant}"
        return shop.zh if language == "zh" else shop.en
