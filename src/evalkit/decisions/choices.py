"""What a person can decide about an open case, and which of it fits which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.rules import Rule, rule
from evalkit.text import Text

Action = Literal["keep", "correct", "exclude", "restore", "merge", "defer"]


@dataclass(frozen=True)
class Choice:
    """One action: its name in the workbook, what it does, and the rule it is recorded under (none for defer)."""

    code: Action
    label: Text
    meaning: Text
    rule: str = ""

    @property
    def shown(self) -> str:
        """The action as it stands in the list of the workbook."""
        return f"{self.code} {self.label.zh}"


CHOICES: tuple[Choice, ...] = (
    Choice(
        "keep", Text(en="keep", zh="保留"),
        Text(
            en="The data are right as they stand (a cell that could not be read stays blank). The finding remains in the ledger.",
            zh="数据无误，维持现状（无法识别的单元格保持空白）。该发现仍保留在台账中。",
        ),
        "H01",
    ),
    Choice(
        "correct", Text(en="correct", zh="更正"),
        Text(
            en="Put the new value in the place of the cell in the raw file, in the unit of the file (write 元 or 万元 after an amount "
            "when in doubt). For other cells of the row write column=value, one a line. (blank) empties a cell. "
            "All rules are applied to the new value.",
            zh="以新值代替原始文件中的单元格，单位与文件一致（金额有疑问时在数字后写明“元”或“万元”）。更正同一行的其他单元格时写“列名=值”，每行一个；"
            "写“(blank)”或“(空)”为清空。新值同样接受全部规则检查。",
        ),
        "H02",
    ),
    Choice(
        "exclude", Text(en="exclude", zh="剔除"),
        Text(
            en="The row stays out of the clean table; it is kept in quarantine with your reason.",
            zh="该行不进入清洗后的数据，连同理由保留在隔离区。",
        ),
        "H03",
    ),
    Choice(
        "restore", Text(en="restore", zh="恢复"),
        Text(
            en="The row in quarantine is right: it goes back into the clean table. Corrections may be given as for correct.",
            zh="隔离的行无误，恢复到清洗后的数据；可同时按“更正”的写法填写新值。",
        ),
        "H04",
    ),
    Choice(
        "merge", Text(en="merge", zh="合并"),
        Text(
            en="The row repeats another one: write the case number of that other row as the new value. The other row stays, with "
            "its own cells; nothing is added up.",
            zh="该行与另一行重复：在新值中填写另一行的案件编号。保留另一行及其数据，不作相加。",
        ),
        "H05",
    ),
    Choice(
        "defer", Text(en="defer", zh="暂缓"),
        Text(en="Not decided yet; the case stays open.", zh="暂不核定，案件仍为待核。"),
    ),
)  # fmt: skip
"""Every action, in the order of the workbook."""

BETWEEN: frozenset[str] = frozenset({"K08", "K09"})
"""Rules whose cases are found by comparing counties."""
_BY_CODE: dict[str, Choice] = {c.code: c for c in CHOICES}
_WRITTEN: dict[str, Choice] = {
    word: c for c in CHOICES for word in (c.code, c.label.zh, c.shown, f"{c.label.zh} {c.code}")
}


def choice(code: str) -> Choice:
    """Return an action by its code.

    Raises
    ------
    KeyError
        There is no such action.
    """
    return _BY_CODE[code]


def read_action(text: str) -> Action | None:
    """Return the action that a cell names, in either language; None when it names none.

    >>> read_action("Keep"), read_action("更正"), read_action("merge 合并"), read_action("drop")
    ('keep', 'correct', 'merge', None)
    """
    found = _WRITTEN.get(" ".join(text.split()).casefold())
    return None if found is None else found.code


def allowed(rule_id: str, *, across: bool = False) -> tuple[Action, ...]:
    """Return what may be decided about a case.

    Parameters
    ----------
    rule_id : str
        The rule of the case.
    across : bool
        The case names no row of a file.

    Examples
    --------
    >>> allowed("T07"), allowed("K01"), allowed("K08"), allowed("K08", across=True)
    (('keep', 'correct', 'exclude', 'defer'), ('correct', 'exclude', 'merge', 'defer'), ('keep', 'exclude', 'defer'), ('keep', 'defer'))
    >>> allowed("K09"), allowed("F02"), allowed("F10")
    (('keep', 'correct', 'exclude', 'defer'), ('keep', 'correct', 'exclude', 'defer'), ('keep', 'defer'))
    """
    found = rule(rule_id)
    if found.id in BETWEEN and not across:
        return ("keep", "correct", "exclude", "defer") if found.id == "K09" else ("keep", "exclude", "defer")
    if found.id[0] in "FM" and not across:
        return _of_histories(found)
    if (
        found.id.startswith("A") or found.id == "I47"
    ):  # a fact about a code or a file, whatever the row; the plan settles it
        return ("keep", "defer")
    if across or found.severity in ("merge", "not_data"):
        return ("keep", "defer")
    if found.severity == "quarantine":
        return _of_quarantine(found)
    return (
        ("keep", "correct", "exclude", "defer")
        if found.severity == "fix"
        else (
            "keep",
            "correct",
            "exclude",
            "merge",
            "defer",
        )
    )


def _of_histories(found: Rule) -> tuple[Action, ...]:
    """A row that is not there cannot be corrected; a household's number stands in its roster too."""
    if found.id == "F10":
        return ("keep", "defer")
    if found.id.startswith("M"):
        return ("keep", "exclude", "defer")
    return ("keep", "correct", "exclude", "defer")


def _of_quarantine(found: Rule) -> tuple[Action, ...]:
    """Without its keys a row has no place in the clean table, so it cannot come back as it is."""
    if found.id == "K03":  # the new value names the county
        return ("correct", "exclude", "defer")
    if found.id == "K04":
        return ("exclude", "defer")
    if found.id.startswith("K"):
        return ("correct", "exclude", "merge", "defer")
    return ("restore", "correct", "exclude", "merge", "defer")


def proposed(rule_id: str, *, across: bool = False) -> Action:
    """Return what is proposed for a case: mend the cell where that is possible, never to drop a finding.

    >>> proposed("I05"), proposed("D02"), proposed("K08", across=True), proposed("K04")
    ('correct', 'merge', 'keep', 'exclude')
    """
    options = allowed(rule_id, across=across)
    if rule_id in BETWEEN:  # which of the places is wrong is not known
        return "keep"
    if rule_id in ("D02", "P05") and "merge" in options:
        return "merge"
    return "correct" if "correct" in options else options[0]
