"""`ExitJudgement`: the verdicts of one county, and of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pandas as pd

from evalkit.errors import DataError
from evalkit.standards import ExitRules
from evalkit.text import Language, Text, text_from
from evalkit.verdicts import CONCLUSIONS, Conclusion, Verdict

CRITERIA: dict[str, Text] = {
    "composite_headcount": Text(en="Composite incidence", zh="综合贫困发生率"),
    "wrong_exit": Text(en="Wrong-exit rate", zh="错退率"),
    "missed": Text(en="Missed-poor rate", zh="漏评率"),
    "approval": Text(en="Approval", zh="群众认可度"),
}
"""Codes of the criteria, in the order in which they are printed."""


@dataclass(frozen=True, eq=False)
class ExitJudgement:
    """What a third-party survey shows about the exit of one county.

    Parameters
    ----------
    county : str
    verdicts : tuple of Verdict
        One a criterion, in the order of `CRITERIA`.
    other : tuple of Verdict
        Missed rate and composite under the missed-rate denominator that the rules do not judge;
        printed beside.
    conclusion : {"meets", "fails", "not_shown"}
        One failure vetoes; ``meets`` needs every criterion, those that the rules name and nobody can judge too.
    point_rule : bool or None
        Whether every point value passes, as the official rule has it; None if one has no value.
    stages : DataFrame
        One row a stage of the case: suspected households, findings in households and persons.
    cases : DataFrame
        One row a suspected household with its stage. Holds household ids: not for publication.
    rules : ExitRules
    notes : tuple of Text
    counted : DataFrame
        With a table of cases, one row a criterion and way of counting findings (found in the field, all but dismissed ones,
        adjudicated): households, persons, rate, limits, conclusion; empty without.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("county", "criterion", "denominator", "judged")

    county: str
    verdicts: tuple[Verdict, ...]
    other: tuple[Verdict, ...]
    conclusion: Conclusion
    point_rule: bool | None
    stages: pd.DataFrame
    cases: pd.DataFrame = field(repr=False)
    rules: ExitRules = field(repr=False)
    notes: tuple[Text, ...] = ()
    counted: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    def verdict(self, criterion: str) -> Verdict:
        """Return the judged verdict on ``composite_headcount``, ``wrong_exit``, ``missed`` or ``approval``.

        Raises
        ------
        DataError
            If there is no such criterion.
        """
        for v in self.verdicts:
            if code_of(v) == criterion:
                return v
        msg = f"county {self.county} has no criterion {criterion!r}; known: {', '.join(CRITERIA)}"
        raise DataError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return one row a criterion: keys, estimate, one-sided limits, threshold and conclusion.

        `conf_low` and `conf_high` are two-sided; `lower` and `upper` are the one-sided limits that
        decide. `judged` is False for the rows of `other`.
        """
        rows = []
        for v in (*self.verdicts, *self.other):
            row = v.estimate.tidy()
            row.insert(3, "judged", v in self.verdicts)
            row["lower"], row["upper"], row["confidence"] = v.lower, v.upper, v.confidence
            row["threshold"], row["direction"], row["conclusion"] = v.threshold, v.direction, v.conclusion
            row["point_rule"] = pd.array([v.point_rule], dtype="boolean")
            row["prob_above"] = v.prob_above
            row["needed"] = pd.array([v.needed], dtype="Int64")
            rows.append(row)
        return pd.concat(rows, ignore_index=True)

    def explain(self, language: Language = "en") -> str:
        """Return the overall conclusion in one or two plain sentences."""
        labels = [v.criterion.get(language) for v in self.verdicts if v.conclusion == self.conclusion]
        if self.conclusion == "not_shown":
            labels += [t.get(language) for t in self.rules.not_judged]
        zh = language == "zh"
        named = ("、" if zh else ", ").join(labels if zh else [s.lower() for s in labels])
        if self.conclusion == "meets":
            said = (
                f"各项标准均{CONCLUSIONS[self.conclusion].zh}。"
                if zh
                else "Every exit criterion is shown to be met."
            )
        elif self.conclusion == "fails":
            said = (
                f"{CONCLUSIONS[self.conclusion].zh}的指标：{named}。"
                if zh
                else f"Shown not to be met: {named}."
            )
        else:
            said = (
                f"{CONCLUSIONS[self.conclusion].zh}的指标：{named}。"
                if zh
                else f"Not shown either way: {named}."
            )
        if self.point_rule is None:
            return said
        if zh:
            return f"{said}若只看官方点值，该县{'达标' if self.point_rule else '不达标'}。"
        passes = "pass" if self.point_rule else "not pass"
        return f"{said} By the official point values alone the county would {passes}."

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping without household ids."""
        told = {} if self.counted.empty else {"counted": _records(self.counted)}
        return {
            "county": self.county,
            "conclusion": self.conclusion,
            "point_rule": self.point_rule,
            "explanation": {"zh": self.explain("zh"), "en": self.explain("en")},
            "verdicts": {code_of(v): v.to_dict() for v in self.verdicts},
            "other": {f"{code_of(v)}:{denominator_of(v)}": v.to_dict() for v in self.other},
            "stages": self.stages.to_dict("records"),
            "rules": asdict(self.rules),
            "notes": [n.to_dict() for n in self.notes],
            **told,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExitJudgement:
        """Return the judgement that `to_dict` wrote; `cases`, which never leave, are empty."""
        rules = dict(data["rules"])
        rules["source"] = text_from(rules["source"])
        for name in ("unverified", "notes", "not_judged"):
            rules[name] = tuple(text_from(t) for t in rules.get(name, ()))
        return cls(
            county=data["county"],
            verdicts=tuple(Verdict.from_dict(data["verdicts"][c]) for c in CRITERIA if c in data["verdicts"]),
            other=tuple(Verdict.from_dict(v) for _, v in sorted(data["other"].items())),
            conclusion=data["conclusion"],
            point_rule=data["point_rule"],
            stages=pd.DataFrame(data["stages"]),
            cases=pd.DataFrame(),
            rules=ExitRules(**rules),
            notes=tuple(text_from(n) for n in data["notes"]),
            counted=_counted(data.get("counted", ())),
        )


@dataclass(frozen=True, eq=False)
class ExitJudgements:
    """Judgements of several counties, in county order."""

    key_columns: ClassVar[tuple[str, ...]] = ExitJudgement.key_columns

    counties: tuple[ExitJudgement, ...]

    def __len__(self) -> int:
        return len(self.counties)

    def __iter__(self) -> Iterator[ExitJudgement]:
        return iter(self.counties)

    def county(self, code: str) -> ExitJudgement:
        """Return the judgement of one county.

        Raises
        ------
        DataError
            If the county was not judged.
        """
        for judgement in self.counties:
            if judgement.county == code:
                return judgement
        known = ", ".join(j.county for j in self.counties[:10])
        msg = f"county {code!r} was not judged; {len(self)} were: {known}"
        raise DataError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return one row a county and criterion, see `ExitJudgement.tidy`."""
        return pd.concat([j.tidy() for j in self.counties], ignore_index=True)

    def summary(self) -> pd.DataFrame:
        """Return one row a county: overall conclusion, point rule, conclusion by criterion."""
        rows = [
            {
                "county": j.county,
                "conclusion": j.conclusion,
                "point_rule": j.point_rule,
                **{code_of(v): v.conclusion for v in j.verdicts},
            }
            for j in self.counties
        ]
        return pd.DataFrame(rows).astype({"point_rule": "boolean"})

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping by county."""
        return {j.county: j.to_dict() for j in self.counties}


def _records(counted: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows that JSON can hold: what is absent as None."""
    plain = counted.astype(object).where(counted.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


def _counted(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table that `_records` wrote."""
    frame = pd.DataFrame(list(rows))
    limits = dict.fromkeys(("estimate", "lower", "upper", "threshold"), float)
    return frame if frame.empty else frame.astype({"point_rule": "boolean", **limits})


def code_of(verdict: Verdict) -> str:
    """Return the criterion's code, one of `CRITERIA`."""
    return str(verdict.estimate.keys["criterion"].iloc[0])


def denominator_of(verdict: Verdict) -> str:
    """Return the code of the denominator."""
    return str(verdict.estimate.keys["denominator"].iloc[0])


def overall(verdicts: Sequence[Verdict], rules: ExitRules) -> Conclusion:
    """Return ``fails`` if any fails, ``meets`` if all meet and the rules leave none unjudged, else ``not_shown``."""
    found = {v.conclusion for v in verdicts}
    if "fails" in found:
        return "fails"
    return "meets" if found == {"meets"} and not rules.not_judged else "not_shown"


def overall_point_rule(verdicts: Sequence[Verdict]) -> bool | None:
    """Return False if any point value fails, True if all pass, None if one is wanting."""
    found = [v.point_rule for v in verdicts]
    if False in found:
        return False
    return None if None in found else True
