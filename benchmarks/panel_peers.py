"""The same job by other means: text to tidy numbers, keys, duplicates, the income identity, rules, Parquet out.

None of them keeps a ledger. ``script`` is what an evaluator writes, ``pandas`` good whole-table pandas; ``duckdb``
and ``polars`` work over everything at once; ``floor`` only reads and writes.
"""

from __future__ import annotations

from pathlib import Path

NUMBERS = (
    "抽样权重", "家庭人口数", "人均纯收入", "年收入", "纯收入", "工资性收入", "生产经营性收入", "财产性收入", "资产收益扶贫分红收入", "转移性收入",
    "低保金", "养老保险金", "生态补偿金", "生产经营性支出", "首次识别时间", "脱贫年度", "耕地面积", "劳动力人数", "在校生人数", "患病人数", "住房面积", "与村主干路距离",
)  # fmt: skip
FLAGS = ("返贫标识", "是否危房户", "是否解决安全饮用水", "是否有卫生厕所")
TEXTS = (
    "省", "市", "县代码", "县", "乡镇", "行政村代码", "行政村", "户编号", "年度", "贫困户属性", "主要致贫原因", "脱贫属性", "主要燃料类型", "入户路类型",
)  # fmt: skip
KEY = ("县代码", "户编号", "年度")
RULES = {
    "size": "家庭人口数 <= 0 or 家庭人口数 > 15",
    "negative": "人均纯收入 < 0",
    "large": "人均纯收入 > 100000",
    "identity": "abs(工资性收入 + 生产经营性收入 + 财产性收入 + 转移性收入 - 生产经营性支出 - 纯收入) > 1",
    "head": "abs(纯收入 / 家庭人口数 - 人均纯收入) > 1",
    "dividend": "资产收益扶贫分红收入 > 财产性收入",
    "transfer": "低保金 + 养老保险金 + 生态补偿金 > 转移性收入",
    "cost": "生产经营性收入 > 0 and 生产经营性支出 == 0",
    "small_allowance": "低保金 > 0 and 低保金 < 200",
    "labour": "工资性收入 > 0 and 劳动力人数 == 0",
    "many_labourers": "劳动力人数 > 家庭人口数",
    "many_pupils": "在校生人数 > 家庭人口数",
    "many_ill": "患病人数 > 家庭人口数",
    "exit_early": "脱贫年度 < 首次识别时间",
    "floor_area": "住房面积 > 1000 or 住房面积 <= 0",
    "land": "耕地面积 > 500",
    "gross": "年收入 < 纯收入",
}


def floor(source: Path, target: Path) -> None:
    """Read every file of text and write it as numbers and text."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for path in sorted(source.glob("*.parquet")):
        table = pq.read_table(path, use_threads=False)
        for name in NUMBERS:
            if name not in ("人均纯收入", "工资性收入", "纯收入"):
                table = table.set_column(
                    table.schema.get_field_index(name), name, pc.cast(table[name], pa.float64())
                )
        pq.write_table(table, target / path.name, compression="zstd")


def script(source: Path, target: Path) -> None:
    """Row by row with apply and lambda, as evaluators write it."""
    import pandas as pd

    frame = pd.concat([pd.read_parquet(p) for p in sorted(source.glob("*.parquet"))], ignore_index=True)

    def number(text: object) -> float:
        if not isinstance(text, str) or not text.strip():
            return float("nan")
        plain = (
            text.translate(str.maketrans("０１２３４５６７８９．", "0123456789."))
            .replace(",", "")
            .replace("元", "")
            .replace("年", "")
        )
        try:
            return float(plain)
        except ValueError:
            return float("nan")

    for name in NUMBERS:
        frame[name] = frame[name].apply(number)
    for name in FLAGS:
        frame[name] = frame[name].apply(lambda v: 1.0 if v == "是" else 0.0 if v == "否" else float("nan"))
    for name in TEXTS:
        frame[name] = frame[name].apply(lambda v: v.strip() if isinstance(v, str) else v)
    frame = frame.drop_duplicates()
    again = frame.duplicated(list(KEY), keep=False)
    frame[again].to_parquet(target / "aside.parquet")
    frame = frame[~again]
    frame["identity"] = frame.apply(
        lambda r: (
            abs(
                r["工资性收入"]
                + r["生产经营性收入"]
                + r["财产性收入"]
                + r["转移性收入"]
                - r["生产经营性支出"]
                - r["纯收入"]
            )
            > 1
        ),
        axis=1,
    )
    frame["head"] = frame.apply(lambda r: abs(r["纯收入"] / r["家庭人口数"] - r["人均纯收入"]) > 1, axis=1)
    for name, condition in RULES.items():
        if name not in ("identity", "head"):
            frame[name] = frame.eval(condition)
    parts = frame.groupby(["县代码", "年度"])["人均纯收入"]
    frame["outlier"] = parts.transform(
        lambda s: (s - s.median()).abs() > 3 * (s.quantile(0.75) - s.quantile(0.25))
    )
    frame.sort_values(list(KEY)).to_parquet(target / "panel.parquet", compression="zstd")


def pandas(source: Path, target: Path) -> None:
    """Whole columns at once."""
    import pandas as pd

    frame = pd.concat([pd.read_parquet(p) for p in sorted(source.glob("*.parquet"))], ignore_index=True)
    frame = frame.drop_duplicates(ignore_index=True)
    wide = dict(zip("０１２３４５６７８９．", "0123456789.", strict=True))
    for name in NUMBERS:
        values = pd.to_numeric(frame[name], errors="coerce")
        odd = values.isna() & frame[name].notna()
        if odd.any():
            cells = frame.loc[odd, name]
            for one, other in wide.items():
                cells = cells.str.replace(one, other, regex=False)
            values[odd] = pd.to_numeric(cells.str.replace("[,元年]", "", regex=True), errors="coerce")
        frame[name] = values
    for name in FLAGS:
        frame[name] = frame[name].map({"是": 1.0, "否": 0.0}).astype("float64")
    for name in TEXTS:
        frame[name] = frame[name].str.strip()
    frame["年度"] = frame["年度"].astype("int64")
    again = frame.duplicated(list(KEY), keep=False)
    frame[again].to_parquet(target / "aside.parquet")
    frame = frame[~again].copy()
    for name, condition in RULES.items():
        frame[name] = frame.eval(condition)
    parts = frame.groupby(["县代码", "年度"])["人均纯收入"]
    quartiles = parts.quantile(0.75) - parts.quantile(0.25)
    width = frame[["县代码", "年度"]].merge(quartiles.rename("w").reset_index(), how="left")["w"].to_numpy()
    frame["outlier"] = (frame["人均纯收入"] - parts.transform("median")).abs().to_numpy() > 3 * width
    frame.sort_values(list(KEY)).to_parquet(target / "panel.parquet", compression="zstd")


def duckdb(source: Path, target: Path) -> None:
    """One SQL statement over everything."""
    import duckdb as engine

    con = engine.connect(config={"threads": 1, "temp_directory": str(target)})
    number = (
        "coalesce(try_cast({0} AS DOUBLE), try_cast(replace(replace(replace(translate({0}, "
        "'０１２３４５６７８９．', '0123456789.'), ',', ''), '元', ''), '年', '') AS DOUBLE)) AS {0}"
    )
    numbers = ", ".join(number.format(f'"{n}"') for n in NUMBERS)
    flags = ", ".join(f"CASE \"{n}\" WHEN '是' THEN 1.0 WHEN '否' THEN 0.0 END AS \"{n}\"" for n in FLAGS)
    texts = ", ".join(f'trim("{n}") AS "{n}"' for n in TEXTS if n != "年度")
    rules = ", ".join(f"{c.replace('==', '=')} AS rule_{n}" for n, c in RULES.items())
    con.execute(
        f"COPY (WITH rows AS (SELECT DISTINCT * FROM read_parquet('{source}/*.parquet')), "
        f"tidy AS (SELECT * REPLACE ({numbers}, {flags}, {texts}, CAST(年度 AS BIGINT) AS 年度) FROM rows), "
        "sound AS (SELECT * FROM tidy QUALIFY count(*) OVER (PARTITION BY 县代码, 户编号, 年度) = 1), "
        "spread AS (SELECT 县代码, 年度, median(人均纯收入) AS m, "
        "quantile_cont(人均纯收入, 0.75) - quantile_cont(人均纯收入, 0.25) AS w FROM sound GROUP BY ALL) "
        f"SELECT sound.*, {rules}, abs(人均纯收入 - m) > 3 * w AS outlier "
        f"FROM sound JOIN spread USING (县代码, 年度) ORDER BY 县代码, 户编号, 年度) "
        f"TO '{target}/panel.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )


def polars(source: Path, target: Path) -> None:
    """One lazy query over everything."""
    import polars as pl

    wide = dict(zip("０１２３４５６７８９．", "0123456789.", strict=True))
    col = pl.col

    def number(name: str) -> pl.Expr:
        plain = col(name).str.replace_many(list(wide), list(wide.values())).str.replace_all("[,元年]", "")
        return pl.coalesce(
            col(name).cast(pl.Float64, strict=False), plain.cast(pl.Float64, strict=False)
        ).alias(name)

    frame = pl.scan_parquet(f"{source}/*.parquet").unique(maintain_order=False)
    frame = frame.with_columns(
        [number(n) for n in NUMBERS]
        + [pl.when(col(n) == "是").then(1.0).when(col(n) == "否").then(0.0).alias(n) for n in FLAGS]
        + [col(n).str.strip_chars() for n in TEXTS]
    )
    frame = frame.with_columns(col("年度").cast(pl.Int64)).filter(pl.len().over(KEY) == 1)
    rules = [pl.sql_expr(c.replace("==", "=")).alias(f"rule_{n}") for n, c in RULES.items()]
    own, by = col("人均纯收入"), ["县代码", "年度"]
    spread = own.quantile(0.75, "linear").over(by) - own.quantile(0.25, "linear").over(by)
    frame = frame.with_columns([*rules, ((own - own.median().over(by)).abs() > 3 * spread).alias("outlier")])
    frame.sort(KEY).sink_parquet(target / "panel.parquet", compression="zstd")


PEERS = {f.__name__: f for f in (floor, script, pandas, duckdb, polars)}
