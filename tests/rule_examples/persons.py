"""Examples of the rules on persons. Wave 2016 unless drawn: who was born in 1980 is 36."""

from __future__ import annotations

from .frame import Elsewhere, Example

EXAMPLES: tuple[Example | Elsewhere, ...] = (
    Example("P06", "| birth_date | hit |\n| 20170105 | x |\n| 20161231 |  |\n|  |  |"),
    Example("P07", "| birth_date | hit |\n| 19150601 | x |\n| 19160101 |  |\n|  |  |"),
    Example(
        "P08",
        """
        | wave | change | change_month | hit |
        | 2016 | 死亡   | 201511       | x   |
        | 2016 | 死亡   | 201605       |     |
        | 2016 | 迁出   | 201511       |     |
        """,
    ),
    Example(
        "P09",
        """
        | household | relation | hit |
        | 1         | 配偶     | x   |
        | 1         | 之子     |     |
        | 2         | 户主     |     |
        | 2         | 之子     |     |
        """,
    ),
    Example(
        "P10",
        """
        | household | relation | hit |
        | 1         | 户主     | x   |
        | 1         | 户主     | x   |
        | 2         | 户主     |     |
        """,
    ),
    Example(
        "P11",
        """
        | household | relation | hit |
        | 1         | 户主     |     |
        | 1         | 配偶     | x   |
        | 1         | 配偶     | x   |
        | 2         | 配偶     |     |
        """,
    ),
    Example(
        "P12",
        """
        | household | relation | birth_date | hit |
        | 1         | 户主     | 19800101   |     |
        | 1         | 之子     | 19900101   | x   |
        | 1         | 之女     | 20000101   |     |
        | 1         | 之子     |            |     |
        """,
    ),
    Example(
        "P13",
        """
        | household | relation | birth_date | hit |
        | 1         | 户主     | 19800101   |     |
        | 1         | 之母     | 19700101   | x   |
        | 1         | 之父     | 19550101   |     |
        """,
    ),
    Example(
        "P14",
        """
        | household | relation | birth_date | hit |
        | 1         | 户主     | 19700101   |     |
        | 1         | 之孙女   | 19950101   | x   |
        | 1         | 之孙子   | 20100101   |     |
        """,
    ),
    Example(
        "P15",
        """
        | household | relation | sex | hit |
        | 1         | 户主     | 男  |     |
        | 1         | 配偶     | 男  | x   |
        | 2         | 户主     | 女  |     |
        | 2         | 配偶     | 男  |     |
        | 3         | 户主     |     |     |
        | 3         | 配偶     | 男  |     |
        """,
    ),
    Example(
        "P16",
        """
        | household | relation | birth_date | hit |
        | 1         | 户主     | 19400101   |     |
        | 1         | 配偶     | 19800101   | x   |
        | 2         | 户主     | 19700101   |     |
        | 2         | 配偶     | 19800101   |     |
        """,
    ),
    Example(
        "P17",
        """
        | relation | sex | hit |
        | 之子     | 女  | x   |
        | 之儿媳   | 男  | x   |
        | 之子     | 男  |     |
        | 配偶     | 男  |     |
        | 之女     |     |     |
        """,
    ),
    Example(
        "P18",
        "| relation | birth_date | hit |\n| 户主 | 20030101 | x |\n| 户主 | 20000101 |  |\n| 之子 | 20030101 |  |",
    ),
    Example(
        "P19",
        """
        | student | birth_date | hit |
        | 小学    | 20150101   | x   |
        | 高中    | 19800101   | x   |
        | 小学    | 20080101   |     |
        | 非在校生 | 19800101  |     |
        """,
    ),
    Example(
        "P20",
        """
        | student  | birth_date | dropout | hit |
        | 非在校生 | 20050101   |         | x   |
        | 非在校生 | 20050101   | 重病    |     |
        | 初中     | 20030101   |         |     |
        | 非在校生 | 19990101   |         |     |
        |          | 20050101   |         |     |
        """,
    ),
    Example(
        "P21",
        """
        | student | birth_date | hit |
        | 小学    | 19980101   | x   |
        | 高中    | 20050101   | x   |
        | 初中    | 20030101   |     |
        | 小学    | 20060101   |     |
        """,
    ),
    Example(
        "P22",
        """
        | person | wave | grade  | student | hit |
        | 1      | 2014 | 三年级 | 小学    |     |
        | 1      | 2015 | 三年级 | 小学    |     |
        | 1      | 2016 | 三年级 | 小学    | x   |
        | 2      | 2014 | 三年级 | 小学    |     |
        | 2      | 2015 | 三年级 | 小学    |     |
        | 2      | 2016 | 四年级 | 小学    |     |
        """,
    ),
    Example(
        "P23",
        "| education | birth_date | hit |\n| 大专 | 20010101 | x |\n| 初中 | 20010101 |  |\n| 本科及以上 | 19900101 |  |\n| 大专 |  |  |",
    ),
    Example(
        "P24",
        """
        | person | wave | education | hit |
        | 1      | 2015 | 初中      |     |
        | 1      | 2016 | 小学      | x   |
        | 2      | 2015 | 小学      |     |
        | 2      | 2016 | 初中      |     |
        """,
    ),
    Example("P25", "| work_months | hit |\n| 13 | x |\n| -1 | x |\n| 12 |  |\n|  |  |"),
    Example(
        "P26",
        """
        | work_months | birth_date | hit |
        | 3           | 20040101   | x   |
        | 3           | 19350101   | x   |
        | 3           | 19900101   |     |
        | 0           | 20040101   |     |
        """,
    ),
    Example(
        "P27",
        "| work_months | labour | hit |\n| 5 | 无劳动力 | x |\n| 5 | 普通劳动力 |  |\n| 0 | 丧失劳动力 |  |",
    ),
    Example(
        "P28",
        """
        | work_months | monthly_wage | hit |
        | 5           | 0            | x   |
        | 0           | 3000         | x   |
        | 5           | 3000         |     |
        | 0           | 0            |     |
        |             | 3000         |     |
        """,
    ),
    Example("P29", "| monthly_wage | hit |\n| 20 | x |\n| 300000 | x |\n| 3500 |  |\n| 0 |  |\n|  |  |"),
    Example(
        "P30",
        "| work_place | work_months | hit |\n| 省外 | 0 | x |\n| 省外 | 4 |  |\n|  | 0 |  |\n| 无 | 0 |  |",
    ),
    Example("P31", "| work_months | student | hit |\n| 9 | 初中 | x |\n| 9 | 非在校生 |  |\n| 2 | 高中 |  |"),
    Example(
        "P32",
        """
        | public_post | birth_date | hit |
        | 是          | 19400101   | x   |
        | 是          | 20050101   | x   |
        | 是          | 19700101   |     |
        | 否          | 19400101   |     |
        """,
    ),
    Example(
        "P33",
        "| public_post | labour | hit |\n| 是 | 丧失劳动力 | x |\n| 是 | 普通劳动力 |  |\n| 否 | 丧失劳动力 |  |",
    ),
    Example(
        "P34",
        """
        | health | id_number            | hit |
        | 健康   | 99010119800101001X43 | x   |
        | 残疾   | 99010119800101001X43 |     |
        | 健康   | 99010119800101001X   |     |
        """,
    ),
    Example(
        "P35",
        "| labour | birth_date | hit |\n| 普通劳动力 | 20050101 | x |\n| 普通劳动力 | 19900101 |  |\n| 无劳动力 | 20050101 |  |",
    ),
    Example(
        "P36",
        "| labour | health | hit |\n| 普通劳动力 | 长期慢性病,残疾 | x |\n| 普通劳动力 | 健康 |  |\n| 弱劳动力或半劳动力 | 残疾 |  |",
    ),
    Example(
        "P37",
        """
        | labour   | health | birth_date | student  | hit |
        | 无劳动力 | 健康   | 19800101   | 非在校生 | x   |
        | 无劳动力 | 残疾   | 19800101   | 非在校生 |     |
        | 无劳动力 | 健康   | 19970101   | 高等教育 |     |
        | 无劳动力 | 健康   | 19400101   | 非在校生 |     |
        | 无劳动力 | 健康   | 19800101   |          |     |
        """,
    ),
    Example(
        "P38",
        """
        | household | wave | medical_insurance | hit |
        | 1         | 2016 | 否                | x   |
        | 1         | 2016 | 是                |     |
        | 2         | 2016 | 否                |     |
        | 3         | 2016 | 否                | x   |
        """,
        beside={"household": "| household | status |\n| 1 | 已脱贫 |\n| 2 | 未脱贫 |\n| 3 | exited |"},
    ),
    Example(
        "P39",
        """
        | household | wave | on_allowance | hit |
        | 1         | 2016 | 是           | x   |
        | 2         | 2016 | 是           |     |
        | 1         | 2016 | 否           |     |
        """,
        beside={"household": "| household | household_type |\n| 1 | 一般贫困户 |\n| 2 | 低保贫困户 |"},
    ),
    Example(
        "P40",
        """
        | household | destitute | labour     | hit |
        | 1         | 是        | 无劳动力   | x   |
        | 1         | 否        | 普通劳动力 |     |
        | 2         | 是        | 无劳动力   |     |
        """,
    ),
    Example(
        "P41",
        """
        | household | name   | birth_date | hit |
        | 1         | 赵甲子 | 19800101   | x   |
        | 2         | 赵甲子 | 19800101   | x   |
        | 3         | 赵甲子 | 19810101   |     |
        """,
    ),
    Example("P42", "| id_number | hit |\n| 990101800101001 | x |\n| 99010119800101001X |  |"),
    Example(
        "P43",
        """
        | person | wave | sex | hit |
        | 1      | 2015 | 男  |     |
        | 1      | 2016 | 女  | x   |
        | 2      | 2015 | 男  |     |
        | 2      | 2016 | 男  |     |
        | 3      | 2015 | 男  |     |
        | 3      | 2016 | 男性 |    |
        """,
    ),
    Example(
        "P44",
        """
        | person | wave | birth_date | hit |
        | 1      | 2015 | 19800101   |     |
        | 1      | 2016 | 19810101   | x   |
        | 2      | 2015 | 19800101   |     |
        | 2      | 2016 |            |     |
        | 3      | 2015 | 19800101   |     |
        | 3      | 2016 | 1980-01-01 |     |
        | 3      | 2017 | 1980-1-1   |     |
        | 4      | 2015 | 19800101   |     |
        | 4      | 2016 | 198001     |     |
        | 5      | 2015 | 19800101   |     |
        | 5      | 2016 | 1980-01-21 | x   |
        """,
    ),
    Example(
        "P45",
        "| change | change_month | hit |\n| 迁出 |  | x |\n| 迁出 | 201603 |  |\n| 无 |  |  |\n|  |  |  |",
    ),
    Example(
        "P46",
        """
        | household | wave | hit |
        | 9         | 2016 | x   |
        | 1         | 2016 |     |
        """,
        beside={"household": "| household |\n| 1 |"},
    ),
)
