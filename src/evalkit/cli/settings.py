"""The plan of a command with what `--set` changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.errors import PlanError

if TYPE_CHECKING:
    from evalkit.plan import Plan


def load(plan: Path, overrides: tuple[str, ...] = ()) -> Plan:
    """Return the plan in a file, with the settings given as ``KEY=VALUE``.

    Raises
    ------
    PlanError
        The plan has faults; all of them are named.
    UsageError
        A setting has no ``=`` or its value is no YAML.
    """
    from evalkit.planfile import load_plan

    return load_plan(plan, overrides=_parse(overrides))


def of_households(plan: Path, overrides: tuple[str, ...] = ()) -> Plan:
    """Return a plan with a household table.

    Raises
    ------
    PlanError
        It has county series alone, which give no build and no report.
    """
    settings = load(plan, overrides)
    if "household" not in settings.data.tables():
        msg = (
            f"{plan} has no household table, only county series (data.county): there is nothing to build or to report. "
            "`evalkit check` shows the series, their open cases and breaks; in a notebook "
            "`series = ek.county_series(None, ek.load_plan('plan.yaml'))` gives `.frame`, `.breaks`, `.yearly(…)`, `.growth(…)` and "
            "`.panel(…)` for measures and effects. For reports add data.household"
        )
        raise PlanError(msg)
    return settings


def _parse(overrides: tuple[str, ...]) -> dict[str, Any]:
    import yaml

    out: dict[str, Any] = {}
    for item in overrides:
        key, sign, value = item.partition("=")
        if not sign:
            msg = f"--set takes KEY=VALUE, got {item!r}"
            raise click.UsageError(msg)
        try:
            out[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            msg = f"--set {key.strip()}: {value!r} is no YAML value; quote it, as in --set '{key.strip()}=\"…\"'"
            raise click.UsageError(msg) from error
    return out
