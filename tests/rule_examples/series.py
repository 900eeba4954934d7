"""Examples of the rules on county series, and where the rules on division codes are tested."""

from __future__ import annotations

from evalkit.rules.series import SERIES

from .frame import Elsewhere, Example


def _years(column: str, cells: str, hits: str = "", first: int = 2012, quiet: bool = False) -> str:
    """Draw one county's series from 2012 on; ``-`` is an empty cell, ``hits`` are the years marked."""
    marked = hits.split()
    rows = [f"| wave | {column} |" + ("" if quiet else " hit |")]
    for year, cell in enumerate(cells.split(), first):
        value = "" if cell == "-" else cell
        rows.append(f"| {year} | {value} |" + ("" if quiet else f" {'x' if str(year) in marked else ''} |"))
    return "\n".join(rows)


_NAMES = [name for name, _ in SERIES]
_JUMP = ("5000 5400 5850 6300 11900 7350 7950", "2016")
_SLIP = ("5000 5400 0.585 6300 6800 73500 79500", "2014 2017 2018")
_STEADY = "5000 5410 5830 6310 6800 7350 7940"

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    *(Example(f"Y1{i}", _years(n, *_JUMP), quiet=_years(n, _STEADY, quiet=True)) for i, n in enumerate(_NAMES[:7])),
    *(Example(f"Y2{i}", _years(n, *_SLIP), quiet=_years(n, _JUMP[0], quiet=True)) for i, n in enumerate(_NAMES[:7])),
    *(Example(f"Y3{i}", _years(n, "5000 5000 - 5000 6000 0 0", "2013 2015")) for i, n in enumerate(_NAMES[:5])),
    *(Example(f"Y4{i}", _years(n, "5000 0 -3 - 6000", "2013 2014")) for i, n in enumerate(_NAMES[:7])),
    *(Example(f"Y5{i}", _years(n, "- 5000 - - 6000 -", "2014 2015")) for i, n in enumerate(_NAMES)),
    # a level that stays is no jump; a jump that comes back marks one year; a real one marks its year
    Example("Y12", _years("gdp", "100 108 117 165 178 192 207", "2015")),
    Example(
        "Y10",
        """
        | wave | rural_income | income_concept | hit |
        | 2010 | 3000         | 纯收入         |     |
        | 2011 | 3300         | 纯收入         |     |
        | 2012 | 3630         | 纯收入         |     |
        | 2013 | 5600         | 可支配收入     |     |
        | 2014 | 6160         | 可支配收入     |     |
        | 2015 | 9900         | 可支配收入     | x   |
        | 2016 | 10900        | 可支配收入     |     |
        """,
    ),
    Example("Y60", _years("headcount_stated", "101 -0.1 100 0 -", "2012 2013")),
    Example(
        "Y61",
        """
        | wave | poor_persons | rural_population | hit |
        | 2014 | 501          | 500              | x   |
        | 2015 | -1           | 500              | x   |
        | 2016 | 500          | 500              |     |
        | 2017 | 9            |                  |     |
        """,
    ),
    # 1234 / 40000 = 3.085 %: written with one, two and no digits
    Example(
        "Y62",
        """
        | wave | headcount_stated | poor_persons | rural_population | hit |
        | 2014 | 3.1              | 1234         | 40000            |     |
        | 2015 | 3.09             | 1234         | 40000            |     |
        | 2016 | 3                | 1234         | 40000            |     |
        | 2017 | 3.3              | 1234         | 40000            | x   |
        | 2018 | 2.95             | 1234         | 40000            | x   |
        | 2019 | 2.95             | 1234         | 0                |     |
        """,
    ),
    # 1000 + 50 + 10 − 300 = 760; then 760 + 0 + 5 − 200 = 565
    Example(
        "Y63",
        """
        | wave | poor_persons | identified_in_year | returned_in_year | exited_in_year | hit |
        | 2014 | 1000         | 90                 | 0                | 0              |     |
        | 2015 | 760          | 50                 | 10               | 300            |     |
        | 2016 | 600          | 0                  | 5                | 200            | x   |
        | 2018 | 100          | 0                  | 0                | 100            |     |
        """,
    ),
    Example(
        "Y64",
        """
        | wave | poor_persons | identified_in_year | returned_in_year | exited_in_year | hit |
        | 2014 | 1000         |                    |                  | 5000           |     |
        | 2015 | 100          | 50                 | 0                | 1050           |     |
        | 2016 | 100          |                    | 0                | 101            |     |
        | 2017 | 100          | 0                  |                  | 101            |     |
        | 2018 | 0            | 0                  | 0                | 101            | x   |
        """,
    ),
    Example("Y65", "| wave | hit |\n| 2014 |  |\n| 2015 |  |\n| 2018 | x |\n| 2019 |  |"),
    Example(
        "Y66",
        "| wave | rural_population | population | hit |\n| 2014 | 501 | 500 | x |\n| 2015 | 500 | 500 |  |\n| 2016 | 9 |  |  |",
    ),
    Example(
        "Y67",
        """
        | wave | income_concept | hit |
        | 2012 | 纯收入         |     |
        | 2013 | 纯收入         |     |
        | 2014 | 可支配收入     | x   |
        | 2015 |                |     |
        """,
    ),
    Example(
        "Y68",
        """
        | wave | rural_income | rural_net_income | hit |
        | 2012 |              | 4000             |     |
        | 2013 |              | 4400             |     |
        | 2014 | 5200         |                  | x   |
        | 2015 | 5700         |                  |     |
        """,
        quiet="""
        | wave | rural_income | rural_net_income |
        | 2013 | 4600         | 4400             |
        | 2014 | 5200         |                  |
        """,
    ),
    Example(
        "Y69",
        """
        | wave | rural_income | income_concept | hit |
        | 2010 | 3000         | 纯收入         |     |
        | 2011 | 3300         |                | x   |
        | 2012 | 3700         | 可支配收入     | x   |
        | 2013 | 4300         | 可支配收入     |     |
        """,
    ),
    Example(
        "Y69",
        """
        | wave | rural_income | hit |
        | 2010 | 3000         | x   |
        | 2011 | 3300         |     |
        | 2012 | 3700         |     |
        """,
        plan={"county_series": {"concepts": {"rural_income": {2011: "disposable"}}}},
    ),
    Elsewhere("A01", "test_divisions_cleaning.py::test_rows_under_a_retired_code_get_its_successor_and_keep_the_code_of_the_file"),
    Elsewhere("A10", "test_divisions_cleaning.py::test_village_codes_follow_a_county_that_is_the_same_under_another_code"),
    Elsewhere("A02", "test_divisions_cleaning.py::test_a_divided_county_is_an_open_case_until_the_plan_decides"),
    Elsewhere("A03", "test_divisions_cleaning.py::test_a_divided_county_is_an_open_case_until_the_plan_decides"),
    *(Elsewhere(f"A0{i}", "test_divisions_cleaning.py::test_codes_that_stand_for_no_county") for i in (4, 5, 6)),
    Elsewhere("A07", "test_divisions_cleaning.py::test_names_are_compared_with_all_names_of_the_code"),
    Elsewhere("A08", "test_divisions_cleaning.py::test_areas_of_id_numbers_are_legal_when_they_ever_existed"),
    Elsewhere("A09", "test_divisions_cleaning.py::test_codes_used_in_years_in_which_they_are_not_in_force_are_noted_once"),
)  # fmt: skip
