"""Degrees of freedom of estimated variances: by hand, against simulation, and where they are used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evalkit as ek
from coverage_truth import draw, last_wave
from evalkit.design import SurveyDesign
from evalkit.freedom import LEAST, effective
from evalkit.intervals import quantile_t
from evalkit.plandesign import DesignSection


def by_hand(parts: list[np.ndarray], fractions: list[float]) -> float:
    """The formula, stratum by stratum, with scipy's moments."""
    whole = error = 0.0
    weighed = known = spread = 0.0
    most = 0
    for part, fraction in zip(parts, fractions, strict=True):
        n, variance = len(part), part.var(ddof=1)
        own = n * (1 - fraction) * variance
        whole += own
        error += 2 * own**2 / (n + 1)
        spread += own**2 / n
        most += n - 1 if own > 0 else 0
        if n >= LEAST and own > 0:
            weighed += own**2 / n * stats.kurtosis(part, bias=False)
            known += own**2 / n
    excess = max(weighed / known, 0.0) if known else 0.0
    return min(2 * whole**2 / (error + excess * spread), most)


@pytest.mark.parametrize("seed", range(4))
def test_unequal_strata_fractions_and_small_strata_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [s * rng.exponential(size=n) for n, s in ((7, 1.0), (2, 3.0), (5, 0.2), (3, 1.0), (12, 2.0))]
    parts.append(np.full(4, 2.5))  # no variance: no degrees of freedom either
    fractions = [0.1, 0.0, 0.5, 0.0, 0.3, 0.0]
    totals = np.concatenate(parts)
    strata = np.repeat(np.arange(6), [len(p) for p in parts])
    expected = by_hand(parts, fractions)
    shuffled = rng.permutation(len(totals))
    got = effective(totals[shuffled, None], strata[shuffled], np.array(fractions))
    assert got == pytest.approx([expected], rel=1e-9)
    assert effective(-1e6 * totals[:, None], strata, np.array(fractions)) == pytest.approx([expected])
    assert expected < 6 + 1 + 4 + 2 + 11


def test_no_variance_and_no_units() -> None:
    strata, none = np.zeros(5, dtype=np.intp), np.zeros(1)
    assert effective(np.ones((5, 2)), strata, none).tolist() == [np.inf, np.inf]
    assert effective(np.empty((5, 0)), strata, none).tolist() == []
    assert effective(np.arange(5.0)[:, None], strata, np.ones(1)).tolist() == [np.inf]  # all taken


def test_many_columns_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = np.random.default_rng(0).lognormal(size=(30, 7))
    strata = np.repeat([0, 1, 2], 10)
    whole = effective(totals, strata, np.zeros(3))
    monkeypatch.setattr("evalkit.freedom.CELLS", 60)
    np.testing.assert_array_equal(effective(totals, strata, np.zeros(3)), whole)


@pytest.mark.parametrize(("shape", "better"), [("normal", 0.0), ("exponential", 0.4), ("lognormal", 1.0)])
def test_limits_hold_more_often_where_tails_are_heavy_and_no_more_where_not(
    shape: str, better: float
) -> None:
    """4,000 samples of six strata of ten: the share that holds the truth, in per cent, known to about .35."""
    rng = np.random.default_rng(1)
    draws = {
        "normal": rng.normal(size=(60, 4000)),
        "exponential": rng.exponential(size=(60, 4000)) - 1,
        "lognormal": rng.lognormal(size=(60, 4000)) - np.exp(0.5),
    }[shape]
    variance = (10 * draws.reshape(6, 10, -1).var(axis=1, ddof=1)).sum(axis=0)
    own = effective(draws, np.repeat(np.arange(6), 10), np.zeros(6))
    error = np.abs(draws.sum(axis=0)) / np.sqrt(variance)
    plain, found = (100 * (error <= quantile_t(0.975, df)).mean() for df in (np.full(4000, 54.0), own))
    assert found - plain >= better
    assert found < 96.5


def test_amounts_take_them_shares_and_quantiles_do_not() -> None:
    panel = last_wave(draw(1))
    assert panel.design.degrees_of_freedom == "effective"
    plain = replace(panel, design=replace(panel.design, degrees_of_freedom="design"))
    line = 4000.0
    for measure in (ek.mean, ek.gini, lambda p: ek.gap(p, line), lambda p: ek.lorenz(p, points=(0.5, 0.9))):
        mine, survey = measure(panel), measure(plain)
        assert (mine.df < 54).all()
        assert (survey.df == 54).all()
        np.testing.assert_array_equal(mine.cov, survey.cov)
        assert (mine.confint().high > survey.confint().high).all()
    for measure in (lambda p: ek.headcount(p, line), ek.quantile):
        pd.testing.assert_frame_equal(measure(panel).tidy(), measure(plain).tidy())
        assert measure(panel).df.tolist() == [54.0]


def test_parts_of_a_breakdown_have_their_own() -> None:
    panel = last_wave(draw(2))
    found = ek.decompose_groups(panel, "county", 4000.0, 1)
    by_county = found.where(statistic="poverty")
    alone = ek.gap(panel, 4000.0, by="county")
    np.testing.assert_allclose(by_county.df, alone.df, rtol=1e-9)
    plain = replace(panel, design=replace(panel.design, degrees_of_freedom="design"))
    survey = ek.decompose_groups(plain, "county", 4000.0, 1)
    np.testing.assert_allclose(found.cov, survey.cov, rtol=1e-9, atol=1e-18)
    assert survey.df.tolist() == [27.0] * 8
    assert (by_county.df < 27).all()


def test_one_village_that_decides_leaves_few() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"household": range(300), "wave": 2018, "village": np.repeat(np.arange(30), 10)})
    frame["income_pc"] = rng.normal(8000, 500, 300)
    even = ek.mean(ek.Panel(frame, county=None, design=SurveyDesign(psu="village")))
    rich = frame.assign(income_pc=frame["income_pc"].where(frame["village"] != 3, 90_000.0))
    odd = ek.mean(ek.Panel(rich, county=None, design=SurveyDesign(psu="village")))
    assert even.df[0] > 20
    assert odd.df[0] < 3


def test_the_plan_chooses() -> None:
    assert DesignSection().survey_design().degrees_of_freedom == "effective"
    plain = DesignSection.model_validate({"degrees_of_freedom": "design"})
    assert plain.survey_design().degrees_of_freedom == "design"
