"""The form of the workbook: sheets, columns, explanations, and cases as rows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from evalkit.decisions.book import Page, book_bytes
from evalkit.decisions.choices import CHOICES, allowed, choice, proposed
from evalkit.spreadsheet import printable


@dataclass(frozen=True)
class Column:
    """One column of the sheets of cases: key, Chinese header, width in characters."""

    key: str
    zh: str
    width: float

    @property
    def header(self) -> str:
        """The header, Chinese then the key."""
        return f"{self.zh} {self.key}"


COLUMNS: tuple[Column, ...] = (
    Column("case", "案件编号", 14),
    Column("rule", "规则", 7),
    Column("what", "问题", 34),
    Column("county", "县", 10),
    Column("table", "表", 11),
    Column("household", "户", 16),
    Column("person", "人", 16),
    Column("wave", "年度", 7),
    Column("file", "文件", 22),
    Column("sheet", "工作表", 12),
    Column("row", "行", 8),
    Column("column", "列", 16),
    Column("evidence", "依据", 34),
    Column("current", "现值", 26),
    Column("proposed", "建议", 14),
    Column("action", "处理*", 14),
    Column("value", "新值*", 18),
    Column("reason", "理由*", 30),
    Column("initials", "核定人*", 10),
    Column("date", "日期*", 12),
    Column("state", "校验码", 12),
)
"""The columns of the open and the decided cases; those marked with ``*`` are a person's."""
HUMAN: tuple[str, ...] = ("action", "value", "reason", "initials", "date")
"""Columns that a person fills in."""
KEYS: tuple[str, ...] = tuple(c.key for c in COLUMNS)
OPEN, ACTIONS, DECIDED = "待核 open", "说明 actions", "已核 decided"
"""Names of the three sheets."""

_NOTES: tuple[tuple[str, str, str], ...] = (
    ("*", "An action needs a reason, initials and a date (2020-11-23). Leave the other columns as they are.",
     "填写“处理”时须同时填写理由、核定人和日期（2020-11-23）。其余各列请勿改动。"),
    ("(block N)", "keep and exclude may be written once for a block: as the new value write (block N), N being the number of open cases of "
     "the same rule and column in the same file and county. Each of them is decided so; cases with an action of their own keep it. "
     "When there are more or fewer the build stops.",
     "同一县、同一文件、同一规则和列的待核案件可一次核定：保留或剔除时在新值中填写“（整批N）”，N为此类案件数。已单独核定的案件从其核定；案件数不符时构建停止。"),
    ("K08, K09", "Found by comparing counties. K09: correct takes the right id number of this row. K08 has no correct: the household number stands in the roster, "
     "in other tables and in other waves too; make it whole in the plan (columns: {household: [county header, household header]}) or mend the raw files.",
     "比对各县而得。K09：更正填写本行正确的证件号码。K08不能更正：户编号同时见于成员表、其他表和其他年度，请在方案中合成编号（columns: {household: [县列, 户列]}）或改原始文件。"),
    ("F01-F14", "The rows of a household contradict each other; evidence lists the dates or waves, the row is the one in which it shows. keep: the "
     "history is right as it stands; the register of events follows the status. correct puts in a new value for this row only; for other rows of the "
     "household mend the raw file. F10 (no row in waves between) takes keep or defer: a row that is missing can only be added to the raw files.",
     "同一户各年度记录相互矛盾；依据列出日期或年度，所列行为矛盾显现之行。保留：经历属实，登记事项以脱贫属性为准。更正仅改本行，同户其他行请改原始文件。"
     "F10（中间年度无记录）只能保留或暂缓：缺失的行须补入原始文件。"),
    ("M01-M05", "A household structure that deserves a question (splits, merges, elders alone); nothing says that it is wrong. keep: looked at, it stands. "
     "exclude leaves this household-year out; its members stay in the roster and become cases of P46. There is no correct: the household number stands in the "
     "roster and in other tables too; mend the raw files.",
     "值得询问的户结构（拆户、并户、老人单独立户），并不表示有误。保留：已核实，维持现状。剔除：该户该年度不进入清洗后的数据，其成员仍在成员表中，转为P46案件。"
     "不能更正：户编号同时见于成员表等，请改原始文件。"),
    ("state", "The check code ties a decision to what the case looked like. When the data change, the build stops and lists the "
     "decisions to look at again.", "校验码记录核定时案件的情形。数据变动后，构建将停止并列出须重新核定的案件。"),
    ("decided", "The third sheet lists what was decided before. To take a decision back, delete its row; to change it, edit it there. "
     "Columns of your own to the right are kept; sheets of your own are not: keep them in another workbook.",
     "第三张表为以往核定的案件。撤销核定请删除该行，变更请在该表修改。右侧自加的列予以保留；自加的工作表请另存其他工作簿。"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of a sheet of cases: its cells by column key, and the user's own columns by header."""

    cells: Mapping[str, str]
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def touched(self) -> bool:
        """Whether a person wrote anything in the row."""
        return any(self.cells.get(k, "") for k in HUMAN) or any(self.extra.values())


def case_lines(cases: pd.DataFrame) -> list[Line]:
    """Return open cases (frame as `evalkit.cleaning.CleanResult.open_cases`) as rows, human columns empty."""
    texts = {c: [printable(v) for v in cases[c]] for c in cases.columns}
    out = []
    for k in range(len(cases)):
        cells = {key: texts[key][k] for key in KEYS if key in texts}
        across = not cells["file"]
        cells["row"] = "" if across else cells["row"]
        cells["what"] = f"{texts['what_zh'][k]} / {texts['what_en'][k]}"
        cells["proposed"] = choice(proposed(cells["rule"], across=across)).shown
        out.append(Line(cells))
    return out


def ordered(lines: Iterable[Line]) -> list[Line]:
    """Return rows by county, rule, household, person, wave, column, file and row."""
    return sorted(lines, key=_place)


def _place(line: Line) -> tuple[object, ...]:
    c = line.cells
    row = int(c["row"]) if c.get("row", "").isdigit() else -1
    keys = ("county", "table", "rule", "household", "person", "wave", "column", "file", "sheet")
    return (*(c.get(k, "") for k in keys), row, c.get("case", ""))


def workbook(opened: list[Line], decided: list[Line]) -> bytes:
    """Return the workbook of some cases as bytes."""
    extra = list(dict.fromkeys(h for line in (*opened, *decided) for h in line.extra))
    return book_bytes([_cases(OPEN, opened, extra), _explanations(), _cases(DECIDED, decided, extra)])


def _cases(name: str, lines: list[Line], extra: list[str]) -> Page:
    return Page(
        name=name,
        header=[*(c.header for c in COLUMNS), *extra],
        widths=[*(c.width for c in COLUMNS), *(16.0 for _ in extra)],
        rows=[[*(x.cells.get(k, "") for k in KEYS), *(x.extra.get(h, "") for h in extra)] for x in lines],
        writable=frozenset(KEYS.index(k) for k in HUMAN),
        choices=[_list(x) for x in lines],
        choice_column=KEYS.index("action"),
    )


def _list(line: Line) -> str:
    rule_id = line.cells.get("rule", "")
    try:
        options = allowed(rule_id, across=not line.cells.get("file"))
    except KeyError:  # decided under a rule that is no more
        return ""
    return ",".join(choice(a).shown for a in options)


def _explanations() -> Page:
    rows = [[c.shown, c.meaning.zh, c.meaning.en] for c in CHOICES]
    rows += [[key, zh, en] for key, en, zh in _NOTES]
    return Page(ACTIONS, ["处理 action", "说明", "what it does"], [16, 70, 80], rows)
