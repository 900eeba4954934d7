"""Sums by village and wave, added over counties, give what all rows together give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cli_case
import evalkit as ek
from evalkit.cleaning import panel_from
from evalkit.errors import DataError
from evalkit.estimate import Estimate
from evalkit.measures.unit_sums import additive_measures, unit_sums
from evalkit.pipeline import PooledResult, build, nation
from evalkit.pipeline.adding import national_measures
from evalkit.plan import Plan
from evalkit.store import Store

RATES = {"exit_rate": ek.exit_rate, "entry_rate": ek.entry_rate, "return_rate": ek.return_rate}
LEVELS = {"headcount": ek.headcount, "gap": ek.gap, "severity": ek.severity}


def frame(seed: int = 7) -> pd.DataFrame:
    """Three counties of four villages in strata that cross them, four waves, with gaps, zeros and negatives."""
    rng = np.random.default_rng(seed)
    rows = []
    for village in range(12):
        for household in range(int(rng.integers(3, 8))):
            base = rng.lognormal(7.9, 0.5)
            rows.extend(
                {
                    "household": f"{village}-{household}",
                    "wave": wave,
                    "county": f"c{village // 4}",
                    "village": f"v{village}",
                    "zone": "urban" if village % 2 else "rural",
                    "weight": float(rng.integers(0, 4)),
                    "size": int(rng.integers(1, 6)),
                    "villages": 20.0,
                    "households": 50.0,
                    "income_pc": rng.choice(
                        [np.nan, -50.0, base * rng.lognormal(0, 0.4)], p=(0.05, 0.03, 0.92)
                    ),
                }
                for wave in (2010, 2011, 2013, 2014)
                if rng.random() < 0.9
            )
    return pd.DataFrame(rows)


def panel(data: pd.DataFrame | None = None, *, size: str | None = "size", **design: Any) -> ek.Panel:
    settings = {"weight": "weight", "strata": "zone", "psu": "village", **design}
    return ek.Panel(
        frame() if data is None else data,
        size=size,
        village="village",
        lines={2010: 2500.0, 2011: 2600.0, 2013: 2700.0, 2014: 2800.0},
        deflators={2010: 1.0, 2011: 1.03, 2013: 1.08, 2014: 1.1},
        concept={2010: "net", 2011: "net", 2013: "disposable", 2014: "disposable"},
        across_concepts="movements are wanted",
        design=ek.SurveyDesign(**settings),
    )


def added(whole: ek.Panel, *, real: bool = False) -> dict[str, Estimate]:
    tables = [unit_sums(whole.in_county(c)) for c in whole.counties]
    return additive_measures(
        pd.concat(tables, ignore_index=True), whole.in_county(whole.counties[0]), real=real
    )


def assert_same(got: Estimate, expected: Estimate) -> None:
    pd.testing.assert_frame_equal(got.keys, expected.keys)
    np.testing.assert_allclose(got.values, expected.values, rtol=1e-12)
    np.testing.assert_allclose(got.cov, expected.cov, rtol=1e-9, atol=1e-18)
    np.testing.assert_allclose(got.df, expected.df, rtol=1e-9)
    np.testing.assert_array_equal(got.n, expected.n)
    assert got.clusters is not None
    np.testing.assert_array_equal(got.clusters, expected.clusters)
    assert got.about == expected.about


DESIGNS: dict[str, dict[str, Any]] = {
    "strata_cross": {},
    "no_strata": {"strata": None},
    "strata_nest": {"strata": "county"},
    "households": {"psu": None, "strata": None},
    "fpc": {"fpc": "villages"},
    "two_stages": {"psu": ("village", "household"), "fpc": ("villages", "households")},
    "census": {"census": True},
    "unweighted": {"weight": None},
    "later": {"pair_weight": "later"},
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize("size", ["size", None])
def test_the_sums_of_counties_give_what_all_rows_give(design: dict[str, Any], size: str | None) -> None:
    whole = panel(size=size, **design)
    found = added(whole)
    assert sorted(found) == sorted(["mean", *LEVELS, *RATES])
    assert_same(found["mean"], ek.mean(whole, by="wave"))
    for name, measure in {**LEVELS, **RATES}.items():
        assert_same(found[name], measure(whole, by="wave"))


def test_real_means_take_the_prices_of_all_waves() -> None:
    whole = panel()
    assert_same(added(whole, real=True)["mean"], ek.mean(whole, by="wave", real=True))
    early = replace(whole, price_year=2010)
    assert_same(added(early, real=True)["mean"], ek.mean(early, by="wave", real=True))


def test_counties_that_lack_a_wave_make_no_pair_over_it() -> None:
    data = frame()
    gone = (data["county"] == "c1") & (data["wave"] == 2011) | (data["county"] == "c2") & (
        data["wave"] == 2010
    )
    whole = panel(data[~gone].reset_index(drop=True))
    found = added(whole)
    for name, measure in {**LEVELS, **RATES}.items():
        assert_same(found[name], measure(whole, by="wave"))


def test_waves_without_a_line_have_levels_only() -> None:
    whole = replace(panel(), lines={2011: 2600.0, 2013: 2700.0})
    found = added(whole)
    assert found["mean"].keys["wave"].tolist() == [2010, 2011, 2013, 2014]
    part = whole.where(whole.frame["wave"].isin([2011, 2013]))
    assert_same(found["headcount"], ek.headcount(part, by="wave"))
    assert_same(found["exit_rate"], ek.exit_rate(part, by="wave"))
    assert "return_rate" not in found
    assert sorted(added(replace(whole, lines=None))) == ["mean"]


def test_a_village_worked_by_hand() -> None:
    """Two households of 2 and 3 persons, weights 1 and 2: incomes 50 and 200 against a line of 100, then 120 and 80."""
    data = pd.DataFrame(
        {
            "household": ["a", "b", "a", "b"],
            "wave": [2018, 2018, 2019, 2019],
            "county": "c",
            "village": "v",
            "weight": [1.0, 2.0, 1.0, 2.0],
            "size": [2, 3, 2, 3],
            "income_pc": [50.0, 200.0, 120.0, 80.0],
        }
    )
    one = replace(panel(data, strata=None), lines={2018: 100.0, 2019: 100.0}, deflators=None, concept=None)
    table = unit_sums(one).set_index("wave")
    assert table["mean_sum"].tolist() == [1 * 2 * 50 + 2 * 3 * 200, 2 * 120 + 6 * 80]
    assert table["mean_of"].tolist() == [8, 8]
    assert table["headcount_sum"].tolist() == [2, 6]
    assert table["gap_sum"].tolist() == pytest.approx([2 * 0.5, 6 * 0.2])
    assert table.loc[2019, ["exit_rate_sum", "exit_rate_of", "entry_rate_sum", "entry_rate_of"]].tolist() == [
        2,
        2,
        6,
        6,
    ]
    assert table.loc[2018, ["exit_rate_of", "paired"]].tolist() == [0, 0]


def test_without_welfare_there_are_no_sums() -> None:
    data = frame().assign(income_pc="much")
    with pytest.raises(DataError, match="holds"):
        unit_sums(panel(data))


# ---- in a build ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    plan = ek.load_plan(cli_case.lay(tmp_path_factory.mktemp("sums")))
    build(plan)
    return plan


def test_pooled_results_are_those_of_all_rows(built: Plan) -> None:
    store = Store(built.processed)
    whole = panel_from(nation.pooled_frame(store, built, store.counties()), built)
    pooled = PooledResult.from_dict(store.read_json(store.pooled_path)).estimates
    expected = {"mean_welfare": ek.mean(whole, by="wave")}
    expected |= {name: measure(whole, by="wave") for name, measure in {**LEVELS, **RATES}.items()}
    for name, one in expected.items():
        notes = pooled[name].about.notes
        within = [n for n in notes if n.en.startswith("pairs within counties")]
        assert len(within) == (name in RATES)
        about = replace(pooled[name].about, notes=tuple(n for n in notes if n not in within))
        assert_same(replace(pooled[name], about=about), one)


def test_a_nation_is_added_up_without_its_rows(built: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(built.processed)
    pooled = PooledResult.from_dict(store.read_json(store.pooled_path)).estimates
    read: list[str] = []
    own = Store.read

    def noted(self: Store, kind: str, county: str) -> pd.DataFrame:
        read.append(f"{kind} {county}")
        return own(self, kind, county)

    monkeypatch.setattr(Store, "read", noted)
    monkeypatch.setattr("evalkit.pipeline.adding.TOGETHER", 1)  # one county's sums after the other
    found = national_measures(built)
    assert read == ["panel E3"]
    for name, estimate in found.items():
        assert_same(estimate, pooled[name])
    one = national_measures(built, ["S2"])
    county = store.read_json(store.result_path("S2"))["estimates"]
    for name in ("mean_welfare", "headcount", "exit_rate"):
        expected = Estimate.from_dict(county[name])
        np.testing.assert_allclose(one[name].values, expected.values, rtol=1e-12)
        np.testing.assert_allclose(one[name].cov, expected.cov, rtol=1e-9, atol=1e-18)


def test_a_store_without_sums_is_refused(built: Plan, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished build"):
        national_measures(built.at(tmp_path))
    with pytest.raises(DataError, match="no sums of X9"):
        national_measures(built, ["S2", "X9"])


def test_the_sums_are_a_view_for_questions(built: Plan) -> None:
    found = ek.query(
        built,
        "SELECT wave, sum(exit_rate_sum) / sum(exit_rate_of) AS rate FROM sums WHERE exit_rate_of > 0 GROUP BY wave ORDER BY 1",
    )
    expected = national_measures(built)["exit_rate"]
    assert found["wave"].tolist() == expected.keys["wave"].tolist()
    np.testing.assert_allclose(found["rate"], expected.values, rtol=1e-12)
