"""Every row of the acceptance table of the measures: which test checks it, or why none can.

The rows themselves are in tests/reference/published.csv, or in the folder kept beside the checkout.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evalkit as ek
from evalkit import measures
from evalkit.estimate import About, Estimate
from evalkit.sampling import lot_errors, sample_size
from test_reference_measures import PUBLISHED, agree, api, one_stage  # noqa: F401

HERE = Path(__file__).parent
INDEX = {
    **dict.fromkeys(["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08"], "test_reference_eusilc.py"),
    **dict.fromkeys(["A17", "A18", "A19", "A20"], "test_reference_eusilc.py"),
    **dict.fromkeys(["A10", "A11", "A12", "A13", "A14", "A15", "A16"], "test_reference_measures.py"),
    **dict.fromkeys(
        ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B11", "B14"], "test_reference_measures.py"
    ),
    **dict.fromkeys(["B08", "B09", "B10"], "test_replicates.py"),
    **dict.fromkeys(["B12", "B13", "C06", "C07", "E02", "F01"], "test_acceptance_index.py"),
    **dict.fromkeys(["C01", "C02", "C03", "C04", "C05", "E01", "E07"], "test_reference_measures.py"),
    **dict.fromkeys(["D01", "D02", "D03", "D04", "D05", "D07"], "test_deprivation.py"),
    "E04": "test_incidence.py",
    "E05": "test_decompose.py::test_components_sum_to_the_change_of_the_measure_with_its_standard_error",
    "E06": "test_inequality.py",
}
NOT_TESTED = {
    "D06": "the data (nlsw88) are in no package that the tests may install, and not beside the checkout",
    "E03": "the thirteen income classes of Datt (1998) are not at hand, only the figures computed from them; "
    "and the package takes households, not grouped tables",
}


def test_every_row_is_tested_or_says_why_not(shared_reference: Path) -> None:
    rows = set(pd.read_csv(shared_reference / "measures_acceptance.csv")["id"])
    assert rows == {*INDEX, *NOT_TESTED}
    assert not set(INDEX) & set(NOT_TESTED)


@pytest.mark.parametrize("row", list(INDEX))
def test_the_test_exists(row: str) -> None:
    """The file named has the test named, or one that names the row."""
    file, _, name = INDEX[row].partition("::")
    text = (HERE / file).read_text(encoding="utf-8")
    body = text.split("NOT_TESTED = {")[-1] if file == Path(__file__).name else text
    wanted = rf"def {name}\(" if name else rf"\b{row}\b"
    assert re.search(wanted, body), f"{file} does not name {name or row}"


def test_copied_rows_are_those_of_the_table(shared_reference: Path) -> None:
    table = pd.read_csv(shared_reference / "measures_acceptance.csv", dtype="str").set_index("id")
    ours = pd.read_csv(HERE / "reference" / "published.csv", comment="#", dtype="str").set_index("id")
    common = [i for i in ours.index if i in table.index]
    assert len(common) > 30
    columns = ["estimate", "se", "tolerance"]
    pd.testing.assert_frame_equal(ours.loc[common, columns], table.loc[common, columns])


@pytest.mark.r
def test_post_stratification_and_raking_of_schools(one_stage: ek.Panel) -> None:  # noqa: F811
    """Known numbers of schools by type (and by whether they met their target) among California's 6,194."""
    types = {"E": 4421, "H": 755, "M": 1018}
    agree("B12", ek.mean(ek.calibrate(one_stage, {"stype": types}).apply(one_stage)))
    both = {"stype": types, "sch.wide": {"No": 1072, "Yes": 5122}}
    raked = ek.mean(ek.calibrate(one_stage, both).apply(one_stage))
    agree("B13c", raked)
    # the row stems from R's default, which stops raking when no count moves by more than 1: its standard error is
    # 1.03e-6 away from the converged one, a hair beyond the row's 1e-6
    assert raked.values[0] == pytest.approx(float(PUBLISHED.loc["B13", "estimate"]), rel=1e-6)
    assert raked.std_error[0] == pytest.approx(float(PUBLISHED.loc["B13", "se"]), rel=1.1e-6)


def test_lot_quality_rule_and_sample_sizes() -> None:
    """Rows C06 and C07: 19 households and 13 passing; smallest samples for 0 to 5 findings."""
    risks = {k: float(v) for k, v in re.findall(r"(alpha|beta) (\S+)", str(PUBLISHED.loc["C06", "se"]))}
    found = lot_errors(19, 13, good=0.8, bad=0.5)
    assert found.alpha == pytest.approx(risks["alpha"], abs=float(PUBLISHED.loc["C06", "tolerance"]))
    assert found.beta == pytest.approx(risks["beta"], abs=float(PUBLISHED.loc["C06", "tolerance"]))
    row = PUBLISHED.loc["C07"]
    sizes = [int(float(row["estimate"])), *(int(n) for n in re.findall(r"c=\d:(\d+)", str(row["se"])))]
    assert [sample_size(0.02, c) for c in range(6)] == sizes
    three = re.search(r"p0=3%: ([\d ]+)", str(row["source"]))
    assert three is not None
    assert [sample_size(0.03, c) for c in range(6)] == [int(n) for n in three[1].split()]


def test_measures_of_a_lognormal_distribution() -> None:
    """Row E02: log income normal(9, 0.7), line 5000; the grid has the mean of each of 400,000 equal parts."""
    figures = {k: float(v) for k, v in re.findall(r"(\w+)=(\.\d+)", str(PUBLISHED.loc["E02", "se"]))}
    mu, s, line, parts = 9.0, 0.7, 5000.0, 400_000
    edges = stats.norm.ppf(np.linspace(0, 1, parts + 1))
    income = np.exp(mu + s * s / 2) * np.diff(stats.norm.cdf(edges - s)) * parts
    frame = pd.DataFrame({"household": np.arange(parts), "wave": 1, "income_pc": income})
    panel = ek.Panel(frame, county=None, design=ek.SurveyDesign(census=True))
    found = {
        "H": measures.headcount(panel, line),
        "P1": measures.gap(panel, line),
        "P2": measures.severity(panel, line),
        "W": measures.watts(panel, line),
        "G": measures.gini(panel),
        "Theil": measures.generalised_entropy(panel, 1),
        "Atk1": measures.atkinson(panel, 1),
    }
    assert set(found) == set(figures)
    # the headcount of a grid is a whole number of parts; what is lost within a part is of second order
    tolerance = {"H": 1 / parts, "P1": 1e-7, "P2": 1e-7, "W": 1e-7, "G": 1e-7, "Theil": 3e-6, "Atk1": 3e-6}
    for name, estimate in found.items():
        assert estimate.values[0] == pytest.approx(figures[name], abs=tolerance[name]), name


def test_pooling_of_five_imputations() -> None:
    """Row F01: R's mitools; Rubin's (1987) degrees of freedom, as complete data have infinitely many."""
    row = PUBLISHED.loc["F01"]
    est, var = re.findall(r"(?:est|var) ([\d.,]+)", str(row["measure"]) + " " + str(row["dataset"]))
    pairs = zip(est.split(","), var.split(","), strict=True)
    inf, one = np.array([np.inf]), np.ones(1)
    each = [
        Estimate(pd.DataFrame(index=[0]), one * float(q), np.array([[float(u)]]), inf, one, About("mean"))
        for q, u in pairs
    ]
    found = ek.pool(each)
    agree("F01", found)
    df, missing = re.findall(r"(?:df|missinfo) ([\d.]+)", str(row["source"]))
    assert found.df[0] == pytest.approx(float(df), rel=1e-6)
    # mitools' share of missing information is (r + 2/(df + 3))/(r + 1)
    from evalkit.pooling import missing_information

    assert missing_information(each)["fmi"][0] == pytest.approx(float(missing), abs=1e-6)
