"""Records of one county held against each other: roll-up, timing and plans of exits, monitored households, suspected cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evalkit import exits
from evalkit.errors import PlanError
from evalkit.exits import ExitJudgement
from evalkit.exits.readings import words_of
from evalkit.exits.timeliness import TIMES
from evalkit.exits.watching import CHECKS
from evalkit.pipeline.gathered import NO_PACK, County, Gathered
from evalkit.pipeline.planned import gather_planned_exits
from evalkit.pipeline.rolling import gather_roll_up
from evalkit.reasons import reason
from evalkit.schema import NOT_MONITORED
from evalkit.text import Text

FINDINGS: Mapping[str, Text] = {
    "wrong_exit": Text(en="suspected of a wrong exit by the survey", zh="抽查疑似错退"),
    "missed": Text(en="suspected of having been missed by the survey", zh="抽查疑似漏评"),
}


def gather_records(out: Gathered, here: County, judgement: ExitJudgement | None) -> None:
    """Add roll-up, timing, monitoring and suspected cases, each with its reason where it cannot be had."""
    out.attempt("roll_up", lambda: gather_roll_up(out, here))
    out.attempt("exit_timing", lambda: _timing(out, here))
    out.attempt("planned_exits", lambda: gather_planned_exits(out, here))
    out.attempt("monitoring", lambda: _monitoring(out, here))
    _cases(out, here, judgement)


def _timing(out: Gathered, here: County) -> None:
    asked = here.plan.accounts
    stable = None if here.pack is None or here.pack.stable is None else exits.stability_of(here.pack)
    panel = here.lined if asked.predicted is None else here.panel
    found = exits.exit_timing(panel, predicted=asked.predicted, stable=stable, tolerance=asked.tolerance)
    counts = found.counts()
    words = {lang: [t.get(lang) for t in TIMES.values()] for lang in ("en", "zh")}
    out.tables["exit_timing"] = pd.DataFrame({"time": list(TIMES), **words, "households": counts.to_numpy()})
    out.estimates["exit_timing"] = found.shares
    out.facts["overdue"] = len(found.overdue)
    out.note("exit_timing", found.notes)
    if asked.predicted is None:  # exits before a stable income are problems of the household standard already
        return
    out.examined += ["too_early", "too_late", "overdue"]
    places = here.places(max(here.panel.waves)).reset_index()
    early = found.frame[found.frame["time"].isin(["too_early", "too_late"])]
    early = early.assign(item=early["time"], wave=early["exit_year"], evidence=_years(early))
    late = found.overdue.assign(item="overdue", evidence=found.overdue["predicted"].astype("str"))
    rows = pd.concat([early, late], ignore_index=True).astype({"household": "str"})
    titles = {
        "too_early": Text(en="exit before the planned year", zh="早于计划年度退出"),
        "too_late": Text(en="exit after the planned year", zh="晚于计划年度退出"),
        "overdue": Text(en="not exited although the planned year has passed", zh="超过计划年度仍未退出"),
    }
    said = {
        f"problem_{lang}": rows["item"].map({i: t.get(lang) for i, t in titles.items()})
        for lang in ("en", "zh")
    }
    out.add_problems(
        rows.merge(places[["household", "village"]], on="household", how="left").assign(**said), here.code
    )


def _years(rows: pd.DataFrame) -> list[str]:
    """Return exit year and planned year as evidence."""
    pairs = zip(rows["exit_year"], rows["predicted"], strict=True)
    return [f"{e} / {p}" for e, p in pairs]


def _monitoring(out: Gathered, here: County) -> None:
    frame = here.panel.frame[here.panel.mask]
    if here.pack is None or not here.pack.pack.monitored_classes or not here.pack.pack.risk_elimination:
        out.omitted["monitoring"] = NO_PACK
        return
    if "monitored" not in frame or frame["monitored"].isna().all():
        out.omitted["monitoring"] = Text(
            en="The data carry no class of monitored household (monitored).",
            zh="数据中没有监测对象类别。",
        )
        return
    years = sorted({int(w) for w in frame.loc[frame["monitored"].notna(), "wave"]})
    rows = frame[frame["wave"].astype(int).isin(years)]
    asked = here.plan.accounts
    try:
        lines = here.pack.lines(purpose="monitoring", province=asked.monitoring_province, years=years)
    except PlanError as error:
        out.omitted["monitoring"] = reason(error)
        return
    found = exits.monitoring_checks(rows, here.pack, lines=lines, rigid_multiple=asked.rigid_multiple)
    out.tables["monitoring"] = found.counts()
    out.tables["monitored_classes"] = _classes(rows)
    out.tables["monitored_share"] = found.quota.drop(columns="county", errors="ignore")
    out.facts["monitoring_lines"] = {str(y): float(v) for y, v in lines.items()}
    out.note("monitoring", found.notes)
    out.add_problems(found.problems(), here.code)
    dark = found.frame[found.frame["reading"] == "not_shown"].rename(columns={"check": "item"})
    shown = found.counts().set_index("check")[["meets", "fails"]].sum(axis=1)
    out.examined += [c for c in CHECKS if shown[c] > 0]
    dark = dark[dark["item"].isin([c for c in CHECKS if shown[c] > 0])]
    said = {
        f"problem_{lang}": dark["item"].map({c: t.get(lang) for c, t in CHECKS.items()})
        for lang in ("en", "zh")
    }
    out.add_problems(dark.assign(**said), here.code, reading="not_shown")


def _classes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return households by year and class of monitored household."""
    words = pd.Series(words_of(rows, "monitored"), index=rows.index)
    watched = ~words.str.casefold().isin(list(NOT_MONITORED))
    table = pd.DataFrame({"wave": rows["wave"].astype(int), "class": words})[watched]
    return table.groupby(["wave", "class"], sort=True).size().rename("households").reset_index()


def _cases(out: Gathered, here: County, judgement: ExitJudgement | None) -> None:
    if judgement is None:
        out.omitted["cases"] = Text(
            en="No third-party survey was judged, so there are no suspected cases to follow.",
            zh="未对第三方抽查作出判定，没有可跟踪的疑似情形。",
        )
        return
    out.examined += list(FINDINGS)
    stages = judgement.stages
    columns = [c for c in ("stage", "suspected", *FINDINGS, "upheld", "dismissed") if c in stages]
    out.tables["case_stages"] = stages[columns].reset_index(drop=True)
    rows = judgement.cases
    rows = rows[rows["finding"].isin(list(FINDINGS))] if len(rows) and "finding" in rows else rows.iloc[:0]
    if "case_outcome" in rows:
        rows = rows[rows["case_outcome"] != "dismissed"]
    if rows.empty:
        return
    said: dict[str, Any] = {
        f"problem_{lang}": rows["finding"].map({f: t.get(lang) for f, t in FINDINGS.items()})
        for lang in ("en", "zh")
    }
    out.add_problems(rows.assign(item=rows["finding"], evidence=rows["case_stage"], **said), here.code)
