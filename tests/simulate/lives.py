"""Rehearsed lives of the first clients of the Taiwan book, made once for all tests."""

import functools

from jiehuan.core.terms import TermsTable
from jiehuan.engine.book import shipped_products
from jiehuan.simulate.people import People, read, shipped
from jiehuan.simulate.rehearse import Rehearsal, rehearse

TERMS = TermsTable(shipped_products())
CARD = TERMS.in_force("card-tw-2005", 740_000)

MANY, MONTHS = 500, 6


@functools.cache
def people(n: int = MANY) -> People:
    return read(shipped(), n)


@functools.cache
def rehearsed(n: int = MANY, months: int = MONTHS) -> Rehearsal:
    return rehearse(TERMS, people(n), months)
