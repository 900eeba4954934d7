"""Verdicts on one value, worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.errors import EstimationError
from evalkit.estimate import About, Estimate
from evalkit.text import Text
from evalkit.verdicts import LARGEST_GROWTH, verdict


def share(
    value: float, se: float, n: float, rule: str = "kg", deff: float = 1.0, df: float = math.inf
) -> Estimate:
    about = About("wrong_exit", unit="share", interval=rule, prior_deff=deff)
    return Estimate(
        pd.DataFrame({"county": ["990101"]}), np.array([value]), np.array([[se**2]]), np.array([df]), np.array([n]), about
    )  # fmt: skip


def normal(value: float, se: float, n: float = 100.0) -> Estimate:
    return Estimate(
        pd.DataFrame(index=range(1)), np.array([value]), np.array([[se**2]]), np.array([np.inf]), np.array([n]), About("growth")
    )  # fmt: skip


def test_zero_of_149_is_the_first_sample_that_shows_less_than_two_percent() -> None:
    # 0.98**149 = 0.0493 < 0.05 <= 0.98**148 = 0.0503
    enough, short = (
        verdict(share(0, math.nan, 149), threshold=0.02),
        verdict(share(0, math.nan, 148), threshold=0.02),
    )
    assert (enough.conclusion, short.conclusion) == ("meets", "not_shown")
    assert enough.prob_above == pytest.approx(0.98**149, rel=1e-12)
    assert enough.upper == pytest.approx(1 - 0.05 ** (1 / 149), rel=1e-12)
    assert enough.needed == short.needed == 149


def test_zero_count_rests_on_households_over_the_prior_design_effect() -> None:
    # log(0.05) / log(0.98) = 148.28; twice that is 296.6
    assert verdict(share(0, math.nan, 296, deff=2.0), threshold=0.02).conclusion == "not_shown"
    assert verdict(share(0, math.nan, 297, deff=2.0), threshold=0.02).conclusion == "meets"
    assert verdict(share(0, math.nan, 296, deff=2.0), threshold=0.02).needed == 297


def test_effective_sample_size_is_capped_at_households() -> None:
    # a standard error of 0.001 at 1 % would be 9 900 persons; 500 households carry 5 events in 500
    v = verdict(share(0.01, 0.001, 500), threshold=0.02)
    assert v.upper == pytest.approx(stats.beta.ppf(0.95, 6, 495), rel=1e-9)
    assert v.conclusion == "not_shown"


def test_a_share_without_a_standard_error_has_no_interval() -> None:
    v = verdict(share(0.01, math.nan, 500), threshold=0.02)
    assert v.conclusion == "not_shown"
    assert math.isnan(v.upper)
    assert v.point_rule is True
    assert "without an interval" in v.explain("en")


@pytest.mark.parametrize(
    ("value", "direction", "conclusion"),
    [(1.0, "below", "meets"), (1.9, "below", "not_shown"), (2.1, "below", "not_shown"), (3.0, "below", "fails"),
     (1.0, "above", "fails"), (1.9, "above", "not_shown"), (2.1, "above", "not_shown"), (3.0, "above", "meets")],
)  # fmt: skip
def test_normal_limits_decide(value: float, direction: str, conclusion: str) -> None:
    # se 0.2: one-sided limits are value ± 0.329
    v = verdict(normal(value, 0.2), threshold=2.0, direction=direction)
    assert v.conclusion == conclusion
    assert (v.lower, v.upper) == pytest.approx((value - 0.328971, value + 0.328971), abs=1e-6)
    assert v.prob_above == pytest.approx(stats.norm.sf((2.0 - value) / 0.2), rel=1e-12)
    assert v.point_rule is ((value < 2) == (direction == "below"))


@pytest.mark.parametrize(("rule", "value"), [("t", 1.9), ("t", 2.05)])
def test_needed_settles_on_the_side_of_the_point_value(rule: str, value: float) -> None:
    # 1.6449 * 0.2 * sqrt(100 / N) < gap  →  N > 100 * (0.32897 / gap)^2
    v = verdict(normal(value, 0.2), threshold=2.0)
    assert v.needed == math.ceil(100 * (0.3289707 / abs(2 - value)) ** 2)


@pytest.mark.parametrize(
    ("value", "inclusive", "passes"), [(28 / 1400, True, True), (28 / 1400, False, False)]
)
def test_equality_follows_the_reading_of_the_threshold(value: float, inclusive: bool, passes: bool) -> None:
    v = verdict(share(value, 0.004, 1400), threshold=0.02, inclusive=inclusive)
    assert v.point_rule is passes
    assert v.needed is None


def test_rounding_noise_does_not_fail_a_rate_at_the_threshold() -> None:
    assert verdict(share(0.02 + 1e-17 * 3, 0.004, 1400), threshold=0.02, inclusive=True).point_rule is True


def test_a_census_is_known() -> None:
    met = verdict(share(0.019, 0.0, 5000, rule="none"), threshold=0.02)
    at = verdict(share(0.02, 0.0, 5000, rule="none"), threshold=0.02)
    assert (met.conclusion, at.conclusion) == ("meets", "fails")
    assert (met.lower, met.upper, met.prob_above) == (0.019, 0.019, 0.0)
    assert "counted in full" in met.explain("en")


@pytest.mark.parametrize("rule", ["kg", "beta", "wilson", "logit", "t"])
@pytest.mark.parametrize("threshold", [0.015, 0.02, 0.025, 0.03, 0.035])
def test_probability_agrees_with_the_conclusion(rule: str, threshold: float) -> None:
    v = verdict(share(0.02, 0.005, 2000, rule=rule, df=28), threshold=threshold)
    assert (v.conclusion == "meets") == (v.prob_above < 0.05)
    w = verdict(share(0.02, 0.005, 2000, rule=rule, df=28), threshold=threshold, direction="above")
    assert (w.conclusion == "meets") == (w.prob_above > 0.95)


def test_probability_inverts_the_limit() -> None:
    e = share(0.0123, 0.004, 700, df=27)
    v = verdict(e, threshold=0.02)
    assert verdict(e, threshold=v.upper).prob_above == pytest.approx(0.05, abs=1e-9)


def test_no_value_gives_no_verdict() -> None:
    v = verdict(share(math.nan, math.nan, 0), threshold=0.02)
    assert (v.conclusion, v.point_rule, v.needed) == ("not_shown", None, None)
    assert "no value" in v.explain("en")


def test_sentences_say_no_more_than_the_interval() -> None:
    meets = verdict(
        share(0, math.nan, 149), threshold=0.02, criterion=Text(en="Wrong-exit rate", zh="错退率")
    )
    assert meets.explain("en") == (
        "Wrong-exit rate: 0.00 %; with 95 % confidence at most 1.99 %, against a threshold of 2 %: the criterion is met."
    )
    assert meets.explain("zh") == "错退率为0.00%；以95%的置信度不高于1.99%，标准为2%：达标。"
    open_ = verdict(share(0, math.nan, 148), threshold=0.02, criterion="rate")
    assert "at most" not in open_.explain("en")
    assert "149 households" in open_.explain("en")
    assert "不能判定" in open_.explain("zh")
    fails = verdict(share(0.05, 0.005, 5000), threshold=0.02)
    assert "at least" in fails.explain("en")
    assert "不达标" in fails.explain("zh")


def test_a_sample_that_nobody_could_take_is_not_recommended() -> None:
    near = verdict(share(0.0205, 0.008, 616), threshold=0.02)
    assert near.needed is not None
    assert near.needed > 20_000
    assert not near.attainable
    assert "no sample of a practical size would settle it" in near.explain("en")
    assert "任何切实可行的样本量都不足以判定" in near.explain("zh")
    assert f"{near.needed:,}" not in near.explain("en")


def test_twenty_times_the_sample_is_as_much_as_is_recommended() -> None:
    v = verdict(share(0.0, math.nan, 148), threshold=0.02)
    assert v.needed == 149
    few = replace(v, needed=148 * LARGEST_GROWTH)
    assert few.attainable
    assert not replace(v, needed=148 * LARGEST_GROWTH + 1).attainable
    assert not replace(v, needed=None).attainable


def test_a_limit_is_never_printed_as_the_threshold() -> None:
    v = verdict(normal(1.6709, 0.2), threshold=2.0)  # upper limit 1.99987
    assert v.conclusion == "meets"
    assert "1.9999" in v.explain("en")


def test_several_values_are_refused() -> None:
    both = Estimate(
        pd.DataFrame({"county": ["1", "2"]}),
        np.zeros(2),
        np.eye(2),
        np.ones(2),
        np.ones(2),
        About("headcount"),
    )
    with pytest.raises(EstimationError, match=r"holds 2; pick one with \.where\(county=…\)"):
        verdict(both, threshold=0.03)


@pytest.mark.parametrize(
    "bad", [{"direction": "under"}, {"confidence": 0.4}, {"confidence": 1.0}, {"threshold": math.nan}]
)
def test_bad_arguments_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(EstimationError):
        verdict(normal(1, 1), **{"threshold": 2.0, **bad})


def test_stored_limits_serve_only_their_own_level() -> None:
    stored = Estimate(
        pd.DataFrame(index=range(1)), np.array([0.01]), np.array([[np.nan]]), np.array([np.inf]), np.array([100.0]),
        About("gini", unit="share", interval="fixed"), bounds=np.array([[0.005, 0.015]]), level=0.90,
    )  # fmt: skip
    assert verdict(stored, threshold=0.02).conclusion == "meets"
    with pytest.raises(EstimationError, match="90% two-sided only"):
        verdict(stored, threshold=0.02, confidence=0.99)


def test_dict_is_json_ready() -> None:
    import json

    out = json.loads(
        json.dumps(verdict(share(math.nan, math.nan, 0), threshold=0.02).to_dict(), allow_nan=False)
    )
    assert out["conclusion"] == "not_shown"
    assert out["upper"] is None


def test_prior_design_effect_survives_a_round_trip() -> None:
    e = share(0, math.nan, 298, deff=2.0)
    back = Estimate.from_dict(e.to_dict())
    assert back.confint(0.95, "upper").high == pytest.approx(e.confint(0.95, "upper").high)
    assert back.about.prior_deff == 2.0
