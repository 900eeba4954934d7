"""What a build rests on and whom it speaks of: all files it read, all counties it could put together, no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import cli_case
import evalkit as ek
from evalkit.errors import DataError, EstimationError, PlanError, ReportError
from evalkit.imputation.requests import check_columns
from evalkit.ingest import passed_over
from evalkit.pipeline import build, check_inputs, county, load_case, nation, read_manifest
from evalkit.pipeline.domains import OWN
from evalkit.pipeline.fingerprint import county_settings
from evalkit.plan import Plan
from evalkit.planweights import ImputationSection
from evalkit.store import UNPLACED, Store, safe_name

COUNTIES = ["E3", "N1", "S2"]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return ek.load_plan(cli_case.lay(tmp_path))


def other(plan: Plan, **settings: object) -> Plan:
    named = {key.replace("__", "."): value for key, value in settings.items()}
    return ek.load_plan(plan.folder / "plan.yaml", overrides=named)


def test_counties_with_different_columns_are_put_together(plan: Plan) -> None:
    build(plan)
    store = Store(plan.processed)
    whole = nation.pooled_frame(store, plan, COUNTIES)
    store.write("panel", "E3", store.read("panel", "E3").drop(columns="grant"))
    store.write("panel", "S2", store.read("panel", "S2").assign(rooms=2.0, remark="x"))
    got = nation.pooled_frame(store, plan, COUNTIES)
    assert {"remark", "rooms"}.isdisjoint(got)  # no statistic needs them
    assert got.groupby("county")["grant"].count().to_dict() == {"E3": 0, "N1": 60, "S2": 60}
    kept = [c for c in whole if c != "grant"]
    pd.testing.assert_frame_equal(got[kept], whole[kept])


@pytest.mark.parametrize("county", ["E3", "S2"])
def test_persons_and_households_are_not_put_together(plan: Plan, county: str) -> None:
    design = other(
        plan, design__strata=None
    )  # the whole sample is one stratum: measures would be redone as domains
    build(design)
    store = Store(design.processed)
    before = store.result_path("N1").read_bytes()
    store.write("panel", county, store.read("panel", county).drop(columns="size"))
    got = nation._pooled(store, design, COUNTIES)
    assert not got.estimates
    assert "unknown in 1 of 3 counties" in got.omitted["pooled"].en
    assert county in got.omitted["pooled"].zh
    assert store.result_path("N1").read_bytes() == before
    for code in COUNTIES:
        store.write("panel", code, store.read("panel", code).drop(columns="size", errors="ignore"))
    assert nation.sizeless(store, COUNTIES) == []


def test_known_totals_are_an_input(plan: Plan) -> None:
    section = {"file": "totals.txt", "source": "registry"}
    calibrated = other(plan, calibration=section)
    file = plan.raw / "totals.txt"
    with pytest.raises(PlanError, match=r"no file 'totals\.txt'"):
        build(calibrated)
    file.write_text("county,total\nN1,20\n", encoding="utf-8")
    whole_folder = other(plan, calibration=section, data__household__files=["**"])
    assert passed_over(whole_folder) == {}
    build(calibrated)
    assert "totals.txt" in read_manifest(calibrated)["inputs"]
    intake = Store(plan.processed).read_json(plan.processed / "results" / "intake.json")
    assert intake["unread"] == []
    check_inputs(calibrated)
    file.write_text("county,total\nN1,30\n", encoding="utf-8")
    with pytest.raises(ReportError, match=r"totals\.txt"):
        check_inputs(calibrated)
    assert build(calibrated).reused == 0
    outside = other(plan, calibration={**section, "file": "../totals.txt"})
    shutil.copy(file, plan.raw.parent / "totals.txt")
    with pytest.raises(PlanError, match="leads out"):
        build(outside)


def test_the_seed_counts_where_something_is_drawn(plan: Plan) -> None:
    drawn = {"imputation": {"columns": ["cons"]}}
    for extra, same in (({}, True), (drawn, False)):
        found = [county_settings(other(plan, seed=s, **extra), "N1") for s in (1, 2)]
        assert (found[0] == found[1]) is same


def test_derived_columns_are_never_drawn() -> None:
    with pytest.raises(ValueError, match="cohort_grant is never imputed"):
        ImputationSection(columns=("cohort_grant",))
    frame = pd.DataFrame(
        {"household": ["a"], "wave": [2014], "county": ["c"], "welfare": [1.0], "treated_grant": [1.0]}
    )
    with pytest.raises(EstimationError, match="never imputed"):
        check_columns(ek.Panel(frame, welfare="welfare", size=None, village=None), ["treated_grant"])


def test_a_standard_edited_after_the_build_is_noticed(plan: Plan) -> None:
    source = Path(ek.__file__).parent / "standards" / "cn-2017.yaml"
    own = plan.folder / "own.yaml"
    shutil.copy(source, own)
    cited = other(plan, standard="own.yaml")
    build(cited)
    load_case(cited, "N1")
    own.write_text(own.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    with pytest.raises(ReportError, match=r"own\.yaml changed since the build; run `evalkit build` again"):
        load_case(cited, "N1")
    build(cited)
    load_case(cited, "N1")


def test_a_county_that_fails_leaves_no_clean_table(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    hid = cli_case.panel()["hid"].unique()
    pd.DataFrame({"hid": hid, "who": [f"p{i}" for i in range(len(hid))]}).to_csv(
        plan.raw / "m.csv", index=False
    )
    source = {"files": ["m.csv"], "columns": {"household": "hid", "name": "who"}}
    rosters = other(plan, data__member=source)
    build(rosters)
    store = Store(plan.processed)
    assert store.counties("member") == COUNTIES
    right = county.weigh_county

    def fails(panel, settings, code, *args):
        if code == "S2":
            msg = "cannot be followed"
            raise DataError(msg)
        return right(panel, settings, code, *args)

    monkeypatch.setattr(county, "weigh_county", fails)
    assert [r.county for r in build(rosters, fresh=True).failed] == ["S2"]
    assert store.counties("member") == store.counties("panel") == ["E3", "N1"]
    assert store.counties("ledger") == COUNTIES


def test_pooled_results_are_taken_as_they_are(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    build(plan)
    monkeypatch.setattr(nation, "pooled_result", None)
    assert build(plan).reused == 3


def test_rows_without_a_county_go_when_the_file_is_mended(plan: Plan) -> None:
    path = plan.raw / "panel.csv"
    sound = path.read_bytes()
    frame = pd.read_csv(path, dtype="str")
    frame.loc[0, "region"] = None
    frame.to_csv(path, index=False)
    store = Store(plan.processed)
    assert build(plan).unplaced == 1
    assert len(store.read("quarantine", UNPLACED)) == 1
    path.write_bytes(sound)
    build(plan)
    assert not store.path("quarantine", UNPLACED).exists()


def test_names_of_counties_fit_the_disk(tmp_path: Path, plan: Plan) -> None:
    code = "某" * 30
    assert len(safe_name(code)) <= 200
    assert safe_name(code) != safe_name(code + "县")
    store = Store(tmp_path / "store")
    store.write("panel", code, pd.DataFrame({"a": [1]}))
    store.write("panel", code + "县", pd.DataFrame({"a": [1]}))
    store.start_over([code])
    assert store.read("panel", code)["a"].tolist() == [1]
    assert not store.path("panel", code + "县").exists()
    path = plan.raw / "panel.csv"
    frame = pd.read_csv(path, dtype="str")
    frame.assign(region=frame["region"].replace("S2", UNPLACED)).to_csv(path, index=False)
    with pytest.raises(DataError, match="'_unplaced', which stands for rows without a county"):
        build(plan)


def test_reasons_of_stated_events_outlive_the_measures() -> None:
    assert "events_stated" in OWN
