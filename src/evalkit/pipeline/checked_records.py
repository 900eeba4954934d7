"""Records of one county held against each other: roll-up, timing of exits, monitored households, suspected cases."""

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
from evalkit.pipeline.gathered import NO_PACK, County, Gathered, complete_in, of_wave
from evalkit.reasons import reason
from evalkit.schema import NOT_MONITORED
from evalkit.text import Text

FIGURES = ("households", "persons", "registered_persons", "exited_persons", "returned_persons")
"""What is added up from households to higher levels, where a higher level states it."""
FINDINGS: Mapping[str, Text] = {
    "wrong_exit": Text(en="suspected of a wrong exit by the survey", zh="抽查疑似错退"),
    "missed": Text(en="suspected of having been missed by the survey", zh="抽查疑似漏评"),
}


def gather_records(out: Gathered, here: County, judgement: ExitJudgement | None) -> None:
    """Add roll-up, timing, monitoring and suspected cases, each with its reason where it cannot be had."""
    out.attempt("roll_up", lambda: _roll_up(out, here))
    out.attempt("exit_timing", lambda: _timing(out, here))
    out.attempt("monitoring", lambda: _monitoring(out, here))
    _cases(out, here, judgement)


def _roll_up(out: Gathered, here: County) -> None:
    complete = complete_in(here.plan)
    if complete == "nothing":
        out.omitted["roll_up"] = Text(
            en="The plan does not say that the household table holds all registered households of a village or of the county "
            "(accounts.complete); counts of a sample do not add up to stated figures.",
            zh="方案未说明户表包含村或县的全部建档立卡户；抽样户数与上报数不能相加比对。",
        )
        return
    totals = here.table("totals") if complete == "county" else None
    at = _counted_year(here, totals)
    own = exits.household_figures(here.panel, wave=at)
    own["county"] = here.code
    tables = {"household": own}
    villages = here.table("village")
    if villages is not None and "village" in own:
        tables["village"] = (
            of_wave(villages, at).assign(county=here.code).drop(columns="wave", errors="ignore")
        )
    if totals is not None:
        tables["county"] = totals.assign(county=here.code)
    given = [
        f
        for f in FIGURES
        if any(f in t and t[f].notna().any() for n, t in tables.items() if n != "household")
    ]
    figures = [f for f in given if f in own]
    if not figures:
        out.omitted["roll_up"] = Text(
            en=f"No table above the households states any of the figures that can be added up ({', '.join(FIGURES)}).",
            zh="户表以上各级数据均未载明可汇总的数字（户数、人数、未脱贫、已脱贫、返贫人口）。",
        )
        return
    tables = {n: t.drop(columns=["wave"], errors="ignore") for n, t in tables.items()}
    tables = {n: t for n, t in tables.items() if n == "household" or any(f in t for f in figures)}
    found = exits.roll_up(tables, figures)
    behind = _households_behind(own)
    out.tables["roll_up"] = found.counts()
    rows = found.mismatches()
    rows["n"] = [
        behind.get((level, unit), 0) for level, unit in zip(rows["level"], rows["unit"], strict=True)
    ]
    out.tables["roll_up_mismatches"] = rows
    out.facts["roll_up"] = {"wave": at, "complete": complete, "levels": list(tables)}
    out.examined += [f"roll_up_{f}" for f in figures]
    out.add_problems(_mismatch_problems(rows), here.code)


def _counted_year(here: County, totals: pd.DataFrame | None) -> int:
    """Return the year whose households are added up: that of the county's stated figures, else that of the plan."""
    if totals is None or "assessed_year" not in totals or totals["assessed_year"].isna().all():
        return here.wave
    return int(totals["assessed_year"].dropna().iloc[0])


def _households_behind(own: pd.DataFrame) -> dict[tuple[str, str], int]:
    out: dict[tuple[str, str], int] = {}
    for level in ("village", "county"):
        if level in own:
            out |= {(level, str(u)): int(n) for u, n in own.groupby(level)["household"].nunique().items()}
    return out


def _mismatch_problems(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stated figures that are not the sum of the level below."""
    rows = rows[rows["verdict"] == "differs"]
    evidence = [f"{s:g} / {t:g}" for s, t in zip(rows["stated"], rows["summed"], strict=True)]
    return pd.DataFrame(
        {
            "village": rows["unit"].where(rows["level"] == "village", ""),
            "item": "roll_up_" + rows["figure"],
            "problem_en": "stated figure is not the sum of the level below: " + rows["figure"],
            "problem_zh": "上报数与下级汇总不一致：" + rows["figure"],
            "evidence": pd.Series(evidence, index=rows.index, dtype="str"),
        }
    )


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
    columns = [c for c in ("stage", "suspected", *FINDINGS) if c in stages]
    out.tables["case_stages"] = stages[columns].reset_index(drop=True)
    rows = judgement.cases
    rows = rows[rows["finding"].isin(list(FINDINGS))] if len(rows) and "finding" in rows else rows.iloc[:0]
    if rows.empty:
        return
    said: dict[str, Any] = {
        f"problem_{lang}": rows["finding"].map({f: t.get(lang) for f, t in FINDINGS.items()})
        for lang in ("en", "zh")
    }
    out.add_problems(rows.assign(item=rows["finding"], evidence=rows["case_stage"], **said), here.code)
