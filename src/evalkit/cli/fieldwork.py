"""What `evalkit sample` writes: one workbook a county."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evalkit.plan import Plan
from evalkit.sampling import draw_workbook, planned_draws
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
        path.write_bytes(draw_workbook(draw, language=language, plan_digest=plan.digest))
        villages = int(draw.villages["selected"].sum())
        yield (
            f"wrote {path}: {len(draw.households)} households in {villages} of {len(draw.villages)} villages, "
            f"seed {draw.seed}; the weights add up to {draw.households['weight'].sum():,.0f} of {draw.population:,} "
            "households on the roster"
        )
        for note in draw.notes:
            yield f"  {note.get(language)}"
