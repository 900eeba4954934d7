"""Find the plan of a notebook and open one county's case."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import ReportError
from evalkit.plan import Plan
from evalkit.planfile import load_plan
from evalkit.store import atomic, dump_json

if TYPE_CHECKING:
    from evalkit.pipeline.results import CountyCase

SETTINGS = "plan.json"
"""Name of the file in which a run keeps the settings it used, deviations included."""


def open_case(plan: str | Path, county: str) -> CountyCase:
    """Return everything a report of one county may speak of.

    Parameters
    ----------
    plan : str or Path
        A plan file. A bare name is looked for in the working folder and in the folders above it, so that
        a notebook in ``notebooks/`` finds the plan beside that folder.
    county : str
        Code of the county.

    Raises
    ------
    ReportError
        If there is no such file, nothing has been built, or the county is not in the build (with
        suggestions; without a county, all are listed).
    PlanError
        If the plan has faults.
    """
    from evalkit.pipeline import load_case

    return load_case(read_settings(find_plan(plan)), county)


def find_plan(plan: str | Path) -> Path:
    """Return the plan file: as given, or in the nearest folder above the working folder.

    Raises
    ------
    ReportError
        If it is nowhere.
    """
    given = Path(plan)
    here = Path.cwd()
    places = [here] if given.is_absolute() or len(given.parts) > 1 else [here, *here.parents]
    for folder in places:
        path = folder / given
        if path.is_file():
            return path
    msg = f"there is no {plan} in {here} or above it; give the path of the plan file"
    raise ReportError(msg)


def read_settings(path: Path) -> Plan:
    """Return the plan of a YAML plan file, or of a settings file that a report run wrote.

    Raises
    ------
    ReportError
        If a ``.json`` file is no settings file.
    PlanError
        If a plan file has faults.
    """
    if path.suffix != ".json":
        return load_plan(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Plan.model_validate(data["settings"]).at((path.parent / data["folder"]).resolve())
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"{path} is not a settings file of evalkit report ({error}); give the plan file"
        raise ReportError(msg) from error


def write_settings(plan: Plan, folder: Path) -> Path:
    """Write the settings of a run, deviations included, where its notebooks read them; return the path."""
    path = folder / SETTINGS
    data: dict[str, Any] = {
        "digest": plan.digest,
        "folder": Path(os.path.relpath(plan.folder.resolve(), folder.resolve())).as_posix(),
        "settings": plan.model_dump(mode="json", by_alias=True),
    }
    with atomic(path) as part:
        part.write_text(dump_json(data), encoding="utf-8")
    return path
