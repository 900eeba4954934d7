"""Lists of problems, rectification and responsibility: numbers that stay, dates, states on a day, a workbook that runs nothing."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest

from evalkit.errors import DataError, PlanError
from evalkit.exits import Duty, lists_workbook, problem_lists

FINDINGS = pd.DataFrame(
    {
        "county": ["990101", "990101", "990102"],
        "village": ["990101001", "990101002", "990102001"],
        "household": ["9901010001", "9901010002", "9901020001"],
        "wave": [2017, 2017, 2017],
        "item": ["housing", "income", "housing"],
        "problem_en": ["not met: housing", "not met: income", "not met: housing"],
        "problem_zh": ["未达到：住房", "未达到：收入", "未达到：住房"],
        "evidence": ["=1+1", "2017:2900/2952", ""],
    }
)
DUTIES = {
    "housing": Duty("{county} 住建局", days=60, recheck=10, measure="C、D级危房鉴定改造"),
    "income": Duty("{village} 村党支部", days=20),
}


def lists(**changes):
    return problem_lists(**{"findings": FINDINGS, "found": "2018-07-02", "duties": DUTIES, **changes})


def test_each_finding_has_an_owner_a_due_date_and_a_re_check():
    found = lists()
    rows = found.rectification
    assert rows["owner"].tolist() == ["990101 住建局", "990101002 村党支部", "990102 住建局"]
    assert rows["due"].dt.strftime("%Y-%m-%d").tolist() == ["2018-08-31", "2018-07-22", "2018-08-31"]
    assert rows["recheck"].dt.strftime("%Y-%m-%d").tolist() == ["2018-09-10", "2018-08-06", "2018-09-10"]
    assert found.responsibility[["owner", "items", "problems", "counties"]].values.tolist() == [
        ["990101 住建局", "housing", 1, 1],
        ["990101002 村党支部", "income", 1, 1],
        ["990102 住建局", "housing", 1, 1],
    ]
    one = lists(duties={}, otherwise=Duty("县扶贫办")).responsibility
    assert one[["owner", "items", "problems", "counties"]].values.tolist() == [
        ["县扶贫办", "housing, income", 3, 2]
    ]


def test_numbers_stay_when_other_findings_come_and_go():
    all_ = lists().problems.set_index("household")["number"]
    assert lists(findings=FINDINGS.iloc[[2]]).problems["number"].tolist() == [all_["9901020001"]]
    village = pd.DataFrame(
        {
            "county": ["990101"],
            "village": ["990101001"],
            "item": ["incidence"],
            "problem_en": ["x"],
            "problem_zh": ["x"],
        }
    )
    both = pd.concat(
        [village, FINDINGS.sample(frac=1, random_state=1)]
    )  # years become 2017.0 beside the blank
    again = lists(findings=both, otherwise=Duty("县扶贫办")).problems
    assert again.set_index("household")["number"].drop("").to_dict() == all_.to_dict()
    assert again["wave"].tolist() == ["", "2017", "2017", "2017"]


def progress(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["number", "done", "action", "rechecked", "outcome"])


def test_the_state_of_a_problem_on_a_day():
    first, second, third = lists().rectification["number"]
    said = progress(
        (first, "2018-08-20", "roof mended", "2018-09-01", "整改到位"),
        (second, "2018-07-25", "", "2018-08-01", "not_mended"),
        (third, "2018-08-30", "", None, ""),
    )
    found = lists(progress=said)
    assert found.at("2018-07-10")["state"].tolist() == ["open", "open", "open"]
    assert found.at("2018-07-23")["state"].tolist() == ["open", "overdue", "open"]
    assert found.at("2018-07-26")["state"].tolist() == ["open", "to_recheck", "open"]
    assert found.at("2018-08-31")["state"].tolist() == ["to_recheck", "reopened", "to_recheck"]
    assert found.at("2018-09-02")["state"].tolist() == ["closed", "reopened", "to_recheck"]
    assert lists().at("2018-08-31")["state"].tolist() == ["open", "overdue", "open"]
    assert lists().at("2018-09-01")["state"].tolist() == ["overdue", "overdue", "overdue"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_holds_text_only_and_the_same_bytes(language):
    data = lists_workbook(lists(), language=language)
    assert data == lists_workbook(lists(), language=language)
    book = openpyxl.load_workbook(io.BytesIO(data))
    names = {
        "zh": ["问题清单", "整改清单", "责任清单"],
        "en": ["problems", "rectification", "responsibility"],
    }
    assert book.sheetnames == names[language]
    sheet = book.worksheets[0]
    assert [c.value for c in sheet[2]][1:5] == ["990101", "990101001", "9901010001", "2017"]
    cell = next(c for c in sheet[2] if c.value == "=1+1")
    assert cell.data_type == "s"  # a string, not a formula
    assert all(c.data_type in ("s", "n") for page in book.worksheets for row in page.iter_rows() for c in row)
    assert not any(c.data_type == "f" for page in book.worksheets for row in page.iter_rows() for c in row)


def test_the_sheet_of_rectification_comes_back_as_progress():
    book = pd.read_excel(
        io.BytesIO(lists_workbook(lists())), sheet_name="整改清单", dtype="str", engine="openpyxl"
    )
    book.loc[0, ["完成日期", "整改情况", "复核日期", "复核结果"]] = [
        "2018-08-01",
        "已改造",
        "2018-08-02",
        "整改到位",
    ]
    filled = book.rename(
        columns={
            "编号": "number",
            "完成日期": "done",
            "整改情况": "action",
            "复核日期": "rechecked",
            "复核结果": "outcome",
        }
    )
    found = lists(progress=filled[["number", "done", "action", "rechecked", "outcome"]])
    assert found.at("2018-08-03")["state"].tolist() == ["closed", "overdue", "open"]
    assert found.tidy()["action"].tolist() == ["已改造", "", ""]


def test_what_does_not_fit_is_refused():
    number = lists().rectification["number"].iloc[0]
    with pytest.raises(PlanError, match="nobody answers for 'income'"):
        lists(duties={"housing": DUTIES["housing"]})
    with pytest.raises(PlanError, match="names 'town'"):
        lists(duties={**DUTIES, "income": Duty("{town}")})
    with pytest.raises(DataError, match="share place and item"):
        lists(findings=pd.concat([FINDINGS, FINDINGS.iloc[:1]]))
    with pytest.raises(DataError, match="write it as 2018-07-02"):
        lists(found="2 July")
    with pytest.raises(DataError, match="lack problem_zh"):
        lists(findings=FINDINGS.drop(columns="problem_zh"))
    for row, message in (
        (("x", None, "", None, ""), "unknown number"),
        ((number, "soon", "", None, ""), "done that is no day"),
        ((number, "2018-08-01", "", None, "整改到位"), "without a re-check"),
        ((number, "2018-08-01", "", "2018-07-30", "mended"), "out of order"),
        ((number, "2018-07-01", "", None, ""), "out of order"),
        ((number, "2018-08-01", "", "2018-08-02", "fine"), "unknown outcome"),
    ):
        with pytest.raises(DataError, match=message):
            lists(progress=progress(row))
    with pytest.raises(PlanError, match="owner"):
        Duty(" ")
