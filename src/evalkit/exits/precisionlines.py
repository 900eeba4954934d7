"""Figures that stand under the six precisions: each from one account of this package, with its denominator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.exits.accounts import CauseTable, NeedMatrix
from evalkit.exits.funds import ALL, Funds, Overlap
from evalkit.exits.household import HouseholdStandard
from evalkit.exits.identifying import IdentificationErrors
from evalkit.exits.judgement import ExitJudgement, code_of
from evalkit.exits.reach import Beneficiaries, VillagePosts
from evalkit.exits.targets import Milestones
from evalkit.exits.village import VillageStandard
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class PrecisionEvidence:
    """The accounts that a scorecard may draw on; what is None is said to be lacking.

    Parameters
    ----------
    errors : IdentificationErrors, optional
    causes : CauseTable, optional
    beneficiaries : Beneficiaries, optional
    overlap : Overlap, optional
    funds : Funds, optional
    needs : NeedMatrix, optional
    posts : VillagePosts, optional
    households : HouseholdStandard, optional
    villages : VillageStandard, optional
    county : ExitJudgement, optional
    targets : Milestones, optional
    problems : DataFrame, optional
        ``ProblemLists.at(day)``: one row a problem with its state.
    """

    errors: IdentificationErrors | None = None
    causes: CauseTable | None = None
    beneficiaries: Beneficiaries | None = None
    overlap: Overlap | None = None
    funds: Funds | None = None
    needs: NeedMatrix | None = None
    posts: VillagePosts | None = None
    households: HouseholdStandard | None = None
    villages: VillageStandard | None = None
    county: ExitJudgement | None = None
    targets: Milestones | None = None
    problems: pd.DataFrame | None = None


@dataclass(frozen=True)
class Score:
    """One figure: value, limits (missing where it was counted), numerator and denominator, the conclusion where one is drawn."""

    value: float
    low: float = np.nan
    high: float = np.nan
    found: float = np.nan
    among: float = np.nan
    reading: str = ""


COUNTED = Text(en="counted, no limits", zh="全数统计，无置信区间")


@dataclass(frozen=True)
class Measure:
    """What a figure is.

    Parameters
    ----------
    title : Text
        Numerator / denominator.
    unit : Text
        What the denominator counts.
    account : str
        Attribute of `PrecisionEvidence` it is read from.
    source : str
        Function that makes that account.
    read : callable
        Account → `Score`, or None where the account does not hold it.
    limits : Text
        What low and high are.
    """

    title: Text
    unit: Text
    account: str
    source: str
    read: Callable[[Any], Score | None]
    limits: Text = COUNTED


PERSONS = Text(en="persons", zh="人")
HOUSEHOLDS = Text(en="households", zh="户")
VILLAGES = Text(en="villages", zh="村")
YUAN = Text(en="yuan", zh="元")
TWO_SIDED = Text(en="two-sided 95 %", zh="95%双侧")
ONE_SIDED = Text(en="one-sided, each at the confidence of the verdict", zh="单侧，置信度同判定")


def _ratio(found: float, among: float) -> Score | None:
    return Score(found / among, found=found, among=among) if among > 0 else None


def _error(name: str) -> Callable[[IdentificationErrors], Score | None]:
    def read(account: IdentificationErrors) -> Score | None:
        rows = account.table[account.table["error"] == name]
        if rows.empty:
            return None
        r = rows.iloc[0]
        return Score(r["estimate"], r["conf_low"], r["conf_high"], r["found_persons"], r["persons"])

    return read


def _causes(account: CauseTable) -> Score | None:
    checked = account.table[account.table["checked"]]
    fails = float(checked["fails"].sum())
    return _ratio(fails, fails + float(checked["meets"].sum()))


def _funds(numerator: str, denominator: str) -> Callable[[Funds], Score | None]:
    def read(account: Funds) -> Score | None:
        row = account.table[account.table["program"] == ALL].iloc[0]
        among = row["amount"] + row["untraced"] if denominator == "paid" else row[denominator]
        return _ratio(float(row[numerator]), float(among))

    return read


def _needs(account: NeedMatrix) -> Score | None:
    return _ratio(float(account.answered["answered"].sum()), float(account.answered["households"].sum()))


def _post(name: str) -> Callable[[VillagePosts], Score | None]:
    def read(account: VillagePosts) -> Score | None:
        rows = account.table[account.table["post"] == name]
        if rows.empty or rows["blank"].iloc[0] == rows["villages"].iloc[0]:
            return None
        return _ratio(float(rows["filled"].iloc[0]), float(rows["villages"].iloc[0]))

    return read


def _exits(requirement: str) -> Callable[[HouseholdStandard], Score | None]:
    def read(account: HouseholdStandard) -> Score | None:
        if requirement not in account.frame:
            return None
        shares = account.shares
        if set(shares.keys.columns) != {"requirement", "reading"}:
            msg = "a scorecard takes the household standard of one area; call household_standard without by"
            raise DataError(msg)
        row = shares.where(requirement=requirement, reading="meets").tidy().iloc[0]
        met, n = float((account.frame[requirement] == "meets").sum()), float(len(account))
        if not _judged(account.frame[requirement]):
            return None
        return Score(row["estimate"], row["conf_low"], row["conf_high"], met, n)

    return read


def _judged(readings: pd.Series) -> bool:
    """Tell whether anybody is shown to meet or to fail; a share of those shown to meet says nothing where nobody is."""
    return bool(readings.isin(["meets", "fails"]).any())


def _villages(account: VillageStandard) -> Score | None:
    if not _judged(account.frame["overall"]):
        return None
    return _ratio(float((account.frame["overall"] == "meets").sum()), float(len(account)))


def _verdict(code: str) -> Callable[[ExitJudgement], Score | None]:
    def read(account: ExitJudgement) -> Score | None:
        v = next((v for v in account.verdicts if code_of(v) == code), None)
        if v is None or not np.isfinite(v.value):
            return None
        return Score(v.value, v.lower, v.upper, among=float(v.estimate.n[0]), reading=v.conclusion)

    return read


def _targets(account: Milestones) -> Score | None:
    return _ratio(float(sum(m.conclusion == "meets" for m in account.items)), float(len(account)))


def _problems(account: pd.DataFrame) -> Score | None:
    return _ratio(float((account["state"] == "closed").sum()), float(len(account)))


def _beneficiaries(numerator: str, denominator: str) -> Callable[[Beneficiaries], Score | None]:
    return lambda account: _ratio(getattr(account, numerator), getattr(account, denominator))


def _text(en: str, zh: str) -> Text:
    return Text(en=en, zh=zh)


_ERRORS = ("errors", "identification_errors")
_REACH = ("beneficiaries", "beneficiaries")
_FUNDS = ("funds", "funds_account")
_POSTS = ("posts", "village_posts")
_EXITS = ("households", "household_standard")
_COUNTY = ("county", "judge_exit")

MEASURES: Mapping[str, Measure] = {
    "registered_not_poor": Measure(_text("registered and not poor / registered", "在册但不贫困/建档立卡未脱贫"), PERSONS, *_ERRORS, _error("registered_not_poor"), TWO_SIDED),
    "unregistered_poor": Measure(_text("unregistered and poor / unregistered", "贫困但未建档立卡/非建档立卡"), PERSONS, *_ERRORS, _error("unregistered_poor"), TWO_SIDED),
    "poor_not_registered": Measure(_text("poor and not registered / poor", "贫困但不在册/贫困"), PERSONS, *_ERRORS, _error("poor_not_registered"), TWO_SIDED),
    "causes_contradicted": Measure(_text("causes that members contradict / causes that members bear out or contradict", "致贫原因与成员信息不符/可由成员信息核对的致贫原因"), HOUSEHOLDS, "causes", "cause_table", _causes),
    "supported_registered": Measure(_text("supported and registered / supported", "受帮扶且在册/受帮扶"), HOUSEHOLDS, *_REACH, _beneficiaries("known", "supported")),
    "registered_supported": Measure(_text("registered and supported / registered", "在册且受帮扶/在册"), HOUSEHOLDS, *_REACH, _beneficiaries("known", "registered")),
    "programs_per_household": Measure(_text("programs / supported households", "措施项数/受帮扶户"), HOUSEHOLDS, "overlap", "program_overlap", lambda a: _ratio(a.receipts, a.households)),
    "funds_reached": Measure(_text("funds that reached registered households / budget", "到达在册户的资金/预算"), YUAN, *_FUNDS, _funds("amount", "budget")),
    "funds_traced": Measure(_text("funds that reached registered households / funds paid", "到达在册户的资金/已付资金"), YUAN, *_FUNDS, _funds("amount", "paid")),
    "funds_per_household": Measure(_text("funds / registered households that they reached", "资金/到达的在册户"), HOUSEHOLDS, *_FUNDS, _funds("amount", "households")),
    "funds_per_exit": Measure(_text("funds / exits among those households", "资金/其中脱贫户"), HOUSEHOLDS, *_FUNDS, _funds("amount", "exits")),
    "needs_answered": Measure(_text("households whose need a program answers / households with a need", "措施与致贫原因相符的户/有需求的户"), HOUSEHOLDS, "needs", "need_matrix", _needs),
    "villages_with_team": Measure(_text("poor villages known to have a resident team / poor villages", "已知有驻村工作队的贫困村/贫困村"), VILLAGES, *_POSTS, _post("team")),
    "villages_with_secretary": Measure(_text("poor villages known to have a first secretary / poor villages", "已知有第一书记的贫困村/贫困村"), VILLAGES, *_POSTS, _post("secretary")),
    "exits_substance": Measure(_text("exits shown to meet income and guarantees / exits", "可核实收入与保障均达标的脱贫户/脱贫户"), HOUSEHOLDS, *_EXITS, _exits("substance"), TWO_SIDED),
    "exits_agreement": Measure(_text("exits to which the household is shown to have agreed / exits", "可核实群众认账的脱贫户/脱贫户"), HOUSEHOLDS, *_EXITS, _exits("agreement"), TWO_SIDED),
    "villages_standard": Measure(_text("villages shown to meet the whole village standard / villages", "可核实达到村退出标准全部要求的村/村"), VILLAGES, "villages", "village_standard", _villages),
    "wrong_exit": Measure(_text("wrong-exit rate", "错退率"), HOUSEHOLDS, *_COUNTY, _verdict("wrong_exit"), ONE_SIDED),
    "missed": Measure(_text("missed-poor rate", "漏评率"), HOUSEHOLDS, *_COUNTY, _verdict("missed"), ONE_SIDED),
    "composite_headcount": Measure(_text("composite incidence", "综合贫困发生率"), HOUSEHOLDS, *_COUNTY, _verdict("composite_headcount"), ONE_SIDED),
    "approval": Measure(_text("approval", "群众认可度"), HOUSEHOLDS, *_COUNTY, _verdict("approval"), ONE_SIDED),
    "targets_met": Measure(_text("targets that the data bear out / targets", "数据可证实达到的目标/目标"), _text("targets", "项目标"), "targets", "milestones", _targets),
    "problems_closed": Measure(_text("problems re-checked and closed / problems", "复核销号的问题/问题"), _text("problems", "个问题"), "problems", "problem_lists", _problems),
}  # fmt: skip
"""Figure → what it is and where it is read."""
