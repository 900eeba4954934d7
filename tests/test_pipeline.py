"""From raw files to results: the bundled example with its known truth, and two real panels of other layouts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit import simulate
from evalkit.pipeline import BuildResult, CountyResult, PooledResult, build, check_inputs, load_case
from evalkit.pipeline.effect_data import first_wave
from evalkit.pipeline.province import load_overview
from evalkit.plan import Plan
from evalkit.report import look_back
from evalkit.store import Store, file_hash


def small_example(root: Path, folder: Path) -> tuple[Plan, simulate.SyntheticRegistry]:
    """Write a small synthetic export and return its plan and truth."""
    shutil.copy(root / "plan.yaml", folder / "plan.yaml")
    plan = ek.load_plan(folder / "plan.yaml")
    registry = simulate.registry(seed=7, counties=3, scale=0.25)
    simulate.write_export(registry, plan.raw)
    return plan, registry


@pytest.fixture(scope="module")
def example(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, simulate.SyntheticRegistry, BuildResult]:
    plan, registry = small_example(root, tmp_path_factory.mktemp("example"))
    return plan, registry, build(plan)


def test_every_row_is_somewhere(example: tuple[Plan, simulate.SyntheticRegistry, BuildResult]) -> None:
    _, _, result = example
    assert not result.failed
    for county in result.done:
        rows = load_case(example[0], county.county).result.tables["rows"].set_index("table").loc["household"]
        assert rows["in"] == rows[["clean", "quarantined", "merged", "not_data"]].sum()
    assert result.unplaced > 0
    kept = Store(result.root).read("quarantine", "_unplaced")
    assert len(kept) == result.unplaced


def test_the_truth_is_inside_its_interval(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult],
) -> None:
    plan, registry, result = example
    truth = registry.truth.population
    lines = plan.lines(sorted(truth["wave"].unique()))
    assert lines is not None
    poor = truth["income_pc"] < truth["wave"].map(lines)
    share = (poor * truth["size"]).groupby([truth["county"], truth["wave"]]).sum() / truth.groupby(
        ["county", "wave"]
    )["size"].sum()
    off = []
    for county in result.done:
        headcount = load_case(plan, county.county).result.estimates["headcount"].tidy()
        known = share.loc[county.county].reindex(headcount["wave"]).to_numpy()
        off.extend(((headcount["estimate"] - known) / headcount["std_error"]).to_numpy())
    assert len(off) == 21
    assert np.abs(off).max() < 4.5
    assert np.mean(np.abs(off) > 2) < 0.25


def test_misstated_figures_of_the_example_are_listed_where_they_arise(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult],
) -> None:
    """One township and one prefecture state too much and hand it up; in one county the exits are those planned."""
    plan, registry, result = example
    wrong = registry.truth.misstated.set_index("level")
    found = {}
    for county in result.done:
        case = load_case(plan, county.county).result
        rows = case.tables["roll_up_mismatches"]
        above = rows[(rows["level"] != "village") & (rows["verdict"] != "agrees")]
        found[county.county] = (
            above[["level", "unit", "wave", "figure", "stated", "summed"]].to_numpy().tolist()
        )
        assert case.tables["roll_up"].set_index("below").loc["household", "agrees"].sum() > 0
        flagged = case.facts["accounts"]["planned_exits"]["flagged"]
        assert flagged == (county.county == wrong.loc["county", "unit"])
    row = wrong.loc["township"]
    listed = {c: [] for c in found} | {
        row["unit"][:6]: [["township", row["unit"], row["wave"], row["figure"], row["stated"], row["true"]]]
    }
    assert found == listed
    upper = load_overview(plan).upper
    assert upper is not None
    high = upper.mismatches[upper.mismatches["level"].isin(["prefecture", "province"])]
    row = wrong.loc["prefecture"]
    assert high[["unit", "wave", "stated", "summed"]].to_numpy().tolist() == [
        [row["unit"], row["wave"], row["stated"], row["true"]]
    ]


def test_the_build_looks_back_as_the_truth_has_it(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult],
) -> None:
    """Cases, errors of identification, second visits and scorecards of every county, from files to the report."""
    plan, registry, result = example
    truth = registry.truth.exits.set_index("county")
    named = set(registry.survey["household"])
    for county in result.done:
        case = load_case(plan, county.county)
        visited = registry.survey[registry.survey["county"] == county.county]
        judgement = case.result.judgement
        assert judgement is not None  # the second visit does not enter the verdict
        assert judgement.verdict("approval").estimate.n[0] == len(visited)
        cases = case.result.tables["case_steps"].set_index(["stage", "outcome"])["cases"]
        true = int((visited["wrongly_exited"] | visited["missed"]).sum())
        assert cases["adjudicated", "dismissed"] == 3 + round(0.5 * true)
        errors = case.result.tables["identification"].set_index("error")
        for error, rate in (("exited_poor", "wrong_exit"), ("unregistered_poor", "missed")):
            row = errors.loc[error]
            assert row["conf_low"] <= truth.loc[county.county, rate] <= row["conf_high"]
        again = case.result.tables["revisit"].set_index("rate")
        later = registry.revisits[registry.revisits["county"] == county.county]
        assert again.loc["missed", "second_households"] == (later["survey_group"] == "非建档立卡户").sum()
        card = case.result.tables["precisions"].set_index(["list", "measure"])
        assert card.loc[("national", "wrong_exit"), "value"] == judgement.verdict("wrong_exit").value
        page = json.dumps(look_back(case).to_dict(), ensure_ascii=False)
        assert not [h for h in named if h in page]


def copied(example: tuple[Plan, simulate.SyntheticRegistry, BuildResult], folder: Path) -> Plan:
    """Return the plan of a copy of the built example."""
    shutil.copytree(example[0].folder, folder, dirs_exist_ok=True)
    return ek.load_plan(folder / "plan.yaml")


def test_results_do_not_depend_on_the_number_of_processes(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult], tmp_path: Path
) -> None:
    plan = copied(example, tmp_path)
    first = {c.county: file_hash(Store(plan.processed).result_path(c.county)) for c in example[2].done}
    pooled = file_hash(Store(plan.processed).pooled_path)
    shutil.rmtree(plan.processed)
    second = {
        c.county: file_hash(Store(plan.processed).result_path(c.county)) for c in build(plan, jobs=2).done
    }
    assert first == second
    assert pooled == file_hash(Store(plan.processed).pooled_path)


def test_results_come_back_from_their_files(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult],
) -> None:
    plan, _, result = example
    case = load_case(plan, result.done[0].county)
    again = CountyResult.from_dict(json.loads(json.dumps(case.result.to_dict())))
    assert again.to_dict() == case.result.to_dict()
    pooled = PooledResult.from_dict(json.loads(json.dumps(case.pooled.to_dict())))
    assert pooled.to_dict() == case.pooled.to_dict()


def test_other_settings_are_refused(example: tuple[Plan, simulate.SyntheticRegistry, BuildResult]) -> None:
    plan, _, _ = example
    other = ek.load_plan(plan.folder / "plan.yaml", overrides={"exits.confidence": 0.9})
    with pytest.raises(ek.ReportError, match="built with other settings"):
        load_case(other, "990121")


def test_results_of_another_version_are_refused(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult], tmp_path: Path
) -> None:
    plan = copied(example, tmp_path)
    store = Store(plan.processed)
    manifest = store.read_json(store.manifest_path)
    store.write_json(store.manifest_path, {**manifest, "evalkit": "0.0.1"})
    with pytest.raises(ek.ReportError, match=r"built by evalkit 0\.0\.1"):
        load_case(plan, "990121")


def test_a_changed_raw_file_is_noticed(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult], tmp_path: Path
) -> None:
    plan = copied(example, tmp_path)
    check_inputs(plan)
    file = sorted(plan.raw.glob("户信息_*.csv"))[0]
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(ek.ReportError, match=rf"1 of \d+ raw files .* {file.name}"):
        check_inputs(plan)


def test_an_unknown_county_is_never_the_default(
    example: tuple[Plan, simulate.SyntheticRegistry, BuildResult],
) -> None:
    plan, _, result = example
    code = result.done[0].county
    with pytest.raises(
        ek.ReportError, match=f"no county '{code[:-1]}' in the build; did you mean {code[:-2]}"
    ):
        load_case(plan, code[:-1])
    with pytest.raises(ek.ReportError, match="no county was given; the build has"):
        load_case(plan, "")


def test_a_county_that_fails_does_not_stop_the_others(root: Path, tmp_path: Path) -> None:
    plan, registry = small_example(root, tmp_path)
    strict = ek.load_plan(tmp_path / "plan.yaml", overrides={"clean.duplicates": "error"})
    spoiled = registry.households["county"].unique()
    result = build(strict) if len(spoiled) > 3 else None
    assert result is None
    with pytest.raises(ek.DataError, match="duplicates"):
        build(strict)
    assert plan.digest != strict.digest


def test_first_wave_is_at_or_after_the_start() -> None:
    got = first_wave(pd.Series([2013.0, 2016.0, 2021.0, np.nan]), [2014, 2016, 2020])
    assert got.tolist()[:2] == [2014.0, 2016.0]
    assert got.isna().tolist() == [False, False, True, True]


def real(root: Path, name: str, data: Path, folder: Path) -> Plan:
    """Put a documented plan and its data file into a folder, as its user does."""
    shutil.copy(root / "docs" / "examples" / f"{name}.yaml", folder / "plan.yaml")
    plan = ek.load_plan(folder / "plan.yaml")
    plan.raw.mkdir(parents=True)
    shutil.copy(data, plan.raw / data.name)
    return plan


def test_bangladesh_goes_through_and_gives_the_published_effect(
    root: Path, shared_data: Path, tmp_path: Path
) -> None:
    plan = real(root, "bangladesh", shared_data / "bangladesh" / "hh_9198.dta", tmp_path)
    result = build(plan)
    assert len(result.done) == 29
    case = load_case(plan, "1")
    kept, excluded, fixed = case.pooled.impact
    assert round(float(kept.effect.values[0]), 4) == 0.1114
    assert (kept.units, kept.treated, kept.clusters) == (826, 435, 87)
    frame = pd.read_stata(shared_data / "bangladesh" / "hh_9198.dta", convert_categoricals=False)
    wide = frame.assign(y=np.log1p(frame["exptot"])).pivot_table(index="nh", columns="year")
    change, on = wide["y"][1] - wide["y"][0], wide["dfmfd"]
    new, never = (on[0] == 0) & (on[1] == 1), (on[0] == 0) & (on[1] == 0)
    assert excluded.effect.values[0] == pytest.approx(change[new].mean() - change[never].mean(), abs=1e-6)
    limits = excluded.effect.confint()
    assert [round(float(x[0]), 3) for x in (limits.low, limits.high)] == [-0.033, 0.156]
    assert (excluded.units, excluded.treated) == (int(new.sum() + never.sum()), int(new.sum())) == (539, 181)
    # households whose support changed, by the sign of the change: demeaned slope of two waves
    step = on[1] - on[0]
    slope = ((step - step.mean()) * change).sum() / ((step - step.mean()) ** 2).sum()
    assert fixed.effect.values[0] == pytest.approx(slope, abs=1e-6)
    assert fixed.treated == int((step != 0).sum())
    for result in (kept, excluded):
        said = " ".join(n.en for n in result.effect.about.notes)
        assert (
            "358 households in neither, 181 in 1998 only (newly supported), 254 in both (always), 33 in"
            in said
        )
    assert {i.identified for i in case.pooled.impact} == {"no_pre_trend"}
    assert kept.variant is not None
    assert kept.variant.en == "already supported households kept"
    assert "at least three waves" in case.pooled.omitted["return_risk"].en
    assert "no survey table" in case.result.omitted["verdicts"].en
    one = frame[(frame["thanaid"] == 1) & (frame["year"] == 1)]
    weight = one["weight"].astype(float) * one["famsize"]
    by_hand = (weight * (one["exptot"] < 3000)).sum() / weight.sum()
    headcount = case.result.estimates["headcount"].where(wave=1998)
    assert headcount.values[0] == pytest.approx(by_hand, rel=1e-12)


def test_graduation_is_read_wide_and_gives_the_published_effects(
    root: Path, shared_data: Path, tmp_path: Path
) -> None:
    plan = real(root, "graduation", shared_data / "graduation" / "graduation_wide.csv", tmp_path)
    build(plan)
    case = load_case(plan, "all")
    monthly = [
        (round(float(i.effect.values[0]) / 12, 2), round(float(i.effect.std_error[0]) / 12, 2))
        for i in case.pooled.impact
    ]
    assert monthly == [(12.29, 3.75), (6.01, 3.62)]
    assert [i.identified for i in case.pooled.impact] == ["yes", "yes"]
    assert "no poverty line" in case.result.omitted["poverty"].en
