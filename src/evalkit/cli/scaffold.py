"""Lay out a new evaluation: the folders of the design card, a commented plan, the report notebook."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

from evalkit.bundled import bundled_file
from evalkit.errors import PlanError

FOLDERS = ("data/raw", "data/processed", "reports", "notebooks")


def lay_out(folder: Path, *, example: bool) -> list[Path]:
    """Write the skeleton and return the files written.

    Raises
    ------
    PlanError
        If the folder already holds a plan.yaml: nothing is overwritten.
    """
    plan = folder / "plan.yaml"
    if plan.exists():
        msg = f"{plan} exists; nothing was overwritten. Choose another folder or edit that plan"
        raise PlanError(msg)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    notebook = folder / "notebooks" / "county_report.ipynb"
    copyfile(bundled_file("plan_example.yaml" if example else "plan_new.yaml"), plan)
    copyfile(bundled_file("county_report.ipynb"), notebook)
    written = [plan, notebook]
    if example:
        from evalkit import simulate
        from evalkit.planfile import load_plan

        settings = load_plan(plan)
        written += simulate.write_export(simulate.registry(seed=settings.seed), settings.raw).files
    return written
