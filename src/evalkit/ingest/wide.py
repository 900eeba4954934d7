"""Columns of one wave each, recognised by years in their names: proposed to the plan, never read unasked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.ingest.cells import half_width

_PREFIX = re.compile(r"((?:19|20)[0-9]{2})(年度|年末|年|[_\-. ]?)(.+)")
_SUFFIX = re.compile(r"(.+?)([_\-. (]?)((?:19|20)[0-9]{2})((?:年度|年末|年)?\)?)")
_LEAST = 2


@dataclass(frozen=True)
class WideProposal:
    """A wide layout that would read the columns of a sheet.

    Parameters
    ----------
    position : str
        ``prefix`` or ``suffix``.
    separator : str
    waves : dict
        What stands in the header → wave.
    headers : tuple of str
        The columns in question.
    """

    position: str
    separator: str
    waves: dict[str, int]
    headers: tuple[str, ...]

    @property
    def yaml(self) -> str:
        """The line for the plan."""
        waves = ", ".join(f'"{text}": {wave}' for text, wave in self.waves.items())
        return f'layout: {{kind: wide, position: {self.position}, separator: "{self.separator}", waves: {{{waves}}}}}'

    @property
    def text(self) -> str:
        """What is seen and what to do."""
        some = ", ".join(self.headers[:3])
        return f"{len(self.headers)} columns have a year in their names ({some} …); for one column a wave state {self.yaml}"


def propose_wide(headers: Sequence[str]) -> WideProposal | None:
    """Return the wide layout that headers suggest: one field at least in two years, all years written alike.

    >>> found = propose_wide(["户编号", "2014年人均纯收入（元）", "2015年人均纯收入（元）"])
    >>> found.yaml
    'layout: {kind: wide, position: prefix, separator: "年", waves: {"2014": 2014, "2015": 2015}}'
    >>> propose_wide(["户编号", "2014年人均纯收入", "人均纯收入2015"]) is None
    True
    """
    dated = [h for h in headers if re.search(r"(19|20)[0-9]{2}", half_width(h))]
    for position, pattern in (("prefix", _PREFIX), ("suffix", _SUFFIX)):
        found = [(h, pattern.fullmatch(half_width(h))) for h in dated]
        cut = [(h, m) for h, m in found if m is not None]
        if not cut or len(cut) != len(dated):
            continue
        bases = Counter(m[3] if position == "prefix" else m[1] for _, m in cut)
        forms = {m[2] if position == "prefix" else (m[2], m[4]) for _, m in cut}
        if max(bases.values()) >= _LEAST and len(forms) == 1:
            years = sorted({m[1] if position == "prefix" else f"{m[3]}{m[4]}" for _, m in cut})
            return WideProposal(
                position, cut[0][1][2], {y: int(y[:4]) for y in years}, tuple(h for h, _ in cut)
            )
    return None
