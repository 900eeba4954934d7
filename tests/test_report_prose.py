"""No sentence says more than its interval."""

from __future__ import annotations

import pytest

from evalkit.errors import ReportError
from evalkit.report import display, prose
from evalkit.report.document import Prose
from evalkit.report.prose import Measure
from evalkit.text import Text

WHAT = Text(en="the headcount rate", zh="贫困发生率")


def said(value: float | None, low: float | None, high: float | None, *, counted: bool = False) -> Text:
    return prose.change(WHAT, Measure(value, low, high, counted), "points", frm=2014, to=2020).text


def test_a_fall_is_said_only_when_the_interval_excludes_zero() -> None:
    text = said(-0.10, -0.12, -0.08)
    assert text.en == "The headcount rate fell from 2014 to 2020 by 10.0 percentage points (8.0–12.0)."
    assert text.zh == "2014年至2020年，贫困发生率下降10.0个百分点（8.0–12.0）。"


def test_a_rise_is_said_only_when_the_interval_excludes_zero() -> None:
    text = said(0.10, 0.08, 0.12)
    assert "rose from 2014 to 2020 by 10.0 percentage points (8.0–12.0)" in text.en
    assert "上升10.0个百分点" in text.zh


@pytest.mark.parametrize("limits", [(-0.01, 0.21), (0.0, 0.2), (-0.2, 0.0)])
def test_an_interval_that_holds_zero_shows_no_change(limits: tuple[float, float]) -> None:
    text = said(sum(limits) / 2, *limits)
    assert "No change of the headcount rate from 2014 to 2020 can be shown" in text.en
    assert not {"rose", "fell"} & set(text.en.split())
    assert "不能表明" in text.zh
    assert "上升" not in text.zh
    assert "下降" not in text.zh


def test_a_large_change_without_an_interval_shows_nothing() -> None:
    text = said(-0.5, None, None)
    assert "there is no interval, so nothing is shown" in text.en
    assert "fell" not in text.en
    assert "不能据此作出判断" in text.zh


def test_nan_limits_are_no_interval() -> None:
    assert prose.reading(Measure(0.1, float("nan"), float("nan"))) == "unknown"
    assert prose.reading(Measure(float("nan"), 0.1, 0.2)) == "unknown"


def test_a_full_count_needs_no_interval() -> None:
    assert "fell" in said(-0.02, None, None, counted=True).en
    assert "was the same" in said(0.0, None, None, counted=True).en


@pytest.mark.parametrize(
    ("p", "shown"), [(0.01, True), (0.049, True), (0.05, False), (0.4, False), (None, False)]
)
def test_the_benchmark_is_beaten_only_at_the_level_of_the_test(p: float | None, shown: bool) -> None:
    text = prose.benchmark(
        Measure(0.1, 0.0, 0.2), p, alpha=0.05, cohort=Text("the cohort", "群体"), area=Text("Yunnan", "云南")
    ).text
    assert ("is shown for" in text.en) is shown
    assert ("检验表明增速高于" in text.zh) is shown


def test_a_benchmark_that_is_missed_is_not_shown_whatever_the_p_value() -> None:
    text = prose.benchmark(
        Measure(-0.1, -0.2, 0.0), 0.01, alpha=0.05, cohort=Text("a", "甲"), area=Text("b", "乙")
    ).text
    assert "is not shown" in text.en


PROGRAM = Text(en="relocation", zh="易地搬迁")


def test_an_effect_is_claimed_only_on_a_named_ground() -> None:
    at = Measure(0.06, 0.02, 0.10)
    clear = prose.effect(PROGRAM, at, percent=None, given=prose.PARALLEL).text
    assert "a positive effect is shown, provided that" in clear.en
    unsure = prose.effect(PROGRAM, Measure(0.01, -0.02, 0.04), percent=None, given=prose.RANDOM).text
    assert "no effect can be shown" in unsure.en


@pytest.mark.parametrize(
    ("limits", "en", "zh"),
    [
        ((0.02, 0.10), "supported and comparison households differ by 0.060", "受帮扶户与对照户的变化相差0.060"),
        ((-0.02, 0.14), "are not shown to differ in how they changed", "不能表明受帮扶户与对照户的变化存在差异"),
        ((None, None), "the estimated difference between supported and", "受帮扶户与对照户的变化差异的估计值"),
    ],
)  # fmt: skip
def test_without_a_ground_a_difference_is_said_and_no_effect(
    limits: tuple[float | None, float | None], en: str, zh: str
) -> None:
    why = Prose(Text(en="Nobody was seen before.", zh="没有帮扶前的数据。"))
    block = prose.effect(
        PROGRAM, Measure(0.06, *limits), percent=Measure(0.062, *limits), given=None, why=why
    )
    assert en in block.text.en
    assert "it cannot be shown that this is the program's effect. Nobody was seen before." in block.text.en
    assert "effect is shown" not in block.text.en
    assert "no effect" not in block.text.en
    assert zh in block.text.zh
    assert block.text.zh.endswith("现有数据不能表明这是该措施的效果。没有帮扶前的数据。")
    assert "正效果" not in block.text.zh


def test_a_sentence_keeps_every_number_it_prints() -> None:
    block = prose.change(WHAT, Measure(-0.1, -0.12, -0.08), "points", frm=2014, to=2020)
    assert [n.name for n in block.numbers] == ["frm", "to", "change"]
    assert all(n.shown.en in block.text.en and n.shown.zh in block.text.zh for n in block.numbers)


def test_a_place_without_a_number_and_a_number_without_a_place_are_errors() -> None:
    with pytest.raises(ReportError, match="nothing to put there"):
        prose.say(Text(en="{a}", zh="{a}"))
    with pytest.raises(ReportError, match="has no place for b"):
        prose.say(Text(en="x", zh="x"), [prose.plain_number("b", 1, "count")])


def test_names_from_data_with_braces_are_left_alone() -> None:
    block = prose.say(Text(en="{name}", zh="{name}"), names={"name": "{0} {x}"})
    assert block.text.zh == "{0} {x}"


@pytest.mark.parametrize(
    ("value", "form", "en", "zh"),
    [
        (0.1234, "share", "12.3\u202f%", "12.3%"),
        (1234.5678, "money", "1,235", "1,235"),
        (-0.0004, "share", "0.0\u202f%", "0.0%"),
        (float("nan"), "share", "—", "—"),
        (0.00001, "p", "<0.001", "<0.001"),
        (2014, "code", "2014", "2014"),
        (-1, "code", "−1", "−1"),
    ],
)
def test_numbers_are_printed_alike_everywhere(value: float, form: display.Format, en: str, zh: str) -> None:
    assert display.number(value, form, "en") == en
    assert display.number(value, form, "zh") == zh
