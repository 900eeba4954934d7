"""Section of the plan on patterns that honest records do not show."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalkit.plansources import Section

TestName = Literal[
    "heaping_county", "heaping_village", "heaping_interviewer", "heaping_monitoring", "terminal_digits",
    "copied_households", "identical_growth", "frozen_accounts", "padding", "short_lived_households", "mass_exits",
    "batch_updates", "early_elimination", "exits_without_support", "exits_without_support_county",
    "interviewer_effects", "survey_differences",
]  # fmt: skip
"""Tests of `evalkit.forensics.examine`."""


class StandardForensics(Section):
    """Every test that the data allow, county by county."""

    kind: Literal["standard"] = Field(default="standard", description="the tests of evalkit.forensics")
    level: float = Field(
        default=0.05,
        gt=0,
        le=0.2,
        description="share of false discoveries among flagged units that is tolerated, within each test",
    )
    only: tuple[TestName, ...] = Field(
        default=(), description="names of the tests to run; all that the data allow when not given"
    )


class NoForensics(Section):
    """No such test."""

    kind: Literal["none"] = Field(description="patterns are not looked for")


Forensics = Annotated[StandardForensics | NoForensics, Field(discriminator="kind")]
