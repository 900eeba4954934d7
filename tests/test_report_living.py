"""Sections on who gained, what moved poverty, guarantees and what exits rest on: what they say, and what they do not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import report_case
from evalkit import simulate
from evalkit.design import SurveyDesign
from evalkit.panel import Panel
from evalkit.pipeline.distribution import deprivations_of, measure_distribution
from evalkit.pipeline.measuring import Collected
from evalkit.pipeline.results import CountyCase, CountyResult
from evalkit.plan import GuaranteeDeprivation, OwnDeprivation
from evalkit.report import deprivation, income, poverty, sustainability
from evalkit.report.document import Block, Figure, Omitted, Prose, Section, Suppressed, Table
from evalkit.report.sections.reading import NUMBER, TITLES
from evalkit.simulate.incomes import LINE
from evalkit.simulate.people import WAVES


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Return a clean synthetic county of seven waves."""
    made = simulate.registry(seed=3, counties=1, scale=0.5)
    return Panel(
        made.households.reset_index(drop=True),
        size="size",
        village="village",
        design=SurveyDesign(weight="weight", strata="stratum", psu="village"),
        lines={int(w): float(z) for w, z in zip(WAVES, LINE, strict=True)},
        deflators={int(w): 100.0 + 2 * i for i, w in enumerate(WAVES)},
        synthetic=True,
    )


def case_of(folder: Path, panel: Panel, **plan: object) -> CountyCase:
    case = report_case.case_in(folder)
    case = replace(case, plan=case.plan.model_copy(update=plan))
    found = Collected()
    measure_distribution(found, panel, case.plan)
    result = replace(
        case.result,
        waves=tuple(panel.waves),
        estimates={**case.result.estimates, **found.estimates},
        tables={**case.result.tables, **found.tables},
        facts={**case.result.facts, **found.facts},
        omitted={**case.result.omitted, **found.omitted},
    )
    return replace(case, result=CountyResult.from_dict(result.to_dict()))


def blocks(section: Section, kind: type[Block]) -> list[Block]:
    return [b for b in section.blocks if isinstance(b, kind)]


def table(section: Section, title: str) -> Table:
    return next(b for b in section.blocks if isinstance(b, Table) and b.title.en.startswith(title))


def test_sections_are_numbered_in_order_and_point_to_each_other(tmp_path: Path, panel: Panel) -> None:
    assert list(NUMBER.values()) == list(range(1, len(TITLES) + 1))
    case = case_of(tmp_path, panel)
    said = " ".join(b.text.en for b in income(case).blocks if isinstance(b, Prose))
    assert f"section {NUMBER['impact']} compares" in said
    said = " ".join(b.text.zh for b in poverty(case).blocks if isinstance(b, Prose))
    assert f"第{NUMBER['dynamics']}节" in said


def test_incidence_has_curves_with_bands_a_table_and_the_diagnosis(tmp_path: Path, panel: Panel) -> None:
    section = income(case_of(tmp_path, panel))
    curves = table(section, "Growth from 2014 to 2020: same percentile")
    assert [row[0] for row in curves.rows] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]
    assert curves.columns[-1].label.en == "Household-years in sample"
    same = table(section, "Growth from 2014 to 2020: same households")
    assert [row[0] for row in same.rows][-1] == 100.0
    assert table(section, "Regression to the mean").rows
    assert any("Growth incidence" in b.title.en for b in blocks(section, Figure) if isinstance(b, Figure))
    notes = [b.text.en for b in section.blocks if isinstance(b, Prose) and b.style == "note"]
    assert any("does not show that the poorer catch up" in n for n in notes)
    assert [row[-1] for row in same.rows] != [same.rows[0][-1]] * 10  # households of each group, not of all
    assert sum(float(row[-1]) for row in same.rows) <= panel.frame["household"].nunique()


def test_inequality_speaks_of_its_population_only(tmp_path: Path, panel: Panel) -> None:
    found = table(income(case_of(tmp_path, panel)), "Inequality by year")
    assert [row[0] for row in found.rows] == panel.waves
    assert any("nothing about all households" in n.en for n in found.notes)


def test_shapley_parts_add_up_and_name_no_cause(tmp_path: Path, panel: Panel) -> None:
    section = poverty(case_of(tmp_path, panel))
    found = table(section, "Change of poverty from 2014 to 2020")
    growth, redistribution, total = ([row[1], row[3]] for row in found.rows)
    assert np.add(growth, redistribution) == pytest.approx(np.array(total, dtype=float))
    said = " ".join(b.text.en for b in section.blocks if isinstance(b, Prose))
    assert "names no cause, and no program" in said
    assert not any(
        "0 household-waves" in n.en for t in blocks(section, Table) if isinstance(t, Table) for n in t.notes
    )


def test_guarantees_that_nothing_shows_are_named_not_counted(tmp_path: Path, panel: Panel) -> None:
    section = deprivation(case_of(tmp_path, panel))
    found = table(section, "Deprivation by year")
    assert any("left out: food, clothing, compulsory education" in n.en for n in found.notes)
    evidence = table(section, "Where the findings come from")
    assert [row[1].en for row in evidence.rows if hasattr(row[1], "en")] == ["registry mark", "registry mark"]
    assert any("no independent evidence" in n.en for n in evidence.notes)


def test_few_unmet_guarantees_are_withheld(tmp_path: Path, panel: Panel) -> None:
    rare = panel.frame.copy()
    rare["unsafe_housing"] = False
    rare.loc[rare.index[:4], "unsafe_housing"] = True
    section = deprivation(case_of(tmp_path, replace(panel, frame=rare)))
    evidence = table(section, "Where the findings come from")
    assert evidence.rows[0][3] == Suppressed()
    assert isinstance(evidence.rows[1][3], float)


def test_own_indicators_and_none(tmp_path: Path, panel: Panel) -> None:
    own = OwnDeprivation.model_validate(
        {
            "kind": "indicators",
            "indicators": {
                "water": {"deprived": "safe_water == 0", "label": {"en": "water", "zh": "饮水"}},
                "land": {"deprived": "cultivated_land", "below": 2, "weight": 3},
            },
            "cutoff": 0.5,
        }
    )
    case = case_of(tmp_path, panel, deprivation=own)
    chosen = deprivations_of(panel, case.plan)
    assert chosen is not None
    assert chosen.shares == {"water": 0.25, "land": 0.75}
    said = " ".join(b.text.en for b in deprivation(case).blocks if isinstance(b, Prose))
    assert "reach the cutoff" in said
    none = GuaranteeDeprivation()
    bare = panel.frame.drop(columns=["unsafe_housing", "safe_water"])
    case = case_of(tmp_path, replace(panel, frame=bare), deprivation=none)
    omitted = blocks(deprivation(case), Omitted)
    assert len(omitted) == 1
    assert isinstance(omitted[0], Omitted)
    assert "none of the guarantees" in omitted[0].reason.en
    assert re.search("[一-鿿]", omitted[0].reason.zh)


def test_sustainability_is_arithmetic_among_the_exited(tmp_path: Path, panel: Panel) -> None:
    section = sustainability(case_of(tmp_path, panel))
    said = " ".join(b.text.en for b in section.blocks if isinstance(b, Prose))
    assert "calls exited" in said
    assert "not a forecast" in said
    found = table(section, "Share that would be below")
    frame = panel.frame
    last = frame[
        (frame["wave"] == 2020) & (frame["exit_year"] <= 2020) & (frame["income_pc"] >= float(LINE[-1]))
    ]
    without = last["income_pc"] - last["transfer_income"] / last["size"]
    w = last["weight"] * last["size"]
    expected = (w * (without < float(LINE[-1]))).sum() / w.sum()
    row = next(r for r in found.rows if r[0] == 2020)
    assert row[1] == pytest.approx(expected)


def test_one_wave_gives_levels_and_no_change(tmp_path: Path, panel: Panel) -> None:
    one = replace(panel, frame=panel.frame[panel.frame["wave"] == 2020].reset_index(drop=True))
    found = Collected()
    measure_distribution(found, one, report_case.plan_in(tmp_path))
    assert {"gini", "near_line", "deprivation", "sustainability"} <= set(found.estimates)
    assert not {"incidence", "shapley_gap", "deprivation_change"} & set(found.estimates)
    assert isinstance(found.tables["deprivation_evidence"], pd.DataFrame)


def test_a_county_without_exits_says_so(tmp_path: Path, panel: Panel) -> None:
    nobody = replace(panel, frame=panel.frame.assign(exit_year=np.nan))
    section = sustainability(case_of(tmp_path, nobody))
    omitted = blocks(section, Omitted)
    assert len(omitted) == 1
    assert isinstance(omitted[0], Omitted)
    assert "calls no household" in omitted[0].reason.en
    assert not blocks(section, Figure)


def test_a_mean_over_few_poor_is_withheld(tmp_path: Path, panel: Panel) -> None:
    """Four households are poor in 2020: their mean shortfall is theirs alone; the rate of all is printed."""
    frame = panel.frame.copy()
    last = frame.index[frame["wave"] == 2020]
    line = float(LINE[-1])
    frame.loc[last, "income_pc"] = frame.loc[last, "income_pc"].clip(lower=line)
    frame.loc[last[:4], "income_pc"] = line / 2
    section = poverty(case_of(tmp_path, replace(panel, frame=frame)))
    depth = table(section, "Depth of poverty")
    columns = [c.name for c in depth.columns]
    row = next(r for r in depth.rows if r[0] == 2020)
    assert row[columns.index("0_estimate")] == Suppressed()
    assert row[columns.index("1_estimate")] == Suppressed()
    assert row[columns.index("0_n")] == Suppressed()
    assert isinstance(row[columns.index("2_estimate")], float)


def test_own_indicators_are_not_called_guarantees(tmp_path: Path, panel: Panel) -> None:
    own = OwnDeprivation.model_validate(
        {
            "kind": "indicators",
            "indicators": {
                "land": {"deprived": "cultivated_land", "below": 2},
                "water": {"deprived": "safe_water == 0"},
            },
            "cutoff": 0.5,
        }
    )
    section = deprivation(case_of(tmp_path, panel, deprivation=own))
    said = [b.text for b in section.blocks if isinstance(b, Prose)]
    said += [b.title for b in section.blocks if isinstance(b, Table)]
    said += [n for b in section.blocks if isinstance(b, Table) for n in b.notes]
    assert not any("guarantee" in t.en.lower() or "exit standard" in t.en or "保障" in t.zh for t in said)
    assert table(section, "Share deprived in each indicator").rows
