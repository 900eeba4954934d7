"""Forged registries: the truth lists every touched row, accounts still add up, the pattern is there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit import idnumber, schema, simulate
from evalkit.errors import DataError
from evalkit.simulate.distortions import DISTORTIONS, TRUTH_COLUMNS
from evalkit.simulate.errors.framework import FRAMES
from evalkit.simulate.incomes import LINE

TRANSFERS = [
    "family_planning_grant", "minimum_allowance", "destitute_allowance", "pension", "ecological_compensation",
    "other_transfer_income",
]  # fmt: skip


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticRegistry:
    return simulate.registry(11, counties=3, scale=0.2, rosters="all")


@pytest.fixture(scope="module")
def forged(made: simulate.SyntheticRegistry) -> dict[str, simulate.Distorted]:
    return {kind: simulate.distort(made, {kind: 0.8}) for kind in DISTORTIONS}


@pytest.mark.parametrize("kind", DISTORTIONS)
def test_truth_lists_exactly_the_touched_rows(
    made: simulate.SyntheticRegistry, forged: dict[str, simulate.Distorted], kind: str
) -> None:
    out = forged[kind]
    assert tuple(out.truth.columns) == TRUTH_COLUMNS
    assert len(out.truth) >= 3
    assert (out.truth["kind"] == kind).all()
    for table, name in FRAMES.items():
        before, after = getattr(made, name), getattr(out.registry, name)
        rows = out.truth[out.truth["table"] == table]
        gone = int((rows["row"] < 0).sum())
        added = len(after) - len(before) + gone
        if gone:
            assert len(rows) == gone
            continue
        a, b = after.iloc[: len(before)].astype(object), before.astype(object)
        differs = ((a != b) & ~(a.isna() & b.isna())).any(axis=1).to_numpy()
        expected = [*np.flatnonzero(differs), *range(len(before), len(before) + added)]
        assert sorted(rows["row"]) == expected
        listed = after.iloc[rows["row"]]
        if "household" in after:
            assert (listed["household"].to_numpy() == rows["household"].to_numpy()).all()


@pytest.mark.parametrize("kind", DISTORTIONS)
def test_forged_accounts_add_up_and_keys_stay_unique(
    forged: dict[str, simulate.Distorted], kind: str
) -> None:
    h = forged[kind].registry.households
    four = h[["wage_income", "operating_income", "property_income", "transfer_income"]].sum(axis=1)
    assert (four == h["income_gross"]).all()
    assert (four - h["operating_expense"] == h["income_net"]).all()
    assert (h[TRANSFERS].sum(axis=1) == h["transfer_income"]).all()
    assert (h["dividend_income"] + h["other_property_income"] == h["property_income"]).all()
    assert ((h["income_net"] / h["size"] - h["income_pc"]).abs() < 0.006).all()
    assert (h.filter(like="income") >= 0).all(axis=None)
    for table, name in FRAMES.items():
        frame = getattr(forged[kind].registry, name)
        assert not frame.duplicated(list(schema.KEYS[table])).any(), table  # type: ignore[index]


def test_a_registry_stays_as_it_is_and_kinds_draw_apart(made: simulate.SyntheticRegistry) -> None:
    before = made.households.copy()
    both = simulate.distort(made, {"terminal_digits": 0.5, "mass_exits": 0.5})
    pd.testing.assert_frame_equal(made.households, before)
    alone = simulate.distort(made, {"mass_exits": 0.5})
    pd.testing.assert_frame_equal(
        both.truth[both.truth["kind"] == "mass_exits"].reset_index(drop=True), alone.truth
    )
    again = simulate.distort(made, {"terminal_digits": 0.5, "mass_exits": 0.5})
    pd.testing.assert_frame_equal(again.registry.households, both.registry.households)


@pytest.mark.parametrize(
    "kind", ["heaping_line", "terminal_digits", "copied_households", "mass_exits", "padding"]
)
def test_strength_is_how_much_is_touched(made: simulate.SyntheticRegistry, kind: str) -> None:
    weak, strong = (len(simulate.distort(made, {kind: s}).truth) for s in (0.2, 0.9))
    assert 2.5 < strong / weak < 7


def test_out_of_range_is_refused(made: simulate.SyntheticRegistry) -> None:
    with pytest.raises(DataError, match="no distortion called rounding; there are: heaping_line"):
        simulate.distort(made, {"rounding": 0.5})
    with pytest.raises(DataError, match="strength of padding"):
        simulate.distort(made, {"padding": 0.0})
    only_last = simulate.registry(11, counties=1, scale=0.02)
    with pytest.raises(DataError, match="rosters='all'"):
        simulate.distort(only_last, {"deceased": 0.5})
    with pytest.raises(DataError, match="two counties"):
        simulate.distort(only_last, {"duplicates_between": 0.5})


# the patterns


def rows_of(out: simulate.Distorted, table: str = "household") -> pd.DataFrame:
    rows = out.truth[out.truth["table"] == table]
    return getattr(out.registry, FRAMES[table]).iloc[rows["row"]]


def test_heaps_lie_just_above_the_lines(forged: dict[str, simulate.Distorted]) -> None:
    exits = rows_of(forged["heaping_line"])
    ratio = exits["income_pc"] / np.asarray(LINE)[exits["wave"] - 2014]
    assert ratio.between(1.0, 1.021).all()
    assert (exits["wave"] == exits["exit_year"]).all()
    watched = rows_of(forged["heaping_monitoring"])
    assert watched["income_pc"].between(5000, 5101).all()
    assert watched["monitored"].isna().sum() > watched["monitored"].notna().sum()


def test_rounded_incomes_are_whole_hundreds_on_the_same_side_of_the_line(
    made: simulate.SyntheticRegistry, forged: dict[str, simulate.Distorted]
) -> None:
    rows = rows_of(forged["terminal_digits"])
    assert (rows["income_pc"] % 100 == 0).all()
    line = np.asarray(LINE)[rows["wave"] - 2014]
    assert ((rows["income_pc"] < line) == (made.households.loc[rows.index, "income_pc"] < line)).all()


def test_copies_growth_and_standstill(
    made: simulate.SyntheticRegistry, forged: dict[str, simulate.Distorted]
) -> None:
    copies = rows_of(forged["copied_households"])
    whole = forged["copied_households"].registry.households
    key = ["village", "wave", "size", "wage_income", "operating_income", "pension", "income_net"]
    twin = whole.duplicated(key, keep=False)
    assert twin[copies.index].mean() > 0.95
    assert not made.households.duplicated(key, keep=False).any()

    grown = rows_of(forged["identical_growth"])
    whole = forged["identical_growth"].registry.households.set_index(["household", "wave"])["income_pc"]
    before = whole.reindex(pd.MultiIndex.from_arrays([grown["household"], grown["wave"] - 1])).to_numpy()
    rate = grown["income_pc"].to_numpy() / before - 1
    spread = pd.Series(rate).groupby(grown["village"].to_numpy()).agg(np.ptp)
    assert spread.max() < 0.001

    out = forged["frozen_fields"]
    frame = out.registry.households.sort_values(["household", "wave"])
    still = frame.groupby("household")["income_net"].diff() == 0
    touched = set(rows_of(out)["household"])
    assert still.groupby(frame["household"]).sum()[list(touched)].ge(2).all()
    grades = out.truth[(out.truth["table"] == "member") & out.truth["column"].str.contains("grade")]
    assert len(grades) > 5


def test_padding_and_interviewers(
    made: simulate.SyntheticRegistry, forged: dict[str, simulate.Distorted]
) -> None:
    rows = rows_of(forged["padding"])
    line = np.asarray(LINE)[rows["wave"] - 2014]
    own = (rows["income_net"] - rows["transfer_income"]) / rows["size"]
    assert (own < line).all()
    assert (rows["income_pc"] >= line).all()
    shaded = rows_of(forged["interviewer_effects"])
    change = np.log(shaded["income_pc"] / made.households.loc[shaded.index, "income_pc"])
    assert set(change.groupby(shaded["interviewer"]).median().round(2)) == {-0.24, 0.24}


def test_split_parents_are_alone_in_the_look_back_year_only(forged: dict[str, simulate.Distorted]) -> None:
    out = forged["split_lookback"]
    new = rows_of(out)[lambda f: f["household"].str[12] == "8"]
    assert len(new) >= 3
    assert (new["wave"] == 2016).all()
    assert (new["size"] == 1).all()
    h, m = out.registry.households, out.registry.members
    counted = m.groupby(["household", "wave"]).size()
    stated = h.set_index(["household", "wave"])["size"]
    assert (counted.reindex(stated.index) == stated).all()
    able = m["labour"].isin(["普通劳动力", "技能劳动力"]).groupby([m["household"], m["wave"]]).sum()
    assert (able.reindex(stated.index) == h.set_index(["household", "wave"])["labourers"]).all()
    assert (m[m["household"].isin(new["household"])]["relation"] == "户主").all()


@pytest.mark.parametrize(("kind", "counties"), [("duplicates_within", 1), ("duplicates_between", 2)])
def test_doubles_share_id_numbers(forged: dict[str, simulate.Distorted], kind: str, counties: int) -> None:
    m = forged[kind].registry.members.query("wave == 2020")
    double = m[m.duplicated("id_number", keep=False)]
    assert len(double) > 5
    assert (double.groupby("id_number")["county"].nunique() == counties).all()
    assert (double.groupby("id_number")["household"].nunique() == 2).all()
    new = double[double["household"].str[12] == "9"]
    assert (new["household"].str[:12] == new["village"]).all()
    assert (new["village"].str[:6] == new["county"]).all()


def test_the_very_old_and_the_dead(forged: dict[str, simulate.Distorted]) -> None:
    old = rows_of(forged["over_100"], "member")
    assert ((old["wave"] - old["birth_date"].str[:4].astype(int)) >= 99).all()
    assert idnumber.is_valid(old["id_number"]).all()
    assert (old["id_number"].str[6:14] == old["birth_date"]).all()
    dead = rows_of(forged["deceased"], "member")
    assert (dead["change"] == "死亡").all()
    later = forged["deceased"].registry.members
    later = later[later["person"].isin(dead["person"]) & (later["wave"] == 2020)]
    assert len(later) == len(dead)
    assert (later["wave"].astype(str) > dead["change_month"].str[:4].max()).all()


def test_events_all_at_once_and_support_gone(
    made: simulate.SyntheticRegistry, forged: dict[str, simulate.Distorted]
) -> None:
    exits = rows_of(forged["mass_exits"])
    assert exits["exit_month"].str.endswith("12").all()
    assert (exits["exit_month"].str[:4].astype(int) == exits["exit_year"]).all()
    assert (rows_of(forged["batch_updates"])["monitored_month"] == "202006").all()
    early = rows_of(forged["early_elimination"])
    months = early["eliminated_month"].astype(int) - early["monitored_month"].astype(int)
    assert months.between(1, 2).all()
    gone = forged["no_support"].truth["household"].unique()
    first = forged["no_support"].registry.programs.groupby("household")["program_start"].min()
    out = made.households.dropna(subset=["exit_year"]).drop_duplicates("household").set_index("household")
    assert (first.reindex(gone).fillna(9999).to_numpy() > out["exit_year"].reindex(gone).to_numpy()).all()
    survey = rows_of(forged["survey_differences"], "survey")
    assert (survey["persons"] >= 1).all()
    assert (survey["persons"] != made.survey.loc[survey.index, "persons"]).all()
