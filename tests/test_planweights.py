"""The plan's sections on attrition, calibration and imputation, and what a county makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from evalkit.design import SurveyDesign
from evalkit.errors import PlanError
from evalkit.panel import Panel
from evalkit.pipeline.weighing import weigh_county
from evalkit.plan import Plan
from evalkit.planweights import AttritionSection, CalibrationSection, ImputationSection

BASE = {
    "title": "t",
    "data": {"household": {"files": ["a.csv"]}},
    "poverty": {"line": {"kind": "none"}},
    "prices": {"kind": "none"},
}
TOTAL = {"county": "990001", "by": "kind", "level": "a", "total": 5}


def plan(**sections) -> Plan:
    return Plan.model_validate(BASE | sections)


def test_defaults_ask_for_nothing():
    found = plan()
    assert found.attrition.weights == "none"
    assert found.calibration is None
    assert found.imputation is None


WRONG = [
    (AttritionSection, {"weights": "ipw"}, "needs covariates"),
    (AttritionSection, {"trim": [0.9, 0.1]}, "the lower first"),
    (AttritionSection, {"trim": [0, 2]}, "less than or equal to 1"),
    (CalibrationSection, {"source": "s"}, "needs totals, or a file"),
    (CalibrationSection, {"source": "s", "file": "t.csv", "totals": [TOTAL]}, "one of the two"),
    (CalibrationSection, {"source": "s", "totals": [TOTAL], "method": "logit"}, "needs bounds"),
    (CalibrationSection, {"source": "s", "totals": [TOTAL], "bounds": [0.5, 2]}, "raking has no bounds"),
    (
        CalibrationSection,
        {"source": "s", "totals": [TOTAL], "method": "linear", "bounds": [2, 3]},
        "enclose 1",
    ),
    (
        CalibrationSection,
        {"source": "s", "totals": [TOTAL, TOTAL | {"wave": 2016}]},
        "for all totals or for none",
    ),
    (CalibrationSection, {"source": "s", "totals": [TOTAL | {"total": -1}]}, "greater than or equal to 0"),
    (CalibrationSection, {"totals": [TOTAL]}, "source"),
    (ImputationSection, {"columns": ["wage_income"], "m": 5}, "greater than or equal to 20"),
    (ImputationSection, {"columns": ["wage_income", "status"]}, "status is never imputed"),
    (ImputationSection, {"columns": []}, "names no columns"),
]


@pytest.mark.parametrize(("section", "given", "said"), WRONG)
def test_what_a_plan_may_not_say(section, given, said):
    with pytest.raises(ValidationError, match=said):
        section.model_validate(given)


def test_totals_of_a_county_from_a_file(tmp_path: Path) -> None:
    section = CalibrationSection(source="s", file="totals.csv")
    with pytest.raises(PlanError, match=r"no file 'totals\.csv' below data\.raw"):
        section.of_county("990001", tmp_path)
    path = tmp_path / "totals.csv"
    path.write_text(
        "county,wave,by,level,total\n990001,2014,kind,01,5\n990002,2014,kind,01,6\n", encoding="utf-8"
    )
    found = section.of_county("990001", tmp_path)
    assert found.to_dict("list") == {"wave": ["2014"], "by": ["kind"], "level": ["01"], "total": ["5"]}
    path.write_text("district,total\n1,2\n", encoding="utf-8")
    with pytest.raises(PlanError, match="lacks county"):
        section.of_county("990001", tmp_path)
    path.write_text("county,total,unit\n1,2,3\n", encoding="utf-8")
    with pytest.raises(PlanError, match="unknown columns: unit"):
        section.of_county("990001", tmp_path)


@pytest.fixture
def panel() -> Panel:
    rng = np.random.default_rng(1)
    n = 240
    land = rng.normal(5, 1, n)
    first = pd.DataFrame(
        {
            "household": [f"h{i:03d}" for i in range(n)],
            "wave": 2014,
            "county": "990001",
            "village": np.arange(n) % 12,
            "kind": np.array(["a", "b"])[np.arange(n) % 2],
            "land": land,
            "weight": 2.0,
            "welfare": 5 + land + rng.normal(0, 1, n),
        }
    )
    stays = rng.uniform(size=n) < 1 / (1 + np.exp(-(6 - land)))
    second = first[stays].assign(wave=2016, welfare=first["welfare"] + 1)
    frame = pd.concat([first, second], ignore_index=True)
    frame.loc[::9, "welfare"] = np.nan
    return Panel(
        frame, welfare="welfare", village="village", design=SurveyDesign(weight="weight", psu="village")
    )


def test_a_county_gets_all_it_asks_for(panel: Panel) -> None:
    totals = [
        {"county": "990001", "wave": w, "by": "kind", "level": k, "total": t}
        for w in (2014, 2016)
        for k, t in (("a", 300), ("b", 200))
    ]
    asked = plan(
        attrition={"weights": "ipw", "covariates": ["land"]},
        calibration={"source": "census", "totals": totals},
        imputation={"columns": ["welfare"], "predictors": ["land"], "iterations": 2},
    )
    found = weigh_county(panel, asked, "990001")
    assert not found.omitted
    assert set(found.tables) == {
        "attrition", "attrition_test", "attrition_weights", "attrition_balance", "attrition_compared",
        "calibration_totals", "calibration_ratios", "calibration_compared",
        "imputed_shares", "imputation_diagnostics", "imputation_compared",
    }  # fmt: skip
    assert found.panel.design.weight == "calibrated_weight"
    assert found.panel.design.auxiliary is not None
    assert found.panel.design.auxiliary.base == "attrition_weight"
    sums = found.panel.frame.groupby(["wave", "kind"])["calibrated_weight"].sum()
    assert sums.to_numpy() == pytest.approx([300, 200, 300, 200])
    assert len(found.notes) >= 3


def test_a_county_says_what_it_cannot_have(panel: Panel) -> None:
    asked = plan(
        attrition={"covariates": ["soil"]},
        calibration={"source": "census", "totals": [TOTAL]},
        imputation={"columns": ["welfare"]},
    )
    found = weigh_county(panel, asked, "990002")
    assert set(found.omitted) == {"attrition_test", "attrition_weights", "calibration"}
    assert "no known totals for this county" in found.omitted["calibration"].en
    assert found.panel is panel
    one_wave = replace(panel, frame=panel.frame[panel.frame["wave"] == 2014])
    assert "attrition" in weigh_county(one_wave, plan(), "990001").omitted
