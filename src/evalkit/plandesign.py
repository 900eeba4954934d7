"""Section of the plan on the sampling design of the panel, and on replicate weights that come with the data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.design import SurveyDesign
from evalkit.plansources import Section


class ReplicatesSection(Section):
    """Replicate weights that come with the data, one column of the household table each."""

    columns: tuple[str, ...] = Field(
        default=(), description="the columns, one for each replicate; or a prefix and count"
    )
    prefix: str = Field(default="", description="common beginning of the columns: w gives w1, w2, …")
    count: int | None = Field(default=None, ge=2, description="number of columns with the prefix")
    digits: int = Field(
        default=1, ge=1, le=6, description="digits of the number, padded with zeros: 3 gives w001"
    )
    kind: Literal["jk1", "jkn", "brr", "fay", "bootstrap", "other"] = Field(
        description="how they were made; sets the scale where none is given"
    )
    scale: float | None = Field(default=None, gt=0, description="factor of the sum of squared deviations")
    rscales: tuple[Annotated[float, Field(ge=0)], ...] | None = Field(
        default=None, description="factor of each replicate; jkn and other need them"
    )
    rho: float = Field(default=0.0, ge=0, lt=1, description="Fay's coefficient")
    combined: bool = Field(
        default=True, description="true: complete weights; false: factors of design.weight"
    )
    mse: bool = Field(
        default=False,
        description="true: deviations from the full sample's value, not from the replicates' mean",
    )

    @model_validator(mode="after")
    def _consistent(self) -> ReplicatesSection:
        if bool(self.columns) == bool(self.prefix) or bool(self.prefix) != (self.count is not None):
            msg = (
                "replicates are named by columns: [w1, w2, …], or by prefix: w and count: 80 (one of the two)"
            )
            raise ValueError(msg)
        if len(self.names) < 2:
            msg = f"replicate weights are at least two columns, got {len(self.names)}"
            raise ValueError(msg)
        if (self.kind in ("jkn", "other") and self.rscales is None) or (
            self.kind == "other" and self.scale is None
        ):
            msg = f"replicates of kind {self.kind} need {'rscales' if self.kind == 'jkn' else 'scale and rscales'}"
            raise ValueError(msg)
        if self.rscales is not None and len(self.rscales) != len(self.names):
            msg = f"rscales must hold {len(self.names)} numbers, one for each column; got {len(self.rscales)}"
            raise ValueError(msg)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        if self.columns:
            return self.columns
        return tuple(f"{self.prefix}{i:0{self.digits}d}" for i in range(1, (self.count or 0) + 1))


class DesignSection(Section):
    """The survey design, as canonical column names."""

    weight: str | None = Field(
        default=None, description="household weight; without it every household counts the same"
    )
    strata: str | None = Field(default=None, description="sampling stratum")
    psu: str | tuple[str, ...] | None = Field(
        default=None,
        description="primary sampling unit (village), or a list of stages; the household when not given",
    )
    fpc: str | tuple[str, ...] | None = Field(
        default=None,
        description="number of sampling units in the stratum, by stage; sampling with replacement when not given",
    )
    single_psu: Literal["error", "centre", "certainty", "average", "missing"] = Field(
        default="error", description="what a stratum with one sampled unit contributes to the variance"
    )
    census: bool = Field(
        default=False, description="true: the data are everybody, so there is no sampling error"
    )
    degrees_of_freedom: Literal["effective", "design"] = Field(
        default="effective",
        description="of amounts and indices. effective: fewer where strata are unequal or a few units decide; design: sampling units "
        "minus strata, as survey software takes them",
    )

    replicates: ReplicatesSection | None = Field(
        default=None,
        description="replicate weights of the data; the errors of the measures then come from them",
    )

    @model_validator(mode="after")
    def _consistent(self) -> DesignSection:
        if self.replicates is not None and self.census:
            msg = "a census has no sampling error: leave out replicates, or census: true"
            raise ValueError(msg)
        return self

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that hold numbers: weight, population sizes, replicate weights."""
        sizes = (self.fpc,) if isinstance(self.fpc, str) else self.fpc or ()
        named = (self.weight, *sizes, *(() if self.replicates is None else self.replicates.names))
        return tuple(c for c in named if c is not None)

    def survey_design(self) -> SurveyDesign:
        """Return the design as the statistics take it; replicate weights are no part of it."""
        return SurveyDesign(**self.model_dump(exclude={"replicates"}))
