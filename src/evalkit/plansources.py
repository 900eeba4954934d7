"""Where the plan's data come from: folders, tables, layouts, names of columns."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evalkit.text import Text


class Section(BaseModel):
    """Base of every section: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Section):
    """A label in both languages; a plain string, or one language alone, stands for both."""

    en: str = Field(default="", description="label in English reports; that of zh when not given")
    zh: str = Field(default="", description="label in Chinese reports; that of en when not given")

    @model_validator(mode="before")
    @classmethod
    def _from_one(cls, value: Any) -> Any:
        """Let a string, or the only language given, stand for both."""
        if isinstance(value, str):
            return {"en": value, "zh": value}
        if isinstance(value, dict) and not set(value) - {"en", "zh"}:
            given = {k: v for k, v in value.items() if v not in (None, "")}
            if not given:
                msg = "is an empty label; write a text, or {en: …}, {zh: …} or both"
                raise ValueError(msg)
            return {"en": next(iter(given.values())), "zh": next(iter(given.values())), **given}
        return value

    @property
    def text(self) -> Text:
        """The label as a `Text`."""
        return Text(en=self.en, zh=self.zh)


class LongLayout(Section):
    """One row per household and wave (or one file per wave, see `TableSource.wave`)."""

    kind: Literal["long"] = Field(default="long", description="one row per household and wave")


class WideLayout(Section):
    """One row per household; waves are suffixes of column names."""

    kind: Literal["wide"] = Field(default="wide", description="one row per household")
    waves: dict[str, int] = Field(description="suffix (or prefix) of the column name → wave")
    separator: str = Field(default="_", description="what stands between the name and the suffix or prefix")
    position: Literal["suffix", "prefix"] = Field(
        default="suffix", description="prefix: the wave stands before the name, as in 2014年人均纯收入"
    )


MoneyUnit = Literal["auto", "one", "wan"]
NamePart = Literal["sheet", "file"]
Layout = Annotated[LongLayout | WideLayout, Field(discriminator="kind")]


class TableSource(Section):
    """Where a table comes from and what its columns are called.

    `columns` maps names of the codebook (or the roles ``welfare``, ``household`` …) to raw headers;
    `keep` lists raw columns to carry under their own names.
    """

    files: tuple[str, ...] = Field(
        description="names or patterns (户信息_*) below data.raw, or of members of an archive (export.zip/2016*.csv); all are stacked"
    )
    sheet: str | None = Field(
        default=None,
        description="the only sheet of each workbook to read; when not given, all sheets that have the "
        "header are stacked",
    )
    columns: dict[str, str | tuple[str, ...] | dict[str, str | tuple[str, ...]]] = Field(
        default={},
        description="codebook name → raw header, where the header is not one the codebook knows; a list of "
        "headers is joined with - into one id; {file or pattern: header} where files differ",
    )
    keep: tuple[str, ...] = Field(
        default=(), description="further raw columns, carried under their own names"
    )
    layout: Layout = Field(
        default=LongLayout(), description="rows: per household and wave (long), per household (wide)"
    )
    wave: int | dict[str, int] | None = Field(
        default=None,
        description="wave of all rows, when no column has it; {file or pattern: wave} for one file per wave",
    )
    wave_labels: dict[str, int] = Field(default={}, description="code of the wave in the file → wave")
    wave_from: NamePart | None = Field(
        default=None,
        description="sheet or file: the four-digit year in that name is the wave of rows whose file has no column of it",
    )
    county_from: NamePart | None = Field(
        default=None,
        description="sheet or file: the six-digit code in that name, else the county's name, is the county of rows whose "
        "file has no column of it",
    )
    money_unit: MoneyUnit | dict[str, MoneyUnit] = Field(
        default="auto",
        description="wan: amounts are in ten thousands; auto: as headers and title rows say; {file, file/sheet or "
        "pattern: unit} where they differ",
    )
    encoding: str | None = Field(
        default=None, description="encoding of text files, when not to be found (gb18030 …)"
    )
    header_row: int | None = Field(
        default=None, ge=1, description="1-based row of the header, when not to be found"
    )
    decimal: Literal[".", ","] = Field(
        default=".",
        description="',' when the files write 1.234,5 for one thousand two hundred thirty-four and a half; "
        "never guessed",
    )

    @field_validator("wave_labels", mode="before")
    @classmethod
    def _labels_are_text(cls, value: Any) -> Any:
        """Accept ``{0: 1991}``: labels of waves are compared as text."""
        if not isinstance(value, dict):
            return value
        return {str(k) if isinstance(k, int) and not isinstance(k, bool) else k: v for k, v in value.items()}

    @model_validator(mode="after")
    def _one_source_of_the_wave(self) -> TableSource:
        if self.wave is None and self.wave_from is None:
            return self
        others = {
            "wave_from": self.wave is not None and self.wave_from is not None,
            "columns.wave": self.wave is not None and "wave" in self.columns,
            "wave_labels": bool(self.wave_labels),
            "layout.waves": isinstance(self.layout, WideLayout),
        }
        twice = [name for name, given in others.items() if given]
        if twice:
            first = "wave" if self.wave is not None else "wave_from"
            msg = f"the wave is given by `{first}` and by {' and '.join(twice)}; keep one of them"
            raise ValueError(msg)
        return self


class DataSection(Section):
    """Folders (relative to the plan file) and tables."""

    raw: str = Field(default="data/raw", description="folder of the raw files; they are read, never written")
    processed: str = Field(default="data/processed", description="folder of the clean panel and of results")
    reports: str = Field(default="reports", description="folder of reports")
    household: TableSource = Field(
        default=TableSource(files=()),
        description="the panel: one row per household and wave; may be left out of a plan of county series",
    )
    member: TableSource | None = Field(default=None, description="persons of the households")
    program: TableSource | None = Field(
        default=None, description="support received: household, program, first year"
    )
    village: TableSource | None = Field(default=None, description="one row per village")
    survey: TableSource | None = Field(default=None, description="third-party survey of a county exit")
    totals: TableSource | None = Field(
        default=None, description="persons by county, for the composite incidence"
    )
    cases: TableSource | None = Field(
        default=None, description="dated steps of suspected cases of the survey: one row per step"
    )
    county: TableSource | None = Field(
        default=None, description="aggregate series: one row per county and year"
    )
    stated: TableSource | None = Field(
        default=None,
        description="figures that villages, townships, counties, prefectures and provinces state (level, code, year, households …): held "
        "against the sums of the level below, never cleaned",
    )

    @model_validator(mode="after")
    def _has_a_panel(self) -> DataSection:
        if not self.household.files and self.county is None:
            msg = "names no files of a household table; add household: {files: [...]} (or county, for county series alone)"
            raise ValueError(msg)
        return self

    def tables(self) -> dict[str, TableSource]:
        """Return the tables that are cleaned, of those given, household first (`stated` is read on its own)."""
        names = ("household", "member", "program", "village", "survey", "totals", "cases", "county")
        given = {n: getattr(self, n) for n in names}
        return {n: t for n, t in given.items() if t is not None and t.files}
