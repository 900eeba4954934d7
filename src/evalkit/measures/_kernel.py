"""Weighted kernel density, which measures built on quantiles need for their standard errors."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evalkit.design import Floats, kish_n
from evalkit.errors import EstimationError

Kernel = Literal["effective", "population"]
"""Sample size in a bandwidth: Kish's effective number of rows, or the sum of the weights."""
Bandwidth = Literal["woodruff", "effective", "population"]
"""How a density is found: over the design's limits of a quantile, without a kernel; or by a kernel."""
KERNELS = ("effective", "population")


def check_kernel(bandwidth: str) -> None:
    """Raise EstimationError unless the name is that of a kernel bandwidth."""
    if bandwidth not in KERNELS:
        msg = f"bandwidth is 'effective' or 'population', not {bandwidth!r}"
        raise EstimationError(msg)


def check_bandwidth(bandwidth: str) -> None:
    """Raise EstimationError unless the name is known."""
    if bandwidth not in ("woodruff", *KERNELS):
        msg = f"bandwidth is 'woodruff', 'effective' or 'population', not {bandwidth!r}"
        raise EstimationError(msg)


def density_words(bandwidth: Bandwidth) -> str:
    """Say how densities are found.

    >>> density_words("woodruff")
    'densities over the limits of ranks and the error of the line (Woodruff)'
    """
    if bandwidth == "woodruff":
        return "densities over the limits of ranks and the error of the line (Woodruff)"
    return f"Gaussian kernel, bandwidth sd × N^(-1/5), N {bandwidth}"


def sample_size(w: Floats, bandwidth: Bandwidth) -> float:
    """Return the N of a bandwidth sd × N^(-1/5)."""
    return float(w.sum()) if bandwidth == "population" else kish_n(w)


def kernel_width(y: Floats, w: Floats, n: float) -> float:
    """Return the bandwidth sd × n^(-1/5) of weighted values.

    Raises
    ------
    EstimationError
        All values are the same.
    """
    total = w.sum()
    centre = (w * y).sum() / total
    width = float(np.sqrt((w * (y - centre) ** 2).sum() / total) * n**-0.2)
    if not width > 0:
        msg = "all welfare values of a domain are the same: a line estimated from them has no standard error"
        raise EstimationError(msg)
    return width


def kernel_mass(x: float, y: Floats, w: Floats, width: float) -> float:
    """Return Σ w K((x - y)/width)/width with the Gaussian kernel: density at x times Σ w.

    >>> round(kernel_mass(0.0, np.array([-1.0, 1.0]), np.array([1.0, 1.0]), 1.0), 4)
    0.4839
    """
    kernel = np.exp(-0.5 * ((x - y) / width) ** 2)
    return float((w * kernel).sum() / (width * np.sqrt(2 * np.pi)))


def kernel_density(x: float, y: Floats, w: Floats, n: float) -> float:
    """Return the weighted Gaussian kernel density of y at x with bandwidth sd × n^(-1/5).

    Raises
    ------
    EstimationError
        All values are the same.

    >>> y = np.array([-1.0, 1.0])
    >>> round(kernel_density(0.0, y, np.ones(2), 1.0), 4)
    0.242
    """
    return kernel_mass(x, y, w, kernel_width(y, w, n)) / float(w.sum())
