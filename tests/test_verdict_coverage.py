"""Limits behind verdicts: surveys drawn from known rates, and a real survey of 18 groups against R."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import verdict_coverage
from evalkit.design import SurveyDesign
from evalkit.estimate import Estimate
from evalkit.exits.rates import rate_about, to_estimate, weighted_rate
from evalkit.intervals import interval
from evalkit.verdicts import verdict

SAMPLES = 300
REFERENCE = Path(__file__).parent / "reference"
THRESHOLD = 0.03


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "icc", "composite"), [(0.005, 0.02, False), (0.02, 0.05, False), (0.02, 0.02, True)]
)
def test_limits_cover_and_few_verdicts_meet_wrongly(rate: float, icc: float, composite: bool) -> None:
    """Limits that a right rule (coverage 93 %, wrong "meets" 5 %) breaks once in 10,000."""
    found = verdict_coverage.summary(
        verdict_coverage.surveyed(rate, icc, SAMPLES, unequal=False, composite=composite)
    )
    few = stats.binom.ppf(1e-4, SAMPLES, 0.93) / SAMPLES
    assert found["upper_covers"] > few
    assert found["lower_covers"] > few
    assert found["wrong_meets"] <= stats.binom.ppf(1 - 1e-4, SAMPLES, 0.05) / SAMPLES
    assert found["unusable"] == 0


@pytest.mark.parametrize("unequal", [False, True])
def test_what_is_measured_is_what_is_judged(unequal: bool) -> None:
    verdict_coverage.check_against_public(0.02, 0.02, unequal=unequal)


def test_limits_too_narrow_would_be_seen() -> None:
    """Limits without any width cover about half of the time."""
    found = verdict_coverage.surveyed(0.03, 0.02, 200, unequal=False, composite=False)
    points = [verdict_coverage.Limits(f.value, f.value, f.value, f.truth) for f in found]
    assert verdict_coverage.summary(points)["wrong_meets"] > 0.3


def test_draws_have_the_rate_and_clustering_they_are_said_to_have() -> None:
    rng = np.random.default_rng(1)
    hits = [verdict_coverage.draw(rng, 0.02, 0.05, unequal=False).hit for _ in range(400)]
    each = np.array(hits).reshape(400, verdict_coverage.VILLAGES, verdict_coverage.EACH)
    assert each.mean() == pytest.approx(0.02, abs=0.002)
    counts, n = each.sum(axis=2), verdict_coverage.EACH
    inflation = counts.var() / (n * 0.02 * 0.98)
    assert inflation == pytest.approx(1 + (n - 1) * 0.05, rel=0.1)


def test_the_page_shows_every_rate_and_clustering(root: Path) -> None:
    text = (root / "docs" / "verdict-coverage.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([a-z, ]+) \| ([\d.]+)% \| ([\d.]+) \| ([\d.]+)% \| ([\d.]+)% \| ([\d.]+)% \|", text, flags=re.M
    )
    rates = {(float(r) / 100, float(c)) for what, r, c, *_ in rows if what == "rate"}
    assert rates == {(r, c) for r in verdict_coverage.RATES for c in verdict_coverage.CLUSTERING}
    assert any(what == "composite" for what, *_ in rows)
    for what, rate, icc, upper, lower, wrong in rows:
        assert min(float(upper), float(lower)) >= 93.0, (what, rate, icc)
        assert float(wrong) <= 6.0, (what, rate, icc)


@pytest.fixture(scope="module")
def nhanes(tmp_path_factory: pytest.TempPathFactory, run_r: Callable[..., None]) -> pd.DataFrame:
    """Return the persons of a public survey as R's survey package carries them; they are not kept here."""
    folder = tmp_path_factory.mktemp("nhanes")
    run_r(folder, str(REFERENCE / "nhanes_groups.R"), str(folder))
    return pd.read_csv(folder / "nhanes_groups.csv", dtype={"area": str})


def groups_of_a_real_survey(people: pd.DataFrame) -> dict[str, Estimate]:
    """Return the rate of each group, design errors by strata and PSU."""
    people = people.copy()
    people["village"] = people["stratum"].astype(str) + "-" + people["psu"].astype(str)
    sample = SurveyDesign(weight="weight", strata="stratum", psu="village").sample(people)
    out = {}
    for area in sorted(people["area"].unique()):
        rate = weighted_rate(
            people["high"].to_numpy(dtype=float),
            np.ones(len(people)),
            (people["area"] == area).to_numpy(),
            sample.weight,
        )
        keys = pd.DataFrame({"area": [area]})
        out[area] = to_estimate(rate, sample, keys, rate_about("high", "", prior_deff=1.0), 0.95)
    return out


@pytest.mark.r
def test_a_real_survey_of_18_groups_agrees_with_r(nhanes: pd.DataFrame) -> None:
    """R survey's svyciprop(method="beta").

    Rule ``beta`` is the same interval. Rule ``kg``, on which verdicts rest, never takes a sample for larger than the
    people asked: wider in the six groups where R's effective sample exceeds them.
    """
    theirs = pd.read_csv(REFERENCE / "nhanes_groups_R.csv", comment="#", dtype={"area": str}).set_index(
        "area"
    )
    ours = groups_of_a_real_survey(nhanes)
    assert set(ours) == set(theirs.index)
    assert len(ours) == 18
    for area, one in ours.items():
        row = theirs.loc[area]
        assert one.values[0] == pytest.approx(row["estimate"], rel=1e-8)
        assert one.std_error[0] == pytest.approx(row["se"], rel=1e-8)
        assert (one.n[0], one.df[0]) == (row["n"], row["df"])
        two, judged = one.confint(0.95), verdict(one, threshold=THRESHOLD)
        limits = {"low": two.low[0], "high": two.high[0], "lower": judged.lower, "upper": judged.upper}
        plain = interval("beta", one.values, one.std_error, one.df, one.n)
        assert (plain.low[0], plain.high[0]) == pytest.approx((row["low"], row["high"]), rel=1e-6)
        if row["n_eff"] > row["n"]:
            assert limits["low"] < row["low"]
            assert limits["high"] > row["high"]
        else:
            assert limits == pytest.approx({k: row[k] for k in limits}, rel=0.02)
            said = (
                "meets" if row["upper"] < THRESHOLD else "fails" if row["lower"] > THRESHOLD else "not_shown"
            )
            assert judged.conclusion == said, area
    assert (theirs["n_eff"] > theirs["n"]).sum() == 6
    conclusions = {a: verdict(e, threshold=THRESHOLD).conclusion for a, e in ours.items()}
    assert set(conclusions.values()) == {"meets", "fails", "not_shown"}


@pytest.mark.parametrize("design_effect", [1.0, 1.5])
def test_five_of_237_do_not_meet_three_percent(design_effect: float) -> None:
    """An area at 2.1 % passes the point rule of 3 % and shows nothing: Clopper-Pearson upper limit of 5/237 is 4.39 %."""
    hit = np.r_[np.ones(5), np.zeros(232)]
    area = pd.DataFrame({"household": np.arange(237)})
    sample = SurveyDesign(psu="household").sample(area)
    rate = weighted_rate(hit, np.ones(237), np.ones(237, dtype=bool), sample.weight)
    one = to_estimate(rate, sample, pd.DataFrame(index=range(1)), rate_about("x", "", design_effect), 0.95)
    judged = verdict(one, threshold=THRESHOLD)
    assert judged.value == pytest.approx(0.0211, abs=1e-4)
    assert judged.point_rule is True
    assert judged.conclusion == "not_shown"
    exact = stats.beta.ppf(0.95, 6, 232)
    assert exact == pytest.approx(0.0439, abs=1e-4)
    assert judged.upper >= exact - 1e-4
    assert math.isfinite(judged.lower)
