"""Injected errors: the truth says where they are, one household has one, nothing else moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit import simulate
from evalkit.errors import DataError
from evalkit.simulate.errors import INJECTORS, Injector, Tables, inject
from evalkit.simulate.errors.framework import FRAMES, TRUTH_COLUMNS, inject_with
from rule_recall import example_plan, measure_rules


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticRegistry:
    return simulate.registry(7, counties=2, scale=0.05)


def other_sex(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
    members = tables.frames["member"]
    rows = tables.pick(rng, "member", members["sex"] == "男", n)
    tables.write("member", rows, "sex", "女")
    return rows


def too_rich(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
    frame = tables.frames["household"]
    rows = tables.pick(rng, "household", frame["size"] >= 2, n)
    tables.write("household", rows, "income_pc", 123456.78)
    return rows


def no_size(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
    rows = tables.pick(rng, "household", np.ones(len(tables.frames["household"]), dtype=bool), n)
    tables.write("household", rows, "size", None)
    return rows


def copied(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
    rows = tables.pick(rng, "program", np.ones(len(tables.frames["program"]), dtype=bool), n)
    return tables.add("program", tables.frames["program"].loc[rows])


def silent(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
    return tables.pick(rng, "household", np.ones(len(tables.frames["household"]), dtype=bool), n)


TOYS = (
    Injector("P03", "member", other_sex),
    Injector("I03", "household", too_rich),
    Injector("K07", "household", no_size),
    Injector("D01", "program", copied),
)


def test_truth_names_every_damaged_row_and_cell(made: simulate.SyntheticRegistry) -> None:
    out = inject_with(TOYS, made, n=5)
    truth = out.truth
    assert tuple(truth.columns) == TRUTH_COLUMNS
    assert truth.groupby("rule").size().to_dict() == {"P03": 5, "I03": 5, "K07": 5, "D01": 5}
    assert truth["household"].is_unique
    assert truth.groupby("rule")["column"].unique().map(list).to_dict() == {
        "P03": ["sex"], "I03": ["income_pc"], "K07": ["size"], "D01": [""],
    }  # fmt: skip
    for _, row in truth[truth["table"] == "household"].iterrows():
        damaged = out.registry.households.iloc[row["row"]]
        assert (damaged["household"], str(damaged["wave"])) == (row["household"], row["wave"])
    after, before = out.registry.households.astype(object), made.households.astype(object)
    changed = ((after != before) & ~(after.isna() & before.isna())).any(axis=1)
    assert list(np.flatnonzero(changed)) == sorted(truth.loc[truth["table"] == "household", "row"])
    assert len(out.registry.programs) == len(made.programs) + 5
    assert out.registry.households["income_pc"].dtype == np.float64
    pd.testing.assert_frame_equal(out.registry.villages, made.villages)


def test_a_registry_stays_as_it_is_and_streams_are_the_rules_own(made: simulate.SyntheticRegistry) -> None:
    before = {name: getattr(made, name).copy() for name in FRAMES.values()}
    both = inject_with(TOYS[:2], made, n=4)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(made, name), frame)
    pd.testing.assert_frame_equal(both.truth, inject_with(TOYS[:2], made, n=4).truth)
    alone = inject_with(TOYS[:1], made, n=4)
    pd.testing.assert_frame_equal(alone.truth, both.truth[both.truth["rule"] == "P03"])
    assert not inject_with(TOYS[:1], made, n=4, seed=2).truth.equals(alone.truth)


def test_fewer_where_fewer_will_do(made: simulate.SyntheticRegistry) -> None:
    households = made.households["household"].nunique()
    out = inject_with(
        (Injector("K07", "household", no_size), Injector("X", "household", silent)), made, n=10**6
    )
    assert (out.truth["rule"] == "K07").sum() == households
    assert not (out.truth["rule"] == "X").any()


def test_a_row_that_is_not_there_is_an_error(made: simulate.SyntheticRegistry) -> None:
    def dropped(rng: np.random.Generator, tables: Tables, n: int) -> pd.Index:
        rows = silent(rng, tables, n)
        tables.drop("household", rows)
        return rows

    with pytest.raises(DataError, match="rule K07 names 2 rows that are not in the household table"):
        inject_with((Injector("K07", "household", dropped),), made, n=2)


def test_an_unknown_rule_or_column_is_refused(made: simulate.SyntheticRegistry) -> None:
    with pytest.raises(DataError, match="no injector for the rules ZZ9"):
        inject(made, rules=["ZZ9"])
    tables = Tables({"household": made.households})
    with pytest.raises(DataError, match="no column wealth"):
        tables.write("household", made.households.index[:1], "wealth", 1)


def test_values_by_household_and_wave_are_found(made: simulate.SyntheticRegistry) -> None:
    tables = Tables({"household": made.households, "member": made.members})
    sizes = made.households.set_index(["household", "wave"])["size"]
    got = tables.of_household("member", sizes)
    assert (got == tables.frames["member"].groupby(["household", "wave"])["person"].transform("size")).all()
    kinds = made.households.drop_duplicates("household").set_index("household")["household_type"]
    first = made.members.iloc[0]
    assert tables.of_household("member", kinds).iloc[0] == kinds[first["household"]]


def test_recall_and_false_alarms_are_counted_by_row(made: simulate.SyntheticRegistry, root: Path) -> None:
    toys = (*TOYS, Injector("I02", "household", silent))
    table = measure_rules(made, inject_with(toys, made, n=6), example_plan(root)).set_index("rule")
    assert table["injected"].eq(6).all()
    assert table["found"].to_dict() == {"P03": 6, "I03": 6, "K07": 6, "D01": 6, "I02": 0}
    assert table.loc["I02", "recall"] == 0
    assert (table["false_alarms"] == 0).all()
    assert table.loc["K07", "clean_rows"] == len(made.households)


def test_every_injector_names_a_rule_once_and_finds_units() -> None:
    assert len({(i.rule, i.table) for i in INJECTORS}) == len(INJECTORS)
    assert {i.table for i in INJECTORS} <= set(FRAMES)
