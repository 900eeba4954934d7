"""Every measure on a synthetic panel against R's survey package (tests/reference/simulated_panel.R).

Agreement is asked to 1e-9 of the figure: both sides do the same arithmetic in double precision. R's
logit limits come from an iterated fit that stops at 1e-8.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.estimate import Estimate
from evalkit.panel import Panel

HERE = Path(__file__).parent / "reference"
R = pd.read_csv(HERE / "simulated_panel_R.csv", comment="#", dtype={"county": "string"})
TOLERANCE = 1e-9
LINES = {2016: 2952, 2018: 2995}


@pytest.fixture(scope="module")
def panel() -> Panel:
    frame = pd.read_csv(HERE / "simulated_panel.csv", comment="#")
    design = SurveyDesign(
        weight="weight",
        strata="stratum",
        psu="village",
        fpc="villages_in_stratum",
        degrees_of_freedom="design",  # as R has them
    )
    return Panel(frame, size="size", village="village", lines=LINES, design=design, synthetic=True)


def compare(found: Estimate, measure: str, tolerance: float = TOLERANCE) -> None:
    """Compare every value, standard error, stored limit and df that R gives for a measure."""
    rows = R[R["measure"] == measure]
    assert len(rows)
    for _, row in rows.iterrows():
        keys = {k: row[k] for k in ("county", "wave") if k in found.keys and pd.notna(row[k])}
        one = found.where(**keys) if keys else found
        assert len(one) == 1, keys
        close(one.values[0], row["estimate"], tolerance)
        close(one.std_error[0], row["se"], tolerance)
        if pd.notna(row["low"]):
            close(one.confint().low[0], row["low"], tolerance)
        if pd.notna(row["high"]):
            close(one.confint().high[0], row["high"], tolerance)
        if pd.notna(row["df"]):
            assert one.df[0] == row["df"]


def close(found: float, reference: float, tolerance: float) -> None:
    if np.isnan(reference):
        assert np.isnan(found)
    else:
        assert found == pytest.approx(reference, rel=tolerance, abs=1e-12)


MEANS: dict[str, Callable[..., Estimate]] = {
    "mean": ek.mean,
    "headcount": ek.headcount,
    "gap": ek.gap,
    "severity": ek.severity,
    "watts": ek.watts,
}


@pytest.mark.parametrize("name", list(MEANS))
def test_means_of_all_and_of_domains(panel: Panel, name: str) -> None:
    rows = R["measure"] == name
    measure = MEANS[name]
    pooled, split = measure(panel), measure(panel, by=["county", "wave"])
    whole = R[rows & R["county"].isna()].iloc[0]
    close(pooled.values[0], whole["estimate"], TOLERANCE)
    close(pooled.std_error[0], whole["se"], TOLERANCE)
    assert pooled.df[0] == whole["df"]
    assert rows.sum() == 1 + len(split)
    for _, row in R[rows & R["county"].notna()].iterrows():
        one = split.where(county=row["county"], wave=int(row["wave"]))
        close(one.values[0], row["estimate"], TOLERANCE)
        close(one.std_error[0], row["se"], TOLERANCE)
        assert one.df[0] == row["df"]


@pytest.mark.parametrize("name", list(MEANS))
def test_households_no_population_sizes_and_differences(panel: Panel, name: str) -> None:
    measure = MEANS[name]
    compare(measure(replace(panel, size=None)), f"{name}_households")
    compare(measure(replace(panel, design=replace(panel.design, fpc=None))), f"{name}_without_fpc")
    compare(measure(panel, by="wave").difference("wave", frm=2016, to=2018), f"{name}_difference")


def test_totals_and_ratio(panel: Panel) -> None:
    by = ["county", "wave"]
    compare(ek.total(panel, "income_net", by=by, per="household"), "total_households")
    compare(ek.ratio(panel, "transfer_income", "income_net", by=by, per="household"), "ratio_households")
    poor = panel.frame.assign(poor=(panel.frame["income_pc"] < panel.line()).astype(int))
    compare(ek.total(replace(panel, frame=poor), "poor", by=by), "total_persons")


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.9])
def test_quantiles(panel: Panel, q: float) -> None:
    compare(ek.quantile(panel, q=q, by=["county", "wave"]), f"quantile_{q:g}")


@pytest.mark.parametrize(("rule", "tolerance"), [("beta", TOLERANCE), ("logit", 1e-8)])
def test_limits_of_proportions(panel: Panel, rule: str, tolerance: float) -> None:
    poor = panel.frame["income_pc"] < panel.line()
    found = ek.proportion(panel, poor, by=["county", "wave"], interval=rule)  # type: ignore[arg-type]
    compare(found, f"proportion_{rule}", tolerance)


def test_growth(panel: Panel) -> None:
    compare(ek.growth(panel, frm=2016, to=2018, real=False), "growth_mean")
    compare(ek.growth(panel, frm=2016, to=2018, real=False, annualised=True), "growth_mean_annualised")
    compare(ek.growth(panel, frm=2016, to=2018, real=False, stat="log"), "growth_log")
    cohort = ek.benchmark_growth(panel, benchmark=0.2, frm=2016, to=2018)
    compare(cohort.growth, "growth_baseline_cohort")
    assert cohort.estimate.values[0] == pytest.approx(cohort.growth.values[0] - 0.2)


def test_movements(panel: Panel) -> None:
    compare(ek.entry_rate(panel), "entry_rate")
    rows = R["measure"] == "exit_rate"
    split = ek.exit_rate(panel, by="county")
    assert rows.sum() == 1 + len(split)
    for _, row in R[rows].iterrows():
        one = ek.exit_rate(panel) if pd.isna(row["county"]) else split.where(county=row["county"])
        close(one.values[0], row["estimate"], TOLERANCE)
        close(one.std_error[0], row["se"], TOLERANCE)
    moves = ek.transitions(panel)
    entry = moves.where(frm_state="not_poor", to_state="poor")
    compare(entry, "entry_rate")


@pytest.mark.r
def test_an_installed_r_gives_the_committed_answers(tmp_path: Path, run_r: Callable[..., None]) -> None:
    for name in ("simulated_panel.R", "simulated_panel.csv"):
        shutil.copy(HERE / name, tmp_path)
    run_r(tmp_path, "simulated_panel.R")
    again = pd.read_csv(tmp_path / "simulated_panel_R.csv", comment="#", dtype={"county": "string"})
    pd.testing.assert_frame_equal(again, R, rtol=1e-9)
