"""The scorecards of the six precisions (六个精准): figures under each item, with denominators, and what the data lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from evalkit.errors import PlanError
from evalkit.exits.precisionlines import MEASURES, Measure, PrecisionEvidence, Score
from evalkit.text import Language, Text, text_from
from evalkit.verdicts import CONCLUSIONS
from evalkit.yamlfile import did_you_mean, read_yaml

Version = Literal["national", "gansu"]


@dataclass(frozen=True)
class PrecisionItem:
    """One of the six: its name and the figures that stand under it."""

    id: str
    title: Text
    measures: tuple[str, ...]


@dataclass(frozen=True)
class PrecisionList:
    """A list of six precisions with its source; `verified` says that the list was seen in print."""

    id: str
    title: Text
    source: Text
    date: str
    verified: bool
    items: tuple[PrecisionItem, ...]


@dataclass(frozen=True, eq=False)
class SixPrecisions:
    """A scorecard without a mark: figures, denominators, evidence, and what is lacking.

    Parameters
    ----------
    list_ : PrecisionList
    frame : DataFrame
        One row an item and figure: item, item_en, item_zh, measure, measure_en, measure_zh, value, low, high, limits_en, limits_zh
        (what low and high are), found, among (numerator and denominator, counted), unit_en, unit_zh (of the denominator),
        reading (the conclusion of a verdict, else empty), evidence (the function that made the figure), shown (whether there
        is one), lacks_en, lacks_zh.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("item", "measure")

    list_: PrecisionList
    frame: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def tidy(self) -> pd.DataFrame:
        """Return the frame."""
        return self.frame.copy()

    def lacking(self) -> pd.DataFrame:
        """Return the figures that the data do not give: item, measure, lacks_en, lacks_zh."""
        rows = self.frame[~self.frame["shown"]]
        return rows[["item", "measure", "lacks_en", "lacks_zh"]].reset_index(drop=True)

    def explain(self, language: Language = "en") -> str:
        """Return one line an item and figure."""
        return "\n".join(_line(row, language) for _, row in self.frame.iterrows())


def six_precisions(evidence: PrecisionEvidence, *, version: Version = "national") -> SixPrecisions:
    """Lay out what the data show under each of the six precisions.

    Parameters
    ----------
    evidence : PrecisionEvidence
        Accounts made before (`identification_errors`, `need_matrix`, `funds_account`, `village_posts` …).
    version : {"national", "gansu"}
        The list of June 2015 or that of Gansu.

    Returns
    -------
    SixPrecisions
        No mark over the items and no threshold under them: the sources define neither. Which figures stand under which item
        is a convention of this package, and a note says so.

    Raises
    ------
    PlanError
        There is no such list.
    DataError
        An account of several areas where one is needed.
    """
    wanted = precision_list(version)
    rows = [
        _row(item, name, MEASURES[name], getattr(evidence, MEASURES[name].account))
        for item in wanted.items
        for name in item.measures
    ]
    return SixPrecisions(wanted, pd.DataFrame(rows), _notes(wanted))


def precision_list(version: str) -> PrecisionList:
    """Return one of the lists of six precisions.

    Raises
    ------
    PlanError
        There is no such list.
    """
    known = _lists()
    if version not in known:
        msg = f"there is no list of six precisions {version!r}{did_you_mean(version, known)} There are {', '.join(known)}"
        raise PlanError(msg)
    return known[version]


@cache
def _lists() -> Mapping[str, PrecisionList]:
    data = read_yaml(Path(__file__).with_name("precisions.yaml"), "six precisions").data
    return {name: _list(name, said) for name, said in data.items()}


def _list(name: str, said: Mapping[str, Any]) -> PrecisionList:
    items = tuple(PrecisionItem(i["id"], text_from(i["title"]), tuple(i["measures"])) for i in said["items"])
    title, source = text_from(said["title"]), text_from(said["source"])
    return PrecisionList(name, title, source, said["date"], said["verified"], items)


def _row(item: PrecisionItem, name: str, measure: Measure, account: Any) -> dict[str, object]:
    score = None if account is None else measure.read(account)
    lacks = _lacks(measure, account, score)
    found = Score(np.nan) if score is None else score
    row: dict[str, object] = {"item": item.id, "item_en": item.title.en, "item_zh": item.title.zh}
    row |= {"measure": name, "measure_en": measure.title.en, "measure_zh": measure.title.zh}
    row |= {"value": float(found.value), "low": float(found.low), "high": float(found.high)}
    row |= {"limits_en": measure.limits.en, "limits_zh": measure.limits.zh}
    row |= {"found": float(found.found), "among": float(found.among)}
    row |= {"unit_en": measure.unit.en, "unit_zh": measure.unit.zh}
    row |= {"reading": found.reading, "evidence": measure.source, "shown": score is not None}
    row |= {"lacks_en": lacks.en, "lacks_zh": lacks.zh}
    return row


def _lacks(measure: Measure, account: Any, score: Score | None) -> Text:
    if score is not None:
        return Text(en="", zh="")
    if account is None:
        return Text(en=f"no {measure.source} was given", zh=f"未提供{measure.source}的结果")
    return Text(
        en=f"{measure.source} has nothing to count it among, or does not hold it",
        zh=f"{measure.source}的结果没有相应分母或未含此项",
    )


def _line(row: pd.Series, language: Language) -> str:
    zh = language == "zh"
    name = f"{row[f'item_{language}']}{'：' if zh else ': '}{row[f'measure_{language}']}"
    if not row["shown"]:
        return f"{name}{'：未显示，' if zh else ': not shown, '}{row[f'lacks_{language}']}"
    parts = [f"{row['value']:.4g}"]
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        parts.append(f"[{row['low']:.4g}, {row['high']:.4g}]")
    if np.isfinite(row["among"]):
        counts = [f"{row[c]:,.10g}" for c in ("found", "among") if np.isfinite(row[c])]
        parts.append(f"({' / '.join(counts)} {row[f'unit_{language}']})")
    if row["reading"]:
        parts.append(CONCLUSIONS[row["reading"]].get(language))
    return f"{name}{'：' if zh else ': '}{' '.join(parts)}"


def _notes(wanted: PrecisionList) -> tuple[Text, ...]:
    seen = Text(en="", zh="") if wanted.verified else Text(en="; not verified in print", zh="；未经文献核实")
    return (
        Text(
            en=f"{wanted.title.en}: {wanted.source.en}{seen.en}",
            zh=f"{wanted.title.zh}：{wanted.source.zh}{seen.zh}",
        ),
        Text(
            en="which figures stand under which item is a convention of this package: no source says how a precision is measured, "
            "and none defines a threshold or a mark over the items",
            zh="各项下列示的指标为本软件约定：未见任何出处规定“精准”的衡量方法、标准或总评分",
        ),
    )
