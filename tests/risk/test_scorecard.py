"""What training learns, and that a score depends on nothing but its own row."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.books import book, rows_of, stirred
from tests.tables import table

from jiehuan.core.errors import UsageError
from jiehuan.risk.features import BEHAVIOUR, FEATURES, UNKNOWN
from jiehuan.risk.folds import fold_of
from jiehuan.risk.measures import auc
from jiehuan.risk.model_file import dump
from jiehuan.risk.scorecard import (
    E4,
    LOGIT_E4_MAX,
    Card,
    Scale,
    Scorecard,
    Scores,
    points_of,
    ppm_of,
    reasons_against,
    score,
    train,
)

SUBJECT, RAW, BAD = book(1_200)
CARD = train("behaviour", "bad", BEHAVIOUR, RAW, BAD, SUBJECT)
FOLDED = train("behaviour", "bad", BEHAVIOUR, RAW, BAD, SUBJECT, 5)

# Worked by hand: two features, edges at 20 and 30 years and at M0.
AGE = Scale("age", (20.0, 30.0), (100, 5_000, -2_000, 300), 200, (0, 0, 0, 0), (0, 0, 0, 0))
BUCKET = Scale("bucket", (0.0,), (0, -4_000, 9_000), 0, (0, 0, 0), (0, 0, 0))
HAND = Scorecard("hand", "bad", ("age", "bucket"), (Card(-10_000, (AGE, BUCKET), 0, 0),), "")


def test_worked_cases():
    """log-odds = -1 + weight of age + weight of bucket; the mean of age is 0.02."""
    for case in table("""
        age  bucket  score_ppm  against_age  against_bucket  points
         20       0     289050         4800           -4000     513    # -0.9
         21       0     167982        -2200           -4000     533    # -1.6
         30       1     425557        -2200            9000     496    # -0.3
         31       6     482507          100            9000     489    # -0.07
          ?       ?     270912         -100               0     516    # -0.99
    """):
        raw = {
            "age_years": np.array([UNKNOWN if case.age == "?" else case.age]),
            "bucket_1": np.array([UNKNOWN if case.bucket == "?" else case.bucket]),
        }
        scores = score(HAND, raw, np.array([7]))

        assert [case.score_ppm] == scores.score_ppm.tolist(), case
        assert [case.points] == scores.points.tolist(), case
        assert [case.against_age, case.against_bucket] == [int(c[0]) for c in scores.against_e4]


def test_a_row_alone_is_the_row_in_a_batch():
    for card in (CARD, FOLDED):
        whole = score(card, RAW, SUBJECT)
        for at in range(0, len(SUBJECT), 3):
            alone = score(card, rows_of(RAW, [at]), SUBJECT[[at]])

            assert whole.score_ppm[at] == alone.score_ppm[0]
            assert whole.points[at] == alone.points[0]
            assert [c[at] for c in whole.against_e4] == [c[0] for c in alone.against_e4]


@given(st.sets(st.integers(1, len(SUBJECT) - 1)))
def test_a_batch_may_be_split_anywhere(cuts):
    whole = score(FOLDED, RAW, SUBJECT).score_ppm
    parts = np.split(np.arange(len(SUBJECT)), sorted(cuts))
    split = [score(FOLDED, rows_of(RAW, rows), SUBJECT[rows]).score_ppm for rows in parts]

    assert np.array_equal(whole, np.concatenate(split))


def test_no_log_odds_come_out_near_a_half():
    """So every machine rounds each of them to the same part per million."""
    logit = np.arange(-LOGIT_E4_MAX, LOGIT_E4_MAX + 1)
    exact = 1_000_000 / (1 + np.exp(logit / -E4))
    ppm = ppm_of(logit)

    # exp is right to fifteen digits, so 1e-7 ppm is a margin of more than a hundred.
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-7
    assert np.array_equal(ppm[::-1], 1_000_000 - ppm)
    assert np.all(np.diff(ppm) >= 0)
    assert (1, 999_999) == (ppm[0], ppm[-1])


def test_twice_the_odds_are_twenty_points():
    for good_to_bad, points in [(25, 580), (50, 600), (100, 620), (1, 487)]:
        logit_e4 = np.rint(np.array([-np.log(good_to_bad) * E4])).astype(np.int64)

        assert [points] == points_of(logit_e4).tolist()


def test_training_twice_gives_the_same_bytes():
    again = train("behaviour", "bad", BEHAVIOUR, RAW, BAD, SUBJECT)

    assert dump(CARD) == dump(again)


@pytest.mark.parametrize("folds", [1, 3])
def test_training_does_not_care_for_the_order_of_the_rows(folds):
    order = np.argsort(stirred(len(SUBJECT), 5, 10**9))
    straight = train("b", "bad", BEHAVIOUR, RAW, BAD, SUBJECT, folds)
    mixed = train("b", "bad", BEHAVIOUR, rows_of(RAW, order), BAD[order], SUBJECT[order], folds)

    assert dump(straight) == dump(mixed)


@pytest.mark.parametrize("scale", [7, 100])
def test_scores_do_not_depend_on_the_unit_of_money(scale):
    """A monotone transform of a feature moves its edges along and leaves the score."""
    larger = {
        name: np.where(column == UNKNOWN, UNKNOWN, column * scale) if "_minor" in name else column
        for name, column in RAW.items()
    }
    other = train("behaviour", "bad", BEHAVIOUR, larger, BAD, SUBJECT)

    assert np.array_equal(
        score(CARD, RAW, SUBJECT).score_ppm, score(other, larger, SUBJECT).score_ppm
    )


def test_what_a_subject_did_does_not_change_its_own_score_out_of_fold():
    before = score(FOLDED, RAW, SUBJECT).score_ppm
    for fold in range(5):
        mine = fold_of(SUBJECT, 5) == fold
        other = train("behaviour", "bad", BEHAVIOUR, RAW, np.where(mine, ~BAD, BAD), SUBJECT, 5)
        after = score(other, RAW, SUBJECT).score_ppm

        assert np.array_equal(before[mine], after[mine])
        assert not np.array_equal(before[~mine], after[~mine])


def test_folds_hold_every_subject_out_once():
    rows = [card.rows for card in FOLDED.cards]

    assert 4 * len(SUBJECT) == sum(rows)
    assert [len(SUBJECT)] == [card.rows for card in CARD.cards]


def test_training_finds_what_is_there():
    out_of_fold, seen = score(FOLDED, RAW, SUBJECT), score(CARD, RAW, SUBJECT)

    assert 0.75 < auc(out_of_fold.score_ppm, BAD) < auc(seen.score_ppm, BAD)
    assert BAD.mean() == pytest.approx(seen.score_ppm.mean() / 1e6, abs=0.01)


def test_training_finds_nothing_in_noise():
    noise = stirred(len(SUBJECT), 4_242, 4) == 0
    card = train("noise", "bad", ["age", "limit"], RAW, noise, SUBJECT, 5)

    assert 0.4 < auc(score(card, RAW, SUBJECT).score_ppm, noise) < 0.6


def test_the_middle_may_be_the_best():
    """Bins are free: those very young and those very old are both worse."""
    age = 20 + stirred(3_000, 1, 50)
    bad = stirred(3_000, 2, 100) < np.abs(age - 45) * 3
    card = train("u", "bad", ["age"], {"age_years": age}, bad, np.arange(3_000))
    ends = np.array([22, 45, 68])
    score_ppm = score(card, {"age_years": ends}, np.zeros(3, np.int64)).score_ppm

    assert score_ppm[0] > 3 * score_ppm[1]
    assert score_ppm[2] > 3 * score_ppm[1]


def test_a_feature_that_never_changes_weighs_nothing():
    same = RAW | {"age_years": np.full(len(SUBJECT), 40)}
    card = train("flat", "bad", ["age", "bucket"], same, BAD, SUBJECT)

    assert {0} == set(card.cards[0].scales[0].weights_e4)


def test_twins_do_not_run_off():
    """Two features that say the same share the weight instead of fighting."""
    raw = RAW | {"bucket_2": RAW["bucket_1"]}
    one = train("one", "bad", ["bucket"], raw, BAD, SUBJECT)
    two = train("two", "bad", ["bucket", "bucket_before"], raw, BAD, SUBJECT)
    first, second = (np.array(scale.weights_e4) for scale in two.cards[0].scales)

    assert np.array_equal(first, second)
    assert np.array(one.cards[0].scales[0].weights_e4) == pytest.approx(first + second, abs=60)


@given(
    st.lists(
        st.tuples(st.integers(-1, 4), st.integers(0, 9), st.booleans()), min_size=2, max_size=80
    ).filter(lambda rows: len({bad for _, _, bad in rows}) == 2)
)
def test_any_small_history_can_be_learnt(rows):
    raw = {
        "age_years": np.array([UNKNOWN if age < 0 else age for age, _, _ in rows]),
        "bucket_1": np.array([bucket for _, bucket, _ in rows]),
    }
    bad = np.array([bad for _, _, bad in rows])
    who = np.arange(len(rows))
    scores = score(train("small", "bad", ["age", "bucket"], raw, bad, who), raw, who)

    assert bad.mean() == pytest.approx(scores.score_ppm.mean() / 1e6, abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": ()}, "name 1 .. 200 features"),
        ({"features": ("age", "age")}, "each once"),
        ({"features": ("agee",)}, "feature 'agee' is not known; did you mean 'age'"),
        ({"features": ("sex",)}, "feature 'sex' is not known"),
        ({"folds": 0}, "folds must be 1 .. 20, got 0"),
        ({"folds": 21}, "folds must be 1 .. 20, got 21"),
        ({"bad": BAD[:9]}, "1200 rows of features, 9 of 'bad' and 1200 subjects"),
        ({"subject": SUBJECT[:9]}, "9 subjects do not fit"),
        ({"bad": np.zeros(1_200, np.bool_)}, "true of 0 of 1200"),
        ({"bad": np.ones(1_200, np.bool_)}, "true of 1200 of 1200"),
        ({"raw": {}}, "raw column 'age_years' is missing"),
    ],
)
def test_what_cannot_be_learnt_is_said(change, message):
    arguments = {
        "name": "n",
        "target": "bad",
        "features": ("age",),
        "raw": RAW,
        "bad": BAD,
        "subject": SUBJECT,
    }

    with pytest.raises(UsageError, match=message):
        train(**(arguments | change))


def test_reasons_are_what_speaks_most_against_somebody():
    """Worst first, ties in the order of the scorecard, never what speaks for them."""
    names = ("age", "bucket", "limit")
    for case in table("""
        age  bucket  limit  reasons
          5       9      1  bucket age
          5       5      1  age bucket
          5       0     -1  age
          0       0      0  none
         -5      -2     -9  none
          1       2      3  limit bucket
    """):
        against = [np.array([case.age]), np.array([case.bucket]), np.array([case.limit])]
        scores = Scores(np.array([1]), np.array([1]), against)
        [reasons] = reasons_against(scores, names, 2)

        assert case.reasons == (" ".join(reasons) or "none"), case
        assert [()] == reasons_against(scores, names, 0)


def test_no_rows_have_no_scores():
    none = np.array([], np.int64)
    scores = score(FOLDED, rows_of(RAW, none), none)

    assert 0 == len(scores.score_ppm)
    assert [] == reasons_against(scores, BEHAVIOUR, 3)


def test_every_feature_can_be_learnt_from():
    for name in FEATURES:
        card = train("one", "bad", [name], RAW, BAD, SUBJECT)
        assert (name,) == dataclasses.replace(card, name="x").features
