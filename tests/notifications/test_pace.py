"""The pace of mails: never more in any minute than allowed, and no slower than that either."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from notifications.pace import Pace

BANGKOK, SAI_MAI = "bangkok.example", "saimai.example"


def sent_at(pace, domains, until):
    """When each mail goes out if every one goes as soon as it may: (instant, domain)."""
    now, sent = 0.0, []
    for domain in domains:
        while (wait := pace.wait(domain, now)) > 0:
            now += wait
        if now > until:
            break
        sent.append((now, domain))
    return sent


def busiest_minute(instants):
    """How many lie in the 60 seconds that have most of them, less what adding up small numbers loses."""
    ends = [bisect_left(instants, start + 60 - 1e-3) for start in instants]
    return max(end - begin for begin, end in enumerate(ends))


@given(st.integers(1, 200))
def test_no_minute_has_more_than_the_limit_and_a_long_run_has_all_of_it(per_minute):
    instants = [now for now, _ in sent_at(Pace(per_minute, 0), [BANGKOK] * (per_minute * 4), 180)]
    assert busiest_minute(instants) == per_minute
    # Three minutes hold nine tenths of three limits, the share that is not kept for bursts, or more.
    assert len(instants) >= 2.7 * per_minute


@given(st.integers(1, 60), st.integers(1, 60), st.lists(st.sampled_from([BANGKOK, SAI_MAI]), max_size=200))
def test_both_limits_hold(per_minute, per_domain, domains):
    sent = sent_at(Pace(per_minute, per_domain), domains, 600)
    if sent:
        assert busiest_minute([now for now, _ in sent]) <= per_minute
    for domain in {domain for _, domain in sent}:
        assert busiest_minute([now for now, to in sent if to == domain]) <= per_domain


def test_slow_domain_does_not_use_up_what_others_may_send():
    pace = Pace(20, 1)
    assert pace.wait(BANGKOK, 100.0) == 0.0
    assert [pace.wait(BANGKOK, 100.0) for _ in range(50)] == [60.0] * 50
    assert pace.wait(SAI_MAI, 100.0) == 0.0


def test_wait_is_how_long_until_the_next_may_go():
    pace = Pace(1, 0)
    assert pace.wait(BANGKOK, 1000.0) == 0.0
    assert pace.wait(BANGKOK, 1015.0) == 45.0
    assert pace.wait(BANGKOK, 1060.0) == 0.0


def test_rested_bucket_lets_a_tenth_go_at_once():
    pace = Pace(100, 0)
    assert [pace.wait(BANGKOK, 50.0) for _ in range(10)] == [0.0] * 10
    assert pace.wait(BANGKOK, 50.0) > 0.0


def test_zero_is_no_limit():
    assert {Pace(0, 0).wait(BANGKOK, 0.0) for _ in range(1000)} == {0.0}


def test_clock_that_goes_back_holds_nobody_for_longer_than_a_minute():
    pace = Pace(1, 1)
    assert pace.wait(BANGKOK, 1_000_000.0) == 0.0
    assert pace.wait(BANGKOK, 5.0) == 60.0
    assert pace.wait(BANGKOK, 65.0) == 0.0


def test_domains_that_have_rested_are_forgotten_and_the_busy_are_not():
    pace = Pace(0, 1)
    for number in range(999):
        assert pace.wait(f"{number}.example", 0.0) == 0.0
    assert pace.wait(BANGKOK, 100.0) == 0.0
    assert pace.wait(SAI_MAI, 100.0) == 0.0
    assert len(pace._domains) == 2
    assert pace.wait(BANGKOK, 100.0) == 60.0
