"""Multidimensional deprivation: worked by hand, against published figures, and its rules."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError, PlanError
from evalkit.estimate import Estimate
from evalkit.panel import Panel

PUBLISHED = pd.read_csv(Path(__file__).parent / "reference" / "published.csv", comment="#").set_index("id")
DIMENSIONS = {
    "health": ["d_nutr", "d_cm"],
    "education": ["d_satt", "d_educ"],
    "living": ["d_elct", "d_sani", "d_wtr", "d_hsg", "d_ckfl", "d_asst"],
}


def six(**columns: list[float]) -> Panel:
    """Six households with yes/no columns a, b, c."""
    frame = pd.DataFrame(
        {"household": range(6), "wave": 2018, "income_pc": 1.0, "place": list("xxxyyy"), **columns}
    )
    return Panel(frame, county=None)


ABC = six(a=[1, 1, 0, 0, 1, 0], b=[1, 0, 0, 1, 1, 0], c=[1, 0, 1, 0, 0, 0])
HALF = ek.Deprivations({n: n for n in "abc"}, weights={"a": 2, "b": 1, "c": 1}, cutoff=0.5)
# scores 1, 1/2, 1/4, 1/4, 3/4, 0: households 0, 1 and 4 reach 1/2


@pytest.fixture(scope="module")
def two_rounds(shared_data: Path) -> Panel:
    """Return the synthetic two-round data of mpitb."""
    frame = pd.read_csv(shared_data / "mpi" / "syn_cdta.csv")
    frame = frame.assign(household=range(len(frame)), wave=frame["t"].astype(int))
    design = SurveyDesign(weight="weight", strata="stratum", psu="psu")
    return Panel(frame, county="region", welfare="d_cm", design=design)


def ten_indicators(cutoff: float = 0.33) -> ek.Deprivations:
    weights = ek.equal_by_dimension(DIMENSIONS)
    return ek.Deprivations({n: n for n in weights}, weights, cutoff=cutoff)


def agree(row: str, found: Estimate) -> None:
    published = PUBLISHED.loc[row]
    tol = float(published["tolerance"])
    assert len(found) == 1
    assert found.values[0] == pytest.approx(float(published["estimate"]), rel=tol, abs=tol)
    assert found.std_error[0] == pytest.approx(float(published["se"]), rel=tol, abs=tol)


def test_levels_of_two_rounds(two_rounds: Panel) -> None:
    found = ek.multidimensional_poverty(two_rounds, ten_indicators(), by="wave").where(wave=1)
    for row, name in (("D01", "M0"), ("D02", "H"), ("D03", "A")):
        agree(row, found.where(statistic=name))
    assert found.n[0] == 7434
    assert any("97 of 15,000" in n.en for n in found.about.notes)


def test_changes_of_two_rounds(two_rounds: Panel) -> None:
    change = ek.deprivation_change(two_rounds, ten_indicators(), frm=1, to=2, statistics=("M0",))
    agree("D04", change)
    agree("D05", ek.deprivation_change(two_rounds, ten_indicators(), frm=1, to=2, relative=True).take([0]))
    levels = ek.multidimensional_poverty(two_rounds, ten_indicators(), by="wave", statistics=("M0",))
    apart = levels.difference("wave", 1, 2)
    assert change.values[0] == pytest.approx(apart.values[0], rel=1e-12)
    assert change.std_error[0] == pytest.approx(apart.std_error[0], rel=1e-12)


def test_parts_add_up_to_the_whole(two_rounds: Panel) -> None:
    deprivations = ten_indicators()
    whole = ek.multidimensional_poverty(two_rounds, deprivations).values[0]
    heads = ek.deprivation_headcounts(two_rounds, deprivations)
    censored = heads.where(headcount="censored")
    weights = np.array([deprivations.shares[n] for n in censored.keys["indicator"]])
    assert weights @ censored.values == pytest.approx(whole, rel=1e-12)
    assert (heads.where(headcount="uncensored").values >= censored.values).all()
    shares = ek.deprivation_contributions(two_rounds, deprivations)
    np.testing.assert_allclose(shares.values, weights * censored.values / whole, rtol=1e-12)
    regions = ek.deprivation_contributions(two_rounds, deprivations, of="region", by="wave")
    sums = regions.keys.assign(v=regions.values).groupby("wave")["v"].sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-12)
    # what sums to one has no error
    ones = (regions.keys["wave"] == 1).to_numpy(dtype=float)
    assert regions.contrast(ones).std_error[0] < 1e-9


def test_the_example_of_alkire_and_foster() -> None:
    """Four persons, four dimensions, poor in at least two; M1 and M2 by hand from the gaps of persons 2 and 3."""
    rows = [[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20, 11, 3, 1]]
    frame = pd.DataFrame(rows, columns=list("abcd")).assign(household=range(4), wave=1, income_pc=1.0)
    lines = dict(zip("abcd", (13, 12, 3, 1), strict=True))
    rule = ek.Deprivations({n: ek.Indicator(n, below=z) for n, z in lines.items()}, cutoff=0.5)
    names = ("M0", "H", "A", "M1", "M2")
    found = ek.multidimensional_poverty(Panel(frame, county=None), rule, statistics=names)
    published = {k: float(v) for k, v in re.findall(r"(\w+)=(\.\d+)", str(PUBLISHED.loc["D07", "se"]))}
    gaps = [5 / 12, 1.0, 0.5 / 13, 2 / 12, 2 / 3, 1.0]
    by_hand = {
        "M0": 6 / 16,
        "H": 2 / 4,
        "A": 3 / 4,
        "M1": sum(gaps) / 16,
        "M2": sum(g * g for g in gaps) / 16,
    }
    for name, value in zip(names, found.values, strict=True):
        assert value == pytest.approx(by_hand[name], rel=1e-12), name
        assert value == pytest.approx(published[name], abs=5e-7), name


def test_six_households_by_hand() -> None:
    found = ek.multidimensional_poverty(ABC, HALF)
    assert found.keys["statistic"].tolist() == ["M0", "H", "A"]
    m0 = (1 + 1 / 2 + 3 / 4) / 6
    np.testing.assert_allclose(found.values, [m0, 1 / 2, 3 / 4])
    heads = ek.deprivation_headcounts(ABC, HALF)
    assert heads.values.tolist() == pytest.approx([3 / 6, 3 / 6, 3 / 6, 2 / 6, 2 / 6, 1 / 6])
    shares = ek.deprivation_contributions(ABC, HALF)
    np.testing.assert_allclose(shares.values, [0.5 * 3 / 6 / m0, 0.25 * 2 / 6 / m0, 0.25 * 1 / 6 / m0])
    places = ek.deprivation_contributions(ABC, HALF, of="place")
    np.testing.assert_allclose(places.values, [1.5 / 2.25, 0.75 / 2.25])
    # six independent households: the variance of a mean, n/(n-1) Σ (x - mean)²/n²
    scores = np.array([1, 1 / 2, 0, 0, 3 / 4, 0])
    assert found.std_error[0] == pytest.approx(np.sqrt(((scores - m0) ** 2).sum() / 30))


def test_sums_of_weights_that_reach_the_cutoff_count() -> None:
    """0.1 + 0.2 + 0.3 is below 0.6 in floating point by one part in 10^16, and thirds do not add to one."""
    names = list("abcd")
    weights = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
    frame = pd.DataFrame([[1, 1, 1, 0]], columns=names).assign(household=1, wave=1, income_pc=1.0)
    rule = ek.Deprivations({n: n for n in names}, weights, cutoff=0.6)
    found = ek.multidimensional_poverty(
        Panel(pd.concat([frame, frame.assign(household=2)]), county=None), rule
    )
    assert found.where(statistic="H").values[0] == 1
    everything = ek.Deprivations({n: n for n in "abc"}, cutoff=1.0)
    assert ek.multidimensional_poverty(ABC, everything).where(statistic="H").values[0] == 1 / 6


def test_missing_indicators() -> None:
    panel = six(a=[1, 1, 0, 0, 1, np.nan], b=[1, 0, 0, 1, np.nan, 0], c=[1, 0, 1, 0, 0, 0])

    def heads(policy: ek.deprivation.Missing) -> Estimate:
        rule = ek.Deprivations({n: n for n in "abc"}, cutoff=1 / 3, missing=policy)
        return ek.multidimensional_poverty(panel, rule, statistics=("H",))

    assert heads("drop").values[0] == 4 / 4
    assert heads("drop").n[0] == 4
    assert heads("not_deprived").values[0] == 5 / 6
    assert any("2 of 6 household-waves lack an indicator" in n.en for n in heads("drop").about.notes)
    assert any("a 1, b 1" in n.en for n in heads("not_deprived").about.notes)
    with pytest.raises(EstimationError, match="2 of 6 household-waves lack an indicator"):
        heads("error")


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(PlanError, match="no weight for b; weights for d"):
        ek.Deprivations({"a": "a", "b": "b"}, weights={"a": 1, "d": 1})
    with pytest.raises(PlanError, match="must be positive"):
        ek.Deprivations({"a": "a"}, weights={"a": 0})
    with pytest.raises(PlanError, match="above 0 and at most 1"):
        ek.Deprivations({"a": "a"}, cutoff=2)
    with pytest.raises(PlanError, match="at least one"):
        ek.Deprivations({})
    with pytest.raises(PlanError, match="below must be positive"):
        ek.Indicator("a", below=0)
    with pytest.raises(EstimationError, match="a, b, c are yes or no"):
        ek.multidimensional_poverty(ABC, HALF, statistics=("M1",))
    with pytest.raises(EstimationError, match="statistics are"):
        ek.multidimensional_poverty(ABC, HALF, statistics=("M3",))
    with pytest.raises(EstimationError, match="neither 0 nor 1"):
        ek.multidimensional_poverty(ABC, ek.Deprivations({"a": "a + b"}))
    with pytest.raises(EstimationError, match="both the subgroup and a domain"):
        ek.deprivation_contributions(ABC, HALF, of="place", by="place")


def two_waves() -> Panel:
    """Two places; nobody in y is poor in 2018, and y loses its only deprived household by 2019."""
    rows = [
        (1, 2018, "x", 1, 1), (2, 2018, "x", 1, 0), (3, 2018, "y", 0, 0), (4, 2018, "y", 0, 0),
        (1, 2019, "x", 0, 0), (2, 2019, "x", 1, 1), (3, 2019, "y", 1, 1), (4, 2019, "y", 0, 0), (5, 2019, "z", 1, 1),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["household", "wave", "place", "a", "b"]).assign(income_pc=1.0)
    return Panel(frame, county=None)


def test_changes_from_nothing_and_of_places_seen_once() -> None:
    rule = ek.Deprivations({"a": "a", "b": "b"}, cutoff=0.5)
    change = ek.deprivation_change(two_waves(), rule, frm=2018, to=2019, by="place", statistics=("M0", "H"))
    assert change.keys["place"].tolist() == ["x", "x", "y", "y", "z", "z"]
    np.testing.assert_allclose(change.values[:4], [1 / 2 - 3 / 4, 1 / 2 - 1, 1 / 2, 1 / 2])
    assert np.isnan(change.values[4:]).all()
    relative = ek.deprivation_change(
        two_waves(), rule, frm=2018, to=2019, by="place", statistics=("M0",), relative=True
    )
    np.testing.assert_allclose(relative.values, [100 * (2 / 3 - 1), np.nan, np.nan])
    assert any("no observations in: y" in n.en for n in relative.about.notes)
    with pytest.raises(EstimationError, match="frm before to"):
        ek.deprivation_change(two_waves(), rule, frm=2019, to=2018)
    with pytest.raises(EstimationError, match="take the wave out"):
        ek.deprivation_change(two_waves(), rule, frm=2018, to=2019, by="wave")


def test_a_fall_to_zero_is_minus_one_hundred_per_cent() -> None:
    rule = ek.Deprivations({"a": "a"}, cutoff=1.0)
    frame = pd.DataFrame({"household": [1, 2, 3] * 2, "wave": [1] * 3 + [2] * 3, "income_pc": 1.0})
    frame["a"] = [1, 0, 1, 0, 0, 0]
    found = ek.deprivation_change(
        Panel(frame, county=None), rule, frm=1, to=2, relative=True, statistics=("H",)
    )
    assert found.values[0] == -100
    assert np.isnan(found.std_error[0])
    assert any("end at zero in the sample" in n.en for n in found.about.notes)
    plain = ek.deprivation_change(Panel(frame, county=None), rule, frm=1, to=2, statistics=("H",))
    assert plain.values[0] == pytest.approx(-2 / 3)
    assert plain.std_error[0] > 0


def test_nobody_before_and_nobody_after_is_no_proof_of_no_change() -> None:
    frame = pd.DataFrame({"household": [1, 2, 3] * 2, "wave": [1] * 3 + [2] * 3, "income_pc": 1.0, "a": 0})
    rule = ek.Deprivations({"a": "a"}, cutoff=1.0)
    found = ek.deprivation_change(Panel(frame, county=None), rule, frm=1, to=2, statistics=("H",))
    assert found.values[0] == 0
    assert np.isnan(found.std_error[0])
    census = Panel(frame, county=None, design=SurveyDesign(census=True))
    whole = ek.deprivation_change(census, rule, frm=1, to=2, statistics=("H",))
    assert whole.std_error[0] == 0


def test_order_of_groups_under_other_cutoffs_and_weights(two_rounds: Panel) -> None:
    equal = {n: 1.0 for names in DIMENSIONS.values() for n in names}
    found = ek.deprivation_robustness(
        two_rounds, ten_indicators(), by="region", cutoffs=(0.2, 0.5), weightings={"equal": equal}
    )
    assert len(found.table) == 6
    base = found.table[(found.table["weighting"] == "stated") & (found.table["cutoff"] == 0.33)].iloc[0]
    assert base["spearman"] == base["kendall"] == 1
    assert base["kept"] == base["kept_significantly"] == 1
    assert base["reversed_significantly"] == 0
    assert (found.table["pairs"] == base["pairs"]).all()
    assert ((found.table["kept"] >= 0.5) & (found.table["kept"] <= 1)).all()
    direct = ek.multidimensional_poverty(two_rounds, ten_indicators(0.5), by="region", statistics=("M0",))
    same = found.levels.where(weighting="stated", cutoff=0.5)
    np.testing.assert_allclose(same.values, direct.values, rtol=1e-12)
    np.testing.assert_allclose(same.cov, direct.cov, rtol=1e-9, atol=1e-18)


def test_a_reversed_order_shows() -> None:
    """Place x lacks a, place y lacks b: the weights decide who is worse off."""
    frame = pd.DataFrame(
        {"household": range(80), "wave": 1, "income_pc": 1.0, "place": ["x"] * 40 + ["y"] * 40}
    )
    frame["a"] = [1] * 30 + [0] * 10 + [0] * 40
    frame["b"] = [0] * 40 + [1] * 30 + [0] * 10
    rule = ek.Deprivations({"a": "a", "b": "b"}, weights={"a": 3, "b": 1}, cutoff=0.25)
    found = ek.deprivation_robustness(
        Panel(frame, county=None), rule, by="place", weightings={"other": {"a": 1, "b": 3}}
    ).table
    assert found["pairs"].tolist() == [1, 1]
    assert found["kept"].tolist() == [1.0, 0.0]
    assert found["reversed_significantly"].tolist() == [0.0, 1.0]
    with pytest.raises(EstimationError, match="at least two groups"):
        ek.deprivation_robustness(Panel(frame, county=None), rule, by="wave")


def visits() -> Panel:
    frame = pd.DataFrame(
        {
            "household": range(4),
            "wave": 2019,
            "income_pc": 1.0,
            "size": [3, 2, 4, 1],
            "insured": [3, 1, 4, np.nan],
            "unsafe_housing": [0, 1, 0, 0],
            "safe_water": [1, 1, 1, 0],
            "food_secure": [1, 1, 1, 1],
            "source_of_housing": ["inspection", "registry", None, "registry"],
        }
    )
    return Panel(frame, county=None, size="size")


def test_the_guarantees_that_the_panel_shows() -> None:
    rule = ek.guarantees(visits(), missing="not_deprived", evidence={"housing": "source_of_housing"})
    assert rule.names == ("food", "medical", "housing", "water")
    found = ek.multidimensional_poverty(visits(), rule, statistics=("H", "M0"))
    # households 1 (insurance, housing) and 3 (water): 3 of 10 persons; scores 2/4 and 1/4
    np.testing.assert_allclose(found.values, [3 / 10, (2 * 0.5 + 1 * 0.25) / 10])
    absent = [n for n in found.about.notes if "no column shows these guarantees" in n.en]
    assert len(absent) == 1
    assert "clothing, compulsory education" in absent[0].en
    assert "不愁穿、义务教育有保障" in absent[0].zh
    table = ek.deprivation_evidence(visits(), rule).table
    housing = table[table["indicator"] == "housing"].set_index("source")
    assert housing.loc["registry", ["rows", "unmet", "unknown"]].tolist() == [2, 1, 0]
    assert housing.loc["inspection", "rows"] == 1
    assert housing.loc["not_stated", "rows"] == 1
    medical = table[table["indicator"] == "medical"].iloc[0]
    assert medical[["source", "rows", "unmet", "unknown"]].tolist() == [
        "roster", 3, 1, 1,
    ]  # fmt: skip


def test_a_finding_of_the_visit_goes_before_the_registry() -> None:
    frame = visits().frame.assign(housing_secure=[1, 1, 1, 0])
    rule = ek.guarantees(Panel(frame, county=None, size="size"))
    assert rule.indicator("housing").deprived == "housing_secure == 0"
    assert rule.cutoff == 0.25


def test_a_column_in_which_nothing_is_recorded_shows_nothing() -> None:
    """Housing falls back on the registry; clothing, which nothing else shows, is named as left out."""
    frame = visits().frame.assign(
        housing_secure=np.nan, clothing_secure=pd.Series([pd.NA] * 4, dtype="boolean")
    )
    rule = ek.guarantees(Panel(frame, county=None, size="size"))
    assert rule.indicator("housing").deprived == "unsafe_housing == 1"
    assert rule.names == ("food", "medical", "housing", "water")
    later = pd.concat([visits().frame, visits().frame.assign(wave=2020, housing_secure=1)])
    both = Panel(later, county=None, size="size")
    assert ek.guarantees(both).indicator("housing").deprived == "housing_secure == 0"
    assert ek.guarantees(both.where("wave == 2019")).indicator("housing").deprived == "unsafe_housing == 1"


@pytest.mark.parametrize(
    "answers", [["是", "否", "是", "是"], ["1", "0", "1", "1"], [1, 2, 1, 1], [1.0, 2.0, np.nan, 1.0]]
)
def test_answers_that_are_not_yes_and_no_are_never_counted_as_met(answers: list[object]) -> None:
    panel = Panel(visits().frame.assign(food_secure=answers), county=None, size="size")
    with pytest.raises(EstimationError, match=r"'food_secure' \(food\) holds .*findings="):
        ek.guarantees(panel)


def test_yes_and_no_with_gaps_are_read_as_they_are() -> None:
    for answers in (
        pd.array([True, False, None, True], dtype="boolean"),
        np.array([True, False, None, True], dtype=object),
        [1.0, 0.0, np.nan, 1.0],
    ):
        frame = visits().frame[["household", "wave", "income_pc", "size"]].assign(food_secure=answers)
        panel = Panel(frame, county=None, size="size")
        found = ek.multidimensional_poverty(panel, ek.guarantees(panel), statistics=("H",))
        assert found.values[0] == pytest.approx(2 / 6)
        assert found.n[0] == 3


def test_text_is_not_compared_with_a_number_in_silence() -> None:
    panel = Panel(visits().frame.assign(q=["1", "2", "1", "1"]), county=None)
    with pytest.raises(EstimationError, match=r"holds text \('1', '2'\), with a number"):
        ek.multidimensional_poverty(panel, ek.Deprivations({"q": "q == 2"}))
    with pytest.raises(EstimationError, match="holds text"):
        ek.proportion(panel, "safe_water == 1 and q != 2")
    assert ek.proportion(panel, "q == '2'").values[0] == 0.25


def test_shares_among_the_poor_rest_on_the_poor() -> None:
    rule = ek.guarantees(visits(), missing="not_deprived")
    found = ek.deprivation_contributions(visits(), rule)
    assert found.n.tolist() == [2, 2, 2, 2]


def test_findings_in_columns_of_ones_own() -> None:
    frame = visits().frame.assign(q17=[1, 2, 1, 1])
    rule = ek.guarantees(Panel(frame, county=None, size="size"), findings={"clothing": "q17 == 2"})
    assert rule.names == ("food", "clothing", "medical", "housing", "water")
    assert rule.indicator("clothing").deprived == "q17 == 2"
    with pytest.raises(EstimationError, match="no guarantee shoes"):
        ek.guarantees(visits(), findings={"shoes": "q18 == 2"})


def test_guarantees_that_nothing_shows_are_an_error() -> None:
    with pytest.raises(DataError, match="none of the guarantees"):
        ek.guarantees(ABC)
    with pytest.raises(EstimationError, match="evidence is given for clothing"):
        ek.guarantees(visits(), evidence={"clothing": "x"})


def test_nobody_deprived_still_has_an_upper_limit() -> None:
    """None of 60 households: the exact binomial limit 1 - 0.025^(1/60); within (0, 1) limits stay there."""
    frame = pd.DataFrame({"household": range(60), "wave": 1, "income_pc": 1.0, "a": 0, "b": [1] + [0] * 59})
    none = ek.multidimensional_poverty(Panel(frame, county=None), ek.Deprivations({"a": "a"}))
    limits = none.tidy().set_index("statistic")
    assert limits.loc["H", "conf_high"] == pytest.approx(1 - 0.025 ** (1 / 60))
    assert limits.loc["H", "conf_low"] == 0
    assert np.isnan(limits.loc["A", "estimate"])
    one = ek.multidimensional_poverty(Panel(frame, county=None), ek.Deprivations({"b": "b"})).tidy()
    assert (one["conf_low"][:2] > 0).all()
    assert one["n"].tolist() == [60, 60, 1]
