"""A scorecard survives its file, and a file that is not right is refused."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.books import book

from jiehuan.core.errors import UsageError
from jiehuan.risk.features import BEHAVIOUR, FEATURES
from jiehuan.risk.model_file import dump, hash_of, load, seal
from jiehuan.risk.scorecard import score, train

SUBJECT, RAW, BAD = book(600)
CARD, MODEL = seal(train("behaviour", "bad", BEHAVIOUR, RAW, BAD, SUBJECT, 3))


def test_a_file_gives_back_the_scorecard():
    again = load(MODEL)

    assert CARD == again
    assert MODEL == dump(again)
    assert hash_of(MODEL) == again.sha256
    assert np.array_equal(score(CARD, RAW, SUBJECT).score_ppm, score(again, RAW, SUBJECT).score_ppm)


def test_another_scorecard_is_another_file():
    for change in ({"name": "b"}, {"target": "t"}, {"cards": CARD.cards[:1]}):
        assert hash_of(MODEL) != seal(dataclasses.replace(CARD, **change))[0].sha256


@given(st.integers(0, len(MODEL) - 1), st.integers(1, 255))
def test_no_byte_can_change_unseen(at, change):
    """What can still be read is another model: its hash is not the one that is asked for."""
    damaged = MODEL[:at] + bytes([MODEL[at] ^ change]) + MODEL[at + 1 :]
    try:
        again = load(damaged)
    except UsageError:
        return
    assert CARD.sha256 != again.sha256


@given(st.integers(0, len(MODEL) - 1))
def test_a_file_cut_short_is_refused(at):
    with pytest.raises(UsageError):
        load(MODEL[:at])


def scale(said):
    return said["cards"][1]["scales"][0]


DAMAGES = {
    "another format": (lambda m: m.update(format="jiehuan scorecard 2"), "not in the format"),
    "no name": (lambda m: m.pop("name"), "damaged: KeyError: 'name'"),
    "a number for a name": (lambda m: m.update(name=5), "is not as it was written"),
    "a part unknown": (lambda m: m.update(note="hello"), "is not as it was written"),
    "no card": (lambda m: m.update(cards=[]), "holds 0 cards, not 1 .. 20"),
    "too many cards": (lambda m: m.update(cards=m["cards"] * 7), "holds 21 cards, not 1 .. 20"),
    "a scale lost": (lambda m: m["cards"][0]["scales"].pop(), "does not weigh the features"),
    "half a weight": (
        lambda m: m["cards"][0].update(intercept_e4=0.5),
        "the intercept of the model: 0.5",
    ),
    "rows in words": (lambda m: m["cards"][0].update(rows="many"), "do not add up"),
    "rows made up": (lambda m: m["cards"][0].update(rows=7), "do not add up"),
    "a weight lost": (lambda m: scale(m)["weights_e4"].pop(), "edges, so .* bins"),
    "a huge weight": (
        lambda m: scale(m)["weights_e4"].__setitem__(0, 10**9),
        "1000000000 is no weight",
    ),
    "a true weight": (lambda m: scale(m)["weights_e4"].__setitem__(0, True), "True is no weight"),
    "no mean": (lambda m: scale(m).update(mean_e4=None), "None is no weight"),
    "edges that fall": (lambda m: scale(m)["edges"].reverse(), "'limit' of the model do not rise"),
    "an edge in words": (lambda m: scale(m)["edges"].__setitem__(0, "low"), "damaged: TypeError"),
    "fewer than none": (lambda m: scale(m)["bads"].__setitem__(1, -1), "do not add up"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_wrong_with_a_file_is_said(name):
    damage, message = DAMAGES[name]
    said = json.loads(MODEL)
    damage(said)

    with pytest.raises(UsageError, match=message):
        load(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


@pytest.mark.parametrize(
    "model", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 99_999, b"1"], ids=range(7)
)
def test_what_is_no_scorecard_is_refused(model):
    with pytest.raises(UsageError, match=r"the model (is damaged|is not in the format)"):
        load(model)


def test_a_feature_that_means_something_else_now_is_refused_loudly(monkeypatch):
    other = dataclasses.replace(FEATURES["payment_ratio"], high=3.0)
    monkeypatch.setitem(FEATURES, "payment_ratio", other)

    with pytest.raises(UsageError, match="'payment_ratio' is reckoned otherwise than when"):
        load(MODEL)


def test_a_feature_that_is_gone_is_refused_by_name(monkeypatch):
    monkeypatch.delitem(FEATURES, "months_unpaid")

    with pytest.raises(UsageError, match="trained on feature 'months_unpaid', which is not known"):
        load(MODEL)
