"""Suspected cases: the stage each has reached, and histories that cannot be."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.exits import case_stages


def history(*rows):
    columns = ["county", "household", "finding", "stage", "date", "evidence", "outcome"]
    return pd.DataFrame(
        [("990101", f"h{r[0]}", "wrong_exit", *r[1:], *[""] * (5 - len(r))) for r in rows], columns=columns
    )


STORY = history(
    (1, "疑似", "2018-07-02"),
    (2, "flagged", "2018-07-02"),
    (2, "checked", "2018-07-03"),
    (3, "flagged", "2018-07-02"),
    (3, "checked", "2018-07-02"),
    (3, "申诉举证", "2018-07-20", "letter 12"),
    (4, "flagged", "2018-07-02"),
    (4, "checked", "2018-07-02"),
    (4, "appealed", "2018-07-20", "letter 13"),
    (4, "认定", "2018-08-01", "", "dismissed"),
    (5, "flagged", "2018-07-05"),
    (5, "checked", "2018-07-05"),
    (5, "adjudicated", "2018-08-01", "", "认定成立"),
)


@pytest.mark.parametrize("seed", [0, 1])
def test_each_case_stands_where_its_last_step_left_it(seed):
    cases = case_stages(STORY.sample(frac=1, random_state=seed))
    assert cases.stage_of().droplevel("county").to_dict() == {
        "h1": "flagged",
        "h2": "checked",
        "h3": "appealed",
        "h4": "adjudicated",
        "h5": "adjudicated",
    }
    frame = cases.frame.set_index("household")
    assert frame["outcome"].tolist() == ["", "", "", "dismissed", "upheld"]
    assert frame.loc["h4", "evidence"] == "letter 13"
    assert frame.loc["h3", "appealed"] == pd.Timestamp("2018-07-20")
    assert frame["adjudicated"].isna().tolist() == [True, True, True, False, False]
    assert cases.counts()["cases"].tolist() == [1, 1, 1, 1, 1]
    assert len(cases) == 5


def test_cases_that_are_open_at_a_day():
    cases = case_stages(STORY)
    assert cases.open_at("2018-07-04")["household"].tolist() == ["h1", "h2", "h3", "h4"]
    late = cases.open_at("2018-08-01")
    assert late.set_index("household")["days"].to_dict() == {"h1": 30, "h2": 30, "h3": 30}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, "checked", "2018-07-02")], "are checked before they are flagged"),
        ([(1, "flagged", "2018-07-02"), (1, "checked", "2018-07-01")], "are checked before they are flagged"),
        (
            [(1, "flagged", "2018-07-02"), (1, "adjudicated", "2018-07-05", "", "upheld")],
            "are adjudicated before they are checked",
        ),
        (
            [(1, "flagged", "2018-07-02"), (1, "checked", "2018-07-02"), (1, "appealed", "2018-07-05")],
            "appeals without evidence",
        ),
        (
            [(1, "flagged", "2018-07-02"), (1, "checked", "2018-07-02"), (1, "adjudicated", "2018-07-05")],
            "adjudicated without outcome",
        ),
        ([(1, "flagged", "2018-07-02", "", "upheld")], "have an outcome before adjudication"),
        ([(1, "flagged", "2018-07-02"), (1, "flagged", "2018-07-03")], "2 of 2 steps of cases repeat a step"),
        ([(1, "closed", "2018-07-02")], "have an unknown stage"),
        ([(1, "flagged", "soon")], "have no date"),
    ],
)
def test_histories_that_cannot_be(rows, message):
    with pytest.raises(DataError, match=message):
        case_stages(history(*rows))


def test_columns_that_are_missing():
    with pytest.raises(DataError, match="lacks finding, date"):
        case_stages(STORY.drop(columns=["finding", "date"]))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2018/7/2", "2018-07-02"),
        ("2018年7月2日", "2018-07-02"),
        ("2018.07.02", "2018-07-02"),
        ("20180702", "2018-07-02"),
        ("2018-07-02 00:00:00", "2018-07-02"),
        (pd.Timestamp("2018-07-02"), "2018-07-02"),
        ("02/07/2018", None),
        ("2018-13-02", None),
        ("201872", None),
        (43283, None),
    ],
)
def test_days_are_read_with_the_year_first_and_never_guessed(written, read):
    rows = history((1, "疑似", written))
    if read is None:
        with pytest.raises(DataError, match="have no date"):
            case_stages(rows)
    else:
        assert case_stages(rows).by_stage().loc[0, ["cases", "first", "last"]].tolist() == [1, read, read]


def test_findings_may_be_words():
    cases = case_stages(history((1, "疑似", "2018-07-02")).assign(finding="疑似错退"))
    assert cases.frame["finding"].tolist() == ["wrong_exit"]
