"""Attrition: tables by hand, tests against statsmodels, weights against truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.attrition import (
    attrition_pattern,
    attrition_table,
    attrition_weights,
    bglw_test,
    county_attrition,
    staying_model,
)
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.panel import Panel
from evalkit.weighting import calibrate

#         2014 2016 2018   status at baseline, size
#   a      x    x    x     registered 2
#   b      x    x    .     registered 3   died 2017
#   c      x    .    x     exited     4
#   d      x    .    .     exited     1   moved 2015
#   e      .    x    x     (joined)   5
HAND = pd.DataFrame(
    {
        "household": ["a", "a", "a", "b", "b", "c", "c", "d", "e", "e"],
        "wave": [2014, 2016, 2018, 2014, 2016, 2014, 2018, 2014, 2016, 2018],
        "size": [2, 2, 1, 3, 3, 4, 4, 1, 5, 5],
        "status": [
            "registered",
            "exited",
            "exited",
            "registered",
            "registered",
            "exited",
            "exited",
            "exited",
            "x",
            "x",
        ],
        "income_pc": 1.0,
    }
)
EVENTS = pd.DataFrame(
    {"household": ["b", "d", "a"], "kind": ["died", "moved", "died"], "date": [201703, 2015, 2013]}
)


def hand(**more) -> Panel:
    return Panel(HAND, county=None, size="size", **more)


def test_table_by_hand():
    table = attrition_table(hand(), events=EVENTS)
    columns = [
        "wave",
        "status",
        "baseline",
        "present",
        "returned",
        "away",
        "left",
        "left_died",
        "left_moved",
        "left_unknown",
    ]
    assert table[columns].to_numpy().tolist() == [
        [2014, "all", 4, 4, 0, 0, 0, 0, 0, 0],
        [2014, "exited", 2, 2, 0, 0, 0, 0, 0, 0],
        [2014, "registered", 2, 2, 0, 0, 0, 0, 0, 0],
        [2016, "all", 4, 2, 0, 1, 1, 0, 1, 0],
        [2016, "exited", 2, 0, 0, 1, 1, 0, 1, 0],
        [2016, "registered", 2, 2, 0, 0, 0, 0, 0, 0],
        [2018, "all", 4, 2, 1, 0, 2, 1, 1, 0],
        [2018, "exited", 2, 1, 1, 0, 1, 0, 1, 0],
        [2018, "registered", 2, 1, 0, 0, 1, 1, 0, 0],
    ]
    last = table[(table["wave"] == 2018) & (table["status"] == "all")].iloc[0]
    assert (last["baseline_persons"], last["present_persons"], last["left_persons"]) == (10, 6, 4)
    assert last["share_present"] == 0.5


def test_only_what_ends_a_household_is_a_death_or_merger():
    """One member of b dies, d moves in its last wave: neither is why they left; of a register, status ends a household."""
    register = pd.DataFrame(
        {
            "household": ["b", "d"],
            "kind": ["died", "moved"],
            "date": ["2016", "2014"],
            "status": pd.Series([None, None], dtype="str"),
            "rule": ["E13", "E12"],
        }
    )

    def why(events: pd.DataFrame) -> dict[str, int]:
        last = attrition_table(hand(), (), events=events).iloc[-1]
        return {c: int(last[c]) for c in ("left_died", "left_moved", "left_merged", "left_unknown")}

    assert why(register) == {"left_died": 0, "left_moved": 0, "left_merged": 0, "left_unknown": 2}
    later = register.assign(date=["2018", "2015"], status=["none", None], rule=["E14", "E12"])
    assert why(later) == {"left_died": 1, "left_moved": 1, "left_merged": 0, "left_unknown": 0}
    gone = register.assign(kind="merged", date="2018", status="none", rule=["E10", "E11"])
    assert why(gone) == {"left_died": 0, "left_moved": 0, "left_merged": 1, "left_unknown": 1}


def test_pattern_by_hand():
    found = attrition_pattern(hand())
    assert (found.households, found.complete, found.left, found.with_gaps, found.joined) == (4, 1, 2, 1, 1)
    assert not found.monotone
    assert attrition_pattern(replace(hand(), frame=HAND[HAND["household"] != "c"])).monotone


def test_other_keys_of_the_table():
    poor = attrition_table(hand(lines={2014: 2.0, 2016: 2, 2018: 2}), "poor")
    assert poor["poor"].unique().tolist() == ["all", "poor"]
    assert attrition_table(hand(), ()).columns[:2].tolist() == ["wave", "baseline"]
    frame = HAND.drop(columns="status")
    assert attrition_table(Panel(frame, county=None, lines={2014: 2.0}), None).columns[1] == "poor"
    assert len(attrition_table(Panel(frame, county=None))) == 3
    with pytest.raises(EstimationError, match="needs a poverty line"):
        attrition_table(hand(), "poor")
    with pytest.raises(EstimationError, match="at least two waves; the panel has 2014"):
        attrition_table(hand().where("wave == 2014"))
    with pytest.raises(DataError, match="absent: kind"):
        attrition_table(hand(), events=EVENTS[["household"]])


def test_the_table_adds_up_in_any_row_order():
    panel, _ = simulated(1, households=400)
    table = attrition_table(panel, "village")
    assert (table["baseline"] == table["present"] + table["away"] + table["left"]).all()
    groups = table[table["village"] != "all"].groupby("wave")[["present", "left", "present_persons"]].sum()
    whole = table[table["village"] == "all"].set_index("wave")[["present", "left", "present_persons"]]
    pd.testing.assert_frame_equal(groups, whole)
    shuffled = replace(panel, frame=panel.frame.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(attrition_table(shuffled, "village"), table)


def simulated(seed: int, *, households: int = 1500, unrelated: bool = False) -> tuple[Panel, pd.DataFrame]:
    """Three waves; the richer and the more land, the likelier to leave. Returns also everybody, unseen too."""
    rng = np.random.default_rng(seed)
    village = np.arange(households) % 30
    land = rng.normal(5, 2, households)
    head = rng.integers(0, 3, households)
    y = [10 + 0.8 * land + (head == 2) + rng.normal(0, 1, 30)[village] + rng.normal(0, 2, households)]
    seen = [np.ones(households, dtype=bool)]
    for _ in range(2):
        push = 0.0 if unrelated else 0.45 * (y[-1] - 14.5) + 0.8 * (head == 2)
        stays = rng.uniform(size=households) > 1 / (1 + np.exp(1.1 - push))
        seen.append(seen[-1] & stays)
        y.append(3 + 0.8 * y[-1] + 0.3 * land + rng.normal(0, 2, households))
    ids = [f"h{i:05d}" for i in range(households)]
    parts = [
        pd.DataFrame(
            {
                "household": ids,
                "wave": 2014 + 2 * t,
                "village": village,
                "land": land,
                "head": np.array(["low", "middle", "high"])[head],
                "size": 1 + head,
                "weight": 1.0 + village % 3,
                "income_pc": y[t],
                "seen": seen[t],
            }
        )
        for t in range(3)
    ]
    everybody = pd.concat(parts, ignore_index=True)
    frame = everybody[everybody["seen"]].reset_index(drop=True)
    design = SurveyDesign(weight="weight", psu="village")
    return Panel(frame, county=None, size="size", village="village", design=design, synthetic=True), everybody


def test_bglw_against_statsmodels():
    """Coefficients, clustered errors (statsmodels adds (n - 1)/(n - k)) and the F tests built on them."""
    import statsmodels.api as sm

    panel, _ = simulated(3)
    found = bglw_test(panel, "welfare", ["land", "size"])
    base = panel.frame[panel.frame["wave"] == 2014]
    last = set(panel.frame.loc[panel.frame["wave"] == 2018, "household"])
    gone = (~base["household"].isin(last)).to_numpy(dtype=float)
    x = base[["land", "size"]].to_numpy(dtype=float)
    full = np.column_stack([np.ones(len(base)), x, gone, x * gone[:, None]])
    model = sm.WLS(base["income_pc"].to_numpy(), full, weights=base["weight"].to_numpy())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": base["village"].to_numpy()})
    n, k, g = len(base), full.shape[1], 30
    assert found.coefficients.values == pytest.approx(fit.params, rel=1e-9)
    cov = fit.cov_params() * (n - k) / (n - 1)
    assert found.coefficients.cov == pytest.approx(cov, rel=1e-7, abs=1e-12)
    b, v = fit.params[3:], cov[3:, 3:]
    chi = b @ np.linalg.solve(v, b)
    joint = found.tests[0]
    assert joint.df_num == 3
    assert joint.df_den == g - 1 - 3 + 1
    assert joint.statistic == pytest.approx(chi * 27 / (29 * 3), rel=1e-7)
    assert joint.p_value < 1e-6
    assert (found.leavers, found.stayers) == (int(gone.sum()), int(n - gone.sum()))
    assert found.coefficients.keys["term"].tolist()[3:] == ["leaver", "leaver × land", "leaver × size"]


def test_bglw_refuses_covariates_that_determine_the_outcome():
    panel, _ = simulated(3, households=300)
    made = panel.frame.assign(double=2 * panel.frame["income_pc"] - 7, flat=3000.1)
    panel = replace(panel, frame=made)
    with pytest.raises(
        EstimationError, match=r"land, double determine the outcome .*leave out the covariate"
    ):
        bglw_test(panel, covariates=["land", "double"])
    with pytest.raises(EstimationError, match="'income_pc' is the outcome 'income_pc' itself; leave it out"):
        bglw_test(panel, covariates=["land", "income_pc"])
    with pytest.raises(EstimationError, match="the same for all 300 households"):
        bglw_test(panel, "flat", ["land"])
    found = county_attrition(panel, ["land", "double"])
    assert "determine the outcome" in found.omitted["attrition_test"].en
    assert found.weights is not None


def test_bglw_keeps_its_size_when_attrition_is_unrelated():
    """200 panels: a 5 % test rejects in 5 %, within 3 Monte Carlo errors (1.54 points each)."""
    rejected = [
        bglw_test(simulated(s, households=300, unrelated=True)[0], covariates=["land"]).tests[0].p_value
        < 0.05
        for s in range(200)
    ]
    assert abs(np.mean(rejected) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("link", ["probit", "logit"])
def test_staying_model_against_statsmodels(link: str) -> None:
    import statsmodels.api as sm

    panel, _ = simulated(4)
    panel = replace(panel, design=SurveyDesign(psu="village"))
    found = staying_model(panel, ["land", "head"], link=link)
    base = panel.frame[panel.frame["wave"] == 2014]
    last = set(panel.frame.loc[panel.frame["wave"] == 2018, "household"])
    y = base["household"].isin(last).to_numpy(dtype=float)
    x = np.column_stack(
        [np.ones(len(y)), base["land"], base["head"] == "low", base["head"] == "middle"]
    ).astype(float)
    model = {"probit": sm.Probit, "logit": sm.Logit}[link](y, x)
    fit = model.fit(disp=0, cov_type="cluster", cov_kwds={"groups": base["village"].to_numpy()})
    assert found.coefficients.values == pytest.approx(fit.params, rel=1e-6)
    assert found.pseudo_r2 == pytest.approx(fit.prsquared, rel=1e-8)
    n, k = x.shape
    if link == "logit":  # the probit's bread is the expected information here, the observed one there
        cov = fit.cov_params() * (n - k) / (n - 1)
        assert found.coefficients.cov == pytest.approx(cov, rel=1e-5, abs=1e-10)
    else:
        assert found.coefficients.std_error == pytest.approx(np.sqrt(np.diag(fit.cov_params())), rel=0.02)
    assert found.coefficients.keys["term"].tolist() == ["constant", "land", "head: low", "head: middle"]
    assert found.joint is not None
    assert found.joint.p_value < 1e-4


@pytest.mark.parametrize("moment", ["previous", "baseline"])
def test_weights_recover_the_mean_of_everybody(moment: str) -> None:
    """Leaving depends on welfare one wave before: the stayers' mean is too low; reweighted it is right on average.

    100 panels; the bias left is compared with three Monte Carlo errors of its mean. Models on the first wave cannot
    see what happened in between, so they mend the first step only in full.
    """
    errors = {"before": [], "after": []}
    for seed in range(100):
        panel, everybody = simulated(1000 + seed, households=600)
        weights = attrition_weights(panel, ["income_pc", "head"], trim=None, covariates_at=moment)
        wave = 2018 if moment == "previous" else 2016
        truth = everybody[everybody["wave"] == wave]
        mean = np.average(truth["income_pc"], weights=truth["weight"])
        both = weights.compare(panel, lambda p: ek.mean(p, by="wave", per="household")).tidy()
        row = both[both["wave"] == wave].iloc[0]
        errors["before"].append(row["before"] - mean)
        errors["after"].append(row["after"] - mean)
    bias = {k: np.mean(v) for k, v in errors.items()}
    error = np.std(errors["after"], ddof=1) / 10
    assert bias["before"] < -0.5
    assert abs(bias["after"]) < 3 * error + 0.02  # inverse probabilities have a bias of order 1/n


def test_factors_by_hand_with_one_group():
    """Two of four low and three of four high stay: factors 2 and 4/3; stabilised times 5/8."""
    kind = ["low"] * 4 + ["high"] * 4
    ids = list("abcdefgh")
    first = pd.DataFrame({"household": ids, "wave": 1, "kind": kind, "income_pc": 1.0})
    second = first[first["household"].isin(list("abefg"))].assign(wave=2)
    panel = Panel(pd.concat([first, second], ignore_index=True), county=None)
    found = attrition_weights(panel, ["kind"], trim=None)
    assert found.factors["factor"].to_numpy()[:8].tolist() == [1.0] * 8
    assert found.factors["factor"].to_numpy()[8:] == pytest.approx([2, 2, 4 / 3, 4 / 3, 4 / 3])
    stable = attrition_weights(panel, ["kind"], trim=None, stabilised=True)
    assert stable.factors["factor"].to_numpy()[8:] == pytest.approx(
        np.array([2, 2, 4 / 3, 4 / 3, 4 / 3]) * 5 / 8
    )
    wave = found.waves.iloc[0]
    assert (wave["at_risk"], wave["stayed"], wave["effective_n_before"]) == (8, 5, 5)
    assert wave["effective_n_after"] == pytest.approx(8**2 / (2 * 4 + 3 * 16 / 9))
    assert found.balance[["at_risk", "stayed", "reweighted"]].to_numpy() == pytest.approx(
        np.array([[0.5, 0.4, 0.5]])
    )
    low, high = attrition_weights(panel, ["kind"], trim=(0.0, 0.5)).factors["factor"].to_numpy()[[8, 10]]
    assert (low, high) == pytest.approx((4 / 3, 4 / 3))  # the median is 4/3: two factors of 2 are cut
    assert attrition_weights(panel, ["kind"], trim=(0.0, 0.5)).waves["trimmed"].tolist() == [2]


def test_gaps_joiners_and_the_dead():
    """b comes back after a gap, e joins, g dies out (not attrition), c moves (attrition)."""
    waves = {"a0": [1, 2, 3], "b1": [1, 3], "c0": [1, 2], "d1": [1, 2, 3], "e0": [2, 3]}
    waves |= {"f1": [1, 2, 3], "g0": [1], "i1": [1, 2], "j0": [1]}
    rows = [(h, w, int(h[1])) for h, ws in waves.items() for w in ws]
    frame = pd.DataFrame(rows, columns=["household", "wave", "kind"]).assign(income_pc=1.0)
    events = pd.DataFrame({"household": ["g0", "c0"], "kind": ["died", "moved"]})
    found = attrition_weights(Panel(frame, county=None), ["kind"], trim=None, events=events)
    at = found.factors.set_index(["household", "wave"])["factor"]
    # wave 2: of a c j two stay, of b d f i three; wave 3: of a c e two, of d f i two
    assert found.waves["at_risk"].tolist() == [7, 6]
    assert found.waves["ended"].tolist() == [1, 1]
    assert found.waves["after_gap"].tolist() == [0, 1]
    wanted = {
        ("a0", 2): 3 / 2,
        ("d1", 2): 4 / 3,
        ("e0", 2): 1,
        ("a0", 3): 9 / 4,
        ("d1", 3): 2,
        ("e0", 3): 3 / 2,
    }
    assert {k: at[k] for k in wanted} == pytest.approx(wanted)
    assert at["b1", 3] == 0
    assert "weight 0" in found.notes[-1].en
    later = attrition_weights(
        Panel(frame, county=None), ["kind"], trim=None, events=events, covariates_at="baseline"
    )
    # wave 3, by first wave: of a c e j two stay, of b d f i three
    again = later.factors.set_index(["household", "wave"])["factor"]
    assert [again["a0", 3], again["b1", 3]] == pytest.approx([2, 4 / 3])


@pytest.mark.parametrize("moment", ["previous", "baseline"])
def test_stabilising_leaves_means_alone_when_households_join(moment: str) -> None:
    """x and y join in wave 2: their factor, 1, is multiplied by the share that stayed like those of the others."""
    seen = {
        "a": [1, 2],
        "b": [1, 2],
        "c": [1],
        "d": [1],
        "x": [2, 3],
        "y": [2],
        "a2": [1, 2, 3],
        "b2": [1, 2],
        "c2": [1],
    }
    rows = [(h, w, len(h), 10.0 * i + w) for i, (h, ws) in enumerate(seen.items()) for w in ws]
    panel = Panel(pd.DataFrame(rows, columns=["household", "wave", "kind", "income_pc"]), county=None)
    plain, other = (
        attrition_weights(panel, ["kind"], trim=None, covariates_at=moment, stabilised=yes)
        for yes in (False, True)
    )
    one, two = (ek.mean(w.apply(panel), by="wave").values for w in (plain, other))
    assert two == pytest.approx(one, rel=1e-12)
    ratio = (
        (other.factors["factor"] / plain.factors["factor"]).groupby(panel.frame["wave"]).agg(["min", "max"])
    )
    assert ratio.loc[2].tolist() == pytest.approx([4 / 7, 4 / 7])  # four of seven stay


def test_pairs_count_with_the_later_weight():
    """Exit rates of stayers by kind: low 1 of 2, high 0 of 3; 2 × 2 stand for 4, 4/3 × 3 for 4: 1/4 and not 1/5."""
    kind = ["low"] * 4 + ["high"] * 4
    first = pd.DataFrame({"household": list("abcdefgh"), "wave": 1, "kind": kind, "income_pc": 1.0})
    second = first[first["household"].isin(list("abefg"))].assign(wave=2)
    second.loc[second["household"] == "a", "income_pc"] = 9.0
    panel = Panel(pd.concat([first, second], ignore_index=True), county=None, lines={1: 5.0, 2: 5.0})
    both = attrition_weights(panel, ["kind"], trim=None).compare(panel, ek.exit_rate)
    assert both.before.values == pytest.approx([0.2])
    assert both.after.values == pytest.approx([0.25])
    assert any("makes up for attrition" in n.en for n in both.after.about.notes)


def test_refusals():
    panel, _ = simulated(5, households=300)
    with pytest.raises(EstimationError, match="two quantiles"):
        attrition_weights(panel, ["land"], trim=(0.9, 0.1))
    with pytest.raises(EstimationError, match="list of columns"):
        attrition_weights(panel, "land")
    with pytest.raises(EstimationError, match="previous' or 'baseline"):
        attrition_weights(panel, ["land"], covariates_at="first")
    holes = panel.frame.assign(land=panel.frame["land"].where(panel.frame.index != 7))
    with pytest.raises(DataError, match=r"1 of 300 households .* have no 'land'; impute it"):
        attrition_weights(replace(panel, frame=holes), ["land"])
    known = panel.frame.groupby("household")["wave"].transform("max")
    one_stays = panel.frame.assign(
        kind=(panel.frame["household"].isin(panel.frame.loc[panel.frame["wave"] == 2016, "household"])) * 1.0
    )
    with pytest.raises(EstimationError, match="'kind' separates those who stay"):
        attrition_weights(replace(panel, frame=one_stays), ["land", "kind"])
    with pytest.raises(EstimationError, match="separates those who stay"):
        attrition_weights(replace(panel, frame=panel.frame.assign(future=(known > 2014) * 1.0)), ["future"])
    full = panel.where(
        panel.frame["household"].isin(panel.frame.loc[panel.frame["wave"] == 2018, "household"])
    )
    with pytest.raises(EstimationError, match="nobody of the"):
        bglw_test(full, covariates=["land"])
    with pytest.raises(EstimationError, match="zero or less"):
        bglw_test(replace(panel, frame=panel.frame.assign(debt=-1.0)), "debt", ["land"], log=True)
    with pytest.raises(EstimationError, match="no later wave"):
        bglw_test(panel, covariates=["land"], to=2014)
    weights = attrition_weights(panel, ["land"])
    with pytest.raises(DataError, match="household-waves of the panel have no attrition weight"):
        weights.apply(simulated(5, households=310)[0])
    calibrated = calibrate(panel, {"households": 5000.0}).apply(panel)
    with pytest.raises(DesignError, match="first, then calibrate"):
        weights.apply(calibrated)


def test_without_losses_nothing_changes():
    panel, everybody = simulated(6, households=200)
    whole = replace(panel, frame=everybody)
    found = attrition_weights(whole, ["land"])
    assert (found.factors["factor"] == 1).all()
    assert found.balance.empty


def test_weights_are_the_same_in_any_row_order_and_calibrate_afterwards():
    panel, _ = simulated(7, households=300)
    found = attrition_weights(panel, ["land", "head"])
    shuffled = replace(panel, frame=panel.frame.sample(frac=1, random_state=1))
    again = attrition_weights(shuffled, ["land", "head"])
    key = ["household", "wave"]
    pd.testing.assert_frame_equal(
        found.factors.sort_values(key, ignore_index=True),
        again.factors.sort_values(key, ignore_index=True),
        check_exact=True,
    )
    weighted = found.apply(panel)
    totals = {"head": {"low": 700, "middle": 800, "high": 900}}
    done = (
        calibrate(weighted.where("wave >= 2014"), totals)
        if weighted.inside is not None
        else calibrate(weighted, totals)
    )
    assert done.achieved["after"].tolist() == pytest.approx([900, 700, 800])
    assert done.apply(weighted).design.pair_weight == "later"


def test_county_tables():
    panel, _ = simulated(8, households=400)
    found = county_attrition(panel, ["land", "head"], {"mean": lambda p: ek.mean(p, by="wave")}, by=())
    assert set(found.tables) == {
        "attrition",
        "attrition_test",
        "attrition_weights",
        "attrition_balance",
        "attrition_compared",
    }
    assert found.tables["attrition_compared"]["wave"].tolist() == [2014, 2016, 2018]
    assert not found.omitted
    bare = county_attrition(panel)
    assert set(bare.tables) == {"attrition"}
    broken = county_attrition(panel, ["nothing"])
    assert set(broken.omitted) == {"attrition_test", "attrition_weights"}


def test_a_comparison_that_fails_does_not_deny_the_weights():
    panel, _ = simulated(8, households=400)

    def fails(_: Panel) -> ek.Estimate:
        msg = "no figure"
        raise EstimationError(msg)

    found = county_attrition(panel, ["land"], {"mean": fails}, by=())
    assert found.weights is not None
    assert "attrition_weights" in found.tables
    assert set(found.omitted) == {"attrition_compared"}
