"""The table of stated figures: how it is read, what it refuses, and what the levels of a county and a province make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import report_case
import standing_case as made
from evalkit import simulate
from evalkit.errors import DataError, PlanError
from evalkit.exits import read_stated, roll_up_years
from evalkit.pipeline.gathered import County, Gathered
from evalkit.pipeline.owed_and_earned import gather_owed_and_earned
from evalkit.pipeline.papers import read_papers
from evalkit.pipeline.planned import PlanHits, plan_hits
from evalkit.pipeline.results import CountyCase
from evalkit.pipeline.rolling import gather_roll_up
from evalkit.pipeline.upper_levels import upper_levels
from evalkit.plan import Plan
from evalkit.planfile import load_plan
from evalkit.report.document import Block, Prose, Suppressed, Table
from evalkit.report.sections.owed_and_earned import COLLECTIVE, DEBT, collective_blocks, debt_blocks
from evalkit.report.sections.planned_exits import hits_blocks
from evalkit.report.sections.stated_sums import ROLL_UP, roll_up_blocks
from evalkit.text import Text

HEAD = "层级,代码,县代码,年度,户数,人口数,未脱贫人口数\n"


def stated_in(folder: Path, text: str, name: str = "stated.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="gb18030")
    return path


# ---- reading ----------------------------------------------------------------------------------------


def test_levels_are_read_by_word_or_by_code(tmp_path: Path) -> None:
    """Codes of upper levels may end in zeros; totals and signatures are passed over, a blank is no figure."""
    text = (
        "各级建档立卡情况上报表\n层级,代码,名称,年度,户数,未脱贫人口数\n省,990000,某省,2020年,40,\n,9901,某市,2020,40,9\n"
        '县,990121000000,某县,2020,"1,040",９\n乡镇,990121100,某乡,2020,40,9\n,990121100200,某村,2020,40,9\n合计,,,,1200,\n填表人：某某,,,,,\n'
    )
    found = read_stated(stated_in(tmp_path, text))
    rows = found.frame.set_index("level")
    assert rows["unit"].to_dict() == {
        "county": "990121", "prefecture": "9901", "province": "99", "township": "990121100", "village": "990121100200",
    }  # fmt: skip
    assert (rows.loc["county", "households"], rows.loc["county", "registered_persons"]) == (1040, 9)
    assert np.isnan(rows.loc["province", "registered_persons"])
    assert rows.loc["village", ["county", "prefecture", "province"]].tolist() == ["990121", "9901", "99"]
    assert found.figures == ("households", "registered_persons")
    assert not found.planned
    assert found.of_county("990121").frame["level"].tolist() == ["county", "township", "village"]


def test_units_without_division_codes_name_their_county(tmp_path: Path) -> None:
    """A township by its name, a village by a number that repeats in every county: as cleaning writes it (county-number)."""
    found = read_stated(stated_in(tmp_path, HEAD + "乡镇,东乡,N1,2020,5,,\n村,7,N1,2020,5,,\n"))
    assert found.frame[["unit", "county"]].to_numpy().tolist() == [["东乡", "N1"], ["N1-7", "N1"]]
    assert found.frame["province"].isna().all()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("县,990121,,2020,-1,,\n", "1 have a registry_households that is negative or no whole number (first: stated.csv, row 2)"),
        ("县,990121,,2020,1.5,,\n", "negative or no whole number"),
        ("县,990121,,2020,约十户,,\n", "1 have a registry_households that is no number"),
        ("厅,990121,,2020,1,,\n", "have a level that is none of village, township, county, prefecture, province"),
        ("县,,,2020,1,,\n", "1 have no code of the unit"),
        ("县,990121,,20,1,,\n", "1 have no year of four digits"),
        ("村,7,,2020,1,,\n", "villages or townships of no known county"),
        ("县,990121,,2020,1,,\n县,990121,,2020,2,,\n", "1 units have two stated figures for one year (first: county 990121, 2020, rows 2 and 3"),
        ("县,990121,,2020,1,,\n县,990121,,2020,1,5,\n", "two stated figures"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_followed_are_refused(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(DataError) as raised:
        read_stated(stated_in(tmp_path, HEAD + rows))
    assert said in str(raised.value)


def test_all_faults_are_named_at_once_and_the_same_said_twice_is_none(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"of 2 rows .* 1 have no year of four digits .*; 1 have a registry_persons that is no number",
    ):
        read_stated(
            stated_in(
                tmp_path,
                HEAD.replace("人口数,未", "建档立卡人口数,未")
                + "县,990121,,x,1,,\n县,990122,,2020,1,many,\n",
            )
        )
    twice = "县,990121,,2020,1,4,\n县,990121,,2020,1,4,\n"
    assert len(read_stated(stated_in(tmp_path, HEAD + twice))) == 1
    with pytest.raises(DataError, match=r"lacks wave \(年度\)"):
        read_stated(stated_in(tmp_path, "层级,代码,户数\n县,990121,1\n"))


def test_years_and_figures_that_only_one_level_states_are_not_compared() -> None:
    villages = pd.DataFrame(
        {
            "village": ["a", "b"] * 2,
            "county": "990101",
            "wave": [2019, 2019, 2020, 2020],
            "persons": [1, 2, 3, np.nan],
        }
    )
    counties = pd.DataFrame(
        {"county": "990101", "wave": [2018, 2019, 2020], "persons": [9, 4, 3], "households": 1}
    )
    found = roll_up_years({"village": villages, "county": counties}, ["households", "persons"]).frame
    assert found[["wave", "figure", "stated", "summed", "verdict"]].to_numpy().tolist() == [
        [2019, "persons", 4, 3, "differs"],
        [2020, "persons", 3, 3, "incomplete"],
    ]
    with pytest.raises(DataError, match="none of households is stated for one year at two levels"):
        roll_up_years({"village": villages, "county": counties}, ["households"])


# ---- one county -------------------------------------------------------------------------------------

VILLAGES = ("990101100200", "990101101200")
LEVELS = (
    HEAD
    + (
        "村,990101100200,,2020,12,24,2\n村,990101101200,,2020,12,24,\n村,990101101201,,2020,7,20,\n"  # the third is not in the data
        "乡镇,990101100,,2020,12,24,2\n乡镇,990101101,,2020,20,44,2\n乡镇,990101199,,2020,3,9,1\n"
        "县,990101,,2020,35,77,5\n县,990101,,2019,31,68,\n"
    )
)


def coded() -> pd.DataFrame:
    """Return the households of the two villages under division codes of twelve digits, in two townships."""
    frame = made.households()
    frame["village"] = frame["village"].map(dict(zip(made.VILLAGES, VILLAGES, strict=True)))
    return frame


Part = Callable[[Gathered, County], None]


def gathered(plan: Plan, part: Part, frame: pd.DataFrame | None = None, **tables: pd.DataFrame) -> Gathered:
    """Return what one part makes of the small county."""
    out = Gathered()
    panel = made.panel_of(coded() if frame is None else frame)
    here = County(made.COUNTY, panel, tables, plan, plan.rule_pack())
    part(out, here)
    return out


def case_of(plan: Plan, out: Gathered, minimum_cell: int = 3) -> CountyCase:
    """Return the case that report sections read."""
    facts = {"accounts": {**out.facts, "notes": out.notes}}
    own = {"tables": out.tables, "estimates": out.estimates, "facts": facts, "omitted": out.omitted}
    result = replace(report_case.county_result(made.COUNTY), **own)
    least = plan.disclosure.model_copy(update={"minimum_cell": minimum_cell})
    return CountyCase(plan.model_copy(update={"disclosure": least}), result, report_case.pooled_result())


def table(blocks: Sequence[Block], title: str) -> Table:
    return next(b for b in blocks if isinstance(b, Table) and b.title.en == title)


def test_a_county_is_rolled_up_from_households_to_townships(tmp_path: Path) -> None:
    """Households reconcile with both villages; 101 states 20 for 12 + 7; 199 has no village; the county states the townships' sum."""
    plan = made.plan_in(tmp_path, stated=LEVELS)
    out = gathered(plan, gather_roll_up)
    found = out.tables["roll_up_mismatches"]
    rows = found[found["figure"] == "households"]
    assert rows[["level", "unit", "wave", "below", "stated", "verdict", "n"]].to_numpy().tolist() == [
        ["township", "990101101", 2020, "village", 20, "differs", 12],
        ["township", "990101199", 2020, "village", 3, "no_parts", 3],
    ]
    assert rows["summed"].iloc[0] == 19
    blanks = found[(found["figure"] == "registered_persons") & (found["level"] == "township")].set_index(
        "unit"
    )
    assert blanks["verdict"].to_dict() == {"990101101": "incomplete", "990101199": "no_parts"}
    counts = out.tables["roll_up"].set_index(["level", "below", "figure"])
    assert counts.loc[("village", "household", "households"), ["agrees", "differs", "no_parts"]].tolist() == [
        2,
        0,
        0,
    ]
    assert counts.loc[("county", "township", "persons"), ["agrees", "differs"]].tolist() == [1, 0]
    assert out.facts["roll_up"] == {
        "years": [2020], "complete": "village", "stated": True, "levels": ["village", "township", "county"],
    }  # fmt: skip
    title = "Figures that do not add up"
    listed = table(roll_up_blocks(case_of(plan, out)), title).rows
    assert [(r[0].en, r[1], r[2], r[3].en, r[4].en, *r[5:]) for r in listed] == [  # type: ignore[union-attr]
        ("Township", "990101101", 2020, "households", "villages", 20, 19, 1)
    ]
    lost = table(roll_up_blocks(case_of(plan, out)), "Stated figures that could not be compared").rows
    assert [(r[1], r[2].en, r[3].en, r[4], r[5]) for r in lost if r[1] == "990101199"] == [  # type: ignore[union-attr]
        ("990101199", "villages", "stated, but the level below has no record", "2020", 3)
    ]
    few = table(roll_up_blocks(case_of(plan, out, 13)), title).rows[0]
    assert {type(c) for c in few[5:]} == {Suppressed}


def test_stated_figures_of_all_villages_add_up_where_the_households_are_a_sample(tmp_path: Path) -> None:
    plan = made.plan_in(tmp_path, stated=LEVELS)
    asked = plan.accounts.model_copy(update={"complete": None})
    out = gathered(plan.model_copy(update={"accounts": asked}), gather_roll_up)
    assert set(out.tables["roll_up"]["below"]) == {"village", "township"}
    assert set(out.tables["roll_up"]["level"]) == {"township", "county"}
    notes = table(roll_up_blocks(case_of(plan, out)), ROLL_UP.en).notes
    assert any("households are not added up" in n.en for n in notes)


def test_two_tables_that_state_one_figure_differently_are_both_printed(tmp_path: Path) -> None:
    villages = made.villages().assign(village=VILLAGES, registered_persons=[2, 5])
    text = LEVELS.replace("村,990101101200,,2020,12,24,\n", "村,990101101200,,2020,12,24,3\n")
    out = gathered(made.plan_in(tmp_path, stated=text), gather_roll_up, village=villages)
    found = out.tables["roll_up_mismatches"]
    twice = found[found["below"] == "village_table"]
    assert twice[
        ["level", "unit", "wave", "figure", "stated", "summed", "difference"]
    ].to_numpy().tolist() == [["village", VILLAGES[1], 2020, "registered_persons", 3, 5, -2]]
    assert "roll_up_village_table_registered_persons" in set(out.problem_table()["item"])


def test_townships_by_name_are_found_by_the_villages_of_the_data(tmp_path: Path) -> None:
    plan = made.plan_in(tmp_path, stated=HEAD + "乡镇,东乡,990101,2020,12,,\n村,990101100200,,2020,11,,\n")
    frame = coded().assign(township=lambda f: f["village"].map({VILLAGES[0]: "东乡", VILLAGES[1]: "西乡"}))
    rows = gathered(plan, gather_roll_up, frame).tables["roll_up_mismatches"]
    below = rows.loc[rows["verdict"] == "differs", ["unit", "stated", "summed"]].tail(1)
    assert below.to_numpy().tolist() == [["990101100", 12, 11]]


def test_villages_of_unknown_townships_leave_townships_out(tmp_path: Path) -> None:
    """Codes of nine digits say no township and no table names one: the county is held against its villages."""
    text = (
        HEAD
        + "村,990101001,990101,2020,12,,\n村,990101002,990101,2020,12,,\n乡镇,东乡,990101,2020,24,,\n县,990101,,2020,25,,\n"
    )
    out = gathered(made.plan_in(tmp_path, stated=text), gather_roll_up, made.households())
    rows = out.tables["roll_up_mismatches"]
    assert rows[["level", "below", "stated", "summed"]].to_numpy().tolist() == [["county", "village", 25, 24]]
    assert any("townships are not compared" in n["en"] for n in out.notes["roll_up"])


def test_a_unit_that_states_nothing_leaves_the_sum_open(tmp_path: Path) -> None:
    """The second village is in the data and not in the table, the second township has a village and no row: no sum is made of the rest."""
    text = HEAD + "村,990101100200,,2020,12,,\n乡镇,990101100,,2020,12,,\n县,990101,,2020,24,,\n"
    rows = gathered(made.plan_in(tmp_path, stated=text), gather_roll_up).tables["roll_up_mismatches"]
    rows = rows[rows["figure"] == "households"].set_index("level")
    assert rows.loc["county", ["stated", "blank", "verdict"]].tolist() == [24, 1, "incomplete"]
    assert rows.loc["township", ["unit", "verdict"]].tolist() == ["990101101", "not_stated"]
    assert rows.loc["village", ["unit", "summed", "verdict"]].tolist() == [VILLAGES[1], 12, "not_stated"]


def test_a_mismatch_of_each_township_stands_in_the_lists(tmp_path: Path) -> None:
    text = LEVELS.replace("乡镇,990101100,,2020,12", "乡镇,990101100,,2020,15")
    problems = gathered(made.plan_in(tmp_path, stated=text), gather_roll_up).problem_table()
    row = problems[problems["item"] == "roll_up_township_households"]
    assert row["evidence"].tolist() == ["990101100: 15 / 12; 990101101: 20 / 19"]
    assert row["wave"].tolist() == ["2020"]
    # 15 + 20 + 3 stated below, 35 by the county
    assert problems.loc[problems["item"] == "roll_up_households", "evidence"].tolist() == ["35 / 38"]


# ---- debt, collectives, plans -----------------------------------------------------------------------

STRICT = (
    "  housing: {limits: {strict: {value: 2.5, source: Notice 9}, loose: {value: 3, source: Notice 9}}}\n"
)


def test_debt_for_housing_is_held_against_the_limit_of_the_plan(tmp_path: Path) -> None:
    """Numbers 1-4 of each village owe 30,000 yuan on 10,000 of income: above 2.5 times, not above 3 times."""
    plan = made.plan_in(tmp_path, STRICT)
    out = gathered(plan, gather_owed_and_earned)
    found = out.tables["housing_debt"].set_index("share")
    assert found["with"].to_dict() == {"any_debt": 8, "strict": 8, "loose": 0}
    assert found["without"].to_dict() == {"any_debt": 16, "strict": 16, "loose": 24}
    assert out.estimates["housing_debt"].where(share="strict").values[0] == pytest.approx(8 / 24)
    problems = out.problem_table()
    assert problems["item"].tolist() == ["housing_debt_strict"] * 8
    assert problems["evidence"].unique().tolist() == ["30000 / 10000"]
    blocks = debt_blocks(case_of(plan, out))
    rows = {r[0].en: r[1:3] for r in table(blocks, DEBT.en).rows}  # type: ignore[union-attr]
    assert rows == {"Any such debt": (8, 16), "Above: strict": (8, 16), "Above: loose": (0, 24)}
    said = next(b for b in blocks if isinstance(b, Prose) and b.numbers)
    assert {n.name: n.value for n in said.numbers} == {
        "wave": 2020, "debt": 30_000, "ratio": 3,
    }  # fmt: skip
    few = debt_blocks(case_of(plan, out, 10))
    assert {type(c) for c in table(few, DEBT.en).rows[0][1:]} == {Suppressed}
    assert not any(isinstance(b, Prose) and b.numbers for b in few)


def test_debt_that_cannot_be_counted_says_why(tmp_path: Path) -> None:
    plan = made.plan_in(tmp_path)
    bad = gathered(plan, gather_owed_and_earned, coded().assign(housing_debt=-1.0))
    assert "negative" in bad.omitted["housing_debt"].en
    blank = gathered(plan, gather_owed_and_earned, coded().assign(housing_debt=np.nan))
    assert blank.omitted["housing_debt"].zh == "户表中没有2020年的因房负债数据（因房负债）。"
    with pytest.raises(PlanError, match="source"):
        made.plan_in(tmp_path, STRICT.replace("Notice 9", "' '"))


def test_collective_income_with_and_without_subsidies(tmp_path: Path) -> None:
    villages = made.villages().assign(
        collective_subsidy=[9_000.0, 1_000.0], collective_lease=[1_000.0, 29_000.0]
    )
    plan = made.plan_in(tmp_path)
    asked = plan.accounts.village.model_copy(update={"limits": {"collective_income": 10_000}})
    plan = plan.model_copy(update={"accounts": plan.accounts.model_copy(update={"village": asked})})
    out = gathered(plan, gather_owed_and_earned, village=villages)
    row = out.tables["collective_income"].iloc[0]
    figures = ["villages", "known", "none", "meets", "fails", "earned_meets", "earned_fails"]
    assert row[figures].tolist() == [2, 2, 0, 2, 0, 1, 1]
    blocks = collective_blocks(case_of(plan, out))
    rows = table(blocks, "Collective income against the figure of the rules").rows
    assert [(r[0].en, *r[1:]) for r in rows] == [("All income", 2, 0, 0), ("Without subsidies", 1, 1, 0)]  # type: ignore[union-attr]
    assert table(blocks, "Where collective income comes from").rows[0] == (
        pytest.approx(30 / 40),
        pytest.approx(10 / 40),
    )
    # a table of years; without parts, amounts alone; without a village table, the reason
    years = pd.concat([made.villages().assign(wave=w) for w in (2019, 2020)])
    plain = gathered(made.plan_in(tmp_path), gather_owed_and_earned, village=years)
    assert plain.facts["collective_income"] == {"limit": None, "parts": []}
    assert [r[0] for r in table(collective_blocks(case_of(plan, plain)), COLLECTIVE.en).rows] == [2019, 2020]
    none = gathered(plan, gather_owed_and_earned)
    assert "no village table" in none.omitted["collective_income"].en


def test_exits_that_equal_their_plans_more_often_than_chance(tmp_path: Path) -> None:
    """Twelve villages of 40 households plan 10 to 20 exits; each hits its plan with probability .13 or so by chance."""
    rows = [f"村,9901011002{i:02d},,2020,{10 + i % 11},{10 + i % 11},40\n" for i in range(12)]
    head = "层级,代码,县代码,年度,当年脱贫户数,计划脱贫户数,年初未脱贫户数\n"
    plan = report_case.plan_in(tmp_path)
    found = plan_hits(read_stated(stated_in(tmp_path, head + "".join(rows))), plan, ("village", "county"))
    assert isinstance(found, PlanHits)
    assert (found.level, found.flagged, len(found.table)) == ("village", True, 1)
    assert found.whole[["units", "planned", "actual", "equal"]].tolist() == [12, 175, 175, 12]
    assert found.whole["expected"] == pytest.approx(1.6, abs=0.2)
    near = [r.replace(f",{10 + i % 11},40", f",{11 + i % 11},40") for i, r in enumerate(rows)]
    chance = plan_hits(read_stated(stated_in(tmp_path, head + "".join(near))), plan, ("village",))
    assert isinstance(chance, PlanHits)
    assert (chance.flagged, chance.whole["equal"]) == (False, 0)
    # a plan of nobody and one beyond the households left are left out and counted; without exits the reason is said
    odd = head + "".join(rows) + "村,990101100299,,2020,0,0,40\n村,990101100298,,2020,5,50,40\n"
    notes = [n.en for n in plan_hits(read_stated(stated_in(tmp_path, odd)), plan, ("village",)).notes]  # type: ignore[union-attr]
    assert "1 plans of no household are left out" in notes
    assert any(n.startswith("1 plans of more households") for n in notes)
    blank = plan_hits(
        read_stated(stated_in(tmp_path, head + "村,990101100299,,2020,,5,40\n")), plan, ("village",)
    )
    assert isinstance(blank, Text)
    years = pd.DataFrame(
        {
            "year": [2019, 2020, 0],
            "units": [3, 2, 5],
            "planned": [40, 6, 46],
            "actual": [40, 5, 45],
            "equal": 1,
            "expected": 1.0,
            "p_value": 0.5,
        }
    )
    hidden = hits_blocks(years, "village", 10, (), flagged=False)[-1]
    # 5 exits of 2020 are withheld, and 2019 with them: the total would give them away
    assert [type(r[3]) for r in hidden.rows] == [Suppressed, Suppressed, float]  # type: ignore[union-attr]
    blocks = hits_blocks(found.table.assign(actual=4), "village", 10, (), flagged=True)
    assert [type(b).__name__ for b in blocks] == ["Table"]
    assert {type(c) for c in blocks[0].rows[0][1:]} == {Suppressed}  # type: ignore[union-attr]


# ---- the levels above -------------------------------------------------------------------------------

ABOVE = (
    "层级,代码,年度,户数,当年脱贫户数,计划脱贫户数\n县,990101,2020,10,3,3\n县,990102,2020,20,5,6\n县,990201,2020,30,7,7\n"
    "市,990100,2020,30,8,9\n市,990200,2020,31,,\n省,990000,2020,61,15,\n"
)


def plan_with(folder: Path, text: str) -> Plan:
    plan = made.plan_in(folder, stated=text)
    return plan.model_copy(update={"standard": None})


def test_counties_are_held_against_prefectures_and_the_province(tmp_path: Path) -> None:
    found = upper_levels(plan_with(tmp_path, ABOVE), {"990101": {}, "990102": {}, "990201": {}}, [])
    counts = found.counts.set_index(["level", "figure"])[["agrees", "differs", "not_stated", "incomplete"]]
    assert counts.loc[("prefecture", "households")].tolist() == [1, 1, 0, 0]
    assert counts.loc[("province", "households")].tolist() == [1, 0, 0, 0]
    # the second prefecture states no exits: the province's cannot be added up from prefectures
    assert counts.loc[("prefecture", "exit_households")].tolist() == [1, 0, 1, 0]
    assert counts.loc[("province", "exit_households")].tolist() == [0, 0, 0, 1]
    wrong = found.mismatches[found.mismatches["verdict"] == "differs"]
    assert wrong[["unit", "stated", "summed", "n"]].to_numpy().tolist() == [["9902", 31, 30, 30]]
    assert (found.why, found.lacking, found.counties) == (None, (), 0)
    assert isinstance(found.planned, PlanHits)
    assert found.planned.whole[["units", "equal"]].tolist() == [3, 2]


def test_a_prefecture_that_states_nothing_leaves_the_province_open(tmp_path: Path) -> None:
    text = "".join(line + "\n" for line in ABOVE.split("\n") if not line.startswith("市,990200"))
    found = upper_levels(plan_with(tmp_path, text), {"990101": {}, "990102": {}, "990201": {}}, []).mismatches
    assert found.loc[found["figure"] == "households", ["unit", "verdict"]].to_numpy().tolist() == [
        ["9902", "not_stated"],
        ["99", "incomplete"],
    ]


def test_a_county_of_the_build_that_states_nothing_leaves_its_prefecture_open(tmp_path: Path) -> None:
    found = upper_levels(plan_with(tmp_path, ABOVE), {"990101": {}, "990103": {}}, ["990202"])
    assert found.lacking == ("990103", "990202")
    assert set(found.mismatches.loc[found.mismatches["level"] == "prefecture", "verdict"]) == {
        "incomplete",
        "not_stated",
    }
    alone = upper_levels(
        plan_with(tmp_path, ABOVE.replace("市", "县").replace("省", "县")[:60]), {"990101": {}}, []
    )
    assert alone.why is not None
    assert "two of the levels" in alone.why.en
    nothing = upper_levels(report_case.plan_in(tmp_path), {"990101": {}}, [])
    assert nothing.why is not None
    assert "names no table of stated figures" in nothing.why.en
    assert isinstance(nothing.planned, Text)


# ---- the synthetic statements -----------------------------------------------------------------------


def test_the_synthetic_statements_are_sums_but_for_what_the_truth_lists() -> None:
    registry = simulate.registry(seed=3, counties=3, scale=0.05)
    people, stated = registry.truth.population, registry.stated
    villages = stated[stated["stated_level"] == "村"].set_index(["stated_unit", "wave"])
    counted = people.groupby(["village", "wave"])["size"].agg(["size", "sum"]).loc[villages.index]
    assert (villages["registry_households"] == counted["size"]).all()
    assert (villages["registry_persons"] == counted["sum"]).all()
    wrong = registry.truth.misstated.set_index(["kind", "level"])
    digits = {"乡镇": (9, "村"), "县": (6, "乡镇"), "市": (4, "县"), "省": (2, "市")}
    off = []
    for level, (n, below) in digits.items():
        high, low = stated[stated["stated_level"] == level], stated[stated["stated_level"] == below]
        sums = low.groupby([low["stated_unit"].str[:n], "wave"])[
            ["registry_households", "exited_persons", "planned_exits"]
        ].sum()
        own = high.set_index(["stated_unit", "wave"])[
            ["registry_households", "exited_persons", "planned_exits"]
        ]
        gap = (own - sums.reindex(own.index)).dropna()
        off += [
            (level, *at, *row) for at, row in zip(gap.index, gap.to_numpy().tolist(), strict=True) if any(row)
        ]
    assert off == [
        ("乡镇", wrong.loc[("misstated", "township"), "unit"], 2020, 0, 12, 0),
        ("市", wrong.loc[("misstated", "prefecture"), "unit"], 2020, 0, 150, 0),
    ]
    county = wrong.loc[("on_plan", "county"), "unit"]
    own = stated[
        (stated["stated_level"] == "村")
        & stated["stated_unit"].str.startswith(county)
        & (stated["exit_households"] > 0)
    ]
    assert (own["planned_exits"] == own["exit_households"]).all()
    assert (
        (villages["planned_exits"] != villages["exit_households"]) & (villages["exit_households"] > 0)
    ).any()


def test_a_faulty_table_stops_a_build_before_it_begins(tmp_path: Path) -> None:
    plan = plan_with(tmp_path, HEAD + "县,990101,,2020,-4,,\n")
    with pytest.raises(DataError, match="negative or no whole number"):
        read_papers(plan)
    path = tmp_path / "plan.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "[stated.csv]}", "[stated.csv], columns: {household: 户数}}"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="is no field of a stated table"):
        load_plan(path)
