"""Injected errors are found by their rules, and clean data stays quiet; the committed table says the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit import simulate
from evalkit.rules import rule
from evalkit.simulate.errors import INJECTORS, inject
from rule_recall import example_plan, measure_rules

LEAST_RECALL = 0.95
"""With many errors in a village one may undo another's neighbour."""
MOST_FALSE_ALARMS, MOST_FLAGS = 0.01, 0.015
"""Share of clean rows on which a rule may open a case, or set a mere flag; most rules are silent."""


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
    assert loud.to_numpy().tolist() == []
    assert (measured["false_alarms"] == 0).mean() > 0.9


def committed(root: Path) -> pd.DataFrame:
    lines = (root / "docs" / "rule-recall.md").read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return pd.DataFrame(cells[1:], columns=cells[0])


def test_the_committed_table_names_every_injector_and_misses_next_to_nothing(root: Path) -> None:
    table = committed(root)
    assert sorted(set(table["rule"]) | {"O05"}) == sorted({i.rule for i in INJECTORS} | {"O05"})
    assert (table["recall"].astype(float) >= LEAST_RECALL).all()
    said = {r: rule(r).text.en for r in table["rule"]}
    assert table.set_index("rule")["what"].to_dict() == said
