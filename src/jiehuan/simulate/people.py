"""Who are the people of the book, and what did they owe and pay month by month?

The input is a Parquet file with the columns of the UCI data set "default of credit card
clients" (Taiwan, April to September 2005; ``data/ATTRIBUTION.md``), a row a client.
"""

import dataclasses
import importlib.resources
from pathlib import Path

import numpy as np
import polars as pl

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX

MINOR = 100  # minor units in a NT dollar
MONTHS = 6

# The file counts months back from September; PAY_1 is called PAY_0 there.
BILLS = tuple(f"BILL_AMT{k}" for k in range(MONTHS, 0, -1))
PAYMENTS = tuple(f"PAY_AMT{k}" for k in range(MONTHS, 0, -1))
CODES = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")

ID_MAX = 2**31 - 1
_AMOUNT_MAX = PRINCIPAL_MINOR_MAX // MINOR

# Least and greatest value of each column.
RANGES: dict[str, tuple[int, int]] = {
    "ID": (1, ID_MAX),
    "LIMIT_BAL": (1, _AMOUNT_MAX),
    "AGE": (0, 150),
    "EDUCATION": (0, 9),
    **dict.fromkeys(CODES, (-2, 9)),
    **dict.fromkeys(BILLS, (-_AMOUNT_MAX, _AMOUNT_MAX)),
    **dict.fromkeys(PAYMENTS, (0, _AMOUNT_MAX)),
    "default_next_month": (0, 1),
}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class People:
    """Clients, in the order of their numbers; each column has shape (n,).

    Months run forward: index 0 is April 2005, 5 is September.

    Attributes:
        id: The client's number in the file.
        limit_minor: The credit line that each got.
        age_years: Age.
        education_level: 1 graduate school, 2 university, 3 high school, any other: other.
        bills_minor: Statement balances, a column a month; negative: overpaid.
        paid_minor: What was paid in each month, a column a month.
        codes: The bank's own status of each month, a column a month (``CODES``).
        defaulted: Whether the client defaulted in October.
    """

    id: Int64s
    limit_minor: Int64s
    age_years: Int64s
    education_level: Int64s
    bills_minor: tuple[Int64s, ...]
    paid_minor: tuple[Int64s, ...]
    codes: tuple[Int64s, ...]
    defaulted: Flags

    def __len__(self) -> int:
        """Return the number of clients."""
        return len(self.id)


def shipped() -> Path:
    """Return where the package keeps the Taiwan data."""
    return Path(str(importlib.resources.files("jiehuan.simulate"))) / "data" / _SHIPPED


_SHIPPED = "taiwan_credit_card.parquet"


def read(path: Path, people_max: int | None = None) -> People:
    """Read clients from a Parquet file.

    Args:
        path: The file.
        people_max: Take only the first so many, by number; all when None.

    Raises:
        UsageError: The file cannot be read, or is not such a file: the message names the
            column and what is wrong with it.
    """
    if people_max is not None and people_max < 0:
        raise UsageError(f"--people {people_max} is out of range; 0 or more")
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}") from None
    faults = _faults(frame)
    if faults:
        raise UsageError("\n".join(f"{path}: {fault}" for fault in faults))
    frame = frame.sort("ID")
    return _people(frame if people_max is None else frame.head(people_max))


def _faults(frame: pl.DataFrame) -> list[str]:
    """Return what is wrong with the columns."""
    missing = [name for name in RANGES if name not in frame.columns]
    if missing:
        return [f"no column {', '.join(missing)}"]
    faults = [fault for name in RANGES if (fault := _fault(frame[name]))]
    if not faults and frame["ID"].n_unique() < len(frame):
        twice = frame["ID"].filter(frame["ID"].is_duplicated())[0]
        faults.append(f"ID {twice} stands in more than one row")
    return faults


def _fault(column: pl.Series) -> str:
    """Return what is wrong with one column, or nothing."""
    name, (low, high) = column.name, RANGES[column.name]
    if not column.dtype.is_numeric():
        return f"column {name} is {column.dtype}; it must hold whole numbers"
    if column.null_count():
        return f"column {name} has {column.null_count()} empty values"
    values = column.to_numpy()
    wrong = ~((values >= low) & (values <= high))
    wrong |= values != np.round(values)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        return f"column {name}, row {row + 1}: {values[row]} is no whole number {low} .. {high}"
    return ""


def _people(frame: pl.DataFrame) -> People:
    """Turn checked rows into columns, money in minor units."""

    def whole(name: str) -> Int64s:
        return np.asarray(frame[name].cast(pl.Int64).to_numpy())

    return People(
        id=whole("ID"),
        limit_minor=whole("LIMIT_BAL") * MINOR,
        age_years=whole("AGE"),
        education_level=whole("EDUCATION"),
        bills_minor=tuple(whole(name) * MINOR for name in BILLS),
        paid_minor=tuple(whole(name) * MINOR for name in PAYMENTS),
        codes=tuple(whole(name) for name in CODES),
        defaulted=whole("default_next_month") == 1,
    )
