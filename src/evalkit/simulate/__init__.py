"""A synthetic registry with known truth, and its export as the messy files that registries really send."""

from evalkit.simulate.export import Export, write_export
from evalkit.simulate.prefecture import DEFAULT_SEED, SyntheticRegistry, Truth, registry

__all__ = ["DEFAULT_SEED", "Export", "SyntheticRegistry", "Truth", "registry", "write_export"]
