"""A small county made by hand for report tests: every figure below is invented."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.estimate import About, Estimate
from evalkit.exits import CRITERIA, ExitJudgement
from evalkit.pipeline.fingerprint import digests
from evalkit.pipeline.results import CountyCase, CountyResult, ImpactResult, PooledResult
from evalkit.plan import Plan
from evalkit.standards import load_standard
from evalkit.store import Store, dump_json
from evalkit.text import Text
from evalkit.verdicts import Verdict, verdict

PLAN = """
title: {en: Evaluation for a test, zh: 测试评估}
synthetic: true
data:
  household: {files: ["*.csv"]}
welfare: {label: {en: income per head, zh: 人均收入}}
poverty: {line: {kind: table, values: {2014: 2800, 2016: 2952}, source: "GB 0000"}}
prices: {kind: none}
programs:
  relocation: {label: {en: relocation, zh: 易地搬迁}}
impact:
  - {kind: did, program: relocation}
"""
WAVES = (2014, 2016)


def plan_in(folder: Path) -> Plan:
    """Write the plan file and return the plan."""
    from evalkit.planfile import load_plan

    path = folder / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return load_plan(path)


def by_wave(estimand: str, values: list[float], se: float, unit: str = "share", **about: Any) -> Estimate:
    """Return an estimate with one value a wave, independent between waves."""
    k = len(values)
    return Estimate(
        keys=pd.DataFrame({"wave": list(WAVES[:k])}),
        values=np.array(values),
        cov=np.eye(k) * se**2,
        df=np.full(k, 20.0),
        n=np.full(k, 200.0),
        about=About(estimand, citation="Somebody (1999)", unit=unit, **about),
    )


def single(estimand: str, value: float, se: float, unit: str = "share", n: float = 200.0) -> Estimate:
    """Return an estimate of one value without keys."""
    return Estimate(
        keys=pd.DataFrame(index=range(1)),
        values=np.array([value]),
        cov=np.array([[se**2]]),
        df=np.array([20.0]),
        n=np.array([n]),
        about=About(estimand, citation="Somebody (1999)", unit=unit),
    )


def rate(criterion: str, value: float, n: float, *, threshold: float, direction: str = "below") -> Verdict:
    """Return the verdict on a rate with exact limits."""
    estimate = Estimate(
        keys=pd.DataFrame({"county": ["990101"], "criterion": [criterion], "denominator": ["sampled"]}),
        values=np.array([value]),
        cov=np.array([[value * (1 - value) / n]]),
        df=np.array([20.0]),
        n=np.array([n]),
        about=About(criterion, unit="share", interval="kg"),
    )
    return verdict(
        estimate,
        threshold=threshold,
        direction=direction,  # type: ignore[arg-type]
        criterion=CRITERIA[criterion],
    )


def judgement() -> ExitJudgement:
    """Return a judgement with one criterion met, one failed, one open."""
    verdicts = (
        rate("wrong_exit", 0.0, 600, threshold=0.02),
        rate("missed", 0.015, 400, threshold=0.02),
        rate("approval", 0.80, 900, threshold=0.90, direction="above"),
    )
    stages = pd.DataFrame(
        {
            "county": ["990101"],
            "stage": ["flagged"],
            "suspected": [3],
            "wrong_exit": [0],
            "wrong_exit_persons": [0],
            "missed": [2],
            "missed_persons": [7],
        }
    )
    rules = load_standard("cn-2017").exit_rules(province="53", zone="west")
    return ExitJudgement(
        "990101", verdicts, (), "fails", False, stages, pd.DataFrame({"household": ["H1"]}), rules
    )


def tables() -> dict[str, pd.DataFrame]:
    """Return the tables of a build."""
    return {
        "rows": pd.DataFrame({"table": ["household"], "in": [410], "clean": [400], "quarantined": [10]}),
        "rules": pd.DataFrame(
            {
                "table": ["household"],
                "action": ["quarantine"],
                "rule": ["D02"],
                "reason_en": ["same key, different content"],
                "reason_zh": ["主键相同而内容不同"],
                "n": [10],
            }
        ),
        "files": pd.DataFrame(
            {
                "file": ["a.csv"],
                "sheet": [None],
                "encoding": ["utf-8"],
                "header_row": [1],
                "rows": [410],
                "sha256": ["ab" * 32],
            }
        ),
        "money": pd.DataFrame({"column": ["income_pc"], "before": [1_000_000.0], "after": [990_000.0]}),
        "open_cases": pd.DataFrame({"table": ["household"], "rule": ["D02"], "cases": [5]}),
        "sample": pd.DataFrame({"wave": [2014, 2016], "households": [200, 200], "persons": [800, 790]}),
        "registry_exits": pd.DataFrame(
            {"exit_year": [2015, 2016], "households": [40, 4], "persons": [160, 15]}
        ),
    }


def estimates() -> dict[str, Estimate]:
    """Return the county's estimates."""
    return {
        "mean_welfare": by_wave("mean", [2345.0, 5678.0], 100.0, "currency"),
        "median_welfare": by_wave("median", [2100.0, 5200.0], 90.0, "currency"),
        "growth_mean": single("growth", 1.42, 0.05),
        "growth_median": single("growth", 1.48, 0.06),
        "headcount": by_wave("headcount", [0.6, 0.1], 0.02),
        "gap": by_wave("gap", [0.2, 0.03], 0.01),
        "severity": by_wave("severity", [0.1, 0.01], 0.005),
        "headcount_change": single("change", -0.5, 0.03),
        "exit_rate": by_wave("exit_rate", [0.7], 0.02),
    }


TOO_FEW_WAVES = Text(en="Too few waves before support.", zh="帮扶前期数不足。")


def impact_result(*, value: float = 0.06, se: float = 0.02, pre_trend_p: float | None = 0.4) -> ImpactResult:
    """Return a program effect with an event study; what may be claimed follows from the trend before support."""
    study = Estimate(
        keys=pd.DataFrame({"event_time": [-1, 0, 1]}),
        values=np.array([0.0, 0.05, 0.07]),
        cov=np.eye(3) * 0.02**2,
        df=np.full(3, 30.0),
        n=np.full(3, 200.0),
        about=About("att", unit="log"),
    )
    return ImpactResult(
        program="relocation",
        kind="did",
        label=Text(en="relocation", zh="易地搬迁"),
        scale="log",
        effect=single("att", value, se, "log"),
        event_study=study,
        pre_trend_p=pre_trend_p,
        units=200,
        treated=60,
        clusters=31,
        identified="no_pre_trend"
        if pre_trend_p is None
        else ("yes" if pre_trend_p >= 0.05 else "pre_trend_rejected"),
        pre_trend_note=None if pre_trend_p is not None else TOO_FEW_WAVES,
    )


def county_result(county: str = "990101", name: str = "岚屏县") -> CountyResult:
    """Return the county's results."""
    return CountyResult(
        county=county,
        name=name,
        waves=WAVES,
        estimates=estimates(),
        tables=tables(),
        judgement=replace(judgement(), county=county),
        facts={"real": False, "price_year": None, "lines": {"2014": 2800.0, "2016": 2952.0}},
        omitted={
            "benchmark": Text(en="The plan names no benchmark series.", zh="方案未指定对照序列。"),
            "returns": Text(en="Returns need at least three waves.", zh="返贫至少需要三期数据。"),
        },
    )


def pooled_result() -> PooledResult:
    """Return pooled results without a risk model."""
    return PooledResult(
        counties=3,
        estimates={},
        risk=None,
        impact=(impact_result(),),
        omitted={"return_risk": Text(en="Return risk needs three waves.", zh="返贫风险至少需要三期数据。")},
    )


def case_in(folder: Path, **changes: Any) -> CountyCase:
    """Return the whole case; `changes` replace fields of the county's results."""
    return CountyCase(plan_in(folder), replace(county_result(), **changes), pooled_result())


def store_in(folder: Path, names: dict[str, str]) -> Plan:
    """Write a build of several counties as `evalkit build` leaves it, and return the plan."""
    plan = plan_in(folder)
    store = Store(plan.processed)
    for county, name in names.items():
        store.write_json(store.result_path(county), county_result(county, name).to_dict())
    store.write_json(store.pooled_path, pooled_result().to_dict())
    manifest = {
        "plan_digest": plan.digest,
        "evalkit": version("evalkit"),
        "counties": {c: {"name": n, "panel_sha256": "cd" * 32} for c, n in names.items()},
        "failed": {},
        "inputs": {"a.csv": "ab" * 32},
        "digests": digests(plan),
    }
    store.manifest_path.parent.mkdir(parents=True, exist_ok=True)
    store.manifest_path.write_text(dump_json(manifest), encoding="utf-8")
    return plan
