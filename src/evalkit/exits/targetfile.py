"""The file of targets: what was to be reached by when, how it is measured, and where that is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from evalkit.errors import PlanError
from evalkit.plansources import Label, Section
from evalkit.yamlfile import YamlFile, did_you_mean, is_yaml, model_faults, raise_faults, read_yaml


class MeanOf(Section):
    """Mean of an amount over persons (households, where the panel has no size)."""

    kind: Literal["mean"]
    column: str = Field(default="welfare", description="role or column of the panel")
    where: str = Field(default="", description="condition of those who count; everybody when empty")


class ShareOf(Section):
    """Share of persons (households) who meet a condition."""

    kind: Literal["share"]
    condition: str = Field(description="yes/no column or condition")
    where: str = Field(default="", description="condition of those who count; everybody when empty")


class GrowthAbove(Section):
    """Growth of mean welfare less that of a reference series, nominal; the threshold is a difference of shares."""

    kind: Literal["growth_above"]
    area: str = Field(default="", description="area of the standard's benchmarks")
    values: dict[int, float] = Field(default={}, description="wave → level of the reference, instead of area")
    frm: int | None = Field(
        default=None, description="first wave of the comparison; the year before when not given"
    )
    where: str = Field(default="", description="condition of those who count; everybody when empty")

    @model_validator(mode="after")
    def _one_reference(self) -> GrowthAbove:
        if bool(self.area) == bool(self.values):
            msg = "give the reference as an area of the standard or as values, one of them"
            raise ValueError(msg)
        return self

    def since(self, year: int) -> int:
        """Return the first wave of the comparison for a year."""
        return year - 1 if self.frm is None else self.frm


class ExitsIn(Section):
    """Persons (households) whose exit is of the year, as a total of the population."""

    kind: Literal["exits"]
    where: str = Field(default="", description="condition of those who count; everybody when empty")


class Stated(Section):
    """A figure that no column of the panel gives; it is compared as reported, or as the caller estimates it."""

    kind: Literal["stated"]


Measure = Annotated[MeanOf | ShareOf | GrowthAbove | ExitsIn | Stated, Field(discriminator="kind")]


class Reported(Section):
    """What was reported to have been reached."""

    value: float = Field(allow_inf_nan=False)
    source: str = Field(description="report, table or speech that says so")


class Target(Section):
    """One target, in one or more years."""

    id: str = Field(description="name of the target")
    title: Label
    years: tuple[int, ...] = Field(
        default=(),
        description="years in which the threshold is to be reached; none where the source gives no year",
    )
    threshold: float = Field(allow_inf_nan=False, description="in the unit of the measure; shares as 0.03")
    direction: Literal["at_least", "at_most"] = "at_least"
    strict: bool = Field(default=False, description="true: a value at the threshold does not reach it")
    unit: Label | None = Field(default=None, description="yuan, persons, share …")
    measure: Measure
    each: Literal["", "county"] = Field(
        default="",
        description="county: the threshold is to be reached by every county, too, and each is held against it",
    )
    source: str = Field(description="document that sets the target")
    date: str = Field(default="", description="of the document; empty where it is not known")
    verified: bool = Field(default=True, description="false: not seen in print; reports say so")
    reported: dict[int, Reported] = Field(default={}, description="year → what was reported")

    @field_validator("years")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            msg = "years must be ascending and distinct"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _each_is_estimated(self) -> Target:
        if self.each and self.measure.kind == "stated":
            msg = "each: county needs a measure that the data give; a stated figure is of the whole place"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _reported_in_its_years(self) -> Target:
        odd = sorted(set(self.reported) - set(self.years))
        if odd:
            msg = f"figures are reported for {', '.join(map(str, odd))}, which are no years of the target"
            raise ValueError(msg)
        return self


class TargetFile(Section):
    """Targets of one place."""

    title: Label
    place: str = Field(default="", description="whose targets they are")
    targets: tuple[Target, ...] = Field(min_length=1)

    @field_validator("targets")
    @classmethod
    def _distinct(cls, value: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [t.id for t in value]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            msg = f"two targets are called {', '.join(twice)}"
            raise ValueError(msg)
        return value


def read_targets(source: str | Path | Mapping[str, Any]) -> TargetFile:
    """Read a file of targets, its content, or a file of the package (``"gansu-2017"``).

    Raises
    ------
    PlanError
        The file is absent, not readable, or has faults (all of them, with lines).
    """
    if isinstance(source, Mapping):
        file = YamlFile(Path("(targets)"), dict(source))
    else:
        file = read_yaml(target_path(source), "targets")
    try:
        found = TargetFile.model_validate(file.data)
    except ValidationError as error:
        faults = [*file.faults, *model_faults(error, file, TargetFile.model_json_schema())]
        raise_faults(file.path, faults, "targets")
        raise  # pragma: no cover - a validation error has faults
    raise_faults(file.path, file.faults, "targets")
    return found


def target_path(source: str | Path) -> Path:
    """Return the file of targets behind a path, or behind a name of the package (``"gansu-2017"``).

    Raises
    ------
    PlanError
        The package has no targets of that name.
    """
    if is_yaml(str(source)):
        return Path(source)
    known = {p.stem.removeprefix("targets-"): p for p in Path(__file__).parent.glob("targets-*.yaml")}
    if str(source) not in known:
        msg = f"no targets {str(source)!r}{did_you_mean(str(source), known)} There are {', '.join(sorted(known))}, or give a .yaml file"
        raise PlanError(msg)
    return known[str(source)]
