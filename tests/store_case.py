"""Stores compared file by file, and the small synthetic export that fills them."""

from __future__ import annotations

import shutil
from pathlib import Path

import evalkit as ek
from evalkit import simulate
from evalkit.plan import Plan
from evalkit.store import file_hash


def hashes(folder: Path, *, apart: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the hash of every file below a folder by its path; folders named in `apart` are passed over."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    named = {p.relative_to(folder).as_posix(): p for p in files}
    return {n: file_hash(p) for n, p in named.items() if n.split("/")[0] not in apart}


def synthetic(root: Path, folder: Path, *, counties: int = 3, scale: float = 0.1) -> Plan:
    """Write a small synthetic export with its plan into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / "plan.yaml", folder / "plan.yaml")
    plan = ek.load_plan(folder / "plan.yaml")
    simulate.write_export(simulate.registry(seed=11, counties=counties, scale=scale), plan.raw)
    return plan
