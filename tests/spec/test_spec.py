"""Each worked case gives its answer, and docs/spec.md shows exactly these cases."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import evalkit as ek

from .every import CASES, Case
from .render import PAGE, cells, page


def as_frame(rows: str) -> pd.DataFrame:
    """Return the literal table; columns of numbers become numeric, empty cells missing."""
    head, *body = cells(rows)
    frame = pd.DataFrame(body, columns=head)
    for column in frame:
        if frame[column].str.fullmatch(r"[\d.]*").all():
            frame[column] = pd.to_numeric(frame[column].mask(frame[column] == ""))
    return frame


def arithmetic(texts: tuple[str, ...]) -> list[float]:
    """Return the values of sums written as in the case."""
    return [float(eval(t, {"log": math.log, "sqrt": math.sqrt})) for t in texts]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_case(case: Case) -> None:
    panel = eval(case.panel, {"ek": ek, "rows": as_frame(case.rows)})
    found = eval(case.call, {"ek": ek, "panel": panel})
    assert isinstance(found, ek.Estimate)
    assert found.values.tolist() == pytest.approx(arithmetic(case.answer), rel=1e-12)
    if case.std_error:
        assert found.std_error.tolist() == pytest.approx(arithmetic(case.std_error), rel=1e-12)


def test_the_page_shows_the_cases() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.spec.render"
