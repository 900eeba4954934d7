"""The gate: nothing on fewer households than the minimum, nothing by subtraction, nothing unreleased."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.disclose import Released, release, require_released
from evalkit.errors import DisclosureError
from evalkit.estimate import About, Estimate
from evalkit.text import Text


def estimate(n: list[float], county: list[str] | None = None, unit: str = "share") -> Estimate:
    k = len(n)
    keys = pd.DataFrame({"county": county or [f"c{i}" for i in range(k)]})
    return Estimate(
        keys,
        np.full(k, 0.123456),
        np.eye(k) * 0.01,
        np.full(k, np.inf),
        np.array(n),
        About("headcount", unit=unit),
    )


def shown(released: Released) -> list[bool]:
    return [bool(v) for v in released.frame["estimate"].notna()]


def test_small_cells_are_blanked_with_their_n() -> None:
    out = release(estimate([9, 10, 250]))
    assert shown(out) == [False, True, True]
    assert out.frame["suppressed"].tolist() == [True, False, False]
    assert out.suppressed == 1
    blank = out.frame.drop(columns=["county", "suppressed"]).iloc[0]
    assert blank.isna().all()
    assert out.frame["county"].tolist() == ["c0", "c1", "c2"]
    assert "1 of 3 rows" in out.note.en
    assert "3行中有1行" in out.note.zh


def test_the_minimum_is_the_plans() -> None:
    assert shown(release(estimate([9, 10]), minimum_cell=9)) == [True, True]
    assert shown(release(estimate([9, 10]), minimum_cell=11)) == [False, False]


def test_a_cell_without_households_hides_nobody() -> None:
    out = release(estimate([0, 50]))
    assert out.suppressed == 0


def test_one_blank_beside_a_total_takes_the_next_smallest_along() -> None:
    out = release(estimate([4, 30, 20, 54], ["A", "B", "C", "all"]))
    assert shown(out) == [False, True, False, True]


def test_two_blanks_protect_each_other() -> None:
    out = release(estimate([4, 5, 20, 29], ["A", "B", "C", "合计"]))
    assert shown(out) == [False, False, True, True]


def test_a_total_printed_elsewhere_counts() -> None:
    assert release(estimate([4, 30, 20])).suppressed == 1
    assert release(estimate([4, 30, 20]), total_over=["county"]).suppressed == 2


def test_totals_are_matched_within_the_other_keys() -> None:
    keys = [
        ("A", 2014, 4),
        ("B", 2014, 30),
        ("C", 2014, 20),
        ("A", 2015, 40),
        ("B", 2015, 30),
        ("C", 2015, 20),
    ]
    frame = pd.DataFrame(keys, columns=["county", "wave", "n"]).assign(estimate=0.5)
    out = release(frame, keys=["county", "wave"], total_over=["county"])
    assert out.frame["suppressed"].tolist() == [True, False, True, False, False, False]
    # with totals over waves as well, A and C of 2015 would give 2014 away, and are blanked in turn
    both = release(frame, keys=["county", "wave"], total_over=["county", "wave"])
    assert both.frame["suppressed"].tolist() == [True, False, True, True, False, True]


@pytest.mark.parametrize(
    ("unit", "decimals", "value"), [("share", None, 0.1235), ("currency", None, 0.12), ("share", 2, 0.12), ("persons", None, 0.0)]
)  # fmt: skip
def test_rounding(unit: str, decimals: int | None, value: float) -> None:
    out = release(estimate([50], unit=unit), decimals=decimals)
    assert out.frame["estimate"].tolist() == [value]
    assert out.frame["n"].tolist() == [50]


def test_only_release_makes_a_released_table() -> None:
    frame = pd.DataFrame({"n": [1]})
    with pytest.raises(DisclosureError, match="made only by"):
        Released(frame, (), None, 10, 4, 0, Text(en="", zh=""))
    with pytest.raises(DisclosureError, match="made only by"):
        Released(frame, (), None, 10, 4, 0, Text(en="", zh=""), token=object())


def test_reports_take_released_tables_only() -> None:
    e = estimate([50])
    released = release(e)
    assert require_released(released) is released
    with pytest.raises(DisclosureError, match=r"got Estimate; pass it through disclose\.release") as caught:
        require_released(e)
    assert caught.value.exit_code == 14


def test_a_table_must_say_what_it_rests_on() -> None:
    with pytest.raises(DisclosureError, match="no column n"):
        release(pd.DataFrame({"county": ["A"], "estimate": [0.1]}), keys=["county"])
    with pytest.raises(DisclosureError, match="pass keys="):
        release(pd.DataFrame({"county": ["A"], "n": [20]}))
    with pytest.raises(DisclosureError, match="no key column wave"):
        release(pd.DataFrame({"county": ["A"], "n": [20]}), keys=["wave"])
    with pytest.raises(DisclosureError, match="1 of 2 rows do not say"):
        release(estimate([50, np.nan]))
    with pytest.raises(DisclosureError, match="total_over names wave"):
        release(estimate([50]), total_over=["wave"])
    with pytest.raises(DisclosureError, match="at least 1"):
        release(estimate([50]), minimum_cell=0)


def test_words_flags_and_counts_are_blanked_too() -> None:
    frame = pd.DataFrame(
        {
            "county": ["A", "B"],
            "n": [3, 40],
            "poor": [1, 12],
            "flag": [True, False],
            "conclusion": ["meets", "fails"],
        }
    )
    before = frame.copy()
    out = release(frame, keys=["county"]).frame
    assert out.loc[0, ["n", "poor", "flag", "conclusion"]].isna().all()
    assert out.loc[1, ["n", "poor", "flag", "conclusion"]].tolist() == [40, 12, False, "fails"]
    pd.testing.assert_frame_equal(frame, before)


def test_judgements_are_released_by_their_own_keys() -> None:
    class Judged:
        key_columns = ("criterion",)

        def tidy(self) -> pd.DataFrame:
            return pd.DataFrame({"criterion": ["wrong_exit"], "estimate": [0.01], "n": [5]})

    assert release(Judged()).keys == ("criterion",)
    assert release(Judged()).suppressed == 1


def test_dict_is_json_ready() -> None:
    out = release(estimate([5, 50]))
    rows = json.loads(json.dumps(out.to_dict(), allow_nan=False))["rows"]
    assert rows[0]["estimate"] is None
    assert rows[1]["estimate"] == 0.1235
    assert rows[1]["df"] == "inf"
    assert out.about is not None
    assert out.about.estimand == "headcount"
