"""County series: drawn tables worked by hand, real aggregate panels, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.countyseries import CountySeries, county_series
from evalkit.errors import DataError, PlanError
from evalkit.impact import att_gt, overall, twfe
from evalkit.ledger import replay
from evalkit.plan import Plan

HEADER = ["县代码", "年度", "农民人均纯收入", "农村居民人均可支配收入"]


def plan_for(**given: object) -> Plan:
    plain: dict[str, object] = {
        "title": "t",
        "data": {"county": {"files": ["*"]}},
        "poverty": {"line": {"kind": "none"}},
        "prices": {"kind": "none"},
    }
    return Plan(**{**plain, **given})


def table(*rows: tuple[object, ...], header: list[str] | None = None) -> pd.DataFrame:
    cells = [[None if c is None else str(c) for c in row] for row in rows]
    return pd.DataFrame(cells, columns=header or HEADER, dtype="str")


def incomes(**plan: object) -> CountySeries:
    """Two counties: net income to 2013, disposable from 2014; the second has disposable income throughout."""
    net = [(2012, 4000), (2013, 4400)]
    disposable = [(2014, 5000), (2015, 5500), (2016, 6050)]
    rows = [("990101", w, v, None) for w, v in net] + [("990101", w, None, v) for w, v in disposable]
    rows += [("990102", w, None, v) for w, v in [(2013, 4000), (2014, 4400), (2015, 4840), (2016, 5808)]]
    return county_series(table(*rows), plan_for(**plan))


# ---- growth and breaks ---------------------------------------------------------------------------------


def test_a_series_breaks_where_disposable_income_takes_over() -> None:
    series = incomes()
    assert series.breaks.to_dict("records") == [
        {
            "series": "rural_income",
            "county": "990101",
            "wave": 2014,
            "wave_before": 2013,
            "concept": "disposable",
            "concept_before": "net",
            "column": "rural_income",
            "column_before": "rural_net_income",
        }
    ]
    assert series.ledger.flags()["rule"].tolist() == ["Y68"]


def test_growth_within_one_concept() -> None:
    found = incomes().growth("rural_income", 2014, 2016)
    assert found.table["growth"].round(12).tolist() == [0.21, 0.32]
    assert found.table["annualised"].round(12).tolist() == [0.1, round(1.32**0.5 - 1, 12)]
    assert not found.table["crosses_break"].any()
    assert found.notes[0].en.startswith("Nominal")


def test_growth_across_a_break_is_refused_with_the_line_that_allows_it() -> None:
    with pytest.raises(DataError) as caught:
        incomes().growth("rural_income", 2013, 2016)
    assert str(caught.value) == (
        "growth of rural_income from 2013 to 2016 crosses a break of the series in 1 of 2 counties (first: 990101, "
        "net → disposable in 2014). Take years on one side, or say why it is meant in the plan: "
        'county_series: {across_break: {rural_income: "reason"}}'
    )


def test_a_stated_reason_allows_it_and_is_printed() -> None:
    plan = {"county_series": {"across_break": {"rural_income": "the office linked both concepts"}}}
    found = incomes(**plan).growth("rural_income", 2013, 2016)
    assert found.table["growth"].round(12).tolist() == [0.375, 0.452]
    assert found.table["crosses_break"].tolist() == [True, False]
    assert found.table["concept_start"].tolist() == ["net", "disposable"]
    assert "In 1 of 2 counties" in found.notes[1].en
    assert found.notes[1].en.endswith("Stated reason: the office linked both concepts")
    again = incomes().growth("rural_income", 2013, 2016, across_break="here only")
    assert again.table["growth"].tolist() == found.table["growth"].tolist()


def test_yearly_growth_is_missing_across_the_break() -> None:
    yearly = incomes().yearly("rural_income")
    first = yearly.loc[yearly["county"] == "990101"]
    assert first["wave"].tolist() == [2012, 2013, 2014, 2015, 2016]
    assert first["growth"].round(12).tolist()[1::2] == [0.1, 0.1]
    assert first["growth"].isna().tolist() == [True, False, True, False, False]
    assert first["crosses_break"].tolist() == [False, False, True, False, False]
    stated = incomes().yearly("rural_income", across_break="meant")
    assert round(float(stated["growth"].iloc[2]), 12) == round(5000 / 4400 - 1, 12)


def test_the_word_in_the_data_goes_before_the_plan_and_the_column() -> None:
    header = ["县代码", "年度", "农村居民人均可支配收入", "收入口径"]
    rows = [
        ("990101", 2012, 4000, "纯收入"),
        ("990101", 2013, 4400, None),
        ("990101", 2014, 5000, "可支配收入"),
    ]
    series = county_series(table(*rows, header=header), plan_for())
    assert series.chain("rural_income")["concept"].tolist() == ["net", "disposable", "disposable"]
    concepts = {"county_series": {"concepts": {"rural_income": {2000: "net", 2014: "disposable"}}}}
    stated = county_series(table(*rows, header=header), plan_for(**concepts))
    assert stated.breaks["wave"].tolist() == [2014]


def test_any_series_breaks_where_the_plan_says() -> None:
    header = ["县代码", "年度", "地区生产总值"]
    frame = table(*[("990101", w, 100 + 10 * i) for i, w in enumerate(range(2010, 2016))], header=header)
    concepts = {"county_series": {"concepts": {"gdp": {2010: "second census", 2013: "third census"}}}}
    with pytest.raises(DataError, match=r"second census → third census in 2013"):
        county_series(frame, plan_for(**concepts)).growth("gdp", 2010, 2015)
    assert (
        round(float(county_series(frame, plan_for()).growth("gdp", 2010, 2015).table["growth"].iloc[0]), 12)
        == 0.5
    )


def test_growth_in_constant_prices() -> None:
    prices = {"prices": {"kind": "table", "index": {2014: 1.0, 2015: 1.02, 2016: 1.1}, "source": "t"}}
    found = incomes(**prices).growth("rural_income", 2014, 2016, real=True)
    assert found.table["growth"].round(12).tolist() == [0.1, 0.2]
    with pytest.raises(DataError, match="no price index for 2014, 2016"):
        incomes().growth("rural_income", 2014, 2016, real=True)


def test_values_that_are_missing_or_open_cases_are_counted_in_notes() -> None:
    header = ["县代码", "年度", "地区生产总值"]
    values = {"990101": [100, 108, 117, 126, 136, 1470], "990102": [50, 55, 60, 66, 72, None]}
    rows = [(c, 2010 + i, v) for c, cells in values.items() for i, v in enumerate(cells)]
    series = county_series(table(*rows, header=header), plan_for())
    assert series.open_cases[["rule", "county", "wave"]].to_numpy().tolist() == [["Y22", "990101", "2015"]]
    found = series.growth("gdp", 2010, 2015)
    assert [n.en for n in found.notes[1:]] == [
        "1 of 2 counties have no growth: a value is missing or not positive.",
        "1 of the values used are open cases (jumps, units, not positive); see open_cases.",
    ]


def test_what_is_not_there_is_named() -> None:
    series = incomes()
    with pytest.raises(DataError, match=r"no series 'gdp'; there are: rural_income, rural_net_income"):
        series.growth("gdp", 2012, 2013)
    with pytest.raises(
        DataError, match=r"no county has rural_income in both 2014 and 2020 .2 have 2014, 0 have 2020"
    ):
        series.growth("rural_income", 2014, 2020)
    with pytest.raises(DataError, match="earlier to a later year"):
        series.growth("rural_income", 2016, 2014)


# ---- cleaning and plans ----------------------------------------------------------------------------------


def test_the_same_cleaning_and_the_same_ledger(tmp_path: Path) -> None:
    path = tmp_path / "counties.csv"
    path.write_text(
        "某省县级统计资料\n县代码,年度,地区生产总值（万元）,年末总人口\n990101,2014年,\"1,234.5\",３０００００\n"
        "990101,2015,1300,301000\n合计,,2534.5,\n990101,2015,1300,301000\n,2016,1400,302000\n",
        encoding="gb18030",
    )  # fmt: skip
    plan = plan_for(data={"raw": ".", "county": {"files": ["*.csv"]}}).at(tmp_path)
    series = county_series(None, plan)
    assert series.frame[["county", "wave", "gdp", "population"]].to_numpy().tolist() == [
        ["990101", 2014, 12345000.0, 300000.0],
        ["990101", 2015, 13000000.0, 301000.0],
    ]
    fate = series.cleaned.rows.iloc[0]
    assert fate[["in", "clean", "quarantined", "merged", "not_data"]].tolist() == [5, 2, 1, 1, 1]
    assert len(series.quarantine) == 1
    again = replay(series.cleaned.raw, series.ledger)
    assert again["gdp"].tolist() == ["12345000", "13000000"]
    assert ek.county_series(path, plan).frame.equals(series.frame)


def test_retired_codes_are_one_county(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text(
        "code,name,level,start,end,successors\n990121,东山县,county,1981,2015,990103\n990103,东山区,county,2015,,\n",
        encoding="utf-8",
    )
    frame = table(("990121", 2014, 100), ("990103", 2015, 110), header=["县代码", "年度", "地区生产总值"])
    plan = plan_for(divisions={"kind": "table", "file": "codes.csv"}).at(tmp_path)
    series = county_series(frame, plan)
    assert series.counties == ["990103"]
    assert round(float(series.growth("gdp", 2014, 2015).table["growth"].iloc[0]), 12) == 0.1


def test_a_plan_needs_households_or_county_series() -> None:
    with pytest.raises(ValueError, match="names no files of a household table"):
        plan_for(data={"raw": "."})
    assert list(plan_for().data.tables()) == ["county"]


def test_a_build_without_households_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text("县代码,年度,地区生产总值\n990101,2014,100\n", encoding="utf-8")
    plan = plan_for(data={"raw": "raw", "county": {"files": ["a.csv"]}}).at(tmp_path)
    with pytest.raises(PlanError, match=r"no household table.*county_series"):
        ek.build(plan)


def test_reasons_must_be_given() -> None:
    with pytest.raises(ValueError, match="rural_income has no reason"):
        plan_for(county_series={"across_break": {"rural_income": " "}})


def test_a_table_without_county_codes_is_refused() -> None:
    with pytest.raises(DataError, match=r"no column of county codes.*plan.data.county.columns"):
        county_series(table((2014, 5), header=["年度", "地区生产总值"]), plan_for())


# ---- panels ------------------------------------------------------------------------------------------------


def test_the_panel_refuses_growth_across_the_break_too() -> None:
    header = ["县代码", "年度", "农民人均纯收入", "农村居民人均可支配收入"]
    rows = [("990101", 2013, 4000, None), ("990101", 2014, None, 5000), ("990102", 2013, 3000, None), ("990102", 2014, None, 3600)]  # fmt: skip
    panel = county_series(table(*rows, header=header), plan_for()).panel()
    assert panel.concept == {2013: "net", 2014: "disposable"}
    assert panel.frame["welfare"].tolist() == [4000, 5000, 3000, 3600]
    assert ek.mean(panel, "welfare", by="wave").values.tolist() == [3500, 4300]
    with pytest.raises(ek.EvalkitError, match="concept"):
        ek.growth(panel, frm=2013, to=2014)


def test_counties_of_two_concepts_in_one_year_are_no_panel() -> None:
    with pytest.raises(DataError, match=r"different concepts of rural_income in 1 years .first: 2013"):
        incomes().panel()


def kept(shared_data: Path, name: str, columns: dict[str, str], keep: list[str]) -> CountySeries:
    data = {"raw": "did", "county": {"files": [name], "columns": columns, "keep": keep}}
    return county_series(None, plan_for(data=data).at(shared_data))


def test_county_employment_gives_the_published_group_time_effects(shared_data: Path) -> None:
    """mpdta (R did 2.1): simple aggregate −0.0399513, group −0.0310183, over 500 counties and five years."""
    series = kept(
        shared_data, "mpdta.csv", {"county": "countyreal", "wave": "year"}, ["lemp", "lpop", "first.treat"]
    )
    assert (len(series.counties), series.waves) == (500, [2003, 2004, 2005, 2006, 2007])
    panel = series.panel("lemp")
    effects = att_gt(panel, outcome="welfare", cohort="first.treat", method="reg")
    assert overall(effects, "simple").values[0] == pytest.approx(-0.0399513, abs=5e-8)
    assert overall(effects, "cohort").values[0] == pytest.approx(-0.0310183, abs=5e-8)


def test_state_series_give_the_published_fixed_effects(shared_data: Path) -> None:
    """Castle doctrine: unweighted two-way fixed effects .0818 (.0618) on the log of homicides.

    The printed error counts the 49 state effects among the parameters (550 - 61 against 550 - 12).
    """
    series = kept(shared_data, "castle.csv", {"county": "state", "wave": "year"}, ["homicide", "cdl"])
    panel = series.panel("homicide")
    law = panel.frame.assign(
        lhomicide=np.log(panel.frame["welfare"]), law=(panel.frame["cdl"] > 0).astype(int)
    )
    effect = twfe(replace(panel, frame=law), outcome="lhomicide", treatment="law", cluster="county")
    assert round(float(effect.values[0]), 4) == 0.0818
    assert round(float(np.sqrt(effect.cov[0, 0] * (550 - 12) / (550 - 61))), 4) == 0.0618


def test_a_real_aggregate_series_keeps_its_numbers(shared_data: Path) -> None:
    """Basque country: yearly growth of GDP per head by region, against pandas on the file itself."""
    series = kept(shared_data, "basque.csv", {"county": "regionno", "wave": "year", "gdp": "gdpcap"}, [])
    raw = pd.read_csv(shared_data / "did" / "basque.csv").sort_values(["regionno", "year"])
    wide = raw.pivot_table(index="regionno", columns="year", values="gdpcap")
    found = series.growth("gdp", 1960, 1990).table.set_index("county")["growth"]
    plain = (wide[1990] / wide[1960] - 1).rename(index=str)
    assert found.to_dict() == pytest.approx(plain.to_dict(), rel=1e-14)
    assert len(series.yearly("gdp")) == len(raw.dropna(subset="gdpcap"))
