"""Sections of the plan on who is missing: attrition, calibration to known totals, imputation of items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from evalkit.plansources import Section

if TYPE_CHECKING:
    import pandas as pd

Share = Annotated[float, Field(ge=0, le=1)]

NEVER_IMPUTED: tuple[str, ...] = (
    "status", "exit_year", "exit_month", "returned", "identified_year", "identified_month", "identification",
    "monitored", "monitored_month", "risk_eliminated", "eliminated_month", "elimination", "household_type",
    "survey_group", "wrongly_exited", "missed", "approves", "case_stage",
)  # fmt: skip
"""Decisions of the registry and findings of a survey: missing there is a finding, never a value to fill."""
DERIVED_MARKS: tuple[str, ...] = ("cohort_", "treated_")
"""Beginnings of the columns that say when a household got a program: made of the registry, never drawn."""
FEWEST_IMPUTATIONS = 20
TOTAL_COLUMNS = ("county", "wave", "by", "level", "amount", "total")


def is_never_imputed(column: str) -> bool:
    """Return whether a household column records a decision or a finding, whose absence is one too.

    >>> is_never_imputed("status"), is_never_imputed("cohort_relocation"), is_never_imputed("wage_income")
    (True, True, False)
    """
    return column in NEVER_IMPUTED or column.startswith(DERIVED_MARKS)


class AttritionSection(Section):
    """Households that leave the panel."""

    weights: Literal["none", "ipw"] = Field(
        default="none",
        description="ipw: print figures reweighted by the inverse probability of staying beside the others",
    )
    covariates: tuple[str, ...] = Field(
        default=(), description="household columns of the model of staying and of the test"
    )
    covariates_at: Literal["previous", "baseline"] = Field(
        default="previous",
        description="previous: wave by wave, on the wave before; baseline: on a household's first wave",
    )
    trim: tuple[Share, Share] | None = Field(
        default=(0.01, 0.99), description="quantiles beyond which factors are cut; null for none"
    )
    stabilised: bool = Field(
        default=False,
        description="true: all factors of a wave are multiplied by the share that stayed; shares and means do not change",
    )

    @model_validator(mode="after")
    def _consistent(self) -> AttritionSection:
        if self.weights == "ipw" and not self.covariates:
            msg = "weights: ipw needs covariates, the household columns that may explain who leaves"
            raise ValueError(msg)
        if self.trim is not None and not self.trim[0] < self.trim[1]:
            msg = "trim holds two quantiles, the lower first, such as [0.01, 0.99]"
            raise ValueError(msg)
        return self


class KnownTotal(Section):
    """One known total of a county."""

    county: str = Field(description="county code, quoted")
    wave: int | None = Field(default=None, description="wave; give it for all totals or for none")
    by: str = Field(default="", description="household column of categories; empty: all households")
    level: str = Field(default="", description="category of `by`, quoted")
    amount: str = Field(
        default="", description="numeric household column that is summed (size: persons); empty: households"
    )
    total: float = Field(ge=0, allow_inf_nan=False, description="the total")


class CalibrationSection(Section):
    """Weights made to reproduce totals of the registry, county by county."""

    totals: tuple[KnownTotal, ...] = Field(default=(), description="the totals, written here")
    file: str | None = Field(
        default=None,
        description="or a csv file below data.raw with columns county, wave, by, level, amount, total",
    )
    source: str = Field(description="where the totals come from; printed in reports")
    method: Literal["raking", "linear", "logit"] = Field(
        default="raking", description="distance between new and old weights; logit needs bounds"
    )
    bounds: tuple[float, float] | None = Field(
        default=None, description="smallest and largest ratio of new to old weight (logit, linear)"
    )

    @model_validator(mode="after")
    def _consistent(self) -> CalibrationSection:
        if bool(self.totals) == (self.file is not None):
            msg = "calibration needs totals, or a file of totals (one of the two)"
            raise ValueError(msg)
        if len({t.wave is None for t in self.totals}) > 1:
            msg = "give the wave for all totals or for none"
            raise ValueError(msg)
        if self.method == "logit" and self.bounds is None:
            msg = "method logit needs bounds, such as [0.3, 3]"
            raise ValueError(msg)
        if self.method == "raking" and self.bounds is not None:
            msg = "raking has no bounds; write method: logit"
            raise ValueError(msg)
        if self.bounds is not None and not 0 <= self.bounds[0] < 1 < self.bounds[1]:
            msg = "bounds of the ratio of new to old weight enclose 1, such as [0.3, 3]"
            raise ValueError(msg)
        return self

    def path(self, raw: Path) -> Path | None:
        """Return the file of totals; None when they are in the plan.

        Parameters
        ----------
        raw : Path
            Folder of raw files.

        Raises
        ------
        PlanError
            The file is not there, or not below the folder.
        """
        from evalkit.errors import PlanError

        if self.file is None:
            return None
        path = raw / self.file
        if not path.resolve().is_relative_to(raw.resolve()):
            msg = f"calibration.file: {self.file!r} leads out of data.raw; put the file there"
            raise PlanError(msg)
        if not path.is_file():
            msg = f"calibration.file: there is no file {self.file!r} below data.raw"
            raise PlanError(msg)
        return path

    def of_county(self, county: str, raw: Path) -> pd.DataFrame:
        """Return the totals of one county, without its code, as `evalkit.weighting.calibrate` takes them.

        Parameters
        ----------
        county : str
        raw : Path
            Folder of raw files.

        Raises
        ------
        PlanError
            The file is not there, not below the folder, or lacks columns.
        """
        import pandas as pd

        from evalkit.errors import PlanError

        path = self.path(raw)
        if path is None:
            table = pd.DataFrame([t.model_dump() for t in self.totals], columns=list(TOTAL_COLUMNS))
        else:
            table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", comment="#")
            absent = [c for c in ("county", "total") if c not in table]
            extra = [str(c) for c in table.columns if c not in TOTAL_COLUMNS]
            if absent or extra:
                said = f"lacks {', '.join(absent)}" if absent else f"has unknown columns: {', '.join(extra)}"
                msg = f"calibration.file {self.file!r} {said}; its columns are {', '.join(TOTAL_COLUMNS)}"
                raise PlanError(msg)
        own = table.loc[table["county"].astype("str") == county].drop(columns="county")
        if "wave" in own and own["wave"].isna().all():
            own = own.drop(columns="wave")
        return own.reset_index(drop=True)


class ImputationSection(Section):
    """Missing items filled many times over; the share is printed under every figure."""

    columns: tuple[str, ...] = Field(
        description="household columns to complete; income totals are made of their parts, so name the parts"
    )
    m: int = Field(
        default=FEWEST_IMPUTATIONS,
        ge=FEWEST_IMPUTATIONS,
        description="number of completed data sets, at least 20",
    )
    iterations: int = Field(default=10, ge=1, description="rounds of the chained equations")
    predictors: tuple[str, ...] = Field(default=(), description="complete household columns to predict from")
    group: str | None = Field(default="village", description="column in which donors are sought first")

    @model_validator(mode="after")
    def _items_only(self) -> ImputationSection:
        if not self.columns:
            msg = "imputation names no columns; name them, or leave the section out"
            raise ValueError(msg)
        never = [c for c in self.columns if is_never_imputed(c)]
        if never:
            msg = (
                f"{', '.join(never)} is never imputed: a missing decision of the registry or finding of a survey is a "
                "finding; take it out of columns"
            )
            raise ValueError(msg)
        return self
