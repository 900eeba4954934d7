"""Parts of a rule pack beside its figures: documents, requirements, variants, field designs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from evalkit.text import Text

STRICT = ConfigDict(extra="forbid")

SurveyGroup = Literal["exited", "registered", "unregistered"]
RequirementKind = Literal["income", "guarantee", "procedure", "rate", "condition"]


@dataclass(frozen=True)
class Document:
    """A source of a pack in both languages.

    Parameters
    ----------
    en, zh : str
        How it is cited; `en` stands for both when `zh` is not given.
    date : str
        Of the document, as far as it is known (``"2016"``); empty where it is not.
    """

    __pydantic_config__ = STRICT
    en: str
    zh: str = ""
    date: str = ""

    @property
    def text(self) -> Text:
        """The citation as a `Text`."""
        en = self.en.strip()
        return Text(en=en, zh=self.zh.strip() or en)


@dataclass(frozen=True)
class Requirement:
    """One requirement of an exit standard (of a household or a village) or of an elimination of risk.

    Parameters
    ----------
    id : str
    title : Text
    kind : {"income", "guarantee", "procedure", "rate", "condition"}
        What evidence shows it: an income account, proof of a guarantee, a step of the procedure, a rate, a condition.
    source : str
    verified : bool
        True when the requirement was seen in a published source.
    value : float or None
        A figure that belongs to it (days of publicity, months of stability).
    note : str or Text
    """

    __pydantic_config__ = STRICT
    id: str
    title: Text
    kind: RequirementKind
    source: str
    verified: bool
    value: float | None = None
    note: str | Text = ""


@dataclass(frozen=True)
class Variant:
    """A rule that some documents or places apply instead of the default of the pack.

    Parameters
    ----------
    id : str
    title : Text
    criterion : str
        What it changes: incidence, wrong_exit, missed, approval, or criteria (their list).
    choose : Text
        How a plan or a pack of one's own applies it.
    source : str
    verified : bool
    value : float or None
        Its threshold, where it has one.
    note : str or Text
    """

    __pydantic_config__ = STRICT
    id: str
    title: Text
    criterion: Literal["incidence", "wrong_exit", "missed", "approval", "criteria"]
    choose: Text
    source: str
    verified: bool
    value: float | None = None
    note: str | Text = ""


@dataclass(frozen=True)
class Choice:
    """A number that the rules leave to the evaluator, and the default of the pack.

    Parameters
    ----------
    value : float
    source : str
    verified : bool
    title : Text
    note : str or Text
    """

    __pydantic_config__ = STRICT
    value: float
    source: str
    verified: bool
    title: Text
    note: str | Text = ""


@dataclass(frozen=True)
class Stable:
    """What "stable" income (稳定) is taken to mean; the rules do not say.

    Parameters
    ----------
    years : Choice
        Consecutive years above the line, the year of the exit included.
    margin : Choice
        Share of the line by which income must exceed it (0.1: at least 1.1 × the line).
    fragile : tuple of str
        Income columns of the codebook that do not count (``"transfer_income"``); none: all income counts.
    """

    __pydantic_config__ = STRICT
    years: Choice
    margin: Choice
    fragile: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A word of the rules with its source: a class of monitored households, a risk."""

    __pydantic_config__ = STRICT
    title: Text
    source: str
    verified: bool
    note: str | Text = ""


@dataclass(frozen=True)
class GroupRule:
    """How many households of a group a sampled village gives.

    Parameters
    ----------
    groups : tuple of str
        Survey groups that are drawn together.
    share : float or None
        Part of the households of the village's sample.
    rate : float or None
        Part of the group's households in the village (1: all of them), instead of `share`.
    at_most : int or None
        With `rate`: no more households than this a village.
    labour : bool or None
        Only households with (or without) labour; needs a column ``labour`` on the roster.
    """

    __pydantic_config__ = STRICT
    groups: tuple[SurveyGroup, ...]
    share: float | None = None
    rate: float | None = None
    at_most: int | None = None
    labour: bool | None = None

    def __post_init__(self) -> None:
        if not self.groups or len(set(self.groups)) != len(self.groups):
            msg = "a group of a field design names one or more survey groups, each once"
            raise ValueError(msg)
        if (self.share is None) == (self.rate is None):
            msg = "a group of a field design has either a share or a rate"
            raise ValueError(msg)
        if not 0 < (self.share if self.share is not None else self.rate or 0) <= 1:
            msg = "the share or rate of a group lies above 0 and at most at 1"
            raise ValueError(msg)
        if self.at_most is not None and (self.rate is None or self.at_most < 1):
            msg = "at_most goes with rate and is 1 or more"
            raise ValueError(msg)


@dataclass(frozen=True)
class FieldDesign:
    """A sampling design of third-party evaluations.

    Parameters
    ----------
    title : Text
    source : str
    verified : bool
    groups : tuple of GroupRule
        Shares add up to 1; households that belong to none are not in the population of the design.
    villages : int or None
        Per county; None: all villages.
    households : int or None
        Per county, about; spread over the villages in equal parts.
    per_village : int or None
        Per village, instead of `households`. Where shares need a number and the source gives none, the plan says it.
    note : str or Text
        What the source leaves open, and how the design fills it.
    """

    __pydantic_config__ = STRICT
    title: Text
    source: str
    verified: bool
    groups: tuple[GroupRule, ...]
    villages: int | None = None
    households: int | None = None
    per_village: int | None = None
    note: str | Text = ""

    def __post_init__(self) -> None:
        shares = [g.share for g in self.groups if g.share is not None]
        if not self.groups or (shares and abs(sum(shares) - 1) > 1e-9):
            msg = f"the shares of the groups of a field design add up to 1, not {sum(shares):g}"
            raise ValueError(msg)
        if self.per_village is not None and self.households is not None:
            msg = "a field design has households (per county) or per_village, not both"
            raise ValueError(msg)
        if any(n is not None and n < 1 for n in (self.villages, self.households, self.per_village)):
            msg = "villages, households and per_village of a field design are 1 or more"
            raise ValueError(msg)

    @property
    def take(self) -> int | None:
        """Households a village gives by shares: `per_village`, or `households` spread over the villages, rounded up."""
        if self.per_village is not None or self.households is None or self.villages is None:
            return self.per_village
        return -(-self.households // self.villages)
