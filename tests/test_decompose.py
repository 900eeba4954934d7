"""Growth and redistribution, income sources, population groups, what exits rest on: by hand and by identity."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import Estimate
from evalkit.panel import Panel
from evalkit.replication import replicate_estimate, replicates
from measure_cases import LINE, make_frame, make_panel

SPAN = {"frm": 2016, "to": 2018}


def two_waves(first: list[float], last: list[float]) -> Panel:
    n = len(first)
    frame = pd.DataFrame(
        {"household": [*range(n)] * 2, "wave": [2016] * n + [2018] * n, "income_pc": [*first, *last]}
    )
    return Panel(frame, county=None)


def named(found: Estimate, key: str = "component") -> dict[str, float]:
    return dict(zip(found.keys[key], found.values, strict=True))


# growth and redistribution


def test_datt_ravallion_by_hand() -> None:
    """Gap .25 → .05; first wave with the later mean (60, 180) .2; later wave with the first mean (75, 125) .125."""
    panel = two_waves([50, 150], [90, 150])
    initial = named(ek.datt_ravallion(panel, 100, **SPAN, measure="gap"))
    assert initial == pytest.approx(
        {"growth": -0.05, "redistribution": -0.125, "residual": -0.025, "total": -0.2}
    )
    final = named(ek.datt_ravallion(panel, 100, **SPAN, measure="gap", reference="final"))
    assert final == pytest.approx(
        {"growth": -0.075, "redistribution": -0.15, "residual": 0.025, "total": -0.2}
    )
    average = named(ek.datt_ravallion(panel, 100, **SPAN, measure="gap", reference="average"))
    assert average == pytest.approx({"growth": -0.0625, "redistribution": -0.1375, "total": -0.2})
    assert named(ek.shapley_growth(panel, 100, **SPAN, measure="gap")) == pytest.approx(average)


MEASURES = {"headcount": ek.headcount, "gap": ek.gap, "severity": ek.severity, "watts": ek.watts}


@pytest.mark.parametrize("name", list(MEASURES))
def test_components_sum_to_the_change_of_the_measure_with_its_standard_error(name: str) -> None:
    panel = make_panel().where("income_pc > 0")
    change = MEASURES[name](panel, LINE, by=["county", "wave"]).difference("wave", **SPAN)
    for reference in ("initial", "final", "average"):
        found = ek.datt_ravallion(panel, LINE, **SPAN, measure=name, reference=reference, by="county")  # type: ignore[arg-type]
        total = found.where(component="total")
        np.testing.assert_allclose(total.values, change.values, rtol=1e-12)
        np.testing.assert_allclose(total.cov, change.cov, rtol=1e-9, atol=1e-16)
        per = len(found) // 2
        sums = found.values.reshape(2, per)
        np.testing.assert_allclose(sums[:, :-1].sum(axis=1), sums[:, -1], atol=1e-12)
        rest = np.kron(np.eye(2), np.r_[np.ones(per - 1), -1])
        np.testing.assert_allclose(rest @ found.cov @ rest.T, 0, atol=1e-15)


def test_a_line_by_wave_is_the_line_of_the_published_headcounts() -> None:
    panel = replace(make_panel(), lines={2016: 900.0, 2017: 950.0, 2018: 1100.0})
    found = ek.shapley_growth(panel, **SPAN)
    change = ek.headcount(panel, by="wave").difference("wave", **SPAN)
    assert found.where(component="total").values[0] == pytest.approx(change.values[0], abs=1e-15)


def test_the_line_is_a_third_factor() -> None:
    """Nobody's real income changes; the line rises from 100 to 120 in constant prices."""
    panel = replace(two_waves([50, 110], [100, 220]), deflators={2016: 100, 2018: 200})
    found = named(ek.shapley_growth(panel, {2016: 100, 2018: 240}, **SPAN, measure="gap", with_line=True))
    total = ((1 - 50 / 120) + (1 - 110 / 120)) / 2 - 0.25
    assert found == pytest.approx(
        {"growth": 0, "redistribution": 0, "line": total, "total": total}, abs=1e-15
    )


def test_a_line_that_keeps_up_with_prices_leaves_two_factors() -> None:
    panel = replace(make_panel(), deflators={2016: 100.0, 2017: 105.0, 2018: 110.0})
    line = {2016: 1000.0, 2017: 1050.0, 2018: 1100.0}
    three = ek.shapley_growth(panel, line, **SPAN, measure="gap", with_line=True)
    two = ek.shapley_growth(panel, line, **SPAN, measure="gap")
    for component in ("growth", "redistribution", "total"):
        one, other = three.where(component=component), two.where(component=component)
        assert one.values[0] == pytest.approx(other.values[0], abs=1e-12)
        assert one.std_error[0] == pytest.approx(other.std_error[0], rel=1e-9)
    assert three.where(component="line").values[0] == pytest.approx(0, abs=1e-12)
    assert any("the line changes by +0.0 %" in n.en for n in two.about.notes)


def test_three_contributions_sum_to_the_total_for_every_measure() -> None:
    panel = replace(make_panel().where("income_pc > 0"), deflators={2016: 100.0, 2017: 103.0, 2018: 107.0})
    for measure in MEASURES:
        found = ek.shapley_growth(panel, LINE, **SPAN, measure=measure, with_line=True, by="county")  # type: ignore[arg-type]
        parts = found.values.reshape(2, 4)
        np.testing.assert_allclose(parts[:, :3].sum(axis=1), parts[:, 3], atol=1e-12)


def test_standard_errors_of_a_headcount_agree_with_the_bootstrap() -> None:
    """The kernel density at the line against 200 Rao-Wu replicates, which need no density: within a quarter."""
    panel = make_panel()

    def parts(p: Panel) -> Estimate:
        return ek.datt_ravallion(p, LINE, **SPAN)

    replicated = replicate_estimate(panel, parts, replicates=replicates(panel, "rao_wu", draws=200, seed=4))
    np.testing.assert_allclose(parts(panel).std_error, replicated.std_error, rtol=0.25)


def test_what_a_decomposition_refuses() -> None:
    panel = make_panel()
    with pytest.raises(EstimationError, match="reference is"):
        ek.datt_ravallion(panel, LINE, **SPAN, reference="middle")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="measure is"):
        ek.datt_ravallion(panel, LINE, **SPAN, measure="gini")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="nonpositive is"):
        ek.datt_ravallion(panel, LINE, **SPAN, nonpositive="floor")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no logarithm"):
        ek.datt_ravallion(panel, LINE, **SPAN, measure="watts")
    with pytest.raises(DataError, match="price index"):
        ek.shapley_growth(panel, LINE, **SPAN, with_line=True)
    own = replace(
        panel,
        frame=panel.frame.assign(own=np.where(panel.frame["county"] == "A", 900, 1000)),
        deflators={2016: 1.0, 2017: 1.0, 2018: 1.0},
    )
    with pytest.raises(EstimationError, match="2 different poverty lines"):
        ek.shapley_growth(own, "own", **SPAN, with_line=True)
    both = ek.headcount(own, "own", by="wave").difference("wave", **SPAN)
    found = ek.shapley_growth(own, "own", **SPAN)
    assert found.where(component="total").values[0] == pytest.approx(both.values[0])


# income sources


def earners(a: list[float], b: list[float], **more: object) -> Panel:
    frame = pd.DataFrame({"household": range(len(a)), "wave": 2016, "a": a, "b": b})
    frame["income_pc"] = frame["a"] + frame["b"]
    return Panel(frame.assign(**more), county=None)


def test_gini_by_source_by_hand() -> None:
    """Incomes 2 and 6 (Gini 1/4); source a alone 0 and 4 (1/2), source b alone 2 and 2 (0)."""
    panel = earners([0, 4], [2, 2])
    found = named(ek.shapley_sources(panel, ["a", "b"]), "source")
    assert found == pytest.approx({"a": (1 / 2 + 1 / 4) / 2, "b": (0 + 1 / 4 - 1 / 2) / 2, "total": 1 / 4})
    equal = named(ek.shapley_sources(panel, ["a", "b"], removed="mean"), "source")
    assert equal == pytest.approx({"a": 1 / 4, "b": 0, "total": 1 / 4}, abs=1e-15)


def test_poverty_by_source_by_hand() -> None:
    """Line 3: without any income both are poor, with a one, with b both, with both one."""
    panel = earners([0, 4], [2, 2])
    found = named(ek.shapley_sources(panel, ["a", "b"], "headcount", line=3), "source")
    assert found == pytest.approx({"a": -0.5, "b": 0, "total": -0.5})
    # gaps: nobody 1; a (1 + 0)/2; b 1/3; both (1/3 + 0)/2
    gaps = named(ek.shapley_sources(panel, ["a", "b"], "gap", line=3), "source")
    a, b = ((0.5 - 1) + (1 / 6 - 1 / 3)) / 2, ((1 / 3 - 1) + (1 / 6 - 0.5)) / 2
    assert gaps == pytest.approx({"a": a, "b": b, "total": 1 / 6 - 1})


def test_the_mean_splits_into_means() -> None:
    panel = earners([0, 4, 1], [2, 2, 3])
    found = ek.shapley_sources(panel, ["a", "b"], "mean")
    for name in ("a", "b"):
        one, other = found.where(source=name), ek.mean(panel, name)
        assert one.values[0] == pytest.approx(other.values[0])
        assert one.std_error[0] == pytest.approx(other.std_error[0])


@pytest.mark.parametrize("statistic", ["gini", "headcount", "gap", "severity", "mean"])
def test_contributions_of_five_sources_sum_exactly(statistic: str) -> None:
    rng = np.random.default_rng(5)
    frame = make_frame()
    parts = rng.dirichlet(np.ones(5), len(frame)) * frame["income_pc"].clip(lower=1).to_numpy()[:, None]
    names = [f"s{i}" for i in range(5)]
    frame[names] = parts
    panel = make_panel(frame.assign(income_pc=parts.sum(axis=1)))
    found = ek.shapley_sources(panel, names, statistic, line=LINE, by="county")  # type: ignore[arg-type]
    values = found.values.reshape(2, 6)
    np.testing.assert_allclose(values[:, :5].sum(axis=1), values[:, 5], rtol=1e-12)
    turned = ek.shapley_sources(panel, names[::-1], statistic, line=LINE, by="county")  # type: ignore[arg-type]
    np.testing.assert_allclose(turned.values.reshape(2, 6)[:, 4::-1], values[:, :5], rtol=1e-9)
    if statistic == "gini":
        known = ek.gini(panel, by="county")
        np.testing.assert_allclose(values[:, 5], known.values, rtol=1e-12)
        np.testing.assert_allclose(found.where(source="total").cov, known.cov, rtol=1e-9)
    if statistic in MEASURES:
        known = MEASURES[statistic](panel, LINE, by="county")
        np.testing.assert_allclose(values[:, 5], known.values - 1, rtol=1e-12)
        np.testing.assert_allclose(found.where(source="total").cov, known.cov, rtol=1e-9)


def test_household_amounts_are_divided_by_size() -> None:
    panel = replace(earners([0, 8], [4, 4], size=[2, 2], income_pc=[2.0, 6.0]), size="size")
    found = named(ek.shapley_sources(panel, ["a", "b"], per_head=False), "source")
    assert found["a"] == pytest.approx(3 / 8)
    assert not any(
        "differ from" in n.en for n in ek.shapley_sources(panel, ["a", "b"], per_head=False).about.notes
    )
    off = ek.shapley_sources(panel, ["a", "b"])
    assert any("in 2 of 2 household-waves the sources differ" in n.en for n in off.about.notes)


def test_what_sources_refuse() -> None:
    panel = earners([0, 4], [2, 2], c=[-5.0, 1.0])
    with pytest.raises(EstimationError, match="2 to 8"):
        ek.shapley_sources(panel, ["a"])
    with pytest.raises(EstimationError, match="2 to 8"):
        ek.shapley_sources(panel, [f"x{i}" for i in range(9)])
    with pytest.raises(EstimationError, match="c has a mean of -2"):
        ek.shapley_sources(panel, ["a", "b", "c"])
    with pytest.raises(EstimationError, match="for the Gini"):
        ek.shapley_sources(panel, ["a", "b"], "gap", line=3, removed="mean")
    with pytest.raises(EstimationError, match="statistic is"):
        ek.shapley_sources(panel, ["a", "b"], "theil")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="household size"):
        ek.shapley_sources(panel, ["a", "b"], per_head=False)
    none = ek.shapley_sources(earners([0, 0], [1, 3]), ["a", "b"])
    assert named(none, "source") == pytest.approx({"a": 0, "b": 0.25, "total": 0.25})


# population groups


def towns() -> Panel:
    rows = [
        (1, 2016, "a", 2, 50.0),
        (2, 2016, "a", 1, 150.0),
        (3, 2016, "b", 3, 80.0),
        (4, 2016, "b", 4, 200.0),
        (1, 2018, "a", 2, 70.0),
        (2, 2018, "a", 3, 150.0),
        (3, 2018, "b", 2, 90.0),
        (4, 2018, "b", 3, 200.0),
    ]
    frame = pd.DataFrame(rows, columns=["household", "wave", "town", "size", "income_pc"])
    return Panel(frame, county=None, size="size")


def test_groups_by_hand() -> None:
    found = ek.decompose_groups(towns().where("wave == 2016"), "town", 100, 1)
    a, b = (named(found.where(town=t), "statistic") for t in ("a", "b"))
    assert a == pytest.approx(
        {"population_share": 0.3, "poverty": 1 / 3, "contribution": 0.1, "poverty_share": 0.1 / 0.16}
    )
    assert b == pytest.approx(
        {"population_share": 0.7, "poverty": 0.6 / 7, "contribution": 0.06, "poverty_share": 0.06 / 0.16}
    )


def test_contributions_of_groups_sum_to_poverty() -> None:
    panel = make_panel()
    found = ek.decompose_groups(panel, "stratum", LINE, 2, by="county")
    whole = ek.severity(panel, LINE, by="county")
    parts = found.where(statistic="contribution")
    add = np.kron(np.eye(2), np.ones(2))
    np.testing.assert_allclose(add @ parts.values, whole.values, rtol=1e-12)
    np.testing.assert_allclose(add @ parts.cov @ add.T, whole.cov, rtol=1e-9)
    own = found.where(statistic="poverty")
    np.testing.assert_allclose(own.cov, ek.severity(panel, LINE, by="stratum").cov, rtol=1e-9, atol=1e-18)


def test_change_by_group_by_hand() -> None:
    """Shares .3, .7 → .5, .5; gaps 1/3, .6/7 → .12, .04."""
    found = ek.group_change(towns(), "town", 100, 1, **SPAN)
    a, b = (named(found.by_group.where(town=t)) for t in ("a", "b"))
    assert a == pytest.approx({"within": 0.4 * (0.12 - 1 / 3), "shift": (1 / 3 + 0.12) / 2 * 0.2})
    assert b == pytest.approx({"within": 0.6 * (0.04 - 0.6 / 7), "shift": (0.6 / 7 + 0.04) / 2 * -0.2})
    assert named(found.overall)["total"] == pytest.approx(0.08 - 0.16)
    assert found.tidy().columns[:2].tolist() == ["town", "component"]
    first = ek.group_change(towns(), "town", 100, 1, **SPAN, reference="initial")
    one = named(first.by_group.where(town="a"))
    assert one == pytest.approx(
        {"within": 0.3 * (0.12 - 1 / 3), "shift": 0.2 / 3, "interaction": 0.2 * (0.12 - 1 / 3)}
    )
    assert named(first.overall)["total"] == pytest.approx(-0.08)


@pytest.mark.parametrize("reference", ["average", "initial"])
def test_changes_of_groups_sum_to_the_change_with_its_standard_error(reference: str) -> None:
    panel = make_panel()
    found = ek.group_change(panel, "stratum", LINE, 1, **SPAN, by="county", reference=reference).overall  # type: ignore[arg-type]
    change = ek.gap(panel, LINE, by=["county", "wave"]).difference("wave", **SPAN)
    total = found.where(component="total")
    np.testing.assert_allclose(total.values, change.values, rtol=1e-12)
    np.testing.assert_allclose(total.cov, change.cov, rtol=1e-9, atol=1e-18)


def test_a_group_absent_in_one_wave_gives_no_sums() -> None:
    panel = towns()
    gone = panel.frame.assign(town=np.where(panel.frame["wave"] == 2018, "b", panel.frame["town"]))
    found = ek.group_change(replace(panel, frame=gone), "town", 100, **SPAN)
    assert np.isnan(found.overall.values).all()
    assert any("absent in one of the waves" in n.en for n in found.overall.about.notes)
    with pytest.raises(EstimationError, match="already a key"):
        ek.decompose_groups(panel, "town", 100, by="town")
    with pytest.raises(EstimationError, match="reference is"):
        ek.group_change(panel, "town", 100, **SPAN, reference="final")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="alpha"):
        ek.decompose_groups(panel, "town", 100, -1)


# what exits rest on


def registry(**columns: list[float] | list[str]) -> Panel:
    """Return four households of two: 1200, 1100, 900, 2000 per head; the line is 1000."""
    frame = pd.DataFrame(
        {
            "household": range(4),
            "wave": 2020,
            "size": 2,
            "income_pc": [1200.0, 1100.0, 900.0, 2000.0],
            "transfer_income": [500.0, 100.0, 800.0, 0.0],
            "dividend_income": [0.0, 300.0, 0.0, 0.0],
        }
    )
    return Panel(frame.assign(**columns), county=None, size="size")


def test_exits_by_source_by_hand() -> None:
    """Above are 1200, 1100, 2000. Without transfers 950, 1050, 2000; without dividends 1200, 950, 2000; without both 950, 900."""
    found = ek.exit_sustainability(registry(), 1000)
    assert named(found, "without") == pytest.approx({"transfers": 1 / 3, "dividends": 1 / 3, "all": 2 / 3})
    assert found.n.tolist() == [3, 3, 3]
    assert any("no such column: the public-post wage" in n.en for n in found.about.notes)
    post = ek.exit_sustainability(registry(public_post_wage=[0.0, 0.0, 0.0, 2200.0]), 1000)
    assert named(post, "without")["public_post"] == pytest.approx(1 / 3)
    assert named(post, "without")["all"] == pytest.approx(1)


def test_exits_among_those_marked() -> None:
    panel = registry(status=["exited", "registered", "exited", "exited"])
    found = ek.exit_sustainability(panel, 1000, among="status == 'exited'")
    assert named(found, "without") == pytest.approx({"transfers": 1 / 2, "dividends": 0, "all": 1 / 2})
    marked = ek.exit_sustainability(panel, 1000, among=(panel.frame["status"] == "exited").to_numpy())
    np.testing.assert_array_equal(marked.values, found.values)


def test_households_of_unknown_status_are_not_among_the_exited() -> None:
    panel = registry(exited=[1.0, np.nan, 1.0, 1.0])
    found = ek.exit_sustainability(panel, 1000, among="exited")
    assert found.n.tolist() == [2, 2, 2]
    assert any("of 1 household-waves it is not known" in n.en for n in found.about.notes)


def test_exactly_at_the_line_without_the_part() -> None:
    panel = registry(transfer_income=[400.0, 0.0, 0.0, 0.0])
    assert ek.exit_sustainability(panel, 1000).where(without="transfers").values[0] == 0
    strict = replace(panel, poor_at_line=True)
    assert ek.exit_sustainability(strict, 1000).where(without="transfers").values[0] == pytest.approx(1 / 3)


def test_a_part_within_a_part_is_taken_away_once() -> None:
    panel = registry(pension=[250.0, 100.0, 0.0, 0.0])
    found = ek.exit_sustainability(
        panel, 1000, parts={"transfers": ["transfer_income"], "pension": ["pension"]}
    )
    # 1100 less the transfers, of which the pension is a part, is 1050; taken twice it would be 1000
    assert named(found, "without")["all"] == pytest.approx(1 / 3)


def test_parts_that_are_not_known() -> None:
    panel = registry(transfer_income=[500.0, np.nan, 800.0, 0.0])
    left = ek.exit_sustainability(panel, 1000, parts={"transfers": ["transfer_income"]})
    assert left.values[0] == pytest.approx(1 / 2)
    assert any(
        "1 of 3 household-waves above the line do not state transfers" in n.en for n in left.about.notes
    )
    nothing = ek.exit_sustainability(panel, 1000, parts={"transfers": ["transfer_income"]}, missing="zero")
    assert nothing.values[0] == pytest.approx(1 / 3)
    assert any("1 of 4 household-waves do not state" in n.en for n in nothing.about.notes)


def test_each_part_rests_on_the_households_that_state_it() -> None:
    """Rosters of the last wave only: the post's wage is known then, transfers are known in both waves."""
    last = registry(public_post_wage=[300.0, 0.0, 0.0, np.nan]).frame
    both = pd.concat([last.assign(wave=2018, public_post_wage=np.nan), last], ignore_index=True)
    panel = Panel(both, county=None, size="size", design=SurveyDesign(psu="household"))
    found = ek.exit_sustainability(panel, 1000, by="wave")
    table = found.tidy().set_index(["wave", "without"])
    # above the line: 0, 1 and 3; without the post 0 has 1050 and 1 has 1100
    assert table.loc[(2018, "transfers"), ["estimate", "n"]].tolist() == pytest.approx([1 / 3, 3])
    assert table.loc[(2020, "transfers"), ["estimate", "n"]].tolist() == pytest.approx([1 / 3, 3])
    assert table.loc[(2020, "public_post"), ["estimate", "n", "df"]].tolist() == pytest.approx([0, 2, 1])
    assert table.loc[(2020, "all"), ["estimate", "n"]].tolist() == pytest.approx([1, 2])
    assert math.isnan(table.loc[(2018, "all"), "estimate"])
    assert table.loc[(2018, "public_post"), "n"] == 0
    said = [n for n in found.about.notes if "public-post wage" in n.en]
    assert said[0].en.startswith("4 of 6 household-waves above the line do not state the public-post wage")
    assert said[0].en.endswith("nobody does in: 2018")
    assert not re.search("[a-z]", said[0].zh)


def test_a_part_without_any_amount_is_not_examined() -> None:
    found = ek.exit_sustainability(registry(dividend_income=[np.nan] * 4), 1000)
    assert found.keys["without"].tolist() == ["transfers"]
    assert any("no amount is recorded: dividends" in n.en for n in found.about.notes)


def test_what_sustainability_refuses() -> None:
    panel = registry()
    with pytest.raises(DataError, match=r"no column 'wage' \(of post\)"):
        ek.exit_sustainability(panel, 1000, parts={"post": ["wage"]})
    with pytest.raises(DataError, match="has none of transfer_income"):
        ek.exit_sustainability(
            replace(panel, frame=panel.frame.drop(columns=["transfer_income", "dividend_income"])), 1000
        )
    with pytest.raises(EstimationError, match="household size"):
        ek.exit_sustainability(replace(panel, size=None), 1000)
    with pytest.raises(EstimationError, match="missing is"):
        ek.exit_sustainability(panel, 1000, missing="impute")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="none is called"):
        ek.exit_sustainability(panel, 1000, parts={"all": ["transfer_income"]})


def test_wages_of_public_posts_come_from_the_members() -> None:
    members = pd.DataFrame(
        [
            (0, 2020, True, 500.0, 12.0),
            (0, 2020, False, 3000.0, 6.0),
            (0, 2020, True, 300.0, 10.0),
            (1, 2020, False, np.nan, np.nan),
            (2, 2020, True, np.nan, 12.0),
        ],
        columns=["household", "wave", "public_post", "monthly_wage", "work_months"],
    )
    panel = registry()
    found = ek.with_public_post(panel, members).frame["public_post_wage"]
    np.testing.assert_array_equal(found, [9000.0, 0.0, np.nan, np.nan])
    assert "public_post_wage" not in panel.frame
    with pytest.raises(DataError, match="no column monthly_wage"):
        ek.with_public_post(panel, members.drop(columns="monthly_wage"))


def test_the_interval_of_a_share_stays_between_0_and_1() -> None:
    design = SurveyDesign(weight="w", strata="stratum", psu="village")
    frame = make_frame().assign(transfer_income=lambda f: f["transfer"] * f["size"] / 20)
    found = ek.exit_sustainability(make_panel(frame, design), LINE).tidy()
    assert 0 <= found["conf_low"][0] < found["estimate"][0] < found["conf_high"][0] < 1
    assert math.isfinite(found["std_error"][0])
