"""Examples of the rules on the income account."""

from __future__ import annotations

from .frame import Elsewhere, Example

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("I07", """
        | property_income | dividend_income | other_property_income | hit |
        | 500             | 300             | 100                   | x   |
        | 500             | 300             | 200                   |     |
        | 500             | 300             | 200.9                 |     |
        | 500             |                 | 100                   |     |
        """),
    Example("I08", """
        | transfer_income | family_planning_grant | minimum_allowance | destitute_allowance | pension | ecological_compensation | other_transfer_income | hit |
        | 3000            | 0                     | 1200              | 0                   | 800     | 500                     | 0                     | x   |
        | 2500            | 0                     | 1200              | 0                   | 800     | 500                     | 0                     |     |
        | 3000            | 0                     | 1200              | 0                   | 800     |                         | 0                     |     |
        """),
    Example("I09", """
        | property_income | dividend_income | hit |
        | 200             | 300             | x   |
        | 300             | 300             |     |
        |                 | 300             |     |
        """),
    Example("I10", """
        | transfer_income | minimum_allowance | pension | ecological_compensation | hit |
        | 1900            | 1200              | 800     |                         | x   |
        | 2100            | 1200              | 800     | 200                     | x   |
        | 2000            | 1200              | 800     |                         |     |
        |                 | 1200              | 800     |                         |     |
        """),
    Example("I11", """
        | income_gross | wage_income | operating_income | property_income | transfer_income | hit |
        | 9000         | 5000        | 2000             | 100             | 900             | x   |
        | 8000         | 5000        | 2000             | 100             | 900             |     |
        | 9000         | 5000        | 2000             |                 | 900             |     |
        """),
    Example("I12", """
        | wage_income | transfer_income | hit |
        | -5          | 100             | x   |
        | 10          | -100            | x   |
        | 0           | 100             |     |
        |             |                 |     |
        """),
    Example("I13", """
        | minimum_allowance | pension | dividend_income | hit |
        | -1200             | 800     | 0               | x   |
        | 1200              | 800     | -1              | x   |
        | 1200              |         | 0               |     |
        """),
    Example("I14", """
        | operating_expense | tax | hit |
        | -300              | 0   | x   |
        | 300               | -1  | x   |
        | 300               |     |     |
        """),
    Example("I15", """
        | operating_income | operating_expense | hit |
        | 4000             | 0                 | x   |
        | 4000             | 900               |     |
        | 999              | 0                 |     |
        | 4000             |                   |     |
        """),
    Example("I16", """
        | operating_income | operating_expense | hit |
        | 0                | 900               | x   |
        | 0                | 0                 |     |
        |                  | 900               |     |
        """),
    Example("I17", """
        | operating_income | operating_expense | hit |
        | 1000             | 2001              | x   |
        | 1000             | 2000              |     |
        | 0                | 2001              |     |
        """),
    Example("I18", """
        | income_net | income_gross | hit |
        | 9002       | 9000         | x   |
        | 9000       | 9000         |     |
        | 9002       |              |     |
        """),
    Example("I19", """
        | income_pc | hit |
        | 0         | x   |
        | 0.01      |     |
        |           |     |
        """),
    Example("I20", """
        | income_pc | hit |
        | 60001     | x   |
        | 60000     |     |
        """),
    Example("I21", """
        | minimum_allowance | hit |
        | 199               | x   |
        | 0                 |     |
        | 200               |     |
        """),
    Example("I22", """
        | size | minimum_allowance | hit |
        | 2    | 24001             | x   |
        | 2    | 24000             |     |
        """),
    Example("I23", """
        | pension | hit |
        | 120     | x   |
        | 0       |     |
        | 660     |     |
        """),
    Example("I24", """
        | size | pension | hit |
        | 1    | 40001   | x   |
        | 2    | 40001   |     |
        """),
    Example("I25", """
        | size | destitute_allowance | hit |
        | 1    | 25001               | x   |
        | 1    | 150                 | x   |
        | 1    | 6000                |     |
        | 1    | 0                   |     |
        """),
    Example("I26", """
        | family_planning_grant | hit |
        | 12001                 | x   |
        | 960                   |     |
        """),
    Example("I27", """
        | ecological_compensation | converted_land | forest_land | grass_land | hit |
        | 500                     | 0              | 0           | 0          | x   |
        | 500                     | 0              | 0           |            |     |
        | 500                     | 0              |             | 0          |     |
        | 500                     | 0              | 0           | 3          |     |
        | 500                     | 1.5            | 0           | 0          |     |
        | 500                     |                |             |            |     |
        | 0                       | 0              | 0           | 0          |     |
        """),
    Example("I28", """
        | ecological_compensation | converted_land | forest_land | hit |
        | 3001                    | 0.6            | 0.4         | x   |
        | 3000                    | 0.6            | 0.4         |     |
        | 3001                    | 0              | 0           |     |
        """),
    Example("I29", """
        | household_type | minimum_allowance | hit |
        | 一般贫困户     | 1200              | x   |
        | 低保贫困户     | 1200              |     |
        | 一般贫困户     | 0                 |     |
        |                | 1200              |     |
        """),
    Example("I30", """
        | household_type | minimum_allowance | hit |
        | 低保贫困户     | 0                 | x   |
        | 低保贫困户     |                   |     |
        | 一般贫困户     | 0                 |     |
        """),
    Example("I31", """
        | household_type | destitute_allowance | hit |
        | 低保贫困户     | 6000                | x   |
        | 特困供养户     | 6000                |     |
        | 低保贫困户     | 0                   |     |
        """),
    Example("I32", """
        | household_type | destitute_allowance | minimum_allowance | hit |
        | 特困供养户     | 0                   | 0                 | x   |
        | 五保户         | 0                   | 3000              |     |
        | 一般贫困户     | 0                   | 0                 |     |
        """),
    Example("I33", """
        | wage_income | labourers | hit |
        | 9000        | 0         | x   |
        | 2000        | 0         |     |
        | 9000        | 1         |     |
        | 9000        |           |     |
        """),
    Example("I34", """
        | wage_income | operating_income | labourers | hit |
        | 0           | 0                | 2         | x   |
        | 0           | 0                | 1         |     |
        | 500         | 0                | 2         |     |
        |             | 0                | 2         |     |
        """),
    Example("I35", """
        | wage_income | labourers | hit |
        | 240002      | 2         | x   |
        | 240000      | 2         |     |
        | 240002      | 0         |     |
        """),
    Example("I36", """
        | household | wage_income | hit |
        | 1         | 0           | x   |
        | 2         | 0           |     |
        | 3         | 9000        |     |
        | 4         | 0           |     |
        """, beside={"member": """
        | household | work_months |
        | 1         | 8           |
        | 2         | 2           |
        | 3         | 8           |
        """}),
    Example("I37", """
        | household | wage_income | hit |
        | 1         | 15001       | x   |
        | 2         | 15000       |     |
        | 3         | 15001       |     |
        """, beside={"member": """
        | household | work_months |
        | 1         | 1           |
        | 2         | 1           |
        | 3         | 0           |
        """}),
    Example("I38", """
        | household | wage_income | hit |
        | 1         | 0           | x   |
        | 2         | 6000        |     |
        | 3         | 0           |     |
        """, beside={"member": """
        | household | public_post |
        | 1         | 是          |
        | 1         | 否          |
        | 2         | 是          |
        | 3         | 否          |
        """}),
    Example("I39", """
        | household | wave | dividend_income | hit |
        | 1         | 2016 | 300             | x   |
        | 1         | 2017 | 300             |     |
        | 2         | 2016 | 0               |     |
        | 3         | 2016 | 300             | x   |
        | 4         | 2016 | 300             |     |
        | 5         | 2016 | 300             |     |
        """, beside={"program": """
        | household | program  | program_start |
        | 1         | 资产收益 | 2017          |
        | 3         | 产业帮扶 | 2015          |
        | 4         | 光伏     | 2016          |
        | 5         | 光伏     |               |
        """}),
    Example("I40", """
        | size | dividend_income | hit |
        | 2    | 10001           | x   |
        | 2    | 10000           |     |
        """),
    Example("I41", """
        | size | other_transfer_income | income_net | hit |
        | 2    | 8000                  | 9000       | x   |
        | 2    | 3000                  | 3500       |     |
        | 2    | 8000                  | 16000      |     |
        """),
    Example("I42", """
        | tax  | income_gross | hit |
        | 2001 | 10000        | x   |
        | 2000 | 10000        |     |
        """),
    Example("I43", """
        | household | wave | income_pc | hit |
        | 1         | 2015 | 3000      |     |
        | 1         | 2016 | 33000     | x   |
        | 1         | 2017 | 3600      |     |
        | 2         | 2015 | 3000      |     |
        | 2         | 2016 | 0.34      | x   |
        | 2         | 2017 | 3600      |     |
        | 3         | 2015 | 3000      |     |
        | 3         | 2016 | 33000     |     |
        | 3         | 2017 | 36000     |     |
        | 4         | 2015 | 3000      |     |
        | 4         | 2016 | 9000      |     |
        | 4         | 2017 | 3600      |     |
        | 5         | 2015 | 3000      |     |
        | 5         | 2016 | 99000     |     |
        | 5         | 2017 | 3600      |     |
        | 6         | 2015 | 3000      |     |
        | 6         | 2016 | 330000    | x   |
        | 6         | 2017 | 3600      |     |
        """),
    Example("I44", """
        | household | wave | wage_income | operating_income | hit |
        | 1         | 2015 | 8000        | 2000             |     |
        | 1         | 2016 | 85000       | 2100             | x   |
        | 1         | 2017 | 9000        | 2200             |     |
        | 2         | 2015 | 8000        | 2000             |     |
        | 2         | 2016 | 8500        | 210              | x   |
        | 2         | 2017 | 9000        | 2200             |     |
        | 3         | 2015 | 8000        | 2000             |     |
        | 3         | 2016 | 0           | 2100             |     |
        | 3         | 2017 | 9000        | 2200             |     |
        | 4         | 2015 | 8000        | 2000             |     |
        | 4         | 2016 | 8500        | 70               |     |
        | 4         | 2017 | 9000        | 2200             |     |
        """),
    Example("I45", """
        | household | wave | income_pc | hit |
        | 1         | 2015 | 1000      |     |
        | 1         | 2016 | 6001      | x   |
        | 2         | 2015 | 1000      |     |
        | 2         | 2016 | 6000      |     |
        | 3         | 2015 | 100       |     |
        | 3         | 2016 | 6001      |     |
        | 4         | 2014 | 1000      |     |
        | 4         | 2016 | 6001      |     |
        """),
    Example("I46", """
        | household | wave | income_pc | hit |
        | 1         | 2015 | 10000     |     |
        | 1         | 2016 | 1999      | x   |
        | 2         | 2015 | 10000     |     |
        | 2         | 2016 | 2000      |     |
        """),
)  # fmt: skip
