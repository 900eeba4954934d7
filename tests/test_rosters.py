"""Members counted by household, compared with what households state, followed from roster to roster."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import evalkit as ek
from evalkit.cleaning import clean, rebuild
from evalkit.errors import DataError
from evalkit.idnumber import check_digit
from evalkit.ingest import RawData, from_frame, with_counties
from evalkit.plan import Plan
from evalkit.rosters import (
    aggregate_members,
    compare_stated,
    dynasties,
    dynasty_column,
    suspicious_households,
)


def table(text: str, **constant: object) -> pd.DataFrame:
    """Read a small table: columns by white space, ``-`` is missing, wave is whole, the rest text."""
    head, *rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=head).replace("-", np.nan)
    frame = frame.astype(dict.fromkeys(frame.columns, "str")).assign(**constant)
    return frame.astype({"wave": "int64"}) if "wave" in frame else frame


def roster(*lines: str, county: str = "990101") -> pd.DataFrame:
    """Make a roster from lines ``wave household persons`` with one letter a person."""
    rows = [(int(w), h, p) for w, h, people in (line.split() for line in lines) for p in people]
    frame = pd.DataFrame(rows, columns=["wave", "household", "person"]).assign(county=county)
    return frame.astype({"household": "str", "person": "str", "county": "str"})


# --- counting ---------------------------------------------------------------------------------------------------

FAMILY = """
household wave birth_date relation sex education student health       labour       work_months medical_insurance
1         2018 19550301   户主     女  小学      非在校生 长期慢性病   半劳动力      0          1
1         2018 19800101   之子     男  初中      非在校生 健康         普通劳动力    8          1
1         2018 20060901   之孙     女  初中      初中一年级 健康       无劳动力      -          1
1         2018 20150101   之孙     男  -         学龄前儿童 残疾       -             -          0
2         2018 19300101   户主     男  文盲      非在校生 健康,残疾     丧失劳动力    -          1
"""


def family() -> pd.DataFrame:
    frame = table(FAMILY, county="990101")
    return frame.astype({"work_months": "float64", "medical_insurance": "float64"})


def test_members_make_households() -> None:
    got = aggregate_members(family()).set_index("household")
    want = pd.DataFrame(
        {
            "size": [4.0, 1.0],
            "labourers": [1.0, 0.0],
            "half_labourers": [1.0, 0.0],
            "pupils": [1.0, 0.0],
            "ill_members": [2.0, 1.0],
            "disabled_members": [1.0, 1.0],
            "elderly": [1.0, 1.0],
            "children_6_15": [1.0, 0.0],  # born 2006: 12; born 2015: 3
            "workers_away": [1.0, 0.0],
            "insured": [3.0, 1.0],
            "head_age": [63.0, 88.0],
            "head_school": [6.0, 0.0],
            "female_head": [1.0, 0.0],
        },
        index=pd.Index(["1", "2"], name="household", dtype="str"),
    )
    pd.testing.assert_frame_equal(got[list(want)], want)


def test_what_is_not_said_is_missing_not_zero() -> None:
    people = family().drop(columns=["work_months", "relation"])
    people.loc[1, "labour"] = "尚可"  # unknown word
    people.loc[4, "birth_date"] = "不详"  # and no id number to fall back on
    got = aggregate_members(people).set_index("household")
    assert np.isnan(got.loc["1", "labourers"])
    assert got.loc["2", "labourers"] == 0
    assert np.isnan(got.loc["2", "elderly"])
    assert got["workers_away"].isna().all()
    assert got["head_age"].isna().all()


def test_ages_come_from_the_id_number_when_there_is_no_birth_date() -> None:
    number = pd.Series(["99010619491231002"])
    people = pd.DataFrame(
        {"county": "9", "household": "1", "wave": 2009, "id_number": number + check_digit(number)}
    )
    assert aggregate_members(people)["elderly"].tolist() == [1.0]  # 60 on 31 December 2009
    assert aggregate_members(people.assign(wave=2008))["elderly"].tolist() == [0.0]


def test_who_left_is_no_member_unless_the_month_lies_after_the_wave() -> None:
    people = table(
        """
        household wave change change_month
        1         2016 死亡   201603
        1         2016 死亡   201702
        1         2016 死亡   -
        1         2016 出生   201601
        1         2016 分户   201601
        """,
        county="990101",
    )
    assert aggregate_members(people)["size"].tolist() == [
        3.0
    ]  # 分户 stands on members of the new household too


def test_a_roster_without_waves_needs_one() -> None:
    people = family().drop(columns="wave")
    with pytest.raises(DataError, match=r"say which wave it describes \(wave=2020\)"):
        aggregate_members(people)
    assert aggregate_members(people, wave=2020)["wave"].unique().tolist() == [2020]
    assert aggregate_members(people, wave={"990101": 2019})["wave"].unique().tolist() == [2019]
    with pytest.raises(DataError, match="has its own waves"):
        aggregate_members(family(), wave=2018)


def test_differences_are_listed_and_nothing_is_overwritten() -> None:
    stated = table("household wave\n1 2018\n2 2018\n3 2018", county="990101").assign(
        size=[4.0, 2.0, 5.0], pupils=[1.0, np.nan, 0.0]
    )
    before = stated.copy()
    check = compare_stated(stated, aggregate_members(family()))
    pd.testing.assert_frame_equal(stated, before)
    assert check.differences[["household", "column", "stated", "counted", "difference"]].values.tolist() == [
        ["2", "size", 2.0, 1.0, -1.0]
    ]
    assert check.counts[["column", "compared", "differ"]].values.tolist() == [
        ["size", 2, 1],
        ["pupils", 1, 0],
    ]
    assert check.notes[0].en.startswith("1 of 3 household-waves have no roster")


# --- through time -------------------------------------------------------------------------------------------------


def ways(found: object) -> list[list[object]]:
    return found.households[["household", "wave", "dynasty", "came", "went"]].values.tolist()  # type: ignore[attr-defined]


def test_a_split_keeps_the_dynasty() -> None:
    found = dynasties(roster("2015 1 abcd", "2016 1 ab", "2016 7 cd", "2017 1 ab", "2017 7 cde"))
    assert ways(found) == [
        ["1", 2015, "1", "first", "continues"],
        ["1", 2016, "1", "continues", "continues"],
        ["1", 2017, "1", "continues", "last"],
        ["7", 2016, "1", "split", "continues"],
        ["7", 2017, "1", "continues", "last"],
    ]
    assert found.links.query("kind == 'split'")[
        ["household", "next_household", "persons", "share"]
    ].values.tolist() == [["1", "7", 2, 1.0]]
    assert found.people[["household", "wave", "person", "kind", "reason"]].values.tolist() == [
        ["7", 2017, "e", "joined", "unknown"]
    ]


def test_a_merge_joins_two_dynasties_under_the_earlier_id() -> None:
    found = dynasties(roster("2015 2 ab", "2015 1 cde", "2016 2 abcd"))
    assert ways(found) == [
        ["1", 2015, "1", "first", "merged"],
        ["2", 2015, "1", "first", "continues"],
        ["2", 2016, "1", "continues", "last"],
    ]


def test_a_new_number_is_neither_split_nor_merge() -> None:
    found = dynasties(roster("2015 1 abc", "2015 2 xyz", "2016 A abc", "2016 2 xyz"))
    assert found.links["kind"].tolist() == ["renumbered", "continues"]
    assert found.households.set_index(["household", "wave"])["dynasty"].to_dict()[("A", 2016)] == "1"


def test_a_couple_that_leaves_two_households_has_one_origin() -> None:
    # one of two from each: equal overlap and share, so the smaller id is the origin and the other only lost a member
    found = dynasties(roster("2015 1 abcx", "2015 2 defy", "2016 1 abc", "2016 2 def", "2016 3 xy"))
    assert found.households.set_index(["household", "wave"])["dynasty"].to_dict()[("3", 2016)] == "1"
    assert found.households.set_index(["household", "wave"])["dynasty"].to_dict()[("2", 2016)] == "2"
    moved = found.people[["household", "person", "kind", "reason", "other"]].values.tolist()
    assert moved == [["2", "y", "left", "moved", "3"], ["3", "y", "joined", "moved", "2"]]


def test_marrying_into_a_household_moves_a_person_not_a_dynasty() -> None:
    found = dynasties(roster("2015 1 abcx", "2015 2 defg", "2016 1 abc", "2016 2 defgx"))
    assert found.links["kind"].unique().tolist() == ["continues"]
    assert found.people[["household", "kind", "reason", "other"]].values.tolist() == [
        ["1", "left", "moved", "2"],
        ["2", "joined", "moved", "1"],
    ]


def test_an_id_given_to_other_people_is_a_case_and_another_dynasty() -> None:
    found = dynasties(roster("2015 1 ab", "2016 1 xy"))
    assert ways(found) == [["1", 2015, "1", "first", "ended"], ["1", 2016, "1@2016", "new", "last"]]
    assert found.cases[["household", "wave", "rule", "evidence"]].values.tolist() == [
        ["1", 2016, "M01", "2015 → 2016"]
    ]


def test_a_household_that_is_back_after_a_gap_is_itself() -> None:
    found = dynasties(roster("2015 1 ab", "2015 2 cd", "2016 2 cd", "2017 1 ab", "2017 2 cd"))
    one = found.households.query("household == '1'")
    assert one[["came", "went", "dynasty"]].values.tolist() == [["first", "gap", "1"], ["back", "last", "1"]]
    assert found.cases.empty


def test_reasons_of_joining_and_leaving() -> None:
    people = table(
        """
        household wave person birth_date change change_month
        1         2015 a      19800101   -      -
        1         2015 b      19400101   死亡   201605
        1         2015 c      19950101   -      -
        1         2015 d      19960101   -      -
        1         2016 a      19800101   -      -
        1         2016 c      19950101   婚出   201603
        1         2016 e      20160401   -      -
        1         2016 f      19800101   婚入   201601
        """,
        county="990101",
    )
    found = dynasties(people).people
    assert found[["person", "kind", "reason"]].values.tolist() == [
        ["e", "joined", "born"],
        ["f", "joined", "married_in"],
        ["b", "left", "died"],
        ["c", "left", "married_out"],
        ["d", "left", "unknown"],
    ]


def numbers(*heads: str) -> pd.Series:
    text = pd.Series(heads, dtype="str")
    return text + check_digit(text)


def test_people_are_known_by_number_before_code_and_codes_are_given_again() -> None:
    one, two = numbers("99010119800101001", "99010120160101002")
    people = pd.DataFrame(
        {
            "county": "990101",
            "household": ["1", "1", "1"],
            "wave": [2015, 2016, 2016],
            "person": ["101", "101", "102"],
            "id_number": [one, two, one],  # code 101 went to the newborn, its first holder is 102 now
        }
    )
    found = dynasties(people)
    assert found.stages.set_index("stage")["persons"].to_dict()["id_number in household"] == 1
    assert found.people[["person", "kind", "reason"]].values.tolist() == [["101", "joined", "born"]]


def test_a_number_destroyed_by_a_spreadsheet_identifies_nobody() -> None:
    people = roster("2015 1 a", "2016 1 b").assign(id_number="990101198001010000"[:15] + "000")
    assert dynasties(people).stages["persons"].sum() == 0


def test_names_identify_within_the_village_only_when_unique() -> None:
    people = table(
        """
        household wave village name sex birth_date
        1         2015 v       赵甲 男  19800101
        2         2015 v       钱乙 女  19810101
        2         2015 v       孙丙 男  19820101
        3         2016 v       赵甲 男  19800101
        4         2016 w       钱乙 女  19810101
        2         2016 v       孙丙 男  19820101
        """,
        county="990101",
    )
    found = dynasties(people)
    assert found.stages.set_index("stage")["persons"].to_dict() == {
        "id_number in household": 0,
        "id_number": 0,
        "person in household": 0,
        "person": 0,
        "name in household": 1,
        "name in village": 1,
    }
    assert found.households.set_index("household")["dynasty"].to_dict() == {
        "1": "1",
        "2": "2",
        "3": "1",
        "4": "4",
    }


def test_moves_between_villages_and_counties() -> None:
    one, two = numbers("99010119800101001", "99010119820101002")
    people = table(
        """
        county household wave village person
        990101 1         2015 v1      a
        990101 1         2016 v2      a
        990101 2         2015 v1      b
        990102 9         2015 w1      c
        990102 8         2016 w1      b
        990102 9         2016 w1      c
        """
    )
    people["id_number"] = people["person"].map({"a": one, "b": two}).astype("str")
    found = dynasties(people)
    columns = ["household", "village", "next_county", "next_household", "next_village", "persons"]
    assert found.moves[columns].values.tolist() == [
        ["1", "v1", "990101", "1", "v2", 1],
        ["2", "v1", "990102", "8", "w1", 1],
    ]
    assert found.households.query("household == '8'")["dynasty"].tolist() == [
        "8"
    ]  # decided within the county


def test_one_roster_makes_every_household_its_own_dynasty() -> None:
    found = dynasties(roster("2020 1 ab", "2020 2 cd"))
    assert found.households["dynasty"].tolist() == ["1", "2"]
    assert "one roster" in found.notes[0].en
    with pytest.raises(DataError, match="above 0 and at most 1"):
        dynasties(roster("2020 1 ab"), share=0.0)


def test_waves_without_a_roster_take_the_nearest_dynasty() -> None:
    people = roster("2015 1 abcd", "2016 1 ab", "2016 7 cd")
    rows = [("7", 2017), ("7", 2016), ("7", 2014), ("1", 2016), ("5", 2015)]
    panel = (
        pd.DataFrame(rows, columns=["household", "wave"]).assign(county="990101").astype({"household": "str"})
    )
    got = dynasty_column(panel.set_axis([9, 8, 7, 6, 5]), people)
    assert got.to_dict() == {9: "1", 8: "1", 7: "1", 6: "1", 5: "5"}
    assert dynasty_column(panel, None).tolist() == ["7", "7", "7", "1", "5"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_dynasties_ignore_row_order_and_other_counties(data: st.DataObject) -> None:
    people = "abcdefgh"
    lines = [
        (w, h, p)
        for w in (2015, 2016, 2017)
        for p in people
        for h in [data.draw(st.sampled_from(["1", "2", "3", None]))]
        if h is not None
    ]
    if not lines:
        return
    frame = pd.DataFrame(lines, columns=["wave", "household", "person"]).assign(county="990101")
    frame = frame.astype({"household": "str", "person": "str", "county": "str"})
    alone = dynasties(frame)
    shuffled = frame.iloc[data.draw(st.permutations(range(len(frame))))].reset_index(drop=True)
    both = dynasties(pd.concat([shuffled.assign(county="990102"), shuffled], ignore_index=True))
    for name in ("households", "links", "people"):
        mine = getattr(both, name).query("county == '990101'").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, getattr(alone, name))
    linked_ids = alone.links.merge(
        alone.households, left_on=["household", "wave"], right_on=["household", "wave"]
    ).merge(
        alone.households,
        left_on=["next_household", "next_wave"],
        right_on=["household", "wave"],
        suffixes=("", "_next"),
    )
    assert (linked_ids["dynasty"] == linked_ids["dynasty_next"]).all()


# --- questions ----------------------------------------------------------------------------------------------------


def test_questions_about_splits_and_elders() -> None:
    people = table(
        """
        household wave person village name birth_date relation
        1         2015 a      v       赵甲 19500101   户主
        1         2015 b      v       赵乙 19800101   之子
        1         2015 c      v       赵丙 20100101   之孙
        1         2016 a      v       赵甲 19500101   户主
        7         2016 b      v       赵乙 19800101   户主
        7         2016 c      v       赵丙 20100101   之子
        """,
        county="990101",
    )
    panel = table("household wave status\n1 2015 registered\n1 2016 registered", county="990101").assign(
        identified_year=2016.0
    )
    found = suspicious_households(dynasties(people), panel, people, look_backs=[2016])
    assert found[["rule", "household", "wave", "other"]].values.tolist() == [
        ["M02", "7", 2016, "1"],
        ["M03", "7", 2016, "1"],
        ["M04", "1", 2016, "7"],
        ["M05", "1", 2016, "7"],
    ]
    evidence = found.set_index("rule")["evidence"].to_dict()
    assert evidence["M02"] == "split 1 → 7 in 2016; identified 2016, –"
    assert evidence["M04"] == "aged 66, registered; 1 household(s), first 7: not registered"
    quiet = suspicious_households(dynasties(people), panel.assign(identified_year=2010.0), people)
    assert "M02" not in set(quiet["rule"])
    assert "M03" not in set(quiet["rule"])


# --- in cleaning ----------------------------------------------------------------------------------------------------


def linked(**tables: pd.DataFrame) -> RawData:
    return with_counties({name: from_frame(frame, table=name) for name, frame in tables.items()})  # type: ignore[arg-type]


def plan_for(**given: object) -> Plan:
    plain: dict[str, object] = {
        "title": "t",
        "data": {"household": {"files": ["*"]}},
        "poverty": {"line": {"kind": "none"}},
        "prices": {"kind": "none"},
        "welfare": {"column": "income_net", "per": "household"},
    }
    return Plan(**{**plain, **given})


HOUSES = """
county household wave income_net
990101 a         2015 9000
990101 a         2016 9000
990101 b         2015 8000
990101 b         2016 8000
"""
PEOPLE = """
county household wave person labour
990101 a         2015 a1     普通劳动力
990101 a         2015 a2     普通劳动力
990101 a         2015 a3     无劳动力
990101 a         2016 a1     普通劳动力
990101 a         2016 a2     普通劳动力
990101 b         2015 b1     普通劳动力
990101 b         2015 b2     无劳动力
990101 b         2016 b1     普通劳动力
990101 c         2016 a3     无劳动力
"""


def text(source: str) -> pd.DataFrame:
    head, *rows = [line.split() for line in source.strip().splitlines()]
    return pd.DataFrame(rows, columns=head, dtype="str")


def test_a_household_table_without_sizes_takes_them_from_its_rosters() -> None:
    houses = pd.concat(
        [text(HOUSES), text("county household wave income_net\n990101 c 2016 500")], ignore_index=True
    )
    result = clean(linked(household=houses, member=text(PEOPLE)), plan_for())
    columns = ["household", "wave", "size", "labourers", "dynasty", "welfare"]
    assert result.frame[columns].values.tolist() == [
        ["a", 2015, 3.0, 2.0, "a", 3000.0],
        ["a", 2016, 2.0, 2.0, "a", 4500.0],
        ["b", 2015, 2.0, 1.0, "b", 4000.0],
        ["b", 2016, 1.0, 1.0, "b", 8000.0],
        ["c", 2016, 1.0, 0.0, "a", 500.0],
    ]
    assert result.filled == ("size", "labourers")
    assert result.panel.size == "size"
    again = rebuild(result.raw, result.ledger, result.plan)
    pd.testing.assert_frame_equal(again["household"], result.frame)


def test_household_waves_without_members_are_set_aside_when_sizes_come_from_rosters() -> None:
    many = [f"990101 h{i} 2015 1000" for i in range(20)]
    people = [f"990101 h{i} 2015 p{i} 无劳动力" for i in range(1, 20)]
    result = clean(
        linked(
            household=text("county household wave income_net\n" + "\n".join(many)),
            member=text("county household wave person labour\n" + "\n".join(people)),
        ),
        plan_for(),
    )
    assert result.quarantine[["rule", "household"]].values.tolist() == [["K07", "h0"]]
    assert result.rows() == {"in": 20, "clean": 19, "quarantined": 1, "merged": 0, "not_data": 0}
    pd.testing.assert_frame_equal(rebuild(result.raw, result.ledger, result.plan)["household"], result.frame)


def test_rosters_that_leave_waves_out_give_no_size() -> None:
    people = text(PEOPLE).query("wave == '2016'")
    plan = plan_for(welfare={"column": "income_net"})
    result = clean(linked(household=text(HOUSES), member=people), plan)
    assert "size" not in result.frame
    assert result.frame["labourers"].tolist()[1::2] == [2.0, 1.0]
    assert result.frame["labourers"].isna().tolist() == [True, False, True, False]
    assert len(result.quarantine) == 0


def test_what_the_household_table_states_stays() -> None:
    houses = text(HOUSES).assign(size="9", labourers="7")
    result = clean(linked(household=houses, member=text(PEOPLE)), plan_for())
    assert result.frame["size"].unique().tolist() == [9.0]
    assert result.frame["labourers"].unique().tolist() == [7.0]
    assert result.filled == ()


def test_dynasties_are_decided_county_by_county() -> None:
    houses = pd.concat([text(HOUSES), text(HOUSES).assign(county="990102")], ignore_index=True)
    people = pd.concat([text(PEOPLE), text(PEOPLE).assign(county="990102")], ignore_index=True)
    plan = plan_for()
    whole = clean(linked(household=houses, member=people), plan, allow_empty=True).frame
    parts = [
        clean(linked(household=houses.query("county == @c"), member=people.query("county == @c")), plan).frame
        for c in ("990101", "990102")
    ]
    both = pd.concat(parts, ignore_index=True).sort_values(["household", "wave", "county"], ignore_index=True)
    pd.testing.assert_frame_equal(whole, both)


def test_public_names() -> None:
    assert ek.aggregate_members is aggregate_members
    assert ek.dynasties is dynasties


def test_ids_are_ordered_as_text_whatever_their_rows() -> None:
    for order in itertools.permutations(range(3)):
        frame = roster("2015 10 abc", "2015 9 def", "2016 8 abcdef").iloc[list(order) + list(range(3, 12))]
        found = dynasties(frame.reset_index(drop=True))
        assert found.households.query("wave == 2016")["dynasty"].tolist() == [
            "10"
        ]  # both merged; "10" < "9" as text
