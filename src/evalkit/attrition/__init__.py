"""Who leaves a panel, whether it matters, and weights that make up for it."""

from __future__ import annotations

from evalkit.attrition.bglw import BglwTest, bglw_test
from evalkit.attrition.counting import Pattern, attrition_pattern, attrition_table
from evalkit.attrition.county import CountyAttrition, county_attrition
from evalkit.attrition.reweighting import AttritionWeights, attrition_weights
from evalkit.attrition.staying import StayingModel, staying_model

__all__ = [
    "AttritionWeights",
    "BglwTest",
    "CountyAttrition",
    "Pattern",
    "StayingModel",
    "attrition_pattern",
    "attrition_table",
    "attrition_weights",
    "bglw_test",
    "county_attrition",
    "staying_model",
]
