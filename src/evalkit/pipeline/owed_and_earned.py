"""Debt that households of one county took for housing, and the income of its village collectives."""

from __future__ import annotations

import pandas as pd

from evalkit import exits
from evalkit.exits import DebtLimit
from evalkit.exits.collective import AMOUNT, PARTS
from evalkit.exits.housing import ANY
from evalkit.exits.readings import READINGS
from evalkit.pipeline.gathered import County, Gathered
from evalkit.schema import label
from evalkit.text import Text

NO_VILLAGES = Text(en="The data have no village table for this county.", zh="数据中没有本县的行政村表。")
NO_AMOUNT = Text(
    en="The village table has no income of the village collective (collective_income).",
    zh="行政村表中没有村集体经济收入。",
)


def gather_owed_and_earned(out: Gathered, here: County) -> None:
    """Add debt for housing and collective income, each with its reason where it cannot be had."""
    out.attempt("collective_income", lambda: _collective(out, here))
    out.attempt("housing_debt", lambda: _housing(out, here))


def _collective(out: Gathered, here: County) -> None:
    villages, asked = here.table("village"), here.plan.accounts.village
    if villages is None or AMOUNT not in villages or villages[AMOUNT].isna().all():
        out.omitted["collective_income"] = NO_VILLAGES if villages is None else NO_AMOUNT
        return
    rows = villages.assign(county=here.code)
    if "wave" in rows and rows["wave"].isna().all():
        rows = rows.drop(columns="wave")
    known = {p: f"collective_{p}" for p in PARTS if f"collective_{p}" in rows}
    parts: dict[str, str] = {p: c for p, c in known.items() if rows[c].notna().any()}
    parts |= {str(p): c for p, c in asked.parts.items()}
    limit = asked.limits.get(AMOUNT)
    limits = None if limit is None else {here.code[:2]: limit}
    found = exits.collective_income(rows, here.pack, limits=limits, parts=parts)
    table = found.by_wave
    if "reading_earned" in found.frame:
        by = found.frame["wave"] if "wave" in found.frame else pd.Series("", index=found.frame.index)
        counts = pd.crosstab(by, found.frame["reading_earned"]).reindex(columns=list(READINGS), fill_value=0)
        table = table.assign(**{f"earned_{r}": counts[r].to_numpy() for r in READINGS})
    out.tables["collective_income"] = table
    figures = sorted({float(v) for v in found.frame["limit"].dropna()})
    out.facts["collective_income"] = {
        "limit": figures[0] if figures else None,
        "parts": [p for p in PARTS if p in parts],
    }
    out.note("collective_income", found.notes)
    if limit is not None:
        out.note(
            "collective_income",
            [
                Text(
                    en=f"figure of the plan (accounts.village.limits): {limit:,.10g}",
                    zh=f"数值标准取自方案：{limit:,.10g}",
                )
            ],
        )


def _housing(out: Gathered, here: County) -> None:
    asked, frame = here.plan.accounts.housing, here.panel.frame
    now = here.panel.mask & (frame[here.panel.wave].astype(int) == here.wave).to_numpy()
    if asked.debt not in frame or frame.loc[now, asked.debt].isna().all():
        out.omitted["housing_debt"] = Text(
            en=f"The household table has no debt for housing in {here.wave} ({label(asked.debt, 'en')}).",
            zh=f"户表中没有{here.wave}年的因房负债数据（{label(asked.debt, 'zh')}）。",
        )
        return
    limits = {n: DebtLimit(v.value, v.source, v.of, v.verified) for n, v in asked.limits.items()}
    found = exits.housing_debt(here.panel, debt=asked.debt, limits=limits, wave=here.wave)
    rows = found.frame
    known = rows["debt"].eq(0) | (rows["debt"].notna() & rows["income"].notna())
    flags = {
        ANY: rows["debt"] > 0,
        **{n: rows[f"above_{n}"].fillna(value=False).astype(bool) for n in limits},
    }
    counts = [
        {"share": name, "with": int((flag & known).sum()), "without": int((~flag & known).sum())}
        for name, flag in flags.items()
    ]
    out.tables["housing_debt"] = pd.DataFrame(counts)
    out.tables["housing_debt_totals"] = found.totals
    out.estimates["housing_debt"] = found.shares
    out.facts["housing_debt"] = {"wave": here.wave, "limits": list(limits)}
    out.note("housing_debt", found.notes)
    for name, limit in limits.items():
        item = f"housing_debt_{name}"
        out.examined.append(item)
        above = rows[flags[name]].astype({"household": "str"})
        debts = zip(above["debt"], above["income"], strict=True)
        said = above.assign(
            item=item,
            problem_en=f"debt for housing above the limit {name} ({limit.source})",
            problem_zh=f"因房负债超过界限{name}（{limit.source}）",
            evidence=pd.Series([f"{d:.0f} / {i:.0f}" for d, i in debts], index=above.index, dtype="str"),
        )
        out.add_problems(said, here.code)


__all__ = ["gather_owed_and_earned"]
