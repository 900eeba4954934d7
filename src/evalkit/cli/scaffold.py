"""Lay out a new evaluation: the folders of the design card, a commented plan, the notebooks of report, overview and audit."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

from evalkit.bundled import bundled_file
from evalkit.errors import PlanError

FOLDERS = ("data/raw", "data/processed", "reports", "notebooks")
NOTEBOOKS = ("county_report.ipynb", "province_overview.ipynb", "data_audit.ipynb")


def lay_out(folder: Path, *, example: bool) -> list[Path]:
    """Write the skeleton and return the files written.

    Raises
    ------
    PlanError
        If the folder is a file; if it already holds a plan.yaml or one of the notebooks, or, for the example, raw files: nothing is
        overwritten.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file; name a folder for the evaluation, which is made when it does not exist"
        raise PlanError(msg)
    plan = folder / "plan.yaml"
    notebooks = [folder / "notebooks" / name for name in NOTEBOOKS]
    raw = folder / "data" / "raw"
    for there in (plan, *notebooks, *(raw.glob("*") if example else ())):
        if there.exists():
            msg = f"{there} exists; nothing was written. Choose another folder, or go on with what is there"
            raise PlanError(msg)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    copyfile(bundled_file("plan_example.yaml" if example else "plan_new.yaml"), plan)
    for notebook in notebooks:
        copyfile(bundled_file(notebook.name), notebook)
    written = [plan, *notebooks]
    if example:
        from evalkit import simulate
        from evalkit.planfile import load_plan

        settings = load_plan(plan)
        written += simulate.write_export(simulate.registry(seed=settings.seed), settings.raw).files
    return written
