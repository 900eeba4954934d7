"""What `evalkit sample` writes: one workbook a county."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from evalkit.plan import Plan
from evalkit.sampling import Characteristics, Draw, draw_characteristics, draw_workbook, planned_draws
from evalkit.sampling.characteristics import GROUP_OF
from evalkit.store import safe_name


def write_samples(plan: Plan, counties: tuple[str, ...], out: Path | None) -> Iterator[str]:
    """Draw the sample of a plan, write a workbook a county and say what was written.

    Parameters
    ----------
    plan : Plan
    counties : tuple of str
        All counties of the roster when empty.
    out : Path, optional
        Folder; ``sampling.folder`` of the plan when not given.
    """
    draws = planned_draws(plan, counties)
    named = "sampling" if plan.sampling is None else plan.sampling.folder
    folder = plan.folder / named if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    language = plan.report.languages[0]
    for draw in draws:
        path = folder / f"{safe_name(draw.county)}.xlsx"
        can_show = _characteristics(plan, draw)
        content = draw_workbook(draw, language=language, plan_digest=plan.digest, characteristics=can_show)
        path.write_bytes(content)
        villages = int(draw.villages["selected"].sum())
        yield (
            f"wrote {path}: {len(draw.households)} households in {villages} of {len(draw.villages)} villages, "
            f"seed {draw.seed}; the weights add up to {draw.households['weight'].sum():,.0f} of {draw.population:,} "
            "households on the roster"
        )
        for note in draw.notes:
            yield f"  {note.get(language)}"
        yield from _shown_lines(can_show)


def _characteristics(plan: Plan, draw: Draw) -> Characteristics | None:
    """Return what the sample of a county can show; None where the standard has no exit rules."""
    pack = plan.rule_pack()
    if pack is None or pack.pack.exits is None:
        return None
    rules = {name: pack.rate_rule(name, province=draw.county[:2]) for name in GROUP_OF}
    effects = (1.0, plan.exits.prior_deff)
    return draw_characteristics(draw, rules, design_effects=effects, confidence=plan.exits.confidence)


def _shown_lines(can_show: Characteristics | None) -> Iterator[str]:
    """Say with how many findings the sample shows each rate, at the design effect that the plan assumes."""
    if can_show is None:
        yield "  no operating characteristic: the standard of the plan has no exit rules"
        return
    for rate, rows in can_show.rules.groupby("rate", sort=False):
        row = rows.iloc[-1]
        allowed = row["allowed"]
        able = (
            f"needs {row['needed']:,} households without a finding"
            if pd.isna(allowed)
            else f"shows it with at most {allowed} findings"
        )
        yield (
            f"  {rate} below {row['threshold']:.0%}, design effect {row['design_effect']:g}: {row['households']:,} households "
            f"{able}"
        )
