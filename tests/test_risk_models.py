"""Hazard model and baselines: second answers from statsmodels, known truth, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import evalkit.risk as risk
from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.risk.baselines import group_durations, grouping_note
from evalkit.simulate import registry
from evalkit.simulate.incomes import LINE
from risk_truth import simulated


@pytest.fixture(scope="module")
def spells() -> risk.Spells:
    return risk.spells(simulated(1, 1500, village_sd=0.4), features=["mark"])


def columns(spells: risk.Spells, model: risk.DiscreteHazard) -> np.ndarray:
    """The same columns written the obvious way."""
    groups = model.fitted.columns.groups
    lower = np.array([*groups.lower, 10**6])
    d = spells.duration[:, None]
    dummies = (d >= lower[:-1]) & (d < lower[1:])
    return np.column_stack([dummies.astype(float), spells.frame[["log_welfare_ratio", "mark"]].to_numpy()])


def test_logit_and_clustered_errors_equal_statsmodels(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard(weighted=False).fit(spells)
    x = columns(spells, model)
    family = sm.families.Binomial()
    peer = sm.GLM(spells.event, x, family=family).fit(
        cov_type="cluster", cov_kwds={"groups": spells.clusters()}, tol=1e-14, maxiter=100
    )
    n, k = x.shape
    factor = np.sqrt((n - 1) / (n - k))  # statsmodels multiplies by this too
    assert model.coef_ == pytest.approx(peer.params, abs=1e-8)
    assert model.coefficients().std_error * factor == pytest.approx(peer.bse, abs=1e-8)
    assert model.fitted.loglik == pytest.approx(peer.llf, rel=1e-10)


def test_weighted_fit_equals_statsmodels_and_a_sandwich_by_loops(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard().fit(spells)
    x, weight = columns(spells, model), spells.weight / spells.weight.mean()
    peer = sm.GLM(spells.event, x, family=sm.families.Binomial(), freq_weights=weight).fit(
        tol=1e-14, maxiter=100
    )
    assert model.coef_ == pytest.approx(peer.params, abs=1e-8)
    score = x * (weight * (spells.event - peer.mu))[:, None]
    groups = spells.clusters()
    meat = np.zeros((x.shape[1],) * 2)
    for g in np.unique(groups):
        t = score[groups == g].sum(axis=0)
        meat += np.outer(t, t)
    count = len(np.unique(groups))
    bread = np.linalg.inv(x.T @ (x * (weight * peer.mu * (1 - peer.mu))[:, None]))
    sandwich = bread @ meat @ bread * count / (count - 1)
    assert model.coefficients().cov == pytest.approx(sandwich, abs=1e-10)


def test_cloglog_equals_statsmodels(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard(link="cloglog", weighted=False).fit(spells)
    family = sm.families.Binomial(sm.families.links.CLogLog())
    peer = sm.GLM(spells.event, columns(spells, model), family=family).fit(tol=1e-14, maxiter=200)
    assert model.coef_ == pytest.approx(peer.params, abs=1e-7)


def test_coefficients_carry_their_design(spells: risk.Spells) -> None:
    got = risk.DiscreteHazard().fit(spells).coefficients()
    villages = spells.frame["village"].nunique()
    assert got.keys["term"].tolist()[-2:] == ["log_welfare_ratio", "mark"]
    assert set(got.df) == {villages - 1.0}
    assert f"({villages} clusters)" in got.about.notes[-1].en
    by_household = risk.DiscreteHazard(cluster="household").fit(spells).coefficients()
    assert by_household.values == pytest.approx(got.values)
    assert set(by_household.df) == {spells.frame["household"].nunique() - 1.0}


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_known_hazard_is_recovered(link: str) -> None:
    panel = simulated(7, 6000, link=link)
    got = risk.DiscreteHazard(link=link).fit(risk.spells(panel, features=["mark"])).coefficients()  # type: ignore[arg-type]
    truth = [-1.5, -2.0, *[-2.3] * (len(got) - 4), -2.0, 0.8]
    z = (got.values - truth) / got.std_error
    assert (np.abs(z) < 4).all()
    assert (got.std_error[-2:] < 0.25).all()


def test_ridge_shrinks_features_and_not_durations(spells: risk.Spells) -> None:
    plain = risk.DiscreteHazard().fit(spells)
    strong = risk.DiscreteHazard(ridge=1e7).fit(spells)
    assert np.abs(strong.coef_[-2:]).max() < 1e-3
    # with features shrunk away the levels are the base rates
    base = risk.BaseRate().fit(spells)
    assert strong.predict(spells) == pytest.approx(base.predict(spells), abs=1e-3)
    assert abs(plain.coef_[-1]) > 0.4


def test_ridge_solves_the_penalised_score_equations(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard(ridge=50.0, weighted=False).fit(spells)
    x = columns(spells, model)
    score = x.T @ (spells.event - model.predict(spells))
    penalty = np.concatenate([np.zeros(x.shape[1] - 2), 50.0 * x[:, -2:].var(axis=0)])
    assert score == pytest.approx(penalty * model.coef_, abs=1e-6)


def test_results_do_not_depend_on_the_row_order() -> None:
    panel = simulated(3, 600)
    shuffled = replace(panel, frame=panel.frame.sample(frac=1, random_state=5))
    one, other = (
        risk.DiscreteHazard().fit(risk.spells(p, features=["mark"])).coefficients() for p in (panel, shuffled)
    )
    assert one.values.tobytes() == other.values.tobytes()
    assert one.cov.tobytes() == other.cov.tobytes()


def test_household_interval_brackets_the_prediction(spells: risk.Spells) -> None:
    model = risk.DiscreteHazard().fit(spells)
    limits, risks = model.predict_interval(spells), model.predict(spells)
    assert (limits.low < risks).all()
    assert (risks < limits.high).all()
    tight = risk.DiscreteHazard(cluster="household").fit(spells).predict_interval(spells, 0.6)
    assert (tight.high - tight.low).mean() < (limits.high - limits.low).mean()


def test_missing_features_take_the_median_and_say_so(spells: risk.Spells) -> None:
    frame = spells.frame.copy()
    rng = np.random.default_rng(0)
    gone = rng.random(len(frame)) < 0.1
    frame["mark"] = frame["mark"].mask(gone)
    model = risk.DiscreteHazard().fit(replace(spells, frame=frame))
    assert model.terms_[-1] == "mark_missing"
    note = next(n for n in model.remarks() if "'mark'" in n.en)
    assert note.en.startswith(f"{gone.sum()} household-waves lack 'mark'")
    assert np.isfinite(model.predict(replace(spells, frame=frame))).all()


def test_two_features_missing_together_have_one_indicator(spells: risk.Spells) -> None:
    gone = np.random.default_rng(0).random(len(spells)) < 0.1
    frame = spells.frame.copy()
    frame["mark"] = frame["mark"].mask(gone)
    frame["age"] = np.where(gone, np.nan, np.random.default_rng(2).normal(50, 10, len(frame)))
    model = risk.DiscreteHazard().fit(replace(spells, frame=frame, features=(*spells.features, "age")))
    assert [t for t in model.terms_ if t.endswith("_missing")] == ["mark_missing"]


def test_a_constant_feature_is_left_out_and_noted(spells: risk.Spells) -> None:
    constant = replace(spells, frame=spells.frame.assign(flat=1.0), features=(*spells.features, "flat"))
    model = risk.DiscreteHazard().fit(constant)
    assert "flat" not in model.terms_
    assert any("'flat' does not vary" in n.en for n in model.remarks())


def test_sparse_durations_are_grouped_and_noted() -> None:
    duration = np.repeat([1, 2, 3, 4], [50, 50, 30, 20])
    event = np.concatenate([np.arange(n) < m for n, m in [(50, 3), (50, 12), (30, 8), (20, 4)]]).astype(float)
    groups = group_durations(duration, event)
    assert groups.labels == ("1-2", "3+")  # 12 at the top, 12 at two, 3 at one join their neighbour
    assert groups.code(np.array([1, 2, 3, 9])).tolist() == [0, 0, 1, 1]
    assert "1-2, 3+ waves" in grouping_note(groups)[0].en
    apart = group_durations(duration, event, least=3)
    assert apart.labels == ("1", "2", "3", "4+")
    assert grouping_note(apart) == ()
    with pytest.raises(EstimationError, match="8 returns and 22 household-waves without return"):
        group_durations(duration[100:130], event[100:130])


def test_base_rate_and_income_rule_predict_observed_shares(spells: risk.Spells) -> None:
    base = risk.BaseRate().fit(spells)
    first = spells.duration == 1
    share = np.average(spells.event[first], weights=spells.weight[first])
    assert base.predict(spells)[first] == pytest.approx(np.full(first.sum(), share))
    rule = risk.IncomeRule(1.5).fit(spells)
    inside = np.exp(spells.frame["log_welfare_ratio"].to_numpy()) < 1.5
    assert rule.flag(spells).astype(bool).tolist() == inside.tolist()
    assert rule.inside_ == pytest.approx(np.average(spells.event[inside], weights=spells.weight[inside]))
    assert rule.outside_ == pytest.approx(np.average(spells.event[~inside], weights=spells.weight[~inside]))
    assert rule.inside_ > rule.outside_


def test_refusals_say_which_and_how_many(spells: risk.Spells) -> None:
    def more(**extra: np.ndarray) -> risk.Spells:
        return replace(spells, frame=spells.frame.assign(**extra), features=(*spells.features, *extra))

    event = spells.event
    never = np.zeros(len(event))
    never[np.flatnonzero(event == 0)[:60]] = 1.0
    with pytest.raises(EstimationError, match=r"'never' separates returns .*: 0 of the 60 household-waves"):
        risk.DiscreteHazard().fit(more(never=never))
    assert np.isfinite(risk.DiscreteHazard(ridge=1.0).fit(more(never=never)).coef_).all()
    with pytest.raises(EstimationError, match=r"alone ranks returns with an AUC of 1\.000.*leak"):
        risk.DiscreteHazard().fit(more(next_year=event))
    with pytest.raises(EstimationError, match=r"combinations of the others: .*twice"):
        risk.DiscreteHazard().fit(more(twice=2 * spells.frame["mark"].to_numpy()))
    with pytest.raises(EstimationError, match="no feature absent"):
        risk.DiscreteHazard(features=("absent",)).fit(spells)
    with pytest.raises(EstimationError, match="'hazard' is not fitted"):
        risk.DiscreteHazard().predict(spells)
    with pytest.raises(EstimationError, match="flags nobody of the"):
        risk.IncomeRule(0.5).fit(spells)
    with pytest.raises(EstimationError, match="one cluster only"):
        risk.DiscreteHazard().fit(replace(spells, frame=spells.frame.assign(village=1, county="x")))
    with pytest.raises(EstimationError, match="no cluster 'street'"):
        risk.DiscreteHazard(cluster="street").fit(spells)
    none = replace(spells, frame=spells.frame.assign(event=0.0))
    with pytest.raises(EstimationError, match="0 returns and"):
        risk.DiscreteHazard().fit(none)


@pytest.mark.slow
def test_hazard_of_the_synthetic_registry_is_recovered() -> None:
    # the true process runs on income without programs, which only the synthetic truth knows
    made = registry(seed=3, scale=0.5)
    truth = made.truth.hazard.set_index("term")["value"]
    people = made.truth.population
    lines = dict(zip(range(2014, 2021), LINE, strict=True))
    panel = Panel(people, village="village", welfare="income_pc_untreated", lines=lines)
    features = ["no_labour", "ill_members", "female_head"]
    spells = risk.spells(panel, features=features)
    clock = people.set_index(["household", "wave"])["years_since_exit"]
    keys = pd.MultiIndex.from_frame(spells.frame[["household", "feature_wave"]])
    assert spells.duration.tolist() == (clock.loc[keys].to_numpy() + 1).tolist()
    got = risk.DiscreteHazard().fit(spells).coefficients()
    assert got.keys["term"].tolist() == [f"duration_{d}" for d in (1, 2, 3, 4, "5+")] + [
        "log_welfare_ratio",
        *features,
    ]
    expected = [
        *(truth[f"years_since_exit_{d}"] for d in range(1, 6)),
        truth["log_income_line_ratio"],
        *truth[features],
    ]
    assert (np.abs(got.values - expected) < 4 * got.std_error).all()
    assert (got.std_error < 0.25).all()
