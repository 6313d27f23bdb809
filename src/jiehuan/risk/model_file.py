"""What does a scorecard look like as a file?

Canonical JSON: the same scorecard is always the same bytes, and their sha256 is its name
for ever.  Everything in a file that is read is checked: a scorecard that does not fit the
features of this program is refused, for it would score something else than it was trained
on.
"""

import dataclasses
import hashlib
import itertools
import json
import math
from typing import Any

from jiehuan.core.errors import UsageError
from jiehuan.risk.features import FEATURES, fingerprint
from jiehuan.risk.folds import FOLDS_MAX
from jiehuan.risk.scorecard import FEATURES_MAX, WEIGHT_E4_MAX, Card, Scale, Scorecard
from jiehuan.risk.words import did_you_mean

FORMAT = "jiehuan scorecard 1"


def hash_of(model: bytes) -> str:
    """Return the sha256 of a scorecard's file, in hexadecimal."""
    return hashlib.sha256(model).hexdigest()


def dump(card: Scorecard) -> bytes:
    """Return the file of a scorecard: UTF-8 JSON, a line at the end.

    Examples:
        >>> card = Scorecard("tiny", "bad", (), (Card(-10_000, (), 9, 3),), "")
        >>> load(dump(card)).sha256 == hash_of(dump(card))
        True
    """
    said = {
        "format": FORMAT,
        "name": card.name,
        "target": card.target,
        "features": {name: fingerprint(name) for name in card.features},
        "cards": [
            {
                "intercept_e4": one.intercept_e4,
                "rows": one.rows,
                "bads": one.bads,
                "scales": [dataclasses.asdict(scale) for scale in one.scales],
            }
            for one in card.cards
        ],
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def seal(card: Scorecard) -> tuple[Scorecard, bytes]:
    """Return a trained scorecard with the hash of its file, and the file."""
    model = dump(card)
    return dataclasses.replace(card, sha256=hash_of(model)), model


def load(model: bytes) -> Scorecard:
    """Read a scorecard back.

    Args:
        model: The bytes that ``dump`` gave.

    Returns:
        The scorecard, its ``sha256`` that of the bytes.

    Raises:
        UsageError: The bytes are no scorecard, are damaged, or were trained on features
            that this program does not have or reckons otherwise.
    """
    try:
        said = json.loads(model)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise UsageError(f"the model is not in the format {FORMAT!r}")
        features = _features(said["features"])
        cards = tuple(_card(one, features) for one in said["cards"])
        card = Scorecard(str(said["name"]), str(said["target"]), features, cards, hash_of(model))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"the model is damaged: {type(error).__name__}: {error}") from error
    if not 1 <= len(cards) <= FOLDS_MAX:
        raise UsageError(f"model {card.name!r} holds {len(cards)} cards, not 1 .. {FOLDS_MAX}")
    if dump(card) != model:
        raise UsageError(
            f"model {card.name!r} is not as it was written: unknown or reordered parts"
        )
    return card


def _features(said: dict[str, str]) -> tuple[str, ...]:
    """Check that each feature means today what it meant in training."""
    if len(said) > FEATURES_MAX:
        raise UsageError(f"the model names {len(said)} features; at most {FEATURES_MAX} are read")
    for name, was in said.items():
        if name not in FEATURES:
            raise UsageError(
                f"the model was trained on feature {name!r}, which is not known"
                f"{did_you_mean(name, FEATURES)}"
            )
        if fingerprint(name) != was:
            raise UsageError(
                f"feature {name!r} is reckoned otherwise than when the model was trained"
                f" ({fingerprint(name)}, was {was}); train it again"
            )
    return tuple(said)


def _card(said: dict[str, Any], features: tuple[str, ...]) -> Card:
    """Read one card and check that it is whole."""
    scales = tuple(_scale(one) for one in said["scales"])
    if tuple(scale.name for scale in scales) != features:
        raise UsageError("a card of the model does not weigh the features that the model names")
    card = Card(said["intercept_e4"], scales, said["rows"], said["bads"])
    _whole("the intercept", card.intercept_e4)
    counts = [((card.rows,), (card.bads,)), *((scale.rows, scale.bads) for scale in scales)]
    if not all(_add_up(rows, bads, card) for rows, bads in counts):
        raise UsageError(f"the counts of a card of {card.rows} rows do not add up")
    return card


def _scale(said: dict[str, Any]) -> Scale:
    """Read one scale and check that it has a weight for each bin."""
    edges = tuple(said["edges"])
    weights, rows, bads = (tuple(said[key]) for key in ("weights_e4", "rows", "bads"))
    scale = Scale(said["name"], edges, weights, said["mean_e4"], rows, bads)
    if not len(weights) == len(rows) == len(bads) == len(edges) + 2:
        raise UsageError(
            f"feature {scale.name!r} of the model has {len(edges)} edges, so {len(edges) + 2} bins,"
            f" but {len(weights)} weights"
        )
    _whole(f"feature {scale.name!r}", scale.mean_e4, *weights)
    rising = all(a < b for a, b in itertools.pairwise(edges))
    if not rising or not all(isinstance(edge, float) and math.isfinite(edge) for edge in edges):
        raise UsageError(f"the edges of feature {scale.name!r} of the model do not rise")
    return scale


def _add_up(rows: tuple[int, ...], bads: tuple[int, ...], of: Card) -> bool:
    """Say whether counts of rows and of bad rows are counts, and those of a card."""
    whole = all(type(count) is int for count in (*rows, *bads))
    within = whole and all(0 <= b <= r for r, b in zip(rows, bads, strict=True))
    return within and (sum(rows), sum(bads)) == (of.rows, of.bads)


def _whole(what: str, *numbers: object) -> None:
    """Check that weights are integers within the limits that keep sums exact."""
    for number in numbers:
        if type(number) is not int or not -WEIGHT_E4_MAX <= number <= WEIGHT_E4_MAX:
            raise UsageError(f"{what} of the model: {number!r} is no weight")
