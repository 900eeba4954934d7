"""The notebooks that need no build run from top to bottom; county_report and data_audit are executed by the report tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_quickstart_runs_and_shows_its_tables(root: Path, tmp_path: Path) -> None:
    done = tmp_path / "quickstart.ipynb"
    jupyter = Path(sys.executable).with_name("jupyter")
    command = [jupyter, "execute", root / "notebooks" / "quickstart.ipynb", f"--output={done}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    cells = [c for c in json.loads(done.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    shown = [c for c in cells if any("text/html" in o.get("data", {}) for o in c["outputs"])]
    assert len(shown) >= 7
