"""Injected errors are found by their rules, and clean data stays quiet; the committed table says the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit import simulate
from evalkit.errors import DataError
from evalkit.rules import RULES, rule
from evalkit.simulate.errors import INJECTORS, SERIES_INJECTORS, inject, inject_series
from evalkit.simulate.errors.series import BREAKS
from rule_recall import example_plan, measure_rules, measure_series

LEAST_RECALL = 0.95
"""With many errors in a village one may undo another's neighbour."""
MOST_FALSE_ALARMS, MOST_FLAGS = 0.01, 0.015
"""Share of clean rows on which a rule may open a case, or set a mere flag; most rules are silent."""
TAILS = frozenset({"I04"})
"""Rules that mark what lies far from most: they fire in the tails of clean incomes too, and open no case."""


@pytest.fixture(scope="module")
def measured(root: Path) -> pd.DataFrame:
    registry = simulate.registry(11, counties=4, scale=0.6, rosters="all", changes=0.02)
    return measure_rules(registry, inject(registry, n=3), example_plan(root))


@pytest.mark.slow
def test_every_injected_error_is_found(measured: pd.DataFrame) -> None:
    missed = measured.loc[measured["recall"] < LEAST_RECALL, ["rule", "table", "injected", "found"]]
    assert missed.to_numpy().tolist() == []
    assert set(measured["rule"]) >= {i.rule for i in INJECTORS} - {"O05"}


@pytest.mark.slow
def test_clean_data_stays_quiet(measured: pd.DataFrame) -> None:
    most = [MOST_FALSE_ALARMS if rule(r).case else MOST_FLAGS for r in measured["rule"]]
    loud = measured.loc[measured["false_alarm_rate"] > most, ["rule", "false_alarm_rate"]]
    loud = loud.loc[~loud["rule"].isin([r for r in TAILS if not rule(r).case])]
    assert loud.to_numpy().tolist() == []
    assert (measured["false_alarms"] == 0).mean() > 0.9


def committed(root: Path) -> pd.DataFrame:
    lines = (root / "docs" / "rule-recall.md").read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return pd.DataFrame(cells[1:], columns=cells[0])


def test_the_committed_table_names_every_injector_and_misses_next_to_nothing(root: Path) -> None:
    table = committed(root)
    injected = {i.rule for i in (*INJECTORS, *SERIES_INJECTORS)} | set(BREAKS) | {"O05"}
    assert sorted(set(table["rule"]) | {"O05"}) == sorted(injected)
    assert (table["recall"].astype(float) >= LEAST_RECALL).all()
    said = {r: rule(r).text.en for r in table["rule"]}
    assert table.set_index("rule")["what"].to_dict() == said


@pytest.fixture(scope="module")
def book() -> simulate.Yearbook:
    return simulate.make_yearbook(3, counties=60)


def test_every_error_in_a_yearbook_is_found_and_nothing_else(book: simulate.Yearbook) -> None:
    table = measure_series(book, inject_series(book, n=1))
    assert table.loc[table["recall"] < 1, "rule"].tolist() == []
    assert table.loc[table["false_alarms"] > 0, "rule"].tolist() == []
    assert set(table["rule"]) == {i.rule for i in SERIES_INJECTORS} | set(BREAKS)


def test_every_rule_on_series_has_an_injector() -> None:
    have = {i.rule for i in SERIES_INJECTORS} | set(BREAKS)
    assert {r.id for r in RULES if r.id.startswith("Y")} == have


def test_a_yearbook_adds_up_and_stays_as_it_is(book: simulate.Yearbook) -> None:
    frame = book.frame
    before = frame.copy()
    made = inject_series(book, rules=["Y12", "Y65"], n=2, seed=5)
    pd.testing.assert_frame_equal(book.frame, before)
    pd.testing.assert_frame_equal(made.truth, inject_series(book, rules=["Y12", "Y65"], n=2, seed=5).truth)
    assert made.truth.groupby("rule").size().to_dict() == {"Y12": 2, "Y65": 2}
    assert made.truth["county"].is_unique
    assert len(made.yearbook.frame) == len(frame) - 2
    assert frame["county"].str.startswith("99").all()
    last = frame.groupby("county")["poor_persons"].shift(1)
    moved = frame["identified_in_year"] + frame["returned_in_year"] - frame["exited_in_year"]
    assert ((last + moved - frame["poor_persons"]).dropna() == 0).all()
    with pytest.raises(DataError, match="no injector for the rules A01"):
        inject_series(book, rules=["A01"])
    with pytest.raises(DataError, match="from 1 to 240"):
        simulate.make_yearbook(counties=241)
