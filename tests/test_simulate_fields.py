"""The whole field list: every table carries it, and what it says hangs together, wave by wave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit import idnumber, schema, simulate
from evalkit.errors import DataError
from evalkit.simulate.changes import KINDS
from evalkit.simulate.errors.framework import FRAMES
from evalkit.simulate.work import TYPICAL_WAGE

ABLE = ["普通劳动力", "技能劳动力"]
NOT_AT_SCHOOL = ["非在校生", "学龄前儿童"]


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticRegistry:
    return simulate.registry(scale=0.1, rosters="all", changes=0.08)


@pytest.fixture(scope="module")
def last() -> simulate.SyntheticRegistry:
    return simulate.registry(scale=0.1)


def per_household(values: pd.Series, members: pd.DataFrame) -> pd.Series:
    return values.groupby([members["household"], members["wave"]]).sum()


def keyed(households: pd.DataFrame, column: str) -> pd.Series:
    return households.set_index(["household", "wave"])[column]


@pytest.mark.parametrize("table", ["household", "member", "program", "village", "survey", "totals"])
def test_every_field_of_the_codebook_is_there(made: simulate.SyntheticRegistry, table: schema.Table) -> None:
    frame = getattr(made, FRAMES[table])
    # these belong to surveys, to years (rosters, villages) and to units above the table's own
    elsewhere = {
        "member": {"group"}, "program": {"group", "wave"}, "survey": {"group", "size"},
        "village": {
            "wave", "exited_in_year", "returned_in_year", "identified_in_year", "registered_persons", "exited_persons",
        },
        "totals": {"township", "village", "village_name", "province", "prefecture"},
    }  # fmt: skip
    missing = {f.name for f in schema.fields_of(table) if f.name != "county_at_issue"}
    missing -= set(frame.columns) | elsewhere.get(table, set())
    assert not missing
    empty = [c for c in frame.columns if frame[c].isna().all() and c not in ("risk_3", "risk_4", "risk_5")]
    assert not empty  # third to fifth risks are rare: not in every registry this small
    assert not frame.duplicated(list(schema.KEYS[table])).any()


def test_options_leave_the_default_registry_alone(last: simulate.SyntheticRegistry) -> None:
    every = simulate.registry(scale=0.1, rosters="all")
    for name in ("households", "programs", "villages", "survey", "totals"):
        pd.testing.assert_frame_equal(getattr(every, name), getattr(last, name))
    now = every.members.query("wave == 2020").reset_index(drop=True)
    pd.testing.assert_frame_equal(now, last.members)
    assert len(last.truth.changes) == 0


# members and their household


@pytest.mark.parametrize("column", ["size", "labourers", "pupils", "ill_members"])
def test_rosters_add_up_to_the_household_in_every_wave(made: simulate.SyntheticRegistry, column: str) -> None:
    m, h = made.members, made.households
    flags = {
        "size": m["person"].notna(),
        "labourers": m["labour"].isin(ABLE),
        "pupils": ~m["student"].isin(NOT_AT_SCHOOL),
        "ill_members": m["health"] != "健康",
    }[column]
    counted = per_household(flags, m)
    assert len(counted) == len(h)
    assert (counted.reindex(keyed(h, column).index) == keyed(h, column)).all()


def test_months_times_wages_are_the_households_wages(made: simulate.SyntheticRegistry) -> None:
    m, h = made.members, made.households
    earned = per_household(m["work_months"] * m["monthly_wage"], m).reindex(keyed(h, "size").index)
    np.testing.assert_allclose(earned, keyed(h, "wage_income"), atol=0.005 * 12 * 8)
    works = m["work_months"] > 0
    assert m["work_months"].between(0, 12).all()
    assert (works == m["work_place"].notna()).all()
    assert m.loc[works, "labour"].isin(ABLE).all()
    assert m.loc[works, "monthly_wage"].median() == pytest.approx(TYPICAL_WAGE, rel=0.2)
    assert m.loc[m["public_post"], "work_months"].gt(0).all()


def test_grades_advance_by_one_every_year(made: simulate.SyntheticRegistry) -> None:
    m = made.members.sort_values(["person", "wave"])
    assert (m["grade"].notna() == ~m["student"].isin(NOT_AT_SCHOOL)).all()
    order = {g: k for k, g in enumerate(m.dropna(subset=["grade"]).assign(
        age=lambda f: f["wave"] - f["birth_date"].str[:4].astype(int)
    ).groupby("grade")["age"].min().sort_values().index)}  # fmt: skip
    assert len(order) == 17
    step = m["grade"].map(order).groupby(m["person"]).diff().dropna()
    assert (step == 1).all()
    compulsory = (m["wave"] - m["birth_date"].str[:4].astype(int)).between(6, 15)
    assert m.loc[compulsory, "grade"].notna().all()
    assert m.loc[compulsory, "dropout"].eq("无").all()
    assert m.loc[~compulsory, "dropout"].isna().all()


def test_persons_stay_who_they_are(made: simulate.SyntheticRegistry) -> None:
    m = made.members
    same = m.groupby("person")[["name", "id_number", "sex", "birth_date"]].nunique()
    assert (same == 1).all(axis=None)
    assert m.drop_duplicates("person")["id_number"].is_unique
    assert idnumber.is_valid(m["id_number"]).all()
    assert m["id_number"].str.startswith("99").all()
    assert (m["wave"] >= m["birth_date"].str[:4].astype(int)).all()
    levels = ["学龄前儿童", "小学", "初中", "高中", "大专"]
    young = m[m["birth_date"] > "1986"].sort_values(["person", "wave"])
    reached = young["education"].map({w: k for k, w in enumerate(levels)})
    assert (reached.groupby(young["person"]).diff().dropna() >= 0).all()


def test_relations_and_ages_are_plausible(made: simulate.SyntheticRegistry) -> None:
    m = made.members.assign(born=lambda f: f["birth_date"].str[:4].astype(int))
    assert (m.groupby(["household", "wave"])["relation"].agg(lambda r: (r == "户主").sum()) == 1).all()
    head = m[m["relation"] == "户主"].set_index(["household", "wave"])["born"]
    gap = m["born"] - head.reindex(pd.MultiIndex.from_frame(m[["household", "wave"]])).to_numpy()
    assert gap[m["relation"].isin(["之子", "之女"])].min() >= 16
    assert gap[m["relation"].isin(["之父", "之母"])].max() <= -16
    assert (m["wave"] - m["born"]).max() <= 100


def test_posts_follow_the_program(made: simulate.SyntheticRegistry) -> None:
    m, p = made.members, made.programs
    posts = p[p["program"] == "公益岗位帮扶"]
    assert posts["public_post_persons"].eq(1).all()
    assert p.loc[p["program"] != "公益岗位帮扶", "public_post_persons"].isna().all()
    assert (p["program_end"].dropna() >= p["program_start"][p["program_end"].notna()]).all()
    held = m[m["public_post"]]
    start = posts.set_index("household")["program_start"]
    end = posts.set_index("household")["program_end"].fillna(9999)
    assert (held["wave"] >= start.reindex(held["household"]).to_numpy()).all()
    assert (held["wave"] <= end.reindex(held["household"]).to_numpy()).all()
    age = held["wave"] - held["birth_date"].str[:4].astype(int)
    assert age.between(16, 64).all()
    assert len(held) > 100


# the household's facts


def test_causes_are_borne_out(made: simulate.SyntheticRegistry) -> None:
    h = made.households
    for column in ("cause", "second_cause"):
        assert h.loc[h[column] == "因病", "ill_members"].ge(1).all()
        assert h.loc[h[column] == "因学", "pupils"].ge(1).all()
        assert (h["labourers"] * 2 < h["size"])[h[column] == "缺劳力"].all()
    assert not (h["cause"] == h["second_cause"]).any()
    disabled = per_household(made.members["health"] == "残疾", made.members)
    assert disabled.reindex(keyed(h, "size")[(h["cause"] == "因残").to_numpy()].index).ge(1).all()


def test_guarantees_are_met_by_the_exit(made: simulate.SyntheticRegistry) -> None:
    h = made.households
    out = h["exit_year"].notna()
    assert not h.loc[out, "unsafe_housing"].any()
    assert h.loc[out, ["safe_water", "toilet", "power_production", "broadcast"]].all(axis=None)
    assert not h.loc[out, "road_type"].isin(["泥土路", "砂石路"]).any()
    assert (h["unsafe_housing"] == h["housing_grade"].isin(["C级", "D级"])).all()
    assert h["unsafe_housing"].any()
    for column in ("toilet", "broadcast", "cooperative"):
        step = (
            h.sort_values(["household", "wave"])
            .groupby("household")[column]
            .agg(lambda v: v.astype(int).diff().min())
        )
        assert not (step < 0).any(), column


def test_amounts_rest_on_something(made: simulate.SyntheticRegistry) -> None:
    h = made.households
    land = (h["converted_land"] > 0) | (h["forest_land"] > 0)
    assert land[h["ecological_compensation"] > 0].all()
    assert (h["converted_land"] <= h["forest_land"]).all()
    assert h.loc[h["operating_income"] > 0, "operating_expense"].gt(0).all()
    assert (h["tax"] == 0).all()
    idle = (h["labourers"] > 0) & (h["wage_income"] == 0) & (h["operating_income"] == 0)
    assert not idle.any()
    allowance = h["minimum_allowance"] > 0
    assert (allowance == (h["household_type"] == "低保贫困户")).all()
    assert h.loc[allowance, "minimum_allowance"].min() >= 240
    assert ((h["destitute_allowance"] > 0) == (h["household_type"] == "特困供养户")).all()
    m = made.members
    kind = keyed(h, "household_type").reindex(pd.MultiIndex.from_frame(m[["household", "wave"]])).to_numpy()
    assert (m["on_allowance"] == (kind == "低保贫困户")).all()
    assert (m["destitute"] == (kind == "特困供养户")).all()
    ordinary = h["monitored"].isna()
    assert (h["rigid_expense"] <= 0.3 * h["income_net"] + 1)[ordinary].all()


def test_months_agree_with_years(made: simulate.SyntheticRegistry) -> None:
    h = made.households
    assert (h["identified_month"].str[:4].astype(int) == h["identified_year"]).all()
    assert (h["exit_month"].notna() == h["exit_year"].notna()).all()
    out = h.dropna(subset=["exit_month"])
    assert (out["exit_month"].str[:4].astype(int) == out["exit_year"]).all()
    assert (out["exit_month"] > out["identified_month"]).all()
    assert (
        h.groupby("household")[["identified_month", "interviewer"]].nunique()["identified_month"].eq(1).all()
    )
    share = out.drop_duplicates("household")["exit_month"].str[4:].value_counts(normalize=True)
    assert share.max() < 0.2


def test_every_exit_had_support_before(made: simulate.SyntheticRegistry) -> None:
    first = made.programs.groupby("household")["program_start"].min()
    out = made.households.dropna(subset=["exit_year"]).drop_duplicates("household").set_index("household")
    assert (first.reindex(out.index) < out["exit_year"]).all()


def test_monitoring_is_of_the_last_wave_and_consistent(made: simulate.SyntheticRegistry) -> None:
    h = made.households
    watched = h["monitored"].notna()
    assert (h.loc[watched, "wave"] == 2020).all()
    assert h.loc[watched, "exit_year"].notna().all()
    now = h[(h["wave"] == 2020) & h["exit_year"].notna()]
    assert (now["income_pc"] < 5000)[now["monitored"] == "脱贫不稳定户"].all()
    assert now.loc[now["income_pc"] < 5000, "monitored"].eq("脱贫不稳定户").all()
    assert (h["risk_1"].notna() == watched).all()
    assert (h["monitored_month"].notna() == watched).all()
    assert (h["risk_eliminated"].notna() == watched).all()
    solved = h[h["risk_eliminated"].fillna(value=False)]
    assert len(solved) > 3
    months = solved["eliminated_month"].astype(int) - solved["monitored_month"].astype(int)
    assert months.between(6, 9).all()
    assert (solved["income_pc"] >= 5000).all()
    assert solved["labourers"].gt(0).all()
    assert not solved["unsafe_housing"].any()
    for k in range(1, 5):
        assert not (h[f"risk_{k}"].isna() & h[f"risk_{k + 1}"].notna()).any()
    risks = h.loc[watched, [f"risk_{k}" for k in range(1, 6)]]
    assert (risks.nunique(axis=1) == risks.notna().sum(axis=1)).all()


def test_risks_are_met_by_a_program(made: simulate.SyntheticRegistry) -> None:
    word = {"因病": {"健康帮扶"}, "因学": {"教育帮扶"}, "务工就业不稳": {"就业帮扶", "公益岗位帮扶"}}
    held = made.programs.groupby("household")["program"].agg(set)
    h = made.households[made.households["monitored"].notna()]
    for risk, programs in word.items():
        named = h.loc[(h[[f"risk_{k}" for k in range(1, 6)]] == risk).any(axis=1), "household"]
        assert len(named) > 0
        assert all(held[x] & programs for x in named), risk


# changes


def test_changes_are_those_of_the_rosters(made: simulate.SyntheticRegistry) -> None:
    m, t = made.members, made.truth.changes
    assert set(t["kind"]) == set(KINDS)
    at = m.set_index(["person", "wave"])["household"]
    for kind in ("split", "merged"):
        for row in t[t["kind"] == kind].itertuples():
            assert at[(row.person, row.wave - 1)] == row.household
            assert at[(row.person, row.wave)] == row.to_household
    for row in t[t["kind"].isin(["died", "married_out"])].itertuples():
        rows = m[m["person"] == row.person]
        assert rows["wave"].max() == row.wave - 1
        said = rows.set_index("wave")["change"][row.wave - 1]
        assert said == {"died": "死亡", "married_out": "婚出"}[row.kind]
        assert rows["change_month"].dropna().iloc[-1][:4] == str(row.wave)
    # nobody else changes household
    moves = m.sort_values("wave").groupby("person")["household"].nunique()
    assert set(moves.index[moves > 1]) == set(t.loc[t["kind"].isin(["split", "merged"]), "person"])


def test_moved_households_are_in_the_other_village_from_then_on(made: simulate.SyntheticRegistry) -> None:
    h, t = made.households, made.truth.changes
    villages = h.groupby("household")["village"].nunique()
    moved = t[t["kind"] == "moved"].set_index("household")
    assert set(villages.index[villages > 1]) == set(moved.index)
    when = moved[["wave", "to_village"]].rename(columns={"wave": "wave_moved"})
    rows = h[h["household"].isin(moved.index)].join(when, on="household")
    after = rows["wave"] >= rows["wave_moved"]
    assert (rows["village"] == rows["to_village"])[after].all()
    assert (rows["village"] != rows["to_village"])[~after].all()
    assert rows.groupby("household")["weight"].nunique().eq(1).all()


def test_split_households_begin_and_merged_ones_end(made: simulate.SyntheticRegistry) -> None:
    first = made.households.groupby("household")["wave"].agg(["min", "max"])
    t = made.truth.changes
    split = t[t["kind"] == "split"].drop_duplicates("to_household")
    assert (first.loc[split["to_household"], "min"].to_numpy() == split["wave"]).all()
    later = first.index[first["min"] > 2014]
    assert set(later) == set(split["to_household"])
    merged = t[t["kind"] == "merged"].drop_duplicates("household")
    assert (first.loc[merged["household"], "max"].to_numpy() == merged["wave"] - 1).all()


def test_a_share_out_of_range_is_refused() -> None:
    with pytest.raises(DataError, match=r"changes=0\.5"):
        simulate.registry(counties=1, scale=0.01, changes=0.5)


# many counties, one by one


def test_counties_come_one_by_one_and_do_not_depend_on_their_number() -> None:
    two = list(simulate.counties_of(3, counties=2, scale=0.02))
    four = list(simulate.counties_of(3, counties=4, scale=0.02))
    for a, b in zip(two, four, strict=False):
        pd.testing.assert_frame_equal(a.households, b.households)
        pd.testing.assert_frame_equal(a.members, b.members)
    assert [r.totals["county"].tolist() for r in four] == [[f"9901{21 + k}"] for k in range(4)]
    assert (four[2].households["weight"] == 1).all()
    assert four[2].households["village"].nunique() == four[2].truth.population["village"].nunique()
    ids = pd.concat([r.members["id_number"] for r in four])
    assert ids.is_unique
