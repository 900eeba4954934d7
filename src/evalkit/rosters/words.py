"""What the words of a roster mean: labour, health, schooling, relation to the head, changes of membership.

A blank cell says "no" (children have no labour capacity, adults no school); a word that is not known says nothing,
and what is counted from it is missing, not zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import schema

Floats = npt.NDArray[np.float64]

LABOUR: dict[str, str] = {
    "普通劳动力": "full",
    "技能劳动力": "full",
    "弱劳动力或半劳动力": "half",
    "弱劳动力": "half",
    "半劳动力": "half",
    "弱劳动力、半劳动力": "half",
    "丧失劳动力": "none",
    "无劳动力": "none",
    "无劳动能力": "none",
}
"""Labour capacity: ``full`` counts as a labourer, ``half`` is counted apart."""
WELL: frozenset[str] = frozenset({"健康", "良好", "健康或良好", "无"})
"""Words of health that name neither illness nor disability; every other known word holds 病 or 残."""
NO_PUPIL: frozenset[str] = frozenset(
    {"非在校生", "非在校", "不在校", "学龄前儿童", "学前教育", "幼儿园", "学前", "辍学", "失学", "已毕业", "毕业"}
) | schema.NO  # fmt: skip
"""Words of schooling of somebody who is not at school (preschool is not school)."""
_STAGES = (
    "小学",
    "初中",
    "高中",
    "中职",
    "中专",
    "技校",
    "技工",
    "职高",
    "高职",
    "大专",
    "本科",
    "研究生",
    "硕士",
    "博士",
)
_OTHER_PUPIL = frozenset({"在校", "在校生", "高等教育", "义务教育", "特殊教育", "大学"}) | schema.YES
SCHOOL_YEARS: dict[str, float] = {
    "文盲或半文盲": 0.0,
    "文盲": 0.0,
    "小学": 6.0,
    "初中": 9.0,
    "高中": 12.0,
    "中专": 12.0,
    "中职": 12.0,
    "大专": 15.0,
    "本科": 16.0,
    "本科及以上": 16.0,
}
"""Years of schooling by level of education (length of the school types; a preschool child has none stated)."""
HEADS: frozenset[str] = frozenset({"户主", "本人", "本人或户主", "户主本人"})
"""Relation to the head of the head."""
_LEFT = {"死亡": "died", "去世": "died", "病故": "died", "身故": "died", "婚出": "married_out", "嫁出": "married_out", "出嫁": "married_out",
         "迁出": "moved_out", "转出": "moved_out", "销户": "left", "失踪": "left", "参军": "left", "服兵役": "left", "服刑": "left",
         "出国": "left", "自然减少": "left", "减少": "left"}  # fmt: skip
_JOINED = {"出生": "born", "新生": "born", "婚入": "married_in", "嫁入": "married_in", "娶入": "married_in", "迁入": "moved_in", "转入": "moved_in",
           "收养": "joined", "刑满": "joined", "退役": "joined", "补录": "joined", "自然增加": "joined", "新增": "joined", "增加": "joined"}  # fmt: skip
_EITHER = {
    "分户": "split_off",
    "拆户": "split_off",
    "分家": "split_off",
    "并户": "merged_in",
    "合户": "merged_in",
    "婚嫁": "married",
}
LEAVING: frozenset[str] = frozenset(_LEFT.values())
"""Reasons that say a person is no longer in the household; ``left``: without a finer reason."""
TOLD_LEAVING: frozenset[str] = LEAVING | frozenset(_EITHER.values())
"""Reasons that may explain why somebody left."""
TOLD_JOINING: frozenset[str] = frozenset(_JOINED.values()) | frozenset(_EITHER.values())
"""Reasons that may explain why somebody joined; 分户 stands on either side of a split."""


def change_of(word: str) -> str:
    """Return the reason behind a word of change, empty when it is not known.

    Known words are found inside longer ones; those that do not say whether somebody left or joined come first.

    >>> change_of("死亡"), change_of("分户"), change_of("新生儿"), change_of("正常")
    ('died', 'split_off', 'born', '')
    """
    for words in (_EITHER, _LEFT, _JOINED):
        for part, reason in words.items():
            if part in word:
                return reason
    return ""


def is_labourer(word: str) -> float:
    """Return 1 for a full labourer, 0 for others, NaN for an unknown word."""
    known = LABOUR.get(word)
    return np.nan if known is None else float(known == "full")


def is_half_labourer(word: str) -> float:
    """Return 1 for weak or half labour, 0 for others, NaN for an unknown word."""
    known = LABOUR.get(word)
    return np.nan if known is None else float(known == "half")


def is_pupil(word: str) -> float:
    """Return 1 for somebody at school (小学 and above), 0 for others, NaN for an unknown word.

    >>> is_pupil("普通高中二年级"), is_pupil("非在校生"), is_pupil("其他")
    (1.0, 0.0, nan)
    """
    text = word.casefold()
    if text in NO_PUPIL:
        return 0.0
    if text in _OTHER_PUPIL or any(s in text for s in _STAGES):
        return 1.0
    return np.nan


def is_unwell(word: str) -> float:
    """Return 1 for an illness or a disability, 0 for the healthy, NaN for an unknown word.

    >>> is_unwell("长期慢性病,残疾"), is_unwell("健康"), is_unwell("一般")
    (1.0, 0.0, nan)
    """
    if word in WELL:
        return 0.0
    return 1.0 if "病" in word or "残" in word else np.nan


def is_disabled(word: str) -> float:
    """Return 1 for a disability, 0 for others, NaN for an unknown word."""
    told = is_unwell(word)
    return float("残" in word) if told == 1.0 else told


def is_head(word: str) -> float:
    """Return 1 for the head, else 0."""
    return float(word in HEADS)


def by_word(cells: pd.Series, judge: Callable[[str], float], blank: float = 0.0) -> Floats:
    """Judge a column of words, each distinct word once.

    Parameters
    ----------
    cells : Series of str, shape (n,)
    judge : callable
    blank : float
        What a missing cell gives.

    Returns
    -------
    ndarray, shape (n,)
    """
    codes, words = pd.factorize(cells)
    table = np.array([*(judge(str(w).strip()) for w in words), blank], dtype=np.float64)
    return table[codes]


def reasons_of(cells: pd.Series) -> pd.Series:
    """Return the reason behind each word of change (`change_of`); empty where blank or unknown."""
    codes, words = pd.factorize(cells)
    table = np.array([*(change_of(str(w)) for w in words), ""], dtype=object)
    return pd.Series(table[codes], index=cells.index, dtype="str")
