"""Fixtures shared by all tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real panels kept beside the checkout; skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real panels (../shared/data) are kept on development machines and in CI only")
    return folder


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Return the folder of reference figures kept beside the checkout; skip where it is absent."""
    folder = ROOT.parent / "shared" / "reference"
    if not folder.is_dir():
        pytest.skip("reference figures (../shared/reference) are kept on development machines and in CI only")
    return folder


@pytest.fixture(scope="session")
def run_r() -> Callable[..., None]:
    """Return a function that runs Rscript in a folder; skip where R, or a package it asks for, is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed; it gives second answers, and the data of its package survey")

    def run(folder: Path, *arguments: str) -> None:
        done = subprocess.run(
            [rscript, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        lacking = re.search(r"there is no package called \W*(\w+)", done.stderr)
        if lacking:
            pytest.skip(f"R's package {lacking[1]} is not installed")
        assert done.returncode == 0, done.stderr

    return run
