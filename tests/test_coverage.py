"""Intervals of several measures on samples of a known population; docs/coverage.md has all of them with 1,000 samples."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coverage_truth
from coverage_reasons import REASONS

SAMPLES = 100
TRIED = (
    "headcount", "gap", "watts", "sen", "arpr", "mean", "median", "gini", "atkinson 1", "theil", "quintile_share_ratio",
    "multidimensional_poverty, frequent", "growth of the mean", "datt_ravallion, gap", "exit_rate", "transitions",
)  # fmt: skip


@pytest.mark.slow
def test_intervals_hold_what_they_say() -> None:
    """Limits that a right interval breaks once in 10,000: counts are binomial, standard deviations nearly chi."""
    cases = [c for c in coverage_truth.CASES if c.name in TRIED]
    assert len(cases) == len(TRIED)
    samples = pd.concat([coverage_truth.try_sample(i, cases) for i in range(SAMPLES)], ignore_index=True)
    found = coverage_truth.summarise(samples, coverage_truth.truths(cases))
    assert len(found) > len(TRIED)
    few = stats.binom.ppf(1e-4, SAMPLES, 0.93) / SAMPLES
    short = found[found["coverage"] < few]
    assert short.empty, short.to_string()
    # a standard deviation of 100 samples is known to 7 %; kurtosis makes it less
    ratio = found["mean_se"] / found["sd"]
    assert ratio.between(0.7, 1.4).all(), found[~ratio.between(0.7, 1.4)].to_string()
    assert 0.93 < ratio.median() < 1.08
    bias = (found["mean"] - found["true"]).abs() / found["sd"]
    assert bias.max() < 0.5


def test_the_sampling_is_what_the_page_says() -> None:
    panel = coverage_truth.draw(3)
    frame, whole = panel.frame, coverage_truth.population()
    villages = frame.groupby("stratum")["village"].nunique()
    assert villages.tolist() == [coverage_truth.VILLAGES] * 6
    for village, part in frame.groupby("village"):
        assert len(part) == (whole["village"] == village).sum()
    assert panel.sample.df(np.zeros(len(frame), dtype=np.intp), 1).tolist() == [54]
    again = coverage_truth.draw(3).frame
    pd.testing.assert_frame_equal(frame, again)
    assert not frame["village"].isin(coverage_truth.draw(4).frame["village"]).all()
    at_line = (whole["income_pc"] == coverage_truth.LINE).mean()
    assert 0.005 < at_line < 0.1


def test_a_wrong_standard_error_would_be_seen() -> None:
    """The summary of limits that are half as wide as they should be."""
    rng = np.random.default_rng(0)
    estimate = rng.normal(0, 1, 2000)
    limits = {"low": estimate - 0.98, "high": estimate + 0.98}
    table = pd.DataFrame({"measure": "m", "at": 0, "estimate": estimate, "std_error": 0.5, **limits})
    truth = coverage_truth.truths([c for c in coverage_truth.CASES if c.name == "mean"])["mean"]
    zero = {"m": truth.contrast([0.0])}
    found = coverage_truth.summarise(table, zero).iloc[0]
    assert found["coverage"] == pytest.approx(2 * stats.norm.cdf(0.98) - 1, abs=0.03)
    assert found["mean_se"] / found["sd"] == pytest.approx(0.5, rel=0.05)
    blank = table.assign(std_error=np.nan)
    assert coverage_truth.summarise(blank, zero).iloc[0]["coverage"] == 0


def test_the_page_has_every_measure_and_a_reason_for_every_miss(root: Path) -> None:
    page = (root / "docs" / "coverage.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]*\|.*?\| ([\d.]+)%( ◂)? \|", page, flags=re.M)
    assert {name for name, _, _ in rows} == {c.name for c in coverage_truth.CASES}
    for name, share, mark in rows:
        assert bool(mark) == (not 93 <= float(share) <= 97), f"{name}: {share} %"
        assert not mark or name in REASONS, f"{name}: {share} % has no reason"
    assert set(REASONS) == {name for name, _, mark in rows if mark}
    assert "No reason is known" not in page
