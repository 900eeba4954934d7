"""Fixtures shared by all tests."""

from __future__ import annotations

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
