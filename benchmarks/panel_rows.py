"""Generated household-years of a made-up registry: 40 columns of text as exports have them, a little mess included.

Entirely synthetic; codes from unassigned areas (99…). The same seed gives the same rows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

WAVES = (2014, 2015, 2016, 2017, 2018, 2019, 2020)
PER_COUNTY = 25_000
TYPES = ("一般贫困户", "低保贫困户", "五保户")
FUELS = ("柴草", "煤炭", "液化气", "电")
ROADS = ("泥土路", "砂石路", "水泥路", "沥青路")
MONEY = (
    "工资性收入", "生产经营性收入", "财产性收入", "资产收益扶贫分红收入", "转移性收入", "低保金", "养老保险金", "生态补偿金", "生产经营性支出",
)  # fmt: skip


def counties(rows: int) -> int:
    """Return how many counties hold the rows."""
    return max(rows // PER_COUNTY, 1)


def county_table(number: int, seed: int = 20201123, rows: int = PER_COUNTY) -> pa.Table:
    """Return one county's household-years as text, in random order, with cells and rows spoilt."""
    rng = np.random.default_rng([seed, number])
    households = rows // len(WAVES)
    n = households * len(WAVES)
    house = np.repeat(np.arange(households), len(WAVES))
    wave = np.tile(WAVES, households)
    code = 990100 + number if number < 900 else 9900000 + number
    village = house // 120
    kind = rng.choice(3, households, p=(0.7, 0.25, 0.05))[house]
    size = np.where(kind == 2, 1, rng.integers(2, 7, households)[house])
    ill = np.where(rng.random(households) < 0.4, 1, 0)[house]
    pupils = np.where(kind == 2, 0, np.minimum(size - ill, rng.integers(0, 3, households)[house]))
    able = np.where(kind == 2, 0, np.minimum(size - ill - pupils, rng.integers(0, 4, households)[house]))
    cause = np.select([ill > 0, pupils > 0, 2 * able < size], ["因病", "因学", "缺劳力"], "缺技术")
    level = rng.uniform(1500, 2600, households)[house] * rng.uniform(1.14, 1.24, households)[house] ** (
        wave - 2014
    )
    aim = level * size * rng.lognormal(0, 0.04, n)
    allowance = np.where(kind > 0, np.round(aim * 0.15 + 300), 0)
    pension = np.where(ill > 0, 1200, 0)
    dividend = np.round(aim * rng.uniform(0, 0.05, n))
    wage = np.where(able > 0, np.round(aim * 0.45 * rng.lognormal(0, 0.1, n)), 0)
    transfer = allowance + pension + np.round(aim * 0.05)
    prop = dividend + np.round(aim * 0.01)
    operating = np.round(np.maximum(aim - wage - transfer - prop, 100) * 1.3)
    expense = np.round(operating * 0.3 / 1.3)
    net = wage + operating + prop + transfer - expense
    above = np.array([2952.0 * 1.1 if w < 2019 else 4000 for w in WAVES])
    over = (net / size).reshape(households, -1) > above
    first = np.where(over.any(axis=1), over.argmax(axis=1), len(WAVES))
    exits = np.append(np.array(WAVES), 2099)[first][house]
    out = np.where(wave >= exits, "已脱贫", "未脱贫")
    yes, no = np.array("是", dtype=object), np.array("否", dtype=object)

    def flag(share: float) -> np.ndarray:
        return np.where(rng.random(n) < share, yes, no)

    def pick(words: tuple[str, ...]) -> np.ndarray:
        return np.array(words, dtype=object)[rng.integers(0, len(words), households)[house]]

    whole = {
        "省": np.full(n, "云砚省"), "市": np.full(n, "岚江市"), "县代码": np.full(n, str(code)),
        "县": np.full(n, f"县{number:03d}"), "乡镇": np.char.add("乡", (village // 8).astype(str)),
        "行政村代码": np.char.add(f"{code}", np.char.zfill(village.astype(str), 6)),
        "行政村": np.char.add("村", village.astype(str)),
        "户编号": np.char.add(f"{code}", np.char.zfill(house.astype(str), 7)),
        "年度": wave.astype(str), "抽样权重": np.full(n, "1.5"), "家庭人口数": size.astype(str),
        "人均纯收入": np.char.mod("%.2f", net / size), "年收入": np.char.mod("%d", (net + expense).astype(np.int64)),
        "纯收入": np.char.mod("%d", net.astype(np.int64)),
    }  # fmt: skip
    amounts = (wage, operating, prop, dividend, transfer, allowance, pension, 0 * wage, expense)
    whole |= {name: np.char.mod("%d", a.astype(np.int64)) for name, a in zip(MONEY, amounts, strict=True)}
    whole |= {
        "贫困户属性": np.array(TYPES, dtype=object)[kind], "主要致贫原因": cause, "脱贫属性": out,
        "首次识别时间": np.full(n, "2014"), "脱贫年度": np.where(wave >= exits, exits.astype(str), ""),
        "返贫标识": np.full(n, "否", dtype=object), "是否危房户": flag(0.01), "是否解决安全饮用水": flag(0.99),
        "耕地面积": np.char.mod("%.1f", rng.gamma(2, 2, households)[house]),
        "劳动力人数": able.astype(str), "在校生人数": pupils.astype(str), "患病人数": ill.astype(str),
        "住房面积": np.char.mod("%d", rng.integers(40, 160, households)[house]),
        "是否有卫生厕所": flag(0.6), "主要燃料类型": pick(FUELS), "入户路类型": pick(ROADS),
        "与村主干路距离": np.char.mod("%.1f", rng.gamma(1, 1, households)[house]),
    }  # fmt: skip
    return _spoilt(pa.table({k: pa.array(v.astype(object), pa.string()) for k, v in whole.items()}), rng)


def _spoilt(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Put separators, units and full-width digits into 0.5 % of amounts, repeat 0.3 % of the rows, shuffle."""
    n = len(table)
    for name in ("人均纯收入", "工资性收入", "纯收入"):
        cells = table.column(name).to_numpy(zero_copy_only=False).copy()
        at = rng.choice(n, n // 200, replace=False)
        third = len(at) // 3
        cells[at[:third]] = [f"{float(c):,.2f}" for c in cells[at[:third]]]
        cells[at[third : 2 * third]] = [f"{c}元" for c in cells[at[third : 2 * third]]]
        wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
        cells[at[2 * third :]] = [c.translate(wide) for c in cells[at[2 * third :]]]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(cells, pa.string()))
    blank = {c: pc.if_else(pc.equal(table[c], ""), None, table[c]) for c in table.column_names}
    table = pa.table(blank)
    again = rng.choice(n, 3 * n // 1000, replace=False)
    order = np.concatenate([rng.permutation(n), again])
    return table.take(pa.array(order))


def write(folder: Path, rows: int, form: str) -> None:
    """Write one file per county (``parquet`` or ``csv``) until there are about so many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(counties(rows)):
        table = county_table(number)
        path = folder / f"户信息_{number:05d}.{form}"
        if form == "parquet":
            pq.write_table(table, path, compression="zstd")
        else:
            from pyarrow import csv

            csv.write_csv(table, path)
