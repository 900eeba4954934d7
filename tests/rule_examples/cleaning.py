"""Examples of the rules that the code of cleaning applies itself."""

from __future__ import annotations

from .frame import Elsewhere, Example

DECISIONS = "test_decisions.py"
DIVISIONS = "test_divisions_cleaning.py"

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("R01", """
        | county | household | wave | size | income_pc | hit |
        | 990101 | 1         | 2016 | 4    | 3000      |     |
        |        |           |      |      |           | x   |
        | 990101 |           | 2016 | 4    | 3000      |     |
        """),
    Example("R02", """
        | county | household | wave | size | income_pc | hit |
        | 990101 | 1         | 2016 | 4    | 3000      |     |
        | 合 计  |           |      | 4    | 3000      | x   |
        """),
    Example("R03", """
        | county           | household | wave | size | income_pc | hit |
        | 990101           | 1         | 2016 | 4    | 3000      |     |
        | 填表人：某甲     |           |      |      |           | x   |
        """),
    Elsewhere("R04", "test_cleaning.py::test_codes_of_waves_and_waves_without_observation"),
    Example("T01", """
        | size | hit |
        | ４   | x   |
        | '4   | x   |
        | 4    |     |
        """),
    Example("T02", """
        | income_pc | hit |
        | 3,000     | x   |
        | 3000      |     |
        | 3,00      |     |
        """),
    Example("T03", """
        | income_pc | hit |
        | 3000元    | x   |
        | 0.3万元   | x   |
        | 3000      |     |
        """),
    Example("T04", """
        | wave       | hit |
        | 2016年     | x   |
        | 2016-12-31 | x   |
        | 2016       |     |
        """),
    Example("T05", """
        | household | hit |
        | 12.0      | x   |
        | 12        |     |
        """),
    Example("T06", """
        | income_pc | hit |
        | 不详      | x   |
        | --        | x   |
        | -3        |     |
        |           |     |
        """),
    Example("T07", """
        | income_pc | hit |
        | 约三千    | x   |
        | 3000      |     |
        | 不详      |     |
        """),
    Example("T08", """
        | 人均纯收入(万元) |
        | 0.3              |
        """, quiet="""
        | 人均纯收入(元) |
        | 3000           |
        """),
    Elsewhere("T09", "test_rules.py::test_codes_of_waves_are_replaced_when_the_plan_has_labels"),
    Elsewhere("T10", "test_foreign_panels.py::test_a_decimal_comma_is_read_when_stated"),
    Elsewhere("T11", "test_ingest_formats.py::test_values_that_a_file_declares_missing_are_in_the_ledger"),
    Example("K01", """
        | household | wave | hit |
        |           | 2016 | x   |
        | 1         |      | x   |
        | 1         | 2016 |     |
        """),
    Example("K02", """
        | wave | hit |
        | 2013 | x   |
        | 2016 |     |
        """, plan={"waves": (2016,)}),
    Example("K03", """
        | county | hit |
        |        | x   |
        | 990101 |     |
        """),
    Example("K04", """
        | household | hit |
        | 1         |     |
        | 9         | x   |
        """, table="program", bare=("county",), beside={"household": """
        | household | county |
        | 1         | 990101 |
        """}),
    Example("K05", """
        | household | hit |
        | 5.2E+17   | x   |
        | 52E17     |     |
        | 5217      |     |
        """),
    Example("K06", """
        | county | village |
        | 990101 | 0101    |
        """, quiet="""
        | county | village      |
        | 990101 | 990101100200 |
        """),
    Example("K07", """
        | size | hit |
        | 0    | x   |
        |      | x   |
        | -1   | x   |
        | 1    |     |
        """),
    Example("K08", """
        | household | wave | county | hit |
        | 1         | 2015 | 990101 |     |
        | 1         | 2016 | 990102 | x   |
        | 2         | 2015 | 990101 |     |
        | 2         | 2016 | 990101 |     |
        """),
    Elsewhere("K09", "test_queries.py::test_persons_in_two_counties"),
    Example("D01", """
        | household | income_pc | hit |
        | 1         | 3000      |     |
        | 1         | 3000      | x   |
        | 2         | 3000      |     |
        """),
    Example("D02", """
        | household | income_pc | hit |
        | 1         | 3000      | x   |
        | 1         | 4000      | x   |
        | 2         | 3000      |     |
        """),
    Example("D03", """
        | household | income_pc | hit |
        | 1         | 3000      | x   |
        | 1         | 4000      |     |
        | 2         | 3000      |     |
        """, plan={"clean": {"duplicates": "latest"}}),
    Example("I01", """
        | income_pc | hit |
        |           | x   |
        | 0         |     |
        """),
    Example("I02", """
        | income_pc | hit |
        | -1        | x   |
        | 0         |     |
        |           |     |
        """),
    Example("I03", """
        | income_pc | hit |
        | 50001     | x   |
        | 50000     |     |
        """, plan={"clean": {"welfare_max": 50000}}),
    Example("I04", """
        | income_pc | hit |
        | 2900      |     |
        | 3000      |     |
        | 3100      |     |
        | 3200      |     |
        | 9000      | x   |
        """),
    Example("I05", """
        | income_net | wage_income | operating_income | property_income | transfer_income | operating_expense | hit |
        | 9000       | 8000        | 2000             | 0               | 500             | 400               | x   |
        | 10100      | 8000        | 2000             | 0               | 500             | 400               |     |
        | 9000       |             | 2000             | 0               | 500             | 400               |     |
        """),
    Example("I05", """
        | income_net | wage_income | operating_income | property_income | transfer_income | operating_expense | tax | hit |
        | 9950       | 8000        | 2000             | 0               | 500             | 400               | 150 |     |
        | 10100      | 8000        | 2000             | 0               | 500             | 400               | 150 |     |
        | 9900       | 8000        | 2000             | 0               | 500             | 400               | 150 | x   |
        | 9950       | 8000        | 2000             | 0               | 500             | 400               |     | x   |
        """),
    Example("I06", """
        | size | income_net | income_pc | hit |
        | 4    | 12000      | 4000      | x   |
        | 4    | 12000      | 3000      |     |
        | 4    |            | 3000      |     |
        """),
    Elsewhere("I47", "test_cleaning.py::test_headers_of_several_income_concepts"),
    Example("P01", """
        | id_number          | hit |
        | 990101198001010021 | x   |
        | 990101198001010022 |     |
        |                    |     |
        """),
    Example("P02", """
        | id_number          | hit |
        | 990101198001010000 | x   |
        | 990101198001010022 |     |
        """),
    Example("P03", """
        | id_number          | sex | hit |
        | 990101198001010022 | 男  | x   |
        | 990101198001010022 | 女  |     |
        |                    | 男  |     |
        """),
    Example("P04", """
        | id_number          | birth_date | hit |
        | 990101198001010022 | 19800102   | x   |
        | 990101198001010022 | 1980-01-01 |     |
        | 990101198001010022 | 198001     |     |
        """),
    Example("P05", """
        | household | person | id_number          | hit |
        | 1         | 11     | 990101198001010022 | x   |
        | 2         | 21     | 990101198001010022 | x   |
        | 2         | 22     | 990101198001010030 |     |
        """),
    Example("G01", """
        | program  | hit |
        | 送温暖   | x   |
        | 产业帮扶 |     |
        """),
    Example("G02", """
        | program_start | hit |
        |               | x   |
        | 2016          |     |
        """),
    Example("C01", """
        | status | hit |
        | 脱贫中 | x   |
        | 已脱贫 |     |
        |        |     |
        """),
    Elsewhere("H01", f"{DECISIONS}::test_keep_closes_the_case_and_changes_nothing"),
    Elsewhere("H02", f"{DECISIONS}::test_correct_puts_a_value_in_before_the_rules_look"),
    Elsewhere("H03", f"{DECISIONS}::test_exclude_puts_the_row_into_quarantine_with_the_reason"),
    Elsewhere("H04", f"{DECISIONS}::test_restore_brings_a_row_back"),
    Elsewhere("H05", f"{DECISIONS}::test_merge_points_to_the_row_that_stays"),
    Elsewhere("A01", f"{DIVISIONS}::test_rows_under_a_retired_code_get_its_successor_and_keep_the_code_of_the_file"),
    Elsewhere("A02", f"{DIVISIONS}::test_a_divided_county_is_an_open_case_until_the_plan_decides"),
    Elsewhere("A03", f"{DIVISIONS}::test_a_divided_county_is_an_open_case_until_the_plan_decides"),
    *(Elsewhere(rule, f"{DIVISIONS}::test_codes_that_stand_for_no_county") for rule in ("A04", "A05", "A06")),
    Elsewhere("A07", f"{DIVISIONS}::test_names_are_compared_with_all_names_of_the_code"),
    Elsewhere("A08", f"{DIVISIONS}::test_areas_of_id_numbers_are_legal_when_they_ever_existed"),
    Example("A11", """
        | household | county  | hit |
        | 1         | 990101  |     |
        | 2         | 99011   | x   |
        | 3         | 99011   |     |
        | 4         | 9901011 | x   |
        | 5         | N1      |     |
        | 6         | 12      |     |
        | 7         | 99/01   | x   |
        """),
    Elsewhere("A09", f"{DIVISIONS}::test_codes_used_in_years_in_which_they_are_not_in_force_are_noted_once"),
)  # fmt: skip
