"""County exit judgements: literal tables worked by hand, one published case, planner numbers, coverage."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, DesignError, EstimationError, PlanError
from evalkit.exits import (
    ExitJudgement,
    ExitRules,
    criterion_of,
    judge_county,
    judge_exit,
    lot_errors,
    plan_sample,
    sample_size,
)
from evalkit.exits.composite import Mover, Term
from evalkit.exits.rates import rate_about, to_estimate, weighted_rate
from evalkit.standards import load_standard
from evalkit.text import text_from

RULES = ExitRules(
    incidence_threshold=0.03,
    wrong_exit_threshold=0.02,
    missed_threshold=0.02,
    approval_threshold=0.90,
    missed_denominator="sampled_villages",
    approval_unit="person",
    composite_denominator="agricultural",
    confidence=0.95,
    prior_deff=1.5,
    zone="west",
    source=text_from("invented for this test"),
)

COLUMNS = [
    "village",
    "household",
    "survey_group",
    "persons",
    "wrongly_exited",
    "missed",
    "approves",
    "case_stage",
]
NA = np.nan
ROWS = [
    ("A", "1", "exited", 4, 1, NA, 0, "adjudicated"),
    ("A", "2", "exited", 1, 0, NA, 1, "none"),
    ("B", "3", "exited", 5, 0, NA, 1, "none"),
    ("C", "4", "exited", 5, 0, NA, 1, "none"),
    ("D", "5", "exited", 5, 0, NA, 1, "none"),
    ("A", "6", "unregistered", 3, NA, 1, NA, "checked"),
    ("B", "7", "unregistered", 2, NA, 0, NA, "none"),
    ("C", "8", "unregistered", 3, NA, 0, NA, "none"),
    ("D", "9", "unregistered", 2, NA, 0, NA, "none"),
]
TOTALS = {
    "county": "990101",
    "registered_persons": 10,
    "exited_persons": 200,
    "unregistered_persons": 790,
    "agricultural_persons": 1000,
    "sampled_village_unregistered": 300,
}


def table(rows: list[tuple[object, ...]] = ROWS, **columns: object) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS).assign(**{"county": "990101", "weight": 1.0, **columns})


def totals(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([{**TOTALS, **changes}])


def judge(frame: pd.DataFrame | None = None, **rules: object) -> ExitJudgement:
    return judge_county(table() if frame is None else frame, totals(), replace(RULES, **rules))


def row(judgement: ExitJudgement, criterion: str, *, judged: bool = True) -> pd.Series:
    tidy = judgement.tidy()
    return tidy[(tidy["criterion"] == criterion) & (tidy["judged"] == judged)].iloc[0]


# --- rates by hand -------------------------------------------------------------------------------


def test_wrong_exit_rate_counts_persons_and_clusters_by_village() -> None:
    # 4 of 20 persons. Village sums of persons (y - 0.2) / 20: A (3.2 - 0.2)/20 = .15, B, C, D -.05;
    # variance 4/3 (.15² + 3 · .05²) = .04. Effective n .2 · .8 / .04 = 4, more than 5 households over the
    # design effect of 1.5 that is assumed at least (the weights alone cost 5 · 92 / 20² = 1.15).
    r = row(judge(), "wrong_exit")
    assert (r["estimate"], r["std_error"]) == pytest.approx((0.2, 0.2), abs=1e-15)
    assert (r["df"], r["n"]) == (3, 5)
    trials = 5 / 1.5 * (stats.t.ppf(0.05, 4) / stats.t.ppf(0.05, 3)) ** 2
    assert r["upper"] == pytest.approx(stats.beta.ppf(0.95, 0.2 * trials + 1, 0.8 * trials), rel=1e-12)
    assert r["lower"] == pytest.approx(stats.beta.ppf(0.05, 0.2 * trials, 0.8 * trials + 1), rel=1e-12)


def test_unequal_weights_shrink_the_sample_that_limits_rest_on() -> None:
    # v = weight × persons: 40, 1, 5, 5, 5; 5 · (1600 + 1 + 75) / 56² = 2.672 exceeds 1.5
    frame = table().assign(weight=np.where(np.arange(9) == 0, 10.0, 1.0))
    estimate = judge(frame).verdict("wrong_exit").estimate
    assert estimate.about.prior_deff == pytest.approx(5 * 1676 / 56**2, rel=1e-12)


def test_the_official_rule_looks_at_the_unweighted_share() -> None:
    # persons 4 of 20 wrongly exited = 20 %; weighted 40 of 56 = 71 %. A threshold of 30 % tells them apart.
    frame = table().assign(weight=np.where(np.arange(9) == 0, 10.0, 1.0))
    verdict = judge(frame, wrong_exit_threshold=0.3).verdict("wrong_exit")
    assert verdict.value == pytest.approx(40 / 56)
    assert verdict.official == pytest.approx(0.2)
    assert verdict.point_rule is True


def test_missed_rate_is_printed_under_both_denominators() -> None:
    # 3 persons of the 300 in the sampled villages; village sums 3/300, 0, 0, 0:
    # variance 4/3 (.0075² + 3 · .0025²) = .0001. Of the 10 interviewed: 3/10.
    judgement = judge()
    r, other = row(judgement, "missed"), row(judgement, "missed", judged=False)
    assert (r["denominator"], other["denominator"]) == ("sampled_villages", "interviewed")
    assert (r["estimate"], r["std_error"]) == pytest.approx((0.01, 0.01), abs=1e-15)
    assert other["estimate"] == pytest.approx(0.3, abs=1e-15)
    assert r["n"] == 4  # interviewed households: nobody else was examined
    swapped = row(judge(missed_denominator="interviewed"), "missed")
    assert swapped["estimate"] == pytest.approx(0.3, abs=1e-15)


def test_the_composite_is_printed_with_either_missed_rate() -> None:
    # (10 + .2 · 200 + .3 · 790) / 1000
    judgement = judge()
    assert row(judgement, "composite_headcount", judged=False)["estimate"] == pytest.approx(0.287)
    said = judgement.verdict("composite_headcount").notes[0]
    assert "over interviewed unregistered persons, it is 28.70%" in said.en
    assert "受访非建档立卡人口" in said.zh


def test_weights_do_not_enter_the_count_over_a_known_total() -> None:
    judgement = judge(table(weight=[7.0] * 9))
    assert row(judgement, "missed")["estimate"] == pytest.approx(0.01, abs=1e-15)
    assert row(judgement, "missed")["std_error"] == pytest.approx(0.01, abs=1e-15)


def test_weights_enter_rates_and_only_their_ratio_matters() -> None:
    weight = np.array([2.0, 1, 1, 1, 1, 1, 1, 1, 1])
    r = row(judge(table().assign(weight=weight)), "wrong_exit")
    assert r["estimate"] == pytest.approx(8 / 24)
    scaled = row(judge(table().assign(weight=weight * 1000)), "wrong_exit")
    assert scaled["upper"] == pytest.approx(r["upper"], rel=1e-12)


@pytest.mark.parametrize(("unit", "rate"), [("person", 16 / 20), ("household", 4 / 5)])
def test_approval_counts_the_unit_of_the_rules(unit: str, rate: float) -> None:
    frame = table()
    frame.loc[frame["household"] == "1", "persons"] = 4
    assert row(judge(frame, approval_unit=unit), "approval")["estimate"] == pytest.approx(rate)


def test_strata_take_out_variation_between_them() -> None:
    # strata {A, B}, {C, D}: sums .15, -.05 | -.05, -.05 → variance 2/1 (.1² + .1²) + 0 = .04
    strata = ["1", "1", "1", "2", "2", "1", "1", "2", "2"]
    r = row(judge(table(stratum=strata)), "wrong_exit")
    assert (r["std_error"], r["df"]) == pytest.approx((0.2, 2))


def test_composite_adds_register_and_estimated_persons() -> None:
    # (10 + .2 · 200 + .01 · 790) / 1000
    judgement = judge()
    r = row(judgement, "composite_headcount")
    assert r["estimate"] == pytest.approx(0.0579, abs=1e-15)
    w, m = row(judgement, "wrong_exit"), row(judgement, "missed")
    # both findings are in village A, so the two rates are perfectly correlated: distances add
    upper = 0.0579 + 0.2 * (w["upper"] - 0.2) + 0.79 * (m["upper"] - 0.01)
    assert r["upper"] == pytest.approx(upper, rel=1e-9)
    assert r["std_error"] == pytest.approx(0.2 * 0.2 + 0.79 * 0.01, rel=1e-9)


def test_resident_denominator() -> None:
    changed = totals(resident_persons=800)
    r = judge_county(table(), changed, replace(RULES, composite_denominator="resident")).tidy().iloc[0]
    assert r["estimate"] == pytest.approx(57.9 / 800)


# --- MOVER ---------------------------------------------------------------------------------------


def test_mover_equals_the_formula() -> None:
    # 4 findings in 400 and 2 in 200 trials, population shares .2 and .7, correlation .5
    mover = Mover(0.01, (Term(0.01, 400, 0.2), Term(0.01, 200, 0.7)), 0.5)
    a = 0.2 * (stats.beta.ppf(0.95, 5, 396) - 0.01)
    b = 0.7 * (stats.beta.ppf(0.95, 3, 198) - 0.01)
    assert mover.upper(0.95) == pytest.approx(0.019 + math.sqrt(a**2 + b**2 + a * b), rel=1e-10)
    c = 0.2 * (0.01 - stats.beta.ppf(0.05, 4, 397))
    d = 0.7 * (0.01 - stats.beta.ppf(0.05, 2, 199))
    assert mover.lower(0.95) == pytest.approx(0.019 - math.sqrt(c**2 + d**2 + c * d), rel=1e-10)


@pytest.mark.parametrize("level", [0.6, 0.9, 0.95, 0.99])
def test_mover_probability_inverts_its_limits(level: float) -> None:
    mover = Mover(0.01, (Term(0.01, 400, 0.2), Term(0.01, 200, 0.7)), 0.2)
    assert mover.probability_above(mover.upper(level)) == pytest.approx(1 - level, abs=1e-6)
    assert mover.probability_above(mover.lower(level)) == pytest.approx(level, abs=1e-6)


def test_mover_extremes() -> None:
    mover = Mover(0.01, (Term(0.0, 400, 0.2),), 0.0)
    assert mover.probability_above(0.005) == 1.0  # the register alone is above
    assert mover.probability_above(0.5) == 0.0
    assert Mover(0.01, (), 0.0).probability_above(0.02) == 0.0


# --- verdicts ------------------------------------------------------------------------------------


def large(
    wrong: int = 0, missed: int = 0, disapproving: int = 0, stage: str = "adjudicated", villages: int = 30
) -> pd.DataFrame:
    """30 villages × (30 exited + 20 unregistered) households of four, findings spread over villages."""
    rows = []
    for i in range(villages * 30):
        hit = i < wrong
        rows.append((f"v{i % villages}", f"e{i}", "exited", 4, int(hit), NA, int(i >= disapproving), stage if hit else "none"))  # fmt: skip
    for i in range(villages * 20):
        hit = i < missed
        rows.append(
            (f"v{i % villages}", f"u{i}", "unregistered", 4, NA, int(hit), 1, stage if hit else "none")
        )
    return table(rows)


BIG = {
    "registered_persons": 1_000,
    "exited_persons": 39_000,
    "unregistered_persons": 60_000,
    "agricultural_persons": 100_000,
    "sampled_village_unregistered": 9_000,
}


def judge_large(frame: pd.DataFrame, **rules: object) -> ExitJudgement:
    return judge_county(frame, totals(**BIG), replace(RULES, **rules))


def test_all_criteria_met() -> None:
    judgement = judge_large(large(wrong=2, missed=1))
    assert [v.conclusion for v in judgement.verdicts] == ["meets"] * 4
    assert (judgement.conclusion, judgement.point_rule) == ("meets", True)


def test_one_failure_vetoes() -> None:
    judgement = judge_large(large(wrong=60))
    assert judgement.verdict("wrong_exit").conclusion == "fails"
    assert judgement.verdict("approval").conclusion == "meets"
    assert (judgement.conclusion, judgement.point_rule) == ("fails", False)
    assert "wrong-exit rate" in judgement.explain("en")
    assert any("20%" in n.en for n in judgement.notes)  # four chances of five per cent


def test_a_rate_near_its_threshold_is_not_shown() -> None:
    judgement = judge_large(large(wrong=17))  # 1.9 % of 900 households
    v = judgement.verdict("wrong_exit")
    assert (v.conclusion, v.point_rule, judgement.conclusion) == ("not_shown", True, "not_shown")
    assert v.needed is not None
    assert v.needed > 900


def test_households_needed_would_settle_it() -> None:
    v = judge_large(large(wrong=12)).verdict("wrong_exit")
    assert v.conclusion == "not_shown"
    assert v.needed is not None
    for households, clears in ((v.needed, True), (v.needed - 1, False)):
        scaled = replace(
            v.estimate,
            cov=v.estimate.cov * v.estimate.n[0] / households,
            n=np.array([float(households)]),
        )
        assert (scaled.confint(0.95, "upper").high[0] < 0.02) is np.bool_(clears)


def test_no_finding_rests_on_the_prior_design_effect() -> None:
    v = judge_large(large()).verdict("wrong_exit")
    trials = 900 / 1.5 * (stats.t.ppf(0.05, 899) / stats.t.ppf(0.05, 29)) ** 2
    assert v.upper == pytest.approx(1 - 0.05 ** (1 / trials), rel=1e-9)
    assert math.isnan(v.estimate.std_error[0])
    assert any("design effect of 1.5" in n.en for n in v.notes)


def test_points_at_the_threshold_follow_the_pack() -> None:
    frame = large(wrong=18, disapproving=0)  # 18 / 900 = 2 %
    assert judge_large(frame).verdict("wrong_exit").point_rule is True
    assert judge_large(frame, wrong_exit_strict=True).verdict("wrong_exit").point_rule is False


def test_the_rule_pack_supplies_rules() -> None:
    rules = load_standard("cn-2017").exit_rules(province="53", zone="west")
    judgement = judge_county(large(), totals(**BIG), rules)
    assert judgement.verdict("composite_headcount").threshold == 0.03
    assert judgement.verdict("approval").direction == "above"
    assert judgement.verdict("wrong_exit").inclusive
    assert not judgement.verdict("composite_headcount").inclusive


def test_jinggangshan_2017() -> None:
    """Published: 2,076 households, 10 of them with 28 persons wrongly exited, 0.41 % of persons.

    0.41 % implies about 6,829 persons. Villages were not published: 29 are assumed, findings once in
    ten villages and once all in two.
    """
    sizes = [2] * 2 + [3] * 8 + [4] * 603 + [3] * 1463
    assert (len(sizes), sum(sizes), sum(sizes[:10])) == (2076, 6829, 28)
    for villages in (29, 2):
        rows = [
            (
                f"v{i % (villages if i < 10 else 29)}",
                str(i),
                "exited",
                p,
                int(i < 10),
                NA,
                NA,
                "adjudicated" if i < 10 else "none",
            )
            for i, p in enumerate(sizes)
        ]
        judgement = judge_county(table(rows), totals(**BIG), RULES)
        v = judgement.verdict("wrong_exit")
        assert round(100 * v.value, 2) == 0.41
        assert v.conclusion == "meets"
        assert v.stages == {"adjudicated": 10}
        assert judgement.conclusion == "not_shown"  # nothing is known about missed households or approval


# --- empty groups, silence, one village ----------------------------------------------------------


def test_no_exited_household_sampled() -> None:
    judgement = judge(table(ROWS[5:]))
    v = judgement.verdict("wrong_exit")
    assert (v.conclusion, v.point_rule) == ("not_shown", None)
    assert "No exited household" in v.explain("en")
    assert "已脱贫户" in v.explain("zh")
    c = judgement.verdict("composite_headcount")
    assert c.conclusion == "not_shown"
    assert "wrong-exit rate" in c.explain("en")
    assert judgement.point_rule is None
    json.dumps(judgement.to_dict(), allow_nan=False)


def test_a_rate_that_applies_to_nobody_is_not_needed() -> None:
    none_exited = totals(exited_persons=0, unregistered_persons=990)
    c = judge_county(table(ROWS[5:]), none_exited, RULES).verdict("composite_headcount")
    assert c.value == pytest.approx((10 + 0.01 * 990) / 1000)


def test_households_without_an_answer_are_left_out_and_counted() -> None:
    frame = table()
    frame.loc[frame["household"] == "5", "wrongly_exited"] = np.nan
    v = judge(frame).verdict("wrong_exit")
    assert v.value == pytest.approx(4 / 15)
    assert any("1 of 5 exited households" in n.en for n in v.notes)


def test_one_village_shows_nothing() -> None:
    judgement = judge_county(table(village="A"), totals(), RULES, single_psu="missing")
    v = judgement.verdict("wrong_exit")
    assert v.value == pytest.approx(0.2)
    assert (v.conclusion, v.point_rule) == ("not_shown", False)
    assert math.isnan(v.upper)
    with pytest.raises(DesignError, match="single sampled unit"):
        judge(table(village="A"))


# --- stages --------------------------------------------------------------------------------------


def test_findings_not_adjudicated_are_counted_both_ways() -> None:
    frame = large(wrong=20)
    frame.loc[frame["household"].isin([f"e{i}" for i in range(18)]), "case_stage"] = "flagged"
    judgement = judge_large(frame)
    v = judgement.verdict("wrong_exit")
    assert v.value == pytest.approx(20 / 900)
    assert v.conclusion == "not_shown"
    assert v.stages == {"flagged": 18, "adjudicated": 2}
    said = next(n for n in v.notes if "adjudicated findings only" in n.en)
    assert "18 of 20 findings" in said.en
    assert "0.22%" in said.en  # 2 of 900
    assert said.en.endswith("meets.")
    assert "18户" in said.zh
    assert any("overall conclusion is: meets" in n.en for n in judgement.notes)


def test_adjudicated_findings_need_no_second_count() -> None:
    judgement = judge_large(large(wrong=5))
    assert not any("adjudicated" in n.en for v in judgement.verdicts for n in v.notes)


def test_every_suspected_case_is_listed_with_its_stage() -> None:
    frame = table()
    frame.loc[frame["household"] == "3", "case_stage"] = "appealed"  # suspected, not found
    judgement = judge(frame)
    assert judgement.cases[["household", "finding", "case_stage"]].to_numpy().tolist() == [
        ["1", "wrong_exit", "adjudicated"],
        ["3", "", "appealed"],
        ["6", "missed", "checked"],
    ]
    stages = judgement.stages.set_index("stage")
    assert stages.loc["appealed", ["suspected", "wrong_exit", "missed"]].tolist() == [1, 0, 0]
    assert stages.loc["adjudicated", "wrong_exit_persons"] == 4
    assert stages.loc["checked", "missed_persons"] == 3
    assert "household" not in json.dumps(judgement.to_dict()["stages"])


# --- several counties ----------------------------------------------------------------------------


def test_counties_are_judged_apart_under_their_own_rules() -> None:
    second = large(wrong=60).assign(county="990102")
    survey = pd.concat([second, large()], ignore_index=True)
    census = pd.concat([totals(**BIG), totals(**BIG, county="990102")])
    plan = SimpleNamespace(
        exit_rules=lambda county: replace(RULES, incidence_threshold=0.02 if county == "990102" else 0.03)
    )
    out = judge_exit(survey, census, plan)
    assert out.summary()["conclusion"].tolist() == ["meets", "fails"]
    assert out.county("990102").verdict("composite_headcount").threshold == 0.02
    assert len(out.tidy()) == 12  # four criteria, two of them under a second denominator
    alone = judge_county(large(), totals(**BIG), RULES).tidy()
    pd.testing.assert_frame_equal(out.county("990101").tidy(), alone)
    with pytest.raises(DataError, match="'990103' was not judged; 2 were"):
        out.county("990103")


def test_row_order_and_aliases_change_nothing() -> None:
    frame = large(wrong=3, missed=2)
    shuffled = frame.sample(frac=1, random_state=1).rename(
        columns={"survey_group": "group", "case_stage": "stage"}
    )
    before = shuffled.copy()
    a, b = judge_large(frame).tidy(), judge_large(shuffled).tidy()
    pd.testing.assert_frame_equal(a, b, rtol=1e-12)
    pd.testing.assert_frame_equal(shuffled, before)


def test_chinese_words_are_read() -> None:
    frame = table()
    frame["survey_group"] = frame["survey_group"].map({"exited": "已脱贫户", "unregistered": "非建档立卡户"})
    frame["case_stage"] = frame["case_stage"].map({"none": "无", "adjudicated": "认定", "checked": "核查"})
    frame["wrongly_exited"] = frame["wrongly_exited"].map({1: "是", 0: "否"})
    pd.testing.assert_frame_equal(judge(frame).tidy(), judge().tidy())


# --- bad input -----------------------------------------------------------------------------------


def spoil(column: str, value: object, household: str = "5") -> pd.DataFrame:
    frame = table().astype({column: object})
    frame.loc[frame["household"] == household, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table().drop(columns=["weight", "missed"]), "lacks 2 of 10 columns: weight, missed"),
        (table().iloc[:0], "no rows"),
        (
            spoil("survey_group", "poor"),
            r"1 of 9 rows have an unknown survey_group \(poor\) \(first: household 5",
        ),
        (spoil("case_stage", "rumour"), "unknown case_stage"),
        (spoil("persons", -2), "1 of 9 rows have persons missing, zero or negative"),
        (spoil("persons", None), "persons missing"),
        (spoil("weight", 0), "weight missing, zero or negative"),
        (spoil("village", None), "have no village"),
        (spoil("wrongly_exited", 1, "7"), "marked wrongly_exited outside the group 'exited'"),
        (spoil("missed", 1, "3"), "marked missed outside the group 'unregistered'"),
        (spoil("wrongly_exited", 1), "marked wrongly_exited without a case stage"),
        (spoil("wrongly_exited", "maybe"), "neither yes nor no"),
        (spoil("household", "4"), "2 of 9 rows share a household id"),
    ],
)
def test_bad_surveys_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        judge(frame)
    assert caught.value.exit_code == 11


def test_offending_rows_travel_with_the_error() -> None:
    with pytest.raises(DataError) as caught:
        judge(spoil("persons", -2))
    assert caught.value.rows is not None
    assert caught.value.rows["household"].tolist() == ["5"]


@pytest.mark.parametrize(
    ("census", "message"),
    [
        (totals(county="990102"), "1 counties are in the survey but not in the totals: 990101"),
        (pd.concat([totals(), totals(county="990102")]), "have totals but no surveyed household: 990102"),
        (pd.concat([totals(), totals()]), "repeat a county"),
        (totals(exited_persons=-1), "exited_persons missing or negative"),
        (totals(exited_persons=None), "exited_persons missing or negative"),
        (totals().drop(columns="exited_persons"), "the totals lacks 1 of 4 columns: exited_persons"),
        (totals().drop(columns="sampled_village_unregistered"), "needs sampled_village_unregistered"),
        (totals().drop(columns="agricultural_persons"), "needs agricultural_persons"),
        (
            totals(sampled_village_unregistered=5),
            "10 unregistered persons were interviewed, but the totals have",
        ),
    ],
)
def test_bad_totals_are_refused(census: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        judge_county(table(), census, RULES)


def test_the_other_denominator_may_be_absent() -> None:
    census = totals().drop(columns="sampled_village_unregistered")
    judgement = judge_county(table(), census, replace(RULES, missed_denominator="interviewed"))
    assert judgement.other == ()
    assert any("left out" in n.en for n in judgement.verdict("missed").notes)


def test_two_counties_need_judge_exit() -> None:
    frame = pd.concat([table(), table().assign(county="990102")])
    with pytest.raises(DataError, match="use judge_exit"):
        judge_county(frame, pd.concat([totals(), totals(county="990102")]), RULES)


def test_unknown_variants_are_refused() -> None:
    with pytest.raises(PlanError, match="approval_unit is 'village'"):
        judge(approval_unit="village")


def test_register_groups_that_do_not_add_up_are_noted() -> None:
    judgement = judge_county(table(), totals(unregistered_persons=500), RULES)
    assert any("add up to 710" in n.en for n in judgement.notes)


# --- planner -------------------------------------------------------------------------------------


def test_exact_sample_sizes() -> None:
    assert [sample_size(0.02, c) for c in range(6)] == [149, 236, 313, 386, 456, 523]
    assert [sample_size(0.03, c) for c in range(6)] == [99, 157, 208, 257, 303, 348]
    assert sample_size(0.02, 0, design_effect=1.5) == 224  # 223.5 rounded up


def test_power_plan() -> None:
    assert plan_sample(0.02, 0.01).households == 969


def test_lot_quality_rule() -> None:
    errors = lot_errors(19, 13, good=0.8, bad=0.5)
    assert (errors.alpha, errors.beta) == pytest.approx((0.0676, 0.0835), abs=1e-4)


@pytest.mark.parametrize("bad", [(0.0, 0, 0.95), (0.02, -1, 0.95), (0.02, 0, 0.5)])
def test_bad_plans_are_refused(bad: tuple[float, int, float]) -> None:
    with pytest.raises(EstimationError):
        sample_size(*bad)


# --- coverage ------------------------------------------------------------------------------------


def test_one_sided_coverage_at_the_threshold() -> None:
    """True rate 2 % = threshold, 29 villages × 18 households, intra-village correlation .02.

    The upper limit covers unless the verdict is ``meets``, so both claims are one event. In 4,000
    samples a 5 % rule may show .05 + 2 standard errors of .0034.
    """
    rng = np.random.default_rng(20171118)
    icc, rate, villages, each, samples = 0.02, 0.02, 29, 18, 4000
    village = np.arange(villages).repeat(each)
    sample = SurveyDesign(psu="village").sample(pd.DataFrame({"village": village}))
    about, keys = rate_about("wrong_exit", "", RULES.prior_deff), pd.DataFrame(index=range(1))
    everyone = np.ones(len(village), dtype=bool)
    criterion = criterion_of(RULES, "wrong_exit")
    met = 0
    for _ in range(samples):
        risk = rng.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, villages)[village]
        hit = (rng.random(len(village)) < risk).astype(float)
        persons = rng.choice([1.0, 2, 3, 4, 5, 6], len(village), p=[0.1, 0.15, 0.25, 0.25, 0.15, 0.1])
        found = weighted_rate(hit, persons, everyone, sample.weight)
        upper = to_estimate(found, sample, keys, about, 0.95).confint(0.95, "upper").high[0]
        met += criterion.clears(-math.inf, upper)
    assert 0 < met / samples <= 0.05 + 2 * 0.0034
    rows = [(f"v{v}", str(i), "exited", p, h, NA, NA, "checked" if h else "none")
            for i, (v, p, h) in enumerate(zip(village, persons, hit, strict=True))]  # fmt: skip
    last = judge_county(table(rows), totals(**BIG), RULES).verdict("wrong_exit")
    assert last.upper == pytest.approx(upper, rel=1e-12)  # the loop and the public function agree


def test_a_criterion_that_nobody_can_judge_keeps_a_county_from_meeting_all() -> None:
    frame = large(wrong=2, missed=1)
    rate = text_from("the fourth rate")
    judgement = judge_large(frame, not_judged=(rate,))
    assert [v.conclusion for v in judgement.verdicts] == ["meets"] * 4
    assert judgement.conclusion == "not_shown"
    assert judgement.explain("en").startswith("Not shown either way: the fourth rate.")
    again = ExitJudgement.from_dict(json.loads(json.dumps(judgement.to_dict())))
    assert again.rules.not_judged == (rate,)
    assert judge_large(large(wrong=60), not_judged=(rate,)).conclusion == "fails"
