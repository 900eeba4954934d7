"""The planner's numbers and the draw: exact sizes, exact chances, the same sample for any order of rows."""

from __future__ import annotations

import io
import itertools
import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy import stats

import evalkit as ek
from cli_case import run
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.ingest import from_frame
from evalkit.sampling import (
    DoublePlan,
    Draw,
    SamplePlan,
    Trials,
    draw_characteristics,
    draw_sample,
    draw_workbook,
    operating_curve,
    plan,
    plan_double,
    read_roster,
    sample_size,
)
from evalkit.sampling.selecting import proportional, shared, systematic, uniform
from evalkit.standards import FieldDesign, GroupRule, load_standard
from evalkit.standards.rules import RateRule
from evalkit.text import Text

SIZES = {0.02: [149, 236, 313, 386, 456, 523], 0.03: [99, 157, 208, 257, 303, 348]}


@pytest.mark.parametrize("threshold", SIZES)
def test_exact_sample_sizes_are_the_smallest(threshold):
    assert [sample_size(threshold, c) for c in range(6)] == SIZES[threshold]
    for allowed, n in enumerate(SIZES[threshold]):
        tails = [
            sum(math.comb(m, k) * threshold**k * (1 - threshold) ** (m - k) for k in range(allowed + 1))
            for m in (n - 1, n)
        ]
        assert tails[0] > 0.05 >= tails[1]


def test_sizes_are_multiplied_by_the_design_effect():
    assert [sample_size(0.02, c, design_effect=1.5) for c in range(2)] == [224, 354]
    assert plan(0.02, 0.01) == SamplePlan(969, 12)
    assert plan(0.02, 0.01, design_effect=2).households == 1938
    assert plan(0.02, 0.01, design_effect=2).shown(0.01) == plan(0.02, 0.01).shown(0.01)
    assert ek.sampling.plan is ek.sampling.plan_sample


def test_the_planned_power_is_reached_and_not_by_a_smaller_rule():
    rule = plan(0.02, 0.01)
    assert rule.shown(0.01) >= 0.8
    assert rule.shown(0.02) <= 0.05
    fewer = SamplePlan(sample_size(0.02, rule.allowed - 1), rule.allowed - 1)
    assert fewer.shown(0.01) < 0.8


def test_a_small_register_is_counted_without_replacement():
    trials = Trials(register=100)  # 2 of 100 are bad at 2 %
    n = sample_size(0.02, trials=trials)
    assert n == 78
    assert math.comb(98, n) / math.comb(100, n) <= 0.05 < math.comb(98, n - 1) / math.comb(100, n - 1)
    assert sample_size(0.02, trials=Trials(register=10**6)) == 149
    with pytest.raises(EstimationError, match="in a register of 100 households shows a rate below"):
        sample_size(0.02, 2, trials=trials)


def test_clustered_households_follow_the_beta_binomial():
    trials = Trials(icc=0.05, per_village=3)
    rate, strength = 0.1, (1 - 0.05) / 0.05
    a, b = rate * strength, (1 - rate) * strength

    def village(k, m):
        beta = math.gamma(a + k) * math.gamma(b + m - k) / math.gamma(a + b + m)
        return math.comb(m, k) * beta * math.gamma(a + b) / (math.gamma(a) * math.gamma(b))

    # 8 households: villages of 3, 3 and 2; every combination of findings
    by_hand = Counter()
    for x, y, z in itertools.product(range(4), range(4), range(3)):
        by_hand[x + y + z] += village(x, 3) * village(y, 3) * village(z, 2)
    for c in range(9):
        expected = sum(by_hand[k] for k in range(c + 1))
        assert trials.at_most(c, 8, rate) == pytest.approx(expected, abs=1e-12)
    assert trials.exactly(8, 8, rate).sum() == pytest.approx(1, abs=1e-12)
    mean = trials.exactly(8, 8, rate) @ np.arange(9)
    assert mean == pytest.approx(0.8, abs=1e-12)
    assert trials.design_effect == pytest.approx(1.1)


def test_clustering_costs_households_and_whole_villages_are_counted():
    clustered = Trials(icc=0.05, per_village=18)
    n = sample_size(0.02, trials=clustered)
    assert n % 18 == 0
    assert clustered.at_most(0, n, 0.02) <= 0.05 < clustered.at_most(0, n - 18, 0.02)
    assert n > 149
    assert plan(0.02, 0.01, trials=Trials(icc=0.02, per_village=18)).households > 969


def test_double_sampling_by_hand_and_by_search():
    rule = DoublePlan(first=5, accept=0, second=4, allowed=1)
    p = 0.1
    # accepted at once (no finding in 5), or one finding in 5 and none in 4 more
    assert rule.shown(p) == pytest.approx(0.9**5 + 5 * p * 0.9**4 * 0.9**4, abs=1e-12)
    assert rule.expected(p) == pytest.approx(5 + 4 * 5 * p * 0.9**4, abs=1e-12)
    found = plan_double(0.05, 0.01)
    assert found.shown(0.05) <= 0.05
    assert found.shown(0.01) >= 0.8
    assert found.expected(0.01) < plan(0.05, 0.01).households
    with pytest.raises(EstimationError, match="plan a single sample of a small register"):
        plan_double(0.05, 0.01, trials=Trials(register=500))


def test_operating_curves_fall_with_the_true_rate():
    curve = operating_curve({"one": plan(0.02, 0.01), "zero": SamplePlan(149, 0)}, [0, 0.005, 0.01, 0.02])
    for _, part in curve.groupby("plan"):
        assert part["shown"].is_monotonic_decreasing
        assert part["shown"].iloc[0] == 1
        assert part["shown"].iloc[-1] <= 0.05
    assert curve.loc[curve["plan"] == "zero", "shown"].round(3).tolist() == [1.0, 0.474, 0.224, 0.049]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: sample_size(0.02, design_effect=1.5, trials=Trials(register=50)),
        lambda: Trials(icc=1.0, per_village=3),
        lambda: Trials(icc=0.1, per_village=3, register=50),
        lambda: operating_curve(SamplePlan(10, 0), [1.5]),
        lambda: sample_size(0.02, -1),
    ],
)
def test_arguments_out_of_range(bad):
    with pytest.raises(EstimationError):
        bad()


# --- Selection ------------------------------------------------------------------------------------


def test_village_chances_are_exact_over_all_random_starts():
    sizes, take = [50, 10, 20, 20, 7, 3], 3
    steps = 1200
    hits = Counter()
    for k in range(steps):
        found = proportional(sizes, take, Fraction(2 * k + 1, 2 * steps))
        assert len(found.chosen) == take
        hits.update(found.chosen)
    # 50 ≥ 110 / 3 is certain; the others share two places: 60 / 2 = 30
    expected = [Fraction(1), *(Fraction(s, 30) for s in sizes[1:])]
    assert list(found.probabilities) == expected
    assert [Fraction(hits[i], steps) for i in range(6)] == expected


def test_households_have_equal_chances_over_all_random_starts():
    hits = Counter()
    for k in range(70):
        at = systematic(7, 3, Fraction(2 * k + 1, 140))
        assert len(set(at)) == 3
        hits.update(at)
    assert set(hits.values()) == {30}  # 70 × 3 / 7


@pytest.mark.parametrize(
    ("total", "shares", "limits", "least", "expected"),
    [
        (10, (5, 3, 2), (99, 99, 99), 1, (5, 3, 2)),
        (10, (5, 3, 2), (99, 2, 99), 1, (6, 2, 2)),  # 8 left in the ratio 5 : 2 = 5.71 and 2.29
        (10, (98, 1, 1), (99, 99, 99), 1, (8, 1, 1)),
        (4, (1, 1, 1), (9, 9, 9), 1, (2, 1, 1)),  # a tie goes to the first
        (9, (1, 1), (3, 4), 1, (3, 4)),
        (7, (1, 1, 5), (3, 3, 3), 2, (2, 2, 3)),
    ],
)
def test_numbers_are_divided_by_largest_remainders(total, shares, limits, least, expected):
    assert shared(total, [Fraction(s) for s in shares], limits, least) == expected


def test_too_few_for_all_parts():
    with pytest.raises(DesignError, match="each takes at least 1"):
        shared(1, [Fraction(1), Fraction(1)], [5, 5])


# --- The draw ---------------------------------------------------------------------------------------


def roster(villages=12, seed=3):
    """Return a made-up roster of two counties; codes 99… belong to no place."""
    rng = np.random.default_rng(seed)
    rows = []
    for county in ("990001", "990002"):
        for v in range(villages):
            for h in range(int(rng.integers(15, 90))):
                group = rng.choice(["已脱贫户", "未脱贫户", "非建档立卡户"], p=[0.25, 0.05, 0.7])
                rows.append(
                    (county, f"{county}{v:03d}", f"S{v % 3}", f"{county}{v:03d}{h:04d}", group, h % 3)
                )
    columns = ["county", "village", "stratum", "household", "survey_group", "labourers"]
    return pd.DataFrame(rows, columns=columns)


def design(**changes):
    settings = {
        "title": Text(en="test", zh="测试"),
        "source": "made up",
        "verified": False,
        "groups": (GroupRule(("exited", "registered"), share=0.5), GroupRule(("unregistered",), share=0.5)),
        "villages": 6,
        "per_village": 10,
    }
    return FieldDesign(**{**settings, **changes})


@pytest.mark.parametrize("strata", [False, True])
def test_weights_are_inverse_probabilities_and_reproduce_the_roster(strata):
    frame = roster()
    for draw in draw_sample(frame, design(), seed=1, strata=strata):
        out = draw.households
        chance = out["probability_village"] * out["probability_household"]
        np.testing.assert_allclose(out["weight"], 1 / chance, rtol=1e-12)
        there = frame[frame["county"] == draw.county]
        assert out["weight"].sum() == pytest.approx(len(there), rel=1e-12)
        assert draw.totals().iloc[-1].tolist() == ["all", len(there), 60, pytest.approx(len(there))]
        assert out["village"].nunique() == 6
        assert not out["household"].duplicated().any()
        # within a village and group n of N, all with the same chance
        groups = there.assign(part=np.where(there["survey_group"] == "非建档立卡户", 2, 1))
        sizes = groups.groupby(["village", "part"]).size()
        drawn = out.groupby(["village", "part"])["probability_household"].agg(["size", "first"])
        expected = drawn["size"] / sizes.reindex(drawn.index)
        np.testing.assert_allclose(drawn["first"], expected, rtol=1e-12)
        if strata:
            assert out.groupby("stratum")["village"].nunique().min() >= 2


def test_weights_are_unbiased_for_every_group_over_many_seeds():
    frame = read_roster(roster(villages=4)).county("990001")
    estimates = {"exited": [], "registered": []}
    for seed in range(120):
        (draw,) = draw_sample(frame, design(villages=2), seed=seed)
        for group, found in estimates.items():
            rows = draw.households[draw.households["survey_group"] == group]
            found.append(rows["weight"].sum())
    for group, found in estimates.items():
        truth = int((frame.frame["survey_group"] == group).sum())
        spread = np.std(found, ddof=1) / math.sqrt(len(found))
        assert spread > 0
        assert abs(np.mean(found) - truth) < 4 * spread


def test_the_same_sample_for_any_order_of_rows_and_any_company():
    frame = roster()
    first = draw_sample(frame, design(), seed=9)
    mixed = draw_sample(frame.sample(frac=1, random_state=4), design(), seed=9)
    alone = draw_sample(frame[frame["county"] == "990002"], design(), seed=9)
    for a, b in zip(first, mixed, strict=True):
        pd.testing.assert_frame_equal(a.households, b.households)
        pd.testing.assert_frame_equal(a.replacements, b.replacements)
        assert a.roster.digest == b.roster.digest
    pd.testing.assert_frame_equal(first[1].households, alone[0].households)
    other = draw_sample(frame, design(), seed=10)
    assert first[0].households["household"].tolist() != other[0].households["household"].tolist()


def test_an_auditor_can_draw_the_villages_again():
    (draw,) = draw_sample(roster().query("county == '990001'"), design(), seed=2)
    start = float(uniform(2, "990001", "", "villages"))
    interval = draw.starts["interval"].iloc[0]
    assert draw.starts["start"].iloc[0] == pytest.approx(start * interval)
    table = draw.villages[~draw.villages["certain"]]
    points = draw.starts["start"].iloc[0] + interval * np.arange(int(table["selected"].sum()))
    again = table["village"].iloc[np.searchsorted(table["cumulated"], points, side="right")]
    assert again.tolist() == table.loc[table["selected"], "village"].tolist()


def test_replacements_are_other_households_of_the_same_village_and_group():
    (draw,) = draw_sample(roster().query("county == '990001'"), design(), seed=2, replacements=3)
    spare = draw.replacements
    assert not set(spare["household"]) & set(draw.households["household"])
    weights = draw.households.groupby(["village", "part"])["weight"].first()
    given = spare.set_index(["village", "part"])["weight"]
    np.testing.assert_array_equal(given, weights.reindex(given.index))
    assert (
        spare.groupby(["village", "part"])["rank"]
        .apply(list)
        .map(lambda r: r == [*range(1, len(r) + 1)])
        .all()
    )
    assert draw_sample(roster(), design(), seed=2, replacements=0)[0].replacements.empty


def test_designs_of_the_rule_pack():
    pack, frame = load_standard("cn-2017"), roster()
    guangdong = draw_sample(frame, pack.field_design("guangdong-2018"), seed=1)[0].households
    assert guangdong.groupby("village")["part"].apply(lambda p: Counter(p) == {1: 5, 2: 3, 3: 2}).all()
    anhui = draw_sample(frame, pack.field_design("anhui-2017"), seed=1)[0]
    there = frame[frame["county"] == "990001"]
    exited = there[there["survey_group"] == "已脱贫户"]
    assert (anhui.households["survey_group"] == "exited").sum() == len(exited)
    assert anhui.outside == (there["survey_group"] == "未脱贫户").sum()
    general = there[there["survey_group"] == "非建档立卡户"].groupby("village").size()
    taken = anhui.households.query("survey_group == 'unregistered'").groupby("village").size()
    assert taken.tolist() == [math.ceil(n / 5) for n in general]
    assert "belong to no group of the design" in anhui.notes[0].en


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"villages": 13}, "takes 13 villages, the roster has 12"),
        ({"per_village": 1}, "set per_village to the number of groups at least"),
        ({"per_village": None}, "does not say how many households a village gives"),
        (
            {"groups": (GroupRule(("exited",), share=0.5), GroupRule(("exited",), share=0.5))},
            "hold the same households",
        ),
    ],
)
def test_designs_that_cannot_be_drawn(changes, message):
    with pytest.raises(DesignError, match=message):
        draw_sample(roster(), design(**changes), seed=1)


def test_rosters_that_cannot_be_drawn_from():
    frame = roster()
    with pytest.raises(DataError, match="the roster lacks survey_group"):
        draw_sample(frame.drop(columns="survey_group"), design(), seed=1)
    twice = pd.concat([frame, frame.head(1)])
    with pytest.raises(DataError, match=r"2 of .* share a household id within a county"):
        draw_sample(twice, design(), seed=1)
    with pytest.raises(DataError, match=r"unknown survey_group \(其他\)"):
        draw_sample(frame.assign(survey_group="其他"), design(), seed=1)
    mixed = frame.assign(stratum=np.where(np.arange(len(frame)) % 2, "A", "B"))
    with pytest.raises(DataError, match="villages that lie in several strata"):
        draw_sample(mixed, design(), seed=1, strata=True)
    no_labour = frame.drop(columns="labourers")
    with pytest.raises(DesignError, match="add a column labour"):
        draw_sample(no_labour, load_standard("cn-2017").field_design("guangdong-2018"), seed=1)


# --- The workbook -----------------------------------------------------------------------------------


def test_the_workbook_is_safe_repeatable_and_read_by_the_survey_table():
    frame = roster().query("county == '990001'").reset_index(drop=True)
    injected = "=HYPERLINK(A1)"
    frame.loc[frame["village"] == frame["village"].iloc[0], "stratum"] = injected
    (draw,) = draw_sample(frame, design(villages=12), seed=2)
    content = draw_workbook(draw, plan_digest="0123")
    assert content == draw_workbook(draw, plan_digest="0123")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["说明", "入户名单", "替换名单", "抽村底表", "随机起点"]
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert {c.data_type for c in cells} == {"s"}
    header, *rows = book["入户名单"].iter_rows(values_only=True)
    listed = pd.DataFrame(rows, columns=header).fillna("")
    assert listed["户编号"].tolist() == draw.households["household"].tolist()
    np.testing.assert_allclose(listed["抽样权重"].astype(float), draw.households["weight"], rtol=1e-11)
    fields = from_frame(listed, table="survey").fields
    needed = {"county", "village", "household", "survey_group", "weight", "persons", "case_stage"}
    assert needed | {"wrongly_exited", "missed", "approves"} <= set(fields)
    about = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True, max_row=10)}
    assert about["随机种子"] == "2"
    assert about["权重合计"] == f"{len(frame)}.000000"
    english = openpyxl.load_workbook(io.BytesIO(draw_workbook(draw, language="en")))
    assert english.sheetnames[1] == "households"


def test_the_command_writes_a_workbook_a_county(tmp_path):
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    words = {"county": "县代码", "village": "行政村代码", "household": "户编号", "survey_group": "户类型"}
    frame = roster().rename(columns={**words, "stratum": "抽样层", "labourers": "劳动力人数"})
    frame.to_csv(raw / "名册.csv", index=False, encoding="gb18030")
    path = tmp_path / "plan.yaml"
    path.write_text(
        "title: t\nsynthetic: true\ndata: {household: {files: [none.csv]}}\nstandard: cn-2017\n"
        "poverty: {line: {kind: none}}\nprices: {kind: none}\nseed: 7\n"
        "sampling: {roster: {files: [名册.csv]}, design: guangdong-2018, villages: 4, strata: true}\n",
        encoding="utf-8",
    )
    ended = run("sample", path)
    assert ended.code == 0, ended.said
    assert "40 households in 4 of 12 villages, seed 7" in ended.out
    files = sorted((tmp_path / "sampling").iterdir())
    assert [f.name for f in files] == ["990001.xlsx", "990002.xlsx"]
    first = files[1].read_bytes()
    again = run("sample", path, "--county", "990002", "--out", tmp_path / "other")
    assert again.code == 0, again.said
    assert [(f.name, f.read_bytes()) for f in (tmp_path / "other").iterdir()] == [("990002.xlsx", first)]
    assert run("sample", path, "--county", "990003").code == 11
    wrong = run("sample", path, "--set", "sampling.design=guangdong")
    assert wrong.code == 10
    assert "did you mean 'guangdong-2018'" in wrong.err


# --- What a drawn sample can show -------------------------------------------------------------------

WRONG = RateRule(0.02, strict=False)


def drawn(exited: int, unregistered: int = 0) -> Draw:
    """Return a draw that holds nothing but the numbers of households by group, two a village."""
    groups = ["exited"] * exited + ["unregistered"] * unregistered
    villages = [f"v{i // 2}" for i in range(len(groups))]
    (draw,) = draw_sample(roster().query("county == '990001'"), design(villages=2), seed=1)
    return replace(draw, households=pd.DataFrame({"survey_group": groups, "village": villages}))


def test_the_allowed_findings_are_those_of_the_table_of_sizes():
    # "below 2 % with 95 %": 149, 236, 313 households with 0, 1, 2 findings; 99 and 157 below 3 %
    for households, allowed in ((148, None), (149, 0), (235, 0), (236, 1), (313, 2)):
        found = draw_characteristics(drawn(households), {"wrong_exit": WRONG}, design_effects=(1.0,))
        row = found.rules.iloc[0]
        assert (None if pd.isna(row["allowed"]) else row["allowed"]) == allowed
        assert row["needed"] == 149
    found = draw_characteristics(drawn(236), {"wrong_exit": WRONG}, design_effects=(1.0, 1.5))
    assert found.rules["allowed"].tolist() == [1, 0]  # 236 / 1.5 = 157 independent ones
    assert found.rules["needed"].tolist() == [149, 224]
    assert found.rules["villages"].tolist() == [118, 118]


def test_the_curve_is_binomial_and_the_point_rule_stands_beside_it():
    found = draw_characteristics(
        drawn(313, 40), {"wrong_exit": WRONG, "missed": WRONG}, design_effects=(1.0,)
    )
    curve = found.curve.set_index(["rate", "true_rate"])
    at = curve.loc[("wrong_exit", 0.02)]
    assert at["shown"] == pytest.approx(stats.binom.cdf(2, 313, 0.02))
    assert at["shown"] <= 0.05
    assert at["point_rule"] == pytest.approx(stats.binom.cdf(6, 313, 0.02))  # 6 / 313 = 1.9 %
    assert curve.loc[("wrong_exit", 0.0), "shown"] == 1
    assert curve.loc["wrong_exit"].index[-1] == 0.04
    # 40 households cannot show a rate below 2 %, whatever they find; the point rule passes without a finding
    assert (curve.loc["missed", "shown"] == 0).all()
    assert curve.loc[("missed", 0.02), "point_rule"] == pytest.approx(0.98**40)
    strict = draw_characteristics(
        drawn(300), {"wrong_exit": RateRule(0.02, strict=True)}, design_effects=(1.0,)
    )
    passes = strict.curve.set_index("true_rate")["point_rule"]
    assert passes[0.02] == pytest.approx(stats.binom.cdf(5, 300, 0.02))  # 6 / 300 is at the threshold
    nobody = draw_characteristics(drawn(300), {"missed": WRONG})
    assert nobody.rules.empty
    assert nobody.notes[-1].en == "No household was drawn for the missed-poor rate (interviewed)."


def test_the_workbook_has_the_curve_and_its_chart():
    (draw,) = draw_sample(roster().query("county == '990001'"), design(villages=12), seed=2)
    found = draw_characteristics(draw, {"wrong_exit": WRONG, "missed": WRONG})
    content = draw_workbook(draw, characteristics=found)
    assert content == draw_workbook(draw, characteristics=found)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames[-2:] == ["样本能力", "OC曲线"]
    header, *rows = book["OC曲线"].iter_rows(values_only=True, max_col=5)
    assert header == ("指标", "设计效应", "真实比率", "证明达标的概率", "点值判定通过的概率")
    assert len(rows) == len(found.curve)
    assert [float(r[2]) for r in rows] == pytest.approx(found.curve["true_rate"].tolist())
    (chart,) = book["OC曲线"]._charts
    assert len(chart.series) == 4
    first = found.curve[(found.curve["rate"] == "wrong_exit") & (found.curve["design_effect"] == 1.5)]
    assert [float(p.v) for p in chart.series[0].yVal.numLit.pt] == pytest.approx(first["shown"].tolist())
    assert [float(p.v) for p in chart.series[0].xVal.numLit.pt] == pytest.approx(first["true_rate"].tolist())
