"""Multiple imputation of missing items by chained equations; what is decided by registration is never imputed."""

from __future__ import annotations

from evalkit.imputation.county import CountyImputation, county_imputation
from evalkit.imputation.imputing import Imputations, impute
from evalkit.imputation.requests import NEVER

__all__ = ["NEVER", "CountyImputation", "Imputations", "county_imputation", "impute"]
