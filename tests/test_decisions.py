"""Decisions of persons: literal tables with the outcome worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.cleaning import CleanResult, clean, decision_faults
from evalkit.decisions import Decision, Decisions, allowed, corrections, proposed
from evalkit.errors import DataError
from evalkit.ingest import from_frame, split_by_county, with_counties
from evalkit.ledger import SAID
from evalkit.plan import Plan
from evalkit.rules import RULES
from test_cleaning import COLUMNS, cleaned, households, plan_for, reconciles, replays

INCOMES = [*COLUMNS, "wage_income", "operating_income", "property_income", "transfer_income", "operating_expense", "income_net"]  # fmt: skip
PLAN = {"clean": {"duplicates": "quarantine", "income_outliers": {"kind": "none"}, "welfare_max": 100000}}


def case(result: CleanResult, rule: str, household: str = "", nth: int = 0) -> pd.Series:
    cases = result.open_cases
    own = cases["household"] == household if household else cases["household"].notna() | True
    return cases.loc[(cases["rule"] == rule) & own].iloc[nth]


def decide(one: pd.Series, action: str, value: str = "", **given: str) -> Decision:
    county = "" if one["county"] != one["county"] else one["county"]
    base = Decision(
        one["case"], one["state"], county, one["rule"], one["table"], action,  # type: ignore[arg-type]
        value, "checked on the spot", "LH", "2020-11-23", f"decisions.xlsx, row of {one['case']}",
        one["evidence"] if one["evidence"] == one["evidence"] else "", one["current"],
    )  # fmt: skip
    return replace(base, **given)


def again(result: CleanResult, *decisions: Decision) -> CleanResult:
    out = clean(result.raw, result.plan, decisions=Decisions.of(decisions))
    reconciles(out)
    replays(out)
    assert len(out.decided) == len(decisions)
    return out


def faults(result: CleanResult, *decisions: Decision) -> str:
    with pytest.raises(DataError) as error:
        clean(result.raw, result.plan, decisions=Decisions.of(decisions))
    return str(error.value)


def human(result: CleanResult) -> list[list[object]]:
    entries = result.ledger.entries
    own = entries.loc[entries["rule"].str.startswith("H"), ["row", "rule", "action", "column", "old", "new"]]
    return own.astype(object).where(own.notna(), None).to_numpy().tolist()


def broken() -> CleanResult:
    """Return three households: 1 is sound, 2 has a net income that is not the sum of its parts, 3 an unreadable amount."""
    return cleaned(
        ("990602", "1", "2016", "4", "500", "1500", "1000", "0", "100", "600", "2000"),
        ("990602", "2", "2016", "4", "550", "1500", "1000", "0", "100", "600", "2200"),
        ("990602", "3", "2016", "4", "约五百", "1500", "1000", "0", "100", "600", "2000"),
        columns=INCOMES,
        **PLAN,
    )


def only(result: CleanResult, *rules: str) -> list[tuple[str, str]]:
    """Return (rule, household) of the open cases under some rules."""
    cases = result.open_cases
    rows = cases.loc[cases["rule"].isin(rules), ["rule", "household"]]
    return sorted(rows.itertuples(index=False, name=None))


# ---- what each action does -----------------------------------------------------------------------------


def test_keep_closes_the_case_and_changes_nothing() -> None:
    before = broken()
    one = case(before, "I05", "2")
    after = again(before, decide(one, "keep"))
    pd.testing.assert_frame_equal(after.frame, before.frame)
    assert only(before, "I05", "T07") == [("I05", "2"), ("T07", "3")]
    assert only(after, "I05", "T07") == [("T07", "3")]
    assert human(after) == [[2, "H01", "flag", "income_net", "2200", None]]
    said = after.ledger.entries.loc[after.ledger.entries["rule"] == "H01"].iloc[0]
    assert said["reason_en"] == (
        f"kept as it is by a person's decision{SAID}checked on the spot (LH, 2020-11-23; I05, case {one['case']})"
    )
    assert said["reason_zh"].startswith("经人工核定保留")
    assert "I05" in set(after.ledger.flags()["rule"])


def test_correct_puts_a_value_in_before_the_rules_look() -> None:
    before = broken()
    after = again(before, decide(case(before, "T07", "3"), "correct", "５００元"))
    assert after.frame["income_pc"].tolist() == [500.0, 550.0, 500.0]
    changes = after.ledger.cells()
    rows = changes.loc[changes["row"] == 3, ["rule", "old", "new"]].to_numpy().tolist()
    assert rows == [["H02", "约五百", "５００元"], ["T01", "５００元", "500元"], ["T03", "500元", "500"]]
    money = after.money_table().set_index("column").loc["income_pc"]
    assert money[["before", "changed", "set_aside", "after", "difference"]].tolist() == [
        1050,
        500,
        0,
        1550,
        0,
    ]


def test_a_correction_may_name_other_columns() -> None:
    before = broken()
    assert case(before, "I05", "2")["evidence"].startswith("sum of incomes less expenses 2000.00")
    after = again(before, decide(case(before, "I05", "2"), "correct", "工资性收入=1700"))
    assert only(after, "I05", "I06") == []
    assert human(after) == [[2, "H02", "change", "wage_income", "1500", "1700"]]
    money = after.money_table().set_index("column")
    assert money.loc["wage_income", ["before", "changed", "after"]].tolist() == [4500.0, 200.0, 4700.0]
    both = again(before, decide(case(before, "I05", "2"), "correct", "income_net = 2000\nincome_pc = 500"))
    assert both.frame["income_pc"].fillna(-1).tolist() == [500.0, 500.0, -1.0]


def test_a_correction_that_does_not_settle_the_case_opens_it_anew() -> None:
    before = broken()
    first = decide(case(before, "I05", "2"), "correct", "2300")
    after = again(before, first)
    anew = case(after, "I05", "2")
    assert anew["case"] != first.case
    second = decide(anew, "keep")
    final = again(before, first, second)
    assert only(final, "I05") == []
    assert final.decided["action"].sort_values().tolist() == ["correct", "keep"]
    assert "no longer have this case" in faults(before, second)


def test_blank_empties_a_cell() -> None:
    before = broken()
    after = again(before, decide(case(before, "I05", "2"), "correct", "(blank)"))
    assert after.frame["income_net"].fillna(-1).tolist() == [2000.0, -1.0, 2000.0]
    assert human(after) == [[2, "H02", "change", "income_net", "2200", None]]


def test_exclude_puts_the_row_into_quarantine_with_the_reason() -> None:
    before = broken()
    after = again(before, decide(case(before, "T07", "3"), "exclude"))
    assert after.rows() == {"in": 3, "clean": 2, "quarantined": 1, "merged": 0, "not_data": 0}
    assert after.quarantine["rule"].tolist() == ["H03"]
    assert "checked on the spot" in after.quarantine["reason_en"].iloc[0]
    assert only(after, "T07") == []


def test_restore_brings_a_row_back() -> None:
    before = cleaned(("990602", "1", "2016", "4", "300000"), ("990602", "2", "2016", "4", "2000"), **PLAN)
    assert before.frame["household"].tolist() == ["2"]
    one = case(before, "I03", "1")
    after = again(before, decide(one, "restore"))
    assert after.frame["welfare"].tolist() == [300000.0, 2000.0]
    assert human(after) == [[1, "H04", "flag", "income_pc", "300000", None]]
    with_value = again(before, decide(one, "restore", "income_pc=3000"))
    assert with_value.frame["welfare"].tolist() == [3000.0, 2000.0]


def test_a_missing_key_is_corrected() -> None:
    before = cleaned(("990602", None, "2016", "4", "3000"), ("990602", "2", "2016", "4", "2000"), **PLAN)
    after = again(before, decide(case(before, "K01"), "correct", "00１"))
    assert after.frame["household"].tolist() == ["001", "2"]
    assert only(after, "K01") == []


def test_a_row_without_a_county_is_given_one() -> None:
    before = cleaned((None, "1", "2016", "4", "3000"), ("990602", "2", "2016", "4", "2000"), **PLAN)
    one = case(before, "K03")
    for value in ("990602", "县代码=990602\nsize=5"):
        after = again(before, decide(one, "correct", value))
        assert after.frame["county"].tolist() == ["990602", "990602"]
    assert after.frame["size"].tolist() == [5.0, 4.0]
    alone = split_by_county(before.raw)[""]
    assert clean(alone, before.plan, allow_empty=True).open_cases["case"].tolist() == [one["case"]]
    assert "county cannot be corrected here" in faults(
        broken(), decide(case(broken(), "T07"), "correct", "county=1")
    )


def duplicates() -> CleanResult:
    return cleaned(
        ("990602", "2", "2016", "4", "2000"),
        ("990602", "2", "2016", "4", "2100"),
        ("990602", "2", "2016", "5", "2200"),
        ("990602", "3", "2016", "4", "1000"),
        **PLAN,
    )


def test_merge_points_to_the_row_that_stays() -> None:
    before = duplicates()
    numbers = before.open_cases["case"].tolist()
    assert len(set(numbers)) == 3
    first, second, third = (before.open_cases.iloc[k] for k in range(3))
    after = again(before, decide(first, "merge", second["case"]), decide(third, "exclude"))
    assert after.frame["income_pc"].tolist() == [2100.0, 1000.0]
    assert after.rows() == {"in": 4, "clean": 2, "quarantined": 1, "merged": 1, "not_data": 0}
    assert human(after) == [
        [1, "H05", "merge", None, None, "(frame):2"], [3, "H03", "quarantine", None, None, None],
    ]  # fmt: skip
    assert after.open_cases.empty


def test_decisions_that_build_on_others_are_followed_too() -> None:
    before = duplicates()
    first = decide(before.open_cases.iloc[0], "exclude")
    between = again(before, first)
    assert between.open_cases["evidence"].tolist() == ["(frame):2 = (frame):3"] * 2
    assert set(between.open_cases["case"]) < set(before.open_cases["case"])
    second = decide(between.open_cases.iloc[1], "restore")
    after = again(before, first, second)
    assert after.frame["income_pc"].tolist() == [2200.0, 1000.0]
    assert only(after, "D02") == [("D02", "2")]


# ---- what cannot be followed -----------------------------------------------------------------------------


def test_stale_decisions_are_all_listed() -> None:
    before = broken()
    gone = decide(case(before, "I05", "2"), "keep", case="0" * 12, where="decisions.xlsx, row 7")
    changed = decide(case(before, "T07", "3"), "correct", "500", state="0" * 12, where="decisions.xlsx, row 9", current="约四百", evidence="约四百")  # fmt: skip
    text = faults(before, gone, changed)
    assert text.startswith("2 decisions cannot be followed; nothing was applied.")
    assert (
        "decisions.xlsx, row 7: case 000000000000 (I05, county 990602) is stale: the data no longer have this case"
        in text
    )
    assert "decisions.xlsx, row 9" in text
    assert "there was '约四百', now there is '约五百'" in text


def test_a_changed_file_makes_a_decision_stale() -> None:
    before = broken()
    keep = decide(case(before, "I05", "2"), "keep")
    frame = before.raw["household"].frame[INCOMES].copy()
    other = clean(frame, before.plan, decisions=Decisions.of([keep]))
    assert only(other, "I05") == []
    frame.loc[0, "income_pc"] = "499.5"  # another row
    assert only(clean(frame, before.plan, decisions=Decisions.of([keep])), "I05") == []
    frame.loc[1, "wage_income"] = "1501"
    with pytest.raises(DataError, match=r"is stale: when it was decided there was '2200 \| sum of .* 2000"):
        clean(frame, before.plan, decisions=Decisions.of([keep]))
    frame.loc[1, "wage_income"] = "1700"
    with pytest.raises(DataError, match="no longer have this case"):
        clean(frame, before.plan, decisions=Decisions.of([keep]))


@pytest.mark.parametrize(
    ("action", "value", "said"),
    [
        ("correct", "约三千", "'约三千' cannot be read as an amount (income_pc)"),
        ("correct", "-", "'-' cannot be read as an amount"),
        ("correct", "size=2.5", "'2.5' is no whole number (size)"),
        ("correct", "household=5.2E+17", "'5.2E+17' is in scientific notation (household)"),
        ("correct", "size=4", "size is '4' already; use keep"),
        ("correct", "income=3", "there is no column 'income'; write column=value with one of: household, wave, size"),
        ("correct", "county=990621", "county cannot be corrected here"),
        ("correct", "wave=去年", "'去年' cannot be read as a wave"),
    ],
)  # fmt: skip
def test_new_values_are_checked(action: str, value: str, said: str) -> None:
    before = broken()
    assert said in faults(before, decide(case(before, "T07", "3"), action, value))


def test_rows_to_merge_into_are_checked() -> None:
    before = cleaned(
        ("990602", "2", "2016", "4", "2000"), ("990602", "2", "2016", "4", "2100"),
        ("990602", "2", "2017", "4", "2000"), ("990602", "2", "2017", "4", "2100"),
        ("990602", "3", "2017", "4", "2000"), **PLAN,
    )  # fmt: skip
    a, b, c, _ = (before.open_cases.iloc[k] for k in range(4))
    assert "is no case of the household table in this county" in faults(before, decide(a, "merge", "abc"))
    assert "cannot be merged into itself" in faults(before, decide(a, "merge", a["case"]))
    assert "the two rows differ in wave: 2016 and 2017" in faults(before, decide(a, "merge", c["case"]))
    both = faults(before, decide(a, "merge", b["case"]), decide(b, "merge", a["case"]))
    assert both.count("the row to merge into is itself not in the clean table") == 2


def test_contradictions_are_listed() -> None:
    before = broken()
    i05, t07 = (
        case(before, "I05", "2"),
        case(before, "I06", "2") if "I06" in set(before.open_cases["rule"]) else None,
    )
    assert t07 is None
    again_i06 = cleaned(
        ("990602", "2", "2016", "4", "400", "1500", "1000", "0", "100", "600", "2200"),
        columns=INCOMES,
        **PLAN,
    )
    i05, i06 = case(again_i06, "I05"), case(again_i06, "I06")
    text = faults(again_i06, decide(i05, "correct", "2000"), decide(i06, "correct", "income_net=1600"))
    assert "contradicts" in text
    assert "income_net becomes" in text
    text = faults(again_i06, decide(i05, "correct", "2000"), decide(i06, "exclude"))
    assert "the same row" in text
    settled = again(again_i06, decide(i05, "correct", "2000"), decide(i06, "correct", "500"))
    assert settled.open_cases.loc[settled.open_cases["rule"].isin(["I05", "I06"])].empty


def test_two_rows_of_one_key_cannot_both_come_back() -> None:
    before = duplicates()
    text = faults(before, *(decide(before.open_cases.iloc[k], "restore") for k in (0, 1)))
    assert text.count("another row with the same key is in the clean table too") == 2


def test_faults_can_be_asked_for() -> None:
    before = broken()
    assert decision_faults(before.raw, before.plan, Decisions()) == ()
    good = decide(case(before, "I05", "2"), "keep")
    assert decision_faults(before.raw, before.plan, Decisions.of([good])) == ()
    bad = replace(good, state="x")
    assert len(decision_faults(before.raw, before.plan, Decisions.of([bad]))) == 1


# ---- numbers of cases -----------------------------------------------------------------------------------


def test_numbers_do_not_depend_on_the_order_of_rows_or_on_the_county_being_alone() -> None:
    rows = [
        ("990602", "2", "2016", "4", "2000"), ("990602", "2", "2016", "4", "2100"),
        ("990602", "7", "2016", "4", "x"), ("990621", "7", "2016", "4", "x"),
        ("990621", "8", "2016", "0", "1"), (None, "9", "2016", "4", "1"),
    ]  # fmt: skip
    result = clean(from_frame(households(*rows)), plan_for(**PLAN), allow_empty=True)
    cases = result.open_cases
    assert len(set(cases["case"])) == len(cases)
    keyed = cases.loc[cases["rule"].isin(["D02", "T07", "K07"])]
    back = clean(from_frame(households(*rows[::-1])), plan_for(**PLAN), allow_empty=True).open_cases
    assert set(keyed["case"]) == set(back.loc[back["rule"].isin(["D02", "T07", "K07"]), "case"])
    parts = [clean(p, result.plan, allow_empty=True).open_cases for p in split_by_county(result.raw).values()]
    alone = pd.concat(parts)
    columns = ["case", "state", "current"]
    assert sorted(map(tuple, alone[columns].to_numpy())) == sorted(map(tuple, cases[columns].to_numpy()))


def test_members_are_told_apart_by_person_and_id_numbers_stay_hidden() -> None:
    house = households(("1", "a", "2015", "4", "9"))
    people = households(
        ("p1", "a", "990106194912310020"),
        ("p2", "a", "990106194912310020"),
        columns=["person", "household", "id_number"],
    )
    raw = with_counties({n: from_frame(f, table=n) for n, f in (("household", house), ("member", people))})  # type: ignore[arg-type]
    result = clean(raw, plan_for())
    cases = result.open_cases.loc[result.open_cases["rule"] == "P01"]
    assert cases["person"].tolist() == ["p1", "p2"]
    assert cases["case"].nunique() == 2
    assert cases["current"].tolist() == ["990106…0020"] * 2
    after = again(result, decide(cases.iloc[0], "correct", "99010619491231002X"))
    assert after.tables["member"]["id_number"].tolist() == ["99010619491231002X", "990106194912310020"]


def test_wide_files_are_corrected_by_wave(tmp_path: object) -> None:
    import pathlib

    folder = pathlib.Path(str(tmp_path))
    (folder / "a.csv").write_text("id,y_a,y_b\n1,10,bad\n2,11,12\n", encoding="utf-8")
    layout = {"kind": "wide", "waves": {"a": 1, "b": 2}}
    source = {"files": ["a.csv"], "columns": {"household": "id"}, "keep": ["y"], "layout": layout}
    before = clean(folder, plan_for(data={"household": source}, welfare={"column": "y"}))
    assert before.frame["y"].fillna(-1).tolist() == [10.0, -1.0, 11.0, 12.0]
    after = again(before, decide(case(before, "T07"), "correct", "10.5"))
    assert after.frame["y"].tolist() == [10.0, 10.5, 11.0, 12.0]
    assert "wave cannot be corrected here" in faults(before, decide(case(before, "T07"), "correct", "wave=2"))


def test_amounts_in_ten_thousands_are_corrected_in_the_unit_of_the_file(tmp_path: object) -> None:
    import pathlib

    folder = pathlib.Path(str(tmp_path))
    (folder / "a.csv").write_text(
        "户编号,年度,人均纯收入（万元）\n1,2016,零点三\n2,2016,0.2\n", encoding="utf-8"
    )
    before = clean(folder, plan_for())
    for value in ("0.3", "3000元", "0.3万元"):
        after = again(before, decide(case(before, "T07"), "correct", value))
        assert after.frame["income_pc"].tolist() == [3000.0, 2000.0]
    money = after.money_table().iloc[0]
    assert np.allclose(
        money[["before", "changed", "after"]].astype(float), [0.2, 4999.8, 5000.0], rtol=0, atol=1e-9
    )


# ---- records --------------------------------------------------------------------------------------------------


def test_digests_follow_the_decisions_of_a_county() -> None:
    before = broken()
    one, two = (
        decide(case(before, "I05", "2"), "keep"),
        decide(case(before, "T07", "3"), "exclude", county="990621"),
    )
    both = Decisions.of([one, two])
    assert both.counties == ["990602", "990621"]
    assert both.digest() == Decisions.of([two, one]).digest() != both.county("990602").digest()
    assert both.county("990602").digest() == Decisions.of([replace(one, where="elsewhere")]).digest()
    assert Decisions.of([replace(one, reason="other")]).digest() != Decisions.of([one]).digest()
    assert both.county("1").digest() == ""


def test_every_case_rule_has_actions_and_a_proposal_among_them() -> None:
    for rule in RULES:
        if rule.case:
            for across in (False, True):
                options = allowed(rule.id, across=across)
                assert proposed(rule.id, across=across) in options
                assert "defer" in options


def test_new_values_are_taken_apart() -> None:
    assert [(c.column, c.value) for c in corrections("a=1\nb = (空)\n3")] == [
        ("a", "1"),
        ("b", None),
        ("", "3"),
    ]
    assert corrections("size=")[0].value == ""


def test_a_plan_without_decisions_is_as_before() -> None:
    plan = Plan(
        **{**plan_for().model_dump(by_alias=True, exclude={"deviations"}), "clean": {"decisions": None}}
    )
    assert plan.clean.decisions is None


# ---- blocks ----------------------------------------------------------------------------------------------


def unreadable() -> CleanResult:
    """Return four households whose amounts are words (cases T07) and one of another county."""
    words = ("约五百", "约六百", "约七百", "约八百")
    rows = [("990602", str(k), "2016", "4", word) for k, word in enumerate(words, 1)]
    return cleaned(*rows, ("990602", "5", "2016", "4", "500"), ("990603", "9", "2016", "4", "约九百"), **PLAN)


@pytest.mark.parametrize(("action", "rule", "left"), [("keep", "H01", 6), ("exclude", "H03", 3)])
def test_a_block_is_decided_at_once(action: str, rule: str, left: int) -> None:
    before = unreadable()
    block = decide(case(before, "T07", "2"), action, "(block 4)")
    own = decide(case(before, "T07", "4"), "correct", "800")
    after = clean(before.raw, before.plan, decisions=Decisions.of([block, own]))
    reconciles(after)
    replays(after)
    assert only(after, "T07") == [("T07", "9")]
    assert len(after.frame) == left
    assert after.frame.set_index("household")["income_pc"].get("4") == 800
    made = after.decided[["action"]].value_counts().to_dict()
    assert made == {(action,): 3, ("correct",): 1}
    entries = after.ledger.entries.loc[after.ledger.entries["rule"] == rule]
    assert sorted(entries["household"]) == ["1", "2", "3"]
    numbers = {case(before, "T07", h)["case"] for h in ("1", "2", "3")}
    assert {r.rpartition("case ")[2].rstrip(")") for r in entries["reason_en"]} == numbers


def test_a_block_of_another_size_is_stale() -> None:
    before = unreadable()
    said = faults(before, decide(case(before, "T07", "2"), "keep", "（整批5）"))
    assert (
        "is decided for a block of 5 cases; there are 4 of this rule, column and file in the county" in said
    )
