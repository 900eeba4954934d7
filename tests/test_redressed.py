"""A panel dressed as a messy registry workbook gives back its original numbers, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cleaning import clean, rebuild
from evalkit.ingest import combined, read, read_all, read_blocks
from evalkit.plan import Plan
from redress import HEADERS, MONEY, dress

COLUMNS = ["county", "household", "wave", "village_name", "size", *MONEY, "head_age"]


def plan_for(waves: list[int], welfare_max: float) -> Plan:
    return Plan(
        title="t",
        data={"household": {"files": ["**"], "wave_from": "sheet"}},
        waves=waves,
        poverty={"line": {"kind": "none"}},
        prices={"kind": "none"},
        clean={"duplicates": "quarantine", "welfare_max": welfare_max},
    )


def check(parts: list[tuple[str, pd.DataFrame]], folder: Path, seed: int) -> None:
    """Dress, read, clean, compare with the frames that went in."""
    dressed = dress(parts, folder / "户表.xlsx", seed)
    truth = pd.concat([f.assign(wave=int(n[:4])) for n, f in parts], ignore_index=True)
    plan = plan_for(sorted(set(truth["wave"])), 10.0 * float(truth["income_pc"].max()))
    raw = read_all(plan, folder)
    result = clean(raw, plan)
    rows = result.rows("household")
    assert rows["merged"] == dressed.repeated > 0
    assert rows["not_data"] == dressed.totals + dressed.blank + dressed.signatures
    assert min(dressed.totals, dressed.blank) > 0
    assert rows["quarantined"] == 0
    expected = truth[COLUMNS].sort_values(["county", "household", "wave"], ignore_index=True)
    found = result.frame[COLUMNS].sort_values(["county", "household", "wave"], ignore_index=True)
    for column in COLUMNS:
        assert found[column].tolist() == expected[column].tolist(), column
    notes = " ".join(raw["household"].files["notes"])
    filled = sum(
        int(n.split(" cells of village_name filled")[0].split()[-1])
        for n in notes.split(" / ")
        if "filled" in n
    )
    assert filled == dressed.merged > 0
    units = raw["household"].mapping.query("field == 'income_pc'")["unit"].tolist()
    assert units == ["one", "wan", "one"]
    again = rebuild(raw, result.ledger, plan)["household"]
    pd.testing.assert_frame_equal(again, result.frame)
    blocks = combined(list(read_blocks(dressed.path, source=plan.data.household, root=folder, rows=97)))
    pd.testing.assert_frame_equal(
        blocks.frame, read(dressed.path, source=plan.data.household, root=folder).frame
    )


def made_up() -> pd.DataFrame:
    """Return forty households of two counties; amounts with awkward digits."""
    rng = np.random.default_rng(3)
    n = 120
    return pd.DataFrame(
        {
            "county": np.repeat(["990602", "990621"], n // 2),
            "village_name": [f"第{i // 6 % 10}村" for i in range(n)],
            "household": [str(52_000 + 7 * i) for i in range(n)],
            "size": rng.integers(1, 9, n).astype("float64"),
            "income_pc": rng.lognormal(8, 0.6, n),
            "wage_income": np.round(rng.uniform(0, 90_000, n), 1),
            "head_age": rng.integers(20, 90, n).astype("float64"),
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_made_up_panel(tmp_path: Path, seed: int) -> None:
    frame = made_up()
    rng = np.random.default_rng(seed)
    grown = [frame.assign(income_pc=frame["income_pc"] * rng.uniform(0.8, 1.4, len(frame))) for _ in range(3)]
    check(list(zip(["2016年", "2017年", "2018年"], grown, strict=True)), tmp_path, seed)


def test_bangladesh_comes_back(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_stata(shared_data / "bangladesh" / "hh_9198.dta", convert_categoricals=False)
    frame = pd.DataFrame(
        {
            "county": (990_600 + raw["thanaid"].astype("int64")).astype("str"),
            "village_name": "第" + raw["villid"].astype("str") + "村",
            "household": raw["nh"].astype("str"),
            "size": raw["famsize"].astype("float64"),
            "income_pc": raw["exptot"].astype("float64"),
            "wage_income": raw["hhasset"].astype("float64"),
            "head_age": raw["agehead"].astype("float64"),
        }
    )
    first, second = frame[raw["year"] == 0], frame[raw["year"] == 1]
    half = second["county"].astype("int64") < 990_616
    parts = [("1991年", first), ("1998年（一）", second[half]), ("1998年（二）", second[~half])]
    assert len(first) == 826
    check(parts, tmp_path, 11)


def test_graduation_comes_back(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "graduation" / "graduation_wide.csv")
    parts = []
    for suffix, wave in (("bsl", 2011), ("end", 2012), ("fup", 2014)):
        part = pd.DataFrame(
            {
                "county": np.where(raw["id_hh"] % 2 == 0, "990602", "990621"),
                "village_name": "第" + (raw["id_hh"] // 100 % 50).astype("str") + "村",
                "household": raw["id_hh"].astype("int64").astype("str"),
                "size": 5.0,
                "income_pc": raw[f"ctotal_pcmonth_{suffix}"],
                "wage_income": raw[f"cfood_pcmonth_{suffix}"],
                "head_age": 40.0,
            }
        )
        parts.append((f"{wave}年", part.dropna(ignore_index=True)))
    assert sum(len(p) for _, p in parts) > 2_300
    check(parts, tmp_path, 12)


def test_the_sheets_differ_in_every_header() -> None:
    for column in ("county", "village_name", "household", "size", "income_pc"):
        assert len({h[column] for h in HEADERS}) == 3
