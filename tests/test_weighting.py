"""Calibration of weights: by hand, against R's survey package, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.panel import Panel
from evalkit.weighting import calibrate, county_calibration

HERE = Path(__file__).parent / "reference"
R = pd.read_csv(HERE / "calibration_R.csv", comment="#", dtype={"key": "string"})
TARGETS = R[R["run"] == "target"]
RUNS = {
    "linear": ("linear", None),
    "raking": ("raking", None),
    "logit": ("logit", (0.5, 2.0)),
    "linear_bounded": ("linear", (0.8, 1.3)),
}


def small(**columns: list[object]) -> Panel:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame(
        {"household": [f"h{i}" for i in range(n)], "wave": 2016, "income_pc": 1.0, **columns}
    )
    return Panel(frame, county=None, design=SurveyDesign(weight="weight"))


@pytest.fixture(scope="module")
def sample() -> Panel:
    frame = pd.read_csv(HERE / "simulated_panel.csv", comment="#")
    frame = frame[frame["wave"] == 2018].sort_values("household", kind="stable").reset_index(drop=True)
    grade = pd.cut(frame["size"], [0, 2, 4, 99], labels=["small", "middle", "large"]).astype("str")
    design = SurveyDesign(
        weight="weight",
        strata="stratum",
        psu="village",
        fpc="villages_in_stratum",
        degrees_of_freedom="design",  # as R has them
    )
    made = frame.assign(grade=grade, poor=(frame["income_pc"] < 5000).astype(float))
    return Panel(made, village="village", design=design, synthetic=True)


def r_totals() -> dict[str, float | dict[object, float]]:
    out: dict[str, float | dict[object, float]] = {}
    for name in ("grade", "county"):
        rows = TARGETS[TARGETS["measure"] == name]
        out[name] = dict(zip(rows["key"], rows["value"], strict=True))
    out["transfer_income"] = float(TARGETS.loc[TARGETS["measure"] == "transfer_income", "value"].iloc[0])
    return out


def agree(panel: Panel, run: str) -> None:
    rows = R[R["run"] == run]
    found = {
        "mean": ek.mean(panel, "income_pc"),
        "poor": ek.mean(panel, "poor"),
        "total": ek.total(panel, "income_net"),
        "mean_by_county": ek.mean(panel, "income_pc", by="county"),
    }
    for _, row in rows[rows["measure"] != "weight"].iterrows():
        one = found[row["measure"]]
        one = one.where(county=row["key"]) if row["measure"] == "mean_by_county" else one
        assert one.values[0] == pytest.approx(row["value"], rel=1e-8)
        assert one.std_error[0] == pytest.approx(row["se"], rel=1e-8)
        if pd.notna(row["df"]):
            assert one.df[0] == row["df"]
    weights = rows[rows["measure"] == "weight"]
    at = weights["key"].astype(int).to_numpy() - 1
    assert panel.sample.weight[at] == pytest.approx(weights["value"].to_numpy(), rel=1e-8)


@pytest.mark.parametrize("run", list(RUNS))
def test_weights_estimates_and_errors_of_r(sample: Panel, run: str) -> None:
    method, bounds = RUNS[run]
    done = calibrate(sample, r_totals(), method=method, bounds=bounds)
    assert np.abs(done.achieved["miss"]).max() < 1e-9
    agree(done.apply(sample), run)


@pytest.mark.parametrize("method", ["linear", "raking"])
def test_one_category_is_post_stratification(sample: Panel, method: str) -> None:
    done = calibrate(sample, {"grade": r_totals()["grade"]}, method=method)
    agree(done.apply(sample), "poststratified")


@pytest.mark.r
def test_an_installed_r_gives_the_committed_answers(tmp_path: Path, run_r: Callable[..., None]) -> None:
    for name in ("calibration.R", "simulated_panel.csv"):
        shutil.copy(HERE / name, tmp_path)
    run_r(tmp_path, "calibration.R")
    again = pd.read_csv(tmp_path / "calibration_R.csv", comment="#", dtype={"key": "string"})
    pd.testing.assert_frame_equal(again, R, rtol=1e-8)


def test_post_stratification_by_hand():
    """Two women of weight 2 stand for 6, one man of weight 1 for 3: ratios 1.5 and 3."""
    panel = small(sex=["f", "f", "m"], weight=[2.0, 2.0, 1.0], y=[1.0, 3.0, 5.0])
    done = calibrate(panel, {"sex": {"f": 6, "m": 3}})
    assert done.weights == pytest.approx([3, 3, 3])
    assert done.ratio == pytest.approx([1.5, 1.5, 3])
    assert done.tidy()[["by", "level", "target", "before"]].to_numpy().tolist() == [
        ["sex", "f", 6.0, 4.0],
        ["sex", "m", 3.0, 1.0],
    ]
    both = done.compare(panel, lambda p: ek.mean(p, "y")).tidy()
    assert both[["before", "after"]].to_numpy().tolist() == [[2.6, 3.0]]
    # residuals about the group means: -1, 1, 0; times weight 3 over 9; variance 3/2 (1/9 + 1/9)
    assert both["after_se"][0] == pytest.approx(np.sqrt(1.5 * 2 / 9))


def test_the_mean_of_a_calibration_variable_has_no_error():
    panel = small(weight=[1.0, 1.0, 2.0, 2.0], y=[1.0, 2.0, 3.0, 7.0])
    done = calibrate(panel, {"households": 10, "y": 33})
    found = ek.mean(done.apply(panel), "y")
    assert found.values[0] == pytest.approx(3.3)
    assert found.std_error[0] == pytest.approx(0, abs=1e-8)


def test_persons_by_category_and_cells_from_a_table():
    panel = small(
        kind=["a", "a", "b", "a", "b"], size=[1, 3, 2, 4, 1], weight=[1.0] * 5, town=["x", "x", "x", "y", "y"]
    )
    totals = pd.DataFrame(
        {"town": ["x", "x"], "by": "kind", "level": ["a", "b"], "amount": "size", "total": [8, 6]}
    )
    done = calibrate(panel, totals)
    w = done.weights
    assert w[0] * 1 + w[1] * 3 == pytest.approx(8)
    assert w[2] * 2 == pytest.approx(6)
    assert w[3:].tolist() == [1, 1]
    assert "2 household-waves belong to no known total" in done.notes[1].en
    found = done.distribution()
    assert found[["town", "rows"]].to_numpy().tolist() == [["x", 3]]


def test_a_county_taken_out_keeps_its_calibration(sample: Panel) -> None:
    """Calibrated county by county, a county's own rows give the figures of the whole."""
    totals = sample.frame.groupby(["county", "grade"])["weight"].sum().mul(1.1).rename("total").reset_index()
    totals = totals.rename(columns={"grade": "level"}).assign(by="grade")
    totals.loc[0, "total"] += 40
    panel = calibrate(sample, totals).apply(sample)
    whole = ek.mean(panel, "income_pc", by="county")
    for code in panel.counties:
        alone = ek.mean(panel.in_county(code), "income_pc")
        one = whole.where(county=code)
        assert alone.values[0] == pytest.approx(one.values[0], rel=1e-12)
        assert alone.std_error[0] == pytest.approx(one.std_error[0], rel=1e-9)


def test_pairs_of_waves_take_the_calibration_of_the_earlier_wave():
    """With calibration per wave to the sample's own totals nothing changes but the residuals of the earlier wave."""
    rng = np.random.default_rng(3)
    h = np.repeat(np.arange(200), 2)
    kind = np.repeat(rng.integers(0, 2, 200), 2)
    income = rng.normal(100, 20, 400) + 30 * kind
    frame = pd.DataFrame(
        {"household": h, "wave": np.tile([1, 2], 200), "kind": kind, "income_pc": income, "w": 1.0}
    )
    panel = Panel(frame, county=None, design=SurveyDesign(weight="w"), lines={1: 110, 2: 110})
    totals = frame.groupby(["wave", "kind"]).size().rename("total").reset_index()
    totals = totals.rename(columns={"kind": "level"}).assign(by="kind")
    done = calibrate(panel, totals)
    assert done.ratio == pytest.approx(np.ones(400))
    plain, calibrated = ek.exit_rate(panel), ek.exit_rate(done.apply(panel))
    assert calibrated.values == pytest.approx(plain.values)
    # by hand: influence of the ratio at the earlier rows, less its mean within kind
    before, after = income[0::2] < 110, income[1::2] < 110
    z = np.where(before, (~after - plain.values[0]) / before.sum(), 0.0)
    resid = z - np.array([z[kind[0::2] == k].mean() for k in (0, 1)])[kind[0::2]]
    assert calibrated.std_error[0] == pytest.approx(np.sqrt(200 / 199 * (resid @ resid)), rel=1e-9)
    assert calibrated.std_error[0] < plain.std_error[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["linear", "raking", "logit"]))
def test_achieved_totals_and_scale_invariance(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"a": np.arange(60) % 3, "b": rng.permutation(np.arange(60) % 2), "w": rng.uniform(1, 3, 60)}
    )
    ratio = rng.uniform(0.85, 1.15, 60)
    frame["x"] = rng.normal(10, 2, 60)
    total = frame["w"] * ratio
    totals = {c: total.groupby(frame[c]).sum().to_dict() for c in ("a", "b")} | {
        "x": float(total @ frame["x"])
    }
    bounds = (0.3, 3.0) if method == "logit" else None
    done = calibrate(frame, totals, method=method, bounds=bounds, weight="w")
    assert np.abs(done.achieved["miss"]).max() < 1e-9
    if method == "raking":  # the other distances depend on how far the totals are
        again = calibrate(frame.assign(w=frame["w"] * 7), totals, method=method, weight="w")
        assert again.weights == pytest.approx(done.weights, rel=1e-7)
    assert (done.weights > 0).all()


REFUSED = [
    ({"sex": {"f": 6}}, {}, DataError, "1 of 3 rows have 'sex' = m, for which no total"),
    (
        {"sex": {"f": 6, "m": 3, "x": 1}},
        {},
        DataError,
        "total of rows with sex = x is 1, but the sample has no such",
    ),
    ({"sex": {"f": 6, "m": 3}, "households": 10}, {}, DataError, "contradict each other.*all: 10, sex: 9"),
    ({"sexe": {"f": 6}}, {}, DataError, "columns the data do not have: sexe"),
    ({"sex": {"f": 6, "m": -3}}, {}, DataError, "missing, no number or negative"),
    ({"sex": {"f": 6, "m": 3}}, {"method": "logit"}, EstimationError, "needs bounds"),
    ({"sex": {"f": 6, "m": 3}}, {"bounds": (0.5, 2.0)}, EstimationError, "raking has no bounds"),
    ({"sex": {"f": 6, "m": 3}}, {"method": "greg"}, EstimationError, "linear, raking or logit"),
    (
        {"sex": {"f": 6, "m": 3}},
        {"method": "logit", "bounds": (0.5, 2.0)},
        EstimationError,
        "no logit weights within the bounds .* rows with sex = m misses its total of 3",
    ),
    (
        {"households": 5, "y": 90},
        {"method": "linear"},
        EstimationError,
        "makes 1 of 3 weights of the data negative",
    ),
    ({"households": 5, "y": 90}, {}, EstimationError, "no raking weights meet the known totals"),
    ({"z": 9}, {}, DataError, "1 of 3 rows have no 'z'"),
]


@pytest.mark.parametrize(("totals", "how", "error", "said"), REFUSED)
def test_refusals(totals, how, error, said):
    panel = small(sex=["f", "f", "m"], weight=[2.0, 2.0, 1.0], y=[1.0, 3.0, 5.0], z=[1.0, 2.0, np.nan])
    with pytest.raises(error, match=said):
        calibrate(panel, totals, **how)


def test_panels_that_cannot_be_calibrated():
    panel = small(sex=["f", "f", "m"], weight=[2.0, 2.0, 1.0])
    totals = {"sex": {"f": 6, "m": 3}}
    done = calibrate(panel, totals)
    with pytest.raises(DesignError, match="calibrated already"):
        calibrate(done.apply(panel), totals)
    with pytest.raises(DesignError, match="whole panel"):
        calibrate(panel.where("sex == 'f'"), totals)
    with pytest.raises(DesignError, match="census"):
        calibrate(replace(panel, design=SurveyDesign(census=True)), totals)
    with pytest.raises(DataError, match="other rows or weights"):
        done.apply(replace(panel, frame=panel.frame.iloc[::-1]))


def test_county_tables(sample: Panel) -> None:
    figures = {"mean": lambda p: ek.mean(p, by="county")}
    done = county_calibration(sample, {"grade": r_totals()["grade"]}, figures)
    assert set(done.tables) == {"calibration_totals", "calibration_ratios", "calibration_compared"}
    assert len(done.tables["calibration_compared"]) == 3
    assert done.panel.design.weight == "calibrated_weight"
