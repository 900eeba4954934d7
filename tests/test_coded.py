"""Columns of text by their distinct words: what is spread over rows is what each cell would have given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evalkit.cleaning.cells import tidy
from evalkit.cleaning.coded import Coded, firsts, grouped, ordered, repeated, whole_ranks
from evalkit.cleaning.following import Following
from evalkit.cleaning.households import far_from_group
from evalkit.rules.amounts import alike

CELLS = ["12", None, "合计", "12", "1,5", "7.0"]


def column(*cells: str | None) -> Coded:
    return Coded.of(pd.Series(list(cells), dtype="str"))


@pytest.fixture(params=["as read", "by its words"])
def mixed(request: pytest.FixtureRequest) -> Coded:
    """A column before and after its words were looked for: both must answer alike."""
    one = column(*CELLS)
    if request.param == "by its words":
        assert one.texts == ["12", "合计", "1,5", "7.0"]
    return one


def test_cells_come_back_as_they_were(mixed: Coded) -> None:
    rows = np.array([5, 1, 0])
    assert mixed.at(rows).to_pylist() == ["7.0", None, "12"]
    assert mixed.objects(rows)[[0, 2]].tolist() == ["7.0", "12"]
    assert np.isnan(mixed.objects(rows)[1])
    assert mixed.missing.tolist() == [False, True, False, False, False, False]
    assert len(mixed) == 6


def test_words_beyond_ascii_are_searched(mixed: Coded) -> None:
    assert mixed.having("计|户") == ["合计"]
    assert mixed.having("户") == []
    assert column("12", "计").having("计") == ["计"]


def test_numbers_need_only_the_rows_asked_for(mixed: Coded) -> None:
    assert mixed.amounts is None
    rows = np.array([True, True, False, True, False, True])
    np.testing.assert_array_equal(mixed.numbers(rows), [12, np.nan, np.nan, 12, np.nan, 7])


def test_a_word_in_doubt_is_asked_once() -> None:
    asked: list[str] = []

    def is_two(word: str) -> bool:
        asked.append(word)
        return word == "b+"

    cells = column("a", "b+", "b+", None, "c+")
    assert cells.told(is_two, lambda words: pc.match_substring(words, "+")).tolist() == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert asked == ["b+", "c+"]


def test_tidying_keeps_to_the_rows_and_the_order_of_steps() -> None:
    cells = column("1,200元", "1,200元", "3", None)
    done = tidy(cells, "money", rows=np.array([False, True, True, True]))
    assert done is not None
    assert (done.rows.tolist(), done.cells.tolist()) == ([1], ["1200"])
    assert list(zip(done.at, done.rule, done.old, done.new, strict=True)) == [
        (1, "T02", "1,200元", "1200元"),
        (1, "T03", "1200元", "1200"),
    ]
    assert tidy(cells, "money", rows=np.array([False, False, True, True])) is None


@pytest.mark.parametrize("odd", ["1e999", "nan", "inf", ".", "1.2.3", "+5", "-", "１", ""])
def test_numbers_that_need_a_look_get_it(odd: str) -> None:
    """Whatever the shortcut for plain digits says, a cell alone and among plain ones is treated alike."""
    alone, among = tidy(column(odd), "number"), tidy(column("12", odd, "3.5"), "number")
    assert (alone is None) == (among is None)
    if alone is not None and among is not None:
        assert (alone.rule.tolist(), alone.new.tolist()) == (among.rule.tolist(), among.new.tolist())
        assert among.at.tolist() == [1] * len(among.rule)


def test_missing_cells_are_alike_or_no_key() -> None:
    pair = [column("a", None, "a", None, "b"), column("x", "x", "x", "x", None)]
    assert grouped(pair).tolist() == [0, 1, 0, 1, 2]
    code = grouped(pair, blank=False)
    assert code.tolist() == [0, -1, 0, -1, -1]
    assert repeated(code).tolist() == [True, False, True, False, False]
    assert firsts(grouped(pair)).tolist() == [0, 1, 4]


def test_sorting_by_ranks_is_stable_sorting_by_text() -> None:
    rng = np.random.default_rng(3)
    ids = rng.choice(["10", "9", "a", "乙", "甲", None], 500)
    waves = rng.choice([2014.0, 2016.0, 2020.0, np.nan], 500)
    frame = pd.DataFrame({"id": pd.Series(ids, dtype="str"), "wave": waves})
    expected = frame.sort_values(["id", "wave"], kind="stable").index.to_numpy()
    found = ordered([Coded.of(frame["id"]).ranks(), whole_ranks(waves)])
    np.testing.assert_array_equal(found, expected)
    wide = ordered(
        [Coded.of(frame["id"]).ranks() + (1 << 61), whole_ranks(waves)]
    )  # too many to join in one number
    np.testing.assert_array_equal(wide, expected)


def test_outliers_are_those_of_pandas() -> None:
    rng = np.random.default_rng(5)
    values = rng.standard_t(2, 3000)
    values[rng.random(3000) < 0.05] = np.nan
    group = rng.integers(0, 40, 3000)
    by = pd.Series(values).groupby(group)
    width = pd.Series(group).map(by.quantile(0.75) - by.quantile(0.25)).to_numpy()
    expected = np.abs(values - by.transform("median").to_numpy()) > 3 * width
    assert expected.sum() > 20
    np.testing.assert_array_equal(far_from_group(values, group, 3.0), expected)


@pytest.mark.parametrize("least", [2, 3])
def test_copies_are_those_of_a_table_of_counts(least: int) -> None:
    rng = np.random.default_rng(7)
    group = rng.integers(-1, 3, 400)
    columns = [rng.choice([0.0, 1.0, 2.0, np.nan], 400) for _ in range(3)]
    frame = pd.DataFrame({"group": group, **dict(zip("abc", columns, strict=True))})
    use = frame[frame["group"] >= 0].dropna()
    size = use.groupby(["group", "a", "b", "c"])["a"].transform("size")
    expected = np.zeros(400, dtype=bool)
    expected[size.index[size >= least]] = True
    assert 0 < expected.sum() < len(use)
    np.testing.assert_array_equal(alike(group, columns, least), expected)
    negative = [np.where(c == 0, rng.choice([0.0, -0.0], 400), c) for c in columns]
    np.testing.assert_array_equal(alike(group, negative, least), expected)  # −0 is 0
    assert not alike(group, [np.arange(400.0)], least).any()


def test_digits_are_told_from_the_bytes_of_a_slice_too() -> None:
    cells = pa.array(["1", "2,5", None, "3.5", "", "..", "7.", "１", "0012"], pa.large_string())
    expected = [True, False, False, True, False, False, True, False, True]
    for start in range(len(cells)):
        assert Coded(cells.slice(start)).digits.tolist() == expected[start:]
    assert Coded(cells.slice(0, 0)).digits.tolist() == []


@pytest.mark.parametrize("back", [1, 2, 3])
def test_rows_before_and_after_are_those_of_pandas(back: int) -> None:
    rng = np.random.default_rng(11)
    pairs = rng.permutation([(u, w) for u in range(-1, 20) for w in range(2014, 2021)])
    pairs = pairs[rng.random(len(pairs)) < 0.7]
    unit, waves = pairs[:, 0], np.where(rng.random(len(pairs)) < 0.1, np.nan, pairs[:, 1])
    values = rng.normal(size=len(pairs))
    use = pd.DataFrame({"unit": unit, "wave": waves, "value": values})[(unit >= 0) & ~np.isnan(waves)]
    by = use.sort_values("wave").groupby("unit")["value"]
    follow = Following(unit, waves)
    for found, moved in ((follow.earlier, back), (follow.later, -back)):
        np.testing.assert_array_equal(found(values, back), by.shift(moved).reindex(range(len(pairs))))
    marks = values > 1
    before = use.assign(mark=marks[use.index]).sort_values("wave")
    ever = before.groupby("unit")["mark"].transform(lambda m: m.shift(fill_value=False).cummax())
    expected = ever.reindex(range(len(pairs)), fill_value=False).to_numpy(dtype=bool)
    np.testing.assert_array_equal(follow.ever(marks), expected)
