"""Causes against members, measures against needs, overlap, funds and the cliff; worked by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.exits import cause_table, cliff_effect, funds_account, need_matrix, program_overlap
from evalkit.panel import Panel


def registry() -> Panel:
    """Return eight households of 2017, two with each cause that members can contradict, and their counts."""
    frame = pd.DataFrame(
        {
            "household": [f"h{i}" for i in range(1, 9)],
            "wave": 2017,
            "income_pc": 3000.0,
            "size": [4, 2, 3, 5, 4, 4, 1, 2],
            "cause": ["因病", "因病", "因学", "因学", "缺劳力", "缺劳力", "因残", "缺技术"],
            "ill_members": [1, 0, 0, 0, 0, 0, 0, 0],
            "pupils": [0, 0, 2, 0, 0, 0, 0, 0],
            "labourers": [2, 2, 2, 2, 1, 2, 0, 2],
        }
    )
    return Panel(frame, county=None, size="size")


def test_counts_of_the_household_contradict_causes():
    found = cause_table(registry())
    table = found.table.set_index("cause")
    assert table[["households", "persons", "meets", "fails", "not_shown"]].to_dict("index") == {
        # one ill or disabled member bears out neither cause alone; none contradicts both
        "因病": {"households": 2, "persons": 6.0, "meets": 0, "fails": 1, "not_shown": 1},
        "因学": {"households": 2, "persons": 8.0, "meets": 1, "fails": 1, "not_shown": 0},
        "缺劳力": {"households": 2, "persons": 8.0, "meets": 1, "fails": 1, "not_shown": 0},
        "因残": {"households": 1, "persons": 1.0, "meets": 0, "fails": 1, "not_shown": 0},
        "缺技术": {"households": 1, "persons": 2.0, "meets": 0, "fails": 0, "not_shown": 1},
    }
    assert table["estimate"].sum() == pytest.approx(1)
    assert table.loc["因病", "std_error"] == pytest.approx(np.sqrt(0.25 * 0.75 / 7))
    assert not table.loc["缺技术", "checked"]
    assert any("one count" in n.en for n in found.notes)


def test_members_bear_out_or_contradict_causes():
    members = pd.DataFrame(
        [
            ("h1", "长期慢性病", "非在校生", "普通劳动力"),
            ("h2", "残疾", "非在校生", "丧失劳动力"),
            ("h3", "健康", "小学", "无劳动力"),
            ("h4", "健康", "非在校生", "普通劳动力"),
            ("h4", "健康", None, "普通劳动力"),
            ("h5", "健康", "非在校生", "普通劳动力"),
            ("h5", "健康", "非在校生", "无劳动力"),
            ("h6", "健康", "非在校生", "普通劳动力"),
            ("h6", "健康", "非在校生", "无劳动力"),
            ("h6", "健康", "非在校生", "弱劳动力或半劳动力"),
            ("h7", "患有大病,残疾", "非在校生", "丧失劳动力"),
        ],
        columns=["household", "health", "student", "labour"],
    )
    found = cause_table(registry(), members=members.assign(wave=2017))
    assert dict(zip(found.frame["household"], found.frame["reading"], strict=True)) == {
        "h1": "meets",
        "h2": "fails",  # disabled, not ill
        "h3": "meets",
        "h4": "not_shown",  # no pupil among those known, one is blank
        "h5": "fails",  # half of the household is able-bodied
        "h6": "meets",
        "h7": "meets",
        "h8": "not_shown",
    }
    with pytest.raises(DataError, match="lacks labour"):
        cause_table(registry(), members=members.drop(columns="labour"))
    with pytest.raises(DataError, match="no column cause"):
        cause_table(replace(registry(), frame=registry().frame.drop(columns="cause")))


def programs() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("h1", "健康帮扶", 2015, None, 1000.0),
            ("h2", "产业帮扶", 2016, None, 2000.0),
            ("h3", "教育帮扶", 2018, None, 500.0),
            ("h4", "教育帮扶", 2014, 2016, 600.0),
            ("h5", "综合保障", 2016, 2017, 3000.0),
            ("h5", "safety_net", 2017, None, 100.0),
            ("h5", "健康帮扶", 2017, None, np.nan),
            ("zz", "产业帮扶", 2017, None, 400.0),
        ],
        columns=["household", "program", "program_start", "program_end", "amount"],
    )


def test_needs_that_no_measure_in_force_answers():
    found = need_matrix(registry(), programs())
    table = found.answered.set_index("need")
    assert table["answered"].to_dict() == {"因病": 1, "因残": 0, "因学": 0, "缺劳力": 1, "缺技术": 0}
    assert table.loc["因病", "estimate"] == 0.5
    assert found.matrix.set_index("need").loc["因病"].to_dict() == {
        "health": 1,
        "industry": 1,
        "safety_net": 0,
    }
    assert sorted(found.frame["household"]) == ["h2", "h3", "h4", "h6", "h7", "h8"]
    assert any("convention" in n.en for n in found.notes)
    earlier = need_matrix(registry(), programs(), needs={"因学": ("education",)}, wave=2017)
    assert earlier.answered["answered"].tolist() == [0]  # h3 begins in 2018, h4 ended in 2016
    assert earlier.notes == ()
    with pytest.raises(DataError, match="a program that is not known"):
        need_matrix(registry(), programs().replace("健康帮扶", "健身"))
    with pytest.raises(DataError, match="has one of the needs"):
        need_matrix(registry(), programs(), needs={"因婚": ("social",)})


def test_programs_overlap_and_are_no_partition():
    sizes = {"h1": 4, "h2": 2, "h5": 4, "zz": 1}
    found = program_overlap(programs(), 2017, sizes=sizes)
    assert (found.households, found.receipts, found.ratio) == (4, 5, 1.25)
    assert (found.persons, found.receipt_persons) == (11, 15)
    assert found.matrix.loc["health", "safety_net"] == 1
    assert np.diag(found.matrix).tolist() == [2, 2, 1]
    assert found.by_number.to_dict() == {1: 3, 2: 1}
    pair = found.tidy().set_index(["program", "other"]).loc[("health", "safety_net")]
    assert pair["share_of_program"] == 0.5
    assert "no partition" in found.explain().en
    with pytest.raises(DataError, match=r"1 of 4 supported households have no size \(first: zz\)"):
        program_overlap(programs(), 2017, sizes={k: v for k, v in sizes.items() if k != "zz"})
    with pytest.raises(DataError, match="no program is in force"):
        program_overlap(programs(), 2013)


def test_funds_per_household_and_exit_and_what_cannot_be_traced():
    households = pd.DataFrame(
        {"household": ["h1", "h2", "h4", "h5", "h5"], "exit_year": [2017, np.nan, 2015, 2016, 2016]}
    )
    found = funds_account(
        programs(), households, first=2016, last=2017, budget={"all": 8000.0, "industry": 4000.0}
    )
    table = found.table.set_index("program")
    # 2016-17: h2 2000 and zz 400 (industry), h5 3000 + 100 (safety net) and a blank (health)
    assert table.loc["industry", ["amount", "untraced", "households", "exits"]].tolist() == [2000, 400, 1, 0]
    assert table.loc["industry", "traced"] == pytest.approx(2000 / 2400)
    assert table.loc["industry", "reached"] == 0.5
    assert np.isnan(table.loc["industry", "per_exit"])
    assert table.loc["safety_net", ["amount", "per_household", "per_exit"]].tolist() == [3100, 3100, 3100]
    assert table.loc["health", ["amount", "blank"]].tolist() == [0, 1]
    whole = table.loc["all"]
    assert whole[["amount", "households", "per_household", "exits", "per_exit"]].tolist() == [
        5100,
        2,
        2550,
        1,
        5100,
    ]
    assert whole["reached"] == 5100 / 8000
    assert np.isnan(table.loc["health", "traced"])
    with pytest.raises(DataError, match="no support began"):
        funds_account(programs(), households, first=2016, last=2017, budget={"education": 1.0})
    with pytest.raises(DataError, match="negative amount"):
        funds_account(programs().assign(amount=-1.0), households, first=2016, last=2017)
    with pytest.raises(DataError, match="from first to last"):
        funds_account(programs(), households, first=2018, last=2017)


def groups(seed: int = 0, n: int = 12) -> Panel:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "household": range(n),
            "wave": 2018,
            "income_pc": np.round(rng.uniform(2000, 6000, n)),
            "allowance": np.where(np.arange(n) % 2 == 0, np.round(rng.uniform(2000, 8000, n)), 0.0),
            "size": 4,
            "registered": np.arange(n) % 2 == 0,
            "weight": rng.integers(1, 4, n).astype(float),
        }
    )
    frame["edge"] = ~frame["registered"]
    return Panel(frame, county=None, size="size", design=SurveyDesign(weight="weight"))


ASK = {"registered": "registered", "marginal": "edge", "support": ["allowance"]}


def test_the_cliff_pair_by_pair():
    frame = pd.DataFrame(
        {
            "household": list("abcd"),
            "wave": 2018,
            "income_pc": [5000.0, 3000.0, 4000.0, 2900.0],
            "allowance": [8000.0, 400.0, 0.0, 0.0],
            "size": 4,
            "registered": [1, 1, 0, 0],
        }
    )
    panel = Panel(frame, county=None, size="size")
    found = cliff_effect(panel, registered="registered", marginal="registered == 0", support=["allowance"])
    # before: a 3000, b 2900; after: a 5000, b 3000; marginal c 4000, d 2900 throughout.
    # (a, c) overtaken; (b, c) not: b stays below; (a, d): d was below; (b, d): equal before, so not above
    assert found.overtaken.values.tolist() == [0.25]
    assert found.gaps.values.tolist() == [3450 - 2950, 3450 - 4000, -1050]
    assert found.tidy()["statistic"].tolist() == ["gap_before", "gap_after", "shift", "overtaken"]


def test_weights_count_and_the_influence_is_the_jackknife():
    panel = groups()
    frame = panel.frame

    def overtaken(weight: np.ndarray) -> float:
        before = frame["income_pc"] - frame["allowance"] / 4
        r, m = (np.flatnonzero(frame[c]) for c in ("registered", "edge"))
        pairs = [(i, j) for i, j in product(r, m)]
        lost = [
            weight[i] * weight[j] * (before[j] > before[i] and frame["income_pc"][j] < frame["income_pc"][i])
            for i, j in pairs
        ]
        return sum(lost) / (weight[r].sum() * weight[m].sum())

    weight = frame["weight"].to_numpy()
    found = cliff_effect(panel, **ASK)
    assert found.overtaken.values[0] == pytest.approx(overtaken(weight))
    # infinitesimal jackknife: derivative by each weight, times the weight; one stratum of 12 households
    step = 1e-6
    z = np.array(
        [
            (overtaken(weight * (1 + step * (np.arange(12) == i))) - overtaken(weight)) / step
            for i in range(12)
        ]
    )
    assert 0 < overtaken(weight) < 1
    assert found.overtaken.std_error[0] == pytest.approx(
        np.sqrt(12 / 11 * ((z - z.mean()) ** 2).sum()), rel=1e-4
    )
    scaled = cliff_effect(replace(panel, frame=frame.assign(weight=weight * 7)), **ASK)
    np.testing.assert_allclose(
        scaled.tidy()[["estimate", "std_error"]], found.tidy()[["estimate", "std_error"]]
    )
    shuffled = cliff_effect(replace(panel, frame=frame.sample(frac=1, random_state=2)), **ASK)
    np.testing.assert_allclose(
        shuffled.tidy()[["estimate", "std_error"]], found.tidy()[["estimate", "std_error"]]
    )


def test_the_shift_is_the_difference_of_the_gaps():
    gaps = cliff_effect(groups(3), **ASK).gaps
    assert gaps.values[2] == pytest.approx(gaps.values[1] - gaps.values[0])
    by_hand = gaps.cov[0, 0] + gaps.cov[1, 1] - 2 * gaps.cov[0, 1]
    assert gaps.cov[2, 2] == pytest.approx(by_hand)


def test_groups_that_cannot_be_compared():
    with pytest.raises(EstimationError, match="6 registered, 12 marginal households, 6 in both"):
        cliff_effect(groups(), registered="registered", marginal="size == 4", support=["allowance"])
    with pytest.raises(DataError, match="no column dividend"):
        cliff_effect(groups(), **{**ASK, "support": ["dividend"]})
    panel = groups()
    gone = replace(
        panel, frame=panel.frame.assign(allowance=panel.frame["allowance"].where(panel.frame["registered"]))
    )
    with pytest.raises(DataError, match="6 households of the groups lack an amount"):
        cliff_effect(gone, **ASK)
