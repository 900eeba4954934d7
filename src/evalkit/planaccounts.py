"""Sections of the plan on standards below the county, accounts of support, and the lists of problems."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from evalkit.plansources import Label, Section

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class HouseholdRequirements(Section):
    """Where the evidence on the exit standard of a household stands."""

    columns: dict[str, str] = Field(
        default={},
        description="requirement of the standard → yes/no household column that is 1 where it is met (days for publicity); the "
        "usual columns without",
    )
    evidence: dict[str, str] = Field(
        default={},
        description="requirement → household column with the document or source; met without it then counts as not shown",
    )
    signed_income: str = Field(
        default="signed_income_pc", description="income per head of the account that the household signed"
    )
    signed: str = Field(default="account_signed", description="yes/no: the household signed its account")
    tolerance: float = Field(
        default=1.0,
        ge=0,
        description="currency units per head by which the registry and the signed account may differ",
    )


class VillageRequirements(Section):
    """Where the evidence on the exit standard of a village stands."""

    columns: dict[str, str] = Field(
        default={}, description="requirement of the standard → column of the village table"
    )
    evidence: dict[str, str] = Field(
        default={}, description="requirement → column of the village table with the document or source"
    )
    incidence: Literal["stated", "registry", "survey"] = Field(
        default="stated",
        description="incidence of poverty of a village. stated: poor_persons and village_persons of the village table; registry: persons "
        "of the household table registered and not exited over village_persons (needs accounts.complete); survey: share below "
        "the line of the household table, which must then stand for all households of its villages",
    )
    limits: dict[str, Amount] = Field(
        default={},
        description="requirement → least amount that meets it, where the standard gives no figure (collective_income: 50000)",
    )

    parts: dict[Literal["lease", "dividend", "subsidy", "operation", "other"], str] = Field(
        default={},
        description="source of collective income → amount in the village table, where it is not one the codebook knows",
    )


class HousingLimit(Section):
    """A figure that a document sets for debt taken for housing."""

    value: Amount = Field(description="times the yearly income of the household, or an amount of money")
    of: Literal["income", "amount"] = Field(
        default="income",
        description="income: value is a multiple of the household's yearly income; amount: currency",
    )
    source: str = Field(min_length=1, description="document that sets it; printed in reports")
    verified: bool = Field(
        default=False, description="true: seen in print; otherwise reports say that it was not"
    )


class HousingSection(Section):
    """Debt taken for housing or relocation."""

    debt: str = Field(
        default="housing_debt", description="household amount of that debt; 0 where there is none"
    )
    limits: dict[str, HousingLimit] = Field(
        default={},
        description="name → figure of a document; without any, debt is counted and held against nothing",
    )

    @field_validator("limits")
    @classmethod
    def _with_source(cls, value: dict[str, HousingLimit]) -> dict[str, HousingLimit]:
        empty = sorted(name for name, limit in value.items() if not limit.source.strip())
        if empty:
            msg = f"{', '.join(empty)} has no source; name the document that sets the figure"
            raise ValueError(msg)
        return value


class CliffGroups(Section):
    """Two groups whose incomes are compared before and after the support they receive."""

    registered: str = Field(description="yes/no column or condition of the households that receive support")
    marginal: str = Field(description="yes/no column or condition of those just outside; never both")
    support: tuple[str, ...] = Field(
        min_length=1, description="household amounts a year that are support and part of the welfare measure"
    )
    registered_label: Label = Field(
        default=Label(en="registered households", zh="建档立卡户"), description="name of the first group"
    )
    marginal_label: Label = Field(
        default=Label(en="marginal households", zh="边缘户"), description="name of the second group"
    )


class FollowedRate(Section):
    """A rate of the survey that is followed from one visit to the next."""

    condition: str = Field(
        min_length=1, description="yes/no column of the survey, or condition, of those who are counted"
    )
    among: str = Field(
        default="",
        description="condition of those they are counted among (survey_group == 'exited'); everybody when not given",
    )
    label: Label | None = Field(
        default=None, description="name in reports; the name of the rate when not given"
    )


class RevisitSection(Section):
    """Two visits of the survey to the same villages."""

    first: int | None = Field(
        default=None,
        description="year of the first visit; the first year of the county's survey when not given",
    )
    second: int | None = Field(
        default=None,
        description="year of the second visit; the last year of the county's survey when not given",
    )
    rates: dict[str, FollowedRate] = Field(
        default={
            "wrong_exit": FollowedRate(
                condition="wrongly_exited",
                among="survey_group == 'exited'",
                label=Label(en="wrong exits / exited", zh="错退/已脱贫"),
            ),
            "missed": FollowedRate(
                condition="missed",
                among="survey_group == 'unregistered'",
                label=Label(en="missed / unregistered", zh="漏评/非建档立卡"),
            ),
        },
        min_length=1,
        description="name → rate that is followed; wrong exits and missed households when not given",
    )


class LookBackSection(Section):
    """Look-back (回头看) by the third-party survey."""

    poor: str | None = Field(
        default=None,
        description="yes/no column of the survey, or condition, of those whom the survey found poor; found_poor when not given, "
        "else surveyed_income_pc below the line",
    )
    revisit: RevisitSection | None = Field(
        default=None,
        description="the same villages visited twice; the exit is judged on the visit of the year assessed (totals), else the first",
    )


class ScorecardSection(Section):
    """What the scorecards of the six precisions need besides the accounts."""

    poor_village: str = Field(
        default="贫困村",
        description="word of village_type of the villages to which somebody is sent; all villages when empty",
    )


class AccountsSection(Section):
    """Standards of households and villages, roll-up, timing, monitoring, causes, support and funds."""

    complete: Literal["nothing", "village", "county"] | None = Field(
        default=None,
        description="what the household table holds in full. village: every registered household of each of its villages; county: of "
        "the county, so that its counts can be held against those stated. county if design.census is true, else nothing",
    )
    wave: int | None = Field(
        default=None,
        description="year in which villages, causes, needs and programs are looked at; the last wave of the data when not given",
    )
    household: HouseholdRequirements = Field(
        default=HouseholdRequirements(), description="evidence on the exit standard of a household"
    )
    village: VillageRequirements = Field(
        default=VillageRequirements(), description="evidence on the exit standard of a village"
    )
    predicted: str | None = Field(
        default=None,
        description="household column with the planned year of exit; the first year of stable income when not given",
    )
    tolerance: int = Field(
        default=0, ge=0, description="years by which an exit and its planned year may differ"
    )
    monitoring_province: str = Field(
        default="*",
        description="two digits of the province, quoted, whose monitoring lines hold; '*' is the national series",
    )
    rigid_multiple: float = Field(
        default=1.0,
        gt=0,
        description="rigid expenses at or above this multiple of net income are far above it",
    )
    needs: dict[str, tuple[str, ...]] = Field(
        default={},
        description="cause of poverty → program codes that answer it; the package's own convention when not given",
    )
    budget: dict[str, dict[str, Amount]] = Field(
        default={},
        description="county code (quoted) → program code, or all → funds of the years of the data, to see what share reached "
        "households",
    )
    cliff: CliffGroups | None = Field(
        default=None, description="groups on both sides of a threshold of support"
    )
    housing: HousingSection = Field(
        default=HousingSection(), description="debt taken for housing or relocation, and its limits"
    )
    look_back: LookBackSection = Field(
        default=LookBackSection(), description="errors of identification and second visits of the survey"
    )
    scorecards: ScorecardSection = Field(
        default=ScorecardSection(), description="the two lists of six precisions (六个精准)"
    )


class DutySection(Section):
    """Who answers for a kind of problem, and by when."""

    owner: str = Field(
        min_length=1,
        description='office or post; places in braces are filled in: "{village} village committee"',
    )
    days: int = Field(default=30, ge=0, description="days from the finding until it must be mended")
    recheck: int = Field(default=15, ge=0, description="days after that until it must be re-checked")
    measure: str = Field(default="", description="what is to be done")


class ListsSection(Section):
    """The workbook of problems, rectification and responsibility; ``evalkit lists`` writes it."""

    folder: str = Field(
        default="lists", description="folder of the workbooks, beside this file; one workbook a county"
    )
    duties: dict[str, DutySection] = Field(
        default={},
        description="item of the lists (housing, income, eliminated_months …) → who answers for it",
    )
    otherwise: DutySection = Field(
        default=DutySection(owner="待定 (to be named)"),
        description="who answers for items without a duty of their own",
    )

    @field_validator("folder")
    @classmethod
    def _inside(cls, value: str) -> str:
        if not value.strip():
            msg = "names no folder; write lists, or leave it out"
            raise ValueError(msg)
        return value
