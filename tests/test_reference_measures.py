"""Measures against figures of other software on public data (tests/reference/published.csv).

Agreement is asked to the tolerance of each row, relative for values above one: the published figure
carries that many digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.estimate import Estimate
from evalkit.panel import Panel

PUBLISHED = pd.read_csv(Path(__file__).parent / "reference" / "published.csv", comment="#").set_index("id")


def agree(row: str, found: Estimate) -> None:
    """Compare the only value of an estimate, and its standard error or limits, with a published row."""
    assert len(found) == 1
    published = PUBLISHED.loc[row]
    tol = float(published["tolerance"])
    if pd.notna(published["estimate"]):
        assert found.values[0] == pytest.approx(float(published["estimate"]), rel=tol, abs=tol)
    limits = re.fullmatch(r"CI (\S+) (\S+)", str(published["se"]))
    if limits:
        bounds = found.confint()
        assert bounds.low[0] == pytest.approx(float(limits[1]), rel=tol, abs=tol)
        assert bounds.high[0] == pytest.approx(float(limits[2]), rel=tol, abs=tol)
    else:
        assert found.std_error[0] == pytest.approx(float(published["se"]), rel=tol, abs=tol)


@pytest.fixture(scope="module")
def eusilc(shared_data: Path) -> Panel:
    """Return the persons of eusilc, clustered in households, strata regions."""
    frame = pd.read_csv(shared_data / "eusilc" / "eusilc.csv").assign(wave=2006)
    design = SurveyDesign(weight="rb050", strata="db040", psu="db030")
    return Panel(
        frame, household="rb030", county="db040", welfare="eqIncome", design=design, poor_at_line=True
    )


@pytest.mark.parametrize(("row", "alpha"), [("A10", 0), ("A11", 1), ("A12", 2)])
def test_fgt_on_eusilc(eusilc: Panel, row: str, alpha: int) -> None:
    agree(row, ek.fgt(eusilc, 10_000, alpha))


def test_headcount_of_one_region(eusilc: Panel) -> None:
    agree("A14", ek.headcount(eusilc, 10_000, by="county").where(county="Tyrol"))
    agree("A14", ek.headcount(eusilc.where("db040 == 'Tyrol'"), 10_000))


def test_rate_below_an_estimated_line(eusilc: Panel) -> None:
    agree("A13", ek.arpr(eusilc, bandwidth="population"))
    agree("A15", ek.arpr(eusilc, by="county", bandwidth="population").where(county="Tyrol"))


def test_rate_below_an_estimated_line_does_not_depend_on_the_scale_of_weights(eusilc: Panel) -> None:
    scaled = Panel(
        eusilc.frame.assign(rb050=eusilc.frame["rb050"] / 1e6),
        household="rb030",
        county="db040",
        welfare="eqIncome",
        design=eusilc.design,
        poor_at_line=True,
    )
    # the kernel's sample size alone moves the standard error, by less than half a per cent here; no kernel, by less than two
    for bandwidth, rel in (("effective", 0.005), ("woodruff", 0.02)):
        one, other = (ek.arpr(p, bandwidth=bandwidth) for p in (eusilc, scaled))  # type: ignore[arg-type]
        assert other.std_error[0] == pytest.approx(one.std_error[0], rel=1e-9)
        assert one.std_error[0] == pytest.approx(float(PUBLISHED.loc["A13", "se"]), rel=rel)


def test_watts_leaves_out_nonpositive_incomes_on_request(eusilc: Panel) -> None:
    agree("A16", ek.watts(eusilc, 10_000, nonpositive="drop"))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_r: Callable[..., None]) -> dict[str, pd.DataFrame]:
    """Return the school samples that come with R's survey package, as R writes them."""
    folder = tmp_path_factory.mktemp("api")
    code = (
        'library(survey); data(api, package="survey"); '
        'for (n in c("apistrat","apiclus1","apiclus2")) '
        'write.csv(get(n), file.path(commandArgs(TRUE)[1], paste0(n, ".csv")), row.names=FALSE)'
    )
    run_r(folder, "-e", code, str(folder))
    names = ("apistrat", "apiclus1", "apiclus2")
    return {n: pd.read_csv(folder / f"{n}.csv").assign(wave=2000) for n in names}


def school(frame: pd.DataFrame, design: SurveyDesign) -> Panel:
    return Panel(frame, household="snum", county="stype", welfare="api00", design=design)


@pytest.fixture
def stratified(api: dict[str, pd.DataFrame]) -> Panel:
    return school(api["apistrat"], SurveyDesign(weight="pw", strata="stype", fpc="fpc"))


@pytest.fixture
def one_stage(api: dict[str, pd.DataFrame]) -> Panel:
    return school(api["apiclus1"], SurveyDesign(weight="pw", psu="dnum", fpc="fpc"))


@pytest.fixture
def two_stage(api: dict[str, pd.DataFrame]) -> Panel:
    design = SurveyDesign(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    return school(api["apiclus2"], design)


@pytest.mark.r
def test_means(stratified: Panel, one_stage: Panel, two_stage: Panel) -> None:
    agree("B01", ek.mean(stratified))
    agree("B02", ek.mean(one_stage))
    agree("B03", ek.mean(two_stage))


@pytest.mark.r
def test_total_of_two_stages(two_stage: Panel) -> None:
    known = two_stage.frame["enroll"].notna().to_numpy()
    agree("B04", ek.total(two_stage.where(known), "enroll"))


@pytest.mark.r
def test_ratio(one_stage: Panel) -> None:
    agree("B05", ek.ratio(one_stage, "api.stu", "enroll"))


@pytest.mark.r
def test_mean_of_a_domain(one_stage: Panel) -> None:
    agree("B06", ek.mean(one_stage, by="county").where(county="E"))


@pytest.mark.r
def test_median(one_stage: Panel) -> None:
    found = ek.quantile(one_stage)
    agree("B07", found)
    assert found.confint().low[0] == 561
    assert found.confint().high[0] == 714


@pytest.mark.r
def test_contrast_of_domains(stratified: Panel) -> None:
    agree("B11", ek.mean(stratified, by="county").difference("county", frm="H", to="E"))


@pytest.mark.r
def test_single_unit_strata(api: dict[str, pd.DataFrame]) -> None:
    def lonely(rule: str) -> Estimate:
        design = SurveyDesign(weight="pw", strata="dnum", fpc=None, single_psu=rule)  # type: ignore[arg-type]
        return ek.mean(school(api["apiclus1"], design))

    agree("B14", lonely("centre"))
    assert lonely("certainty").std_error[0] == pytest.approx(5.8058, abs=1e-4)
    assert lonely("average").std_error[0] == pytest.approx(6.0096, abs=1e-4)


@pytest.mark.r
@pytest.mark.parametrize(("row", "rule"), [("C01", "beta"), ("C02", "logit"), ("C03", "wilson")])
def test_limits_of_a_proportion(one_stage: Panel, row: str, rule: str) -> None:
    agree(row, ek.proportion(one_stage, "ell == 0", interval=rule))  # type: ignore[arg-type]


@pytest.mark.r
def test_beta_limits_of_other_designs(stratified: Panel, two_stage: Panel) -> None:
    agree("C04", ek.proportion(two_stage, "ell == 0", interval="beta"))
    agree("C05", ek.proportion(stratified, "ell == 0", interval="beta"))


def test_handbook_example() -> None:
    """World Bank Handbook on Poverty and Inequality, chapter 4: four households, line 125."""
    frame = pd.DataFrame({"household": [1, 2, 3, 4], "wave": 1, "income_pc": [100, 110, 150, 160]})
    panel = Panel(frame, county=None)
    text = f"{PUBLISHED.loc['E01', 'se']}"
    figures = {k: float(v) for k, v in re.findall(r"(\w+)=(\.\d+)", text)}
    found = {
        "P0": ek.headcount(panel, 125),
        "P1": ek.gap(panel, 125),
        "P2": ek.severity(panel, 125),
        "Sen": ek.sen(panel, 125),
        "SST": ek.sst(panel, 125),
    }
    for name, value in found.items():
        assert value.values[0] == pytest.approx(figures[name], abs=1e-9), name
    assert ek.watts(panel, 125).values[0] == pytest.approx(figures["Watts"], abs=5e-8)  # seven digits printed


def test_single_unit_strata_by_hand() -> None:
    """Three strata, one with a single unit."""
    frame = pd.DataFrame(
        {
            "household": range(6),
            "wave": 1,
            "income_pc": [5, 7, 6, 2, 9, 4],
            "st": [1, 1, 1, 2, 2, 3],
            "w": [10, 12, 9, 20, 25, 30],
        }
    )
    figures = re.findall(r"(remove|adjust|average) (\S+)", str(PUBLISHED.loc["E07", "se"]))
    names = {"remove": "certainty", "adjust": "centre", "average": "average"}
    assert len(figures) == 3
    for name, se in figures:
        design = SurveyDesign(weight="w", strata="st", single_psu=names[name])  # type: ignore[arg-type]
        found = ek.mean(Panel(frame, county=None, design=design))
        assert found.values[0] == pytest.approx(5.405660377, abs=1e-9)
        assert np.isclose(found.std_error[0], float(se), rtol=0, atol=1e-9)
