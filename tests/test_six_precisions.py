"""Scorecards of the six precisions: figures with denominators, what is lacking, and no mark over them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, PlanError
from evalkit.exits import (
    PrecisionEvidence,
    beneficiaries,
    funds_account,
    household_standard,
    identification_errors,
    milestones,
    need_matrix,
    program_overlap,
    six_precisions,
    village_posts,
)
from evalkit.panel import Panel
from evalkit.standards import load_standard

REGISTRY = pd.DataFrame(
    {
        "household": ["a", "b", "c", "d"],
        "wave": 2017,
        "income_pc": [4000.0, 2000.0, 5000.0, 3000.0],
        "size": [4, 2, 3, 1],
        "village": ["v", "v", "w", "w"],
        "cause": ["因病", "缺技术", "因病", "因灾"],
        "exit_year": [2017, np.nan, 2017, np.nan],
        "agreement": [1, np.nan, 0, np.nan],
    }
)
PROGRAMS = pd.DataFrame(
    [
        ("a", "health", 2016, 1000.0),
        ("a", "industry", 2016, 500.0),
        ("b", "health", 2017, 700.0),
        ("x", "industry", 2016, 800.0),
    ],
    columns=["household", "program", "program_start", "amount"],
)
VILLAGES = pd.DataFrame(
    {
        "county": "990101",
        "village": ["v", "w", "x", "y"],
        "village_type": ["贫困村", "贫困村", "贫困村", "非贫困村"],
        "resident_team": ["是", "否", None, "是"],
    }
)


def panel() -> Panel:
    return Panel(REGISTRY, county=None, size="size", village="village", lines={2017: 2952.0})


def evidence() -> PrecisionEvidence:
    return PrecisionEvidence(
        beneficiaries=beneficiaries(PROGRAMS, REGISTRY, wave=2017),
        overlap=program_overlap(PROGRAMS, 2017),
        funds=funds_account(PROGRAMS, REGISTRY, first=2016, last=2017, budget={"all": 4000.0}),
        needs=need_matrix(panel(), PROGRAMS),
        posts=village_posts(VILLAGES),
        households=household_standard(panel(), load_standard("cn-2017"), account=None),
    )


def test_each_figure_stands_with_its_denominator_and_its_source():
    table = six_precisions(evidence()).tidy().set_index("measure")
    # a, b of the supported a, b, x are on the register, which has four; four receipts over three households
    assert table.loc["supported_registered", ["found", "among", "value"]].tolist() == pytest.approx(
        [2, 3, 2 / 3]
    )
    assert table.loc["registered_supported", "value"] == 0.5
    assert table.loc["programs_per_household", "value"] == pytest.approx(4 / 3)
    # 1,000 + 500 + 700 reached a and b, 800 went to x; a budget of 4,000; one exit (a) among the two
    assert table.loc["funds_reached", "value"] == pytest.approx(2200 / 4000)
    assert table.loc["funds_traced", ["found", "among"]].tolist() == [2200, 3000]
    assert table.loc["funds_per_household", "value"] == 1100
    assert table.loc["funds_per_exit", ["found", "among"]].tolist() == [2200, 1]
    # illness of a is answered, of c not; lack of skill (b) and disaster (d) are not
    assert table.loc["needs_answered", ["found", "among"]].tolist() == [1, 4]
    # of three poor villages one has a team, one has none, of one nothing is known
    assert table.loc["villages_with_team", ["found", "among"]].tolist() == [1, 3]
    assert table.loc["exits_agreement", ["found", "among", "value"]].tolist() == [1, 2, 0.5]
    assert table.loc["exits_agreement", ["evidence", "unit_zh", "limits_en"]].tolist() == [
        "household_standard",
        "户",
        "two-sided 95 %",
    ]


def test_what_is_lacking_is_said_and_there_is_no_mark():
    card = six_precisions(evidence())
    lacking = card.lacking().set_index("measure")["lacks_en"]
    assert lacking["registered_not_poor"] == "no identification_errors was given"
    assert "does not hold it" in lacking["villages_with_secretary"]
    assert card.frame.loc[~card.frame["shown"], ["value", "found", "among"]].isna().all(axis=None)
    assert set(card.frame["item"]) == {"object", "project", "funds", "measures", "posts", "results"}
    assert not any("mark" in c or "score" in c or "overall" in c for c in card.frame.columns)
    assert "none defines a threshold or a mark" in card.notes[1].en
    lines = card.explain("zh").splitlines()
    assert lines[0] == "扶持对象精准：在册但不贫困/建档立卡未脱贫：未显示，未提供identification_errors的结果"
    assert "因村派人（第一书记）精准：已知有驻村工作队的贫困村/贫困村：0.3333 (1 / 3 村)" in lines
    empty = six_precisions(PrecisionEvidence())
    assert not empty.frame["shown"].any()


def test_the_list_of_gansu_has_other_items():
    card = six_precisions(
        PrecisionEvidence(
            targets=milestones("gansu-2017"),
            problems=pd.DataFrame({"state": ["closed", "open", "overdue", "closed"]}),
        ),
        version="gansu",
    )
    table = card.tidy().set_index("measure")
    assert table["item_zh"].drop_duplicates().tolist() == [
        "对象精准", "目标精准", "内容精准", "方式精准", "考评精准", "保障精准",
    ]  # fmt: skip
    assert table.loc["targets_met", ["found", "among"]].tolist() == [0, 8]  # without data none is borne out
    assert table.loc["problems_closed", "value"] == 0.5
    with pytest.raises(PlanError, match="no list of six precisions 'gansuu'; did you mean 'gansu'"):
        six_precisions(PrecisionEvidence(), version="gansuu")  # type: ignore[arg-type]


def test_limits_come_from_the_survey():
    survey = REGISTRY.assign(survey_group=["registered", "registered", "unregistered", "unregistered"])
    errors = identification_errors(
        Panel(survey, county=None, size="size", lines={2017: 2952.0}, design=SurveyDesign(psu="household"))
    )
    row = (
        six_precisions(PrecisionEvidence(errors=errors))
        .tidy()
        .set_index("measure")
        .loc["registered_not_poor"]
    )
    # a (four persons) of a and b (two) is not poor
    assert (row["found"], row["among"], row["value"]) == (4, 6, pytest.approx(4 / 6))
    assert row["low"] < 4 / 6 < row["high"]


def test_posts_are_counted_over_poor_villages():
    found = village_posts(VILLAGES)
    assert found.tidy().to_dict("records") == [
        {"post": "team", "villages": 3, "filled": 1, "empty": 1, "blank": 1}
    ]
    assert found.frame["team"].tolist() == ["meets", "fails", "not_shown"]
    assert village_posts(VILLAGES, among="").table["villages"].tolist() == [4]
    with pytest.raises(DataError, match="lacks resident_team, first_secretary"):
        village_posts(VILLAGES.drop(columns="resident_team"))
    with pytest.raises(DataError, match="none of 4 villages has the village_type '深度贫困村'"):
        village_posts(VILLAGES, among="深度贫困村")
    with pytest.raises(DataError, match="no household in 2016"):
        beneficiaries(PROGRAMS, REGISTRY, wave=2016)
