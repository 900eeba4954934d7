"""Every worked case, in the order of docs/spec.md."""

from __future__ import annotations

from .cases import CASES as STANDING, Case as Case
from .cases_dynamics import CASES as DYNAMICS
from .cases_growth import CASES as GROWTH
from .cases_inequality import CASES as INEQUALITY
from .cases_replicate import CASES as REPLICATE

CASES: tuple[Case, ...] = (*STANDING, *INEQUALITY, *GROWTH, *DYNAMICS, *REPLICATE)
