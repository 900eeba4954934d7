"""Rules on what only a household's rows together show: contradictory histories (F), structures of households (M).

`evalkit.events` and `evalkit.rosters` find them, cleaning marks the row and asks. The conditional rules S and W see some
of the same faults on a single row; `ASKED_UNDER` names them, so that nobody is asked twice.
"""

from __future__ import annotations

from evalkit.rules.rule import Rule
from evalkit.text import Text

ORDER = "order of the registry's events"
LOOK_BACK = "domain practice: look-back (回头看), splits and merges of households (拆户、并户)"
ASKED_UNDER: dict[str, tuple[str, ...]] = {
    "F01": ("S01",),
    "F02": ("S11",),
    "F03": ("S12",),
    "F05": ("S02",),
    "F06": ("S05",),
    "F07": ("S03",),
    "F08": ("S16",),
    "F09": ("S15",),
    "F11": ("W01", "W02"),
    "F12": ("W10",),
    "F13": ("S26",),
}
"""Rule on histories → conditional rules that ask about the same fault: where one of them marks the row, it alone asks."""


def _history(rule_id: str, en: str, zh: str, *needs: str) -> Rule:
    twins = ASKED_UNDER.get(rule_id, ())
    more = f"; asked under {', '.join(twins)} where that marks the row" if twins else ""
    return Rule(
        rule_id, Text(en=en, zh=zh), "flag", "household", case=True, needs=needs, source=f"{ORDER}{more}"
    )


def _structure(rule_id: str, en: str, zh: str, *needs: str) -> Rule:
    return Rule(rule_id, Text(en=en, zh=zh), "flag", "household", case=True, needs=needs, source=LOOK_BACK)


HISTORIES: tuple[Rule, ...] = (
    _history("F01", "the stated exit is before the stated identification", "脱贫时间早于识别时间", "exit_year", "identified_year"),
    _history("F02", "registered again after an exit, without a return mark", "脱贫后重新为未脱贫，无返贫标识", "status", "returned"),
    _history("F03", "returned without an exit before", "此前未脱贫而标识为返贫", "status", "returned"),
    _history("F04", "a return mark is gone without an exit", "返贫标识消失而未脱贫", "status", "returned"),
    _history("F05", "the stated year of exit does not fit the wave in which the status changed", "脱贫年度与状态变化的年度不符", "exit_year", "status"),
    _history("F06", "not exited, while the stated year of exit has passed and no return is marked", "未脱贫，而登记的脱贫年度已过且无返贫标识", "status", "exit_year"),
    _history("F07", "registered before the stated year of identification", "登记早于识别年度", "identified_year", "status"),
    _history("F08", "the stated year of identification changes", "识别年度前后不一", "identified_year"),
    _history("F09", "the stated year of exit changes while the household stays exited", "保持已脱贫而脱贫年度前后不一", "exit_year", "status"),
    _history("F10", "no row in waves between rows", "中间年度无记录", "wave", "status"),
    _history("F11", "year and month of the same event differ", "同一事项的年度与年月不一致", "identified_month", "identified_year", "exit_month", "exit_year"),
    _history("F12", "risk eliminated before monitoring began", "风险消除早于纳入监测", "eliminated_month", "monitored_month"),
    _history("F13", "risk eliminated without having been monitored", "未纳入监测而风险消除", "risk_eliminated", "monitored"),
    _history("F14", "registered in a wave after the stated identification and county's first wave, but without a row before", "识别之后的年度缺少记录", "identified_year", "wave"),
)  # fmt: skip
"""Contradictions in a household's history; the register of events is made all the same, and follows the status."""

STRUCTURES: tuple[Rule, ...] = (
    _structure("M01", "the household id stands for other people than in the roster before", "户编号对应的成员与上一期完全不同", "household", "member.person"),
    _structure("M02", "split or merged close to the year of identification", "拆户或并户发生在识别年度前后", "household", "member.person", "identified_year"),
    _structure("M03", "split or merged in a look-back year", "拆户或并户发生在回头看年度", "household", "member.person"),
    _structure("M04", "one elder alone, beside a household of the same dynasty with members 18 to 45 years younger", "一名老人单独立户，同系另有年轻18至45岁成员的户", "household", "member.birth_date"),
    _structure("M05", "one elder alone in a village with a household whose head has the same surname and is 18 to 45 years younger "
               "(kinship is not shown)", "一名老人单独立户，同村有同姓且年轻18至45岁户主的户（未证实亲属关系）", "household", "member.birth_date", "member.name"),
)  # fmt: skip
"""Household structures that deserve a question; looked for when the plan asks (``clean.household_structures``)."""
