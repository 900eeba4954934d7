"""The kinds of events, the state each leaves a household in, and the cases found while histories are read."""

from __future__ import annotations

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

CASES: dict[str, Text] = {
    "F01": Text(en="the stated exit is before the stated identification", zh="脱贫时间早于识别时间"),
    "F02": Text(en="registered again after an exit, without a return mark", zh="脱贫后重新为未脱贫，无返贫标识"),
    "F03": Text(en="returned without an exit before", zh="此前未脱贫而标识为返贫"),
    "F04": Text(en="a return mark is gone without an exit", zh="返贫标识消失而未脱贫"),
    "F05": Text(en="the stated year of exit does not fit the wave in which the status changed", zh="脱贫年度与状态变化的年度不符"),
    "F06": Text(en="not exited, while the stated year of exit has passed and no return is marked", zh="未脱贫，而登记的脱贫年度已过且无返贫标识"),
    "F07": Text(en="registered before the stated year of identification", zh="登记早于识别年度"),
    "F08": Text(en="the stated year of identification changes", zh="识别年度前后不一"),
    "F09": Text(en="the stated year of exit changes while the household stays exited", zh="保持已脱贫而脱贫年度前后不一"),
    "F10": Text(en="no row in waves between rows", zh="中间年度无记录"),
    "F11": Text(en="year and month of the same event differ", zh="同一事项的年度与年月不一致"),
    "F12": Text(en="risk eliminated before monitoring began", zh="风险消除早于纳入监测"),
    "F13": Text(en="risk eliminated without having been monitored", zh="未纳入监测而风险消除"),
    "F14": Text(en="registered in a wave after the stated identification and county's first wave, but without a row before", zh="识别之后的年度缺少记录"),
}  # fmt: skip
"""Contradictions in a household's history, listed for somebody to look at."""
