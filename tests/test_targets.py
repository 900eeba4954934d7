"""Targets: plan against reported against estimated, and exits before or after their time; worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError, PlanError
from evalkit.exits import Stability, exit_timing, milestones, read_targets
from evalkit.panel import Panel
from evalkit.standards import load_standard


def panel(**design: object) -> Panel:
    """Return ten households of four in 2016 and 2017; incomes 3,100 … 4,000 and 1,000 more; five exit in 2017."""
    level = np.arange(3100.0, 4001, 100)
    frame = pd.DataFrame(
        {
            "household": [*range(10)] * 2,
            "wave": [2016] * 10 + [2017] * 10,
            "income_pc": [*level, *(level + 1000)],
            "size": 4,
            "weight": 50.0,
            "exit_year": [np.nan] * 10 + [2017] * 5 + [np.nan] * 5,
            "group": ["target", "other"] * 10,
        }
    )
    return Panel(
        frame, county=None, size="size", lines={2016: 2952.0, 2017: 2952.0}, design=SurveyDesign(**design)
    )  # type: ignore[arg-type]


def one(**changes: object) -> dict[str, object]:
    target = {
        "id": "income",
        "title": {"en": "income per head", "zh": "人均收入"},
        "years": [2017],
        "threshold": 4000,
        "measure": {"kind": "mean"},
        "source": "plan of the county",
    }
    return {"title": "targets", "targets": [{**target, **changes}]}


def test_a_mean_is_judged_by_its_limit_and_the_report_is_held_against_it():
    reported = {2017: {"value": 4900, "source": "yearbook"}}
    found = milestones(one(reported=reported), panel=panel())
    item = found.items[0]
    # mean 4550, variance of the mean of ten: 302.765² / 10
    se = np.std(np.arange(4100, 5001, 100), ddof=1) / np.sqrt(10)
    assert item.verdict is not None
    assert item.verdict.value == 4550
    # all 20 household-waves are one stratum of 10 households: each household is a unit
    assert item.verdict.estimate.std_error[0] == pytest.approx(se)
    assert item.verdict.lower == pytest.approx(4550 - stats.t.ppf(0.95, 9) * se)
    assert item.conclusion == "meets"
    assert item.reported_meets
    high = 4550 + stats.t.ppf(0.975, 9) * se
    assert item.reported_is == ("above" if high < 4900 else "within") == "above"


def test_a_reported_figure_never_decides():
    reported = {2017: {"value": 4600, "source": "yearbook"}}
    found = milestones(one(threshold=4500, reported=reported), panel=panel())
    row = found.tidy().iloc[0]
    assert (row["reported_meets"], row["conclusion"], row["reported_is"]) == (True, "not_shown", "within")
    assert "reported 4,600 (within the limits of the estimate)" in found.explain("en")
    assert "不能判定" in found.explain("zh")
    fails = milestones(one(threshold=5000), panel=panel())
    assert fails.items[0].conclusion == "fails"
    assert fails.tidy()["reported_meets"].isna().all()


def test_who_counts_is_part_of_the_target():
    found = milestones(one(measure={"kind": "mean", "where": "group == 'target'"}), panel=panel())
    assert found.items[0].verdict.value == 4500
    share = {"kind": "share", "condition": "income_pc >= 4500"}
    found = milestones(one(measure=share, threshold=0.9), panel=panel())
    assert found.items[0].verdict.value == pytest.approx(0.6)
    assert found.items[0].conclusion == "fails"


def test_growth_against_the_province_and_against_ones_own_series():
    own = {"kind": "growth_above", "frm": 2016, "values": {2016: 100.0, 2017: 110.0}}
    item = milestones(one(measure=own, threshold=0, strict=True), panel=panel()).items[0]
    assert item.verdict.value == pytest.approx(4550 / 3550 - 1 - 0.1)
    assert item.conclusion == "meets"
    gansu = {"kind": "growth_above", "frm": 2016, "area": "gansu"}
    item = milestones(
        one(measure=gansu, threshold=0), panel=panel(), standard=load_standard("cn-2017")
    ).items[0]
    assert item.verdict.value == pytest.approx(4550 / 3550 - 8076 / 7457)
    yearly = {"kind": "growth_above", "area": "gansu"}
    item = milestones(
        one(measure=yearly, threshold=0), panel=panel(), standard=load_standard("cn-2017")
    ).items[0]
    assert item.verdict.value == pytest.approx(4550 / 3550 - 8076 / 7457)
    with pytest.raises(PlanError, match="needs the standard"):
        milestones(one(measure=gansu), panel=panel())


def test_persons_out_in_the_year_are_a_weighted_total():
    item = milestones(one(measure={"kind": "exits"}, threshold=900), panel=panel(weight="weight")).items[0]
    assert item.verdict.value == 5 * 4 * 50
    assert item.conclusion == "not_shown"  # half of ten households: the standard error is 333
    assert item.verdict.estimate.std_error[0] == pytest.approx(200 * np.sqrt(10 / 9 * 2.5))
    found = milestones(one(measure={"kind": "exits"}, threshold=20), panel=panel(census=True))
    assert "only if the weights expand" in found.notes[0].en
    census = found.items[0]
    assert (census.verdict.value, census.conclusion) == (20, "meets")


def test_what_cannot_be_estimated_is_not_shown_and_says_why():
    assert "no wave 2018" in milestones(one(years=[2018]), panel=panel()).items[0].why.en
    assert "no data" in milestones(one()).items[0].why.en
    stated = milestones(one(measure={"kind": "stated"}), panel=panel())
    assert stated.items[0].conclusion == "not_shown"
    mine = milestones(one(measure={"kind": "stated"}), estimates={"income": {2017: stated_estimate()}})
    assert mine.items[0].conclusion == "meets"


def stated_estimate():
    from evalkit.measures import mean

    return mean(panel().where("wave == 2017"))


def test_gansu_has_its_targets_and_says_that_they_were_not_seen_in_print():
    found = milestones("gansu-2017")
    table = found.tidy()
    assert table.groupby("target", sort=False).size().to_dict() == {
        "poor_area_income": 1,
        "target_household_income": 1,
        "growth_above_province": 3,
        "persons_out": 3,
    }
    assert table.drop_duplicates("target")["threshold"].tolist() == [7000, 4000, 0, 1_000_000]
    assert not table["verified"].any()
    assert "not verified in print" in found.notes[0].en
    given = milestones("gansu-2017", reported={"persons_out": {2016: 1_060_000, 2017: 990_000}})
    assert given.item("persons_out", 2016).reported_meets is True
    assert given.item("persons_out", 2017).reported_meets is False
    assert given.item("persons_out", 2015).reported_meets is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"years": [2017, 2016]}, "ascending"),
        ({"reported": {2015: {"value": 1, "source": "x"}}}, "no years of the target"),
        ({"measure": {"kind": "growth_above", "frm": 2016}}, "one of them"),
        ({"measure": {"kind": "mean", "colum": "x"}}, "colum"),
        ({"threshold": "many"}, "threshold"),
    ],
)
def test_faults_of_the_file_are_told(change, message):
    with pytest.raises(PlanError, match=message):
        read_targets(one(**change))


def test_figures_for_no_target_and_files_that_are_not_there():
    with pytest.raises(PlanError, match="no target of the file"):
        milestones(one(), reported={"incme": {2017: 1}})
    with pytest.raises(PlanError, match="There are gansu-2017"):
        read_targets("gansu")
    with pytest.raises(DataError, match="no target 'income' in 2016"):
        milestones(one()).item("income", 2016)


def followed() -> Panel:
    """Return households by the years in which they are above the line of 3,000 (1) in 2015-2018, and their exits."""
    life = {
        "a": ("0111", 2016),
        "b": ("0011", 2016),
        "c": ("0111", 2018),
        "d": ("0000", 2017),
        "e": ("0?11", 2017),
        "f": ("0011", None),
    }
    rows = [
        {
            "household": name,
            "wave": 2015 + k,
            "income_pc": {"0": 2000.0, "1": 4000.0, "?": np.nan}[mark],
            "exit_year": np.nan if year is None or 2015 + k < year else year,
            "planned": 2017,
        }
        for name, (marks, year) in life.items()
        for k, mark in enumerate(marks)
    ]
    return Panel(pd.DataFrame(rows), county=None, lines=dict.fromkeys(range(2015, 2019), 3000.0))


def test_exits_before_and_after_the_income_was_there():
    found = exit_timing(followed())
    assert dict(zip(found.frame["household"], found.frame["time"], strict=True)) == {
        "a": "on_time",
        "b": "too_early",
        "c": "too_late",
        "d": "too_early",  # never above the line
        "e": "unknown",  # the income of 2016 is missing
    }
    assert found.frame.set_index("household").loc["c", ["predicted", "years"]].tolist() == [2016, 2]
    assert found.overdue.values.tolist() == [["f", 2017]]
    assert found.shares.values.tolist() == [0.5, 0.25, 0.25]
    assert found.shares.n.tolist() == [4, 4, 4]
    assert found.shares.cov.sum() == pytest.approx(0)  # the shares add up to one
    near = exit_timing(followed(), tolerance=1)
    assert near.counts().to_dict() == {"too_early": 1, "on_time": 2, "too_late": 1, "unknown": 1}
    two = exit_timing(followed(), stable=Stability(years=2))
    assert dict(zip(two.frame["household"], two.frame["time"], strict=True)) == {
        "a": "too_early",
        "b": "too_early",
        "c": "too_late",
        "d": "too_early",
        "e": "unknown",
    }


def test_exits_against_a_planned_year():
    found = exit_timing(followed(), predicted="planned")
    assert dict(zip(found.frame["household"], found.frame["years"], strict=True)) == {
        "a": -1,
        "b": -1,
        "c": 1,
        "d": 0,
        "e": 0,
    }
    assert found.counts().to_dict() == {"too_early": 2, "on_time": 2, "too_late": 1, "unknown": 0}
    assert found.overdue.values.tolist() == [["f", 2017]]
    with pytest.raises(DataError, match="no column 'plan'"):
        exit_timing(followed(), predicted="plan")
    frame = followed().frame
    shuffled = exit_timing(
        replace(followed(), frame=frame.sample(frac=1, random_state=3)), predicted="planned"
    )
    pd.testing.assert_frame_equal(shuffled.frame, found.frame)


# --- files of the package --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gansu-2017", "sichuan-2016", "zhaotong"])
def test_no_target_of_the_package_claims_to_have_been_seen_in_print(name):
    file = read_targets(name)
    assert not any(t.verified or t.reported for t in file.targets)
    assert all("not verified in print" in t.source and t.date == "" for t in file.targets)
    assert all(t.title.zh != t.title.en for t in file.targets)


def test_counts_of_sichuan_and_zhaotong():
    sichuan = {t.id: t for t in read_targets("sichuan-2016").targets}
    assert [sichuan[i].threshold for i in ("counties_out", "villages_out", "persons_out")] == [
        5,
        2350,
        1_050_000,
    ]
    channels = [t.threshold for i, t in sichuan.items() if i.startswith("channel_")]
    assert sum(channels) == 6_409_000  # against 3.8 million poor: the channels overlap
    assert (sichuan["medical_share"].threshold, sichuan["medical_share"].direction) == (0.1, "at_most")
    zhaotong = {t.id: t.threshold for t in read_targets("zhaotong").targets}
    assert zhaotong == {
        "industry": 375_700, "industry_share": 0.5, "relocation": 200_000, "ecology": 251_000, "funds": 567_000_000,
    }  # fmt: skip


def test_a_target_without_a_year_is_held_against_nothing_until_years_are_named():
    found = milestones("zhaotong", reported={"relocation": {2018: 210_000}})
    assert found.tidy()["year"].isna().all()
    item = found.item("relocation", None)
    assert (item.conclusion, item.reported_meets) == ("not_shown", None)
    assert "the source gives no year" in item.why.en
    assert "persons relocated, no year: planned at least 200,000 persons; reported none" in found.explain()
    named = milestones(
        "zhaotong", reported={"relocation": {2018: 210_000}}, years={"relocation": [2017, 2018]}
    )
    assert named.tidy().loc[lambda t: t["target"] == "relocation", "year"].tolist() == [2017, 2018]
    assert named.item("relocation", 2018).reported_meets is True
    with pytest.raises(PlanError, match="figures are given for relocated, which is no target"):
        milestones("zhaotong", years={"relocated": [2018]})


def test_a_target_of_each_county_is_judged_county_by_county():
    """Five households of each county: incomes of 2017 are 4,100 … 4,500 in the first, 4,600 … 5,000 in the second."""
    whole = panel()
    frame = whole.frame.assign(county=np.where(whole.frame["household"] < 5, "990101", "990102"))
    asked = one(each="county", threshold=4550)
    found = milestones(asked, panel=replace(whole, frame=frame, county="county"))
    assert [(m.county, m.conclusion) for m in found.items] == [
        ("", "not_shown"), ("990101", "fails"), ("990102", "meets"),
    ]  # fmt: skip
    assert found.item("income", 2017, "990102").verdict.value == 4800
    assert found.tidy()["county"].tolist() == ["", "990101", "990102"]
    assert "income per head (990101), 2017" in found.explain("en")
    with pytest.raises(DataError, match="no target 'income' in 2017 of county 990199"):
        found.item("income", 2017, "990199")
    assert len(milestones(asked, panel=whole)) == 1  # a panel without counties
    with pytest.raises(PlanError, match="each: county needs a measure that the data give"):
        read_targets(one(each="county", measure={"kind": "stated"}))


def test_a_target_that_cannot_be_computed_may_be_left_out_alone():
    two = one(measure={"kind": "share", "condition": "rooms > 3"})
    two["targets"].append({**one()["targets"][0], "id": "second"})  # type: ignore[attr-defined,index]
    with pytest.raises(EstimationError, match="rooms"):
        milestones(two, panel=panel())
    found = milestones(two, panel=panel(), leave_out=True)
    assert [(m.target.id, m.conclusion) for m in found.items] == [
        ("income", "not_shown"),
        ("second", "meets"),
    ]
    assert found.items[0].why.zh == "数据中没有条件'rooms > 3'所需的列'rooms'。"  # type: ignore[union-attr]
