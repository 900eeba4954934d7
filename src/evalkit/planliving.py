"""Sections of the plan on deprivation (两不愁三保障) and on what exits rest on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalkit.plansources import Label, Section

OnMissing = Literal["error", "drop", "not_deprived"]
Share = Annotated[float, Field(gt=0, le=1)]


class GuaranteeDeprivation(Section):
    """The guarantees of exit that the data show: food, clothing, education, medical care, housing, water."""

    kind: Literal["guarantees"] = Field(default="guarantees", description="两不愁三保障 and safe water")
    weights: dict[str, float] = Field(default={}, description="guarantee → weight; equal when not given")
    cutoff: Share | None = Field(
        default=None,
        description="share of weights from which a household is poor; any one guarantee when not given",
    )
    missing: OnMissing = Field(default="drop", description="rows that lack an indicator")
    evidence: dict[str, str] = Field(
        default={}, description="guarantee → column that says where the finding comes from"
    )


class OwnIndicator(Section):
    """One deprivation."""

    deprived: str = Field(
        description="yes/no column or expression that is true for the deprived; with below: a column"
    )
    below: float | None = Field(default=None, description="deprived is whoever is strictly below this amount")
    label: Label | None = Field(default=None, description="name in reports")
    weight: float = Field(default=1.0, gt=0, description="only ratios matter")
    evidence: str | None = Field(default=None, description="column, or name, of the source of the finding")


class OwnDeprivation(Section):
    """Deprivations of one's own choice (Alkire & Foster 2011)."""

    kind: Literal["indicators"] = Field(description="the indicators are written here")
    indicators: dict[str, OwnIndicator] = Field(min_length=1, description="name → indicator")
    cutoff: Share = Field(description="share of weights from which a household is poor (k)")
    missing: OnMissing = Field(default="drop", description="rows that lack an indicator")


class NoDeprivation(Section):
    """No deprivation section."""

    kind: Literal["none"] = Field(description="deprivation is left out")


Deprivation = Annotated[GuaranteeDeprivation | OwnDeprivation | NoDeprivation, Field(discriminator="kind")]


class Sustainability(Section):
    """Which parts of income are taken away to see what an exit rests on."""

    parts: dict[str, tuple[str, ...]] = Field(
        default={},
        description="name → household amounts (canonical columns) taken away together; transfers, dividends and the "
        "public-post wage when not given",
    )
    labels: dict[str, Label] = Field(default={}, description="name of a part in reports")
