"""Reading plan.yaml: every fault at once, with its line and what was probably meant."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evalkit.errors import PlanError
from evalkit.plan import Deviation, Plan
from evalkit.planchecks import column_faults, wave_faults
from evalkit.standards import Standard, load_standard
from evalkit.yamlfile import Fault, YamlFile, did_you_mean, is_yaml, model_faults, raise_faults, read_yaml

_TABLES = ("household", "member", "program", "village", "survey", "totals", "cases", "county", "stated")


def load_plan(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path : str or Path
        A YAML file; relative paths in it start at its folder.
    overrides : mapping of str to object, optional
        Settings to change, by dotted key (``{"design.single_psu": "centre"}``, list items by position:
        ``impact.0.control``). Each one that differs from the plan is recorded in ``plan.deviations``.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        The file cannot be read, or has faults; `faults` lists all of them as ``"line 12: design.weigth:
        unknown key; did you mean 'weight'?"``.
    """
    path = Path(path)
    file = _labels_as_written(read_yaml(path, "plan"))
    faults = [*file.faults, *_cross_faults(file)]
    plan: Plan | None = None
    try:
        plan = Plan.model_validate(file.data)
    except ValidationError as error:
        found = model_faults(error, file, plan_schema())
        # what compares sections has been said above, with its line
        faults += [f for f in found if f.key or not faults]
    raise_faults(path, faults, "plan")
    if plan is None:  # pragma: no cover - validation gives a plan or faults
        msg = f"{path} could not be read as a plan"
        raise PlanError(msg)
    plan = plan.at(path.parent)
    return _overridden(plan, overrides, path) if overrides else plan


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of plan.yaml, for editors."""
    schema = Plan.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def write_schema(path: str | Path) -> Path:
    """Write the JSON Schema of plan.yaml and return its path."""
    out = Path(path)
    out.write_text(json.dumps(plan_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return out


def _labels_as_written(file: YamlFile) -> YamlFile:
    """Return the file with labels of waves as they are written (``01`` is no number there)."""
    data = copy.deepcopy(file.data)
    for table in _TABLES:
        source = _get(data, "data", table)
        labels = _get(source, "wave_labels")
        if isinstance(source, dict) and isinstance(labels, dict):
            where = ("data", table, "wave_labels")
            source["wave_labels"] = {file.written.get((*where, k, "[key]"), k): v for k, v in labels.items()}
    return replace(file, data=data)


def _get(node: object, *keys: str) -> Any:
    """Return what stands under nested keys, or None."""
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _cross_faults(file: YamlFile) -> list[Fault]:
    """Return what is wrong between sections, as far as the sections can be read."""
    return [
        *_program_faults(file),
        *_standard_faults(file),
        *_paper_faults(file),
        *column_faults(file),
        *wave_faults(file),
    ]


def _paper_faults(file: YamlFile) -> Iterator[Fault]:
    """Yield files of targets and claims that are not there."""
    for key in ("targets", "claims"):
        named = file.data.get(key)
        for i, name in enumerate(named if isinstance(named, (list, tuple)) else ()):
            wanted = isinstance(name, str) and (key == "claims" or is_yaml(name))
            if wanted and not (file.path.parent / name).is_file():
                what = f"there is no file {name!r} beside the plan"
                yield Fault(file.line((key, i)), f"{key}.{i}", what)


def _program_faults(file: YamlFile) -> Iterator[Fault]:
    """Yield program effects whose program is not declared."""
    known = file.data.get("programs", {})
    wanted = file.data.get("impact", ())
    if not isinstance(known, dict) or not isinstance(wanted, (list, tuple)):
        return
    for i, spec in enumerate(wanted):
        name = _get(spec, "program")
        if isinstance(name, str) and name not in known:
            ending = did_you_mean(name, map(str, known)) or "; add it there with a label"
            what = f"{name!r} is not under programs{ending}"
            yield Fault(file.line(("impact", i, "program")), f"impact.{i}.program", what)


def _standard_faults(file: YamlFile) -> Iterator[Fault]:
    """Yield what is asked of a standard and not in it."""
    name = file.data.get("standard")
    needs = {
        key: _get(file.data, *key.split("."), "kind") == "standard"
        for key in ("poverty.line", "prices", "benchmark")
    }
    if name is None:
        for key in (k for k, needed in needs.items() if needed):
            what = "is taken from a standard, but the plan names none; add a line `standard: cn-2017`"
            yield Fault(file.line(tuple(key.split("."))), key, what)
        return
    if not isinstance(name, str):
        return
    try:
        pack = load_standard(file.path.parent / name if is_yaml(name) else name)
    except PlanError as error:
        yield Fault(file.line(("standard",)), "standard", str(error))
        return
    yield from _missing_series(file, pack, needs)


def _missing_series(file: YamlFile, pack: Standard, needs: Mapping[str, bool]) -> Iterator[Fault]:
    """Yield lines, prices and reference areas that the standard does not have."""
    line = _get(file.data, "poverty", "line")
    if needs["poverty.line"]:
        purpose, province = line.get("purpose", "statistical"), line.get("province", "*")
        if purpose in ("statistical", "work", "monitoring") and isinstance(province, str):
            try:
                pack.lines(purpose=purpose, province=province, years=())
            except PlanError as error:
                yield Fault(file.line(("poverty", "line")), "poverty.line", str(error))
    if needs["prices"]:
        try:
            pack.price_index(years=())
        except PlanError as error:
            yield Fault(file.line(("prices",)), "prices", str(error))
    area = _get(file.data, "benchmark", "area") or "national"
    if needs["benchmark"] and isinstance(area, str):
        try:
            pack.benchmark(area=area, years=())
        except PlanError as error:
            yield Fault(file.line(("benchmark", "area")), "benchmark.area", str(error))


def _overridden(plan: Plan, overrides: Mapping[str, Any], path: Path) -> Plan:
    """Return the plan with settings changed, each change recorded as a deviation."""
    data = plan.model_dump(by_alias=True)
    planned = {key: _at(data, key) for key in overrides}
    faults = [
        Fault(None, key, "a deviation is recorded, not set")
        for key in overrides
        if _first(key) == "deviations"
    ]
    for key, value in overrides.items():
        if not _put(data, key, value):
            faults.append(Fault(None, key, "leads nowhere; see `evalkit explain plan`"))
    file = YamlFile(path, data)
    try:
        changed = Plan.model_validate(data)
    except ValidationError as error:
        faults += model_faults(error, file, plan_schema())
    faults += _cross_faults(file)
    raise_faults(path, faults, "overrides of the plan")
    used = changed.model_dump(by_alias=True)
    deviations = tuple(
        Deviation(key=key, planned=planned[key], used=_at(used, key))
        for key in overrides
        if planned[key] != _at(used, key)
    )
    return changed.model_copy(update={"deviations": (*plan.deviations, *deviations)}).at(plan.folder)


def _first(key: str) -> str:
    return key.split(".", 1)[0]


def _steps(data: object, key: str) -> Iterator[tuple[Any, Any]]:
    """Yield each container on a dotted path with the key or position to follow in it."""
    parts = key.split(".")
    for i, part in enumerate(parts):
        if isinstance(data, dict):
            by_text = {str(k): k for k in data}
            step: Any = by_text.get(part, part)
            yield data, step
            if i < len(parts) - 1 and data.get(step) is None:
                data[step] = {}
            data = data.get(step)
        elif isinstance(data, (list, tuple)) and part.isdigit() and int(part) < len(data):
            yield data, int(part)
            data = data[int(part)]
        else:
            yield None, part
            return


def _at(data: object, key: str) -> Any:
    """Return the value at a dotted key, None where there is none."""
    found: Any = None
    for container, step in _steps(copy.deepcopy(data), key):
        if container is None:
            return None
        found = container.get(step) if isinstance(container, dict) else container[step]
    return found


def _put(data: dict[str, Any], key: str, value: object) -> bool:
    """Set the value at a dotted key; False when the path does not exist."""
    *_, (container, step) = _steps(data, key)
    if not isinstance(container, dict):
        return False
    container[step] = value
    return True
