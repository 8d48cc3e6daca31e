"""What follows by itself: milestone states, the kept levels and trails, and the days they change on."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.actions import (
    achieve_milestone,
    approve_occurrence,
    block_milestone,
    grant_extension,
    postpone_milestone,
    refresh_level,
    reopen_milestone,
    return_milestone,
    seal_quarter,
    verify_milestone,
    void_occurrence,
    waive_milestone,
)
from engine.events import Happened
from engine.indicator import Stored
from engine.levels import level_of
from engine.quarter import FiscalYear, Quarter
from engine.settling import restate
from engine.workflow import Count, LevelRule, Order, Text
from tests.cast import (
    COMMITTEE,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    REPORT,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds

DAY = date(2021, 2, 1)
Q1, Q2, Q3, Q4 = (quarter.last_day for quarter in FiscalYear(YEAR).quarters)


def state(one: Desk, milestone: str) -> str:
    return one.indicator.milestones[milestone].state


def stored(one: Desk) -> Stored:
    """What is kept, after proving that it is what all facts give, without any shortcut."""
    indicator = one.indicator
    kept = indicator.stored
    assert kept.as_of is not None
    assert kept == restate(replace(indicator, stored=Stored()), kept.as_of)
    assert indicator.ladder == indicator.workflow.state_of_level(kept.claimed.level)
    return kept


def verify(one: Desk, milestone: str, day: date, hour: int = 9) -> None:
    one.do(verify_milestone, milestone, by=EVALUATOR, now=at(day, hour))


def waive(one: Desk, milestone: str, day: date, expires_on: date) -> None:
    given = {"reason": "no committee this year", "expires_on": expires_on}
    one.do(waive_milestone, milestone, by=EVALUATOR, now=at(day), **given)


# --- states --------------------------------------------------------------------------------------------


def test_milestone_starts_completes_lapses_and_clears_with_its_facts():
    one = desk()
    seen = []
    one.record(MEETINGS, DAY)
    seen.append(state(one, MEETINGS))
    one.record(MEETINGS, DAY)
    seen.append(state(one, MEETINGS))
    for number in (2, 1):
        one.do(void_occurrence, number, reason="never held", now=at(DAY, 10))
        seen.append(state(one, MEETINGS))
    assert seen == ["in_progress", "achieved", "in_progress", "open"]


def test_event_tells_the_states_and_levels_that_followed():
    one = desk()
    one.record(COMMITTEE, DAY)
    event = one.record(GUIDELINES, DAY).event
    assert event is not None
    assert event.data["states"] == {GUIDELINES: ["open", "achieved"]}
    assert event.data["claimed"] == [0, 2]
    assert "verified" not in event.data


def test_verified_milestone_stays_so_when_nothing_more_was_needed():
    one = desk()
    one.record(GUIDELINES, DAY)
    verify(one, GUIDELINES, DAY, 10)
    one.record(GUIDELINES, DAY, now=at(DAY, 11))
    assert state(one, GUIDELINES) == "verified"


def test_verified_milestone_waits_again_when_what_was_seen_is_voided_and_the_rest_was_not():
    one = desk()
    one.record(GUIDELINES, DAY)
    verify(one, GUIDELINES, DAY, 10)
    one.record(GUIDELINES, DAY, now=at(DAY, 11))
    one.do(void_occurrence, 1, reason="the wrong file", now=at(DAY, 12))
    assert (state(one, GUIDELINES), stored(one).claimed.level, stored(one).verified.level) == (
        "achieved",
        1,
        0,
    )
    verify(one, GUIDELINES, DAY, 13)
    assert stored(one).verified.level == 1


def test_verified_milestone_waits_again_when_a_rule_counts_more_than_was_seen():
    counting = replace(
        WORKFLOW,
        levels=tuple(
            LevelRule(level, f"level_{level}", Text("", ""), Count(MEETINGS, n))
            for level, n in ((1, 2), (2, 3))
        ),
    )
    one = desk(counting)
    one.record(MEETINGS, DAY)
    one.record(MEETINGS, DAY)
    verify(one, MEETINGS, DAY, 10)
    one.record(MEETINGS, DAY, now=at(DAY, 11))
    assert (state(one, MEETINGS), stored(one).verified.level) == ("achieved", 1)
    verify(one, MEETINGS, DAY, 12)
    one.record(MEETINGS, DAY, now=at(DAY, 13))
    assert (state(one, MEETINGS), stored(one).verified.level) == ("verified", 2)


def test_verified_measure_waits_again_for_every_new_value():
    one = desk(MEASURED)
    one.record("result", DAY, value=Decimal(60))
    verify(one, "result", DAY, 10)
    one.record("result", DAY, value=Decimal(90), now=at(DAY, 11))
    kept = stored(one)
    assert (state(one, "result"), kept.claimed.level, kept.verified.level) == ("achieved", 2, 1)
    verify(one, "result", DAY, 12)
    assert stored(one).verified.level == 2


def test_verified_measure_waits_again_for_an_old_value_approved_later():
    one = desk(MEASURED)
    one.record("result", None, on=DAY, quarter=1, note="no day given", value=Decimal(90))
    one.record("result", DAY, value=Decimal(60))
    verify(one, "result", DAY, 10)
    one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(DAY, 11))
    assert state(one, "result") == "achieved"


def test_fact_recorded_in_the_very_instant_of_a_verification_was_not_seen():
    one = desk(MEASURED)
    one.record("result", DAY, value=Decimal(60))
    verify(one, "result", DAY)
    one.record("result", DAY, value=Decimal(90))
    assert (state(one, "result"), stored(one).verified.level) == ("achieved", 1)


@pytest.mark.parametrize("pause", ["block", "postpone"])
def test_pause_is_forgotten_when_the_facts_end_it(pause):
    one = desk()
    if pause == "block":
        one.do(block_milestone, GUIDELINES, waiting_for="the owner department", now=at(DAY))
    else:
        given = {"until": Q4, "reason": "floods"}
        one.do(postpone_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY), **given)
    one.record(GUIDELINES, DAY, now=at(DAY, 10))
    milestone = one.indicator.milestones[GUIDELINES]
    assert (milestone.state, milestone.blocked_by, milestone.postponed_to, milestone.reason) == (
        "achieved",
        "",
        None,
        "",
    )
    one.do(void_occurrence, 1, reason="the wrong file", now=at(DAY, 11))
    assert stored(one).next_due_on == date(2021, 1, 11)  # that of the quarter, not the day put off to


def test_fact_leaves_a_pause_that_it_does_not_end():
    one = desk()
    one.do(block_milestone, MEETINGS, waiting_for="the owner department", now=at(DAY))
    one.record(MEETINGS, DAY)
    milestone = one.indicator.milestones[MEETINGS]
    assert (milestone.state, milestone.blocked_by) == ("blocked", "the owner department")


def test_postponed_milestone_that_was_blocked_no_longer_says_by_whom():
    one = desk()
    one.do(block_milestone, GUIDELINES, waiting_for="the owner department", now=at(DAY))
    one.do(postpone_milestone, GUIDELINES, until=Q4, reason="floods", by=EVALUATOR, now=at(DAY, 10))
    milestone = one.indicator.milestones[GUIDELINES]
    assert (milestone.blocked_by, milestone.postponed_to, milestone.reason) == ("", Q4, "floods")


def test_returned_milestone_stays_so_until_it_is_declared_achieved():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(return_milestone, GUIDELINES, reason="illegible", by=EVALUATOR, now=at(DAY, 10))
    one.do(void_occurrence, 1, reason="illegible", now=at(DAY, 11))
    one.record(GUIDELINES, DAY, now=at(DAY, 12))
    assert (state(one, GUIDELINES), stored(one).claimed.level) == ("returned", 1)
    one.do(achieve_milestone, GUIDELINES, now=at(DAY, 13))
    assert state(one, GUIDELINES) == "achieved"


def test_reopened_milestone_counts_nothing_old_or_new_until_it_is_declared_achieved():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(reopen_milestone, GUIDELINES, reason="the wrong file", now=at(DAY, 10))
    one.record(GUIDELINES, DAY, now=at(DAY, 11))
    one.do(void_occurrence, 1, reason="the wrong file", now=at(DAY, 12))
    assert (state(one, GUIDELINES), stored(one).claimed.level) == ("in_progress", 0)
    one.do(achieve_milestone, GUIDELINES, now=at(DAY, 13))
    assert (state(one, GUIDELINES), stored(one).claimed.level) == ("achieved", 1)


# --- waivers and the day ---------------------------------------------------------------------------------


def waived_until_march() -> Desk:
    """The guidelines are waived through 31 March; the committee is there."""
    one = desk()
    waive(one, GUIDELINES, DAY, Q2)
    one.record(COMMITTEE, DAY)
    return one


def test_waiver_lifts_the_level_and_says_when_it_ends():
    kept = stored(waived_until_march())
    assert (kept.claimed.level, kept.verified.level, kept.changes_on) == (2, 1, Q2 + timedelta(1))


def test_level_falls_when_it_is_refreshed_after_a_waiver():
    one = waived_until_march()
    outcome = one.do(refresh_level, now=at(Q2 + timedelta(1)))
    assert outcome.event is not None
    assert outcome.event.what is Happened.LEVEL_REFRESHED
    assert outcome.event.data == {
        "from": "2021-04-01",
        "states": {GUIDELINES: ["waived", "open"]},
        "claimed": [2, 0],
        "verified": [1, 0],
    }
    kept = stored(one)
    assert (kept.claimed_trail, kept.changes_on, state(one, GUIDELINES)) == ((0, 2, 0, None), None, "open")


def test_level_is_refreshed_only_when_its_day_has_come():
    one = waived_until_march()
    before = one.indicator
    assert one.do(refresh_level, now=at(Q2)).event is None
    assert one.indicator == before


def test_trail_keeps_the_level_of_a_quarter_in_which_a_waiver_held():
    """Between the last change and today a waiver ran out: the quarter ended with it or without it."""
    one = desk()
    waive(one, GUIDELINES, DAY, date(2021, 5, 5))
    one.record(REPORT, date(2021, 8, 1))
    assert stored(one).claimed_trail == (0, 1, 0, 0)


@pytest.mark.parametrize("facts", [0, 1, 2])
def test_milestone_goes_where_its_facts_put_it_when_its_waiver_ends(facts):
    one = desk()
    waive(one, MEETINGS, DAY, Q2)
    for _ in range(facts):
        one.record(MEETINGS, DAY)
    assert state(one, MEETINGS) == "waived"
    one.do(refresh_level, now=at(Q2 + timedelta(1)))
    assert state(one, MEETINGS) == ("open", "in_progress", "achieved")[facts]


def test_waiver_that_ran_out_yesterday_stands_in_nobodys_way():
    """Whatever is tried next finds the milestone as it is today, although nobody refreshed the level."""
    one = desk()
    waive(one, GUIDELINES, DAY, Q2)
    one.record(GUIDELINES, DAY)
    outcome = one.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(Q2 + timedelta(1)))
    assert outcome.event is not None
    assert outcome.event.data["states"] == {GUIDELINES: ["waived", "achieved"]}
    assert (state(one, GUIDELINES), stored(one).verified.level) == ("verified", 1)


def test_waiver_that_ran_out_yesterday_lets_nobody_pass_under_a_strict_order():
    one = desk(replace(WORKFLOW, order=Order.STRICT))
    waive(one, GUIDELINES, DAY, Q2)
    one.record(COMMITTEE, Q2)
    refused = kinds(lambda: one.record(MEETINGS, Q2 + timedelta(1)))
    assert refused == ["milestone.lower_open"]


def test_extension_after_a_waiver_ran_out_leaves_nothing_stale():
    one = waived_until_march()
    until, now = date(2021, 8, 1), at(Q2 + timedelta(1))
    grant_extension(one.tx, THUNG_KHRU, Quarter(YEAR, 3), until, reason="floods", by=EVALUATOR, now=now)
    assert (stored(one).claimed.level, state(one, GUIDELINES)) == (0, "open")
    assert one.indicator.milestones[MEETINGS].due_on == date(2021, 8, 1)
    assert one.tx.events[-1].data == {
        "milestones": [MEETINGS],
        "due_on": "2021-08-01",
        "states": {GUIDELINES: ["waived", "open"]},
        "claimed": [2, 0],
        "verified": [1, 0],
    }


def test_withdrawn_waiver_takes_the_level_back_for_the_quarters_that_are_open():
    one = desk()
    waive(one, GUIDELINES, date(2020, 12, 1), Q4)
    one.do(reopen_milestone, GUIDELINES, reason="it is possible after all", now=at(DAY))
    assert stored(one).claimed_trail == (0, 0, None, None)


def test_withdrawn_waiver_leaves_a_sealed_quarter_as_it_was():
    one = desk()
    waive(one, GUIDELINES, date(2020, 12, 1), Q4)
    seal_quarter(one.tx, Quarter(YEAR, 1), by=EVALUATOR, now=at(date(2021, 1, 15)))
    one.do(reopen_milestone, GUIDELINES, reason="it is possible after all", now=at(DAY))
    assert (stored(one).claimed_trail, state(one, GUIDELINES)) == ((1, 0, None, None), "open")
    known = [level_of(WORKFLOW, one.indicator.facts, Q2, at(DAY, hour)).level for hour in (8, 9)]
    assert known == [1, 0]


def test_withdrawal_leaves_an_older_waiver_that_had_ended_alone():
    one = desk()
    waive(one, GUIDELINES, date(2020, 12, 1), Q1)
    waive(one, GUIDELINES, DAY, Q4)
    one.do(reopen_milestone, GUIDELINES, reason="it is possible after all", now=at(DAY, 10))
    assert [waiver.withdrawn_at for waiver in one.indicator.waivers] == [None, at(DAY, 10)]
    assert stored(one).claimed_trail == (1, 0, None, None)


def test_waiver_of_the_whole_year_can_be_withdrawn_when_the_year_is_over():
    one = desk()
    waive(one, GUIDELINES, DAY, Q4)
    one.do(reopen_milestone, GUIDELINES, reason="never asked for", now=at(Q4 + timedelta(5)))
    assert (stored(one).claimed.level, state(one, GUIDELINES)) == (0, "open")


def test_reopened_then_waived_then_withdrawn_milestone_is_back_in_work():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(reopen_milestone, GUIDELINES, reason="the wrong file", now=at(DAY, 10))
    waive(one, GUIDELINES, DAY, Q2)
    one.do(reopen_milestone, GUIDELINES, reason="it is possible after all", now=at(DAY, 12))
    assert (state(one, GUIDELINES), stored(one).claimed.level) == ("in_progress", 0)
    one.do(achieve_milestone, GUIDELINES, now=at(DAY, 13))
    assert stored(one).claimed.level == 1


# --- trails --------------------------------------------------------------------------------------------


def test_trail_is_none_for_quarters_to_come_and_runs_in_the_quarter_of_today():
    one = desk()
    one.record(GUIDELINES, date(2020, 10, 5))
    assert stored(one).claimed_trail == (1, None, None, None)
    one.record(COMMITTEE, DAY)
    assert stored(one).claimed_trail == (1, 2, None, None)


def test_trail_of_ended_quarters_follows_a_fact_recorded_late():
    one = desk()
    one.record(GUIDELINES, date(2021, 5, 1))
    one.record(COMMITTEE, Q1, on=date(2021, 8, 1))
    assert stored(one).claimed_trail == (0, 0, 2, 2)
    one.record(GUIDELINES, Q1, on=date(2021, 8, 2))
    assert stored(one).claimed_trail == (2, 2, 2, 2)


def test_trail_of_the_year_stands_still_when_the_year_is_over():
    one = desk()
    one.record(GUIDELINES, Q4, on=Q4 + timedelta(1))
    kept = stored(one)
    assert (kept.claimed_trail, kept.as_of) == ((0, 0, 0, 1), Q4)


def test_verified_trail_follows_a_decision_back_to_the_days_of_the_facts():
    one = desk()
    one.record(GUIDELINES, date(2020, 10, 5))
    verify(one, GUIDELINES, date(2021, 5, 1))
    assert stored(one).verified_trail == (1, 1, 1, None)


def test_clock_that_runs_behind_leaves_everything_as_the_facts_give_it():
    one = desk()
    waive(one, COMMITTEE, date(2021, 4, 2), date(2021, 4, 20))
    one.record(GUIDELINES, date(2021, 4, 2))
    one.do(block_milestone, ISSUE, waiting_for="the owner department", now=at(Q2))
    assert stored(one).changes_on == date(2021, 4, 2)
    one.record(REPORT, DAY, on=Q1 + timedelta(40))
    assert stored(one).claimed_trail == (0, 0, None, None)
    one.do(refresh_level, now=at(date(2021, 5, 1)))
    assert stored(one).claimed_trail == (0, 0, 1, None)


def test_fact_is_never_written_as_older_than_the_verification_before_it():
    """A second machine's clock is an hour behind: the evaluator still has not seen its fact."""
    one = desk(MEASURED)
    one.record("result", DAY, value=Decimal(60))
    verify(one, "result", DAY, 12)
    one.record("result", DAY, value=Decimal(90), now=at(DAY, 11))
    assert one.fact(2).recorded_at > at(DAY, 12)
    assert (state(one, "result"), stored(one).verified.level) == ("achieved", 1)


def test_verification_is_never_written_as_older_than_the_facts_before_it():
    one = desk()
    one.record(GUIDELINES, DAY, now=at(DAY, 12))
    verify(one, GUIDELINES, DAY, 11)
    assert (state(one, GUIDELINES), stored(one).verified.level) == ("verified", 1)


# --- what is due ---------------------------------------------------------------------------------------


def test_next_due_day_is_that_of_the_earliest_milestone_undone():
    one = desk()
    assert stored(one).next_due_on == date(2021, 1, 11)
    one.record(GUIDELINES, DAY)
    one.record(COMMITTEE, DAY)
    assert stored(one).next_due_on == date(2021, 7, 12)


def test_next_due_day_of_a_postponed_milestone_is_the_day_it_was_put_off_to():
    one = desk()
    for milestone in (GUIDELINES, COMMITTEE):
        given = {"until": date(2021, 3, 3), "reason": "floods"}
        one.do(postpone_milestone, milestone, by=EVALUATOR, now=at(DAY), **given)
    assert stored(one).next_due_on == date(2021, 3, 3)


def test_nothing_is_due_when_everything_is_done():
    one = desk()
    for milestone in (GUIDELINES, COMMITTEE, MEETINGS, MEETINGS, ISSUE, REPORT):
        one.record(milestone, DAY)
    kept = stored(one)
    assert (kept.next_due_on, kept.claimed.level, kept.claimed.fraction) == (None, 5, 0.0)
