"""Limits of the checks: what counts as implausible. A plan may change each one (plan.clean.limits)."""

from __future__ import annotations

LIMITS: dict[str, float] = {
    # income; money in yuan a year
    "parts_tolerance": 1.0,  # by which a sum may differ from its parts
    "income_pc_max": 60_000,
    "costless_operating_income": 1_000,  # operating income from which expenses are expected
    "expense_share_max": 2.0,  # expenses over operating income
    "allowance_min": 200,
    "allowance_pc_max": 12_000,
    "pension_min": 150,
    "pension_pc_max": 40_000,
    "destitute_pc_max": 25_000,
    "family_planning_max": 12_000,
    "ecological_per_mu_max": 3_000,
    "wage_without_labour": 2_000,  # wages that weak members may bring home
    "idle_labourers": 2,  # able-bodied members that are expected to earn
    "wage_per_labourer_max": 120_000,
    "work_months_paid": 3,  # months of work away from which wages are expected
    "wage_per_month_max": 15_000,
    "dividend_pc_max": 5_000,
    "unexplained_share": 0.7,  # of net income
    "unexplained_pc": 2_000,
    "tax_share_max": 0.2,
    "slip_ratio": 7.0,  # a jump against both neighbours in time
    "slip_factor": 2.0,  # within which a jump is taken for a power of ten
    "slip_neighbours": 2.0,  # within which these agree
    "growth_base": 500,  # income per head from which growth is judged
    "growth_max": 6.0,
    "growth_min": 0.2,
    # patterns
    "copied_amounts": 3,  # amounts above zero that make an equal account suspicious
    "copied_facts": 4,  # likewise of land, forest, floor area, distance
    "copied_households": 3,  # households that are alike
    "frozen_amounts": 2,  # amounts above zero that make an unchanged account suspicious
    "same_growth_households": 4,
    "same_growth_share": 0.1,  # of the village's households
    "digits_households": 10,  # households from which digits of a village are judged
    "digits_share": 0.5,
    "heap_width": 0.02,  # of the line
    "heap_households": 5,
    "heap_ratio": 4.0,  # households in the window over those expected
    "padding_share": 0.8,  # of the rise of income that is transfers and dividends
    "reversal_left": 0.25,  # of the jump that is left a year later
    # households
    "floor_per_person_min": 3,  # m²
    "floor_per_person_max": 200,  # m²
    "labour_share_enough": 0.5,
    "land_per_person_enough": 5,  # mu
    "land_per_person_max": 200,  # mu
    "land_jump_mu": 10,
    "land_jump_ratio": 3,
    "size_max": 15,
    "size_jump_max": 3,
    "head_age_min": 16,  # years
    "head_age_max": 110,  # years
    "head_school_max": 22,  # years
    "road_distance_max": 50,  # km
    # status and timing
    "long_above_lines": 2.0,  # lines
    "identified_above_lines": 1.5,  # lines
    "rigid_share_max": 1.0,  # of net income
    "mass_households": 10,
    "mass_exit_share": 0.6,  # of the village's households
    "batch_households": 10,
    "batch_share": 0.9,  # of the township's events of the year
    "eliminated_fast_months": 2,
    "eliminated_least_months": 6,
    "exit_after_months": 3,
    "monitoring_began": 2020,  # year
    # persons
    "age_max": 100,  # years
    "generation_gap_min": 14,  # years between parent and child
    "spouse_gap_max": 30,  # years
    "work_age_min": 16,  # years
    "work_age_max": 75,  # years, for work away
    "public_post_age_max": 70,  # years; from this age on
    "school_age_max": 30,  # years
    "school_age_slack": 2,  # years around the usual age of a stage
    "monthly_wage_min": 300,  # yuan
    "monthly_wage_max": 50_000,  # yuan
    # programs
    "support_amount_max": 500_000,  # yuan
    "registration_began": 2013,  # year
    # villages and totals
    "persons_per_household_min": 1.2,
    "persons_per_household_max": 8,
    "collective_income_max": 1e8,  # yuan
    "distance_max": 500,  # km
    "rounding_share": 0.001,
    # county series
    "series_jump_spread": 5.0,  # robust standard deviations of the county's own yearly log changes
    "series_jump_log": 0.25,  # least log change from the median that may be called a jump
    "series_slip_factor": 2.5,  # within which a change is taken for a power of ten
    "stated_rate_slack": 0.05,  # percentage points, besides the rounding of the rate as written
    "stock_slack": 0.001,  # of the stock of the year before
    "disposable_first_year": 2013,  # year from which disposable income was published
}
"""Name → limit; money in yuan a year, shares between 0 and 1."""
