"""Examples of the rules on the facts of a household."""

from __future__ import annotations

from .frame import Elsewhere, Example

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("L01", """
        | unsafe_housing | housing_grade | hit |
        | 是             | A级           | x   |
        | 是             | C级           |     |
        | 否             | A级           |     |
        |                | B级           |     |
        """),
    Example("L02", """
        | unsafe_housing | housing_grade | hit |
        | 否             | D级           | x   |
        | 否             | B级           |     |
        |                | D级           |     |
        """),
    Example("L03", """
        | unsafe_housing | housing_grade | hit |
        | 是             |               | x   |
        | 是             | D级           |     |
        | 否             |               |     |
        """),
    Example("L04", """
        | size | housing_area | hit |
        | 4    | 11           | x   |
        | 4    | 12           |     |
        | 4    |              |     |
        """),
    Example("L05", """
        | size | housing_area | hit |
        | 1    | 201          | x   |
        | 2    | 201          |     |
        """),
    Example("L06", """
        | household | wave | unsafe_housing | hit |
        | 1         | 2016 | 是             |     |
        | 1         | 2017 | 是             | x   |
        | 2         | 2017 | 否             |     |
        | 3         | 2017 | 是             |     |
        """, beside={"program": """
        | household | program  | program_start |
        | 1         | 易地搬迁 | 2016          |
        | 2         | 易地搬迁 | 2016          |
        | 3         | 产业帮扶 | 2016          |
        """}),
    Example("L07", """
        | household | wave | unsafe_housing | hit |
        | 1         | 2016 | 是             |     |
        | 1         | 2017 | 是             | x   |
        | 2         | 2017 | 否             |     |
        """, beside={"program": """
        | household | program      | program_start |
        | 1         | 住房安全保障 | 2016          |
        | 2         | 住房安全保障 | 2016          |
        """}),
    Example("L08", """
        | household | wave | safe_water | hit |
        | 1         | 2016 | 否         |     |
        | 1         | 2017 | 否         | x   |
        | 2         | 2017 | 是         |     |
        """, beside={"program": """
        | household | program      | program_start |
        | 1         | 饮水安全保障 | 2016          |
        | 2         | 饮水安全保障 | 2016          |
        """}),
    Example("L09", """
        | cause | ill_members | hit |
        | 因病  | 0           | x   |
        | 因病  | 1           |     |
        | 因病  |             |     |
        | 因学  | 0           |     |
        """),
    Example("L10", """
        | household | cause | hit |
        | 1         | 因病  | x   |
        | 2         | 因病  |     |
        | 3         | 因学  |     |
        | 4         | 因病  |     |
        """, beside={"member": """
        | household | health       |
        | 1         | 健康         |
        | 1         | 健康         |
        | 2         | 健康         |
        | 2         | 长期慢性病   |
        | 3         | 健康         |
        | 4         | 健康         |
        | 4         |              |
        """}),
    Example("L11", """
        | cause | pupils | hit |
        | 因学  | 0      | x   |
        | 因学  | 2      |     |
        | 因病  | 0      |     |
        """),
    Example("L12", """
        | cause | ill_members | hit |
        | 因残  | 0           | x   |
        | 因残  | 1           |     |
        | 因病  | 0           |     |
        """),
    Example("L13", """
        | household | cause | hit |
        | 1         | 因残  | x   |
        | 2         | 因残  |     |
        | 3         | 因病  |     |
        """, beside={"member": """
        | household | health          |
        | 1         | 患有大病        |
        | 2         | 残疾,长期慢性病 |
        | 3         | 健康            |
        """}),
    Example("L14", """
        | size | labourers | cause  | hit |
        | 4    | 2         | 缺劳力 | x   |
        | 4    | 1         | 缺劳力 |     |
        | 1    | 1         | 缺劳力 |     |
        | 4    | 2         | 缺技术 |     |
        """),
    Example("L15", """
        | size | cultivated_land | cause  | hit |
        | 2    | 10.1            | 缺土地 | x   |
        | 2    | 10              | 缺土地 |     |
        | 2    | 10.1            | 缺水   |     |
        """),
    Example("L16", """
        | household_type | labourers | hit |
        | 特困供养户     | 1         | x   |
        | 特困供养户     | 0         |     |
        | 低保贫困户     | 1         |     |
        """),
    Example("L17", """
        | cause | second_cause  | hit |
        | 因病  | 因学,因病     | x   |
        | 因病  | 因病          | x   |
        | 因病  | 因学、缺资金  |     |
        | 因病  |               |     |
        |       | 因学          |     |
        """),
    Example("L18", """
        | second_cause       | hit |
        | 因学、缺水；缺资金 | x   |
        | 因学、缺水         |     |
        |                    |     |
        """),
    Example("L19", """
        | cause | second_cause | hit |
        |       | 因学         | x   |
        | 因病  | 因学         |     |
        |       |              |     |
        """),
    Example("L20", """
        | household | size | hit |
        | 1         | 3    | x   |
        | 2         | 2    |     |
        | 3         | 1    |     |
        | 4         | 4    |     |
        | 5         | 2    |     |
        """, beside={"member": """
        | household | change | change_month |
        | 1         |        |              |
        | 1         |        |              |
        | 2         |        |              |
        | 2         |        |              |
        | 3         |        |              |
        | 3         | 死亡   |              |
        | 5         |        |              |
        | 5         | 死亡   | 201703       |
        """}),
    Example("L21", """
        | size | labourers | hit |
        | 3    | 4         | x   |
        | 3    | 3         |     |
        | 3    |           |     |
        """),
    Example("L22", """
        | size | pupils | hit |
        | 2    | 3      | x   |
        | 2    | 2      |     |
        """),
    Example("L23", """
        | size | ill_members | hit |
        | 2    | 3           | x   |
        | 2    | 2           |     |
        """),
    Example("L24", """
        | size | labourers | pupils | hit |
        | 4    | 3         | 2      | x   |
        | 4    | 2         | 2      |     |
        | 4    | 5         | 2      |     |
        """),
    Example("L25", """
        | labourers | pupils | hit |
        | -1        | 0      | x   |
        | 1         | -2     | x   |
        | 0         | 0      |     |
        """),
    Example("L26", """
        | size | hit |
        | 16   | x   |
        | 15   |     |
        """),
    Example("L27", """
        | household | wave | size | hit |
        | 1         | 2015 | 2    |     |
        | 1         | 2016 | 6    | x   |
        | 2         | 2015 | 2    |     |
        | 2         | 2016 | 5    |     |
        | 3         | 2014 | 2    |     |
        | 3         | 2016 | 6    |     |
        """),
    Example("L28", """
        | head_age | hit |
        | 15       | x   |
        | 16       |     |
        |          |     |
        """),
    Example("L29", """
        | head_age | hit |
        | 111      | x   |
        | 110      |     |
        """),
    Example("L30", """
        | household | wave | head_age | hit |
        | 1         | 2015 | 50       |     |
        | 1         | 2016 | 54       | x   |
        | 2         | 2015 | 50       |     |
        | 2         | 2016 | 51       |     |
        | 3         | 2015 | 70       |     |
        | 3         | 2016 | 45       |     |
        """),
    Example("L31", """
        | head_school | head_age | hit |
        | 12          | 16       | x   |
        | 23          | 60       | x   |
        | 12          | 17       |     |
        |             | 17       |     |
        """),
    Example("L32", """
        | cultivated_land | housing_area | hit |
        | -2              | 60           | x   |
        | 2               | -60          | x   |
        | 0               | 60           |     |
        """),
    Example("L33", """
        | size | cultivated_land | forest_land | hit |
        | 2    | 300             | 101         | x   |
        | 2    | 300             | 100         |     |
        | 2    | 401             |             | x   |
        """),
    Example("L34", """
        | household | wave | cultivated_land | hit |
        | 1         | 2015 | 4               |     |
        | 1         | 2016 | 40              | x   |
        | 2         | 2015 | 4               |     |
        | 2         | 2016 | 12              |     |
        | 3         | 2015 | 30              |     |
        | 3         | 2016 | 45              |     |
        | 4         | 2015 | 30              |     |
        | 4         | 2016 | 0               | x   |
        """),
    Example("L35", """
        | road_distance | hit |
        | -1            | x   |
        | 51            | x   |
        | 3.5           |     |
        """),
    Example("L36", """
        | power_production | power_home | hit |
        | 是               | 否         | x   |
        | 是               | 是         |     |
        | 否               | 否         |     |
        | 是               |            |     |
        """),
)  # fmt: skip
