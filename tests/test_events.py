"""The register of events: derived from waves, replayed at any date, compared, reconciled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import evalkit as ek
from evalkit.errors import DataError
from evalkit.events import (
    CASES,
    RULES,
    Events,
    event_counts,
    events_from,
    look_back,
    look_back_counts,
    reconcile_events,
    registry_at,
    replay_differences,
    snapshot,
    stock_table,
)

R, X, B = "registered", "exited", "returned"


def waves(
    *states: str | None, first: int = 2014, household: str = "1", size: float = 4.0, **columns: object
) -> pd.DataFrame:
    """One household: a state a wave (None: no row, ``""``: a row without status)."""
    rows = [(first + i, s) for i, s in enumerate(states) if s is not None]
    frame = pd.DataFrame({"wave": [w for w, _ in rows], "status": [s or None for _, s in rows]})
    frame = frame.assign(county="990101", household=household, size=size, **columns)
    return frame.astype({"status": "str", "county": "str", "household": "str"})


def panel(*households: pd.DataFrame) -> pd.DataFrame:
    # household 0 is there in every wave, so that the county's waves are known
    other = waves(*[R] * 7, household="0", identified_year=2013.0)
    return pd.concat([other, *households], ignore_index=True)


def told(found: Events, household: str = "1") -> list[str]:
    rows = found.entries.query("household == @household")
    return [f"{d} {k} {r}" for d, k, r in rows[["date", "kind", "rule"]].itertuples(index=False, name=None)]


def case_rules(found: Events) -> list[str]:
    return found.cases.query("household == '1'")["rule"].tolist()


# --- one history, one register ------------------------------------------------------------------------------------

HISTORIES: list[tuple[str, pd.DataFrame, list[str], list[str]]] = [
    (
        "identified, exited, returned, exited again",
        waves(R, R, X, B, X, X, X, identified_year=2013.0, exit_year=[np.nan, np.nan, *[2016.0] * 5]),
        ["2013 identified E01", "2016 exited E03", "2017 returned E05", "2018 exited E04"],
        [],
    ),
    (
        "months where the registry has them",
        waves(R, R, X, X, X, X, X, identified_year=2013.0, identified_month="201311", exit_month="201607"),
        ["201311 identified E01", "201607 exited E03"],
        [],
    ),
    ("exited before the first wave", waves(X, X, X, X, X, X, X, identified_year=2011.0, exit_year=2012.0),
     ["2011 identified E01", "2012 exited E03"], []),
    ("no dates at all", waves(R, X, X, X, X, X, X), ["2014 identified E02", "2015 exited E04"], []),
    ("removed", waves(R, R, None, None, None, None, None, identified_year=2013.0),
     ["2013 identified E01", "2016 removed E07"], []),
    ("status blank from 2016 on", waves(R, R, "", "", "", "", "", identified_year=2013.0),
     ["2013 identified E01", "2016 removed E08"], []),
    ("a year without a row", waves(R, R, None, R, R, R, R, identified_year=2013.0), ["2013 identified E01"], ["F10"]),
    ("came in 2016", waves(None, None, R, R, R, R, R, identified_year=2016.0), ["2016 identified E01"], []),
    ("came in 2016, said 2013", waves(None, None, R, R, R, R, R, identified_year=2013.0),
     ["2013 identified E01"], ["F14"]),
    ("registered before it was identified", waves(R, R, R, R, R, R, R, identified_year=2015.0),
     ["2014 identified E02"], ["F07"]),
    ("registered again without a mark", waves(R, X, X, R, R, R, R, identified_year=2013.0, exit_year=2015.0),
     ["2013 identified E01", "2015 exited E03", "2017 identified E06"], ["F02"]),
    ("registered again with a mark", waves(R, X, X, R, R, R, R, identified_year=2013.0, returned=[0, 0, 0, 1, 1, 1, 1.0]),
     ["2013 identified E01", "2015 exited E04", "2017 returned E05"], []),
    ("returned without an exit", waves(R, R, B, B, B, B, B, identified_year=2013.0),
     ["2013 identified E01", "2016 returned E05"], ["F03"]),
    ("mark gone", waves(X, B, R, R, R, R, R, identified_year=2012.0, exit_year=2013.0),
     ["2012 identified E01", "2013 exited E03", "2015 returned E05", "2016 identified E19"], ["F04"]),
    ("exit stated before identification", waves(X, X, X, X, X, X, X, identified_year=2013.0, exit_year=2012.0),
     ["2013 identified E01", "2012 exited E03"], ["F01"]),
    ("exit stated after the status says so", waves(R, X, X, X, X, X, X, identified_year=2013.0, exit_year=[np.nan, *[2017.0] * 6]),
     ["2013 identified E01", "2015 exited E04"], ["F05"]),
    ("stated exit passed, still registered", waves(R, R, R, R, R, R, R, identified_year=2013.0, exit_year=2016.0),
     ["2013 identified E01"], ["F06"]),
    ("identification changes", waves(R, R, R, R, R, R, R, identified_year=[2013.0, 2013, 2012, 2012, 2012, 2012, 2012]),
     ["2013 identified E01"], ["F08"]),
    ("exit year changes", waves(R, X, X, X, X, X, X, identified_year=2013.0, exit_year=[np.nan, 2015, 2015, 2016, 2016, 2016, 2016]),
     ["2013 identified E01", "2015 exited E03"], ["F09"]),
    ("year and month differ", waves(R, X, X, X, X, X, X, identified_year=2013.0, exit_year=[np.nan, *[2014.0] * 6], exit_month=[None, *["201505"] * 6]),
     ["2013 identified E01", "201505 exited E03"], ["F11"]),
    ("monitored, then cleared", waves(*[X] * 7, identified_year=2012.0, exit_year=2013.0, monitored=[None] * 4 + ["脱贫不稳定户"] * 3,
                                      monitored_month=[None] * 4 + ["201803"] * 3, eliminated_month=[None] * 6 + ["202006"]),
     ["2012 identified E01", "2013 exited E03", "201803 monitored E15", "202006 risk_eliminated E17"], []),
    ("cleared before monitored", waves(*[X] * 7, identified_year=2012.0, exit_year=2013.0, monitored="边缘易致贫户",
                                       monitored_month="201803", eliminated_month="201801"),
     ["2012 identified E01", "2013 exited E03", "201803 monitored E15", "201801 risk_eliminated E17"], ["F12"]),
    ("cleared, never monitored", waves(*[X] * 7, identified_year=2012.0, exit_year=2013.0, monitored=pd.Series([None] * 7, dtype="str"),
                                       risk_eliminated=[0, 0, 0, 0, 0, 1, 1.0]),
     ["2012 identified E01", "2013 exited E03", "2019 risk_eliminated E18"], ["F13"]),
    ("another village", waves(R, R, R, R, R, R, R, identified_year=2013.0, village=["v", "v", *["w"] * 5]),
     ["2013 identified E01", "2016 moved E12"], []),
    ("never registered", waves("", "", "", "", "", "", ""), [], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "history", "events", "cases"), HISTORIES, ids=[h[0] for h in HISTORIES])
def test_a_history_and_its_events(
    name: str, history: pd.DataFrame, events: list[str], cases: list[str]
) -> None:
    found = events_from(panel(history))
    assert told(found) == events
    assert case_rules(found) == cases


def test_every_rule_and_case_is_exercised() -> None:
    frames = [events_from(panel(h)) for _, h, _, _ in HISTORIES]
    rules = {r for f in frames for r in f.entries["rule"]}
    assert set(RULES) - rules == {
        "E09",
        "E10",
        "E11",
        "E13",
        "E14",
        "E16",
        "E20",
    }  # rosters, below; by hand, below
    assert set(CASES) == {r for f in frames for r in f.cases["rule"]}


def test_a_class_without_a_month_counts_from_its_first_wave() -> None:
    found = events_from(
        panel(waves(*[X] * 7, identified_year=2012.0, monitored=[None] * 5 + ["突发严重困难户"] * 2))
    )
    assert "2019 monitored E16" in told(found)


def test_without_a_status_the_years_say_it() -> None:
    frame = panel(waves(*[R] * 7, identified_year=2015.0, exit_year=2017.0)).drop(columns="status")
    found = events_from(frame)
    assert told(found) == ["2015 identified E01", "2017 exited E03"]
    assert any("no status column" in n.en for n in found.notes)


def test_entries_say_where_they_were_read() -> None:
    frame = panel(waves(R, X, None, None, None, None, None)).assign(_file="户.xlsx")
    frame["_row"] = np.arange(len(frame)) + 3
    rows = events_from(frame).entries.query("household == '1'")
    assert rows[["kind", "column", "file", "row", "wave"]].values.tolist() == [
        ["identified", "status", "户.xlsx", 10, 2014],
        ["exited", "status", "户.xlsx", 11, 2015],
        ["removed", "wave", "户.xlsx", 11, 2015],
    ]


def test_tables_that_tell_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="nothing in the table tells who is registered"):
        events_from(panel().drop(columns=["status", "identified_year"]))
    with pytest.raises(DataError, match=r"7 household-waves stand in two rows \(first: 0, 2014\)"):
        events_from(pd.concat([panel(), panel()]))
    with pytest.raises(DataError, match="lacks wave"):
        events_from(panel().drop(columns="wave"))


# --- rosters ------------------------------------------------------------------------------------------------------


def people(*lines: str) -> pd.DataFrame:
    rows = [(int(w), h, p) for w, h, some in (line.split() for line in lines) for p in some]
    frame = pd.DataFrame(rows, columns=["wave", "household", "person"]).assign(county="990101", change=None)
    return frame.astype({"household": "str", "person": "str", "county": "str", "change": "str"})


def test_splits_merges_numbers_and_deaths() -> None:
    frame = pd.concat(
        [
            waves(R, R, X, household="1", size=4.0, identified_year=2013.0),
            waves(None, R, R, household="2", size=2.0, identified_year=2013.0),  # splits off 1 in 2015
            waves(R, R, None, household="3", size=1.0, identified_year=2013.0),  # into 1 in 2016
            waves(R, None, None, household="4", identified_year=2013.0),  # is 5 from 2015 on
            waves(None, R, R, household="5", identified_year=2013.0),
            waves(R, None, None, household="6", size=1.0, identified_year=2013.0),  # dies
        ],
        ignore_index=True,
    )
    members = people(
        "2014 1 abcd", "2014 3 x", "2014 4 pq", "2014 6 z",
        "2015 1 ab", "2015 2 cd", "2015 3 x", "2015 5 pq",
        "2016 1 bx", "2016 2 cd", "2016 5 pq",
    )  # fmt: skip
    members.loc[members["person"] == "z", "change"] = "死亡"
    members["change_month"] = pd.Series(np.where(members["person"] == "z", "201501", None), dtype="str")
    members.loc[(members["person"] == "a") & (members["wave"] == 2015), ["change", "change_month"]] = [
        "死亡",
        "201602",
    ]
    found = events_from(frame, members)
    assert told(found, "1") == ["2013 identified E01", "2016 exited E04", "2016 died E13"]
    assert told(found, "2") == ["2015 split E09"]
    assert told(found, "3") == ["2013 identified E01", "2016 merged E10"]
    assert told(found, "4") == ["2013 identified E01", "2015 merged E11"]
    assert told(found, "5") == ["2015 split E11"]
    assert told(found, "6") == ["2013 identified E01", "2015 died E14"]
    entries = found.entries.set_index(["household", "kind"])
    assert entries.loc[("2", "split"), "reason_en"].endswith(": 1")
    assert entries.loc[("1", "died"), "persons"] == 1
    assert entries["dynasty"].groupby("household").first().to_dict() == {
        "1": "1", "2": "1", "3": "1", "4": "4", "5": "4", "6": "6",
    }  # fmt: skip
    assert replay_differences(found, frame).empty
    assert (stock_table(found, frame)["residual"] == 0).all()
    assert found.cases.empty
    counts = event_counts(found).query("kind != 'identified'").set_index(["kind", "year"])["households"]
    assert counts.to_dict() == {
        ("died", 2015): 1, ("exited", 2016): 1, ("member_died", 2016): 1, ("merged", 2016): 1, ("renumbered", 2015): 1, ("split", 2015): 1,
    }  # fmt: skip
    flows = stock_table(found, frame).set_index("wave")
    assert flows.loc[2015, ["split", "merged", "died"]].tolist() == [2, 1, 1]


# --- replay -------------------------------------------------------------------------------------------------------


def test_the_registry_at_a_month() -> None:
    found = events_from(panel(waves(R, R, X, X, X, X, X, identified_year=2013.0, exit_month="201607")))

    def status(date: str | int) -> list[str]:
        return registry_at(found, date).query("household == '1'")["status"].tolist()

    assert status(2012) == []
    assert status("201306") == []  # known by year: counts at its end
    assert [status(d) for d in (2013, "201606", "201607", 2020)] == [[R], [R], [X], [X]]
    for wrong in ("2016-07", "201613", 16):
        with pytest.raises(DataError, match="a date is a year"):
            registry_at(found, wrong)


def test_an_exit_in_june_means_identified_by_june() -> None:
    frame = panel(waves(None, None, X, X, X, X, X, identified_year=2016.0, exit_month="201606"))
    found = events_from(frame)
    assert registry_at(found, "201605").query("household == '1'").empty
    assert registry_at(found, "201606").query("household == '1'")["status"].tolist() == [X]
    assert replay_differences(found, frame).empty


def test_persons_of_a_replay_are_those_of_the_event_or_of_the_wave() -> None:
    frame = panel(waves(R, R, R, R, R, R, R, identified_year=2013.0, size=[4.0, 4, 5, 6, 6, 6, 6]))
    found = events_from(frame)
    assert registry_at(found, 2017).query("household == '1'")["persons"].tolist() == [4.0]
    assert registry_at(found, 2017, frame=frame).query("household == '1'")["persons"].tolist() == [6.0]
    assert registry_at(found, 2013, frame=frame).query("household == '1'")["persons"].tolist() == [4.0]


def test_monitoring_stands_beside_the_status() -> None:
    history = waves(*[X] * 7, identified_year=2012.0, exit_year=2013.0, monitored="边缘易致贫户", monitored_month="201803",
                    eliminated_month="201906")  # fmt: skip
    found = events_from(panel(history))
    watched = [
        registry_at(found, d).query("household == '1'")["monitored"].item()
        for d in (2017, 2018, "201905", 2019)
    ]
    assert watched == [False, True, True, False]


STATES = st.lists(st.sampled_from([R, X, B, "", None]), min_size=7, max_size=7)


@settings(max_examples=30, deadline=None)
@given(st.lists(STATES, min_size=1, max_size=4), st.booleans())
def test_the_replay_at_every_wave_is_that_wave(histories: list[list[str | None]], reverse: bool) -> None:
    """Whatever the order of states: with dates that fit, the replay differs only where a row is missing or blank between rows."""
    homes = [waves(*h, household=str(i + 1)) for i, h in enumerate(histories)]
    frame = panel(*homes)
    found = events_from(frame.iloc[::-1] if reverse else frame)
    differ = replay_differences(found, frame)
    stated = frame.loc[frame["status"].notna()].set_index(["household", "wave"])["status"]
    for row in differ.itertuples():
        assert (row.household, row.wave) not in stated.index
        own = stated.loc[row.household].index
        assert own.min() < row.wave < own.max()
    whole = [h for h in homes if h["status"].notna().sum() == 7]
    full = panel(*whole)
    assert replay_differences(events_from(full), full).empty
    assert (stock_table(events_from(full), full)["residual"] == 0).all()
    assert found.digest == events_from(frame).digest


# --- append-only --------------------------------------------------------------------------------------------------


def test_events_are_added_and_never_changed() -> None:
    first = events_from(panel())
    before, digest = first.entries.copy(), first.digest
    added = pd.DataFrame(
        {"date": ["2018", "201903"], "county": "990101", "household": "0", "kind": ["exited", "moved"]}
    )
    longer = first.append(added)
    assert len(longer) == len(first) + 2
    pd.testing.assert_frame_equal(first.entries, before)
    pd.testing.assert_frame_equal(longer.entries.head(len(first)), before)
    assert first.digest == digest != longer.digest
    assert longer.entries["status"].tolist()[-2:] == [X, np.nan] or longer.entries["status"].isna().tolist()[
        -2:
    ] == [False, True]
    assert longer.entries["rule"].tolist()[-2:] == ["E20", "E20"]
    assert registry_at(longer, 2019)["status"].tolist() == [X]
    # an entry made late about an earlier year counts in its year
    late = longer.append(added.head(1).assign(date="2015", kind="returned"))
    assert registry_at(late, 2016)["status"].tolist() == [B]
    assert registry_at(late, 2019)["status"].tolist() == [X]


def test_what_is_no_event_cannot_be_appended() -> None:
    found = events_from(panel())
    one = pd.DataFrame({"date": ["2018"], "county": ["990101"], "household": ["0"], "kind": ["exited"]})
    with pytest.raises(DataError, match="lack kind"):
        found.append(one.drop(columns="kind"))
    with pytest.raises(
        DataError, match=r"1 dates are neither YYYY nor YYYYMM \(first: '2018-01'\); 1 unknown kind"
    ):
        found.append(one.assign(date="2018-01", kind="left"))
    with pytest.raises(DataError, match="no kind of event 'left'"):
        found.of_kind("left")
    assert found.of_kind("identified")["household"].tolist() == ["0"]


def test_counties_are_joined_in_their_order() -> None:
    one, two = events_from(panel()), events_from(panel().assign(county="990102"))
    assert Events.joined([one, two]).entries["county"].tolist() == ["990101", "990102"]
    both = events_from(pd.concat([panel().assign(county="990102"), panel()], ignore_index=True))
    assert Events.joined([one, two]).digest == both.digest
    assert len(Events.joined([])) == 0


# --- look-back ----------------------------------------------------------------------------------------------------


def test_look_back_lists_changes_with_their_reasons() -> None:
    frame = panel(
        waves(R, X, X, X, X, X, X, household="1", size=3.0, identified_year=2013.0, exit_year=2015.0),
        waves(None, R, R, R, R, R, R, household="2", size=2.0, identified_year=2015.0),
        waves(R, None, None, None, None, None, None, household="3", size=5.0, identified_year=2013.0),
    )
    found = events_from(frame)
    got = look_back(registry_at(found, 2014), registry_at(found, 2015), found)
    assert got[["household", "change", "status_before", "status_after", "events"]].values.tolist() == [
        ["1", "changed", R, X, "2015 exited"],
        ["2", "added", np.nan, R, "2015 identified"],
        ["3", "removed", R, np.nan, "2015 removed"],
    ]
    assert got["reason_zh"].tolist() == [RULES["E03"].zh, RULES["E01"].zh, RULES["E07"].zh]
    counts = look_back_counts(got)
    assert counts[["change", "households", "persons", "explained"]].values.tolist() == [
        ["added", 1, 2.0, 1],
        ["changed", 1, 3.0, 1],
        ["removed", 1, 5.0, 1],
    ]
    # the same from the waves themselves
    waves_only = look_back(snapshot(frame, 2014), snapshot(frame, 2015))
    assert waves_only["change"].tolist() == ["changed", "added", "removed"]
    assert waves_only["events"].isna().all()
    assert look_back(snapshot(frame, 2016), snapshot(frame, 2017), found).empty


def test_look_back_refuses_what_is_no_snapshot() -> None:
    frame = panel()
    with pytest.raises(DataError, match="`after` lacks status, persons"):
        look_back(snapshot(frame, 2014), frame[["county", "household"]])
    with pytest.raises(DataError, match="holds 6 households twice"):
        look_back(frame.assign(persons=1.0), snapshot(frame, 2014))
    with pytest.raises(DataError, match="no household has a registry status in 1999"):
        snapshot(frame, 1999)


# --- reconciliation -----------------------------------------------------------------------------------------------


def test_counts_stand_beside_what_is_stated(tmp_path: Path) -> None:
    frame = panel(
        waves(
            R,
            X,
            X,
            B,
            X,
            X,
            X,
            household="1",
            size=3.0,
            identified_year=2013.0,
            exit_year=[np.nan, *[2015.0] * 6],
        ),
        waves(
            R,
            X,
            X,
            X,
            X,
            X,
            X,
            household="2",
            size=2.0,
            identified_year=2013.0,
            exit_year=[np.nan, *[2015.0] * 6],
        ),
    )
    found = events_from(frame)
    stated = pd.DataFrame(
        {
            "county": "990101",
            "wave": [2015, 2017],
            "exited_in_year": [6.0, np.nan],
            "returned_in_year": [0.0, 3.0],
        }
    )
    got = reconcile_events(found, stated).set_index(["year", "kind"])
    assert got.loc[(2015, "exited")].tolist() == ["990101", 6.0, 5.0, 2, -1.0]
    assert got.loc[(2015, "returned"), ["stated", "counted", "difference"]].tolist() == [0.0, 0.0, 0.0]
    assert got.loc[(2017, "returned"), ["stated", "counted", "households"]].tolist() == [3.0, 3.0, 1]
    assert got.loc[(2013, "identified"), "counted"] == 9.0
    assert np.isnan(got.loc[(2013, "identified"), "difference"])  # nothing stated
    path = tmp_path / "stated.yaml"
    path.write_text(
        "figures:\n- {county: 990101, wave: 2015, exited_in_year: 6, returned_in_year: 0}\n"
        "- {county: 990101, wave: 2017, returned_in_year: 3}\n",
        encoding="utf-8",
    )
    pd.testing.assert_frame_equal(reconcile_events(found, path).set_index(["year", "kind"]), got)
    with pytest.raises(DataError, match="1 figures are stated twice"):
        reconcile_events(found, pd.concat([stated.head(1), stated.head(1).drop(columns="returned_in_year")]))
    with pytest.raises(DataError, match="stated yearly figures need 'village'"):
        reconcile_events(found, stated, by="village")


def test_the_stock_follows_from_the_flows() -> None:
    frame = panel(
        waves(R, X, X, B, X, X, X, household="1", identified_year=2013.0, exit_year=[np.nan, *[2015.0] * 6]),
        waves(R, R, None, None, None, None, None, household="2", identified_year=2013.0),
    )
    got = stock_table(events_from(frame), frame).set_index("wave")
    assert got["stock"].tolist() == [3, 2, 1, 2, 1, 1, 1]
    assert got["opening"].tolist() == [0, 3, 2, 1, 2, 1, 1]
    assert got["exited"].tolist() == [0, 1, 0, 0, 1, 0, 0]
    assert got["removed"].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert got["returned"].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert (got["residual"] == 0).all()


def test_a_stock_that_does_not_follow_shows_a_residual() -> None:
    frame = panel(waves(R, R, X, X, X, X, X, identified_year=2013.0))
    found = events_from(frame)
    kept = replace(found, entries=found.entries.query("kind != 'exited'").reset_index(drop=True))
    assert stock_table(kept, frame).set_index("wave")["residual"].to_dict()[2016] == -1


def test_counts_hold_no_identifiers() -> None:
    counts = event_counts(events_from(panel()), by=("county",))
    assert list(counts.columns) == ["county", "year", "kind", "events", "households", "persons"]
    assert counts.values.tolist() == [["990101", 2013, "identified", 1, 1, 4.0]]


def test_public_names() -> None:
    assert ek.events_from is events_from
    assert (ek.registry_at, ek.look_back, ek.reconcile_events) == (registry_at, look_back, reconcile_events)


# --- the synthetic registry -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> object:
    from evalkit.simulate.prefecture import registry

    return registry(7, counties=2, scale=0.5, rosters="all", changes=0.08)


def test_the_synthetic_registry_is_recovered(made: object) -> None:
    frame, members = made.households, made.members  # type: ignore[attr-defined]
    truth = made.truth.changes  # type: ignore[attr-defined]
    found = events_from(frame, members)
    assert replay_differences(found, frame).empty
    assert (stock_table(found, frame)["residual"] == 0).all()
    assert found.cases.empty
    entries = found.entries
    want = truth.loc[truth["kind"] == "split", ["to_household", "wave"]].drop_duplicates()
    got = entries.loc[entries["kind"] == "split", ["household", "wave"]]
    assert set(map(tuple, got.to_numpy())) == set(map(tuple, want.to_numpy()))
    assert len(want) > 0
    dead = truth.loc[truth["kind"] == "died"].groupby(["household", "wave"]).size()
    told_dead = entries.loc[entries["kind"] == "died"].set_index(["household", "wave"])["persons"]
    assert told_dead.astype("int64").sort_index().to_dict() == dead.to_dict()
    merged = set(truth.loc[truth["kind"] == "merged", "household"])
    assert set(entries.loc[entries["kind"] == "merged", "household"]) == merged
    assert merged


def test_the_synthetic_counts_agree_with_its_rosters(made: object) -> None:
    frame, members = made.households, made.members  # type: ignore[attr-defined]
    check = ek.rosters.compare_stated(frame, ek.aggregate_members(members))
    assert check.counts["differ"].sum() == 0
    assert set(check.counts["column"]) == set(ek.rosters.STATED)
    assert check.counts["compared"].min() == len(frame)
