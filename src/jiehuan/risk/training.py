"""How is a scorecard made from a table of history, and how good is it?

The table is Parquet, one row a subject.  Its columns are the raw columns of ``features``,
or those of a book whose shape is known here (``LAYOUTS``), which are turned into them.
``train_bytes`` is bytes in, bytes out; ``train_file`` is the same for a path, for the
command line.
"""

import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.risk.features import (
    APPLICATION,
    BEHAVIOUR,
    FORBIDDEN,
    MONTHS,
    PAID_MONTHS,
    RAW_MEANING,
    UNKNOWN,
    columns_of,
)
from jiehuan.risk.measures import auc, ks
from jiehuan.risk.model_file import seal
from jiehuan.risk.scorecard import score, train
from jiehuan.risk.words import did_you_mean

FOLDS = 5
MINOR = 100  # minor units to one of a book's currency

# What a scorecard is named after and looks at, by what the policies call it.
SETS: Mapping[str, tuple[str, ...]] = {"application": APPLICATION, "behaviour": BEHAVIOUR}


@dataclasses.dataclass(frozen=True, slots=True)
class Trained:
    """A new scorecard and what it is worth.

    Attributes:
        model: Its file; the scorecard has seen every row.
        sha256: Of the file.
        name: What policies call it.
        features: What it looks at.
        rows: How many subjects it was trained on.
        bads: How many of them defaulted.
        auc: Area under the ROC curve of scores out of fold: each subject scored by a card
            that has not seen it.
        ks: Kolmogorov-Smirnov distance of the same scores.
        auc_seen: The area for scores of the file itself, which has seen the rows.
    """

    model: bytes
    sha256: str
    name: str
    features: tuple[str, ...]
    rows: int
    bads: int
    auc: float
    ks: float
    auc_seen: float


def train_file(
    data: Path,
    target: str,
    name: str = "behaviour",
    features: Sequence[str] = (),
    subject: str = "",
) -> Trained:
    """Read a Parquet file and train on it; the arguments are those of ``train_bytes``.

    Raises:
        UsageError: As ``train_bytes``, or the file cannot be read.
    """
    try:
        table = data.read_bytes()
    except OSError as error:
        raise UsageError(f"{data} cannot be read: {error.strerror}") from error
    return train_bytes(table, target, name, features, subject)


def train_bytes(
    table: bytes,
    target: str,
    name: str = "behaviour",
    features: Sequence[str] = (),
    subject: str = "",
) -> Trained:
    """Train a scorecard on a table, and measure it out of fold.

    Args:
        table: Parquet, one row a subject.
        target: Column of 0 and 1 (or true and false): whether the subject defaulted.
        name: What policies will call the scorecard; if it is one of ``SETS``, that also
            says what to look at.
        features: What to look at instead.
        subject: Column with the number of the subject, for the folds; without it, ``ID`` if
            there is one, else the number of the row.

    Returns:
        The file of the scorecard, and its measures.

    Raises:
        UsageError: It is no Parquet, columns are missing or hold something else, or there
            is nothing to learn (no bad row, no good row).
    """
    frame = _read(table)
    chosen = tuple(features) or SETS.get(name, ())
    if not chosen:
        raise UsageError(f"name the features of {name!r}{did_you_mean(name, SETS)}")
    if not frame.height:
        raise UsageError("the table has no rows")
    raw = raw_of(frame, columns_of(chosen))
    bad = _bad(frame, target)
    who = _subjects(frame, subject)
    folded, _ = seal(train(name, target, chosen, raw, bad, who, FOLDS))
    card, model = seal(train(name, target, chosen, raw, bad, who))
    out_of_fold = score(folded, raw, who).score_ppm
    return Trained(
        model=model,
        sha256=card.sha256,
        name=name,
        features=chosen,
        rows=len(bad),
        bads=int(bad.sum()),
        auc=auc(out_of_fold, bad),
        ks=ks(out_of_fold, bad),
        auc_seen=auc(score(card, raw, who).score_ppm, bad),
    )


def _read(table: bytes) -> pl.DataFrame:
    """Read Parquet."""
    try:
        return pl.read_parquet(io.BytesIO(table))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"the table is no Parquet: {error}") from error


def raw_of(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, Int64s]:
    """Take raw columns out of a table, null being ``UNKNOWN``.

    Raises:
        UsageError: A column is missing, holds other than whole numbers, or is forbidden.
    """
    if forbidden := FORBIDDEN & {name.lower() for name in names}:
        raise UsageError(f"{', '.join(sorted(forbidden))} may not be looked at")
    for layout in LAYOUTS.values():
        if set(layout.columns) <= set(frame.columns):
            made = layout.turn(frame)
            frame = frame.with_columns(**made)
    return {name: _integers(frame, name) for name in names}


def _integers(frame: pl.DataFrame, name: str) -> Int64s:
    """Take a column of whole numbers."""
    if name not in frame.columns:
        meaning = RAW_MEANING.get(name, "")
        raise UsageError(
            f"the table has no column {name!r}{f' ({meaning})' if meaning else ''}"
            f"{did_you_mean(name, frame.columns)}"
        )
    column = frame[name]
    if not column.dtype.is_numeric():
        raise UsageError(f"column {name!r} must hold whole numbers, got {column.dtype}")
    whole = column.cast(pl.Int64, strict=False)
    if (column.is_not_null() & (whole.is_null() | (whole != column))).any():
        raise UsageError(f"column {name!r} must hold whole numbers; some are not")
    return whole.fill_null(UNKNOWN).to_numpy().astype(np.int64)


def _bad(frame: pl.DataFrame, target: str) -> Flags:
    """Take the target."""
    if target in frame.columns and frame[target].dtype == pl.Boolean:
        frame = frame.with_columns(pl.col(target).cast(pl.Int64))
    value = _integers(frame, target)
    if not np.isin(value, (0, 1)).all():
        raise UsageError(f"target {target!r} must be 0 or 1 in every row")
    bad: Flags = value == 1
    return bad


def _subjects(frame: pl.DataFrame, subject: str) -> Int64s:
    """Take the numbers of subjects, or number the rows."""
    if subject or "ID" in frame.columns:
        return _integers(frame, subject or "ID")
    return np.arange(frame.height, dtype=np.int64)


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """A known book whose columns are not ours.

    Attributes:
        columns: Those that it is known by.
        turn: Makes our raw columns of its own.
    """

    columns: tuple[str, ...]
    turn: Callable[[pl.DataFrame], dict[str, pl.Series]]


def _taiwan(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Make raw columns of the UCI book of Taiwanese credit cards (I-C. Yeh, 2005).

    Its bill of month m is the statement cut on the first of the next month, and is paid by
    the amount of month m + 1, so ``BILL_AMT1`` is the newest statement and ``PAY_AMT1``
    pays ``BILL_AMT2``.  Status ``PAY_2`` is that of August's bill, known at the end of
    September; ``PAY_0`` is that of September's, which October's payment decides: on the
    first of October nobody knows it, so it is not looked at.
    """
    limit = frame["LIMIT_BAL"] * MINOR
    made = {
        "limit_asked_minor": limit,
        "limit_minor": limit,
        "age_years": frame["AGE"],
        "education_level": frame["EDUCATION"],
    }
    for k in range(1, MONTHS + 1):
        made[f"balance_minor_{k}"] = frame[f"BILL_AMT{k}"] * MINOR
    for k in range(1, PAID_MONTHS + 1):
        made[f"repaid_minor_{k}"] = frame[f"PAY_AMT{k}"] * MINOR
        made[f"bucket_{k}"] = frame[f"PAY_{k + 1}"].clip(0, 6)
    return made


LAYOUTS: Mapping[str, Layout] = {
    "taiwan-credit-card": Layout(
        (
            "LIMIT_BAL",
            "AGE",
            "EDUCATION",
            *(f"BILL_AMT{k}" for k in range(1, MONTHS + 1)),
            *(f"PAY_AMT{k}" for k in range(1, PAID_MONTHS + 1)),
            *(f"PAY_{k + 1}" for k in range(1, PAID_MONTHS + 1)),
        ),
        _taiwan,
    ),
}
