"""The first rule that fits decides, bands hold every score, limits are whole."""

import datetime as dt
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

import jiehuan
from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.risk.features import FEATURES, FORBIDDEN, UNKNOWN
from jiehuan.risk.policy import NO_SCORE, TESTS, Verdict, in_force, judge, words
from jiehuan.risk.policy_file import BAND_FIELDS, POLICY_FIELDS, RULE_FIELDS, parse

ROOT = Path(__file__).parents[2]
SHIPPED = parse(Path(jiehuan.__file__).with_name("policy.toml").read_bytes())
APPLICATION, LIMIT_REVIEW = SHIPPED

HEAD = """
[[policy]]
name = "tiny"
version = 1
from = 2005-04-01
model = "m"
limit_of = "limit_asked_minor"
limit_step_minor = 100
limit_minor_min = 500
limit_minor_max = 90_000
"""
RULE = """
[[policy.rule]]
when = { age = { below = 20 } }
outcome = "decline"
reason = "under_age"
zh = "未成年"
en = "under age"
"""
BANDS = """
[[policy.band]]
from_ppm = 0
below_ppm = 200_000
outcome = "approve"
reason = "good"
zh = "好"
en = "good"

[[policy.band]]
from_ppm = 200_000
below_ppm = 1_000_000
outcome = "refer"
limit_ppm = 500_000
reason = "weak"
zh = "弱"
en = "weak"
"""
TINY = HEAD + RULE + BANDS
ALWAYS = RULE.replace("{ age = { below = 20 } }", "{}")


def number(cell) -> int:
    return UNKNOWN if cell == "?" else cell


def judged(policy, age, asked, score_ppm):
    """Judge one subject: verdict, limit and the reason that decided."""
    raw = {
        "age_years": np.array([number(age)]),
        "limit_asked_minor": np.array([number(asked)]),
        "limit_minor": np.array([number(asked)]),
        "bucket_1": np.array([number(age)]),
    }
    made = judge(policy, raw, np.array([score_ppm]))
    reason = policy.answers[int(made.answer[0])].reason
    return Verdict(made.outcome[0]).name.lower(), int(made.limit_minor[0]), reason


def test_worked_cases():
    [policy] = parse(TINY)
    for case in table("""
        age   asked  score_ppm  outcome  limit   reason
         20   1_000          1  approve  1000    good
         19   1_000          1  decline  0       under_age            # rules come first
          ?   1_000          1  approve  1000    good                 # not known is not below
         20   1_000    199_999  approve  1000    good
         20   1_000    200_000  refer    500     weak
         20   1_000    999_999  refer    500     weak
         20   1_099          1  approve  1000    good                 # whole steps, downwards
         20   1_199    200_000  refer    500     weak
         20  90_050          1  approve  90000   good                 # never above the highest
         20     500          1  approve  500     good
         20     499          1  refer    0       limit_too_small
         20       0          1  refer    0       limit_too_small
         20     100    200_000  refer    0       weak                 # nothing was approved
         20       ?          1  refer    0       limit_base_unknown
         20      -1          1  refer    0       limit_base_unknown
         19       ?          1  decline  0       under_age
    """):
        got = judged(policy, case.age, case.asked, case.score_ppm)

        assert (case.outcome, int(case.limit), case.reason) == got, case


def test_every_test_of_a_condition():
    """Of a bucket of 2, of 3 and of one that is not known."""
    for case in table("""
        when              at_2  at_3  unknown
        below = 3         yes   no    no
        at_most = 2       yes   no    no
        is = 2            yes   no    no
        at_least = 3      no    yes   no
        above = 2         no    yes   no
        unknown = true    no    no    yes
        unknown = false   yes   yes   no
        above = 1, below = 3        yes  no   no
        is = 2, unknown = true      no   no   no
    """):
        text = TINY.replace("age = { below = 20 }", f"bucket = {{ {case.when} }}")
        [policy] = parse(text)
        fits = [
            "yes" if judged(policy, bucket, 1_000, 1)[0] == "decline" else "no"
            for bucket in (2, 3, "?")
        ]

        assert [case.at_2, case.at_3, case.unknown] == fits, case


def test_all_conditions_of_a_rule_must_hold():
    text = TINY.replace("below = 20 }", "below = 20 }, limit_asked = { above = 700 }")
    [policy] = parse(text)

    assert "decline" == judged(policy, 19, 701, 1)[0]
    assert "approve" == judged(policy, 19, 700, 1)[0]
    assert "approve" == judged(policy, 20, 701, 1)[0]


def test_the_first_rule_that_fits_decides():
    second = RULE.replace("below = 20", "below = 30").replace("decline", "refer")
    second = second.replace("under_age", "young")
    [policy] = parse(HEAD + RULE + second + BANDS)

    assert ["under_age", "young", "good"] == [judged(policy, a, 1_000, 1)[2] for a in (19, 29, 30)]


def test_a_policy_without_a_model_ends_with_a_rule_for_everybody():
    text = HEAD.replace('"m"', '""') + RULE + ALWAYS.replace("under_age", "not_now")
    [policy] = parse(text.replace('"未成年"', '"否"'))

    assert ("decline", 0, "under_age") == judged(policy, 19, 1_000, NO_SCORE)
    assert ("decline", 0, "not_now") == judged(policy, "?", 1_000, NO_SCORE)


@pytest.mark.parametrize("score_ppm", [NO_SCORE, 1_000_000])
def test_a_score_outside_of_the_bands_is_the_callers_mistake(score_ppm):
    [policy] = parse(TINY)

    with pytest.raises(UsageError, match=f"bands for scores 0 .. 999999 ppm; got {score_ppm}"):
        judged(policy, 20, 1_000, score_ppm)
    assert "decline" == judged(policy, 19, 1_000, score_ppm)[0]  # never came to a band


def banded(cuts: list[int]) -> str:
    """Write a policy with a band between each two cuts."""
    ends = [0, *sorted(cuts), 1_000_000]
    bands = [
        f'[[policy.band]]\nfrom_ppm = {a}\nbelow_ppm = {b}\noutcome = "refer"\n'
        f'reason = "band_{a}"\nzh = "段"\nen = "band"\n'
        for a, b in itertools.pairwise(ends)
    ]
    return HEAD + "\n".join(bands)


@given(st.sets(st.integers(1, 999_999), max_size=12), st.integers(0, 999_999))
def test_bands_between_any_cuts_hold_every_score_once(cuts, score_ppm):
    [policy] = parse(banded(list(cuts)))
    holding = [b.reason for b in policy.bands if b.from_ppm <= score_ppm < b.below_ppm]

    assert holding == [judged(policy, 20, 1_000, score_ppm)[2]]


@given(st.sets(st.integers(1, 999_999), min_size=1, max_size=12), st.data())
def test_a_band_left_out_is_named_with_its_scores(cuts, data):
    ends = [0, *sorted(cuts), 1_000_000]
    gone = data.draw(st.integers(0, len(cuts)))
    head, *bands = banded(list(cuts)).split("[[policy.band]]")
    del bands[gone]
    message = f"tiny: no band holds the scores {ends[gone]} .. {ends[gone + 1] - 1} ppm"

    with pytest.raises(UsageError, match=message):
        parse("[[policy.band]]".join([head, *bands]))


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda policy: policy.name)
@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_a_worse_score_is_never_treated_better(policy, one, other):
    """Of shipped policies; 30 is an age to the one, 0 a bucket to the other."""
    fits = {"application": 30, "limit-review": 0}[policy.name]
    better, worse = sorted([one, other])
    before, after = (judged(policy, fits, 50_000_000, ppm) for ppm in (better, worse))

    assert Verdict[before[0].upper()] <= Verdict[after[0].upper()]
    assert before[1] >= after[1]


@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(UNKNOWN), st.integers(0, 90)),
            st.one_of(st.just(UNKNOWN), st.integers(-5, PRINCIPAL_MINOR_MAX)),
            st.integers(0, 999_999),
        ),
        max_size=30,
    )
)
def test_batch_is_one_by_one_and_limits_keep_their_bounds(rows):
    raw = {
        "age_years": np.array([age for age, _, _ in rows], np.int64),
        "limit_asked_minor": np.array([asked for _, asked, _ in rows], np.int64),
    }
    score_ppm = np.array([ppm for _, _, ppm in rows], np.int64)
    made = judge(APPLICATION, raw, score_ppm)
    for at in range(len(rows)):
        alone = judge(APPLICATION, {k: column[[at]] for k, column in raw.items()}, score_ppm[[at]])

        assert (made.outcome[at], made.limit_minor[at], made.answer[at]) == (
            alone.outcome[0],
            alone.limit_minor[0],
            alone.answer[0],
        )
    approved = made.outcome == Verdict.APPROVE
    assert np.all(made.limit_minor % APPLICATION.limit_step_minor == 0)
    assert np.all(made.limit_minor <= APPLICATION.limit_minor_max)
    assert np.all(made.limit_minor[approved] >= APPLICATION.limit_minor_min)
    assert np.all(made.limit_minor <= np.maximum(raw["limit_asked_minor"], 0))


@pytest.mark.parametrize("text", [TINY, *(one.text for one in SHIPPED), banded([5, 700_000])])
def test_a_text_gives_back_its_policy(text):
    [policy] = parse(text)
    [again] = parse(policy.text)

    assert policy == again
    assert policy.sha256 == again.sha256


def test_comments_and_spaces_are_no_change():
    [policy] = parse(TINY)
    [spaced] = parse(TINY.replace("\nmodel =", "\n# whose?\nmodel   ="))

    assert policy.sha256 == spaced.sha256


def test_every_value_that_counts_changes_the_hash():
    [policy] = parse(TINY)
    for old, new in [
        ("version = 1", "version = 2"),
        ("2005-04-01", "2005-04-02"),
        ("limit_step_minor = 100", "limit_step_minor = 10"),
        ("below = 20", "below = 21"),
        ("below = 20", "at_most = 20"),
        ("500_000", "500_001"),
        ("200_000", "200_001"),
        ("under age", "too young"),
        ('"refer"', '"decline"'),
    ]:
        [other] = parse(TINY.replace(old, new))

        assert policy.sha256 != other.sha256, (old, new)


REFUSED = [
    ("below = 20", "below = ", "the policies are not TOML"),
    ("[[policy]]", "[policy]", "are a list of \\[\\[policy\\]\\] tables"),
    ("[[policy]]", "x = 1\n[[policy]]", "and nothing else"),
    ('name = "tiny"', 'name = "Tiny!"', "name = 'Tiny!': give a text of the form"),
    ("version = 1", "version = 0", "tiny: version = 0: give an integer, 1 .. 2147483647"),
    ("version = 1", "version = true", "tiny: version = True: give an integer"),
    ("version = 1", "", "tiny: version = None: give an integer"),
    ("version = 1", "ver = 1", "tiny: 'ver' is no field; "),
    ("2005-04-01", '"2005-04-01"', "from = '2005-04-01': give a day, such as 2005-04-01"),
    ("2005-04-01", "2005-04-01T00:00:00", "give a day, such as"),
    ("limit_asked_minor", "limit_minro", "limit_of = 'limit_minro' .*; did you mean 'limit_minor'"),
    ("step_minor = 100", "step_minor = 0", "limit_step_minor = 0: give an integer, 1 .."),
    ("min = 500", "min = 90_001", "limit_minor_min = 90001 is above limit_minor_max = 90000"),
    ('model = "m"', "", "has bands, but names no model"),
    ("age =", "aeg =", "rule 1: feature 'aeg' is not known; did you mean 'age'"),
    ("age =", "sex =", "rule 1: feature 'sex' is not known"),
    ("below = 20", "under = 20", "rule 1: age: under = 20 is no test"),
    ("below = 20", "is = true", "rule 1: age: is = True: give a number"),
    ("below = 20", 'below = "20"', "rule 1: age: below = '20': give a number"),
    ("below = 20", "below = nan", "rule 1: age: below = nan: give a number"),
    ("below = 20", "below = 121", "rule 1: age: below = 121: the feature is 0 .. 120"),
    ("{ below = 20 }", "20", "rule 1: age = 20: give tests, such as"),
    ("{ below = 20 }", "{}", "rule 1: age = {}: give tests"),
    ("when = { age = { below = 20 } }", "", "rule 1: when = None: give a table of conditions"),
    ("{ age = { below = 20 } }", "{}", "rule 1 has no conditions, so nothing after it"),
    ('"decline"', '"deny"', "rule 1: outcome = 'deny' is not known"),
    ('"under_age"', '"age"', "reason 'age' is the name of a feature"),
    ('"under_age"', '"limit_too_small"', "reason 'limit_too_small' has words already"),
    ('"under_age"', '"good"', "reason 'good' has words already, and others"),
    ('"under_age"', '"Under age"', "rule 1: reason = 'Under age': give a text of the form"),
    ('zh = "未成年"', "", "rule 1: zh = None"),
    ('zh = "未成年"', 'zh = "未\\n成年"', "rule 1: zh = "),
    ("limit_ppm = 500_000", "limit_ppm = 10_000_001", "band 2: limit_ppm = 10000001"),
    ("from_ppm = 0", "from_ppm = 1", "no band holds the scores 0 .. 0 ppm"),
    ("from_ppm = 200_000", "from_ppm = 250_000", "no band holds the scores 200000 .. 249999 ppm"),
    (
        "from_ppm = 200_000",
        "from_ppm = 180_000",
        "band 2 and one before it both hold the scores 180000 .. 199999 ppm",
    ),
    ("1_000_000", "999_999", "no band holds the scores 999999 .. 999999 ppm"),
    ("below_ppm = 200_000", "below_ppm = 0", "band 1: below_ppm = 0: give an integer, 1 .."),
    (BANDS, "", "has no bands, so its last rule must be `when = {}`"),
    (BANDS, "band = 5", "rule 1: 'band' is no field"),
    (RULE + BANDS, "rule = 5", "rule must be a list of"),
    (RULE + BANDS, "band = [5]", "band 1: must be a table, got 5"),
    ("[[policy]]", "policy = [5]", "the policies are not TOML"),
    (TINY, "policy = [5]", "policy 1: must be a table, got 5"),
    (TINY, TINY + TINY, "tiny: version 1 is there twice"),
    (TINY, "", "policies are a list of"),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_wrong_is_said(old, new, message):
    assert old in TINY
    with pytest.raises(UsageError, match=message):
        parse(TINY.replace(old, new, 1))


def test_all_that_is_wrong_is_said_at_once():
    wrong = TINY.replace("version = 1", "version = 0").replace("age =", "aeg =")
    gaps = TINY.replace("tiny", "other").replace("from_ppm = 200_000", "from_ppm = 250_000")
    with pytest.raises(UsageError) as caught:
        parse(wrong + gaps)

    assert [
        "tiny: rule 1: feature 'aeg' is not known; did you mean 'age'?",
        "tiny: version = 0: give an integer, 1 .. 2147483647",
        "other: no band holds the scores 200000 .. 249999 ppm",
    ] == str(caught.value).splitlines()


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(UsageError, match="are not TOML"):
        parse(b"\xff\xfe")


def test_the_last_version_that_has_begun_is_in_force():
    later = TINY.replace("version = 1", "version = 2").replace("2005-04-01", "2005-09-01")
    both = parse(later + TINY)
    day = dt.date(2005, 9, 1).toordinal()

    assert 2 == in_force(both, "tiny", day).version
    assert 1 == in_force(both, "tiny", day - 1).version
    with pytest.raises(UsageError, match="no version of policy 'tiny' is in force"):
        in_force(both, "tiny", dt.date(2005, 3, 31).toordinal())
    with pytest.raises(UsageError, match="no version of policy 'other'"):
        in_force(both, "other", day)


def test_every_reason_has_words_in_both_languages():
    for policy in SHIPPED:
        for code in [*(answer.reason for answer in policy.answers), *FEATURES]:
            zh, en = words(policy, code)

            assert zh
            assert en
            assert any(ord(character) > 0x2E7F for character in zh)
            assert en.isascii()
    with pytest.raises(UsageError, match="gives no reason 'mood'"):
        words(APPLICATION, "mood")


def test_shipped_policies_are_for_the_scorecards_that_train_makes():
    assert ["application", "limit-review"] == [policy.name for policy in SHIPPED]
    assert ["application", "behaviour"] == [policy.model for policy in SHIPPED]
    assert not FORBIDDEN & {name for policy in SHIPPED for name in policy.features}


def test_shipped_hard_rules():
    for case in table("""
        policy        age_or_bucket  asked        outcome  reason
        application   19             10_000_000   decline  under_age
        application   20             10_000_000   approve  score_good
        application   ?              10_000_000   refer    age_unknown
        application   30             75_000_001   refer    limit_asked_high
        limit-review  0              10_000_000   approve  limit_raised
        limit-review  1              10_000_000   refer    past_due
        limit-review  3              10_000_000   decline  seriously_past_due
    """):
        [policy] = [one for one in SHIPPED if one.name == case.policy]
        outcome, _, reason = judged(policy, case.age_or_bucket, case.asked, 50_000)

        assert (case.outcome, case.reason) == (outcome, reason), case


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("A policy", POLICY_FIELDS),
        ("A rule and a band", {*RULE_FIELDS, *BAND_FIELDS}),
        ("A condition", {*TESTS, "unknown"}),
    ],
    ids=["policy", "answer", "condition"],
)
def test_every_field_is_documented_and_nothing_else(heading, names):
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]

    assert sorted(names) == sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
