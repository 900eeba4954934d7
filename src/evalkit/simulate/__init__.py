"""A synthetic registry with known truth, its forgeries, and its export as the messy files that registries send."""

from evalkit.simulate.distortions import DISTORTIONS, Distorted, distort
from evalkit.simulate.export import Export, write_export
from evalkit.simulate.prefecture import DEFAULT_SEED, SyntheticRegistry, Truth, counties_of, registry
from evalkit.simulate.yearbook import Yearbook, make_yearbook

__all__ = [
    "DEFAULT_SEED",
    "DISTORTIONS",
    "Distorted",
    "Export",
    "SyntheticRegistry",
    "Truth",
    "Yearbook",
    "counties_of",
    "distort",
    "make_yearbook",
    "registry",
    "write_export",
]
