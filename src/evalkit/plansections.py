"""Sections of the plan: frozen, strict, every key described (editors and ``explain`` show the texts)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evalkit.plansources import Label, Section

Zone = Literal["centre", "west"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Welfare(Section):
    """The welfare measure of the household table."""

    column: str = Field(default="income_pc", description="column of the clean household table")
    per: Literal["head", "household"] = Field(default="head", description="household: divide by size")
    periods_per_year: float = Field(default=1, gt=0, description="12 when amounts are monthly")
    concept: str | dict[int, str] = Field(
        default="disposable",
        description="income concept (net, disposable, consumption …), or wave → concept; growth, transitions, exits and "
        "returns across a change of concept are refused",
    )
    across_break: str = Field(
        default="",
        description="why waves of different concepts are compared all the same; printed in reports",
    )
    label: Label = Field(
        default=Label(en="income per head", zh="人均纯收入"), description="name of the measure in reports"
    )
    currency: Label = Field(default=Label(en="yuan", zh="元"), description="name of the currency in reports")


class StandardLine(Section):
    """A line of the rule pack."""

    kind: Literal["standard"] = Field(default="standard", description="the line of plan.standard")
    purpose: Literal["statistical", "work", "monitoring"] = Field(
        default="statistical",
        description="work and monitoring lines are set by provinces",
    )
    province: str = Field(
        default="*", description="two digits of the province, quoted; '*' is the national series"
    )


class TableLine(Section):
    """Lines given by wave, per head and year, in currency of the wave."""

    kind: Literal["table"] = Field(default="table", description="the line is written here")
    values: dict[int, Positive] = Field(description="wave → line per head and year, at prices of the wave")
    source: str = Field(description="where the figures come from; printed in reports")
    verified: bool = Field(default=True, description="false: not seen in print; reports say so")


class NoLine(Section):
    """No poverty line: poverty, exits and returns are left out."""

    kind: Literal["none"] = Field(default="none", description="no poverty line")


Line = Annotated[StandardLine | TableLine | NoLine, Field(discriminator="kind")]


class Poverty(Section):
    """The line and the rule at the line."""

    line: Line = Field(description="poverty line: kind standard, table or none")
    poor_at_line: bool = Field(default=False, description="true: welfare equal to the line counts as poor")


class StandardPrices(Section):
    """Rural consumer prices of the rule pack."""

    kind: Literal["standard"] = Field(
        default="standard", description="rural consumer prices of plan.standard"
    )


class TablePrices(Section):
    """A price index by wave; only ratios matter."""

    kind: Literal["table"] = Field(default="table", description="the index is written here")
    index: dict[int, Positive] = Field(description="wave → price level; only ratios matter")
    source: str = Field(description="where the figures come from; printed in reports")
    verified: bool = Field(default=True, description="false: not seen in print; reports say so")


class NoPrices(Section):
    """No deflator: every amount and growth rate is nominal, and says so."""

    kind: Literal["none"] = Field(default="none", description="no deflator; everything is nominal")


Prices = Annotated[StandardPrices | TablePrices | NoPrices, Field(discriminator="kind")]


class FlagOutliers(Section):
    """Mark welfare beyond median ± log_iqr × interquartile range of log welfare; change nothing."""

    kind: Literal["flag"] = Field(default="flag", description="mark outliers, change nothing")
    log_iqr: float = Field(default=3.0, gt=0, description="interquartile ranges of the log from the median")


class KeepOutliers(Section):
    """Do not look for outliers."""

    kind: Literal["none"] = Field(default="none", description="do not look for outliers")


Outliers = Annotated[FlagOutliers | KeepOutliers, Field(discriminator="kind")]


class HouseholdStructures(Section):
    """Splits, merges and elders alone that deserve a question, from rosters with waves."""

    look_backs: tuple[int, ...] = Field(
        default=(), description="waves of a look-back (回头看): splits and merges in them are listed"
    )
    within: int = Field(
        default=1,
        ge=0,
        description="years around the identification of a household in which splits and merges are listed",
    )


class Clean(Section):
    """What cleaning may do; everything it does is in the ledger."""

    duplicates: Literal["error", "first", "latest", "quarantine"] = Field(
        default="error", description="household-waves that appear more than once with different content"
    )
    income_outliers: Outliers = Field(
        default=FlagOutliers(), description="what is done about outliers of welfare"
    )
    welfare_max: float | None = Field(default=None, gt=0, description="per head and year; above: quarantine")
    identity_tolerance: float = Field(
        default=1.0,
        ge=0,
        description="currency units by which net income may differ from the sum of its parts",
    )
    rules_off: tuple[str, ...] = Field(
        default=(), description="conditional rules not to apply, by id; reports name them"
    )
    limits: dict[str, float] = Field(
        default={}, description="limits of the conditional rules that differ from the usual ones"
    )
    household_structures: HouseholdStructures | None = Field(
        default=None,
        description="list household structures that deserve a question; {} with the usual limits",
    )
    decisions: str | None = Field(
        default="decisions.xlsx",
        description="workbook of open cases and of what persons decided about them, beside this file (with very many "
        "cases a folder of that name, one workbook a county); null: none",
    )


class Exits(Section):
    """How county exits are judged; thresholds come from the standard."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="one-sided confidence of a verdict")
    missed_rate_denominator: Literal["sampled_villages", "interviewed"] = Field(
        default="sampled_villages",
        description="unregistered persons the missed rate is divided by; both are printed",
    )
    approval_unit: Literal["person", "household"] = Field(
        default="person", description="what approval counts"
    )
    zone: Zone | None = Field(
        default=None, description="zone of all counties; the standard's assignment when not given"
    )
    county_zones: dict[str, Zone] = Field(
        default={}, description="county code (quoted) → zone, where it differs"
    )
    prior_deff: float = Field(
        default=1.5, ge=1, description="design effect assumed when there is no finding at all"
    )


class ReturnRisk(Section):
    """The return-to-poverty model and its validation."""

    horizon: Literal[1] = Field(default=1, description="waves ahead")
    quota: float = Field(
        default=0.05, gt=0, le=0.5, description="share of households the watch-list may hold"
    )
    validate_on: Literal["last_wave"] = Field(
        default="last_wave", alias="validate", description="data kept apart to test the model"
    )
    rule_multiple: float = Field(
        default=1.5, gt=0, description="income rule: below this multiple of the line"
    )
    features: tuple[str, ...] = Field(
        default=(),
        description="household columns; log_welfare_ratio (welfare to line) and duration are always in",
    )


class Program(Section):
    """A support program: from the program table, or a yes/no column of the household table."""

    label: Label = Field(description="name in reports; a string, or {zh: …, en: …}")
    column: str | None = Field(default=None, description="household column that is 1 in waves with support")


class Benchmark(Section):
    """Growth of target households against a reference series."""

    kind: Literal["standard", "table"] = Field(
        default="standard", description="an area of plan.standard, or a table here"
    )
    area: str = Field(
        default="national", description='area of the standard (evalkit explain "standard cn-2017")'
    )
    values: dict[int, Positive] = Field(
        default={}, description="kind table: wave → welfare per head of the reference"
    )
    source: str = Field(default="", description="kind table: where the figures come from")
    label: Label | None = Field(default=None, description="name in reports")
    frm: int | None = Field(default=None, description="first wave of the comparison; the first of the data")
    to: int | None = Field(default=None, description="last wave of the comparison; the last of the data")

    @model_validator(mode="after")
    def _values_belong_to_a_table(self) -> Benchmark:
        if self.kind == "table" and not (self.values and self.source):
            msg = "kind table needs values (wave: figure) and their source"
            raise ValueError(msg)
        if self.kind == "standard" and self.values:
            msg = "values are given, but kind is standard; write kind: table to use them"
            raise ValueError(msg)
        return self


class ImpactBase(Section):
    """Common to every program-effect specification."""

    program: str = Field(description="a key of plan.programs")
    outcome: str = Field(
        default="welfare", description="household column; welfare is the welfare measure per head"
    )
    scale: Literal["level", "log", "log1p"] = Field(default="log", description="scale of the outcome")
    covariates: tuple[str, ...] = Field(default=(), description="household columns to adjust for")
    weights: bool = Field(
        default=False,
        description="true: use the survey weight; otherwise the effect is that on the households of the sample",
    )
    cluster: str | None = Field(default="village", description="level of assignment, for standard errors")


class GroupTime(ImpactBase):
    """Group-time effects (Callaway & Sant'Anna 2021) with an event study."""

    kind: Literal["did"] = Field(default="did", description="group-time effects with an event study")
    control: Literal["never_treated", "not_yet_treated"] = Field(
        default="not_yet_treated", description="compared with whom"
    )
    anticipation: int = Field(
        default=0,
        ge=0,
        description="waves (not years) before support in which it may already act; above 0 the waves must be "
        "equally spaced",
    )


class TwoByTwo(ImpactBase):
    """Two-period difference-in-differences between the first and the last wave."""

    kind: Literal["did_2x2"] = Field(default="did_2x2", description="difference-in-differences of two waves")
    already_treated: Literal["exclude", "keep"] = Field(
        default="exclude",
        description="households with support in the first wave: exclude leaves them out; keep compares support in "
        "the last wave as it stands, so that they count as supported although their support did not begin between "
        "the waves",
    )
    randomised: bool = Field(
        default=False,
        description="true: support was assigned at random between the waves, so that the difference may be called "
        "an effect",
    )


class FixedEffects(ImpactBase):
    """Two-way fixed effects."""

    kind: Literal["twfe"] = Field(default="twfe", description="household and wave fixed effects")


class MeanDifference(ImpactBase):
    """Difference in means in one wave (randomised programs)."""

    kind: Literal["difference_in_means"] = Field(
        default="difference_in_means", description="difference in means of one wave"
    )
    wave: int | None = Field(default=None, description="the wave; the last one when not given")
    randomised: bool = Field(
        default=False,
        description="true: support was assigned at random, so that the difference may be called an effect",
    )


Impact = Annotated[GroupTime | TwoByTwo | FixedEffects | MeanDifference, Field(discriminator="kind")]


class Disclosure(Section):
    """Smallest number of households behind a printed cell."""

    minimum_cell: int = Field(default=10, ge=1, description="cells with fewer households are not printed")


class Report(Section):
    """Languages and formats of the reports."""

    languages: tuple[Literal["zh", "en"], ...] = Field(
        default=("zh", "en"), description="one report per language"
    )
    formats: tuple[Literal["html"], ...] = Field(default=("html",), description="file formats")


class Deviation(Section):
    """A setting changed after the plan was written."""

    key: str = Field(description="the setting, dotted")
    planned: Any = Field(description="what the plan says")
    used: Any = Field(description="what was used instead")
