"""A county's report says what the library says of the county in the whole sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.pipeline.domains import Sampled, as_domain, crosses


def frame() -> pd.DataFrame:
    """Three counties, two strata that cross them, twelve villages, two waves."""
    rng = np.random.default_rng(4)
    rows = []
    for village in range(12):
        for household in range(6):
            base = rng.lognormal(8, 0.4)
            rows.extend(
                {
                    "household": f"{village}-{household}",
                    "wave": wave,
                    "county": f"c{village // 4}",
                    "village": f"v{village}",
                    "zone": "urban" if village % 2 else "rural",
                    "weight": 1.0 + village % 3,
                    "size": 1 + household % 4,
                    "income_pc": base * (1.2 if wave == 2013 else 1.0) * rng.lognormal(0, 0.2),
                }
                for wave in (2010, 2013)
            )
    return pd.DataFrame(rows)


def panel(strata: str | None = "zone", **design: object) -> ek.Panel:
    return ek.Panel(
        frame(),
        size="size",
        village="village",
        lines={2010: 2500, 2013: 2700},
        design=ek.SurveyDesign(weight="weight", strata=strata, psu="village", **design),
    )


@pytest.mark.parametrize("strata", ["zone", None])
def test_a_county_as_domain_equals_the_county_in_the_whole_sample(strata: str | None) -> None:
    whole = panel(strata)
    assert crosses(whole)
    for code in whole.counties:
        part = as_domain(Sampled.of(whole), code)
        assert len(part) == 48
        for measure in (ek.mean, ek.headcount, ek.gap, ek.quantile, ek.entry_rate, ek.exit_rate):
            expected = measure(whole, by=["county", "wave"]).where(county=code)
            got = measure(part, by="wave")
            np.testing.assert_allclose(got.values, expected.values, rtol=1e-12)
            np.testing.assert_allclose(got.cov, expected.cov, rtol=1e-9, atol=1e-18)
            np.testing.assert_array_equal(got.df, expected.df)
        growth = ek.growth(part, frm=2010, to=2013, real=False)
        expected = ek.growth(whole, frm=2010, to=2013, real=False, by="county").where(county=code)
        assert growth.std_error[0] == pytest.approx(expected.std_error[0], rel=1e-9)


def test_cutting_the_county_out_would_give_another_error() -> None:
    whole = panel()
    cut = ek.mean(whole.in_county("c0"), by="wave").std_error
    assert not np.allclose(cut, ek.mean(as_domain(Sampled.of(whole), "c0"), by="wave").std_error, rtol=0.01)


def test_strata_within_counties_do_not_cross() -> None:
    nested = frame().assign(zone=lambda d: d["county"] + d["zone"])
    assert not crosses(replace(panel(), frame=nested))
    assert not crosses(panel("county"))


def test_a_sample_of_everything_has_no_sampling_error() -> None:
    everything = frame().assign(villages=6.0)
    whole = replace(
        panel(),
        frame=everything,
        design=ek.SurveyDesign(weight="weight", strata="zone", psu="village", fpc="villages"),
    )
    found = ek.headcount(whole, by="wave")
    assert found.about.interval == "none"
    assert found.tidy()["conf_low"].isna().all()
    value = float(found.values[0])
    assert ek.verdict(found.take([0]), threshold=value + 0.01).conclusion == "meets"
    some = everything.assign(villages=lambda d: np.where(d["zone"] == "urban", 6.0, 7.0))
    assert ek.headcount(replace(whole, frame=some), by="wave").about.interval == "kg"


def test_rows_of_weight_zero_do_not_count_as_observations() -> None:
    half = frame().assign(weight=lambda d: np.where(d["zone"] == "urban", 0.0, 1.0))
    found = ek.mean(replace(panel(), frame=half), by="wave")
    assert found.n.tolist() == [36.0, 36.0]
    assert (found.df <= 5).all()
    assert ek.headcount(replace(panel(), frame=half), by="wave").df.tolist() == [5.0, 5.0]
