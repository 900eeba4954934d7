"""Parameters of notebooks: nothing unknown, nothing converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import ReportError
from evalkit.report.params import check, declared


def notebook(folder: Path, source: str, tags: list[str] | None = None) -> Path:
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"] if tags is None else tags},
        "source": [source],
    }
    path = folder / "some.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return notebook(tmp_path, 'county: str = ""\nyears: int = 3\nshare: float = 0.5\nfull: bool = False')


def test_declared_parameters_have_name_type_and_default(path: Path) -> None:
    assert [(p.name, p.type, p.default) for p in declared(path)] == [
        ("county", "str", ""),
        ("years", "int", 3),
        ("share", "float", 0.5),
        ("full", "bool", False),
    ]


def test_codes_stay_text(path: Path) -> None:
    assert check(path, {"county": "010203"}) == {"county": "010203"}
    with pytest.raises(ReportError, match="leading zeros"):
        check(path, {"county": 10203})


def test_a_misspelt_name_is_an_error_with_a_suggestion(path: Path) -> None:
    with pytest.raises(ReportError, match="no parameter 'coutny'; did you mean 'county'"):
        check(path, {"coutny": "B"})


@pytest.mark.parametrize(
    "given",
    [{"years": "3"}, {"years": True}, {"years": 3.0}, {"full": 1}, {"share": "0.5"}, {"county": None}],
)
def test_a_value_of_another_type_is_an_error(path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="must be"):
        check(path, given)


def test_whole_numbers_are_fine_where_a_float_is_wanted(path: Path) -> None:
    assert check(path, {"share": 1}) == {"share": 1}


@pytest.mark.parametrize(
    ("source", "tags", "message"),
    [
        ("county = ''", None, "each line must read"),
        ("county: list = []", None, "each line must read"),
        ("county: str = ''", [], "0 cells tagged"),
    ],
)
def test_a_notebook_that_declares_nothing_usable_is_an_error(
    tmp_path: Path, source: str, tags: list[str] | None, message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        declared(notebook(tmp_path, source, tags))


def test_a_file_that_is_no_notebook_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text("not json", encoding="utf-8")
    with pytest.raises(ReportError, match="cannot be read as a notebook"):
        declared(path)


def test_the_report_notebook_takes_county_plan_and_language(root: Path) -> None:
    names = [p.name for p in declared(root / "notebooks" / "county_report.ipynb")]
    assert names == ["county", "plan", "language"]
