"""A tiny household panel of a made-up country, in its own layout, and the command line run on it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from click.testing import CliRunner

from evalkit.cli import main

REGIONS = {"N1": "Norte", "S2": "Sur", "E3": "Este"}
YEARS = {"1": 2011, "2": 2013, "3": 2016}
LINES = {2011: 100, 2013: 110, 2016: 120}

PLAN = """\
title: Living standards in Ruritania
data:
  household:
    files: [panel*]
    columns: {household: hid, wave: round, county: region, village: ea, size: nmem, weight: wgt}
    keep: [cons, grant]
    wave_labels: {"1": 2011, "2": 2013, "3": 2016}
county_names: {N1: Norte, S2: Sur, E3: Este}
welfare:
  column: cons
  concept: consumption
  label: consumption per head
  currency: crowns
poverty:
  line: {kind: table, values: {2011: 100, 2013: 110, 2016: 120}, source: invented}
prices: {kind: none}
design: {weight: weight, strata: county, psu: village}
programs:
  grant: {label: grant, column: grant}
impact:
  - {kind: did, program: grant, scale: level}
disclosure: {minimum_cell: 3}
report: {languages: [en]}
"""


def panel(seed: int = 1) -> pd.DataFrame:
    """Return 3 regions × 4 enumeration areas × 5 households × 3 rounds, as the foreign file has it."""
    rng = np.random.default_rng(seed)
    rows = []
    for region in REGIONS:
        for ea in range(1, 5):
            for number in range(1, 6):
                level = rng.lognormal(np.log(115), 0.3)
                for label in YEARS:
                    granted = int(ea <= 2 and label != "1")
                    cons = level * rng.lognormal(0.05 * int(label), 0.2) + 10 * granted
                    rows.append(
                        {
                            "hid": f"{region}-{ea}-{number:02d}",
                            "round": label,
                            "region": region,
                            "ea": f"{region}{ea}",
                            "nmem": int(rng.integers(1, 8)),
                            "wgt": 10 + ea,
                            "cons": round(cons, 2),
                            "grant": granted,
                        }
                    )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that was written."""
        return self.out + self.err


def lay(folder: Path, frame: pd.DataFrame | None = None, plan: str = PLAN) -> Path:
    """Write plan.yaml and data/raw/panel.csv (the tiny panel unless another is given); return the plan."""
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    (panel() if frame is None else frame).to_csv(raw / "panel.csv", index=False)
    path = folder / "plan.yaml"
    path.write_text(plan, encoding="utf-8")
    return path


def run(*words: str | Path) -> Ended:
    """Run a command in this process; an error that is no exit code is raised."""
    result = CliRunner().invoke(main, [str(w) for w in words], catch_exceptions=False)
    return Ended(result.exit_code, result.stdout, result.stderr)


def command(*words: str | Path) -> list[str]:
    """Return the command line of a process of its own."""
    return [sys.executable, "-c", "from evalkit.cli import main; main()", *map(str, words)]


def process(*words: str | Path) -> Ended:
    """Run a command in a process of its own, as from a shell."""
    done = subprocess.run(
        command(*words), capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)
