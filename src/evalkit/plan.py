"""`Plan`: the pre-analysis plan as frozen, strict settings.

An unknown key is an error. Every choice that changes a number is here and nowhere else; the digest
of the plan is printed in every report, and what was overridden afterwards is listed as a deviation.
The sections are in `evalkit.plansections` and `evalkit.plansources`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import Field, PrivateAttr, field_validator, model_validator

from evalkit.errors import PlanError
from evalkit.planaccounts import AccountsSection, ListsSection
from evalkit.planareas import CountySeriesSection, DivisionSource, NoDivisions
from evalkit.plandesign import DesignSection, ReplicatesSection
from evalkit.planforensics import Forensics, NoForensics, StandardForensics
from evalkit.planliving import Deprivation, GuaranteeDeprivation, OwnDeprivation, Sustainability
from evalkit.plansampling import SamplingSection
from evalkit.plansections import (
    Benchmark,
    Clean,
    Deviation,
    Disclosure,
    Exits,
    FixedEffects,
    FlagOutliers,
    GroupTime,
    Impact,
    ImpactBase,
    KeepOutliers,
    Line,
    MeanDifference,
    NoLine,
    NoPrices,
    Outliers,
    Poverty,
    Prices,
    Program,
    Report,
    ReturnRisk,
    StandardLine,
    StandardPrices,
    TableLine,
    TablePrices,
    TwoByTwo,
    Welfare,
)
from evalkit.plansources import DataSection, Label, Layout, LongLayout, Section, TableSource, WideLayout
from evalkit.planweights import AttritionSection, CalibrationSection, ImputationSection
from evalkit.standards import ExitRules, Standard, load_standard
from evalkit.text import Text, text_from
from evalkit.yamlfile import is_yaml

__all__ = [
    "AccountsSection",
    "Benchmark",
    "Clean",
    "DataSection",
    "Deprivation",
    "DesignSection",
    "Deviation",
    "Disclosure",
    "Exits",
    "FixedEffects",
    "FlagOutliers",
    "Forensics",
    "GroupTime",
    "GuaranteeDeprivation",
    "Impact",
    "ImpactBase",
    "KeepOutliers",
    "Label",
    "Layout",
    "Line",
    "ListsSection",
    "LongLayout",
    "MeanDifference",
    "NoForensics",
    "NoLine",
    "NoPrices",
    "Outliers",
    "OwnDeprivation",
    "Plan",
    "Poverty",
    "Prices",
    "Program",
    "ReplicatesSection",
    "Report",
    "ReturnRisk",
    "SamplingSection",
    "Section",
    "StandardForensics",
    "StandardLine",
    "StandardPrices",
    "Sustainability",
    "TableLine",
    "TablePrices",
    "TableSource",
    "TwoByTwo",
    "Welfare",
    "WideLayout",
]


class Plan(Section):
    """The whole plan; see ``evalkit explain plan`` for each key.

    `load_plan` reads one from YAML. ``digest`` identifies the settings, not the file's layout.
    """

    title: Label = Field(description="title of the reports; a string, or {zh: …, en: …}")
    synthetic: bool = Field(default=False, description="true: the data are made up, and every report says so")
    data: DataSection = Field(description="folders and tables")
    waves: tuple[int, ...] = Field(
        default=(), description="waves to use, ascending; all that are found when not given"
    )
    county_names: dict[str, str] = Field(default={}, description="county code (quoted) → name in reports")
    population: Label = Field(
        default=Label(en="the households of the data", zh="数据所含农户"),
        description="whom the household table stands for (registered households, all rural households …); "
        "printed with every figure's section",
    )
    welfare: Welfare = Field(default=Welfare(), description="the welfare measure")
    standard: str | None = Field(
        default=None, description="cited rule pack (cn-2017), or the path of your own .yaml file"
    )
    poverty: Poverty = Field(description="poverty line, and whether welfare at the line is poor")
    deprivation: Deprivation = Field(
        default=GuaranteeDeprivation(),
        description="deprivations: the guarantees of exit, or one's own indicators",
    )
    sustainability: Sustainability = Field(
        default=Sustainability(), description="parts of income without which exits are looked at"
    )
    forensics: Forensics = Field(
        default=StandardForensics(), description="patterns to look at: kind standard or none"
    )
    prices: Prices = Field(description="deflator: kind standard, table or none")
    design: DesignSection = Field(default=DesignSection(), description="sampling design of the panel")
    clean: Clean = Field(default=Clean(), description="what cleaning may do")
    divisions: DivisionSource = Field(
        default=NoDivisions(), description="dated division codes, to check and link counties"
    )
    county_series: CountySeriesSection = Field(
        default=CountySeriesSection(),
        description="aggregate county series: concepts and growth across breaks",
    )
    exits: Exits = Field(default=Exits(), description="how county exits are judged")
    return_risk: ReturnRisk = Field(default=ReturnRisk(), description="model of return to poverty")
    programs: dict[str, Program] = Field(default={}, description="program code → label")
    benchmark: Benchmark | None = Field(default=None, description="reference series for income growth")
    impact: tuple[Impact, ...] = Field(default=(), description="program effects to estimate")
    attrition: AttritionSection = Field(
        default=AttritionSection(), description="households that leave the panel"
    )
    calibration: CalibrationSection | None = Field(
        default=None, description="known totals that weights are made to reproduce"
    )
    imputation: ImputationSection | None = Field(
        default=None, description="items that are imputed; nothing when not given"
    )
    sampling: SamplingSection | None = Field(
        default=None, description="sample of a third-party survey, drawn by evalkit sample"
    )
    targets: tuple[str, ...] = Field(
        default=(),
        description="targets to hold the data against: names of the package (gansu-2017), or .yaml files beside this one",
    )
    claims: tuple[str, ...] = Field(
        default=(),
        description="figures of texts to check, .yaml files beside this one; `evalkit claims --plan` checks them",
    )
    accounts: AccountsSection = Field(
        default=AccountsSection(), description="standards of households and villages, accounts of support"
    )
    lists: ListsSection = Field(
        default=ListsSection(), description="lists of problems, written by evalkit lists"
    )
    disclosure: Disclosure = Field(default=Disclosure(), description="what may be printed")
    report: Report = Field(default=Report(), description="languages and formats")
    seed: int = Field(default=20201123, description="seed of everything random")
    deviations: tuple[Deviation, ...] = Field(
        default=(), description="settings changed after the plan was written; added by overrides"
    )
    _folder: Path = PrivateAttr(default_factory=Path)

    @field_validator("targets", "claims")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({v for v in value if value.count(v) > 1})
        if twice:
            msg = f"names {', '.join(twice)} more than once"
            raise ValueError(msg)
        return value

    @field_validator("waves")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            msg = "waves must be ascending and distinct"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        needs = [
            name
            for name, section in (("poverty.line", self.poverty.line), ("prices", self.prices))
            if section.kind == "standard"
        ]
        if needs and self.standard is None:
            msg = f"{' and '.join(needs)} is taken from a standard, but no standard is named (standard: cn-2017)"
            raise ValueError(msg)
        made = self.calibration is not None or self.attrition.weights != "none"
        if self.design.replicates is not None and made:
            msg = (
                "design.replicates are weights of the data as they came: weights made here (calibration, attrition.weights) "
                "would leave them behind; take one of the two"
            )
            raise ValueError(msg)
        unknown = sorted({i.program for i in self.impact} - set(self.programs))
        if unknown:
            msg = f"impact names programs that are not under programs: {', '.join(unknown)}"
            raise ValueError(msg)
        return self

    @property
    def folder(self) -> Path:
        """Folder of the plan file; relative paths of the plan start here."""
        return self._folder

    def at(self, folder: Path) -> Plan:
        """Return the same plan, its relative paths starting at a folder."""
        out = self.model_copy()
        out._folder = Path(folder)
        return out

    @property
    def raw(self) -> Path:
        """Folder of raw files."""
        return self._folder / self.data.raw

    @property
    def processed(self) -> Path:
        """Folder of clean files and results."""
        return self._folder / self.data.processed

    @property
    def reports(self) -> Path:
        """Folder of reports."""
        return self._folder / self.data.reports

    @property
    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of all settings."""
        plain = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    def target_files(self) -> tuple[str | Path, ...]:
        """Return what `targets` names: names of the package as they are, files from the folder of the plan."""
        return tuple(self._folder / t if is_yaml(t) else t for t in self.targets)

    def claim_files(self) -> tuple[Path, ...]:
        """Return the files that `claims` names, from the folder of the plan."""
        return tuple(self._folder / c for c in self.claims)

    def rule_pack(self) -> Standard | None:
        """Return the cited rule pack, or None; a path starts at the folder of the plan."""
        if self.standard is None:
            return None
        return load_standard(self._folder / self.standard if is_yaml(self.standard) else self.standard)

    def _pack_for(self, key: str) -> Standard:
        """Return the rule pack, or say which setting needs one."""
        pack = self.rule_pack()
        if pack is None:
            msg = f"{key} is taken from a standard, but the plan names none; add `standard: cn-2017` (or your own)"
            raise PlanError(msg)
        return pack

    def lines(self, waves: list[int]) -> dict[int, float] | None:
        """Return the poverty line of each wave that has one; None when the plan has no line."""
        line = self.poverty.line
        if isinstance(line, NoLine):
            return None
        if isinstance(line, TableLine):
            return {w: line.values[w] for w in waves if w in line.values}
        pack = self._pack_for("poverty.line")
        return pack.lines(purpose=line.purpose, province=line.province, years=waves)

    def deflators(self, waves: list[int]) -> dict[int, float] | None:
        """Return the price index of each wave; None when the plan has no prices."""
        if isinstance(self.prices, NoPrices):
            return None
        if isinstance(self.prices, TablePrices):
            return {w: self.prices.index[w] for w in waves if w in self.prices.index}
        return self._pack_for("prices").price_index(years=waves)

    def concepts(self, waves: list[int]) -> dict[int, str]:
        """Return the income concept of each wave."""
        concept = self.welfare.concept
        if isinstance(concept, str):
            return dict.fromkeys(waves, concept)
        return {w: concept[w] for w in waves if w in concept}

    def exit_rules(self, county: str) -> ExitRules:
        """Return the exit thresholds and denominators that hold for a county."""
        pack = self._pack_for("exits")
        zone = self.exits.county_zones.get(county, self.exits.zone)
        return pack.exit_rules(
            province=county[:2],
            zone=zone,
            confidence=self.exits.confidence,
            missed_denominator=self.exits.missed_rate_denominator,
            approval_unit=self.exits.approval_unit,
            prior_deff=self.exits.prior_deff,
        )

    def label(self, program: str) -> Text:
        """Return the label of a program, its code when it has none."""
        known = self.programs.get(program)
        return text_from(program) if known is None else known.label.text
