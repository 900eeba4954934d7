"""Weights made to reproduce known totals: post-stratification, raking, linear and logit calibration."""

from __future__ import annotations

from evalkit.weighting.calibration import Calibration, calibrate
from evalkit.weighting.county import CountyCalibration, county_calibration
from evalkit.weighting.distances import Method

__all__ = ["Calibration", "CountyCalibration", "Method", "calibrate", "county_calibration"]
