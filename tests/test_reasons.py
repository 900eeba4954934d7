"""Messages that stop a computation come back as sentences of a report in both languages."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit import impact, risk
from evalkit.errors import EvalkitError
from evalkit.panel import Panel
from evalkit.reasons import because, reason
from evalkit.text import Text


def panel(incomes: dict[int, list[float]], **columns: list[int]) -> Panel:
    rows = [
        {"household": h, "wave": wave, "income_pc": x, **{k: v[h] for k, v in columns.items()}}
        for wave, values in incomes.items()
        for h, x in enumerate(values)
        if not np.isnan(x)
    ]
    return Panel(pd.DataFrame(rows), county=None)


NAN = float("nan")
APART = {2014: [5.0, NAN], 2016: [NAN, 8.0]}
ONE = {2014: [5.0, 8.0]}
TWO = {2014: [5.0, 8.0], 2016: [12.0, 20.0]}


def att(cohort: list[float], **options: str) -> object:
    frame = pd.DataFrame({"h": [1, 1, 2, 2], "t": [2014, 2016, 2014, 2016], "y": [1.0, 2.0, 1.0, 3.0]})
    frame["g"] = np.repeat(cohort, 2)
    return impact.att_gt(frame, outcome="y", unit="h", time="t", cohort="g", **options)  # type: ignore[arg-type]


CASES = {
    "nobody seen twice": (
        lambda: ek.benchmark_growth(panel(APART), benchmark=0.1, frm=2014, to=2016, cohort="baseline"),
        "2014年的住户在2016年均无观测。",
    ),
    "one wave": (lambda: ek.exit_rate(panel(ONE), 10), "计算进退至少需要两期数据。"),
    "no prices": (lambda: ek.mean(panel(TWO), by="wave", real=True), "没有价格指数，无法计算实际值。"),
    "nobody treated": (lambda: att([NAN, NAN]), "数据中没有住户接受过该项帮扶。"),
    "treated from the start": (lambda: att([2014, NAN]), "受帮扶户自首期起均已受帮扶，没有帮扶前的数据可供比较。"),
    "all treated at once": (lambda: att([2016, 2016], control_group="not_yet"), "2户自同一期起受帮扶，没有可比对象。"),
    "two waves of risk": (lambda: risk.spells(panel(TWO), line=10), "返贫风险至少需要三期数据。"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_errors_as_they_are_raised_are_known(name: str) -> None:
    compute, zh = CASES[name]
    with pytest.raises(EvalkitError) as raised:
        compute()
    said = reason(raised.value)
    assert said.zh == zh
    assert said.en.endswith(".")
    assert "Not computed" not in said.en
    assert not re.search("frm=|cohort=|real=|control_group", said.en)


def test_an_unknown_message_is_quoted() -> None:
    said = reason(ValueError("the moon is full"))
    assert said == Text(
        en="Not computed: the moon is full.", zh="未计算；程序给出的原文为：“the moon is full”。"
    )


def test_numbers_of_five_digits_are_grouped_and_years_are_not() -> None:
    assert reason("12345 of 99999 household-waves have no poverty line; complete it").en.startswith(
        "12,345 of 99,999"
    )
    assert (
        reason("no price index for 2013, 2014; it is given for 2015").zh == "价格指数缺少2013、2014年的数值。"
    )


def test_an_introduction_is_joined_in_both_languages() -> None:
    said = because(
        Text(en="No model", zh="没有模型"), "the return model did not converge in 50 steps; use fewer"
    )
    assert said == Text(
        en="No model: the model did not converge in 50 steps.", zh="没有模型：模型迭代50次后仍未收敛。"
    )
