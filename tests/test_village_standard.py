"""The exit standard of a village: incidence against the threshold of its zone, and a checklist, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, PlanError
from evalkit.exits import village_incidence, village_standard
from evalkit.panel import Panel
from evalkit.standards import load_standard

CN = load_standard("cn-2017")
WEST, CENTRE = "520199", "340199"


def villages() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "county": [WEST, WEST, CENTRE, CENTRE],
            "village": ["a", "b", "c", "d"],
            "poor_persons": [25, 30, 25, 19],
            "village_persons": [1000, 1000, 1000, 1000],
            "infrastructure": ["是", "是", "否", None],
            "services": [1, 1, 1, 1],
            "industry": [True, True, True, True],
            "collective_income": [60_000, 0, 50_000, 40_000],
        }
    )


def column(found, name: str) -> dict[str, object]:
    return dict(found.frame.set_index("village")[name])


def test_the_threshold_is_that_of_the_zone_and_must_be_undercut():
    found = village_standard(villages(), CN)
    assert column(found, "threshold") == {"a": 0.03, "b": 0.03, "c": 0.02, "d": 0.02}
    # 25/1000 is below 3 % but not below 2 %; 30/1000 is at 3 %, not below
    assert column(found, "incidence_reading") == {"a": "meets", "b": "fails", "c": "fails", "d": "meets"}
    assert any("registry's own figures" in n.en for n in found.notes)
    moved = village_standard(villages(), CN, zones={CENTRE: "west"})
    assert column(moved, "incidence_reading")["c"] == "meets"


def test_the_checklist_and_the_overall_reading():
    found = village_standard(villages(), CN)
    assert column(found, "infrastructure") == {"a": "meets", "b": "meets", "c": "fails", "d": "not_shown"}
    # the rules give no figure for collective income: the amount is printed, nothing is judged
    assert set(column(found, "collective_income").values()) == {"not_shown"}
    assert column(found, "collective_income_evidence")["a"] == "60000"
    assert column(found, "overall") == {"a": "not_shown", "b": "fails", "c": "fails", "d": "not_shown"}
    own = village_standard(villages(), CN, limits={"collective_income": 50_000})
    assert column(own, "collective_income") == {"a": "meets", "b": "fails", "c": "meets", "d": "fails"}
    assert column(own, "overall") == {"a": "meets", "b": "fails", "c": "fails", "d": "fails"}
    assert own.counts().set_index("requirement").loc["overall"].tolist() == [1, 3, 0]
    assert own.problems()[["village", "item"]].values.tolist() == [
        ["c", "incidence"],
        ["c", "infrastructure"],
        ["d", "collective_income"],
        ["b", "collective_income"],
        ["b", "incidence"],
    ]


def survey(poor: dict[str, int], n: int = 150) -> Panel:
    rows = [
        {
            "county": WEST,
            "village": v,
            "household": f"{v}{i}",
            "wave": 2018,
            "income_pc": 2000.0 if i < k else 5000.0,
        }
        for v, k in poor.items()
        for i in range(n)
    ]
    return Panel(
        pd.DataFrame(rows), village="village", lines={2018: 2995.0}, design=SurveyDesign(psu="village")
    )


def test_a_survey_of_the_village_is_judged_by_its_limits():
    incidence = village_incidence(survey({"a": 0, "b": 12}))
    assert incidence.values.tolist() == [0.0, 0.08]
    # within the village: simple random sample of 150 households
    assert incidence.std_error[1] == pytest.approx(np.sqrt(0.08 * 0.92 / 149))
    found = village_standard(villages(), CN, incidence=incidence)
    # none of 150: exact upper limit 1 - .05^(1/150) = 1.98 %, below 3 %
    assert column(found, "upper")["a"] == pytest.approx(1 - 0.05 ** (1 / 150))
    assert column(found, "incidence_reading")["a"] == "meets"
    low = stats.beta.ppf(0.05, 12 * 149 / 150, 150 - 12 * 149 / 150)
    assert low > 0.03
    assert column(found, "incidence_reading")["b"] == "fails"
    # villages that were not surveyed are not shown, although the table counts them
    assert column(found, "incidence_reading")["c"] == "not_shown"
    assert column(found, "registered_incidence")["c"] == 0.025


def test_eighteen_households_without_a_poor_one_show_nothing():
    found = village_standard(villages(), CN, incidence=village_incidence(survey({"a": 0}, n=18)))
    assert column(found, "upper")["a"] == pytest.approx(1 - 0.05 ** (1 / 18))  # 15 %
    assert column(found, "incidence_reading")["a"] == "not_shown"
    assert column(found, "point_rule")["a"]
    # 99 households would do with their own degrees of freedom; `needed` keeps the 17 that were observed
    enough = [
        n for n in range(19, 200) if n * (stats.t.ppf(0.95, n - 1) / stats.t.ppf(0.95, 17)) ** 2 > 98.36
    ]
    assert found.verdicts["a"].needed == enough[0] == 109


def test_a_condition_of_ones_own_and_persons():
    panel = survey({"a": 5}, n=10)
    frame = panel.frame.assign(size=np.where(np.arange(10) < 5, 2, 6), found=(np.arange(10) < 2).astype(int))
    own = village_incidence(replace(panel, frame=frame, size="size"), poor="found == 1")
    assert own.values[0] == pytest.approx(2 * 2 / (5 * 2 + 5 * 6))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"village": ["a", "a", "c", "d"]}, "repeat a village"),
        ({"poor_persons": [2000, 30, 25, 19]}, "more poor persons than persons"),
        ({"services": ["perhaps", 1, 1, 1]}, "neither yes nor no"),
    ],
)
def test_tables_that_cannot_be_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        village_standard(villages().assign(**change), CN)


def test_what_cannot_be_followed_is_refused():
    with pytest.raises(PlanError, match="no requirement"):
        village_standard(villages(), CN, limits={"road": 1})
    with pytest.raises(PlanError, match="zone of county"):
        village_standard(villages(), CN, zones={WEST: "east"})
    with pytest.raises(DataError, match="not in the village table"):
        village_standard(villages(), CN, incidence=village_incidence(survey({"z": 1})))
    with pytest.raises(DataError, match="lacks road"):
        village_standard(villages(), CN, columns={"services": "road"})


def test_a_village_of_which_one_household_was_seen_is_not_shown():
    panel = survey({"a": 1, "b": 0}, n=1)
    incidence = village_incidence(panel)
    assert np.isnan(incidence.confint().low).all()
    found = village_standard(villages(), CN, incidence=incidence)
    assert column(found, "incidence_reading")["a"] == "not_shown"
    assert column(found, "incidence_reading")["b"] == "not_shown"


def test_a_village_that_was_visited_in_full_is_counted():
    panel = survey({"a": 1}, n=50)
    frame = panel.frame.assign(households=50)
    incidence = village_incidence(replace(panel, frame=frame), households="households")
    found = village_standard(villages(), CN, incidence=incidence)
    assert incidence.about.interval == "none"
    assert column(found, "incidence")["a"] == 0.02
    assert column(found, "incidence_reading")["a"] == "meets"


# --- figures that a province sets for its villages -------------------------------------------------

PROVINCE = """\
id: province-99
extends: cn-2017
title: {en: Rules of an invented province, zh: 虚构省份的规则}
sources:
  notice: {en: "Notice no. 2 of an invented office", zh: 虚构机关第2号通知, date: "2018-05"}
exits:
  zones: {"99": {value: west, source: notice, verified: true}}
village_overrides:
  "99":
    incidence: {value: 0.01, source: notice, verified: true}
    collective_income: {value: 50000, source: notice, verified: true}
"""


def in_province(tmp_path, text=PROVINCE):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_standard(str(path))


def test_a_province_sets_its_villages_figures_in_a_file_of_its_own(tmp_path):
    pack = in_province(tmp_path)
    table = villages().assign(county=["990101", "990101", WEST, WEST], poor_persons=[9, 10, 25, 19])
    found = village_standard(table, pack)
    assert column(found, "threshold") == {"a": 0.01, "b": 0.01, "c": 0.03, "d": 0.03}
    assert column(found, "incidence_reading") == {"a": "meets", "b": "fails", "c": "meets", "d": "meets"}
    # 60,000 and 0 against 50,000; the other province has no figure, so its amounts are printed only
    assert column(found, "collective_income") == {
        "a": "meets",
        "b": "fails",
        "c": "not_shown",
        "d": "not_shown",
    }
    assert column(found, "collective_income_evidence")["c"] == "50000"
    said = [n.en for n in found.notes]
    assert any("villages of province 99: incidence of poverty below 1% (Notice no. 2" in n for n in said)
    assert any("the rules give no figure for collective income considered" in n for n in said)
    # a zone that the caller names decides the threshold; the figure of the province stays
    own = village_standard(table, pack, zones={"990101": "west"})
    assert column(own, "threshold")["a"] == 0.03
    assert column(own, "collective_income")["b"] == "fails"
    assert not any("below 1%" in n.en for n in own.notes)
    assert pack.citations("village_overrides", key="collective_income.province.99")["value"].tolist() == [
        50_000
    ]


def test_villages_of_chongqing_take_the_threshold_of_its_counties_and_say_so():
    table = villages().assign(county=["500199", "500199", WEST, WEST])
    found = village_standard(table, CN)
    assert column(found, "threshold") == {"a": 0.02, "b": 0.02, "c": 0.03, "d": 0.03}
    assert column(found, "incidence_reading") == {"a": "fails", "b": "fails", "c": "meets", "d": "meets"}
    said = next(n for n in found.notes if "province 50" in n.en)
    assert "that villages were held to it is not verified; not verified in print" in said.en
    assert "未经文献核实" in said.zh
    assert not any("province 50" in n.en for n in village_standard(villages(), CN).notes)


def test_an_exception_about_no_requirement_is_a_fault(tmp_path):
    text = PROVINCE.replace("collective_income:", "colective_income:")
    with pytest.raises(
        PlanError,
        match=r"line 11: village_overrides\.99\.colective_income: .*did you mean 'collective_income'",
    ):
        in_province(tmp_path, text)
