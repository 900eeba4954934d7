"""The kinds of events, the state each leaves a household in, and the cases found while histories are read."""

from __future__ import annotations

from evalkit.rules import HISTORIES
from evalkit.text import Text

KINDS: dict[str, Text] = {
    "identified": Text(en="identified", zh="识别"),
    "exited": Text(en="exited", zh="脱贫"),
    "returned": Text(en="returned", zh="返贫"),
    "monitored": Text(en="monitored", zh="纳入监测"),
    "risk_eliminated": Text(en="risk eliminated", zh="风险消除"),
    "split": Text(en="split off", zh="拆户"),
    "merged": Text(en="merged", zh="并户"),
    "moved": Text(en="moved", zh="迁移"),
    "died": Text(en="died", zh="死亡"),
    "removed": Text(en="removed", zh="销户"),
}
"""Kinds of events, in the order in which those of one wave are told."""
COUNTED_KINDS: dict[str, Text] = {
    **KINDS,
    "renumbered": Text(en="goes on under another id", zh="改用他户编号"),
    "died": Text(en="household died out", zh="全户死亡"),
    "member_died": Text(en="with a member who died", zh="有成员死亡"),
}
"""Kinds as they are counted by household: what ends or begins one is told from what it goes on after."""
GONE = "none"
"""Status after an event that takes a household out of the registry."""
STATUSES: tuple[str, ...] = ("registered", "exited", "returned", GONE)
"""States an event can leave a household in; ``registered`` is registered and not exited."""
POOR: tuple[str, ...] = ("registered", "returned")
"""States that count towards the stock of the registered poor."""
STATUS_AFTER: dict[str, str] = {
    "identified": "registered",
    "exited": "exited",
    "returned": "returned",
    "merged": GONE,
    "removed": GONE,
}
"""State after an event that states none; kinds that are not here change no state."""

RULES: dict[str, Text] = {
    "E01": Text(en="the registry states the date of identification", zh="登记的识别时间"),
    "E02": Text(en="first wave in which the household is registered; no usable date is stated", zh="首次出现于登记的年度（未登记可用的识别时间）"),
    "E03": Text(en="the registry states the date of exit", zh="登记的脱贫时间"),
    "E04": Text(en="first wave in which the household is exited; no usable date is stated", zh="首次为已脱贫的年度（未登记可用的脱贫时间）"),
    "E05": Text(en="marked as returned to poverty in this wave", zh="本年度标识为返贫"),
    "E06": Text(en="registered again after an exit, without a return mark", zh="脱贫后重新为未脱贫，无返贫标识"),
    "E07": Text(en="no row from this wave on", zh="自本年度起无记录"),
    "E08": Text(en="no registry status from this wave on, though rows of the household follow", zh="自本年度起无登记状态（户仍有记录）"),
    "E09": Text(en="split off from another household (members found again)", zh="自另一户拆出（依据成员重合）"),
    "E10": Text(en="merged into another household (members found again)", zh="并入另一户（依据成员重合）"),
    "E11": Text(en="goes on under another household id (members found again)", zh="改用另一户编号（依据成员重合）"),
    "E12": Text(en="the village differs from the wave before", zh="所在村与上一年度不同"),
    "E13": Text(en="a member is reported dead", zh="有成员登记为死亡"),
    "E14": Text(en="all members are reported dead", zh="全部成员登记为死亡"),
    "E15": Text(en="the registry states the month monitoring began", zh="登记的识别监测时间"),
    "E16": Text(en="first wave in which the household is monitored; no month is stated", zh="首次为监测对象的年度（未登记监测时间）"),
    "E17": Text(en="the registry states the month the risk was eliminated", zh="登记的消除监测时间"),
    "E18": Text(en="first wave in which the risk is eliminated; no month is stated", zh="首次为风险已消除的年度（未登记消除时间）"),
    "E19": Text(en="a return mark is gone without an exit", zh="返贫标识消失而未脱贫"),
    "E20": Text(en="entered by hand", zh="人工录入"),
}  # fmt: skip
"""Why an event is in the register."""

CASES: dict[str, Text] = {r.id: r.text for r in HISTORIES}
"""Contradictions in a household's history (`evalkit.rules`), listed for somebody to look at."""
