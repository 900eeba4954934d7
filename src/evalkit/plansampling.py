"""Section of the plan on the sample of a third-party survey: roster, design, replacements."""

from __future__ import annotations

from pydantic import Field, model_validator

from evalkit.plansources import Section, TableSource


class SamplingSection(Section):
    """The sample of a third-party survey; ``evalkit sample`` draws it and writes the lists of the field team."""

    roster: TableSource = Field(
        description="files of the roster, below data.raw: one row a household with county, village, household and "
        "survey_group (调查户类型)"
    )
    design: str = Field(
        description='sampling design of the standard (evalkit explain "standard cn-2017" lists them)'
    )
    villages: int | None = Field(
        default=None, ge=1, description="villages a county, where they differ from the design"
    )
    households: int | None = Field(
        default=None, ge=1, description="households a county, about; spread over the villages in equal parts"
    )
    per_village: int | None = Field(
        default=None, ge=1, description="households a village, instead of households"
    )
    strata: bool = Field(
        default=False, description="true: divide the villages among the strata of the roster (column stratum)"
    )
    replacements: int = Field(default=2, ge=0, description="spare households for each village and group")
    folder: str = Field(
        default="sampling", description="folder of the workbooks, beside this file; one workbook a county"
    )

    @model_validator(mode="after")
    def _one_size(self) -> SamplingSection:
        if self.households is not None and self.per_village is not None:
            msg = "gives households (a county) and per_village; keep one of them"
            raise ValueError(msg)
        return self
