"""Cases in the rates: what was found in the field, what was dismissed, what was upheld; worked by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.exits import ExitJudgement, case_stages, judge_county
from evalkit.standards import load_standard

NA = np.nan
COLUMNS = ["village", "household", "survey_group", "persons", "wrongly_exited", "missed", "approves"]
SURVEY = pd.DataFrame(
    [
        ("A", "1", "exited", 4, 1, NA, 1),
        ("A", "2", "exited", 1, 0, NA, 1),
        ("B", "3", "exited", 5, 1, NA, 1),
        ("C", "4", "exited", 5, 1, NA, 1),
        ("D", "5", "exited", 5, 0, NA, 1),
        ("A", "6", "unregistered", 3, NA, 1, NA),
        ("B", "7", "unregistered", 2, NA, 0, NA),
        ("C", "8", "unregistered", 3, NA, 0, NA),
        ("D", "9", "unregistered", 2, NA, 0, NA),
    ],
    columns=COLUMNS,
).assign(county="990101", weight=1.0)
TOTALS = pd.DataFrame(
    [
        {
            "county": "990101",
            "registered_persons": 10,
            "exited_persons": 200,
            "unregistered_persons": 790,
            "agricultural_persons": 1000,
            "sampled_village_unregistered": 300,
        }
    ]
)
RULES = load_standard("cn-2017").exit_rules(province="53", zone="west")
STEPS = [
    ("1", "wrong_exit", "flagged", "2018-07-02", "", ""),
    ("1", "wrong_exit", "checked", "2018-07-02", "", ""),
    ("1", "wrong_exit", "appealed", "2018-07-20", "letter 1", ""),
    ("1", "wrong_exit", "adjudicated", "2018-08-01", "", "dismissed"),
    ("3", "wrong_exit", "flagged", "2018-07-02", "", ""),
    ("3", "wrong_exit", "checked", "2018-07-02", "", ""),
    ("3", "wrong_exit", "adjudicated", "2018-08-01", "", "upheld"),
    ("4", "wrong_exit", "flagged", "2018-07-02", "", ""),
    ("4", "wrong_exit", "checked", "2018-07-02", "", ""),
    ("4", "wrong_exit", "appealed", "2018-07-20", "letter 2", ""),
    ("6", "missed", "flagged", "2018-07-02", "", ""),
    ("6", "missed", "checked", "2018-07-02", "", ""),
]


def cases(steps=STEPS):
    columns = ["household", "finding", "stage", "date", "evidence", "outcome"]
    return case_stages(pd.DataFrame(steps, columns=columns).assign(county="990101"))


def judge(steps=STEPS, survey=SURVEY) -> ExitJudgement:
    return judge_county(survey, TOTALS, RULES, cases=cases(steps))


def test_both_rates_are_printed_with_their_counts():
    table = judge().counted.set_index(["criterion", "counted"])
    # persons among 20 exited: found 4 + 5 + 5, without the dismissed one 5 + 5, upheld 5
    wrong = table.loc["wrong_exit"]
    assert wrong["households"].to_dict() == {"found": 3, "all": 2, "adjudicated": 1}
    assert wrong["persons"].to_dict() == {"found": 14, "all": 10, "adjudicated": 5}
    assert wrong["estimate"].to_dict() == pytest.approx({"found": 0.7, "all": 0.5, "adjudicated": 0.25})
    # 3 missed persons over 300; the case is only checked
    assert table.loc["missed", "estimate"].to_dict() == pytest.approx(
        {"found": 0.01, "all": 0.01, "adjudicated": 0}
    )
    # (10 + rate × 200 + missed × 790) / 1000
    composite = table.loc["composite_headcount"]
    assert composite["estimate"].to_dict() == pytest.approx(
        {"found": 0.1579, "all": 0.1179, "adjudicated": 0.06}
    )
    assert composite["households"].to_dict() == {"found": 4, "all": 3, "adjudicated": 1}
    assert "approval" not in table.index.get_level_values("criterion")


def test_a_dismissed_finding_leaves_the_verdict_and_a_pending_one_stays():
    judgement = judge()
    verdict = judgement.verdict("wrong_exit")
    assert verdict.value == pytest.approx(0.5)
    assert verdict.official == pytest.approx(0.5)
    assert verdict.stages == {"appealed": 1, "adjudicated": 1}
    assert verdict.notes[0].en.startswith(
        "Found: 2 households with 10 persons among 5 households with 20 persons"
    )
    stages = judgement.stages.set_index("stage")
    assert stages.loc["adjudicated", ["suspected", "upheld", "dismissed"]].tolist() == [2, 1, 1]
    assert stages["suspected"].tolist() == [0, 1, 1, 2]
    said = " ".join(n.en for n in judgement.notes)
    assert "Suspected cases adjudicated and dismissed: 1;" in said
    assert "as found in the field 70.00% (3 households with 14 persons" in said
    assert "as adjudicated 25.00% (1 households with 5 persons" in said
    assert judgement.cases.set_index("household")["case_outcome"].to_dict() == {
        "1": "dismissed",
        "3": "upheld",
        "4": "",
        "6": "",
    }


def test_the_judgement_survives_being_written():
    judgement = judge()
    again = ExitJudgement.from_dict(json.loads(json.dumps(judgement.to_dict())))
    pd.testing.assert_frame_equal(again.counted, judgement.counted, check_dtype=False)
    assert again.to_dict() == judgement.to_dict()


def test_without_a_table_of_cases_nothing_changes():
    stages = {"1": "adjudicated", "3": "adjudicated", "4": "appealed", "6": "checked"}
    survey = SURVEY.assign(case_stage=SURVEY["household"].map(stages))
    judgement = judge_county(survey, TOTALS, RULES)
    assert judgement.verdict("wrong_exit").value == pytest.approx(0.7)
    assert judgement.counted.empty
    assert "counted" not in judgement.to_dict()
    assert set(judgement.stages) == {"county", "stage", "suspected", *(f"{k}{e}" for k in ("wrong_exit", "missed") for e in ("", "_persons"))}  # fmt: skip
    # the stages of a survey that its cases confirm are no contradiction
    assert judge(survey=survey).verdict("wrong_exit").value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("survey", "steps", "message"),
    [
        (
            SURVEY,
            [*STEPS, ("77", "missed", "flagged", "2018-07-02", "", "")],
            "about no household of the survey .first: household 77",
        ),
        (
            SURVEY,
            [*STEPS, ("7", "wrong_exit", "flagged", "2018-07-02", "", "")],
            "household of another group",
        ),
        (
            SURVEY,
            [*STEPS, ("1", "missed", "flagged", "2018-07-02", "", "")],
            "2 of 5 cases share a household",
        ),
        (
            SURVEY.assign(wrongly_exited=[1, 0, 0, 1, 0, NA, NA, NA, NA]),
            STEPS,
            "upheld, but the survey does not mark",
        ),
        (SURVEY, STEPS[:-2], "marked missed without a case stage"),
        (
            SURVEY.assign(case_stage=["appealed", *["none"] * 7, "flagged"]),
            STEPS,
            "1 of 9 rows of the survey state a case stage",
        ),
    ],
)
def test_cases_that_do_not_fit_the_survey(survey, steps, message):
    with pytest.raises(DataError, match=message):
        judge(steps, survey)
