"""What may be claimed about a program, who is counted, and how the plan's settings reach the estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
import report_case
from evalkit import impact
from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.pipeline.effect_data import COHORT, OUTCOME, effect_data
from evalkit.pipeline.effects import estimate_impact
from evalkit.pipeline.pooled import pooled_result
from evalkit.pipeline.results import CountyCase, ImpactResult
from evalkit.plan import Plan
from evalkit.report import sections
from evalkit.report.document import Omitted, Prose, Suppressed, Table

WAVES = (2014, 2016, 2018, 2020)


def households(
    starts: list[float], waves: tuple[int, ...] = WAVES, *, effect: float = 0.2, before: float = 0.0
) -> pd.DataFrame:
    """Return a synthetic panel, five households a village; `before` is the pull of the supported per year ahead."""
    rng = np.random.default_rng(5)
    n, t = len(starts), np.array(waves)
    start = np.array(starts)[:, None]
    shift = np.where(t >= start, effect, 0.0) + np.where(np.isfinite(start), before * (t - t[0]), 0.0)
    logs = 8 + rng.normal(0, 0.3, (n, 1)) + rng.normal(0, 0.1, (n, len(t))) + shift
    unit = np.repeat(np.arange(n), len(t))
    return pd.DataFrame(
        {
            "household": unit,
            "wave": np.tile(t, n),
            "village": unit // 5,
            "income_pc": np.exp(logs).ravel(),
            "w": 1.0 + unit % 3,
            "cohort_p": np.where(np.isfinite(start), start, np.nan).repeat(len(t)),
            "treated_p": (t >= start).astype(float).ravel(),
            "flag": (t >= start).astype(float).ravel(),
        }
    )


def panel_of(frame: pd.DataFrame, **roles: Any) -> Panel:
    return Panel(frame, county=None, village="village", **roles)


def plan_of(folder: Path, *lines: str, column: str = "") -> Plan:
    text = report_case.PLAN[: report_case.PLAN.index("programs:")]
    text += f"programs: {{p: {{label: {{en: grants, zh: 补助}}{column}}}}}\nimpact:\n"
    text += "".join(f"  - {{program: p, outcome: income_pc, {line}}}\n" for line in lines)
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return ek.load_plan(folder / "plan.yaml")


def one(frame: pd.DataFrame, folder: Path, line: str, **more: Any) -> ImpactResult:
    plan = plan_of(folder, line, **more)
    return estimate_impact(panel_of(frame), plan.impact[0], plan)


def said(result: ImpactResult) -> str:
    return " | ".join(n.en for n in result.effect.about.notes)


NEVER = float("inf")
MANY = [2018.0] * 100 + [NEVER] * 150


@pytest.mark.parametrize(
    ("line", "before", "verdict"),
    [
        ("kind: did", 0.0, "yes"),
        ("kind: did", 0.1, "pre_trend_rejected"),
        ("kind: twfe", 0.0, "no_pre_trend"),
        ("kind: did_2x2", 0.0, "no_pre_trend"),
        ("kind: did_2x2, randomised: true", 0.0, "yes"),
        ("kind: difference_in_means", 0.0, "not_randomised"),
        ("kind: difference_in_means, randomised: true", 0.0, "yes"),
    ],
)
def test_only_a_tested_trend_or_a_random_assignment_identifies(
    tmp_path: Path, line: str, before: float, verdict: str
) -> None:
    result = one(households(MANY, before=before), tmp_path, line)
    assert result.identified == verdict
    again = ImpactResult.from_dict(result.to_dict())
    assert again.to_dict() == result.to_dict()
    assert again.identified == verdict


def test_why_a_trend_was_not_tested_is_kept(tmp_path: Path) -> None:
    few_waves = one(households([2016.0] * 100 + [NEVER] * 100), tmp_path, "kind: did")
    assert few_waves.pre_trend_p is None
    assert few_waves.identified == "no_pre_trend"
    assert few_waves.pre_trend_note is not None
    assert "fewer than two waves" in few_waves.pre_trend_note.en
    six = tuple(range(2014, 2020))
    late = households([2019.0] * 10 + [NEVER] * 10, six)
    few_villages = one(late, tmp_path, "kind: did")
    assert few_villages.pre_trend_p is None
    assert few_villages.pre_trend_note is not None
    assert "4 clusters are too few to test 4 effects" in few_villages.pre_trend_note.en


def test_a_trend_tested_on_few_villages_says_so(tmp_path: Path) -> None:
    result = one(households([2018.0] * 60 + [NEVER] * 60), tmp_path, "kind: did")
    assert result.pre_trend_p is not None
    assert result.pre_trend_note is not None
    assert "24 clusters (fewer than 40)" in result.pre_trend_note.en
    assert one(households(MANY), tmp_path, "kind: did").pre_trend_note is None


def test_anticipation_is_waves_times_their_distance(tmp_path: Path) -> None:
    """One wave of two years: cohort 2018 compares with 2014, and 2016 is no lead."""
    frame = households(MANY)
    result = one(frame, tmp_path, "kind: did, anticipation: 1, cluster: null")
    assert result.anticipation == 2
    direct = impact.att_gt(
        frame.assign(y=np.log(frame["income_pc"])),
        outcome="y",
        unit="household",
        time="wave",
        cohort="cohort_p",
        control_group="not_yet",
        anticipation=2,
    )
    assert result.effect.values[0] == impact.aggregate(direct, "simple").values[0]
    wide = frame.assign(y=np.log(frame["income_pc"])).pivot_table(
        index="household", columns="wave", values="y"
    )
    gain = wide[2018] - wide[2014]
    assert direct.estimate.where(cohort=2018, time=2018).values[0] == pytest.approx(
        gain[:100].mean() - gain[100:].mean(), abs=1e-12
    )
    plan = plan_of(tmp_path, "kind: did, anticipation: 1")
    uneven = panel_of(households(MANY, (2014, 2015, 2018)))
    with pytest.raises(EstimationError, match="the waves 2014, 2015, 2018 are not equally spaced"):
        estimate_impact(uneven, plan.impact[0], plan)


def test_support_about_to_begin_is_no_comparison_when_it_may_act_ahead(tmp_path: Path) -> None:
    """Start in 2021: with one wave of anticipation cohort 2022 may already react in 2020."""
    frame = households([2018.0] * 10 + [2021.0] * 10 + [NEVER] * 10)
    for line, cohort in (("kind: did", np.nan), ("kind: did, anticipation: 1", 2022.0)):
        plan = plan_of(tmp_path, line)
        data = effect_data(panel_of(frame), plan.impact[0], plan).frame
        np.testing.assert_array_equal(data.loc[data["household"] == 15, COHORT], [cohort] * 4)


def test_support_that_began_between_waves_is_counted(tmp_path: Path) -> None:
    frame = households([2017.0] * 40 + [2018.0] * 60 + [2013.0] * 5 + [NEVER] * 100)
    result = one(frame, tmp_path, "kind: did")
    assert "counts from the next wave: 40 households, at most 1 year later than it began" in said(result)
    assert "years since the first wave with support" in said(result)
    assert "5 of 205 units are treated from the first usable wave" in said(result)
    assert "began between waves" not in said(one(households(MANY), tmp_path, "kind: did"))


def test_the_table_counts_whom_the_estimator_used(tmp_path: Path) -> None:
    """105 supported: 5 from the first wave on, 20 without a logarithm in 2018 and 2020."""
    frame = households([2014.0] * 5 + [2018.0] * 100 + [NEVER] * 100)
    lost = (frame["household"] >= 5) & (frame["household"] < 25) & (frame["wave"] >= 2018)
    frame.loc[lost, "income_pc"] = 0.0
    result = one(frame, tmp_path, "kind: did")
    assert (result.units, result.treated) == (180, 80)
    assert (result.clusters, result.treated_clusters) == (36, 16)
    assert "40 household-waves with an outcome of zero or less" in said(result)
    assert result.effect.n.tolist() == [80]
    assert result.event_study is not None
    # the 20 are seen before support: they count among the leads
    at = result.event_study.keys["event_time"].tolist()
    assert dict(zip(at, result.event_study.n.tolist(), strict=True)) == {-2: 100, 0: 80, 2: 80}


def test_few_supported_households_are_withheld(tmp_path: Path) -> None:
    frame = households([2018.0] * 8 + [NEVER] * 150)
    plan = plan_of(tmp_path, "kind: did")
    result = estimate_impact(panel_of(frame), plan.impact[0], plan)
    assert result.units == 158
    section = sections.impact(_case(plan, frame))
    table, bases, events = [b for b in section.blocks if isinstance(b, Table)][:3]
    assert isinstance(table.rows[0][-1], Suppressed)
    assert all(isinstance(c, Suppressed) for c in bases.rows[0][1:])
    assert events.columns[-1].label.en == "Supported households"
    assert all(isinstance(row[-1], Suppressed) for row in events.rows)


def _case(plan: Plan, frame: pd.DataFrame) -> CountyCase:
    return CountyCase(plan, report_case.county_result(), pooled_result(panel_of(frame), plan))


def switching(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with 20 households supported throughout and 10 whose support stopped."""
    on = frame["treated_p"].mask(frame["household"] < 20, 1.0)
    on = on.mask(frame["household"].between(20, 29), (frame["wave"] == 2014).astype(float))
    began = frame["wave"].where(on == 1).groupby(frame["household"]).transform("min")
    return frame.assign(treated_p=on, cohort_p=began)


def test_households_supported_already_are_left_out_or_kept(tmp_path: Path) -> None:
    frame = switching(households([NEVER] * 30 + [2018.0] * 60 + [NEVER] * 60))
    left = one(frame, tmp_path, "kind: did_2x2, cluster: null")
    assert (left.units, left.treated) == (120, 60)
    wide = frame.assign(y=np.log(frame["income_pc"])).pivot_table(
        index="household", columns="wave", values="y"
    )
    gain = wide[2020] - wide[2014]
    assert left.effect.values[0] == pytest.approx(gain[30:90].mean() - gain[90:].mean(), abs=1e-12)
    kept = one(frame, tmp_path, "kind: did_2x2, cluster: null, already_treated: keep")
    assert (kept.units, kept.treated) == (150, 80)
    others = pd.concat([gain[20:30], gain[90:]])
    inside = pd.concat([gain[:20], gain[30:90]])
    assert kept.effect.values[0] == pytest.approx(inside.mean() - others.mean(), abs=1e-12)
    for result in (left, kept):
        assert (
            "60 households in neither, 60 in 2020 only (newly supported), 20 in both (always), 10 in"
            in said(result)
        )
    assert "count as supported from its start on" in said(one(frame, tmp_path, "kind: did"))


def test_households_not_seen_first_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = households([2018.0] * 60 + [NEVER] * 60)
    frame = frame[(frame["household"] >= 3) | (frame["wave"] > 2014)]
    result = one(frame, tmp_path, "kind: did_2x2")
    assert "3 households whose support in 2014 is not known are left out" in said(result)
    assert (result.units, result.treated) == (117, 57)


def test_a_group_column_is_refused_where_a_start_is_needed(tmp_path: Path) -> None:
    frame = households([2014.0] * 60 + [NEVER] * 60)
    for kind in ("did", "twfe", "did_2x2"):
        with pytest.raises(
            EstimationError, match=r"'flag' .* is 1 in the first wave \(2014\) for all 60 households"
        ):
            one(frame, tmp_path, f"kind: {kind}", column=", column: flag")
    textbook = one(
        frame, tmp_path, "kind: did_2x2, already_treated: keep, randomised: true", column=", column: flag"
    )
    assert (textbook.units, textbook.treated, textbook.identified) == (120, 60, "yes")


def test_weights_are_said_and_never_dropped_silently(tmp_path: Path) -> None:
    frame = households(MANY)
    plan = plan_of(tmp_path, "kind: did", "kind: did, weights: true")
    plain, weighted = plan.impact
    weight = panel_of(frame, design=ek.SurveyDesign(weight="w"))
    assert "Households of the sample, unweighted" in said(estimate_impact(weight, plain, plan))
    out = estimate_impact(weight, weighted, plan)
    assert "Households weighted by the survey weight" in said(out)
    assert out.effect.about.method.endswith("; households weighted by the survey weight")
    assert out.variant is not None
    assert out.variant.en == "weighted"
    with pytest.raises(EstimationError, match="names no weight"):
        estimate_impact(panel_of(frame), weighted, plan)


def test_every_specification_that_failed_keeps_its_own_reason(tmp_path: Path) -> None:
    frame = households([2014.0] * 60 + [NEVER] * 60)
    lines = ("kind: did", "kind: did_2x2", "kind: did_2x2, scale: level", "kind: difference_in_means")
    plan = plan_of(tmp_path, *lines, column=", column: flag")
    case = _case(plan, frame)
    failed = {k for k in case.pooled.omitted if k.startswith("impact")}
    assert failed == {"impact:p:did", "impact:p:did_2x2:1", "impact:p:did_2x2:2"}
    assert len(case.pooled.impact) == 1
    left = [b for b in sections.impact(case).blocks if isinstance(b, Omitted)]
    assert [b.what.en for b in left] == [
        "grants, group-time effects",
        "grants, two-period difference-in-differences, in logs",
        "grants, two-period difference-in-differences, in levels",
    ]
    assert all("全部60户受帮扶户在首期（2014年）即标记为受帮扶" in b.reason.zh for b in left)


def test_without_any_result_each_reason_is_printed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "kind: did", "kind: twfe")
    blocks = sections.impact(_case(plan, households([NEVER] * 60))).blocks
    assert [b.what.en for b in blocks if isinstance(b, Omitted)] == [
        "grants, group-time effects",
        "grants, two-way fixed effects",
    ]


def test_one_wave_still_gives_its_comparison(tmp_path: Path) -> None:
    frame = households(MANY)
    plan = plan_of(tmp_path, "kind: did", "kind: difference_in_means")
    found = pooled_result(panel_of(frame[frame["wave"] == 2018]), plan)
    assert [i.kind for i in found.impact] == ["difference_in_means"]
    assert found.omitted["impact:p:did"].en == "Effects over time need at least two waves."


def test_the_report_claims_no_more_than_the_design(tmp_path: Path) -> None:
    lines = (
        "kind: did",
        "kind: did_2x2",
        "kind: did_2x2, already_treated: keep",
        "kind: difference_in_means",
    )
    plan = plan_of(tmp_path, *lines)
    section = sections.impact(_case(plan, households(MANY)))
    text = [b.text for b in section.blocks if isinstance(b, Prose)]
    claims = [t.en for t in text if "effect is shown" in t.en]
    assert len(claims) == 1
    assert claims[0].startswith("Grants, group-time effects: a positive effect is shown, provided that")
    denied = [t for t in text if "it cannot be shown that this is the program's effect" in t.en]
    assert len(denied) == 3
    assert all("现有数据不能表明这是该措施的效果" in t.zh for t in denied)
    assert "This comparison uses two waves only" in denied[0].en
    assert "already supported households kept: supported and comparison" in denied[1].en
    assert "does not state that support was assigned at random" in denied[2].en
    events = [b for b in section.blocks if isinstance(b, Table)][2]
    assert events.columns[0].label.zh == "距首个有帮扶的调查年度的年数"


def test_the_outcome_column_is_the_one_analysed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "kind: did, scale: log1p")
    data = effect_data(panel_of(households(MANY)), plan.impact[0], plan).frame
    np.testing.assert_array_equal(data[OUTCOME], np.log1p(data["income_pc"]))
