"""Equivalised welfare; subpopulations whose condition has no answer; differences of two shares of nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.errors import DataError, EstimationError
from evalkit.panel import Panel


@pytest.fixture
def panel() -> Panel:
    frame = pd.DataFrame(
        {
            "household": [1, 2, 3, 4],
            "wave": 2020,
            "size": [1, 4, 4, 2],
            "young": [0, 2, 0, 0],
            "income_pc": [100.0, 50.0, 50.0, 80.0],
        }
    )
    return Panel(frame, county=None, size="size", lines={2020: 60.0})


def test_scales_worked_by_hand(panel: Panel) -> None:
    root = ek.equivalised(panel)
    assert root.frame[root.welfare].tolist() == [100.0, 100.0, 100.0, pytest.approx(160 / np.sqrt(2))]
    oecd = ek.equivalised(panel, scale="oecd_modified", children="young")
    assert oecd.frame[oecd.welfare].tolist() == pytest.approx([100.0, 200 / 2.1, 200 / 2.5, 160 / 1.5])
    assert ek.equivalised(panel, scale="power", elasticity=1).frame["income_pc_equivalised"].tolist() == [
        100.0,
        50.0,
        50.0,
        80.0,
    ]
    assert root.lines is None
    assert ek.mean(root).values[0] == pytest.approx((100 + 400 + 400 + 2 * 160 / np.sqrt(2)) / 11)
    assert "income_pc_equivalised" not in panel.frame


def test_what_a_scale_lacks_is_said(panel: Panel) -> None:
    with pytest.raises(EstimationError, match="children="):
        ek.equivalised(panel, scale="oecd_modified")
    odd = Panel(panel.frame.assign(young=[1, 0, 0, 0]), county=None, size="size")
    with pytest.raises(DataError, match="1 of 4 household-waves have as many children"):
        ek.equivalised(odd, scale="oecd_modified", children="young")
    with pytest.raises(EstimationError, match="between 0 and 1"):
        ek.equivalised(panel, scale="power", elasticity=2)
    with pytest.raises(DataError, match="household size"):
        ek.equivalised(Panel(panel.frame, county=None))


@pytest.mark.parametrize("dtype", ["float", "boolean", "object"])
def test_a_condition_without_an_answer_is_neither_in_nor_out(panel: Panel, dtype: str) -> None:
    marks = pd.Series([True, False, None, True], dtype="boolean").astype(dtype)
    with pytest.raises(DataError, match="no answer for 1 of 4"):
        panel.where(marks)
    assert len(panel.where(marks == 1 if dtype == "float" else marks.fillna(value=False).astype(bool))) == 2


def test_nobody_poor_twice_is_no_proof_of_no_change() -> None:
    rows = [(h, w, 100.0 + h) for h in range(20) for w in (2019, 2020)]
    frame = pd.DataFrame(rows, columns=["household", "wave", "income_pc"])
    change = ek.headcount(Panel(frame, county=None), 50.0, by="wave").difference("wave", frm=2019, to=2020)
    assert change.values[0] == 0
    assert np.isnan(change.std_error[0])
    assert np.isnan(change.confint().low[0])
