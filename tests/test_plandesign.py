"""What a plan says of the design: replicate weights of the data, comparisons across income concepts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cli_case
import evalkit as ek
from cli_case import PLAN, lay, run
from evalkit.cleaning import panel_from
from evalkit.errors import EstimationError, PlanError
from evalkit.measures.unit_sums import unit_sums
from evalkit.pipeline import load_case
from evalkit.replication import replicate_estimate, supplied_replicates
from evalkit.report.sections.provenance import methods
from evalkit.store import Store
from measure_cases import LINE, make_panel

COUNT = 4
REPLICATED = PLAN.replace("keep: [cons, grant]", "keep: [cons, grant, rw1, rw2, rw3, rw4]").replace(
    "psu: village}", f"psu: village, replicates: {{prefix: rw, count: {COUNT}, kind: bootstrap}}}}"
)


def region() -> pd.DataFrame:
    """Return one region of the tiny panel."""
    frame = cli_case.panel()
    return frame[frame["region"] == "N1"].reset_index(drop=True)


def replicated(**changes: Any) -> pd.DataFrame:
    """Return it with random replicate weights, the same for all rounds of an area."""
    frame = region()
    rng = np.random.default_rng(2)
    areas = frame["ea"].unique()
    for r in range(1, COUNT + 1):
        factor = dict(zip(areas, rng.uniform(0.2, 2, len(areas)), strict=True))
        frame[f"rw{r}"] = (frame["wgt"] * frame["ea"].map(factor)).round(3)
    return frame.assign(**changes)


def outcome(plan: Path, county: str) -> dict[str, Any]:
    store = Store(plan.parent / "data" / "processed")
    return store.read_json(store.result_path(county))


def test_the_build_takes_its_errors_from_the_replicate_weights_of_the_data(tmp_path: Path) -> None:
    path = lay(tmp_path, replicated(), REPLICATED)
    ended = run("build", path)
    assert ended.code == 0, ended.said
    plan, store = ek.load_plan(path), Store(tmp_path / "data" / "processed")
    columns = [f"rw{r}" for r in range(1, COUNT + 1)]
    for found, frame in (
        (outcome(path, "N1"), store.read("panel", "N1")),
        (store.read_json(store.pooled_path), store.read("panel", "N1")),
    ):
        panel = panel_from(frame, plan)
        made = supplied_replicates(panel, columns, kind="bootstrap")
        for name, measure in (
            ("mean_welfare", lambda p: ek.mean(p, by="wave")),
            ("headcount", lambda p: ek.headcount(p, by="wave")),
            ("exit_rate", lambda p: ek.exit_rate(p, by="wave")),
        ):
            expected = replicate_estimate(panel, measure, replicates=made)
            got = ek.Estimate.from_dict(found["estimates"][name])
            np.testing.assert_allclose(got.values, expected.values)
            np.testing.assert_allclose(got.cov, expected.cov, rtol=1e-9)
            assert got.df.tolist() == expected.df.tolist()
            assert "replicate weights (bootstrap, 4)" in got.about.method
    said = str(methods(load_case(plan, "N1"), "en"))
    assert "4 replicate weights of the data (bootstrap)" in said


def test_what_replicates_in_a_plan_refuse(tmp_path: Path) -> None:
    wrong = {
        "count: 4, kind": "kind",  # a prefix without a count
        "prefix: rw, count: 4": "columns: [rw1]",  # fewer than two
        "kind: bootstrap": "kind: jkn",  # a kind without its scales
        "psu: village,": "psu: village, census: true,",
    }
    said = ("prefix: w and count", "at least two", "jkn need rscales", "census has no sampling error")
    for (old, new), words in zip(wrong.items(), said, strict=True):
        path = lay(tmp_path, replicated(), REPLICATED.replace(old, new))
        with pytest.raises(PlanError, match=words):
            ek.load_plan(path)
    path = lay(tmp_path, replicated(), REPLICATED + "attrition: {weights: ipw, covariates: [size]}\n")
    with pytest.raises(PlanError, match="take one of the two"):
        ek.load_plan(path)
    path = lay(tmp_path, replicated().drop(columns="rw4"), REPLICATED)
    assert "no column 'rw4', which the plan names" in run("build", path).said
    path = lay(tmp_path, replicated(rw2=-1.0), REPLICATED)
    assert "negative" in run("build", path).said


# --- income concepts ----------------------------------------------------------------------------------------

MIXED = {2016: "net", 2017: "net", 2018: "disposable"}
MOVEMENTS = {
    "transitions": lambda p: ek.transitions(p, LINE),
    "entry": lambda p: ek.entry_rate(p, LINE),
    "exit": lambda p: ek.exit_rate(p, LINE),
    "return": lambda p: ek.return_rate(p, LINE),
    "bands": lambda p: ek.transition_matrix(p, LINE, multiples=(1, 1.5)),
    "groups": lambda p: ek.transition_matrix(p, groups=2),
    "spells": lambda p: ek.poverty_spells(p, LINE),
    "survival": lambda p: ek.spell_survival(p, LINE),
    "chronic": lambda p: ek.chronic_poverty(p, LINE),
    "mobility": lambda p: ek.mobility(p, frm=2017, to=2018, nonpositive="drop"),
}


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movements_across_a_change_of_concept_need_a_reason(name: str) -> None:
    panel = replace(make_panel(), concept=MIXED)
    with pytest.raises(EstimationError, match=r"income concept changes.*disposable in 2018.*across_break"):
        MOVEMENTS[name](panel)
    allowed = MOVEMENTS[name](replace(panel, across_concepts="the bureau linked both"))
    notes = allowed.notes if name == "spells" else allowed.about.notes
    assert any("stated reason: the bureau linked both" in n.en for n in notes)
    alike = MOVEMENTS[name](replace(panel, concept=dict.fromkeys(MIXED, "net")))
    assert len(alike.table if name == "spells" else alike) > 0


def test_states_of_a_column_have_nothing_to_do_with_income() -> None:
    panel = make_panel()
    frame = panel.frame.assign(house=(panel.frame["household"] + panel.frame["wave"]) % 2)
    found = ek.transition_matrix(replace(panel, frame=frame, concept=MIXED), state="house")
    assert np.isfinite(found.values).all()


def test_sums_of_counties_leave_movements_out_too() -> None:
    lines = dict.fromkeys(MIXED, LINE)
    panel = replace(make_panel(), concept=MIXED, lines=lines)
    assert "headcount_sum" in unit_sums(panel)
    assert "exit_rate_sum" not in unit_sums(panel)
    assert "exit_rate_sum" in unit_sums(replace(panel, across_concepts="linked"))


def test_a_reason_in_the_plan_lets_a_build_compare_concepts(tmp_path: Path) -> None:
    mixed = PLAN.replace("concept: consumption", "concept: {2011: net, 2013: net, 2016: disposable}")
    path = lay(tmp_path, region(), mixed)
    assert run("build", path).code == 0
    store = Store(tmp_path / "data" / "processed")
    for found in (outcome(path, "N1"), store.read_json(store.pooled_path)):
        assert not {"exit_rate", "entry_rate", "return_rate", "growth_mean"} & set(found["estimates"])
        assert "net in 2011, net in 2013, disposable in 2016" in found["omitted"]["dynamics"]["en"]
    reason = 'across_break: "both series were linked"'
    path = lay(tmp_path, region(), mixed.replace("  currency: crowns", f"  currency: crowns\n  {reason}"))
    assert run("build", path).code == 0
    for found in (outcome(path, "N1"), store.read_json(store.pooled_path)):
        for name in ("exit_rate", "growth_mean"):
            notes = found["estimates"][name]["about"]["notes"]
            assert any("both series were linked" in n["en"] for n in notes), name
