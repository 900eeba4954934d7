"""The exit standard of a household, worked by hand: six exits of one village table, what each record shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.design import SurveyDesign
from evalkit.errors import DataError, PlanError
from evalkit.exits import Account, Stability, household_standard, stability_of
from evalkit.panel import Panel
from evalkit.standards import load_standard

CN = load_standard("cn-2017")
LINES = {2015: 2855.0, 2016: 2952.0}
PROCEDURE = ("appraisal", "verification", "agreement", "announcement")


def table() -> pd.DataFrame:
    """Return households 1-5 that exited in 2016 and 6 that never did."""
    before = {"1": 3000, "2": 2000, "3": 3000, "4": 3000, "6": 2000}
    after = {"1": 4000, "2": 3100, "3": 2900, "4": 4000, "5": 4000, "6": 2100}
    rows = [
        {"household": h, "wave": 2015, "village": "v", "income_pc": y, "exit_year": np.nan}
        for h, y in before.items()
    ]
    rows += [
        {
            "household": h,
            "wave": 2016,
            "village": "v",
            "income_pc": y,
            "exit_year": np.nan if h == "6" else 2016,
        }
        for h, y in after.items()
    ]
    frame = pd.DataFrame(rows)
    frame["income_pc"] = frame["income_pc"].astype(float)
    frame["size"] = 4
    frame["transfer_income"] = np.where((frame["household"] == "1") & (frame["wave"] == 2016), 4800.0, 0.0)
    for name in ("food", "clothing", "education", "medical", "housing", "water"):
        frame[f"{name}_secure"] = "是"
    for name in PROCEDURE:
        frame[name] = 1
    frame["publicity_days"] = 7
    frame["signed_income_pc"], frame["account_signed"] = frame["income_pc"], 1
    return frame


def panel_of(frame: pd.DataFrame, **design: object) -> Panel:
    return Panel(
        frame, county=None, village="village", size="size", lines=LINES, design=SurveyDesign(**design)
    )  # type: ignore[arg-type]


def readings(found, name: str) -> dict[str, str]:
    return dict(found.frame.set_index("household")[name])


def test_a_full_record_meets_and_income_below_the_line_fails():
    found = household_standard(panel_of(table()), CN)
    assert readings(found, "income") == {"1": "meets", "2": "meets", "3": "fails", "4": "meets", "5": "meets"}
    assert readings(found, "overall") == readings(found, "income")
    assert readings(found, "procedure") == dict.fromkeys("12345", "meets")
    assert found.frame.set_index("household").loc["3", "income_evidence"] == "2016:2900/2952"
    counts = found.counts().set_index("requirement")
    assert counts.loc["overall"].tolist() == [4, 1, 0]
    share = found.shares.where(requirement="overall", reading="meets")
    assert share.values[0] == pytest.approx(4 / 5)
    # simple random sample of 5 of many: p(1-p)/(n-1); variance over all 11 rows as one stratum of households
    assert share.n[0] == 5


def test_the_standard_error_is_that_of_households_drawn():
    frame = table()
    frame = frame[frame["wave"] == 2016]
    found = household_standard(panel_of(frame), CN)
    share = found.shares.where(requirement="overall", reading="meets")
    z = (np.array([1, 1, 0, 1, 1, 0.8]) - 0.8) / 5  # household 6 is sampled, but no exit
    assert share.std_error[0] == pytest.approx(np.sqrt(6 / 5 * (z**2).sum()))
    both = found.shares.where(requirement="income", reading=["meets", "fails"])
    assert both.cov[0, 1] == pytest.approx(-both.cov[0, 0])


def test_stable_is_a_choice():
    panel = panel_of(table())
    two = household_standard(panel, CN, stable=Stability(years=2))
    # 1: 3000 and 4000 above; 2: 2000 of 2015 below; 3: 2900 of 2016 below; 5: no record of 2015
    assert readings(two, "income") == {
        "1": "meets",
        "2": "fails",
        "3": "fails",
        "4": "meets",
        "5": "not_shown",
    }
    assert two.frame.set_index("household").loc["5", "income_evidence"] == "2016:4000/2952; 2015:"
    margin = household_standard(panel, CN, stable=Stability(margin=0.1))  # 1.1 × 2952 = 3247.2
    assert readings(margin, "income")["2"] == "fails"
    fragile = household_standard(panel, CN, stable=Stability(fragile=("transfer_income",)))
    assert readings(fragile, "income")["1"] == "fails"  # 4000 - 4800 / 4 = 2800
    assert fragile.frame.set_index("household").loc["1", "income_evidence"] == "2016:2800/2952"
    assert stability_of(CN) == Stability(1, 0.0, ())


def test_a_missing_fragile_source_shows_nothing_above_the_line_and_fails_below_it():
    frame = table()
    frame["transfer_income"] = frame["transfer_income"].where(~frame["household"].isin(["3", "4"]))
    found = household_standard(panel_of(frame), CN, stable=Stability(fragile=("transfer_income",)))
    assert (readings(found, "income")["3"], readings(found, "income")["4"]) == ("fails", "not_shown")


def test_income_at_the_line_follows_the_rule_at_the_line():
    frame = table()
    frame.loc[(frame["household"] == "2") & (frame["wave"] == 2016), "income_pc"] = 2952.0
    panel = panel_of(frame)
    assert readings(household_standard(panel, CN), "income")["2"] == "meets"
    strict = household_standard(replace(panel, poor_at_line=True), CN)
    assert readings(strict, "income")["2"] == "fails"


def test_what_is_absent_is_not_shown():
    frame = table().drop(columns=["food_secure", "agreement", "signed_income_pc"])
    found = household_standard(panel_of(frame), CN)
    for name in ("food", "agreement", "account"):
        assert set(readings(found, name).values()) == {"not_shown"}
    assert readings(found, "overall") == {**dict.fromkeys("1245", "not_shown"), "3": "fails"}
    assert any("no worry about food, the household itself agrees" in n.en for n in found.notes)
    assert found.shares.where(requirement="overall", reading="meets").values[0] == 0


def test_a_guarantee_said_to_be_met_without_its_evidence_is_not_shown():
    frame = table()
    frame["roof"] = np.where(frame["household"] == "1", "appraisal no. 7", "")
    frame.loc[frame["household"] == "2", "housing_secure"] = "否"
    found = household_standard(panel_of(frame), CN, evidence={"housing": "roof"})
    assert readings(found, "housing") == {
        "1": "meets",
        "2": "fails",
        **dict.fromkeys("345", "not_shown"),
    }
    assert found.frame["housing_evidence"].tolist() == ["appraisal no. 7", "", "", "", ""]


def test_the_registry_mark_shows_a_guarantee_and_says_that_it_is_one():
    frame = table().drop(columns=["housing_secure"])
    frame["unsafe_housing"] = frame["household"] == "4"
    found = household_standard(panel_of(frame), CN)
    assert readings(found, "housing")["4"] == "fails"
    assert any("registry's own marks" in n.en and "safe housing" in n.en for n in found.notes)


def test_the_signed_account_is_held_against_the_registry():
    frame = table()
    frame.loc[frame["household"] == "1", "signed_income_pc"] = 2700.0
    frame.loc[frame["household"] == "2", "account_signed"] = 0
    frame.loc[frame["household"] == "4", "signed_income_pc"] += 1.0
    found = household_standard(panel_of(frame), CN)
    assert readings(found, "account") == {
        "1": "fails",
        "2": "not_shown",
        **dict.fromkeys("345", "meets"),
    }
    assert found.frame.set_index("household").loc["1", "account_evidence"] == "4000/2700"
    close = household_standard(panel_of(frame), CN, account=Account(tolerance=0.5))
    assert readings(close, "account")["4"] == "fails"
    without = household_standard(panel_of(frame), CN, account=None)
    assert "account" not in without.frame
    assert readings(without, "overall")["1"] == "meets"


def test_days_of_publicity_and_a_no_of_the_household():
    frame = table()
    frame.loc[frame["household"] == "1", "publicity_days"] = 6
    frame.loc[frame["household"] == "2", "agreement"] = 0
    found = household_standard(panel_of(frame), CN)
    assert (readings(found, "publicity")["1"], readings(found, "publicity")["2"]) == ("fails", "meets")
    assert readings(found, "agreement")["2"] == "fails"
    problems = found.problems()
    assert problems[["household", "item", "evidence"]].values.tolist() == [
        ["1", "publicity", "6"],
        ["2", "agreement", "stated"],
        ["3", "income", "2016:2900/2952"],
    ]


def test_exits_without_a_record_of_the_year_show_nothing():
    frame = table()
    gone = (frame["household"] == "1") & (frame["wave"] == 2016)
    frame = frame[~gone]
    frame.loc[frame["household"] == "1", "exit_year"] = 2016  # seen in 2015 only
    frame.loc[(frame["household"] == "2") & (frame["wave"] == 2016), "exit_year"] = 2013
    found = household_standard(panel_of(frame), CN)
    assert "2" not in readings(found, "overall")
    assert readings(found, "overall")["1"] == "not_shown"
    said = " ".join(n.en for n in found.notes)
    assert "1 exits have no record of the year of exit" in said
    assert "1 households exited in years that are no wave" in said


def test_judged_at_a_later_wave_returned_households_are_left_out():
    frame = table()
    frame.loc[frame["household"].isin(["1", "3"]), "exit_year"] = 2015
    frame["status"] = np.where((frame["household"] == "3") & (frame["wave"] == 2016), "返贫", "已脱贫")
    at_exit = household_standard(panel_of(frame), CN)
    assert dict(zip(at_exit.frame["household"], at_exit.frame["wave"], strict=True)) == {
        "1": 2015,
        "2": 2016,
        "3": 2015,
        "4": 2016,
        "5": 2016,
    }
    later = household_standard(panel_of(frame), CN, at=2016)
    assert later.frame["household"].tolist() == ["1", "2", "4", "5"]
    assert set(later.frame["wave"]) == {2016}


def test_the_order_of_the_rows_does_not_matter():
    frame = table()
    first = household_standard(panel_of(frame), CN, stable=Stability(years=2))
    other = household_standard(panel_of(frame.sample(frac=1, random_state=1)), CN, stable=Stability(years=2))
    pd.testing.assert_frame_equal(first.frame, other.frame)
    np.testing.assert_allclose(first.shares.values, other.shares.values)


def test_what_cannot_be_followed_is_refused():
    frame = table()
    with pytest.raises(DataError, match="exit_year"):
        household_standard(panel_of(frame.drop(columns="exit_year")), CN)
    with pytest.raises(PlanError, match="no requirement"):
        household_standard(panel_of(frame), CN, columns={"food_": "food_secure"})
    with pytest.raises(DataError, match="no column roof"):
        household_standard(panel_of(frame), CN, evidence={"housing": "roof"})
    with pytest.raises(DataError, match="neither yes nor no"):
        household_standard(panel_of(frame.assign(agreement="perhaps")), CN)
    with pytest.raises(DataError, match="pension_"):
        household_standard(panel_of(frame), CN, stable=Stability(fragile=("pension_",)))
    with pytest.raises(PlanError, match="left out twice"):
        Stability(fragile=("transfer_income", "pension"))
    with pytest.raises(DataError, match="has exited"):
        household_standard(panel_of(frame.assign(exit_year=np.nan)), CN)


def test_shares_by_domain_and_of_a_census():
    frame = table().assign(side=np.where(table()["household"].isin(["1", "2"]), "east", "west"))
    found = household_standard(panel_of(frame), CN, by="side")
    share = found.shares.where(requirement="income", reading="meets")
    assert share.keys["side"].tolist() == ["east", "west"]
    np.testing.assert_allclose(share.values, [1, 2 / 3])
    assert found.shares.where(requirement="income", side="west").values.sum() == pytest.approx(1)
    census = household_standard(panel_of(frame, census=True), CN).shares
    assert census.about.interval == "none"
    assert census.where(requirement="income", reading="fails").values[0] == pytest.approx(1 / 5)
    assert not census.cov.any()


def test_the_subpopulation_is_what_is_judged():
    panel = panel_of(table()).where("household != '3'")
    found = household_standard(panel, CN)
    assert found.frame["household"].tolist() == ["1", "2", "4", "5"]
    assert found.shares.where(requirement="overall", reading="meets").values[0] == 1
