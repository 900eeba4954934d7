"""Household structures that deserve a question: listed by a build when the plan asks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import evalkit as ek
import store_case
from evalkit.pipeline import build
from evalkit.pipeline.auditing import load_audit
from evalkit.rosters import dynasties, suspicious_households
from evalkit.store import Store


def test_a_build_lists_structures_when_the_plan_asks(root: Path, tmp_path: Path) -> None:
    plan = store_case.synthetic(root, tmp_path, counties=1, scale=0.25)
    build(plan)
    store = Store(plan.processed)
    (county,) = store.counties()
    assert not store.path("structures", county).exists()
    asked = ek.load_plan(
        tmp_path / "plan.yaml",
        overrides={"clean.household_structures": {"look_backs": [2017, 2018], "within": 2}},
    )
    build(asked)
    found = store.read("structures", county)
    panel, members = store.read("panel", county), store.read("member", county)
    expected = suspicious_households(dynasties(members), panel, members, look_backs=[2017, 2018], within=2)
    assert len(expected) > 0
    pd.testing.assert_frame_equal(found, expected)
    table = load_audit(asked).table("structures")
    assert table is not None
    assert table.set_index("rule")["cases"].to_dict() == expected["rule"].value_counts().to_dict()
    assert not {"household", "other", "evidence"} & set(table.columns)
