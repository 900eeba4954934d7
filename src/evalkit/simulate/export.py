"""The export: the synthetic registry as messy files, with a record of everything that was damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.simulate import mess
from evalkit.simulate.celltext import as_text as as_text
from evalkit.simulate.distortions import NO_DISTORTION, distort
from evalkit.simulate.makers import (
    LABEL as LABEL,
    Maker,
    household_maker,
    member_maker,
    plain_maker,
    program_maker,
)
from evalkit.simulate.prefecture import SyntheticRegistry
from evalkit.simulate.records import RECORDS, write_records
from evalkit.simulate.sheets import SHEETS, Format, Sheet, write_book

README = "说明_README.txt"
FORMATS: tuple[Format, ...] = ("gb18030", "utf-8-sig", "gb18030", "xlsx")
SUFFIX: dict[str, str] = {"xlsx": "xlsx", "zip": "zip", "dta": "dta", "sav": "sav", "parquet": "parquet"}
"""Format → suffix of the file; all others are csv in that encoding."""
INJECTION_COLUMNS = ("file", "sheet", "row", "column", "kind", "true", "written")

Layout = Literal["county", "county_year", "year_sheets", "county_sheets", "dump"]
"""county: a file per county · county_year: a file per county and year, in a folder per county · year_sheets: a
workbook per county with a sheet per year · county_sheets: one workbook with a sheet per county · dump: one file with
the rows of all counties in random order."""


@dataclass(frozen=True)
class Export:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        In the order written; the note on the data comes last.
    injections : DataFrame
        ``file, sheet, row, column, kind, true, written``: ``file`` is relative to the directory, ``sheet`` empty
        unless a workbook has several; ``row`` is the line in the file (or the row of the worksheet), counted from 1
        with title rows and header; ``column`` is the canonical name, empty if the whole row is the damage. Title
        rows and drifting headers are not listed.
    distortions : DataFrame
        What was done to the tables before they were written; see `evalkit.simulate.distort`.
    """

    files: tuple[Path, ...]
    injections: pd.DataFrame
    distortions: pd.DataFrame


@dataclass(frozen=True)
class _Job:
    """One file: its sheets (name → maker), or the typed table of a file of records."""

    name: str
    form: Format
    sheets: dict[str, Maker]
    frame: pd.DataFrame


def write_export(
    registry: SyntheticRegistry,
    directory: Path,
    *,
    layout: Layout = "county",
    formats: Sequence[Format] = FORMATS,
    distortions: Mapping[str, float] | None = None,
) -> Export:
    """Write the registry as a directory of messy files in the shape of real exports.

    By default one household file per county (CSV in GB18030 or UTF-8 with BOM, or xlsx), the member and program
    files (CSV), the village, survey, totals, second-visit and case files (xlsx), the file of stated figures (CSV), and a note. All cells are text. The same
    registry gives the same bytes.

    Parameters
    ----------
    registry : SyntheticRegistry
    directory : Path
        Made if it does not exist; files of the same names are replaced.
    layout : str
        How household rows are divided into files and sheets; see `Layout`.
    formats : sequence of str
        Of the household files, in turn: an encoding (csv), ``zip`` (a csv inside), ``xlsx``, or records: ``dta``,
        ``sav``, ``parquet``. Records are typed, with canonical column names and Chinese labels (Stata, SPSS), and
        are never messy. Other formats than the default are those of the member and program files too.
    distortions : mapping of str to float, optional
        Kinds of `evalkit.simulate.distort` and their strengths; done first, to the tables.

    Returns
    -------
    Export

    Raises
    ------
    DataError
        A layout, format or kind that does not exist, or a workbook layout in another format than xlsx.
    """
    _check(layout, formats)
    distorted = distort(registry, distortions) if distortions else None
    registry = distorted.registry if distorted else registry
    directory = Path(directory)
    jobs = [*_household_jobs(registry, layout, formats), *_other_jobs(registry, formats)]
    makers = sum(len(job.sheets) for job in jobs)
    streams = iter(np.random.SeedSequence([registry.seed, 1]).spawn(makers))
    injections = [pd.DataFrame(columns=list(INJECTION_COLUMNS))]
    for job in jobs:
        path = directory / job.name
        path.parent.mkdir(parents=True, exist_ok=True)
        sheets: dict[str, Sheet] = {}
        for name, make in job.sheets.items():
            sheets[name], record = make(np.random.default_rng(next(streams)))
            if job.form in SHEETS:
                injections.append(record.assign(file=job.name, sheet=name))
        if job.form in RECORDS:
            write_records(job.frame, path, job.form)
        else:
            write_book(sheets, path, job.form)
    note = directory / README
    note.write_text(_note(registry), encoding="utf-8")
    table = pd.concat(injections, ignore_index=True)[list(INJECTION_COLUMNS)]
    files = (*(directory / job.name for job in jobs), note)
    return Export(files, table, distorted.truth if distorted else NO_DISTORTION.copy())


def _check(layout: str, formats: Sequence[str]) -> None:
    layouts = Layout.__args__  # type: ignore[attr-defined]
    if layout not in layouts:
        msg = f"layout={layout!r}: there are {', '.join(layouts)}."
        raise DataError(msg)
    unknown = [f for f in formats if f not in (*SHEETS, *RECORDS)]
    if unknown or not formats:
        msg = f"formats={list(formats)}: there are {', '.join((*SHEETS, *RECORDS))} (no writer for xls and ods)."
        raise DataError(msg)


def _household_jobs(registry: SyntheticRegistry, layout: Layout, formats: Sequence[Format]) -> list[_Job]:
    """Divide the household rows into files and sheets."""
    frame = registry.households
    names = dict(registry.totals[["county", "county_name"]].itertuples(index=False, name=None))
    if layout == "dump":
        order = np.random.default_rng([registry.seed, 2]).permutation(len(frame))
        return [_file("户信息_全部", formats[0], frame.iloc[order], 0, "全部县")]
    jobs, book = [], {}
    for position, (county, name) in enumerate(names.items()):
        rows = frame[frame["county"] == county]
        form = formats[position % len(formats)]
        years = {str(w): part for w, part in rows.groupby("wave", sort=True)}
        if layout == "county":
            jobs.append(_file(f"户信息_{name}", form, rows, position, str(name)))
        elif layout == "county_year":
            jobs += [
                _file(f"{name}/户信息_{name}_{year}", form, part, position + k, f"{name}{year}年")
                for k, (year, part) in enumerate(years.items())
            ]
        elif layout == "year_sheets":
            sheets = {
                f"{year}年": household_maker(part, position + k, f"{name}{year}年")
                for k, (year, part) in enumerate(years.items())
            }
            jobs.append(_Job(f"户信息_{name}.xlsx", "xlsx", sheets, rows))
        else:
            book[str(name)] = household_maker(rows, position, str(name))
    return [_Job("户信息_分县.xlsx", "xlsx", book, frame)] if book else jobs


def _file(stem: str, form: Format, rows: pd.DataFrame, position: int, title: str) -> _Job:
    return _Job(f"{stem}.{SUFFIX.get(form, 'csv')}", form, {"": household_maker(rows, position, title)}, rows)


def _other_jobs(registry: SyntheticRegistry, formats: Sequence[Format]) -> list[_Job]:
    forms: tuple[Format, Format] = (
        ("gb18030", "utf-8-sig") if tuple(formats) == FORMATS else (formats[0], formats[-1])
    )

    def job(stem: str, form: Format, frame: pd.DataFrame, make: Maker) -> _Job:
        return _Job(f"{stem}.{SUFFIX.get(form, 'csv')}", form, {"": make}, frame)

    villages, survey, totals = registry.villages, registry.survey, registry.totals
    return [
        job("成员信息", forms[0], registry.members, member_maker(registry.members)),
        job("帮扶措施", forms[1], registry.programs, program_maker(registry.programs)),
        job("行政村信息", "xlsx", villages, plain_maker(villages, "行政村基本情况表", ())),
        job("第三方抽查", "xlsx", survey, plain_maker(survey, "第三方评估抽查结果表", mess.SURVEY_KINDS)),
        job("县级人口", "xlsx", totals, plain_maker(totals, "分县人口汇总表", ())),
        job("各级上报数", forms[1], registry.stated, plain_maker(registry.stated, "各级上报数汇总表", ())),
        job(
            "第三方回访",
            "xlsx",
            registry.revisits,
            plain_maker(registry.revisits, "第三方评估回访结果表", ()),
        ),
        job("疑似问题台账", "xlsx", registry.cases, plain_maker(registry.cases, "疑似问题台账", ())),
    ]


def _note(registry: SyntheticRegistry) -> str:
    """Return the note that goes with the files."""
    counties = registry.totals.shape[0]
    return (
        "本目录全部数据均为合成示例数据，由程序按随机种子生成，不含任何真实个人、家庭或地区的信息。\n"
        f"省、市、{counties}个县、乡镇、村名及人名均为虚构；地区代码99开头，未启用；证件号码仅校验位有效。\n"
        "各帮扶措施覆盖比例参照公开的地市级数字设定。文件中的差错是有意加入的，用于演示数据清洗。\n\n"
        "Everything in this directory is synthetic: drawn by a program from a random seed "
        f"({registry.seed}).\nNo real person, household or place is described. Names are fictional, area "
        "codes beginning with 99 are\nunassigned, id numbers are valid only in their check digit. Program "
        "coverage is proportioned after\npublished prefecture figures. The errors in the files are "
        "deliberate: they are there to be found.\n"
    )
