"""What one section of a plan says about another: names of columns, and waves, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit import schema
from evalkit.yamlfile import Fault, Path_, YamlFile, did_you_mean

WAVE_KEYS = ("wave", "frm", "to", "from", "before", "after", "first", "last")
"""Keys of `impact` and `benchmark` whose value is a wave (or a list of waves: ``waves``)."""


def column_faults(file: YamlFile) -> Iterator[Fault]:
    """Yield keys of `columns` that are no field of the codebook and that nothing else in the plan uses."""
    data = file.data.get("data")
    for table in schema.READABLE:
        source = data.get(table) if isinstance(data, dict) else None
        columns = source.get("columns") if isinstance(source, dict) else None
        if not isinstance(columns, dict):
            continue
        fields = [f.name for f in schema.fields_of(table)]
        own = set(_names_used(file.data)) if table == "household" else set()
        for name in columns:
            if not isinstance(name, str) or name in fields or name in own:
                continue
            if any(f.name == name for f in schema.FIELDS):
                what = f"is no field of a {table} table; leave it out, or put the header into keep"
            else:
                hint = did_you_mean(name, [*fields, *own]) or "."
                what = (
                    f"is no field of the codebook (`evalkit explain fields`), and nothing else in the plan uses it{hint} "
                    f"A column of your own belongs into data.{table}.keep"
                )
            where = ("data", table, "columns", name)
            yield Fault(file.line(where), ".".join(where), what)


def _names_used(data: dict[str, Any]) -> Iterator[str]:
    """Yield the household columns that other sections of the plan name."""
    welfare, design, programs = (_section(data, k) for k in ("welfare", "design", "programs"))
    yield from _texts(welfare.get("column"))
    for key in ("weight", "strata", "psu", "fpc"):
        yield from _texts(design.get(key))
    yield from _texts(_section(design, "replicates").get("columns"))
    for program in programs.values():
        yield from _texts(program.get("column") if isinstance(program, dict) else None)
    yield from _texts(_section(data, "return_risk").get("features"))
    yield from _texts(_section(data, "attrition").get("covariates"))
    for key in ("columns", "predictors"):
        yield from _texts(_section(data, "imputation").get(key))
    totals = _section(data, "calibration").get("totals")
    for total in totals if isinstance(totals, (list, tuple)) else ():
        for key in ("by", "amount"):
            yield from _texts(total.get(key) if isinstance(total, dict) else None)
    for spec in _specs(data):
        for key in ("outcome", "covariates", "cluster"):
            yield from _texts(spec.get(key))


def _section(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _specs(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the specifications of program effects, by position; empty ones where the file has no section."""
    found = data.get("impact")
    return [s if isinstance(s, dict) else {} for s in found] if isinstance(found, (list, tuple)) else []


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, str):
            yield one


def wave_faults(file: YamlFile) -> Iterator[Fault]:
    """Yield waves of program effects and of the benchmark that are not among `waves`, when those are given."""
    waves = file.data.get("waves")
    if not isinstance(waves, (list, tuple)) or not waves:
        return
    sections: list[tuple[Path_, dict[str, Any]]] = [(("benchmark",), _section(file.data, "benchmark"))]
    sections += [(("impact", i), spec) for i, spec in enumerate(_specs(file.data))]
    for path, section in sections:
        for key in (*WAVE_KEYS, "waves"):
            value = section.get(key)
            for wave in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(wave, int) and not isinstance(wave, bool) and wave not in waves:
                    where = (*path, key)
                    what = f"{wave} is not among the waves of the plan ({', '.join(map(str, waves))})"
                    yield Fault(file.line(where), ".".join(map(str, where)), what)
