"""Resident id numbers: the two examples of GB 11643-1999 and hand-made faults."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit import idnumber

CASES = [
    # number, valid, sex, birth
    ("99010619491231002X", True, "女", "1949-12-31"),  # unassigned area
    ("990219188001010014", True, "男", "1880-01-01"),  # unassigned area
    ("99010619491231002x", True, "女", "1949-12-31"),  # lower-case x
    ("990106491231002", True, "女", "1949-12-31"),  # 15 digits: no check digit, 19xx
    ("99010619491231002X43", True, "女", "1949-12-31"),  # disability card, type and level
    ("99010619491231002X4312", True, "女", "1949-12-31"),  # reissued twice
    ("990106194912310021", False, "女", "1949-12-31"),  # wrong check digit
    ("99010619491231002X4", False, None, None),  # 19 characters
    ("１１０１０５１９４９１２３１００２X", False, None, None),  # full width is not a number yet
    ("", False, None, None),
    (None, False, None, None),
]


@pytest.fixture(scope="module")
def ids() -> pd.Series:
    return pd.Series([case[0] for case in CASES], dtype="str", index=range(100, 100 + len(CASES)))


def test_validity(ids):
    assert idnumber.is_valid(ids).tolist() == [case[1] for case in CASES]


def test_sex(ids):
    assert [None if pd.isna(sex) else sex for sex in idnumber.sex_of(ids)] == [case[2] for case in CASES]


def test_birth(ids):
    found = [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in idnumber.birth_of(ids)]
    assert found == [case[3] for case in CASES]


def test_impossible_date_is_invalid_though_the_check_digit_is_right():
    head = pd.Series(["99010619490229002", "99010620000229002"])  # 1949 has no 29 February, 2000 has
    assert idnumber.is_valid(head + idnumber.check_digit(head)).tolist() == [False, True]


def test_index_is_kept_and_empty_input_is_empty(ids):
    for function in (idnumber.is_valid, idnumber.sex_of, idnumber.birth_of, idnumber.check_digit):
        assert function(ids).index.equals(ids.index)
        assert len(function(ids.iloc[:0])) == 0


def test_every_single_digit_error_is_found():
    good = "99010619491231002X"
    wrong = [good[:k] + d + good[k + 1 :] for k in range(17) for d in "0123456789" if d != good[k]]
    assert not idnumber.is_valid(pd.Series(wrong)).any()
